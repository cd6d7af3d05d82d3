"""Conversion of page values to Markdown, and the index ``llms.txt``."""

from __future__ import annotations

import re
from typing import Final

from .content import Code, Guide, Link, Page, Site
from .html import environment, wire
from .publishing import UNBRANDED, Publishing

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~&!])")
_FIRST: Final = re.compile(r"^(\s*)([-+=]|\d+[.)])", re.MULTILINE)


def text(value: object) -> str:
    """Return text escaped for Markdown, on one line."""
    plain = " ".join(str(value).split())
    return _FIRST.sub(_escaped, _SPECIAL.sub(r"\\\1", plain))


def _escaped(found: re.Match[str]) -> str:
    mark = found[2]
    return f"{found[1]}{mark[:-1]}\\{mark[-1]}"


def code(value: object) -> str:
    """Return text as inline code that is valid in a table cell."""
    plain = " ".join(str(value).split()) or '""'
    ticks = "`" * (max((len(run) for run in re.findall("`+", plain)), default=0) + 1)
    space = " " if "`" in plain else ""
    return f"{ticks}{space}{plain}{space}{ticks}".replace("|", "\\|")


def fence(value: object, language: str) -> str:
    """A code block."""
    plain = str(value).rstrip("\n")
    ticks = "`" * max(3, max((len(run) for run in re.findall("`+", plain)), default=0) + 1)
    return f"{ticks}{language}\n{plain}\n{ticks}"


class Renderer:
    """Renders the pages of a site as Markdown."""

    def __init__(self, site: Site, publishing: Publishing = UNBRANDED) -> None:
        self._site = site
        self._language = publishing.language
        self._env = environment(publishing, autoescape=False)
        self._env.filters.update(text=text, code=code, fence=fence, wire=wire, cell=self._cell)
        self._env.globals.update(site=site)
        self._root = ""

    def page(self, page: Page) -> str:
        """Return a page as Markdown."""
        if isinstance(page.value, Guide):
            return page.value.markdown
        self._root = "../" * page.url.count("/")
        template = self._env.get_template(f"{page.kind}.md.j2")
        made = template.render(page=page, value=page.value, root=self._root, link=self._link)
        return re.sub(r"\n{3,}", "\n\n", made).strip() + "\n"

    def index(self) -> str:
        """Return ``llms.txt``, the list of all Markdown pages."""
        made = self._env.get_template("llms.txt.j2").render(root="", link=self._link)
        return re.sub(r"\n{3,}", "\n\n", made).strip() + "\n"

    def _link(self, item: Link | Code, form: str = "text") -> str:
        shown = code(item.text) if form == "code" or isinstance(item, Code) else text(item.text)
        if not item.href:
            return shown
        page, mark, anchor = item.href.partition("#")
        target = page.removesuffix(".html") + ".md" if page.endswith(".html") else page
        old = f" ({self._language('deprecated')})" if item.href in self._site.deprecated else ""
        return f"[{shown}](<{self._root}{target}{mark}{anchor}>){old}"

    def _cell(self, item: str | Link | Code) -> str:
        return text(item) if isinstance(item, str) else self._link(item)
