"""Random calls of the generated client against the running sandbox, and against books that are kept by hand: every answer,
every refusal and every cent must agree."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sampling import FULL, SEED

from freshbooks_classic import ApiError, FreshBooks
from xmlwright.sandbox.server_thread import Sandbox

from .reference_model import (
    Books,
    Estimate,
    Invoice,
    Line,
    Payment,
    RefusedError,
    exact,
    not_found,
    page_of,
)

NAMES = ("Ada", "Bob & Sons", "Çelik <GmbH>", "0012", "")
CURRENCIES = ("USD", "EUR")
ABSENT = 987_654
QUIET: list[Any] = list(HealthCheck)
"""An id that nothing has."""
TAXES = ("VAT", "Levy", "Surcharge")
PRICES = st.decimals("-500", "5000", places=2)
QUANTITIES = st.decimals("0", "40", places=2)
SUMS = st.decimals("0", "3000", places=2)
RATES = st.sampled_from((0, 5, 7, 13, 20))
LINES = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(NAMES), "unit_cost": PRICES, "quantity": QUANTITIES},
        optional={
            "tax1_name": st.sampled_from(TAXES),
            "tax1_percent": RATES,
            "tax2_name": st.sampled_from(TAXES),
            "tax2_percent": RATES,
            "type": st.sampled_from(("Item", "Time")),
        },
    ).map(lambda line: _sensible(line)),
    max_size=4,
)


def _sensible(line: Line) -> Line:
    """A tax has a name and a percentage, and no line has the same one twice."""
    for at in (1, 2):
        if f"tax{at}_name" not in line or f"tax{at}_percent" not in line:
            line.pop(f"tax{at}_name", None)
            line.pop(f"tax{at}_percent", None)
    if line.get("tax1_name") == line.get("tax2_name"):
        line.pop("tax2_name", None)
        line.pop("tax2_percent", None)
    return line


@dataclass
class Outcome:
    """What the model says of a call."""

    value: Any = None
    refused: RefusedError | None = None


class Bookkeeping(RuleBasedStateMachine):
    """One account; each example has a new one."""

    box: Sandbox
    numbers = itertools.count(1)

    clients = Bundle("clients")
    invoices = Bundle("invoices")
    payments = Bundle("payments")
    estimates = Bundle("estimates")
    taxes = Bundle("taxes")
    projects = Bundle("projects")
    tasks = Bundle("tasks")
    entries = Bundle("entries")

    def __init__(self) -> None:
        super().__init__()
        account = f"books-{next(self.numbers)}"
        token = self.box.open(account)
        self.fb = FreshBooks(account, token=token, url=self.box.address(account), ca=self.box.ca)
        self.books = Books()
        self.printed = itertools.count(1)
        self.touched: set[int] = set()

    def teardown(self) -> None:
        self.every_list_agrees()
        self.fb.close()

    # ---- how the two are compared

    def same(self, call: Callable[[], Any], model: Callable[[], Any]) -> Any:
        """Do a call in both; its value in the sandbox, or None where both refuse it in the same words."""
        try:
            expected = Outcome(model())
        except RefusedError as refused:
            expected = Outcome(refused=refused)
        try:
            value = call()
        except ApiError as failure:
            told = (failure.code, failure.message)
            assert expected.refused is not None, f"refused, and the model accepts it: {told}"
            assert told == (expected.refused.code, expected.refused.message)
            return None
        assert expected.refused is None, f"accepted, and the model says {expected.refused}"
        return value

    # ---- clients

    @initialize(target=clients)
    def first_client(self) -> int:
        return self._new_client("ada@example.com", "Ada")

    @rule(target=clients, name=st.sampled_from(NAMES), at=st.integers(0, 3))
    def create_client(self, name: str, at: int) -> int:
        return self._new_client(f"{at}@example.com", name)

    def _new_client(self, email: str, organization: str) -> int:
        made = self.fb.client.create(email=email, organization=organization)
        assert made > 0
        assert made not in self.books.clients
        self.books.clients[made] = {
            "email": email, "organization": organization, "notes": "", "deleted": False,
        }  # fmt: skip
        return made

    @rule(client=st.one_of(clients, st.just(ABSENT)))
    def get_client(self, client: int) -> None:
        found = self.same(lambda: self.fb.client.get(client), lambda: self.books.client(client))
        if found is not None:
            self._same_client(found, client)

    def _same_client(self, found: Any, client: int) -> None:
        kept = self.books.clients[client]
        assert found.client_id == client
        for name in ("email", "organization", "notes"):
            assert (getattr(found, name) or "") == kept[name], name
        assert found.folder == ("deleted" if kept["deleted"] else "active")
        for credit in found.credits:
            assert exact(credit.amount) == self.books.credit(client, credit.currency)
        told = {credit.currency for credit in found.credits}
        for currency in CURRENCIES:
            if self.books.credit(client, currency):
                assert currency in told

    @rule(
        client=st.one_of(clients, st.just(ABSENT)),
        changes=st.fixed_dictionaries(
            {},
            optional={
                "organization": st.one_of(st.none(), st.sampled_from(NAMES)),
                "notes": st.one_of(st.none(), st.sampled_from(NAMES)),
                "email": st.just("new@example.com"),
            },
        ),
    )
    def update_client(self, client: int, changes: dict[str, Any]) -> None:
        def model() -> None:
            self.books.client(client).update({name: value or "" for name, value in changes.items()})

        self.same(lambda: self.fb.client.update(client, **changes), model)

    @rule(client=st.one_of(clients, st.just(ABSENT)))
    def delete_client(self, client: int) -> None:
        def model() -> None:
            self.books.client(client)["deleted"] = True

        self.same(lambda: self.fb.client.delete(client), model)

    @rule(client=clients)
    def undelete_client(self, client: int) -> None:
        if self.books.clients[client]["deleted"]:
            self.fb.client.undelete(client)
            self.books.clients[client]["deleted"] = False

    # ---- invoices

    @rule(
        target=invoices,
        client=st.one_of(clients, clients, clients, st.just(ABSENT)),
        lines=LINES,
        status=st.sampled_from(("draft", "sent", "viewed")),
        discount=st.sampled_from((0, 0, 10, 33)),
        currency=st.sampled_from((None, *CURRENCIES)),
        number=st.sampled_from((None, None, None, "same", "own")),
    )
    def create_invoice(
        self,
        client: int,
        lines: list[Line],
        status: Any,
        discount: int,
        currency: str | None,
        number: str | None,
    ) -> Any:
        said: dict[str, Any] = {} if currency is None else {"currency_code": currency}
        if number is not None:
            said["number"] = "INV-same" if number == "same" else f"INV-{next(self.printed)}/b"

        def model() -> None:
            if client not in self.books.clients:
                raise RefusedError("Client does not exist.", None)
            self.books.client(client)
            if "number" in said:
                self.books.free_number(said["number"])

        made = self.same(
            lambda: self.fb.invoice.create(
                client_id=client, lines=lines, status=status, discount=discount, **said
            ),
            model,
        )
        if made is None:
            return multiple()
        assert made not in self.books.invoices
        shown = self.fb.invoice.get(made)
        assert shown.number is not None
        self.books.free_number(shown.number)
        assert said.get("number", shown.number) == shown.number
        self.books.invoices[made] = Invoice(
            client, shown.number, status, lines, Fraction(discount), currency or self.books.base
        )
        self._same_invoice(shown, made)
        return made

    def _same_invoice(self, found: Any, invoice: int) -> None:
        kept = self.books.invoices[invoice]
        assert found.invoice_id == invoice
        assert found.client_id == kept.client
        assert found.number == kept.number
        assert found.currency_code == kept.currency
        assert (found.notes or "") == kept.notes
        assert found.folder == ("deleted" if kept.deleted else "active")
        assert len(found.lines) == len(kept.lines)
        for line, said in zip(found.lines, kept.lines, strict=True):
            assert line.amount == self.books.line_amount(said)
            assert (line.name or "") == said.get("name", "")
            assert exact(line.unit_cost) == exact(said.get("unit_cost"))
            assert exact(line.quantity) == exact(said.get("quantity"))
        assert found.amount == self.books.amount(invoice)
        assert exact(found.amount_outstanding) == self.books.outstanding(invoice)
        assert found.status == self.books.status(invoice)

    @rule(invoice=st.one_of(invoices, st.just(ABSENT)))
    def get_invoice(self, invoice: int) -> None:
        found = self.same(lambda: self.fb.invoice.get(invoice), lambda: self.books.invoice(invoice))
        if found is not None:
            self._same_invoice(found, invoice)

    @rule(
        invoice=st.one_of(invoices, invoices, st.just(ABSENT)),
        lines=st.one_of(st.none(), LINES),
        notes=st.one_of(st.none(), st.sampled_from(NAMES)),
        discount=st.one_of(st.none(), st.sampled_from((0, 15))),
        status=st.one_of(st.none(), st.sampled_from(("sent", "viewed"))),
    )
    def update_invoice(
        self,
        invoice: int,
        lines: list[Line] | None,
        notes: str | None,
        discount: int | None,
        status: str | None,
    ) -> None:
        said: dict[str, Any] = {"notes": notes}
        said |= {} if lines is None else {"lines": lines}
        said |= {} if discount is None else {"discount": discount}
        said |= {} if status is None else {"status": status}

        def model() -> None:
            kept = self.books.invoice(invoice)
            kept.notes = notes or ""
            kept.lines = kept.lines if lines is None else lines
            kept.discount = kept.discount if discount is None else Fraction(discount)
            kept.status = kept.status if status is None else status

        self.same(lambda: self.fb.invoice.update(invoice, **said), model)
        self.touched.add(invoice)

    @rule(invoice=st.one_of(invoices, invoices, st.just(ABSENT)), lines=LINES.filter(bool))
    def add_lines(self, invoice: int, lines: list[Line]) -> None:
        def model() -> None:
            kept = self.books.invoice(invoice)
            kept.lines = [*kept.lines, *lines]

        added = self.same(lambda: self.fb.invoice.lines.add(invoice, lines=lines), model)
        if added is not None:
            assert added.invoice_id == invoice
            assert len(set(added.line_ids)) == len(lines)
        self.touched.add(invoice)

    @rule(invoice=invoices, at=st.integers(0, 3), price=PRICES)
    def change_or_delete_a_line(self, invoice: int, at: int, price: Decimal) -> None:
        kept = self.books.invoices[invoice]
        if kept.deleted or at >= len(kept.lines):
            return
        number = self.fb.invoice.get(invoice).lines[at].line_id
        assert number is not None
        if price < 0:
            self.fb.invoice.lines.delete(invoice, line_id=number)
            kept.lines = [line for place, line in enumerate(kept.lines) if place != at]
        else:
            self.fb.invoice.lines.update(invoice, lines=[{"line_id": number, "unit_cost": price}])
            kept.lines = [*kept.lines]
            kept.lines[at] = {**kept.lines[at], "unit_cost": price}
        self.touched.add(invoice)

    @rule(invoice=st.one_of(invoices, st.just(ABSENT)))
    def delete_invoice(self, invoice: int) -> None:
        def model() -> None:
            self.books.invoice(invoice).deleted = True

        self.same(lambda: self.fb.invoice.delete(invoice), model)

    @rule(invoice=st.one_of(invoices, st.just(ABSENT)))
    def send_invoice(self, invoice: int) -> None:
        def model() -> None:
            kept = self.books.invoice(invoice)
            kept.status = "sent" if kept.status == "draft" else kept.status

        self.same(lambda: self.fb.invoice.send_by_email(invoice), model)
        self.touched.add(invoice)

    # ---- payments

    @rule(
        target=payments,
        client=st.one_of(st.none(), clients),
        invoice=st.one_of(st.none(), invoices, invoices, st.just(ABSENT)),
        amount=SUMS,
        currency=st.sampled_from(CURRENCIES),
    )
    def pay(self, client: int | None, invoice: int | None, amount: Decimal, currency: str) -> Any:
        if client is None and invoice is None:
            return multiple()
        said: dict[str, Any] = {"amount": amount}
        if client is not None:
            said["client_id"] = client
        if invoice is not None:
            said["invoice_id"] = invoice
            if client is not None and invoice in self.books.invoices:
                # Another client's credit is no case that any document speaks of.
                said["client_id"] = client = self.books.invoices[invoice].client
        else:
            said["currency_code"] = currency

        def model() -> None:
            self.books.check_payment(client, invoice, exact(amount), currency)

        made = self.same(lambda: self.fb.payment.create(**said), model)
        if made is None:
            return multiple()
        assert made not in self.books.payments
        both = client is not None and invoice is not None
        if invoice is not None:
            currency = self.books.invoices[invoice].currency
            client = self.books.invoices[invoice].client if client is None else client
            self.touched.add(invoice)
        self.books.payments[made] = Payment(exact(amount), client, invoice, both, currency)
        return made

    @rule(payment=st.one_of(payments, st.just(ABSENT)))
    def get_payment(self, payment: int) -> None:
        found = self.same(lambda: self.fb.payment.get(payment), lambda: self.books.payment(payment))
        if found is not None:
            kept = self.books.payments[payment]
            assert exact(found.amount) == kept.amount
            assert found.invoice_id == kept.invoice
            assert (found.notes or "") == kept.notes
            if kept.invoice is None:
                assert (found.client_id, found.currency_code) == (kept.client, kept.currency)

    @rule(payment=st.one_of(payments, st.just(ABSENT)), amount=SUMS, notes=st.sampled_from(NAMES))
    def update_payment(self, payment: int, amount: Decimal, notes: str) -> None:
        kept = self.books.payments.get(payment)
        if kept is not None and (kept.from_credit or kept.invoice is None):
            amount = Decimal("0.00")  # whether a credit may shrink below what was used is not known
            if (
                self.books.credit(kept.client or 0, kept.currency) < kept.amount
                and not kept.from_credit
            ):
                return
        if (
            kept is not None
            and kept.invoice is not None
            and self.books.invoices[kept.invoice].deleted
        ):
            return

        def model() -> None:
            found = self.books.payment(payment)
            found.amount, found.notes = exact(amount), notes
            if found.invoice is not None:
                self.touched.add(found.invoice)

        self.same(lambda: self.fb.payment.update(payment, amount=amount, notes=notes), model)

    @rule(payment=consumes(payments))
    def delete_payment(self, payment: int) -> None:
        kept = self.books.payments[payment]
        if kept.invoice is None:
            if self.books.credit(kept.client or 0, kept.currency) < kept.amount:
                return
        elif self.books.invoices[kept.invoice].deleted:
            return
        else:
            self.touched.add(kept.invoice)
        self.fb.payment.delete(payment)
        del self.books.payments[payment]
        with self.refused(not_found("payment")):
            self.fb.payment.delete(payment)

    # ---- estimates

    @rule(target=estimates, client=clients, lines=LINES)
    def create_estimate(self, client: int, lines: list[Line]) -> Any:
        if self.books.clients[client]["deleted"]:
            return multiple()
        made = self.fb.estimate.create(client_id=client, lines=lines)
        assert made not in self.books.estimates
        self.books.estimates[made] = Estimate(client, "draft", lines)
        return made

    @rule(
        estimate=st.one_of(estimates, st.just(ABSENT)),
        verb=st.sampled_from(("get", "accept", "mark_as_sent", "delete")),
    )
    def handle_estimate(self, estimate: int, verb: str) -> None:
        def model() -> None:
            kept = self.books.estimate(estimate)
            if verb == "accept":
                if kept.status == "accepted":
                    raise RefusedError(
                        "Failed to accept estimate. Estimate is already accepted.", "50020"
                    )
                kept.status = "accepted"
            elif verb == "mark_as_sent" and kept.status == "draft":
                kept.status = "sent"
            elif verb == "delete":
                kept.deleted = True

        found = self.same(lambda: getattr(self.fb.estimate, verb)(estimate), model)
        if verb == "get" and found is not None:
            kept = self.books.estimates[estimate]
            assert found.status == kept.status
            assert found.amount == self.books.total(kept.lines)
            assert [line.amount for line in found.lines] == [
                self.books.line_amount(line) for line in kept.lines
            ]

    # ---- taxes

    @rule(target=taxes, name=st.sampled_from(TAXES), rate=RATES, compound=st.booleans())
    def create_tax(self, name: str, rate: int, compound: bool) -> Any:
        taken = any(tax["name"] == name for tax in self.books.taxes.values())
        try:
            made = self.fb.tax.create(name=name, rate=rate, compound=compound)
        except ApiError:  # in words that nobody has written down
            assert taken
            return multiple()
        assert not taken
        self.books.taxes[made] = {"name": name, "rate": rate, "compound": compound}
        self._retaxed(name)
        return made

    @rule(tax=consumes(taxes))
    def delete_tax(self, tax: int) -> None:
        self.fb.tax.delete(tax)
        self._retaxed(self.books.taxes.pop(tax)["name"])
        with self.refused(not_found("tax")):
            self.fb.tax.get(tax)

    def _retaxed(self, name: str) -> None:
        """A tax becomes or is no longer compound: documents of before keep their amounts until they are changed, as far as anyone
        knows, so those that have it are given their lines again."""
        for number, invoice in self.books.invoices.items():
            if not invoice.deleted and any(
                name in (line.get("tax1_name"), line.get("tax2_name")) for line in invoice.lines
            ):
                self.fb.invoice.update(number, lines=invoice.lines)
                self.touched.add(number)
        for number, estimate in self.books.estimates.items():
            if not estimate.deleted:
                self.fb.estimate.update(number, lines=estimate.lines)

    # ---- projects, tasks, time

    @rule(target=tasks, name=st.sampled_from(NAMES[:4]), rate=st.integers(0, 200))
    def create_task(self, name: str, rate: int) -> int:
        made = self.fb.task.create(name=name, rate=rate, billable=bool(rate))
        self.books.tasks[made] = {"name": name, "rate": rate}
        return made

    @rule(
        target=projects,
        name=st.sampled_from(NAMES[:4]),
        tasks=st.lists(tasks, max_size=2, unique=True),
    )
    def create_project(self, name: str, tasks: list[int]) -> int:
        made = self.fb.project.create(
            name=name, bill_method="task-rate", tasks=[{"task_id": task} for task in tasks]
        )
        self.books.projects[made] = {"name": name, "tasks": tasks}
        return made

    @rule(
        target=entries,
        project=st.one_of(projects, projects, st.just(ABSENT)),
        at=st.integers(0, 1),
        minutes=st.integers(1, 600),
    )
    def log_time(self, project: int, at: int, minutes: int) -> Any:
        tasks = self.books.projects.get(project, {"tasks": [ABSENT]})["tasks"]
        if at >= len(tasks):
            return multiple()

        def model() -> None:
            if project not in self.books.projects:
                raise not_found("project")

        hours = round(Decimal(minutes) / 60, 2)
        made = self.same(
            lambda: self.fb.time_entry.create(project_id=project, task_id=tasks[at], hours=hours),
            model,
        )
        if made is None:
            return multiple()
        self.books.entries[made] = {"project": project, "task": tasks[at], "hours": hours}
        return made

    @rule(entry=entries)
    def get_time(self, entry: int) -> None:
        found = self.fb.time_entry.get(entry)
        kept = self.books.entries[entry]
        assert (found.project_id, found.task_id) == (kept["project"], kept["task"])
        assert exact(found.hours) == exact(kept["hours"])
        assert not found.billed

    # ---- lists

    @rule(position=st.integers(1, 3), size=st.sampled_from((1, 2, 25, 1000)))
    def list_clients(self, position: int, size: int) -> None:
        ids = sorted((k for k, c in self.books.clients.items() if not c["deleted"]), reverse=True)
        rows, size, pages, total = page_of(ids, position, size)
        page = next(iter(self.fb.client.list(page=position, per_page=size).pages()))
        assert [client.client_id for client in page] == rows
        assert (page.position, page.size, page.pages, page.total) == (position, size, pages, total)

    @rule(client=clients, folder=st.sampled_from((None, "active", "deleted")))
    def list_invoices(self, client: int, folder: Any) -> None:
        wanted = sorted(
            (
                number
                for number, invoice in self.books.invoices.items()
                if invoice.client == client and invoice.deleted == (folder == "deleted")
            ),
            reverse=True,
        )
        said = {} if folder is None else {"folder": folder}
        found = list(self.fb.invoice.list(client_id=client, **said))
        assert [invoice.invoice_id for invoice in found] == wanted
        for invoice in found:
            self._same_invoice(invoice, invoice.invoice_id)

    @rule()
    def list_unpaid(self) -> None:
        unpaid = {
            number
            for number, invoice in self.books.invoices.items()
            if not invoice.deleted and self.books.status(number) in ("sent", "viewed")
        }
        assert {item.invoice_id for item in self.fb.invoice.list(status="unpaid")} == unpaid

    def every_list_agrees(self) -> None:
        """What is left in the end: nothing lost, nothing made up, and all sums together."""
        books = self.books
        alive = {number for number, item in books.invoices.items() if not item.deleted}
        listed = {item.invoice_id: item for item in self.fb.invoice.list()}
        assert set(listed) == alive
        for number, invoice in listed.items():
            self._same_invoice(invoice, number)
        assert {item.payment_id for item in self.fb.payment.list()} == set(books.payments)
        assert {item.tax_id for item in self.fb.tax.list()} == set(books.taxes)
        assert {item.task_id for item in self.fb.task.list()} == set(books.tasks)
        assert {item.project_id for item in self.fb.project.list()} == set(books.projects)
        assert {item.time_entry_id for item in self.fb.time_entry.list()} == set(books.entries)
        assert sum((exact(item.hours) for item in self.fb.time_entry.list()), Fraction(0)) == sum(
            (exact(item["hours"]) for item in books.entries.values()), Fraction(0)
        )
        for client, kept in books.clients.items():
            if not kept["deleted"]:
                self._same_client(self.fb.client.get(client), client)

    @invariant()
    def what_was_touched_adds_up(self) -> None:
        for invoice in self.touched:
            if invoice in self.books.invoices and not self.books.invoices[invoice].deleted:
                self._same_invoice(self.fb.invoice.get(invoice), invoice)
        self.touched.clear()

    @contextmanager
    def refused(self, expected: RefusedError) -> Any:
        with pytest.raises(ApiError) as caught:
            yield
        assert (caught.value.code, caught.value.message) == (expected.code, expected.message)


def test_random_calls_agree_with_the_books(box: Sandbox) -> None:
    steps = 0

    class Counted(Bookkeeping):
        def same(self, call: Callable[[], Any], model: Callable[[], Any]) -> Any:
            nonlocal steps
            steps += 1
            return super().same(call, model)

    Counted.box = box
    seed(SEED)(Counted)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]  # it has no types
        Counted,
        settings=settings(
            max_examples=400 if FULL else 30,
            stateful_step_count=40,
            deadline=None,
            database=None,
            suppress_health_check=QUIET,
        ),
    )
    print(f"{steps} calls compared")
    assert steps > 250
