"""Documentation sites: built by the command line, then inspected."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import etree, html

CHECKOUT = Path(__file__).resolve().parents[2]


def docs(
    project: Path, output: Path, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run ``xmlwright docs``."""
    import os

    return subprocess.run(
        [sys.executable, "-m", "xmlwright", "--project", str(project), "docs", "--output", str(output), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=300,
    )  # fmt: skip


def made(project: Path, output: Path, *arguments: str) -> Path:
    """Write a site and return its folder."""
    done = docs(project, output, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return output


@functools.cache
def parsed(path: Path) -> html.HtmlElement:
    """Parse a page."""
    return html.document_fromstring(path.read_bytes())


def pages(site: Path) -> list[Path]:
    """Return all pages, the single file included."""
    return sorted(site.rglob("*.html"))


def text(element: etree._Element) -> str:
    """Return the text of an element with normalized white space."""
    return " ".join("".join(map(str, element.itertext())).split())


def broken(site: Path) -> Iterator[str]:
    """Return dead links and duplicate ids of all pages."""
    ids: dict[Path, set[str]] = {}
    for path in pages(site):
        found = parsed(path).xpath("//@id")
        ids[path.resolve()] = set(found)
        yield from (f"{path}: twice {name}" for name in set(found) if found.count(name) > 1)
    for path in pages(site):
        for target in parsed(path).xpath("//@href | //@src"):
            parts = urlsplit(target)
            if parts.scheme in ("http", "https", "mailto", "data"):
                continue
            where = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
            if (
                parts.scheme
                or not where.is_file()
                or (
                    parts.fragment
                    and where.suffix == ".html"
                    and unquote(parts.fragment) not in ids[where]
                )
            ):
                yield f"{path}: {target}"
