"""A description of any size: the project's own one, with each resource copied under other names."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

Tree = dict[str, Any]


class _Dumper(yaml.CSafeDumper):
    """Writes every value out, since the language has no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Quote what a reader of YAML may take for a number: PyYAML does not for all that the language refuses."""
        style = '"' if data[:1] in {*"+-.0123456789"} else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style)


_Dumper.add_representer(str, _Dumper.represent_str)


def copies(schema: Path, target: Path, times: int) -> int:
    """Write ``schema`` to ``target`` with every resource ``times`` times. Answers how many resources that makes.

    The first of each is the file as it is. The others answer the same documents: only the name of the resource, and so
    of its methods, is another, and what the language would derive from the name is said. What the service does is said of the
    first only: no output comes from it.
    """
    shutil.copytree(schema, target)
    resources = sorted(
        path for path in (schema / "resources").glob("*.yaml") if path.name.count(".") == 1
    )
    for path in resources:
        described = _load(path)
        cases = schema / "resources" / f"{path.stem}.cases.yaml"
        shown = _load(cases) if cases.exists() else None
        for number in range(2, times + 1):
            name = f"{path.stem}_copy{number}"
            _dump(target / "resources" / f"{name}.yaml", _renamed(described, name, number))
            if shown is not None:
                copied = _cases(shown, path.stem, name)
                _dump(target / "resources" / f"{name}.cases.yaml", copied)
    return len(resources) * times


def _load(path: Path) -> Tree:
    found: Tree = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return found


def _dump(path: Path, tree: Tree) -> None:
    text = yaml.dump(tree, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1000)
    path.write_text(text, encoding="utf-8")


def _renamed(described: Tree, name: str, number: int) -> Tree:
    old = described["resource"]
    plural = described.get("plural", f"{old}s")
    tree = {**described, "resource": name, "title": f"{described['title']} {number}"}
    tree["plural"] = f"{plural}_copy{number}"
    if "python" in described:
        tree["python"] = f"{described['python']}Copy{number}"
    tree["methods"] = {
        verb: _method(verb, facts, old, plural) for verb, facts in described["methods"].items()
    }
    own = {word for kind in _NAMED for word in described.get(kind, ())}
    names = {word: f"{word}Copy{number}" for word in own}
    for kind in (*_NAMED, "methods"):
        if kind in tree:
            tree[kind] = _with_names(tree[kind], names)
    if "cases" in tree:
        tree["cases"] = [_case(case, old, name) for case in tree["cases"]]
    return tree


_NAMED = ("enums", "groups", "records")


def _with_names(value: Any, names: dict[str, str]) -> Any:
    """``value`` with the new names of records, groups and enums, where they are described and where they are used."""
    if isinstance(value, dict):
        return {names.get(key, key): _named(key, inner, names) for key, inner in value.items()}
    return value


def _named(key: str, value: Any, names: dict[str, str]) -> Any:
    if key in ("record", "enum") and isinstance(value, str):
        return names.get(value, value)
    if key == "include":
        return [names.get(item, item) for item in value]
    return _with_names(value, names)


def _method(verb: str, facts: Tree, resource: str, plural: str) -> Tree:
    """A method with its elements named, since they cannot follow from the new name of the resource."""
    kind = facts.get("kind", verb)
    method = dict(facts)
    if kind in ("create", "update"):
        method.setdefault("wrapper", resource)
    answer = dict(facts.get("answer", {}))
    value = answer.get("value", {"get": "record", "list": "page"}.get(kind, "none"))
    if value == "record":
        method["answer"] = {"value": value, "element": resource, **answer}
    elif value in ("page", "list"):
        method["answer"] = {"value": value, "element": plural, "item": resource, **answer}
    return method


def _cases(tree: Tree, old: str, name: str) -> Tree:
    renamed = {**tree, "cases": [_case(case, old, name) for case in tree["cases"]]}
    if "resource" in tree:
        renamed["resource"] = name
    return renamed


def _case(case: Tree, old: str, name: str) -> Tree:
    if "request" not in case:
        return case
    request = case["request"].replace(f'method="{old}.', f'method="{name}.')
    return {**case, "request": request}
