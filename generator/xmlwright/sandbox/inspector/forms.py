"""What the inspector's forms do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from ..control import Control
from ..http.messages import Request, Response
from ..options import SandboxError

FormValues = Mapping[str, str]
_CONTROLS: Final = "/ui/controls"
_UNITS: Final = ("seconds", "minutes", "hours", "days", "weeks")


class Forms:
    """One method an action: from the fields of a form to what is said afterwards."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._actions: dict[str, tuple[str, Callable[[FormValues], Awaitable[str]]]] = {
            "again": ("/", self._again),
            "forget": ("/", self._forget),
            "renew": ("/ui/state", self._renew),
            "empty-outbox": ("/ui/outbox", self._empty_outbox),
            "callbacks": ("/ui/callbacks", self._callbacks),
            "resend": ("/ui/callbacks", self._resend),
            "advance": (_CONTROLS, self._advance),
            "clock": (_CONTROLS, self._clock),
            "fault": (_CONTROLS, self._fault),
            "remove-fault": (_CONTROLS, self._remove_fault),
            "snapshot": (_CONTROLS, self._snapshot),
            "restore": (_CONTROLS, self._restore),
            "account": (_CONTROLS, self._account),
            "reset": (_CONTROLS, self._reset),
        }

    def page_of(self, action: str) -> str:
        """Return the page that a form stands on."""
        return self._actions[action][0] if action in self._actions else "/"

    async def act(self, action: str, given: FormValues) -> tuple[str, dict[str, str]]:
        """Do it: the page to show, and what it says. Raises SandboxError."""
        if action not in self._actions:
            raise SandboxError(f"there is no action {action!r}")
        where, act = self._actions[action]
        outcome = await act(given)
        if outcome.startswith("/"):
            return outcome, {}
        return where, {"done": outcome} if outcome else {}

    async def _again(self, given: FormValues) -> str:
        """Make a call once more, as it came, or with another document."""
        app = self._control.app
        entry = app.journal.get(_whole(given, "id"))
        if entry is None or entry.files:
            raise SandboxError("the call is forgotten, or had files with it")
        document = entry.document
        if given.get("document", "").strip():
            document = given["document"].replace("\r\n", "\n").encode()
        headers = {name: text for name, text in entry.headers.items() if name != "origin"}
        # It came the allowed way before.
        answered = app.answer(Request(entry.verb, entry.target, headers, document, True))
        if not isinstance(answered, Response):
            await answered
        newest = max((one.id for one in app.journal), default=entry.id)
        return f"/ui/calls/{newest}"

    async def _forget(self, given: FormValues) -> str:
        self._control.clear_requests()
        return ""

    async def _renew(self, given: FormValues) -> str:
        account, person = _text(given, "account"), _text(given, "person")
        await self._control.renew(account, person)
        return f"/ui/state/{account}"

    async def _empty_outbox(self, given: FormValues) -> str:
        self._control.clear_outbox()
        return ""

    async def _callbacks(self, given: FormValues) -> str:
        deliveries = self._control.app.deliveries
        assert deliveries is not None
        numbers = {name: _number(given, name) for name in ("first_wait", "duplicate", "reorder")}
        settings = {"mode": _text(given, "mode"), "attempts": _whole(given, "attempts"), **numbers}
        await deliveries.control(_text(given, "account"), "set", settings)
        return "The settings stand."

    async def _resend(self, given: FormValues) -> str:
        deliveries = self._control.app.deliveries
        assert deliveries is not None
        await deliveries.control(_text(given, "account"), "resend", {"id": _whole(given, "id")})
        return "It is sent once more."

    async def _advance(self, given: FormValues) -> str:
        amount, _, unit = _text(given, "by").partition(" ")
        if unit not in _UNITS:
            raise SandboxError(f"{unit!r} is not one of {', '.join(_UNITS)}")
        await self._control.advance(**{unit: _number({"by": amount}, "by")})
        return f"It is {self._control.app.clock.now():%Y-%m-%d %H:%M:%S} now."

    async def _clock(self, given: FormValues) -> str:
        await self._control.set_pace(_text(given, "pace"))
        await self._control.set_clock(_text(given, "now"))
        return f"It is {self._control.app.clock.now():%Y-%m-%d %H:%M:%S} now."

    async def _fault(self, given: FormValues) -> str:
        kind, value = _text(given, "kind"), given.get("value", "").strip()
        words = [
            f"{kind}={value}" if value else kind,
            f"method={given.get('method', '').strip() or '*'}",
        ]
        words += [
            f"{name}={given[name]}"
            for name in ("probability", "count")
            if given.get(name, "").strip()
        ]
        self._control.add_fault("; ".join(words))
        return ""

    async def _remove_fault(self, given: FormValues) -> str:
        self._control.remove_fault(_whole(given, "id"))
        return ""

    async def _snapshot(self, given: FormValues) -> str:
        return f"The state is kept as {await self._control.snapshot(given.get('name', '').strip() or None)}."

    async def _restore(self, given: FormValues) -> str:
        await self._control.restore(_text(given, "snapshot"))
        return f"The state is that of {given['snapshot']} again."

    async def _account(self, given: FormValues) -> str:
        name = _text(given, "name")
        await self._control.open(name, "cases" if given.get("cases") else None)
        return f"/ui/state/{name}"

    async def _reset(self, given: FormValues) -> str:
        await self._control.reset()
        return "Everything is as at the start."


def _text(given: FormValues, name: str) -> str:
    value = given.get(name, "").strip()
    if not value:
        raise SandboxError(f"{name} is missing")
    return value


def _whole(given: FormValues, name: str) -> int:
    value = _text(given, name)
    if not value.isdigit() or len(value) > 15:
        raise SandboxError(f"{name} is a whole number, not {value!r}")
    return int(value)


def _number(given: FormValues, name: str) -> float:
    try:
        return float(_text(given, name))
    except ValueError:
        raise SandboxError(f"{name} is a number, not {given.get(name)!r}") from None
