"""Left out: the description has no elements that mean None."""

from typing import Any


def __getattr__(name: str) -> Any:
    reason = "the description of the API has no elements that mean None"
    raise AttributeError(f"{name} is left out: {reason}")
