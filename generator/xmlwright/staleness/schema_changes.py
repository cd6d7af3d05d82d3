"""Which pieces of a description changed between two manifests, and which of these a file has to do with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from ..diagnostics import Position
from ..ir import Api
from ..pipeline import fingerprints
from ..pipeline.fingerprints import Fingerprints

Read = tuple[str, str]
"""(piece, facet)."""

_HELD: Final = {
    "api errors": "error ",
    "api events": "event ",
    "api people": "person ",
    "api sources": "source ",
    "api scalars": "scalar ",
    "api modules": "resource ",
    "api limits": "limit ",
}
"""Container of the whole API -> how the pieces that it holds are called."""


class SchemaChanges:
    """What changed in a description since it was last built from."""

    def __init__(
        self, old: Mapping[str, str], api: Api, now: Fingerprints, *, generator: bool
    ) -> None:
        self._now = now
        self._generator = generator
        """Whether the generator changed, too; then it can be the cause of what no line explains."""
        table = now.table()
        self.added: set[str] = set()
        self.removed: set[str] = set()
        self.edited: set[str] = set()
        """Pieces whose YAML was added, is gone, says something else."""
        self.resolved: set[Read] = set()
        """What templates read and is not what it was, whatever is the cause."""
        for name in {*old, *table}:
            before, was = fingerprints.parse(old.get(name, fingerprints.NONE))
            after, this = fingerprints.parse(table.get(name, fingerprints.NONE))
            if before != after:
                kind = self.added if before == fingerprints.NONE else self.removed
                (self.edited if fingerprints.NONE not in (before, after) else kind).add(name)
            self.resolved |= {
                (name, facet) for facet in {*was, *this} if was.get(facet) != this.get(facet)
            }
        self._of_file: dict[str, str] = {}
        """Piece -> file, of all that templates can read."""
        self._shared: dict[str, Position] = {}
        """Field of a record -> where it stands, in a group perhaps."""
        for value, name in fingerprints.objects(api):
            if name and hasattr(value, "at"):
                self._of_file.setdefault(name, value.at.file)
                if name.startswith("field "):
                    self._shared[name] = value.at

    @property
    def pieces(self) -> set[str]:
        """All pieces whose YAML changed."""
        return self.added | self.removed | self.edited

    def place(self, name: str) -> Position | None:
        """Where a piece stands, or what holds it if it is gone."""
        places = self._now.places
        if name.startswith("case ") and name not in places:
            prefix = name[: name.index("/") + 1]
            return next((at for other, at in places.items() if other.startswith(prefix)), None)
        while name:
            if name in places:
                return places[name]
            name = _holder(name)
        return None

    def change(self, name: str) -> str:
        """``added``, ``removed`` or ``changed``."""
        return "added" if name in self.added else "removed" if name in self.removed else "changed"

    def causes(self, reads: Iterable[Read]) -> set[str]:
        """The changed pieces that a file comes from which reads these."""
        found: set[str] = set()
        for read in self.resolved.intersection(reads):
            found |= self._written(*read)
        return outermost(found, self)

    def _written(self, name: str, facet: str) -> set[str]:
        """The changed pieces of YAML that made one resolved piece what it is."""
        if name in self.pieces:
            return {name}
        if facet == "m":
            moved = _holder(name) in self.added | self.removed
            # Else the same ones in another order.
            return self._members(name) or {_holder(name) if moved else name}
        at = self._shared.get(name)
        if at is not None:
            found = {piece for piece in self.pieces if self._now.places.get(piece) == at}
            if found:
                return found
        return self._inherited(name)

    def _members(self, name: str) -> set[str]:
        kind, _, rest = name.partition(" ")
        owner = rest.removeprefix("of ")
        prefix = _HELD.get(name) or {
            "record": f"field {rest}.",
            "enum": f"word {rest}.",
            "methods": f"method {owner}.",
            "cases": f"case {owner}/",
            "records": f"record {owner}/",
            "enums": f"enum {owner}/",
        }.get(kind, "\0")
        return {piece for piece in self.added | self.removed if piece.startswith(prefix)}

    def _inherited(self, name: str) -> set[str]:
        """Pieces that say something of many others: of the whole file, a group, a kind of method; the nearest first."""
        file = self._of_file.get(name) or self._file_of_resource(name.rpartition(" of ")[2])
        in_file = {
            piece
            for piece in self.pieces
            if (at := self.place(piece)) is not None and at.file == file
        }
        levels = [
            {piece for piece in in_file if " of " in piece and not piece.startswith("field of")},
            {piece for piece in self.pieces if piece.startswith(("group ", "field of group "))},
            {piece for piece in self.pieces if piece.startswith(("errors of ", "api paging"))},
        ]
        if not self._generator:
            levels += [in_file, {piece for piece in self.pieces if piece.startswith("api ")}]
        return next((level for level in levels if level), set())

    def _file_of_resource(self, name: str) -> str:
        at = self._now.places.get(f"resource {name}")
        return at.file if at is not None else ""


def outermost(names: set[str], changes: SchemaChanges) -> set[str]:
    """Without pieces that came or went with what holds them."""

    def within(name: str) -> bool:
        moved = changes.added if name in changes.added else changes.removed
        holder = _holder(name)
        while holder:
            if holder in moved:
                return True
            holder = _holder(holder)
        return False

    return {name for name in names if not within(name)}


def _holder(name: str) -> str:
    """The piece that holds a piece; empty for none."""
    kind, _, rest = name.partition(" ")
    if name.startswith("field of group "):
        return f"group {name.removeprefix('field of group ').rpartition('.')[0]}"
    if kind in ("field", "word"):
        return f"{'record' if kind == 'field' else 'enum'} {rest.partition('.')[0]}"
    if rest.startswith("of ") or kind in ("method", "case", "group", "record", "enum"):
        return "resource " + re.split("[./]", rest.removeprefix("of "), maxsplit=1)[0]
    return ""


def in_words(name: str) -> str:
    """A piece as messages name it: records and enums have names of their own."""
    return re.sub(r"^(record|field|enum|word) \w+/", r"\1 ", name)
