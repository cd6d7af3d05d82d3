"""Benchmarks against peers: ``python benchmarks/run.py [SECTION...] [--large] [--strict]``, or ``make bench``.

Times are the best of several, measured in turns; read the ratios. Nothing is written but to temporary folders, and
nothing is fetched.
"""

from __future__ import annotations

import argparse
import importlib
import platform
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version

from measure import Row, show

SECTIONS = (
    "parsing", "building", "importing", "overhead", "generating", "scaling", "workbench", "documenting", "exporting",
)  # fmt: skip
PEERS = ("lxml", "xsdata", "xmltodict", "refreshbooks", "black")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sections and print the table. Answers the exit code: with ``--strict`` 1 where a target is missed."""
    parser = argparse.ArgumentParser(description="Measure against the peers.")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument(
        "--large", action="store_true", help="also a schema 100 times as large (several minutes)"
    )
    parser.add_argument(
        "--strict", action="store_true", help="exit with 1 where a target is missed"
    )
    options = parser.parse_args(arguments)
    for name in options.sections:
        if name not in SECTIONS:
            parser.error(f"there is no section {name!r}; there are {', '.join(SECTIONS)}")
    print(
        f"Python {platform.python_version()}, {platform.machine()}; "
        + ", ".join(f"{name} {version(name)}" for name in PEERS)
    )
    start = time.perf_counter()
    rows: list[Row] = []
    for name in options.sections or SECTIONS:
        section = importlib.import_module(name)
        extra = {"large": options.large} if name in ("scaling", "workbench") else {}
        rows += show(section.TITLE, section.rows(**extra))
    missed = [row.what for row in rows if row.met is False]
    judged = sum(row.met is not None for row in rows)
    print(
        f"\n{judged - len(missed)} of {judged} targets met, in {time.perf_counter() - start:.0f} s"
    )
    return 1 if missed and options.strict else 0


if __name__ == "__main__":
    sys.exit(main())
