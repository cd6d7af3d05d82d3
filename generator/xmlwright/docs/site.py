"""Build of the site, written completely or not at all."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from markupsafe import escape

from ..diagnostics import DescriptionError, Diagnostics
from ..ir import Api
from ..pipeline import manifest, publish
from ..pipeline import stages as pipeline
from ..pipeline.inputs import Inputs, digest
from ..pipeline.manifest import Manifest, Output, lines_of_untouched
from ..render.formatting import FormatCache
from ..settings import Settings, checked_site
from ..validate import cases as check
from . import guides, samples, versions
from . import publishing as publication
from .content import Article, Guide, Page, Site
from .describe import Describer
from .history import changes
from .html import ASSETS, TEMPLATES, check_templates
from .html import Renderer as HtmlRenderer
from .language import translate
from .links import Links, anchor
from .markdown import Renderer as MarkdownRenderer
from .public import public_names
from .publishing import Publishing
from .search import index_rows, index_script
from .single import page_section, single_file, style_sheet

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
    release: str = "",
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
    if release:
        settings = dataclasses.replace(settings, site=settings.site / release)
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
    publishing = publication.read(settings, diagnostics)
    if release and publishing.base_url:
        base = f"{publishing.base_url}{release}/"
        publishing = dataclasses.replace(publishing, base_url=base)
    whole, api = api, visible(api, publishing, diagnostics)
    lap("check")
    progress("samples", 0, 0)
    ran = samples.run(whole, settings, clean=clean)
    shown = {method.name for method in api.methods}
    lap("samples")
    progress("describe", 0, 0)
    links = Links(api, settings.source)
    written = guides.pages(
        guides.find(settings), links, settings.root, diagnostics, publishing.language
    )
    check_templates(publishing, settings.root, diagnostics)
    described = Describer(
        api,
        links,
        [sample for sample in ran.samples if sample.method.name in shown],
        written,
        changes(
            whole,
            history,
            settings,
            links,
            hidden={method.name for method in whole.methods} - shown,
        ),
        public_names(api, settings, links),
        publishing,
    ).site()
    _check_navigation(publishing, described, diagnostics)
    if len(diagnostics):
        raise DescriptionError(diagnostics)
    site = translate(described, publishing.language)
    lap("describe")
    files = _rendered(site, links, settings, progress, clean, publishing, release)
    lap("render")
    progress("publish", 0, 0)
    changed = _published(output, files, overwrite)
    if release:
        versions.write(output.parent, absolute=bool(publishing.base_url))
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
    publishing: Publishing,
    release: str,
) -> dict[str, bytes]:
    """Return all files; unchanged pages come from the cache."""
    html, markdown = HtmlRenderer(site, links, publishing, release), MarkdownRenderer(
        site, publishing
    )
    cache = FormatCache(settings.cache / "docs", _program(settings, publishing), trusted=not clean)
    known = cache.load("pages")
    kept: dict[str, str] = {}
    common = repr(
        (
            site.title,
            site.version,
            site.navigation,
            sorted(site_names(site)),
            sorted(site.deprecated),
            release,
        )
    )
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
    index = index_script(index_rows(site, publishing.language))
    for page in site.pages:
        if isinstance(page.value, Guide):
            files |= page.value.images
    files["assets/search.js"] = index.encode()
    files["assets/site.css"] = style_sheet(publishing).encode()
    files["assets/site.js"] = (ASSETS / "site.js").read_bytes()
    files |= dict(filter(None, (publishing.logo, publishing.favicon)))
    files["llms.txt"] = markdown.index().encode()
    files[SINGLE] = single_file(html, parts, index, site.title, publishing).encode()
    files["llms-full.txt"] = "\n\n".join(
        files[page.markdown].decode() for page in site.pages
    ).encode()
    if publishing.base_url:
        files["sitemap.xml"] = _sitemap(site, publishing.base_url)
        root = urlsplit(publishing.base_url).path
        files["404.html"] = html.missing(_missing(publishing), root).encode()
    return files


def visible(api: Api, publishing: Publishing, diagnostics: Diagnostics) -> Api:
    """Return the API without its hidden methods, and without hidden resources that nothing else refers to."""
    if not publishing.hidden:
        return api
    known = [method.name for method in api.methods] + [module.name for module in api.resources]
    publication.refer(publishing.hidden, known, "no method or resource", diagnostics)
    hidden = {name for name, _ in publishing.hidden}
    modules = [
        dataclasses.replace(
            module,
            methods=tuple(
                method for method in module.methods if not hidden & {method.name, module.name}
            ),
            cases=tuple(
                case
                for case in module.cases
                if not hidden & {f"{module.name}.{case.call}", module.name}
            ),
        )
        for module in api.modules
    ]
    left = dataclasses.replace(api, modules=tuple(modules))
    used = _modules_used(left)
    return dataclasses.replace(
        left,
        modules=tuple(module for module in modules if module.name in used),
        records={ref: record for ref, record in api.records.items() if ref.module in used},
        enums={ref: enum for ref, enum in api.enums.items() if ref.module in used},
    )


def _modules_used(api: Api) -> set[str]:
    """Return the modules that have methods, and those that anything in them refers to, directly or not."""
    modules = {module.name: module for module in api.modules}
    pending = [module.name for module in api.resources]
    met: set[str] = set()
    while pending:
        name = pending.pop()
        if name in met:
            continue
        met.add(name)
        fields = [item for record in modules[name].records for item in record.fields]
        refs = [method.response.record for method in modules[name].methods]
        for method in modules[name].methods:
            fields += method.arguments
        refs += [ref for item in fields for ref in (item.record, item.enum)]
        pending += [ref.module for ref in refs if ref is not None]
    return met


def _check_navigation(publishing: Publishing, site: Site, diagnostics: Diagnostics) -> None:
    """Report names in the navigation that are no guide, page of the reference, or resource."""
    placed = ("guide", "article", "resource")
    known = [Path(page.url).stem for page in site.pages if page.kind in placed]
    names = [
        (name, group.at)
        for group in publishing.navigation
        for name in group.pages
        if anchor(name) not in known
    ]
    publication.refer(names, known, "no guide, resource or page", diagnostics)


def _missing(publishing: Publishing) -> Page:
    t = publishing.language
    return Page(
        "404.html", "missing", t("Page not found"), t("The address leads to no page."), Article(())
    )


def _sitemap(site: Site, base: str) -> bytes:
    rows = "".join(
        f"<url><loc>{escape(base + quote(page.url, safe='/~+'))}</loc></url>\n"
        for page in site.pages
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}</urlset>\n'
    )
    return text.encode()


def _page(html: HtmlRenderer, markdown: MarkdownRenderer, page: Page) -> list[str]:
    body = html.body(page)
    return [html.page(page, body), markdown.page(page), page_section(body, page)]


def site_names(site: Site) -> set[str]:
    """Return the names of methods, which texts link to."""
    return {page.title for page in site.pages if page.kind == "method"}


def _program(settings: Settings, publishing: Publishing) -> str:
    """Return a hash of the code and templates that render pages."""
    total = hashlib.sha256(f"{settings.source}\0{publishing!r}".encode())
    own = (publishing.templates,) if publishing.templates is not None else ()
    for folder in (TEMPLATES, Path(__file__).parent, *own):
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
