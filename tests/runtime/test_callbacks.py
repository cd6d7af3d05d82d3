"""Callbacks: what a delivery is, who is told of it, and the handshake with a service that really calls back."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import io
import logging
import socket
import socketserver
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.validate import validator

import pytest
from clean_environment import quiet_environment
from http_servers import OK, Got, Say, Server, running, serving
from hypothesis import given
from hypothesis import strategies as st

from freshbooks_classic import Error, FreshBooks, wire
from freshbooks_classic.events import (
    EVENTS,
    Callbacks,
    DeliveryInProgressError,
    Event,
    InvalidDeliveryError,
    Verification,
    asgi,
    compose,
    parse,
    wsgi,
)

__all__ = ["quiet_environment"]

SYSTEM = "https://sample.freshbooks.com"
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
FORM = {"name": "invoice.create", "object_id": "20", "system": SYSTEM, "user_id": "1"}
CREATED = Event("invoice.create", 20, SYSTEM, 1)


def body_of(**changes: str | None) -> str:
    """The form body of a delivery that differs from the usual one."""
    form = {**FORM, **changes}
    return urlencode({name: value for name, value in form.items() if value is not None})


# What a delivery is


@pytest.mark.parametrize(
    "body",
    [
        body_of(),
        body_of().encode(),
        body_of() + "\r\n",
        body_of(added_later="yes"),
        FORM,
        {name: [value] for name, value in FORM.items()},
        {name: (value,) for name, value in FORM.items()},
        parse_qs(body_of()),
        parse_qs(body_of().encode()),
        {**FORM, "object_id": 20, "user_id": 1},
        {**FORM, "verifier": None},
    ],
    ids=[
        "text", "bytes", "line break at the end", "field that nobody knows", "mapping", "mapping of lists", "mapping of tuples",
        "parse_qs of text", "parse_qs of bytes", "mapping with numbers", "mapping with a none",
    ],
)  # fmt: skip
def test_a_delivery_is_read_from_whatever_a_framework_gives(body: Any) -> None:
    event = parse(body)
    assert event == CREATED
    assert isinstance(event, Event)
    assert (event.resource, event.account) == ("invoice", "sample")


def test_an_event_that_was_added_later_and_a_delivery_without_a_user_are_read() -> None:
    assert parse(body_of(name="retainer.create", user_id=None)) == Event(
        "retainer.create", 20, SYSTEM, None
    )


VERIFIER = "3bPTNcPgbN76QLgKLSR9XdgQJWvhhN4xrT"


@pytest.mark.parametrize("name", ["callback.verify", "anything"])
def test_a_verification_is_known_by_its_name_and_by_its_verifier(name: str) -> None:
    asked = parse(body_of(name=name, verifier=VERIFIER))
    assert asked == Verification(20, VERIFIER, SYSTEM, 1)
    assert VERIFIER not in repr(asked)


MALFORMED: list[tuple[str, Any, str | None]] = [
    ("empty", "", "name"),
    ("empty bytes", b"", "name"),
    ("empty mapping", {}, "name"),
    ("no name", body_of(name=None), "name"),
    ("blank name", body_of(name="  "), "name"),
    ("no object", body_of(object_id=None), "object_id"),
    ("blank object", body_of(object_id=""), "object_id"),
    ("object of letters", body_of(object_id="twenty"), "object_id"),
    ("negative object", body_of(object_id="-1"), "object_id"),
    ("object with a fraction", body_of(object_id="1.0"), "object_id"),
    ("object of foreign digits", body_of(object_id="٢"), "object_id"),
    ("endless object", body_of(object_id="9" * 5000), "object_id"),
    ("user of letters", body_of(user_id="me"), "user_id"),
    ("no system", body_of(system=None), "system"),
    ("verification without a verifier", body_of(name="callback.verify"), "verifier"),
    (
        "verification with an empty verifier",
        body_of(name="callback.verify", verifier=""),
        "verifier",
    ),
    ("empty list", {**FORM, "name": []}, "name"),
    ("a field said twice", body_of() + "&object_id=21", None),
    ("a field listed twice", {**FORM, "object_id": ["20", "21"]}, None),
    ("JSON", '{"name": "invoice.create"}', None),
    ("XML", b"<request/>", None),
    ("no UTF-8", b"name=\xff\xfe", None),
    ("no UTF-8 behind per cent", b"name=%ff%fe&object_id=1&system=x", None),
    ("no UTF-8 in a mapping", {b"name": [b"\xff"]}, None),
    ("too many fields", "&".join(f"a{n}=1" for n in range(1000)), None),
    ("too long", "name=" + "x" * 100_000, None),
]


@pytest.mark.parametrize(
    ("body", "field"), [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED]
)
def test_what_is_no_delivery_is_told_with_its_field_and_nothing_is_called(
    body: Any, field: str | None
) -> None:
    called: list[object] = []
    callbacks = Callbacks(verify=called.append)
    callbacks.on("all")(called.append)
    for take in (parse, callbacks.deliver):
        with pytest.raises(InvalidDeliveryError) as caught:
            take(body)
        assert caught.value.field == field
        assert isinstance(caught.value, Error)
        assert isinstance(caught.value, ValueError)
    assert called == []


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
def test_no_body_at_all_ends_in_anything_but_a_typed_answer(body: bytes | str) -> None:
    with contextlib.suppress(InvalidDeliveryError):
        assert isinstance(parse(body), Event | Verification)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
IDS = st.integers(0, 10**18)
USERS = st.none() | IDS


@given(st.builds(Event, TEXTS.filter(lambda name: name != "callback.verify"), IDS, TEXTS, USERS))
def test_an_event_composed_is_the_event_parsed(event: Event) -> None:
    assert parse(compose(event)) == parse(compose(event).encode()) == event


@given(st.builds(Verification, IDS, TEXTS, TEXTS, USERS))
def test_a_verification_composed_is_the_verification_parsed(asked: Verification) -> None:
    assert parse(compose(asked)) == asked


# Dispatch


def told(callbacks: Callbacks, *names: Any) -> list[str]:
    """Register a handler for names; answers the list that it writes to."""
    heard: list[str] = []
    callbacks.on(*names)(lambda event: heard.append(f"{event.name} {event.object_id}"))
    return heard


def test_whole_name_resource_and_all_are_told_and_nobody_else() -> None:
    callbacks = Callbacks()
    whole, resource, everything = (
        told(callbacks, name) for name in ("invoice.create", "invoice", "all")
    )
    others = [
        told(callbacks, name) for name in ("invoice.update", "payment", "payment.create", "item")
    ]
    assert callbacks.deliver(body_of()) == CREATED
    assert whole == resource == everything == ["invoice.create 20"]
    assert others == [[], [], [], []]


def test_every_event_of_the_description_reaches_its_name_its_resource_and_all() -> None:
    reached = 0
    for name in EVENTS:
        callbacks = Callbacks(remember=0)
        heard = [told(callbacks, wanted) for wanted in {name, name.partition(".")[0], "all"}]
        callbacks.deliver(compose(Event(name, 5, SYSTEM, 1)))
        assert all(entry == [f"{name} 5"] for entry in heard), name
        reached += len(heard)
    assert len(EVENTS) == 56
    print(f"{len(EVENTS)} events, {reached} handlers reached")


def test_a_deeper_name_belongs_to_its_resource() -> None:
    callbacks = Callbacks()
    heard, other = told(callbacks, "invoice"), told(callbacks, "invoice.pastdue.2")
    callbacks.deliver(body_of(name="invoice.pastdue.1"))
    assert (heard, other) == (["invoice.pastdue.1 20"], [])


def test_an_event_that_nobody_described_reaches_its_resource_and_all() -> None:
    callbacks = Callbacks()
    resource, everything = told(callbacks, "invoice"), told(callbacks, "all")
    callbacks.deliver(body_of(name="invoice.refund"))
    assert resource == everything == ["invoice.refund 20"]


def test_handlers_are_called_from_the_particular_to_the_general_and_else_in_order() -> None:
    callbacks = Callbacks()
    order: list[str] = []
    for label, name in [
        ("a", "all"),
        ("b", "invoice"),
        ("c", "invoice.create"),
        ("d", "invoice.create"),
        ("e", "invoice"),
    ]:
        callbacks.on(name)(lambda event, label=label: order.append(label))  # type: ignore[arg-type]
    callbacks.deliver(body_of())
    assert "".join(order) == "cdbea"


def test_a_handler_of_several_fitting_names_is_called_once_and_stays_a_function() -> None:
    callbacks = Callbacks()
    heard: list[Event] = []

    @callbacks.on("invoice.create", "invoice", "all")
    def handler(event: Event) -> None:
        heard.append(event)

    callbacks.deliver(body_of())
    assert heard == [CREATED]
    handler(CREATED)
    assert len(heard) == 2


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["invoice.crate"], "did you mean 'invoice.create'"),
        (["Invoice"], "did you mean 'invoice'"),
        (["invoice.create", "nothing.like.it"], "no event 'nothing.like.it'"),
        (["callback.verify"], "no event"),
        ([], "name the events"),
    ],
)
def test_a_handler_for_no_event_is_refused_when_it_is_registered(
    names: list[Any], said: str
) -> None:
    callbacks = Callbacks()
    with pytest.raises(ValueError, match=said):
        callbacks.on(*names)
    assert callbacks.deliver(body_of()) == CREATED


# Repetition


def test_making_and_deleting_are_handled_once_and_updates_each_time() -> None:
    callbacks = Callbacks()
    heard = told(callbacks, "all")
    for name in ("invoice.create", "invoice.update", "invoice.delete", "invoice.sendByEmail"):
        answers = [callbacks.deliver(body_of(name=name)) for _ in range(3)]
        once = name in ("invoice.create", "invoice.delete")
        assert [response is None for response in answers] == [False, once, once], name
        assert heard.count(f"{name} 20") == (1 if once else 3), name


@pytest.mark.parametrize(
    "change",
    [{"object_id": "21"}, {"system": "https://other.freshbooks.com"}, {"name": "client.create"}],
)
def test_another_object_account_or_event_is_no_repetition(change: dict[str, str]) -> None:
    callbacks = Callbacks()
    heard = told(callbacks, "all")
    assert callbacks.deliver(body_of()) is not None
    assert callbacks.deliver(body_of(**change)) is not None
    assert len(heard) == 2


def test_memory_is_bounded_can_be_cleared_and_can_be_turned_off() -> None:
    callbacks = Callbacks(remember=2)
    heard = told(callbacks, "all")
    for number in ("1", "2", "3", "2", "3", "1"):
        callbacks.deliver(body_of(object_id=number))
    assert heard == [f"invoice.create {number}" for number in (1, 2, 3, 1)]
    event = parse(body_of(object_id="1"))
    assert isinstance(event, Event)
    callbacks.forget(event)
    assert callbacks.deliver(body_of(object_id="1")) == event
    forgetful = Callbacks(remember=0)
    assert [forgetful.deliver(body_of()) for _ in range(2)] == [CREATED, CREATED]


def test_what_a_handler_failed_at_is_handled_again_by_all() -> None:
    callbacks = Callbacks()
    first = told(callbacks, "all")
    failures = [ValueError("database is away"), StopIteration(), None]

    @callbacks.on("invoice")
    def fails(event: Event) -> None:
        failure = failures.pop(0)
        if failure is not None:
            raise failure

    for expected in (ValueError, (StopIteration, RuntimeError)):
        with pytest.raises(expected):
            callbacks.deliver(body_of())
    assert first == []  # handlers of the resource come before those of all
    assert callbacks.deliver(body_of()) == CREATED
    assert callbacks.deliver(body_of()) is None
    assert first == ["invoice.create 20"]


def test_a_repetition_that_comes_while_the_first_is_in_hand_is_not_confirmed() -> None:
    callbacks = Callbacks()
    inside, go_on = threading.Event(), threading.Event()
    ends: list[object] = []

    @callbacks.on("all")
    def slow(event: Event) -> None:
        inside.set()
        assert go_on.wait(60)
        if not ends:
            ends.append("failed")
            raise ValueError("in the end it fails")

    def first() -> None:
        with pytest.raises(ValueError, match="in the end"):
            callbacks.deliver(body_of())

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(60)
    with pytest.raises(DeliveryInProgressError):
        callbacks.deliver(body_of())
    go_on.set()
    thread.join(60)
    assert callbacks.deliver(body_of()) == CREATED, "the event was lost"


# Accounts


@pytest.mark.parametrize(
    "served",
    [
        SYSTEM,
        [SYSTEM],
        ["sample.freshbooks.com"],
        [f"{SYSTEM}/", "https://b.freshbooks.com"],
        ["HTTPS://Sample.FreshBooks.com:443"],
    ],
)
def test_only_accounts_that_are_served_get_in(served: Any) -> None:
    asked: list[Verification] = []
    callbacks = Callbacks(systems=served, verify=asked.append)
    heard = told(callbacks, "all")
    assert callbacks.deliver(body_of()) == CREATED
    for system in (
        "https://evil.example.com",
        "https://sample.freshbooks.com.evil.example.com",
        "https://evil.example.com/sample.freshbooks.com",
    ):
        for name, verifier in (("invoice.create", None), ("callback.verify", VERIFIER)):
            with pytest.raises(InvalidDeliveryError) as caught:
                callbacks.deliver(body_of(name=name, verifier=verifier, system=system))
            assert caught.value.field == "system"
    assert heard == ["invoice.create 20"]
    assert asked == []


# Web servers


def post(url: str, body: bytes, method: str = "POST") -> tuple[int, str]:
    """What a server answers."""
    request = urllib.request.Request(url, body, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


class _Quiet(WSGIRequestHandler):
    timeout = 60

    def log_message(self, format: str, *args: Any) -> None:
        return

    def finish(self) -> None:
        """Read on what the application left unread, as other servers do: closed at once, the connection is reset, and a client
        that still sends never sees the answer."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            for _ in range(1000):
                if not self.connection.recv(65536):
                    break
        super().finish()


class _Threads(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Running:
    """An application of either kind, to be POSTed to."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def post(self, application: Any, body: bytes, method: str = "POST") -> tuple[int, str]:
        if self.kind == "asgi":
            return asyncio.run(drive(application, [body], method))
        server = make_server(
            "127.0.0.1", 0, validator(application), server_class=_Threads, handler_class=_Quiet
        )
        with running(server):
            return post(f"http://127.0.0.1:{server.server_port}/", body, method)

    def application(self, callbacks: Callbacks) -> Any:
        return wsgi(callbacks) if self.kind == "wsgi" else asgi(callbacks)


async def drive(
    application: Any, pieces: list[bytes], method: str = "POST", *, breaks_off: bool = False
) -> tuple[int, str]:
    """Call an ASGI application as a server does, with a body that comes in pieces."""
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": piece, "more_body": breaks_off or number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]
    messages.append({"type": "http.disconnect"})
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "method": method,
        "path": "/",
        "headers": [],
    }
    await asyncio.wait_for(application(scope, receive, send), 10)
    if not sent:
        return 0, ""
    start, end = sent
    headers = dict(start["headers"])
    assert int(headers[b"content-length"]) == len(end["body"])
    return start["status"], end["body"].decode()


@pytest.fixture(params=["wsgi", "asgi"])
def web(request: pytest.FixtureRequest) -> Running:
    return Running(request.param)


def test_a_delivery_is_handled_and_confirmed(web: Running) -> None:
    callbacks = Callbacks()
    heard = told(callbacks, "invoice")
    application = web.application(callbacks)
    assert web.post(application, body_of().encode()) == (200, "ok")
    assert web.post(application, body_of().encode()) == (200, "ok")
    assert heard == ["invoice.create 20"]


def test_a_failing_handler_is_500_and_the_repetition_is_handled(
    web: Running, caplog: pytest.LogCaptureFixture
) -> None:
    callbacks = Callbacks()
    failures = ["the database is away"]
    heard: list[Event] = []

    @callbacks.on("all")
    def fails(event: Event) -> None:
        if failures:
            raise ValueError(failures.pop())
        heard.append(event)

    application = web.application(callbacks)
    status, text = web.post(application, body_of().encode())
    assert status == 500
    assert "database" not in text, "the service is told what is none of its business"
    [record] = [record for record in caplog.records if record.name == "freshbooks_classic"]
    assert record.levelno == logging.ERROR
    assert "the database is away" in caplog.text
    assert web.post(application, body_of().encode()) == (200, "ok")
    assert heard == [CREATED]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"name=invoice.create", 400),
        (b'{"name": "invoice.create"}', 400),
        (b"\xff\xfe", 400),
        (body_of(system="https://evil.example.com").encode(), 400),
        (body_of(padding="x" * 70_000).encode(), 413),
        (body_of().encode() + b"&" + b"x" * 1_000_000, 413),
    ],
    ids=["empty", "half", "json", "no text", "wrong account", "long", "huge"],
)
def test_what_is_no_delivery_is_refused_and_not_handled(
    web: Running, body: bytes, status: int
) -> None:
    callbacks = Callbacks(systems=[SYSTEM])
    heard = told(callbacks, "all")
    assert web.post(web.application(callbacks), body)[0] == status
    assert heard == []


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD"])
def test_anything_but_post_is_refused(web: Running, method: str) -> None:
    callbacks = Callbacks()
    heard = told(callbacks, "all")
    assert web.post(web.application(callbacks), body_of().encode(), method)[0] == 405
    assert heard == []


def test_wsgi_takes_bodies_in_chunks_where_the_server_puts_them_together() -> None:
    for size, status in ((0, "200"), (70_000, "413")):
        callbacks = Callbacks()
        body = body_of(padding="x" * size).encode()
        environ = {
            "REQUEST_METHOD": "POST",
            "wsgi.input": io.BytesIO(body),
            "wsgi.input_terminated": True,
        }
        said: list[str] = []
        list(wsgi(callbacks)(environ, lambda status, headers, said=said: said.append(status)))
        assert said[0].startswith(status)


@pytest.mark.parametrize("length", ["-5", "many", "٣", "9" * 5000])
def test_wsgi_survives_a_content_length_that_is_none(length: str) -> None:
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_LENGTH": length,
        "wsgi.input": io.BytesIO(b"x" * 99),
    }
    said: list[str] = []
    list(wsgi(Callbacks())(environ, lambda status, headers: said.append(status)))
    assert said[0][:3] in ("400", "413")


def test_asgi_puts_pieces_together_and_drops_what_breaks_off() -> None:
    callbacks = Callbacks()
    heard = told(callbacks, "all")
    whole = body_of(user_id="12345").encode()
    pieces = [whole[at : at + 7] for at in range(0, len(whole), 7)]
    assert asyncio.run(drive(asgi(callbacks), pieces)) == (200, "ok")
    assert heard == ["invoice.create 20"]
    # What came is a delivery as it stands, of user 123; but it is not what was sent.
    half = body_of(object_id="7", user_id="12345").encode()[:-2]
    assert asyncio.run(drive(asgi(callbacks), [half], breaks_off=True)) == (0, "")
    assert heard == ["invoice.create 20"]


def test_asgi_starts_up_and_shuts_down() -> None:
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["type"])

    asyncio.run(asgi(Callbacks())({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_asynchronous_handlers_are_awaited_and_plain_ones_do_not_stop_the_loop() -> None:
    callbacks = Callbacks()
    order: list[str] = []
    ticking = threading.Event()

    @callbacks.on("invoice.create")
    def plain(event: Event) -> None:
        order.append("plain")
        assert ticking.wait(60), "the loop stood still"

    @callbacks.on("invoice")
    async def awaited(event: Event) -> None:
        await asyncio.sleep(0)
        order.append("awaited")

    async def both() -> None:
        delivery = asyncio.ensure_future(callbacks.deliver_async(body_of()))
        while "plain" not in order:
            await asyncio.sleep(0.001)
        ticking.set()
        assert await delivery == CREATED

    asyncio.run(asyncio.wait_for(both(), 120))
    assert order == ["plain", "awaited"]


def test_an_asynchronous_handler_that_nobody_awaits_is_an_error_not_a_lost_event(
    web: Running, caplog: pytest.LogCaptureFixture
) -> None:
    callbacks = Callbacks()
    heard: list[Event] = []

    @callbacks.on("all")
    async def awaited(event: Event) -> None:
        heard.append(event)

    with pytest.raises(TypeError, match="deliver_async"):
        callbacks.deliver(body_of())
    status, _ = web.post(web.application(callbacks), body_of().encode())
    assert (status, heard) == ((500, []) if web.kind == "wsgi" else (200, [CREATED]))


# The handshake, end to end, with the examples of the documentation


class CallingService:
    """The service: takes callback.create, POSTs the verification there, takes callback.verify, then POSTs events."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.verified = threading.Event()
        self.confirmed: list[tuple[int, str]] = []
        self.uri = ""
        self._verifiers = {7: VERIFIER}

    def __call__(self, got: Got) -> Say | bytes:
        method, arguments = wire.parse_request(got.body)
        self.calls.append((method, arguments))
        if method == "callback.create":
            self.uri = arguments["uri"]
            asked = Verification(7, self._verifiers[7], SYSTEM, 1)
            threading.Thread(target=self.deliver, args=(asked,), daemon=True).start()
            return b'<response status="ok"><callback_id>7</callback_id></response>'
        if method == "callback.verify":
            if arguments["verifier"] != self._verifiers.get(arguments["callback_id"]):
                return b'<response status="fail"><error>Invalid verifier.</error><code>40060</code></response>'
            self.verified.set()
        if method == "invoice.get":
            return (
                b'<response status="ok"><invoice><invoice_id>20</invoice_id><number>0000020</number>'
                b"<amount>45.60</amount><currency_code>CAD</currency_code></invoice></response>"
            )
        return OK

    def deliver(self, event: Event | Verification) -> None:
        self.confirmed.append(post(self.uri, compose(event).encode()))


def example(name: str) -> ModuleType:
    """A program of docs/examples, loaded as it stands."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def service(
    quiet_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[CallingService, Server]]:
    calling = CallingService()
    with serving(calling) as server:
        monkeypatch.setenv("FRESHBOOKS_ACCOUNT", "sample")
        monkeypatch.setenv("FRESHBOOKS_TOKEN", "5ae1b3c0d9f8472e96c3b7a4f0d21e88")
        monkeypatch.setenv("FRESHBOOKS_URL", server.url)
        yield calling, server


def test_the_wsgi_example_shakes_hands_and_is_told(
    service: tuple[CallingService, Server], capsys: pytest.CaptureFixture[str]
) -> None:
    calling, _ = service
    program = example("callbacks_wsgi")
    server = make_server(
        "127.0.0.1", 0, validator(program.application), server_class=_Threads, handler_class=_Quiet
    )
    with running(server), program.fb as fb:
        uri = f"http://127.0.0.1:{server.server_port}/callbacks"
        assert fb.callback.create(event="invoice", uri=uri) == 7
        assert calling.verified.wait(60), "the verification did not come back"
        for event in (
            CREATED,
            CREATED,
            Event("payment.update", 3, SYSTEM, 1),
            Event("task.create", 4, SYSTEM, 1),
        ):
            calling.deliver(event)
    assert [method for method, _ in calling.calls] == [
        "callback.create",
        "callback.verify",
        "invoice.get",
    ]
    assert calling.calls[1][1] == {"callback_id": 7, "verifier": VERIFIER}
    assert {status for status, _ in calling.confirmed} == {200}
    assert capsys.readouterr().out == "invoice 0000020: 45.60 CAD\npayment.update 3\n"


def test_the_asgi_example_shakes_hands_and_is_told(
    service: tuple[CallingService, Server], capsys: pytest.CaptureFixture[str]
) -> None:
    calling, _ = service
    program = example("callbacks_asgi")

    async def serve() -> list[int]:
        async with program.fb:
            deliveries: list[Event | Verification] = [
                Verification(7, VERIFIER, SYSTEM, 1),
                CREATED,
                CREATED,
                Event("payment.update", 3, SYSTEM, 1),
            ]
            bodies = [compose(event).encode() for event in deliveries]
            return [(await drive(program.application, [body[:9], body[9:]]))[0] for body in bodies]

    assert asyncio.run(serve()) == [200, 200, 200, 200]
    assert calling.verified.is_set()
    assert [method for method, _ in calling.calls] == ["callback.verify", "invoice.get"]
    assert capsys.readouterr().out == "invoice 0000020: 45.60 CAD\npayment.update 3\n"


def test_a_verifier_that_the_service_does_not_know_is_500_so_that_it_asks_again(
    service: tuple[CallingService, Server], caplog: pytest.LogCaptureFixture
) -> None:
    with FreshBooks.from_env() as fb:
        callbacks = Callbacks(
            verify=lambda asked: fb.callback.verify(asked.callback_id, verifier=asked.verifier)
        )
        wrong = compose(Verification(7, "a-wrong-verifier", SYSTEM, 1)).encode()
        assert Running("wsgi").post(wsgi(callbacks), wrong)[0] == 500
    assert "a-wrong-verifier" not in caplog.text
    assert "Invalid verifier" in caplog.text
