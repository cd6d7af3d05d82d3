"""Everything that can go wrong, as one tree under :class:`Error`.

Every error pickles and copies. No error holds a secret: documents in errors are redacted by the description.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

E = TypeVar("E", bound="Error")


def _rebuild(cls: type[E], message: str, facts: dict[str, Any]) -> E:
    error = cls.__new__(cls)
    Exception.__init__(error, message)
    error.__dict__.update(facts)
    return error


class Error(Exception):
    """Root of all errors of this package.

    ``str(error)`` is a sentence for a person; the facts are attributes.
    """

    def __init__(
        self,
        message: str,
        *,
        method: str | None = None,
        code: str | None = None,
        field: str | None = None,
        status: int | None = None,
        documentation: str | None = None,
        fix: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.method = method
        """The API method that was called, such as ``"client.get"``; None outside of a call."""
        self.code = code
        """The code of the failure as the API sent it; None where it sent none."""
        self.field = field
        """The request field that the failure names, where it names one."""
        self.status = status
        """The HTTP status of the response; None where there was no response."""
        self.documentation = documentation
        """Address of the page that explains the method or the code."""
        self.fix = fix
        """What can be done about it, in a sentence; empty where that is unknown."""
        self.attempts = 0
        """How often the request was sent; 0 where nothing was sent."""
        self.request: str | None = None
        """The request document, redacted; None where none was made."""
        self.response: str | None = None
        """The response, redacted; None where none came, or none that is text."""
        self.maybe_done = False
        """Whether the server may have done the call all the same, with this or an earlier attempt: a ``delete`` whose
        first response was lost ends in NotFoundError, and is done."""

    def __str__(self) -> str:
        where = f"{self.method}: " if self.method else ""
        code = f" [{self.code}]" if self.code else ""
        fix = f" ({self.fix})" if self.fix else ""
        return f"{where}{self.message}{code}{fix}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, dict(self.__dict__))


class ConfigurationError(Error):
    """The client was set up in a way that cannot work: no account, no token, plain HTTP."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the arguments of a call."""

    path: str
    """Where it is: ``lines[0].quantity``."""
    message: str
    """What is allowed there, and what was probably meant."""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ArgumentError(Error, ValueError, TypeError):
    """Arguments cannot be sent; nothing was. ``problems`` has all that is wrong with the call."""

    def __init__(
        self, message: str, *, path: str = "", problems: tuple[Problem, ...] = (), **facts: Any
    ) -> None:
        super().__init__(message, **facts)
        self.path = path
        """Where the first problem is: ``lines[0].quantity``."""
        self.problems: tuple[Problem, ...] = problems or (Problem(path, message),)

    @classmethod
    def of(cls, problems: tuple[Problem, ...], method: str | None = None) -> ArgumentError:
        """One error for all problems of a call."""
        first = problems[0]
        return cls(first.message, path=first.path, problems=problems, method=method)

    def __str__(self) -> str:
        where = f"{self.method}: " if self.method else ""
        if len(self.problems) > 1:
            return f"{where}{len(self.problems)} problems: " + "; ".join(map(str, self.problems))
        path = f"argument {self.path}: " if self.path else ""
        return f"{where}{path}{self.message}"


class InvalidDocumentError(Error, ValueError):
    """A document is not what the API sends: no XML, a DTD, too large, another root, or a value of another type.

    ``path`` is the XPath of the place and ``line`` its line in the document, where they are known.
    """

    def __init__(
        self, message: str, *, path: str | None = None, line: int | None = None, **facts: Any
    ) -> None:
        super().__init__(message, **facts)
        self.path = path
        self.line = line

    def __str__(self) -> str:
        place = ""
        if self.path:
            place = f" (at {self.path}" + (f", line {self.line})" if self.line else ")")
        return super().__str__() + place


class StreamConsumedError(Error):
    """A file was on its way, was read in pieces (or failed half way, or was closed), and cannot be read again."""


class NotRecordedError(Error):
    """The recording that replays calls holds no response to this one."""


class TransportError(Error):
    """No usable HTTP response came. The cause is chained."""

    sent = True
    """Whether the server may have got the request."""


class NetworkError(TransportError):
    """The server could not be reached, or the connection broke."""


class ConnectionFailedError(NetworkError):
    """No connection could be made: the server certainly did not get the request."""

    sent = False


class TlsError(ConnectionFailedError):
    """The server's certificate or the TLS handshake was refused."""


class RequestTimeoutError(TransportError):
    """The server did not connect or respond in time. A call that changes something may have been done."""


class ConnectTimeoutError(RequestTimeoutError, ConnectionFailedError):
    """No connection was made in time: the server certainly did not get the request."""


class DeadlineExceededError(RequestTimeoutError):
    """The time given to the whole call, repetitions included, is over."""


class UnexpectedResponseError(TransportError):
    """An HTTP response came that is not the API's: a redirect, an HTML page, an empty body."""


class OutcomeUnknownError(Error):
    """A call that must not be repeated blindly may or may not have been done; the cause is chained.

    ``look_up`` says what to look up; :meth:`Client.reconcile` looks it up.
    """

    def __init__(
        self,
        message: str,
        *,
        look_up: str = "",
        values: dict[str, Any] | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(message, **facts)
        self.look_up = look_up
        """What to look up before sending it again."""
        self.values = values or {}
        """The arguments that were sent, without the sensitive ones."""


class ErrorDetail(NamedTuple):
    """One of the errors that a response lists."""

    code: str | None
    message: str
    field: str | None = None
    severity: str | None = None
    detail: str | None = None


class ApiError(Error):
    """The API reported a failure. The class says of which kind, ``code`` and ``message`` what it said."""

    retry_after: float | None = None
    """Seconds that the server asked to wait; None where it did not ask."""

    def __init__(
        self,
        message: str,
        *,
        errors: tuple[ErrorDetail, ...] = (),
        payload: Any = None,
        **facts: Any,
    ) -> None:
        super().__init__(message, **facts)
        self.errors = errors
        """All errors and warnings of the response, in its order."""
        self.payload = payload
        """The record beside the error, where the description has one."""


class AuthenticationError(ApiError):
    """The token is wrong or was revoked: a response of the API, or HTTP 401."""


class PermissionDeniedError(ApiError):
    """The token is good, but its owner may not do this: a response of the API, or HTTP 403."""


class NotFoundError(ApiError):
    """What an id refers to does not exist, or was deleted."""


class ValidationError(ApiError):
    """The request is incomplete or a value in it is not allowed."""


class ConflictError(ApiError):
    """The state of the record does not allow this, such as accepting twice."""


class RateLimitError(ApiError):
    """Too many calls in a short time."""


class AccountError(ApiError):
    """The account does not exist, was moved or is not open to the API."""


class ServerError(ApiError):
    """The server failed; the same call may work later."""


FAILURES: dict[str, type[ApiError]] = {
    "authentication": AuthenticationError,
    "permission": PermissionDeniedError,
    "not_found": NotFoundError,
    "validation": ValidationError,
    "conflict": ConflictError,
    "rate_limit": RateLimitError,
    "account": AccountError,
    "server": ServerError,
}
"""Kind of a failure, as the description names it -> the error that is raised."""
