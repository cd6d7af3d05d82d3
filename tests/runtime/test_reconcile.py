"""After a lost answer: ``reconcile`` finds what the call made, not what is like it, and nothing where nothing was made."""

from __future__ import annotations

import asyncio
import copy
import datetime as dt
import pickle
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import hypothesis
import pytest
from faulty_server import Fault, Faulty, Talk
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from freshbooks_classic import NEVER, AsyncFreshBooks, FreshBooks
from freshbooks_classic.runtime import errors

TOKEN = "tokentokentokentoken0123456789ab"
ways = pytest.mark.parametrize("way", ["sync", "async"])
LISTS = {"invoice": "invoices", "expense": "expenses", "task": "tasks", "client": "clients"}


@dataclass
class Books:
    """A server that keeps what it is sent, and gives it back in lists."""

    rows: dict[str, list[etree._Element]] = field(default_factory=dict)
    brief: bool = False
    """Lists leave out what is nested."""
    drops: frozenset[str] = frozenset()
    """Elements that are taken and not kept."""
    rounds: bool = False
    """Numbers are kept with two places, as short as can be."""
    asked: Counter[str] = field(default_factory=Counter)

    def __call__(self, document: bytes) -> bytes:
        root = etree.fromstring(document)
        method = str(root.get("method"))
        self.asked[method] += 1
        resource, verb = method.split(".", 1)
        rows = self.rows.setdefault(resource, [])
        if verb == "create":
            number = self.keep(root[0])
            return _ok(f"<{resource}_id>{number}</{resource}_id>")
        if verb == "get":
            return _ok(etree.tostring(rows[int(root[0].text or 0) - 1], encoding="unicode"))
        page, size = int(root.findtext("page") or 1), int(root.findtext("per_page") or 25)
        kept = [row for row in rows if self._passes(row, root)]
        shown = [self._shown(row) for row in kept[(page - 1) * size : page * size]]
        facts = (
            f'page="{page}" per_page="{size}" pages="{-(-len(kept) // size)}" total="{len(kept)}"'
        )
        plural = LISTS[resource]
        return _ok(f"<{plural} {facts}>{''.join(shown)}</{plural}>")

    def keep(self, sent: etree._Element) -> int:
        """Keep a record; answers its number."""
        row = copy.deepcopy(sent)
        rows = self.rows.setdefault(row.tag, [])
        for child in [child for child in row if child.tag in self.drops]:
            row.remove(child)
        if self.rounds:
            for child in row.iter("unit_cost", "quantity", "amount", "rate"):
                rounded = Decimal(child.text or "0").quantize(Decimal("0.01"))
                child.text = format(rounded.normalize(), "f")
        number = len(rows) + 1
        etree.SubElement(row, f"{row.tag}_id").text = f"{number:011}"
        rows.append(row)
        return number

    def _passes(self, row: etree._Element, request: etree._Element) -> bool:
        filters = [
            child for child in request if child.tag in ("client_id", "status", "category_id")
        ]
        return all(row.findtext(str(one.tag)) == one.text for one in filters)

    def _shown(self, row: etree._Element) -> str:
        row = copy.deepcopy(row)
        if self.brief:
            for child in [child for child in row if len(child)]:
                row.remove(child)
        return etree.tostring(row, encoding="unicode")


def _ok(inside: str) -> bytes:
    return (
        f'<response xmlns="http://www.freshbooks.com/api/" status="ok">{inside}</response>'.encode()
    )


def _done(talk: Talk) -> None:
    talk.read().good()
    talk.reset()


DONE = Fault("done, and the answer lost", "lost", errors.NetworkError, _done)
NOT_DONE = Fault("lost before it was read", "lost", errors.NetworkError, lambda t: t.reset())


@pytest.fixture(scope="module")
def server() -> Iterator[Faulty]:
    with Faulty(Books()) as server:
        yield server


def lose(
    way: str, server: Faulty, fault: Fault, method: str, arguments: dict[str, Any]
) -> tuple[errors.OutcomeUnknownError, Any]:
    """The error of a call whose answer was lost, and what ``reconcile`` makes of it, in another process as it were."""
    server.expect(fault)
    if way == "sync":
        with FreshBooks("sample", token=TOKEN, url=server.url, retry=NEVER) as fb:
            with pytest.raises(errors.OutcomeUnknownError) as caught:
                fb.call(method, arguments)
            error = pickle.loads(pickle.dumps(caught.value))
            try:
                return error, fb.reconcile(error)
            except errors.Error as failed:
                return error, failed

    async def main() -> Any:
        async with AsyncFreshBooks("sample", token=TOKEN, url=server.url, retry=NEVER) as fb:
            with pytest.raises(errors.OutcomeUnknownError) as caught:
                await fb.call(method, arguments)
            error = pickle.loads(pickle.dumps(caught.value))
            try:
                return error, await fb.reconcile(error)
            except errors.Error as failed:
                return error, failed

    found: tuple[errors.OutcomeUnknownError, Any] = asyncio.run(main())
    return found


texts = st.text("ab é<&\n", max_size=8)
money = st.decimals(Decimal("0.01"), Decimal(99), places=2)
lines = st.fixed_dictionaries(
    {"name": st.sampled_from(["Yard work", "Wood & nails", "Ä"]), "unit_cost": money},
    optional={
        "quantity": st.integers(1, 5) | money | st.sampled_from(["2", "2.50", " 3"]),
        "description": texts,
        "tax1_percent": st.sampled_from(["0", "5", "7.5"]),
    },
)
invoices = st.fixed_dictionaries(
    {"client_id": st.integers(1, 3)},
    optional={
        "status": st.sampled_from(["draft", "sent"]),
        "date": st.dates(dt.date(2009, 1, 1), dt.date(2009, 1, 9)),
        "po_number": st.sampled_from(["7", "007", "A 7"]),
        "notes": texts,
        "terms": st.none(),
        "discount": st.sampled_from([0, 10, "10.5"]),
        "lines": st.lists(lines, max_size=3),
    },
)


def changed(draw: Any, invoice: dict[str, Any]) -> dict[str, Any]:
    """An invoice that differs from another one in one thing that can be told."""
    other = copy.deepcopy(invoice)
    ways = ["client"]
    ways += [name for name in ("status", "date", "po_number") if name in other]
    ways += ["line", "more lines", "less lines"] if other.get("lines") else []
    match draw(st.sampled_from(ways)):
        case "client":
            other["client_id"] += 10
        case "status":
            other["status"] = {"draft": "sent", "sent": "draft"}[other["status"]]
        case "date":
            other["date"] += dt.timedelta(days=1)
        case "po_number":
            other["po_number"] = other["po_number"] + "x" if draw(st.booleans()) else None
        case "line":
            line = draw(st.sampled_from(other["lines"]))
            line["unit_cost"] += Decimal("0.02")
        case "more lines":
            other["lines"].append({"name": "More", "unit_cost": Decimal(1)})
        case "less lines":
            other["lines"].pop()
            other["lines"] = other["lines"] or [{"name": "Other", "unit_cost": Decimal(7)}]
    return other


@ways
def test_exactly_what_was_sent_is_found_among_what_is_like_it(server: Faulty, way: str) -> None:
    counts: Counter[str] = Counter()

    @hypothesis.settings(max_examples=50, deadline=None, database=None)
    @given(st.data(), st.booleans(), st.booleans(), st.booleans())
    def prove(data: st.DataObject, done: bool, brief: bool, rounds: bool) -> None:
        books = Books(brief=brief, rounds=rounds)
        server.response = books
        wanted = data.draw(invoices)
        others = [changed(data.draw, wanted) for _ in range(data.draw(st.integers(0, 6)))]
        with FreshBooks("sample", token=TOKEN, url=server.url, retry=NEVER) as fb:
            server.expect()
            for other in others:
                fb.call("invoice.create", other)
        error, found = lose(way, server, DONE if done else NOT_DONE, "invoice.create", wanted)
        numbers = [row.invoice_id for row in found] if isinstance(found, list) else found
        assert numbers == ([len(others) + 1] if done else []), (wanted, others)
        assert error.attempts == 1
        counts["done" if done else "not done"] += 1
        counts["among others like it"] += bool(others)

    prove()
    print(dict(counts))


@ways
def test_what_the_server_does_not_keep_does_not_hide_what_was_made(
    server: Faulty, way: str
) -> None:
    server.response = books = Books(drops=frozenset({"status", "password", "gateways"}))
    sent = {
        "category_id": 4,
        "staff_id": 1,
        "amount": "10.5",
        "status": "unbilled",
        "notes": " two\nlines ",
    }
    _, found = lose(way, server, DONE, "expense.create", sent)
    assert [row.expense_id for row in found] == [1]
    sent = {
        "first_name": "Ada",
        "email": "ada@example.com",
        "password": "hidden",
        "username": "ada",
    }
    error, found = lose(way, server, DONE, "client.create", sent)
    assert [row.client_id for row in found] == [1]
    assert "password" not in error.values
    assert books.asked["client.get"] == 0, "the list showed all that was sent"


@ways
def test_an_equal_record_that_was_there_before_is_found_too(server: Faulty, way: str) -> None:
    server.response = Books()
    with FreshBooks("sample", token=TOKEN, url=server.url) as fb:
        server.expect()
        fb.task.create(name="Yard work", rate=15)
    _, found = lose(way, server, DONE, "task.create", {"name": "Yard work", "rate": "15.00"})
    assert [row.task_id for row in found] == [1, 2]


@ways
def test_a_long_list_is_looked_through_in_large_pages(server: Faulty, way: str) -> None:
    server.response = books = Books()
    for index in range(230):
        books.keep(etree.fromstring(f"<task><name>task {index}</name></task>"))
    _, found = lose(way, server, DONE, "task.create", {"name": "Raking"})
    assert [row.task_id for row in found] == [231]
    assert books.asked["task.list"] == 3


@ways
def test_what_a_list_cannot_tell_is_not_guessed(server: Faulty, way: str) -> None:
    server.response = Books()
    for method, arguments in (
        ("invoice.sendByEmail", {"invoice_id": 3, "subject": "x", "message": "y"}),
        ("invoice.lines.add", {"invoice_id": 3, "lines": [{"name": "x"}]}),
        ("receipt.create", {"expense_id": 3, "image": b"\xff\xd8\xff"}),
    ):
        error, found = lose(way, server, DONE if "send" in method else NOT_DONE, method, arguments)
        assert isinstance(found, errors.ConfigurationError), (method, found)
        assert error.look_up in str(found)


@ways
def test_a_list_that_keeps_moving_or_keeps_rows_back_is_no_proof(server: Faulty, way: str) -> None:
    def moving(document: bytes) -> bytes:
        total = 300 + len(server.seen)
        page = int((re.search(rb"<page>(\d+)<", document) or [b"", b"1"])[1])
        rows = "".join(
            f"<task><task_id>{1000 * page + n}</task_id><name>n</name></task>" for n in range(100)
        )
        return _ok(f'<tasks page="{page}" per_page="100" pages="3" total="{total}">{rows}</tasks>')

    server.response = moving
    error, found = lose(way, server, NOT_DONE, "task.create", {"name": "Raking"})
    assert isinstance(found, errors.OutcomeUnknownError), found
    assert (found.method, found.look_up, found.values) == (
        "task.create",
        error.look_up,
        {"name": "Raking"},
    )

    def holding_back(document: bytes) -> bytes:
        rows = "".join(
            f"<category><category_id>{n}</category_id><name>n</name></category>" for n in range(100)
        )
        return _ok(f'<categories page="1" per_page="100" pages="2" total="130">{rows}</categories>')

    server.response = holding_back
    _, found = lose(way, server, NOT_DONE, "category.create", {"name": "Fuel"})
    assert isinstance(found, errors.OutcomeUnknownError), "the category may be among the other 30"
    assert "100 rows came of a list of 130" in str(found)
