"""Left out: the description has no cursors or links to the next page."""

from typing import Any


def __getattr__(name: str) -> Any:
    reason = "the description of the API has no cursors or links to the next page"
    raise AttributeError(f"{name} is left out: {reason}")
