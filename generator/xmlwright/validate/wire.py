"""Check the texts that say how calls are on the wire: placeholders and prefixes of names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ..diagnostics import Diagnostics, nearest
from ..schema.decoder import Decl, LocatedStr
from ..schema.grammar import FieldDecl
from ..schema.loader import Description
from ..schema.wire_grammar import (
    CountersDecl,
    ErrorPayloadDecl,
    FailureRuleDecl,
    HttpDecl,
    MetadataDecl,
    MethodNameDecl,
    NilDecl,
    ParametersDecl,
    RequestDecl,
    ResponseDecl,
    location_of,
)

_OF_METHOD: Final = ("method", "resource", "verb", "Verb")
_TEMPLATES: Final[Mapping[tuple[type[Decl], str], tuple[str, ...]]] = {
    (HttpDecl, "headers"): _OF_METHOD,
    (HttpDecl, "constants"): _OF_METHOD,
    (RequestDecl, "root"): _OF_METHOD,
    (RequestDecl, "payload"): _OF_METHOD,
    (MethodNameDecl, "value"): _OF_METHOD,
    (ResponseDecl, "root"): _OF_METHOD,
    (ResponseDecl, "payload"): _OF_METHOD,
    (ParametersDecl, "record"): ("name", "field"),
    (ParametersDecl, "list"): ("name", "n", "item", "field"),
    (ParametersDecl, "map"): ("name", "n"),
    (FieldDecl, "indexed"): ("name", "field", "n", "item"),
}
"""Keys whose texts hold placeholders, and what these may be."""
_NAMED: Final[Mapping[type[Decl], tuple[str, ...]]] = {
    FieldDecl: ("wire", "list", "map"),
    RequestDecl: ("root", "method", "payload", "attributes"),
    MethodNameDecl: ("place",),
    ResponseDecl: ("root", "status", "payload", "attributes"),
    MetadataDecl: ("place",),
    NilDecl: ("place",),
    ErrorPayloadDecl: ("place",),
    CountersDecl: ("position", "size", "pages", "total", "next", "more"),
    FailureRuleDecl: (
        "root", "when", "each", "place", "message", "code", "field", "severity", "detail",
    ),
}  # fmt: skip
"""Keys whose texts are names of elements and attributes, or places."""
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


def check(description: Description, diagnostics: Diagnostics) -> None:
    """Report placeholders that nothing fills in, and prefixes that stand for no namespace."""
    prefixes = {*map(str, description.api.namespaces), "xml", "xmlns"}
    for decl in _declarations((description.api, *description.resources, description.shared)):
        for (kind, key), allowed in _TEMPLATES.items():
            if isinstance(decl, kind):
                for text in _texts(getattr(decl, key), names=False):
                    _placeholders(text, allowed, diagnostics)
        for key in _NAMED.get(type(decl), ()):
            for text in _texts(getattr(decl, key), names=True):
                _prefixes(text, prefixes, diagnostics)


def _declarations(values: Iterable[Any]) -> Iterator[Decl]:
    """Return declarations and all that are inside them."""
    for value in values:
        if isinstance(value, Decl):
            yield value
            names = (
                name for name in type(value).__dataclass_fields__ if name not in ("at", "keys")
            )
            yield from _declarations(getattr(value, name) for name in names)
        elif isinstance(value, Mapping):
            yield from _declarations(value.values())
        elif isinstance(value, tuple):
            yield from _declarations(value)


def _texts(value: Any, *, names: bool) -> Iterator[LocatedStr]:
    """Return the texts of a value; of a mapping, its names or its values."""
    if isinstance(value, LocatedStr):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item, names=names)
    elif isinstance(value, Mapping):
        yield from (
            text for text in (value if names else value.values()) if isinstance(text, LocatedStr)
        )


def _placeholders(text: LocatedStr, allowed: tuple[str, ...], diagnostics: Diagnostics) -> None:
    for name in _PLACEHOLDER.findall(text):
        if name not in allowed:
            near = nearest(name, allowed)
            diagnostics.add(
                "unknown-word",
                f"unknown placeholder {{{name}}}; known here: "
                + ", ".join(f"{{{word}}}" for word in allowed),
                text.at,
                suggestion=f"{{{near}}}" if near else None,
            )


def _prefixes(text: LocatedStr, known: set[str], diagnostics: Diagnostics) -> None:
    if location_of(text) is not None:
        return
    for part in text.split("/"):
        prefix, colon, _ = part.removeprefix("@").partition(":")
        if colon and prefix not in known:
            diagnostics.add(
                "dangling-reference",
                f"unknown prefix {prefix!r}; declare it in `namespaces` of api.yaml",
                text.at,
                suggestion=nearest(prefix, known),
            )
