"""Responses from a recording in place of a server: traffic as fixtures of tests."""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from . import errors
from .auth import form_fields
from .errors import NetworkError, NotRecordedError, TransportError
from .reading import parse_xml
from .recorder import RecordedCall, by_request, read_recording
from .redact import redact_request, secrets_in_request, without_credentials
from .transport import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from .registry import MethodRegistry
    from .request import Method


class ReplayTransport:
    """Gives each call the response that a ``Recorder`` wrote down. Nothing is sent.

    ::

        with Client(..., transport=ReplayTransport("traffic.jsonl")) as client:
            client.task.get(211)

    A call is recognized by its method and its redacted request, so calls may come in any order, and what was redacted in a
    request is equal to anything. The same call again gets the next of its responses, and the last one when there are no
    more. What was redacted in a response reads as the mark that was put there; files are not recorded.
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | Iterable[RecordedCall],
        *,
        registry: MethodRegistry | None = None,
    ) -> None:
        """Take a recording.

        Args:
            source: a recording, or calls out of one.
            registry: the methods; those of this package by default.
        """
        if isinstance(source, (str, os.PathLike)):
            source = read_recording(source)
        self._calls = by_request(source)
        self._taken: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()
        self._registry = registry or _own_registry()

    def __repr__(self) -> str:
        return f"ReplayTransport({sum(map(len, self._calls.values()))} calls)"

    def send(self, request: HttpRequest) -> HttpResponse:
        """Return the recorded response.

        Raises:
            NotRecordedError: there is no such call in the recording, or its response was a file.
            TransportError: the recorded call ended in one.
        """
        found = list(self._shown(request))
        if not found:
            raise NotRecordedError(
                f"no method has a request such as {request.verb} {request.url.partition('?')[0]}"
            )
        method, shown = next(
            (one for one in found if (one[0].name, one[1]) in self._calls), found[0]
        )
        call = self._next(method, shown)
        if call.response is None:
            raise _failure(call)
        if method.response.binary and call.error is None:
            raise NotRecordedError(
                f"the response to {call.method} is a file, which recordings do not hold",
                method=call.method,
            )
        headers = {"content-type": "application/xml; charset=utf-8", **call.headers}
        return HttpResponse(call.status or 200, headers, call.response.encode())

    def _shown(self, request: HttpRequest) -> Iterator[tuple[Method[object], str]]:
        """Yield each method that a request may be of, with the request as the recording shows it."""
        registry = self._registry
        media = request.headers.get("Content-Type", "")
        body = _document(request)
        bound = [method for method in registry.methods.values() if method.http is not None]
        if not bound:
            method = registry.method_of(parse_xml(body))
            own = without_credentials(body, registry.protocol)
            yield method, redact_request(method, own, secrets_in_request(method, own))
            return
        from .messages import fits, message_of

        form = form_fields(body).items() if media.startswith("application/x-www-form") else ()
        for method in bound:
            if fits(method, request.verb, request.url, form):
                yield method, message_of(method, request.url, request.headers, body, media)

    def _next(self, method: Method[object], shown: str) -> RecordedCall:
        """Return the call of the recording that has a request."""
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


def _own_registry() -> MethodRegistry:
    package = __name__.rpartition(".runtime.")[0]
    registry: MethodRegistry = importlib.import_module(f"{package}.wire").REGISTRY
    return registry


def _document(request: HttpRequest) -> bytes:
    """Return the XML of a request, also of one with files."""
    media = request.headers.get("Content-Type", "")
    if not media.startswith("multipart/related"):
        return request.body
    from .multipart import split

    content: bytes = next(split(media, request.body)).content
    return content


def _failure(call: RecordedCall) -> errors.Error:
    """What a call without a response ended in. An outcome is unknown for a reason, which the recording does not have."""
    kind = getattr(errors, call.error or "", None)
    message = f"the recorded call ended in {call.error or 'nothing'}"
    if isinstance(kind, type) and issubclass(kind, TransportError):
        return kind(message, method=call.method)
    if kind is errors.OutcomeUnknownError:
        return NetworkError(message, method=call.method)
    return NotRecordedError(f"{message}, without a response", method=call.method)
