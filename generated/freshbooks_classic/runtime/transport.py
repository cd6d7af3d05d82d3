"""How bytes get to the server and back: a small protocol, and requests as what is used by default."""

from __future__ import annotations

import os
import re
import threading
import time
import weakref
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from .errors import (
    ConnectionFailedError,
    ConnectTimeoutError,
    DeadlineExceededError,
    Error,
    InvalidDocumentError,
    NetworkError,
    RequestTimeoutError,
    TlsError,
)
from .options import Timeout, Tls
from .reading import LARGEST_DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request. Its ``repr`` shows the host alone: headers, path, query and body may hold secrets."""

    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    timeout: Timeout
    """Seconds to connect and for each part of the response."""
    limit: float | None = None
    """Seconds for all of it, from connecting to the last byte."""
    stream: bool = False
    """Whether a response that is no document may be handed over piece by piece."""
    verb: str = "POST"

    def __repr__(self) -> str:
        return f"HttpRequest({self.verb} {'/'.join(without_user(self.url).split('/', 3)[:3])})"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What came back."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    body: bytes = field(repr=False)
    """The whole body, or the beginning where ``rest`` follows."""
    rest: Iterator[bytes] | None = field(default=None, repr=False)
    close: Callable[[], None] | None = field(default=None, repr=False)
    drop: Callable[[], None] | None = field(default=None, repr=False)
    """Has the connection that it came on used no more: what follows on it may belong to this response."""


class Transport(Protocol):
    """Sends one HTTP request and returns the response, whatever its status; follows no redirect and repeats nothing.

    Raises:
        ConnectionFailedError, ConnectTimeoutError, TlsError: the server certainly did not get the request.
        NetworkError, RequestTimeoutError, DeadlineExceededError: it may have got it.
    """

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request and return its response."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class Exchange:
    """One request on its way, as two threads see it: the one that sends and the one that waits no longer than it may."""

    __slots__ = ("_connection", "_last", "_lock", "over", "sent", "watched")

    def __init__(self, watched: bool) -> None:
        self.watched = watched
        """Whether ``sent`` is known; it is not with a session of the caller's own."""
        self.sent = False
        """Whether anything of the request may have left."""
        self.over = False
        """Whether the time was over before the end."""
        self._connection: Any = None
        self._last: Any = None
        self._lock = threading.Lock()

    @property
    def unsent(self) -> bool:
        """Whether certainly nothing has left."""
        return self.watched and not self.sent

    def goes_out(self, connection: Any) -> None:
        """Note that ``connection`` is about to send. Raises DeadlineExceededError after the caller has timed out."""
        with self._lock:
            if self.over:
                raise DeadlineExceededError("the time was over before the request could be sent")
            self.sent = True
            self._connection = connection

    def break_off(self) -> None:
        """The time is over: send nothing more, read nothing more."""
        with self._lock:
            self.over = True
            connection = self._connection
            if connection is not None and connection.exchange is self:
                connection.break_off()

    def finish(self) -> None:
        """The response is complete; its connection may serve another exchange now."""
        with self._lock:
            self._last, self._connection = self._connection, None

    def drop(self) -> None:
        """Close the connection of a complete response, unless it serves another exchange already."""
        connection = self._last
        if connection is not None and connection.exchange is self:
            connection.break_off()


class RequestsTransport:
    """The default transport: one :class:`requests.Session`, made when first used, for any number of threads.

    A ``session`` of your own may be given, with proxies, certificates and adapters as you like. What goes wrong on its
    connections is then taken as having happened after the request was sent, unless the library says otherwise.
    """

    def __init__(
        self, session: requests.Session | None = None, *, tls: Tls | None = None, pool: int = 32
    ) -> None:
        self._session = session
        self._tls = tls or Tls()
        self._pool = pool
        self._watched = session is None
        self._lock = threading.Lock()
        if self._watched:
            _OWN.add(self)

    def forked(self) -> None:
        """Make a session of this process. On that of the parent, each would read the other's responses."""
        self._session = None
        self._lock = threading.Lock()

    def _ready(self) -> requests.Session:
        session = self._session
        if session is None:
            with self._lock:
                session = self._session
                if session is None:
                    session = self._session = self._made()
        return session

    def _made(self) -> requests.Session:
        import http.cookiejar

        import requests  # not before the first call: importing it costs more than all the rest

        from .connection import WatchedAdapter

        session = requests.Session()
        session.verify = self._tls.ca
        session.cert = self._tls.certificate
        _explicit_first(session, self._tls)
        if self._tls.proxy is not None:
            session.proxies = {"http": self._tls.proxy, "https": self._tls.proxy}
        for scheme in ("https://", "http://"):
            session.mount(scheme, WatchedAdapter(pool_connections=4, pool_maxsize=self._pool))
        # A redirect is a response here; without this the library reads and resolves it all the same.
        no_redirect: Any = _nowhere
        session.get_redirect_target = no_redirect  # type: ignore[method-assign]
        # No state is shared between calls, and so none between threads.
        session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=()))
        return session

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request and return its response."""
        session = self._ready()
        exchange = Exchange(self._watched)
        if request.limit is None:
            return _exchange(session, request, exchange, None)
        return _within(session, request, exchange, request.limit)

    def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            self._session.close()


_OWN: Final[weakref.WeakSet[RequestsTransport]] = weakref.WeakSet()


def _forked() -> None:
    for transport in list(_OWN):
        transport.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def _within(
    session: requests.Session, request: HttpRequest, exchange: Exchange, limit: float
) -> HttpResponse:
    """The response, if it is there within ``limit`` seconds.

    A socket's time-out begins anew with every byte, so a server that sends a byte now and then would hold the caller for ever:
    another thread waits for it, and its connection is broken off when the time is over.
    """
    from .workers import run_with_timeout

    limit = min(limit, threading.TIMEOUT_MAX)
    end = time.monotonic() + limit
    box: list[HttpResponse | BaseException] = []

    def work() -> None:
        try:
            box.append(_exchange(session, request, exchange, end))
        except BaseException as error:
            box.append(error)

    if not run_with_timeout(limit, work):
        exchange.break_off()
        raise too_late(limit, not exchange.unsent)
    outcome = box[0]
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def too_late(limit: float, sent: bool) -> DeadlineExceededError:
    """What is raised when the time is over; ``sent`` says whether the request may have left."""
    error = DeadlineExceededError(f"there was no response within the {limit:.3g} s that were left")
    error.sent = sent
    return error


def _exchange(
    session: requests.Session, request: HttpRequest, exchange: Exchange, end: float | None
) -> HttpResponse:
    from .connection import HERE

    HERE.exchange = exchange if exchange.watched else None
    try:
        response = session.request(
            request.verb,
            request.url,
            data=request.body,
            headers=dict(request.headers),
            timeout=request.timeout,
            allow_redirects=False,
            stream=True,
            auth=_keep,
        )
    except Exception as error:
        raise _translated(error, request, exchange) from None
    finally:
        HERE.exchange = None
    headers = {name.lower(): value for name, value in response.headers.items()}
    pieces = _pieces(response, request, exchange, end)
    if not request.stream or response.status_code != 200:
        return HttpResponse(response.status_code, headers, _joined(pieces), drop=exchange.drop)
    first = next(pieces, b"")
    if not first or first.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        # a document, maybe a failure
        return HttpResponse(
            response.status_code, headers, _joined(pieces, first), drop=exchange.drop
        )
    rest = pieces if end is None else _in_time(pieces, exchange, end)
    return HttpResponse(response.status_code, headers, first, rest, response.close)


def _joined(pieces: Generator[bytes, None, None], first: bytes = b"") -> bytes:
    """All of a document. Raises InvalidDocumentError for one that is larger than any that is read."""
    found, size = [first], len(first)
    with closing(pieces):
        for piece in pieces:
            found.append(piece)
            size += len(piece)
            if size > LARGEST_DOCUMENT:
                raise too_large()
    return b"".join(found)


def too_large() -> InvalidDocumentError:
    """Return the error for a response that is too large to keep in memory."""
    return InvalidDocumentError(f"the document has more than {LARGEST_DOCUMENT:,} bytes")


def _in_time(pieces: Iterator[bytes], exchange: Exchange, end: float) -> Iterator[bytes]:
    """Yield the rest of a file; a timer watches the deadline, because the caller's thread is reading."""
    watch = threading.Timer(max(0.0, end - time.monotonic()), exchange.break_off)
    watch.daemon = True
    watch.start()
    return _watched_by(watch, pieces)


def _watched_by(watch: threading.Timer, pieces: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from pieces
    finally:
        watch.cancel()


def _pieces(
    response: requests.Response, request: HttpRequest, exchange: Exchange, end: float | None
) -> Generator[bytes, None, None]:
    # A piece is handed over when it is full: small ones where only that lets the clock be looked at.
    source = response.iter_content(_CHUNK if end is None or exchange.watched else 1024)
    try:
        while True:
            try:
                piece = next(source, b"")
            except Exception as error:
                raise _translated(error, request, exchange) from None
            if exchange.over or (piece and end is not None and time.monotonic() > end):
                raise DeadlineExceededError("the response was not complete when the time was over")
            if not piece:
                break
            yield piece
    finally:
        exchange.finish()
        response.close()


def _translated(error: Exception, request: HttpRequest, exchange: Exchange) -> Error:
    """What went wrong as one of our errors, without what the library knows of the request."""
    if isinstance(error, Error):
        return error
    if exchange.over:
        return DeadlineExceededError("the response was not complete when the time was over")
    import requests.exceptions as theirs
    from urllib3.exceptions import NewConnectionError, ReadTimeoutError

    host = request.url.split("/", 3)[2]
    causes = list(causes_of(error))

    def caused_by(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if exchange.watched:
        sent = exchange.sent
    else:  # the library tells only of what fails while it connects
        before = (theirs.ConnectTimeout, theirs.ProxyError, theirs.InvalidURL, NewConnectionError)
        sent = not (caused_by(*before) or refused_tls(causes, certificate=True))
    if caused_by(theirs.Timeout, ReadTimeoutError, TimeoutError):
        if sent:
            return RequestTimeoutError(f"{host} did not respond within {_last(request.timeout)} s")
        return ConnectTimeoutError(
            f"there was no connection to {host} within {_first(request.timeout)} s"
        )
    if not sent:
        if refused_tls(causes):
            return TlsError(f"the TLS connection to {host} failed: {_bare(error)}")
        return ConnectionFailedError(f"{host} cannot be reached: {_bare(error)}")
    return NetworkError(f"the connection to {host} broke: {_bare(error)}")


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """An error and all that it was made of, wherever the libraries keep it."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop()
        if isinstance(found, BaseException) and id(found) not in seen:
            seen.add(id(found))
            yield found
            # Not __context__: that may be an error that the caller is handling.
            waiting += [found.__cause__, getattr(found, "reason", None), *found.args]


def refused_tls(causes: Sequence[BaseException], *, certificate: bool = False) -> bool:
    """Whether a TLS handshake was refused, so that the next one will be too; not where it merely broke off."""
    import ssl

    broken = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
    kind = ssl.SSLCertVerificationError if certificate else ssl.SSLError
    return any(isinstance(cause, kind) and not isinstance(cause, broken) for cause in causes)


def _bare(error: Exception) -> str:
    """The innermost reason, without what the libraries wrapped around it."""
    found = str(error)
    for cause in causes_of(error):
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        found = str(cause) or type(cause).__name__
    return without_user(found)


def without_user(text: str) -> str:
    """Return ``text`` without the user and password of the addresses in it, such as that of a proxy."""
    return re.sub(r"//[^/\s]*@", "//[redacted]@", text)


def _first(timeout: Timeout) -> float | None:
    return timeout[0] if isinstance(timeout, tuple) else timeout


def _last(timeout: Timeout) -> float | None:
    return timeout[1] if isinstance(timeout, tuple) else timeout


def _nowhere(response: object) -> None:
    """Where a response redirects to."""


def _keep(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Authentication of requests that leaves the header alone, so that no .netrc replaces the token."""
    return request


def _explicit_first(session: requests.Session, tls: Tls) -> None:
    """Put the options of the client before the environment; requests does the opposite."""
    environment = session.merge_environment_settings

    def merged(*facts: Any) -> Any:
        settings = environment(*facts)
        # Plain HTTP goes to this machine only; a proxy of the environment would see the token.
        if facts[0].startswith("http://"):
            settings["proxies"] = {}
        if tls.ca is not True:
            settings["verify"] = tls.ca
        if tls.proxy is not None:
            settings["proxies"] = {"http": tls.proxy, "https": tls.proxy}
        return settings

    explicit_first: Any = merged
    session.merge_environment_settings = explicit_first  # type: ignore[method-assign]
