"""What accounts hold, to be looked at: counted, in the order of keys, without what is sensitive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..diagnostics import nearest
from .calls.documents import Documents
from .engine.state import Key, Record, sort_key
from .options import SandboxError

if TYPE_CHECKING:
    from .http.application import Application


class StateView:
    """The records of all accounts."""

    def __init__(self, app: Application, documents: Documents) -> None:
        self._app = app
        self._documents = documents

    def counts(self, account: str) -> dict[str, int]:
        """Return how many records an account has of each resource. Raises SandboxError where there is no such account."""
        held = {name: len(records) for name, records in self._all(account).items()}
        names = [resource.name for resource in self._app.api.resources]
        names += sorted(name for name in held.keys() - set(names) if not name.startswith("."))
        return {name: held.get(name, 0) for name in names}

    def rows(
        self, account: str, collection: str, last: int | None = None
    ) -> list[tuple[Key, dict[str, Any]]]:
        """Return the records of one resource by key, or the last so many of them. Raises SandboxError where there is none."""
        names = list(self.counts(account))
        if collection not in names:
            near = nearest(collection, names)
            hint = f"; did you mean {near!r}?" if near else ""
            raise SandboxError(f"there is no {collection!r} in the state{hint}")
        found = self._all(account).get(collection, {})
        keys = sorted(found, key=sort_key)[0 if last is None else -last :]
        return [(key, self._documents.record(collection, found[key])) for key in keys]

    def record(self, account: str, collection: str, key: object) -> dict[str, Any] | None:
        """Return one record, whose key may be text; None where it is not there."""
        found = self._all(account).get(collection, {})
        text = str(key)
        at: Key = int(text) if text.isdecimal() and len(text) < 20 else text
        one = found.get(at) or found.get(text)
        return None if one is None else self._documents.record(collection, one)

    def _all(self, account: str) -> dict[str, Mapping[Key, Record]]:
        if account not in self._app.accounts:
            known = ", ".join(sorted(self._app.accounts))
            raise SandboxError(f"there is no account {account!r}; there are {known}")
        return {name: item.records for name, item in self._app.engine.account(account)}
