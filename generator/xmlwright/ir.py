"""The resolved description, which every projection reads: frozen and typed.

Positions are kept only where a reader may want to open the file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .diagnostics import Position
from .naming import cap_words, module_name


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a fact is known, and its sources."""

    kind: str
    """``documented``, ``observed`` or ``inferred``."""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ref:
    """A record or enum by the module that holds it."""

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class EnumWord:
    """One word of an enum, in Python, in requests and in responses."""

    word: str
    request: str
    response: str
    doc: str
    readable: bool
    writable: bool
    deprecated: str | None
    provenance: Provenance
    at: Position
    key_positions: Mapping[str, Position] = field(default_factory=dict)
    """Positions of the keys ``request`` and ``response``, where they are given."""


@dataclass(frozen=True, slots=True)
class Enum:
    """A set of words."""

    module: str
    name: str
    doc: str
    words: tuple[EnumWord, ...]
    at: Position

    @property
    def partly_read_only(self) -> bool:
        """Whether some of its words cannot be sent, so that requests have a type of their own."""
        return len({word.writable for word in self.words}) == 2


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record or an argument of a method."""

    name: str
    """Name in the description."""
    python: str
    """Name in Python."""
    path: tuple[str, ...]
    read: str | None
    """Scalar type in responses; None for an enum or a record."""
    write: str | None
    """Scalar type in requests."""
    enum: Ref | None
    record: Ref | None
    ref: str | None
    """Resource that an id refers to."""
    many: bool
    attribute: str | None
    content: bool
    bare: bool
    access: str
    """Letters: r read, c create, u update."""
    required: str
    """Letters: c, u."""
    clear: str
    discarded: bool
    sensitive: bool
    deprecated: str | None
    since: str | None
    default: str | None
    """As text, for the documentation."""
    read_empty: str | None
    none: tuple[str, ...]
    max_length: int | None
    minimum: str | None
    maximum: str | None
    places: int | None
    media: tuple[str, ...]
    """Content types that a file may have; empty for any."""
    max_bytes: int | None
    doc: str
    provenance: Provenance
    at: Position
    scalar: str | None = None
    """Named format of the scalar; None for the usual one of its type."""
    location: tuple[str, str] | None = None
    """Place outside of the document: source and name, such as ``("query", "page")``."""
    fallbacks: tuple[str, ...] = ()
    """Further places where it is read if the first is missing."""
    map: bool = False
    """A map; ``key_element`` and ``value_element`` are inside each entry."""
    key_element: str = "key"
    value_element: str = "value"
    namespaces: tuple[str, ...] = ()
    indexed: str | None = None
    join: str | None = None
    key_positions: Mapping[str, Position] = field(default_factory=dict)
    """Positions of the keys that decide its place on the wire, where they are given."""

    @property
    def readable(self) -> bool:
        """Whether responses hold it."""
        return "r" in self.access

    @property
    def writable(self) -> bool:
        """Whether requests hold it."""
        return "c" in self.access or "u" in self.access

    @property
    def by_direction(self) -> tuple[Field, ...]:
        """Itself, or two fields where reading and writing have different types."""
        if self.read == self.write or not (self.readable and self.writable):
            return (self,)
        written = "".join(letter for letter in self.access if letter != "r")
        return (
            replace(self, access="r", write=self.read, required=""),
            replace(self, access=written, read=self.write),
        )


@dataclass(frozen=True, slots=True)
class Record:
    """The fields of an element."""

    module: str
    name: str
    doc: str
    identity: str | None
    """Python name of the identity field."""
    fields: tuple[Field, ...]
    in_responses: bool
    in_requests: bool
    at: Position
    one_of: tuple[tuple[str, ...], ...] = ()
    """Python names of fields of which a request has exactly one."""

    def field(self, name: str) -> Field | None:
        """Return a field by its Python name; None if there is none."""
        return next((item for item in self.fields if item.python == name), None)


@dataclass(frozen=True, slots=True)
class ResponseShape:
    """The value that a method returns, and its place in the response."""

    value: str
    """``none``, ``id``, ``record``, ``page``, ``list`` or ``binary``."""
    element: str = ""
    item: str = ""
    record: Ref | None = None
    scalar: str | None = None
    ref: str | None = None
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordValue:
    """Values of a record, or of the arguments of a call, in the order of the case."""

    ref: Ref | None
    """The record; None for arguments."""
    values: Mapping[str, Any]
    """Python name -> scalar, :class:`RecordValue`, or a tuple of these."""
    places: Mapping[str, Position]
    """Python name -> position in the case."""
    at: Position


@dataclass(frozen=True, slots=True)
class PageValue:
    """Counters and rows of a page."""

    counters: Mapping[str, Any]
    """Numbers; the mark of the next page as ``cursor``, whether more pages follow as ``more``."""
    items: tuple[Any, ...]
    places: Mapping[str, Position]
    """Counter -> position in the case."""
    items_at: Position
    at: Position


@dataclass(frozen=True, slots=True)
class Case:
    """One example of a method."""

    name: str
    call: str
    doc: str
    arguments: RecordValue | None
    request: str | None
    response: str | None
    result: Any
    """The value that the response reads as: a scalar, :class:`RecordValue`, a tuple of these, or
    :class:`PageValue`; None for none."""
    fails: Mapping[str, Any] | None
    """Facts of the failure: texts, ``status`` as a number, ``errors`` as a tuple of mappings of texts."""
    unknown: tuple[str, ...]
    at: Position
    places: Mapping[str, Position]
    partial: tuple[tuple[str, RecordValue], ...] = ()
    """Valid parts of invalid arguments (``write``) and results (``read``)."""


@dataclass(frozen=True, slots=True)
class Method:
    """One method."""

    resource: str
    verb: str
    """As on the wire, after the resource: ``create``, ``lines.add``."""
    kind: str
    python: tuple[str, ...]
    """Attributes on the client's resource: ``("lines", "add")``."""
    function: str
    """Name of the builder in the module."""
    doc: str
    wrapper: str | None
    arguments: tuple[Field, ...]
    positional: tuple[str, ...]
    """Python names of arguments that are given by position."""
    mode: str
    """Which writable fields of nested records it takes: ``create``, ``update`` or ``write``."""
    response: ResponseShape
    paging: str
    """``pages``, ``ignored`` or ``none``."""
    order: str | None
    retry: str
    callers: Mapping[str, str]
    errors: tuple[str, ...]
    events: tuple[str, ...]
    deprecated: str | None
    since: str | None
    provenance: Provenance
    at: Position
    envelope: Envelope | None = None
    """What is around its requests and responses; None where it is that of the API."""
    http: Http | None = None
    """Verb, path and parameters; None for a document that is POSTed to the URL of the API."""
    pages: Paging | None = None
    """How it comes in pages, for a list that does."""
    authenticated: bool = True
    """Whether its requests carry the credentials."""
    key_positions: Mapping[str, Position] = field(default_factory=dict)
    """Positions that name its ``wrapper``, and the ``element`` and ``item`` of its response."""

    @property
    def name(self) -> str:
        """The whole name on the wire."""
        return f"{self.resource}.{self.verb}"

    @property
    def needs_arguments(self) -> bool:
        """Whether it cannot be called without arguments."""
        return any(item.required for item in self.arguments)


@dataclass(frozen=True, slots=True)
class Module:
    """One generated module: a resource, or what resources share."""

    name: str
    title: str
    doc: str
    class_name: str
    enums: tuple[Enum, ...]
    records: tuple[Record, ...]
    methods: tuple[Method, ...]
    cases: tuple[Case, ...]
    provenance: Provenance
    at: Position

    @property
    def python(self) -> str:
        """Name of the module in Python."""
        return module_name(self.name)

    @property
    def classes(self) -> tuple[tuple[tuple[str, ...], str], ...]:
        """Resource classes: attribute path on the client's resource -> class, the innermost first."""
        paths = {method.python[:-1] for method in self.methods}
        paths |= {path[:depth] for path in paths for depth in range(len(path))}
        one = cap_words(self.name)
        return tuple(
            (path, one + "".join(map(cap_words, path)) if path else self.class_name)
            for path in sorted(paths, key=lambda path: (-len(path), path))
        )


@dataclass(frozen=True, slots=True)
class Scalar:
    """How one scalar type is on the wire."""

    name: str
    pad: int | None = None
    words: tuple[tuple[str, ...], tuple[str, ...]] = (("1",), ("0",))
    """Texts for true and for false; the first of each is sent."""
    none: tuple[str, ...] = ()
    zone: str = "UTC"
    read_empty: str = "none"
    base: str = ""
    """The built-in type that a named format is one of; empty for the type itself."""
    form: str | None = None
    """Format of a date or time: a pattern, or ``iso8601``, ``epoch``, ``http_date``."""


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One code of the error catalog."""

    code: str
    kind: str
    message: str
    status: int
    doc: str
    fix: str
    provenance: Provenance
    at: Position


@dataclass(frozen=True, slots=True)
class NamedDoc:
    """A person, source or event."""

    name: str
    doc: str
    provenance: Provenance
    at: Position


@dataclass(frozen=True, slots=True)
class Paging:
    """How lists come in pages; places as the description writes them."""

    style: str = "page"
    """``page``, ``offset``, ``cursor`` or ``link``."""
    position: tuple[str, ...] = ()
    """Arguments that say where a page begins; more than one for a cursor of several parts."""
    size: str = ""
    """Argument that says how many rows a page has; empty where nothing says it."""
    first: int = 1
    default_size: int | None = None
    maximum_size: int | None = None
    counters: Mapping[str, str] = field(default_factory=dict)
    next: tuple[str, ...] = ()
    more: str | None = None
    key_positions: Mapping[str, Position] = field(default_factory=dict, compare=False)
    """Positions of its keys; of counters as ``counters.total``."""

    @property
    def by_row(self) -> bool:
        """Whether the position counts rows."""
        return self.style == "offset"


@dataclass(frozen=True, slots=True)
class FailureRule:
    """Where a failed response says what went wrong; places as the description writes them."""

    statuses: tuple[tuple[int, int], ...] = ()
    roots: tuple[str, ...] = ()
    when: str | None = None
    at: str = ""
    """Path of the error element below the root."""
    each: bool = False
    """The error element repeats."""
    message: str | None = None
    code: str | None = None
    field: str | None = None
    severity: str | None = None
    detail: str | None = None
    errors: tuple[str, ...] = ()
    kind: str = ""
    kinds: Mapping[str, str] = dataclasses.field(default_factory=dict)
    payload: tuple[str, Ref] | None = None
    position: Position | None = None
    key_positions: Mapping[str, Position] = dataclasses.field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Metadata:
    """A value beside the payload of a response."""

    name: str
    place: str
    scalar: str
    doc: str
    at: Position


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is around requests and responses; places as the description writes them."""

    request_root: str = ""
    """Empty where the wrapper of the arguments is the root."""
    request_method: str | None = None
    method_value: str = "{method}"
    request_namespace: str | None = None
    request_attributes: Mapping[str, str] = field(default_factory=dict)
    request_payload: str = ""
    document_at: str | None = None
    """The parameter that the document travels in."""
    strict_order: bool = False
    """The API refuses elements in another order than described."""
    empty_document: bool | None = None
    """Whether a call without arguments sends a document, where the description says it."""
    response_roots: tuple[str, ...] = ()
    """Empty for any root."""
    response_payload: str = ""
    namespaces: tuple[str, ...] = ()
    status: str | None = None
    ok: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    """What the status says of a failure, where that is known."""
    ignored_attributes: tuple[str, ...] = ()
    """Attributes that any element of a response may carry."""
    metadata: tuple[Metadata, ...] = ()
    warnings: FailureRule | None = None
    failures: tuple[FailureRule, ...] = ()
    nil: tuple[str, str] | None = None
    """Attribute, and its value, of an element that means None."""
    key_positions: Mapping[str, Position] = field(default_factory=dict, compare=False)
    """Positions of its keys by their path, such as ``request.root``."""

    @property
    def response_root(self) -> str:
        """The first root of responses; empty for any."""
        return self.response_roots[0] if self.response_roots else ""


@dataclass(frozen=True, slots=True)
class ParameterNames:
    """Templates of the names that nested arguments have as parameters."""

    record: str = "{name}.{field}"
    list: str = "{name}"
    map: str = "{name}.{n}"
    empty_list: bool = False


@dataclass(frozen=True, slots=True)
class Http:
    """Verb, path, headers and parameters of a method."""

    verb: str = "POST"
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] = ()
    arguments: str = "body"
    """Where arguments go that do not say it: ``body``, ``form`` or ``query``."""
    success: tuple[int, ...] = ()
    """Empty for any status from 200 to 299."""
    media: str = "application/xml"
    multipart: str = ""
    """``form-data`` or ``mixed``; empty for a body that is not multipart."""
    names: ParameterNames = ParameterNames()
    document: tuple[str, str] | None = None
    always_document: bool = False
    described_verb: bool = False
    """Whether the description says the verb, so that it decides whether a call may be repeated."""
    key_positions: Mapping[str, Position] = field(default_factory=dict, compare=False)
    """Positions of its keys; of headers and constants also by name: ``headers.Accept``."""


@dataclass(frozen=True, slots=True)
class ClientOption:
    """A variable of the URL, or a credential: an option of the client."""

    name: str
    default: str | None
    sensitive: bool
    doc: str
    at: Position


@dataclass(frozen=True, slots=True)
class Authentication:
    """One thing that requests carry to say who is calling."""

    value: str
    """With ``{name}`` for a credential; for basic authentication, user and password with a colon between."""
    place: str | None = None
    """None for basic authentication."""


@dataclass(frozen=True, slots=True)
class Session:
    """A call that gives out options of the client, which further calls carry."""

    call: str
    arguments: Mapping[str, Any]
    """Python name of an argument -> option of the client; nested as the arguments are."""
    keeps: Mapping[str, tuple[str, ...]]
    """Option of the client -> Python names that lead to its value in the result."""
    ends: str | None
    """The method that ends a session."""
    renew_on: tuple[int, ...]
    """Statuses that mean that a session is over."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names in the generated project."""

    package: str
    distribution: str
    client: str
    environment: str
    version: str


@dataclass(frozen=True, slots=True)
class Api:
    """The whole description."""

    name: str
    title: str
    version: str
    doc: str
    documentation: str | None
    names: Names
    url: str
    variables: tuple[ClientOption, ...]
    """Variables of the URL and of paths, in their order in the URL."""
    credentials: tuple[ClientOption, ...]
    authentication: tuple[Authentication, ...]
    signer: bool
    """Whether the caller must pass what signs requests."""
    namespaces: Mapping[str, str]
    envelope: Envelope
    oauth: Mapping[str, str] | None
    callbacks: Mapping[str, str] | None
    paging: Paging | None
    scalars: Mapping[str, Scalar]
    people: tuple[NamedDoc, ...]
    sources: tuple[NamedDoc, ...]
    errors: tuple[ErrorCode, ...]
    events: tuple[NamedDoc, ...]
    limits: Mapping[str, str]
    modules: tuple[Module, ...]
    """The resources, in the order of their names; the shared module, if there is one, comes first."""
    records: Mapping[Ref, Record] = field(repr=False)
    enums: Mapping[Ref, Enum] = field(repr=False)
    provenance: Provenance = Provenance("documented")
    """Provenance of the facts of api.yaml that have none."""
    session: Session | None = None
    covers_names: bool = True
    """Whether cases must show every field, argument and word; else every method alone."""
    covers_methods: bool = True
    """Whether cases must show anything."""
    key_positions: Mapping[str, Position] = field(default_factory=dict, repr=False)
    """Positions in api.yaml by the path of the key: ``envelope.request.root``."""

    @property
    def resources(self) -> tuple[Module, ...]:
        """The modules that have methods."""
        return tuple(module for module in self.modules if module.methods)

    def scalar(self, item: Field, *, read: bool) -> Scalar | None:
        """Return how the scalar of a field is on the wire, where the API says it."""
        return self.scalars.get(item.scalar or (item.read if read else item.write) or "")

    @property
    def zone(self) -> str:
        """Zone of the times on the wire."""
        return self.scalars["datetime"].zone if "datetime" in self.scalars else "UTC"

    @property
    def methods(self) -> tuple[Method, ...]:
        """All methods, by resource and place in the file."""
        return tuple(method for module in self.modules for method in module.methods)
