"""What a client makes of a server that fails, in every way, for every retry class, called either way.

The promises: a call that must not be done twice is never sent again after it may have been done; nothing waits past its
deadline; whatever happens ends in a value or in one typed error that tells what is known and no secret.

Random parts use the seed of the run; ``XMLWRIGHT_SEED=N`` repeats a run.
"""

from __future__ import annotations

import socket
import ssl
from collections import Counter
from typing import Any

import pytest
import trustme
from faulty_server import (
    FAULTS,
    Fault,
    Faulty,
    Talk,
    answer_of,
    http,
    outcome_name,
)
from hypothesis import given
from hypothesis import strategies as st
from retry_calls import (
    CALLS,
    EXACT,
    Call,
    Recording,
    check_promises,
    expected,
    libraries,
    nothing_left_open,
    print_table,
    property_based,
    run,
    server,
    ways,
)

from freshbooks_classic import Backoff
from freshbooks_classic.runtime import errors

__all__ = ["libraries", "nothing_left_open", "server"]


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
            if isinstance(outcome, errors.OutcomeUnknownError):
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
                assert isinstance(
                    outcome, errors.NetworkError | errors.OutcomeUnknownError
                ), outcome

    prove()
    print_table(counts)


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

    broken = Fault("a record that is none", "lost", errors.NetworkError, garbage)
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
            assert type(outcome) is errors.TlsError, outcome
            assert (outcome.attempts, outcome.maybe_done, server.seen) == (1, False, [])


@ways
def test_a_handshake_that_breaks_or_takes_too_long_was_not_the_request(way: str) -> None:
    """So even what must not be done twice is tried again."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    for kind, wanted in (
        ("broken", errors.ConnectionFailedError),
        ("slow", errors.ConnectTimeoutError),
    ):

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
                        assert not isinstance(outcome, errors.OutcomeUnknownError)
                        assert (outcome.attempts, outcome.maybe_done) == (2, False)


@ways
def test_nobody_there_is_tried_again_for_every_class(way: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for call in CALLS:
        [(outcome, _)] = run(
            way, f"http://127.0.0.1:{port}/api", [(call, 7)], retry=Recording(Backoff(attempts=4))
        )
        assert type(outcome) is errors.ConnectionFailedError, outcome
        assert (outcome.attempts, outcome.maybe_done) == (4, False)


@ways
def test_a_lost_delete_that_is_not_found_the_second_time_says_that_it_may_be_done(
    server: Faulty, way: str
) -> None:
    missing = Fault(
        "not found",
        "refused",
        errors.NotFoundError,
        lambda talk: talk.read().send(
            http(200, b'<response status="fail"><error>gone</error><code>50010</code></response>')
        ),
    )
    lost = next(fault for fault in FAULTS if fault.name == "reset after reading")
    call = Call("idempotent", "task.delete", lambda n: None, lambda fb, n: fb.task.delete(n))
    server.expect(lost, missing)
    [(outcome, _)] = run(way, server.url, [(call, 7)], retry=Recording())
    assert type(outcome) is errors.NotFoundError
    assert (outcome.attempts, outcome.maybe_done) == (2, True)
    server.expect(missing)
    [(outcome, _)] = run(way, server.url, [(call, 7)], retry=Recording())
    assert (outcome.attempts, outcome.maybe_done) == (1, False)


@ways
def test_an_answer_without_end_is_refused_in_bounded_memory(
    server: Faulty, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from freshbooks_classic.runtime import async_client, transport

    for module in (async_client, transport):
        monkeypatch.setattr(module, "LARGEST_DOCUMENT", 1_000_000)
    sent = 0

    def endless(talk: Talk) -> None:
        nonlocal sent
        talk.read().send(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<response status='ok'>")
        for _ in range(2000):
            talk.send(b"<a>" + b"x" * 65536 + b"</a>")
            sent += 1

    fault = Fault("endless", "lost", errors.InvalidDocumentError, endless)
    server.expect(fault, fault)
    [(outcome, _)] = run(way, server.url, [(CALLS[0], 7)], retry=Recording())
    assert type(outcome) is errors.InvalidDocumentError
    assert outcome.attempts == 1, "what is too large is so again"
    assert sent < 1000
