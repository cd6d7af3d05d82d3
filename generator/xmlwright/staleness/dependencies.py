"""What each output file depends on: pieces of the description, templates, a copied module.

Only `check` needs this, so a build spends no time on it: the files are rendered once more while attribute access on the
resolved description is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from ..ir import (
    Api,
    Case,
    Enum,
    EnumWord,
    ErrorCode,
    Field,
    Method,
    Module,
    NamedDoc,
    Record,
    ResponseShape,
    Scalar,
)
from ..pipeline import fingerprints
from ..render.renderer import Renderer
from ..render.templates import NAME, OVERLAID

_WATCHED: Final[tuple[type, ...]] = (
    ResponseShape, Api, Case, Enum, EnumWord, ErrorCode, Field, Method, Module, NamedDoc, Record, Scalar,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What one file is made from."""

    pieces: frozenset[tuple[str, str]]
    """(piece of the description, facet)."""
    templates: frozenset[str]
    copied: str
    """Module of the generator that it is a copy of; empty for a rendered file."""
    python: bool
    """Whether it is formatted."""


def dependencies(api: Api, renderer: Renderer) -> dict[str, Dependencies]:
    """Return path -> dependencies of each file.

    Raises:
        TemplateError: a template is wrong.
    """
    result: dict[str, Dependencies] = {}
    with _recorded(api) as reads:
        renderer.forget()
        reads.clear()
        for item in renderer.files():
            if item.template:
                pieces = frozenset(_pieces(reads))
                templates = frozenset(renderer.needs(renderer.asked))
                copied = ""
            else:
                pieces, templates = frozenset(), frozenset({NAME, OVERLAID})
                copied = f"runtime/{item.path.rpartition('/')[2]}"
            result[item.path] = Dependencies(pieces, templates, copied, item.python)
            renderer.forget()
            reads.clear()
    return result


def _pieces(reads: set[tuple[Any, str, str]]) -> Iterator[tuple[str, str]]:
    for owner, piece, attribute in reads:
        kind = type(owner) if not isinstance(owner, type) else owner
        facet = fingerprints.facet_of(kind, attribute)
        if facet:
            yield piece, facet


@contextmanager
def _recorded(api: Api) -> Iterator[set[tuple[Any, str, str]]]:
    """Record every attribute that is read of the description, as (class, piece, attribute).

    Patches the classes for the duration: a proxy object would fail ``isinstance``.
    """
    names = {id(value): piece for value, piece in fingerprints.objects(api)}
    whole = id(api)
    modules = {id(module): module.name for module in api.modules}
    fields = {kind: frozenset(kind.__dataclass_fields__) for kind in _WATCHED}  # type: ignore[attr-defined]
    reads: set[tuple[Any, str, str]] = set()
    plain = object.__getattribute__

    def watch(self: Any, attribute: str) -> Any:
        piece = names.get(id(self))
        if piece is not None:
            kind = type(self)
            if attribute in fields[kind]:
                if piece:
                    reads.add((kind, piece, attribute))
                elif id(self) == whole:
                    reads.add((kind, fingerprints.api_name(attribute), attribute))
                else:
                    reads.add(
                        (kind, fingerprints.module_name(modules[id(self)], attribute), attribute)
                    )
        return plain(self, attribute)

    for kind in _WATCHED:
        kind.__getattribute__ = watch  # type: ignore[assignment,method-assign]
    try:
        yield reads
    finally:
        for kind in _WATCHED:
            del kind.__getattribute__
