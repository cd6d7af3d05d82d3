"""Render: from the resolved description to the text of every file of the output, by a tree of templates.

The template tree mirrors the output: ``%package%`` in a name stands for the import name, ``%module%`` for each module and
``%resource%`` for each resource; names that begin with ``_`` and lie at the top hold macros only; ``.j2`` is dropped. What
templates may use is in docs/template-contract.md.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Final

import jinja2
import jinja2.meta

from ..diagnostics import Position
from ..ir import Api, Case, Enum, EnumWord, Field, Method, Module, Record
from ..naming import client_attribute, constant, method_constant, module_name, python_name
from ..runtime import errors as runtime_errors
from ..runtime.errors import Error
from ..settings import LINE_LENGTH
from . import literals, modules
from .templates import CONTRACT, SUFFIX, TemplateLoader
from .templates import TemplateError as TemplateError
from .views import ModuleView, example
from .views_api import ApiView
from .views_cases import CaseView

RUNTIME: Final = Path(__file__).parents[1] / "runtime"


@dataclass(frozen=True, slots=True)
class Rendered:
    """One file of the output before formatting."""

    path: str
    """Below the output folder, with forward slashes."""
    text: str
    python: bool
    template: str = ""
    """The template that it is made by, as messages name it; empty for a copy."""


def render(
    api: Api,
    templates: Path,
    overlay: Path | None = None,
    *,
    root: Path | None = None,
    line_length: int = LINE_LENGTH,
    left_out: Mapping[str, str] | None = None,
) -> list[Rendered]:
    """Return every file of the output, sorted by path. Messages name templates relative to ``root``.

    Raises:
        TemplateError: a template does not parse, uses a name that is not defined, or needs another contract.
    """
    loader = TemplateLoader(templates, overlay, root)
    return Renderer(api, loader, line_length, left_out).all()


def render_one(api: Api, tree: TemplateLoader, template: str) -> str:
    """What one template gives that needs nothing but the API. Raises TemplateError."""
    return Renderer(api, tree)._render(template, template, api).text


def package_path(api: Api) -> str:
    """Folder of the package below the output."""
    return api.names.package.replace(".", "/")


class _Context(jinja2.runtime.Context):
    """Looks at the whole description only for a template that asks for what is found there."""

    def resolve_or_missing(self, key: str) -> Any:
        if key == "example":
            api: Any = self.environment.globals["api"]
            return example(api)
        return super().resolve_or_missing(key)


class _Environment(jinja2.Environment):
    """Notes which templates are asked for."""

    asked: set[str]
    context_class = _Context

    def get_template(self, name: Any, *args: Any, **kwargs: Any) -> jinja2.Template:
        if isinstance(name, str):
            self.asked.add(name)
        return super().get_template(name, *args, **kwargs)


class Renderer:
    """Renders one output. :attr:`asked` and :meth:`needs` tell what a file came from."""

    def __init__(
        self,
        api: Api,
        tree: TemplateLoader,
        line_length: int = LINE_LENGTH,
        left_out: Mapping[str, str] | None = None,
    ) -> None:
        self._api = api
        self._tables = ApiView(api)
        self._absent = modules.unused(api)
        self._tree = tree
        self._env = _Environment(
            loader=jinja2.FunctionLoader(self._load),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,
        )
        self._env.asked = set()
        self._env.filters.update(FILTERS)
        self._env.filters["docstring"] = functools.partial(literals.docstring, width=line_length)
        self._env.globals.update(
            api=api,
            contract=".".join(map(str, CONTRACT)),
            # Modules of the runtime that the client does not need.
            absent=self._absent,
            errors=_errors(),
            # Public names that a partial copy lacks -> options of `xmlwright vendor` that add them.
            left_out=left_out or {},
            line_length=line_length,
            modules=api.modules,
            tables=self._tables,
        )

    def all(self) -> list[Rendered]:
        """Every file, in the order of their paths; a Python file without text is left out."""
        files = {item.path: item for item in self.files() if item.text.strip() or not item.python}
        return [files[path] for path in sorted(files)]

    @property
    def asked(self) -> Set[str]:
        """Templates that were asked for since :meth:`forget`."""
        return self._env.asked

    def forget(self) -> None:
        """Begin to note anew which templates are asked for."""
        self._env.asked = set()

    def needs(self, names: Set[str]) -> set[str]:
        """Templates with all that they import, include or extend."""
        found: set[str] = set()
        todo = list(names)
        while todo:
            name = todo.pop()
            if name in found:
                continue
            found.add(name)
            try:
                tree = self._env.parse(self._tree.path(name).read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError, jinja2.TemplateError):
                continue
            todo += [other for other in jinja2.meta.find_referenced_templates(tree) if other]
        return found

    def files(self) -> Iterator[Rendered]:
        """Every file as it is made: those that are copied, and those of the templates in the order of their names."""
        runtime = self._tree.runtime()
        names = self._tree.names()
        if not names:
            raise TemplateError(f"there are no templates in {self._tree.folder}")
        if runtime is not None:
            folder = runtime.replace("%package%", package_path(self._api))
            yield from _runtime(folder, self._absent)
        for name in names:
            if name.startswith("_"):
                continue
            target = name.removesuffix(SUFFIX).replace("%package%", package_path(self._api))
            if "%module%" in target:
                for module in self._api.modules:
                    yield self._module(name, target.replace("%module%", module.python), module)
            elif "%resource%" in target:
                for module in self._api.resources:
                    if module.cases:
                        yield self._tests(name, target.replace("%resource%", module.name), module)
            else:
                yield self._render(name, target, self._api)

    def _load(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        if ".." in name.split("/") or not name.endswith(SUFFIX):
            return None
        path = self._tree.path(name)
        if not path.is_file():
            return None
        return path.read_text(encoding="utf-8"), str(path), lambda: True

    def _module(self, template: str, target: str, module: Module) -> Rendered:
        view = _View(self._api, module, self._tables)
        return self._render(
            template, target, module, module=module, view=view, enum_words=view.enum_codec
        )

    def _tests(self, template: str, target: str, module: Module) -> Rendered:
        view = _View(self._api, module, self._tables)
        methods = {method.verb: method for method in module.methods}
        cases = [CaseView(view, methods[case.call], case) for case in module.cases]
        return self._render(template, target, module, module=module, view=view, cases=cases)

    def _render(self, template: str, target: str, about: Api | Module, **values: Any) -> Rendered:
        try:
            text = self._env.get_template(template).render(**values)
        except jinja2.TemplateSyntaxError as error:
            place = f"{self._tree.shown(error.name or template)}:{error.lineno}"
            raise TemplateError(f"{place}: {error.message}") from error
        except UnicodeDecodeError as error:
            named = self._tree.shown(template)
            raise TemplateError(f"{named}: is not UTF-8 ({error.reason})") from error
        except Exception as error:  # whatever an expression of a template can raise
            place, what = self._origin(error, template, about)
            message = (
                f"there is no template {error.message}"
                if isinstance(error, jinja2.TemplateNotFound)
                else str(error) or type(error).__name__
            )
            if not isinstance(error, jinja2.TemplateError):
                message = f"{type(error).__name__}: {message}"
            raise TemplateError(f"{place}: {message} (rendering {what})") from error
        path = PurePosixPath(target)
        python = path.suffix in (".py", ".pyi")
        return Rendered(str(path), text, python, self._tree.shown(template))

    def _origin(self, error: Exception, template: str, about: Api | Module) -> tuple[str, str]:
        """Return the position in the innermost template that raised, and the piece of the description being rendered."""
        place = self._tree.shown(template)
        innermost: Any = about
        trace = error.__traceback__
        while trace is not None:
            file = Path(trace.tb_frame.f_code.co_filename)
            if file.suffix == SUFFIX:
                place = f"{self._tree.shown_path(file)}:{trace.tb_lineno}"
                innermost = max(
                    [innermost, *_variables(trace)],
                    key=lambda value: _DEPTH.get(type(value), -1),
                )
            trace = trace.tb_next
        return place, _described(innermost)


def _variables(trace: TracebackType) -> list[Any]:
    """What the variables of a template stand for at one step of a traceback."""
    found = []
    for name, value in trace.tb_frame.f_locals.items():
        if name == "__jinja_exception__" or name in ("api", "modules"):
            continue
        found.append(value.case if isinstance(value, CaseView) else value)
    return found


_DEPTH: Final[dict[type, int]] = {
    Module: 1, Enum: 2, Record: 2, Method: 2, EnumWord: 3, Field: 3, Case: 3,
}  # fmt: skip
"""How deep in a description a thing is: of several at hand, the deepest is the one that is being rendered."""


def _described(value: Any) -> str:
    """A piece of a description in a message."""
    if isinstance(value, Api):
        return f"the API {value.name}"
    at: Position = value.at
    kind = type(value).__name__.lower() if not isinstance(value, EnumWord) else "word"
    return f"the {kind} {value.word if isinstance(value, EnumWord) else value.name}, {at}"


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "literal": literals.literal,
    "block": literals.block,
    "docstring": literals.docstring,
    "constant": constant,
    "client_attribute": client_attribute,
    "method_constant": method_constant,
    "python_name": python_name,
    "module_name": module_name,
    "toml": literals.toml,
    "json": literals.json_text,
    "comment": literals.comment,
    "encode": lambda text: str(text).strip().encode(),
}
"""Filters that templates may use, beside those of Jinja."""


def _errors() -> list[str]:
    return sorted(
        name
        for name, value in vars(runtime_errors).items()
        if isinstance(value, type) and issubclass(value, Error)
    )


def _runtime(folder: str, absent: Set[str]) -> Iterator[Rendered]:
    sources = {path.stem: path.read_text(encoding="utf-8") for path in RUNTIME.glob("*.py")}
    for name, text in modules.kept(sources, absent).items():
        yield Rendered(f"{folder}/{name}.py", text, False)


class _View(ModuleView):
    """Adds what only rendering needs."""

    def foreign_typing(self) -> dict[str, list[str]]:
        """Names of other modules that only annotations use."""
        return {
            module: sorted(names - self.foreign.get(module, set()))
            for module, names in self.typing_only.items()
            if names - self.foreign.get(module, set())
        }

    def typing_names(self) -> list[str]:
        """Names of the typing module that the text uses."""
        names = ["Final"] if self.module.methods or self.module.enums or self.shapes() else []
        if self.foreign_typing() or "Required" in self.uses:
            names.append("TYPE_CHECKING")
        if self.module.enums:
            names += ["Literal", "TypeAlias"]
        if self.inputs():
            names.append("TypedDict")
        if "BinaryIO" in self.uses:
            names.append("BinaryIO")
        return names
