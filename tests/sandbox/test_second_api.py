"""The sandbox of other APIs: nothing but their description, and no code or behavior of their own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from sandbox_process import sandbox_process
from second_api.project import built, run, settle

from .case_setup import ROOT

SECOND = ROOT / "tests" / "support" / "second_api"

PROGRAM = """
import datetime as dt, json, sys
from decimal import Decimal
import depot_client
from depot_client import Depot

def failure(call):
    try:
        call()
    except depot_client.ApiError as error:
        return [type(error).__name__, error.code, error.status]
    return None

told = {}
with Depot.from_env() as depot:
    told["created"] = depot.article.create(
        "A-0", title='Bell & <"whistle">', price={"currency": "EUR", "amount": Decimal("12.50")}, grade="finest", fragile=True,
        arrived=dt.date(2021, 3, 4), tags=["loud", "brass"], height=40, width=30, class_="07",
        offers=[{"from_": "Smith", "price": {"currency": "USD", "amount": 9}, "note": "by Friday", "until": dt.date(2021, 4, 1)}],
    )
    found = depot.article.get("A-0")
    told["read"] = [found.title, str(found.price.amount), found.price.currency, found.grade, found.fragile, found.tags,
                    found.height, found.width, found.class_, found.offers[0].from_, found.offers[0].note, found.arrived.isoformat()]
    depot.article.update("A-0", grade="fair", arrived=None, width=31)
    found = depot.article.get("A-0")
    told["updated"] = [found.grade, found.arrived, found.width, found.height, found.title]
    for number in range(1, 8):
        depot.article.create(f"A-{number}", title=f"Nut {number}", grade="fair")
    told["all"] = sorted(article.sku for article in depot.article.list())
    pages = list(depot.article.list(limit=5).pages())
    told["pages"] = [[page.position, page.size, page.total, len(page)] for page in pages]
    told["default size"] = len(next(iter(depot.article.list().pages())))
    told["fair ones"] = depot.article.list(grade="fair").total
    told["twice"] = failure(lambda: depot.article.create("A-1", title="Nut"))
    told["absent"] = failure(lambda: depot.article.get("A-9"))
    depot.article.delete("A-7")
    told["deleted"] = failure(lambda: depot.article.get("A-7"))
    told["left"] = sum(1 for _ in depot.article.list(limit=50))
    told["sites"] = [site.code for site in depot.site.list()]
    depot.article.picture.attach("A-1", image=b"\\x89PNG\\r\\n\\x1a\\n--edge")
    told["moved"] = failure(lambda: depot.article.stock.move("A-1", count=4, to="S"))
    label = depot.article.label("A-1")
    told["label"] = label.media
with Depot.from_env(token="guessed") as depot:
    told["refused"] = failure(lambda: depot.site.codes())
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def depot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the depot, built."""
    folder = settle(tmp_path_factory.mktemp("depot"), SECOND / "depot")
    built(folder)
    return folder


def test_a_described_api_has_a_sandbox(depot: Path, tmp_path: Path) -> None:
    sites = tmp_path / "sites.yaml"
    sites.write_text("site:\n  - {code: 'N', open: true}\n  - {code: S}\n")
    with sandbox_process(tmp_path, "--load", sites, project=depot) as process:
        program = tmp_path / "program.py"
        program.write_text(PROGRAM, encoding="utf-8")
        done = run(
            sys.executable,
            "-W",
            "error",
            program,
            cwd=tmp_path,
            **{**process.environment, "PYTHONPATH": str(depot / "generated")},  # type: ignore[arg-type]
        )
        assert done.returncode == 0, done.stderr
        assert process.stop() == 0
        assert not process.complained
    told = json.loads(done.stdout)
    assert told["created"] == "A-0"
    assert told["read"] == [
        'Bell & <"whistle">', "12.50", "EUR", "finest", True, ["loud", "brass"], 40, 30, "07", "Smith", "by Friday", "2021-03-04",
    ]  # fmt: skip
    assert told["updated"] == ["fair", None, 31, 40, 'Bell & <"whistle">']
    assert told["all"] == [f"A-{number}" for number in range(8)]
    assert told["pages"] == [[0, 5, 8, 5], [5, 5, 8, 3]]
    assert told["default size"] == 3
    assert told["fair ones"] == 8
    assert told["twice"] == ["ConflictError", "E-TWICE", 200]
    assert told["absent"] == ["NotFoundError", "E-ABSENT", 404]
    assert told["deleted"] == ["NotFoundError", "E-ABSENT", 404]
    assert told["left"] == 7
    assert told["sites"] == ["N", "S"]
    assert told["moved"] is None
    assert told["label"] == "image/svg+xml"
    assert told["refused"] == ["AuthenticationError", "E-AUTH", 403]


def test_as_little_as_an_api_can_be(tmp_path: Path) -> None:
    """An API with one list, no errors, no token and no account but its own."""
    import requests

    project = settle(tmp_path / "tiny", SECOND / "tiny")
    with sandbox_process(tmp_path / "home", project=project) as process:
        session = requests.Session()
        session.trust_env = False
        session.verify = process.exported("CA")
        url = process.exported("URL")
        with session:
            answer = session.post(url, data='<do what="note.list"/>', timeout=10)
            assert answer.status_code == 200
            note = b"<note><written>2020-01-02 03:04:05</written><text>a</text></note>"
            assert note in answer.content
            refused = session.post(url, data='<do what="note.burn"/>', timeout=10)
            assert b"<why>" in refused.content
        assert process.stop() == 0
