"""Links in headers (RFC 8288)."""

from __future__ import annotations

import re
from typing import Final

_LINK: Final = re.compile(r"<([^<>]*)>((?:\s*;\s*[^,;=\s]+\s*=\s*(?:\"[^\"]*\"|[^,;\s]*))*)")
_RELATION: Final = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^,;\s]*))", re.IGNORECASE)


def link_target(header: str, relation: str) -> str | None:
    """Return the URL that a ``Link`` header (RFC 8288) gives for a relation, or None."""
    for target, parameters in _LINK.findall(header):
        for quoted, plain in _RELATION.findall(parameters):
            if relation in (quoted or plain).split():
                return str(target)
    return None
