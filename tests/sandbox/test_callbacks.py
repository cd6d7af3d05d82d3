"""Callbacks from end to end: registered by the generated client, verified by the application of its guide, delivered over loopback."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from loopback import Response, Seen, closed_port, serving

from freshbooks_classic import FreshBooks
from freshbooks_classic.events import Callbacks, Event, parse, wsgi
from xmlwright.sandbox.server_thread import Sandbox
from xmlwright.sandbox.testing import SandboxCallbacks as Told

NUMBERS = itertools.count(1)


@dataclass
class Shop:
    """An account, its client, and what its callbacks are told."""

    name: str
    fb: FreshBooks
    told: Told
    box: Sandbox

    def advance(self, **span: float) -> None:
        self.box.control.advance(**span)

    def states(self, event: str) -> list[str]:
        return [item["state"] for item in self.told.deliveries if item["event"] == event]


@pytest.fixture
def shop(box: Sandbox) -> Iterator[Shop]:
    name = f"shop-{next(NUMBERS)}"
    token = box.open(name)
    with FreshBooks(name, token=token, url=box.address(name), ca=box.ca) as fb:
        told = Told(box, name)
        yield Shop(name, fb, told, box)
        told.stop()


@contextmanager
def receiver(shop: Shop, *statuses: int) -> Iterator[tuple[list[Seen], str]]:
    """A receiver that verifies itself, and then answers events with these statuses, one after the other, and with 200 in the end."""
    left = list(statuses)
    events: list[Seen] = []

    def answer(seen: Seen) -> Response:
        found = parse(seen.body)
        if not isinstance(found, Event):
            shop.fb.callback.verify(found.callback_id, verifier=found.verifier)
            return Response()
        events.append(seen)
        return Response(b"", left.pop(0) if left else 200)

    with serving(answer) as server:
        yield events, f"http://127.0.0.1:{server.port}/hooks?key=a%20b"


def told_by(seen: list[Seen]) -> list[tuple[str, int]]:
    found = [parse(one.body) for one in seen]
    return [(event.name, event.object_id) for event in found if isinstance(event, Event)]


def test_the_application_of_the_guide_hears_what_it_asked_for(shop: Shop) -> None:
    heard: list[Event] = []
    callbacks = Callbacks(
        verify=lambda v: shop.fb.callback.verify(v.callback_id, verifier=v.verifier)
    )
    callbacks.on("invoice", "client.delete")(heard.append)
    uri = shop.told.serve(wsgi(callbacks))
    number = shop.fb.callback.create(event="all", uri=uri)
    (registered,) = shop.fb.callback.list()
    assert (registered.callback_id, registered.verified) == (number, True)

    client = shop.fb.client.create(email="ada@example.com")
    invoice = shop.fb.invoice.create(client_id=client)
    shop.fb.invoice.update(invoice, notes="Thank you")
    shop.fb.invoice.send_by_email(invoice)
    shop.fb.client.delete(client)
    assert [(event.name, event.object_id) for event in heard] == [
        ("invoice.create", invoice), ("invoice.update", invoice), ("invoice.sendByEmail", invoice), ("client.delete", client),
    ]  # fmt: skip
    assert {(event.account, event.user_id) for event in heard} == {(shop.name, 1)}
    assert ("client.create", client) in shop.told.events

    heard.clear()
    shop.fb.callback.delete(number)
    shop.fb.invoice.update(invoice, notes="To nobody")
    assert not heard


def test_the_form_is_that_of_the_documents(shop: Shop) -> None:
    shop.told.settings(mode="deliver")
    with receiver(shop) as (seen, uri):
        shop.fb.callback.create(event="task.create", uri=uri)
        shop.told.settle()
        task = shop.fb.task.create(name="Yard work")
        shop.told.settle()
    (only,) = seen
    assert only.line == "POST /hooks?key=a%20b"
    assert only.headers["Content-Type"] == "application/x-www-form-urlencoded"
    system = f"https%3A%2F%2F{shop.name}.freshbooks.com"
    assert only.body.decode() == f"name=task.create&object_id={task}&system={system}&user_id=1"


def test_nobody_hears_before_the_verifier_came_back(shop: Shop) -> None:
    shop.told.settings(mode="sync")
    seen: list[Any] = []

    def hear(one: Seen) -> Response:
        seen.append(parse(one.body))
        return Response()

    with serving(hear) as server:
        number = shop.fb.callback.create(event="all", uri=f"http://localhost:{server.port}/")
        shop.fb.task.create(name="Unheard")
        (asked,) = seen
        assert (asked.callback_id, asked.user_id) == (number, 1)
        with pytest.raises(Exception, match="verifier"):
            shop.fb.callback.verify(number, verifier="guessed")
        shop.fb.callback.resend_token(number)
        assert seen[1] == asked, "the same code again"
        shop.fb.callback.verify(number, verifier=asked.verifier)
        shop.fb.callback.resend_token(number)
        task = shop.fb.task.create(name="Heard")
        assert [(one.name, one.object_id) for one in seen[2:]] == [("task.create", task)]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("all", ["task.create", "task.update", "project.create"]),
        ("task", ["task.create", "task.update"]),
        ("task.update", ["task.update"]),
        ("project", ["project.create"]),
    ],
)
def test_a_name_stands_for_all_below_it(shop: Shop, event: Any, expected: list[str]) -> None:
    shop.told.settings(mode="sync")
    with receiver(shop) as (seen, uri):
        shop.fb.callback.create(event=event, uri=uri)
        shop.fb.callback.create(event=event, uri=uri)
        task = shop.fb.task.create(name="a")
        shop.fb.task.update(task, name="b")
        shop.fb.project.create(name="p", bill_method="flat-rate")
    names = [name for name, _ in told_by(seen)]
    assert names == [
        name for name in expected if name != "tax" for _ in range(2)
    ], "once for each registration"


def test_what_is_not_taken_comes_again_later_and_later(shop: Shop) -> None:
    shop.told.settings(mode="sync", attempts=4, first_wait=60, factor=2)
    with receiver(shop, 500, 302, 503) as (seen, uri):
        shop.fb.callback.create(event="task", uri=uri)
        shop.fb.task.create(name="a")
        attempts = [len(seen)]
        for seconds in (59, 2, 119, 2, 239, 2):
            shop.advance(seconds=seconds)
            attempts.append(len(seen))
        assert attempts == [1, 1, 2, 3, 3, 4, 4]  # each at its own time
        assert shop.states("task.create") == ["delivered"]
        shop.advance(days=1)
        assert len(seen) == 4
        delivery = shop.told.deliveries[-1]
        assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 302, 503, 200]


def test_what_is_never_taken_is_dropped(shop: Shop) -> None:
    shop.told.settings(mode="sync", attempts=3, first_wait=1)
    with receiver(shop, *[500] * 9) as (seen, uri):
        shop.fb.callback.create(event="task", uri=uri)
        shop.fb.task.create(name="a")
        shop.advance(days=1)
        shop.advance(days=1)
        shop.advance(days=1)
        assert len(seen) == 3
        assert shop.states("task.create") == ["dropped"]
        shop.told.resend(shop.told.deliveries[-1]["id"])
        assert len(seen) == 4


def test_a_receiver_that_is_not_there_is_tried_again(shop: Shop) -> None:
    shop.told.settings(mode="sync")
    with receiver(shop) as (_, uri):
        shop.fb.callback.create(event="task", uri=uri)
    shop.fb.task.create(name="a")
    (attempt,) = shop.told.deliveries[-1]["attempts"]
    assert "error" in attempt
    assert shop.states("task.create") == ["waiting"]


@pytest.mark.parametrize(
    "uri",
    [
        "http://example.com/hook",
        "https://10.0.0.1/",
        "http://127.0.0.1.example.com/",
        "http://localhost@example.com/",
    ],
)
def test_nothing_is_sent_to_other_machines(shop: Shop, uri: str) -> None:
    shop.told.settings(mode="sync")
    shop.fb.callback.create(event="task", uri=uri)
    assert shop.states("callback.verify") == ["refused"]
    assert "not on this machine" in shop.told.deliveries[0]["attempts"][0]["error"]


def test_duplicates_and_disorder_on_demand_are_the_same_every_time(box: Sandbox) -> None:
    def deliveries() -> list[tuple[str, int]]:
        name = "unruly"
        token = box.open(name)
        with FreshBooks(name, token=token, url=box.address(name), ca=box.ca) as fb:
            shop = Shop(name, fb, Told(box, name), box)
            shop.told.settings(mode="sync")
            with receiver(shop) as (seen, uri):
                fb.callback.create(event="task", uri=uri)
                shop.told.settings(mode="deliver", duplicate=0.3, reorder=0.5)
                made = [("task.create", fb.task.create(name=f"t{at}")) for at in range(20)]
                shop.told.settle()
        box.close(name)
        came = told_by(seen)
        assert set(came) == set(made)
        assert len(came) > len(made)
        first = list(dict.fromkeys(came))
        assert first != made
        return came

    assert deliveries() == deliveries()


def test_events_are_collected_without_a_receiver(shop: Shop) -> None:
    task = shop.fb.task.create(name="a")
    shop.fb.callback.create(event="task.delete", uri=f"http://127.0.0.1:{closed_port()}/")
    (form,) = shop.told.forms("callback.verify")
    shop.fb.callback.verify(int(form["object_id"]), verifier=form["verifier"])
    shop.fb.task.delete(task)
    assert shop.told.events == [
        ("task.create", task),
        ("callback.verify", int(form["object_id"])),
        ("task.delete", task),
    ]
    assert {item["state"] for item in shop.told.deliveries} == {"collected"}
    shop.told.clear()
    assert shop.told.events == []


def test_settings_that_make_no_sense_are_refused(shop: Shop) -> None:
    for wrong, told in (
        ({"mode": "loud"}, "mode is one of deliver, sync, collect"),
        ({"duplicate": 2}, "a chance between 0 and 1"),
        ({"attempts": 0}, "whole number"),
        ({"atempts": 3}, "there is no setting 'atempts'"),
        ({"timeout": "x"}, "timeout is a number"),
    ):
        with pytest.raises(ValueError, match=told):
            shop.told.settings(**wrong)
    with pytest.raises(ValueError, match="no delivery 99"):
        shop.told.resend(99)


def test_a_handler_may_call_the_sandbox(shop: Shop) -> None:
    """What a handler does fires events of its own, delivered before its call is answered."""
    heard: list[str] = []
    done = threading.Event()
    callbacks = Callbacks(
        verify=lambda v: shop.fb.callback.verify(v.callback_id, verifier=v.verifier)
    )

    @callbacks.on("all")
    def follow(event: Event) -> None:
        heard.append(event.name)
        if event.name == "project.create":
            shop.fb.task.create(name="made by a handler")
            done.set()

    shop.fb.callback.create(event="all", uri=shop.told.serve(wsgi(callbacks)))
    shop.fb.project.create(name="p", bill_method="flat-rate")
    assert done.is_set()
    assert heard == ["project.create", "task.create"]
