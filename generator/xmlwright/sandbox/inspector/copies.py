"""A call as something to paste: for curl, and for the Python client. Without credentials and what is sensitive."""

from __future__ import annotations

import datetime as dt
import re
import shlex
from decimal import Decimal
from typing import Any, Final

from ...model import Method
from ...runtime.errors import Error
from ...runtime.reading import find, parse_xml
from ...runtime.record import Raw, Record
from ...runtime.redact import HIDDEN, hidden_values
from ...runtime.shape import Shape
from ..documents import Documents
from ..journal import Entry

_WIDTH: Final = 88


def as_curl(documents: Documents, entry: Entry, address: str) -> str:
    """The call for curl; the token comes from the environment."""
    api = documents.api
    prefix = api.names.environment
    if api.token.style == "header":
        who = f'-H "{api.token.header}: ${prefix}_TOKEN"'
    else:
        who = f'-u "${prefix}_TOKEN:{api.token.password}"'
    lines = ["curl", who, "-H 'Content-Type: application/xml'"]
    if address.startswith("https:"):
        lines.insert(1, f'--cacert "${prefix}_CA"')
    lines += [f"--data-binary {shlex.quote(documents.request(entry))}", shlex.quote(address)]
    return " \\\n  ".join(lines)


def as_python(documents: Documents, entry: Entry) -> str | None:
    """The call of the generated client; None for a document that is no call of a described method."""
    method = documents.methods.get(entry.method or "")
    endpoint = documents.endpoint(entry.method)
    if method is None or endpoint is None:
        return None
    try:
        payload = find(parse_xml(entry.document), endpoint.protocol.request_payload)
        read = {} if payload is None else endpoint.read_request(payload)
    except (Error, ValueError):
        return None
    shown = hidden_values(read, endpoint.arguments)
    values = {name: shown.get(name, HIDDEN) for name in read}
    names = documents.api.names
    module = next(one for one in documents.api.modules if one.name == method.resource)
    call = ".".join(("fb", module.python, *method.python))
    given = _arguments(method, values, endpoint.arguments)
    times = sorted({name for name in ("date", "datetime") if re.search(rf"\b{name}[.(]", given)})
    needed = f"from datetime import {', '.join(times)}\n\n" if times else ""
    body = f"    result = {call}({given})"
    return (
        f"{needed}from {names.package} import {names.client}\n\n"
        f"with {names.client}.from_env() as fb:\n{body}\n    print(result)\n"
    )


def _arguments(method: Method, values: dict[str, Any], shape: Shape[Any]) -> str:
    words = [
        _value(value) if name in method.positional and values.keys() <= set(method.positional) else f"{name}={_value(value)}"
        for name, value in values.items()
    ]  # fmt: skip
    line = ", ".join(words)
    if len(line) + 30 <= _WIDTH:
        return line
    inner = "".join(f"        {word},\n" for word in words)
    return f"\n{inner}    "


def _value(value: Any) -> str:
    if isinstance(value, Raw):
        return repr(str(value))
    if isinstance(value, Decimal):
        return repr(str(value))
    if isinstance(value, dt.datetime):
        return f"datetime.fromisoformat({value.isoformat()!r})"
    if isinstance(value, dt.date):
        return f"date({value.year}, {value.month}, {value.day})"
    if isinstance(value, Record):
        return _value({name: getattr(value, name) for name in value.__dataclass_fields__})  # type: ignore[attr-defined]
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{str(name)!r}: {_value(inner)}" for name, inner in value.items())
            + "}"
        )
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    return repr(value)
