"""Do what comes due as the clock passes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from ...behavior.rules import Timed
from ..binding.refusals import CallRefusedError
from .context import NOTHING, CallContext
from .effects import EffectRunner
from .exchange import Change, Effects
from .pdf import draw
from .record_store import RecordStore, key_of
from .resources import ResourceRuntime, Resources
from .state import AccountState, Key, Record

_MOST_STEPS = 1_000
"""Steps at one moment. A rule whose next time is not later than the clock cannot run for ever."""


class DueEvents:
    """One look at what is due in an account."""

    def __init__(
        self, resources: Resources, state: AccountState, begin: Callable[[], CallContext]
    ) -> None:
        self._resources = resources
        self._state = state
        self._begin = begin
        self._changes: dict[tuple[str, Key], Change] = {}
        self._done: list[CallContext] = []

    def run(self) -> Effects:
        """Process everything that is due, the earliest first."""
        tried: set[tuple[str, str, Key, object]] = set()
        while len(tried) < _MOST_STEPS:
            due = [found for found in self._due() if self._name(*found) not in tried]
            if not due:
                break
            for resource, rule, record in due:
                tried.add(self._name(resource, rule, record))
                self._step(resource, rule, record)
        return Effects(
            tuple(self._changes.values()),
            tuple(event for context in self._done for event in context.events),
            tuple(sent for context in self._done for sent in context.sent),
            tuple(dict.fromkeys(guess for context in self._done for guess in context.guesses)),
        )

    @staticmethod
    def _name(
        resource: ResourceRuntime, rule: Timed, record: Record
    ) -> tuple[str, str, Key, object]:
        return resource.name, rule.name, key_of(resource, record), record.get(rule.at)

    def _due(self) -> list[tuple[ResourceRuntime, Timed, Record]]:
        today = None
        found: list[tuple[ResourceRuntime, Timed, Record]] = []
        for resource in self._resources:
            for rule in resource.behavior.timed:
                today = today or self._begin().now
                rows = self._state.collection(resource.name).until(rule.at, today)
                found.extend((resource, rule, record) for record in rows)
        return sorted(found, key=lambda item: _moment(item[2].get(item[1].at)))

    def _step(self, resource: ResourceRuntime, rule: Timed, record: Record) -> None:
        context = self._begin()
        store = RecordStore(context)
        effects = EffectRunner(context, store, lambda kind, row: draw(kind, row, context.now))
        self._state.begin()
        try:
            advance(effects, store, resource, rule, key_of(resource, record))
        except CallRefusedError:
            self._state.rollback()
            return
        except BaseException:
            self._state.rollback()
            raise
        for change in self._state.commit():
            self._changes[change.collection, change.id] = change
        self._done.append(context)


def advance(
    effects: EffectRunner, store: RecordStore, resource: ResourceRuntime, rule: Timed, key: Key
) -> bool:
    """Apply a rule to a record that is due. Return whether it changed anything."""
    context = effects.context
    record = context.state.get(resource.name, key)
    due = record.get(rule.at) if record is not None else None
    if record is None or due is None or not _come(due, context.now):
        return False
    if not context.holds(rule.when, context.scope(record, due=due)):
        return False
    context.guess(rule.guess)
    effects.run(resource, record, rule.effects, due=due)
    after = context.state.get(resource.name, key)
    if after is not None:
        store.change(resource, after, NOTHING, rule.settings, "tick", due=due)
    return True


def _come(due: object, now: dt.datetime) -> bool:
    if isinstance(due, dt.datetime):
        return due <= now
    return isinstance(due, dt.date) and due <= now.date()


def _moment(value: object) -> str:
    return value.isoformat() if isinstance(value, dt.date) else ""
