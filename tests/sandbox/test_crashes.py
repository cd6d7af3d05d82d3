"""A sandbox with a database file, killed at any moment and started again: what was acknowledged is there, and nothing is there by half."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
from sampling import FULL, generator
from sandbox_process import Process, sandbox_process

from freshbooks_classic import FreshBooks, NotFoundError
from freshbooks_classic.invoice import InvoiceLineInput
from freshbooks_classic.runtime.errors import ApiError, Error
from freshbooks_classic.runtime.retry import NEVER

from .case_setup import ROOT

ROUNDS = 25 if FULL else 3
WRITERS = 4
LINES = 12
WRITES = 10
"""That are waited for before the moment comes, so that a busy machine kills in the middle of something, too."""


@dataclass
class Acknowledged:
    """What the server has said it did, and what it may or may not have done."""

    clients: dict[int, str] = field(default_factory=dict)
    invoices: dict[int, str] = field(default_factory=dict)
    """Invoice -> its notes, which every change writes anew."""
    open: dict[int, str] = field(default_factory=dict)
    """Invoice -> notes of a change that was never answered."""
    payments: dict[int, tuple[int, Decimal]] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    deleting: set[int] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        return len(self.clients) + len(self.invoices) + len(self.payments) + len(self.deleted)


def client_of(process: Process) -> FreshBooks:
    return FreshBooks(
        process.exported("ACCOUNT"), token=process.exported("TOKEN"), url=process.exported("URL"), ca=process.exported("CA"),
        retry=NEVER, timeout=10,
    )  # fmt: skip


def write(process: Process, told: Acknowledged, dice: random.Random, stop: threading.Event) -> None:
    """Make, change, pay and delete invoices until the server is gone."""
    with client_of(process) as fb:
        try:
            while not stop.is_set():
                name = f"{dice.random():.12f}"
                client = fb.client.create(email=f"{name}@example.com", organization=name)
                with told.lock:
                    told.clients[client] = name
                lines: list[InvoiceLineInput] = [
                    {"name": f"{name} {at}", "unit_cost": "1.25", "quantity": 2}
                    for at in range(LINES)
                ]
                invoice = fb.invoice.create(client_id=client, lines=lines, notes=name)
                with told.lock:
                    told.invoices[invoice] = name
                    told.open[invoice] = f"{name}, changed"
                fb.invoice.update(invoice, notes=f"{name}, changed")
                with told.lock:
                    told.invoices[invoice] = told.open.pop(invoice)
                amount = Decimal(dice.randrange(1, 3000)) / 100
                payment = fb.payment.create(invoice_id=invoice, amount=amount)
                with told.lock:
                    told.payments[payment] = (invoice, amount)
                if dice.random() < 0.3:
                    with told.lock:
                        told.deleting.add(invoice)
                    fb.invoice.delete(invoice)
                    with told.lock:
                        told.deleted.add(invoice)
        except ApiError:
            raise
        except Error:
            return  # the server was killed


def check(process: Process, told: Acknowledged) -> None:
    """Everything acknowledged is there, and all that is there is whole."""
    with client_of(process) as fb:
        clients = {item.client_id: item for item in fb.client.list(per_page=100)}
        for number, name in told.clients.items():
            assert clients[number].organization == name
        paid: dict[int, Decimal] = {}
        payments = {item.payment_id: item for item in fb.payment.list(per_page=100)}
        for number, (invoice, amount) in told.payments.items():
            assert (payments[number].invoice_id, payments[number].amount) == (invoice, amount)
        for payment in payments.values():
            assert payment.invoice_id is not None
            assert payment.amount is not None
            before = paid.get(payment.invoice_id, Decimal(0))
            paid[payment.invoice_id] = before + payment.amount
        invoices = {item.invoice_id: item for item in fb.invoice.list(per_page=100)}
        invoices |= {
            item.invoice_id: item for item in fb.invoice.list(per_page=100, folder="deleted")
        }
        assert len({item.number for item in invoices.values()}) == len(invoices)
        for number, name in told.invoices.items():
            assert invoices[number].notes in (name, told.open.get(number, name))
            if number in told.deleted:
                assert invoices[number].folder == "deleted"
            elif number not in told.deleting:
                assert invoices[number].folder == "active"
        for item in invoices.values():
            assert item.client_id in clients
            assert len(item.lines) == LINES
            total = Decimal("2.50") * LINES
            assert item.amount == total
            assert item.amount_outstanding == total - paid.pop(item.invoice_id, Decimal(0))
        assert not paid, "payments of invoices that are not there"
        with told.lock:
            told.open.clear()
            told.invoices = {number: item.notes or "" for number, item in invoices.items()}
            told.deleted = {key for key, item in invoices.items() if item.folder == "deleted"}
            told.deleting = set(told.deleted)


def test_killed_at_any_moment_it_comes_back_whole(tmp_path: Path) -> None:
    told = Acknowledged()
    moments = generator("moments of the kills")
    database = tmp_path / "state.sqlite"
    tokens = set()
    for turn in range(ROUNDS):
        with sandbox_process(
            tmp_path / "home", "--empty", "--database", database, project=ROOT
        ) as process:
            tokens.add(process.exported("TOKEN"))
            check(process, told)
            stop = threading.Event()
            writers = [
                threading.Thread(
                    target=write,
                    args=(process, told, generator(f"writer {at} in round {turn}"), stop),
                )
                for at in range(WRITERS)
            ]
            before, latest = len(told), time.monotonic() + 60
            for writer in writers:
                writer.start()
            while len(told) < before + WRITES and time.monotonic() < latest:
                time.sleep(0.01)
            time.sleep(moments.uniform(0, 0.5))
            process.kill()
            stop.set()
            for writer in writers:
                writer.join()
            assert not process.complained
    with sandbox_process(
        tmp_path / "home", "--empty", "--database", database, project=ROOT
    ) as process:
        check(process, told)
        assert process.stop() == 0
    assert len(tokens) == 1, "who had a token still has it"
    print(f"{ROUNDS} kills, {len(told)} acknowledged writes kept")
    assert len(told) >= ROUNDS * WRITES


def test_what_is_kept_is_found_without_the_first_server(tmp_path: Path) -> None:
    """The file alone is the state: another folder, another port."""
    database = tmp_path / "state.sqlite"
    with sandbox_process(
        tmp_path / "one", "--empty", "--database", database, project=ROOT
    ) as process:
        with client_of(process) as fb:
            number = fb.task.create(name="Yard work", rate=15)
        assert process.stop() == 0
    with (
        sandbox_process(
            tmp_path / "two", "--empty", "--database", database, project=ROOT
        ) as process,
        client_of(process) as fb,
    ):
        assert fb.task.get(number).name == "Yard work"
        with pytest.raises(NotFoundError):
            fb.task.get(number + 1)
        assert fb.task.create(name="More") > number, "no number is given twice"
