"""A description with verbs, paths, statuses and parameters: each mistake is reported at its line.

Each edit of the small REST description names the line that must be reported, as the position or a related one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
import rest_project

from xmlwright.diagnostics import Diagnostic
from xmlwright.pipeline import stages
from xmlwright.settings import find

API, MEMBER, CASES = rest_project.FILES


def problems(folder: Path, files: dict[str, str]) -> list[Diagnostic]:
    _, diagnostics = stages.validate(find(rest_project.make(folder, files)))
    return list(diagnostics)


@dataclass(frozen=True)
class Wrong:
    """An edit of one file; ``here`` is a text of the line that is reported."""

    name: str
    rule: str
    message: str
    file: str
    old: str
    new: str
    here: str = ""
    more: tuple[tuple[str, str, str], ...] = field(default=())
    suggestion: str | None = None
    first: bool = False
    """Whether the further edits come before the mistake."""


def api(name: str, rule: str, message: str, old: str, new: str, **more: object) -> Wrong:
    return Wrong(name, rule, message, API, old, new, **more)  # type: ignore[arg-type]


SESSION = """\
authentication:
  - session:
      call: member.enter
      arguments: {user: "{region}"}
      keeps: {api_key: code}
  - {basic: "{api_key}:"}
"""
ENTER = """\
  enter: {http: "POST /enter", authentication: none, response: {value: record}, arguments: {user: {type: text}}}
"""


def session(name: str, rule: str, message: str, old: str, new: str, **more: object) -> Wrong:
    """Return a mistake in a description that has a session."""
    edits = (
        (API, 'authentication: [{basic: "{api_key}:"}]\n', SESSION),
        (API, "{api_key: {doc:", '{api_key: {default: "", doc:'),
        (MEMBER, "  block: {", f"{ENTER}  block: {{"),
    )
    file = MEMBER if old in ENTER else API
    return Wrong(name, rule, message, file, old, new, more=edits, first=True, **more)  # type: ignore[arg-type]


def member(name: str, rule: str, message: str, old: str, new: str, **more: object) -> Wrong:
    return Wrong(name, rule, message, MEMBER, old, new, **more)  # type: ignore[arg-type]


def case(
    name: str, message: str, old: str, new: str, rule: str = "case-request", **more: object
) -> Wrong:
    return Wrong(name, rule, message, CASES, old, new, **more)  # type: ignore[arg-type]


MISTAKES = [
    # the description
    member("a path with an unknown variable", "dangling-reference", "{cod}, which is neither an argument",
           "/members/{code}/block", "/members/{cod}/block", suggestion="code"),
    member("a field at the place of another", "duplicate-name", "have the same place",
           "      email: {type: text}", "      email: {type: text, at: code}"),
    member("two headers that differ in case", "duplicate-name", "have the same place",
           "      email: {type: text}", '      email: {type: text, access: read, at: "header:x-request-id"}', here="request_id"),
    member("a choice of an unknown field", "dangling-reference", "unknown field 'emial'",
           "    identity: code\n", "    identity: code\n    one_of: [emial, name]\n", here="one_of", suggestion="email"),
    member("an unknown format", "dangling-reference", "unknown type 'stmap'",
           "{type: stamp, access", "{type: stmap, access", suggestion="stamp"),
    member("a prefix without a namespace", "dangling-reference", "unknown prefix 'dc'",
           '"name/@full"', '"dc:name/@full"'),
    member("an argument in the document of parts", "contradiction", "say in which part that is",
        "  block: {http: \"PUT /members/{code}/block\", response: {value: record}}\n",
        "  block:\n    http: \"PUT /members/{code}/block\"\n    response: {value: record}\n"
        "    arguments: {why: {type: text}, photo: {type: binary, at: \"part:photo\"}}\n",
        here="  block:"),
    member("parts without a body", "contradiction", "has no place in a GET",
        "  get: {}\n", "  get: {arguments: {photo: {type: binary, at: \"part:photo\"}}}\n"),
    member("a multipart body of no parts", "contradiction", "has no part: write `at: part:NAME`",
        "create: {http: {success: [201]}}", "create: {http: {success: [201], multipart: mixed}}"),
    member("a change that is safe", "contradiction", "a PUT changes something",
           "block: {http:", "block: {retry: safe, http:"),
    member("an argument that no GET can carry", "contradiction", "has no place in a GET",
           "{active: {type: flag}}", "{active: {type: flag, at: 'form:active'}}"),
    member("an argument that is a status", "contradiction", "which only a response has",
           "{active: {type: flag}}", "{active: {type: flag, at: 'http:status'}}"),
    member("a success that is a status of failure", "wrong-type", "expected at least 200",
           "success: [201]", "success: [100]"),
    api("a placeholder that nothing fills in", "unknown-word", "unknown placeholder {methd}",
        '"2.29"', '"{methd}"', suggestion="{method}"),
    api("a placeholder of parameters", "unknown-word", "unknown placeholder {index}",
        "http: {headers", 'http: {parameters: {list: "{name}.{index}"}, headers'),
    api("a format of another type", "contradiction", "flag has no format",
        'flag: {words: ["true", "false"]}', 'flag: {words: ["true", "false"], format: iso8601}'),
    api("a format that is misspelt", "unknown-word", "'iso8061' is not a pattern",
        "format: iso8601", "format: iso8061", suggestion="iso8601"),
    api("a list whose end cannot be known", "missing-key", "needs `counters: {next: ...}`",
        '{next: "header:Link#next", total', "{total", more=((MEMBER, "  list:", "  list:"),)),
    api("an empty range", "wrong-type", "the range 599-500 is empty", "500-599", "599-500"),
    api("a credential that is not declared", "dangling-reference", "unknown credential 'api_kye'",
        '"{api_key}:"', '"{api_kye}:"', suggestion="api_key"),
    session("a session of an unknown method", "dangling-reference", "unknown method 'member.entre'",
            "call: member.enter", "call: member.entre", suggestion="member.enter"),
    session("a session that needs itself", "contradiction", "begins the session, so it needs `authentication: none`",
            "http: \"POST /enter\", authentication: none", "http: \"POST /enter\"", here="call: member.enter"),
    session("a session that gives out what must be given", "contradiction", "it needs `default: \"\"`",
            "{api_key: {default: \"\", ", "{api_key: {", here="keeps: "),
    session("a session without a place", "dangling-reference", "has no field at kode", "{api_key: code}", "{api_key: kode}",
            here="keeps: "),
    session("a session with an unknown argument", "dangling-reference", "unknown argument 'usr'",
            'user: "{region}"', 'usr: "{region}"', suggestion="user"),
    session("a session with an unknown option", "dangling-reference", "unknown option of the client 'regiom'",
            'user: "{region}"', 'user: "{regiom}"', suggestion="region"),
    # keys of older descriptions
    member("a field with an element", "unknown-key", "unknown key 'element'",
           'at: "name/@full"', "element: name", suggestion="at"),
    member("a field that is an attribute", "unknown-key", "unknown key 'attribute'",
           'at: "name/@full"', "attribute: full", suggestion="at"),
    member("a field that is content", "unknown-key", "unknown key 'content'",
           'at: "name/@full"', "content: true", suggestion="at"),
    member("a field that is also content", "unknown-key", "unknown key 'also'",
           'at: "name/@full"', "also: content", suggestion="at"),
    member("a response with an element", "unknown-key", "unknown key 'element'",
           "{value: record}", "{value: record, element: member}", suggestion="at"),
    api("one failure", "unknown-key", "unknown key 'failure'",
        "  response: {attributes", "  failure: {message: error}\n  response: {attributes", here="failure:", suggestion="failures"),
    api("a token", "unknown-key", "unknown key 'token'",
        "scalars:\n", "token: {style: basic}\nscalars:\n", here="token:", suggestion="credentials"),
    # cases: requests
    case("another verb", "is a GET, and member.delete is a DELETE", "DELETE /members", "GET /members", suggestion="DELETE"),
    case("another path", "the arguments give /members/m1/block", "/m1/block", "/m2/block"),
    case("a path that is not encoded", "the path is /members/a/b", "a%2Fb", "a/b"),
    case("another parameter", "the request has query:active = 'false'; the arguments give", "active=true", "active=false"),
    case("a parameter too much", "the request has query:x = '1'", "active=true", "active=true&x=1"),
    case("another header", "the header X-Api-Version is '2.30'", "X-Api-Version: 2.29", "X-Api-Version: 2.30"),
    case("a header that nothing describes", "no header X-Api-Versoin", "X-Api-Version: 2.29", "X-Api-Versoin: 2.29", suggestion="X-Api-Version"),
    case("another order of elements", "the order of elements is that of the description",
         '<name full="Ada"/><email nil="nil"/>', '<email nil="nil"/><name full="Ada"/>'),
    case("a body that is not sent", "the arguments give none", "PUT /members/m1/block\n", "PUT /members/m1/block\n\n      <a/>\n"),
    case("a document alone", "write it as an HTTP message", "      DELETE /members/m1\n", "      <a/>\n", here="request: |", suggestion="DELETE /members/m1"),
    case("no request", "expected a document, or an HTTP request", "DELETE /members/m1", "members m1"),
    # cases: responses
    case("an unknown element", "unknown element color", "<code>a/b</code>", "<code>a/b</code><color/>", rule="case-response"),
    case("an unknown attribute", "unknown attribute @herf", 'href="/members/m1"', 'herf="/members/m1"', rule="case-response", suggestion="@href"),
    case("another status", "the status of the failure is 422, not 404", "404 Not Found", "422 No", rule="case-result"),
    case("another kind", "the kind of the failure is 'validation', not 'conflict'", "kind: validation", "kind: conflict", rule="case-result"),
    case("no kind", "the failure is of the kind not_found, add it to `fails`", "kind: not_found, ", "", rule="case-result", suggestion="kind: not_found"),
    case("another error of several", "the field of error 2 is 'email', not 'name'", "field: email}]", "field: name}]", rule="case-result"),
    case("an error too few", "the response lists 2 errors, and the case 1", ", {code: bad, field: email}]", "]", rule="case-result"),
    case("another key of a map", "result.labels has the keys 'color'", "labels: {color: blue}, request_id", "labels: {size: blue}, request_id", rule="case-result"),
    case("another value of a map", "result.labels['color'] is 'blue' in the response", "labels: {color: blue}, request_id", "labels: {color: red}, request_id", rule="case-result"),
    case("another mark", "result.cursor is", 'cursor: "https', 'cursor: "http', rule="case-result"),
    case("no header of a record", "result.request_id is left out", "      X-Request-Id: r-1\n", "", rule="case-result", here="request_id: r-1"),
]  # fmt: skip


@pytest.mark.parametrize("wrong", MISTAKES, ids=lambda wrong: wrong.name.replace(" ", "-"))
def test_mistake_is_reported_at_its_place(wrong: Wrong, tmp_path: Path) -> None:
    files = dict(rest_project.FILES)
    mistake = (wrong.file, wrong.old, wrong.new)
    for name, old, new in (*wrong.more, mistake) if wrong.first else (mistake, *wrong.more):
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)
    here = wrong.here or wrong.new.strip("\n").split("\n")[-1].strip()
    found = [item for item in problems(tmp_path, files) if wrong.message in item.message]
    assert found, [str(item) for item in problems(tmp_path, files)]
    assert {item.rule for item in found} == {wrong.rule}
    if wrong.suggestion is not None:
        assert wrong.suggestion in {item.suggestion for item in found}
    lines = {
        files[place.file.removeprefix("schema/")].split("\n")[place.line - 1]
        for item in found
        for place in (item.position, *(related.position for related in item.related))
    }
    wanted = [line for name, _, _ in wrong.more for line in lines] or lines
    assert any(here in line or not here for line in wanted) or wrong.more, lines


SHOWN = {
    "a request with the header X-Api-Version": ("      X-Api-Version: 2.29\n", "", "headers: {X-Api-Version"),
    "the ignored attribute href": (' href="/members/m1"', "", "attributes: [href]"),
    "a response with the status 201": ("HTTP/1.1 201", "HTTP/1.1 200", "success: [201]"),
    "the counter header:X-Records": ("      X-Records: 3\n", "", "total:"),
    "the next page at header:Link#next": (
        '      Link: <https://eu.example.com/v2/members?cursor=x>; rel="next"\n', "", "next:",
    ),
    "a failure with @field": (
        '<error field="code" symbol="empty">is empty</error><error field="email" symbol="bad">',
        '<error symbol="empty">is empty</error><error symbol="bad">', "field:",
    ),
}  # fmt: skip
"""What no case shows -> the change of the cases, and the line of the description."""


@pytest.mark.parametrize("what", SHOWN)
def test_what_no_case_shows_is_reported_where_it_is_described(what: str, tmp_path: Path) -> None:
    old, new, here = SHOWN[what]
    files = dict(rest_project.FILES)
    assert old in files[CASES]
    files[CASES] = files[CASES].replace(old, new)
    found = [item for item in problems(tmp_path, files) if f"no case shows {what}" in item.message]
    assert len(found) == 1, [str(item) for item in problems(tmp_path, files)]
    place = found[0].position
    assert here in files[place.file.removeprefix("schema/")].split("\n")[place.line - 1]


def test_a_code_without_a_message_needs_no_case(tmp_path: Path) -> None:
    files = dict(rest_project.FILES)
    files[API] += "errors:\n  gone: {kind: not_found}\n  closed: {kind: conflict}\n"
    assert problems(tmp_path, files) == []


def test_the_description_has_no_problems(tmp_path: Path) -> None:
    assert [str(item) for item in problems(tmp_path, dict(rest_project.FILES))] == []


def test_the_description_fits_on_one_screen() -> None:
    lines = len((rest_project.API + rest_project.MEMBER).splitlines())
    assert lines <= 60
