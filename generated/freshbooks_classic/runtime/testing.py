"""Helpers for tests: comparison of documents, a server in memory, and recognizable secrets."""

from __future__ import annotations

import base64
import html
import itertools
import json
import pickle
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from lxml import etree

from .places import Place
from .reading import local_name, local_part, parse_xml
from .record import Record
from .request import (
    EmptyResponse,
    ListResponse,
    Method,
    Page,
    PageResponse,
    Request,
    ScalarResponse,
)
from .schema import RecordSchema
from .transport import HttpRequest, HttpResponse

Tree = tuple[str, tuple[tuple[str, str], ...], str, tuple[object, ...]]


def tree(document: bytes | str, *, ordered: bool = False) -> Tree:
    """Return a document as a value to compare, without namespaces, comments and white space.

    Args:
        document: the document.
        ordered: whether the order of siblings counts.
    """
    return _tree(parse_xml(document), ordered)


def _tree(element: etree._Element, ordered: bool) -> Tree:
    text = (element.text or "") + "".join(child.tail or "" for child in element)
    attributes = sorted((str(name), str(value)) for name, value in element.attrib.items())
    inside = [_tree(child, ordered) for child in element]
    return (
        local_name(element),
        tuple(attributes),
        text.strip(),
        tuple(inside) if ordered else tuple(sorted(inside, key=repr)),
    )


def same_xml(left: bytes | str, right: bytes | str, *, ordered: bool = True) -> None:
    """Assert that two documents are equal by :func:`tree`, the order of siblings included."""
    if tree(left, ordered=ordered) != tree(right, ordered=ordered):
        raise AssertionError(f"{_shown(left)}\n  is not\n{_shown(right)}")


def same_request(
    request: Request[Any],
    verb: str = "",
    target: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    form: Iterable[tuple[str, str]] = (),
    parts: Iterable[tuple[str, str]] = (),
    document: bytes | str = b"",
) -> None:
    """Assert that a request is as it is expected.

    Args:
        request: the request.
        verb: its HTTP verb; left out, only the document is compared.
        target: path and query below the URL of the API; parameters may be in any order.
        headers: some of its headers.
        form: parameters of its body, in any order.
        parts: parts of a multipart body beside the document: names with their texts, or ``@`` and a file name.
        document: its document, or another body.
    """
    http = request.http
    if not verb or http is None:
        same_xml(request.xml, document)
        return
    files: list[tuple[str, str]] = []
    if http.multipart:
        from .messages import part_texts

        files = sorted(
            part_texts((part.name, part.upload.name, part.upload.content) for part in request.parts)
        )
    sent = {name.lower(): text for name, text in http.headers}
    shown = {name.lower(): text for name, text in (headers or {}).items()}
    built = [
        *_parts_of(request, http.target, http.form or ()),
        {name: sent.get(name) for name in shown},
        files,
    ]
    wanted = [*_parts_of(request, target, form), shown, sorted(parts)]
    if (http.verb, built) != (verb, wanted):
        raise AssertionError(f"{http.verb} {built}\n  is not\n{verb} {wanted}")
    text = document.encode() if isinstance(document, str) else document
    if http.document is not None and not http.multipart:
        source, name = http.document
        pairs = (
            [*form]
            if source == "form"
            else parse_qsl(urlsplit(target).query, keep_blank_values=True)
        )
        text = dict(pairs).get(name, "").encode()
    if http.body is not None:
        if http.body.strip() != text.strip():
            raise AssertionError(f"{http.body!r}\n  is not\n{text!r}")
    elif request.xml or text.strip():
        same_xml(request.xml, text)


def _parts_of(
    request: Request[Any], target: str, form: Iterable[tuple[str, str]]
) -> tuple[list[str], list[tuple[str, str]], list[tuple[str, str]]]:
    """Return segments, query and form to compare: without credentials, which only a client adds, and the document."""
    places = [
        item.place for item in request.endpoint.protocol.authentication if item.place is not None
    ]
    left_out = {(place.source, place.name) for place in places}
    if request.http is not None and request.http.document is not None:
        left_out.add(request.http.document)
    path, _, query = target.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    return (
        [unquote(part) for part in path.strip("/").split("/")],
        sorted(pair for pair in pairs if ("query", pair[0]) not in left_out),
        sorted(pair for pair in form if ("form", pair[0]) not in left_out),
    )


def _shown(document: bytes | str) -> str:
    root = parse_xml(document)
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")


def unknown_paths(endpoint: Method[Any], document: bytes | str, value: object) -> list[str]:
    """Return the paths of the elements of a response that the description does not know, sorted.

    Args:
        endpoint: the method that the response is of.
        document: the response.
        value: what the document reads as.

    Returns:
        Paths below the root, such as ``client/mood``; elements beside the value are among them.
    """
    text = document.encode() if isinstance(document, str) else document
    if (
        endpoint.response.binary
        or endpoint.response.whole_body
        or not text.strip().startswith(b"<")
    ):
        return []
    finder = _UnknownElements(endpoint)
    return sorted({"/".join(path) for path in finder.paths(parse_xml(text), value)})


_Path = tuple[str, ...]


class _UnknownElements:
    """Finds the unknown elements of the responses of one method."""

    def __init__(self, endpoint: Method[Any]) -> None:
        protocol, response = endpoint.protocol, endpoint.response
        self._response = response.rows if isinstance(response, PageResponse) else response
        path: _Path = getattr(self._response, "path", ())
        self._value_at: _Path = (*map(_local, protocol.response_payload), *map(_local, path))
        places = [protocol.status, *(place for _, place, _ in protocol.metadata)]
        known: list[_Path] = [self._of_place(place) for place in places if place is not None]
        for rule in (*protocol.failures, *([protocol.warnings] if protocol.warnings else [])):
            at = tuple(map(_local, rule.at))
            inside = (rule.message, rule.code, rule.field, rule.severity, rule.detail)
            known.append(at)
            known += [self._of_place(place, at) for place in inside if place is not None]
            known += [self._of_place(rule.when)] if rule.when is not None else []
        if isinstance(response, PageResponse):
            paging = protocol.paging
            counters = [
                *paging.counters.values(),
                *paging.next,
                *([paging.more] if paging.more else []),
            ]
            known += [self._of_place(place, self._value_at) for place in counters]
        self._known = {path[:end] for path in known for end in range(1, len(path) + 1)}

    @staticmethod
    def _of_place(place: Place, holder: _Path = ()) -> _Path:
        if place.source:
            return ()
        return (*(() if place.absolute else holder), *map(_local, place.path))

    def paths(self, root: etree._Element, value: object) -> Iterator[_Path]:
        """Yield the path of each unknown element; one that has several of a name is yielded several times."""
        if self._value_at:
            yield from self._beside(root, ())
        else:
            yield from self._at_value(root, ())
        schema = self._response.record
        if schema is None:
            return
        prefix = self._value_at
        if isinstance(self._response, ListResponse):
            prefix = (*prefix, _local(self._response.item))
        rows = (
            value.items
            if isinstance(value, Page)
            else value if isinstance(value, list) else [value]
        )
        for row in rows:
            for path in self._of_record(row, schema, prefix):
                if path in self._known:
                    yield from self._inside_known(root, path)
                else:
                    yield path

    def _beside(self, element: etree._Element, at: _Path) -> Iterator[_Path]:
        met = False
        for child in element:
            path = (*at, local_name(child))
            if path == self._value_at[: len(path)] and not met:
                met = True  # only the first is read
                if len(path) == len(self._value_at):
                    yield from self._at_value(child, path)
                else:
                    yield from self._beside(child, path)
            elif path in self._known:
                yield from self._unknown_children(child, path)
            else:
                yield path

    def _at_value(self, element: etree._Element, at: _Path) -> Iterator[_Path]:
        response = self._response
        if isinstance(response, ListResponse):
            for child in element:
                path = (*at, local_name(child))
                if path[-1] != _local(response.item):
                    yield from self._unknown_or_inside(child, path)
                elif response.shape is None:
                    yield from ((*path, local_name(inner)) for inner in child)
        elif isinstance(response, (EmptyResponse, ScalarResponse)):
            yield from self._unknown_children(element, at)

    def _unknown_children(self, element: etree._Element, at: _Path) -> Iterator[_Path]:
        for child in element:
            yield from self._unknown_or_inside(child, (*at, local_name(child)))

    def _unknown_or_inside(self, element: etree._Element, path: _Path) -> Iterator[_Path]:
        if path in self._known:
            yield from self._unknown_children(element, path)
        else:
            yield path

    def _inside_known(self, root: etree._Element, path: _Path) -> Iterator[_Path]:
        elements = [root]
        for name in path:
            elements = [
                child for element in elements for child in element if local_name(child) == name
            ]
        for element in elements:
            yield from self._unknown_children(element, path)

    def _of_record(
        self, value: object, schema: RecordSchema[Any], prefix: _Path
    ) -> Iterator[_Path]:
        if not isinstance(value, Record):
            return
        for item in value.unknown:
            yield (*prefix, *item.path.split("/"))
        for field in schema.fields:
            inner = getattr(value, field.name, None) if field.shape is not None else None
            if inner is None or field.shape is None:
                continue
            rows = (
                inner.values() if isinstance(inner, Mapping) else inner if field.many else [inner]
            )
            for row in rows:
                yield from self._of_record(row, field.shape(), (*prefix, *map(_local, field.path)))


def _local(name: str) -> str:
    return local_part(name).rpartition(":")[2]


Reply = Callable[[HttpRequest], HttpResponse]
"""What a server in memory does: respond, or raise what a transport would."""


class MemoryTransport:
    """A transport that reaches no network: ``reply`` responds, and ``sent`` keeps what was sent."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.sent: list[HttpRequest] = []
        self.closed = False

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request and return its response."""
        self.sent.append(request)
        return self.reply(request)

    def close(self) -> None:
        """Close the connections."""
        self.closed = True


class Planted:
    """Makes secrets, and finds what is left of them in what was shown.

    Each begins and ends with a mark that nothing else has. Between the marks are characters that XML, HTML, addresses and
    programs write in forms of their own.
    """

    _BEGIN: Final = "Zq7Kw"
    _END: Final = "Wk9xQ"

    def __init__(self) -> None:
        self.made: list[str] = []
        self._numbers = itertools.count()

    def __call__(self) -> str:
        """One more secret, as a text that XML can hold."""
        return self._kept("&<\"' \u00e9/+\\%")

    def ascii(self) -> str:
        """One more secret, as a text that an HTTP header can hold."""
        return self._kept("&<\"'/+=\\%")

    def _kept(self, middle: str) -> str:
        secret = f"{self._BEGIN}{next(self._numbers)}{middle}{self._END}"
        self.made.append(secret)
        return secret

    def echo(self, *more: str) -> str:
        """All secrets, and ``more``, in the forms that a server may send them back in."""
        return " | ".join(form for text in (*self.made, *more) for form in self._forms(text))

    def _forms(self, text: str) -> Iterator[str]:
        raw = text.encode()
        yield text
        yield html.escape(text)
        yield text.encode("ascii", "xmlcharrefreplace").decode("ascii")
        yield quote(text, safe="")
        yield quote_plus(text).replace("%2F", "%2f")
        yield json.dumps(text)
        yield repr(text)
        yield repr(raw)
        for before in (b"", b"x", b"xy"):
            yield base64.b64encode(before + raw + b":X").decode("ascii")
        yield base64.urlsafe_b64encode(raw).decode("ascii")

    def traces(self, shown: Iterable[tuple[str, str]]) -> list[str]:
        """Where of ``shown`` (a place and its text) something is left of any secret, with what stands around it."""
        return [
            f"{place}: ...{text[max(0, at - 40) : at + 40]!r}..."
            for place, text in shown
            for needle in self._needles()
            if (at := text.find(needle)) >= 0
        ]

    def _needles(self) -> Iterator[str]:
        """The marks, and the characters of their base64 that do not depend on what stands around them."""
        for mark in (self._BEGIN, self._END):
            yield mark
            for before in range(3):
                code = base64.b64encode(bytes(before) + mark.encode()).rstrip(b"=").decode("ascii")
                yield code[(0, 2, 3)[before] : None if (before + len(mark)) % 3 == 0 else -1]


def told_by(
    error: BaseException, name: str = "error", *, variables: bool = False
) -> Iterator[tuple[str, str]]:
    """All texts that an error and what is chained to it can show: printed, logged, looked into, pickled.

    Args:
        error: what was raised.
        name: what a finding calls it.
        variables: also the local variables of the runtime in its traceback, as error reporters send them.
    """
    yield f"traceback of {name}", "".join(traceback.format_exception(type(error), error, None))
    yield f"{name} pickled as text", pickle.dumps(error, 0).decode("latin-1")
    yield f"{name} pickled", pickle.dumps(error).decode("latin-1")
    pending: list[tuple[str, BaseException]] = [(name, error)]
    met: set[int] = set()
    package = __name__.rpartition(".")[0]
    while pending:
        place, found = pending.pop()
        if id(found) in met:
            continue
        met.add(id(found))
        yield place, f"{found} {found!r} {found.args!r} {vars(found)!r}"
        for frame, line in traceback.walk_tb(found.__traceback__):
            # Variables of the caller hold what the caller gave.
            if variables and str(frame.f_globals.get("__name__")).startswith(f"{package}."):
                where = f"local variables of {frame.f_code.co_name}, line {line}, of {place}"
                yield where, " ".join(map(repr, frame.f_locals.values()))
        for following in ("__cause__", "__context__"):
            chained = getattr(found, following)
            if chained is not None:
                pending.append((f"{place}.{following}", chained))
