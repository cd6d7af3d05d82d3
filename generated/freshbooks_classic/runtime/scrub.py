"""Blanking known secrets in any text, also where they stand escaped, encoded or cut short.

A server that echoes what it was sent does so in the forms of its own pages: escaped for HTML, percent-encoded in an address,
base64 in a header. So a secret is looked for character by character, each in all the forms that it may take.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from html.entities import codepoint2name
from typing import Final

HIDDEN: Final = "[redacted]"
SHORTEST_SECRET: Final = 4
"""Characters; a shorter value is blanked in its own place and as a word of its own, else half of every text would be."""

_SHORTEST_WORD: Final = 3
_NO_COINCIDENCE: Final = 8
"""Characters; so many of base64, or in another case, are the secret and not a word like it."""
_FEW: Final = 2000
"""Secrets; where a text may hold more of them, one beyond :data:`LONGEST_SCRUBBED` is withheld."""
LONGEST_SCRUBBED: Final = 4 * 1024 * 1024
"""Characters."""
LONGEST_MESSAGE: Final = 4000
"""Characters of an error's message; a server can send any number."""
_RUN: Final = re.compile(r"[A-Za-z0-9]+").findall
_PERCENT: Final = "%(?:25)*"
_AMPERSAND: Final = "&(?:amp;)*"
"""Also where what was escaped is escaped once more."""
_BACKSLASH: Final = r"\\+"
_SPACE: Final = (
    rf"(?:\s|\+|{_PERCENT}(?:20|0[9aAdD])|{_BACKSLASH}[nrt]"
    rf"|{_AMPERSAND}(?:nbsp|\#(?:32|10|13|9|[xX](?:20|0?[aAdD9])));)"
)
_ENDS: Final = "'\"\ufffd\u2026"
"""What follows a quotation that was cut off, beside the end of the text."""
_FRAGMENT: Final = 6
"""Characters of a secret that are taken for its beginning also where a message names no more of it, as parsers do."""


class HiddenSet(set[str]):
    """A set whose repr shows nothing, for tracebacks that print local variables."""

    def __repr__(self) -> str:
        return f"<{len(self)} secrets>"


class HiddenDict(dict[str, str]):
    """A mapping whose repr shows only its keys, for tracebacks that print local variables."""

    def __repr__(self) -> str:
        return f"<{', '.join(self)}>"


def scrub(text: str, secrets: Iterable[str]) -> str:
    """A message without any of ``secrets``, nor the beginning of one that was cut, as in ``it begins 'abc``."""
    ordered = _ordered(secrets)
    if len(text) > LONGEST_MESSAGE:
        text = text[:LONGEST_MESSAGE] + "..."
    if len(ordered) > _FEW:
        return HIDDEN
    text = blank(text, ordered)
    for secret in ordered:
        if len(secret) > SHORTEST_SECRET:
            text = _cut_short(text, [_forms(char) for char in secret])
    return text


def blank(text: str, secrets: Iterable[str]) -> str:
    """``text`` without any of ``secrets``, the longest first."""
    ordered = _ordered(secrets)
    if len(ordered) > _FEW and len(text) > LONGEST_SCRUBBED:
        return HIDDEN
    folded = text.casefold() if len(ordered) > 1 else ""
    for secret in ordered:
        if folded and not _may_hold(folded, secret):
            continue
        if len(secret) >= SHORTEST_SECRET:
            forms = [_forms(char) for char in secret]
            # A text that does not even have its first characters is the usual case, and quickly found.
            case = re.IGNORECASE if len(secret) >= _NO_COINCIDENCE else 0
            if re.search("".join(forms[:SHORTEST_SECRET]), text, case) is not None:
                text = re.sub("".join(forms), HIDDEN, text, flags=case)
            codes = _base64(secret)
            text = re.sub("|".join(codes), HIDDEN, text) if codes else text
        elif len(secret) >= _SHORTEST_WORD:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", HIDDEN, text)
    return text


def _may_hold(folded: str, secret: str) -> bool:
    """Return whether a text may hold a secret in any form, by what no form changes: its longest run of letters and digits.

    To find a fixed text takes a hundredth of the time that a search for all forms does.
    """
    runs = [max(_RUN(secret), key=len, default="").casefold()]
    if len(runs[0]) < SHORTEST_SECRET:
        return True
    runs += [max(_RUN(code), key=len, default="").casefold() for code in _base64(secret)]
    return any(run in folded for run in runs)


def _ordered(secrets: Iterable[str]) -> list[str]:
    return sorted({secret.strip() for secret in secrets}, key=len, reverse=True)


def _cut_short(text: str, forms: list[str]) -> str:
    head = re.compile("".join(forms[:SHORTEST_SECRET]))
    rest = [re.compile(form) for form in forms[SHORTEST_SECRET:]]
    out: list[str] = []
    done = 0
    while (found := head.search(text, done)) is not None:
        end = found.end()
        length = SHORTEST_SECRET
        for form in rest:
            following = form.match(text, end)
            if following is None:
                break
            end = following.end()
            length += 1
        cut = end == len(text) or text[end] in _ENDS or text.startswith("...", end)
        cut = cut or (length >= _FRAGMENT and not text[end].isalnum())
        out.append(text[done : found.start()] + (HIDDEN if cut else text[found.start() : end]))
        done = end
    return "".join((*out, text[done:]))


def _forms(char: str) -> str:
    """Pattern of one character as it is and as XML, HTML, addresses, JSON and Python's ``repr`` write it."""
    if char.isascii() and char.isalnum():
        return char
    if char.isspace():
        return _SPACE
    code = ord(char)
    utf8 = char.encode("utf-8", "surrogatepass")
    units = char.encode("utf-16-be", "surrogatepass")
    coded = [
        "".join(f"{_PERCENT}{byte:02x}" for byte in utf8),
        "".join(rf"{_BACKSLASH}x{byte:02x}" for byte in utf8),
        "".join(
            rf"{_BACKSLASH}u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2)
        ),
        rf"{_BACKSLASH}U{code:08x}",
        rf"{_AMPERSAND}\#0*{code};",
        rf"{_AMPERSAND}\#x0*{code:x};",
    ]
    if code < 256:
        coded += [f"{_PERCENT}{code:02x}", rf"{_BACKSLASH}x{code:02x}"]
    names = [f"{_AMPERSAND}{codepoint2name[code]};"] if code in codepoint2name else []
    if char == "'":
        names.append(f"{_AMPERSAND}apos;")
    plain = re.escape(char)
    # The longer forms first, since the character may be the one that they begin with.
    return f"(?:(?i:{'|'.join(coded)})|{'|'.join([*names, _BACKSLASH + plain, plain])})"


def _base64(secret: str) -> list[str]:
    """Patterns of the characters of base64 that depend on nothing but the secret, wherever in a text it began."""
    content = secret.encode("utf-8", "surrogatepass")
    codes: list[str] = []
    for before in range(3):
        code = base64.b64encode(bytes(before) + content).rstrip(b"=").decode("ascii")
        whole = (before + len(content)) % 3 == 0
        code = code[(0, 2, 3)[before] : None if whole else -1]
        if len(code) >= _NO_COINCIDENCE:
            codes.append(code.replace("+", "[+-]").replace("/", "[/_]"))
    return codes
