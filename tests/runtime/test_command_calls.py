"""Calls from a shell, over a sandbox: output formats, pages, files, secrets, questions, errors and exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from click.testing import CliRunner, Result

from freshbooks_classic import FreshBooks
from freshbooks_classic.__main__ import RESOURCES
from freshbooks_classic.runtime.command import EXIT_CODES, ClientCommand
from xmlwright.sandbox.server_thread import Sandbox

ROOT = Path(__file__).resolve().parents[2]
NAME = "freshbooks-classic"
SECRET = "k3y-of-the-door-9137"


class Shell:
    """The command, in an environment that leads to a sandbox."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.environment = {
            "FRESHBOOKS_URL": box.url,
            "FRESHBOOKS_CA": box.ca,
            "FRESHBOOKS_ACCOUNT": box.account,
            "FRESHBOOKS_TOKEN": box.token,
            "COLUMNS": "80",
        }

    def __call__(
        self,
        *words: str,
        stdin: str = "",
        expect: int = 0,
        env: Mapping[str, str | None] = MappingProxyType({}),
    ) -> Result:
        program = ClientCommand("freshbooks_classic", "FreshBooks", NAME, RESOURCES)
        environment = {**self.environment, **env}
        done = CliRunner().invoke(program, words, input=stdin, env=environment, prog_name=NAME)
        assert done.exit_code == expect, (done.output, done.exception)
        assert "Traceback" not in done.output
        return done

    def process(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run the command as a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "freshbooks_classic", *words],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, **self.environment, "PYTHONPATH": str(ROOT / "generated")},
            **options,
        )

    def client(self) -> FreshBooks:
        return FreshBooks(self.box.account, token=self.box.token, url=self.box.url, ca=self.box.ca)


@pytest.fixture(scope="module")
def _box() -> Iterator[Sandbox]:
    with Sandbox(ROOT / "schema") as box:
        yield box


@pytest.fixture
def shell(_box: Sandbox) -> Shell:
    _box.control.reset()
    shell = Shell(_box)
    with shell.client() as fb:
        for number in range(7):
            fb.client.create(email=f"c{number}@example.com", organization=f"Client {number}")
        fb.invoice.create(
            client_id=1, lines=[{"name": "Yard work", "unit_cost": 10, "quantity": 4}]
        )
    return shell


def lines(done: Result) -> list[Any]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_pipe_gets_json_lines_with_the_keys_of_the_record(shell: Shell) -> None:
    found = lines(shell("client", "list"))
    with shell.client() as fb:
        rows = [json.loads(row.to_json()) for row in fb.client.list()]
    assert found == rows
    assert shell("client", "get", "1").stdout == f"{json.dumps(found[-1], ensure_ascii=False)}\n"


def test_other_formats(shell: Shell) -> None:
    rows = json.loads(shell("client", "list", "--output", "json").stdout)
    table = shell("client", "list", "-o", "table", "--fields", "client_id,organization").stdout
    assert table.splitlines()[0] == "client_id  organization"
    assert table.splitlines()[-1] == "        1  Client 0"
    read = list(csv.DictReader(io.StringIO(shell("client", "list", "--output", "csv").stdout)))
    assert [row["organization"] for row in read] == [row["organization"] for row in rows]
    assert json.loads(read[0]["contacts"]) == []
    document = shell("client", "list", "--output", "xml").stdout
    assert document.count("<client_id>") == 7
    assert "Client 0" in shell("client", "get", "1", "--output", "table").stdout


def test_a_table_fits_the_terminal_and_cannot_control_it(shell: Shell) -> None:
    with shell.client() as fb:
        fb.client.update(1, notes="\u009b31m\u202etext" + "x" * 99)
    done = shell("client", "list", "--output", "table")
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    assert "more fields" in done.stderr
    shown = shell("client", "get", "1", "--output", "table").stdout
    shown += shell("client", "get", "1", "--output", "json").stdout
    assert not {"\u009b", "\u202e"} & set(shown)


def test_pages(shell: Shell) -> None:
    first = shell("client", "list", "--per-page", "2")
    assert len(lines(first)) == 2
    assert "2 of 7 rows; there are more pages: pass --all-pages or --limit." in first.stderr
    assert len(lines(shell("client", "list", "--per-page", "2", "--all-pages"))) == 7
    some = shell("client", "list", "--per-page", "2", "--limit", "3")
    assert len(lines(some)) == 3
    assert some.stderr == ""
    documents = shell("client", "list", "--per-page", "2", "--all-pages", "--output", "xml").stdout
    assert documents.count("<response") == 4


def test_fields_may_be_inside_of_others_and_must_exist(shell: Shell) -> None:
    found = lines(shell("invoice", "list", "--fields", "invoice_id,lines.name,links.edit"))
    assert found[0]["lines.name"] == ["Yard work"]
    done = shell("invoice", "list", "--fields", "lines.nmae", expect=2)
    assert "did you mean 'name'?" in done.stderr


def test_records_are_json_on_the_command_line_or_in_a_file(shell: Shell, tmp_path: Path) -> None:
    text = '[{"name": "Work", "unit_cost": 12.50, "quantity": "2"}, {"name": "Travel"}]'
    (tmp_path / "lines.json").write_text(text, encoding="utf-8")
    for given in (text, f"@{tmp_path / 'lines.json'}", "@-"):
        made = shell(
            "invoice",
            "create",
            "--client-id",
            "1",
            "--lines",
            given,
            "--date",
            "2012-01-31",
            stdin=text,
        )
        found = lines(shell("invoice", "get", made.stdout.strip()))[0]
        assert (found["amount"], found["date"]) == ("25.00", "2012-01-31")
    assert (
        "expected JSON"
        in shell("invoice", "create", "--client-id", "1", "--lines", "[", expect=2).stderr
    )
    missing = shell("invoice", "create", "--client-id", "1", "--lines", "@no.json", expect=2)
    assert "cannot read no.json: No such file" in missing.stderr


def test_an_empty_tag_clears_a_value(shell: Shell) -> None:
    shell("client", "update", "1", "--notes", "Later")
    assert lines(shell("client", "get", "1"))[0]["notes"] == "Later"
    shell("client", "update", "1", "--clear", "notes")
    assert not lines(shell("client", "get", "1"))[0]["notes"]
    shell("call", "client.update", "client_id=1", "notes=Later")
    shell("call", "client.update", "client_id=1", "notes=")
    assert not lines(shell("client", "get", "1"))[0]["notes"]


def test_names_as_the_api_and_as_python_spell_them(shell: Shell, tmp_path: Path) -> None:
    for words in (["invoice", "get-pdf"], ["invoice", "get_pdf"], ["invoice", "getPDF"]):
        shell(*words, "1", "-O", str(tmp_path / "1.pdf"))
    shell("call", "invoice.getPDF", "invoice_id=1", "-O", str(tmp_path / "2.pdf"))
    assert (tmp_path / "1.pdf").read_bytes() == (tmp_path / "2.pdf").read_bytes()
    assert (tmp_path / "1.pdf").read_bytes().startswith(b"%PDF")
    assert shell("invoice", "get-pdf", "1").stdout_bytes.startswith(b"%PDF")
    missing = shell("invoice", "get-pdf", "1", "-O", str(tmp_path / "no" / "1.pdf"), expect=1)
    assert "No such file" in missing.stderr


def test_what_deletes_asks_or_needs_yes(shell: Shell) -> None:
    done = shell("client", "delete", "7", expect=2)
    assert "client.delete deletes; pass --yes" in done.stderr
    assert len(lines(shell("client", "list"))) == 7
    assert shell("call", "client.delete", "client_id=7", expect=2).stdout == ""
    shell("client", "delete", "7", "--yes")
    assert len(lines(shell("client", "list"))) == 6


def test_a_dry_run_needs_no_configuration(shell: Shell) -> None:
    unset: dict[str, str | None] = dict.fromkeys(shell.environment)
    done = shell("task", "create", "--name", "Work", "--dry-run", env=unset)
    assert "<name>Work</name>" in done.stdout
    assert "is repeated only where" in done.stdout
    assert "The client is not configured" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "message", "following"),
    [
        (["client", "get", "987"], 5, "not found", "freshbooks-classic client list"),
        (["--url", "http://127.0.0.1:9", "client", "list"], 8, "client.list", "Try again later."),
        (
            ["client", "list", "--per-page", "500"],
            2,
            "per_page",
            "freshbooks-classic client list --help",
        ),
        (["client", "lsit"], 2, "did you mean 'list'?", "freshbooks-classic client --help"),
        (["klient", "list"], 2, "did you mean 'client'?", "freshbooks-classic --help"),
        (["invoice", "list", "--status", "unpayed"], 2, "did you mean 'unpaid'?", "--help"),
        (["invoice", "get", "abc"], 2, "an id", "--help"),
        (["call", "client.gte"], 2, "did you mean 'client.get'?", "freshbooks-classic methods"),
        (["call", "client.get", "1"], 2, "NAME=VALUE", "--help"),
        (["call", "client.get", "clientid=1"], 2, "did you mean 'client_id'?", "client get --help"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_errors_say_what_to_do_next_and_have_a_code(
    shell: Shell, words: list[str], code: int, message: str, following: str
) -> None:
    done = shell(*words, expect=code)
    assert done.stdout == ""
    assert message in done.stderr
    assert following in done.stderr


def test_errors_of_the_configuration_and_of_the_token(shell: Shell, tmp_path: Path) -> None:
    gone = shell(
        "client", "list", expect=3, env={"FRESHBOOKS_TOKEN": None, "XDG_CONFIG_HOME": str(tmp_path)}
    )
    assert "set FRESHBOOKS_TOKEN" in gone.stderr
    wrong = shell("client", "list", expect=4, env={"FRESHBOOKS_TOKEN": "f" * 32})
    assert "Check the credentials" in wrong.stderr
    assert "f" * 32 not in wrong.output


def test_profiles_are_those_of_the_client(shell: Shell, tmp_path: Path) -> None:
    config = tmp_path / "config.ini"
    settings = {
        name[11:].lower(): value for name, value in shell.environment.items() if "_" in name
    }
    text = "[work]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())
    config.write_text(text, encoding="utf-8")
    unset: dict[str, str | None] = dict.fromkeys(shell.environment)
    options = ["--config", str(config), "--profile", "work"]
    assert len(lines(shell(*options, "client", "list", env=unset))) == 7
    shell("--profile", "home", "--config", str(config), "client", "list", expect=3, env=unset)


def test_secrets_are_hidden_unless_asked_for(shell: Shell, tmp_path: Path) -> None:
    document = (
        '<response xmlns="http://www.freshbooks.com/api/" status="ok"><invoice><invoice_id>1</invoice_id>'
        f"<links><client_view>https://{SECRET}</client_view></links></invoice></response>"
    )
    path = tmp_path / "invoice.xml"
    path.write_text(document, encoding="utf-8")
    assert SECRET not in shell("read", str(path)).output
    assert SECRET in shell("read", "--show-secrets", str(path)).output
    for form in ("json", "jsonl", "csv", "table", "xml"):
        shown = shell("invoice", "get", "1", "--output", form, "--show-secrets").stdout
        (address,) = set(re.findall(r"https?://[^\s\"<]*/view/[\w-]+", shown)) or {""}
        hidden = shell("invoice", "get", "1", "--output", form).stdout
        assert not address or address not in hidden
        assert "[redacted]" in hidden or form == "table"
    (tmp_path / "password").write_text(f"{SECRET}\n", encoding="utf-8")
    given = [
        "client",
        "create",
        "--email",
        "a@example.com",
        "--password",
        f"@{tmp_path / 'password'}",
    ]
    assert SECRET not in shell(*given, "--dry-run").output
    assert f"<password>{SECRET}</password>" in shell(*given, "--dry-run", "--show-secrets").output
    assert "token" not in {
        param.name for param in ClientCommand("freshbooks_classic", "FreshBooks", NAME, {}).params
    }


def test_the_help_of_a_method_says_what_its_docstring_says(shell: Shell) -> None:
    out = " ".join(shell("invoice", "create", "--help").stdout.split())
    assert "Client who is billed." in out
    assert "[draft|sent|viewed]" in out
    assert "Not safe to retry" in out
    for _, code, text in EXIT_CODES:
        assert f"{code} {text}" in shell("--help").stdout


def test_it_runs_as_a_process_and_completes_in_bash(shell: Shell) -> None:
    done = shell.process("client", "list", "--limit", "2")
    assert (done.returncode, done.stdout.count("\n")) == (0, 2), done.stderr
    script = shell.process("completion", "bash").stdout
    assert "_FRESHBOOKS_CLASSIC_COMPLETE=bash_complete" in script
    completed = subprocess.run(
        [sys.executable, "-m", "freshbooks_classic"],
        capture_output=True,
        text=True,
        timeout=60,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "generated"),
            "_FRESHBOOKS_CLASSIC_COMPLETE": "bash_complete",
            "COMP_WORDS": "freshbooks-classic invoice list --status un",
            "COMP_CWORD": "4",
        },
    )
    assert completed.stdout == "plain,unpaid\n"


@pytest.mark.parametrize(
    ("program", "absent"),
    [
        ("import freshbooks_classic", "click freshbooks_classic.runtime.data lxml"),
        (
            "import freshbooks_classic as f; f.FreshBooks('a', token='b'); f.invoice.create(client_id=1)",
            "click freshbooks_classic.runtime.data pyarrow sqlite3",
        ),
        (
            "import sys; sys.argv = ['x', '--help']\n"
            "try:\n    from freshbooks_classic.__main__ import main; main()\nexcept SystemExit: pass",
            "requests pyarrow sqlite3 freshbooks_classic._client freshbooks_classic.invoice"
            " freshbooks_classic.runtime.client freshbooks_classic.runtime.command_output",
        ),
    ],
    ids=["import", "client", "help"],
)
def test_what_is_not_used_is_not_imported(program: str, absent: str) -> None:
    check = f"{program}\nimport sys\nprint([m for m in {absent.split()!r} if m in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", check],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT / "generated")},
    )
    assert run.stdout.splitlines()[-1] == "[]", run.stderr


def test_without_click_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text(
        "raise ModuleNotFoundError('no click', name='click')", encoding="utf-8"
    )
    run = subprocess.run(
        [sys.executable, "-m", "freshbooks_classic", "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT / 'generated'}"},
    )
    assert run.returncode == 1
    assert "pip install 'freshbooks-classic[cli]'" in run.stderr
    assert "Traceback" not in run.stderr
