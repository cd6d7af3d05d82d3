"""A sandbox of FreshBooks for the tests of this folder, one in each test process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import requests

from xmlwright.sandbox.server_thread import Sandbox

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def box() -> Iterator[Sandbox]:
    """A running sandbox; every test opens accounts of its own. Its time is that of the documents: cards in them have not expired."""
    with Sandbox(ROOT, clock=datetime(2010, 1, 5, 12)) as running:
        yield running


@pytest.fixture(scope="session")
def http(box: Sandbox) -> Iterator[requests.Session]:
    """Connections to it."""
    with requests.Session() as session:
        session.verify = box.ca
        session.trust_env = False
        session.headers["X-Sandbox-Key"] = box.key
        yield session
