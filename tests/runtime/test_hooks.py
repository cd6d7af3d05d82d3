"""Seeing what happens: log lines, hooks, recordings that read back as fixtures, and what a call would do without doing it."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clean_environment import quiet_environment
from http_servers import OK, TASK, Got, Say, Server, serving

from freshbooks_classic import (
    NEVER,
    ApiError,
    ArgumentError,
    AsyncFreshBooks,
    AsyncReplayTransport,
    Backoff,
    ConnectionFailedError,
    Error,
    FreshBooks,
    NotFoundError,
    NotRecordedError,
    OutcomeUnknownError,
    Recorder,
    ReplayTransport,
    client,
    invoice,
    read_recording,
    receipt,
    task,
    wire,
)
from freshbooks_classic.runtime.hooks import CallInfo
from freshbooks_classic.runtime.recorder import RecordedCall

__all__ = ["quiet_environment"]

TOKEN = "5ae1b3c0d9f8472e96c3b7a4f0d21e88"
LOGGER = "freshbooks_classic"
PASSWORD = "correct-horse-battery"
GONE = b'<response status="fail"><error>Task not found.</error><code>50010</code></response>'
CREATED = b'<response status="ok"><task_id>211</task_id></response>'
pytestmark = pytest.mark.usefixtures("quiet_environment")


def response(got: Got) -> Say | bytes:
    """The service of these tests: task 404 does not exist, whatever is made gets the number 211."""
    method, arguments = wire.parse_request(got.document)
    if method == "task.get":
        return GONE if arguments["task_id"] == 404 else TASK
    if method == "client.create":
        return b'<response status="ok"><client_id>13</client_id></response>'
    if method == "task.list":
        page = arguments.get("page", 1)
        return (
            f'<response status="ok"><tasks page="{page}" per_page="1" pages="2" total="2"><task><task_id>{page}</task_id>'
            f"<name>Task {page}</name></task></tasks></response>"
        ).encode()
    if method == "invoice.getPDF":
        return Say(b"%PDF-1.4 stand-in", headers={"Content-Type": "application/pdf"})
    return CREATED if method == "task.create" else OK


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(response) as running:
        yield running


@pytest.fixture
def fb(server: Server) -> Iterator[FreshBooks]:
    with FreshBooks("sample", token=TOKEN, url=server.url) as made:
        yield made


def lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == LOGGER and record.levelno == level
    ]


LINE = re.compile(
    r"(?P<method>\S+) (?P<outcome>\S+) http=(?P<status>\S+) seconds=(?P<seconds>\d+\.\d{3}) attempts=(?P<attempts>\d+)"
)


def parsed(line: str) -> tuple[str, str, str, int]:
    found = LINE.fullmatch(line)
    assert found is not None, line
    assert float(found["seconds"]) < 60
    return found["method"], found["outcome"], found["status"], int(found["attempts"])


# Logging


def test_a_call_is_one_line_at_info_whatever_it_ends_in(
    fb: FreshBooks, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    fb.task.get(211)
    with pytest.raises(NotFoundError):
        fb.task.get(404)
    list(fb.task.list(per_page=1))
    with FreshBooks("sample", token=TOKEN, url="http://127.0.0.1:1", retry=NEVER) as lost:
        with pytest.raises(ConnectionFailedError):
            lost.task.create(name="Yard work")
    with pytest.raises(ArgumentError):
        fb.task.list(per_page=500)
    assert [parsed(line) for line in lines(caplog, logging.INFO)] == [
        ("task.get", "ok", "200", 1),
        ("task.get", "NotFoundError", "200", 1),
        ("task.list", "ok", "200", 1),
        ("task.list", "ok", "200", 1),
        ("task.create", "ConnectionFailedError", "-", 1),
    ]
    assert lines(caplog, logging.DEBUG) == []
    assert len(server.got) == 4


def test_repetitions_are_counted_in_the_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    answers = [Say(b"", 503), Say(b"", 503), Say(TASK)]
    with serving(lambda got: answers.pop(0)) as server:
        quick = Backoff(attempts=3, base=0.01)
        with FreshBooks("sample", token=TOKEN, url=server.url, retry=quick) as fb:
            fb.task.get(211)
    assert [parsed(line) for line in lines(caplog, logging.INFO)] == [("task.get", "ok", "200", 3)]


def test_bodies_are_shown_at_debug_only_and_redacted(
    fb: FreshBooks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, LOGGER)
    fb.client.create(email="ada@example.com", password=PASSWORD)
    request, response = lines(caplog, logging.DEBUG)
    assert request.startswith("client.create request <request")
    assert "ada@example.com" in request
    assert "<password>[redacted]</password>" in request
    assert response.startswith("client.create response <response")
    assert "<client_id>13</client_id>" in response
    assert PASSWORD not in caplog.text
    assert TOKEN not in caplog.text


def test_nothing_is_formatted_when_nobody_listens(
    fb: FreshBooks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, LOGGER)
    fb.task.get(211)
    assert caplog.records == []


def test_an_abandoned_call_is_not_told_as_a_success(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    go_on = threading.Event()

    def slow(got: Got) -> bytes:
        go_on.wait(60)
        return TASK

    async def abandon(server: Server) -> None:
        async with AsyncFreshBooks("sample", token=TOKEN, url=server.url) as afb:
            call = asyncio.ensure_future(afb.task.get(211))
            while not server.got:
                await asyncio.sleep(0.005)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            go_on.set()

    with serving(slow) as server:
        asyncio.run(abandon(server))
    [line] = lines(caplog, logging.INFO)
    method, outcome, status, attempts = parsed(line)
    assert (method, status, attempts) == ("task.get", "-", 1)
    assert outcome in ("abandoned", "CancelledError")


# Hooks


class Looking:
    """A hook that notes what it sees, and raises where it is told to."""

    def __init__(
        self,
        name: str,
        seen: list[str],
        *,
        before: Exception | None = None,
        after: Exception | None = None,
    ) -> None:
        self.name = name
        self.seen = seen
        self._raises = before, after
        self.calls: list[CallInfo] = []

    def before(self, call: CallInfo) -> None:
        if self._raises[0] is not None:
            raise self._raises[0]
        assert (call.attempts, call.status, call.error, call.response) == (0, None, None, None)
        self.seen.append(f"{self.name} before {call.method}")

    def after(self, call: CallInfo) -> None:
        self.calls.append(call)
        self.seen.append(f"{self.name} after {call.method} {call.outcome}")
        if self._raises[1] is not None:
            raise self._raises[1]


def test_hooks_see_a_call_before_and_after_in_their_order(fb: FreshBooks) -> None:
    seen: list[str] = []
    one, two = Looking("one", seen), Looking("two", seen)
    watched = fb.with_options(hooks=[one, two])
    watched.client.create(email="ada@example.com", password=PASSWORD)
    with pytest.raises(NotFoundError):
        watched.task.get(404)
    fb.task.get(211)  # the original has no hooks
    assert seen == [
        "one before client.create", "two before client.create", "one after client.create ok", "two after client.create ok",
        "one before task.get", "two before task.get", "one after task.get NotFoundError", "two after task.get NotFoundError",
    ]  # fmt: skip
    made, gone = one.calls
    assert (made.method, made.retry, made.status, made.attempts, made.error) == (
        "client.create", "ambiguous", 200, 1, None,
    )  # fmt: skip
    assert made.seconds > 0
    assert "<email>ada@example.com</email>" in made.request
    assert PASSWORD not in made.request
    assert made.response is not None
    assert "<client_id>13</client_id>" in made.response
    assert isinstance(gone.error, NotFoundError)
    assert gone.response is not None
    assert "50010" in gone.response


class ForbiddenError(Exception):
    """What a hook of the test raises."""


@pytest.mark.parametrize("error", [ForbiddenError("not on Sundays"), ApiError("not on Sundays")])
def test_a_hook_that_raises_before_forbids_the_call_and_the_others_hear_of_its_end(
    error: Exception, fb: FreshBooks, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    seen: list[str] = []
    first, last = Looking("first", seen), Looking("last", seen)
    watched = fb.with_options(hooks=[first, Looking("guard", seen, before=error), last])
    with pytest.raises(type(error), match="not on Sundays") as caught:
        watched.task.create(name="Yard work")
    assert caught.value is error
    assert server.got == []
    assert seen == ["first before task.create", f"first after task.create {type(error).__name__}"]
    assert [parsed(line) for line in lines(caplog, logging.INFO)] == [
        ("task.create", type(error).__name__, "-", 0)
    ]


def test_a_hook_that_raises_afterwards_changes_nothing_and_is_logged(
    fb: FreshBooks, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []
    broken, sound = Looking("broken", seen, after=ForbiddenError("disk full")), Looking(
        "sound", seen
    )
    watched = fb.with_options(hooks=[broken, sound])
    assert watched.task.get(211).task_id == 211
    with pytest.raises(NotFoundError):
        watched.task.get(404)
    assert [line for line in seen if line.startswith("sound after")] == [
        "sound after task.get ok",
        "sound after task.get NotFoundError",
    ]
    assert lines(caplog, logging.ERROR) == ["a hook failed after task.get"] * 2
    assert "disk full" in caplog.text


def test_the_asynchronous_client_has_the_same_hooks(server: Server) -> None:
    seen: list[str] = []

    async def talk() -> None:
        hooks = [Looking("one", seen), Looking("guard", seen)]
        async with AsyncFreshBooks("sample", token=TOKEN, url=server.url, hooks=hooks) as afb:
            await afb.task.get(211)

    asyncio.run(talk())
    assert seen == [
        "one before task.get", "guard before task.get", "one after task.get ok", "guard after task.get ok",
    ]  # fmt: skip


# Recordings


def record(path: Path, server: Server) -> None:
    """The traffic of a little program."""
    with (
        Recorder(path) as recorder,
        FreshBooks("sample", token=TOKEN, url=server.url, hooks=[recorder], retry=NEVER) as fb,
    ):
        program(fb)


def program(fb: FreshBooks) -> list[Any]:
    """Calls of every kind; answers what came of them."""
    results: list[Any] = [
        fb.client.create(email="ada@example.com", password=PASSWORD),
        fb.task.get(211),
        [task.name for task in fb.task.list(per_page=1)],
        fb.receipt.create(905, image=b"%PDF-1.4 receipt"),
        fb.task.create(name="Größe < 5 & > 3\u2028\n"),
    ]
    try:
        fb.task.get(404)
    except NotFoundError as error:
        results.append((error.code, error.message, error.status))
    return results


def test_a_recording_reads_back_as_fixtures(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "traffic.jsonl"
    record(path, server)
    calls = list(read_recording(path))
    assert [(call.method, call.status, call.error) for call in calls] == [
        ("client.create", 200, None),
        ("task.get", 200, None),
        ("task.list", 200, None),
        ("task.list", 200, None),
        ("receipt.create", 200, None),
        ("task.create", 200, None),
        ("task.get", 200, "NotFoundError"),
    ]
    assert [wire.parse_request(call.request)[0] for call in calls] == [
        call.method for call in calls
    ]
    assert wire.parse_request(calls[5].request)[1]["name"] == "Größe < 5 & > 3\u2028\n"
    answered = calls[1].response
    assert answered is not None
    assert wire.parse_response("task.get", answered).name == "Yard work"
    text = path.read_text(encoding="utf-8")
    assert PASSWORD not in text
    assert TOKEN not in text
    assert len(text.splitlines()) >= len(calls)


def test_recordings_are_added_to_and_threads_do_not_mix_lines(
    server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "traffic.jsonl"
    record(path, server)
    with (
        Recorder(path) as recorder,
        FreshBooks("sample", token=TOKEN, url=server.url, hooks=[recorder]) as fb,
    ):
        threads = [
            threading.Thread(target=lambda: [fb.task.get(number) for number in range(1, 11)])
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert len(list(read_recording(path))) == 7 + 80


def test_what_is_no_recording_is_told_with_its_line(tmp_path: Path) -> None:
    good = json.dumps(
        {
            "method": "task.get",
            "request": "<request/>",
            "response": None,
            "status": None,
            "error": None,
        }
    )
    path = tmp_path / "traffic.jsonl"
    for bad in (
        "{",
        "[]",
        "5",
        "{}",
        good.replace('"task.get"', "5"),
        good.replace('"status": null', '"status": "ok"'),
        good[:30],
    ):
        path.write_text(f"{good}\n\n{bad}\n")
        found = read_recording(path)
        assert next(found).method == "task.get"
        with pytest.raises(ValueError, match=r"traffic\.jsonl:3: not a line of a recording"):
            next(found)


def test_a_replay_answers_the_program_as_the_server_did(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "traffic.jsonl"
    record(path, server)
    with FreshBooks("sample", token=TOKEN, url=server.url) as fb:
        expected = program(fb)
    before = len(server.got)
    with FreshBooks("sample", token="another-token", transport=ReplayTransport(path)) as replayed:
        assert program(replayed) == expected
        assert program(replayed) == expected, "answers run out"
    assert len(server.got) == before


def test_a_replay_does_not_care_for_order_and_for_what_is_redacted(
    server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "traffic.jsonl"
    record(path, server)
    with FreshBooks("sample", token="another-token", transport=ReplayTransport(path)) as fb:
        with pytest.raises(NotFoundError):
            fb.task.get(404)
        assert fb.client.create(email="ada@example.com", password="another-password") == 13
        assert fb.task.get(211).name == "Yard work"
        assert [found.name for found in fb.task.list(per_page=1)] == ["Task 1", "Task 2"]


def test_a_call_that_was_not_recorded_says_so(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "traffic.jsonl"
    record(path, server)
    with FreshBooks("sample", token=TOKEN, transport=ReplayTransport(path)) as fb:
        with pytest.raises(NotRecordedError) as other:
            fb.task.get(5)
        with pytest.raises(NotRecordedError) as never:
            fb.item.create(name="Mulch")
        with pytest.raises(NotRecordedError) as secret:
            fb.client.create(email="bob@example.com", password=PASSWORD)
    assert "2 calls of task.get" in str(other.value)
    assert "<task_id>5</task_id>" in str(other.value)
    assert "no calls of item.create" in str(never.value)
    assert never.value.attempts == 1
    assert PASSWORD not in str(secret.value)


def test_the_same_call_gets_its_answers_in_their_order() -> None:
    tasks = [TASK.decode().replace("Yard work", name) for name in ("first", "second")]
    with FreshBooks("sample", token=TOKEN) as fb:
        shown = fb.explain(task.get(211)).rpartition("\n")[2]
    calls = [RecordedCall("task.get", shown, text, 200, None) for text in tasks]
    with FreshBooks("sample", token=TOKEN, transport=ReplayTransport(calls)) as fb:
        assert [fb.task.get(211).name for _ in range(4)] == ["first", "second", "second", "second"]


def test_failures_of_the_connection_are_replayed_as_what_they_were(tmp_path: Path) -> None:
    path = tmp_path / "traffic.jsonl"
    with serving(Say(OK, cut=5)) as server, Recorder(path) as recorder:
        with FreshBooks("sample", token=TOKEN, url=server.url, hooks=[recorder], retry=NEVER) as fb:
            with pytest.raises(Error) as lost:
                fb.task.get(211)
            with pytest.raises(OutcomeUnknownError):
                fb.task.create(name="Yard work")
        url = server.url
    with Recorder(path) as recorder:
        with FreshBooks("sample", token=TOKEN, url=url, hooks=[recorder], retry=NEVER) as fb:
            with pytest.raises(ConnectionFailedError):
                fb.task.update(5, name="Yard work")
    with FreshBooks("sample", token=TOKEN, transport=ReplayTransport(path), retry=NEVER) as fb:
        with pytest.raises(type(lost.value)):
            fb.task.get(211)
        with pytest.raises(OutcomeUnknownError) as unknown:
            fb.task.create(name="Yard work")
        with pytest.raises(ConnectionFailedError):
            fb.task.update(5, name="Yard work")
    assert "Yard work" in unknown.value.look_up


def test_files_are_not_recorded_and_a_replay_says_so(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "traffic.jsonl"
    with Recorder(path) as recorder:
        with FreshBooks("sample", token=TOKEN, url=server.url, hooks=[recorder]) as fb:
            assert fb.invoice.get_pdf(344).content == b"%PDF-1.4 stand-in"
    assert "stand-in" not in path.read_text()
    with FreshBooks("sample", token=TOKEN, transport=ReplayTransport(path)) as fb:
        with pytest.raises(NotRecordedError, match=r"file|response"):
            fb.invoice.get_pdf(344)


def test_the_asynchronous_client_replays_too(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "traffic.jsonl"
    record(path, server)

    async def talk() -> str | None:
        transport = AsyncReplayTransport(path)
        async with AsyncFreshBooks("sample", token=TOKEN, transport=transport) as afb:
            return (await afb.task.get(211)).name

    assert asyncio.run(talk()) == "Yard work"


# Without sending


def test_explain_says_what_a_call_would_do_and_does_not_do_it(
    fb: FreshBooks, server: Server
) -> None:
    told = fb.explain(client.create(email="ada@example.com", password=PASSWORD))
    assert f"POST {server.url}" in told
    assert "client.create: is repeated only where it certainly was not done" in told
    assert "for admin" in told
    assert "https://" in told
    assert "<email>ada@example.com</email>" in told
    assert PASSWORD not in told
    assert TOKEN not in told
    assert "changes nothing" in fb.explain(task.get(211))
    assert "doing it twice changes nothing more" in fb.explain(task.update(211, name="x"))
    assert "image.pdf" in fb.explain(receipt.create(905, image=b"%PDF-1.4"))
    wrong = fb.explain(invoice.list_(per_page=500))
    assert "problem: per_page: should be from 1 to 100, not 500" in wrong
    assert server.got == []


def test_every_method_can_be_explained(fb: FreshBooks, server: Server) -> None:
    """With its method, its class and its document; nothing is sent for it."""
    classes = {"safe": 0, "idempotent": 0, "ambiguous": 0}
    for name, method in wire.METHODS.items():
        request = method.request({})
        told = fb.explain(request)
        assert f"\n{name}: " in told
        assert name in told.rpartition("\n")[2]
        assert [line for line in told.splitlines() if line.startswith("problem: ")] == [
            f"problem: {problem}" for problem in method.problems({})
        ]
        classes[method.retry] += 1
    assert all(classes.values())
    assert server.got == []
    print(f"{sum(classes.values())} methods explained: {classes}")
