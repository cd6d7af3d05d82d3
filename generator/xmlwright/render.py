"""Render: from the resolved description to the text of every file of the output, by a tree of templates.

The template tree mirrors the output: ``%package%`` in a name stands for the import name, ``%module%`` for each module and
``%resource%`` for each resource; names that begin with ``_`` and lie at the top hold macros only; ``.j2`` is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import jinja2

from . import literals
from .diagnostics import Diagnostics
from .model import Api, Module
from .naming import client_attribute, constant, method_constant, module_name, python_name
from .runtime import errors as runtime_errors
from .runtime.errors import Error
from .runtime.protocol import Place
from .shapes import Tables
from .values import Values
from .views import CaseView, ModuleView, example

CUT: Final = "\x1f"
"""Stands alone on a line between the parts of a Python file that are formatted by themselves. No text of a description
can hold it: literals and docstrings escape it."""

RUNTIME: Final = Path(__file__).parent / "runtime"


class TemplateProblem(Exception):
    """A template is wrong; the message names the template, its line and what was being rendered."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One file of the output before formatting."""

    path: str
    """Below the output folder, with forward slashes."""
    text: str
    python: bool


def render(api: Api, templates: Path) -> list[Rendered]:
    """Every file of the output, in the order of their paths.

    Raises:
        TemplateProblem: a template does not parse, or uses a name that is not defined.
    """
    renderer = _Renderer(api, templates)
    files = {item.path: item for item in (*renderer.files(), *_runtime(api))}
    return [files[path] for path in sorted(files)]


def render_one(api: Api, templates: Path, template: str) -> str:
    """What one template gives that needs nothing but the API. Raises TemplateProblem."""
    return _Renderer(api, templates)._render(template, template, api.name).text


def package_path(api: Api) -> str:
    """Folder of the package below the output."""
    return api.names.package.replace(".", "/")


def _runtime(api: Api) -> Iterator[Rendered]:
    for path in sorted(RUNTIME.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        yield Rendered(f"{package_path(api)}/runtime/{path.name}", text, False)


class _Renderer:
    def __init__(self, api: Api, templates: Path) -> None:
        self._api = api
        self._folder = templates
        self._env = jinja2.Environment(
            loader=jinja2.FileSystemLoader(str(templates)),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,
        )
        self._env.filters.update(
            literal=literals.literal,
            block=literals.block,
            docstring=literals.docstring,
            constant=constant,
            client_attribute=client_attribute,
            method_constant=method_constant,
            python_name=python_name,
            module_name=module_name,
            toml=literals.toml,
            place=_place,
            path=lambda text: Place.of(text).path,
            encode=lambda text: str(text).strip().encode(),
        )
        self._errors = sorted(
            name
            for name, value in vars(runtime_errors).items()
            if isinstance(value, type) and issubclass(value, Error)
        )
        self._env.globals.update(
            api=api,
            cut=CUT,
            example=example(api),
            errors=self._errors,
            modules=api.modules,
            scalar_facts=lambda name: _scalar_facts(api, name),
        )

    def files(self) -> Iterator[Rendered]:
        paths = sorted(path for path in self._folder.rglob("*.j2") if path.is_file())
        if not paths:
            raise TemplateProblem(f"there are no templates in {self._folder}")
        for path in paths:
            name = path.relative_to(self._folder).as_posix()
            if name.startswith("_"):
                continue
            target = name.removesuffix(".j2").replace("%package%", package_path(self._api))
            if "%module%" in target:
                for module in self._api.modules:
                    yield self._module(name, target.replace("%module%", module.python), module)
            elif "%resource%" in target:
                for module in self._api.resources:
                    if module.cases:
                        yield self._tests(name, target.replace("%resource%", module.name), module)
            else:
                yield self._render(name, target, self._api.name)

    def _module(self, template: str, target: str, module: Module) -> Rendered:
        view = _View(self._api, module)
        return self._render(
            template,
            target,
            f"the module {module.name}",
            module=module,
            view=view,
            enum_words=view.enum_codec,
        )

    def _tests(self, template: str, target: str, module: Module) -> Rendered:
        view = _View(self._api, module)
        values = Values(self._api, Tables(self._api), Diagnostics())
        methods = {method.verb: method for method in module.methods}
        cases = []
        for case in module.cases:
            method = methods[case.call]
            given = values.arguments(method, case.arguments) if case.arguments is not None else None
            result = None
            if case.result is not None and case.result.kind != "null":
                result = values.result(method, case.result)
            cases.append(CaseView(view, method, case, given, result))
        return self._render(
            template, target, f"the cases of {module.name}", module=module, view=view, cases=cases
        )

    def _render(self, template: str, target: str, what: str, **values: Any) -> Rendered:
        try:
            text = self._env.get_template(template).render(**values)
        except jinja2.TemplateSyntaxError as error:
            place = f"{error.name or template}:{error.lineno}"
            raise TemplateProblem(f"{place}: {error.message}") from error
        except UnicodeDecodeError as error:
            raise TemplateProblem(f"{template}: is not UTF-8 ({error.reason})") from error
        except Exception as error:  # whatever an expression of a template can raise
            place = self._origin(error, template)
            message = (
                f"there is no template {error.message}"
                if isinstance(error, jinja2.TemplateNotFound)
                else str(error) or type(error).__name__
            )
            if not isinstance(error, jinja2.TemplateError):
                message = f"{type(error).__name__}: {message}"
            raise TemplateProblem(f"{place}: {message} (rendering {what})") from error
        path = PurePosixPath(target)
        return Rendered(str(path), text, path.suffix == ".py")

    def _origin(self, error: Exception, template: str) -> str:
        """Template and line of the innermost template that an error came from: a macro perhaps."""
        place = template
        trace = error.__traceback__
        while trace is not None:
            file = Path(trace.tb_frame.f_code.co_filename)
            if file.suffix == ".j2":
                place = f"{file.relative_to(self._folder).as_posix()}:{trace.tb_lineno}"
            trace = trace.tb_next
        return place


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


def _place(text: str | None) -> str:
    if text is None:
        return "None"
    place = Place.of(text)
    return f"Place({literals.literal(place.path)}, {literals.literal(place.attribute)})"


def _scalar_facts(api: Api, name: str) -> str:
    scalar = api.scalars.get(name)
    if scalar is None:
        return ""
    facts = []
    if name == "flag" and scalar.words != ("1", "0"):
        facts.append(literals.literal(scalar.words))
    if name == "datetime":
        facts.append(literals.literal(scalar.zone))
    default = "text" if name == "text" else "none"
    if scalar.read_empty != default:
        empty = {"none": "None", "text": '""', "zero": "0", "error": "EMPTY_REFUSED"}
        facts.append(f"empty={empty[scalar.read_empty]}")
    if scalar.none:
        facts.append(f"none={literals.literal(scalar.none)}")
    return ", ".join(facts)
