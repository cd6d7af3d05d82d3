"""What templates see of a case: the call and the expectation of its test, in the words of Python."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from ..ir import Case, Method, PageValue, RecordValue
from ..naming import test_name
from ..runtime.errors import FAILURES
from ..runtime.writing import Upload
from .literals import literal
from .views import ModuleView


class CaseView:
    """A case as its generated test writes it."""

    def __init__(self, view: ModuleView, method: Method, case: Case) -> None:
        self.method = method
        self.case = case
        self.name = test_name(method.function, case.name)
        self._view = view
        self._given = case.arguments
        self._result = case.result
        self.has_result = case.response is not None and case.fails is None

    @property
    def doc(self) -> str:
        """What the case shows."""
        name = self.case.name
        return f"{name[:1].upper()}{name[1:]}. {self.case.doc}".strip()

    @property
    def call(self) -> str:
        """The call of the builder."""
        assert self._given is not None
        parts: list[str] = []
        for item in self.method.arguments:
            if item.python in self._given.values:
                text = self.expression(self._given.values[item.python])
                parts.append(
                    text if item.python in self.method.positional else f"{item.python}={text}"
                )
        return f"{self._view.tested}.{self.method.function}({', '.join(parts)})"

    @property
    def expected(self) -> str:
        """The value that the answer reads as."""
        return self.expression(self._result)

    @property
    def unknown(self) -> list[str]:
        """Unknown elements of the response, as paths below its root, sorted."""
        return sorted(self.case.unknown)

    @property
    def facts(self) -> dict[str, str]:
        """What the exception of a failure has: code, message and field, as far as the case has them."""
        fails = self.case.fails or {}
        return {name: fails[name] for name in ("code", "message", "field") if name in fails}

    @property
    def result(self) -> str:
        """The text of a file."""
        return str(self._result)

    @property
    def error(self) -> str:
        """The class of the failure."""
        fails = self.case.fails or {}
        kinds = {item.code: item.kind for item in self._view.api.errors}
        kind = fails.get("kind") or kinds.get(fails.get("code", ""))
        return FAILURES[kind].__name__ if kind in FAILURES else "ApiError"

    def expression(self, value: Any) -> str:
        """A Python expression for a decoded value of a case."""
        if isinstance(value, RecordValue):
            inner = {name: self.expression(item) for name, item in value.values.items()}
            if value.ref is None or not self._reading(value):
                return (
                    "{"
                    + ", ".join(f"{literal(name)}: {text}" for name, text in inner.items())
                    + "}"
                )
            if value.ref.module == self._view.name:
                self._view.own.add(value.ref.name)
            self._view.refer(value.ref, value.ref.name)
            return (
                f"{value.ref.name}({', '.join(f'{name}={text}' for name, text in inner.items())})"
            )
        if isinstance(value, PageValue):
            self._view.use("Page")
            rows = [self.expression(item) for item in value.items]
            items = f"({', '.join(rows)}{',' if len(rows) == 1 else ''})"
            counters = "".join(
                f", {name}={literal(number)}" for name, number in value.counters.items()
            )
            return f"Page({items}{counters})"
        if isinstance(value, tuple):
            return f"[{', '.join(map(self.expression, value))}]"
        if isinstance(value, dict):
            entries = (f"{literal(key)}: {self.expression(item)}" for key, item in value.items())
            return "{" + ", ".join(entries) + "}"
        if isinstance(value, Upload):
            self._view.use("Upload")
            return (
                f"Upload({literal(value.content)}, {literal(value.name)}, {literal(value.media)})"
            )
        if isinstance(value, Decimal):
            self._view.use("Decimal")
        elif isinstance(value, dt.datetime):
            self._view.use("dt", "ZONE")
        elif isinstance(value, dt.date):
            self._view.use("dt")
        return literal(value)

    def _reading(self, value: RecordValue) -> bool:
        return self._given is None or not _within(value, self._given)


def _within(value: RecordValue, outer: Any) -> bool:
    if value is outer:
        return True
    if isinstance(outer, RecordValue):
        return any(_within(value, inner) for inner in outer.values.values())
    return isinstance(outer, tuple) and any(_within(value, inner) for inner in outer)
