"""How long it takes until a program has the client."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from measure import Row, milliseconds, output, run, workplace

TITLE = (
    "Importing: processor time of whole processes, above that of an interpreter that does nothing"
)

PROGRAMS = {
    "nothing": "pass",
    "package": "import freshbooks_classic",
    "client": "from freshbooks_classic import FreshBooks",
    "request": "from freshbooks_classic import FreshBooks, invoice; invoice.get(1)",
    "lxml": "import lxml.etree",
    "requests": "import requests",
    "refreshbooks": "import refreshbooks.api",
}
LOADED = """
import sys
from freshbooks_classic import FreshBooks, invoice
fb = FreshBooks("sample", token="t")
invoice.list_(client_id=1)
fb.invoice.lines, fb.explain(invoice.get(1))
print("requests" in sys.modules)
"""


def rows(*, rounds: int = 15) -> Iterator[Row]:
    """Ours, what it cannot do without, and others."""
    with workplace() as (folder, environment):
        best = dict.fromkeys(PROGRAMS, float("inf"))
        for turn in range(rounds + 1):
            for name, program in PROGRAMS.items():
                spent = run([sys.executable, "-c", program], environment, folder)
                if turn:  # the first only fills the cache of bytecode
                    best[name] = min(best[name], spent.cpu)
        command = [sys.executable, "-m", "freshbooks_classic", "--help"]
        shown = min(run(command, environment, folder).cpu for _ in range(rounds))
        loaded = output([sys.executable, "-c", LOADED], environment, folder).strip()
        package = _by_interpreter(environment, folder)
    over = {name: spent - best["nothing"] for name, spent in best.items()}
    yield Row("a bare interpreter", milliseconds(best["nothing"]))
    yield _judged("import freshbooks_classic", over["package"])
    yield Row("  the same by python -X importtime", milliseconds(package))
    yield _judged("from freshbooks_classic import FreshBooks", over["client"])
    yield Row("... and invoice, and a request built", milliseconds(over["request"]))
    yield Row(
        "freshbooks-classic --help, interpreter included",
        milliseconds(shown), "", "<= 150 ms", shown <= 0.150,
    )  # fmt: skip
    yield Row(
        "requests, before the first call",
        "not loaded" if loaded == "False" else "loaded",
        "",
        "not loaded",
        loaded == "False",
    )
    yield Row("import lxml.etree, which none can do without", milliseconds(over["lxml"]))
    yield Row("import requests", milliseconds(over["requests"]))
    yield Row("import refreshbooks.api", milliseconds(over["refreshbooks"]))


def _judged(what: str, spent: float) -> Row:
    return Row(what, milliseconds(spent), "", "<= 40 ms", spent <= 0.040)


def _by_interpreter(environment: dict[str, str], folder: Path) -> float:
    """What the interpreter itself says the import of the package took, in seconds."""
    best = float("inf")
    for _ in range(3):
        command = [sys.executable, "-X", "importtime", "-c", PROGRAMS["package"]]
        for line in output(command, environment, folder, errors=True).splitlines():
            if line.rpartition("|")[2].strip() == "freshbooks_classic":
                best = min(best, int(line.split("|")[1]) / 1e6)
    return best
