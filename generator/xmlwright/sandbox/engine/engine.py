"""The accounts of one server, and what a call does to them. Nothing here knows a particular API."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Context, localcontext
from typing import Any

from ...behavior.expressions import Expression, ExpressionError
from ...behavior.rules import Behaviors
from ...cases.tables import Tables
from ...ir import Api, Method
from ..binding.arguments import ArgumentReader
from ..binding.credentials import CredentialReader
from ..binding.refusals import CallRefusedError
from ..binding.routing import Route, is_plain
from .context import NOTHING, SETTINGS, CallContext
from .exchange import Call, Change, Effects, EngineResponse, Member, Person, Registration
from .record_store import RecordStore, key_of
from .replies import Replies, padded_fields
from .requests import checked_arguments, opened, read
from .resources import ResourceRuntime, Resources
from .seeding import Seeder
from .state import AccountState, Key, Record
from .timing import DueEvents
from .verbs import MethodDispatcher

Clock = Callable[[], dt.datetime]
_EXACT = Context(prec=100)
"""Enough digits for the exact product of any two numbers that a request may contain."""
_LOGGER = logging.getLogger("xmlwright.sandbox")
_ANYBODY = Person("anonymous", 0)


class Engine:
    """All accounts. One thread at a time."""

    def __init__(
        self,
        api: Api,
        behaviors: Behaviors | None = None,
        *,
        clock: Clock,
        seed: int = 0,
        strict: str | None = None,
    ) -> None:
        self.api = api
        self.behaviors = behaviors or Behaviors.none()
        self.tables = Tables(api)
        self.protocol = self.tables.protocol
        self.resources = Resources(api, self.tables, self.behaviors)
        self.seed = seed
        self.strict = strict == "documented"
        self._clock = clock
        self._zone = _zone(api.zone)
        self._methods = {method.name: method for method in api.methods}
        self.plain = is_plain(api)
        """Every request is a document that names its method, POSTed to one address."""
        self._replies = Replies(api, self.tables, self.behaviors, padded_fields(self.resources))
        self._readers: dict[str, ArgumentReader] = {}
        self._credentials = CredentialReader(api)
        self._accounts: dict[str, AccountState] = {}
        self._calls: dict[tuple[str, dt.date], int] = {}
        # Elements of the envelope that are among the arguments of a call.
        method = self.protocol.request_method
        inside = method.path[:1] if method is not None and not self.protocol.request_payload else ()
        self._besides = frozenset((*inside, *self._credentials.elements))

    def give_out(self, credentials_of: Callable[[str], Mapping[str, str]]) -> None:
        """Let methods that sign in return the options of a client for an account."""
        self._replies.credentials_of = credentials_of

    # accounts

    @property
    def accounts(self) -> tuple[str, ...]:
        """The names of all accounts."""
        return tuple(self._accounts)

    def account(self, name: str, create: bool = True) -> AccountState:
        """Return the state of an account, made with what a fresh one holds. Raises KeyError for an unknown one."""
        found = self._accounts.get(name)
        if found is None:
            if not create:
                raise KeyError(name)
            found = self._accounts[name] = AccountState(name, self.resources.assumed)
            self._seeder(found).fresh()
        return found

    def _seeder(self, state: AccountState) -> Seeder:
        return Seeder(self.resources, self._context(state, Person("owner", 1)))

    def reset(self, name: str) -> None:
        """Reset an account to its initial records."""
        state = self.account(name)
        state.restore({})
        self._seeder(state).fresh()

    def drop(self, name: str) -> None:
        """Forget an account."""
        self._accounts.pop(name, None)

    def snapshot(self, name: str) -> object:
        """Return all of an account as it is now; cheap."""
        return self.account(name).snapshot()

    def restore(self, name: str, snapshot: Any) -> None:
        """Restore a snapshot of an account."""
        self.account(name).restore(snapshot)

    def changes(self, name: str) -> list[Change]:
        """Return all of an account, as changes of an empty one."""
        return self.account(name).changes()

    def load(self, name: str, changes: Iterable[Change]) -> None:
        """Make an account hold what these changes say and nothing else."""
        state = self._accounts.get(name)
        if state is None:
            state = self._accounts[name] = AccountState(name, self.resources.assumed)
        state.restore({})
        state.load(changes)

    def adopt(self, name: str, collection: str, record: Record) -> Effects:
        """Put a record into an account as it is, id included; numbers go on behind its id."""
        state = self.account(name)
        state.begin()
        self._seeder(state).adopt(self.resources[collection], record)
        return Effects(changes=state.commit())

    def seed_records(
        self,
        name: str,
        records: Mapping[str, Iterable[Record]],
        *,
        replace: bool = False,
        settings: Record = NOTHING,
    ) -> Effects:
        """Put many records into an account as they are. ``replace`` empties the named collections first.

        ``settings`` become those of the account, over what it has.
        """
        state = self.account(name)
        state.begin()
        if settings:
            held = state.get(SETTINGS, "settings") or NOTHING
            state.put(SETTINGS, "settings", {**held, **settings})
        self._seeder(state).adopt_all(records, replace=replace)
        return Effects(changes=state.commit())

    def delete_records(self, name: str, deleted: Iterable[tuple[str, Key]]) -> Effects:
        """Delete records as the API would: to where deleted ones are kept, or for good."""
        state = self.account(name)
        context = self._context(state, self._owner(name))
        state.begin()
        for collection, key in deleted:
            resource = self.resources[collection]
            record = state.get(collection, key)
            if record is None and resource.behavior.delete:
                self._seeder(state).adopt(resource, {resource.key or "": key})
                record = state.get(collection, key)
            if record is not None:
                RecordStore(context).delete(resource, record)
        return Effects(changes=state.commit())

    def collections(self, name: str) -> Mapping[str, Sequence[Record]]:
        """Return what an account holds, by collection."""
        return {key: tuple(item.records.values()) for key, item in self.account(name)}

    # people and callbacks

    @property
    def people_collections(self) -> frozenset[str]:
        """Collections that the people who call are kept in."""
        return frozenset(people.resource for people in self.behaviors.people)

    def people(self, name: str) -> tuple[Member, ...]:
        """Return everybody who may call an account, its owner first."""
        state = self.account(name)
        if not self.behaviors.people:
            kind = next((person.name for person in self.api.people), "owner")
            return (Member(Person(kind, 1), kind, None),)
        owners = {people.resource: people.owner for people in self.behaviors.people if people.owner}
        found: list[Member] = []
        for people in sorted(self.behaviors.people, key=lambda item: item.owner is None):
            for key, record in state.collection(people.resource).records.items():
                is_owner = key == owners.get(people.resource)
                if is_owner == (people.owner is not None) and isinstance(key, int):
                    name_of = record.get(people.name) if people.name else None
                    secret = record.get(people.secret) if people.secret else None
                    found.append(Member(Person(people.kind, key), str(name_of or key), secret))
        return tuple(found)

    def registrations(self, name: str) -> tuple[Registration, ...]:
        """Return the addresses that receive the events of an account."""
        where = self.behaviors.callbacks
        if where is None or name not in self._accounts:
            return ()
        resource = self.resources[where.resource]
        return tuple(
            Registration(
                key_of(resource, record),
                str(record.get(where.event)),
                str(record.get(where.uri)),
                bool(record.get(where.verified)),
                str(record.get(where.verifier) or ""),
            )
            for record in self._accounts[name].collection(where.resource).records.values()
        )

    # calls

    def now(self) -> dt.datetime:
        """Return the present time in the zone of the API, in whole seconds."""
        return self._clock().astimezone(self._zone).replace(microsecond=0)

    def _context(self, state: AccountState, person: Person, method: str = "") -> CallContext:
        return CallContext(
            state,
            self.resources,
            self.behaviors,
            person,
            self.now(),
            seed=self.seed,
            strict=self.strict,
            method=method,
            calls=self._calls.get((state.name, self.now().date()), 0),
            taken=self._accounts.__contains__,
        )

    def call(self, call: Call) -> EngineResponse:
        """Perform one call and return the response, which is a failure of the API for an invalid call."""
        with localcontext(_EXACT):
            return self._call(call)

    def _call(self, call: Call) -> EngineResponse:
        state = self._accounts.get(call.account)
        name: str | None = None
        guesses: tuple[str, ...] = ()
        number = 0
        try:
            if state is None:
                raise CallRefusedError("unknown_account", value=call.account)
            today = (state.name, self.now().date())
            number = self._calls[today] = self._calls.get(today, 0) + 1
            payload: Any = None
            if call.route is None:
                name, payload = self._opened(call)
                method = self._methods.get(name)
            else:
                method = call.route.method
                name = method.name if method is not None else call.route.name
            person = self._person(method, call)
            if method is None:
                raise self._unknown(name, call.route)
            resource = self.resources[method.resource]
            context = self._context(state, person, name)
            self._permit(context, resource, method)
            arguments = self._read(context, resource, method, payload, call)
            self._sign_in(method, arguments, state.name)
            context.request = call.http
            state.begin()
            try:
                outcome = MethodDispatcher(self.api, context, self.tables).run(
                    resource, method, arguments
                )
            except ExpressionError as error:
                state.rollback()
                _LOGGER.error("%s: %s", name, error)
                raise CallRefusedError("undocumented", reason=str(error)) from None
            except BaseException:
                state.rollback()
                guesses = tuple(context.guesses)
                raise
            for opening in context.opened:
                self.account(opening.account).put(SETTINGS, "settings", opening.settings)
            reply = self._replies.reply(method, outcome, context, state.commit(), number)
            return reply if call.http is None else dataclasses.replace(reply, arguments=arguments)
        except CallRefusedError as refused:
            return self._replies.refused(refused, name, guesses, number)

    @staticmethod
    def _unknown(name: str, route: Route | None) -> CallRefusedError:
        if route is not None and route.malformed:
            return CallRefusedError("malformed")
        facts: dict[str, Any] = {"method": name, "value": name, "field": name}
        if route is not None and route.verbs:
            facts["verbs"] = route.verbs
        return CallRefusedError("unknown_method", **facts)

    def _read(
        self,
        context: CallContext,
        resource: ResourceRuntime,
        method: Method,
        payload: Any,
        call: Call,
    ) -> dict[str, Any]:
        supplied: Mapping[str, Expression] = {}
        if method.kind == "create":
            supplied = resource.behavior.supplied.get(context.person.kind, {})
        try:
            runtime = self.tables.method(method)
            if call.http is None or call.route is None:
                found = read(runtime, payload, call.parts, self._besides, supplied)
            else:
                given = self._reader(method).read(call.http, call.route)
                found = checked_arguments(runtime, given, call.parts, self._besides, supplied)
            for name, value in supplied.items():
                found[name] = value(context.scope({}))
            return found
        except CallRefusedError as refused:
            rule = resource.behavior.empties.get(str(refused.facts.get("emptied")))
            if rule is None:
                raise
            raise CallRefusedError(
                "invalid", code=rule.code, message=rule.message, guess=rule.guess, **refused.facts
            ) from None

    def _reader(self, method: Method) -> ArgumentReader:
        found = self._readers.get(method.name)
        if found is None:
            found = self._readers[method.name] = ArgumentReader(
                method, self.tables.method(method), self._credentials.parameters
            )
        return found

    def _opened(self, call: Call) -> tuple[str, Any]:
        """Return the method name and the element with its arguments. A caller without credentials learns nothing more."""
        try:
            return opened(call.document, self.protocol)
        except CallRefusedError:
            if call.person is None:
                raise CallRefusedError("authentication") from None
            raise

    def _person(self, method: Method | None, call: Call) -> Person:
        if call.person is not None:
            return call.person
        if method is not None and _ANYBODY.kind in method.callers:
            return _ANYBODY
        if method is not None and not method.authenticated:
            return self._owner(call.account)
        raise CallRefusedError("authentication")

    def _sign_in(self, method: Method, arguments: Mapping[str, Any], account: str) -> None:
        """Refuse the call that begins a session if it has other credentials than the account."""
        session = self.api.session
        if session is None or method.name != session.call:
            return
        known = self._replies.credentials_of(account)
        for option, given in _session_options(session.arguments, arguments):
            if option in known and given != known[option]:
                raise CallRefusedError("authentication")

    def _permit(self, context: CallContext, resource: ResourceRuntime, method: Method) -> None:
        kind = context.person.kind
        condition = method.callers.get(kind)
        if method.callers and condition is None and _ANYBODY.kind not in method.callers:
            raise CallRefusedError("permission", **resource.facts)
        allow = resource.behavior.allow.get(kind)
        if allow is not None:
            if not allow(context.scope({})):
                raise CallRefusedError("permission", **resource.facts)
        elif condition not in (None, "always") and not resource.behavior.methods:
            context.guess(f"{kind} may call {method.name} {condition}: this is taken to be so")

    def refusal(
        self, code: str, message: str | None = None, status: int | None = None, **facts: Any
    ) -> EngineResponse:
        """Return a failure in the API's own envelope, by its code."""
        return self._replies.of_code(code, message, status, facts)

    def situation(self, situation: str, **facts: Any) -> EngineResponse:
        """Return the response for one of the situations of :data:`.failures.KINDS`."""
        return self._replies.refused(CallRefusedError(situation, **facts), None, ())

    def tick(self, name: str) -> Effects:
        """Do what has come due in an account."""
        state = self.account(name)
        owner = self._owner(name)
        with localcontext(_EXACT):
            return DueEvents(self.resources, state, lambda: self._context(state, owner)).run()

    def next_due(self, name: str) -> dt.datetime | None:
        """Return the next time after the present at which something falls due in an account."""
        state, now = self.account(name), self.now()
        due = (
            state.collection(resource.name).next_moment(rule.at, now)
            for resource in self.resources
            for rule in resource.behavior.timed
        )
        return min((one for one in due if one is not None), default=None)

    def _owner(self, name: str) -> Person:
        people = self.people(name)
        return people[0].person if people else Person("owner", 1)

    def record(self, name: str, collection: str, key: Key) -> Record | None:
        """Return one record, as it is kept."""
        return self.account(name).get(collection, key)


def _zone(name: str) -> dt.tzinfo:
    from zoneinfo import ZoneInfo

    return dt.timezone.utc if name == "UTC" else ZoneInfo(name)


def _session_options(
    template: Mapping[str, Any], arguments: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield each option of the client that arguments hold, with its value."""
    for name, option in template.items():
        given = arguments.get(name)
        if isinstance(option, Mapping) and isinstance(given, Mapping):
            yield from _session_options(option, given)
        elif isinstance(option, str) and given is not None:
            yield option, str(given)
