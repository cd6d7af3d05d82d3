"""What goes wrong on purpose: for one request, by a header, or by rules that match methods, with a chance and a count.

A fault is written as ``status=503``, or with more words beside it: ``status=503; latency=200ms``. A rule has conditions among
them: ``reset; method=task.*; probability=0.2; count=3``.
"""

from __future__ import annotations

import itertools
import math
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Final

from ...diagnostics import nearest
from ..options import SandboxError
from .kinds import CONDITIONS, INSTEAD, KINDS, LONGEST_WAIT, FaultKind, condition


@dataclass(frozen=True, slots=True)
class Fault:
    """Things that go wrong together: kind -> value."""

    what: Mapping[str, Any]
    text: str
    """As it was written."""

    def __bool__(self) -> bool:
        return bool(self.what)


@dataclass(slots=True)
class FaultRule:
    """A fault that happens to calls of some methods."""

    id: int
    fault: Fault
    method: str = "*"
    account: str = "*"
    probability: float = 1.0
    count: int | None = None
    skip: int = 0
    over: tuple[int, float] | None = None
    """So many calls are let pass in each so many seconds."""
    passed: deque[float] = field(default_factory=deque)
    """When those were made that were let pass, as far as they still count."""
    met: int = 0
    """Calls that it could have happened to."""
    happened: int = 0

    def passes(self, now: float) -> float | None:
        """Count a call; return None if the limit allows it, else the seconds until it does."""
        assert self.over is not None
        number, span = self.over
        passed = self.passed
        while (
            passed and not passed[0] <= now < passed[0] + span
        ):  # also where the clock was set back
            passed.popleft()
        if len(passed) < number:
            passed.append(now)
            return None
        return span if number == 0 else passed[0] + span - now

    def shown(self) -> dict[str, Any]:
        """Return the values for JSON."""
        return {
            "id": self.id,
            "fault": self.fault.text,
            "method": self.method,
            "account": self.account,
            "probability": self.probability,
            "count": self.count,
            "skip": self.skip,
            "over": None if self.over is None else "{}/{:g}s".format(*self.over),
            "met": self.met,
            "happened": self.happened,
        }


NONE: Final = Fault({}, "")


class Faults:
    """The rules that stand, and the dice."""

    def __init__(
        self,
        seed: int,
        codes: Mapping[str, int],
        now: Callable[[], datetime],
        methods: Sequence[str] = (),
    ) -> None:
        """Start without rules.

        Args:
            seed: seed of the random source.
            codes: failure code of the API -> its HTTP status.
            now: the clock of the sandbox.
            methods: names of all methods; a pattern must match one of them.
        """
        self._methods = methods
        self._codes = codes
        self._now = now
        self._seed = seed
        self._rules: dict[int, FaultRule] = {}
        self._ids = itertools.count(1)
        self.random_source = random.Random(f"faults {seed}")

    @property
    def rules(self) -> tuple[FaultRule, ...]:
        """Those that stand, in the order they were made."""
        return tuple(self._rules.values())

    @property
    def by_method(self) -> bool:
        """Whether it matters which method is called."""
        return bool(self._rules)

    def add(self, text: str) -> FaultRule:
        """Add a rule. Raises SandboxError if it cannot be parsed or can match nothing."""
        fault, conditions = self._read(text)
        if not fault:
            raise SandboxError(f"{text!r} says when, but not what should go wrong")
        pattern = conditions.get("method", "*")
        if self._methods and not any(fnmatchcase(name, pattern) for name in self._methods):
            near = nearest(pattern, self._methods)
            hint = f"; did you mean {near!r}?" if near else ""
            raise SandboxError(f"no method matches {pattern!r}{hint}")
        rule = FaultRule(next(self._ids), fault, **conditions)
        self._rules[rule.id] = rule
        return rule

    def remove(self, number: int) -> None:
        """Take a rule back. Raises SandboxError where there is none."""
        if self._rules.pop(number, None) is None:
            raise SandboxError(f"there is no rule {number}")

    def clear(self) -> None:
        """Take all rules back, and throw the dice from the start."""
        self._rules.clear()
        self.random_source.seed(f"faults {self._seed}")

    def for_request(self, text: str) -> Fault:
        """Return the fault that a request asks for by its header. Raises SandboxError."""
        fault, conditions = self._read(text)
        if conditions:
            raise SandboxError(f"a request meets itself only: {min(conditions)} is for rules")
        return fault

    def meet(self, account: str, method: str) -> Fault:
        """Return what happens to a call, by the rules."""
        what: dict[str, Any] = {}
        texts = []
        for rule in self._rules.values():
            if not (fnmatchcase(method, rule.method) and fnmatchcase(account, rule.account)):
                continue
            rule.met += 1
            if rule.met <= rule.skip or rule.happened == rule.count:
                continue
            if rule.probability < 1 and self.random_source.random() >= rule.probability:
                continue
            own = rule.fault.what
            if rule.over is not None:
                wait = rule.passes(self._now().timestamp())
                if wait is None:
                    continue
                if own.get("rate-limit", 0) is None:
                    own = {**own, "rate-limit": float(math.ceil(wait))}
            rule.happened += 1
            what = {**own, **what}
            texts.append(rule.fault.text)
        return Fault(what, "; ".join(texts)) if what else NONE

    def wait(self, latency: tuple[str, float, float]) -> float:
        """Return seconds that an response is late."""
        how, first, second = latency
        if how == "uniform":
            return self.random_source.uniform(first, second)
        if how == "lognormal":
            return min(first * self.random_source.lognormvariate(0, second), LONGEST_WAIT)
        return first

    def _read(self, text: str) -> tuple[Fault, dict[str, Any]]:
        what: dict[str, Any] = {}
        conditions: dict[str, Any] = {}
        shown = []
        for word in filter(None, (word.strip() for word in text.split(";"))):
            name, equals, value = (part.strip() for part in word.partition("="))
            if name in CONDITIONS:
                conditions[name] = condition(name, value)
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

    def _value(self, name: str, kind: FaultKind, value: str | None) -> Any:
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
