"""A program that uses the generated client in many ways, all of them right: no type checker has anything to say about it.

``assert_type`` states what each expression is. Nothing here is run.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from typing_extensions import assert_type

from freshbooks_classic import (
    UNSET,
    AsyncFreshBooks,
    Backoff,
    FreshBooks,
    NotFoundError,
    OutcomeUnknownError,
    Page,
    Request,
    Unset,
    Upload,
    ValidationError,
    wire,
)
from freshbooks_classic.client import Client, ClientContact, ClientContactInput, Clients
from freshbooks_classic.default_terms import DefaultTerms
from freshbooks_classic.estimate import Estimate
from freshbooks_classic.expense import Expense
from freshbooks_classic.invoice import (
    Invoice,
    InvoiceLine,
    InvoiceLineInput,
    InvoiceLinesAdded,
    Invoices,
    InvoiceStatus,
    InvoiceStatusInput,
)
from freshbooks_classic.payment import Payment
from freshbooks_classic.project import Project, ProjectTaskInput
from freshbooks_classic.recurring import AutobillInput, CardInput, Recurring
from freshbooks_classic.runtime.async_paging import AsyncPager
from freshbooks_classic.runtime.files import File
from freshbooks_classic.runtime.paging import Pager
from freshbooks_classic.shared import LineChangeInput
from freshbooks_classic.staff import Staff
from freshbooks_classic.system import System
from freshbooks_classic.task import Task, Tasks


def clients_are_set_up() -> None:
    with FreshBooks("sample", token="secret", timeout=(3.0, 20.0), retry=Backoff(attempts=2)) as fb:
        assert_type(fb, FreshBooks)
        assert_type(fb.with_options(deadline=5.0), FreshBooks)
        assert_type(FreshBooks.from_env(), FreshBooks)
        assert_type(fb.task, Tasks)
        assert_type(fb.client, Clients)


def calls_answer_what_the_method_answers(fb: FreshBooks) -> None:
    assert_type(fb.task.create(name="Yard work"), int)
    assert_type(fb.task.get(211), Task)
    assert_type(fb.task.update(211, rate="15.00"), None)
    assert_type(fb.task.delete(211), None)
    assert_type(fb.task.list(), Pager[Task])
    assert_type(fb.invoice.get_pdf(344), File)
    assert_type(fb.invoice.lines.add(344, lines=[]), InvoiceLinesAdded)
    assert_type(fb.invoice.lines.delete(344, line_id=1), None)
    assert_type(fb.default_terms.list(), list[DefaultTerms])
    assert_type(fb.default_terms.get("invoice"), DefaultTerms)
    assert_type(fb.staff.current(), Staff)
    assert_type(fb.system.current(), System)
    assert_type(fb.contractor.update(3, name="Ann"), int)


def requests_are_values_of_their_own() -> None:
    request = Tasks.create(name="Yard work")
    assert_type(request, Request[int])
    assert_type(request.xml, bytes)
    assert_type(request.parse(b"<response/>"), int)
    assert_type(Invoices.list(status="unpaid"), Request[Page[Invoice]])
    assert_type(Invoices.list().parse(b"").items, tuple[Invoice, ...])
    assert_type(Tasks.delete(211), Request[None])


def built_requests_are_sent(fb: FreshBooks) -> None:
    assert_type(fb.send(Tasks.create(name="Yard work")), int)
    assert_type(fb.send(Invoices.list()), Page[Invoice])


def lists_are_walked(fb: FreshBooks) -> Iterator[str]:
    for invoice in fb.invoice.list(
        status="unpaid", date_from=dt.date(2012, 1, 1), date_to="2012-12-31"
    ):
        assert_type(invoice, Invoice)
        yield invoice.number or "no number"
    for page in fb.client.list(per_page=50).pages():
        assert_type(page, Page[Client])
        assert_type(page[0], Client)
        assert_type(page[:2], tuple[Client, ...])
        assert_type(page.total, int | None)
    assert_type(fb.project.list().first(), Project | None)
    assert_type(fb.expense.list().take(3), list[Expense])
    assert_type(fb.payment.list(client_id=None).page(), Page[Payment])


def fields_of_answers_may_be_missing(fb: FreshBooks) -> None:
    invoice = fb.invoice.get(344)
    assert_type(invoice.invoice_id, int)
    assert_type(invoice.amount, Decimal | None)
    assert_type(invoice.date, dt.date | None)
    assert_type(invoice.updated, dt.datetime | None)
    assert_type(invoice.lines, list[InvoiceLine])
    if invoice.amount is not None and invoice.paid is not None:
        assert_type(invoice.amount - invoice.paid, Decimal)
    if invoice.links is not None:
        assert_type(invoice.links.client_view, str | None)
    total = sum((line.amount for line in invoice.lines if line.amount is not None), Decimal(0))
    assert_type(total, Decimal)
    client = fb.client.get(13)
    assert_type(client.contacts, list[ClientContact])
    for path in client.unknown:
        assert_type(path.text, str)


def words_nobody_described_are_texts(fb: FreshBooks) -> str:
    status = fb.invoice.get(344).status
    assert_type(status, InvoiceStatus | str | None)
    return status or "none"


def three_states_of_an_argument(fb: FreshBooks, notes: str | Unset | None) -> None:
    fb.invoice.update(344)
    fb.invoice.update(344, notes=None)
    fb.invoice.update(344, notes="Thanks")
    fb.invoice.update(344, notes=UNSET)
    fb.invoice.update(344, notes=notes)
    if notes is not UNSET:
        assert_type(notes, str | None)


def decimals_are_given_exactly(fb: FreshBooks) -> None:
    fb.task.create(name="Yard work", rate="15.00")
    fb.task.create(name="Yard work", rate=Decimal("15.00"))
    fb.task.create(name="Yard work", rate=15)
    fb.expense.create(staff_id=1, category_id=2, amount="9.99")


def nested_arguments_are_dictionaries_or_answers(fb: FreshBooks) -> None:
    line: InvoiceLineInput = {
        "name": "Yard work",
        "unit_cost": 10,
        "quantity": "4.5",
        "type": "Time",
    }
    fb.invoice.create(client_id=13, lines=[line, {"name": "Seeds", "tax1_percent": None}])
    old = fb.invoice.get(344)
    fb.invoice.update(344, lines=old.lines)
    fb.invoice.update(old, notes="Thanks")
    fb.payment.create(invoice_id=old, date="2012-01-31")
    fb.invoice.update(344, lines=[*old.lines, line])
    change: LineChangeInput = {"line_id": 1, "quantity": 2}
    fb.invoice.lines.update(344, lines=[change])
    contact: ClientContactInput = {"email": "ann@example.com"}
    fb.client.create(email="bob@example.com", contacts=(contact,))
    tasks: list[ProjectTaskInput] = [{"task_id": 7}, {"task_id": 8, "rate": "12.50"}]
    fb.project.create(name="Garden", bill_method="task-rate", tasks=[*tasks])
    card: CardInput = {
        "number": "4111 1111 1111 1111",
        "name": "Ann Example",
        "expiration": {"month": 12, "year": 2031},
    }
    autobill: AutobillInput = {"gateway_name": "Authorize.net", "card": card}
    fb.recurring.create(client_id=13, frequency="2 weeks", autobill=autobill)


def words_are_narrow_when_sent(fb: FreshBooks, status: InvoiceStatusInput) -> None:
    fb.invoice.create(client_id=13, status=status)
    fb.invoice.create(client_id=13, status="draft")
    fb.callback.create(event="invoice.create", uri="https://example.com/hook")


def files_are_given_in_several_ways(fb: FreshBooks, picture: Path) -> None:
    fb.receipt.create(7, image=picture)
    fb.receipt.create(7, image=b"\x89PNG")
    fb.receipt.update(7, image=Upload(b"%PDF", "a.pdf", "application/pdf"))
    assert_type(fb.receipt.get(7).content, bytes)


def errors_know_what_happened(fb: FreshBooks) -> None:
    try:
        fb.client.get(13)
    except ValidationError as failure:
        assert_type(failure.field, str | None)
        assert_type(failure.code, str | None)
    except NotFoundError as failure:
        assert_type(failure.method, str | None)
    except OutcomeUnknownError as unknown:
        fb.reconcile(unknown)


def methods_are_passed_around(fb: FreshBooks) -> None:
    remove: Callable[[int], None] = fb.estimate.delete
    fetch: Callable[[int], Estimate] = fb.estimate.get
    build: Callable[[int], Request[Recurring]] = type(fb.recurring).get
    assert_type(list(map(fetch, [1, 2])), list[Estimate])
    remove(1)
    build(1)


def the_dynamic_door_is_untyped_where_it_must_be() -> None:
    assert_type(wire.build("task.get", {"task_id": 7}), Request[Any])
    method, arguments = wire.parse_request(b"<request/>")
    assert_type(method, str)
    assert_type(arguments["task_id"], Any)


async def the_asynchronous_client_is_awaited(afb: AsyncFreshBooks) -> None:
    assert_type(await afb.task.create(name="Yard work"), int)
    assert_type(await afb.invoice.get(344), Invoice)
    assert_type(afb.invoice.list(), AsyncPager[Invoice])
    async for invoice in afb.invoice.list(status="unpaid"):
        assert_type(invoice, Invoice)
    assert_type(await afb.client.list().first(), Client | None)
    assert_type(await afb.invoice.lines.add(344, lines=[]), InvoiceLinesAdded)
    assert_type(await afb.send(Tasks.create(name="Yard work")), int)
