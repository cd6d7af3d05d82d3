"""Records and pages as dictionaries, JSON, tables of a notebook, and text; ISO text for dates; records for IDs."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal

import pytest

from freshbooks_classic import (
    ArgumentError,
    FreshBooks,
    MemoryTransport,
    Page,
    invoice,
    payment,
    time_entry,
)
from freshbooks_classic.client import Client
from freshbooks_classic.invoice import Invoice, InvoiceLine, InvoiceLinks
from freshbooks_classic.runtime.record import Unknown
from freshbooks_classic.runtime.samples import Sampler
from freshbooks_classic.runtime.testing import Planted
from freshbooks_classic.wire import METHODS

SECRET = "https://sample.freshbooks.com/view/k3y-of-the-door"


def record() -> Invoice:
    return Invoice(
        invoice_id=344,
        number="FB00004",
        amount=Decimal("45.50"),
        date=dt.date(2012, 1, 31),
        updated=dt.datetime(2012, 2, 1, 9, 30, tzinfo=dt.timezone.utc),
        lines=[InvoiceLine(name="Yard <work>", quantity=Decimal(4))],
        links=InvoiceLinks(client_view=SECRET),
        unknown=(Unknown("color", "<color>red</color>", "red"),),
    )


def test_a_dictionary_has_every_field_with_its_type() -> None:
    found = record().to_dict()
    assert (found["amount"], found["date"]) == (Decimal("45.50"), dt.date(2012, 1, 31))
    assert found["notes"] is None
    assert found["contacts"] == []
    assert found["lines"][0]["name"] == "Yard <work>"
    assert found["unknown"] == [{"path": "color", "xml": "<color>red</color>"}]
    assert set(Invoice(invoice_id=1).to_dict()) == set(found) - {"unknown"}


def test_json_holds_the_same_keys_and_exact_numbers() -> None:
    found = json.loads(record().to_json(indent=2))
    assert list(found) == list(record().to_dict())
    assert found["amount"] == "45.50"
    assert found["date"] == "2012-01-31"
    assert found["updated"] == "2012-02-01T09:30:00+00:00"


def test_secrets_are_hidden_unless_asked_for() -> None:
    one, page = record(), Page((record(),))
    for shown in (
        str(one.to_dict()),
        one.to_json(),
        repr(one),
        one._repr_html_(),
        str(page.to_dicts()),
        page.to_json(),
        repr(page),
        page._repr_html_(),
    ):
        assert SECRET not in shown
    assert one.to_dict()["links"]["client_view"] == "[redacted]"
    assert one.to_dict()["links"]["edit"] is None
    for shown in (str(one.to_dict(show_secrets=True)), one.to_json(show_secrets=True)):
        assert SECRET in shown
    assert SECRET in page.to_json(show_secrets=True)


def test_text_shows_only_fields_that_have_a_value() -> None:
    assert repr(Invoice(invoice_id=1, number="FB1", lines=[InvoiceLine(name="x")])) == (
        "Invoice(invoice_id=1, number='FB1', lines=[InvoiceLine(name='x')])"
    )
    page = Page(tuple(range(5)), position=1, total=12)
    assert repr(page) == "Page(position=1, total=12, items=[0, 1, 2, ... 2 more])"


def test_a_notebook_shows_tables() -> None:
    shown = record()._repr_html_()
    assert "<caption>Invoice</caption>" in shown
    assert "Yard &lt;work&gt;" in shown
    assert "notes" not in shown
    page = Page((record(), Invoice(invoice_id=345)), total=52)
    assert page._repr_html_().count("<tr>") == 3 + 2 + 2  # with the lines and links of one
    assert "2 of 52 rows." in page._repr_html_()


def test_a_pager_yields_dictionaries_and_shows_itself_without_a_call() -> None:
    reply = Sampler(Planted()).reply(METHODS["invoice.list"])
    transport = MemoryTransport(lambda request: reply)
    with FreshBooks("sample", token="x", transport=transport) as fb:
        pager = fb.invoice.list()
        assert "invoice.list" in repr(pager)
        assert not transport.sent
        rows: Iterator[dict[str, object]] = pager.to_dicts()
        assert next(rows)["invoice_id"] == pager.page()[0].invoice_id


def test_iso_text_is_a_date_or_a_time() -> None:
    day = invoice.create(client_id=1, date=dt.date(2012, 1, 31))
    assert invoice.create(client_id=1, date="2012-01-31").xml == day.xml
    moment = dt.datetime(2012, 1, 31, 14, 30, tzinfo=dt.timezone.utc)
    listed = invoice.list_(updated_from=moment)
    for text in ("2012-01-31T14:30:00Z", "2012-01-31 14:30:00+00:00", "2012-01-31T15:30:00+01:00"):
        assert invoice.list_(updated_from=text).xml == listed.xml
    for wrong in ("31.1.2012", "2012-1-31", "2012-02-30", "", "2012-01-31T00:00:00"):
        with pytest.raises(ArgumentError, match="date"):
            time_entry.create(project_id=1, task_id=2, date=wrong)
    for wrong in ("yesterday", "2012-01-31T14:30:00", ""):
        with pytest.raises(ArgumentError, match=r"updated_from: should be a"):
            invoice.list_(updated_from=wrong)


def test_a_record_stands_for_its_id() -> None:
    owner, made = Client(client_id=13), record()
    assert invoice.update(made, notes="x").xml == invoice.update(344, notes="x").xml
    built = payment.create(client_id=owner, invoice_id=made)
    assert built.xml == payment.create(client_id=13, invoice_id=344).xml
    assert built.values["invoice_id"] == 344, "what is recorded and looked up has the ID"
    assert invoice.list_(client_id=owner).at_page(2).xml == invoice.list_(client_id=13, page=2).xml
    with pytest.raises(ArgumentError, match="client_id: should be an id"):
        invoice.list_(client_id=made)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="2 problems"):
        payment.create(client_id=owner, invoice_id=owner, amount=0.5)  # type: ignore[arg-type]
    transport = MemoryTransport(lambda request: Sampler(Planted()).reply(METHODS["invoice.list"]))
    with FreshBooks("sample", token="x", transport=transport) as fb:
        fb.invoice.list(client_id=owner).first()
    assert b"<client_id>13</client_id>" in transport.sent[0].body
