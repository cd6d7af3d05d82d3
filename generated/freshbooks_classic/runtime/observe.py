"""Seeing what happens: one log line a call, hooks around it, and recordings. Nothing secret is shown to any of them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .redact import redact_answer, redact_request

if TYPE_CHECKING:
    from .errors import Error
    from .request import Request


class CallInfo:
    """One call as hooks see it; texts are redacted when they are asked for."""

    __slots__ = ("_request", "_secrets", "answer_body", "attempts", "error", "seconds", "status")

    def __init__(self, request: Request[Any], secrets: set[str]) -> None:
        self._request = request
        self._secrets = secrets
        self.attempts = 0
        """How often the request was sent."""
        self.status: int | None = None
        """HTTP status of the last answer."""
        self.seconds = 0.0
        """From the first attempt to the end, waits included."""
        self.error: Error | None = None
        """What the call ended in; None where it has a value."""
        self.answer_body: bytes | None = None

    def __repr__(self) -> str:
        return f"<CallInfo {self.method} {self.outcome}>"

    @property
    def method(self) -> str:
        """The API method."""
        return self._request.method

    @property
    def retry(self) -> str:
        """The retry class of the method."""
        return self._request.retry

    @property
    def outcome(self) -> str:
        """``ok``, or the class of the error."""
        return "ok" if self.error is None else type(self.error).__name__

    @property
    def request(self) -> str:
        """The request document, redacted."""
        return redact_request(self._request.endpoint, self._request.xml, self._secrets)

    @property
    def answer(self) -> str | None:
        """The last answer, redacted; None where none came or a file is still on its way."""
        if self.answer_body is None:
            return None
        return redact_answer(self._request.endpoint, self.answer_body, self._secrets)


class Hook(Protocol):
    """Something that looks on. ``before`` may raise to forbid a call; what ``after`` raises is logged."""

    def before(self, call: CallInfo) -> None: ...

    def after(self, call: CallInfo) -> None: ...


def start(package: str, hooks: Sequence[Hook], call: CallInfo) -> None:
    """Tell that a call begins."""
    for hook in hooks:
        hook.before(call)
    import logging  # not before the first call

    logger = logging.getLogger(package)
    if logger.isEnabledFor(logging.DEBUG):
        logger.debug("%s request %s", call.method, call.request)


def finish(package: str, hooks: Sequence[Hook], call: CallInfo) -> None:
    """Tell how a call ended."""
    import logging

    logger = logging.getLogger(package)
    if logger.isEnabledFor(logging.DEBUG) and call.answer is not None:
        logger.debug("%s answer %s", call.method, call.answer)
    if logger.isEnabledFor(logging.INFO):
        logger.info(
            "%s %s http=%s seconds=%.3f attempts=%d",
            call.method,
            call.outcome,
            call.status or "-",
            call.seconds,
            call.attempts,
        )
    for hook in hooks:
        try:
            hook.after(call)
        except Exception:
            logger.exception("a hook failed after %s", call.method)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One recorded call."""

    method: str
    request: str
    """The request document, redacted."""
    answer: str | None
    """The answer, redacted; None where none came."""
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
            "answer": call.answer,
        }
        line = json.dumps(entry, ensure_ascii=False)
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_recording(path: str | os.PathLike[str]) -> Iterator[Exchange]:
    """The calls of a recording. Raises ValueError, with the line, for a file that is none."""
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _exchange(line, path, number)


def _exchange(line: str, path: str | os.PathLike[str], number: int) -> Exchange:
    import json

    try:
        entry: dict[str, Any] = json.loads(line)
        return Exchange(
            entry["method"], entry["request"], entry["answer"], entry["status"], entry["error"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{os.fspath(path)}:{number}: not a line of a recording ({error})"
        ) from None


def by_request(exchanges: Iterable[Exchange]) -> dict[tuple[str, str], list[Exchange]]:
    """Recorded calls by method and request, each list in the order of time."""
    found: dict[tuple[str, str], list[Exchange]] = {}
    for exchange in exchanges:
        found.setdefault((exchange.method, exchange.request), []).append(exchange)
    return found
