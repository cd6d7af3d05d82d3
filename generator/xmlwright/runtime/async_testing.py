"""A server in memory for tests of the asynchronous client."""

from __future__ import annotations

from .testing import Reply
from .transport import HttpRequest, HttpResponse


class AsyncMemoryTransport:
    """As :class:`MemoryTransport`, awaited."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.sent: list[HttpRequest] = []
        self.closed = False

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request and return its response."""
        self.sent.append(request)
        return self.reply(request)

    async def close(self) -> None:
        """Close the connections."""
        self.closed = True
