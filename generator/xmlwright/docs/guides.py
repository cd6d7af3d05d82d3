"""Guides: Markdown files that people write, rendered with their links to the reference checked."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from ..diagnostics import Diagnostics, Position, nearest
from ..files import shown
from ..settings import Settings, SettingsError
from .content import Guide, Heading, Link, Page
from .highlight import highlighted
from .language import ENGLISH, Language
from .links import Links, anchor, natural

REFERENCE: Final = "ref"
"""Scheme of links to the reference, as in ``[create](ref:task.create)``."""
_SYNTAX: Final = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_FENCE: Final = re.compile(r"^\s*(```+|~~~+)")
_TARGET: Final = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_ADMONITION: Final = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*")
_FRONT: Final = re.compile(r"---[ \t]*\n.*?^---[ \t]*\n\s*", re.DOTALL | re.MULTILINE)
_FOOTNOTE: Final = re.compile(r"\[\^([^\]\s]+)\]")
_FACTS: Final = ("title", "description")
_TASK: Final = re.compile(r"\[([ xX])\] ")


@dataclass(frozen=True, slots=True)
class GuideFile:
    """A guide as written, parsed into Markdown tokens."""

    name: str
    file: str
    """Path below the project, with forward slashes."""
    path: Path
    text: str
    tokens: Sequence[Any]
    facts: Mapping[str, str]
    """Front matter: ``title`` and ``description``."""
    problems: tuple[tuple[int, str, str | None], ...] = ()
    """Errors in the front matter: line, message and suggestion."""

    @property
    def url(self) -> str:
        """Address of its page."""
        return f"guides/{anchor(self.name)}.html"

    def body(self) -> str:
        """Return the text without its front matter."""
        found = _FRONT.match(self.text)
        return self.text[found.end() :] if found is not None else self.text

    def footnotes(self) -> list[str]:
        """Return the labels of the footnotes."""
        return re.findall(r"^\[\^([^\]]+)\]:", self.text, re.MULTILINE)


def find(settings: Settings) -> list[GuideFile]:
    """Read the guides of a project: ``guide-*.md`` and ``schema-language.md``, in natural order.

    Raises:
        SettingsError: The configured folder of guides doesn't exist.
    """
    folder = settings.guides
    if not folder.is_dir():
        if folder == settings.root / "docs":
            return []
        raise SettingsError(
            f"guides: {folder.name}/ is not a folder; create it or correct pyproject.toml"
        )
    paths = [
        *sorted(folder.glob("guide-*.md"), key=lambda path: natural(path.name)),
        *folder.glob("schema-language.md"),
    ]
    return [_read(path, shown(path, settings.root)) for path in paths if path.is_file()]


def pages(
    found: Sequence[GuideFile],
    links: Links,
    root: Path,
    diagnostics: Diagnostics,
    language: Language = ENGLISH,
) -> list[Page]:
    """Render the guides. Adds a diagnostic for each broken link, image and Python block."""
    checker = _Checker(found, links, root, diagnostics, language)
    return [checker.page(guide) for guide in found]


def _read(path: Path, file: str) -> GuideFile:
    text = path.read_text(encoding="utf-8-sig")
    tokens = _parser().parse(text)
    facts, problems = _front_matter(tokens)
    name = path.stem.removeprefix("guide-")
    return GuideFile(name, file, path, text, tokens, facts, problems)


def _parser() -> MarkdownIt:
    """Return the parser of guides. HTML in a guide stays text."""
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True})
    parser.enable(["table", "strikethrough", "linkify"])
    parser.use(front_matter_plugin).use(footnote_plugin, inline=False)
    if parser.linkify is not None:  # `guide.md` is a file, not a host in Moldova
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    return parser


def _front_matter(
    tokens: list[Any],
) -> tuple[dict[str, str], tuple[tuple[int, str, str | None], ...]]:
    """Take the front matter from the tokens and return its values and errors."""
    if not tokens or tokens[0].type != "front_matter":
        return {}, ()
    content = tokens.pop(0).content
    try:
        values = yaml.safe_load(content) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark is not None else 1
        return {}, ((line, "the front matter is not YAML", None),)
    if not isinstance(values, dict):
        return {}, ((1, "the front matter should have keys and values, as title: Start", None),)
    problems = []
    for key, value in values.items():
        lines = content.splitlines()
        line = next((at for at, each in enumerate(lines, 2) if each.startswith(str(key))), 1)
        if key not in _FACTS:
            known = nearest(str(key), _FACTS)
            problems.append((line, f"the front matter of a guide has no key {key!r}", known))
        elif not isinstance(value, str):
            problems.append((line, f"{key} should be a text; quote it", None))
    return {key: value for key, value in values.items() if isinstance(value, str)}, tuple(problems)


class _Checker:
    """Renders guides and reports what they link to in vain."""

    def __init__(
        self,
        found: Sequence[GuideFile],
        links: Links,
        root: Path,
        diagnostics: Diagnostics,
        language: Language,
    ) -> None:
        self._guides = {guide.file: guide for guide in found}
        self._headings = {guide.file: _headings(guide) for guide in found}
        self._links = links
        self._root = root
        self._diagnostics = diagnostics
        self._language = language

    def page(self, guide: GuideFile) -> Page:
        """Return the page of a guide."""
        headings = self._headings[guide.file]
        title = next((item for item in headings if item.level == 1), None)
        for line, problem, suggestion in guide.problems:
            at = Position(guide.file, line)
            self._diagnostics.add("unknown-key", problem, at, suggestion=suggestion)
        targets: dict[str, str] = {}
        images: dict[str, bytes] = {}
        for token, line in _inline(guide):
            for child in token.children or ():
                if child.type == "link_open":
                    self._link(guide, child, line, targets)
                elif child.type == "image":
                    self._image(guide, child, line, images)
                elif child.type == "text" and (note := _FOOTNOTE.search(child.content)):
                    problem = f"no footnote is named {note[1]!r}"
                    known = [*guide.footnotes()]
                    self._missing(guide, line, note[0], problem, note[1], known)
        self._code(guide)
        tokens = list(guide.tokens)
        if tokens and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
            del tokens[:3]
        value = Guide(
            markdown=_rewritten(guide.body(), targets),
            html=_html(tokens, self._language),
            headings=tuple(item for item in headings if item is not title),
            images=tuple(sorted(images.items())),
        )
        return Page(
            guide.url, "guide", guide.facts.get("title") or (title.text if title else guide.name),
            guide.facts.get("description") or _summary(guide), value, Link(self._language("Guides"), ""), place=self._links.line(guide.file, 1),
        )  # fmt: skip

    def _link(self, guide: GuideFile, token: Any, line: int, targets: dict[str, str]) -> None:
        target = str(token.attrGet("href") or "")
        parts = urlsplit(target)
        if parts.scheme == REFERENCE:
            name = unquote(parts.path)
            href = self._links.reference(name)
            if not href:
                self._missing(
                    guide,
                    line,
                    target,
                    f"no method, record, field, error or event is named {name!r}",
                    name,
                    self._links.references(),
                )
            resolved = f"../{href}" if href else ""
        elif parts.scheme or target.startswith("//"):
            return
        else:
            resolved = self._relative(guide, target, line)
        if resolved:
            token.attrSet("href", resolved)
        else:
            token.attrs.pop("href", None)
        targets[target] = (
            resolved.replace(".html", ".md", 1) if not urlsplit(resolved).scheme else resolved
        )

    def _relative(self, guide: GuideFile, target: str, line: int) -> str:
        """Return where a relative link leads on the site; empty for a file that isn't on it."""
        path, _, fragment = unquote(target).partition("#")
        file = (
            posixpath.normpath(posixpath.join(posixpath.dirname(guide.file), path))
            if path
            else guide.file
        )
        other = self._guides.get(file)
        if other is not None:
            anchors = [item.anchor for item in self._headings[file]]
            if fragment and fragment not in anchors:
                self._missing(
                    guide,
                    line,
                    target,
                    f"{file} has no heading with the anchor {fragment!r}",
                    fragment,
                    anchors,
                )
            page = f"{anchor(other.name)}.html" if path else ""
            return f"{page}#{fragment}" if fragment else page
        if not (self._root / file).exists():
            folder = (self._root / file).parent
            names = [each.name for each in folder.iterdir()] if folder.is_dir() else []
            self._missing(
                guide, line, target, f"{file} doesn't exist", posixpath.basename(file), names
            )
        return self._links.line(file, 1).href.partition("#")[0]

    def _image(self, guide: GuideFile, token: Any, line: int, images: dict[str, bytes]) -> None:
        source = str(token.attrGet("src") or "")
        name = posixpath.normpath(unquote(source))
        path = guide.path.parent / name
        if urlsplit(source).scheme or source.startswith("//") or name.startswith(".."):
            problem = f"the image {source!r} isn't below the folder of guides, so pages can't show it; copy it there"
            self._diagnostics.add("missing-file", problem, Position(guide.file, line))
        elif not path.is_file():
            names = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
            self._missing(
                guide,
                line,
                source,
                f"the image {name!r} doesn't exist",
                path.name,
                names,
                "missing-file",
            )
        else:
            images[f"guides/{name}"] = path.read_bytes()

    def _code(self, guide: GuideFile) -> None:
        """Report Python blocks that aren't Python."""
        for token in guide.tokens:
            if token.type == "fence" and token.info.split()[:1] in (["python"], ["py"]):
                try:
                    compile(token.content, guide.file, "exec", flags=_SYNTAX, dont_inherit=True)
                except SyntaxError as error:
                    at = Position(guide.file, token.map[0] + 1 + (error.lineno or 1))
                    self._diagnostics.add(
                        "sample", f"invalid Python in a code block: {error.msg}", at
                    )

    def _missing(
        self,
        guide: GuideFile,
        line: int,
        target: str,
        problem: str,
        name: str,
        known: Sequence[str],
        rule: str = "dangling-reference",
    ) -> None:
        at = Position(guide.file, _line_of(guide, target, line))
        self._diagnostics.add(rule, problem, at, suggestion=nearest(name, known))


def _inline(guide: GuideFile) -> Iterator[tuple[Any, int]]:
    """Yield the inline tokens of a guide, each with the line on which its block starts."""
    line = 1
    for token in guide.tokens:
        if token.map is not None:
            line = token.map[0] + 1
        if token.type == "inline":
            yield token, line


def _line_of(guide: GuideFile, target: str, start: int) -> int:
    """Return the first line from ``start`` on that has the target."""
    lines = guide.text.splitlines()
    return next(
        (number for number in range(start, len(lines) + 1) if target in lines[number - 1]), start
    )


def _headings(guide: GuideFile) -> list[Heading]:
    """Return the headings of a guide, and give their tokens ids."""
    headings: list[Heading] = []
    taken: set[str] = set()
    for index, token in enumerate(guide.tokens):
        if token.type == "heading_open":
            text = _plain(guide.tokens[index + 1])
            own = _slug(text, taken)
            token.attrSet("id", own)
            headings.append(Heading(own, text, _below(guide.tokens, index + 3), int(token.tag[1])))
    return headings


def _summary(guide: GuideFile) -> str:
    for token, following in zip(guide.tokens, guide.tokens[1:], strict=False):
        if token.type == "paragraph_open" and token.level == 0:
            return _plain(following)
    return ""


def _plain(inline: Any) -> str:
    return "".join(
        (
            child.content
            if child.type in ("text", "code_inline")
            else " " if "break" in child.type else ""
        )
        for child in inline.children or ()
    )


def _below(tokens: Sequence[Any], start: int) -> str:
    """Return the text from ``start`` to the next heading, code included."""
    found = []
    for token in tokens[start:]:
        if token.type == "heading_open":
            break
        if token.type == "inline":
            found.append(_plain(token))
        elif token.type == "fence":
            found.append(token.content)
    return " ".join(" ".join(found).split())


def _slug(name: str, taken: set[str]) -> str:
    """Return an id for a heading that no other heading of the guide has; letters of all alphabets stay."""
    plain = re.sub(r"[^\w]+", "-", name.lower()).strip("-") or "section"
    found, number = plain, 1
    while found in taken:
        number += 1
        found = f"{plain}-{number}"
    taken.add(found)
    return found


def _html(tokens: Sequence[Any], language: Language) -> str:
    """Render tokens. HTML in a guide stays text."""
    parser = _parser()
    parser.options["highlight"] = lambda code, language, _: str(highlighted(code, language))
    for index, token in enumerate(tokens):
        if token.type == "inline" and token.children and token.children[0].type == "text":
            _mark_up(tokens, index, language)
    made: str = parser.renderer.render(tokens, parser.options, {})
    made = made.replace("<pre>", '<pre tabindex="0">')
    return made.replace("<table>", '<div class="wide" tabindex="0"><table>').replace(
        "</table>", "</table></div>"
    )


def _mark_up(tokens: Sequence[Any], index: int, language: Language) -> None:
    """Turn ``> [!NOTE]`` into an admonition, and ``- [x]`` into an item with a check mark."""
    first = tokens[index].children[0]
    outer = tokens[index - 2] if index > 1 else None
    if (
        outer is not None
        and outer.type == "blockquote_open"
        and (note := _ADMONITION.match(first.content))
    ):
        outer.attrSet("class", f"admonition {note[1].lower()}")
        first.content = first.content[note.end() :]
        title = Token("text", "", 0, content=language(note[1].capitalize()))
        if first.content:  # the text follows on the line of the mark
            tokens[index].children.insert(0, Token("softbreak", "br", 0))
        strong = [Token("strong_open", "strong", 1), title, Token("strong_close", "strong", -1)]
        tokens[index].children[:0] = strong
    elif (
        outer is not None
        and outer.type == "list_item_open"
        and (task := _TASK.match(first.content))
    ):
        outer.attrSet("class", "task")
        first.content = f"{'☐' if task[1] == ' ' else '☑'} {first.content[task.end():]}"


def _rewritten(text: str, targets: Mapping[str, str]) -> str:
    """Return Markdown whose links lead to the Markdown pages of the site; links to nowhere become text."""

    def replaced(found: re.Match[str]) -> str:
        if found[1] or found[3] not in targets:
            return found[0]
        target = targets[found[3]]
        return f"[{found[2]}]({target})" if target else found[2]

    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            fence = "" if mark is not None and mark[1].startswith(fence) else fence
            lines.append(line)
        elif mark is not None:
            fence = mark[1]
            lines.append(line)
        else:
            lines.append(_TARGET.sub(replaced, line))
    return "\n".join(lines)
