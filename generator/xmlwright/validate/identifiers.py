"""Whether what a description says can stand in Python and in XML: names that meet, keywords, characters.

The grammar knows the form of one name; here names are seen beside all others that the generated code holds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Final

from ..diagnostics import Diagnostics, Position, Related
from ..ir import Api, Field, Method, Module
from ..naming import (
    KEYWORDS,
    MODULES,
    RESERVED,
    RESERVED_CLASSES,
    attribute_name,
    constant,
    method_constant,
    python_name,
    test_name,
)
from ..runtime import errors
from ..runtime.scalars import escape
from ..schema.api_grammar import ApiDecl
from ..schema.decoder import LocatedStr
from ..schema.grammar import FieldDecl, GroupDecl, MethodDecl, RecordDecl, ResourceDecl, SharedDecl
from ..schema.loader import Description
from . import wire

_PACKAGES: Final = frozenset(["lxml", "requests", "tests"]) | sys.stdlib_module_names
"""Packages that the output, or what it runs on, imports under these names."""
_OF_CLIENT: Final = frozenset(
    [
        "AsyncClient",
        "AsyncMemoryTransport",
        "AsyncPager",
        "AsyncReplayTransport",
        "AsyncTransport",
        "Backoff",
        "CallInfo",
        "Client",
        "Door",
        "RecordedCall",
        "Failed",
        "File",
        "Hook",
        "HttpResponse",
        "HttpRequest",
        "Httpx2Transport",
        "MemoryTransport",
        "NEVER",
        "OAuth",
        "OAuthFlow",
        "Page",
        "Pager",
        "Raw",
        "RawResponse",
        "Record",
        "Recorder",
        "ReplayTransport",
        "Request",
        "RequestToken",
        "RequestsTransport",
        "RetryPolicy",
        "RowsMissingWarning",
        "RowsShiftedWarning",
        "Transport",
        "UNSET",
        "Unknown",
        "Unset",
        "Upload",
    ]
) | {name for name, value in vars(errors).items() if isinstance(value, type)}
"""Further names that the package and the modules of its clients hold."""


def check(description: Description, api: Api, diagnostics: Diagnostics) -> None:
    """Report names and texts that would make the output invalid Python or a request invalid XML."""
    wire.check(description, diagnostics)
    checker = _Checker(description, api, diagnostics)
    checker.check_api()
    for decl in (*description.resources, description.shared):
        if decl is not None:
            checker.check_names(decl)
    for module in api.modules:
        checker.check_module(module)


class _Names:
    """Names of one scope, each with who has it."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self._diagnostics = diagnostics
        self._owners: dict[str, tuple[str, Position, bool]] = {}

    def claim(self, name: str, what: str, at: Position, *, own: bool = False) -> None:
        """Assign a name; report the second use of it.

        ``own`` marks a name written in the description: two of these are reported elsewhere.
        """
        owner, place, owned = self._owners.setdefault(name, (what, at, own))
        if (owner, place) != (what, at) and not (own and owned):
            self._diagnostics.add(
                "duplicate-name",
                f"{what} and {owner} would both be called {name} in Python",
                at,
                related=[Related(place, owner)],
            )

    def __contains__(self, name: str) -> bool:
        return name in self._owners


class _Checker:
    def __init__(self, description: Description, api: Api, diagnostics: Diagnostics) -> None:
        self._d = description
        self._api = api
        self._diagnostics = diagnostics
        self._resources = {str(decl.resource): decl for decl in description.resources}

    def check_api(self) -> None:
        """What all modules have to do with."""
        self._package()
        self._envelope()
        if not self._api.resources and not self._d.broken:
            self._diagnostics.add(
                "missing-file",
                "no resource has a method; describe one in resources/NAME.yaml",
                self._d.api.at,
            )
        for resource in self._d.resources:
            if resource.resource in MODULES:
                self._bad(
                    f"a resource cannot be called {resource.resource}: every generated package has"
                    " a module of this name",
                    resource.resource.at,
                )

    def check_names(self, decl: ResourceDecl | SharedDecl) -> None:
        """The names in Python that one file gives itself."""
        self._chosen_fields(decl.records.values())
        self._chosen_fields(decl.groups.values())
        if isinstance(decl, ResourceDecl):
            for method in decl.methods.values():
                self._chosen_method(method)

    def check_module(self, module: Module) -> None:
        """Names and words of one module, beside those that are shared."""
        self._module(module)
        self._words(module)
        self._cases(module)
        for method in module.methods:
            self._arguments(module, method)

    def _bad(self, message: str, at: Position, suggestion: str | None = None) -> None:
        self._diagnostics.add("bad-name", message, at, suggestion=suggestion)

    # the API as a whole

    def _package(self) -> None:
        names = self._d.api.python
        parts = names.package.split(".")
        for part in parts:
            if part in KEYWORDS:
                self._bad(f"{part} is a keyword of Python", names.package.at, f"{part}_")
        if parts[0] in _PACKAGES:
            self._bad(
                f"a package called {parts[0]} would hide another one that is needed",
                names.package.at,
            )
        self._class(names.client, "the client", _OF_CLIENT)
        imported = _Names(self._diagnostics)
        for prefix in ("", "Async"):
            imported.claim(f"{prefix}{names.client}", "the client", names.client.at)
            for module in self._api.resources:
                what = f"the methods of {module.name}"
                imported.claim(f"{prefix}{module.class_name}", what, self._named(module))

    def _envelope(self) -> None:
        """Check the characters of what is in every request."""
        for level in self._levels():
            request = level.envelope.request if level.envelope is not None else None
            if request is not None:
                for word in (request.namespace, *request.attributes.values()):
                    if word is not None:
                        self._characters(word, word.at)
        for uri in self._d.api.namespaces.values():
            self._characters(uri, uri.at)
        for scalar in self._d.api.scalars.values():
            for words in scalar.words:
                for word in words if isinstance(words, tuple) else (words,):
                    self._characters(word, word.at)

    def _levels(self) -> Iterator[ApiDecl | ResourceDecl | MethodDecl]:
        """Return everything that may say how calls are on the wire."""
        yield self._d.api
        for resource in self._d.resources:
            yield resource
            yield from resource.methods.values()

    def _characters(self, text: str, at: Position) -> None:
        try:
            escape(text)
        except ValueError as error:
            self._bad(f"should be {error}", at)

    # names

    def _class(
        self,
        name: LocatedStr,
        what: str,
        more: frozenset[str] = frozenset(),
        hint: str | None = None,
    ) -> None:
        if name in RESERVED_CLASSES or name in more:
            self._bad(
                f"{what} cannot be called {name}: generated code has something else of this name",
                name.at,
                hint,
            )

    def _module(self, module: Module) -> None:
        names = _Names(self._diagnostics)
        if module.methods:
            for shared in self._api.modules:
                if not shared.methods and shared is not module:
                    self._claim_types(shared, names)
        self._claim_types(module, names)
        types = _Names(self._diagnostics)
        self._claim_types(module, types)
        for record in module.records:
            for item in record.fields:
                if item.python in types:
                    self._bad(
                        f"the field {item.name} would hide the type {item.python} beside it",
                        item.at,
                        python_name(item.python),
                    )
        for path, name in module.classes:
            if path:
                what = f"the methods below {'.'.join(path)}"
                at = next(item.at for item in module.methods if item.python[: len(path)] == path)
            else:
                what, at = f"the methods of {module.name}", self._named(module)
            self._class(LocatedStr(name, at), what, _OF_CLIENT)
            names.claim(name, what, at, own=not path)
            names.claim(f"Async{name}", what, at)
        for method in module.methods:
            what = f"the method {method.verb}"
            names.claim(method.function, what, method.at)
            names.claim(method_constant(method.function), what, method.at)
        self._attributes(module)

    def _named(self, module: Module) -> Position:
        """Where a resource's class gets its name."""
        decl = self._resources.get(module.name)
        if decl is None:
            return module.at
        word = decl.python or decl.plural or decl.resource
        return word.at

    def _claim_types(self, module: Module, names: _Names) -> None:
        for enum in module.enums:
            what = f"the enum {enum.name}"
            self._class(LocatedStr(enum.name, enum.at), "an enum")
            names.claim(enum.name, what, enum.at, own=True)
            if enum.partly_read_only:
                names.claim(f"{enum.name}Input", what, enum.at)
            self._constant(enum.name, what, enum.at, names)
        for record in module.records:
            what = f"the record {record.name}"
            self._class(LocatedStr(record.name, record.at), "a record", hint=f"{record.name}Record")
            if record.in_responses:
                names.claim(record.name, what, record.at, own=True)
            if record.in_requests:
                names.claim(f"{record.name}Input", what, record.at)
            if record.in_responses or record.in_requests:
                self._constant(record.name, what, record.at, names)

    def _constant(self, name: str, what: str, at: Position, names: _Names) -> None:
        """The table of an enum or record has its name in capitals."""
        if constant(name) == name:
            self._bad(
                f"{name} is all capitals, and so is the name of its table; write it in CapWords",
                at,
                name.capitalize() if len(name) > 1 else None,
            )
        elif constant(name) in RESERVED_CLASSES:
            self._bad(f"the table of {name} cannot be called {constant(name)}", at)
        else:
            names.claim(constant(name), f"the table of {what}", at)

    def _attributes(self, module: Module) -> None:
        """Methods and groups of methods, where they are called."""
        scopes: dict[tuple[str, ...], _Names] = {}
        functions: dict[tuple[str, ...], dict[str, Method]] = {}
        for method in module.methods:
            path = method.python[:-1]
            scope = scopes.setdefault(path, _Names(self._diagnostics))
            scope.claim(method.python[-1], f"the method {method.verb}", method.at)
            functions.setdefault(path, {})[method.function] = method
        for path, _ in module.classes:
            if path:
                first = next(item for item in module.methods if item.python[: len(path)] == path)
                scope = scopes.setdefault(path[:-1], _Names(self._diagnostics))
                scope.claim(path[-1], f"the methods below {'.'.join(path)}", first.at)
        for method in module.methods:
            # Inside a class body the name of a method is found before the builder of that name.
            other = functions[method.python[:-1]].get(method.python[-1])
            if other is not None and other is not method:
                self._diagnostics.add(
                    "duplicate-name",
                    f"the method {method.verb} has the name of the builder of {other.verb}",
                    method.at,
                    related=[Related(other.at, f"the method {other.verb}")],
                )

    def _chosen_fields(self, decls: Iterable[RecordDecl | GroupDecl]) -> None:
        for decl in decls:
            for item in decl.fields.values():
                self._chosen_field(item)

    def _chosen_field(self, item: FieldDecl) -> None:
        """A name that the description itself gives in Python must do as it is."""
        if item.python is not None and (item.python in KEYWORDS or item.python in RESERVED):
            self._bad(
                f"{item.python} cannot be the name of a field or argument in Python",
                item.python.at,
                f"{item.python}_",
            )

    def _chosen_method(self, decl: MethodDecl) -> None:
        if decl.python is not None and attribute_name(str(decl.python)) != decl.python:
            self._bad(
                f"{decl.python} cannot be the name of a method in Python",
                decl.python.at,
                f"{decl.python}_",
            )
        for item in (*decl.arguments.values(), *decl.filters.values()):
            if isinstance(item, FieldDecl):
                self._chosen_field(item)

    def _arguments(self, module: Module, method: Method) -> None:
        field_positions = [{item.at for item in record.fields} for record in module.records]
        names: dict[str, Field] = {}
        for item in method.arguments:
            first = names.setdefault(item.python, item)
            if first is not item and not any(
                {first.at, item.at} <= places for places in field_positions
            ):
                self._diagnostics.add(
                    "duplicate-name",
                    f"the arguments {first.name} and {item.name} of {method.verb} would both be"
                    f" called {item.python} in Python",
                    item.at,
                    related=[Related(first.at, "the other one")],
                )
            if item.attribute is not None and method.wrapper is None:
                self._diagnostics.add(
                    "contradiction",
                    f"the argument {item.name} of {method.verb} is an attribute, and the method has"
                    " no wrapper that could carry it",
                    method.at,
                    related=[Related(item.at, f"{item.name} is described here")],
                )

    def _cases(self, module: Module) -> None:
        functions = {method.verb: method.function for method in module.methods}
        names = _Names(self._diagnostics)
        for case in module.cases:
            if case.call in functions:
                names.claim(
                    test_name(functions[case.call], case.name),
                    f"the test of {case.name!r}",
                    case.places.get("name", case.at),
                )

    # words

    def _words(self, module: Module) -> None:
        for enum in module.enums:
            if not enum.words:
                self._diagnostics.add("missing-key", f"the enum {enum.name} has no words", enum.at)
            for word in enum.words:
                for text in _unique((word.word, word.request, word.response)):
                    if not text.strip() or text.strip() != text:
                        self._bad(
                            f"{text!r} is empty or has white space around it, which XML does not keep",
                            word.at,
                        )
                    self._characters(text, word.at)


def _unique(texts: Iterable[str]) -> Iterator[str]:
    return iter(dict.fromkeys(texts))
