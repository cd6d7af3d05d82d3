"""The one place where text of a description becomes Python source."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import textwrap
from decimal import Decimal
from typing import Any, Final

from ..settings import LINE_LENGTH

_SENTENCE: Final = re.compile(r"(.+?[^.][.!?]) +([A-Z\d\"'`({:<].*)").match
"""A first sentence, and what follows it."""
_OPEN_QUOTE: Final = re.compile(r'(?<!\\)(?:\\\\)*"\Z').search
"""Finds a quote at the end of a text that no backslash escapes."""


def literal(value: Any) -> str:
    """A Python expression for a scalar value; evaluating it gives the value back."""
    if isinstance(value, Decimal):
        return f"Decimal({quoted(str(value))})"
    if isinstance(value, dt.datetime):
        zone = "ZONE"
        if isinstance(value.tzinfo, dt.timezone):  # it came with an offset
            zone, value = "dt.timezone.utc", value.astimezone(dt.timezone.utc)
        numbers = [
            value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond
        ]  # fmt: skip
        while numbers[-1] == 0 and len(numbers) > 3:
            numbers.pop()
        return f"dt.datetime({', '.join(map(str, numbers))}, tzinfo={zone})"
    if isinstance(value, dt.date):
        return f"dt.date({value.year}, {value.month}, {value.day})"
    if value is None or isinstance(value, (bool, int)):
        return repr(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f'float("{value}")'
    if isinstance(value, (str, bytes)):
        return quoted(value)
    if isinstance(value, (tuple, list)):
        inner = ", ".join(map(literal, value))
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    raise TypeError(f"no literal for {type(value).__name__}")


def quoted(value: str | bytes) -> str:
    """A literal between double quotes, unless that takes more backslashes."""
    text = repr(value if isinstance(value, bytes) else str(value))
    return text if '"' in text else text.replace("'", '"')


def block(text: str) -> str:
    """A literal for a text of several lines: triple-quoted where that is exact, else as :func:`literal`."""
    printable = all(char.isprintable() or char == "\n" for char in text)
    if "\n" in text and printable and "\\" not in text and '"""' not in text and text[-1] != '"':
        return f'"""{text}"""'
    return literal(text)


def docstring(text: str, indent: int = 4, *, width: int = LINE_LENGTH) -> str:
    """Return a docstring for ``text``.

    Paragraphs are wrapped to ``width``; lines that begin with a space stay as they are. A first sentence
    that is followed by more than fits on its line becomes a summary line of its own.
    """
    width -= indent
    text = _with_summary(text, width)
    lines = _wrapped(text, width, width - 3)
    if len(lines) == 1 and len(lines[0]) > width - 6:  # no room for the quotes that follow
        lines = _wrapped(text, width, width - 6)
    margin = " " * indent
    body = ("\n" + margin).join(lines).replace("\n" + margin + "\n", "\n\n")
    body = "\n".join(line.rstrip() for line in body.split("\n"))
    if len(lines) > 1:
        return f'"""{body}\n{margin}"""'
    if _OPEN_QUOTE(body):
        body = body[:-1] + '\\"'
    return f'"""{body}"""'


def _with_summary(text: str, width: int) -> str:
    """Return ``text`` with a blank line after its first sentence, unless its first paragraph fits on a line."""
    text = text.strip("\n")
    first, line_end, rest = text.partition("\n")
    if len(first) > width - (3 if line_end else 6):
        sentence = _SENTENCE(first)
        if sentence is not None:
            return f"{sentence[1]}\n\n{sentence[2]}{line_end}{rest}"
    elif rest.strip() and not rest.startswith("\n"):
        return f"{first}\n\n{rest}"
    return text


def _wrapped(text: str, width: int, first: int) -> list[str]:
    """Lines of a docstring; ``first`` is the room of the first one."""
    lines: list[str] = []
    for paragraph in text.strip("\n").split("\n"):
        lead = " " * (len(paragraph) - len(paragraph.lstrip()))
        if not paragraph.strip():
            lines.append("")
            continue
        hanging = lead + "    " if lead else lead
        lines.extend(
            textwrap.wrap(
                _safe(paragraph.strip()),
                width if lines else first,
                initial_indent=lead,
                subsequent_indent=hanging,
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
    return lines


def toml(text: str) -> str:
    """A TOML string for ``text``."""
    escaped = (
        {"\\": "\\\\", '"': '\\"'}.get(char)
        or (char if char >= " " and char != "\x7f" else f"\\u{ord(char):04x}")
        for char in text
    )
    return f'"{"".join(escaped)}"'


def json_text(value: Any) -> str:
    """A JSON value, which is also an expression of JavaScript: texts, numbers, truth values, and lists of them."""
    return json.dumps(value, ensure_ascii=True)


def comment(text: str) -> str:
    """Text for one line of a comment that ``*/`` or the end of the line ends."""
    return " ".join(text.split()).replace("*/", "* /")


def _safe(text: str) -> str:
    """Text that means itself between triple quotes, whatever it holds."""
    text = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
