"""The command ``export``: an account, or recorded documents, become tables."""

from __future__ import annotations

import gzip
import importlib
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas
import pytest
from list_server import Listing
from loopback import Response, Seen, Server, serving
from sampling import FULL, generator

from freshbooks_classic import wire
from freshbooks_classic.runtime.request import ListResponse, PageResponse

GENERATED = Path(wire.__file__).resolve().parent.parent
NAMESPACE = 'xmlns="http://www.freshbooks.com/api/"'
FOLDERS = ("csv", "jsonl", "parquet")
FORMATS = ("sqlite", *FOLDERS)
SECRET = "https://sample.freshbooks.com/view/8c3cUZF8yXJ2g6V"


def environment(server: Server | None = None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FRESHBOOKS")}
    given = {"PYTHONPATH": str(GENERATED), "PYTHONUTF8": "1"}
    if server is not None:
        given |= {"FRESHBOOKS_URL": server.url, "FRESHBOOKS_TOKEN": "2bd0e6d4a2b2c1f7a9"}
        given |= {"FRESHBOOKS_ACCOUNT": "sample"}
    return {**kept, **given}


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "freshbooks_classic", "export", *map(str, arguments)]


def export(
    *arguments: str | Path, server: Server | None = None, expect: int = 0, stdin: bytes = b""
) -> tuple[str, str]:
    """Run the command; return what it printed. It never shows a traceback."""
    done = subprocess.run(
        command(*arguments), env=environment(server), input=stdin, capture_output=True, timeout=300
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err, err
    assert done.returncode == expect, (done.returncode, out, err)
    return out, err


def invoice(number: int, lines: int = 2) -> str:
    inside = "".join(
        f"<line><line_id>{number * 10 + index}</line_id><amount>{number}.{index:02}</amount>"
        f"<name>Work &amp; \u2615</name><quantity>1</quantity></line>"
        for index in range(lines)
    )
    return (
        f"<invoice><invoice_id>{number:011}</invoice_id><client_id>{number % 7}</client_id><number>N{number}</number>"
        f"<status>paid</status><date>2012-01-{number % 28 + 1:02}</date><amount>{number}.15</amount>"
        f"<paid>0.10</paid><updated>2012-07-01 12:00:00</updated><links><client_view>{SECRET}{number}</client_view></links>"
        f"<color>red</color><lines>{inside}</lines></invoice>"
    )


def invoices(numbers: Sequence[int], page: int = 1, pages: int = 1, total: int = 0) -> str:
    rows = "".join(map(invoice, numbers))
    counters = (
        f'page="{page}" per_page="{len(numbers)}" pages="{pages}" total="{total or len(numbers)}"'
    )
    return f'<response {NAMESPACE} status="ok"><invoices {counters}>{rows}</invoices></response>'


class Account:
    """A server with invoices and tasks, which gives nothing for every other list."""

    def __init__(self, count: int) -> None:
        self.numbers = list(range(1, count + 1))
        self.tasks = Listing([1, 2, 3])
        self.refusals = 0
        self.pause = 0.0

    def __call__(self, seen: Seen) -> Response:
        method = seen.body.partition(b'method="')[2].partition(b'"')[0].decode()
        if method == "task.list":
            return Response(self.tasks(seen.body))
        if method != "invoice.list":
            response = wire.METHODS[method].response
            listed = response.rows if isinstance(response, PageResponse) else response
            assert isinstance(listed, ListResponse)
            path = listed.path
            inner = f'<{path[0]} page="1" per_page="25" pages="0" total="0"/>' if path else ""
            return Response(f'<response {NAMESPACE} status="ok">{inner}</response>'.encode())
        if self.refusals:
            self.refusals -= 1
            return Response(b"slow down", 429, {"Retry-After": "90"})
        time.sleep(self.pause)
        size = int(seen.body.partition(b"<per_page>")[2].partition(b"<")[0] or 25)
        page = int(seen.body.partition(b"<page>")[2].partition(b"<")[0] or 1)
        rows = self.numbers[(page - 1) * size : page * size]
        pages = -(-len(self.numbers) // size)
        return Response(invoices(rows, page, pages, len(self.numbers)).encode())


@contextmanager
def account(count: int) -> Iterator[tuple[Account, Server]]:
    found = Account(count)
    with serving(found) as server:
        yield found, server


def rows(target: Path, form: str, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table, read by sqlite3 or DuckDB; amounts are decimals."""
    if form == "sqlite":
        with closing(sqlite3.connect(target)) as database:
            database.row_factory = sqlite3.Row
            found = [dict(row) for row in database.execute(f'SELECT * FROM "{table}"')]
    else:
        read = {"csv": "read_csv('{}', all_varchar=true)", "jsonl": "read_json('{}')", "parquet": "'{}'"}[form]  # fmt: skip
        source = read.format(target / table / f"*.{form}")
        relation = duckdb.sql(f"SELECT * FROM {source}")
        found = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
    return [{**row, "amount": Decimal(row["amount"])} if row.get("amount") else row for row in found]  # fmt: skip


def total(numbers: Sequence[int]) -> Decimal:
    return sum((Decimal(f"{number}.15") for number in numbers), Decimal(0))


def check_account(found: Account, target: Path, form: str) -> None:
    """Every record is there, once."""
    got = rows(target, form, "invoice")
    assert sorted(int(row["invoice_id"]) for row in got) == sorted(found.numbers)
    assert sum(row["amount"] for row in got) == total(found.numbers)
    lines = rows(target, form, "invoice_lines")
    assert len(lines) == 2 * len(found.numbers)
    keys = {int(row["_row"]): int(row["invoice_id"]) for row in got}
    assert len(keys) == len(got)
    assert all(keys[int(line["_row"])] == int(line["invoice_id"]) for line in lines)
    assert len({(line["_row"], line["position"]) for line in lines}) == len(lines)
    assert len(rows(target, form, "task")) == len(found.tasks.rows)


# An account


@pytest.mark.parametrize("form", FORMATS)
def test_account(tmp_path: Path, form: str) -> None:
    target = tmp_path / ("a.sqlite" if form == "sqlite" else "tables")
    with account(260) as (found, server):
        out, err = export("--to", target, "--format", form, "--page-size", "100", server=server)
        check_account(found, target, form)
    assert "260 rows" in out
    assert "left out report.getClientDetails: it needs client_id" in err


def test_types_of_columns(tmp_path: Path) -> None:
    with account(3) as (_, server):
        export("--to", tmp_path / "t", "--format", "parquet", server=server)
        export("--to", tmp_path / "a.sqlite", server=server)
    kinds = {
        name: kind
        for name, kind, *_ in duckdb.sql(
            f"DESCRIBE SELECT * FROM '{tmp_path}/t/invoice/*.parquet'"
        ).fetchall()
    }
    assert kinds["amount"] == "DECIMAL(38,12)"
    assert kinds["invoice_id"] == "BIGINT"
    assert kinds["date"] == "DATE"
    assert kinds["updated"] == "TIMESTAMP WITH TIME ZONE"
    assert kinds["status"] == kinds["unknown"] == "VARCHAR"
    frame = pandas.read_parquet(tmp_path / "t" / "invoice")
    assert frame["amount"].sum() == total([1, 2, 3])
    row = rows(tmp_path / "a.sqlite", "sqlite", "invoice")[0]
    assert (row["date"], row["updated"]) == ("2012-01-02", "2012-07-01T16:00:00+00:00")
    assert json.loads(row["unknown"])[0]["path"] == "color"
    assert rows(tmp_path / "a.sqlite", "sqlite", "payment") == []


def test_lists_that_are_named(tmp_path: Path) -> None:
    with account(3) as (_, server):
        export("--to", tmp_path / "t", "--format", "csv", "--method", "task.list", server=server)
        assert sorted(path.name for path in (tmp_path / "t").iterdir()) == ["export.json", "task"]
        assert len(server.seen) == 1
        _, err = export("--to", tmp_path / "u", "--format", "csv", "--method", "task.get", server=server, expect=2)  # fmt: skip
        assert "task.get cannot be exported: it returns no list of records" in err
        _, err = export("--to", tmp_path / "u", "--format", "csv", "--method", "task.lst", server=server, expect=2)  # fmt: skip
        assert "did you mean 'task.list'?" in err


def test_secrets_are_exported_only_if_asked_for(tmp_path: Path) -> None:
    with account(3) as (_, server):
        for name, options in (("hidden", ()), ("shown", ("--show-secrets",))):
            for form in ("csv", "jsonl"):
                export("--to", tmp_path / name / form, "--format", form, *options, server=server)
            export("--to", tmp_path / f"{name}.sqlite", *options, server=server)

    def holds(name: str) -> bool:
        files = [path for path in tmp_path.rglob("*") if path.is_file() and name in str(path)]
        assert files
        return any(SECRET.encode() in path.read_bytes() for path in files)

    assert holds("shown")
    assert not holds("hidden")


@pytest.mark.parametrize("form", ["sqlite", "jsonl"] if not FULL else FORMATS)
def test_killed_at_any_moment_it_goes_on(tmp_path: Path, form: str) -> None:
    chance = generator(f"kills of exports, {form}")
    target = tmp_path / ("a.sqlite" if form == "sqlite" else "tables")
    arguments = ("--to", target, "--format", form, "--page-size", "100")
    with account(100_000 if FULL else 6_000) as (found, server):
        found.pause = 0.005
        for _ in range(12 if FULL else 3):
            program = subprocess.Popen(
                command(*arguments), env=environment(server), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )  # fmt: skip
            asked = len(server.seen) + chance.randrange(8, 25)
            deadline = time.monotonic() + 30
            while program.poll() is None and len(server.seen) < asked:
                assert time.monotonic() < deadline
                time.sleep(0.001)
            time.sleep(chance.random() * 0.05)
            program.send_signal(signal.SIGKILL)
            assert program.wait(20) == -signal.SIGKILL
        found.pause = 0
        export(*arguments, server=server)
        check_account(found, target, form)


def test_ctrl_c_keeps_what_was_fetched(tmp_path: Path) -> None:
    target = tmp_path / "a.sqlite"
    arguments = ("--to", target, "--page-size", "100")
    with account(2_000) as (found, server):
        found.pause = 0.1
        program = subprocess.Popen(
            command(*arguments), env=environment(server), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
        )  # fmt: skip
        while len([one for one in server.seen if b"invoice.list" in one.body]) < 5:
            time.sleep(0.01)
        program.send_signal(signal.SIGINT)
        _, err = program.communicate(timeout=20)
        assert program.returncode == 130
        assert b"Traceback" not in err
        kept = len(rows(target, "sqlite", "invoice"))
        assert kept >= 300
        found.pause = 0
        server.seen.clear()
        export(*arguments, server=server)
        check_account(found, target, "sqlite")
        assert len([one for one in server.seen if b"invoice.list" in one.body]) <= 17


def test_rows_that_move_are_fetched_by_the_next_run(tmp_path: Path) -> None:
    target = tmp_path / "a.sqlite"
    with account(300) as (found, server):
        gone = found.numbers[0]

        def removed(seen: Seen) -> Response:
            if b"<page>2</page>" in seen.body and gone in found.numbers:
                found.numbers.remove(gone)  # row 101 is now on page 1, and not met
            return found(seen)

        server.answer = removed
        _, err = export("--to", target, "--page-size", "100", server=server, expect=1)
        assert "invoice.list: rows shifted" in err
        assert "run the same command again" in err
        assert len(rows(target, "sqlite", "invoice")) == 299
        export("--to", target, "--page-size", "100", server=server)
        got = {row["invoice_id"] for row in rows(target, "sqlite", "invoice")}
        assert got == {gone, *found.numbers}


def test_rows_without_an_id_are_fetched_once(tmp_path: Path) -> None:
    """A report that breaks off is fetched anew; no row is there twice."""
    method, target = "report.getInvoiceDetails", tmp_path / "a.sqlite"
    listed = wire.METHODS[method].response
    assert isinstance(listed, ListResponse)
    inside = "".join(f"<{listed.item}/>" for _ in range(3))
    for name in reversed(listed.path):
        inside = f"<{name}>{inside}</{name}>"
    body = f'<response {NAMESPACE} status="ok">{inside}</response>'.encode()
    with serving(Response(b"", 500)) as server:
        arguments = ("--to", target, "--method", method)
        export(*arguments, server=server, expect=8)
        server.answer = lambda seen: Response(body)
        out, _ = export(*arguments, server=server)
    assert "3 rows" in out


def test_a_failure_keeps_what_was_fetched(tmp_path: Path) -> None:
    target = tmp_path / "a.sqlite"
    with account(300) as (found, server):

        def failing(seen: Seen) -> Response:
            if b"<page>3</page>" in seen.body:
                body = f'<response {NAMESPACE} status="fail"><error>No.</error><code>50010</code></response>'
                return Response(body.encode())
            return found(seen)

        server.answer = failing
        _, err = export("--to", target, "--page-size", "100", server=server, expect=5)
        assert "No." in err
        assert "run the same command again to go on" in err
        assert len(rows(target, "sqlite", "invoice")) == 200
        server.answer = found
        export("--to", target, "--page-size", "100", server=server)
        check_account(found, target, "sqlite")


def test_a_rate_limit_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from freshbooks_classic.runtime.command import ClientCommand

    waits: list[float] = []
    monkeypatch.setattr("freshbooks_classic.runtime.export_account.time.sleep", waits.append)
    program = ClientCommand("freshbooks_classic", "FreshBooks", "freshbooks-classic", {})
    with account(30) as (found, server):
        found.refusals = 2
        given = {name: value for name, value in environment(server).items() if "FRESHBOOKS" in name}
        target = tmp_path / "a.sqlite"
        done = CliRunner().invoke(program, ["export", "--to", str(target)], env=given)
        assert done.exit_code == 0, done.output
        check_account(found, target, "sqlite")
    assert [one for one in waits if one] == [90.0, 90.0]


# Recorded documents


def recorded(text: str | None, method: str = "invoice.list", error: str | None = None) -> str:
    entry = {
        "method": method,
        "status": 200,
        "error": error,
        "request": "<request/>",
        "response": text,
    }
    return json.dumps(entry) + "\n"  # fmt: skip


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Invoices 1 to 90 in every form that documents come in, and a failed call."""
    folder = tmp_path_factory.mktemp("sources")
    text = [invoices(range(first, first + 10)) for first in range(1, 91, 10)]
    failure = f'<response {NAMESPACE} status="fail"><error>No.</error></response>'
    (folder / "plain.xml").write_text(text[0], encoding="utf-8")
    (folder / "BOM.XML").write_bytes(b"\xef\xbb\xbf" + text[1].encode())
    wide = f'<?xml version="1.0" encoding="utf-16"?>{text[2]}'
    (folder / "wide.xml").write_bytes(wide.encode("utf-16"))
    with gzip.open(folder / "one.xml.gz", "wb") as file:
        file.write(text[3].encode())
    with zipfile.ZipFile(folder / "some.zip", "w") as archive:
        archive.writestr("inner/a.xml", text[4])
        archive.writestr("inner/b.jsonl", recorded(text[5]))
        archive.writestr("notes.txt", "nothing of interest")
    with tarfile.open(folder / "some.tar.gz", "w:gz") as tar:
        content = text[6].encode()
        info = tarfile.TarInfo("deep/er/c.xml")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    (folder / "sub").mkdir()
    lines = [
        recorded(text[7]),
        recorded(failure, error="NotFoundError"),
        recorded(None, error="NetworkError"),
    ]
    (folder / "sub" / "traffic.jsonl").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())  # fmt: skip
    with gzip.open(folder / "sub" / "more.jsonl.gz", "wt", encoding="utf-8") as zipped:
        zipped.write(recorded(text[8]))
    (folder / "readme.txt").write_text("not a document")
    (folder / ".hidden.xml").write_text("not read")
    return folder


@pytest.mark.parametrize("form", FORMATS)
def test_documents(tmp_path: Path, sources: Path, form: str) -> None:
    target = tmp_path / ("a.sqlite" if form == "sqlite" else "tables")
    out, _ = export(sources, "--to", target, "--format", form)
    got = rows(target, form, "invoice")
    assert sorted(int(row["invoice_id"]) for row in got) == list(range(1, 91))
    assert sum(row["amount"] for row in got) == total(range(1, 91))
    assert len(rows(target, form, "invoice_lines")) == 180
    assert {Path(str(row["_source"]).partition("!")[0].rstrip(":1")).name for row in got} >= {"BOM.XML", "some.zip"}  # fmt: skip
    assert "11 documents read: 2 failed calls, 0 others without records, 1 files skipped" in out


def test_standard_input(tmp_path: Path) -> None:
    for number, content in enumerate((invoices([1, 2]), recorded(invoices([1, 2])))):
        target = tmp_path / f"{number}.sqlite"
        export("-", "--to", target, stdin=content.encode())
        assert len(rows(target, "sqlite", "invoice")) == 2


def test_what_cannot_be_read_is_named_and_the_rest_is_exported(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(1, 301):
        (folder / f"{number:04}.xml").write_text(invoices([number]), encoding="utf-8")
    good = invoices([1000])
    (folder / "0007.xml").write_text(good[:-40], encoding="utf-8")
    (folder / "0008.xml").write_text("", encoding="utf-8")
    (folder / "0009.xml").write_text("<html><body>Sorry</body></html>", encoding="utf-8")
    (folder / "0010.xml").write_bytes(b"\x00\x01\x02" * 50)
    (folder / "0012.xml").write_text(f'<response {NAMESPACE} status="ok"><wonders/></response>')
    (folder / "0011.xml").write_text('<!DOCTYPE a [<!ENTITY b "c">]><response/>', encoding="utf-8")
    with gzip.open(folder / "cut.xml.gz", "wb") as file:
        file.write(good.encode() * 20)
    cut = (folder / "cut.xml.gz").read_bytes()[:-20]
    (folder / "cut.xml.gz").write_bytes(cut)
    (folder / "no.zip").write_bytes(b"PK\x03\x04 and nothing more")
    (folder / "bad.jsonl").write_text(
        recorded(good) + '{"method": 3}\n' + recorded(good, "no.such")
    )
    os.mkfifo(folder / "pipe.xml")
    _, err = export(folder, tmp_path / "absent.xml", "--to", tmp_path / "t", "--format", "jsonl", expect=1)  # fmt: skip
    bad = ("0007.xml", "0008.xml", "0009.xml", "0010.xml", "0011.xml", "0012.xml", "cut.xml.gz", "no.zip", "bad.jsonl:2", "bad.jsonl:3", "pipe.xml", "absent.xml")  # fmt: skip
    for name in bad:
        assert f"{name}: " in err, (name, err)
    assert "12 documents were not read" in err
    assert len(rows(tmp_path / "t", "jsonl", "invoice")) == 295
    manifest = json.loads((tmp_path / "t" / "export.json").read_text())
    assert len(manifest["problems"]) == manifest["problem_count"] == len(bad)


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    _, err = export(tmp_path / "empty", "--to", tmp_path / "t", "--format", "csv", expect=1)
    assert "the folder has no XML documents or recordings" in err
    assert "No document was read." in err


def test_a_wrong_method_is_refused(tmp_path: Path, sources: Path) -> None:
    _, err = export(sources, "--to", tmp_path / "a.sqlite", "--method", "invoice.lst", expect=2)
    assert "did you mean" in err
    assert not (tmp_path / "a.sqlite").exists()


def test_latest_rows(tmp_path: Path) -> None:
    first, last = invoices([1, 2]), invoices([2, 3]).replace(">2.15<", ">9.99<")
    (tmp_path / "traffic.jsonl").write_text(recorded(first) + recorded(last), encoding="utf-8")
    export(tmp_path / "traffic.jsonl", "--to", tmp_path / "all.sqlite")
    assert len(rows(tmp_path / "all.sqlite", "sqlite", "invoice")) == 4
    export(tmp_path / "traffic.jsonl", "--to", tmp_path / "last.sqlite", "--latest")
    got = {row["invoice_id"]: row for row in rows(tmp_path / "last.sqlite", "sqlite", "invoice")}
    assert sorted(got) == [1, 2, 3]
    assert got[2]["amount"] == Decimal("9.99")
    assert len(rows(tmp_path / "last.sqlite", "sqlite", "invoice_lines")) == 6


def test_values_that_a_column_cannot_hold_stay_in_unknown(tmp_path: Path) -> None:
    text = invoices([1, 2]).replace(">1.15<", ">much<").replace(">2.15<", f">{'9' * 30}.5<")
    (tmp_path / "a.xml").write_text(text, encoding="utf-8")
    for form in FORMATS:
        target = tmp_path / ("a.sqlite" if form == "sqlite" else form)
        export(tmp_path / "a.xml", "--to", target, "--format", form)
        found = [json.loads(row["unknown"]) for row in rows(target, form, "invoice")]
        texts = [one["text"] for entry in found for one in entry if one["path"] == "amount"]
        assert texts == ["much", f"{'9' * 30}.5"]


def long_recording(path: Path, pages: int) -> None:
    """A recording that is several jobs long."""
    with path.open("w", encoding="utf-8") as file:
        for page in range(pages):
            padding = " " * 400_000
            file.write(recorded(invoices([page * 2 + 1, page * 2 + 2]).replace("<lines>", padding + "<lines>")))  # fmt: skip


def parts(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "export.json"
    }


def test_processes_and_a_cluster_write_the_same_bytes(tmp_path: Path) -> None:
    cluster_of: Any = importlib.import_module("distributed").LocalCluster
    source = tmp_path / "long.jsonl"
    long_recording(source, 120)
    export(source, "--to", tmp_path / "one", "--format", "parquet", "--processes", "1")
    export(source, "--to", tmp_path / "two", "--format", "parquet", "--processes", "2")
    with cluster_of(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        export(source, "--to", tmp_path / "dask", "--format", "parquet", "--scheduler", cluster.scheduler_address)  # fmt: skip
    one = parts(tmp_path / "one")
    assert len([name for name in one if name.startswith("invoice/")]) > 1
    assert one == parts(tmp_path / "two") == parts(tmp_path / "dask")
    got = rows(tmp_path / "one", "parquet", "invoice")
    assert sorted(row["invoice_id"] for row in got) == list(range(1, 241))


def test_an_export_of_documents_goes_on_after_a_kill(tmp_path: Path) -> None:
    source = tmp_path / "long.jsonl"
    long_recording(source, 200)
    arguments = (source, "--to", tmp_path / "t", "--format", "jsonl", "--processes", "1")
    program = subprocess.Popen(command(*arguments), env=environment(), stdout=subprocess.DEVNULL)
    while not (tmp_path / "t" / "export.json").exists():
        time.sleep(0.005)
    program.send_signal(signal.SIGKILL)
    assert program.wait(20) == -signal.SIGKILL
    modified = source.stat().st_mtime_ns
    with source.open("a", encoding="utf-8") as file:
        size = file.tell()
        file.write(recorded(invoices([1])))
    assert "the files have changed" in export(*arguments, expect=3)[1]
    os.truncate(source, size)
    os.utime(source, ns=(modified, modified))
    export(*arguments)
    got = rows(tmp_path / "t", "jsonl", "invoice")
    assert sorted(row["invoice_id"] for row in got) == list(range(1, 401))


# Targets


def test_what_is_in_the_way_of_an_export(tmp_path: Path, sources: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    _, err = export(sources, "--to", tmp_path / "full", "--format", "csv", expect=3)
    assert "is not empty (mine.txt)" in err
    (tmp_path / "text.sqlite").write_text("text that is not a database " * 50)
    _, err = export(sources, "--to", tmp_path / "text.sqlite", expect=3)
    assert "not a database" in err
    with closing(sqlite3.connect(tmp_path / "other.sqlite")) as database:
        database.execute("CREATE TABLE mine (a)")
    _, err = export(sources, "--to", tmp_path / "other.sqlite", expect=3)
    assert "holds other tables" in err
    export(sources, "--to", tmp_path / "t", "--format", "csv")
    _, err = export(sources, "--to", tmp_path / "t", "--format", "csv", expect=3)
    assert "holds a complete export; pass --restart" in err
    _, err = export(sources / "plain.xml", "--to", tmp_path / "t", "--format", "csv", expect=3)
    assert "an export of something else" in err
    export(sources / "plain.xml", "--to", tmp_path / "t", "--format", "csv", "--restart")
    assert len(rows(tmp_path / "t", "csv", "invoice")) == 10
    (tmp_path / "t" / "invoice" / "note.csv").write_text("mine")
    export(sources, "--to", tmp_path / "t", "--format", "csv", "--restart")
    assert (tmp_path / "t" / "invoice" / "note.csv").read_text() == "mine"
    export(sources, "--to", tmp_path / "missing" / "a.sqlite")
    assert (tmp_path / "missing" / "a.sqlite").exists()
    assert sorted(path.name for path in (tmp_path / "full").iterdir()) == ["mine.txt"]
    assert not list(tmp_path.rglob("*.export"))
    _, err = export("-", "--to", tmp_path / "t", "--format", "csv", expect=3, stdin=b"<a/>")
    assert "an export of something else" in err


def test_two_exports_to_one_target(tmp_path: Path) -> None:
    with account(500) as (found, server):
        found.pause = 0.05
        target = tmp_path / "a.sqlite"
        program = subprocess.Popen(
            command("--to", target), env=environment(server), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )  # fmt: skip
        while not any(b"invoice.list" in one.body for one in server.seen):
            time.sleep(0.01)
        _, err = export("--to", target, server=server, expect=3)
        assert "another export" in err
        assert program.wait(60) == 0
        check_account(found, target, "sqlite")


def test_usage(tmp_path: Path) -> None:
    assert "name the target" in export(expect=2)[1]
    assert "choose a --format" in export("--to", tmp_path / "t", expect=2)[1]
    assert "--latest is for" in export("a.xml", "--to", tmp_path / "t", "--format", "csv", "--latest", expect=2)[1]  # fmt: skip
    assert not any(tmp_path.iterdir())


def test_printed_schema_is_sql() -> None:
    out, _ = export("--print-schema")
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(out)
        names = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    assert {"invoice", "invoice_lines", "client", "client_contacts", "task"} <= names
    with duckdb.connect() as other:
        other.execute(out)
