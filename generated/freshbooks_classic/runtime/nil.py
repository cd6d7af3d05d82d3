"""Left out: the description has no elements that mean None."""

from typing import Any


def __getattr__(name: str) -> Any:
    raise AttributeError(f"{name} is left out: the description of the API has no elements that mean None")
