"""The sandbox of APIs with verbs, paths, statuses and headers, from their description alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from xmlwright.runtime import errors
from xmlwright.runtime.writing import Upload
from xmlwright.sandbox.server_thread import Sandbox

from .described import Caller, described, plain

API = """
endpoint: {url: "https://{subdomain}.library.example/v2"}
credentials: {key: {doc: "Key of the library."}}
authentication: [{basic: "{key}:"}]
http: {headers: {X-Api-Version: "2.1"}}
envelope:
  request: {root: none}
  response: {root: none}
  nil: {at: "@nil", value: nil}
  failures:
    - {status: 422, root: errors, each: error, field: "@field", code: "@symbol", message: "."}
    - {status: 400-499, root: error, code: symbol, message: description}
    - {status: 500-599, kind: server}
paging:
  style: link
  size: "query:per_page"
  default_size: 2
  counters: {next: "header:Link#next", total: "header:X-Records"}
"""
SHELF = """
resource: shelf
plural: shelves
title: Shelves
doc: Where books are.
path: /shelves
records:
  Shelf:
    identity: shelf_code
    fields:
      shelf_code: {type: text, required: create, access: [read, create]}
      room: {type: text}
      state: {type: text, access: read}
      width: {type: int}
      labels: {list: label, type: text}
      created_at: {type: datetime, access: read}
      location: {type: text, at: "header:Location", access: read}
methods:
  create: {response: {value: record}}
  get: {}
  list:
    filters: {room: same}
  update: {}
  delete: {}
  close: {http: "PUT /shelves/{shelf_code}/close", response: {value: record}}
"""
BOOK = """
resource: book
title: Books
doc: What can be read.
records:
  Book:
    identity: uuid
    fields:
      uuid: {type: text, access: read}
      title: {type: text, required: create}
      pages: {type: int}
methods:
  create:
    http: POST /shelves/{shelf_code}/books
    arguments: {shelf_code: {type: text, ref: shelf, required: always}}
    response: {value: record}
  list:
    http: GET /shelves/{shelf_code}/books
    arguments: {shelf_code: {type: text, ref: shelf, required: always}}
  publish:
    http: {verb: POST, path: "/shelves/{shelf_code}/publications", multipart: mixed}
    kind: create
    envelope: {request: {at: "part:request"}}
    arguments:
      shelf_code: {type: text, ref: shelf, required: always}
      scan: {type: binary, at: "part:scan", media: [application/pdf]}
      note: {type: text, at: "part:note"}
    response: {value: record}
  get: {http: "GET /books/{uuid}"}
  delete: {http: "DELETE /books/{uuid}"}
"""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = described(tmp_path_factory.mktemp("library"), API, shelf=SHELF, book=BOOK)
    with Sandbox(folder, accounts=("sample", "other")) as running:
        yield running


@pytest.fixture
def call(box: Sandbox) -> Iterator[Caller]:
    box.control.reset()
    with Caller(box) as caller:
        yield caller


def test_a_record_is_created_read_changed_and_deleted(call: Caller) -> None:
    made = call("shelf.create", shelf_code="A/1 ü", room="north & south", labels=["a", "b"])
    assert (made.shelf_code, made.room, made.labels) == ("A/1 ü", "north & south", ["a", "b"])
    call("shelf.update", shelf_code="A/1 ü", room=None, width=40)
    found = call("shelf.get", shelf_code="A/1 ü")
    assert (found.room, found.width, found.labels) == (None, 40, ["a", "b"])
    assert call("shelf.close", shelf_code="A/1 ü").width == 40
    assert call("shelf.delete", shelf_code="A/1 ü") is None
    with pytest.raises(errors.NotFoundError) as caught:
        call("shelf.get", shelf_code="A/1 ü")
    assert (caught.value.status, caught.value.code) == (404, "NotFound")


def test_statuses_and_headers_are_those_of_the_verb(box: Sandbox, call: Caller) -> None:
    with requests.Session() as session:
        session.verify, session.auth = box.ca, (box.token, "")
        session.trust_env = False
        shelf = "<shelf><shelf_code>A</shelf_code></shelf>"
        made = session.post(f"{box.url}/shelves", data=shelf)
        assert made.status_code == 201
        assert b'<room nil="nil"/>' in made.content
        assert session.delete(f"{box.url}/shelves/A").status_code == 204
        refused = session.patch(f"{box.url}/shelves/A")
        assert refused.status_code == 405
        assert set(refused.headers["Allow"].split(", ")) == {"GET", "PUT", "DELETE"}
        assert session.get(f"{box.url}/elsewhere").status_code == 404


def test_records_belong_to_what_their_path_names(call: Caller) -> None:
    for code in ("A", "B"):
        call("shelf.create", shelf_code=code)
    first = call("book.create", shelf_code="A", title="One")
    second = call("book.create", shelf_code="B", title="Two")
    assert len(first.uuid) == 32
    assert first.uuid != second.uuid
    assert [book.title for book in call.walk("book.list", shelf_code="A")] == ["One"]
    assert call("book.get", uuid=second.uuid).title == "Two"
    with pytest.raises(errors.NotFoundError):
        call("book.create", shelf_code="C", title="Three")


def test_a_document_and_files_in_parts_are_one_call(box: Sandbox, call: Caller) -> None:
    call("shelf.create", shelf_code="A")
    scan = Upload(b"%PDF-1.4 \x00\r\n--", "é.pdf")
    made = call("book.publish", shelf_code="A", title="One", scan=scan, note="n")
    assert call("book.get", uuid=made.uuid).title == "One"
    with pytest.raises(errors.NotFoundError):
        call("book.publish", shelf_code="B", title="One", scan=scan)


def test_parts_of_other_programs_are_read_and_unknown_ones_refused(
    box: Sandbox, call: Caller
) -> None:
    call("shelf.create", shelf_code="A")
    document = ("", b"<book><title>Two</title></book>", "text/xml")
    pdf = ("a.pdf", b"%PDF-1.4", "application/pdf")
    with requests.Session() as session:
        session.verify, session.auth, session.trust_env = box.ca, (box.token, ""), False
        url = f"{box.url}/shelves/A/publications"
        assert session.post(url, files={"scan": pdf, "request": document}).status_code == 201
        wrong_parts = ({"scan": ("a.png", b"x", "image/png")}, {"cover": pdf})
        for wrong in wrong_parts:
            refused = session.post(url, files={"request": document, **wrong})
            assert refused.status_code == 422, refused.text


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_a_walk_along_links_meets_every_row(call: Caller, size: int) -> None:
    for number in range(7):
        call("shelf.create", shelf_code=f"S{number}", room="north" if number % 2 else "south")
    met = [shelf.shelf_code for shelf in call.walk("shelf.list", per_page=size)]
    assert met == [f"S{number}" for number in range(7)]
    north = call.walk("shelf.list", per_page=size, room="north")
    assert [shelf.shelf_code for shelf in north] == ["S1", "S3", "S5"]
    assert call.pages("shelf.list")[0].total == 7


def test_requests_that_do_not_fit_are_refused(box: Sandbox, call: Caller) -> None:
    call("shelf.create", shelf_code="A")
    with Caller(box, validate=False) as careless, pytest.raises(errors.ValidationError) as missing:
        careless("book.create", shelf_code="A", pages=3)
    with requests.Session() as session:
        session.verify, session.auth = box.ca, (box.token, "")
        session.trust_env = False
        found = session.get(f"{box.url}/shelves?color=red")
        assert found.status_code == 422
        assert b'field="color"' in found.content
        bad = session.post(
            f"{box.url}/shelves", data="<shelf><shelf_code>A</shelf_code><width>x</width></shelf>"
        )
        assert bad.status_code == 422
        assert b'field="width"' in bad.content
        assert session.post(f"{box.url}/shelves", data="<shelf>").status_code == 400
        assert session.post(f"{box.url}/shelves", data="<book/>").status_code == 400
    assert missing.value.field == "title"


def test_only_the_key_of_the_account_is_accepted(box: Sandbox) -> None:
    with (
        Caller(box, credentials={"key": "wrong"}) as wrong,
        pytest.raises(errors.AuthenticationError) as caught,
    ):
        wrong("shelf.list")
    assert caught.value.status == 401
    with Caller(box, "other") as other, Caller(box) as sample:
        other("shelf.create", shelf_code="X")
        assert plain(other("shelf.get", shelf_code="X"))["shelf_code"] == "X"
        with pytest.raises(errors.NotFoundError):
            sample("shelf.get", shelf_code="X")
    unknown = requests.get(f"{box.url}/shelves", verify=box.ca, timeout=10)
    assert unknown.headers["WWW-Authenticate"].startswith("Basic ")
