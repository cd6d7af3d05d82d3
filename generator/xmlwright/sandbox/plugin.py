"""The pytest plugin: a sandbox of the described API as fixtures.

pytest loads this module whenever xmlwright is installed, so it imports nothing of the sandbox before a test asks for a fixture.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .testing import SandboxCallbacks, SandboxClock, SandboxFaults, SandboxPool, TestSandbox

_MARKER = (
    "sandbox(description=None, *, load=None, clock=None, strict=None): how the sandbox of a test is set up: folder of the"
    ' description, what the account holds ("cases" or a file), time at the start, strict="documented" to refuse guesses'
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and settings of the sandbox."""
    group = parser.getgroup("xmlwright", "sandbox of a described API")
    group.addoption(
        "--sandbox-seed",
        type=int,
        default=0,
        metavar="N",
        help="what ids, tokens, order and chaos of the sandbox follow from; a failure tells it",
    )
    parser.addini(
        "sandbox_description",
        "folder of the description that the sandbox speaks, relative to the rootdir;"
        " by default that of [tool.xmlwright] in pyproject.toml",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture(scope="session")
def _sandbox_pool(request: pytest.FixtureRequest) -> Iterator[SandboxPool]:
    """Provide the servers of this process, one for each configuration."""
    from .testing import SandboxPool

    with SandboxPool(request.config) as servers:
        yield servers


@pytest.fixture
def sandbox(request: pytest.FixtureRequest, _sandbox_pool: SandboxPool) -> Iterator[TestSandbox]:
    """Provide a server that behaves like the described API, with an account for this test.

    ``sandbox.url``, ``.account``, ``.token`` and ``.ca`` are what a client needs, ``.environment`` the same as environment
    variables; ``.client()`` makes another client.
    """
    with _sandbox_pool.account(request.node) as found:
        yield found


@pytest.fixture(scope="session")
def sandbox_factory(_sandbox_pool: SandboxPool) -> Any:
    """Provide a factory of accounts for fixtures of any scope.

    ``with sandbox_factory(load="cases") as sandbox`` opens an account that lasts as long as the block.
    """
    return _sandbox_pool.open


@pytest.fixture
def sandbox_client(sandbox: TestSandbox) -> Iterator[Any]:
    """Provide the generated client with the token of the account's owner."""
    with sandbox.client() as client:
        yield client


@pytest.fixture
def sandbox_clock(sandbox: TestSandbox) -> SandboxClock:
    """Provide the sandbox clock: ``now()``, ``set()``, ``advance()``, ``freeze()``."""
    return sandbox.clock


@pytest.fixture
def sandbox_faults(sandbox: TestSandbox) -> SandboxFaults:
    """Provide fault rules: ``add("status=503; method=task.*; count=2")``, ``clear()``. They end with the test."""
    return sandbox.faults


@pytest.fixture
def sandbox_callbacks(sandbox: TestSandbox) -> SandboxCallbacks:
    """Provide the callbacks: collected at first; ``serve(application)`` delivers them to a program."""
    return sandbox.callbacks


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, None, None]:
    """Show the calls of a failed test beside its output."""
    found = getattr(item, "funcargs", {}).get("sandbox")
    if found is not None and call.when == "call":
        item.add_report_section("call", "sandbox", found.describe_calls())
    yield
