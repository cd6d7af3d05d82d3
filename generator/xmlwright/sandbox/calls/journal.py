"""What was called: kept as it came, shown without what the description calls sensitive, and open to assertions."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Final

from ..engine.exchange import Event, Person
from ..options import SandboxError

_MOST_BYTES: Final = 64 * 1024 * 1024
"""Of all documents that are kept; the oldest calls go first."""
_WAITING: Final = 1000


@dataclass(slots=True)
class Entry:
    """One call and its response."""

    id: int
    at: datetime
    """By the sandbox's clock."""
    account: str
    person: Person | None
    verb: str
    target: str
    headers: Mapping[str, str]
    document: bytes
    """The request document, without the files that came with it."""
    files: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Content id -> content type and size of a file that came with it."""
    arguments: Mapping[str, Any] | None = None
    """What was asked for, where that is not in a document alone."""
    method: str | None = None
    """What was called, as far as the request says."""
    status: int | None = None
    """None while there is no response, or if there never is one."""
    content_type: str = ""
    answer: bytes = b""
    response_headers: Sequence[tuple[str, str]] = ()
    meant: bytes | None = None
    """The response without the fault."""
    ok: bool = False
    code: str | None = None
    guesses: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    sent: int = 0
    """How many mails and letters it put into the outbox."""
    fault: str = ""
    """What went wrong on purpose."""
    seconds: float = 0.0
    """That the response took, in real time."""

    @property
    def outcome(self) -> str:
        """``ok``, the code of the failure, the HTTP status, ``failed``, or ``no response``."""
        if self.status is None:
            return "no response"
        if self.status < 400:
            return "ok" if self.ok else self.code or "failed"
        return self.code or f"HTTP {self.status}"

    def matches(self, wanted: Mapping[str, Any]) -> bool:
        """Return whether it is what :meth:`Journal.find` was asked for."""
        return (
            ("account" not in wanted or self.account == wanted["account"])
            and ("method" not in wanted or fnmatchcase(self.method or "", str(wanted["method"])))
            and ("ok" not in wanted or (self.outcome == "ok") is bool(wanted["ok"]))
            and ("code" not in wanted or self.code == str(wanted["code"]))
            and ("status" not in wanted or self.status == int(wanted["status"]))
            and ("since" not in wanted or self.id > int(wanted["since"]))
            and ("fault" not in wanted or bool(self.fault) is bool(wanted["fault"]))
            and (
                "contains" not in wanted
                or str(wanted["contains"]).encode() in self.document + self.answer
            )
        )


CONDITIONS: Final = ("account", "method", "ok", "code", "status", "since", "fault", "contains")
"""What calls can be looked up by."""


class Journal:
    """The last calls, the newest last."""

    def __init__(self, keep: int) -> None:
        self._entries: deque[Entry] = deque()
        self._keep = keep
        self._bytes = 0
        self._ids = itertools.count(1)
        self._listeners: set[asyncio.Queue[Entry | None]] = set()
        self.total = 0
        """Calls since the start, kept or not."""

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def number(self) -> int:
        """Return the id of the next call."""
        return next(self._ids)

    def add(self, entry: Entry) -> None:
        """Keep a call."""
        entries = self._entries
        entries.append(entry)
        self.total += 1
        self._bytes += len(entry.document) + len(entry.answer)
        while len(entries) > self._keep or (self._bytes > _MOST_BYTES and len(entries) > 1):
            oldest = entries.popleft()
            self._bytes -= len(oldest.document) + len(oldest.answer)
        for listener in self._listeners:
            if listener.qsize() < _WAITING:
                listener.put_nowait(entry)

    def get(self, number: int) -> Entry | None:
        """Return one call by its id."""
        return next((entry for entry in reversed(self._entries) if entry.id == number), None)

    def find(self, wanted: Mapping[str, Any]) -> list[Entry]:
        """Return calls that have all that is wanted. Raises SandboxError for a condition that there is not."""
        for name in wanted:
            if name not in CONDITIONS:
                raise SandboxError(
                    f"calls cannot be looked up by {name!r}; they can by {', '.join(CONDITIONS)}"
                )
        try:
            return [entry for entry in self._entries if entry.matches(wanted)]
        except ValueError:
            raise SandboxError("status and since are numbers") from None

    def clear(self, account: str | None = None) -> None:
        """Forget the calls, or those of one account."""
        kept = [] if account is None else [e for e in self._entries if e.account != account]
        self._entries = deque(kept)
        self._bytes = sum(len(entry.document) + len(entry.answer) for entry in kept)
        for listener in self._listeners:
            listener.put_nowait(None)

    def listen(self) -> asyncio.Queue[Entry | None]:
        """Return a queue that gets every call from now on, and None when calls are forgotten."""
        listener: asyncio.Queue[Entry | None] = asyncio.Queue()
        self._listeners.add(listener)
        return listener

    def leave(self, listener: asyncio.Queue[Entry | None]) -> None:
        """Remove a queue of :meth:`listen`."""
        self._listeners.discard(listener)
