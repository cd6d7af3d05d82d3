"""Whoever writes a behavior looks keys and functions up in the documentation: all of them are there."""

from __future__ import annotations

import re
from pathlib import Path

from xmlwright.resolve.expressions import KNOWN
from xmlwright.resolve.scopes import ALWAYS
from xmlwright.schema.behavior_grammar import FILES, SITUATIONS
from xmlwright.schema.decoder import Decoder, Dictionary, Either, Listing, MappingDecoder

TEXT = (Path(__file__).parents[2] / "docs/schema-language.md").read_text(encoding="utf-8")
START = TEXT.index("## What the service does")
PART = TEXT[START : TEXT.index("\n## ", START + 1)]
NAMED = set(re.findall(r"\w+", " ".join(re.findall(r"`[^`]+`|^```.*?^```", PART, re.M | re.S))))


def keys(kind: Decoder) -> set[str]:
    """All keys of a kind and of what is in it."""
    if isinstance(kind, Either):
        return set().union(*map(keys, kind.kinds))
    if isinstance(kind, (Listing, Dictionary)):
        return keys(kind.kind)
    if isinstance(kind, MappingDecoder):
        return set(kind.table()).union(*(keys(inner.kind) for inner in kind.table().values()))
    return set()


def test_every_key() -> None:
    assert set().union(*(keys(table) for table, _ in FILES.values())) - NAMED == set()


def test_every_function_and_name() -> None:
    names = {*ALWAYS, "account", "person", "arguments", "old", "cause", "made", "opened", "up"}
    assert (KNOWN | names | {"due", "now", "today"}) - NAMED == set()


def test_every_situation() -> None:
    assert set(SITUATIONS) - NAMED == set()
