"""Layout of Python expressions: the calls of samples and their results."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from typing import Any, Final

WIDTH: Final = 78


@dataclass(frozen=True, slots=True)
class Group:
    """Parts between brackets, such as the arguments of a call."""

    opening: str
    parts: tuple[tuple[str, Expression], ...]
    """Prefix (``"name="``) and part."""
    closing: str


Expression = str | Group


def format_expression(expression: Expression, before: str = "", indent: int = 0) -> str:
    """Return ``before`` and the expression, on one line if it fits, otherwise one part per line.

    Lines after the first are indented by ``indent``; ``before`` is not.
    """
    flat = before + _flat(expression)
    if isinstance(expression, str) or indent + len(flat) <= WIDTH or not expression.parts:
        return flat
    inner = indent + 4
    lines = [
        f"{' ' * inner}{format_expression(part, name, inner)}," for name, part in expression.parts
    ]
    return "\n".join([before + expression.opening, *lines, " " * indent + expression.closing])


def _flat(expression: Expression) -> str:
    if isinstance(expression, str):
        return expression
    inner = ", ".join(name + _flat(part) for name, part in expression.parts)
    return f"{expression.opening}{inner}{expression.closing}"


def call(name: str, parts: Sequence[tuple[str, Expression]]) -> Group:
    """Return a call of ``name``."""
    return Group(f"{name}(", tuple(parts), ")")


def sequence(parts: Sequence[Expression]) -> Group:
    """Return a list."""
    return Group("[", tuple(("", part) for part in parts), "]")


def mapping(parts: Sequence[tuple[str, Expression]]) -> Group:
    """Return a dictionary with string keys."""
    return Group("{", tuple((f"{text(name)}: ", part) for name, part in parts), "}")


def text(value: str) -> str:
    """Return a string literal, in double quotes unless they need escapes."""
    plain = repr(value)
    if plain[0] == "'" and '"' not in plain:
        return f'"{plain[1:-1]}"'
    return plain


def to_expression(value: Any) -> Expression:
    """Return the expression that creates a value; leave out empty fields of records."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Decimal):
        return f'Decimal("{value}")'
    if isinstance(value, dt.datetime):
        numbers = [value.year, value.month, value.day, value.hour, value.minute, value.second]
        numbers += [value.microsecond] if value.microsecond else []
        ending = "" if value.tzinfo is None else f", tzinfo={_zone(value)}"
        return f"datetime({', '.join(map(str, numbers))}{ending})"
    if isinstance(value, dt.date):
        return f"date({value.year}, {value.month}, {value.day})"
    if is_dataclass(value) and not isinstance(value, type):
        parts = [
            (f"{item.name}=", to_expression(inner))
            for item in fields(value)
            if item.repr and (inner := getattr(value, item.name)) not in (None, [], ())
        ]
        return call(type(value).__name__, parts)
    if isinstance(value, (list, tuple)):
        return sequence([to_expression(item) for item in value])
    if isinstance(value, Mapping):
        return mapping([(str(name), to_expression(item)) for name, item in value.items()])
    return repr(value)


def _zone(value: dt.datetime) -> str:
    key = getattr(value.tzinfo, "key", None)
    if key is not None:
        return f'ZoneInfo("{key}")'
    offset = value.utcoffset() or dt.timedelta()
    if not offset:
        return "timezone.utc"
    minutes = offset // dt.timedelta(minutes=1)
    return f"timezone(timedelta(minutes={minutes}))"
