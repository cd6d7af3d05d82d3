"""Publish: replaces an output as a whole or not at all.

The new folder is put together beside the old one, out of links to what stays, and the two change places in one step of
the operating system. Files that no manifest names are the owner's and are taken over as they are.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

_EXCHANGE: Final = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS
_AT_FDCWD: Final = -100
_SHOWN: Final = 5
"""How many files a message names."""


class PublishError(Exception):
    """The output cannot be written; it is as it was."""


def leftovers(output: Path) -> list[Path]:
    """Folders beside an output that a build works in, or that a killed one left."""
    prefix = f".{output.name}.xmlwright-"
    try:
        names = sorted(name for name in os.listdir(output.parent) if name.startswith(prefix))
    except OSError:
        return []
    return [output.parent / name for name in names]


@contextlib.contextmanager
def alone(output: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Keeps other builds of ``output`` out, and clears away what a killed one left.

    ``waiting`` is called once if another build has to be waited for.

    Raises:
        PublishError: the folder that holds the output cannot be written.
    """
    parent = output.parent
    with _told(output):
        parent.mkdir(parents=True, exist_ok=True)
    with _locked(parent, waiting) as locked:
        with _told(output):
            _sweep(output, everything=locked)
        yield


def publish(
    output: Path, files: Mapping[str, bytes], mine: Collection[str], *, overwrite: bool = False
) -> None:
    """Make ``output`` hold ``files``; the caller is :func:`alone`.

    Of what is there, only files that an earlier build wrote (``mine``) are replaced or removed, unless ``overwrite``
    allows to replace any.

    Raises:
        PublishError: a path leaves the output or is taken, or the folder cannot be written.
    """
    for path in files:
        parts = PurePosixPath(path).parts
        if not parts or PurePosixPath(path).is_absolute() or ".." in parts:
            raise PublishError(f"{path} is outside of the output folder")
    if output.is_symlink():
        raise PublishError(
            f"{output} is a symbolic link: name the folder that it points to in [tool.xmlwright]"
        )
    if os.path.ismount(output):
        raise PublishError(
            f"{output} is a mount point, which cannot change places with another folder: mount the folder above it, or build"
            " beside it and copy"
        )
    if output.exists() and not output.is_dir():
        raise PublishError(f"{output} is not a folder")
    _refuse_collisions(output, files, mine, overwrite)
    staging = output.parent / f".{output.name}.xmlwright-{os.getpid()}"
    with _told(output):
        try:
            staging.mkdir()
            _assemble(staging, output, files, frozenset(mine))
            # Whoever is told of an interruption is told that nothing was written: too late for one here.
            with _uninterrupted():
                _swap(staging, output)
                _remove(staging)
        except BaseException:
            _remove(staging)
            raise


@contextlib.contextmanager
def _told(output: Path) -> Iterator[None]:
    """Says of an error of the operating system which output it keeps from being written."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        where = f" ({error.filename})" if error.filename else ""
        raise PublishError(f"{output} cannot be written: {reason}{where}") from error


@contextlib.contextmanager
def _locked(folder: Path, waiting: Callable[[], None]) -> Iterator[bool]:
    """Holds the lock on a folder; gives False where the system has no such lock. It ends with the process."""
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        yield False
        return
    try:
        locked = True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:  # some network file systems lock no folders
            locked = False
        yield locked
    finally:
        os.close(handle)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C does nothing in here."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        if before is not None:  # None: whoever set it did not do so from Python
            signal.signal(signal.SIGINT, before)


def _refuse_collisions(
    output: Path, files: Mapping[str, bytes], mine: Collection[str], overwrite: bool
) -> None:
    """Refuse to write where something of the owner's is."""
    taken: list[str] = []
    for path, content in files.items():
        for folder in list(PurePosixPath(path).parents)[:-1]:
            there = output / folder
            if there.is_symlink() or (there.exists() and not there.is_dir()):
                kind = "a symbolic link" if there.is_symlink() else "a file"
                raise PublishError(f"{there} is {kind}, but a folder has to be there: move it away")
        there = output / path
        if there.is_dir() and not there.is_symlink():
            raise PublishError(f"{there} is a folder, but a file has to be there: move it away")
        if path in mine or overwrite or not (there.is_symlink() or there.exists()):
            continue
        if there.is_symlink() or there.read_bytes() != content:
            taken.append(path)
    if taken:
        rest = f" and {len(taken) - _SHOWN} more" if len(taken) > _SHOWN else ""
        raise PublishError(
            f"in {output.name}/ there {'is' if len(taken) == 1 else 'are'} {', '.join(taken[:_SHOWN])}{rest},"
            " which no earlier build wrote: move away what is to be kept, or give --overwrite"
        )


def _assemble(
    staging: Path, output: Path, files: Mapping[str, bytes], mine: frozenset[str]
) -> None:
    """Fill ``staging`` with ``files`` and with what is the owner's in ``output``."""
    folders: list[PurePosixPath] = []
    caches: list[PurePosixPath] = []
    for folder, subfolders, names in os.walk(output, onerror=_raise) if output.exists() else ():
        relative = PurePosixPath(Path(folder).relative_to(output).as_posix())
        if relative.name == "__pycache__":
            caches.append(relative)
            continue
        folders.append(relative)
        empty = not subfolders and not names
        for name in [name for name in subfolders if os.path.islink(os.path.join(folder, name))]:
            subfolders.remove(name)
            names.append(name)
        kept = [
            name
            for name in names
            if str(relative / name) not in files and str(relative / name) not in mine
        ]
        if kept or empty:
            (staging / relative).mkdir(parents=True, exist_ok=True)
        for name in kept:
            _take(output / relative / name, staging / relative / name)
    for path, content in files.items():
        target = staging / path
        target.parent.mkdir(parents=True, exist_ok=True)
        old = output / path
        if old.is_file() and not old.is_symlink() and old.read_bytes() == content:
            _take(old, target)
        else:
            target.write_bytes(content)
    for relative in caches:  # compiled modules go with the folder that they belong to
        if (staging / relative.parent).is_dir():
            (staging / relative).mkdir()
            for name in os.listdir(output / relative):
                _take(output / relative / name, staging / relative / name)
    import shutil

    for relative in reversed(folders):
        if (staging / relative).is_dir():
            shutil.copymode(output / relative, staging / relative)


def _raise(error: OSError) -> None:
    raise error


def _take(source: Path, target: Path) -> None:
    """The same file in the new folder: a link where the file system has them, else a copy."""
    if source.is_symlink():
        os.symlink(os.readlink(source), target)
        return
    try:
        os.link(source, target)
    except OSError:
        import shutil

        shutil.copy2(source, target)


def _swap(staging: Path, output: Path) -> None:
    """Put ``staging`` in the place of ``output``; what was there is then in ``staging``."""
    if not output.exists():
        os.rename(staging, output)
        return
    if _exchange(staging, output):
        return
    # Without an exchange in one step there is a moment without output; _sweep puts the old one back after a crash.
    aside = _aside(output)
    os.rename(output, aside)
    try:
        os.rename(staging, output)
    except OSError:
        os.rename(aside, output)
        raise
    os.rename(aside, staging)


def _aside(output: Path) -> Path:
    return output.parent / f".{output.name}.xmlwright-old"


def _exchange(left: Path, right: Path) -> bool:
    import ctypes

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


def _sweep(output: Path, *, everything: bool) -> None:
    """Clear away what killed builds left; without the lock, only what no living process can be working in."""
    aside = _aside(output)
    if aside.is_dir() and not output.exists():
        os.rename(aside, output)
    for stale in leftovers(output):
        pid = stale.name.rpartition("-")[2]
        if everything or not pid.isdigit() or not _alive(int(pid)):
            _remove(stale)


def _remove(folder: Path) -> None:
    """Remove a working folder, as far as possible: the next build tries again."""
    import shutil

    for path, _, _ in os.walk(folder):  # nothing can be removed from a read-only folder
        with contextlib.suppress(OSError):
            os.chmod(path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
