"""The asynchronous client: the same methods, the same bytes, the same values and errors. Needs the extra ``async``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from .client import Settled
from .engine import Pause, perform
from .errors import (
    ConfigurationError,
    ConnectionFailed,
    ConnectTimedOut,
    DeadlineExceeded,
    NotReached,
    OutcomeUnknown,
    TimedOut,
    TlsFailed,
)
from .options import Timeout, Tls
from .paging import AsyncPager
from .request import Request
from .transport import HttpAnswer, HttpRequest

if TYPE_CHECKING:
    import ssl

    import httpx2

    from .record import Record

T = TypeVar("T")
C = TypeVar("C", bound="AsyncClient")


class AsyncTransport(Protocol):
    """As :class:`Transport`, awaited."""

    async def send(self, request: HttpRequest) -> HttpAnswer: ...

    async def close(self) -> None: ...


class Httpx2Transport:
    """The default transport of the asynchronous client: one :class:`httpx2.AsyncClient`, made when first used."""

    def __init__(
        self, client: httpx2.AsyncClient | None = None, *, tls: Tls | None = None, pool: int = 100
    ) -> None:
        self._client = client
        self._tls = tls or Tls()
        self._pool = pool

    def _ready(self) -> httpx2.AsyncClient:
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
                limits=httpx2.Limits(
                    max_connections=self._pool, max_keepalive_connections=self._pool
                ),
                follow_redirects=False,
            )
        return self._client

    async def send(self, request: HttpRequest) -> HttpAnswer:
        client = self._ready()
        try:
            return await asyncio.wait_for(self._exchange(client, request), request.limit)
        except asyncio.TimeoutError:
            raise DeadlineExceeded(
                f"there was no answer within the {request.limit:.3g} s that were left"
            ) from None

    async def _exchange(self, client: httpx2.AsyncClient, request: HttpRequest) -> HttpAnswer:
        import httpx2

        host = request.url.split("/", 3)[2]
        try:
            answer = await client.post(
                request.url,
                content=request.body,
                headers=dict(request.headers),
                timeout=_timeout(request.timeout),
            )
        except httpx2.ConnectTimeout:
            raise ConnectTimedOut(f"there was no connection to {host} in time") from None
        except httpx2.PoolTimeout:
            raise ConnectTimedOut(f"no connection to {host} was free in time") from None
        except httpx2.TimeoutException:
            raise TimedOut(f"{host} did not answer in time") from None
        except httpx2.ConnectError as error:
            kind = (
                TlsFailed
                if "ssl" in str(error).lower() or "certificate" in str(error).lower()
                else NotReached
            )
            raise kind(f"{host} cannot be reached: {error}") from None
        except (httpx2.ProxyError, httpx2.UnsupportedProtocol) as error:
            raise NotReached(f"{host} cannot be reached: {error}") from None
        except (httpx2.HTTPError, OSError) as error:
            raise ConnectionFailed(f"the connection to {host} broke: {error}") from None
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return HttpAnswer(answer.status_code, headers, answer.content)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()


def _context(tls: Tls) -> ssl.SSLContext:
    """What the synchronous client trusts too: certifi's bundle unless told otherwise."""
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
    import httpx2

    if isinstance(timeout, tuple):
        return httpx2.Timeout(timeout[1], connect=timeout[0])
    return httpx2.Timeout(timeout)


class AsyncClient(Settled):
    """Base of the generated asynchronous client. One object may be used by any number of tasks of one event loop."""

    def _made(self, tls: Tls) -> AsyncTransport:
        return Httpx2Transport(tls=tls)

    async def __aenter__(self: C) -> C:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections, unless this is a copy made by ``with_options``: they are the original's."""
        self._closed = True
        if self._original is None:
            await self._transport.close()

    async def send(self, request: Request[T]) -> T:
        """Send one request and return its value. Raises as the synchronous client does."""
        steps = perform(request, self._setup())
        step: HttpRequest | Pause = next(steps)
        while True:
            try:
                if isinstance(step, Pause):
                    await asyncio.sleep(step.seconds)
                    step = next(steps)
                    continue
                try:
                    answer: HttpAnswer = await self._transport.send(step)
                except Exception as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
            except StopIteration as done:
                value: T = done.value
                return value

    async def raw(self, method: str, arguments: dict[str, Any] | None = None) -> Any:
        """Call a method by its name on the wire. Raises ArgumentError for one that is not described."""
        return await self.send(self.door().build(method, arguments or {}))

    async def reconcile(self, error: OutcomeUnknown) -> list[Record]:
        """Records that are as the call of ``error`` would have made them: empty where it certainly was not done."""
        from .reconcile import candidates, matching

        request = candidates(self.door(), error)
        pager: AsyncPager[Any] = AsyncPager(self, request)
        return [row async for row in pager if matching(self.door(), error, row)]
