"""Read the credentials of a request where the description says that they are."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ...ir import Api
from ...runtime.errors import Error
from ...runtime.places import Place
from ...runtime.reading import parse_xml

if TYPE_CHECKING:
    from .routing import HttpCall

_NAME: Final = re.compile(r"\{(\w+)\}")


class CredentialReader:
    """Reads the credentials of the requests of one API."""

    def __init__(self, api: Api) -> None:
        self._items = [
            (None if item.place is None else Place.of(item.place), _pattern(item.value))
            for item in api.authentication
        ]
        self.names = frozenset(option.name for option in api.credentials)
        used = {name for _, pattern in self._items for name in pattern.groupindex}
        names = [option.name for option in api.credentials if option.name in used]
        secret = [option.name for option in api.credentials if option.sensitive]
        self.primary = next((name for name in names if name in secret), next(iter(names), ""))
        """The first secret that requests carry."""
        self.parameters = frozenset(
            place.name
            for place, _ in self._items
            if place is not None and place.source in ("query", "form")
        )
        """Names of the parameters that hold credentials."""
        self.elements = frozenset(
            place.path[0]
            for place, _ in self._items
            if place is not None and not place.source and place.path
        )
        """Elements below the root of requests that hold credentials."""

    def given(self, call: HttpCall) -> dict[str, str] | None:
        """Return the credentials of a request by name; None where one is missing or has another form."""
        found: dict[str, str] = {}
        for place, pattern in self._items:
            text = self._text(place, call)
            match = None if text is None else pattern.fullmatch(text)
            if match is None:
                return None
            for name, value in match.groupdict().items():
                if found.setdefault(name, value) != value:
                    return None
        return found

    def texts_in(self, document: bytes) -> set[str]:
        """Return the credentials in a document, as they are there."""
        try:
            root = parse_xml(document)
        except Error:
            return set()
        texts = (
            place.text(root) for place, _ in self._items if place is not None and not place.source
        )
        return {text for text in texts if text}

    @staticmethod
    def _text(place: Place | None, call: HttpCall) -> str | None:
        if place is None:
            return basic_pair(call.headers)
        if place.source == "header":
            return call.headers.get(place.name.lower())
        if place.source:
            pairs = (*call.form, *call.query)
            return next((text for name, text in pairs if name == place.name), None)
        try:
            root = call.document()
        except Error:
            return None
        return None if root is None else place.text(root)


def basic_pair(headers: Mapping[str, str]) -> str | None:
    """Return user and password of HTTP Basic authentication, with a colon between; None where they cannot be read."""
    scheme, _, code = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(code.strip(), validate=True).decode("utf-8")
    except ValueError:  # no base64, no ASCII, or no UTF-8
        return None


def _pattern(template: str) -> re.Pattern[str]:
    """Return what a text with credentials in it must match."""
    text, at = "", 0
    seen: set[str] = set()
    for found in _NAME.finditer(template):
        name = found[1]
        text += re.escape(template[at : found.start()])
        text += f"(?P={name})" if name in seen else f"(?P<{name}>.*?)"
        seen.add(name)
        at = found.end()
    return re.compile(text + re.escape(template[at:]), re.DOTALL)
