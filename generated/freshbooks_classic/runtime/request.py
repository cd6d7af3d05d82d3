"""A call as a value: built from arguments without sending anything, and able to read its own response."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar, overload

from lxml import etree

from .errors import ArgumentError, Error, InvalidDocumentError, Problem
from .failures import failed_by_rule
from .files import File
from .places import Place
from .protocol import Protocol
from .reading import Reader, as_unknown, find, local_name, parse_xml
from .record import Arguments, Unknown
from .scalars import Codec
from .schema import Mode, RecordSchema, WriteTable
from .unset import UNSET
from .writing import Part, Writer, with_ids

if TYPE_CHECKING:
    from .http_binding import ArgumentPlan, HttpBinding, HttpParts
    from .transport import HttpResponse

T = TypeVar("T")

_COUNTER: Final = re.compile(r"[0-9]{1,18}\Z").match

_SHOWN_ROWS: Final = 3
"""Rows in the ``repr`` of a page."""

Retry = Literal["safe", "idempotent", "ambiguous"]
"""Whether a call may be repeated when its response was lost: it changes nothing; changing twice is the same as once; or
it is unknown whether it was processed."""


@dataclass(frozen=True, slots=True)
class Request(Generic[T]):
    """One call, ready to be sent: a pure value, with nothing of a connection in it."""

    method: str
    """The API method, such as ``"client.get"``."""
    xml: bytes = field(repr=False)
    """The request document, UTF-8."""
    endpoint: Method[T] = field(repr=False, compare=False)
    parts: tuple[Part, ...] = ()
    """What travels beside the document in a multipart body: files, and texts that have no file name."""
    values: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """The arguments it was built from, without those left out."""
    http: HttpParts | None = field(default=None, repr=False, compare=False)
    """Verb, path and parameters; None for a document that is POSTed to the URL of the API."""

    def position(self) -> Cursor | None:
        """Return where the page begins that the arguments ask for; None where they do not say."""
        argument = self.endpoint.protocol.paging.position
        if isinstance(argument, str):
            value: Cursor | None = self.values.get(argument)
            return value if isinstance(value, (int, str)) else None
        values = tuple(self.values.get(name) or None for name in argument)
        return values if any(values) else None

    def at_page(self, position: Cursor | None) -> Request[T]:
        """Return the request for another page of the same list; None is the page asked for."""
        if position is None:
            return self
        paging = self.endpoint.protocol.paging
        if paging.style == "link":
            assert self.http is not None
            return replace(self, http=replace(self.http, link=str(position)))
        names = paging.arguments
        places = position if isinstance(position, tuple) else (position,)
        given = {
            name: UNSET if place is None else place
            for name, place in zip(names, places, strict=True)
        }
        return self.endpoint.request({**self.values, **given})

    @property
    def retry(self) -> Retry:
        """The retry class of the method."""
        return self.endpoint.retry

    def parse(self, response: bytes | str, *, strict: bool = True) -> T:
        """The value of a response document. Raises the failure that the response tells of."""
        return self.endpoint.parse_response(response, strict=strict)


Cursor = int | str | tuple[str | None, ...]
"""Where a page begins: its number or that of its first row, a cursor (or several), or a URL."""


@dataclass(frozen=True, slots=True)
class Page(Sequence[T]):
    """One page of a list, with the counters as the response had them; a sequence of its rows."""

    items: tuple[T, ...]
    position: int | None = None
    """Number of the page (or of the row, for an API that counts rows)."""
    size: int | None = None
    """Rows that a page may have."""
    pages: int | None = None
    """How many pages there are; 0 for an empty list."""
    total: int | None = None
    """How many rows all pages have together."""
    unknown: tuple[Unknown, ...] = field(default=(), compare=False)
    next: Cursor | None = field(default=None, compare=False)
    """Where the walk goes on after this page, to be given to ``pages(resume=...)``; None at the end."""
    cursor: Cursor | None = field(default=None, compare=False)
    """The mark of the next page as the response has it: a cursor, or the URL of a link."""
    more: bool | None = field(default=None, compare=False)
    """Whether the response says that more pages follow; None where it does not say."""

    def followed_by(self, position: Cursor | None) -> Page[T]:
        """The same page in a walk that goes on at ``position``."""
        return replace(self, next=position)

    def __repr__(self) -> str:
        counters = [(name, getattr(self, name)) for name in ("position", "pages", "size", "total")]
        known = "".join(f"{name}={value!r}, " for name, value in counters if value is not None)
        shown = [*map(repr, self.items[:_SHOWN_ROWS])]
        more = len(self.items) - len(shown)
        return f"Page({known}items=[{', '.join(shown + [f'... {more} more'] * bool(more))}])"

    def _repr_html_(self) -> str:
        from .data import rows_html

        of = f" of {self.total}" if self.total is not None else ""
        text: str = rows_html(self.items, f"{len(self.items)}{of} rows.")
        return text

    def to_dicts(self, *, show_secrets: bool = False) -> list[dict[str, Any]]:
        """Return the rows as dictionaries; see :meth:`Record.to_dict`."""
        from .data import as_data

        return [as_data(item, show_secrets=show_secrets) for item in self.items]

    def to_json(self, *, indent: int | None = None, show_secrets: bool = False) -> str:
        """Return the rows as a JSON array; see :meth:`Record.to_json`."""
        from .data import as_json

        text: str = as_json(self.items, indent=indent, show_secrets=show_secrets)
        return text

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        return self.items[index]


class ResponseReader(Generic[T]):
    """How the response of a method is read."""

    __slots__ = ()
    binary = False

    @property
    def record(self) -> RecordSchema[Any] | None:
        """The table of the records that the response holds, if it holds records."""
        return None

    @property
    def whole_body(self) -> bool:
        """Whether a field is the body itself, which then is not a document."""
        return self.record is not None and any(
            item.location is not None and item.location[0] == "body" for item in self.record.fields
        )

    def read(self, payload: etree._Element, reader: Reader, protocol: Protocol) -> T:
        """Return the value, from the element that holds it."""
        raise NotImplementedError  # pragma: no cover

    def read_empty(self, reader: Reader) -> T:
        """Return the value of a response without a document."""
        raise InvalidDocumentError("the response is empty")


class EmptyResponse(ResponseReader[None]):
    """The response says only that it worked."""

    __slots__ = ()

    def read(self, payload: etree._Element, reader: Reader, protocol: Protocol) -> None:
        """Return the value of a response, from the element that holds it."""
        return

    def read_empty(self, reader: Reader) -> None:
        """Return the value of a response without a document."""
        return


class ScalarResponse(ResponseReader[T]):
    """One value, such as the ID of what was created."""

    __slots__ = ("codec", "path", "place")

    def __init__(self, path: str, codec: Codec) -> None:
        self.place = Place.of(path)
        self.path = self.place.path
        self.codec = codec

    def read(self, payload: etree._Element, reader: Reader, protocol: Protocol) -> T:
        """Return the value of a response, from the element that holds it."""
        place = self.place
        if place.source or place.attribute is not None:
            text = place.text(payload, reader.response)
            if text is None:
                return _missing(reader, (*self.path, place.attribute or place.name))  # type: ignore[no-any-return]
            return reader.text(payload, self.label, text, self._value)  # type: ignore[no-any-return]
        found = find(payload, self.path)
        if found is None:
            return _missing(reader, self.path)  # type: ignore[no-any-return]
        return reader.text(found, self.label, found.text or "", self._value)  # type: ignore[no-any-return]

    @property
    def label(self) -> str:
        """What an error calls the value."""
        return self.place.attribute or self.place.name or (self.path or ("value",))[-1]

    def read_empty(self, reader: Reader) -> T:
        """Return the value of a response without a document."""
        return self.read(etree.Element("empty"), reader, None)  # type: ignore[arg-type]

    def _value(self, text: str) -> Any:
        value = self.codec.read(text)
        if value is None:
            raise ValueError(self.codec.expected)
        return value


class RecordResponse(ResponseReader[T]):
    """One record."""

    __slots__ = ("path", "shape")

    def __init__(self, path: str, shape: RecordSchema[T]) -> None:
        self.path = _path(path)
        self.shape = shape

    @property
    def record(self) -> RecordSchema[Any] | None:
        """The schema of the records in the response."""
        return self.shape

    def read(self, payload: etree._Element, reader: Reader, protocol: Protocol) -> T:
        """Return the value of a response, from the element that holds it."""
        found = find(payload, self.path)
        if found is None:
            if reader.strict:
                return _missing(reader, self.path)  # type: ignore[no-any-return]
            found = etree.Element(self.path[-1])
        value: Any = reader.record(found, self.shape)
        if not self.path and value.unknown:  # what the envelope is read from is beside the fields
            around = protocol.around
            value.unknown = tuple(
                item for item in value.unknown if item.path.partition("/")[0] not in around
            )
        return value  # type: ignore[no-any-return]

    def read_empty(self, reader: Reader) -> T:
        """Return the value of a response without a document."""
        return reader.record(etree.Element("empty"), self.shape)  # type: ignore[no-any-return]


class ListResponse(ResponseReader[list[T]]):
    """A list that comes whole: records, or single values."""

    __slots__ = ("codec", "item", "path", "shape")

    def __init__(self, path: str, item: str, kind: RecordSchema[T] | Codec) -> None:
        self.path = _path(path)
        self.item = item.rpartition(":")[2]
        self.shape: RecordSchema[T] | None = kind if isinstance(kind, RecordSchema) else None
        self.codec = kind if isinstance(kind, Codec) else None

    @property
    def record(self) -> RecordSchema[Any] | None:
        """The schema of the records in the response."""
        return self.shape

    def read(self, payload: etree._Element, reader: Reader, protocol: Protocol) -> list[T]:
        """Return the value of a response, from the element that holds it."""
        found = find(payload, self.path)
        if found is None:
            return _missing(reader, self.path) or []
        rows, _ = self.rows(found, reader)
        return rows

    def rows(self, wrapper: etree._Element, reader: Reader) -> tuple[list[T], list[Unknown]]:
        """The items of a wrapper, and what else is in it."""
        rows: list[T] = []
        unknown: list[Unknown] = []
        shape, codec, item = self.shape, self.codec, self.item
        for child in wrapper:
            if local_name(child) != item:
                unknown.append(as_unknown(child, local_name(child)))
            elif shape is not None:
                rows.append(reader.record(child, shape))
            else:
                assert codec is not None
                rows.append(reader.text(child, item, child.text or "", codec.read))
                unknown += _others(child, None, f"{item}/")
        return rows, unknown


class PageResponse(ResponseReader[Page[T]]):
    """One page of a list of records, with its counters."""

    __slots__ = ("rows",)

    def __init__(self, path: str, item: str, shape: RecordSchema[T]) -> None:
        self.rows = ListResponse(path, item, shape)

    @property
    def record(self) -> RecordSchema[Any] | None:
        """The schema of the records in the response."""
        return self.rows.shape

    def read(self, payload: etree._Element, reader: Reader, protocol: Protocol) -> Page[T]:
        """Return the value of a response, from the element that holds it."""
        found = find(payload, self.rows.path)
        if found is None:
            _missing(reader, self.rows.path)
            return Page(())
        items, unknown = self.rows.rows(found, reader)
        counters: dict[str, Any] = {}
        paging = protocol.paging
        for name, place in paging.counters.items():
            text = (place.text(found, reader.response) or "").strip()
            counters[name] = int(text) if _COUNTER(text) else None
        marks: dict[str, Any] = {}
        if paging.next or paging.more is not None:
            from .cursors import read_marks

            marks = read_marks(paging, found, reader.response)
        if unknown:  # counters that are elements are among the rows
            unknown = [item for item in unknown if item.path not in paging.beside]
        return Page(tuple(items), **counters, **marks, unknown=tuple(unknown))


class BinaryResponse(ResponseReader[File]):
    """Bytes instead of a document."""

    __slots__ = ("media",)
    binary = True

    def __init__(self, *media: str) -> None:
        self.media = media


def _path(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part not in ("", "."))


def _missing(reader: Reader, path: tuple[str, ...]) -> Any:
    if reader.strict:
        raise InvalidDocumentError(f"the response has no <{'/'.join(path)}>")
    return None


class Method(Generic[T]):
    """One method of the API: how its request is written and its response is read."""

    __slots__ = (
        "_filled",
        "_plan",
        "_protocol",
        "_ready",
        "arguments",
        "authenticated",
        "callers",
        "destructive",
        "http",
        "mode",
        "name",
        "paging_ignored",
        "response",
        "retry",
        "wrapper",
    )

    def __init__(
        self,
        protocol: Protocol,
        name: str,
        arguments: RecordSchema[Any],
        response: ResponseReader[T],
        *,
        retry: Retry,
        wrapper: str | None = None,
        mode: Mode = "write",
        paging_ignored: bool = False,
        callers: str = "",
        http: HttpBinding | None = None,
        authenticated: bool = True,
        destructive: bool = False,
    ) -> None:
        self._protocol = protocol
        self._filled = False
        self.name = name
        self.arguments = arguments
        self.response = response
        self.retry: Retry = retry
        self.wrapper = wrapper
        self.mode: Mode = mode
        self.paging_ignored = paging_ignored
        """Return whether the server returns the same page for every position."""
        self.callers = callers
        """Who may call it, in words."""
        self.http = http
        """Verb, path and parameters; None for a document that is POSTed to the URL of the API."""
        self.authenticated = authenticated
        """Whether calls carry the credentials."""
        self.destructive = destructive
        """Whether it deletes, so that a person is asked before."""
        self._ready: tuple[WriteTable, str, str] | None = None
        self._plan: ArgumentPlan | None = None

    def __repr__(self) -> str:
        return f"<Method {self.name}>"

    @property
    def protocol(self) -> Protocol:
        """The protocol of the API, as it is for this method."""
        if not self._filled:
            self._filled = True
            self._protocol = self._protocol.for_method(self.name)
        return self._protocol

    @property
    def plan(self) -> ArgumentPlan:
        """Where its arguments go; made when first needed."""
        if self._plan is None:
            from .http_binding import ArgumentPlan

            self._plan = ArgumentPlan(self)
        return self._plan

    def _prepare(self) -> tuple[WriteTable, str, str]:
        """Make the table of the arguments, and the text before and after them.

        It is made when first needed, because a program imports many methods and calls few.
        """
        self._ready = (self.arguments.writer(self.mode), *self.protocol.envelope(self.name))
        return self._ready

    def request(self, values: Mapping[str, Any]) -> Request[T]:
        """The request for these arguments; what is UNSET is left out.

        A record may be given where its ID is wanted.

        Raises:
            ArgumentError: an argument is missing, not known, or cannot be sent.
        """
        try:
            return self._request(values)
        except ArgumentError:
            with_records = values
            values = with_ids(self.arguments, values)
            if values == with_records:
                raise
        return self._request(values)

    def _request(self, values: Mapping[str, Any]) -> Request[T]:
        if self.http is not None:
            return self._bound(values)
        table, opening, closing = self._ready or self._prepare()
        writer = Writer(self._protocol.nil_attribute)
        body = ""
        met: ArgumentError | None = None
        try:
            if self.wrapper is None:
                body = writer.fields(table, values)
            else:
                body = writer.element(self.wrapper, table, values)
        except ArgumentError as error:
            met = error
        # Raised here, so that no reason that names a sensitive value is chained.
        if met is not None:
            raise self._all_of(met, writer.sent(values))
        xml = f"{opening}{body}{closing}".encode()
        return Request(self.name, xml, self, tuple(writer.parts), writer.sent(values))

    def _bound(self, values: Mapping[str, Any]) -> Request[T]:
        """Return a request with a verb, a path and parameters."""
        plan = self.plan
        writer = Writer(self._protocol.nil_attribute)
        met: ArgumentError | None = None
        xml, parts = b"", None
        try:
            xml = plan.document(writer, values)
            parts = plan.parts(writer, values)
        except ArgumentError as error:
            met = error
        if met is not None:
            raise self._all_of(met, writer.sent(values))
        return Request(self.name, xml, self, tuple(writer.parts), writer.sent(values), parts)

    def _all_of(self, error: ArgumentError, values: Mapping[str, Any]) -> ArgumentError:
        """The error for all problems of a call, of which the writer met the first."""
        return ArgumentError.of(self.problems(values) or error.problems, self.name)

    def problems(self, values: Mapping[str, Any]) -> tuple[Problem, ...]:
        """Everything that is wrong with arguments, limits and words of the description included."""
        from .validation import problems

        paged = isinstance(self.response, PageResponse)
        return problems(self.arguments, values, self.mode, self.protocol.paging if paged else None)

    def build(self, values: Mapping[str, Any]) -> Request[T]:
        """As :meth:`request`, for arguments that no signature has checked: required ones must be there."""
        for name in self.arguments.writer(self.mode).required:
            if values.get(name, UNSET) in (None, UNSET):
                raise self._all_of(ArgumentError("is required", path=name), values)
        return self.request(values)

    def arguments_in(self, root: etree._Element) -> etree._Element | None:
        """Return the element of a request document that holds the arguments; None where it has none."""
        protocol = self.protocol
        if protocol.request_root:
            payload = find(root, protocol.request_payload)
            if payload is None or self.wrapper is None:
                return payload
            return find(payload, (self.wrapper,))
        if self.wrapper is not None:
            return root
        holder = etree.Element("arguments")  # the one argument is the root
        holder.append(root)
        return holder

    def parse_request(self, payload: etree._Element) -> Arguments:
        """Arguments of a request document, from the element that holds them."""
        outer: tuple[Unknown, ...] = ()
        holder: etree._Element | None = payload
        if self.wrapper is not None:
            holder = find(payload, (self.wrapper,))
            outer = tuple(
                as_unknown(child, local_name(child)) for child in payload if child is not holder
            )
        read = Arguments() if holder is None else self.read_arguments(holder)
        if outer:
            read.unknown = (*read.unknown, *outer)
        return read

    def read_arguments(self, holder: etree._Element) -> Arguments:
        """Return the arguments from the element that holds them itself."""
        reader = self.protocol.reader(self.mode, strict=False)
        read: Arguments = reader.record(holder, self.arguments)
        return read

    def parse_response(
        self,
        document: bytes | str,
        *,
        strict: bool = True,
        response: HttpResponse | None = None,
    ) -> T:
        """Return the value of a response document.

        Args:
            document: the body.
            strict: raise for a value of a wrong type; else it becomes :class:`Raw` text.
            response: status and headers, where the description reads values from them.

        Raises:
            ApiError: the response says that the call failed.
            InvalidDocumentError: it is not XML, not a response, or (``strict``) holds a value of a wrong type.
        """
        if self.response.binary:
            return self._bytes(document)
        try:
            if self.has_no_document(document):
                self._refuse_failure(document, response)
                reader = self.protocol.reader(strict=strict, response=response)
                return self.response.read_empty(reader)
            status = None if response is None else response.status
            payload = self.protocol.payload(document, self.name, status, response)
            return self.read_payload(payload, strict=strict, response=response)
        except Error as error:
            error.method = error.method or self.name
            raise

    def _refuse_failure(self, document: bytes | str, response: HttpResponse | None) -> None:
        """Raise the failure that a document is where none is expected."""
        protocol = self.protocol
        text = document.encode() if isinstance(document, str) else document
        marked = any(rule.roots or rule.when for rule in protocol.failures)
        if marked and text.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            try:
                root = parse_xml(document)
            except InvalidDocumentError:
                return
            if failed_by_rule(protocol.failures, root):
                status = None if response is None else response.status
                raise protocol.failure(root, self.name, status, response)

    def has_no_document(self, document: bytes | str) -> bool:
        """Return whether there is no document to read: an empty body, or one that is a value itself."""
        if self.http is None:
            return False
        if isinstance(self.response, EmptyResponse) and not self.protocol.response_root:
            return True
        return not document.strip() or self.response.whole_body

    def read_payload(
        self,
        payload: etree._Element,
        *,
        strict: bool = True,
        response: HttpResponse | None = None,
    ) -> T:
        """Return the value of a response that is parsed already, from the element that holds it."""
        reader = self.protocol.reader(strict=strict, response=response)
        return self.response.read(payload, reader, self.protocol)

    def _bytes(self, document: bytes | str) -> T:
        content = document.encode() if isinstance(document, str) else document
        self.refuse_document(content)
        return File(content)  # type: ignore[return-value]

    def refuse_document(self, content: bytes) -> None:
        """Raise what a document in place of a file stands for, mostly a failure; nothing for the bytes of a file."""
        start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
        if start.startswith(b"<"):
            self.protocol.payload(content, self.name)
            raise InvalidDocumentError(
                "the response is a document where a file should be", method=self.name
            )
        if not content:
            raise InvalidDocumentError(
                "the response is empty where a file should be", method=self.name
            )

    def unknown_in(self, document: bytes | str) -> list[Unknown]:
        """Elements directly below a response's payload that the method's response does not explain."""
        if self.response.binary:
            return []
        return self.unknown_below(self.protocol.payload(document, self.name))

    def unknown_below(self, payload: etree._Element) -> list[Unknown]:
        """As :meth:`unknown_in`, for a response that is parsed already."""
        response = self.response.rows if isinstance(self.response, PageResponse) else self.response
        if not isinstance(response, (EmptyResponse, ScalarResponse, RecordResponse, ListResponse)):
            return []
        unknown: list[Unknown] = []
        prefix = ""
        element = payload
        for name in () if isinstance(response, EmptyResponse) else response.path:
            found = find(element, (name,))
            unknown += _others(element, found, prefix)
            if found is None:
                return unknown
            element = found
            prefix += f"{name}/"
        if isinstance(response, (EmptyResponse, ScalarResponse)):  # nothing more should be inside
            unknown += _others(element, None, prefix)
        if isinstance(
            self.response, ListResponse
        ):  # its value is a mere list, which cannot keep them
            _, others = self.response.rows(element, Reader(strict=False))
            unknown += [replace(item, path=prefix + item.path) for item in others]
        return unknown


def _others(element: etree._Element, known: etree._Element | None, prefix: str) -> list[Unknown]:
    """What is in an element beside the one child that is known."""
    return [
        as_unknown(child, prefix + local_name(child)) for child in element if child is not known
    ]
