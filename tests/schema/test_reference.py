"""Every key of a description is in the language reference."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from xmlwright.schema.decoder import Choice, Decoder, Dictionary, Either, Listing, MappingDecoder
from xmlwright.schema.grammar import FILES
from xmlwright.schema.vocabulary import SCALARS

TEXT = (Path(__file__).parents[2] / "docs/schema-language.md").read_text(encoding="utf-8")
NAMED = set(
    re.findall(r"[\w-]+", " ".join(re.findall(r"`[^`]+`|^ *```.*?^ *```", TEXT, re.M | re.S)))
)


def keys(kind: Decoder, seen: set[type]) -> set[str]:
    """Return the keys of a kind and of what is in it, with the words that they take."""
    if isinstance(kind, Either):
        return set().union(*(keys(item, seen) for item in kind.kinds))
    if isinstance(kind, (Listing, Dictionary)):
        return keys(kind.kind, seen)
    if isinstance(kind, Choice):
        return set(kind.words)
    if not isinstance(kind, MappingDecoder) or kind.decl in seen:
        return set()
    seen.add(kind.decl)
    return set(kind.table()).union(*(keys(item.kind, seen) for item in kind.table().values()))


@pytest.mark.parametrize("file", ["api", "shared", "resource", "cases"])
def test_every_key_and_word_is_in_the_reference(file: str) -> None:
    assert keys(FILES[file][0], set()) - NAMED == set()


def test_every_type_is_in_the_reference() -> None:
    assert set(SCALARS) - NAMED == set()
