"""``xmlwright infer --new``: from samples of any kind to a description that validates and reads them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from small_project import run, tree

from xmlwright.inference import samples as sample_files
from xmlwright.inference.operations import group
from xmlwright.inference.samples import SampleReader
from xmlwright.inference.shapes import guess_text
from xmlwright.ir import Api, Method
from xmlwright.pipeline import stages
from xmlwright.settings import find

ONE = (
    '<book id="7"><title>Faust</title><pages>120</pages><added>2026-03-01T09:30:00Z</added></book>'
)
TWO = '<book id="8"><title>Emma</title><pages>90</pages><added>2026-03-02T09:30:00Z</added></book>'
LIST = f"<books>{ONE}{TWO}</books>"
KEY = "Basic YTpi"
EXCHANGES = [
    ("GET", "https://api.library.example/v1/books?title=Fa", "", 200, LIST),
    ("GET", "https://api.library.example/v1/books/7", "", 200, ONE),
    ("GET", "https://api.library.example/v1/books/8", "", 200, TWO),
    ("POST", "https://api.library.example/v1/books", "<book><title>Faust</title><pages>120</pages></book>", 201, ONE),
    ("PUT", "https://api.library.example/v1/books/7/lend?reader=ann", "", 204, ""),
    ("GET", "https://api.library.example/v1/books/9", "", 404, "<error><code>unknown</code><message>No such book.</message></error>"),
]  # fmt: skip
"""Verb, address, body, status and body of the response."""


def as_http(folder: Path) -> None:
    for number, (verb, url, body, status, answer) in enumerate(EXCHANGES):
        (folder / f"call{number}.request.http").write_text(
            f"{verb} {url} HTTP/1.1\nAuthorization: {KEY}\n\n{body}"
        )
        (folder / f"call{number}.response.http").write_text(f"HTTP/1.1 {status}\n\n{answer}")


def as_har(folder: Path) -> None:
    entries = [
        {
            "request": {
                "method": verb, "url": url, "headers": [{"name": "Authorization", "value": KEY}],
                "postData": {"mimeType": "application/xml", "text": body},
            },
            "response": {"status": status, "headers": [], "content": {"text": answer}},
        }
        for verb, url, body, status, answer in EXCHANGES
    ]  # fmt: skip
    (folder / "session.har").write_text(json.dumps({"log": {"entries": entries}}))


def as_cassette(folder: Path) -> None:
    calls = [
        {
            "request": {"method": verb, "uri": url, "headers": {"Authorization": [KEY]}, "body": body},
            "response": {"status": {"code": status, "message": "x"}, "headers": {}, "body": {"string": answer}},
        }
        for verb, url, body, status, answer in EXCHANGES
    ]  # fmt: skip
    (folder / "calls.yaml").write_text(json.dumps({"interactions": calls, "version": 1}))


def as_transcript(folder: Path) -> None:
    text = ""
    for verb, url, body, status, answer in EXCHANGES:
        data = f" \\\n  --data '{body}'" if body else ""
        text += f"$ curl -i -X {verb} -u a:b '{url}'{data}\nHTTP/1.1 {status} X\nContent-Type: text/xml\n\n{answer}\n\n"
    (folder / "notes.txt").write_text(text)


def as_recording(folder: Path) -> None:
    lines = [
        json.dumps({
            "method": "", "status": status, "error": None, "response": answer,
            "request": f"{verb} {url}\nAuthorization: {KEY}\n\n{body}",
        })
        for verb, url, body, status, answer in EXCHANGES
    ]  # fmt: skip
    (folder / "calls.jsonl").write_text("\n".join(lines))


def drafted(folder: Path) -> tuple[Api, dict[str, Method]]:
    """Run the command on ``samples/``; return the description that it writes."""
    done = run(folder, "infer", "--new", "library", "samples")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not read" not in done.stderr
    api, diagnostics = stages.validate(find(folder / "library"))
    assert not list(diagnostics)
    assert api is not None
    return api, {method.name: method for method in api.methods}


@pytest.mark.parametrize("write", [as_http, as_har, as_cassette, as_transcript, as_recording])
def test_every_kind_of_sample_gives_the_same_description(tmp_path: Path, write: object) -> None:
    (tmp_path / "samples").mkdir()
    assert callable(write)
    write(tmp_path / "samples")
    api, methods = drafted(tmp_path)
    assert api.url == "https://api.library.example/v1"
    assert {option.name for option in api.credentials} == {"user", "password"}
    assert sorted(methods) == ["book.create", "book.get", "book.lend", "book.list"]
    http = {name: (m.http.verb, m.http.path) for name, m in methods.items() if m.http is not None}
    assert http == {
        "book.create": ("POST", "/books"),
        "book.get": ("GET", "/books/{book_id}"),
        "book.lend": ("PUT", "/books/{book_id}/lend"),
        "book.list": ("GET", "/books"),
    }
    (record,) = api.records.values()
    assert record.name == "Book"
    kinds = {item.name: item.read for item in record.fields}
    assert kinds == {"id": "int", "title": "text", "pages": "int", "added": "datetime"}
    assert methods["book.list"].response.value == "list"
    assert [item.name for item in methods["book.list"].arguments] == ["title"]
    assert [item.name for item in methods["book.lend"].arguments] == ["book_id", "reader"]
    (rule,) = api.envelope.failures
    assert (rule.roots, rule.code, rule.message) == (("error",), "code", "message")


def write_documents(folder: Path, documents: dict[str, str]) -> None:
    folder.mkdir()
    for name, text in documents.items():
        (folder / name).write_text(text)


def test_documents_that_name_their_method_in_an_attribute(tmp_path: Path) -> None:
    write_documents(tmp_path / "samples", {
        "a.request.xml": '<request method="book.get"><id>7</id></request>',
        "a.response.xml": f'<response status="ok">{ONE}</response>',
        "b.request.xml": '<request method="book.list"/>',
        "b.response.xml": f'<response status="ok">{LIST}</response>',
        "c.request.xml": '<request method="loan.close"><book id="7"/></request>',
        "c.response.xml": '<response status="fail"><error code="E1">It is closed.</error></response>',
    })  # fmt: skip
    api, methods = drafted(tmp_path)
    assert sorted(methods) == ["book.get", "book.list", "loan.close"]
    assert (api.envelope.request_root, str(api.envelope.request_method)) == ("request", "@method")
    assert (api.envelope.status, api.envelope.ok, api.envelope.failed) == (
        "@status",
        ("ok",),
        ("fail",),
    )
    assert len(api.records) == 1, "the books of all methods are one record"


def test_root_elements_that_name_the_method(tmp_path: Path) -> None:
    write_documents(tmp_path / "samples", {
        f"{number}.{way}.xml": text
        for number, (name, sent, got) in enumerate([
            ("getBook", "<id>7</id>", ONE), ("addBook", f"{ONE}", "<id>9</id>"), ("listBooks", "", LIST),
        ])
        for way, text in (
            ("request", f'<{name}Request xmlns="urn:l"><login><key>k</key></login>{sent}</{name}Request>'),
            ("response", f'<{name}Response xmlns="urn:l"><result>Ok</result>{got}</{name}Response>'),
        )
    })  # fmt: skip
    api, methods = drafted(tmp_path)
    assert {name.partition(".")[2] for name in methods} == {"getBook", "addBook", "listBooks"}
    assert (api.envelope.request_root, api.envelope.response_root) == (
        "{verb}Request",
        "{verb}Response",
    )
    assert [item.place for item in api.authentication] == ["login/key"]
    assert api.envelope.status == "result"


def test_parameters_that_name_the_method(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    for name, more in (
        ("book.get", "&id=7"),
        ("book.list", ""),
        ("book.order", "&name1=a&count1=2&name2=b&count2=3&x1=1"),
    ):
        text = f"GET https://api.library.example/?key=k&do={name}{more} HTTP/1.1\n\n"
        (tmp_path / "samples" / f"{name}.request.http").write_text(text.replace("key=", "api_key="))
        (tmp_path / "samples" / f"{name}.response.http").write_text(
            f"HTTP/1.1 200 OK\n\n<reply>{ONE}</reply>"
        )
    api, methods = drafted(tmp_path)
    assert sorted(methods) == ["book.get", "book.list", "book.order"]
    assert str(api.envelope.request_method) == "query:do"
    assert [item.place for item in api.authentication] == ["query:api_key"]
    (items,) = methods["book.order"].arguments
    assert items.indexed == "{field}{n}"


def test_file_names_name_the_method_where_nothing_else_does(tmp_path: Path) -> None:
    write_documents(tmp_path / "samples", {
        f"book.get.{number}.response.xml": f"<reply>{text}</reply>" for number, text in enumerate([ONE, TWO])
    } | {"book.list__all.response.xml": f"<reply>{LIST}</reply>"})  # fmt: skip
    _, methods = drafted(tmp_path)
    assert sorted(methods) == ["book.get", "book.list"]


def test_what_is_uncertain_is_marked(tmp_path: Path) -> None:
    write_documents(tmp_path / "samples", {
        "book.get.response.xml": "<book><state>open</state><state2/></book>",
        "page.list.response.xml": "<pages><page>1</page></pages>",
    })  # fmt: skip
    done = run(tmp_path, "infer", "--new", "library", "samples")
    assert done.returncode == 0, done.stderr
    marked = [
        line.strip()
        for name, text in tree(tmp_path / "library").items()
        if name.endswith(".yaml")
        for line in text.decode().splitlines()
        if "# check" in line
    ]
    assert any(line.startswith("state2") and "always empty" in line for line in marked)
    assert any("no request shows credentials" in line for line in marked)
    (count,) = re.findall(r"(\d+) lines to look at", done.stdout)
    assert int(count) >= len(marked)


@pytest.mark.parametrize(
    ("name", "texts", "kind"),
    [
        ("created", ["2026-01-31"], "date"),
        ("created", ["01/31/2026"], "date"),
        ("created", ["2026-01-31T10:00:00Z"], "datetime"),
        ("created", ["2026-01-31 10:00:00"], "datetime"),
        ("amount", ["5", "7"], "decimal"),
        ("rate", ["5.0", "7.25"], "decimal"),
        ("total_pages", ["5", "7"], "int"),
        ("pageNumber", ["5", "7"], "int"),
        ("zip", ["10115", "20095"], "text"),
        ("accountNumber", ["1", "2"], "text"),
        ("id", ["12345678901234"], "text"),
        ("open", ["true", "false", ""], "flag"),
        ("open", ["yes"], "flag"),
        ("status", ["open", "closed", "open", "open"], "enum"),
        ("status", ["open"], "text"),
        ("note", ["1", "x"], "text"),
        ("note", [], "text"),
        ("size", ["007"], "text"),
    ],
)
def test_types_are_those_that_all_texts_have(name: str, texts: list[str], kind: str) -> None:
    assert guess_text(name, texts).kind == kind


# What does not fit


def test_samples_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    write_documents(tmp_path / "samples", {
        "book.get.response.xml": ONE,
        "broken.xml": "<book><title></book>",
        "bomb.xml": '<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>',
        "network.xml": '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a>&x;</a>',
        "list.har": "[]",
        "broken.jsonl": "{",
        "bomb.yaml": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        "json.http": "POST https://api.library.example/books HTTP/1.1\nContent-Type: application/json\n\n{}",
        "empty.txt": "",
    })  # fmt: skip
    (tmp_path / "samples" / "bytes.txt").write_bytes(b"\xff\xfe\x00curl ")
    done = run(tmp_path, "infer", "--new", "library", "samples")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    for name in (
        "broken.xml",
        "bomb.xml",
        "network.xml",
        "list.har",
        "broken.jsonl",
        "bomb.yaml",
        "json.http",
        "empty.txt",
        "bytes.txt",
    ):
        assert re.search(rf"^not read: samples/{name}", done.stderr, re.MULTILINE), name


def test_nothing_readable_writes_nothing(tmp_path: Path) -> None:
    write_documents(tmp_path / "samples", {"broken.xml": "<book>"})
    done = run(tmp_path, "infer", "--new", "library", "samples")
    assert done.returncode == 1
    assert "there is no sample; nothing was written" in done.stderr
    assert not (tmp_path / "library").exists()


def test_a_folder_that_has_a_project_is_left_alone(tmp_path: Path) -> None:
    write_documents(tmp_path / "samples", {"book.get.response.xml": ONE})
    write_documents(tmp_path / "library", {"pyproject.toml": "mine"})
    done = run(tmp_path, "infer", "--new", "library", "samples")
    assert done.returncode == 1
    assert "exists already; nothing was written" in done.stderr
    assert tree(tmp_path / "library") == {"pyproject.toml": b"mine"}


def test_a_file_of_200_mb_is_refused_without_reading_it(tmp_path: Path) -> None:
    write_documents(tmp_path / "samples", {"book.get.response.xml": ONE})
    with (tmp_path / "samples" / "large.xml").open("wb") as file:
        file.truncate(200_000_000)  # a sparse file
    done = run(tmp_path, "infer", "--new", "library", "samples")
    assert done.returncode == 0
    assert "large.xml: it has 200,000,000 bytes, and at most 20,000,000 are read" in done.stderr


def test_ten_thousand_names_are_keys_of_a_map(tmp_path: Path) -> None:
    inner = "".join(f"<n{number}>x</n{number}>" for number in range(10_000))
    write_documents(tmp_path / "samples", {
        "book.get.response.xml": f"<book><labels>{inner}</labels></book>",
    })  # fmt: skip
    api, _ = drafted(tmp_path)
    fields = [item for record in api.records.values() for item in record.fields]
    assert [(item.name, item.map) for item in fields] == [("labels", True)]


def test_ten_thousand_names_in_different_places_are_refused(tmp_path: Path) -> None:
    inner = "".join(
        f"<g{group}>" + "".join(f"<n{group}_{number}/>" for number in range(250)) + f"</g{group}>"
        for group in range(100)
    )
    write_documents(tmp_path / "samples", {"book.get.response.xml": f"<book>{inner}</book>"})
    done = run(tmp_path, "infer", "--new", "library", "samples")
    assert done.returncode == 1
    assert (
        "more than 20,000 different places of elements; give samples of fewer methods"
        in done.stderr
    )
    assert not (tmp_path / "library").exists()


def test_a_document_nested_deeply_is_refused(tmp_path: Path) -> None:
    write_documents(tmp_path / "samples", {"book.get.response.xml": "<a>" * 200 + "</a>" * 200})
    done = run(tmp_path, "infer", "--new", "library", "samples")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_too_many_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_files, "MOST", 3)
    for number in range(5):
        (tmp_path / f"book.get{number}.response.xml").write_text(ONE)
    reader = SampleReader()
    reader.read([tmp_path])
    assert len(reader.samples) == 3
    assert reader.unread == ["2 further files: at most 3 are read"]


def test_names_of_every_kind_give_a_valid_description(tmp_path: Path) -> None:
    """Names that Python, YAML or generated code reserve, and names that are alike in Python."""
    names = [
        "class",
        "yes",
        "no",
        "null",
        "self",
        "list",
        "größe",
        "a-b",
        "a_b",
        "a.b",
        "A_B",
        "USD",
        "Page",
        "_x",
        "to_dict",
    ]
    inner = "".join(f'<{name} {name}="1"><inner>1</inner></{name}>' for name in names)
    attributes = " ".join(f'{name}="1"' for name in names)
    write_documents(tmp_path / "samples", {
        "class.import.response.xml": f"<Page {attributes}>{inner}text</Page>",
        "Page.list.response.xml": f"<None>{inner}</None>",
    })  # fmt: skip
    drafted(tmp_path)


def test_the_draft_does_not_depend_on_the_order_of_its_samples(tmp_path: Path) -> None:
    as_http(tmp_path)
    paths = sorted(tmp_path.iterdir())
    found = []
    for order in (paths, paths[::-1]):
        reader = SampleReader()
        reader.read(order)
        found.append(
            [(item.resource, item.verb, item.template) for item in group(reader.samples).found]
        )
    assert found[0] == found[1]
