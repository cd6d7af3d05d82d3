"""Nothing waits past its deadline, and nothing is sent after it."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections import Counter

import trustme
from faulty_server import (
    SLOW,
    Fault,
    Faulty,
    answer_of,
    outcome_name,
)
from hypothesis import given
from hypothesis import strategies as st
from retry_calls import (
    CALLS,
    DEADLINE,
    EXACT,
    TOLERANCE,
    Call,
    Recording,
    check_promises,
    libraries,
    nothing_left_open,
    print_table,
    property_based,
    run,
    server,
    ways,
)

from freshbooks_classic import NEVER, Backoff
from freshbooks_classic.runtime import errors
from freshbooks_classic.runtime.retry import RetryPolicy

__all__ = ["libraries", "nothing_left_open", "server"]


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
            assert isinstance(
                outcome, errors.DeadlineExceededError | errors.OutcomeUnknownError
            ), outcome
            counts["not met", call.retry, outcome_name(outcome)] += 1
            return
        met = server.seen[-1].fault
        counts[met.name, call.retry, outcome_name(outcome)] += 1
        if met.slow:
            unknown = call.retry == "ambiguous"
            last = outcome.__cause__ if unknown else outcome
            assert isinstance(outcome, errors.OutcomeUnknownError) == unknown, outcome
            assert type(last) is errors.DeadlineExceededError, outcome

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
            assert type(outcome) is errors.DeadlineExceededError
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
    assert (
        type(outcome) is errors.DeadlineExceededError
    ), "nothing was sent, so the outcome is known"
    assert (outcome.sent, outcome.maybe_done) == (False, False)
    assert seconds < DEADLINE + TOLERANCE
