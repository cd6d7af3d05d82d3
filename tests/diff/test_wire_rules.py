"""Changes of how calls are on the wire: each with its rule and its mirror, in both directions."""

from __future__ import annotations

from pathlib import Path

import pytest
from wire_edits import API, CONTACT, EDITS, MEMBER, SHARED, Edit, api, member

from xmlwright.diagnostics import Diagnostics
from xmlwright.diff.compare import compare
from xmlwright.diff.report import as_changelog
from xmlwright.diff.rules import RULES, Change
from xmlwright.ir import Api
from xmlwright.resolve import resolver
from xmlwright.schema import loader


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
