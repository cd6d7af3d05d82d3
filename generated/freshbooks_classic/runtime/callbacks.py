"""Callbacks: what the service sends when something happened, as typed events. Works with any web framework.

::

    callbacks = Callbacks(form, events, verify=send_the_verifier_back)

    @callbacks.on("task.create")
    def created(event: Event) -> None: ...

    callbacks.deliver(body)      # the form body of a request, as bytes, text or a mapping
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

from .errors import Error
from .protocol import CallbackForm


class BadDelivery(Error, ValueError):
    """A request is no delivery of this service: a field is missing or has no sense. Answer it with HTTP 400."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; the object itself is to be fetched."""

    name: str
    """Such as ``"task.create"``."""
    object_id: int
    system: str
    """Address of the account where it happened."""
    user_id: int | None
    """Who did it; None where the delivery does not say."""

    @property
    def resource(self) -> str:
        """What kind of object: the first part of the name."""
        return self.name.partition(".")[0]

    @property
    def account(self) -> str:
        """Name of the account, from its address."""
        host = self.system.partition("://")[2] or self.system
        return host.partition("/")[0].partition(".")[0]


@dataclass(frozen=True, slots=True)
class Verification:
    """The service asks whether this address wants its events: send ``verifier`` back."""

    callback_id: int
    verifier: str
    system: str
    user_id: int | None

    def __repr__(self) -> str:
        return f"Verification(callback_id={self.callback_id}, system={self.system!r})"


Body = bytes | str | Mapping[str, Any]
Handler = Callable[[Event], object]
H = TypeVar("H", bound=Handler)
N = TypeVar("N", bound=str)


def parse(body: Body, names: CallbackForm) -> Event | Verification:
    """The event or verification that a form body is. Raises BadDelivery."""
    form = _form(body)
    for name in (names.event, names.object, names.system):
        if not form.get(name, "").strip():
            raise BadDelivery(f"the delivery has no {name}", field=name)
    event = form[names.event]
    object_id = _integer(form, names.object) or 0
    user_id = _integer(form, names.user)
    verifier = form.get(names.verifier)
    if event == names.verification or verifier:
        if not verifier:
            raise BadDelivery(f"the verification has no {names.verifier}", field=names.verifier)
        return Verification(object_id, verifier, form[names.system], user_id)
    return Event(event, object_id, form[names.system], user_id)


def compose(event: Event | Verification, names: CallbackForm) -> str:
    """The form body as the service would send it, for tests."""
    facts: dict[str, object] = {names.system: event.system, names.user: event.user_id}
    if isinstance(event, Verification):
        facts[names.event] = names.verification
        facts[names.object] = event.callback_id
        facts[names.verifier] = event.verifier
    else:
        facts[names.event] = event.name
        facts[names.object] = event.object_id
    return urlencode({name: value for name, value in sorted(facts.items()) if value is not None})


def _form(body: Body) -> dict[str, str]:
    if isinstance(body, Mapping):
        return {str(name): _first(value) for name, value in body.items()}
    try:
        text = body.decode("utf-8") if isinstance(body, bytes) else body
        return dict(
            parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=100)
        )
    except ValueError:
        raise BadDelivery("the body is no form") from None


def _first(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return str(value[0]) if value else ""
    return str(value)


def _integer(form: Mapping[str, str], name: str) -> int | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise BadDelivery(f"{name} should be an integer", field=name)
    return int(text)


class Callbacks(Generic[N]):
    """Dispatches deliveries to handlers, answers verifications, recognises repeated deliveries."""

    def __init__(
        self,
        form: CallbackForm,
        events: Collection[str] = (),
        *,
        verify: Callable[[Verification], object] | None = None,
        systems: Iterable[str] | None = None,
        remember: int = 1000,
    ) -> None:
        """
        Args:
            form: names of the form fields.
            events: names that exist, so that a misspelt handler is refused; empty to allow any.
            verify: called with each verification; mostly it sends the verifier back.
            systems: addresses of the accounts that are served; a delivery of another is refused. None for all.
            remember: how many deliveries are remembered, to tell repeated ones; 0 for none.
        """
        self._form = form
        self._events = frozenset(events)
        self._verify = verify
        self._systems = None if systems is None else frozenset(map(_plain_system, systems))
        self._remember = remember
        self._handlers: dict[str, list[Handler]] = {}
        self._seen: OrderedDict[Event, None] = OrderedDict()
        self._lock = threading.Lock()

    def on(self, *names: N) -> Callable[[H], H]:
        """Register a handler for events: whole names, a resource for all of its events, or ``all``.

        Raises:
            ValueError: there is no such event.
        """
        for name in names:
            if self._events and name != "all" and name not in self._events:
                from difflib import get_close_matches

                near = get_close_matches(name, sorted(self._events), 1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ValueError(f"there is no event {name!r}{hint}")

        def register(handler: H) -> H:
            for name in names:
                self._handlers.setdefault(name, []).append(handler)
            return handler

        return register

    def deliver(self, body: Body) -> Event | Verification | None:
        """Take one delivery. Answers what it was; None for one that came before and was handled.

        Answer the service with HTTP 200 when this returns. A delivery whose handler raises is forgotten again, so that the
        service's repetition is handled.

        Raises:
            BadDelivery: it is none, or of an account that is not served.
        """
        found = parse(body, self._form)
        if self._systems is not None and _plain_system(found.system) not in self._systems:
            raise BadDelivery(
                "the delivery is of an account that is not served here", field="system"
            )
        if isinstance(found, Verification):
            if self._verify is not None:
                self._verify(found)
            return found
        if not self._new(found):
            return None
        try:
            for handler in self._matching(found.name):
                handler(found)
        except BaseException:
            with self._lock:
                self._seen.pop(found, None)
            raise
        return found

    def forget(self, event: Event) -> None:
        """Take the next delivery like ``event`` as a new one: the object was changed, and changes again."""
        with self._lock:
            self._seen.pop(event, None)

    def _new(self, event: Event) -> bool:
        if not self._remember or not event.name.endswith((".create", ".delete")):
            return True  # an update may truly happen again; making and deleting happen once
        with self._lock:
            if event in self._seen:
                self._seen.move_to_end(event)
                return False
            self._seen[event] = None
            while len(self._seen) > self._remember:
                self._seen.popitem(last=False)
        return True

    def _matching(self, name: str) -> list[Handler]:
        parts = name.split(".")
        names = [".".join(parts[:depth]) for depth in range(len(parts), 0, -1)] + ["all"]
        handlers: list[Handler] = []
        for known in names:
            handlers.extend(item for item in self._handlers.get(known, ()) if item not in handlers)
        return handlers


def _plain_system(system: str) -> str:
    host = system.partition("://")[2] or system
    return host.partition("/")[0].lower()


def wsgi(callbacks: Callbacks[Any]) -> Callable[..., Iterable[bytes]]:
    """A WSGI application that takes deliveries."""

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        status, text = "405 Method Not Allowed", "POST only"
        if environ.get("REQUEST_METHOD") == "POST":
            length = environ.get("CONTENT_LENGTH") or "0"
            body = environ["wsgi.input"].read(min(int(length), 65536) if length.isdigit() else 0)
            status, text = _answered(callbacks, body)
        start(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [text.encode()]

    return application


def asgi(callbacks: Callbacks[Any]) -> Callable[..., Any]:
    """An ASGI application that takes deliveries; handlers run in a thread, as they may block."""

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        status, text = "405 Method Not Allowed", "POST only"
        if scope["method"] == "POST":
            body = b""
            more = True
            while more and len(body) <= 65536:
                message = await receive()
                body += message.get("body", b"")
                more = message.get("more_body", False)
            import asyncio

            status, text = await asyncio.to_thread(_answered, callbacks, body)
        headers = [(b"content-type", b"text/plain; charset=utf-8")]
        await send({"type": "http.response.start", "status": int(status[:3]), "headers": headers})
        await send({"type": "http.response.body", "body": text.encode()})

    return application


def _answered(callbacks: Callbacks[Any], body: bytes) -> tuple[str, str]:
    try:
        callbacks.deliver(body)
    except BadDelivery as error:
        return "400 Bad Request", error.message
    except Exception:
        import logging

        logging.getLogger(__name__.partition(".")[0]).exception("a callback handler failed")
        return "500 Internal Server Error", "the handler failed"
    return "200 OK", "ok"
