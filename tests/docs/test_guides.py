"""Guides link to the reference by name, and an error in one fails the build at its line."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import small_project
from lxml import etree

from xmlwright import settings
from xmlwright.diagnostics import Diagnostics
from xmlwright.docs import guides
from xmlwright.docs.content import Guide, Page
from xmlwright.docs.links import Links
from xmlwright.docs.single import page_section
from xmlwright.pipeline import stages
from xmlwright.settings import Settings, SettingsError

PIXEL = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings.find(small_project.make(tmp_path_factory.mktemp("guides") / "project"))


@pytest.fixture(scope="module")
def links(project: Settings) -> Links:
    api, diagnostics = stages.resolved(project)
    assert api is not None, list(diagnostics)
    return Links(api)


def render(
    project: Settings, links: Links, folder: Path, **texts: str
) -> tuple[list[Page], list[str]]:
    """Return the pages of guides with these texts, and the problems in them."""
    docs = folder / "docs"
    docs.mkdir(exist_ok=True)
    for name, text in texts.items():
        (docs / f"guide-{name}.md").write_text(text, encoding="utf-8")
    diagnostics = Diagnostics()
    found = guides.find(dataclasses.replace(project, root=folder, guides=docs))
    pages = guides.pages(found, links, folder, diagnostics)
    shown = [
        f"{item.position.file}:{item.position.line}: {item.message}"
        + (f" (did you mean {item.suggestion}?)" if item.suggestion else "")
        for item in diagnostics
    ]
    return pages, shown


def guide(page: Page) -> Guide:
    assert isinstance(page.value, Guide)
    return page.value


@pytest.mark.parametrize(
    ("name", "href"),
    [
        ("book.create", "../methods/book.create.html"),
        ("book.create.title", "../methods/book.create.html#title"),
        ("Book", "../resources/book.html#Book"),
        ("Book.price", "../resources/book.html#Book.price"),
        ("Shelf.open", "../resources/shared.html#Shelf.open"),
        ("404", "../errors.html#404"),
    ],
)
def test_links_by_name(
    project: Settings, links: Links, tmp_path: Path, name: str, href: str
) -> None:
    pages, problems = render(project, links, tmp_path, a=f"# A\n\nSee [it](ref:{name}).\n")
    assert problems == []
    assert f'<a href="{href}">it</a>' in guide(pages[0]).html
    assert f"[it]({href.replace('.html', '.md')})" in guide(pages[0]).markdown


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[a](ref:book.creat)", "named 'book.creat' (did you mean book.create?)"),
        ("[a](ref:Book.prise)", "named 'Book.prise' (did you mean Book.price?)"),
        ("[a](guide-bb.md)", "docs/guide-bb.md doesn't exist (did you mean guide-b.md?)"),
        ("[a](guide-b.md#frst)", "the anchor 'frst' (did you mean first?)"),
        ("[a](#strat)", "the anchor 'strat' (did you mean start?)"),
        ("![a](dog.png)", "the image 'dog.png' doesn't exist (did you mean dot.png?)"),
        ("![a](https://example.com/a.png)", "isn't below the folder of guides"),
        ("![a](../a.png)", "isn't below the folder of guides"),
    ],
)
def test_broken_links_and_images(
    project: Settings, links: Links, tmp_path: Path, text: str, problem: str
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/dot.png").write_bytes(PIXEL)
    _, problems = render(
        project,
        links,
        tmp_path,
        a=f"# A\n\n## Start\n\nSome text,\nand {text}.\n",
        b="# B\n\n## First\n",
    )
    assert len(problems) == 1
    assert problem in problems[0]
    assert problems[0].startswith(("docs/guide-a.md:6: ", "docs/guide-a.md:5: "))


def test_invalid_python(project: Settings, links: Links, tmp_path: Path) -> None:
    text = "# A\n\n```python\nx = 1\ny = = 2\n```\n\n```python\nawait x()\n```\n"
    _, problems = render(project, links, tmp_path, a=text)
    assert problems == ["docs/guide-a.md:5: invalid Python in a code block: invalid syntax"]


def test_images_are_published_and_are_in_the_single_file(
    project: Settings, links: Links, tmp_path: Path
) -> None:
    (tmp_path / "docs/images").mkdir(parents=True)
    (tmp_path / "docs/images/a b.png").write_bytes(PIXEL)
    pages, problems = render(project, links, tmp_path, a="# A\n\n![dot](<images/a b.png>)\n")
    assert problems == []
    assert guide(pages[0]).images == (("guides/images/a b.png", PIXEL),)
    assert 'src="data:image/png;base64,' in page_section(guide(pages[0]).html, pages[0])


def test_links_between_guides_lead_to_pages_in_both_forms(
    project: Settings, links: Links, tmp_path: Path
) -> None:
    pages, _ = render(
        project, links, tmp_path,
        a="# A\n\n[b](guide-b.md#one)\n\n```md\n[b](guide-b.md#one)\n```\n", b="# B\n\n## One\n",
    )  # fmt: skip
    assert '<a href="b.html#one">' in guide(pages[0]).html
    assert guide(pages[0]).markdown.count("[b](b.md#one)") == 1
    assert guide(pages[0]).markdown.count("[b](guide-b.md#one)") == 1, "code is left alone"


def test_numbers_in_names_sort_as_numbers(project: Settings, links: Links, tmp_path: Path) -> None:
    texts = {f"{number}-x": f"# G{number}\n" for number in (10, 2, 1)}
    pages, _ = render(project, links, tmp_path, **texts)
    assert [page.title for page in pages] == ["G1", "G2", "G10"]


def test_admonitions_tasks_and_letters_of_other_alphabets(
    project: Settings, links: Links, tmp_path: Path
) -> None:
    text = "# A\n\n> [!WARNING]\n> Take care.\n\n- [x] done\n- [ ] open\n\n## Étape une\n"
    pages, _ = render(project, links, tmp_path, a=text)
    page: Any = etree.HTML(guide(pages[0]).html)
    (note,) = page.xpath("//blockquote[@class='admonition warning']")
    assert note.xpath("string(p/strong)") == "Warning"
    assert len(page.xpath("//li[@class='task']")) == 2
    assert guide(pages[0]).headings[0].anchor == "étape-une"


def test_a_folder_of_guides_that_does_not_exist(project: Settings, tmp_path: Path) -> None:
    wrong = dataclasses.replace(project, root=tmp_path, guides=tmp_path / "guids")
    with pytest.raises(SettingsError, match=r"guids/ is not a folder"):
        guides.find(wrong)
