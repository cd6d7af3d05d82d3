"""An HTTP request while it is put together: what a call says, and what the credentials add."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .request import Request

XML = "application/xml; charset=utf-8"
FORM = "application/x-www-form-urlencoded; charset=utf-8"


@dataclass(slots=True)
class Outgoing:
    """A request before it is sent."""

    url: str
    xml: bytes
    verb: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    query: list[tuple[str, str]] = field(default_factory=list)
    """Parameters that the credentials add."""
    form: list[tuple[str, str]] | None = None

    @classmethod
    def of(cls, request: Request[Any], url: str, variables: Mapping[str, str]) -> Outgoing:
        """Return the request of a call.

        Args:
            request: the call.
            url: address of the API.
            variables: options of the client, for a path that needs them.
        """
        http = request.http
        if http is None:
            return cls(url, request.xml)
        if http.link:
            from .cursors import same_origin

            target = same_origin(url, http.link)
        else:
            from .http_binding import filled_target

            target = joined(url, filled_target(http.target, variables))
        form = None if http.form is None else list(http.form)
        return cls(target, request.xml, http.verb, dict(http.headers), form=form)

    def add_elements(self, elements: Mapping[str, str]) -> None:
        """Put elements first below the root of the document, and one that is there first already into it."""
        start = self.xml.index(b"<", self.xml.find(b"?>") + 1)
        end = self.xml.index(b">", start) + 1
        made = inside = ""
        for name, element in elements.items():
            opening = f"<{name}>"
            if self.xml.startswith(opening.encode(), end) and element.startswith(opening):
                inside = element.removesuffix(f"</{name}>")
            else:
                made += element
        rest = self.xml[end:]
        if inside:
            rest = inside.encode() + rest[rest.index(b">") + 1 :]
        self.xml = self.xml[:end] + made.encode() + rest

    def add_parameter(self, source: str, name: str, text: str) -> None:
        """Add a parameter of the query or of the form."""
        if source == "query":
            self.query.append((name, text))
        elif self.form is None:
            self.form = [(name, text)]
        else:
            self.form.append((name, text))

    def body(self, request: Request[Any]) -> tuple[bytes, str]:
        """Return the body and its content type; the type is empty where there is no body."""
        http = request.http
        if http is not None and http.document is not None and not http.multipart and self.xml:
            source, name = http.document
            self.add_parameter(source, name, self.xml.decode())
        if self.query:
            self.url += ("&" if "?" in self.url else "?") + urlencode(self.query, quote_via=quote)
        if request.parts or (http is not None and http.multipart):
            return self._multipart(request)
        if http is None:
            return self.xml, XML
        if http.body is not None:
            return http.body, http.media
        if self.form is not None:
            from .http_binding import encoded_form

            return encoded_form(self.form), FORM
        if self.xml and http.document is None:
            return self.xml, _with_charset(http.media)
        return b"", ""

    def _multipart(self, request: Request[Any]) -> tuple[bytes, str]:
        from . import multipart

        http = request.http
        content: tuple[bytes, str]
        if http is None or not http.multipart:
            content = multipart.encode(self.xml, request.parts)
        else:
            document = None
            if http.document is not None:
                document = (http.document[1], self.xml, _with_charset(http.media))
            content = multipart.encode_parts(http.multipart, document, request.parts)
        return content


def _with_charset(media: str) -> str:
    return media if "charset" in media else f"{media}; charset=utf-8"


def joined(url: str, target: str) -> str:
    """Return an address with a path and a query below it."""
    base, mark, query = url.partition("?")
    path, _, more = target.partition("?")
    if path:
        base = base.rstrip("/") + (path if path.startswith("/") else f"/{path}")
    both = "&".join(part for part in (query, more) if part)
    return f"{base}?{both}" if both or (mark and not query) else base
