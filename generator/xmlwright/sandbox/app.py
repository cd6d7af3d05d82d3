"""A whole sandbox put together: started and stopped on an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import sqlite3
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..behavior.rules import Behaviors
from ..cases.tables import protocol_of
from ..ir import Api
from ..settings import find
from . import description as description_loader
from .calls.journal import Journal
from .clock import Clock
from .control import Control
from .engine.engine import Engine
from .engine.exchange import Effects
from .faults.faults import Faults
from .http.addresses import CONTROL, Addresses
from .http.application import Application
from .http.authentication import Authenticator, TokenFormat
from .http.deliveries import Deliveries
from .http.oauth import OAuth
from .http.server import HOST, Server
from .http.tls import CertificateAuthority
from .options import Options, SandboxError, StorageError
from .routes import Routes
from .storage.database import Database
from .storage.loading import load

FIXED_START: Final = datetime(2026, 1, 5, 12, 0)
"""When a clock begins that does not follow the time of day: a Monday at noon."""
_TICK: Final = 5.0
"""Real seconds after which it is looked at what has become due."""


@dataclass(frozen=True, slots=True)
class ServiceDescription:
    """An API, what it does beyond its description, and the folder that places in files are relative to."""

    api: Api
    behaviors: Behaviors
    root: Path | None = None


class SandboxApp:
    """Everything that makes a sandbox, in the order of its building."""

    def __init__(self, described: ServiceDescription, options: Options) -> None:
        self.described = described
        self.options = options
        api = described.api
        zone = zone_of(api.zone)
        start = options.clock
        if start is None and options.pace != "real":
            start = FIXED_START
        self.clock = Clock(start, pace=options.pace, zone=zone)
        self._started = self.clock.now()
        self.database: Database | None = None
        if options.database is not None:
            self.database = Database(options.database, api.name, zone)
        self.seed = self._choose_seed()
        self.engine = Engine(
            api, described.behaviors, clock=self.clock, seed=self.seed, strict=options.strict
        )
        self.addresses = Addresses(api, options.accounts[0], plain=self.engine.plain)
        self.authenticator = Authenticator(self.engine, TokenFormat.of(api), self.seed)
        self.engine.give_out(
            lambda account: {
                **self.addresses.options(account),
                **self.authenticator.credentials(account),
            }
        )
        self.faults = Faults(
            self.seed,
            {code.code: code.status for code in api.errors},
            self.clock.now,
            [method.name for method in api.methods],
        )
        for text in options.faults:
            self.faults.add(text)
        self.journal = Journal(options.keep)
        self.oauth = (
            None if api.oauth is None else OAuth(api, self.authenticator, self.addresses, self.seed)
        )
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.app: Application
        self.control: Control
        self._server: Server | None = None
        self._ticking: asyncio.Task[None] | None = None
        self.ca = ""

    def _choose_seed(self) -> int:
        """Return the seed of the options, or that of the database, so that its tokens stay valid, or a random one."""
        seed, database = self.options.seed, self.database
        if seed is None and database is not None:
            stored = database.fact("seed")
            seed = int(stored) if stored is not None and stored.isdecimal() else None
        if seed is None:
            seed = secrets.randbits(53)
        if database is not None:
            database.set_fact_now("seed", str(seed))
        return seed

    @property
    def port(self) -> int:
        """Port that it listens on."""
        return 0 if self._server is None else self._server.port

    @property
    def base_url(self) -> str:
        """Scheme, address and port."""
        return f"{'http' if self.options.http else 'https'}://{HOST}:{self.port}"

    @property
    def inspector(self) -> str:
        """Address of the inspector: over plain HTTP, since no browser trusts the certificate."""
        return f"http://{HOST}:{self.port}{CONTROL}/"

    async def start(self) -> None:
        """Start the server. Raises SandboxError if the port, database or certificate is unavailable."""
        options, api = self.options, self.described.api
        authority = None if options.http else self._authority()
        if self.database is not None:
            self.database.start(self._reload)
        self.app = Application(
            api, self.engine, self.addresses, self.authenticator, self.clock, self.faults, self.journal,
            http=options.http, key=options.key, oauth=self.oauth, database=self.database,
        )  # fmt: skip
        self.control = Control(self.app, options, self._load, self._started, self.seed)
        protocol = self._protocol()
        self.app.deliveries = Deliveries(
            protocol.callbacks,
            self._system,
            self.engine.registrations,
            self.clock,
            seed=self.seed,
        )
        await self._accounts()
        self.app.control_handler = Routes(self.control, self.described.root).answer
        self.ca = "" if authority is None else os.fspath(authority.file)
        self._server = Server(self.app.answer, authority)
        await self._server.start(options.port)
        self.control.base_url, self.control.ca = self.base_url, self.ca
        self._ticking = asyncio.ensure_future(self._tick())

    def _authority(self) -> CertificateAuthority:
        """Return the authority in the project's folder, or in a temporary one if that cannot be written."""
        folder = self.options.folder
        if folder is not None:
            try:
                return CertificateAuthority(folder)
            except OSError:
                pass
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="sandbox-")
            return CertificateAuthority(Path(self._folder.name))
        except OSError as error:
            raise SandboxError(f"cannot write the certificate: {error}") from None

    def _protocol(self) -> Any:
        return protocol_of(self.described.api)

    def _system(self, account: str) -> str:
        """Return what deliveries say they are from: the account's address as the API has it."""
        url = self.described.api.url.replace(f"{{{self.addresses.variable}}}", account)
        scheme, _, rest = url.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}"

    def _load(self, account: str, what: str | Path | Mapping[str, Any], replace: bool) -> Effects:
        return load(self.engine, account, what, replace)

    async def _accounts(self) -> None:
        """Load the accounts of the database, then create those of the options that are missing."""
        if self.database is not None:
            try:
                self._load_database(self.database)
            except (sqlite3.Error, ValueError, KeyError, TypeError, AttributeError) as error:
                raise StorageError(
                    f"{self.database.path} is damaged ({type(error).__name__}: {error});"
                    " restore a copy of it, or delete it to start with new accounts"
                ) from None
            self._persist_tokens(self.database)
        if self.oauth is not None:
            self.oauth.has_account = self.app.accounts.__contains__
        for name in self.options.accounts:
            if name not in self.app.accounts:
                await self.control.open(name, self.options.load)

    def _load_database(self, database: Database) -> None:
        for name in database.accounts():
            self.engine.account(name, create=True)
            self.engine.load(name, database.load(name))
            self.app.accounts.add(name)
            self.authenticator.forget(name)
        renewed = json.loads(database.fact("renewed") or "{}")
        self.authenticator.renewed = {str(key): int(count) for key, count in renewed.items()}
        grants = database.fact("oauth")
        if self.oauth is not None:
            if grants is not None:
                self.oauth.load(grants)
            else:
                self.oauth.grants = {}

    def _persist_tokens(self, database: Database) -> None:
        oauth, authenticator = self.oauth, self.authenticator
        if oauth is not None:
            oauth.changed = lambda: database.keep_fact("oauth", oauth.dump())
        authenticator.changed = lambda: database.keep_fact(
            "renewed", json.dumps(authenticator.renewed)
        )

    def _reload(self) -> None:
        """Return to the state of the database after a write failed."""
        assert self.database is not None
        with contextlib.suppress(sqlite3.Error, ValueError):
            for name in self.app.accounts - set(self.database.accounts()):
                self.engine.drop(name)
                self.authenticator.forget(name)
                self.app.accounts.discard(name)
            self._load_database(self.database)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            if not self.clock.frozen:
                await self.control.tick()

    async def stop(self) -> None:
        """Stop serving; what was acknowledged is in the database."""
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
        if self._server is not None:
            await self._server.stop()
        if hasattr(self, "app") and self.app.deliveries is not None:
            await self.app.deliveries.stop()
        if self.database is not None:
            self.database.close()
        await _quiet()
        if self._folder is not None:
            with contextlib.suppress(OSError):
                self._folder.cleanup()


async def _quiet() -> None:
    """End what is left on the loop, such as streams that somebody was listening to, so that it can be closed."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()


def zone_of(name: str) -> tzinfo:
    """Return a time zone by its name, or the nearest one if the system has no zone database."""
    if name == "UTC":
        return timezone.utc
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return timezone(timedelta(hours=-5), "EST") if name == "America/New_York" else timezone.utc


def load_description(description: Api | str | os.PathLike[str]) -> ServiceDescription:
    """Load a description from an :class:`Api`, a project folder, or a folder of YAML files.

    Raises:
        DescriptionError: the description has problems.
        SettingsError: there is no project in the folder.
    """
    if isinstance(description, Api):
        return ServiceDescription(description, Behaviors.none())
    folder = Path(description).resolve()
    root = folder.parent
    if not (folder / "api.yaml").is_file():
        settings = find(folder)
        folder, root = settings.schema, settings.root
    return ServiceDescription(*description_loader.load(folder, root), root)
