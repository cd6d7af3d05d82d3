"""Index of the described elements, attributes and texts by their paths in documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..ir import Api, Field, Method, Ref


class ElementNode:
    """A described element."""

    __slots__ = ("attributes", "bare", "children", "inner", "leaf", "owner", "prefix", "text")

    def __init__(self, owner: Ref | None, prefix: tuple[str, ...] = ()) -> None:
        self.owner = owner
        """The record whose fields it has; None for arguments without a record."""
        self.prefix = prefix
        """Element names from the record's element to this one."""
        self.children: dict[str, ElementNode] = {}
        self.attributes: set[str] = set()
        self.text = False
        """Whether it has text beside child elements."""
        self.leaf = False
        """Whether it is a scalar."""
        self.inner: Ref | None = None
        """The record that it is."""
        self.bare: Ref | None = None
        """The record whose fields it may have without the record's element."""


class ElementIndex:
    """Elements of a description. Letters choose fields by access: ``r``, ``c``, ``u`` or ``cu``."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._records: dict[tuple[Ref, str], ElementNode] = {}

    def record(self, ref: Ref, letters: str) -> ElementNode:
        """Return the element of a record."""
        found = self._records.get((ref, letters))
        if found is None:
            found = self._records[ref, letters] = self.of(
                self._api.records[ref].fields, ref, letters
            )
        return found

    def of(self, fields: Iterable[Field], owner: Ref | None, letters: str) -> ElementNode:
        """Return an element with some fields."""
        root = ElementNode(owner)
        for item in fields:
            if not set(letters) & set(item.access):
                continue
            if item.location is not None:
                continue
            if item.attribute is not None:
                node = root
                for name in item.path:
                    node = node.children.setdefault(name, ElementNode(owner, (*node.prefix, name)))
                node.attributes.add(item.attribute)
                continue
            if item.content and (
                not item.path or letters == "r"
            ):  # the text in place of an element is only read
                root.text = True
            node = root
            for depth, name in enumerate(item.path):
                if item.bare and depth == len(item.path) - 1:
                    node.bare = item.record
                node = node.children.setdefault(name, ElementNode(owner, (*node.prefix, name)))
            if item.path:
                node.inner = node.inner or item.record
                node.leaf = node.leaf or item.record is None
        return root


def owner_of(api: Api, method: Method) -> Ref | None:
    """Return the record that most arguments of a method are fields of."""
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
