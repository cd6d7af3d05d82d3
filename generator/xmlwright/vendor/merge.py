"""Three-way merge of an edited file with its new version."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Final

_LABELS: Final = ("your edit", "vendored before", "vendored now")
_MARKERS: Final = ("<<<<<<< your edit", ">>>>>>> vendored now")
_MOST_CONFLICTS: Final = 127
"""Exit codes of `git merge-file` up to this one count conflicts; larger ones are errors."""


class MergeError(Exception):
    """git cannot merge."""


def merge(edited: str, base: str, new: str) -> tuple[str, bool]:
    """Return an edited file with the changes from ``base`` to ``new``, and whether there is a conflict.

    A conflict is marked in the text as git marks it.

    Raises:
        MergeError: git is not installed or refuses the files.
    """
    with tempfile.TemporaryDirectory(prefix="xmlwright-merge-") as folder:
        paths = [Path(folder) / name for name in ("edited", "base", "new")]
        for path, text in zip(paths, (edited, base, new), strict=True):
            path.write_bytes(text.encode())
        command = [
            "git",
            "merge-file",
            "-p",
            *(f"-L{label}" for label in _LABELS),
            *map(str, paths),
        ]
        try:
            done = subprocess.run(command, capture_output=True, check=False)
        except OSError as error:
            raise MergeError(f"git cannot be started: {error.strerror or error}") from None
    if not 0 <= done.returncode <= _MOST_CONFLICTS:
        raise MergeError(done.stderr.decode("utf-8", "replace").strip())
    return done.stdout.decode("utf-8", "replace"), done.returncode > 0


def has_conflict(text: str) -> bool:
    """Return whether a text has conflict markers of :func:`merge`."""
    return any(line.startswith(_MARKERS) for line in text.splitlines())
