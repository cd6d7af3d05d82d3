"""Calls as curl commands, with credentials and options of the client as shell variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..cases.tables import Tables
from ..cases.values import as_arguments
from ..ir import Api, ClientOption, Method, RecordValue
from ..runtime.credentials import Credentials
from ..runtime.outgoing import Outgoing
from ..runtime.writing import Upload

_BASE: Final = "http://xmlwright-base"
_MARK: Final = re.compile(r"xmlwright-option-([a-z0-9_]+)-end")
"""A mark for an option of the client until the command is complete."""


class CurlWriter:
    """Writes the curl commands of an API."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._tables = Tables(api)
        self._options = {item.name: item for item in (*api.variables, *api.credentials)}

    def command(self, method: Method, given: RecordValue, document: str) -> str:
        """Return the command that makes a call.

        Args:
            method: The method.
            given: Its arguments.
            document: The request document of the case, for an API without verbs and paths.
        """
        if method.http is None:
            lines, body = self._posted(given), document.strip()
        else:
            lines, body = self._call(method, given)
        if self._api.signer and method.authenticated:
            lines.insert(1, '--header "Authorization: $SIGNATURE"')
        command = " \\\n  ".join(lines)
        if not body:
            return f"{self._filled(command)}\n"
        end = "XML"
        while re.search(rf"^{end}$", body, re.MULTILINE):
            end += "X"
        if _MARK.search(body):  # the shell fills in the credentials
            escaped = re.sub(r"([$`\\])", r"\\\1", body)
            return self._filled(f"{command} <<{end}\n{escaped}\n{end}\n")
        return f"{self._filled(command)} <<'{end}'\n{body}\n{end}\n"

    def _filled(self, text: str) -> str:
        return _MARK.sub(lambda found: self._variable(self._options[found[1]]), text)

    def _variable(self, option: ClientOption) -> str:
        name = f"{self._api.names.environment}_{option.name.upper()}"
        return f"${{{name}}}" if option.default is None else f"${{{name}:-{option.default}}}"

    def _marked(self, template: str) -> str:
        """Return a text for double quotes of the shell, with marks for options."""
        return re.sub(r"\{(\w+)\}", r"xmlwright-option-\1-end", _in_quotes(template))

    def _address(self) -> str:
        address = self._marked(self._api.url.partition("?")[0])
        return f"${{{self._api.names.environment}_URL:-{address}}}"

    def _basic(self) -> Iterator[str]:
        for item in self._api.authentication:
            if item.place is None:
                yield f'--user "{self._marked(item.value)}"'

    def _posted(self, given: RecordValue) -> list[str]:
        """Return the lines of a document that is POSTed to the URL of the API."""
        lines = ["curl", *self._basic()]
        for item in self._api.authentication:
            if item.place is not None and item.place.startswith("header:"):
                header = _in_quotes(item.place.removeprefix("header:"))
                lines.append(f'--header "{header}: {self._marked(item.value)}"')
        uploads = list(_uploads(given))
        if uploads:
            lines.append("""--header 'Content-Type: multipart/related; type="application/xml"'""")
            lines.append("--form 'request=<-;type=application/xml'")
            for name, upload in uploads:
                form = f'{name}=@{upload.name};type={upload.media};headers="Content-ID: <{name}>"'
                lines.append(f"--form {_quoted(form)}")
        else:
            lines.append("--header 'Content-Type: application/xml'")
            lines.append("--data-binary @-")
        return [*lines, f'"{self._address()}"']

    def _call(self, method: Method, given: RecordValue) -> tuple[list[str], str]:
        """Return the lines of a call with verb, path and parameters, and its body."""
        request = self._tables.method(method).build(as_arguments(given))
        marks = {name: f"xmlwright-option-{name}-end" for name in self._options}
        query = self._api.url.partition("?")[2]
        outgoing = Outgoing.of(request, f"{_BASE}?{query}" if query else _BASE, marks)
        lines = ["curl"]
        if outgoing.verb != "GET":
            lines.append(f"--request {outgoing.verb}")
        if method.authenticated:
            Credentials(self._tables.protocol, marks).add_to(outgoing)
            outgoing.headers.pop("Authorization", None)
            lines += self._basic()
        parts = request.http is not None and request.http.multipart
        content, media = (b"", "") if parts else outgoing.body(request)
        for name, text in outgoing.headers.items():
            lines.append(f'--header "{_in_quotes(name)}: {_in_quotes(text)}"')
        body = ""
        if request.http is not None and request.http.multipart:
            if request.http.document is not None:
                form = f"{request.http.document[1]}=<-;type={request.http.media}"
                lines.append(f"--form {_quoted(form)}")
                body = outgoing.xml.decode()
            for name, upload in request.parts:
                text = (
                    f"@{upload.name};type={upload.media}"
                    if upload.name
                    else upload.content.decode()
                )
                option = "--form" if upload.name else "--form-string"
                lines.append(f"{option} {_quoted(f'{name}={text}')}")
            if request.http.multipart != "form-data":
                lines.append(f"--header 'Content-Type: multipart/{request.http.multipart}'")
        elif outgoing.form is not None and request.http is not None and request.http.body is None:
            for name, text in outgoing.form:
                lines.append(f'--data-urlencode "{_in_quotes(name)}={_in_quotes(text)}"')
        elif content:
            body = content.decode("utf-8", "replace").strip()
            lines += [f"--header 'Content-Type: {media.partition(';')[0]}'", "--data-binary @-"]
        target = _in_quotes(outgoing.url.removeprefix(_BASE))
        return [*lines, f'"{self._address()}{target}"'], body


def _uploads(given: RecordValue) -> Iterator[tuple[str, Upload]]:
    for name, value in given.values.items():
        if isinstance(value, Upload):
            yield name, value
        elif isinstance(value, RecordValue):
            yield from _uploads(value)


def _quoted(value: str) -> str:
    """Return text in single quotes for the shell."""
    return "'" + value.replace("'", "'\\''") + "'"


def _in_quotes(value: str) -> str:
    """Return text escaped for double quotes of the shell."""
    return re.sub(r'(["\\$`])', r"\\\1", value)
