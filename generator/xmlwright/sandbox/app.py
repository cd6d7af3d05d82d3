"""A whole sandbox put together: started and stopped on an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..behavior.rules import Behaviors
from ..ir import Api
from .calls.journal import Journal
from .clock import Clock
from .control import Control
from .engine.engine import Engine
from .engine.exchange import Effects
from .faults.faults import Faults
from .http.addresses import CONTROL, Addresses
from .http.application import Application
from .http.authentication import Authenticator
from .http.deliveries import Deliveries
from .http.oauth import OAuth
from .http.server import HOST, Server
from .http.tls import CertificateAuthority
from .options import Options, SandboxError
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
        self.engine = Engine(
            api, described.behaviors, clock=self.clock, seed=options.seed, strict=options.strict
        )
        self.addresses = Addresses(api, options.accounts[0])
        self.authenticator = Authenticator(self.engine, api.token, options.seed)
        self.faults = Faults(
            options.seed, {code.code: code.status for code in api.errors}, self.clock.now
        )
        for text in options.faults:
            self.faults.add(text)
        self.journal = Journal(options.keep)
        self.oauth = (
            None
            if api.oauth is None
            else OAuth(api, self.authenticator, self.addresses, options.seed)
        )
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.database: Database | None = None
        self.app: Application
        self.control: Control
        self._server: Server | None = None
        self._ticking: asyncio.Task[None] | None = None
        self.ca = ""

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
        """Be ready to answer. Raises SandboxError for what cannot be had: port, database, certificate."""
        options, api = self.options, self.described.api
        try:
            folder = options.folder
            if folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="sandbox-")
                folder = Path(self._folder.name)
            authority = CertificateAuthority(folder)
            self.ca = os.fspath(authority.file)
        except OSError as error:
            raise SandboxError(f"the certificate cannot be written: {error}") from None
        if options.database is not None:
            self.database = Database(options.database, api.name, zone_of(api.zone))
            self.database.start()
        self.app = Application(
            api, self.engine, self.addresses, self.authenticator, self.clock, self.faults, self.journal,
            http=options.http, oauth=self.oauth, database=self.database,
        )  # fmt: skip
        self.control = Control(self.app, options, self._load, self._started)
        protocol = self._protocol()
        self.app.deliveries = Deliveries(
            protocol.callbacks,
            self._system,
            self.engine.registrations,
            self.clock,
            seed=options.seed,
        )
        await self._accounts()
        self.app.control_handler = Routes(self.control, self.described.root).answer
        self._server = Server(self.app.answer, authority)
        await self._server.start(options.port)
        self.control.base_url, self.control.ca = self.base_url, self.ca
        self._ticking = asyncio.ensure_future(self._tick())

    def _protocol(self) -> Any:
        from ..cases.tables import protocol_of

        return protocol_of(self.described.api)

    def _system(self, account: str) -> str:
        """What deliveries say they are from: the account's address as the API has it."""
        url = self.described.api.url.replace("{account}", account)
        scheme, _, rest = url.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}"

    def _load(self, account: str, what: str | Path | Mapping[str, Any], replace: bool) -> Effects:
        return load(self.engine, account, what, replace)

    async def _accounts(self) -> None:
        """Accounts of the file first; those that are new begin as the options say."""
        app, database = self.app, self.database
        if database is not None:
            for name in database.accounts():
                self.engine.account(name, create=True)
                self.engine.load(name, database.load(name))
                app.accounts.add(name)
            self._restore_facts(database)
        if self.oauth is not None:
            self.oauth.has_account = app.accounts.__contains__
        for name in self.options.accounts:
            if name not in app.accounts:
                await self.control.open(name, self.options.load)

    def _restore_facts(self, database: Database) -> None:
        """Tokens that were replaced or granted in an earlier run."""
        renewed = database.fact("renewed")
        if renewed is not None:
            self.authenticator.renewed.update(json.loads(renewed))
        kept = database.fact("oauth")
        oauth = self.oauth
        if oauth is not None:
            if kept is not None:
                oauth.load(kept)
            oauth.changed = lambda: database.keep_fact("oauth", oauth.dump())
        self.authenticator.changed = lambda: database.keep_fact(
            "renewed", json.dumps(self.authenticator.renewed)
        )

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            if not self.clock.frozen:
                await self.control.tick()

    async def stop(self) -> None:
        """Answer no more; what was acknowledged is in the database."""
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
    """A zone by its name; the nearest that there is on a machine without a list of zones."""
    if name == "UTC":
        return timezone.utc
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return timezone(timedelta(hours=-5), "EST") if name == "America/New_York" else timezone.utc


def load_description(description: Api | str | os.PathLike[str]) -> ServiceDescription:
    """What a description says: of an :class:`Api`, of the folder of a project, or of that of its YAML files.

    Raises:
        DescriptionError: the description has problems.
        SettingsError: there is no project in the folder.
    """
    if isinstance(description, Api):
        return ServiceDescription(description, Behaviors.none())
    folder = Path(description).resolve()
    root = folder.parent
    if not (folder / "api.yaml").is_file():
        from ..settings import find

        settings = find(folder)
        folder, root = settings.schema, settings.root
    from .description import load as load_description

    return ServiceDescription(*load_description(folder, root), root)
