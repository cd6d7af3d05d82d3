"""Rule groups of account.yaml, which behavior files include."""

from __future__ import annotations

from pathlib import Path

from xmlwright.diagnostics import Diagnostic, Diagnostics
from xmlwright.schema import loader

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "schema"
ACCOUNT = SCHEMA / "account.yaml"
ESTIMATE = SCHEMA / "resources" / "estimate.behavior.yaml"


def read(edits: dict[Path, str]) -> tuple[loader.Description, list[Diagnostic]]:
    diagnostics = Diagnostics()
    description = loader.read(SCHEMA, diagnostics, root=ROOT, texts=edits)
    assert description is not None
    return description, list(diagnostics)


def edited(path: Path, old: str, new: str) -> dict[Path, str]:
    text = path.read_text(encoding="utf-8")
    assert old in text
    return {path: text.replace(old, new, 1)}


def test_rules_of_a_group_run_before_those_of_the_file() -> None:
    description, problems = read({})
    assert not problems
    names = list(description.behaviors["estimate"].compute)
    assert names == [
        "lines.amount", "lines.net", "lines.compound", "lines.gross", "amount", "accepted", "invoiced",
    ]  # fmt: skip
    assert "lines.gross" in description.behaviors["estimate"].hidden


def test_unknown_group_is_reported_with_the_nearest_one() -> None:
    _, problems = read(edited(ESTIMATE, "[LineTotals]", "[LineTotal]"))
    assert [(item.rule, item.suggestion) for item in problems] == [
        ("dangling-reference", "LineTotals")
    ]
    assert problems[0].position.file == "schema/resources/estimate.behavior.yaml"


def test_group_that_no_file_includes_is_reported() -> None:
    extra = "rule_groups:\n  Idle: {compute: {amount: total}}\n"
    _, problems = read(edited(ACCOUNT, "rule_groups:\n", extra))
    assert [item.rule for item in problems] == ["unused"]
    assert problems[0].position.file == "schema/account.yaml"


def test_rule_of_the_file_that_the_group_has_too_is_reported() -> None:
    _, problems = read(edited(ESTIMATE, "compute:\n", "compute:\n  amount: accepted\n"))
    assert [item.rule for item in problems] == ["duplicate-name"]
    assert problems[0].related[0].position.file == "schema/account.yaml"
