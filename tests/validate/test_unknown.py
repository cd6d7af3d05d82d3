"""Elements that the description does not know: beside ids, records, lists and pages, and around the payload."""

from __future__ import annotations

from pathlib import Path

import pytest
import rest_project

from xmlwright.pipeline import stages
from xmlwright.settings import find

API = """\
api: shelf
title: Shelf
version: "1"
doc: Things on shelves.
python: {package: shelf, client: Shelf, version: "1"}
endpoint: {url: "https://example.com/"}
authentication: none
envelope:
  request: {root: do, method: "@what"}
  response:
    root: done
    status: Ack
    ok: [Success]
    payload: body
    metadata: {request: {at: /Request/Id}}
    warnings: {each: Warnings/Warning, code: "@number", message: "."}
  failures: [{each: Errors/Error, message: .}]
paging: {position: page, size: size, counters: {total: Total}}
"""
THING = """\
resource: thing
title: Things
doc: A thing.
records: {Thing: {identity: id, fields: {id: {type: id}, tags: {list: tag, record: Tag}}}, Tag: {fields: {a: {type: text}}}}
methods:
  create: {}
  get: {}
  list: {}
  all: {retry: safe, response: {value: list, at: things, record: Thing}}
  flat: {retry: safe, response: {value: record, at: ".", record: Thing}}
"""
START = "<done><Ack>Success</Ack><Errors/>"
RESPONSES = {
    "create": ("<id>7</id>{}", "7"),
    "get": ("<thing><id>7</id></thing>{}", "{id: 7}"),
    "list": ("<things><thing><id>7</id></thing><Total>1</Total></things>{}", "{total: 1, items: [{id: 7}]}"),
    "all": ("<things><thing><id>7</id></thing></things>{}", "[{id: 7}]"),
    "flat": ("<id>7</id>{}", "{id: 7}"),
}  # fmt: skip


def found(folder: Path, call: str, response: str, result: str, unknown: str = "") -> list[str]:
    case = (
        f"cases:\n  - name: one\n    call: {call}\n    response: |\n      {response}\n"
        f"    result: {result}\n{unknown}"
    )
    files = {"api.yaml": API, "resources/thing.yaml": THING, "resources/thing.cases.yaml": case}
    _, diagnostics = stages.validate(find(rest_project.make(folder, files)))
    return [item.message for item in diagnostics if item.rule != "uncovered"]


@pytest.mark.parametrize("call", RESPONSES)
def test_what_the_envelope_is_read_from_is_known(call: str, tmp_path: Path) -> None:
    body, result = RESPONSES[call]
    around = '<Request><Id>1</Id></Request><Warnings><Warning number="2">x</Warning></Warnings>'
    response = f"{START}{around}<body>{body.format('')}</body></done>"
    assert found(tmp_path, call, response, result) == []


@pytest.mark.parametrize("call", RESPONSES)
def test_an_element_beside_the_value_is_named_by_its_path(call: str, tmp_path: Path) -> None:
    body, result = RESPONSES[call]
    response = f"{START}<body>{body.format('<more/>')}</body></done>"
    message = "unknown element body/more: describe it, or list it in `unknown`"
    assert found(tmp_path / "a", call, response, result) == [message]
    assert found(tmp_path / "b", call, response, result, "    unknown: [body/more]\n") == []


@pytest.mark.parametrize(
    ("around", "path"),
    [("<Server/>", "Server"), ("<Request><Id>1</Id><Time/></Request>", "Request/Time")],
)
def test_an_element_around_the_payload_is_unknown_too(
    around: str, path: str, tmp_path: Path
) -> None:
    response = f"{START}{around}<body><id>7</id></body></done>"
    assert found(tmp_path, "create", response, "7") == [
        f"unknown element {path}: describe it, or list it in `unknown`"
    ]


def test_elements_inside_lists_are_named_by_their_path_in_any_order(tmp_path: Path) -> None:
    response = f"{START}<body><thing><z/><id>7</id><tags><tag><a>x</a><b/></tag></tags></thing></body></done>"
    unknown = "    unknown: [body/thing/tags/tag/b, body/thing/z]\n"
    assert found(tmp_path, "get", response, "{id: 7, tags: [{a: x}]}", unknown) == []
