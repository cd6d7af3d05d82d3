"""How calls of an API with verbs, paths and parameters become HTTP requests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, quote_plus

from .errors import ArgumentError, ConfigurationError
from .parameters import Pair, ParameterNames, ParameterWriter
from .schema import Mode, RecordSchema, WriteEntry, WriteTable
from .unset import UNSET

_VARIABLE: Final = re.compile(r"\{([^{}+]+)(\+?)\}")
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
    names: ParameterNames = ParameterNames()  # noqa: RUF009 - it cannot change
    document: tuple[str, str] | None = None
    """The document travels in a parameter: ``("form", name)`` or ``("query", name)``."""


@dataclass(frozen=True, slots=True)
class HttpParts:
    """What an HTTP request has beside its document."""

    verb: str
    target: str
    """Path and query below the URL of the API; options of the client are still ``{name}``."""
    headers: tuple[Pair, ...] = ()
    form: tuple[Pair, ...] | None = None
    """Parameters of a form in the body."""
    media: str = "application/xml"
    success: tuple[int, ...] = ()
    body: bytes | None = field(default=None, repr=False)
    """A body that is not a document."""


class ArgumentPlan:
    """The arguments of a method by where they go; made once for each method."""

    __slots__ = ("binding", "body", "located", "mode", "required")

    def __init__(self, binding: HttpBinding, arguments: RecordSchema[Any], mode: Mode) -> None:
        self.binding = binding
        self.mode: Mode = mode
        self.body: WriteTable = arguments.writer(mode)
        self.located: tuple[WriteEntry, ...] = tuple(
            WriteEntry(item, mode)
            for item in arguments.fields
            if item.location is not None
        )
        self.required = frozenset(
            name for name, _ in _VARIABLE.findall(binding.path)
        )

    def parts(self, values: Mapping[str, Any]) -> HttpParts:
        """Return everything of the request but its document.

        Raises:
            ArgumentError: an argument cannot be sent where it goes.
        """
        binding = self.binding
        query = ParameterWriter(binding.names, self.mode)
        form = ParameterWriter(binding.names, self.mode)
        query.pairs += binding.query
        form.pairs += binding.form
        headers: dict[str, str] = dict(binding.headers)
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
                query.write(entry, name, value)
            elif source == "form":
                form.write(entry, name, value)
            elif source == "header":
                self._header(headers, entry, name, value)
            elif source == "path":
                path[name] = self._path_text(entry, value)
            elif source == "body":
                body, media = _payload(entry, value, media)
        target = self._target(path)
        if query.pairs:
            pairs = _without_overridden(query.pairs)
            target += ("&" if "?" in target else "?") + encoded(pairs)
        return HttpParts(
            binding.verb, target, tuple(headers.items()),
            tuple(form.pairs) if uses_form else None, media, binding.success, body,
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
            texts = [_one_text(entry, one) for one in value]
            headers[name] = _header_text(", ".join(map(_list_item, texts)), item.name)
        else:
            headers[name] = _header_text(_one_text(entry, value), item.name)


def quoted(text: str, *, greedy: bool = False) -> str:
    """Return text as one segment of a path, percent-encoded; ``greedy`` keeps slashes between segments."""
    result = quote(text, safe="/~" if greedy else "~")
    # A segment of dots would be taken for a step up or nothing by proxies and servers.
    return "/".join(part.replace(".", "%2E") if part in (".", "..") else part for part in result.split("/"))


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


def _without_overridden(pairs: list[Pair]) -> list[Pair]:
    """Drop parameters of a free map that a described parameter of the same name precedes."""
    return pairs


def _one_text(entry: WriteEntry, value: Any) -> str:
    from .parameters import unescaped

    try:
        return unescaped(entry.text_of(value))
    except ArgumentError as error:
        error.path = entry.field.name + error.path
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
        raise ArgumentError(f"has a key that cannot be in the name of a header: {name!r}", path=argument)
    return name


def _header_text(text: str, argument: str) -> str:
    if _HEADER_TEXT(text) is None:
        raise ArgumentError("has characters that cannot be in a header", path=argument)
    return text


def _payload(entry: WriteEntry, value: Any, media: str) -> tuple[bytes | None, str]:
    """Return a body that is not a document: bytes or text."""
    if value is None:
        return None, media
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value), "application/octet-stream"
    return _one_text(entry, value).encode(), "text/plain"
