"""What goes wrong on purpose: for one request, by a header, or by rules that match methods, with a chance and a count.

A fault is written as ``status=503``, or with more words beside it: ``status=503; latency=200ms``. A rule has conditions among
them: ``reset; method=task.*; probability=0.2; count=3``.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from ..diagnostics import nearest
from .options import SandboxError

LONGEST_WAIT: Final = 600.0
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|)")
_SIZE: Final = re.compile(r"(\d{1,9})")
_DISTRIBUTION: Final = re.compile(r"(uniform|lognormal)\((.+?),(.+?)\)")


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that can go wrong."""

    doc: str
    value: str | None
    """What stands after ``=``, in words; None for nothing."""
    example: str
    read: Callable[[str], Any] | None = None
    optional: bool = False
    """Whether the value may be left out."""


def _duration(text: str) -> float:
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError("is a time such as 200ms or 1.5s")
    seconds = float(found[1]) / (1000 if found[2] == "ms" else 1)
    if seconds > LONGEST_WAIT:
        raise ValueError(f"is at most {LONGEST_WAIT:.0f}s")
    return seconds


def _latency(text: str) -> tuple[str, float, float]:
    found = _DISTRIBUTION.fullmatch(text.strip())
    if found is None:
        return "fixed", _duration(text), 0.0
    if found[1] == "uniform":
        low, high = _duration(found[2]), _duration(found[3])
        if low > high:
            raise ValueError("goes from the shorter time to the longer one")
        return "uniform", low, high
    try:
        spread = float(found[3])
    except ValueError:
        raise ValueError("has a median and a spread, as in lognormal(200ms,0.5)") from None
    if not 0 <= spread <= 3:
        raise ValueError("has a spread from 0 to 3")
    return "lognormal", _duration(found[2]), spread


def _status(text: str) -> int:
    if not (text.isdigit() and 400 <= int(text) <= 599):
        raise ValueError("is a number from 400 to 599")
    return int(text)


def _size(text: str) -> int:
    if _SIZE.fullmatch(text) is None:
        raise ValueError("is a number of bytes")
    return int(text)


def _pace(text: str) -> float:
    size = _size(text)
    if size < 1:
        raise ValueError("is at least one byte a second")
    return float(size)


def _name(text: str) -> str:
    if not text:
        raise ValueError("is a name")
    return text


KINDS: Final[dict[str, Kind]] = {
    "status": Kind(
        "Another HTTP status, with a page in place of the answer; nothing is done.",
        "400 to 599",
        "status=503",
        _status,
    ),
    "code": Kind(
        "A failure of the API with this code; nothing is done.",
        "a code of the description",
        "code=40010",
        _name,
    ),
    "rate-limit": Kind(
        "HTTP 429 with Retry-After; nothing is done.",
        "seconds to wait",
        "rate-limit=30s",
        _duration,
        optional=True,
    ),
    "reset": Kind("The connection is reset before anything is done.", None, "reset"),
    "lost": Kind(
        "The call is done, and the connection reset in place of the answer.", None, "lost"
    ),
    "truncate": Kind(
        "The call is done, and its answer cut off after so many bytes.",
        "bytes",
        "truncate=40",
        _size,
    ),
    "empty": Kind("The call is done, and an answer without a body sent.", None, "empty"),
    "hang": Kind(
        "Nothing is done or answered; the connection ends after this time.",
        "a time",
        "hang=30s",
        _duration,
        optional=True,
    ),
    "latency": Kind(
        "The answer comes later: by a fixed time, or uniform(100ms,2s), or lognormal(200ms,0.5).",
        "a time",
        "latency=200ms",
        _latency,
    ),
    "drip": Kind("The answer comes so many bytes a second.", "bytes", "drip=100", _pace),
    "malformed": Kind("The answer is no well-formed XML.", None, "malformed"),
    "charset": Kind("The answer is not in the encoding that it says.", None, "charset"),
    "missing": Kind(
        "An element is missing in the answer.",
        "its name; some element",
        "missing=number",
        _name,
        optional=True,
    ),
    "extra": Kind(
        "The answer has an element that nobody described.",
        "its name",
        "extra=colour",
        _name,
        optional=True,
    ),
    "retyped": Kind(
        "An element holds what its type does not allow.",
        "its name; some element",
        "retyped=amount",
        _name,
        optional=True,
    ),
    "namespace": Kind(
        "The answer is in another namespace.",
        "the namespace",
        "namespace=urn:other",
        _name,
        optional=True,
    ),
}
"""All that can go wrong."""

CONDITIONS: Final[dict[str, str]] = {
    "method": "methods it meets, such as invoice.* or *.create",
    "account": "the account it meets",
    "probability": "its chance, from 0 to 1",
    "count": "how often it happens, then never again",
    "skip": "how many calls it lets pass first",
}
INSTEAD: Final = ("status", "code", "rate-limit", "reset", "hang")
"""Faults in place of the call: nothing is done."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Things that go wrong together: kind -> value."""

    what: Mapping[str, Any]
    text: str
    """As it was written."""

    def __bool__(self) -> bool:
        return bool(self.what)


@dataclass(slots=True)
class Rule:
    """A fault that happens to calls of some methods."""

    id: int
    fault: Fault
    method: str = "*"
    account: str = "*"
    probability: float = 1.0
    count: int | None = None
    skip: int = 0
    met: int = 0
    """Calls that it could have happened to."""
    happened: int = 0

    def shown(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "id": self.id,
            "fault": self.fault.text,
            "method": self.method,
            "account": self.account,
            "probability": self.probability,
            "count": self.count,
            "skip": self.skip,
            "met": self.met,
            "happened": self.happened,
        }


NONE: Final = Fault({}, "")


class Faults:
    """The rules that stand, and the dice."""

    def __init__(self, seed: int, codes: Mapping[str, int]) -> None:
        """``codes``: failure code of the API -> its HTTP status."""
        self._codes = codes
        self._seed = seed
        self._rules: dict[int, Rule] = {}
        self._ids = itertools.count(1)
        self.dice = random.Random(f"faults {seed}")

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Those that stand, in the order they were made."""
        return tuple(self._rules.values())

    @property
    def by_method(self) -> bool:
        """Whether it matters which method is called."""
        return bool(self._rules)

    def add(self, text: str) -> Rule:
        """A rule in words. Raises SandboxError."""
        fault, conditions = self._read(text)
        if not fault:
            raise SandboxError(f"{text!r} says when, but not what should go wrong")
        rule = Rule(next(self._ids), fault, **conditions)
        self._rules[rule.id] = rule
        return rule

    def remove(self, number: int) -> None:
        """Take a rule back. Raises SandboxError where there is none."""
        if self._rules.pop(number, None) is None:
            raise SandboxError(f"there is no rule {number}")

    def clear(self) -> None:
        """Take all rules back, and throw the dice from the start."""
        self._rules.clear()
        self.dice.seed(f"faults {self._seed}")

    def for_request(self, text: str) -> Fault:
        """The fault that a request asks for by its header. Raises SandboxError."""
        fault, conditions = self._read(text)
        if conditions:
            raise SandboxError(f"a request meets itself only: {min(conditions)} is for rules")
        return fault

    def meet(self, account: str, method: str) -> Fault:
        """What happens to a call, by the rules."""
        what: dict[str, Any] = {}
        texts = []
        for rule in self._rules.values():
            if not (fnmatchcase(method, rule.method) and fnmatchcase(account, rule.account)):
                continue
            rule.met += 1
            if rule.met <= rule.skip or rule.happened == rule.count:
                continue
            if rule.probability < 1 and self.dice.random() >= rule.probability:
                continue
            rule.happened += 1
            what = {**rule.fault.what, **what}
            texts.append(rule.fault.text)
        return Fault(what, "; ".join(texts)) if what else NONE

    def wait(self, latency: tuple[str, float, float]) -> float:
        """Seconds that an answer is late."""
        how, first, second = latency
        if how == "uniform":
            return self.dice.uniform(first, second)
        if how == "lognormal":
            return min(first * self.dice.lognormvariate(0, second), LONGEST_WAIT)
        return first

    def _read(self, text: str) -> tuple[Fault, dict[str, Any]]:
        what: dict[str, Any] = {}
        conditions: dict[str, Any] = {}
        shown = []
        for word in filter(None, (word.strip() for word in text.split(";"))):
            name, equals, value = (part.strip() for part in word.partition("="))
            if name in CONDITIONS:
                conditions[name] = _condition(name, value)
                continue
            kind = KINDS.get(name)
            if kind is None:
                near = nearest(name, [*KINDS, *CONDITIONS])
                hint = f"; did you mean {near!r}?" if near else f"; there are {', '.join(KINDS)}"
                raise SandboxError(f"there is no fault {name!r}{hint}")
            what[name] = self._value(name, kind, value if equals else None)
            shown.append(word)
        if sum(name in what for name in INSTEAD) > 1:
            raise SandboxError(f"{text!r}: only one of {', '.join(INSTEAD)} can happen to a call")
        return Fault(what, "; ".join(shown)), conditions

    def _value(self, name: str, kind: Kind, value: str | None) -> Any:
        if kind.read is None:
            if value is not None:
                raise SandboxError(f"the fault {name} has no value")
            return True
        if value is None:
            if kind.optional:
                return None
            raise SandboxError(f"the fault {name} needs a value, as in {kind.example}")
        try:
            read = kind.read(value)
        except ValueError as error:
            raise SandboxError(f"the value of {name} {error}, not {value!r}") from None
        if name == "code" and read not in self._codes:
            near = nearest(read, list(self._codes))
            hint = f"; did you mean {near}?" if near else ""
            raise SandboxError(f"the API has no code {read!r}{hint}")
        return read


def _condition(name: str, value: str) -> Any:
    try:
        if name == "probability":
            chance = float(value.removesuffix("%")) / (100 if value.endswith("%") else 1)
            if not 0 <= chance <= 1:
                raise ValueError
            return chance
        if name in ("count", "skip"):
            if _SIZE.fullmatch(value) is None:
                raise ValueError
            return int(value)
    except ValueError:
        wanted = "a number from 0 to 1" if name == "probability" else "a whole number"
        raise SandboxError(f"{name} is {wanted}, not {value!r}") from None
    if not value:
        raise SandboxError(f"{name} needs a value: {CONDITIONS[name]}")
    return value
