"""The built wheels in clean environments, with exactly the extra that the documentation names.

Commands come from the console blocks of the README and the guides, and from the recipes for pre-commit and CI.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import venv
from pathlib import Path
from typing import Any

import pytest
import yaml
from sampling import FULL
from small_project import CHECKOUT

GUIDES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]
EXTRAS = {"docs": "docs", "import": "import", "sandbox": "sandbox", "watch": "watch"}
"""Command -> the extra that it needs; all others need none."""
ARGUMENTS = {"import": ("botocore", "sts")}
"""Command -> arguments without which it does not look for what its extra installs."""
ENDLESS = {
    "watch": "watching",
    "sandbox": "FRESHBOOKS_TOKEN=",
    "docs --serve": "http://127.0.0.1",
}
"""Commands that run until Ctrl-C, and what they print when they are ready."""
FINDINGS = ("diff", "drift", "coverage")
"""Commands whose exit code 1 is a result, not an error."""
TIMEOUT = 180


def documented(program: str) -> list[str]:
    """Return the command lines of a program that console blocks show, without repetitions."""
    lines = [
        line
        for page in GUIDES
        for block in re.findall(
            r"^```console[^\n]*\n(.*?)^```", page.read_text("utf-8"), re.M | re.S
        )
        for line in block.splitlines()
    ]
    found = [re.sub(r"\s#\s.*", "", line[2:]).strip() for line in lines if line.startswith("$ ")]
    found = [line.removeprefix(".venv/bin/") for line in found]
    return list(dict.fromkeys(line for line in found if line.startswith(f"{program} ")))


COMMANDS = documented("xmlwright")


def recipe(name: str) -> dict[str, object]:
    """Return a YAML block of the maintainer's guide, by its first key."""
    text = (CHECKOUT / "docs/guide-maintainer.md").read_text("utf-8")
    (block,) = [
        b for b in re.findall(r"^```yaml\n(.*?)^```", text, re.M | re.S) if b.startswith(name)
    ]
    value = yaml.safe_load(block)
    assert isinstance(value, dict)
    return value


def subcommand(command: str) -> str:
    """Return the command behind ``xmlwright`` and its option ``--project FOLDER``."""
    return re.sub(r"^xmlwright (--project \S+ )?", "", command).split()[0]


def extra_of(command: str) -> str:
    return EXTRAS.get(subcommand(command), "")


def environment() -> dict[str, str]:
    """Return the environment of a program that sees nothing of this checkout's own environment."""
    hidden = ("PYTHON", "VIRTUAL_ENV", "XMLWRIGHT", "FRESHBOOKS", "COV_", "PYTEST")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(hidden)}
    return {
        **kept,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "NO_COLOR": "1",
    }


def run(*command: str | Path, cwd: Path, ok: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(
        command, cwd=cwd, env=environment(), text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False,
    )  # fmt: skip
    assert done.returncode in ok, f"{command}: exit code {done.returncode}\n{done.stdout[-4000:]}"
    return done.stdout


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel and the sdist of the generator and of the generated client."""
    folder = tmp_path_factory.mktemp("dist")
    for source in (CHECKOUT, CHECKOUT / "generated"):
        run(
            sys.executable, "-m", "build", "--no-isolation", "--wheel", "--sdist", "--outdir", folder, source,
            cwd=folder,
        )  # fmt: skip
    files = sorted(folder.iterdir())
    assert len(files) == 4, files
    return {path.name.split("-")[0] + path.suffix: path for path in files}


def install(folder: Path, *requirements: str) -> Path:
    """Make a virtual environment with nothing but these; return its folder of programs."""
    venv.create(folder, with_pip=False)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    pip = (sys.executable, "-m", "pip", f"--python={programs / 'python'}")
    done = subprocess.run(
        [*pip, "install", "--quiet", "--no-compile", *requirements],
        env=environment(), capture_output=True, text=True, timeout=TIMEOUT, check=False,
    )  # fmt: skip
    if done.returncode and "connection" in done.stderr.lower():
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stderr
    assert not run(*pip, "check", cwd=folder).replace("No broken requirements found.", "").strip()
    return programs


def with_extra(wheel: Path, extra: str) -> str:
    name = wheel.name.split("-")[0].replace("_", "-")
    return f"{name}[{extra}] @ {wheel.as_uri()}" if extra else str(wheel)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with the description of this one, a history, and everything that the guides name."""
    root = tmp_path / "project"
    shutil.copytree(CHECKOUT / "schema", root / "schema")
    (root / "pyproject.toml").write_text(
        '[tool.xmlwright]\nschema = "schema"\noutput = "generated"\n'
    )
    git = (
        "git",
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@example.com",
        "-c",
        "commit.gpgsign=false",
    )
    run(*git, "init", "-q", "-b", "main", cwd=root)
    for turn in range(4):
        (root / "CHANGES").write_text(str(turn))
        run(*git, "add", ".", cwd=root)
        run(*git, "commit", "-q", "-m", f"change {turn}", cwd=root)
    run(*git, "update-ref", "refs/remotes/origin/main", "HEAD", cwd=root)
    cases = yaml.safe_load((root / "schema/resources/task.cases.yaml").read_text("utf-8"))["cases"]
    calls = [case for case in cases if "request" in case and "response" in case][:3]
    for name in ("recordings", "samples", "src/app"):
        (root / name).mkdir(parents=True)
    for index, case in enumerate(calls):
        for folder in ("recordings", "samples"):
            path = root / folder / f"task.{case['call']}.{index}.response.xml"
            path.write_text(case["response"], encoding="utf-8")
    (root / "src/app/__init__.py").write_text("from freshbooks_classic import FreshBooks\n")
    (root / "allowed.txt").write_text("")
    kind = '<xs:complexType><xs:sequence><xs:element name="text" type="xs:string"/></xs:sequence></xs:complexType>'
    elements = "".join(
        f'<xs:element name="Order{end}">{kind}</xs:element>' for end in ("Request", "Response")
    )
    (root / "shop.xsd").write_text(
        f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{elements}</xs:schema>',
        encoding="utf-8",
    )
    (tmp_path / "description").symlink_to(root)  # the guide on vendoring has two projects
    return root


def run_command(programs: Path, command: str, project: Path) -> str:
    """Run a documented command as written; end those without end by Ctrl-C when they are ready."""
    words = shlex.split(command)
    assert words[0] == "xmlwright"
    line = [str(programs / "xmlwright"), *words[1:]]
    ready = next(
        (text for key, text in ENDLESS.items() if f"{command} ".startswith(f"xmlwright {key} ")), ""
    )
    if not ready:
        ok = (0, 1) if subcommand(command) in FINDINGS else (0,)
        output = run(*line, cwd=project, ok=ok)
        assert "Traceback" not in output
        return output
    process = subprocess.Popen(
        line, cwd=project, env=environment(), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    watchdog = threading.Timer(TIMEOUT, process.kill)
    watchdog.start()
    assert process.stdout is not None
    output = ""
    try:
        for text in process.stdout:
            output += text
            if ready in text:
                process.send_signal(signal.SIGINT)
                break
        output += process.stdout.read()
        assert process.wait() in (0, 130), output
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate()
    assert ready in output, output
    return output


def prepared(command: str, project: Path) -> bool:
    """Whether the project has the files that a command names."""
    names = [word for word in command.split() if word.endswith((".json", ".jsonl", ".yaml"))]
    return all((project / name).exists() for name in names)


def test_the_guides_show_commands() -> None:
    assert len(COMMANDS) > 25
    assert {extra_of(command) for command in COMMANDS} == {"", *EXTRAS.values()}


@pytest.mark.parametrize(
    "extra", ["", "docs", "import", "sandbox", "watch", "all"], ids=lambda extra: extra or "bare"
)
def test_documented_commands_run_with_their_extra(
    built: dict[str, Path], project: Path, tmp_path: Path, extra: str
) -> None:
    programs = install(tmp_path / "environment", with_extra(built["xmlwright.whl"], extra))
    if extra == "all":  # each of them works alone, as the other runs show
        for command in EXTRAS:
            run(programs / "xmlwright", command, "--help", cwd=project)
        run(programs / "python", "-c", "import botocore, markdown_it, h11, watchfiles", cwd=project)
        return
    if extra == "":
        run(
            programs / "xmlwright", "build", cwd=project
        )  # as in a checkout, where `check` is shown first
        bundle = run(programs / "xmlwright", "bundle", cwd=project)
        (project / "v1.json").write_text(bundle, encoding="utf-8")
        run(programs / "xmlwright", "xsd", "xsd", cwd=project)
        for command, name in EXTRAS.items():
            arguments = ARGUMENTS.get(command, ())
            message = run(programs / "xmlwright", command, *arguments, cwd=project, ok=(1, 2))
            assert f"xmlwright[{name}]" in message
            assert "Traceback" not in message
    for command in COMMANDS:
        if extra_of(command) == extra and prepared(command, project):
            run_command(programs, command, project)


def test_hooks_and_the_ci_recipe_run(built: dict[str, Path], project: Path, tmp_path: Path) -> None:
    """Both run what the maintainer's guide shows, in an environment without extras."""
    programs = install(tmp_path / "environment", str(built["xmlwright.whl"]))
    run(programs / "xmlwright", "build", cwd=project)
    hooks = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    repositories: Any = recipe("repos:")["repos"]
    assert len(repositories) == 1
    used = {hook["id"] for hook in repositories[0]["hooks"]}
    assert used <= {hook["id"] for hook in hooks}
    for hook in hooks:
        assert hook["language"] == "python"
        run_command(programs, hook["entry"], project)
    jobs = recipe("name: generated")["jobs"]
    assert isinstance(jobs, dict)
    (job,) = jobs.values()
    steps = [step["run"] for step in job["steps"] if "run" in step]
    assert steps[0].startswith("pip install "), "the rest needs no extra"
    for step in steps[1:]:
        run_command(programs, step.replace("${{ github.base_ref }}", "main"), project)


def test_metadata_is_complete(built: dict[str, Path]) -> None:
    done = run(sys.executable, "-m", "twine", "check", "--strict", *built.values(), cwd=CHECKOUT)
    assert done.count("PASSED") == 4


def test_generated_project_tests_itself(built: dict[str, Path], tmp_path: Path) -> None:
    """Its sdist passes its own tests with what its extra ``test`` installs."""
    with tarfile.open(built["freshbooks_classic.gz"]) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    programs = install(tmp_path / "environment", f"{source}[test]")
    # The equivalence and secrecy of all methods take longest; `make proofs` runs them here, too.
    chosen = () if FULL else ("--deselect=tests/test_secrets.py",)
    shutil.rmtree(source / "freshbooks_classic")  # the installed package is tested
    run(
        programs / "python",
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        *chosen,
        cwd=source,
    )


def test_generated_client_installs_without_extras_and_its_command_with_one(
    built: dict[str, Path], tmp_path: Path
) -> None:
    bare = install(tmp_path / "bare", str(built["freshbooks_classic.whl"]))
    run(
        bare / "python",
        "-c",
        "import freshbooks_classic; freshbooks_classic.FreshBooks",
        cwd=tmp_path,
    )
    said = run(bare / "freshbooks-classic", "--help", cwd=tmp_path, ok=(1,))
    assert "pip install 'freshbooks-classic[cli]'" in said
    programs = install(tmp_path / "environment", f"{built['freshbooks_classic.whl']}[cli]")
    answer = tmp_path / "client.list.response.xml"
    answer.write_text(
        '<response xmlns="http://www.freshbooks.com/api/" status="ok"><clients page="1" per_page="25" pages="0" total="0"/></response>'
    )
    for command in ("read", "check"):
        run(programs / "freshbooks-classic", command, answer, cwd=tmp_path)
        run(programs / "python", "-m", "freshbooks_classic", command, answer, cwd=tmp_path)


@pytest.fixture(scope="session")
def new_project_programs(built: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with what the guide installs, and pip, which a printed command runs."""
    folder = tmp_path_factory.mktemp("new-project") / "environment"
    return install(folder, with_extra(built["xmlwright.whl"], "sandbox"), "pip")


@pytest.mark.slow
@pytest.mark.parametrize("dialect", ["xml", "paths", "parameters"])
def test_new_project_works_at_once(
    new_project_programs: Path, tmp_path: Path, dialect: str
) -> None:
    """``init`` with defaults in an empty folder, then the commands that it prints, as they are."""
    choice = () if dialect == "xml" else ("--dialect", dialect)
    project = tmp_path / f"shop-{dialect}"
    project.mkdir()
    printed = run(new_project_programs / "xmlwright", "init", *choice, cwd=project)
    commands = re.findall(r"^  (\S.*?)  +# ", printed, re.MULTILINE)
    assert len(commands) == 4
    output = ""
    for command in commands[:-1]:
        program, *arguments = shlex.split(command)
        output = run(new_project_programs / program, *arguments, cwd=project)
    assert re.search(r"\d+ passed", output)
    assert "failed" not in output
    assert commands[-1] == "xmlwright sandbox"
    client = f"Shop{dialect.title()}"
    process = subprocess.Popen(
        [new_project_programs / "xmlwright", "sandbox"], cwd=project, env=environment(), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    watchdog = threading.Timer(TIMEOUT, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        exports: dict[str, str] = {}
        for line in process.stdout:
            if line.startswith("export "):
                name, _, value = shlex.split(line)[1].partition("=")
                exports[name] = value
            if line.startswith("Ctrl-C ends it."):
                break
        program = (
            f"from shop_{dialect}_client import {client}\n"
            f"with {client}.from_env() as client:\n"
            "    client.note.create(title='Bread', pinned=True)\n"
            "    print(sorted(note.title for note in client.note.list(pinned=True)))\n"
        )
        done = subprocess.run(
            [new_project_programs / "python", "-c", program], env={**environment(), **exports},
            cwd=project, capture_output=True, text=True, timeout=TIMEOUT, check=False,
        )  # fmt: skip
        assert done.stdout.strip() == "['Bread', 'Shopping']", done.stderr
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.wait() == 0
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate()
