"""What documents show and the description does not know is proposed, with its type and place, and put in with comments kept."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import small_project
from field_removal import Place, Removals, kept
from sampling import FULL, sample

from xmlwright.inference.observations import Document, gather
from xmlwright.inference.patch import proposals, with_field
from xmlwright.ir import Field, Record

ALWAYS = {
    "client.ClientCredit.currency",  # an attribute
    "client.ClientCredit.amount",  # the text of an element
    "client.Client.contacts",  # a list whose items may lack their element
    "project.Project.tasks",  # one of two lists in one wrapper
    "project.Project.budget_hours",  # a field in an element of its own
    "category.Category.subcategories",  # recursion
    "payment.Payment.date",  # two types by direction
    "invoice.Invoice.status",  # an enum
    "task.Task.task_id",  # the identity
    "receipt.Receipt.image",  # a file
}
"""Fields of every form, which are tried in every run."""


@pytest.fixture(scope="module")
def removals() -> Removals:
    return Removals()


def chosen(removals: Removals) -> list[Place]:
    fields = removals.fields()
    if FULL:
        return fields
    always = [place for place in fields if str(place) in ALWAYS]
    assert len(always) == len(ALWAYS)
    return always + sample("removed fields", fields, 10)


def on_the_wire(removals: Removals, place: Place) -> bool:
    """Whether documents can show a field: one that a record got by a group, and that nothing reads or sends, none does."""
    record, item = removals.api.records[place.ref], removals.field(place)
    return (record.in_responses and item.readable) or (record.in_requests and item.writable)


def same(record: Record, item: Field, one: Field) -> bool:
    """Whether a proposed field stands where another did, and is of its type in each direction that it had."""
    if item.content and not item.path:  # the name of a text cannot be known
        placed = one.content and not one.path
    else:
        placed = (one.path, one.attribute) == (item.path, item.attribute)
    return (
        placed
        and (one.many, one.enum, one.record) == (item.many, item.enum, item.record)
        and (
            not (record.in_responses and item.readable) or (one.readable and one.read == item.read)
        )
        and (
            not (record.in_requests and item.writable) or (one.writable and one.write == item.write)
        )
    )


def test_a_field_that_is_taken_out_is_proposed_back(removals: Removals) -> None:
    """With its type and its place; the file is as it was but for new lines, and can be read with them."""
    wrong: list[str] = []
    tried = 0
    for place in chosen(removals):
        if not on_the_wire(removals, place):
            continue
        tried += 1
        item = removals.field(place)
        found, api, path, text = removals.proposed(place)
        assert api.records[place.ref].field(item.python) is None
        where = api.records[place.ref].at.file
        mine = [one for one in found if one.record == place.ref.name and one.file == where]
        texts = {path: text}
        for one in mine:
            before = texts.get(removals.path(where), removals.text(where))
            after = texts[removals.path(where)] = with_field(before, one)
            assert kept(before, after), place
        again, _ = removals.resolved(texts)
        if not any(
            same(removals.api.records[place.ref], item, one)
            for one in again.records[place.ref].fields
        ):
            wrong.append(f"{place}: {[(one.name, dict(one.guess.keys)) for one in mine]}")
    print(f"{tried - len(wrong)} of {tried} fields proposed back")
    assert not wrong, "\n".join(wrong)


def test_the_description_as_it_is_lacks_nothing_that_its_own_cases_show(removals: Removals) -> None:
    own = [item for item in removals.documents if item.name.startswith("case: ")]
    seen, unread = gather(removals.api, own)
    shown = {
        path for module in removals.api.resources for case in module.cases for path in case.unknown
    }
    assert not unread
    assert {path.rsplit("/", 1)[-1] for path in shown} >= {item.path[-1] for item in seen}


# By the command, on a project that is small.


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return small_project.make(tmp_path / "project")


ANSWER = """\
<response xmlns="http://example.com/" status="ok"><book><book_id>3</book_id><title>Dune</title>
<pages>412</pages><bought>2011-02-03 10:11:12</bought><price currency="EUR">9.50</price>
<prizes><prize><year>1966</year><won_by>F. Herbert</won_by></prize></prizes></book></response>
"""
REQUEST = '<request method="book.create"><book><title>Dune</title><isbn>0441013597</isbn></book></request>'


def drift(project: Path, *arguments: str) -> tuple[int, str, str]:
    done = small_project.run(project, "drift", *arguments)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def documents(project: Path) -> Path:
    folder = project.parent / "documents"
    folder.mkdir()
    (folder / "book.get.answer.xml").write_text(ANSWER, encoding="utf-8")
    (folder / "new.xml").write_text(REQUEST, encoding="utf-8")
    return folder


def test_a_patch_is_printed_that_git_applies(project: Path) -> None:
    code, told, left = drift(project, str(documents(project)))
    assert code == 1
    for line in (
        "+      bought: {type: datetime, access: read, provenance: observed,",
        "+      isbn: {type: text, access: write, provenance: observed,",
        "+      pages: {type: int, access: read, provenance: observed,",
        "+      prizes: {list: prize, record: BookPrize, access: read, provenance: observed,",
        "+  BookPrize:",
    ):
        assert line in told, told
    assert 'at: "price/@currency"' in told
    assert not left
    done = subprocess.run(
        ["git", "apply", "-"], cwd=project, input=told, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "isbn" in (project / "schema/resources/book.yaml").read_text(encoding="utf-8")


def test_applied_it_keeps_comments_and_the_next_run_finds_nothing(project: Path) -> None:
    path = project / "schema/resources/book.yaml"
    small_project.edit(
        path, "    fields:\n      book_id", "    fields: # all of them\n      book_id"
    )
    before = path.read_text(encoding="utf-8")
    folder = documents(project)
    code, told, _ = drift(project, str(folder), "--apply")
    assert (code, told) == (0, "schema/resources/book.yaml: changed\n")
    after = path.read_text(encoding="utf-8")
    assert kept(before, after)
    assert "# all of them" in after
    code, told, left = drift(project, str(folder))
    assert told == ""
    assert "no missing fields" in left
    assert sorted(path.parent.iterdir()) == sorted((project / "schema/resources").iterdir())


def test_recordings_say_the_method_and_both_documents(project: Path) -> None:
    recording = project.parent / "calls.jsonl"
    line = {"method": "book.create", "request": REQUEST, "answer": "<response status='ok'/>"}
    recording.write_text(json.dumps(line) + "\nnot json\n", encoding="utf-8")
    code, told, _ = drift(project, str(recording))
    assert code == 1
    assert "isbn: {type: text, access: write" in told


def test_nothing_unknown_is_no_finding_and_failures_are_none(project: Path) -> None:
    path = project.parent / "fail.xml"
    path.write_text(
        '<response xmlns="http://example.com/" status="fail"><error>No.</error><code>404</code></response>',
        encoding="utf-8",
    )
    assert drift(project, str(path)) == (0, "", "no missing fields\n")


def test_what_cannot_be_read_is_told(project: Path) -> None:
    folder = project.parent / "odd"
    folder.mkdir()
    (folder / "a.xml").write_text("<request method='film.get'><film_id>1</film_id></request>")
    (folder / "b.xml").write_text("<response")
    code, _, left = drift(project, str(folder))
    assert code == 0
    assert "film.get" in left
    assert "not well-formed" in left
    (folder / "c.jsonl").write_bytes(b"\xff\xfe\n")
    code, _, left = drift(project, str(folder / "c.jsonl"))
    assert code == 1
    assert "UTF-8" in left
    assert drift(project, str(folder / "none.xml"))[0] == 2


def test_flow_mappings_get_a_field_too(removals: Removals) -> None:
    seen, _ = gather(
        removals.api,
        [Document("x", b'<request method="task.create"><task><mood>good</mood></task></request>')],
    )
    (one,), _ = proposals(removals.api, seen)
    text = "records: {Task: {fields: {name: {type: text}}}}\n"
    assert with_field(text, one).startswith(
        "records: {Task: {fields: {mood: {type: text, access: write,"
    )
    assert with_field("records:\n  Task: {}\n", one).startswith(
        "records:\n  Task: {fields: {mood: {"
    )
    block = "records:\n  Task:\n    fields:\n      name:\n        doc: >\n          Long\n\n          text.\n\nmethods: {}\n"
    assert with_field(block, one).splitlines()[8].startswith("      mood: {")
    empty = "records:\n  Task:\n    fields: # none yet\nmethods: {}\n"
    assert with_field(empty, one).splitlines()[3].startswith("      mood: {")


def test_words_that_yaml_reads_as_something_else_are_quoted(project: Path) -> None:
    document = project.parent / "book.get.response.xml"
    document.write_text(
        '<response xmlns="http://example.com/" status="ok"><book><book_id>7</book_id><yes>1</yes><null>a</null>'
        "<on>2</on><größe>3.5</größe><line-item><no>1</no><off>2</off></line-item></book></response>",
        encoding="utf-8",
    )
    done = small_project.run(project, "drift", str(document), "--apply")
    assert done.returncode == 0, done.stdout + done.stderr
    text = (project / "schema/resources/book.yaml").read_text(encoding="utf-8")
    for name in ('"yes": {', '"null": {', '"on": {', '"größe": {', "BookLineItem:"):
        assert name in text
    done = small_project.run(project, "drift", str(document))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
