"""Put records into an account as they are: what a fresh one holds, and what somebody brings along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...behavior.rules import Setting
from ...behavior.expressions import ExpressionProblem
from .failures import Refused
from .record_store import KEYLESS, series_of
from .resources import MADE_BY, Kept, Resources
from .state import Key, Record
from .context import Work


class Seeder:
    """Adopts records: what they bring stays as it is, and what they leave out becomes what a new record has."""

    def __init__(self, resources: Resources, work: Work) -> None:
        self._resources = resources
        self._work = work

    def fresh(self) -> None:
        """What every account holds from the start."""
        for resource, record in self._work.behaviors.holds:
            self.adopt(self._resources[resource], record)

    def adopt_all(self, records: Mapping[str, Iterable[Record]], *, replace: bool) -> None:
        """Many records of several resources. ``replace`` empties those resources first."""
        state = self._work.state
        if replace:
            for resource in records:
                for key in list(state.collection(resource).records):
                    state.remove(resource, key)
        # They may refer to each other in any order, so all are there before anything is worked out.
        put = [
            (self._resources[resource], self._put(self._resources[resource], row), row)
            for resource, rows in records.items()
            for row in rows
        ]
        for stage in ("create", "compute"):
            for kept, key, row in put:
                self._complete(kept, key, row, stage)

    def adopt(self, kept: Kept, record: Record) -> None:
        """One record, over the one with the same identity."""
        self.adopt_all({kept.name: [record]}, replace=False)

    def _put(self, kept: Kept, record: Record) -> Key:
        state = self._work.state
        key: Key | None = record.get(kept.key or KEYLESS)
        if key is None:
            key = state.next_number(kept.behavior.series)
        elif isinstance(key, int) and not kept.natural:
            state.number_taken(kept.behavior.series, key)
        made: dict[str, Any] = {MADE_BY: 1, **record, kept.key or KEYLESS: key}
        self._rows(kept, made)
        state.put(kept.name, key, made)
        return key

    def _complete(self, kept: Kept, key: Key, brought: Record, stage: str) -> None:
        """Add what a record does not bring: defaults and what is hidden at first, then what is computed."""
        work = self._work
        record = dict(work.state.get(kept.name, key) or {})
        before = len(work.guesses)
        if stage == "create":
            for name, value in (kept.layout.filled({}) if kept.layout is not None else {}).items():
                record.setdefault(name, value)
            for path, rule in kept.behavior.hidden.items():
                if len(path) == 1 and path[0] not in brought:
                    record[path[0]] = None
                    if rule is not None:
                        self._try(kept, record, Setting(path, rule))
        for setting in kept.behavior.create if stage == "create" else kept.behavior.compute:
            if not _brings(brought, setting):
                self._try(kept, record, setting)
        work.remember(record, before)
        work.state.put(kept.name, key, record)

    def _rows(self, kept: Kept, record: Record) -> None:
        """Let the numbers of rows go on behind those that the record brings."""
        for item in kept.layout.fields.values() if kept.layout is not None else ():
            inner = kept.layout.nested(item) if kept.layout is not None and item.many else None
            for row in (record.get(item.python) or ()) if inner is not None else ():
                number = row.get(inner.numbered) if inner is not None and inner.numbered else None
                if isinstance(number, int):
                    self._work.state.number_taken(series_of(kept, item.python), number)

    def _try(self, kept: Kept, record: dict[str, Any], setting: Setting) -> None:
        try:
            self._work.apply(kept, record, (setting,))
        except (ExpressionProblem, Refused):
            return  # the record lacks what the rule needs, or nothing may be guessed


def _brings(record: Record, setting: Setting) -> bool:
    """Whether a record says itself what a rule would work out."""
    held = record.get(setting.path[0])
    if len(setting.path) == 1:
        return setting.path[0] in record
    return any(
        setting.path[1] in row for row in (held if isinstance(held, tuple) else (held or {},))
    )
