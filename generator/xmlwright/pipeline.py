"""The stages in their order: read, resolve, check, render, format, publish."""

from __future__ import annotations

import contextlib
import gc
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from . import manifest, publish
from .diagnostics import DescriptionError, Diagnostics
from .formatting_version import formatter_version
from .manifest import Manifest, Output
from .settings import Settings

if TYPE_CHECKING:
    from .description import Description
    from .memory import Memory
    from .model import Api

Told = Callable[[str, int, int], None]
"""(stage, done, total): how far a stage is; total is 0 where that is not known."""


def _silent(stage: str, done: int, total: int) -> None:
    return


@dataclass(slots=True)
class Built:
    """What a build did."""

    totals: Mapping[str, int]
    seconds: dict[str, float] = field(default_factory=dict)
    """By stage."""
    changed: list[str] = field(default_factory=list)
    """Files written, relative to the output."""
    removed: list[str] = field(default_factory=list)


class _Clock:
    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self._seconds[stage] = self._seconds.get(stage, 0.0) + now - self._last
        self._last = now


@contextlib.contextmanager
def _seldom_collected() -> Iterator[None]:
    """With a collector of cyclic garbage that runs seldom: what a run makes, it needs to its end, and going through all of
    that again and again takes longer the more there is."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 1000)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@_seldom_collected()
def validate(
    settings: Settings,
    clock: _Clock | None = None,
    texts: Mapping[Path, str] | None = None,
    memory: Memory | None = None,
) -> tuple[Api | None, Diagnostics]:
    """The description, resolved and with its cases tried, and all that is wrong with it.

    ``texts`` stands in for files. A program that validates again and again passes one ``memory``: then only what an edit
    touches is done anew.
    """
    from . import check, description, resolve  # noqa: F401  imported here, as a part of reading

    diagnostics = Diagnostics()
    lap = clock.lap if clock is not None else _no_lap
    read = description.read(
        settings.schema, diagnostics, root=settings.root, texts=texts, memory=memory
    )
    lap("read")
    return (None if read is None else examine(read, diagnostics, memory, lap)), diagnostics


def _no_lap(stage: str) -> None:
    return


def examine(
    read: Description,
    diagnostics: Diagnostics,
    memory: Memory | None = None,
    lap: Callable[[str], None] = _no_lap,
) -> Api:
    """A description that has been read, resolved. Its cases are tried unless something is wrong already."""
    from . import check, resolve

    api = resolve.resolve(read, diagnostics, memory)
    lap("resolve")
    if not len(diagnostics):
        check.check(api, diagnostics, memory)
        lap("check")
    return api


@_seldom_collected()
def plan(
    settings: Settings,
    seconds: dict[str, float],
    told: Told = _silent,
    old: Manifest | None = None,
    *,
    clean: bool = False,
) -> tuple[dict[str, bytes], Manifest]:
    """Every file that the output should hold, manifest included.

    What ``old`` and the cache know need not be formatted again; ``clean`` trusts neither.

    Raises:
        DescriptionError: the description has problems.
        TemplateProblem, FormatError: a template is wrong.
    """
    from . import formatting, render

    clock = _Clock(seconds)
    version = formatter_version()
    inputs = manifest.inputs_of(settings.schema, settings.templates, version)
    clock.lap("hash")
    told("check", 0, 0)
    api, diagnostics = validate(settings, clock)
    if api is None or len(diagnostics):
        raise DescriptionError(diagnostics)
    told("render", 0, 0)
    rendered = render.render(api, settings.templates)
    clock.lap("render")
    files: dict[str, bytes] = {}
    hashes = {item.path: manifest.digest(item.text.encode()) for item in rendered}
    # A file whose rendered text is what its present, unedited form was made from needs no formatting.
    if old is not None and old.inputs.formatter == version and not clean:
        for item in rendered:
            known = old.outputs.get(item.path)
            if known is not None and known.rendered == hashes[item.path]:
                content = _unedited(settings.output / item.path, known)
                if content is not None:
                    files[item.path] = content
    cache = formatting.FormatCache(settings.cache, version, trusted=not clean)
    texts = formatting.format_files(
        [item for item in rendered if item.path not in files],
        cache,
        lambda done, total: told("format", done, total),
    )
    files.update({path: text.encode() for path, text in texts.items()})
    clock.lap("format")
    made = Manifest(
        inputs,
        {
            path: Output(hashes[path], manifest.digest(content))
            for path, content in sorted(files.items())
        },
        {
            "resources": len(api.resources),
            "methods": len(api.methods),
            "records": sum(len(module.records) for module in api.modules),
            "cases": sum(len(module.cases) for module in api.modules),
            "files": len(files),
            "lines": sum(content.count(b"\n") for content in files.values()),
        },
    )
    files[manifest.NAME] = manifest.dump(made).encode()
    return files, made


def _unedited(path: Path, known: Output) -> bytes | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content if manifest.digest(content) == known.written else None


def build(
    settings: Settings, told: Told = _silent, *, clean: bool = False, overwrite: bool = False
) -> Built:
    """Bring the output up to date; ``overwrite`` also replaces files that no build is known to have written.

    Raises:
        DescriptionError: the description has problems.
        TemplateProblem, FormatError: a template is wrong.
        PublishError: the output cannot be written.
    """
    seconds: dict[str, float] = {}
    clock = _Clock(seconds)

    def waiting() -> None:
        told("waiting for another build", 0, 0)

    if publish.leftovers(settings.output):
        with publish.alone(settings.output, waiting):
            pass
    old = manifest.load(settings.output)
    if old is not None and not clean and up_to_date(settings, old):
        clock.lap("hash")
        return Built(old.totals, seconds)
    clock.lap("hash")
    files, made = plan(settings, seconds, told, old, clean=clean)
    clock = _Clock(seconds)
    told("publish", 0, 0)
    with publish.alone(settings.output, waiting):
        mine = manifest.written_by(settings.output)
        changed = [
            path for path, content in files.items() if _differs(settings.output / path, content)
        ]
        removed = [
            path
            for path in sorted(mine - frozenset(files))
            if os.path.lexists(settings.output / path)
        ]
        if changed or removed:
            publish.publish(settings.output, files, mine, overwrite=overwrite)
    clock.lap("publish")
    return Built(made.totals, seconds, sorted(changed), removed)


def up_to_date(settings: Settings, old: Manifest) -> bool:
    """Whether the output is what the inputs give, told from hashes alone."""
    try:
        inputs = manifest.inputs_of(settings.schema, settings.templates, formatter_version())
    except OSError:
        return False
    return inputs == old.inputs and not manifest.differences(settings.output, old)


def _differs(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() != content
    except OSError:
        return True


def check(settings: Settings, told: Told = _silent) -> list[tuple[str, str]]:
    """Where the output is not what the inputs give: (path, how). Writes nothing.

    Raises: as :func:`build`.
    """
    old = manifest.load(settings.output)
    if old is not None and up_to_date(settings, old):
        return []
    files, _ = plan(settings, {}, told, old)
    found = []
    for path, content in sorted(files.items()):
        target = settings.output / path
        if not target.exists():
            found.append((path, "missing"))
        elif _differs(target, content):
            found.append((path, "differs"))
    found += [
        (path, "no longer made")
        for path in sorted(manifest.written_by(settings.output) - frozenset(files))
        if os.path.lexists(settings.output / path)
    ]
    return found
