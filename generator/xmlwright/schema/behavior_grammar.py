"""The part of the schema language that says what a service does: ``account.yaml`` and ``NAME.behavior.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .decoder import (
    Boolean,
    Choice,
    Decl,
    Decoder,
    Dictionary,
    Either,
    Integer,
    Listing,
    LocatedStr,
    MappingDecoder,
    Name,
    Text,
    Tree,
    key,
)
from .nodes import Node
from .vocabulary import VERB

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
_GROUP: Final = Name(r"[A-Z][A-Za-z0-9]*", "a CapWords name")
_PATH: Final = Name(
    r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?",
    "the Python name of a field, or of a list and a field in it",
)
_ORDER: Final = Name(r"-?[a-z][a-z0-9_]*", "a field, or -field")
_EXPRESSION: Final = Text()
_EXPRESSION.what = "an expression"
_SOURCES: Final = Listing(_TEXT)

PROVENANCE: Final = ("documented", "observed", "inferred")
PROVENANCE_DOC: Final = "How it is known; default: as the file says, else documented."
SOURCE_DOC: Final = "Where it is known from; the part before a colon is a key of `sources`."
RULE_DOC: Final = (
    "What it does, in a sentence; an inferred rule adds it to every response that it shaped."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDecl(Decl):
    """A value that the service works out, with how it is known."""

    value: LocatedStr = key(_EXPRESSION, "The expression.", required=True)
    matters: LocatedStr | None = key(
        _EXPRESSION, "When an inferred rule shapes the value, seen as `result`; default: always."
    )
    doc: LocatedStr | None = key(_TEXT, RULE_DOC)
    provenance: LocatedStr | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[LocatedStr, ...] = key(_SOURCES, SOURCE_DOC, default=())


_RULE: Final[Decoder] = Either(_EXPRESSION, MappingDecoder(RuleDecl, "a rule"))
_SETTINGS: Final = Dictionary(_PATH, _RULE)
_HIDDEN: Final = Dictionary(_PATH, _RULE)
_CONDITIONS: Final = Dictionary(_SNAKE, _EXPRESSION)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalDecl(Decl):
    """When a call fails, and how."""

    when: LocatedStr = key(_EXPRESSION, "The condition.", required=True)
    verbs: tuple[LocatedStr, ...] = key(
        Listing(VERB), "Verbs; default: create and update, or the method it stands in.", default=()
    )
    as_: LocatedStr | None = key(
        Choice(*SITUATIONS), "The situation that it is reported as; default: state.", name="as"
    )
    code: LocatedStr | None = key(_TEXT, "Code of api.yaml, where it is not the situation's.")
    message: LocatedStr | None = key(_TEXT, "Message, where it is not the code's.")
    field: LocatedStr | None = key(_FIELD, "The field that it is about.")
    reason: LocatedStr | None = key(_TEXT, "What {reason} stands for in the message.")
    doc: LocatedStr | None = key(_TEXT, RULE_DOC)
    provenance: LocatedStr | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[LocatedStr, ...] = key(_SOURCES, SOURCE_DOC, default=())


_REFUSALS: Final = Listing(MappingDecoder(RefusalDecl, "a refusal"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SendDecl(Decl):
    """Something that goes into the outbox."""

    kind: LocatedStr = key(_SNAKE, "What is sent: email, post, ...", required=True)
    to: LocatedStr = key(_EXPRESSION, "Receiver, or a list of them.", required=True)
    subject: LocatedStr = key(_EXPRESSION, "Its subject.", required=True)
    text: LocatedStr = key(_EXPRESSION, "Its text.", required=True)
    attach: bool = key(_BOOLEAN, "Whether a PDF of the record goes with it.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FireDecl(Decl):
    """An event that is sent to callbacks."""

    event: LocatedStr = key(_TEXT, "Event of api.yaml.", required=True)
    object: LocatedStr | None = key(_EXPRESSION, "Id of what it is about; default: the record.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDecl(Decl):
    """An account that is opened."""

    account: LocatedStr = key(_EXPRESSION, "Its name.", required=True)
    token: LocatedStr = key(_EXPRESSION, "OAuth token of its owner.", required=True)
    secret: LocatedStr = key(_EXPRESSION, "Secret that belongs to the token.", required=True)
    settings: Mapping[LocatedStr, LocatedStr] = key(
        Dictionary(_FIELD, _EXPRESSION), "Setting of account.yaml -> its value there.", default={}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectDecl(Decl):
    """What else happens: one of change, make, remove, send, fire, open."""

    when: LocatedStr | None = key(_EXPRESSION, "Condition; default: always.")
    each: LocatedStr | None = key(
        _EXPRESSION, "List of the records that are changed or removed, or that it is done for."
    )
    change: LocatedStr | None = key(_SNAKE, "Resource whose records are changed.")
    make: LocatedStr | None = key(_SNAKE, "Resource that a record is made of.")
    remove: LocatedStr | None = key(_SNAKE, "Resource whose records are deleted.")
    set: Mapping[LocatedStr, RuleDecl | LocatedStr] = key(
        _SETTINGS, "Field -> value, of what is changed or made.", default={}
    )
    send: SendDecl | None = key(
        MappingDecoder(SendDecl, "something sent"), "Something for the outbox."
    )
    of: LocatedStr | None = key(
        _SNAKE, "Resource of the records in `each`, where something is sent or made."
    )
    fire: FireDecl | None = key(MappingDecoder(FireDecl, "an event"), "An event.")
    open: OpenDecl | None = key(MappingDecoder(OpenDecl, "an account"), "A new account.")
    doc: LocatedStr | None = key(_TEXT, RULE_DOC)
    provenance: LocatedStr | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[LocatedStr, ...] = key(_SOURCES, SOURCE_DOC, default=())


_EFFECTS: Final = Listing(MappingDecoder(EffectDecl, "an effect"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeDecl(Decl):
    """A list that can also be returned as a tree."""

    argument: LocatedStr = key(
        _FIELD, "The argument whose empty tag asks for the tree; also the field of the parent.",
        required=True,
    )  # fmt: skip
    children: LocatedStr = key(_FIELD, "The field that holds the records below one.", required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodBehaviorDecl(Decl):
    """What one method does beyond its kind."""

    allow: Mapping[LocatedStr, LocatedStr] = key(
        _CONDITIONS, "Person -> condition to call it.", default={}
    )
    refuse: tuple[RefusalDecl, ...] = key(_REFUSALS, "When it fails.", default=())
    set: Mapping[LocatedStr, RuleDecl | LocatedStr] = key(
        _SETTINGS, "Field -> value, of the record that it is about.", default={}
    )
    does: tuple[EffectDecl, ...] = key(_EFFECTS, "What else happens, in this order.", default=())
    response: LocatedStr | RuleDecl | None = key(_RULE, "What it returns.")
    rows: LocatedStr | None = key(
        _EXPRESSION, "What a list returns, in place of the resource's records."
    )
    deleted: bool = key(_BOOLEAN, "Whether it finds deleted records, too.", default=False)
    keeps: bool = key(_BOOLEAN, "Whether a create keeps a record; default true.", default=True)
    page_size: int | None = key(Integer(1), "Rows of a page when not said.")
    order: LocatedStr | None = key(
        _ORDER, "Field that orders a list, maybe hidden; -field for descending."
    )
    tree: TreeDecl | None = key(
        MappingDecoder(TreeDecl, "a tree"), "How a list is returned as a tree."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterDecl(Decl):
    """How an argument narrows a list, where its name does not say it."""

    how: LocatedStr | None = key(
        Choice("equal", "contains", "from", "to", "ignored"), "How it compares; default: equal."
    )
    field: LocatedStr | None = key(_PATH, "The field it is compared with; default: its name.")
    among: Mapping[LocatedStr, tuple[LocatedStr, ...]] = key(
        Dictionary(_TEXT, Listing(_TEXT)),
        "Word -> the words of the field it stands for.",
        default={},
    )
    when: LocatedStr | None = key(
        _EXPRESSION, "Condition of a record, with the argument as `value`."
    )
    doc: LocatedStr | None = key(_TEXT, RULE_DOC)
    provenance: LocatedStr | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[LocatedStr, ...] = key(_SOURCES, SOURCE_DOC, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueDecl(Decl):
    """How a value that another record has is refused."""

    code: LocatedStr | None = key(_TEXT, "Code of api.yaml.")
    message: LocatedStr | None = key(_TEXT, "Message.")
    doc: LocatedStr | None = key(_TEXT, RULE_DOC)
    provenance: LocatedStr | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[LocatedStr, ...] = key(_SOURCES, SOURCE_DOC, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceDecl(Decl):
    """What an id may name, and how an unknown one is refused."""

    to: tuple[LocatedStr, ...] = key(
        Listing(_SNAKE), "Resources whose records it may name; default: as described.", default=()
    )
    code: LocatedStr | None = key(_TEXT, "Code of api.yaml for an id that names nothing.")
    message: LocatedStr | None = key(_TEXT, "Message for an id that names nothing.")
    doc: LocatedStr | None = key(_TEXT, RULE_DOC)
    provenance: LocatedStr | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[LocatedStr, ...] = key(_SOURCES, SOURCE_DOC, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedDecl(Decl):
    """What happens when a day or time comes that a record holds."""

    name: LocatedStr = key(_TEXT, "What it is, in words.", required=True)
    at_field: LocatedStr = key(
        _FIELD, "The field with the day or time; it must move on or become none.", required=True,
        name="at",
    )  # fmt: skip
    when: LocatedStr | None = key(_EXPRESSION, "Condition; default: always.")
    does: tuple[EffectDecl, ...] = key(_EFFECTS, "What happens, in this order.", default=())
    set: Mapping[LocatedStr, RuleDecl | LocatedStr] = key(
        _SETTINGS, "Field -> value, of the record, afterwards.", default={}
    )
    doc: LocatedStr | None = key(_TEXT, RULE_DOC)
    provenance: LocatedStr | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[LocatedStr, ...] = key(_SOURCES, SOURCE_DOC, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroupDecl(Decl):
    """Rules that several resources include."""

    doc: LocatedStr | None = key(_TEXT, "What the rules have in common.")
    hidden: Mapping[LocatedStr, RuleDecl | LocatedStr | None] = key(
        _HIDDEN, "Fields that are kept and never returned -> initial value.", default={}
    )
    compute: Mapping[LocatedStr, RuleDecl | LocatedStr] = key(
        _SETTINGS,
        "Field -> value, computed after every write, before a resource's own.",
        default={},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviorDecl(Decl):
    """What a resource does beyond keeping records."""

    resource: LocatedStr | None = key(_SNAKE, "The resource; default: the file's name.")
    provenance: LocatedStr | None = key(
        Choice(*PROVENANCE), "How the rules are known that do not say it."
    )
    source: tuple[LocatedStr, ...] = key(_SOURCES, SOURCE_DOC, default=())
    include: tuple[LocatedStr, ...] = key(
        Listing(_GROUP), "Rule groups of account.yaml whose rules are added.", default=()
    )
    series: LocatedStr | None = key(_SNAKE, "Resource whose number series it shares.")
    hidden: Mapping[LocatedStr, RuleDecl | LocatedStr | None] = key(
        _HIDDEN,
        "Fields that are kept and never returned -> what a new record starts with.",
        default={},
    )
    allow: Mapping[LocatedStr, LocatedStr] = key(
        _CONDITIONS, "Person -> condition to call its methods.", default={}
    )
    supplied: Mapping[LocatedStr, Mapping[LocatedStr, LocatedStr]] = key(
        Dictionary(_SNAKE, Dictionary(_FIELD, _EXPRESSION)),
        "Person -> field -> value, in place of whatever they send in a create.",
        default={},
    )
    visible: Mapping[LocatedStr, LocatedStr] = key(
        _CONDITIONS, "Person -> condition of a record that they know of.", default={}
    )
    returned_if: Mapping[LocatedStr, LocatedStr] = key(
        Dictionary(_FIELD, _EXPRESSION), "Field -> condition for returning it.", default={}
    )
    padded: tuple[LocatedStr, ...] = key(
        Listing(_FIELD), "Ids that responses fill with zeros to the width of api.yaml.", default=()
    )
    delete: Mapping[LocatedStr, RuleDecl | LocatedStr] = key(
        _SETTINGS, "What deleting sets; default: the record is removed.", default={}
    )
    deleted: LocatedStr | None = key(_EXPRESSION, "Condition of a record that counts as deleted.")
    listed: Mapping[LocatedStr, LocatedStr] = key(
        Dictionary(_FIELD, _TEXT),
        "Field -> word that a list shows where no argument says otherwise; what a record without the field has.",
        default={},
    )
    unique: Mapping[LocatedStr, UniqueDecl] = key(
        Dictionary(_FIELD, MappingDecoder(UniqueDecl, "a unique field")),
        "Fields that no two records share.",
        default={},
    )
    create: Mapping[LocatedStr, RuleDecl | LocatedStr] = key(
        _SETTINGS, "Field -> value, where a create leaves it out.", default={}
    )
    compute: Mapping[LocatedStr, RuleDecl | LocatedStr] = key(
        _SETTINGS, "Field -> value, worked out after every write, in this order.", default={}
    )
    refuse: tuple[RefusalDecl, ...] = key(_REFUSALS, "When writing fails.", default=())
    filters: Mapping[LocatedStr, FilterDecl] = key(
        Dictionary(_FIELD, MappingDecoder(FilterDecl, "a filter")),
        "How arguments narrow lists.",
        default={},
    )
    empties: Mapping[LocatedStr, UniqueDecl] = key(
        Dictionary(_FIELD, MappingDecoder(UniqueDecl, "a refusal of an empty tag")),
        "Field that may not be emptied -> how that is refused.",
        default={},
    )
    references: Mapping[LocatedStr, ReferenceDecl] = key(
        Dictionary(_FIELD, MappingDecoder(ReferenceDecl, "a reference")),
        "Id -> what it may name, and how an unknown one is refused.",
        default={},
    )
    touches: Mapping[LocatedStr, LocatedStr] = key(
        Dictionary(_SNAKE, _EXPRESSION),
        "Resource -> id or ids of its records that are worked out again after a write.",
        default={},
    )
    methods: Mapping[LocatedStr, MethodBehaviorDecl] = key(
        Dictionary(VERB, MappingDecoder(MethodBehaviorDecl, "what a method does")),
        "What its methods do.",
        default={},
    )
    timed: tuple[TimedDecl, ...] = key(
        Listing(MappingDecoder(TimedDecl, "something timed")),
        "What happens as time passes.",
        default=(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRuleDecl(Decl):
    """How the service reports one situation."""

    code: LocatedStr | None = key(_TEXT, "Code of api.yaml; none where the failure has none.")
    message: LocatedStr | None = key(
        _TEXT, "Message, where it is not the code's; {field}, {Resource} and so on stand for names."
    )
    status: int | None = key(Integer(100), "HTTP status, where it is not the code's.")
    doc: LocatedStr | None = key(_TEXT, RULE_DOC)
    provenance: LocatedStr | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[LocatedStr, ...] = key(_SOURCES, SOURCE_DOC, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDecl(Decl):
    """Who the persons of one kind are."""

    resource: LocatedStr = key(_SNAKE, "Resource whose records stand for them.", required=True)
    owner: int | None = key(Integer(1), "Id of the one person of this kind, who owns the account.")
    name: LocatedStr | None = key(_FIELD, "Field with what they are called.")
    secret: LocatedStr | None = key(_FIELD, "Field whose change changes their token.")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCallbacksDecl(Decl):
    """Where the addresses of callbacks are kept."""

    resource: LocatedStr = key(_SNAKE, "Their resource.", required=True)
    event: LocatedStr = key(_FIELD, "Field with the event.", required=True)
    uri: LocatedStr = key(_FIELD, "Field with the address.", required=True)
    verified: LocatedStr = key(_FIELD, "Field that says whether it is verified.", required=True)
    verifier: LocatedStr = key(_FIELD, "Field with the code that is sent to it.", required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsesDecl(Decl):
    """What responses look like beyond what a client has to know."""

    failed: LocatedStr | None = key(_TEXT, "What the status of a failure says.")
    field: bool = key(_BOOLEAN, "Whether a failure names its field.", default=True)
    deprecated: LocatedStr | None = key(_FIELD, "Attribute that marks deprecated elements.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDecl(Decl):
    """What an account is and holds, and how the service refuses."""

    provenance: LocatedStr | None = key(
        Choice(*PROVENANCE), "How what stands here is known that does not say it."
    )
    source: tuple[LocatedStr, ...] = key(_SOURCES, SOURCE_DOC, default=())
    responses: ResponsesDecl | None = key(
        MappingDecoder(ResponsesDecl, "responses"), "What responses look like."
    )
    failures: Mapping[LocatedStr, FailureRuleDecl] = key(
        Dictionary(Choice(*SITUATIONS), MappingDecoder(FailureRuleDecl, "a failure")),
        "Situation -> how it is reported.",
        default={},
    )
    people: Mapping[LocatedStr, PersonDecl] = key(
        Dictionary(_SNAKE, MappingDecoder(PersonDecl, "people")),
        "Person of api.yaml -> who they are.",
        default={},
    )
    settings: Mapping[
        LocatedStr, LocatedStr | tuple[LocatedStr, ...] | Mapping[LocatedStr, LocatedStr]
    ] = key(Dictionary(_FIELD, _SETTING), "What expressions see as `account`.", default={})
    rule_groups: Mapping[LocatedStr, RuleGroupDecl] = key(
        Dictionary(_GROUP, MappingDecoder(RuleGroupDecl, "a rule group")),
        "Rules that behavior files include.",
        default={},
    )
    callbacks: KeptCallbacksDecl | None = key(
        MappingDecoder(KeptCallbacksDecl, "callbacks"), "Where callbacks are kept."
    )
    holds: Mapping[LocatedStr, tuple[Node, ...]] = key(
        Dictionary(_SNAKE, Listing(_TREE)),
        "Resource -> records that a fresh account has.",
        default={},
    )


FILES: Final[dict[str, tuple[MappingDecoder[Any], str]]] = {
    "account": (MappingDecoder(AccountDecl, "an account"), "xmlwright: account.yaml"),
    "behavior": (
        MappingDecoder(BehaviorDecl, "what a resource does"),
        "xmlwright: behavior of a resource",
    ),
}
