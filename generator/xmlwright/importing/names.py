"""Names of resources, methods, records and arguments for names of a model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ..naming import (
    KEYWORDS,
    MODULES,
    RESERVED,
    RESERVED_CLASSES,
    RESERVED_IN_CLIENT,
    RESERVED_IN_MODULES,
    attribute_name,
    constant,
    python_name,
    snake,
)

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_PLURAL_ACRONYM: Final = re.compile(r"([A-Z])([A-Z]+)s(?=[A-Z]|$)")
_LINKING: Final = re.compile("by|for|from|in|of|on|to|with|v?[0-9]+")
"""What follows one of these words, or a number of a version, is not part of a noun."""


def words_of(name: str) -> list[str]:
    """Return the words of a name in small letters: ``AssumeRoleWithSAML`` -> assume, role, with, saml."""
    return [word.lower() for word in _WORD.findall(_tamed(name))]


def _tamed(name: str) -> str:
    """Return a name whose plurals of acronyms are words: ``VpcIDs`` -> ``VpcIds``."""
    return _PLURAL_ACRONYM.sub(lambda match: f"{match[1]}{match[2].lower()}s", name)


def argument_name(name: str) -> str:
    """Return the Python name of a member."""
    return python_name(_tamed(name))


def singular(word: str) -> str:
    """Return a noun in the singular, as far as its ending tells."""
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "ches", "shes", "xes", "uses")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 2:
        return word[:-1]
    return word


def plural(name: str) -> str:
    """Return the plural of a resource."""
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "ch", "sh")) else f"{name}s"


@dataclass(frozen=True, slots=True)
class MethodName:
    """Where an operation is in the client."""

    resource: str
    method: str


def group(operations: Iterable[str], service: str) -> dict[str, MethodName]:
    """Return a resource and a method for each operation.

    The first word of an operation is its verb, the others are what it is about. Operations about the same thing, or about a
    part of it, are one resource: ``CreateVpc``, ``DescribeVpcs`` and ``ModifyVpcAttribute`` are of ``vpc``.
    """
    nouns = {name: _noun(words_of(name)[1:]) for name in operations}
    counts = Counter(noun for noun in nouns.values() if noun)
    made = {
        nouns[name] for name in nouns if words_of(name)[0] in ("create", "put", "register", "run")
    }
    heads = {noun for noun, count in counts.items() if count > 1 or noun in made}
    found: dict[str, MethodName] = {}
    used: set[tuple[str, str]] = set()
    for name, noun in nouns.items():
        verb, *rest = words_of(name)
        head = next((noun[:size] for size in range(len(noun), 0, -1) if noun[:size] in heads), noun)
        resource = "_".join(head) or snake(service.replace(" ", "_"))
        method = "_".join([verb, *rest[len(head) :]])
        if (resource, method) in used:
            method = "_".join([verb, *rest])
        while (resource, method) in used:
            method += "_operation"
        used.add((resource, method))
        found[name] = MethodName(_free_resource(resource), attribute_name(method))
    return found


def _noun(words: list[str]) -> tuple[str, ...]:
    """Return what the words after a verb are about: up to the first preposition or version, in the singular."""
    end = next(
        (index for index, word in enumerate(words) if index and _LINKING.fullmatch(word)), None
    )
    noun = words[:end]
    return (*noun[:-1], singular(noun[-1])) if noun else ()


def _free_resource(name: str) -> str:
    if not name[:1].isalpha():
        name = f"service_{name}"
    taken = (MODULES, KEYWORDS, RESERVED, RESERVED_IN_CLIENT, RESERVED_IN_MODULES)
    return f"{name}_resource" if any(name in names for names in taken) else name


class ClassNames:
    """Names of records and enums, unique with everything that is derived from them."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._used: set[str] = {*RESERVED_CLASSES, *reserved}
        self._by_shape: dict[str, str] = {}

    def of(self, shape: str, ending: str = "Record") -> str:
        """Return the name of the record or enum of a shape."""
        if shape not in self._by_shape:
            self._by_shape[shape] = self._free(_cap_words(shape), ending)
        return self._by_shape[shape]

    def _free(self, name: str, ending: str) -> str:
        number = 1
        wanted = name
        while not self._used.isdisjoint(_derived(wanted)) or constant(wanted) == wanted:
            wanted = f"{name}{ending}{number if number > 1 else ''}"
            number += 1
        self._used.update(_derived(wanted))
        return wanted


def _derived(name: str) -> tuple[str, ...]:
    """Return what generated code calls after a record or enum."""
    return (name, f"{name}Input", f"Async{name}", constant(name))


def _cap_words(name: str) -> str:
    parts = re.split(r"[^A-Za-z0-9]+", name)
    found = "".join(part[:1].upper() + part[1:] for part in parts)
    return found if found[:1].isalpha() else f"The{found}"


def python_names(members: Iterable[str]) -> Mapping[str, str]:
    """Return the Python name of each member; those that would be equal get a number."""
    found: dict[str, str] = {}
    used: set[str] = set()
    for member in members:
        name = wanted = argument_name(member)
        number = 2
        while name in used:
            name = f"{wanted}_{number}"
            number += 1
        used.add(name)
        found[member] = name
    return found
