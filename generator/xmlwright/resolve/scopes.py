"""What the expressions of behavior files see, by the place that they stand in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..ir import Api, Field, Method, Module, Record
from ..schema.loader import Description
from .expressions import ANY, Known, Type

ALWAYS: Final = (
    "absent",
    "calls",
    "result",
    "tree",
    "value",
    "verb",
)
"""Names of plain values that every expression may use; those that make no sense at a place are none."""

DAY: Final = Type(lambda: dict.fromkeys(("year", "month", "day"), ANY), what="a day")


class Scopes:
    """The names of one description."""

    def __init__(self, api: Api, description: Description) -> None:
        self._api = api
        self._d = description
        self.modules = {module.name: module for module in api.resources}
        self._resources = {name: self._resource(name) for name in self.modules}
        self._base = self._surroundings()

    # types

    def record(self, resource: str) -> Type:
        """The records of a resource, hidden fields included."""
        return self._resources[resource]

    def _resource(self, name: str) -> Type:
        module = self.modules[name]
        record = module.records[0] if module.records else None
        behavior = next((decl for word, decl in self._d.behaviors.items() if word == name), None)
        hidden = [str(path) for path in behavior.hidden] if behavior is not None else []

        def names() -> Mapping[str, Type]:
            found = self._fields(record, hidden) if record is not None else {}
            own = {path: ANY for path in hidden if "." not in path}
            return {**found, **own, "made_by": ANY}

        return Type(names, what=f"{name}")

    def _fields(self, record: Record, hidden: list[str]) -> dict[str, Type]:
        found = {}
        for item in record.fields:
            prefix = f"{item.python}."
            inner = [path.removeprefix(prefix) for path in hidden if path.startswith(prefix)]
            one = self._field(item, inner)
            found[item.python] = Type(item=one, what=one.what) if item.many else one
        return found

    def _field(self, item: Field, hidden: list[str]) -> Type:
        if item.record is not None and item.record in self._api.records:
            record = self._api.records[item.record]
            return Type(
                lambda: {**self._fields(record, []), **dict.fromkeys(hidden, ANY)}, what=record.name
            )
        if (item.read or item.write) in ("date", "datetime"):
            return DAY
        words = self.words(item)
        return Type(words=words, what=item.python) if words is not None else ANY

    def words(self, item: Field) -> frozenset[str] | None:
        """The words of an enum field; None for another one."""
        if item.enum is None or item.enum not in self._api.enums:
            return None
        return frozenset(word.word for word in self._api.enums[item.enum].words)

    def field(self, resource: str, name: str) -> Field | None:
        """A field of a resource's record; None for a hidden one."""
        module = self.modules[resource]
        return module.records[0].field(name) if module.records else None

    def nested(self, resource: str, name: str) -> Type | None:
        """The record that a field holds, or that its items are."""
        names = self._resources[resource].names
        found = names().get(name) if names is not None else None
        if found is None:
            return None
        inner = found.item or found
        return inner if inner.names is not None else None

    def field_of(self, nested: Type, name: str) -> Field | None:
        """A field of a nested record."""
        for record in self._api.records.values():
            if record.name == nested.what:
                return record.field(name)
        return None

    def answered(self, method: Method) -> Type | None:
        """Return the record that a method returns, or that its rows are; None where it returns none."""
        if method.response.record is None or method.response.record not in self._api.records:
            return None
        record = self._api.records[method.response.record]
        return Type(lambda: self._fields(record, []), what=record.name)

    def arguments(self, *methods: Method) -> Type:
        """The arguments of methods."""
        found: dict[str, Type] = {}
        for method in methods:
            for item in method.arguments:
                one = self._field(item, [])
                found.setdefault(item.python, Type(item=one) if item.many else one)
        return Type(lambda: found, what="the call")

    def written(self, module: Module) -> Type:
        """The arguments of all methods that write a resource."""
        return self.arguments(*(m for m in module.methods if m.kind in ("create", "update")))

    # what is seen

    def _surroundings(self) -> dict[str, Type]:
        found: dict[str, Type] = dict.fromkeys(ALWAYS, ANY)
        account = self._d.account
        settings = {str(name): ANY for name in account.settings} if account is not None else {}
        found.update(dict.fromkeys(("due", "now", "today"), DAY))
        found["opened"] = Type(
            lambda: dict.fromkeys(("account", "token", "secret"), ANY), what="the account opened"
        )
        found["account"] = Type(lambda: {**settings, "name": ANY}, what="the account")
        people = account.people.values() if account is not None else ()
        resources = [str(decl.resource) for decl in people if decl.resource in self._resources]

        def person() -> Mapping[str, Type]:
            names: dict[str, Any] = {"kind": self._kinds(), "id": ANY}
            for resource in resources:
                inner = self._resources[resource].names
                names.update(inner() if inner is not None else {})
            return names

        found["person"] = Type(person, what="the caller")
        found["arguments"] = found["cause"] = found["old"] = found["up"] = ANY
        return found

    def _kinds(self) -> Type:
        return Type(words=frozenset(person.name for person in self._api.people), what="people")

    def of(self, resource: str | None, arguments: Type = ANY) -> Known:
        """Expressions about the records of a resource; about none in particular."""
        names = {**self._base, "arguments": arguments}
        if resource is not None:
            record = self._resources[resource]
            names["old"] = names["cause"] = record
            names.update(record.names() if record.names is not None else {})
        return Known(names, self._resources)

    def inside(self, known: Known, nested: Type) -> Known:
        """Expressions about the rows of a list, with the record around them as ``up``."""
        up = Type(lambda: known.names, what="the record")
        inner = nested.names() if nested.names is not None else {}
        base = {name: known.names[name] for name in self._base if name in known.names}
        return Known({**base, **inner, "up": up}, self._resources)

    def with_made(self, known: Known, resource: str | None) -> Known:
        """Expressions of effects, which see the record that an earlier one made or changed as ``made``."""
        if resource is None or "made" in known.names:
            return known
        return Known({**known.names, "made": self._resources[resource]}, known.resources)

    def changed(self, known: Known, resource: str) -> Known:
        """Expressions about records of another resource, with the record that brings it about as ``cause``."""
        cause = Type(lambda: known.names, what="the cause")
        base = {name: known.names[name] for name in self._base if name in known.names}
        record = self._resources[resource].names
        inner = record() if record is not None else {}
        return Known({**base, **inner, "cause": cause}, self._resources)
