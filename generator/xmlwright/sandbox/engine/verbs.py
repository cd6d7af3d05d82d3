"""Do what a method is for: the five standard verbs, and actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...behavior.rules import MethodBehavior
from ...cases.tables import Tables
from ...ir import Api, Method, Ref
from ..binding.refusals import CallRefusedError
from .context import NOTHING, CallContext
from .conventional import ConventionalMethods
from .conventions import Operation
from .effects import EffectRunner
from .examples import scopes_of
from .listing import Lister
from .pdf import draw
from .record_store import RecordStore, key_of, wire
from .record_writer import Hide
from .resources import GUESSES, ResourceRuntime
from .responses import ListResult
from .state import Record
from .timing import advance

PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a method returns."""

    value: Any = None
    hide: Hide = frozenset()
    padded: bool = False


class MethodDispatcher:
    """The methods of an API, for one call."""

    def __init__(self, api: Api, context: CallContext, tables: Tables) -> None:
        self._api = api
        self._tables = tables
        self.context = context
        self._examples = context.resources.examples
        self.store = RecordStore(context)
        self.effects = EffectRunner(
            context, self.store, lambda resource, record: draw(resource, record, context.now)
        )

    def run(
        self, resource: ResourceRuntime, method: Method, arguments: Mapping[str, Any]
    ) -> Outcome:
        """Do one method. Raises :class:`CallRefusedError` where the service would refuse it."""
        behavior = resource.behavior.methods.get(method.verb) or MethodBehavior()
        kind = behavior.allow.get(self.context.person.kind)
        if kind is not None and not kind(self.context.scope(NOTHING, arguments=arguments)):
            raise CallRefusedError("permission", **resource.facts)
        operation = self.context.resources.conventions.of(method)
        if operation is not None:
            return self._conventional(operation, resource, method, behavior, arguments)
        resource = self._kept_by(resource, method)
        scopes = scopes_of(method, resource.key, arguments)
        self._parents(resource, method, scopes)
        if method.kind == "action":
            self._known(resource, method, arguments)
        if method.kind == "create":
            return self._create(resource, method, behavior, arguments, scopes)
        if method.kind == "list":
            return self._list(resource, method, behavior, arguments, scopes)
        return self._one(resource, method, behavior, arguments, scopes)

    def _conventional(
        self,
        operation: Operation,
        resource: ResourceRuntime,
        method: Method,
        behavior: MethodBehavior,
        arguments: Mapping[str, Any],
    ) -> Outcome:
        """Do what a method does by its name."""
        value = ConventionalMethods(self._api, self.context).run(operation, method, arguments)
        if method.response.value == "none":
            return Outcome()
        if method.response.value == "page":
            lister = Lister(self._tables, self.context)
            return Outcome(lister.page_of(resource, list(value), method, behavior, arguments))
        return Outcome(value)

    def _kept_by(self, resource: ResourceRuntime, method: Method) -> ResourceRuntime:
        """Return what keeps the records of a method: the resource, or the records of another type in it."""
        ref, main = method.response.record, resource.ref
        others = [one for one in resource.module.records[1:] if one.identity is not None]
        if ref is not None and ref != main and method.kind != "action":
            found = next((one for one in others if Ref(one.module, one.name) == ref), None)
            if found is not None and not any(item.record == main for item in found.fields):
                return self.context.resources.of_record(resource, found.name)
        if ref is None and method.kind in ("delete", "update") and method.positional:
            last = method.positional[-1]
            named = [one for one in others if one.identity == last]
            if last != resource.key and len(named) == 1:
                return self.context.resources.of_record(resource, named[0].name)
        return resource

    def _parents(
        self, resource: ResourceRuntime, method: Method, scopes: Mapping[str, Any]
    ) -> None:
        """Refuse a path that names a record that is not there."""
        for item in method.arguments:
            value = scopes.get(item.python)
            parent = None if value is None else self.context.resources.parent_of(item, resource)
            if parent is None or not any(one.kind == "create" for one in parent.module.methods):
                continue
            if self.context.state.get(
                parent.name, value
            ) is None and not self.context.state.collection(parent.name).equal(
                **{parent.key or "": value}
            ):
                raise CallRefusedError("not_found", field=wire(item), value=value, **parent.facts)

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
        behavior: MethodBehavior,
        arguments: Mapping[str, Any],
        scopes: Mapping[str, Any],
    ) -> Outcome:
        self.store.refuse_by(
            resource, behavior.refusals, method.verb, arguments, arguments=arguments
        )
        if not behavior.keeps:
            record: Record = arguments
            self.effects.run(
                resource, {**arguments, ".key": 0}, behavior.effects, arguments=arguments
            )
        else:
            record = self.effects.create(
                resource, self._fields(resource, arguments), arguments, scopes
            )
            self._due(resource, record)
        if behavior.response is None and method.response.value == "id":
            return Outcome(key_of(resource, record), padded=self._padded(resource))
        return self._answer(resource, method, behavior, record, arguments)

    def _one(
        self,
        resource: ResourceRuntime,
        method: Method,
        behavior: MethodBehavior,
        arguments: Mapping[str, Any],
        scopes: Mapping[str, Any],
    ) -> Outcome:
        """Perform a method for one record, or for none."""
        record = self._target(resource, method, behavior, arguments, scopes)
        if record is None and method.kind == "update" and scopes and resource.identity is None:
            return self._create(resource, method, behavior, arguments, scopes)
        if record is None:
            scope_of: Record = NOTHING
            self.store.refuse_by(
                resource, behavior.refusals, method.verb, scope_of, arguments=arguments
            )
            self._effects(resource, method, behavior, scope_of, arguments)
            return self._answer(resource, method, behavior, scope_of, arguments)
        self.store.refuse_by(resource, behavior.refusals, method.verb, record, arguments=arguments)
        if method.kind == "update":
            values = self._fields(resource, arguments)
            values.pop(resource.key or "", None)
            record = self.store.change(resource, record, values, behavior.settings)
        elif behavior.settings:
            record = self.store.change(
                resource, record, NOTHING, behavior.settings, method.verb, arguments=arguments
            )
        old = record
        if method.kind == "delete":
            self.store.delete(resource, record)
        record = self._effects(resource, method, behavior, record, arguments)
        if method.kind != "get":
            self.effects.announce(resource, method.verb, old)
            self._due(resource, record)
        if method.response.value == "id":
            return Outcome(key_of(resource, record), padded=self._padded(resource))
        return self._answer(resource, method, behavior, record, arguments)

    def _due(self, resource: ResourceRuntime, record: Record) -> None:
        """Process what is already due for a record."""
        for rule in resource.behavior.timed:
            advance(self.effects, self.store, resource, rule, key_of(resource, record))

    def _effects(
        self,
        resource: ResourceRuntime,
        method: Method,
        behavior: MethodBehavior,
        record: Record,
        arguments: Mapping[str, Any],
    ) -> Record:
        if not behavior.effects:
            return record
        if record is NOTHING:
            self.effects.run(resource, {".key": 0}, behavior.effects, arguments=arguments)
            return record
        return self.effects.run(resource, record, behavior.effects, arguments=arguments)

    def _list(
        self,
        resource: ResourceRuntime,
        method: Method,
        behavior: MethodBehavior,
        arguments: Mapping[str, Any],
        scopes: Mapping[str, Any],
    ) -> Outcome:
        self.store.refuse_by(resource, behavior.refusals, method.verb, NOTHING, arguments=arguments)
        lister = Lister(self._tables, self.context)
        if behavior.each is not None:
            found = list(behavior.each(self.context.scope(NOTHING, arguments=arguments)) or ())
            listed = lister.page_of(resource, found, method, behavior, arguments)
        elif method.response.record is not None and method.response.record != resource.ref:
            listed = self._others(lister, resource, method, behavior, arguments, scopes)
        else:
            listed = lister.rows(resource, method, behavior, arguments, scopes)
        for row in listed.rows:
            self.context.guesses.update(dict.fromkeys(row.get(GUESSES, ())))
        tree = behavior.tree is not None and arguments.get(behavior.tree[0], ...) is None
        return Outcome(listed, self._hidden(resource, tree=tree))

    # the record that a call is about

    def _target(
        self,
        resource: ResourceRuntime,
        method: Method,
        behavior: MethodBehavior,
        arguments: Mapping[str, Any],
        scopes: Mapping[str, Any],
    ) -> Record | None:
        if resource.identity is None or resource.key not in method.positional:
            return self._placed(resource, method, arguments, scopes)
        key = arguments.get(resource.key or "")
        if key is None:
            return None
        field = wire(resource.identity)
        record = self._found(resource, key, scopes)
        if record is None and resource.identity.ref is not None:
            self.store.refer(resource, resource.identity, key)
        if record is None or not self.context.sees(resource, record):
            raise CallRefusedError("not_found", field=field, value=key, **resource.facts)
        if not behavior.finds_deleted and self.context.is_deleted(resource, record):
            raise CallRefusedError("deleted", field=field, value=key, **resource.facts)
        return record

    def _found(
        self, resource: ResourceRuntime, key: Any, scopes: Mapping[str, Any]
    ) -> Record | None:
        """Return the record with an identity, below what the path names."""
        record = self.context.state.get(resource.name, key)
        if not scopes:
            return record
        rows = self.context.state.collection(resource.name).equal(**{resource.key or "": key})
        return next((row for row in rows if _is_below(row, scopes)), None)

    def _placed(
        self,
        resource: ResourceRuntime,
        method: Method,
        arguments: Mapping[str, Any],
        scopes: Mapping[str, Any],
    ) -> Record | None:
        """Return the record that a path names without its identity; None for a call about no record."""
        if not scopes or method.kind not in ("get", "update", "delete"):
            return None
        rows = list(self.context.state.collection(resource.name).records.values())
        layout = resource.layout
        last = list(scopes)[-1]
        for row in rows:
            if _is_below(row, scopes) and any(name in row for name in scopes):
                return row
        if resource.identity is not None and (layout is None or last not in layout.fields):
            found = self.context.state.get(resource.name, scopes[last])
            if found is not None:
                return found
        if method.kind == "update" and resource.identity is None:
            return None
        item = next(item for item in method.arguments if item.python == last)
        raise CallRefusedError("not_found", field=wire(item), value=scopes[last], **resource.facts)

    @staticmethod
    def _fields(resource: ResourceRuntime, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments that are fields of the record, or that are in a record among the arguments."""
        layout = resource.layout
        if layout is None:
            return {}
        found: dict[str, Any] = {}
        for name, value in arguments.items():
            if name in layout.fields:
                found[name] = value
            elif isinstance(value, Mapping):
                for inner, held in value.items():
                    if inner in layout.fields:
                        found.setdefault(inner, held)
        return found

    # responses

    def _answer(
        self,
        resource: ResourceRuntime,
        method: Method,
        behavior: MethodBehavior,
        record: Record,
        arguments: Mapping[str, Any],
    ) -> Outcome:
        kind = method.response.value
        if kind == "none":
            return Outcome()
        self.context.guesses.update(dict.fromkeys(record.get(GUESSES, ())))
        if behavior.response is not None:
            opened = [{"account": one.account, "token": one.token, "secret": one.secret}
                      for one in self.context.opened]  # fmt: skip
            names = {"arguments": arguments, "opened": opened[-1] if opened else NOTHING}
            value = self.context.value(behavior.response, self.context.scope(record, **names))
            return Outcome(value, self._hidden(resource))
        if kind == "binary":
            return Outcome(self._file(resource, method, record))
        if kind in ("page", "list"):
            return Outcome(self._scalars(resource, method))
        ref = method.response.record
        if ref is None:  # one value
            value = record.get(resource.key or "") if record else None
            shown = self._examples.result(method)
            return Outcome(shown if value is None else value)
        if ref == resource.ref and record:
            return Outcome(record, self._hidden(resource))
        self.context.guess(f"what {method.name} returns is not described")
        if not self.context.resources.shows_examples(resource.module.name):
            known = {**record, **arguments}
            fields = self._api.records[ref].fields
            shown = {item.python: known.get(item.python) for item in fields}
            return Outcome({name: value for name, value in shown.items() if value is not None})
        seed = self.context.key_seed(method.name, self.context.calls)
        known_records: list[tuple[Ref | None, Mapping[str, Any]]] = (
            [(resource.ref, record)] if record else []
        )
        known_records.append((None, self._counted(resource, method)))
        return Outcome(
            self._examples.compose(ref, [*known_records, (None, arguments)], seed),
            self._hidden(resource),
        )

    def _counted(self, resource: ResourceRuntime, method: Method) -> Mapping[str, Any]:
        """Return the fields of a response that are where lists have their total."""
        total = self._tables.method(method).protocol.paging.counters.get("total")
        record = self._api.records.get(method.response.record) if method.response.record else None
        count = len(self.context.state.collection(resource.name).records)
        return {
            item.python: count
            for item in (record.fields if record is not None else ())
            if total is not None and total.source and item.location == (total.source, total.name)
        }

    def _others(
        self,
        lister: Lister,
        resource: ResourceRuntime,
        method: Method,
        behavior: MethodBehavior,
        arguments: Mapping[str, Any],
        scopes: Mapping[str, Any],
    ) -> ListResult:
        """Return a list of records that are not those of the resource."""
        other = self.context.resources.main_of(method.response.record)
        if other is not None:
            return lister.rows(other, method, behavior, arguments, scopes)
        rows = self._examples.result(method) or ()
        return lister.page_of(resource, list(rows), method, behavior, arguments)

    def _scalars(self, resource: ResourceRuntime, method: Method) -> list[Any]:
        """Return the values of one field of all records, where the response is a list of such."""
        records = list(self.context.state.collection(resource.name).records.values())
        if method.response.record is not None:
            if method.response.record == resource.ref:
                return records
            return (
                list(self._examples.result(method) or ()) if resource.behavior.methods == {} else []
            )
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


def _is_below(record: Record, scopes: Mapping[str, Any]) -> bool:
    """Return whether a record belongs to what a path names; one that does not say what it belongs to does."""
    return all(record.get(name, value) == value for name, value in scopes.items())
