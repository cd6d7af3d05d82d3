"""Recordings of calls: written by a hook, redacted, and read again."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from .hooks import CallInfo


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One recorded call."""

    method: str
    request: str
    """The request document, redacted."""
    response: str | None
    """The response, redacted; None where none came."""
    status: int | None
    error: str | None
    """Class of the error that the call ended in."""


class Recorder:
    """A hook that writes every call to a file: one JSON object a line, redacted, safe to share.

    ::

        with Recorder("traffic.jsonl") as recorder:
            client.with_options(hooks=(recorder,)).task.get(211)
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = open(path, "a", encoding="utf-8")  # noqa: SIM115 - open until close()
        self._lock = threading.Lock()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def before(self, call: CallInfo) -> None:
        return

    def after(self, call: CallInfo) -> None:
        import json

        entry = {
            "method": call.method,
            "status": call.status,
            "error": None if call.error is None else type(call.error).__name__,
            "request": call.request,
            "response": call.response,
        }
        line = json.dumps(entry, ensure_ascii=False)
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_recording(path: str | os.PathLike[str]) -> Iterator[RecordedCall]:
    """The calls of a recording. Raises ValueError, with the line, for a file that is none."""
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _exchange(line, path, number)


_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "method": (str,),
    "request": (str,),
    "response": (str, type(None)),
    "status": (int, type(None)),
    "error": (str, type(None)),
}


def _exchange(line: str, path: str | os.PathLike[str], number: int) -> RecordedCall:
    import json

    try:
        entry: dict[str, Any] = json.loads(line)
        for name, kinds in _KINDS.items():
            if not isinstance(entry[name], kinds):
                raise TypeError(f"{name} should not be {entry[name]!r:.40}")
        return RecordedCall(**{name: entry[name] for name in _KINDS})
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{os.fspath(path)}:{number}: not a line of a recording ({error})"
        ) from None


def by_request(exchanges: Iterable[RecordedCall]) -> dict[tuple[str, str], list[RecordedCall]]:
    """Recorded calls by method and request, each list in the order of time."""
    found: dict[tuple[str, str], list[RecordedCall]] = {}
    for exchange in exchanges:
        found.setdefault((exchange.method, exchange.request), []).append(exchange)
    return found
