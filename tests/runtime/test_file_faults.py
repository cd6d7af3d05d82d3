"""Files that are sent, and files that are answers, while the server fails."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import pytest
from faulty_server import (
    FAULTS,
    Fault,
    Faulty,
    Talk,
    http,
    parts_of,
)
from retry_calls import (
    DEADLINE,
    EXACT,
    TOKEN,
    TOLERANCE,
    Call,
    Recording,
    check_promises,
    libraries,
    nothing_left_open,
    run,
    server,
    ways,
)

from freshbooks_classic import Backoff, FreshBooks, Upload, wire
from freshbooks_classic.runtime import errors

__all__ = ["libraries", "nothing_left_open", "server"]


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


PDF = b"%PDF-1.4\n" + bytes(range(256)) * 2000


def pdf(talk: Talk) -> None:
    talk.read().send(http(200, PDF, "Content-Type: application/pdf"))


def cut_pdf(talk: Talk) -> None:
    response = http(200, PDF, "Content-Type: application/pdf")
    talk.read().send(response[: len(response) // 2]).reset()


def ended_pdf(talk: Talk) -> None:
    response = http(200, PDF, "Content-Type: application/pdf")
    talk.read().send(response[:-1]).close()


def dripped_pdf(talk: Talk) -> None:
    response = http(200, PDF, "Content-Type: application/pdf")
    talk.read().send(response[: len(response) // 2]).drip(response[len(response) // 2 :])


def endless_pdf(talk: Talk) -> None:
    """Without a length, so that only the clock can tell that the end is not the end."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nConnection: close\r\n\r\n"
    talk.read().send(head + PDF[:1000]).drip(PDF[1000:])


@ways
@pytest.mark.parametrize(
    ("play", "wanted", "deadline"),
    [
        (cut_pdf, errors.NetworkError, None),
        (cut_pdf, errors.NetworkError, 5.0),
        (ended_pdf, errors.NetworkError, None),
        (dripped_pdf, errors.DeadlineExceededError, DEADLINE),
        (endless_pdf, errors.DeadlineExceededError, DEADLINE),
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
