"""Coverage of a description by cases and recorded documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..diagnostics import Position
from ..ir import Api, Enum, EnumWord, Field, Method, Ref
from ..runtime.errors import ApiError, Error
from ..runtime.record import Record as RuntimeRecord
from ..runtime.request import Page
from ..validate.cases import coverage_of_cases
from ..validate.coverage import CaseCoverage, is_of_paging
from .observations import Document, DocumentReader


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is not covered."""

    at: Position
    message: str

    def __str__(self) -> str:
        return f"{self.at}: {self.message}"


@dataclass(frozen=True, slots=True)
class Covered:
    """The coverage of one kind of thing."""

    what: str
    """``methods``, ``records``, ``fields``, ``words`` or ``codes``."""
    total: int
    missing: tuple[Gap, ...]

    @property
    def percent(self) -> float:
        """The covered share."""
        return 100.0 if not self.total else 100.0 * (self.total - len(self.missing)) / self.total


def coverage(api: Api, documents: Iterable[Document] = ()) -> tuple[list[Covered], list[str]]:
    """Return the coverage of each kind, and messages about unreadable documents."""
    shown = coverage_of_cases(api)
    unread = _add(api, documents, shown)
    kinds = {
        "methods": list(_methods(api, shown)),
        "records": list(_records(api, shown)),
        "fields": list(_fields(api, shown)),
        "words": list(_words(api, shown)),
        "codes": list(_codes(api, shown)),
    }
    found = [
        Covered(what, len(items), tuple(gap for gap in items if gap is not None))
        for what, items in kinds.items()
    ]
    return found, unread


def _methods(api: Api, shown: CaseCoverage) -> Iterator[Gap | None]:
    for method in api.methods:
        known = method.name in shown.methods
        yield None if known else Gap(method.at, f"nothing calls {method.name}")


def _records(api: Api, shown: CaseCoverage) -> Iterator[Gap | None]:
    read, written = {ref for ref, _ in shown.read}, {ref for ref, _ in shown.written}
    for ref, record in api.records.items():
        if record.in_responses and ref not in read and any(item.readable for item in record.fields):
            yield Gap(record.at, f"no response has {record.name}")
        elif record.in_requests and ref not in written and not _main_of(api, ref):
            yield Gap(record.at, f"no request has {record.name}")
        else:
            yield None


def _main_of(api: Api, ref: Ref) -> bool:
    """Return whether a record's fields are arguments of methods."""
    places = {item.at for item in api.records[ref].fields}
    return any(item.at in places for method in api.methods for item in method.arguments)


def _fields(api: Api, shown: CaseCoverage) -> Iterator[Gap | None]:
    """Yield gaps of fields, in each direction, and of arguments that are not fields, except paging."""
    given = {
        (method.resource, item.at)
        for method in api.methods
        for item in method.arguments
        if (method.name, item.python) in shown.arguments
    }
    asked = {(method.resource, item.at) for method in api.methods for item in method.arguments}
    of_records: set[Position] = set()
    for ref, record in api.records.items():
        for item in record.fields:
            of_records.add(item.at)
            sent = (ref, item.python) in shown.written or (ref.module, item.at) in given
            must = (record.in_requests and item.writable) or (ref.module, item.at) in asked
            if record.in_responses and item.readable and (ref, item.python) not in shown.read:
                yield Gap(item.at, f"no response has {record.name}.{item.name}")
            elif must and not sent:
                yield Gap(item.at, f"no request has {record.name}.{item.name}")
            else:
                yield None
    own = {
        item.at: (method, item)
        for method in api.methods
        for item in method.arguments
        if item.at not in of_records and not is_of_paging(method, item)
    }
    for at, (method, item) in own.items():
        yield (
            None
            if (method.resource, at) in given
            else Gap(at, f"nothing gives {item.name} to {method.name}")
        )


def _words(api: Api, shown: CaseCoverage) -> Iterator[Gap | None]:
    for ref, enum in api.enums.items():
        for word in enum.words:
            known = {(ref, word.word)} & (shown.sent_words | shown.read_words)
            yield None if known else _word(enum, word)


def _word(enum: Enum, word: EnumWord) -> Gap:
    return Gap(word.at, f"nothing shows the word {word.word!r} of {enum.name}")


def _codes(api: Api, shown: CaseCoverage) -> Iterator[Gap | None]:
    for error in api.errors:
        known = error.code in shown.codes
        yield None if known else Gap(error.at, f"no failure has the code {error.code}")


# documents


def _add(api: Api, documents: Iterable[Document], shown: CaseCoverage) -> list[str]:
    """Add the coverage by documents."""
    reader = DocumentReader(api)
    unread: list[str] = []
    for document in documents:
        try:
            method, value, sent = reader.value(document)
        except ApiError as error:
            shown.codes.add(error.code or "")
            continue
        except Error as error:
            unread.append(f"{document.name}: {error}")
            continue
        shown.methods.add(method.name)
        if sent:
            _add_arguments(api, method, value, shown)
        else:
            _add_value(api, method.response.record, value, shown.read, shown)
    return unread


def _add_arguments(api: Api, method: Method, value: Any, shown: CaseCoverage) -> None:
    for item in method.arguments:
        if item.python in value:
            shown.arguments.add((method.name, item.python))
            _add_field(api, item, value[item.python], shown.written, shown)


def _add_value(
    api: Api, ref: Ref | None, value: Any, seen: set[tuple[Ref, str]], shown: CaseCoverage
) -> None:
    if isinstance(value, (list, Page)):
        for row in value:
            _add_value(api, ref, row, seen, shown)
        return
    if ref is None or not isinstance(value, (RuntimeRecord, dict)):
        return
    for item in api.records[ref].fields:
        inner = (
            value.get(item.python) if isinstance(value, dict) else getattr(value, item.python, None)
        )
        if inner is not None and inner != []:
            seen.add((ref, item.python))
            _add_field(api, item, inner, seen, shown)


def _add_field(
    api: Api, item: Field, value: Any, seen: set[tuple[Ref, str]], shown: CaseCoverage
) -> None:
    for inner in value if isinstance(value, list) else [value]:
        if item.record is not None:
            _add_value(api, item.record, inner, seen, shown)
        elif item.enum is not None and isinstance(inner, str):
            words = shown.sent_words if seen is shown.written else shown.read_words
            words.add((item.enum, inner))
