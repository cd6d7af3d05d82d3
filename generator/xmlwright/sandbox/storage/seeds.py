"""Records from outside: what cases show, what a file or a mapping says, what was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ...cases.values import plain_value
from ...diagnostics import nearest
from ...ir import Case, Field, Method, PageValue, RecordValue, Ref
from ..engine.context import SETTINGS
from ..engine.conventional import case_records
from ..engine.examples import case_arguments, scopes_of
from ..engine.record_store import KEYLESS, scoped_key
from ..engine.resources import Layout, ResourceRuntime, Resources
from ..engine.state import Record

if TYPE_CHECKING:
    from ..engine.engine import Engine
    from ..engine.exchange import Effects
    from .replay import RecordedState


def apply(
    engine: Engine, account: str, records: Mapping[str, Any], *, replace: bool = False
) -> Effects:
    """Put records into an account as they are: ``{resource: [record, ...]}``, values as in the results of cases.

    What a record leaves out becomes what a new one has; what it brings is not worked out again until the next write.
    ``replace`` empties the named resources first. ``.account`` is a mapping of what is particular to the account, such as
    its currency. Raises ValueError, with the place, for what does not fit the description.
    """
    found: dict[str, list[Record]] = {}
    settings: Record = {}
    for name, rows in records.items():
        if name == SETTINGS:
            settings = _settings(engine, rows)
            continue
        if name not in engine.resources:
            raise ValueError(
                _unknown("resource", name, (resource.name for resource in engine.resources))
            )
        if not isinstance(rows, list):
            raise ValueError(f"{name}: should be a list of records")
        resource = engine.resources[name]
        found[name] = [
            decode(engine.resources, resource, row, f"{name}[{index}]")
            for index, row in enumerate(rows)
        ]
    return engine.seed_records(account, found, replace=replace, settings=settings)


def _settings(engine: Engine, given: Any) -> Record:
    """Return account settings that override those of the description."""
    known = engine.behaviors.settings
    if not isinstance(given, Mapping):
        raise ValueError(f"{SETTINGS}: should be a mapping of settings")
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"{SETTINGS}: {_unknown('setting', name, known)}")
        if not isinstance(value, type(known[name])):
            raise ValueError(f"{SETTINGS}.{name}: should be like {known[name]!r}, not {value!r}")
    return dict(given)


def recorded(engine: Engine, account: str, given: RecordedState) -> Effects:
    """Add the records of a recording, and delete those that it deleted."""
    found = {
        resource: [
            decode(engine.resources, engine.resources[resource], row, resource) for row in rows
        ]
        for resource, rows in given.records.items()
        if resource in engine.resources
    }
    engine.seed_records(account, found)
    return engine.delete_records(account, given.deleted)


def from_cases(engine: Engine, account: str) -> Effects:
    """Add each record in the results of cases once, with placeholders for records they refer to."""
    records = CaseRecords(engine.resources).records()
    for collection, rows in case_records(engine.api, engine.resources).items():
        records[collection] = rows
    return engine.seed_records(account, records)


# values


def decode(resources: Resources, resource: ResourceRuntime, row: Any, where: str) -> Record:
    """Return a record from plain values or texts. Raises ValueError."""
    if resource.layout is None:
        raise ValueError(f"{where}: {resource.name} keeps no records")
    hidden = {path[0] for path in resource.behavior.hidden if len(path) == 1}
    return _record(resources, resource.layout, row, where, hidden)


def _record(
    resources: Resources, layout: Layout, row: Any, where: str, hidden: Iterable[str] = ()
) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise ValueError(f"{where}: should be a record, not {row!r}"[:200])
    found: dict[str, Any] = {}
    for name, value in row.items():
        item = layout.fields.get(name)
        place = f"{where}.{name}"
        if item is not None:
            found[name] = _value(resources, layout, item, value, place)
        elif name in hidden:
            found[name] = tuple(value) if isinstance(value, list) else value
        else:
            raise ValueError(f"{where}: {_unknown('field', name, [*layout.fields, *hidden])}")
    return found


def _value(resources: Resources, layout: Layout, item: Field, value: Any, where: str) -> Any:
    if item.many:
        if value is None:
            return ()
        if not isinstance(value, list):
            raise ValueError(f"{where}: should be a list")
        return tuple(
            _one(resources, layout, item, inner, f"{where}[{index}]")
            for index, inner in enumerate(value)
        )
    return None if value is None else _one(resources, layout, item, value, where)


def _one(resources: Resources, layout: Layout, item: Field, value: Any, where: str) -> Any:
    if item.record is not None:
        inner = layout.nested(item)
        assert inner is not None
        return _record(resources, inner, value, where)
    scalar = item.read or item.write or "text"
    if scalar == "binary":
        return _file(value, where)
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, (str, int)):
        text = str(value)
    else:
        raise ValueError(f"{where}: {value!r} is no value of a {scalar}; write it as text"[:200])
    if item.enum is not None or scalar in ("text", "uri"):
        return text
    if scalar == "flag":
        if text not in ("true", "false", "1", "0"):
            raise ValueError(f"{where}: should be true or false, not {text!r}")
        return text in ("true", "1")
    codec = resources.codec(item)
    try:
        return codec.read(text)
    except ValueError as error:
        raise ValueError(f"{where}: should be {error}, not {text!r}"[:200]) from None


def _file(value: Any, where: str) -> Record:
    if isinstance(value, Mapping) and {"media", "text"} <= set(value):
        name, media = str(value.get("name", "file")), str(value["media"])
        return {"name": name, "media": media, "data": str(value["text"]).encode()}
    raise ValueError(f"{where}: should be a file: {{name, media, text}}")


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f"there is no {what} {name!r}" + (f"; did you mean {near!r}?" if near else "")


# cases


class CaseRecords:
    """The records that the cases of a description show."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def records(self) -> dict[str, list[Record]]:
        """Return the records by resource; the record of a get goes before those in lists."""
        found: dict[str, dict[Any, Record]] = {}
        for resource in self._resources:
            own = found.setdefault(resource.name, {})
            for kind in ("get", ""):
                for keeper, row in self._rows(resource, kind):
                    # A row without an identity is identified by all of its values.
                    key = row.get(KEYLESS) or (
                        row.get(keeper.key) if keeper.key is not None else repr(row)
                    )
                    if key is not None:
                        found.setdefault(keeper.name, {}).setdefault(key, row)
            if self._resources.shows_examples(resource.name):
                self._named(resource, own)
            for key in self._deleted(resource):
                values = {s.path[0]: _constant(s.rule.value.text) for s in resource.behavior.delete}
                own.setdefault(key, {**values, resource.key or "": key})
        self._referred(found)
        return {name: list(rows.values()) for name, rows in found.items() if rows}

    def _rows(
        self, resource: ResourceRuntime, kind: str
    ) -> Iterator[tuple[ResourceRuntime, Record]]:
        """Yield the records that cases return, with what keeps each."""
        methods = {method.verb: method for method in resource.module.methods}
        for case in resource.module.cases:
            method = methods.get(case.call)
            if method is None or case.result is None or (kind and method.kind != kind):
                continue
            arguments = case_arguments(case)
            for ref, row in _kept_records(
                case.result, resource.ref if self._resources.shows_examples(resource.name) else None
            ):
                keeper = self._keeper(resource, method, ref)
                if keeper is None:
                    continue
                scopes = scopes_of(method, keeper.key, arguments)
                if method.kind == "get" and arguments.get(keeper.key or "") is not None:
                    row = {**row, keeper.key or "": arguments[keeper.key or ""]}
                if scopes and keeper.module is resource.module:
                    row = {**scopes, **row}
                    if keeper.natural and row.get(keeper.key or "") is not None:
                        row[KEYLESS] = scoped_key(scopes, row[keeper.key or ""])
                yield keeper, row

    def _named(self, resource: ResourceRuntime, own: dict[Any, Record]) -> None:
        """Add what calls of cases name and no case shows, as the cases show another one."""
        methods = {method.verb: method for method in resource.module.methods}
        shown = self._resources.examples.record(resource.ref)
        known = {row.get(resource.key or "") for row in own.values()}
        for case in resource.module.cases:
            method = methods.get(case.call)
            arguments = case_arguments(case)
            key = arguments.get(resource.key or "")
            if (
                method is None
                or method.kind == "create"
                or key is None
                or key in known
                or case.fails is not None
            ):
                continue
            known.add(key)
            scopes = scopes_of(method, resource.key, arguments)
            row = {**scopes, **shown, resource.key or "": key}
            if scopes and resource.natural:
                row[KEYLESS] = scoped_key(scopes, key)
            own.setdefault(row.get(KEYLESS, key), row)

    def _keeper(
        self, resource: ResourceRuntime, method: Method, ref: Ref | None
    ) -> ResourceRuntime | None:
        if ref is None or ref == resource.ref:
            return resource
        if (
            not self._resources.shows_examples(resource.name)
            or ref != method.response.record
            or ref.module != resource.name
        ):
            return None
        try:
            found = self._resources.of_record(resource, ref.name)
        except KeyError:
            return None
        return found if found.identity is not None else None

    def _deleted(self, resource: ResourceRuntime) -> Iterator[Any]:
        """Yield the IDs that the failures of cases call deleted."""
        if not resource.behavior.delete:
            return
        for case in resource.module.cases:
            if (
                case.fails is None
                or case.arguments is None
                or "deleted" not in case.fails["message"]
            ):
                continue
            key = case.arguments.values.get(resource.key or "")
            if isinstance(key, int):
                yield key

    def _referred(self, found: dict[str, dict[Any, Record]]) -> None:
        """Make up what records refer to and no case shows."""
        waiting = [
            (self._resources[name].layout, row)
            for name, rows in found.items()
            for row in rows.values()
        ]
        while waiting:
            layout, row = waiting.pop()
            for item in layout.fields.values() if layout is not None else ():
                value = row.get(item.python)
                if value is None or layout is None:
                    continue
                for one in value if item.many else (value,):
                    if item.record is not None:
                        waiting.append((layout.nested(item), one))
                    elif item.ref is not None and item.ref in self._resources:
                        other = self._resources[item.ref]
                        own = found.setdefault(item.ref, {})
                        if one not in own and other.key is not None and other.identity is not None:
                            own[one] = {other.key: one}


def _kept_records(value: Any, main: Ref | None) -> Iterator[tuple[Ref | None, Record]]:
    """Yield the records of a result; of a record around the main one of the resource, that one."""
    rows = value.items if isinstance(value, PageValue) else value
    for row in rows if isinstance(rows, tuple) else (rows,):
        if not isinstance(row, RecordValue):
            continue
        inside = [
            one for one in row.values.values() if isinstance(one, RecordValue) and one.ref == main
        ]
        inside += [
            one
            for many in row.values.values()
            if isinstance(many, tuple)
            for one in many
            if isinstance(one, RecordValue) and one.ref == main
        ]
        if row.ref != main and inside and main is not None:
            for one in inside:
                yield one.ref, plain_value(one)
        else:
            yield row.ref, plain_value(row)


def result_of(case: Case) -> Iterator[Record]:
    """Return the records of a case's result, as the engine keeps them."""
    rows = case.result.items if isinstance(case.result, PageValue) else case.result
    for row in rows if isinstance(rows, tuple) else (rows,):
        if isinstance(row, RecordValue):
            yield plain_value(row)


def _constant(text: str) -> str:
    return text.strip("'\" ")
