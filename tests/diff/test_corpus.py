"""Two editions of the API's own documentation, each described by what its samples show, are told apart as to what they break.

An old edition survives in the tests of a client that copied its samples; the corpus holds them, and the samples of the last one.
"""

from __future__ import annotations

import csv

import pytest
from field_removal import CORPUS, Removals

from xmlwright.diff.compare import compare
from xmlwright.diff.rules import Change, worst
from xmlwright.inference.draft import draft
from xmlwright.inference.observations import Document
from xmlwright.ir import Api

OLD, NEW = "third-party/JimBarrows+Scala-Mash/", "docs-examples/"

pytestmark = pytest.mark.skipif(
    not (CORPUS / "index.csv").is_file(),
    reason=f"there is no corpus in {CORPUS}; XMLWRIGHT_CORPUS can name another folder",
)


@pytest.fixture(scope="module")
def removals() -> Removals:
    return Removals()


def samples(edition: str, resource: str) -> list[Document]:
    with (CORPUS / "index.csv").open(newline="", encoding="utf-8") as file:
        return [
            Document(row["file"], (CORPUS / row["file"]).read_bytes(), row["method"])
            for row in csv.DictReader(file)
            if row["file"].startswith(edition)
            and row["recorded_or_written"].startswith("doc-sample")
            and row["method"].startswith(f"{resource}.")
        ]


def described(removals: Removals, resource: str, documents: list[Document]) -> Api:
    """The description with one resource as these samples show it."""
    _, text, unread = draft(removals.api, documents, resource)
    assert not unread
    path = removals.path(f"schema/resources/{resource}.yaml")
    return removals.resolved({path: text})[0]


def changes(removals: Removals, resource: str) -> list[Change]:
    """What the new edition changed of the methods that the old one has samples of, and that anybody sees."""
    old = samples(OLD, resource)
    methods = {document.method for document in old}
    new = [document for document in samples(NEW, resource) if document.method in methods]
    assert old
    assert new
    before, after = described(removals, resource, old), described(removals, resource, new)
    assert compare(before, before) == []
    return [change for change in compare(before, after) if change.verdict != "none"]


def test_an_edition_that_only_added_is_safe(removals: Removals) -> None:
    found = changes(removals, "client")
    assert {(change.rule, change.what) for change in found} == {
        ("argument-added", f"client.create.{name}")
        for name in ("contacts", "currency_code", "language", "vat_name", "vat_number")
    }
    assert worst([change.verdict for change in found]) == "safe"


def test_an_edition_that_spells_an_argument_otherwise_breaks(removals: Removals) -> None:
    """The old one wrote ``occurences``, and knew ``stopped`` when a profile is made."""
    found = changes(removals, "recurring")
    broken = {(change.rule, change.what) for change in found if change.verdict == "breaking"}
    assert broken == {
        ("argument-removed", "recurring.create.occurences"),
        ("argument-removed", "recurring.create.stopped"),
    }
    added = {change.what for change in found if change.rule == "argument-added"}
    assert "recurring.create.occurrences" in added
    assert all(
        change.wire == change.python == "breaking"
        for change in found
        if change.verdict == "breaking"
    )
