"""Results of earlier runs, kept as JSON for as long as their inputs stay the same."""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
from typing import Any, Final

from ..files import files_of, make_private
from ..settings import Settings
from .inputs import PACKAGE, digest, inputs_of, text_digest

_ENTRIES: Final = 24
"""Most entries of one kind that are kept."""


def key(settings: Settings, *facts: object) -> str:
    """Return a hash of the description, of all that decides an output of it and of further facts. Raises OSError."""
    inputs = dataclasses.asdict(inputs_of(settings))
    # Behavior files decide no output, but whether the description is accepted.
    files = {
        path.relative_to(settings.schema).as_posix(): text_digest(path.read_bytes())
        for path in files_of(settings.schema)
    }
    # Commands such as `vendor` use modules that decide no output.
    modules = {
        path.relative_to(PACKAGE).as_posix(): text_digest(path.read_bytes())
        for path in sorted(PACKAGE.rglob("*.py"))
    }
    return digest(json.dumps([inputs, files, modules, facts], sort_keys=True).encode())[:32]


def load(settings: Settings, kind: str, key: str) -> Any:
    """Return what was saved; None for nothing and for an unreadable entry."""
    try:
        path = settings.cache / kind / f"{key}.json"
        value = json.loads(path.read_text(encoding="utf-8"))
        os.utime(path)
    except (OSError, ValueError, RecursionError):
        return None
    return value


def save(settings: Settings, kind: str, key: str, value: Any) -> None:
    """Save a JSON value. Ignores write failures."""
    folder = settings.cache / kind
    try:
        make_private(folder)
        with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as file:
            json.dump(value, file)
        os.replace(file.name, folder / f"{key}.json")
        for old in sorted(folder.glob("*.json"), key=os.path.getmtime)[:-_ENTRIES]:
            old.unlink(missing_ok=True)
    except OSError:
        return
