"""Changes of how calls are on the wire: each with its rule and its mirror, in both directions."""

from __future__ import annotations

from pathlib import Path

import pytest
import rest_project

from xmlwright.diagnostics import Diagnostics
from xmlwright.diff.compare import compare
from xmlwright.diff.report import as_changelog
from xmlwright.diff.rules import RULES, Change
from xmlwright.ir import Api
from xmlwright.resolve import resolver
from xmlwright.schema import loader

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


def resolved(folder: Path, *edits: Edit) -> Api:
    texts = {"api.yaml": API, "shared.yaml": SHARED, "resources/member.yaml": MEMBER}
    for name, before, after in edits:
        assert texts[name].count(before) == 1, (name, before)
        texts[name] = texts[name].replace(before, after)
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    diagnostics = Diagnostics()
    read = loader.read(folder, diagnostics, root=folder)
    assert read is not None, list(diagnostics)
    api = resolver.resolve(read, diagnostics)
    assert not len(diagnostics), [f"{item.position}: {item.message}" for item in diagnostics]
    return api


def changes(tmp_path: Path, *edits: Edit) -> tuple[list[Change], list[Change]]:
    """Return the changes that edits make, and those of the way back."""
    before, after = resolved(tmp_path / "old"), resolved(tmp_path / "new", *edits)
    return compare(before, after), compare(after, before)


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


@pytest.mark.parametrize("name", EDITS)
def test_a_change_has_its_rule_in_both_directions(tmp_path: Path, name: str) -> None:
    edits, rules = EDITS[name]
    there, back = changes(tmp_path, *edits)
    found = {item.rule for item in there} - {"documentation-changed"}
    mirrored = {RULES[rule].mirror for rule in rules}
    assert found in (rules, mirrored)
    assert {RULES[rule].mirror for rule in found} == {item.rule for item in back}
    assert all(entry in as_changelog(there, "1.0.0") for entry in ("### ", "- "))


def test_a_change_of_the_api_is_not_repeated_for_each_method(tmp_path: Path) -> None:
    there, _ = changes(tmp_path, api('value: "nil"', 'value: "true"'))
    assert [item.what for item in there] == ["envelope.nil"]


def test_an_element_renamed_with_its_name_in_python_kept_is_no_change_in_python(
    tmp_path: Path,
) -> None:
    there, back = changes(
        tmp_path, member("email: {type: text}", "mail: {type: text, python: email}")
    )
    assert {item.rule for item in (*there, *back)} == {"argument-moved", "field-moved"}
    assert {item.python for item in there} == {"none"}


def test_an_enum_with_the_same_words_is_no_change_of_a_field(tmp_path: Path) -> None:
    there, _ = changes(
        tmp_path,
        member("  Grade:\n", "  Rank:\n"),
        member("grade: {enum: Grade}", "grade: {enum: Rank}"),
    )
    assert {item.rule for item in there if item.what.endswith(".grade")} == {"scalar-refined"}


def test_what_moves_to_another_module_is_moved(tmp_path: Path) -> None:
    there, back = changes(
        tmp_path,
        member(CONTACT, ""),
        (
            "shared.yaml",
            "records:\n",
            "records:\n  Contact:\n    fields:\n      phone: {type: text}\n",
        ),
        member("enums:\n  Grade:\n    words: {first: {}, second: {}}\n", ""),
        ("shared.yaml", "enums:\n", "enums:\n  Grade:\n    words: {first: {}, second: {}}\n"),
    )
    for found in (there, back):
        assert {(item.rule, item.what) for item in found} == {
            ("record-moved", "Contact"),
            ("enum-moved", "Grade"),
        }


def test_a_changelog_section_of_documentation_only_is_not_empty(tmp_path: Path) -> None:
    there, _ = changes(tmp_path, api("doc: Members of sports clubs.", "doc: Members of clubs."))
    assert as_changelog(there, "1.0.0").splitlines()[-1] == "- Documentation and notes only."
