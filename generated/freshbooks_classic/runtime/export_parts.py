"""Parts of an export: the rows of one job, written to files of their own as CSV, JSON Lines, Parquet or SQLite."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
from collections.abc import Callable, Mapping
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Final

from .export_tables import (
    DECIMAL_DIGITS,
    DECIMAL_PLACES,
    Column,
    Converter,
    Kind,
    Rows,
    Table,
    as_text,
    sql,
)

_ROWS_AT_ONCE: Final = 10_000
"""Rows of a table that are held in memory until they are written."""


class Part:
    """Writes rows to a file for each table: ``FOLDER/TABLE.SUFFIX``."""

    suffix = ""

    def __init__(self, folder: Path, tables: Mapping[str, Table]) -> None:
        self.folder = folder
        self.tables = tables
        self.counts: dict[str, int] = {}
        """Name of a table -> rows written."""
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, rows: Rows) -> None:
        """Write rows."""
        for name, lines in rows.items():
            self.counts[name] = self.counts.get(name, 0) + len(lines)
            self._write(self.tables[name], lines)

    def close(self) -> None:
        """Write what is left, and close all files."""
        raise NotImplementedError  # pragma: no cover

    def _write(self, table: Table, lines: list[list[Any]]) -> None:
        raise NotImplementedError  # pragma: no cover


class _TextPart(Part):
    """Rows as lines of text, written as they come."""

    def __init__(self, folder: Path, tables: Mapping[str, Table]) -> None:
        super().__init__(folder, tables)
        self._files: dict[str, IO[str]] = {}
        self._converters: dict[str, list[tuple[int, Converter]]] = {}

    def _write(self, table: Table, lines: list[list[Any]]) -> None:
        file = self._files.get(table.name)
        if file is None:
            path = self.folder / f"{table.name}.{self.suffix}"
            file = self._files[table.name] = path.open("w", encoding="utf-8", newline="")
            found = [(index, as_text(one.kind)) for index, one in enumerate(table.all_columns)]
            self._converters[table.name] = [(index, one) for index, one in found if one]
            self._begin(table, file)
        for index, convert in self._converters[table.name]:
            for line in lines:
                line[index] = convert(line[index])
        self._lines(table, file, lines)

    def close(self) -> None:
        """Close all files."""
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
            file.close()

    def _begin(self, table: Table, file: IO[str]) -> None:
        pass

    def _lines(self, table: Table, file: IO[str], lines: list[list[Any]]) -> None:
        raise NotImplementedError  # pragma: no cover


class CsvPart(_TextPart):
    """CSV with a header; a missing value is an empty field, and true and false are words."""

    suffix = "csv"

    def _begin(self, table: Table, file: IO[str]) -> None:
        csv.writer(file, lineterminator="\n").writerow([one.name for one in table.all_columns])

    def _lines(self, table: Table, file: IO[str], lines: list[list[Any]]) -> None:
        flags = [index for index, one in enumerate(table.all_columns) if one.kind == "boolean"]
        for line in lines:
            for index in flags:
                if line[index] is not None:
                    line[index] = "true" if line[index] else "false"
        csv.writer(file, lineterminator="\n").writerows(lines)


class JsonLinesPart(_TextPart):
    """A JSON object a line; decimals, dates and times are strings, and a missing value is null."""

    suffix = "jsonl"

    def _lines(self, table: Table, file: IO[str], lines: list[list[Any]]) -> None:
        names = [one.name for one in table.all_columns]
        encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
        file.writelines(f"{encode(dict(zip(names, line, strict=True)))}\n" for line in lines)


class _BufferedPart(Part):
    """Rows that are written many at once."""

    def __init__(self, folder: Path, tables: Mapping[str, Table]) -> None:
        super().__init__(folder, tables)
        self._held: dict[str, list[list[Any]]] = {}

    def _write(self, table: Table, lines: list[list[Any]]) -> None:
        held = self._held.setdefault(table.name, [])
        held += lines
        if len(held) >= _ROWS_AT_ONCE:
            self._held[table.name] = []
            self._flush(table, held)

    def close(self) -> None:
        """Write what is left, and close all files."""
        for name, held in self._held.items():
            if held:
                self._flush(self.tables[name], held)

    def _flush(self, table: Table, lines: list[list[Any]]) -> None:
        raise NotImplementedError  # pragma: no cover


class ParquetPart(_BufferedPart):
    """Parquet, compressed with Snappy; decimals, dates, and times in UTC have their own types."""

    suffix = "parquet"

    def __init__(self, folder: Path, tables: Mapping[str, Table]) -> None:
        super().__init__(folder, tables)
        self._writers: dict[str, Any] = {}

    def _flush(self, table: Table, lines: list[list[Any]]) -> None:
        pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
        schema = arrow_schema(table)
        writer = self._writers.get(table.name)
        if writer is None:
            path = self.folder / f"{table.name}.{self.suffix}"
            writer = self._writers[table.name] = parquet.ParquetWriter(path, schema)
        columns = list(zip(*lines, strict=True))
        arrays = [
            pyarrow.array(values, type=one.type)
            for values, one in zip(columns, schema, strict=True)
        ]
        writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))

    def close(self) -> None:
        """Write what is left, and close all files."""
        super().close()
        for writer in self._writers.values():
            writer.close()


class SqlitePart(_BufferedPart):
    """One SQLite database; decimals are text, so that they stay exact, dates and times ISO text."""

    suffix = "sqlite"

    def __init__(self, folder: Path, tables: Mapping[str, Table]) -> None:
        super().__init__(folder, tables)
        self._database = sqlite3.connect(folder / f"part.{self.suffix}", isolation_level=None)
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("BEGIN")
        self._made: dict[str, tuple[str, list[tuple[int, Converter]]]] = {}

    def _flush(self, table: Table, lines: list[list[Any]]) -> None:
        if table.name not in self._made:
            self._database.execute(sqlite_table(table))
            marks = ", ".join("?" * len(table.all_columns))
            converters: list[tuple[int, Converter]] = []
            for index, one in enumerate(table.all_columns):
                convert = None if one.kind == "binary" else as_text(one.kind)
                if convert is not None:
                    converters.append((index, convert))
            self._made[table.name] = f'INSERT INTO "{table.name}" VALUES ({marks})', converters
        statement, converters = self._made[table.name]
        for index, convert in converters:
            for line in lines:
                line[index] = convert(line[index])
        self._database.executemany(statement, lines)

    def close(self) -> None:
        """Write what is left, and close the database."""
        super().close()
        self._database.execute("COMMIT")
        self._database.close()


PARTS: Final[Mapping[str, Callable[[Path, Mapping[str, Table]], Part]]] = {
    "csv": CsvPart,
    "jsonl": JsonLinesPart,
    "parquet": ParquetPart,
    "sqlite": SqlitePart,
}
"""Format -> what writes its parts."""


def sqlite_table(table: Table) -> str:
    """Return the statement that creates a table in SQLite."""
    return sql(table, decimal="TEXT")


def arrow_schema(table: Table) -> Any:
    """Return the Arrow schema of a table."""
    pyarrow = import_module("pyarrow")
    types: dict[Kind, Any] = {
        "integer": pyarrow.int64(),
        "decimal": pyarrow.decimal128(DECIMAL_DIGITS, DECIMAL_PLACES),
        "real": pyarrow.float64(),
        "boolean": pyarrow.bool_(),
        "date": pyarrow.date32(),
        "datetime": pyarrow.timestamp("us", tz="UTC"),
        "text": pyarrow.string(),
        "binary": pyarrow.binary(),
        "json": pyarrow.string(),
    }
    return pyarrow.schema([(one.name, types[one.kind]) for one in table.all_columns])


def values_of(path: Path, table: Table, column: Column) -> list[Any]:
    """Return the values of one column in a file of a part, as :func:`identity_text` has them."""
    if path.suffix == ".parquet":
        read = import_module("pyarrow.parquet").read_table
        found: list[Any] = read(path, columns=[column.name]).column(0).to_pylist()
        return found
    with open(path, encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            return [row[column.name] for row in csv.DictReader(file)]
        return [json.loads(line)[column.name] for line in file]


def identity_text(value: Any) -> str:
    """Return what names a record as text, the same for all formats."""
    return format(value, "f") if isinstance(value, Decimal) else str(value)
