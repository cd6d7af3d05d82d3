"""What the pages of calls and of the state show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..control import Control
from ..options import SandboxError
from .annotations import about

_MOST_ROWS: Final = 300
_MOST_COLUMNS: Final = 7
_SHORT: Final = 24
"""Characters; a field with longer texts is shown in the record only."""


@dataclass(frozen=True, slots=True)
class Named:
    """What is known about a field of a record."""

    link: str
    about: str
    ref: str | None


def calls_page(control: Control, query: Mapping[str, str]) -> dict[str, Any]:
    """Return the list of calls, the newest first."""
    journal = control.app.journal
    wanted = query.get("q", "").strip().lower()
    failed = query.get("failed") == "1"
    entries = [
        entry
        for entry in reversed(list(journal))
        if (not failed or entry.outcome != "ok")
        and (
            not wanted
            or wanted in f"{entry.method} {entry.account} {entry.outcome} {entry.fault}".lower()
        )
    ]
    return {
        "entries": entries[:_MOST_ROWS],
        "q": query.get("q", ""),
        "failed": failed,
        "kept": len(journal),
        "total": journal.total,
    }


def state_page(control: Control, parts: list[str]) -> dict[str, Any]:
    """Return accounts, the collections of one, the records of a collection, or one record."""
    values: dict[str, Any] = {
        "account": None,
        "collection": None,
        "record": None,
        "names": {},
        "key": None,
    }
    if not parts:
        counts = {
            name: sum(control.state_view.counts(name).values())
            for name in sorted(control.app.accounts)
        }
        return {**values, "accounts": counts}
    account = parts[0]
    counts = control.state_view.counts(account)
    values["account"] = account
    if len(parts) == 1:
        counts = dict(sorted(counts.items(), key=lambda item: (not item[1], item[0])))
        tokens = control.tokens(account)
        shown = {name: token for name, token in tokens.items() if "/" in name}
        return {**values, "counts": counts, "tokens": shown, "address": control.address(account)}
    name = parts[1]
    if len(parts) > 2:
        found = control.state_view.record(account, name, parts[2])
        if found is None:
            raise SandboxError(f"There is no {name} {parts[2]}.")
        absent = [field for field, value in found.items() if value is None or value in ("", [])]
        names = _names(control, name, [found])
        return {
            **values, "collection": name, "names": names, "record": found, "key": parts[2], "absent": absent,
        }  # fmt: skip
    rows = control.state_view.rows(account, name, last=_MOST_ROWS)
    records = [record for _, record in rows]
    names = _names(control, name, records)
    return {
        **values,
        "collection": name,
        "names": names,
        "records": rows[::-1],
        "total": counts[name],
        "columns": _columns(records[::-1], _identity(control, name), names),
    }


def _identity(control: Control, collection: str) -> str:
    module = next((one for one in control.app.api.resources if one.name == collection), None)
    record = module.records[0] if module is not None and module.records else None
    return (record.identity if record is not None else None) or "id"


def _names(
    control: Control, collection: str, records: list[dict[str, Any]]
) -> dict[str, Named | None]:
    found: dict[str, Named | None] = {name: None for one in records for name in one}
    module = next((one for one in control.app.api.resources if one.name == collection), None)
    if module is not None and module.records:
        record = module.records[0]
        for item in record.fields:
            if item.python in found:
                link = f"{module.name}#{record.name}.{item.name}"
                found[item.python] = Named(link, about(item), item.ref)
    return found


def _columns(
    records: list[dict[str, Any]], identity: str, described: Mapping[str, Named | None]
) -> list[str]:
    """Return the fields that tell records apart best: the identity, then described ones that most have, short and unlike."""
    names = list(dict.fromkeys(name for one in records for name in one))
    worth: dict[str, tuple[bool, bool, int]] = {}
    for name in names:
        values = [one.get(name) for one in records if _plain(one.get(name))]
        if not values or name == identity:
            continue
        short = sum(len(str(value)) for value in values) <= _SHORT * len(values)
        worth[name] = (
            described[name] is not None,
            short,
            len(values) + len({str(value) for value in values}),
        )
    best = sorted(worth, key=lambda name: worth[name], reverse=True)[: _MOST_COLUMNS - 1]
    columns = [identity] if identity in names else []
    columns += [name for name in names if name in best]
    for one in records:
        for name in columns:
            one.setdefault(name, None)
    return columns


def _plain(value: Any) -> bool:
    return value not in (None, "", [], {}) and not isinstance(value, (dict, list, tuple))
