"""Identity of the formatter, told without importing it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from ..settings import LINE_LENGTH

TARGET: Final = "py310"
MODULES: Final = tuple(f"render/{name}.py" for name in ("formatting", "layout", "formatter_version"))
"""What of the program decides how a rendered text is formatted."""


def formatter_version() -> str:
    """Name and version of the formatter."""
    from importlib.metadata import version

    return f"black {version('black')}"


def cache_version(line_length: int = LINE_LENGTH) -> str:
    """What, beside the text, decides a formatted part: Black, its mode, and how parts are cut, laid out and joined."""
    own = hashlib.sha256()
    for name in MODULES:
        own.update((Path(__file__).parents[1] / name).read_bytes())
    return f"{formatter_version()} {TARGET} line-length={line_length} {own.hexdigest()[:12]}"
