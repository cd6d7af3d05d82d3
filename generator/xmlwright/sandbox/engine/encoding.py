"""Records as JSON text and back: for a database, a seed file, and everybody who looks at the state."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def dumps(record: Mapping[str, Any]) -> str:
    """Return a record as JSON; what JSON has no type for is a mapping with one key that begins with a dollar sign."""
    return json.dumps(_tagged(record), ensure_ascii=False, separators=(",", ":"))


def loads(text: str, zone: dt.tzinfo) -> dict[str, Any]:
    """Return the record that :func:`dumps` made the text of; times are those of a zone again, as the engine has them."""
    value = _plain(json.loads(text), zone)
    if not isinstance(value, dict):
        raise ValueError("the text is no record")
    return value


def shown(value: Any) -> Any:
    """Return a value as JSON shows it to a person: exact numbers, days and times as text, files by their size."""
    if isinstance(value, Mapping):
        return {name: shown(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [shown(inner) for inner in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"({len(value):,} bytes)"
    return value


def _tagged(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {name: _tagged(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_tagged(inner) for inner in value]
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, dt.datetime):
        return {"$time": value.astimezone(dt.timezone.utc).isoformat()}
    if isinstance(value, dt.date):
        return {"$date": value.isoformat()}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode("ascii")}
    raise TypeError(f"a record holds no {type(value).__name__}")


def _plain(value: Any, zone: dt.tzinfo) -> Any:
    if isinstance(value, list):
        return tuple(_plain(inner, zone) for inner in value)
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, inner),) = value.items()
        if name == "$decimal":
            return Decimal(inner)
        if name == "$time":
            return dt.datetime.fromisoformat(inner).astimezone(zone)
        if name == "$date":
            return dt.date.fromisoformat(inner)
        if name == "$bytes":
            return base64.b64decode(inner)
    return {name: _plain(inner, zone) for name, inner in value.items()}
