"""What calls were expected, and how those that were made are unlike them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any


class RequestAssertionError(AssertionError):
    """The calls that were made are not those that were expected; the text shows the nearest one."""


@dataclass(frozen=True, slots=True)
class CallExpectation:
    """So many calls with these arguments, among others; at least one, where nothing is said."""

    method: str
    arguments: Mapping[str, Any] | None = None
    count: int | None = None
    at_least: int | None = None
    at_most: int | None = None

    def among(
        self, made: Sequence[tuple[int, Mapping[str, Any]]], methods: Iterable[str]
    ) -> list[int]:
        """Return the ids of those calls that are expected, of ``made``: id and arguments of all calls of the method.

        Raises:
            AssertionFailed: they are not as many as they should be. ``methods`` are those that were called at all.
        """
        unlike = [(number, differences(self.arguments, given)) for number, given in made]
        found = [number for number, lines in unlike if not lines]
        if self._fits(len(found)):
            return found
        message = f"{self._wanted()} calls of {self.method} were wanted"
        if self.arguments:
            message += f" with {dict(self.arguments)}"
        message += f", and {len(found)} were made"
        missed = [(number, lines) for number, lines in unlike if lines]
        if missed:
            number, lines = min(missed, key=lambda item: len(item[1]))
            message += f"\nthe nearest is call {number}:" + "".join(f"\n  {line}" for line in lines)
        elif not made:
            message += f"; what was called is: {', '.join(sorted(set(methods))) or 'nothing'}"
        raise RequestAssertionError(message)

    def _fits(self, number: int) -> bool:
        if self.count is self.at_least is self.at_most is None:
            return number >= 1
        return (
            (self.count is None or number == self.count)
            and (self.at_least is None or number >= self.at_least)
            and (self.at_most is None or number <= self.at_most)
        )

    def _wanted(self) -> str:
        if self.count is not None:
            return str(self.count)
        if self.at_most is None:
            return f"at least {1 if self.at_least is None else self.at_least}"
        return (
            f"at most {self.at_most}"
            if self.at_least is None
            else f"{self.at_least} to {self.at_most}"
        )


def differences(wanted: object, made: object, path: str = "") -> list[str]:
    """Return how actual arguments differ from the expected ones; numbers compare by value."""
    if wanted is None and not path:
        return []
    if isinstance(wanted, Mapping):
        if not isinstance(made, Mapping):
            return [f"{path}: {made!r}, not {dict(wanted)!r}"]
        found: list[str] = []
        for name, value in wanted.items():
            here = f"{path}.{name}" if path else str(name)
            if name not in made:
                found.append(f"{here}: left out, not {value!r}")
            else:
                found += differences(value, made[name], here)
        return found
    if isinstance(wanted, (list, tuple)):
        if not isinstance(made, (list, tuple)) or len(made) != len(wanted):
            return [f"{path}: {made!r}, not {list(wanted)!r}"]
        return [
            line
            for place, (one, other) in enumerate(zip(wanted, made, strict=True))
            for line in differences(one, other, f"{path}[{place}]")
        ]
    return [] if _same(wanted, made) else [f"{path}: {made!r}, not {wanted!r}"]


def _same(wanted: object, made: object) -> bool:
    if wanted == made or str(wanted) == str(made):
        return True
    if isinstance(wanted, bool) or isinstance(made, bool) or None in (wanted, made):
        return False
    try:
        return Decimal(str(wanted)) == Decimal(str(made))
    except InvalidOperation:
        return False
