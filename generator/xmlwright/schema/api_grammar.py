"""The keys of api.yaml, with what an editor says about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .decoder import (
    Choice,
    Decl,
    Dictionary,
    Either,
    Integer,
    Listing,
    LocatedStr,
    MappingDecoder,
    Name,
    key,
)
from .vocabulary import (
    CAP_WORDS,
    CODES,
    DOC,
    ELEMENT,
    ERROR_KINDS,
    PACKAGE,
    PROVENANCE,
    PROVENANCE_DOC,
    SCALARS,
    SNAKE,
    SOURCE_DOC,
    TEXT,
    TEXTS,
    TYPE,
    VERBS,
)
from .wire_grammar import (
    AUTHENTICATION,
    HTTP,
    AuthenticationItemDecl,
    CredentialDecl,
    EnvelopeDecl,
    HttpDecl,
    PagingDecl,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonDecl(Decl):
    """Names in the generated project."""

    package: LocatedStr = key(PACKAGE, "Import name.", required=True)
    distribution: LocatedStr | None = key(
        TEXT, "Name on a package index; default: the package with - for _."
    )
    client: LocatedStr = key(CAP_WORDS, "Class of the client.", required=True)
    environment: LocatedStr | None = key(
        Name("[A-Z][A-Z0-9_]*", "a prefix in capitals"),
        "Prefix of environment variables; default: the client in capitals.",
    )
    version: LocatedStr = key(TEXT, "Version of the generated project.", required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableDecl(Decl):
    """A variable of the URL: an option of the client."""

    default: LocatedStr | None = key(
        TEXT, "What it is when left out; without it, it must be given."
    )
    doc: LocatedStr | None = key(TEXT, DOC)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDecl(Decl):
    """Where the API is."""

    url: LocatedStr = key(TEXT, "Address; each {name} is an option of the client.", required=True)
    variables: Mapping[LocatedStr, VariableDecl] = key(
        Dictionary(SNAKE, MappingDecoder(VariableDecl, "a variable")),
        "Variables of the URL and of paths that have a default or a text.",
        default={},
    )
    doc: LocatedStr | None = key(TEXT, DOC)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthDecl(Decl):
    """OAuth 1.0a."""

    signature: LocatedStr = key(
        Choice("PLAINTEXT", "HMAC-SHA1"), "Signature method.", required=True
    )
    request_token: LocatedStr = key(TEXT, "Address of the request token.", required=True)
    authorization: LocatedStr = key(
        TEXT, "Address of the page where the user agrees.", required=True
    )
    access_token: LocatedStr = key(TEXT, "Address of the access token.", required=True)
    doc: LocatedStr | None = key(TEXT, DOC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarDecl(Decl):
    """How one scalar type is on the wire, where an API does it its own way."""

    base: LocatedStr | None = key(
        Choice(*SCALARS), "The type that a named format is one of.", name="is"
    )
    pad: int | None = key(Integer(1), "Width to which the server pads with zeros.")
    words: tuple[LocatedStr | tuple[LocatedStr, ...], ...] = key(
        Listing(Either(TEXT, Listing(TEXT))),
        "Words for true and false; of several for one, the first is sent.",
        default=(),
    )
    form: LocatedStr | None = key(
        TEXT,
        "Format of dates and times: a pattern such as %m/%d/%Y; of times also iso8601, epoch or http_date.",
        name="format",
    )
    none: tuple[LocatedStr, ...] = key(TEXTS, "Texts that mean none.", default=())
    zone: LocatedStr | None = key(TEXT, "Zone of times, as in the IANA database.")
    read_empty: LocatedStr | None = key(
        Choice("none", "text", "zero", "error"), "What an empty tag means when read."
    )
    doc: LocatedStr | None = key(TEXT, DOC)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedDocDecl(Decl):
    """Something named that only words describe."""

    doc: LocatedStr = key(TEXT, DOC, required=True)
    provenance: LocatedStr | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[LocatedStr, ...] = key(TEXTS, SOURCE_DOC, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDecl(Decl):
    """One error code."""

    kind: LocatedStr = key(Choice(*ERROR_KINDS), "Class of error it is raised as.", required=True)
    message: LocatedStr | None = key(TEXT, "Its message; {field} and {Resource} stand for names.")
    status: int = key(Integer(100), "HTTP status of the response.", default=200)
    doc: LocatedStr | None = key(TEXT, DOC)
    fix: LocatedStr | None = key(TEXT, "What the caller can do.")
    provenance: LocatedStr | None = key(Choice(*PROVENANCE), PROVENANCE_DOC)
    source: tuple[LocatedStr, ...] = key(TEXTS, SOURCE_DOC, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbacksDecl(Decl):
    """The form that callbacks come as."""

    event: LocatedStr = key(ELEMENT, "Form field that names the event.", required=True)
    object: LocatedStr = key(ELEMENT, "Form field with the id of the object.", required=True)
    system: LocatedStr = key(ELEMENT, "Form field with the address of the account.", required=True)
    user: LocatedStr = key(ELEMENT, "Form field with the id of who did it.", required=True)
    verifier: LocatedStr = key(ELEMENT, "Form field with the code to be sent back.", required=True)
    verification: LocatedStr = key(
        TEXT, "Name of the event that asks for verification.", required=True
    )
    doc: LocatedStr | None = key(TEXT, DOC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDecl(Decl):
    """The API as a whole."""

    api: LocatedStr = key(
        Name(r"[a-z][a-z0-9_-]*", "a name in small letters"), "Its name.", required=True
    )
    title: LocatedStr = key(TEXT, "Its name for people.", required=True)
    version: LocatedStr = key(TEXT, "Its version, quoted.", required=True)
    doc: LocatedStr = key(TEXT, DOC, required=True)
    documentation: LocatedStr | None = key(TEXT, "Address of its documentation.")
    source: tuple[LocatedStr, ...] = key(
        TEXTS, "Where the facts of this file are known from, as far as no entry says.", default=()
    )
    python: PythonDecl = key(MappingDecoder(PythonDecl, "names"), "Names in Python.", required=True)
    endpoint: EndpointDecl = key(
        MappingDecoder(EndpointDecl, "the endpoint"), "Where it is.", required=True
    )
    namespaces: Mapping[LocatedStr, LocatedStr] = key(
        Dictionary(ELEMENT, TEXT), "Prefix -> namespace, for names with a prefix.", default={}
    )
    http: HttpDecl | LocatedStr | None = key(HTTP, "Verb, path, headers and parameters.")
    envelope: EnvelopeDecl | None = key(
        MappingDecoder(EnvelopeDecl, "the envelope"), "What is around requests and responses."
    )
    credentials: Mapping[LocatedStr, CredentialDecl] = key(
        Dictionary(SNAKE, MappingDecoder(CredentialDecl, "a credential")),
        "What a client is given to say who is calling.",
        default={},
    )
    authentication: LocatedStr | tuple[AuthenticationItemDecl | LocatedStr, ...] = key(
        AUTHENTICATION, "What requests carry to say who is calling; none: nothing.", required=True
    )
    oauth: OAuthDecl | None = key(
        MappingDecoder(OAuthDecl, "OAuth"), "OAuth 1.0a, in place of the credentials."
    )
    paging: PagingDecl | None = key(
        MappingDecoder(PagingDecl, "paging"), "How lists come in pages."
    )
    scalars: Mapping[LocatedStr, ScalarDecl] = key(
        Dictionary(TYPE, MappingDecoder(ScalarDecl, "a scalar")),
        "Its scalars.",
        default={},
    )
    people: Mapping[LocatedStr, NamedDocDecl] = key(
        Dictionary(SNAKE, MappingDecoder(NamedDocDecl, "a person")), "Who calls.", default={}
    )
    sources: Mapping[LocatedStr, NamedDocDecl] = key(
        Dictionary(TEXT, MappingDecoder(NamedDocDecl, "a source")),
        "Where facts come from.",
        default={},
    )
    errors: Mapping[LocatedStr, ErrorDecl] = key(
        Dictionary(TEXT, MappingDecoder(ErrorDecl, "an error")), "Error codes.", default={}
    )
    method_errors: Mapping[LocatedStr, tuple[LocatedStr, ...]] = key(
        Dictionary(Choice("any", *VERBS, "action"), CODES), "Codes by kind of method.", default={}
    )
    events: Mapping[LocatedStr, NamedDocDecl] = key(
        Dictionary(
            Name(r"[a-z][A-Za-z0-9_.]*", "an event name"), MappingDecoder(NamedDocDecl, "an event")
        ),
        "Events of callbacks.",
        default={},
    )
    callbacks: CallbacksDecl | None = key(
        MappingDecoder(CallbacksDecl, "callbacks"), "The form that callbacks come as."
    )
    coverage: LocatedStr | None = key(
        Choice("all", "methods", "none"),
        "What cases show: all (default); methods, for names from a machine-readable model; none, in a draft.",
    )
    limits: Mapping[LocatedStr, LocatedStr] = key(
        Dictionary(SNAKE, TEXT), "Facts in words.", default={}
    )
