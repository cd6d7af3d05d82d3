"""Where the files of a description are, and how messages name them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path


class AlreadyExistsError(Exception):
    """A file or folder that would be written exists already."""


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


def write_new_files(root: Path, files: Mapping[str, str]) -> None:
    """Write path -> text below a folder, all or nothing.

    Raises:
        AlreadyExistsError: A file, or a folder that would hold one, exists already.
        OSError: A file cannot be written.
    """
    tops = list(dict.fromkeys(path.partition("/")[0] for path in files))
    for top in tops:
        if os.path.lexists(root / top):
            raise AlreadyExistsError(root / top)
    made = next((folder for folder in (*reversed(root.parents), root) if not folder.exists()), None)
    moved: list[Path] = []
    complete = False
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".xmlwright-", dir=root) as staging:
            for path, text in files.items():
                target = Path(staging, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8", newline="\n")
            for top in tops:
                if os.path.lexists(root / top):
                    raise AlreadyExistsError(root / top)
                os.rename(Path(staging, top), root / top)
                moved.append(root / top)
        complete = True
    finally:
        if not complete:
            for top_path in moved:
                shutil.rmtree(top_path) if top_path.is_dir() else top_path.unlink()
            if made is not None:
                shutil.rmtree(made, ignore_errors=True)
