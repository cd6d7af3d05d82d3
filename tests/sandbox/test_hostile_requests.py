"""Requests that are wrong in some way, from one seed: each is refused as the API or HTTP refuses, and nothing else happens."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from lxml import etree
from sampling import FULL, generator
from sandbox_process import Process, sandbox_process

from freshbooks_classic import wire
from xmlwright.sandbox.server_thread import Sandbox

from .case_setup import ABSENT, RESOURCES, ROOT, api, cases

HOW_MANY = 100_000 if FULL else 1_000
SECRET = "the-content-of-a-file-that-is-nobodys-business"
JUNK = (
    "", "x", "-1", "0", "1e400", "NaN", "99999999999999999999999", "1.5.2", "0000-00-00", "2011-02-30", "2011-13-01 25:61:61",
    "true", "../../../pwned", "'; DROP TABLE state; --", "{{ 7*7 }}", "%s%n", "\u202e\u0000".replace("\u0000", ""), "cid:nobody",
    "\U0001f4a3" * 50, "a" * 5000, "file:///etc/passwd", "__class__", "${jndi:ldap://x}",
)  # fmt: skip


# ---- requests that are wrong


def documents() -> list[str]:
    """The requests of all cases that work."""
    return [
        case["request"].strip()
        for resource in RESOURCES
        for case in cases(resource)
        if case.get("request") and not case.get("fails")
    ]


class Fuzzer:
    """Makes requests, the same ones from the same seed."""

    def __init__(self, path: str, token: str, secret: Path) -> None:
        self.dice = generator("hostile requests")
        self.path, self.token, self.secret = path, token, secret
        self.documents = documents()

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """What kind of mistake, and the bytes that are sent."""
        kinds: list[Callable[[], bytes]] = [
            self.torn, self.flipped, self.entities, self.unknown_element, self.wrong_word, self.nested, self.no_method,
            self.other_root, self.encoded, self.emptied, self.odd_head, self.odd_length, self.odd_verb, self.odd_token,
            self.odd_parts, self.torn_parts,
        ]  # fmt: skip
        while True:
            kind = self.dice.choice(kinds)
            yield kind.__name__, kind()

    def post(
        self, body: bytes, *more: str, kind: str = "application/xml", token: str | None = None
    ) -> bytes:
        basic = base64.b64encode(f"{self.token if token is None else token}:X".encode()).decode()
        head = [
            f"POST {self.path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Basic {basic}", f"Content-Type: {kind}",
            f"Content-Length: {len(body)}", *more, "", "",
        ]  # fmt: skip
        return "\r\n".join(head).encode("utf-8", "surrogateescape") + body

    # documents

    def document(self) -> str:
        return self.dice.choice(self.documents)

    def torn(self) -> bytes:
        text = self.document().encode()
        at = self.dice.randrange(len(text) - 12)
        return self.post(text[:at])

    def flipped(self) -> bytes:
        """Some bytes are others."""
        text = bytearray(self.document().encode())
        for _ in range(self.dice.randint(1, 12)):
            text[self.dice.randrange(len(text))] = self.dice.randrange(256)
        return self.post(bytes(text))

    def entities(self) -> bytes:
        where = self.dice.choice((
            f'<!DOCTYPE r [<!ENTITY e SYSTEM "file://{self.secret}">]>',
            f'<!DOCTYPE r [<!ENTITY % p SYSTEM "file://{self.secret}"> %p;]>',
            f'<!DOCTYPE r SYSTEM "file://{self.secret}"><!-- -->',
            '<!DOCTYPE r [<!ENTITY a "boom"><!ENTITY e "' + "&a;" * 20 + '">]>',
            '<!DOCTYPE r [<!ENTITY a "boom"><!ENTITY b "' + "&a;" * 50 + '"><!ENTITY e "' + "&b;" * 50 + '">]>',
            '<!DOCTYPE r [<!ENTITY e SYSTEM "http://127.0.0.1:9/x">]>',
        ))  # fmt: skip
        text = re.sub(r">([^<]+)<", ">&e;<", self.document(), count=1)
        xi = f'<x xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include parse="text" href="file://{self.secret}"/></x>'
        return self.post(
            (where + text.replace("</request>", f"{self.dice.choice(('', xi))}</request>")).encode()
        )

    def unknown_element(self) -> bytes:
        root = etree.fromstring(self.document())
        inside = [item for item in root.iter() if len(item)]
        where = self.dice.choice(inside or [root])
        name = self.dice.choice(("color", "order_", "__class__", "request", "x-y", "\u00e9"))
        etree.SubElement(where, name).text = self.dice.choice(JUNK)
        return self.post(etree.tostring(root))

    def wrong_word(self) -> bytes:
        """One or more values are junk."""
        root = etree.fromstring(self.document())
        leaves = [item for item in root.iter() if not len(item)]
        for item in self.dice.sample(leaves, min(len(leaves), self.dice.randint(1, 6))):
            item.text = self.dice.choice(JUNK)
        return self.post(etree.tostring(root, encoding="utf-8"))

    def nested(self) -> bytes:
        depth = self.dice.choice((3, 300, 5000, 40_000))
        name = self.dice.choice(("request", "invoice", "a"))
        return self.post(
            b"<request method='invoice.create'>" + f"<{name}>".encode() * depth + b"</request>"
        )

    def no_method(self) -> bytes:
        method = self.dice.choice(
            (
                "",
                "nothing",
                "invoice",
                "invoice.",
                ".get",
                "invoice.explode",
                "a" * 3000,
                "__init__",
                "../x",
            )
        )
        return self.post(
            f'<request method="{method}"><invoice_id>1</invoice_id></request>'.encode()
        )

    def other_root(self) -> bytes:
        text = (
            self.document().replace("<request ", "<response ").replace("</request>", "</response>")
        )
        return self.post(text.encode())

    def encoded(self) -> bytes:
        text = self.document()
        return self.post(self.dice.choice((
            text.encode("utf-16"), b'<?xml version="1.0" encoding="utf-16"?>' + text.encode(),
            b'<?xml version="1.0" encoding="no-such"?>' + text.encode(), text.replace(">", ">\xff", 1).encode("latin-1"),
            b"\x00" + text.encode(), text.replace("<", "<\x01", 1).encode(), b'<?xml version="9"?>' + text.encode()[:9],
        )))  # fmt: skip

    def emptied(self) -> bytes:
        return self.post(
            self.dice.choice(
                (
                    b"",
                    b" ",
                    b"\n\n",
                    b"{}",
                    b"null",
                    b"<",
                    b"<request",
                    b"<?xml?>",
                    b"\xef\xbb\xbf",
                    os.urandom(0),
                )
            )
        )

    # HTTP

    def odd_head(self) -> bytes:
        body = self.document().encode()[:-3]
        name = self.dice.choice(
            (
                "X-Odd",
                "Cookie",
                "X-Sandbox-Fault",
                "Content-Encoding",
                "Expect",
                "Transfer-Encoding",
                "Host",
                "Origin",
            )
        )
        value = self.dice.choice(
            (*JUNK, "gzip", "chunked", "a" * 40_000, "status=9999", "evil.example.com", "null")
        )
        return self.post(body, f"{name}: {value}")

    def odd_length(self) -> bytes:
        head = self.post(b"")
        length = self.dice.choice(
            (b"-1", b"x", b"99999999999999", b"1, 2", b"0x10", b"+5", b"", b"1e3")
        )
        return head.replace(b"Content-Length: 0", b"Content-Length: " + length)

    def odd_verb(self) -> bytes:
        verb = self.dice.choice(
            ("PUT", "DELETE", "TRACE", "CONNECT", "PATCH", "BREW", "post", "G\u00cbT", "")
        )
        path = self.dice.choice(
            (
                self.path,
                "/../../etc/passwd",
                "/%2e%2e/%2e%2e/x",
                "//",
                "/\x00",
                "*",
                "http://x/",
                "/__sandbox__x",
            )
        )
        version = self.dice.choice(("HTTP/1.1", "HTTP/9.9", "HTTP/1.0", ""))
        return f"{verb} {path} {version}\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n".encode()

    def odd_token(self) -> bytes:
        text = self.document().encode()
        if self.dice.random() < 0.5:
            return self.post(
                text,
                token=self.dice.choice(
                    ("", "x", "a" * 9000, "\u00e9", ":", "admin", self.token[:-1])
                ),
            )
        odd = self.dice.choice(
            (
                "Basic",
                "Basic ====",
                "Basic \xff",
                "Bearer x",
                "OAuth",
                'OAuth oauth_token="',
                "Digest x",
            )
        )
        return re.sub(
            rb"Authorization: [^\r]*", b"Authorization: " + odd.encode("latin-1"), self.post(text)
        )

    # files

    def odd_parts(self) -> bytes:
        document = (
            "<request method='receipt.create'><receipt><expense_id>"
            f"{self.dice.choice((ABSENT, 1, 'x'))}</expense_id><image>cid:{self.dice.choice(('a', '../../pwned', '', 'b'))}</image></receipt></request>"
        )
        if self.dice.random() < 0.3:
            document = document[:-4]
        name = self.dice.choice(
            ("../../../pwned.png", "/etc/pwned", "a\x00b", "a" * 3000, "C:\\pwned", "\u202e")
        )
        media = self.dice.choice(
            ("image/png", "text/html", "", "x/y; charset=\xff", "multipart/mixed; boundary=edge")
        )
        parts = [
            b"--edge\r\nContent-Type: application/xml\r\n\r\n" + document.encode(),
            f'--edge\r\nContent-Type: {media}\r\nContent-ID: <a>\r\nContent-Disposition: attachment; filename="{name}"\r\n\r\n'.encode()
            + self.dice.choice((b"", b"\x89PNG", b"<svg/>", b"\x00" * 2000)),
        ]  # fmt: skip
        self.dice.shuffle(parts)
        body = b"\r\n".join([*parts * self.dice.choice((1, 1, 40)), b"--edge--"])
        return self.post(
            body,
            kind=self.dice.choice(
                (
                    'multipart/related; boundary="edge"',
                    "multipart/related; boundary=edge; start=<b>",
                )
            ),
        )

    def torn_parts(self) -> bytes:
        whole = b"--edge\r\nContent-Type: application/xml\r\n\r\n<request method='receipt.create'/>\r\n--edge--"
        kind = self.dice.choice(("multipart/related", "multipart/related; boundary=", 'multipart/related; boundary="' + "e" * 500 + '"',
                                 "multipart/form-data; boundary=edge", "multipart/related; boundary=edge; boundary=other"))  # fmt: skip
        return self.post(whole[: self.dice.randrange(len(whole))], kind=kind)


# ---- a client that knows as little of HTTP as it can


class WireFault:
    """One connection, made anew when the server has closed it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket: socket.socket | None = None

    def send(self, content: bytes) -> tuple[int, bytes, bytes]:
        """Status, head and body of the answer. A request whose body never comes is cut off by closing our side."""
        for fresh in (False, True):
            if self.socket is None:
                self.socket = socket.create_connection(("127.0.0.1", self.port), 20)
            elif fresh:
                raise AssertionError("unreachable")
            with contextlib.suppress(OSError):
                # It may be refused before all of it was read: the answer is there all the same.
                self.socket.sendall(content)
            found = self._answer(content)
            if found is not None:
                return found
            self.close()
        raise AssertionError(f"no answer to {content[:200]!r}")

    def _answer(self, content: bytes) -> tuple[int, bytes, bytes] | None:
        assert self.socket is not None
        if (
            b"99999999999999" in content[:400]
            or b"Expect" in content[:400]
            or b"Transfer-Encoding" in content[:600]
        ):
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
        data = b""
        while b"\r\n\r\n" not in data:
            try:
                more = self.socket.recv(65536)
            except ConnectionError:
                more = b""
            if not more:
                return None
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        if head.startswith(b"HTTP/1.1 100"):
            head, _, body = body.partition(b"\r\n\r\n")
        told = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        length = int(told[1]) if told else 0
        while len(body) < length:
            more = self.socket.recv(65536)
            assert more, "the answer is cut off"
            body += more
        if re.search(rb"(?i)\r\nconnection: *close", head):
            self.close()
        return int(head.split()[1]), head, body

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def files_below(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_size for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    with sandbox_process(tmp_path / "home", "--http", project=ROOT) as running:
        yield running


def test_wrong_requests_are_refused_properly(process: Process, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    before = files_below(tmp_path)
    port = process.port
    path = re.sub(r"^https?://[^/]+", "", process.exported("URL"))
    known = {code.code: code.status for code in api().errors}
    wire_ = WireFault(port)
    refused: Counter[str] = Counter()
    statuses: Counter[int] = Counter()
    accepted = 0
    start = time.process_time()
    for kind, content in Fuzzer(path, process.exported("TOKEN"), secret):
        status, _head, body = wire_.send(content)
        told = f"{kind}: {content[:600]!r} -> {status} {body[:300]!r}"
        assert status < 500 or status == 501, told  # 501: a transfer coding that nobody knows
        assert SECRET.encode() not in body, told
        assert b"boomboom" not in body, told
        assert b"Traceback" not in body, told
        if b"<response" in body[:200]:
            root = etree.fromstring(body)
            if root.get("status") == "ok":
                assert status == 200, told
                accepted += 1
                continue
            code = root.findtext("{*}code")
            assert root.get("status") == "fail", told
            assert root.findtext("{*}error"), told
            assert code is None or code in known, told
            assert status == known.get(code or "", 200), told
        elif status == 200:
            accepted += 1  # bytes: a file was asked for
            continue
        refused[kind] += 1
        statuses[status] += 1
        if refused.total() == HOW_MANY:
            break
        assert accepted < HOW_MANY
    wire_.close()
    spent = time.process_time() - start
    print(
        f"{HOW_MANY} requests refused: {dict(sorted(refused.items()))}, with HTTP status {dict(sorted(statuses.items()))};"
        f" {accepted} more were right by chance; {spent:.1f} s of CPU for sending them"
    )
    assert process.program.poll() is None
    assert min(refused.values()) > HOW_MANY // 100, "every kind of mistake was met"
    url = process.exported("URL")
    request = "<request method='invoice.list'/>"
    alive = requests.post(url, data=request, auth=(process.exported("TOKEN"), "X"), timeout=10)
    assert b'status="ok"' in alive.content
    process.stop()
    assert "Traceback" not in "".join(process.complained)
    assert not process.complained
    after = files_below(tmp_path)
    assert {name for name in after if name not in before} == set()
    assert not list(tmp_path.rglob("*pwned*"))
    assert not Path("/etc/pwned").exists()


# ---- who has no token learns nothing


def test_a_wrong_token_does_not_tell_what_exists(box: Sandbox, http: requests.Session) -> None:
    """For every method: the answer about what is there and about what is not is the same to the byte."""
    account = "well-kept"
    box.open(account, load="cases")
    there, absent = _ids(box, account)
    compared = 0
    for name in wire.METHODS:
        for credentials in (("wrong", "X"), ("", ""), None):
            answers = {
                _told(
                    http.post(
                        address, data=_asking(name, resource_id), auth=credentials, timeout=10
                    )
                )
                for resource_id in (there.get(name.partition(".")[0], 1), absent)
                for address in (box.address(account),)
            }
            if _needs_none(name):
                continue
            assert len(answers) == 1, name
            status, _, body = answers.pop()
            assert (status, b"<code>20010</code>" in body) == (401, True), name
            compared += 1
    print(f"{compared} pairs of answers compared")
    assert compared > 300


def _needs_none(name: str) -> bool:
    found = next(item for item in api().methods if item.name == name)
    return "anonymous" in found.callers


def _ids(box: Sandbox, account: str) -> tuple[dict[str, int], int]:
    there: dict[str, int] = {}
    for resource, records in box.control.state(account).items():
        for record in records:
            number = record.get(f"{resource}_id")
            if number is not None:
                there.setdefault(resource, int(number))
    return there, ABSENT


def _asking(name: str, number: int) -> str:
    """A request of a method, with the id at every place where one could be."""
    resource = name.partition(".")[0]
    inner = f"<{resource}_id>{number}</{resource}_id>"
    return f'<request method="{name}">{inner}<{resource}>{inner}</{resource}></request>'


def _told(answer: requests.Response) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    heads = {
        name: value
        for name, value in answer.headers.items()
        if name not in ("Date", "X-Sandbox-Call")
    }
    return answer.status_code, tuple(sorted(heads.items())), answer.content
