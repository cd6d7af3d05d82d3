"""Guides: the Markdown files that people wrote, found beside the description."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt

from ..schema.loader import shown
from ..settings import Settings
from .links import Links, anchor


@dataclass(frozen=True, slots=True)
class Written:
    """A guide as it was found."""

    name: str
    file: str
    title: str
    summary: str
    text: str


def find(settings: Settings) -> list[Written]:
    """The guides of a project: ``guide-*.md`` in its folder of guides, and what describes its language."""
    folder = settings.guides
    paths = [*sorted(folder.glob("guide-*.md")), *folder.glob("schema-language.md")]
    return [_read(path, shown(path, settings.root)) for path in paths if path.is_file()]


def _read(path: Path, file: str) -> Written:
    text = path.read_text(encoding="utf-8")
    tokens = MarkdownIt("commonmark").parse(text)
    title, summary = path.stem, ""
    for index, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h1" and title == path.stem:
            title = _plain(tokens[index + 1])
        elif token.type == "paragraph_open" and not summary:
            summary = _plain(tokens[index + 1])
    return Written(path.stem.removeprefix("guide-"), file, title, summary, text)


def _plain(inline: Any) -> str:
    return "".join(
        (
            token.content
            if token.type in ("text", "code_inline")
            else " " if "break" in token.type else ""
        )
        for token in inline.children or ()
    )


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a guide."""

    anchor: str
    text: str
    content: str
    """The text below it, up to the next heading."""


def html(
    text: str, file: str, links: Links, guides: Sequence[Written]
) -> tuple[str, list[Heading]]:
    """A guide as HTML, its title left out, and its headings. HTML in it is text."""
    from .highlight import highlighted

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.options["highlight"] = lambda code, language, _: str(highlighted(code, language))
    tokens = parser.parse(text)
    if tokens and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        del tokens[:3]
    headings: list[Heading] = []
    taken: set[str] = set()
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            name = _plain(tokens[index + 1])
            own = _slug(name, taken)
            token.attrSet("id", own)
            headings.append(Heading(own, name, _below(tokens, index + 3)))
        for child in token.children or ():
            if child.type == "link_open":
                _relink(child, file, links, guides)
    made: str = parser.renderer.render(tokens, parser.options, {})
    made = made.replace("<pre>", '<pre tabindex="0">')
    made = made.replace("<table>", '<div class="wide" tabindex="0"><table>').replace(
        "</table>", "</table></div>"
    )
    return made, headings


def _below(tokens: Sequence[Any], start: int) -> str:
    found = []
    for token in tokens[start:]:
        if token.type == "heading_open":
            break
        if token.type == "inline":
            found.append(_plain(token))
    return " ".join(found)


def _slug(name: str, taken: set[str]) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "section"
    found, number = plain, 1
    while found in taken:
        number += 1
        found = f"{plain}-{number}"
    taken.add(found)
    return found


def _relink(token: Any, file: str, links: Links, guides: Sequence[Written]) -> None:
    """Lead a link of a guide to another guide, or to the file in the repository; else nowhere."""
    target = str(token.attrGet("href") or "")
    parts = urlsplit(target)
    if parts.scheme in ("http", "https", "mailto") or (not parts.path and parts.fragment):
        return
    wanted = PurePosixPath(file).parent / parts.path
    normal = _normal(wanted)
    for guide in guides:
        if guide.file == normal:
            token.attrSet(
                "href",
                f"{anchor(guide.name)}.html" + (f"#{parts.fragment}" if parts.fragment else ""),
            )
            return
    href = links.line(normal, 1).href
    token.attrs.pop("href", None)
    if href and not parts.scheme:
        token.attrSet("href", href.partition("#")[0])


def _normal(path: PurePosixPath) -> str:
    import posixpath

    return posixpath.normpath(path.as_posix())
