"""The tables that records become: columns, their types, and the rows of a record.

A record becomes one row. Records inside it become columns with a prefix; each list becomes a table of its own, whose rows
begin with the key of the row that they belong to and with their position.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final, Literal

from .redact import HIDDEN
from .registry import MethodRegistry
from .scalars import Codec
from .schema import FieldSpec, RecordSchema

Kind = Literal[
    "integer", "decimal", "real", "boolean", "date", "datetime", "text", "binary", "json"
]

KINDS: Final[Mapping[str, Kind]] = {
    "id": "integer",
    "int": "integer",
    "decimal": "decimal",
    "float": "real",
    "flag": "boolean",
    "date": "date",
    "datetime": "datetime",
    "base64": "binary",
}
"""Name of a codec -> type of its column; all others are text."""

DECIMAL_DIGITS: Final = 38
DECIMAL_PLACES: Final = 12
"""Digits of a decimal column in all, and behind the point."""

_LARGEST: Final = 2**63
_SNAKE: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")
Converter = Callable[[Any], Any]
Rows = dict[str, list[list[Any]]]
"""Name of a table -> rows; each row has a value for each column."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    kind: Kind


class UnfitError(ValueError):
    """A column cannot hold a value."""


@dataclass(slots=True)
class Group:
    """The fields of one record that are columns: of the record of a row, or of one inside it."""

    path: tuple[str, ...]
    names: list[str] = field(default_factory=list)
    get: Callable[[Any], Sequence[Any]] = tuple


@dataclass(slots=True)
class Table:
    """A table, and how its rows are taken from records."""

    name: str
    key: tuple[Column, ...]
    """Columns that say to which row of which record a row belongs."""
    columns: list[Column] = field(default_factory=list)
    identity: str | None = None
    """The column that names a record."""
    groups: list[Group] = field(default_factory=list)
    """Records whose fields are columns, in the order of the columns."""
    converted: list[tuple[int, Converter]] = field(default_factory=list)
    """Places of a row, and what checks or changes the values there."""
    lists: list[tuple[tuple[str, ...], Table]] = field(default_factory=list)
    """Names of the fields down to a list, and its table."""
    scalar: bool = False
    """The rows are single values, not records."""
    named_at: int | None = None
    """Place of the identity in a row."""

    @property
    def is_root(self) -> bool:
        """Whether a row is a record, not an item of a list in one."""
        return self.key[-1].name == "_source"

    def named_by(self) -> tuple[Column, ...]:
        """Return the column that tells the rows of lists which record they belong to, if records have an ID."""
        if self.named_at is None:
            return ()
        found = self.columns[self.named_at - len(self.key)]
        whole = found.name if self.name in found.name else f"{self.name}_{found.name}"
        return (Column(whole, found.kind),)

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """Key, columns, and what the description does not know."""
        return (*self.key, *self.columns, Column("unknown", "json"))

    def below(self) -> Iterator[Table]:
        """Yield this table and those of its lists."""
        yield self
        for _, table in self.lists:
            yield from table.below()


class Tables:
    """The tables of an API's records."""

    def __init__(self, registry: MethodRegistry, *, show_secrets: bool = False) -> None:
        """Prepare the tables of all methods.

        Args:
            registry: the methods.
            show_secrets: keep the values of sensitive fields.
        """
        self.registry = registry
        self.show_secrets = show_secrets
        self.by_name: dict[str, Table] = {}
        """Every table, in the order of the description."""
        self._by_record: dict[int, Table] = {}
        key = (Column("_row", "integer"), Column("_source", "text"))
        # All at once, so that names do not depend on which records are met first.
        for method in registry.methods.values():
            schema = method.response.record
            if schema is not None and id(schema) not in self._by_record:
                self._by_record[id(schema)] = self._made(schema.name, schema, key, (schema,))

    def of(self, schema: RecordSchema[Any]) -> Table:
        """Return the table of a record that a method returns."""
        return self._by_record[id(schema)]

    def _made(
        self,
        name: str,
        schema: RecordSchema[Any] | None,
        key: tuple[Column, ...],
        around: tuple[RecordSchema[Any], ...],
        value: Column | None = None,
    ) -> Table:
        name = _unique(_SNAKE.sub("_", name).strip("_").lower(), self.by_name)
        table = self.by_name[name] = Table(name, key)
        taken = {column.name for column in key} | {"unknown"}
        if schema is None:
            assert value is not None
            table.columns.append(value)
            table.scalar = True
            return table
        lists = self._add(table, schema, (), around, taken)
        if schema.identity in table.groups[0].names:
            table.named_at = len(key) + table.groups[0].names.index(schema.identity)
            table.identity = table.columns[table.named_at - len(key)].name
        for path, item in lists:
            self._list(table, path, item, around)
        return table

    def _add(
        self,
        table: Table,
        schema: RecordSchema[Any],
        path: tuple[str, ...],
        around: tuple[RecordSchema[Any], ...],
        taken: set[str],
    ) -> list[tuple[tuple[str, ...], FieldSpec]]:
        """Add the columns of a record; return its lists."""
        group = Group(path)
        table.groups.append(group)
        lists: list[tuple[tuple[str, ...], FieldSpec]] = []
        inside: list[tuple[tuple[str, ...], RecordSchema[Any]]] = []
        for item in schema.fields:
            if "r" not in item.access:
                continue
            place = (*path, item.name)
            nested = _entry(item) if item.map else item.shape() if item.shape is not None else None
            if self._hides(item):
                self._column(table, group, item.name, "text", _hidden, taken)
            elif nested is not None and any(nested is outer for outer in around):
                self._column(table, group, item.name, "json", self._json, taken)  # inside itself
            elif item.many or item.map:
                lists.append((place, item))
            elif nested is not None:
                inside.append((place, nested))
            else:
                kind = _kind(item.codec)
                self._column(table, group, item.name, kind, CHECKS.get(kind), taken)
        group.get = _getter(group.names)
        for place, nested in inside:
            lists += self._add(table, nested, place, (*around, nested), taken)
        return lists

    def _hides(self, item: FieldSpec) -> bool:
        return item.sensitive and not self.show_secrets

    def _json(self, value: Any) -> str:
        from .data import as_json

        return as_json(value, show_secrets=self.show_secrets)

    def _column(
        self,
        table: Table,
        group: Group,
        name: str,
        kind: Kind,
        convert: Converter | None,
        taken: set[str],
    ) -> None:
        whole = _unique("_".join((*group.path, name)), taken)
        taken.add(whole)
        if convert is not None:
            table.converted.append((len(table.key) + len(table.columns), convert))
        table.columns.append(Column(whole, kind))
        group.names.append(name)

    def _list(
        self,
        table: Table,
        path: tuple[str, ...],
        item: FieldSpec,
        around: tuple[RecordSchema[Any], ...],
    ) -> None:
        name = f"{table.name}_{'_'.join(path)}"
        place = Column("key", "text") if item.map else Column("position", "integer")
        if table.is_root:
            key = (table.key[0], *table.named_by(), place)
        else:  # a list in a row of a list
            outer = Column(f"{table.name}_{table.key[-1].name}", table.key[-1].kind)
            key = (*table.key[:-1], outer, place)
        schema = _entry(item) if item.map else item.shape() if item.shape is not None else None
        value = None if schema is not None else Column("value", _kind(_value_codec(item)))
        inner = self._made(name, schema, key, (*around, schema) if schema else around, value)
        table.lists.append((path, inner))

    def rows(self, record: Any, schema: RecordSchema[Any], row: int, source: str) -> Rows:
        """Return the rows of a record.

        Args:
            record: the record.
            schema: its schema.
            row: number of its row, unique in the export.
            source: the document that it is from.
        """
        found: Rows = {}
        self._row(self.of(schema), record, (row, source), found)
        return found

    def _row(self, table: Table, record: Any, key: tuple[Any, ...], found: Rows) -> None:
        values: list[Any] = [*key]
        unknown: list[dict[str, str]] = []
        for group in table.groups:
            inner = _at(record, group.path) if group.path else record
            if inner is None:
                values += (None,) * len(group.names)
                continue
            values += group.get(inner)
            for item in inner.unknown:
                unknown.append({"path": ".".join((*group.path, item.path)), "xml": item.xml})
        for index, convert in table.converted:
            value = values[index]
            if value is not None:
                try:
                    values[index] = convert(value)
                except UnfitError:
                    name = table.columns[index - len(key)].name
                    unknown.append({"path": name, "text": str(value)})
                    values[index] = None
        values.append(json.dumps(unknown, ensure_ascii=False) if unknown else None)
        found.setdefault(table.name, []).append(values)
        if table.is_root:
            key = key[:1] if table.named_at is None else (key[0], values[table.named_at])
        for path, inner_table in table.lists:
            items = _at(record, path)
            if items:
                self._items(inner_table, items, key, found)

    def _items(self, table: Table, items: Any, key: tuple[Any, ...], found: Rows) -> None:
        entries: Iterable[tuple[Any, Any]] = (
            items.items() if isinstance(items, dict) else enumerate(items)
        )
        for place, value in entries:
            if not table.scalar:
                self._row(table, value, (*key, place), found)
                continue
            unknown = None
            convert = CHECKS.get(table.columns[0].kind)
            if convert is not None and value is not None:
                try:
                    value = convert(value)
                except UnfitError:
                    entry = {"path": "value", "text": str(value)}
                    unknown, value = json.dumps([entry], ensure_ascii=False), None
            found.setdefault(table.name, []).append([*key, place, value, unknown])


def sql(table: Table, decimal: str = f"DECIMAL({DECIMAL_DIGITS}, {DECIMAL_PLACES})") -> str:
    """Return the statement that creates a table.

    Args:
        table: the table.
        decimal: type of decimal columns.
    """
    types: dict[Kind, str] = {
        "integer": "BIGINT",
        "decimal": decimal,
        "real": "DOUBLE PRECISION",
        "boolean": "BOOLEAN",
        "date": "DATE",
        "datetime": "TIMESTAMP WITH TIME ZONE",
        "text": "TEXT",
        "binary": "BLOB",
        "json": "TEXT",
    }
    columns = ",\n".join(f'  "{one.name}" {types[one.kind]}' for one in table.all_columns)
    return f'CREATE TABLE "{table.name}" (\n{columns}\n)'


def _kind(codec: Codec | None) -> Kind:
    return "json" if codec is None else KINDS.get(codec.name, "text")


def _entry(item: FieldSpec) -> RecordSchema[Any] | None:
    """Return the schema of the values of a map; None for scalars."""
    if item.shape is None:
        return None
    schema = item.shape()
    if item.path[-1:] == ("*",):
        return schema
    _, value = schema.fields
    return value.shape() if value.shape is not None else None


def _value_codec(item: FieldSpec) -> Codec | None:
    if item.shape is None:
        return item.codec
    _, value = item.shape().fields
    return value.codec


def _unique(name: str, taken: Container[str]) -> str:
    found, number = name, 2
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found


def _at(record: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        record = getattr(record, name, None)
        if record is None:
            return None
    return record


def _getter(names: Sequence[str]) -> Callable[[Any], Sequence[Any]]:
    """Return what gives the values of some attributes."""
    if len(names) == 1:
        (name,) = names
        return lambda record: (getattr(record, name),)
    return attrgetter(*names) if names else lambda record: ()


def _hidden(value: Any) -> str | None:
    return HIDDEN if value not in ([], {}) else None


def _integer(value: Any) -> int:
    if type(value) is int and -_LARGEST <= value < _LARGEST:
        return value
    raise UnfitError


def _decimal(value: Any) -> Decimal:
    if type(value) is not Decimal:
        raise UnfitError
    text = str(value)
    if len(text) <= DECIMAL_PLACES and "E" not in text:
        return value
    exponent = value.as_tuple().exponent
    if (
        isinstance(exponent, int)
        and exponent >= -DECIMAL_PLACES
        and value.adjusted() < DECIMAL_DIGITS - DECIMAL_PLACES
    ):
        return value
    raise UnfitError


def _datetime(value: Any) -> dt.datetime:
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        try:
            return value.astimezone(dt.timezone.utc)
        except OverflowError:
            raise UnfitError from None
    raise UnfitError


def _instance_of(kind: type) -> Converter:
    def convert(value: Any) -> Any:
        if type(value) is kind:
            return value
        raise UnfitError

    return convert


CHECKS: Final[Mapping[Kind, Converter]] = {
    "integer": _integer,
    "decimal": _decimal,
    "real": _instance_of(float),
    "boolean": _instance_of(bool),
    "date": _instance_of(dt.date),
    "datetime": _datetime,
    "binary": _instance_of(bytes),
}
"""Type of a column -> what returns a value as the column has it, or raises :class:`UnfitError`."""


def as_text(kind: Kind) -> Converter | None:
    """Return what makes text of the values of a column, for formats without types; None if nothing is needed."""
    if kind == "decimal":
        return lambda value: None if value is None else format(value, "f")
    if kind in ("date", "datetime"):
        return lambda value: None if value is None else value.isoformat()
    if kind == "binary":
        import base64

        return lambda value: None if value is None else base64.b64encode(value).decode("ascii")
    return None
