"""Export recorded documents: jobs read files and write parts, here, in other processes, or on a cluster."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from .documents import is_request, methods_of
from .errors import ApiError, ConfigurationError, Error
from .export_parts import PARTS
from .export_sources import Document, Piece, find_jobs, read_piece
from .export_tables import Rows, Tables
from .export_targets import PROBLEMS_KEPT, Target
from .reading import local_name, parse_xml
from .registry import MethodRegistry
from .request import Method

ROWS_OF_A_JOB: Final = 10**10
"""Numbers of rows that each job has for itself."""

Report = Callable[[str], None]
"""Shows how far an export is."""


@dataclass(frozen=True, slots=True)
class Job:
    """What one process reads and writes."""

    package: str
    form: str
    number: int
    pieces: tuple[Piece, ...]
    method: str | None
    folder: str
    """Where the files of the part go."""
    show_secrets: bool


@dataclass(slots=True)
class Result:
    """What came of a job."""

    counts: dict[str, int] = field(default_factory=dict)
    documents: int = 0
    failures: int = 0
    """Responses that say that a call failed, and calls without a response."""
    others: int = 0
    """Requests, files and responses without records."""
    problems: list[tuple[str, str]] = field(default_factory=list)


def export_files(
    target: Target,
    tables: Tables,
    sources: Sequence[str],
    *,
    method: str | None = None,
    latest: bool = False,
    processes: int = 1,
    scheduler: str | None = None,
    report: Report = lambda text: None,
) -> None:
    """Export the records of recorded documents.

    Args:
        target: where to.
        tables: the tables.
        sources: files, folders and archives; ``-`` is standard input.
        method: the method that all XML responses belong to; found by their content if None.
        latest: keep the last row of each record; for SQLite.
        processes: processes that read.
        scheduler: address of a Dask scheduler, in place of processes.
        report: shows how far it is.

    Raises:
        ConfigurationError: the files are not those that an interrupted run began with.
    """
    state = target.state
    for name in ("documents", "failures", "others", "jobs"):
        state.setdefault(name, 0)
    found = find_jobs(sources)
    if state.setdefault("files", found.digest) != found.digest:
        raise ConfigurationError(
            "the files have changed since the export began; pass --restart to begin anew"
        )
    if not target.resumed:
        for label, reason in found.problems:
            target.problem(label, reason)
        state["skipped"] = found.skipped[:PROBLEMS_KEPT]
    package = __name__.rpartition(".")[0].rpartition(".")[0]
    jobs = [
        Job(package, target.form, number, pieces, method, str(target.part_folder(f"{number:05}").absolute()), tables.show_secrets)
        for number, pieces in enumerate(found.jobs)
        if number >= state["jobs"]
    ]  # fmt: skip
    for number, result in enumerate(_results(jobs, processes, scheduler), state["jobs"]):
        state["documents"] += result.documents
        state["failures"] += result.failures
        state["others"] += result.others
        for label, reason in result.problems:
            target.problem(label, reason)
        state["jobs"] = number + 1
        target.commit(f"{number:05}", result.counts)
        rows = sum(state["tables"].values())
        report(f"{number + 1} of {len(found.jobs)} parts, {rows:,} rows")
    target.finish(tables, latest=latest)


def _results(jobs: Sequence[Job], processes: int, scheduler: str | None) -> Iterator[Result]:
    """Yield the results of jobs in their order."""
    if scheduler is not None:
        with importlib.import_module("distributed").Client(scheduler) as cluster:
            for future in [cluster.submit(run_job, job, pure=False) for job in jobs]:
                yield future.result()
        return
    if processes <= 1 or len(jobs) <= 1:
        yield from map(run_job, jobs)
        return
    with ProcessPoolExecutor(min(processes, len(jobs)), get_context("spawn")) as pool:
        try:
            yield from pool.map(run_job, jobs)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def run_job(job: Job) -> Result:
    """Read the documents of a job, and write the part of their records. Depends on nothing but the job and the files."""
    registry: MethodRegistry = importlib.import_module(f"{job.package}.wire").REGISTRY
    tables = Tables(registry, show_secrets=job.show_secrets)
    part = PARTS[job.form](Path(job.folder), tables.by_name)
    result = Result(part.counts)
    guesser = _Guesser(registry, job.method)
    row = job.number * ROWS_OF_A_JOB + 1
    for piece in job.pieces:
        for document in read_piece(piece):
            try:
                if document.problem:
                    raise ValueError(document.problem)
                found = _value(guesser, document)
                schema = None if found is None else found[0].response.record
                rows: list[Rows] = []
                if found is not None and schema is not None:
                    _, value = found
                    rows = [
                        tables.rows(record, schema, number, document.label)
                        for number, record in enumerate(
                            value if hasattr(value, "__iter__") else (value,), row
                        )
                    ]
            except (ApiError, _NoResponseError):
                result.failures += 1
            except (Error, ValueError, RecursionError) as error:
                result.problems.append((document.label, str(error) or type(error).__name__))
                continue
            else:
                result.others += schema is None
                row += len(rows)
                for record in rows:
                    part.write(record)
            result.documents += 1
    part.close()
    return result


class _NoResponseError(Exception):
    """A recorded call has no response."""


def _value(guesser: _Guesser, document: Document) -> tuple[Method[Any], Any] | None:
    """Return the method and the value of a document; None for a request, and for a file.

    Raises:
        ApiError: the response says that the call failed.
        _NoResponseError: the call was recorded without a response.
        Error: the document cannot be read.
        ValueError: it is not a line of a recording, or not of one method.
    """
    content: bytes | str = document.content
    method: Method[Any] | None
    if document.recorded:
        from .recorder import recorded_call

        call = recorded_call(document.content)
        method = guesser.registry.method(call.method)
        if call.response is None:
            raise _NoResponseError
        content = call.response
    else:
        method = guesser.method_of(document.content)
    if method is None or method.response.binary:
        return None
    return method, method.parse_response(content, strict=False)


class _Guesser:
    """Finds the methods of responses; documents with the same elements on top are of the same method."""

    def __init__(self, registry: MethodRegistry, method: str | None) -> None:
        self.registry = registry
        self._given = method
        self._known: dict[tuple[str, frozenset[str]], Method[Any]] = {}

    def method_of(self, content: bytes) -> Method[Any] | None:
        """Return the method of a response; None for a request.

        Raises:
            ApiError: the response says that a call failed.
            Error: the document cannot be read.
            ValueError: it may be of methods with different records.
        """
        if is_request(self.registry, content, self._given):
            return None
        root = parse_xml(content)
        tops = {local_name(one) for one in root}
        inner = {f"{local_name(one)}/{local_name(two)}" for one in root for two in one}
        key = local_name(root), frozenset((*tops, *inner))
        found = self._known.get(key)
        if found is None:
            names = methods_of(self.registry, content, self._given)
            methods = [self.registry.methods[name] for name in names]
            if len({id(one.response.record) for one in methods}) > 1:
                raise ValueError(
                    f"it may be of {' or '.join(names[:4])}; name the method with --method"
                )
            if len(self._known) >= 1_000:
                self._known.clear()
            found = self._known[key] = methods[0]
        return found
