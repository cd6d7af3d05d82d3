"""What rendering read: for each file, the pieces of the description, the templates and the modules of the program.

Only telling why an output drifted needs to know, so nothing of it costs a build any time: the files are rendered once more,
with the resolved description watched.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

from ..pipeline import fingerprints as nodes
from ..pipeline.inputs import PROGRAM
from ..ir import Answer, Api, Case, Enum, EnumWord, ErrorCode, Field, Method, Module, Noted, Record, Scalar
from ..render.renderer import Renderer
from ..render.templates import NAME, OVERLAID

_PROGRAM: Final = f"{PROGRAM}/"
_OWN: Final = ("build/nodes.py", "causes/reads.py")
"""Modules that run only because reads are noted."""
_WATCHED: Final[tuple[type, ...]] = (
    Answer, Api, Case, Enum, EnumWord, ErrorCode, Field, Method, Module, Noted, Record, Scalar,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reads:
    """What one file was made from."""

    pieces: frozenset[tuple[str, str]]
    """(piece of the description, facet)."""
    templates: frozenset[str]
    program: frozenset[str]
    """Modules that ran while it was rendered, or that it is a copy of."""
    python: bool
    """Whether it is formatted."""


def reads(api: Api, renderer: Renderer, *, program: bool) -> dict[str, Reads]:
    """Path of each file -> what it was made from. Which modules ran is noted, slowly, only if ``program`` asks for it.

    Raises:
        TemplateProblem: a template is wrong.
    """
    found: dict[str, Reads] = {}
    with _watched(api) as seen, _profiled(program) as ran:
        renderer.forget()
        seen.clear()
        ran.clear()
        for item in renderer.files():
            pieces = frozenset(_pieces(seen))
            templates = frozenset(renderer.needs(renderer.asked))
            modules = frozenset(_modules(ran))
            if not item.template:  # a copy, where the tree says
                name = item.path.rpartition("/")[2]
                pieces, templates = frozenset(), frozenset({NAME, OVERLAID})
                modules = frozenset({f"runtime/{name}"})
            found[item.path] = Reads(pieces, templates, modules, item.python)
            renderer.forget()
            seen.clear()
            ran.clear()
    return found


def _pieces(seen: set[tuple[Any, str, str]]) -> Iterator[tuple[str, str]]:
    for owner, piece, attribute in seen:
        kind = type(owner) if not isinstance(owner, type) else owner
        facet = nodes.facet_of(kind, attribute)
        if facet:
            yield piece, facet


def _modules(ran: set[str]) -> Iterator[str]:
    for file in ran:
        name = file.removeprefix(_PROGRAM)
        if name != file and name not in _OWN:
            yield name


@contextmanager
def _watched(api: Api) -> Iterator[set[tuple[Any, str, str]]]:
    """Notes every attribute that is read of the description, as (class, piece, attribute).

    The classes themselves are watched, for the time being: a proxy would not be an instance of them.
    """
    names = {id(value): piece for value, piece in nodes.objects(api)}
    whole = id(api)
    modules = {id(module): module.name for module in api.modules}
    fields = {kind: frozenset(kind.__dataclass_fields__) for kind in _WATCHED}  # type: ignore[attr-defined]
    seen: set[tuple[Any, str, str]] = set()
    plain = object.__getattribute__

    def watch(self: Any, attribute: str) -> Any:
        piece = names.get(id(self))
        if piece is not None:
            kind = type(self)
            if attribute in fields[kind]:
                if piece:
                    seen.add((kind, piece, attribute))
                elif id(self) == whole:
                    seen.add((kind, nodes.api_name(attribute), attribute))
                else:
                    seen.add((kind, nodes.module_name(modules[id(self)], attribute), attribute))
        return plain(self, attribute)

    for kind in _WATCHED:
        kind.__getattribute__ = watch  # type: ignore[assignment,method-assign]
    try:
        yield seen
    finally:
        for kind in _WATCHED:
            del kind.__getattribute__


@contextmanager
def _profiled(wanted: bool) -> Iterator[set[str]]:
    """Notes the files of all functions that are called."""
    ran: set[str] = set()
    if not wanted:
        yield ran
        return

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            ran.add(frame.f_code.co_filename)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        yield ran
    finally:
        sys.setprofile(before)
