"""Compiled: templates as Jinja compiled them in an earlier run."""

from __future__ import annotations

import contextlib
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket


class Compiled(jinja2.FileSystemBytecodeCache):
    """Remembers compiled templates in a folder, by their name and content.

    What cannot be read is compiled again, and a folder that cannot be written is no problem of anybody's.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder), "%s.bin")

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            super().load_bytecode(bucket)
        except Exception:  # whatever unpickling a damaged file can raise
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        with contextlib.suppress(OSError):
            Path(self.directory).mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)
