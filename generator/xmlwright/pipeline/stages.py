"""The stages in their order: read, resolve, check, render, format, publish."""

from __future__ import annotations

import contextlib
import gc
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..diagnostics import DescriptionError, Diagnostics
from ..render.formatter_version import MODULES, cache_version
from ..settings import Settings
from . import inputs, manifest, publish
from .manifest import Manifest, Output

if TYPE_CHECKING:
    from ..schema.loader import Description
    from ..schema.nodes import Node
    from ..memory import Memory
    from ..ir import Api
    from .fingerprints import Nodes

Told = Callable[[str, int, int], None]
"""(stage, done, total): how far a stage is; total is 0 where that is not known."""


def _silent(stage: str, done: int, total: int) -> None:
    return


def _unseen(kind: str, node: Node) -> None:
    return


@dataclass(slots=True)
class Built:
    """What a build did to one output."""

    totals: Mapping[str, int]
    seconds: dict[str, float] = field(default_factory=dict)
    """By stage."""
    changed: list[str] = field(default_factory=list)
    """Files written, relative to the output."""
    removed: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Described:
    """A description without mistakes."""

    api: Api
    nodes: Nodes


@dataclass(frozen=True, slots=True)
class Plan:
    """Every file that an output should hold."""

    files: Mapping[str, bytes]
    """The manifest included."""
    manifest: Manifest


class _Clock:
    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self._seconds[stage] = self._seconds.get(stage, 0.0) + now - self._last
        self._last = now


@contextlib.contextmanager
def seldom_collected() -> Iterator[None]:
    """With a collector of cyclic garbage that runs seldom: what a run makes, it needs to its end, and going through all of
    that again and again takes longer the more there is."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 1000)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@seldom_collected()
def validate(
    settings: Settings,
    clock: _Clock | None = None,
    texts: Mapping[Path, str] | None = None,
    memory: Memory | None = None,
    seen: Callable[[str, Node], None] = _unseen,
) -> tuple[Api | None, Diagnostics]:
    """The description, resolved and with its cases tried, and all that is wrong with it.

    ``texts`` stands in for files. A program that validates again and again passes one ``memory``: then only what an edit
    touches is done anew.
    """
    from ..validate import cases as check  # noqa: F401  imported here, as a part of reading
    from ..schema import loader as description

    diagnostics = Diagnostics()
    lap = clock.lap if clock is not None else _no_lap
    read = description.read(
        settings.schema, diagnostics, root=settings.root, texts=texts, memory=memory, seen=seen
    )
    lap("read")
    return (None if read is None else examine(read, diagnostics, memory, lap)), diagnostics


@seldom_collected()
def resolved(settings: Settings) -> tuple[Api | None, Diagnostics]:
    """As :func:`validate`, without trying cases and without what the service does."""
    from ..files import acts
    from ..schema import loader as description
    from ..resolve import resolver as resolve

    diagnostics = Diagnostics()
    read = description.read(
        settings.schema, diagnostics, root=settings.root, wanted=lambda path: not acts(path)
    )
    return (None if read is None else resolve.resolve(read, diagnostics)), diagnostics


def _no_lap(stage: str) -> None:
    return


def examine(
    read: Description,
    diagnostics: Diagnostics,
    memory: Memory | None = None,
    lap: Callable[[str], None] = _no_lap,
) -> Api:
    """A description that has been read, resolved. Its cases are tried unless something is wrong already."""
    from ..validate import cases as check
    from ..resolve import behavior as resolve_behavior
    from ..resolve import resolver as resolve

    api = resolve.resolve(read, diagnostics, memory)
    lap("resolve")
    if not len(diagnostics):
        check.check(api, diagnostics, memory)
        resolve_behavior.resolve(read, api, diagnostics, memory)
        lap("check")
    return api


def describe(settings: Settings, seconds: dict[str, float], told: Told = _silent) -> Described:
    """The description and its pieces.

    Raises:
        DescriptionError: it has problems.
    """
    from .fingerprints import Nodes

    clock = _Clock(seconds)
    told("check", 0, 0)
    nodes = Nodes()
    api, diagnostics = validate(settings, clock, seen=nodes.add)
    if api is None or len(diagnostics):
        raise DescriptionError(diagnostics)
    nodes.resolve(api)
    clock.lap("hash")
    return Described(api, nodes)


@seldom_collected()
def plan(
    settings: Settings,
    described: Described,
    seconds: dict[str, float],
    told: Told = _silent,
    old: Manifest | None = None,
    *,
    clean: bool = False,
) -> Plan:
    """Every file that the output should hold, manifest included.

    What ``old`` and the cache know need not be formatted again; ``clean`` trusts neither.

    Raises:
        TemplateProblem, FormatError: a template is wrong.
    """
    from ..render import formatting
    from ..render import renderer as render

    clock = _Clock(seconds)
    now = inputs.inputs_of(settings)
    clock.lap("hash")
    told("render", 0, 0)
    rendered = render.render(
        described.api,
        settings.templates,
        settings.overlay,
        root=settings.root,
        line_length=settings.line_length,
        compiled=None if clean else settings.cache / "templates",
    )
    clock.lap("render")
    files: dict[str, bytes] = {}
    hashes = {item.path: manifest.digest(item.text.encode())[:32] for item in rendered}
    # A file whose rendered text is what its present, unedited form was made from needs no formatting.
    if old is not None and not clean and formats_alike(old.inputs, now):
        for item in rendered:
            known = old.outputs.get(item.path)
            if known is not None and known.rendered == hashes[item.path]:
                content = _unedited(settings.output / item.path, known)
                if content is not None:
                    files[item.path] = content
    cache = formatting.FormatCache(
        settings.cache, cache_version(settings.line_length), trusted=not clean
    )
    texts = formatting.format_files(
        [item for item in rendered if item.path not in files],
        cache,
        lambda done, total: told("format", done, total),
        settings.line_length,
    )
    files.update({path: text.encode() for path, text in texts.items()})
    clock.lap("format")
    made = Manifest(
        now,
        described.nodes.table(),
        {
            path: Output(manifest.digest(content), hashes[path])
            for path, content in sorted(files.items())
        },
    )
    files[manifest.NAME] = manifest.dump(made).encode()
    return Plan(files, made)


def formats_alike(old: inputs.Inputs, now: inputs.Inputs) -> bool:
    """Whether the same text is formatted to the same bytes."""
    return (
        old.formatter == now.formatter
        and old.options == now.options
        and all(old.program.get(name) == now.program.get(name) for name in MODULES)
    )


def _unedited(path: Path, known: Output) -> bytes | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content if manifest.digest(content) == known.written else None


def build(
    settings: Settings, told: Told = _silent, *, clean: bool = False, overwrite: bool = False
) -> Built:
    """Bring one output up to date: as :func:`build_all`."""
    return build_all([settings], told, clean=clean, overwrite=overwrite)[0]


def build_all(
    outputs: Sequence[Settings],
    told: Told = _silent,
    *,
    clean: bool = False,
    overwrite: bool = False,
) -> list[Built]:
    """Bring outputs of one description up to date; ``overwrite`` also replaces files that no build is known to have
    written. Nothing is written before all of them are known to be right.

    Raises:
        DescriptionError: the description has problems.
        TemplateProblem, FormatError: a template is wrong.
        PublishError: an output cannot be written.
    """

    def waiting() -> None:
        told("waiting for another build", 0, 0)

    described: Described | None = None
    plans: list[tuple[Settings, Plan | None, Built]] = []
    for settings in outputs:
        seconds: dict[str, float] = {}
        clock = _Clock(seconds)
        if publish.leftovers(settings.output):
            with publish.alone(settings.output, waiting):
                pass
        unchanged = None if clean else up_to_date(settings)
        clock.lap("hash")
        if unchanged is not None:
            plans.append((settings, None, Built(unchanged, seconds)))
            continue
        if described is None:
            described = describe(settings, seconds, told)
        old = manifest.load(settings.output)
        made = plan(settings, described, seconds, told, old, clean=clean)
        plans.append((settings, made, Built({}, seconds)))
    for settings, found, built in plans:
        if found is not None:
            clock = _Clock(built.seconds)
            told("publish", 0, 0)
            with publish.alone(settings.output, waiting):
                _put(settings, found, built, overwrite)
            clock.lap("publish")
    return [built for _, _, built in plans]


def _put(settings: Settings, found: Plan, built: Built, overwrite: bool) -> None:
    mine = manifest.written_by(settings.output)
    files = found.files
    built.changed = sorted(
        path for path, content in files.items() if _differs(settings.output / path, content)
    )
    built.removed = [
        path for path in sorted(mine - frozenset(files)) if os.path.lexists(settings.output / path)
    ]
    if built.changed or built.removed:
        publish.publish(settings.output, files, mine, overwrite=overwrite)
    lines = sum(content.count(b"\n") for path, content in files.items() if path != manifest.NAME)
    built.totals = manifest.totals(found.manifest, lines)


def up_to_date(settings: Settings) -> dict[str, int] | None:
    """The counts of an output that is what the inputs give, told from hashes alone; None where it is not."""
    old = manifest.load(settings.output)
    try:
        if old is None or inputs.inputs_of(settings) != old.inputs:
            return None
    except OSError:
        return None
    lines = manifest.lines_of_untouched(settings.output, old)
    return None if lines is None else manifest.totals(old, lines)


def _differs(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() != content
    except OSError:
        return True
