"""Names from documents as they are written in YAML files of a description."""

from __future__ import annotations

import json
import re
from typing import Final

from ..naming import to_ascii

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_WORDS: Final = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])
"""Plain words that YAML 1.1 reads as a boolean or as null."""


def quoted(name: str) -> str:
    """Return a name as YAML text, in quotes where YAML would read something else."""
    if _PLAIN.match(name) and name.lower() not in _WORDS:
        return name
    return json.dumps(name, ensure_ascii=False)


def class_words(name: str) -> str:
    """Return an element name in CapWords: ``line-item`` -> ``LineItem``, ``größe`` -> ``Groesse``."""
    parts = re.split(r"[^A-Za-z0-9]+", to_ascii(name))
    return "".join(part[:1].upper() + part[1:] for part in parts) or "Item"
