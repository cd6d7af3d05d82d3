"""A call as something to paste: for curl, and for the Python client. Without credentials and what is sensitive."""

from __future__ import annotations

import datetime as dt
import mimetypes
import shlex
from decimal import Decimal
from typing import Any, Final

from ...runtime.errors import Error
from ...runtime.reading import find, parse_xml
from ...runtime.record import Raw, Record, field_names
from ...runtime.redact import HIDDEN
from ...runtime.scalars import Binary
from ..calls.documents import Documents
from ..calls.journal import Entry
from ..http.authentication import TokenFormat

_WIDTH: Final = 88


def as_curl(documents: Documents, entry: Entry, address: str) -> str:
    """Return the call for curl; the token comes from the environment."""
    api = documents.api
    prefix = api.names.environment
    token = TokenFormat.of(api)
    value = token.template.replace("{}", f"${prefix}_TOKEN")
    who = f'-u "{value}"' if token.header is None else f'-H "{token.header}: {value}"'
    lines = ["curl", who, "-H 'Content-Type: application/xml'"]
    if address.startswith("https:"):
        lines.insert(1, f'--cacert "${prefix}_CA"')
    lines += [f"--data-binary {shlex.quote(documents.request(entry))}", shlex.quote(address)]
    return " \\\n  ".join(lines)


def as_python(documents: Documents, entry: Entry) -> str | None:
    """Return the call of the generated client; None for a document that is no call of a described method."""
    method = documents.methods.get(entry.method or "")
    endpoint = documents.endpoint(entry.method)
    if method is None or endpoint is None:
        return None
    try:
        payload = find(parse_xml(entry.document), endpoint.protocol.request_payload)
        values = {} if payload is None else endpoint.parse_request(payload)
    except (Error, ValueError):
        return None
    names = documents.api.names
    module = next(one for one in documents.api.modules if one.name == method.resource)
    call = ".".join(("fb", module.python, *method.python))
    words = _PythonWriter(documents.secrets(entry))
    files = {
        name: _file(entry)
        for name in values
        if name in endpoint.arguments.by_name
        and isinstance(endpoint.arguments.by_name[name].codec, Binary)
    }
    shown = {
        name: words.path(files[name]) if name in files else words.of(value, 8, len(name) + 2)
        for name, value in values.items()
    }
    alone = values.keys() <= set(method.positional)
    given = [text if alone else f"{name}={text}" for name, text in shown.items()]
    before, after = "    result = ", "\n    print(result)"
    if method.response.value == "page":  # which is asked for as it is gone through
        before, after = "    for found in ", ":\n        print(found)"
    line = f"{call}({', '.join(given)})"
    if len(before + line) > _WIDTH or "\n" in line:
        inner = "".join(f"        {word},\n" for word in given)
        line = f"{call}(\n{inner}    )"
    opening = f"with {names.client}.from_env() as fb:"
    return f"{words.imports()}from {names.package} import {names.client}\n\n{opening}\n{before}{line}{after}\n"


def _file(entry: Entry) -> str:
    """Return what a file may be called that came with a call; its bytes are not kept."""
    media = next((media for media, _ in entry.files.values()), "")
    return f"file{mimetypes.guess_extension(media) or ''}"


class _PythonWriter:
    """Values as Python writes them, and the imports that this needs."""

    def __init__(self, secrets: set[str]) -> None:
        self._secrets = secrets
        self._needed: dict[str, set[str]] = {}

    def imports(self) -> str:
        """Return the lines before those of the client."""
        lines = [
            f"from {module} import {', '.join(sorted(names))}\n"
            for module, names in sorted(self._needed.items())
        ]
        return "".join(lines) + ("\n" if lines else "")

    def path(self, name: str) -> str:
        """Return the path of a file."""
        self._need("pathlib", "Path")
        return f"Path({name!r})"

    def of(self, value: Any, indent: int, lead: int) -> str:
        """Return a value that begins after ``lead`` characters of an indented line; what is too long for the line is broken."""
        flat = self._flat(value)
        inner = _plain(value)
        if not isinstance(inner, (dict, list, tuple)) or indent + lead + len(flat) < _WIDTH:
            return flat
        if isinstance(inner, dict):
            ends = "{}"
            items = [
                f"{name!r}: {self.of(one, indent + 4, len(repr(name)) + 2)}"
                for name, one in inner.items()
            ]
        else:
            ends = "[]"
            items = [self.of(one, indent + 4, 0) for one in inner]
        lines = "".join(f"{' ' * (indent + 4)}{item},\n" for item in items)
        return f"{ends[0]}\n{lines}{' ' * indent}{ends[1]}"

    def _flat(self, value: Any) -> str:
        value = _plain(value)
        if isinstance(value, dict):
            return (
                "{" + ", ".join(f"{name!r}: {self._flat(one)}" for name, one in value.items()) + "}"
            )
        if isinstance(value, (list, tuple)):
            return "[" + ", ".join(map(self._flat, value)) + "]"
        return self._one(value)

    def _one(self, value: Any) -> str:
        if str(value).strip() in self._secrets:
            return repr(HIDDEN)
        if isinstance(value, (Raw, Decimal)):
            return repr(str(value))
        if isinstance(value, dt.datetime):
            self._need("datetime", "datetime")
            return f"datetime.fromisoformat({value.isoformat()!r})"
        if isinstance(value, dt.date):
            self._need("datetime", "date")
            return f"date({value.year}, {value.month}, {value.day})"
        return repr(value)

    def _need(self, module: str, name: str) -> None:
        self._needed.setdefault(module, set()).add(name)


def _plain(value: Any) -> Any:
    """Return a record as a mapping of what it holds."""
    if isinstance(value, Record):
        value = {name: getattr(value, name) for name in field_names(value)}
    return {str(name): one for name, one in value.items()} if isinstance(value, dict) else value
