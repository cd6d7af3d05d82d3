"""``python -m freshbooks_classic read`` and ``check``, as somebody runs them in a shell."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from freshbooks_classic import wire

GENERATED = Path(wire.__file__).resolve().parent.parent
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
    "PYTHONPATH": str(GENERATED),
    "PYTHONUTF8": "1",
    "COLUMNS": "100",
}
"""Without the caller's settings of Python, such as an output without buffer."""

NAMESPACE = 'xmlns="http://www.freshbooks.com/api/"'

TASK = f"""<?xml version="1.0" encoding="utf-8"?>
<response {NAMESPACE} status="ok"><task><task_id>00000000211</task_id><name>Caf\u00e9 &amp; \u2615</name>
<billable>1</billable><rate>15.50</rate><description/><updated>2013-07-01 09:30:00</updated></task></response>"""
TASK_VALUE = {
    "task_id": 211,
    "name": "Caf\u00e9 & \u2615",
    "billable": True,
    "rate": "15.50",
    "description": "",
    "updated": "2013-07-01T09:30:00-04:00",
}
ODD = f"""<response {NAMESPACE} status="ok"><invoice><invoice_id>1</invoice_id><client_id>2</client_id>
<late_fee>3</late_fee><lines><line><amount>many</amount><color>red</color></line></lines></invoice><hint/></response>"""
STAFF = f'<response {NAMESPACE} status="ok"><staff><staff_id>1</staff_id></staff></response>'
DONE = f'<response {NAMESPACE} status="ok"/>'
FAILURE = f"""<response {NAMESPACE} status="fail"><error>'client_id' not found. Client not found.</error>
<code>50010</code></response>"""
REQUEST = """<request method="task.update"><task><task_id>5</task_id><rate>1.5</rate><description/></task></request>"""
PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3"


def _run(
    *arguments: str | Path,
    stdin: bytes = b"",
    expect: int = 0,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> tuple[str, str]:
    """What the command prints; its exit code must be the expected one, and it never shows a traceback."""
    run = subprocess.run(
        [sys.executable, "-m", "freshbooks_classic", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        timeout=60,
        env={**ENVIRONMENT, **environment},
    )
    out, err = run.stdout.decode(), run.stderr.decode()
    assert "Traceback" not in err, err
    assert run.returncode == expect, (run.returncode, out, err)
    return out, err


def _objects(text: str) -> list[dict[str, Any]]:
    """The JSON objects that were printed one after the other."""
    decoder = json.JSONDecoder()
    found = []
    while text := text.lstrip():
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:]
    return found


def _file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# ---- read


def test_read_prints_a_response_as_typed_json(tmp_path: Path) -> None:
    file = _file(tmp_path, "response.xml", TASK)
    out, err = _run("read", file)
    assert json.loads(out) == {"file": str(file), "method": "task.get", "value": TASK_VALUE}
    assert err == ""
    assert "Caf\u00e9 & \u2615" in out, "what a terminal can show is not escaped"


def test_read_takes_several_files_and_standard_input(tmp_path: Path) -> None:
    files: list[str | Path] = [
        _file(tmp_path, "1.xml", TASK),
        "-",
        _file(tmp_path, "3.xml", REQUEST),
    ]
    out, _ = _run("read", *files, stdin=FAILURE.encode())
    first, second, third = _objects(out)
    assert [item["file"] for item in (first, second, third)] == [str(file) for file in files]
    assert first["value"] == TASK_VALUE
    assert second == {
        "file": "-",
        "method": None,
        "failure": {
            "kind": "NotFoundError",
            "message": "'client_id' not found. Client not found.",
            "code": "50010",
            "field": "client_id",
        },
    }
    assert third == {
        "file": str(files[2]),
        "method": "task.update",
        "arguments": {"task_id": 5, "rate": "1.5", "description": None},
    }


def test_read_shows_pages_and_lists(tmp_path: Path) -> None:
    page = f"""<response {NAMESPACE} status="ok"><taxes page="1" per_page="25" pages="1" total="1">
        <tax><tax_id>3</tax_id><name>GST</name><rate>5</rate><compound>0</compound></tax></taxes></response>"""
    report = f"""<response {NAMESPACE} status="ok"><reports><report><year>2010</year><month>01</month>
        <income>1.00</income><expenses>2.00</expenses><profit>-1.00</profit></report></reports></response>"""
    out, _ = _run("read", _file(tmp_path, "1.xml", page), _file(tmp_path, "2.xml", report))
    first, second = _objects(out)
    assert (first["method"], second["method"]) == ("tax.list", "report.getProfitDetails")
    assert first["value"] == {
        "position": 1,
        "size": 25,
        "pages": 1,
        "total": 1,
        "items": [{"tax_id": 3, "name": "GST", "rate": "5", "compound": False}],
    }
    assert second["value"] == [
        {"income": "1.00", "expenses": "2.00", "profit": "-1.00", "year": 2010, "month": 1}
    ]


def test_read_keeps_what_is_odd_or_unknown(tmp_path: Path) -> None:
    out, _ = _run("read", _file(tmp_path, "odd.xml", ODD))
    found = json.loads(out)
    assert found["method"] == "invoice.get"
    assert found["value"]["lines"] == [{"amount": "many"}]
    assert found["unknown"] == ["hint", "late_fee", "lines[0].color"]


def test_read_says_when_the_content_does_not_tell_the_method(tmp_path: Path) -> None:
    staff, done = _file(tmp_path, "staff.xml", STAFF), _file(tmp_path, "done.xml", DONE)
    first, second = _objects(_run("read", staff, done)[0])
    assert first == {
        "file": str(staff),
        "method": None,
        "candidates": ["staff.get", "staff.current"],
        "value": {"staff_id": 1},
    }
    assert second == {"file": str(done), "method": None, "value": None}
    out, _ = _run("read", "--method", "staff.current", staff)
    assert json.loads(out) == {
        "file": str(staff),
        "method": "staff.current",
        "value": {"staff_id": 1},
    }


def test_read_with_a_method(tmp_path: Path) -> None:
    """A file that is no XML needs one, and a failure is told of the method that failed."""
    out, _ = _run("read", "--method=invoice.getPDF", _file(tmp_path, "1.pdf", PDF))
    assert json.loads(out)["value"] == {"bytes": len(PDF), "media": None}
    out, _ = _run("read", "--method", "client.get", "-", stdin=FAILURE.encode())
    found = json.loads(out)
    assert (found["method"], found["failure"]["code"]) == ("client.get", "50010")


# ---- check


def test_check_lists_what_is_unknown(tmp_path: Path) -> None:
    odd, task = _file(tmp_path, "odd.xml", ODD), _file(tmp_path, "task.xml", TASK)
    out, err = _run("check", odd, task, expect=1)
    assert out.splitlines() == [
        f"{odd}: invoice.get: unknown element hint",
        f"{odd}: invoice.get: unknown element late_fee",
        f"{odd}: invoice.get: unknown element lines[0].color",
        f"{task}: task.get: nothing unknown",
    ]
    assert err == ""


def test_check_of_good_documents(tmp_path: Path) -> None:
    files = [
        _file(tmp_path, f"{number}.xml", text)
        for number, text in enumerate([TASK, STAFF, DONE, FAILURE, REQUEST])
    ]
    out, _ = _run("check", *files)
    assert [line.partition(": ")[2] for line in out.splitlines()] == [
        "task.get: nothing unknown",
        "staff.get or staff.current: nothing unknown",
        f"any of {len(wire.guess(DONE))} methods: nothing unknown",
        "a failure: 'client_id' not found. Client not found. [50010]",
        "task.update: nothing unknown",
    ]


def test_check_of_a_request_and_of_a_given_method(tmp_path: Path) -> None:
    request = _file(tmp_path, "r.xml", REQUEST.replace("<rate>", "<color/><rate>"))
    out, _ = _run("check", request, expect=1)
    assert out == f"{request}: task.update: unknown element color\n"
    wrong = _file(tmp_path, "w.xml", TASK)
    out, _ = _run("check", "--method", "tax.get", wrong, expect=1)
    assert out == f"{wrong}: tax.get: unknown element task\n"


# ---- what goes wrong


@pytest.mark.parametrize("command", ["read", "check"])
def test_bad_files_do_not_stop_the_good_ones(command: str, tmp_path: Path) -> None:
    good = _file(tmp_path, "good.xml", TASK)
    bad = {
        tmp_path / "missing.xml": "No such file or directory",
        tmp_path: "Is a directory",
        _file(tmp_path, "empty.xml", ""): "the document is empty",
        _file(tmp_path, "page.html", "<!DOCTYPE html><p>Down"): "the document has a DTD",
        _file(tmp_path, "cut.xml", TASK[:-20]): "not well-formed XML",
        _file(tmp_path, "1.pdf", PDF): "not well-formed XML",
        _file(tmp_path, "root.xml", "<answer/>"): "the document is <answer>, not <response>",
        _file(tmp_path, "made_up.xml", '<request method="task.gte"/>'): "did you mean 'task.get'?",
        _file(tmp_path, "alien.xml", f"<response {NAMESPACE} status='ok'><cars/></response>"): (
            "cannot tell which method returns <cars>; name it with --method NAME"
        ),
    }
    out, err = _run(command, *bad, good, expect=1)
    assert "task.get" in out
    assert out.count(str(tmp_path)) == 1, "only the good one is on standard output"
    lines = err.splitlines()
    for line, (file, message) in zip(lines, bad.items(), strict=True):
        assert line.startswith(f"{file}: ")
        assert message in line


def test_a_bad_document_on_standard_input() -> None:
    out, err = _run("read", "-", stdin=b"\0\1\2", expect=1)
    assert out == ""
    assert err.startswith("-: the document is not well-formed XML")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Commands:"),
        (["read"], "Missing argument 'FILE...'"),
        (["check"], "Missing argument 'FILE...'"),
        (["reed", "x.xml"], "there is no command 'reed'; did you mean 'read'?"),
        (
            ["read", "--method", "task.gte", "-"],
            "there is no method 'task.gte'; did you mean 'task.get'?",
        ),
        (["read", "--method"], "Option '--method' requires an argument."),
        (["read", "--color", "-"], "No such option '--color'"),
    ],
)
def test_wrong_usage(arguments: Sequence[str], message: str) -> None:
    out, err = _run(*arguments, expect=2)
    assert out == ""
    assert message in err
    assert "Usage: python -m freshbooks_classic" in err or "requires an argument" in err


@pytest.mark.parametrize("arguments", [["--help"], ["read", "--help"], ["check", "-h"]])
def test_help_has_examples(arguments: Sequence[str]) -> None:
    out, _ = _run(*arguments)
    assert out.startswith("Usage: python -m freshbooks_classic")
    examples = [
        line.strip() for line in out.splitlines() if line.startswith("    freshbooks-classic")
    ]
    assert len(examples) >= 2
    for example in examples:  # each is a command line that the parser takes
        words = example.replace(" - < response.xml", " -").split()[1:]
        if words[0] in ("read", "check"):
            wrong = "-" not in words or words[0] == "check"
            _run(*words, stdin=TASK.encode(), expect=1 if wrong else 0)
        else:
            _run(*words, "--help")
    if len(arguments) > 1:
        assert "Exit codes: 0" in out
        assert "--method NAME" in out
    assert "API API" not in out


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    """As with ``| head``: the reader goes away in the middle of a long output."""
    file = _file(tmp_path, "long.xml", TASK)
    for command in ("read", "check"):
        child = subprocess.Popen(
            [sys.executable, "-m", "freshbooks_classic", command, *[str(file)] * 2000],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
        )
        assert child.stdout is not None
        assert child.stdout.readline()
        child.stdout.close()
        assert child.stderr is not None
        errors = child.stderr.read()
        child.stderr.close()
        assert child.wait(60) == 0
        assert errors == b""


def test_a_pipe_that_is_closed_before_anything_is_printed() -> None:
    """The output is so short that it stays in the buffer until the end."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as pipe:
        run = subprocess.run(
            [sys.executable, "-m", "freshbooks_classic", "check", "-"],
            input=TASK.encode(),
            stdout=pipe,
            stderr=subprocess.PIPE,
            timeout=60,
            env=ENVIRONMENT,
        )
    assert (run.returncode, run.stderr) == (0, b"")


def test_an_interrupt_ends_it_quietly(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    child = subprocess.Popen(
        [sys.executable, "-m", "freshbooks_classic", "read", str(pipe)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    try:
        with open(
            pipe, "wb"
        ):  # opens as soon as the child has opened it to read, and never says a word
            child.send_signal(signal.SIGINT)
            out, err = child.communicate(timeout=60)
    finally:
        child.kill()
        child.wait()
    assert (child.returncode, out, err) == (130, b"", b"")


def test_a_terminal_that_knows_only_ascii(tmp_path: Path) -> None:
    """JSON is escaped, and names that cannot be shown are written with escapes."""
    odd = f'<response {NAMESPACE} status="ok"><task><task_id>1</task_id><caf\u00e9/></task></response>'
    narrow = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    out, _ = _run("read", _file(tmp_path, "1.xml", TASK), environment=narrow)
    assert json.loads(out)["value"] == TASK_VALUE
    out, _ = _run("check", _file(tmp_path, "2.xml", odd), expect=1, environment=narrow)
    assert out.endswith("task.get: unknown element caf\\xe9\n")


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.xml"
    try:
        with open(name, "wb") as file:
            file.write(DONE.encode())
    except OSError:
        pytest.skip("this file system has only names in UTF-8")
    run = subprocess.run(
        [os.fsencode(sys.executable), b"-m", b"freshbooks_classic", b"check", name],
        capture_output=True,
        timeout=60,
        env=ENVIRONMENT,
    )
    assert (run.returncode, run.stderr) == (0, b"")
    assert b"caf\\udce9.xml: any of" in run.stdout
