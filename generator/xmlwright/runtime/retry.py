"""When a call is repeated, and after how long."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from .errors import Error
from .request import Retry

Processed = Literal["no", "maybe"]
"""Whether the server may have acted on the request that failed."""


@dataclass(frozen=True, slots=True)
class Failed:
    """One attempt that did not end well, and what is known about it."""

    method: str
    retry: Retry
    """The retry class of the method."""
    attempt: int
    """Counted from 1."""
    error: Error
    processed: Processed
    temporary: bool
    """Whether the same call may succeed later."""
    retry_after: float | None = None
    """Seconds that the server asked to wait."""


class RetryPolicy(Protocol):
    """Decides whether a failed attempt is repeated.

    An ambiguous call that may have been processed is never repeated, whatever a policy says.
    """

    def wait(self, failed: Failed) -> float | None:
        """Seconds to wait before the next attempt; None to give up."""
        ...


@dataclass(frozen=True)
class Backoff:
    """Full-jitter exponential back-off: a random time up to ``base * 2 ** (attempt - 1)``, at most ``longest``.

    A ``Retry-After`` of the server is respected, unless it is longer than ``patience``: then the call fails at once.
    """

    attempts: int = 3
    """How often a request is sent at most."""
    base: float = 0.5
    longest: float = 8.0
    patience: float = 60.0
    random: Callable[[], float] = field(default=random.random, repr=False, compare=False)

    def wait(self, failed: Failed) -> float | None:
        """Return the seconds to wait before the next attempt; None to give up."""
        if failed.attempt >= self.attempts or not failed.temporary:
            return None
        if failed.retry_after is not None:
            return failed.retry_after if failed.retry_after <= self.patience else None
        longest = min(self.longest, self.base * 2.0 ** (failed.attempt - 1))
        return self.random() * longest


NEVER = Backoff(attempts=1)
"""No call is repeated."""


def may_repeat(failed: Failed) -> bool:
    """Whether sending the request again cannot do anything twice."""
    return failed.processed == "no" or failed.retry != "ambiguous"


def retry_after(value: str | None, now: Callable[[], float] = time.time) -> float | None:
    """Seconds from a Retry-After header: a number of seconds or an HTTP date; None where there is no usable one."""
    if not value:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value)
    from email.utils import parsedate_to_datetime  # slow to import, and hardly ever needed

    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now())
    except (TypeError, ValueError, OverflowError, OSError):
        return None
