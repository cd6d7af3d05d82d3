"""The control of a sandbox for programs in other threads: every action as a plain method."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .control import Control
    from .server_thread import Sandbox


class SyncControl:
    """As :class:`.control.Control`; each method returns when it is done. Raises SandboxError for what makes no sense."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    @property
    def _control(self) -> Control:
        return self._sandbox.parts.control

    def reset(self, account: str | None = None) -> None:
        """Put an account back to how it began; without one everything."""
        self._sandbox.wait_for(self._control.reset(account))

    def snapshot(self, name: str | None = None, account: str | None = None) -> str:
        """Remember the state of an account, or of all; the name it can be restored by."""
        return self._sandbox.wait_for(self._control.snapshot(name, account))

    def restore(self, name: str) -> None:
        """Go back to a snapshot."""
        self._sandbox.wait_for(self._control.restore(name))

    def seed(
        self, account: str, what: str | Path | Mapping[str, Any], replace: bool = False
    ) -> None:
        """Put records into an account: ``cases``, a file, or resource -> records."""
        self._sandbox.wait_for(self._control.seed(account, what, replace))

    def state(self, account: str) -> dict[str, list[dict[str, Any]]]:
        """All records of an account by resource, without what is sensitive."""
        return self._sandbox.run(lambda: self._control.state(account))

    def renew(self, account: str, person: str) -> str:
        """Replace the token of ``admin`` or ``staff/7``."""
        return self._sandbox.run(lambda: self._control.renew(account, person))

    def info(self) -> dict[str, Any]:
        """What there is, and how to get at it."""
        return self._sandbox.run(lambda: self._control.info())

    def set_clock(self, when: str | datetime) -> None:
        """Set the clock; what is due by then happens before this returns."""
        self._sandbox.wait_for(self._control.set_clock(when))

    def advance(
        self,
        seconds: float = 0,
        *,
        minutes: float = 0,
        hours: float = 0,
        days: float = 0,
        weeks: float = 0,
    ) -> None:
        """Let time pass; what is due by then happens before this returns."""
        work = self._control.advance(seconds, minutes=minutes, hours=hours, days=days, weeks=weeks)
        self._sandbox.wait_for(work)

    def set_pace(self, pace: str) -> None:
        """Let the clock be ``real``, ``frozen`` or go in ``step``s of a second a call."""
        self._sandbox.wait_for(self._control.set_pace(pace))

    def settle(self) -> None:
        """Do what is due, and wait until it was delivered."""
        self._sandbox.wait_for(self._control.settle())

    def faults(self) -> list[dict[str, Any]]:
        """The rules that stand."""
        return self._sandbox.run(lambda: self._control.faults())

    def add_fault(self, rule: str) -> int:
        """Let something go wrong from now on, such as ``"status=503; method=task.*; count=2"``; the rule's number."""
        return self._sandbox.run(lambda: self._control.add_fault(rule))

    def remove_fault(self, number: int) -> None:
        """Take a rule back."""
        self._sandbox.run(lambda: self._control.remove_fault(number))

    def clear_faults(self) -> None:
        """Take all rules back."""
        self._sandbox.run(lambda: self._control.clear_faults())

    def outbox(self, account: str | None = None, kind: str | None = None) -> list[dict[str, Any]]:
        """What would have been sent, the oldest first."""
        return self._sandbox.run(lambda: self._control.outbox(account, kind))

    def attachment(self, letter: int, place: int = 0) -> bytes:
        """The bytes of a file that goes with something in the outbox."""
        return self._sandbox.run(lambda: self._control.letter(letter).sent.attachments[place].data)

    def clear_outbox(self, account: str | None = None) -> None:
        """Empty the outbox."""
        self._sandbox.run(lambda: self._control.clear_outbox(account))

    def requests(self, **wanted: Any) -> list[dict[str, Any]]:
        """The calls that match (``account``, ``method``, ``ok``, ``code``, ...), the oldest first, redacted."""
        return self._sandbox.run(lambda: self._control.requests(**wanted))

    def assert_requests(
        self, method: str = "*", arguments: Mapping[str, Any] | None = None, **wanted: Any
    ) -> list[int]:
        """The ids of matching calls. Raises AssertionFailed, with the nearest one, where their number is not as wanted."""
        return self._sandbox.run(lambda: self._control.assert_requests(method, arguments, **wanted))

    def clear_requests(self) -> None:
        """Forget the calls."""
        self._sandbox.run(lambda: self._control.clear_requests())

    def coverage(self) -> dict[str, dict[str, int]]:
        """How often each method was called, and how often that failed."""
        return self._sandbox.run(lambda: self._control.coverage())

    def callbacks(self, account: str, action: str = "show", **arguments: Any) -> Any:
        """Deliveries of events: ``show``, ``set``, ``settle``, ``resend``, ``clear``; see :class:`.deliveries.Deliveries`."""
        deliveries = self._sandbox.parts.app.deliveries
        assert deliveries is not None
        return self._sandbox.wait_for(deliveries.control(account, action, arguments))
