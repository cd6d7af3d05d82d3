"""Put records into an account as they are: what a fresh one holds, and what somebody brings along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .behaviour import Setting
from .expressions import ExpressionProblem
from .keeping import KEYLESS, series_of
from .resources import MADE_BY, Kept, Resources
from .state import Key, Record
from .work import Work


class Seeder:
    """Adopts records. Nothing in them is worked out but what is never answered."""

    def __init__(self, resources: Resources, work: Work) -> None:
        self._resources = resources
        self._work = work

    def fresh(self) -> None:
        """What every account holds from the start."""
        for resource, record in self._work.behaviours.holds:
            self.adopt(self._resources[resource], record)

    def adopt_all(self, records: Mapping[str, Iterable[Record]], *, replace: bool) -> None:
        """Many records of several resources. ``replace`` empties those resources first."""
        state = self._work.state
        if replace:
            for resource in records:
                for key in list(state.collection(resource).records):
                    state.remove(resource, key)
        for resource, rows in records.items():
            for row in rows:
                self.adopt(self._resources[resource], row)

    def adopt(self, kept: Kept, record: Record) -> None:
        """One record, over the one with the same identity."""
        state = self._work.state
        key: Key | None = record.get(kept.key or KEYLESS)
        if key is None:
            key = state.next_number(kept.behaviour.series)
        elif isinstance(key, int) and not kept.natural:
            state.number_taken(kept.behaviour.series, key)
        made: dict[str, Any] = {MADE_BY: 1, **record, kept.key or KEYLESS: key}
        self._rows(kept, made)
        self._hidden(kept, made)
        state.put(kept.name, key, made)

    def _rows(self, kept: Kept, record: Record) -> None:
        """Let the numbers of rows go on behind those that the record brings."""
        for item in kept.layout.fields.values() if kept.layout is not None else ():
            inner = kept.layout.nested(item) if kept.layout is not None and item.many else None
            for row in (record.get(item.python) or ()) if inner is not None else ():
                number = row.get(inner.numbered) if inner is not None and inner.numbered else None
                if isinstance(number, int):
                    self._work.state.number_taken(series_of(kept, item.python), number)

    def _hidden(self, kept: Kept, record: dict[str, Any]) -> None:
        """What is kept but never answered is worked out, because nobody can bring it along."""
        hidden = kept.behaviour.hidden
        brought = set(record)
        for path, rule in hidden.items():
            if len(path) == 1 and path[0] not in record:
                record[path[0]] = None
                if rule is not None:
                    self._try(kept, record, (Setting(path, rule),))
        for setting in kept.behaviour.compute:
            if setting.path in hidden and setting.path[0] not in brought:
                self._try(kept, record, (setting,))

    def _try(self, kept: Kept, record: dict[str, Any], settings: tuple[Setting, ...]) -> None:
        try:
            self._work.apply(kept, record, settings)
        except ExpressionProblem:
            return  # a record that is brought along may lack what the rule needs
