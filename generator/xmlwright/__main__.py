"""``python -m xmlwright`` is the command ``xmlwright``."""

from __future__ import annotations

from .cli import main

main()
