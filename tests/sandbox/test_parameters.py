"""The sandbox of APIs whose calls are parameters, or documents told apart by their root, from their description alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from xmlwright.runtime import errors
from xmlwright.sandbox.server_thread import Sandbox

from .described import Caller, described

QUERY = """
endpoint: {url: "https://queue.library.example/"}
credentials: {access: {doc: "Key."}, user: {sensitive: false, doc: "User."}}
authentication:
  - {at: "form:AccessKey", value: "{access}"}
  - {at: "header:X-User", value: "user {user}"}
http:
  arguments: form
  constants: {"form:Version": "2010-01-01"}
  parameters: {list: "{name}.member.{n}", map: "{name}.entry.{n}", record: "{name}.{field}"}
envelope:
  request: {root: none, method: {at: "form:Action", value: "{verb}"}}
  response:
    root: "{verb}Response"
    payload: "{verb}Result"
    metadata: {request_id: {at: /ResponseMetadata/RequestId}}
  failures:
    - {root: ErrorResponse, at: Error, code: Code, message: Message, kinds: {NoSuchEntity: not_found}}
paging:
  style: cursor
  position: "form:Marker"
  size: "form:MaxItems"
  default_size: 100
  counters: {next: Marker, more: IsTruncated}
"""
ROLE = """
resource: role
title: Roles
doc: What somebody may do.
records:
  Tag:
    fields:
      Key: {type: text, required: always}
      Value: {type: text, required: always}
  Role:
    fields:
      RoleName: {type: text}
      RoleId: {type: text}
      Path: {type: text}
      Tags: {list: member, record: Tag}
      Limits: {map: entry, type: int}
  CreateRoleResult: {fields: {Role: {record: Role}}}
  GetRoleResult: {fields: {Role: {record: Role}}}
methods:
  CreateRole:
    retry: ambiguous
    arguments:
      RoleName: {type: text, required: always, max_length: 8}
      Path: {type: text}
      Tags: {list: member, record: Tag}
      Limits: {map: entry, type: int}
    response: {value: record, record: CreateRoleResult, at: "."}
  GetRole:
    retry: safe
    arguments: {RoleName: {type: text, required: always}}
    response: {value: record, record: GetRoleResult, at: "."}
  DeleteRole:
    retry: idempotent
    arguments: {RoleName: {type: text, required: always}}
  ListRoles:
    kind: list
    record: Role
    response: {value: page, at: Roles, item: member, record: Role}
"""
ROLE_CASES = """
resource: role
cases:
  - name: creating
    call: CreateRole
    arguments: {role_name: first}
    request: "Action=CreateRole&Version=2010-01-01&RoleName=first"
    response: >-
      <CreateRoleResponse><CreateRoleResult><Role><RoleName>first</RoleName><RoleId>AROA1234567890ABCDEF</RoleId>
      <Path>/</Path></Role></CreateRoleResult></CreateRoleResponse>
    result: {role: {role_name: first, role_id: AROA1234567890ABCDEF, path: /}}
"""
DOCUMENTS = """
endpoint: {url: "https://docs.library.example/request.api"}
credentials: {login: {sensitive: false, doc: "Login."}, secret: {doc: "Key."}}
authentication:
  - {at: auth/name, value: "{login}"}
  - {at: auth/key, value: "{secret}"}
envelope:
  request: {root: "{verb}Request", order: strict}
  response: {root: "{verb}Response", status: messages/resultCode, ok: [Ok], failed: [Error]}
  failures:
    - {root: ErrorResponse, each: messages/message, code: code, message: text}
    - {each: messages/message, code: code, message: text}
errors:
  E1: {kind: authentication, doc: Wrong key., fix: Look it up.}
  E2: {kind: not_found, doc: Not there., fix: List them.}
  E3: {kind: validation, message: "{field} is wrong.", doc: Wrong., fix: Correct it.}
"""
CARD = """
resource: card
title: Cards
doc: Cards of readers.
records:
  Card:
    fields:
      holder: {type: text}
      number: {type: text}
      cardId: {type: text}
  CreateCardResult: {fields: {cardId: {type: text}}}
  GetCardResult: {fields: {card: {record: Card}}}
methods:
  createCard:
    retry: ambiguous
    wrapper: none
    arguments:
      holder: {type: text, required: always}
      number: {type: text}
    response: {value: record, record: CreateCardResult, at: "."}
  getCard:
    retry: safe
    wrapper: none
    arguments: {cardId: {type: text, required: always}}
    response: {value: record, record: GetCardResult, at: "."}
"""


@pytest.fixture(scope="module")
def roles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = described(tmp_path_factory.mktemp("roles"), QUERY, role=ROLE)
    (folder / "resources" / "role.cases.yaml").write_text(ROLE_CASES)
    with Sandbox(folder) as running:
        yield running


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(described(tmp_path_factory.mktemp("cards"), DOCUMENTS, card=CARD)) as running:
        yield running


def test_nested_arguments_are_read_from_parameters(roles: Sandbox) -> None:
    with Caller(roles) as call:
        made = call(
            "role.CreateRole", role_name="a",
            tags=[{"key": "k1", "value": "v & 1"}, {"key": "k2", "value": "2"}], limits={"x": 1, "y": 20},
        ).role  # fmt: skip
        assert [(tag.key, tag.value) for tag in made.tags] == [("k1", "v & 1"), ("k2", "2")]
        assert made.limits == {"x": 1, "y": 20}
        assert made.role_id.isalnum()
        assert call("role.GetRole", role_name="a").role == made
        call("role.DeleteRole", role_name="a")
        with pytest.raises(errors.NotFoundError) as caught:
            call("role.GetRole", role_name="a")
    assert (caught.value.status, caught.value.code) == (404, "NoSuchEntity")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_a_walk_with_markers_meets_every_row(roles: Sandbox, size: int) -> None:
    roles.control.reset()
    with Caller(roles) as call:
        for number in range(7):
            call("role.CreateRole", role_name=f"r{number}")
        met = [role.role_name for role in call.walk("role.ListRoles", max_items=size)]
    assert met == [f"r{number}" for number in range(7)]


def test_parameters_that_do_not_fit_are_refused(roles: Sandbox) -> None:
    given = roles.credentials()
    headers = {"X-User": f"user {given['user']}"}
    form = {
        "AccessKey": given["access"],
        "Version": "2010-01-01",
        "Action": "GetRole",
        "RoleName": "x",
    }

    def sent(changes: dict[str, str | None], **options: Any) -> tuple[int, str]:
        data = {name: text for name, text in {**form, **changes}.items() if text is not None}
        response = requests.post(
            roles.url, data=data, verify=roles.ca, timeout=10, **{"headers": headers, **options}
        )
        return response.status_code, response.text

    assert sent({})[0] == 404
    assert "'Color'" in sent({"Color": "red"})[1]
    assert "'RoleName' is missing" in sent({"RoleName": None})[1]
    assert "'Version'" in sent({"Version": "2009-01-01"})[1]
    assert sent({"Action": "Dance"})[0] == 404
    assert "'RoleName'" in sent({"Action": "CreateRole", "RoleName": "much-too-long"})[1]
    assert sent({"AccessKey": "wrong"})[0] == 401
    assert sent({}, headers={"X-User": "user nobody"})[0] == 401


def test_documents_are_told_apart_by_their_root(cards: Sandbox) -> None:
    with Caller(cards) as call:
        made = call("card.createCard", holder="Ada", number="7")
        found = call("card.getCard", card_id=made.card_id).card
        assert (found.holder, found.number) == ("Ada", "7")
        with pytest.raises(errors.NotFoundError) as caught:
            call("card.getCard", card_id="none")
        assert (caught.value.status, caught.value.code) == (200, "E2")
    with (
        Caller(cards, credentials={"secret": "wrong"}) as call,
        pytest.raises(errors.AuthenticationError),
    ):
        call("card.getCard", card_id="none")


def test_another_order_of_elements_is_refused_where_the_api_is_strict(cards: Sandbox) -> None:
    given = cards.credentials()
    auth = f"<auth><name>{given['login']}</name><key>{given['secret']}</key></auth>"

    def sent(inside: str) -> str:
        document = f"<createCardRequest>{auth}{inside}</createCardRequest>"
        return requests.post(cards.url, data=document, verify=cards.ca, timeout=10).text

    assert "Ok" in sent("<holder>A</holder><number>1</number>")
    assert "E3" in sent("<number>1</number><holder>A</holder>")
    assert "E3" in sent("<holder>A</holder><color>red</color>")


def test_credentials_and_arguments_of_parameters_are_not_shown_and_known(
    roles: Sandbox, cards: Sandbox
) -> None:
    with Caller(roles) as call:
        call("role.CreateRole", role_name="shown")
    entry = roles.control.requests(method="role.CreateRole")[-1]
    assert entry["arguments"]["role_name"] == "shown"
    assert roles.credentials()["access"] not in repr(roles.control.requests())
    with Caller(cards) as call:
        call("card.createCard", holder="Ada")
    assert cards.credentials()["secret"] not in repr(cards.control.requests())
