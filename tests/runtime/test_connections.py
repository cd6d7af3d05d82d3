"""What travels on a connection beside requests and responses: proxies of the environment, interim responses."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from freshbooks_classic import FreshBooks, OutcomeUnknownError
from freshbooks_classic.runtime.scrub import blank
from freshbooks_classic.runtime.transport import without_user

OK = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: 86\r\n\r\n"
    b'<response xmlns="http://www.freshbooks.com/api/" status="ok"><task_id>7</task_id></response>'
)


@contextmanager
def raw_server(reply: bytes) -> Iterator[int]:
    """Serve one connection with fixed bytes after the first request."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(30)
            received = b""
            while b"</request>" not in received:
                received += connection.recv(65536)
            connection.sendall(reply)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
        thread.join(30)


def create(port: int) -> int:
    with FreshBooks("sample", token="x", url=f"http://127.0.0.1:{port}/") as fb:
        return fb.task.create(name="Research")


def ok() -> bytes:
    head, body = OK.split(b"\r\n\r\n", 1)
    return head.replace(b"86", str(len(body)).encode()) + b"\r\n\r\n" + body


@pytest.mark.parametrize("interim", [100, 102, 103])
def test_interim_responses_are_skipped(interim: int) -> None:
    hint = b"HTTP/1.1 %d Interim\r\nLink: </style.css>\r\n\r\n" % interim
    with raw_server(hint * 2 + ok()) as port:
        assert create(port) == 7


def test_a_last_interim_response_leaves_the_outcome_unknown() -> None:
    with raw_server(b"HTTP/1.1 101 Switching Protocols\r\nConnection: close\r\n\r\n") as port:
        with pytest.raises(OutcomeUnknownError) as caught:
            create(port)
    assert caught.value.maybe_done


def test_a_proxy_of_the_environment_does_not_see_calls_to_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # a port that refuses
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with raw_server(ok()) as port:
        assert create(port) == 7


def test_addresses_in_messages_show_no_user() -> None:
    assert (
        without_user("Failed: http://me:secret@proxy:99999/")
        == "Failed: http://[redacted]@proxy:99999/"
    )


def test_a_fixed_text_is_found_in_every_form_among_many_secrets() -> None:
    secrets = [f"https://x.example/view/{number:08}abc" for number in range(300)]
    text = " ".join(["plain"] * 1000) + " https%3A%2F%2Fx.example%2Fview%2F00000123abc"
    assert "00000123abc" not in blank(text, secrets)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_parses_while_its_parent_does() -> None:
    program = """
import os, threading
from freshbooks_classic.runtime.reading import parse_xml
document = b"<a>" + b"<b>text</b>" * 20000 + b"</a>"
stop = threading.Event()
def work():
    while not stop.is_set():
        parse_xml(document)
threads = [threading.Thread(target=work, daemon=True) for _ in range(4)]
[thread.start() for thread in threads]
for _ in range(20):
    pid = os.fork()
    if pid == 0:
        parse_xml(document)
        os._exit(0)
    os.waitpid(pid, 0)
stop.set()
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
