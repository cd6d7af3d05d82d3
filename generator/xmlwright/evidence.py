"""Evidence: what documents show that the description does not know, gathered by the record it belongs to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree

from .model import Api, Method, Ref
from .runtime.errors import ApiFailure, Error
from .runtime.reading import find, local_name, parse_xml
from .runtime.record import Unknown, children
from .runtime.request import Page
from .runtime.wire import Door, Methods
from .shapes import Tables


@dataclass(slots=True)
class Seen:
    """One unknown element of a record, in all documents."""

    record: Ref | None
    """The record that holds it; None for the arguments of a method."""
    method: str
    """A method in whose documents it was seen."""
    path: tuple[str, ...]
    """Element names below the record."""
    texts: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    """Documents it was seen in."""
    request: bool = False
    repeated: bool = False
    elements: list[etree._Element] = field(default_factory=list)
    """The elements themselves, where they hold further elements."""


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
    """Documents of files: XML, recordings (one JSON object a line), and folders of both. Raises OSError."""
    for path in paths:
        if path.is_dir():
            yield from documents(
                sorted(inner for inner in path.rglob("*") if inner.suffix in (".xml", ".jsonl"))
            )
        elif path.suffix == ".jsonl":
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                yield from _recorded(line, f"{path}:{number}")
        else:
            yield Document(str(path), path.read_bytes())


def _recorded(line: str, name: str) -> Iterator[Document]:
    try:
        entry: Any = json.loads(line)
    except ValueError:
        return
    if not isinstance(entry, dict):
        return
    for key in ("request", "answer"):
        if isinstance(entry.get(key), str) and entry[key].lstrip().startswith("<"):
            yield Document(f"{name} ({key})", entry[key].encode(), entry.get("method"))


def gather(api: Api, found: Iterable[Document]) -> tuple[list[Seen], list[str]]:
    """Unknown elements of documents, and what could not be read, as sentences."""
    tables = Tables(api)
    door = Door(tables.protocol, _Known(tables))
    methods = {method.name: method for method in api.methods}
    seen: dict[tuple[object, ...], Seen] = {}
    unread: list[str] = []
    for document in found:
        try:
            _read(door, tables, methods, document, seen)
        except ApiFailure:
            continue
        except Error as error:
            unread.append(f"{document.name}: {error}")
    return list(seen.values()), unread


def _read(
    door: Door,
    tables: Tables,
    methods: dict[str, Method],
    document: Document,
    seen: dict[tuple[object, ...], Seen],
) -> None:
    root = parse_xml(document.content)
    if local_name(root) == door.protocol.request_root:
        name, arguments = door.read_request(document.content)
        method = methods[name]
        _arguments(method, arguments, document, seen, tables)
        return
    guessed = [document.method] if document.method in methods else door.guess(document.content)
    if not guessed or guessed[0] is None:
        payload = find(root, door.protocol.response_payload)
        if payload is None or len(payload):
            door.protocol.check(root, "?")
        return
    name = guessed[0]
    value = door.read_answer(name, document.content)
    ref = methods[name].answer.record
    if ref is not None:
        _record(value, ref, name, document, seen, tables)


def _record(
    value: Any,
    ref: Ref,
    method: str,
    document: Document,
    seen: dict[tuple[object, ...], Seen],
    tables: Tables,
) -> None:
    if isinstance(value, (list, Page)):
        for row in value:
            _record(row, ref, method, document, seen, tables)
        return
    for unknown in getattr(value, "unknown", ()):
        _note(unknown, ref, method, document, seen, request=False)
    record = tables.api.records[ref]
    for item in record.fields:
        inner = getattr(value, item.python, None)
        if item.record is not None and inner is not None:
            for one in inner if isinstance(inner, list) else [inner]:
                _record(one, item.record, method, document, seen, tables)


def _arguments(
    method: Method,
    arguments: Any,
    document: Document,
    seen: dict[tuple[object, ...], Seen],
    tables: Tables,
) -> None:
    main = next(
        (
            module.records[0]
            for module in tables.api.modules
            if module.name == method.resource and module.records
        ),
        None,
    )
    ref = Ref(main.module, main.name) if main is not None and method.wrapper is not None else None
    for unknown in getattr(arguments, "unknown", ()):
        _note(unknown, ref, method.name, document, seen, request=True)
    fields = {item.python: item for item in method.arguments}
    for name, inner in children(arguments):
        item = fields.get(name.partition("[")[0])
        if item is not None and item.record is not None:
            for unknown in getattr(inner, "unknown", ()):
                _note(unknown, item.record, method.name, document, seen, request=True)


def _note(
    unknown: Unknown,
    ref: Ref | None,
    method: str,
    document: Document,
    seen: dict[tuple[object, ...], Seen],
    *,
    request: bool,
) -> None:
    path = tuple(unknown.path.split("/"))
    key = (ref, None if ref is not None else method, path)
    found = seen.setdefault(key, Seen(ref, method, path))
    found.request = found.request or request
    if found.places and found.places[-1] == document.name:
        found.repeated = found.repeated or False
    found.places.append(document.name)
    element = parse_xml(unknown.xml)
    if len(element):
        found.elements.append(element)
    else:
        found.texts.append(unknown.text)
