"""Put records into an account as they are: what a fresh one holds, and what somebody brings along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...behavior.expressions import ExpressionError
from ...behavior.rules import Setting
from ..binding.refusals import CallRefusedError
from .context import CallContext
from .record_store import KEYLESS, series_of
from .resources import MADE_BY, ResourceRuntime, Resources
from .state import Key, Record


class Seeder:
    """Adopts records: what they bring stays as it is, and what they leave out becomes what a new record has."""

    def __init__(self, resources: Resources, context: CallContext) -> None:
        self._resources = resources
        self._context = context

    def fresh(self) -> None:
        """Add the records that every account has."""
        for name, record in self._context.behaviors.holds:
            self.adopt(self._resources[name], record)

    def adopt_all(self, records: Mapping[str, Iterable[Record]], *, replace: bool) -> None:
        """Add records of several resources. ``replace`` empties those resources first."""
        state = self._context.state
        if replace:
            for name in records:
                for key in list(state.collection(name).records):
                    state.remove(name, key)
        # They may refer to each other in any order, so all are there before anything is worked out.
        put = [
            (self._resources[name], self._put(self._resources[name], row), row)
            for name, rows in records.items()
            for row in rows
        ]
        for stage in ("create", "compute"):
            for resource, key, row in put:
                self._complete(resource, key, row, stage)

    def adopt(self, resource: ResourceRuntime, record: Record) -> None:
        """Add one record, replacing the one with the same identity."""
        self.adopt_all({resource.name: [record]}, replace=False)

    def _put(self, resource: ResourceRuntime, record: Record) -> Key:
        state = self._context.state
        key: Key | None = record.get(KEYLESS)
        if key is None:
            key = record.get(resource.key or KEYLESS)
        if key is None:
            key = state.next_number(resource.behavior.series)
        elif isinstance(key, int) and not resource.natural:
            state.number_taken(resource.behavior.series, key)
        made: dict[str, Any] = {MADE_BY: 1, resource.key or KEYLESS: key, **record}
        self._rows(resource, made)
        state.put(resource.name, key, made)
        return key

    def _complete(self, resource: ResourceRuntime, key: Key, brought: Record, stage: str) -> None:
        """Add what a record does not bring: defaults and what is hidden at first, then what is computed."""
        context = self._context
        record = dict(context.state.get(resource.name, key) or {})
        before = len(context.guesses)
        if stage == "create":
            for name, value in (
                resource.layout.filled({}) if resource.layout is not None else {}
            ).items():
                record.setdefault(name, value)
            for path, rule in resource.behavior.hidden.items():
                if len(path) == 1 and path[0] not in brought:
                    record[path[0]] = None
                    if rule is not None:
                        self._try(resource, record, Setting(path, rule))
        for setting in resource.behavior.create if stage == "create" else resource.behavior.compute:
            if not _brings(brought, setting):
                self._try(resource, record, setting)
        context.remember(record, before)
        context.state.put(resource.name, key, record)

    def _rows(self, resource: ResourceRuntime, record: Record) -> None:
        """Let the numbers of rows go on behind those that the record brings."""
        for item in resource.layout.fields.values() if resource.layout is not None else ():
            inner = (
                resource.layout.nested(item) if resource.layout is not None and item.many else None
            )
            for row in (record.get(item.python) or ()) if inner is not None else ():
                number = row.get(inner.numbered) if inner is not None and inner.numbered else None
                if isinstance(number, int):
                    self._context.state.number_taken(series_of(resource, item.python), number)

    def _try(self, resource: ResourceRuntime, record: dict[str, Any], setting: Setting) -> None:
        try:
            self._context.apply(resource, record, (setting,))
        except (ExpressionError, CallRefusedError):
            return  # the record lacks what the rule needs, or nothing may be guessed


def _brings(record: Record, setting: Setting) -> bool:
    """Return whether a record says itself what a rule would work out."""
    held = record.get(setting.path[0])
    if len(setting.path) == 1:
        return setting.path[0] in record
    return any(
        setting.path[1] in row for row in (held if isinstance(held, tuple) else (held or {},))
    )
