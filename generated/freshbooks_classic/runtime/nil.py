"""Elements with an attribute that says that they have no value."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from lxml import etree

from .reading import Reader
from .record import Unknown
from .schema import REPEATED, UNDESCRIBED, Mode, Nested, ReadTable


class NilReader(Reader):
    """Reads an element as None where it has the attribute ``nil``, unless that says ``false`` or ``0``."""

    __slots__ = ("_nil",)

    def __init__(
        self, nil: str, mode: Mode = "response", *, strict: bool = True, response: Any = None
    ) -> None:
        super().__init__(mode, strict=strict, response=response)
        self._nil = nil

    def into(
        self,
        element: etree._Element,
        table: ReadTable,
        values: dict[str, Any],
        elements: Collection[etree._Element] | None = None,
    ) -> list[Unknown] | None:
        """Read the children of an element, but for those that are nil."""
        inside: list[etree._Element] = []
        for child in element if elements is None else elements:
            name, _, nested = table.tags.get(child.tag) or table.entry(child.tag)
            if nested is UNDESCRIBED or not self._is_nil(child):
                inside.append(child)
            elif nested is REPEATED or (type(nested) is Nested and nested.many):
                if not nested_map(nested):
                    values.setdefault(name, [])
            elif type(nested) is not ReadTable and not nested_map(nested):
                values.setdefault(name, None)
        return super().into(element, table, values, inside)

    def _is_nil(self, element: etree._Element) -> bool:
        local = self._nil.rpartition(":")[2]
        for name, text in element.attrib.items():
            if str(name).rpartition("}")[2] == local:
                return str(text) not in ("false", "0")
        return False


def nested_map(nested: object) -> bool:
    """Return whether an entry of a table is a map."""
    return type(nested) is Nested and (nested.map or nested.named)
