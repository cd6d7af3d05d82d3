"""When a call is sent again: policies, and what a server asks for."""

from __future__ import annotations

import math
import random
from typing import Any

import hypothesis
import pytest
from faulty_server import (
    Faulty,
)
from hypothesis import given
from hypothesis import strategies as st
from retry_calls import (
    CALLS,
    EXACT,
    check_promises,
    libraries,
    nothing_left_open,
    run,
    server,
    ways,
)

from freshbooks_classic import Backoff
from freshbooks_classic.runtime import errors
from freshbooks_classic.runtime.retry import Failed, retry_after

__all__ = ["libraries", "nothing_left_open", "server"]


class Always:
    """A policy that knows no end, and answers what it likes."""

    def __init__(self, response: Any, end: int = 6) -> None:
        self.response = response
        self.end = end
        self.asked: list[Failed] = []

    def wait(self, failed: Failed) -> Any:
        self.asked.append(failed)
        return None if failed.attempt == self.end else self.response


@ways
@pytest.mark.parametrize("response", [0.0, -5.0, math.nan])
def test_no_policy_can_have_an_ambiguous_call_sent_twice(
    server: Faulty, way: str, response: float
) -> None:
    for fault in EXACT:
        if fault.meaning != "good":
            policy = Always(response)
            server.expect(*[fault] * 9)
            [(outcome, _)] = run(way, server.url, [(CALLS[2], 7)], retry=policy)
            check_promises(CALLS[2], 7, server, outcome)
            assert len(server.seen) == (6 if fault.meaning == "later" else 1), fault
            assert len(policy.asked) == (6 if fault.meaning == "later" else 0), fault


@ways
def test_a_policy_of_ones_own_decides_where_it_may(server: Faulty, way: str) -> None:
    for call in CALLS[:2]:
        policy = Always(0.0, end=5)
        server.expect(*[fault for fault in EXACT if fault.meaning == "lost"][:5])
        [(outcome, _)] = run(way, server.url, [(call, 7)], retry=policy)
        assert isinstance(outcome, errors.Error)
        assert outcome.attempts == len(server.seen) == 5
        assert [failed.attempt for failed in policy.asked] == [1, 2, 3, 4, 5]
        assert {failed.method for failed in policy.asked} == {call.method}
        assert {failed.retry for failed in policy.asked} == {call.retry}


def test_backoff_is_full_jitter_within_its_limits_and_the_same_for_the_same_seed() -> None:
    def waits(seed: int, after: float | None = None) -> list[float | None]:
        policy = Backoff(attempts=8, base=1.0, longest=10.0, random=random.Random(seed).random)
        error = errors.NetworkError("x")
        return [
            policy.wait(Failed("a.b", "safe", attempt, error, "no", True, after))
            for attempt in range(1, 9)
        ]

    many = [waits(seed) for seed in range(300)]
    for attempt, limit in enumerate([1, 2, 4, 8, 10, 10, 10]):
        column = [row[attempt] for row in many]
        known = [wait for wait in column if wait is not None]
        assert len(known) == 300
        assert 0 <= min(known) < 0.1 * limit, "full jitter reaches down to nothing"
        assert 0.9 * limit < max(known) <= limit
    assert {row[7] for row in many} == {None}
    assert waits(5) == waits(5) != waits(6)
    assert waits(5, 60.0) == [60.0] * 7 + [None]
    assert waits(5, 60.5) == [None] * 8
    lasting = Failed("a.b", "safe", 1, errors.NotFoundError("x"), "no", False, 1.0)
    assert Backoff().wait(lasting) is None


@given(
    st.text(max_size=60)
    | st.from_regex(r"\A[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+(:\d+)? .{0,6}\Z")
)
@hypothesis.settings(deadline=None)
def test_no_retry_after_header_can_do_harm(value: str) -> None:
    seconds = retry_after(value)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        (" 17 ", 17.0),
        ("9" * 400, math.inf),
        ("Thu, 01 Jan 1970 00:00:40 GMT", 30.0),
        ("Thursday, 01-Jan-70 00:00:40 GMT", 30.0),
        ("Thu Jan  1 00:00:40 1970", 30.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("-3", None),
        ("٣", None),
        ("", None),
        (None, None),
        ("tomorrow", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    found = retry_after(value, now=lambda: 10.0)
    if value == "Fri, 31 Dec 9999 23:59:59 -2359":
        assert found is None or found > 1e9
    else:
        assert found == seconds
