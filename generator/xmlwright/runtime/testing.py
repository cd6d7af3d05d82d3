"""What tests of requests and answers need."""

from __future__ import annotations

from lxml import etree

from .reading import local_name, parse_xml

Tree = tuple[str, tuple[tuple[str, str], ...], str, tuple[object, ...]]


def tree(document: bytes | str) -> Tree:
    """A document as a value to compare: order of siblings, namespaces, comments and white space aside."""
    return _tree(parse_xml(document))


def _tree(element: etree._Element) -> Tree:
    text = (element.text or "") + "".join(child.tail or "" for child in element)
    attributes = sorted((str(name), str(value)) for name, value in element.attrib.items())
    return (
        local_name(element),
        tuple(attributes),
        text.strip(),
        tuple(sorted((_tree(child) for child in element), key=repr)),
    )


def same_xml(left: bytes | str, right: bytes | str) -> None:
    """Assert that two documents are equal by :func:`tree`."""
    if tree(left) != tree(right):
        raise AssertionError(f"{_shown(left)}\n  is not\n{_shown(right)}")


def _shown(document: bytes | str) -> str:
    root = parse_xml(document)
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")
