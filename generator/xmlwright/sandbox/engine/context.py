"""One call while it is being done: what it may look at, and what it leaves behind."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from ...behavior.expressions import Expression, Scope
from ...behavior.functions import following
from ...behavior.rules import Behaviors, Rule, Setting
from ..binding.refusals import CallRefusedError
from .exchange import Event, OpenedAccount, OutboxMessage, Person
from .resources import GUESSES, ResourceRuntime, Resources
from .state import AccountState, Key, Query, Record

if TYPE_CHECKING:
    from ..binding.routing import HttpCall

NOTHING: Final[Record] = {}
ABSENT: Final = ("absent",)
"""What a rule gives for a field that the record shall not have at all."""
_LETTERS: Final = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
SETTINGS: Final = ".account"
"""Collection of what is particular to an account; its record ``settings`` goes over the description's."""


class CallContext:
    """What one call, or one step of the clock, has to do with."""

    def __init__(
        self,
        state: AccountState,
        resources: Resources,
        behaviors: Behaviors,
        person: Person,
        now: dt.datetime,
        *,
        seed: int,
        strict: bool,
        method: str = "",
        calls: int = 0,
        taken: Callable[[str], bool] = lambda name: False,
    ) -> None:
        self.state = state
        self.resources = resources
        self.behaviors = behaviors
        self.person = person
        self.now = now
        self.method = method
        self.strict = strict
        self.guesses: dict[str, None] = {}
        self.events: list[Event] = []
        self.sent: list[OutboxMessage] = []
        self.opened: list[OpenedAccount] = []
        self.calls = calls
        self.request: HttpCall | None = None
        """The HTTP request, for links to further pages."""
        self.taken = taken
        """Whether there is an account of this name."""
        self._seed = seed
        self._names: Mapping[str, Any] | None = None

    # expressions

    def scope(self, record: Record, **names: Any) -> Scope:
        """Return the names that a rule about a record sees."""
        if self._names is None:
            self._names = self._surroundings()
        found = Scope(self._names, record)
        found.update(names)
        return found

    def _surroundings(self) -> Mapping[str, Any]:
        return {
            "absent": ABSENT,
            "account": self.settings(),
            "arguments": NOTHING,
            "calls": self.calls,
            "cause": NOTHING,
            "count": self._count,
            "due": None,
            "exists": self._exists,
            "find": self._find,
            "get": self._get,
            "next_number": self._next_number,
            "now": self.now,
            "old": NOTHING,
            "one": self._one,
            "opened": NOTHING,
            "person": self._person(),
            "secret": self.secret,
            "series": self.state.next_number,
            "today": self.now.date(),
            "tree": False,
            "up": NOTHING,
            "value": None,
            "verb": self.method.partition(".")[2],
        }

    def settings(self) -> Record:
        """Return what expressions see as ``account``."""
        own = self.state.get(SETTINGS, "settings") or NOTHING
        return {**self.behaviors.settings, **own, "name": self.state.name}

    def _person(self) -> Record:
        found: Record = NOTHING
        for people in self.behaviors.people:
            if people.kind == self.person.kind:
                found = self.state.get(people.resource, self.person.id) or NOTHING
        return {**found, "kind": self.person.kind, "id": self.person.id}

    def _get(self, resource: str, key: Key | None) -> Record:
        return self.state.get(resource, key) or NOTHING

    def _find(
        self, resource: str, where: Mapping[str, Any] | None = None, **equal: Any
    ) -> tuple[Record, ...]:
        equals = {
            tuple(path.split(".")): (value,) for path, value in {**(where or {}), **equal}.items()
        }
        return tuple(self.state.collection(resource).rows(Query(equals))[0])

    def _one(self, resource: str, where: Mapping[str, Any] | None = None, **equal: Any) -> Record:
        found = self._find(resource, where, **equal)
        return found[0] if found else NOTHING

    def _count(self, resource: str, where: Mapping[str, Any] | None = None, **equal: Any) -> int:
        return len(self._find(resource, where, **equal))

    def _exists(self, resource: str, key: Key | None) -> bool:
        """Return whether a record is there and not deleted."""
        record = self.state.get(resource, key)
        return record is not None and not self.is_deleted(self.resources[resource], record)

    def _next_number(self, resource: str, field: str, first: str) -> str:
        """Return the text that follows the one of the record made last; one that no other record has."""
        collection = self.state.collection(resource)
        last = next(reversed(collection.records.values()), NOTHING).get(field)
        text = first if last is None else following(str(last))
        while collection.equal(**{field: text}):
            text = following(text)
        return text

    def secret(self, length: int = 32) -> str:
        """Return letters and digits that follow from the seed."""
        number = self.state.next_number("secret")
        text = f"{self._seed}/{self.state.name}/{number}"
        found = ""
        while len(found) < length:
            for byte in hashlib.sha512(f"{text}/{len(found)}".encode()).digest():
                if byte < 248:
                    found += _LETTERS[byte % 62]
        return found[:length]

    def key_seed(self, resource: str, number: Key) -> str:
        """Return the text that decides what the generated identity of a record is."""
        return f"{self._seed}/{self.state.name}/{resource}/{number}"

    # rules

    def guess(self, sentence: str | None) -> None:
        """Note that something is inferred; where nothing may be guessed, refuse."""
        if sentence is None:
            return
        if self.strict:
            raise CallRefusedError("undocumented", reason=sentence)
        self.guesses[sentence] = None

    def value(self, rule: Rule, scope: Scope) -> Any:
        """Return the value that a rule gives."""
        found = rule.value(scope)
        if rule.guess is not None:
            scope["result"] = found
            if rule.matters is None or rule.matters(scope):
                self.guess(rule.guess)
        return found

    def holds(self, condition: Expression | None, scope: Scope) -> bool:
        """Return whether a condition holds; none at all does."""
        return condition is None or bool(condition(scope))

    def is_deleted(self, resource: ResourceRuntime, record: Record) -> bool:
        """Return whether a record counts as deleted."""
        deleted = resource.behavior.deleted
        return deleted is not None and bool(deleted(self.scope(record)))

    def sees(self, resource: ResourceRuntime, record: Record) -> bool:
        """Return whether the caller may know of a record."""
        visible = resource.behavior.visible.get(self.person.kind)
        return visible is None or bool(visible(self.scope(record)))

    def apply(
        self,
        resource: ResourceRuntime,
        record: dict[str, Any],
        settings: tuple[Setting, ...],
        wanted: Callable[[Setting], bool] | None = None,
        **names: Any,
    ) -> None:
        """Put the values of rules into a new record, one after the other."""
        layout = resource.layout
        for setting in settings:
            if wanted is not None and not wanted(setting):
                continue
            name = setting.path[0]
            if len(setting.path) == 1:
                value = self.value(setting.rule, self.scope(record, **names))
                if value is ABSENT:
                    record.pop(name, None)
                    continue
                record[name] = layout.settled(name, value) if layout is not None else value
                continue
            item = layout.fields.get(name) if layout is not None else None
            inner = layout.nested(item) if layout is not None and item is not None else None
            last = setting.path[1]
            held = record.get(name)
            if item is not None and item.many:
                rows = []
                for row in held or ():
                    value = self.value(setting.rule, self.scope(row, up=record, **names))
                    rows.append({**row, last: inner.settled(last, value) if inner else value})
                record[name] = tuple(rows)
            else:
                scope = self.scope(held or NOTHING, up=record, **names)
                value = self.value(setting.rule, scope)
                if held is not None or value is not None:
                    record[name] = {
                        **(held or NOTHING), last: inner.settled(last, value) if inner else value
                    }  # fmt: skip

    def remember(self, record: dict[str, Any], before: int) -> None:
        """Keep with a record what was inferred while it was written."""
        new = list(self.guesses)[before:]
        if new:
            record[GUESSES] = tuple(dict.fromkeys((*record.get(GUESSES, ()), *new)))
