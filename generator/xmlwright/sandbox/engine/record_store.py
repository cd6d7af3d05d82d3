"""Make, change and remove records, with all that follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ...ir import Field
from ...behavior.rules import Refusal, Setting
from .failures import Refused
from .resources import MADE_BY, Kept, Layout
from .state import Key, Record
from .context import NOTHING, Work

KEYLESS: Final = ".key"
"""Key of a stored record that has no identity: the number that it is kept under."""
_DEEPEST: Final = 5
"""How far a change is followed to other records."""


class Keeper:
    """Writes records for one call."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._depth = 0

    # making

    def make(self, kept: Kept, values: Mapping[str, Any], arguments: Record = NOTHING) -> Record:
        """A new record of ``values``; what they leave out gets its default."""
        work = self.work
        before = len(work.guesses)
        layout = kept.layout
        self.references(kept, layout, values)
        record = layout.filled(values) if layout is not None else dict(values)
        key = self._new_key(kept, values)
        record[kept.key or KEYLESS] = key
        record[MADE_BY] = work.person.id
        names = {"arguments": arguments or values}
        for path, rule in kept.behavior.hidden.items():
            if len(path) == 1 and path[0] not in record:
                record[path[0]] = (
                    None if rule is None else work.value(rule, work.scope(record, **names))
                )
        self._number(kept, record)
        left_out = _left_out(values)
        work.apply(kept, record, kept.behavior.create, left_out, **names)
        self._number(kept, record)
        self.refuse(kept, "create", record, **names)
        self._settle(kept, key, record, before, NOTHING, **names)
        return record

    def _new_key(self, kept: Kept, values: Mapping[str, Any]) -> Key:
        state = self.work.state
        if kept.natural:
            assert kept.key is not None
            assert kept.identity is not None
            key: Key = values[kept.key]
            held = state.get(kept.name, key)
            if held is not None:
                raise Refused(
                    "taken", field=wire(kept.identity), value=key, verb="create", **kept.facts,
                    reason=f"{kept.facts['Resource']} is already there.",
                )  # fmt: skip
            return key
        number = state.next_number(kept.behavior.series)
        text = kept.identity is not None and kept.identity.read not in ("id", "int")
        return str(number) if text else number

    # changing

    def change(
        self,
        kept: Kept,
        old: Record,
        values: Mapping[str, Any],
        settings: tuple[Setting, ...] = (),
        verb: str = "update",
        **names: Any,
    ) -> Record:
        """A record with other values, and with what the settings work out from them."""
        work = self.work
        before = len(work.guesses)
        layout = kept.layout
        self.references(kept, layout, values)
        record = dict(old)
        for name, value in values.items():
            item = layout.fields.get(name) if layout is not None else None
            if item is None or layout is None:
                continue
            record[name] = layout.nested_filled(item, value)
        names = {"arguments": values, "old": old, **names}
        self.refuse(kept, verb, record, **names)
        work.apply(kept, record, settings, **names)
        self._fill_rows(kept, record)
        self._number(kept, record)
        self._settle(kept, key_of(kept, old), record, before, **names)
        return record

    def _fill_rows(self, kept: Kept, record: dict[str, Any]) -> None:
        """Rows that an expression put together have everything that an answer shows."""
        for item in kept.layout.fields.values() if kept.layout is not None else ():
            rows = record.get(item.python)
            if item.many and item.record is not None and rows and kept.layout is not None:
                inner = kept.layout.nested(item)
                if inner is not None and inner.numbered is not None:
                    record[item.python] = tuple(
                        row if row.get(inner.numbered) is not None else {**inner.filled(row)}
                        for row in rows
                    )

    def recompute(self, kept: Kept, old: Record) -> None:
        """Work out again what follows from other records."""
        if self._depth >= _DEEPEST:
            return
        self._depth += 1
        self._settle(
            kept, key_of(kept, old), dict(old), len(self.work.guesses), old, arguments=NOTHING
        )
        self._depth -= 1

    def _settle(
        self, kept: Kept, key: Key, record: dict[str, Any], before: int, old: Record, **names: Any
    ) -> None:
        """Compute, compare with others, keep, and tell those records that depend on this one."""
        work = self.work
        work.apply(kept, record, kept.behavior.compute, old=old, **names)
        self._unique(kept, key, record, old)
        work.remember(record, before)
        work.state.put(kept.name, key, record)
        self._touch(kept, record, old)

    def _unique(self, kept: Kept, key: Key, record: Record, old: Record) -> None:
        for rule in kept.behavior.unique:
            value = record.get(rule.field)
            if value is None or (value == old.get(rule.field) and old is not NOTHING):
                continue
            for other in self.work.state.collection(kept.name).equal(**{rule.field: value}):
                if key_of(kept, other) != key and not self.work.is_deleted(kept, other):
                    self.work.guess(rule.guess)
                    raise Refused(
                        "taken", code=rule.code, message=rule.message, guess=rule.guess,
                        field=rule.field, value=value, **kept.facts,
                        verb="create" if old is NOTHING else "update",
                    )  # fmt: skip

    def _touch(self, kept: Kept, record: Record, old: Record) -> None:
        work = self.work
        for resource, expression in kept.behavior.touches:
            other = work.resources[resource]
            for key in _each(expression(work.scope(record, old=old))):
                held = work.state.get(resource, key)
                if held is not None:
                    self.recompute(other, held)

    # removing

    def delete(self, kept: Kept, old: Record) -> None:
        """Delete a record: to where deleted ones are kept, or for good."""
        if kept.behavior.delete:
            self.change(kept, old, NOTHING, kept.behavior.delete, verb="delete")
            return
        self.refuse(kept, "delete", old, old=old, arguments=NOTHING)
        self.work.state.remove(kept.name, key_of(kept, old))
        self._touch(kept, old, old)

    # checks

    def references(self, kept: Kept, layout: Layout | None, values: Mapping[str, Any]) -> None:
        """Refuse values that refer to nothing, or to what is deleted."""
        for name, value in values.items():
            item = layout.fields.get(name) if layout is not None else None
            if item is None or layout is None or value is None:
                continue
            if item.record is not None:
                inner = layout.nested(item)
                for row in value if item.many else (value,):
                    self.references(kept, inner, row)
            elif item.ref is not None:
                for one in value if item.many else (value,):
                    self.refer(kept, item, one)

    def refer(self, kept: Kept, item: Field, key: Key) -> None:
        """Refuse an id that names nothing that the caller sees."""
        work = self.work
        rule = kept.behavior.references.get(item.python)
        refused: Refused | None = None
        for resource in rule.to if rule is not None else (item.ref or "",):
            other = work.resources[resource]
            facts: dict[str, Any] = {"field": wire(item), "value": key, **other.facts}
            record = work.state.get(resource, key)
            if record is None or not work.sees(other, record):
                if rule is not None and (rule.code or rule.message):
                    facts.update(code=rule.code, message=rule.message, guess=rule.guess)
                refused = refused or Refused("not_found", **facts)
            elif not work.is_deleted(other, record):
                return
            else:
                refused = Refused("deleted", **facts)
        if refused is not None:
            work.guess(refused.guess)
            raise refused

    def refuse(self, kept: Kept, verb: str, record: Record, **names: Any) -> None:
        """Refuse what the rules of the resource do not allow."""
        self.refuse_by(kept, kept.behavior.refusals, verb, record, **names)

    def refuse_by(
        self, kept: Kept, refusals: tuple[Refusal, ...], verb: str, record: Record, **names: Any
    ) -> None:
        for refusal in refusals:
            if refusal.verbs and verb not in refusal.verbs:
                continue
            if refusal.when(self.work.scope(record, **names)):
                self.work.guess(refusal.guess)
                raise Refused(
                    refusal.situation, code=refusal.code, message=refusal.message,
                    guess=refusal.guess, field=refusal.field, reason=refusal.reason or "",
                    verb=verb, **kept.facts,
                )  # fmt: skip

    # numbers

    def _number(self, kept: Kept, record: dict[str, Any]) -> None:
        """Give the rows of lists their numbers, where the service numbers them."""
        layout = kept.layout
        for item in layout.fields.values() if layout is not None else ():
            rows = record.get(item.python)
            if not rows or not item.many or item.record is None or layout is None:
                continue
            inner = layout.nested(item)
            if inner is None or inner.numbered is None:
                continue
            if all(row.get(inner.numbered) is not None for row in rows):
                continue
            series = series_of(kept, item.python)
            record[item.python] = tuple(
                (
                    row
                    if row.get(inner.numbered) is not None
                    else {**row, inner.numbered: self.work.state.next_number(series)}
                )
                for row in rows
            )


def series_of(kept: Kept, field: str) -> str:
    """The number series of the rows of a list."""
    return f"{kept.name}.{field}"


def _left_out(values: Mapping[str, Any]) -> Any:
    def wanted(setting: Setting) -> bool:
        return values.get(setting.path[0]) is None or len(setting.path) > 1

    return wanted


def key_of(kept: Kept, record: Record) -> Key:
    """What a record is kept under."""
    key = record.get(kept.key or KEYLESS)
    assert isinstance(key, (int, str))
    return key


def wire(item: Field) -> str:
    """What a message calls a field."""
    return item.attribute or (item.path[-1] if item.path else item.name)


def _each(value: Any) -> Iterable[Key]:
    if value is None:
        return ()
    if isinstance(value, (list, tuple)):
        return dict.fromkeys(key for key in value if key is not None)
    return (value,)
