"""Make, change and remove records, with all that follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ...behavior.rules import Refusal, Setting
from ...ir import Field
from ..binding.refusals import CallRefusedError
from .context import NOTHING, CallContext
from .examples import generated_key
from .resources import MADE_BY, Layout, ResourceRuntime
from .state import Key, Record

KEYLESS: Final = ".key"
"""Key of a stored record that has no identity: the number that it is kept under."""
_DEEPEST: Final = 5
"""How far a change is followed to other records."""


class RecordStore:
    """Writes records for one call."""

    def __init__(self, context: CallContext) -> None:
        self.context = context
        self._depth = 0

    # making

    def make(
        self,
        resource: ResourceRuntime,
        values: Mapping[str, Any],
        arguments: Record = NOTHING,
        scopes: Record = NOTHING,
    ) -> Record:
        """Return a new record of ``values``; what they leave out gets its default. ``scopes`` is what it belongs to."""
        context = self.context
        before = len(context.guesses)
        layout = resource.layout
        self.references(resource, layout, values)
        record = layout.filled(values) if layout is not None else dict(values)
        given = resource.natural and values.get(resource.key or "") is not None
        number = 0 if given else context.state.next_number(resource.behavior.series)
        key = self._new_key(resource, values, scopes, number)
        record[resource.key or KEYLESS] = key
        if scopes:
            record = {**scopes, **record}
            if resource.natural:
                record[KEYLESS] = key = scoped_key(scopes, key)
        if context.resources.shows_examples(resource.module.name) and layout is not None:
            seed = context.key_seed(resource.name, number or key)
            record = context.resources.examples.completed(layout.record, record, context.now, seed)
        record[MADE_BY] = context.person.id
        names = {"arguments": arguments or values}
        for path, rule in resource.behavior.hidden.items():
            if len(path) == 1 and path[0] not in record:
                record[path[0]] = (
                    None if rule is None else context.value(rule, context.scope(record, **names))
                )
        self._number(resource, record)
        left_out = _left_out(values)
        context.apply(resource, record, resource.behavior.create, left_out, **names)
        key = self._described_key(resource, record, key)
        self._number(resource, record)
        self.refuse(resource, "create", record, **names)
        self._settle(resource, key, record, before, NOTHING, **names)
        return record

    def _new_key(
        self, resource: ResourceRuntime, values: Mapping[str, Any], scopes: Record, number: int
    ) -> Key:
        context = self.context
        if resource.natural and values.get(resource.key or "") is not None:
            assert resource.key is not None
            assert resource.identity is not None
            key: Key = values[resource.key]
            held = context.state.get(resource.name, scoped_key(scopes, key) if scopes else key)
            if held is not None:
                raise CallRefusedError(
                    "taken", field=wire(resource.identity), value=key, verb="create", **resource.facts,
                    reason=f"{resource.facts['Resource']} is already there.",
                )  # fmt: skip
            return key
        if resource.identity is None or resource.identity.read in ("id", "int"):
            return number
        shown = context.resources.examples.record(resource.ref).get(resource.key or "")
        if not context.resources.shows_examples(resource.module.name) or (
            isinstance(shown, str) and shown.isdecimal()
        ):
            return str(number)
        return generated_key(resource.identity, shown, context.key_seed(resource.name, number))

    def _described_key(self, resource: ResourceRuntime, record: Record, key: Key) -> Key:
        """Return the key of a new record: its identity, if the behavior makes another one of it than the store does."""
        made: Key | None = record.get(resource.key or "")
        if made is None or made == key or KEYLESS in record:
            return key
        if self.context.state.get(resource.name, made) is not None:
            assert resource.identity is not None
            raise CallRefusedError(
                "taken", field=wire(resource.identity), value=made, verb="create", **resource.facts,
                reason=f"{resource.facts['Resource']} is already there.",
            )  # fmt: skip
        return made

    # changing

    def change(
        self,
        resource: ResourceRuntime,
        old: Record,
        values: Mapping[str, Any],
        settings: tuple[Setting, ...] = (),
        verb: str = "update",
        **names: Any,
    ) -> Record:
        """Return a record with other values, and with what the settings work out from them."""
        context = self.context
        before = len(context.guesses)
        layout = resource.layout
        self.references(resource, layout, values)
        record = dict(old)
        for name, value in values.items():
            item = layout.fields.get(name) if layout is not None else None
            if item is None or layout is None:
                continue
            record[name] = layout.nested_filled(item, value)
        names = {"arguments": values, "old": old, **names}
        self.refuse(resource, verb, record, **names)
        context.apply(resource, record, settings, **names)
        self._fill_rows(resource, record)
        self._number(resource, record)
        self._settle(resource, key_of(resource, old), record, before, **names)
        return record

    def _fill_rows(self, resource: ResourceRuntime, record: dict[str, Any]) -> None:
        """Add the fields that responses show to rows that an expression made."""
        for item in resource.layout.fields.values() if resource.layout is not None else ():
            rows = record.get(item.python)
            if item.many and item.record is not None and rows and resource.layout is not None:
                inner = resource.layout.nested(item)
                if inner is not None and inner.numbered is not None:
                    record[item.python] = tuple(
                        row if row.get(inner.numbered) is not None else {**inner.filled(row)}
                        for row in rows
                    )

    def recompute(self, resource: ResourceRuntime, old: Record) -> None:
        """Compute a record again after another one changed."""
        if self._depth >= _DEEPEST:
            return
        self._depth += 1
        self._settle(
            resource,
            key_of(resource, old),
            dict(old),
            len(self.context.guesses),
            old,
            arguments=NOTHING,
        )
        self._depth -= 1

    def _settle(
        self,
        resource: ResourceRuntime,
        key: Key,
        record: dict[str, Any],
        before: int,
        old: Record,
        **names: Any,
    ) -> None:
        """Compute a record, check it, store it, and recompute the records that depend on it."""
        context = self.context
        context.apply(resource, record, resource.behavior.compute, old=old, **names)
        self._unique(resource, key, record, old)
        context.remember(record, before)
        context.state.put(resource.name, key, record)
        self._touch(resource, record, old)

    def _unique(self, resource: ResourceRuntime, key: Key, record: Record, old: Record) -> None:
        for rule in resource.behavior.unique:
            value = record.get(rule.field)
            if value is None or (value == old.get(rule.field) and old is not NOTHING):
                continue
            for other in self.context.state.collection(resource.name).equal(**{rule.field: value}):
                if key_of(resource, other) != key and not self.context.is_deleted(resource, other):
                    self.context.guess(rule.guess)
                    raise CallRefusedError(
                        "taken", code=rule.code, message=rule.message, guess=rule.guess,
                        field=rule.field, value=value, **resource.facts,
                        verb="create" if old is NOTHING else "update",
                    )  # fmt: skip

    def _touch(self, resource: ResourceRuntime, record: Record, old: Record) -> None:
        context = self.context
        for name, expression in resource.behavior.touches:
            other = context.resources[name]
            for key in _each(expression(context.scope(record, old=old))):
                held = context.state.get(name, key)
                if held is not None:
                    self.recompute(other, held)

    # removing

    def delete(self, resource: ResourceRuntime, old: Record) -> None:
        """Delete a record: to where deleted ones are kept, or for good."""
        if resource.behavior.delete:
            self.change(resource, old, NOTHING, resource.behavior.delete, verb="delete")
            return
        self.refuse(resource, "delete", old, old=old, arguments=NOTHING)
        self.context.state.remove(resource.name, key_of(resource, old))
        self._touch(resource, old, old)

    # checks

    def references(
        self, resource: ResourceRuntime, layout: Layout | None, values: Mapping[str, Any]
    ) -> None:
        """Refuse values that refer to nothing, or to what is deleted."""
        for name, value in values.items():
            item = layout.fields.get(name) if layout is not None else None
            if item is None or layout is None or value is None:
                continue
            if item.record is not None:
                inner = layout.nested(item)
                for row in value if item.many else (value,):
                    self.references(resource, inner, row)
            elif item.ref is not None:
                for one in value if item.many else (value,):
                    self.refer(resource, item, one)

    def refer(self, resource: ResourceRuntime, item: Field, key: Key) -> None:
        """Refuse an id that names nothing that the caller sees."""
        context = self.context
        rule = resource.behavior.references.get(item.python)
        refused: CallRefusedError | None = None
        for name in rule.to if rule is not None else (item.ref or "",):
            other = context.resources[name]
            facts: dict[str, Any] = {"field": wire(item), "value": key, **other.facts}
            record = context.state.get(name, key)
            if record is None or not context.sees(other, record):
                if rule is not None and (rule.code or rule.message):
                    facts.update(code=rule.code, message=rule.message, guess=rule.guess)
                refused = refused or CallRefusedError("not_found", **facts)
            elif not context.is_deleted(other, record):
                return
            else:
                refused = CallRefusedError("deleted", **facts)
        if refused is not None:
            context.guess(refused.guess)
            raise refused

    def refuse(self, resource: ResourceRuntime, verb: str, record: Record, **names: Any) -> None:
        """Refuse what the rules of the resource do not allow."""
        self.refuse_by(resource, resource.behavior.refusals, verb, record, **names)

    def refuse_by(
        self,
        resource: ResourceRuntime,
        refusals: tuple[Refusal, ...],
        verb: str,
        record: Record,
        **names: Any,
    ) -> None:
        """Refuse what a list of rules does not allow."""
        for refusal in refusals:
            if refusal.verbs and verb not in refusal.verbs:
                continue
            if refusal.when(self.context.scope(record, **names)):
                self.context.guess(refusal.guess)
                raise CallRefusedError(
                    refusal.situation, code=refusal.code, message=refusal.message,
                    guess=refusal.guess, field=refusal.field, reason=refusal.reason or "",
                    verb=verb, **resource.facts,
                )  # fmt: skip

    # numbers

    def _number(self, resource: ResourceRuntime, record: dict[str, Any]) -> None:
        """Give the rows of lists their numbers, where the service numbers them."""
        layout = resource.layout
        for item in layout.fields.values() if layout is not None else ():
            rows = record.get(item.python)
            if not rows or not item.many or item.record is None or layout is None:
                continue
            inner = layout.nested(item)
            if inner is None or inner.numbered is None:
                continue
            if all(row.get(inner.numbered) is not None for row in rows):
                continue
            series = series_of(resource, item.python)
            record[item.python] = tuple(
                (
                    row
                    if row.get(inner.numbered) is not None
                    else {**row, inner.numbered: self.context.state.next_number(series)}
                )
                for row in rows
            )


def series_of(resource: ResourceRuntime, field: str) -> str:
    """Return the number series of the rows of a list."""
    return f"{resource.name}.{field}"


def _left_out(values: Mapping[str, Any]) -> Any:
    def wanted(setting: Setting) -> bool:
        return values.get(setting.path[0]) is None or len(setting.path) > 1

    return wanted


def scoped_key(scopes: Record, key: Key) -> str:
    """Return what a record is kept under whose identity is unique only below what the path names."""
    return "/".join(map(str, (*scopes.values(), key)))


def key_of(resource: ResourceRuntime, record: Record) -> Key:
    """Return what a record is kept under."""
    key = record.get(KEYLESS)
    if key is None:
        key = record.get(resource.key or KEYLESS)
    assert isinstance(key, (int, str))
    return key


def wire(item: Field) -> str:
    """Return what a message calls a field."""
    return item.attribute or (item.path[-1] if item.path else item.name)


def _each(value: Any) -> Iterable[Key]:
    if value is None:
        return ()
    if isinstance(value, (list, tuple)):
        return dict.fromkeys(key for key in value if key is not None)
    return (value,)
