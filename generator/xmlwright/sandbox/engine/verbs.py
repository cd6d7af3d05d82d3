"""Do what a method is for: the five standard verbs, and actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...behavior.rules import MethodBehavior
from ...ir import Api, Method, Ref
from .context import NOTHING, CallContext
from .effects import EffectRunner
from .failures import CallRefusedError
from .listing import Lister
from .pdf import draw
from .record_store import RecordStore, key_of, wire
from .resources import GUESSES, ResourceRuntime
from .responses import Hide
from .state import Record
from .timing import advance

PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a method answers."""

    value: Any = None
    hide: Hide = frozenset()
    padded: bool = False


class MethodDispatcher:
    """The methods of an API, for one call."""

    def __init__(self, api: Api, context: CallContext) -> None:
        self._api = api
        self.context = context
        self.store = RecordStore(context)
        self.effects = EffectRunner(
            context, self.store, lambda resource, record: draw(resource, record, context.now)
        )

    def run(
        self, resource: ResourceRuntime, method: Method, arguments: Mapping[str, Any]
    ) -> Outcome:
        """Do one method. Raises :class:`Refused` where the service would not."""
        acting = resource.behavior.methods.get(method.verb) or MethodBehavior()
        kind = acting.allow.get(self.context.person.kind)
        if kind is not None and not kind(self.context.scope(NOTHING, arguments=arguments)):
            raise CallRefusedError("permission", **resource.facts)
        if method.kind == "action":
            self._known(resource, method, arguments)
        if method.kind == "create":
            return self._create(resource, method, acting, arguments)
        if method.kind == "list":
            return self._list(resource, method, acting, arguments)
        return self._one(resource, method, acting, arguments)

    def _known(
        self, resource: ResourceRuntime, method: Method, arguments: Mapping[str, Any]
    ) -> None:
        """Refuse ids that name nothing, of an action's arguments."""
        for item in method.arguments:
            value = arguments.get(item.python)
            if item.ref is not None and value is not None and item.python != resource.key:
                for one in value if item.many else (value,):
                    self.store.refer(resource, item, one)

    def _create(
        self,
        resource: ResourceRuntime,
        method: Method,
        acting: MethodBehavior,
        arguments: Mapping[str, Any],
    ) -> Outcome:
        self.store.refuse_by(resource, acting.refusals, method.verb, arguments, arguments=arguments)
        if not acting.keeps:
            record: Record = arguments
            self.effects.run(
                resource, {**arguments, ".key": 0}, acting.effects, arguments=arguments
            )
        else:
            record = self.effects.create(resource, self._fields(resource, arguments), arguments)
            self._due(resource, record)
        if acting.answer is None and method.response.value == "id":
            return Outcome(key_of(resource, record), padded=self._padded(resource))
        return self._answer(resource, method, acting, record, arguments)

    def _one(
        self,
        resource: ResourceRuntime,
        method: Method,
        acting: MethodBehavior,
        arguments: Mapping[str, Any],
    ) -> Outcome:
        """Perform a method for one record, or for none."""
        record = self._target(resource, method, acting, arguments)
        if record is None:
            scope_of: Record = NOTHING
            self.store.refuse_by(
                resource, acting.refusals, method.verb, scope_of, arguments=arguments
            )
            self._effects(resource, method, acting, scope_of, arguments)
            return self._answer(resource, method, acting, scope_of, arguments)
        self.store.refuse_by(resource, acting.refusals, method.verb, record, arguments=arguments)
        if method.kind == "update":
            values = self._fields(resource, arguments)
            values.pop(resource.key or "", None)
            record = self.store.change(resource, record, values, acting.settings)
        elif acting.settings:
            record = self.store.change(
                resource, record, NOTHING, acting.settings, method.verb, arguments=arguments
            )
        old = record
        if method.kind == "delete":
            self.store.delete(resource, record)
        record = self._effects(resource, method, acting, record, arguments)
        if method.kind != "get":
            self.effects.announce(resource, method.verb, old)
            self._due(resource, record)
        if method.response.value == "id":
            return Outcome(key_of(resource, record), padded=self._padded(resource))
        return self._answer(resource, method, acting, record, arguments)

    def _due(self, resource: ResourceRuntime, record: Record) -> None:
        """Process what is already due for a record."""
        for rule in resource.behavior.timed:
            advance(self.effects, self.store, resource, rule, key_of(resource, record))

    def _effects(
        self,
        resource: ResourceRuntime,
        method: Method,
        acting: MethodBehavior,
        record: Record,
        arguments: Mapping[str, Any],
    ) -> Record:
        if not acting.effects:
            return record
        if record is NOTHING:
            self.effects.run(resource, {".key": 0}, acting.effects, arguments=arguments)
            return record
        return self.effects.run(resource, record, acting.effects, arguments=arguments)

    def _list(
        self,
        resource: ResourceRuntime,
        method: Method,
        acting: MethodBehavior,
        arguments: Mapping[str, Any],
    ) -> Outcome:
        lister = Lister(self._api, self.context)
        if acting.each is not None:
            found = list(acting.each(self.context.scope(NOTHING, arguments=arguments)) or ())
            listed = lister.page_of(found, method, acting, arguments)
        else:
            listed = lister.rows(resource, method, acting, arguments)
        for row in listed.rows:
            self.context.guesses.update(dict.fromkeys(row.get(GUESSES, ())))
        tree = acting.tree is not None and arguments.get(acting.tree[0], ...) is None
        return Outcome(listed, self._hidden(resource, tree=tree))

    # the record that a call is about

    def _target(
        self,
        resource: ResourceRuntime,
        method: Method,
        acting: MethodBehavior,
        arguments: Mapping[str, Any],
    ) -> Record | None:
        if resource.key is None or resource.identity is None or arguments.get(resource.key) is None:
            return None
        if resource.key not in method.positional:
            return None
        key = arguments[resource.key]
        field = wire(resource.identity)
        record = self.context.state.get(resource.name, key)
        if record is None and resource.identity.ref is not None:
            self.store.refer(resource, resource.identity, key)
        if record is None or not self.context.sees(resource, record):
            raise CallRefusedError("not_found", field=field, value=key, **resource.facts)
        if not acting.finds_deleted and self.context.is_deleted(resource, record):
            raise CallRefusedError("deleted", field=field, value=key, **resource.facts)
        return record

    @staticmethod
    def _fields(resource: ResourceRuntime, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments that are fields of the record."""
        layout = resource.layout
        return {
            name: value
            for name, value in arguments.items()
            if layout is not None and name in layout.fields
        }

    # answers

    def _answer(
        self,
        resource: ResourceRuntime,
        method: Method,
        acting: MethodBehavior,
        record: Record,
        arguments: Mapping[str, Any],
    ) -> Outcome:
        kind = method.response.value
        if kind == "none":
            return Outcome()
        self.context.guesses.update(dict.fromkeys(record.get(GUESSES, ())))
        if acting.answer is not None:
            opened = [{"account": one.account, "token": one.token, "secret": one.secret}
                      for one in self.context.opened]  # fmt: skip
            names = {"arguments": arguments, "opened": opened[-1] if opened else NOTHING}
            value = self.context.value(acting.answer, self.context.scope(record, **names))
            return Outcome(value, self._hidden(resource))
        if kind == "binary":
            return Outcome(self._file(resource, method, record))
        if kind in ("page", "list"):
            return Outcome(self._scalars(resource, method))
        if method.response.record == self._main(resource):
            return Outcome(record, self._hidden(resource))
        self.context.guess(f"what {method.name} answers is not described")
        ref = method.response.record
        known = {**record, **arguments}
        fields = self._api.records[ref].fields if ref is not None else ()
        told = {item.python: known.get(item.python) for item in fields}
        return Outcome({name: value for name, value in told.items() if value is not None})

    @staticmethod
    def _main(resource: ResourceRuntime) -> Ref | None:
        record = resource.layout.record if resource.layout is not None else None
        return Ref(record.module, record.name) if record is not None else None

    def _scalars(self, resource: ResourceRuntime, method: Method) -> list[Any]:
        """Return the values of one field of all records, where the response is a list of such."""
        records = list(self.context.state.collection(resource.name).records.values())
        if method.response.record is not None:
            return records if method.response.record == self._main(resource) else []
        layout = resource.layout
        name = method.response.item
        field = layout.fields.get(name) if layout is not None else None
        python = field.python if field is not None else resource.key
        return [value for row in records if (value := row.get(python or "")) is not None]

    def _file(self, resource: ResourceRuntime, method: Method, record: Record) -> Mapping[str, Any]:
        """Return the file that a record holds, or one that shows it."""
        for item in resource.layout.fields.values() if resource.layout is not None else ():
            held = record.get(item.python)
            if item.write == "binary" and isinstance(held, Mapping):
                return held
        if not method.response.media or PDF in method.response.media:
            return {
                "name": f"{resource.name}.pdf",
                "media": PDF,
                "data": draw(resource, record, self.context.now),
            }
        self.context.guess(f"what {method.name} draws is not described")
        text = f"{resource.facts['Resource']} {record.get(resource.key or '', '')}".strip()
        return {"name": resource.name, "media": method.response.media[0], "data": text.encode()}

    def _hidden(self, resource: ResourceRuntime, *, tree: bool = False) -> Hide:
        shown = resource.behavior.returned_if
        if not shown:
            return frozenset()
        scope = self.context.scope(NOTHING, tree=tree)
        return frozenset(path[0] for path, condition in shown.items() if not condition(scope))

    @staticmethod
    def _padded(resource: ResourceRuntime) -> bool:
        return resource.key is not None and resource.key in resource.behavior.padded
