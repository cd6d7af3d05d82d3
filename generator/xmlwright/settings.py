"""Where a project keeps its description, templates and output: ``[tool.xmlwright]`` of its pyproject.toml."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from .diagnostics import nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LINE_LENGTH: Final = 100
"""Of the Python that is made, where pyproject.toml says no other."""


class SettingsError(Exception):
    """There is no project here, or its settings make no sense."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Folders of one project, and what else decides its output; of one output where it has more."""

    root: Path
    """Folder of the pyproject.toml; paths in messages are relative to it."""
    schema: Path
    templates: Path
    output: Path
    cache: Path
    """A folder outside the project, private to the user, for what can be computed again."""
    site: Path
    """Where the documentation is written."""
    guides: Path
    """Where what people wrote for the documentation lies."""
    source: str
    """Address of a line of the repository, with ``{path}`` and ``{line}``; empty for none."""
    overlay: Path | None = None
    """Templates that come before those of the same name."""
    line_length: int = LINE_LENGTH
    """Of the Python that is made."""
    name: str = ""
    """Of the output; empty for the first one."""
    docs: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """The table ``[tool.xmlwright.docs]``, which the command `docs` checks."""
    others: tuple[Settings, ...] = ()
    """The other outputs, each with its own templates."""

    @property
    def outputs(self) -> tuple[Settings, ...]:
        """All outputs of the project."""
        return (self, *self.others)


_OUTPUT_KEYS: Final = ("templates", "overlay", "output", "line-length")
_KEYS: Final = ("schema", *_OUTPUT_KEYS, "outputs", "site", "guides", "source", "docs")
_LENGTHS: Final = range(60, 201)


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
    checked = _Table(path, "[tool.xmlwright]", table, _KEYS)
    first = Settings(
        root=root,
        schema=root / checked.folder("schema", "schema"),
        templates=root / table["templates"] if checked.has("templates") else built_in_templates(),
        output=root / checked.folder("output", "generated"),
        cache=cache_folder(root),
        site=root / checked.folder("site", "site"),
        guides=root / checked.folder("guides", "docs"),
        source=table.get("source", ""),
        overlay=root / table["overlay"] if checked.has("overlay") else None,
        line_length=checked.length(),
        docs=checked.table("docs"),
    )
    others = []
    outputs = table.get("outputs", {})
    if not isinstance(outputs, dict):
        raise checked.wrong("outputs should be tables: [tool.xmlwright.outputs.NAME]")
    for name, inner in sorted(outputs.items()):
        if not isinstance(inner, dict):
            raise checked.wrong(
                f"outputs.{name} should be a table: [tool.xmlwright.outputs.{name}]"
            )
        one = _Table(path, f"[tool.xmlwright.outputs.{name}]", inner, _OUTPUT_KEYS)
        for key in ("templates", "output"):
            if not one.has(key):
                raise one.wrong(f"lacks the key {key}")
        others.append(
            replace(
                first,
                name=name,
                templates=root / inner["templates"],
                output=root / inner["output"],
                overlay=root / inner["overlay"] if one.has("overlay") else None,
                line_length=one.length(),
                cache=first.cache / name,
            )
        )
    found = replace(first, others=tuple(others))
    refuse_overlaps(found, checked.wrong)
    return found


@dataclass(frozen=True, slots=True)
class _Table:
    """One table of pyproject.toml, with checks of its values."""

    path: Path
    title: str
    values: dict[str, Any]
    known: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in sorted(set(self.values) - set(self.known)):
            near = nearest(name, self.known)
            hint = f"; did you mean {near!r}?" if near else f"; it has {', '.join(self.known)}"
            raise self.wrong(f"has no key {name!r}{hint}")
        for name, value in self.values.items():
            if name in ("line-length", "outputs", "docs"):
                continue
            if not isinstance(value, str) or not value.strip():
                kind = "an address" if name == "source" else "the path of a folder"
                raise self.wrong(f"{name} should be {kind}")

    def wrong(self, message: str) -> SettingsError:
        return SettingsError(f"{self.path}: {self.title} {message}")

    def has(self, name: str) -> bool:
        return name in self.values

    def folder(self, name: str, default: str) -> str:
        found: str = self.values.get(name, default)
        return found

    def table(self, name: str) -> dict[str, Any]:
        found = self.values.get(name, {})
        if not isinstance(found, dict):
            raise self.wrong(f"{name} should be a table: [tool.xmlwright.{name}]")
        return found

    def length(self) -> int:
        found = self.values.get("line-length", LINE_LENGTH)
        if isinstance(found, bool) or not isinstance(found, int) or found not in _LENGTHS:
            raise self.wrong(
                f"line-length should be a number from {_LENGTHS.start} to {_LENGTHS.stop - 1}"
            )
        return found


def refuse_overlaps(settings: Settings, wrong: Callable[[str], Exception]) -> None:
    """Refuse outputs that share a folder with anything else: a build replaces an output folder as a whole."""
    root = Path(os.path.normpath(settings.root))
    inputs = {"schema": settings.schema}
    for one in settings.outputs:
        label = f"outputs.{one.name}." if one.name else ""
        inputs[f"{label}templates"] = one.templates
        if one.overlay is not None:
            inputs[f"{label}overlay"] = one.overlay
    taken: dict[Path, str] = {}
    for one in settings.outputs:
        label = f"outputs.{one.name}.output" if one.name else "output"
        output = Path(os.path.normpath(one.output))
        own = "give it a folder of its own"
        if output in (root, *root.parents):
            raise wrong(f"{label} is {output}, which holds the project itself: {own}")
        for name, folder in inputs.items():
            other = Path(os.path.normpath(folder))
            if output in (other, *other.parents):
                raise wrong(f"{label} is {output}, which holds {name}: {own}")
            if other in output.parents:
                raise wrong(f"{label} is {output}, which lies in {name}: {own}")
        for folder, name in taken.items():
            if output in (folder, *folder.parents) or folder in output.parents:
                raise wrong(f"{label} is {output}, and {name} is {folder}: {own}")
        taken[output] = label


def checked_site(settings: Settings) -> Path:
    """Where the documentation is written. Raises SettingsError where that would replace something else."""

    def wrong(message: str) -> SettingsError:
        return SettingsError(f"[tool.xmlwright] {message}")

    _apart(settings, "site", ("schema", "templates", "guides", "output"), wrong)
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


def cache_folder(root: Path) -> Path:
    """Return the folder of a project in the user's cache directory; what is made in it is for the user alone."""
    home = Path.home
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = home() / "Library" / "Caches"
    else:
        base = home() / ".cache"
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given if os.path.isabs(given) else base)
    return base / "xmlwright" / hashlib.sha256(os.fsencode(root)).hexdigest()[:16]


def built_in_templates() -> Path:
    """The templates that come with the program: inside the package, or beside it in a checkout."""
    inside = Path(__file__).parent / "templates"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "templates"
