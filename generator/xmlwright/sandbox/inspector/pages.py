"""Serves the inspector's pages and its forms."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ...diagnostics import Position
from ...ir import Field
from ...runtime.redact import HIDDEN
from ..calls.journal import Entry
from ..control import Control, owner
from ..faults.kinds import KINDS
from ..http.addresses import CONTROL
from ..http.messages import HTML, Request, Response, page
from ..options import SandboxError
from .annotations import Annotator, indented
from .forms import Forms
from .snippets import as_curl, as_python
from .views import calls_page, state_page

_HERE: Final = Path(__file__).parent
_FILES: Final = {
    "inspector.css": "text/css; charset=utf-8",
    "inspector.js": "text/javascript; charset=utf-8",
}
_NUMBER: Final = re.compile("[0-9]{1,15}")
_HEARTBEAT: Final = 15.0
_SAFE: Final = [
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:;"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    # With "no-referrer" a browser would say "null" for the origin of forms.
    ("Referrer-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
]


class Inspector:
    """The pages of one sandbox."""

    def __init__(self, control: Control, root: Path | None) -> None:
        self.control = control
        self.annotator = Annotator(control.documents)
        self._root = root
        self._forms = Forms(control)
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
        )
        self._templates.globals.update(
            base=CONTROL,
            api=control.app.api,
            owner=owner,
            kind=_kind,
            place=self._place,
            short=_short,
            there=self._there,
        )
        self._pages: dict[
            str, Callable[[list[str], Mapping[str, str]], Response | Awaitable[Response]]
        ] = {
            "calls": self._call,
            "state": self._state,
            "outbox": self._outbox,
            "callbacks": self._callbacks,
            "controls": self._controls,
            "docs": self._docs,
        }

    def answer(self, request: Request) -> Response | Awaitable[Response]:
        """Return the page or form action that a request asks for."""
        path = request.path[len(CONTROL) :]
        query = dict(parse_qsl(request.query))
        if path == "":
            return page(308, "The inspector", "See below.", [("Location", f"{CONTROL}/")])
        parts = path.strip("/").split("/")
        if request.verb == "POST" and parts[:2] == ["ui", "do"] and len(parts) == 3:
            return self._do(request, parts[2])
        if request.verb not in ("GET", "HEAD"):
            return page(405, "Method Not Allowed", "Pages are read.")
        try:
            if path == "/":
                return self._calls(query)
            if path == "/events":
                return Response(
                    200, content_type="text/event-stream", headers=_SAFE[3:], stream=self._events()
                )
            if len(parts) < 2:
                raise SandboxError(f"There is no page {path}.")
            if parts[1] in _FILES and len(parts) == 2:
                return Response(200, (_HERE / parts[1]).read_bytes(), _FILES[parts[1]], _SAFE[1:])
            show = self._pages.get(parts[1])
            if show is not None:
                return show(parts[2:], query)
        except SandboxError as error:
            return self._shown("base.html", {**query, "mistake": str(error)}, tab="", status=404)
        return self._shown(
            "base.html", {"mistake": f"There is no page {path}."}, tab="", status=404
        )

    def _shown(
        self, template: str, query: Mapping[str, str], *, tab: str, status: int = 200, **values: Any
    ) -> Response:
        app = self.control.app
        text = self._templates.get_template(template).render(
            tab=tab,
            clock=_ClockView(app.clock.now(), app.clock.pace),
            letters=len(app.outbox),
            rules=len(app.faults.rules),
            notice=query.get("done"),
            mistake=query.get("mistake"),
            **values,
        )
        return Response(status, text.encode(), HTML, list(_SAFE))

    async def _do(self, request: Request, action: str) -> Response:
        """Perform the action of a form, and redirect to its page with the result."""
        origin = request.headers.get("origin")
        if origin == "null" or request.headers.get("sec-fetch-site", "same-origin") not in (
            "same-origin",
            "none",
        ):
            return page(403, "Forbidden", "Only the inspector's own pages have these forms.")
        given = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        try:
            where, parameters = await self._forms.act(action, given)
        except (SandboxError, ValueError, TypeError) as error:
            where, parameters = self._forms.page_of(action), {"mistake": str(error)}
        anchor = f"?{urlencode(parameters)}" if parameters else ""
        return page(303, "Done", "See there.", [("Location", f"{CONTROL}{where}{anchor}")])

    # ---- calls

    def _calls(self, query: Mapping[str, str]) -> Response:
        return self._shown(
            "calls.html", query, tab="Calls", **calls_page(self.control, query), **self._start()
        )

    def _start(self) -> dict[str, Any]:
        return {
            "entry": None, "chosen": False, "exports": self.control.exports(),
            "curl": _first_curl(self.control),
        }  # fmt: skip

    def _call(self, parts: list[str], query: Mapping[str, str]) -> Response:
        number = int(parts[0]) if len(parts) == 1 and _NUMBER.fullmatch(parts[0]) else 0
        entry = self.control.app.journal.get(number)
        if entry is None:
            raise SandboxError(f"There is no call {parts[0] if parts else ''}, or it is forgotten.")
        values = self._about(entry)
        if "part" in query:
            return self._shown("call.html", query, tab="", **values)
        listed = calls_page(self.control, {})
        return self._shown("calls.html", query, tab="Calls", **{**listed, **values, "chosen": True})

    def _about(self, entry: Entry) -> dict[str, Any]:
        control, documents = self.control, self.control.documents
        method = documents.methods.get(entry.method or "")
        request_text, answer_text = documents.request(entry), documents.answer(entry)
        message, named = documents.failure(entry)
        complaint = (named, message) if named and message else None
        numbers = [one.id for one in control.app.journal]
        address = control.base_url + documents.target(entry.target)
        broken = [documents.broken(document) for document in (entry.document, entry.answer)]
        no_tree = broken[1] is not None or "xml" not in entry.content_type
        return {
            "entry": entry,
            "method": method,
            "message": message,
            "error": next((one for one in control.app.api.errors if one.code == entry.code), None),
            "request_text": request_text,
            "request_pretty": indented(request_text),
            "hides": HIDDEN in request_text,
            "answer_text": answer_text,
            "request_tree": (
                None if broken[0] else self.annotator.request(request_text, method, complaint)
            ),
            "answer_tree": None if no_tree else self.annotator.answer(answer_text, method),
            "request_broken": broken[0],
            "answer_broken": broken[1] if "xml" in entry.content_type else None,
            "headers": documents.headers(entry.headers),
            "target": documents.target(entry.target),
            "curl": as_curl(documents, entry, address),
            "python": as_python(documents, entry),
            "older": max((one for one in numbers if one < entry.id), default=None),
            "newer": min((one for one in numbers if one > entry.id), default=None),
        }

    async def _events(self) -> AsyncIterator[bytes]:
        """Yield calls as they are made, as rows of the list."""
        journal = self.control.app.journal
        queue = journal.listen()
        row = self._templates.from_string(
            '{% import "_parts.html" as parts with context %}{{ parts.row(entry, base) }}'
        )
        try:
            yield b"retry: 1000\n\n"
            while True:
                try:
                    entry = await asyncio.wait_for(queue.get(), _HEARTBEAT)
                except asyncio.TimeoutError:
                    yield b": still here\n\n"
                    continue
                if entry is None:
                    yield b"event: clear\ndata: {}\n\n"
                    continue
                clock = self.control.app.clock.now().strftime("%Y-%m-%d %H:%M:%S")
                data = {"id": entry.id, "row": row.render(entry=entry), "clock": clock}
                yield b"event: call\ndata: " + json.dumps(data).encode() + b"\n\n"
        finally:
            journal.leave(queue)

    # ---- the other pages

    def _state(self, parts: list[str], query: Mapping[str, str]) -> Response:
        return self._shown("state.html", query, tab="State", **state_page(self.control, parts))

    def _outbox(self, parts: list[str], query: Mapping[str, str]) -> Response:
        letters = list(reversed(self.control.outbox()))
        return self._shown("outbox.html", query, tab="Outbox", letters_shown=letters)

    async def _callbacks(self, parts: list[str], query: Mapping[str, str]) -> Response:
        app = self.control.app
        assert app.deliveries is not None
        accounts = []
        for name in sorted(app.accounts):
            shown = await app.deliveries.control(name, "show", {})
            accounts.append(
                {"name": name, "registrations": app.engine.registrations(name), **shown}
            )
        return self._shown("callbacks.html", query, tab="Callbacks", accounts=accounts)

    def _controls(self, parts: list[str], query: Mapping[str, str]) -> Response:
        control = self.control
        return self._shown(
            "controls.html",
            query,
            tab="Controls",
            rules_shown=control.faults(),
            kinds=KINDS,
            methods=sorted(control.documents.methods),
            snapshots=control.snapshots(),
            exports=control.exports(),
            seed=control.seed_number,
            called=sum(1 for counts in control.coverage().values() if counts["calls"]),
        )

    def _docs(self, parts: list[str], query: Mapping[str, str]) -> Response:
        api = self.control.app.api
        name = parts[0] if parts else ""
        module = next((one for one in api.modules if one.name == name), None)
        errors = api.errors if name == "errors" and module is None else ()
        if name and module is None and not errors:
            raise SandboxError(f"Nothing is described as {name!r}.")
        return self._shown("docs.html", query, tab="Reference", module=module, errors=errors)

    def _there(self, account: str, collection: str, key: object) -> bool:
        """Return whether a record is still there that something refers to."""
        control = self.control
        return account in control.app.accounts and bool(
            control.state_view.record(account, collection, key)
        )

    def _place(self, at: Position) -> str:
        return str(at).rpartition(":")[0]


def _kind(item: Field) -> str:
    typed = item.enum or item.record
    name = typed.name if typed is not None else (item.read or item.write or "text")
    return f"list of {name}" if item.many else name


def _short(time: str) -> str:
    """Return a time in ISO 8601 as people read it."""
    return time[:19].replace("T", " ")


def _first_curl(control: Control) -> str:
    api = control.app.api
    method = next(
        (one for one in api.methods if one.retry == "safe" and not one.needs_arguments), None
    )
    if method is None:
        return ""
    opening, closing = control.documents.tables.protocol.envelope(method.name)
    entry = Entry(
        0,
        control.app.clock.now(),
        "",
        None,
        "POST",
        "",
        {},
        (opening.partition("\n")[2] + closing).encode(),
    )
    entry.method = method.name
    return as_curl(control.documents, entry, control.address(control.options.accounts[0]))


class _ClockView:
    def __init__(self, now: Any, pace: str) -> None:
        self.now = now
        self.pace = pace
