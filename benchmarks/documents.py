"""The documents that are measured: answers of invoice.list with every described field, made from a seed."""

from __future__ import annotations

import random
from xml.sax.saxutils import escape

TEXT = """
    brake service workshop hour inner tube chain frame lacquer saddle lamp rim spoke bell hub pedal grip mudguard rack
    carrier pannier bottle cage tyre patch lever cable housing cassette crank
"""
WORDS = TEXT.split()
STREETS = (
    "Quay Road",
    "Mill Lane",
    "Harbour Street",
    "Station Approach",
    "Rope Walk",
    "Chapel Hill",
)
CITIES = (
    ("Saltford", "Devon", "United Kingdom"),
    ("Kingston", "Ontario", "Canada"),
    ("Göteborg", "Västra Götaland", "Sweden"),
    ("Portland", "Maine", "United States"),
)
FIRST = ("Petra", "Émile", "Ines", "Tom", "Maud", "Arne", "Wen", "Noor")
LAST = ("Lindqvist", "Okafor", "Brontë", "Marsh", "Kowalski", "Diaz", "Tanaka", "Byrne")
STATUSES = (
    "draft",
    "sent",
    "viewed",
    "partial",
    "paid",
    "auto-paid",
    "retry",
    "failed",
    "disputed",
)

Fields = list[tuple[str, "str | Fields"]]


def invoice_list(seed: int, invoices: int = 100, lines: int = 5) -> bytes:
    """An answer of invoice.list: ``invoices`` invoices of ``lines`` lines, no field left out."""
    chance = random.Random(seed)
    rows = "".join(
        f"    <invoice>\n{_xml(_invoice(chance, number, lines), 6)}    </invoice>\n"
        for number in range(1, invoices + 1)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<response xmlns="http://www.freshbooks.com/api/" status="ok">\n'
        f'  <invoices page="1" per_page="{invoices}" pages="1" total="{invoices}">\n'
        f"{rows}  </invoices>\n</response>\n"
    ).encode()


def _xml(fields: Fields, indent: int) -> str:
    space = " " * indent
    parts = []
    for name, value in fields:
        if isinstance(value, list):
            parts.append(f"{space}<{name}>\n{_xml(value, indent + 2)}{space}</{name}>\n")
        else:
            extra = ' deprecated="true"' if name in ("url", "auth_url") else ""
            parts.append(f"{space}<{name}{extra}>{escape(value)}</{name}>\n")
    return "".join(parts)


def _money(chance: random.Random, most: int) -> str:
    return f"{chance.randrange(most)}.{chance.randrange(100):02}"


def _text(chance: random.Random, least: int, most: int) -> str:
    return " ".join(chance.choices(WORDS, k=chance.randint(least, most))).capitalize()


def _invoice(chance: random.Random, number: int, lines: int) -> Fields:
    city, state, country = chance.choice(CITIES)
    identity = chance.randrange(1, 10**6)
    day = f"{chance.randint(2009, 2018)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    site = "https://willow.freshbooks.com"
    clock = f"{chance.randrange(24):02}:{chance.randrange(60):02}:{chance.randrange(60):02}"
    return [
        ("invoice_id", f"{identity:011}"),
        ("client_id", str(chance.randrange(1, 400))),
        ("contacts", [("contact", [("contact_id", str(n))]) for n in range(chance.randint(1, 2))]),
        ("number", f"HC-{number:04}"),
        ("status", chance.choice(STATUSES)),
        ("date", day),
        ("return_uri", f"https://shop.example.com/thanks?order={identity}&from=mail"),
        ("lines", [("line", _line(chance, n)) for n in range(1, lines + 1)]),
        ("amount", _money(chance, 9000)),
        ("amount_outstanding", _money(chance, 900)),
        ("paid", _money(chance, 9000)),
        ("recurring_id", str(chance.randrange(100))),
        ("staff_id", str(chance.randint(1, 9))),
        ("folder", chance.choice(("active", "active", "active", "archived"))),
        (
            "links",
            [
                ("client_view", f"{site}/view/{identity:x}"),
                ("view", f"{site}/invoices/{identity}"),
                ("edit", f"{site}/invoices/{identity}/edit"),
            ],
        ),
        ("updated", f"{day} {clock}"),
        ("created_at", f"{day} 09:00:00"),
        ("po_number", f"PO-{chance.randrange(10**4)}/b"),
        ("discount", str(chance.randrange(20))),
        ("currency_code", chance.choice(("GBP", "CAD", "SEK", "USD"))),
        ("language", chance.choice(("en", "fr", "sv"))),
        ("notes", f"Thank you & ride safely. {_text(chance, 4, 12)}."),
        ("terms", f"Payable within {chance.choice((14, 30, 60))} days."),
        ("first_name", chance.choice(FIRST)),
        ("last_name", chance.choice(LAST)),
        ("organization", f"{chance.choice(LAST)} Cycles"),
        ("p_street1", f"{chance.randint(1, 200)} {chance.choice(STREETS)}"),
        ("p_street2", f"Shed {chance.randint(1, 9)}"),
        ("p_city", city),
        ("p_state", state),
        ("p_country", country),
        ("p_code", f"SX{chance.randint(1, 9)} {chance.randint(1, 9)}QT"),
        ("vat_name", "VAT Reg."),
        ("vat_number", f"GB{chance.randrange(10**9):09}"),
        ("url", f"{site}/view/{identity:x}"),
        ("auth_url", f"{site}/invoices/{identity}"),
    ]


def _line(chance: random.Random, number: int) -> Fields:
    return [
        ("line_id", str(number)),
        ("amount", _money(chance, 500)),
        ("name", _text(chance, 1, 3)),
        ("description", _text(chance, 3, 9)),
        ("unit_cost", _money(chance, 120)),
        ("quantity", str(chance.randint(1, 12))),
        ("tax1_name", "VAT"),
        ("tax2_name", "Levy"),
        ("tax1_percent", "20"),
        ("tax2_percent", chance.choice(("2", "2.5"))),
        ("type", chance.choice(("Item", "Time"))),
    ]
