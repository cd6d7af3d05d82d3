"""How long it takes to build the document of a request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from lxml import etree
from measure import Row, compare, microseconds, steady_memory, times
from refreshbooks import adapters
from refreshbooks import api as refreshbooks

from freshbooks_classic import invoice
from freshbooks_classic.runtime.testing import same_xml

TITLE = "Building invoice.create with 5 lines; ratios to lxml.etree.SubElement and tostring by hand"

LINES: list[Any] = [
    {
        "name": f"Brake service {number}",
        "description": "Both wheels, new pads & cables",
        "unit_cost": Decimal("12.50"),
        "quantity": 4,
        "tax1_name": "VAT",
        "tax2_name": "Levy",
        "tax1_percent": 20,
        "tax2_percent": Decimal("2.5"),
        "type": "Item",
    }
    for number in range(5)
]
HEAD: dict[str, Any] = {
    "client_id": 13,
    "number": "HC-0107",
    "status": "draft",
    "date": dt.date(2011, 5, 9),
    "return_uri": "https://shop.example.com/thanks?order=107",
    "po_number": "PO-77/b",
    "discount": 5,
    "currency_code": "GBP",
    "language": "en",
    "notes": "Thank you & ride safely.",
    "terms": "Payable within 14 days.",
    "first_name": "Petra",
    "last_name": "Lindqvist",
    "organization": "Harbour Cycles",
    "p_street1": "8 Quay Road",
    "p_street2": "Shed 4",
    "p_city": "Saltford",
    "p_state": "Devon",
    "p_country": "United Kingdom",
    "p_code": "SX4 9QT",
    "vat_name": "VAT Reg.",
    "vat_number": "GB000111222",
}


def typed() -> bytes:
    """Our builder: checked names, checked values."""
    return invoice.create(**HEAD, lines=LINES).xml


def by_hand() -> bytes:
    """What one would write for this one document, without a loop over names and without any check."""
    element, head = etree.SubElement, HEAD
    request = etree.Element("request", method="invoice.create")
    record = element(request, "invoice")
    element(record, "client_id").text = str(head["client_id"])
    element(record, "number").text = head["number"]
    element(record, "status").text = head["status"]
    element(record, "date").text = head["date"].isoformat()
    element(record, "return_uri").text = head["return_uri"]
    element(record, "po_number").text = head["po_number"]
    element(record, "discount").text = str(head["discount"])
    element(record, "currency_code").text = head["currency_code"]
    element(record, "language").text = head["language"]
    element(record, "notes").text = head["notes"]
    element(record, "terms").text = head["terms"]
    element(record, "first_name").text = head["first_name"]
    element(record, "last_name").text = head["last_name"]
    element(record, "organization").text = head["organization"]
    element(record, "p_street1").text = head["p_street1"]
    element(record, "p_street2").text = head["p_street2"]
    element(record, "p_city").text = head["p_city"]
    element(record, "p_state").text = head["p_state"]
    element(record, "p_country").text = head["p_country"]
    element(record, "p_code").text = head["p_code"]
    element(record, "vat_name").text = head["vat_name"]
    element(record, "vat_number").text = head["vat_number"]
    lines = element(record, "lines")
    for line in LINES:
        inner = element(lines, "line")
        element(inner, "name").text = line["name"]
        element(inner, "description").text = line["description"]
        element(inner, "unit_cost").text = str(line["unit_cost"])
        element(inner, "quantity").text = str(line["quantity"])
        element(inner, "tax1_name").text = line["tax1_name"]
        element(inner, "tax2_name").text = line["tax2_name"]
        element(inner, "tax1_percent").text = str(line["tax1_percent"])
        element(inner, "tax2_percent").text = str(line["tax2_percent"])
        element(inner, "type").text = line["type"]
    return etree.tostring(request)


def refreshbooks_builder() -> bytes:
    """refreshbooks' builder, which takes numbers but no dates."""
    lines = [refreshbooks.types.line(**line) for line in LINES]
    record = {**HEAD, "date": HEAD["date"].isoformat(), "lines": lines}
    document: bytes = adapters.xml_request("invoice.create", invoice=record)
    return document


def rows(*, seconds: float = 6.0) -> Iterator[Row]:
    """Ours and the peers' in one run."""
    steady_memory()
    same_xml(typed(), by_hand())
    same_xml(typed(), refreshbooks_builder())
    candidates = {"hand": by_hand, "ours": typed, "refreshbooks": refreshbooks_builder}
    best = compare(candidates, seconds=seconds, calls=200)
    hand = best["hand"]
    yield Row("lxml.etree.SubElement by hand", microseconds(hand), times(1))
    yield Row(
        "freshbooks_classic.invoice.create",
        microseconds(best["ours"]),
        times(best["ours"] / hand),
        "<= 0.5 x by hand",
        best["ours"] / hand <= 0.5,
    )
    yield Row(
        "refreshbooks' builder",
        microseconds(best["refreshbooks"]),
        times(best["refreshbooks"] / hand),
    )
