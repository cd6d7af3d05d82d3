"""Small descriptions for tests of the sandbox, and clients of them made without generating code."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xmlwright.cases.tables import Tables
from xmlwright.runtime.client import Client
from xmlwright.runtime.paging import Pager
from xmlwright.sandbox.server_thread import Sandbox

HEAD = """
api: library
title: Library
version: "1"
doc: Books on shelves.
python: {package: library_client, distribution: library-client, client: Library, environment: LIBRARY, version: "1"}
"""


def described(folder: Path, api: str, **resources: str) -> Path:
    """Write a description, and return its folder."""
    (folder / "resources").mkdir(parents=True, exist_ok=True)
    (folder / "api.yaml").write_text(HEAD + api, encoding="utf-8")
    for name, text in resources.items():
        (folder / "resources" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


class Caller:
    """A client of the API that a sandbox serves."""

    def __init__(self, box: Sandbox, account: str | None = None, **options: Any) -> None:
        self.tables = Tables(box.api)
        self.methods = {method.name: method for method in box.api.methods}
        kind = type("Described", (Client,), {"protocol": self.tables.protocol})
        name = account or box.account
        credentials = {**box.credentials(name), **options.pop("credentials", {})}
        if options.get("auth") is not None:
            credentials = dict.fromkeys(credentials)
        self.client: Any = kind(
            box.variables(name),
            credentials,
            **{"url": box.address(name), "ca": box.ca or True, **options},
        )

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *exc: object) -> None:
        self.client.close()

    def request(self, method: str, values: Mapping[str, Any]) -> Any:
        """Return the request of a call."""
        return self.tables.method(self.methods[method]).request(values)

    def __call__(self, method: str, **values: Any) -> Any:
        """Make a call."""
        return self.client.send(self.request(method, values))

    def walk(self, method: str, **values: Any) -> list[Any]:
        """Return all rows of a list, page by page."""
        request = self.request(method, values)
        return list(Pager(self.client, lambda cursor: request.at_page(cursor)))

    def pages(self, method: str, **values: Any) -> list[Any]:
        """Return all pages of a list."""
        request = self.request(method, values)
        return list(Pager(self.client, lambda cursor: request.at_page(cursor)).pages())


def plain(record: Any) -> dict[str, Any]:
    """Return the fields of a record that have a value."""
    return {
        item.name: value
        for item in dataclasses.fields(record)
        if (value := getattr(record, item.name)) not in (None, []) and item.name != "unknown"
    }
