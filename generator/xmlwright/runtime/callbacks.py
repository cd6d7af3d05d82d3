"""Callbacks: what the service sends when something happened, as typed events. Works with any web framework.

::

    callbacks = Callbacks(form, events, verify=send_the_verifier_back)

    @callbacks.on("task.create")
    def created(event: Event) -> None: ...

    callbacks.deliver(body)      # the form body of a request, as bytes, text or a mapping
"""

from __future__ import annotations

import inspect
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

from .errors import Error
from .protocol import CallbackForm

LARGEST_DELIVERY: Final = 64 * 1024
"""Bytes; a delivery has a few fields, so a longer body is refused unread."""


class InvalidDeliveryError(Error, ValueError):
    """A request is no delivery of this service: a field is missing or makes no sense. Respond with HTTP 400."""


class DeliveryInProgressError(Error):
    """The same delivery came again while the first is still being handled. Respond with HTTP 503: it will come again."""


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


Body = bytes | str | Mapping[Any, Any]
"""A form body as it came, or what a web framework made of it: field -> value or list of values."""
Handler = Callable[[Event], object]
Call = Callable[[], object]
H = TypeVar("H", bound=Handler)
N = TypeVar("N", bound=str)


def parse(body: Body, names: CallbackForm) -> Event | Verification:
    """The event or verification that a form body is. Raises InvalidDeliveryError."""
    form = _form(body)
    for name in (names.event, names.object, names.system):
        if not form.get(name, "").strip():
            raise InvalidDeliveryError(f"the delivery has no {name}", field=name)
    event = form[names.event]
    object_id = _integer(form, names.object) or 0
    user_id = _integer(form, names.user)
    verifier = form.get(names.verifier)
    if event == names.verification or verifier:
        if not verifier:
            raise InvalidDeliveryError(
                f"the verification has no {names.verifier}", field=names.verifier
            )
        return Verification(object_id, verifier, form[names.system], user_id)
    return Event(event, object_id, form[names.system], user_id)


def compose(event: Event | Verification, names: CallbackForm) -> str:
    """The form body as the service would send it, for tests."""
    facts: dict[str, str | int | None] = {names.system: event.system, names.user: event.user_id}
    if isinstance(event, Verification):
        facts[names.event] = names.verification
        facts[names.object] = event.callback_id
        facts[names.verifier] = event.verifier
    else:
        facts[names.event] = event.name
        facts[names.object] = event.object_id
    return urlencode({name: value for name, value in sorted(facts.items()) if value is not None})


def _form(body: Body) -> dict[str, str]:
    pairs: Iterable[tuple[str, str]]
    if isinstance(body, Mapping):
        pairs = [
            (_text(name), _text(value)) for name, given in body.items() for value in _all(given)
        ]
    else:
        try:
            text = (body.decode("utf-8") if isinstance(body, bytes) else body).strip()
            if len(text) > LARGEST_DELIVERY:
                raise ValueError("too long")
            pairs = parse_qsl(
                text,
                keep_blank_values=True,
                strict_parsing=bool(text),
                errors="strict",
                max_num_fields=100,
            )
        except ValueError:
            raise InvalidDeliveryError("the body is no form") from None
    form: dict[str, str] = {}
    for name, value in pairs:
        # Which of two values another reader took is not known, so neither is safe to act on.
        if form.setdefault(name, value) != value:
            raise InvalidDeliveryError("a field is given twice, with different values")
    return form


def _all(value: Any) -> Iterable[Any]:
    if isinstance(value, (list, tuple)):
        return value
    return () if value is None else (value,)


def _text(value: Any) -> str:
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidDeliveryError("the body is no form") from None


def _integer(form: Mapping[str, str], name: str) -> int | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise InvalidDeliveryError(f"{name} should be an integer", field=name)
    return int(text)


class Callbacks(Generic[N]):
    """Dispatches deliveries to handlers, responds to verifications, recognizes repeated deliveries."""

    def __init__(
        self,
        form: CallbackForm,
        events: Collection[str] = (),
        *,
        verify: Callable[[Verification], object] | None = None,
        systems: Iterable[str] | None = None,
        remember: int = 1000,
    ) -> None:
        """Set up the handling of callbacks.

        Args:
        form: names of the form fields.
        events: names that exist, so that a misspelt handler is refused; empty to allow any.
        verify: called with each verification; mostly it sends the verifier back. It may be asynchronous, as handlers may, where
            :meth:`deliver_async` or :func:`asgi` is used.
        systems: addresses of the accounts that are served; a delivery of another is refused. None for all.
        remember: how many deliveries are remembered, to tell repeated ones; 0 for none.
        """
        self._form = form
        self._events = frozenset(events)
        self._verify = verify
        served = (systems,) if isinstance(systems, str) else systems
        self._systems = None if served is None else frozenset(map(_plain_system, served))
        self._remember = remember
        self._busy: set[Event] = set()
        self._handlers: dict[str, list[Handler]] = {}
        self._seen: OrderedDict[Event, None] = OrderedDict()
        self._lock = threading.Lock()

    def on(self, *names: N) -> Callable[[H], H]:
        """Register a handler for events: whole names, a resource for all of its events, or ``all``.

        Handlers of the whole name are called first, then those of its resource, then those of ``all``; among equals, in the order
        of registration. A handler is called once, however many of its names fit.

        Raises:
            ValueError: there is no such event, or none is named.
        """
        if not names:
            raise ValueError("name the events of the handler, or 'all'")
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
        """Handle one delivery, and return it; None for one that was handled before.

        Answer the service with HTTP 200 when this returns. A delivery whose handler raises is forgotten again, so that the
        service's repetition is handled, by all handlers. Making and deleting an object happen once, so these deliveries are known
        again; a repeated delivery of anything else, such as an update, cannot be distinguished from another one, and is handled again.

        Raises:
            InvalidDeliveryError: it is none, or of an account that is not served.
            DeliveryInProgressError: the same is being handled in another thread, and may yet fail.
        """
        found = self._served(body)
        with self._in_hand(found) as fresh:
            if not fresh:
                return None
            for call in self._calls(found):
                result = call()
                if inspect.isawaitable(result):
                    if inspect.iscoroutine(result):
                        result.close()
                    raise TypeError("an asynchronous handler needs deliver_async() or asgi()")
        return found

    async def deliver_async(self, body: Body) -> Event | Verification | None:
        """As :meth:`deliver`, for an event loop: plain handlers run in a thread, asynchronous ones are awaited."""
        import asyncio

        found = self._served(body)
        with self._in_hand(found) as fresh:
            if not fresh:
                return None
            for call in self._calls(found):
                result = await asyncio.to_thread(call)
                if inspect.isawaitable(result):
                    await result
        return found

    def _served(self, body: Body) -> Event | Verification:
        found = parse(body, self._form)
        if self._systems is not None and _plain_system(found.system) not in self._systems:
            raise InvalidDeliveryError(
                "the delivery is of an account that is not served here", field=self._form.system
            )
        return found

    def _calls(self, found: Event | Verification) -> list[Call]:
        """What is to be called, one after the other."""
        if isinstance(found, Verification):
            return [] if self._verify is None else [partial(self._verify, found)]
        return [partial(handler, found) for handler in self._matching(found.name)]

    @contextmanager
    def _in_hand(self, found: Event | Verification) -> Iterator[bool]:
        """Whether a delivery is new; one that was handled to its end is not, when it comes again."""
        if (
            isinstance(found, Verification)
            or self._remember <= 0
            or not found.name.endswith((".create", ".delete"))
        ):
            yield True
            return
        fresh = self._new(found)
        try:
            yield fresh
            if fresh:
                self._note(found)
        finally:
            if fresh:
                with self._lock:
                    self._busy.discard(found)

    def forget(self, event: Event) -> None:
        """Take the next delivery like ``event`` as a new one: the object was changed, and changes again."""
        with self._lock:
            self._seen.pop(event, None)

    def _new(self, event: Event) -> bool:
        """Whether an event was not handled yet; it is then taken to be in hand."""
        with self._lock:
            if event in self._busy:
                raise DeliveryInProgressError("the same delivery is being handled")
            if event in self._seen:
                self._seen.move_to_end(event)
                return False
            self._busy.add(event)
        return True

    def _note(self, event: Event) -> None:
        with self._lock:
            self._seen[event] = None
            while len(self._seen) > self._remember:
                self._seen.popitem(last=False)

    def _matching(self, name: str) -> list[Handler]:
        parts = name.split(".")
        names = [".".join(parts[:depth]) for depth in range(len(parts), 0, -1)] + ["all"]
        handlers: list[Handler] = []
        for known in names:
            handlers.extend(item for item in self._handlers.get(known, ()) if item not in handlers)
        return handlers


def _plain_system(system: str) -> str:
    host = system.partition("://")[2] or system
    return host.partition("/")[0].strip().lower().removesuffix(":443")


_NOT_POST: Final = ("405 Method Not Allowed", "POST only")
_TOO_LARGE: Final = ("413 Content Too Large", "a delivery is shorter")
_TEXT: Final = "text/plain; charset=utf-8"


def wsgi(callbacks: Callbacks[Any]) -> Callable[..., Iterable[bytes]]:
    """A WSGI application that takes deliveries."""

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        status, text = _NOT_POST
        headers = [("Content-Type", _TEXT)]
        if environ.get("REQUEST_METHOD") == "POST":
            body = _wsgi_body(environ)
            status, text = _TOO_LARGE if body is None else _answered(callbacks, body)
        else:
            headers.append(("Allow", "POST"))
        content = text.encode()
        start(status, [*headers, ("Content-Length", str(len(content)))])
        return [content]

    return application


def _wsgi_body(environ: Mapping[str, Any]) -> bytes | None:
    """The body of a request; None for one that is too long."""
    length = str(environ.get("CONTENT_LENGTH") or "")
    if length.isascii() and length.isdigit():
        if len(length) > 9 or int(length) > LARGEST_DELIVERY:
            return None
        body: bytes = environ["wsgi.input"].read(int(length))
        return body
    if environ.get("wsgi.input_terminated"):  # sent in chunks, to a server that puts them together
        start: bytes = environ["wsgi.input"].read(LARGEST_DELIVERY + 1)
        return None if len(start) > LARGEST_DELIVERY else start
    return b""


def asgi(callbacks: Callbacks[Any]) -> Callable[..., Coroutine[Any, Any, None]]:
    """An ASGI application that takes deliveries; plain handlers run in a thread, as they may block."""

    async def application(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            raise ValueError(f"deliveries come over HTTP, not {scope['type']}")
        status, text = _NOT_POST
        headers = [(b"content-type", _TEXT.encode())]
        if scope["method"] == "POST":
            try:
                body = await _asgi_body(receive)
            except ConnectionResetError:
                return
            if body is None:
                status, text = _TOO_LARGE
            else:
                status, text = await _answered_async(callbacks, body)
        else:
            headers.append((b"allow", b"POST"))
        content = text.encode()
        headers.append((b"content-length", str(len(content)).encode()))
        await send({"type": "http.response.start", "status": int(status[:3]), "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return application


async def _asgi_body(receive: Any) -> bytes | None:
    """The body of a request; None for one that is too long. Raises ConnectionResetError where it breaks off."""
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError
        body += message.get("body", b"")
        if len(body) > LARGEST_DELIVERY:
            return None
        if not message.get("more_body"):
            return body


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _answered(callbacks: Callbacks[Any], body: bytes) -> tuple[str, str]:
    try:
        callbacks.deliver(body)
    except Exception as error:
        return _failed(error)
    return _OK


async def _answered_async(callbacks: Callbacks[Any], body: bytes) -> tuple[str, str]:
    try:
        await callbacks.deliver_async(body)
    except Exception as error:
        return _failed(error)
    return _OK


def _failed(error: Exception) -> tuple[str, str]:
    if isinstance(error, InvalidDeliveryError):
        return "400 Bad Request", error.message
    if isinstance(error, DeliveryInProgressError):
        return "503 Service Unavailable", error.message
    logging.getLogger(_LOGGER).error("a callback handler failed", exc_info=error)
    return "500 Internal Server Error", "the handler failed"


_OK: Final = ("200 OK", "ok")
_LOGGER: Final = __name__.rpartition(".runtime.")[0]
"""The full name of the package, also in a vendored copy."""
