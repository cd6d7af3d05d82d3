"""A branded site in another language, in two versions below a sub-path; and each mistake fails the build at its line."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import doc_sites
import pytest
from browser_page import MARKS, browser, serious
from lxml import etree
from playwright.sync_api import Browser, Page
from second_api import project

from xmlwright.docs.language import built_in
from xmlwright.docs.publishing import KEYS
from xmlwright.docs.serve import server

__all__ = ["browser"]

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8"/></svg>'
)
SETTINGS = """
[tool.xmlwright.docs]
title = "Dépôt central"
logo = "brand/logo.svg"
favicon = "brand/icon.svg"
css = "brand/site.css"
footer = "© Dépôt SARL"
base-url = "https://example.com/aide/"
language = "fr"
hidden = ["article.label"]
edit = "https://git.example.com/edit/main/{path}"
templates = "brand/templates"
navigation = [
  {title = "Premiers pas", pages = ["vendre", "installer"]},
  {title = "En cas de problème", pages = ["errors"]},
]

[tool.xmlwright.docs.colors]
accent = "#7a1f3d"
accent-dark = "#ffb3c8"
"""
GUIDES = {
    "installer": """---
title: Installer le client
description: En deux minutes.
---

# Installation

> [!WARNING]
> Gardez la clé.

- [x] clé
- [ ] client

## Étape une

Voir [créer](ref:article.create), [le prix](ref:Article.price), https://example.com/notes et la note[^1].

![plan](plan.svg)

## Étape deux

[Vendre](guide-vendre.md#à-la-fin)

## Étape trois

```python
print("bonjour")
```

[^1]: Une note de bas de page.
""",
    "vendre": "# Vendre\n\nVendre un article.\n\n## À la fin\n\nFin.\n",
    "zones": "# Zones\n\nLes [erreurs](ref:E-ABSENT).\n",
}


def settle(folder: Path) -> Path:
    """Write the second API with guides and a brand of its own."""
    root = project.settle(folder, project.HERE / "depot")
    files = {
        "brand/logo.svg": ICON,
        "brand/icon.svg": ICON,
        "brand/site.css": ".brand { letter-spacing: 0.1em; }\n",
        "brand/templates/page.html.j2": '{% extends "built-in/page.html.j2" %}\n'
        '{% block head %}<meta name="author" content="Dépôt SARL">{% endblock %}\n',
        "docs/plan.svg": ICON,
        **{f"docs/guide-{name}.md": text for name, text in GUIDES.items()},
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with (root / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(SETTINGS)
    path = root / "schema/resources/article.yaml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("doc: Moves pieces", "deprecated: true\n    doc: Moves pieces")
    text = text.replace(
        "{type: int, at: size/width,", "{type: int, at: size/width, deprecated: true,"
    )
    path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def depot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return settle(tmp_path_factory.mktemp("publishing") / "depot")


@pytest.fixture(scope="module")
def published(depot: Path) -> Path:
    """Two versions below one folder; the older one lacks a guide."""
    folder = depot.parent / "public/aide"
    guide = depot / "docs/guide-zones.md"
    older = depot.parent / "older"
    project.settle(older, depot / "schema")
    api = (older / "schema/api.yaml").read_text(encoding="utf-8")
    resource = older / "schema/resources/article.yaml"
    text = resource.read_text(encoding="utf-8")
    text = text.replace("count: {type: int, required: always}", "count: {type: int}")
    text = re.sub(r"      width: .*\n", "", text)
    resource.write_text(text, encoding="utf-8")
    (older / "schema/api.yaml").write_text(
        api.replace('version: "3"', 'version: "2"', 1), encoding="utf-8"
    )
    kept = guide.read_text(encoding="utf-8")
    guide.unlink()
    doc_sites.made(depot, folder, "--release", "2.9")
    guide.write_text(kept, encoding="utf-8")
    doc_sites.made(depot, folder, "--release", "2.10", "--history", str(older))
    return folder


@pytest.fixture(scope="module")
def site(published: Path) -> Path:
    return published / "2.10"


@pytest.fixture(scope="module")
def http(published: Path) -> Iterator[str]:
    serving = server(published.parent)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{serving.server_address[1]}/aide/"
    serving.shutdown()
    serving.server_close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page; any complaint of the browser and any request to another host fails the test."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, locale="fr", bypass_csp=True
    )
    made = context.new_page()
    complaints: list[str] = []
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    made.on(
        "request",
        lambda request: (
            complaints.append(request.url)
            if urlsplit(request.url).hostname not in ("127.0.0.1", None)
            else None
        ),
    )
    yield made
    context.close()
    assert complaints == []


def parsed(path: Path) -> Any:
    return doc_sites.parsed(path)


def test_every_link_of_both_versions_leads_somewhere(published: Path) -> None:
    for path in published.glob(
        "*/404.html"
    ):  # served from any depth, so its addresses are absolute
        for target in parsed(path).xpath("//@href | //@src"):
            if not target.startswith(("https:", "data:", "#")):
                assert target.startswith(f"/aide/{path.parent.name}/")
                name = unquote(target.removeprefix(f"/aide/{path.parent.name}/").partition("#")[0])
                assert (path.parent / name).is_file(), target
    assert [
        each for each in doc_sites.broken(published) if "/404.html" not in each.split(": ")[0]
    ] == []


def test_brand(site: Path) -> None:
    page = parsed(site / "methods/article.create.html")
    assert page.get("lang") == "fr"
    assert page.xpath("string(//title)") == "article.create - Dépôt central"
    assert page.xpath("//header//img[@class='logo']/@src") == ["../assets/logo.svg"]
    assert page.xpath("//link[@rel='icon']/@href") == ["../assets/favicon.svg"]
    assert page.xpath("string(//footer[@class='footer'])") == "© Dépôt SARL"
    assert page.xpath("//meta[@name='author']/@content") == ["Dépôt SARL"], "from the overlay"
    style = (site / "assets/site.css").read_text(encoding="utf-8")
    assert style.endswith(".brand { letter-spacing: 0.1em; }\n")
    assert "light-dark(#7a1f3d, #ffb3c8)" in style
    assert (site / "assets/logo.svg").read_text(encoding="utf-8") == ICON


def test_addresses_for_search_engines_and_links(site: Path) -> None:
    base = "https://example.com/aide/2.10/"
    page = parsed(site / "methods/article.create.html")
    assert page.xpath("//link[@rel='canonical']/@href") == [f"{base}methods/article.create.html"]
    graph = dict(
        zip(page.xpath("//meta/@property"), page.xpath("//meta[@property]/@content"), strict=True)
    )
    assert graph["og:url"] == f"{base}methods/article.create.html"
    assert graph["og:title"] == "article.create - Dépôt central"
    assert graph["og:image"] == f"{base}assets/logo.svg"
    tree: Any = etree.parse(str(site / "sitemap.xml"))
    listed = tree.xpath("//*[local-name()='loc']/text()")
    pages = {path.relative_to(site).as_posix() for path in doc_sites.pages(site)}
    assert {each.removeprefix(base) for each in listed} == pages - {"all.html", "404.html"}
    assert "introuvable" in doc_sites.text(parsed(site / "404.html"))
    full = (site / "llms-full.txt").read_text(encoding="utf-8")
    for path in site.rglob("*.md"):
        assert path.read_text(encoding="utf-8").strip() in full


def test_words_are_french_on_every_page(site: Path) -> None:
    """No text of the site itself is left in English; what the description says stays as it is."""
    words = {
        text
        for text, own in built_in()["fr"].words.items()
        if own != text and " " in text and "{" not in text
    }
    for path in doc_sites.pages(site):
        texts = {
            " ".join(str(each).split())
            for each in parsed(path).xpath("//body//text() | //@aria-label")
        }
        assert words & texts == set(), path.name
    for path in site.rglob("*.md"):
        lines = {line.strip("# ") for line in path.read_text(encoding="utf-8").splitlines()}
        assert words & lines == set(), path.name
    related = parsed(site / "methods/article.stock.move.html").xpath(
        "//section[h2/@id='related']//dd"
    )
    assert "Pour to." in [doc_sites.text(each) for each in related], "a text with a name in it"
    shared = parsed(site / "resources/shared.html")
    assert doc_sites.text(shared.xpath("//h1")[0]) == built_in()["fr"]("Shared")


def test_navigation_has_its_groups_and_hidden_methods_are_nowhere(site: Path) -> None:
    page = parsed(site / "index.html")
    groups = [doc_sites.text(each) for each in page.xpath("//nav/h2")]
    assert groups == [
        "Premiers pas",
        "En cas de problème",
        "Guides",
        "Référence",
        built_in()["fr"]("Resources"),
    ]
    first = page.xpath("//nav/ul[1]/li/a/text()")
    assert first == ["Vendre", "Installer le client"]
    assert page.xpath("count(//nav//a[@href='errors.html'])") == 1
    for path in site.rglob("*"):
        if path.is_file():
            assert b"article.label" not in path.read_bytes(), path


def test_guides(site: Path) -> None:
    page = parsed(site / "guides/installer.html")
    assert doc_sites.text(page.xpath("//h1")[0]) == "Installer le client"
    assert page.xpath("//meta[@name='description']/@content") == ["En deux minutes."]
    note = page.xpath("//blockquote[@class='admonition warning']/p")[0]
    assert note.xpath("string(strong)") == "Attention"
    assert doc_sites.text(note) == "Attention Gardez la clé."
    assert page.xpath("//div[@class='contents']//a/@href") == [
        "#%C3%A9tape-une",
        "#%C3%A9tape-deux",
        "#%C3%A9tape-trois",
    ]
    assert page.xpath("//a[@href='https://example.com/notes']")
    assert page.xpath("//section[@class='footnotes']//p")
    assert page.xpath("//a[@rel='prev']/@href") == ["../guides/vendre.html"]
    assert page.xpath("//a[@rel='next']/@href") == ["../guides/zones.html"]
    edit = "https://git.example.com/edit/main/docs/guide-installer.md"
    assert page.xpath(f"//a[@href='{edit}']/text()") == ["Modifier cette page"]
    assert "title:" not in (site / "guides/installer.md").read_text(encoding="utf-8")


def test_deprecation_shows_wherever_the_thing_is_named(site: Path) -> None:
    moved = parsed(site / "methods/article.stock.move.html")
    assert "Obsolète" in doc_sites.text(moved.xpath("//p[@class='old']")[0])
    for name in ("resources/article.html", "index.html", "methods/article.create.html"):
        rows = parsed(site / name).xpath(
            "//*[self::dt or self::p][.//a[contains(@href, 'article.stock.move')]]"
        )
        assert rows, name
        assert all("obsolète" in doc_sites.text(row) for row in rows), name
    assert parsed(site / "resources/article.html").xpath("//nav//a[@class='deprecated']")
    field = parsed(site / "resources/article.html").xpath("//li[@id='Article.width']")[0]
    assert "obsolète" in doc_sites.text(field)
    index = (site / "assets/search.js").read_text(encoding="utf-8")
    rows = json.loads(index.partition("=")[2].rstrip(";\n"))
    found = [row for row in rows if row[1] in ("article.stock.move", "Article.width")]
    assert len(found) == 2
    assert all("obsolète" in row[2] for row in found)


def test_headings_never_jump(site: Path) -> None:
    for path in doc_sites.pages(site):
        if path.name == "all.html":
            continue
        levels = [
            int(each.tag[1])
            for each in parsed(path).xpath(
                "//main//*[self::h1 or self::h2 or self::h3 or self::h4]"
            )
        ]
        assert levels[:1] == [1], path
        assert all(after <= before + 1 for before, after in pairwise(levels)), (path, levels)


def test_changes_are_headed_by_the_older_version_and_are_readable(site: Path) -> None:
    page = parsed(site / "changes.html")
    assert doc_sites.text(page.xpath("//section/h2")[0]) == "Depuis 2"
    rows = {doc_sites.text(row[0]): doc_sites.text(row[1]) for row in page.xpath("//tbody/tr")}
    assert rows["article.stock.move.count"] == "Argument now required."
    assert rows["Article.width"] == "Response field added."
    assert rows["article.create.width"] == "Argument added."


def test_a_guide_comes_before_a_resource_of_its_name(depot: Path) -> None:
    """Each name of the navigation places one page."""
    (depot / "docs/guide-memo.md").write_text("# Le memo\n\nUn guide.\n", encoding="utf-8")
    text = (depot / "pyproject.toml").read_text(encoding="utf-8")
    try:
        changed = text.replace('"vendre", ', '"memo", ')
        (depot / "pyproject.toml").write_text(changed, encoding="utf-8")
        site = doc_sites.made(depot, depot.parent / "memo-site")
    finally:
        (depot / "docs/guide-memo.md").unlink()
        (depot / "pyproject.toml").write_text(text, encoding="utf-8")
    first = parsed(site / "index.html").xpath("//nav/ul[1]/li/a/text()")
    assert first == ["Le memo", "Installer le client"]


@pytest.mark.usefixtures("site")
class TestInTheBrowser:
    pytestmark = MARKS

    def test_the_menu_of_versions_keeps_the_page(self, page: Page, http: str) -> None:
        page.goto(http)
        page.wait_for_url("**/2.10/index.html")
        page.goto(f"{http}2.10/methods/article.create.html")
        menu = page.get_by_label("Version")
        assert menu.locator("option").all_text_contents() == ["2.10", "2.9"]
        menu.select_option("2.9")
        page.wait_for_url("**/2.9/methods/article.create.html")
        page.goto(f"{http}2.10/guides/zones.html")
        page.get_by_label("Version").select_option("2.9")
        page.wait_for_url("**/2.9/index.html")

    def test_controls_are_french_and_accessible(self, page: Page, http: str) -> None:
        for name in ("methods/article.create.html", "guides/installer.html", "index.html"):
            page.goto(f"{http}2.10/{name}")
            assert serious(page) == [], name
        page.goto(f"{http}2.10/methods/article.create.html")
        assert page.get_by_role("button", name="Copier").count() > 0
        page.keyboard.press("/")
        page.get_by_role("combobox", name="Rechercher").fill("stock.move")
        result = page.locator("#search-results li").first
        assert "méthode" in result.inner_text()
        assert "obsolète" in result.inner_text()
        assert (
            page.evaluate("getComputedStyle(document.querySelector('.brand')).letterSpacing")
            != "normal"
        )

    def test_printing_the_single_file_prints_all_pages(self, page: Page, site: Path) -> None:
        page.goto((site / "all.html").as_uri())
        assert page.locator(".page:visible").count() == 1
        assert page.locator("header img.logo").evaluate("image => image.naturalWidth") > 0
        page.emulate_media(media="print")
        assert page.locator(".page:visible").count() == page.locator(".page").count() > 15


MISTAKES = [
    ("pyproject.toml", 'title = "Dépôt central"', 'titre = "Dépôt"', "has no key 'titre'"),
    ("pyproject.toml", "brand/logo.svg", "brand/lgo.svg", "brand/lgo.svg doesn't exist"),
    ("pyproject.toml", "#7a1f3d", "#dddddd", "can't be read"),
    ("pyproject.toml", "https://example.com/aide/", "example.com", "base-url should be an address"),
    ("pyproject.toml", '"fr"', '"klingon"', "'klingon' is not one of en, fr"),
    (
        "pyproject.toml",
        '"article.label"',
        '"article.labell"',
        "no method or resource is named 'article.labell'",
    ),
    ("pyproject.toml", '"vendre", ', '"vendr", ', "no guide, resource or page is named 'vendr'"),
    (
        "brand/site.css",
        ".brand {",
        ".x { background: url(https://example.com/a.png) }\n.brand {",
        "load nothing but",
    ),
    ("brand/templates/page.html.j2", "{% endblock %}", "{% endblok %}", "unknown tag 'endblok'"),
    ("docs/guide-installer.md", "title: Installer", "titre: Installer", "has no key 'titre'"),
    ("docs/guide-installer.md", "ref:article.create", "ref:article.creat", "named 'article.creat'"),
    ("docs/guide-installer.md", "plan.svg", "plann.svg", "the image 'plann.svg' doesn't exist"),
    ("docs/guide-installer.md", "note[^1]", "note[^2]", "no footnote is named '2'"),
    ("docs/guide-installer.md", 'print("bonjour")', 'print("bonjour"', "invalid Python"),
]


def test_each_mistake_fails_at_its_line(tmp_path: Path) -> None:
    """All mistakes at once, so that one build shows that each has a message of its own."""
    root = settle(tmp_path / "depot")
    expected = []
    for file, right, wrong, _ in MISTAKES:
        path = root / file
        text = path.read_text(encoding="utf-8")
        assert right in text, right
        path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    for file, _, wrong, message in MISTAKES:
        lines = (root / file).read_text(encoding="utf-8").splitlines()
        first = wrong.splitlines()[0]
        line = next(number for number, text in enumerate(lines, 1) if first in text)
        expected.append((file, line, message))
    done = doc_sites.docs(root, tmp_path / "site")
    assert done.returncode == 1
    assert not (tmp_path / "site").exists()
    shown = re.findall(r"^(\S+?):(\d+):\d+: error: (.*)$", done.stdout, re.MULTILINE)
    for file, line, message in expected:
        assert any((file, str(line)) == found[:2] and message in found[2] for found in shown), (
            file,
            line,
            message,
            done.stdout,
        )
    assert len(shown) == len(MISTAKES), done.stdout


def test_words_of_a_project(tmp_path: Path) -> None:
    root = project.settle(tmp_path / "depot", project.HERE / "depot")
    with (root / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write('[tool.xmlwright.docs]\nlanguage = "de.toml"\n')
    words = root / "de.toml"
    words.write_text(
        'lang = "de"\n[words]\n"Argument" = "Argumente"\n"{0} fields of {1}" = "{0}"\n',
        encoding="utf-8",
    )
    done = doc_sites.docs(root, tmp_path / "site")
    assert done.returncode == 1
    assert "de.toml:3:1: error: the site has no text 'Argument'" in done.stdout
    assert "de.toml:4:1: error: the translation should have the same {0}" in done.stdout
    words.write_text('lang = "de"\n[words]\n"Arguments" = "Argumente"\n', encoding="utf-8")
    site = doc_sites.made(root, tmp_path / "site")
    page = parsed(site / "methods/article.create.html")
    assert page.get("lang") == "de"
    assert doc_sites.text(page.xpath("//h2[@id='arguments']")[0]) == "Argumente"


def test_french_has_every_word_of_the_site() -> None:
    """Literal texts of the templates and of the script, found in their source."""
    folder = doc_sites.CHECKOUT / "generator/xmlwright/docs"
    known = built_in()["fr"].words
    wanted: set[str] = set()
    for path in folder.glob("templates/*.j2"):
        for call in re.findall(
            r"\bt(?:\.fill)?\((['\"].*?)\)[ }|]", path.read_text(encoding="utf-8")
        ):
            wanted |= {
                one or other for one, other in re.findall(r"'([^']{3,})'|\"([^\"]{3,})\"", call)
            }
    script = (folder / "assets/site.js").read_text(encoding="utf-8")
    for call in re.findall(r"\bt\(((?:[^()\"]|\"[^\"]*\")*)\)", script):
        wanted |= set(re.findall(r'"([^"]{3,})"', call))
    assert len(wanted) > 80
    assert wanted - set(known) - {"answer", "xml", "system", "unsourced"} == set()


def test_guides_of_the_home_page_are_in_the_groups_of_the_navigation(site: Path) -> None:
    page = parsed(site / "index.html")
    found = [
        (doc_sites.text(section.xpath("h2")[0]), section.xpath(".//li/a/text()"))
        for section in page.xpath("//section[h2[starts-with(@id, 'guides')]]")
    ]
    assert found == [("Premiers pas", ["Vendre", "Installer le client"]), ("Guides", ["Zones"])]


def test_the_guide_shows_every_setting() -> None:
    text = (doc_sites.CHECKOUT / "docs/guide-documentation.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n(\[tool\.xmlwright\.docs\]\n.*?)```", text, re.DOTALL)
    assert set(re.findall(r"^([a-z-]+) = ", block, re.MULTILINE)) == set(KEYS)


def test_a_hidden_resource_leaves_no_page_and_no_broken_link(tmp_path: Path) -> None:
    root = project.settle(tmp_path / "depot", project.HERE / "depot")
    with (root / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write('[tool.xmlwright.docs]\nhidden = ["memo", "site", "article.get"]\n')
    site = doc_sites.made(root, tmp_path / "site")
    assert list(doc_sites.broken(site)) == []
    pages = {path.stem for path in (site / "resources").glob("*.html")}
    assert pages == {"article", "shared"}
    names = {path.stem for path in (site / "methods").glob("*.html")}
    assert "article.create" in names
    assert not [
        name for name in names if name.startswith(("memo.", "site.")) or name == "article.get"
    ]
