"""Build of the site, written completely or not at all."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ..diagnostics import DescriptionError
from ..pipeline import manifest, publish
from ..pipeline import stages as pipeline
from ..pipeline.inputs import Inputs, digest
from ..pipeline.manifest import Manifest, Output, lines_of_untouched
from ..render.formatting import FormatCache
from ..settings import Settings, checked_site
from ..validate import cases as check
from . import guides, samples
from .content import Guide, Page, Site
from .describe import Describer
from .history import changes
from .html import ASSETS, TEMPLATES
from .html import Renderer as HtmlRenderer
from .links import Links
from .markdown import Renderer as MarkdownRenderer
from .public import public_names
from .search import index_rows, index_script
from .single import page_section, single_file

SINGLE: Final = "all.html"
"""Name of the site as one file."""
ProgressCallback = Callable[[str, int, int], None]


@dataclass(slots=True)
class BuildReport:
    """Result of a build."""

    pages: int
    samples: int
    fresh: int
    """Samples that ran this time; the others came from the cache."""
    size: int
    """Bytes of the single file."""
    changed: int
    seconds: dict[str, float] = field(default_factory=dict)


def build(
    settings: Settings,
    progress: ProgressCallback = lambda stage, done, total: None,
    *,
    history: Sequence[str] = (),
    clean: bool = False,
    overwrite: bool = False,
) -> BuildReport:
    """Write the documentation.

    Raises:
        DescriptionError: the description has problems, or samples failed.
        SettingsError: the site would be where something else is.
        PublishError: it cannot be written.
        RevisionError: a description to compare with is not there.
    """
    output = checked_site(settings)
    seconds: dict[str, float] = {}
    start = time.perf_counter()

    def lap(stage: str) -> None:
        nonlocal start
        now = time.perf_counter()
        seconds[stage] = now - start
        start = now

    progress("check", 0, 0)
    api, diagnostics = pipeline.resolved(settings)  # what the service does beyond it is on no page
    if api is not None and not len(diagnostics):
        check.check(api, diagnostics)
    if api is None or len(diagnostics):
        raise DescriptionError(diagnostics)
    lap("check")
    progress("samples", 0, 0)
    ran = samples.run(api, settings, clean=clean)
    lap("samples")
    progress("describe", 0, 0)
    links = Links(api, settings.source)
    written = guides.pages(guides.find(settings), links, settings.root, diagnostics)
    if len(diagnostics):
        raise DescriptionError(diagnostics)
    site = Describer(
        api,
        links,
        ran.samples,
        written,
        changes(api, history, settings, links),
        public_names(api, settings, links),
    ).site()
    lap("describe")
    files = _rendered(site, links, settings, progress, clean)
    lap("render")
    progress("publish", 0, 0)
    changed = _published(output, files, overwrite)
    lap("publish")
    return BuildReport(
        len(site.pages), len(ran.samples), ran.fresh, len(files[SINGLE]), changed, seconds
    )


def _rendered(
    site: Site,
    links: Links,
    settings: Settings,
    progress: ProgressCallback,
    clean: bool,
) -> dict[str, bytes]:
    """Return all files; unchanged pages come from the cache."""
    html, markdown = HtmlRenderer(site, links), MarkdownRenderer(site)
    cache = FormatCache(settings.cache / "docs", _program(settings), trusted=not clean)
    known = cache.load("pages")
    kept: dict[str, str] = {}
    common = repr((site.title, site.version, site.navigation, sorted(site_names(site))))
    files: dict[str, bytes] = {}
    parts: list[tuple[Page, str]] = []
    for number, page in enumerate(site.pages):
        progress("render", number, len(site.pages))
        key = cache.key(f"{common}\0{page!r}")
        names = [f"{key}.{form}" for form in ("html", "md", "part")]
        if all(name in known for name in names):
            texts = [known[name] for name in names]
        else:
            texts = _page(html, markdown, page)
        kept |= zip(names, texts, strict=True)
        files[page.url], files[page.markdown] = texts[0].encode(), texts[1].encode()
        parts.append((page, texts[2]))
    if kept.keys() != known.keys():
        cache.save("pages", kept)
    index = index_script(index_rows(site))
    for page in site.pages:
        if isinstance(page.value, Guide):
            files |= page.value.images
    files["assets/search.js"] = index.encode()
    for name in ("site.css", "site.js"):
        files[f"assets/{name}"] = (ASSETS / name).read_bytes()
    files["llms.txt"] = markdown.index().encode()
    files[SINGLE] = single_file(html, parts, index, site.title).encode()
    return files


def _page(html: HtmlRenderer, markdown: MarkdownRenderer, page: Page) -> list[str]:
    body = html.body(page)
    return [html.page(page, body), markdown.page(page), page_section(body, page)]


def site_names(site: Site) -> set[str]:
    """Return the names of methods, which texts link to."""
    return {page.title for page in site.pages if page.kind == "method"}


def _program(settings: Settings) -> str:
    """Return a hash of the code and templates that render pages."""
    total = hashlib.sha256(settings.source.encode())
    for folder in (TEMPLATES, Path(__file__).parent):
        for path in sorted(folder.glob("*.*")):
            if path.suffix in (".j2", ".py"):
                total.update(path.read_bytes())
    return total.hexdigest()


def _published(output: Path, files: dict[str, bytes], overwrite: bool) -> int:
    """Publish the files and return how many changed."""
    outputs = {
        path: Output(hashed, hashed)
        for path, hashed in sorted((path, digest(content)) for path, content in files.items())
    }
    made = Manifest(Inputs({}, {}, {}, "", {}, ""), outputs=outputs)
    with publish.alone(output):
        old = manifest.load(output)
        if old is not None and old == made and lines_of_untouched(output, old) is not None:
            return 0
        before = old.outputs if old is not None else {}
        mine = manifest.written_by(output)
        files = {**files, manifest.NAME: manifest.dump(made).encode()}
        publish.publish(output, files, mine, overwrite=overwrite)
        return sum(before.get(path) != facts for path, facts in outputs.items())
