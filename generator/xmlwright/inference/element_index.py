"""Spots: which elements, attributes and texts the description knows at each place of a document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..ir import Api, Field, Method, Ref


class Spot:
    """One element of documents, and what may stand in it."""

    __slots__ = ("attributes", "bare", "children", "inner", "leaf", "owner", "prefix", "text")

    def __init__(self, owner: Ref | None, prefix: tuple[str, ...] = ()) -> None:
        self.owner = owner
        """The record whose fields stand here; None for arguments that are of no record."""
        self.prefix = prefix
        """Element names from the record's element to here."""
        self.children: dict[str, Spot] = {}
        self.attributes: set[str] = set()
        self.text = False
        """Whether text of its own is described."""
        self.leaf = False
        """Whether it holds a scalar."""
        self.inner: Ref | None = None
        """The record that stands here."""
        self.bare: Ref | None = None
        """The record whose fields may stand here without its element."""


class Spots:
    """The spots of a description, made when asked for. Letters say which fields: ``r``, ``c``, ``u`` or ``cu``."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._records: dict[tuple[Ref, str], Spot] = {}

    def record(self, ref: Ref, letters: str) -> Spot:
        """The element of a record."""
        found = self._records.get((ref, letters))
        if found is None:
            found = self._records[ref, letters] = self.of(
                self._api.records[ref].fields, ref, letters
            )
        return found

    def of(self, fields: Iterable[Field], owner: Ref | None, letters: str) -> Spot:
        """An element that holds fields."""
        root = Spot(owner)
        for item in fields:
            if not set(letters) & set(item.access):
                continue
            if item.attribute is not None:
                root.attributes.add(item.attribute)
                continue
            if item.content and (not item.path or letters == "r"):  # `also: content` is for reading
                root.text = True
            spot = root
            for depth, name in enumerate(item.path):
                if item.bare and depth == len(item.path) - 1:
                    spot.bare = item.record
                spot = spot.children.setdefault(name, Spot(owner, (*spot.prefix, name)))
            if item.path:
                spot.inner = spot.inner or item.record
                spot.leaf = spot.leaf or item.record is None
        return root


def owner_of(api: Api, method: Method) -> Ref | None:
    """The record that most arguments of a method are fields of."""
    places = {item.at for item in method.arguments}
    shared = Counter(
        {
            ref: len(places & {item.at for item in record.fields})
            for ref, record in api.records.items()
            if ref.module == method.resource
        }
    )
    best = shared.most_common(1)
    return best[0][0] if best and best[0][1] else None
