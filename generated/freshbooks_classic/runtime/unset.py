"""The third state of a request field: left out, beside a value and ``None`` (an empty tag)."""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal


class Unset(Enum):
    """Type of :data:`UNSET`. A one-member enum, because every type checker narrows it with ``is``."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> Literal[False]:
        return False


UNSET: Final = Unset.UNSET
"""Not sent at all: the server keeps what it has, or takes its default."""
