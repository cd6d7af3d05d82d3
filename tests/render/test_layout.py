"""Lines that are laid out before Black sees them: Black has nothing left to change, and the program is the same."""

from __future__ import annotations

import ast
from typing import Final

import black
import pytest
from black.mode import TargetVersion
from hypothesis import given, settings
from hypothesis import strategies as st

from xmlwright.render.layout import lay_out
from xmlwright.render.literals import block, literal

WIDTH: Final = 60
MODE: Final = black.Mode(line_length=WIDTH, target_versions={TargetVersion.PY310})

LONG: Final = "an argument that is rather long"


@pytest.mark.parametrize(
    "line",
    [
        f'value = call("{LONG}", "{LONG}", name="{LONG}")',
        f'value = call("{LONG}", ["{LONG}", "short"], {{"key": "{LONG}", "other": 1}})',
        f'NAMES = ["{LONG}", "{LONG}"]',
        f'Kind: TypeAlias = Literal["{LONG}", "{LONG}"]',
        f'Kind: TypeAlias = Literal["{LONG}", "other"]',
        "def build(first: int, *, second: str | None = None, third: bool = False) -> None: ...",
        "def get(first: int, ) -> list[int]: ...",
        "from somewhere.far.away.even.further.away import ThisAlone",
        "from somewhere.far.away import First, Second, Third, Fourth, Fifth",
        f'assert value == Page((Row(name="{LONG}", id=1),), position=1)',
        'value = call((1,), [2, ], {"three": 3, })',
        f'value = request({{"{LONG}": first, "second": second, }})',
        f'value = first(second(third("{LONG}", "{LONG}")))',
        'same(request.xml, """<a>\n  <b/>\n</a>\n""")',
        'value = parse("""<a>\n  <b/>\n</a>\n""")',
        f'value = parse("""<a>{LONG * 2}\n</a>\n""")',
        f'value = "{LONG}, (and more, {{of}} it, ) that nothing can cut]"',
    ],
)
def test_it_is_what_black_makes_of_the_line(line: str) -> None:
    assert f"{lay_out(line, WIDTH)}\n" == black.format_str(line, mode=MODE)


@pytest.mark.parametrize(
    "text",
    [
        f'value = call("{LONG}", "{LONG}")  # a comment, (with brackets',
        f'value = call("{LONG}", \\\n    "{LONG}")',
        f'value = call(f"{{a!r}} {LONG}", "{LONG}"',
        f'value = {{first: "{LONG}" for first, second in items, }}',
        f"value = '''{LONG}, ( {LONG}\n{LONG}, )'''",
        f'"""A text with, (brackets, ) {LONG} {LONG}\n\n\n\nand gaps."""',
    ],
)
def test_what_it_does_not_understand_stays(text: str) -> None:
    assert lay_out(text, WIDTH) == text


texts = st.text(alphabet="ab,()[]{}#'\"\\\n é", max_size=40)
values = st.recursive(
    st.none() | st.integers() | texts | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=4)
    | st.tuples(inner)
    | st.tuples(inner, inner)
    | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(values, texts)
def test_the_program_is_the_same(value: object, document: str) -> None:
    text = f"def f(a, b=1):\n    return call({literal(value)}, {block(document + 'x')}, last={literal(value)})"
    laid = lay_out(text, WIDTH)
    assert ast.dump(ast.parse(laid)) == ast.dump(ast.parse(text))
