"""Samples: every case as programs that ran, with the bytes that they sent and received."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from ..cases.messages import response_message
from ..diagnostics import DescriptionError, Diagnostics
from ..ir import Api, Case, Method, RecordValue, Ref
from ..pipeline import stages as pipeline
from ..render import renderer as render
from ..render.formatting import FormatCache
from ..settings import Settings
from .highlight import indented
from .programs import Programs, Writer
from .responses import document_of, headers_of

_IGNORED: Final = frozenset({"doc", "at", "provenance", "places", "title", "deprecated", "since"})
"""Parts of a description that calls don't depend on."""
_OF_TRANSPORT: Final = frozenset(
    {"connection", "content-encoding", "content-length", "date", "transfer-encoding"}
)
"""Headers of a response that the server decides."""
_PROCESSES: Final = 4
_WORTH_A_PROCESS: Final = 60
"""Number of samples that justifies another process."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A case that ran."""

    case: Case
    method: Method
    programs: Programs
    own_arguments: bool
    """False if the case has no request, so that the sample sends that of another case."""
    borrowed: str
    """Name of the case whose response is used; empty for its own."""
    value: str
    """Result of the call as an expression; printed text for an error."""
    request: bytes
    """Head and body as sent."""
    answer: bytes

    @property
    def document(self) -> str:
        """Return the request document as sent."""
        head, _, body = self.request.partition(b"\r\n\r\n")
        return document_of(head + b"\r\n\r\n", body).decode("utf-8", "replace")

    @property
    def body(self) -> str:
        """Return the body of the response."""
        return self.answer.partition(b"\r\n\r\n")[2].decode("utf-8", "replace")

    @property
    def language(self) -> str:
        """Return what requests and responses are shown as: ``xml``, or ``http`` if the verb and path matter."""
        return "xml" if self.method.http is None else "http"

    @property
    def target(self) -> str:
        """Return path and query of the request, as sent."""
        return self.request.split(b" ", 2)[1].decode("latin-1")

    @property
    def sent_body(self) -> str:
        """Return the body of the request, documents with one element per line."""
        return indented(self.document)

    @property
    def sent_headers(self) -> dict[str, str]:
        """Return the headers of the request that the description gives it, and its content type."""
        sent = headers_of(self.request.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        described = dict(self.method.http.headers) if self.method.http is not None else {}
        for item in self.method.arguments:
            if item.location is not None and item.location[0] == "header":
                described[item.location[1]] = ""
        return {name: str(sent[name]) for name in (*described, "Content-Type") if name in sent}

    @property
    def shown_request(self) -> str:
        """Return the request as readers see it."""
        if self.method.http is None:
            return self.sent_body
        body = self.sent_body
        lines = [f"{self.method.http.verb} {self.target}"]
        lines += [f"{name}: {value}" for name, value in self.sent_headers.items()]
        return "\n".join([*lines, *(["", body] if body else [])])

    @property
    def shown_answer(self) -> str:
        """Return the response as readers see it."""
        if self.method.http is None:
            return indented(self.body)
        first, *headers = self.answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        kept = [
            line for line in headers if not line.startswith(("Content-Length:", "Content-Type:"))
        ]
        return "\n".join([first, *kept, *(["", indented(self.body)] if self.body else [])])


@dataclass(frozen=True, slots=True)
class _Job:
    key: str
    case: Case
    method: Method
    programs: Programs
    own_arguments: bool
    borrowed: str
    expected: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": f"{self.method.name}: {self.case.name}",
            "sync": self.programs.sync,
            "asynchronous": self.programs.asynchronous,
            "variable": self.programs.variable,
            "expected": dict(self.expected),
        }


@dataclass(frozen=True, slots=True)
class SampleRun:
    """All samples of a description, and the number that ran this time."""

    samples: tuple[Sample, ...]
    fresh: int


def run(api: Api, settings: Settings, *, clean: bool = False) -> SampleRun:
    """Run every case through the generated client; skip samples whose inputs didn't change.

    Raises:
        DescriptionError: samples failed; each is a problem, at the place of its case.
    """
    jobs = list(_jobs(api))
    store = FormatCache(settings.cache / "docs", "samples", trusted=not clean)
    known = store.load("samples")
    missing = [job for job in jobs if job.key not in known]
    if missing:
        for job, result in zip(missing, _results(api, settings, missing), strict=True):
            known[job.key] = json.dumps(result)
    results = {job.key: json.loads(known[job.key]) for job in jobs}
    diagnostics = Diagnostics()
    for job in jobs:
        problem = results[job.key].get("problem") or _mismatch(job, results[job.key])
        if problem:
            known.pop(job.key, None)
            diagnostics.add(
                "sample", f"the sample {job.case.name!r} failed: {problem}", job.case.at
            )
    if missing:
        store.save("samples", {job.key: known[job.key] for job in jobs if job.key in known})
    if len(diagnostics):
        raise DescriptionError(diagnostics)
    return SampleRun(tuple(_sample(job, results[job.key]) for job in jobs), len(missing))


def _mismatch(job: _Job, result: Mapping[str, Any]) -> str:
    fails = job.case.fails
    if fails is None:
        return ""
    printed = str(result["value"]).strip()
    missing = [fails[key] for key in ("code", "message") if fails.get(key, "") not in printed]
    return f"it printed {printed!r} without {missing[0]!r}" if missing else ""


def _sample(job: _Job, result: Mapping[str, Any]) -> Sample:
    return Sample(
        job.case,
        job.method,
        job.programs,
        job.own_arguments,
        job.borrowed,
        result["value"],
        base64.b64decode(result["request"]),
        base64.b64decode(result["answer"]),
    )


def _jobs(api: Api) -> Iterator[_Job]:
    writer = Writer(api)
    statuses = {code.code: code.status for code in api.errors}
    fingerprints = _Fingerprints(api)
    for module in api.resources:
        for method in module.methods:
            cases = [case for case in module.cases if case.call == method.verb]
            asking = next((case for case in _best(cases) if case.arguments is not None), None)
            answering = next((case for case in cases if _answers(case)), None)
            for case in cases:
                asked = case if case.arguments is not None else asking
                answered = case if case.response is not None else answering
                if answered is None:
                    continue
                if asked is not None and asked.arguments is not None:
                    given = asked.arguments
                elif not method.needs_arguments:
                    asked, given = case, RecordValue(None, {}, {}, case.at)
                else:
                    continue
                yield _job(method, case, asked, answered, given, writer, statuses, fingerprints)


def _job(
    method: Method,
    case: Case,
    asked: Case,
    answered: Case,
    given: RecordValue,
    writer: Writer,
    statuses: Mapping[str, int],
    fingerprints: _Fingerprints,
) -> _Job:
    failing = answered.fails is not None
    document = (asked.request or writer.document(method, given)).strip()
    programs = writer.programs(method, given, answered, document)
    media = "text/xml; charset=utf-8"
    if method.response.value == "binary" and not failing:
        media = method.response.media[0] if method.response.media else "application/octet-stream"
    message = response_message(answered.response or "")
    usual = method.http.success[0] if method.http is not None and method.http.success else 200
    known = statuses.get((answered.fails or {}).get("code", ""))
    headers = dict(message.headers)
    expected: dict[str, Any] = {
        "document": document,
        "status": message.status or known or (answered.fails or {}).get("status") or usual,
        "media": headers.pop("content-type", media),
        "body": message.body,
        **writer.expected(method, given),
        "headers": [[name, text] for name, text in headers.items() if name not in _OF_TRANSPORT],
    }
    parts = [fingerprints.of(method), programs.sync, programs.asynchronous, json.dumps(expected)]
    return _Job(
        hashlib.sha256("\0".join(parts).encode()).hexdigest(),
        case,
        method,
        programs,
        case.arguments is not None,
        "" if answered is case else answered.name,
        expected,
    )


def _answers(case: Case) -> bool:
    return case.response is not None and case.fails is None


def _best(cases: list[Case]) -> list[Case]:
    """Sort cases so that successful ones come first."""
    return sorted(cases, key=lambda case: (case.fails is not None, not _answers(case)))


class _Fingerprints:
    """Fingerprints of what calls depend on: the runtime, the method, and the records and enums that it uses."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: dict[Ref, tuple[str, tuple[Ref, ...]]] = {}
        shared = [
            _bare(getattr(api, name))
            for name in (
                "envelope",
                "authentication",
                "variables",
                "credentials",
                "signer",
                "paging",
                "scalars",
                "errors",
                "names",
                "namespaces",
                "url",
            )
        ]
        runtime = Path(__file__).parents[1].rglob("*.py")
        self._common = _digest(shared, *(path.read_bytes() for path in sorted(runtime)))

    def of(self, method: Method) -> str:
        """Return the fingerprint of a method."""
        reached: dict[Ref, str] = {}
        pending = [ref for item in method.arguments for ref in (item.record, item.enum) if ref]
        if method.response.record is not None:
            pending.append(method.response.record)
        while pending:
            ref = pending.pop()
            if ref not in reached:
                reached[ref], further = self._of(ref)
                pending.extend(further)
        return _digest(self._common, _bare(method), sorted(reached.values()))

    def _of(self, ref: Ref) -> tuple[str, tuple[Ref, ...]]:
        if ref not in self._known:
            record = self._api.records.get(ref)
            found = record or self._api.enums[ref]
            fields = record.fields if record is not None else ()
            further = tuple(other for item in fields for other in (item.record, item.enum) if other)
            self._known[ref] = _digest(_bare(found)), further
        return self._known[ref]


def _bare(value: Any) -> Any:
    """Return a value as JSON, without the parts that calls don't depend on."""
    if isinstance(value, (str, int, type(None))):
        return value
    if isinstance(value, (tuple, list)):
        return [_bare(item) for item in value]
    if isinstance(value, Mapping):
        return [[name, _bare(item)] for name, item in value.items()]
    kind: Any = type(value)
    return [_bare(item) for item in _attributes(kind)(value)]


@cache
def _attributes(kind: Any) -> Callable[[Any], tuple[Any, ...]]:
    names = [item.name for item in dataclasses.fields(kind) if item.name not in _IGNORED]
    return attrgetter(*names, names[0])  # of one name alone it would give no tuple


def _digest(*parts: Any) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(part if isinstance(part, bytes) else json.dumps(part).encode())
        total.update(b"\0")
    return total.hexdigest()


def _results(api: Api, settings: Settings, jobs: list[_Job]) -> list[dict[str, Any]]:
    with _client(api, settings) as client:
        common = {
            "path": [str(client)],
            "environment": api.names.environment,
            "options": dict(_options(api)),
            "url_path": "/" + api.url.split("/", 3)[3] if api.url.count("/") > 2 else "/",
        }
        processes = max(1, min(os.cpu_count() or 1, _PROCESSES, len(jobs) // _WORTH_A_PROCESS))
        shares = [jobs[number::processes] for number in range(processes)]
        with ThreadPoolExecutor(processes) as pool:
            outcomes = pool.map(
                lambda share: _in_a_process(
                    {**common, "samples": [item.as_json() for item in share]}
                ),
                shares,
            )
            results = list(outcomes)
        return [results[number % processes][number // processes] for number in range(len(jobs))]


def _options(api: Api) -> Iterator[tuple[str, str]]:
    """Yield the environment variables of the client's options."""
    for kind, options in (("", api.variables), ("-", api.credentials)):
        for option in options:
            if not option.default:
                text = f"sample-{option.name}" if kind else "sample"
                yield f"{api.names.environment}_{option.name.upper()}", text


def _in_a_process(job: Mapping[str, Any]) -> list[dict[str, Any]]:
    kept = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "LANG", "VIRTUAL_ENV", "PYTHONPYCACHEPREFIX")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    with tempfile.TemporaryDirectory(prefix="xmlwright-") as home:
        environment |= {"HOME": home, "NO_PROXY": "*", "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run(
            [sys.executable, "-m", f"{__package__}.sample_runner"],
            input=json.dumps(job),
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
    if done.returncode:
        raise SampleRunnerError(done.stderr.strip() or f"exit code {done.returncode}")
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


class SampleRunnerError(Exception):
    """The subprocess that runs samples failed."""


def _runnable(rendered: str) -> str:
    """Return rendered Python without the trailing comma of imports, which only the formatter accepts."""
    return re.sub(r"^((?:    )?from \S+ import .*?), *$", r"\1", rendered, flags=re.MULTILINE)


@contextmanager
def _client(api: Api, settings: Settings) -> Iterator[Path]:
    """Provide a folder with the generated client: the output if it is up to date, otherwise a temporary one."""
    if pipeline.up_to_date(settings) is not None:
        yield settings.output
        return
    with tempfile.TemporaryDirectory(prefix="xmlwright-") as folder:
        package = render.package_path(api)
        for item in render.render(api, settings.templates, settings.overlay):
            if item.path.startswith(f"{package}/"):
                path = Path(folder, item.path)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(_runnable(item.text), encoding="utf-8")
        yield Path(folder)
