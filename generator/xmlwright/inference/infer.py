"""Inference of fields from names, values, and fields of the same name in the description."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from ..ir import Api, Field, Record, Ref
from ..runtime.reading import local_name
from .yaml_text import class_words, quoted


@dataclass(frozen=True, slots=True)
class FieldGuess:
    """The keys of a proposed field, and the records that it needs."""

    keys: Mapping[str, str]
    """Key of the schema language -> YAML text."""
    records: Mapping[str, Mapping[str, Mapping[str, str]]]
    """New record -> its fields -> their keys."""


_SHAPES: Final = {
    "datetime": re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?\Z"),
    "date": re.compile(r"\d{4}-\d{1,2}-\d{1,2}\Z"),
    "uri": re.compile(r"https?://\S"),
    "binary": re.compile(r"cid:\S+\Z"),
}
"""Unambiguous formats."""
_FITTING: Final = {
    **_SHAPES,
    "id": re.compile(r"\d+\Z"),
    "int": re.compile(r"[+-]?\d+\Z"),
    "flag": re.compile(r"[01]\Z"),
    "decimal": re.compile(r"[+-]?(\d+\.?\d*|\.\d+)\Z"),
    "date": re.compile(r"\d{4}-\d{1,2}-\d{1,2}( 00:00:00)?\Z"),
    "datetime": re.compile(r"\d{4}-\d{1,2}-\d{1,2}([ T].*)?\Z"),
}
# A few integers do not show what a number is; parts of names often do.
_COUNT = re.compile(r"(^|_)(number_of|count|order|position|limit|days|times|page|pages)(_|$)")
_TEXTUAL = re.compile(r"(number|code|phone|fax|mobile|zip|vat|reference|name)")
_MEASURE = re.compile(
    r"(amount|cost|rate|price|total|percent|outstanding|balance|quantity|hours|discount|fee|inventory)"
)
_MEASURE_OR_NOT = re.compile(r"(paid|budget|credit|(^|_)tax\d*$)")
_LONGEST_INT: Final = 9
"""Digits of a count; a longer number is an identifier."""
_ODD: Final = 0.2
"""Share of documents that may be wrong."""


def mostly(texts: Collection[str], fits: Callable[[str], object]) -> bool:
    """Return whether nearly all texts fit."""
    return sum(not fits(text) for text in texts) <= _ODD * len(texts)


def scalar_of(name: str, texts: Iterable[str]) -> str:
    """Return the likeliest scalar type of texts with a name."""
    found = [text.strip() for text in texts if text.strip()]
    textual = _TEXTUAL.search(name) is not None
    is_id = name == "id" or (name.endswith("_id") and not textual)
    if is_id and mostly(found, _FITTING["id"].match):
        return "id"
    if _COUNT.search(name) and mostly(found, _FITTING["int"].match):
        return "int"
    if not found:
        return "decimal" if _MEASURE.search(name) and not textual else "text"
    for scalar, shape in _SHAPES.items():
        if mostly(found, shape.match):
            return scalar
    if not mostly(found, _FITTING["decimal"].match):
        return "text"
    if any(re.match(r"-?\d+\.\d", text) for text in found) and not textual:
        return "decimal"
    if textual or any(re.match(r"0\d", text) for text in found):
        return "text"
    if _MEASURE.search(name):
        return "decimal"
    if set(found) <= {"0", "1"}:
        return "flag"
    if _MEASURE_OR_NOT.search(name):
        return "decimal"
    return "int" if all(len(text) <= _LONGEST_INT for text in found) else "text"


def fits(scalar: str, texts: Iterable[str]) -> bool:
    """Return whether texts fit a scalar type."""
    shape = _FITTING.get(scalar)
    return shape is None or mostly([text.strip() for text in texts if text.strip()], shape.match)


TEXT: Final = (("type", "text"),)


class FieldGuesser:
    """Guesses fields; described fields of the same name are the likeliest."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: dict[str, list[tuple[Ref, Field]]] = {}
        self._resources = {module.name for module in api.resources}
        for ref, record in api.records.items():
            for item in record.fields:
                last = item.attribute or (item.path[-1] if item.path else item.name)
                for name in {last, item.path[0] if item.path else item.name}:
                    self._known.setdefault(name, []).append((ref, item))

    def guess(
        self,
        name: str,
        texts: Mapping[str, list[str]],
        elements: list[etree._Element],
        owner: Ref,
        *,
        inside: str = "",
        repeated: bool = False,
    ) -> FieldGuess:
        """Return the field for an element of a record.

        Args:
            name: Name of the element.
            texts: Direction -> its texts.
            elements: Its occurrences with child elements.
            owner: The record.
            inside: The element around it, if that is not the record's.
            repeated: Whether the record has several of it.
        """
        texts = {
            way: [text for text in found if not _placeholder(name, text)]
            for way, found in texts.items()
        }
        made = (
            self._structure(name, elements, owner)
            if elements
            else FieldGuess(self._scalar(name, texts, owner), {})
        )
        if repeated or (inside and plural_of(inside, name)):
            return FieldGuess({"repeated": "true", **made.keys}, made.records)
        return made

    # scalars

    def _scalar(self, name: str, texts: Mapping[str, list[str]], owner: Ref) -> dict[str, str]:
        every = [text for found in texts.values() for text in found]
        target = name.removesuffix("_id")
        if target != name and target in self._resources and fits("id", every):
            main = (
                next(m for m in self._api.resources if m.name == owner.module).records[:1]
                if owner.module in self._resources
                else ()
            )
            own = target == owner.module and any(record.name == owner.name for record in main)
            return {"type": "id"} if own else {"ref": target}
        votes = self._votes(name, texts, owner)
        specific = [keys for keys in votes if keys != TEXT]
        if specific:
            return dict(specific[0])
        enum = self._enum(name, every, owner)
        if enum is not None:
            return {"enum": enum}
        if votes:
            return dict(TEXT)
        scalar = scalar_of(name, every)
        read, write = (
            (
                scalar_of(name, texts.get(key, ()))
                if any(map(str.strip, texts.get(key, ())))
                else scalar
            )
            for key in ("response", "request")
        )
        if {read, write} == {"date", "datetime"}:
            return {"type": f"{{read: {read}, write: {write}}}"}
        return {"type": scalar}

    def _votes(
        self, name: str, texts: Mapping[str, list[str]], owner: Ref
    ) -> list[tuple[tuple[str, str], ...]]:
        """Return the types of other fields of that name that the texts fit, the likeliest first."""
        every = [text for found in texts.values() for text in found]
        flag = scalar_of(name, every) == "flag"
        votes: Counter[tuple[tuple[str, str], ...]] = Counter()
        for ref, item in self._known.get(name, ()):
            keys = self._keys(item, owner)
            if keys is None or not self._possible(item, texts) or (flag and item.read == "decimal"):
                continue
            votes[tuple(keys.items())] += 3 if ref.module == owner.module else 1
        return [keys for keys, _ in votes.most_common()]

    def _keys(self, item: Field, owner: Ref) -> dict[str, str] | None:
        """Return the keys for the type of a field, if the owner's file can use them."""
        if item.record is not None:
            return None
        if item.enum is not None:
            return {"enum": item.enum.name} if self._reachable(item.enum, owner) else None
        if item.ref is not None:
            kind = str(item.read if item.readable else item.write)
            return {"ref": item.ref} if kind == "id" else {"type": kind, "ref": item.ref}
        if item.read == item.write or not (item.readable and item.writable):
            return {"type": str(item.read if item.readable else item.write)}
        return {"type": f"{{read: {item.read}, write: {item.write}}}"}

    def _reachable(self, ref: Ref, owner: Ref) -> bool:
        shared = next((module.name for module in self._api.modules if not module.methods), None)
        return ref.module in (owner.module, shared)

    def _possible(self, item: Field, texts: Mapping[str, list[str]]) -> bool:
        if item.enum is not None:
            words = self._words(item.enum)
            every = [text for found in texts.values() for text in found if text.strip()]
            return mostly(every, words.__contains__)
        answers, requests = texts.get("response", ()), texts.get("request", ())
        return fits(item.read or item.write or "", answers) and fits(
            item.write or item.read or "", requests
        )

    def _words(self, ref: Ref) -> set[str]:
        return {
            text
            for word in self._api.enums[ref].words
            for text in (word.word, word.request, word.response)
        }

    def _enum(self, name: str, texts: list[str], owner: Ref) -> str | None:
        """Return an enum with nearly all of the texts, named like the field or from the same file."""
        found = [text for text in texts if text.strip()]
        best: tuple[tuple[bool, bool, int], str] | None = None
        for ref in self._api.enums:
            words = self._words(ref)
            if (
                not found
                or not self._reachable(ref, owner)
                or not mostly(found, words.__contains__)
            ):
                continue
            named = ref.name.endswith(class_words(name))
            if named or (ref.module == owner.module and not any(map(str.isdigit, words))):
                rank = (named, ref.module == owner.module, -len(words))
                best = max(best or (rank, ref.name), (rank, ref.name))
        return best[1] if best is not None else None

    # elements with child elements

    def _structure(self, name: str, elements: list[etree._Element], owner: Ref) -> FieldGuess:
        children = [child for element in elements for child in element]
        counts = Counter(local_name(child) for child in children)
        item = next((inner for inner in counts if plural_of(name, inner)), None)
        if item is None and len(counts) == 1:
            (inner,) = counts
            if counts[inner] > len([element for element in elements if len(element)]):
                item = inner
            elif not any(len(child) or child.attrib for child in children):
                texts = {"response": [child.text or "" for child in children]}
                return FieldGuess(
                    {"at": quoted(f"{name}/{inner}"), **self._scalar(inner, texts, owner)}, {}
                )
        if item is None:
            return self._record(name, elements, owner)
        items = [child for child in children if local_name(child) == item]
        structured = [child for child in items if len(child) or child.attrib]
        if not structured:
            texts = {"response": [child.text or "" for child in items]}
            return FieldGuess({"list": quoted(item), **self._scalar(item, texts, owner)}, {})
        nested = self._record(item, structured, owner, around=name)
        keys = {"list": quoted(item), **nested.keys}
        known = self._api.records.get(Ref(owner.module, nested.keys["record"]))
        others = set(counts) - {item}
        if (
            known is not None
            and others
            and others <= {part for field in known.fields for part in field.path[:1]}
        ):
            keys["bare"] = "true"
        return FieldGuess(keys, nested.records)

    def _record(
        self, name: str, elements: list[etree._Element], owner: Ref, *, around: str = ""
    ) -> FieldGuess:
        names = {local_name(child) for element in elements for child in element}
        names.discard(around)  # a recursive record
        known = self._fitting(name, names, elements, owner)
        if known is not None:
            return FieldGuess({"record": known}, {})
        record = f"{owner.name}{class_words(name)}"
        fields: dict[str, Mapping[str, str]] = {}
        records: dict[str, Mapping[str, Mapping[str, str]]] = {}
        by_name: dict[str, list[etree._Element]] = {}
        for element in elements:
            for child in element:
                by_name.setdefault(local_name(child), []).append(child)
        for attribute in dict.fromkeys(str(key) for element in elements for key in element.attrib):
            texts = {"response": [element.get(attribute, "") for element in elements]}
            fields[attribute] = {
                "at": quoted(f"@{attribute}"),
                **self._scalar(attribute, texts, owner),
            }
        if any((element.text or "").strip() for element in elements):
            texts = {"response": [element.text or "" for element in elements]}
            fields["value"] = {"at": quoted("."), **self._scalar(name, texts, owner)}
        for child_name, found in by_name.items():
            deeper = [child for child in found if len(child)]
            texts = {"response": [child.text or "" for child in found if not len(child)]}
            made = self.guess(child_name, texts, deeper, Ref(owner.module, record))
            fields[child_name] = made.keys
            records.update(made.records)
        return FieldGuess({"record": record}, {record: fields, **records})

    def _fitting(
        self, name: str, names: set[str], elements: list[etree._Element], owner: Ref
    ) -> str | None:
        """Return the most similar described record that has all fields of the elements."""
        attributes = {str(key) for element in elements for key in element.attrib}
        best: tuple[tuple[bool, bool, float], str] | None = None
        for ref, record in self._api.records.items():
            if not self._reachable(ref, owner) or not (names or attributes):
                continue
            known = {item.path[0] for item in record.fields if item.path}
            of_attributes = {item.attribute for item in record.fields if item.attribute}
            if not names <= known or not attributes <= of_attributes:
                continue
            alike = len(names | attributes) / len(known | of_attributes)
            rank = (_named(record, name, owner), self._used(ref, name), alike)
            if best is None or rank > best[0]:
                best = (rank, ref.name)
        return best[1] if best is not None else None

    def _used(self, ref: Ref, name: str) -> bool:
        return any(item.record == ref for _, item in self._known.get(name, ()))


def _named(record: Record, name: str, owner: Ref) -> bool:
    """Return whether a record has the name that the element would give it."""
    one = class_words(name)
    return record.name in {one, owner.name + one, class_words(owner.module) + one}


def _placeholder(name: str, text: str) -> bool:
    """Return whether a text is a placeholder: the name itself, perhaps with a number."""
    return re.fullmatch(re.escape(name) + r"_?\d*", text.strip()) is not None


def plural_of(plural: str, one: str) -> bool:
    """Return whether an element name is the plural of another."""
    ends = {f"{one}s", f"{one}es", f"{one.removesuffix('y')}ies"}
    return plural == one or any(plural.endswith(end) for end in ends)
