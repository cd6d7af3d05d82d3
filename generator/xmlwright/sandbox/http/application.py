"""Turn a request into its response: account and caller, faults, the journal, callbacks."""

from __future__ import annotations

import asyncio
import hmac
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from ...ir import Api
from ...runtime.errors import Error
from ...runtime.places import Place
from ...runtime.reading import parse_xml
from ..binding.routing import HttpCall, Router
from ..calls.journal import Entry, Journal
from ..clock import Clock
from ..engine.exchange import Call, Effects, EngineResponse, Event, OutboxMessage, Person
from ..faults.faults import NONE, Fault, Faults
from ..faults.kinds import INSTEAD
from ..faults.violations import KINDS as VIOLATIONS
from ..faults.violations import violate
from ..options import SandboxError
from .addresses import API, CONTROL, Addresses, Endpoint, is_loopback
from .authentication import Authenticator
from .messages import Multipart, MultipartError, Request, Response, WireFault, page, parts_of

if TYPE_CHECKING:
    from ..engine.engine import Engine
    from ..storage.database import Database
    from .deliveries import Deliveries
    from .oauth import OAuth

GUESS: Final = "X-Sandbox-Guess"
CALL: Final = "X-Sandbox-Call"
FAULT: Final = "x-sandbox-fault"
KEY: Final = "x-sandbox-key"
HEALTH: Final = f"{CONTROL}/health"
_ORIGIN: Final = re.compile(r"https?://(\[[0-9a-f:]+\]|[^:/]+)(?::\d+)?")
_ALLOWED: Final = "Authorization, Content-Type, Accept, X-Sandbox-Fault, X-Sandbox-Key"
_EXPOSED: Final = f"{GUESS}, {CALL}, X-Sandbox-Faults"
_MOST_SENT: Final = 1000
_FOREVER: Final = 3600.0
_GARBAGE: Final = 300
_MOST_PARAMETERS: Final = 5000
_BEGINNING: Final = 4096
"""Bytes of a broken document in which the method is looked for."""

MaybeResponse = Response | Awaitable[Response]
ControlHandler = Callable[[Request], MaybeResponse]
"""The handlers below the control prefix."""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One thing in the outbox."""

    id: int
    account: str
    sent: OutboxMessage


class Application:
    """The sandbox without its sockets."""

    def __init__(
        self,
        api: Api,
        engine: Engine,
        addresses: Addresses,
        people: Authenticator,
        clock: Clock,
        faults: Faults,
        journal: Journal,
        *,
        http: bool,
        key: str,
        oauth: OAuth | None = None,
        database: Database | None = None,
        token_header: str | None = None,
    ) -> None:
        self.api = api
        self.engine = engine
        self.addresses = addresses
        self.authenticator = people
        self.clock = clock
        self.faults = faults
        self.journal = journal
        self.oauth = oauth
        self.database = database
        self.deliveries: Deliveries | None = None
        self.control_handler: ControlHandler | None = None
        self.accounts: set[str] = set()
        self.outbox: deque[OutboxEntry] = deque(maxlen=_MOST_SENT)
        self.outbox_total = 0
        self._key = key
        self._http = http or not addresses.secure
        self._router: Router | None = None if engine.plain else Router(api, engine.tables)
        self._method_of = method_finder(api)
        addresses.known = self.accounts.__contains__

    # ---- where a request goes

    def answer(self, request: Request) -> MaybeResponse:
        """Return the response to a request, or what will be it."""
        origin = request.headers.get("origin")
        if origin is None:
            return self._route(request)
        if not (allowed_origin(origin) or self._page_with_key(origin, request)):
            return page(403, "Forbidden", "Pages of other origins cannot use the sandbox.")
        headers = [
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Expose-Headers", _EXPOSED),
            ("Vary", "Origin"),
        ]
        if request.verb == "OPTIONS":
            headers += [
                ("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE"),
                ("Access-Control-Allow-Headers", _ALLOWED),
                ("Access-Control-Allow-Private-Network", "true"),
                ("Access-Control-Max-Age", "600"),
            ]
            return Response(204, headers=headers)
        return _with_headers(self._route(request), headers)

    def _page_with_key(self, origin: str, request: Request) -> bool:
        """Return whether a page from disk or a sandboxed frame sent the key, or asks whether it may."""
        if origin != "null":
            return False
        asked = request.headers.get("access-control-request-headers", "").lower()
        return self._has_key(request) or (request.verb == "OPTIONS" and KEY in asked)

    def _has_key(self, request: Request) -> bool:
        return hmac.compare_digest(request.headers.get(KEY, "").encode(), self._key.encode())

    def _may_control(self, request: Request) -> bool:
        """Return whether a request for the control interface has the key or comes from a page of the sandbox itself."""
        if self._has_key(request):
            return True
        origin = request.headers.get("origin")
        if origin is not None:
            scheme = "https" if request.secure else "http"
            return origin == f"{scheme}://{request.headers.get('host', '')}"
        # Browsers set this header themselves; "none" is an address that the user typed or opened.
        return request.headers.get("sec-fetch-site") in ("same-origin", "none")

    def _route(self, request: Request) -> MaybeResponse:
        path = request.path
        if path.startswith(CONTROL) and path[len(CONTROL) : len(CONTROL) + 1] in ("", "/"):
            if not is_loopback(request.host):
                return page(403, "Forbidden", "Use a host name of this machine, such as localhost.")
            if path != HEALTH and not self._may_control(request):
                text = "Send the key that the sandbox printed at its start as the header X-Sandbox-Key."
                return page(401, "Key required", text, [("WWW-Authenticate", "SandboxKey")])
            # Also over plain HTTP: it never leaves the machine, and browsers do not trust the certificate.
            return (
                page(404, "Not Found", path)
                if self.control_handler is None
                else self.control_handler(request)
            )
        if not self.addresses.serves(request.host):
            return page(421, "Misdirected Request", "The Host header names another server.")
        if not request.secure and not self._http:
            return self._insecure()
        place = self.addresses.find(request.host, path, request.raw_path)
        if place is None:
            if path == "/" and request.verb == "GET":
                return page(303, "The sandbox", f"See {CONTROL}/", [("Location", f"{CONTROL}/")])
            return page(404, "Not Found", f"There is nothing at {path}.")
        if place.what != API:
            assert self.oauth is not None
            return self._stored(self.oauth.answer(request, place))
        if self._router is None and request.verb not in ("POST", "GET"):
            refused = page(405, "Method Not Allowed", "Documents are POSTed.")
            refused.headers.append(("Allow", "POST, GET"))
            return refused
        return self.call(request, place)

    def _stored(self, response: Response) -> MaybeResponse:
        """Hold a response back until the tokens in it are in the database."""
        pending = None if self.database is None else self.database.pending("")
        return response if pending is None else _after(pending, response)

    def _insecure(self) -> Response:
        guess = "plain HTTP is rejected; with which status is not documented"
        text = "The API is spoken over HTTPS. Start the sandbox with --http to allow plain HTTP."
        return page(403, "HTTPS Required", text, [(GUESS, guess)])

    # ---- a call of the API

    def call(self, request: Request, place: Endpoint) -> MaybeResponse:
        """Return the response to a call of the API."""
        started = time.perf_counter()
        self.clock.step()
        body = _body(request)
        document, parts = body.document, body.files
        http = route = None
        if self._router is not None:
            http = _http_call(request, place, body)
            route = self._router.find(http)
        person = self._person(request, place.account, http)
        entry = Entry(
            self.journal.number(), self.clock.now(), place.account, person, request.verb, request.target,
            request.headers, document,
        )  # fmt: skip
        if parts:
            entry.files = {name: (part.media, len(part.data)) for name, part in parts.items()}
        fault = NONE
        if FAULT in request.headers or self.faults.by_method:
            named = route.method.name if route is not None and route.method is not None else None
            entry.method = named or self._method_of(document)
            try:
                fault = self._fault(request, place.account, entry.method or "")
            except SandboxError as error:
                return page(400, "Bad X-Sandbox-Fault", str(error))
            entry.fault = fault.text
        if fault and not fault.what.keys().isdisjoint(INSTEAD):
            return self._instead(entry, fault, started)
        reply = self.engine.call(Call(place.account, person, document, parts, http, route))
        return self._done(entry, reply, fault, started)

    def _person(self, request: Request, account: str, http: HttpCall | None) -> Person | None:
        if account not in self.accounts:
            return None
        anybody = self.authenticator.anybody(account)
        if anybody is not None:
            return anybody
        if http is not None:
            found = self.authenticator.caller(account, http)
            if found is not None or self.oauth is None:
                return found
            return self.oauth.person(request, account)
        token = self.authenticator.token_in(request.headers)
        if token is not None:
            return self.authenticator.by_token(account, token)
        if self.oauth is not None:
            return self.oauth.person(request, account)
        return None

    def _fault(self, request: Request, account: str, method: str) -> Fault:
        """Return the fault of the request's header, or that of the rules."""
        asked = request.headers.get(FAULT)
        return (
            self.faults.meet(account, method) if asked is None else self.faults.for_request(asked)
        )

    def _done(
        self, entry: Entry, reply: EngineResponse, fault: Fault, started: float
    ) -> MaybeResponse:
        """Keep, write and tell what a call did; its response."""
        account = entry.account
        entry.method = reply.method or entry.method or self._method_of(entry.document)
        entry.arguments = reply.arguments
        entry.ok, entry.code, entry.guesses = reply.ok, reply.code, reply.guesses
        entry.events, entry.sent = reply.events, len(reply.sent)
        waits = self.took_effect(account, reply.changes, reply.sent)
        for opened in reply.opened:
            self.accounts.add(opened.account)
            if self.oauth is not None:
                self.oauth.granted(opened)
            if self.database is not None:
                waits = self.database.replace(opened.account, self.engine.changes(opened.account))
        body = b"" if entry.verb == "HEAD" else reply.body
        response = Response(reply.status, body, reply.content_type, list(reply.headers))
        if reply.status == 401:
            response.headers.append(("WWW-Authenticate", self.authenticator.challenge))
        response.headers.append((CALL, str(entry.id)))
        response.headers += [(GUESS, guess) for guess in reply.guesses]
        if not (waits or reply.events or fault):
            return self._note(entry, response, started)
        return self._finish(entry, response, reply.events, fault, waits, started)

    def took_effect(
        self, account: str, changes: Iterable[Any], sent: Iterable[OutboxMessage]
    ) -> asyncio.Future[None] | None:
        """Record the effects of a call, and return the write to wait for before responding.

        Who only reads waits for what was written before, so that no response shows what a crash could take back.
        """
        changes = tuple(changes)
        for letter in sent:
            self.outbox_total += 1
            self.outbox.append(OutboxEntry(self.outbox_total, account, letter))
        if changes:
            touched = self.engine.people_collections
            if any(change.collection in touched for change in changes):
                self.authenticator.refresh(account)
        if self.database is None:
            return None
        return self.database.write(account, changes) if changes else self.database.pending(account)

    async def effects(self, account: str, effects: Effects) -> None:
        """Record the effects of the clock."""
        waits = self.took_effect(account, effects.changes, effects.sent)
        if waits is not None:
            await waits
        if effects.events and self.deliveries is not None:
            await self.deliveries.fire(account, effects.events)

    def _note(self, entry: Entry, response: Response, started: float) -> Response:
        entry.status, entry.content_type = response.status, response.content_type
        entry.answer, entry.response_headers = response.body, response.headers
        entry.seconds = time.perf_counter() - started
        self.journal.add(entry)
        return response

    async def _finish(
        self,
        entry: Entry,
        response: Response,
        events: tuple[Event, ...],
        fault: Fault,
        waits: asyncio.Future[None] | None,
        started: float,
    ) -> Response:
        if waits is not None:
            try:
                await asyncio.shield(waits)
            except SandboxError as error:
                return self._note(entry, page(503, "Storage failed", str(error)), started)
        if events and self.deliveries is not None:
            await self.deliveries.fire(entry.account, events)
        return (
            self._spoil(entry, response, fault, started)
            if fault
            else self._note(entry, response, started)
        )

    # ---- what goes wrong

    def _instead(self, entry: Entry, fault: Fault, started: float) -> MaybeResponse:
        """Return the response to a call that is not made."""
        what = fault.what
        if "code" in what:
            reply = self.engine.refusal(what["code"])
            response = Response(reply.status, reply.body, reply.content_type)
            entry.code = what["code"]
        elif "status" in what:
            response = page(
                what["status"], "Out of order", "A fault of the sandbox asked for this response."
            )
            if 300 <= what["status"] < 400:
                response.headers.append(("Location", "/elsewhere"))
        elif "rate-limit" in what:
            response = self._limited(what["rate-limit"])
        else:
            response = Response(0)  # of which nothing is sent
        response.headers.append((CALL, str(entry.id)))
        return self._spoil(entry, response, fault, started)

    def _limited(self, seconds: float | None) -> Response:
        code = next((one.code for one in self.api.errors if one.kind == "rate_limit"), None)
        if code is not None:
            reply = self.engine.refusal(code, status=429)
            response = Response(429, reply.body, reply.content_type)
        else:
            response = page(
                429, "Too Many Requests", "A fault of the sandbox asked for a limit of calls."
            )
            response.headers.append((GUESS, "the response to too many calls is not documented"))
        response.headers.append(("Retry-After", str(max(1, round(seconds or 1)))))
        return response

    def _spoil(self, entry: Entry, response: Response, fault: Fault, started: float) -> Response:
        what = fault.what
        entry.meant = response.body
        for kind in VIOLATIONS:
            if kind in what:
                value = None if what[kind] is True else what[kind]
                response.body = violate(response.body, kind, value, self.faults.random_source)
        if "empty" in what:
            response.body = b""
        garbage = self.faults.random_source.randbytes(_GARBAGE) if "garbage" in what else None
        response.headers.append(("X-Sandbox-Faults", fault.text))
        self._note(entry, response, started)
        wait = self.faults.wait(what["latency"]) if "latency" in what else 0.0
        gone = not what.keys().isdisjoint(("lost", "reset", "hang"))
        if "hang" in what:
            wait += _FOREVER if what["hang"] is None else what["hang"]
        if gone or garbage is not None:
            entry.status = None
        entry.seconds += wait
        response.wire = WireFault(gone, garbage, what.get("truncate"), what.get("drip"), wait)
        return response


def _body(request: Request) -> Multipart:
    kind = request.headers.get("content-type", "")
    if not kind[:10].lower().startswith("multipart/"):
        return Multipart(request.body, {}, ())
    try:
        return parts_of(kind, request.body)
    except MultipartError:
        return Multipart(request.body, {}, ())  # which is no document, as the engine will say


def _http_call(request: Request, place: Endpoint, body: Multipart) -> HttpCall:
    """Return a request as the description sees it."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form: list[tuple[str, str]] = []
    if kind == "application/x-www-form-urlencoded":
        form = _pairs(body.document.decode("utf-8", "replace"))
    scheme = "https" if request.secure else "http"
    url = f"{scheme}://{request.headers.get('host', '')}{request.raw_path}"
    return HttpCall(
        request.verb, place.path, tuple(_pairs(request.query)), tuple(form), request.headers, body.document, url,
        body.named,
    )  # fmt: skip


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:  # too many
        return [("", "")]


def method_finder(api: Api) -> Callable[[bytes], str | None]:
    """Return a function that finds the method name in a document, or None."""
    from lxml import etree

    if api.envelope.request_method is None:
        return lambda document: None
    place = Place.of(api.envelope.request_method)
    if place.source:
        return lambda document: None
    lenient = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )

    def method_of(document: bytes) -> str | None:
        try:
            return (place.text(parse_xml(document)) or "").strip() or None
        except Error:
            pass
        try:
            root: etree._Element | None = etree.fromstring(document[:_BEGINNING], lenient)
        except (etree.XMLSyntaxError, ValueError, LookupError):
            return None
        return None if root is None else (place.text(root) or "").strip() or None

    return method_of


def allowed_origin(origin: str) -> bool:
    """Return whether an origin is a server of this machine. "null", which any page can send, is foreign."""
    found = _ORIGIN.fullmatch(origin.lower())
    return found is not None and is_loopback(found[1])


async def _after(pending: asyncio.Future[None], response: Response) -> Response:
    try:
        await asyncio.shield(pending)
    except SandboxError as error:
        return page(503, "Storage failed", str(error))
    return response


def _with_headers(answer: MaybeResponse, headers: list[tuple[str, str]]) -> MaybeResponse:
    if isinstance(answer, Response):
        answer.headers += headers
        return answer
    return _later_with_headers(answer, headers)


async def _later_with_headers(
    answer: Awaitable[Response], headers: list[tuple[str, str]]
) -> Response:
    response = await answer
    response.headers += headers
    return response
