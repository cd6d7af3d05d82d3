"""Where the files of a description are, and how messages name them."""

from __future__ import annotations

import os
from pathlib import Path


def files_of(folder: Path) -> list[Path]:
    """The files of a description, in the order they are read."""
    found = [folder / "api.yaml"]
    found.extend(
        folder / name for name in ("shared.yaml", "account.yaml") if (folder / name).exists()
    )
    found.extend(sorted((folder / "resources").glob("*.yaml")))
    return found


def kind_of(path: Path) -> str:
    """Which grammar a file follows, by its name."""
    if path.parent.name != "resources":
        return path.stem
    for kind in ("cases", "behavior"):
        if path.name.endswith(f".{kind}.yaml"):
            return kind
    return "resource"


def acts(path: Path) -> bool:
    """Whether a file says what the service does. Then it decides no output: only whether the description is accepted."""
    return kind_of(path) in ("account", "behavior")


def shown(path: Path, root: Path) -> str:
    """A path as messages show it: below the working folder, with forward slashes."""
    return Path(os.path.relpath(path, root)).as_posix()


def make_private(folder: Path) -> None:
    """Create a folder and its missing parents, accessible to the user alone. Raises OSError."""
    for parent in (*reversed(folder.parents), folder):
        if not parent.exists():
            parent.mkdir(mode=0o700, exist_ok=True)
