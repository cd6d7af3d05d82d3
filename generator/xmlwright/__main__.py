"""``python -m xmlwright`` is the command ``xmlwright``."""

from __future__ import annotations

from .cli.main import main

main()
