"""A program that uses both clients as people run them in production, all of it right: no type checker has anything to say.

Setting up, options, sending, explaining, pages, files, errors, OAuth, callbacks, hooks and recordings; ``correct.py`` has the
arguments and answers of the methods. ``assert_type`` states what each expression is. Nothing here is run.
"""

from __future__ import annotations

import io
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

from typing_extensions import assert_type

from freshbooks_classic import (
    NEVER,
    ArgumentError,
    AsyncFreshBooks,
    Backoff,
    Error,
    File,
    FreshBooks,
    OAuth,
    OutcomeUnknownError,
    Page,
    Record,
    Recorder,
    Request,
    events,
)
from freshbooks_classic.client import AsyncClients, Client, Clients
from freshbooks_classic.default_terms import DefaultTerms
from freshbooks_classic.events import Callbacks, Event, EventName, Verification
from freshbooks_classic.invoice import AsyncInvoices, Invoice, InvoiceLinesAdded, Invoices
from freshbooks_classic.runtime.async_paging import AsyncPager
from freshbooks_classic.runtime.errors import Problem
from freshbooks_classic.runtime.hooks import CallInfo, Hook
from freshbooks_classic.runtime.oauth import OAuthFlow, RequestToken
from freshbooks_classic.runtime.options import Timeout
from freshbooks_classic.runtime.paging import Pager
from freshbooks_classic.runtime.recorder import RecordedCall, read_recording
from freshbooks_classic.runtime.retry import Failed, RetryPolicy
from freshbooks_classic.runtime.transport import HttpRequest, HttpResponse, RequestsTransport
from freshbooks_classic.staff import Staff
from freshbooks_classic.system import System
from freshbooks_classic.task import Task, Tasks


class Patient:
    """A retry policy of one's own."""

    def wait(self, failed: Failed) -> float | None:
        assert_type(failed.error, Error)
        assert_type(failed.attempt, int)
        assert_type(failed.retry_after, float | None)
        return 1.0 if failed.temporary else None


class Meter:
    """A hook of one's own."""

    def before(self, call: CallInfo) -> None:
        assert_type(call.method, str)
        assert_type(call.request, str)

    def after(self, call: CallInfo) -> None:
        assert_type(call.seconds, float)
        assert_type(call.status, int | None)
        assert_type(call.response, str | None)
        assert_type(call.error, BaseException | None)


class Wires:
    """A transport of one's own."""

    def send(self, request: HttpRequest) -> HttpResponse:
        assert_type(request.body, bytes)
        assert_type(request.timeout, Timeout)
        return HttpResponse(200, {"content-type": "application/xml"}, b"<response/>")

    def close(self) -> None: ...


def clients_are_set_up(hook: Hook, policy: RetryPolicy) -> None:
    with FreshBooks(
        "sample",
        token="secret",
        timeout=(3.05, 20),
        deadline=60,
        retry=policy,
        validate=False,
        hooks=[hook, Meter()],
        user_agent="books/1.0",
        url="https://127.0.0.1:8443/xml",
        ca="ca.pem",
        certificate=("client.pem", "client.key"),
        proxy="http://127.0.0.1:3128",
        transport=Wires(),
    ) as fb:
        assert_type(fb, FreshBooks)
        assert_type(fb.account, str)
        assert_type(fb.url, str)
        assert_type(fb.closed, bool)
        assert_type(fb.close(), None)
    assert_type(FreshBooks("sample", token="secret", timeout=None, ca=False), FreshBooks)
    assert_type(FreshBooks("sample", token="secret", transport=RequestsTransport()), FreshBooks)
    assert_type(FreshBooks.from_env(), FreshBooks)
    assert_type(FreshBooks.from_env("work", timeout=10, token=None), FreshBooks)
    assert_type(FreshBooks.from_env(config=Path("config.ini"), hooks=(hook,)), FreshBooks)
    assert_type(AsyncFreshBooks.from_env("work", deadline=5.0), AsyncFreshBooks)


def copies_have_other_options(fb: FreshBooks, afb: AsyncFreshBooks, recorder: Recorder) -> None:
    assert_type(fb.with_options(timeout=5), FreshBooks)
    assert_type(fb.with_options(timeout=(1, 2.5), deadline=None, validate=True), FreshBooks)
    assert_type(fb.with_options(retry=Patient(), hooks=(recorder, Meter())), FreshBooks)
    assert_type(fb.with_options(retry=NEVER).with_options(retry=Backoff(attempts=5)), FreshBooks)
    assert_type(afb.with_options(hooks=[recorder]), AsyncFreshBooks)
    assert_type(fb.with_options(deadline=1).invoice.get(344), Invoice)


def resources_are_objects(fb: FreshBooks, afb: AsyncFreshBooks) -> None:
    assert_type(fb.invoice, Invoices)
    assert_type(afb.invoice, AsyncInvoices)
    assert_type(fb.client, Clients)
    assert_type(afb.client, AsyncClients)


def every_kind_of_call(fb: FreshBooks) -> None:
    assert_type(fb.client.create(email="ann@example.com"), int)
    assert_type(fb.client.get(13), Client)
    assert_type(fb.client.update(13, organization=None), None)
    assert_type(fb.client.delete(13), None)
    assert_type(fb.client.list(per_page=100), Pager[Client])
    assert_type(fb.invoice.send_by_email(344), None)
    assert_type(fb.invoice.get_pdf(344), File)
    assert_type(fb.receipt.get(7), File)
    assert_type(fb.invoice.lines.add(344, lines=[{"name": "Seeds"}]), InvoiceLinesAdded)
    assert_type(fb.invoice.lines.delete(344, line_id=1), None)
    assert_type(fb.default_terms.list(), list[DefaultTerms])
    assert_type(fb.staff.current(), Staff)
    assert_type(fb.system.current(), System)


async def every_kind_of_awaited_call(afb: AsyncFreshBooks) -> None:
    call = afb.client.get(13)
    assert_type(await assert_type(call, Coroutine[Any, Any, Client]), Client)
    assert_type(await afb.client.create(email="ann@example.com"), int)
    assert_type(await afb.client.get(13), Client)
    assert_type(await afb.client.update(13, organization=None), None)
    assert_type(await afb.client.delete(13), None)
    assert_type(afb.client.list(per_page=100), AsyncPager[Client])
    assert_type(await afb.invoice.send_by_email(344), None)
    assert_type(await afb.invoice.get_pdf(344), File)
    assert_type(await afb.invoice.lines.add(344, lines=[{"name": "Seeds"}]), InvoiceLinesAdded)
    assert_type(await afb.invoice.lines.delete(344, line_id=1), None)
    assert_type(await afb.default_terms.list(), list[DefaultTerms])
    assert_type(await afb.staff.current(), Staff)
    assert_type(await afb.system.current(), System)


def requests_are_sent_and_explained(fb: FreshBooks) -> None:
    request = Invoices.get(344)
    assert_type(request, Request[Invoice])
    assert_type(fb.send(request), Invoice)
    assert_type(fb.send(Invoices.list()), Page[Invoice])
    assert_type(fb.send(Tasks.delete(211)), None)
    assert_type(fb.explain(request), str)
    assert_type(fb.call("task.get", {"task_id": 211}), Any)


async def requests_are_sent_and_explained_by_the_other_client(afb: AsyncFreshBooks) -> None:
    assert_type(await afb.send(Invoices.get(344)), Invoice)
    assert_type(await afb.send(Invoices.list()), Page[Invoice])
    assert_type(afb.explain(Invoices.get(344)), str)
    assert_type(await afb.call("task.list"), Any)


def lists_are_walked(fb: FreshBooks) -> Iterator[Task]:
    tasks = fb.task.list(project_id=7)
    yield from tasks
    for page in tasks.pages(resume=3):
        assert_type(page, Page[Task])
        assert_type(page.next, int | str | tuple[str | None, ...] | None)
    assert_type(tasks.page(), Page[Task])
    assert_type(tasks.first(), Task | None)
    assert_type(tasks.take(5), list[Task])
    assert_type(tasks.total, int)


async def lists_are_walked_by_the_other_client(afb: AsyncFreshBooks) -> None:
    tasks = afb.task.list(project_id=7)
    async for task in tasks:
        assert_type(task, Task)
    async for page in tasks.pages(resume=3):
        assert_type(page, Page[Task])
    assert_type([task.name async for task in tasks], list[str | None])
    assert_type(await tasks.page(), Page[Task])
    assert_type(await tasks.first(), Task | None)
    assert_type(await tasks.take(5), list[Task])
    assert_type(await tasks.total(), int)


def files_are_saved(file: File) -> None:
    with file:
        assert_type(file.save("invoice.pdf"), int)
        assert_type(file.save(Path("invoice.pdf")), int)
        assert_type(file.save(io.BytesIO()), int)
        assert_type(file.content, bytes)
        assert_type(file.chunks(), Iterator[bytes])
        assert_type(file.media, str | None)


def errors_say_what_happened(fb: FreshBooks) -> None:
    try:
        fb.client.create(email="ann@example.com")
    except ArgumentError as error:
        assert_type(error.problems, tuple[Problem, ...])
        assert_type([problem.path for problem in error.problems], list[str])
    except OutcomeUnknownError as error:
        assert_type(error.look_up, str)
        assert_type(fb.reconcile(error), list[Record])
    except Error as error:
        assert_type(error.attempts, int)
        assert_type(error.request, str | None)
        assert_type(error.response, str | None)
        assert_type(error.status, int | None)


async def errors_are_looked_up_by_the_other_client(
    afb: AsyncFreshBooks, error: OutcomeUnknownError
) -> None:
    assert_type(await afb.reconcile(error), list[Record])


def access_is_granted(secret: str) -> None:
    with FreshBooks.oauth("sample", "key", secret, timeout=5) as flow:
        assert_type(flow, OAuthFlow)
        asked = flow.request_token("https://example.com/granted")
        assert_type(asked, RequestToken)
        assert_type(asked.authorization_url, str)
        auth = flow.access_token(asked, verifier="code")
        assert_type(auth, OAuth)
    assert_type(FreshBooks("sample", auth=auth), FreshBooks)
    assert_type(AsyncFreshBooks("sample", auth=auth), AsyncFreshBooks)
    assert_type(FreshBooks("sample", auth=OAuth("key", secret, "token", "secret")), FreshBooks)


def deliveries_are_handled(fb: FreshBooks, name: EventName) -> None:
    def send_back(asked: Verification) -> None:
        fb.callback.verify(asked.callback_id, verifier=asked.verifier)

    callbacks = Callbacks(verify=send_back, systems=["sample.freshbooks.com"])

    @callbacks.on("invoice.create", "invoice.update", "payment")
    def changed(event: Event) -> int:
        assert_type(event.name, str)
        assert_type(event.user_id, int | None)
        return event.object_id

    @callbacks.on("all", name)
    async def noted(event: Event) -> None:
        print(event.account)

    assert_type(changed(Event("invoice.create", 7, "https://sample.freshbooks.com", 1)), int)
    assert_type(callbacks.deliver(b"name=invoice.create"), Event | Verification | None)
    assert_type(events.parse({"name": ["invoice.create"]}), Event | Verification)
    assert_type(events.compose(Event("all", 7, "sample.freshbooks.com", None)), str)
    assert_type(events.EVENTS["invoice.create"], str)
    events.wsgi(callbacks)
    events.asgi(callbacks)


async def deliveries_are_handled_in_a_loop(callbacks: Callbacks) -> None:
    assert_type(await callbacks.deliver_async("name=x"), Event | Verification | None)


def traffic_is_recorded(fb: FreshBooks) -> None:
    with Recorder(Path("traffic.jsonl")) as recorder:
        hook: Hook = recorder
        fb.with_options(hooks=(hook,)).task.get(211)
    for exchange in read_recording("traffic.jsonl"):
        assert_type(exchange, RecordedCall)
        assert_type(exchange.response, str | None)
