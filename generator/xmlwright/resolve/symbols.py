"""The names that a description declares, and the checks of references to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..diagnostics import Diagnostics, Position, Related, nearest
from ..ir import Field, NamedDoc, Provenance, Record, Ref
from ..naming import cap_words
from ..schema.decoder import Decl, Entries, LocatedStr
from ..schema.grammar import GroupDecl, ResourceDecl, SharedDecl
from ..schema.loader import Description

SHARED: Final = "shared"


class Scope:
    """The enums, groups and records that a module can name: its own, then the shared ones."""

    def __init__(
        self, module: str, own: ResourceDecl | SharedDecl, shared: SharedDecl | None
    ) -> None:
        self.module = module
        self.enums: Entries[LocatedStr, Ref] = Entries()
        self.records: Entries[LocatedStr, Ref] = Entries()
        self.groups: Entries[LocatedStr, GroupDecl] = Entries()
        for holder, decl in ((SHARED, shared), (module, own)):
            if decl is None:
                continue
            self.enums.update({name: Ref(holder, str(name)) for name in decl.enums})
            self.records.update({name: Ref(holder, str(name)) for name in decl.records})
            self.groups.update(decl.groups)
            for names, declared in (
                (self.enums, decl.enums),
                (self.records, decl.records),
                (self.groups, decl.groups),
            ):
                names.refused.update(refused(declared))


class SymbolTable:
    """The names of one description. Unknown names are added to ``diagnostics``.

    Attributes:
        used: Kind and name of each source, person and error code that a reference names.
        used_groups: Identities of the groups that a record includes.
        refused_fields: Fields of the current resource whose declarations were rejected.
    """

    def __init__(self, description: Description, diagnostics: Diagnostics) -> None:
        self.description = description
        self.diagnostics = diagnostics
        self.resources: Entries[str, ResourceDecl] = Entries()
        self.resources.update({decl.resource: decl for decl in description.resources})
        self.resources.refused.update(description.broken)
        account = description.account
        self.settings: Iterable[str] = account.settings if account is not None else ()
        self.used: set[tuple[str, str]] = set()
        self.used_groups: set[int] = set()
        self.refused_fields: set[str] = set()

    def check(self, what: str, name: LocatedStr, known: Iterable[str]) -> bool:
        """Return whether a name is known; add a diagnostic where it is not."""
        if name in known:
            return True
        self.dangling(what, name, known)
        return False

    def find(
        self, what: str, name: LocatedStr | None, known: Mapping[LocatedStr, Ref]
    ) -> Ref | None:
        """Return what a name refers to; add a diagnostic where it refers to nothing."""
        if name is None or not self.check(what, name, known):
            return None
        return known[name]

    def dangling(self, what: str, name: LocatedStr, known: Iterable[str]) -> None:
        """Add a diagnostic for an unknown name, with the nearest known one.

        A name whose declaration was rejected is skipped: that error is reported already.
        """
        if name in refused(known) or (what == "field" and name in self.refused_fields):
            return
        near = nearest(name, [*map(str, known), *refused(known)])
        place = next((item for item in known if item == near), None)
        self.diagnostics.add(
            "dangling-reference",
            f"unknown {what} {str(name)!r}",
            name.at,
            suggestion=near,
            related=(
                [Related(place.at, f"{near} is declared here")]
                if isinstance(place, LocatedStr)
                else ()
            ),
        )

    def check_codes(self, codes: Iterable[LocatedStr]) -> None:
        """Check error codes."""
        self._check_all("error code", codes, self.description.api.errors)

    def check_people(self, people: Iterable[LocatedStr]) -> None:
        """Check kinds of callers."""
        self._check_all("person", people, self.description.api.people)

    def check_sources(self, sources: Iterable[LocatedStr]) -> None:
        """Check sources, each by the part before a colon."""
        heads = [LocatedStr(re.split(r"[:\s]", one, maxsplit=1)[0], one.at) for one in sources]
        self._check_all("source", heads, self.description.api.sources)

    def check_event(self, event: LocatedStr) -> None:
        """Check an event; the one that asks for verification counts."""
        callbacks = self.description.api.callbacks
        if callbacks is None or event != callbacks.verification:
            self.check("event", event, self.description.api.events)

    def _check_all(self, what: str, names: Iterable[LocatedStr], known: Iterable[str]) -> None:
        for name in names:
            self.check(what, name, known)
            self.used.add((what, str(name)))

    def unused(self, message: str, at: Position) -> None:
        """Add a diagnostic for a declaration that nothing refers to."""
        self.diagnostics.add("unused", message, at)

    def contradiction(self, decl: Decl, key: str, message: str) -> None:
        """Add a diagnostic for a key that contradicts another."""
        self.diagnostics.add("contradiction", message, decl.where(key))

    def missing(self, decl: Decl, message: str) -> None:
        """Add a diagnostic for a required key that is missing."""
        self.diagnostics.add("missing-key", message, decl.at)

    def guess(self, decl: Any, outer: Any, what: str) -> str | None:
        """Return the sentence that documents an inferred rule; None for a rule that is known."""
        self.check_sources(decl.source)
        if (decl.provenance or outer.provenance) != "inferred":
            return None
        if decl.doc is None and decl.provenance is not None:
            self.missing(decl, "an inferred rule needs `doc`: say what is guessed")
        return prose(decl.doc) if decl.doc is not None else f"{what} is inferred"


def class_name_of(decl: ResourceDecl) -> str:
    """Return the name of the class that holds a resource's methods."""
    return str(decl.python or cap_words(str(decl.plural or f"{decl.resource}s")))


def names_of(items: Iterable[Field | Record]) -> list[LocatedStr]:
    """Return the names of fields or records, with their positions."""
    return [LocatedStr(item.name, item.at) for item in items]


def positions_of(decl: Decl, *keys: str) -> dict[str, Position]:
    """Return the positions of those of the keys that are present."""
    return {key: decl.keys[key] for key in keys if key in decl.keys}


def refused(known: object) -> Mapping[str, Position]:
    """Return the names whose declarations were rejected."""
    return known.refused if isinstance(known, Entries) else {}


def prose(text: LocatedStr | None) -> str:
    """Return a text on one line."""
    return " ".join(str(text).split()) if text is not None else ""


def texts(entries: Mapping[LocatedStr, LocatedStr]) -> dict[str, str]:
    """Return a mapping of texts, each on one line."""
    return {str(name): prose(text) for name, text in entries.items()}


def deprecation(value: LocatedStr | bool | None) -> str | None:
    """Return what to use instead; an empty text where it is not said, None if not deprecated."""
    if value is None or value is False:
        return None
    return "" if value is True else str(value)


def provenance_of(decl: Any, inherited: Provenance | None) -> Provenance:
    """Return how a declaration is known, by itself or by what contains it."""
    kind = str(decl.provenance) if decl.provenance is not None else None
    sources = tuple(map(str, decl.source))
    if inherited is None:
        return Provenance(kind or "documented", sources)
    if kind is None and not sources:
        return inherited
    return Provenance(kind or inherited.kind, sources or inherited.sources)


def named_docs(decls: Mapping[LocatedStr, Any]) -> tuple[NamedDoc, ...]:
    """Resolve declarations that have a name and a text only."""
    return tuple(
        NamedDoc(str(name), prose(decl.doc), provenance_of(decl, None), name.at)
        for name, decl in decls.items()
    )
