"""Bundle: the whole resolved description as one JSON file, for other tools, other languages, and comparing revisions.

The form follows from the types of :mod:`.model`, and so does its JSON Schema.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from .. import ir as model
from ..diagnostics import Position
from ..schema.nodes import Node
from ..ir import Api, Ref

FORMAT: Final = "xmlwright-bundle"
VERSION: Final = 1
"""Raised when a reader of the old form could not read the new one."""
_DERIVED: Final = {"records", "enums"}
"""Look-up tables of the API that are made again from its modules."""


class BundleError(Exception):
    """A file is no bundle, or one of another version."""


def dump(api: Api) -> str:
    """The bundle of a description, as JSON text; the same text for the same description."""
    value = {"format": FORMAT, "version": VERSION, "api": _plain(api)}
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def load(text: str, name: str = "the bundle") -> Api:
    """The description that a bundle holds. Raises BundleError."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BundleError(f"{name} is not JSON: {error}") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BundleError(f"{name} is not a bundle of xmlwright")
    if found.get("version") != VERSION:
        raise BundleError(
            f"{name} has version {found.get('version')} of the form, and this program reads version {VERSION}"
        )
    try:
        api: Api = _typed(found["api"], Api)
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"{name} does not have the form of a bundle: {error!r}") from None
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
        # What is not there is left out: a reader takes the default, or none.
        return {name: item for name, item in shown.items() if item not in (None, [], {})}
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


@cache
def _hints(kind: Any) -> dict[str, Any]:
    names = {**vars(model), "Node": Node, "Position": Position, "Mapping": Mapping, "tuple": tuple}
    return typing.get_type_hints(kind, names)


def _typed(value: Any, kind: Any) -> Any:
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
    """The value of something that was left out because there was nothing to say."""
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        return None
    if origin is tuple:
        return ()
    if origin is not None and issubclass(origin, Mapping):
        return {}
    raise KeyError(item.name)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of bundles."""
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
        return True
    return origin not in (types.UnionType, typing.Union, tuple) and not issubclass(origin, Mapping)
