"""Coverage: how much of a description the cases show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

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


_GAPS: Final = {
    "method": ("no case calls",),
    "field": ("no result shows", "no arguments give", "no case gives", "no response shows"),
    "word": ("no case shows the word", "no request of a case", "no answer of a case"),
    "code": ("no case shows the error code", "no case shows the message of the error"),
}
"""Kind of thing -> how the message begins that tells it is not shown."""


def coverage(api: Api) -> list[Covered]:
    """Methods, records, fields, words and error codes, and what of them no case shows."""
    from .check import check

    diagnostics = Diagnostics()
    check(api, diagnostics)
    gaps = [item for item in diagnostics if item.rule == "uncovered"]
    counts = dict(_counts(api))
    found: list[Covered] = []
    for what, total in counts.items():
        missing = [
            f"{item.position}: {item.message}"
            for item in gaps
            if item.message.startswith(_GAPS[what])
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
