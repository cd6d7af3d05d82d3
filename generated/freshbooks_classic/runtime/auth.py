"""Who the caller is: a token, or OAuth 1.0a."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from .errors import (
    ApiError,
    AuthenticationError,
    ConfigurationError,
    PermissionDeniedError,
)
from .redact import scrub

if TYPE_CHECKING:
    from typing import Protocol as TypingProtocol

    from .protocol import Protocol

    class Auth(TypingProtocol):
        """Anything that can sign a request."""

        def headers(self, protocol: Protocol, url: str) -> Mapping[str, str]:
            """Headers that say who the caller is."""
            ...

        def secrets(self) -> set[str]:
            """Texts that must never be shown."""
            ...


@dataclass(frozen=True)
class Token:
    """The API token of a person: HTTP user name, or a header, as the description says."""

    token: str = field(repr=False)

    def headers(self, protocol: Protocol, url: str) -> Mapping[str, str]:
        if protocol.token_style == "header":
            return {protocol.token_header or "Authorization": self.token}
        pair = f"{self.token}:{protocol.token_password}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode("ascii")}

    def secrets(self) -> set[str]:
        pair = base64.b64encode(self.token.encode()).decode("ascii")
        return {self.token, pair.rstrip("=")[:-1]} if self.token else set()


def checked_token(protocol: Protocol, token: object) -> str:
    """``token`` if it can be sent as the description says. Raises ConfigurationError, and never shows it."""
    if not isinstance(token, str):
        raise ConfigurationError("the token should be text")
    if not token or not token.isprintable() or token != token.strip():
        raise ConfigurationError(
            "the token is empty, or has unprintable characters or spaces around it; it is shown on the account's API page"
        )
    if protocol.token_style == "header":
        if not token.isascii():
            raise ConfigurationError("the token has characters that cannot stand in a header")
    elif ":" in token:
        raise ConfigurationError("the token has a colon in it, which no HTTP user name can have")
    return token


def oauth_problem(body: bytes, status: int | None, secrets: set[str]) -> ApiError | None:
    """The failure that a form-encoded body tells of; None for any other body."""
    values = form_fields(body)
    code = values.get("oauth_problem")
    if not code:
        return None
    code = scrub(code, secrets)
    advice = scrub(values.get("oauth_problem_advice", ""), secrets)
    kind = PermissionDeniedError if code in _DENIED else AuthenticationError
    told = f" ({advice})" if advice else ""
    return kind(f"OAuth was refused: {code.replace('_', ' ')}{told}", code=code, status=status)


_DENIED: Final = ("permission_denied", "user_refused")


def form_fields(body: bytes) -> dict[str, str]:
    """The fields of a form-encoded body; none for anything else, such as a document or a page."""
    text = body[:10_000].decode("utf-8", "replace").strip()
    return {} if text.startswith("<") else dict(parse_qsl(text))
