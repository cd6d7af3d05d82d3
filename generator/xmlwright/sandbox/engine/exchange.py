"""What goes between the server and the engine. Frozen values only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..binding.routing import HttpCall, Part, Route


@dataclass(frozen=True, slots=True)
class Person:
    """Who calls."""

    kind: str
    """A key of ``people`` in api.yaml."""
    id: int
    """The id that this person goes by in the account: of the owner, or of the record that stands for them."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, once the server knows the account and who calls."""

    account: str
    person: Person | None
    """None where the credentials are missing or wrong; what needs none may be called all the same."""
    document: bytes
    parts: Mapping[str, Part] = field(default_factory=dict)
    """The other parts of a multipart body, by content ID (without the angle brackets) or by name."""
    http: HttpCall | None = None
    """Verb, path and parameters, for an API that has such."""
    route: Route | None = None
    """The method that these mean."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event that callbacks report."""

    name: str
    object_id: int | str
    user_id: int
    """Who did it."""


@dataclass(frozen=True, slots=True)
class Registration:
    """An address that receives events, as the account's data says at this moment."""

    id: int | str
    event: str
    """Name of an event, or of all events of a resource, or of all."""
    uri: str
    verified: bool
    verifier: str


@dataclass(frozen=True, slots=True)
class Change:
    """One record that became another: what a database writes before the reply is sent."""

    collection: str
    """A resource, or, beginning with a dot, something the engine keeps for itself, such as number series."""
    id: int | str
    record: Mapping[str, Any] | None
    """As the engine keeps it; :func:`.encoding.dumps` makes it text and ``loads`` brings it back. None: the record was
    removed."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with something sent."""

    name: str
    media: str
    make: Callable[[], bytes]
    """Makes its bytes, the same ones every time; most are never looked at."""

    @property
    def data(self) -> bytes:
        """Its bytes."""
        return self.make()


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """Something that the service would have sent to somebody; it goes into the outbox instead."""

    kind: str
    """``email``, ``post`` or another word of the behavior file."""
    to: tuple[str, ...]
    subject: str
    text: str
    method: str
    """The method that sent it; empty for what happens as time passes."""
    object_id: int | str | None
    at: str
    """The sandbox's time, ISO 8601 with offset."""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenedAccount:
    """An account that a call opened, and what its owner calls with (OAuth)."""

    account: str
    token: str
    secret: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who may call an account."""

    person: Person
    name: str
    secret: str | None
    """Whatever must make the token another when it changes, such as the password (kept as a digest)."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What was done to an account: by a call, or by the clock."""

    changes: tuple[Change, ...] = ()
    """The last state of each record that changed."""
    events: tuple[Event, ...] = ()
    sent: tuple[OutboxMessage, ...] = ()
    guesses: tuple[str, ...] = ()
    """What was inferred rather than documented, one short sentence each."""


@dataclass(frozen=True, slots=True)
class EngineResponse:
    """The response to a call."""

    status: int
    content_type: str
    body: bytes
    method: str | None
    """The method that was called; None where the document does not name one that exists."""
    ok: bool
    code: str | None = None
    """Code of the failure."""
    guesses: tuple[str, ...] = ()
    """What the response rests on that was inferred rather than documented."""
    events: tuple[Event, ...] = ()
    sent: tuple[OutboxMessage, ...] = ()
    changes: tuple[Change, ...] = ()
    opened: tuple[OpenedAccount, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    arguments: Mapping[str, Any] | None = None
    """What was asked for, of an API with verbs, paths and parameters."""
