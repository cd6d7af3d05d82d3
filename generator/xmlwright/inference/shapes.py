"""Structure of elements in samples: which of them are the same record, which are lists, and what their texts are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from ..runtime.reading import local_name
from .infer import plural_of

_ALIKE: Final = 0.5
"""Share of the members of the smaller of two elements that the other has, if both are the same record."""
_TEXTS: Final = 500
"""Texts of one place that are looked at."""
MOST_PLACES: Final = 20_000
MOST_NAMES: Final = 300
"""Different children of an element that are names; more are keys."""
_DEEPEST: Final = 60


DATA_TYPES: Final = frozenset(
    [
        "string",
        "integer",
        "int",
        "float",
        "decimal",
        "double",
        "boolean",
        "bool",
        "date",
        "datetime",
        "array",
        "symbol",
        "hash",
    ]
)
"""Words of an attribute ``type`` that say what a text is, rather than being data."""


class ShapeError(Exception):
    """The samples have no structure that can be described."""


@dataclass(eq=False, slots=True)
class Place:
    """All elements at one path of one method and direction, or of several that are the same record."""

    name: str
    count: int = 0
    repeated: bool = False
    """Whether the element around it has several."""
    texts: list[str] = field(default_factory=list)
    empty: int = 0
    attributes: dict[str, list[str]] = field(default_factory=dict)
    children: dict[str, Place] = field(default_factory=dict)
    directions: set[str] = field(default_factory=set)
    bodies: int = 0
    """Elements with children."""
    same: Place | None = None
    """The place that this one was merged into."""

    def root(self) -> Place:
        """Return the place that it was merged into."""
        place = self
        while place.same is not None:
            place = place.same
        return place

    @property
    def structured(self) -> bool:
        """Whether it has children or attributes."""
        return bool(self.children or self.attributes)

    @property
    def members(self) -> set[str]:
        """Names of its children and attributes."""
        return {*self.children, *(f"@{name}" for name in self.attributes)}


class Shapes:
    """Collects elements and merges those that are the same record."""

    def __init__(self) -> None:
        self._places: list[Place] = []
        self.ignored: frozenset[str] = frozenset()
        """Attributes that are not data."""

    def collect(self, elements: Iterable[etree._Element], direction: str, name: str) -> Place:
        """Return the place of elements at one path."""
        place = self._new(name)
        for element in elements:
            place.count += 1
            self._add(place, element, direction, 0)
        return place

    def _new(self, name: str) -> Place:
        if len(self._places) >= MOST_PLACES:
            raise ShapeError(
                f"the samples have more than {MOST_PLACES:,} different places of elements; give samples of fewer methods"
            )
        place = Place(name)
        self._places.append(place)
        return place

    def _add(self, place: Place, element: etree._Element, direction: str, depth: int) -> None:
        if depth > _DEEPEST:
            raise ShapeError(f"elements are nested more than {_DEEPEST} deep")
        place.directions.add(direction)
        for key, text in element.attrib.items():
            name = str(key)
            if (
                name.startswith("{")
                or name in self.ignored
                or (name == "type" and text in DATA_TYPES)
            ):
                continue
            texts = place.attributes.setdefault(name, [])
            if len(texts) < _TEXTS:
                texts.append(str(text))
        children = list(element.iterchildren(etree.Element))
        own = "".join([element.text or "", *(child.tail or "" for child in element)]).strip()
        if own:
            if len(place.texts) < _TEXTS:
                place.texts.append(own)
        elif not children:
            place.empty += 1
        place.bodies += bool(children)
        counts = Counter(local_name(child) for child in children)
        for child in children:
            name = local_name(child)
            inner = place.children.get(name)
            if inner is None:
                inner = place.children[name] = self._new(name)
            inner.count += 1
            inner.repeated |= counts[name] > 1
            self._add(inner, child, direction, depth + 1)

    def unify(self) -> None:
        """Merge the places of the same name whose members agree, and what is in them."""
        by_name: dict[str, list[Place]] = {}
        for place in self._places:
            if place.structured:
                by_name.setdefault(place.name, []).append(place)
        for places in by_name.values():
            kept: list[Place] = []
            for place in sorted(places, key=lambda item: -len(item.members)):
                place = place.root()
                if place in kept:
                    continue
                for other in kept:
                    other = other.root()
                    common = len(place.members & other.members)
                    if common >= _ALIKE * min(len(place.members), len(other.members)):
                        self._merge(other, place)
                        break
                else:
                    kept.append(place)

    def _merge(self, into: Place, other: Place) -> None:
        pairs = [(into, other)]
        while pairs:
            kept, gone = (item.root() for item in pairs.pop())
            if kept is gone:
                continue
            gone.same = kept
            kept.count += gone.count
            kept.bodies += gone.bodies
            kept.empty += gone.empty
            kept.directions |= gone.directions
            kept.texts += gone.texts[: _TEXTS - len(kept.texts)]
            for name, texts in gone.attributes.items():
                known = kept.attributes.setdefault(name, [])
                known += texts[: _TEXTS - len(known)]
            for name, inner in gone.children.items():
                mine = kept.children.get(name)
                if mine is None:
                    kept.children[name] = inner
                else:
                    mine.repeated |= (
                        inner.repeated
                    )  # of the place in this record, whatever it was merged into
                    pairs.append((mine, inner))


def item_of(place: Place) -> str | None:
    """Return the element that a wrapper repeats; None if the element is not a wrapper."""
    place = place.root()
    if len(place.children) != 1 or place.attributes or place.texts:
        return None
    (name,) = place.children
    if place.children[name].repeated or plural_of(place.name, name):
        return name
    return None


def too_many(place: Place) -> bool:
    """Return whether the names of the children are keys rather than names."""
    return len(place.root().children) > MOST_NAMES


# texts

FLAG_WORDS: Final = (("true", "false"), ("True", "False"), ("yes", "no"), ("Y", "N"), ("1", "0"))
FORMATS: Final[tuple[tuple[str, Mapping[str, str], str], ...]] = (
    ("datetime", {"format": "iso8601"}, r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?"),
    ("datetime", {}, r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"),
    ("date", {}, r"\d{4}-\d\d-\d\d"),
    ("date", {"format": "%m/%d/%Y"}, r"(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])/\d{4}"),
    ("datetime", {"format": "http_date"}, r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"),
)  # fmt: skip
"""Type, keys of its scalar, and what texts look like."""
_MEASURES: Final = frozenset(["amount", "cost", "rate", "price", "balance", "fee", "tax"])
"""Last words of names whose integers are amounts."""
_NAMES: Final = frozenset(
    [
        "number",
        "code",
        "phone",
        "fax",
        "mobile",
        "zip",
        "postal",
        "vat",
        "reference",
        "name",
        "version",
        "token",
        "port",
    ]
)
"""Last words of names whose digits are text."""
_ORDER: Final = frozenset(["page", "step", "line", "row", "sequence", "error"])
"""Words beside ``number`` that make it a number."""
_LONGEST_INT: Final = 9
"""Digits of a number; a longer one identifies something."""
_CHOICE: Final = re.compile(
    r"(status|state|type|kind|mode|role|method|level|unit|action|category)\Z", re.IGNORECASE
)
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,29}\Z")


@dataclass(frozen=True, slots=True)
class TextGuess:
    """The likeliest type of the texts of one place."""

    kind: str
    """A type of the language; ``enum`` for words."""
    keys: tuple[tuple[str, str], ...] = ()
    """Keys of its format."""
    words: tuple[str, ...] = ()
    """Words of a flag or of an enum."""
    sure: bool = True


def guess_text(name: str, texts: Iterable[str]) -> TextGuess:
    """Return the likeliest type of texts with a name; all of them fit it."""
    found = [text.strip() for text in texts if text.strip()]
    if not found:
        return TextGuess("text", sure=False)
    words = set(found)
    for kind, keys, pattern in FORMATS:
        if all(re.fullmatch(pattern, text) for text in words):
            return TextGuess(kind, tuple(keys.items()))
    for yes, no in FLAG_WORDS[:-1]:
        if words <= {yes, no}:
            return TextGuess("flag", words=(yes, no), sure=len(words) == 2)
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    last = parts[-1].lower() if parts else ""
    textual = last in _NAMES and _ORDER.isdisjoint(part.lower() for part in parts)
    zeros = any(re.match(r"-?0\d", text) for text in words)
    if all(re.fullmatch(r"-?\d*\.\d+", text) for text in words) and not textual:
        return TextGuess("decimal")
    if all(re.fullmatch(r"-?\d+", text) for text in words):
        if textual or zeros or any(len(text) > _LONGEST_INT for text in words):
            return TextGuess("text", sure=False)
        if last in _MEASURES:
            return TextGuess("decimal", sure=False)
        return TextGuess("int", sure=len(words) > 1)
    if all(re.fullmatch(r"-?(\d+|\d*\.\d+)", text) for text in words) and not textual:
        return TextGuess("text" if zeros else "decimal", sure=False)
    if (
        _CHOICE.search(name)
        and all(_WORD.match(text) for text in words)
        and len(words) <= 12
        and len(found) >= 2 * len(words)
        and len(found) >= 4
    ):
        return TextGuess("enum", words=tuple(sorted(words)), sure=False)
    return TextGuess("text")
