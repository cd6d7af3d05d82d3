"""How a call that cannot be done is refused, in the words of the API."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Any, Final

from ...behavior.rules import Behaviors
from ...ir import Api, ErrorCode
from ...runtime.failures import FailureRule
from ...runtime.protocol import Protocol
from ..binding.refusals import CallRefusedError

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
STATUS_BY_KIND: Final = {
    "validation": 400,
    "authentication": 401,
    "permission": 403,
    "not_found": 404,
    "account": 404,
    "conflict": 409,
    "rate_limit": 429,
    "server": 500,
}
"""Kind of failure -> the HTTP status that reports it where a description does not say which."""
_GENERIC_CODES: Final = {
    "validation": "ValidationError",
    "authentication": "AuthenticationFailed",
    "permission": "AccessDenied",
    "not_found": "NotFound",
    "account": "NotFound",
    "conflict": "Conflict",
    "rate_limit": "Throttling",
    "server": "InternalFailure",
}
_FIELDLESS: Final = frozenset({"malformed", "unknown_method"})


@dataclass(frozen=True, slots=True)
class FailureResponse:
    """A refusal as the API reports it."""

    code: str | None
    message: str
    field: str | None
    status: int
    guess: str | None
    rule: FailureRule | None = None
    """Where a response has what went wrong; None where the description does not say."""
    root: str = ""
    """Root element, where neither the rule nor the envelope has one."""


class Failures:
    """The failures of one API."""

    def __init__(
        self, api: Api, behaviors: Behaviors, protocol: Protocol | None = None, *, root: str = ""
    ) -> None:
        """Prepare the failures.

        Args:
            api: the description.
            behaviors: which code reports which situation.
            protocol: the envelope with the failure rules.
            root: root element of failures, where no rule has one.
        """
        self._codes = {code.code: code for code in api.errors}
        self._behaviors = behaviors
        self._usual = {situation: self._guessed(api, situation) for situation in KINDS}
        self._rules = () if protocol is None else protocol.failures
        self._root = root
        self._in_cases = {
            case.fails["kind"]: case.fails["code"]
            for module in api.modules
            for case in module.cases
            if case.fails is not None and case.fails.get("kind") and case.fails.get("code")
        }
        """Kind -> a code that a case shows."""
        self._by_status = protocol is not None and _by_status(api, protocol)

    @staticmethod
    def _guessed(api: Api, situation: str) -> ErrorCode | None:
        """Return the code that probably tells a situation: of its kind, naming a field only where there is one."""
        codes = [code for code in api.errors if code.kind == KINDS[situation]]
        if situation in _FIELDLESS:
            codes = [code for code in codes if "{" not in code.message]
        return codes[0] if codes else None

    def response_to(self, refused: CallRefusedError) -> FailureResponse:
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
            message = (
                known.message if known is not None and known.message else _SAID[refused.situation]
            )
        kind = known.kind if known is not None else KINDS[refused.situation]
        if status is None:
            status = self._status(kind, known, refused)
        field = refused.facts.get("field")
        return self._response(
            kind, code, _Filler().format(message, **refused.facts).strip(), status,
            field=str(field) if field is not None and self._behaviors.names_field else None,
            guess=guess, resource=str(refused.facts.get("resource") or ""),
        )  # fmt: skip

    def of_code(
        self, code: str, message: str | None, facts: dict[str, Any], status: int | None = None
    ) -> FailureResponse:
        """Return a failure that is asked for by its code."""
        known = self._codes.get(code)
        text = message or (known.message if known is not None else "") or "The call failed."
        kind = known.kind if known is not None else ""
        return self._response(
            kind, code, _Filler().format(text, **facts).strip(), status or self._status(kind, known, None),
            field=facts.get("field"), guess=None,
        )  # fmt: skip

    def _response(
        self,
        kind: str,
        code: str | None,
        message: str,
        status: int,
        *,
        field: str | None,
        guess: str | None,
        resource: str = "",
    ) -> FailureResponse:
        rule = self._rule(kind, status)
        if code is None and rule is not None and rule.code is not None and self._by_status:
            codes = [code for code, one in rule.kinds.items() if one == kind]
            noun = resource.replace(" ", "").lower()
            code = next(
                (code for code in codes if noun and noun in code.lower()), next(iter(codes), "")
            )
            code = code or self._in_cases.get(kind) or _GENERIC_CODES.get(kind, "Failed")
        return FailureResponse(code, message, field, status, guess, rule, self._root)

    def _rule(self, kind: str, status: int) -> FailureRule | None:
        """Return the first rule that reads failures of a status and a kind."""
        fitting = [
            rule
            for rule in self._rules
            if not rule.statuses or any(low <= status <= high for low, high in rule.statuses)
        ]
        for rule in fitting:
            if rule.kind in ("", kind):
                return rule
        return fitting[0] if fitting else None

    def _status(self, kind: str, known: ErrorCode | None, refused: CallRefusedError | None) -> int:
        """Return the HTTP status of a failure."""
        if known is not None and (known.status != 200 or not self._by_status):
            return known.status
        situation = "" if refused is None else refused.situation
        if not self._by_status:
            return 401 if situation == "authentication" else 200
        if situation == "unknown_method":
            return 405 if refused is not None and refused.facts.get("verbs") else 404
        if situation == "malformed":
            return 400
        for rule in self._rules:
            if kind and rule.kind == kind and rule.statuses:
                low, high = rule.statuses[0]
                usual = STATUS_BY_KIND.get(kind, low)
                return usual if low <= usual <= high else low
        alone = {low for rule in self._rules for low, high in rule.statuses if low == high}
        if kind == "validation" and 422 in alone:
            return 422
        return STATUS_BY_KIND.get(kind, 400)


def _by_status(api: Api, protocol: Protocol) -> bool:
    """Return whether failures have an HTTP status of their own: nothing in the document alone says that a call failed."""
    if any(rule.statuses for rule in protocol.failures):
        return True
    if protocol.status is not None or any(rule.when for rule in protocol.failures):
        return False
    rooted = any(rule.roots for rule in protocol.failures)
    return not rooted or any(method.http is not None for method in api.methods)


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
