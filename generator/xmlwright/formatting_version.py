"""Identity of the formatter, told without importing it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

LINE_LENGTH: Final = 100
MODE: Final = f"py310 line-length={LINE_LENGTH}"


def formatter_version() -> str:
    """What, beside the text, decides the output of the formatter: Black, its mode, and how parts are cut and joined."""
    from importlib.metadata import version

    joining = hashlib.sha256((Path(__file__).parent / "formatting.py").read_bytes()).hexdigest()
    return f"black {version('black')} {MODE} {joining[:12]}"
