"""One client for many threads or tasks, and lists walked to their end."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import subprocess
import sys
import threading
import warnings
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any

import hypothesis
import pytest
from faulty_server import Faulty, answer_of
from hypothesis import given
from hypothesis import strategies as st
from list_server import Listing

from freshbooks_classic import NEVER, AsyncFreshBooks, FreshBooks
from freshbooks_classic.runtime import errors
from freshbooks_classic.runtime.paging import RowsMissingWarning, RowsShiftedWarning

TOKEN = "tokentokentokentoken0123456789ab"
OK = '<response xmlns="http://www.freshbooks.com/api/" status="ok">%s</response>'
MISSING = b'<response status="fail"><error>no task %d</error><code>50010</code></response>'
ways = pytest.mark.parametrize("way", ["sync", "async"])


def answer_or_not(document: bytes) -> bytes:
    """As a good server; every seventh task is missing."""
    number = re.search(rb"<task_id>(\d+)</task_id>", document)
    if number is not None and int(number.group(1)) % 7 == 0:
        return MISSING % int(number.group(1))
    return answer_of(document)


def wrong(number: int, outcome: Any) -> str | None:
    """What is wrong with the outcome of the call with this number."""
    if number % 3 == 0 and number % 7 != 0:
        right = outcome == number  # create
    elif number % 7 == 0:
        right = isinstance(outcome, errors.NotFoundError) and outcome.message == f"no task {number}"
        right = right and f"<task_id>{number}</task_id>" in (outcome.request or "")
    elif number % 3 == 1:
        right = outcome is None  # update
    else:
        right = getattr(outcome, "task_id", None) == number
    return None if right else f"call {number}: {outcome!r}"


def start(fb: Any, number: int) -> Any:
    """The call with this number: gets, updates and creates, and some that fail."""
    if number % 7 == 0:
        return fb.task.get(number)
    if number % 3 == 0:
        return fb.task.create(name=f"task {number}")
    if number % 3 == 1:
        return fb.task.update(number, name=f"task {number}")
    return fb.task.get(number)


def check_all(server: Faulty, outcomes: dict[int, Any]) -> None:
    found = [fault for number, outcome in outcomes.items() if (fault := wrong(number, outcome))]
    assert found == []
    met = Counter(seen.talk.body for seen in server.seen)
    assert len(server.seen) == len(outcomes), "each call was sent once"
    assert set(met.values()) == {1}


def test_one_client_serves_32_threads() -> None:
    threads, each = 32, 40
    with (
        Faulty(answer_or_not) as server,
        FreshBooks("sample", token=TOKEN, url=server.url, retry=NEVER, timeout=120) as fb,
        ThreadPoolExecutor(threads) as pool,
    ):
        together = threading.Barrier(threads)

        def work(thread: int) -> dict[int, Any]:
            outcomes: dict[int, Any] = {}
            mine = fb.with_options(timeout=120, deadline=240) if thread % 4 == 0 else fb
            # The first calls make the session and import the modules, all at once.
            together.wait(120)
            for index in range(each):
                number = thread * each + index + 1
                try:
                    outcomes[number] = start(mine, number)
                except errors.Error as error:
                    outcomes[number] = error
            return outcomes

        outcomes: dict[int, Any] = {}
        for some in pool.map(work, range(threads)):
            outcomes.update(some)
        check_all(server, outcomes)
        assert len(outcomes) == threads * each
        assert server.connections <= 2 * threads, "connections are used again"
        print(f"{len(outcomes)} calls of {threads} threads over {server.connections} connections")


_FORK = """
import os, sys
from freshbooks_classic import FreshBooks

fb = FreshBooks("sample", token="t" * 32, url=sys.argv[1], deadline=60)
found = [fb.task.get(2).task_id]
child = os.fork()
found += [fb.task.get(number).task_id for number in (3, 4)]
print(*found, flush=True)
if child == 0:
    os._exit(0)
sys.exit(os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_calls_over_connections_and_threads_of_its_own() -> None:
    with Faulty(answer_of) as server:
        done = subprocess.run(
            [sys.executable, "-c", _FORK, server.url],
            stdout=subprocess.PIPE,
            text=True,
            timeout=120,
            check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert server.connections == 2
    assert done.stdout.splitlines() == ["2 3 4"] * 2


def test_calls_with_a_deadline_take_turns_in_few_threads() -> None:
    """As many as there are calls at once; nobody starts one for each call."""
    threads, each = 4, 25
    with (
        Faulty(answer_of) as server,
        FreshBooks("sample", token=TOKEN, url=server.url, deadline=120) as fb,
        ThreadPoolExecutor(threads) as pool,
    ):
        before = {*threading.enumerate()}
        used: set[threading.Thread] = set()

        def work(number: int) -> int:
            found = fb.task.get(number).task_id
            used.update(thread for thread in threading.enumerate() if thread.name == "exchange")
            return found

        numbers = range(1, threads * each + 1)
        assert list(pool.map(work, numbers)) == [*numbers]
    assert used
    assert len(used - before) <= threads


def test_one_asynchronous_client_serves_1000_calls_at_once() -> None:
    async def main(server: Faulty) -> None:
        async with AsyncFreshBooks(
            "sample", token=TOKEN, url=server.url, retry=NEVER, timeout=120
        ) as fb:
            numbers = range(1, 1001)
            limited = fb.with_options(deadline=240)
            calls = [start(limited if number % 10 == 0 else fb, number) for number in numbers]
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            check_all(server, dict(zip(numbers, outcomes, strict=True)))
            print(f"{len(outcomes)} calls at once over {server.connections} connections")
            assert server.connections <= 100

    with Faulty(answer_or_not) as server:
        asyncio.run(main(server))


def test_calls_that_are_cancelled_leave_the_others_whole() -> None:
    async def main(server: Faulty) -> tuple[int, int]:
        async with AsyncFreshBooks("sample", token=TOKEN, url=server.url, retry=NEVER) as fb:
            cancelled = kept = 0
            for turn in range(4):
                tasks = {
                    number: asyncio.ensure_future(start(fb, number))
                    for number in range(1000 * turn + 1, 1000 * turn + 121)
                }
                await asyncio.sleep(0.02 * turn)
                for number, task in tasks.items():
                    if number % 2:
                        task.cancel()
                outcomes = await asyncio.gather(*tasks.values(), return_exceptions=True)
                for number, outcome in zip(tasks, outcomes, strict=True):
                    if isinstance(outcome, asyncio.CancelledError):
                        assert number % 2
                        cancelled += 1
                    else:
                        assert wrong(number, outcome) is None
                        kept += 1
            return cancelled, kept

    with Faulty(answer_or_not) as server:
        cancelled, kept = asyncio.run(main(server))
    print(f"{cancelled} calls cancelled, {kept} others right")
    assert cancelled > 0
    assert kept >= 240


_WALK = '''
import json, resource, sys, tracemalloc
from freshbooks_classic import FreshBooks

url, rows = sys.argv[1], int(sys.argv[2])
marks = {}

def peak():
    """kB. What getrusage says begins, on Linux, with the peak of the process that started this one."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

tracemalloc.start()
with FreshBooks("sample", token="x" * 32, url=url) as fb:
    count = total = 0
    for row in fb.task.list(per_page=100):
        count += 1
        total += row.task_id
        if count == rows // 10 or count == rows // 5 or count == rows:
            marks[count] = tracemalloc.get_traced_memory()[1]
            marks[f"rss {count}"] = peak()
        if count == rows // 10 or count == rows - rows // 10:
            tracemalloc.reset_peak()
json.dump({"count": count, "total": total, "marks": marks}, sys.stdout)
'''


def test_the_memory_of_a_walk_over_100000_rows_stays_flat() -> None:
    rows = 100_000
    with Faulty(Listing(list(range(1, rows + 1)))) as server:
        done = subprocess.run(
            [sys.executable, "-c", _WALK, server.url, str(rows)],
            stdout=subprocess.PIPE,
            text=True,
            timeout=900,
            check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    found = json.loads(done.stdout)
    assert (found["count"], found["total"]) == (rows, rows * (rows + 1) // 2)
    marks = found["marks"]
    early, late = marks[str(rows // 5)], marks[str(rows)]
    resident = marks[f"rss {rows}"] - marks[f"rss {rows // 10}"]
    print(f"peak within rows {rows // 10:,} to {rows // 5:,}: {early / 1e6:.2f} MB,", end=" ")
    print(f"within the last {rows // 10:,}: {late / 1e6:.2f} MB; resident: {resident:+,} kB")
    assert late < early * 1.05 + 50_000
    assert resident < 10_000


# Walks


def walk(way: str, url: str, act: Callable[[Any], Any], **options: Any) -> Any:
    """What ``act`` makes of a client; for the asynchronous one it is a coroutine function."""
    options.setdefault("retry", NEVER)
    if way == "sync":
        with FreshBooks("sample", token=TOKEN, url=url, **options) as fb:
            return act(fb)

    async def main() -> Any:
        async with AsyncFreshBooks("sample", token=TOKEN, url=url, **options) as fb:
            return await act(fb)

    return asyncio.run(main())


def all_ids(way: str, url: str, resume: int | None = None, **arguments: Any) -> list[int]:
    """The ids of a whole walk; no walk of these tests needs 200 pages."""

    def act(fb: FreshBooks) -> list[int]:
        pages = fb.task.list(**arguments).pages(resume)
        return [row.task_id for page, _ in zip(pages, range(200), strict=False) for row in page]

    async def act_async(fb: AsyncFreshBooks) -> list[int]:
        found = []
        pages: Any = fb.task.list(**arguments).pages(resume)
        async with aclosing(pages):
            async for page in pages:
                found += [row.task_id for row in page]
        return found

    found: list[int] = walk(way, url, act if way == "sync" else act_async)
    return found


def iterated(way: str, url: str, **arguments: Any) -> list[int]:
    """The ids as ``for`` and ``async for`` over the pager give them."""

    def act(fb: FreshBooks) -> list[int]:
        return [row.task_id for row in fb.task.list(**arguments)]

    async def act_async(fb: AsyncFreshBooks) -> list[int]:
        return [row.task_id async for row in fb.task.list(**arguments)]

    found: list[int] = walk(way, url, act if way == "sync" else act_async)
    return found


@ways
def test_a_walk_gives_every_row_once_whatever_the_sizes(way: str) -> None:
    listing = Listing([])
    with Faulty(listing) as server:

        @hypothesis.settings(max_examples=25, deadline=None, database=None)
        @given(
            st.integers(0, 120),
            st.none() | st.integers(1, 100),
            st.sampled_from(
                [
                    ("page", "per_page", "pages", "total"),
                    ("page", "per_page", "total"),
                    ("page", "pages"),
                    ("total",),
                    (),
                ]
            ),
            st.integers(1, 6),
        )
        def prove(rows: int, size: int | None, counters: tuple[str, ...], start: int) -> None:
            listing.rows, listing.counters = list(range(rows)), counters
            arguments = {} if size is None else {"per_page": size}
            listing.asked.clear()
            if not ({"per_page"} & set(counters)) and size is not None and "pages" not in counters:
                return  # nothing tells how long a full page is
            assert iterated(way, server.url, **arguments) == listing.rows
            assert len(listing.asked) <= rows // (size or 25) + 2
            # From a page in the middle, given as an argument or to resume with.
            rest = listing.rows[(start - 1) * (size or 25) :]
            assert all_ids(way, server.url, start, **arguments) == rest
            assert all_ids(way, server.url, **{**arguments, "page": start}) == rest

        prove()


@ways
def test_a_walk_goes_on_where_it_was_left(way: str) -> None:
    listing = Listing(list(range(60)))

    def act(fb: FreshBooks) -> list[Any]:
        return [(page.next, len(page)) for page in fb.task.list(per_page=20).pages()]

    async def act_async(fb: AsyncFreshBooks) -> list[Any]:
        return [(page.next, len(page)) async for page in fb.task.list(per_page=20).pages()]

    with Faulty(listing) as server:
        found = walk(way, server.url, act if way == "sync" else act_async)
        assert found == [(2, 20), (3, 20), (None, 20)]
        assert all_ids(way, server.url, 3, per_page=20) == list(range(40, 60))


@ways
def test_first_take_and_total_cost_no_more_than_they_must(way: str) -> None:
    listing = Listing(list(range(1, 61)))

    def act(fb: FreshBooks) -> Any:
        rows = fb.task.list()
        first = rows.first()
        return [
            first.task_id if first else None,
            len(listing.asked),
            [row.task_id for row in rows.take(30)],
            len(listing.asked),
            rows.take(0),
            [row.task_id for row in rows.take(25)],
            len(listing.asked),
            rows.total,
            len(listing.asked),
            len(rows.take(1000)),
            rows.page().total,
        ]

    async def act_async(fb: AsyncFreshBooks) -> Any:
        rows = fb.task.list()
        first = await rows.first()
        return [
            first.task_id if first else None,
            len(listing.asked),
            [row.task_id for row in await rows.take(30)],
            len(listing.asked),
            await rows.take(0),
            [row.task_id for row in await rows.take(25)],
            len(listing.asked),
            await rows.total(),
            len(listing.asked),
            len(await rows.take(1000)),
            (await rows.page()).total,
        ]

    with Faulty(listing) as server:
        found = walk(way, server.url, act if way == "sync" else act_async)
        assert found == [1, 1, list(range(1, 31)), 3, [], list(range(1, 26)), 4, 60, 5, 60, 60]
        listing.rows = []
        assert iterated(way, server.url) == []
        empty = act if way == "sync" else act_async
        listing.asked.clear()
        assert walk(way, server.url, empty)[0] is None


@ways
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows.insert(0, 999), "the total went from 60 to 61, task_id 20 came again"),
        (lambda rows: rows.pop(0), "the total went from 60 to 59"),
        (lambda rows: rows.append(999), "the total went from 60 to 61"),
        (lambda rows: (rows.insert(0, 999), rows.pop()), "task_id 20 came again"),
        (lambda rows: rows.clear(), "the total went from 60 to 0"),
    ],
    ids=["row before", "row gone before", "row at the end", "row before, last gone", "all gone"],
)
def test_rows_that_shift_between_two_pages_are_told_where_the_walk_is(
    way: str, change: Callable[[list[int]], object], said: str
) -> None:
    listing = Listing(list(range(1, 61)))
    listing.before = lambda number: change(listing.rows) if number == 2 else None
    with Faulty(listing) as server, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        iterated(way, server.url, per_page=20)
    kinds = [(one.category, one.filename) for one in told]
    assert kinds == [(RowsShiftedWarning, __file__)], "told once, where the caller walks"
    assert said in str(told[0].message)


@ways
def test_a_row_that_is_missed_or_met_twice_never_goes_unnoticed(way: str) -> None:
    """Where rows only come, or only go, while a list is walked."""
    listing = Listing([])
    noticed = 0
    with Faulty(listing) as server:

        @hypothesis.settings(max_examples=40, deadline=None, database=None)
        @given(st.integers(0, 80), st.integers(5, 30), st.booleans(), st.integers(0, 2**16))
        def prove(rows: int, size: int, come: bool, seed: int) -> None:
            nonlocal noticed
            chance = random.Random(seed)
            listing.rows = list(range(rows))
            always = set(listing.rows)

            def before(number: int) -> None:
                if number > 1 and chance.random() < 0.6 and len(listing.asked) < 20:
                    for _ in range(chance.randrange(1, 40)):
                        place = chance.randrange(len(listing.rows) + 1)
                        if come:
                            listing.rows.insert(place, 1000 + len(listing.rows))
                        elif place < len(listing.rows):
                            always.discard(listing.rows.pop(place))

            listing.before = before
            listing.asked.clear()
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                found = iterated(way, server.url, per_page=size)
            missed, twice = always - set(found), len(found) - len(set(found))
            if missed or twice:
                assert told, (missed, twice)
                assert {one.category for one in told} == {RowsShiftedWarning}
                noticed += 1

        prove()
    print(f"{noticed} walks that missed a row or met one twice, all noticed")
    assert noticed > 5


@ways
@pytest.mark.parametrize(
    "facts",
    [
        {"page_of": lambda page, pages: 1},
        {"page_of": lambda page, pages: 1, "says": lambda page: page},
        {"page_of": lambda page, pages: 1, "counters": ()},
        {"page_of": lambda page, pages: 1, "counters": ("pages", "total")},
        {"page_of": lambda page, pages: 1, "counters": ("per_page", "total")},
    ],
)
def test_a_server_that_gives_the_same_page_for_ever_ends_the_walk(way: str, facts: Any) -> None:
    listing = Listing(list(range(100)), **facts)
    with Faulty(listing) as server, pytest.warns(RowsShiftedWarning):
        assert iterated(way, server.url) == list(range(25)), "no row twice"
    assert len(listing.asked) == 2


@ways
def test_a_list_that_got_shorter_than_the_walk_has_come_ends_it(way: str) -> None:
    """The server gives its last page for one that is past the end."""
    listing = Listing(list(range(60)), page_of=lambda page, pages: min(page, pages))
    listing.before = lambda number: (
        listing.rows.__delitem__(slice(20, None)) if number == 2 else None
    )
    with Faulty(listing) as server, pytest.warns(RowsShiftedWarning, match="page 2 was asked for"):
        assert iterated(way, server.url, per_page=20) == list(range(20))


@ways
def test_the_list_that_ignores_the_page_ends_and_tells_what_it_keeps_back(way: str) -> None:
    calls = 0

    def response(document: bytes) -> bytes:
        nonlocal calls
        calls += 1
        rows = "".join(
            f"<category><category_id>{n}</category_id></category>" for n in range(1, 101)
        )
        return (
            OK
            % f'<categories page="1" per_page="100" pages="2" total="{total}">{rows}</categories>'
        ).encode()

    def act(fb: FreshBooks) -> int:
        assert fb.category.list().first() is not None
        assert fb.category.list().total == total
        return len(list(fb.category.list(per_page=100)))

    async def act_async(fb: AsyncFreshBooks) -> int:
        assert await fb.category.list().first() is not None
        assert await fb.category.list().total() == total
        return len([row async for row in fb.category.list(per_page=100)])

    told: list[warnings.WarningMessage] = []
    with Faulty(response) as server:
        for total in (100, 130):
            calls = 0
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                assert walk(way, server.url, act if way == "sync" else act_async) == 100
            assert calls == 3
            assert [one.category for one in told] == ([RowsMissingWarning] if total == 130 else [])
    assert "100 rows came of a list of 130" in str(told[0].message)
    assert told[0].filename == __file__


@ways
def test_lists_that_do_not_page_come_whole(way: str) -> None:
    terms = "".join(f"<terms><type>invoice</type><text>t{n}</text></terms>" for n in range(3))

    def response(document: bytes) -> bytes:
        assert b"page" not in document
        return (OK % f"<default_terms>{terms}</default_terms>").encode()

    with Faulty(response) as server:
        found = walk(way, server.url, lambda fb: fb.default_terms.list())
        assert [row.type for row in found] == ["invoice"] * 3
        assert len(server.seen) == 1


@ways
@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"per_page": 101}, "per_page"),
        ({"per_page": 0}, "per_page"),
        ({"per_page": -1}, "per_page"),
        ({"page": 0}, "page"),
        ({"page": "2"}, "page"),
    ],
)
def test_pages_that_cannot_be_are_refused_before_anything_is_sent(
    way: str, arguments: dict[str, Any], path: str
) -> None:
    with Faulty(answer_of) as server:
        with pytest.raises(errors.ArgumentError) as caught:
            iterated(way, server.url, **arguments)
        assert caught.value.path == path
        with pytest.raises(errors.ArgumentError):
            all_ids(way, server.url, 0)
        assert server.seen == []
