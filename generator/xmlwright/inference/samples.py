"""Exchanges from files of many kinds: what an undescribed API was seen to receive and send.

XML documents, HTTP messages (``.http``), HTTP archives (HAR), VCR cassettes, recordings of a generated client, and
transcripts of curl.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import yaml
from lxml import etree

from ..runtime.errors import Error
from ..runtime.reading import parse_xml

Pair = tuple[str, str]
SUFFIXES: Final = (".xml", ".http", ".har", ".jsonl", ".json", ".yaml", ".yml", ".curl", ".txt")
LARGEST: Final = 20_000_000
"""Bytes of a file that is read; a longer one adds time, not facts."""
MOST: Final = 5_000
"""Files that are read."""
_START: Final = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE) (\S+)(?: HTTP/[0-9.]+)?\s*\Z")
_STATUS: Final = re.compile(r"HTTP/[0-9.]+ +([1-5][0-9]{2})\b")
_DIRECTION: Final = re.compile(r"[._-](request|response|req|resp|answer|reply)\Z", re.IGNORECASE)


@dataclass(slots=True)
class SampleRequest:
    """A request."""

    verb: str
    """Empty if only its document is known."""
    url: str
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes
    root: etree._Element | None = None
    """The document in the body."""
    query: list[Pair] = field(default_factory=list)
    form: list[Pair] = field(default_factory=list)
    multipart: str = ""
    """Kind of a multipart body, such as ``form-data``."""
    document_part: str = ""
    """The part of a multipart body that is the document."""
    files: list[str] = field(default_factory=list)
    """The other parts of a multipart body."""

    @property
    def path(self) -> str:
        """The path of its URL."""
        return urlsplit(self.url).path


@dataclass(slots=True)
class SampleResponse:
    """A response."""

    status: int | None
    headers: Mapping[str, str]
    body: bytes
    root: etree._Element | None = None


@dataclass(slots=True)
class Sample:
    """An exchange, of which one half may be missing."""

    source: str
    """Where it is, for messages."""
    name: str
    """What its file says that its method is; may be empty."""
    request: SampleRequest | None = None
    response: SampleResponse | None = None


class _UnreadableError(Exception):
    """A file has no sample."""


class SampleReader:
    """Collects the samples of files, and messages about what cannot be read."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.unread: list[str] = []

    def read(self, paths: Iterable[Path]) -> None:
        """Read files, and the files of folders whose names have a known ending.

        Raises:
            OSError: A file cannot be read.
        """
        files = [
            file
            for path in paths
            for file in (
                sorted(inner for inner in path.rglob("*") if inner.suffix.lower() in SUFFIXES)
                if path.is_dir()
                else [path]
            )
            if file.is_file()
        ]
        if len(files) > MOST:
            self.unread.append(f"{len(files) - MOST} further files: at most {MOST} are read")
        halves: dict[str, Sample] = {}
        for file in files[:MOST]:
            size = file.stat().st_size
            if size > LARGEST:
                self.unread.append(
                    f"{file}: it has {size:,} bytes, and at most {LARGEST:,} are read; give a smaller sample"
                )
                continue
            try:
                self._file(file, halves)
            except (_UnreadableError, Error) as error:
                self.unread.append(f"{file}: {error}")
            except (ValueError, RecursionError, yaml.YAMLError) as error:
                reason = str(error).partition("\n")[0] or type(error).__name__
                self.unread.append(f"{file}: {reason}")

    def _file(self, file: Path, halves: dict[str, Sample]) -> None:
        content = file.read_bytes()
        suffix = file.suffix.lower()
        if suffix in (".xml", ".http"):
            self._single(file, content, halves)
            return
        text = content.decode("utf-8-sig")
        found = list(_READERS[suffix](text, str(file)))
        if not found:
            raise _UnreadableError("it has no request and no response")
        for sample in found:
            self._add(sample)

    def _single(self, file: Path, content: bytes, halves: dict[str, Sample]) -> None:
        """Add a file with one message; its other half has the same name."""
        stem = file.name.removesuffix(file.suffix)
        said = _DIRECTION.search(stem)
        stem = stem[: said.start()] if said else stem
        half = _message(content)
        sent = isinstance(half, SampleRequest)
        if half is None:  # only a document
            root = parse_xml(content)
            sent = (
                said[1].lower().startswith("req")
                if said
                else re.search(r"request|query", str(etree.QName(root).localname), re.IGNORECASE)
                is not None
            )
            half = SampleRequest("", "", {}, content) if sent else SampleResponse(None, {}, content)
        key = str(file.with_name(stem))
        sample = halves.get(key)
        name = re.sub(r"([._-]\d+)+\Z", "", stem.partition("__")[0])  # task.get.2 is one of several
        if sample is None or (sample.request if sent else sample.response) is not None:
            sample = halves[key] = Sample(str(file), name)
            self.samples.append(sample)
        if isinstance(half, SampleRequest):
            sample.request = half
        else:
            sample.response = half
        try:
            self._parse(sample)
        except Error:
            self.samples.remove(sample)
            del halves[key]
            raise
        if sent:
            self._note_body(sample)

    def _note_body(self, sample: Sample) -> None:
        request = sample.request
        if request is None or request.root is not None or request.form or request.multipart:
            return
        if request.body.strip():
            message = "the body of the request is neither a document nor a form"
            self.unread.append(f"{sample.source}: {message}")

    def _add(self, sample: Sample) -> None:
        try:
            self._parse(sample)
        except Error as error:
            self.unread.append(f"{sample.source}: {error}")
        else:
            self.samples.append(sample)
            self._note_body(sample)

    @staticmethod
    def _parse(sample: Sample) -> None:
        """Parse the documents and the parameters of a sample. Raises Error for a document that is not well-formed."""
        request, response = sample.request, sample.response
        if request is not None and request.root is None:
            request.query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
            media = request.headers.get("content-type", "")
            if media.startswith("multipart/"):
                _parts(request, media)
            elif _is_document(request.body):
                request.root = parse_xml(request.body)
            elif "form-urlencoded" in media or re.match(rb"[\w.%-]+=", request.body):
                request.form = parse_qsl(
                    request.body.decode("utf-8", "replace").strip(), keep_blank_values=True
                )
        if response is not None and response.root is None and _is_document(response.body):
            response.root = parse_xml(response.body)


def _parts(request: SampleRequest, media: str) -> None:
    """Take the document out of a multipart body."""
    content = b"Content-Type: " + media.encode() + b"\n\n" + request.body
    message = BytesParser(policy=HTTP).parsebytes(content)
    request.multipart = message.get_content_subtype()
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            continue
        body = part.get_payload(decode=True)
        if (
            request.root is None
            and isinstance(body, bytes)
            and part.get_content_subtype() == "xml"
            and _is_document(body)
        ):
            request.root = parse_xml(body)
            request.document_part = name
        else:
            request.files.append(name)


def namespace_of(body: bytes) -> str:
    """Return the default namespace of a document, or that of its root's prefix; empty if it has none."""
    tag = re.search(rb"<(?![?!])(?:([\w.-]+):)?[\w.-]+(?:\s[^>]*)?>", body[:10_000])
    if tag is None:
        return ""
    prefix = rb":" + re.escape(tag[1]) if tag[1] else rb""
    found = re.search(rb"\sxmlns" + prefix + rb"\s*=\s*[\"']([^\"']*)", tag[0])
    return found[1].decode("utf-8", "replace") if found else ""


def _is_document(body: bytes) -> bool:
    text = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    return text.startswith(b"<") and not re.match(rb"<(!doctype )?html", text, re.IGNORECASE)


def _message(content: bytes) -> SampleRequest | SampleResponse | None:
    """Parse an HTTP message; None for a text that is none."""
    head, _, body = content.replace(b"\r\n", b"\n").lstrip(b"\xef\xbb\xbf\n").partition(b"\n\n")
    start, *lines = head.decode("utf-8", "replace").split("\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    status = _STATUS.match(start)
    if status is not None:
        return SampleResponse(int(status[1]), headers, body.strip())
    request = _START.match(start)
    if request is None:
        return None
    return SampleRequest(request[1], request[2], headers, body.strip())


def _lower(headers: Any) -> dict[str, str]:
    """Return headers of a HAR (a list of names and values) or a cassette (a mapping, maybe to lists)."""
    pairs: Iterable[tuple[Any, Any]] = ()
    if isinstance(headers, Mapping):
        pairs = headers.items()
    elif isinstance(headers, list):
        pairs = [
            (item.get("name"), item.get("value")) for item in headers if isinstance(item, dict)
        ]
    return {
        str(name).lower(): str(value[0] if isinstance(value, list) and value else value)
        for name, value in pairs
    }


def _bytes(body: Any) -> bytes:
    """Return the body of a HAR or a cassette."""
    if isinstance(body, Mapping):
        for key in ("string", "text"):
            if key in body:
                content = _bytes(body[key])
                return base64.b64decode(content) if body.get("encoding") == "base64" else content
        if "base64_string" in body:
            return base64.b64decode(_bytes(body["base64_string"]))
        return b""
    return body if isinstance(body, bytes) else str(body or "").encode()


def _archive(text: str, source: str) -> Iterator[Sample]:
    """Read a HAR or a cassette, as JSON or as YAML."""
    try:
        content = json.loads(text)
    except ValueError:
        content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if not isinstance(content, dict):
        return
    log = content.get("log")
    entries = log.get("entries") if isinstance(log, dict) else None
    calls = entries or content.get("interactions") or content.get("http_interactions") or []
    for number, call in enumerate(calls if isinstance(calls, list) else (), 1):
        if not isinstance(call, dict):
            continue
        asked, given = call.get("request"), call.get("response")
        sample = Sample(f"{source}, exchange {number}", "")
        if isinstance(asked, dict):
            sample.request = SampleRequest(
                str(asked.get("method") or "").upper(),
                str(asked.get("url") or asked.get("uri") or ""),
                _lower(asked.get("headers")),
                _bytes(asked.get("postData") or asked.get("body")),
            )
        if isinstance(given, dict):
            status = given.get("status")
            code = status.get("code") if isinstance(status, dict) else status
            sample.response = SampleResponse(
                int(code) if code else None,
                _lower(given.get("headers")),
                _bytes(given.get("content") or given.get("body")),
            )
        if sample.request is not None or sample.response is not None:
            yield sample


def _recording(text: str, source: str) -> Iterator[Sample]:
    """Read a recording of a generated client: one JSON object a line."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        entry = json.loads(line)
        if not isinstance(entry, dict):
            raise _UnreadableError(f"line {number} is not an object")
        sample = Sample(f"{source}:{number}", str(entry.get("method") or ""))
        if isinstance(entry.get("request"), str):
            content = entry["request"].encode()
            found = _message(content)
            sample.request = (
                found if isinstance(found, SampleRequest) else SampleRequest("", "", {}, content)
            )
        if isinstance(entry.get("response"), str):
            sample.response = SampleResponse(
                entry.get("status"), _lower(entry.get("headers")), entry["response"].encode()
            )
        yield sample


_CURL: Final = re.compile(r"^[ \t]*(?:[$%>#][ \t]+)?curl[ \t]", re.MULTILINE)
_WITH_VALUE: Final = {
    "-X": "verb", "--request": "verb", "-H": "header", "--header": "header", "--url": "url",
    "-d": "data", "--data": "data", "--data-raw": "data", "--data-binary": "data", "--data-ascii": "data",
    "--data-urlencode": "data", "-u": "user", "--user": "user", "-o": "", "--output": "", "-A": "",
    "--user-agent": "", "-m": "", "--max-time": "", "--cacert": "", "-w": "", "--write-out": "",
}  # fmt: skip


def _transcript(text: str, source: str) -> Iterator[Sample]:
    """Read commands of curl, each with what it printed."""
    starts = [found.start() for found in _CURL.finditer(text)]
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(text)], strict=True), 1):
        lines = text[start:end].strip().splitlines()
        words: list[str] = []
        used = 0
        for used in range(1, len(lines) + 1):
            command = "\n".join(lines[:used])
            if command.rstrip().endswith("\\"):
                continue
            try:
                words = shlex.split(re.sub(r"\\\s*\n", " ", command.lstrip("$%># \t")))
            except ValueError:  # a quotation goes on in the next line
                continue
            break
        if not words:
            continue
        output = [line for line in lines[used:] if not line.startswith(("* ", "> "))]
        shown = "\n".join(
            re.sub(r"\A< ?", "", line) if re.match(r"< ?(?:$|[\w-]+: |HTTP/)", line) else line
            for line in output
        ).strip()
        sample = Sample(f"{source}, command {number}", "", _curl_request(words[1:]))
        if shown:
            found = _message(shown.encode())
            sample.response = (
                found
                if isinstance(found, SampleResponse)
                else SampleResponse(None, {}, shown.encode())
            )
        yield sample


def _curl_request(words: list[str]) -> SampleRequest:
    verb = url = ""
    data: list[str] = []
    headers: dict[str, str] = {}
    in_query = False
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        if re.match(r"-[XHdu].", word) and not word.startswith("--"):
            name, equals, value = word[:2], "=", word[2:]
        meaning = _WITH_VALUE.get(name)
        if meaning is not None:
            value = value if equals else next(rest, "")
            if meaning == "verb":
                verb = value.upper()
            elif meaning == "header":
                key, _, text = value.partition(":")
                headers[key.strip().lower()] = text.strip()
            elif meaning == "data":
                data.append(value)
            elif meaning == "user":
                code = base64.b64encode(value.encode()).decode()
                headers.setdefault("authorization", f"Basic {code}")
            elif meaning == "url":
                url = value
        elif word in ("-G", "--get"):
            in_query = True
        elif word in ("-I", "--head"):
            verb = verb or "HEAD"
        elif not word.startswith("-"):
            url = url or word
    body = "&".join(data)
    if in_query and body:
        url += ("&" if "?" in url else "?") + body
        body = ""
    return SampleRequest(verb or ("POST" if body else "GET"), url, headers, body.encode())


_READERS: Final = {
    ".har": _archive,
    ".json": _archive,
    ".yaml": _archive,
    ".yml": _archive,
    ".jsonl": _recording,
    ".curl": _transcript,
    ".txt": _transcript,
}
