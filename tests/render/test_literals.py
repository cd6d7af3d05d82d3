"""Text of a description as Python and TOML: what is written is read back as what it was."""

from __future__ import annotations

import ast
import sys

from hypothesis import example, given, settings
from hypothesis import strategies as st

from xmlwright.render.formatting import format_python
from xmlwright.render.literals import block, docstring, literal, toml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PIECES = st.sampled_from(
    ['"', '"""', "'", "\\", "\n", "\n\n", " ", "   ", "\t", "\r", "\x0c", "\x1f", "\x7f", "\x85", "\u2028", "\0", "a", "word " * 30]
)  # fmt: skip
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=8).map("".join)
steady = settings(deadline=None, derandomize=True, max_examples=500)


@steady
@given(TEXTS)
def test_literal_is_the_text(text: str) -> None:
    assert ast.literal_eval(literal(text)) == text


@steady
@given(TEXTS)
def test_block_is_the_text(text: str) -> None:
    assert ast.literal_eval(block(text)) == text


@steady
@given(TEXTS, st.sampled_from([0, 4, 8]))
@example('says """', 4)
@example('says \\"', 4)
@example("\x1f\x0c before", 4)
def test_docstring_is_the_text_but_for_white_space(text: str, indent: int) -> None:
    written = docstring(text, indent)
    assert ast.literal_eval(written).split() == text.split()
    assert all(char.isprintable() or char == "\n" for char in written)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(TEXTS)
def test_formatter_keeps_the_docstring(text: str) -> None:
    source = f"def f():\n    {docstring(text, 4)}\n    return 1"
    for module in (source, format_python(source)):
        function = ast.parse(module).body[0]
        assert isinstance(function, ast.FunctionDef)
        assert (ast.get_docstring(function, clean=False) or "").split() == text.split()
        assert len(function.body) == 2


@steady
@given(TEXTS)
def test_toml_is_the_text(text: str) -> None:
    assert tomllib.loads(f"text = {toml(text)}") == {"text": text}
