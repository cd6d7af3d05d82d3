"""Records and pages as values: copied, replaced, pickled, and used as sequences; bound methods as help shows them."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import pydoc
from collections.abc import Sequence

import pytest

from freshbooks_classic import AsyncFreshBooks, FreshBooks, Page, task
from freshbooks_classic.runtime.record import Unknown
from freshbooks_classic.task import Task

UNKNOWN = (Unknown("color", "<color>red</color>", "red"),)


def record() -> Task:
    return Task(task_id=211, name="Research", unknown=UNKNOWN)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_pickle_protocol_keeps_all_of_a_record(protocol: int) -> None:
    restored = pickle.loads(pickle.dumps(record(), protocol))
    assert restored == record()
    assert restored.unknown == UNKNOWN


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_pickle_protocol_keeps_all_of_a_page(protocol: int) -> None:
    page = Page((record(),), position=1, total=1)
    restored = pickle.loads(pickle.dumps(page, protocol))
    assert restored == page
    assert restored[0].unknown == UNKNOWN


def test_copies_keep_unknown_elements() -> None:
    assert dataclasses.replace(record(), name="Other").unknown == UNKNOWN
    assert copy.copy(record()).unknown == UNKNOWN
    assert copy.deepcopy(record()).unknown == UNKNOWN


def test_unknown_elements_take_no_part_in_equality_and_repr() -> None:
    assert record() == dataclasses.replace(record(), unknown=())
    assert "unknown" not in repr(record())


def test_a_page_is_a_sequence() -> None:
    page = Page((1, 2, 2))
    assert isinstance(page, Sequence)
    assert page.count(2) == 2
    assert page.index(2) == 1
    assert list(reversed(page)) == [2, 2, 1]


def test_help_shows_what_a_bound_method_returns() -> None:
    with FreshBooks("sample", token="x") as fb:
        assert str(inspect.signature(fb.task.create)).endswith("-> 'int'")
        assert str(inspect.signature(fb.task.list)).endswith("-> 'Pager[Task]'")
        shown = pydoc.plain(pydoc.render_doc(fb.task.list))
        assert "list(" in shown
        assert "Request[" not in shown
        assert fb.task.list.__qualname__ == "Tasks.list"
    assert str(inspect.signature(task.Tasks.create)).endswith("-> 'Request[int]'")
    client = AsyncFreshBooks("sample", token="x")
    assert "Coroutine[Any, Any, int]" in str(inspect.signature(client.task.create))
    assert "AsyncPager[Task]" in str(inspect.signature(client.task.list))
