"""What the template of the shared tables sees: the protocol, the HTTP binding and the scalars of an API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..cases.tables import Tables, binding_of, scalar_arguments
from ..ir import Api, Http, Method
from ..runtime.http_binding import HttpBinding
from ..runtime.request import Method as RuntimeMethod
from ..runtime.scalars import EMPTY_REFUSED
from .constructors import Constructors
from .literals import literal

_ALWAYS = ("id", "text", "int", "decimal", "flag", "date", "datetime", "uri", "binary")


class ApiView:
    """The tables that all methods of an API share, as Python expressions."""

    def __init__(self, api: Api) -> None:
        """Prepare the expressions of an API."""
        self._api = api
        self._tables = Tables(api)
        self._scalars = [*_ALWAYS, *sorted(_used(api) - set(_ALWAYS))]
        names = {id(self._tables.scalar(name)): name.upper() for name in self._scalars}
        self._own = Constructors(names)
        self._from_modules = Constructors({key: f"api.{name}" for key, name in names.items()})
        self.protocol = self._own.expression(self._tables.protocol)
        self._base = self._shared_binding()
        self.http = "" if self._base is None else self._own.expression(self._base)
        self.scalars = [(name.upper(), self._scalar(name)) for name in self._scalars]

    @property
    def imports(self) -> list[str]:
        """The imports of the shared tables."""
        return [
            f"from .{module} import {', '.join(sorted(names))}"
            for module, names in sorted(self._own.imports.items())
        ]

    def endpoint(self, method: Method) -> RuntimeMethod[Any]:
        """Return the run-time method."""
        return self._tables.method(method)

    def protocol_of(self, method: Method) -> tuple[str, dict[str, set[str]]]:
        """Return the expression of a method's protocol, and the names that it needs from the runtime."""
        self._from_modules.imports = {}
        text = self._from_modules.variant(
            "api.PROTOCOL", self._tables.protocol, self._tables.protocol_for(method)
        )
        return text, self._from_modules.imports

    def http_of(self, method: Method) -> tuple[str, dict[str, set[str]]]:
        """Return the expression of a method's HTTP binding, and the names that it needs from the runtime."""
        self._from_modules.imports = {}
        binding = binding_of(method.http)
        if binding is None:
            return "", {}
        assert self._base is not None
        text = self._from_modules.variant("api.HTTP", self._base, binding)
        return text, self._from_modules.imports

    def _shared_binding(self) -> HttpBinding | None:
        """Return what most methods have in common, so that their tables do not repeat it."""
        bindings = [method.http for method in self._api.methods if method.http is not None]
        if not bindings:
            return None
        first = bindings[0]
        same = {
            name: getattr(first, name)
            for name in (
                "headers",
                "query",
                "form",
                "success",
                "media",
                "multipart",
                "names",
                "document",
            )
            if all(getattr(item, name) == getattr(first, name) for item in bindings)
        }
        return binding_of(Http(**same))

    def _scalar(self, name: str) -> str:
        kind, arguments = scalar_arguments(self._api, name)
        self._own.imports.setdefault(f"runtime.{kind.__module__.rpartition('.')[2]}", set()).add(
            kind.__name__
        )
        facts = []
        for key, value in arguments.items():
            if value is EMPTY_REFUSED:
                self._own.imports.setdefault("runtime.scalars", set()).add("EMPTY_REFUSED")
                facts.append(f"{key}=EMPTY_REFUSED")
            else:
                facts.append(f"{key}={literal(value)}")
        return f"{kind.__name__}({', '.join(facts)})"


def _used(api: Api) -> set[str]:
    """Return the scalar types and named formats that the description uses."""
    return set(_names(api)) | {name for name, scalar in api.scalars.items() if scalar.base}


def _names(api: Api) -> Iterator[str]:
    fields: list[Any] = [
        item for module in api.modules for record in module.records for item in record.fields
    ]
    fields += [item for method in api.methods for item in method.arguments]
    for item in fields:
        yield from (name for name in (item.read, item.write) if name is not None)
    for method in api.methods:
        if method.response.scalar is not None:
            yield method.response.scalar
