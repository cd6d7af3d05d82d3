"""Operations of an undescribed API: which samples are calls of one method, and where messages name it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from lxml import etree

from ..naming import snake, to_ascii
from ..runtime.reading import local_name
from .samples import Sample, SampleRequest

PATHS: Final = "paths"
DOCUMENT: Final = "document"
PARAMETERS: Final = "parameters"
_VERSION: Final = re.compile(r"v?\d+(\.\d+)*\Z")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_METHOD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*\Z")
_METHOD_NAMES: Final = ("method", "command", "action", "operation", "cmd", "function", "call")
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ACTING: Final = frozenset(
    [
        "get",
        "list",
        "create",
        "add",
        "new",
        "update",
        "edit",
        "set",
        "delete",
        "remove",
        "find",
        "search",
        "describe",
        "change",
        "modify",
        "put",
        "send",
        "check",
        "validate",
        "cancel",
        "enable",
        "disable",
        "start",
        "stop",
    ]
)
"""Words at the start of a method's name that say what it does."""
_NEARLY: Final = 0.9
_KEYS: Final = re.compile(r"(id|code|uuid|key|name|number|slug|luid)\Z", re.IGNORECASE)
"""Names of elements and attributes whose values are in paths."""
_MANY: Final = 4
"""Different words in one place of a path that are values rather than names."""


@dataclass(slots=True)
class Operation:
    """A method, with the samples that call it."""

    resource: str
    verb: str
    wire: str = ""
    """Its name in messages; empty if they don't name it."""
    http_verb: str = ""
    template: tuple[str, ...] | None = None
    """Segments of the path; variables are in braces. None if no request shows it."""
    samples: list[Sample] = field(default_factory=list)


@dataclass(slots=True)
class Operations:
    """What the samples say about the address, and about the names of methods."""

    kind: str
    url: str
    variables: dict[str, str] = field(default_factory=dict)
    """Variable of the URL -> its commonest value."""
    method_place: str = ""
    """Where requests name the method; empty for nowhere, or the root element."""
    method_value: str = "{method}"
    request_root: str = ""
    """Template of root elements that name the method."""
    response_root: str = ""
    found: list[Operation] = field(default_factory=list)


def singular(word: str) -> str:
    """Return a plural as a singular, by its ending."""
    for ending, other in (
        ("ies", "y"),
        ("sses", "ss"),
        ("shes", "sh"),
        ("ches", "ch"),
        ("xes", "x"),
    ):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + other
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 2:
        return word[:-1]
    return word


def snake_word(text: str, default: str = "item") -> str:
    """Return a text as a snake_case name."""
    name = snake(re.sub(r"[^A-Za-z0-9]+", "_", to_ascii(text))).strip("_")
    name = re.sub(r"_+", "_", name)
    return name if re.match(r"[a-z]", name) else f"{default}_{name}".rstrip("_")


def group(samples: Iterable[Sample]) -> Operations:
    """Group samples by the method that they call."""
    every = list(samples)
    asked = [sample for sample in every if sample.request is not None and sample.request.url]
    addresses = {_segments(sample.request) for sample in asked if sample.request is not None}
    if len(addresses) > 1:
        found = _Paths(every, asked).operations()
    else:
        found = _single_address(every, asked)
    _unique(found.found)
    return found


def _segments(request: SampleRequest) -> tuple[str, ...]:
    return tuple(unquote(part) for part in request.path.split("/") if part)


def _host(asked: list[Sample]) -> str:
    hosts = Counter(
        f"{parts.scheme or 'https'}://{parts.netloc}"
        for sample in asked
        if sample.request is not None
        for parts in [urlsplit(sample.request.url)]
        if parts.netloc and "{" not in parts.netloc
    )
    return hosts.most_common(1)[0][0] if hosts else "https://api.example.com"


def _unique(operations: list[Operation]) -> None:
    """Number methods of the same name."""
    taken: set[tuple[str, str]] = set()
    for item in operations:
        base, number = item.verb, 2
        while (item.resource, snake_word(item.verb)) in taken:
            item.verb = f"{base}_{number}"
            number += 1
        taken.add((item.resource, snake_word(item.verb)))


# one address


def _single_address(every: list[Sample], asked: list[Sample]) -> Operations:
    path = next((s.request.path for s in asked if s.request is not None), "/")
    result = Operations(DOCUMENT, _host(asked) + path.rstrip("/"))
    documents = [
        s.request.root for s in every if s.request is not None and s.request.root is not None
    ]
    requests = [s.request for s in every if s.request is not None]
    name_of: dict[int, str] = {}
    if requests and not documents:
        result.kind = PARAMETERS
        place = _method_parameter(requests)
        result.method_place = place
        for sample in every:
            if sample.request is not None and place:
                pairs = [*sample.request.query, *sample.request.form]
                name_of[id(sample)] = next(
                    (text for name, text in pairs if name == place.partition(":")[2]), ""
                )
    elif documents:
        place = _method_in_root(documents)
        result.method_place = place
        if not place:
            result.request_root = _root_template(local_name(root) for root in documents)
        for sample in every:
            root = sample.request.root if sample.request is not None else None
            if root is not None:
                name_of[id(sample)] = (
                    text_at(root, place) if place else _stem(local_name(root), result.request_root)
                )
    known = {name.lower(): name for name in name_of.values()}
    echo = _echo(every, name_of)
    answers = [
        local_name(s.response.root)
        for s in every
        if s.response is not None and s.response.root is not None
    ]
    if not result.method_place and len(set(answers)) > 1:
        result.response_root = _root_template(answers)
    by_wire: dict[str, Operation] = {}
    for sample in every:
        wire = name_of.get(id(sample), "")
        root = sample.response.root if sample.response is not None else None
        if not wire and root is not None:
            wire = (text_at(root, echo) if echo else "") or sample.name
            if not echo and result.response_root and "{" in result.response_root:
                wire = _stem(local_name(root), result.response_root) or wire
            wire = known.get(wire.lower(), wire)
        wire = wire if _METHOD.match(wire) else snake_word(wire or "call")
        found = by_wire.get(wire.lower())
        if found is None:
            found = by_wire[wire.lower()] = Operation("", "", wire)
            result.found.append(found)
        found.samples.append(sample)
    prefix = _common_prefix([item.wire for item in result.found])
    for item in result.found:
        item.resource, item.verb = _named(item.wire[len(prefix) :])
        if prefix or item.wire != f"{item.resource}.{item.verb}":
            value = "{resource}.{verb}" if "." in item.wire[len(prefix) :] else "{verb}"
            result.method_value = prefix + value
    return result


def _common_prefix(names: list[str]) -> str:
    """Return the first words of names that all have, so that the rest is a resource and a verb."""
    parts = [name.split(".") for name in names]
    prefix = ""
    while parts and all(len(item) > 2 for item in parts) and len({item[0] for item in parts}) == 1:
        prefix += f"{parts[0][0]}."
        parts = [item[1:] for item in parts]
    return prefix


def _named(wire: str) -> tuple[str, str]:
    """Return resource and verb of a name in messages."""
    first, dot, rest = wire.partition(".")
    if dot and re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", first):
        return first, rest
    words = _WORDS.findall(wire)
    nouns = [word for word in words if word.lower() not in _ACTING] or words
    return singular(snake_word("_".join(nouns), "call")), wire.replace(".", "_") if dot else wire


def _method_parameter(requests: list[SampleRequest]) -> str:
    """Return the place of the parameter that names the method; empty if there is none."""
    best: tuple[tuple[bool, bool, int], str] | None = None
    for way in ("query", "form"):
        names = set.intersection(*({n for n, _ in getattr(r, way)} for r in requests))
        for name in sorted(names):
            values = {text for r in requests for n, text in getattr(r, way) if n == name}
            if not all(_METHOD.match(value) for value in values):
                continue
            known = name.lower() in _METHOD_NAMES
            dotted = all("." in value for value in values)
            if known or dotted:
                rank = (known, dotted, len(values))
                if best is None or rank > best[0]:
                    best = (rank, f"{way}:{name}")
    return best[1] if best is not None else ""


def _method_in_root(roots: list[etree._Element]) -> str:
    """Return the place below a common root that names the method."""
    if len({local_name(root) for root in roots}) > 1:
        return ""
    for name in roots[0].attrib:
        if all(_METHOD.match(root.get(name, "")) for root in roots) and (
            str(name).lower() in _METHOD_NAMES or all("." in root.get(name, "") for root in roots)
        ):
            return "@" + str(name)
    for child in roots[0]:
        name = local_name(child)
        texts = [text_at(root, name) for root in roots]
        if name.lower() in _METHOD_NAMES and all(_METHOD.match(text) for text in texts):
            return name
    return ""


def text_at(root: etree._Element, place: str) -> str:
    """Return the text or the attribute at a path; empty if it is missing."""
    node: etree._Element | None = root
    for part in place.split("/"):
        if node is None:
            return ""
        if part.startswith("@"):
            return node.get(part[1:], "")
        node = next((child for child in node if local_name(child) == part), None)
    return (node.text or "").strip() if node is not None else ""


def _echo(every: list[Sample], name_of: dict[int, str]) -> str:
    """Return the place in responses that repeats the name of the method."""
    votes: Counter[str] = Counter()
    asked = 0
    for sample in every:
        root = sample.response.root if sample.response is not None else None
        name = name_of.get(id(sample), "").lower()
        if root is None or not name:
            continue
        asked += 1
        for place, text in _shallow(root):
            if text.lower() == name:
                votes[place] += 1 + text.count(name_of[id(sample)])
    best = votes.most_common(1)
    return best[0][0] if best and best[0][1] >= asked else ""


def _shallow(root: etree._Element) -> Iterator[tuple[str, str]]:
    """Yield the attributes and texts of a root and of its children."""
    for key, text in root.attrib.items():
        yield "@" + str(key), str(text)
    for child in root:
        yield local_name(child), (child.text or "").strip()
        for key, text in child.attrib.items():
            yield f"{local_name(child)}/@" + str(key), str(text)


def _root_template(names: Iterable[str]) -> str:
    """Return ``{verb}Request`` if all names end alike, the name if there is one, else ``{verb}``."""
    found = Counter(names)
    if len(found) == 1:
        (name,) = found
        match = re.search(r"(?<=[a-z])(Request|Response|Result|Query|Reply)\Z", name)
        return "{verb}" + match[0] if match else name
    endings = Counter(re.search(r"[A-Z][a-z]*\Z", name)[0] for name in found if re.search(r"[a-z][A-Z][a-z]*\Z", name))  # type: ignore[index]
    if endings:
        ending, count = endings.most_common(1)[0]
        if count >= 0.8 * len(found):
            return "{verb}" + ending
    return "{verb}"


def _stem(name: str, template: str) -> str:
    ending = template.removeprefix("{verb}")
    return name.removesuffix(ending) if template.startswith("{verb}") else name


# verbs and paths


class _Paths:
    """Finds the templates of paths."""

    def __init__(self, every: list[Sample], asked: list[Sample]) -> None:
        self._every = every
        self._asked = asked
        self._texts = {id(sample): frozenset(_texts(sample)) for sample in asked}
        self._vocabulary: set[str] = set()

    def operations(self) -> Operations:
        requests = [
            (sample, sample.request) for sample in self._asked if sample.request is not None
        ]
        paths = {id(sample): _segments(request) for sample, request in requests}
        result = Operations(PATHS, _host(self._asked))
        depth = 0
        while all(len(path) > depth for path in paths.values()):
            values = Counter(path[depth] for path in paths.values())
            inside = [path[depth + 1] for path in paths.values() if len(path) > depth + 1]
            resource = len(inside) < len(paths) or any(
                self._id_like(word) and not _VERSION.match(word) for word in inside
            )
            dated = all(_VERSION.match(word) or _DATE.match(word) for word in values)
            if len(values) == 1 and inside and (dated or not resource):
                result.url += f"/{next(iter(values))}"
            elif sum(values[v] for v in values if _VERSION.match(v)) >= _NEARLY * len(paths):
                name = "version"
                result.variables[name] = max(values, key=lambda value: (values[value], value))
                result.url += "/{version}"
            else:
                break
            depth += 1
        rows = [(sample, request.verb, paths[id(sample)][depth:]) for sample, request in requests]
        for _, _, segments in rows:
            for before, word, after in zip(
                ("", *segments), segments, (*segments[1:], ""), strict=False
            ):
                beside = not before or self._id_like(before) or (after and self._id_like(after))
                if beside and not self._id_like(word):
                    self._vocabulary.add(word)
        templates: dict[int, tuple[str, ...]] = {}
        self._split(rows, 0, (), templates)
        grouped: dict[tuple[str, tuple[str, ...]], list[Sample]] = defaultdict(list)
        by_name: dict[str, set[tuple[str, tuple[str, ...]]]] = defaultdict(set)
        for sample, verb, _ in rows:
            key = (verb, templates[id(sample)])
            grouped[key].append(sample)
            if sample.name:
                by_name[sample.name].add(key)
        others: dict[str, list[Sample]] = defaultdict(list)
        for sample in self._every:
            if id(sample) in templates:
                continue
            keys = by_name.get(sample.name, set())
            if keys:
                grouped[max(keys, key=lambda key: (len(grouped[key]), key))].append(sample)
            else:
                others[sample.name or "call"].append(sample)
        result.found = [
            Operation("", "", "", verb, template, members)
            for (verb, template), members in sorted(
                grouped.items(), key=lambda item: (len(item[0][1]), item[0][1], item[0][0])
            )
        ]
        self._name_by_roots(result)
        self._name_by_paths(result)
        for name, members in sorted(others.items()):
            first, dot, rest = name.rpartition(".")
            noun = snake_word(first.replace(".", "_") if dot else name)
            result.found.append(
                Operation(noun, snake_word(rest if dot else "call"), "", "", None, members)
            )
        return result

    def _id_like(self, value: str) -> bool:
        if _VERSION.match(value) and value.startswith("v"):
            return False
        return re.search(r"\d|[@%:+ ]|\.[a-z]", value) is not None

    def _split(
        self,
        rows: list[tuple[Sample, str, tuple[str, ...]]],
        depth: int,
        prefix: tuple[str, ...],
        templates: dict[int, tuple[str, ...]],
    ) -> None:
        """Choose, at one place of paths that begin alike, which segments are names and which are values."""
        groups: dict[str, list[tuple[Sample, str, tuple[str, ...]]]] = defaultdict(list)
        for row in rows:
            if len(row[2]) == depth:
                templates[id(row[0])] = prefix
            else:
                groups[row[2][depth]].append(row)
        values = {
            word
            for word, members in groups.items()
            if depth and (self._id_like(word) or self._in_document(word, members))
        } | {word for word in groups if self._id_like(word)}

        def ends(words: Iterable[str]) -> set[tuple[str, tuple[str, ...]]]:
            return {
                (verb, path[depth + 1 :][:1]) for word in words for _, verb, path in groups[word]
            }

        if (
            prefix and singular(prefix[-1]) != prefix[-1]
        ):  # the place of an item, such as tasks/daily
            values |= {
                word
                for word, members in groups.items()
                if word not in self._vocabulary
                and singular(word) == word
                and all(
                    len(path) > depth + 1 or verb in ("GET", "DELETE") for _, verb, path in members
                )
            }
        others = [word for word in groups if word not in values]
        if values:
            shared = ends(values)
            values |= {
                word for word in others if word not in self._vocabulary and ends([word]) & shared
            }
        elif depth and prefix and not prefix[-1].startswith("{"):
            plain = [word for word in others if word not in self._vocabulary]
            alike = [word for word in plain if ends([word]) & ends(w for w in plain if w != word)]
            if len(alike) >= _MANY:
                values = set(alike)
        merged = [row for word in values for row in groups[word]]
        if merged:
            self._split(merged, depth + 1, (*prefix, self._variable(prefix)), templates)
        for word, members in groups.items():
            if word not in values:
                self._split(members, depth + 1, (*prefix, word), templates)

    def _in_document(self, word: str, members: list[tuple[Sample, str, tuple[str, ...]]]) -> bool:
        """Return whether documents hold a segment as a value, and paths don't use it as a name."""
        return word not in self._vocabulary and any(
            word in self._texts[id(sample)] for sample, _, _ in members
        )

    @staticmethod
    def _variable(prefix: tuple[str, ...]) -> str:
        before = next((part for part in reversed(prefix) if not part.startswith("{")), "")
        name = f"{singular(snake_word(before or 'item'))}_id"
        taken = set(prefix)
        base, number = name, 2
        while f"{{{name}}}" in taken:
            name, number = f"{base}_{number}", number + 1
        return f"{{{name}}}"

    @staticmethod
    def _name_by_roots(result: Operations) -> None:
        """Use root elements that name the method, such as ``ListTasksResponse``."""
        for attribute in ("request", "response"):
            roots: dict[int, set[str]] = {}
            for index, item in enumerate(result.found):
                halves = [getattr(sample, attribute) for sample in item.samples]
                names = {
                    local_name(half.root)
                    for half in halves
                    if half is not None
                    and half.root is not None
                    and (getattr(half, "status", None) or 200) < 400
                }
                if names:
                    roots[index] = names
            single = [next(iter(names)) for names in roots.values() if len(names) == 1]
            if len(single) < len(roots) or len(set(single)) < len(single) or not single:
                continue
            template = _root_template(single)
            ending = template.removeprefix("{verb}")
            if (
                not template.startswith("{verb}")
                or not ending
                or not all(n.endswith(ending) for n in single)
            ):
                continue
            setattr(result, f"{attribute}_root", template)
            for index, names in roots.items():
                item, stem = result.found[index], _stem(next(iter(names)), template)
                if item.verb in ("", stem):
                    item.verb = item.wire = stem

    @staticmethod
    def _name_by_paths(result: Operations) -> None:
        taken: set[tuple[str, str]] = set()
        for item in result.found:
            template = item.template or ()
            nouns = [part for part in template if not part.startswith("{")]
            verb, last = item.http_verb, template[-1] if template else ""
            chain = [singular(snake_word(noun)) for noun in nouns]
            if last.startswith("{") or not last:
                name = {
                    "GET": "get",
                    "PUT": "update",
                    "PATCH": "update",
                    "DELETE": "delete",
                    "HEAD": "exists",
                }
                chosen = name.get(verb, "create")
            else:
                plural = singular(last) != last
                if verb == "POST" and (plural or len(nouns) == 1):
                    chosen = "create"
                elif verb == "GET":
                    chosen = "list" if plural else "get"
                elif verb == "HEAD":
                    chosen = "count"
                elif verb == "DELETE":
                    chosen = "delete" if not plural else "delete_all"
                elif plural or len(nouns) == 1:
                    chosen = "update"
                else:
                    chosen = snake_word(last)
                    chain = chain[:-1]
            depth = 1
            resource = "_".join(chain[-depth:]) or "call"
            chosen = item.verb or chosen
            while (resource, chosen) in taken and depth < len(chain):
                depth += 1
                resource = "_".join(chain[-depth:])
            taken.add((resource, chosen))
            item.resource, item.verb = resource, chosen


def _texts(sample: Sample) -> Iterator[str]:
    """Yield the texts of the documents of an exchange that may identify a record."""
    for half in (sample.request, sample.response):
        if half is None or half.root is None:
            continue
        for element in half.root.iter(etree.Element):
            if element.text and not len(element) and _KEYS.search(local_name(element)):
                yield element.text.strip()
            yield from (str(text) for key, text in element.attrib.items() if _KEYS.search(str(key)))
