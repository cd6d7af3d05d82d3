"""One misunderstanding gives one problem: no follow-ups where names or cases are not there yet."""

from __future__ import annotations

from pathlib import Path

import rest_project

from xmlwright.pipeline import stages
from xmlwright.settings import find

API = """\
api: contacts
title: Contacts
version: "1"
doc: People.
python: {package: contacts, client: Contacts, version: "1"}
endpoint: {url: "https://example.com/"}
authentication: none
envelope:
  failures:
    - {status: 404, kind: not_found}
    - status: 422
      root: errors
      each: error
      message: "."
"""
PERSON = """\
resource: person
plural: people
title: People
doc: A person.
path: /people
records:
  Person:
    identity: id
    fields:
      id: {type: id, access: read, doc: Its number.}
      first-name: {type: text, required: create, doc: Its name.}
      last-name: {type: text, doc: Its name.}
      email-addresses: {list: email-address, record: Address, doc: Its addresses.}
  Address: {doc: An address., fields: {address: {type: text, doc: The text.}}}
methods:
  create: {}
  update: {}
"""
CREATED = """\
  - name: a new person
    call: create
    arguments: {first_name: Ann, last_name: Ash, email_addresses: [{address: a@example.com}]}
    request: |
      POST /people

      <person>
      <first-name>Ann</first-name><last-name>Ash</last-name>
      <email-addresses><email-address><address>a@example.com</address></email-address></email-addresses>
      </person>
    response: |
      HTTP/1.1 201 Created

      <person>
      <id>1</id><first-name>Ann</first-name><last-name>Ash</last-name>
      <email-addresses><email-address><address>a@example.com</address></email-address></email-addresses>
      </person>
    result: {id: 1, first_name: Ann, last_name: Ash, email_addresses: [{address: a@example.com}]}
  - name: nobody
    call: create
    response: HTTP/1.1 404 Not Found
    fails: {kind: not_found}
"""
REFUSED = """\
  - name: no name
    call: create
    response: |
      HTTP/1.1 422 Unprocessable Entity

      <errors><error>No name.</error></errors>
    fails: {kind: validation, message: No name.}
"""
UPDATED = """\
  - name: a changed person
    call: update
    arguments: {id: 1, first_name: Bo}
    request: |
      PUT /people/1

      <person><first-name>Bo</first-name></person>
    response: HTTP/1.1 200 OK
"""
NOTHING = PERSON.replace("update: {}", "update: {response: {value: none}}")


def problems(folder: Path, person: str, *cases: str) -> list[str]:
    files = {"api.yaml": API, "resources/person.yaml": person}
    if cases:
        files["resources/person.cases.yaml"] = "cases:\n" + "".join(cases)
    found = stages.validate(find(rest_project.make(folder, files)))[1]
    return [
        f"{item.position.file.rpartition('/')[2]}:{item.position.line} {item.message}"
        + (f" ({item.suggestion})" if item.suggestion else "")
        for item in found
    ]


def test_a_complete_description_has_no_problems(tmp_path: Path) -> None:
    assert problems(tmp_path, NOTHING, CREATED, REFUSED, UPDATED) == []


def test_without_cases_only_the_methods_are_reported(tmp_path: Path) -> None:
    assert problems(tmp_path, NOTHING) == [
        "person.yaml:16 no case calls person.create",
        "person.yaml:17 no case calls person.update",
    ]
    assert problems(tmp_path / "one", NOTHING, CREATED) == [
        "person.yaml:17 no case calls person.update"
    ]


def test_wire_names_in_a_case_are_one_problem_of_each_mapping(tmp_path: Path) -> None:
    wrong = CREATED
    for name in ("first", "last"):
        wrong = wrong.replace(f"{name}_name:", f"{name}-name:")
    message = "names of values are those in Python; write first_name for 'first-name', last_name for 'last-name'"
    assert problems(tmp_path, NOTHING, wrong, REFUSED, UPDATED) == [
        f"person.cases.yaml:4 person.create: {message}",
        f"person.cases.yaml:19 Person: {message}",
    ]


def test_a_wrong_value_does_not_hide_what_else_the_case_shows(tmp_path: Path) -> None:
    wrong = CREATED.replace("last_name: Ash, email", "last_name: [Ash], email")
    assert [text.partition(" ")[0] for text in problems(tmp_path, NOTHING, wrong, REFUSED, UPDATED)] == [
        "person.cases.yaml:4",
        "person.cases.yaml:19",
    ]  # fmt: skip


def test_a_rule_of_failures_without_a_case_is_one_problem(tmp_path: Path) -> None:
    project = rest_project.make(
        tmp_path,
        {
            "api.yaml": API,
            "resources/person.yaml": NOTHING,
            "resources/person.cases.yaml": "cases:\n" + CREATED + UPDATED,
        },
    )
    (item,) = stages.validate(find(project))[1]
    assert (item.position.line, item.message) == (
        11,
        "no case shows a failure that this rule reads",
    )
    assert [(other.position.line, other.message) for other in item.related] == [
        (14, "a failure with ."),
        (12, "a failure with the root errors"),
    ]


def test_a_response_without_a_document_says_so(tmp_path: Path) -> None:
    assert problems(tmp_path, PERSON, CREATED, REFUSED, UPDATED) == [
        "person.cases.yaml:38 person.update: the response has no document, and so no id (response: {value: none})"
    ]


def test_another_word_for_fails_is_suggested(tmp_path: Path) -> None:
    wrong = REFUSED.replace("fails:", "error:")
    assert problems(tmp_path, NOTHING, CREATED, wrong, UPDATED)[0] == (
        "person.cases.yaml:30 unknown key 'error' (fails)"
    )


def test_credentials_in_the_request_of_a_case_are_reported(tmp_path: Path) -> None:
    api = API.replace(
        "authentication: none",
        "credentials: {key: {doc: A key.}}\nauthentication: [{at: login/key, value: '{key}'}]",
    )
    files = {
        "api.yaml": api,
        "resources/person.yaml": NOTHING,
        "resources/person.cases.yaml": "cases:\n"
        + CREATED
        + REFUSED
        + UPDATED.replace("<person>", "<person><login><key>k</key></login>"),
    }
    found = stages.validate(find(rest_project.make(tmp_path, files)))[1]
    assert [item.message for item in found] == [
        "leave out login/key: the client adds the credentials"
    ]
