"""Answering calls from a recording, in place of a server: traffic as fixtures of tests."""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from . import errors
from .errors import NetworkError, NotRecordedError, TransportError
from .reading import parse_xml
from .recorder import RecordedCall, by_request, read_recording
from .redact import redact_request, secrets_in_request
from .transport import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from .registry import MethodRegistry
    from .request import Method


class ReplayTransport:
    """Answers calls as they were answered when a ``Recorder`` looked on. Nothing is sent.

    ::

        with Client("sample", token="any", transport=ReplayTransport("traffic.jsonl")) as client:
            client.task.get(211)

    A call is known by its method and its redacted request, so calls may come in any order, and whatever was redacted in a request
    is equal to anything. The same call again gets the next of its answers, and the last one when there are no more. What was
    redacted in a response reads as the mark that was put there; files are not recorded.
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | Iterable[RecordedCall],
        *,
        registry: MethodRegistry | None = None,
    ) -> None:
        """Args:
        source: a recording, or calls out of one.
        door: the methods; those of this package by default.
        """
        if isinstance(source, (str, os.PathLike)):
            source = read_recording(source)
        self._calls = by_request(source)
        self._taken: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()
        self._door = registry or _own_door()

    def __repr__(self) -> str:
        return f"ReplayTransport({sum(map(len, self._calls.values()))} calls)"

    def send(self, request: HttpRequest) -> HttpResponse:
        """The recorded response.

        Raises:
            NotRecordedError: there is no such call in the recording, or its response was a file.
            TransportError: the recorded call ended in one.
        """
        document = _document(request)
        protocol = self._door.protocol
        place = protocol.request_method
        name = "" if place is None else place.text(parse_xml(document))
        method = self._door.method(name or "")
        call = self._next(method, document)
        if call.response is None:
            raise _failure(call)
        if method.response.binary and call.error is None:
            raise NotRecordedError(
                f"the response to {call.method} is a file, which recordings do not hold",
                method=call.method,
            )
        headers = {"content-type": "application/xml; charset=utf-8"}
        return HttpResponse(call.status or 200, headers, call.response.encode())

    def _next(self, method: Method[object], document: bytes) -> RecordedCall:
        """The call of the recording that stands for a request."""
        shown = redact_request(method, document, secrets_in_request(method, document))
        key = (method.name, shown)
        with self._lock:
            found = self._calls.get(key)
            if found is None:
                others = sum(
                    len(calls) for (name, _), calls in self._calls.items() if name == method.name
                )
                raise NotRecordedError(
                    f"the recording has {others or 'no'} calls of {method.name}, and none with this request:\n{shown}",
                    method=method.name,
                )
            taken = self._taken.get(key, 0)
            self._taken[key] = taken + 1
        return found[min(taken, len(found) - 1)]

    def close(self) -> None:
        """Nothing is open."""


def _own_door() -> MethodRegistry:
    package = __name__.rpartition(".runtime.")[0]
    registry: MethodRegistry = importlib.import_module(f"{package}.wire").REGISTRY
    return registry


def _document(request: HttpRequest) -> bytes:
    """The XML of a request, also of one with files."""
    kind, _, rest = request.headers.get("Content-Type", "").partition(";")
    if kind != "multipart/related":
        return request.body
    boundary = rest.partition('boundary="')[2].partition('"')[0].encode()
    first = request.body.split(b"--" + boundary, 2)[1]
    return first.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")


def _failure(call: RecordedCall) -> errors.Error:
    """What a call without a response ended in. An outcome is unknown for a reason, which the recording does not have."""
    kind = getattr(errors, call.error or "", None)
    told = f"the recorded call ended in {call.error or 'nothing'}"
    if isinstance(kind, type) and issubclass(kind, TransportError):
        return kind(told, method=call.method)
    if kind is errors.OutcomeUnknownError:
        return NetworkError(told, method=call.method)
    return NotRecordedError(f"{told}, without a response", method=call.method)
