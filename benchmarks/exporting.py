"""How long an export of recordings takes, and how much memory."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas
from documents import invoice_list
from measure import BIN, ROOT, Row, times
from peers import xmltodict_reader, xsdata_reader

INVOICES = 100
PAGES = 240
"""Responses of a recording; twice as many fill the second recording, which shows whether memory grows."""
TITLE = f"Export of recordings of {PAGES} pages of {INVOICES} invoices of 5 lines, one process"


def rows() -> Iterator[Row]:
    """Ours in each format, in two processes, of twice as much, and the peers on the same documents."""
    documents = [invoice_list(seed, INVOICES) for seed in range(20)]
    with TemporaryDirectory() as name:
        folder = Path(name)
        one = _recording(folder / "one.jsonl", documents, PAGES)
        two = _recording(folder / "two.jsonl", documents, 2 * PAGES)
        size = one.stat().st_size
        records = PAGES * INVOICES
        base = 0.0
        for form in ("parquet", "csv", "jsonl", "sqlite"):
            seconds, memory = _exported(one, folder / f"a.{form}", form, 1)
            rate = records / seconds
            base = base or seconds
            yield Row(
                f"{form}: {rate:,.0f} records and {size / seconds / 1e6:.1f} MB a second, {memory:.0f} MB of memory",
                f"{seconds:.2f} s", times(seconds / base), ">= 5,000 records a second", rate >= 5_000,
            )  # fmt: skip
        seconds, memory = _exported(two, folder / "b", "parquet", 1)
        yield Row(
            f"parquet, twice as many: {memory:.0f} MB of memory", f"{seconds:.2f} s", times(seconds / base),
        )  # fmt: skip
        half, _ = _exported(two, folder / "c", "parquet", 2)
        yield Row(
            f"parquet, twice as many, two processes: {seconds / half:.2f} times as fast", f"{half:.2f} s", times(half / base),
        )  # fmt: skip
        peers: dict[str, Callable[[bytes], Any]] = {
            "xmltodict and pandas": xmltodict_reader,
            "xsdata, lxml, and pandas": xsdata_reader("lxml"),
        }
        for peer, read in peers.items():
            seconds = _by_peer(one, folder / "peer.parquet", read)
            yield Row(peer, f"{seconds:.2f} s", times(seconds / base))


def _recording(path: Path, documents: list[bytes], pages: int) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for number in range(pages):
            entry = {
                "method": "invoice.list", "status": 200, "error": None, "request": "<request/>",
                "response": documents[number % len(documents)].decode(),
            }  # fmt: skip
            file.write(json.dumps(entry) + "\n")
    return path


def _exported(source: Path, target: Path, form: str, processes: int) -> tuple[float, float]:
    """Seconds that the command takes, and the most memory of its largest process in MB."""
    command = [
        str(BIN / "python"), "-m", "freshbooks_classic", "export", str(source), "--to", str(target),
        "--format", form, "--processes", str(processes),
    ]  # fmt: skip
    start = time.perf_counter()
    program = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(ROOT / "generated")},
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(program.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"the export failed: {command}")
    program.returncode = 0
    memory: resource.struct_rusage = usage
    return seconds, memory.ru_maxrss / 1024


def _by_peer(source: Path, target: Path, read: Callable[[bytes], Any]) -> float:
    """Seconds for the usual program: a response at a time into rows, and all rows into a table."""
    start = time.perf_counter()
    found: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    with source.open(encoding="utf-8") as file:
        for entry in file:
            for row in _invoices(read(json.loads(entry)["response"].encode())):
                inner = row.pop("lines", None) or {}
                inner = inner.get("line") if isinstance(inner, dict) else inner
                lines += [{**_flat(line), "invoice_id": row["invoice_id"]} for line in inner or ()]
                found.append(_flat(row))
    for name, table in (("invoice", found), ("lines", lines)):
        pandas.DataFrame(table).astype(str).to_parquet(target.with_stem(name))
    return time.perf_counter() - start


def _invoices(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield from value["invoice"]
        return
    for invoice in value.invoices.invoice:
        row = {name: getattr(invoice, name) for name in invoice.__dataclass_fields__}
        row["lines"] = [
            {name: getattr(line, name) for name in line.__dataclass_fields__}
            for line in invoice.lines.line
        ]
        yield row


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    return {name: inner for name, inner in row.items() if not isinstance(inner, (dict, list))}
