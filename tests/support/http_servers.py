"""HTTP and HTTPS servers and a proxy on 127.0.0.1, with scripted responses and recorded requests."""

from __future__ import annotations

import contextlib
import email
import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import trustme

OK = b'<response xmlns="http://www.freshbooks.com/api/" status="ok"/>'
TASK = (
    b'<response xmlns="http://www.freshbooks.com/api/" status="ok">'
    b"<task><task_id>211</task_id><name>Yard work</name></task></response>"
)


@dataclass(frozen=True)
class Got:
    """A received request."""

    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    port: int
    """The client's port, which tells connections apart."""

    @property
    def document(self) -> bytes:
        """Return its XML, also of a multipart body."""
        media = self.headers["content-type"]
        if not media.startswith("multipart/"):
            return self.body
        message = email.message_from_bytes(f"Content-Type: {media}\r\n\r\n".encode() + self.body)
        part = message.get_payload(0)
        assert isinstance(part, Message)
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        return content


@dataclass(frozen=True)
class Say:
    """A response to send."""

    body: bytes = OK
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/xml"})
    cut: int | None = None
    """Bytes of the body after which the connection is closed."""


Responder = Callable[[Got], Say | bytes]


class Server(ThreadingHTTPServer):
    """One server; ``got`` holds the requests in order."""

    daemon_threads = True
    block_on_close = False
    address_family = socket.AF_INET

    def __init__(self, answer: Responder, host: str, context: ssl.SSLContext | None) -> None:
        self.answer = answer
        self.context = context
        self.got: list[Got] = []
        super().__init__((host, 0), _Handler)

    @property
    def url(self) -> str:
        scheme = "http" if self.context is None else "https"
        host = str(self.server_address[0])
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.server_address[1]}/api"

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.context is not None:
            request.settimeout(10)
            # A client that does not trust this server goes away.
            with (
                contextlib.suppress(OSError),
                self.context.wrap_socket(request, server_side=True) as wrapped,
            ):
                super().finish_request(wrapped, client_address)
            return
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        return  # clients that break off are what is tested


class Server6(Server):
    """A server on the IPv6 loopback."""

    address_family = socket.AF_INET6


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_POST(self) -> None:
        server = cast(Server, self.server)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        got = Got(self.path, headers, body, int(self.client_address[1]))
        server.got.append(got)
        said = server.answer(got)
        say = Say(said) if isinstance(said, bytes) else said
        self.send_response(say.status)
        for name, value in say.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(say.body)))
        self.end_headers()
        if say.cut is not None:
            self.wfile.write(say.body[: say.cut])
            self.close_connection = True
            return
        self.wfile.write(say.body)

    def log_message(self, format: str, *args: object) -> None:
        return


@contextlib.contextmanager
def serving(
    answer: Responder | bytes | Say = OK,
    *,
    context: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
) -> Iterator[Server]:
    """Run a server that sends ``answer``, or what it returns for each request."""
    answers = answer if callable(answer) else lambda got: answer
    server = (Server6 if ":" in host else Server)(answers, host, context)
    with running(server):
        yield server


@contextlib.contextmanager
def running(server: socketserver.BaseServer) -> Iterator[None]:
    """Run a server in a thread; stop it at the end."""
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


class Proxy(socketserver.ThreadingTCPServer):
    """A proxy for CONNECT only; ``asked`` holds the targets, ``heads`` all that it could read."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.heads: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Tunnel)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        return


class _Tunnel(socketserver.StreamRequestHandler):
    timeout = 60

    def handle(self) -> None:
        proxy = cast(Proxy, self.server)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline(65536)
            if not line:
                return
            head += line
        proxy.heads.append(head)
        verb, target, _ = head.split(b" ", 2)
        if verb != b"CONNECT":
            self.wfile.write(b"HTTP/1.1 405 CONNECT only\r\nContent-Length: 0\r\n\r\n")
            return
        proxy.asked.append(target.decode())
        host, _, port = target.decode().rpartition(":")
        with socket.create_connection((host, int(port)), timeout=60) as far:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._pass_on(self.connection, far)

    def _pass_on(self, near: socket.socket, far: socket.socket) -> None:
        while True:
            ready, _, _ = select.select([near, far], [], [], 10)
            if not ready:
                return
            for source in ready:
                data = source.recv(65536)
                if not data:
                    return
                (far if source is near else near).sendall(data)


@contextlib.contextmanager
def proxying() -> Iterator[Proxy]:
    """Run a proxy on loopback."""
    proxy = Proxy()
    with running(proxy):
        yield proxy


class CertificateAuthority:
    """A certificate authority for one test, with its bundle in a file."""

    def __init__(self, folder: Path, name: str) -> None:
        self._ca = trustme.CA()
        self._folder = folder / name
        self._folder.mkdir()
        self.bundle = str(self._folder / "ca.pem")
        self._ca.cert_pem.write_to_path(self.bundle)

    def context(
        self, *names: str, clients_of: CertificateAuthority | None = None
    ) -> ssl.SSLContext:
        """Return the TLS context of a server; ``clients_of`` requires client certificates of that authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(*(names or ("127.0.0.1", "localhost", "::1"))).configure_cert(context)
        if clients_of is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients_of.bundle)
        return context

    def client(self, name: str = "client") -> tuple[str, str, str]:
        """Return paths of a client certificate with its key, of the certificate alone, and of the key alone."""
        made = self._ca.issue_cert(f"{name}@example.com")
        paths = tuple(str(self._folder / f"{name}.{part}.pem") for part in ("both", "cert", "key"))
        made.private_key_and_cert_chain_pem.write_to_path(paths[0])
        made.cert_chain_pems[0].write_to_path(paths[1])
        made.private_key_pem.write_to_path(paths[2])
        return paths[0], paths[1], paths[2]
