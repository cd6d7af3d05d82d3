"""Python expressions over as many lines as they need: the calls of samples, and the values that they answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from typing import Any, Final

WIDTH: Final = 78


@dataclass(frozen=True, slots=True)
class Group:
    """Parts between an opening and a closing bracket, such as the arguments of a call."""

    opening: str
    parts: tuple[tuple[str, Expression], ...]
    """What stands before a part (``"name="``), and the part."""
    closing: str


Expression = str | Group


def laid_out(expression: Expression, before: str = "", indent: int = 0) -> str:
    """``before`` and the expression: on one line where it fits, else one part a line.

    Lines after the first are indented by ``indent``; ``before`` is not.
    """
    flat = before + _flat(expression)
    if isinstance(expression, str) or indent + len(flat) <= WIDTH or not expression.parts:
        return flat
    inner = indent + 4
    lines = [f"{' ' * inner}{laid_out(part, name, inner)}," for name, part in expression.parts]
    return "\n".join([before + expression.opening, *lines, " " * indent + expression.closing])


def _flat(expression: Expression) -> str:
    if isinstance(expression, str):
        return expression
    inner = ", ".join(name + _flat(part) for name, part in expression.parts)
    return f"{expression.opening}{inner}{expression.closing}"


def call(name: str, parts: Sequence[tuple[str, Expression]]) -> Group:
    """A call of ``name``."""
    return Group(f"{name}(", tuple(parts), ")")


def sequence(parts: Sequence[Expression]) -> Group:
    """A list."""
    return Group("[", tuple(("", part) for part in parts), "]")


def mapping(parts: Sequence[tuple[str, Expression]]) -> Group:
    """A dictionary with text keys."""
    return Group("{", tuple((f"{text(name)}: ", part) for name, part in parts), "}")


def text(value: str) -> str:
    """A literal for a text, in double quotes where that needs no escapes."""
    plain = repr(value)
    if plain[0] == "'" and '"' not in plain:
        return f'"{plain[1:-1]}"'
    return plain


def shown(value: Any) -> Expression:
    """A value as the expression that makes it; fields of records that are none or empty are left out."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Decimal):
        return f'Decimal("{value}")'
    if isinstance(value, dt.datetime):
        numbers = [value.year, value.month, value.day, value.hour, value.minute, value.second]
        zone = getattr(value.tzinfo, "key", None)
        ending = f', tzinfo=ZoneInfo("{zone}")' if zone else ""
        return f"datetime({', '.join(map(str, numbers))}{ending})"
    if isinstance(value, dt.date):
        return f"date({value.year}, {value.month}, {value.day})"
    if is_dataclass(value) and not isinstance(value, type):
        parts = [
            (f"{item.name}=", shown(inner))
            for item in fields(value)
            if item.repr and (inner := getattr(value, item.name)) not in (None, [], ())
        ]
        return call(type(value).__name__, parts)
    if isinstance(value, (list, tuple)):
        return sequence([shown(item) for item in value])
    return repr(value)
