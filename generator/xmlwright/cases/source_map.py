"""Origins: which lines of the description a piece of a document comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from lxml import etree

from ..diagnostics import Position, Related, nearest
from ..ir import Api, Field, Method, RecordValue, Ref
from ..runtime.errors import InvalidDocumentError
from ..runtime.protocol import Place
from ..runtime.reading import find, local_name


class SourceMap:
    """Where the description says what the documents of one method hold."""

    def __init__(self, api: Api, method: Method) -> None:
        """Initialize the instance."""
        self._api = api
        self._method = method
        envelope = api.envelope
        payload = [part for part in envelope.request_payload.split("/") if part]
        self._request = [envelope.request_root, *payload]
        answer = method.response
        self._payload = tuple(part for part in envelope.response_payload.split("/") if part)
        self._element = tuple(part for part in answer.element.split("/") if part not in ("", "."))
        self._row = [envelope.response_root, *self._payload, *self._element]
        if answer.value in ("page", "list"):
            self._row.append(answer.item)

    # requests

    def of_request(
        self, given: RecordValue, leaves: Iterable[tuple[str, str]]
    ) -> Iterator[Related]:
        """Where the arguments are said, and described, that these leaves of a request are about."""
        for path, text in leaves:
            parts = path.split("/")
            if parts[0] != self._request[0]:
                yield from self._said("envelope.request", "root")
            elif parts[1:] == self._api.envelope.request_method.split("/"):
                yield from self._said("envelope.request", "method")
            elif parts[-1].startswith("@") and len(parts) == 2:
                yield from self._said("envelope.request", "method", "attributes")
            elif parts[: len(self._request)] != self._request:
                yield from self._said("envelope.request", "payload", "method")
            else:
                parts = parts[len(self._request) :]
                wrapper = self._method.wrapper
                if wrapper is not None and parts[:1] != [wrapper]:
                    yield Related(
                        self._method.key_positions["wrapper"],
                        "the wrapper of the arguments is named here",
                    )
                else:
                    parts = parts if wrapper is None else parts[1:]
                    yield from self._arguments(self._method.arguments, given, parts, text)

    def _arguments(
        self, fields: Iterable[Field], given: RecordValue, parts: list[str], text: str
    ) -> Iterator[Related]:
        for item, rest in _matching(fields, parts):
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
        """Where a field is described; with that, where the words of its type are that a text is not among."""
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
        for name in {item.read, item.write} - {None}:
            scalar = self._api.scalars.get(str(name))
            if scalar is None:
                continue
            if name == "flag" and text not in scalar.words:
                yield from self._said("scalars.flag", "words")
            if value is None and scalar.none:
                yield from self._said(f"scalars.{name}", "none")

    def _said(self, holder: str, *keys: str) -> Iterator[Related]:
        for key in keys:
            at = self._api.key_positions.get(f"{holder}.{key}")
            if at is not None:
                yield Related(at, f"{holder}.{key} is said here")

    # answers

    def of_answer(self, root: etree._Element, error: Exception) -> Iterator[Related]:
        """What an answer that cannot be read disagrees with."""
        envelope = self._api.envelope
        if local_name(root) != envelope.response_root:
            yield from self._said("envelope.response", "root")
            yield from self._said("envelope.failure", "root")
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
                self._method.key_positions["element"], "the element of the answer is named here"
            )
        path = getattr(error, "path", None)
        if isinstance(error, InvalidDocumentError) and path:
            for item in self.fields_at(path.strip("/").split("/")):
                yield from self.of_field(item)

    def fields_at(self, parts: list[str]) -> Iterator[Field]:
        """The fields that an element or attribute of an answer is read into; those of its record for a record."""
        ref = self._method.response.record
        if ref is not None and ref in self._api.records and parts[: len(self._row)] == self._row:
            yield from self._below(ref, parts[len(self._row) :])

    def _below(self, ref: Ref, parts: list[str]) -> Iterator[Field]:
        for item, rest in _matching(self._api.records[ref].fields, parts):
            if not item.readable:
                continue
            if item.record is not None and rest and item.record in self._api.records:
                yield from self._below(item.record, rest)
            elif not rest:
                yield item

    def knows(self, path: str) -> bool:
        """Return whether an attribute of a response is read, or is inside an unknown element."""
        envelope = self._api.envelope
        parts = path.split("/")
        if parts[-1][1:] in envelope.ignored_attributes:
            return True
        for place in (
            envelope.status,
            envelope.failure_message,
            envelope.failure_code,
            envelope.failure_field,
            envelope.failure_when,
        ):
            if place is not None and path == f"{envelope.response_root}/{place}":
                return True
        if self._method.response.value == "page":
            wrapper = "/".join(self._row[:-1])
            counters = self._api.paging.counters.values()
            if any(path == f"{wrapper}/{place}" for place in counters):
                return True
        if any(True for _ in self.fields_at(parts)):
            return True
        holder = parts[:-1]
        outside = holder == self._row[: len(holder)]
        return not outside and not any(True for _ in self.fields_at(holder))

    def of_items(self) -> Related:
        """Where the items of a list are named."""
        return Related(self._method.key_positions["item"], "its items are named here")

    def of_unknown(self, path: str) -> tuple[str | None, list[Related]]:
        """The described name that an element was probably meant to have, and where that is."""
        name = re.split(r"[./]", path)[-1].partition("[")[0]
        names: dict[str, Position] = {}
        for ignored in self._api.envelope.ignored_attributes:
            names[f"@{ignored}"] = self._api.key_positions["envelope.response.attributes"]
        answer = self._method.response
        for part in self._element:
            names.setdefault(part, self._method.key_positions["element"])
        if answer.value in ("page", "list"):
            names.setdefault(answer.item, self._method.key_positions["item"])
        if answer.record is not None:
            self._names_below(answer.record, names, set())
        near = nearest(name, names)
        return near, [Related(names[near], f"{near} is named here")] if near else []

    def _names_below(self, ref: Ref, names: dict[str, Position], seen: set[Ref]) -> None:
        if ref in seen or ref not in self._api.records:
            return
        seen.add(ref)
        for item in self._api.records[ref].fields:
            if not item.readable:
                continue
            own = item.key_positions.get("element", item.at)
            if item.attribute is not None:
                names.setdefault(f"@{item.attribute}", item.key_positions["attribute"])
            for index, part in enumerate(item.path):
                last = index == len(item.path) - 1
                names.setdefault(part, item.key_positions.get("list", own) if last else own)
            if item.record is not None:
                self._names_below(item.record, names, seen)

    def of_failure(self, *names: str) -> Iterator[Related]:
        """Where it is said how failures look."""
        yield from self._said("envelope.failure", *names)

    def of_success(self) -> Iterator[Related]:
        """Yield the positions that say how success differs from failure."""
        yield from self._said("envelope.response", "status", "ok", "failed")
        yield from self._said("envelope.failure", "root", "when")

    def of_namespaces(self) -> Iterator[Related]:
        """Where the namespaces of answers are listed."""
        yield from self._said("envelope.response", "namespaces")

    def of_counter(self, name: str) -> Iterator[Related]:
        """Where it is said which element or attribute counts."""
        yield from self._said("paging.counters", name)


def _matching(fields: Iterable[Field], parts: list[str]) -> Iterator[tuple[Field, list[str]]]:
    """The fields that stand at, or on the way to, a path below their record, with what is left of the path."""
    for item in fields:
        if item.attribute is not None:
            if parts == [f"@{item.attribute}"]:
                yield item, []
            continue
        if item.content and not parts:
            yield item, []
        if not item.path:
            continue
        lengths = [len(item.path)]
        if item.bare:  # the items' fields may stand straight inside the wrapper
            lengths.append(len(item.path) - 1)
        for length in lengths:
            if parts[:length] == list(item.path[:length]):
                yield item, parts[length:]


def inside(places: Mapping[str, Position], document: str, line: int | None) -> Position | None:
    """The line of a description that a line of one of its documents is."""
    first = places.get(f"{document} text")
    if first is None or line is None:
        return None
    return Position(first.file, first.line + line - 1, first.column)
