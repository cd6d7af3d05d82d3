"""A call from its request to its value, without any input or output.

:func:`perform` is a generator: it yields what is to be done (an HTTP request, a pause) and is sent what came of it. The
synchronous and the asynchronous client are two drivers of this one generator, and so cannot differ.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from .auth import oauth_problem
from .errors import (
    ApiFailure,
    ArgumentError,
    DeadlineExceeded,
    Error,
    OutcomeUnknown,
    RateLimited,
    ServerFailure,
    TlsFailed,
    TransportError,
    UnexpectedAnswer,
    UnreadableDocument,
)
from .files import File
from .observe import CallInfo, finish, start
from .options import Options
from .reading import parse_xml
from .redact import hidden_values, secrets_of
from .request import Request
from .retry import Failed, may_repeat, retry_after
from .transport import HttpAnswer, HttpRequest, encode

if TYPE_CHECKING:
    from .auth import Auth
    from .protocol import Protocol

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait before the next attempt."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Setup:
    """What a client knows that a call needs."""

    protocol: Protocol
    account: str
    url: str
    auth: Auth
    user_agent: str
    options: Options
    clock: Callable[[], float] = time.monotonic


Step = Generator[HttpRequest | Pause, HttpAnswer, T]


def perform(request: Request[T], setup: Setup) -> Step[T]:
    """All attempts of one call. Raises what the call ends in, with its facts filled in."""
    options = setup.options
    if options.validate:
        problems = request.endpoint.problems(request.values)
        if problems:
            raise ArgumentError.of(problems, request.method)
    secrets = setup.auth.secrets() | secrets_of(request.endpoint.arguments, request.values)
    info = CallInfo(request, secrets)
    start(setup.protocol.package, options.hooks, info)
    began = setup.clock()
    try:
        value = yield from _attempts(request, setup, info, began)
    except Error as error:
        _told(error, request)
        info.ended_in(error)
        raise
    except BaseException as error:  # of the transport, or nobody waits for the end any more
        info.error = error
        raise
    finally:
        info.seconds = setup.clock() - began
        finish(setup.protocol.package, options.hooks, info)
    return value


def _attempts(request: Request[T], setup: Setup, info: CallInfo, began: float) -> Step[T]:
    options = setup.options
    body, content_type = encode(request)
    while True:
        left = _left(options.deadline, began, setup.clock)
        headers = {
            **setup.auth.headers(setup.protocol, setup.url),
            "User-Agent": setup.user_agent,
            "Accept": "application/xml, */*;q=0.5",
            "Content-Type": content_type,
        }
        http = HttpRequest(
            setup.url,
            body,
            headers,
            _shorter(options.timeout, left),
            left,
            request.endpoint.answer.binary,
        )
        info.sent()
        answer: HttpAnswer | None = None
        try:
            answer = yield http
            info.came(answer.status, None if answer.rest else answer.body)
            return _value(request, setup, answer)
        except Error as error:
            wait = _wait(error, request, setup, info.attempts, answer, began)
        yield Pause(wait)


def _wait(
    error: Error,
    request: Request[Any],
    setup: Setup,
    attempt: int,
    answer: HttpAnswer | None,
    began: float,
) -> float:
    """Seconds until the next attempt. Raises what the call ends in where there is none."""
    failed = _failed(error, request, attempt, answer)
    if not may_repeat(failed):
        raise OutcomeUnknown(
            f"nobody can tell whether the call was done: {error.message}",
            method=request.method,
            status=error.status,
            look_up=_look_up(request),
            values=hidden_values(request.values, request.endpoint.arguments),
        ) from error
    wait = setup.options.retry.wait(failed) if failed.temporary else None
    if wait is None:
        raise error
    if setup.options.deadline is not None:
        left = setup.options.deadline - (setup.clock() - began)
        if wait >= left:
            raise error
    return max(0.0, wait)


def _failed(error: Error, request: Request[Any], attempt: int, answer: HttpAnswer | None) -> Failed:
    after = retry_after(answer.headers.get("retry-after")) if answer is not None else None
    maybe = temporary = False
    if isinstance(error, UnexpectedAnswer):
        pass
    elif isinstance(error, TransportError):
        maybe = error.sent
        temporary = not isinstance(error, (TlsFailed, DeadlineExceeded))
    elif isinstance(error, RateLimited):
        temporary = True
    elif isinstance(error, ServerFailure | UnreadableDocument):
        maybe = temporary = True
    return Failed(
        request.method,
        request.retry,
        attempt,
        error,
        "maybe" if maybe else "no",
        temporary,
        after,
    )


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


def _left(deadline: float | None, began: float, clock: Callable[[], float]) -> float | None:
    if deadline is None:
        return None
    left = deadline - (clock() - began)
    if left <= 0:
        raise DeadlineExceeded(
            f"the {deadline:.3g} s for the call were over before it could be sent"
        )
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


def _value(request: Request[T], setup: Setup, answer: HttpAnswer) -> T:
    """The value of an HTTP answer, or the error that it stands for."""
    if answer.status != 200:
        raise _refusal(request.method, setup, answer)
    try:
        if not request.endpoint.answer.binary:
            return request.parse(answer.body)
        media = answer.headers.get("content-type", "").partition(";")[0].strip() or None
        request.endpoint.refuse_document(answer.body)
        value: Any = File(
            answer.body, media, rest=answer.rest, close=answer.close, method=request.method
        )
        return value  # type: ignore[no-any-return]
    except UnreadableDocument as error:
        if _is_html(answer):
            raise _html(request.method, answer) from None
        error.status = answer.status
        raise
    except ApiFailure as failure:
        failure.status = answer.status
        raise


def _refusal(method: str, setup: Setup, answer: HttpAnswer) -> Error:
    """The error that an HTTP status other than 200 stands for."""
    status = answer.status
    if 300 <= status < 400:
        where = answer.headers.get("location", "nowhere").split("?", 1)[0]
        return UnexpectedAnswer(
            f"the server sent a redirect to {where}: the account {setup.account!r} does not exist there, was moved,"
            " or is closed",
            method=method,
            status=status,
        )
    if status == 429:
        return RateLimited("too many calls in a short time", method=method, status=status)
    problem = oauth_problem(answer.body, status, setup.auth.secrets())
    if problem is not None:
        problem.method = method
        return problem
    try:
        setup.protocol.check(parse_xml(answer.body), method, status)
    except ApiFailure as failure:
        if status >= 500 and type(failure) is ApiFailure:
            return ServerFailure(failure.message, method=method, code=failure.code, status=status)
        return failure
    except UnreadableDocument:
        pass
    if status >= 500:
        page = ", an HTML page: it may be down for maintenance" if _is_html(answer) else ""
        return ServerFailure(
            f"the server answered HTTP {status}{page}", method=method, status=status
        )
    if _is_html(answer):
        return _html(method, answer)
    return UnexpectedAnswer(f"the server answered HTTP {status}", method=method, status=status)


def _is_html(answer: HttpAnswer) -> bool:
    start = answer.body[:200].lstrip().lower()
    return "html" in answer.headers.get("content-type", "") or start.startswith(
        (b"<!doctype html", b"<html")
    )


def _html(method: str, answer: HttpAnswer) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"an HTML page came in place of an answer (HTTP {answer.status}): the address or account may be wrong,"
        " or the service down for maintenance",
        method=method,
        status=answer.status,
    )


def _told(error: Error, request: Request[Any]) -> None:
    """Give an error what is known of the call that ended in it."""
    error.method = error.method or request.method
    if error.documentation is None:
        error.documentation = request.endpoint.protocol.documentation
    if isinstance(error.__cause__, Error):
        _told(error.__cause__, request)
