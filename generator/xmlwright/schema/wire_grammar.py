"""The keys that say how calls are on the wire, at the level of the API, a resource or a method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

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
    BOOLEAN,
    CAP_WORDS,
    DOC,
    ERROR_KINDS,
    PATH,
    PLACE,
    QNAME,
    SNAKE,
    TEMPLATE,
    TEXT,
    TEXTS,
)

VERBS_OF_HTTP: Final = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD")
HEADER: Final = Name(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", "the name of a header")
PARAMETER: Final = Name(r"(query|form):\S+", "a parameter such as query:format or form:Version")
DOCUMENT_PLACE: Final = Name(
    r"(query|form|part):\S+", "a parameter or a part such as form:XML or part:request"
)
CALL: Final = Name(
    rf"({'|'.join(VERBS_OF_HTTP)})( /\S*)?", "a verb and a path such as PUT /tasks/{task_id}/close"
)
STATUSES: Final = Either(
    Integer(100),
    Name(r"[1-5][0-9]{2}-[1-5][0-9]{2}", "a range such as 400-499"),
    Listing(Either(Integer(100), Name(r"[1-5][0-9]{2}-[1-5][0-9]{2}", "a range such as 400-499"))),
)
PLACES: Final = Either(PLACE, Listing(PLACE))


@dataclass(frozen=True, slots=True, kw_only=True)
class ParametersDecl(Decl):
    """Names of the parameters that nested arguments become."""

    record: LocatedStr | None = key(
        TEXT, "Field of a record; {name} so far, {field}. Default {name}.{field}."
    )
    list: LocatedStr | None = key(
        TEXT, "Item of a list; {n} counts from 1, {item} is its element. Default: {name}, repeated."
    )
    map: LocatedStr | None = key(TEXT, "Entry of a map. Default {name}.{n}.")
    empty_list: bool | None = key(BOOLEAN, "Send an empty list as one empty parameter.")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpDecl(Decl):
    """Verb, path, headers and parameters."""

    verb: LocatedStr | None = key(Choice(*VERBS_OF_HTTP), "HTTP verb; default POST.")
    path: LocatedStr | None = key(
        Name(r"(/\S*)?", "a path that begins with a slash"),
        "Path below the URL; {name} is an argument or an option of the client, {name+} keeps slashes.",
    )
    headers: Mapping[LocatedStr, LocatedStr] = key(
        Dictionary(HEADER, TEXT),
        "Constant headers; may hold {method}, {resource}, {verb}.",
        default={},
    )
    constants: Mapping[LocatedStr, LocatedStr] = key(
        Dictionary(PARAMETER, TEXT), "Constant parameters.", default={}
    )
    arguments: LocatedStr | None = key(
        Choice("body", "form", "query"), "Where arguments go that do not say it themselves."
    )
    success: tuple[int, ...] | None = key(
        Listing(Integer(200)), "Statuses of success; default: any from 200 to 299."
    )
    media: LocatedStr | None = key(TEXT, "Content type of request documents.")
    multipart: LocatedStr | None = key(
        Choice("form-data", "mixed"),
        "Kind of a multipart body; default form-data where an argument or the document is a part.",
    )
    parameters: ParametersDecl | None = key(
        MappingDecoder(ParametersDecl, "names of parameters"), "Names of nested parameters."
    )


HTTP: Final = Either(CALL, MappingDecoder(HttpDecl, "the HTTP request"))


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodNameDecl(Decl):
    """Where a request names its method."""

    place: LocatedStr = key(PLACE, "Place of the name.", required=True, name="at")
    value: LocatedStr | None = key(
        TEXT, "What is there; {method}, {resource}, {verb}, {Verb}. Default {method}."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDecl(Decl):
    """The envelope of requests."""

    root: LocatedStr | None = key(
        TEMPLATE,
        "Root element; none: the wrapper of the arguments is the root. May hold {method}, {verb}.",
    )
    method: LocatedStr | MethodNameDecl | None = key(
        Either(PLACE, MappingDecoder(MethodNameDecl, "the name of the method")),
        "Where the name of the method is; left out, it is nowhere.",
    )
    namespace: LocatedStr | None = key(TEXT, "Default namespace of requests.")
    attributes: Mapping[LocatedStr, LocatedStr] = key(
        Dictionary(QNAME, TEXT), "Fixed attributes of the root.", default={}
    )
    payload: LocatedStr | None = key(
        Name(r"\S+", "a path of elements"),
        "Elements around the arguments; may hold {method}, {verb}.",
    )
    place: LocatedStr | None = key(
        DOCUMENT_PLACE,
        "The parameter or the part that holds the document; default: the body.",
        name="at",
    )
    order: LocatedStr | None = key(
        Choice("strict", "free"),
        "strict: the API refuses elements in another order than described.",
    )
    empty: LocatedStr | None = key(
        Choice("tag", "omit"),
        "Whether a call without arguments sends a document; default: tag, or omit with a path.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataDecl(Decl):
    """A value beside the payload of a response."""

    place: LocatedStr = key(PLACE, "Its place; /a/b is below the root.", required=True, name="at")
    type: LocatedStr | None = key(SNAKE, "Scalar type; default text.")
    doc: LocatedStr | None = key(TEXT, DOC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPayloadDecl(Decl):
    """A record beside the error."""

    record: LocatedStr = key(CAP_WORDS, "The record.", required=True)
    place: LocatedStr = key(PATH, "Its path below the root.", required=True, name="at")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRuleDecl(Decl):
    """Where a failed response says what went wrong."""

    status: int | LocatedStr | tuple[int | LocatedStr, ...] | None = key(
        STATUSES,
        "HTTP statuses that it is for: 404, 400-499 or a list; default: any failed response.",
    )
    root: LocatedStr | tuple[LocatedStr, ...] | None = key(
        Either(QNAME, Listing(QNAME)), "Root elements that only failures have."
    )
    when: LocatedStr | None = key(PLACE, "A place whose presence means failure, at any status.")
    each: LocatedStr | None = key(PATH, "Path of the element that repeats for each error.")
    place: LocatedStr | None = key(
        PATH, "Path of the one error element; default: the root.", name="at"
    )
    message: LocatedStr | None = key(PLACE, "Where the message is, from the error element.")
    code: LocatedStr | None = key(PLACE, "Where the code is.")
    field: LocatedStr | None = key(PLACE, "Where the name of the field is.")
    severity: LocatedStr | None = key(PLACE, "Where the severity is.")
    detail: LocatedStr | None = key(PLACE, "Where further text is.")
    errors: tuple[LocatedStr, ...] = key(
        TEXTS, "Severities that are errors; the others are warnings. Default: all.", default=()
    )
    kind: LocatedStr | None = key(Choice(*ERROR_KINDS), "Class of error that it is raised as.")
    kinds: Mapping[LocatedStr, LocatedStr] = key(
        Dictionary(TEXT, Choice(*ERROR_KINDS)), "Code -> class of error.", default={}
    )
    payload: ErrorPayloadDecl | None = key(
        MappingDecoder(ErrorPayloadDecl, "the record beside the error"),
        "A record beside the error.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseDecl(Decl):
    """The envelope of responses."""

    root: LocatedStr | tuple[LocatedStr, ...] | None = key(
        Either(TEMPLATE, Listing(TEMPLATE)),
        "Root element, or several; none: the value is the root.",
    )
    namespaces: tuple[LocatedStr, ...] = key(TEXTS, "Namespaces that responses carry.", default=())
    status: LocatedStr | None = key(PLACE, "Where a response says whether it succeeded.")
    ok: tuple[LocatedStr, ...] = key(TEXTS, "What it says then.", default=())
    failed: tuple[LocatedStr, ...] = key(
        TEXTS, "What it says of a failure; everything that is not ok counts as one.", default=()
    )
    payload: LocatedStr | None = key(
        Name(r"\S+", "a path of elements"), "Elements around the value; may hold {method}, {verb}."
    )
    attributes: tuple[LocatedStr, ...] = key(
        Listing(QNAME), "Attributes that any element may have and that are not read.", default=()
    )
    metadata: Mapping[LocatedStr, MetadataDecl] = key(
        Dictionary(SNAKE, MappingDecoder(MetadataDecl, "a value beside the payload")),
        "Values beside the payload.",
        default={},
    )
    warnings: FailureRuleDecl | None = key(
        MappingDecoder(FailureRuleDecl, "warnings"), "Where responses that succeeded hold warnings."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NilDecl(Decl):
    """How an element says that it has no value."""

    place: LocatedStr = key(
        Name(r"@\S+", "an attribute such as @nil"), "The attribute.", required=True, name="at"
    )
    value: LocatedStr = key(TEXT, "Its value in requests.", required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeDecl(Decl):
    """What is around every request and response."""

    request: RequestDecl | None = key(MappingDecoder(RequestDecl, "requests"), "Requests.")
    response: ResponseDecl | None = key(MappingDecoder(ResponseDecl, "responses"), "Responses.")
    failures: tuple[FailureRuleDecl, ...] | None = key(
        Listing(MappingDecoder(FailureRuleDecl, "failures")),
        "Failures; the first rule that fits reads one.",
    )
    nil: NilDecl | None = key(MappingDecoder(NilDecl, "nil"), "Elements without a value.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialDecl(Decl):
    """Something that a client is given to say who is calling."""

    doc: LocatedStr | None = key(TEXT, DOC)
    sensitive: bool = key(BOOLEAN, "Never shown; default true.", default=True)
    default: LocatedStr | None = key(
        TEXT, "What it is when left out; without it, it must be given."
    )


_OPTION: Final = Name(r"\{[a-z][a-z0-9_]*\}", "an option of the client in braces, such as {user}")
_INNER: Final = Either(_OPTION, Dictionary(SNAKE, Either(_OPTION, Dictionary(SNAKE, _OPTION))))


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDecl(Decl):
    """A call that gives out options of the client."""

    call: LocatedStr = key(
        TEXT, "The method that begins a session, such as auth.signin.", required=True
    )
    arguments: Mapping[LocatedStr, Any] = key(
        Dictionary(SNAKE, _INNER),
        "Its arguments, by Python names: options of the client in braces.",
        default={},
    )
    keeps: Mapping[LocatedStr, LocatedStr] = key(
        Dictionary(SNAKE, PLACE),
        "Option of the client -> place of its value in the record that the call returns.",
        required=True,
    )
    ends: LocatedStr | None = key(TEXT, "The method that ends it, when a client is closed.")
    renew_on: tuple[int, ...] = key(
        Listing(Integer(400)),
        "Statuses that mean that it is over; default 401. The client then signs in once more.",
        default=(401,),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationItemDecl(Decl):
    """One thing that requests carry."""

    basic: LocatedStr | None = key(
        Name(r"[^:]*:.*", "user and password with a colon between them"),
        "HTTP basic authentication, such as {token}:X.",
    )
    place: LocatedStr | None = key(PLACE, "A header, parameter or element.", name="at")
    value: LocatedStr | None = key(TEXT, "What is there; {name} is a credential.")
    session: SessionDecl | None = key(
        MappingDecoder(SessionDecl, "a session"),
        "A call that gives out what further calls carry.",
    )


AUTHENTICATION: Final = Either(
    Choice("none"),
    Listing(Either(Choice("signer"), MappingDecoder(AuthenticationItemDecl, "authentication"))),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountersDecl(Decl):
    """Where a page's counters are, from the list's element; /a/b is from the root."""

    position: LocatedStr | None = key(PLACE, "Number of the page or first row.")
    size: LocatedStr | None = key(PLACE, "Rows that a page may have.")
    pages: LocatedStr | None = key(PLACE, "Number of pages.")
    total: LocatedStr | None = key(PLACE, "Number of rows of all pages.")
    next: LocatedStr | tuple[LocatedStr, ...] | None = key(
        PLACES,
        "Where the mark of the next page is: one place for each argument of a cursor, or a link.",
    )
    more: LocatedStr | None = key(PLACE, "Where a response says whether more pages follow.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PagingDecl(Decl):
    """How lists come in pages."""

    style: LocatedStr | None = key(
        Choice("page", "offset", "cursor", "link"),
        "What the position is: a page, a row, a mark of the response, or a link to follow.",
    )
    position: LocatedStr | tuple[LocatedStr, ...] | None = key(
        Either(PLACE, Listing(PLACE)),
        "Argument that says where a page begins; a cursor may have several.",
    )
    size: LocatedStr | None = key(PLACE, "Argument that says how many rows.")
    first: int | None = key(Integer(0), "The first position; default 1 for pages, 0 for rows.")
    default_size: int | None = key(Integer(1), "Rows when not said.")
    maximum_size: int | None = key(Integer(1), "Most rows of a page.")
    counters: CountersDecl | None = key(MappingDecoder(CountersDecl, "counters"), "Counters.")
    doc: LocatedStr | None = key(TEXT, DOC)


def listed(value: LocatedStr | tuple[LocatedStr, ...] | None) -> tuple[LocatedStr, ...]:
    """Return a key that takes one value or several as several."""
    return value if isinstance(value, tuple) else () if value is None else (value,)


def location_of(place: str) -> tuple[str, str] | None:
    """Return source and name of a place outside of the document; None for one in it."""
    if place in ("http:status", "http:body"):
        return place.partition(":")[2], ""
    source, colon, name = place.partition(":")
    if colon and source in ("query", "form", "path", "header", "part"):
        return source, name
    return None
