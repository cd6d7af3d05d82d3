"""What tests need: documents compared, a server in memory, and secrets that are told from all else."""

from __future__ import annotations

import base64
import html
import itertools
import json
import pickle
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

from lxml import etree

from .reading import local_name, parse_xml
from .transport import HttpRequest, HttpResponse

Tree = tuple[str, tuple[tuple[str, str], ...], str, tuple[object, ...]]


def tree(document: bytes | str) -> Tree:
    """A document as a value to compare: order of siblings, namespaces, comments and white space aside."""
    return _tree(parse_xml(document))


def _tree(element: etree._Element) -> Tree:
    text = (element.text or "") + "".join(child.tail or "" for child in element)
    attributes = sorted((str(name), str(value)) for name, value in element.attrib.items())
    return (
        local_name(element),
        tuple(attributes),
        text.strip(),
        tuple(sorted((_tree(child) for child in element), key=repr)),
    )


def same_xml(left: bytes | str, right: bytes | str) -> None:
    """Assert that two documents are equal by :func:`tree`."""
    if tree(left) != tree(right):
        raise AssertionError(f"{_shown(left)}\n  is not\n{_shown(right)}")


def _shown(document: bytes | str) -> str:
    root = parse_xml(document)
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")


Reply = Callable[[HttpRequest], HttpResponse]
"""What a server in memory does: answers, or raises what a transport would."""


class MemoryTransport:
    """A transport that reaches no network: ``reply`` answers, and ``sent`` keeps what was sent."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.sent: list[HttpRequest] = []
        self.closed = False

    def send(self, request: HttpRequest) -> HttpResponse:
        self.sent.append(request)
        return self.reply(request)

    def close(self) -> None:
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


def told_by(error: BaseException, name: str = "error") -> Iterator[tuple[str, str]]:
    """All texts that an error and what is chained to it can show: printed, logged, looked into, pickled."""
    yield f"traceback of {name}", "".join(traceback.format_exception(type(error), error, None))
    yield f"{name} pickled as text", pickle.dumps(error, 0).decode("latin-1")
    yield f"{name} pickled", pickle.dumps(error).decode("latin-1")
    pending: list[tuple[str, BaseException]] = [(name, error)]
    met: set[int] = set()
    while pending:
        place, found = pending.pop()
        if id(found) in met:
            continue
        met.add(id(found))
        yield place, f"{found} {found!r} {found.args!r} {vars(found)!r}"
        for following in ("__cause__", "__context__"):
            chained = getattr(found, following)
            if chained is not None:
                pending.append((f"{place}.{following}", chained))
