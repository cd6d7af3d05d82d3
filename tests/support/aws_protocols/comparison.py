"""Compare a request that a client sent with what a suite expects: values, not spelling."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from lxml import etree

FORM = "application/x-www-form-urlencoded"


def differences(
    serialized: Mapping[str, Any], verb: str, url: str, headers: Mapping[str, str], body: bytes
) -> Iterator[str]:
    """Return where a request is another than the serialized one of a suite.

    Args:
        serialized: What the suite expects. What it does not mention is not compared.
        verb: HTTP method of the request.
        url: Its absolute URL.
        headers: Its headers.
        body: Its body.
    """
    if verb != serialized.get("method", verb):
        yield f"verb {verb}, not {serialized['method']}"
    actual, expected = urlsplit(url), urlsplit(serialized["uri"])
    segments = [unquote(part) for part in actual.path.split("/")]
    if segments != [unquote(part) for part in expected.path.split("/")]:
        yield f"path {actual.path}, not {expected.path}"
    if _parameters(actual.query) != _parameters(expected.query):
        yield f"query {actual.query!r}, not {expected.query!r}"
    if "host" in serialized and actual.netloc != serialized["host"].partition("/")[0]:
        yield f"host {actual.netloc}, not {serialized['host']}"
    yield from _header_differences(serialized, headers)
    text = body.decode()
    if serialized.get("headers", {}).get("Content-Type", "").startswith(FORM):
        if _parameters(text) != _parameters(serialized["body"]):
            yield f"form {text!r}, not {serialized['body']!r}"
    elif "body" in serialized:
        yield from body_differences(text, serialized["body"])


def _header_differences(serialized: Mapping[str, Any], headers: Mapping[str, str]) -> Iterator[str]:
    sent = {name.lower(): value for name, value in headers.items()}
    for name, value in serialized.get("headers", {}).items():
        got = sent.get(name.lower())
        # The character set is a parameter of the media type; UTF-8 is the default of all of these.
        if name == "Content-Type" and got is not None:
            got, value = got.partition(";")[0], value.partition(";")[0]
        if got != value:
            yield f"header {name}: {got!r}, not {value!r}"
    for name in serialized.get("forbidHeaders", ()):
        if name.lower() in sent:
            yield f"header {name} is sent"


def _parameters(query: str) -> Counter[tuple[str, str]]:
    return Counter(parse_qsl(query, keep_blank_values=True))


def body_differences(text: str, expected: str) -> Iterator[str]:
    """Return whether two bodies differ: as XML where a document is expected, else as text."""
    if not expected.strip().startswith("<"):
        if text != expected:
            yield f"body {text!r}, not {expected!r}"
    elif not text:
        yield f"no body, not {expected!r}"
    elif canonical(text) != canonical(expected):
        yield f"body {canonical(text)}, not {canonical(expected)}"


def canonical(document: str) -> str:
    """Return a document with expanded names, sorted attributes and without indentation."""
    declared = re.sub(r"^\s*<\?xml[^>]*\?>", "", document.strip())
    return _canonical(etree.fromstring(declared.strip().encode()))


def _canonical(element: etree._Element) -> str:
    attributes = "".join(
        f" {name}={value!r}"
        for name, value in sorted((str(k), str(v)) for k, v in element.attrib.items())
    )
    children = "".join(_canonical(child) for child in element)
    text = element.text or ""
    if len(element) and not text.strip():
        text = ""
    return f"<{element.tag}{attributes}>{text!r}{children}</>"
