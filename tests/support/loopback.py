"""HTTP and HTTPS servers on loopback with scripted responses and recorded requests."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trustme


@dataclass(frozen=True)
class Seen:
    """A received request."""

    line: str
    """Such as ``POST /path``."""
    headers: Mapping[str, str]
    body: bytes
    host: str = ""
    """What a proxy was asked to connect to."""


@dataclass(frozen=True)
class Response:
    """A response to send."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/xml"})
    length: int | None = None
    """Another Content-Length than that of the body; the connection is then closed."""


@dataclass
class Server:
    """A running server."""

    answer: Callable[[Seen], Response]
    port: int = 0
    scheme: str = "http"
    seen: list[Seen] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}/api/2.1/xml-in"


@contextmanager
def serving(
    answer: Callable[[Seen], Response] | Response,
    tls: ssl.SSLContext | None = None,
    *,
    proxy: bool = False,
) -> Iterator[Server]:
    """Run a server: HTTPS with ``tls``; with ``proxy`` it accepts CONNECT and speaks TLS behind it."""
    told = answer if callable(answer) else lambda _: answer
    server = Server(told, scheme="https" if tls is not None and not proxy else "http")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        host = ""

        def secure(self) -> None:
            assert tls is not None
            self.connection = tls.wrap_socket(self.connection, server_side=True)
            self.rfile = self.connection.makefile("rb")
            self.wfile = self.connection.makefile("wb", 0)

        def setup(self) -> None:
            super().setup()
            if tls is not None and not proxy:
                self.secure()

        def finish(self) -> None:
            super().finish()
            self.connection.close()

        def do_CONNECT(self) -> None:
            self.host = self.path
            self.send_response(200)
            self.end_headers()
            self.secure()
            self.close_connection = False  # also for a tunnel asked for in HTTP/1.0

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen = Seen(f"{self.command} {self.path}", dict(self.headers), body, self.host)
            server.seen.append(seen)
            found = server.answer(seen)
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            length = len(found.body) if found.length is None else found.length
            if found.status != 204:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(found.body)
            self.close_connection = self.close_connection or found.length is not None

        do_GET = do_HEAD = do_PUT = do_POST  # noqa: N815 - names of http.server
        do_PATCH = do_DELETE = do_POST  # noqa: N815 - names of http.server

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Ignore clients that disconnect or reject the certificate: the tests provoke both."""

    http = Quiet(("127.0.0.1", 0), Handler)
    server.port = http.server_port
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


@dataclass(frozen=True)
class CertificateAuthority:
    """A certificate authority for one test; a client that loads the file ``bundle`` trusts it."""

    ca: trustme.CA
    bundle: str

    def tls(self, *names: str) -> ssl.SSLContext:
        """Return the TLS context of a server with these host names."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(*names).configure_cert(context)
        return context


def closed_port() -> int:
    """Return a loopback port without a listener."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
