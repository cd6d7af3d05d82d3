"""How a call that cannot be done is refused, in the words of the API."""

from __future__ import annotations

import string
from typing import Any, Final

from ...behavior.rules import Behaviors
from ...ir import Api, ErrorCode

KINDS: Final = {
    "malformed": "validation",
    "unknown_method": "validation",
    "unknown_element": "validation",
    "missing": "validation",
    "invalid": "validation",
    "unknown_account": "account",
    "authentication": "authentication",
    "permission": "permission",
    "not_found": "not_found",
    "deleted": "not_found",
    "taken": "conflict",
    "state": "conflict",
    "undocumented": "server",
}
"""Situation -> the kind of error code that tells it where a description does not say which."""

_SAID: Final = {
    "malformed": "The document cannot be read.",
    "unknown_method": "There is no method '{method}'.",
    "unknown_element": "There is no element '{field}' here.",
    "missing": "'{field}' is missing.",
    "invalid": "'{field}' has a value that is not allowed.",
    "unknown_account": "There is no such account.",
    "authentication": "Authentication failed.",
    "permission": "You may not do this.",
    "not_found": "There is no such {resource}.",
    "deleted": "The {resource} is deleted.",
    "taken": "'{field}' is in use already.",
    "state": "This cannot be done now. {reason}",
    "undocumented": "The description does not say what happens here: {reason}",
}
_FIELDLESS: Final = frozenset({"malformed", "unknown_method"})


class CallRefusedError(Exception):
    """The call fails. ``facts`` fill the places of the message."""

    def __init__(
        self,
        situation: str,
        *,
        code: str | None = None,
        message: str | None = None,
        guess: str | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(situation)
        self.situation = situation
        self.code = code
        self.message = message
        self.guess = guess
        self.facts = facts


class FailureResponse:
    """A refusal as it is answered."""

    __slots__ = ("code", "field", "guess", "message", "status")

    def __init__(
        self, code: str | None, message: str, field: str | None, status: int, guess: str | None
    ) -> None:
        self.code = code
        self.message = message
        self.field = field
        self.status = status
        self.guess = guess


class Failures:
    """The failures of one API."""

    def __init__(self, api: Api, behaviors: Behaviors) -> None:
        self._codes = {code.code: code for code in api.errors}
        self._behaviors = behaviors
        self._usual = {situation: self._guessed(api, situation) for situation in KINDS}

    @staticmethod
    def _guessed(api: Api, situation: str) -> ErrorCode | None:
        """Return the code that probably tells a situation: of its kind, naming a field only where there is one."""
        codes = [code for code in api.errors if code.kind == KINDS[situation]]
        if situation in _FIELDLESS:
            codes = [code for code in codes if "{" not in code.message]
        return codes[0] if codes else None

    def told(self, refused: CallRefusedError) -> FailureResponse:
        """Return the failure response for a refused call."""
        failing = self._behaviors.failures.get(refused.situation)
        known: ErrorCode | None = None
        message, code, status, guess = refused.message, refused.code, None, refused.guess
        if code is not None:
            known = self._codes.get(code)
        elif message is None and failing is not None:
            code, message, status = failing.code, failing.message, failing.status
            guess = guess or failing.guess
            known = self._codes.get(code) if code is not None else None
        elif message is None:
            known = self._usual[refused.situation]
            code = known.code if known is not None else None
        if message is None:
            message = known.message if known is not None else _SAID[refused.situation]
        if status is None:
            if known is not None:
                status = known.status
            else:
                status = 401 if refused.situation == "authentication" else 200
        field = refused.facts.get("field")
        return FailureResponse(
            code,
            _Filler().format(message, **refused.facts).strip(),
            str(field) if field is not None and self._behaviors.names_field else None,
            status,
            guess,
        )

    def of_code(self, code: str, message: str | None, facts: dict[str, Any]) -> FailureResponse:
        """Return a failure that is asked for by its code."""
        known = self._codes.get(code)
        text = message or (known.message if known is not None else "The call failed.")
        status = known.status if known is not None else 200
        return FailureResponse(
            code, _Filler().format(text, **facts).strip(), facts.get("field"), status, None
        )


class _Filler(string.Formatter):
    """Fills the places of a message; one that nothing is known for becomes empty."""

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> Any:
        return kwargs.get(str(key), "")

    def format_field(self, value: Any, format_spec: str) -> str:
        return str(value)


def spoken(name: str) -> str:
    """Return the name of a resource as a message says it."""
    return name.replace("_", " ")


def resource_facts(resource: str, plural: str) -> dict[str, str]:
    """Return what a message may say about a resource."""
    one = spoken(resource)
    return {"resource": one, "Resource": one[:1].upper() + one[1:], "resources": spoken(plural)}
