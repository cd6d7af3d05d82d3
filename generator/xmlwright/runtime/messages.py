"""Requests with a verb and a path as texts that may be shown: HTTP messages without anything sensitive."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from .http_binding import encoded
from .redact import HIDDEN, redact_request
from .scrub import blank

if TYPE_CHECKING:
    from .protocol import Protocol
    from .request import Method, Request
    from .schema import FieldSpec

Pair = tuple[str, str]

_VARIABLE: Final = re.compile(r"\{([^{}+]+)(\+?)\}")


def shown_request(request: Request[Any], secrets: Iterable[str]) -> str:
    """Return a request as an HTTP message without anything sensitive."""
    http = request.http
    assert http is not None
    form = None if http.form is None else list(http.form)
    target = http.link or http.target
    parts = [(name, upload.name, upload.content) for name, upload in request.parts]
    return shown_message(
        request.endpoint, target, dict(http.headers), form, request.xml, http.body, secrets, parts
    )


def shown_message(
    method: Method[Any],
    url: str,
    headers: Mapping[str, str],
    form: list[Pair] | None,
    xml: bytes,
    body: bytes | None = None,
    secrets: Iterable[str] = (),
    parts: Iterable[tuple[str, str | None, bytes]] = (),
) -> str:
    """Return an HTTP message of a method: start line, described headers, body.

    Credentials and sensitive arguments are left out or hidden, so that messages of equal calls are equal for all
    callers.

    Args:
        method: what is called.
        url: the whole address, or what of it is below that of the API.
        headers: as they are sent.
        form: parameters of a form.
        xml: the document; empty for none.
        body: a body that is not a document.
        secrets: further texts to hide.
        parts: name, file name and content of the parts of a multipart body, without the document. A file is shown
            as ``name=@file name``.
    """
    binding = method.http
    assert binding is not None
    sensitive = _Sensitive(method)
    path, _, query = url.partition("?")
    lines = [f"{binding.verb} {sensitive.path(path)}{sensitive.query(query)}"]
    lines += sensitive.headers(headers)
    document = None
    shown = list(sensitive.parameters("form", form or ()))
    shown += sensitive.parameters("part", part_texts(parts))
    if shown:
        lines += ["", *(f"{name}={text}" for name, text in shown)]
    if xml:
        document = redact_request(method, xml, secrets)
    elif body:
        document = HIDDEN if sensitive.body_is_sensitive else f"[{len(body)} bytes]"
    if document is not None:
        lines += ["", document]
    head = lines if document is None else lines[:-1]
    return "\n".join([*(blank(line, secrets) for line in head), *([document] if document else [])])


def part_texts(parts: Iterable[tuple[str, str | None, bytes]]) -> Iterator[Pair]:
    """Yield the name of each part with its text, or with ``@`` and the name of the file."""
    for name, filename, content in parts:
        yield name, f"@{filename}" if filename else content.decode("utf-8", "replace")


def path_pattern(path: str) -> Callable[[str], re.Match[str] | None]:
    """Return what matches the path of a URL with the template of a method; groups are its variables in order."""
    pattern, position = ".*?", 0
    path = path.partition("?")[0]
    for found in _VARIABLE.finditer(path):
        pattern += re.escape(path[position : found.start()])
        pattern += "(.+)" if found.group(2) else "([^/]+)"
        position = found.end()
    return re.compile(f"{pattern}{re.escape(path[position:])}").fullmatch


def fits(method: Method[Any], verb: str, url: str, form: Iterable[Pair]) -> bool:
    """Return whether a request may be one of a method, by verb, path and constant parameters."""
    binding = method.http
    if binding is None or binding.verb != verb:
        return False
    path, _, query = url.partition("?")
    if path_pattern(binding.path)(path.partition("://")[2] or path) is None:
        return False
    filled = method.plan.filled
    given = {"query": parse_qsl(query, keep_blank_values=True), "form": list(form)}
    return all(
        (name, filled(text)) in given[source]
        for source, pairs in (("query", binding.query), ("form", binding.form))
        for name, text in pairs
    )


class _Sensitive:
    """What of a message of one method must not be shown."""

    def __init__(self, method: Method[Any]) -> None:
        self._method = method
        self._protocol: Protocol = method.protocol
        self._located: dict[tuple[str, str], FieldSpec] = {
            entry.field.location: entry.field
            for entry in method.plan.located
            if entry.field.location is not None
        }
        self._own = {
            (item.place.source, item.place.name)
            for item in self._protocol.authentication
            if item.place is not None and item.place.source
        }

    @property
    def body_is_sensitive(self) -> bool:
        return any(
            item.sensitive for (source, _), item in self._located.items() if source == "body"
        )

    def path(self, path: str) -> str:
        """Return the path of the template with the arguments in it; options of the client are ``{name}``."""
        assert self._method.http is not None
        template = self._method.http.path.partition("?")[0]
        found = path_pattern(template)(path.partition("://")[2] or path)
        if found is None:
            return template
        texts = iter(found.groups())

        def shown(variable: re.Match[str]) -> str:
            text = next(texts)
            item = self._located.get(("path", variable.group(1)))
            if item is None:
                return variable.group()
            return HIDDEN if item.sensitive else text

        return _VARIABLE.sub(shown, template)

    def query(self, query: str) -> str:
        pairs = parse_qsl(query, keep_blank_values=True)
        shown = list(self.parameters("query", pairs))
        return f"?{encoded(shown)}" if shown else ""

    def parameters(self, source: str, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """Yield the parameters that are not credentials, those of sensitive arguments hidden."""
        for name, text in pairs:
            if (source, name) in self._own:
                continue
            yield name, HIDDEN if text and self._hides(source, name) else text

    def _hides(self, source: str, name: str) -> bool:
        item = self._located.get((source, name))
        if item is not None and item.shape is None:
            return item.sensitive
        for (where, outer), field in self._located.items():
            if where == source and name.startswith(outer) and name != outer:
                return field.sensitive or _inner_is_sensitive(field, name)
        free = self._located.get((source, "*"))
        return item.sensitive if item is not None else free is not None and free.sensitive

    def headers(self, headers: Mapping[str, str]) -> Iterator[str]:
        """Yield the described headers as lines, in alphabetical order."""
        assert self._method.http is not None
        described = {name.lower() for name in self._method.http.headers}
        for name, text in sorted(headers.items(), key=lambda item: item[0].lower()):
            if ("header", name) in self._own:
                continue
            item = next(
                (
                    field
                    for (source, label), field in self._located.items()
                    if source == "header" and _same_header(label, name)
                ),
                None,
            )
            if item is not None or name.lower() in described:
                yield f"{name}: {HIDDEN if item is not None and item.sensitive else text}"


def _same_header(label: str, name: str) -> bool:
    label, name = label.lower(), name.lower()
    return name.startswith(label[:-1]) if label.endswith("*") else name == label


def _inner_is_sensitive(item: FieldSpec, name: str, depth: int = 4) -> bool:
    """Return whether a parameter of a nested argument is that of a sensitive field, by the end of its name."""
    if item.shape is None or not depth:
        return False
    return any(
        (
            inner.sensitive and name.endswith((inner.path or (inner.attribute or inner.name,))[-1])
            if inner.shape is None
            else _inner_is_sensitive(inner, name, depth - 1)
        )
        for inner in item.shape().fields
    )


def message_of(
    method: Method[Any], url: str, headers: Mapping[str, str], body: bytes, media: str
) -> str:
    """Return the message of a request as it came over HTTP, credentials left out.

    Args:
        method: what is called.
        url: the whole address.
        headers: of the request.
        body: its body.
        media: its content type.
    """
    from .redact import without_credentials

    binding = method.http
    assert binding is not None
    form: list[Pair] | None = None
    xml, other = b"", None
    parts: list[tuple[str, str | None, bytes]] = []
    if media.startswith("application/x-www-form-urlencoded"):
        form = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        if binding.document is not None:
            xml = dict(form).get(binding.document[1], "").encode()
            form = [pair for pair in form if pair[0] != binding.document[1]]
    elif binding.multipart and media.startswith("multipart/"):
        from .multipart import split

        for part in split(media, body):
            if binding.document is not None and part.name == binding.document[1]:
                xml = part.content
            else:
                parts.append(part)
    elif body.lstrip().startswith(b"<"):
        xml = body
    elif body:
        other = body
    if binding.document is not None and binding.document[0] == "query":
        base, _, query = url.partition("?")
        pairs = parse_qsl(query, keep_blank_values=True)
        xml = dict(pairs).get(binding.document[1], "").encode()
        rest = [pair for pair in pairs if pair[0] != binding.document[1]]
        url = f"{base}?{encoded(rest)}"
    if xml:
        xml = without_credentials(xml, method.protocol)
    return shown_message(method, url, headers, form, xml, other, parts=parts)
