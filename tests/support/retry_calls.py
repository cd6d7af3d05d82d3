"""Calls of each retry class against a failing server: their outcomes, and the invariants.

Random parts use the seed of the run; ``XMLWRIGHT_SEED=N`` repeats a run.
"""

from __future__ import annotations

import asyncio
import copy
import gc
import importlib
import pickle
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import pytest
from faulty_server import (
    FAULTS,
    GOOD,
    Fault,
    Faulty,
    answer_of,
)
from hypothesis import HealthCheck
from sampling import FULL, SEED

from freshbooks_classic import AsyncFreshBooks, Backoff, FreshBooks
from freshbooks_classic.runtime import errors
from freshbooks_classic.runtime.retry import Failed, RetryPolicy

TOKEN = "tokentokentokentoken0123456789ab"
DEADLINE = 0.3
TOLERANCE = 50.0
"""Seconds past a deadline that a loaded machine may need to say so; what is slow here is slow for longer than that."""

EXACT = tuple(fault for fault in FAULTS if fault.exact)
ways = pytest.mark.parametrize("way", ["sync", "async"])


def property_based(examples: int) -> Callable[[Any], Any]:
    """Decorate a property test: ``make proofs`` tries all examples, ``make test`` a quarter."""

    def decorate(test: Any) -> Any:
        quiet: list[Any] = list(HealthCheck)
        return hypothesis.seed(SEED)(
            hypothesis.settings(
                max_examples=examples if FULL else examples // 4 + 1,
                deadline=None,
                database=None,
                suppress_health_check=quiet,
            )(test)
        )

    return decorate


@dataclass
class Recording:
    """The default policy, which records delays instead of sleeping."""

    policy: RetryPolicy = field(default_factory=lambda: Backoff(random=random.Random(SEED).random))
    waits: list[tuple[Failed, float | None]] = field(default_factory=list)

    def wait(self, failed: Failed) -> float | None:
        wait = self.policy.wait(failed)
        self.waits.append((failed, wait))
        return None if wait is None else 0.0


@dataclass(frozen=True)
class Call:
    """One method of each retry class. Each call has its own number, which its response repeats."""

    retry: str
    method: str
    value: Callable[[int], Any]
    make: Callable[[Any, int], Any] = field(repr=False)


CALLS = (
    Call("safe", "task.get", lambda n: n, lambda fb, n: fb.task.get(n)),
    Call("idempotent", "task.update", lambda n: None, lambda fb, n: fb.task.update(n, name="x")),
    Call("ambiguous", "task.create", lambda n: n, lambda fb, n: fb.task.create(name=f"task {n}")),
)


def run(
    way: str, url: str, calls: list[tuple[Call, int]], **options: Any
) -> list[tuple[Any, float]]:
    """Return the outcomes of sequential calls of one client, and the seconds that each took."""
    hooks = options.pop("between", lambda index: None)
    if way == "sync":
        found = []
        with FreshBooks("sample", token=TOKEN, url=url, **options) as fb:
            for index, (call, number) in enumerate(calls):
                hooks(index)
                began = time.monotonic()
                try:
                    value = call.make(fb, number)
                except Exception as error:
                    value = error
                found.append((value, time.monotonic() - began))
        return found

    async def running() -> list[tuple[Any, float]]:
        found = []
        async with AsyncFreshBooks("sample", token=TOKEN, url=url, **options) as fb:
            for index, (call, number) in enumerate(calls):
                hooks(index)
                began = time.monotonic()
                try:
                    value = await call.make(fb, number)
                except Exception as error:
                    value = error
                found.append((value, time.monotonic() - began))
        return found

    return asyncio.run(running())


def number_of(value: Any) -> Any:
    return getattr(value, "task_id", value)


def expected(call: Call, faults: tuple[Fault, ...], attempts: int) -> tuple[int, str]:
    """Return how often a correct client sends, and the outcome of the call."""
    for sent in range(1, attempts + 1):
        fault = faults[sent - 1] if sent <= len(faults) else GOOD
        if fault.meaning == "good":
            return sent, "value"
        assert fault.error is not None
        if fault.meaning in ("lost", "strange") and call.retry == "ambiguous":
            return sent, "OutcomeUnknownError"
        patient = fault.wait is None or fault.wait <= Backoff().patience
        if fault.meaning in ("refused", "strange") or sent == attempts or not patient:
            return sent, fault.error.__name__
    raise AssertionError("a client sends at least once")


def check_promises(call: Call, number: int, server: Faulty, outcome: Any) -> None:
    """Assert the invariants, whatever the server did."""
    facts = f"{call.method} {outcome!r} {server.seen}"
    done = [seen.may_be_done for seen in server.seen]
    if call.retry == "ambiguous":
        assert sum(done) <= 1, f"sent again after it may have been done: {facts}"
        assert True not in done[:-1], facts
    if not isinstance(outcome, BaseException):
        assert server.seen[-1].fault.meaning == "good", facts
        assert number_of(outcome) == call.value(number), facts
        return
    assert isinstance(outcome, errors.Error), facts
    assert outcome.method == call.method, facts
    assert outcome.attempts >= len(server.seen), facts
    assert outcome.request is not None, facts
    assert f'method="{call.method}"' in outcome.request, facts
    assert outcome.maybe_done or not any(done), f"says that it was not done: {facts}"
    assert TOKEN not in repr(outcome) + str(outcome) + outcome.request + str(
        outcome.response
    ), facts
    for again in (pickle.loads(pickle.dumps(outcome)), copy.copy(outcome)):
        assert (type(again), str(again)) == (type(outcome), str(outcome)), facts
        assert again.attempts == outcome.attempts, facts
    if isinstance(outcome, errors.OutcomeUnknownError):
        assert call.retry == "ambiguous", facts
        assert isinstance(outcome.__cause__, errors.Error), facts
        assert outcome.__cause__.attempts == outcome.attempts, facts
        assert f"task {number}" in outcome.look_up, facts


def print_table(counts: Counter[tuple[str, str, str]]) -> None:
    """Print a table of fault, class and outcome."""
    for fault in sorted({key[0] for key in counts}):
        row = [
            f"{retry} {outcome} {count}"
            for (name, retry, outcome), count in sorted(counts.items())
            if name == fault
        ]
        print(f"{fault:36} {', '.join(row)}")
    print(f"{sum(counts.values())} calls")


@pytest.fixture(scope="module")
def server() -> Iterator[Faulty]:
    with Faulty(answer_of) as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
def libraries() -> None:
    """Import them before the first call, because no deadline can interrupt an import."""
    for name in ("httpx2", "requests"):
        importlib.import_module(name)


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    """Fail the test that leaves a connection to the garbage collector."""
    yield
    gc.collect()
