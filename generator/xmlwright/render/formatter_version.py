"""The identity of the formatter, without importing Black."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from ..settings import LINE_LENGTH

MODULES: Final = ("render/formatter_version.py", "render/formatting.py", "render/imports.py")
"""Modules of the generator that decide how a rendered text is formatted."""


def formatter_version() -> str:
    """Return name and version of the formatter."""
    from importlib.metadata import version

    return f"black {version('black')}"


def cache_version(line_length: int = LINE_LENGTH) -> str:
    """Return what decides a formatted text beside the rendered one."""
    own = hashlib.sha256()
    for name in MODULES:
        own.update((Path(__file__).parents[1] / name).read_bytes())
    return f"{formatter_version()} line-length={line_length} {own.hexdigest()[:12]}"
