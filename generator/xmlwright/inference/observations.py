"""Observations: elements, attributes and texts of documents that the description lacks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lxml import etree

from ..cases.messages import MessageError, request_message, response_message
from ..cases.tables import Tables
from ..ir import Api, Method, Ref
from ..runtime.errors import ApiError, Error, InvalidDocumentError
from ..runtime.places import Place
from ..runtime.protocol import Protocol
from ..runtime.reading import find, local_name, local_part, parse_xml
from ..runtime.registry import MethodRegistry, Methods
from .element_index import ElementIndex, ElementNode, owner_of

REQUEST: Final = "request"
RESPONSE: Final = "response"
_VERBS: Final = (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE")


@dataclass(slots=True)
class Observation:
    """An unknown element, attribute or text of a record, from all documents."""

    record: Ref | None
    """The record that it belongs to; None for arguments and for elements beside a record."""
    method: str
    """A method in whose documents it was seen."""
    path: tuple[str, ...]
    """Element names below the record; the last may be ``@name`` for an attribute, or ``#text``."""
    texts: dict[str, list[str]] = field(default_factory=dict)
    """``request`` or ``response`` -> texts."""
    elements: list[etree._Element] = field(default_factory=list)
    """The elements that have child elements."""
    places: list[str] = field(default_factory=list)
    """Documents it was seen in."""
    alone: int = 0
    """How many times an element had one of it."""
    together: int = 0
    """How many times an element had several of it."""

    @property
    def repeated(self) -> bool:
        """Whether elements usually have several of it."""
        return self.together >= max(self.alone, 1)

    @property
    def directions(self) -> set[str]:
        """``request``, ``response`` or both."""
        return set(self.texts)


@dataclass(frozen=True, slots=True)
class Document:
    """A document with its origin, and its method if that is known."""

    name: str
    content: bytes
    method: str | None = None

    @property
    def document(self) -> bytes:
        """The XML document; that in the body of an HTTP message."""
        if self.content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            return self.content
        text = self.content.decode("utf-8-sig", "replace").replace("\r\n", "\n")
        try:
            message = response_message(text)
            body = message.body if message.status is not None else request_message(text).body
        except MessageError:
            return self.content
        return body.encode()

    @property
    def sent(self) -> bool:
        """Whether its name or its start line says that it is a request."""
        parts = (self.method or "").split(".")
        start = self.content.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b" ")[0]
        return REQUEST in parts or start in _VERBS


class _DescribedMethods(Methods):
    """The methods of a description, without generated code."""

    def __init__(self, tables: Tables) -> None:
        super().__init__("", {method.name: ("", "") for method in tables.api.methods})
        self._tables = tables
        self._by_name = {method.name: method for method in tables.api.methods}

    def __getitem__(self, name: str) -> Any:
        return self._tables.method(self._by_name[name])


def documents(paths: Iterable[Path]) -> Iterator[Document]:
    """Yield the documents of XML files, recordings (JSON Lines), and folders of both.

    A file whose name begins with a method, such as ``task.get.response.xml``, is of that method.

    Raises:
        OSError: A file cannot be read.
    """
    for path in paths:
        if path.is_dir():
            yield from documents(
                sorted(inner for inner in path.rglob("*") if inner.suffix in (".xml", ".jsonl"))
            )
        elif path.suffix == ".jsonl":
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                yield from _recorded(line, f"{path}:{number}")
        else:
            yield Document(str(path), path.read_bytes(), path.name)


def _recorded(line: str, name: str) -> Iterator[Document]:
    try:
        entry: Any = json.loads(line)
    except ValueError:
        return
    if not isinstance(entry, dict):
        return
    for key in ("request", "response"):
        if isinstance(entry.get(key), str) and entry[key].lstrip().startswith("<"):
            yield Document(f"{name} ({key})", entry[key].encode(), entry.get("method"))


def gather(api: Api, found: Iterable[Document]) -> tuple[list[Observation], list[str]]:
    """Return what documents have and the description lacks, and messages about unreadable documents."""
    reader = _Collector(api)
    for document in found:
        try:
            reader.read(document)
        except ApiError:
            continue
        except Error as error:
            reader.unread.append(f"{document.name}: {error}")
    return list(reader.seen.values()), reader.unread


def method_named(protocol: Protocol, root: etree._Element) -> str:
    """Return the method that a request document names; empty if it names none."""
    place = protocol.request_method
    return "" if place is None or place.source else (place.text(root) or "").strip()


class DocumentReader:
    """Finds the method of documents and reads them."""

    def __init__(self, api: Api) -> None:
        tables = Tables(api)
        self._registry = MethodRegistry(tables.protocol, _DescribedMethods(tables))
        self._methods = {method.name: method for method in api.methods}

    def place(self, document: Document) -> tuple[etree._Element, Method | None, bool]:
        """Return the root of a document, its method (None for an empty response), and whether it is a request.

        Raises:
            ApiError: It reports a failure.
            InvalidDocumentError: It does not belong to a described method.
        """
        root = parse_xml(document.document)
        protocol = self._registry.protocol
        said = method_named(protocol, root) or self._named(document) or ""
        if document.sent and said in self._methods:
            return root, self._methods[said], True
        if (
            protocol.request_root
            and local_name(root) == protocol.request_root
            and (said in self._methods or protocol.request_root != protocol.response_root)
        ):
            if said not in self._methods:
                raise InvalidDocumentError(f"the request is for {said!r}, which is not described")
            return root, self._methods[said], True
        protocol.check(root, "?")
        name = self._named(document) or next(iter(self._registry.guess(document.document)), None)
        if name is None:
            payload = find(root, protocol.response_payload)
            if payload is not None and len(payload):
                raise InvalidDocumentError("no described method has this response")
            return root, None, False
        return root, self._methods[name], False

    def value(self, document: Document) -> tuple[Method, Any, bool]:
        """Return the method and the value of a document, and whether it is a request.

        Raises:
            Error: It cannot be read.
        """
        _, method, sent = self.place(document)
        if method is None:
            raise InvalidDocumentError("the method of this empty response is unknown")
        if sent:
            return method, self._registry.parse_request(document.document)[1], True
        return method, self._registry.parse_response(method.name, document.document), False

    def _named(self, document: Document) -> str | None:
        """Return the method in a recording or in a file name."""
        parts = (document.method or "").split(".")
        names = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
        return next((name for name in names if name in self._methods), None)


class _Collector(DocumentReader):
    """Collects observations from documents."""

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self._api = api
        self._index = ElementIndex(api)
        self._ignored = set(api.envelope.ignored_attributes)
        self.seen: dict[tuple[object, ...], Observation] = {}
        self.unread: list[str] = []
        self._document = Document("", b"")
        self._method = ""
        self._direction = RESPONSE

    def read(self, document: Document) -> None:
        """Add the observations from a document.

        Raises:
            Error: It cannot be read.
        """
        self._document = document
        root, method, sent = self.place(document)
        if method is not None and sent:
            self._request(root, method)
        elif method is not None:
            self._answer(root, method)

    def _request(self, root: etree._Element, method: Method) -> None:
        self._method, self._direction = method.name, REQUEST
        protocol = self._registry.protocol
        holder = find(root, protocol.request_payload)
        if holder is None:
            return
        letters = {"create": "c", "update": "u"}.get(method.mode, "cu")
        place = protocol.request_method
        if method.wrapper is None:
            node = self._index.of(method.arguments, None, letters)
            skip = (
                {*place.path[:1]} if place is not None and not protocol.request_payload else set()
            )
            known = {place.attribute if place is not None else None, *protocol.request_attributes}
            self._walk(holder, node, letters, skip=skip, attributes=known)
            return
        wrapped = find(holder, (method.wrapper,))
        if wrapped is not None:
            node = self._index.of(method.arguments, owner_of(self._api, method), letters)
            self._walk(wrapped, node, letters)

    def _answer(self, root: etree._Element, method: Method) -> None:
        self._method, self._direction = method.name, RESPONSE
        answer = method.response
        holder = find(root, self._registry.protocol.response_payload)
        if holder is None or answer.record is None:
            return
        status = self._api.envelope.status
        attributes: set[str | None] = {Place.of(status).attribute} if status else set()
        for name in (part for part in answer.element.split("/") if part not in ("", ".")):
            outer, holder = holder, find(holder, (name,))
            self._beside(outer, {name})
            attributes = set()
            if holder is None:
                return
        if answer.value in ("page", "list"):
            paging = method.pages or self._api.paging
            texts = [] if paging is None else [*paging.counters.values(), *paging.next]
            counters = [place for place in map(Place.of, texts) if not place.absolute]
            self._beside(
                holder, {answer.item, *(name for place in counters for name in place.path[:1])}
            )
            for child in holder:
                if local_name(child) == answer.item:
                    self._walk(child, self._index.record(answer.record, "r"), "r")
            return
        self._walk(holder, self._index.record(answer.record, "r"), "r", attributes=attributes)

    def _beside(self, element: etree._Element, known: set[str]) -> None:
        """Add elements beside those on the path to a record."""
        for child in element:
            if local_name(child) not in known:
                self._note(None, (local_name(element), local_name(child)), child)

    def _walk(
        self,
        element: etree._Element,
        node: ElementNode,
        letters: str,
        *,
        skip: set[str] | None = None,
        attributes: Iterable[str | None] = (),
    ) -> None:
        if node.inner is not None:
            node = self._index.record(node.inner, letters)
        known = {*node.attributes, *attributes, *self._ignored}
        for key, text in element.attrib.items():
            name = str(key)
            if not name.startswith("{") and name not in known:
                self._note_text(node, f"@{name}", str(text))
        if not node.leaf and not node.text:
            own = [element.text or "", *(child.tail or "" for child in element)]
            if any(text.strip() for text in own):
                self._note_text(node, "#text", "".join(own).strip())
        if node.bare is not None and len(element):
            items = self._index.record(node.bare, letters)
            inside = {local_part(str(child.tag)) for child in element}
            if inside.isdisjoint(node.children) and not inside.isdisjoint(items.children):
                node = items
        counts = Counter(local_name(child) for child in element)
        for child in element:
            name = local_name(child)
            inner = node.children.get(name)
            if inner is not None:
                self._walk(child, inner, letters)
            elif not skip or name not in skip:
                self._note(node.owner, (*node.prefix, name), child, repeated=counts[name] > 1)

    def _entry(self, owner: Ref | None, path: tuple[str, ...]) -> Observation:
        key = (owner, None if owner is not None else self._method, path)
        found = self.seen.setdefault(key, Observation(owner, self._method, path))
        found.texts.setdefault(self._direction, [])
        if not found.places or found.places[-1] != self._document.name:
            found.places.append(self._document.name)
        return found

    def _note_text(self, node: ElementNode, name: str, text: str) -> None:
        found = self._entry(node.owner, (*node.prefix, name))
        found.texts[self._direction].append(text)

    def _note(
        self,
        owner: Ref | None,
        path: tuple[str, ...],
        element: etree._Element,
        *,
        repeated: bool = False,
    ) -> None:
        found = self._entry(owner, path)
        found.together += repeated
        found.alone += not repeated
        if len(element) or {*map(str, element.attrib)} - self._ignored:
            found.elements.append(element)
        else:
            found.texts[self._direction].append(element.text or "")
