"""Every record of every described API becomes rows that hold all of its values."""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from example_clients import EXAMPLES, ExampleClient

NAMES = [
    "freshbooks_classic",
    *sorted(path.name for path in EXAMPLES.iterdir() if (path / "schema").is_dir()),
]


def leaves(value: Any) -> Iterator[Any]:
    """Every single value in a record, list or map."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from leaves(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from leaves(inner)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            if name != "unknown":
                yield from leaves(getattr(value, name))
    elif value is not None:
        yield value


@pytest.mark.parametrize("name", NAMES)
def test_rows_hold_every_value(
    example_client: Callable[[str], ExampleClient], tmp_path: Path, name: str
) -> None:
    if name in NAMES[1:]:
        example_client(name).package  # noqa: B018 - imported for the modules below
        name = example_client(name).name
    tables_of = importlib.import_module(f"{name}.runtime.export_tables")
    parts = importlib.import_module(f"{name}.runtime.export_parts")
    sampler = importlib.import_module(f"{name}.runtime.samples").Sampler()
    registry = importlib.import_module(f"{name}.wire").REGISTRY
    read_response = importlib.import_module(f"{name}.runtime.responses").read_response
    tables = tables_of.Tables(registry, show_secrets=True)
    read = 0
    with closing(sqlite3.connect(":memory:")) as database:
        for table in tables.by_name.values():
            database.execute(parts.sqlite_table(table))
        for method in registry.methods.values():
            schema = method.response.record
            if schema is None:
                continue
            value = read_response(method, sampler.reply(method))
            records = list(value) if hasattr(value, "__iter__") else [value]
            for record in records:
                rows = tables.rows(record, schema, 1, method.name)
                cells = [cell for lines in rows.values() for line in lines for cell in line]
                for leaf in leaves(record):
                    assert any(cell == leaf or (isinstance(cell, str) and str(leaf) in cell) for cell in cells), (method.name, leaf)  # fmt: skip
                for table_name, lines in rows.items():
                    arrow = parts.arrow_schema(tables.by_name[table_name])
                    for line in lines:
                        pyarrow.Table.from_pylist([dict(zip(arrow.names, line, strict=True))], arrow)  # fmt: skip
                read += 1
    assert read
    print(f"{name}: {read} records in {len(tables.by_name)} tables")
