"""From the HTTP response of a call to its value, or to the error that it means."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .auth import oauth_problem
from .errors import FAILURES, ApiError, Error, InvalidDocumentError, UnexpectedResponseError
from .failures import kind_by_status
from .files import File
from .reading import parse_xml
from .request import EmptyResponse

if TYPE_CHECKING:
    from .request import Method
    from .transport import HttpResponse

T = TypeVar("T")


def read_response(
    endpoint: Method[T],
    response: HttpResponse,
    variables: Mapping[str, str] | None = None,
    secrets: Collection[str] = (),
) -> T:
    """Return the value of an HTTP response.

    Args:
        endpoint: the method that was called.
        response: what came.
        variables: options of the client that are part of the address, for the message of a redirect.
        secrets: texts that no message may show.

    Raises:
        ApiError: the response is a failure; the class says of which kind.
        UnexpectedResponseError: it is not a response of this API, such as an HTML page.
        InvalidDocumentError: the document cannot be read.
    """
    if not succeeded(endpoint, response.status):
        raise _refusal(endpoint, response, variables or {}, secrets)
    try:
        if type(endpoint.response) is EmptyResponse and response.body and _is_html(response):
            raise _html(endpoint.name, response)
        if not endpoint.response.binary:
            return endpoint.parse_response(response.body, response=response)
        media = response.headers.get("content-type", "").partition(";")[0].strip() or None
        endpoint.refuse_document(response.body)
        value: Any = File(
            response.body, media, rest=response.rest, close=response.close, method=endpoint.name
        )
        return value  # type: ignore[no-any-return]
    except InvalidDocumentError as error:
        if _is_html(response):
            raise _html(endpoint.name, response) from None
        error.status = response.status
        raise
    except Error as failure:
        failure.status = response.status
        raise
    except Exception as error:  # the call may be done all the same
        raise InvalidDocumentError(
            f"the response cannot be read: {type(error).__name__}: {error}", status=response.status
        ) from error


def succeeded(endpoint: Method[Any], status: int) -> bool:
    """Return whether an HTTP status is one of success for a method."""
    if endpoint.http is None:
        return status == 200
    return status in endpoint.http.success if endpoint.http.success else 200 <= status < 300


_ABOUT_THE_ADDRESS: Final = ("validation", "not_found", "conflict")
"""Kinds that a status alone means only where verbs and paths name what the call is about."""


def _refusal(
    endpoint: Method[Any],
    response: HttpResponse,
    variables: Mapping[str, str],
    secrets: Collection[str],
) -> Error:
    """Return the error that an HTTP status of failure means."""
    status, method = response.status, endpoint.name
    if 300 <= status < 400:
        return _redirect(method, response, variables)
    problem = oauth_problem(response.body, status, set(secrets))
    if problem is not None:
        problem.method = method
        return problem
    protocol = endpoint.protocol
    kind = kind_by_status(status)
    if endpoint.http is None and kind in _ABOUT_THE_ADDRESS:
        kind = ""  # with one address for all calls, a bare status says nothing about the call
    message = code = None
    try:
        root = parse_xml(response.body)
    except InvalidDocumentError:
        root = None
    if root is not None:
        if any(rule.fits(root, status) for rule in protocol.failures):
            failure = protocol.failure(root, method, status, response)
            if not kind or type(failure) is not ApiError:
                return failure
            message, code = failure.message, failure.code
        else:
            try:
                protocol.check(root, method, status, response)
            except ApiError as failure:
                return failure
            except InvalidDocumentError:
                pass
    rule = next((rule for rule in protocol.failures if rule.fits(None, status)), None)
    kind = (rule.kind if rule is not None else "") or kind
    if kind:
        message = message or _MESSAGES.get(status) or f"the server responded with HTTP {status}"
        if status >= 500 and _is_html(response):
            message += ", an HTML page: it may be down for maintenance"
        return FAILURES[kind](
            message, method=method, code=code, status=status, fix=protocol.fix_of(kind)
        )
    if _is_html(response):
        return _html(method, response)
    return UnexpectedResponseError(
        f"the server responded with HTTP {status}", method=method, status=status
    )


_MESSAGES: Final = {
    401: "the server does not accept the credentials (HTTP 401)",
    403: "the server refuses the call (HTTP 403), or something on the way to it does",
    429: "too many calls in a short time",
}
"""What is said of a status without a message."""


def _redirect(method: str, response: HttpResponse, variables: Mapping[str, str]) -> Error:
    where = response.headers.get("location", "nowhere").split("?", 1)[0]
    names = ", ".join(f"{name}={value!r}" for name, value in variables.items())
    hint = f"; check {names}" if names else ""
    return UnexpectedResponseError(
        f"the server sent a redirect to {where}: the address is wrong, was moved or is closed{hint}",
        method=method,
        status=response.status,
    )


def _is_html(response: HttpResponse) -> bool:
    start = response.body[:200].lstrip().lower()
    return "html" in response.headers.get("content-type", "") or start.startswith(
        (b"<!doctype html", b"<html")
    )


def _html(method: str, response: HttpResponse) -> UnexpectedResponseError:
    return UnexpectedResponseError(
        f"an HTML page came in place of a response (HTTP {response.status}): the address or account may be wrong,"
        " or the service down for maintenance",
        method=method,
        status=response.status,
    )
