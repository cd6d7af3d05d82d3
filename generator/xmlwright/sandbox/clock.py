"""The clock of a sandbox: it can be set, advanced, frozen, or go one second a call."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Final

from .options import PACES, SandboxError

EARLIEST: Final = datetime(1971, 1, 1, tzinfo=timezone.utc)
LATEST: Final = datetime(9000, 1, 1, tzinfo=timezone.utc)
"""Zones and reports are still computed around these; what lies beyond is a slip."""
STEP: Final = timedelta(seconds=1)


class Clock:
    """Tells the time of the sandbox, and everybody who watches when it was moved."""

    def __init__(
        self, start: datetime | None = None, *, pace: str = "real", zone: tzinfo = timezone.utc
    ) -> None:
        """Start the clock.

        Args:
        start: what it shows at first; without a zone it is in ``zone``. None for the time of day.
        pace: ``real``, ``frozen`` or ``step``.
        zone: what times without a zone are in.
        """
        self._zone = zone
        self._watchers: list[Callable[[], object]] = []
        self._base = self.localized(start or datetime.now(zone))
        self._since = time.monotonic()
        self._pace = "frozen"
        self.pace = pace

    def __repr__(self) -> str:
        return f"Clock({self.now().isoformat()}, {self.pace})"

    def now(self) -> datetime:
        """Return the time it shows, with a zone."""
        if self._pace != "real":
            return self._base
        return self._base + timedelta(seconds=time.monotonic() - self._since)

    __call__ = now

    @property
    def frozen(self) -> bool:
        """Whether it moves only on request."""
        return self._pace != "real"

    @property
    def pace(self) -> str:
        """``real``, ``frozen``, or ``step``: one second a call."""
        return self._pace

    @pace.setter
    def pace(self, pace: str) -> None:
        if pace not in PACES:
            raise SandboxError(f"the pace {pace!r} is not one of {', '.join(PACES)}")
        self._base, self._since = self.now(), time.monotonic()
        self._pace = pace
        self._tell()

    def step(self) -> None:
        """Note that a call was made."""
        if self._pace == "step":
            self._base += STEP

    def set(self, when: datetime) -> None:
        """Show another time, which may be an earlier one."""
        self._base, self._since = self.localized(when), time.monotonic()
        self._tell()

    def later(
        self,
        seconds: float = 0,
        *,
        minutes: float = 0,
        hours: float = 0,
        days: float = 0,
        weeks: float = 0,
    ) -> datetime:
        """Return the time after a span. Raises SandboxError for a negative span or one beyond the calendar."""
        try:
            span = timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days, weeks=weeks)
            if span < timedelta(0):
                raise SandboxError("a clock is advanced forward; set it to go back")
            return self.localized(self.now() + span)
        except (OverflowError, ValueError):
            raise SandboxError("that is beyond the calendar") from None

    def watch(self, changed: Callable[[], object]) -> None:
        """Call ``changed`` whenever the clock is set or advanced, or its pace changes."""
        self._watchers.append(changed)

    def read(self, text: str) -> datetime:
        """Return the time that ``text`` says, in ISO 8601. Raises SandboxError."""
        try:
            return self.localized(datetime.fromisoformat(text.strip().replace("Z", "+00:00")))
        except ValueError:
            raise SandboxError(
                f"{text!r} is no time: write it as 2026-01-31, or as 2026-01-31T12:00:00 with or without a zone"
            ) from None

    def localized(self, when: datetime) -> datetime:
        """Return a time in the zone of the API. Raises SandboxError beyond the years that the clock can show."""
        when = (
            when.replace(tzinfo=self._zone) if when.tzinfo is None else when.astimezone(self._zone)
        )
        if not EARLIEST <= when <= LATEST:
            raise SandboxError(f"the clock goes from {EARLIEST.year} to {LATEST.year}")
        return when

    def _tell(self) -> None:
        for watcher in self._watchers:
            watcher()
