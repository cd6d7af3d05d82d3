"""What ``[tool.xmlwright.docs]`` sets: brand, addresses, language and order of the site, checked with its lines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ..diagnostics import Diagnostics, Position, nearest
from ..files import shown
from ..settings import Settings
from .language import ENGLISH, Language, built_in, from_file

KEYS: Final = (
    "title", "logo", "favicon", "css", "footer", "colors", "base-url", "language", "navigation", "hidden", "edit",
    "templates",
)  # fmt: skip
_COLORS: Final = {"accent": "#ffffff", "accent-dark": "#14171a"}
"""Settable colors, each with the background that it has to be readable on."""
_CONTRAST: Final = 4.5
"""Least ratio of text to its background, of WCAG 2 level AA."""
_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_IMAGES: Final = (".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico")
_REMOTE: Final = re.compile(r"@import|url\(\s*[\"']?(?!data:|#)|</", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the navigation, as set."""

    title: str
    pages: tuple[str, ...]
    """Names of guides, resources and pages of the reference."""
    at: Position


@dataclass(frozen=True, slots=True)
class Publishing:
    """Settings of the site."""

    title: str = ""
    footer: str = ""
    logo: tuple[str, bytes] | None = None
    """Address on the site, and content."""
    favicon: tuple[str, bytes] | None = None
    style: str = ""
    """CSS after that of the site."""
    base_url: str = ""
    """Where the site is published; ends with a slash. Empty if it isn't known."""
    language: Language = ENGLISH
    navigation: tuple[Group, ...] = ()
    hidden: tuple[tuple[str, Position], ...] = ()
    """Methods and resources that are on no page."""
    edit: str = ""
    """Address for editing a guide, with ``{path}``."""
    templates: Path | None = None
    """Templates that come before those of the same name."""


UNBRANDED: Final = Publishing()


def read(settings: Settings, diagnostics: Diagnostics) -> Publishing:
    """Return the settings of the site. Adds a diagnostic at the line of each error."""
    return _Reader(settings, diagnostics).read()


class _Reader:
    """Checks the table and reports each error at the line of its key."""

    def __init__(self, settings: Settings, diagnostics: Diagnostics) -> None:
        self._root = settings.root
        self._table = settings.docs
        self._diagnostics = diagnostics
        path = settings.root / "pyproject.toml"
        self._lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []

    def read(self) -> Publishing:
        for name in sorted(set(self._table) - set(KEYS)):
            near = nearest(name, KEYS)
            problem = f"[tool.xmlwright.docs] has no key {name!r}"
            if near is None:
                problem += f"; it has {', '.join(KEYS)}"
            self._add("unknown-key", problem, name, near)
        return Publishing(
            title=self._text("title"),
            footer=self._text("footer"),
            logo=self._image("logo"),
            favicon=self._image("favicon"),
            style=self._colors() + self._css(),
            base_url=self._base(),
            language=self._language(),
            navigation=tuple(self._navigation()),
            hidden=tuple((name, self._at("hidden", name)) for name in self._names("hidden")),
            edit=self._edit(),
            templates=self._folder("templates"),
        )

    # single keys

    def _text(self, key: str) -> str:
        value = self._table.get(key, "")
        if not isinstance(value, str) or (key in self._table and not value.strip()):
            self._add("wrong-type", f"{key} should be a text", key)
            return ""
        return value

    def _file(self, key: str) -> Path | None:
        name = self._text(key)
        if not name:
            return None
        path = self._root / name
        if not path.is_file():
            names = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
            self._add(
                "missing-file", f"{key}: {name} doesn't exist", key, nearest(path.name, names)
            )
            return None
        return path

    def _image(self, key: str) -> tuple[str, bytes] | None:
        path = self._file(key)
        if path is not None and path.suffix.lower() not in _IMAGES:
            self._add("bad-media", f"{key} should be an image: {', '.join(_IMAGES)}", key)
            return None
        return (f"assets/{key}{path.suffix.lower()}", path.read_bytes()) if path else None

    def _folder(self, key: str) -> Path | None:
        name = self._text(key)
        if not name:
            return None
        if not (self._root / name).is_dir():
            self._add("missing-file", f"{key}: {name} is not a folder", key)
            return None
        return self._root / name

    def _css(self) -> str:
        path = self._file("css")
        if path is None:
            return ""
        text = path.read_text(encoding="utf-8-sig")
        for number, line in enumerate(text.splitlines(), 1):
            if _REMOTE.search(line):
                self._diagnostics.add(
                    "contradiction",
                    "pages load nothing but their own style: use data: addresses instead of url() and @import",
                    Position(shown(path, self._root), number),
                )
        return text

    def _colors(self) -> str:
        colors = self._table.get("colors", {})
        if not isinstance(colors, dict):
            self._add("wrong-type", 'colors should be a table, as {accent = "#0b6b5d"}', "colors")
            return ""
        for name in sorted(set(colors) - set(_COLORS)):
            self._add("unknown-key", f"colors has no key {name!r}", name, nearest(name, _COLORS))
        for name, background in _COLORS.items():
            value = colors.get(name)
            if value is None:
                continue
            if not isinstance(value, str) or not _COLOR.fullmatch(value):
                self._add("wrong-type", f'{name} should be a color such as "#0b6b5d"', name)
                return ""
            ratio = _contrast(value, background)
            if ratio < _CONTRAST:
                problem = f"{name} can't be read: its contrast with {background} is {ratio:.1f}, less than {_CONTRAST}"
                self._add("contradiction", problem, name)
        light = colors.get("accent", "#0b6b5d")
        dark = colors.get("accent-dark", "#5fd3bf")
        if not colors:
            return ""
        return (
            f":root {{ --mark: light-dark({light}, {dark}); --mark-tint: light-dark("
            f"color-mix(in srgb, {light} 8%, #fff), color-mix(in srgb, {dark} 16%, #14171a)); }}\n"
        )

    def _base(self) -> str:
        value = self._text("base-url")
        parts = urlsplit(value)
        if value and (
            parts.scheme not in ("http", "https")
            or not parts.netloc
            or parts.query
            or parts.fragment
        ):
            self._add(
                "wrong-type",
                'base-url should be an address such as "https://example.com/docs/"',
                "base-url",
            )
            return ""
        return value.rstrip("/") + "/" if value else ""

    def _edit(self) -> str:
        value = self._text("edit")
        if value and ("{path}" not in value or urlsplit(value).scheme not in ("http", "https")):
            self._add("wrong-type", "edit should be an address with {path} in it", "edit")
        return value

    def _language(self) -> Language:
        name = self._text("language") or "en"
        known = built_in()
        if name in known:
            return known[name]
        if not name.endswith(".toml"):
            problem = f"language: {name!r} is not one of {', '.join(known)}; for another one, give a .toml file of words"
            self._add("unknown-word", problem, "language")
            return ENGLISH
        path = self._file("language")
        if path is None:
            return ENGLISH

        def wrong(rule: str, problem: str, line: int, suggestion: str | None = None) -> None:
            at = Position(shown(path, self._root), line)
            self._diagnostics.add(rule, problem, at, suggestion=suggestion)

        return from_file(path, wrong)

    # lists

    def _names(self, key: str) -> tuple[str, ...]:
        return self._strings(key, self._table.get(key, []))

    def _strings(self, key: str, value: Any) -> tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self._add("wrong-type", f"{key} should be a list of names", key)
        return ()

    def _navigation(self) -> Iterable[Group]:
        value = self._table.get("navigation", [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            problem = (
                'navigation should be a list of groups: {title = "Start", pages = ["install"]}'
            )
            self._add("wrong-type", problem, "navigation")
            return
        for item in value:
            for name in sorted(set(item) - {"title", "pages"}):
                near = nearest(name, ("title", "pages"))
                self._add("unknown-key", f"a group of navigation has no key {name!r}", name, near)
            title = item.get("title")
            if not isinstance(title, str) or not title.strip():
                self._add("missing-key", "a group of navigation lacks its title", "navigation")
                continue
            at = self._at("navigation", title)
            yield Group(title, self._strings("pages", item.get("pages", [])), at)

    # positions

    def _add(self, rule: str, problem: str, key: str, suggestion: str | None = None) -> None:
        self._diagnostics.add(rule, problem, self._at(key), suggestion=suggestion)

    def _at(self, key: str, value: str = "") -> Position:
        """Return the position of a key of the table, or of a value that follows it."""
        return find(self._lines, key, value)


def find(lines: list[str], key: str, value: str = "") -> Position:
    """Return where ``[tool.xmlwright.docs]`` has a key, or a quoted value after the key."""
    pattern = re.compile(rf"(?<![\w-])[\"']?{re.escape(key)}[\"']?\s*(?==|\])")
    inside = False
    found: Position | None = None
    for number, line in enumerate(lines, 1):
        heading = re.match(r"\s*\[+([^\]=]+)\]+\s*(?:#|$)", line)
        if heading is not None:
            inside = heading[1].startswith("tool.xmlwright.docs")
        if not inside and not re.match(r"\s*docs[.\s]", line):
            continue
        if found is None and (match := pattern.search(line)):
            found = Position("pyproject.toml", number, match.start() + 1)
        if found is not None:
            column = max(line.find(f'"{value}"'), line.find(f"'{value}'"))
            if not value:
                return found
            if column >= 0:
                return Position("pyproject.toml", number, column + 1)
    return found or Position("pyproject.toml")


def refer(
    names: Iterable[tuple[str, Position]], known: Iterable[str], what: str, diagnostics: Diagnostics
) -> None:
    """Report the names that aren't among the known ones."""
    known = set(known)
    for name, at in names:
        if name not in known:
            problem = f"{what} is named {name!r}"
            diagnostics.add(
                "dangling-reference", problem, at, suggestion=nearest(name, sorted(known))
            )


def _contrast(color: str, background: str) -> float:
    """Return the ratio of contrast of two colors, as WCAG 2 defines it."""
    dark, light = sorted((_luminance(color), _luminance(background)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
