"""`xmlwright import botocore`: projects from service models, and refusals of files that are none."""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import service_models
import yaml
from second_api import project

PROTOCOLS = ("query", "ec2", "rest-xml")


def run(folder: Path, *arguments: str | Path, ok: bool = True) -> subprocess.CompletedProcess[str]:
    done = project.run(project.XMLWRIGHT, *arguments, cwd=folder)
    assert (done.returncode == 0) is ok, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def imported(folder: Path, content: dict[str, Any], *arguments: str, **pages: Any) -> Path:
    """Import a model and return the folder of the project."""
    run(
        folder, "import", "botocore", service_models.write(folder, content, **pages), "--output", "shop", *arguments
    )  # fmt: skip
    settings = folder / "shop" / "pyproject.toml"
    settings.write_text(
        settings.read_text("utf-8") + f"templates = '{project.TEMPLATES}'\n", encoding="utf-8"
    )
    return folder / "shop"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_imports_a_description_that_validates(tmp_path: Path, protocol: str) -> None:
    shop = imported(tmp_path, service_models.model(protocol))
    run(tmp_path, "--project", shop, "validate")
    api = read(shop / "schema/api.yaml")
    assert api["python"] == {"package": "shop_client", "client": "ShopClient", "version": "0.1.0"}
    assert api["endpoint"] == {"url": "https://shop.example"}
    assert api["errors"]["NoSuchTask"] == {
        "kind": "not_found",
        "status": 404,
        "doc": "There is no such task.",
    }
    task = read(shop / "schema/resources/task.yaml")
    assert list(task["methods"]) == ["CreateTask", "ListTasks", "DeleteTask"]
    assert task["methods"]["CreateTask"]["doc"] == "Does `CreateTask`."
    assert task["methods"]["ListTasks"]["kind"] == "list"
    fields = task["records"]["Task"]["fields"]
    assert fields["Name"]["doc"] == "Its **name**.\n\n* one\n* two"
    assert fields["Name"]["max_length"] == 60
    assert fields["OwnerIDs"]["python"] == "owner_ids"
    assert fields["Token"]["sensitive"] is True
    assert fields["Old"]["deprecated"] == "Use State."
    assert list(task["enums"]["State"]["words"]) == ["open", "closed", "no"]


@pytest.mark.slow
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_client_passes_its_tests_and_mypy(tmp_path: Path, protocol: str) -> None:
    shop = imported(tmp_path, service_models.model(protocol))
    output = project.built(shop)
    assert project.own_tests(output) > 10
    done = project.run(
        project.XMLWRIGHT.with_name("mypy"), "--strict", "--no-incremental", "shop_client", cwd=output
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_lists_what_is_not_carried_over_with_its_place(tmp_path: Path) -> None:
    content = service_models.model("rest-xml")
    content["shapes"]["Task"]["members"]["Name"]["futureTrait"] = {}
    content["shapes"]["Text"]["eventstream"] = True
    stream = {"type": "structure", "members": {"Stream": {"shape": "Text"}}}
    content["shapes"]["WatchOutput"] = stream
    content["operations"]["Watch"] = {
        "name": "Watch",
        "http": {},
        "output": {"shape": "WatchOutput"},
    }
    del content["shapes"]["Text"]["eventstream"]
    content["shapes"]["Events"] = {"type": "structure", "members": {}, "eventstream": True}
    stream["members"]["Stream"]["shape"] = "Events"  # type: ignore[index]
    report = (imported(tmp_path, content) / "IMPORT.md").read_text("utf-8")
    assert "* `operations.Watch`: its output is a stream of events, a binary framing" in report
    assert "## Patterns of texts (1)\n\n* `shapes.Text`: [a-z]+" in report
    assert "## Smallest lengths (1)\n\n* `shapes.Text`: at least 3" in report
    assert "* `shapes.CreateTaskRequest.members.ClientToken`" in report
    assert "## The trait futureTrait (1)\n\n* `shapes.Task.members.Name`" in report
    assert "* `shapes.NoSuchTask.members.TaskId`" in report


def test_pages_that_the_language_lacks_stay_single_calls(tmp_path: Path) -> None:
    pages = {"ListTasks": {"input_token": "Marker", "output_token": "Tasks[-1].Name", "result_key": "Tasks"}}  # fmt: skip
    shop = imported(tmp_path, service_models.model("query"), pages=pages)
    assert "`pagination.ListTasks`: the mark is Tasks[-1].Name" in (shop / "IMPORT.md").read_text("utf-8")  # fmt: skip
    assert read(shop / "schema/resources/task.yaml")["methods"]["ListTasks"]["kind"] == "action"
    run(tmp_path, "--project", shop, "validate")


def test_imports_chosen_operations_with_what_they_need(tmp_path: Path) -> None:
    shop = imported(tmp_path, service_models.model("query"), "--only", "DeleteTask")
    task = read(shop / "schema/resources/task.yaml")
    assert list(task["methods"]) == ["DeleteTask"]
    assert "records" not in task
    run(tmp_path, "--project", shop, "validate")


def refused(folder: Path, *arguments: str | Path) -> str:
    return run(folder, "import", "botocore", *arguments, ok=False).stderr


def test_refuses_what_is_no_model_it_can_read(tmp_path: Path) -> None:
    def message(change: dict[str, Any]) -> str:
        content = service_models.model("query")
        for path, value in change.items():
            *outer, last = path.split("/")
            target = content
            for key in outer:
                target = target[key]
            target[last] = value
        return refused(
            tmp_path, service_models.write(tmp_path / "model", content), "--output", "out"
        )

    assert "is not XML (json)" in message({"metadata/protocol": "json"})
    assert "refers to a shape 'Gone'" in message({"shapes/Task/members/Name": {"shape": "Gone"}})
    loop = {"type": "list", "member": {"shape": "Names"}}
    assert "holds itself: Names > Names" in message({"shapes/Names": loop})
    assert "unknown type 'document2'" in message({"shapes/Text/type": "document2"})
    assert "input is not a structure" in message({"operations/ListTasks/input": {"shape": "Text"}})
    assert "no operations" in message({"operations": []})
    assert not (tmp_path / "out").exists()


def test_refuses_files_that_are_broken(tmp_path: Path) -> None:
    path = tmp_path / "service-2.json"
    for content, wanted in (
        (b"{", "not JSON"),
        (b"[]", "not a mapping"),
        (b"[" * 200_000, "nested too deeply"),
        (b"\x1f\x8bbroken", "cannot be read"),
    ):
        path.write_bytes(content)
        assert wanted in refused(tmp_path, path, "--output", "out")


def test_refuses_a_packed_file_that_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xmlwright.importing import model
    from xmlwright.importing.notes import ModelError

    monkeypatch.setattr(model, "LARGEST", 1_000_000)
    path = tmp_path / "service-2.json.gz"
    path.write_bytes(gzip.compress(b" " * 20_000_000))
    with pytest.raises(ModelError, match="larger than"):
        model.read(str(path))


def test_recursive_shapes_end(tmp_path: Path) -> None:
    """Structures that need each other have cases of a finite depth."""
    content = service_models.model("query")
    for name, other in (("Chicken", "Egg"), ("Egg", "Chicken")):
        content["shapes"][name] = {"type": "structure", "members": {other: {"shape": other}, "Name": {"shape": "Text"}}}  # fmt: skip
    content["shapes"]["Task"]["members"]["Hen"] = {"shape": "Chicken"}
    run(tmp_path, "--project", imported(tmp_path, content), "validate")


def test_names_a_service_that_is_near_and_the_versions(tmp_path: Path) -> None:
    for name, version in (("shop", "2029-01-01"), ("shop", "2030-01-31")):
        service_models.write(tmp_path / "data" / name / version, service_models.model("query"))
    data = ("--data", tmp_path / "data")
    assert "did you mean 'shop'?" in refused(tmp_path, "shoop", *data)
    assert "it has 2029-01-01, 2030-01-31" in refused(tmp_path, "shop", *data, "--api-version", "1")
    assert "no operation Gone" in refused(tmp_path, "shop", *data, "--only", "Gone")
    run(tmp_path, "import", "botocore", "shop", *data)
    assert "shop is not empty; give another folder" in refused(tmp_path, "shop", *data)


def test_equal_models_give_equal_files(tmp_path: Path) -> None:
    content = service_models.model("query")
    first = imported(tmp_path / "a", json.loads(json.dumps(content)))
    second = imported(tmp_path / "b", content)
    names = sorted(path.relative_to(first) for path in first.rglob("*.yaml"))
    assert names
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)
