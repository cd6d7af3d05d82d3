"""Identity of the formatter, told without importing it."""

from __future__ import annotations

from typing import Final

LINE_LENGTH: Final = 100
MODE: Final = f"py310 line-length={LINE_LENGTH}"


def formatter_version() -> str:
    """What, beside the text, decides the output of the formatter."""
    from importlib.metadata import version

    return f"black {version('black')} {MODE}"
