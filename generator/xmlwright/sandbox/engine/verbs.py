"""Do what a method is for: the five standard verbs, and actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...ir import Api, Method, Ref
from .responses import Hide
from ...behavior.rules import Acting
from .effects import Doer
from .failures import Refused
from .record_store import Keeper, key_of, wire
from .listing import Lister
from .pdf import draw
from .resources import GUESSES, Kept
from .state import Record
from .timing import advance
from .context import NOTHING, Work

PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a method answers."""

    value: Any = None
    hide: Hide = frozenset()
    padded: bool = False


class Verbs:
    """The methods of an API, for one call."""

    def __init__(self, api: Api, work: Work) -> None:
        self._api = api
        self.work = work
        self.keeper = Keeper(work)
        self.doer = Doer(work, self.keeper, lambda kept, record: draw(kept, record, work.now))

    def run(self, kept: Kept, method: Method, arguments: Mapping[str, Any]) -> Outcome:
        """Do one method. Raises :class:`Refused` where the service would not."""
        acting = kept.behavior.methods.get(method.verb) or Acting()
        kind = acting.allow.get(self.work.person.kind)
        if kind is not None and not kind(self.work.scope(NOTHING, arguments=arguments)):
            raise Refused("permission", **kept.facts)
        if method.kind == "action":
            self._known(kept, method, arguments)
        if method.kind == "create":
            return self._create(kept, method, acting, arguments)
        if method.kind == "list":
            return self._list(kept, method, acting, arguments)
        return self._one(kept, method, acting, arguments)

    def _known(self, kept: Kept, method: Method, arguments: Mapping[str, Any]) -> None:
        """Refuse ids that name nothing, of an action's arguments."""
        for item in method.arguments:
            value = arguments.get(item.python)
            if item.ref is not None and value is not None and item.python != kept.key:
                for one in value if item.many else (value,):
                    self.keeper.refer(kept, item, one)

    def _create(
        self, kept: Kept, method: Method, acting: Acting, arguments: Mapping[str, Any]
    ) -> Outcome:
        self.keeper.refuse_by(kept, acting.refusals, method.verb, arguments, arguments=arguments)
        if not acting.keeps:
            record: Record = arguments
            self.doer.do(kept, {**arguments, ".key": 0}, acting.effects, arguments=arguments)
        else:
            record = self.doer.create(kept, self._fields(kept, arguments), arguments)
            self._due(kept, record)
        if acting.answer is None and method.answer.value == "id":
            return Outcome(key_of(kept, record), padded=self._padded(kept))
        return self._answer(kept, method, acting, record, arguments)

    def _one(
        self, kept: Kept, method: Method, acting: Acting, arguments: Mapping[str, Any]
    ) -> Outcome:
        """Everything that is about one record, or about none."""
        record = self._target(kept, method, acting, arguments)
        if record is None:
            scope_of: Record = NOTHING
            self.keeper.refuse_by(kept, acting.refusals, method.verb, scope_of, arguments=arguments)
            self._effects(kept, method, acting, scope_of, arguments)
            return self._answer(kept, method, acting, scope_of, arguments)
        self.keeper.refuse_by(kept, acting.refusals, method.verb, record, arguments=arguments)
        if method.kind == "update":
            values = self._fields(kept, arguments)
            values.pop(kept.key or "", None)
            record = self.keeper.change(kept, record, values, acting.settings)
        elif acting.settings:
            record = self.keeper.change(
                kept, record, NOTHING, acting.settings, method.verb, arguments=arguments
            )
        old = record
        if method.kind == "delete":
            self.keeper.delete(kept, record)
        record = self._effects(kept, method, acting, record, arguments)
        if method.kind != "get":
            self.doer.announce(kept, method.verb, old)
            self._due(kept, record)
        if method.answer.value == "id":
            return Outcome(key_of(kept, record), padded=self._padded(kept))
        return self._answer(kept, method, acting, record, arguments)

    def _due(self, kept: Kept, record: Record) -> None:
        """What has come due of a record is done at once."""
        for rule in kept.behavior.timed:
            advance(self.doer, self.keeper, kept, rule, key_of(kept, record))

    def _effects(
        self,
        kept: Kept,
        method: Method,
        acting: Acting,
        record: Record,
        arguments: Mapping[str, Any],
    ) -> Record:
        if not acting.effects:
            return record
        if record is NOTHING:
            self.doer.do(kept, {".key": 0}, acting.effects, arguments=arguments)
            return record
        return self.doer.do(kept, record, acting.effects, arguments=arguments)

    def _list(
        self, kept: Kept, method: Method, acting: Acting, arguments: Mapping[str, Any]
    ) -> Outcome:
        lister = Lister(self._api, self.work)
        if acting.each is not None:
            found = list(acting.each(self.work.scope(NOTHING, arguments=arguments)) or ())
            listed = lister.page_of(found, method, acting, arguments)
        else:
            listed = lister.rows(kept, method, acting, arguments)
        for row in listed.rows:
            self.work.guesses.update(dict.fromkeys(row.get(GUESSES, ())))
        tree = acting.tree is not None and arguments.get(acting.tree[0], ...) is None
        return Outcome(listed, self._hidden(kept, tree=tree))

    # the record that a call is about

    def _target(
        self, kept: Kept, method: Method, acting: Acting, arguments: Mapping[str, Any]
    ) -> Record | None:
        if kept.key is None or kept.identity is None or arguments.get(kept.key) is None:
            return None
        if kept.key not in method.positional:
            return None
        key = arguments[kept.key]
        field = wire(kept.identity)
        record = self.work.state.get(kept.name, key)
        if record is None and kept.identity.ref is not None:
            self.keeper.refer(kept, kept.identity, key)
        if record is None or not self.work.sees(kept, record):
            raise Refused("not_found", field=field, value=key, **kept.facts)
        if not acting.finds_deleted and self.work.is_deleted(kept, record):
            raise Refused("deleted", field=field, value=key, **kept.facts)
        return record

    @staticmethod
    def _fields(kept: Kept, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments that are fields of the record."""
        layout = kept.layout
        return {
            name: value
            for name, value in arguments.items()
            if layout is not None and name in layout.fields
        }

    # answers

    def _answer(
        self,
        kept: Kept,
        method: Method,
        acting: Acting,
        record: Record,
        arguments: Mapping[str, Any],
    ) -> Outcome:
        kind = method.answer.value
        if kind == "none":
            return Outcome()
        self.work.guesses.update(dict.fromkeys(record.get(GUESSES, ())))
        if acting.answer is not None:
            opened = [{"account": one.account, "token": one.token, "secret": one.secret}
                      for one in self.work.opened]  # fmt: skip
            names = {"arguments": arguments, "opened": opened[-1] if opened else NOTHING}
            value = self.work.value(acting.answer, self.work.scope(record, **names))
            return Outcome(value, self._hidden(kept))
        if kind == "binary":
            return Outcome(self._file(kept, method, record))
        if kind in ("page", "list"):
            return Outcome(self._scalars(kept, method))
        if method.answer.record == self._main(kept):
            return Outcome(record, self._hidden(kept))
        self.work.guess(f"what {method.name} answers is not described")
        ref = method.answer.record
        known = {**record, **arguments}
        fields = self._api.records[ref].fields if ref is not None else ()
        told = {item.python: known.get(item.python) for item in fields}
        return Outcome({name: value for name, value in told.items() if value is not None})

    @staticmethod
    def _main(kept: Kept) -> Ref | None:
        record = kept.layout.record if kept.layout is not None else None
        return Ref(record.module, record.name) if record is not None else None

    def _scalars(self, kept: Kept, method: Method) -> list[Any]:
        """The values of one field of all records, where the answer is a list of such."""
        records = list(self.work.state.collection(kept.name).records.values())
        if method.answer.record is not None:
            return records if method.answer.record == self._main(kept) else []
        layout = kept.layout
        name = method.answer.item
        field = layout.fields.get(name) if layout is not None else None
        python = field.python if field is not None else kept.key
        return [value for row in records if (value := row.get(python or "")) is not None]

    def _file(self, kept: Kept, method: Method, record: Record) -> Mapping[str, Any]:
        """The file that a record holds, or one that shows it."""
        for item in kept.layout.fields.values() if kept.layout is not None else ():
            held = record.get(item.python)
            if item.write == "binary" and isinstance(held, Mapping):
                return held
        if not method.answer.media or PDF in method.answer.media:
            return {
                "name": f"{kept.name}.pdf",
                "media": PDF,
                "data": draw(kept, record, self.work.now),
            }
        self.work.guess(f"what {method.name} draws is not described")
        text = f"{kept.facts['Resource']} {record.get(kept.key or '', '')}".strip()
        return {"name": kept.name, "media": method.answer.media[0], "data": text.encode()}

    def _hidden(self, kept: Kept, *, tree: bool = False) -> Hide:
        shown = kept.behavior.shown
        if not shown:
            return frozenset()
        scope = self.work.scope(NOTHING, tree=tree)
        return frozenset(path[0] for path, condition in shown.items() if not condition(scope))

    @staticmethod
    def _padded(kept: Kept) -> bool:
        return kept.key is not None and kept.key in kept.behavior.padded
