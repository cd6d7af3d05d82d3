"""Sessions: a call gives out credentials that the calls after it carry."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from .scrub import HiddenDict

if TYPE_CHECKING:
    from .credentials import Credentials
    from .protocol import Protocol, SessionRule

_MISSING: Final = object()


class Session:
    """The session of a client, which its copies and threads share."""

    __slots__ = ("_given", "lock", "rule", "tasks", "values")

    def __init__(self, rule: SessionRule, given: Mapping[str, str]) -> None:
        """Begin without credentials.

        Args:
            rule: how a session begins and ends.
            given: the options of the client.
        """
        self.rule = rule
        self._given = HiddenDict(given)
        self.lock = threading.Lock()
        """Held while a synchronous client signs in, so that its threads share one session."""
        self.tasks: Any = None
        """The lock of an asynchronous client, made when it first signs in."""
        self.values: Mapping[str, str] | None = None
        """Option -> what the session gave out; None before signing in."""

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the call that signs in; what the client was not given is left out."""
        found = _filled(self.rule.arguments, self._given)
        return found if isinstance(found, dict) else {}

    def keep(self, result: Any) -> Mapping[str, str]:
        """Keep what a session gave out."""
        values = HiddenDict()
        for option, path in self.rule.keeps.items():
            value = result
            for name in path:
                value = getattr(value, name, None)
            if value is not None:
                values[option] = str(value)
        self.values = values
        return values


def session_of(
    protocol: Protocol, variables: Mapping[str, str], credentials: Credentials | None
) -> Session | None:
    """Return the session of a client; None where the client was given what a session would give out."""
    rule = protocol.session
    if rule is None or credentials is None:
        return None
    given = {**variables, **credentials.values}
    return None if all(given.get(name) for name in rule.keeps) else Session(rule, given)


def _filled(template: Any, given: Mapping[str, str]) -> Any:
    if isinstance(template, Mapping):
        inside = {name: _filled(value, given) for name, value in template.items()}
        return {name: value for name, value in inside.items() if value is not _MISSING} or _MISSING
    value = given.get(template, "")
    return value if value else _MISSING
