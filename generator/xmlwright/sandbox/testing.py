"""What the fixtures of the pytest plugin are: an account in a running sandbox, its clock, faults and callbacks."""

from __future__ import annotations

import importlib
import itertools
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from ..diagnostics import DescriptionError
from ..settings import SettingsError, find
from .options import SandboxError
from .server_thread import Sandbox

_SHOWN_CALLS: Final = 30


class SandboxPool:
    """The servers of one test process: one for each way of setting them up, started when a test first wants it."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._stack = ExitStack()
        self._running: dict[tuple[object, ...], Sandbox] = {}
        self._numbers = itertools.count(1)
        self.seed = int(config.getoption("--sandbox-seed") or 0)

    def __enter__(self) -> SandboxPool:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    @contextmanager
    def account(self, item: pytest.Item) -> Iterator[TestSandbox]:
        """Create an account for one test, and undo its changes of clock and faults afterwards."""
        with self.open(folder=item.path.parent, **_wanted(item)) as sandbox:
            yield sandbox

    @contextmanager
    def open(
        self,
        description: str | Path | None = None,
        *,
        load: str | Path | Mapping[str, Any] | None = None,
        clock: str | datetime | None = None,
        strict: str | None = None,
        folder: Path | None = None,
    ) -> Iterator[TestSandbox]:
        """Create an account until the end of a ``with``.

        Args:
            description: folder of the description; by default that of the pytest settings.
            load: what the account holds: ``"cases"``, a file, or resource -> records.
            clock: time at the start.
            strict: ``"documented"`` to refuse guesses.
            folder: folder that paths are relative to; by default the rootdir.
        """
        folder = folder or self._config.rootpath
        if isinstance(clock, str):
            clock = datetime.fromisoformat(clock)
        box = self._server(self._description(folder, description), strict, clock)
        name = f"t{next(self._numbers)}"
        if isinstance(load, (str, Path)) and load != "cases":
            load = (folder / load).resolve()
        token = box.open(name, load=load)
        started = box.clock.now()
        found = TestSandbox(box, name, token, self.seed)
        try:
            yield found
        finally:
            found.callbacks.stop()
            box.control.clear_faults()
            box.control.set_pace(box.options.pace)
            box.close(name)
            if found.clock.moved:
                box.control.set_clock(started)

    def _server(self, description: Path, strict: str | None, clock: Any) -> Sandbox:
        key = (description, strict, clock)
        if key not in self._running:
            try:
                box = Sandbox(description, seed=self.seed, strict=strict, clock=clock)
            except DescriptionError as error:
                problems = "\n".join(str(item) for item in error.diagnostics)
                raise pytest.UsageError(
                    f"the description in {description} has problems:\n{problems}"
                ) from None
            except (SandboxError, SettingsError) as error:
                raise pytest.UsageError(f"the sandbox cannot be set up: {error}") from None
            self._running[key] = self._stack.enter_context(box)
        return self._running[key]

    def _description(self, folder: Path, marked: object) -> Path:
        root = self._config.rootpath
        if marked is not None:
            return (folder / Path(str(marked))).resolve()
        named = self._config.getini("sandbox_description")
        if named:
            return (root / str(named)).resolve()
        try:
            return find(root).schema
        except SettingsError as error:
            raise pytest.UsageError(
                f"the fixture sandbox needs a description: {error}; or set sandbox_description in the pytest settings"
            ) from None


def _wanted(item: pytest.Item) -> dict[str, Any]:
    """Return the arguments of a test's markers; the nearest marker wins."""
    found: dict[str, Any] = {}
    for mark in item.iter_markers("sandbox"):
        said = dict(mark.kwargs)
        if len(mark.args) > 1:
            raise pytest.UsageError("the marker sandbox takes one description; all else by name")
        if mark.args:
            said["description"] = mark.args[0]
        unknown = sorted(said.keys() - {"description", "load", "clock", "strict"})
        if unknown:
            raise pytest.UsageError(
                f"the marker sandbox has no {unknown[0]!r}; it has description, load, clock and strict"
            )
        found = {**said, **found}
    return found


class TestSandbox:
    """One account in a running sandbox, and all that a test can do to it."""

    __test__ = False

    def __init__(self, box: Sandbox, account: str, token: str, seed: int) -> None:
        self.box = box
        """The server; other tests of this process use it too, each with an account of its own."""
        self.account = account
        """Name of the account."""
        self.token = token
        """Token of its owner."""
        self.seed = seed
        self.clock = SandboxClock(box)
        self.faults = SandboxFaults(box, account)
        self.callbacks = SandboxCallbacks(box, account)

    def __repr__(self) -> str:
        return f"<sandbox account {self.account} at {self.url}>"

    @property
    def url(self) -> str:
        """Address of the API for this account."""
        return self.box.address(self.account)

    @property
    def ca(self) -> str:
        """Path of the certificate to trust."""
        return self.box.ca

    @property
    def tokens(self) -> Mapping[str, str]:
        """Token of everybody in the account, by kind and id: ``admin``, ``staff/7``."""
        return self.box.tokens(self.account)

    @property
    def environment(self) -> dict[str, str]:
        """What a program finds the sandbox by that reads its settings from the environment."""
        prefix = self.box.api.names.environment
        options = {**self.box.variables(self.account), **self.box.credentials(self.account)}
        return {
            **{f"{prefix}_{name.upper()}": value for name, value in options.items()},
            f"{prefix}_URL": self.url,
            f"{prefix}_CA": self.ca,
        }

    def client(self, person: str | None = None, **options: Any) -> Any:
        """Return the generated client of the described API.

        Args:
            person: whose token it uses, a key of :attr:`tokens`; the owner's by default.
            options: of the client, such as ``timeout=5``.

        Raises:
            pytest.UsageError: the package of the client is not installed, or there is no such person.
        """
        token = self.token
        if person is not None:
            if person not in self.tokens:
                raise pytest.UsageError(
                    f"{self.account} has no person {person!r}; there are {', '.join(self.tokens)}"
                )
            token = self.tokens[person]
        names = self.box.api.names
        try:
            package = importlib.import_module(names.package)
        except ModuleNotFoundError as error:
            if error.name != names.package:
                raise
            raise pytest.UsageError(
                f"the fixture sandbox_client needs the client of {self.box.api.title}, the package {names.package},"
                f" which is not installed: pip install {names.distribution}"
            ) from None
        make = getattr(package, names.client)
        given = {**self.box.variables(self.account), **self.box.credentials(self.account)}
        if token != self.token:
            given[self.box.parts.authenticator.primary] = token
        return make(**{**given, "url": self.url, "ca": self.ca, **options})

    # ---- state

    def seed_records(
        self, records: Mapping[str, Any] | str | Path, *, replace: bool = False
    ) -> None:
        """Put records into the account: resource -> records as the results of cases show them, a file, or ``"cases"``."""
        self.box.control.seed(self.account, records, replace=replace)

    def state(self) -> Mapping[str, Any]:
        """Return all records of the account, by resource."""
        found: Mapping[str, Any] = self.box.control.state(self.account)
        return found

    def snapshot(self, name: str | None = None) -> str:
        """Save the state of the account, and return the name for :meth:`restore`."""
        found: str = self.box.control.snapshot(name, account=self.account)
        return found

    def restore(self, name: str) -> None:
        """Go back to a snapshot."""
        self.box.control.restore(name)

    def outbox(self, kind: str | None = None) -> list[Any]:
        """Return what would have been sent to somebody, the oldest first; ``kind`` such as ``"email"``."""
        found: list[Any] = self.box.control.outbox(account=self.account, kind=kind)
        return found

    # ---- calls

    def calls(self, method: str = "*") -> list[Any]:
        """Return the calls that were made, the oldest first."""
        found: list[Any] = self.box.control.requests(account=self.account, method=method)
        return found

    def assert_called(
        self,
        method: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        count: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
    ) -> None:
        """Assert that calls of ``method`` were made, at least one where no number is said.

        ``arguments`` are those that a call must have, among others; a failure shows the nearest call.
        """
        __tracebackhide__ = True
        self.box.control.assert_requests(
            method, arguments, count=count, at_least=at_least, at_most=at_most, account=self.account
        )

    def describe_calls(self) -> str:
        """Return the last calls and the seed, for the report of a failed test."""
        lines = [
            f"account {self.account} at {self.url}; the same ids and chaos again: --sandbox-seed={self.seed}"
        ]
        lines += [
            f"{call['method'] or '(no method)'}: {call['outcome']}"
            for call in self.calls()[-_SHOWN_CALLS:]
        ]
        return "\n".join(lines)


class SandboxClock:
    """The sandbox's clock. Moving it makes happen what falls due: profiles, reminders, repeated deliveries."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self.moved = False

    def __repr__(self) -> str:
        return f"<sandbox clock at {self.now().isoformat()}>"

    def now(self) -> datetime:
        """Return what it shows, with its zone."""
        return self._box.clock.now()

    def set(self, when: datetime | str) -> None:
        """Show another time; text is ISO 8601, in the zone of the API where it names none."""
        self.moved = True
        self._box.control.set_clock(when)

    def advance(
        self,
        seconds: float = 0,
        *,
        minutes: float = 0,
        hours: float = 0,
        days: float = 0,
        weeks: float = 0,
    ) -> None:
        """Go forward."""
        self.moved = True
        self._box.control.advance(seconds, minutes=minutes, hours=hours, days=days, weeks=weeks)

    def freeze(self, when: datetime | str | None = None) -> None:
        """Freeze the clock, at ``when`` if it is given."""
        self._box.control.set_pace("frozen")
        if when is not None:
            self.set(when)

    def run(self) -> None:
        """Go on with the time of day's pace."""
        self._box.control.set_pace("real")


class SandboxFaults:
    """Trouble for the calls of one account."""

    def __init__(self, box: Sandbox, account: str) -> None:
        self._box = box
        self._account = account

    def add(self, rule: str) -> int:
        """Let something go wrong from now on: ``"status=503; method=task.*; count=2"``; the number of the rule."""
        found: int = self._box.control.add_fault(f"{rule}; account={self._account}")
        return found

    def remove(self, number: int) -> None:
        """Take one rule back."""
        self._box.control.remove_fault(number)

    def clear(self) -> None:
        """Take all rules back."""
        self._box.control.clear_faults()

    @property
    def rules(self) -> list[Any]:
        """The rules that stand, each with how often it has happened."""
        found: list[Any] = self._box.control.faults()
        return found


class SandboxCallbacks:
    """What the account tells those who asked.

    At first events are collected: nothing is sent, and every event is here, whether somebody registered for it or not.
    :meth:`serve` delivers instead.
    """

    def __init__(self, box: Sandbox, account: str) -> None:
        self._box = box
        self._account = account
        self._servers: list[tuple[WSGIServer, threading.Thread]] = []
        self.settings(mode="collect")

    def __repr__(self) -> str:
        return f"<{len(self.deliveries)} deliveries of {self._account}>"

    def settings(self, **changed: Any) -> Mapping[str, Any]:
        """Change how events are delivered.

        Settings: ``mode`` (``collect``, ``sync``, ``deliver``), ``duplicate`` and ``reorder`` (chances),
        ``attempts``, ``first_wait``, ``factor``, ``timeout`` (seconds).
        """
        found: Mapping[str, Any] = self._control("set", changed)["settings"]
        return found

    @property
    def deliveries(self) -> list[Any]:
        """Everything that was or would have been sent, the oldest first.

        Keys: ``event``, ``object_id``, ``uri``, ``body``, ``state``,
        ``attempts``.
        """
        found: list[Any] = self._control("show")["deliveries"]
        return found

    @property
    def events(self) -> list[tuple[str, int]]:
        """Name and object of each."""
        return [(item["event"], item["object_id"]) for item in self.deliveries]

    def forms(self, event: str = "") -> list[dict[str, str]]:
        """Return the form of each delivery, or of those of one event."""
        return [
            dict(parse_qsl(item["body"]))
            for item in self.deliveries
            if event in ("", item["event"])
        ]

    def clear(self) -> None:
        """Forget what was collected and what is on its way."""
        self._control("clear")

    def settle(self) -> None:
        """Make every attempt that is due, and wait for its response."""
        self._control("settle")

    def resend(self, number: int) -> None:
        """Send a delivery, by its ``id``, once more."""
        self._control("resend", {"id": number})
        self.settle()

    def serve(self, application: Any) -> str:
        """Serve a WSGI application on loopback until the test ends; its address, to register.

        From now on events are sent, and a call has its response only after what it caused was delivered, so that a test can
        look at once.
        """
        server = make_server(
            "127.0.0.1", 0, application, server_class=_Threading, handler_class=_Quiet
        )
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        self._servers.append((server, thread))
        self.settings(mode="sync")
        return f"http://127.0.0.1:{server.server_port}/"

    def stop(self) -> None:
        """End the applications that are served."""
        for server, thread in self._servers:
            server.shutdown()
            thread.join()
            server.server_close()
        self._servers.clear()

    def _control(self, action: str, arguments: Mapping[str, Any] | None = None) -> Any:
        return self._box.control.callbacks(self._account, action, **(arguments or {}))


class _Threading(socketserver.ThreadingMixIn, WSGIServer):
    """A handler may call the sandbox, which may deliver something in turn."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""
