"""Do what else a call brings about: other records, the outbox, events, new accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from ...behavior.rules import Effect, Send
from .exchange import Attachment, Event, Opened, Sent
from ...behavior.expressions import Scope
from .failures import Refused
from .record_store import Keeper, key_of
from .resources import Kept
from .state import Key, Record
from .context import NOTHING, Work

Draw = Callable[[Kept, Record], bytes]
"""Makes the PDF of a record."""


class Doer:
    """Carries out effects for one call."""

    def __init__(self, work: Work, keeper: Keeper, draw: Draw) -> None:
        self.work = work
        self._keeper = keeper
        self._draw = draw

    def create(self, kept: Kept, values: Record, arguments: Record = NOTHING) -> Record:
        """A new record, with everything that creating it brings about."""
        record = self._keeper.make(kept, values, arguments)
        acting = kept.behavior.methods.get("create")
        if acting is not None:
            record = self.do(kept, record, acting.effects, arguments=arguments or values)
        self.announce(kept, "create", record)
        return record

    def announce(self, kept: Kept, verb: str, record: Record) -> None:
        """Fire the events that a method of the resource is described with."""
        for method in kept.module.methods:
            if method.verb == verb:
                for event in method.events:
                    self.fire(event, key_of(kept, record))

    def fire(self, event: str, key: Key) -> None:
        self.work.events.append(Event(event, key, self.work.person.id))

    def do(self, kept: Kept, record: Record, effects: Iterable[Effect], **names: Any) -> Record:
        """All effects, in their order; answers the record as they left it."""
        made: Record = NOTHING
        for effect in effects:
            scope = self.work.scope(record, cause=record, made=made, **names)
            if not self.work.holds(effect.when, scope):
                continue
            self.work.guess(effect.guess)
            made = self._one(kept, record, effect, scope, names) or made
            record = self.work.state.get(kept.name, key_of(kept, record)) or record
        return record

    def _one(
        self, kept: Kept, record: Record, effect: Effect, scope: Scope, names: dict[str, Any]
    ) -> Record | None:
        work = self.work
        rows: list[Record] = [record] if effect.each is None else list(effect.each(scope) or ())
        if effect.action == "fire":
            assert effect.fire is not None
            key = key_of(kept, record) if effect.fire.object is None else effect.fire.object(scope)
            self.fire(effect.fire.event, key)
        elif effect.action == "send":
            assert effect.send is not None
            holder = work.resources[effect.resource] if effect.resource else kept
            for row in rows:
                self.send(holder, row, effect.send, scope.of(row))
        elif effect.action == "open":
            self._open(effect, scope)
        else:
            return self._records(effect, rows, scope)
        return None

    def _open(self, effect: Effect, scope: Scope) -> None:
        values: dict[str, Any] = {}
        settings: dict[str, Any] = {}
        for setting in effect.settings:
            place = values if len(setting.path) == 1 else settings
            place[setting.path[-1]] = setting.rule.value(scope)
        name = str(values["account"])
        if not name or self.work.taken(name):
            raise Refused("taken", field="name", value=name, verb="create", resource="account",
                          Resource="Account", reason="")  # fmt: skip
        own = {key: value for key, value in settings.items() if value is not None}
        self.work.opened.append(Opened(name, str(values["token"]), str(values["secret"]), own))

    def _records(self, effect: Effect, rows: list[Record], scope: Scope) -> Record | None:
        work = self.work
        other = work.resources[effect.resource]
        made: Record | None = None
        for row in rows:
            if effect.action == "make":
                values: dict[str, Any] = {}
                inner = scope.of(row)
                for setting in effect.settings:
                    value = work.value(setting.rule, inner)
                    name = setting.path[0]
                    values[name] = other.layout.settled(name, value) if other.layout else value
                made = self.create(other, values)
            elif effect.action == "change":
                held = work.state.get(other.name, key_of(other, row))
                if held is not None:
                    cause = {"cause": scope["cause"], "arguments": scope["arguments"]}
                    made = self._keeper.change(
                        other, held, NOTHING, effect.settings, "change", **cause
                    )
            else:
                self._keeper.delete(other, row)
        return made

    def send(self, kept: Kept, record: Record, send: Send, scope: Scope) -> None:
        """Put something into the outbox."""
        to = send.to(scope)
        receivers = (to,) if isinstance(to, str) else tuple(one for one in to or () if one)
        subject, text = send.subject(scope), send.text(scope)
        attachments: tuple[Attachment, ...] = ()
        if send.attach:
            key = key_of(kept, record)
            make = partial(self._draw, kept, record)
            attachments = (Attachment(f"{kept.name}-{key}.pdf", "application/pdf", make),)
        self.work.sent.append(
            Sent(
                send.kind, receivers, str(subject or ""), str(text or ""), self.work.method,
                key_of(kept, record), self.work.now.isoformat(), attachments,
            )
        )  # fmt: skip
