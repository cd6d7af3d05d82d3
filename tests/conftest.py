"""What holds for all tests: Ctrl-C, the seed of random samples, and the tests that `make quick` leaves out."""

from __future__ import annotations

import os
import random
import signal
import tempfile
from pathlib import Path

import pytest

# A shell that runs the tests in the background makes them, and all programs that they start, ignore Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Set before pytest-xdist starts its workers, which inherit it.
SEED = os.environ.setdefault("XMLWRIGHT_SEED", str(random.SystemRandom().randrange(2**32)))

# Programs that the tests start inherit it, too.
_CACHE = tempfile.TemporaryDirectory(prefix="xmlwright-tests-")
os.environ["XDG_CACHE_HOME"] = _CACHE.name

TESTS = Path(__file__).parent
# Folders and files whose tests start browsers, servers, builds or type checkers.
SLOW = (
    "e2e", "sandbox", "vendor", "pipeline", "staleness", "diff/test_rules.py", "diff/test_corpus.py",
    "docs", "inference", "export/test_xsd.py", "render/test_templates.py", "render/test_hostile_text.py",
    "runtime/test_types.py", "schema/test_mutations.py",
)  # fmt: skip


def pytest_report_header() -> str:
    return f"XMLWRIGHT_SEED={SEED} repeats the random samples of this run"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slow = tuple(TESTS / name for name in SLOW)
    for item in items:
        if any(item.path == path or path in item.path.parents for path in slow):
            item.add_marker("slow")
