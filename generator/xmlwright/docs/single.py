"""The site as a single HTML file; a script shows one page at a time."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import posixpath
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from markupsafe import Markup, escape

from .content import Guide, Page
from .html import ASSETS, LOOPBACK, Renderer
from .publishing import UNBRANDED, Publishing

# Escaped texts contain no quotes, so a quoted value is an attribute.
_ID: Final = re.compile(r'(?<= id=")([^"]*)(?=")')
_HREF: Final = re.compile(r'(?<= href=")([^"]*)(?=")')
_TO_MARKDOWN: Final = re.compile(r'(?: · )?<a href="[^"]*\.(?:md|txt)">[^<]*</a>')

ROUTE: Final = (
    'window.wholeSite = (href) => { const [page, mark] = href.replace(/\\.html(?=#|$)/, "").split("#");'
    ' return mark ? page + ":" + mark : page; };\n'
)


def key(url: str) -> str:
    """Return the id of a page in the file."""
    return url.removesuffix(".html")


def single_file(
    renderer: Renderer,
    parts: Sequence[tuple[Page, str]],
    index: str,
    title: str,
    publishing: Publishing = UNBRANDED,
) -> str:
    """Return the single file; ``parts`` are results of :func:`page_section`."""
    style = style_sheet(publishing)
    scripts = [ROUTE + index, (ASSETS / "site.js").read_text(encoding="utf-8")]
    hashes = " ".join(_hash(text) for text in scripts)
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src {_hash(style)}; img-src data:; base-uri 'none'; form-action 'none';"
        f" connect-src {LOOPBACK}"
    )
    sections = [(page, Markup(part)) for page, part in parts]
    made = renderer.shell(
        "single.html.j2", policy=policy, style=Markup(style), scripts=[Markup(text) for text in scripts],
        sections=sections, title=title, root="", whole=True, key=key, page=parts[0][0],
        logo=_data(publishing.logo), favicon=_data(publishing.favicon),
    )  # fmt: skip
    start, end = made.index("<nav "), made.index("</nav>")
    return (
        made[:start] + _HREF.sub(lambda found: _target(found[1], ""), made[start:end]) + made[end:]
    )


def style_sheet(publishing: Publishing) -> str:
    """Return the CSS of the site, that of the project last."""
    return (ASSETS / "site.css").read_text(encoding="utf-8") + publishing.style


def _data(file: tuple[str, bytes] | None) -> str:
    """Return a ``data:`` address of a file."""
    if file is None:
        return ""
    kind = mimetypes.guess_type(file[0])[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(file[1]).decode('ascii')}"


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def page_section(body: str, page: Page) -> str:
    """Return the HTML of a page with ids and addresses for the single file, and with its images inside."""
    url = page.url
    body = _TO_MARKDOWN.sub("", body)
    body = _ID.sub(lambda found: f"{key(url)}:{found[1]}", body)
    if isinstance(page.value, Guide):
        for path, content in page.value.images:
            data = _data((path, content))
            source = escape(quote(path.removeprefix("guides/"), safe="/"))
            body = body.replace(f'src="{source}"', f'src="{data}"')
    return _HREF.sub(lambda found: _target(found[1], url), body)


def _target(href: str, url: str) -> str:
    if re.match(r"[a-z][a-z+.-]*:", href):
        return href
    path, _, anchor = href.partition("#")
    page = posixpath.normpath(posixpath.join(posixpath.dirname(url), path)) if path else url
    return f"#{key(page)}:{anchor}" if anchor else f"#{key(page)}"
