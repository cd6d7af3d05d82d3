"""Replace an output folder as a whole or not at all.

The new folder is assembled beside the old one, with links to unchanged files, and the two are exchanged in one system
call. Files that no manifest names belong to the user and are carried over.
"""

from __future__ import annotations

import contextlib
import os
import re
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
    """The output cannot be written; it is unchanged."""


def leftovers(output: Path) -> list[Path]:
    """Return the working folders of running and of killed builds beside an output."""
    prefix = f".{output.name}.xmlwright-"
    try:
        names = sorted(name for name in os.listdir(output.parent) if name.startswith(prefix))
    except OSError:
        return []
    return [output.parent / name for name in names]


@contextlib.contextmanager
def alone(output: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock on an output, and remove what a killed build left.

    ``waiting`` is called once if another build holds the lock.

    Raises:
        PublishError: the folder that holds the output cannot be written.
    """
    parent = output.parent
    with _os_errors(output):
        parent.mkdir(parents=True, exist_ok=True)
    with _locked(parent, waiting) as locked:
        with _os_errors(output):
            _sweep(output, everything=locked)
        yield


def publish(
    output: Path, files: Mapping[str, bytes], mine: Collection[str], *, overwrite: bool = False
) -> None:
    """Make ``output`` hold ``files``. The caller holds the lock of :func:`alone`.

    Only files that an earlier build wrote (``mine``) are replaced or removed; with ``overwrite`` any file is replaced.

    Raises:
        PublishError: a path is outside the output or taken, something is mounted in it, or it cannot be written.
    """
    for path in files:
        parts = PurePosixPath(path).parts
        if not parts or PurePosixPath(path).is_absolute() or ".." in parts:
            raise PublishError(f"{path} is outside of the output folder")
    if output.is_symlink():
        raise PublishError(
            f"{output} is a symbolic link; name the folder that it points to in [tool.xmlwright]"
        )
    mounted = _mount_point(output)
    if mounted is not None:
        raise PublishError(
            f"{mounted} is a mount point, and the output folder is replaced as a whole; unmount it, or build elsewhere and copy"
        )
    if output.exists() and not output.is_dir():
        raise PublishError(f"{output} is not a folder")
    _refuse_collisions(output, files, mine, overwrite)
    staging = output.parent / f".{output.name}.xmlwright-{os.getpid()}"
    with _os_errors(output):
        try:
            staging.mkdir()
            kept = _assemble(staging, output, files, frozenset(mine))
            # From here on, ignore SIGINT: files are being replaced.
            with _uninterrupted():
                _swap(staging, output)
                _take_over_changes(staging, output, kept, {*files, *mine})
                _remove(staging)
        except BaseException:
            _remove(staging)
            raise


@contextlib.contextmanager
def _os_errors(output: Path) -> Iterator[None]:
    """Turn errors of the operating system into errors about an output."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        where = f" ({error.filename})" if error.filename else ""
        raise PublishError(f"{output} cannot be written: {reason}{where}") from error


@contextlib.contextmanager
def _locked(folder: Path, waiting: Callable[[], None]) -> Iterator[bool]:
    """Lock a folder until the process ends; yield False where the system cannot."""
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
    """Ignore SIGINT."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        if before is not None:  # None: the handler was not set from Python
            signal.signal(signal.SIGINT, before)


def _refuse_collisions(
    output: Path, files: Mapping[str, bytes], mine: Collection[str], overwrite: bool
) -> None:
    """Refuse to replace files and folders of the user."""
    taken: list[str] = []
    for path, content in files.items():
        for folder in list(PurePosixPath(path).parents)[:-1]:
            there = output / folder
            if there.is_symlink() or (there.exists() and not there.is_dir()):
                kind = "a symbolic link" if there.is_symlink() else "a file"
                raise PublishError(f"{there} is {kind}, but a folder is needed; move it away")
        there = output / path
        if there.is_dir() and not there.is_symlink():
            raise PublishError(f"{there} is a folder, but a file is needed; move it away")
        if path in mine or overwrite or not (there.is_symlink() or there.exists()):
            continue
        if there.is_symlink() or there.read_bytes() != content:
            taken.append(path)
    if taken:
        rest = f" and {len(taken) - _SHOWN} more" if len(taken) > _SHOWN else ""
        raise PublishError(
            f"no earlier build wrote {', '.join(f'{output.name}/{path}' for path in taken[:_SHOWN])}{rest};"
            " move away what you want to keep, or use --overwrite"
        )


def _assemble(
    staging: Path, output: Path, files: Mapping[str, bytes], mine: frozenset[str]
) -> set[str]:
    """Fill ``staging`` with ``files`` and with the user's files in ``output``; return the paths of the latter."""
    of_user: set[str] = set()
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
        of_user |= {str(relative / name) for name in kept}
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
    return of_user


def _take_over_changes(old: Path, output: Path, kept: set[str], own: set[str]) -> None:
    """Repeat in ``output`` what was done to the user's files in ``old`` since they were carried over."""
    for path in kept:
        if not os.path.lexists(old / path):
            (output / path).unlink(missing_ok=True)
    for folder, _, names in os.walk(old):
        relative = PurePosixPath(Path(folder).relative_to(old).as_posix())
        if "__pycache__" in relative.parts:
            continue
        for name in names:
            path = str(relative / name)
            if path in own or _same(old / path, output / path):
                continue
            target = output / path
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(old / path, target)


def _same(left: Path, right: Path) -> bool:
    """Return whether two paths are one file, or have the same content."""
    try:
        if left.is_symlink() or right.is_symlink():
            return os.readlink(left) == os.readlink(right)
        return os.path.samefile(left, right) or left.read_bytes() == right.read_bytes()
    except OSError:
        return False


def _mount_point(output: Path) -> Path | None:
    """Return a mount point that is the output or inside of it."""
    for folder, subfolders, names in os.walk(output):
        for path in (Path(folder), *(Path(folder, name) for name in (*subfolders, *names))):
            if os.path.ismount(path):
                return path
    try:  # a folder mounted from the same file system
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    real = os.path.realpath(output)
    for line in lines.splitlines():
        mounted = re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), line.split(" ")[4])
        if mounted == real or mounted.startswith(f"{real}/"):
            return Path(mounted)
    return None


def _raise(error: OSError) -> None:
    raise error


def _take(source: Path, target: Path) -> None:
    """Link a file, or copy it where the file system has no links."""
    if source.is_symlink():
        os.symlink(os.readlink(source), target)
        return
    try:
        os.link(source, target)
    except OSError:
        import shutil

        shutil.copy2(source, target)


def _swap(staging: Path, output: Path) -> None:
    """Exchange ``staging`` and ``output``."""
    if not output.exists():
        os.rename(staging, output)
        return
    if _exchange(staging, output):
        return
    # Two renames leave a moment without output; after a crash, _sweep moves the old one back.
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
    """Remove what killed builds left; without the lock, only folders of processes that have ended."""
    aside = _aside(output)
    if aside.is_dir() and not output.exists():
        os.rename(aside, output)
    for stale in leftovers(output):
        pid = stale.name.rpartition("-")[2]
        if everything or not pid.isdigit() or not _alive(int(pid)):
            _remove(stale)


def _remove(folder: Path) -> None:
    """Remove a working folder. Ignores failures: the next build tries again."""
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
