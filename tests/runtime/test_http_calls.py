"""Calls with verbs, paths and parameters, over HTTP on loopback."""

from __future__ import annotations

import asyncio
import email
import email.message
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from loopback import Response, serving
from wire_api import async_client, client, method, protocol, secret

from xmlwright.runtime.credentials import Authentication
from xmlwright.runtime.cursors import same_origin
from xmlwright.runtime.errors import (
    ArgumentError,
    ConfigurationError,
    InvalidDocumentError,
    NotRecordedError,
    OutcomeUnknownError,
    ServerError,
    UnexpectedResponseError,
)
from xmlwright.runtime.failures import FailureRule
from xmlwright.runtime.http_binding import HttpBinding
from xmlwright.runtime.outgoing import Outgoing
from xmlwright.runtime.places import Place
from xmlwright.runtime.record import Record
from xmlwright.runtime.recorder import Recorder, read_recording
from xmlwright.runtime.registry import MethodRegistry
from xmlwright.runtime.replay import ReplayTransport
from xmlwright.runtime.request import EmptyResponse, RecordResponse, Request
from xmlwright.runtime.retry import Backoff
from xmlwright.runtime.scalars import Binary, Id, Integer, Text
from xmlwright.runtime.schema import RecordSchema, entry_schema, field_spec
from xmlwright.runtime.transport import HttpRequest
from xmlwright.runtime.writing import Upload

FOUND = Response(b"<row><number>7</number><name>x</name></row>")
NUMBER = field_spec("number", Id(), location=("path", "number"), required="c")
QUICK = Backoff(attempts=3, base=0.0)

Way = Callable[..., Any]


def synchronously(api: Any, server: Any, request: Request[Any], **options: Any) -> Any:
    with client(api, server.url, **options) as rows:
        return rows.send(request)


def asynchronously(api: Any, server: Any, request: Request[Any], **options: Any) -> Any:
    async def call() -> Any:
        async with async_client(api, server.url, **options) as rows:
            return await rows.send(request)

    return asyncio.run(call())


ways = pytest.mark.parametrize("way", [synchronously, asynchronously])


@ways
def test_verb_path_query_and_headers_are_sent(way: Way) -> None:
    api = protocol()
    get = method(
        HttpBinding("GET", "/rows/{number}", {"X-Version": "2"}, query=(("format", "xml"),)),
        NUMBER,
        field_spec("tag", Text(), many=True, location=("query", "tag")),
        field_spec("trace", Text(), location=("header", "X-Trace")),
        of=api,
    )
    with serving(FOUND) as server:
        row = way(api, server, get.request({"number": 7, "tag": ["a b", "c&d"], "trace": "t"}))
    assert (row.number, row.name) == (7, "x")
    seen = server.seen[0]
    path, _, query = seen.line.partition("?")
    assert path == "GET /api/2.1/xml-in/rows/7"
    assert parse_qsl(query) == [("format", "xml"), ("tag", "a b"), ("tag", "c&d")]
    headers = {name.lower(): text for name, text in seen.headers.items()}
    assert (headers["x-version"], headers["x-trace"], seen.body) == ("2", "t", b"")
    assert "content-type" not in headers


@pytest.mark.parametrize(
    ("template", "text", "path"),
    [
        ("/rows/{code}", "a/b c", "/rows/a%2Fb%20c"),
        ("/rows/{code}", "..", "/rows/%2E%2E"),
        ("/rows/{code}", "é?#%", "/rows/%C3%A9%3F%23%25"),
        ("/rows/{code+}/x", "a/b c/d", "/rows/a/b%20c/d/x"),
        ("/rows/{code+}", "a/../b", "/rows/a/%2E%2E/b"),
    ],
)
def test_arguments_of_a_path_are_quoted(template: str, text: str, path: str) -> None:
    code = field_spec("code", Text(), location=("path", "code"))
    request = method(HttpBinding("GET", template), code).request({"code": text})
    assert request.http is not None
    assert request.http.target == path


def test_an_empty_argument_of_a_path_is_refused() -> None:
    code = field_spec("code", Text(), location=("path", "code"))
    with pytest.raises(ArgumentError, match="part of the URL"):
        method(HttpBinding("GET", "/rows/{code}"), code).request({"code": ""})


def test_headers_of_lists_and_maps() -> None:
    tags = field_spec("tags", Text(), many=True, location=("header", "X-Tags"))
    extra = field_spec(
        "extra", entry_schema(Text()), map=True, many=True, location=("header", "x-meta-*")
    )
    get = method(HttpBinding("GET", "/rows"), tags, extra)
    request = get.request({"tags": ["a", "b,c"], "extra": {"one": "1"}})
    assert request.http is not None
    assert dict(request.http.headers) == {"X-Tags": 'a, "b,c"', "x-meta-one": "1"}
    with pytest.raises(ArgumentError, match="cannot be in a header"):
        get.request({"tags": ["a\nb"]})
    with pytest.raises(ArgumentError, match="tags: should be a list, not int"):
        get.request({"tags": 7})
    with pytest.raises(ArgumentError, match="name of a header"):
        get.request({"extra": {"a b": "1"}})


@ways
def test_a_document_may_travel_in_a_form_parameter(way: Way) -> None:
    api = protocol(
        credentials=(secret("key"),),
        authentication=(Authentication("{key}", Place.of("form:ApiKey")),),
    )
    binding = HttpBinding(form=(("Command", "{resource}.{verb}"),), document=("form", "XML"))
    create = method(binding, field_spec("name", Text()), of=api, wrapper="row", name="row.create")
    with serving(FOUND) as server:
        way(api, server, create.request({"name": "a&b"}), key="k")
    form = dict(parse_qsl(server.seen[0].body.decode()))
    assert form["Command"] == "row.create"
    assert form["ApiKey"] == "k"
    assert "<row><name>a&amp;b</name></row>" in form["XML"]


@ways
@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_status_of_success_without_a_body_is_a_value(way: Way, status: int) -> None:
    api = protocol()
    delete = method(
        HttpBinding("DELETE", "/rows/{number}"), NUMBER, of=api, response=EmptyResponse()
    )
    with serving(Response(b"", status, {})) as server:
        assert way(api, server, delete.request({"number": 7})) is None
    assert server.seen[0].line.startswith("DELETE ")


@ways
def test_fields_of_a_response_may_be_headers_and_the_status(way: Way) -> None:
    @dataclass(kw_only=True)
    class Facts(Record):
        etag: str | None = None
        status: int | None = None

    facts = RecordSchema(
        "Facts",
        Facts,
        [
            field_spec("etag", Text(), location=("header", "ETag")),
            field_spec("status", Integer(), location=("status", "")),
        ],
    )
    api = protocol()
    head = method(
        HttpBinding("HEAD", "/rows/{number}"), NUMBER, of=api, response=RecordResponse("", facts)
    )
    # HEAD announces the length of the body that GET would send, and sends none.
    with serving(Response(FOUND.body, 200, {"ETag": "abc"})) as server:
        assert way(api, server, head.request({"number": 7})) == Facts(etag="abc", status=200)
        assert way(api, server, head.request({"number": 8})) == Facts(etag="abc", status=200)


@ways
def test_only_described_statuses_are_a_success(way: Way) -> None:
    api = protocol()
    get = method(HttpBinding("GET", "/rows", success=(201,)), of=api, retry="ambiguous")
    with serving(FOUND) as server, pytest.raises((UnexpectedResponseError, OutcomeUnknownError)):
        way(api, server, get.request({}), retry=QUICK)
    assert len(server.seen) == 1


@ways
@pytest.mark.parametrize(("retry", "times"), [("safe", 3), ("idempotent", 3), ("ambiguous", 1)])
def test_nothing_that_may_have_been_processed_is_sent_twice(
    way: Way, retry: str, times: int
) -> None:
    api = protocol()
    create = method(HttpBinding("POST", "/rows"), of=api, retry=retry)
    with serving(Response(b"", 503, {})) as server:
        with pytest.raises((ServerError, OutcomeUnknownError)):
            way(api, server, create.request({}), retry=QUICK)
    assert len(server.seen) == times


@ways
def test_a_redirect_is_not_followed(way: Way) -> None:
    api = protocol()
    with serving(Response(b"", 302, {"Location": "http://localhost:1/x"})) as server:
        with pytest.raises(UnexpectedResponseError, match="redirect"):
            way(api, server, method(HttpBinding("GET", "/rows"), of=api).request({}))
    assert len(server.seen) == 1


@ways
def test_credentials_are_sent_in_every_place(way: Way) -> None:
    api = protocol(
        credentials=(secret("user"), secret("password"), secret("key")),
        authentication=(
            Authentication("{user}:{password}"),
            Authentication("k={key}", Place.of("header:X-Key")),
            Authentication("{key}", Place.of("query:key")),
            Authentication("{user}", Place.of("login/name")),
            Authentication("{key}", Place.of("login/@key")),
        ),
    )
    create = method(HttpBinding("POST", "/rows"), field_spec("name", Text()), of=api, wrapper="row")
    with serving(FOUND) as server:
        request = create.request({"name": "x"})
        way(api, server, request, user="u", password="p:&", key='<"k')
    seen = server.seen[0]
    assert seen.line == "POST /api/2.1/xml-in/rows?key=%3C%22k"
    headers = {name.lower(): text for name, text in seen.headers.items()}
    assert headers["authorization"] == "Basic dTpwOiY="
    assert headers["x-key"] == 'k=<"k'
    assert seen.body.endswith(
        b'<row><login key="&lt;&quot;k"><name>u</name></login><name>x</name></row>'
    )
    with pytest.raises(ConfigurationError, match="no key is given"):
        client(api, "http://localhost/", user="u", password="p")


@ways
def test_a_signer_sees_the_whole_request(way: Way) -> None:
    api = protocol(signer=True)
    met: list[HttpRequest] = []

    def sign(request: HttpRequest) -> dict[str, str]:
        met.append(request)
        return {"X-Signature": request.verb}

    create = method(HttpBinding("PUT", "/rows"), field_spec("name", Text()), of=api, wrapper="row")
    with serving(FOUND) as server:
        way(api, server, create.request({"name": "x"}), auth=sign)
        request = met[0]
        assert (request.verb, request.url) == ("PUT", f"{server.url}/rows")
        assert request.body.endswith(b"<row><name>x</name></row>")
        assert request.headers["Content-Type"] == "application/xml; charset=utf-8"
        assert server.seen[0].headers["X-Signature"] == "PUT"
    with pytest.raises(ConfigurationError, match="auth="):
        client(api, "http://localhost/")


@ways
def test_a_method_without_authentication_sends_no_credentials(way: Way) -> None:
    api = protocol(credentials=(secret("key"),), authentication=(Authentication("{key}:"),))
    get = method(HttpBinding("GET", "/status"), of=api, authenticated=False)
    with serving(FOUND) as server:
        way(api, server, get.request({}), key="k")
    assert "Authorization" not in server.seen[0].headers


def test_warnings_and_metadata_are_on_the_raw_response() -> None:
    api = protocol(
        warnings=FailureRule(at=("warnings", "warning"), each=True, code=Place((), "code"), message=Place()),
        metadata=(("request_id", Place.of("/id"), Text()), ("left", Place.of("header:X-Left"), Integer())),
    )  # fmt: skip
    body = (
        b'<row><id>r-1</id><warnings><warning code="old">Old.</warning></warnings>'
        b"<number>7</number></row>"
    )
    with serving(Response(body, 200, {"X-Left": "9"})) as server, client(api, server.url) as rows:
        raw = rows.send_raw(method(HttpBinding("GET", "/rows"), of=api).request({}))
    assert raw.value.number == 7
    assert raw.metadata == {"request_id": "r-1", "left": 9}
    assert [(one.code, one.message) for one in raw.warnings] == [("old", "Old.")]


def test_a_recorded_call_shows_no_sensitive_argument(tmp_path: Any) -> None:
    api = protocol(
        credentials=(secret("key"),),
        authentication=(Authentication("{key}", Place.of("query:key")),),
    )
    pin: Any = {"sensitive": True}
    get = method(
        HttpBinding("POST", "/rows/{pin}"),
        field_spec("pin", Text(), location=("path", "pin"), **pin),
        field_spec("query", Text(), location=("query", "q"), **pin),
        field_spec("header", Text(), location=("header", "X-Pin"), **pin),
        field_spec("form", Text(), location=("form", "pin"), **pin),
        field_spec("name", Text(), location=("form", "name")),
        of=api,
    )
    path = tmp_path / "calls.jsonl"
    values = {
        "pin": "s3cret-1",
        "query": "s3cret-2",
        "header": "s3cret-3",
        "form": "s3cret-4",
        "name": "x",
    }
    with serving(FOUND) as server, Recorder(path) as recorder:
        with client(api, server.url, key="s3cret-5", hooks=[recorder]) as rows:
            request = get.request(values)
            rows.send(request)
            explained = rows.explain(request)
    (call,) = read_recording(path)
    assert "s3cret" not in call.request + explained + repr(request)
    assert call.request.startswith("POST /rows/[redacted]?q=")
    assert "name=x" in call.request
    assert "s3cret-4" in server.seen[0].body.decode()


def parts_of(body: bytes, media: str) -> list[tuple[str, str | None, str, bytes]]:
    """Return name, file name, content type and content of each part, as the standard library reads them."""
    message = email.message_from_bytes(f"Content-Type: {media}\r\n\r\n".encode() + body)
    found = []
    for part in message.get_payload():
        assert isinstance(part, email.message.Message)
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        label = dict(part.raw_items())["Content-Disposition"]
        disposition = email.message.Message()
        # The header is UTF-8, which that library keeps as surrogates.
        disposition["X"] = str(label).encode("ascii", "surrogateescape").decode()
        name, filename = (disposition.get_param(key, header="x") for key in ("name", "filename"))
        found.append((str(name), filename and str(filename), part.get_content_type(), content))
    return found


IMAGE = field_spec("image", Binary(), location=("part", "cover"))
PUBLISH = (
    field_spec("name", Text()),
    IMAGE,
    field_spec("tag", Text(), many=True, location=("part", "tag")),
    field_spec("pin", Text(), location=("part", "pin"), sensitive=True),
)


@ways
@pytest.mark.parametrize("kind", ["form-data", "mixed"])
def test_document_files_and_texts_are_parts_of_one_body(way: Way, kind: str) -> None:
    api = protocol()
    binding = HttpBinding(path="/rows", multipart=kind, document=("part", "request"))
    publish = method(binding, *PUBLISH, of=api, wrapper="row")
    content = b"\x00\r\n--part-0-\r\n\xff"
    values = {"name": "a", "image": Upload(content, 'co"vér.png'), "tag": ["x", "é"], "pin": "7"}
    with serving(FOUND) as server:
        way(api, server, publish.request(values))
    media = {name.lower(): text for name, text in server.seen[0].headers.items()}["content-type"]
    assert media.startswith(f"multipart/{kind};")
    document, *others = parts_of(server.seen[0].body, media)
    assert document[:3] == ("request", None, "application/xml")
    assert document[3].endswith(b"<row><name>a</name></row>")
    assert others == [
        ("cover", "co%22vér.png", "image/png", content),
        ("tag", None, "text/plain", b"x"),
        ("tag", None, "text/plain", "é".encode()),
        ("pin", None, "text/plain", b"7"),
    ]


def test_the_part_of_the_document_is_sent_without_arguments_too() -> None:
    binding = HttpBinding(path="/rows", multipart="mixed", document=("part", "request"))
    publish = method(binding, *PUBLISH, wrapper="row")
    body, media = Outgoing.of(publish.request({"image": b"GIF89a"}), "http://x", {}).body(
        publish.request({"image": b"GIF89a"})
    )
    assert [(name, content) for name, _, _, content in parts_of(body, media)] == [
        ("request", b""),
        ("cover", b"GIF89a"),
    ]


def test_a_multipart_call_is_recorded_without_secrets_and_replayed(tmp_path: Path) -> None:
    api = protocol()
    binding = HttpBinding(path="/rows", multipart="form-data", document=("part", "request"))
    publish = method(binding, *PUBLISH, of=api, wrapper="row", name="row.publish")
    request = publish.request({"name": "a", "image": Upload(b"x", "c.png"), "pin": "s3cret"})
    path = tmp_path / "calls.jsonl"
    with serving(FOUND) as server, Recorder(path) as recorder:
        with client(api, server.url, hooks=[recorder]) as rows:
            sent = rows.send(request)
    (call,) = read_recording(path)
    assert "cover=@c.png" in call.request
    assert "s3cret" not in call.request + repr(request)
    methods: Any = {"row.publish": publish}
    registry = MethodRegistry(api, methods)
    with client(api, transport=ReplayTransport(path, registry=registry)) as rows:
        assert rows.send(request) == sent
        with pytest.raises(NotRecordedError):
            rows.send(
                publish.request({"name": "a", "image": Upload(b"x", "d.png"), "pin": "s3cret"})
            )


def test_what_is_no_file_is_refused_by_name() -> None:
    publish = method(HttpBinding(path="/rows", multipart="form-data"), IMAGE)
    with pytest.raises(ArgumentError, match="image: should be an Upload, bytes, a path"):
        publish.request({"image": "cover.png"})
    tags = field_spec("tag", Text(), many=True, location=("part", "tag"))
    with pytest.raises(ArgumentError, match="tag: should be a list, not str"):
        method(HttpBinding(path="/rows", multipart="form-data"), tags).request({"tag": "x"})


@ways
def test_a_body_that_is_no_document_has_the_described_type(way: Way) -> None:
    api = protocol()
    binding = HttpBinding("PATCH", "/rows", media="application/json")
    actions = field_spec("actions", Text(), location=("body", ""))
    with serving(FOUND) as server:
        way(api, server, method(binding, actions, of=api).request({"actions": "{}"}))
    headers = {name.lower(): text for name, text in server.seen[0].headers.items()}
    assert (headers["content-type"], server.seen[0].body) == ("application/json", b"{}")


@ways
def test_credentials_in_the_query_are_sent_without_a_binding_too(way: Way) -> None:
    api = protocol(
        request_root="request",
        credentials=(secret("key"),),
        authentication=(Authentication("{key}", Place.of("query:key")),),
    )
    with serving(FOUND) as server:
        way(api, server, method(None, field_spec("name", Text()), of=api).request({}), key="k&k")
    assert server.seen[0].line.endswith("?key=k%26k")


def test_a_link_to_another_server_is_not_followed() -> None:
    assert same_origin("https://a.example/x", "/y?c=1") == "https://a.example/y?c=1"
    for link in ("https://b.example/y", "http://a.example/y", "https://a.example:444/y", "//b/y"):
        with pytest.raises(InvalidDocumentError, match="not followed"):
            same_origin("https://a.example/x", link)


def test_the_order_of_keys_does_not_change_a_request() -> None:
    inner = RecordSchema[Any]("inner", None, [field_spec("a", Text()), field_spec("b", Text())])
    create = method(
        HttpBinding("POST", "/rows"), field_spec("x", lambda: inner), field_spec("y", Text()), wrapper="row"
    )  # fmt: skip
    left = create.request({"x": {"a": "1", "b": "2"}, "y": "3"})
    right = create.request({"y": "3", "x": {"b": "2", "a": "1"}})
    assert left.xml == right.xml


def test_exactly_one_of_a_choice_is_sent() -> None:
    create = method(
        HttpBinding("POST", "/rows"), field_spec("a", Text()), field_spec("b", Text()),
        wrapper="row", one_of=(("a", "b"),),
    )  # fmt: skip
    assert not create.problems({"a": "1"})
    for values in ({}, {"a": "1", "b": "2"}):
        assert "exactly one of a, b" in str(create.problems(values)[0])


@ways
@pytest.mark.parametrize(
    ("payload", "document"),
    [
        (
            ("body", "new"),
            "<head><key>k</key><what>row.create</what></head><body><new><row><name>x</name></row></new></body>",
        ),
        (
            ("head", "new"),
            "<head><key>k</key><what>row.create</what><new><row><name>x</name></row></new></head>",
        ),
        (("head",), "<head><key>k</key><what>row.create</what><row><name>x</name></row></head>"),
        ((), "<head><key>k</key><what>row.create</what></head><row><name>x</name></row>"),
    ],
)
def test_the_credentials_the_method_and_the_payload_share_an_element(
    way: Way, payload: tuple[str, ...], document: str
) -> None:
    api = protocol(
        request_root="do",
        request_method=Place.of("head/what"),
        request_payload=payload,
        credentials=(secret("key"),),
        authentication=(
            Authentication("{key}", Place.of("head/key")),
            Authentication("{key}", Place.of("more/key")),
        ),
    )
    create = method(None, field_spec("name", Text()), of=api, wrapper="row", name="row.create")
    with serving(FOUND) as server:
        way(api, server, create.request({"name": "x"}), key="k")
    assert server.seen[0].body.decode().endswith(f"<do><more><key>k</key></more>{document}</do>")
