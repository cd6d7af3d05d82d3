"""Conversion of fields and arguments to page values."""

from __future__ import annotations

from typing import Final

from ..ir import Api, Enum, EnumWord, Field, Method, Module, Ref
from ..naming import with_article
from ..render.views import ModuleView, sentence
from .content import Link, Parameter, Word
from .links import Links, anchor

_EMPTY_READ: Final = {"none": "None", "text": "an empty text", "zero": "0", "error": "an error"}
_WHEN: Final = {"c": "on create", "u": "on update", "cu": ""}


class Parameters:
    """Describes the fields of one module."""

    def __init__(self, api: Api, module: Module, links: Links) -> None:
        self._api = api
        self._links = links
        self._view = ModuleView(api, module)

    def argument(self, method: Method, item: Field, before: str = "") -> Parameter:
        """Return an argument of a method."""
        inner = self._inner(item, "write", method.mode, f"{before}{item.python}", ())
        return self._parameter(
            item,
            f"{before}{item.python}",
            writing=True,
            inner=inner,
            required="required" if item.required else "",
            omitted=_omitted(method, item),
        )

    def argument_fields(
        self, item: Field, mode: str, before: str, around: tuple[Ref, ...]
    ) -> Parameter:
        """Return a field of a record that is passed within an argument."""
        letters = {"create": "c", "update": "u"}.get(mode, "cu")
        name = f"{before}.{item.python}"
        needed = any(letter in item.required for letter in letters)
        return self._parameter(
            item,
            name,
            writing=True,
            inner=self._inner(item, "write", mode, name, around),
            required="required" if needed else "",
            omitted="",
        )

    def field(self, record: str, item: Field) -> Parameter:
        """Return a field of a record."""
        required = ""
        if item.required:
            letters = "".join(letter for letter in "cu" if letter in item.required)
            required = f"required {_WHEN[letters]}".strip()
        return self._parameter(
            item,
            f"{record}.{item.python}",
            writing=not item.readable,
            inner=(),
            required=required,
            access=_access(item),
        )

    def _inner(
        self, item: Field, direction: str, mode: str, name: str, around: tuple[Ref, ...]
    ) -> tuple[Parameter, ...]:
        if item.record is None or item.record in around:
            return ()
        letters = {"create": "c", "update": "u"}.get(mode, "cu")
        fields = [
            other
            for other in self._api.records[item.record].fields
            if any(letter in other.access for letter in letters)
        ]
        return tuple(
            self.argument_fields(other, mode, name, (*around, item.record))
            for other in sorted(
                fields, key=lambda other: not any(x in other.required for x in letters)
            )
        )

    def _parameter(
        self,
        item: Field,
        name: str,
        *,
        writing: bool,
        inner: tuple[Parameter, ...],
        required: str = "",
        access: str = "",
        omitted: str = "",
    ) -> Parameter:
        type_, *facts = self._view.field_facts(item, writing=writing)
        left_out = {item.provenance.kind}
        if item.ref is not None:
            left_out.add(f"ID of {with_article(item.ref)}")
        notes = [fact for fact in facts if fact not in left_out]
        argument = "." not in name
        python = (
            self._view.write_type(item, argument=argument)
            if writing
            else self._view.read_type(item)
        )
        return Parameter(
            anchor=anchor(name),
            name=name.rpartition(".")[2],
            wire=_wire(item),
            type=type_,
            python=python,
            required=required,
            access=access,
            doc=sentence(item.doc),
            facts=tuple(notes),
            words=self._words(item, writing),
            empty=_empty(item, writing, required, self._api),
            omitted=omitted,
            deprecated=deprecation(item.deprecated),
            sensitive=item.sensitive,
            target=self._target(item),
            inner=inner,
            origin=self._links.origin(item.provenance),
            place=self._links.place(item.at),
        )

    def _words(self, item: Field, writing: bool) -> tuple[Link, ...]:
        if item.enum is None:
            return ()
        enum = self._api.enums[item.enum]
        href = self._links.module(enum.module)
        return tuple(
            Link(word.word, f"{href}#{anchor(enum.name, word.word)}")
            for word in enum.words
            if (word.writable if writing else word.readable)
        )

    def _target(self, item: Field) -> Link | None:
        ref = item.record or item.enum
        if ref is not None:
            return Link(ref.name, self._links.of(ref))
        if item.ref is not None:
            return Link(item.ref, self._links.resource(item.ref).href)
        return None


def deprecation(text: str | None) -> str:
    """Return what to do about a deprecated thing; empty if it isn't deprecated."""
    return "" if text is None else sentence(text) or "Don't use it in new programs."


def words(enum: Enum, links: Links) -> tuple[Word, ...]:
    """Return the words of an enum."""
    return tuple(
        Word(
            anchor(enum.name, word.word),
            word.word,
            sentence(word.doc),
            tuple(_spelling(word)),
            links.origin(word.provenance),
            links.place(word.at),
        )
        for word in enum.words
    )


def _spelling(word: EnumWord) -> list[str]:
    notes = []
    if word.writable and word.request != word.word:
        notes.append(f"{word.request} in requests")
    if word.readable and word.response != word.word:
        notes.append(f"{word.response} in responses")
    if not word.writable:
        notes.append("only in responses")
    if not word.readable:
        notes.append("only in requests")
    if word.deprecated is not None:
        notes.append(f"deprecated: {word.deprecated}" if word.deprecated else "deprecated")
    return notes


def _wire(item: Field) -> str:
    if item.location is not None:
        return ":".join(filter(None, item.location))
    path = "/".join(item.path)
    if item.attribute is not None:
        return f"{path}/@{item.attribute}" if path else f"@{item.attribute}"
    if item.content:
        return path or "text()"
    return path or item.name


def _access(item: Field) -> str:
    names = {"r": "read", "c": "create", "u": "update"}
    if item.access == "r":
        return "read-only"
    if len(item.access) == len(names):
        return ""
    return ", ".join(name for letter, name in names.items() if letter in item.access)


def _omitted(method: Method, item: Field) -> str:
    """Return what leaving out an argument means, where the rule of its method doesn't say it."""
    if item.required or method.kind == "update" or item.default is None:
        return ""
    return f"{item.default} is assumed"


def _empty(item: Field, writing: bool, required: str, api: Api) -> str:
    if not writing:
        if item.many or item.record is not None:
            return ""
        scalar = api.scalars.get(item.read or "text")
        read = item.read_empty or (scalar.read_empty if scalar is not None else "none")
        return (
            f"an empty tag is read as {_EMPTY_READ[read]}"
            if item.read == "text" or item.read_empty
            else ""
        )
    if item.clear == "refused":
        return "" if required else "can't be cleared: None raises ArgumentError"
    if item.clear == "action":
        return "None sends an empty tag, which has a special effect"
    return ""
