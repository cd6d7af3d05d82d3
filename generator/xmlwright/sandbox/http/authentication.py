"""From the credentials of a request to the person who calls."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ...ir import Api
from ..binding.credentials import CredentialReader, basic_pair
from ..engine.exchange import Member, Person

if TYPE_CHECKING:
    from ..binding.routing import HttpCall
    from ..engine.engine import Engine

_LENGTH: Final = 32
"""Hexadecimal digits of a token."""


@dataclass(frozen=True, slots=True)
class TokenFormat:
    """How a request carries a token."""

    header: str | None
    """None for HTTP Basic authentication, whose user name is the token."""
    template: str
    """Value of the header, or user name and password, with ``{}`` for the token."""

    @classmethod
    def of(cls, api: Api) -> TokenFormat:
        """Return the first way of a description that the sandbox can check."""
        for item in api.authentication:
            template = re.sub(r"\{\w+\}", "{}", item.value)
            if item.place is None:
                return cls(None, template)
            if item.place.startswith("header:"):
                return cls(item.place.partition(":")[2], template)
        return cls(None, "{}:X")

    def token(self, value: str) -> str:
        """Return the token in the value of a header."""
        before, _, after = self.template.partition("{}")
        return value.removeprefix(before).removesuffix(after)


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """Somebody with a token."""

    member: Member
    token: str

    @property
    def label(self) -> str:
        """The kind of person, with the id where it is not the owner: ``admin``, ``staff/7``."""
        return label(self.member.person)


def label(person: Person) -> str:
    """Return what a person is called in addresses and settings of the sandbox."""
    return f"{person.kind}/{person.id}"


class Authenticator:
    """The credentials of all accounts. They follow from the seed, so that they are the same in the next run."""

    def __init__(self, engine: Engine, token: TokenFormat, seed: int) -> None:
        self._engine = engine
        self._token = token
        self._seed = seed
        api = engine.api
        self._items = CredentialReader(api)
        self._needed = bool(api.authentication) or api.signer or api.oauth is not None
        self.primary = self._items.primary
        """Name of the credential that differs from person to person: the token."""
        self._known: dict[str, tuple[TokenHolder, ...]] = {}
        self._by_token: dict[tuple[str, str], Person] = {}
        self.renewed: dict[str, int] = {}
        """``account/kind/id`` -> how often the token was replaced by hand."""
        self.changed: Callable[[], object] = lambda: None
        """Called when there is something new to keep."""

    @property
    def challenge(self) -> str:
        """Value of WWW-Authenticate in a 401 response (RFC 7235, section 4.1)."""
        scheme = "ApiKey" if self._token.header is not None else "Basic"
        realm = self._engine.api.title.replace("\\", "").replace('"', "")
        return f'{scheme} realm="{realm}"'

    def known(self, account: str) -> tuple[TokenHolder, ...]:
        """Return everybody in an account, the owner first."""
        if account not in self._known:
            self.refresh(account)
        return self._known[account]

    def refresh(self, account: str) -> None:
        """Look up the people of an account and their secrets again."""
        self.forget(account)
        known = tuple(
            TokenHolder(member, self._made(account, member))
            for member in self._engine.people(account)
        )
        self._known[account] = known
        for one in known:
            self._by_token.setdefault((account, one.token), one.member.person)

    def forget(self, account: str) -> None:
        """Discard what is known about an account."""
        for one in self._known.pop(account, ()):
            self._by_token.pop((account, one.token), None)

    def renew(self, account: str, person: Person) -> str:
        """Replace a person's token, as changing the password does; the old one is refused from now on."""
        key = f"{account}/{label(person)}"
        self.renewed[key] = self.renewed.get(key, 0) + 1
        self.refresh(account)
        self.changed()
        return next(one.token for one in self.known(account) if one.member.person == person)

    def by_token(self, account: str, token: str) -> Person | None:
        """Return whose token it is."""
        if account not in self._known:
            self.refresh(account)
        return self._by_token.get((account, token))

    def token_in(self, headers: Mapping[str, str]) -> str | None:
        """Return the token that a request carries; None where it carries none, or one that cannot be read."""
        if self._token.header is not None:
            value = headers.get(self._token.header.lower())
            return None if value is None else self._token.token(value)
        pair = basic_pair(headers)
        return None if pair is None else pair.partition(":")[0] or None

    def anybody(self, account: str) -> Person | None:
        """Return the owner of an account whose API needs no authentication; None if it needs one."""
        return None if self._needed else self._owner(account)

    def _owner(self, account: str) -> Person:
        return self.known(account)[0].member.person

    def caller(self, account: str, call: HttpCall) -> Person | None:
        """Return who makes a call; None where credentials are missing or wrong."""
        api = self._engine.api
        if api.signer:
            # What a signature must be is not described, so any is accepted.
            return self._owner(account) if call.headers.get("authorization") else None
        given = self._items.given(call)
        if given is None:
            return None
        person = self._owner(account)
        if self.primary in given:
            found = self.by_token(account, given[self.primary])
            if found is None:
                return None
            person = found
        expected = self.credentials(account)
        if any(
            text != expected[name]
            for name, text in given.items()
            if name != self.primary and name in expected
        ):
            return None
        return person

    def credentials(self, account: str, token: str | None = None) -> dict[str, str]:
        """Return the credentials of an account: those of its owner, or with another ``token``."""
        found: dict[str, str] = {}
        for option in self._engine.api.credentials:
            if option.name == self.primary:
                found[option.name] = token or self.known(account)[0].token
            elif option.default:
                found[option.name] = option.default
            elif option.sensitive:
                text = repr((self._seed, account, option.name))
                found[option.name] = hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]
            else:
                found[option.name] = account
        return found

    def _made(self, account: str, member: Member) -> str:
        person = member.person
        renewed = self.renewed.get(f"{account}/{label(person)}", 0)
        facts: tuple[Any, ...] = (
            self._seed,
            account,
            person.kind,
            person.id,
            member.secret,
            renewed,
        )
        return hashlib.sha256(repr(facts).encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]
