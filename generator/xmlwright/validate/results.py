"""Compare the value that a response reads as with the result of its case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..diagnostics import Position, Related
from ..ir import Field, PageValue, RecordValue
from ..runtime.files import File
from ..runtime.request import Page
from .trial import Trial

_COUNTERS = ("position", "size", "pages", "total", "cursor", "more")


def compare_result(trial: Trial, value: Any) -> None:
    """Report each difference at its position in the result."""
    result = trial.case.result
    if result is not None:
        trial.coverage.result(trial.api, result)
        _Comparison(trial).compare(result, value, "result", trial.case.places["result"])
    elif trial.method.response.value != "none" and "result" not in trial.case.places:
        trial.report("case-result", "the case lacks `result`: the value of the response", "result")


class _Comparison:
    def __init__(self, trial: Trial) -> None:
        self._trial = trial

    def compare(
        self, expected: Any, actual: Any, path: str, at: Position, item: Field | None = None
    ) -> None:
        if isinstance(expected, RecordValue):
            self._record(expected, actual, path, item)
        elif isinstance(expected, PageValue):
            assert isinstance(actual, Page)
            self._counters(expected, actual, path)
            self.compare(expected.items, actual.items, f"{path}.items", expected.items_at)
        elif isinstance(expected, Mapping) and isinstance(actual, Mapping):
            self._map(expected, actual, path, at, item)
        elif isinstance(expected, tuple) and isinstance(actual, (list, tuple)):
            if len(expected) != len(actual):
                message = f"{path} has {len(expected)} items, and the response {len(actual)}"
                more = [] if item is not None else [self._trial.source_map.of_items()]
                self._differ(message, at, item, more=more)
                return
            for index, (left, right) in enumerate(zip(expected, actual, strict=True)):
                place = left.at if isinstance(left, RecordValue) else at
                self.compare(left, right, f"{path}[{index}]", place, item)
        elif isinstance(actual, File):
            if actual.content.decode("utf-8", "replace").strip() != str(expected).strip():
                self._differ(_is_not(path, actual.content, expected), at)
        elif not _equal(expected, actual):
            self._differ(_is_not(path, actual, expected), at, item, expected)

    def _counters(self, expected: PageValue, actual: Page[Any], path: str) -> None:
        for name in _COUNTERS:
            left, right = expected.counters.get(name), getattr(actual, name)
            if left != right:
                self._trial.report_at(
                    "case-result",
                    _is_not(f"{path}.{name}", right, left),
                    expected.places.get(name, expected.at),
                    [*self._trial.in_response(), *self._trial.source_map.of_counter(name)],
                )

    def _map(
        self,
        expected: Mapping[str, Any],
        actual: Mapping[str, Any],
        path: str,
        at: Position,
        item: Field | None,
    ) -> None:
        if expected.keys() != actual.keys():
            keys = ", ".join(map(repr, actual)) or "none"
            self._differ(f"{path} has the keys {keys} in the response", at, item)
            return
        for key, value in expected.items():
            place = value.at if isinstance(value, RecordValue) else at
            self.compare(value, actual[key], f"{path}[{key!r}]", place, item)

    def _record(self, expected: RecordValue, actual: Any, path: str, item: Field | None) -> None:
        record = self._trial.api.records[expected.ref] if expected.ref else None
        if actual is None or record is None:
            self._differ(_is_not(path, actual, dict(expected.values)), expected.at, item)
            return
        for inner in record.fields:
            if not inner.readable:
                continue
            value = getattr(actual, inner.python)
            name = f"{path}.{inner.python}"
            if inner.python in expected.values:
                place = expected.places[inner.python]
                self.compare(expected.values[inner.python], value, name, place, inner)
            elif value is not None and value not in ([], {}):
                self._differ(
                    f"{path} leaves out {inner.python}, which the response says is {value!r}",
                    expected.at,
                    inner,
                )

    def _differ(
        self,
        message: str,
        at: Position,
        item: Field | None = None,
        expected: object = None,
        more: Iterable[Related] = (),
    ) -> None:
        related = [*self._trial.in_response(), *more]
        if item is not None:
            related += self._trial.source_map.of_field(item, value=expected)
        self._trial.report_at("case-result", message, at, related)


def _equal(left: object, right: object) -> bool:
    if type(left) is not type(right):
        return False
    return left == right or (left != left and right != right)  # NaN


def _is_not(path: str, actual: Any, expected: Any) -> str:
    return f"{path} is {_value(actual)} in the response, not {_value(expected)}"


def _value(value: Any) -> str:
    return "left out" if value is None else repr(value)[:80]
