"""The synchronous client: sends requests and turns answers into values or errors."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Generic, ParamSpec, TypeVar, overload
from urllib.parse import urlsplit

from .errors import ConfigurationError, ServerFailure, UnexpectedAnswer, UnreadableDocument
from .protocol import Protocol
from .reading import parse_xml
from .request import File, Page, Request
from .transport import HttpAnswer, HttpRequest, RequestsTransport, Transport, encode
from .unset import UNSET

P = ParamSpec("P")
T = TypeVar("T")
C = TypeVar("C", bound="Client")

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Client:
    """Base of the generated client. One object may be used by many threads."""

    protocol: ClassVar[Protocol]

    def __init__(
        self,
        account: str,
        *,
        token: str,
        timeout: float | tuple[float, float] | None = 30.0,
        user_agent: str | None = None,
        url: str | None = None,
        verify: bool | str = True,
        transport: Transport | None = None,
    ) -> None:
        """
        Args:
            account: name of the account, the first part of its host name.
            token: the API token of the person the calls are made as.
            timeout: seconds to connect and to wait for each part of an answer; two numbers to tell them apart.
            user_agent: name of your program, put before the library's own.
            url: another address than that of the service, such as a sandbox; plain HTTP only on loopback.
            verify: False to accept any certificate (tests only), or the path of a CA bundle.
            transport: anything that can POST bytes; requests by default.

        Raises:
            ConfigurationError: the account, token or address cannot work.
        """
        if not token:
            raise ConfigurationError("the token is empty; it is shown on the account's API page")
        self.account = account
        self.url = _checked_url(url or _account_url(self.protocol, account))
        self.timeout = timeout
        self._headers = {
            "Authorization": _authorization(self.protocol, token),
            "User-Agent": " ".join(filter(None, [user_agent, _user_agent(self.protocol)])),
            "Accept": "application/xml",
        }
        if self.protocol.token_style == "header":
            self._headers[self.protocol.token_header or "Authorization"] = self._headers.pop(
                "Authorization"
            )
        self._transport: Transport = transport or RequestsTransport(verify=verify)

    @classmethod
    def from_env(cls: type[C], **options: Any) -> C:
        """A client set up by environment variables: ``PREFIX_ACCOUNT``, ``PREFIX_TOKEN`` and, if set, ``PREFIX_URL``.

        Raises:
            ConfigurationError: a variable is missing.
        """
        prefix = cls.protocol.environment
        given = {}
        for name in ("account", "token"):
            value = os.environ.get(f"{prefix}_{name.upper()}")
            if not value and name not in options:
                raise ConfigurationError(
                    f"the environment variable {prefix}_{name.upper()} is not set"
                )
            given[name] = value
        given["url"] = os.environ.get(f"{prefix}_URL")
        return cls(**{**given, **options})

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.account!r}, url={self.url!r})"

    def __enter__(self: C) -> C:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. A closed client must not be used again."""
        self._transport.close()

    def send(self, request: Request[T]) -> T:
        """Send one request and return its value.

        Raises:
            ApiFailure: the API refused the call; the class says why.
            TransportError: no usable answer came.
        """
        body, content_type = encode(request)
        answer = self._transport.send(
            HttpRequest(
                self.url, body, {**self._headers, "Content-Type": content_type}, self.timeout
            )
        )
        return self._value(request, answer)

    def _value(self, request: Request[T], answer: HttpAnswer) -> T:
        if answer.status != 200:
            raise self._refusal(request.method, answer)
        if request.endpoint.answer.binary:
            value: Any = request.parse(answer.body)
            media = answer.headers.get("content-type", "").partition(";")[0].strip() or None
            named: Any = File(value.content, media)
            return named  # type: ignore[no-any-return]
        try:
            return request.parse(answer.body)
        except UnreadableDocument:
            if _is_html(answer):
                raise _html(request.method, answer) from None
            raise

    def _refusal(self, method: str, answer: HttpAnswer) -> Exception:
        """The error that an HTTP status other than 200 stands for."""
        status = answer.status
        if 300 <= status < 400:
            return UnexpectedAnswer(
                f"{self.url} sent a redirect to {answer.headers.get('location', 'nowhere')}: the account"
                f" {self.account!r} does not exist there, was moved, or is closed",
                method=method,
                status=status,
            )
        try:
            self.protocol.check(parse_xml(answer.body), method, status)
        except UnreadableDocument:
            pass
        except Exception as failure:
            return failure
        if _is_html(answer):
            return _html(method, answer)
        kind = ServerFailure if status >= 500 else UnexpectedAnswer
        return kind(f"{self.url} answered HTTP {status}", method=method, status=status)


def _is_html(answer: HttpAnswer) -> bool:
    start = answer.body[:200].lstrip().lower()
    return "html" in answer.headers.get("content-type", "") or start.startswith(
        (b"<!doctype html", b"<html")
    )


def _html(method: str, answer: HttpAnswer) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"an HTML page came in place of an answer (HTTP {answer.status}): the address may be wrong,"
        " or the service down for maintenance",
        method=method,
        status=answer.status,
    )


def _account_url(protocol: Protocol, account: str) -> str:
    if not account or not all(part.isalnum() for part in account.replace("-", "").split(".")):
        raise ConfigurationError(
            f"{account!r} is not the name of an account: give the first part of its host name, without https://"
        )
    return protocol.url.replace("{account}", account)


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return url
    if parts.scheme == "http" and parts.hostname in _LOOPBACK:
        return url
    raise ConfigurationError(
        f"{url} is refused: the API is spoken over HTTPS only (plain HTTP on loopback)"
    )


def _authorization(protocol: Protocol, token: str) -> str:
    if protocol.token_style == "header":
        return token
    pair = f"{token}:{protocol.token_password}".encode()
    return "Basic " + base64.b64encode(pair).decode("ascii")


def _user_agent(protocol: Protocol) -> str:
    return f"{protocol.package}/{protocol.version}"


class Resource:
    """Base of the generated resource classes: the methods of one resource, bound to a client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._client!r}>"


class Pager(Generic[T]):
    """A list as it is on the server: rows come as they are needed, a page at a time."""

    def __init__(self, client: Client, request: Callable[[int | None], Request[Page[T]]]) -> None:
        self._client = client
        self._request = request

    def __iter__(self) -> Iterator[T]:
        """All rows, from the first page asked for to the last."""
        for page in self.pages():
            yield from page.items

    def pages(self) -> Iterator[Page[T]]:
        """All pages, from the one asked for to the last."""
        page = self.first_page()
        yield page
        paging = self._client.protocol.paging
        seen = len(page.items)
        while page.items and _more(page, seen, paging.by_row):
            if page.position is None:
                return
            page = self._client.send(
                self._request(page.position + (len(page.items) if paging.by_row else 1))
            )
            seen += len(page.items)
            yield page

    def first_page(self) -> Page[T]:
        """The page asked for, with its counters."""
        return self._client.send(self._request(None))

    def first(self) -> T | None:
        """The first row, or None for an empty list."""
        return next(iter(self.first_page()), None)


def _more(page: Page[Any], seen: int, by_row: bool) -> bool:
    if page.position is None:
        return False
    if page.pages is not None:
        return page.position < page.pages
    return page.total is not None and (page.position + len(page) if by_row else seen) < page.total


class call(Generic[P, T]):  # noqa: N801 - reads as a verb where it is used
    """Binds a builder to the client that owns the resource.

    On the class it is the builder itself (``Tasks.create(...)`` is a :class:`Request`); on an instance it sends.
    """

    def __init__(self, builder: Callable[P, Request[T]]) -> None:
        self._builder = builder
        self.__doc__ = builder.__doc__

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Callable[P, Request[T]]: ...
    @overload
    def __get__(self, instance: Resource, owner: type[Any]) -> Callable[P, T]: ...
    def __get__(
        self, instance: Resource | None, owner: type[Any]
    ) -> Callable[P, Request[T]] | Callable[P, T]:
        builder = self._builder
        if instance is None:
            return builder
        client = instance._client

        def bound(*args: P.args, **kwargs: P.kwargs) -> T:
            return client.send(builder(*args, **kwargs))

        return _named_as(bound, builder)


class pages(Generic[P, T]):  # noqa: N801 - reads as a verb where it is used
    """As :class:`call`, for lists: on an instance it answers a :class:`Pager`."""

    def __init__(self, builder: Callable[P, Request[Page[T]]]) -> None:
        self._builder = builder
        self.__doc__ = builder.__doc__

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Callable[P, Request[Page[T]]]: ...
    @overload
    def __get__(self, instance: Resource, owner: type[Any]) -> Callable[P, Pager[T]]: ...
    def __get__(
        self, instance: Resource | None, owner: type[Any]
    ) -> Callable[P, Request[Page[T]]] | Callable[P, Pager[T]]:
        builder = self._builder
        if instance is None:
            return builder
        client = instance._client

        def bound(*args: P.args, **kwargs: P.kwargs) -> Pager[T]:
            def request(position: int | None) -> Request[Page[T]]:
                if position is None:
                    return builder(*args, **kwargs)
                moved: dict[str, Any] = {**kwargs, client.protocol.paging.position: position}
                return builder(*args, **moved)

            request(None)  # a wrong argument is told now, not at the first row
            return Pager(client, request)

        return _named_as(bound, builder)


F = TypeVar("F", bound=Callable[..., Any])


def _named_as(bound: F, builder: Callable[..., Any]) -> F:
    bound.__name__ = builder.__name__
    bound.__qualname__ = builder.__qualname__
    bound.__doc__ = builder.__doc__
    bound.__wrapped__ = builder  # type: ignore[attr-defined]
    return bound


__all__ = ["UNSET", "Client", "Pager", "Resource", "call", "pages"]
