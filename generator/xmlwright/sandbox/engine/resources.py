"""What the engine has to know of each resource, looked up once: its record, its identity, its behavior."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from ...behavior.rules import Behavior, Behaviors
from ...cases.tables import Tables
from ...ir import Api, Field, Module, Record, Ref
from ...naming import snake
from ...runtime.scalars import Codec
from ..binding.routing import is_plain
from .conventions import Conventions
from .examples import Examples
from .failures import resource_facts

GUESSES = "guesses"
"""Key of a stored record: what was inferred when it was written."""
MADE_BY = "made_by"
"""Key of a stored record: the id of the person who made it."""


class Layout:
    """The fields of one described record, as the engine keeps them."""

    def __init__(self, record: Record, resources: Resources) -> None:
        self.record = record
        self.fields: Mapping[str, Field] = {item.python: item for item in record.fields}
        self._resources = resources

    def nested(self, item: Field) -> Layout | None:
        """Return the layout of the record that a field holds."""
        return None if item.record is None else self._resources.layout(item.record)

    def codec(self, name: str) -> Codec:
        """Return how the text of a field is read and written."""
        return self._resources.codec(self.fields[name])

    @cached_property
    def numbered(self) -> str | None:
        """Return the field that the service numbers: an id that is only read and refers to nothing else."""
        for item in self.record.fields:
            if item.read == "id" and item.ref is None and item.access == "r" and not item.many:
                return item.python
        return None

    @cached_property
    def _template(self) -> Mapping[str, Any]:
        return {
            item.python: () if item.many else None
            for item in self.record.fields
            if item.readable
            and item.read != "binary"
            and item.provenance.kind == "documented"
            and item.deprecated is None
        }

    @cached_property
    def _defaults(self) -> Mapping[str, Any]:
        found = {}
        for item in self.record.fields:
            if item.default is not None:
                found[item.python] = self._default(item, item.default)
        return found

    def _default(self, item: Field, text: str) -> Any:
        if item.enum is not None or item.read == "text":
            return text
        if item.read == "flag":
            return text == "true"
        return self._resources.codec(item)._value(text)

    def filled(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values with everything else that an response shows: defaults, or nothing."""
        made = {**self._template, **self._defaults}
        for name, value in values.items():
            item = self.fields.get(name)
            if item is None:
                continue
            if value is None and name in self._defaults:
                continue
            made[name] = self.nested_filled(item, value)
        return made

    def nested_filled(self, item: Field, value: Any) -> Any:
        """Return a value with the records in it filled."""
        inner = self.nested(item)
        if inner is None or value is None:
            return value
        if item.many:
            return tuple(inner.filled(row) for row in value)
        return inner.filled(value)

    def settled(self, name: str, value: Any) -> Any:
        """Return what an expression gave, as the field holds it."""
        item = self.fields.get(name)
        if item is None or value is None:
            return value
        if item.record is not None:
            return self._nested_settled(item, value)
        if item.many:
            return tuple(value)
        if item.read == "decimal" and isinstance(value, int) and not isinstance(value, bool):
            return Decimal(value)
        if item.read in ("int", "id") and isinstance(value, Decimal):
            return int(value)
        return value

    def _nested_settled(self, item: Field, value: Any) -> Any:
        inner = self.nested(item)
        if inner is None:
            return value
        if item.many:
            return tuple(inner._settled_row(row) for row in value)
        return inner._settled_row(value)

    def _settled_row(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            **row,
            **{name: self.settled(name, row[name]) for name in row if name in self.fields},
        }


@dataclass(frozen=True, slots=True, eq=False)
class ResourceRuntime:
    """One resource that records are kept of."""

    module: Module
    layout: Layout | None
    """None for a resource without a record of its own."""
    identity: Field | None
    behavior: Behavior
    facts: Mapping[str, str]
    """What messages may say about it."""

    collection: str = ""
    """Name of the collection of its records, where it is not that of the resource."""

    @property
    def name(self) -> str:
        """Return the name of the collection of its records."""
        return self.collection or self.module.name

    @property
    def ref(self) -> Ref | None:
        """The record that it keeps."""
        return (
            None if self.layout is None else Ref(self.layout.record.module, self.layout.record.name)
        )

    @property
    def natural(self) -> bool:
        """Whether the caller gives the identity."""
        return self.identity is not None and "c" in self.identity.access

    @property
    def key(self) -> str | None:
        """Python name of the identity."""
        return self.identity.python if self.identity is not None else None


class Resources:
    """All resources of an API, with what they do."""

    def __init__(self, api: Api, tables: Tables, behaviors: Behaviors) -> None:
        self._api = api
        self._tables = tables
        self._behaviors = behaviors
        self._layouts: dict[Ref, Layout] = {}
        self.examples = Examples(api)
        self._plain = is_plain(api)
        self.conventions = Conventions(api, self.shows_examples)
        self._settled_row = {module.name: self._of(module) for module in api.resources}
        self._of_records: dict[str, ResourceRuntime] = {}
        self.touched_by: Mapping[str, tuple[str, ...]] = {}

    def shows_examples(self, resource: str) -> bool:
        """Return whether new records show what those of cases do: nothing says what the service does with them."""
        described = self._behaviors.resources
        return resource not in described and not (described and self._plain)

    def __iter__(self) -> Iterator[ResourceRuntime]:
        return iter(self._settled_row.values())

    def __contains__(self, name: object) -> bool:
        return name in self._settled_row

    def __getitem__(self, name: str) -> ResourceRuntime:
        found = self._settled_row.get(name) or self._of_records.get(name)
        if found is None:
            module, dot, record = name.partition(".")
            if not dot or module not in self._settled_row:
                raise KeyError(name)
            found = self.of_record(self._settled_row[module], record)
        return found

    def of_record(self, resource: ResourceRuntime, name: str) -> ResourceRuntime:
        """Return what keeps the records of another type than the main one of a resource.

        Raises:
            KeyError: the resource has no such record.
        """
        record = next((one for one in resource.module.records if one.name == name), None)
        collection = f"{resource.name}.{name}"
        if record is None:
            noun = self.conventions.noun_of(collection)
            if not noun:
                raise KeyError(name)
            facts = resource_facts(noun, f"{noun}s")
            behavior = self._behaviors.of(collection)
            return ResourceRuntime(resource.module, None, None, behavior, facts, collection)
        if collection not in self._of_records:
            identity = record.field(record.identity) if record.identity else None
            self._of_records[collection] = ResourceRuntime(
                resource.module, self.layout(Ref(record.module, name)), identity,
                self._behaviors.of(collection), resource_facts(snake(name), snake(name) + "s"), collection,
            )  # fmt: skip
        return self._of_records[collection]

    def main_of(self, ref: Ref | None) -> ResourceRuntime | None:
        """Return the resource whose main record this is."""
        if ref is None or ref.module not in self._settled_row:
            return None
        found = self._settled_row[ref.module]
        records = found.module.records
        return found if records and records[0].name == ref.name else None

    def parent_of(self, item: Field, own: ResourceRuntime) -> ResourceRuntime | None:
        """Return the resource that an argument in a path names a record of: by its ``ref``, or by its name."""
        if item.ref is not None:
            return self._settled_row.get(item.ref) if item.ref != own.name else None
        found = [
            other
            for other in self._settled_row.values()
            if other is not own
            and other.key == item.python
            and other.module.name != own.module.name
        ]
        return found[0] if len(found) == 1 and own.key != item.python else None

    def layout(self, ref: Ref) -> Layout | None:
        """Return the layout of a record."""
        if ref not in self._layouts and ref in self._api.records:
            self._layouts[ref] = Layout(self._api.records[ref], self)
        return self._layouts.get(ref)

    def codec(self, item: Field) -> Codec:
        """Return how a field's text is read."""
        return self._tables.codec(item, item.read or item.write)

    @property
    def assumed(self) -> dict[str, Mapping[str, Any]]:
        """By resource: what counts as the value of a field that a record does not have."""
        return {
            resource.name: resource.behavior.listed for resource in self if resource.behavior.listed
        }

    def _of(self, module: Module) -> ResourceRuntime:
        main = module.records[0] if module.records else None
        layout = self.layout(Ref(module.name, main.name)) if main is not None else None
        identity = main.field(main.identity) if main is not None and main.identity else None
        return ResourceRuntime(
            module,
            layout,
            identity,
            self._behaviors.of(module.name),
            resource_facts(module.name, self._plural(module)),
        )

    @staticmethod
    def _plural(module: Module) -> str:
        for method in module.methods:
            if method.response.value in ("page", "list") and method.kind == "list":
                name = method.response.element.rpartition("/")[2]
                return name if name not in ("", ".") else f"{module.name}s"
        return f"{module.name}s"
