"""Left out: the description has no warnings, metadata or values in headers."""

from typing import Any


def __getattr__(name: str) -> Any:
    reason = "the description of the API has no warnings, metadata or values in headers"
    raise AttributeError(f"{name} is left out: {reason}")
