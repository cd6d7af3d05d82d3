"""Documents that this project did not write: the API's documentation, recordings, and other people's clients.

They are looked for in the folder that XMLWRIGHT_CORPUS names, else in ``../shared/corpus`` beside the repository, and
nothing of them is kept here. ``index.csv`` there says of each document which method it belongs to and where it is from.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from lxml import etree

from freshbooks_classic import Page, wire
from freshbooks_classic.runtime.errors import ApiError, Error, InvalidDocumentError, NotFoundError
from freshbooks_classic.runtime.record import Raw, children
from freshbooks_classic.runtime.testing import Tree, tree

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("XMLWRIGHT_CORPUS") or ROOT.parent / "shared" / "corpus")
HERE = (FOLDER / "index.csv").is_file()

pytestmark = pytest.mark.skipif(
    not HERE, reason=f"there is no corpus in {FOLDER}; XMLWRIGHT_CORPUS can name another folder"
)


@dataclass(frozen=True)
class Document:
    """One line of the index."""

    file: str
    method: str
    direction: str
    kind: str
    notes: str

    def __str__(self) -> str:
        return self.file

    @property
    def content(self) -> bytes:
        return (FOLDER / self.file).read_bytes()

    @property
    def malformed(self) -> bool:
        return self.file.startswith("malformed/")

    @property
    def official(self) -> bool:
        """Printed in the documentation, or recorded from the server."""
        return self.kind.startswith(("doc-sample", "recorded")) and not self.malformed

    @property
    def described(self) -> bool:
        """Of a method of the API, not of one that a test of somebody's client made up."""
        return self.method in wire.METHODS


def _index() -> list[Document]:
    if not HERE:
        return []
    with open(FOLDER / "index.csv", newline="", encoding="utf-8") as file:
        return [
            Document(
                row["file"],
                row["method"],
                row["direction"],
                row["recorded_or_written"],
                row["notes"],
            )
            for row in csv.DictReader(file)
        ]


INDEX = _index()
ANSWERS = [item for item in INDEX if item.official and item.direction == "response"]
REQUESTS = [item for item in INDEX if item.official and item.direction == "request"]
FAILURES = [item for item in INDEX if item.official and item.direction == "fail"]
OTHERS = [item for item in INDEX if not item.official]

UNKNOWN_IN_WRONG_ANSWERS: dict[str, list[str]] = {
    # A search and replace by the client's author turned <invoice_id> into the id of a callback.
    "third-party/jessevarnado+groovy-freshbooks-api/payment.get.response.xml": ["callback_id"],
    # The sample of an invoice with the names replaced by those of a profile.
    "third-party/jessevarnado+groovy-freshbooks-api/recurring.get.response.xml": [
        "number",
        "amount_outstanding",
        "url",
        "auth_url",
        "links",
        "recurring_id",
    ],
    # Another one made <invoice_id> of <recurring_id>, so there are two.
    "third-party/jessevarnado+groovy-freshbooks-api/invoice.get.response.xml": ["invoice_id"],
}
"""Answers that the index calls corrupt -> the elements that do not belong there."""

REFUSED_WRONG_ANSWERS = {
    # The author left a record empty, to save space.
    "third-party/brilliantfantastic+sox/all_projects_successful_response.xml": "<project> has no <project_id>",
    "third-party/brilliantfantastic+sox/all_time_entries_successful_response.xml": "<time_entry> has no <time_entry_id>",
    # The page shows "..." in place of the fields.
    "third-party/page-developers.freshbooks.com-timesheet-2008/time_entry.get.response.xml": "<time_entry> has no <time_entry_id>",
}
"""Answers that the index calls abbreviated -> why a client, which reads strictly, refuses them."""

LOST_IN_WRONG_ANSWERS = {
    "third-party/page-developers.freshbooks.com-timesheet-2008/time_entry.get.response.xml": {
        "..."
    },
}
"""Answers that the index calls corrupt or abbreviated -> texts in them that are no values."""

STRAY = "text"
WRONG_REQUESTS = {
    # The payload that this client sends misspells <occurrences>.
    "third-party/JimBarrows+Scala-Mash/recurring.create.request.1.xml": "occurences",
    "third-party/JimBarrows+Scala-Mash/recurring.create.request.2.xml": "occurences",
    # The documentation of 2008 says <time_entry> where it means <time_entry_id>.
    "third-party/page-developers.freshbooks.com-timesheet-2008/time_entry.delete.request.xml": "time_entry",
    # Remarks of the page ("# ...") stand in the document as text.
    "third-party/index-blog-time-entry/time_entry.create.request.xml": STRAY,
    "third-party/page-developers.freshbooks.com-timesheet-2008/time_entry.create.request.xml": STRAY,
    "third-party/page-developers.freshbooks.com-timesheet-2008/time_entry.update.request.xml": STRAY,
}
"""Requests that the index calls wrong -> the element that the API does not have, or stray text."""


# ---- the corpus itself


def test_every_document_is_in_one_class() -> None:
    files = {
        str(path.relative_to(FOLDER))
        for path in FOLDER.rglob("*.xml")
        if path.is_file() and not path.name.startswith(".")
    }
    assert files == {item.file for item in INDEX}
    made_up = [item for item in INDEX if not item.described]
    print(
        f"{len(INDEX)} documents: {len(ANSWERS)} answers, {len(REQUESTS)} requests and {len(FAILURES)} failures that are"
        f" documented or recorded; {len(OTHERS)} others, {sum(item.malformed for item in INDEX)} of them malformed;"
        f" {len(made_up)} of no particular or of a made-up method"
    )
    assert len(ANSWERS) + len(REQUESTS) + len(FAILURES) + len(OTHERS) == len(INDEX)
    assert min(len(ANSWERS), len(REQUESTS)) > 100
    assert not [item for item in made_up if item.official]
    documented = {
        item.method for item in ANSWERS + REQUESTS if item.file.startswith("docs-examples/")
    }
    assert len(documented) == 108
    assert len(set(wire.METHODS) - documented) == 8


def test_exceptions_name_documents_of_the_corpus() -> None:
    named = {*UNKNOWN_IN_WRONG_ANSWERS, *REFUSED_WRONG_ANSWERS, *LOST_IN_WRONG_ANSWERS}
    assert named <= {item.file for item in ANSWERS}
    assert set(WRONG_REQUESTS) <= {item.file for item in REQUESTS}


# ---- answers


@pytest.mark.parametrize("document", ANSWERS, ids=str)
def test_answer_has_nothing_unknown(document: Document) -> None:
    unknown = wire.REGISTRY.unknown_in(document.method, document.content)
    assert unknown == UNKNOWN_IN_WRONG_ANSWERS.get(document.file, [])


@pytest.mark.parametrize("document", ANSWERS, ids=str)
def test_answer_is_read_strictly(document: Document) -> None:
    refused = REFUSED_WRONG_ANSWERS.get(document.file)
    if refused is None:
        value = wire.parse_response(document.method, document.content, strict=True)
        assert value == wire.parse_response(document.method, document.content)
        assert wire.METHODS[document.method].request({}).parse(document.content) == value
    else:
        with pytest.raises(InvalidDocumentError, match=re.escape(refused)):
            wire.parse_response(document.method, document.content, strict=True)


@pytest.mark.parametrize(
    "document", [item for item in ANSWERS if item.file not in UNKNOWN_IN_WRONG_ANSWERS], ids=str
)
def test_answer_is_read_whole(document: Document) -> None:
    """Every text and counter of the document is in the value, and nothing else is."""
    there = Counter(_texts_of_document(etree.fromstring(document.content)))
    read = Counter(_texts_of_value(wire.parse_response(document.method, document.content)))
    lost = {text for text in there - read if text not in NOTHING}
    assert lost == LOST_IN_WRONG_ANSWERS.get(document.file, set())
    assert not read - there


NOTHING = {"0", "0000-00-00 00:00:00"}
"""Texts that stand for none in some fields."""

CODES = {
    "m": "monthly", "2w": "2 weeks", "y": "yearly", "2y": "2 years",
    ("status", "0"): "not_assigned", ("status", "1"): "unbilled", ("status", "2"): "invoiced",
}  # fmt: skip
"""Texts of answers that have another word in Python: frequencies anywhere, numbers as the status of an expense."""

COUNTERS = {"page", "per_page", "pages", "total", "currency"}


def _texts_of_document(element: etree._Element) -> Iterator[str]:
    for child in element.iter(etree.Element):
        name = etree.QName(child).localname
        yield from (_canonical(str(text)) for key, text in child.attrib.items() if key in COUNTERS)
        if len(child) and name != "email_template":
            continue  # text between the records of a list is an abbreviation: "..."
        text = " ".join("".join([child.text or "", *(inner.tail or "" for inner in child)]).split())
        if text:
            yield CODES.get((name, text)) or CODES.get(text) or _canonical(text)


def _texts_of_value(value: object) -> Iterator[str]:
    inner = [item for _, item in children(value)]
    if isinstance(value, Page):
        inner += [value.position, value.size, value.pages, value.total]
    if inner:
        for item in inner:
            yield from _texts_of_value(item)
    elif isinstance(value, bool):
        yield str(int(value))
    elif value not in (None, "") and not _is_empty_record(value):
        text = value.isoformat(" ")[:19] if isinstance(value, dt.datetime) else str(value)
        yield _canonical(" ".join(text.split()))


def _is_empty_record(value: object) -> bool:
    return hasattr(value, "__dataclass_fields__") or value == []


def _canonical(text: str) -> str:
    if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return format(Decimal(text).normalize(), "f")
    return text


@pytest.mark.parametrize("document", FAILURES, ids=str)
def test_recorded_failure_is_raised(document: Document) -> None:
    with pytest.raises(NotFoundError) as caught:
        wire.parse_response(document.method, document.content)
    root = etree.fromstring(document.content)
    assert caught.value.message == root.findtext("{*}error")
    assert caught.value.code == root.findtext("{*}code")
    assert caught.value.field == "project_id"
    assert caught.value.method == document.method


# ---- requests


def _unpadded(node: Tree) -> Tree:
    """The same tree without the zeros before ids, and before months and days."""
    name, attributes, text, inside = node
    if name.endswith("_id"):
        text = text.lstrip("0") or text[-1:]
    text = re.sub(r"^([0-9]{4})-0?([0-9]+)-0?([0-9]+)", r"\1-\2-\3", text)
    unpadded: list[object] = [_unpadded(child) for child in inside]  # type: ignore[arg-type]
    return name, attributes, text, tuple(sorted(unpadded, key=repr))


@pytest.mark.parametrize("document", REQUESTS, ids=str)
def test_request_goes_through_reading_and_building(document: Document) -> None:
    method, arguments = wire.parse_request(document.content)
    assert method == document.method
    again = wire.build(method, arguments)
    said, built = _unpadded(tree(document.content)), _unpadded(tree(again.xml))
    wrong = WRONG_REQUESTS.get(document.file)
    if wrong is None:
        assert built == said
        assert not wire.unknown_elements(arguments)
        assert wire.parse_request(again.xml) == (method, arguments)
        raw = {value for value in _leaves(arguments) if isinstance(value, Raw)}
        # Samples of reports show the format in place of a date, and a receipt points to another part of the message.
        assert raw <= {"YYYY-MM-DD"} or all(text.startswith("cid:") for text in raw)
    else:
        assert built != said, "the document is right; drop it from WRONG_REQUESTS"
        expected = [] if wrong is STRAY else [wrong]
        assert wire.unknown_elements(arguments) == expected


def _leaves(value: object) -> Iterator[object]:
    inner = list(children(value))
    for _, item in inner:
        yield from _leaves(item)
    if not inner:
        yield value


# ---- documents that others wrote


@pytest.mark.parametrize("document", OTHERS, ids=str)
def test_document_of_others_gives_a_value_or_an_error(document: Document) -> None:
    content = document.content
    methods = [document.method] if document.described else ["invoice.get", "client.create"]
    attempts: list[Callable[[], object]] = [
        lambda: wire.build(*wire.parse_request(content)),
        lambda: wire.guess(content),
    ]
    for method in methods:
        attempts += [
            partial(wire.parse_response, method, content),
            partial(wire.parse_response, method, content, strict=True),
            partial(wire.REGISTRY.unknown_in, method, content),
        ]
    outcomes: list[str] = []
    for attempt in attempts:
        try:
            attempt()
            outcomes.append("a value")
        except Error as error:
            outcomes.append(type(error).__name__)
    if document.malformed:
        assert set(outcomes) == {"InvalidDocumentError"}
    elif document.direction == "request":
        assert outcomes[0] == ("a value" if document.described else "InvalidDocumentError")


def test_no_answer_crashes_the_reader_of_another_method() -> None:
    """Whatever method a document is said to be of, there is a value or an error."""
    answers = [item for item in INDEX if item.direction != "request" and len(item.content) < 20_000]
    outcomes: Counter[str] = Counter()
    for document in answers:
        content = document.content
        for method in wire.METHODS:
            for strict in (False, True):
                try:
                    wire.parse_response(method, content, strict=strict)
                    outcomes["values"] += 1
                except Error as error:
                    outcomes[type(error).__name__] += 1
    print(f"{len(answers)} documents x {len(wire.METHODS)} methods x 2: {dict(outcomes)}")
    assert set(outcomes) == {"values", "InvalidDocumentError", "NotFoundError", "ApiError"}
    assert sum(outcomes.values()) == len(answers) * len(wire.METHODS) * 2


# ---- which method is it?

TWINS = [{"staff.get", "staff.current"}, {"contractor.create", "contractor.update"}]
"""Methods whose answers are the same, so that no content can tell them apart."""


def test_guesses_are_right_where_the_content_tells() -> None:
    told: list[str] = []
    wrong: dict[str, list[str]] = {}
    silent = twins = 0
    for document in INDEX:
        if document.malformed or not document.described or document.direction == "fail":
            continue
        found = wire.guess(document.content)
        fitting = wire.REGISTRY.candidates(document.content)
        if document.direction == "request":
            assert found == fitting == [document.method]
        elif not len(etree.fromstring(document.content)):
            silent += 1  # the empty answer of an update, a delete or an action
            assert document.method in fitting
        elif any(set(fitting) == twin for twin in TWINS):
            twins += 1
            assert document.method in fitting
        elif fitting == [document.method]:
            told.append(document.file)
        else:
            wrong[document.file] = found
    total = len(told) + len(wrong)
    print(
        f"guessed right {len(told)} of {total} answers whose content tells ({len(told) / total:.1%}); {silent} empty ones"
        f" and {twins} of twins cannot be told; wrong: {wrong}"
    )
    # One document is of no shape that the API has: <contacts> straight below the root.
    assert set(wrong) == {"third-party/nathanmarks+freshbooks-api-client/array.xml"}


def test_a_failure_belongs_to_no_method_in_particular() -> None:
    for document in INDEX:
        if document.direction == "fail":
            assert wire.guess(document.content) == []
            with pytest.raises(ApiError):
                wire.parse_response("task.get", document.content)
