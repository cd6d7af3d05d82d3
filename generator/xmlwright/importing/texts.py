"""Documentation in HTML as Markdown."""

from __future__ import annotations

import re
from typing import Final

from lxml import etree, html

_BLOCKS: Final = frozenset(
    ["p", "div", "ul", "ol", "li", "dl", "dt", "dd", "pre", "note", "important", "section", "table", "tr",
     "h1", "h2", "h3", "h4", "h5", "h6", "fullname", "caution"]
)  # fmt: skip
_AROUND: Final = {"code": "`", "tt": "`", "i": "*", "em": "*", "b": "**", "strong": "**"}
_SPACES: Final = re.compile(r"[ \t\r\n\x0b\x0c\u2028\u2029\xa0]+")
_FORBIDDEN: Final = re.compile("[^\t\n -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DEEPEST: Final = 100


def markdown(text: str | None) -> str:
    """Return a text in HTML as Markdown: paragraphs, lists, code, emphasis and links."""
    text = _FORBIDDEN.sub("", text or "")
    if "<" not in text and "&" not in text:
        return _SPACES.sub(" ", text).strip()
    try:
        root = html.fragment_fromstring(text, create_parent="div")
    except (etree.ParserError, ValueError):
        return _SPACES.sub(" ", text).strip()
    writer = _Writer()
    writer.children(root, 0)
    return writer.text()


class _Writer:
    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._line = ""
        self._prefix: list[str] = []

    def text(self) -> str:
        self._end()
        found = ""
        for block in self._blocks:
            if found:
                item = block.lstrip().startswith("* ") and found.rpartition("\n")[
                    2
                ].lstrip().startswith("* ")
                found += "\n" if item else "\n\n"
            found += block
        return found

    def children(self, element: html.HtmlElement, depth: int) -> None:
        self._add(element.text)
        for child in element:
            if isinstance(child.tag, str) and depth < DEEPEST:
                self._element(child, depth + 1)
            self._add(child.tail)

    def _element(self, element: html.HtmlElement, depth: int) -> None:
        tag = str(element.tag)
        if tag in ("fullname", "script", "style"):
            return
        if tag == "br":
            self._add(" ")
        elif tag in _AROUND or tag == "a":
            self._inline(element, tag)
        elif tag in _BLOCKS:
            self._end()
            if tag in ("li", "dd"):
                self._prefix.append("* ")
            self.children(element, depth)
            self._end()
            if tag in ("li", "dd"):
                self._prefix.pop()
        else:
            self.children(element, depth)

    def _inline(self, element: html.HtmlElement, tag: str) -> None:
        inner = _SPACES.sub(" ", "".join(element.itertext()))
        text = inner.strip()
        if not text:
            self._add(inner)
            return
        mark = _AROUND.get(tag, "")
        href = element.get("href") if tag == "a" else None
        if href is not None and re.match(r"https?://[^\s()]+\Z", href):
            text = f"[{text}]({href})"
        elif mark == "`" and "`" in text:
            mark = ""
        before = " " if inner[:1] == " " else ""
        self._add(f"{before}{mark}{text}{mark}{' ' if inner[-1:] == ' ' else ''}")

    def _add(self, text: str | None) -> None:
        self._line += text or ""

    def _end(self) -> None:
        text = _SPACES.sub(" ", self._line).strip()
        self._line = ""
        if text:
            if self._prefix:
                indent = "  " * (len(self._prefix) - 1)
                text = f"{indent}{self._prefix[-1]}{text}"
                self._prefix[-1] = "  "  # what follows in this item
            self._blocks.append(text)
