"""Warm: what an earlier run found out with the very same inputs, so that the next need not find it out again."""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
from typing import Any, Final

from ..files import files_of
from ..settings import Settings
from .inputs import PROGRAM, digest, inputs_of, text_digest

_MOST: Final = 24
"""Entries of one kind that are kept."""


def key(settings: Settings, *facts: object) -> str:
    """Stands for the description, all that decides an output of it, and further facts. Raises OSError."""
    inputs = dataclasses.asdict(inputs_of(settings))
    # Also what decides no output: whether the description is accepted hangs on it.
    files = {
        path.relative_to(settings.schema).as_posix(): text_digest(path.read_bytes())
        for path in files_of(settings.schema)
    }
    own = {
        path.relative_to(PROGRAM).as_posix(): text_digest(path.read_bytes())
        for path in sorted(PROGRAM.rglob("*.py"))
    }
    return digest(json.dumps([inputs, files, own, facts], sort_keys=True).encode())[:32]


def recall(settings: Settings, kind: str, key: str) -> Any:
    """What was kept; None for nothing, or for something that cannot be read."""
    try:
        path = settings.cache / kind / f"{key}.json"
        found = json.loads(path.read_text(encoding="utf-8"))
        os.utime(path)
    except (OSError, ValueError):
        return None
    return found


def keep(settings: Settings, kind: str, key: str, value: Any) -> None:
    """Keep something that JSON can hold. A cache that cannot be written is no problem of anybody's."""
    folder = settings.cache / kind
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as file:
            json.dump(value, file)
        os.replace(file.name, folder / f"{key}.json")
        for old in sorted(folder.glob("*.json"), key=os.path.getmtime)[:-_MOST]:
            old.unlink(missing_ok=True)
    except OSError:
        return
