"""Settings from environment variables and from profiles of the configuration file."""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .errors import ConfigurationError
from .options import checked_seconds

if TYPE_CHECKING:
    from .protocol import Protocol

_SETTINGS: Final = ("url", "timeout", "deadline", "user_agent", "ca", "certificate", "proxy")
"""What the environment and profiles may say beside the options of the API."""
_NUMBERS: Final = ("timeout", "deadline")


def from_environment(
    protocol: Protocol,
    explicit: Mapping[str, Any],
    profile: str | None,
    config: str | os.PathLike[str] | None,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return arguments for a client: explicit ones, then those of the environment, then those of the profile.

    Raises:
        ConfigurationError: a required option is missing, a value is not a number, or the profile does not exist.
    """
    env = os.environ if environment is None else environment
    prefix = protocol.environment
    # None stands for "not given", so that a program can pass on an option that it may not have; but as a time-out it means
    # to wait for ever.
    found: dict[str, Any] = {
        name: value for name, value in explicit.items() if value is not None or name == "timeout"
    }
    named = profile or env.get(f"{prefix}_PROFILE")
    stored = _profile(protocol, named, config or env.get(f"{prefix}_CONFIG"))
    signed = "auth" in found and not protocol.signer
    credentials = () if signed else protocol.credentials
    options = (*protocol.variables, *credentials)
    for name in (*(option.name for option in options), *_SETTINGS):
        if name in found:
            continue
        value = env.get(f"{prefix}_{name.upper()}", "").strip() or stored.get(name)
        if value:
            found[name] = _seconds(value, name) if name in _NUMBERS else value
    for option in options:
        name = option.name
        if name not in found and option.default is None:
            raise ConfigurationError(
                f"no {name} is given: pass {name}=..., set {prefix}_{name.upper()}, or write it in a profile of"
                f" {config_path(protocol)}"
            )
    return found


def config_path(protocol: Protocol) -> Path:
    """Where profiles are kept unless said otherwise."""
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(base) / protocol.package.replace("_", "-") / "config.ini"


def _profile(
    protocol: Protocol, name: str | None, config: str | os.PathLike[str] | None
) -> dict[str, str]:
    path = Path(config) if config else config_path(protocol)
    parser = configparser.ConfigParser(interpolation=None, default_section="=none=")
    problem: str | None = None
    try:
        with path.open(encoding="utf-8") as file:
            parser.read_file(file)
    except FileNotFoundError:
        if name is None and config is None:
            return {}
        raise ConfigurationError(f"there is no configuration file {path}") from None
    except (OSError, ValueError, configparser.Error) as error:
        problem = type(error).__name__
    if problem is not None:
        # The parser's messages quote lines of the file, which may hold a token: so they are not even chained.
        raise ConfigurationError(f"{path} cannot be read: {problem}")
    section = name or "default"
    if section not in parser:
        if name is None:
            return {}
        known = ", ".join(parser.sections()) or "none"
        raise ConfigurationError(f"{path} has no profile {section!r}; it has {known}")
    own = (option.name for option in (*protocol.variables, *protocol.credentials))
    settings = (*own, *_SETTINGS)
    unknown = sorted(set(parser[section]) - set(settings))
    if unknown:
        raise ConfigurationError(
            f"{path}, profile {section}: there is no setting {unknown[0]!r}; there are {', '.join(settings)}"
        )
    return dict(parser[section])


def _seconds(value: str, name: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        raise ConfigurationError(f"{name} should be a number of seconds, not {value!r}") from None
    checked_seconds(seconds, name)
    return seconds
