"""Fixtures of the tests against foreign programs. ``make foreign`` runs them; elsewhere they are not collected."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import foreign_programs
import pytest

collect_ignore_glob = [] if find_spec("moto") and find_spec("boto3") else ["test_*.py"]


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """URL of moto's server."""
    with foreign_programs.moto_server() as url:
        yield url
