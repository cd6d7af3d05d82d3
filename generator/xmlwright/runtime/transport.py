"""How bytes get to the server and back: a small protocol, and requests as what is used by default."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from .errors import (
    ConnectionFailed,
    ConnectTimedOut,
    DeadlineExceeded,
    NotReached,
    TimedOut,
    TlsFailed,
)
from .options import Timeout, Tls
from .request import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP POST. Headers hold the token, so they are kept out of the ``repr``."""

    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    timeout: Timeout
    """Seconds to connect and for each part of the answer."""
    limit: float | None = None
    """Seconds for all of it, from connecting to the last byte."""
    stream: bool = False
    """Whether an answer that is no document may be handed over piece by piece."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    body: bytes = field(repr=False)
    """The whole body, or the beginning where ``rest`` follows."""
    rest: Iterator[bytes] | None = field(default=None, repr=False)
    close: Callable[[], None] | None = field(default=None, repr=False)


class Transport(Protocol):
    """Sends one HTTP request and returns the answer, whatever its status; follows no redirect and repeats nothing.

    Raises:
        NotReached, ConnectTimedOut, TlsFailed: the server certainly did not get the request.
        ConnectionFailed, TimedOut, DeadlineExceeded: it may have got it.
    """

    def send(self, request: HttpRequest) -> HttpAnswer: ...

    def close(self) -> None: ...


class RequestsTransport:
    """The default transport: one :class:`requests.Session`, made when first used, for any number of threads.

    A ``session`` of your own may be given, with proxies, certificates and adapters as you like.
    """

    def __init__(
        self, session: requests.Session | None = None, *, tls: Tls | None = None, pool: int = 32
    ) -> None:
        self._session = session
        self._tls = tls or Tls()
        self._pool = pool
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
        from requests.adapters import HTTPAdapter

        session = requests.Session()
        session.verify = self._tls.ca
        session.cert = self._tls.certificate
        _explicit_first(session, self._tls)
        if self._tls.proxy is not None:
            session.proxies = {"http": self._tls.proxy, "https": self._tls.proxy}
        session.mount("https://", HTTPAdapter(pool_connections=4, pool_maxsize=self._pool))
        session.mount("http://", HTTPAdapter(pool_connections=4, pool_maxsize=self._pool))
        # No state is shared between calls, and so none between threads.
        session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=()))
        return session

    def send(self, request: HttpRequest) -> HttpAnswer:
        session = self._ready()
        if request.limit is None:
            return _exchange(session, request, None)
        return _within(session, request, request.limit)

    def close(self) -> None:
        if self._session is not None:
            self._session.close()


def _within(session: requests.Session, request: HttpRequest, limit: float) -> HttpAnswer:
    """The answer, if it is there within ``limit`` seconds.

    A socket's time-out begins anew with every byte, so a server that sends a byte now and then would hold the caller for ever:
    another thread waits for it, and is left behind when the time is over.
    """
    end = time.monotonic() + limit
    box: list[HttpAnswer | BaseException] = []

    def work() -> None:
        try:
            box.append(_exchange(session, request, end))
        except BaseException as error:
            box.append(error)

    thread = threading.Thread(target=work, name="exchange", daemon=True)
    thread.start()
    thread.join(limit)
    if not box:
        raise DeadlineExceeded(f"there was no answer within the {limit:.3g} s that were left")
    outcome = box[0]
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def _exchange(session: requests.Session, request: HttpRequest, end: float | None) -> HttpAnswer:
    answer = _guarded(lambda: _post(session, request), request)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    pieces = _pieces(answer, request, end)
    if not request.stream or answer.status_code != 200:
        return HttpAnswer(answer.status_code, headers, b"".join(pieces))
    first = next(pieces, b"")
    if not first or first.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(
        b"<"
    ):  # a document, maybe a failure
        return HttpAnswer(answer.status_code, headers, b"".join((first, *pieces)))
    return HttpAnswer(answer.status_code, headers, first, pieces, answer.close)


def _post(session: requests.Session, request: HttpRequest) -> requests.Response:
    return session.post(
        request.url,
        data=request.body,
        headers=dict(request.headers),
        timeout=request.timeout,
        allow_redirects=False,
        stream=True,
        auth=_keep,
    )


def _pieces(answer: requests.Response, request: HttpRequest, end: float | None) -> Iterator[bytes]:
    source = answer.iter_content(_CHUNK if end is None else 1024)
    try:
        while True:
            piece = _guarded(lambda: next(source, b""), request)
            if not piece:
                return
            if end is not None and time.monotonic() > end:
                raise DeadlineExceeded("the answer was not complete when the time was over")
            yield piece
    finally:
        answer.close()


def _guarded(step: Callable[[], Any], request: HttpRequest) -> Any:
    """Run one step of an exchange; what goes wrong is told in our errors, without what the library knows of the request."""
    import requests
    from urllib3.exceptions import (
        ConnectTimeoutError,
        HTTPError,
        MaxRetryError,
        NewConnectionError,
        ReadTimeoutError,
    )

    host = request.url.split("/", 3)[2]
    try:
        return step()
    except requests.exceptions.SSLError as error:
        raise TlsFailed(f"the TLS connection to {host} failed: {_bare(error)}") from None
    except requests.exceptions.ConnectTimeout:
        raise ConnectTimedOut(
            f"there was no connection to {host} within {_first(request.timeout)} s"
        ) from None
    except requests.exceptions.ReadTimeout:
        raise TimedOut(f"{host} did not answer within {_last(request.timeout)} s") from None
    except (requests.exceptions.ProxyError, requests.exceptions.InvalidURL) as error:
        raise NotReached(f"{host} cannot be reached: {_bare(error)}") from None
    except requests.exceptions.ConnectionError as error:
        cause = error.args[0] if error.args else None
        if isinstance(cause, MaxRetryError):
            cause = cause.reason
        if isinstance(cause, ConnectTimeoutError | NewConnectionError):
            raise NotReached(f"{host} cannot be reached: {_bare(error)}") from None
        if isinstance(cause, ReadTimeoutError):
            raise TimedOut(f"{host} did not answer within {_last(request.timeout)} s") from None
        raise ConnectionFailed(f"the connection to {host} broke: {_bare(error)}") from None
    except (requests.exceptions.RequestException, HTTPError, OSError) as error:
        raise ConnectionFailed(f"the connection to {host} broke: {_bare(error)}") from None


def _bare(error: Exception) -> str:
    """The innermost reason, without addresses of objects."""
    seen: BaseException = error
    while True:
        inner = getattr(seen, "reason", None) or (seen.args[-1] if seen.args else None)
        if not isinstance(inner, BaseException):
            break
        seen = inner
    text = str(seen)
    return (
        text.split(": ", 1)[1]
        if text.startswith("<") and ": " in text
        else text or type(seen).__name__
    )


def _first(timeout: Timeout) -> float | None:
    return timeout[0] if isinstance(timeout, tuple) else timeout


def _last(timeout: Timeout) -> float | None:
    return timeout[1] if isinstance(timeout, tuple) else timeout


def _keep(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Authentication of requests that leaves the header alone, so that no .netrc replaces the token."""
    return request


def _explicit_first(session: requests.Session, tls: Tls) -> None:
    """Let what the client was told come before the environment: requests does it the other way round."""
    environment = session.merge_environment_settings

    def merged(*facts: Any) -> Any:
        settings = environment(*facts)
        if tls.ca is not True:
            settings["verify"] = tls.ca
        if tls.proxy is not None:
            settings["proxies"] = {"http": tls.proxy, "https": tls.proxy}
        return settings

    explicit_first: Any = merged
    session.merge_environment_settings = explicit_first  # type: ignore[method-assign]


def encode(request: Request[Any]) -> tuple[bytes, str]:
    """Body and content type of a request: the document, or multipart/related where files go with it."""
    if not request.parts:
        return request.xml, "application/xml; charset=utf-8"
    contents = [request.xml, *(part.upload.content for part in request.parts)]
    number = 0
    while any(f"part-{number}-".encode() in content for content in contents):
        number += 1
    boundary = f"part-{number}-"
    lines = [
        f"--{boundary}\r\nContent-Type: application/xml; charset=utf-8\r\n\r\n".encode(),
        request.xml,
    ]
    for part in request.parts:
        lines.append(
            f"\r\n--{boundary}\r\nContent-Type: {_token(part.upload.media)}\r\n"
            f"Content-ID: <{part.content_id}>\r\n"
            f"Content-Disposition: attachment; {_filename(part.upload.name)}\r\n\r\n".encode()
        )
        lines.append(part.upload.content)
    lines.append(f"\r\n--{boundary}--\r\n".encode())
    return b"".join(lines), f'multipart/related; boundary="{boundary}"; type="application/xml"'


def _filename(name: str) -> str:
    """The parameter of a header that names a file: plain for everyone, and as it is (RFC 6266) for who understands that."""
    shown = "".join(char if char.isprintable() else "_" for char in name).strip() or "file"
    plain = "".join(char if char.isascii() and char not in '"\\' else "_" for char in shown)
    if plain == shown:
        return f'filename="{plain}"'
    return f"filename=\"{plain}\"; filename*=UTF-8''{quote(shown, safe='')}"


def _token(media: str) -> str:
    return "".join(char for char in media if char.isprintable())
