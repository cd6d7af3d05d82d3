"""From values to the document and the headers of a response."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ...ir import Api, Method, Ref
from ...runtime.parameters import unescaped
from ...runtime.places import Place
from ...runtime.protocol import Protocol
from ...runtime.request import (
    EmptyResponse,
    ListResponse,
    PageResponse,
    RecordResponse,
    ResponseReader,
    ScalarResponse,
)
from ...runtime.schema import FieldSpec, RecordSchema
from .failures import FailureResponse
from .record_writer import Hide, RecordWriter, quoted, safe, text_of

XML: Final = "application/xml; charset=utf-8"
_DECLARATION: Final = '<?xml version="1.0" encoding="utf-8"?>\n'
_MOST_WRITTEN: Final = 4096
"""Records of lists whose text is kept."""
_ROOT: Final = re.compile(r"<([^\W\d][\w.-]*(?::[\w.-]+)?)[\s/>]")
_HEADER_BREAKS: Final = re.compile(r"[\r\n\x00]+")
Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ListResult:
    """Rows of a list, with the counters of the page."""

    rows: Sequence[Any]
    counters: Mapping[str, int]
    next: tuple[str | None, ...] = ()
    """Marks of the next page, one for each part of a cursor; the address, for links. Empty on the last page."""
    more: bool | None = None
    """Whether more pages follow; None for a list that comes whole."""


@dataclass(slots=True)
class Written:
    """What a response consists of."""

    body: bytes
    media: str = XML
    headers: Headers = field(default_factory=list)
    status: int | None = None
    """The status that a field of the record is."""


class ResponseWriter:
    """Writes the responses of the methods that share an envelope."""

    def __init__(
        self,
        api: Api,
        protocol: Protocol,
        *,
        failed: str | None = None,
        deprecated: str | None = None,
        padded: Mapping[Ref, frozenset[str]] | None = None,
        omits: bool = False,
    ) -> None:
        """Prepare to write.

        Args:
            api: the description.
            protocol: the envelope.
            failed: what the status of a failure says.
            deprecated: attribute that marks deprecated elements.
            padded: fields whose IDs are filled with zeros.
            omits: fields without a value are left out instead of being empty elements.
        """
        self.protocol = protocol
        self.omits = omits and protocol.nil is None
        self._api = api
        self._failed = failed or next(iter(api.envelope.failed), None)
        self._deprecated = deprecated
        self._deprecations = {
            (record.name, item.python)
            for record in api.records.values()
            for item in record.fields
            if item.deprecated is not None
        }
        self._padded = {ref.name: names for ref, names in (padded or {}).items()}
        scalar = api.scalars.get("id")
        self._width = scalar.pad if scalar is not None and scalar.pad else 0
        self._writers: dict[int, RecordWriter] = {}
        self._written: dict[int, _WrittenRow] = {}
        self._failed_root = ""

    # a call that worked

    def document(
        self,
        answer: ResponseReader[Any],
        value: Any,
        hide: Hide = frozenset(),
        *,
        padded: bool = False,
        root: str = "response",
        number: int = 0,
    ) -> Written:
        """Return the response of a call that worked.

        Args:
            answer: what the response holds.
            value: the value.
            hide: fields that are left out.
            padded: the ID that the response is is filled with zeros.
            root: root element, where the envelope has none.
            number: number of the call, for values around the payload that identify it.
        """
        protocol = self.protocol
        written = Written(b"")
        if isinstance(answer, EmptyResponse) and not protocol.response_root:
            return written
        tree = self._tree(protocol.ok[0] if protocol.ok else "ok", number, written.headers)
        payload = tree.at(protocol.response_payload)
        if isinstance(answer, ScalarResponse):
            text = text_of(answer.codec, value)
            text = text.zfill(self._width) if padded else text
            if answer.place.source:
                _header(written.headers, answer.place, text)
                if not protocol.response_root:
                    return written
            else:
                payload.put(answer.place, text)
        elif isinstance(answer, RecordResponse):
            self._record(answer, value, hide, payload, written)
            if answer.whole_body:
                return written
        elif isinstance(answer, (PageResponse, ListResponse)):
            rows = answer.rows if isinstance(answer, PageResponse) else answer
            self._rows(rows, value, hide, payload, tree, written.headers)
        written.body = self._root(protocol.response_root or root, tree)
        return written

    def _record(
        self, answer: RecordResponse[Any], value: Any, hide: Hide, payload: Tree, written: Written
    ) -> None:
        writer = self.writer(answer.shape)
        attributes, inside = writer.parts(value, hide)
        element = payload.at(answer.path)
        element.head += attributes
        element.raw += inside
        for item, held in writer.outside(value):
            source, name = item.location or ("", "")
            if source == "status":
                written.status = int(held)
            elif source == "body":
                is_bytes = isinstance(held, (bytes, bytearray))
                written.body = bytes(held) if is_bytes else str(held).encode()
                written.media = "application/octet-stream" if is_bytes else "text/plain"
            elif isinstance(held, Mapping):
                prefix = name.removesuffix("*")
                written.headers += [
                    (f"{prefix}{key}", _one_line(str(text))) for key, text in held.items()
                ]
            elif "#" not in name:
                written.headers.append((name, _header_value(item, held)))

    def _rows(
        self,
        rows: ListResponse[Any],
        value: Any,
        hide: Hide,
        payload: Tree,
        tree: Tree,
        headers: Headers,
    ) -> None:
        listed = value if isinstance(value, ListResult) else ListResult(tuple(value), {})
        element = payload.at(rows.path)
        paging = self.protocol.paging

        def put(place: Place, text: str) -> None:
            if place.source:
                _header(headers, place, text)
            else:
                (tree if place.absolute else element).put(place, text)

        for name, place in paging.counters.items():
            if name in listed.counters:
                put(place, str(listed.counters[name]))
        for place, mark in zip(paging.next, listed.next, strict=False):
            if mark is not None:
                put(place, mark)
        if paging.more is not None and listed.more is not None:
            put(paging.more, "true" if listed.more else "false")
        item = rows.item
        if rows.shape is not None:
            writer = self.writer(rows.shape)
            parts = [self._row(writer, row, hide) for row in listed.rows]
            inside = "".join(f"<{item}{head}>{inner}</{item}>" for head, inner in parts)
        else:
            assert rows.codec is not None
            codec = rows.codec
            inside = "".join(f"<{item}>{text_of(codec, row)}</{item}>" for row in listed.rows)
        element.raw += inside

    def _row(self, writer: RecordWriter, record: Mapping[str, Any], hide: Hide) -> tuple[str, str]:
        """Return a record of a list. Records never change, so what was written of one is kept for the next list."""
        kept = self._written.get(id(record))
        if (
            kept is not None
            and kept.record is record
            and kept.writer is writer
            and kept.hide == hide
        ):
            return kept.parts
        parts = writer.parts(record, hide)
        if kept is None and len(self._written) >= _MOST_WRITTEN:
            del self._written[next(iter(self._written))]
        self._written[id(record)] = _WrittenRow(record, writer, hide, parts)
        return parts

    # a call that failed

    def failure(self, details: FailureResponse, number: int = 0) -> bytes:
        """Return the document of a call that failed; empty where no rule says what is in it."""
        protocol = self.protocol
        rule = details.rule
        if rule is None and not protocol.response_root:
            return b""
        ok = protocol.ok[0] if protocol.ok else "ok"
        tree = self._tree(self._failed or f"not {ok}", number, [])
        root = protocol.response_root
        if rule is not None:
            if not (rule.roots or rule.at or rule.message or rule.code or rule.when or root):
                return b""
            if rule.when is not None:
                tree.put(rule.when, "")
            tree.at(rule.at)
            for place, text in (
                (rule.severity, rule.errors[0] if rule.errors else None),
                (rule.message, details.message),
                (rule.code, details.code),
                (rule.field, details.field),
            ):
                if place is not None and text and not place.source:
                    tree.put(
                        place if place.absolute else place._replace(path=(*rule.at, *place.path)),
                        text,
                    )
            root = rule.roots[0] if rule.roots else root
        return self._root(root or details.root or "error", tree)

    # what both have in common

    def _tree(self, status: str, number: int, headers: Headers) -> Tree:
        """Return the root with what is around the payload."""
        protocol = self.protocol
        tree = Tree()
        if protocol.status is not None:
            tree.put(protocol.status, status)
        for name, place, codec in protocol.metadata:
            text = f"{number:032x}" if codec.name == "text" else str(number)
            if place.source == "header":
                headers.append((place.name, text))
            elif not place.source and codec.name in ("text", "int", "id", "decimal", "float"):
                del name
                tree.put(place, text)
        return tree

    def _root(self, name: str, tree: Tree) -> bytes:
        protocol = self.protocol
        given: dict[str, str] = {}
        if protocol.namespaces:
            given["xmlns"] = protocol.namespaces[0]
        given.update((f"xmlns:{prefix}", uri) for prefix, uri in self._api.namespaces.items())
        head = "".join(f' {key}="{quoted(text)}"' for key, text in given.items())
        return f"{_DECLARATION}<{name}{head}{tree.attributes()}>{tree.inside()}</{name}>".encode()

    def writer(self, shape: RecordSchema[Any]) -> RecordWriter:
        """Return what writes the records of a shape."""
        found = self._writers.get(id(shape))
        if found is None:
            found = self._writers[id(shape)] = RecordWriter(shape, self)
        return found

    def mark(self, shape: RecordSchema[Any], item: FieldSpec) -> str:
        """Return the attribute of a deprecated element."""
        if self._deprecated is None or (shape.name, item.name) not in self._deprecations:
            return ""
        return f' {self._deprecated}="true"'

    def width(self, shape: RecordSchema[Any], item: FieldSpec) -> int:
        """To how many digits an ID is filled with zeros."""
        return self._width if item.name in self._padded.get(shape.name, ()) else 0

    def cleared(self, tag: str, name: str, empty: str | None) -> str:
        """Return the element of a field without a value; empty where there is none then."""
        if self.protocol.nil is not None:
            return f"<{tag}{self.protocol.nil_attribute}/>"
        return "" if empty is None or self.omits else f"<{tag}>{empty}</{name}>"


@dataclass(frozen=True, slots=True)
class _WrittenRow:
    """What was written of a record; it holds the record, so that no other one gets its id."""

    record: Mapping[str, Any]
    writer: RecordWriter
    hide: Hide
    parts: tuple[str, str]


class Tree:
    """Texts at places below an element."""

    __slots__ = ("_attributes", "_children", "_text", "head", "raw")

    def __init__(self) -> None:
        self.head = ""
        """Attributes, as XML."""
        self.raw = ""
        """XML after the elements."""
        self._attributes: dict[str, str] = {}
        self._children: dict[str, Tree] = {}
        self._text = ""

    def at(self, path: Sequence[str]) -> Tree:
        """Return the element at a path, made where there is none."""
        tree = self
        for name in path:
            tree = tree._children.setdefault(name, Tree())
        return tree

    def put(self, place: Place, text: str) -> None:
        """Write a text at a place."""
        tree = self.at(place.path)
        if place.attribute is not None:
            tree._attributes[place.attribute] = text
        else:
            tree._text = safe(text)

    def attributes(self) -> str:
        """Return the attributes of the element, as XML."""
        return (
            "".join(f' {key}="{quoted(text)}"' for key, text in self._attributes.items())
            + self.head
        )

    def inside(self) -> str:
        """Return the inside of the element, as XML."""
        written = self._text
        for name, tree in self._children.items():
            written += f"<{name}{tree.attributes()}>{tree.inside()}</{name}>"
        return written + self.raw


def root_in_cases(api: Api, method: Method) -> str:
    """Return the root element of the responses of a method: that of its cases, else one named after its resource."""
    module = next(module for module in api.modules if module.name == method.resource)
    for case in module.cases:
        if case.call == method.verb and case.fails is None and case.response:
            found = _ROOT.search(case.response.partition("?>")[2] or case.response)
            if found is not None:
                return found[1]
    if method.response.value in ("page", "list"):
        return f"{method.response.item or method.resource}s"
    return method.resource


def failed_root_in_cases(api: Api) -> str:
    """Return the root element of a failure that a case shows; empty where none does."""
    for module in api.modules:
        for case in module.cases:
            if case.fails is not None and case.response:
                found = _ROOT.search(case.response.partition("?>")[2] or case.response)
                if found is not None:
                    return found[1]
    return ""


def _header(headers: Headers, place: Place, text: str) -> None:
    text = _one_line(text)
    if place.source != "header":
        return
    if place.relation:
        headers.append((place.name, f'<{text}>; rel="{place.relation}"'))
    else:
        headers.append((place.name, text))


def _header_value(item: FieldSpec, value: Any) -> str:
    values = value if item.many else (value,)
    texts = [
        str(one) if item.codec is None else _plain_text(text_of(item.codec, one)) for one in values
    ]
    return _one_line(", ".join(texts))


def _plain_text(text: str) -> str:
    return unescaped(text)


def _one_line(text: str) -> str:
    return _HEADER_BREAKS.sub(" ", text)
