"""Seeing what happens: one log line a call, hooks around it, and recordings. Nothing secret is shown to any of them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from .errors import Error, ErrorDetail
from .redact import (
    redact_request,
    redact_response,
    scrub_error,
    secrets_in_request,
    secrets_in_response,
)

if TYPE_CHECKING:
    from .protocol import Protocol as ApiProtocol
    from .request import Request

T = TypeVar("T")


class CallInfo:
    """One call as hooks see it; texts are redacted when they are asked for."""

    __slots__ = (
        "_body", "_headers", "_looking_on", "_outside", "_request", "_secrets", "attempts", "error", "seconds",
        "status",
    )  # fmt: skip

    def __init__(self, request: Request[Any], secrets: set[str]) -> None:
        self._request = request
        self._secrets = secrets
        self._body: bytes | None = None
        self._headers: Mapping[str, str] = {}
        self._looking_on: list[Hook] = []
        self._outside = sys.exc_info()[1]
        self.attempts = 0
        """How often the request was sent."""
        self.status: int | None = None
        """HTTP status of the last response."""
        self.seconds = 0.0
        """From the first attempt to the end, waits included."""
        self.error: BaseException | None = None
        """What the call ended in, mostly an ``Error``; None where it has a value."""

    def __repr__(self) -> str:
        return f"<CallInfo {self.method} {self.outcome}>"

    def __reduce__(self) -> Any:
        raise TypeError("a CallInfo holds secrets, and is not pickled; its texts can be")

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
        """``ok``, the class of the error, or ``abandoned`` where the caller did not wait for the end."""
        if self.error is None:
            return "ok"
        return "abandoned" if isinstance(self.error, GeneratorExit) else type(self.error).__name__

    @property
    def request(self) -> str:
        """The request, redacted: its document; an HTTP message where the description has verbs and paths."""
        if self._request.http is not None:
            from .messages import shown_request

            shown: str = shown_request(self._request, self._secrets)
            return shown
        return redact_request(self._request.endpoint, self._request.xml, self._secrets)

    @property
    def response(self) -> str | None:
        """The last response, redacted; None where none came or a file is still on its way."""
        if self._body is None:
            return None
        endpoint = self._request.endpoint
        # What only the request document has: arguments that could be walked once.
        asked = secrets_in_request(endpoint, self._request.xml)
        return redact_response(endpoint, self._body, self._secrets | asked)

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the last response that the description reads values from, redacted; names in lower case."""
        if self._request.http is None or not self._headers:
            return {}
        from .around import described_headers

        shown: Mapping[str, str] = described_headers(
            self._request.endpoint, self._headers, self._secrets
        )
        return shown

    @property
    def warnings(self) -> tuple[ErrorDetail, ...]:
        """The warnings of the last response."""
        from .around import read_warnings

        found: tuple[ErrorDetail, ...] = read_warnings(self._request.endpoint.protocol, self._body)
        return found

    def hide(self, texts: set[str]) -> None:
        """Hide more texts."""
        self._secrets |= texts

    def sent(self) -> None:
        """Note that the request is sent once more."""
        self.attempts += 1
        self.status = self._body = None

    def came(self, status: int, headers: Mapping[str, str], body: bytes | None) -> None:
        """Note a response; ``body`` is None while it is on its way."""
        self.status, self._headers, self._body = status, headers, body

    def with_value(self, value: T) -> RawResponse[T]:
        """The last response as it came, where the call asked for it."""
        return RawResponse(
            value, self.status or 0, self._headers, self._body, self.attempts, self.seconds,
            self._request.endpoint.protocol,
        )  # fmt: skip

    def ended_in(self, error: Error) -> None:
        """Note the error that the call ends in, give it the documents, and take out of it what is secret."""
        self.error = error
        request, response = self.request, self.response
        cause: BaseException | None = error
        while isinstance(cause, Error):
            cause.attempts, cause.request, cause.response = self.attempts, request, response
            cause = cause.__cause__
        endpoint = self._request.endpoint
        secrets = self._secrets | secrets_in_request(endpoint, self._request.xml)
        if self._body is not None:
            secrets |= secrets_in_response(endpoint, self._body)
        scrub_error(error, secrets, endpoint.protocol.errors)
        _clear_locals(error, self._outside)


def _clear_locals(error: BaseException | None, outside: BaseException | None) -> None:
    """Drop the local variables of the frames that an error has left: they hold documents and headers as they were sent.

    ``outside`` is what the caller was handling when the call began; its frames are not those of the call.
    """
    import traceback

    pending = [error]
    met: set[int] = {id(outside), id(None)}
    while pending:
        found = pending.pop()
        if found is not None and id(found) not in met:
            met.add(id(found))
            traceback.clear_frames(found.__traceback__)
            pending += [found.__cause__, found.__context__]


@dataclass(frozen=True, slots=True)
class RawResponse(Generic[T]):
    """A value with the response that it was read from.

    Nothing in the response is redacted, so its ``repr`` shows neither content nor headers.
    """

    value: T
    """What the method returns."""
    status: int
    """HTTP status."""
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    content: bytes | None = field(repr=False)
    """The body; None for a file that is still on its way."""
    attempts: int
    """How often the request was sent."""
    seconds: float
    """From the first attempt to the response, waits included."""
    protocol: ApiProtocol = field(repr=False, compare=False)

    @property
    def warnings(self) -> tuple[ErrorDetail, ...]:
        """What the response warns of although the call succeeded."""
        from .around import read_warnings

        found: tuple[ErrorDetail, ...] = read_warnings(self.protocol, self.content)
        return found

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The described values beside the payload, such as the number of the request."""
        from .around import read_metadata

        found: Mapping[str, Any] = read_metadata(
            self.protocol, self.content, self.status, self.headers
        )
        return found


class Hook(Protocol):
    """Something that looks on.

    ``before`` may raise to forbid a call; what it raises is what the call ends in. ``after`` is called once for each ``before`` that
    returned, however the call ends; what it raises is logged and changes nothing.
    """

    def before(self, call: CallInfo) -> None:
        """See a call before it is sent."""
        ...

    def after(self, call: CallInfo) -> None:
        """See a call after its end."""
        ...


def start(package: str, hooks: Sequence[Hook], call: CallInfo) -> None:
    """Tell that a call begins."""
    for hook in hooks:
        hook.before(call)
        call._looking_on.append(hook)
    import logging  # not before the first call

    logger = logging.getLogger(package)
    if logger.isEnabledFor(logging.DEBUG):
        logger.debug("%s request %s", call.method, call.request)


def finish(package: str, call: CallInfo) -> None:
    """Tell how a call ended."""
    import logging

    logger = logging.getLogger(package)
    if logger.isEnabledFor(logging.DEBUG):
        response = call.response
        if response is not None:
            logger.debug("%s response %s", call.method, response)
    if logger.isEnabledFor(logging.INFO):
        logger.info(
            "%s %s http=%s seconds=%.3f attempts=%d",
            call.method,
            call.outcome,
            call.status or "-",
            call.seconds,
            call.attempts,
        )
    for hook in call._looking_on:
        try:
            hook.after(call)
        except Exception:
            logger.exception("a hook failed after %s", call.method)
