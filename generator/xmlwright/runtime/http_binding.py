"""How calls of an API with verbs, paths and parameters become HTTP requests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, quote_plus

from .errors import ArgumentError, ConfigurationError
from .parameters import Pair, ParameterNames, ParameterWriter, text_of
from .protocol import DECLARATION, Protocol, placeholders
from .schema import FieldSpec, WriteEntry, WriteTable
from .unset import UNSET
from .writing import Part, Upload, Writer, is_list, raised_inside, refusal

if TYPE_CHECKING:
    from .request import Method

_VARIABLE: Final = re.compile(r"\{([^{}+]+)(\+?)\}")
_TAG: Final = re.compile(r"<[^\s/>]+").match
_HEADER_TEXT: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*\Z").match


@dataclass(frozen=True, slots=True)
class HttpBinding:
    """Verb, path, headers and parameters of a method."""

    verb: str = "POST"
    path: str = ""
    """Below the URL of the API; ``{name}`` is an argument or an option of the client, ``{name+}`` keeps its slashes."""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: tuple[Pair, ...] = ()
    """Constant parameters, the name of the method included."""
    form: tuple[Pair, ...] = ()
    success: tuple[int, ...] = ()
    """Statuses of success; empty for any from 200 to 299."""
    media: str = "application/xml"
    """Content type of a document."""
    multipart: str = ""
    """Kind of a body of several parts: ``form-data`` or ``mixed``; empty for another body."""
    names: ParameterNames = ParameterNames()  # noqa: RUF009 - it cannot change
    document: Pair | None = None
    """The document travels in a parameter or a part: ``("form", name)``, ``("query", name)`` or ``("part", name)``."""
    always_document: bool = False
    """A document is sent even if no argument is in it."""

    def variant(self, **changes: Any) -> HttpBinding:
        """Return the binding with other values."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class HttpParts:
    """What an HTTP request has beside its document."""

    verb: str
    target: str = field(repr=False)  # what goes into each of these may be sensitive
    """Path and query below the URL of the API; options of the client are still ``{name}``."""
    headers: tuple[Pair, ...] = field(default=(), repr=False)
    form: tuple[Pair, ...] | None = field(default=None, repr=False)
    """Parameters of a form in the body."""
    media: str = "application/xml"
    success: tuple[int, ...] = ()
    multipart: str = ""
    """Kind of a body of several parts."""
    body: bytes | None = field(default=None, repr=False)
    """A body that is not a document."""
    link: str = field(default="", repr=False)
    """URL of the next page as a response has it, in place of the target."""
    document: Pair | None = None
    """The parameter or the part that the document travels in, such as ``("form", name)``."""


class ArgumentPlan:
    """The arguments of a method by where they go; made once for each method."""

    __slots__ = ("binding", "body", "filled", "located", "method", "names")

    def __init__(self, method: Method[Any]) -> None:
        binding = method.http
        assert binding is not None
        self.method = method
        self.binding = binding
        self.body: WriteTable = method.arguments.writer(method.mode)
        letters = {"create": "c", "update": "u"}.get(method.mode, "cu")
        self.located: tuple[WriteEntry, ...] = tuple(
            WriteEntry(item, method.mode)
            for item in method.arguments.fields
            if item.location is not None and any(letter in item.access for letter in letters)
        )
        self.names = frozenset(entry.field.name for entry in self.located)
        self.filled = placeholders(method.name)

    def document(self, writer: Writer, values: Mapping[str, Any]) -> bytes:
        """Return the document of a request; empty where there is nothing to say in one.

        Raises:
            ArgumentError: an argument cannot be sent.
        """
        method = self.method
        protocol = method.protocol
        inside = {
            name: value
            for name, value in values.items()
            if value is not UNSET and name not in self.names
        }
        if not inside and not self.binding.always_document:
            return b""
        table = self.body
        if protocol.request_root:
            attributes = ""
            if method.wrapper is None:
                inside, attributes = writer.split(table, inside)
                body = writer.fields(table, inside)
            else:
                body = writer.element(method.wrapper, table, inside)
            opening, closing = protocol.envelope(method.name, attributes)
            return f"{opening}{body}{closing}".encode()
        if method.wrapper is None:  # the one argument is the root
            body = _with_attributes(writer.fields(table, inside), protocol)
        else:
            body = writer.element(method.wrapper, table, inside, protocol.root_attributes)
        return f"{DECLARATION}{body}".encode() if body else b""

    def parts(self, writer: Writer, values: Mapping[str, Any]) -> HttpParts:
        """Return everything of the request but its document; files are left with the writer.

        Raises:
            ArgumentError: an argument cannot be sent where it goes.
        """
        binding, filled = self.binding, self.filled
        query = ParameterWriter(binding.names)
        form = ParameterWriter(binding.names)
        query.pairs += [(name, filled(text)) for name, text in binding.query]
        form.pairs += [(name, filled(text)) for name, text in binding.form]
        headers = {name: filled(text) for name, text in binding.headers.items()}
        free = ParameterWriter(binding.names)
        path: dict[str, str] = {}
        body: bytes | None = None
        media = binding.media
        uses_form = bool(binding.form)
        for entry in self.located:
            item = entry.field
            value = values.get(item.name, UNSET)
            source, name = item.location or ("", "")
            if source == "form":
                uses_form = True
            if value is UNSET:
                continue
            if source == "query":
                (free if name == "*" else query).write(entry, name, value)
            elif source == "form":
                form.write(entry, name, value)
            elif source == "header":
                self._header(headers, entry, name, value)
            elif source == "path":
                path[name] = self._path_text(entry, value)
            elif source == "part":
                _attach(writer, entry, name, value)
            elif source == "body":
                body, media = _payload(entry, value, media)
        target = self._target(path)
        named = {name for name, _ in query.pairs}
        query.pairs += [pair for pair in free.pairs if pair[0] not in named]
        if query.pairs:
            target += ("&" if "?" in target else "?") + encoded(query.pairs)
        return HttpParts(
            binding.verb, target, tuple(headers.items()),
            tuple(form.pairs) if uses_form else None, media, binding.success, binding.multipart,
            body, document=binding.document,
        )  # fmt: skip

    def _path_text(self, entry: WriteEntry, value: Any) -> str:
        text = _one_text(entry, value)
        if text == "":
            raise ArgumentError("should not be empty: it is part of the URL", path=entry.field.name)
        return text

    def _target(self, path: Mapping[str, str]) -> str:
        def filled(found: re.Match[str]) -> str:
            name, greedy = found.groups()
            if name not in path:
                return found.group()  # an option of the client, filled in when the request is sent
            return quoted(path[name], greedy=bool(greedy))

        return _VARIABLE.sub(filled, self.binding.path)

    def _header(self, headers: dict[str, str], entry: WriteEntry, name: str, value: Any) -> None:
        item = entry.field
        if value is None:
            return
        if item.map:
            if not isinstance(value, Mapping):
                raise ArgumentError(
                    f"should be a mapping, not {type(value).__name__}", path=item.name
                )
            _, inner = entry.table.values()
            for label, one in value.items():
                headers[_header_name(name.removesuffix("*") + str(label), item.name)] = (
                    _header_text(_one_text(inner, one), item.name)
                )
        elif item.many:
            _require_list(item, value)
            texts = [_one_text(entry, one) for one in value]
            headers[name] = _header_text(", ".join(map(_list_item, texts)), item.name)
        else:
            headers[name] = _header_text(_one_text(entry, value), item.name)


def _with_attributes(body: str, protocol: Protocol) -> str:
    """Return an element with the attributes of a root, which declare namespaces."""
    found = _TAG(body)
    if found is None:
        return body
    if ' xmlns="' in body[: body.index(">")]:  # the element has a namespace
        protocol = replace(protocol, request_namespace=None)
    return f"{found.group()}{protocol.root_attributes}{body[found.end() :]}"


def quoted(text: str, *, greedy: bool = False) -> str:
    """Return text as one segment of a path, percent-encoded; ``greedy`` keeps slashes between segments."""
    result = quote(text, safe="/~" if greedy else "~")
    # A segment of dots would be taken for a step up or nothing by proxies and servers.
    return "/".join(
        part.replace(".", "%2E") if part in (".", "..") else part for part in result.split("/")
    )


def filled_target(target: str, options: Mapping[str, str]) -> str:
    """Return a target with the options of the client in it.

    Raises:
        ConfigurationError: an option has no value.
    """

    def value(found: re.Match[str]) -> str:
        name, greedy = found.groups()
        if not options.get(name):
            raise ConfigurationError(f"the call needs the option {name!r}; give it to the client")
        return quoted(str(options[name]), greedy=bool(greedy))

    return _VARIABLE.sub(value, target) if "{" in target else target


def encoded(pairs: tuple[Pair, ...] | list[Pair]) -> str:
    """Return parameters as ``a=b&c=d``, percent-encoded, spaces as ``%20``."""
    return "&".join(f"{quote(name, safe='~')}={quote(text, safe='~')}" for name, text in pairs)


def encoded_form(pairs: tuple[Pair, ...] | list[Pair]) -> bytes:
    """Return the body of a form: ``application/x-www-form-urlencoded``."""
    return "&".join(f"{quote_plus(name)}={quote_plus(text)}" for name, text in pairs).encode()


def _one_text(entry: WriteEntry, value: Any) -> str:
    try:
        return text_of(entry, value)
    except ArgumentError as error:
        raised_inside(entry.field.name, error, entry.field)
        raise


def _list_item(text: str) -> str:
    """Quote an item of a header list where it has a comma or a quote in it (RFC 9110, section 5.6)."""
    if "," not in text and '"' not in text:
        return text
    # An HTTP date has a comma and is never quoted.
    if text.endswith(" GMT"):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _header_name(name: str, argument: str) -> str:
    if re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) is None:
        raise ArgumentError(
            f"has a key that cannot be in the name of a header: {name!r}", path=argument
        )
    return name


def _header_text(text: str, argument: str) -> str:
    if _HEADER_TEXT(text) is None:
        raise ArgumentError("has characters that cannot be in a header", path=argument)
    return text


def _require_list(item: FieldSpec, value: Any) -> None:
    if not is_list(value):
        raise ArgumentError(f"should be a list, not {type(value).__name__}", path=item.name)


def _attach(writer: Writer, entry: WriteEntry, name: str, value: Any) -> None:
    """Add the parts of one argument: files, or texts."""
    values = [value]
    if entry.field.many and value is not None:
        _require_list(entry.field, value)
        values = list(value)
    for one in values:
        if one is None:
            continue
        if entry.binary:
            try:
                writer.attach(name, entry.field, one)
            except ValueError as error:
                raise refusal(error, entry.field.name, entry.field) from None
        else:
            writer.parts.append(
                Part(name, Upload(_one_text(entry, one).encode(), "", "text/plain"))
            )


def _payload(entry: WriteEntry, value: Any, media: str) -> tuple[bytes | None, str]:
    """Return a body that is not a document: bytes or text."""
    if value is None:
        return None, media
    described = None if media.endswith("xml") else media
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value), described or "application/octet-stream"
    return _one_text(entry, value).encode(), described or "text/plain"
