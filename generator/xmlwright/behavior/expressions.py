"""Expressions of behavior files: Jinja's, in its sandbox, over exact numbers only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.exceptions import TemplateError
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

from .functions import FUNCTIONS

FILTERS: Final = (
    "abs", "default", "first", "join", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr",
    "replace", "select", "selectattr", "sort", "string", "sum", "title", "trim", "truncate", "unique", "upper",
)  # fmt: skip
"""The filters of Jinja that an expression may use; what rounds with floats or makes HTML is left out."""


class ExpressionError(Exception):
    """An expression of a behavior file cannot be evaluated with what is there: a mistake in the file."""


class _Environment(SandboxedEnvironment):
    intercepted_binops = frozenset(["/"])

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if isinstance(left, int) and isinstance(
            right, int
        ):  # exact, where Python would make a float
            return Decimal(left) / right
        return left / right

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A field of a record is none where the record does not have it; a record's methods are out of reach."""
        if isinstance(obj, Mapping):
            return obj.get(attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping):
            return obj.get(argument)
        return super().getitem(obj, argument)


TESTS: Final = (
    "defined", "divisibleby", "eq", "equalto", "even", "false", "ge", "gt", "in", "le", "lt", "mapping", "ne", "none",
    "number", "odd", "sequence", "string", "true", "undefined",
)  # fmt: skip
"""The tests of Jinja that an expression may use."""


def _environment() -> _Environment:
    found = _Environment(undefined=StrictUndefined, autoescape=False)
    found.filters = {name: found.filters[name] for name in FILTERS}
    found.tests = {name: found.tests[name] for name in TESTS}
    found.globals.clear()
    return found


_ENVIRONMENT: Final = _environment()


class Scope(dict[str, Any]):
    """The names that an expression sees: what is around it, and behind that the fields of a record."""

    __slots__ = ("_record",)

    def __init__(self, names: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        super().__init__(names)
        self._record = record

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> Any:
        if name in self._record:
            return self._record[name]
        if dict.__contains__(self, name):
            return dict.__getitem__(self, name)
        return FUNCTIONS.get(name)

    def of(self, record: Mapping[str, Any], **names: Any) -> Scope:
        """The same surroundings with another record and further names."""
        inner = Scope(self, record)
        inner.update(names)
        return inner


class Expression:
    """An expression, compiled when it is first evaluated: a description has hundreds, and a call needs a few."""

    __slots__ = ("_template", "_tree", "text", "where")

    def __init__(self, text: str, where: str = "", tree: nodes.Expr | None = None) -> None:
        """Raises :class:`jinja2.TemplateSyntaxError` (with a line number) for a text that is none."""
        self.text = text
        self.where = where
        """Its place, for messages."""
        self._tree = tree or parse(text)
        self._template: Template | None = None

    def __repr__(self) -> str:
        return f"<Expression {self.text!r}>"

    def _compiled(self) -> Template:
        body = [nodes.Assign(nodes.Name("result", "store"), self._tree, lineno=1)]
        found = self._template = _ENVIRONMENT.from_string(nodes.Template(body, lineno=1))
        return found

    def __call__(self, scope: Scope) -> Any:
        """Return the value of the expression in a scope."""
        template = self._template or self._compiled()
        context = template.new_context(scope, shared=True)
        try:
            for _ in template.root_render_func(context):
                pass
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise ExpressionError(f"{self.where}: {self.text!r}: {error}") from error
        return settled(context.vars["result"])


def settled(value: Any) -> Any:
    """A value as records hold it: lists that do not change, nothing lazy."""
    if value is None or isinstance(value, (str, bytes, tuple, Mapping)):
        return value
    if isinstance(value, StrictUndefined):
        raise ExpressionError(str(value._undefined_message))
    if isinstance(value, Iterable):
        return tuple(value)
    return value


def parse(text: str) -> nodes.Expr:
    """The syntax tree of an expression. Raises :class:`jinja2.TemplateSyntaxError` for a text that is none."""
    parser = Parser(_ENVIRONMENT, text, state="variable")
    tree = parser.parse_expression()
    if not parser.stream.eos:
        raise TemplateSyntaxError("something follows the end of the expression", 1)
    tree.set_environment(_ENVIRONMENT)
    return tree
