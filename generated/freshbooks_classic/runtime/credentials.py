"""The credentials of a client, and where each request carries them."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from .errors import ConfigurationError
from .places import Place
from .scalars import escape

if TYPE_CHECKING:
    from .outgoing import Outgoing
    from .protocol import Protocol

_NAME: Final = re.compile(r"\{(\w+)\}")


class ClientOption(NamedTuple):
    """A variable of the URL, or a credential, which a client is made with."""

    name: str
    default: str | None = None
    """What it is when left out; None where it must be given."""
    sensitive: bool = False
    place: str = ""
    """For a variable: ``host`` or ``path``, the part of the URL that it is in."""


class Authentication(NamedTuple):
    """One thing that requests carry: a header, a parameter, an element, or HTTP basic authentication."""

    value: str
    """With ``{name}`` for a credential. For basic authentication, user and password with a colon between them."""
    place: Place | None = None
    """None for basic authentication."""


class Credentials:
    """What a client was given to say who is calling. Its ``repr`` shows none of it."""

    __slots__ = ("_items", "_sensitive", "_values")

    def __init__(self, protocol: Protocol, values: Mapping[str, str | None]) -> None:
        """Check the credentials.

        Raises:
            ConfigurationError: one is missing, or cannot be sent where it goes; the message never shows it.
        """
        self._items = protocol.authentication
        self._sensitive: set[str] = set()
        self._values: dict[str, str] = {}
        for option in protocol.credentials:
            value = values.get(option.name)
            self._values[option.name] = checked_option(option, value, protocol)
            if option.sensitive:
                self._sensitive.add(option.name)
        for item in self._items:
            if item.place is None and ":" in self._text(item.value.partition(":")[0]):
                raise ConfigurationError("the user name of basic authentication has a colon in it")
            if item.place is None or item.place.source == "header":
                name = "user name or password" if item.place is None else item.place.name
                if item.place is not None:
                    checked_header(name, self._text(item.value))

    def __repr__(self) -> str:
        return f"Credentials({', '.join(self._values)})"

    @property
    def values(self) -> Mapping[str, str]:
        """Name -> value of each credential."""
        return self._values

    def _text(self, template: str, kept: Mapping[str, str] | None = None) -> str:
        values = {**self._values, **(kept or {})}
        return _NAME.sub(lambda found: values.get(found.group(1), found.group()), template)

    def sensitive(self, kept: Mapping[str, str]) -> set[str]:
        """Return what of a session must not be shown."""
        return {text for name, text in kept.items() if name in self._sensitive and text}

    def add_to(self, outgoing: Outgoing, kept: Mapping[str, str] | None = None) -> None:
        """Put the credentials into a request; ``kept`` are those of a session."""
        elements: list[tuple[Place, str]] = []
        for item in self._items:
            place = item.place
            if place is None:
                user, _, password = item.value.partition(":")
                pair = f"{self._text(user, kept)}:{self._text(password, kept)}".encode()
                outgoing.headers["Authorization"] = "Basic " + base64.b64encode(pair).decode(
                    "ascii"
                )
            elif place.source == "header":
                outgoing.headers[place.name] = checked_header(
                    place.name, self._text(item.value, kept)
                )
            elif place.source:
                outgoing.add_parameter(place.source, place.name, self._text(item.value, kept))
            else:
                elements.append((place, self._text(item.value, kept)))
        if elements:
            tree = _tree(elements)
            outgoing.add_elements({name: _element(name, inside) for name, inside in tree.items()})

    def secrets(self) -> set[str]:
        """Return the texts that must not be shown, as they are and as requests carry them."""
        found = {self._values[name] for name in self._sensitive if self._values[name]}
        for item in self._items:
            if item.place is None:
                user, _, password = item.value.partition(":")
                pair = f"{self._text(user)}:{self._text(password)}".encode()
                text = base64.b64encode(f"{self._text(user)}".encode()).decode("ascii")
                if found & {self._text(user), self._text(password)}:
                    found |= {base64.b64encode(pair).decode("ascii"), text.rstrip("=")[:-1]}
        return {text for text in found if text}


def checked_option(option: ClientOption, value: object, protocol: Protocol) -> str:
    """Return the value of an option, or its default. Raises ConfigurationError, and never shows a value."""
    if value is None:
        value = option.default
    prefix = f"{protocol.environment}_{option.name.upper()}"
    if value is None:
        raise ConfigurationError(
            f"no {option.name} is given: pass {option.name}=..., or set {prefix} and call from_env()"
        )
    if not isinstance(value, str):
        raise ConfigurationError(f"{option.name} should be text, not {type(value).__name__}")
    if option.default is None and not value.strip():
        raise ConfigurationError(f"{option.name} is empty")
    if not value.isprintable() or value != value.strip():
        raise ConfigurationError(f"{option.name} has unprintable characters, or spaces around it")
    return value


def _tree(elements: list[tuple[Place, str]]) -> dict[str, dict[str, object]]:
    """Return elements and attributes as a tree, each wrapper once."""
    tree: dict[str, dict[str, object]] = {}
    for place, text in elements:
        holder: dict[str, object] = tree  # type: ignore[assignment]
        for name in place.path:
            holder = holder.setdefault(name, {})  # type: ignore[assignment]
        holder["" if place.attribute is None else f"@{place.attribute}"] = text
    return tree


def _element(name: str, inside: Mapping[str, object]) -> str:
    head, body = name, ""
    for key, value in inside.items():
        if isinstance(value, str):
            text = escape(value)
            if key:
                head += f' {key[1:]}="{text.replace(chr(34), "&quot;")}"'
            else:
                body = text + body
        else:
            body += _element(key, value)  # type: ignore[arg-type]
    return f"<{head}>{body}</{name}>"


def checked_header(name: str, text: str) -> str:
    """Return the text of a header. Raises ConfigurationError for one that no header can hold."""
    if not text.isascii() or not text.isprintable():
        raise ConfigurationError(f"{name} has characters that cannot be in a header")
    return text
