"""From a name that a user knows to the line that describes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .diagnostics import Position, nearest
from .model import Api, Field, Method, Module


@dataclass(frozen=True, slots=True)
class Explained:
    """One thing of the description that a name stands for."""

    name: str
    what: str
    at: Position
    doc: str
    facts: tuple[str, ...] = ()


def explain(api: Api, name: str) -> list[Explained]:
    """Everything that ``name`` stands for: ``task.list``, ``Task.rate``, ``Task``, ``task.list_``,
    ``client.task.list``, an argument as ``task.create.rate``, an enum, an error code or an event.
    """
    wanted = name.strip()
    for prefix in (f"{api.names.package}.", "client."):
        found = [item for item in _all(api) if wanted in (item[0], prefix + item[0])]
        if found:
            return _unique(item for _, item in found)
    lowered = wanted.lower()
    return _unique(item for known, item in _all(api) if known.lower() == lowered)


def suggestion(api: Api, name: str) -> str | None:
    """The nearest name that can be explained."""
    return nearest(name, (known for known, _ in _all(api)))


def _unique(items: Iterator[Explained]) -> list[Explained]:
    return list({(item.at, item.what): item for item in items}.values())


def _all(api: Api) -> Iterator[tuple[str, Explained]]:
    for module in api.modules:
        yield module.name, Explained(
            module.name, "resource" if module.methods else "module", module.at, module.doc
        )
        for method in module.methods:
            yield from _method(module, method)
        for record in module.records:
            told = Explained(record.name, "record", record.at, record.doc)
            yield from _both(module, record.name, told)
            yield f"{record.name}Input", told
            for item in record.fields:
                yield from _both(
                    module,
                    f"{record.name}.{item.python}",
                    _field(f"{record.name}.{item.python}", item),
                )
        for enum in module.enums:
            yield from _both(module, enum.name, Explained(enum.name, "enum", enum.at, enum.doc))
            for word in enum.words:
                label = f"{enum.name}.{word.word}"
                yield from _both(module, label, Explained(label, "word", word.at, word.doc))
    for error in api.errors:
        yield error.code, Explained(
            error.code, "error code", error.at, f"{error.doc} {error.fix}".strip(), (error.message,)
        )
    for event in api.events:
        yield event.name, Explained(event.name, "event", event.at, event.doc)


def _both(module: Module, name: str, told: Explained) -> Iterator[tuple[str, Explained]]:
    yield name, told
    yield f"{module.name}.{name}", told


def _method(module: Module, method: Method) -> Iterator[tuple[str, Explained]]:
    facts = (
        f"answers {method.answer.value}",
        f"retry class {method.retry}",
        method.provenance.kind,
    )
    told = Explained(method.name, "method", method.at, method.doc, facts)
    names = {
        method.name,
        f"{module.name}.{method.function}",
        f"{module.name}.{'.'.join(method.python)}",
    }
    if len(method.python) == 1:
        names.add(f"{module.class_name}.{method.python[0]}")
    for name in sorted(names):
        yield name, told
        for item in method.arguments:
            yield f"{name}.{item.python}", _field(f"{method.name}.{item.python}", item)


def _field(name: str, item: Field) -> Explained:
    kind = item.record or item.enum
    facts = [kind.name if kind is not None else (item.read or item.write or "text")]
    if item.deprecated is not None:
        facts.append("deprecated")
    facts.append(item.provenance.kind)
    return Explained(name, "field", item.at, item.doc, tuple(facts))
