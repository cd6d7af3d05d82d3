"""``python -m PACKAGE read|check FILE...``: recorded documents as typed JSON, and what in them is not described."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from .errors import ApiError, Error, InvalidDocumentError
from .reading import local_name, parse_xml
from .record import unknown_elements
from .registry import MethodRegistry, plain

OK: Final = 0
FOUND: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130

_CODES: Final = """\
exit code: 0 all documents were read; 1 one could not be read{found}; 2 wrong usage"""


@dataclass(frozen=True, slots=True)
class Document:
    """One document that was named on the command line."""

    file: str
    content: bytes
    method: str | None
    """The method that was given for it, if one was."""


def main(registry: MethodRegistry, arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Return the exit code: 0 success, 1 a document is bad or holds unknown elements, 2 usage."""
    for stream in (sys.stdout, sys.stderr):  # names of files and elements may not fit the terminal
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    options = _options(registry, arguments)
    act = _read if options.command == "read" else _check
    fine = True
    try:
        for file in options.files:
            fine = _one(registry, file, options.method, act) and fine
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return INTERRUPTED
    return OK if fine else FOUND


def _options(registry: MethodRegistry, arguments: Sequence[str] | None) -> argparse.Namespace:
    package = registry.protocol.package
    name = registry.protocol.name
    parser = argparse.ArgumentParser(
        prog=f"python -m {package}",
        description=f"Reads recorded requests and responses of the {name.removesuffix(' API')} API.",
        epilog="examples:\n"
        f"  python -m {package} read response.xml\n"
        f"  python -m {package} read --method {_example(registry)} - < response.xml\n"
        f"  python -m {package} check recordings/*.xml\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command, text, more, found in (
        (
            "read",
            "print documents as typed JSON",
            "One JSON object a document: file and method, then value, arguments (of a request) or failure.",
            "",
        ),
        (
            "check",
            "list what the description does not know in documents",
            "One line for each unknown element, or one that says that there is none.",
            " or holds something unknown",
        ),
    ):
        sub = commands.add_parser(
            command,
            help=text,
            description=f"{text[0].upper()}{text[1:]}. {more}",
            epilog=f"examples:\n  python -m {package} {command} response.xml\n"
            f"  python -m {package} {command} --method {_example(registry)} - < response.xml\n\n"
            + _CODES.format(found=found),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.add_argument(
            "files", nargs="+", metavar="FILE", help="XML file, or - for standard input"
        )
        sub.add_argument(
            "--method", metavar="NAME", help="method the responses belong to; default: guessed"
        )
    options = parser.parse_args(arguments)
    if options.method is not None:
        try:
            registry.method(options.method)
        except Error as error:
            parser.error(str(error))
    return options


def _example(registry: MethodRegistry) -> str:
    """A method to show in the help: one that gets something, if there is any."""
    names = list(registry.methods)
    return next((name for name in names if name.endswith(".get")), names[0])


def _one(
    registry: MethodRegistry,
    file: str,
    method: str | None,
    act: Callable[[MethodRegistry, Document], bool],
) -> bool:
    try:
        if file == "-":
            content = sys.stdin.buffer.read()
        else:
            with open(file, "rb") as source:
                content = source.read()
        return act(registry, Document(file, content, method))
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"{file}: {error.strerror or error}", file=sys.stderr)
    except Error as error:
        print(f"{file}: {error}", file=sys.stderr)
    return False


def _is_request(registry: MethodRegistry, document: Document) -> bool:
    """Return whether a document is a request, by its root and, where responses have the same one, by its method."""
    if document.method is not None and registry.method(document.method).response.binary:
        return False
    protocol = registry.protocol
    root = parse_xml(document.content)
    if local_name(root) != protocol.request_root:
        return False
    return (
        protocol.request_root != protocol.response_root
        or protocol.request_method is None
        or protocol.request_method.text(root) is not None
    )


def _methods(registry: MethodRegistry, document: Document) -> list[str]:
    """The method that was given, or those that the content fits equally well."""
    if document.method is not None:
        return [document.method]
    root = parse_xml(document.content)
    registry.protocol.check(root, "")
    found = registry.candidates(document.content)
    if not found:
        inside = ", ".join(f"<{local_name(child)}>" for child in islice(root, 3)) or "nothing"
        raise InvalidDocumentError(
            f"cannot tell which method returns {inside}; name it with --method NAME"
        )
    return found


def _read(registry: MethodRegistry, document: Document) -> bool:
    if _is_request(registry, document):
        name, arguments = registry.parse_request(document.content)
        facts = {"method": name, "arguments": plain(arguments)}
        unknown = unknown_elements(arguments)
    else:
        facts, unknown = _answer(registry, document)
    if unknown:
        facts["unknown"] = unknown
    _print_json({"file": document.file, **facts})
    return True


def _answer(registry: MethodRegistry, document: Document) -> tuple[dict[str, Any], list[str]]:
    """What a response says, and what in it is unknown."""
    method = document.method
    try:
        names = _methods(registry, document)
        value = registry.parse_response(names[0], document.content)
    except ApiError as failure:
        said = {"message": failure.message, "code": failure.code, "field": failure.field}
        known = {key: value for key, value in said.items() if value is not None}
        return {"method": method, "failure": {"kind": type(failure).__name__, **known}}, []
    facts: dict[str, Any] = {"method": names[0] if len(names) == 1 else None}
    if len(names) > 1 and value is not None:
        facts["candidates"] = names
    return {**facts, "value": plain(value)}, registry.unknown_in(names[0], document.content)


def _print_json(facts: dict[str, Any]) -> None:
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    print(json.dumps(facts, indent=2, ensure_ascii=encoding != "utf8"))


def _check(registry: MethodRegistry, document: Document) -> bool:
    if _is_request(registry, document):
        name, arguments = registry.parse_request(document.content)
        paths = unknown_elements(arguments)
    else:
        try:
            names = _methods(registry, document)
            paths = registry.unknown_in(names[0], document.content)
        except ApiError as failure:
            code = f" [{failure.code}]" if failure.code else ""
            print(f"{document.file}: a failure: {failure.message}{code}")
            return True
        name = names[0] if len(names) == 1 else _any_of(names)
    for path in paths:
        print(f"{document.file}: {name}: unknown element {path}")
    if not paths:
        print(f"{document.file}: {name}: nothing unknown")
    return not paths


def _any_of(names: Sequence[str]) -> str:
    if len(names) > 5:
        return f"any of {len(names)} methods"
    return f"{', '.join(names[:-1])} or {names[-1]}"


def run(registry: MethodRegistry) -> Any:
    """Entry point of ``python -m``: exits with the code of :func:`main`."""
    sys.exit(main(registry))
