"""The commands ``read`` and ``check``: recorded documents as typed JSON, and what in them is not described."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from .data import as_data, print_json
from .errors import ApiError, Error, InvalidDocumentError
from .reading import local_name, parse_xml
from .record import unknown_elements
from .redact import HIDDEN, hidden_values
from .registry import MethodRegistry


@dataclass(frozen=True, slots=True)
class Document:
    """One document that was named on the command line."""

    file: str
    content: bytes
    method: str | None
    """The method that was given for it, if one was."""
    show_secrets: bool = False


def process(
    registry: MethodRegistry,
    name: str,
    files: Sequence[str],
    method: str | None,
    show_secrets: bool,
) -> bool:
    """Carry out ``read`` or ``check``; return whether all documents are fine.

    Raises:
        ArgumentError: there is no such method.
    """
    if method is not None:
        registry.method(method)
    act = _read if name == "read" else _check
    fine = True
    for file in files:
        fine = _one(registry, file, method, show_secrets, act) and fine
    return fine


def _one(
    registry: MethodRegistry,
    file: str,
    method: str | None,
    show_secrets: bool,
    act: Callable[[MethodRegistry, Document], bool],
) -> bool:
    try:
        if file == "-":
            content = sys.stdin.buffer.read()
        else:
            with open(file, "rb") as source:
                content = source.read()
        return act(registry, Document(file, content, method, show_secrets))
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"{file}: {error.strerror or error}", file=sys.stderr)
    except Error as error:
        print(f"{file}: {error}", file=sys.stderr)
    return False


def is_request(registry: MethodRegistry, content: bytes, method: str | None) -> bool:
    """Return whether a document is a request, by its root and, where responses have the same one, by its method.

    Args:
        registry: the methods.
        content: the document.
        method: the method that was given for it, if one was.

    Raises:
        InvalidDocumentError: it is not XML.
    """
    if method is not None and registry.method(method).response.binary:
        return False
    protocol = registry.protocol
    root = parse_xml(content)
    if local_name(root) != protocol.request_root:
        return False
    return (
        protocol.request_root != protocol.response_root
        or protocol.request_method is None
        or protocol.request_method.text(root) is not None
    )


def methods_of(registry: MethodRegistry, content: bytes, method: str | None) -> list[str]:
    """Return the method that was given for a response, or those that its content fits equally well.

    Raises:
        ApiError: the response says that a call failed.
        InvalidDocumentError: it is not XML, or not a response of any method.
    """
    if method is not None:
        return [method]
    root = parse_xml(content)
    registry.protocol.check(root, "")
    found = registry.candidates(content)
    if not found:
        inside = ", ".join(f"<{local_name(child)}>" for child in islice(root, 3)) or "nothing"
        raise InvalidDocumentError(
            f"cannot tell which method returns {inside}; name it with --method NAME"
        )
    return found


def _read(registry: MethodRegistry, document: Document) -> bool:
    if is_request(registry, document.content, document.method):
        name, arguments = registry.parse_request(document.content)
        shown = arguments
        if not document.show_secrets:
            known = hidden_values(arguments, registry.method(name).arguments)
            shown = type(arguments)({key: known.get(key, HIDDEN) for key in arguments})
        facts = {"method": name, "arguments": _plain(shown, document)}
        unknown = unknown_elements(arguments)
    else:
        facts, unknown = _answer(registry, document)
    if unknown:
        facts["unknown"] = unknown
    print_json({"file": document.file, **facts}, indent=2)
    return True


def _answer(registry: MethodRegistry, document: Document) -> tuple[dict[str, Any], list[str]]:
    """What a response says, and what in it is unknown."""
    method = document.method
    try:
        names = methods_of(registry, document.content, document.method)
        value = registry.parse_response(names[0], document.content)
    except ApiError as failure:
        said = {"message": failure.message, "code": failure.code, "field": failure.field}
        known = {key: value for key, value in said.items() if value is not None}
        return {"method": method, "failure": {"kind": type(failure).__name__, **known}}, []
    facts: dict[str, Any] = {"method": names[0] if len(names) == 1 else None}
    if len(names) > 1 and value is not None:
        facts["candidates"] = names
    return {**facts, "value": _plain(value, document)}, registry.unknown_in(
        names[0], document.content
    )


def _plain(value: Any, document: Document) -> Any:
    return as_data(value, for_json=True, show_secrets=document.show_secrets, keep_empty=False)


def _check(registry: MethodRegistry, document: Document) -> bool:
    if is_request(registry, document.content, document.method):
        name, arguments = registry.parse_request(document.content)
        paths = unknown_elements(arguments)
    else:
        try:
            names = methods_of(registry, document.content, document.method)
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
