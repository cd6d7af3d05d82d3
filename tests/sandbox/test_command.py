"""``xmlwright sandbox`` in a terminal, in a pipe, and when something is wrong: what it says, and how it ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from sandbox_process import XMLWRIGHT
from terminal import Terminal

from xmlwright.sandbox import Sandbox, SandboxError

from .case_setup import ROOT

LIST = '<request method="task.list"/>'
COMMAND = [str(XMLWRIGHT), "--project", str(ROOT), "sandbox"]


@contextmanager
def started(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """The command, with what it prints in pipes."""
    program = subprocess.Popen(
        [*COMMAND, "--empty", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        yield program
    finally:
        program.kill()
        program.communicate()


def facts_of(program: subprocess.Popen[str]) -> dict[str, str]:
    """What it exports, once it is ready."""
    assert program.stdout is not None
    found: dict[str, str] = {}
    for line in program.stdout:
        if line.startswith("Ctrl-C"):
            return found
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").strip().partition("=")
            found[name.partition("_")[2]] = value
    raise AssertionError(program.stderr and program.stderr.read())


def call(facts: dict[str, str]) -> int:
    with requests.Session() as session:
        session.trust_env = False
        return session.post(
            facts["URL"], LIST, auth=(facts["TOKEN"], "X"), verify=facts.get("CA"), timeout=60
        ).status_code


def said(*arguments: str | Path, project: Path = ROOT) -> tuple[int, str]:
    """The exit code of a command that cannot start, and its last words on standard error."""
    done = subprocess.run(
        [str(XMLWRIGHT), "--project", str(project), "sandbox", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_well_and_every_call_was_listed(number: signal.Signals) -> None:
    with started() as program:
        facts = facts_of(program)
        assert call(facts) == 200
        program.send_signal(number)
        listed, complained = program.communicate(timeout=60)
        assert (program.returncode, complained) == (0, "")
        first, *_, last = [line for line in listed.splitlines() if line]
        assert first.split()[1:5] == ["sample", "admin/1", "task.list", "ok"]
        assert last == "the sandbox has ended"
        assert "\x1b" not in listed
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", int(facts["URL"].split(":")[2].split("/")[0])))


def test_a_program_gets_one_line_of_json(tmp_path: Path) -> None:
    with started("--format", "json", "--account", "one", "--account", "two") as program:
        assert program.stdout is not None
        facts = json.loads(program.stdout.readline())
        assert set(facts["accounts"]) == {"one", "two"}
        for account in facts["accounts"].values():
            known = {"URL": account["url"], "TOKEN": account["tokens"]["admin"], "CA": facts["ca"]}
            assert call(known) == 200
        program.send_signal(signal.SIGTERM)
        assert program.communicate(timeout=60) == ("", "")


def test_it_ends_when_nobody_reads_what_it_says() -> None:
    with started() as program:
        facts = facts_of(program)
        assert program.stdout is not None
        program.stdout.close()
        assert call(facts) == 200
        assert program.wait(60) == 1
        assert program.stderr is not None
        assert program.stderr.read() == ""


def test_a_terminal_has_colors_and_ctrl_c(tmp_path: Path) -> None:
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    with Terminal([*COMMAND, "--empty"], tmp_path, {**kept, "HOME": str(tmp_path)}) as terminal:
        shown = terminal.read_until("Ctrl-C ends it.")
        assert "\x1b[1mSandbox of the FreshBooks Classic API" in shown
        terminal.press("\x03")
        terminal.read_until("the sandbox has ended")


def test_a_port_or_a_file_that_is_in_use(tmp_path: Path) -> None:
    database = tmp_path / "state.db"
    with started("--database", database) as program:
        port = facts_of(program)["URL"].split(":")[2].split("/")[0]
        code, told = said("--port", port)
        assert code == 1
        assert told.startswith(f"error: cannot bind 127.0.0.1:{port}")
        assert told.endswith("use port 0 for a free one")
        assert said("--database", database) == (
            1,
            f"error: {database} cannot be used: another sandbox uses it",
        )


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    text, folder = tmp_path / "text.db", tmp_path / "nowhere" / "state.db"
    text.write_text("by no means a database, however often it is read" * 20)
    assert said("--database", text) == (
        1,
        f"error: {text} cannot be used: file is not a database",
    )
    assert said("--database", folder) == (
        1,
        f"error: {folder} cannot be opened: its folder does not exist",
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("klient: []\n", ":1: there is no resource 'klient'; did you mean 'client'?"),
        (
            "client:\n- client_id: 1\n  emial: x\n",
            ":3: client[0]: there is no field 'emial'; did you mean 'email'?",
        ),
        (
            "task: []\nclient:\n- client_id: one\n",
            ":3: client[0].client_id: should be an id, not 'one'",
        ),
        (
            "invoice:\n- invoice_id: 1\n  lines:\n  - {unit_cost: 1.x}\n",
            ":4: invoice[0].lines[0].unit_cost: should be a decimal number, not '1.x'",
        ),
        ("client: [\n", ":2:1: no YAML: expected the node content, but found '<stream end>'"),
        ("- 1\n", " should map resources to records"),
    ],
)
def test_a_seed_that_makes_no_sense_is_told_with_its_line(
    box: Sandbox, tmp_path: Path, content: str, told: str
) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text(content)
    with pytest.raises(SandboxError) as met:
        Sandbox(box.described, load=path).start()
    assert str(met.value) == f"{path}{told}"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--account", "A b"], "'A b' cannot be an account: use small letters, digits and hyphens"),
        (["--fault", "statis=503"], "there is no fault 'statis'; did you mean 'status'?"),
    ],
)
def test_options_that_make_no_sense(arguments: list[str], told: str) -> None:
    code, words = said(*arguments)
    assert code == 2
    assert words.startswith(f"error: {told}")


def test_a_description_with_mistakes_is_not_served(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "schema", tmp_path / "schema")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.xmlwright]\nschema = "schema"\noutput = "out"\n'
    )
    task = tmp_path / "schema/resources/task.yaml"
    task.write_text(task.read_text().replace("type: decimal", "type: decimel"))
    assert said(project=tmp_path) == (
        1,
        "error: the description has problems; the sandbox is not started",
    )
