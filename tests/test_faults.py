"""What a client makes of a server that fails, in every way, for every retry class, called either way.

The promises: a call that must not be done twice is never sent again after it may have been done; nothing waits past its
deadline; whatever happens ends in a value or in one typed error that tells what is known and no secret.

Random parts print their seed; ``FAULTS_SEED=n`` repeats a run.
"""

from __future__ import annotations

import asyncio
import copy
import gc
import importlib
import io
import math
import os
import pickle
import random
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import trustme
from faulty import (
    FAULTS,
    GOOD,
    SLOW,
    Fault,
    Faulty,
    Talk,
    answer_of,
    http,
    outcome_name,
    parts_of,
)
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from freshbooks_classic import NEVER, AsyncFreshBooks, Backoff, FreshBooks, Upload, wire
from freshbooks_classic.runtime import errors
from freshbooks_classic.runtime.engine import Pause, perform
from freshbooks_classic.runtime.retry import Failed, RetryPolicy, retry_after
from freshbooks_classic.runtime.transport import HttpAnswer, HttpRequest

TOKEN = "tokentokentokentoken0123456789ab"
SEED = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(2**32))
DEADLINE = 0.3
TOLERANCE = 50.0
"""Seconds past a deadline that a loaded machine may need to say so; what is slow here is slow for longer than that."""

EXACT = tuple(fault for fault in FAULTS if fault.exact)
ways = pytest.mark.parametrize("way", ["sync", "async"])


def property_based(examples: int) -> Callable[[Any], Any]:
    """A property tried on so many examples, from the seed that is printed."""
    print(f"FAULTS_SEED={SEED}")

    def decorate(test: Any) -> Any:
        quiet: list[Any] = list(HealthCheck)
        return hypothesis.seed(SEED)(
            hypothesis.settings(
                max_examples=examples, deadline=None, database=None, suppress_health_check=quiet
            )(test)
        )

    return decorate


@dataclass
class Recording:
    """The policy used by default, whose waits are noted and not waited for."""

    policy: RetryPolicy = field(default_factory=lambda: Backoff(random=random.Random(SEED).random))
    waits: list[tuple[Failed, float | None]] = field(default_factory=list)

    def wait(self, failed: Failed) -> float | None:
        wait = self.policy.wait(failed)
        self.waits.append((failed, wait))
        return None if wait is None else 0.0


@dataclass(frozen=True)
class Call:
    """One method of each retry class. Each call has a number of its own, which its answer says again."""

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
    """The outcomes of some calls of one client, one after the other, and the seconds that each took."""
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
    """How often an honest client sends, and what the call ends in."""
    for sent in range(1, attempts + 1):
        fault = faults[sent - 1] if sent <= len(faults) else GOOD
        if fault.meaning == "good":
            return sent, "value"
        assert fault.error is not None
        if fault.meaning in ("lost", "strange") and call.retry == "ambiguous":
            return sent, "OutcomeUnknown"
        patient = fault.wait is None or fault.wait <= Backoff().patience
        if fault.meaning in ("refused", "strange") or sent == attempts or not patient:
            return sent, fault.error.__name__
    raise AssertionError("a client sends at least once")


def check_promises(call: Call, number: int, server: Faulty, outcome: Any) -> None:
    """What holds whatever the server did."""
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
    assert TOKEN not in repr(outcome) + str(outcome) + outcome.request + str(outcome.answer), facts
    for again in (pickle.loads(pickle.dumps(outcome)), copy.copy(outcome)):
        assert (type(again), str(again)) == (type(outcome), str(outcome)), facts
        assert again.attempts == outcome.attempts, facts
    if isinstance(outcome, errors.OutcomeUnknown):
        assert call.retry == "ambiguous", facts
        assert isinstance(outcome.__cause__, errors.Error), facts
        assert outcome.__cause__.attempts == outcome.attempts, facts
        assert f"task {number}" in outcome.look_up, facts


def print_table(counts: Counter[tuple[str, str, str]]) -> None:
    """Fault x class x outcome."""
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
    """Imported with the first call otherwise, and no deadline can cut an import short."""
    for name in ("httpx2", "requests"):
        importlib.import_module(name)


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    """A connection that is left to the garbage collector is told in the test that left it."""
    yield
    gc.collect()


@ways
def test_each_fault_for_each_class_ends_as_the_class_allows(server: Faulty, way: str) -> None:
    counts: Counter[tuple[str, str, str]] = Counter()
    for fault in EXACT:
        for call in CALLS:
            policy = Recording()
            faults = (fault,) * 4
            server.expect(*faults)
            [(outcome, _)] = run(way, server.url, [(call, 7)], retry=policy)
            check_promises(call, 7, server, outcome)
            sent, kind = expected(call, faults, 3)
            assert (len(server.seen), outcome_name(outcome)) == (sent, kind), (call, fault, outcome)
            if isinstance(outcome, errors.Error):
                assert outcome.attempts == sent, (call, fault)
            if isinstance(outcome, errors.OutcomeUnknown):
                assert type(outcome.__cause__) is fault.error, (call, fault)
            for failed, wait in policy.waits:
                if fault.wait is None:
                    assert failed.retry_after is None, fault
                else:
                    asked = failed.retry_after
                    assert asked is not None, fault
                    assert asked == fault.wait or abs(asked - fault.wait) < 5, (fault, asked)
                    assert wait in (None, asked), (fault, wait)
            counts[fault.name, call.retry, outcome_name(outcome)] += 1
    print_table(counts)
    assert len(counts) == len(EXACT) * len(CALLS)


@ways
def test_random_faults_of_one_call_end_as_its_class_allows(server: Faulty, way: str) -> None:
    counts: Counter[tuple[str, str, str]] = Counter()

    @property_based(100)
    @given(
        st.sampled_from(CALLS),
        st.lists(st.sampled_from(EXACT), min_size=1, max_size=5),
        st.integers(1, 4),
        st.integers(1, 10**9),
    )
    def prove(call: Call, faults: list[Fault], attempts: int, number: int) -> None:
        server.expect(*faults)
        policy = Recording(Backoff(attempts=attempts))
        [(outcome, _)] = run(way, server.url, [(call, number)], retry=policy)
        check_promises(call, number, server, outcome)
        found = (len(server.seen), outcome_name(outcome))
        assert found == expected(call, tuple(faults), attempts), (call, faults, outcome)
        counts[server.seen[-1].fault.name, call.retry, outcome_name(outcome)] += 1

    prove()
    print_table(counts)


@ways
def test_random_faults_of_many_calls_on_the_same_connections(server: Faulty, way: str) -> None:
    """Connections that a fault left half open are met again by the next call: its outcome is a matter of microseconds,
    the promises are not."""
    counts: Counter[tuple[str, str, str]] = Counter()

    @property_based(50)
    @given(
        st.lists(
            st.tuples(st.sampled_from(CALLS), st.lists(st.sampled_from(FAULTS), max_size=3)),
            min_size=2,
            max_size=5,
        ),
        st.integers(1, 10**6),
    )
    def prove(steps: list[tuple[Call, list[Fault]]], number: int) -> None:
        calls = [(call, number + index) for index, (call, _) in enumerate(steps)]
        seen: list[list[Any]] = []

        def between(index: int) -> None:
            seen.append(server.seen)
            server.expect(*steps[index][1])

        outcomes = run(way, server.url, calls, retry=Recording(), between=between)
        seen.append(server.seen)
        for (call, n), met, (outcome, _) in zip(calls, seen[1:], outcomes, strict=True):
            server.seen = met
            if met:
                check_promises(call, n, server, outcome)
                counts[met[-1].fault.name, call.retry, outcome_name(outcome)] += 1
            else:  # it went out on a connection that was dead already
                assert isinstance(outcome, errors.ConnectionFailed | errors.OutcomeUnknown), outcome

    prove()
    print_table(counts)


@ways
def test_nothing_waits_past_its_deadline(way: str) -> None:
    counts: Counter[tuple[str, str, str]] = Counter()
    longest = 0.0
    temporary = [fault for fault in EXACT if fault.meaning in ("lost", "later")]

    def check(call: Call, faults: list[Fault], policy: RetryPolicy) -> None:
        nonlocal longest
        # A server of its own: what a call leaves behind on its way must not meet the faults of the next one.
        with Faulty(answer_of) as server:
            server.expect(*faults)
            [(outcome, seconds)] = run(
                way, server.url, [(call, 7)], retry=policy, deadline=DEADLINE, timeout=30
            )
            check_promises(call, 7, server, outcome)
        assert seconds < DEADLINE + TOLERANCE, (call, faults, outcome)
        longest = max(longest, seconds)
        if not server.seen:  # on a very busy machine
            assert isinstance(outcome, errors.DeadlineExceeded | errors.OutcomeUnknown), outcome
            counts["not met", call.retry, outcome_name(outcome)] += 1
            return
        met = server.seen[-1].fault
        counts[met.name, call.retry, outcome_name(outcome)] += 1
        if met.slow:
            unknown = call.retry == "ambiguous"
            last = outcome.__cause__ if unknown else outcome
            assert isinstance(outcome, errors.OutcomeUnknown) == unknown, outcome
            assert type(last) is errors.DeadlineExceeded, outcome

    for fault in SLOW:
        for call in CALLS:
            check(call, [fault], Recording())

    @property_based(8)
    @given(
        st.sampled_from(CALLS),
        st.lists(st.sampled_from(temporary), max_size=2),
        st.sampled_from(SLOW),
    )
    def prove(call: Call, before: list[Fault], slow: Fault) -> None:
        check(call, [*before, slow], Recording())

    prove()
    # A wait that would end after the deadline is not begun.
    for fault in (one for one in EXACT if one.wait is not None and one.wait > 1):
        for call in CALLS:
            check(call, [fault], Backoff())
    print_table(counts)
    print(f"deadline {DEADLINE} s, longest call {longest:.2f} s")


def test_what_a_deadline_cuts_off_leaves_no_thread_and_sends_nothing_more() -> None:
    slow_head = next(fault for fault in SLOW if fault.name == "slow head")
    with Faulty(answer_of) as server:
        server.expect(*[slow_head] * 5)
        sent = 0
        left: list[threading.Thread] = []
        for _ in range(5):
            [(outcome, _)] = run(
                "sync", server.url, [(CALLS[0], 7)], retry=NEVER, deadline=DEADLINE
            )
            assert type(outcome) is errors.DeadlineExceeded
            sent += outcome.sent
        for _ in range(1200):
            left = [thread for thread in threading.enumerate() if thread.name == "exchange"]
            if not left:
                break
            time.sleep(0.05)
        assert left == []
        assert len(server.seen) <= sent
    print(f"{sent} of 5 calls were sent before their deadline")


@ways
def test_a_connection_that_comes_after_the_deadline_sends_nothing(way: str) -> None:
    """A TLS handshake that ends when nobody waits any more must not be followed by the request."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    hold = threading.Event()

    def greet(server: Faulty, sock: socket.socket) -> None:
        hold.wait(60)

    with authority.cert_pem.tempfile() as ca, Faulty(answer_of, tls=context, greet=greet) as server:
        [(outcome, seconds)] = run(
            way, server.url, [(CALLS[2], 7)], retry=Backoff(), deadline=DEADLINE, ca=ca
        )
        hold.set()
        time.sleep(0.3)
        assert server.seen == []
    assert type(outcome) is errors.DeadlineExceeded, "nothing was sent, so the outcome is known"
    assert (outcome.sent, outcome.maybe_done) == (False, False)
    assert seconds < DEADLINE + TOLERANCE


@ways
def test_tls_that_fails_before_and_after_the_request_was_sent(way: str) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    def garbage(talk: Talk) -> None:
        talk.read()
        # Bytes below TLS: a record that nobody can decrypt.
        socket.socket.sendall(talk.sock, b"\x17\x03\x03\x00\x20" + b"?" * 32)
        talk.stall()

    broken = Fault("a record that is none", "lost", errors.ConnectionFailed, garbage)
    gone = next(fault for fault in FAULTS if fault.name == "reset after reading")
    with (
        authority.cert_pem.tempfile() as ca,
        stranger.cert_pem.tempfile() as other,
        Faulty(answer_of, tls=context) as server,
    ):
        for fault in (broken, gone):
            for call in CALLS:
                server.expect(*[fault] * 3)
                [(outcome, _)] = run(way, server.url, [(call, 7)], retry=Recording(), ca=ca)
                check_promises(call, 7, server, outcome)
                assert (len(server.seen), outcome_name(outcome)) == expected(call, (fault,) * 3, 3)
        for call in CALLS:
            server.expect()
            [(outcome, _)] = run(way, server.url, [(call, 7)], retry=Recording(), ca=other)
            assert type(outcome) is errors.TlsFailed, outcome
            assert (outcome.attempts, outcome.maybe_done, server.seen) == (1, False, [])


@ways
def test_a_handshake_that_breaks_or_takes_too_long_was_not_the_request(way: str) -> None:
    """So even what must not be done twice is tried again."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    for kind, wanted in (("broken", errors.NotReached), ("slow", errors.ConnectTimedOut)):

        def greet(server: Faulty, sock: socket.socket, kind: str = kind) -> None:
            if server.connections < 3:
                if kind == "slow":
                    server.over.wait(60)
                raise OSError("the handshake ends here")

        with authority.cert_pem.tempfile() as ca:
            for attempts in (20, 2):  # the third is a good one, if the machine is quick enough
                with Faulty(answer_of, tls=context, greet=greet) as server:
                    [(outcome, _)] = run(
                        way,
                        server.url,
                        [(CALLS[2], 7)],
                        retry=Recording(Backoff(attempts=attempts)),
                        timeout=(0.4, 30.0),
                        ca=ca,
                    )
                    if attempts > 2:
                        assert outcome == 7, (kind, outcome)
                        assert len(server.seen) == 1
                    else:
                        assert isinstance(outcome, wanted), (kind, outcome)
                        assert not isinstance(outcome, errors.OutcomeUnknown)
                        assert (outcome.attempts, outcome.maybe_done) == (2, False)


@ways
def test_nobody_there_is_tried_again_for_every_class(way: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for call in CALLS:
        [(outcome, _)] = run(
            way, f"http://127.0.0.1:{port}/api", [(call, 7)], retry=Recording(Backoff(attempts=4))
        )
        assert type(outcome) is errors.NotReached, outcome
        assert (outcome.attempts, outcome.maybe_done) == (4, False)


@ways
def test_a_lost_delete_that_is_not_found_the_second_time_says_that_it_may_be_done(
    server: Faulty, way: str
) -> None:
    missing = Fault(
        "not found",
        "refused",
        errors.NotFound,
        lambda talk: talk.read().send(
            http(200, b'<response status="fail"><error>gone</error><code>50010</code></response>')
        ),
    )
    lost = next(fault for fault in FAULTS if fault.name == "reset after reading")
    call = Call("idempotent", "task.delete", lambda n: None, lambda fb, n: fb.task.delete(n))
    server.expect(lost, missing)
    [(outcome, _)] = run(way, server.url, [(call, 7)], retry=Recording())
    assert type(outcome) is errors.NotFound
    assert (outcome.attempts, outcome.maybe_done) == (2, True)
    server.expect(missing)
    [(outcome, _)] = run(way, server.url, [(call, 7)], retry=Recording())
    assert (outcome.attempts, outcome.maybe_done) == (1, False)


# Uploads


@ways
@pytest.mark.parametrize("kind", ["bytes", "path", "file", "file in the middle", "upload"])
def test_an_upload_is_sent_again_whole(server: Faulty, way: str, kind: str, tmp_path: Path) -> None:
    content = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 300
    path = tmp_path / "receipt.png"
    path.write_bytes(content)
    skipped = 100 if kind == "file in the middle" else 0
    source: Any = {
        "bytes": content,
        "path": path,
        "file": io.BytesIO(content),
        "file in the middle": io.BytesIO(b"x" * skipped + content),
        "upload": Upload(content, "receipt.png", "image/png"),
    }[kind]
    if skipped:
        source.seek(skipped)
    kinds = ["reset after reading", "429", "502 HTML", "reset in the body"]
    faults = [next(fault for fault in FAULTS if fault.name == name) for name in kinds]
    server.expect(*faults)
    call = Call(
        "idempotent",
        "receipt.update",
        lambda n: None,
        lambda fb, n: fb.receipt.update(n, image=source),
    )
    [(outcome, _)] = run(way, server.url, [(call, 5)], retry=Recording(Backoff(attempts=5)))
    assert outcome is None, outcome
    bodies = [seen.talk.body for seen in server.seen]
    assert len(bodies) == 5
    assert set(bodies) == {bodies[0]}
    document, image = parts_of(bodies[0])
    assert b'method="receipt.update"' in document
    assert image == content


def test_a_request_with_a_file_can_be_sent_as_often_as_wanted(server: Faulty) -> None:
    request = wire.build(
        "receipt.create", {"expense_id": 5, "image": io.BytesIO(b"\xff\xd8\xff data")}
    )
    server.expect()
    with FreshBooks("sample", token=TOKEN, url=server.url) as fb:
        for _ in range(3):
            fb.send(request)
    assert [parts_of(seen.talk.body)[1] for seen in server.seen] == [b"\xff\xd8\xff data"] * 3


# Files that are answers


PDF = b"%PDF-1.4\n" + bytes(range(256)) * 2000


def pdf(talk: Talk) -> None:
    talk.read().send(http(200, PDF, "Content-Type: application/pdf"))


def cut_pdf(talk: Talk) -> None:
    answer = http(200, PDF, "Content-Type: application/pdf")
    talk.read().send(answer[: len(answer) // 2]).reset()


def ended_pdf(talk: Talk) -> None:
    answer = http(200, PDF, "Content-Type: application/pdf")
    talk.read().send(answer[:-1]).close()


def dripped_pdf(talk: Talk) -> None:
    answer = http(200, PDF, "Content-Type: application/pdf")
    talk.read().send(answer[: len(answer) // 2]).drip(answer[len(answer) // 2 :])


def endless_pdf(talk: Talk) -> None:
    """Without a length, so that only the clock can tell that the end is not the end."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nConnection: close\r\n\r\n"
    talk.read().send(head + PDF[:1000]).drip(PDF[1000:])


@ways
@pytest.mark.parametrize(
    ("play", "wanted", "deadline"),
    [
        (cut_pdf, errors.ConnectionFailed, None),
        (cut_pdf, errors.ConnectionFailed, 5.0),
        (ended_pdf, errors.ConnectionFailed, None),
        (dripped_pdf, errors.DeadlineExceeded, DEADLINE),
        (endless_pdf, errors.DeadlineExceeded, DEADLINE),
    ],
)
def test_a_file_that_breaks_off_is_an_error_and_no_file(
    server: Faulty, way: str, play: Any, wanted: type[errors.Error], deadline: float, tmp_path: Path
) -> None:
    fault = Fault("a file that breaks off", "lost", wanted, play)
    target = tmp_path / "x.pdf"
    call = Call("safe", "invoice.getPDF", bytes, lambda fb, n: fb.invoice.get_pdf(n))
    server.expect(fault, fault, fault)
    began = time.monotonic()
    if way == "sync":
        with (
            FreshBooks("sample", token=TOKEN, url=server.url, deadline=deadline) as fb,
            pytest.raises(errors.Error) as caught,
        ):
            fb.invoice.get_pdf(3).save(target)
        outcome: Any = caught.value
    else:
        [(outcome, _)] = run(way, server.url, [(call, 3)], retry=Recording(), deadline=deadline)
    assert time.monotonic() - began < (deadline or 5) + TOLERANCE
    assert type(outcome) is wanted, outcome
    assert outcome.method == "invoice.getPDF"
    assert outcome.attempts >= 1
    assert outcome.request is not None
    assert 'method="invoice.getPDF"' in outcome.request
    assert list(tmp_path.iterdir()) == []
    assert TOKEN not in repr(outcome) + outcome.request


@ways
def test_what_comes_in_place_of_a_file_is_told_as_what_it_is(server: Faulty, way: str) -> None:
    call = Call("safe", "invoice.getPDF", bytes, lambda fb, n: fb.invoice.get_pdf(n))
    for fault in EXACT:
        if fault.meaning in ("refused", "strange") and fault.name != "no status":
            server.expect(fault)
            [(outcome, _)] = run(way, server.url, [(call, 7)], retry=Recording())
            check_promises(call, 7, server, outcome)
            assert type(outcome) is fault.error, (fault, outcome)
            assert outcome.status is not None, fault
    server.expect(Fault("a file", "good", None, pdf))
    [(outcome, _)] = run(way, server.url, [(call, 7)], retry=Recording())
    with (
        outcome
    ):  # the client is closed, and what the synchronous one has not read yet stays unread
        if way == "async":
            assert outcome.content == PDF


# Policies


class Always:
    """A policy that knows no end, and answers what it likes."""

    def __init__(self, answer: Any, end: int = 6) -> None:
        self.answer = answer
        self.end = end
        self.asked: list[Failed] = []

    def wait(self, failed: Failed) -> Any:
        self.asked.append(failed)
        return None if failed.attempt == self.end else self.answer


@ways
@pytest.mark.parametrize("answer", [0.0, -5.0, math.nan])
def test_no_policy_can_have_an_ambiguous_call_sent_twice(
    server: Faulty, way: str, answer: float
) -> None:
    for fault in EXACT:
        if fault.meaning != "good":
            policy = Always(answer)
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
        error = errors.ConnectionFailed("x")
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
    lasting = Failed("a.b", "safe", 1, errors.NotFound("x"), "no", False, 1.0)
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


# The engine by itself, with a clock that costs no time


@dataclass
class Simulated:
    """A server and a clock in one: what is to happen, and how long it takes."""

    now: float = 0.0
    sent: int = 0
    pauses: list[float] = field(default_factory=list)
    limits: list[float | None] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)

    def happen(self, step: HttpRequest, what: str, seconds: float) -> HttpAnswer:
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
            raise errors.DeadlineExceeded("late")
        if min(waits) < seconds:
            raise errors.TimedOut("late")
        headers = {"content-type": "application/xml"}
        if what.startswith("429"):
            after = what.partition(" ")[2]
            return HttpAnswer(429, {**headers, **({"retry-after": after} if after else {})}, b"")
        if what == "reset":
            raise errors.ConnectionFailed("reset")
        if what == "refused":
            raise errors.NotReached("nobody there")
        if what == "strange":
            raise RuntimeError("a transport that breaks its promise")
        if what == "503":
            return HttpAnswer(503, {**headers, "retry-after": "2"}, b"")
        return HttpAnswer(200, headers, answer_of(step.body))


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
    steps = perform(request, setup)
    coming = iter(happenings)
    try:
        step = next(steps)
        for _ in range(50):
            if isinstance(step, Pause):
                world.pauses.append(step.seconds)
                world.now += step.seconds
                step = next(steps)
                continue
            what, seconds = next(coming, ("good", 0.0))
            try:
                answer = world.happen(step, what, seconds)
            except Exception as error:
                step = steps.throw(error)
            else:
                step = steps.send(answer)
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

            def send(self, request: HttpRequest, error: Exception = error) -> HttpAnswer:
                self.sent += 1
                raise error

            def close(self) -> None: ...

        odd = Odd()
        fb = FreshBooks("sample", token=TOKEN, transport=odd, retry=Recording())
        with pytest.raises(errors.Error) as caught:
            call.make(fb, 7)
        outcome = caught.value
        if call.retry == "ambiguous":
            assert isinstance(outcome, errors.OutcomeUnknown)
            assert odd.sent == 1
        else:
            assert isinstance(outcome, errors.ConnectionFailed)
            assert outcome.__cause__ is error
            assert odd.sent == outcome.attempts == 3


@ways
def test_an_answer_without_end_is_refused_in_bounded_memory(
    server: Faulty, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from freshbooks_classic.runtime import aio, transport

    for module in (aio, transport):
        monkeypatch.setattr(module, "LARGEST_DOCUMENT", 1_000_000)
    sent = 0

    def endless(talk: Talk) -> None:
        nonlocal sent
        talk.read().send(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<response status='ok'>")
        for _ in range(2000):
            talk.send(b"<a>" + b"x" * 65536 + b"</a>")
            sent += 1

    fault = Fault("endless", "lost", errors.UnreadableDocument, endless)
    server.expect(fault, fault)
    [(outcome, _)] = run(way, server.url, [(CALLS[0], 7)], retry=Recording())
    assert type(outcome) is errors.UnreadableDocument
    assert outcome.attempts == 1, "what is too large is so again"
    assert sent < 1000
