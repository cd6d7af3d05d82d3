"""Left out: the description has no methods with a verb and a path."""

from typing import Any


def __getattr__(name: str) -> Any:
    reason = "the description of the API has no methods with a verb and a path"
    raise AttributeError(f"{name} is left out: {reason}")
