"""Remember: what each part of a description gave in the last run, so that the next run redoes only what an edit touches."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from operator import is_
from typing import Any, TypeVar

from .diagnostics import Diagnostic, Diagnostics

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Kept:
    objects: tuple[object, ...]
    facts: object
    value: Any
    told: tuple[Diagnostic, ...]


class Memory:
    """The last results of each part, with what they were made from and the problems that were told on the way.

    There are two of each, so that what a change has made anew is still there when the change is taken back. A run
    without a memory of its own behaves as one with an empty memory.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[_Kept, ...]] = {}

    def recall(
        self,
        part: Hashable,
        objects: tuple[object, ...],
        diagnostics: Diagnostics,
        make: Callable[[Diagnostics], T],
        facts: object = None,
    ) -> T:
        """What ``make`` gave for this part before, if it was made from the same things; else what it gives now.

        ``objects`` are the same when they are identical: declarations are equal, but stand elsewhere, after a line was
        inserted above them. ``facts`` are the same when they are equal.
        """
        before = self._kept.get(part, ())
        for kept in before:
            if (
                len(kept.objects) == len(objects)
                and all(map(is_, kept.objects, objects))
                and kept.facts == facts
            ):
                break
        else:
            told = Diagnostics()
            kept = _Kept(objects, facts, make(told), tuple(told))
        if not before or kept is not before[0]:
            self._kept[part] = (kept, *before[:1])
        if kept.told:
            diagnostics.extend(kept.told)
        return kept.value  # type: ignore[no-any-return]
