"""A sandbox inside of a program: it runs in a thread and listens on a port of its own."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent import futures
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar

from ..ir import Api
from .app import SandboxApp, ServiceDescription, load_description
from .clock import Clock
from .engine.engine import Engine
from .options import Options, SandboxError
from .sync_control import SyncControl

T = TypeVar("T")
_PATIENCE: Final = 300.0
"""Seconds; a clock that passes years has much to do."""


class Sandbox:
    """A server that behaves like the described API, for the length of a ``with``.

    ::

        with Sandbox("path/of/project") as box:
            client = Client(box.account, token=box.token, url=box.url, ca=box.ca)

    Unlike that of the command line its clock stands still by default, so that a test sees the same every time.
    """

    def __init__(
        self, description: Api | ServiceDescription | str | os.PathLike[str], **settings: Any
    ) -> None:
        """Create a sandbox that is not running yet.

        Args:
            description: a resolved description, or the folder of a project or of its YAML files.
            settings: fields of :class:`Options`.

        Raises:
            SandboxError: a setting makes no sense.
            DescriptionError: the description has problems.
        """
        settings.setdefault("pace", "frozen")
        settings.setdefault("seed", 0)
        try:
            self.options = Options(**settings)
        except TypeError:
            known = set(Options.__dataclass_fields__)
            wrong = sorted(set(settings) - known)
            raise SandboxError(
                f"there is no setting {wrong[0]!r}; there are {', '.join(sorted(known))}"
            ) from None
        described = (
            description
            if isinstance(description, ServiceDescription)
            else load_description(description)
        )
        self._app = SandboxApp(described, self.options)
        self._loop = asyncio.SelectorEventLoop()
        self._thread: threading.Thread | None = None
        self.control = SyncControl(lambda: self._app.control, self.run, self.wait_for)

    def __repr__(self) -> str:
        return f"<Sandbox {self.base_url}>"

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server. Raises SandboxError if the port or a file is unavailable."""
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox", daemon=True)
        self._thread.start()
        try:
            self.wait_for(self._app.start())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it. Stopping twice is no mistake."""
        if self._thread is None:
            return
        try:
            self.wait_for(self._app.stop())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_PATIENCE)
            self._thread = None
            self._loop.close()

    # ---- where it is

    @property
    def port(self) -> int:
        """Port on 127.0.0.1."""
        return self._app.port

    @property
    def base_url(self) -> str:
        """Such as ``https://127.0.0.1:40123``."""
        return self._app.base_url

    @property
    def ca(self) -> str:
        """Path of the certificate that a client has to trust."""
        return self._app.ca

    @property
    def key(self) -> str:
        """Key of the control interface, to send as ``X-Sandbox-Key``."""
        return self.options.key

    @property
    def account(self) -> str:
        """Name of the first account."""
        return self.options.accounts[0]

    @property
    def url(self) -> str:
        """Address of the API for the first account."""
        return self.address(self.account)

    @property
    def token(self) -> str:
        """Token of the owner of the first account."""
        return self.owner_token(self.account)

    def address(self, account: str) -> str:
        """Return address of the API for an account."""
        return self.base_url + self._app.addresses.path(account)

    def tokens(self, account: str | None = None) -> dict[str, str]:
        """Return tokens of an account: of ``admin``, of ``staff/7``, and so on."""
        return self.run(lambda: self._app.control.tokens(account or self.account))

    def owner_token(self, account: str) -> str:
        """Return token of the owner of an account."""
        return self.run(lambda: self._app.authenticator.known(account)[0].token)

    def credentials(self, account: str | None = None) -> dict[str, str]:
        """Return the credentials of the owner of an account, by name."""
        return self.run(lambda: self._app.authenticator.credentials(account or self.account))

    def variables(self, account: str | None = None) -> dict[str, str]:
        """Return the options of a client that are part of the URL, by name."""
        return self._app.addresses.options(account or self.account)

    def open(self, account: str, load: str | Path | Mapping[str, Any] | None = None) -> str:
        """Make a fresh account; the token of its owner."""
        return self.wait_for(self._app.control.open(account, load))

    def close(self, account: str) -> None:
        """Remove an account with all that is in it."""
        self.wait_for(self._app.control.close(account))

    # ---- what is inside

    @property
    def api(self) -> Api:
        """The description."""
        return self._app.described.api

    @property
    def described(self) -> ServiceDescription:
        """The description with all that belongs to it, for another sandbox of the same."""
        return self._app.described

    @property
    def engine(self) -> Engine:
        """The engine. It is touched on the loop only: see :meth:`run`."""
        return self._app.engine

    @property
    def clock(self) -> Clock:
        """The clock. To have happen what is due, move it through :attr:`control`."""
        return self._app.clock

    @property
    def parts(self) -> SandboxApp:
        """All parts."""
        return self._app

    def run(self, work: Callable[[], T]) -> T:
        """Call something on the loop; its value."""

        async def called() -> T:
            return work()

        return self.wait_for(called())

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the loop, and wait for its value."""
        if self._thread is None:
            work.close()
            raise SandboxError("the sandbox is not running")
        doing = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return doing.result(_PATIENCE)
        except futures.TimeoutError:
            if doing.done():  # it is the work's own
                raise
            raise SandboxError(
                f"the sandbox is still busy with that after {_PATIENCE:.0f} seconds"
            ) from None
