"""The compiled bundle holds the whole description, and says so in a published form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xmlwright import settings
from xmlwright.diff import compare
from xmlwright.export import bundle
from xmlwright.ir import Api
from xmlwright.pipeline import stages as pipeline

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def api() -> Api:
    found, _ = pipeline.validate(settings.find(ROOT))
    assert found is not None
    return found


def test_a_bundle_reads_back_as_the_same_description(api: Api) -> None:
    text = bundle.dump(api)
    again = bundle.load(text)
    assert again == api
    assert again.records == api.records
    assert again.enums == api.enums
    assert bundle.dump(again) == text
    assert compare.compare(api, again) == []


def test_a_bundle_fits_its_published_schema(api: Api) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = bundle.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    value = json.loads(bundle.dump(api))
    jsonschema.Draft202012Validator(schema).validate(value)
    value["api"]["modules"][0]["color"] = "blue"
    assert not jsonschema.Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON"),
        ("[]", "is not a bundle"),
        ('{"format": "other"}', "is not a bundle"),
        ('{"format": "xmlwright-bundle", "version": 99}', "version 99"),
        ('{"format": "xmlwright-bundle", "version": 3, "api": {}}', "is not a valid bundle"),
        (
            '{"format": "xmlwright-bundle", "version": 3, "api": {"name": 3}}',
            "is not a valid bundle",
        ),
    ],
)
def test_what_is_no_bundle_is_refused_with_a_reason(text: str, message: str) -> None:
    with pytest.raises(bundle.BundleError, match=message):
        bundle.load(text, "x.json")
