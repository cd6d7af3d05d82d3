"""Replay a recording to the asynchronous client."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .recorder import RecordedCall
from .replay import ReplayTransport
from .transport import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from .registry import MethodRegistry


class AsyncReplayTransport:
    """As :class:`ReplayTransport`, for the asynchronous client."""

    def __init__(
        self,
        source: str | os.PathLike[str] | Iterable[RecordedCall],
        *,
        registry: MethodRegistry | None = None,
    ) -> None:
        self._replay = ReplayTransport(source, registry=registry)

    async def send(self, request: HttpRequest) -> HttpResponse:
        """The recorded response. Raises as the synchronous one does."""
        return self._replay.send(request)

    async def close(self) -> None:
        """Nothing is open."""
