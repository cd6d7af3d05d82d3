"""The part of the schema language that says what a service does: ``account.yaml`` and ``NAME.behavior.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .decoder import Boolean, Choice, Decl, Dictionary, Either, Integer, Kind, Listing, Name, Table, Text, Tree, Word, key
from .nodes import Node

SITUATIONS: Final = (
    "malformed", "unknown_method", "unknown_element", "missing", "invalid", "unknown_account", "authentication",
    "permission", "not_found", "deleted", "taken", "state", "undocumented",
)  # fmt: skip

_TEXT: Final = Text()
_TREE: Final = Tree()
_BOOLEAN: Final = Boolean()
_SETTING: Final = Either(_TEXT, Listing(_TEXT), Dictionary(_TEXT, _TEXT))
_SNAKE: Final = Name(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", "a snake_case name")
_FIELD: Final = Name(r"[a-z][a-z0-9_]*", "the Python name of a field")
_PATH: Final = Name(
    r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?",
    "the Python name of a field, or of a list and a field in it",
)
_VERB: Final = Name(
    r"[a-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*)*", "a verb such as create or lines.add"
)
_ORDER: Final = Name(r"-?[a-z][a-z0-9_]*", "a field, or -field")
_EXPRESSION: Final = Text()
_EXPRESSION.what = "an expression"
_SOURCES: Final = Listing(_TEXT)

PROVENANCE: Final = ("documented", "observed", "inferred")
PROVENANCE_DOC: Final = "How it is known; default: as the file says, else documented."
SOURCE_DOC: Final = "Where it is known from; the part before a colon is a key of `sources`."
RULE_DOC: Final = (
    "What it does, in a sentence; told with every answer that it shaped where it is inferred."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDecl(Decl):
    """A value that the service works out, with how it is known."""

    value: Word = key(_EXPRESSION, "The expression.", required=True)
    matters: Word | None = key(
        _EXPRESSION, "When an inferred rule shapes the value, seen as `result`; default: always."
    )
    doc: Word | None = key(_TEXT, RULE_DOC)
    provenance: Word | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[Word, ...] = key(_SOURCES, SOURCE_DOC, default=())


_RULE: Final[Kind] = Either(_EXPRESSION, Table(RuleDecl, "a rule"))
_SETTINGS: Final = Dictionary(_PATH, _RULE)
_CONDITIONS: Final = Dictionary(_SNAKE, _EXPRESSION)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalDecl(Decl):
    """When a call fails, and how."""

    when: Word = key(_EXPRESSION, "The condition.", required=True)
    verbs: tuple[Word, ...] = key(
        Listing(_VERB), "Verbs; default: create and update, or the method it stands in.", default=()
    )
    as_: Word | None = key(
        Choice(*SITUATIONS), "The situation that it is told as; default: state.", name="as"
    )
    code: Word | None = key(_TEXT, "Code of api.yaml, where it is not the situation's.")
    message: Word | None = key(_TEXT, "Message, where it is not the code's.")
    field: Word | None = key(_FIELD, "The field that it is about.")
    reason: Word | None = key(_TEXT, "What {reason} stands for in the message.")
    doc: Word | None = key(_TEXT, RULE_DOC)
    provenance: Word | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[Word, ...] = key(_SOURCES, SOURCE_DOC, default=())


_REFUSALS: Final = Listing(Table(RefusalDecl, "a refusal"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SendDecl(Decl):
    """Something that goes into the outbox."""

    kind: Word = key(_SNAKE, "What is sent: email, post, ...", required=True)
    to: Word = key(_EXPRESSION, "Receiver, or a list of them.", required=True)
    subject: Word = key(_EXPRESSION, "Its subject.", required=True)
    text: Word = key(_EXPRESSION, "Its text.", required=True)
    attach: bool = key(_BOOLEAN, "Whether a PDF of the record goes with it.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FireDecl(Decl):
    """An event that callbacks are told about."""

    event: Word = key(_TEXT, "Event of api.yaml.", required=True)
    object: Word | None = key(_EXPRESSION, "Id of what it is about; default: the record.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDecl(Decl):
    """An account that is opened."""

    account: Word = key(_EXPRESSION, "Its name.", required=True)
    token: Word = key(_EXPRESSION, "OAuth token of its owner.", required=True)
    secret: Word = key(_EXPRESSION, "Secret that belongs to the token.", required=True)
    settings: Mapping[Word, Word] = key(
        Dictionary(_FIELD, _EXPRESSION), "Setting of account.yaml -> its value there.", default={}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectDecl(Decl):
    """What else happens: one of change, make, remove, send, fire, open."""

    when: Word | None = key(_EXPRESSION, "Condition; default: always.")
    each: Word | None = key(
        _EXPRESSION, "List of the records that are changed or removed, or that it is done for."
    )
    change: Word | None = key(_SNAKE, "Resource whose records are changed.")
    make: Word | None = key(_SNAKE, "Resource that a record is made of.")
    remove: Word | None = key(_SNAKE, "Resource whose records are deleted.")
    set: Mapping[Word, RuleDecl | Word] = key(
        _SETTINGS, "Field -> value, of what is changed or made.", default={}
    )
    send: SendDecl | None = key(Table(SendDecl, "something sent"), "Something for the outbox.")
    of: Word | None = key(
        _SNAKE, "Resource of the records in `each`, where something is sent or made."
    )
    fire: FireDecl | None = key(Table(FireDecl, "an event"), "An event.")
    open: OpenDecl | None = key(Table(OpenDecl, "an account"), "A new account.")
    doc: Word | None = key(_TEXT, RULE_DOC)
    provenance: Word | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[Word, ...] = key(_SOURCES, SOURCE_DOC, default=())


_EFFECTS: Final = Listing(Table(EffectDecl, "an effect"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeDecl(Decl):
    """A list that can also be answered as a tree."""

    argument: Word = key(
        _FIELD, "The argument whose empty tag asks for the tree; also the field of the parent.",
        required=True,
    )  # fmt: skip
    children: Word = key(_FIELD, "The field that holds the records below one.", required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActingDecl(Decl):
    """What one method does beyond its kind."""

    allow: Mapping[Word, Word] = key(_CONDITIONS, "Person -> condition to call it.", default={})
    refuse: tuple[RefusalDecl, ...] = key(_REFUSALS, "When it fails.", default=())
    set: Mapping[Word, RuleDecl | Word] = key(
        _SETTINGS, "Field -> value, of the record that it is about.", default={}
    )
    does: tuple[EffectDecl, ...] = key(_EFFECTS, "What else happens, in this order.", default=())
    answer: Word | RuleDecl | None = key(_RULE, "What it answers.")
    rows: Word | None = key(_EXPRESSION, "What a list answers, in place of the resource's records.")
    deleted: bool = key(_BOOLEAN, "Whether it finds deleted records, too.", default=False)
    keeps: bool = key(_BOOLEAN, "Whether a create keeps a record; default true.", default=True)
    page_size: int | None = key(Integer(1), "Rows of a page when not said.")
    order: Word | None = key(
        _ORDER, "Field that orders a list, maybe hidden; -field for descending."
    )
    tree: TreeDecl | None = key(Table(TreeDecl, "a tree"), "How a list is answered as a tree.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterDecl(Decl):
    """How an argument narrows a list, where its name does not say it."""

    how: Word | None = key(
        Choice("equal", "contains", "from", "to", "ignored"), "How it compares; default: equal."
    )
    field: Word | None = key(_PATH, "The field it is compared with; default: its name.")
    among: Mapping[Word, tuple[Word, ...]] = key(
        Dictionary(_TEXT, Listing(_TEXT)),
        "Word -> the words of the field it stands for.",
        default={},
    )
    when: Word | None = key(_EXPRESSION, "Condition of a record, with the argument as `value`.")
    doc: Word | None = key(_TEXT, RULE_DOC)
    provenance: Word | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[Word, ...] = key(_SOURCES, SOURCE_DOC, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueDecl(Decl):
    """How a value that another record has is refused."""

    code: Word | None = key(_TEXT, "Code of api.yaml.")
    message: Word | None = key(_TEXT, "Message.")
    doc: Word | None = key(_TEXT, RULE_DOC)
    provenance: Word | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[Word, ...] = key(_SOURCES, SOURCE_DOC, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceDecl(Decl):
    """What an id may name, and how an unknown one is refused."""

    to: tuple[Word, ...] = key(
        Listing(_SNAKE), "Resources whose records it may name; default: as described.", default=()
    )
    code: Word | None = key(_TEXT, "Code of api.yaml for an id that names nothing.")
    message: Word | None = key(_TEXT, "Message for an id that names nothing.")
    doc: Word | None = key(_TEXT, RULE_DOC)
    provenance: Word | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[Word, ...] = key(_SOURCES, SOURCE_DOC, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedDecl(Decl):
    """What happens when a day or time comes that a record holds."""

    name: Word = key(_TEXT, "What it is, in words.", required=True)
    at_field: Word = key(
        _FIELD, "The field with the day or time; it must move on or become none.", required=True,
        name="at",
    )  # fmt: skip
    when: Word | None = key(_EXPRESSION, "Condition; default: always.")
    does: tuple[EffectDecl, ...] = key(_EFFECTS, "What happens, in this order.", default=())
    set: Mapping[Word, RuleDecl | Word] = key(
        _SETTINGS, "Field -> value, of the record, afterwards.", default={}
    )
    doc: Word | None = key(_TEXT, RULE_DOC)
    provenance: Word | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[Word, ...] = key(_SOURCES, SOURCE_DOC, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviorDecl(Decl):
    """What a resource does beyond keeping records."""

    resource: Word | None = key(_SNAKE, "The resource; default: the file's name.")
    provenance: Word | None = key(
        Choice(*PROVENANCE), "How the rules are known that do not say it."
    )
    source: tuple[Word, ...] = key(_SOURCES, SOURCE_DOC, default=())
    series: Word | None = key(_SNAKE, "Resource whose number series it shares.")
    hidden: Mapping[Word, RuleDecl | Word | None] = key(
        Dictionary(_PATH, Either(_EXPRESSION, Table(RuleDecl, "a rule"))),
        "Fields that are kept and never answered -> what a new record starts with.",
        default={},
    )
    allow: Mapping[Word, Word] = key(
        _CONDITIONS, "Person -> condition to call its methods.", default={}
    )
    supplied: Mapping[Word, Mapping[Word, Word]] = key(
        Dictionary(_SNAKE, Dictionary(_FIELD, _EXPRESSION)),
        "Person -> field -> value, in place of whatever they send in a create.",
        default={},
    )
    visible: Mapping[Word, Word] = key(
        _CONDITIONS, "Person -> condition of a record that they know of.", default={}
    )
    shown: Mapping[Word, Word] = key(
        Dictionary(_FIELD, _EXPRESSION), "Field -> condition for answering it.", default={}
    )
    padded: tuple[Word, ...] = key(
        Listing(_FIELD), "Ids that answers fill with zeros to the width of api.yaml.", default=()
    )
    delete: Mapping[Word, RuleDecl | Word] = key(
        _SETTINGS, "What deleting sets; default: the record is removed.", default={}
    )
    deleted: Word | None = key(_EXPRESSION, "Condition of a record that counts as deleted.")
    listed: Mapping[Word, Word] = key(
        Dictionary(_FIELD, _TEXT),
        "Field -> word that a list shows where no argument says otherwise; what a record without the field has.",
        default={},
    )
    unique: Mapping[Word, UniqueDecl] = key(
        Dictionary(_FIELD, Table(UniqueDecl, "a unique field")),
        "Fields that no two records share.",
        default={},
    )
    create: Mapping[Word, RuleDecl | Word] = key(
        _SETTINGS, "Field -> value, where a create leaves it out.", default={}
    )
    compute: Mapping[Word, RuleDecl | Word] = key(
        _SETTINGS, "Field -> value, worked out after every write, in this order.", default={}
    )
    refuse: tuple[RefusalDecl, ...] = key(_REFUSALS, "When writing fails.", default=())
    filters: Mapping[Word, FilterDecl] = key(
        Dictionary(_FIELD, Table(FilterDecl, "a filter")), "How arguments narrow lists.", default={}
    )
    empties: Mapping[Word, UniqueDecl] = key(
        Dictionary(_FIELD, Table(UniqueDecl, "a refusal of an empty tag")),
        "Field that may not be emptied -> how that is refused.",
        default={},
    )
    references: Mapping[Word, ReferenceDecl] = key(
        Dictionary(_FIELD, Table(ReferenceDecl, "a reference")),
        "Id -> what it may name, and how an unknown one is refused.",
        default={},
    )
    touches: Mapping[Word, Word] = key(
        Dictionary(_SNAKE, _EXPRESSION),
        "Resource -> id or ids of its records that are worked out again after a write.",
        default={},
    )
    methods: Mapping[Word, ActingDecl] = key(
        Dictionary(_VERB, Table(ActingDecl, "what a method does")),
        "What its methods do.",
        default={},
    )
    timed: tuple[TimedDecl, ...] = key(
        Listing(Table(TimedDecl, "something timed")), "What happens as time passes.", default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingDecl(Decl):
    """How the service tells one situation."""

    code: Word | None = key(_TEXT, "Code of api.yaml; none where the failure has none.")
    message: Word | None = key(
        _TEXT, "Message, where it is not the code's; {field}, {Resource} and so on stand for names."
    )
    status: int | None = key(Integer(100), "HTTP status, where it is not the code's.")
    doc: Word | None = key(_TEXT, RULE_DOC)
    provenance: Word | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[Word, ...] = key(_SOURCES, SOURCE_DOC, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDecl(Decl):
    """Who the persons of one kind are."""

    resource: Word = key(_SNAKE, "Resource whose records stand for them.", required=True)
    owner: int | None = key(Integer(1), "Id of the one person of this kind, who owns the account.")
    name: Word | None = key(_FIELD, "Field with what they are called.")
    secret: Word | None = key(_FIELD, "Field whose change changes their token.")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCallbacksDecl(Decl):
    """Where the addresses are kept that events are told to."""

    resource: Word = key(_SNAKE, "Their resource.", required=True)
    event: Word = key(_FIELD, "Field with the event.", required=True)
    uri: Word = key(_FIELD, "Field with the address.", required=True)
    verified: Word = key(_FIELD, "Field that says whether it is verified.", required=True)
    verifier: Word = key(_FIELD, "Field with the code that is sent to it.", required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersDecl(Decl):
    """What answers look like beyond what a client has to know."""

    failed: Word | None = key(_TEXT, "What the status of a failure says.")
    field: bool = key(_BOOLEAN, "Whether a failure names its field.", default=True)
    deprecated: Word | None = key(_FIELD, "Attribute that marks deprecated elements.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDecl(Decl):
    """What an account is and holds, and how the service refuses."""

    provenance: Word | None = key(
        Choice(*PROVENANCE), "How what stands here is known that does not say it."
    )
    source: tuple[Word, ...] = key(_SOURCES, SOURCE_DOC, default=())
    answers: AnswersDecl | None = key(Table(AnswersDecl, "answers"), "What answers look like.")
    failures: Mapping[Word, FailingDecl] = key(
        Dictionary(Choice(*SITUATIONS), Table(FailingDecl, "a failure")),
        "Situation -> how it is told.",
        default={},
    )
    people: Mapping[Word, PersonDecl] = key(
        Dictionary(_SNAKE, Table(PersonDecl, "people")),
        "Person of api.yaml -> who they are.",
        default={},
    )
    settings: Mapping[Word, Word | tuple[Word, ...] | Mapping[Word, Word]] = key(
        Dictionary(_FIELD, _SETTING), "What expressions see as `account`.", default={}
    )
    callbacks: KeptCallbacksDecl | None = key(
        Table(KeptCallbacksDecl, "callbacks"), "Where callbacks are kept."
    )
    holds: Mapping[Word, tuple[Node, ...]] = key(
        Dictionary(_SNAKE, Listing(_TREE)),
        "Resource -> records that a fresh account has.",
        default={},
    )


FILES: Final[dict[str, tuple[Table[Any], str]]] = {
    "account": (Table(AccountDecl, "an account"), "xmlwright: account.yaml"),
    "behavior": (
        Table(BehaviorDecl, "what a resource does"),
        "xmlwright: behavior of a resource",
    ),
}
