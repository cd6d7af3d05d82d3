"""``python -m PACKAGE read|check FILE...``: recorded answers as typed JSON, and what in them is not described."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

from .errors import ApiFailure, Error, UnreadableDocument
from .reading import local_name, parse_xml
from .record import unknown_elements
from .wire import Door, plain, to_json

OK: Final = 0
FOUND: Final = 1
USAGE: Final = 2


def main(door: Door, arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Answers the exit code: 0 fine, 1 a document is bad or holds unknown elements, 2 usage."""
    package = door.protocol.package
    parser = argparse.ArgumentParser(
        prog=f"python -m {package}",
        description=f"Read recorded requests and answers of the {door.protocol.name} API.",
        epilog="Examples:\n"
        f"  python -m {package} read answer.xml\n"
        f"  python -m {package} read --method client.get - < answer.xml\n"
        f"  python -m {package} check recordings/*.xml\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in (
        ("read", "print documents as typed JSON"),
        ("check", "list what the description does not know in documents"),
    ):
        command = commands.add_parser(name, help=text, description=text.capitalize() + ".")
        command.add_argument(
            "files", nargs="+", metavar="FILE", help="XML file, or - for standard input"
        )
        command.add_argument(
            "--method", metavar="NAME", help="method the answers belong to; default: guessed"
        )
    options = parser.parse_args(arguments)
    if options.method is not None and options.method not in door.methods:
        try:
            door.method(options.method)
        except Error as error:
            parser.error(str(error))
    act: Callable[[Door, str, bytes, str | None], bool] = (
        _read if options.command == "read" else _check
    )
    fine = True
    try:
        for file in options.files:
            fine = _one(door, file, options.method, act) and fine
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    return OK if fine else FOUND


def _one(
    door: Door, file: str, method: str | None, act: Callable[[Door, str, bytes, str | None], bool]
) -> bool:
    try:
        if file == "-":
            document = sys.stdin.buffer.read()
        else:
            with open(file, "rb") as source:
                document = source.read()
        return act(door, file, document, method)
    except OSError as error:
        print(f"{file}: {error.strerror or error}", file=sys.stderr)
    except Error as error:
        print(f"{file}: {error}", file=sys.stderr)
    return False


def _is_request(door: Door, document: bytes) -> bool:
    return local_name(parse_xml(document)) == door.protocol.request_root


def _method(door: Door, document: bytes, method: str | None) -> str:
    if method is not None:
        return method
    found = door.guess(document)
    if not found:
        raise UnreadableDocument(
            "cannot tell which method this is an answer of; say it with --method"
        )
    return found[0]


def _read(door: Door, file: str, document: bytes, method: str | None) -> bool:
    if _is_request(door, document):
        name, arguments = door.read_request(document)
        print(to_json({"method": name, "arguments": plain(arguments)}))
        return True
    try:
        name = _method(door, document, method)
        print(to_json({"method": name, "value": plain(door.read_answer(name, document))}))
    except ApiFailure as failure:
        facts = {"message": failure.message, "code": failure.code, "field": failure.field}
        known = {key: value for key, value in facts.items() if value is not None}
        print(to_json({"method": method, "failure": {"kind": type(failure).__name__, **known}}))
    return True


def _check(door: Door, file: str, document: bytes, method: str | None) -> bool:
    paths: list[str]
    if _is_request(door, document):
        name, arguments = door.read_request(document)
        paths = unknown_elements(arguments)
    else:
        try:
            name = _method(door, document, method)
            paths = door.unknown_in(name, document)
        except ApiFailure as failure:
            print(f"{file}: a failure: {failure.message}")
            return True
    for path in paths:
        print(f"{file}: {name}: unknown element {path}")
    if not paths:
        print(f"{file}: {name}: nothing unknown")
    return not paths


def run(door: Door) -> Any:
    """Entry point of ``python -m``: exits with the code of :func:`main`."""
    sys.exit(main(door))
