"""The documentation: how long it takes to make, beside what people use to make such sites of the same Markdown pages."""

from __future__ import annotations

import contextlib
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from measure import BIN, ROOT, Row, Spent, run, times, workplace
from project import COMMAND, copied
from synthetic import copies

TITLE = (
    "Documentation: processor time of whole processes and all their children, the least of two; ratios to xmlwright docs."
    "\nThe peers are given its pages as Markdown: they check no description and run no samples"
)
CHROMIUM = Path("/usr/bin/chromium")
PEERS = BIN.parent / "bench" / "bin"

_MKDOCS = """\
site_name: Reference
docs_dir: pages
theme: {name: material, font: false}
plugins: [search]
"""
_SPHINX = """\
project = "Reference"
extensions = ["myst_parser"]
html_theme = "furo"
suppress_warnings = ["myst", "toc", "misc"]
"""
_TOC = "\n\n```{toctree}\n:glob:\n:hidden:\n\n**\n```\n"


def rows() -> Iterator[Row]:
    """Building, an edit, the peers, growth, and the pages in a browser."""
    with workplace() as (folder, environment):
        project = copied(folder / "project")
        shutil.copytree(ROOT / "docs", project / "docs")
        whole = _least(lambda: _docs(project, environment, "--clean"))
        yield _judged("xmlwright docs, all samples run", whole, 5)
        field = project / "schema/resources/task.yaml"
        edits = iter(("an hour", "every hour"))
        before = field.read_text(encoding="utf-8")

        def edited() -> Spent:
            field.write_text(before.replace("one hour", next(edits)), encoding="utf-8")
            return _docs(project, environment)

        assert "one hour" in before
        yield _judged("  after an edit of one field", _least(edited), 1)
        field.write_text(before, encoding="utf-8")
        _docs(project, environment)
        site = project / "site"
        size = (site / "all.html").stat().st_size / 1e6
        yield Row("  the site as one file", f"{size:.2f} MB", "", "<= 4 MB", size <= 4)
        yield from _peers(site, folder, environment, whole.cpu)
        yield from _growth(folder, environment)
        yield from _browsed(site, folder / "mkdocs" / "site")


def _docs(project: Path, environment: Mapping[str, str], *options: str) -> Spent:
    return run([*COMMAND, "docs", "--quiet", *options], environment, project)


def _least(act: Callable[[], Spent]) -> Spent:
    return min((act() for _ in range(2)), key=lambda spent: spent.cpu)


def _judged(what: str, spent: Spent, most: float) -> Row:
    return Row(what, f"{spent.cpu:.2f} s", "", f"<= {most} s", spent.cpu <= most)


def _peers(site: Path, folder: Path, environment: Mapping[str, str], ours: float) -> Iterator[Row]:
    if not (PEERS / "mkdocs").exists():
        yield Row("mkdocs-material, Sphinx", "not installed", "", "make bench installs them")
        return
    mkdocs, sphinx = folder / "mkdocs", folder / "sphinx"
    pages = [path.relative_to(site) for path in sorted(site.rglob("*.md"))]
    for made in (mkdocs, sphinx):
        for page in pages:
            (made / "pages" / page).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(site / page, made / "pages" / page)
    (mkdocs / "mkdocs.yml").write_text(_MKDOCS, encoding="utf-8")
    (sphinx / "pages/conf.py").write_text(_SPHINX, encoding="utf-8")
    with open(sphinx / "pages/index.md", "a", encoding="utf-8") as index:
        index.write(_TOC)

    def material() -> Spent:
        return run([PEERS / "mkdocs", "build", "--quiet", "--clean"], environment, mkdocs)

    def furo(*options: str) -> Spent:
        command = ("-Q", "-b", "html", "-j", "auto", *options, "pages", "site")
        return run([PEERS / "sphinx-build", *command], environment, sphinx)

    edited = sphinx / "pages/methods/task.get.md"
    yield _peer(f"mkdocs-material: {len(pages)} pages, built or edited", _least(material), ours)
    yield _peer(f"Sphinx with Furo: {len(pages)} pages", _least(lambda: furo("-E", "-a")), ours)

    def touched() -> Spent:
        edited.write_text(edited.read_text(encoding="utf-8") + "\nMore.\n", encoding="utf-8")
        return furo()

    yield _peer("  after an edit of one page", _least(touched), ours)


def _peer(what: str, spent: Spent, ours: float) -> Row:
    return Row(what, f"{spent.cpu:.2f} s", times(spent.cpu / ours))


def _growth(folder: Path, environment: Mapping[str, str]) -> Iterator[Row]:
    """Both without their generated client, which is therefore made on the way."""
    one = copied(folder / "one", output=False)
    copies(ROOT / "schema", folder / "schema10", 10)
    ten = copied(folder / "ten", output=False, schema=folder / "schema10")
    small = _docs(one, environment, "--clean").cpu
    large = _docs(ten, environment, "--clean").cpu
    ratio = large / small
    name = "xmlwright docs, a description x 10 (processor time)"
    yield Row(name, f"{large:.1f} s", times(ratio), "<= 12 x", ratio <= 12)


_USABLE = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
_SEARCHED = ("task rate", "authentication failed", "invoice.create", "e")


def _browsed(site: Path, peer: Path) -> Iterator[Row]:
    if not CHROMIUM.exists():
        yield Row("pages in a browser", "not measured", "", f"there is no {CHROMIUM}")
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        with _served(site) as address:
            first = min(_usable(browser, address) for _ in range(5))
            yield Row("first page usable", f"{first:.0f} ms", "", "<= 200 ms", first <= 200)
            page = browser.new_page()
            page.goto(address)
            searches = [page.evaluate("query => xmlwrightFind(query)", one) for one in _SEARCHED]
            slowest = max(each["milliseconds"] for each in searches)
            name = f"  the slowest of {len(_SEARCHED)} searches"
            yield Row(name, f"{slowest:.1f} ms", "", "<= 100 ms", slowest <= 100)
        if peer.is_dir():
            with _served(peer) as address:
                other = min(_usable(browser, address) for _ in range(5))
                yield Row(
                    "mkdocs-material: first page usable", f"{other:.0f} ms", times(other / first)
                )
        browser.close()


def _usable(browser: Any, address: str) -> float:
    context = browser.new_context()
    page = context.new_page()
    page.goto(address, wait_until="load")
    found = float(page.evaluate(_USABLE))
    context.close()
    return found


@contextlib.contextmanager
def _served(folder: Path) -> Iterator[str]:
    from xmlwright.docs.serve import server

    serving = server(folder)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{serving.server_address[1]}/"
    finally:
        serving.shutdown()
        serving.server_close()


if __name__ == "__main__":
    from measure import show

    show(TITLE, rows(), sys.stdout)
