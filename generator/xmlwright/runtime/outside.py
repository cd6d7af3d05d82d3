"""Values outside of a document: headers, the status, and a body that is not XML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from .links import link_target

if TYPE_CHECKING:
    from .reading import Reader
    from .schema import ReadTable

_LIST_ITEM: Final = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*?))\s*(?:,|\Z)', re.DOTALL)


def read_located(reader: Reader, table: ReadTable, values: dict[str, Any]) -> None:
    """Read the fields of a record that are headers, the status or the whole body of the response."""
    response = reader.response
    for name, (source, where), read in table.located:
        item = table.shape.by_name[name]
        if source == "body":
            values[name] = _body(response, item.codec.name if item.codec else "text", read)
            continue
        if where.endswith("*"):
            prefix = where[:-1].lower()
            entries = {
                label[len(prefix) :]: text
                for label, text in response.headers.items()
                if label.lower().startswith(prefix)
            }
            values[name] = entries
            continue
        text = _text(response, source, where)
        if text is None:
            continue
        try:
            if item.many:
                dates = item.codec is not None and item.codec.name in ("datetime", "date")
                values[name] = [read(part) for part in split_list(text, dates=dates)]
            else:
                values[name] = read(text)
        except ValueError as error:
            if reader.strict:
                from .errors import InvalidDocumentError

                raise InvalidDocumentError(
                    f"{name} should be {error}, not {text[:60]!r}", path=where
                ) from None
            from .record import Raw

            values[name] = Raw(text)


def _text(response: Any, source: str, where: str) -> str | None:
    """Return the status, or a header or a link in it; None where there is none."""
    if source == "status":
        return str(response.status)
    name, _, relation = where.partition("#")
    text: str | None = response.headers.get(name.lower())
    return link_target(text, relation) if text is not None and relation else text


def split_list(text: str, *, dates: bool = False) -> list[str]:
    """Return the items of a header that is a list; HTTP dates have a comma each."""
    if dates and "GMT" in text:
        return [part.strip() for part in re.findall(r"[A-Za-z]{3},[^,]*", text)]
    found: list[str] = []
    position = 0
    while position < len(text):
        match = _LIST_ITEM.match(text, position)
        assert match is not None  # both alternatives may be empty
        quoted, plain = match.groups()
        found.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain)
        position = match.end()
    return found


def _body(response: Any, kind: str, read: Any) -> Any:
    if kind in ("base64", "binary"):
        return bytes(response.body)
    text = response.body.decode("utf-8", "replace")
    return read(text) if text else None
