"""Do what a method does by its name: keep, show, change and remove things of one kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from ...ir import Api, Method, Ref
from ..binding.refusals import CallRefusedError
from .context import CallContext
from .conventions import Operation, is_id, naming_arguments, nested_records, same_name, same_value
from .examples import Examples, case_arguments, plain_result
from .failures import resource_facts
from .record_store import KEYLESS
from .state import Record

if TYPE_CHECKING:
    from .resources import Resources

GIVEN: Final = ".given"
"""Key of a stored record: the arguments that it was made with."""
SHOWN: Final = ".shown"
"""Key of a stored record: the response of the call that made it."""
Known = list[tuple[Ref | None, Any]]


class ConventionalMethods:
    """The methods that are called after what they do, for one call."""

    def __init__(self, api: Api, context: CallContext) -> None:
        self._api = api
        self._context = context
        self._examples = context.resources.examples

    def run(
        self,
        operation: Operation,
        method: Method,
        arguments: Mapping[str, Any],
    ) -> Any:
        """Return the value of a call; for lists, all rows.

        Raises:
            CallRefusedError: what it names is not there.
        """
        if operation.what == "create":
            made = self._create(operation, method, arguments)
            several = method.response.value in ("page", "list")
            return self._list(operation, method, {}) if several else made
        if operation.what == "list":
            return self._list(operation, method, arguments)
        record = self._named(operation, method, arguments)
        state = self._context.state
        if operation.what == "delete" and record is not None:
            state.remove(operation.collection, record[KEYLESS])
        elif operation.what == "update" and record is not None:
            record = changed(self._api, self._examples, operation, record, method, arguments)
            state.put(operation.collection, record[KEYLESS], record)
        return self._response(operation, method, record, arguments)

    def _create(self, operation: Operation, method: Method, arguments: Mapping[str, Any]) -> Any:
        context = self._context
        number = context.state.next_number(operation.collection)
        seed = context.key_seed(operation.collection, number)
        known = given_records(method, arguments)
        response: Any = None
        if method.response.record is not None:
            response = self._examples.compose(
                method.response.record, known, seed, fresh=True, now=context.now, lists=False
            )
        record = stored(self._api, self._examples, operation, method, arguments, response, seed)
        record[KEYLESS] = number
        context.state.put(operation.collection, number, record)
        if response is None and method.response.value == "id":
            return next((value for name, value in record.items() if is_id(name)), number)
        return (
            response
            if method.response.value == "record"
            else self._response(operation, method, record, arguments)
        )

    def _list(self, operation: Operation, method: Method, arguments: Mapping[str, Any]) -> Any:
        rows = list(self._context.state.collection(operation.collection).records.values())
        wanted = {
            item.python: arguments[item.python]
            for item in method.arguments
            if item.record is None and not item.many and arguments.get(item.python) is not None
        }
        rows = [
            row for row in rows if all(_fits(row, name, value) for name, value in wanted.items())
        ]
        ref = method.response.record
        if method.response.value in ("page", "list"):
            if ref is None:
                return [one for row in rows if (one := _id_of(row)) is not None]
            return [self._shown(operation, ref, row, {}) for row in rows]
        return self._response_of_rows(operation, method, rows, arguments)

    def _response_of_rows(
        self, operation: Operation, method: Method, rows: list[Record], arguments: Mapping[str, Any]
    ) -> Any:
        """Return a record that holds a list of what is kept."""
        ref = method.response.record
        if ref is None:
            return self._examples.result(method)
        found = self._examples.compose(ref, given_records(method, arguments), "", lists=False)
        for item in self._api.records[ref].fields:
            if item.many and item.record is not None:
                inner = item.record
                found[item.python] = tuple(self._shown(operation, inner, row, {}) for row in rows)
                break
            if item.many and item.readable and is_id(item.python.removesuffix("s")):
                found[item.python] = tuple(one for row in rows if (one := _id_of(row)) is not None)
                break
        return found

    def _named(
        self,
        operation: Operation,
        method: Method,
        arguments: Mapping[str, Any],
    ) -> Record | None:
        naming = naming_arguments(method, arguments)
        if not naming:
            for _, inner in given_records(method, arguments):  # the ID may be in the record itself
                if not isinstance(inner, Mapping):
                    continue
                naming = {
                    name: value
                    for name, value in inner.items()
                    if is_id(name) and value is not None
                }
                if naming:
                    break
        rows = self._context.state.collection(operation.collection).records.values()
        if not naming:
            return next(iter(rows), None)
        for row in rows:
            if all(_has(row, name, value) for name, value in naming.items()):
                return row
        last = list(naming)[-1]
        item = next((one for one in method.arguments if one.python == last), None)
        field = last if item is None else item.name
        raise CallRefusedError(
            "not_found",
            field=field,
            value=naming[last],
            **resource_facts(operation.noun, f"{operation.noun}s"),
        )

    def _response(
        self,
        operation: Operation,
        method: Method,
        record: Record | None,
        arguments: Mapping[str, Any],
    ) -> Any:
        ref = method.response.record
        if ref is None:
            return self._examples.result(method)
        return self._shown(operation, ref, record, dict(arguments), method)

    def _shown(
        self,
        operation: Operation,
        ref: Ref,
        record: Record | None,
        arguments: Mapping[str, Any],
        method: Method | None = None,
    ) -> dict[str, Any]:
        known: Known = []
        if record is not None:
            own = {name: value for name, value in record.items() if not name.startswith(".")}
            known.append((operation.main, own))
            if operation.main == ref or operation.main is None:
                known.append((None, own))
            for place in (SHOWN, GIVEN):
                held = record.get(place) or {}
                known += [(Ref(*one["ref"]), one["values"]) for one in held.get("records", ())]
                known.append((None, held.get("values") or {}))
        if method is not None:
            known += given_records(method, arguments)
        return self._examples.compose(ref, known, "", lists=False)


def given_records(method: Method, arguments: Mapping[str, Any]) -> Known:
    """Return arguments as values that responses may show: the records among them, then the plain ones."""
    found: Known = list(nested_records(method.arguments, arguments))
    found.append((None, arguments))
    # What a response calls by the name of a field may be in a record of another type.
    found += [
        (None, values)
        for _, values in nested_records(method.arguments, arguments)
        if isinstance(values, Mapping)
    ]
    return found


def stored(
    api: Api,
    examples: Examples,
    operation: Operation,
    method: Method,
    arguments: Mapping[str, Any],
    response: Any,
    seed: str,
) -> dict[str, Any]:
    """Return what is kept of a thing: the fields of its record, its arguments, and the response that made it."""
    shown = response if isinstance(response, Mapping) else {}
    fields = (
        api.records[method.response.record].fields if method.response.record is not None else ()
    )
    in_response = list(nested_records(fields, shown))
    own: dict[str, Any] = {}
    if operation.main is not None:
        direct = dict([(method.response.record, shown), *reversed(in_response)]) if shown else {}
        if operation.main in direct:
            own = dict(direct[operation.main])
        else:
            known: Known = [*given_records(method, arguments), (None, shown)]
            own = examples.compose(operation.main, known, seed, fresh=True, lists=False)
            _adopt_ids(own, shown)
    else:
        own = {**{name: value for name, value in shown.items() if not isinstance(value, Mapping)}}
    return {
        **own,
        GIVEN: {
            "values": _plain(arguments),
            "records": _held(nested_records(method.arguments, arguments)),
        },
        SHOWN: {"values": _plain(shown), "records": _held(in_response)},
    }


def changed(
    api: Api,
    examples: Examples,
    operation: Operation,
    record: Record,
    method: Method,
    arguments: Mapping[str, Any],
) -> dict[str, Any]:
    """Return a stored record with the values of an update."""
    made = dict(record)
    naming = naming_arguments(method, arguments)
    fields = api.records[operation.main].fields if operation.main is not None else ()
    names = {item.python: item for item in fields}
    sources: list[Mapping[str, Any]] = [
        values for _, values in given_records(method, arguments) if isinstance(values, Mapping)
    ]
    for values in sources:
        for name, value in values.items():
            item = names.get(name)
            if name in naming or value is None:
                continue
            if operation.main is None:
                made[name] = value
            elif item is not None and item.record is None and not item.map:
                fitting = examples.fitting(item, value)
                if fitting is not None:
                    made[name] = fitting
        for item in fields:  # the thing may be in a record of its own inside the main one
            held = made.get(item.python)
            if item.record is not None and isinstance(held, Mapping) and not item.map:
                known = {
                    one.python: one for one in api.records[item.record].fields if one.record is None
                }
                fits = {
                    name: fitting
                    for name, value in values.items()
                    if name in known
                    and (fitting := examples.fitting(known[name], value)) is not None
                }
                made[item.python] = {**held, **fits}
    for ref, values in nested_records(method.arguments, arguments):
        for item in fields:
            if item.record == ref and item.many and isinstance(values, tuple):
                made[item.python] = values
            elif item.record == ref and not item.many and isinstance(values, Mapping):
                made[item.python] = {**(made.get(item.python) or {}), **values}
    given = dict(made.get(GIVEN) or {})
    given["values"] = {**(given.get("values") or {}), **_plain(arguments)}
    given["records"] = (
        *_held(nested_records(method.arguments, arguments)),
        *(given.get("records") or ()),
    )
    made[GIVEN] = given
    return made


def case_records(api: Api, resources: Resources) -> dict[str, list[Record]]:
    """Return what the cases of methods show that are called after what they do, by collection."""
    found: dict[str, list[Record]] = {}
    methods = {method.name: method for method in api.methods}
    for wanted in ("create", "get", "list"):
        for module in api.modules:
            for case in module.cases:
                method = methods.get(f"{module.name}.{case.call}")
                operation = resources.conventions.of(method) if method is not None else None
                if (
                    method is None
                    or operation is None
                    or operation.what != wanted
                    or case.fails is not None
                ):
                    continue
                result = plain_result(case.result)
                rows = result if isinstance(result, tuple) else (result,)
                for row in rows:
                    if isinstance(row, Mapping):
                        seed = f"case/{case.name}"
                        arguments = case_arguments(case) if wanted != "list" else {}
                        record = stored(
                            api, resources.examples, operation, method, arguments, row, seed
                        )
                        kept = found.setdefault(operation.collection, [])
                        if not any(_same(one, record, by_id=wanted != "get") for one in kept):
                            record[KEYLESS] = len(kept) + 1
                            kept.append(record)
    return found


def _same(left: Record, right: Record, *, by_id: bool) -> bool:
    """Return whether two stored records are one thing: they have one ID, or were made with the same arguments."""
    ids = _id_of(left), _id_of(right)
    if by_id and any(ids):
        return bool(ids[0] == ids[1])
    return bool(left[GIVEN] == right[GIVEN])


def _adopt_ids(own: dict[str, Any], shown: Mapping[str, Any]) -> None:
    """Take the IDs that a response shows over those that were made up."""
    for name, value in shown.items():
        if not is_id(name) or isinstance(value, (Mapping, tuple)) or value is None:
            continue
        for field in own:
            if (
                is_id(field)
                and same_name(name, field)
                and not isinstance(own[field], (Mapping, tuple))
            ):
                own[field] = value
        own.setdefault(name, value)


def _held(records: Iterable[tuple[Ref, Mapping[str, Any]]]) -> tuple[dict[str, Any], ...]:
    return tuple({"ref": (ref.module, ref.name), "values": values} for ref, values in records)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not isinstance(value, Mapping)}


def _values(record: Record) -> Iterator[tuple[str, Any]]:
    """Yield the values of a stored record by name: its own ones, those of its response, those it was made with."""
    yield from ((name, value) for name, value in record.items() if not name.startswith("."))
    for place in (SHOWN, GIVEN):
        held = record.get(place) or {}
        yield from (held.get("values") or {}).items()
        for one in held.get("records", ()):
            if isinstance(one["values"], Mapping):
                yield from one["values"].items()


def _has(record: Record, name: str, value: Any) -> bool:
    """Return whether a record has an ID; a name that it does not know at all does not count."""
    known = [held for field, held in _values(record) if field == name]
    known = known or [held for field, held in _values(record) if same_name(name, field)]
    return any(same_value(held, value) for held in known)


def _fits(record: Record, name: str, value: Any) -> bool:
    """Return whether a record belongs into a list with a filter; an argument that no field is called like filters nothing."""
    known = [held for field, held in _values(record) if field == name]
    return not known or any(same_value(held, value) for held in known)


def _id_of(record: Record) -> Any:
    """Return the ID of a stored record: that in its own fields or in the response that made it."""
    for ending in ("id", ""):
        for name, value in _values(record):
            if is_id(name) and name.endswith(ending) and isinstance(value, (int, str)):
                return value
    return None
