"""Names of a description that meet in Python, or that Python or XML cannot hold, end in a diagnostic with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from second_api import project

from xmlwright import naming
from xmlwright.pipeline import stages as pipeline
from xmlwright.runtime import async_client as aio
from xmlwright.runtime import client
from xmlwright.runtime.protocol import Protocol
from xmlwright.settings import find

API = """
api: sample
title: Sample
version: "1"
doc: A sample.
python: {package: sample, distribution: sample, client: Sample, environment: SAMPLE, version: "1"}
endpoint: {url: "https://{account}.example.com/"}
envelope:
  request: {root: request, method: "@method"}
  response: {root: response}
  failures: [{message: error, when: error}]
credentials: {token: {}}
authentication: [{basic: "{token}:X"}]
"""


def resource(*parts: str, name: str = "task") -> str:
    """The text of a resource file, with a record and a method unless ``parts`` bring their own."""
    text = "\n".join((f"resource: {name}", f"title: {name}", f"doc: {name}", *parts))
    if "records:" not in text:
        text += f"\nrecords: {{{naming.cap_words(name)}: {{fields: {{a: {{type: text}}}}}}}}"
    return text if "methods:" in text else text + "\nmethods: {get: {}}"


@dataclass(frozen=True)
class Wrong:
    """A description with one mistake: on the line that ends with ``# here``; the other place ends with ``# there``."""

    name: str
    rule: str
    told: str
    files: dict[str, str]


def task(name: str, rule: str, told: str, *parts: str, api: str = API) -> Wrong:
    """A mistake in (or with) the resource task."""
    return Wrong(name, rule, told, {"api.yaml": api, "resources/task.yaml": resource(*parts)})


def records(*names: str) -> str:
    """Records that the method `get` answers, so that each is used."""
    fields = "\n".join(
        f"      f{index}: {{record: {name.split()[0]}}}" for index, name in enumerate(names)
    )
    others = "\n".join(
        f"  {name.partition(' ')[0]}: # {name.partition('# ')[2]}\n    fields: {{a: {{type: text}}}}"
        for name in names
    )
    return f"records:\n  Task:\n    fields:\n{fields}\n{others}"


SUB = "methods:\n  get: {}\n  lines.add: {retry: safe} # there"

MISTAKES = [
    *(
        Wrong(
            f"a resource called {name}", "bad-name", "every generated package has a module",
            {"api.yaml": API, f"resources/{name}.yaml": resource(name=name).replace(f"resource: {name}", f"resource: {name} # here")},
        )
        for name in ("wire", "runtime", "shared", "events")
    ),
    *(
        task(f"a record called {name}", "bad-name", f"a record cannot be called {name}", records(f"{name} # here"))
        for name in ("Page", "Request", "Record", "Resource", "RecordSchema", "Decimal", "NotFoundError", "None", "Upload")
    ),
    task("an enum called Literal", "bad-name", "an enum cannot be called Literal",
         "enums:\n  Literal: # here\n    words: {a: {}}",
         "records: {Task: {fields: {a: {enum: Literal}}}}"),
    task("a record in capitals", "bad-name", "ID is all capitals", records("ID # here")),
    task("a letter for a record", "bad-name", "A is all capitals", records("A # here")),
    task("two tables of one name", "duplicate-name", "would both be called HTTP_THING",
         records("HttpThing # there", "HTTPThing # here")),
    task("a record called like another's input", "duplicate-name", "would both be called NoteInput",
         "records:\n  Task: {fields: {note: {record: Note}, input: {record: NoteInput}}}",
         "  Note: {fields: {a: {type: text}}} # there",
         "  NoteInput: {fields: {a: {type: text}}} # here",
         "methods: {update: {}, get: {}}"),
    task("a record called like the methods below another", "duplicate-name", "would both be called TaskLines",
         records("TaskLines # there"), SUB.replace("there", "here")),
    Wrong("a record called like the asynchronous methods", "duplicate-name", "would both be called AsyncTasks",
          {"api.yaml": API, "resources/task.yaml": resource(records("AsyncTasks # there")).replace("resource: task", "resource: task # here")}),
    task("two builders of one name", "duplicate-name", "would both be called lines_add", SUB,
         "  linesAdd: {retry: safe} # here"),
    task("a method called like a group of methods", "duplicate-name", "would both be called lines",
         SUB.replace("there", "here"), "  lines: {retry: safe} # there"),
    task("a method called like the builder beside it", "duplicate-name", "has the name of the builder of lines.add",
         SUB, "  lines.linesAdd: {retry: safe} # here"),
    task("a method that is chosen to be a keyword", "bad-name", "import cannot be the name of a method",
         "methods:\n  get: {python: import} # here"),
    task("a method that is chosen to hide the generated code's", "bad-name", "pages cannot be the name of a method",
         "methods:\n  get: {python: pages} # here"),
    task("a field that is chosen to hide a builtin", "bad-name", "list cannot be the name of a field",
         "records:\n  Task:\n    fields:\n      a: {type: text, python: list} # here"),
    task("a field that is chosen to hide a type", "bad-name", "would hide the type Color",
         "enums: {Color: {words: {red: {}}}}",
         "records:\n  Task:\n    fields:\n      a: {enum: Color, python: Color} # here"),
    task("two fields of one name", "duplicate-name", "the Python name a_b is used already",
         "records:\n  Task:\n    fields:\n      a-b: {type: text} # there\n      a.b: {type: text} # here"),
    task("fields that differ in their humps", "duplicate-name", "the Python name unit_price is used already",
         "records:\n  Task:\n    fields:\n      unit_price: {type: text} # there\n      UnitPrice: {type: text} # here"),
    task("two arguments of one name", "duplicate-name", "would both be called a_b in Python",
         "methods:\n  get: {}\n  go:\n    retry: safe\n    arguments:",
         "      a-b: {type: text} # there\n      a.b: {type: text} # here"),
    task("an attribute without an element", "contradiction", "no wrapper that could carry it",
         "records:\n  Task:\n    identity: id\n    fields:\n      id: {type: id, at: '@id'} # there",
         "methods:\n  get: {} # here"),
    task("two tests of one name", "duplicate-name", "would both be called test_get_a_b",
         "methods: {get: {}}", "cases:",
         "  - name: a b # there\n    call: get\n    response: <response/>",
         "  - name: (A-B!) # here\n    call: get\n    response: <response/>"),
    task("an enum without words", "missing-key", "the enum Color has no words",
         "enums:\n  Color: {words: {}} # here", "records: {Task: {fields: {a: {enum: Color}}}}"),
    *(
        task(f"a word that is {name}", "bad-name", told,
             f"enums:\n  Color:\n    words:\n      {text} # here", "records: {Task: {fields: {a: {enum: Color}}}}")
        for name, text, told in (
            ("empty", '"": {}', "is empty or has white space"),
            ("padded", '" red": {}', "is empty or has white space"),
            ("no XML", r'"\x01": {}', "U+0001, which XML cannot hold"),
            ("no XML in requests", r'red: {request: "\uFFFF"}', "U+FFFF, which XML cannot hold"),
        )
    ),
    task("the same word twice", "duplicate-key", "duplicate key",
         "enums:\n  Color:\n    words:\n      red: {} # there\n      'red': {} # here",
         "records: {Task: {fields: {a: {enum: Color}}}}"),
    task("two words that are one in answers", "duplicate-name", "are the same in responses",
         "enums:\n  Color:\n    words:\n      red: {response: r} # there\n      ruby: {response: r} # here",
         "records: {Task: {fields: {a: {enum: Color}}}}"),
    task("a flag that XML cannot hold", "bad-name", "U+0002", api=API + 'scalars:\n  flag: {words: ["\\x02", n]} # here'),
    task("a namespace that XML cannot hold", "bad-name", "U+0003",
         api=API.replace('{root: request, method: "@method"}', '{root: request, method: "@method", namespace: "\\x03"} # here')),
    *(
        task(f"a package called {name}", "bad-name", told, api=API.replace("python: {package: sample", f"python: {{package: {name}").replace('"1"}\nendpoint', '"1"} # here\nendpoint'))
        for name, told in (
            ("requests", "would hide another one"), ("tests", "would hide another one"),
            ("json", "would hide another one"), ("acme.class", "is a keyword"),
        )
    ),
    *(
        task(f"a client called {name}", "bad-name", f"the client cannot be called {name}",
             api=API.replace("client: Sample", f"client: '{name}'").replace('"1"}\nendpoint', '"1"} # here\nendpoint'))
        for name in ("Client", "Error", "True", "OAuth")
    ),
    Wrong("a client called like the methods of a resource", "duplicate-name", "would both be called Tasks",
          {"api.yaml": API.replace("client: Sample", "client: Tasks").replace('"1"}\nendpoint', '"1"} # there\nendpoint'),
           "resources/task.yaml": resource().replace("resource: task", "resource: task # here")}),
    Wrong("two resources of one class", "duplicate-name", "would both be called Jobs",
          {"api.yaml": API, "resources/job.yaml": resource(name="job").replace("resource: job", "resource: job # there"),
           "resources/task.yaml": resource("python: Jobs # here")}),
    Wrong("no resource", "missing-file", "no resource has a method", {"api.yaml": API.replace("\napi: sample", "api: sample # here")}),
]  # fmt: skip


def _place(files: dict[str, str], marker: str) -> set[tuple[str, int]]:
    return {
        (f"schema/{name}", number)
        for name, text in files.items()
        for number, line in enumerate(text.split("\n"), 1)
        if line.endswith(f"# {marker}")
    }


@pytest.mark.parametrize("wrong", MISTAKES, ids=lambda wrong: wrong.name.replace(" ", "-"))
def test_mistake_is_told_at_its_place(wrong: Wrong, tmp_path: Path) -> None:
    here, there = _place(wrong.files, "here"), _place(wrong.files, "there")
    assert len(here) == 1, "the test marks one line"
    _, diagnostics = pipeline.validate(find(project.settle(tmp_path, wrong.files)))
    found = list(diagnostics)
    assert {(item.position.file, item.position.line) for item in found} == here, found
    assert {item.rule for item in found} == {wrong.rule}
    assert any(wrong.told in item.message for item in found), found
    related = {
        (place.position.file, place.position.line) for item in found for place in item.related
    }
    assert related == there


@pytest.mark.parametrize("wrong", MISTAKES[:1] + MISTAKES[-1:], ids=["a-name", "nothing"])
def test_nothing_is_written(wrong: Wrong, tmp_path: Path) -> None:
    folder = project.settle(tmp_path, wrong.files)
    done = project.run(project.XMLWRIGHT, "--project", folder, "build", cwd=folder)
    assert (done.returncode, (folder / "generated").exists()) == (1, False)
    assert wrong.told in done.stdout


@pytest.mark.parametrize(
    ("wire", "python"),
    [
        ("name", "name"),
        ("class", "class_"),
        ("list", "list_"),
        ("self", "self_"),
        ("dt", "dt_"),
        ("unknown", "unknown_"),
        ("field", "field_"),
        ("api", "api"),
        ("UnitPrice", "unit_price"),
        ("UNIT", "unit"),
        ("vatID", "vat_id"),
        ("unit-price", "unit_price"),
        ("Class", "class_"),
        ("__init__", "init__"),
        ("_id", "id"),
        ("_", "_"),
    ],
)
def test_python_name_of_a_field(wire: str, python: str) -> None:
    assert naming.python_name(wire) == python


def test_no_resource_takes_the_place_of_an_attribute_of_the_client() -> None:
    """What the clients have by themselves is known to the generator, whoever added it."""

    class Bare(client.Client):
        protocol = Protocol("Sample", "https://example.com/", "sample", "1", "SAMPLE")

    made = Bare({}, {}, url="https://example.com/")
    names = {*vars(made), *dir(client.Client), *dir(aio.AsyncClient)}
    public = {name for name in names if re.fullmatch(r"[a-z]\w*", name)}
    assert "send" in public
    assert {name for name in public if naming.client_attribute(name) == name} == set()
