"""Names that Python changes: what generated code calls something else than the description does, tools know under both."""

from __future__ import annotations

from pathlib import Path

import pytest
from second_api import project

from xmlwright.diagnostics import Diagnostics
from xmlwright.explain import explain
from xmlwright.ir import Api
from xmlwright.render.renderer import render
from xmlwright.resolve import resolver as resolve
from xmlwright.schema import loader as description

API = {
    "api": "sample", "title": "Sample", "version": "1", "doc": "A sample.",
    "python": {"package": "sample", "client": "Sample", "version": "1"},
    "endpoint": {"url": "https://{account}.example.com/"},
    "envelope": {
        "request": {"root": "request", "method": "@method"},
        "response": {"root": "response"},
        "failures": [{"message": "error", "when": "error"}],
    },
    "credentials": {"key": {}},
    "authentication": [{"basic": "{key}:X"}],
}  # fmt: skip


def resource(name: str, **fields: object) -> dict[str, object]:
    record = "".join(part.capitalize() for part in name.split("_"))
    described = {"identity": "code", "fields": {"code": {"type": "text"}, **fields}}
    return {
        "resource": name, "title": name, "doc": name, "records": {record: described}, "methods": {"get": {}},
    }  # fmt: skip


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Api:
    folder = tmp_path_factory.mktemp("renamed")
    names = ("options", "import", "list", "url")
    return resolved(folder, {f"resources/{name}.yaml": resource(name) for name in names})


def resolved(folder: Path, files: dict[str, object]) -> Api:
    project.settle(folder, {"api.yaml": API, **files})
    diagnostics = Diagnostics()
    read = description.read(folder / "schema", diagnostics, root=folder)
    assert read is not None, list(diagnostics)
    found = resolve.resolve(read, diagnostics)
    assert not len(diagnostics), list(diagnostics)
    return found


@pytest.mark.parametrize("name", ["options", "import", "list", "url"])
def test_a_renamed_resource_is_explained_under_both_names(api: Api, name: str) -> None:
    for resource_name in (name, f"{name}_"):
        found = {item.what for item in explain(api, f"client.{resource_name}.get")}
        assert found == {"method"}, resource_name
        assert "resource" in {item.what for item in explain(api, resource_name)}


def test_a_sensitive_identity_is_not_in_the_repr_of_its_record(tmp_path: Path) -> None:
    described = resource("token", code={"type": "text", "sensitive": True})
    found = resolved(tmp_path, {"resources/token.yaml": described})
    files = {item.path: item.text for item in render(found, project.TEMPLATES)}
    lines = [line.strip() for line in files["sample/token.py"].splitlines()]
    assert "code: str = field(repr=False)" in lines
    assert any("dataclasses import" in line and "field" in line for line in lines)
