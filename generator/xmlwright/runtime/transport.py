"""How bytes get to the server and back: a small protocol, and requests as what is used by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from .errors import ConnectionFailed, TimedOut, TlsFailed
from .request import Request

if TYPE_CHECKING:
    import requests


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP POST. Headers hold the token, so they are kept out of the ``repr``."""

    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    timeout: float | tuple[float, float] | None
    """Seconds for connecting and for each read, one number for both or two."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = field(repr=False)


class Transport(Protocol):
    """Sends one HTTP request and returns the answer, whatever its status; follows no redirect.

    Raises:
        TransportError: no answer came.
    """

    def send(self, request: HttpRequest) -> HttpAnswer: ...

    def close(self) -> None: ...


class RequestsTransport:
    """The default transport: one :class:`requests.Session`, made when first used.

    ``session`` may be given, with proxies, certificates and retries as its owner likes.
    """

    def __init__(
        self, session: requests.Session | None = None, *, verify: bool | str = True
    ) -> None:
        self._session = session
        self._verify = verify

    def send(self, request: HttpRequest) -> HttpAnswer:
        import requests  # not before the first call: importing it costs more than all the rest

        if self._session is None:
            self._session = requests.Session()
            self._session.verify = self._verify
        try:
            answer = self._session.post(
                request.url,
                data=request.body,
                headers=dict(request.headers),
                timeout=request.timeout,
                allow_redirects=False,
                auth=_keep,
            )
        except requests.exceptions.SSLError as error:
            raise TlsFailed(f"the TLS connection to {request.url} failed: {error}") from error
        except requests.exceptions.Timeout as error:
            raise TimedOut(f"{request.url} did not answer within {request.timeout} s") from error
        except requests.exceptions.RequestException as error:
            raise ConnectionFailed(f"the connection to {request.url} failed: {error}") from error
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return HttpAnswer(answer.status_code, headers, answer.content)

    def close(self) -> None:
        if self._session is not None:
            self._session.close()


def _keep(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Authentication of requests that leaves the header alone, so that no .netrc replaces the token."""
    return request


def encode(request: Request[Any]) -> tuple[bytes, str]:
    """Body and content type of a request: the document, or multipart/related where files go with it."""
    if not request.parts:
        return request.xml, "application/xml; charset=utf-8"
    files = [part.upload.content for part in request.parts]
    number = 0
    while any(f"part-{number}".encode() in content for content in (request.xml, *files)):
        number += 1
    boundary = f"part-{number}"
    lines = [
        f"--{boundary}\r\nContent-Type: application/xml; charset=utf-8\r\n\r\n".encode(),
        request.xml,
    ]
    for part in request.parts:
        name = part.upload.name.replace("\\", "\\\\").replace('"', '\\"')
        name = name.replace("\r", " ").replace("\n", " ")
        lines.append(
            f"\r\n--{boundary}\r\nContent-Type: {part.upload.media}\r\n"
            f"Content-ID: <{part.content_id}>\r\n"
            f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'.encode()
        )
        lines.append(part.upload.content)
    lines.append(f"\r\n--{boundary}--\r\n".encode())
    return b"".join(lines), f'multipart/related; boundary="{boundary}"; type="application/xml"'
