"""A call from its request to its value, without any input or output.

:func:`perform` is a generator: it yields what is to be done (an HTTP request, a pause) and is sent what came of it. The
synchronous and the asynchronous client are two drivers of this one generator, and so cannot differ.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .auth import secrets_of_auth
from .errors import (
    ApiError,
    ArgumentError,
    DeadlineExceededError,
    Error,
    InvalidDocumentError,
    NetworkError,
    OutcomeUnknownError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    TlsError,
    TransportError,
    UnexpectedResponseError,
)
from .hooks import CallInfo, finish, start
from .options import Options, Timeout
from .outgoing import Outgoing
from .reading import parse_xml
from .redact import hidden_values, secrets_of
from .request import Request
from .responses import read_response
from .retry import Failed, Processed, may_repeat, retry_after
from .scrub import HiddenDict, HiddenSet
from .transport import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from .auth import Auth
    from .credentials import Credentials
    from .protocol import Protocol

T = TypeVar("T")

_LOGGER: Final = __name__.rpartition(".runtime.")[0]
"""The full name of the package, also in a vendored copy."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait before the next attempt."""

    seconds: float


@dataclass(frozen=True, slots=True)
class SignIn:
    """Return the credentials of the session, after signing in where there is none."""

    stale: Mapping[str, str] | None
    """Credentials that the API refused."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a client knows that a call needs."""

    protocol: Protocol
    variables: Mapping[str, str]
    """Options of the client that paths may hold."""
    url: str
    credentials: Credentials | None
    auth: Auth | None
    """What signs each request, in place of the credentials or beside them."""
    user_agent: str
    options: Options
    session: bool = False
    """Whether calls need the credentials of a session."""
    clock: Callable[[], float] = time.monotonic

    def secrets(self) -> set[str]:
        """Return the texts that must not be shown."""
        found = set() if self.credentials is None else self.credentials.secrets()
        return HiddenSet(found | secrets_of_auth(self.auth))


Step = Generator[HttpRequest | Pause | SignIn, Any, T]


def run_call(request: Request[T], setup: Setup) -> Step[T]:
    """All attempts of one call. Raises what the call ends in, with its facts filled in."""
    value, _ = yield from run_call_with_info(request, setup)
    return value


def run_call_with_info(request: Request[T], setup: Setup) -> Step[tuple[T, CallInfo]]:
    """As :func:`perform`, with what is known of the call beside its value."""
    options = setup.options
    if options.validate:
        problems = request.endpoint.problems(request.values)
        if problems:
            raise ArgumentError.of(problems, request.method)
    secrets = HiddenSet(setup.secrets() | secrets_of(request.endpoint.arguments, request.values))
    info = CallInfo(request, secrets)
    began = setup.clock()
    try:
        start(_LOGGER, options.hooks, info)
        value = yield from _attempts(request, setup, info, began)
    except Error as error:
        _told(error, request)
        info.ended_in(error)
        raise
    except BaseException as error:  # of the transport, or the caller has gone
        info.error = error
        raise
    finally:
        info.seconds = setup.clock() - began
        finish(_LOGGER, info)
    return value, info


def _attempts(request: Request[T], setup: Setup, info: CallInfo, began: float) -> Step[T]:
    options = setup.options
    end = options.end(began)
    maybe_done = renewed = False
    kept: Mapping[str, str] = {}
    stale: Mapping[str, str] | None = None
    while True:
        if setup.session and request.endpoint.authenticated:
            kept = yield SignIn(stale)
            info.hide(_sensitive(setup, kept))
        left = _left(end, setup.clock, maybe_done)
        http = _http_request(request, setup, kept, _shorter(options.timeout, left), left)
        info.sent()
        response: HttpResponse | None = None
        try:
            response = yield from _sent(http)
            info.came(response.status, response.headers, None if response.rest else response.body)
            if response.rest is not None:
                response = replace(response, rest=_told_of(response.rest, request, info))
            return read_response(
                request.endpoint,
                response,
                setup.variables,
                setup.secrets() | _sensitive(setup, kept),
            )
        except Error as error:
            if kept and response is not None and not renewed and _over(response, setup):
                stale, renewed = kept, True
                continue
            if response is not None and response.drop is not None and isinstance(error, _NO_ANSWER):
                response.drop()
            failed = _failed(_timed(error, end, setup.clock), request, info.attempts, response)
        maybe_done = maybe_done or failed.processed == "maybe"
        failed.error.maybe_done = maybe_done
        yield Pause(_wait(failed, request, setup, end))


def _sensitive(setup: Setup, kept: Mapping[str, str]) -> set[str]:
    """Return what of a session must not be shown."""
    return set() if setup.credentials is None else setup.credentials.sensitive(kept)


def _over(response: HttpResponse, setup: Setup) -> bool:
    """Return whether a response says that the session is over."""
    rule = setup.protocol.session
    return rule is not None and response.status in rule.renew_on


def _http_request(
    request: Request[Any],
    setup: Setup,
    kept: Mapping[str, str],
    timeout: Timeout,
    left: float | None,
) -> HttpRequest:
    """Return the HTTP request of a call, with the credentials in it."""
    variables = setup.variables
    if request.http is not None and setup.credentials is not None:  # a path may hold them, too
        variables = {**variables, **setup.credentials.values, **kept}
    outgoing = Outgoing.of(request, setup.url, variables)
    authenticated = request.endpoint.authenticated
    if authenticated and setup.credentials is not None:
        setup.credentials.add_to(outgoing, kept)
    body, media = outgoing.body(request)
    headers = HiddenDict({"User-Agent": setup.user_agent, "Accept": "application/xml, */*;q=0.5"})
    if media:
        headers["Content-Type"] = media
    headers.update(outgoing.headers)
    file = request.endpoint.response.binary
    http = HttpRequest(outgoing.url, body, headers, timeout, left, file, outgoing.verb)
    if not authenticated or setup.auth is None:
        return http
    added = setup.auth(http)
    if isinstance(added, HttpRequest):
        return added
    return replace(http, headers=HiddenDict({**headers, **added}))


_NO_ANSWER: Final = (InvalidDocumentError, UnexpectedResponseError)
"""After one of these the end of the response is unknown, so that its rest may come with the next one."""


def _told_of(pieces: Iterator[bytes], request: Request[Any], info: CallInfo) -> Iterator[bytes]:
    """The rest of a file, which is read after the call has ended and may fail as the call may."""
    try:
        yield from pieces
    except Error as error:
        _told(error, request)
        info.ended_in(error)
        raise


def _sent(http: HttpRequest) -> Step[HttpResponse]:
    """The response. What a transport raises beside the errors that it should raise says nothing about what was sent."""
    try:
        response: HttpResponse = yield http
        return response
    except Error:
        raise
    except Exception as error:
        raise NetworkError(f"the transport failed: {type(error).__name__}: {error}") from error


def _timed(error: Error, end: float | None, clock: Callable[[], float]) -> Error:
    """One kind of error for a time that is over, whichever clock noticed it first."""
    if (
        not isinstance(error, RequestTimeoutError)
        or isinstance(error, DeadlineExceededError)
        or end is None
    ):
        return error
    if clock() < end:
        return error
    over = DeadlineExceededError(error.message)
    over.sent = error.sent
    return over


def _wait(failed: Failed, request: Request[Any], setup: Setup, end: float | None) -> float:
    """Seconds until the next attempt. Raises what the call ends in where there is none."""
    error = failed.error
    if not may_repeat(failed):
        unknown = OutcomeUnknownError(
            f"it is unknown whether the call was processed: {error.message}",
            method=request.method,
            status=error.status,
            look_up=_look_up(request),
            values=hidden_values(request.values, request.endpoint.arguments),
        )
        unknown.maybe_done = True
        raise unknown from error
    wait = setup.options.retry.wait(failed) if failed.temporary else None
    if wait is None:
        raise error
    wait = wait if wait > 0 else 0.0  # also for what is no number
    if end is not None and wait >= end - setup.clock():
        raise error
    return wait


def _failed(
    error: Error, request: Request[Any], attempt: int, response: HttpResponse | None
) -> Failed:
    after = retry_after(response.headers.get("retry-after")) if response is not None else None
    if isinstance(error, ApiError):
        error.retry_after = after
    maybe = temporary = False
    if isinstance(error, UnexpectedResponseError):
        # A page in place of a response may come from a program that failed after it had done the call.
        maybe = error.status is None or error.status < 300
        temporary = error.status in _NOT_TAKEN
    elif isinstance(error, TransportError):
        maybe = error.sent
        temporary = not isinstance(error, (TlsError, DeadlineExceededError))
    elif isinstance(error, RateLimitError):
        temporary = True
    elif isinstance(error, ServerError):
        maybe = temporary = True
    elif isinstance(error, InvalidDocumentError):
        # A document that came whole says the same the next time, and one that is too large is so again.
        maybe, temporary = True, response is not None and not _complete(response.body)
    processed: Processed = "maybe" if maybe else "no"
    return Failed(request.method, request.retry, attempt, error, processed, temporary, after)


_NOT_TAKEN: Final = (408, 425)
"""HTTP statuses that say that the request was not looked at, and may be later."""


def _complete(body: bytes) -> bool:
    """Whether a body is a whole document, of whatever kind."""
    try:
        parse_xml(body)
    except InvalidDocumentError:
        return False
    return True


def _look_up(request: Request[Any]) -> str:
    shown = hidden_values(request.values, request.endpoint.arguments)
    facts = [
        f"{name}={value!r}"
        for name, value in shown.items()
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value != ""
    ]
    resource = request.method.partition(".")[0]
    described = f" with {', '.join(facts[:4])}" if facts else ""
    return f"look for the {resource.replace('_', ' ')}{described} before sending {request.method} again"


def _left(end: float | None, clock: Callable[[], float], sent: bool) -> float | None:
    if end is None:
        return None
    left = end - clock()
    if left <= 0:
        error = DeadlineExceededError("the time for the call was over before it could be sent")
        error.sent = error.maybe_done = sent
        raise error
    return left


def _shorter(
    timeout: float | tuple[float, float] | None, left: float | None
) -> float | tuple[float, float] | None:
    if left is None:
        return timeout
    if timeout is None:
        return left
    if isinstance(timeout, tuple):
        return (min(timeout[0], left), min(timeout[1], left))
    return min(timeout, left)


def _told(error: Error, request: Request[Any]) -> None:
    """Give an error what is known of the call that ended in it."""
    error.method = error.method or request.method
    if error.documentation is None:
        error.documentation = request.endpoint.protocol.documentation
    if isinstance(error.__cause__, Error):
        _told(error.__cause__, request)
