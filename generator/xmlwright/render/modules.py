"""Which modules of the runtime a client needs: those of features that its description uses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ..ir import Api, Field

REASONS: Final[Mapping[str, str]] = {
    "around": "warnings, metadata or values in headers",
    "callbacks": "callbacks",
    "cursors": "cursors or links to the next page",
    "formats": "scalars with a format, floats, base64 or raw XML",
    "http_binding": "methods with a verb and a path",
    "messages": "methods with a verb and a path",
    "multipart": "files in requests",
    "nil": "elements that mean None",
    "oauth": "OAuth",
    "outside": "values outside of documents",
    "parameters": "methods with a verb and a path",
    "session": "sessions",
}
"""Optional module -> what of a description needs it."""


def unused(api: Api) -> frozenset[str]:
    """Return the modules of the runtime that the client of an API never imports."""
    methods = list(api.methods)
    envelopes = [api.envelope, *(method.envelope for method in methods if method.envelope)]
    pages = [api.paging, *(method.pages for method in methods)]
    fields = list(_fields(api))
    http = any(method.http is not None for method in methods)
    used = {
        "around": http or any(item.warnings or item.metadata for item in envelopes),
        "callbacks": api.callbacks is not None,
        "cursors": any(item is not None and (item.next or item.more is not None) for item in pages),
        "formats": any(
            scalar.form is not None or scalar.base in _FORMATS for scalar in api.scalars.values()
        )
        or any({item.read, item.write} & _FORMATS for item in fields)
        or any(method.response.scalar in _FORMATS for method in methods),
        "http_binding": http,
        "messages": http,
        "multipart": any("binary" in (item.read, item.write) for item in fields)
        or any(method.http is not None and method.http.multipart for method in methods),
        "nil": any(item.nil is not None for item in envelopes),
        "oauth": api.oauth is not None,
        "outside": any(
            item.location is not None
            for module in api.modules
            for record in module.records
            for item in record.fields
        ),
        "parameters": http,
        "session": api.session is not None,
    }
    return frozenset(name for name in REASONS if not used[name])


_IMPORTED: Final = re.compile(r"^ *from \.(\w+) import ", re.MULTILINE).findall
_FORMATS: Final = frozenset(["float", "base64", "xml"])


def _fields(api: Api) -> Iterator[Field]:
    for module in api.modules:
        for record in module.records:
            yield from record.fields
    for method in api.methods:
        yield from method.arguments


def kept(sources: Mapping[str, str], absent: Iterable[str]) -> dict[str, str]:
    """Return the modules of the runtime without those of features that are not used.

    A module that another imports lazily is replaced by one that says why it is missing, for type checkers.

    Args:
        sources: Name of a module -> its text.
        absent: Modules that the client never imports.
    """
    left_out = set(absent)
    found = {name: text for name, text in sources.items() if name not in left_out}
    imported = {name for text in found.values() for name in _IMPORTED(text)}
    for name in sorted(left_out & imported):
        found[name] = _placeholder(REASONS[name])
    return dict(sorted(found.items()))


def _placeholder(reason: str) -> str:
    return f'''"""Left out: the description has no {reason}."""

from typing import Any


def __getattr__(name: str) -> Any:
    reason = "the description of the API has no {reason}"
    raise AttributeError(f"{{name}} is left out: {{reason}}")
'''
