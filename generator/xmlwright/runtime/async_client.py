"""The asynchronous client: the same methods, the same bytes, the same values and errors. Needs the extra ``async``."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from .client import BaseClient
from .engine import Pause, SignIn, Step, run_call, run_call_with_info
from .errors import (
    ApiError,
    ConfigurationError,
    ConnectionFailedError,
    ConnectTimeoutError,
    Error,
    NetworkError,
    OutcomeUnknownError,
    RequestTimeoutError,
    TlsError,
)
from .options import Timeout, Tls
from .reading import LARGEST_DOCUMENT
from .request import Request
from .transport import (
    HttpRequest,
    HttpResponse,
    causes_of,
    refused_tls,
    too_large,
    too_late,
    without_user,
)

if TYPE_CHECKING:
    import ssl

    import httpx2

    from .hooks import RawResponse
    from .record import Record

T = TypeVar("T")
C = TypeVar("C", bound="AsyncClient")


class AsyncTransport(Protocol):
    """As :class:`Transport`, awaited."""

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request and return its response."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class _Steps:
    """Hears from httpx2 how far a request has come."""

    __slots__ = ("_connected", "_handshake", "sent", "watched")

    def __init__(self, watched: bool) -> None:
        self.watched = watched
        """Whether ``sent`` is known; it may not be with a client of the caller's own."""
        self.sent = False
        """Whether anything of the request may have left."""
        self._connected: Any = None
        self._handshake = False

    async def __call__(self, name: str, info: Any) -> None:
        self.watched = True
        if name.endswith(".send_request_headers.started"):
            self.sent = True
        elif name.endswith(".connect_tcp.complete"):
            self._connected = info["return_value"]
        elif name.endswith((".start_tls.started", ".start_tls.complete")):
            self._handshake = name.endswith("started")

    async def abandon(self) -> None:
        """Close the connection of a handshake that was cancelled: the library forgets it."""
        if self._handshake and self._connected is not None:
            await self._connected.aclose()


class Httpx2Transport:
    """The default transport of the asynchronous client: one :class:`httpx2.AsyncClient`, made when first used."""

    def __init__(
        self, client: httpx2.AsyncClient | None = None, *, tls: Tls | None = None, pool: int = 100
    ) -> None:
        self._client = client
        self._tls = tls or Tls()
        self._pool = pool
        self._watched = client is None

    def _ready(self, url: str) -> httpx2.AsyncClient:
        if self._client is None:
            try:
                import httpx2
            except ImportError:
                raise ConfigurationError(
                    "the asynchronous client needs the package httpx2: install the extra 'async'"
                ) from None
            self._client = httpx2.AsyncClient(
                verify=_context(self._tls),
                proxy=self._tls.proxy,
                # Plain HTTP goes to this machine only; a proxy of the environment would see the token.
                trust_env=not url.startswith("http://"),
                limits=httpx2.Limits(
                    max_connections=self._pool, max_keepalive_connections=self._pool
                ),
                follow_redirects=False,
                event_hooks={"response": [_keep_redirect]},
            )
        return self._client

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request and return its response."""
        client = self._ready(request.url)
        steps = _Steps(self._watched)
        if request.limit is None:
            return await self._exchange(client, request, steps)
        try:
            return await asyncio.wait_for(self._exchange(client, request, steps), request.limit)
        except asyncio.TimeoutError:
            raise too_late(request.limit, steps.sent or not steps.watched) from None

    async def _exchange(
        self, client: httpx2.AsyncClient, request: HttpRequest, steps: _Steps
    ) -> HttpResponse:
        try:
            message = client.build_request(
                request.verb,
                request.url,
                content=request.body,
                headers=dict(request.headers),
                timeout=_timeout(request.timeout),
                extensions={"trace": steps},
            )
            response = await client.send(message, stream=True, follow_redirects=False)
            try:
                found: list[bytes] = []
                size = 0
                async for piece in response.aiter_bytes():
                    found.append(piece)
                    size += len(piece)
                    if size > LARGEST_DOCUMENT and not _is_file(request, response, found[0]):
                        raise too_large()
            finally:
                await response.aclose()
        except asyncio.CancelledError:
            await steps.abandon()
            raise
        except Exception as error:
            raise _translated(error, request, steps) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        headers.update(response.extensions.get(_REDIRECT, {}))
        drop = partial(_drop, response.extensions.get("network_stream"))
        return HttpResponse(response.status_code, headers, b"".join(found), drop=drop)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()


def _drop(stream: Any) -> None:
    """End a connection that is back in the pool, which then sees that it cannot be used."""
    sock = None if stream is None else stream.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):  # it is closed already
            sock.shutdown(socket.SHUT_RDWR)


def _is_file(request: HttpRequest, response: httpx2.Response, start: bytes) -> bool:
    """Return whether a body is a file, which may be larger than any document."""
    document = start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    return request.stream and response.status_code == 200 and not document


_REDIRECT: Final = "redirect"


async def _keep_redirect(response: httpx2.Response) -> None:
    """A redirect is a response here; the library would resolve where it leads, and fail where it leads to nonsense."""
    where = response.headers.pop("location", None)
    if where is not None:
        response.extensions[_REDIRECT] = {"location": where}


def _translated(error: Exception, request: HttpRequest, steps: _Steps) -> Error:
    """What went wrong as one of our errors, without what the library knows of the request."""
    if isinstance(error, Error):
        return error
    import httpx2

    host = request.url.split("/", 3)[2]
    causes = list(causes_of(error))
    before = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError)
    wrong = (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError, httpx2.InvalidURL)
    sent = steps.sent if steps.watched else not isinstance(error, (*before, *wrong))
    if isinstance(error, httpx2.TimeoutException):
        if sent:
            return RequestTimeoutError(f"{host} did not respond in time")
        return ConnectTimeoutError(f"there was no connection to {host} in time")
    text = without_user(str(error)) or type(error).__name__
    if not sent:
        if refused_tls(causes):
            return TlsError(f"the TLS connection to {host} failed: {text}")
        return ConnectionFailedError(f"{host} cannot be reached: {text}")
    return NetworkError(f"the connection to {host} broke: {text}")


def _context(tls: Tls) -> ssl.SSLContext:
    """Return the TLS context of the synchronous client, too: certifi's bundle unless an option says otherwise."""
    import ssl

    if tls.ca is False:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        import certifi

        context = ssl.create_default_context(
            cafile=certifi.where() if tls.ca is True else str(tls.ca)
        )
    if isinstance(tls.certificate, tuple):
        context.load_cert_chain(*tls.certificate)
    elif tls.certificate is not None:
        context.load_cert_chain(tls.certificate)
    return context


def _timeout(timeout: Timeout) -> httpx2.Timeout:
    """Waiting for one of the client's own connections is no fault of the server, so only a deadline ends it."""
    import httpx2

    connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    return httpx2.Timeout(read, connect=connect, pool=None)


class AsyncClient(BaseClient):
    """Base of the generated asynchronous client. One object may be used by any number of tasks of one event loop."""

    def _made(self, tls: Tls) -> AsyncTransport:
        return Httpx2Transport(tls=tls)

    async def __aenter__(self: C) -> C:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections, unless this is a copy made by ``with_options``: they are the original's."""
        if self._original is None:
            await self._sign_out()
            await self._transport.close()
        self._closed = True

    async def _sign_out(self) -> None:
        request = self._sign_out_request()
        if request is not None:
            with contextlib.suppress(Error):  # the session then ends by itself
                await self.send(request)

    async def _signed_in(self, stale: Mapping[str, str] | None) -> Mapping[str, str]:
        """As that of the synchronous client."""
        session = self._session
        assert session is not None
        if session.tasks is None:
            session.tasks = asyncio.Lock()
        async with session.tasks:
            values: Mapping[str, str] | None = session.values
            if values is not None and values is not stale:
                return values
            fresh: Mapping[str, str] = session.keep(await self.send(self._sign_in_request(session)))
            return fresh

    async def send(self, request: Request[T]) -> T:
        """Send one request and return its value. Raises as the synchronous client does."""
        return await self._driven(run_call(request, self._setup()))

    async def send_raw(self, request: Request[T]) -> RawResponse[T]:
        """As :meth:`send`, with the response that the value was read from: status, headers and bytes, not redacted."""
        value, call = await self._driven(run_call_with_info(request, self._setup()))
        return call.with_value(value)

    async def _driven(self, steps: Step[T]) -> T:
        """Do what a call asks for until it has a value."""
        step: HttpRequest | Pause | SignIn = next(steps)
        while True:
            try:
                if isinstance(step, Pause):
                    await asyncio.sleep(step.seconds)
                    step = next(steps)
                    continue
                try:
                    came: object
                    if isinstance(step, SignIn):
                        came = await self._signed_in(step.stale)
                    else:
                        came = await self._transport.send(step)
                except Exception as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(came)
            except StopIteration as done:
                value: T = done.value
                return value

    async def call(self, method: str, arguments: dict[str, Any] | None = None) -> Any:
        """Call a method by its name on the wire. Raises ArgumentError for one that is not described."""
        request = self.registry().build(method, arguments or {})
        del arguments  # so that no traceback of a failure shows them
        return await self.send(request)

    async def reconcile(self, error: OutcomeUnknownError) -> list[Record]:
        """As that of the synchronous client."""
        from .reconcile import search

        steps = search(self.registry(), error)
        request = next(steps)
        while True:
            try:
                try:
                    value = await self.send(request)
                except ApiError as failure:
                    request = steps.throw(failure)
                else:
                    request = steps.send(value)
            except StopIteration as done:
                found: list[Record] = done.value
                return found
