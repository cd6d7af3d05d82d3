"""Whether a response is one that the description knows."""

from __future__ import annotations

from typing import Any

from ...cases.tables import Tables
from ...ir import Api, Method
from ...runtime.errors import ApiError, Error
from ...runtime.record import children, unknown_elements
from ..engine.exchange import EngineResponse


class Conformance:
    """Validates responses against a description."""

    def __init__(self, api: Api, tables: Tables | None = None) -> None:
        self._api = api
        self._tables = tables or Tables(api)
        self._methods = {method.name: method for method in api.methods}

    def problems(self, reply: EngineResponse) -> list[str]:
        """Return the problems of a response; none if it matches the description."""
        if not reply.ok:
            return self._failure(reply)
        method = self._methods.get(reply.method or "")
        if method is None:
            return [f"{reply.method!r} is not a method, and its response says that it worked"]
        if method.response.value == "binary":
            return self._file(method, reply)
        endpoint = self._tables.method(method)
        try:
            value = endpoint.parse_response(reply.body)
        except Error as error:
            return [str(error)]
        found = [item.path for item in endpoint.unknown_in(reply.body)] + unknown_elements(value)
        return [f"{method.name}: the description does not know {path}" for path in found] + [
            f"{method.name}: {problem}" for problem in self._words(method, value)
        ]

    def _failure(self, reply: EngineResponse) -> list[str]:
        protocol = self._tables.protocol
        try:
            protocol.payload(reply.body, reply.method or "")
        except ApiError as failure:
            if failure.code != reply.code:
                return [f"the failure has the code {failure.code}, not {reply.code}"]
            if reply.code is not None and reply.code not in protocol.errors:
                return [f"the description does not know the code {reply.code}"]
            return []
        except Error as error:
            return [str(error)]
        return ["the response is not a failure, and the reply says that it is"]

    @staticmethod
    def _file(method: Method, reply: EngineResponse) -> list[str]:
        media = reply.content_type.partition(";")[0]
        if method.response.media and media not in method.response.media:
            return [f"{method.name}: {media} is none of {', '.join(method.response.media)}"]
        return [] if reply.body else [f"{method.name}: the file is empty"]

    def _words(self, method: Method, value: Any) -> list[str]:
        """Return words of responses that no enum has."""
        if method.response.record is None:
            return []
        known = {record.name: record for record in self._api.records.values()}
        found: list[str] = []

        def look(item: Any) -> None:
            record = known.get(type(item).__name__)
            for field in record.fields if record is not None else ():
                word = getattr(item, field.python, None)
                if field.enum is None or not field.readable or word is None:
                    continue
                words = {word.word for word in self._api.enums[field.enum].words if word.readable}
                for one in word if isinstance(word, list) else [word]:
                    if one not in words:
                        found.append(f"{one!r} is no word of {field.enum.name}")
            for _, inner in children(item):
                look(inner)

        for _, row in children([value]):
            look(row)
        return found
