"""Each example becomes a client whose own tests pass and whose types are checked strictly."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from example_clients import EXAMPLES, ExampleClient
from sampling import FULL, sample
from second_api import project

NAMES = sorted(path.name for path in EXAMPLES.iterdir() if (path / "schema").is_dir())
SMALL = ["authorize-net", "namecheap", "route53"]
"""Examples of which one runs its exhaustive tests outside of ``make proofs``."""


@pytest.mark.parametrize("example", NAMES)
def test_the_client_passes_its_tests(
    example: str, example_client: Callable[[str], ExampleClient]
) -> None:
    client = example_client(example)
    whole = FULL or example in sample("examples", SMALL, 1)
    print(f"{example}: {project.own_tests(client.output, whole=whole)} generated tests")


@pytest.mark.parametrize("example", NAMES)
def test_the_client_is_typed_strictly(
    example: str, example_client: Callable[[str], ExampleClient]
) -> None:
    client = example_client(example)
    cache = client.project / "mypy"
    done = project.run(
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--cache-dir",
        cache,
        client.name,
        "tests",
        cwd=client.output,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("example", NAMES)
def test_nothing_generated_is_kept(example: str) -> None:
    assert not (EXAMPLES / example / "generated").exists()
    lines = (EXAMPLES / example / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 40
