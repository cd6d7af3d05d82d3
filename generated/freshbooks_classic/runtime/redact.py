"""Redaction by the description: what is sensitive is known from the tables, not guessed from names.

Two nets: elements that the description marks are blanked where they stand, and the values that a call is known to hold (the
token, sensitive arguments, sensitive fields of the response) are blanked wherever else they turn up, such as in the text of a
failure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from .errors import ApiError, Error, ErrorDetail, OutcomeUnknownError
from .reading import all_text, find, local_name, parse_xml
from .record import Record
from .request import ListResponse, Method, PageResponse
from .scalars import Binary
from .schema import FieldSpec, RecordSchema
from .scrub import HIDDEN, blank, scrub

if TYPE_CHECKING:
    from .protocol import Protocol

__all__ = [
    "HIDDEN",
    "hidden_values",
    "redact_request",
    "redact_response",
    "scrub",
    "scrub_error",
    "secrets_in_request",
    "secrets_in_response",
    "secrets_of",
    "without_credentials",
]

_LARGEST_BROKEN: Final = 1024 * 1024
"""Bytes; a longer document that is no XML is not searched for what it would have held."""
_ANSWER: Final = "r"
_REQUEST: Final = "cu"


def secrets_of(shape: RecordSchema[Any], values: Mapping[str, Any]) -> set[str]:
    """Sensitive values among arguments, as the texts that would be seen."""
    found: set[str] = set()
    for name, value in values.items():
        item = shape.by_name.get(name)
        if item is not None:
            _collect(item, value, item.sensitive, found)
    return found


def _collect(item: FieldSpec, value: Any, sensitive: bool, found: set[str]) -> None:
    if isinstance(value, (list, tuple)):
        for inner in value:
            _collect(item, inner, sensitive, found)
    elif item.shape is not None:
        nested = item.shape()
        if isinstance(value, Record):
            value = _named(value, nested)
        if isinstance(value, Mapping):
            for name, inner in value.items():
                other = nested.by_name.get(str(name))
                if other is not None:
                    _collect(other, inner, sensitive or other.sensitive, found)
    elif sensitive and isinstance(value, str):
        found.add(value)
    elif sensitive and value is not None and not isinstance(value, bool) and item.codec is not None:
        try:
            found.add(item.codec.write(value))
        except ValueError:
            return  # a file, or nothing that can be sent


def _named(record: Record, shape: RecordSchema[Any]) -> dict[str, Any]:
    return {item.name: getattr(record, item.name, None) for item in shape.fields}


def secrets_in_request(method: Method[Any], document: bytes | str) -> set[str]:
    """Texts of a request document that must not be shown. Also those of arguments that could be walked only once."""
    root = _root(document)
    return set() if root is None else _texts(_request_spots(method, root))


def secrets_in_response(method: Method[Any], document: bytes | str) -> set[str]:
    """Texts of a response that must not be shown, as far as they can be found in one that is broken."""
    if method.response.binary:
        return set()
    root = _root(document)
    return set() if root is None else _texts(_answer_spots(method, root))


def _root(document: bytes | str) -> etree._Element | None:
    try:
        return parse_xml(document)
    except Error:
        pass
    content = document.encode("utf-8", "replace") if isinstance(document, str) else document
    if len(content) > _LARGEST_BROKEN or b"<!DOCTYPE" in content:
        return None
    parser = etree.XMLParser(
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root: etree._Element | None = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        return None
    if root is not None:
        etree.strip_tags(root, etree.Entity)
    return root


def hidden_values(values: Mapping[str, Any], shape: RecordSchema[Any]) -> dict[str, Any]:
    """Arguments without the sensitive ones, all the way down; also without files and what can be walked only once."""
    shown: dict[str, Any] = {}
    for name, value in values.items():
        item = shape.by_name.get(name)
        if item is None or item.sensitive or isinstance(item.codec, Binary):
            continue
        if isinstance(value, Iterator):
            continue
        shown[name] = _shown(item, value)
    return shown


def _shown(item: FieldSpec, value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_shown(item, inner) for inner in value]
    if item.shape is not None and isinstance(value, Mapping):
        return hidden_values({str(name): inner for name, inner in value.items()}, item.shape())
    if item.shape is not None and isinstance(value, Record):
        nested = item.shape()
        named = _named(value, nested)
        return hidden_values({k: v for k, v in named.items() if v is not None}, nested)
    return value


def redact_request(method: Method[Any], document: bytes | str, secrets: Iterable[str] = ()) -> str:
    """A request document as it may be shown."""
    try:
        root = parse_xml(document)
    except Error:
        return _withheld(document)
    return _redacted(root, list(_request_spots(method, root)), secrets)


def without_credentials(document: bytes, protocol: Protocol) -> bytes:
    """Return a request document without the elements and attributes that say who is calling."""
    places = [item.place for item in protocol.authentication if item.place is not None]
    places = [place for place in places if not place.source]
    if not places:
        return document
    root = parse_xml(document)
    for place in places:
        element = find(root, place.path)
        if element is None:
            continue
        if place.attribute is not None:
            if place.attribute in element.attrib:
                del element.attrib[place.attribute]
        else:
            element.text = None
        while element is not root and not (len(element) or element.attrib or element.text):
            parent = element.getparent()
            if parent is None:
                break
            parent.remove(element)
            element = parent
    return etree.tostring(root)


def redact_response(method: Method[Any], document: bytes | str, secrets: Iterable[str] = ()) -> str:
    """A response as it may be shown: files by their size, what is no XML not at all."""
    if method.response.binary and document[:1] not in (b"<", "<"):
        return f"[{len(document)} bytes]"
    if method.http is not None and not document:
        return ""
    try:
        root = parse_xml(document)
    except Error:
        return _withheld(document)
    return _redacted(root, list(_answer_spots(method, root)), secrets)


def _withheld(document: bytes | str) -> str:
    return f"[{len(document)} {'bytes' if isinstance(document, bytes) else 'characters'}, not XML]"


def _redacted(root: etree._Element, spots: list[_Spot], secrets: Iterable[str]) -> str:
    hidden = {*secrets, *_texts(spots)}
    for spot in spots:
        spot.blank()
    text = etree.tostring(root, encoding="unicode")
    if blank(text, hidden) == text:
        return text
    # Some secret is still there. It is taken out of texts and attributes only, lest one that is a word like "name" take the
    # names of elements with it and leave no document.
    for element in root.iter():
        element.text = blank(element.text, hidden) if element.text else element.text
        element.tail = blank(element.tail, hidden) if element.tail else element.tail
        for name, value in element.attrib.items():
            element.set(name, blank(str(value), hidden))
    return etree.tostring(root, encoding="unicode")


def scrub_error(error: Error, secrets: Iterable[str], codes: Collection[str] = ()) -> None:
    """Take ``secrets`` out of an error and of all that is chained to it. ``codes`` are described, and so hold none."""
    secrets = list(secrets)
    error.message = scrub(error.message, secrets)
    error.args = (error.message,)
    if error.code is not None and error.code not in codes:
        error.code = scrub(error.code, secrets)
    if error.field is not None:
        error.field = scrub(error.field, secrets)
    if isinstance(error, ApiError):
        error.errors = tuple(_scrubbed(detail, secrets, codes) for detail in error.errors)
    if isinstance(error, OutcomeUnknownError):
        error.look_up = scrub(error.look_up, secrets)
    if error.__suppress_context__:
        error.__context__ = None  # not printed, but still reachable
    for name in ("__cause__", "__context__"):
        chained = getattr(error, name)
        if isinstance(chained, Error):
            scrub_error(chained, secrets, codes)
        elif chained is not None:
            setattr(error, name, _clean(chained, secrets))


def _scrubbed(detail: ErrorDetail, secrets: list[str], codes: Collection[str]) -> ErrorDetail:
    """Return one of the errors of a response without secrets."""
    texts = (
        text if text is None or (name == "code" and text in codes) else scrub(text, secrets)
        for name, text in zip(detail._fields, detail, strict=True)
    )
    return ErrorDetail(*texts)  # type: ignore[arg-type]


def _clean(error: BaseException, secrets: list[str]) -> BaseException:
    """A foreign exception, such as that of a transport; where it shows a secret, another that tells the rest of it."""
    import traceback

    shown = "".join(traceback.format_exception(type(error), error, None))
    if blank(shown, secrets) == shown:
        return error
    return Error(f"{type(error).__name__}: {scrub(str(error), secrets)}")


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place of a document that holds something sensitive: an attribute, an element's own text, or all of an element."""

    element: etree._Element
    attribute: str | None = None
    own_text: bool = False
    attributes: bool = False
    """Whether the attributes of the element are sensitive too; those of a single value are marks such as ``deprecated``."""

    def texts(self) -> Iterator[str]:
        """What is there, in whole and in pieces."""
        element = self.element
        if self.attribute is not None:
            yield str(element.get(self.attribute))
        elif self.own_text:
            yield element.text or ""
            yield from (child.tail or "" for child in element)
        else:
            yield all_text(element)
            for inner in element.iter():
                yield inner.text or ""
                if inner is not element:
                    yield inner.tail or ""
                if inner is not element or self.attributes:
                    yield from map(str, inner.attrib.values())

    def blank(self) -> None:
        """Put a mark in its place; an empty tag stays one."""
        element = self.element
        if self.attribute is not None:
            element.set(self.attribute, HIDDEN)
        elif self.own_text:
            if (element.text or "").strip():
                element.text = HIDDEN
            for child in element:
                if (child.tail or "").strip():
                    child.tail = HIDDEN
        else:
            for name in element.attrib if self.attributes else ():
                element.set(name, HIDDEN)
            if (element.text or "").strip() or len(element):
                for child in list(element):
                    element.remove(child)
                element.text = HIDDEN


def _texts(spots: Iterable[_Spot]) -> set[str]:
    return {text.strip() for spot in spots for text in spot.texts() if text.strip()}


def _request_spots(method: Method[Any], root: etree._Element) -> Iterator[_Spot]:
    payload = method.arguments_in(root)
    if payload is not None:
        yield from _spots(payload, method.arguments, _REQUEST)


def _answer_spots(method: Method[Any], root: etree._Element) -> Iterator[_Spot]:
    payload = find(root, method.protocol.response_payload)
    response = (
        method.response.rows if isinstance(method.response, PageResponse) else method.response
    )
    shape = response.record
    if payload is None or shape is None:
        return
    holder = find(payload, getattr(response, "path", ()))
    items = [] if holder is None else [holder]
    if isinstance(response, ListResponse) and holder is not None:
        items = [child for child in holder if local_name(child) == response.item]
    for item in items:
        yield from _spots(item, shape, _ANSWER)


def _spots(element: etree._Element, shape: RecordSchema[Any], letters: str) -> Iterator[_Spot]:
    """The sensitive places of one record's element."""
    for item in shape.fields:
        if not any(letter in item.access for letter in letters):
            continue
        if not item.sensitive and item.shape is None:
            continue
        if item.attribute is not None:
            wanted = item.attribute.rpartition(":")[2]
            for place in _places(element, item.path):
                for name in place.attrib:
                    if str(name).rpartition("}")[2] == wanted:
                        yield _Spot(place, str(name))
            continue
        if item.content and item.sensitive:
            yield _Spot(element, own_text=True)
        if item.path:
            for place in _places(element, item.path):
                yield from _inside(place, item, letters)
        if item.bare and item.shape is not None:
            for wrapper in _places(element, item.path[:-1]):
                yield from _inside(wrapper, item, letters)


def _inside(element: etree._Element, item: FieldSpec, letters: str) -> Iterator[_Spot]:
    if item.sensitive:
        yield _Spot(element, attributes=item.shape is not None)
    elif item.shape is not None:
        yield from _spots(element, item.shape(), letters)


def _places(element: etree._Element, path: tuple[str, ...]) -> list[etree._Element]:
    places = [element]
    for name in path:
        local = name.rpartition(":")[2]
        places = [
            child
            for place in places
            for child in place
            if local == "*" or local_name(child) == local
        ]
    return places
