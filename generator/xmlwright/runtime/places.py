"""Where a value is in a request or a response: one notation for elements, attributes, headers, parameters and the status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from lxml import etree

from .links import link_target
from .reading import find, local_part


class Place(NamedTuple):
    """A place in a message: ``a/b``, ``a/@b``, ``.``, ``/a``, ``header:Name``, ``query:name``, ``status``, ...

    In a document, ``path`` leads from an element down to the value; names match without their namespace.
    """

    path: tuple[str, ...] = ()
    attribute: str | None = None
    source: str = ""
    """``""`` for the document, else ``header``, ``query``, ``form``, ``path``, ``part``, ``status`` or ``body``."""
    name: str = ""
    """Name of the header, parameter or part."""
    relation: str = ""
    """Relation of a ``Link`` header whose URL is the value."""
    absolute: bool = False
    """The path begins at the root element."""

    @classmethod
    def of(cls, text: str) -> Place:
        """Return the place that a description writes as ``text``."""
        if text in ("http:status", "http:body"):
            return cls(source=text.partition(":")[2])
        source, colon, name = text.partition(":")
        if colon and source in _SOURCES:
            name, _, relation = name.partition("#")
            return cls(source=source, name=name, relation=relation)
        parts = [part for part in text.split("/") if part not in ("", ".")]
        attribute = None
        if parts and parts[-1].startswith("@"):
            attribute = parts.pop()[1:]
        return cls(tuple(parts), attribute, absolute=text.startswith("/"))

    def text(self, element: etree._Element, response: Any = None) -> str | None:
        """Return the text at the place, or None where there is no such place.

        Args:
            element: where a relative path begins.
            response: the HTTP response, for places outside of the document.
        """
        if self.source:
            return None if response is None else self.outside(response.status, response.headers)
        if self.absolute:
            element = element.getroottree().getroot()
        found = find(element, self.path)
        if found is None:
            return None
        if self.attribute is None:
            return found.text or ""
        value = found.get(self.attribute)
        if value is None:
            wanted = self.attribute.rpartition(":")[2]
            for name, text in found.attrib.items():  # an attribute may have a namespace
                if local_part(str(name)) == wanted:
                    return str(text)
        return value

    def outside(self, status: int | None, headers: Mapping[str, str]) -> str | None:
        """Return the text of a header or of the status; ``headers`` has lower-case names."""
        if self.source == "status":
            return None if status is None else str(status)
        value = headers.get(self.name.lower()) if self.source == "header" else None
        if value is None or not self.relation:
            return value
        return link_target(value, self.relation)


_SOURCES: Final = frozenset(["query", "form", "path", "header", "part"])
