"""The engine by itself, with a clock that costs no time and transports that keep no promise."""

from __future__ import annotations

import copy
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from faulty_server import (
    answer_of,
    outcome_name,
)
from hypothesis import given
from hypothesis import strategies as st
from retry_calls import (
    CALLS,
    TOKEN,
    Call,
    Recording,
    libraries,
    nothing_left_open,
    print_table,
    property_based,
    server,
)

from freshbooks_classic import Backoff, FreshBooks, wire
from freshbooks_classic.runtime import errors
from freshbooks_classic.runtime.engine import Pause, SignIn, run_call
from freshbooks_classic.runtime.transport import HttpRequest, HttpResponse

__all__ = ["libraries", "nothing_left_open", "server"]


@dataclass
class Simulated:
    """A server and a clock in one: what is to happen, and how long it takes."""

    now: float = 0.0
    sent: int = 0
    pauses: list[float] = field(default_factory=list)
    limits: list[float | None] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)

    def happen(self, step: HttpRequest, what: str, seconds: float) -> HttpResponse:
        self.sent += 1
        self.limits.append(step.limit)
        waits = [seconds]
        if step.limit is not None:
            waits.append(step.limit)
        if isinstance(step.timeout, float):
            waits.append(step.timeout)
        self.now += min(waits)
        self.happened.append(what if min(waits) == seconds else "late")
        if step.limit is not None and step.limit == min(waits) < seconds:
            raise errors.DeadlineExceededError("late")
        if min(waits) < seconds:
            raise errors.RequestTimeoutError("late")
        headers = {"content-type": "application/xml"}
        if what.startswith("429"):
            after = what.partition(" ")[2]
            return HttpResponse(429, {**headers, **({"retry-after": after} if after else {})}, b"")
        if what == "reset":
            raise errors.NetworkError("reset")
        if what == "refused":
            raise errors.ConnectionFailedError("nobody there")
        if what == "strange":
            raise RuntimeError("a transport that breaks its promise")
        if what == "503":
            return HttpResponse(503, {**headers, "retry-after": "2"}, b"")
        return HttpResponse(200, headers, answer_of(step.body))


WHATS = ("good", "reset", "refused", "strange", "503", "429", "429 5", "429 50", "429 7000")


def simulate(
    call: Call, happenings: list[tuple[str, float]], seed: int, **options: Any
) -> tuple[Simulated, Any]:
    """One call on a clock of its own."""
    fb = FreshBooks(
        "sample",
        token=TOKEN,
        url="http://127.0.0.1:9/",
        retry=Backoff(attempts=6, patience=20.0, random=random.Random(seed).random),
        **options,
    )
    world = Simulated()
    request: Any = call.make(type("Builder", (), {"task": Built})(), 7)
    setup = copy.copy(fb._setup())
    object.__setattr__(setup, "clock", lambda: world.now)
    steps = run_call(request, setup)
    coming = iter(happenings)
    try:
        step = next(steps)
        for _ in range(50):
            assert not isinstance(step, SignIn)
            if isinstance(step, Pause):
                world.pauses.append(step.seconds)
                world.now += step.seconds
                step = next(steps)
                continue
            what, seconds = next(coming, ("good", 0.0))
            try:
                response = world.happen(step, what, seconds)
            except Exception as error:
                step = steps.throw(error)
            else:
                step = steps.send(response)
    except StopIteration as done:
        return world, done.value
    except errors.Error as error:
        return world, error
    raise AssertionError("the call has no end")


class Built:
    """The builders, where a client would have bound them."""

    @staticmethod
    def get(n: int) -> Any:
        return wire.build("task.get", {"task_id": n})

    @staticmethod
    def update(n: int, **values: Any) -> Any:
        return wire.build("task.update", {"task_id": n, **values})

    @staticmethod
    def create(**values: Any) -> Any:
        return wire.build("task.create", values)


def test_on_a_simulated_clock_no_call_lasts_longer_than_it_may() -> None:
    counts: Counter[tuple[str, str, str]] = Counter()
    seconds = st.floats(0, 40, allow_nan=False)

    @property_based(1500)
    @given(
        st.sampled_from(CALLS),
        st.lists(st.tuples(st.sampled_from(WHATS), seconds), max_size=8),
        st.none() | st.floats(0.001, 90),
        st.none() | st.floats(0.5, 30),
        st.integers(0, 99),
    )
    def prove(
        call: Call,
        happenings: list[tuple[str, float]],
        deadline: float | None,
        timeout: float | None,
        seed: int,
    ) -> None:
        world, outcome = simulate(call, happenings, seed, deadline=deadline, timeout=timeout)
        again, _ = simulate(call, happenings, seed, deadline=deadline, timeout=timeout)
        assert again.pauses == world.pauses, "the same seed waits the same"
        assert world.sent <= 6
        assert all(0 <= pause <= 20.0 for pause in world.pauses), "no sleep beyond the patience"
        for what, pause in zip(world.happened, world.pauses, strict=False):
            if what == "429 5":
                assert pause == 5.0
            elif what == "503":
                assert pause == 2.0
            else:
                assert what not in ("good", "429 50", "429 7000")
                assert pause <= 8.0
        if deadline is not None:
            assert world.now <= deadline * (1 + 1e-9), (world, outcome)
            assert all(limit is not None and 0 < limit <= deadline for limit in world.limits)
        assert not isinstance(outcome, BaseException) or isinstance(outcome, errors.Error)
        if isinstance(outcome, errors.Error):
            assert (outcome.attempts, outcome.method) == (world.sent, call.method)
        if call.retry == "ambiguous":
            before = set(world.happened[:-1])
            assert before <= {"refused", "429", "429 5"}, "sent again after it may have been done"
        counts["simulated", call.retry, outcome_name(outcome)] += 1

    prove()
    print_table(counts)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.retry)
def test_a_transport_that_raises_what_it_likes_ends_in_a_typed_error(call: Call) -> None:
    for error in (OSError("x"), ValueError("x"), KeyError("x"), TimeoutError("x"), EOFError()):

        class Odd:
            sent = 0

            def send(self, request: HttpRequest, error: Exception = error) -> HttpResponse:
                self.sent += 1
                raise error

            def close(self) -> None: ...

        odd = Odd()
        fb = FreshBooks("sample", token=TOKEN, transport=odd, retry=Recording())
        with pytest.raises(errors.Error) as caught:
            call.make(fb, 7)
        outcome = caught.value
        if call.retry == "ambiguous":
            assert isinstance(outcome, errors.OutcomeUnknownError)
            assert odd.sent == 1
        else:
            assert isinstance(outcome, errors.NetworkError)
            assert outcome.__cause__ is error
            assert odd.sent == outcome.attempts == 3
