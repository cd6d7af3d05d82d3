"""Where the files of a description are, and how messages name them."""

from __future__ import annotations

import os
from pathlib import Path


def files_of(folder: Path) -> list[Path]:
    """The files of a description, in the order they are read."""
    found = [folder / "api.yaml"]
    if (folder / "shared.yaml").exists():
        found.append(folder / "shared.yaml")
    found.extend(sorted((folder / "resources").glob("*.yaml")))
    return found


def kind_of(path: Path) -> str:
    """Which grammar a file follows, by its name."""
    if path.parent.name != "resources":
        return path.stem
    return "cases" if path.name.endswith(".cases.yaml") else "resource"


def shown(path: Path, root: Path) -> str:
    """A path as messages show it: below the working folder, with forward slashes."""
    return Path(os.path.relpath(path, root)).as_posix()
