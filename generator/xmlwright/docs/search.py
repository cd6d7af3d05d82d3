"""The search index, a script, because pages on disk can't fetch data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from .content import (
    Article,
    Code,
    Guide,
    Home,
    Link,
    MethodValue,
    Page,
    Parameter,
    ResourceValue,
    Site,
    Table,
)
from .language import ENGLISH, Language

Row = tuple[str, str, str, str]
"""Kind, name, summary, address."""


def index_rows(site: Site, language: Language = ENGLISH) -> list[Row]:
    """Return everything that can be found."""
    found: list[Row] = []
    for page in site.pages:
        found += _page(page, language)
    return found


def _page(page: Page, language: Language) -> Iterator[Row]:
    value = page.value
    if isinstance(value, Home):
        yield "heading", language(
            "Install and make a first call"
        ), value.install, f"{page.url}#start"
    elif isinstance(value, MethodValue):
        summary = f"{page.summary} ({language('deprecated')})" if value.deprecated else page.summary
        yield "method", page.title, summary, page.url
        yield from _parameters(value.parameters, page.url, page.title, language)
    elif isinstance(value, ResourceValue):
        yield "resource", page.title, page.summary, page.url
        for record in value.records:
            yield "record", record.name, record.doc, f"{page.url}#{record.anchor}"
            for item in record.fields:
                yield "field", f"{record.name}.{item.name}", _summary(
                    item, language
                ), f"{page.url}#{item.anchor}"
        for enum in value.enums:
            yield "enum", enum.name, enum.doc, f"{page.url}#{enum.anchor}"
            for word in enum.words:
                yield "word", f"{enum.name}: {word.word}", word.doc, f"{page.url}#{word.anchor}"
    elif isinstance(value, Article):
        yield "page", page.title, page.summary, page.url
        yield from _article(page, value)
    elif isinstance(value, Guide):
        yield "guide", page.title, page.summary, page.url
        for heading in value.headings:
            yield "heading", f"{page.title}: {heading.text}", heading.content, f"{page.url}#{heading.anchor}"


def _parameters(
    items: Sequence[Parameter], url: str, before: str, language: Language
) -> Iterator[Row]:
    for item in items:
        name = f"{before}.{item.name}"
        yield "argument", name, _summary(item, language), f"{url}#{item.anchor}"


def _summary(item: Parameter, language: Language) -> str:
    wire = f" {item.wire}" if item.wire != item.name else ""
    facts = f"{item.type}, {language('deprecated')}" if item.deprecated else item.type
    return f"{item.doc} ({facts}){wire}".strip()


def _article(page: Page, value: Article) -> Iterator[Row]:
    kind = {"errors.html": "error", "events.html": "event", "python.html": "name"}.get(
        page.url, "heading"
    )
    for section in value.sections:
        # The cells first: what a table says, such as the message of an error, is what people have seen and look for.
        texts = [
            _text(cell)
            for block in section.blocks
            if isinstance(block, Table) and not block.anchors
            for row in block.rows
            for cell in row[1:]
        ]
        texts += [block for block in section.blocks if isinstance(block, str)]
        title = section.title if kind == "error" else f"{page.title}: {section.title}"
        own = "error" if kind == "error" else "heading"
        yield own, title, " ".join(texts)[:200], f"{page.url}#{section.anchor}"
        for block in section.blocks:
            if isinstance(block, Table) and block.anchors:
                for row, anchor in zip(block.rows, block.anchors, strict=True):
                    href = row[0].href if isinstance(row[0], Code) else ""
                    yield kind, _text(row[0]), " ".join(
                        map(_text, row[1:])
                    ), href or f"{page.url}#{anchor}"


def _text(cell: str | Link | Code) -> str:
    return cell if isinstance(cell, str) else cell.text


def index_script(found: Sequence[Row]) -> str:
    """Return the index as a script that can be embedded in a page."""
    made = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        made = made.replace(char, f"\\u{ord(char):04x}")
    return f"window.searchIndex={made};\n"
