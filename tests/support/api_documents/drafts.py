"""Descriptions that ``xmlwright infer --new`` drafts from the documents of others, beside those written by hand."""

from __future__ import annotations

import dataclasses
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from lxml import etree

from api_documents.described import DescribedApi
from api_documents.documents import FOLDER, Document
from xmlwright.files import write_new_files
from xmlwright.inference.new_description import describe
from xmlwright.inference.operations import group
from xmlwright.inference.samples import SampleReader
from xmlwright.ir import Api, Field
from xmlwright.runtime.errors import Error
from xmlwright.runtime.reading import local_name, parse_xml
from xmlwright.starter import ProjectNames, settings_file


@dataclasses.dataclass(frozen=True)
class Draft:
    """A drafted description."""

    described: DescribedApi
    """The draft as an API whose documents can be read."""
    unread: tuple[str, ...]
    operations: Mapping[str, str]
    """Exchange -> method, as the draft groups them."""


_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []


_DRAFTS: dict[str, Draft] = {}


def draft_of(api: DescribedApi) -> Draft:
    """Draft a description from the documents of an API alone, once."""
    if api.folder not in _DRAFTS:
        _DRAFTS[api.folder] = _draft(api)
    return _DRAFTS[api.folder]


def _draft(api: DescribedApi) -> Draft:
    reader = SampleReader()
    reader.read([FOLDER / api.folder / "documents"])
    names = ProjectNames.of(api.folder)
    files = {"pyproject.toml": settings_file(names), **describe(reader.samples, names)}
    holder = tempfile.TemporaryDirectory(prefix="drafts-")
    _FOLDERS.append(holder)
    root = Path(holder.name) / "draft"
    write_new_files(root, files)
    operations = {
        re.sub(
            r"\.(request|response)\.\w+\Z", "", Path(sample.source).name
        ): f"{item.resource}.{item.verb}"
        for item in group(reader.samples).found
        for sample in item.samples
    }
    described = dataclasses.replace(
        api,
        example=str(root),
        unreadable={},
        same=lambda pairs: pairs,
        left_out=frozenset(),
        operation_of=lambda _, document: operations.get(document.exchange, ""),
    )
    return Draft(described, tuple(reader.unread), operations)


@dataclasses.dataclass(frozen=True)
class Agreement:
    """How far a draft agrees with the description that was written by hand, about what the documents show."""

    operations: tuple[int, int]
    """Methods whose documents, and no others, the draft has under one method; methods that documents show."""
    elements: tuple[int, int]
    attributes: tuple[int, int]
    types: tuple[int, int]

    def __str__(self) -> str:
        shown = (
            f"{name} {part}/{whole} ({part / max(whole, 1):.0%})"
            for name in ("operations", "elements", "attributes", "types")
            for part, whole in [getattr(self, name)]
        )
        return ", ".join(shown)


def share(pair: tuple[int, int]) -> float:
    """Return a pair of counts as a share; 1 if there is nothing to count."""
    return pair[0] / pair[1] if pair[1] else 1.0


def agreement(api: DescribedApi, draft: Draft) -> Agreement:
    """Compare a draft with the description written by hand."""
    pairs: set[tuple[str, str]] = set()
    seen: set[str] = set()
    for document in (*api.requests(), *api.responses()):
        asked = document.direction == "request"
        method = api.method_of(document) if asked else api.method_of_response(document)
        if method is not None:
            pairs.add((method.name, draft.operations.get(document.exchange, "")))
            seen.update(_names(document))
    by_hand = {name for name, _ in pairs}
    agreed = 0
    for name in by_hand:
        drafted = {other for one, other in pairs if one == name}
        agreed += len(drafted) == 1 and {one for one, other in pairs if other in drafted} == {name}
    ours, theirs = _kinds(api.api), _kinds(draft.described.api)
    shown = {name for name in ours if name in seen}
    elements = {name for name in shown if not name.startswith("@")}
    attributes = shown - elements
    scalars = {name for name in shown if ours[name] - {"record"} and name in theirs}
    return Agreement(
        (agreed, len(by_hand)),
        (len(elements & set(theirs)), len(elements)),
        (len(attributes & set(theirs)), len(attributes)),
        (sum(bool(ours[name] & theirs[name]) for name in scalars), len(scalars)),
    )


def _kinds(api: Api) -> dict[str, set[str]]:
    """Return the names of elements, attributes (``@name``) and parameters, with the kinds of value that they have."""
    fields = [
        *(item for record in api.records.values() for item in record.fields),
        *(item for method in api.methods for item in method.arguments),
    ]
    found: dict[str, set[str]] = {}
    for item in fields:
        if item.location is not None:
            name = item.location[1]
        elif item.attribute is not None:
            name = f"@{item.attribute}"
        elif item.path:
            name = item.path[-1]
        else:
            continue
        found.setdefault(name, set()).add(_kind(item))
        for wrapper in item.path[:-1]:
            found.setdefault(wrapper, set()).add("record")
    for method in api.methods:
        for part in (*method.response.element.split("/"), method.response.item, method.wrapper):
            if part and part != ".":
                found.setdefault(part, set()).add("record")
    return found


def _kind(item: Field) -> str:
    if item.record is not None:
        return "record"
    if item.enum is not None:
        return "text"  # a word is text, of which the documents may show too little to list them
    kind = str(item.read or item.write or "")
    return {"id": "int", "uri": "text"}.get(kind, kind)


def _names(document: Document) -> Iterator[str]:
    """Yield the names of elements, attributes and parameters of a document."""
    if document.direction == "request" and document.path.suffix == ".http":
        pairs = parse_qsl(urlsplit(document.url).query, keep_blank_values=True)
        if document.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            pairs += parse_qsl(document.body.decode(), keep_blank_values=True)
        yield from (name for name, _ in pairs)
    try:
        root = parse_xml(document.body)
    except Error:
        return
    for element in root.iter(etree.Element):
        yield local_name(element)
        yield from ("@" + str(key) for key in element.attrib)
