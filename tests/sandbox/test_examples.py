"""The sandboxes of the described APIs: what they return is what their own clients read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from xmlwright.cases.values import as_arguments
from xmlwright.runtime import errors
from xmlwright.runtime.retry import Backoff
from xmlwright.sandbox.server_thread import Sandbox

from .case_setup import ROOT
from .described import Caller

EXAMPLES = sorted(path.parent.parent for path in (ROOT / "examples").glob("*/schema/api.yaml"))
REFUSED = (
    errors.ValidationError,
    errors.NotFoundError,
    errors.ConflictError,
    errors.ConfigurationError,  # a case of a response alone, without the arguments of the path
)


def calls(box: Sandbox) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the calls of all cases that succeed; not that of the session, which has credentials of its own."""
    session = box.api.session.call if box.api.session is not None else ""
    for module in box.api.modules:
        for case in module.cases:
            if case.fails is None and f"{module.name}.{case.call}" != session:
                values = {} if case.arguments is None else as_arguments(case.arguments)
                yield f"{module.name}.{case.call}", values


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_every_call_of_the_cases_gets_a_response_that_its_client_reads(example: Any) -> None:
    wrong: list[str] = []
    succeeded = total = 0
    with Sandbox(example / "schema", load="cases", http=True) as box:
        signs: Any = {"auth": lambda request: {"Authorization": "any"}} if box.api.signer else {}
        with Caller(box, validate=False, retry=Backoff(attempts=1), **signs) as call:
            for name, values in calls(box):
                total += 1
                try:
                    call(name, **values)
                    succeeded += 1
                except REFUSED:
                    continue
                except errors.Error as error:
                    wrong.append(f"{name}({values}): {type(error).__name__}: {error}")
    assert wrong == []
    print(f"{example.name}: {succeeded} of {total} calls succeeded")
    assert succeeded > total / 2
