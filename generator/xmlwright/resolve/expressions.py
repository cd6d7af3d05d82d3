"""Check the expressions of behavior files: every name in them is a field, a function or a resource that there is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jinja2 import TemplateError, nodes

from ..behavior.expressions import FILTERS, TESTS, Expression, parse
from ..behavior.functions import FUNCTIONS
from ..diagnostics import Diagnostics, nearest
from ..schema.decoder import LocatedStr

LOOKING: Final = ("find", "one", "count", "get", "exists", "next_number")
"""Functions whose first argument is a resource."""
KNOWN: Final = frozenset({*FUNCTIONS, *LOOKING, "secret", "series"})
_SAME: Final = frozenset(
    {"list", "sort", "select", "reject", "selectattr", "rejectattr", "unique", "default"}
)
_TESTING: Final = frozenset({"selectattr", "rejectattr"})
_KEYWORDS: Final = frozenset({"attribute", "default", "reverse", "start", "length", "end"})
"""What filters are given by name."""
_MAKING: Final = frozenset({"record", "with_values"})
"""Functions that set fields by name."""
_ONE: Final = frozenset({"first", "last", "min", "max"})


@dataclass(frozen=True, slots=True, eq=False)
class Type:
    """What is known of a value: the names of a record, the items of a list, the words of an enum."""

    names: Callable[[], Mapping[str, Type]] | None = None
    """Names of a record; None where they are unknown."""
    item: Type | None = None
    words: frozenset[str] | None = None
    what: str = ""


ANY: Final = Type()


@dataclass(frozen=True, slots=True)
class Known:
    """What expressions of one place see."""

    names: Mapping[str, Type]
    resources: Mapping[str, Type] = field(default_factory=dict)
    """Resource -> its records."""


class ExpressionChecker:
    """Compiles expressions and reports what is wrong with them."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self._diagnostics = diagnostics

    def expression(
        self,
        word: LocatedStr,
        known: Known,
        words: frozenset[str] | None = None,
        gives: Type | None = None,
    ) -> Expression:
        """The compiled expression; one that is always none where it is wrong.

        ``words`` are what a constant that it gives has to be one of, ``gives`` the record that it gives, or a list of
        such.
        """
        try:
            tree = parse(str(word))
        except TemplateError as error:
            self._diagnostics.add(
                "bad-expression", f"invalid expression {word!r}: {error.message}", word.at
            )
            return Expression("none")
        walker = _Walker(word, known, self._diagnostics)
        walker.type_of(tree)
        if words is not None:
            for constant in _constants(tree):
                walker.word(constant, words, "the field")
        if gives is not None:
            walker.gives(tree, gives)
        return Expression(str(word), str(word.at), tree)


def constants(text: str) -> Iterable[str]:
    """The texts that an expression may give as they stand; none where it is no expression."""
    try:
        yield from _constants(parse(text))
    except TemplateError:
        return


def _constants(node: nodes.Node | None) -> Iterable[str]:
    """The texts that an expression may give as they stand."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, nodes.CondExpr):
        yield from _constants(node.expr1)
        yield from _constants(node.expr2)
    elif isinstance(node, (nodes.Or, nodes.And)):
        yield from _constants(node.right)


class _Walker:
    def __init__(self, word: LocatedStr, known: Known, diagnostics: Diagnostics) -> None:
        self._word = word
        self._known = known
        self._diagnostics = diagnostics

    def _tell(self, message: str, name: str = "", among: Iterable[str] = ()) -> None:
        self._diagnostics.add(
            "bad-expression",
            message,
            self._word.at,
            suggestion=nearest(name, among) if name else None,
        )

    def word(self, text: str, words: frozenset[str], what: str) -> None:
        """Report a text that is not one of the words."""
        if text not in words:
            self._tell(f"{text!r} is not a word of {what}", text, words)

    def gives(self, node: nodes.Node, wanted: Type) -> None:
        """Report unknown fields that are set in a record."""
        wanted = wanted.item or wanted
        if wanted.names is None:
            return
        inside: Iterable[nodes.Expr | None] = ()
        if isinstance(node, nodes.CondExpr):
            inside = (node.expr1, node.expr2)
        elif isinstance(node, (nodes.Or, nodes.And, nodes.Add)):
            inside = (node.left, node.right)
        elif isinstance(node, (nodes.List, nodes.Tuple)):
            inside = node.items
        for child in inside:
            if child is not None:
                self.gives(child, wanted)
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name):
            for keyword in node.kwargs if node.node.name in _MAKING else ():
                self.gives(keyword.value, self._member(wanted, keyword.key))

    def type_of(self, node: nodes.Node | None) -> Type:
        """Return what is known of the value of a node; report what is wrong in it."""
        if node is None:
            return ANY
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is not None:
            return method(node)  # type: ignore[no-any-return]
        for child in node.iter_child_nodes():
            self.type_of(child)
        return ANY

    def _const(self, node: nodes.Const) -> Type:
        if isinstance(node.value, float):
            self._tell(f"{node.value} is not exact; write a fraction, such as 1 / 2")
        return ANY

    def _name(self, node: nodes.Name) -> Type:
        found = self._known.names.get(node.name)
        if found is None:
            hint = " without being called" if node.name in KNOWN else ""
            self._tell(
                f"unknown name {node.name!r}{hint}",
                node.name,
                {*self._known.names, *KNOWN},
            )
            return ANY
        return found

    def _getattr(self, node: nodes.Getattr) -> Type:
        return self._member(self.type_of(node.node), node.attr)

    def _getitem(self, node: nodes.Getitem) -> Type:
        base = self.type_of(node.node)
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return self._member(base, node.arg.value)
        self.type_of(node.arg)
        if isinstance(node.arg, nodes.Slice):
            return base
        return base.item or ANY

    def _member(self, base: Type, name: str) -> Type:
        if base.names is None:
            return ANY
        names = base.names()
        if name not in names:
            self._tell(f"{base.what} has no field {name!r}", name, names)
            return ANY
        return names[name]

    def _path(self, base: Type | None, path: str) -> Type:
        """The type at a dotted path below the items of a list."""
        found = base or ANY
        for name in path.split("."):
            found = self._member(found.item or found, name)
        return found

    # operators

    def _compare(self, node: nodes.Compare) -> Type:
        sides = [node.expr, *(operand.expr for operand in node.ops)]
        types = [self.type_of(side) for side in sides]
        for index, one in enumerate(types):
            if one.words is None:
                continue
            for other in (sides[index - 1 :][:1] if index else []) + sides[index + 1 :][:1]:
                for text in _texts(other):
                    self.word(text, one.words, one.what or "the field")
        return ANY

    def _condexpr(self, node: nodes.CondExpr) -> Type:
        self.type_of(node.test)
        first, second = self.type_of(node.expr1), self.type_of(node.expr2)
        return first if first is not ANY else second

    def _or(self, node: nodes.Or) -> Type:
        left, right = self.type_of(node.left), self.type_of(node.right)
        return left if left is not ANY else right

    def _and(self, node: nodes.And) -> Type:
        self.type_of(node.left)
        return self.type_of(node.right)

    def _list(self, node: nodes.List | nodes.Tuple) -> Type:
        types = [self.type_of(item) for item in node.items]
        return Type(item=types[0] if types else None)

    _tuple = _list

    def _add(self, node: nodes.Add) -> Type:
        left, right = self.type_of(node.left), self.type_of(node.right)
        if left.item is not None and right.item is not None and left.item is not right.item:
            return ANY
        return left if left is not ANY else right

    # calls

    def _call(self, node: nodes.Call) -> Type:
        name = node.node.name if isinstance(node.node, nodes.Name) else None
        if name is None or name not in KNOWN:
            self._tell(f"unknown function {name or ''!r}", name or "", KNOWN)
            return ANY
        types = [self.type_of(item) for item in node.args]
        for keyword in node.kwargs:
            self.type_of(keyword.value)
        if name in LOOKING:
            return self._looking(name, node)
        row = types[0] if types else ANY
        if name == "without":
            for keyword in node.kwargs:
                self._path(row, keyword.key)
        elif name == "group":
            for argument in node.args[1:]:
                for value in argument.items if isinstance(argument, nodes.Dict) else ():
                    for text in _texts(value.value):
                        self._path_to_day(row, text)
        elif name in ("between", "trimmed", "total"):
            for argument in node.args[1 : None if name == "trimmed" else 2]:
                for text in _texts(argument):
                    self._path(row, text)
        elif name == "merged":
            for text in _texts(node.args[2]) if len(node.args) > 2 else ():
                self._path(row, text)
        elif name == "only":
            for argument in node.args[1:]:
                for text in _texts(argument):
                    self._path(row, text)
            return row
        return row if name in ("without", "merged", "between", "trimmed") else ANY

    def _path_to_day(self, row: Type, path: str) -> None:
        head, _, last = path.rpartition(".")
        self._path(row, head if head and last in ("year", "month", "day") else path)

    def _looking(self, name: str, node: nodes.Call) -> Type:
        first = next(iter(_texts(node.args[0])), None) if node.args else None
        if first is None:
            self._tell(f"{name} is given the name of a resource, in quotes, first")
            return ANY
        rows = self._known.resources.get(first)
        if rows is None:
            self._tell(f"unknown resource {first!r}", first, self._known.resources)
            return ANY
        paths = [keyword.key for keyword in node.kwargs if keyword.key != "where"]
        where = [keyword.value for keyword in node.kwargs if keyword.key == "where"]
        if name in ("find", "one", "count"):
            where.extend(node.args[1:2])
            for given in where:
                if isinstance(given, nodes.Dict):
                    paths.extend(text for pair in given.items for text in _texts(pair.key))
        elif name == "next_number":
            paths.extend(text for argument in node.args[1:2] for text in _texts(argument))
        for path in paths:
            self._path(rows, path)
        if name == "find":
            return Type(item=rows, what=rows.what)
        return rows if name in ("one", "get") else ANY

    def _test(self, node: nodes.Test) -> Type:
        if node.name not in TESTS:
            self._tell(f"unknown test {node.name!r}", node.name, TESTS)
        self.type_of(node.node)
        for child in node.args:
            self.type_of(child)
        return ANY

    def _filter(self, node: nodes.Filter) -> Type:
        if node.name not in FILTERS:
            self._tell(f"unknown filter {node.name!r}", node.name, FILTERS)
        for argument in node.args[1:2] if node.name in _TESTING else ():
            for text in _texts(argument):
                if text not in TESTS:
                    self._tell(f"unknown test {text!r}", text, TESTS)
        for keyword in node.kwargs:
            if keyword.key not in _KEYWORDS:
                self._tell(f"unknown filter argument {keyword.key!r}", str(keyword.key), _KEYWORDS)
        base = self.type_of(node.node)
        for child in (*node.args, *(keyword.value for keyword in node.kwargs)):
            self.type_of(child)
        paths = [
            text
            for keyword in node.kwargs
            if keyword.key == "attribute"
            for text in _texts(keyword.value)
        ]
        if node.name in ("selectattr", "rejectattr"):
            paths.extend(text for argument in node.args[:1] for text in _texts(argument))
        found = [self._path(base, path) for path in paths]
        if node.name == "map" and found:
            return Type(item=found[0])
        if node.name in _SAME:
            return base
        return (base.item or ANY) if node.name in _ONE else ANY


def _texts(node: Any) -> Iterable[str]:
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, (nodes.List, nodes.Tuple)):
        for item in node.items:
            yield from _texts(item)
