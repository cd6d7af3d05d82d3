"""Which account and which of the API's addresses a request means."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ...ir import Api

CONTROL: Final = "/__sandbox__"
"""Everything below this path is the sandbox's own."""
API: Final = "api"


_VARIABLE: Final = re.compile(r"\{[^{}]+\}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What an address stands for."""

    what: str
    """``api``, or a key of the description's ``oauth``: ``request_token``, ``authorization``, ``access_token``."""
    account: str
    path: str = ""
    """The rest of the path, below the URL of the API, percent-encoded."""


class Addresses:
    """The addresses of an API on the sandbox.

    An account is named by the host, as in ``sample.localhost``, or by the first part of the path, as in
    ``https://127.0.0.1:8443/sample/...``; where neither names one, the first account is meant.
    """

    def __init__(self, api: Api, default: str, *, plain: bool = True) -> None:
        """Set up the addresses.

        Args:
            api: the description.
            default: account of requests that name none.
            plain: all requests go to one address, and not to paths below it.
        """
        self._default = default
        self._plain = plain
        self.known: Callable[[str], bool] = lambda name: False
        """Whether there is an account of a name."""
        self.variable = account_variable(api)
        """Variable of the URL that names the account; empty if there is none."""
        self._placeholder = f"{{{self.variable}}}" if self.variable else "{}"
        defaults = {f"{{{one.name}}}": one.default or default for one in api.variables}
        defaults.pop(self._placeholder, None)
        addresses = {API: _filled(api.url, defaults)}
        for name in ("request_token", "authorization", "access_token"):
            if api.oauth is not None and api.oauth.get(name):
                addresses[name] = _filled(api.oauth[name], defaults)
        netloc = urlsplit(api.url).netloc.lower()
        self._by_host = self._placeholder in netloc
        label = "[a-z0-9.-]+"
        self._own_host = re.compile(label.join(map(re.escape, _VARIABLE.split(netloc))))
        self._of_paths = {_path(url): what for what, url in addresses.items()}
        self.paths = {what: path for path, what in self._of_paths.items()}
        self._inside = [
            (*path.split(self._placeholder, 1), what)
            for path, what in self._of_paths.items()
            if self._placeholder in path
        ]
        base = _path(api.url).rstrip("/")
        pattern = "[^/]+".join(map(re.escape, _VARIABLE.split(base)))
        if self._placeholder in base:
            pattern = pattern.replace("[^/]+", "(?P<account>[^/]+)", 1)
        self._base = re.compile(f"{pattern}(?P<rest>/.*)?")
        self.secure = api.url.startswith("https:")
        self._variables = api.variables

    def options(self, account: str) -> dict[str, str]:
        """Return the variables of URL and paths for an account, by name."""
        return {
            one.name: one.default if one.default and one.name != self.variable else account
            for one in self._variables
        }

    def find(self, host: str, path: str, raw: str = "") -> Endpoint | None:
        """Return what a request to ``path`` of ``host`` means; None where there is nothing.

        Args:
            host: the host name of the request.
            path: path of the request, decoded.
            raw: path of the request, percent-encoded.
        """
        what = self._of_paths.get(path)
        if what is not None and (self._plain or what != API):
            return Endpoint(what, self._of_host(host) or self._default)
        first, slash, rest = path[1:].partition("/")
        what = self._of_paths.get(slash + rest)
        if what is not None and first and (self._plain or what != API):
            return Endpoint(what, first)
        for before, after, what in self._inside:
            inner = path[len(before) : len(path) - len(after)]
            fits = path.startswith(before) and path.endswith(after) and inner and "/" not in inner
            if fits and (self._plain or what != API):
                return Endpoint(what, inner)
        return None if self._plain else self._below(host, raw or path)

    def _below(self, host: str, path: str) -> Endpoint | None:
        """Return the API below whose URL a path is."""
        first, slash, rest = path[1:].partition("/")
        if self.known(first):
            found = self._base.fullmatch(slash + rest)
            if found is not None:
                return Endpoint(API, first, found["rest"] or "")
        found = self._base.fullmatch(path)
        if found is None:
            return None
        account = found.groupdict().get("account") or self._of_host(host) or self._default
        return Endpoint(API, account, found["rest"] or "")

    def serves(self, host: str) -> bool:
        """Return whether a Host header names this machine or the described service."""
        return is_loopback(host) or self._own_host.fullmatch(host) is not None

    def path(self, account: str, what: str = API) -> str:
        """Return the path that means ``account``, whatever the host is called."""
        path = self.paths[what]
        if self._placeholder in path:
            return path.replace(self._placeholder, account)
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


def _filled(url: str, values: Mapping[str, str]) -> str:
    """Return a URL with values in place of its variables, the account excepted."""
    for placeholder, value in values.items():
        url = url.replace(placeholder, value)
    return url


def account_variable(api: Api) -> str:
    """Return the variable of the URL that names the account: the first one that clients must give."""
    needed = (
        one.name for one in api.variables if one.default is None and f"{{{one.name}}}" in api.url
    )
    return next(needed, "")
