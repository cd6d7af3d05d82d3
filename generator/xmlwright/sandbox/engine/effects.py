"""Do what else a call brings about: other records, the outbox, events, new accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from ...behavior.expressions import Scope
from ...behavior.rules import Effect, Send
from ..binding.refusals import CallRefusedError
from .context import NOTHING, CallContext
from .exchange import Attachment, Event, OpenedAccount, OutboxMessage
from .record_store import RecordStore, key_of
from .resources import ResourceRuntime
from .state import Key, Record

Draw = Callable[[ResourceRuntime, Record], bytes]
"""Makes the PDF of a record."""


class EffectRunner:
    """Carries out effects for one call."""

    def __init__(self, context: CallContext, store: RecordStore, draw: Draw) -> None:
        self.context = context
        self._store = store
        self._draw = draw

    def create(
        self,
        resource: ResourceRuntime,
        values: Record,
        arguments: Record = NOTHING,
        scopes: Record = NOTHING,
    ) -> Record:
        """Return a new record, with everything that creating it brings about. ``scopes`` is what it belongs to."""
        record = self._store.make(resource, values, arguments, scopes)
        behavior = resource.behavior.methods.get("create")
        if behavior is not None:
            record = self.run(resource, record, behavior.effects, arguments=arguments or values)
        self.announce(resource, "create", record)
        return record

    def announce(self, resource: ResourceRuntime, verb: str, record: Record) -> None:
        """Fire the events that a method of the resource is described with."""
        for method in resource.module.methods:
            if method.verb == verb:
                for event in method.events:
                    self.fire(event, key_of(resource, record))

    def fire(self, event: str, key: Key) -> None:
        """Record an event."""
        self.context.events.append(Event(event, key, self.context.person.id))

    def run(
        self, resource: ResourceRuntime, record: Record, effects: Iterable[Effect], **names: Any
    ) -> Record:
        """Run effects in their order, and return the record as they left it."""
        made: Record = NOTHING
        for effect in effects:
            scope = self.context.scope(record, cause=record, made=made, **names)
            if not self.context.holds(effect.when, scope):
                continue
            self.context.guess(effect.guess)
            made = self._one(resource, record, effect, scope, names) or made
            record = self.context.state.get(resource.name, key_of(resource, record)) or record
        return record

    def _one(
        self,
        resource: ResourceRuntime,
        record: Record,
        effect: Effect,
        scope: Scope,
        names: dict[str, Any],
    ) -> Record | None:
        context = self.context
        rows: list[Record] = [record] if effect.each is None else list(effect.each(scope) or ())
        if effect.action == "fire":
            assert effect.fire is not None
            key = (
                key_of(resource, record)
                if effect.fire.object is None
                else effect.fire.object(scope)
            )
            self.fire(effect.fire.event, key)
        elif effect.action == "send":
            assert effect.send is not None
            holder = context.resources[effect.resource] if effect.resource else resource
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
        if not name or self.context.taken(name):
            raise CallRefusedError("taken", field="name", value=name, verb="create", resource="account",
                          Resource="Account", reason="")  # fmt: skip
        own = {key: value for key, value in settings.items() if value is not None}
        self.context.opened.append(
            OpenedAccount(name, str(values["token"]), str(values["secret"]), own)
        )

    def _records(self, effect: Effect, rows: list[Record], scope: Scope) -> Record | None:
        context = self.context
        other = context.resources[effect.resource]
        made: Record | None = None
        for row in rows:
            if effect.action == "make":
                values: dict[str, Any] = {}
                inner = scope.of(row)
                for setting in effect.settings:
                    value = context.value(setting.rule, inner)
                    name = setting.path[0]
                    values[name] = other.layout.settled(name, value) if other.layout else value
                made = self.create(other, values)
            elif effect.action == "change":
                held = context.state.get(other.name, key_of(other, row))
                if held is not None:
                    cause = {"cause": scope["cause"], "arguments": scope["arguments"]}
                    made = self._store.change(
                        other, held, NOTHING, effect.settings, "change", **cause
                    )
            else:
                self._store.delete(other, row)
        return made

    def send(self, resource: ResourceRuntime, record: Record, send: Send, scope: Scope) -> None:
        """Put something into the outbox."""
        to = send.to(scope)
        receivers = (to,) if isinstance(to, str) else tuple(one for one in to or () if one)
        subject, text = send.subject(scope), send.text(scope)
        attachments: tuple[Attachment, ...] = ()
        if send.attach:
            key = key_of(resource, record)
            make = partial(self._draw, resource, record)
            attachments = (Attachment(f"{resource.name}-{key}.pdf", "application/pdf", make),)
        self.context.sent.append(
            OutboxMessage(
                send.kind, receivers, str(subject or ""), str(text or ""), self.context.method,
                key_of(resource, record), self.context.now.isoformat(), attachments,
            )
        )  # fmt: skip
