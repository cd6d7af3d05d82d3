"""Format: Black, on parts of files, remembered by content.

Formatting is nearly all of the time of a build, so a file is cut into its top-level parts and each part is formatted
once for each (text, Black version, mode). Parts joined by two empty lines are what Black gives for the whole file, but
for one that ends in imports or is the module's docstring: how many lines follow these is Black's to say, so that it gets
them in one piece with what follows.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Final

from .renderer import CUT, Rendered
from ..settings import LINE_LENGTH
from .layout import lay_out

_WORTH_A_PROCESS: Final = 200_000
"""Characters; below it starting processes takes longer than they save."""
_MOST_WORKERS: Final = 8

_DEFINITION: Final = re.compile(r"@|(async def|class|def)\b")

Progress = Callable[[int, int], None]
"""(parts done, all parts)."""


def parts_of(text: str) -> list[str]:
    """The top-level parts of a rendered Python file."""
    parts: list[str] = []
    open_ended = False
    for cut in re.split(f"^{CUT}$", text, flags=re.MULTILINE):
        part = cut.strip("\n")
        if not part.strip():
            continue
        if open_ended:
            gap = "\n\n\n" if _DEFINITION.match(part) else "\n\n"
            parts[-1] += f"{gap}{part}"
        else:
            parts.append(part)
        open_ended = _open_ended(parts[-1])
    return parts


def _open_ended(part: str) -> bool:
    """Whether a part ends in imports, or in the docstring of the module."""
    if not re.search(r"^(import|from|[rR]?[\"'])", part, re.MULTILINE):
        return False
    try:
        last = ast.parse(part).body[-1]
    except (SyntaxError, ValueError, IndexError):  # Black says it better
        return False
    constant = isinstance(last, ast.Expr) and isinstance(last.value, ast.Constant)
    return isinstance(last, (ast.Import, ast.ImportFrom)) or constant


class FormatError(Exception):
    """Black refused a part: a template gave what is no Python. The message names the file and shows the place."""


class _NotPython(Exception):
    """What Black says of a part that it refused."""


class _Refused(Exception):
    """The same, of a part of a file."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


def format_part(text: str, line_length: int = LINE_LENGTH) -> str:
    """One part as Black writes it."""
    import black
    from black.mode import TargetVersion
    from black.parsing import InvalidInput

    mode = black.Mode(line_length=line_length, target_versions={TargetVersion.PY310})
    try:
        try:
            return black.format_str(lay_out(text, line_length) + "\n", mode=mode).strip("\n")
        except InvalidInput:  # told of the lines as they were rendered
            return black.format_str(text + "\n", mode=mode).strip("\n")
    except (InvalidInput, ValueError) as error:
        raise _NotPython(str(error)) from None


class FormatCache:
    """Formatted parts of one output file, on disk: part's hash -> its formatted text.

    One that is not ``trusted`` is only written.
    """

    def __init__(self, folder: Path, version: str, *, trusted: bool = True) -> None:
        self._folder = folder
        self._version = version
        self._trusted = trusted

    def key(self, part: str) -> str:
        """Identity of a part's formatted text."""
        return hashlib.sha256(f"{self._version}\0{part}".encode()).hexdigest()

    def load(self, path: str) -> dict[str, str]:
        """What is remembered for an output file; nothing where the cache is missing or damaged."""
        if not self._trusted:
            return {}
        try:
            found = json.loads(self._file(path).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
            return {}
        return found

    def save(self, path: str, parts: dict[str, str]) -> None:
        """Remember the parts of an output file; a cache that cannot be written is no error."""
        file = self._file(path)
        temporary = file.with_suffix(f".{os.getpid()}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(parts), encoding="utf-8")
            os.replace(temporary, file)
        except BaseException as error:
            with contextlib.suppress(OSError):
                temporary.unlink()
            if not isinstance(error, OSError):
                raise

    def _file(self, path: str) -> Path:
        return self._folder / f"{hashlib.sha256(path.encode()).hexdigest()[:32]}.json"


def format_files(
    files: Iterable[Rendered],
    cache: FormatCache,
    progress: Progress = lambda done, total: None,
    line_length: int = LINE_LENGTH,
) -> dict[str, str]:
    """Path -> final text of each file.

    Raises:
        FormatError: a rendered file is not Python.
    """
    files = list(files)
    remembered: dict[str, dict[str, str]] = {}
    parts: dict[str, list[str]] = {}
    todo: dict[str, tuple[str, str]] = {}
    templates = {item.path: item.template for item in files}
    for item in files:
        if not item.python:
            continue
        known = remembered[item.path] = cache.load(item.path)
        parts[item.path] = []
        for part in parts_of(item.text):
            key = cache.key(part)
            parts[item.path].append(key)
            if key not in known:
                todo[key] = (part, item.path)
    try:
        fresh = _format_all(todo, progress, line_length)
    except _Refused as error:
        by = templates[error.path] and f", which {templates[error.path]} makes"
        raise FormatError(f"{error.path}{by}: {error}") from None
    done: dict[str, str] = {}
    for item in files:
        if not item.python:
            done[item.path] = item.text
            continue
        known = remembered[item.path]
        texts = {key: known[key] if key in known else fresh[key] for key in parts[item.path]}
        if texts.keys() != known.keys():
            cache.save(item.path, texts)
        filled = [texts[key] for key in parts[item.path] if texts[key]]
        done[item.path] = "\n\n\n".join(filled) + "\n" if filled else ""
    return done


def _format_all(
    todo: dict[str, tuple[str, str]], progress: Progress, line_length: int
) -> dict[str, str]:
    """Key -> formatted text, for key -> (text, path of the file that it is a part of)."""
    # The longest first: none is left for the end.
    keys = sorted(todo, key=lambda key: (-len(todo[key][0]), key))
    fresh: dict[str, str] = {}
    try:
        with _workers(sum(len(text) for text, _ in todo.values())) as pool:
            _collect(keys, todo, pool, fresh, progress, line_length)
    except BrokenProcessPool:  # a worker was killed, for want of memory perhaps: go on without
        rest = [key for key in keys if key not in fresh]
        _collect(rest, todo, None, fresh, progress, line_length)
    return fresh


def _collect(
    keys: Sequence[str],
    todo: dict[str, tuple[str, str]],
    pool: Executor | None,
    fresh: dict[str, str],
    progress: Progress,
    line_length: int,
) -> None:
    texts = [todo[key][0] for key in keys]
    formatted = functools.partial(format_part, line_length=line_length)
    results = iter(
        map(formatted, texts) if pool is None else pool.map(formatted, texts, chunksize=4)
    )
    for key in keys:
        try:
            fresh[key] = next(results)
        except _NotPython as error:
            text, path = todo[key]
            raise _Refused(path, f"{error}\n{_around(text, str(error))}") from None
        progress(len(fresh), len(todo))


def _around(text: str, message: str) -> str:
    """The lines of a part around the one that a message of Black names."""
    found = re.search(r"\b(\d+):(\d+)", message)
    line = int(found[1]) if found else 1
    lines = text.split("\n")
    start = max(0, line - 6)
    return "\n".join(
        f"{'>' if number == line else ' '} {content}"
        for number, content in enumerate(lines[start : line + 5], start + 1)
    )


@contextlib.contextmanager
def _workers(size: int) -> Iterator[Executor | None]:
    """Processes that format in parallel, where there is enough to do for them."""
    import multiprocessing

    count = min(_usable_processors(), _MOST_WORKERS)
    if (
        size <= _WORTH_A_PROCESS
        or count < 2
        or "fork" not in multiprocessing.get_all_start_methods()
    ):
        yield None
        return
    import signal

    import black  # noqa: F401 - imported once, before the workers are made of this process

    # This process alone keeps the end for writing: when it is gone, however it went, the workers read the end of file.
    alive = os.pipe()
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(count, context, initializer=_worker, initargs=(alive,))
    try:
        # Ctrl-C reaches all processes of a terminal, but is for this one: the workers are born with it blocked.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            pool.submit(os.getpid)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        yield pool
    finally:
        # Also after an interruption the workers end what they have in hand: a moment, and the pool ends in good order.
        pool.shutdown(cancel_futures=True)
        for end in alive:
            os.close(end)


def _usable_processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def _worker(alive: tuple[int, int]) -> None:
    """Makes a worker end with the process that started it."""
    import threading

    reading, writing = alive
    os.close(writing)

    def watch() -> None:
        os.read(reading, 1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
