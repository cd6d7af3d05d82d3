"""Template trees: the files of one, with those of an overlay in their place, and what it says of itself."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..diagnostics import nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CONTRACT: Final = (1, 0)
"""Version of the template contract, docs/template-contract.md: the first number for what breaks templates, the second for
what was added."""

NAME: Final = "tree.toml"
SUFFIX: Final = ".j2"
ORIGINAL: Final = "original:"
"""Before the name of a template: the one that an overlay has replaced."""
OVERLAID: Final = f"overlay:{NAME}"
"""The declaration of an overlay."""
_KEYS: Final = ("contract", "runtime")


class TemplateError(Exception):
    """A template is wrong; the message names the template, its line and what was being rendered."""


@dataclass(frozen=True, slots=True)
class TemplateLoader:
    """A folder of templates, and perhaps one whose files come before those of the same name."""

    folder: Path
    overlay: Path | None = None
    root: Path | None = None
    """Paths in messages are relative to it."""

    def names(self) -> list[str]:
        """Every template, macros too, as a path below the tree with forward slashes."""
        found = {
            path.relative_to(folder).as_posix()
            for folder in self._folders()
            for path in folder.rglob(f"*{SUFFIX}")
            if path.is_file()
        }
        return sorted(found)

    def path(self, name: str) -> Path:
        """The file of a template, or of a declaration."""
        if name == OVERLAID and self.overlay is not None:
            return self.overlay / NAME
        if name == NAME:
            return self.folder / NAME
        if name.startswith(ORIGINAL):
            return self.folder / name.removeprefix(ORIGINAL)
        for folder in self._folders():
            if (folder / name).is_file():
                return folder / name
        return self.folder / name

    def shown(self, name: str) -> str:
        """A template as messages name it."""
        return self.shown_path(self.path(name))

    def shown_path(self, path: Path) -> str:
        """The file of a template as messages name it: below the project, or below its own tree."""
        for base in (self.root, self.overlay and self.overlay.parent, self.folder.parent):
            if base is not None:
                relative = os.path.relpath(path, base)
                if not relative.startswith(".."):
                    return Path(relative).as_posix()
        return path.as_posix()

    def inputs(self) -> Iterator[tuple[str, Path]]:
        """Everything of the tree that decides the output: name and file."""
        names = self.names()
        for name in names:
            yield name, self.path(name)
            if self.path(name) != self.folder / name and (self.folder / name).is_file():
                yield ORIGINAL + name, self.folder / name
        if (self.folder / NAME).is_file():
            yield NAME, self.folder / NAME
        if self.overlay is not None and (self.overlay / NAME).is_file():
            yield OVERLAID, self.overlay / NAME

    def runtime(self) -> str | None:
        """Folder of the output that the run time is copied to, with placeholders; None where the tree wants none.

        Raises:
            TemplateError: the tree needs another version of the contract, or its declaration is wrong.
        """
        if self.overlay is not None and not self.overlay.is_dir():
            raise TemplateError(f"{self._named(self.overlay)}: there is no such folder")
        found: str | None = None
        for folder in reversed(self._folders()):
            if (folder / NAME).is_file():
                table = self._table(folder / NAME)
                found = table.get("runtime", found)
        return found

    def copies(self) -> bool:
        """Whether the run time may be copied to the output, also where the declaration cannot be read."""
        try:
            return self.runtime() is not None
        except TemplateError:
            return True

    def _folders(self) -> tuple[Path, ...]:
        return (self.folder,) if self.overlay is None else (self.overlay, self.folder)

    def _named(self, path: Path) -> str:
        return self.shown_path(path)

    def _table(self, path: Path) -> dict[str, Any]:
        named = self._named(path)
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise TemplateError(f"{named}: {error}") from None
        for key, value in table.items():
            if key not in _KEYS:
                near = nearest(key, _KEYS)
                hint = f"; did you mean {near!r}?" if near else f"; it has {', '.join(_KEYS)}"
                raise TemplateError(f"{named}: there is no key {key!r}{hint}")
            if not isinstance(value, str):
                raise TemplateError(f"{named}: {key} should be text in quotes")
        if "contract" in table:
            _fitting(named, table["contract"])
        return table


def _fitting(named: str, wanted: str) -> None:
    """Refuse a tree that was written for another contract."""
    version = re.fullmatch(r"(\d+)\.(\d+)", wanted)
    if version is None:
        raise TemplateError(f'{named}: contract should be a version such as "1.0"')
    major, minor = int(version[1]), int(version[2])
    here = ".".join(map(str, CONTRACT))
    if (major, minor) > CONTRACT:
        raise TemplateError(
            f"{named}: needs version {wanted} of the template contract, and this xmlwright has {here}:"
            " a newer xmlwright is needed"
        )
    if major < CONTRACT[0]:
        raise TemplateError(
            f"{named}: was written for version {wanted} of the template contract, and this xmlwright has {here}:"
            " docs/template-contract.md says what changed"
        )
