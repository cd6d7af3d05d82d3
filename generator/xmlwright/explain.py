"""Find the line of the description that a name refers to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .diagnostics import Position, nearest
from .ir import Api, Field, Method, Module, Record
from .naming import client_attribute


@dataclass(frozen=True, slots=True)
class Explained:
    """One thing of the description that a name refers to."""

    name: str
    what: str
    at: Position
    doc: str
    facts: tuple[str, ...] = ()


def explain(api: Api, name: str) -> list[Explained]:
    """Return everything that ``name`` refers to.

    A name is that of a method (``task.list``), record, field (``Task.rate``), argument
    (``task.create.rate``), enum, enum word, error code or event, or the same as Python code has it:
    ``fb.task.list()``, ``package.task.list_``, ``Tasks.list``, ``TaskInput``.
    """
    wanted = name.strip().partition("(")[0]
    found = _named(api, wanted)
    first, _, rest = wanted.partition(".")
    if not found and rest and (first in (api.names.package, api.names.client) or "." in rest):
        found = _named(api, rest)  # the first part is the package, or a variable for the client
    return found


def suggestion(api: Api, name: str) -> str | None:
    """Return the nearest name that can be explained."""
    return nearest(name, dict.fromkeys(known for known, _ in _all(api)))


def _named(api: Api, wanted: str) -> list[Explained]:
    found = _unique(item for known, item in _all(api) if known == wanted)
    lowered = wanted.lower()
    return found or _unique(item for known, item in _all(api) if known.lower() == lowered)


def _unique(items: Iterator[Explained]) -> list[Explained]:
    return list({(item.at, item.what): item for item in items}.values())


def _all(api: Api) -> Iterator[tuple[str, Explained]]:
    for module in api.modules:
        entry = Explained(
            module.name, "resource" if module.methods else "module", module.at, module.doc
        )
        yield module.name, entry
        yield module.python, entry
        if module.methods:
            yield client_attribute(module.name), entry
            yield module.class_name, entry
        for method in module.methods:
            yield from _method(module, method)
        for record in module.records:
            yield from _record(module, record)
        for enum in module.enums:
            entry = Explained(enum.name, "enum", enum.at, enum.doc)
            yield from _both(module, enum.name, entry)
            yield from _both(module, f"{enum.name}Input", entry)
            for word in enum.words:
                entry = Explained(f"{enum.name}.{word.word}", "word", word.at, word.doc)
                for name in dict.fromkeys((word.word, word.request, word.response)):
                    yield name, entry
                    yield from _both(module, f"{enum.name}.{name}", entry)
    for error in api.errors:
        yield error.code, Explained(
            error.code, "error code", error.at, f"{error.doc} {error.fix}".strip(), (error.message,)
        )
    for event in api.events:
        yield event.name, Explained(event.name, "event", event.at, event.doc)


def _both(module: Module, name: str, entry: Explained) -> Iterator[tuple[str, Explained]]:
    yield name, entry
    yield f"{module.name}.{name}", entry


def _record(module: Module, record: Record) -> Iterator[tuple[str, Explained]]:
    entry = Explained(record.name, "record", record.at, record.doc)
    yield from _both(module, record.name, entry)
    yield from _both(module, f"{record.name}Input", entry)
    for item in record.fields:
        entry = _field(f"{record.name}.{item.python}", item)
        for name in dict.fromkeys((item.python, item.name)):
            yield from _both(module, f"{record.name}.{name}", entry)
            yield from _both(module, f"{record.name}Input.{name}", entry)


def _method(module: Module, method: Method) -> Iterator[tuple[str, Explained]]:
    facts = (
        *_wire(method),
        f"returns {method.response.value}",
        f"retry class {method.retry}",
        method.provenance.kind,
    )
    entry = Explained(method.name, "method", method.at, method.doc, facts)
    bound = ".".join(method.python)
    names = {
        method.name,
        f"{module.name}.{method.function}",
        f"{module.python}.{method.function}",
        f"{module.name}.{bound}",
        f"{client_attribute(module.name)}.{bound}",
        f"{module.class_name}.{bound}",
    }
    for name in sorted(names):
        yield name, entry
        for item in method.arguments:
            for argument in dict.fromkeys((item.python, item.name)):
                yield f"{name}.{argument}", _field(f"{method.name}.{item.python}", item)


def _wire(method: Method) -> Iterator[str]:
    """Yield how a method is on the wire."""
    http = method.http
    if http is None:
        return
    yield f"{http.verb} {http.path}".strip()
    yield from (f"header {name}: {text}" for name, text in http.headers.items())
    constants = (
        *(("query", *pair) for pair in http.query),
        *(("form", *pair) for pair in http.form),
    )
    yield from (f"{kind}:{name}={text}" for kind, name, text in constants)
    if http.multipart:
        document = "" if http.document is None else f", document in {':'.join(http.document)}"
        yield f"multipart/{http.multipart}{document}"
    if http.success:
        yield f"success {', '.join(map(str, http.success))}"
    if not method.authenticated:
        yield "without credentials"


def _place(item: Field) -> str:
    """Return where a value is, as the description writes it."""
    if item.location is not None:
        return ":".join(filter(None, item.location))
    attribute = () if item.attribute is None else (f"@{item.attribute}",)
    return "/".join((*item.path, *attribute)) or "."


def _field(name: str, item: Field) -> Explained:
    kind = item.record or item.enum
    facts = [kind.name if kind is not None else (item.scalar or item.read or item.write or "text")]
    facts.append(f"at {_place(item)}")
    if item.map:
        facts.append(f"map of {item.key_element} to {item.value_element}")
    if item.deprecated is not None:
        facts.append("deprecated")
    facts.append(item.provenance.kind)
    return Explained(name, "field", item.at, item.doc, tuple(facts))
