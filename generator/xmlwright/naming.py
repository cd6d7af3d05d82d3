"""Names in Python for names of the description. They depend on nothing but the description and the lists below."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from .runtime.errors import FAILURES

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
RESERVED: Final = frozenset(
    [
        "bool",
        "bytes",
        "dt",
        "field",
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
        "to_dict",
        "to_json",
        "unknown",
    ]
)
"""Names that the bodies of generated records and the signatures of builders use, so that no field may hide them."""
RESERVED_IN_MODULES: Final = frozenset(
    ["api", "call", "dataclass", "dict", "field_spec", "pages", "property"]
)
"""Further names that the top level of a generated module uses, so that no builder may hide them."""
RESERVED_IN_RESOURCES: Final = frozenset(["call", "pages", "property"])
"""Names that the body of a resource class uses, so that none of its attributes may hide them."""
RESERVED_IN_CLIENT: Final = frozenset(
    [
        "cached_property",
        "call",
        "close",
        "closed",
        "explain",
        "from_env",
        "oauth",
        "options",
        "protocol",
        "reconcile",
        "registry",
        "send",
        "send_raw",
        "url",
        "with_deadline",
        "with_options",
    ]
)
"""Attributes of the client itself, which no resource may replace."""
CLASSES: Final = frozenset(
    [
        "AsyncResource",
        "BinaryIO",
        "BinaryResponse",
        "Decimal",
        "EmptyResponse",
        "EnumCodec",
        "File",
        "Final",
        "ListResponse",
        "Literal",
        "METHODS",
        "Method",
        "Page",
        "PageResponse",
        "PathLike",
        "Raw",
        "Record",
        "RecordResponse",
        "RecordSchema",
        "Request",
        "Required",
        "Resource",
        "ScalarResponse",
        "Sequence",
        "TypeAlias",
        "TypedDict",
        "UNSET",
        "Unknown",
        "Unset",
        "Upload",
        "ZONE",
        "ZoneInfo",
    ]
)
"""Capitalized names that generated modules and tests import."""
RESERVED_CLASSES: Final = CLASSES | KEYWORDS | {kind.__name__ for kind in FAILURES.values()}
"""Names that no record, enum or resource class can have."""
MODULES: Final = frozenset(["events", "runtime", "shared", "wire"])
"""Modules that every generated package has."""
RESERVED_IN_TESTS: Final = frozenset(
    [
        "annotations",
        "caught",
        "dt",
        "endpoint",
        "pytest",
        "request",
        "same_xml",
        "unknown_elements",
        "value",
    ]
)
"""Names that a generated test module uses, so that the module under test needs another one there."""
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@cache
def python_name(name: str) -> str:
    """A Python name for a field or argument: ``UnitPrice`` -> ``unit_price``, ``class`` -> ``class_``.

    In lower case, so that no field hides a class in the annotations beside it; without underscores in front, which
    Python gives a meaning of their own inside classes.
    """
    name = snake(name)
    return _free(name.lstrip("_") or name, KEYWORDS, RESERVED)


def function_name(parts: tuple[str, ...]) -> str:
    """The builder of a method in its module."""
    return _free("_".join(parts), KEYWORDS, RESERVED, RESERVED_IN_MODULES)


def attribute_name(name: str) -> str:
    """A method, or a group of methods, as an attribute of a resource class."""
    return _free(name, KEYWORDS, RESERVED_IN_RESOURCES)


def client_attribute(resource: str) -> str:
    """A resource as an attribute of the client."""
    return _free(resource, KEYWORDS, RESERVED, RESERVED_IN_CLIENT)


def module_name(resource: str) -> str:
    """The module of a resource; it is also the name of its file."""
    return _free(resource, KEYWORDS)


def test_module_name(module: str) -> str:
    """What a generated test calls the module that it tests."""
    return _free(module, RESERVED_IN_TESTS)


@cache
def test_name(function: str, case: str) -> str:
    """The test of a case. Letters of every script stay, as Python allows them."""
    name = unicodedata.normalize("NFKC", _HUMP.sub("_", case)).lower()
    name = "".join(char if f"_{char}".isidentifier() else "_" for char in name)
    return f"test_{function.rstrip('_')}_{'_'.join(filter(None, name.split('_')))}"


def _free(name: str, *taken: frozenset[str]) -> str:
    return f"{name}_" if any(name in names for names in taken) else name


@cache
def snake(name: str) -> str:
    """``getPDF`` -> ``get_pdf``, ``sendBySnailMail`` -> ``send_by_snail_mail``."""
    return re.sub(r"[^a-z0-9_]", "_", _HUMP.sub("_", to_ascii(name)).lower())


def to_ascii(name: str) -> str:
    """Return a name with its letters in ASCII where they have a counterpart: ``größe`` -> ``groesse``."""
    if name.isascii():
        return name
    for letter, plain in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        name = name.replace(letter, plain)
    letters = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def cap_words(name: str) -> str:
    """``time_entries`` -> ``TimeEntries``."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def constant(name: str) -> str:
    """``TimeEntry`` -> ``TIME_ENTRY``."""
    return snake(name).upper()


def method_constant(function: str) -> str:
    """The table of a method: ``list_`` -> ``_LIST``."""
    return f"_{function.rstrip('_').upper()}"


def with_article(noun: str) -> str:
    """Return a noun with its indefinite article: ``an estimate``, ``a user``."""
    vowel = noun[:1].lower() in "aeiou" and not re.match(r"(?i)(uni|use|usa|eu|one\b)", noun)
    return f"{'an' if vowel else 'a'} {noun}"
