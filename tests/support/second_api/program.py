"""A program that uses the generated client: it calls the depot at a URL and prints the results as JSON.

The type checkers read it, too."""

from __future__ import annotations

import datetime as dt
import json
import sys
from decimal import Decimal
from pathlib import Path

import depot_client
from depot_client import Depot
from depot_client.article import Article


def described(article: Article) -> dict[str, object]:
    """Return what the test compares of an article."""
    price = article.price
    offer = article.offers[0] if article.offers else None
    return {
        "title": article.title,
        "price": None if price is None else [price.currency, str(price.amount)],
        "grade": article.grade,
        "fragile": article.fragile,
        "arrived": article.arrived.isoformat() if article.arrived else None,
        "counted": article.counted.isoformat() if article.counted else None,
        "tags": article.tags,
        "size": [article.height, article.width],
        "offer": None if offer is None else [offer.from_, offer.note, str(offer.until)],
        "class": article.class_,
    }


def failure(error: depot_client.ApiError) -> list[str | None]:
    return [type(error).__name__, error.method, error.code, error.message, error.field]


def main(url: str, folder: Path) -> dict[str, object]:
    told: dict[str, object] = {}
    with Depot("north", token="k-3y", url=url, user_agent="program/1") as depot:
        told["created"] = depot.article.create(
            "A-0",
            title='Bell & <"whistle">',
            price={"currency": "EUR", "amount": Decimal("12.50")},
            grade="finest",
            fragile=True,
            arrived=dt.date(2021, 3, 4),
            tags=["loud", "brass"],
            height=40,
            width=30,
            offers=[
                {
                    "from_": "Smith",
                    "price": {"currency": "USD", "amount": 9},
                    "note": "by Friday",
                    "until": dt.date(2021, 4, 1),
                }
            ],
            class_="07",
        )
        whole = depot.article.get("A-0")
        told["whole"] = described(whole)
        depot.article.update("A-0", grade="fair", arrived=None, width=31, height=None)
        told["updated"] = described(depot.article.get("A-0"))
        for number in range(1, 8):
            depot.article.create(f"A-{number}", title=f"Nut {number}", grade="fair")
        told["all"] = [article.sku for article in depot.article.list()]
        told["from the third on"] = [
            article.sku for article in depot.article.list(word="Nut", offset=2, limit=2)
        ]
        pages = list(depot.article.list(limit=5).pages())
        told["pages"] = [[page.position, page.size, page.total, len(page)] for page in pages]
        told["none"] = [article.sku for article in depot.article.list(word="Screw")]
        try:
            depot.article.create("A-1", title="Nut")
        except depot_client.ConflictError as error:
            told["twice"] = failure(error)
        try:
            depot.article.get("A-9")
        except depot_client.NotFoundError as error:
            told["absent"] = failure(error)
        moved = depot.article.stock.move("A-1", count=4, to="S")
        told["moved"] = [moved.moved, moved.left]
        label = depot.article.label("A-1")
        told["label"] = [label.media, label.save(folder / "label.svg")]
        picture = folder / "bell.png"
        picture.write_bytes(b"\x89PNG\r\n--part-0\r\n\x00\xff")
        depot.article.picture.attach("A-1", image=picture)
        told["sites"] = [[site.code, site.open] for site in depot.site.list()]
        told["codes"] = depot.site.codes()
        depot.article.delete("A-7")
        told["left"] = sum(1 for _ in depot.article.list(limit=50))
    with Depot("north", token="guessed", url=url) as depot:
        try:
            depot.site.codes()
        except depot_client.AuthenticationError as error:
            told["refused"] = failure(error)
    return told


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
