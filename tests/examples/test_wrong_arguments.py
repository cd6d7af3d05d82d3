"""Whatever an argument is given, a call is built or the argument is refused by name: no other error reaches a caller."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from example_clients import EXAMPLES

from xmlwright.cases.tables import Tables
from xmlwright.pipeline import stages
from xmlwright.runtime.errors import ArgumentError
from xmlwright.runtime.samples import Sampler
from xmlwright.settings import find

NAMES = sorted(path.name for path in EXAMPLES.iterdir() if (path / "schema").is_dir())
WRONG: tuple[Any, ...] = (
    object(), 3.5, float("nan"), -1, 10**40, True, "", "\x00", "a\r\nb", "é☃", b"", b"\xff", [], {}, [[]], [None], {"x": 1},
    {1: "x"}, ["a", object()], Decimal("NaN"), Decimal("1e999"), dt.date(1, 1, 1), dt.datetime.max, range(2), set(), type,
)  # fmt: skip


@pytest.mark.parametrize("example", NAMES)
def test_a_wrong_value_is_refused_by_the_name_of_its_argument(example: str) -> None:
    api, diagnostics = stages.validate(find(EXAMPLES / example))
    assert api is not None
    assert not len(diagnostics)
    tables = Tables(api)
    wrong: list[str] = []
    tried = refused = 0
    for described in api.methods:
        method = tables.method(described)
        sample = Sampler().arguments(method)
        for argument in described.arguments:
            for value in WRONG:
                tried += 1
                try:
                    method.build({**sample, argument.python: value})
                except ArgumentError as error:
                    refused += 1
                    if argument.python not in str(error):
                        wrong.append(f"{method.name}({argument.python}={value!r}): {error}")
                except Exception as error:
                    wrong.append(f"{method.name}({argument.python}={value!r}): {error!r}")
    print(f"{example}: {tried} values, {refused} refused")
    assert not wrong, "\n".join(wrong[:20])
