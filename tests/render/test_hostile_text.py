"""Descriptions that try to break out: any text, and names that Python or the generated code uses itself."""

from __future__ import annotations

import ast
import builtins
import json
import keyword
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from sampling import FULL, SEED
from second_api import project

from xmlwright.diagnostics import Diagnostics
from xmlwright.naming import python_name
from xmlwright.pipeline import stages as pipeline
from xmlwright.render.formatting import FormatCache, format_files
from xmlwright.render.renderer import render
from xmlwright.resolve.resolver import resolve
from xmlwright.schema.loader import read
from xmlwright.settings import find

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

QUIET: list[Any] = list(HealthCheck)
EXAMPLES = 500 if FULL else 15

# Texts

NASTY = [
    '"', "'", '"""', "'''", "\\", '\\"', '"\\', "\\\\", "\n", "\r", "\r\n", "\t", "\0", "\x0b", "\x0c", "\x1b[31m",
    "\x1f", "\n\x1f\n", "\x1f\n", " \x1f ", "\x7f", "\x85", "\u2028", "\u2029", "\u200b", "\u00a0", "\ufeff", "\ufffe",
    "é", "Ж", "🎉", "\uff46ull", "{{ api }}", "{{ 7 * 7 }}", "{% endset %}", "{% raw %}", "{#", "#}", "{%- include 'x' -%}", "{0}",
    "%s", "%package%", "}", "]", ")", ";", "#", ",", "x" * 250, "word " * 40, "\\N{BULLET}", "\\x41", "\\u0041", "\\",
    '"""\nraise SystemExit(1)\n"""', "'); raise SystemExit(1); ('", "__import__('os').abort()", "\nimport os\n",
    "\n    return 1\n", "def f():\n\tpass", "# type: ignore", "# fmt: off", "tzinfo=ZONE", "Decimal(", "Task(", "f'{1/0}'",
    "]]>", "<!--", "&amp;", "</div>", "|", "`", "```\n", "$(id)", "-", "  ", " ", "a", "Z", "0",
]  # fmt: skip
TEXTS = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=8)), max_size=6).map("".join)

PROSE = (
    "title", "doc", "token", "event", "callers", "resource_title", "resource_doc", "enum", "record", "field", "method",
    "deprecated_method", "deprecated_field", "default", "case_doc", "option",
)  # fmt: skip
"""Texts that end in documentation: white space aside they are there."""
EXACT = (
    "documentation", "url", "message", "none", "media", "oauth", "text_value", "namespace", "option_default",
    "callback",
)  # fmt: skip
"""Texts that end in values: they are there as they are."""
LOOSE = (
    "case_name",
    "limit",
    "method_since",
    "since",
    "source",
    "error_doc",
    "error_fix",
    "person",
    "word",
    "deprecated_word",
)
"""Texts that need not be found again."""


def described(texts: Mapping[str, str], words: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """A description with these texts at every place that takes one."""
    t = texts
    return {
        "api.yaml": {
            "api": "hostile", "title": t["title"], "version": "1", "doc": t["doc"], "documentation": t["documentation"],
            "python": {"package": "hostile", "distribution": "hostile", "client": "Hostile", "environment": "HOSTILE", "version": "1"},
            "endpoint": {
                "url": t["url"], "variables": {"site": {"doc": t["option"], "default": t["option_default"]}},
            },
            "envelope": {
                "request": {"root": "request", "method": "@method"},
                "response": {"root": "response", "namespaces": [t["namespace"]]},
                "failures": [{"message": "error", "code": "code", "when": "error"}],
            },
            "credentials": {"token": {"doc": t["token"]}},
            "authentication": [{"basic": "{token}:X"}],
            "oauth": {"signature": "PLAINTEXT", "request_token": t["oauth"], "authorization": t["oauth"], "access_token": t["oauth"]},
            "scalars": {"date": {"none": [t["none"]]}},
            "people": {"somebody": {"doc": t["person"]}},
            "sources": {"S": {"doc": t["source"]}},
            "errors": {"1": {"kind": "conflict", "message": t["message"], "status": 200, "doc": t["error_doc"], "fix": t["error_fix"] + "."}},
            "method_errors": {"any": ["1"]},
            "events": {"task.create": {"doc": t["event"]}},
            "callbacks": {
                "event": "name", "object": "object_id", "system": "system", "user": "user_id", "verifier": "verifier",
                "verification": t["callback"],
            },
            "limits": {"calls": t["limit"]},
        },
        "resources/task.yaml": {
            "resource": "task", "title": t["resource_title"], "doc": t["resource_doc"], "callers": {"somebody": t["callers"]},
            "source": [f"S:{t['source']}"],
            "enums": {
                "Color": {
                    "doc": t["enum"],
                    "words": {
                        word: {**facts, "doc": t["word"], "deprecated": t["deprecated_word"]} for word, facts in words.items()
                    },
                },
            },
            "records": {
                "Task": {
                    "doc": t["record"],
                    "fields": {
                        "note": {"type": "text", "doc": t["field"], "default": t["default"], "since": t["since"]},
                        "old": {"type": "date", "deprecated": t["deprecated_field"], "none": [t["none"]]},
                        "color": {"enum": "Color"},
                    },
                },
                "Other": {"fields": {"task": {"record": "Task"}}},
            },
            "methods": {
                "create": {"doc": t["method"], "deprecated": t["deprecated_method"], "since": t["method_since"],
                           "response": {"value": "record", "record": "Other", "at": "."}},
                "get": {},
                "picture": {"retry": "safe", "response": {"value": "binary", "media": [t["media"]]}},
            },
            "cases": [
                {"name": f"c {t['case_name']}", "doc": t["case_doc"], "call": "get", "arguments": {}, "request": "<request/>",
                 "response": "<response/>" + t["text_value"], "result": {"note": t["text_value"]}},
            ],
        },
    }  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


def rendered(folder: Path, description: Mapping[str, Any]) -> dict[str, str]:
    """Every generated file of a description, its cases untried."""
    project.settle(folder, description)
    diagnostics = Diagnostics()
    found = read(folder / "schema", diagnostics, root=folder)
    assert found is not None, list(diagnostics)
    api = resolve(found, diagnostics)
    assert not len(diagnostics), list(diagnostics)
    files = [
        file
        for file in render(api, project.TEMPLATES)
        if not file.path.startswith("hostile/runtime/")
    ]
    return format_files(files, FormatCache(folder / "cache", "hostile"))


class _Bare(ast.NodeTransformer):
    """Takes all text out of a module; what is left is code."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not isinstance(node.value, str):
            return node
        self.texts.append(node.value)
        return ast.Constant("")

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if node.name.startswith("test_"):
            node.name = "test_"
        return self.generic_visit(node)


def taken_apart(files: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The code of all Python files, without their texts; and the texts."""
    code: dict[str, str] = {}
    texts: list[str] = []
    for path, text in files.items():
        if path.endswith(".py"):
            bare = _Bare()
            code[path] = ast.dump(bare.visit(ast.parse(text)))
            texts += bare.texts
    return code, texts


def flat(text: str) -> str:
    return " ".join(text.split())


PLAIN = {name: f"plain {name}" for name in (*PROSE, *EXACT, *LOOSE)}
ONE_WORD: dict[str, dict[str, str]] = {"red": {}}


@cache
def harmless(folder: Path) -> dict[str, str]:
    """The code of the same description with plain words at every place."""
    return taken_apart(rendered(folder, described(PLAIN, ONE_WORD)))[0]


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=QUIET,
)
@seed(SEED)
@given(st.fixed_dictionaries(dict.fromkeys(PLAIN, TEXTS)))
def test_text_stays_text(folder: Path, texts: dict[str, str]) -> None:
    """Whatever is said, the code is the same, and the text is in it as text."""
    texts["url"] = re.sub("[{}]", "", texts["url"])  # names of options, which the next test tries
    files = rendered(folder, described(texts, ONE_WORD))
    code, found = taken_apart(files)
    assert code == harmless(folder)
    documented = [flat(text) for text in found]
    for name in PROSE:
        assert any(flat(texts[name]) in text for text in documented), name
    for name in EXACT:
        assert texts[name] in found, name
    written = tomllib.loads(files["pyproject.toml"])
    assert written["project"]["description"] == f"Typed Python client of the {flat(texts['title'])}"


@pytest.mark.parametrize(
    ("url", "rules"),
    [
        ("https://{x: str = print()}.example.com/", ["bad-name"]),
        ("https://{x = print(), y}.example.com/", ["bad-name"]),
        ("https://{x: str, y: str = print()  #}/", ["bad-name"]),
        ("https://{{ 7 * 7 }}.example.com/", ["bad-name"] * 2),
        ("https://{X}/", ["bad-name"]),
        ("https://{0}/", ["bad-name"]),
        ("https://{}/", ["bad-name"]),
        ("https://{_x}/", ["bad-name"]),
        ("https://{\uff58}/", ["bad-name"]),
        ("https://{x\n}/", ["bad-name"]),
        ("https://{x/", ["bad-name"]),
        ("https://x}/", ["bad-name"]),
        *((f"https://{{{name}}}/", ["bad-name"]) for name in ("class", "self", "super", "timeout", "close", "profile")),
        ("https://{token}/", ["duplicate-name"]),
        ("https://{task}/", ["duplicate-name"]),
        ("https://{fine}.example.com/{fine}/", []),
    ],
)  # fmt: skip
def test_only_names_are_in_the_braces_of_a_url(tmp_path: Path, url: str, rules: list[str]) -> None:
    """They become parameters of the client, where anything else would be code."""
    description = described({**PLAIN, "url": url}, ONE_WORD)
    description["resources/task.yaml"]["cases"] = []
    _, diagnostics = pipeline.validate(find(project.settle(tmp_path, description)))
    found = [item for item in diagnostics if item.rule != "uncovered"]
    assert [item.rule for item in found] == rules
    assert {item.position.file for item in found} <= {"schema/api.yaml"}


WORDS = st.dictionaries(
    TEXTS.map(str.strip), st.fixed_dictionaries({"request": TEXTS.map(str.strip)}), min_size=1, max_size=5
).filter(
    lambda words: all(_fits(text) for key, facts in words.items() for text in (key, *facts.values()))
    # Two words that are sent as the same are a mistake, which is told elsewhere.
    and len({facts["request"] for facts in words.values()}) == len(words)
)  # fmt: skip


def _fits(text: str) -> bool:
    """XML 1.0 can hold the text, and no reader strips it."""
    return bool(text) and re.search("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", text) is None


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=QUIET,
)
@seed(SEED)
@given(WORDS)
def test_words_survive_exactly(folder: Path, words: dict[str, dict[str, str]]) -> None:
    tree = ast.parse(rendered(folder, described(PLAIN, words))["hostile/task.py"])
    values = {
        ast.unparse(node.target): node.value for node in tree.body if isinstance(node, ast.AnnAssign)
    }  # fmt: skip
    typed, table = values["Color"], values["COLOR"]
    assert isinstance(typed, ast.Subscript)
    assert isinstance(table, ast.Call)
    literals = ast.literal_eval(typed.slice)
    assert list(literals if isinstance(literals, tuple) else (literals,)) == list(words)
    sent = {word: (facts["request"], word) for word, facts in words.items()}
    assert ast.literal_eval(table.args[0]) == sent


# Names

_NAMES = (
    {
        *(name.lower() for name in (*keyword.kwlist, *keyword.softkwlist) if name != "_"),
        *(name for name in dir(builtins) if name.islower() and not name.startswith("_")),
        "annotations", "api", "call", "capture", "classes", "content", "data", "dataclass", "datetime", "decimal", "dt", "dump",
        "entry", "field", "fields", "items", "keys", "kwargs", "args", "literal", "make", "pages", "record", "request", "self",
        "cls", "setter", "unknown", "unset", "value", "values", "mapping", "sequence", "typed_dict", "required", "upload",
        "BinaryIO", "Color", "Decimal", "Final", "Input", "Literal", "Record", "Sequence", "TypedDict", "Thing", "ThingInput",
        "__class__", "__init__", "__slots__", "_unknown", "a-b", "a.c",
    }
)  # fmt: skip
NAMES = sorted({python_name(name): name for name in sorted(_NAMES)}.values())
"""Names of elements. All of them are fields of one record and arguments of one method."""
VERBS = [
    "api", "class", "dataclass", "dict", "entry", "field", "import", "int", "object", "print", "self", "str",
    "lines.import", "lines.list", "lines.call", "lines.pages", "lines.property", "property.get", "call.pages", "pages.call",
    "list.list",
]  # fmt: skip
RESOURCES = {
    "account": "account", "annotations": "annotations", "api": "api", "cached_property": "cached_property_", "class": "class_",
    "file": "file", "page": "page",
    "close": "close_", "dataclass": "dataclass", "dt": "dt_", "import": "import_", "int": "int_", "list": "list_",
    "options": "options_", "protocol": "protocol_", "pytest": "pytest", "request": "request", "self": "self_", "send": "send_",
    "url": "url_", "value": "value", "with": "with_",
}  # fmt: skip
"""Name of a resource -> the attribute of the client that it becomes."""


def _kind(index: int) -> dict[str, Any]:
    kinds: list[dict[str, Any]] = [
        {"type": "text"}, {"type": "decimal"}, {"type": "date"}, {"enum": "Color"}, {"record": "Inner"},
        {"type": "int", "repeated": True}, {"type": "flag"}, {"type": "datetime", "sensitive": True},
    ]  # fmt: skip
    return kinds[index % len(kinds)]


def _value(index: int) -> tuple[Any, str]:
    """A value of the kind: in a case, and as XML."""
    values: list[tuple[Any, str]] = [
        ("x", "x"), ("1.5", "1.5"), ("2020-01-02", "2020-01-02"), ("red", "red"), ({"a": "y"}, "<a>y</a>"),
        ([1], "1"), (True, "1"), ("2020-01-02 03:04:05", "2020-01-02 03:04:05"),
    ]  # fmt: skip
    return values[index % len(values)]


def _named() -> dict[str, Any]:
    """A description whose names are those above."""
    values = {python_name(name): _value(index)[0] for index, name in enumerate(NAMES)}
    inside = "".join(f"<{name}>{_value(index)[1]}</{name}>" for index, name in enumerate(NAMES))
    texts = {**PLAIN, "url": "https://example.com/", "oauth": "https://example.com/"}
    files: dict[str, Any] = {
        "api.yaml": {
            **described(texts, ONE_WORD)["api.yaml"],
            "python": {"package": "named", "distribution": "named", "client": "Named", "environment": "NAMED", "version": "1"},
            "endpoint": {"url": "https://{site}.example.com/"},
            "errors": {},
            "method_errors": {},
            "events": {},
            "callbacks": {
                "event": "name", "object": "object_id", "system": "system", "user": "user_id", "verifier": "verifier",
                "verification": "verify",
            },
            "scalars": {},
            "documentation": "https://example.com/",
            "credentials": {"token": {}},
            "authentication": [{"basic": "{token}:X"}],
            "envelope": {
                "request": {"root": "request", "method": "@method"},
                "response": {"root": "response"},
                "failures": [{"message": "error", "when": "error"}],
            },
        },
        "resources/thing.yaml": {
            "resource": "thing",
            "title": "Things",
            "doc": "Things with names.",
            "enums": {"Color": {"words": {"red": {}, "blue": {"access": "read"}}}},
            "records": {
                "Thing": {"fields": {name: _kind(index) for index, name in enumerate(NAMES)}},
                "Inner": {"fields": {"a": {"type": "text"}}},
            },
            "methods": {
                "create": {"response": {"value": "record"}},
                **{verb: {"retry": "safe", "doc": f"It is {verb}."} for verb in VERBS},
            },
            "cases": [
                {
                    "name": "all names",
                    "call": "create",
                    "arguments": values,
                    "request": f'<request method="thing.create"><thing>{inside}</thing></request>',
                    "response": f"<response><thing>{inside}</thing></response>",
                    "result": values,
                },
                {
                    "name": "the other word",
                    "call": "create",
                    "response": f"<response><thing><{NAMES[3]}>blue</{NAMES[3]}></thing></response>",
                    "result": {python_name(NAMES[3]): "blue"},
                },
                {"name": "no", "call": "create", "response": "<response><error>no</error></response>", "fails": {"message": "no"}},
                *({"name": f"it is {verb}", "call": verb, "arguments": {}, "request": f'<request method="thing.{verb}"/>',
                   "response": "<response/>"} for verb in VERBS),
            ],
        },
    }  # fmt: skip
    for name in RESOURCES:
        row = "".join(part.capitalize() for part in name.split("_"))
        row = f"The{row}" if row in ("File", "Page", "Request") else row
        files[f"resources/{name}.yaml"] = {
            "resource": name,
            "title": name,
            "doc": f"Called {name}.",
            "records": {row: {"fields": {name: {"type": "decimal"}}}},
            "methods": {"list": {"response": {"value": "list"}}},
            "cases": [
                {
                    "name": "one", "call": "list", "arguments": {}, "request": f'<request method="{name}.list"/>',
                    "response": f"<response><{name}s><{name}><{name}>1</{name}></{name}></{name}s></response>",
                    "result": [{python_name(name): "1"}],
                },
            ],
        }  # fmt: skip
    return files


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the description whose names are all taken."""
    folder = tmp_path_factory.mktemp("named")
    return project.built(project.settle(folder, _named()))


def test_taken_names_build_and_pass_their_own_tests(named: Path) -> None:
    count = project.own_tests(named)
    cases = 3 + len(VERBS) + len(RESOURCES)
    print(
        f"{len(NAMES)} fields, {len(VERBS)} verbs, {len(RESOURCES)} resources: {count} tests, {cases} of them cases"
    )
    assert count > cases


def test_taken_names_pass_the_type_checkers(named: Path) -> None:
    done = project.run(
        sys.executable, "-m", "mypy", "--strict", "--config-file", named / "pyproject.toml", "named", "tests",
        cwd=named,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (named / "pyrightconfig.json").write_text(
        json.dumps({"include": ["named"], "strict": ["named/*.py"], "pythonVersion": "3.10"})
    )
    done = project.run(
        sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson",
        cwd=named, PYRIGHT_PYTHON_IGNORE_WARNINGS="1",
    )  # fmt: skip
    assert json.loads(done.stdout)["generalDiagnostics"] == []


def test_taken_names_are_reached_from_the_client(named: Path) -> None:
    program = """
import json, named
client = named.Named("sample", token="t")
found = {name: type(getattr(client, attribute)).__module__ for name, attribute in json.loads(RESOURCES).items()}
thing = client.thing
calls = {}
for verb in json.loads(VERBS):
    owner = thing
    for part in verb.split("."):
        owner = getattr(owner, part + "_" if part in TAKEN else part)
    calls[verb] = owner.__wrapped__().method
print(json.dumps([found, calls, client.site, client.url, callable(client.send)]))
"""
    facts = (
        f"RESOURCES = {json.dumps(RESOURCES)!r}\nVERBS = {json.dumps(VERBS)!r}\n"
        'TAKEN = ("class", "import", "call", "pages", "property")\n'
    )
    done = project.run(sys.executable, "-W", "error", "-c", facts + program, cwd=named)
    assert done.returncode == 0, done.stderr
    found, calls, site, url, sends = json.loads(done.stdout)
    modules = {
        name: f"named.{name}_" if keyword.iskeyword(name) else f"named.{name}" for name in RESOURCES
    }
    assert found == modules
    assert calls == {verb: f"thing.{verb}" for verb in VERBS}
    assert (site, url, sends) == ("sample", "https://sample.example.com/", True)


# Nothing is executed


def test_text_of_a_description_is_never_run(tmp_path: Path) -> None:
    """A whole build of texts that would leave a file behind, and an import of all that came of it."""
    trap = tmp_path / "sprung"
    spring = f"open({str(trap)!r}, 'w')"
    everywhere = f'"""\n{spring}\n"""\\" {{{{ {spring} }}}} \'); {spring} #'
    texts = dict.fromkeys(PLAIN, everywhere)
    texts |= {"text_value": f"'); {spring} #", "case_name": f"'''{spring}'''"}
    texts["option_default"] = texts["text_value"]  # a client accepts only one printable line
    texts |= dict.fromkeys(("url", "oauth", "namespace"), "https://example.com/")
    description = described(texts, {f"red'] = {spring}": {}})
    task = description["resources/task.yaml"]
    note = texts["text_value"]
    made = f"<task><note>{escape(note)}</note></task>"
    task["records"] = {
        "Task": {"fields": {"note": {"type": "text", "doc": texts["field"], "enum": None}}}
    }
    del task["records"]["Task"]["fields"]["note"]["enum"]
    task["records"]["Task"]["fields"]["color"] = {"enum": "Color"}
    task["records"]["Task"]["fields"]["old"] = {"type": "date", "access": "read"}
    task["methods"] = {"create": {"doc": texts["method"], "response": {"value": "record"}}}
    word = next(iter(task["enums"]["Color"]["words"]))
    task["cases"] = [
        {
            "name": texts["case_name"], "doc": texts["case_doc"], "call": "create", "arguments": {"note": note, "color": word},
            "request": f'<request method="task.create">{made[:-7]}<color>{escape(word)}</color></task></request>',
            "response": f'<response xmlns="{texts["url"]}">{made[:-7]}<old>{escape(everywhere)}</old></task></response>',
            "result": {"note": note},
        },
        {"name": "more", "call": "create",
         "response": f"<response><task><color>{escape(word)}</color><old>2020-01-02</old></task></response>",
         "result": {"color": word, "old": "2020-01-02"}},
        {"name": "no", "call": "create", "response": f"<response><error>{escape(everywhere)}</error><code>1</code></response>",
         "fails": {"code": "1", "message": everywhere}},
    ]  # fmt: skip
    output = project.built(project.settle(tmp_path, description))
    assert project.own_tests(output) > 2
    modules = "hostile.task, hostile.wire, hostile.events, hostile._client, hostile._async_client"
    done = project.run(sys.executable, "-c", f"import {modules}", cwd=output)
    assert (done.returncode, done.stderr, trap.exists()) == (0, "", False)


def test_words_that_xml_cannot_hold_are_refused_at_their_place(tmp_path: Path) -> None:
    """Not at the first import of what was generated."""
    description = described(PLAIN, {"red": {"request": "a\x1fb"}})
    _, diagnostics = pipeline.validate(find(project.settle(tmp_path, description)))
    assert [item.rule for item in diagnostics] == ["bad-name"]
    assert [item.position.file for item in diagnostics] == ["schema/resources/task.yaml"]


def _paths(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _paths(inner, f"{path}/{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _paths(inner, path)
    else:
        yield path


def test_every_place_that_takes_free_text_is_tried() -> None:
    """The keys of the language whose value is prose or a value are all in the description above."""
    tried = {path.rpartition("/")[2] for path in _paths(described(PLAIN, ONE_WORD))}
    for key in (
        "doc",
        "fix",
        "message",
        "title",
        "deprecated",
        "since",
        "default",
        "none",
        "media",
        "source",
    ):
        assert key in tried, key
