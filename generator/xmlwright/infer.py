"""Infer: what a field probably is, from its name, its texts, and what fields of that name are elsewhere in the description."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

from .model import Api, Field
from .naming import cap_words
from .runtime.reading import local_name


@dataclass(frozen=True, slots=True)
class Guess:
    """What was made of an element: keys of a field, and records that it needs."""

    keys: Mapping[str, str]
    """Key of the schema language -> YAML text."""
    records: Mapping[str, Mapping[str, Mapping[str, str]]]
    """New record -> its fields -> their keys."""


_SHAPES = (
    ("datetime", re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}\Z")),
    ("date", re.compile(r"\d{4}-\d{1,2}-\d{1,2}\Z")),
    ("uri", re.compile(r"https?://\S+\Z")),
    ("decimal", re.compile(r"-?\d+\.\d+\Z")),
)
_MONEY = re.compile(
    r"(amount|cost|rate|price|total|percent|paid|outstanding|balance|quantity|hours|budget|credit)"
)
_TEXTUAL = re.compile(r"(number|code|phone|fax|mobile|zip|vat|reference|name)")


def scalar_of(name: str, texts: Iterable[str], known: Mapping[str, str]) -> str:
    """The likeliest scalar type of texts under a name."""
    if name in known:
        return known[name]
    found = [text.strip() for text in texts if text.strip()]
    if name == "id" or name.endswith("_id"):
        return "id"
    if not found:
        return "text"
    for scalar, shape in _SHAPES:
        if all(shape.match(text) for text in found):
            return scalar
    if all(re.fullmatch(r"-?\d+(\.\d+)?", text) for text in found):
        if _MONEY.search(name):
            return "decimal"
        if _TEXTUAL.search(name) or any(text.startswith("0") and len(text) > 1 for text in found):
            return "text"
        if set(found) <= {"0", "1"}:
            return "flag"
        if any("." in text for text in found):
            return "decimal"
        return "int" if all(len(text) < 10 for text in found) else "text"
    return "text"


def known_scalars(api: Api) -> dict[str, str]:
    """Name of a field -> the scalar type that most fields of that name have."""
    votes: dict[str, Counter[str]] = {}
    for record in api.records.values():
        for item in record.fields:
            scalar = item.read or item.write
            if scalar is not None and not item.many:
                votes.setdefault(item.name, Counter())[scalar] += 1
    return {name: counts.most_common(1)[0][0] for name, counts in votes.items()}


def known_kinds(api: Api) -> dict[str, Field]:
    """Name of a field -> one that is described, for enums and records."""
    found: dict[str, Field] = {}
    for record in api.records.values():
        for item in record.fields:
            if item.enum is not None or item.record is not None:
                found.setdefault(item.name, item)
    return found


def guess(
    name: str,
    texts: list[str],
    elements: list[etree._Element],
    api: Api,
    owner: str,
    *,
    request: bool,
) -> Guess:
    """What an element called ``name`` of the record ``owner`` is."""
    known = known_scalars(api)
    if not elements:
        scalar = scalar_of(name, texts, known)
        target = name.removesuffix("_id")
        resources = {module.name for module in api.resources}
        if scalar == "id" and target in resources and target != name:
            return Guess({"ref": target}, {})
        return Guess({"type": scalar}, {})
    inner = [local_name(child) for element in elements for child in element]
    single = set(inner)
    if len(single) == 1 and all(len(child) for element in elements for child in element):
        return _list(
            name, inner[0], [child for element in elements for child in element], api, owner
        )
    if len(single) == 1 and len(inner) > len(elements):
        texts = ["".join(map(str, child.itertext())) for element in elements for child in element]
        return Guess({"list": inner[0], "type": scalar_of(inner[0], texts, known)}, {})
    return _nested(name, elements, api, owner)


def _list(name: str, item: str, elements: list[etree._Element], api: Api, owner: str) -> Guess:
    nested = _nested(item, elements, api, owner)
    return Guess({"list": item, **nested.keys}, nested.records)


def _nested(name: str, elements: list[etree._Element], api: Api, owner: str) -> Guess:
    record = f"{owner}{cap_words(name)}"
    fields: dict[str, Mapping[str, str]] = {}
    records: dict[str, Mapping[str, Mapping[str, str]]] = {}
    by_name: dict[str, list[etree._Element]] = {}
    for element in elements:
        for child in element:
            by_name.setdefault(local_name(child), []).append(child)
    for child_name, found in by_name.items():
        deeper = [child for child in found if len(child)]
        texts = ["".join(map(str, child.itertext())) for child in found if not len(child)]
        made = guess(child_name, texts, deeper, api, record, request=False)
        fields[child_name] = made.keys
        records.update(made.records)
    return Guess({"record": record}, {record: fields, **records})
