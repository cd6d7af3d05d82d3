"""A loopback server that misbehaves on request at socket level, and counts what it read.

A :class:`Faulty` is given one :class:`Fault` for each request that is to come; when they are used up it answers as it
should. It knows of each request whether it has read it whole, and of each fault what an honest client may conclude.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import re
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from freshbooks_classic.runtime import errors

Meaning = Literal["good", "refused", "later", "lost", "strange"]
"""What an honest client may conclude from a fault:

good     an answer; the call is done
refused  no, for good; the call is not done
later    not now; the call is not done, and may be tried again
lost     nobody knows whether it was done; trying again may help
strange  nobody knows whether it was done; trying again brings the same
"""


class Talk:
    """One request on one connection, handled by a fault."""

    def __init__(self, server: Faulty, sock: socket.socket, begun: bytes = b"") -> None:
        self.server = server
        self.sock = sock
        self.request = begun
        self.whole = False
        """Whether the request was read to its last byte."""
        self.open = True
        """Whether the connection can carry another request."""

    @property
    def body(self) -> bytes:
        return self.request.partition(b"\r\n\r\n")[2]

    def read(self) -> Talk:
        """Read the request to its end."""
        while b"\r\n\r\n" not in self.request:
            self._more()
        head = self.request.partition(b"\r\n\r\n")[0]
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        assert length is not None, head
        while len(self.body) < int(length.group(1)):
            self._more()
        self.whole = True
        return self

    def _more(self) -> None:
        piece = self.sock.recv(64 * 1024)
        if not piece:
            raise ConnectionError("the client went away")
        self.request += piece

    def begin(self) -> Talk:
        """Read a little of the request."""
        self.request += self.sock.recv(20)
        return self

    def send(self, data: bytes) -> Talk:
        self.sock.sendall(data)
        return self

    def good(self) -> bytes:
        """Return the document that answers the request."""
        return self.server.response(self.body)

    def close(self) -> None:
        """Close the connection properly."""
        self.open = False
        self.sock.close()

    def reset(self) -> None:
        """Break the connection: the client gets RST."""
        self.open = False
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def stall(self) -> None:
        """Do nothing until the test is over."""
        self.open = False
        self.server.over.wait(60)

    def drip(self, data: bytes) -> None:
        """Send a byte now and then, until the client disconnects or the test is over."""
        self.open = False
        for at in range(len(data)):
            self.sock.sendall(data[at : at + 1])
            if self.server.over.wait(0.02):
                return
        self.server.over.wait(60)


@dataclass(frozen=True)
class Fault:
    """One way to misbehave."""

    name: str
    meaning: Meaning
    error: type[errors.Error] | None
    """What a call that may be repeated ends in, where this is the last that it meets."""
    play: Callable[[Talk], object] = field(repr=False, compare=False)
    wait: float | None = None
    """Seconds that the server asks to wait for, give or take one."""
    slow: bool = False
    """Only a deadline ends it."""
    exact: bool = True
    """Whether every client sees the same; else it is a matter of microseconds."""

    def __repr__(self) -> str:
        return self.name


@dataclass
class Seen:
    """One request that the server received."""

    fault: Fault
    talk: Talk = field(repr=False)

    @property
    def may_be_done(self) -> bool:
        """Return whether the call may have been executed."""
        return self.talk.whole and self.fault.meaning in ("good", "lost", "strange")


class Faulty:
    """The server. Its address is ``url``; what it met since :meth:`expect` is in ``seen``."""

    def __init__(
        self,
        response: Callable[[bytes], bytes],
        *,
        tls: ssl.SSLContext | None = None,
        greet: Callable[[Faulty, socket.socket], None] | None = None,
    ) -> None:
        self.response = response
        self.over = threading.Event()
        self.seen: list[Seen] = []
        self.connections = 0
        self._tls = tls
        self._greet = greet
        self._script: list[Fault] = []
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        scheme, host = ("https", "localhost") if self._tls else ("http", "127.0.0.1")
        return f"{scheme}://{host}:{self._listener.getsockname()[1]}/api"

    def __enter__(self) -> Faulty:
        return self

    def __exit__(self, *exc: object) -> None:
        self.over.set()
        # On Linux, accept() in another thread goes on when the socket is merely closed.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            sockets, self._sockets = self._sockets, []
        for sock in sockets:
            sock.close()

    def expect(self, *faults: Fault) -> None:
        """Set the faults of the next requests, one each, and forget earlier requests."""
        with self._lock:
            self._script = list(faults)
            self.seen = []

    def _accept(self) -> None:
        for _ in range(100_000):
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._sockets.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            sock.settimeout(60)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._greet is not None:
                self._greet(self, sock)
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
            for _ in range(100_000):
                if not self._one(sock):
                    return
        except (OSError, ValueError):
            return  # the client went away, or the test is over
        finally:
            sock.close()

    def _one(self, sock: socket.socket) -> bool:
        """Handle one request, and return whether another may follow on the connection."""
        select.select([sock], [], [], 60)
        first = sock.recv(1) if self._tls else sock.recv(1, socket.MSG_PEEK)
        if not first:
            return False
        talk = Talk(self, sock, first if self._tls else b"")
        with self._lock:
            fault = self._script.pop(0) if self._script else GOOD
            self.seen.append(Seen(fault, talk))
        fault.play(talk)
        return talk.open


def http(status: int, body: bytes, *headers: str, length: int | None = None) -> bytes:
    """Return the bytes of a response; ``length`` is a false Content-Length."""
    said = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {said}", *headers]
    if not any(line.lower().startswith("content-type") for line in headers):
        lines.append("Content-Type: application/xml; charset=utf-8")
    return "\r\n".join([*lines, "", ""]).encode() + body


def answering(status: int, body: bytes, *headers: str) -> Callable[[Talk], object]:
    """Read the request, and respond on a connection that stays open."""
    return lambda talk: talk.read().send(http(status, body, *headers))


_NO = (
    b'<response xmlns="http://www.freshbooks.com/api/" status="fail"><error>%s</error>%s</response>'
)
_HTML = b"<!DOCTYPE html><html><head><title>Oops</title></head><body><p>Sorry<br></body></html>"
_LATER = "Retry-After: "


def _in(seconds: float) -> str:
    moment = dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=seconds)
    return email.utils.format_datetime(moment, usegmt=True)


def _cut_chunks(talk: Talk) -> None:
    body = talk.read().good()
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/xml\r\n\r\n"
    talk.send(head + b"%x\r\n%s\r\n" % (20, body[:20]) + b"ff\r\n" + body[20:30])
    talk.close()


def _half_an_answer(talk: Talk) -> None:
    answer = http(200, talk.read().good())
    talk.send(answer[:-10]).reset()


def _drip_head(talk: Talk) -> None:
    talk.read().drip(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 1000)


def _drip_body(talk: Talk) -> None:
    body = talk.read().good()
    # Spaces before the end of the document, so that it would be a good one at last.
    body = body.replace(b"</response>", b" " * 1000 + b"</response>")
    talk.send(http(200, body)[: -len(body)]).drip(body)


def _continued(talk: Talk) -> None:
    talk.read().send(b"HTTP/1.1 100 Continue\r\n\r\n").send(http(200, talk.good()))


def _as_latin(talk: Talk) -> None:
    # The header says one thing and the document another: the document is right.
    talk.read().send(http(200, talk.good(), "Content-Type: text/xml; charset=iso-8859-1"))


def _in_wrong_charset(talk: Talk) -> None:
    document = (
        talk.read().good().replace(b"</response>", "<x>Käse</x></response>".encode("latin-1"))
    )
    talk.send(http(200, document))


def _declared_wrongly(talk: Talk) -> None:
    document = b'<?xml version="1.0" encoding="utf-16"?>' + talk.read().good()
    talk.send(http(200, document))


def _not_gzipped(talk: Talk) -> None:
    talk.read().send(http(200, talk.good(), "Content-Encoding: gzip"))


def _truncated(talk: Talk) -> None:
    talk.read().send(http(200, talk.good()[:-12]))


def _too_long(talk: Talk) -> None:
    body = talk.read().good()
    talk.send(http(200, body, length=len(body) + 50)).close()


def _too_short(talk: Talk) -> None:
    body = talk.read().good()
    talk.send(http(200, body, length=len(body) - 12)).close()


def _rest_later(talk: Talk) -> None:
    """Send the rest when the connection is used again, as the beginning of the next response."""
    body = talk.read().good()
    talk.send(http(200, body, length=len(body) - 12)[:-12])
    select.select([talk.sock], [], [], 20)
    talk.send(body[-12:])


def _good_then_reset(talk: Talk) -> None:
    talk.read().send(http(200, talk.good())).reset()


def _good(talk: Talk) -> None:
    talk.read().send(http(200, talk.good()))


E = errors

GOOD = Fault("good", "good", None, _good)

FAULTS: tuple[Fault, ...] = (
    GOOD,
    Fault("good after 100 Continue", "good", None, _continued),
    Fault("good, header with another charset", "good", None, _as_latin),
    Fault("good, then closed", "good", None, lambda t: t.read().send(http(200, t.good())).close()),
    Fault("reset before reading", "lost", E.NetworkError, lambda t: t.reset()),
    Fault("reset while reading", "lost", E.NetworkError, lambda t: t.begin().reset()),
    Fault("reset after reading", "lost", E.NetworkError, lambda t: t.read().reset()),
    Fault("closed before reading", "lost", E.NetworkError, lambda t: t.close()),
    Fault("closed after reading", "lost", E.NetworkError, lambda t: t.read().close()),
    Fault("reset in the head", "lost", E.NetworkError, lambda t: t.read().send(b"HTTP/1.1 2").reset()),
    Fault("reset in the body", "lost", E.NetworkError, _half_an_answer),
    Fault("chunks cut short", "lost", E.NetworkError, _cut_chunks),
    Fault("Content-Length too long", "lost", E.NetworkError, _too_long),
    Fault("Content-Length too short", "lost", E.InvalidDocumentError, _too_short),
    Fault("Content-Length too short, rest later", "lost", E.InvalidDocumentError, _rest_later),
    Fault("no HTTP", "lost", E.NetworkError, lambda t: t.read().send(b"BANANA\r\n\r\n").close()),
    Fault("gzip that is none", "lost", E.NetworkError, _not_gzipped),
    Fault("XML cut short", "lost", E.InvalidDocumentError, _truncated),
    Fault("wrong charset", "lost", E.InvalidDocumentError, _in_wrong_charset),
    Fault("wrong XML encoding", "lost", E.InvalidDocumentError, _declared_wrongly),
    Fault("empty body", "lost", E.InvalidDocumentError, answering(200, b"")),
    Fault("500 with a failure", "lost", E.ServerError, answering(500, _NO % (b"Internal error", b""))),
    Fault("500 empty", "lost", E.ServerError, answering(500, b"")),
    Fault("502 HTML", "lost", E.ServerError, answering(502, _HTML, "Content-Type: text/html")),
    Fault("503 HTML, wait 2", "lost", E.ServerError,
          answering(503, _HTML, "Content-Type: text/html", f"{_LATER}2"), 2.0),
    Fault("504", "lost", E.ServerError, answering(504, b"Gateway Time-out", "Content-Type: text/plain")),
    Fault("429", "later", E.RateLimitError, answering(429, b"")),
    Fault("429, wait 3", "later", E.RateLimitError, answering(429, b"", f"{_LATER}3"), 3.0),
    Fault("429, wait 0", "later", E.RateLimitError, answering(429, b"", f"{_LATER}0"), 0.0),
    Fault("429, until a date", "later", E.RateLimitError,
          lambda t: t.read().send(http(429, b"", _LATER + _in(30))), 30.0),
    Fault("429, until a date that is past", "later", E.RateLimitError,
          lambda t: t.read().send(http(429, b"", _LATER + _in(-30))), 0.0),
    Fault("429, wait for ever", "later", E.RateLimitError, answering(429, b"", _LATER + "9" * 400), float("inf")),
    Fault("429, wait for an hour", "later", E.RateLimitError, answering(429, b"", _LATER + "3600"), 3600.0),
    Fault("429, garbage", "later", E.RateLimitError, answering(429, _HTML, _LATER + "soon, Mon 99 Foo 99999 25:61")),
    Fault("408", "later", E.UnexpectedResponseError, answering(408, b"", "Content-Type: text/plain")),
    Fault("200 HTML", "strange", E.UnexpectedResponseError, answering(200, _HTML, "Content-Type: text/html")),
    Fault("204", "strange", E.UnexpectedResponseError, lambda t: t.read().send(b"HTTP/1.1 204 No Content\r\n\r\n")),
    Fault("another document", "strange", E.InvalidDocumentError, answering(200, b"<other/>")),
    Fault("no status", "strange", E.InvalidDocumentError, answering(200, b"<response/>")),
    Fault("200 with a failure", "refused", E.ApiError, answering(200, _NO % (b"No such thing.", b""))),
    Fault("200, not valid", "refused", E.ValidationError,
          answering(200, _NO % (b"'name' is required.", b"<code>40010</code>"))),
    Fault("401", "refused", E.AuthenticationError,
          answering(401, _NO % (b"Authentication failed.", b"<code>20010</code>"))),
    Fault("400", "refused", E.UnexpectedResponseError, answering(400, b"no", "Content-Type: text/plain")),
    Fault("404 HTML", "refused", E.UnexpectedResponseError, answering(404, _HTML, "Content-Type: text/html")),
    Fault("redirect", "refused", E.UnexpectedResponseError, answering(302, _HTML, "Location: https://www.example.com/x?y")),
    Fault("redirect to nowhere", "refused", E.UnexpectedResponseError, answering(301, b"")),
    Fault("redirect to garbage", "refused", E.UnexpectedResponseError, answering(301, b"", "Location: http://[::1")),
    Fault("redirect to itself", "refused", E.UnexpectedResponseError,
          lambda t: t.read().send(http(307, b"", f"Location: {t.server.url}"))),
    Fault("good, then reset", "good", None, _good_then_reset, exact=False),
)  # fmt: skip

SLOW: tuple[Fault, ...] = (
    Fault("no reading", "lost", E.DeadlineExceededError, lambda t: t.stall(), slow=True),
    Fault("no answer", "lost", E.DeadlineExceededError, lambda t: t.read().stall(), slow=True),
    Fault("slow head", "lost", E.DeadlineExceededError, _drip_head, slow=True),
    Fault("slow body", "lost", E.DeadlineExceededError, _drip_body, slow=True),
)  # fmt: skip


def answer_of(document: bytes) -> bytes:
    """Return a correct response that repeats the arguments, so that mixed-up responses are detected."""
    method = re.search(rb'<request method="([\w.]+)"', document)
    assert method is not None, document
    number = re.search(rb"_id>0*(\d+)<", document)
    name = re.search(rb"<name>task (\d+)</name>", document)
    inside = b""
    match method.group(1):
        case b"task.get":
            assert number is not None
            inside = b"<task><task_id>%s</task_id><name>n</name></task>" % number.group(1)
        case b"task.create":
            assert name is not None
            inside = b"<task_id>%s</task_id>" % name.group(1)
        case b"receipt.create":
            inside = b""
    return b'<response xmlns="http://www.freshbooks.com/api/" status="ok">%s</response>' % inside


def parts_of(body: bytes) -> list[bytes]:
    """Return the contents of the parts of a multipart body."""
    boundary = body.split(b"\r\n", 1)[0]
    pieces = body.split(boundary)[1:-1]
    return [piece.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for piece in pieces]


def outcome_name(outcome: Any) -> str:
    """Return the name under which an outcome is counted."""
    return type(outcome).__name__ if isinstance(outcome, BaseException) else "value"
