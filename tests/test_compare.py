"""What a change of the description does to users, told by rule, for the wire and for Python."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from xmlwright import compare, description, resolve, settings
from xmlwright.compare_report import as_changelog, as_json, broken_lines
from xmlwright.diagnostics import Diagnostics
from xmlwright.model import Api

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = settings.find(ROOT).schema


def resolved(file: str | None = None, old: str = "", new: str = "") -> Api:
    """The description, with one text of one file replaced."""
    diagnostics = Diagnostics()
    texts: dict[Path, str] = {}
    if file is not None:
        path = SCHEMA / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} has no {old!r}"
        texts[path] = text.replace(old, new, 1)
    read = description.read(SCHEMA, diagnostics, root=ROOT, texts=texts)
    assert read is not None
    api = resolve.resolve(read, diagnostics)
    # Cases of a method that was removed are dangling, which is beside the point here.
    assert not [item for item in diagnostics if not item.position.file.endswith(".cases.yaml")]
    return api


TASK = "resources/task.yaml"
RATE = "      rate: {type: decimal,"

EDITS = {
    "argument-now-required": (TASK, RATE, "      rate: {type: decimal, required: create,"),
    "argument-type-changed": (TASK, RATE, "      rate: {type: date,"),
    "argument-narrowed": (TASK, RATE, "      rate: {type: int,"),
    "answer-type-changed": (TASK, RATE, "      rate: {type: text,"),
    "answer-field-removed": (TASK, RATE, "      rate: {type: decimal, access: write,"),
    "argument-removed": (TASK, RATE, "      rate: {type: decimal, access: read,"),
    "argument-renamed-in-python": (TASK, RATE, "      rate: {type: decimal, python: price,"),
    "argument-moved": (TASK, RATE, "      rate: {type: decimal, element: price,"),
    "clear-now-refused": (TASK, RATE, "      rate: {type: decimal, clear: refused,"),
    "now-deprecated": (TASK, RATE, "      rate: {type: decimal, deprecated: true,"),
    "now-sensitive": (TASK, RATE, "      rate: {type: decimal, sensitive: true,"),
    "now-discarded": (TASK, RATE, "      rate: {type: decimal, discarded: true,"),
    "limit-tightened": (TASK, RATE, "      rate: {type: decimal, maximum: 100,"),
    "provenance-changed": (TASK, RATE, "      rate: {type: decimal, provenance: inferred,"),
    "default-changed": (TASK, "default: false", "default: true"),
    "retry-less-safe": (TASK, "  get: {}", "  get: {retry: ambiguous}"),
    "method-renamed-in-python": (TASK, "  get: {}", "  get: {python: fetch}"),
    "method-removed": (TASK, "  get: {}\n", ""),
    "error-added": (TASK, "  get: {}", '  get: {errors: ["50020"]}'),
    "order-changed": (TASK, "order: name", "order: -task_id"),
    "documentation-changed": (TASK, "  get: {}", "  get: {doc: Another sentence.}"),
    "endpoint-changed": ("api.yaml", "/api/2.1/xml-in", "/api/3.0/xml-in"),
}


@pytest.fixture(scope="module")
def base() -> Api:
    return resolved()


@pytest.mark.parametrize("rule", EDITS)
def test_a_change_is_told_by_its_rule_and_its_way_back_by_the_mirror(base: Api, rule: str) -> None:
    new = resolved(*EDITS[rule])
    there = {change.rule for change in compare.compare(base, new)}
    back = {change.rule for change in compare.compare(new, base)}
    assert rule in there
    assert compare.RULES[rule].mirror in back


def test_every_rule_has_a_mirror_whose_mirror_it_is() -> None:
    for rule in compare.RULES.values():
        assert rule.mirror is not None or rule.waiver
        if rule.mirror is not None:
            assert compare.RULES[rule.mirror].mirror == rule.name
    assert len(compare.RULES) >= 60


def test_nothing_changed_says_nothing(base: Api) -> None:
    assert compare.compare(base, resolved()) == []
    assert compare.suggested("1.2.3", []) == "1.2.3"


def test_places_fingerprints_and_version(base: Api) -> None:
    new = resolved(*EDITS["argument-now-required"])
    change = next(
        item for item in compare.compare(base, new) if item.rule == "argument-now-required"
    )
    assert change.what == "task.create.rate"
    assert change.old is not None
    assert str(change.old).startswith("schema/resources/task.yaml:")
    again = dataclasses.replace(change, old=None, new=None)
    assert again.fingerprint == change.fingerprint  # lines may move
    assert compare.suggested("1.2.3", [change]) == "2.0.0"
    assert compare.suggested("0.2.3", [change]) == "0.3.0"
    assert json.loads(as_json([change], {}, "1.0.0"))["changes"][0]["python"] == "breaking"
    assert "task.create.rate" in as_changelog([change], "1.0.0")


def test_lines_of_a_program_that_break_are_named(base: Api) -> None:
    program = "\n".join(
        [
            "def use(fb):",
            "    fb.task.create(name='x', rate='1.00')",
            "    fb.task.create(name='x')",
            "    fb.client.create(email='a@example.com')",
        ]
    )
    required = compare.compare(base, resolved(*EDITS["argument-now-required"]))
    assert [line for line, _ in broken_lines(program, required, base)] == [3]
    removed = compare.compare(base, resolved(*EDITS["argument-removed"]))
    assert {line for line, change in broken_lines(program, removed, base)} == {2}
