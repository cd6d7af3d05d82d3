"""Watch: call back whenever a description, its templates or its settings say something else than before."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from ..settings import Settings
from .inputs import Inputs, inputs_of

_TICK: Final = 1000
"""Milliseconds after which folders that came or went, and pyproject.toml, are looked at."""
_QUIET: Final = 200
"""Milliseconds to wait for more changes, so that saving many files builds once."""


class Watcher:
    """Tells of changes of one project."""

    def __init__(self, find: Callable[[], Settings | None]) -> None:
        self._find = find
        """Reads the settings anew; None, after telling why, where they make no sense at the moment."""

    def changes(self, root: Path) -> Iterator[Settings]:
        """The settings, at once and whenever something changed. Ends only by KeyboardInterrupt."""
        import watchfiles

        last: tuple[Inputs, ...] | None = None
        while True:
            configured = _stamp(root / "pyproject.toml")
            settings = self._find()
            if settings is not None:
                now = _inputs(settings)
                if now != last or last is None:
                    last = now
                    yield settings
            folders = _folders(settings)
            stamps = [_stamp(folder) for folder in folders]
            watched = [folder for folder in folders if folder.is_dir()]
            fresh = True
            for changed in watchfiles.watch(
                *(watched or [root]),
                recursive=bool(watched),
                debounce=_QUIET,
                rust_timeout=_TICK,
                yield_on_timeout=True,
                ignore_permission_denied=True,
            ):
                if (configured, stamps) != (
                    _stamp(root / "pyproject.toml"),
                    [_stamp(folder) for folder in folders],
                ):
                    break
                # What was saved between the last build and the first look is in no event.
                if settings is not None and (changed or fresh) and _inputs(settings) != last:
                    last = _inputs(settings)
                    yield settings
                fresh = False


def _folders(settings: Settings | None) -> list[Path]:
    if settings is None:
        return []
    found = [settings.schema]
    for one in settings.outputs:
        found += [one.templates, *([one.overlay] if one.overlay is not None else [])]
    return list(dict.fromkeys(found))


def _inputs(settings: Settings) -> tuple[Inputs, ...] | None:
    """What decides the outputs; None while a file cannot be read, as in the middle of a save."""
    try:
        return tuple(inputs_of(one) for one in settings.outputs)
    except OSError:
        return None


def _stamp(path: Path) -> tuple[int, int] | None:
    """Tells whether a file was written, or a folder put in the place of another."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, 0 if path.is_dir() else found.st_mtime_ns
