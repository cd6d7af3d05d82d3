"""The schema language: every key of every kind of file, with what an editor says about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .decode import (
    Boolean,
    Choice,
    Decl,
    Dictionary,
    Either,
    Integer,
    Kind,
    Listing,
    Name,
    Table,
    Text,
    Tree,
    Word,
    key,
)
from .language_behaviour import FILES as BEHAVIOUR_FILES
from .source import Node

SCALARS: Final = ("id", "text", "int", "decimal", "flag", "date", "datetime", "uri", "binary")
VERBS: Final = ("create", "update", "get", "delete", "list")
PROVENANCE: Final = ("documented", "observed", "inferred")
PLACEHOLDERS: Final = (
    "field",
    "value",
    "verb",
    "resource",
    "resources",
    "Resource",
    "Resources",
    "reason",
)
"""Names in braces that the message of an error may hold."""
PLACEHOLDER: Final = r"\{([A-Za-z_]+)\}"
"""One of those, or a word like it, in a message; other braces are text."""
ERROR_KINDS: Final = (
    "authentication", "permission", "not_found", "validation", "conflict", "rate_limit", "account", "server",
)  # fmt: skip

SNAKE: Final = Name(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", "a snake_case name")
CAP_WORDS: Final = Name(r"[A-Z][A-Za-z0-9]*", "a CapWords name")
ELEMENT: Final = Name(r"[A-Za-z_][A-Za-z0-9_.-]*", "an XML name")
PATH: Final = Name(r"\.|[A-Za-z_][A-Za-z0-9_.-]*(/[A-Za-z_][A-Za-z0-9_.-]*)*", "a path of elements")
PLACE: Final = Name(
    r"(([A-Za-z_][A-Za-z0-9_.-]*/)*(@?[A-Za-z_][A-Za-z0-9_.-]*))",
    "a path of elements, or @attribute",
)
VERB: Final = Name(r"[a-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*)*", "a verb such as create or lines.add")
PYTHON: Final = Name(r"[A-Za-z][A-Za-z0-9_]*", "a Python name")
PACKAGE: Final = Name(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*", "the name of a Python package")
TEXT: Final = Text()
TREE: Final = Tree()
BOOLEAN: Final = Boolean()
TEXTS: Final = Listing(TEXT)
NUMBER: Final = Either(
    Integer(-1_000_000_000), Name(r"-?[0-9]+\.[0-9]+", "a number with a decimal point")
)
DOC: Final = "What it is, in words: meaning, unit, format."
PROVENANCE_DOC: Final = (
    "How it is known: documented, observed (in a recording or client code) or inferred."
)
SOURCE_DOC: Final = (
    "Where it is known from; the part before a colon is a key of `sources` in api.yaml."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WordDecl(Decl):
    """One word of an enum."""

    doc: Word | None = key(TEXT, DOC)
    request: Word | None = key(TEXT, "The word in requests; default: the key.")
    answer: Word | None = key(TEXT, "The word in answers; default: the key.")
    access: Word | None = key(
        Choice("read", "write", "both"), "Where the word is used; default both."
    )
    deprecated: Word | bool | None = key(Either(BOOLEAN, TEXT), "true, or what to use instead.")
    provenance: Word | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[Word, ...] = key(TEXTS, SOURCE_DOC, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumDecl(Decl):
    """A closed set of words, open when reading."""

    doc: Word | None = key(TEXT, DOC)
    words: Mapping[Word, WordDecl] = key(
        Dictionary(TEXT, Table(WordDecl, "a word")), "The words.", default={}
    )
    events: bool = key(BOOLEAN, "Its words are the events of api.yaml.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionDecl(Decl):
    """A type that differs between answers and requests."""

    read: Word = key(Choice(*SCALARS), "Type in answers.", required=True)
    write: Word = key(Choice(*SCALARS), "Type in requests.", required=True)


ACCESS: Final = Either(
    Choice("read", "write", "both", "create", "update"), Listing(Choice("read", "create", "update"))
)
REQUIRED: Final = Either(Choice("create", "update", "always"), Listing(Choice("create", "update")))


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDecl(Decl):
    """A field of a record, or an argument of a method."""

    type: Word | DirectionDecl | None = key(
        Either(Choice(*SCALARS), Table(DirectionDecl, "types by direction")),
        "Scalar type of the value (or of each item of a list).",
    )
    enum: Word | None = key(CAP_WORDS, "Name of the enum that the value is a word of.")
    record: Word | None = key(CAP_WORDS, "Name of the record that is nested here.")
    ref: Word | None = key(SNAKE, "The resource whose identity this id is.")
    list: Word | None = key(ELEMENT, "Item element: the field's element is a wrapper around these.")
    repeated: bool = key(BOOLEAN, "The element itself repeats, without a wrapper.", default=False)
    bare: bool = key(
        BOOLEAN, "An answer may hold one item's fields straight inside the wrapper.", default=False
    )
    element: Word | None = key(PATH, "Element, or path of elements; default: the field's name.")
    attribute: Word | None = key(ELEMENT, "The value is an attribute of the record's element.")
    content: bool = key(BOOLEAN, "The value is the record's own text.", default=False)
    also: Word | None = key(Choice("content"), "Also read from the record's own text.")
    access: Word | tuple[Word, ...] | None = key(
        ACCESS, "Who uses it: read (answers), write, create, update, both (default), or a list."
    )
    required: Word | tuple[Word, ...] | None = key(REQUIRED, "Requests that must have it.")
    clear: Word | None = key(
        Choice("allowed", "refused", "action"),
        "What sending an empty tag does; default: empties the field.",
    )
    discarded: bool = key(BOOLEAN, "Accepted in requests but not saved.", default=False)
    sensitive: bool = key(BOOLEAN, "Never shown in a log, repr, error or recording.", default=False)
    deprecated: Word | bool | None = key(Either(BOOLEAN, TEXT), "true, or what to use instead.")
    since: Word | None = key(TEXT, "When it appeared.")
    default: Node | None = key(TREE, "What the server assumes when it is left out.")
    read_empty: Word | None = key(
        Choice("none", "text", "zero", "error"), "What an empty tag means when read."
    )
    none: tuple[Word, ...] = key(TEXTS, "Texts on the wire that mean none when read.", default=())
    max_length: int | None = key(Integer(1), "Longest text, in characters.")
    minimum: Word | int | None = key(NUMBER, "Smallest number; quoted where it is no integer.")
    maximum: Word | int | None = key(NUMBER, "Largest number; quoted where it is no integer.")
    places: int | None = key(Integer(0), "Digits after the decimal point that are kept.")
    media: tuple[Word, ...] = key(TEXTS, "Content types that a file may have.", default=())
    max_bytes: int | None = key(Integer(1), "Largest file, in bytes.")
    doc: Word | None = key(TEXT, DOC)
    provenance: Word | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[Word, ...] = key(TEXTS, SOURCE_DOC, default=())
    python: Word | None = key(PYTHON, "Name in Python; default: the field's name in snake_case.")


FIELDS: Final = Dictionary(ELEMENT, Table(FieldDecl, "a field"))
ARGUMENTS: Final = Dictionary(ELEMENT, Either(Choice("same"), Table(FieldDecl, "an argument")))
INCLUDE: Final = Listing(CAP_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDecl(Decl):
    """Fields that several records share."""

    doc: Word | None = key(TEXT, "What the fields have in common.")
    include: tuple[Word, ...] = key(INCLUDE, "Groups whose fields are added.", default=())
    fields: Mapping[Word, FieldDecl] = key(FIELDS, "Its fields.", default={})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDecl(Decl):
    """What an element holds."""

    doc: Word | None = key(TEXT, DOC)
    identity: Word | None = key(ELEMENT, "The field that names a record of this kind.")
    include: tuple[Word, ...] = key(
        INCLUDE, "Groups whose fields are added after its own.", default=()
    )
    fields: Mapping[Word, FieldDecl] = key(FIELDS, "Its fields.", default={})


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDecl(Decl):
    """What a call answers."""

    value: Word = key(
        Choice("none", "id", "record", "page", "list", "binary"),
        "Kind of the answer.",
        required=True,
    )
    element: Word | None = key(PATH, "Where it is below the root; . is the root itself.")
    item: Word | None = key(ELEMENT, "Item element of a page or list.")
    record: Word | None = key(CAP_WORDS, "Record of the answer or of its items.")
    type: Word | None = key(Choice(*SCALARS), "Scalar type of the items.")
    ref: Word | None = key(SNAKE, "The resource whose identity the id is.")
    media: tuple[Word, ...] = key(TEXTS, "Content types of a binary answer.", default=())


CALLERS: Final = Dictionary(SNAKE, TEXT)
CODES: Final = Listing(TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodDecl(Decl):
    """One method of a resource."""

    kind: Word | None = key(Choice(*VERBS, "action"), "Default: the verb, or action.")
    doc: Word | None = key(TEXT, "What it does, in one or more sentences.")
    python: Word | None = key(PYTHON, "Name in Python; default: the verb in snake_case.")
    record: Word | None = key(CAP_WORDS, "Record it works on; default: the main one.")
    wrapper: Word | None = key(ELEMENT, "Element around the arguments; none for bare ones.")
    omit: tuple[Word, ...] = key(
        Listing(ELEMENT), "Fields of the record that it does not take.", default=()
    )
    arguments: Mapping[Word, FieldDecl | Word] = key(ARGUMENTS, "Its arguments.", default={})
    filters: Mapping[Word, FieldDecl | Word] = key(
        ARGUMENTS, "What a list can be narrowed by.", default={}
    )
    order: Word | None = key(
        Name(r"-?[A-Za-z_][A-Za-z0-9_]*", "a field, or -field"), "Field that orders the list."
    )
    paging: Word | bool | None = key(
        Either(BOOLEAN, Choice("ignored")), "Whether a list comes in pages; default true."
    )
    answer: AnswerDecl | None = key(Table(AnswerDecl, "an answer"), "What it answers.")
    retry: Word | None = key(
        Choice("safe", "idempotent", "ambiguous"),
        "Whether it may be repeated when the answer was lost.",
    )
    callers: Mapping[Word, Word] = key(
        CALLERS, "Person -> always, or on what condition.", default={}
    )
    errors: tuple[Word, ...] = key(CODES, "Codes it is known to answer.", default=())
    events: tuple[Word, ...] = key(Listing(TEXT), "Events it fires.", default=())
    deprecated: Word | bool | None = key(Either(BOOLEAN, TEXT), "true, or what to use instead.")
    since: Word | None = key(TEXT, "When it appeared.")
    provenance: Word | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[Word, ...] = key(TEXTS, SOURCE_DOC, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class FailsDecl(Decl):
    """The failure that a case's response is."""

    code: Word | None = key(TEXT, "Code of the failure, where it has one.")
    message: Word = key(TEXT, "Its message.", required=True)
    field: Word | None = key(TEXT, "The field that it names.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDecl(Decl):
    """A call with its request, or a response with its value, or both."""

    name: Word = key(TEXT, "What the case shows; unique in its resource.", required=True)
    call: Word = key(VERB, "Method of this resource.", required=True)
    doc: Word | None = key(TEXT, "A sentence more.")
    arguments: Node | None = key(TREE, "Arguments of the call.")
    request: Word | None = key(TEXT, "The request document that they give.")
    response: Word | None = key(TEXT, "An answer document.")
    result: Node | None = key(TREE, "The value that it reads as.")
    fails: FailsDecl | None = key(Table(FailsDecl, "a failure"), "The failure that it is.")
    unknown: tuple[Word, ...] = key(
        TEXTS, "Elements of the response that the description does not know.", default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadDecl(Decl):
    """A file that a case sends: the value of an argument of type binary."""

    name: Word = key(TEXT, "Its name.", required=True)
    media: Word = key(TEXT, "Its content type.", required=True)
    text: Word = key(TEXT, "What is in it.", required=True)


UPLOAD: Final = Table(UploadDecl, "a file")
CASES: Final = Listing(Table(CaseDecl, "a case"))
ENUMS: Final = Dictionary(CAP_WORDS, Table(EnumDecl, "an enum"))
GROUPS: Final = Dictionary(CAP_WORDS, Table(GroupDecl, "a group"))
RECORDS: Final = Dictionary(CAP_WORDS, Table(RecordDecl, "a record"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceDecl(Decl):
    """One resource of the API."""

    resource: Word = key(SNAKE, "Prefix of its methods on the wire.", required=True)
    plural: Word | None = key(SNAKE, "Wrapper of its lists; default: resource + s.")
    python: Word | None = key(PYTHON, "Name of the class that holds its methods.")
    title: Word = key(TEXT, "Heading of its page.", required=True)
    doc: Word = key(TEXT, DOC, required=True)
    callers: Mapping[Word, Word] = key(
        CALLERS, "Person -> always, or on what condition.", default={}
    )
    provenance: Word | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[Word, ...] = key(TEXTS, SOURCE_DOC, default=())
    enums: Mapping[Word, EnumDecl] = key(ENUMS, "Its enums.", default={})
    groups: Mapping[Word, GroupDecl] = key(GROUPS, "Fields that its records share.", default={})
    records: Mapping[Word, RecordDecl] = key(
        RECORDS, "Its records, the main one first.", default={}
    )
    methods: Mapping[Word, MethodDecl] = key(
        Dictionary(VERB, Table(MethodDecl, "a method")), "Its methods.", required=True
    )
    cases: tuple[CaseDecl, ...] = key(CASES, "Examples that are also tests.", default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesDecl(Decl):
    """The cases of one resource, in a file of their own."""

    resource: Word | None = key(SNAKE, "The resource; default: the file's name.")
    cases: tuple[CaseDecl, ...] = key(CASES, "Examples that are also tests.", required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDecl(Decl):
    """What more than one resource uses."""

    enums: Mapping[Word, EnumDecl] = key(ENUMS, "Enums.", default={})
    groups: Mapping[Word, GroupDecl] = key(GROUPS, "Groups of fields.", default={})
    records: Mapping[Word, RecordDecl] = key(RECORDS, "Records.", default={})


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonDecl(Decl):
    """Names in the generated project."""

    package: Word = key(PACKAGE, "Import name.", required=True)
    distribution: Word | None = key(
        TEXT, "Name on a package index; default: the package with - for _."
    )
    client: Word = key(CAP_WORDS, "Class of the client.", required=True)
    environment: Word | None = key(
        Name("[A-Z][A-Z0-9_]*", "a prefix in capitals"),
        "Prefix of environment variables; default: the client in capitals.",
    )
    version: Word = key(TEXT, "Version of the generated project.", required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDecl(Decl):
    """Where the API is."""

    url: Word = key(TEXT, "Address; {account} stands for the account.", required=True)
    doc: Word | None = key(TEXT, DOC)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDecl(Decl):
    """The envelope of requests."""

    root: Word = key(ELEMENT, "Root element.", required=True)
    method: Word = key(PLACE, "Where the method's name is: @attribute or element.", required=True)
    namespace: Word | None = key(TEXT, "Default namespace of requests.")
    attributes: Mapping[Word, Word] = key(
        Dictionary(ELEMENT, TEXT), "Fixed attributes of the root.", default={}
    )
    payload: Word | None = key(PATH, "Elements around the arguments.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseDecl(Decl):
    """The envelope of answers."""

    root: Word = key(ELEMENT, "Root element.", required=True)
    namespaces: tuple[Word, ...] = key(TEXTS, "Namespaces that answers carry.", default=())
    status: Word | None = key(PLACE, "Where the answer says whether it succeeded.")
    ok: tuple[Word, ...] = key(TEXTS, "What it says then.", default=())
    failed: tuple[Word, ...] = key(
        TEXTS, "What it says of a failure; whatever is not ok is taken for one.", default=()
    )
    payload: Word | None = key(PATH, "Elements around the value.")
    attributes: tuple[Word, ...] = key(
        Listing(ELEMENT), "Attributes that any element may carry and that are not read.", default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureDecl(Decl):
    """The envelope of failures."""

    message: Word = key(PLACE, "Where the message is.", required=True)
    code: Word | None = key(PLACE, "Where the code is.")
    field: Word | None = key(PLACE, "Where the name of the field is.")
    root: Word | None = key(ELEMENT, "Root element of failures, where it is another.")
    when: Word | None = key(PLACE, "A place whose presence means failure.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeDecl(Decl):
    """What is around every request and answer."""

    request: RequestDecl = key(Table(RequestDecl, "requests"), "Requests.", required=True)
    response: ResponseDecl = key(Table(ResponseDecl, "answers"), "Answers.", required=True)
    failure: FailureDecl = key(Table(FailureDecl, "failures"), "Failures.", required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDecl(Decl):
    """How the token is sent."""

    style: Word = key(Choice("basic", "header"), "HTTP user name, or a header.", required=True)
    password: Word | None = key(TEXT, "Password that goes with it; default X.")
    header: Word | None = key(TEXT, "Name of the header.")
    doc: Word | None = key(TEXT, DOC)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthDecl(Decl):
    """OAuth 1.0a."""

    signature: Word = key(Choice("PLAINTEXT", "HMAC-SHA1"), "Signature method.", required=True)
    request_token: Word = key(TEXT, "Address of the request token.", required=True)
    authorize: Word = key(TEXT, "Address of the page where the user agrees.", required=True)
    access_token: Word = key(TEXT, "Address of the access token.", required=True)
    doc: Word | None = key(TEXT, DOC)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationDecl(Decl):
    """Who the caller is."""

    token: TokenDecl | None = key(Table(TokenDecl, "the token"), "A token.")
    oauth: OAuthDecl | None = key(Table(OAuthDecl, "OAuth"), "OAuth 1.0a.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CountersDecl(Decl):
    """Where a page's counters are, below the list's wrapper."""

    position: Word | None = key(PLACE, "Number of the page or first row.")
    size: Word | None = key(PLACE, "Rows that a page may have.")
    pages: Word | None = key(PLACE, "Number of pages.")
    total: Word | None = key(PLACE, "Number of rows of all pages.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PagingDecl(Decl):
    """How lists come in pages."""

    style: Word = key(
        Choice("page", "offset"), "Whether the position counts pages or rows.", required=True
    )
    position: Word = key(ELEMENT, "Argument that says where.", required=True)
    size: Word = key(ELEMENT, "Argument that says how many.", required=True)
    first: int = key(Integer(0), "The first position.", default=1)
    default_size: int = key(Integer(1), "Rows when not said.", default=25)
    maximum_size: int | None = key(Integer(1), "Most rows of a page.")
    counters: CountersDecl = key(Table(CountersDecl, "counters"), "Counters.", required=True)
    doc: Word | None = key(TEXT, DOC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarDecl(Decl):
    """How one scalar type is on the wire, where an API does it its own way."""

    pad: int | None = key(Integer(1), "Width to which the server pads with zeros.")
    words: tuple[Word, ...] = key(TEXTS, "Words for true and false.", default=())
    none: tuple[Word, ...] = key(TEXTS, "Texts that mean none.", default=())
    zone: Word | None = key(TEXT, "Zone of times, as in the IANA database.")
    read_empty: Word | None = key(
        Choice("none", "text", "zero", "error"), "What an empty tag means when read."
    )
    doc: Word | None = key(TEXT, DOC)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedDecl(Decl):
    """Something named that only words describe."""

    doc: Word = key(TEXT, DOC, required=True)
    provenance: Word | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[Word, ...] = key(TEXTS, SOURCE_DOC, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDecl(Decl):
    """One error code."""

    kind: Word = key(Choice(*ERROR_KINDS), "Class of error it is raised as.", required=True)
    message: Word = key(TEXT, "Its message; {field} and {Resource} stand for names.", required=True)
    status: int = key(Integer(100), "HTTP status of the answer.", default=200)
    doc: Word | None = key(TEXT, DOC)
    fix: Word | None = key(TEXT, "What the caller can do.")
    provenance: Word | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[Word, ...] = key(TEXTS, SOURCE_DOC, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbacksDecl(Decl):
    """The form that callbacks come as."""

    event: Word = key(ELEMENT, "Form field that names the event.", required=True)
    object: Word = key(ELEMENT, "Form field with the id of the object.", required=True)
    system: Word = key(ELEMENT, "Form field with the address of the account.", required=True)
    user: Word = key(ELEMENT, "Form field with the id of who did it.", required=True)
    verifier: Word = key(ELEMENT, "Form field with the code to be sent back.", required=True)
    verification: Word = key(TEXT, "Name of the event that asks for verification.", required=True)
    doc: Word | None = key(TEXT, DOC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDecl(Decl):
    """The API as a whole."""

    api: Word = key(
        Name(r"[a-z][a-z0-9_-]*", "a name in small letters"), "Its name.", required=True
    )
    title: Word = key(TEXT, "Its name for people.", required=True)
    version: Word = key(TEXT, "Its version, quoted.", required=True)
    doc: Word = key(TEXT, DOC, required=True)
    documentation: Word | None = key(TEXT, "Address of its documentation.")
    source: tuple[Word, ...] = key(
        TEXTS, "Where the facts of this file are known from, as far as no entry says.", default=()
    )
    python: PythonDecl = key(Table(PythonDecl, "names"), "Names in Python.", required=True)
    endpoint: EndpointDecl = key(Table(EndpointDecl, "the endpoint"), "Where it is.", required=True)
    envelope: EnvelopeDecl = key(
        Table(EnvelopeDecl, "the envelope"), "What is around requests and answers.", required=True
    )
    authentication: AuthenticationDecl = key(
        Table(AuthenticationDecl, "authentication"), "Who the caller is.", required=True
    )
    paging: PagingDecl | None = key(Table(PagingDecl, "paging"), "How lists come in pages.")
    scalars: Mapping[Word, ScalarDecl] = key(
        Dictionary(Choice(*SCALARS), Table(ScalarDecl, "a scalar")), "Its scalars.", default={}
    )
    people: Mapping[Word, NotedDecl] = key(
        Dictionary(SNAKE, Table(NotedDecl, "a person")), "Who calls.", default={}
    )
    sources: Mapping[Word, NotedDecl] = key(
        Dictionary(TEXT, Table(NotedDecl, "a source")), "Where facts come from.", default={}
    )
    errors: Mapping[Word, ErrorDecl] = key(
        Dictionary(TEXT, Table(ErrorDecl, "an error")), "Error codes.", default={}
    )
    method_errors: Mapping[Word, tuple[Word, ...]] = key(
        Dictionary(Choice("any", *VERBS, "action"), CODES), "Codes by kind of method.", default={}
    )
    events: Mapping[Word, NotedDecl] = key(
        Dictionary(Name(r"[a-z][A-Za-z0-9_.]*", "an event name"), Table(NotedDecl, "an event")),
        "Events of callbacks.",
        default={},
    )
    callbacks: CallbacksDecl | None = key(
        Table(CallbacksDecl, "callbacks"), "The form that callbacks come as."
    )
    limits: Mapping[Word, Word] = key(Dictionary(SNAKE, TEXT), "Facts in words.", default={})


FILES: Final[dict[str, tuple[Table[Any], str]]] = {
    "api": (Table(ApiDecl, "an API"), "xmlwright: api.yaml"),
    "shared": (Table(SharedDecl, "what is shared"), "xmlwright: shared.yaml"),
    "resource": (Table(ResourceDecl, "a resource"), "xmlwright: a resource"),
    "cases": (Table(CasesDecl, "cases"), "xmlwright: cases of a resource"),
    **BEHAVIOUR_FILES,
}
"""Kind of file -> its grammar and the title of its JSON Schema."""


def json_schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of one kind of file, for editors."""
    table, title = FILES[kind]
    definitions: dict[str, Any] = {}
    reference: Kind = table
    root = reference.schema(definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **root,
        "$defs": definitions,
    }
