"""Coverage: how much of a description the cases show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .diagnostics import Diagnostics
from .model import Api


@dataclass(frozen=True, slots=True)
class Covered:
    """One kind of thing: how many there are and which are not shown."""

    what: str
    total: int
    missing: tuple[str, ...]
    """Messages with their places."""

    @property
    def percent(self) -> float:
        return 100.0 if not self.total else 100.0 * (self.total - len(self.missing)) / self.total


def coverage(api: Api) -> list[Covered]:
    """Methods, records, fields, words and error codes, and what of them no case shows."""
    from .check import check

    diagnostics = Diagnostics()
    check(api, diagnostics)
    gaps = [item for item in diagnostics if item.rule == "uncovered"]
    counts = dict(_counts(api))
    kinds = {
        "method": "no case calls",
        "code": "no case shows the error code",
        "word": "no case shows the word",
    }
    found: list[Covered] = []
    for what, total in counts.items():
        start = kinds.get(what)
        missing = [
            f"{item.position}: {item.message}"
            for item in gaps
            if (
                item.message.startswith(start)
                if start
                else not item.message.startswith(tuple(kinds.values()))
            )
        ]
        found.append(Covered(what, total, tuple(missing)))
    return found


def _counts(api: Api) -> Iterator[tuple[str, int]]:
    yield "method", len(api.methods)
    places = {item.at for record in api.records.values() for item in record.fields}
    places |= {item.at for method in api.methods for item in method.arguments}
    yield "field", len(places)
    yield "word", sum(len(enum.words) for enum in api.enums.values())
    yield "code", len(api.errors)
