"""How a client is set up: explicit arguments before the environment, before a profile, before defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from .errors import ConfigurationError
from .retry import Backoff, RetryPolicy

if TYPE_CHECKING:
    from pathlib import Path

    from .observe import Hook
    from .protocol import Protocol

Timeout = float | tuple[float, float] | None
"""Seconds to connect and to wait for each part of an answer: one number for both, or two; None waits for ever."""

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_SETTINGS: Final = ("account", "token", "url", "timeout", "ca", "certificate", "proxy")


@dataclass(frozen=True)
class Options:
    """What may differ from call to call; :meth:`Client.with_options` makes a client with others."""

    timeout: Timeout = 30.0
    deadline: float | None = None
    """Seconds for a whole call, repetitions and waits included."""
    retry: RetryPolicy = field(default_factory=Backoff)
    validate: bool = True
    """Whether limits and words that the description knows are checked before anything is sent."""
    hooks: tuple[Hook, ...] = ()

    def changed(self, changes: Mapping[str, Any]) -> Options:
        """A copy with other values. Raises ConfigurationError for a name that is no option."""
        unknown = sorted(set(changes) - {"timeout", "deadline", "retry", "validate", "hooks"})
        if unknown:
            raise ConfigurationError(
                f"there is no option {unknown[0]!r}; there are timeout, deadline, retry, validate, hooks"
            )
        return replace(self, **changes)


@dataclass(frozen=True)
class Tls:
    """Whom to trust and how to show oneself."""

    ca: str | bool = True
    """Path of a CA bundle; True for the usual ones; False to trust anyone (tests only)."""
    certificate: str | tuple[str, str] | None = None
    """Path of a client certificate with its key, or of both."""
    proxy: str | None = None
    """Proxy for HTTPS; by default as the environment says."""


def from_environment(
    protocol: Protocol,
    explicit: Mapping[str, Any],
    profile: str | None,
    config: str | os.PathLike[str] | None,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Arguments for a client: ``explicit`` ones, then ``PREFIX_ACCOUNT`` and the like, then the profile's.

    Raises:
        ConfigurationError: an account or token is nowhere, a value is no number, or the profile does not exist.
    """
    env = os.environ if environment is None else environment
    prefix = protocol.environment
    found: dict[str, Any] = {name: value for name, value in explicit.items() if value is not None}
    named = profile or env.get(f"{prefix}_PROFILE")
    stored = _profile(protocol, named, config or env.get(f"{prefix}_CONFIG"))
    for name in _SETTINGS:
        if name in found or (name == "token" and "auth" in found):
            continue
        value = env.get(f"{prefix}_{name.upper()}") or stored.get(name)
        if value:
            found[name] = _seconds(value, name) if name == "timeout" else value
    for name in ("account", "token"):
        if name not in found and not (name == "token" and "auth" in found):
            raise ConfigurationError(
                f"no {name} is given: pass {name}=..., set {prefix}_{name.upper()}, or write it in a profile of"
                f" {config_path(protocol)}"
            )
    return found


def config_path(protocol: Protocol) -> Path:
    """Where profiles are kept unless said otherwise."""
    from pathlib import Path

    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / protocol.package.replace("_", "-") / "config.ini"


def _profile(
    protocol: Protocol, name: str | None, config: str | os.PathLike[str] | None
) -> dict[str, str]:
    import configparser  # slow to import, and needed only where a client is set up by its surroundings
    from pathlib import Path

    path = Path(config) if config else config_path(protocol)
    parser = configparser.ConfigParser(interpolation=None, default_section="=none=")
    try:
        with path.open(encoding="utf-8") as file:
            parser.read_file(file)
    except FileNotFoundError:
        if name is None and config is None:
            return {}
        raise ConfigurationError(f"there is no configuration file {path}") from None
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        # The parser's messages quote lines of the file, which may hold a token.
        raise ConfigurationError(f"{path} cannot be read: {type(error).__name__}") from None
    section = name or "default"
    if section not in parser:
        if name is None:
            return {}
        known = ", ".join(parser.sections()) or "none"
        raise ConfigurationError(f"{path} has no profile {section!r}; it has {known}")
    unknown = sorted(set(parser[section]) - set(_SETTINGS))
    if unknown:
        raise ConfigurationError(
            f"{path}, profile {section}: there is no setting {unknown[0]!r}; there are {', '.join(_SETTINGS)}"
        )
    return dict(parser[section])


def _seconds(value: str, name: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        raise ConfigurationError(f"{name} should be a number of seconds, not {value!r}") from None
    if not seconds > 0:
        raise ConfigurationError(f"{name} should be more than 0 seconds, not {value!r}")
    return seconds


def account_url(protocol: Protocol, account: str) -> str:
    """The address of an account. Raises ConfigurationError for what cannot be one."""
    parts = account.split(".")
    if not all(part and part.replace("-", "").isalnum() and part.isascii() for part in parts):
        raise ConfigurationError(
            f"{account!r} is not the name of an account: give the first part of its host name, without https://"
        )
    return protocol.url.replace("{account}", account)


def checked_url(url: str) -> str:
    """``url`` if a secret may be sent there. Raises ConfigurationError for plain HTTP outside of this machine."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    try:
        fine = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fine = False
    trusted = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if fine and trusted and not parts.username and not parts.password:
        return url
    shown = f"{parts.scheme}://{parts.hostname}" if fine else "the address"
    raise ConfigurationError(
        f"{shown} is refused: the API is spoken over HTTPS only (plain HTTP on loopback), without a user in the address"
    )
