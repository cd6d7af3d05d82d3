"""Descriptions from folders, git revisions and bundles."""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from ..diagnostics import DescriptionError, Diagnostics
from ..export import bundle
from ..export.bundle import BundleError
from ..files import acts, files_of, kind_of
from ..ir import Api
from ..resolve import resolver as resolve
from ..schema import loader as description
from ..settings import Settings
from ..validate import identifiers


class RevisionError(Exception):
    """A name is not a folder, git revision or bundle with a description."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A description with its behavior files."""

    api: Api
    behavior: Mapping[str, str] | None
    """File below the description -> its text; None for a bundle, which has none."""


def load(name: str, settings: Settings) -> Loaded:
    """Return the description with a name: ``.`` for the project's, a folder, a bundle, or a git revision.

    Raises:
        RevisionError: It does not exist.
        DescriptionError: It has errors.
    """
    if name == ".":
        return _folder(settings.schema, settings.root)
    path = Path(name)
    if path.is_dir():
        inner = path if (path / "api.yaml").is_file() else path / settings.schema.name
        if not (inner / "api.yaml").is_file():
            raise RevisionError(f"{name} has no description: api.yaml is missing")
        return _folder(inner, inner.parent)
    if path.is_file():
        try:
            return Loaded(bundle.load(path.read_text(encoding="utf-8"), name), None)
        except (OSError, UnicodeDecodeError, BundleError) as error:
            raise RevisionError(str(error)) from None
    return _revision(name, settings)


def _compared(path: Path) -> bool:
    """Return whether a file is compared: neither cases nor behavior."""
    return kind_of(path) not in ("cases", "account", "behavior")


def _folder(folder: Path, root: Path) -> Loaded:
    diagnostics = Diagnostics()
    read = description.read(folder, diagnostics, root=root, wanted=_compared)
    if read is None or len(diagnostics):
        raise DescriptionError(diagnostics)
    api = resolve.resolve(read, diagnostics)
    identifiers.check(read, api, diagnostics)
    if len(diagnostics):
        raise DescriptionError(diagnostics)
    behavior = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8", errors="replace")
        for path in files_of(folder)
        if acts(path) and path.is_file()
    }
    return Loaded(api, behavior)


def behavior_changes(old: Loaded, new: Loaded) -> list[str]:
    """Return the behavior files that differ."""
    if old.behavior is None or new.behavior is None:
        return []
    names = sorted({*old.behavior, *new.behavior})
    return [name for name in names if old.behavior.get(name) != new.behavior.get(name)]


def _revision(name: str, settings: Settings) -> Loaded:
    if name.startswith("-"):
        raise RevisionError(f"{name!r} is not a folder, bundle or git revision")
    inside = settings.schema.resolve().relative_to(settings.root.resolve()).as_posix()
    command = ["git", "-C", str(settings.root), "archive", "--format=tar", name, "--", inside]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        raise RevisionError(f"git cannot be started: {error.strerror or error}") from None
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()
        detail = reason[-1] if reason else "no reason given"
        raise RevisionError(f"{name!r} is not a folder, bundle or git revision ({detail})")
    with tempfile.TemporaryDirectory(prefix="xmlwright-") as folder:
        with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
            for member in archive.getmembers():
                if member.isfile() and ".." not in Path(member.name).parts:
                    content = archive.extractfile(member)
                    assert content is not None
                    target = Path(folder) / member.name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(content.read())
        return _folder(Path(folder) / inside, Path(folder))
