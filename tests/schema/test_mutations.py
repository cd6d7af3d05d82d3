"""Every key and every scalar of schema/, changed in turn: the reader must name the line.

For each node of each file a few changes of its text are made: a key or scalar misspelt, a key that stands twice, a value
of the wrong type. What `xmlwright validate` says of the changed description must name the changed line, as the place of a
problem or as a related one. What a reader cannot tell, because nothing in the description depends on it (prose, and the
facts that description_nodes.REASONS lists), may pass; the client must then be the same but for that.

`make test` makes a random sample of one change of each kind at each node. `make proofs` makes all changes: every wrong type
at every node, every name and text of every document, and references to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from description_nodes import EXPRESSION, FACT, REASONS
from mutations import ROOT, Change, alike, bench, other_prose, piece_of, run
from sampling import FULL, generator, sample

from xmlwright import files, settings
from xmlwright.pipeline import stages as pipeline
from xmlwright.schema import loader as description

# The longest first, so that parallel tests end together.
FILES = sorted(
    description.files_of(settings.find(ROOT).schema),
    key=lambda path: (path.name not in ("api.yaml", "shared.yaml"), -path.stat().st_size),
)


def counted(text: str) -> tuple[int, int, int]:
    """Keys, scalars and collections of a file, counted without the grammar."""
    keys = scalars = collections = 0
    waiting = [yaml.compose(text, yaml.CSafeLoader)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.MappingNode):
            keys += len(node.value)
            waiting += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
        scalars += isinstance(node, yaml.ScalarNode)
        collections += not isinstance(node, yaml.ScalarNode)
    return keys, scalars, collections - 1  # the root is no node of anything


SHARE = 0.1
"""Of the changes of a file, which `make test` makes."""


def chosen(path: Path) -> Callable[[Change], bool]:
    dice = generator(f"changes of {path.name}")
    return lambda change: FULL or dice.random() < SHARE


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_change_is_told_at_its_line(path: Path) -> None:
    tally = run(path, full=FULL, only=chosen(path))
    print(f"{path.name}: {tally}")
    found = tuple(tally.nodes[what] for what in ("key", "scalar", "collection"))
    assert found == counted(path.read_text(encoding="utf-8")), "a node was left out"
    assert not tally.failures, "\n".join(tally.failures)


def test_only_facts_that_stand_alone_pass() -> None:
    """A reason that no longer holds is as wrong as one that is missing. The event of a verification stands alone in
    api.yaml, and is told where a behavior fires it; a file is part of another reason."""
    passed: set[tuple[str, str]] = set()
    for path in sample("files of facts", FILES, 8):
        tally = run(
            path,
            only=lambda change: change.spot.what == "scalar"
            and change.spot.role == FACT
            and change.kind == "misspelt",
        )
        passed |= tally.passed
    there = {spot.owner for path in FILES for spot in bench().spots(path)}
    expected = set(REASONS) & there - {("Case", "file"), ("Callbacks", "verification")}
    assert passed <= expected
    assert passed == expected or not FULL


def test_each_name_of_each_expression_is_told() -> None:
    """Not only one of each, as above: also the fields that a record is made of."""
    told = 0
    for path in sample("behavior files", [path for path in FILES if files.acts(path)], 4):
        tally = run(
            path,
            full=True,
            only=lambda change: change.spot.role == EXPRESSION and change.kind == "misspelt",
        )
        assert not tally.failures, "\n".join(tally.failures)
        told += sum(tally.outcomes.values())
    assert told > (1000 if FULL else 0)


def test_true_in_quotes_is_told_where_a_text_may_stand_too() -> None:
    path = next(path for path in FILES if path.name == "estimate.yaml")
    tally = run(path, full=True, only=lambda change: change.spot.path.endswith("/deprecated"))
    assert tally.outcomes
    assert not tally.failures, "\n".join(tally.failures)


def test_prose_changes_nothing_else() -> None:
    """All prose of all files at once, cases tried and all: if one of them changed more, so would all together."""
    tried = bench()
    texts, count = other_prose()
    api, found = pipeline.validate(tried.settings, texts=texts)
    assert [str(item) for item in found] == []
    assert api is not None
    assert count > 1000, f"{count} texts changed"
    assert alike(api, tried.api)
    assert api.doc != tried.api.doc


def test_the_shortcuts_say_what_validate_says() -> None:
    """Reading one entry, with a memory of the rest, gives what `validate` finds in the whole of a saved description."""
    tried = bench()
    compared = 0
    for path in FILES:
        pieces = tried.pieces(path)
        for index, change in enumerate(tried.changes(path, full=False)):
            if index % 2000 != 77:
                continue
            _, quick = tried.tried(path, piece_of(pieces, change), change)
            texts = {path: tried.changed(path, change)}
            _, slow = pipeline.validate(tried.settings, texts=texts)
            assert list(quick) == list(slow), f"{tried.name(path)} {change}"
            compared += len(quick) > 0
    assert compared > 10, f"{compared} changes compared"
