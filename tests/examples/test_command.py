"""Every method of every described API is called from the command line; what is printed is the client's value."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from example_clients import EXAMPLES, ExampleClient

import freshbooks_classic
from xmlwright.ir import Api, RecordValue
from xmlwright.sandbox.server_thread import Sandbox

ROOT = Path(__file__).resolve().parents[2]
NAMES = [
    "freshbooks",
    *sorted(path.name for path in EXAMPLES.iterdir() if (path / "schema").is_dir()),
]
SUCCEED = 0.6
"""Share of the calls that have to succeed, so that not only errors are compared."""


def sign(request: Any) -> Mapping[str, str]:
    """Sign a request of an API whose requests are signed by what the caller passes."""
    return {"Authorization": "AWS3-HTTPS AWSAccessKeyId=AKIDEXAMPLE"}


@dataclasses.dataclass
class Terminal:
    """The command of a client, with an environment that leads to a sandbox."""

    package: Any
    box: Sandbox
    program: Any
    environment: Mapping[str, str]
    runtime: Any

    @property
    def api(self) -> Api:
        return self.box.api

    @property
    def registry(self) -> Any:
        return self.program.registry

    def client(self) -> Any:
        options = {"auth": sign} if self.registry.protocol.signer else {}
        return self.program.client_class(
            **{
                **({} if options else self.box.credentials()),
                **self.box.variables(),
                **options,
                "url": self.box.url,
                "ca": self.box.ca,
            }
        )

    def run(self, *words: str, stdin: bytes = b"") -> Result:
        signed = ["--auth", f"{__name__}:sign"] if self.registry.protocol.signer else []
        return CliRunner().invoke(
            self.program, [*signed, *words], input=stdin, env=self.environment, prog_name="command"
        )


@pytest.fixture(scope="module", params=NAMES)
def terminal(
    request: pytest.FixtureRequest, example_client: Callable[[str], ExampleClient]
) -> Iterator[Terminal]:
    import importlib

    if request.param == "freshbooks":
        package: Any = freshbooks_classic
        description = ROOT / "schema"
    else:
        package = example_client(request.param).package
        description = EXAMPLES / request.param / "schema"
    entry = importlib.import_module(f"{package.__name__}.__main__")
    command = importlib.import_module(f"{package.__name__}.runtime.command")
    with Sandbox(description, load="cases") as box:
        program = command.ClientCommand(
            package.__name__, box.api.names.client, box.api.names.distribution, entry.RESOURCES
        )
        prefix = program.registry.protocol.environment
        settings = {"url": box.url, "ca": box.ca, **box.variables()}
        if not program.registry.protocol.signer:
            settings.update(box.credentials())
        environment = {f"{prefix}_{name.upper()}": str(value) for name, value in settings.items()}
        yield Terminal(package, box, program, environment, command)


def plain(value: Any) -> Any:
    """Return a value of a case as JSON can hold it."""
    if isinstance(value, RecordValue):
        return {name: plain(inner) for name, inner in value.values.items()}
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(inner) for inner in value]
    if isinstance(value, bytes):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value if isinstance(value, (str, int, float, type(None))) else str(value)


class Calls:
    """Arguments for each method, from its cases; IDs are those of records that the account has."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self._ids: dict[str, Any] = {}

    def arguments(self, method: Any, module: Any, client: Any) -> dict[str, Any]:
        """Return arguments of a method, as JSON can hold them."""
        cases = [case for case in module.cases if case.call == method.verb]
        cases.sort(key=lambda case: (case.fails is not None, case.arguments is None))
        given = plain(cases[0].arguments) if cases and cases[0].arguments else {}
        identities = {record.identity: module.name for record in module.records if record.identity}
        for item in method.arguments:
            resource = item.ref or identities.get(item.python)
            if resource and (item.python in given or item.required) and not item.many:
                found = self._first(resource, client)
                if found is not None:
                    given[item.python] = found
        return dict(given)

    def _first(self, resource: str, client: Any) -> Any:
        if resource not in self._ids:
            self._ids[resource] = None
            name = f"{resource}.list"
            if name in self.terminal.registry.methods:
                schema = self.terminal.registry.method(name).response.record
                try:
                    rows = list(client.call(name))
                except Exception:
                    rows = []
                if rows and schema is not None and schema.identity:
                    self._ids[resource] = getattr(rows[0], schema.identity)
        return self._ids[resource]


def words_of(
    terminal: Terminal, method: Any, arguments: Mapping[str, Any], folder: Path
) -> list[str]:
    """Return the command line for a call: options, and files for what is JSON or a file."""
    command = terminal.runtime.MethodCommand(terminal.program, method.verb, method.name)
    words = [terminal.runtime.command_name(part) for part in method.name.split(".")]
    flags = {param.name: param for param in command.params}
    behind: list[str] = []
    for name, value in arguments.items():
        item = command.fields[name]
        param = flags[f"argument_{name}".lower()]
        if value is None:
            words += ["--clear", terminal.runtime.command_name(name)]
        elif item.codec is not None and item.codec.name == "binary":
            path = folder / "upload.png"
            path.write_bytes(b"\x89PNG\r\n\x1a\n0")
            words += [param.opts[0], str(path)]
        elif isinstance(value, bool) and param.secondary_opts:
            words.append(param.opts[0] if value else param.secondary_opts[0])
        else:
            texts = (
                [value] if not isinstance(value, (list, dict)) else [json.dumps(value, default=str)]
            )
            if isinstance(value, list) and item.shape is None:
                texts = value
            for text in map(str, texts):
                if (text.startswith("{") and len(text) > 40) or text.startswith("[{"):
                    (folder / f"{name}.json").write_text(text, encoding="utf-8")
                    text = f"@{folder / f'{name}.json'}"
                behind += [text] if not param.opts[0].startswith("-") else []
                words += [param.opts[0], text] if param.opts[0].startswith("-") else []
    order = {name: index for index, name in enumerate(command.positional)}
    assert len(behind) <= len(order)
    return [*words, *(["--", *behind] if behind else [])]


def same(printed: Any, value: Any) -> bool:
    """Whether two values are equal, but for a counter of all calls, which is never reset."""
    for one in (printed, value):
        if isinstance(one, dict) and isinstance(one.get("api"), dict):
            one["api"].pop("requests", None)
    return bool(printed == value)


def difference(
    terminal: Terminal, calls: Calls, module: Any, method: Any, folder: Path
) -> str | None:
    """Return what the command does otherwise than the client; None for a call that both refuse, "" for none."""
    reset = terminal.box.control.reset
    picture = b"\x89PNG\r\n\x1a\n0"
    files = {item.python for item in method.arguments if item.write == "binary" and not item.record}
    with terminal.client() as client:
        reset()
        arguments = calls.arguments(method, module, client)
        reset()
        try:
            value = client.call(
                method.name,
                {name: picture if name in files else arguments[name] for name in arguments},
            )
            failure = None
            if isinstance(value, terminal.package.File):
                value = value.content
        except terminal.package.Error as error:
            value, failure = None, error
    reset()
    words = words_of(terminal, method, arguments, folder)
    target = folder / "saved"
    options = ["--output", "json", "--show-secrets"]
    options += ["--yes"] if method.kind == "delete" else []
    options += ["-O", str(target)] if method.response.value == "binary" else []
    at = words.index("--") if "--" in words else len(words)
    done = terminal.run(*words[:at], *options, *words[at:])
    expected = 0 if failure is None else terminal.runtime.exit_code(failure)
    if done.exit_code != expected:
        return f"{words}: exit code {done.exit_code}, not {expected} ({failure!r}): {done.output}"
    if failure is not None:
        return None
    if isinstance(value, bytes):
        return "" if target.read_bytes() == value else f"{words}: another file"
    if value is None:
        return f"{words}: {done.stdout}" if done.stdout else ""
    data = terminal.package.runtime.data.as_data(value, for_json=True, show_secrets=True)
    rows = data["items"] if isinstance(value, terminal.package.Page) else data
    return "" if same(json.loads(done.stdout), rows) else f"{words}: {done.stdout} is not {rows}"


def test_every_method_prints_the_value_of_the_client(terminal: Terminal, tmp_path: Path) -> None:
    calls = Calls(terminal)
    found = [
        difference(terminal, calls, module, method, tmp_path)
        for module in terminal.api.modules
        for method in module.methods
    ]
    worked = sum(item is not None for item in found)
    print(f"{terminal.package.__name__}: {worked} of {len(found)} calls succeeded")
    assert not list(filter(None, found)), "\n".join(filter(None, found))
    assert len(found) == len(terminal.registry.methods)
    assert worked >= SUCCEED * len(found)


def test_a_dry_run_sends_nothing(terminal: Terminal, tmp_path: Path) -> None:
    calls = Calls(terminal)
    with terminal.client() as client:
        wanted = [
            (method, words_of(terminal, method, calls.arguments(method, module, client), tmp_path))
            for module in terminal.api.modules
            for method in module.methods
        ]
    before = len(terminal.box.control.requests())
    shown = 0
    for method, words in wanted:
        at = words.index("--") if "--" in words else len(words)
        done = terminal.run(*words[:at], "--dry-run", *words[at:])
        if done.exit_code == 0:
            assert f"{method.name}: " in done.stdout
            shown += 1
        else:  # a case whose request breaks a limit
            assert (done.exit_code, method.name in done.output) == (2, True), done.output
    assert shown >= SUCCEED * len(wanted)
    assert len(terminal.box.control.requests()) == before


def test_every_method_argument_and_word_is_completed(terminal: Terminal) -> None:
    from click.shell_completion import ShellComplete

    completion = ShellComplete(terminal.program, {}, "command", "_COMMAND_COMPLETE")

    def completed(words: list[str], incomplete: str = "") -> set[str]:
        return {item.value for item in completion.get_completions(words, incomplete)}

    assert completed(["call"]) == set(terminal.registry.methods)
    for name, method in terminal.registry.methods.items():
        *groups, last = map(terminal.runtime.command_name, name.split("."))
        assert last in completed(groups)
        command = terminal.runtime.MethodCommand(terminal.program, last, name)
        for param in command.params:
            if isinstance(param, click.Option):
                assert set(param.opts) & completed(
                    [*groups, last], "--" if param.opts[0][:2] == "--" else "-"
                )
        assert completed(["call", name]) == {f"{item}=" for item in method.arguments.by_name}
        for item in method.arguments.fields:
            words = set(getattr(item.codec, "sendable", ()))
            assert completed(["call", name], f"{item.name}=") >= {
                f"{item.name}={word}" for word in words
            }
