"""What names and texts may be in the files of a description."""

from __future__ import annotations

from typing import Final

from .decoder import Boolean, Either, Integer, Listing, Name, Text, Tree

SCALARS: Final = (
    "id", "text", "int", "decimal", "flag", "date", "datetime", "uri", "binary", "float", "base64", "xml",
)  # fmt: skip
TYPE: Final = Name(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", "a scalar type")
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
_START: Final = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_XML_NAME: Final = f"[{_START}][{_START}0-9.\u00b7\u0300-\u036f\u203f-\u2040-]*"
"""A name without a colon, as XML 1.0 section 2.3 defines it."""
ELEMENT: Final = Name(_XML_NAME, "an XML name")
FIELD_NAME: Final = Name(
    _XML_NAME, "an XML name without a prefix; a prefix stands in its place (`at`)"
)
_QNAME: Final = f"({_XML_NAME}:)?{_XML_NAME}"
QNAME: Final = Name(_QNAME, "an XML name, maybe with a prefix")
PATH: Final = Name(rf"\.|{_QNAME}(/{_QNAME})*", "a path of elements")
TEMPLATE: Final = Name(
    r"none|[^\s<>&\"'/@]+", "an XML name; {method}, {resource}, {verb} and {Verb} stand for names"
)
PLACE: Final = Name(
    rf"http:status|http:body|(query|form|path|header|part):[^\s:]\S*|\.|/?({_QNAME}/)*@?{_QNAME}",
    "a place such as a/b, a/@b, ., /a/b, query:name or header:Name",
)
VERB: Final = Name(
    r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*", "a verb such as create or lines.add"
)
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
