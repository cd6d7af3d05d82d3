"""What signs requests in place of the credentials, or beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from .errors import ApiError, AuthenticationError, PermissionDeniedError
from .redact import scrub

if TYPE_CHECKING:
    from .transport import HttpRequest

    Auth = Callable[[HttpRequest], Mapping[str, str] | HttpRequest]
    """Sees each request (``verb``, ``url``, ``headers``, ``body``) and returns the headers to add, or another request.

    It may have a method ``secrets`` that returns the texts that must not be shown.
    """


def secrets_of_auth(auth: object) -> set[str]:
    """Return the texts of a signer that must not be shown."""
    secrets: Any = getattr(auth, "secrets", None)
    return set() if secrets is None else set(secrets())


def oauth_problem(body: bytes, status: int | None, secrets: set[str]) -> ApiError | None:
    """The failure that a form-encoded body tells of; None for any other body."""
    values = form_fields(body)
    code = values.get("oauth_problem")
    if not code:
        return None
    code = scrub(code, secrets)
    advice = scrub(values.get("oauth_problem_advice", ""), secrets)
    kind = PermissionDeniedError if code in _DENIED else AuthenticationError
    detail = f" ({advice})" if advice else ""
    return kind(f"OAuth was refused: {code.replace('_', ' ')}{detail}", code=code, status=status)


_DENIED: Final = ("permission_denied", "user_refused")


def form_fields(body: bytes) -> dict[str, str]:
    """The fields of a form-encoded body; none for anything else, such as a document or a page."""
    text = body[:10_000].decode("utf-8", "replace").strip()
    return {} if text.startswith("<") else dict(parse_qsl(text))
