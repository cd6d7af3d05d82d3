"""Public names of the client and the pages that describe them."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
from collections.abc import Iterator

from ..ir import Api, Module
from ..pipeline import inputs
from ..render.formatting import FormatCache
from ..render.renderer import render_one
from ..render.templates import TemplateLoader
from ..render.views import ModuleView
from ..settings import Settings
from .links import Links, anchor

Name = tuple[str, str, str]
"""Name, summary, and address; the address is empty if only the list of names has it."""


def public_names(api: Api, settings: Settings, links: Links) -> dict[str, list[Name]]:
    """Return the public names by module; the package itself has an empty name."""
    cache = FormatCache(settings.cache / "docs", "names")
    found = inputs.inputs_of(settings)
    key = cache.key(repr((found.templates, found.generator, api.names, api.title)))
    known = cache.load("names")
    if key not in known:
        tree = TemplateLoader(settings.templates, settings.overlay)
        common = {"": list(_package(api, tree))}
        for name in ("events", "wire"):
            common[name] = list(_rendered(api, tree, name))
        known = {key: json.dumps(common)}
        cache.save("names", known)
    of_all: dict[str, list[Name]] = {
        module: [(name, summary, href) for name, summary, href in names]
        for module, names in json.loads(known[key]).items()
    }
    return {
        "": of_all.pop(""),
        **{module.python: list(_module(api, module, links)) for module in api.modules},
        **of_all,
    }


def _package(api: Api, tree: TemplateLoader) -> Iterator[Name]:
    parsed = ast.parse(render_one(api, tree, "%package%/__init__.py.j2"))
    values = {
        target.id: ast.literal_eval(node.value)
        for node in parsed.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id in ("_PLACES", "__all__")
    }
    for name in values["__all__"]:
        place = values["_PLACES"].get(name, "")
        if place.startswith("runtime."):
            yield name, _sentence(importlib.import_module(f"xmlwright.{place}"), name), ""
        elif name == "__version__":
            yield name, "Version of the client.", ""
        else:
            yield name, "The client, awaited." if name.startswith("Async") else "The client.", ""


def _sentence(module: object, name: str) -> str:
    value = getattr(module, name)
    if not (inspect.isclass(value) or inspect.isroutine(value)):
        value = type(value)
    return first_sentence(inspect.getdoc(value) or "")


def first_sentence(doc: str) -> str:
    """Return the first sentence of a docstring as plain text on one line."""
    line = " ".join(doc.partition("\n\n")[0].split()).replace("``", "")
    end = line.find(". ")
    return line if end < 0 else line[: end + 1]


def _module(api: Api, module: Module, links: Links) -> Iterator[Name]:
    page = links.module(module.name)
    known: dict[str, tuple[str, str]] = {}
    for _, name in module.classes:
        known[name] = known[f"Async{name}"] = module.title, page
    for record in module.records:
        known[record.name] = known[f"{record.name}Input"] = record.doc, links.of(record)
    for enum in module.enums:
        known[enum.name] = known[f"{enum.name}Input"] = enum.doc, links.of(enum)
    for method in module.methods:
        known[method.function] = method.doc or f"Calls {method.name}.", links.method(method)
    for name in ModuleView(api, module).exports():
        yield (name, *known[name])


def _rendered(api: Api, tree: TemplateLoader, name: str) -> Iterator[Name]:
    text = render_one(api, tree, f"%package%/{name}.py.j2")
    start = text.find("__all__ = ")
    if start < 0:  # the API has nothing of the kind
        return
    names: list[str] = ast.literal_eval(text[start:].partition("= ")[2].partition("]")[0] + "]")
    docs = {
        node.name: ast.get_docstring(node) or ""
        for part in text.split("\n\n\n")
        for node in _parsed(part)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }
    runtime = {"events": "callbacks", "wire": "registry"}[name]
    module = importlib.import_module(f"xmlwright.runtime.{runtime}")
    for each in names:
        doc = docs.get(each) or (
            inspect.getdoc(getattr(module, each)) if callable(getattr(module, each, None)) else ""
        )
        yield each, first_sentence(doc or ""), ""


def _parsed(part: str) -> list[ast.stmt]:
    try:
        return ast.parse(part).body
    except SyntaxError:
        return []


def address(module: str, name: str) -> str:
    """Return the address of a name in the list of names."""
    return f"python.html#{anchor(module, name) if module else anchor(name)}"
