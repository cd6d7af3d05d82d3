"""Do what comes due as the clock passes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from ...behavior.rules import Timed
from .effects import Doer
from .exchange import Change, Effects
from .failures import Refused
from .record_store import Keeper, key_of
from .pdf import draw
from .resources import Kept, Resources
from .state import AccountState, Key, Record
from .context import NOTHING, Work

_MOST_STEPS = 100_000
"""Of one tick: a clock set centuries ahead comes back to its caller."""


class Timer:
    """One look at what is due in an account."""

    def __init__(
        self, resources: Resources, state: AccountState, begin: Callable[[], Work]
    ) -> None:
        self._resources = resources
        self._state = state
        self._begin = begin
        self._changes: dict[tuple[str, Key], Change] = {}
        self._done: list[Work] = []

    def run(self) -> Effects:
        """Everything that is due, the earliest first within one round, until nothing is left."""
        tried: set[tuple[str, str, Key, object]] = set()
        while len(tried) < _MOST_STEPS:
            due = [found for found in self._due() if self._name(*found) not in tried]
            if not due:
                break
            for kept, rule, record in due:
                tried.add(self._name(kept, rule, record))
                self._step(kept, rule, record)
        return Effects(
            tuple(self._changes.values()),
            tuple(event for work in self._done for event in work.events),
            tuple(sent for work in self._done for sent in work.sent),
            tuple(dict.fromkeys(guess for work in self._done for guess in work.guesses)),
        )

    @staticmethod
    def _name(kept: Kept, rule: Timed, record: Record) -> tuple[str, str, Key, object]:
        return kept.name, rule.name, key_of(kept, record), record.get(rule.at)

    def _due(self) -> list[tuple[Kept, Timed, Record]]:
        today = None
        found: list[tuple[Kept, Timed, Record]] = []
        for kept in self._resources:
            for rule in kept.behavior.timed:
                today = today or self._begin().now
                rows = self._state.collection(kept.name).until(rule.at, today)
                found.extend((kept, rule, record) for record in rows)
        return sorted(found, key=lambda item: _moment(item[2].get(item[1].at)))

    def _step(self, kept: Kept, rule: Timed, record: Record) -> None:
        work = self._begin()
        keeper = Keeper(work)
        doer = Doer(work, keeper, lambda kind, row: draw(kind, row, work.now))
        self._state.begin()
        try:
            advance(doer, keeper, kept, rule, key_of(kept, record))
        except Refused:
            self._state.rollback()
            return
        except BaseException:
            self._state.rollback()
            raise
        for change in self._state.commit():
            self._changes[change.collection, change.id] = change
        self._done.append(work)


def advance(doer: Doer, keeper: Keeper, kept: Kept, rule: Timed, key: Key) -> bool:
    """Do what a rule says of a record whose moment has come. Answers whether it did."""
    work = doer.work
    record = work.state.get(kept.name, key)
    due = record.get(rule.at) if record is not None else None
    if record is None or due is None or not _come(due, work.now):
        return False
    if not work.holds(rule.when, work.scope(record, due=due)):
        return False
    work.guess(rule.guess)
    doer.do(kept, record, rule.effects, due=due)
    after = work.state.get(kept.name, key)
    if after is not None:
        keeper.change(kept, after, NOTHING, rule.settings, "tick", due=due)
    return True


def _come(due: object, now: dt.datetime) -> bool:
    if isinstance(due, dt.datetime):
        return due <= now
    return isinstance(due, dt.date) and due <= now.date()


def _moment(value: object) -> str:
    return value.isoformat() if isinstance(value, dt.date) else ""
