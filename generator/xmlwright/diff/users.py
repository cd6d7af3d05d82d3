"""Users: the lines of a program that a change breaks, found in its source by following what each name stands for."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ..ir import Api, Field, Method, Ref
from ..naming import client_attribute
from ..runtime.errors import FAILURES
from .rules import Change


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that a change breaks."""

    line: int
    change: Change
    certain: bool
    """False where it depends on a value, or where what the name stands for is not known."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What an expression is: a resource of the client, an object, or a list or pager of objects."""

    what: str
    """``resource``, ``record``, ``many``, ``pages`` or ``other`` (something that no change is about)."""
    resource: str = ""
    path: tuple[str, ...] = ()
    record: Ref | None = None


_OTHER: Final = _Kind("other")
_NAMES: Final = {
    "client-renamed", "class-renamed", "record-removed", "input-removed", "enum-removed", "event-removed",
    "environment-renamed", "package-renamed", "oauth-removed", "error-kind-changed", "callbacks-removed",
    "event-no-longer-fired",
}  # fmt: skip
_MISSING: Final = {
    "required-argument-added", "argument-now-required",
    "required-input-field-added", "input-field-now-required",
}  # fmt: skip
_BY_VALUE: Final = {"limit-tightened"}


def broken(source: str, changes: Iterable[Change], old: Api) -> list[Broken]:
    """Lines of a program that break, in their order. ``old`` is what the program was written for.

    Raises:
        SyntaxError: it is no Python.
    """
    found = _Reader(old, [change for change in changes if change.python == "breaking"])
    found.visit(ast.parse(source))
    kept: dict[tuple[int, Change], Broken] = {}
    for item in found.found:
        known = kept.get((item.line, item.change))
        if known is None or item.certain > known.certain:
            kept[item.line, item.change] = item
    return sorted(kept.values(), key=lambda item: (item.line, item.change.what, item.change.rule))


class _Reader(ast.NodeVisitor):
    def __init__(self, api: Api, changes: list[Change]) -> None:
        self._api = api
        self._resources = {client_attribute(module.name): module for module in api.resources}
        self._methods = {(method.resource, method.python): method for method in api.methods}
        self._records = {record.name: ref for ref, record in api.records.items()}
        self._known: dict[str, _Kind] = {}
        self._modules: dict[str, str] = {}
        """Name in the program -> resource whose module it is."""
        self._named = [change for change in changes if change.rule in _NAMES]
        self._by_what: dict[str, list[Change]] = {}
        for change in changes:
            self._by_what.setdefault(change.what, []).append(change)
        self._fields = {
            item.python: f"{record.name}.{item.name}"
            for record in api.records.values()
            for item in record.fields
            if self._answer_changes(f"{record.name}.{item.name}")
        }
        """Fields whose reading breaks, by the name that a program reads."""
        self.found: list[Broken] = []

    # what is told

    def _tell(self, node: ast.AST, changes: Iterable[Change], *, certain: bool = True) -> None:
        line = getattr(node, "lineno", 1)
        self.found += [Broken(line, change, certain) for change in changes]

    def _answer_changes(self, what: str) -> list[Change]:
        return [
            change
            for change in self._by_what.get(what, ())
            if change.rule.startswith("answer-") or change.rule == "field-renamed-in-python"
        ]

    # what names stand for

    def _kind(self, node: ast.expr | None) -> _Kind | None:
        """What an expression stands for; None where that is not known."""
        if isinstance(node, ast.Name):
            return self._known.get(node.id)
        if isinstance(node, ast.Await):
            return self._kind(node.value)
        if isinstance(node, ast.Subscript):
            inner = self._kind(node.value)
            return _Kind("record", record=inner.record) if inner and inner.what == "many" else None
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        if isinstance(node, ast.Call):
            return self._called(node)
        if isinstance(node, (ast.Constant, ast.JoinedStr, ast.Dict, ast.List, ast.Tuple)):
            return _OTHER
        return None

    def _attribute(self, node: ast.Attribute) -> _Kind | None:
        base = self._kind(node.value)
        if base is None:
            if node.attr in self._resources:
                return _Kind("resource", self._resources[node.attr].name)
            return None
        if base.what == "resource":
            return _Kind("resource", base.resource, (*base.path, node.attr))
        if base.what == "record" and base.record is not None:
            item = self._api.records[base.record].field(node.attr)
            if item is None or item.record is None:
                return _OTHER
            return _Kind("many" if item.many else "record", record=item.record)
        if base.what == "pages" and node.attr == "items":
            return _Kind("many", record=base.record)
        return _OTHER if base.what == "other" else None

    def _called(self, node: ast.Call) -> _Kind | None:
        method = self._method(node.func)
        if method is not None:
            record = method.answer.record
            kinds = {"record": "record", "page": "pages", "list": "many"}
            return (
                _Kind(kinds[method.answer.value], record=record) if record is not None else _OTHER
            )
        if isinstance(node.func, ast.Attribute):
            base = self._kind(node.func.value)
            if base is not None and base.what == "pages":
                walked = {"first": "record", "take": "many", "pages": "many-pages", "page": "pages"}
                return _Kind(walked.get(node.func.attr, "other"), record=base.record)
        if isinstance(node.func, ast.Name) and node.func.id in (
            "list",
            "sorted",
            "reversed",
            "tuple",
        ):
            inner = self._kind(node.args[0]) if node.args else None
            return _Kind("many", record=inner.record) if inner is not None else None
        if isinstance(node.func, ast.Name) and node.func.id in self._records:
            return _Kind("record", record=self._records[node.func.id])
        return None

    def _method(self, node: ast.expr) -> Method | None:
        """The method of the API that an expression is."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            resource = self._modules.get(node.value.id)
            if resource is not None:
                return next(
                    (method for method in self._api.methods
                     if method.resource == resource and method.function == node.attr), None
                )  # fmt: skip
        kind = self._kind(node) if isinstance(node, ast.Attribute) else None
        if kind is None or kind.what != "resource":
            return None
        return self._methods.get((kind.resource, kind.path))

    def _annotated(self, annotation: ast.expr | None) -> _Kind | None:
        if annotation is None:
            return None
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            names = [annotation.value]
        else:
            names = [node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)]
            names += [node.attr for node in ast.walk(annotation) if isinstance(node, ast.Attribute)]
        records = [self._records[name] for name in names if name in self._records]
        if records:
            many = isinstance(annotation, ast.Subscript)
            return _Kind("many" if many else "record", record=records[0])
        return None

    def _bind(self, target: ast.expr, kind: _Kind | None) -> None:
        if isinstance(target, ast.Name):
            if kind is None:
                self._known.pop(target.id, None)
            else:
                self._known[target.id] = kind

    def _element(self, node: ast.expr) -> _Kind | None:
        """What the elements of something that is gone through are."""
        kind = self._kind(node)
        if kind is None or kind.what == "other":
            return kind
        return _Kind("pages" if kind.what == "many-pages" else "record", record=kind.record)

    # going through the program

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        for target in node.targets:
            self._bind(target, self._kind(node.value))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.generic_visit(node)
        self._bind(node.target, self._annotated(node.annotation) or self._kind(node.value))

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.generic_visit(node)
        self._bind(node.target, self._kind(node.value))

    def visit_arg(self, node: ast.arg) -> None:
        self.generic_visit(node)
        kind = self._annotated(node.annotation)
        if kind is not None:
            self._known[node.arg] = kind

    def visit_For(self, node: ast.For) -> None:
        self._bind(node.target, self._element(node.iter))
        self.generic_visit(node)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> None:
        self._bind(node.target, self._element(node.iter))
        self.generic_visit(node)

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> None:
        for part in node.generators:  # they stand after what they bind
            self._bind(part.target, self._element(part.iter))
        self.generic_visit(node)

    visit_ListComp = _comprehension  # noqa: N815 - the names are those of ast
    visit_SetComp = _comprehension  # noqa: N815
    visit_DictComp = _comprehension  # noqa: N815
    visit_GeneratorExp = _comprehension  # noqa: N815

    def visit_With(self, node: ast.With) -> None:
        for part in node.items:
            if part.optional_vars is not None:
                self._bind(part.optional_vars, self._kind(part.context_expr))
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._imported(node, alias.name)
        self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self._imported(node, node.module or "")
        for alias in node.names:
            self._name(node, alias.name)
            resource = next((m.name for m in self._api.resources if m.python == alias.name), None)
            if resource is not None:
                self._modules[alias.asname or alias.name] = resource
        module = (node.module or "").rpartition(".")[2]
        for gone in self._api.resources:
            if gone.python == module:
                self._tell(node, self._by_what.get(gone.name, ()))

    def _imported(self, node: ast.AST, module: str) -> None:
        package = self._api.names.package
        parts, wanted = module.split("."), package.split(".")
        inside = any(parts[start : start + len(wanted)] == wanted for start in range(len(parts)))
        self._tell(node, [c for c in self._named if c.rule == "package-renamed" and inside])

    def _name(self, node: ast.AST, name: str) -> None:
        """A name of the package that the program uses."""
        for change in self._named:
            if change.rule in ("client-renamed",):
                hit = name in (self._api.names.client, f"Async{self._api.names.client}")
            elif change.rule == "class-renamed":
                classes = [m.class_name for m in self._api.resources if m.name == change.what]
                hit = name in (*classes, *(f"Async{one}" for one in classes))
            elif change.rule in ("record-removed", "enum-removed"):
                hit = name == change.what
            elif change.rule == "input-removed":
                hit = name == f"{change.what}Input"
            else:
                hit = change.rule == "oauth-removed" and name == "oauth"
            if hit:
                self._tell(node, [change])

    def visit_Constant(self, node: ast.Constant) -> None:
        if not isinstance(node.value, str):
            return
        events = {event.name for event in self._api.events}
        for change in self._named:
            event = change.message.rpartition(" ")[2] if change.rule.startswith("event-") else None
            if node.value == event or (change.rule == "callbacks-removed" and node.value in events):
                self._tell(node, [change])
        self._variable(node, node.value)

    def visit_keyword(self, node: ast.keyword) -> None:
        self._variable(node, node.arg or "")
        self.generic_visit(node)

    def _variable(self, node: ast.AST, name: str) -> None:
        if name.startswith(f"{self._api.names.environment}_"):
            self._tell(node, [c for c in self._named if c.rule == "environment-renamed"])

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        named = (
            {item.id for item in ast.walk(node.type) if isinstance(item, ast.Name)}
            if node.type
            else set()
        )
        kinds = {error.code: FAILURES[error.kind].__name__ for error in self._api.errors}
        changed = [
            c for c in self._named if c.rule == "error-kind-changed" and kinds.get(c.what) in named
        ]
        self._tell(node, changed)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.generic_visit(node)
        self._name(node, node.attr)
        if not isinstance(node.ctx, ast.Load):
            return
        base = self._kind(node.value)
        if base is not None and base.what == "record" and base.record is not None:
            record = self._api.records[base.record]
            item = record.field(node.attr)
            if item is not None:
                self._tell(node, self._answer_changes(f"{record.name}.{item.name}"))
                if item.python == record.identity:
                    identity = [
                        c
                        for c in self._by_what.get(record.name, ())
                        if c.rule == "identity-changed"
                    ]
                    self._tell(node, identity)
        elif base is None and node.attr in self._fields:
            self._tell(node, self._answer_changes(self._fields[node.attr]), certain=False)

    # calls

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id.removesuffix("Input") in self._records:
            ref = self._records[node.func.id.removesuffix("Input")]
            given = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
            self._members(node, ref, given, whole=all(keyword.arg for keyword in node.keywords))
        method = self._method(node.func)
        if method is not None:
            self._tell(node, self._by_what.get(method.resource, ()) if self._gone(method) else ())
            changes = self._by_what.get(method.name, ())
            self._tell(node, [change for change in changes if change.rule not in _NAMES])
            self._arguments(node, method)

    def _gone(self, method: Method) -> bool:
        return any(c.rule == "resource-removed" for c in self._by_what.get(method.resource, ()))

    def _arguments(self, node: ast.Call, method: Method) -> None:
        given = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        given.update(zip(method.positional, node.args, strict=False))
        spread = any(keyword.arg is None for keyword in node.keywords) or any(
            isinstance(item, ast.Starred) for item in node.args
        )
        known = {item.name for item in method.arguments}
        start = f"{method.name}."
        for what, changes in self._by_what.items():  # those of arguments that are new
            name = what.removeprefix(start)
            if what.startswith(start) and name not in known and name.isidentifier():
                missing = [change for change in changes if change.rule in _MISSING]
                self._tell(node, missing, certain=not spread)
        for item in method.arguments:
            changes = self._by_what.get(start + item.name, [])
            self._given(node, item, given.get(item.python), changes, spread)
            positional = item.python in method.positional[: len(node.args)]
            self._tell(node, [c for c in changes if c.rule == "now-keyword-only" and positional])

    def _given(
        self,
        node: ast.expr,
        item: Field,
        value: ast.expr | None,
        changes: list[Change],
        spread: bool,
    ) -> None:
        missing = [change for change in changes if change.rule in _MISSING]
        if value is None:
            self._tell(node, missing, certain=not spread)
            return
        none = isinstance(value, ast.Constant) and value.value is None
        for change in changes:
            if change.rule in _MISSING or change.rule == "now-keyword-only":
                continue
            if change.rule == "clear-now-refused":
                if none or not isinstance(value, ast.Constant):
                    self._tell(value, [change], certain=none)
            elif change.rule == "argument-renamed-in-python" or not none:
                certain = change.rule not in _BY_VALUE and not _fits(change, value)
                self._tell(value, [change], certain=certain)
        self._nested(item, value)

    def _nested(self, item: Field, value: ast.expr) -> None:
        values = value.elts if isinstance(value, (ast.List, ast.Tuple)) else [value]
        for one in values:
            if item.record is not None and isinstance(one, ast.Dict):
                keys = [key.value if isinstance(key, ast.Constant) else None for key in one.keys]
                given = {
                    str(key): inner for key, inner in zip(keys, one.values, strict=True) if key
                }
                self._members(one, item.record, given, whole=None not in keys)
            elif (
                item.enum is not None
                and isinstance(one, ast.Constant)
                and isinstance(one.value, str)
            ):
                changes = self._by_what.get(f"{item.enum.name}.{one.value}", ())
                self._tell(one, [change for change in changes if change.rule == "word-removed"])

    def _members(
        self, node: ast.expr, ref: Ref, given: Mapping[str, ast.expr], *, whole: bool
    ) -> None:
        record = self._api.records[ref]
        known = {item.name for item in record.fields}
        start = f"{record.name}."
        for what, changes in self._by_what.items():
            if what.startswith(start) and what.removeprefix(start) not in known:
                self._tell(node, [c for c in changes if c.rule in _MISSING], certain=whole)
        for item in record.fields:
            changes = [
                change
                for change in self._by_what.get(start + item.name, [])
                if not change.rule.startswith("answer-")
            ]
            self._given(node, item, given.get(item.python), changes, not whole)


def _fits(change: Change, value: ast.expr) -> bool:
    """Whether a narrower type may still take a value: one that is written down as a whole number does."""
    if not change.rule.endswith("-narrowed"):
        return False
    if isinstance(value, ast.Constant):
        return type(value.value) is int
    return True
