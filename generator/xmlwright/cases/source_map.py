"""Source maps: which lines of the description a part of a document comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from lxml import etree

from ..diagnostics import Position, Related, nearest
from ..ir import Api, Envelope, FailureRule, Field, Method, RecordValue, Ref
from ..runtime.errors import InvalidDocumentError
from ..runtime.places import Place
from ..runtime.protocol import placeholders
from ..runtime.reading import find, local_name

Parts = tuple[str, ...]
"""Local names of elements from the root down, without the root; an attribute begins with ``@``."""


class SourceMap:
    """Where the description says what the documents of one method hold."""

    def __init__(self, api: Api, method: Method) -> None:
        self._api = api
        self._method = method
        self.envelope: Envelope = method.envelope or api.envelope
        self._positions: dict[str, Position] = {
            **api.key_positions,
            **{f"envelope.{key}": at for key, at in self.envelope.key_positions.items()},
        }
        if method.pages is not None:
            self._positions |= {
                f"paging.{key}": at for key, at in method.pages.key_positions.items()
            }
        if method.http is not None:
            self._positions |= {f"http.{key}": at for key, at in method.http.key_positions.items()}
        filled = placeholders(method.name)
        self._roots = [_local(filled(root)) for root in self.envelope.response_roots]
        self._request = [
            filled(part)
            for part in (self.envelope.request_root, *self.envelope.request_payload.split("/"))
            if part
        ]
        response = method.response
        self._payload = path_of(filled(self.envelope.response_payload))
        self._element = path_of(response.element)
        self._wrapper = (*self._payload, *self._element)
        self._row = self._wrapper
        if response.value in ("page", "list"):
            self._row = (*self._row, response.item)
        self._around = set(self._places_around())

    def _places_around(self) -> Iterator[Parts]:
        """Yield what the envelope, the failures and the counters of pages are read from."""
        envelope = self.envelope
        for text in (envelope.status, *(item.place for item in envelope.metadata)):
            if text is not None:
                yield parts_of(text)
        for rule in (*envelope.failures, *([envelope.warnings] if envelope.warnings else [])):
            yield path_of(rule.at)
            for text in (rule.message, rule.code, rule.field, rule.severity, rule.detail):
                if text is not None:
                    yield parts_of(text, path_of(rule.at))
            if rule.when is not None:
                yield parts_of(rule.when)
        pages = self._method.pages
        if pages is not None:
            for text in (*pages.counters.values(), *pages.next, pages.more):
                if text is not None:
                    yield parts_of(text, self._wrapper)

    # requests

    def of_request(
        self, given: RecordValue, leaves: Iterable[tuple[str, str]]
    ) -> Iterator[Related]:
        """Return where the arguments of these leaves of a request are given and described."""
        wrapper = self._method.wrapper
        around = [_local(part) for part in self._request]
        if not around and wrapper is not None:
            around, wrapper = [wrapper], None
        method = (self.envelope.request_method or "").split("/")
        for path, text in leaves:
            parts = path.split("/")
            if around and parts[0] != around[0]:
                if self._request:
                    yield from self._said("envelope.request", "root")
                else:
                    yield from self._of_wrapper()
            elif self._request and parts[1:] == method:
                yield from self._said("envelope.request", "method")
            elif self._request and parts[-1].startswith("@") and len(parts) == 2:
                yield from self._said("envelope.request", "method", "attributes")
            elif parts[: len(around)] != around:
                yield from self._said("envelope.request", "payload", "method")
            else:
                parts = parts[len(around) :]
                if wrapper is not None and parts[:1] != [wrapper]:
                    yield from self._of_wrapper()
                else:
                    parts = parts if wrapper is None else parts[1:]
                    yield from self._arguments(self._method.arguments, given, parts, text)

    def _of_wrapper(self) -> Iterator[Related]:
        yield Related(
            self._method.key_positions["wrapper"], "the wrapper of the arguments is named here"
        )

    def of_request_namespace(self) -> Iterator[Related]:
        """Return where the namespaces of requests are named."""
        yield from self._said("envelope.request", "namespace", "attributes")

    def of_http(self, *keys: str) -> Iterator[Related]:
        """Return where verb, path, a header or a constant parameter is described."""
        for key in keys:
            at = self._positions.get(f"http.{key}")
            if at is not None:
                yield Related(at, f"{key} is described here")

    def of_location(self, source: str, name: str, given: RecordValue) -> Iterator[Related]:
        """Return where the argument of a parameter or header is given and described."""
        base = re.split(r"[.\[]", name, maxsplit=1)[0].lower()
        for item in self._method.arguments:
            if item.location is not None and item.location[0] == source:
                wanted = re.split(r"[.\[*]", item.location[1], maxsplit=1)[0].lower()
                if wanted == base or item.indexed is not None or not wanted:
                    if item.python in given.places:
                        yield Related(given.places[item.python], f"the argument {item.python}")
                    yield Related(item.at, f"{item.python} is described here")
        yield from self.of_http(f"headers.{name}", f"constants.{source}:{name}")
        if (self.envelope.request_method or "").lower() == f"{source}:{name}".lower():
            yield from self._said("envelope.request", "method")
        if (self.envelope.document_at or "") == f"{source}:{name}":
            yield from self._said("envelope.request", "at")

    def _arguments(
        self, fields: Iterable[Field], given: RecordValue, parts: list[str], text: str
    ) -> Iterator[Related]:
        for item, rest, _ in _matching(fields, parts):
            value = given.values.get(item.python)
            if item.python in given.places:
                yield Related(given.places[item.python], f"the argument {item.python}")
            yield from self.of_field(item, text, value)
            if item.record is not None and item.record in self._api.records:
                nested = self._api.records[item.record].fields
                for inner in value if isinstance(value, tuple) else [value]:
                    if isinstance(inner, RecordValue):
                        yield from self._arguments(nested, inner, rest, text)

    def of_field(self, item: Field, text: str = "", value: object = None) -> Iterator[Related]:
        """Return where a field is described, and where the words of its type are if a text is not among them."""
        yield Related(item.at, f"{item.python} is described here")
        for at in item.key_positions.values():
            if at.line != item.at.line:
                yield Related(at, f"{item.python} has its place from here")
        if item.enum is not None:
            for word in self._api.enums[item.enum].words:
                if value == word.word:
                    for where in ("request", "response"):
                        at = word.key_positions.get(where, word.at)
                        yield Related(at, f"the word {word.word!r} is described here")
        for name in {item.scalar, item.read, item.write} - {None}:
            scalar = self._api.scalars.get(str(name))
            if scalar is None:
                continue
            if "flag" in (scalar.name, scalar.base) and not any(
                text in each for each in scalar.words
            ):
                yield from self._said(f"scalars.{name}", "words")
            if scalar.form is not None:
                yield from self._said(f"scalars.{name}", "format")
            if value is None and scalar.none:
                yield from self._said(f"scalars.{name}", "none")

    def _said(self, holder: str, *keys: str) -> Iterator[Related]:
        for key in keys:
            at = self._positions.get(f"{holder}.{key}")
            if at is not None:
                yield Related(at, f"{holder}.{key} is said here")

    # responses

    def of_response(self, root: etree._Element, error: Exception) -> Iterator[Related]:
        """Return what a response that cannot be read disagrees with."""
        envelope = self.envelope
        if self._roots and local_name(root) not in self._roots:
            yield from self._said("envelope.response", "root")
            yield from self.of_failures("root")
            return
        if envelope.status is not None:
            status = Place.of(envelope.status).text(root)
            if status is None:
                yield from self._said("envelope.response", "status")
            elif status not in envelope.ok:
                yield from self._said("envelope.response", "ok")
        payload = find(root, self._payload)
        if payload is None:
            yield from self._said("envelope.response", "payload")
        elif find(payload, self._element) is None:
            yield Related(
                self._method.key_positions["element"], "the element of the response is named here"
            )
        path = getattr(error, "path", None)
        if isinstance(error, InvalidDocumentError) and path:
            for item in self.fields_at(tuple(path.strip("/").split("/")[1:])):
                yield from self.of_field(item)

    def fields_at(self, parts: Parts) -> Iterator[Field]:
        """Return the fields that an element or attribute of a response is read into.

        For the element of a record these are the fields that are its text.
        """
        for item, _ in self.field_places(parts):
            yield item

    def field_places(self, parts: Parts) -> Iterator[tuple[Field, int]]:
        """Return the fields at a place with the number of the place: 0, or that of a fallback from 1."""
        ref = self._method.response.record
        if ref is not None and ref in self._api.records and parts[: len(self._row)] == self._row:
            yield from self._below(ref, list(parts[len(self._row) :]))
        for rule in self._rules():
            if rule.payload is not None:
                path = path_of(rule.payload[0])
                if parts[: len(path)] == path:
                    yield from self._below(rule.payload[1], list(parts[len(path) :]))

    def _rules(self) -> tuple[FailureRule, ...]:
        warnings = self.envelope.warnings
        return (*self.envelope.failures, *([warnings] if warnings is not None else []))

    def _below(self, ref: Ref, parts: list[str]) -> Iterator[tuple[Field, int]]:
        for item, rest, place in _matching(self._api.records[ref].fields, parts):
            if not item.readable:
                continue
            if item.map and rest:
                yield item, place
                continue
            if not rest:
                yield item, place
            if item.record is not None and item.record in self._api.records:
                yield from self._below(item.record, rest)  # its own text, where nothing is left

    def is_known(self, path: str) -> bool:
        """Return whether an attribute of a response is read, ignored, or inside an unknown element."""
        parts = tuple(path.split("/")[1:])
        nil = self.envelope.nil
        if parts[-1][1:] in {_local(name) for name in self.envelope.ignored_attributes}:
            return True
        if nil is not None and parts[-1] == f"@{_local(nil[0])}":
            return True
        if parts in self._around or any(True for _ in self.fields_at(parts)):
            return True
        holder = parts[:-1]
        if holder == self._row[: len(holder)] or any(
            holder == known[: len(holder)] for known in self._around
        ):
            return False
        return not any(True for _ in self.fields_at(holder))

    def of_items(self) -> Related:
        """Return where the items of a list are named."""
        return Related(self._method.key_positions["item"], "its items are named here")

    def of_unknown(self, path: str) -> tuple[str | None, list[Related]]:
        """Return the described name that an element was probably meant to have, and where that is."""
        name = re.split(r"[./]", path)[-1].partition("[")[0]
        names: dict[str, Position] = {}
        attributes = self._positions.get("envelope.response.attributes")
        if attributes is not None:
            for ignored in self.envelope.ignored_attributes:
                names[f"@{ignored}"] = attributes
        response = self._method.response
        for part in self._element:
            names.setdefault(part, self._method.key_positions["element"])
        if response.value in ("page", "list"):
            names.setdefault(response.item, self._method.key_positions["item"])
        for item in self.envelope.metadata:
            for part in parts_of(item.place):
                names.setdefault(part, item.at)
        if response.record is not None:
            self._names_below(response.record, names, set())
        near = nearest(name, names)
        return near, [Related(names[near], f"{near} is named here")] if near else []

    def _names_below(self, ref: Ref, names: dict[str, Position], seen: set[Ref]) -> None:
        if ref in seen or ref not in self._api.records:
            return
        seen.add(ref)
        for item in self._api.records[ref].fields:
            if not item.readable:
                continue
            own = item.key_positions.get("at", item.at)
            if item.attribute is not None:
                names.setdefault(f"@{_local(item.attribute)}", own)
            for index, part in enumerate(item.path):
                last = index == len(item.path) - 1
                names.setdefault(_local(part), item.key_positions.get("list", own) if last else own)
            if item.record is not None:
                self._names_below(item.record, names, seen)

    def of_failures(self, *keys: str) -> Iterator[Related]:
        """Return where the rules say how failures look."""
        for rule in self.envelope.failures:
            for key in keys:
                if key in rule.key_positions:
                    yield Related(rule.key_positions[key], f"failures.{key} is said here")

    def of_success(self) -> Iterator[Related]:
        """Return where the description says how success differs from failure."""
        yield from self._said("envelope.response", "status", "ok", "failed")
        yield from self._said("http", "success")
        yield from self.of_failures("root", "when")

    def of_namespaces(self) -> Iterator[Related]:
        """Return where the namespaces of responses are listed."""
        yield from self._said("envelope.response", "namespaces")

    def of_counter(self, name: str) -> Iterator[Related]:
        """Return where the place of a counter is described."""
        yield from self._said("paging.counters", "next" if name == "cursor" else name)


def path_of(text: str) -> Parts:
    """Return a path of elements as local names."""
    return tuple(_local(part) for part in text.split("/") if part not in ("", "."))


def parts_of(text: str, holder: Parts = ()) -> Parts:
    """Return a place of a document as local names from the root; outside of the document, nothing.

    Args:
        text: the place as the description writes it.
        holder: path of the element that a relative place begins at.
    """
    place = Place.of(text)
    if place.source:
        return ()
    path = tuple(map(_local, place.path))
    attribute = () if place.attribute is None else (f"@{_local(place.attribute)}",)
    return (*(() if place.absolute else holder), *path, *attribute)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _places_of(item: Field) -> Iterator[list[str]]:
    """Return the places of a field below its record, the first before its fallbacks."""
    path = list(map(_local, item.path))
    if item.attribute is not None:
        yield [*path, f"@{_local(item.attribute)}"]
    elif path or (item.content and item.location is None):
        yield path
    if item.content and path:
        yield []
    for text in item.fallbacks:
        yield list(parts_of(text))


def _matching(fields: Iterable[Field], parts: list[str]) -> Iterator[tuple[Field, list[str], int]]:
    """Return the fields at, or on the way to, a path below their record.

    Each comes with what is left of the path and the number of its place.
    """
    for item in fields:
        for number, place in enumerate(_places_of(item)):
            if place[-1:] == ["*"]:
                if parts[: len(place) - 1] == place[:-1] and len(parts) >= len(place):
                    yield item, parts[len(place) :], number
                continue
            if not place:
                if not parts:
                    yield item, [], number
                continue
            lengths = [len(place)]
            if item.bare:  # the items' fields may be straight inside the wrapper
                lengths.append(len(place) - 1)
            for length in lengths:
                if parts[:length] == place[:length]:
                    yield item, parts[length:], number


def inside(places: Mapping[str, Position], document: str, line: int | None) -> Position | None:
    """Return the line of a description that a line of one of its documents is."""
    first = places.get(f"{document} text")
    if first is None or line is None:
        return None
    return Position(first.file, first.line + line - 1, first.column)
