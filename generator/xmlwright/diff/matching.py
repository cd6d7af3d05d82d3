"""Pairs of what belongs together in two descriptions."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ..ir import Api, Enum, Field, Record, Ref, Scalar

T = TypeVar("T")
D = TypeVar("D", Record, Enum)
Words = set[tuple[str, ...]]
"""Words of an enum, each with its texts on the wire and who may use it."""


def matched(old: Mapping[str, T], new: Mapping[str, T]) -> Iterator[tuple[str, T | None, T | None]]:
    """Yield each name with its old and its new value, sorted by name."""
    for name in sorted({*old, *new}):
        yield name, old.get(name), new.get(name)


def matched_fields(
    old: Iterable[Field], new: Iterable[Field]
) -> Iterator[tuple[str, Field | None, Field | None]]:
    """Yield each field with its old and its new description, sorted by name.

    Fields of one name match. Of the others, those that have the same name in Python do: their
    element was renamed.
    """
    before, after = ({item.name: item for item in items} for items in (old, new))
    gone = {item.python: item for name, item in before.items() if name not in after}
    for name, item in list(after.items()):
        known = gone.get(item.python) if name not in before else None
        if known is not None:
            before[name] = before.pop(known.name)
    yield from matched(before, after)


def differing(old: Any, new: Any, without: tuple[str, ...]) -> Iterator[tuple[str, Any, Any]]:
    """Yield the name and both values of each attribute that differs between two dataclass instances."""
    for item in dataclasses.fields(old):
        left, right = getattr(old, item.name), getattr(new, item.name)
        if item.name not in without and left != right:
            yield item.name, left, right


@dataclass(frozen=True, slots=True)
class Descriptions:
    """Both descriptions, for what the parts refer to."""

    old: Api
    new: Api
    reported: frozenset[tuple[str, str, str]] = frozenset()
    """Rule, name and message of the changes of the whole API."""

    def moved_record(self, item: Record) -> Record | None:
        """Return the record of that name in the other description, if it moved to another module."""
        return _moved(item, self.old.records, self.new.records)

    def moved_enum(self, item: Enum) -> Enum | None:
        """Return the enum of that name in the other description, if it moved to another module."""
        return _moved(item, self.old.enums, self.new.enums)

    def words(self, old: Ref, new: Ref) -> tuple[Words, Words]:
        """Return the words of an old and of a new enum, with their texts on the wire."""
        return _words(self.old.enums[old]), _words(self.new.enums[new])

    def format_of(self, api: Api, item: Field) -> Scalar | None:
        """Return the format of a field's values, without its name; None for that of its type."""
        known = api.scalars.get(item.scalar) if item.scalar else None
        return None if known is None else replace(known, name="")

    @property
    def strict(self) -> bool:
        """Whether one of them refuses another order of elements."""
        return self.old.envelope.strict_order or self.new.envelope.strict_order


def _words(enum: Enum) -> Words:
    return {
        (word.word, word.request, word.response, str(word.readable), str(word.writable))
        for word in enum.words
    }


def _moved(item: D, old: Mapping[Ref, D], new: Mapping[Ref, D]) -> D | None:
    before, after = (
        [one for ref, one in all_.items() if ref.name == item.name] for all_ in (old, new)
    )
    if len(before) != 1 or len(after) != 1 or before[0].module == after[0].module:
        return None
    return after[0] if before[0].module == item.module else before[0]
