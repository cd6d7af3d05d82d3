"""Lay out: long lines of rendered Python, cut where Black would cut them.

A template writes a call on one line, however long. Black goes over a text a second time when the first changed it, so that
a text which has its form already takes half as long. Only time hangs on what is done here: Black has the last word, and a
line that this module does not understand stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

_BLOCK: Final = r'"""(?:[^"\\]|\\.|"(?!""))*"""'
_BLOCKS: Final = re.compile(_BLOCK, re.DOTALL)
_TOKEN: Final = re.compile(
    rf"""{_BLOCK}|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[()\[\]{{}},]|[^()\[\]{{}},"']+""", re.DOTALL
)
_END: Final = "\x1e"
"""Stands for the end of a line within a block, a text of several lines."""
_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}
_ASKED: Final = re.compile(r",\s*[)\]}]")
_OPERAND: Final = re.compile(
    r"(?:[)\]]|\b(?!(?:and|assert|else|if|in|is|not|or|return|yield)\b)\w+)\Z"
)
"""What a bracket belongs to as that of a call or a subscript; it stands alone after anything else."""
_OTHER: Final = re.compile(rf"[#\\{_END}]|(?<=.)\bfor\b")
_IMPORT: Final = re.compile(r"(from \S+ import )([^(]+)")
_GAP: Final = re.compile(r"\n{4,}")
_STEP: Final = 4


def lay_out(text: str, width: int) -> str:
    """The same program; lines longer than ``width`` are cut in Black's manner."""
    done: list[str] = []
    text = _BLOCKS.sub(lambda found: found[0].replace("\n", _END), text)
    for line in _GAP.sub("\n\n\n", text).split("\n"):
        if len(line) > width or _ASKED.search(line) or _END in line:
            done.extend(_cut(line, width))
        else:
            done.append(line)
    return "\n".join(done).replace(_END, "\n")


def _cut(line: str, width: int) -> Iterator[str]:
    """A line in as many lines as it takes."""
    code = line.lstrip(" ")
    indent = len(line) - len(code)
    imported = _IMPORT.fullmatch(code)
    if imported:
        code = f"{imported[1]}({imported[2]},)"
    tokens = _TOKEN.findall(code)
    if "".join(tokens) == code and _understood(tokens):
        yield from _split(tokens, indent, width)
    else:
        yield line


def _understood(tokens: Sequence[str]) -> bool:
    """Whether brackets match, every comma in them parts two items, and no comment or text goes beyond the line."""
    waiting: list[str] = []
    for token in tokens:
        if token in _CLOSING:
            waiting.append(_CLOSING[token])
        elif token in ")]}":
            if not waiting or waiting.pop() != token:
                return False
        elif token[0] not in "\"'" and _OTHER.search(token):
            return False
    return not waiting


def _split(tokens: Sequence[str], indent: int, width: int) -> Iterator[str]:
    """Tokens as a line of their own; where it is too long, what is in its last brackets comes on lines of its own."""
    line = " " * indent + "".join(tokens)
    pair = None if _fits(tokens, line, width) else _pair(tokens)
    if pair is None:
        yield line
        return
    start, end = pair
    if end == start + 2 and 0 <= line.find(_END) <= width:
        yield line  # a text of several lines as the only argument
        return
    yield " " * indent + "".join(tokens[: start + 1])
    alone = not (start and _OPERAND.search(tokens[start - 1]))
    yield from _inside(tokens[start + 1 : end], alone, indent + _STEP, width)
    yield " " * indent + "".join(tokens[end:])


def _inside(body: Sequence[str], alone: bool, indent: int, width: int) -> Iterator[str]:
    """What is in brackets: on one line if that may be, else each item on its own."""
    items = _items(body)
    if len(items) == 1:
        yield from _split(items[0], indent, width)
        return
    asked = not items[-1]
    if not asked and not alone:
        line = " " * indent + ", ".join(map("".join, items))
        if _fits(body, line, width):
            yield line
            return
    for item in items[: len(items) - asked]:
        yield from _split([*item, ","], indent, width)


def _items(body: Sequence[str]) -> list[list[str]]:
    """What commas part; the last is empty after a comma at the end."""
    items: list[list[str]] = [[]]
    depth = 0
    for token in body:
        depth += (token in _CLOSING) - (token in ")]}")
        if token == "," and not depth:
            items.append([])
        elif items[-1] or token.strip():
            items[-1].append(token if items[-1] else token.lstrip())
    return items


def _fits(tokens: Sequence[str], line: str, width: int) -> bool:
    return len(line) <= width and _END not in line and not _asks(tokens)


def _asks(tokens: Sequence[str]) -> bool:
    """Whether a comma before a closing bracket asks for lines; that of a tuple of one does not."""
    code = [token for token in tokens if token.strip()]
    opened: list[tuple[int, int]] = []
    commas = 0
    for at, token in enumerate(code):
        if token in _CLOSING:
            opened.append((at, commas))
            commas = 0
        elif token == ",":
            commas += 1
        elif token in ")]}":
            start, before = opened.pop()
            one = token == ")" and commas == 1 and not (start and _OPERAND.search(code[start - 1]))
            if code[at - 1] == "," and not one:
                return True
            commas = before
    return False


def _pair(tokens: Sequence[str]) -> tuple[int, int] | None:
    """The brackets to cut at: the parameters of a function, or the last brackets that hold something."""
    found: list[tuple[int, int]] = []
    opened: list[int] = []
    for at, token in enumerate(tokens):
        if token in _CLOSING:
            opened.append(at)
        elif token in ")]}":
            start = opened.pop()
            if not opened and at > start + 1:
                found.append((start, at))
    if not found:
        return None
    return found[0] if tokens[0].startswith(("def ", "async def ")) else found[-1]
