"""Seeded samples of exhaustive families of tests.

``make test`` tries a random sample, whose seed it prints; ``XMLWRIGHT_SEED=N`` repeats a run.
``make proofs`` sets ``XMLWRIGHT_PROOFS=full`` and tries everything.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import Final, TypeVar

Item = TypeVar("Item")

FULL: Final = os.environ.get("XMLWRIGHT_PROOFS") == "full"
# tests/conftest.py sets the variable, so that all processes of a run share the seed.
SEED: Final = int(os.environ.get("XMLWRIGHT_SEED") or 0)


def generator(name: str) -> random.Random:
    """Return the random numbers of one test, which depend on the seed and on its name alone."""
    return random.Random(f"{SEED} {name}")


def sample(name: str, items: Sequence[Item], count: int) -> list[Item]:
    """Return all items under ``make proofs``, else ``count`` of them in their order."""
    if FULL or count >= len(items):
        return list(items)
    chosen = sorted(generator(name).sample(range(len(items)), count))
    return [items[index] for index in chosen]
