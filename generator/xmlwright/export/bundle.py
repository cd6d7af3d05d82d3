"""Bundles: the whole resolved description as one JSON file, for other tools and for comparing revisions.

The types of :mod:`xmlwright.ir` decide the format and its JSON Schema.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import json
import types
import typing
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Final

from .. import ir as model
from ..diagnostics import Position
from ..ir import Api, Ref
from ..runtime.writing import Upload

FORMAT: Final = "xmlwright-bundle"
VERSION: Final = 3
"""Incremented when readers of the old format cannot read the new one."""
_DERIVED: Final = {"records", "enums"}
"""Look-up tables of the API, which are built from its modules."""


class BundleError(Exception):
    """A file is not a bundle, or has another version of the format."""


def dump(api: Api) -> str:
    """Return the bundle of a description as JSON text; equal descriptions give equal texts."""
    value = {"format": FORMAT, "version": VERSION, "api": _plain(api)}
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def load(text: str, name: str = "the bundle") -> Api:
    """Return the description in a bundle.

    Raises:
        BundleError: The text is not a bundle of this version.
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BundleError(f"{name} is not JSON: {error}") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BundleError(f"{name} is not a bundle of xmlwright")
    if found.get("version") != VERSION:
        raise BundleError(
            f"{name} has format version {found.get('version')}, and this xmlwright reads version {VERSION}; bundle it again"
        )
    try:
        api: Api = _typed(found["api"], Api)
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        raise BundleError(f"{name} is not a valid bundle: {error!r}") from None
    return api


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        if isinstance(value, Position):
            return f"{value.file}:{value.line}:{value.column}"
        shown = {
            item.name: _plain(getattr(value, item.name))
            for item in dataclasses.fields(value)
            if not (isinstance(value, Api) and item.name in _DERIVED)
        }
        # Empty values are left out; readers use the default.
        return {name: item for name, item in shown.items() if item not in (None, [], {})}
    tag = _TAGS.get(type(value))
    if tag is not None:
        exact: Any = value
        return {tag: str(value) if isinstance(value, Decimal) else exact.isoformat()}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


_TAGS: Final[Mapping[type, str]] = {
    Decimal: "$decimal",
    dt.date: "$date",
    dt.datetime: "$datetime",
}
"""Type of a value in a case -> the key that its text has in JSON."""


def _value(value: Any) -> Any:
    """Return a value in a case as it was before :func:`_plain`."""
    if isinstance(value, list):
        return tuple(_value(item) for item in value)
    if not isinstance(value, dict):
        return value
    if "items_at" in value:
        return _made(value, model.PageValue)
    if "at" in value:
        return _made(value, model.RecordValue)
    readers: dict[str, Callable[[str], Any]] = {
        "$decimal": Decimal,
        "$date": dt.date.fromisoformat,
        "$datetime": dt.datetime.fromisoformat,
        "$bytes": base64.b64decode,
    }
    for tag, text in value.items():
        if tag in readers:
            return readers[tag](text)
    plain = {name: _value(item) for name, item in value.items()}
    return Upload(**plain) if plain.keys() == {"content", "name", "media"} else plain


@cache
def _hints(kind: Any) -> dict[str, Any]:
    names = {**vars(model), "Position": Position, "Mapping": Mapping, "tuple": tuple}
    return typing.get_type_hints(kind, names)


def _typed(value: Any, kind: Any) -> Any:
    if kind is Any:
        return _value(value)
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        inner = [item for item in typing.get_args(kind) if item is not type(None)]
        return None if value is None else _typed(value, inner[0])
    if origin is tuple:
        item_kind = typing.get_args(kind)
        if item_kind[-1] is not Ellipsis:
            return tuple(_typed(item, each) for item, each in zip(value, item_kind, strict=True))
        return tuple(_typed(item, item_kind[0]) for item in value or ())
    if origin is not None and issubclass(origin, Mapping):
        _, item_kind = typing.get_args(kind)
        return {name: _typed(item, item_kind) for name, item in (value or {}).items()}
    if kind is Position:
        file, line, column = value.rsplit(":", 2)
        return Position(file, int(line), int(column))
    if dataclasses.is_dataclass(kind):
        return _made(value, typing.cast("Any", kind))
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is not {kind.__name__}")
    return value


def _made(value: Any, kind: type[Any]) -> Any:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is not {kind.__name__}")
    hints: dict[str, Any] = _hints(typing.cast("Any", kind))
    values: dict[str, Any] = {}
    for item in dataclasses.fields(kind):
        if kind is Api and item.name in _DERIVED:
            continue
        if item.name in value:
            values[item.name] = _typed(value[item.name], hints[item.name])
        else:
            values[item.name] = _absent(hints[item.name], item)
    if kind is Api:
        modules = values["modules"]
        values["records"] = {
            Ref(m.name, record.name): record for m in modules for record in m.records
        }
        values["enums"] = {Ref(m.name, enum.name): enum for m in modules for enum in m.enums}
    return kind(**values)


def _absent(kind: Any, item: dataclasses.Field[Any]) -> Any:
    """Return the value of something that was left out because it is empty."""
    if kind is Any:
        return None
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        return None
    if origin is tuple:
        return ()
    if origin is not None and issubclass(origin, Mapping):
        return {}
    raise KeyError(item.name)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of bundles."""
    definitions: dict[str, Any] = {}
    root = _schema(Api, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A description compiled by xmlwright",
        "type": "object",
        "properties": {"format": {"const": FORMAT}, "version": {"const": VERSION}, "api": root},
        "required": ["format", "version", "api"],
        "additionalProperties": False,
        "$defs": definitions,
    }


_SIMPLE: Final = {str: "string", int: "integer", bool: "boolean"}


def _schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        inner = [item for item in typing.get_args(kind) if item is not type(None)]
        return _schema(inner[0], definitions)
    if origin is tuple:
        return {"type": "array", "items": _schema(typing.get_args(kind)[0], definitions)}
    if origin is not None and issubclass(origin, Mapping):
        return {
            "type": "object",
            "additionalProperties": _schema(typing.get_args(kind)[1], definitions),
        }
    if kind is Any:
        return {}
    if kind is Position:
        return {"type": "string", "pattern": r":\d+:\d+$", "description": "file:line:column"}
    if kind in _SIMPLE:
        return {"type": _SIMPLE[kind]}
    name = kind.__name__
    if name not in definitions:
        definitions[name] = {}
        hints = _hints(kind)
        fields = [
            item for item in dataclasses.fields(kind) if not (kind is Api and item.name in _DERIVED)
        ]
        definitions[name] = {
            "type": "object",
            "description": (kind.__doc__ or "").strip().split("\n")[0],
            "properties": {item.name: _schema(hints[item.name], definitions) for item in fields},
            "required": [item.name for item in fields if _needed(hints[item.name])],
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{name}"}


def _needed(kind: Any) -> bool:
    origin = typing.get_origin(kind)
    if origin is None:
        return kind is not Any
    return origin not in (types.UnionType, typing.Union, tuple) and not issubclass(origin, Mapping)
