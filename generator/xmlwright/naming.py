"""Names in Python for names of the description. They depend on nothing but the description and the lists below."""

from __future__ import annotations

import re
from typing import Final

# DO NOT CHANGE, except by adding names that a template has begun to use at module level: a name that leaves or joins
# these lists renames a public attribute of every client.
KEYWORDS: Final = frozenset(
    [
        "False",
        "None",
        "True",
        "and",
        "as",
        "assert",
        "async",
        "await",
        "break",
        "class",
        "continue",
        "def",
        "del",
        "elif",
        "else",
        "except",
        "finally",
        "for",
        "from",
        "global",
        "if",
        "import",
        "in",
        "is",
        "lambda",
        "nonlocal",
        "not",
        "or",
        "pass",
        "raise",
        "return",
        "try",
        "while",
        "with",
        "yield",
    ]
)
TAKEN: Final = frozenset(
    [
        "bool",
        "bytes",
        "dt",
        "float",
        "int",
        "list",
        "object",
        "str",
        "tuple",
        "Decimal",
        "Literal",
        "Mapping",
        "Sequence",
        "UNSET",
        "Unset",
        "self",
        "unknown",
    ]
)
"""Names that the annotations of generated classes and functions use, so that no field may hide them."""


def python_name(name: str) -> str:
    """A Python name for a field or argument."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return f"{name}_" if name in KEYWORDS or name in TAKEN else name


def snake(name: str) -> str:
    """``getPDF`` -> ``get_pdf``, ``sendBySnailMail`` -> ``send_by_snail_mail``."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^a-z0-9_]", "_", name.lower())


def cap_words(name: str) -> str:
    """``time_entries`` -> ``TimeEntries``."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def constant(name: str) -> str:
    """``TimeEntry`` -> ``TIME_ENTRY``."""
    return snake(name).upper()
