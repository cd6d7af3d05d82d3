"""Look up what the declarations of a description name: people, sources, codes, records. What is not there is told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from ..diagnostics import Diagnostics, Position, Related, nearest
from ..schema.decoder import Decl, Entries, Word
from ..schema.loader import Description
from ..schema.grammar import GroupDecl, ResourceDecl, SharedDecl
from ..memory import Memory
from ..ir import Field, Noted, Provenance, Record, Ref
from ..naming import cap_words

SHARED: Final = "shared"
_Same = TypeVar("_Same", bound="References")


class Scope:
    """What a module can name: its own enums, groups and records, and the shared ones."""

    def __init__(
        self, module: str, own: ResourceDecl | SharedDecl, shared: SharedDecl | None
    ) -> None:
        self.module = module
        self.enums: Entries[Word, Ref] = Entries()
        self.records: Entries[Word, Ref] = Entries()
        self.groups: Entries[Word, GroupDecl] = Entries()
        for holder, decl in ((SHARED, shared), (module, own)):
            if decl is None:
                continue
            self.enums.update({name: Ref(holder, str(name)) for name in decl.enums})
            self.records.update({name: Ref(holder, str(name)) for name in decl.records})
            self.groups.update(decl.groups)
            for mine, given in (
                (self.enums, decl.enums),
                (self.records, decl.records),
                (self.groups, decl.groups),
            ):
                mine.refused.update(refused(given))


class References:
    """The names of one description, and where problems with them are told."""

    def __init__(
        self,
        description: Description,
        diagnostics: Diagnostics,
        memory: Memory,
        resources: Entries[str, ResourceDecl] | None = None,
    ) -> None:
        self._d = description
        self._diagnostics = diagnostics
        self._memory = memory
        if resources is None:
            resources = Entries()
            resources.update({decl.resource: decl for decl in description.resources})
            resources.refused.update(description.broken)
        self._resources = resources
        self._used_groups: set[int] = set()
        self._used: set[tuple[str, str]] = set()
        self._refused_fields: set[str] = set()

    def _telling(self: _Same, diagnostics: Diagnostics) -> _Same:
        """One that knows the same and tells its problems elsewhere."""
        return type(self)(self._d, diagnostics, self._memory, self._resources)

    def _named(self, what: str, name: Word | None, known: Mapping[Word, Ref]) -> Ref | None:
        if name is None:
            return None
        found = known.get(name)
        if found is None:
            self._dangling(what, name, known)
        return found

    def _dangling(self, what: str, name: Word, known: Iterable[str]) -> None:
        if name in refused(known) or (what == "field" and name in self._refused_fields):
            return
        names = [*map(str, known), *refused(known)]
        near = nearest(name, names)
        related = []
        place = next((item for item in known if item == near and isinstance(item, Word)), None)
        if isinstance(place, Word):
            related.append(Related(place.at, f"{near} is described here"))
        self._diagnostics.add(
            "dangling-reference",
            f"there is no {what} {str(name)!r}",
            name.at,
            suggestion=near,
            related=related,
        )

    def _codes(self, codes: Iterable[Word], where: str) -> None:
        for code in codes:
            if code not in self._d.api.errors:
                self._dangling("error code", code, self._d.api.errors)
            self._used.add(("error code", str(code)))

    def _people(self, callers: Mapping[Word, Word]) -> None:
        for person in callers:
            if person not in self._d.api.people:
                self._dangling("person", person, self._d.api.people)
            self._used.add(("person", str(person)))

    def _sources(self, sources: Iterable[Word]) -> None:
        for source in sources:
            head = Word(re.split(r"[:\s]", source, maxsplit=1)[0], source.at)
            if head not in self._d.api.sources:
                self._dangling("source", head, self._d.api.sources)
            self._used.add(("source", str(head)))

    def _unused(self, message: str, at: Position) -> None:
        self._diagnostics.add("unused", message, at)

    def _contradiction(self, decl: Decl, key: str, message: str) -> None:
        self._diagnostics.add("contradiction", message, decl.where(key))


def class_name_of(decl: ResourceDecl) -> str:
    return str(decl.python or cap_words(str(decl.plural or f"{decl.resource}s")))


def names_of(items: Iterable[Field | Record]) -> list[Word]:
    return [Word(item.name, item.at) for item in items]


def places_of(decl: Decl, *keys: str) -> dict[str, Position]:
    """Where those of the keys that are there stand."""
    return {key: decl.keys[key] for key in keys if key in decl.keys}


def refused(known: object) -> Mapping[str, Position]:
    return known.refused if isinstance(known, Entries) else {}


def stand(
    named: Iterable[Any], attribute: str | None = None
) -> tuple[list[tuple[str, Position]], Mapping[str, Position]]:
    """Names and where they stand, to tell whether either has changed, and those that are known but were refused."""
    words = named if attribute is None else (getattr(item, attribute) for item in named)
    return [(str(word), word.at) for word in words], refused(named)


def prose(word: Word | None) -> str:
    return " ".join(str(word).split()) if word is not None else ""


def texts(words: Mapping[Word, Word]) -> dict[str, str]:
    return {str(name): " ".join(str(text).split()) for name, text in words.items()}


def deprecation(value: Word | bool | None) -> str | None:
    if value is None or value is False:
        return None
    return "" if value is True else str(value)


def provenance_of(decl: Any, inherited: Provenance | None) -> Provenance:
    kind = str(decl.provenance) if decl.provenance is not None else None
    sources = tuple(map(str, decl.source))
    if inherited is None:
        return Provenance(kind or "documented", sources)
    if kind is None and not sources:
        return inherited
    return Provenance(kind or inherited.kind, sources or inherited.sources)


def noted_of(decls: Mapping[Word, Any]) -> tuple[Noted, ...]:
    return tuple(
        Noted(str(name), prose(decl.doc), provenance_of(decl, None), name.at)
        for name, decl in decls.items()
    )
