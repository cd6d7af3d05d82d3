"""What names and texts may be in the files of a description."""

from __future__ import annotations

from typing import Final

from .decoder import Boolean, Either, Integer, Listing, Name, Text, Tree

SCALARS: Final = ("id", "text", "int", "decimal", "flag", "date", "datetime", "uri", "binary")
VERBS: Final = ("create", "update", "get", "delete", "list")
PROVENANCE: Final = ("documented", "observed", "inferred")
PLACEHOLDERS: Final = (
    "field",
    "value",
    "verb",
    "resource",
    "resources",
    "Resource",
    "Resources",
    "reason",
)
"""Names in braces that the message of an error may hold."""
PLACEHOLDER: Final = r"\{([A-Za-z_]+)\}"
"""One of those, or a word like it, in a message; other braces are text."""
ERROR_KINDS: Final = (
    "authentication", "permission", "not_found", "validation", "conflict", "rate_limit", "account", "server",
)  # fmt: skip

SNAKE: Final = Name(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", "a snake_case name")
CAP_WORDS: Final = Name(r"[A-Z][A-Za-z0-9]*", "a CapWords name")
ELEMENT: Final = Name(r"[A-Za-z_][A-Za-z0-9_.-]*", "an XML name")
PATH: Final = Name(r"\.|[A-Za-z_][A-Za-z0-9_.-]*(/[A-Za-z_][A-Za-z0-9_.-]*)*", "a path of elements")
PLACE: Final = Name(
    r"(([A-Za-z_][A-Za-z0-9_.-]*/)*(@?[A-Za-z_][A-Za-z0-9_.-]*))",
    "a path of elements, or @attribute",
)
VERB: Final = Name(r"[a-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*)*", "a verb such as create or lines.add")
PYTHON: Final = Name(r"[A-Za-z][A-Za-z0-9_]*", "a Python name")
PACKAGE: Final = Name(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*", "the name of a Python package")
TEXT: Final = Text()
TREE: Final = Tree()
BOOLEAN: Final = Boolean()
TEXTS: Final = Listing(TEXT)
CODES: Final = Listing(TEXT)
NUMBER: Final = Either(
    Integer(-1_000_000_000), Name(r"-?[0-9]+\.[0-9]+", "a number with a decimal point")
)
DOC: Final = "What it is, in words: meaning, unit, format."
PROVENANCE_DOC: Final = (
    "How it is known: documented, observed (in a recording or client code) or inferred."
)
SOURCE_DOC: Final = (
    "Where it is known from; the part before a colon is a key of `sources` in api.yaml."
)
