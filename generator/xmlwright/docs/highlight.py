"""Colors for code: a few kinds of marks for each language, enough to read by. Everything else is escaped text."""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup, escape

_KEYWORDS: Final = (
    "False|None|True|and|as|async|await|class|def|else|except|finally|for|from|if|import|in|is|lambda|not|or|pass|raise"
    "|return|try|while|with|yield"
)
_RULES: Final = {
    "python": re.compile(
        r"(?P<c>#[^\n]*)|(?P<s>(?<!\w)[rbf]?(?:\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'))"
        rf"|(?P<k>\b(?:{_KEYWORDS})\b)|(?P<n>\b\d[\d_.]*\b)|(?P<a>\b\w+(?==[^=]))"
    ),
    "xml": re.compile(
        r"(?P<c><!--.*?-->|<\?.*?\?>)|(?P<t></?[\w:.-]+|/?>)|(?P<a>(?<=\s)[\w:.-]+(?==))|(?P<s>(?<==)(?:\"[^\"]*\"|'[^']*'))",
        re.DOTALL,
    ),
    "sh": re.compile(r"(?P<c>(?:^|(?<=\s))#[^\n]*)|(?P<s>\"[^\"]*\"|'[^']*')|(?P<a>(?<=\s)--?[\w-]+)", re.MULTILINE),
    "yaml": re.compile(r"(?P<c>(?:^|(?<=\s))#[^\n]*)|(?P<a>^[ -]*[\w.@-]+(?=:))|(?P<s>\"[^\"]*\")", re.MULTILINE),
    "http": re.compile(r"(?P<a>^[\w-]+(?=: ))|(?P<k>^(?:POST|HTTP/1\.1)[^\n]*)", re.MULTILINE),
}  # fmt: skip
_ALIASES: Final = {"console": "sh", "bash": "sh", "shell": "sh", "py": "python", "ini": "yaml"}


def highlighted(code: str, language: str) -> Markup:
    """The code with its parts marked; the whole, without the marks, is the code as it was given."""
    rule = _RULES.get(_ALIASES.get(language, language))
    if rule is None:
        return escape(code)
    parts: list[str] = []
    end = 0
    for found in rule.finditer(code):
        parts.append(str(escape(code[end : found.start()])))
        parts.append(f'<i class="{found.lastgroup}">{escape(found[0])}</i>')
        end = found.end()
    parts.append(str(escape(code[end:])))
    return Markup("".join(parts))


def indented(document: str) -> str:
    """An XML document one element a line, for reading; what is no document stays as it is."""
    from lxml import etree

    try:
        root = etree.fromstring(
            document.encode(), etree.XMLParser(resolve_entities=False, remove_blank_text=True)
        )
    except (etree.XMLSyntaxError, ValueError):
        return document
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")
