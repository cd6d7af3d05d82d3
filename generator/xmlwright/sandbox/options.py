"""How a sandbox is set up."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

ACCOUNT_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""What an account may be called: one part of a host name, in small letters."""


class SandboxError(Exception):
    """A setting or a control action is invalid; the message says why."""


class StorageError(SandboxError):
    """The database cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a sandbox is made with."""

    accounts: tuple[str, ...] = ("sample",)
    """Names of the accounts that are there from the start; the first one is meant where a request names none."""
    seed: int | None = None
    """Seed of tokens, order and faults. None for the one in the database, or a random one."""
    key: str = ""
    """Key of the control interface. Empty for a random one."""
    port: int = 0
    """0 for a free one."""
    http: bool = False
    """Also serve plain HTTP, which the API itself refuses where its address is https."""
    clock: datetime | None = None
    """When the clock starts; None for the time of day. Without a zone it is the API's zone."""
    pace: str = "real"
    """How the clock goes: ``real``, ``frozen``, or ``step`` for one second a call."""
    database: Path | None = None
    """SQLite file that keeps the state; None for memory only."""
    load: str | Path | None = None
    """What new accounts hold: None for an empty one, ``cases`` for the examples of the description, or a file."""
    strict: str | None = None
    """``documented``: refuse what would rest on a guess."""
    folder: Path | None = None
    """Where the certificate is written; None for a folder of its own, which goes with the sandbox."""
    faults: tuple[str, ...] = ()
    """Rules in the words of the header ``X-Sandbox-Fault``."""
    keep: int = 1000
    """How many calls are remembered."""

    def __post_init__(self) -> None:
        if not self.key:
            object.__setattr__(self, "key", secrets.token_urlsafe(24))
        if not self.accounts:
            raise SandboxError("a sandbox needs an account")
        for name in self.accounts:
            checked_account(name)
        if self.pace not in PACES:
            raise SandboxError(f"the pace {self.pace!r} is not one of {', '.join(PACES)}")
        if self.strict not in (None, "documented"):
            raise SandboxError(f"strict can only be 'documented', not {self.strict!r}")
        if not 0 <= self.port <= 65535:
            raise SandboxError(
                f"{self.port} is no port: they go from 1 to 65535, and 0 is any free one"
            )
        if self.keep < 1:
            raise SandboxError("at least one call has to be kept")


PACES: Final = ("real", "frozen", "step")


def checked_account(name: str) -> str:
    """Return a valid account name. Raises SandboxError for an invalid one."""
    if ACCOUNT_NAME.fullmatch(name) is None:
        raise SandboxError(
            f"{name!r} cannot be an account: use small letters, digits and hyphens, as in a host name"
        )
    return name
