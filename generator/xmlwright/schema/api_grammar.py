"""The keys of api.yaml, with what an editor says about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .decoder import (
    Choice,
    Decl,
    Dictionary,
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
    PATH,
    PLACE,
    PROVENANCE,
    PROVENANCE_DOC,
    SCALARS,
    SNAKE,
    SOURCE_DOC,
    TEXT,
    TEXTS,
    VERBS,
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
class EndpointDecl(Decl):
    """Where the API is."""

    url: LocatedStr = key(TEXT, "Address; {account} stands for the account.", required=True)
    doc: LocatedStr | None = key(TEXT, DOC)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDecl(Decl):
    """The envelope of requests."""

    root: LocatedStr = key(ELEMENT, "Root element.", required=True)
    method: LocatedStr = key(
        PLACE, "Where the method's name is: @attribute or element.", required=True
    )
    namespace: LocatedStr | None = key(TEXT, "Default namespace of requests.")
    attributes: Mapping[LocatedStr, LocatedStr] = key(
        Dictionary(ELEMENT, TEXT), "Fixed attributes of the root.", default={}
    )
    payload: LocatedStr | None = key(PATH, "Elements around the arguments.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseDecl(Decl):
    """The envelope of answers."""

    root: LocatedStr = key(ELEMENT, "Root element.", required=True)
    namespaces: tuple[LocatedStr, ...] = key(TEXTS, "Namespaces that answers carry.", default=())
    status: LocatedStr | None = key(PLACE, "Where the answer says whether it succeeded.")
    ok: tuple[LocatedStr, ...] = key(TEXTS, "What it says then.", default=())
    failed: tuple[LocatedStr, ...] = key(
        TEXTS, "What it says of a failure; whatever is not ok is taken for one.", default=()
    )
    payload: LocatedStr | None = key(PATH, "Elements around the value.")
    attributes: tuple[LocatedStr, ...] = key(
        Listing(ELEMENT), "Attributes that any element may carry and that are not read.", default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureDecl(Decl):
    """The envelope of failures."""

    message: LocatedStr = key(PLACE, "Where the message is.", required=True)
    code: LocatedStr | None = key(PLACE, "Where the code is.")
    field: LocatedStr | None = key(PLACE, "Where the name of the field is.")
    root: LocatedStr | None = key(ELEMENT, "Root element of failures, where it is another.")
    when: LocatedStr | None = key(PLACE, "A place whose presence means failure.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeDecl(Decl):
    """What is around every request and answer."""

    request: RequestDecl = key(MappingDecoder(RequestDecl, "requests"), "Requests.", required=True)
    response: ResponseDecl = key(MappingDecoder(ResponseDecl, "answers"), "Answers.", required=True)
    failure: FailureDecl = key(MappingDecoder(FailureDecl, "failures"), "Failures.", required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDecl(Decl):
    """How the token is sent."""

    style: LocatedStr = key(
        Choice("basic", "header"), "HTTP user name, or a header.", required=True
    )
    password: LocatedStr | None = key(TEXT, "Password that goes with it; default X.")
    header: LocatedStr | None = key(TEXT, "Name of the header.")
    doc: LocatedStr | None = key(TEXT, DOC)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthDecl(Decl):
    """OAuth 1.0a."""

    signature: LocatedStr = key(
        Choice("PLAINTEXT", "HMAC-SHA1"), "Signature method.", required=True
    )
    request_token: LocatedStr = key(TEXT, "Address of the request token.", required=True)
    authorize: LocatedStr = key(TEXT, "Address of the page where the user agrees.", required=True)
    access_token: LocatedStr = key(TEXT, "Address of the access token.", required=True)
    doc: LocatedStr | None = key(TEXT, DOC)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationDecl(Decl):
    """Who the caller is."""

    token: TokenDecl | None = key(MappingDecoder(TokenDecl, "the token"), "A token.")
    oauth: OAuthDecl | None = key(MappingDecoder(OAuthDecl, "OAuth"), "OAuth 1.0a.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CountersDecl(Decl):
    """Where a page's counters are, below the list's wrapper."""

    position: LocatedStr | None = key(PLACE, "Number of the page or first row.")
    size: LocatedStr | None = key(PLACE, "Rows that a page may have.")
    pages: LocatedStr | None = key(PLACE, "Number of pages.")
    total: LocatedStr | None = key(PLACE, "Number of rows of all pages.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PagingDecl(Decl):
    """How lists come in pages."""

    style: LocatedStr = key(
        Choice("page", "offset"), "Whether the position counts pages or rows.", required=True
    )
    position: LocatedStr = key(ELEMENT, "Argument that says where.", required=True)
    size: LocatedStr = key(ELEMENT, "Argument that says how many.", required=True)
    first: int = key(Integer(0), "The first position.", default=1)
    default_size: int = key(Integer(1), "Rows when not said.", default=25)
    maximum_size: int | None = key(Integer(1), "Most rows of a page.")
    counters: CountersDecl = key(
        MappingDecoder(CountersDecl, "counters"), "Counters.", required=True
    )
    doc: LocatedStr | None = key(TEXT, DOC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarDecl(Decl):
    """How one scalar type is on the wire, where an API does it its own way."""

    pad: int | None = key(Integer(1), "Width to which the server pads with zeros.")
    words: tuple[LocatedStr, ...] = key(TEXTS, "Words for true and false.", default=())
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
    message: LocatedStr = key(
        TEXT, "Its message; {field} and {Resource} stand for names.", required=True
    )
    status: int = key(Integer(100), "HTTP status of the answer.", default=200)
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
    envelope: EnvelopeDecl = key(
        MappingDecoder(EnvelopeDecl, "the envelope"),
        "What is around requests and answers.",
        required=True,
    )
    authentication: AuthenticationDecl = key(
        MappingDecoder(AuthenticationDecl, "authentication"), "Who the caller is.", required=True
    )
    paging: PagingDecl | None = key(
        MappingDecoder(PagingDecl, "paging"), "How lists come in pages."
    )
    scalars: Mapping[LocatedStr, ScalarDecl] = key(
        Dictionary(Choice(*SCALARS), MappingDecoder(ScalarDecl, "a scalar")),
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
    limits: Mapping[LocatedStr, LocatedStr] = key(
        Dictionary(SNAKE, TEXT), "Facts in words.", default={}
    )
