"""The listening end: one port on loopback that speaks TLS and tells who does not."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Coroutine
from typing import Any, Final

from ..options import SandboxError
from .connection import Connection, Handler
from .tls import CertificateAuthority

HOST: Final = "127.0.0.1"
_BACKLOG: Final = 1024
_FIRST_BYTE: Final = 30.0
_IDLE: Final = 120.0
"""Seconds after which a connection that says nothing is ended."""
_WHOLE: Final = 300.0
"""Seconds for all of a request to come."""
_HANDSHAKE_BYTE: Final = b"\x16"
_FAREWELL: Final = 2.0


class Server:
    """Accepts connections, on loopback only."""

    def __init__(self, answer: Handler, authority: CertificateAuthority | None) -> None:
        """Serve plain HTTP, and TLS too if there is an authority."""
        self._handler = answer
        self._authority = authority
        self._open: set[Connection] = set()
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._new: dict[asyncio.Task[None], None] = {}
        """Those of connections that have said nothing, or are still shaking hands, the oldest first."""
        self._socket: socket.socket | None = None
        self.port = 0

    async def start(self, port: int) -> None:
        """Listen. Raises SandboxError where the port is taken."""
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.setblocking(False)
            listening.bind((HOST, port))
            listening.listen(_BACKLOG)
        except OSError as error:
            listening.close()
            raise SandboxError(
                f"cannot bind {HOST}:{port}: {error.strerror or error}; use port 0 for a free one"
            ) from None
        self._socket = listening
        self.port = listening.getsockname()[1]
        self._spawn(self._accept(listening), self._tasks)
        self._spawn(self._sweep(), self._tasks)

    def _spawn(
        self, work: Coroutine[Any, Any, None], among: dict[asyncio.Task[None], None]
    ) -> None:
        task = asyncio.get_running_loop().create_task(work)
        among[task] = None
        task.add_done_callback(lambda done: among.pop(done, None))

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connected, _ = await loop.sock_accept(listening)
            except OSError:  # too many are open
                self._shed()
                await asyncio.sleep(0.05)
                continue
            self._spawn(self._take(connected), self._new)

    async def _take(self, connected: socket.socket) -> None:
        """Find out from its first byte whether a connection speaks TLS, and serve it either way."""
        loop = asyncio.get_running_loop()
        try:
            connected.setblocking(False)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            first = await asyncio.wait_for(_peek(connected), _FIRST_BYTE)
            secure = first == _HANDSHAKE_BYTE
            if not first or (secure and self._authority is None):
                connected.close()
                return
            await loop.connect_accepted_socket(
                lambda: Connection(self._handler, self._open, secure=secure),
                connected,
                ssl=self._authority.context if secure and self._authority else None,
            )
        except (OSError, asyncio.TimeoutError):  # gone already, or no friend of the certificate
            connected.close()
        except asyncio.CancelledError:
            connected.close()
            raise

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_IDLE / 4)
            now = asyncio.get_running_loop().time()
            for connection in [one for one in self._open if one.idle]:
                if now - connection.used > _IDLE:
                    connection.close()
                elif connection.began is not None and now - connection.began > _WHOLE:
                    connection.refuse(408, f"The request did not come within {_WHOLE:.0f} seconds.")

    def _shed(self) -> None:
        """Make room for others: of the connections that nothing is done for, the half that said nothing for longest ends."""
        for task in list(self._new)[: (len(self._new) + 1) // 2]:
            task.cancel()
        idle = sorted((one for one in self._open if one.idle), key=lambda one: one.used)
        for connection in idle[: (len(idle) + 1) // 2]:
            connection.abort()

    async def stop(self) -> None:
        """Stop listening; requests in progress get a moment."""
        if self._socket is not None:
            self._socket.close()
        tasks = [*self._tasks, *self._new]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in list(self._open):
            if connection.idle:
                connection.abort()  # to say farewell in TLS would wait for a response
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._emptied(), _FAREWELL)
        left = [one.task for one in self._open if one.task is not None]
        for connection in list(self._open):
            connection.abort()
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _emptied(self) -> None:
        while self._open:
            await asyncio.sleep(0.01)


async def _peek(connected: socket.socket) -> bytes:
    """Return the first byte of a connection, which stays to be read; nothing where it ended."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            return connected.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            ready = loop.create_future()
            loop.add_reader(connected, _done, ready)
            try:
                await ready
            finally:
                loop.remove_reader(connected)


def _done(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
