"""How a client is set up: explicit arguments before the environment, before a profile, before defaults."""

from __future__ import annotations

import ipaddress
import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypedDict
from urllib.parse import SplitResult, quote, urlsplit

from .errors import ConfigurationError
from .retry import Backoff, RetryPolicy

if TYPE_CHECKING:
    from .auth import Auth
    from .hooks import Hook

Timeout = float | tuple[float, float] | None
"""Seconds to connect and to wait for each part of a response: one number for both, or two; None waits for ever."""

_PROXIES: Final = ("http", "https", "socks5", "socks5h")


class OptionChanges(TypedDict, total=False):
    """What :meth:`Client.with_options` takes."""

    timeout: Timeout
    deadline: float | None
    retry: RetryPolicy
    validate: bool
    hooks: Sequence[Hook]


class ClientOptions(TypedDict, total=False):
    """What every client takes; None counts as not given, except as ``timeout``."""

    auth: Auth | None
    timeout: Timeout
    deadline: float | None
    retry: RetryPolicy | None
    validate: bool | None
    hooks: Sequence[Hook] | None
    user_agent: str | None
    url: str | None
    ca: str | bool | None
    certificate: str | tuple[str, str] | None
    proxy: str | None
    transport: Any


@dataclass(frozen=True)
class Options:
    """What may differ from call to call; :meth:`Client.with_options` makes a client with others."""

    timeout: Timeout = 30.0
    deadline: float | None = None
    """Seconds for a whole call, repetitions and waits included."""
    retry: RetryPolicy = field(default_factory=Backoff)
    validate: bool = True
    """Whether limits and words that the description knows are checked before anything is sent."""
    hooks: Sequence[Hook] = ()
    """Objects that look on, each with ``before`` and ``after``."""
    until: float | None = None
    """When all calls must have ended, by ``time.monotonic()``."""

    def end(self, began: float) -> float | None:
        """When a call that began then must have ended; None where it may last."""
        own = None if self.deadline is None else began + self.deadline
        if self.until is None:
            return own
        return self.until if own is None else min(own, self.until)

    def with_deadline(self, seconds: float) -> Options:
        """A copy with so much time for all calls together. Raises ConfigurationError for what is no time."""
        if seconds is None:
            raise ConfigurationError("with_deadline() needs a number of seconds")
        checked_seconds(seconds, "the time")
        end = time.monotonic() + seconds
        return replace(self, until=end if self.until is None else min(end, self.until))

    def changed(self, changes: Mapping[str, Any]) -> Options:
        """A copy with other values. Raises ConfigurationError for a name that is no option."""
        unknown = sorted(set(changes) - {"timeout", "deadline", "retry", "validate", "hooks"})
        if unknown:
            raise ConfigurationError(
                f"there is no option {unknown[0]!r}; there are timeout, deadline, retry, validate, hooks"
            )
        return replace(self, **changes)

    def __post_init__(self) -> None:
        timeouts = self.timeout if isinstance(self.timeout, tuple) else (self.timeout, self.timeout)
        if len(timeouts) != 2:
            raise ConfigurationError("timeout should be a number of seconds, two of them, or None")
        for seconds in timeouts:
            checked_seconds(seconds, "timeout")
        checked_seconds(self.deadline, "deadline")
        if not callable(getattr(self.retry, "wait", None)):
            raise ConfigurationError(
                "retry should be a policy, such as Backoff(attempts=5) or NEVER,"
                f" not {type(self.retry).__name__}"
            )
        if not isinstance(self.validate, bool):
            raise ConfigurationError(
                f"validate should be True or False, not {type(self.validate).__name__}"
            )
        try:
            object.__setattr__(self, "hooks", tuple(self.hooks))
        except TypeError:
            raise ConfigurationError("hooks should be a list of hooks") from None
        for hook in self.hooks:
            if isinstance(hook, type) or not all(
                callable(getattr(hook, name, None)) for name in ("before", "after")
            ):
                raise ConfigurationError(
                    f"a hook needs before() and after(); {_kind(hook)} has not"
                )


@dataclass(frozen=True)
class Tls:
    """Whom to trust and how to show oneself."""

    ca: str | bool = True
    """Path of a CA bundle; True for the usual ones; False to trust anyone (tests only)."""
    certificate: str | tuple[str, str] | None = None
    """Path of a client certificate with its key, or of both."""
    proxy: str | None = field(default=None, repr=False)
    """Proxy for HTTPS; by default as the environment says. Its address may hold a password."""

    def __post_init__(self) -> None:
        if not isinstance(self.ca, bool):
            _checked_file(self.ca, "ca")
        certificate = self.certificate
        if certificate is not None:
            paths = certificate if isinstance(certificate, tuple) else (certificate,)
            if len(paths) not in (1, 2):
                raise ConfigurationError(
                    "certificate should be one path, or two: of it and its key"
                )
            for path in paths:
                _checked_file(path, "certificate")
        if self.proxy is not None:
            _checked_proxy(self.proxy)


def checked_seconds(value: object, name: str) -> None:
    """Raise ConfigurationError for a number of seconds that cannot be waited."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ConfigurationError(f"{name} should be a number of seconds, not {_kind(value)}")
    if not (value > 0 and math.isfinite(value)):
        raise ConfigurationError(f"{name} should be more than 0 seconds and finite, not {value}")


def _checked_file(path: object, name: str) -> None:
    if not isinstance(path, (str, os.PathLike)):
        raise ConfigurationError(f"{name} should be the path of a file, not {_kind(path)}")
    try:
        with open(path, "rb"):
            return
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(f"{name} cannot be read: {os.fspath(path)!r}: {reason}") from None


def _checked_proxy(url: object) -> None:
    """Raise for what is no address of a proxy; never shows it, since it may hold a password."""
    parts = _split(url)
    if parts is None or parts.scheme not in _PROXIES:
        raise ConfigurationError(
            f"proxy should be an address such as http://proxy:3128, with one of {', '.join(_PROXIES)}"
        )


def _kind(value: object) -> str:
    return type(value).__name__


def _split(url: object) -> SplitResult | None:
    """The parts of an address with a host and a sensible port; None for anything else."""
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        fine = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if fine and "\\" not in url else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def filled_url(template: str, variables: Mapping[str, str]) -> str:
    """Return an address with the options of the client in it.

    Raises:
        ConfigurationError: an option cannot be where the address has it.
    """
    host_end = template.find("/", template.find("//") + 2)
    url = template
    for name, value in variables.items():
        place = template.find(f"{{{name}}}")
        if place < 0:
            continue
        if host_end < 0 or place < host_end:
            checked_host(name, value, template.partition(f"{{{name}}}")[2].partition("/")[0])
            url = url.replace(f"{{{name}}}", value)
        else:
            url = url.replace(f"{{{name}}}", quote(value, safe="~"))
    return url


def checked_host(name: str, value: str, rest: str) -> None:
    """Raise ConfigurationError for an option that cannot be part of a host name.

    Args:
        name: the option.
        value: what it is.
        rest: what follows it in the host name.
    """
    host, _, port = value.partition(":")
    parts = host.split(".")
    valid = all(part and part.replace("-", "").isalnum() and part.isascii() for part in parts)
    if (
        valid
        and (not port or (port.isdigit() and not rest))
        and not (rest and value.lower().endswith(rest))
    ):
        return
    hint = "the first part of the host name" if rest else "a host name"
    raise ConfigurationError(
        f"{name}={value!r} cannot be in the address: give {hint}, without https://"
    )


def checked_url(url: str) -> str:
    """``url`` if a secret may be sent there. Raises ConfigurationError for plain HTTP outside of this machine."""
    parts = _split(url)
    if parts is not None and "@" not in parts.netloc and not parts.fragment:
        if parts.scheme == "https":
            return url
        if parts.scheme == "http" and _is_loopback(parts.hostname or ""):
            return url
    shown = f"{parts.scheme}://{parts.hostname}" if parts is not None else "the address"
    raise ConfigurationError(
        f"{shown} is refused: the API is spoken over HTTPS only (plain HTTP on loopback), without a user in the address"
    )
