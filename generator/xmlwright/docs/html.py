"""Conversion of page values to HTML. Templates escape all text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import jinja2
from markupsafe import Markup, escape

from .content import Code, Guide, Listing, Page, Site
from .highlight import highlighted, indented
from .links import Links, anchor
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
    ) -> None:
        self._site = site
        self._links = links
        self._env = environment(autoescape=True)
        self._env.filters.update(prose=self._prose)
        self._env.globals.update(site=site, policy=POLICY, whole=False)

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
        template = self._env.get_template(f"{page.kind}.html.j2")
        return template.render(page=page, root=root, written=written)

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


def environment(*, autoescape: bool) -> jinja2.Environment:
    """Return the Jinja environment of the templates."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(TEMPLATES)),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=autoescape,
    )
    env.filters.update(
        highlighted=highlighted,
        indented=indented,
        wire=wire,
        anchor=anchor,
        one_line=lambda text: " ".join(str(text).split()),
        capitalized=lambda text: str(text)[:1].upper() + str(text)[1:],
        urlencode=lambda text: quote(str(text), safe="+~"),
    )
    env.tests.update(
        listing=lambda value: isinstance(value, Listing),
        code=lambda value: isinstance(value, Code),
    )
    return env


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
