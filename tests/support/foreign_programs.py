"""Foreign programs to run against: moto's server, and boto3 with the signer that it uses.

They are installed into an environment of their own (``make foreign``), whose Python runs the tests in ``tests/foreign``. The
generator runs from the environment of this checkout, as a program.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

CHECKOUT: Final = Path(__file__).resolve().parents[2]
XMLWRIGHT: Final = Path(os.environ.get("XMLWRIGHT") or CHECKOUT / ".venv" / "bin" / "xmlwright")
DESCRIPTIONS: Final = CHECKOUT / "tests" / "foreign"
REGION: Final = "us-east-1"
KEYS: Final = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "not-a-secret"}
ROUTE53: Final = CHECKOUT / "examples" / "route53"


def project(service: str) -> Path:
    """Return the folder of the project that describes a service: ``pyproject.toml`` or ``schema/`` is in it."""
    return ROUTE53 if service == "route53" else DESCRIPTIONS / service


def settle(service: str, folder: Path) -> Path:
    """Write a project for a service to ``folder``: its description, the templates of this checkout, nothing built."""
    folder.mkdir(parents=True)
    settings = {
        "schema": str(project(service) / "schema"),
        "templates": str(CHECKOUT / "templates"),
        "output": "generated",
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    (folder / "pyproject.toml").write_text(
        "\n".join(["[tool.xmlwright]", *lines, ""]), encoding="utf-8"
    )
    return folder


def run_xmlwright(folder: Path, *arguments: str) -> str:
    """Run the generator on a project; what it printed."""
    done = subprocess.run(
        [str(XMLWRIGHT), "--project", str(folder), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def generated(service: str, folder: Path) -> ModuleType:
    """Generate the client of a service and import it."""
    return built(settle(service, folder))


def built(folder: Path) -> ModuleType:
    """Build a project and import its client."""
    run_xmlwright(folder, "build")
    output = folder / "generated"
    (package,) = [
        path.parent.name for path in output.glob("*/__init__.py") if path.parent.name != "tests"
    ]
    sys.path.insert(0, str(output))
    try:
        return importlib.import_module(package)
    finally:
        sys.path.remove(str(output))


class Signer:
    """Signs requests of a generated client as boto3 does its own: botocore's Signature Version 4."""

    def __init__(self, service: str) -> None:
        auth: Any = importlib.import_module("botocore.auth")
        credentials: Any = importlib.import_module("botocore.credentials")
        self._requests: Any = importlib.import_module("botocore.awsrequest")
        keys = credentials.Credentials(*KEYS.values())
        self._auth = auth.SigV4Auth(keys, service, REGION)

    def __call__(self, request: Any) -> Mapping[str, str]:
        """Return the headers of a request that say who sends it."""
        signed = self._requests.AWSRequest(
            method=request.verb, url=request.url, data=request.body, headers=dict(request.headers)
        )
        self._auth.add_auth(signed)
        names = ("Authorization", "X-Amz-Date")
        return {name: signed.headers[name] for name in names}


@contextmanager
def moto_server() -> Iterator[str]:
    """Run moto's server on a free port of this machine; its URL."""
    server = importlib.import_module("moto.server").ThreadedMotoServer(
        "127.0.0.1", 0, verbose=False
    )
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def sandbox(service: str, folder: Path) -> Iterator[str]:
    """Run ``xmlwright sandbox`` with the description of a service and nothing in it; its URL for plain HTTP."""
    settle(service, folder)
    program = subprocess.Popen(
        [
            str(XMLWRIGHT),
            "--project",
            str(folder),
            "sandbox",
            "--http",
            "--empty",
            "--format",
            "json",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        assert program.stdout is not None
        line = program.stdout.readline()
        assert line, f"the sandbox of {service} did not start"
        yield str(json.loads(line)["base_url"]).replace("https://", "http://")
    finally:
        program.terminate()
        program.wait(20)
        if program.stdout is not None:
            program.stdout.close()


def boto3_client(service: str, url: str, *, signed: bool = True, **options: Any) -> Any:
    """Return boto3's client of a service, unmodified but for the address.

    Args:
        service: The name that boto3 has for it.
        url: The address.
        signed: Whether requests are signed.
        **options: Further ones of botocore's configuration.
    """
    boto3: Any = importlib.import_module("boto3")
    config: Any = importlib.import_module("botocore.config")
    if not signed:
        options["signature_version"] = importlib.import_module("botocore").UNSIGNED
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        config=config.Config(retries={"total_max_attempts": 1}, **options),
        **KEYS,
    )
