"""A document as a tree to look at: each node with what the description says of it, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree

from ...ir import Api, Field, Method, Record, Ref
from ...runtime.reading import local_name
from ...runtime.record import Raw
from ...runtime.redact import HIDDEN
from ...runtime.request import ListResponse, PageResponse, ResponseReader
from ...runtime.request import Method as RuntimeMethod
from ...runtime.scalars import Binary, EnumCodec, Text
from ...runtime.schema import UNDESCRIBED, FieldSpec, Nested, ReadTable, RecordSchema
from ..calls.documents import Documents

_PARSER: Final = etree.XMLParser(
    resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True,
    remove_pis=True, remove_blank_text=True,
)  # fmt: skip
_MOST_NODES: Final = 20_000


@dataclass(slots=True)
class Annotation:
    """One element of a document."""

    name: str
    attributes: list[tuple[str, str]] = field(default_factory=list)
    text: str = ""
    children: list[Annotation] = field(default_factory=list)
    link: str | None = None
    """Where its documentation is: ``task#Task.rate``, below the pages of documentation."""
    about: str = ""
    """What it is, in a few words."""
    problem: str | None = None
    hidden: bool = False

    @property
    def wrong(self) -> bool:
        """Whether something is wrong in here."""
        return self.problem is not None or any(child.wrong for child in self.children)


class Annotator:
    """Marks documents by the tables of a description."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._api: Api = documents.api
        self._asked = False
        """Whether it is a request that is being marked."""
        self._records: dict[int, tuple[Ref, Record]] = {}
        for ref, record in self._api.records.items():
            self._records[id(documents.tables.shape(ref))] = (ref, record)

    def request(
        self, text: str, method: Method | None, complaint: tuple[str, str] | None
    ) -> Annotation | None:
        """Return the tree of a request; None where it is no XML. ``complaint``: what the API said against which field."""
        root = _parsed(text)
        if root is None:
            return None
        tree = _plain(root)
        if method is None:
            tree.problem = "no method that is described is named here"
            return tree
        endpoint = self._documents.tables.method(method)
        tree.link, tree.about = f"{method.resource}#{method.name}", method.doc
        payload, mark = _down(root, tree, endpoint.protocol.request_payload)
        if payload is None:
            return tree
        if endpoint.wrapper is not None:
            holder, inner = _down(payload, mark, (endpoint.wrapper,))
            for child, shown in zip(payload, mark.children, strict=True):
                if child is not holder and not self._names_method(child, endpoint):
                    shown.problem = "not described here"
            if holder is None:
                mark.problem = (
                    f"<{endpoint.wrapper}> is missing" if endpoint.arguments.fields else None
                )
                return tree
            payload, mark = holder, inner
            mark.link, mark.about = f"{method.resource}#{method.name}", method.doc
        arguments = _Arguments(method)
        table = endpoint.arguments.reader(endpoint.mode)
        self._asked = True
        self._inside(payload, mark, table, arguments, endpoint)
        required = endpoint.arguments.writer(endpoint.mode).required
        present = {child.tag.rpartition("}")[2] for child in payload}
        missing = [
            item.path[0] for name in required
            if (item := endpoint.arguments.by_name[name]).path and item.path[0] not in present
        ]  # fmt: skip
        if missing:
            mark.problem = f"{' and '.join(f'<{name}>' for name in missing)} missing: required"
        if complaint is not None:
            _complain(tree, *complaint)
        return tree

    def answer(self, text: str, method: Method | None) -> Annotation | None:
        """Return the tree of an response; None where it is no XML."""
        root = _parsed(text)
        if root is None:
            return None
        tree = _plain(root)
        self._asked = False
        protocol = self._documents.tables.protocol
        errors = self._documents.failure_details(root)
        rule = next((rule for rule in protocol.failures if rule.fits(root, None)), None)
        code = errors[0].code if errors else None
        if code is not None and rule is not None and rule.code is not None:
            _, mark = _down(root, tree, (*rule.at, *rule.code.path))
            mark.link, mark.about = f"errors#{code}", self._failure(code)
        spaces = protocol.namespaces
        space = str(root.tag).rpartition("}")[0].lstrip("{")
        if space and spaces and space not in spaces:
            tree.problem = f"the namespace {space} is not this API's"
        roots = {protocol.response_root, *protocol.other_roots}
        roots |= {name for rule in protocol.failures for name in rule.roots}
        if protocol.response_root and local_name(root) not in roots:
            tree.problem = f"not <{protocol.response_root}>"
            return tree
        if method is None or errors:
            return tree
        endpoint = self._documents.tables.method(method)
        payload, mark = _down(root, tree, protocol.response_payload)
        if payload is not None and not endpoint.response.binary:
            self._answered(payload, mark, endpoint.response, endpoint, method)
        return tree

    def _failure(self, code: str) -> str:
        known = next((one for one in self._api.errors if one.code == code), None)
        return (
            "a code that is not described" if known is None else f"{known.doc} {known.fix}".strip()
        )

    def _names_method(self, child: etree._Element, endpoint: RuntimeMethod[Any]) -> bool:
        place = endpoint.protocol.request_method
        return place is not None and bool(place.path) and local_name(child) == place.path[0]

    def _answered(
        self, payload: etree._Element, mark: Annotation, answer: ResponseReader[Any], endpoint: RuntimeMethod[Any], method: Method
    ) -> None:  # fmt: skip
        rows = answer.rows if isinstance(answer, PageResponse) else answer
        path: tuple[str, ...] = getattr(rows, "path", ())
        holder, found = _down(payload, mark, path)
        if holder is None:
            mark.problem = f"<{'/'.join(path)}> is missing"
            return
        found.link, found.about = f"{method.resource}#{method.name}", method.doc
        if path:
            self._others(payload, mark, path[0])
        shape = rows.record
        if isinstance(rows, ListResponse):
            for child, shown in zip(holder, found.children, strict=True):
                if local_name(child) != rows.item:
                    shown.problem = "not described here"
                elif shape is not None:
                    self._record(child, shown, shape, endpoint)
                elif rows.codec is not None:
                    _check(shown, rows.codec.read)
        elif shape is not None:
            self._record(holder, found, shape, endpoint)
        else:
            codec = getattr(rows, "codec", None)
            if codec is not None:
                _check(found, codec.read)
            elif not path:
                self._others(payload, mark, "")

    def _others(self, payload: etree._Element, mark: Annotation, known: str) -> None:
        for child, shown in zip(payload, mark.children, strict=True):
            if local_name(child) != known:
                shown.problem = "not described here"

    def _record(
        self,
        element: etree._Element,
        mark: Annotation,
        shape: RecordSchema[Any],
        endpoint: RuntimeMethod[Any],
    ) -> None:
        known = self._records.get(id(shape))
        names: _Names = _Arguments(None) if known is None else _Fields(*known)
        if known is not None and mark.link is None:
            ref, record = known
            mark.link, mark.about = f"{ref.module}#{ref.name}", record.doc
        self._inside(element, mark, shape.reader("response"), names, endpoint)
        if shape.identity is not None:
            item = shape.by_name[shape.identity]
            present = {local_name(child) for child in element}
            if item.path and item.path[0] not in present and "r" in item.access:
                mark.problem = f"<{item.path[0]}> is missing"

    def _inside(
        self, element: etree._Element, mark: Annotation, table: ReadTable, names: _Names, endpoint: RuntimeMethod[Any]
    ) -> None:  # fmt: skip
        """Annotate the elements below a record or a wrapper in it."""
        for child, shown in zip(element, mark.children, strict=True):
            tag = local_name(child)
            name, read, nested = table.entries.get(tag, (None, None, UNDESCRIBED))
            if nested is UNDESCRIBED:
                if not self._names_method(child, endpoint):
                    shown.problem = "not described here"
                continue
            if type(nested) is ReadTable:
                bare = nested.bare
                inside = {local_name(inner) for inner in child}
                if bare is not None and inside.isdisjoint(nested.entries):
                    self._nested(child, shown, bare[1], endpoint)
                else:
                    self._inside(child, shown, nested, names, endpoint)
                continue
            shown.link, shown.about, sensitive = names.of(str(name))
            if type(nested) is Nested:
                self._nested(child, shown, nested, endpoint)
            elif not (sensitive or shown.text == HIDDEN):
                if len(child):
                    shown.problem = "should hold text, not elements"
                elif self._asked:
                    _check_asked(shown, table.shape.by_name[str(name)])
                else:
                    _check(shown, read)

    def _nested(
        self, child: etree._Element, shown: Annotation, nested: Nested, endpoint: RuntimeMethod[Any]
    ) -> None:
        table = nested.table
        known = self._records.get(id(table.shape))
        names: _Names = _Arguments(None) if known is None else _Fields(*known)
        self._inside(child, shown, table, names, endpoint)


class _Names:
    """What a field's name stands for: link, a few words, and whether it is sensitive."""

    def of(self, name: str) -> tuple[str | None, str, bool]:
        raise NotImplementedError  # pragma: no cover


class _Fields(_Names):
    def __init__(self, ref: Ref, record: Record) -> None:
        self._ref = ref
        self._fields = {item.python: item for item in record.fields}

    def of(self, name: str) -> tuple[str | None, str, bool]:
        item = self._fields.get(name)
        if item is None:
            return None, "", False
        return f"{self._ref.module}#{self._ref.name}.{item.name}", about(item), item.sensitive


class _Arguments(_Names):
    def __init__(self, method: Method | None) -> None:
        self._method = method
        self._fields = (
            {item.python: item for item in method.arguments} if method is not None else {}
        )

    def of(self, name: str) -> tuple[str | None, str, bool]:
        item = self._fields.get(name)
        if item is None or self._method is None:
            return None, "", False
        link = f"{self._method.resource}#{self._method.name}.{item.name}"
        return link, about(item), item.sensitive


def about(item: Field) -> str:
    """Return a field in a few words."""
    kind = item.enum or item.record
    typed = kind.name if kind is not None else (item.read or item.write or "text")
    many = "list of " if item.many else ""
    return f"{many}{typed}. {item.doc}".strip()


def _check(mark: Annotation, read: Any) -> None:
    if read is None or mark.text == HIDDEN:
        return
    try:
        read(mark.text)
    except ValueError as error:
        mark.problem = f"should be {error}"


def _check_asked(mark: Annotation, item: FieldSpec) -> None:
    codec = item.codec
    if codec is None or isinstance(codec, (Text, Binary)):
        return
    if not mark.text.strip():
        mark.problem = None if item.clear else "may not be empty"
        return
    value = codec.parse_request(mark.text)
    known = codec.sendable if isinstance(codec, EnumCodec) else None
    if isinstance(value, Raw) or (known and value not in known):
        mark.problem = f"should be {codec.expected}"


def _complain(tree: Annotation, name: str, message: str) -> None:
    """Put what the API said at the elements that it named."""
    found = [mark for mark in _all(tree) if mark.name == name]
    for mark in found or [tree]:
        mark.problem = mark.problem or message


def _all(mark: Annotation) -> Iterator[Annotation]:
    yield mark
    for child in mark.children:
        yield from _all(child)


def indented(text: str) -> str:
    """Return a document with one element a line, as people edit it; what is no XML stays as it is."""
    root = _parsed(text)
    if root is None:
        return text
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")


def _parsed(text: str) -> etree._Element | None:
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), _PARSER)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        return None
    if (
        root.getroottree().docinfo.internalDTD is not None
        or sum(1 for _ in root.iter()) > _MOST_NODES
    ):
        return None
    return root


def _plain(element: etree._Element) -> Annotation:
    """Return an element without what the description says of it."""
    attributes = [
        (str(name).rpartition("}")[2], str(value)) for name, value in element.attrib.items()
    ]
    parent = element.getparent()
    space = str(element.tag).rpartition("}")[0].lstrip("{")
    if space and (parent is None or not str(parent.tag).startswith(f"{{{space}}}")):
        attributes.insert(0, ("xmlns", space))
    text = (element.text or "") + "".join(child.tail or "" for child in element)
    return Annotation(
        local_name(element), attributes, text, [_plain(child) for child in element.iterchildren("*")],
        hidden=text == HIDDEN,
    )  # fmt: skip


def _down(
    element: etree._Element, mark: Annotation, path: tuple[str, ...]
) -> tuple[etree._Element | None, Annotation]:
    """Return an element down a path, with its mark; None, and the last mark there is, where it is missing."""
    for name in path:
        for child, shown in zip(element.iterchildren("*"), mark.children, strict=True):
            if local_name(child) == name:
                element, mark = child, shown
                break
        else:
            return None, mark
    return element, mark
