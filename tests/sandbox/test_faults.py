"""Faults: each is met by the generated client as what it stands for, and happens as often as it was asked to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal

import pytest
import requests

from freshbooks_classic import (
    FreshBooks,
    InvalidDocumentError,
    NetworkError,
    OutcomeUnknownError,
    RateLimitError,
    RequestTimeoutError,
    UnexpectedResponseError,
    ValidationError,
)
from freshbooks_classic.runtime.errors import Error
from freshbooks_classic.runtime.retry import NEVER
from xmlwright.sandbox import Sandbox, SandboxError


@pytest.fixture(scope="module")
def server(box: Sandbox) -> Iterator[Sandbox]:
    """A sandbox of this file's own, since rules are everybody's."""
    with Sandbox(box.described, accounts=("sample", "other")) as own:
        yield own


@pytest.fixture
def faulty(server: Sandbox) -> Sandbox:
    server.control.reset()
    return server


@pytest.fixture
def client(faulty: Sandbox) -> Iterator[FreshBooks]:
    with FreshBooks(
        faulty.account, token=faulty.token, url=faulty.url, ca=faulty.ca, timeout=60, retry=NEVER
    ) as made:
        yield made


def ask(
    box: Sandbox, fault: str | None = None, document: str = '<request method="task.list"/>'
) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.post(
            box.url,
            data=document,
            auth=(box.token, "X"),
            headers=None if fault is None else {"X-Sandbox-Fault": fault},
            verify=box.ca,
            timeout=60,
        )


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("status=503", Error),
        ("status=404", Error),
        ("code=40010", ValidationError),
        ("status=200", UnexpectedResponseError),
        ("status=302", UnexpectedResponseError),
        ("reset", NetworkError),
        ("garbage", NetworkError),
        ("lost", NetworkError),
        ("truncate=30", NetworkError),
        ("truncate=0", NetworkError),
        ("malformed", InvalidDocumentError),
        ("charset", InvalidDocumentError),
        ("empty", InvalidDocumentError),
        ("hang=100ms", NetworkError),
    ],
)
def test_what_goes_wrong_reaches_the_client_as_that(
    faulty: Sandbox, client: FreshBooks, rule: str, expected: type[Exception]
) -> None:
    faulty.control.add_fault(f"{rule}; method=task.*; count=1")
    with pytest.raises(expected):
        client.task.get(1)
    assert client.task.list().total == 0  # and the next call is as ever


def test_too_many_calls_are_told_when_to_come_back(faulty: Sandbox, client: FreshBooks) -> None:
    faulty.control.add_fault("rate-limit=7s; count=1")
    with pytest.raises(RateLimitError) as met:
        client.task.get(1)
    assert met.value.status == 429
    assert ask(faulty, "rate-limit=7s").headers["Retry-After"] == "7"


def test_a_lost_answer_is_that_of_a_call_that_was_done(faulty: Sandbox, client: FreshBooks) -> None:
    faulty.control.add_fault("lost; method=task.create; count=1")
    with pytest.raises(OutcomeUnknownError):
        client.task.create(name="Hedges")
    assert [task.name for task in client.task.list()] == ["Hedges"]
    faulty.control.add_fault("reset; method=task.create; count=1")
    with pytest.raises(OutcomeUnknownError):
        client.task.create(name="Lawns")
    assert [task.name for task in client.task.list()] == ["Hedges"]


def test_answers_may_break_the_description(faulty: Sandbox, client: FreshBooks) -> None:
    number = client.task.create(name="Hedges", rate="12.50")
    rules = faulty.control.add_fault
    rules("missing=rate; method=task.get; count=1")
    assert client.task.get(number).rate is None
    rules("extra=color; method=task.get; count=1")
    assert [one.path for one in client.task.get(number).unknown] == ["color"]
    rules("namespace=urn:other; method=task.get; count=1")
    assert client.task.get(number).name == "Hedges"  # the client goes by local names
    rules("retyped=rate; method=task.get; count=1")
    with pytest.raises(InvalidDocumentError, match="rate"):
        client.task.get(number)
    rules("value=rate:7.25; method=task.get; count=1")
    assert client.task.get(number).rate == Decimal("7.25")
    rules("value=total:9; method=task.list; count=1")  # of an attribute, too
    assert client.task.list().total == 9
    rules("missing=total; method=task.list; count=1")
    assert b"total=" not in ask(faulty).content


def test_an_answer_may_be_late_or_drip(faulty: Sandbox, client: FreshBooks) -> None:
    began = time.monotonic()
    assert ask(faulty, "latency=300ms").ok
    assert time.monotonic() - began >= 0.3
    began = time.monotonic()
    answer = ask(faulty, "drip=2000")
    assert answer.ok
    assert time.monotonic() - began >= len(answer.content) / 2000
    faulty.control.add_fault("latency=20s; method=task.get")
    with pytest.raises(RequestTimeoutError):
        client.with_options(timeout=0.3).task.get(1)


def test_a_rule_meets_the_methods_and_the_account_that_it_names(faulty: Sandbox) -> None:
    faulty.control.add_fault("status=503; method=*.list; account=sample")
    statuses = {
        (account, method): requests.post(
            faulty.address(account),
            data=f'<request method="{method}"/>',
            auth=(faulty.owner_token(account), "X"),
            verify=faulty.ca,
            timeout=60,
        ).status_code
        for account in ("sample", "other")
        for method in ("task.list", "staff.current")
    }
    assert [key for key, status in statuses.items() if status == 503] == [("sample", "task.list")]


def test_count_and_skip_say_how_often_and_how_late(faulty: Sandbox) -> None:
    faulty.control.add_fault("status=500; skip=2; count=3")
    assert [ask(faulty).status_code for _ in range(7)] == [200, 200, 500, 500, 500, 200, 200]
    (rule,) = faulty.control.faults()
    assert (rule["happened"], rule["met"]) == (3, 7)


def test_a_limit_lets_so_many_calls_pass_in_each_span_of_the_clock(faulty: Sandbox) -> None:
    faulty.control.add_fault("rate-limit; over=2/60s; method=task.*")
    other = '<request method="staff.current"/>'
    assert [ask(faulty).status_code for _ in range(2)] == [200, 200]
    faulty.control.advance(15)
    limited = ask(faulty)
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "45")
    assert ask(faulty, document=other).status_code == 200
    faulty.control.advance(44)
    assert ask(faulty).headers["Retry-After"] == "1"
    faulty.control.advance(1)
    assert [ask(faulty).status_code for _ in range(3)] == [200, 200, 429]
    (rule,) = faulty.control.faults()
    assert (rule["over"], rule["happened"], rule["met"]) == ("2/60s", 3, 7)


def test_a_request_may_be_spared(faulty: Sandbox) -> None:
    faulty.control.add_fault("status=500; count=1")
    assert ask(faulty, "").status_code == 200
    assert ask(faulty).status_code == 500


def test_one_seed_gives_the_same_chances_again(faulty: Sandbox) -> None:
    seen = []
    for _ in range(2):
        faulty.control.reset()
        faulty.control.add_fault("status=500; probability=30%")
        seen.append([ask(faulty).status_code for _ in range(40)])
    assert seen[0] == seen[1]
    assert 3 <= seen[0].count(500) <= 25


def test_a_rule_that_was_taken_back_happens_no_more(faulty: Sandbox) -> None:
    first = faulty.control.add_fault("status=500")
    faulty.control.add_fault("status=501; method=tax.*")
    faulty.control.remove_fault(first)
    assert ask(faulty).status_code == 200
    faulty.control.clear_faults()
    assert faulty.control.faults() == []
    with pytest.raises(SandboxError, match=f"no rule {first}"):
        faulty.control.remove_fault(first)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("statis=503", "did you mean 'status'"),
        ("status", "needs a value, as in status=503"),
        ("status=204", "from 200 to 599, with a page to it"),
        ("latency=fast", "such as 200ms"),
        ("latency=uniform(2s,1s)", "from the shorter time"),
        ("latency=900s", "at most 600s"),
        ("code=4001", "did you mean 40010"),
        ("reset=1", "has no value"),
        ("status=503; reset", "only one of"),
        ("status=503; probability=2", "a number from 0 to 1"),
        ("status=503; count=some", "a whole number"),
        ("method=task.*", "not what should go wrong"),
        ("drip=0", "at least one byte"),
        ("value=status", "a name and a text"),
        ("garbage; over=3", "a number of calls and a time"),
        ("garbage; over=3/0s", "a number of calls and a time"),
    ],
)
def test_a_rule_that_makes_no_sense_is_told(faulty: Sandbox, rule: str, told: str) -> None:
    with pytest.raises(SandboxError) as met:
        faulty.control.add_fault(rule)
    assert told in str(met.value)
    assert faulty.control.faults() == []


def test_a_header_that_makes_no_sense_is_told_and_nothing_is_done(
    faulty: Sandbox, client: FreshBooks
) -> None:
    create = '<request method="task.create"><task><name>x</name></task></request>'
    for wrong in ("statis=503", "status=503; method=task.*"):
        assert ask(faulty, wrong, create).status_code == 400
    assert client.task.list().total == 0


def test_the_answer_names_the_faults_it_suffered(faulty: Sandbox) -> None:
    assert ask(faulty, "extra=color").headers["X-Sandbox-Faults"] == "extra=color"
    seen = faulty.control.requests(fault=True)
    assert [one["fault"] for one in seen] == ["extra=color"]
