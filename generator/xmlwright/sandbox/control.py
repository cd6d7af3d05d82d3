"""What can be done to a sandbox beside calling its API. Everything here runs on the loop."""

from __future__ import annotations

import asyncio
import itertools
import shlex
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ..runtime.redact import HIDDEN
from .calls.documents import Documents
from .calls.expectations import CallExpectation
from .calls.journal import Entry
from .engine.exchange import Effects, Person
from .http.application import Application, OutboxEntry
from .http.authentication import label
from .options import Options, SandboxError, checked_account
from .state_view import StateView

_LONGEST_STEP: Final = 60.0
"""Real seconds that moving the clock may take."""
Load = Callable[[str, "str | Path | Mapping[str, Any]", bool], Effects]
"""(account, what, whether it replaces what is there): puts records into an account."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state that can be gone back to."""

    name: str
    at: datetime
    accounts: Mapping[str, Any]
    letters: tuple[OutboxEntry, ...]
    renewed: Mapping[str, int]
    grants: Mapping[str, Any]


class Control:
    """All actions, as the control prefix, the command line and tests use them."""

    def __init__(
        self, app: Application, options: Options, load: Load, started: datetime, seed: int
    ) -> None:
        self.app = app
        self.options = options
        self.documents = Documents(app.api)
        self.state_view = StateView(app, self.documents)
        self.seed_number = seed
        self.base_url = ""
        self.ca = ""
        self._load = load
        self._started = started
        self._snapshots: dict[str, Snapshot] = {}
        self._numbers = itertools.count(1)

    # ---- accounts and people

    async def open(self, account: str, load: str | Path | Mapping[str, Any] | None = None) -> str:
        """Make an account; the token of its owner. Raises SandboxError for a name that is taken or cannot be one."""
        name = checked_account(account)
        if name in self.app.accounts:
            raise SandboxError(f"there is an account {name!r} already")
        await self._fresh(name, load)
        return self.app.authenticator.known(name)[0].token

    async def _fresh(self, name: str, load: str | Path | Mapping[str, Any] | None) -> None:
        app = self.app
        app.engine.account(name, create=True)
        app.accounts.add(name)
        app.authenticator.forget(name)
        sent: tuple[Any, ...] = ()
        if load is not None:
            sent = self._load(name, load, False).sent
        app.took_effect(name, (), sent)
        await self._rewritten(name)

    async def _rewritten(self, account: str) -> None:
        """Store an account that was replaced, and look up its tokens again."""
        app = self.app
        app.authenticator.forget(account)
        if app.database is not None:
            await app.database.replace(account, app.engine.changes(account))
            await self._stored_tokens()

    async def close(self, account: str) -> None:
        """Remove an account with all that is in it."""
        self._known(account)
        await self._forget(account)
        self.app.engine.drop(account)
        self.app.accounts.discard(account)
        if self.app.database is not None:
            await self.app.database.remove(account)
            await self._stored_tokens()

    async def _forget(self, account: str) -> None:
        """Forget what is kept about an account outside of the engine."""
        app = self.app
        app.authenticator.forget(account)
        for key in [key for key in app.authenticator.renewed if key.startswith(f"{account}/")]:
            del app.authenticator.renewed[key]
        app.authenticator.changed()
        if app.oauth is not None:
            app.oauth.forget(account)
        if app.deliveries is not None:
            app.deliveries.reset(account)
        self.clear_outbox(account)
        app.journal.clear(account)

    def tokens(self, account: str) -> dict[str, str]:
        """Return token of everybody in an account: of the owner under its kind alone, too."""
        known = self.app.authenticator.known(self._known(account))
        found = {one.label: one.token for one in known}
        for one in known:
            found.setdefault(one.member.person.kind, one.token)
        return found

    async def renew(self, account: str, person: str) -> str:
        """Replace the token of ``admin`` or ``staff/7``, as changing a password does, and return the new one."""
        for one in self.app.authenticator.known(self._known(account)):
            if person in (one.label, one.member.person.kind):
                token = self.app.authenticator.renew(account, one.member.person)
                await self._stored_tokens()
                return token
        raise SandboxError(f"there is no {person!r} in {account}")

    async def _stored_tokens(self) -> None:
        """Wait until the tokens are in the database. Raises StorageError."""
        database = self.app.database
        pending = None if database is None else database.pending("")
        if pending is not None:
            await asyncio.shield(pending)

    def address(self, account: str) -> str:
        """Return address of the API for an account."""
        return self.base_url + self.app.addresses.path(account)

    def exports(self, account: str | None = None) -> str:
        """Return shell commands that point the client of this API at the sandbox."""
        name = account or self.options.accounts[0]
        prefix = self.app.api.names.environment
        options = self.app.addresses.options(name) | self.app.authenticator.credentials(name)
        facts = {option.upper(): value for option, value in options.items()}
        facts["URL"] = self.address(name)
        if self.base_url.startswith("https:"):
            facts["CA"] = self.ca
        lines = [f"export {prefix}_{key}={shlex.quote(value)}" for key, value in facts.items()]
        return "\n".join([*lines, f"export SANDBOX_KEY={shlex.quote(self.options.key)}"])

    def info(self) -> dict[str, Any]:
        """Return the accounts with their addresses and tokens, the key, the seed and the clock."""
        app = self.app
        accounts = {
            name: {
                "url": self.address(name),
                "tokens": self.tokens(name),
                "credentials": app.authenticator.credentials(name),
            }
            for name in sorted(app.accounts)
        }
        found: dict[str, Any] = {
            "api": app.api.title,
            "version": app.api.version,
            "seed": self.seed_number,
            "key": self.options.key,
            "strict": self.options.strict,
            "clock": self.clock(),
            "accounts": accounts,
            "calls": app.journal.total,
        }
        if app.oauth is not None:
            found["oauth"] = {"consumers": dict(app.oauth.consumers)}
        return found

    # ---- state

    async def reset(self, account: str | None = None) -> None:
        """Put an account back to how it began; without one everything: also clock, faults, calls, other accounts."""
        app = self.app
        if account is not None:
            self._known(account)
            await self._begin_again(account)
            return
        for name in sorted(app.accounts - set(self.options.accounts)):
            await self.close(name)
        app.faults.clear()
        for text in self.options.faults:
            app.faults.add(text)
        app.journal.clear()
        app.clock.pace = self.options.pace
        app.clock.set(self._started if app.clock.frozen else datetime.now(self._started.tzinfo))
        for name in self.options.accounts:
            await self._begin_again(name)

    async def _begin_again(self, account: str) -> None:
        await self._forget(account)
        self.app.engine.reset(account)
        await self._fresh(account, self.options.load)

    async def snapshot(self, name: str | None = None, account: str | None = None) -> str:
        """Save the state of an account, or of all, and return the name of the snapshot."""
        app = self.app
        accounts = sorted(app.accounts) if account is None else [self._known(account)]
        name = name or f"snapshot-{next(self._numbers)}"
        grants = {} if app.oauth is None else app.oauth.grants
        self._snapshots[name] = Snapshot(
            name,
            app.clock.now(),
            {one: app.engine.snapshot(one) for one in accounts},
            tuple(letter for letter in app.outbox if letter.account in accounts),
            {
                key: n
                for key, n in app.authenticator.renewed.items()
                if key.partition("/")[0] in accounts
            },
            deepcopy({token: one for token, one in grants.items() if one.account in accounts}),
        )
        return name

    async def restore(self, name: str) -> None:
        """Go back to a snapshot; the clock stays as it is. Raises SandboxError where there is none of that name."""
        found = self._snapshots.get(name)
        if found is None:
            known = ", ".join(self._snapshots) or "none"
            raise SandboxError(f"there is no snapshot {name!r}; there are: {known}")
        app = self.app
        for account, state in found.accounts.items():
            app.engine.account(account, create=True)
            app.accounts.add(account)
            app.engine.restore(account, state)
            self.clear_outbox(account)
            renewed = app.authenticator.renewed
            for key in [key for key in renewed if key.startswith(f"{account}/")]:
                del renewed[key]
            if app.oauth is not None:
                app.oauth.forget(account)
        app.outbox.extend(found.letters)
        app.authenticator.renewed.update(found.renewed)
        app.authenticator.changed()
        if app.oauth is not None:
            app.oauth.grants.update(deepcopy(dict(found.grants)))
            app.oauth.changed()
        for account in found.accounts:
            await self._rewritten(account)

    def snapshots(self) -> list[dict[str, Any]]:
        """Return the snapshots there are."""
        return [
            {"name": one.name, "at": one.at.isoformat(), "accounts": list(one.accounts)}
            for one in self._snapshots.values()
        ]

    async def seed(
        self, account: str, what: str | Path | Mapping[str, Any], replace: bool = False
    ) -> None:
        """Put records into an account: ``cases``, a file, or resource -> records."""
        effects = self._load(self._known(account), what, replace)
        self.app.took_effect(account, (), effects.sent)
        await self._rewritten(account)

    def state(self, account: str) -> dict[str, list[dict[str, Any]]]:
        """Return all records of an account by resource, in the order of their keys and without what is sensitive."""
        held = self.state_view
        return {
            name: [record for _, record in held.rows(account, name)]
            for name in held.counts(account)
        }

    # ---- time

    def clock(self) -> dict[str, Any]:
        """Return what the clock shows, and how it goes."""
        return {"now": self.app.clock.now().isoformat(), "pace": self.app.clock.pace}

    async def set_clock(self, when: str | datetime) -> None:
        """Set the clock. Everything that falls due on the way happens at its own time; see :meth:`advance`."""
        await self._move_clock(self.app.clock.read(when) if isinstance(when, str) else when)

    async def advance(
        self,
        seconds: float = 0,
        *,
        minutes: float = 0,
        hours: float = 0,
        days: float = 0,
        weeks: float = 0,
    ) -> None:
        """Let time pass. Everything that falls due on the way happens at its own time.

        Raises:
            SandboxError: so much falls due that it takes longer than a minute; the clock shows how far it came.
        """
        clock = self.app.clock
        await self._move_clock(
            clock.later(seconds, minutes=minutes, hours=hours, days=days, weeks=weeks)
        )

    async def _move_clock(self, target: datetime) -> None:
        """Set the clock to every moment at which something is due, and then to ``target``."""
        clock, deliveries = self.app.clock, self.app.deliveries
        target = clock.localized(target)
        deadline = time.monotonic() + _LONGEST_STEP
        await self.settle()
        while (now := clock.now()) < target:
            due = [self.app.engine.next_due(name) for name in sorted(self.app.accounts)]
            if deliveries is not None:
                due.append(deliveries.next_due())
            following = min(
                (one for one in due if one is not None and now < one < target), default=None
            )
            if following is None:
                break
            if time.monotonic() > deadline:
                raise SandboxError(
                    f"the clock stopped at {now.isoformat()}, because so much is due that it took longer than"
                    f" {_LONGEST_STEP:.0f} s; set the clock again to continue"
                )
            clock.set(following)
            await self.settle()
            await asyncio.sleep(0)  # calls that came meanwhile are handled
        clock.set(target)
        await self.settle()

    async def set_pace(self, pace: str) -> None:
        """Let the clock be ``real``, ``frozen`` or go in ``step``s of a second a call."""
        self.app.clock.pace = pace

    async def settle(self) -> None:
        """Do what is due, and wait until it was delivered."""
        await self.tick()
        deliveries = self.app.deliveries
        if deliveries is not None:
            for account in sorted(self.app.accounts):
                await deliveries.settle(account)

    async def tick(self) -> None:
        """Let happen what is due by now."""
        for account in sorted(self.app.accounts):
            await self.app.effects(account, self.app.engine.tick(account))

    # ---- faults

    def faults(self) -> list[dict[str, Any]]:
        """Return the rules that stand."""
        return [rule.shown() for rule in self.app.faults.rules]

    def add_fault(self, rule: str) -> int:
        """Let something go wrong from now on, in the words of :mod:`.faults`; the rule's number."""
        return self.app.faults.add(rule).id

    def remove_fault(self, number: int) -> None:
        """Take a rule back."""
        self.app.faults.remove(number)

    async def callbacks(self, account: str, action: str = "show", **arguments: Any) -> Any:
        """Show or change the deliveries of events; see :meth:`.deliveries.Deliveries.control`."""
        assert self.app.deliveries is not None
        return await self.app.deliveries.control(account, action, arguments)

    def attachment(self, number: int, place: int = 0) -> bytes:
        """Return the content of a file that belongs to an outbox entry. Raises SandboxError."""
        return self.letter(number).sent.attachments[place].data

    def clear_faults(self) -> None:
        """Take all rules back."""
        self.app.faults.clear()

    # ---- outbox

    def outbox(self, account: str | None = None, kind: str | None = None) -> list[dict[str, Any]]:
        """Return what would have been sent, the oldest first."""
        return [
            outbox_json(letter)
            for letter in self.app.outbox
            if (account is None or letter.account == account)
            and (kind is None or letter.sent.kind == kind)
        ]

    def letter(self, number: int) -> OutboxEntry:
        """Return an outbox entry. Raises SandboxError if it does not exist."""
        for letter in self.app.outbox:
            if letter.id == number:
                return letter
        raise SandboxError(f"there is no {number} in the outbox")

    def clear_outbox(self, account: str | None = None) -> None:
        """Delete the entries of the outbox."""
        kept = [one for one in self.app.outbox if account is not None and one.account != account]
        self.app.outbox.clear()
        self.app.outbox.extend(kept)

    # ---- calls

    def requests(self, **wanted: Any) -> list[dict[str, Any]]:
        """Return the calls that match, the oldest first; see :data:`.journal.CONDITIONS`."""
        return [self.shown_call(entry) for entry in self.app.journal.find(wanted)]

    def clear_requests(self) -> None:
        """Forget the calls."""
        self.app.journal.clear()

    def assert_requests(
        self,
        method: str = "*",
        arguments: Mapping[str, Any] | None = None,
        *,
        count: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        **wanted: Any,
    ) -> list[int]:
        """Return the ids of the calls that match. ``arguments`` are those that a call must have, among others.

        Raises:
            AssertionFailed: there are more or fewer than wanted; at least one, where nothing is said.
        """
        made = [
            (entry.id, self.documents.arguments(entry))
            for entry in self.app.journal.find({"method": method, **wanted})
        ]
        called = (entry.method or "(no method)" for entry in self.app.journal)
        return CallExpectation(method, arguments, count, at_least, at_most).among(made, called)

    def shown_call(self, entry: Entry) -> dict[str, Any]:
        """Return a call as JSON has it, redacted."""
        documents = self.documents
        return {
            "id": entry.id,
            "at": entry.at.isoformat(),
            "account": entry.account,
            "person": None if entry.person is None else label(entry.person),
            "method": entry.method,
            "outcome": entry.outcome,
            "status": entry.status,
            "code": entry.code,
            "seconds": round(entry.seconds, 6),
            "fault": entry.fault or None,
            "guesses": list(entry.guesses),
            "events": [event.name for event in entry.events],
            "headers": documents.headers(entry.headers),
            "files": {
                name: {"media": media, "bytes": size} for name, (media, size) in entry.files.items()
            },
            "arguments": _without_secrets(documents.arguments(entry), documents.secrets(entry)),
            "request": documents.request(entry),
            "answer": documents.answer(entry),
        }

    def coverage(self) -> dict[str, dict[str, int]]:
        """Return how often each method was called, and how often that failed, among the calls that are kept."""
        found = {name: {"calls": 0, "failed": 0} for name in self.documents.methods}
        for entry in self.app.journal:
            if entry.method in found:
                found[entry.method]["calls"] += 1
                found[entry.method]["failed"] += entry.outcome != "ok"
        return found

    def _known(self, account: str) -> str:
        if account not in self.app.accounts:
            raise SandboxError(
                f"there is no account {account!r}; there are {', '.join(sorted(self.app.accounts))}"
            )
        return account


def outbox_json(letter: OutboxEntry) -> dict[str, Any]:
    """Return an outbox entry for JSON, with the names of its attachments."""
    sent = letter.sent
    return {
        "id": letter.id,
        "account": letter.account,
        "at": sent.at,
        "kind": sent.kind,
        "to": list(sent.to),
        "subject": sent.subject,
        "text": sent.text,
        "method": sent.method or None,
        "object_id": sent.object_id,
        "attachments": [{"name": one.name, "media": one.media} for one in sent.attachments],
    }


def _without_secrets(value: Any, secrets: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without_secrets(inner, secrets) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_secrets(inner, secrets) for inner in value]
    return HIDDEN if isinstance(value, str) and value.strip() in secrets else value


def owner(person: Person | None) -> str:
    """Return the label of the caller for people."""
    return "anonymous" if person is None else label(person)
