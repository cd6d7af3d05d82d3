"""Run-time values as the Python expressions that make them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from typing import Any

from ..naming import constant, module_name
from ..runtime.scalars import Codec
from .literals import literal


class Constructors:
    """Writes expressions, and collects the names that they need from the runtime.

    Attributes:
        imports: Module of the runtime -> names that the expressions use.
    """

    def __init__(self, codecs: Mapping[int, str]) -> None:
        """Take the constants of codecs, by the identity of the codec."""
        self.imports: dict[str, set[str]] = {}
        self._codecs = codecs

    def expression(self, value: Any) -> str:
        """Return the expression that makes a value; fields that have their default are left out."""
        if isinstance(value, Codec):
            return self._codecs[id(value)]
        if isinstance(value, functools.partial):  # makes the schema of a record
            (ref,) = value.args
            self.imports.setdefault("runtime.schema", set()).add("schema_of")
            return f"schema_of(__name__, {literal(module_name(ref.module))}, {literal(constant(ref.name))})"
        fields = _fields(value)
        if fields is not None:
            name = type(value).__name__
            module = type(value).__module__.rpartition(".")[2]
            self.imports.setdefault(f"runtime.{module}", set()).add(name)
            return f"{name}({self.arguments(fields)})"
        if isinstance(value, tuple):
            inner = ", ".join(map(self.expression, value))
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        if isinstance(value, Mapping):
            pairs = (f"{literal(key)}: {self.expression(item)}" for key, item in value.items())
            return f"{{{', '.join(pairs)}}}"
        return literal(value)

    def arguments(self, fields: Iterator[tuple[str, Any]]) -> str:
        """Return keyword arguments."""
        return ", ".join(f"{name}={self.expression(item)}" for name, item in fields)

    def variant(self, name: str, base: Any, value: Any) -> str:
        """Return the expression for a variant of a named value: ``name`` alone where they are equal."""
        changed = [
            (field.name, getattr(value, field.name))
            for field in dataclasses.fields(value)
            if getattr(value, field.name) != getattr(base, field.name)
        ]
        return f"{name}.variant({self.arguments(iter(changed))})" if changed else name


def _fields(value: Any) -> Iterator[tuple[str, Any]] | None:
    """Return the fields of a dataclass or named tuple that differ from their defaults; None for other values."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return (
            (field.name, getattr(value, field.name))
            for field in dataclasses.fields(value)
            if getattr(value, field.name) != _default(field)
        )
    if isinstance(value, tuple) and hasattr(value, "_field_defaults"):
        named: Any = value
        defaults = named._field_defaults
        return (
            (name, item)
            for name, item in zip(named._fields, named, strict=True)
            if name not in defaults or item != defaults[name]
        )
    return None


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default
