"""Where a project keeps its description, templates and output: ``[tool.xmlwright]`` of its pyproject.toml."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .diagnostics import nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class SettingsError(Exception):
    """There is no project here, or its settings make no sense."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Folders of one project."""

    root: Path
    """Folder of the pyproject.toml; paths in messages are relative to it."""
    schema: Path
    templates: Path
    output: Path
    cache: Path
    site: Path
    """Where the documentation is written."""
    guides: Path
    """Where what people wrote for the documentation lies."""
    source: str
    """Address of a line of the repository, with ``{path}`` and ``{line}``; empty for none."""


_KEYS = ("schema", "templates", "output", "cache", "site", "guides", "source")


def find(start: Path) -> Settings:
    """The settings of the project that ``start`` is in.

    Raises:
        SettingsError: no pyproject.toml from here upwards has a [tool.xmlwright] table, or the table is wrong.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            table = _table(path)
            if table is not None:
                return _settings(folder, table, path)
    raise SettingsError(
        f"there is no pyproject.toml with a [tool.xmlwright] table in {start} or above;"
        ' add one with schema = "schema" and output = "generated"'
    )


def _table(path: Path) -> dict[str, Any] | None:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror or error}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error
    tool = content.get("tool")
    table = tool.get("xmlwright") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise SettingsError(f"{path}: [tool.xmlwright] is not a table")
    return table


def _settings(root: Path, table: dict[str, Any], path: Path) -> Settings:
    def wrong(message: str) -> SettingsError:
        return SettingsError(f"{path}: [tool.xmlwright] {message}")

    for name in sorted(set(table) - set(_KEYS)):
        near = nearest(name, _KEYS)
        hint = f"; did you mean {near!r}?" if near else f"; it has {', '.join(_KEYS)}"
        raise wrong(f"has no key {name!r}{hint}")
    for name, value in table.items():
        if not isinstance(value, str) or not value.strip():
            kind = "an address" if name == "source" else "the path of a folder"
            raise wrong(f"{name} should be {kind}")
    templates = root / table["templates"] if "templates" in table else built_in_templates()
    found = Settings(
        root=root,
        schema=root / table.get("schema", "schema"),
        templates=templates,
        output=root / table.get("output", "generated"),
        cache=root / table.get("cache", ".cache/xmlwright"),
        site=root / table.get("site", "site"),
        guides=root / table.get("guides", "docs"),
        source=table.get("source", ""),
    )
    _apart(found, "output", ("schema", "templates", "cache"), wrong)
    return found


def checked_site(settings: Settings) -> Path:
    """Where the documentation is written. Raises SettingsError where that would replace something else."""

    def wrong(message: str) -> SettingsError:
        return SettingsError(f"[tool.xmlwright] {message}")

    _apart(settings, "site", ("schema", "templates", "cache", "guides", "output"), wrong)
    return settings.site


def _apart(
    settings: Settings, key: str, names: tuple[str, ...], wrong: Callable[[str], SettingsError]
) -> None:
    """Refuse a folder that is replaced as a whole, and holds something else."""
    folder = Path(os.path.normpath(getattr(settings, key)))
    if folder in (settings.root, *settings.root.parents):
        raise wrong(
            f"{key} is {folder}, which holds the project itself: give it a folder of its own"
        )
    for name in names:
        other = Path(os.path.normpath(getattr(settings, name)))
        if folder in (other, *other.parents):
            raise wrong(f"{key} is {folder}, which holds {name}: give it a folder of its own")


def built_in_templates() -> Path:
    """The templates that come with the program: inside the package, or beside it in a checkout."""
    inside = Path(__file__).parent / "templates"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "templates"
