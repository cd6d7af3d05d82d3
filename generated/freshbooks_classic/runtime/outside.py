"""Left out: the description has no values outside of documents."""

from typing import Any


def __getattr__(name: str) -> Any:
    reason = "the description of the API has no values outside of documents"
    raise AttributeError(f"{name} is left out: {reason}")
