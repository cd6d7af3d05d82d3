"""What a call costs beside its HTTP exchange: the client against requests, the same bytes to the same server.

The server is another process on loopback that keeps connections alive and sends at once (TCP_NODELAY). All contestants
send the same document with the same headers and take turns, so that a busy machine is busy for all of them.

``python benchmarks/run.py overhead`` prints the table; ``python benchmarks/overhead.py --profile`` prints where the time of a
call goes.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
from measure import Row, microseconds, times

from freshbooks_classic import AsyncFreshBooks, FreshBooks

TITLE = "Calling: a call against requests.post of the same bytes, wall time, the median of turns"

TOKEN = "0123456789abcdef0123456789abcdef"
ANSWER = (
    b'<?xml version="1.0" encoding="utf-8"?>\n'
    b'<response xmlns="http://www.freshbooks.com/api/" status="ok"><task><task_id>211</task_id>'
    b"<name>Yard work</name><billable>1</billable><rate>15.00</rate>"
    b"<description>Raking, mowing, and what else there is to do</description></task></response>"
)
TARGET = 1.25
"""Times bare ``requests.post``."""


def serve() -> None:
    """Answer every request with the same document; the port is printed first."""
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {len(ANSWER)}\r\n\r\n"
    )
    whole = head.encode() + ANSWER
    length = re.compile(rb"(?i)content-length: *(\d+)")

    def talk(sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        got = b""
        with sock:
            while True:
                piece = sock.recv(65536)
                if not piece:
                    return
                got += piece
                begin, end, body = got.partition(b"\r\n\r\n")
                said = length.search(begin) if end else None
                if said is not None and len(body) >= int(said.group(1)):
                    got = b""
                    sock.sendall(whole)

    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()


@contextmanager
def server() -> Iterator[str]:
    """The address of a server in a process of its own."""
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/api/2.1/xml-in"
        finally:
            process.kill()


class _Captured:
    """Sends nothing, and keeps what would have been sent."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.body = b""

    def send(self, request: object) -> object:
        from freshbooks_classic.runtime.transport import HttpRequest, HttpResponse

        assert isinstance(request, HttpRequest)
        self.headers, self.body = dict(request.headers), request.body
        return HttpResponse(200, {}, ANSWER)

    def close(self) -> None: ...


def _seconds(call: Callable[[], object], calls: int) -> float:
    """Seconds that one call takes, over so many of them."""
    began = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - began) / calls


def _turns(
    contestants: dict[str, Callable[[], object]], turns: int, calls: int
) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for call in contestants.values():
        _seconds(call, 20)
    for turn in range(turns):
        order = list(contestants)
        for name in order if turn % 2 else reversed(order):
            found[name].append(_seconds(contestants[name], calls))
    return found


def _ratio(measured: dict[str, list[float]], name: str, base: str) -> float:
    """The median of the ratios of single turns."""
    return statistics.median(a / b for a, b in zip(measured[name], measured[base], strict=True))


def rows(*, turns: int = 15, calls: int = 60) -> Iterator[Row]:
    """Ours, without and with a deadline, and what each sends with."""
    wanted = _Captured()
    FreshBooks("sample", token=TOKEN, transport=wanted).task.get(211)
    with (
        server() as url,
        FreshBooks("sample", token=TOKEN, url=url) as fb,
        requests.Session() as session,
    ):
        options: dict[str, Any] = {"data": wanted.body, "headers": wanted.headers, "timeout": 30.0}
        limited = fb.with_options(deadline=30.0)
        measured = _turns(
            {
                "requests.post": lambda: requests.post(url, **options),
                "session.post": lambda: session.post(url, **options),
                "client": lambda: fb.task.get(211),
                "client, deadline": lambda: limited.task.get(211),
            },
            turns,
            calls,
        )
        one, many = asyncio.run(_asynchronous(url, turns, calls))
        unsent = FreshBooks("sample", token=TOKEN, transport=_Captured())
        alone = statistics.median(_seconds(lambda: unsent.task.get(211), 500) for _ in range(7))
    took = {name: microseconds(statistics.median(seconds)) for name, seconds in measured.items()}
    yield Row("requests.post", took["requests.post"])
    for name, what in (("client", "a call"), ("client, deadline", "a call with a deadline")):
        ratio = _ratio(measured, name, "requests.post")
        yield Row(what, took[name], times(ratio), f"<= {TARGET} x", ratio <= TARGET)
    yield Row("Session.post, with no new session for each", took["session.post"])
    yield Row(
        "a call, against Session.post",
        took["client"],
        times(_ratio(measured, "client", "session.post")),
    )
    yield Row("a call without its HTTP exchange", microseconds(alone))
    yield Row("asynchronous calls, one at a time, against httpx2", "", times(one))
    yield Row("asynchronous calls, 50 at a time, against httpx2", "", times(many))


async def _asynchronous(url: str, turns: int, calls: int) -> tuple[float, float]:
    """The asynchronous client against the library that it sends with: alone, and 50 calls at a time."""
    import httpx2

    wanted = _Captured()
    FreshBooks("sample", token=TOKEN, transport=wanted).task.get(211)
    alone: list[float] = []
    together: list[float] = []
    async with (
        httpx2.AsyncClient() as bare,
        AsyncFreshBooks("sample", token=TOKEN, url=url) as fb,
    ):

        async def theirs() -> None:
            await bare.post(url, content=wanted.body, headers=wanted.headers)

        async def ours() -> None:
            await fb.task.get(211)

        async def seconds(call: Callable[[], Awaitable[None]], width: int) -> float:
            began = time.perf_counter()
            for _ in range(max(1, calls // width)):
                await asyncio.gather(*(call() for _ in range(width)))
            return time.perf_counter() - began

        for width, found in ((1, alone), (50, together)):
            for call in (theirs, ours):
                await seconds(call, width)
            for turn in range(turns):
                pair = (theirs, ours) if turn % 2 else (ours, theirs)
                spent = {call: await seconds(call, width) for call in pair}
                found.append(spent[ours] / spent[theirs])
    return statistics.median(alone), statistics.median(together)


def profile() -> None:
    """Where the time of a call goes."""
    with server() as url, FreshBooks("sample", token=TOKEN, url=url) as fb:
        fb.task.get(211)
        with cProfile.Profile() as found:
            for _ in range(1000):
                fb.task.get(211)
    stats = pstats.Stats(found).sort_stats("tottime")
    stats.print_stats(45)
    stats.print_callees("perform|_exchange")


def main() -> None:
    """The server, or the profile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--profile", action="store_true", help="where the time of a call goes")
    arguments = parser.parse_args()
    if arguments.serve:
        serve()
    elif arguments.profile:
        profile()
    else:
        parser.print_help()


if __name__ == "__main__":
    main()
