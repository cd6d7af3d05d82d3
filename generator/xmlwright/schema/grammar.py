"""The schema language: the keys of resources, cases and shared.yaml, and the grammar of every kind of file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .api_grammar import ApiDecl
from .behavior_grammar import FILES as BEHAVIOR_FILES
from .decoder import (
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
    key,
)
from .nodes import Node
from .vocabulary import (
    BOOLEAN,
    CAP_WORDS,
    CODES,
    DOC,
    ELEMENT,
    ERROR_KINDS,
    FIELD_NAME,
    NUMBER,
    PLACE,
    PROVENANCE,
    PROVENANCE_DOC,
    PYTHON,
    QNAME,
    SNAKE,
    SOURCE_DOC,
    TEXT,
    TEXTS,
    TREE,
    TYPE,
    VERB,
    VERBS,
)
from .wire_grammar import HTTP, PLACES, EnvelopeDecl, HttpDecl, PagingDecl


@dataclass(frozen=True, slots=True, kw_only=True)
class WordDecl(Decl):
    """One word of an enum."""

    doc: LocatedStr | None = key(TEXT, DOC)
    request: LocatedStr | None = key(TEXT, "The word in requests; default: the key.")
    response: LocatedStr | None = key(TEXT, "The word in responses; default: the key.")
    access: LocatedStr | None = key(
        Choice("read", "write", "both"), "Where the word is used; default both."
    )
    deprecated: LocatedStr | bool | None = key(
        Either(BOOLEAN, TEXT), "true, or what to use instead."
    )
    provenance: LocatedStr | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[LocatedStr, ...] = key(TEXTS, SOURCE_DOC, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumDecl(Decl):
    """A closed set of words, open when reading."""

    doc: LocatedStr | None = key(TEXT, DOC)
    words: Mapping[LocatedStr, WordDecl] = key(
        Dictionary(TEXT, MappingDecoder(WordDecl, "a word")), "The words.", default={}
    )
    events: bool = key(BOOLEAN, "Its words are the events of api.yaml.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionDecl(Decl):
    """A type that differs between responses and requests."""

    read: LocatedStr = key(TYPE, "Type in responses.", required=True)
    write: LocatedStr = key(TYPE, "Type in requests.", required=True)


ACCESS: Final = Either(
    Choice("read", "write", "both", "create", "update"), Listing(Choice("read", "create", "update"))
)
REQUIRED: Final = Either(Choice("create", "update", "always"), Listing(Choice("create", "update")))


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDecl(Decl):
    """A field of a record, or an argument of a method."""

    type: LocatedStr | DirectionDecl | None = key(
        Either(TYPE, MappingDecoder(DirectionDecl, "types by direction")),
        "Scalar type of the value (or of each item of a list).",
    )
    enum: LocatedStr | None = key(CAP_WORDS, "Name of the enum that the value is a word of.")
    record: LocatedStr | None = key(CAP_WORDS, "Name of the record that is nested here.")
    ref: LocatedStr | None = key(SNAKE, "The resource whose identity this id is.")
    list: LocatedStr | None = key(
        QNAME, "Item element: the field's element is a wrapper around these."
    )
    repeated: bool = key(BOOLEAN, "The element itself repeats, without a wrapper.", default=False)
    bare: bool = key(
        BOOLEAN, "A response may hold one item's fields straight inside the wrapper.", default=False
    )
    map: LocatedStr | None = key(
        Name(r"\*|\.|[^\s<>&/@.*]+", "an XML name, . or *"),
        "Entry element of a map; . if the field's own element repeats; * if the names of elements are the keys.",
    )
    key_element: LocatedStr | None = key(
        ELEMENT, "Element of the key in an entry of a map; default key.", name="key"
    )
    value_element: LocatedStr | None = key(
        ELEMENT, "Element of the value in an entry of a map; default value.", name="value"
    )
    wire: LocatedStr | tuple[LocatedStr, ...] | None = key(
        PLACES,
        "Where it is: a/b, a/@b, ., header:Name, query:name, form:name, path:name; of several, the first is written. Default: an element of its name.",
        name="at",
    )
    namespace: LocatedStr | tuple[LocatedStr, ...] | None = key(
        Either(TEXT, Listing(TEXT)),
        "Default namespace of its element; a list for the last elements of its path.",
    )
    indexed: LocatedStr | None = key(
        TEXT, "Names of the parameters of its items or fields, such as {field}{n}."
    )
    join: LocatedStr | None = key(TEXT, "What the items of a list are joined by in one parameter.")
    access: LocatedStr | tuple[LocatedStr, ...] | None = key(
        ACCESS, "Who uses it: read (responses), write, create, update, both (default), or a list."
    )
    required: LocatedStr | tuple[LocatedStr, ...] | None = key(
        REQUIRED, "Requests that must have it."
    )
    clear: LocatedStr | None = key(
        Choice("allowed", "refused", "action"),
        "What sending an empty tag does; default: empties the field.",
    )
    discarded: bool = key(BOOLEAN, "Accepted in requests but not saved.", default=False)
    sensitive: bool = key(BOOLEAN, "Never shown in a log, repr, error or recording.", default=False)
    deprecated: LocatedStr | bool | None = key(
        Either(BOOLEAN, TEXT), "true, or what to use instead."
    )
    since: LocatedStr | None = key(TEXT, "When it appeared.")
    default: Node | None = key(TREE, "What the server assumes when it is left out.")
    read_empty: LocatedStr | None = key(
        Choice("none", "text", "zero", "error"), "What an empty tag means when read."
    )
    none: tuple[LocatedStr, ...] = key(
        TEXTS, "Texts on the wire that mean none when read.", default=()
    )
    max_length: int | None = key(Integer(1), "Longest text, in characters.")
    minimum: LocatedStr | int | None = key(
        NUMBER, "Smallest number; quoted where it is no integer."
    )
    maximum: LocatedStr | int | None = key(NUMBER, "Largest number; quoted where it is no integer.")
    places: int | None = key(Integer(0), "Digits after the decimal point that are kept.")
    media: tuple[LocatedStr, ...] = key(TEXTS, "Content types that a file may have.", default=())
    max_bytes: int | None = key(Integer(1), "Largest file, in bytes.")
    doc: LocatedStr | None = key(TEXT, DOC)
    provenance: LocatedStr | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[LocatedStr, ...] = key(TEXTS, SOURCE_DOC, default=())
    python: LocatedStr | None = key(
        PYTHON, "Name in Python; default: the field's name in snake_case."
    )


FIELDS: Final = Dictionary(FIELD_NAME, MappingDecoder(FieldDecl, "a field"))
ARGUMENTS: Final = Dictionary(
    FIELD_NAME, Either(Choice("same"), MappingDecoder(FieldDecl, "an argument"))
)
INCLUDE: Final = Listing(CAP_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDecl(Decl):
    """Fields that several records share."""

    doc: LocatedStr | None = key(TEXT, "What the fields have in common.")
    include: tuple[LocatedStr, ...] = key(INCLUDE, "Groups whose fields are added.", default=())
    fields: Mapping[LocatedStr, FieldDecl] = key(FIELDS, "Its fields.", default={})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDecl(Decl):
    """What an element holds."""

    doc: LocatedStr | None = key(TEXT, DOC)
    identity: LocatedStr | None = key(ELEMENT, "The field that names a record of this kind.")
    include: tuple[LocatedStr, ...] = key(
        INCLUDE, "Groups whose fields are added after its own.", default=()
    )
    extends: tuple[LocatedStr, ...] = key(
        INCLUDE, "Groups whose fields come before its own.", default=()
    )
    one_of: tuple[LocatedStr | tuple[LocatedStr, ...], ...] = key(
        Listing(Either(ELEMENT, Listing(ELEMENT))),
        "Fields of which a request has exactly one; a list of lists for several choices.",
        default=(),
    )
    fields: Mapping[LocatedStr, FieldDecl] = key(FIELDS, "Its fields.", default={})


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseShapeDecl(Decl):
    """What a call returns."""

    value: LocatedStr = key(
        Choice("none", "id", "record", "page", "list", "binary"),
        "Kind of the response.",
        required=True,
    )
    place: LocatedStr | None = key(
        PLACE, "Where it is below the root, or a header; . is the root itself.", name="at"
    )
    item: LocatedStr | None = key(QNAME, "Item element of a page or list.")
    record: LocatedStr | None = key(CAP_WORDS, "Record of the response or of its items.")
    type: LocatedStr | None = key(TYPE, "Scalar type of the value or of the items.")
    ref: LocatedStr | None = key(SNAKE, "The resource whose identity the id is.")
    media: tuple[LocatedStr, ...] = key(TEXTS, "Content types of a binary response.", default=())


CALLERS: Final = Dictionary(SNAKE, TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodDecl(Decl):
    """One method of a resource."""

    kind: LocatedStr | None = key(Choice(*VERBS, "action"), "Default: the verb, or action.")
    doc: LocatedStr | None = key(TEXT, "What it does, in one or more sentences.")
    python: LocatedStr | None = key(PYTHON, "Name in Python; default: the verb in snake_case.")
    record: LocatedStr | None = key(CAP_WORDS, "Record it works on; default: the main one.")
    wrapper: LocatedStr | None = key(QNAME, "Element around the arguments; none for bare ones.")
    omit: tuple[LocatedStr, ...] = key(
        Listing(ELEMENT), "Fields of the record that it does not take.", default=()
    )
    arguments: Mapping[LocatedStr, FieldDecl | LocatedStr] = key(
        ARGUMENTS, "Its arguments.", default={}
    )
    filters: Mapping[LocatedStr, FieldDecl | LocatedStr] = key(
        ARGUMENTS, "What a list can be narrowed by.", default={}
    )
    order: LocatedStr | None = key(
        Name(r"-?[A-Za-z_][A-Za-z0-9_]*", "a field, or -field"), "Field that orders the list."
    )
    paging: PagingDecl | LocatedStr | bool | None = key(
        Either(BOOLEAN, Choice("ignored"), MappingDecoder(PagingDecl, "paging")),
        "Whether, or how, a list comes in pages; default true.",
    )
    http: HttpDecl | LocatedStr | None = key(HTTP, "Verb and path, as text or in detail.")
    envelope: EnvelopeDecl | None = key(
        MappingDecoder(EnvelopeDecl, "the envelope"), "What differs around its messages."
    )
    authentication: LocatedStr | None = key(
        Choice("none"), "none: its requests carry no credentials."
    )
    response: ResponseShapeDecl | None = key(
        MappingDecoder(ResponseShapeDecl, "a response"), "What it returns."
    )
    retry: LocatedStr | None = key(
        Choice("safe", "idempotent", "ambiguous"),
        "Whether it may be repeated when the response was lost.",
    )
    callers: Mapping[LocatedStr, LocatedStr] = key(
        CALLERS, "Person -> always, or on what condition.", default={}
    )
    errors: tuple[LocatedStr, ...] = key(CODES, "Codes of its known failures.", default=())
    events: tuple[LocatedStr, ...] = key(Listing(TEXT), "Events it fires.", default=())
    deprecated: LocatedStr | bool | None = key(
        Either(BOOLEAN, TEXT), "true, or what to use instead."
    )
    since: LocatedStr | None = key(TEXT, "When it appeared.")
    provenance: LocatedStr | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[LocatedStr, ...] = key(TEXTS, SOURCE_DOC, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDetailDecl(Decl):
    """One of the errors that a failure lists."""

    code: LocatedStr | None = key(TEXT, "Its code.")
    message: LocatedStr | None = key(TEXT, "Its message.")
    field: LocatedStr | None = key(TEXT, "The field that it names.")
    severity: LocatedStr | None = key(TEXT, "Its severity.")
    detail: LocatedStr | None = key(TEXT, "Its further text.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailsDecl(Decl):
    """The failure that a case's response is."""

    code: LocatedStr | None = key(TEXT, "Code of the failure, where it has one.")
    message: LocatedStr | None = key(TEXT, "Its message.")
    field: LocatedStr | None = key(TEXT, "The field that it names.")
    kind: LocatedStr | None = key(Choice(*ERROR_KINDS), "Class of error that it is raised as.")
    status: int | None = key(Integer(100), "Its HTTP status.")
    errors: tuple[ErrorDetailDecl, ...] = key(
        Listing(MappingDecoder(ErrorDetailDecl, "an error")),
        "All errors that the response lists, in order.",
        default=(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDecl(Decl):
    """A call with its request, or a response with its value, or both."""

    name: LocatedStr = key(TEXT, "What the case shows; unique in its resource.", required=True)
    call: LocatedStr = key(VERB, "Method of this resource.", required=True)
    doc: LocatedStr | None = key(TEXT, "A sentence more.")
    arguments: Node | None = key(TREE, "Arguments of the call.")
    request: LocatedStr | None = key(
        TEXT, "The request that they give: a document, or an HTTP message."
    )
    response: LocatedStr | None = key(TEXT, "A response: a document, or an HTTP message.")
    result: Node | None = key(TREE, "The value that it reads as.")
    fails: FailsDecl | None = key(MappingDecoder(FailsDecl, "a failure"), "The failure that it is.")
    unknown: tuple[LocatedStr, ...] = key(
        TEXTS, "Elements of the response that the description does not know.", default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadDecl(Decl):
    """A file that a case sends: the value of an argument of type binary."""

    name: LocatedStr = key(TEXT, "Its name.", required=True)
    media: LocatedStr = key(TEXT, "Its content type.", required=True)
    text: LocatedStr = key(TEXT, "What is in it.", required=True)


UPLOAD: Final = MappingDecoder(UploadDecl, "a file")
CASES: Final = Listing(MappingDecoder(CaseDecl, "a case"))
ENUMS: Final = Dictionary(CAP_WORDS, MappingDecoder(EnumDecl, "an enum"))
GROUPS: Final = Dictionary(CAP_WORDS, MappingDecoder(GroupDecl, "a group"))
RECORDS: Final = Dictionary(CAP_WORDS, MappingDecoder(RecordDecl, "a record"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceDecl(Decl):
    """One resource of the API."""

    resource: LocatedStr = key(SNAKE, "Prefix of its methods on the wire.", required=True)
    plural: LocatedStr | None = key(SNAKE, "Wrapper of its lists; default: resource + s.")
    python: LocatedStr | None = key(PYTHON, "Name of the class that holds its methods.")
    title: LocatedStr = key(TEXT, "Heading of its page.", required=True)
    doc: LocatedStr = key(TEXT, DOC, required=True)
    path: LocatedStr | None = key(
        Name(r"/\S*", "a path that begins with a slash"),
        "Path of its records; the five standard verbs follow from it.",
    )
    http: HttpDecl | LocatedStr | None = key(HTTP, "HTTP verb, headers and parameters.")
    envelope: EnvelopeDecl | None = key(
        MappingDecoder(EnvelopeDecl, "the envelope"), "What differs around its messages."
    )
    paging: PagingDecl | None = key(MappingDecoder(PagingDecl, "paging"), "How its lists come.")
    callers: Mapping[LocatedStr, LocatedStr] = key(
        CALLERS, "Person -> always, or on what condition.", default={}
    )
    provenance: LocatedStr | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[LocatedStr, ...] = key(TEXTS, SOURCE_DOC, default=())
    enums: Mapping[LocatedStr, EnumDecl] = key(ENUMS, "Its enums.", default={})
    groups: Mapping[LocatedStr, GroupDecl] = key(
        GROUPS, "Fields that its records share.", default={}
    )
    records: Mapping[LocatedStr, RecordDecl] = key(
        RECORDS, "Its records, the main one first.", default={}
    )
    methods: Mapping[LocatedStr, MethodDecl] = key(
        Dictionary(VERB, MappingDecoder(MethodDecl, "a method")), "Its methods.", required=True
    )
    cases: tuple[CaseDecl, ...] = key(CASES, "Examples that are also tests.", default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesDecl(Decl):
    """The cases of one resource, in a file of their own."""

    resource: LocatedStr | None = key(SNAKE, "The resource; default: the file's name.")
    cases: tuple[CaseDecl, ...] = key(CASES, "Examples that are also tests.", required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDecl(Decl):
    """What more than one resource uses."""

    enums: Mapping[LocatedStr, EnumDecl] = key(ENUMS, "Enums.", default={})
    groups: Mapping[LocatedStr, GroupDecl] = key(GROUPS, "Groups of fields.", default={})
    records: Mapping[LocatedStr, RecordDecl] = key(RECORDS, "Records.", default={})


FILES: Final[dict[str, tuple[MappingDecoder[Any], str]]] = {
    "api": (MappingDecoder(ApiDecl, "an API"), "xmlwright: api.yaml"),
    "shared": (MappingDecoder(SharedDecl, "what is shared"), "xmlwright: shared.yaml"),
    "resource": (MappingDecoder(ResourceDecl, "a resource"), "xmlwright: a resource"),
    "cases": (MappingDecoder(CasesDecl, "cases"), "xmlwright: cases of a resource"),
    **BEHAVIOR_FILES,
}
"""Kind of file -> its grammar and the title of its JSON Schema."""


def json_schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of one kind of file, for editors."""
    table, title = FILES[kind]
    definitions: dict[str, Any] = {}
    reference: Decoder = table
    root = reference.schema(definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **root,
        "$defs": definitions,
    }
