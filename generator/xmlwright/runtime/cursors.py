"""Marks of the next page: cursors, links, and whether more pages follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from .errors import InvalidDocumentError

if TYPE_CHECKING:
    from lxml import etree

    from .protocol import Paging

_TRUE = frozenset(["true", "1", "yes", "y"])


def read_marks(paging: Paging, element: etree._Element, response: Any) -> dict[str, Any]:
    """Return ``cursor`` and ``more`` of a page."""
    marks: dict[str, Any] = {}
    texts = [(place.text(element, response) or "").strip() for place in paging.next]
    if any(texts):
        marks["cursor"] = texts[0] if len(texts) == 1 else tuple(text or None for text in texts)
    if paging.more is not None:
        text = paging.more.text(element, response)
        marks["more"] = None if text is None else text.strip().lower() in _TRUE
    return marks


def same_origin(url: str, link: str) -> str:
    """Return the link of a response as a whole URL.

    Raises:
        InvalidDocumentError: it leads to another server, which must not see the credentials.
    """
    target = urljoin(url, link)
    ours, theirs = urlsplit(url), urlsplit(target)
    if (ours.scheme, ours.hostname, ours.port) != (theirs.scheme, theirs.hostname, theirs.port):
        raise InvalidDocumentError(
            f"the link to the next page leads to {theirs.hostname}, not to {ours.hostname}; it is not followed"
        )
    return target
