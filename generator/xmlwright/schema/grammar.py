"""The schema language: the keys of resources, cases and shared.yaml, and the grammar of every kind of file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .api_grammar import ApiDecl
from .behavior_grammar import FILES as BEHAVIOR_FILES
from .decoder import Choice, Decl, Dictionary, Either, Integer, Kind, Listing, Name, Table, Word, key
from .nodes import Node
from .vocabulary import BOOLEAN, CAP_WORDS, CODES, DOC, ELEMENT, NUMBER, PATH, PROVENANCE, PROVENANCE_DOC, PYTHON, SCALARS, SNAKE, SOURCE_DOC, TEXT, TEXTS, TREE, VERB, VERBS


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


FILES: Final[dict[str, tuple[Table[Any], str]]] = {
    "api": (Table(ApiDecl, "an API"), "xmlwright: api.yaml"),
    "shared": (Table(SharedDecl, "what is shared"), "xmlwright: shared.yaml"),
    "resource": (Table(ResourceDecl, "a resource"), "xmlwright: a resource"),
    "cases": (Table(CasesDecl, "cases"), "xmlwright: cases of a resource"),
    **BEHAVIOR_FILES,
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
