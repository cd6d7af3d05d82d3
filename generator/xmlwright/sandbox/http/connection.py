"""One connection: parse requests with h11, call the handler, and send its responses."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Final

import h11

from .messages import Request, Response, WireFault, page

Handler = Callable[[Request], "Response | Awaitable[Response]"]

LARGEST_BODY: Final = 64 * 1024 * 1024
LARGEST_HEAD: Final = 64 * 1024
_PACE: Final = 0.05
"""Seconds between two pieces of a slow response."""
_FAREWELL: Final = 1.0
"""Seconds for a client to read the last response. To close while something of its is unread would reset the connection, and take
the response back."""


class Connection(asyncio.Protocol):
    """Reads requests one after another, and responds to each before it reads the next."""

    def __init__(self, answer: Handler, open_ones: set[Connection], *, secure: bool) -> None:
        self._handler = answer
        self._open = open_ones
        self._secure = secure
        self._buffer = bytearray()
        """Bytes that h11 has not been given yet."""
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD)
        self._head: h11.Request | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._draining: asyncio.Future[None] | None = None
        self._keep = True
        self._ended = False
        self._sending = False
        self.used = 0.0
        """When something last came, on the clock of the loop."""
        self.began: float | None = None
        """When the request began to come of which a part is here; None where there is none."""

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open.add(self)
        self.used = asyncio.get_running_loop().time()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop sending; a call that has begun is completed."""
        self._open.discard(self)
        self._transport = None
        if self._task is not None and self._sending:
            self._task.cancel()  # but never what a call does, which was asked for whether or not somebody hears the response
        if self._draining is not None and not self._draining.done():
            self._draining.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Buffer data and handle the requests in it."""
        if self._ended:
            return
        self.used = asyncio.get_running_loop().time()
        if self.began is None:
            self.began = self.used
        self._buffer += data
        if self._task is None and self._draining is None:
            self._go_on()
        elif len(self._buffer) > LARGEST_HEAD and self._transport is not None:
            self._transport.pause_reading()  # until earlier requests have their responses

    def eof_received(self) -> bool:
        """Return whether a response may still be sent."""
        if self._ended:
            return False
        if self._task is not None:
            # A response in the making is still sent, where TLS allows it; readers of a stream are disconnected.
            return not self._secure and not self._sending
        if self._unread or self._h11.their_state is h11.SEND_BODY:
            self.refuse(400, "The request ended before all of it came.")
        return False

    def pause_writing(self) -> None:
        """Stop handling requests until the client reads."""
        self._draining = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """Continue handling requests."""
        if self._draining is not None and not self._draining.done():
            self._draining.set_result(None)
        self._draining = None
        if self._task is None and self._transport is not None and not self._ended:
            self._transport.resume_reading()
            self._go_on()

    @property
    def idle(self) -> bool:
        """Whether no request is in progress."""
        return self._task is None

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The request in progress."""
        return self._task

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End the connection without sending what is left."""
        if self._transport is not None:
            self._transport.abort()

    # Requests.

    def _go_on(self) -> None:
        """Handle the requests that have arrived, as long as that needs no waiting."""
        while self._transport is not None and self._keep:
            if self._draining is not None:
                # A client that sends and never reads is paused until its responses are gone.
                self._transport.pause_reading()
                return
            request = self._next()
            if request is None:
                return
            self.began = self.used if self._unread else None
            answer = self._call_handler(request)
            if isinstance(answer, Response) and answer.wire is None and answer.stream is None:
                self._send(answer, request)
            else:
                self._task = asyncio.ensure_future(self._later(answer, request))
                return
        if not self._keep:
            self._end()

    def _call_handler(self, request: Request) -> Response | Awaitable[Response]:
        try:
            return self._handler(request)
        except Exception:
            return _failed(request)

    async def _later(self, answer: Response | Awaitable[Response], request: Request) -> None:
        try:
            response = answer if isinstance(answer, Response) else await answer
        except Exception:
            response = _failed(request)
        self._sending = True
        if response.wire is not None:
            await self._fail_at(response, request, response.wire)
        elif response.stream is not None:
            await self._stream(response)
        else:
            self._send(response, request)
            if self._draining is not None:
                await self._draining
        self._sending = False
        self._task = None
        if self._transport is not None:
            self._transport.resume_reading()
            self._go_on()

    @property
    def _unread(self) -> bool:
        return bool(self._buffer or self._h11.trailing_data[0])

    def _next(self) -> Request | None:
        """Return the next request, or None until all of it has arrived."""
        connection = self._h11
        try:
            if self._buffer:
                connection.receive_data(bytes(self._buffer))
                self._buffer.clear()
            while True:
                event = connection.next_event()
                if isinstance(event, h11.Request):
                    self._head, self._pieces, self._size = event, [], 0
                    if sum(len(name) + len(value) for name, value in event.headers) > LARGEST_HEAD:
                        raise h11.RemoteProtocolError("headers too long", error_status_hint=431)
                    if _announced(event) > LARGEST_BODY:
                        self._too_long()
                        return None
                    if connection.they_are_waiting_for_100_continue and self._transport is not None:
                        informed = h11.InformationalResponse(status_code=100, headers=[])
                        self._transport.write(connection.send(informed) or b"")
                elif isinstance(event, h11.Data):
                    self._pieces.append(bytes(event.data))
                    self._size += len(event.data)
                    if self._size > LARGEST_BODY:
                        self._too_long()
                        return None
                elif isinstance(event, h11.EndOfMessage):
                    return self._request()
                else:  # NEED_DATA, PAUSED or ConnectionClosed
                    return None
        except h11.RemoteProtocolError as error:
            status = error.error_status_hint
            text = (
                f"The headers are longer than {LARGEST_HEAD:,} bytes."
                if status == 431
                else str(error)
            )
            self.refuse(status, text)
        except ValueError as error:
            self.refuse(400, f"The request target is invalid: {error}")
        return None

    def _too_long(self) -> None:
        self.refuse(413, f"The body is longer than {LARGEST_BODY:,} bytes.")

    def _request(self) -> Request:
        head = self._head
        assert head is not None
        headers: dict[str, str] = {}
        for name, value in head.headers:
            key, text = name.decode("latin-1"), value.decode("latin-1")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
        body = b"".join(self._pieces)
        self._pieces = []
        target = head.target.decode("latin-1")
        return Request(head.method.decode("latin-1"), target, headers, body, self._secure)

    def refuse(self, status: int, text: str) -> None:
        """Refuse a malformed request; nothing more is read then."""
        self._keep = False
        if self._transport is not None:
            response = page(status, "The request cannot be read", text)
            self._transport.write(response.head(keep=False) + response.body)
            self._end(unread=True)

    def _end(self, *, unread: bool = False) -> None:
        """End the connection when the client has read what it was sent, or after a moment."""
        transport = self._transport
        if transport is None or self._ended:
            return
        self._ended = True
        self._buffer.clear()
        if transport.can_write_eof():
            transport.write_eof()
        elif not unread:
            transport.close()
            return
        transport.resume_reading()  # and forget what comes
        asyncio.get_running_loop().call_later(_FAREWELL, transport.close)

    # Responses.

    def _send(self, response: Response, request: Request) -> None:
        if self._transport is None:
            return
        keep = self._after(response)
        body = b"" if request.verb == "HEAD" else response.body
        self._transport.write(response.head(keep=keep) + body)
        if not keep:
            self._keep = False

    def _after(self, response: Response) -> bool:
        """Record a response in h11, and return whether the connection stays open."""
        if response.stream is not None:
            return False
        head = h11.Response(
            status_code=response.status, headers=[("Content-Length", str(len(response.body)))]
        )
        self._h11.send(head)
        assert self._head is not None
        if response.body and response.status not in (204, 304) and self._head.method != b"HEAD":
            self._h11.send(h11.Data(data=response.body))
        self._h11.send(h11.EndOfMessage())
        if self._h11.our_state is h11.MUST_CLOSE or self._h11.their_state is not h11.DONE:
            return False
        self._h11.start_next_cycle()
        return True

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    async def _stream(self, response: Response) -> None:
        assert response.stream is not None
        self._keep = False
        self._write(response.head(keep=False) + response.body)
        async for piece in response.stream:
            self._write(piece)
            if self._draining is not None:
                await self._draining
        self.close()

    async def _fail_at(self, response: Response, request: Request, wire: WireFault) -> None:
        """Send a response that goes wrong on its way."""
        if wire.wait:
            await asyncio.sleep(wire.wait)
        transport = self._transport
        if transport is None:
            return
        if wire.reset:
            self._keep = False
            sock = transport.get_extra_info("socket")
            # To linger for no time makes the end of the connection a reset.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
            return
        if wire.instead is not None:
            self._keep = False
            self._write(wire.instead)
            return
        cut = wire.close_after
        keep = cut is None and self._after(response)
        self._write(response.head(keep=keep))
        content = response.body if cut is None else response.body[:cut]
        pace = wire.bytes_a_second
        size = max(1, len(content) if pace is None else int(pace * _PACE))
        for start in range(0, len(content), size):
            if pace is not None:
                await asyncio.sleep(min(size, len(content) - start) / pace)
            self._write(content[start : start + size])
        self._keep = keep


def _failed(request: Request) -> Response:
    """Log an exception of the sandbox, and return a response with status 500."""
    logging.getLogger("xmlwright.sandbox").exception("%s %s failed", request.verb, request.path)
    return page(500, "The sandbox failed", "This is a mistake of the sandbox; its log tells more.")


def _announced(head: h11.Request) -> int:
    """Return how long the body is said to be; 0 where nothing is said."""
    return next((int(value) for name, value in head.headers if name == b"content-length"), 0)
