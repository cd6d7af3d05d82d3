"""A project that builds fast: two resources of a lending library, with the real templates.

:func:`make` writes it to a folder; the functions below run the program on it as a user does.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
TEMPLATES = CHECKOUT / "templates"
PROGRAM = CHECKOUT / "generator" / "xmlwright"
COMMAND = (sys.executable, "-m", "xmlwright")
PACKAGE = "library"

API = """\
api: library
title: Library API
version: "1"
doc: Books and who has them.
python: {package: library, distribution: library-client, client: Library, environment: LIBRARY, version: "0.1.0"}
endpoint: {url: "https://{account}.example.com/xml", doc: "One address an account."}
envelope:
  request: {root: request, method: "@method"}
  response: {root: response, namespaces: ["http://example.com/"], status: "@status", ok: [ok]}
  failures: [{message: error, code: code, field: field}]
credentials: {token: {doc: "The token is the user name."}}
authentication: [{basic: "{token}:X"}]
paging:
  style: page
  position: page
  size: per_page
  first: 1
  default_size: 25
  maximum_size: 100
  counters: {position: "@page", size: "@per_page", pages: "@pages", total: "@total"}
people:
  librarian: {doc: "May call everything."}
sources:
  manual: {doc: "The manual of the library."}
errors:
  "404": {kind: not_found, message: "No such {resource}.", status: 200, doc: "The id names nothing.", fix: "List them."}
method_errors: {get: ["404"]}
events:
  book.create: {doc: "A book was bought."}
"""

SHARED = """\
enums:
  Shelf:
    doc: Where a book stands.
    words:
      open: {doc: "Anybody may take it."}
      closed: {doc: "Ask the librarian."}
"""

BOOK = """\
resource: book
title: Books
doc: A book of the library.
callers: {librarian: always}
source: ["manual:books"]

records:
  Book:
    identity: book_id
    fields:
      book_id: {type: id, access: read, doc: "Number of the book."}
      title: {type: text, required: create, doc: "What stands on the cover, such as Überfahrt."}
      price: {type: decimal, doc: "What it cost."}
      shelf: {enum: Shelf, doc: "Where it stands."}
      authors: {list: author, record: Author, doc: "Who wrote it."}
  Author:
    fields:
      name: {type: text, required: always, doc: "Full name."}

methods:
  create: {events: [book.create]}
  get: {}
  list: {}
"""

BOOK_CASES = """\
cases:
  - name: a new book
    call: create
    arguments: {title: Faust, price: "9.50", shelf: open, authors: [{name: Johann}]}
    request: |
      <request method="book.create"><book><title>Faust</title><price>9.50</price><shelf>open</shelf><authors><author><name>Johann</name></author></authors></book></request>
    response: |
      <response xmlns="http://example.com/" status="ok"><book_id>7</book_id></response>
    result: 7
  - name: one book
    call: get
    arguments: {book_id: 7}
    request: |
      <request method="book.get"><book_id>7</book_id></request>
    response: |
      <response xmlns="http://example.com/" status="ok"><book><book_id>7</book_id><title>Faust</title><price>9.50</price><shelf>closed</shelf><authors><author><name>Johann</name></author></authors></book></response>
    result: {book_id: 7, title: Faust, price: "9.50", shelf: closed, authors: [{name: Johann}]}
  - name: no book
    call: get
    response: |
      <response xmlns="http://example.com/" status="fail"><error>No such book.</error><code>404</code><field>book_id</field></response>
    fails: {code: "404", message: "No such book.", field: book_id}
  - name: all books
    call: list
    arguments: {page: 2, per_page: 1}
    request: |
      <request method="book.list"><page>2</page><per_page>1</per_page></request>
    response: |
      <response xmlns="http://example.com/" status="ok"><books page="2" per_page="1" pages="2" total="2"><book><book_id>7</book_id><shelf>open</shelf></book></books></response>
    result: {position: 2, size: 1, pages: 2, total: 2, items: [{book_id: 7, shelf: open}]}
"""

LOAN = """\
resource: loan
title: Loans
doc: Somebody has a book.
callers: {librarian: always}
source: ["manual:loans"]

records:
  Loan:
    identity: loan_id
    fields:
      loan_id: {type: id, access: read, doc: "Number of the loan."}
      book_id: {ref: book, required: create, doc: "Which book."}
      due: {type: date, doc: "When it has to be back."}

methods:
  create: {}
  get: {}

cases:
  - name: a loan
    call: create
    arguments: {book_id: 7, due: "2030-01-31"}
    request: |
      <request method="loan.create"><loan><book_id>7</book_id><due>2030-01-31</due></loan></request>
    response: |
      <response xmlns="http://example.com/" status="ok"><loan_id>3</loan_id></response>
    result: 3
  - name: one loan
    call: get
    arguments: {loan_id: 3}
    request: |
      <request method="loan.get"><loan_id>3</loan_id></request>
    response: |
      <response xmlns="http://example.com/" status="ok"><loan><loan_id>3</loan_id><book_id>7</book_id><due>2030-01-31</due></loan></response>
    result: {loan_id: 3, book_id: 7, due: "2030-01-31"}
"""

SCHEMA = {
    "schema/api.yaml": API,
    "schema/shared.yaml": SHARED,
    "schema/resources/book.yaml": BOOK,
    "schema/resources/book.cases.yaml": BOOK_CASES,
    "schema/resources/loan.yaml": LOAN,
}
SETTINGS = '[tool.xmlwright]\nschema = "schema"\ntemplates = "templates"\noutput = "generated"\n'


def make(folder: Path) -> Path:
    """Write the project with a copy of the templates, not built."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    for name, text in SCHEMA.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    shutil.copytree(TEMPLATES, folder / "templates")
    return folder


@functools.cache
def _built_once() -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory(prefix="small-project-")  # removed when this process ends
    built(make(Path(folder.name) / "project"))
    return folder


def make_built(folder: Path) -> Path:
    """Write the project with its output; the cache of the build isn't copied."""
    shutil.copytree(Path(_built_once().name) / "project", folder)
    return folder


def real_project(folder: Path) -> Path:
    """Copy the description and templates of this checkout, not built."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    for name in ("schema", "templates"):
        shutil.copytree(CHECKOUT / name, folder / name)
    return folder


def edit(path: Path, old: str, new: str) -> None:
    """Replace the only occurrence of ``old``."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def tree(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder; links as targets, empty folders with a slash."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"-> {os.readlink(path)}".encode()
        elif path.is_file():
            found[name] = path.read_bytes()
        elif not any(path.iterdir()):
            found[f"{name}/"] = b""
    return found


def environment(**changes: str | None) -> dict[str, str]:
    """Return this process's environment without color settings, with ``changes`` (None removes)."""
    found = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_COLOR", "FORCE_COLOR", "PYTHONIOENCODING", "COLUMNS")
        and not name.startswith("PYTEST_")
    }
    for name, value in changes.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = value
    return found


def run(
    folder: Path,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    command: Sequence[str] = COMMAND,
) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder and capture its output."""
    return subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env=dict(env if env is not None else environment()),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def built(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Path:
    """Build a project and return its output folder."""
    done = run(folder, "build", *arguments, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "generated"
