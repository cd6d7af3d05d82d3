"""Words of the site in other languages than English."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from ..diagnostics import nearest
from .content import (
    Article,
    Change,
    Code,
    Entry,
    Home,
    Link,
    Navigation,
    Page,
    Parameter,
    ResourceValue,
    Site,
)

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

WORDS: Final = Path(__file__).parent / "words"
_TRANSLATED: Final = frozenset(
    ("head", "rows", "folded", "blocks", "title", "wire", "optional", "paging", "retry_words", "required", "access",
     "deprecated", "returns", "related",
     "type", "facts", "empty", "omitted", "notes", "roles", "counts", "callers")
)  # fmt: skip
"""Fields of page values that have words of the site, or lists of them."""
_T = TypeVar("_T")


@dataclass(frozen=True)
class Language:
    """Words of the site in one language."""

    code: str = "en"
    """Of the attribute ``lang``."""
    words: Mapping[str, str] = field(default_factory=dict)
    """English text -> text in this language. ``{0}`` and ``{1}`` stand for what differs."""

    def __call__(self, text: str) -> str:
        """Return a text in this language; a text without translation stays."""
        return self._translated(text) if self.words else text

    def __hash__(self) -> int:
        return hash(self.code)

    @functools.cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        found = []
        for english, own in self.words.items():
            if "{0}" in english:
                parts = re.split(r"\{\d\}", english)
                found.append((re.compile("(.+?)".join(map(re.escape, parts)), re.DOTALL), own))
        return found

    def _translated(self, text: str) -> str:
        if text in self.words:
            return self.words[text]
        for pattern, own in self._patterns:
            match = pattern.fullmatch(text)
            if match is not None:
                return own.format(*match.groups())
        return text

    def fill(self, text: str, *values: object) -> str:
        """Return a text in this language with values in place of ``{0}`` and ``{1}``."""
        return self.words.get(text, text).format(*values)


ENGLISH: Final = Language()


@functools.cache
def built_in() -> dict[str, Language]:
    """Return the languages that come with the program."""
    found = {"en": ENGLISH}
    for path in sorted(WORDS.glob("*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        found[path.stem] = Language(content["lang"], content["words"])
    return found


def from_file(path: Path, wrong: Callable[..., None]) -> Language:
    """Read words of a project; ``wrong`` gets rule, problem, line and suggestion of each error."""
    text = path.read_text(encoding="utf-8-sig")
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        wrong("wrong-type", f"invalid TOML: {error}", int(at[1]) if at else 1)
        return ENGLISH
    known = built_in()["fr"].words
    words = content.get("words", {})
    if not isinstance(content.get("lang"), str) or not isinstance(words, dict):
        wrong("missing-key", 'a file of words has lang = "de" and a table [words]', 1)
        return ENGLISH
    lines = text.splitlines()
    for english, own in words.items():
        line = next((at for at, each in enumerate(lines, 1) if english in each), 1)
        if english not in known:
            wrong("unknown-key", f"the site has no text {english!r}", line, nearest(english, known))
        elif not isinstance(own, str) or sorted(_places(english)) != sorted(_places(own)):
            wrong("wrong-type", f"the translation should have the same {{0}} as {english!r}", line)
    return Language(content["lang"], words)


def _places(text: str) -> list[str]:
    return re.findall(r"\{\d\}", text)


def translate(site: Site, language: Language) -> Site:
    """Return the site with its own words in a language. Names, code and texts of the description stay."""
    if not language.words:
        return site
    pages = tuple(_page(page, language) for page in site.pages)
    own = {page.url for page in site.pages if _named_by_site(page)}
    groups = tuple(
        (
            language(title),
            tuple(
                Entry(language(item.text), item.href, item.inner) if item.href in own else item
                for item in entries
            ),
        )
        for title, entries in site.navigation.groups
    )
    return replace(site, pages=pages, navigation=Navigation(groups))


def _named_by_site(page: Page) -> bool:
    """Whether the title of a page is a word of the site."""
    shared = isinstance(page.value, ResourceValue) and not page.value.methods
    return isinstance(page.value, Article) or shared


def _page(page: Page, language: Language) -> Page:
    if page.kind == "guide":
        return page
    value = _within(page.value, language)
    if isinstance(value, Home):
        articles = tuple(
            (Link(language(item.text), item.href), language(text)) for item, text in value.articles
        )
        guides = tuple((language(title), cards) for title, cards in value.guides)
        value = replace(value, articles=articles, guides=guides)
    own = _named_by_site(page)
    return replace(
        page,
        value=value,
        title=language(page.title) if own else page.title,
        summary=language(page.summary) if own else page.summary,
    )


def _within(value: _T, language: Language) -> _T:
    """Return a page value whose translatable fields are translated."""
    if isinstance(value, tuple):
        return type(value)(_within(item, language) for item in value)
    if not is_dataclass(value) or isinstance(value, (type, Link, Code, Change)):
        return value
    changed: dict[str, Any] = {}
    for item in fields(value):
        before = getattr(value, item.name)
        named = item.name == "wire" and isinstance(value, Parameter)
        after = (
            _texts(before, language)
            if item.name in _TRANSLATED and not named
            else _within(before, language) if isinstance(before, tuple) else before
        )
        if after is not before:
            changed[item.name] = after
    return replace(value, **changed) if changed else value


def _texts(value: Any, language: Language) -> Any:
    if isinstance(value, str):
        return language(value)
    if isinstance(value, tuple):
        return tuple(_texts(item, language) for item in value)
    return _within(value, language)
