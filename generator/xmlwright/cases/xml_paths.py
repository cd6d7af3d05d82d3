"""The elements and attributes of a document that hold text, by their paths; names are local."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from ..runtime.reading import line_of, local_name

Leaf = tuple[str, str]
"""Path and text of an element or attribute that holds no further elements."""

_ENOUGH: Final = 200
"""Bytes that mostly hold the first tag."""


def namespace_of(document: str) -> str | None:
    """The namespace of a document's root element, which the reader does without."""
    parser = etree.XMLPullParser(("start",), no_network=True, resolve_entities=False)
    data = document.strip().encode()
    for start in range(0, len(data), _ENOUGH):  # the rest need not be parsed
        parser.feed(data[start : start + _ENOUGH])
        for _, root in parser.read_events():
            if isinstance(root, etree._Element):
                return etree.QName(root).namespace or None
    return None


def paths_of(root: etree._Element) -> Iterator[str]:
    """Paths of all elements below the root."""
    for child in root:
        name = local_name(child)
        yield name
        yield from (f"{name}/{path}" for path in paths_of(child))


def leaves_of(element: etree._Element, path: str = "") -> Iterator[tuple[Leaf, int | None]]:
    """Each element or attribute that holds text or nothing, with its line."""
    path = f"{path}/{local_name(element)}" if path else local_name(element)
    line = line_of(element)
    for name, value in element.attrib.items():
        yield (f"{path}/@{etree.QName(str(name)).localname}", str(value)), line
    own = (element.text or "").strip() + "".join((child.tail or "").strip() for child in element)
    if own or not len(element):
        yield (path, own), line
    for child in element:
        yield from leaves_of(child, path)


def leaf_text(leaf: Leaf) -> str:
    """Return a leaf as messages show it."""
    path, text = leaf
    return f"{path} = {text!r}" if text else f"{path} (empty)"
