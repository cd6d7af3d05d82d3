"""Syntax highlighting with Pygments, and indentation of XML documents."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from lxml import etree
from markupsafe import Markup, escape
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Literal, Name, Number, Operator, String
from pygments.util import ClassNotFound

# The style sheet colors six kinds of tokens. More classes would make the single file much larger.
_CLASSES: Final = {
    Comment: "c",
    String: "s",
    Number: "n",
    Literal: "s",
    Keyword: "k",
    Operator.Word: "k",
    Name.Tag: "t",
    Name.Attribute: "a",
}


@cache
def highlighted(code: str, language: str) -> Markup:
    """Return code as HTML with its tokens marked; the text content equals ``code``."""
    lexer = _lexer(language)
    if lexer is None:
        return escape(code)
    parts: list[str] = []
    tokens = ((_class(kind), text) for _, kind, text in lexer.get_tokens_unprocessed(code))
    for name, group in groupby(tokens, key=itemgetter(0)):
        text = escape("".join(text for _, text in group))
        parts.append(f'<i class="{name}">{text}</i>' if name else text)
    return Markup("").join(map(Markup, parts))


@cache
def _class(kind: Any) -> str:
    return next((_CLASSES[each] for each in reversed(kind.split()) if each in _CLASSES), "")


@cache
def _lexer(language: str) -> Lexer | None:
    if language in ("", "text"):
        return None
    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        return None


def indented(document: str) -> str:
    """Return an XML document with one element per line; return other text unchanged."""
    try:
        root = etree.fromstring(
            document.encode(), etree.XMLParser(resolve_entities=False, remove_blank_text=True)
        )
    except (etree.XMLSyntaxError, ValueError):
        return document
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")
