"""Recordings of calls: written by a hook, redacted, and read again."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .hooks import CallInfo


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One recorded call."""

    method: str
    request: str
    """The request, redacted: its document; an HTTP message where the description has verbs and paths."""
    response: str | None
    """The body of the response, redacted; None where none came."""
    status: int | None
    error: str | None
    """Class of the error that the call ended in."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of the response that the description reads, redacted; names in lower case."""


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
        """Do nothing: a call is written when it has ended."""

    def after(self, call: CallInfo) -> None:
        """Write a call."""
        import json

        entry: dict[str, Any] = {
            "method": call.method,
            "status": call.status,
            "error": None if call.error is None else type(call.error).__name__,
            "request": call.request,
            "response": call.response,
        }
        headers = call.headers
        if headers:
            entry["headers"] = headers
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
                try:
                    yield recorded_call(line)
                except ValueError as error:
                    raise ValueError(f"{os.fspath(path)}:{number}: {error}") from None


_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "method": (str,),
    "request": (str,),
    "response": (str, type(None)),
    "status": (int, type(None)),
    "error": (str, type(None)),
}


def recorded_call(line: str | bytes) -> RecordedCall:
    """Return the call that a line of a recording holds. Raises ValueError for a line that is none."""
    import json

    try:
        entry: dict[str, Any] = json.loads(line)
        for name, kinds in _KINDS.items():
            if not isinstance(entry[name], kinds):
                raise TypeError(f"{name} should not be {entry[name]!r:.40}")
        headers = entry.get("headers", {})
        if not isinstance(headers, dict):
            raise TypeError(f"headers should not be {headers!r:.40}")
        return RecordedCall(**{name: entry[name] for name in _KINDS}, headers=headers)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not a line of a recording ({error})") from None


def by_request(calls: Iterable[RecordedCall]) -> dict[tuple[str, str], list[RecordedCall]]:
    """Recorded calls by method and request, each list in the order of time."""
    found: dict[tuple[str, str], list[RecordedCall]] = {}
    for call in calls:
        found.setdefault((call.method, call.request), []).append(call)
    return found
