"""What an API does beyond keeping records, resolved: the values that the engine acts by. Frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .expressions import Expression

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One value that the service works out."""

    value: Expression
    guess: str | None = None
    """Sentence about an inferred rule; None for a rule that is known."""
    matters: Expression | None = None
    """Whether the guess shapes the value; None: always."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A rule and the field that its value goes to; a path of two leads into each item of a list."""

    path: Path
    rule: Rule


@dataclass(frozen=True, slots=True)
class Refusal:
    """When a call fails, and how."""

    when: Expression
    verbs: frozenset[str]
    situation: str
    code: str | None
    message: str | None
    field: str | None
    reason: str | None
    guess: str | None


@dataclass(frozen=True, slots=True)
class Send:
    """Something that goes into the outbox."""

    kind: str
    to: Expression
    subject: Expression
    text: Expression
    attach: bool
    """Whether a PDF of the record goes with it."""


@dataclass(frozen=True, slots=True)
class Fire:
    """An event that is sent to callbacks."""

    event: str
    object: Expression | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What else a call does: changes, makes or removes records, sends something, fires an event."""

    when: Expression | None
    action: str
    """``change``, ``make``, ``remove``, ``send``, ``fire`` or ``open``."""
    resource: str
    each: Expression | None
    """The records that are changed or removed; or what a record is made, or something sent, for."""
    settings: tuple[Setting, ...]
    """Of the record; of an account that is opened: account, token and secret, and its settings below ``settings``."""
    send: Send | None
    fire: Fire | None
    guess: str | None


@dataclass(frozen=True, slots=True)
class MethodBehavior:
    """What one method does."""

    refusals: tuple[Refusal, ...] = ()
    settings: tuple[Setting, ...] = ()
    effects: tuple[Effect, ...] = ()
    response: Rule | None = None
    each: Expression | None = None
    """The records that a list returns, in place of those of the resource."""
    allow: Mapping[str, Expression] = field(default_factory=dict)
    finds_deleted: bool = False
    keeps: bool = True
    """Whether a create keeps a record."""
    page_size: int | None = None
    order: str | None = None
    """Field that orders a list, with a minus for descending; None: as described."""
    tree: tuple[str, str, str] | None = None
    """Argument whose empty tag asks for the tree, field of the parent, field of the children."""


@dataclass(frozen=True, slots=True)
class Filter:
    """How an argument narrows a list."""

    how: str
    """``equal``, ``contains``, ``from``, ``to``, ``when`` or ``ignored``."""
    path: Path = ()
    among: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Word of the argument -> the values that it stands for."""
    when: Expression | None = None
    guess: str | None = None


@dataclass(frozen=True, slots=True)
class Unique:
    """No two records have the same value."""

    field: str
    code: str | None
    message: str | None
    guess: str | None


@dataclass(frozen=True, slots=True)
class Reference:
    """What an id may name, and how an unknown one is refused."""

    to: tuple[str, ...]
    code: str | None
    message: str | None
    guess: str | None


@dataclass(frozen=True, slots=True)
class Timed:
    """What happens when a day or time comes that a record holds."""

    name: str
    at: str
    when: Expression | None
    settings: tuple[Setting, ...]
    effects: tuple[Effect, ...]
    guess: str | None


@dataclass(frozen=True, slots=True)
class Behavior:
    """What one resource does."""

    resource: str
    series: str
    """Number series of its identities."""
    hidden: Mapping[Path, Rule | None] = field(default_factory=dict)
    """Kept with a record and never returned."""
    allow: Mapping[str, Expression] = field(default_factory=dict)
    supplied: Mapping[str, Mapping[str, Expression]] = field(default_factory=dict)
    """Person -> field -> what it is in a create, whatever was sent."""
    visible: Mapping[str, Expression] = field(default_factory=dict)
    returned_if: Mapping[Path, Expression] = field(default_factory=dict)
    padded: frozenset[str] = frozenset()
    delete: tuple[Setting, ...] = ()
    """What deleting sets; empty: the record is removed."""
    deleted: Expression | None = None
    listed: Mapping[str, Any] = field(default_factory=dict)
    """Field -> value that a list shows where no argument says otherwise."""
    unique: tuple[Unique, ...] = ()
    create: tuple[Setting, ...] = ()
    compute: tuple[Setting, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    filters: Mapping[str, Filter] = field(default_factory=dict)
    empties: Mapping[str, Unique] = field(default_factory=dict)
    """How an empty tag is refused, by field."""
    references: Mapping[str, Reference] = field(default_factory=dict)
    touches: tuple[tuple[str, Expression], ...] = ()
    methods: Mapping[str, MethodBehavior] = field(default_factory=dict)
    timed: tuple[Timed, ...] = ()


@dataclass(frozen=True, slots=True)
class FailureRule:
    """How the service reports one situation."""

    code: str | None = None
    message: str | None = None
    status: int | None = None
    guess: str | None = None


@dataclass(frozen=True, slots=True)
class People:
    """Who the persons of one kind are: the records of a resource."""

    kind: str
    resource: str
    owner: int | None
    """The id of the one person of this kind; None: every record but the owner's."""
    name: str | None
    secret: str | None


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Where the addresses of callbacks are kept."""

    resource: str
    event: str
    uri: str
    verified: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Behaviors:
    """All that is said about what an API does."""

    resources: Mapping[str, Behavior] = field(default_factory=dict)
    failures: Mapping[str, FailureRule] = field(default_factory=dict)
    names_field: bool = True
    failed: str | None = None
    """What the status of a failure says."""
    deprecated: str | None = None
    """Attribute that marks deprecated elements in responses."""
    people: tuple[People, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    holds: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """Resource and record, for everything that a fresh account has."""
    callbacks: Callbacks | None = None

    @classmethod
    def none(cls) -> Behaviors:
        """For an API of which nothing is said."""
        return cls()

    def of(self, resource: str) -> Behavior:
        """The behavior of a resource; an empty one where nothing is said."""
        return self.resources.get(resource) or Behavior(resource, resource)
