"""What methods do that are called after it, such as ``createCustomer``, ``getCustomer`` and ``deleteCustomer``.

They keep, show and remove things of one kind, although no resource with an identity says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...ir import Api, Field, Method, Ref
from ...naming import snake

_WORDS: Final = {
    "create": ("create", "add", "register", "new", "allocate"),
    "get": ("get", "describe", "read", "fetch", "show", "retrieve"),
    "list": ("list", "search", "query", "find"),
    "update": ("update", "modify", "edit", "change", "set", "rename"),
    "delete": ("delete", "remove", "destroy", "terminate", "release"),
}
_ENDS: Final = frozenset(["by", "for", "from", "in", "with", "of", "to"])
"""Words after which a name says something about how, and no longer what."""
_EMPTY: Final = frozenset(["list", "info", "details", "detail", "result"])
_IDS: Final = frozenset(["id", "arn", "uuid", "url", "key", "code", "number", "name"])
_GENERATED: Final = frozenset(["id", "arn", "uuid"])


@dataclass(frozen=True, slots=True)
class Operation:
    """What a method does to things of one kind."""

    what: str
    """``create``, ``get``, ``list``, ``update`` or ``delete``."""
    collection: str
    """Where the things are kept."""
    main: Ref | None
    """The record that shows one; None for none but the response itself."""
    noun: str


class Conventions:
    """The operations of the methods of an API, found by their names."""

    def __init__(self, api: Api, applies: Callable[[str], bool]) -> None:
        """Find the operations of the methods of resources for which ``applies`` is true."""
        self._api = api
        named: dict[str, list[tuple[Method, str]]] = {}
        for method in api.methods:
            what, noun = meaning(method)
            if noun and applies(method.resource):
                named.setdefault(noun, []).append((method, what))
        self._operations: dict[str, Operation] = {}
        for noun, methods in named.items():
            creating = next(
                (one for one, what in methods if what == "create" and not self._has_store(one)),
                None,
            )
            if creating is None:
                continue
            main = self._main(noun, methods)
            own = main is not None and main.module == creating.resource
            collection = f"{creating.resource}.{main.name if main is not None and own else noun}"
            for method, what in methods:
                self._operations[method.name] = Operation(what, collection, main, noun)

    def of(self, method: Method) -> Operation | None:
        """Return what a method does by its name; None for one that the resource keeps records for."""
        return self._operations.get(method.name)

    def noun_of(self, collection: str) -> str:
        """Return what the things of a collection are called; empty for another collection."""
        return next(
            (one.noun for one in self._operations.values() if one.collection == collection), ""
        )

    def _has_store(self, method: Method) -> bool:
        """Return whether the resource of a create keeps records with an identity."""
        module = next(one for one in self._api.modules if one.name == method.resource)
        return (
            method.kind == "create"
            and bool(module.records)
            and module.records[0].identity is not None
        )

    def _main(self, noun: str, methods: list[tuple[Method, str]]) -> Ref | None:
        """Return the record that shows a thing: that of its name, that of rows, or that of a single one."""
        candidates: list[Ref] = []
        for wanted in ("get", "create", "list"):
            for method, what in methods:
                ref = method.response.record
                if what == wanted and ref is not None:
                    candidates.append(ref)
                    candidates += [
                        item.record
                        for item in self._api.records[ref].fields
                        if item.record is not None
                    ]
        compact = noun.replace("_", "")
        for ref in candidates:
            if snake(ref.name).replace("_", "") == compact:
                return ref
        for method, what in methods:
            if what == "list" and method.response.value in ("page", "list"):
                return method.response.record
        return next((one.response.record for one, what in methods if what == "get"), None)


def meaning(method: Method) -> tuple[str, str]:
    """Return what the name of a method says: what it does, and to what; empty texts where it says nothing."""
    *outer, last = method.verb.split(".")
    words = snake(last).split("_")
    at = next((index for index, word in enumerate(words) if what_of(word)), None)
    if at is None or at > 1:
        return "", ""
    what = what_of(words[at])
    rest = words[at + 1 :] or words[:at]
    for index, word in enumerate(rest):
        if word in _ENDS and index:
            rest = rest[:index]
            break
    several = False
    while rest and rest[-1] in _EMPTY:
        several = several or rest[-1] == "list"
        rest = rest[:-1]
    noun = "_".join(rest) or "_".join([snake(part) for part in outer[-1:]] or [method.resource])
    single = singular(noun)
    if single.endswith("_id"):
        single = single.removesuffix("_id")
    if what == "get" and (several or (single != noun and bool(rest))):
        what = "list"
    if what == "get" and method.response.value in ("page", "list"):
        what = "list"
    return what, single


def what_of(word: str) -> str:
    """Return the kind of operation that a word says; empty for another word."""
    return next((what for what, words in _WORDS.items() if word in words), "")


def singular(noun: str) -> str:
    """Return a noun without the ending of a plural."""
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    if noun.endswith(("sses", "xes", "ches")):
        return noun[:-2]
    if noun.endswith("s") and not noun.endswith(("ss", "us", "is")):
        return noun[:-1]
    return noun


def is_id(name: str) -> bool:
    """Return whether a field is probably what names a record."""
    return name.rpartition("_")[2] in _IDS


def is_generated(item: Field) -> bool:
    """Return whether the service probably makes the values of a field: IDs."""
    return (
        item.record is None
        and not item.many
        and item.enum is None
        and item.python.rpartition("_")[2] in _GENERATED
    )


def naming_arguments(method: Method, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that say which record is meant: the required ones, else those that look like IDs."""
    given = {
        item.python: arguments[item.python]
        for item in method.arguments
        if item.record is None
        and not item.many
        and not item.map
        and arguments.get(item.python) is not None
    }
    required = {item.python for item in method.arguments if item.required}
    found = {name: value for name, value in given.items() if name in required and is_id(name)}
    found = found or {name: value for name, value in given.items() if name in required}
    return found or dict([(name, value) for name, value in given.items() if is_id(name)][:1])


def same_name(argument: str, field: str) -> bool:
    """Return whether an argument and a field have one name, or one that ends with the other, such as ``id``."""
    return argument == field or argument.endswith(f"_{field}") or field.endswith(f"_{argument}")


def same_value(left: Any, right: Any) -> bool:
    """Return whether two values are one ID, perhaps with a prefix before a slash."""
    if left == right:
        return True
    return str(left).rpartition("/")[2] == str(right).rpartition("/")[2] != ""


def nested_records(
    fields: tuple[Field, ...], values: Mapping[str, Any]
) -> Iterator[tuple[Ref, Any]]:
    """Yield the records among values by their type: a mapping, or a tuple of them for a list."""
    for item in fields:
        value = values.get(item.python)
        if (
            item.record is not None
            and value
            and not item.map
            and isinstance(value, (Mapping, tuple))
        ):
            yield item.record, value
