"""Publish: replaces an output as a whole or not at all.

The new folder is put together beside the old one, out of links to what stays, and the two change places in one step of
the operating system. Files that no manifest names are the owner's and are taken over as they are.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_EXCHANGE: Final = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS
_AT_FDCWD: Final = -100


class PublishError(Exception):
    """The output cannot be written; it is as it was."""


def publish(output: Path, files: Mapping[str, bytes], obsolete: frozenset[str]) -> None:
    """Make ``output`` hold ``files``, drop ``obsolete`` ones, and keep every other file.

    Raises:
        PublishError: a path leaves the output, or the folder cannot be written.
    """
    for path in files:
        if Path(path).is_absolute() or ".." in Path(path).parts:
            raise PublishError(f"{path} is outside of the output folder")
    if output.is_symlink() or (output.exists() and not output.is_dir()):
        raise PublishError(f"{output} is not a folder")
    parent = output.parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _sweep(output)
        staging = parent / f".{output.name}.xmlwright-{os.getpid()}"
        staging.mkdir()
        try:
            _assemble(staging, output, files, obsolete)
            _swap(staging, output)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise PublishError(f"{output} cannot be written: {error.strerror or error}") from error


def _assemble(
    staging: Path, output: Path, files: Mapping[str, bytes], obsolete: frozenset[str]
) -> None:
    if output.exists():
        shutil.copymode(output, staging)
        for folder, folders, names in os.walk(output):
            relative = Path(folder).relative_to(output)
            for name in [name for name in folders if (Path(folder) / name).is_symlink()]:
                folders.remove(name)
                names.append(name)
            for name in names:
                path = relative / name
                if path.as_posix() in files or path.as_posix() in obsolete:
                    continue
                (staging / relative).mkdir(parents=True, exist_ok=True)
                _take(output / path, staging / path)
    for name, content in files.items():
        target = staging / name
        target.parent.mkdir(parents=True, exist_ok=True)
        old = output / name
        if old.is_file() and not old.is_symlink() and old.read_bytes() == content:
            _take(old, target)
        else:
            target.write_bytes(content)


def _take(source: Path, target: Path) -> None:
    """The same file in the new folder: a link where the file system has them, else a copy."""
    if source.is_symlink():
        os.symlink(os.readlink(source), target)
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _swap(staging: Path, output: Path) -> None:
    """Put ``staging`` in the place of ``output``; what was there is then in ``staging``."""
    if not output.exists():
        os.rename(staging, output)
        return
    if _exchange(staging, output):
        return
    # Without an exchange in one step there is a moment without output; _sweep puts the old one back after a crash.
    aside = output.parent / f".{output.name}.xmlwright-old"
    os.rename(output, aside)
    try:
        os.rename(staging, output)
    except OSError:
        os.rename(aside, output)
        raise
    os.rename(aside, staging)


def _exchange(left: Path, right: Path) -> bool:
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            done = libc.renamex_np(os.fsencode(left), os.fsencode(right), ctypes.c_uint(_EXCHANGE))
        else:
            done = libc.renameat2(
                _AT_FDCWD,
                os.fsencode(left),
                _AT_FDCWD,
                os.fsencode(right),
                ctypes.c_uint(_EXCHANGE),
            )
    except (OSError, AttributeError, TypeError):
        return False
    return bool(done == 0)


def _sweep(output: Path) -> None:
    """Clear away what a killed run left."""
    aside = output.parent / f".{output.name}.xmlwright-old"
    if aside.exists():
        if output.exists():
            shutil.rmtree(aside)
        else:
            os.rename(aside, output)
    for stale in output.parent.glob(f".{output.name}.xmlwright-*"):
        pid = stale.name.rpartition("-")[2]
        if pid.isdigit() and not _alive(int(pid)):
            with contextlib.suppress(OSError):
                shutil.rmtree(stale)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
