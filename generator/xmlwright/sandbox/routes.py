"""The control prefix: actions as addresses, with JSON in and out, and the inspector's pages beside them."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from ..diagnostics import nearest
from .calls.expectations import RequestAssertionError
from .control import Control, outbox_json
from .faults.kinds import CONDITIONS, KINDS
from .http.addresses import CONTROL
from .http.messages import JSON, Request, Response
from .inspector.pages import Inspector
from .options import SandboxError, StorageError

Values = Mapping[str, Any]
Handler = Callable[[Values], "Awaitable[Any]"]
_TRUTH: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_MOST: Final = 1_000_000
"""Bytes of a body with an action; a seed may be longer."""


class NotFoundError(SandboxError):
    """There is nothing of that name."""


@dataclass(frozen=True, slots=True)
class Route:
    """One action by verb and path; parts of the path in braces are arguments."""

    verb: str
    path: str
    doc: str
    handler: Handler

    @property
    def pattern(self) -> re.Pattern[str]:
        """What paths it is for."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))


class Routes:
    """Serves everything below the control prefix."""

    def __init__(self, control: Control, root: Path | None) -> None:
        self._control = control
        self._routes = [(route.pattern, route) for route in routes_of(control)]
        self._inspector = Inspector(control, root)

    def answer(self, request: Request) -> Response | Awaitable[Response]:
        """Return the response to a request, whose path begins with the control prefix."""
        path = request.path[len(CONTROL) :]
        known = False
        for pattern, route in self._routes:
            found = pattern.fullmatch(path)
            if found is not None:
                known = True
                if route.verb == request.verb or (request.verb == "HEAD" and route.verb == "GET"):
                    return self._act(request, route, found.groupdict())
        if path == "/help":
            return _json({"actions": [_described(route) for _, route in self._routes]})
        if known:
            return _json({"error": f"{request.path} is not for {request.verb}"}, 405)
        if path in ("", "/", "/events") or path.startswith("/ui/"):
            return self._inspector.answer(request)
        near = nearest(path, [route.path for _, route in self._routes])
        hint = f"; did you mean {CONTROL}{near}?" if near else f"; see {CONTROL}/help"
        return _json({"error": f"there is nothing at {request.path}{hint}"}, 404)

    async def _act(self, request: Request, route: Route, named: dict[str, str]) -> Response:
        try:
            value = await route.handler({**_values(request), **named})
        except RequestAssertionError as error:
            return _json({"error": str(error)}, 409)
        except NotFoundError as error:
            return _json({"error": str(error)}, 404)
        except StorageError as error:
            return _json({"error": str(error)}, 503)
        except (SandboxError, ValueError, TypeError) as error:
            return _json({"error": str(error)}, 400)
        return value if isinstance(value, Response) else _json(value)


def _json(value: Any, status: int = 200) -> Response:
    return Response(status, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode(), JSON)


def _described(route: Route) -> dict[str, str]:
    return {"verb": route.verb, "path": CONTROL + route.path, "does": route.doc}


def _values(request: Request) -> dict[str, Any]:
    """Return arguments of an action: those of the query, and of a JSON object in the body. Raises SandboxError."""
    values: dict[str, Any] = dict(parse_qsl(request.query, keep_blank_values=True))
    if request.body.strip():
        try:
            found = json.loads(request.body)
        except (ValueError, RecursionError):
            raise SandboxError("the body is no JSON") from None
        if not isinstance(found, dict):
            raise SandboxError("the body should be a JSON object")
        try:
            json.dumps(found, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise SandboxError("the body contains a lone surrogate, which is not text") from None
        values.update(found)
    return values


def _take(values: Values, *names: str, needed: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return those of the values that an action has. Raises SandboxError for others, and for those that are missing."""
    for name in values:
        if name not in names:
            near = nearest(name, list(names))
            hint = (
                f"; did you mean {near!r}?"
                if near
                else f"; there are: {', '.join(names) or 'none'}"
            )
            raise SandboxError(f"there is no argument {name!r}{hint}")
    for name in needed:
        if name not in values:
            raise SandboxError(f"the argument {name!r} is missing")
    return {name: values[name] for name in names if name in values}


def _number(value: Any, name: str) -> int:
    if isinstance(value, bool) or not re.fullmatch("[0-9]{1,15}", str(value)):
        raise SandboxError(f"{name} is a whole number, not {value!r}")
    return int(value)


def _seconds(value: Any, name: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise SandboxError(f"{name} is a number, not {value!r:.200}") from None


def _truth(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() not in _TRUTH:
        raise SandboxError(f"{name} is true or false, not {value!r}")
    return _TRUTH[str(value).lower()]


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise SandboxError(f"{name} is a text, not {value!r}")
    return value


class _Actions:
    """From the arguments of a request to actions of the control."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self._first = control.options.accounts[0]

    def _account(self, values: Values) -> str:
        return _text(values.get("account", self._first), "account")

    async def health(self, values: Values) -> Any:
        _take(values)
        database = self.control.app.database
        if database is not None and database.problem is not None:
            raise StorageError(database.problem)
        return {"status": "ok", "accounts": len(self.control.app.accounts)}

    async def info(self, values: Values) -> Any:
        _take(values)
        return self.control.info()

    async def open(self, values: Values) -> Any:
        given = _take(values, "name", "load", needed=("name",))
        load = given.get("load")
        if not (load is None or load == "cases" or isinstance(load, dict)):
            raise SandboxError("load is 'cases', or resource -> records")
        name = _text(given["name"], "name")
        token = await self.control.open(name, load)
        return {"account": name, "url": self.control.address(name), "token": token}

    async def close(self, values: Values) -> Any:
        await self.control.close(values["name"])
        return {}

    async def tokens(self, values: Values) -> Any:
        return {
            "tokens": self.control.tokens(values["name"]),
            "url": self.control.address(values["name"]),
        }

    async def renew(self, values: Values) -> Any:
        given = _take(values, "name", "person", needed=("person",))
        return {"token": await self.control.renew(given["name"], _text(given["person"], "person"))}

    async def reset(self, values: Values) -> Any:
        await self.control.reset(_take(values, "account").get("account"))
        return {}

    async def snapshot(self, values: Values) -> Any:
        given = _take(values, "account", "name")
        return {"snapshot": await self.control.snapshot(given.get("name"), given.get("account"))}

    async def snapshots(self, values: Values) -> Any:
        _take(values)
        return {"snapshots": self.control.snapshots()}

    async def restore(self, values: Values) -> Any:
        await self.control.restore(
            _text(_take(values, "snapshot", needed=("snapshot",))["snapshot"], "snapshot")
        )
        return {}

    async def seed(self, values: Values) -> Any:
        given = _take(values, "account", "records", "cases", "replace")
        what = "cases" if _truth(given.get("cases", False), "cases") else given.get("records")
        if not (what == "cases" or isinstance(what, dict)):
            raise SandboxError("records maps resources to lists of records; or say cases: true")
        await self.control.seed(
            self._account(given), what, _truth(given.get("replace", False), "replace")
        )
        return {}

    async def clock(self, values: Values) -> Any:
        _take(values)
        return self.control.clock()

    async def set_clock(self, values: Values) -> Any:
        given = _take(values, "now", "pace")
        if "pace" in given:
            await self.control.set_pace(_text(given["pace"], "pace"))
        if "now" in given:
            await self.control.set_clock(_text(given["now"], "now"))
        return self.control.clock()

    async def advance(self, values: Values) -> Any:
        units = ("seconds", "minutes", "hours", "days", "weeks")
        given = _take(values, *units)
        await self.control.advance(**{name: _seconds(value, name) for name, value in given.items()})
        return self.control.clock()

    async def faults(self, values: Values) -> Any:
        _take(values)
        kinds = {name: {"does": kind.doc, "example": kind.example} for name, kind in KINDS.items()}
        return {"rules": self.control.faults(), "kinds": kinds, "conditions": CONDITIONS}

    async def add_fault(self, values: Values) -> Any:
        rule = _text(_take(values, "rule", needed=("rule",))["rule"], "rule")
        number = self.control.add_fault(rule)
        return next(shown for shown in self.control.faults() if shown["id"] == number)

    async def remove_fault(self, values: Values) -> Any:
        self.control.remove_fault(_number(values["id"], "id"))
        return {}

    async def clear_faults(self, values: Values) -> Any:
        self.control.clear_faults()
        return {}

    async def outbox(self, values: Values) -> Any:
        return {"outbox": self.control.outbox(**_take(values, "account", "kind"))}

    async def letter(self, values: Values) -> Any:
        return outbox_json(self._letter(values))

    def _letter(self, values: Values) -> Any:
        try:
            return self.control.letter(_number(values["id"], "id"))
        except SandboxError as error:
            raise NotFoundError(str(error)) from None

    async def attachment(self, values: Values) -> Any:
        files = self._letter(values).sent.attachments
        place = _number(values["place"], "place")
        if place >= len(files):
            raise NotFoundError(f"it has {len(files)} attachments")
        name = re.sub(r"[^\w.-]", "_", files[place].name)
        how = "inline" if files[place].media == "application/pdf" else "attachment"
        headers = [
            ("Content-Disposition", f'{how}; filename="{name}"'),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return Response(200, files[place].data, files[place].media, headers)

    async def clear_outbox(self, values: Values) -> Any:
        self.control.clear_outbox(_take(values, "account").get("account"))
        return {}

    async def requests(self, values: Values) -> Any:
        wanted = dict(values)
        for name in ("ok", "fault"):
            if name in wanted:
                wanted[name] = _truth(wanted[name], name)
        found, total = self.control.app.journal.find(wanted), self.control.app.journal.total

        def shown() -> Response:
            return _json({"requests": list(map(self.control.shown_call, found)), "total": total})

        # Redacting large documents takes seconds; other calls don't wait for it.
        return await asyncio.to_thread(shown)

    async def request(self, values: Values) -> Any:
        entry = self.control.app.journal.get(_number(values["id"], "id"))
        if entry is None:
            raise NotFoundError(f"there is no call {values['id']}, or it is forgotten")
        return await asyncio.to_thread(self.control.shown_call, entry)

    async def assert_requests(self, values: Values) -> Any:
        wanted = dict(values)
        for name in ("count", "at_least", "at_most"):
            if name in wanted:
                wanted[name] = _number(wanted[name], name)
        for name in ("ok", "fault"):
            if name in wanted:
                wanted[name] = _truth(wanted[name], name)
        found = self.control.assert_requests(**wanted)
        return {"matched": len(found), "requests": found}

    async def clear_requests(self, values: Values) -> Any:
        self.control.clear_requests()
        return {}

    async def coverage(self, values: Values) -> Any:
        found = self.control.coverage()
        called = sum(1 for counts in found.values() if counts["calls"])
        return {"called": called, "methods": len(found), "by_method": found}

    async def state(self, values: Values) -> Any:
        return self.control.state_view.counts(values["name"])

    async def records(self, values: Values) -> Any:
        name, collection = values["name"], values["collection"]
        held = self.control.state_view
        held.counts(name)  # tells of an account that is not there
        try:
            return {"records": [record for _, record in held.rows(name, collection)]}
        except SandboxError as error:
            raise NotFoundError(str(error)) from None

    async def callbacks(self, values: Values) -> Any:
        return await self._deliver("show", values)

    async def set_callbacks(self, values: Values) -> Any:
        return await self._deliver("set", values)

    async def act_on_callbacks(self, values: Values) -> Any:
        return await self._deliver(
            values["action"], {k: v for k, v in values.items() if k != "action"}
        )

    async def clear_callbacks(self, values: Values) -> Any:
        return await self._deliver("clear", values)

    async def _deliver(self, action: str, values: Values) -> Any:
        deliveries = self.control.app.deliveries
        assert deliveries is not None
        account = self._account(values)
        self.control.tokens(account)  # tells of an account that is not there
        given = {name: value for name, value in values.items() if name != "account"}
        return await deliveries.control(account, action, given)


def routes_of(control: Control) -> list[Route]:
    """Return the routes of all actions."""
    do = _Actions(control)
    return [
        Route("GET", "/health", "Report that the server is up.", do.health),
        Route("GET", "/info", "What there is: accounts with addresses and tokens, seed, clock.", do.info),
        Route("POST", "/accounts", "Make an account: {name, load: cases or records}.", do.open),
        Route("DELETE", "/accounts/{name}", "Remove an account.", do.close),
        Route("GET", "/accounts/{name}", "Address and tokens of an account.", do.tokens),
        Route("POST", "/accounts/{name}/tokens", "Replace a token: {person: staff/7}.", do.renew),
        Route("POST", "/reset", "Begin again: {account}, or everything.", do.reset),
        Route("GET", "/snapshots", "The snapshots there are.", do.snapshots),
        Route("POST", "/snapshot", "Remember the state: {name, account}.", do.snapshot),
        Route("POST", "/restore", "Go back: {snapshot}.", do.restore),
        Route("POST", "/seed", "Put records into an account: {account, records or cases: true, replace}.", do.seed),
        Route("GET", "/clock", "What time it is.", do.clock),
        Route("PUT", "/clock", "Set it: {now, pace: real, frozen or step}.", do.set_clock),
        Route("POST", "/clock/advance", "Let time pass: {seconds, minutes, hours, days, weeks}.", do.advance),
        Route("GET", "/faults", "The rules that stand, and all that can go wrong.", do.faults),
        Route("POST", "/faults", "Add one: {rule: 'status=503; method=task.*; count=2'}.", do.add_fault),
        Route("DELETE", "/faults", "Take all back.", do.clear_faults),
        Route("DELETE", "/faults/{id}", "Take one back.", do.remove_fault),
        Route("GET", "/outbox", "What would have been sent: {account, kind}.", do.outbox),
        Route("GET", "/outbox/{id}", "One of it.", do.letter),
        Route("GET", "/outbox/{id}/attachments/{place}", "A file that goes with it; the first is 0.", do.attachment),
        Route("DELETE", "/outbox", "Empty it: {account}.", do.clear_outbox),
        Route("GET", "/requests", "The calls: {account, method, ok, code, status, since, fault, contains}.", do.requests),
        Route("GET", "/requests/{id}", "One call.", do.request),
        Route("POST", "/requests/assert", "Tell whether calls were made: {method, arguments, count, at_least, at_most, ...}.", do.assert_requests),
        Route("DELETE", "/requests", "Forget the calls.", do.clear_requests),
        Route("GET", "/coverage", "How often each method was called.", do.coverage),
        Route("GET", "/state/{name}", "How many records an account has of each kind.", do.state),
        Route("GET", "/state/{name}/{collection}", "Its records of one kind.", do.records),
        Route("GET", "/callbacks", "Deliveries of events and their settings: {account}.", do.callbacks),
        Route("POST", "/callbacks", "Settings: {account, mode, duplicate, reorder, attempts, ...}.", do.set_callbacks),
        Route("POST", "/callbacks/{action}", "settle, or resend {id}.", do.act_on_callbacks),
        Route("DELETE", "/callbacks", "Forget the deliveries: {account}.", do.clear_callbacks),
    ]  # fmt: skip
