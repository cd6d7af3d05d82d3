"""refreshbooks 2.0, the Python client that people used with the service, unmodified, over HTTPS with its own transport.

Two things are given to it from outside: the name of the server (the host it is made with may have a port and a path), and whom to
trust (REQUESTS_CA_BUNDLE, which its transport, requests, reads).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from refreshbooks import api
from refreshbooks.client import FailedRequest
from refreshbooks.exceptions import TransportException
from refreshbooks.transport import HttpTransport
from refreshbooks.transports import use_requests

from xmlwright.sandbox.server_thread import Sandbox

NUMBERS = itertools.count(1)


@pytest.fixture
def account(box: Sandbox) -> tuple[str, str]:
    """Where the account is, as refreshbooks has it, and its owner's token."""
    name = f"refresh-{next(NUMBERS)}"
    token = box.open(name)
    where = box.address(name).removeprefix("https://").removesuffix("/api/2.1/xml-in")
    return where, token


@pytest.fixture
def books(box: Sandbox, account: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    assert HttpTransport is use_requests.Transport, "its own transport"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", box.ca)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    client: Any = api.TokenClient(account[0], account[1], user_agent="somebody's program/1")
    yield client
    client.transport.session.close()


def ids(page: Any, name: str) -> list[int]:
    """The ids in a page, in their order."""
    return [int(item[name]) for item in page.iterchildren()]


RESOURCES: dict[str, tuple[str, str, Any, Any]] = {
    # resource -> plural, what is read back, how it is created, how it is changed; {} stands for what came before it
    "client": ("clients", "organization", lambda made, at: {"email": f"{at}@example.com", "organization": f"Firm {at}"}, "Firm & Sons"),
    "invoice": ("invoices", "notes", lambda made, at: {
        "client_id": made["client"], "notes": f"No. {at}",
        "lines": [api.types.line(name="Yard work", unit_cost="10", quantity="4"), api.types.line(name="Gravel", unit_cost=1.5, quantity=2)],
    }, "Paid in kind"),
    "estimate": ("estimates", "notes", lambda made, at: {
        "client_id": made["client"], "notes": f"Offer {at}", "lines": [api.types.line(name="Fence", unit_cost="99.90", quantity="1")],
    }, "Second thoughts"),
    "item": ("items", "description", lambda made, at: {"name": f"Thing {at}", "description": f"Kind {at}", "unit_cost": "2.50"}, "Kind of"),
    "task": ("tasks", "description", lambda made, at: {"name": f"Task {at}", "description": f"Do {at}", "billable": "1", "rate": "15"}, "Do it now"),
    "project": ("projects", "description", lambda made, at: {
        "name": f"Project {at}", "bill_method": "task-rate", "client_id": made["client"], "description": f"Plan {at}",
        "tasks": [api.types.task(task_id=str(made["task"]))],
    }, "Plan B"),
    "time_entry": ("time_entries", "notes", lambda made, at: {
        "project_id": made["project"], "task_id": made["task"], "hours": "1.25", "notes": f"Day {at}", "date": "2011-05-09",
    }, "Night"),
    "category": ("categories", "name", lambda made, at: {"name": f"Category {at}"}, "Renamed"),
    "expense": ("expenses", "notes", lambda made, at: {
        "staff_id": "1", "category_id": made["category"], "amount": "45.10", "notes": f"Spent {at}", "date": "2011-05-09",
    }, "Well spent"),
    "tax": ("taxes", "number", lambda made, at: {"name": f"Tax {at}", "rate": "5", "number": f"N{at}"}, "N-1"),
    "payment": ("payments", "notes", lambda made, at: {"invoice_id": made["invoice"], "amount": "1.10", "type": "Cash", "notes": f"Coins {at}"}, "Notes"),
    "recurring": ("recurrings", "notes", lambda made, at: {
        "client_id": made["client"], "frequency": "monthly", "notes": f"Monthly {at}", "date": "2031-01-01",
        "lines": [api.types.line(name="Rent", unit_cost="700", quantity="1")],
    }, "Dearer"),
}  # fmt: skip


def test_twelve_resources_are_created_read_changed_listed_and_deleted(books: Any) -> None:
    made: dict[str, int] = {}
    for resource, (plural, shown, arguments, changed) in RESOURCES.items():
        door = getattr(books, resource)
        key = f"{resource}_id"
        numbers = []
        for at in range(3):
            answer = door.create(**{resource: arguments(made, at)})
            numbers.append(int(answer[key]))
        made[resource] = numbers[0]
        assert len(set(numbers)) == 3

        found = getattr(door.get(**{key: str(numbers[1])}), resource)
        assert int(found[key]) == numbers[1]
        assert str(found[shown]) == arguments(made, 1)[shown]

        door.update(**{resource: {key: str(numbers[1]), shown: changed}})
        assert str(getattr(door.get(**{key: str(numbers[1])}), resource)[shown]) == changed

        pages = [door.list(page=str(at), per_page="2")[plural] for at in (1, 2, 3)]
        if resource != "category":  # of which every page is the first
            together = [number for page in pages for number in ids(page, key)]
            assert sorted(together) == sorted(set(together))
            assert set(numbers) <= set(together)
            assert pages[0].attrib["per_page"] == "2"
            assert int(pages[0].attrib["total"]) == len(together)
            assert int(pages[0].attrib["pages"]) == -(-len(together) // 2)

        door.delete(**{key: str(numbers[2])})
        with pytest.raises(FailedRequest) as caught:
            door.get(**{key: str(numbers[2])})
        assert f"'{key}' not found." in str(caught.value.error)
    print(f"{len(RESOURCES)} resources")


def test_money_is_read_by_its_own_decimals(books: Any) -> None:
    client = int(books.client.create(client={"email": "a@example.com"}).client_id)
    lines = [
        api.types.line(
            name="Nails", unit_cost="0.10", quantity="3", tax1_name="VAT", tax1_percent="20"
        )
    ]
    number = books.invoice.create(invoice={"client_id": str(client), "lines": lines}).invoice_id
    invoice = books.invoice.get(invoice_id=str(number)).invoice
    assert str(invoice.amount) == "0.36"
    assert str(invoice.lines.line.amount) in ("0.3", "0.30")
    books.payment.create(payment={"invoice_id": str(number), "amount": "0.36"})
    assert str(books.invoice.get(invoice_id=str(number)).invoice.status) == "paid"


def test_a_pdf_is_bytes(box: Sandbox, books: Any, account: tuple[str, str]) -> None:
    """Its decoder reads XML only, so it is told to leave the answer alone."""
    client = books.client.create(client={"email": "a@example.com"}).client_id
    number = books.invoice.create(invoice={"client_id": str(client)}).invoice_id
    raw: Any = api.TokenClient(*account, response_decoder=lambda content: content)
    assert raw.invoice.getPDF(invoice_id=str(number)).startswith(b"%PDF-")
    raw.transport.session.close()


def test_refusals_come_as_its_own_exceptions(
    box: Sandbox, books: Any, account: tuple[str, str]
) -> None:
    with pytest.raises(FailedRequest) as caught:
        books.invoice.create(invoice={"notes": "for nobody"})
    assert str(caught.value.error) == "Missing required field: 'client_id'."
    with pytest.raises(FailedRequest) as caught:
        books.task.get(task_id="987654")
    assert str(caught.value.error) == "'task_id' not found. Task not found."
    with pytest.raises(FailedRequest) as caught:
        books.client.list(page="first")
    assert "'page'" in str(caught.value.error)
    stranger: Any = api.TokenClient(account[0], "0" * 32)
    with pytest.raises(TransportException) as refused:
        stranger.client.list()
    assert refused.value.status == 401
    assert b"20010" in refused.value.content
    stranger.transport.session.close()
