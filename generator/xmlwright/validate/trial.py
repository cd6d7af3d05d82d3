"""What one case is tried on: its method, the run-time tables, and the reports of what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..cases.source_map import SourceMap, inside
from ..cases.tables import Tables
from ..diagnostics import Diagnostics, Position, Related
from ..ir import Api, Case, Method, Module
from .coverage import CaseCoverage


class Bench:
    """What the cases of one resource are tried on."""

    def __init__(self, api: Api, module: Module) -> None:
        """Initialize the instance."""
        self.api = api
        self.tables = Tables(api)
        self._methods = {method.verb: method for method in module.methods}
        self._source_maps: dict[str, SourceMap] = {}
        self.special = {text for scalar in api.scalars.values() for text in scalar.none}
        """Texts that mean none somewhere, or are the word of an enum in responses only."""
        for holder in (module, *(other for other in api.modules if not other.methods)):
            for record in holder.records:
                for item in record.fields:
                    self.special.update(item.none)
            for enum in holder.enums:
                self.special.update(
                    word.response for word in enum.words if "response" in word.key_positions
                )

    def method(self, verb: str) -> tuple[Method, SourceMap]:
        """Return a method, and where its parts are described."""
        method = self._methods[verb]
        if verb not in self._source_maps:
            self._source_maps[verb] = SourceMap(self.api, method)
        return method, self._source_maps[verb]


class Trial:
    """One case that is tried on the tables, with what it covers and what is wrong with it."""

    def __init__(self, bench: Bench, case: Case, diagnostics: Diagnostics) -> None:
        """Initialize the instance."""
        self.bench = bench
        self.api = bench.api
        self.case = case
        self.diagnostics = diagnostics
        self.coverage = CaseCoverage()
        self.method, self.source_map = bench.method(case.call)
        self.endpoint = bench.tables.method(self.method)

    def report(
        self, rule: str, message: str, key: str, related: Iterable[Related] = (), **more: Any
    ) -> None:
        """Add a problem at a key of the case, or at the case where it has no such key."""
        self.report_at(rule, message, self.case.places.get(key, self.case.at), related, **more)

    def report_at(
        self, rule: str, message: str, at: Position, related: Iterable[Related] = (), **more: Any
    ) -> None:
        """Add a problem at a position."""
        self.diagnostics.add(rule, message, at, related=_unique(related), **more)

    def inside(self, document: str, line: int | None) -> Iterator[Related]:
        """Return the line of the description that a line of ``request`` or ``response`` is."""
        at = inside(self.case.places, document, line)
        if at is not None:
            yield Related(at, "in this line of the document")

    def in_response(self) -> list[Related]:
        """Return the position of the response of the case."""
        at = self.case.places.get("response")
        return [] if at is None else [Related(at, "this response")]

    def show(self, at: Position | None, word: str = "") -> None:
        """Note that the case shows a key of the description, or a word of its value."""
        if at is not None:
            self.coverage.keys.add((at, word))


def _unique(related: Iterable[Related]) -> list[Related]:
    """Return the first of those that are about the same line."""
    found: dict[tuple[str, int], Related] = {}
    for item in related:
        found.setdefault((item.position.file, item.position.line), item)
    return list(found.values())
