"""The stages of a build, in order: read, resolve, validate, render, format, publish."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..diagnostics import DescriptionError, Diagnostics
from ..render.formatter_version import MODULES, cache_version
from ..settings import Settings
from . import inputs, manifest, publish
from .manifest import Manifest, Output

if TYPE_CHECKING:
    from ..ir import Api
    from ..schema.loader import Description
    from ..schema.nodes import Node
    from .fingerprints import Fingerprints

ProgressCallback = Callable[[str, int, int], None]
"""(stage, done, total): how far a stage is; ``total`` is 0 where it is unknown."""


def _silent(stage: str, done: int, total: int) -> None:
    return


def _unseen(kind: str, node: Node) -> None:
    return


@dataclass(slots=True)
class BuildResult:
    """What a build did to one output."""

    totals: Mapping[str, int]
    seconds: dict[str, float] = field(default_factory=dict)
    """By stage."""
    changed: list[str] = field(default_factory=list)
    """Files written, relative to the output."""
    removed: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Described:
    """A valid description."""

    api: Api
    fingerprints: Fingerprints


@dataclass(frozen=True, slots=True)
class Plan:
    """Every file of an output, as a build writes it."""

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


def validate(
    settings: Settings,
    clock: _Clock | None = None,
    texts: Mapping[Path, str] | None = None,
    seen: Callable[[str, Node], None] = _unseen,
) -> tuple[Api | None, Diagnostics]:
    """Return the resolved description, with its cases checked, and all problems.

    The description is None where it cannot be read. ``texts`` replaces the content of files. ``seen`` is called with the
    kind and the root of each YAML file.
    """
    from ..schema import loader as description

    diagnostics = Diagnostics()
    lap = clock.lap if clock is not None else _no_lap
    read = description.read(
        settings.schema, diagnostics, root=settings.root, texts=texts, seen=seen
    )
    lap("read")
    return (None if read is None else examine(read, diagnostics, lap)), diagnostics


def resolved(settings: Settings) -> tuple[Api | None, Diagnostics]:
    """Return the same as :func:`validate`, without checking cases and behavior."""
    from ..files import acts
    from ..resolve import resolver as resolve
    from ..schema import loader as description
    from ..validate import identifiers

    diagnostics = Diagnostics()
    read = description.read(
        settings.schema, diagnostics, root=settings.root, wanted=lambda path: not acts(path)
    )
    if read is None:
        return None, diagnostics
    api = resolve.resolve(read, diagnostics)
    identifiers.check(read, api, diagnostics)
    return api, diagnostics


def _no_lap(stage: str) -> None:
    return


def examine(
    read: Description,
    diagnostics: Diagnostics,
    lap: Callable[[str], None] = _no_lap,
) -> Api:
    """Resolve a description that has been read. Cases and behavior are checked only if it resolves without problems."""
    from ..resolve import behavior as resolve_behavior
    from ..resolve import resolver as resolve
    from ..validate import cases as check
    from ..validate import identifiers

    api = resolve.resolve(read, diagnostics)
    identifiers.check(read, api, diagnostics)
    lap("resolve")
    if all(item.rule in ("case-arguments", "case-result") for item in diagnostics):
        check.check(api, diagnostics)
        resolve_behavior.resolve(read, api, diagnostics)
        lap("check")
    return api


def describe(
    settings: Settings, seconds: dict[str, float], progress: ProgressCallback = _silent
) -> Described:
    """Return the description and the fingerprints of its pieces.

    Raises:
        DescriptionError: it has problems.
    """
    from .fingerprints import Fingerprints

    clock = _Clock(seconds)
    progress("check", 0, 0)
    fingerprints = Fingerprints()
    api, diagnostics = validate(settings, clock, seen=fingerprints.add)
    if api is None or len(diagnostics):
        raise DescriptionError(diagnostics)
    fingerprints.resolve(api)
    clock.lap("hash")
    return Described(api, fingerprints)


def plan(
    settings: Settings,
    described: Described,
    seconds: dict[str, float],
    progress: ProgressCallback = _silent,
    old: Manifest | None = None,
    *,
    clean: bool = False,
) -> Plan:
    """Return every file that the output should hold, manifest included.

    Files that ``old`` or the cache knows are not formatted again; ``clean`` ignores both.

    Raises:
        TemplateError, FormatError: a template is wrong.
    """
    from ..render import formatting
    from ..render import renderer as render

    clock = _Clock(seconds)
    now = inputs.inputs_of(settings)
    clock.lap("hash")
    progress("render", 0, 0)
    rendered = render.render(
        described.api,
        settings.templates,
        settings.overlay,
        root=settings.root,
        line_length=settings.line_length,
    )
    clock.lap("render")
    files: dict[str, bytes] = {}
    hashes = {item.path: manifest.digest(item.text.encode())[:32] for item in rendered}
    # An unedited file that was made from the same rendered text is not formatted again.
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
        lambda done, total: progress("format", done, total),
        settings.line_length,
        described.api.names.package,
    )
    files.update({path: text.encode() for path, text in texts.items()})
    clock.lap("format")
    made = Manifest(
        now,
        described.fingerprints.table(),
        {
            path: Output(manifest.digest(content), hashes[path])
            for path, content in sorted(files.items())
        },
    )
    files[manifest.NAME] = manifest.dump(made).encode()
    return Plan(files, made)


def formats_alike(old: inputs.Inputs, now: inputs.Inputs) -> bool:
    """Return whether the same text is formatted to the same bytes."""
    return (
        old.formatter == now.formatter
        and old.options == now.options
        and all(old.generator.get(name) == now.generator.get(name) for name in MODULES)
    )


def _unedited(path: Path, known: Output) -> bytes | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content if manifest.digest(content) == known.written else None


def build(
    settings: Settings,
    progress: ProgressCallback = _silent,
    *,
    clean: bool = False,
    overwrite: bool = False,
) -> BuildResult:
    """Build one output; see :func:`build_all`."""
    return build_all([settings], progress, clean=clean, overwrite=overwrite)[0]


def build_all(
    outputs: Sequence[Settings],
    progress: ProgressCallback = _silent,
    *,
    clean: bool = False,
    overwrite: bool = False,
) -> list[BuildResult]:
    """Build the outputs of one description. Nothing is written before all files of all outputs are made.

    ``clean`` renders and formats everything; ``overwrite`` also replaces files that no earlier build wrote.

    Raises:
        DescriptionError: the description has problems.
        TemplateError, FormatError: a template is wrong.
        PublishError: an output cannot be written.
    """

    def waiting() -> None:
        progress("waiting for another build", 0, 0)

    described: Described | None = None
    plans: list[tuple[Settings, Plan | None, BuildResult]] = []
    for settings in outputs:
        seconds: dict[str, float] = {}
        clock = _Clock(seconds)
        if publish.leftovers(settings.output):
            with publish.alone(settings.output, waiting):
                pass
        unchanged = None if clean else up_to_date(settings)
        clock.lap("hash")
        if unchanged is not None:
            plans.append((settings, None, BuildResult(unchanged, seconds)))
            continue
        if described is None:
            described = describe(settings, seconds, progress)
        old = manifest.load(settings.output)
        made = plan(settings, described, seconds, progress, old, clean=clean)
        plans.append((settings, made, BuildResult({}, seconds)))
    for settings, found, built in plans:
        if found is not None:
            clock = _Clock(built.seconds)
            progress("publish", 0, 0)
            with publish.alone(settings.output, waiting):
                _put(settings, found, built, overwrite)
            clock.lap("publish")
    return [built for _, _, built in plans]


def _put(settings: Settings, found: Plan, built: BuildResult, overwrite: bool) -> None:
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
    """Return the counts of an up-to-date output, by comparing hashes alone; None where it is not up to date."""
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
