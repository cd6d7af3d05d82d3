"""A resource that nobody described is drafted from its documents, as a file that can be read at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import small_project
from field_removal import Removals

from xmlwright.inference.draft import draft


@pytest.fixture(scope="module")
def removals() -> Removals:
    return Removals()


def test_each_resource_of_the_real_description_can_be_drafted_from_its_documents(
    removals: Removals,
) -> None:
    """In place of its file the draft is read without a mistake, but for what the documents cannot tell, and finds nearly
    all of the fields of the main record."""
    known = drafted = 0
    for module in removals.api.resources:
        own = [
            item for item in removals.documents if (item.method or "").startswith(f"{module.name}.")
        ]
        name, text, _ = draft(removals.api, own, module.name)
        assert name == module.name
        path = removals.path(module.at.file)
        api, diagnostics = removals.resolved({path: text})
        wrong = [item for item in diagnostics if item.position.file == module.at.file]
        assert not [item for item in wrong if item.rule in UNREADABLE], (text, wrong)
        found = next(one for one in api.modules if one.name == module.name)
        assert {method.verb for method in module.methods} <= {
            method.verb for method in found.methods
        }
        if not module.records or not found.records:
            continue
        wanted = {item.path for item in module.records[0].fields if item.path}
        known += len(wanted)
        drafted += len(wanted & {item.path for item in found.records[0].fields})
    print(f"{drafted} of {known} fields of main records")
    assert drafted >= 0.9 * known


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return small_project.make(tmp_path / "project")


UNREADABLE = {
    "yaml-syntax",
    "unknown-key",
    "missing-key",
    "wrong-type",
    "unknown-word",
    "bad-name",
    "duplicate-key",
}


def samples(project: Path) -> Path:
    """Documents of the loans, whose description is taken away."""
    (project / "schema/resources/loan.yaml").unlink()
    folder = project.parent / "samples"
    folder.mkdir()
    for name, text in {
        "a.xml": '<request method="loan.create"><loan><book_id>7</book_id><due>2030-01-31</due></loan></request>',
        "loan.create.response.xml": '<response xmlns="http://example.com/" status="ok"><loan_id>3</loan_id></response>',
        "b.xml": '<request method="loan.get"><loan_id>3</loan_id></request>',
        "loan.get.response.xml": '<response xmlns="http://example.com/" status="ok"><loan><loan_id>3</loan_id>'
        "<book_id>7</book_id><due>2030-01-31</due><fines><fine><sum>1.50</sum></fine></fines></loan></response>",
        "c.xml": '<request method="loan.list"><page>1</page><overdue>1</overdue></request>',
        "loan.list.response.xml": '<response xmlns="http://example.com/" status="ok"><lent page="1"><loan>'
        "<loan_id>3</loan_id></loan></lent></response>",
        "d.xml": '<request method="loan.prolong"><loan_id>3</loan_id><days>14</days></request>',
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


DRAFT = """\
resource: loan
plural: lent
title: Loan
doc: "Say what it is."
provenance: observed

records:
  Loan:
    identity: loan_id
    fields:
      book_id: {ref: book, doc: "Say what it is."}
      due: {type: date, doc: "Say what it is."}
      loan_id: {type: id, access: read, doc: "Say what it is."}
      fines: {list: fine, record: LoanFine, access: read, doc: "Say what it is."}
  LoanFine:
    doc: "Say what it is."
    fields:
      sum: {type: decimal, doc: "Say what it is."}

methods:
  create: {}
  get: {}
  list:
    filters:
      overdue: {type: flag, doc: "Say what it is."}
  prolong:
    doc: "Say what it is."
    retry: ambiguous
    arguments:
      loan_id: same
      days: {type: int, doc: "Say what it is."}
"""


def infer(project: Path, *arguments: str) -> tuple[int, str, str]:
    done = small_project.run(project, "infer", *arguments)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_a_draft_is_printed_or_written_and_lacks_only_cases(tmp_path: Path) -> None:
    project = small_project.make(tmp_path / "project")
    folder = samples(project)
    assert infer(project, str(folder)) == (0, DRAFT, "")
    assert infer(project, str(folder), "--write")[0] == 0
    assert (project / "schema/resources/loan.yaml").read_text(encoding="utf-8") == DRAFT
    told = small_project.run(project, "validate")
    problems = [line for line in told.stdout.splitlines() if "error:" in line]
    assert problems
    assert all("[uncovered]" in line for line in problems), problems
    code, _, left = infer(project, str(folder), "--write")
    assert code == 1
    assert "exists already" in left


def test_what_cannot_be_drafted_is_told(tmp_path: Path) -> None:
    project = small_project.make(tmp_path / "project")
    folder = samples(project)
    (folder / "e.xml").write_text('<request method="film.get"><film_id>1</film_id></request>')
    (folder / "odd.xml").write_text(
        '<response xmlns="http://example.com/" status="ok"><x/></response>'
    )
    (folder / "bad.xml").write_text("<request")
    code, _, left = infer(project, str(folder))
    assert code == 1
    assert "film, loan" in left
    code, told, left = infer(project, str(folder), "--resource", "film")
    assert code == 0
    assert "resource: film" in told
    assert "odd.xml: its name does not begin with a method" in left
    assert "not well-formed" in left
    code, _, left = infer(project, str(folder), "--resource", "actor")
    assert code == 1
    assert "no document is of actor" in left


RESPONSE = '<response xmlns="http://example.com/" status="ok">{}</response>'


def test_names_that_are_not_python_names_are_described(project: Path) -> None:
    """Hyphens and letters outside ASCII, and the attributes of the top record."""
    folder = project.parent / "samples"
    folder.mkdir()
    (folder / "thing.get.response.xml").write_text(
        RESPONSE.format(
            '<thing lang="en" n="1"><thing_id>3</thing_id><größe>2.5</größe><yes>1</yes>'
            "<line-item><unit-cost>1.50</unit-cost><a>x</a></line-item></thing>"
        ),
        encoding="utf-8",
    )
    (folder / "a.xml").write_text(
        '<request method="thing.get"><thing_id>3</thing_id></request>', encoding="utf-8"
    )
    done = small_project.run(project, "infer", str(folder), "--write")
    assert done.returncode == 0, done.stderr
    text = (project / "schema/resources/thing.yaml").read_text(encoding="utf-8")
    for line in (
        'lang: {at: "@lang",',
        '"n": {at: "@n",',
        '"größe": {',
        '"yes": {',
        "ThingLineItem:",
    ):
        assert line in text, text
    done = small_project.run(project, "validate")
    wrong = {"bad-name", "yaml-syntax", "unknown-key", "yaml-value", "duplicate-key"}
    assert not [
        line for line in done.stdout.splitlines() if any(f"[{one}]" in line for one in wrong)
    ], done.stdout


@pytest.mark.parametrize("method", ["{}/evil.create", "../../x.create", "Thing.create", "a b.c"])
def test_a_name_in_a_document_never_becomes_a_path(project: Path, method: str) -> None:
    before = sorted(project.parent.rglob("*"))
    document = project.parent / "a.xml"
    name = method.format(project.parent)
    document.write_text(f'<request method="{name}"><x>1</x></request>', encoding="utf-8")
    done = small_project.run(project, "infer", str(document), "--write")
    assert done.returncode == 1
    assert "is not a method name such as task.create" in done.stdout + done.stderr
    assert sorted(project.parent.rglob("*.yaml")) == [p for p in before if p.suffix == ".yaml"]
