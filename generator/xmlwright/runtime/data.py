"""Records, pages and arguments as plain values: for JSON, for tables, and for notebooks."""

from __future__ import annotations

import base64
import json
import math
import re
import sys
from collections.abc import Iterable
from html import escape
from typing import Any, Final

from .scrub import HIDDEN

_CONTROLS: Final = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_SHOWN_ROWS: Final = 100
_COUNTERS: Final = ("position", "size", "pages", "total")


def as_data(
    value: Any, *, for_json: bool = False, show_secrets: bool = False, keep_empty: bool = True
) -> Any:
    """Return a value as dictionaries, lists and scalars.

    Args:
        value: record, page, list, mapping or scalar.
        for_json: decimals, dates and times become text.
        show_secrets: sensitive fields keep their values; else a mark stands in their place.
        keep_empty: fields without a value are kept, so that all records of a type have the same keys.
    """

    def convert(value: Any) -> Any:
        fields = getattr(type(value), "__dataclass_fields__", None)
        if fields is not None and "unknown" in fields:
            return record(value, fields) if "items" not in fields else page(value)
        if isinstance(value, dict):
            return {str(name): convert(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [convert(item) for item in value]
        return _scalar(value) if for_json else value

    def record(value: Any, fields: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, item in fields.items():
            inner = getattr(value, name)
            empty = inner is None or inner in ([], {})
            if name == "unknown" or (empty and not keep_empty):
                continue
            found[name] = convert(inner) if empty or item.repr or show_secrets else HIDDEN
        if value.unknown and keep_empty:
            found["unknown"] = [{"path": item.path, "xml": item.xml} for item in value.unknown]
        return found

    def page(value: Any) -> dict[str, Any]:
        counters = {name: getattr(value, name) for name in _COUNTERS}
        known = {name: number for name, number in counters.items() if number is not None}
        return {**known, "items": [convert(item) for item in value.items]}

    return convert(value)


def as_json(value: Any, *, indent: int | None = None, show_secrets: bool = False) -> str:
    """Return a value as JSON text."""
    data = as_data(value, for_json=True, show_secrets=show_secrets)
    return json.dumps(data, ensure_ascii=False, indent=indent)


def plain(value: Any) -> Any:
    """A value as JSON can hold it: decimals and times as text, absent fields and empty lists left out.

    Sensitive fields keep their values.
    """
    return as_data(value, for_json=True, show_secrets=True, keep_empty=False)


def _scalar(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (int, type(None))):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "media"):  # a file
        return {"bytes": len(value.content), "media": value.media}
    return format(value, "f") if hasattr(value, "as_tuple") else str(value)


def print_json(value: Any, indent: int | None = None) -> None:
    """Print a value as JSON that a terminal shows as it is."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    text = json.dumps(value, indent=indent, ensure_ascii=encoding != "utf8")
    print(_CONTROLS.sub(lambda found: f"\\u{ord(found.group()):04x}", text))


def record_html(record: Any) -> str:
    """Return a record as an HTML table of its fields that have a value."""
    shown = as_data(record, for_json=True, keep_empty=False)
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{_cell(v)}</td></tr>" for name, v in shown.items()
    )
    return f"<table><caption>{escape(type(record).__name__)}</caption>{rows}</table>"


def rows_html(records: Iterable[Any], note: str = "") -> str:
    """Return records as an HTML table with a column for each field that any of them has a value for."""
    rows = [as_data(record, for_json=True, keep_empty=False) for record in records]
    shown = rows[:_SHOWN_ROWS]
    if len(rows) > len(shown):
        note = f"{note} First {len(shown)} of {len(rows)} rows.".strip()
    return f"{_table(shown)}<p>{escape(note)}</p>" if note else _table(shown)


def _table(rows: list[Any]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(
        f"<tr>{''.join(f'<td>{_cell(row.get(name))}</td>' for name in names)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return _table(value)
    if isinstance(value, dict):
        return _table([value])
    if isinstance(value, list):
        return escape(", ".join(map(str, value)))
    return "" if value is None else escape(str(value))
