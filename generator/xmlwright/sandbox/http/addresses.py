"""Which account and which of the API's addresses a request means."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ...ir import Api

CONTROL: Final = "/__sandbox__"
"""Everything below this path is the sandbox's own."""
API: Final = "api"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What an address stands for."""

    what: str
    """``api``, or a key of the description's ``oauth``: ``request_token``, ``authorize``, ``access_token``."""
    account: str


class Addresses:
    """The addresses of an API on the sandbox.

    An account is named by the host, as in ``sample.localhost``, or by the first part of the path, as in
    ``https://127.0.0.1:8443/sample/...``; where neither names one, the first account is meant.
    """

    def __init__(self, api: Api, default: str) -> None:
        self._default = default
        addresses = {API: api.url}
        for name in ("request_token", "authorize", "access_token"):
            if api.oauth is not None and api.oauth.get(name):
                addresses[name] = api.oauth[name]
        netloc = urlsplit(api.url).netloc.lower()
        self._by_host = "{account}" in netloc
        label = "[a-z0-9-]+"
        self._own_host = re.compile(label.join(map(re.escape, netloc.split("{account}"))))
        self._of_paths = {_path(url): what for what, url in addresses.items()}
        self.paths = {what: path for path, what in self._of_paths.items()}
        self._inside = [
            (*path.split("{account}", 1), what)
            for path, what in self._of_paths.items()
            if "{account}" in path
        ]
        self.secure = api.url.startswith("https:")

    def find(self, host: str, path: str) -> Endpoint | None:
        """Return what a request to ``path`` of ``host`` means; None where there is nothing."""
        what = self._of_paths.get(path)
        if what is not None:
            return Endpoint(what, self._of_host(host) or self._default)
        first, slash, rest = path[1:].partition("/")
        what = self._of_paths.get(slash + rest)
        if what is not None and first:
            return Endpoint(what, first)
        for before, after, what in self._inside:
            inner = path[len(before) : len(path) - len(after)]
            if path.startswith(before) and path.endswith(after) and inner and "/" not in inner:
                return Endpoint(what, inner)
        return None

    def serves(self, host: str) -> bool:
        """Return whether a Host header names this machine or the described service."""
        return is_loopback(host) or self._own_host.fullmatch(host) is not None

    def path(self, account: str, what: str = API) -> str:
        """Return the path that means ``account``, whatever the host is called."""
        path = self.paths[what]
        if "{account}" in path:
            return path.replace("{account}", account)
        return path if account == self._default and not self._by_host else f"/{account}{path}"

    def _of_host(self, host: str) -> str | None:
        if not self._by_host or (is_loopback(host) and not host.endswith(".localhost")):
            return None
        return host.partition(".")[0] if "." in host else None


def is_loopback(host: str) -> bool:
    """Return whether a host name can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _path(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2].partition("?")[0]
