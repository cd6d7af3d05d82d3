"""Load on the sandbox, and on moto's server mode beside it: ``python benchmarks/load.py [--seconds N] [--clients N]``, or ``make load``.

Both are servers in memory that speak XML over HTTP; both get the same work from the same clients, in turns: each client creates a
record, reads it, changes it, reads it, lists 25, and deletes every other one. moto's part is played by the users of IAM. Then every
record that was acknowledged is looked for. Then lists of an account with 1,000 and with 100,000 records are timed.

Everything stays on loopback. The exit code is 1 where an answer was an error, a write was lost, or a target was missed.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import re
import signal
import ssl
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
XMLWRIGHT = Path(sys.executable).with_name("xmlwright")
MOTO = Path(sys.executable).parent.parent / "load" / "bin" / "moto_server"
TURNS = 2
"""Each server has its turn so many times, so that what else happens on the machine meets both."""


@dataclass
class Server:
    """A server under load, and how the same work is said in its words."""

    name: str
    port: int
    create: Callable[[str], bytes]
    read: Callable[[str], bytes]
    change: Callable[[str, str], bytes]
    list_some: Callable[[], bytes]
    delete: Callable[[str], bytes]
    head: str
    """Path and headers of every request."""
    made: re.Pattern[bytes]
    """Where the key of a new record stands in the answer."""
    succeeded: re.Pattern[bytes]
    """What stands in an answer that is no failure."""
    seconds: list[float] = field(default_factory=list)
    """Of each request."""
    spent: float = 0.0
    errors: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    """Acknowledged records -> their last acknowledged name."""
    lost: int = 0

    def request(self, body: bytes) -> bytes:
        return f"{self.head}Content-Length: {len(body)}\r\n\r\n".encode() + body


# ---- clients


CLOSED = (ConnectionError, asyncio.IncompleteReadError)


class Connection:
    """One client's connection."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, body: bytes) -> bytes:
        """The body of the answer, timed; what is no success is noted."""
        server = self.server
        start = time.perf_counter()
        try:
            reader, head = await self._begin(body)
        except CLOSED:
            self.streams = None  # a server may close a connection that was idle, but not a new one
            try:
                reader, head = await self._begin(body)
            except CLOSED:
                server.errors.append("the connection was closed")
                raise
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        answer = await reader.readexactly(int(length[1]) if length else 0)
        if re.search(rb"(?i)connection: *close", head) or head.startswith(b"HTTP/1.0"):
            self.close()
        server.seconds.append(time.perf_counter() - start)
        if not head.split(b" ", 2)[1].startswith(b"2") or not server.succeeded.search(answer):
            server.errors.append(f"{head[:60]!r} {answer[:300]!r}")
        return answer

    async def _begin(self, body: bytes) -> tuple[asyncio.StreamReader, bytes]:
        """The head of the answer, and where its body comes."""
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.server.port)
        reader, writer = self.streams
        writer.write(self.server.request(body))
        return reader, await reader.readuntil(b"\r\n\r\n")

    def close(self) -> None:
        if self.streams is not None:
            self.streams[1].close()
        self.streams = None


async def work(server: Server, who: int, turn: int, until: float) -> None:
    """One client, until the time is over."""
    connection = Connection(server)
    number = 0
    try:
        while time.perf_counter() < until:
            number += 1
            name = f"client-{turn}-{who}-{number}"
            answer = await connection.ask(server.create(name))
            found = server.made.search(answer)
            if found is None:
                server.errors.append(f"no key in {answer[:300]!r}")
                return
            key = found[1].decode()
            server.kept[key] = name
            await connection.ask(server.read(key))
            await connection.ask(server.change(key, f"{name}-changed"))
            server.kept[key] = f"{name}-changed"
            await connection.ask(server.read(key))
            await connection.ask(server.list_some())
            if number % 2:
                await connection.ask(server.delete(key))
                del server.kept[key]
    finally:
        connection.close()


async def turn_of(server: Server, clients: int, turn: int, seconds: float) -> None:
    start = time.perf_counter()
    await asyncio.gather(*(work(server, who, turn, start + seconds) for who in range(clients)))
    server.spent += time.perf_counter() - start


async def look_for(server: Server) -> None:
    """Read every record that should be there."""
    connection = Connection(server)
    seconds = list(server.seconds)
    for key, name in server.kept.items():
        answer = await connection.ask(server.read(key))
        server.lost += name.encode() not in answer
    server.seconds[:] = seconds
    connection.close()


# ---- the two servers


@contextmanager
def program(*command: str | Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A program while the block runs."""
    process = subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def sandbox() -> Iterator[Server]:
    """The sandbox over plain HTTP, as moto's server is."""
    with program(XMLWRIGHT, "--project", ROOT, "sandbox", "--quiet", "--http") as process:
        told: dict[str, str] = {}
        assert process.stdout is not None
        for line in process.stdout:
            found = re.search(r"export \w+_(\w+)=(\S+)", line)
            if found:
                told[found[1]] = found[2].strip("'\"")
            if {"URL", "TOKEN"} <= told.keys():
                break
        if "TOKEN" not in told:
            raise SystemExit("the sandbox did not start")
        base, path = re.fullmatch(r"(https?://[^/]+)(/.*)", told["URL"]).groups()  # type: ignore[union-attr]
        token = base64.b64encode(f"{told['TOKEN']}:X".encode()).decode()
        yield Server(
            "xmlwright sandbox",
            int(base.rpartition(":")[2]),
            lambda name: _xml("client.create", f"<client><email>a@example.com</email><organization>{name}</organization></client>"),
            lambda key: _xml("client.get", f"<client_id>{key}</client_id>"),
            lambda key, name: _xml("client.update", f"<client><client_id>{key}</client_id><organization>{name}</organization></client>"),
            lambda: _xml("client.list", "<per_page>25</per_page>"),
            lambda key: _xml("client.delete", f"<client_id>{key}</client_id>"),
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic {token}\r\nContent-Type: application/xml\r\n",
            re.compile(rb"<client_id>(\d+)"),
            re.compile(rb'status="ok"'),
        )  # fmt: skip


def _xml(method: str, inner: str) -> bytes:
    return f'<request method="{method}">{inner}</request>'.encode()


@contextmanager
def moto() -> Iterator[Server]:
    """moto's server mode."""
    if not MOTO.exists():
        raise SystemExit(
            "moto is not installed: run `make load`, which installs requirements/load.txt"
        )
    port = _free_port()
    with program(MOTO, "-H", "127.0.0.1", "-p", str(port)):
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise SystemExit("moto did not start")
        head = (
            "POST / HTTP/1.1\r\nHost: iam.amazonaws.com\r\nConnection: keep-alive\r\n"
            "Authorization: AWS4-HMAC-SHA256 Credential=x/20200101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=x\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
        )
        yield Server(
            "moto server (IAM users)",
            port,
            lambda name: _form(Action="CreateUser", UserName=name),
            lambda key: _form(Action="GetUser", UserName=key.partition("|")[0]),
            lambda key, name: _form(Action="TagUser", UserName=key, **{"Tags.member.1.Key": "name", "Tags.member.1.Value": name}),
            lambda: _form(Action="ListUsers", MaxItems="25"),
            lambda key: _form(Action="DeleteUser", UserName=key),
            head,
            re.compile(rb"<UserName>([^<]+)</UserName>"),
            re.compile(rb"<\w+Response "),
        )  # fmt: skip


def _form(**fields: str) -> bytes:
    return urlencode({**fields, "Version": "2010-05-08"}).encode()


def _free_port() -> int:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


# ---- long lists


def list_seconds(*sizes: int) -> list[float]:
    """The time of a list of 25 in an account with so many invoices each: the median of many calls, made in turns."""
    import http.client

    from xmlwright.sandbox.server_thread import Sandbox

    with Sandbox(ROOT) as box:
        accounts = {f"with-{size}": size for size in sizes}
        heads = {}
        for name, size in accounts.items():
            token = base64.b64encode(f"{box.open(name)}:X".encode()).decode()
            heads[name] = {"Authorization": f"Basic {token}"}
            box.control.seed(name, {"client": [{"client_id": 1, "email": "a@example.com"}]})
            for start in range(1, size + 1, 5000):
                numbers = range(start, min(start + 5000, size + 1))
                box.control.seed(name, {"invoice": [_invoice(number) for number in numbers]})
        context = ssl.create_default_context(cafile=box.ca)
        connection = http.client.HTTPSConnection("127.0.0.1", box.port, context=context)
        found: dict[str, list[float]] = {name: [] for name in accounts}
        for page in range(1, 101):
            body = _xml(
                "invoice.list",
                f"<status>sent</status><page>{page % 40 + 1}</page><per_page>25</per_page>",
            )
            for name, size in accounts.items():
                path = box.address(name).partition(str(box.port))[2]
                start_ = time.perf_counter()
                connection.request("POST", path, body, heads[name])
                answer = connection.getresponse().read()
                found[name].append(time.perf_counter() - start_)
                assert f'total="{size}"'.encode() in answer, answer[:300]
        connection.close()
    return [statistics.median(times[10:]) for times in found.values()]


def _invoice(number: int) -> dict[str, object]:
    line = {
        "line_id": number,
        "name": "Time",
        "unit_cost": "30",
        "quantity": "1.8",
        "amount": "54.00",
    }
    return {
        "invoice_id": number, "client_id": 1, "number": f"{number:07}", "status": "sent", "date": "2011-05-09",
        "amount": "54.00", "amount_outstanding": "54.00", "folder": "active", "lines": [line],
    }  # fmt: skip


# ---- the report


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="of load on each server (60)")
    parser.add_argument("--clients", type=int, default=50, help="at the same time (50)")
    parser.add_argument("--records", type=int, default=100_000, help="in the long list (100000)")
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    options = parser.parse_args()
    failed = False
    with sandbox() as ours, moto() as theirs:
        for turn in range(TURNS):
            for server in (ours, theirs):
                asyncio.run(turn_of(server, options.clients, turn, options.seconds / TURNS))
        for server in (ours, theirs):
            asyncio.run(look_for(server))
    figures = {}
    print(f"{options.clients} clients, {options.seconds:g} s each, in {TURNS} turns\n")
    print(
        f"{'':26}{'requests':>9}{'a second':>10}{'median':>9}{'p99':>9}{'errors':>8}{'kept':>8}{'lost':>6}"
    )
    for server in (ours, theirs):
        times = sorted(server.seconds)
        row = {
            "requests": len(times),
            "per_second": len(times) / server.spent,
            "median_ms": 1000 * times[len(times) // 2],
            "p99_ms": 1000 * times[len(times) * 99 // 100],
            "errors": len(server.errors),
            "kept": len(server.kept),
            "lost": server.lost,
        }
        figures[server.name] = row
        print(
            f"{server.name:26}{row['requests']:9}{row['per_second']:10.0f}{row['median_ms']:7.1f}ms{row['p99_ms']:7.1f}ms"
            f"{row['errors']:8}{row['kept']:8}{row['lost']:6}"
        )
    for told in ours.errors[:3] + theirs.errors[:3]:
        print(f"  error: {told}")
    a, b = figures[ours.name], figures[theirs.name]
    failed |= _judge("no error and no lost write", not ours.errors and not ours.lost)
    failed |= _judge(
        f"requests a second ahead of moto ({a['per_second'] / b['per_second']:.1f} x)",
        a["per_second"] > b["per_second"],
    )
    failed |= _judge(
        f"99th percentile ahead of moto ({a['p99_ms'] / b['p99_ms']:.2f} x)",
        a["p99_ms"] < b["p99_ms"],
    )
    short, long = list_seconds(1000, options.records)
    figures["list"] = {"short_ms": 1000 * short, "long_ms": 1000 * long}
    print(
        f"\ninvoice.list of 25 filtered by status: {1000 * short:.2f} ms of 1,000, {1000 * long:.2f} ms of {options.records:,}"
    )
    failed |= _judge(
        f"a long list within 2 x of a short one ({long / short:.2f} x)", long <= 2 * short
    )
    if options.json:
        print(json.dumps(figures))
    return int(failed)


def _judge(what: str, met: bool) -> bool:
    print(f"  {'met   ' if met else 'MISSED'} {what}")
    return not met


if __name__ == "__main__":
    sys.exit(main())
