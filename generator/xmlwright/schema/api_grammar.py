"""The keys of api.yaml, with what an editor says about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .decoder import Choice, Decl, Dictionary, Integer, Listing, Name, Table, Word, key
from .vocabulary import CAP_WORDS, CODES, DOC, ELEMENT, ERROR_KINDS, PACKAGE, PATH, PLACE, PROVENANCE, PROVENANCE_DOC, SCALARS, SNAKE, SOURCE_DOC, TEXT, TEXTS, VERBS


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
