"""The sandbox of APIs whose calls are signed, or carry what another call gave out."""

from __future__ import annotations

from pathlib import Path

import pytest

from xmlwright.runtime import errors
from xmlwright.sandbox.server_thread import Sandbox

from .described import Caller, described

SESSION = """
endpoint:
  url: "https://{server}/api/{version}"
  variables: {version: {default: "3.1"}, site_id: {default: ""}}
credentials: {token: {default: "", doc: "From signin."}}
authentication: [{at: "header:X-Auth", value: "{token}"}]
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
    arguments: {name: {type: text, at: "@name", required: always}}
    response: {value: record, record: Session, at: credentials}
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
            session = stranger("auth.signin", name="ada")
        assert session.token == box.token
        assert session.site.id == box.variables()["site_id"]
        with Caller(box, credentials={"token": session.token}) as call:
            made = call("view.create", name="a")
            assert call("view.get", id=made.id).name == "a"


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
