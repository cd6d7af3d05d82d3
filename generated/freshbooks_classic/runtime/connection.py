"""Connections of requests that tell whether a request went out on them, and that another thread can break off.

Imported with requests itself, when the first call is made.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from typing import TYPE_CHECKING, Any, Final

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    from .transport import Exchange


_MOST_INTERIM: Final = 100


class _Here(threading.local):
    exchange: Exchange | None = None


HERE: Final = _Here()
"""The exchange that the running thread is busy with."""


class _Watched:
    """What both kinds of connections do beside their work."""

    sock: Any
    exchange: Exchange | None = None
    """The exchange that the connection was last used for."""
    _connecting = False

    def connect(self) -> None:
        self._connecting = True  # what goes out now is for a proxy or for TLS
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self._connecting = False

    def send(self, data: Any) -> None:
        if not self._connecting and HERE.exchange is not None:
            if self.sock is None:
                self.connect()
            self.exchange = HERE.exchange
            self.exchange.goes_out(self)
        super().send(data)  # type: ignore[misc]

    def break_off(self) -> None:
        """End what another thread is reading or writing here."""
        if isinstance(self.sock, socket.socket):
            # The method of the plain socket: that of a TLS one would take the TLS from under the other thread.
            with contextlib.suppress(OSError):  # it is closed already
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class _Response(http.client.HTTPResponse):
    """A response of the standard library that skips interim responses, all of them and not just 100."""

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(_MOST_INTERIM):
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 <= status < 200 or status == 101:
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise http.client.BadStatusLine(f"more than {_MOST_INTERIM} interim responses")


class _Connection(_Watched, HTTPConnection):
    response_class = _Response


class _TlsConnection(_Watched, HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls: Any = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls: Any = _TlsConnection


_POOLS: Final = {"http": _Pool, "https": _TlsPool}


class WatchedAdapter(HTTPAdapter):
    """The adapter of requests, with watched connections."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use connections that note what was sent."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Use connections that note what was sent, through a proxy, too."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
