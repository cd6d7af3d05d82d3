"""A small REST description: verbs and paths, statuses, nil, link paging, failures by status.

:func:`make` writes it to a folder. The five methods and their records fit on one screen; cases are apart.
"""

from __future__ import annotations

from pathlib import Path

API = """\
api: clubs
title: Clubs API
version: "2"
doc: Members of sports clubs.
python: {package: clubs, client: Clubs, version: "0.1.0"}
endpoint: {url: "https://{region}.example.com/v2", variables: {region: {default: eu}}}
http: {headers: {X-Api-Version: "2.29"}}
credentials: {api_key: {doc: "Secret of the club."}}
authentication: [{basic: "{api_key}:"}]
envelope:
  nil: {at: "@nil", value: "nil"}
  response: {attributes: [href]}
  failures:
    - {status: 404, kind: not_found, at: error, code: symbol, message: description}
    - {status: 422, each: errors/error, code: "@symbol", field: "@field", message: "."}
    - {status: 500-599, kind: server}
paging:
  style: link
  size: "query:per_page"
  default_size: 50
  counters: {next: "header:Link#next", total: "header:X-Records"}
scalars:
  flag: {words: ["true", "false"]}
  stamp: {is: datetime, format: iso8601}
"""

MEMBER = """\
resource: member
title: Members
doc: A member of the club.
path: /members
records:
  Member:
    identity: code
    fields:
      code: {type: text, required: create}
      name: {type: text, at: "name/@full"}
      email: {type: text}
      joined: {type: stamp, access: read}
      labels: {map: label, type: text}
      request_id: {type: text, access: read, at: "header:X-Request-Id"}
methods:
  create: {http: {success: [201]}}
  get: {}
  list: {filters: {active: {type: flag}}}
  delete: {http: {success: [204]}}
  block: {http: "PUT /members/{code}/block", response: {value: record}}
"""

CASES = """\
cases:
  - name: a new member
    call: create
    arguments: {code: m1, name: Ada, email: null, labels: {color: blue}}
    request: |
      POST /members
      X-Api-Version: 2.29

      <member><code>m1</code><name full="Ada"/><email nil="nil"/><labels><label><key>color</key><value>blue</value></label></labels></member>
    response: |
      HTTP/1.1 201 Created
      Content-Type: application/xml
      X-Request-Id: r-1

      <member href="/members/m1">
        <code>m1</code>
        <name full="Ada"/>
        <email nil="nil"/>
        <joined>2026-01-31T17:49:20.500Z</joined>
        <labels><label><key>color</key><value>blue</value></label></labels>
      </member>
    result: {code: m1, name: Ada, joined: "2026-01-31T17:49:20.500Z", labels: {color: blue}, request_id: r-1}
  - name: one member
    call: get
    arguments: {code: a/b}
    request: |
      GET /members/a%2Fb
    response: |
      200 OK

      <member><code>a/b</code><email>ada@example.com</email></member>
    result: {code: a/b, email: ada@example.com}
  - name: no such member
    call: get
    response: |
      404 Not Found

      <response><error><symbol>gone</symbol><description>No member m9.</description></error></response>
    fails: {code: gone, message: No member m9., kind: not_found, status: 404}
  - name: the server is down
    call: get
    response: |
      503 Service Unavailable
    fails: {kind: server}
  - name: a member without a code
    call: create
    response: |
      422 Unprocessable Entity

      <response><errors><error field="code" symbol="empty">is empty</error><error field="email" symbol="bad">is no address</error></errors></response>
    fails:
      kind: validation
      code: empty
      field: code
      message: is empty
      errors: [{code: empty, field: code, message: is empty}, {code: bad, field: email}]
  - name: active members
    call: list
    arguments: {active: true, per_page: 2}
    request: |
      GET /members?per_page=2&active=true
    response: |
      200
      Link: <https://eu.example.com/v2/members?cursor=x>; rel="next"
      X-Records: 3

      <members><member><code>m1</code></member><member><code>m2</code></member></members>
    result:
      total: 3
      cursor: "https://eu.example.com/v2/members?cursor=x"
      items: [{code: m1}, {code: m2}]
  - name: a member leaves
    call: delete
    arguments: {code: m1}
    request: |
      DELETE /members/m1
    response: |
      204 No Content
  - name: a member is blocked
    call: block
    arguments: {code: m1}
    request: |
      PUT /members/m1/block
    response: |
      200 OK

      <member><code>m1</code></member>
    result: {code: m1}
"""

FILES = {
    "api.yaml": API,
    "resources/member.yaml": MEMBER,
    "resources/member.cases.yaml": CASES,
}


def make(folder: Path, files: dict[str, str] = FILES) -> Path:
    """Write the project, not built; ``files`` are below ``schema/``."""
    for name, text in files.items():
        path = folder / "schema" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "pyproject.toml").write_text("[tool.xmlwright]\n", encoding="utf-8")
    return folder
