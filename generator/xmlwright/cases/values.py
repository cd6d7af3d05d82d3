"""Values of cases: from YAML nodes to typed values, by the fields they belong to."""

from __future__ import annotations

from typing import Any, Final

from ..diagnostics import Diagnostics, Position, Related, nearest
from ..ir import Api, Field, Method, PageValue, RecordValue, Ref
from ..runtime.scalars import Codec
from ..runtime.writing import Upload
from ..schema.decoder import INVALID, Integer
from ..schema.grammar import UPLOAD
from ..schema.nodes import KINDS, Node
from ..schema.vocabulary import BOOLEAN, TEXT
from .tables import Tables

WRONG: Final = object()
"""In place of a value that has been complained about."""

COUNT: Final = Integer()
_PAGE: Final = ("position", "size", "pages", "total", "cursor", "more", "items")
_NODES: Final = {"id": "int", "int": "int", "flag": "bool"}


class Values:
    """Decodes arguments and results of cases, and other records.

    Problems with values to read are added under ``rule``.
    """

    def __init__(
        self, api: Api, tables: Tables, diagnostics: Diagnostics, rule: str = "case-result"
    ) -> None:
        self._rule = rule
        self._api = api
        self._tables = tables
        self._diagnostics = diagnostics
        self._partial: list[tuple[str, RecordValue]] = []

    def partial(self) -> tuple[tuple[str, RecordValue], ...]:
        """Return, and forget, the valid parts of the invalid values: ``read`` or ``write``, and the part."""
        found = tuple(self._partial)
        self._partial.clear()
        return found

    def arguments(self, method: Method, node: Node) -> RecordValue | None:
        """The arguments of a call; None, with diagnostics, where they do not fit."""
        given = self._mapping(node, method.arguments, None, "write", method.mode, method.name)
        if given is None:
            return None
        missing = [
            item for item in method.arguments if item.required and item.python not in given.values
        ]
        for item in missing:
            self._tell("case-arguments", f"the argument {item.python} is required", node, item)
        if missing:
            self._partial.append(("write", given))
        return None if missing else given

    def result(self, method: Method, node: Node) -> Any:
        """The value that a response should read as."""
        response = method.response
        if response.value == "none":
            self._diagnostics.add(
                "case-result", f"{method.name} returns nothing; remove `result`", node.position
            )
            return WRONG
        if response.value == "binary":
            return self._text(node)
        if response.value == "page":
            return self._page(node, response.record)
        if response.value == "list":
            if node.kind != "list":
                return self._refuse("case-result", "a list", node)
            items = tuple(self._item(item, response.record, response.scalar) for item in node.items)
            return WRONG if WRONG in items else items
        return self._item(node, response.record, response.scalar)

    def record(self, ref: Ref, node: Node) -> Any:
        """A record as a result shows it; WRONG, with diagnostics, where it does not fit."""
        return self._item(node, ref, None)

    def _page(self, node: Node, ref: Ref | None) -> Any:
        if node.kind != "map":
            return self._refuse(
                "case-result", "a page: position, size, pages, total and items", node
            )
        counters: dict[str, Any] = {}
        items: tuple[Any, ...] = ()
        places = {key.text: key.position for key, _ in node.entries}
        valid = True
        for key, value in node.entries:
            if key.text not in _PAGE:
                self._diagnostics.add(
                    "case-result",
                    f"a page has no {key.text}",
                    key.position,
                    suggestion=nearest(key.text, _PAGE),
                )
                valid = False
            elif key.text != "items":
                counter = self._counter(key.text, value)
                valid &= counter is not INVALID
                counters[key.text] = counter
            elif value.kind == "list":
                items = tuple(self._item(item, ref, None) for item in value.items)
            else:
                self._refuse("case-result", "a list", value)
                valid = False
        if not valid or WRONG in items:
            return WRONG
        items_at = places.get("items", node.position)
        return PageValue(counters, items, places, items_at, node.position)

    def _counter(self, name: str, node: Node) -> Any:
        """Return a counter: a number, ``more`` as a flag, ``cursor`` as a text or a list of texts."""
        if name == "more":
            return BOOLEAN.decode(node, self._diagnostics)
        if name != "cursor":
            return COUNT.decode(node, self._diagnostics)
        if node.kind != "list":
            return _plain(TEXT.decode(node, self._diagnostics))
        parts = tuple(
            None if part.kind == "null" else _plain(TEXT.decode(part, self._diagnostics))
            for part in node.items
        )
        return INVALID if INVALID in parts else parts

    def _item(self, node: Node, ref: Ref | None, scalar: str | None) -> Any:
        if ref is not None:
            record = self._api.records.get(ref)
            if record is None:
                return WRONG
            fields = tuple(item for item in record.fields if item.readable)
            found = self._mapping(node, fields, ref, "read", "read", record.name)
            return WRONG if found is None else found
        codec = self._tables.scalar(scalar or "id")
        named = self._api.scalars.get(scalar or "")
        base = (named.base if named is not None else "") or scalar or "id"
        return self._scalar(node, base, codec, self._rule)

    def _mapping(
        self,
        node: Node,
        fields: tuple[Field, ...],
        ref: Ref | None,
        direction: str,
        mode: str,
        owner: str,
    ) -> RecordValue | None:
        rule = "case-arguments" if direction == "write" else self._rule
        if node.kind != "map":
            self._refuse(rule, "a mapping of names to values", node)
            return None
        by_name = {item.python: item for item in fields}
        on_the_wire = {item.name: item for item in fields if item.name not in by_name}
        renamed: list[tuple[Node, Field]] = []
        values: dict[str, Any] = {}
        places: dict[str, Position] = {}
        valid = True
        for key, value in node.entries:
            item = by_name.get(key.text)
            if item is None and key.text in on_the_wire:
                item = on_the_wire[key.text]
                renamed.append((key, item))
            if item is None:
                near = nearest(key.text, by_name)
                what = "takes no argument" if direction == "write" else "returns no field"
                self._diagnostics.add(
                    rule,
                    f"{owner} {what} {key.text!r}",
                    key.position,
                    suggestion=near,
                    related=(
                        [Related(by_name[near].at, f"{near} is described here")] if near else []
                    ),
                )
                valid = False
                if near is not None:
                    values.setdefault(near, WRONG)  # what was meant counts as shown
                continue
            decoded = self._field(value, item, direction, mode)
            if decoded is WRONG:
                valid = False
            values[item.python] = decoded
            places[item.python] = key.position
        if renamed:
            valid = False
            names = ", ".join(f"{item.python} for {key.text!r}" for key, item in renamed)
            self._diagnostics.add(
                rule,
                f"{owner}: names of values are those in Python; write {names}",
                renamed[0][0].position,
            )
        given = RecordValue(ref, values, places, node.position)
        if not valid:
            self._partial.append((direction, given))
        return given if valid else None

    def _field(self, node: Node, item: Field, direction: str, mode: str) -> Any:
        rule = "case-arguments" if direction == "write" else self._rule
        if node.kind == "null":
            if direction == "read":
                return self._refuse(rule, "no value: remove a field that is none", node)
            if item.clear == "refused":
                self._tell(rule, f"{item.python} cannot be cleared", node, item)
                return WRONG
            return None
        if item.map:
            if node.kind != "map":
                return self._refuse(rule, "a mapping of keys to values", node, item)
            entries = {
                key.text: self._one(inner, item, direction, mode) for key, inner in node.entries
            }
            return WRONG if any(value is WRONG for value in entries.values()) else entries
        if item.many:
            if node.kind != "list":
                return self._refuse(rule, "a list", node, item)
            values = tuple(self._one(inner, item, direction, mode) for inner in node.items)
            return WRONG if WRONG in values else values
        return self._one(node, item, direction, mode)

    def _one(self, node: Node, item: Field, direction: str, mode: str) -> Any:
        rule = "case-arguments" if direction == "write" else self._rule
        if item.record is not None:
            record = self._api.records.get(item.record)
            if record is None:
                return WRONG
            letters = {"read": "r", "create": "c", "update": "u"}.get(mode, "cu")
            fields = tuple(
                other
                for other in record.fields
                if any(letter in other.access for letter in letters)
            )
            given = self._mapping(node, fields, item.record, direction, mode, record.name)
            if given is None:
                return WRONG
            if direction == "write":
                required = {"create": "c", "update": "u"}.get(mode, "cu")
                for other in fields:
                    if (
                        any(letter in other.required for letter in required)
                        and other.python not in given.values
                    ):
                        self._tell(rule, f"{other.python} is required", node, other)
                        return WRONG
            return given
        scalar = item.write if direction == "write" else item.read
        codec = self._tables.codec(item, scalar)
        if item.enum is not None and direction == "write":
            words = [
                word.word for word in self._api.enums[item.enum].words if word.writable
            ] if item.enum in self._api.enums else []  # fmt: skip
            if node.kind == "str" and words and node.text not in words:
                near = nearest(node.text, words)
                self._tell(
                    rule, f"{node.text!r} is not a word that {item.python} takes", node, item, near
                )
                return WRONG
        return self._scalar(node, scalar or "text", codec, rule, item)

    def _scalar(
        self, node: Node, scalar: str, codec: Codec, rule: str, item: Field | None = None
    ) -> Any:
        wanted = _NODES.get(scalar, "str")
        if item is not None and item.location == ("body", "") and scalar in ("binary", "base64"):
            text = self._text(node)
            return WRONG if text is WRONG else text.encode()
        if scalar == "binary":
            return self._upload(node, item)
        if scalar == "float" and node.kind in ("int", "float"):
            return float(node.text)
        if node.kind != wanted or (wanted == "bool" and node.text not in ("true", "false")):
            shown = f'"{node.text}"' if wanted == "str" and node.text else None
            return self._refuse(rule, f"{KINDS[wanted]} ({scalar})", node, item, shown)
        if wanted == "bool":
            return node.text == "true"
        if wanted == "int":
            if node.text.lstrip("-").isdigit() and str(int(node.text)) == node.text:
                return int(node.text)
            return self._refuse(rule, "an integer in plain digits", node, item)
        if item is not None and (scalar in ("text", "xml") or item.enum is not None):
            return node.text
        if scalar == "base64" and not node.text:
            return b""
        try:
            return codec._value(node.text) if node.text else node.text
        except ValueError:
            return self._refuse(rule, codec.expected, node, item)

    def _upload(self, node: Node, item: Field | None) -> Any:
        if node.kind != "map":
            return self._refuse("case-arguments", "a file: {name, media, text}", node)
        upload = UPLOAD.decode(node, self._diagnostics)
        if upload is INVALID:
            return WRONG
        media = str(upload.media)
        wanted = " or ".join(item.media) if item is not None else ""
        if not wanted or media in wanted.split(" or "):
            try:
                return Upload(str(upload.text).encode(), str(upload.name), media)
            except ValueError:
                wanted = "a content type"
        place = Node("str", upload.media.at, media)
        return self._refuse("case-arguments", wanted, place, item)

    def _text(self, node: Node) -> Any:
        return node.text if node.kind == "str" else self._refuse("case-result", "text", node)

    def _refuse(
        self, rule: str, wanted: str, node: Node, item: Field | None = None, hint: str | None = None
    ) -> Any:
        found = KINDS[node.kind] + (f" {node.text!r}" if node.text else "")
        related = [Related(item.at, f"{item.python} is described here")] if item else []
        self._diagnostics.add(
            rule,
            f"expected {wanted}, got {found}",
            node.position,
            suggestion=hint,
            related=related,
        )
        return WRONG

    def _tell(
        self, rule: str, message: str, node: Node, item: Field, hint: str | None = None
    ) -> None:
        self._diagnostics.add(
            rule,
            message,
            node.position,
            suggestion=hint,
            related=[Related(item.at, f"{item.python} is described here")],
        )


def _plain(text: Any) -> Any:
    return text if text is INVALID else str(text)


def as_arguments(given: RecordValue) -> dict[str, Any]:
    """Return arguments as a builder takes them."""
    return {name: _as_argument(value) for name, value in given.values.items()}


def _as_argument(value: Any) -> Any:
    if isinstance(value, RecordValue):
        return as_arguments(value)
    if isinstance(value, tuple):
        return [_as_argument(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_argument(item) for key, item in value.items()}
    return value


def plain_value(value: Any) -> Any:
    """Return a value with records as dictionaries and lists as tuples."""
    if isinstance(value, RecordValue):
        return {name: plain_value(inner) for name, inner in value.values.items()}
    if isinstance(value, tuple):
        return tuple(plain_value(item) for item in value)
    if isinstance(value, dict):
        return {key: plain_value(item) for key, item in value.items()}
    return value
