"""What a description with a path means: verbs, places of arguments, retry classes, and the nearest of three levels."""

from __future__ import annotations

from pathlib import Path

import pytest
import rest_project

from xmlwright.cases.tables import Tables
from xmlwright.ir import Api, Method
from xmlwright.pipeline import stages
from xmlwright.settings import find

API, MEMBER, CASES = rest_project.FILES


def described(folder: Path, *edits: tuple[str, str, str]) -> Api:
    files = {name: text for name, text in rest_project.FILES.items() if name != CASES}
    for name, old, new in edits:
        assert old in files[name]
        files[name] = files[name].replace(old, new)
    api, diagnostics = stages.validate(find(rest_project.make(folder, files)))
    assert {item.rule for item in diagnostics} <= {"uncovered"}
    assert api is not None
    return api


def methods(api: Api) -> dict[str, Method]:
    return {method.verb: method for method in api.methods}


def test_a_path_gives_the_five_verbs(tmp_path: Path) -> None:
    found = methods(described(tmp_path))
    calls = {verb: (item.http.verb, item.http.path) for verb, item in found.items() if item.http}
    assert calls == {
        "create": ("POST", "/members"),
        "get": ("GET", "/members/{code}"),
        "list": ("GET", "/members"),
        "delete": ("DELETE", "/members/{code}"),
        "block": ("PUT", "/members/{code}/block"),
    }


def test_the_verb_decides_whether_a_call_may_be_repeated(tmp_path: Path) -> None:
    retry = {verb: item.retry for verb, item in methods(described(tmp_path)).items()}
    assert retry == {
        "create": "ambiguous",
        "get": "safe",
        "list": "safe",
        "delete": "idempotent",
        "block": "idempotent",
    }


def test_arguments_go_into_path_query_or_body(tmp_path: Path) -> None:
    found = methods(described(tmp_path))
    places = {
        verb: {item.python: item.location for item in method.arguments}
        for verb, method in found.items()
    }
    assert places["block"] == {"code": ("path", "code")}
    assert places["list"] == {"active": ("query", "active"), "per_page": ("query", "per_page")}
    assert set(places["create"].values()) == {None}
    assert all(item.required for item in found["block"].arguments)


@pytest.mark.parametrize(
    ("at", "media"), [("api", "a/api"), ("resource", "a/resource"), ("method", "a/method")]
)
def test_the_nearest_level_decides(at: str, media: str, tmp_path: Path) -> None:
    edits = [(API, "http: {headers", "http: {media: a/api, headers")]
    if at != "api":
        edits.append((MEMBER, "path: /members\n", "path: /members\nhttp: {media: a/resource}\n"))
    if at == "method":
        edits.append((MEMBER, "create: {http: {", "create: {http: {media: a/method, "))
    http = methods(described(tmp_path, *edits))["create"].http
    assert http is not None
    assert http.media == media
    assert http.headers == {"X-Api-Version": "2.29"}


def test_variables_and_credentials_are_options_of_the_client(tmp_path: Path) -> None:
    api = described(tmp_path)
    assert [(item.name, item.default) for item in api.variables] == [("region", "eu")]
    assert [(item.name, item.sensitive) for item in api.credentials] == [("api_key", True)]


def test_an_argument_in_a_parameter_needs_no_http_key(tmp_path: Path) -> None:
    files = {
        "api.yaml": rest_project.API.replace('http: {headers: {X-Api-Version: "2.29"}}\n', ""),
        "resources/member.yaml": rest_project.MEMBER.replace("path: /members\n", "")
        .replace("http: {success: [201]}", "")
        .replace("http: {success: [204]}", "")
        .replace('http: "PUT /members/{code}/block"', "retry: safe")
        .replace("{active: {type: flag}}", '{active: {type: flag, at: "query:active"}}'),
    }
    api, _ = stages.validate(find(rest_project.make(tmp_path, files)))
    assert api is not None
    http = methods(api)["list"].http
    assert http is not None
    assert (http.verb, http.path) == ("POST", "")


def test_arguments_of_pages_in_a_namespace_have_names_without_its_prefix(tmp_path: Path) -> None:
    paging = (
        "style: page\n  position: p:window/p:Number\n  size: p:window/p:Rows\n  default_size: 50\n"
    )
    api = described(
        tmp_path,
        (
            API,
            'style: link\n  size: "query:per_page"\n  default_size: 50\n  counters: {next: "header:Link#next", total: "header:X-Records"}\n',
            paging,
        ),
        (API, "scalars:\n", 'namespaces: {p: "urn:p"}\nscalars:\n'),
        (MEMBER, "list: {", "list: {http: POST, "),
    )
    assert {
        item.python: item.path for item in methods(api)["list"].arguments if "Number" in item.name
    } == {"number": ("p:window", "p:Number")}
    paged = Tables(api).method(methods(api)["list"]).protocol.paging
    assert (paged.position, paged.size) == ("number", "rows")
