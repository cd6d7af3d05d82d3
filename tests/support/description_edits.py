"""Edits of one small description, with expected verdicts and programs that prove them.

Every edit is a change in both directions. The verdicts, and which program breaks, were written by hand, not taken from the
program under test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

API: Final = """\
api: library
title: Library API
version: "1"
doc: Books and who has them.
python: {package: library, distribution: library-client, client: Library, environment: LIBRARY, version: "0.1.0"}
endpoint: {url: "https://{account}.example.com/xml"}
envelope:
  request: {root: request, method: "@method"}
  response: {root: response, namespaces: ["http://example.com/"], status: "@status", ok: [ok]}
  failures: [{message: error, code: code, field: field}]
credentials: {token: {}}
authentication: [{basic: "{token}:X"}]
oauth: {signature: PLAINTEXT, request_token: "https://{account}.example.com/r", authorization: "https://{account}.example.com/a", access_token: "https://{account}.example.com/t"}
paging:
  style: page
  position: page
  size: per_page
  default_size: 1
  maximum_size: 100
  counters: {position: "@page", size: "@per_page", pages: "@pages", total: "@total"}
scalars:
  flag: {words: ["1", "0"]}
  datetime: {zone: UTC}
people:
  librarian: {doc: "May call everything."}
  member: {doc: "May look."}
sources:
  manual: {doc: "The manual of the library."}
errors:
  "404": {kind: not_found, message: "No such book."}
  "409": {kind: conflict, message: "It is lent already."}
  "410": {kind: server, message: "Gone."}
limits:
  calls_per_day: "1000"
callbacks: {event: name, object: object, system: system, user: user, verifier: verifier, verification: verify}
events:
  book.create: {doc: "A book was bought."}
  book.lend: {doc: "A book was lent."}
"""

BOOK: Final = """\
resource: book
title: Books
doc: A book of the library.
callers: {librarian: always, member: on weekdays}
source: ["manual:books"]

enums:
  Shelf:
    words:
      open: {}
      closed: {}
      cellar: {access: read}
  State:
    words:
      good: {request: g, response: g}
      torn: {request: t, response: t}

records:
  Book:
    identity: book_id
    fields:
      book_id: {type: id, access: read}
      title: {type: text, required: create}
      price: {type: decimal}
      copies: {type: int}
      shelf: {enum: Shelf}
      state: {enum: State}
      isbn: {type: text, max_length: 13}
      cover: {type: uri}
      note: {type: text}
      pin: {type: text, sensitive: true}
      bought: {type: datetime, access: read}
      lent: {type: flag, default: false}
      authors: {list: author, record: Author}
  Author:
    identity: name
    fields:
      name: {type: text, required: always}
      alias: {type: text, required: always}
      born: {type: int}
      share: {type: decimal}

methods:
  create: {events: [book.create]}
  update: {}
  get: {}
  delete: {}
  list: {order: title, filters: {shelf: {enum: Shelf}}}
  lend:
    kind: action
    retry: idempotent
    arguments: {book_id: {type: id, required: always}, until: {type: date}}
    response: {value: none}
    errors: ["404", "409"]
    events: [book.lend]
  picture:
    kind: action
    retry: safe
    arguments: {book_id: {type: id, required: always}}
    response: {value: binary, media: [image/png]}
"""

LOAN: Final = """\
resource: loan
title: Loans
doc: Somebody has a book.
callers: {librarian: always, member: on weekdays}
source: ["manual:loans"]

records:
  Loan:
    identity: loan_id
    fields:
      loan_id: {type: id, access: read}
      book_id: {ref: book, required: create}
      due: {type: date}

methods:
  create: {}
  get: {}
"""

FILES: Final = {"api.yaml": API, "resources/book.yaml": BOOK, "resources/loan.yaml": LOAN}


@dataclass(frozen=True)
class Program:
    """The body of a program that uses ``api`` (a client) and may ask ``world``; LIB stands for the package."""

    body: str
    wire: bool = False
    """Whether it breaks when only the server is the new one."""
    python: bool = False
    """Whether it breaks when the client is the new one as well: the type checker refuses it, or it fails."""


@dataclass(frozen=True)
class Way:
    """An edit in one direction."""

    rules: frozenset[str]
    wire: str
    python: str
    programs: tuple[Program, ...]


@dataclass(frozen=True)
class Edit:
    """One difference between two descriptions."""

    name: str
    replacements: tuple[tuple[str, str, str], ...]
    """File, text, the text in its place."""
    there: Way
    back: Way


BREAKS, RISKY, SAFE, NONE = "breaking", "risky", "safe", "none"


def both(body: str) -> Program:
    """Return a program that breaks with the old and with the new client."""
    return Program(body, wire=True, python=True)


def old(body: str) -> Program:
    """Return a program that breaks with the old client."""
    return Program(body, wire=True)


def new(body: str) -> Program:
    """Return a program that breaks with the new client."""
    return Program(body, python=True)


def fine(body: str) -> Program:
    """Return a program that does not break."""
    return Program(body)


def way(rules: str, wire: str, python: str, *programs: Program) -> Way:
    return Way(frozenset(rules.split()), wire, python, programs)


def book(before: str, after: str) -> tuple[tuple[str, str, str], ...]:
    return (("resources/book.yaml", before, after),)


def api(before: str, after: str) -> tuple[tuple[str, str, str], ...]:
    return (("api.yaml", before, after),)


GET: Final = fine("api.book.get(7)")
LEND: Final = fine("api.book.lend(7)")
LEND_EARLY: Final = "api.book.lend(7, until=dt.date(2000, 1, 1))"
CREATE: Final = 'api.book.create(title="x")'
NOTE: Final = "      note: {type: text}"
COPIES: Final = "      copies: {type: int}"
PRICE: Final = "      price: {type: decimal}"
BORN: Final = "      born: {type: int}"
SHARE: Final = "      share: {type: decimal}"
AUTHOR: Final = '{"name": "Ann", "alias": "A."}'


def _authors(more: str) -> str:
    return f'api.book.create(title="x", authors=[{{"name": "Ann", "alias": "A."{more}}}])'


EDITS: Final[tuple[Edit, ...]] = (
    # resources and methods
    Edit("a resource goes", (("resources/loan.yaml", LOAN, ""),),
         way("resource-removed", BREAKS, BREAKS, both("api.loan.get(3)"), GET),
         way("resource-added", SAFE, SAFE, GET)),
    Edit("a method goes", book("  delete: {}\n", ""),
         way("method-removed", BREAKS, BREAKS, both("api.book.delete(7)"), GET),
         way("method-added", SAFE, SAFE, GET)),
    Edit("a method has another name in Python", book("  get: {}", "  get: {python: fetch}"),
         way("method-renamed-in-python", NONE, BREAKS, new("api.book.get(7)")),
         way("method-renamed-in-python", NONE, BREAKS, new("api.book.fetch(7)"))),
    Edit("a class has another name", book("title: Books", "title: Books\npython: Shelves"),
         way("class-renamed", NONE, BREAKS, new("from LIB.book import Books\n_ = Books"), GET),
         way("class-renamed", NONE, BREAKS, new("from LIB.book import Shelves\n_ = Shelves"), GET)),
    Edit("a method is to be avoided", book("  get: {}", "  get: {deprecated: true}"),
         way("now-deprecated", NONE, SAFE, GET),
         way("no-longer-deprecated", NONE, SAFE, GET)),
    Edit("a method has other words", book("  get: {}", "  get: {doc: Another sentence.}"),
         way("documentation-changed", NONE, NONE, GET),
         way("documentation-changed", NONE, NONE, GET)),
    Edit("a method is known otherwise", book("  get: {}", "  get: {provenance: observed}"),
         way("provenance-changed", NONE, NONE, GET),
         way("provenance-changed", NONE, NONE, GET)),
    Edit("arguments are wrapped otherwise", book("  create: {events", "  create: {wrapper: volume, events"),
         way("wrapper-changed", BREAKS, NONE, old(CREATE), GET),
         way("wrapper-changed", BREAKS, NONE, old(CREATE), GET)),
    Edit("a call may be repeated no more", book("retry: idempotent", "retry: ambiguous"),
         way("retry-less-safe", RISKY, RISKY, new("world.lose_the_next_answer()\napi.book.lend(7)"), LEND),
         way("retry-safer", NONE, SAFE, LEND)),
    Edit("a person may call it no more", book("  get: {}", "  get: {callers: {librarian: always}}"),
         way("caller-removed", BREAKS, BREAKS, both("api.book.get(7)")),
         way("caller-added", SAFE, SAFE, fine(CREATE))),
    Edit("a person may call it on another condition", book("  get: {}", "  get: {callers: {librarian: always, member: on Sundays}}"),
         way("caller-condition-changed", RISKY, RISKY, fine(CREATE)),
         way("caller-condition-changed", RISKY, RISKY, fine(CREATE))),
    Edit("a call may fail as it did not", (("resources/loan.yaml", "  create: {}", '  create: {errors: ["409"]}'),),
         way("error-added", RISKY, RISKY,
             both("api.loan.create(book_id=7, due=dt.date(2000, 1, 1))"), fine("api.loan.create(book_id=7, due=dt.date(2030, 1, 1))")),
         way("error-removed", SAFE, SAFE, fine("api.loan.create(book_id=7, due=dt.date(2030, 1, 1))"))),
    Edit("an event is fired no more", book("  create: {events: [book.create]}", "  create: {}"),
         way("event-no-longer-fired", BREAKS, BREAKS, both(CREATE + '\nassert world.fired("book.create")'), fine(CREATE)),
         way("event-now-fired", SAFE, SAFE, fine(CREATE))),
    Edit("a list is in another order", book("order: title", "order: -title"),
         way("order-changed", RISKY, RISKY,
             both("found = [book.title or '' for book in api.book.list()]\nassert found == sorted(found)"), fine("_ = api.book.list().total")),
         way("order-changed", RISKY, RISKY,
             both("found = [book.title or '' for book in api.book.list()]\nassert found == sorted(found, reverse=True)"), GET)),
    # answers
    Edit("a list does not come in pages", book("  list: {order", "  list: {paging: false, response: {value: list}, order"),
         way("paging-removed argument-removed", BREAKS, BREAKS, both("api.book.list(per_page=2).first()")),
         way("paging-added argument-added", BREAKS, BREAKS, both("assert len(api.book.list()) == 2"))),
    Edit("pages of a list are ignored", book("  list: {order", "  list: {paging: ignored, order"),
         way("pages-now-ignored", RISKY, RISKY, GET),
         way("pages-now-honored", RISKY, RISKY, GET)),
    Edit("an answer is of another kind", book("  get: {}", "  get: {response: {value: id, at: book_id, ref: book}}"),
         way("response-kind-changed", BREAKS, BREAKS, both("assert api.book.get(7).title")),
         way("response-kind-changed", BREAKS, BREAKS, both("number: int = api.book.get(7)"))),
    Edit("nothing is answered", book("response: {value: none}", "response: {value: id, at: loan_id, ref: loan}"),
         way("response-now-given", SAFE, SAFE, LEND),
         way("response-no-longer-given", BREAKS, BREAKS, both("number: int = api.book.lend(7)"))),
    Edit("an answer is elsewhere", book("  get: {}", "  get: {response: {value: record, at: volume}}"),
         way("response-moved", BREAKS, NONE, old("api.book.get(7)"), fine(CREATE)),
         way("response-moved", BREAKS, NONE, old("api.book.get(7)"), fine(CREATE))),
    Edit("a file is of another type", book("media: [image/png]", "media: [image/gif]"),
         way("media-changed", RISKY, RISKY, both('assert api.book.picture(7).media == "image/png"'), GET),
         way("media-changed", RISKY, RISKY, both('assert api.book.picture(7).media == "image/gif"'), GET)),
    # arguments
    Edit("an argument comes", book("filters: {shelf: {enum: Shelf}}", "filters: {shelf: {enum: Shelf}, isbn: same}"),
         way("argument-added", SAFE, SAFE, fine('list(api.book.list(shelf="open"))')),
         way("argument-removed", BREAKS, BREAKS, both('list(api.book.list(isbn="1"))'), fine("list(api.book.list())"))),
    Edit("an argument that must be given comes", book("until: {type: date}", "until: {type: date}, member: {type: text, required: always}"),
         way("required-argument-added", BREAKS, BREAKS, both("api.book.lend(7)"), GET),
         way("required-argument-removed", BREAKS, BREAKS, both('api.book.lend(7, member="Ann")'), GET)),
    Edit("an argument must be given", book("until: {type: date}", "until: {type: date, required: always}"),
         way("argument-now-required", BREAKS, BREAKS, both("api.book.lend(7)"), fine("api.book.lend(7, until=dt.date(2030, 1, 1))")),
         way("argument-now-optional", SAFE, SAFE, fine("api.book.lend(7, until=dt.date(2030, 1, 1))"))),
    Edit("an argument has another name in Python", book(COPIES, "      copies: {type: int, access: write, python: amount}"),
         way("response-field-removed argument-renamed-in-python field-renamed-in-python", BREAKS, BREAKS,
             new('api.book.create(title="x", copies=1)'), both("assert api.book.get(7).copies == 7")),
         way("response-field-added argument-renamed-in-python field-renamed-in-python", SAFE, BREAKS,
             new('api.book.create(title="x", amount=1)'), GET)),
    Edit("an argument stands elsewhere", book(COPIES, "      copies: {type: int, at: amount}"),
         way("argument-moved field-moved", BREAKS, NONE, old('api.book.create(title="x", copies=1)'), old("assert api.book.get(7).copies == 7")),
         way("argument-moved field-moved", BREAKS, NONE, old('api.book.create(title="x", copies=1)'), GET)),
    Edit("an argument takes fewer numbers", book(PRICE, "      price: {type: {read: decimal, write: int}}"),
         way("argument-narrowed", BREAKS, BREAKS, both('api.book.create(title="x", price="9.50")'), fine(CREATE)),
         way("argument-widened", SAFE, SAFE, fine('api.book.create(title="x", price=9)'))),
    Edit("an argument takes numbers only", book(NOTE, "      note: {type: {read: text, write: int}}"),
         way("argument-tightened", BREAKS, BREAKS, both('api.book.create(title="x", note="soiled")'), fine(CREATE)),
         way("argument-loosened", SAFE, BREAKS, new('api.book.create(title="x", note=5)'), fine(CREATE))),
    Edit("an argument takes something else", book(COPIES, "      copies: {type: {read: int, write: date}}"),
         way("argument-type-changed", BREAKS, BREAKS, both('api.book.create(title="x", copies=1)'), fine(CREATE)),
         way("argument-type-changed", BREAKS, BREAKS, both('api.book.create(title="x", copies=dt.date(2030, 1, 1))'), fine(CREATE))),
    Edit("an argument is a list", book(NOTE, "      note: {list: line, type: text, access: write}"),
         way("argument-now-list response-field-removed", BREAKS, BREAKS,
             both('api.book.create(title="x", note="soiled")'), both("assert api.book.get(7).note")),
         way("argument-no-longer-list response-field-added", BREAKS, BREAKS, both('api.book.create(title="x", note=["soiled"])'), GET)),
    Edit("an argument goes by its name only", book("arguments: {book_id: {type: id, required: always}, until", "arguments: {book_id: {type: id}, until"),
         way("now-keyword-only argument-now-optional", SAFE, BREAKS, new("api.book.lend(7)"), fine("api.book.lend(book_id=7)")),
         way("now-positional argument-now-required", BREAKS, BREAKS,
             both("api.book.lend(until=dt.date(2030, 1, 1))"), fine("api.book.lend(book_id=7)"))),
    Edit("an argument cannot be cleared", book(NOTE, "      note: {type: text, clear: refused}"),
         way("clear-now-refused", BREAKS, BREAKS, both("api.book.update(7, note=None)"), fine('api.book.update(7, note="x")')),
         way("clear-now-allowed", SAFE, SAFE, fine('api.book.update(7, note="x")'))),
    Edit("clearing does something", book(NOTE, "      note: {type: text, clear: action}"),
         way("clear-means-otherwise", RISKY, RISKY, fine('api.book.update(7, note="x")')),
         way("clear-means-otherwise", RISKY, RISKY, fine('api.book.update(7, note="x")'))),
    Edit("a text may be shorter only", book("max_length: 13", "max_length: 10"),
         way("limit-tightened", BREAKS, BREAKS, both('api.book.create(title="x", isbn="1234567890123")'), fine('api.book.create(title="x", isbn="1")')),
         way("limit-loosened", SAFE, SAFE, fine('api.book.create(title="x", isbn="1")'))),
    Edit("a number has a limit", book(COPIES, '      copies: {type: int, maximum: 5}'),
         way("limit-tightened", BREAKS, BREAKS, both('api.book.create(title="x", copies=6)'), fine(CREATE)),
         way("limit-loosened", SAFE, SAFE, fine('api.book.create(title="x", copies=5)'))),
    Edit("something else is assumed", book("default: false", "default: true"),
         way("default-changed", RISKY, RISKY, both(CREATE + "\nassert api.book.get(7).lent is False"), GET),
         way("default-changed", RISKY, RISKY, both(CREATE + "\nassert api.book.get(7).lent is True"), GET)),
    Edit("a field is not saved", book(NOTE, "      note: {type: text, discarded: true}"),
         way("now-discarded", RISKY, RISKY,
             both('api.book.update(7, note="kept")\nassert api.book.get(7).note == "kept"'), fine('api.book.update(7, note="kept")')),
         way("no-longer-discarded", SAFE, SAFE, fine('api.book.update(7, note="kept")'))),
    Edit("a field is to be avoided", book(COPIES, "      copies: {type: int, deprecated: true}"),
         way("now-deprecated", NONE, SAFE, fine('api.book.create(title="x", copies=1)')),
         way("no-longer-deprecated", NONE, SAFE, fine('api.book.create(title="x", copies=1)'))),
    Edit("a field is secret", book(NOTE, "      note: {type: text, sensitive: true}"),
         way("now-sensitive", NONE, SAFE, fine("assert api.book.get(7).note")),
         way("no-longer-sensitive", NONE, RISKY,
             new('assert "some pin" not in repr(api.book.get(7)) and "some note" not in repr(api.book.get(7))'), GET)),
    Edit("an id is of another resource", (("resources/loan.yaml", "{ref: book,", "{ref: loan,"),),
         way("reference-changed", NONE, NONE, fine("api.loan.create(book_id=7)")),
         way("reference-changed", NONE, NONE, fine("api.loan.create(book_id=7)"))),
    Edit("a URI is a text", book("cover: {type: uri}", "cover: {type: text}"),
         way("scalar-refined", NONE, NONE, fine('api.book.create(title="x", cover="http://example.com")\nassert api.book.get(7).cover')),
         way("scalar-refined", NONE, NONE, fine('api.book.create(title="x", cover="http://example.com")\nassert api.book.get(7).cover'))),
    # fields of what is sent
    Edit("a nested field is sent no more", book(BORN, "      born: {type: int, access: read}"),
         way("input-field-removed", BREAKS, BREAKS, both(_authors(', "born": 1')), fine(_authors(""))),
         way("input-field-added", SAFE, SAFE, fine(_authors("")))),
    Edit("a nested field that must be sent comes", book(BORN, BORN + "\n      mail: {type: text, required: always, access: write}"),
         way("required-input-field-added", BREAKS, BREAKS, both(_authors("")), fine(CREATE)),
         way("required-input-field-removed", BREAKS, BREAKS, both(_authors(', "mail": "m"')), fine(CREATE))),
    Edit("a nested field must be sent", book(BORN, "      born: {type: int, required: always}"),
         way("input-field-now-required", BREAKS, BREAKS, both(_authors("")), fine(_authors(', "born": 1'))),
         way("input-field-now-optional", SAFE, SAFE, fine(_authors(', "born": 1')))),
    Edit("a nested field takes fewer numbers", book(SHARE, "      share: {type: {read: decimal, write: int}}"),
         way("input-field-narrowed", BREAKS, BREAKS, both(_authors(', "share": "0.5"')), fine(_authors(""))),
         way("input-field-widened", SAFE, SAFE, fine(_authors(', "share": 1')))),
    Edit("a nested field takes any text", book(BORN, "      born: {type: {read: int, write: text}}"),
         way("input-field-loosened", SAFE, BREAKS, new(_authors(', "born": 1')), fine(_authors(""))),
         way("input-field-tightened", BREAKS, BREAKS, both(_authors(', "born": "long ago"')), fine(_authors("")))),
    Edit("a nested field takes something else", book(BORN, "      born: {type: {read: int, write: date}}"),
         way("input-type-changed", BREAKS, BREAKS, both(_authors(', "born": 1')), fine(_authors(""))),
         way("input-type-changed", BREAKS, BREAKS, both(_authors(', "born": dt.date(2030, 1, 1)')), fine(_authors("")))),
    Edit("a nested field is a list", book(BORN, "      born: {list: year, type: int, access: write}"),
         way("input-now-list response-field-removed", BREAKS, BREAKS, both(_authors(', "born": 1')), both("assert api.book.get(7).authors[0].born")),
         way("input-no-longer-list response-field-added", BREAKS, BREAKS, both(_authors(', "born": [1]')), GET)),
    Edit("a record is sent no more", book("{list: author, record: Author}", "{list: author, record: Author, access: read}"),
         way("argument-removed input-removed", BREAKS, BREAKS,
             both(_authors("")), new("from LIB.book import AuthorInput\n_ = AuthorInput")),
         way("argument-added input-added", SAFE, SAFE, fine(CREATE))),
    # fields of what is answered
    Edit("a field is answered no more", book(COPIES, "      copies: {type: int, access: write}"),
         way("response-field-removed", BREAKS, BREAKS, both("assert api.book.get(7).copies == 7"), GET),
         way("response-field-added", SAFE, SAFE, GET)),
    Edit("a field has another name in Python", book("bought: {type: datetime", "bought: {python: acquired, type: datetime"),
         way("field-renamed-in-python", NONE, BREAKS, new("assert api.book.get(7).bought"), GET),
         way("field-renamed-in-python", NONE, BREAKS, new("assert api.book.get(7).acquired"), GET)),
    Edit("a number is answered without a fraction", book(PRICE, "      price: {type: {read: int, write: decimal}}"),
         way("response-type-narrowed", SAFE, BREAKS, new("price: Decimal | None = api.book.get(7).price"), GET),
         way("response-type-widened", BREAKS, BREAKS, both("price: int | None = api.book.get(7).price"))),
    Edit("a field is answered as something else", book(COPIES, "      copies: {type: {read: date, write: int}}"),
         way("response-type-changed", BREAKS, BREAKS, both("copies: int | None = api.book.get(7).copies")),
         way("response-type-changed", BREAKS, BREAKS, both("copies: dt.date | None = api.book.get(7).copies"))),
    Edit("a field is answered as a list", book("bought: {type: datetime", "bought: {list: day, type: datetime"),
         way("response-now-list", BREAKS, BREAKS, both("bought = api.book.get(7).bought\nassert bought and bought.year == 2009")),
         way("response-no-longer-list", BREAKS, BREAKS, both("assert api.book.get(7).bought[0].year == 2009"))),
    Edit("a record is answered no more", book("{list: author, record: Author}", "{list: author, record: Author, access: write}"),
         way("response-field-removed record-removed", BREAKS, BREAKS,
             both("assert api.book.get(7).authors"), new("from LIB.book import Author\n_ = Author")),
         way("response-field-added record-added", SAFE, SAFE, GET)),
    Edit("an item may come without its element", book("record: Author}", "record: Author, bare: true}"),
         way("bare-form-added", RISKY, NONE, old("assert api.book.get(7).authors[0].name"), GET),
         way("bare-form-removed", SAFE, NONE, fine("assert api.book.get(7).authors[0].name"))),
    Edit("a record is named by another field", book("    identity: name", "    identity: alias"),
         way("identity-changed", NONE, BREAKS, new("name: str = api.book.get(7).authors[0].name"), GET),
         way("identity-changed", NONE, BREAKS, new("name: str = api.book.get(7).authors[0].alias"), GET)),
    Edit("an empty tag is none", book(NOTE, "      note: {type: text, read_empty: none}"),
         way("empty-read-differently", NONE, RISKY, new('api.book.update(7, note=None)\nassert api.book.get(7).note == ""'), GET),
         way("empty-read-differently", NONE, RISKY, new("api.book.update(7, note=None)\nassert api.book.get(7).note is None"), GET)),
    # words
    Edit("a word goes", book("      closed: {}\n", ""),
         way("word-removed response-word-removed", BREAKS, BREAKS, both('api.book.create(title="x", shelf="closed")'), GET),
         way("word-added response-word-added", RISKY, RISKY,
             both('assert all(api.book.get(7).shelf in ("open", "cellar") for _ in range(4))'), fine('api.book.create(title="x", shelf="open")'))),
    Edit("a word comes in answers", book("      cellar: {access: read}\n", "      cellar: {access: read}\n      attic: {access: read}\n"),
         way("response-word-added", RISKY, RISKY, both('assert all(api.book.get(7).shelf in ("open", "closed", "cellar") for _ in range(4))'), GET),
         way("response-word-removed", SAFE, SAFE, fine('assert all(api.book.get(7).shelf in ("open", "closed", "cellar", "attic") for _ in range(4))'))),
    Edit("a word is spelt otherwise", book("      closed: {}", "      closed: {request: c, response: c}"),
         way("word-spelling-changed", BREAKS, NONE, old('api.book.create(title="x", shelf="closed")'), GET),
         way("word-spelling-changed", BREAKS, NONE, old('api.book.create(title="x", shelf="closed")'), GET)),
    Edit("words become any text", (
            ("resources/book.yaml", "      state: {enum: State}", "      state: {type: text}"),
            ("resources/book.yaml", "  State:\n    words:\n      good: {request: g, response: g}\n      torn: {request: t, response: t}\n", "")),
         # What is answered is the wire's own word now: t where it was torn.
         way("enum-removed argument-widened response-word-set-opened", SAFE, BREAKS,
             new("from LIB.book import State\n_ = State"), fine('api.book.create(title="x", state="torn")')),
         way("enum-added argument-narrowed response-word-set-closed", BREAKS, BREAKS,
             both('api.book.create(title="x", state="mended")'), GET)),
    # the API as a whole
    Edit("the package has another name", api("{package: library", "{package: bibliotheca"),
         way("package-renamed", NONE, BREAKS, new("api.book.get(7)")),
         way("package-renamed", NONE, BREAKS, new("api.book.get(7)"))),
    Edit("the distribution has another name", api("distribution: library-client", "distribution: lc"),
         way("distribution-renamed", NONE, BREAKS, GET),
         way("distribution-renamed", NONE, BREAKS, GET)),
    Edit("the client has another name", api("client: Library", "client: Shelves"),
         way("client-renamed", NONE, BREAKS, new("api.book.get(7)")),
         way("client-renamed", NONE, BREAKS, new("api.book.get(7)"))),
    Edit("the environment has other names", api("environment: LIBRARY", "environment: LIB2"),
         way("environment-renamed", NONE, BREAKS,
             new('os.environ.update(LIBRARY_ACCOUNT="a", LIBRARY_TOKEN="t")\ntype(api).from_env()'), GET),
         way("environment-renamed", NONE, BREAKS,
             new('os.environ.update(LIB2_ACCOUNT="a", LIB2_TOKEN="t")\ntype(api).from_env()'), GET)),
    Edit("the address is another", api("example.com/xml", "example.com/v2"),
         way("endpoint-changed", BREAKS, NONE, old("api.book.get(7)")),
         way("endpoint-changed", BREAKS, NONE, old("api.book.get(7)"))),
    Edit("requests have another root", api("{root: request,", "{root: call,"),
         way("envelope-changed", BREAKS, NONE, old("api.book.get(7)")),
         way("envelope-changed", BREAKS, NONE, old("api.book.get(7)"))),
    Edit("answers have another status", api("ok: [ok]", "ok: [fine]"),
         way("envelope-changed", BREAKS, NONE, old("api.book.get(7)")),
         way("envelope-changed", BREAKS, NONE, old("api.book.get(7)"))),
    Edit("answers have another namespace as well", api('["http://example.com/"]', '["http://example.com/", "http://example.org/"]'),
         way("namespace-added", SAFE, NONE, GET),
         way("namespace-removed", SAFE, NONE, GET)),
    Edit("the token is sent otherwise", api('[{basic: "{token}:X"}]', '[{at: "header:X-Token", value: "{token}"}]'),
         way("authentication-changed", BREAKS, NONE, old("api.book.get(7)")),
         way("authentication-changed", BREAKS, NONE, old("api.book.get(7)"))),
    Edit("there is no OAuth", api('oauth: {signature: PLAINTEXT, request_token: "https://{account}.example.com/r", authorization: "https://{account}.example.com/a", access_token: "https://{account}.example.com/t"}\n', ""),
         way("oauth-removed", BREAKS, BREAKS, new('type(api).oauth("account", "key", "secret")'), GET),
         way("oauth-added", SAFE, SAFE, GET)),
    Edit("OAuth is elsewhere", api("example.com/r", "example.com/request"),
         way("oauth-changed", BREAKS, NONE, GET),
         way("oauth-changed", BREAKS, NONE, GET)),
    Edit("there are no callbacks", api("callbacks: {event: name, object: object, system: system, user: user, verifier: verifier, verification: verify}\n", ""),
         way("callbacks-removed", BREAKS, BREAKS, both(CREATE + '\nassert world.fired("book.create")'), GET),
         way("callbacks-added", SAFE, SAFE, GET)),
    Edit("callbacks name the event otherwise", api("callbacks: {event: name,", "callbacks: {event: event,"),
         way("callbacks-changed", BREAKS, NONE, old("from LIB.events import parse\n" + CREATE + "\nparse(world.delivery())"), GET),
         way("callbacks-changed", BREAKS, NONE, old("from LIB.events import parse\n" + CREATE + "\nparse(world.delivery())"), GET)),
    Edit("pages are asked for otherwise", api("position: page\n", "position: part\n"),
         way("paging-changed argument-removed argument-added", BREAKS, BREAKS, both("api.book.list(page=2).page()"), GET),
         way("paging-changed argument-removed argument-added", BREAKS, BREAKS, both("api.book.list(part=2).page()"), GET)),
    Edit("pages are numbered from nought", api("  size: per_page\n", "  size: per_page\n  first: 0\n"),
         way("paging-changed documentation-changed", BREAKS, RISKY, both('assert api.book.list(page=1).page().items[0].title == "row 1"'), GET),
         way("paging-changed documentation-changed", BREAKS, RISKY, both("api.book.list(page=0).page()"), GET)),
    Edit("pages are smaller", api("maximum_size: 100", "maximum_size: 10"),
         way("group-page-size-lowered documentation-changed", RISKY, RISKY, both("list(api.book.list(per_page=50))"), GET),
         way("group-page-size-raised documentation-changed", SAFE, SAFE, fine("list(api.book.list(per_page=10))"))),
    Edit("pages have another size if none is said", api("default_size: 1", "default_size: 2"),
         way("default-page-size-changed documentation-changed", RISKY, RISKY, both("assert len(api.book.list().page().items) == 1"), fine("list(api.book.list())")),
         way("default-page-size-changed documentation-changed", RISKY, RISKY, both("assert len(api.book.list().page().items) == 2"), fine("list(api.book.list())"))),
    Edit("flags are other words", api('words: ["1", "0"]', 'words: ["yes", "no"]'),
         way("scalar-format-changed", BREAKS, NONE, old('api.book.create(title="x", lent=True)'), fine("api.book.delete(7)")),
         way("scalar-format-changed", BREAKS, NONE, old('api.book.create(title="x", lent=True)'), fine("api.book.delete(7)"))),
    Edit("times are of another zone", api("zone: UTC", "zone: America/New_York"),
         way("zone-changed", RISKY, NONE,
             old("bought = api.book.get(7).bought\nassert bought and bought.astimezone(dt.timezone.utc).hour == 9"), GET),
         way("zone-changed", RISKY, NONE,
             old("bought = api.book.get(7).bought\nassert bought and bought.astimezone(dt.timezone.utc).hour == 9"), GET)),
    Edit("an error has another kind", api("kind: conflict", "kind: validation"),
         way("error-kind-changed", NONE, BREAKS,
             new(f"from LIB import ConflictError\ntry:\n    {LEND_EARLY}\nexcept ConflictError:\n    pass"), LEND),
         way("error-kind-changed", NONE, BREAKS,
             new(f"from LIB import ValidationError\ntry:\n    {LEND_EARLY}\nexcept ValidationError:\n    pass"), LEND)),
    Edit("an error says something else", api("It is lent already.", "Somebody has it."),
         way("error-message-changed", RISKY, RISKY,
             both(f'from LIB import ConflictError\ntry:\n    {LEND_EARLY}\nexcept ConflictError as error:\n    assert "lent already" in str(error)'), LEND),
         way("error-message-changed", RISKY, RISKY,
             both(f'from LIB import ConflictError\ntry:\n    {LEND_EARLY}\nexcept ConflictError as error:\n    assert "Somebody" in str(error)'), LEND)),
    Edit("an error has another HTTP status", api('message: "It is lent already."', 'status: 409, message: "It is lent already."'),
         way("error-status-changed", RISKY, NONE, LEND),
         way("error-status-changed", RISKY, NONE, LEND)),
    Edit("an error code comes", api('  "410":', '  "411": {kind: server, message: "Longer."}\n  "410":'),
         way("error-code-added", SAFE, SAFE, GET),
         way("error-code-removed", SAFE, SAFE, GET)),
    Edit("an event goes", (
            ("api.yaml", '  book.lend: {doc: "A book was lent."}\n', ""), ("resources/book.yaml", "    events: [book.lend]\n", "")),
         way("event-removed event-no-longer-fired", BREAKS, BREAKS,
             both('api.book.lend(7)\nassert world.fired("book.lend")'), new('from LIB.events import EVENTS\nassert EVENTS["book.lend"]')),
         way("event-added event-now-fired", SAFE, SAFE, LEND)),
    Edit("a published limit is another", api('calls_per_day: "1000"', 'calls_per_day: "10"'),
         way("published-limit-changed", RISKY, RISKY, GET),
         way("published-limit-changed", RISKY, RISKY, GET)),
    Edit("the version is another", api('version: "1"', 'version: "2"'),
         way("version-changed", NONE, NONE, GET),
         way("version-changed", NONE, NONE, GET)),
)  # fmt: skip

NOT_SHOWN: Final = {
    "retry-less-safe": "on the wire it needs two answers to one call to be told apart by what they did",
    "caller-condition-changed": "a condition is a sentence; no program can be made to meet it",
    "clear-means-otherwise": "what the action is, is a sentence",
    "pages-now-ignored": "how a server ignores pages is its own affair",
    "pages-now-honored": "how a server ignores pages is its own affair",
    "distribution-renamed": "what is installed has another name; what is imported has not",
    "oauth-removed": "on the wire: the addresses are on hosts that are not this server",
    "oauth-changed": "the addresses are on hosts that are not this server",
    "error-status-changed": "the failure is told by the document, and most programs do not see its status",
    "published-limit-changed": "a limit is a sentence",
}
"""Rules whose breaking no program here shows, on one side or both, and why."""
