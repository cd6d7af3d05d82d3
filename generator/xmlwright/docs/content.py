"""Page values: the content of the site, independent of HTML and Markdown.

Addresses in them are relative to the root of the site: ``methods/task.get.html#task_id``.
"""

from __future__ import annotations

from dataclasses import dataclass

from .samples import Sample


@dataclass(frozen=True, slots=True)
class Link:
    """Text with an optional address."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """A name or other literal text, with an optional address."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of the description."""

    text: str
    """``schema/resources/task.yaml:12``."""
    href: str
    """Address of the line in the repository; empty if `source` isn't configured."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Provenance of a fact."""

    kind: str
    sources: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of an enum."""

    anchor: str
    word: str
    doc: str
    notes: tuple[str, ...]
    origin: Origin
    place: SourceLine


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument of a method or a field of a record."""

    anchor: str
    name: str
    """In Python."""
    wire: str
    """Where it is on the wire, below its record or the arguments."""
    type: str
    """On the wire, in words."""
    python: str
    required: str
    """``required``, when it is (``required on create``), or empty."""
    access: str
    """For fields of records: who may read and write it, in words; else empty."""
    doc: str
    facts: tuple[str, ...]
    """Default and limits."""
    words: tuple[Link, ...]
    empty: str
    """What an empty tag means."""
    omitted: str
    """What leaving it out means."""
    deprecated: str
    sensitive: bool
    target: Link | None
    """The record, enum or resource that it refers to."""
    inner: tuple[Parameter, ...]
    origin: Origin
    place: SourceLine


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that a method can return."""

    code: str
    href: str
    error: Code
    """The class in Python."""
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Example:
    """A sample that ran."""

    anchor: str
    sample: Sample
    fails: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between two descriptions."""

    since: str
    """The older description."""
    verdict: str
    what: str
    message: str
    href: str
    """Address of what changed; empty if it was removed."""


@dataclass(frozen=True, slots=True)
class MethodValue:
    """Content of a method page."""

    name: str
    call: str
    """The signature, as Python."""
    wire: tuple[tuple[str, tuple[Code | str, ...]], ...]
    """Facts of its HTTP request, each with its label; none for a document that is POSTed to the URL."""
    deprecated: str
    since: str
    callers: tuple[tuple[Link, str], ...]
    """Caller and condition."""
    retry: Link
    retry_words: str
    optional: str
    """What leaving out an argument and passing None do, unless an argument says otherwise."""
    parameters: tuple[Parameter, ...]
    returns: str
    returns_type: Link
    paging: str
    failures: tuple[Failure, ...]
    events: tuple[Link, ...]
    related: tuple[tuple[Link, str], ...]
    examples: tuple[Example, ...]
    answers: tuple[Example, ...]
    """Responses whose case has no request."""
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class RecordValue:
    """A record, as a section of the page of its module."""

    anchor: str
    name: str
    doc: str
    roles: str
    fields: tuple[Parameter, ...]
    used_by: tuple[Link, ...]
    place: SourceLine


@dataclass(frozen=True, slots=True)
class EnumValue:
    """An enum, as a section."""

    anchor: str
    name: str
    doc: str
    words: tuple[Word, ...]
    place: SourceLine


@dataclass(frozen=True, slots=True)
class ResourceValue:
    """Content of a resource page, or of the page of shared records and enums."""

    methods: tuple[tuple[Link, str, str], ...]
    """Method, sentence, call in Python."""
    records: tuple[RecordValue, ...]
    enums: tuple[EnumValue, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells."""

    head: tuple[str, ...]
    rows: tuple[tuple[str | Link | Code, ...], ...]
    anchors: tuple[str, ...] = ()
    """An anchor for each row, or none at all."""
    folded: str = ""
    """Title of the control that unfolds the table; empty for a table that is always shown."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A code block."""

    language: str
    text: str


Block = str | Table | Listing
"""A paragraph, a table or code."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of an article."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]
    place: SourceLine | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """A page of sections."""

    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a guide."""

    anchor: str
    text: str
    content: str
    """The text below it, up to the next heading."""
    level: int


@dataclass(frozen=True, slots=True)
class Guide:
    """A page written in Markdown."""

    markdown: str
    """The text, with links to other pages of the site."""
    html: str
    headings: tuple[Heading, ...]
    images: tuple[tuple[str, bytes], ...]
    """Files that the page shows: address and content."""


@dataclass(frozen=True, slots=True)
class Home:
    """The first page."""

    install: str
    sample: str
    counts: tuple[tuple[str, str], ...]
    guides: tuple[tuple[str, tuple[tuple[Link, str], ...]], ...]
    """In the groups of the navigation: title, guides with their summaries."""
    resources: tuple[tuple[Link, str, tuple[Link, ...]], ...]
    articles: tuple[tuple[Link, str], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the site."""

    url: str
    kind: str
    """``home``, ``method``, ``resource``, ``article`` or ``guide``."""
    title: str
    summary: str
    value: Home | MethodValue | ResourceValue | Article | Guide
    parent: Link | None = None
    origin: Origin | None = None
    place: SourceLine | None = None

    @property
    def markdown(self) -> str:
        """Return the address of the page in Markdown."""
        return self.url.removesuffix(".html") + ".md"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the navigation."""

    text: str
    href: str
    inner: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Navigation:
    """All pages, in groups."""

    groups: tuple[tuple[str, tuple[Entry, ...]], ...]


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that is rendered."""

    title: str
    version: str
    package: str
    environment: str
    address: str
    """Path of the API's address, for the try-it panel."""
    credentials: str
    """Credentials and where requests carry them, as JSON for the try-it panel."""
    pages: tuple[Page, ...]
    navigation: Navigation
    samples: int
    deprecated: frozenset[str] = frozenset()
    """Addresses of what is deprecated."""
