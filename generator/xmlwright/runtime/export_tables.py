"""The tables that records become: columns, their types, and the rows of a record.

A record becomes one row. Records inside it become columns with a prefix; each list becomes a table of its own, whose rows
begin with the key of the row that they belong to and with their position.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal

from .record import Raw
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
_PYTHON: Final[Mapping[Kind, tuple[type, ...]]] = {
    "integer": (int,),
    "decimal": (Decimal, int),
    "real": (float, int),
    "boolean": (bool,),
    "date": (dt.date,),
    "datetime": (dt.datetime,),
    "binary": (bytes,),
}
Rows = dict[str, list[list[Any]]]
"""Name of a table -> rows; each row has a value for each column."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    kind: Kind


@dataclass(slots=True)
class Table:
    """A table, and how its rows are taken from records."""

    name: str
    key: tuple[Column, ...]
    """Columns that say to which row of which record a row belongs."""
    columns: list[Column] = field(default_factory=list)
    identity: str | None = None
    """The column that names a record."""
    values: list[tuple[tuple[str, ...], Kind, bool]] = field(default_factory=list)
    """For each column: names of the fields down to the value, type, and whether it is hidden."""
    lists: list[tuple[tuple[str, ...], Table, FieldSpec]] = field(default_factory=list)
    """Names of the fields down to a list, its table, and the field."""
    nested: list[tuple[str, ...]] = field(default_factory=list)
    """Names of the fields down to each record whose fields are columns."""
    scalar: bool = False
    """The rows are single values, not records."""

    @property
    def is_root(self) -> bool:
        """Whether a row is a record, not an item of a list in one."""
        return self.key[-1].name == "_source"

    def named_by(self) -> tuple[Column, ...]:
        """Return the column that tells the rows of lists which record they belong to, if records have an ID."""
        found = next((one for one in self.columns if one.name == self.identity), None)
        if found is None:
            return ()
        whole = found.name if self.name in found.name else f"{self.name}_{found.name}"
        return (Column(whole, found.kind),)

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """Key, columns, and what the description does not know."""
        return (*self.key, *self.columns, Column("unknown", "json"))

    def below(self) -> Iterator[Table]:
        """Yield this table and those of its lists."""
        yield self
        for _, table, _ in self.lists:
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
        identity = (str(schema.identity),)
        for column, (path, _, _) in zip(table.columns, table.values, strict=True):
            if path == identity:
                table.identity = column.name
        for path, item in lists:
            self._list(table, path, item, around)
        return table

    def _add(
        self,
        table: Table,
        schema: RecordSchema[Any],
        prefix: tuple[str, ...],
        around: tuple[RecordSchema[Any], ...],
        taken: set[str],
    ) -> list[tuple[tuple[str, ...], FieldSpec]]:
        """Add the columns of a record; return its lists."""
        table.nested.append(prefix)
        lists: list[tuple[tuple[str, ...], FieldSpec]] = []
        for item in schema.fields:
            if "r" not in item.access:
                continue
            path = (*prefix, item.name)
            nested = item.shape() if item.shape is not None and not item.map else None
            if nested is not None and any(nested is outer for outer in around):
                self._column(table, path, "json", item, taken)  # a record inside itself
            elif item.many or item.map:
                lists.append((path, item))
            elif nested is not None:
                lists += self._add(table, nested, path, (*around, nested), taken)
            else:
                self._column(table, path, _kind(item.codec), item, taken)
        return lists

    def _column(
        self, table: Table, path: tuple[str, ...], kind: Kind, item: FieldSpec, taken: set[str]
    ) -> None:
        hidden = item.sensitive and not self.show_secrets
        name = _unique("_".join(path), taken)
        taken.add(name)
        table.columns.append(Column(name, "text" if hidden and kind != "json" else kind))
        table.values.append((path, kind, hidden))

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
        hidden = item.sensitive and not self.show_secrets
        if hidden and value is not None:
            value = Column("value", "text")
        inner = self._made(name, schema, key, (*around, schema) if schema else around, value)
        table.lists.append((path, inner, item))

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
        unknown: list[dict[str, str]] = []
        values: list[Any] = [*key]
        for path, kind, hidden in table.values:
            value = _at(record, path)
            if value is not None:
                if hidden:
                    value = HIDDEN
                elif kind == "json":
                    value = _json(value, show_secrets=self.show_secrets)
                elif kind != "text" and not _fits(value, kind):
                    unknown.append({"path": ".".join(path), "text": str(value)})
                    value = None
                elif kind == "datetime":
                    value = value.astimezone(dt.timezone.utc)
                elif kind == "text" and type(value) is not str:
                    value = str(value)
            values.append(value)
        for path in table.nested:
            inner = _at(record, path) if path else record
            for item in getattr(inner, "unknown", ()):
                unknown.append({"path": ".".join((*path, item.path)), "xml": item.xml})
        values.append(json.dumps(unknown, ensure_ascii=False) if unknown else None)
        found.setdefault(table.name, []).append(values)
        if table.is_root:
            names = [one.name for one in table.columns]
            key = key[:1]
            if table.identity is not None:
                key = (*key, values[2 + names.index(table.identity)])
        for path, inner_table, item in table.lists:
            value = _at(record, path)
            if value:
                self._items(inner_table, item, value, key, found)

    def _items(
        self, table: Table, item: FieldSpec, value: Any, key: tuple[Any, ...], found: Rows
    ) -> None:
        entries: Iterable[tuple[Any, Any]] = (
            value.items() if isinstance(value, dict) else enumerate(value)
        )
        hidden = item.sensitive and not self.show_secrets
        for place, inner in entries:
            own = (*key, place)
            if not table.scalar:
                self._row(table, inner, own, found)
                continue
            kind = table.columns[0].kind
            unknown = None
            if hidden:
                inner = HIDDEN
            elif kind not in ("text", "json") and not _fits(inner, kind):
                unknown = json.dumps([{"path": "value", "text": str(inner)}], ensure_ascii=False)
                inner = None
            elif kind == "datetime":
                inner = inner.astimezone(dt.timezone.utc)
            found.setdefault(table.name, []).append([*own, inner, unknown])


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


def _fits(found: Any, kind: Kind) -> bool:
    """Return whether a column can hold a value as it is."""
    if isinstance(found, Raw) or not isinstance(found, _PYTHON[kind]):
        return False
    value: Any = found
    if kind == "integer":
        return bool(-_LARGEST <= value < _LARGEST)
    if kind == "decimal":
        number = Decimal(value)
        exponent = number.as_tuple().exponent
        return (
            isinstance(exponent, int)
            and exponent >= -DECIMAL_PLACES
            and number.adjusted() < DECIMAL_DIGITS - DECIMAL_PLACES
        )
    return kind != "datetime" or value.tzinfo is not None


def _json(value: Any, *, show_secrets: bool) -> str:
    from .data import as_json

    return as_json(value, show_secrets=show_secrets)


Converter = Callable[[Any], Any]


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
