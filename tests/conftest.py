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

TESTS = Path(__file__).parent


# Set before pytest-xdist starts its workers, which inherit it.
SEED = os.environ.setdefault("XMLWRIGHT_SEED", str(random.SystemRandom().randrange(2**32)))

# One cache for the whole run: workers, and programs that the tests start, inherit it.
if "PYTEST_XDIST_WORKER" not in os.environ:
    _CACHE = tempfile.TemporaryDirectory(prefix="xmlwright-tests-")
    os.environ["XDG_CACHE_HOME"] = _CACHE.name

# Folders and files whose tests start browsers, builds or type checkers, or try many calls over HTTP.
SLOW = (
    "e2e", "sandbox", "vendor", "pipeline", "staleness", "diff/test_rules.py", "diff/test_corpus.py",
    "docs", "examples/test_command.py", "examples/test_export.py", "examples/test_generated_clients.py", "examples/test_stories.py", "inference", "export/test_xsd.py", "render/test_templates.py", "render/test_hostile_text.py",
    "runtime/test_command_calls.py", "runtime/test_concurrency.py", "runtime/test_deadlines.py", "runtime/test_export.py", "runtime/test_faults.py",
    "runtime/test_file_faults.py", "runtime/test_hostile_documents.py", "runtime/test_reconcile.py",
    "runtime/test_secrets.py", "runtime/test_types.py", "schema/test_mutations.py",
    "../generated/tests/test_equivalence.py", "../generated/tests/test_secrets.py",
)  # fmt: skip


def pytest_report_header() -> str:
    return f"XMLWRIGHT_SEED={SEED} repeats the random samples of this run"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slow = {(TESTS / name).resolve() for name in SLOW}
    for item in items:
        if not slow.isdisjoint((item.path, *item.path.parents)):
            item.add_marker("slow")
