"""How much of a description its cases show, and recordings with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import small_project

from xmlwright import settings
from xmlwright.inference.coverage import coverage
from xmlwright.pipeline import stages as pipeline

ROOT = Path(__file__).resolve().parents[2]


def test_the_cases_of_this_project_show_all_that_is_described() -> None:
    api, _ = pipeline.validate(settings.find(ROOT))
    assert api is not None
    found, _ = coverage(api)
    shares = {item.what: item.percent for item in found}
    print(shares)
    assert shares["methods"] == shares["records"] == shares["codes"] == 100
    assert shares["fields"] >= 95


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Nothing shows a book being created or a failure."""
    project = small_project.make(tmp_path / "project")
    text = small_project.BOOK_CASES
    first, last = text.index("  - name: a new book"), text.index("  - name: one book")
    text = text[:first] + text[last:]
    first, last = text.index("  - name: no book"), text.index("  - name: all books")
    small = project / "schema/resources/book.cases.yaml"
    small.write_text(text[:first] + text[last:], encoding="utf-8")
    return project


def ran(project: Path, *arguments: str) -> tuple[int, str, str]:
    done = small_project.run(project, "coverage", *arguments)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def shares(project: Path, *arguments: str) -> dict[str, tuple[int, int]]:
    code, told, _ = ran(project, *arguments, "--format", "json")
    assert code == 0
    return {what: (facts["shown"], facts["total"]) for what, facts in json.loads(told).items()}


def test_what_no_case_shows_is_named_with_its_place(project: Path) -> None:
    code, told, _ = ran(project)
    assert code == 0
    for line in (
        "methods      4 of     5    80.0 %",
        "nothing calls book.create",
        "records      2 of     3    66.7 %",
        "no request has Author",
        "no request has Book.title",
        "codes        0 of     1     0.0 %",
        "no failure has the code 404",
        "words        2 of     2   100.0 %",
    ):
        assert line in told, told
    assert "schema/resources/book.yaml:12:7: no request has Book.title" in told


def test_recordings_of_tests_count_too(project: Path) -> None:
    recording = project.parent / "calls.jsonl"
    request = (
        '<request method="book.create"><book><title>Faust</title><price>9.50</price><shelf>open</shelf>'
        "<authors><author><name>Johann</name></author></authors></book></request>"
    )
    failure = '<response xmlns="http://example.com/" status="fail"><error>No such book.</error><code>404</code></response>'
    answer = '<response xmlns="http://example.com/" status="ok"><book_id>7</book_id></response>'
    lines = [
        {"method": "book.create", "request": request, "response": answer},
        {"method": "book.get", "request": "<request method='film.get'/>", "response": failure},
    ]
    recording.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert shares(project)["methods"] == (4, 5)
    assert set(shares(project, str(recording)).values()) >= {(5, 5), (3, 3), (1, 1), (2, 2)}
    assert all(shown == total for shown, total in shares(project, str(recording)).values())
    assert "film.get" in ran(project, str(recording))[2]


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (["80"], 1),
        (["methods=80", "words=100"], 0),
        (["methods=80.1"], 1),
        (["30", "codes=0"], 0),
        (["half"], 2),
        (["pages=50"], 2),
        (["101"], 2),
    ],
)
def test_a_share_that_is_too_low_fails(project: Path, limits: list[str], code: int) -> None:
    arguments = [part for limit in limits for part in ("--fail-under", limit)]
    assert ran(project, *arguments)[0] == code
