"""From values to the document of an answer."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...ir import Api, Ref
from ...runtime.protocol import Place, Protocol
from ...runtime.request import (
    BinaryResponse,
    EmptyResponse,
    ListResponse,
    PageResponse,
    RecordResponse,
    ResponseReader,
    ScalarResponse,
)
from ...runtime.scalars import EMPTY_REFUSED, Codec, DateTime, EnumCodec, Flag, escape
from ...runtime.schema import FieldSpec, RecordSchema
from .failures import FailureResponse

XML: Final = "application/xml; charset=utf-8"
_DECLARATION: Final = '<?xml version="1.0" encoding="utf-8"?>\n'
_MOST_WRITTEN: Final = 4096
"""Records of lists whose text is kept."""
_IMPOSSIBLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

Hide = frozenset[str]
"""Fields of the outermost record that this caller does not see."""


@dataclass(frozen=True, slots=True)
class ListResult:
    """Rows of a list, with the counters of the page."""

    rows: Sequence[Any]
    counters: Mapping[str, int]


class ResponseWriter:
    """Writes the answers of one API."""

    def __init__(
        self,
        api: Api,
        protocol: Protocol,
        *,
        failed: str | None = None,
        deprecated: str | None = None,
        padded: Mapping[Ref, frozenset[str]] | None = None,
    ) -> None:
        self._protocol = protocol
        self._failed = failed
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
        self._writers: dict[int, _RecordWriter] = {}
        self._written: dict[int, _Written] = {}

    def document(
        self,
        answer: ResponseReader[Any],
        value: Any,
        hide: Hide = frozenset(),
        *,
        padded: bool = False,
    ) -> bytes:
        """Return the response of a call that worked. ``padded``: an id as the response is filled with zeros."""
        inside = self._payload(answer, value, hide, padded)
        for name in reversed(self._protocol.response_payload):
            inside = f"<{name}>{inside}</{name}>"
        return self._root(
            self._protocol.response_root,
            inside,
            self._protocol.ok[0] if self._protocol.ok else "ok",
        )

    def failure(self, told: FailureResponse) -> bytes:
        """Return the response of a call that failed."""
        protocol = self._protocol
        tree = _Tree()
        rule = next(
            (
                rule
                for rule in protocol.failures
                if not rule.statuses
                or any(low <= told.status <= high for low, high in rule.statuses)
            ),
            protocol.failures[0],
        )
        if rule.when is not None:
            tree.put(rule.when, "")
        for place, text in (
            (rule.severity, rule.errors[0] if rule.errors else None),
            (rule.message, told.message),
            (rule.code, told.code),
            (rule.field, told.field),
        ):
            if place is not None and text and not place.source:
                tree.put(place._replace(path=(*rule.at, *place.path)), text)
        ok = protocol.ok[0] if protocol.ok else "ok"
        return self._root(
            rule.roots[0] if rule.roots else protocol.response_root,
            tree.inside(),
            self._failed or f"not {ok}",
            dict(tree.attributes),
        )

    def _root(
        self, name: str, inside: str, status: str, attributes: Mapping[str, str] | None = None
    ) -> bytes:
        protocol = self._protocol
        given = dict(attributes or {})
        if protocol.namespaces:
            given = {"xmlns": protocol.namespaces[0], **given}
        if protocol.status is not None:
            tree = _Tree()
            tree.put(protocol.status, status)
            given.update(tree.attributes)
            inside = tree.inside() + inside
        head = "".join(f' {key}="{_quoted(text)}"' for key, text in given.items())
        return f"{_DECLARATION}<{name}{head}>{inside}</{name}>".encode()

    def _payload(self, answer: ResponseReader[Any], value: Any, hide: Hide, padded: bool) -> str:
        if isinstance(answer, (EmptyResponse, BinaryResponse)):
            return ""
        if isinstance(answer, ScalarResponse):
            text = _text(answer.codec, value)
            return _nested(answer.path, text.zfill(self._width) if padded else text)
        if isinstance(answer, RecordResponse):
            return self._element(answer.path, self.writer(answer.shape), value, hide)
        if isinstance(answer, PageResponse):
            return self._rows(answer.rows, value, hide)
        assert isinstance(answer, ListResponse)
        return self._rows(answer, value, hide)

    @staticmethod
    def _element(path: tuple[str, ...], writer: _RecordWriter, value: Any, hide: Hide) -> str:
        attributes, inside = writer.parts(value, hide)
        if not path:  # the fields stand in the root itself
            return inside
        return _nested(path[:-1], f"<{path[-1]}{attributes}>{inside}</{path[-1]}>")

    def _rows(self, rows: ListResponse[Any], value: Any, hide: Hide) -> str:
        listed = value if isinstance(value, ListResult) else ListResult(tuple(value), {})
        tree = _Tree()
        for name, place in self._protocol.paging.counters.items():
            if name in listed.counters:
                tree.put(place, str(listed.counters[name]))
        item = rows.item
        if rows.shape is not None:
            writer = self.writer(rows.shape)
            parts = [self._row(writer, row, hide) for row in listed.rows]
            inside = "".join(f"<{item}{head}>{inner}</{item}>" for head, inner in parts)
        else:
            assert rows.codec is not None
            codec = rows.codec
            inside = "".join(f"<{item}>{_text(codec, row)}</{item}>" for row in listed.rows)
        attributes = "".join(f' {key}="{_quoted(text)}"' for key, text in tree.attributes)
        inside = tree.inside() + inside
        if not rows.path:
            return inside
        return _nested(rows.path[:-1], f"<{rows.path[-1]}{attributes}>{inside}</{rows.path[-1]}>")

    def _row(self, writer: _RecordWriter, record: Mapping[str, Any], hide: Hide) -> tuple[str, str]:
        """Return a record of a list. Records never change, so what was written of one is kept for the next list with it."""
        resource = self._written.get(id(record))
        if (
            resource is not None
            and resource.record is record
            and resource.writer is writer
            and resource.hide == hide
        ):
            return resource.parts
        parts = writer.parts(record, hide)
        if resource is None and len(self._written) >= _MOST_WRITTEN:
            del self._written[next(iter(self._written))]
        self._written[id(record)] = _Written(record, writer, hide, parts)
        return parts

    def writer(self, shape: RecordSchema[Any]) -> _RecordWriter:
        """Return what writes the records of a shape."""
        found = self._writers.get(id(shape))
        if found is None:
            found = self._writers[id(shape)] = _RecordWriter(shape, self)
        return found

    def mark(self, shape: RecordSchema[Any], item: FieldSpec) -> str:
        """Return the attribute of a deprecated element."""
        if self._deprecated is None or (shape.name, item.name) not in self._deprecations:
            return ""
        return f' {self._deprecated}="true"'

    def width(self, shape: RecordSchema[Any], item: FieldSpec) -> int:
        """To how many digits an id is filled with zeros."""
        return self._width if item.name in self._padded.get(shape.name, ()) else 0


@dataclass(frozen=True, slots=True)
class _Written:
    """What was written of a record; it holds the record, so that no other one gets its id."""

    record: Mapping[str, Any]
    writer: _RecordWriter
    hide: Hide
    parts: tuple[str, str]


Part = Callable[[Mapping[str, Any], Hide], str]


class _RecordWriter:
    """Writes records of one shape."""

    def __init__(self, shape: RecordSchema[Any], answers: ResponseWriter) -> None:
        self._shape = shape
        self._writer = answers
        fields = [item for item in shape.fields if "r" in item.access and not _is_file(item)]
        self._attributes = [item for item in fields if item.attribute is not None]
        self._contents = [item for item in fields if item.content and not item.path]
        self._parts = self._group([item for item in fields if item.path], 0)

    def parts(self, record: Mapping[str, Any], hide: Hide = frozenset()) -> tuple[str, str]:
        """Return the attributes and the inside of a record's element."""
        head = ""
        for item in self._attributes:
            value = record.get(item.name)
            if value is not None and item.name not in hide:
                head += f' {item.attribute}="{_quoted_value(item, value)}"'
        inside = "".join([part(record, hide) for part in self._parts])
        for item in self._contents:
            value = record.get(item.name)
            if value is not None and item.codec is not None and item.name not in hide:
                inside = _text(item.codec, value) + inside
        return head, inside

    def _group(self, fields: list[FieldSpec], depth: int) -> list[Part]:
        """Return what writes fields that share their first elements; a wrapper comes where its first field does."""
        by_wrapper: dict[str, list[FieldSpec]] = {}
        parts: list[Part] = []
        for item in fields:
            if len(item.path) - depth > 1:
                by_wrapper.setdefault(item.path[depth], []).append(item)
        seen: set[str] = set()
        for item in fields:
            name = item.path[depth]
            if len(item.path) - depth == 1:
                parts.append(self._leaf(item))
            elif name not in seen:
                seen.add(name)
                inner = by_wrapper[name]
                parts.append(_wrapper(name, inner, self._group(inner, depth + 1)))
        return parts

    def _leaf(self, item: FieldSpec) -> Part:
        name, last = item.name, item.path[-1]
        mark = self._writer.mark(self._shape, item)
        head, tail = f"<{last}{mark}>", f"</{last}>"
        if item.shape is not None:
            return self._records(item, last, mark)
        assert item.codec is not None
        codec = item.codec
        width = self._writer.width(self._shape, item)
        empty = _empty(codec)
        cleared = "" if empty is None else f"{head}{empty}{tail}"

        def one(value: Any) -> str:
            if value is None:
                return cleared
            text = _text(codec, value)
            return f"{head}{text.zfill(width) if width else text}{tail}"

        def write(record: Mapping[str, Any], hide: Hide) -> str:
            if name not in record or name in hide:
                return ""
            value = record[name]
            if item.many:
                return "".join(map(one, value or ()))
            return one(value)

        return write

    def _records(self, item: FieldSpec, last: str, mark: str) -> Part:
        name, shape_of = item.name, item.shape
        assert shape_of is not None

        def write(record: Mapping[str, Any], hide: Hide) -> str:
            if name not in record or name in hide:
                return ""
            value = record[name]
            if value is None:
                return "" if item.many else f"<{last}{mark}></{last}>"
            writer = self._writer.writer(shape_of())
            written = []
            for inner in value if item.many else (value,):
                attributes, inside = writer.parts(inner)
                written.append(f"<{last}{mark}{attributes}>{inside}</{last}>")
            return "".join(written)

        return write


def _wrapper(name: str, fields: list[FieldSpec], parts: list[Part]) -> Part:
    names = [item.name for item in fields]

    def write(record: Mapping[str, Any], hide: Hide) -> str:
        if not any(name in record and name not in hide for name in names):
            return ""
        return f"<{name}>{''.join([part(record, hide) for part in parts])}</{name}>"

    return write


class _Tree:
    """Texts at places below an element."""

    def __init__(self) -> None:
        self.attributes: list[tuple[str, str]] = []
        self._children: dict[str, _Tree] = {}
        self._text = ""

    def put(self, place: Place, text: str) -> None:
        tree = self
        for name in place.path:
            tree = tree._children.setdefault(name, _Tree())
        if place.attribute is not None:
            tree.attributes.append((place.attribute, text))
        else:
            tree._text = _safe(text)

    def inside(self) -> str:
        written = self._text
        for name, tree in self._children.items():
            head = "".join(f' {key}="{_quoted(text)}"' for key, text in tree.attributes)
            written += f"<{name}{head}>{tree.inside()}</{name}>"
        return written


def _nested(path: tuple[str, ...], inside: str) -> str:
    for name in reversed(path):
        inside = f"<{name}>{inside}</{name}>"
    return inside


def _is_file(item: FieldSpec) -> bool:
    return item.codec is not None and item.codec.name == "binary"


def _empty(codec: Codec) -> str | None:
    """Return the text of an element without a value; None where there is no element then."""
    if codec.empty is EMPTY_REFUSED:
        return None
    if codec.none and codec.name == "datetime":
        return max(codec.none, key=len)
    if codec.none and codec.name != "date":
        return min(codec.none, key=len)
    return ""


def _text(codec: Codec, value: Any) -> str:
    """Return a value as the text of an response."""
    if isinstance(codec, EnumCodec):
        known = codec.words.get(value)
        return _safe(known[1] if known is not None else str(value))
    if isinstance(codec, Flag):
        return codec.words[0] if value else codec.words[1]
    if codec.name in ("text", "uri"):
        return _safe(str(value))
    if isinstance(value, dt.datetime):
        if not isinstance(codec, DateTime):
            value = value.date()
    elif isinstance(value, dt.date) and isinstance(codec, DateTime):
        value = dt.datetime(value.year, value.month, value.day, tzinfo=codec.zone())
    return codec.write(value)


def _safe(text: str) -> str:
    try:
        return escape(text)
    except ValueError:
        return escape(_IMPOSSIBLE.sub("\ufffd", text))


def _quoted(text: str) -> str:
    return _safe(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")


def _quoted_value(item: FieldSpec, value: Any) -> str:
    assert item.codec is not None
    text = _text(item.codec, value)  # has its markup escaped already
    return text.replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
