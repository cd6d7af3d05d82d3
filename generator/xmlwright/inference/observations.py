"""Evidence: what documents show that the description does not know, gathered by the record it belongs to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lxml import etree

from ..cases.tables import Tables
from ..ir import Api, Method, Ref
from ..runtime.errors import ApiError, Error, InvalidDocumentError
from ..runtime.protocol import Place
from ..runtime.reading import find, local_name, local_part, parse_xml
from ..runtime.registry import MethodRegistry, Methods
from .element_index import Spot, Spots, owner_of

REQUEST: Final = "request"
ANSWER: Final = "answer"


@dataclass(slots=True)
class Seen:
    """One unknown element, attribute or text of a record, in all documents."""

    record: Ref | None
    """The record that holds it; None for the arguments of a method and for what stands beside a record."""
    method: str
    """A method in whose documents it was seen."""
    path: tuple[str, ...]
    """Element names below the record; the last may be ``@name`` for an attribute, or ``#text``."""
    texts: dict[str, list[str]] = field(default_factory=dict)
    """``request`` or ``answer`` -> texts."""
    elements: list[etree._Element] = field(default_factory=list)
    """The elements themselves, where they hold further elements."""
    places: list[str] = field(default_factory=list)
    """Documents it was seen in."""
    alone: int = 0
    """How often it came once in an element."""
    together: int = 0
    """How often it came together with others of its name."""

    @property
    def repeated(self) -> bool:
        """Whether more than one stands in an element, but for a document that is odd."""
        return self.together >= max(self.alone, 1)

    @property
    def directions(self) -> set[str]:
        """``request``, ``answer`` or both."""
        return set(self.texts)


@dataclass(frozen=True, slots=True)
class Document:
    """One document to be read: where it is from, and its method where that is known."""

    name: str
    content: bytes
    method: str | None = None


class _Known(Methods):
    """The methods of a description, without generated code."""

    def __init__(self, tables: Tables) -> None:
        super().__init__("", {method.name: ("", "") for method in tables.api.methods})
        self._tables = tables
        self._by_name = {method.name: method for method in tables.api.methods}

    def __getitem__(self, name: str) -> Any:
        return self._tables.method(self._by_name[name])


def documents(paths: Iterable[Path]) -> Iterator[Document]:
    """Documents of files: XML, recordings (one JSON object a line), and folders of both. Raises OSError.

    A file whose name begins with a method, such as ``task.get.response.xml``, is of that method.
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


def gather(api: Api, found: Iterable[Document]) -> tuple[list[Seen], list[str]]:
    """Unknown elements of documents, and what could not be read, as sentences."""
    reader = _Reader(api)
    for document in found:
        try:
            reader.read(document)
        except ApiError:
            continue
        except Error as error:
            reader.unread.append(f"{document.name}: {error}")
    return list(reader.seen.values()), reader.unread


class Seer:
    """Tells the method of documents, and what they hold."""

    def __init__(self, api: Api) -> None:
        tables = Tables(api)
        self._door = MethodRegistry(tables.protocol, _Known(tables))
        self._methods = {method.name: method for method in api.methods}

    def place(self, document: Document) -> tuple[etree._Element, Method | None, bool]:
        """The root of a document, its method, and whether it is a request; no method for an answer without content.

        Raises:
            ApiError: it tells of a failure.
            InvalidDocumentError: it is no document of a described method.
        """
        root = parse_xml(document.content)
        protocol = self._door.protocol
        said = (protocol.request_method.text(root) or "").strip()
        if local_name(root) == protocol.request_root and (
            said in self._methods or protocol.request_root != protocol.response_root
        ):
            if said not in self._methods:
                raise InvalidDocumentError(f"the request is for {said!r}, which is not described")
            return root, self._methods[said], True
        protocol.check(root, "?")
        name = self._named(document) or next(iter(self._door.guess(document.content)), None)
        if name is None:
            payload = find(root, protocol.response_payload)
            if payload is not None and len(payload):
                raise InvalidDocumentError("no method of the description answers this")
            return root, None, False
        return root, self._methods[name], False

    def value(self, document: Document) -> tuple[Method, Any, bool]:
        """Method and value of a document: arguments of a request (True), or what an answer says. Raises Error."""
        _, method, sent = self.place(document)
        if method is None:
            raise InvalidDocumentError("any method may answer this")
        if sent:
            return method, self._door.parse_request(document.content)[1], True
        return method, self._door.parse_response(method.name, document.content), False

    def _named(self, document: Document) -> str | None:
        """The method that a recording or the name of a file says."""
        parts = (document.method or "").split(".")
        names = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
        return next((name for name in names if name in self._methods), None)


class _Reader(Seer):
    """Goes through documents along what the description knows."""

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self._api = api
        self._spots = Spots(api)
        self._ignored = set(api.envelope.ignored_attributes)
        self.seen: dict[tuple[object, ...], Seen] = {}
        self.unread: list[str] = []
        self._document = Document("", b"")
        self._method = ""
        self._direction = ANSWER

    def read(self, document: Document) -> None:
        """Note what is unknown in a document. Raises Error."""
        self._document = document
        root, method, sent = self.place(document)
        if method is not None and sent:
            self._request(root, method)
        elif method is not None:
            self._answer(root, method)

    def _request(self, root: etree._Element, method: Method) -> None:
        self._method, self._direction = method.name, REQUEST
        protocol = self._door.protocol
        holder = find(root, protocol.request_payload)
        if holder is None:
            return
        letters = {"create": "c", "update": "u"}.get(method.mode, "cu")
        place = protocol.request_method
        if method.wrapper is None:
            spot = self._spots.of(method.arguments, None, letters)
            skip = {*place.path[:1]} if not protocol.request_payload else set()
            known = {place.attribute, *protocol.request_attributes}
            self._walk(holder, spot, letters, skip=skip, attributes=known)
            return
        wrapped = find(holder, (method.wrapper,))
        if wrapped is not None:
            spot = self._spots.of(method.arguments, owner_of(self._api, method), letters)
            self._walk(wrapped, spot, letters)

    def _answer(self, root: etree._Element, method: Method) -> None:
        self._method, self._direction = method.name, ANSWER
        answer = method.response
        holder = find(root, self._door.protocol.response_payload)
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
            counters = [Place.of(text) for text in self._api.paging.counters.values()]
            self._beside(
                holder, {answer.item, *(name for place in counters for name in place.path[:1])}
            )
            for child in holder:
                if local_name(child) == answer.item:
                    self._walk(child, self._spots.record(answer.record, "r"), "r")
            return
        self._walk(holder, self._spots.record(answer.record, "r"), "r", attributes=attributes)

    def _beside(self, element: etree._Element, known: set[str]) -> None:
        """Note what stands beside the elements on the way to a record."""
        for child in element:
            if local_name(child) not in known:
                self._note(None, (local_name(element), local_name(child)), child)

    def _walk(
        self,
        element: etree._Element,
        spot: Spot,
        letters: str,
        *,
        skip: set[str] | None = None,
        attributes: Iterable[str | None] = (),
    ) -> None:
        if spot.inner is not None:
            spot = self._spots.record(spot.inner, letters)
        known = {*spot.attributes, *attributes, *self._ignored}
        for key, text in element.attrib.items():
            name = str(key)
            if not name.startswith("{") and name not in known:
                self._note_text(spot, f"@{name}", str(text))
        if not spot.leaf and not spot.text:
            own = [element.text or "", *(child.tail or "" for child in element)]
            if any(text.strip() for text in own):
                self._note_text(spot, "#text", "".join(own).strip())
        if spot.bare is not None and len(element):
            items = self._spots.record(spot.bare, letters)
            inside = {local_part(str(child.tag)) for child in element}
            if inside.isdisjoint(spot.children) and not inside.isdisjoint(items.children):
                spot = items
        counts = Counter(local_name(child) for child in element)
        for child in element:
            name = local_name(child)
            inner = spot.children.get(name)
            if inner is not None:
                self._walk(child, inner, letters)
            elif not skip or name not in skip:
                self._note(spot.owner, (*spot.prefix, name), child, repeated=counts[name] > 1)

    def _entry(self, owner: Ref | None, path: tuple[str, ...]) -> Seen:
        key = (owner, None if owner is not None else self._method, path)
        found = self.seen.setdefault(key, Seen(owner, self._method, path))
        found.texts.setdefault(self._direction, [])
        if not found.places or found.places[-1] != self._document.name:
            found.places.append(self._document.name)
        return found

    def _note_text(self, spot: Spot, name: str, text: str) -> None:
        found = self._entry(spot.owner, (*spot.prefix, name))
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
