"""HTML: page values through templates that escape everything. The one place where text becomes HTML."""

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
"""Where pages may send to: this machine, and nothing else. A policy cannot name ``[::1]``."""
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    f"connect-src {LOOPBACK}"
)


class Renderer:
    """Renders the pages of one site."""

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
        """A whole page, around what is particular to it."""
        root = "../" * page.url.count("/")
        return self._env.get_template("page.html.j2").render(
            page=page, root=root, body=Markup(body)
        )

    def body(self, page: Page) -> str:
        """What is particular to a page."""
        root = "../" * page.url.count("/")
        self._env.globals["root"] = root
        written = Markup(page.value.html) if isinstance(page.value, Guide) else ""
        template = self._env.get_template(f"{page.kind}.html.j2")
        return template.render(page=page, root=root, written=written)

    def shell(self, template: str, **values: Any) -> str:
        """A template that is no page."""
        return self._env.get_template(template).render(**values)

    def _prose(self, text: str) -> Markup:
        """Text in which the methods that it mentions are links."""
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
    """Templates of the documentation, and what they are given."""
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
"""Headers that are the same wherever the samples run."""


def wire(sample: Sample) -> str:
    """A call as it went over HTTP: heads and bodies. Of the heads, what does not depend on the machine."""
    return f"{_message(sample.request)}\n\n{_message(sample.answer)}"


def _message(content: bytes) -> str:
    head, _, body = content.partition(b"\r\n\r\n")
    first, *headers = head.decode("latin-1").split("\r\n")
    kept = [line for line in headers if line.partition(":")[0].lower() in _SHOWN]
    return "\n".join([first, *sorted(kept), "", body.decode("utf-8", "replace")])
