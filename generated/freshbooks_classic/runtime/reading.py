"""From the bytes of a document to records, by the tables of :mod:`.shape`."""

from __future__ import annotations

import codecs
import copy
import re
import threading
from collections.abc import Callable, Collection
from typing import Any, Final

from lxml import etree

from .errors import InvalidDocumentError
from .record import Arguments, Raw, Unknown
from .scalars import escape
from .schema import NAMED, RAW_XML, REPEATED, UNDESCRIBED, Mode, Nested, ReadTable, RecordSchema

LARGEST_DOCUMENT: Final = 64 * 1024 * 1024
"""Bytes; a longer document is refused unread. A full page of long records has less than one million."""

MOST_NODES: Final = 500_000
"""Tags and attributes; a document with more is refused unread, since each takes far more memory than its few bytes."""

LONGEST_NAME: Final = 1000
"""Characters of an element's name with its namespace. The namespace is written once and counts for every element."""

_SMALL: Final = 4 * MOST_NODES
"""The shortest node has four bytes, so a smaller document needs no counting."""


# Hardened: no entity is expanded, no DTD loaded, nothing fetched, libxml2's limits on depth and size stay on. Comments
# and processing instructions are dropped by the parser, so that a text around them is one text; so is the white space that
# only indents, half of all nodes otherwise. A text that is white space, or has any in it, stays as it is.
class _Parser(threading.local):
    """A parser of each thread: the lock of a shared one may be held by another thread when the process forks."""

    def __init__(self) -> None:
        self.parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
            remove_blank_text=True,
            recover=False,
        )


_LOCAL: Final = _Parser()


def parse_xml(document: bytes | str) -> etree._Element:
    """The root element of a document. Raises :class:`InvalidDocumentError` for anything but one plain XML document."""
    _refuse_long(document)
    document = _as_bytes(document)
    _refuse_long(document)
    if len(document) > _SMALL and document.count(b"<") + document.count(b"=") > MOST_NODES:
        raise InvalidDocumentError(f"the document has more than {MOST_NODES:,} tags and attributes")
    if not document or document.isspace():
        raise InvalidDocumentError("the document is empty")
    namespace = _NAMESPACE(document)
    # Only a declaration stands before the element where that is set, so there is no DTD and no need to look for one.
    if namespace is None and _has_dtd(document):
        raise InvalidDocumentError("the document has a DTD, which this API never sends")
    try:
        root = etree.fromstring(_without(document, namespace), _LOCAL.parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        line = getattr(error, "lineno", None)
        start = document[:40].decode("utf-8", "replace")
        raise InvalidDocumentError(
            f"the document is not well-formed XML ({_reason(error)}); it begins {start!r}",
            line=line,
        ) from None
    # In an encoding where the test above is blind.
    if root.getroottree().docinfo.internalDTD is not None:
        raise InvalidDocumentError("the document has a DTD, which this API never sends")
    return root


_NAMESPACE: Final = re.compile(
    rb"""(?:\xef\xbb\xbf)?\s*(?:<\?xml\s[^<>]*\?>\s*)?"""
    rb"""<[A-Za-z_][\w.-]*(?:\s+(?!xmlns\s*=)[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s+"""
    rb"""(xmlns\s*=\s*(?:"[^"<]{0,200}"|'[^'<]{0,200}'))"""
).match
"""A document whose root element sets the default namespace; the group is that attribute."""


def _without(document: bytes, found: re.Match[bytes] | None) -> bytes:
    """The document without the default namespace of its root element.

    Names are matched without their namespaces anyway, and to read a name that has one takes twice as long as one that
    has none: a fifth of all that a long response takes.
    """
    if found is None:
        return document
    start, end = found.span(1)
    blank = b" " * (end - start)  # of the same length, for the columns that errors name
    return b"".join((document[:start], blank, memoryview(document)[end:]))


def _refuse_long(document: bytes | str) -> None:
    if len(document) > LARGEST_DOCUMENT:
        raise InvalidDocumentError(f"the document has more than {LARGEST_DOCUMENT:,} bytes")


_WIDE: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    ("<".encode("utf-32-le"), "utf-32-le"),
    ("<".encode("utf-32-be"), "utf-32-be"),
    ("<".encode("utf-16-le"), "utf-16-le"),
    ("<".encode("utf-16-be"), "utf-16-be"),
)
"""How a document in an encoding of several bytes a character begins; the longer beginnings first."""

_DECLARATION: Final = re.compile(r"\s*<\?xml\s[^>]*\?>")
_PROLOG: Final = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)


def _as_bytes(document: bytes | str) -> bytes:
    """The document in an encoding that has ASCII in it, so that the tests on its bytes see what the parser sees."""
    if isinstance(document, bytes):
        for start, encoding in _WIDE:
            if document.startswith(start):
                return _text_as_bytes(_decoded(document, encoding))
        # The parser wants the declaration to be the very first thing; servers let a blank line slip in before it.
        if document[:1].isspace() or document.startswith(codecs.BOM_UTF8):
            document = document.removeprefix(codecs.BOM_UTF8).lstrip()
        return document
    return _text_as_bytes(document)


def _decoded(document: bytes, encoding: str) -> str:
    try:
        return document.decode(encoding)
    except UnicodeDecodeError as error:
        raise InvalidDocumentError(f"the document is not {encoding}: {error.reason}") from None


def _text_as_bytes(document: str) -> bytes:
    document = document.removeprefix("\ufeff")
    declaration = _DECLARATION.match(document)
    if declaration is not None:  # a declared encoding says nothing about text
        document = document[declaration.end() :]
    return document.encode("utf-8", "surrogatepass")


def _has_dtd(document: bytes) -> bool:
    if b"<!DOCTYPE" not in document:
        return False
    # Elsewhere the words may be text, in a CDATA section or a comment.
    prolog = _PROLOG.match(document)
    return prolog is not None and document.startswith(b"<!DOCTYPE", prolog.end())


def _reason(error: Exception) -> str:
    said = getattr(error, "msg", None) or str(error)
    return str(said).split("\n", 1)[0][:200]


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return local_part(element.tag)


def local_part(tag: str) -> str:
    """A name without its namespace. Raises :class:`InvalidDocumentError` for one that is too long to be meant well."""
    if len(tag) > LONGEST_NAME:
        raise InvalidDocumentError(f"an element's name has more than {LONGEST_NAME:,} characters")
    return tag.rpartition("}")[2]


def find(element: etree._Element, path: tuple[str, ...]) -> etree._Element | None:
    """The first element down ``path``, by local names; the element itself for an empty path."""
    for name in path:
        local = name.rpartition(":")[2]
        for child in element:
            if local_name(child) == local:
                element = child
                break
        else:
            return None
    return element


def line_of(element: etree._Element) -> int | None:
    """Line of the document that an element begins in."""
    line: object = element.sourceline
    return line if isinstance(line, int) else None


def all_text(element: etree._Element) -> str:
    """All text inside an element."""
    return "".join(str(text) for text in element.itertext())


def as_unknown(element: etree._Element, path: str) -> Unknown:
    """Return an undescribed element as it is kept."""
    for inner in element.iter():
        local_name(inner)
        for name in inner.attrib:
            local_part(str(name))
    # The copy leaves behind the namespaces of the document that are not used in here.
    xml = etree.tostring(copy.deepcopy(element), encoding="unicode", with_tail=False)
    return Unknown(path, xml, all_text(element) if len(element) else element.text or "")


class Reader:
    """Reads elements into values. ``strict`` refuses values of a wrong type; else they stay :class:`Raw` text."""

    __slots__ = ("mode", "response", "strict")

    def __init__(
        self, mode: Mode = "response", *, strict: bool = True, response: Any = None
    ) -> None:
        self.mode: Mode = mode
        self.strict = strict
        self.response = response
        """The HTTP response, for fields that are headers, the status or the whole body."""

    def record(self, element: etree._Element, shape: RecordSchema[Any]) -> Any:
        """One record from its element."""
        return self._record(element, shape.reader(self.mode))

    def _record(
        self,
        element: etree._Element,
        table: ReadTable,
        elements: Collection[etree._Element] | None = None,
    ) -> Any:
        values: dict[str, Any] = {}
        unknown = self.into(element, table, values, elements)
        if table.fallbacks:
            _take_fallbacks(table, values)
        if table.located and self.response is not None:
            self._located(table, values)
        made: Any
        make = table.make
        if make is None:
            made = Arguments(values)
            _keep_refused(made, table.shape)
        else:
            try:
                made = make(**values)
            except TypeError:
                made = self._incomplete(element, table.shape, values)
        if unknown:
            made.unknown = tuple(unknown)
        return made

    def _incomplete(
        self, element: etree._Element, shape: RecordSchema[Any], values: dict[str, Any]
    ) -> Any:
        make: Any = shape.make
        missing = [
            name
            for name, item in make.__dataclass_fields__.items()
            if name not in values and item.default is item.default_factory
        ]
        if self.strict:
            if self.response is not None and not self.response.body:
                raise InvalidDocumentError(f"the response has no document, and so no {missing[0]}")
            raise self._unreadable(element, f"<{local_name(element)}> has no <{missing[0]}>")
        return make(**values, **dict.fromkeys(missing))

    def into(
        self,
        element: etree._Element,
        table: ReadTable,
        values: dict[str, Any],
        elements: Collection[etree._Element] | None = None,
    ) -> list[Unknown] | None:
        """Read the children of ``element`` (or just ``elements``) into ``values``, and return what is not known."""
        unknown: list[Unknown] | None = None
        tags = table.tags
        value: Any
        # A list of all is quicker than an iterator that finds one after another.
        inside: Collection[etree._Element] = element[:] if elements is None else elements  # type: ignore[assignment,index]
        held = len(values)
        more = 0  # how many values there will be beyond one for each element
        for child in inside:
            tag = child.tag
            try:
                name, read, nested = tags[tag]
            except KeyError:
                local_part(tag)
                name, read, nested = table.entry(tag)
            if nested is None:  # one text, as nearly all elements are
                if len(child):
                    unknown = self._inside_scalar(child, unknown)
                if read is None:
                    values[name] = child.text or ""
                    continue
                try:
                    values[name] = read(child.text or "")
                except ValueError as error:
                    values[name] = self._bad(child, name, child.text or "", error)
                continue
            if type(nested) is Nested:
                if nested.many and not nested.map:
                    value = self._record(child, nested.ready or nested.table)
                    if name in values:
                        values[name].append(value)
                        more -= 1
                    else:
                        values[name] = [value]
                elif nested.map or nested.named:
                    more -= name in values
                    self._map_entry(child, nested, values.setdefault(name, {}))
                elif len(child) or _holds_text(child, nested.table):
                    values[name] = self._record(child, nested.table)
                else:
                    values[name] = None  # an empty tag in place of a record: there is none
            elif type(nested) is ReadTable:
                before = len(values)
                inner = self._wrapper(child, nested, values)
                more += len(values) - before - 1
                if inner:
                    unknown = unknown or []
                    unknown.extend(inner)
            elif nested is REPEATED:
                text = child.text or ""
                value = text if read is None else self.text(child, name, text, read)
                if len(child):
                    unknown = self._inside_scalar(child, unknown)
                if name in values:
                    values[name].append(value)
                    more -= 1
                else:
                    values[name] = [value]
            elif nested is RAW_XML:
                values[name] = inner_xml(child)
            elif nested is NAMED:
                more -= name in values
                values.setdefault(name, {})[local_name(child)] = self.text(
                    child, name, child.text or "", read
                )
            else:
                assert nested is UNDESCRIBED
                more -= 1
                unknown = unknown or []
                unknown.append(as_unknown(child, local_name(child)))
        if len(values) - held != len(inside) + more:
            unknown = [*(unknown or ()), *self._again(element, inside, table, values)]
        if table.attributes:
            self._attributes(element, table, values)
        if table.content is not None:
            self._content(element, table, values)
        return unknown

    def _map_entry(self, element: etree._Element, nested: Nested, values: dict[str, Any]) -> None:
        if nested.named:
            values[local_name(element)] = self._record(element, nested.table)
            return
        key, value = nested.table.shape.fields
        entry = self._record(element, nested.table)
        values[entry.get(key.name)] = entry.get(value.name)

    def _again(
        self,
        element: etree._Element,
        elements: Collection[etree._Element],
        table: ReadTable,
        values: dict[str, Any],
    ) -> list[Unknown]:
        """Elements that come again where one is described: the first is the value, the others are kept as unknown."""
        met: dict[str, list[etree._Element]] = {}
        for child in elements:
            name, _, nested = table.tags.get(child.tag) or table.entry(child.tag)
            if nested is None or (
                type(nested) is Nested and not (nested.many or nested.map or nested.named)
            ):
                met.setdefault(name, []).append(child)
        again = [children for children in met.values() if len(children) > 1]
        if again:
            # Attributes and text have been read, or will be.
            plain = ReadTable(table.shape, self.mode)
            plain.entries, plain.tags = table.entries, table.tags
            self.into(element, plain, values, [children[0] for children in again])
        return [
            as_unknown(child, local_name(child)) for children in again for child in children[1:]
        ]

    def _wrapper(
        self, element: etree._Element, table: ReadTable, values: dict[str, Any]
    ) -> list[Unknown] | None:
        if not len(element):
            if table.lists:
                name, make = table.lists[0]
                values.setdefault(name, make())
            if not (table.attributes or table.content):
                return None
        if table.bare is not None and local_name(element[0]) not in table.entries:
            name, nested = table.bare
            inside = {local_name(child) for child in element}
            if inside.isdisjoint(table.entries) and not inside.isdisjoint(nested.table.entries):
                return self._bare_items(element, name, nested.table, values)
        if self._says_again(element, table, values):
            return [as_unknown(element, local_name(element))]
        unknown = self.into(element, table, values)
        if unknown is None:
            return None
        prefix = local_name(element)
        return [Unknown(f"{prefix}/{item.path}", item.xml, item.text) for item in unknown]

    def _says_again(
        self, element: etree._Element, table: ReadTable, values: dict[str, Any]
    ) -> bool:
        """Whether another wrapper of this name has said already what this one says."""
        if values.keys().isdisjoint(table.texts):
            return False
        taken = {
            local
            for local, (name, _, nested) in table.entries.items()
            if nested is None and name in values
        }
        return any(local_name(child) in taken for child in element)

    def _bare_items(
        self, element: etree._Element, name: str, table: ReadTable, values: dict[str, Any]
    ) -> list[Unknown] | None:
        """The items of a wrapper without item elements: a field that comes again starts the next item."""
        groups: list[list[etree._Element]] = []
        seen: set[str] = set()
        for child in element:
            local = local_name(child)
            if not groups or local in seen:
                groups.append([])
                seen = set()
            seen.add(local)
            groups[-1].append(child)
        values[name] = [self._record(element, table, group) for group in groups]
        return None

    def _attributes(
        self, element: etree._Element, table: ReadTable, values: dict[str, Any]
    ) -> None:
        for attribute, (name, read) in table.attributes.items():
            text = element.get(attribute)
            if text is None and ":" in attribute:
                text = _prefixed(element, attribute)
            if text is not None:
                values[name] = self.text(element, name, text, read)

    def _content(self, element: etree._Element, table: ReadTable, values: dict[str, Any]) -> None:
        assert table.content is not None
        name, read = table.content
        if table.fallback and name in values:
            return
        text = ((element.text or "") + "".join(child.tail or "" for child in element)).strip()
        if text or not (table.fallback or len(element)):
            values[name] = self.text(element, name, text, read)

    def text(
        self, element: etree._Element, name: str, text: str, read: Callable[[str], Any]
    ) -> Any:
        """The value of a text that stands in ``element``."""
        try:
            return read(text)
        except ValueError as error:
            return self._bad(element, name, text, error)

    def _located(self, table: ReadTable, values: dict[str, Any]) -> None:
        from .outside import read_located

        read_located(self, table, values)

    def _bad(self, element: etree._Element, name: str, text: str, error: ValueError) -> Any:
        if not self.strict:
            return Raw(text)
        raise self._unreadable(element, f"{name} should be {error}, not {text[:60]!r}") from None

    def _unreadable(self, element: etree._Element, message: str) -> InvalidDocumentError:
        path = "/".join(local_name(item) for item in reversed([element, *element.iterancestors()]))
        return InvalidDocumentError(message, path=f"/{path}", line=line_of(element))

    def _inside_scalar(
        self, element: etree._Element, unknown: list[Unknown] | None
    ) -> list[Unknown] | None:
        found = unknown or []
        prefix = local_name(element)
        found.extend(as_unknown(child, f"{prefix}/{local_name(child)}") for child in element)
        return found


def _prefixed(element: etree._Element, attribute: str) -> str | None:
    """Return an attribute that has a namespace, by its local name."""
    local = attribute.rpartition(":")[2]
    return next(
        (str(text) for name, text in element.attrib.items() if str(name).endswith("}" + local)),
        None,
    )


def _take_fallbacks(table: ReadTable, values: dict[str, Any]) -> None:
    """Take values from other places for fields whose first place is missing."""
    for name, other in table.fallbacks:
        value = values.pop(other, None)
        if value is not None and values.get(name) is None:
            values[name] = value


def inner_xml(element: etree._Element) -> str:
    """Return everything inside an element as XML."""
    copied = copy.deepcopy(element)
    etree.cleanup_namespaces(copied)
    parts = [escape(copied.text or "")]
    parts += [etree.tostring(child, encoding="unicode") for child in copied]
    return "".join(parts)


def _holds_text(element: etree._Element, table: ReadTable) -> bool:
    """Whether an element without others in it has something for a record all the same."""
    if (element.text or "").strip():
        return True
    return any(name in table.attributes for name in element.attrib)


def _keep_refused(values: Arguments, shape: RecordSchema[Any]) -> None:
    """Keep empty tags where none may be sent as :class:`Raw` text, so that they are written back all the same."""
    for name, value in values.items():
        item = shape.by_name[name]
        if item.codec is None:
            continue
        if isinstance(value, dict):
            values[name] = {key: Raw() if inner is None else inner for key, inner in value.items()}
        elif item.many:
            values[name] = [Raw() if inner is None else inner for inner in value]
        elif value is None and not item.clear:
            values[name] = Raw()
