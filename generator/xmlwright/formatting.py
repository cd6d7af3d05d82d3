"""Format: Black, on parts of files, remembered by content.

Formatting is nearly all of the time of a build, so a file is cut into its top-level parts and each part is formatted
once for each (text, Black version, mode). Parts joined by two empty lines are what Black gives for the whole file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path
from typing import Final

from .formatting_version import LINE_LENGTH
from .render import CUT, Rendered

_WORTH_A_PROCESS: Final = 200_000
"""Characters; below it starting processes takes longer than they save."""

Progress = Callable[[int, int], None]
"""(parts done, all parts)."""


def parts_of(text: str) -> list[str]:
    """The top-level parts of a rendered Python file."""
    return [
        part.strip("\n") for part in re.split(f"^{CUT}$", text, flags=re.MULTILINE) if part.strip()
    ]


class FormatError(Exception):
    """Black refused a part: a template gave what is no Python."""


def format_part(text: str) -> str:
    """One part as Black writes it."""
    import black
    from black.mode import TargetVersion
    from black.parsing import InvalidInput

    mode = black.Mode(line_length=LINE_LENGTH, target_versions={TargetVersion.PY310})
    try:
        return black.format_str(text + "\n", mode=mode).strip("\n")
    except (InvalidInput, ValueError) as error:
        raise FormatError(f"{error}\n{text[:2000]}") from None


class FormatCache:
    """Formatted parts of one output file, on disk: part's hash -> its formatted text."""

    def __init__(self, folder: Path, version: str) -> None:
        self._folder = folder
        self._version = version

    def key(self, part: str) -> str:
        """Identity of a part's formatted text."""
        return hashlib.sha256(f"{self._version}\0{part}".encode()).hexdigest()

    def load(self, path: str) -> dict[str, str]:
        """What is remembered for an output file; nothing where the cache is missing or damaged."""
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
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            temporary = file.with_suffix(f".{os.getpid()}")
            temporary.write_text(json.dumps(parts), encoding="utf-8")
            os.replace(temporary, file)
        except OSError:
            return

    def _file(self, path: str) -> Path:
        return self._folder / f"{hashlib.sha256(path.encode()).hexdigest()[:32]}.json"


def format_files(
    files: Iterable[Rendered],
    cache: FormatCache,
    progress: Progress = lambda done, total: None,
) -> dict[str, str]:
    """Path -> final text of each file.

    Raises:
        FormatError: a rendered file is not Python.
    """
    files = list(files)
    remembered: dict[str, dict[str, str]] = {}
    parts: dict[str, list[tuple[str, str]]] = {}
    todo: dict[str, str] = {}
    for item in files:
        if not item.python:
            continue
        remembered[item.path] = cache.load(item.path)
        parts[item.path] = [(cache.key(part), part) for part in parts_of(item.text)]
        todo.update(
            (key, part) for key, part in parts[item.path] if key not in remembered[item.path]
        )
    fresh = _format_all(todo, progress)
    done: dict[str, str] = {}
    for item in files:
        if not item.python:
            done[item.path] = item.text
            continue
        known = remembered[item.path]
        texts = {key: known.get(key) or fresh[key] for key, _ in parts[item.path]}
        if texts.keys() != known.keys():
            cache.save(item.path, texts)
        done[item.path] = (
            "\n\n\n".join(texts[key] for key, _ in parts[item.path] if texts[key]) + "\n"
        )
        if not parts[item.path]:
            done[item.path] = ""
    return done


def _format_all(todo: dict[str, str], progress: Progress) -> dict[str, str]:
    keys = sorted(
        todo, key=lambda key: (-len(todo[key]), key)
    )  # the longest first: none is left for the end
    texts = [todo[key] for key in keys]
    size = sum(map(len, texts))
    workers = min(os.cpu_count() or 1, 8)
    fresh: dict[str, str] = {}
    pool: Executor | None = None
    if size > _WORTH_A_PROCESS and workers > 1:
        import multiprocessing

        if "fork" in multiprocessing.get_all_start_methods():
            import black  # noqa: F401 - imported once, before the workers are made of this process

            pool = ProcessPoolExecutor(workers, multiprocessing.get_context("fork"))
    try:
        results = (
            map(format_part, texts) if pool is None else pool.map(format_part, texts, chunksize=4)
        )
        for index, (key, text) in enumerate(zip(keys, results, strict=True), 1):
            fresh[key] = text
            progress(index, len(keys))
    except BaseException:
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
        raise
    if pool is not None:
        pool.shutdown()
    return fresh
