"""Find the lines of a generated file that were edited by hand, by comparison with the text that the build wrote."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Final

from ..pipeline import manifest
from ..settings import Settings

_LARGE: Final = 4000
"""Lines; finding the least difference of more takes too long."""
_RANGES: Final = 4
_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit of a file."""

    line: int
    """The first edited line; 0 where it is not known."""
    what: str


def read(path: Path) -> bytes | None:
    """The bytes of a file; None where there is none that can be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def edit(original: bytes, content: bytes) -> Edit:
    """What makes ``content`` of ``original``."""
    if content.replace(b"\r\n", b"\n") == original:
        return Edit(1, "its lines end in CR LF")
    if not content:
        return Edit(1, "it is empty")
    before, after = original.split(b"\n"), content.split(b"\n")
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    before, after = before[start : len(before) - end], after[start : len(after) - end]
    if len(before) > _LARGE or len(after) > _LARGE:
        spans = [(0, len(after), len(before))]
    else:
        matcher = SequenceMatcher(None, before, after, autojunk=False)
        spans = [
            (first, last, there - here)
            for tag, here, there, first, last in matcher.get_opcodes()
            if tag != "equal"
        ]
    texts = [_span(start + first, start + last, lost) for first, last, lost in spans]
    rest = f" and {len(texts) - _RANGES} more places" if len(texts) > _RANGES else ""
    return Edit(
        max(1, start + spans[0][0] + (spans[0][1] > spans[0][0])), ", ".join(texts[:_RANGES]) + rest
    )


def _common(left: list[bytes], right: list[bytes]) -> int:
    shorter = min(len(left), len(right))
    return next((index for index in range(shorter) if left[index] != right[index]), shorter)


def _span(first: int, last: int, lost: int) -> str:
    if first == last:
        lines = "a line" if lost == 1 else f"{lost} lines"
        return f"{lines} removed {f'after line {first}' if first else 'at the beginning'}"
    return f"line {last}" if last - first == 1 else f"lines {first + 1}-{last}"


def committed(settings: Settings, path: str, wanted: str) -> bytes | None:
    """The file as a build wrote it, where git knows it: at the last commit of the manifest, or in the index."""
    folder = settings.output
    last = _git(folder, "log", "-1", "--format=%H", "--", manifest.NAME)
    for revision in ("", "HEAD", last.decode().strip() if last else ""):
        content = _git(folder, "show", f"{revision}:./{path}")
        if content is not None and manifest.digest(content) == wanted:
            return content
    return None


def _git(folder: Path, *arguments: str) -> bytes | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def damage(content: bytes) -> str:
    """What keeps a manifest from being read."""
    if b"\n<<<<<<< " in content or content.startswith(b"<<<<<<< "):
        return "it has the marks of a merge conflict"
    try:
        found = json.loads(content)
    except ValueError as error:
        return f"it is not JSON ({error})" if content.strip() else "it is empty"
    if isinstance(found, dict) and found.get("format") not in (None, manifest.FORMAT):
        return f"another version of xmlwright wrote it (format {found['format']})"
    return "it is no manifest"


def damaged_line(content: bytes) -> int:
    """The line where that is."""
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.startswith(b"<<<<<<< "):
            return number
    try:
        json.loads(content)
    except UnicodeDecodeError:
        return 1
    except json.JSONDecodeError as error:
        return error.lineno
    return 1
