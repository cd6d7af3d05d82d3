"""Why a call cannot be done, before the API's own words for it are known."""

from __future__ import annotations

from typing import Any


class CallRefusedError(Exception):
    """The call fails. ``facts`` fill the places of the message."""

    def __init__(
        self,
        situation: str,
        *,
        code: str | None = None,
        message: str | None = None,
        guess: str | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(situation)
        self.situation = situation
        self.code = code
        self.message = message
        self.guess = guess
        self.facts = facts
