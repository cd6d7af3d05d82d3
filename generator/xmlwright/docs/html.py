"""Conversion of page values to HTML. Templates escape all text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import jinja2
from markupsafe import Markup, escape

from ..diagnostics import Diagnostics, Position, nearest
from ..files import shown
from .content import Code, Guide, Link, Listing, Page, Site
from .highlight import highlighted, indented
from .links import Links, anchor
from .publishing import UNBRANDED, Publishing
from .samples import Sample

TEMPLATES: Final = Path(__file__).parent / "templates"
ASSETS: Final = Path(__file__).parent / "assets"
_NAMED: Final = re.compile(r"\b[a-z_][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)+\b")

LOOPBACK: Final = "http://127.0.0.1:* http://localhost:*"
"""Addresses that pages can send requests to. A policy can't name ``[::1]``."""
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    f"connect-src {LOOPBACK}"
)


class Renderer:
    """Renders the pages of a site."""

    def __init__(
        self,
        site: Site,
        links: Links,
        publishing: Publishing = UNBRANDED,
        released: str = "",
    ) -> None:
        self._site = site
        self._links = links
        self._publishing = publishing
        self._turns = _turns(site)
        self._env = environment(publishing, autoescape=True)
        self._env.filters.update(prose=self._prose)
        words = json.dumps(publishing.language.words, ensure_ascii=False, sort_keys=True)
        self._env.globals.update(
            site=site, policy=POLICY, whole=False, publishing=publishing, released=released,
            words=words if publishing.language.words else "",
        )  # fmt: skip

    def page(self, page: Page, body: str) -> str:
        """Return a complete page with the given body."""
        root = "../" * page.url.count("/")
        return self._env.get_template("page.html.j2").render(
            page=page, root=root, body=Markup(body)
        )

    def body(self, page: Page) -> str:
        """Return the body of a page."""
        root = "../" * page.url.count("/")
        self._env.globals["root"] = root
        written = Markup(page.value.html) if isinstance(page.value, Guide) else ""
        before, after = self._turns.get(page.url, (None, None))
        edit = ""
        if self._publishing.edit and page.kind == "guide" and page.place is not None:
            edit = self._publishing.edit.replace("{path}", page.place.text.rpartition(":")[0])
        template = self._env.get_template(f"{page.kind}.html.j2")
        return template.render(
            page=page, root=root, written=written, before=before, after=after, edit=edit
        )

    def missing(self, page: Page, root: str) -> str:
        """Return the page for addresses that don't exist, which is served from any depth."""
        self._env.globals["root"] = root
        body = self._env.get_template("missing.html.j2").render(page=page, root=root)
        return self._env.get_template("page.html.j2").render(
            page=page, root=root, body=Markup(body)
        )

    def shell(self, template: str, **values: Any) -> str:
        """Render a template with the given values."""
        return self._env.get_template(template).render(**values)

    def _prose(self, text: str) -> Markup:
        """Return escaped text with links to the methods that it mentions."""
        root = self._env.globals["root"]
        parts: list[str] = []
        end = 0
        for found in _NAMED.finditer(text):
            href = self._links.named(found[0])
            if href:
                parts.append(str(escape(text[end : found.start()])))
                parts.append(
                    f'<a href="{escape(f"{root}{href}")}"><code>{escape(found[0])}</code></a>'
                )
                end = found.end()
        parts.append(str(escape(text[end:])))
        return Markup("".join(parts))


def _turns(site: Site) -> dict[str, tuple[Link | None, Link | None]]:
    """Return the guides before and after each guide, in the order of the navigation."""
    guides = {page.url: page for page in site.pages if page.kind == "guide"}
    order = [
        Link(entry.text, entry.href)
        for _, entries in site.navigation.groups
        for entry in entries
        if entry.href in guides
    ]
    around = [None, *order, None]
    return {link.href: (around[number], around[number + 2]) for number, link in enumerate(order)}


def environment(publishing: Publishing = UNBRANDED, *, autoescape: bool) -> jinja2.Environment:
    """Return the Jinja environment of the templates.

    A template of the project replaces the one of the same name, and can extend it as ``built-in/NAME``.
    """
    built_in = jinja2.FileSystemLoader(str(TEMPLATES))
    loaders: list[jinja2.BaseLoader] = [built_in, jinja2.PrefixLoader({"built-in": built_in})]
    if publishing.templates is not None:
        loaders.insert(0, jinja2.FileSystemLoader(str(publishing.templates)))
    env = jinja2.Environment(
        loader=jinja2.ChoiceLoader(loaders),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=autoescape,
    )
    env.globals.update(t=publishing.language)
    env.filters.update(
        highlighted=highlighted,
        indented=indented,
        wire=wire,
        anchor=anchor,
        one_line=lambda text: " ".join(str(text).split()),
        capitalized=lambda text: str(text)[:1].upper() + str(text)[1:],
        urlpath=lambda text: quote(str(text), safe="/~+"),
        urlencode=lambda text: quote(str(text), safe="+~"),
    )
    env.tests.update(
        listing=lambda value: isinstance(value, Listing),
        code=lambda value: isinstance(value, Code),
    )
    return env


def check_templates(publishing: Publishing, root: Path, diagnostics: Diagnostics) -> None:
    """Report templates of the project that replace nothing, or that have syntax errors."""
    folder = publishing.templates
    if folder is None:
        return
    known = sorted(path.name for path in TEMPLATES.iterdir())
    env = environment(publishing, autoescape=True)
    for path in sorted(folder.rglob("*.j2")):
        name = path.relative_to(folder).as_posix()
        file = shown(path, root)
        if name not in known and not path.name.startswith("_"):
            problem = f"the site has no template {name!r}; a template of your own starts with _"
            diagnostics.add(
                "missing-file", problem, Position(file), suggestion=nearest(name, known)
            )
        try:
            env.parse(path.read_text(encoding="utf-8"), name, str(path))
        except jinja2.TemplateSyntaxError as error:
            diagnostics.add("wrong-type", f"{error.message}", Position(file, error.lineno))


_SHOWN: Final = ("content-type", "content-length")
"""Headers that don't depend on the machine."""


def wire(sample: Sample) -> str:
    """Return the HTTP request and response of a sample, with the headers that don't depend on the machine."""
    return f"{_message(sample.request)}\n\n{_message(sample.answer)}"


def _message(content: bytes) -> str:
    head, _, body = content.partition(b"\r\n\r\n")
    first, *headers = head.decode("latin-1").split("\r\n")
    kept = [line for line in headers if line.partition(":")[0].lower() in _SHOWN]
    return "\n".join([first, *sorted(kept), "", body.decode("utf-8", "replace")])
