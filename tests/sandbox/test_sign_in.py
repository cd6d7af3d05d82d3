"""The sandbox of APIs whose calls are signed, or carry what another call gave out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from xmlwright.cases.tables import Tables
from xmlwright.runtime import errors
from xmlwright.runtime.async_client import AsyncClient
from xmlwright.runtime.client import Client
from xmlwright.runtime.registry import MethodRegistry
from xmlwright.sandbox.server_thread import Sandbox

from .described import Caller, described

SESSION = """
endpoint:
  url: "https://{server}/api/{version}"
  variables: {version: {default: "3.1"}, site_id: {default: ""}}
credentials:
  token: {default: "", doc: "From signin."}
  user: {default: "", sensitive: false, doc: "Who signs in."}
  password: {default: "", doc: "Of the user."}
authentication:
  - session:
      call: auth.signin
      arguments: {name: "{user}", password: "{password}"}
      keeps: {token: "@token", site_id: "site/@id"}
      ends: auth.signout
  - {at: "header:X-Auth", value: "{token}"}
envelope:
  request: {root: tsRequest}
  response: {root: tsResponse}
  failures: [{at: error, code: "@code", message: summary}]
"""
AUTH = """
resource: auth
title: Sessions
doc: Signs in.
records:
  Site: {fields: {id: {type: text, at: "@id"}}}
  Session: {fields: {token: {type: text, at: "@token", sensitive: true}, site: {record: Site}}}
methods:
  signin:
    http: POST /auth/signin
    retry: ambiguous
    authentication: none
    wrapper: credentials
    arguments:
      name: {type: text, at: "@name", required: always}
      password: {type: text, at: "@password", sensitive: true}
    response: {value: record, record: Session, at: credentials}
  signout: {http: POST /auth/signout, retry: ambiguous, envelope: {request: {empty: omit}}}
"""
AUTH_CASES = """
resource: auth
cases:
  - name: signing in
    call: signin
    arguments: {name: ada}
    request: |
      POST /auth/signin

      <tsRequest><credentials name="ada"/></tsRequest>
    response: <tsResponse><credentials token="shown"><site id="also-shown"/></credentials></tsResponse>
    result: {token: shown, site: {id: also-shown}}
"""
VIEW = """
resource: view
title: Views
doc: What is seen.
path: "/sites/{site_id}/views"
records:
  View:
    identity: id
    fields:
      id: {type: text, at: "@id", access: read}
      name: {type: text, at: "@name", required: create}
methods:
  create: {}
  get: {}
"""
SIGNED = """
endpoint: {url: "https://signed.library.example/"}
authentication: [signer]
envelope:
  request: {root: none}
  response: {root: none}
  failures: [{root: error, code: code}]
"""
NOTE = """
resource: note
title: Notes
doc: Short texts.
path: /notes
records:
  Note: {identity: id, fields: {id: {type: int, access: read}, text: {type: text, required: create}}}
methods:
  create: {}
  get: {}
"""


def test_what_signing_in_gives_out_is_accepted(tmp_path: Path) -> None:
    folder = described(tmp_path / "views", SESSION, auth=AUTH, view=VIEW)
    (folder / "resources" / "auth.cases.yaml").write_text(AUTH_CASES)
    with Sandbox(folder, load="cases") as box:
        with Caller(box, credentials={"token": "guessed"}) as stranger:
            with pytest.raises(errors.AuthenticationError):
                stranger("view.create", name="a")
            session = stranger("auth.signin", name=box.credentials()["user"])
        assert session.token == box.token
        assert session.site.id == box.variables()["site_id"]
        with Caller(box, credentials={"token": session.token}) as call:
            made = call("view.create", name="a")
            assert call("view.get", id=made.id).name == "a"


def connected(box: Sandbox, asynchronous: bool, calls: Callable[[Any], Any], **options: Any) -> Any:
    """Return what ``calls`` yields with a client that is given no token."""
    known = box.credentials()
    given = {"token": "", "user": known["user"], "password": known["password"], **options}
    variables = {**box.variables(), "site_id": ""}
    tables = Tables(box.api)
    methods = {method.name: tables.method(method) for method in box.api.methods}
    registry = MethodRegistry(tables.protocol, cast(Any, methods))
    base = AsyncClient if asynchronous else Client
    facts = {"protocol": tables.protocol, "registry": classmethod(lambda _: registry)}
    kind: Any = type("Views", (base,), facts)
    client = kind(variables, given, url=box.address(box.account), ca=box.ca or True)

    def request(method: str, **values: Any) -> Any:
        return methods[method].request(values)

    if not asynchronous:
        with client:
            return [client.send(request(name, **values)) for name, values in calls(box)]

    async def run() -> Any:
        async with client:
            return await asyncio.gather(
                *(client.send(request(name, **values)) for name, values in calls(box))
            )

    return asyncio.run(run())


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = described(tmp_path_factory.mktemp("views"), SESSION, auth=AUTH, view=VIEW)
    (folder / "resources" / "auth.cases.yaml").write_text(AUTH_CASES)
    with Sandbox(folder, load="cases") as box:
        yield box


@pytest.fixture(autouse=True)
def cleared(views: Sandbox) -> None:
    views.control.clear_faults()
    views.control.clear_requests()


def names_of(box: Sandbox) -> list[str]:
    return [str(call["method"]) for call in box.control.requests()]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_client_signs_in_once_and_out_at_its_end(views: Sandbox, asynchronous: bool) -> None:
    made = connected(
        views, asynchronous, lambda _: [("view.create", {"name": name}) for name in "abc"]
    )
    assert {item.name for item in made} == set("abc")
    found = names_of(views)
    assert (found[0], found[-1], sorted(found[1:-1])) == (
        "auth.signin", "auth.signout", ["view.create"] * 3,
    )  # fmt: skip


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_session_that_is_over_is_renewed_once(views: Sandbox, asynchronous: bool) -> None:
    views.control.add_fault("status=401; method=view.create; count=1")
    made = connected(
        views, asynchronous, lambda _: [("view.create", {"name": name}) for name in "ab"]
    )
    assert sorted(item.name for item in made) == ["a", "b"]
    assert names_of(views).count("auth.signin") == 2


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_refused_sign_in_is_the_error_of_the_call(views: Sandbox, asynchronous: bool) -> None:
    with pytest.raises(errors.AuthenticationError) as caught:
        connected(views, asynchronous, lambda _: [("view.create", {"name": "a"})], password="wrong")
    assert "wrong" not in f"{caught.value} {caught.value.request}"
    assert names_of(views) == ["auth.signin"]


def test_a_client_that_is_given_a_token_does_not_sign_in(views: Sandbox) -> None:
    with Caller(views) as call:
        call("view.create", name="a")
    assert names_of(views) == ["view.create"]


def test_any_signature_is_accepted_and_none_is_not(tmp_path: Path) -> None:
    with Sandbox(described(tmp_path / "notes", SIGNED, note=NOTE)) as box:
        with Caller(box, auth=lambda request: {"Authorization": f"Made of {request.verb}"}) as call:
            made = call("note.create", text="a")
            assert call("note.get", id=made.id).text == "a"
        with (
            Caller(box, auth=lambda request: {}) as call,
            pytest.raises(errors.AuthenticationError),
        ):
            call("note.get", id=made.id)
