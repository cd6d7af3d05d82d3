"""Edits of a REST description that change how calls are on the wire, each with the rules of its changes."""

from __future__ import annotations

import rest_project

API = rest_project.API.replace(
    "  response: {attributes: [href]}",
    '  request: {order: free}\n  response:\n    attributes: [href]\n    metadata: {request: {at: /Request, type: text}}\n    warnings: {each: warnings/warning, message: "."}',
).replace(
    'headers: {X-Api-Version: "2.29"}',
    'headers: {X-Api-Version: "2.29"}, constants: {"query:format": xml}',
)
SHARED = """\
enums:
  Level:
    words: {junior: {}, senior: {}}
records:
  Address:
    fields:
      city: {type: text}
"""
CONTACT = """\
  Contact:
    fields:
      phone: {type: text}
"""
MEMBER = (
    rest_project.MEMBER.replace(
        "records:\n  Member:\n",
        """\
enums:
  Grade:
    words: {first: {}, second: {}}
records:
  Member:
""",
    )
    .replace("methods:\n", CONTACT + "methods:\n")
    .replace(
        "      email: {type: text}\n",
        """\
      email: {type: text}
      level: {enum: Level}
      grade: {enum: Grade}
      address: {record: Address}
      contact: {record: Contact}
      tags: {list: tag, type: text}
""",
    )
)

Edit = tuple[str, str, str]


def api(before: str, after: str) -> Edit:
    return "api.yaml", before, after


def member(before: str, after: str) -> Edit:
    return "resources/member.yaml", before, after


BLOCK = '  block: {http: "PUT /members/{code}/block", response: {value: record}}'
EDITS = {
    "verb": ([member("PUT /members/{code}/block", "POST /members/{code}/block")], {"verb-changed", "retry-less-safe"}),
    "path": ([member("{code}/block", "{code}/lock")], {"path-changed"}),
    "argument moves to a header": ([member("active: {type: flag}", 'active: {type: flag, at: "header:X-Active"}')], {"argument-moved"}),
    "argument has another name": ([member("active: {type: flag}", 'active: {type: flag, at: "query:on"}')], {"argument-moved"}),
    "success": ([member("success: [204]", "success: [204, 202]")], {"success-status-added"}),
    "constant header": ([api(', constants: {"query:format": xml}', "")], {"constant-removed"}),
    "constant parameter": ([api('"query:format": xml', '"query:format": json')], {"constant-changed"}),
    "media": ([api("http: {headers", "http: {media: text/xml, headers")], {"request-media-changed"}),
    "credential added": ([api('  nil:', '  nil:'), api("credentials: {", "credentials: {club: {}, ")], {"required-option-added"}),
    "credential with a default": ([api("credentials: {", "credentials: {club: {default: main}, ")], {"option-added"}),
    "credential renamed": (
        [api("credentials: {api_key:", "credentials: {secret:"), api("{basic: \"{api_key}:\"}", "{basic: \"{secret}:\"}")],
        {"option-renamed"},
    ),
    "credential elsewhere": ([api("{basic: \"{api_key}:\"}", '{at: "header:X-Key", value: "{api_key}"}')], {"authentication-changed"}),
    "session": (
        [
            api("credentials: {api_key: {doc: \"Secret of the club.\"}}",
                "credentials: {api_key: {default: \"\", doc: \"Secret of the club.\"}}"),
            api("authentication: [", "authentication: [{session: {call: member.enter, keeps: {api_key: code}}}, "),
            member("  block: {", "  enter: {http: \"POST /enter\", authentication: none, response: {value: record}}\n  block: {"),
        ],
        {"session-changed", "option-now-optional", "method-added"},
    ),
    "signer": ([api("authentication: [", "authentication: [signer, ")], {"signer-now-required"}),
    "default of an option": ([api("{default: eu}", "{default: us}")], {"default-changed"}),
    "option without a default": ([api("{default: eu}", "{}")], {"option-now-required"}),
    "failure rule": ([api("    - {status: 500-599, kind: server}\n", "")], {"failure-rule-removed"}),
    "place of a failure": ([api("code: symbol, message: description", "code: name, message: description")], {"failure-moved"}),
    "kind of a failure": ([api("kind: not_found", "kind: conflict")], {"failure-kind-changed"}),
    "severities": ([api('field: "@field", message: "."', 'field: "@field", severity: "@level", errors: [Error], message: "."')], {"failure-moved", "failure-severities-changed"}),
    "paging": ([api('size: "query:per_page"', 'size: "query:rows"')], {"paging-changed", "argument-added", "argument-removed"}),
    "nil": ([api('value: "nil"', 'value: "true"')], {"envelope-changed"}),
    "strict order": ([api("order: free", "order: strict")], {"order-now-strict"}),
    "ignored attributes": ([api("attributes: [href]", "attributes: [href, rel]")], {"ignored-attributes-changed"}),
    "metadata": ([api("at: /Request,", "at: /Id,")], {"metadata-moved"}),
    "type of metadata": ([api("at: /Request, type: text", "at: /Request, type: int")], {"metadata-type-changed"}),
    "metadata removed": ([api("    metadata: {request: {at: /Request, type: text}}\n", "")], {"metadata-removed"}),
    "warnings": ([api('    warnings: {each: warnings/warning, message: "."}\n', "")], {"warnings-removed"}),
    "format": ([api("format: iso8601", "format: epoch")], {"scalar-format-changed"}),
    "other format": ([member("joined: {type: stamp", "joined: {type: datetime")], {"format-changed"}),
    "map": ([member("labels: {map: label, type: text}", "labels: {map: label, key: name, type: text}")], {"argument-moved", "field-moved"}),
    "map to list": ([member("labels: {map: label, type: text}", "labels: {list: label, type: text}")], {"response-now-list", "argument-now-list"}),
    "choice": ([member("    identity: code\n", "    identity: code\n    one_of: [name, email]\n")], {"choice-added"}),
    "order": ([member("      email: {type: text}\n", ""), member("      tags:", "      email: {type: text}\n      tags:")], {"fields-reordered"}),
    "further place": ([member("email: {type: text}", "email: {type: text, at: [email, mail]}")], {"further-place-added"}),
    "namespaces": ([api("credentials:", 'namespaces: {x: "urn:x"}\ncredentials:')], {"prefix-changed"}),
    "no authentication": ([member("block: {http", "block: {authentication: none, http")], {"authentication-now-needed"}),
    "parameter names": ([member("create: {http: {success: [201]}}", 'create: {http: {success: [201], parameters: {list: "{name}.{n}"}}}')], {"parameter-names-changed"}),
    "root of responses": ([member("block: {http", "block: {envelope: {response: {root: [member, blocked]}}, http")], {"response-root-added", "response-root-removed", "response-moved"}),
}  # fmt: skip
