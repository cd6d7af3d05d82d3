"""The import graph of the generator: packages form layers, and modules form no cycle.

``LAYERS`` is the one place that lists the layers; docs/decisions/0009-layers.md explains them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "generator" / "xmlwright"

# From first to last: each imports only what is listed before it. A name is a package or a module.
LAYERS = (
    "runtime", "naming", "files", "diagnostics", "settings", "schema", "ir", "behavior", "cases",
    "resolve", "validate", "render", "pipeline", "staleness", "explain", "export", "diff", "starter", "inference",
    "importing", "vendor", "docs", "sandbox", "cli",
)  # fmt: skip
SANDBOX_LAYERS = ("binding", "engine", "calls", "storage", "faults", "http", "inspector")

# Imports of the program's own modules inside functions, by importing module or package.
LAZY = {
    "cli": "a command loads only what it uses: `--help` and `validate` start without Black",
    "pipeline.stages": "`validate` runs the first stages without loading those that render",
    "runtime": "a client starts without the modules that only some calls need",
    "vendor.vendor": "a copy that is in the cache is written without loading Black",
    "sandbox.plugin": "pytest loads the plugin in every run, the sandbox when a fixture needs it",
}


@dataclass(frozen=True)
class Import:
    """One module of the program that another one imports."""

    module: str
    """Name of the importing module below ``xmlwright``, with dots."""
    target: str
    line: int
    in_function: bool
    for_types: bool = False
    """Only a type checker sees it, so that it never runs."""

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target or 'xmlwright'}"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}


def imports_of(module: str, path: Path) -> Iterator[Import]:
    """Yield every import of another module of the program, those inside functions included."""
    parts = module.split(".") if module else []
    package = parts if path.name == "__init__.py" else parts[:-1]

    def targets(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif node.level:
            base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            base = ["xmlwright", *(name for name in base if name)]
            names = [[*base, alias.name] for alias in node.names]
        else:
            names = [[*(node.module or "").split("."), alias.name] for alias in node.names]
        for first, *rest in names:
            if first == "xmlwright":
                name = ".".join(rest)
                yield name if name in MODULES else ".".join(rest[:-1])

    def visit(node: ast.AST, in_function: bool, for_types: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import | ast.ImportFrom):
                for target in targets(child):
                    yield Import(module, target, child.lineno, in_function, for_types)
            function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            types = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            yield from visit(child, in_function or function, for_types or types)

    yield from visit(ast.parse(path.read_bytes()), False, False)


IMPORTS = [found for name, path in MODULES.items() for found in imports_of(name, path)]


def first_name(module: str) -> str:
    return module.partition(".")[0]


def upward(imports: list[Import], layers: tuple[str, ...], prefix: str = "") -> list[str]:
    """Return the imports that go from a layer to one that is listed after it."""
    order = {name: index for index, name in enumerate(layers)}
    wrong = []
    for found in imports:
        source = first_name(found.module.removeprefix(prefix))
        target = first_name(found.target.removeprefix(prefix))
        if source in order and target in order and order[target] > order[source]:
            wrong.append(str(found))
    return wrong


def test_the_graph_is_read() -> None:
    assert len(IMPORTS) > 300
    assert any(found.in_function for found in IMPORTS)


def test_every_module_has_a_layer() -> None:
    top_level = {first_name(module) for module in MODULES} - {"", "__main__"}
    assert sorted(top_level) == sorted(LAYERS)


def test_the_root_package_and_main_import_no_layer_early() -> None:
    """The root package holds the version; ``__main__`` starts the command line."""
    eager = [found for found in IMPORTS if found.module == "" and not found.in_function]
    assert not eager
    assert {found.target for found in IMPORTS if found.module == "__main__"} == {"cli.main"}


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_earlier_layers(layer: str) -> None:
    own = [found for found in IMPORTS if first_name(found.module) == layer]
    assert not upward(own, LAYERS)


def test_docs_and_sandbox_are_independent() -> None:
    assert not [
        str(i)
        for i in IMPORTS
        if (first_name(i.module), first_name(i.target)) == ("sandbox", "docs")
    ]
    assert not [
        str(i)
        for i in IMPORTS
        if (first_name(i.module), first_name(i.target)) == ("docs", "sandbox")
    ]


def test_packages_of_the_sandbox_are_layered() -> None:
    own = [
        found
        for found in IMPORTS
        if found.module.startswith("sandbox.") and found.target.startswith("sandbox.")
    ]
    assert not upward(own, SANDBOX_LAYERS, "sandbox.")


def test_modules_form_no_cycle() -> None:
    """Imports inside functions count: none of them hides a cycle."""
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for found in IMPORTS:
        # `from . import name` in a module of a package is no use of the package's __init__.
        own = found.target == found.module or found.module.startswith(f"{found.target}.")
        if not own and not found.for_types:
            graph[found.module].add(found.target)
    graph[""] = set()
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_imports_inside_functions_are_listed() -> None:
    unlisted = [
        str(found)
        for found in IMPORTS
        if found.in_function
        and found.target  # the root package holds only the version
        and not any(found.module == name or found.module.startswith(f"{name}.") for name in LAZY)
    ]
    assert not unlisted
