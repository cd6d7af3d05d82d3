"""Responses that break the rules of the description, made from correct ones."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

from lxml import etree

from ...runtime.reading import local_name

_DECLARATION: Final = b'<?xml version="1.0" encoding="utf-8"?>\n'
_OTHER_SPACE: Final = "urn:sandbox:another-namespace"
_NO_NUMBER: Final = "not-a-number"
KINDS: Final = ("missing", "extra", "retyped", "value", "namespace", "charset", "malformed")
"""In the order they are applied: the last two leave bytes that cannot be read."""

Violation = Callable[[etree._Element, "str | None", random.Random], None]


def violate(body: bytes, kind: str, value: Any, random_source: random.Random) -> bytes:
    """Return a response with one violation. A body that is not XML stays as it is."""
    if kind == "malformed":
        return _malformed(body, random_source)
    if kind == "charset":
        return _other_charset(body)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
        if kind == "namespace":
            root = _moved(root, value or _OTHER_SPACE)
        elif kind == "value":
            _hold(root, *value)
        else:
            _TREE[kind](root, value, random_source)
    except (etree.XMLSyntaxError, ValueError):  # also for a name or text that XML cannot hold
        return body
    return _DECLARATION + etree.tostring(root, encoding="utf-8")


def _malformed(body: bytes, random_source: random.Random) -> bytes:
    """Return a document that is cut short, or has markup in an invalid place."""
    if random_source.random() < 0.5 and body.rfind(b"</") > 0:
        return body[: body.rfind(b"</")]
    place = body.find(b">", len(body) // 2) + 1
    return body[:place] + b"<&" + body[place:]


def _other_charset(body: bytes) -> bytes:
    """Return a document that declares UTF-8 and contains bytes of Latin-1."""
    text = body.decode("utf-8", "replace")
    place = text.rfind("</")
    text = text[:place] + "caf\u00e9" + text[place:] if place > 0 else text + "caf\u00e9"
    return text.encode("latin-1", "replace")


def _candidates(root: etree._Element, name: str | None) -> list[etree._Element]:
    """Return elements below the root, in a random order unless one was chosen."""
    found = [element for element in root.iter() if element is not root]
    if name is not None:
        return [element for element in found if local_name(element) == name]
    return [element for element in found if len(element) == 0] or found


def _attributes(root: etree._Element, name: str | None) -> list[tuple[etree._Element, str]]:
    """Return where attributes of a name are."""
    return [
        (element, str(key))
        for element in root.iter()
        for key in element.attrib
        if name is not None and str(key).rpartition("}")[2] == name
    ]


def _hold(root: etree._Element, name: str, text: str) -> None:
    for element in _candidates(root, name):
        for child in list(element):
            element.remove(child)
        element.text = text
    for element, key in _attributes(root, name):
        element.set(key, text)


def _missing(root: etree._Element, name: str | None, random_source: random.Random) -> None:
    for element, key in _attributes(root, name):
        del element.attrib[key]
    found = _candidates(root, name)
    for element in found if name is not None else random_source.sample(found, min(1, len(found))):
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)


def _extra(root: etree._Element, name: str | None, random_source: random.Random) -> None:
    holders = [element for element in root.iter() if len(element)] or [root]
    holder = random_source.choice(holders)
    space = str(holder.tag).rpartition("}")[0]
    try:
        added = etree.Element(f"{space}}}{name or 'extra'}" if space else name or "extra")
    except ValueError:
        return
    added.text = "1"
    holder.insert(random_source.randint(0, len(holder)), added)


def _retyped(root: etree._Element, name: str | None, random_source: random.Random) -> None:
    for element, key in _attributes(root, name):
        element.set(key, _NO_NUMBER)
    found = _candidates(root, name)
    if name is None:
        # A text may hold anything, so what looks like a number, date or flag is the better choice.
        found = [one for one in found if (one.text or "")[:1].isdigit()] or found
        found = random_source.sample(found, min(1, len(found)))
    for element in found:
        for child in list(element):
            element.remove(child)
        element.text = _NO_NUMBER


def _moved(root: etree._Element, space: str) -> etree._Element:
    """Return a copy of the tree in another namespace."""

    def copy(element: etree._Element) -> etree._Element:
        nsmap: Any = {None: space}
        made = etree.Element(f"{{{space}}}{local_name(element)}", nsmap=nsmap)
        for name, value in element.attrib.items():
            made.set(name, value)
        made.text, made.tail = element.text, element.tail
        made.extend(copy(child) for child in element.iterchildren("*"))
        return made

    return copy(root)


_TREE: Final[dict[str, Violation]] = {"missing": _missing, "extra": _extra, "retyped": _retyped}
