"""Post a form to an address on this machine, and to no other."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

import h11

LARGEST_RESPONSE = 64 * 1024
"""Bytes of a response that are looked at; only its status matters."""


class UndeliverableError(Exception):
    """The address is none that the sandbox sends anything to."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a form is posted to."""

    host: str
    """As the Host header names it, with the port where the address has one."""
    addresses: tuple[str, ...]
    """IP addresses to try, all of loopback."""
    port: int
    path: str
    secure: bool


def target_of(uri: str) -> Target:
    """Parse an address. Only loopback addresses and names below ``localhost`` are accepted.

    Raises:
        NotDeliverable: it is no HTTP address, or none of loopback.
    """
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError as error:
        raise UndeliverableError(f"{uri!r:.200} is no address: {error}") from None
    name = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not name or not _plain(uri):
        raise UndeliverableError(f"{uri!r:.200} is no HTTP address")
    if name == "localhost" or name.endswith(".localhost"):
        addresses: tuple[str, ...] = ("127.0.0.1", "::1")
    else:
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            address = None
        if address is None or not address.is_loopback:
            raise UndeliverableError(f"{name} is not on this machine; nothing is sent elsewhere")
        addresses = (name,)
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    return Target(host, addresses, port or (443 if secure else 80), path, secure)


def _plain(uri: str) -> bool:
    return uri.isascii() and uri.isprintable() and not any(mark in uri for mark in " \\")


async def post(uri: str, form: str, *, agent: str, timeout: float) -> int:
    """Post a form; the status of the response. Redirects are not followed.

    Receivers on loopback mostly have certificates of their own making, so certificates are not checked.

    Raises:
        NotDeliverable: see :func:`target_of`.
        OSError: nothing listens, or the response is not HTTP, or not in time.
    """
    target = target_of(uri)
    try:
        return await asyncio.wait_for(_exchange(target, form.encode(), agent), timeout)
    except (TimeoutError, asyncio.TimeoutError):
        raise TimeoutError(f"no response within {timeout:g} seconds") from None
    except (h11.ProtocolError, ssl.SSLError) as error:
        raise OSError(f"the response is not HTTP: {error}") from None


async def _exchange(target: Target, body: bytes, agent: str) -> int:
    reader, writer = await _connected(target)
    try:
        connection = h11.Connection(h11.CLIENT)
        request = h11.Request(
            method="POST",
            target=target.path,
            headers=[
                ("Host", target.host),
                ("User-Agent", agent),
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("Accept-Encoding", "identity"),
                ("Content-Length", str(len(body))),
                ("Connection", "close"),
            ],
        )
        for event in (request, h11.Data(data=body), h11.EndOfMessage()):
            writer.write(connection.send(event) or b"")
        await writer.drain()
        while True:
            found = connection.next_event()
            if isinstance(found, h11.Response):
                return int(found.status_code)
            if found is h11.NEED_DATA:
                connection.receive_data(await reader.read(LARGEST_RESPONSE))
            elif not isinstance(found, h11.InformationalResponse):
                raise ConnectionResetError("the receiver closed the connection without a response")
    finally:
        writer.close()


async def _connected(target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    failed: OSError | None = None
    for address in target.addresses:
        try:
            return await asyncio.open_connection(
                address,
                target.port,
                ssl=_unchecked() if target.secure else None,
                server_hostname="localhost" if target.secure else None,
            )
        except OSError as error:
            failed = failed or error
    assert failed is not None
    raise failed


def _unchecked() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
