"""Left out: the description has no sessions."""

from typing import Any


def __getattr__(name: str) -> Any:
    reason = "the description of the API has no sessions"
    raise AttributeError(f"{name} is left out: {reason}")
