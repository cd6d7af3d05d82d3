"""The server as HTTP clients meet it: TLS, hosts, paths, connections, and what is none of the API's business."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from sandbox_process import XMLWRIGHT, sandbox_process

from xmlwright.sandbox import Sandbox, SandboxError
from xmlwright.sandbox.http import server

from .case_setup import ROOT

LIST = '<request method="task.list"/>'


@pytest.fixture(scope="module")
def token(box: Sandbox) -> str:
    return box.open("serving")


def call(
    http: requests.Session, url: str, token: str, document: str = LIST, **more: Any
) -> requests.Response:
    return http.post(url, data=document, auth=(token, "X"), timeout=60, **more)


def raw(box: Sandbox, content: bytes) -> socket.socket:
    """A TLS connection on which something was sent."""
    context = ssl.create_default_context(cafile=box.ca)
    connection = context.wrap_socket(
        socket.create_connection(("127.0.0.1", box.port), timeout=60), server_hostname="127.0.0.1"
    )
    connection.sendall(content)
    return connection


def answers(connection: socket.socket, number: int) -> list[tuple[int, bytes]]:
    """So many responses of a connection, in order."""
    found = []
    file = connection.makefile("rb")
    for _ in range(number):
        status = int(file.readline().split()[1])
        headers = http.client.parse_headers(file)
        found.append((status, file.read(int(headers["Content-Length"]))))
    return found


def request(
    token: str, document: str = LIST, path: str = "/serving/api/2.1/xml-in", *more: str
) -> bytes:
    import base64

    pair = base64.b64encode(f"{token}:X".encode()).decode()
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Authorization: Basic {pair}", *more]
    if not any(line.startswith(("Transfer-Encoding", "Content-Length")) for line in more):
        lines.append(f"Content-Length: {len(document)}")
    return ("\r\n".join(lines) + "\r\n\r\n" + document).encode()


def test_a_client_that_trusts_the_certificate_gets_through_and_no_other_does(
    box: Sandbox, http: requests.Session, token: str
) -> None:
    assert call(http, box.address("serving"), token).status_code == 200
    assert call(http, box.address("serving").replace("127.0.0.1", "localhost"), token).ok
    with socket.create_connection(("127.0.0.1", box.port), timeout=60) as plain:
        with pytest.raises(ssl.SSLCertVerificationError):
            ssl.create_default_context().wrap_socket(plain, server_hostname="127.0.0.1")


def test_the_certificate_fits_any_name_that_the_client_calls_the_server_by(box: Sandbox) -> None:
    context = ssl.create_default_context(cafile=box.ca)
    for name in ("serving.example.com", "other.example.org", "localhost"):
        with socket.create_connection(("127.0.0.1", box.port), timeout=60) as plain:
            with context.wrap_socket(plain, server_hostname=name) as secure:
                assert secure.version() in ("TLSv1.2", "TLSv1.3")


def test_an_account_is_named_by_the_host_or_by_the_path(
    box: Sandbox, http: requests.Session, token: str
) -> None:
    url = f"{box.base_url}/api/2.1/xml-in"
    by_host = call(http, url, token, headers={"Host": f"serving.freshbooks.com:{box.port}"})
    by_path = call(http, f"{box.base_url}/serving/api/2.1/xml-in", token)
    neither = call(http, url, box.token)
    assert [one.status_code for one in (by_host, by_path, neither)] == [200, 200, 200]
    assert (
        call(http, url, token).status_code == 401
    )  # the first account is meant, whose token is another


def test_an_account_that_does_not_exist_is_refused_as_the_api_does(
    box: Sandbox, http: requests.Session, token: str
) -> None:
    for url in (f"{box.base_url}/nobody/api/2.1/xml-in",):
        assert "<code>10030</code>" in call(http, url, token).text
    answer = call(
        http, f"{box.base_url}/api/2.1/xml-in", token, headers={"Host": "nobody.freshbooks.com"}
    )
    assert "<code>10030</code>" in answer.text


def test_plain_http_is_rejected_unless_it_is_allowed(box: Sandbox, token: str) -> None:
    url = box.address("serving").replace("https:", "http:")
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(url, data=LIST, auth=(token, "X"), timeout=60)
        assert answer.status_code == 403
        assert "HTTPS" in answer.text
        with Sandbox(box.described, http=True) as plain:
            assert plain.url.startswith("http:")
            assert session.post(plain.url, data=LIST, auth=(plain.token, "X"), timeout=60).ok
            assert plain.ca == ""


def test_a_wrong_token_is_refused_with_http_401(
    box: Sandbox, http: requests.Session, token: str
) -> None:
    for wrong in ("", "0" * 32, token[:-1], box.token):
        answer = call(http, box.address("serving"), wrong)
        assert answer.status_code == 401
        assert "<code>20010</code>" in answer.text


def test_other_paths_are_not_found_and_other_verbs_not_allowed(
    box: Sandbox, http: requests.Session, token: str
) -> None:
    assert http.get(f"{box.base_url}/nothing", timeout=60).status_code == 404
    answer = http.put(box.address("serving"), data=LIST, auth=(token, "X"), timeout=60)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, GET")
    root = http.get(f"{box.base_url}/", allow_redirects=False, timeout=60)
    assert root.headers["Location"] == "/__sandbox__/"


def test_a_document_in_the_body_of_a_get_is_taken_as_the_service_did(
    box: Sandbox, http: requests.Session, token: str
) -> None:
    answer = http.request("GET", box.address("serving"), data=LIST, auth=(token, "X"), timeout=60)
    assert 'status="ok"' in answer.text


def test_requests_that_come_before_the_answers_are_answered_in_their_order(
    box: Sandbox, token: str
) -> None:
    documents = [LIST, '<request method="tax.list"/>', "nonsense", LIST]
    with raw(box, b"".join(request(token, one) for one in documents)) as connection:
        found = answers(connection, len(documents))
    assert [b"<tasks" in body for _, body in found] == [True, False, False, True]
    assert b"<taxes" in found[1][1]
    assert b"40010" in found[2][1]


def test_rarer_ways_to_send_a_request_are_understood(box: Sandbox, token: str) -> None:
    chunked = f"{len(LIST):x};name=value\r\n{LIST}\r\n0\r\n\r\n"
    with raw(
        box, request(token, chunked, "/serving/api/2.1/xml-in", "Transfer-Encoding: chunked")
    ) as connection:
        connection.sendall(request(token))  # the connection goes on
        assert [status for status, _ in answers(connection, 2)] == [200, 200]
    with raw(
        box,
        request(
            token,
            "",
            "/serving/api/2.1/xml-in",
            "Expect: 100-continue",
            f"Content-Length: {len(LIST)}",
        ),
    ) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(LIST.encode())
        assert answers(connection, 1)[0][0] == 200
    old = request(token).replace(b"HTTP/1.1", b"HTTP/1.0")
    with raw(box, old) as connection:
        assert answers(connection, 1)[0][0] == 200
        assert connection.recv(1) == b""


def test_a_request_in_many_pieces_is_one_request(box: Sandbox, token: str) -> None:
    content = request(token)
    with raw(box, content[:7]) as connection:
        for start in range(7, len(content), 11):
            connection.sendall(content[start : start + 11])
        assert answers(connection, 1)[0][0] == 200


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4, 5\r\n\r\nabcd", 400),
        (b"POST /x HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400),
        (b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"\x00\x01\x02\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", 431),
    ],
)
def test_what_is_no_request_gets_an_error_and_the_connection_ends(
    box: Sandbox, content: bytes, status: int
) -> None:
    with raw(box, content) as connection:
        assert answers(connection, 1)[0][0] == status
        assert connection.recv(1) == b""


def test_a_request_that_ends_early_gets_an_error(box: Sandbox, token: str) -> None:
    with socket.create_connection(("127.0.0.1", box.port), timeout=60) as connection:
        connection.sendall(request(token, "<reque", "/x", "Content-Length: 40"))
        connection.shutdown(socket.SHUT_WR)
        assert answers(connection, 1)[0][0] == 400


def test_who_goes_on_sending_what_is_refused_gets_the_answer_all_the_same(box: Sandbox) -> None:
    head = b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n"
    for connection in (
        raw(box, head),
        socket.create_connection(("127.0.0.1", box.port), timeout=60),
    ):
        with connection:
            connection.sendall(head + bytes(3_000_000))
            assert answers(connection, 1)[0][0] == 413


def test_who_asks_without_reading_is_not_listened_to_until_the_answers_are_read(
    box: Sandbox,
) -> None:
    number = 1500
    with Sandbox(box.described, load="cases", keep=1) as own:
        content = request(own.token, '<request method="currency.list"/>', "/api/2.1/xml-in")
        with raw(own, b"") as connection:
            sender = threading.Thread(target=connection.sendall, args=(content * number,))
            sender.start()
            made = -1
            while made < own.parts.journal.total:
                made = own.parts.journal.total
                time.sleep(0.5)
            assert made < number, "all answers wait in memory"
            assert {status for status, _ in answers(connection, number)} == {200}
            sender.join(20)
        assert own.parts.journal.total == number


def test_a_request_that_does_not_come_to_its_end_is_given_up(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_IDLE", 1.0)
    monkeypatch.setattr(server, "_WHOLE", 0.5)
    with Sandbox(box.described) as own:
        with socket.create_connection(("127.0.0.1", own.port), timeout=60) as slow:
            with contextlib.suppress(OSError):  # it goes on and on, one byte at a time
                for number in range(1000):
                    slow.sendall(b"GET / HTTP/1.1\r\nX-Long: "[number : number + 1] or b"x")
                    slow.settimeout(0.05)
                    with contextlib.suppress(TimeoutError):
                        if slow.recv(1, socket.MSG_PEEK):
                            break
            slow.settimeout(60)
            assert answers(slow, 1)[0][0] == 408
        with raw(own, b"") as silent:
            assert silent.recv(1) == b""  # ended, and nothing said


def test_connections_that_say_nothing_keep_nobody_out(tmp_path: Path) -> None:
    """A process may have so many files open; whoever said nothing for longest makes room."""
    limited = ["-c", 'ulimit -n 64; exec "$@"', "bash", str(XMLWRIGHT)]
    with sandbox_process(
        tmp_path, "--http", "--empty", project=ROOT, command=["bash", *limited]
    ) as process:
        url = f"http://127.0.0.1:{process.port}/__sandbox__/health"
        with contextlib.ExitStack() as stack:
            for number in range(150):
                silent = socket.create_connection(("127.0.0.1", process.port), timeout=60)
                stack.enter_context(silent)
                if number % 2:
                    silent.sendall(b"GET /__sandbox__/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            for _ in range(3):
                session = stack.enter_context(requests.Session())
                session.trust_env = False
                assert session.get(url, timeout=60).status_code == 200
        assert process.stop() == 0
        assert process.complained == []


def test_pages_of_this_machine_may_use_it_and_others_may_not(
    box: Sandbox, http: requests.Session, token: str
) -> None:
    url = box.address("serving")
    for origin in ("http://localhost:8000", "https://127.0.0.1", box.base_url):
        asked = http.options(
            url, headers={"Origin": origin, "Access-Control-Request-Method": "POST"}, timeout=60
        )
        assert asked.status_code == 204
        assert asked.headers["Access-Control-Allow-Origin"] == origin
        assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
        assert (
            call(http, url, token, headers={"Origin": origin}).headers[
                "Access-Control-Allow-Origin"
            ]
            == origin
        )
    for origin in (
        "https://example.com",
        "https://localhost.example.com",
        "http://127.0.0.1.example.com",
    ):
        answer = call(http, url, token, headers={"Origin": origin})
        assert answer.status_code == 403
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_control_prefix_is_for_names_of_this_machine_only(
    box: Sandbox, http: requests.Session
) -> None:
    url = f"{box.base_url}/__sandbox__/info"
    assert http.get(url, timeout=60).ok
    for host in ("evil.example.com", "sample.freshbooks.com"):
        answer = http.get(url, headers={"Host": host}, timeout=60)
        assert answer.status_code == 403
        assert box.token not in answer.text


@pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere 127.0.0.2 is no address of this machine"
)
def test_it_listens_on_one_address_of_this_machine_only(box: Sandbox) -> None:
    with pytest.raises(ConnectionRefusedError):  # which a server on all addresses would answer at
        socket.create_connection(("127.0.0.2", box.port), timeout=60).close()


def test_a_port_that_is_taken_is_told(box: Sandbox) -> None:
    with pytest.raises(SandboxError, match=f"cannot bind 127.0.0.1:{box.port}"):
        Sandbox(box.described, port=box.port).start()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"accounts": ()}, "needs an account"),
        ({"accounts": ("Not One",)}, "cannot be an account"),
        ({"pace": "slow"}, "not one of real, frozen, step"),
        ({"strict": "very"}, "documented"),
        ({"port": 70000}, "no port"),
        ({"color": "red"}, "no setting 'color'"),
        ({"faults": ("statos=503",)}, "did you mean 'status'"),
    ],
)
def test_settings_that_make_no_sense_are_told(
    box: Sandbox, settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(SandboxError, match=told):
        Sandbox(box.described, **settings)


def test_a_multipart_request_brings_its_files_to_the_call(
    box: Sandbox, http: requests.Session, token: str
) -> None:
    document = '<request method="receipt.get"><expense_id>1</expense_id></request>'
    body = f"--b\r\nContent-Type: application/xml\r\n\r\n{document}\r\n--b\r\nContent-ID: <picture>\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\r\n--b--\r\n"
    answer = http.post(
        box.address("serving"),
        data=body.encode("latin-1"),
        headers={"Content-Type": 'multipart/related; boundary="b"'},
        auth=(token, "X"),
        timeout=60,
    )
    assert "<code>50010</code>" in answer.text  # it was read, and there is no such expense
    seen = box.control.requests(account="serving", method="receipt.get")[-1]
    assert seen["files"] == {"picture": {"media": "image/png", "bytes": 6}}


def test_the_sandbox_costs_nothing_until_it_is_used() -> None:
    program = "import sys, xmlwright.cli; print([m for m in ('asyncio', 'h11', 'trustme', 'ssl') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
