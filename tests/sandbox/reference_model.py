"""A small set of books by hand: what the API's documents say of clients, invoices, payments and the like, and nothing of how
the sandbox does it. Money is counted in fractions and rounded where an amount is shown."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

Line = Any
"""A mapping; the client has one type for those of invoices and another for those of estimates."""
PAGE, LONGEST = 25, 100


class RefusedError(Exception):
    """The call fails, in these words."""

    def __init__(self, message: str, code: str | None) -> None:
        super().__init__(code, message)
        self.code, self.message = code, message


def not_found(of: str, shown: str = "") -> RefusedError:
    named = shown or of.replace("_", " ").capitalize()
    return RefusedError(f"'{of}_id' not found. {named} not found.", "50010")


def is_deleted(of: str) -> RefusedError:
    return RefusedError(f"'{of}_id' not found. {of.capitalize()} is deleted.", "50010")


def cents(sum_of: Fraction) -> Decimal:
    """A sum as it is shown: to the cent, halves away from zero."""
    size = math.floor(abs(sum_of) * 100 + Fraction(1, 2))
    return Decimal(size if sum_of >= 0 else -size).scaleb(-2)


def exact(value: object) -> Fraction:
    return Fraction(str(value or 0))


@dataclass
class Invoice:
    client: int
    number: str
    status: str
    lines: list[Line]
    discount: Fraction
    currency: str
    notes: str = ""
    deleted: bool = False


@dataclass
class Payment:
    amount: Fraction
    client: int | None
    invoice: int | None
    from_credit: bool
    currency: str
    notes: str = ""


@dataclass
class Estimate:
    client: int
    status: str
    lines: list[Line]
    deleted: bool = False


@dataclass
class Books:
    """One account."""

    base: str = "USD"
    clients: dict[int, dict[str, Any]] = field(default_factory=dict)
    invoices: dict[int, Invoice] = field(default_factory=dict)
    payments: dict[int, Payment] = field(default_factory=dict)
    estimates: dict[int, Estimate] = field(default_factory=dict)
    taxes: dict[int, dict[str, Any]] = field(default_factory=dict)
    categories: dict[int, dict[str, Any]] = field(default_factory=dict)
    tasks: dict[int, dict[str, Any]] = field(default_factory=dict)
    projects: dict[int, dict[str, Any]] = field(default_factory=dict)
    entries: dict[int, dict[str, Any]] = field(default_factory=dict)

    # ---- clients

    def client(self, number: int) -> dict[str, Any]:
        found = self.clients.get(number)
        if found is None:
            raise not_found("client")
        if found["deleted"]:
            raise is_deleted("client")
        return found

    def undeleted_client(self, number: int) -> dict[str, Any]:
        """Any client, also a deleted one."""
        if number not in self.clients:
            raise not_found("client")
        return self.clients[number]

    def credit(self, client: int, currency: str) -> Fraction:
        """What a client has paid beforehand and not used."""
        total = Fraction(0)
        for payment in self.payments.values():
            if payment.client != client or payment.currency != currency:
                continue
            if payment.invoice is None:
                total += payment.amount
            elif payment.from_credit:
                total -= payment.amount
        return total

    # ---- documents

    def line_amount(self, line: Line) -> Decimal:
        return cents(exact(line.get("unit_cost")) * exact(line.get("quantity")))

    def total(self, lines: Iterable[Line], discount: Fraction = Fraction(0)) -> Decimal:
        compound = {tax["name"] for tax in self.taxes.values() if tax["compound"]}
        whole = Fraction(0)
        for line in lines:
            net = exact(self.line_amount(line)) * (1 - discount / 100)
            rates = [exact(line.get(f"tax{at}_percent")) / 100 for at in (1, 2)]
            whole += net
            for at, other in ((0, 1), (1, 0)):
                # A compound tax is charged on the line and its other tax together.
                on_top = line.get(f"tax{at + 1}_name") in compound
                whole += net * rates[at] * (1 + (rates[other] if on_top else 0))
        return cents(whole)

    def invoice(self, number: int) -> Invoice:
        found = self.invoices.get(number)
        if found is None:
            raise not_found("invoice")
        if found.deleted:
            raise is_deleted("invoice")
        return found

    def amount(self, number: int) -> Decimal:
        invoice = self.invoices[number]
        return self.total(invoice.lines, invoice.discount)

    def paid(self, number: int) -> Fraction:
        return sum(
            (item.amount for item in self.payments.values() if item.invoice == number), Fraction(0)
        )

    def outstanding(self, number: int) -> Fraction:
        return exact(self.amount(number)) - self.paid(number)

    def status(self, number: int) -> str:
        paid = self.paid(number)
        if paid <= 0:
            return self.invoices[number].status
        return "paid" if self.outstanding(number) <= 0 else "partial"

    def free_number(self, number: str) -> None:
        if any(item.number == number for item in self.invoices.values()):
            raise RefusedError(
                "This invoice number is already in use. Please choose another.", None
            )

    def estimate(self, number: int) -> Estimate:
        found = self.estimates.get(number)
        if found is None:
            raise not_found("estimate")
        if found.deleted:
            raise is_deleted("estimate")
        return found

    # ---- payments

    def check_payment(
        self, client: int | None, invoice: int | None, amount: Fraction, currency: str
    ) -> None:
        """Raise what is wrong with a new payment."""
        if client is not None:
            self.client(client)
        if invoice is not None:
            self.invoice(invoice)
        if client is not None and invoice is not None:
            available = self.credit(client, self.invoices[invoice].currency)
            if amount > available:
                raise RefusedError("Payment from credit cannot exceed available credit", None)

    def payment(self, number: int) -> Payment:
        if number not in self.payments:
            raise not_found("payment")
        return self.payments[number]


def page_of(ids: list[int], position: int, size: int) -> tuple[list[int], int, int, int]:
    """What a page of a list holds: ids, its size, the number of pages, and of rows."""
    size = min(size, LONGEST)
    pages = -(-len(ids) // size)
    return ids[(position - 1) * size : position * size], size, pages, len(ids)
