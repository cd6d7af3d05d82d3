"""Subprocess that runs samples: reads a job from standard input, writes the results to standard output.

Samples run exactly as shown, with the generated client and over HTTP. They take the options of
the client and the address from the environment.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import io
import json
import os
import ssl
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any, Final

from .layout import format_expression, to_expression
from .responses import CaseServer, ExpectedCall, HttpExchange, ResponseServer

_RETRIED: Final = (429, 500, 502, 503, 504)
"""Statuses after which a client sends a safe call again."""


def run(job: dict[str, Any], answers: ResponseServer) -> list[dict[str, Any]]:
    """Run the samples of a job and return their results in order."""
    url = answers.start()
    prefix = job["environment"]
    os.environ.update(job["options"])
    os.environ[f"{prefix}_URL"] = url
    sys.path[:0] = job["path"]
    _share_ssl_contexts()
    try:
        return [_ran(sample, answers) for sample in job["samples"]]
    finally:
        answers.stop()


def _share_ssl_contexts() -> None:
    """Read the CA bundle once, although each sample creates a client."""
    # Nothing in a sample changes a context, so that they may share one.
    ssl.create_default_context = functools.cache(ssl.create_default_context)  # type: ignore[assignment]


def _ran(sample: dict[str, Any], answers: ResponseServer) -> dict[str, Any]:
    answers.expect(ExpectedCall(**sample["expected"]))
    found: dict[str, Any] = {}
    for form in ("sync", "asynchronous"):
        answers.take_exchanges()
        value, problem = _executed(sample, form)
        exchanges = answers.take_exchanges()
        different = next((item.problem for item in exchanges if item.problem), "")
        problem = different or problem or _mismatch(exchanges, sample["expected"]["status"])
        if problem:
            return {"problem": f"{form}: {problem}"}
        if form == "sync":
            found = {"value": value, **_wire(exchanges[0])}
        elif value != found["value"]:
            return {"problem": f"sync gives {found['value']}, asynchronous {value}"}
    return found


def _executed(sample: dict[str, Any], form: str) -> tuple[str, str]:
    """Return what a program returns or prints, and the error."""
    names: dict[str, Any] = {"__name__": "sample"}
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(sample[form], f"{sample['name']} ({form})", "exec"), names)
    except BaseException as error:
        line = traceback.extract_tb(error.__traceback__)[-1]
        return "", f"{type(error).__name__}: {error} ({Path(line.filename).name}:{line.lineno})"
    if sample["variable"] is None:
        return printed.getvalue(), ""
    return format_expression(to_expression(names[sample["variable"]])), ""


def _mismatch(exchanges: list[HttpExchange], status: int) -> str:
    if not exchanges or (len(exchanges) > 1 and status not in _RETRIED):
        return f"{len(exchanges)} requests were sent instead of one"
    return exchanges[0].problem


def _wire(exchange: HttpExchange) -> dict[str, str]:
    return {
        name: base64.b64encode(content).decode("ascii")
        for name, content in (("request", exchange.request), ("answer", exchange.answer))
    }


def main() -> None:
    """Run the job."""
    job = json.load(sys.stdin)
    with tempfile.TemporaryDirectory(prefix="samples-") as folder:
        os.chdir(folder)  # where samples save files
        results = run(job, CaseServer(job["url_path"]))
        os.chdir("/")
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
