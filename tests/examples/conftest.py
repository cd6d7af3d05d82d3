"""Clients of the examples, generated once for each process, and sandboxes of their descriptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from example_clients import EXAMPLES, ExampleClient

from xmlwright.sandbox.server_thread import Sandbox


@pytest.fixture(scope="session")
def example_client(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ExampleClient]:
    """Return what generates the client of an example, the first time that it is asked for."""
    made: dict[str, ExampleClient] = {}

    def of(example: str) -> ExampleClient:
        if example not in made:
            made[example] = ExampleClient(example, tmp_path_factory.mktemp("examples"))
        return made[example]

    return of


@pytest.fixture(scope="session")
def _sandboxes() -> Iterator[Callable[[str], Sandbox]]:
    running: dict[str, Sandbox] = {}
    with ExitStack() as stack:

        def of(example: str) -> Sandbox:
            if example not in running:
                box = Sandbox(EXAMPLES / example / "schema")
                running[example] = stack.enter_context(box)
            return running[example]

        yield of


@pytest.fixture
def sandbox_of(_sandboxes: Callable[[str], Sandbox]) -> Callable[[str], Sandbox]:
    """Return what runs the sandbox of an example, as it is at its start."""

    def of(example: str) -> Sandbox:
        box = _sandboxes(example)
        box.control.reset()
        return box

    return of
