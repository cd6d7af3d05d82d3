"""How long a typed parse of a long answer takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from documents import invoice_list
from lxml import etree
from measure import Row, compare, milliseconds, once, steady_memory, times
from peers import refreshbooks_reader, refreshbooks_values, xmltodict_reader, xsdata_reader

from freshbooks_classic import wire

DOCUMENT = invoice_list(seed=1)
TITLE = f"Typed parse of invoice.list: 100 invoices of 5 lines, {len(DOCUMENT) // 1000} kB; ratios to lxml.etree.fromstring"


def rows(*, seconds: float = 20.0) -> Iterator[Row]:
    """Ours and the peers' in one run."""
    steady_memory()
    ours = wire.METHODS["invoice.list"].parse_response
    theirs = {f"xsdata, {handler}": xsdata_reader(handler) for handler in ("lxml", "expat")}
    _agree(ours, theirs)
    fast = compare(
        {"lxml": lambda: etree.fromstring(DOCUMENT), "ours": lambda: ours(DOCUMENT)},
        seconds=seconds * 0.3,
    )
    new = [invoice_list(seed) for seed in range(100, 140)]
    unseen = _unseen(new)
    slow = compare(
        {
            **{name: partial(read, DOCUMENT) for name, read in theirs.items()},
            "xmltodict": lambda: xmltodict_reader(DOCUMENT),
            "refreshbooks": lambda: refreshbooks_reader(DOCUMENT),
            "refreshbooks, values": lambda: refreshbooks_values(DOCUMENT),
        },
        seconds=seconds * 0.6,
        least=3,
    )
    bare, mine = fast["lxml"], fast["ours"]
    yield Row("lxml.etree.fromstring, untyped", milliseconds(bare), times(1))
    yield Row(
        "freshbooks_classic",
        milliseconds(mine),
        times(mine / bare),
        "<= 3.0 x lxml",
        mine / bare <= 3,
    )
    yield Row(
        "freshbooks_classic, each document met once",
        milliseconds(unseen[1]),
        times(unseen[1] / unseen[0]),
    )
    for name in theirs:
        faster = slow[name] / mine
        yield Row(
            f"{name}: {faster:.0f} times ours",
            milliseconds(slow[name]),
            times(slow[name] / bare),
            ">= 10 times ours",
            faster >= 10,
        )
    for name, note in (
        ("xmltodict", "xmltodict, untyped"),
        ("refreshbooks", "refreshbooks, no value asked for"),
        ("refreshbooks, values", "refreshbooks, every value asked for once"),
    ):
        yield Row(note, milliseconds(slow[name]), times(slow[name] / bare))


def _unseen(documents: list[bytes]) -> tuple[float, float]:
    """The middle times of lxml and ours over documents of which no reader remembers a value."""
    ours = wire.METHODS["invoice.list"].parse_response
    bare = sorted(once(partial(etree.fromstring, document)) for document in documents)
    mine = sorted(once(partial(ours, document)) for document in documents)
    middle = len(documents) // 2
    return bare[middle], mine[middle]


def _agree(ours: Callable[[bytes], Any], theirs: Mapping[str, Callable[[bytes], Any]]) -> None:
    """See that all read the same values, so that nobody is fast by leaving something out."""
    expected = [_facts(row, row.lines) for row in ours(DOCUMENT)]
    for name, read in theirs.items():
        if [_facts(row, row.lines.line) for row in read(DOCUMENT).invoices.invoice] != expected:
            raise AssertionError(f"{name} reads other values")
    dictionaries = xmltodict_reader(DOCUMENT)["invoice"]
    objects = refreshbooks_reader(DOCUMENT).invoice
    for row, mine in zip(dictionaries, expected, strict=True):
        assert (row["number"], row["notes"], len(row["lines"]["line"])) == (
            mine[2],
            mine[4],
            len(mine[5]),
        )
    for row, mine in zip(objects, expected, strict=True):
        assert (row.number.text, row.notes.text, len(row.lines.line)) == (
            mine[2],
            mine[4],
            len(mine[5]),
        )


def _facts(invoice: Any, lines: list[Any]) -> tuple[Any, ...]:
    """Values of each type, and of each level."""
    inner = [(line.line_id, line.unit_cost, line.name, line.type) for line in lines]
    day = (invoice.date.year, invoice.date.month, invoice.date.day)
    return (
        invoice.invoice_id,
        invoice.amount,
        invoice.number,
        day,
        invoice.notes,
        inner,
        invoice.links.view,
    )
