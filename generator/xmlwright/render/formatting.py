"""Format rendered Python with Black: sorted imports first, whole files, remembered by their rendered text."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from ..files import make_private
from ..settings import LINE_LENGTH
from .imports import sort_imports
from .renderer import Rendered

Progress = Callable[[int, int], None]
"""(files done, all files)."""


class FormatError(Exception):
    """A template produced invalid Python. The message names the file, its template and the line."""


class _InvalidPythonError(Exception):
    """Black rejected a text; the message is Black's."""


def format_python(text: str, line_length: int = LINE_LENGTH, package: str = "") -> str:
    """Return Python source with sorted imports, as Black formats it.

    ``package`` is the import name that counts as first party.
    """
    import black
    from black.mode import TargetVersion
    from black.parsing import InvalidInput

    mode = black.Mode(line_length=line_length, target_versions={TargetVersion.PY310})
    # ``format_str`` formats everything twice, for code whose form one pass does not settle. A test compares the two.
    format_once = getattr(black, "_format_str_once", black.format_str)
    try:
        formatted: str = format_once(sort_imports(text, package), mode=mode)
    except (InvalidInput, SyntaxError, ValueError) as error:
        try:  # Black names the line as it was rendered
            black.format_str(text, mode=mode)
        except (InvalidInput, ValueError) as of_black:
            raise _InvalidPythonError(str(of_black)) from None
        raise _InvalidPythonError(str(error)) from None
    return formatted


class FormatCache:
    """A JSON file of texts for each output file: hash of what a text was made from -> the text.

    A missing or damaged file counts as empty; with ``trusted=False`` the cache is only written.
    """

    def __init__(self, folder: Path, version: str, *, trusted: bool = True) -> None:
        self._folder = folder
        self._version = version
        self._trusted = trusted

    def key(self, text: str) -> str:
        """Return the hash that stands for a text and the version of the cache."""
        return hashlib.sha256(f"{self._version}\0{text}".encode()).hexdigest()

    def load(self, path: str) -> dict[str, str]:
        """Return the texts that are kept for an output file."""
        if not self._trusted:
            return {}
        try:
            texts = json.loads(self._file(path).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
            return {}
        return texts

    def save(self, path: str, texts: dict[str, str]) -> None:
        """Replace the texts that are kept for an output file. Ignores write failures."""
        file = self._file(path)
        temporary = file.with_suffix(f".{os.getpid()}")
        try:
            make_private(file.parent)
            temporary.write_text(json.dumps(texts), encoding="utf-8")
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
    package: str = "",
) -> dict[str, str]:
    """Return path -> final text of each file.

    Raises:
        FormatError: a rendered file is not Python.
    """
    files = list(files)
    total = sum(item.python for item in files)
    done = 0
    texts: dict[str, str] = {}
    for item in files:
        if not item.python:
            texts[item.path] = item.text
            continue
        key = cache.key(f"{package}\0{item.text}")
        text = cache.load(item.path).get(key)
        if text is None:
            try:
                text = format_python(item.text, line_length, package)
            except _InvalidPythonError as error:
                source = item.template and f" from template {item.template}"
                excerpt = _excerpt(item.text, str(error))
                raise FormatError(f"{item.path}{source}: {error}\n{excerpt}") from None
            cache.save(item.path, {key: text})
        texts[item.path] = text
        done += 1
        progress(done, total)
    return texts


def _excerpt(text: str, message: str) -> str:
    """Return the lines around the one that a message of Black names."""
    position = re.search(r"\b(\d+):(\d+)", message)
    line = int(position[1]) if position else 1
    lines = text.split("\n")
    start = max(0, line - 6)
    return "\n".join(
        f"{'>' if number == line else ' '} {content}"
        for number, content in enumerate(lines[start : line + 5], start + 1)
    )
