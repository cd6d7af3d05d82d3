"""Compare: two descriptions, change by change, each judged for the wire and for the Python surface."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from .diagnostics import Position
from .model import Api, Enum, EnumWord, Field, Method, Module, Record

Verdict = Literal["breaking", "risky", "safe", "none"]
"""breaking: what worked stops working. risky: it may, depending on use. safe: something was added or loosened. none: not touched."""

ORDER: Final[tuple[Verdict, ...]] = ("none", "safe", "risky", "breaking")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of change."""

    name: str
    wire: Verdict
    python: Verdict
    mirror: str | None
    """The rule of the opposite change; None with a ``waiver``."""
    waiver: str = ""
    """Why there is no mirror."""


def _pairs(*rules: tuple[str, Verdict, Verdict, str, Verdict, Verdict]) -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    for name, wire, python, mirror, mirror_wire, mirror_python in rules:
        found[name] = Rule(name, wire, python, mirror)
        found[mirror] = Rule(mirror, mirror_wire, mirror_python, name)
    return found


def _alone(*rules: tuple[str, Verdict, Verdict]) -> dict[str, Rule]:
    return {
        name: Rule(name, wire, python, name, "") for name, wire, python in rules
    }  # its own mirror: the change back is of the same kind


RULES: Final[dict[str, Rule]] = {
    **_pairs(
        ("resource-removed", "breaking", "breaking", "resource-added", "safe", "safe"),
        ("method-removed", "breaking", "breaking", "method-added", "safe", "safe"),
        ("record-removed", "none", "breaking", "record-added", "none", "safe"),
        ("input-removed", "none", "breaking", "input-added", "none", "safe"),
        ("enum-removed", "none", "breaking", "enum-added", "none", "safe"),
        ("word-removed", "breaking", "breaking", "word-added", "safe", "safe"),
        ("answer-word-removed", "safe", "safe", "answer-word-added", "risky", "safe"),
        ("argument-removed", "breaking", "breaking", "argument-added", "safe", "safe"),
        (
            "required-argument-removed",
            "breaking",
            "breaking",
            "required-argument-added",
            "breaking",
            "breaking",
        ),
        ("argument-now-required", "breaking", "breaking", "argument-now-optional", "safe", "safe"),
        ("clear-now-refused", "breaking", "breaking", "clear-now-allowed", "safe", "safe"),
        ("argument-narrowed", "breaking", "breaking", "argument-widened", "safe", "safe"),
        ("limit-tightened", "breaking", "breaking", "limit-loosened", "safe", "safe"),
        ("answer-field-removed", "breaking", "breaking", "answer-field-added", "safe", "safe"),
        ("input-field-removed", "breaking", "breaking", "input-field-added", "safe", "safe"),
        (
            "required-input-field-removed",
            "breaking",
            "breaking",
            "required-input-field-added",
            "breaking",
            "breaking",
        ),
        (
            "input-field-now-required",
            "breaking",
            "breaking",
            "input-field-now-optional",
            "safe",
            "safe",
        ),
        (
            "answer-now-list",
            "breaking",
            "breaking",
            "answer-no-longer-list",
            "breaking",
            "breaking",
        ),
        (
            "argument-now-list",
            "breaking",
            "breaking",
            "argument-no-longer-list",
            "breaking",
            "breaking",
        ),
        ("now-deprecated", "none", "safe", "no-longer-deprecated", "none", "safe"),
        ("now-sensitive", "none", "safe", "no-longer-sensitive", "none", "risky"),
        ("now-discarded", "risky", "none", "no-longer-discarded", "safe", "none"),
        ("error-added", "risky", "none", "error-removed", "safe", "none"),
        ("event-no-longer-fired", "breaking", "none", "event-now-fired", "safe", "none"),
        ("error-code-removed", "safe", "none", "error-code-added", "risky", "none"),
        ("event-removed", "breaking", "breaking", "event-added", "safe", "safe"),
        ("retry-less-safe", "risky", "risky", "retry-safer", "safe", "safe"),
        ("caller-removed", "breaking", "none", "caller-added", "safe", "none"),
        ("paging-removed", "breaking", "breaking", "paging-added", "breaking", "breaking"),
        ("bare-form-removed", "risky", "none", "bare-form-added", "safe", "none"),
        ("now-keyword-only", "none", "breaking", "now-positional", "none", "breaking"),
        ("namespace-removed", "risky", "none", "namespace-added", "safe", "none"),
        ("oauth-removed", "breaking", "breaking", "oauth-added", "safe", "safe"),
        ("callbacks-removed", "breaking", "breaking", "callbacks-added", "safe", "safe"),
        ("group-page-size-lowered", "risky", "risky", "group-page-size-raised", "safe", "safe"),
    ),
    **_alone(
        ("method-renamed-in-python", "none", "breaking"),
        ("argument-renamed-in-python", "none", "breaking"),
        ("field-renamed-in-python", "none", "breaking"),
        ("class-renamed", "none", "breaking"),
        ("argument-moved", "breaking", "none"),
        ("field-moved", "breaking", "none"),
        ("argument-type-changed", "breaking", "breaking"),
        ("answer-type-changed", "breaking", "breaking"),
        ("input-type-changed", "breaking", "breaking"),
        ("answer-kind-changed", "breaking", "breaking"),
        ("answer-moved", "breaking", "none"),
        ("wrapper-changed", "breaking", "none"),
        ("identity-changed", "none", "breaking"),
        ("word-spelt-differently", "breaking", "none"),
        ("empty-read-differently", "risky", "risky"),
        ("default-changed", "risky", "none"),
        ("order-changed", "risky", "none"),
        ("error-kind-changed", "none", "breaking"),
        ("error-message-changed", "risky", "none"),
        ("endpoint-changed", "breaking", "none"),
        ("envelope-changed", "breaking", "none"),
        ("token-changed", "breaking", "none"),
        ("paging-changed", "breaking", "risky"),
        ("scalar-changed", "breaking", "risky"),
        ("zone-changed", "risky", "risky"),
        ("package-renamed", "none", "breaking"),
        ("client-renamed", "none", "breaking"),
        ("environment-renamed", "none", "breaking"),
        ("caller-condition-changed", "risky", "none"),
        ("reference-changed", "none", "none"),
        ("provenance-changed", "none", "none"),
        ("documentation-changed", "none", "none"),
        ("version-changed", "none", "none"),
    ),
}
"""Rule name -> what it means for the wire and for Python."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two descriptions."""

    rule: str
    what: str
    """The thing that changed, such as ``task.create.rate`` or ``Task.rate``."""
    message: str
    old: Position | None
    new: Position | None

    @property
    def wire(self) -> Verdict:
        return RULES[self.rule].wire

    @property
    def python(self) -> Verdict:
        return RULES[self.rule].python

    @property
    def verdict(self) -> Verdict:
        """The worse of both."""
        return ORDER[max(ORDER.index(self.wire), ORDER.index(self.python))]

    @property
    def fingerprint(self) -> str:
        """Names this change whatever else changes: for allow-lists."""
        return hashlib.sha256(f"{self.rule}\0{self.what}\0{self.message}".encode()).hexdigest()[:12]


def compare(old: Api, new: Api) -> list[Change]:
    """Every change from ``old`` to ``new``, by the place of what changed."""
    return list(_Comparison(old, new).changes())


def suggested(version: str, changes: list[Change]) -> str:
    """The version that ``changes`` call for, by semantic versioning."""
    worst = max((change.verdict for change in changes), key=ORDER.index, default="none")
    major, minor, patch = (int(part) for part in [*version.split("."), "0", "0"][:3])
    if worst == "breaking":
        return f"{major + 1}.0.0" if major else f"0.{minor + 1}.0"
    if worst in ("risky", "safe"):
        return f"{major}.{minor + 1}.0" if major else f"0.{minor}.{patch + 1}"
    return f"{major}.{minor}.{patch + 1}" if changes else version


def _matched(
    old: Mapping[str, T], new: Mapping[str, T]
) -> Iterator[tuple[str, T | None, T | None]]:
    for name in sorted({*old, *new}):
        yield name, old.get(name), new.get(name)


class _Comparison:
    def __init__(self, old: Api, new: Api) -> None:
        self._old = old
        self._new = new

    def changes(self) -> Iterator[Change]:
        yield from self._api()
        old = {module.name: module for module in self._old.modules}
        new = {module.name: module for module in self._new.modules}
        for name, left, right in _matched(old, new):
            if right is None and left is not None:
                if left.methods:
                    yield _change(
                        "resource-removed", name, f"the resource {name} is gone", left, None
                    )
                else:
                    yield from self._module(left, _nothing(left))
            elif left is None and right is not None:
                if right.methods:
                    yield _change(
                        "resource-added", name, f"the resource {name} is new", None, right
                    )
                else:
                    yield from self._module(_nothing(right), right)
            elif left is not None and right is not None:
                yield from self._module(left, right)

    # the API as a whole

    def _api(self) -> Iterator[Change]:
        old, new = self._old, self._new
        simple: list[tuple[str, str, Callable[[Api], Any]]] = [
            ("package-renamed", "package", lambda api: api.names.package),
            ("client-renamed", "client", lambda api: api.names.client),
            ("environment-renamed", "environment", lambda api: api.names.environment),
            ("endpoint-changed", "endpoint", lambda api: api.url),
            (
                "token-changed",
                "token",
                lambda api: (api.token.style, api.token.password, api.token.header),
            ),
            ("version-changed", "version", lambda api: (api.version, api.names.version)),
        ]
        for rule, what, get in simple:
            if get(old) != get(new):
                yield Change(rule, what, f"{what} was {get(old)!r}, is {get(new)!r}", None, None)
        yield from self._envelope()
        yield from self._paging()
        yield from self._scalars()
        yield from self._catalogues()
        for name, gone, come in (
            ("oauth", "oauth-removed", "oauth-added"),
            ("callbacks", "callbacks-removed", "callbacks-added"),
        ):
            left, right = getattr(old, name), getattr(new, name)
            if left is not None and right is None:
                yield Change(gone, name, f"{name} is gone", None, None)
            elif left is None and right is not None:
                yield Change(come, name, f"{name} is new", None, None)
            elif left != right:
                yield Change("envelope-changed", name, f"{name} was {left}, is {right}", None, None)

    def _envelope(self) -> Iterator[Change]:
        import dataclasses

        old, new = self._old.envelope, self._new.envelope
        for item in dataclasses.fields(old):
            left, right = getattr(old, item.name), getattr(new, item.name)
            if left == right:
                continue
            what = f"envelope.{item.name}"
            if item.name != "namespaces":
                yield Change("envelope-changed", what, f"was {left!r}, is {right!r}", None, None)
                continue
            for name in sorted({*left, *right}):
                if name not in right:
                    yield Change("namespace-removed", what, f"{name} is gone", None, None)
                elif name not in left:
                    yield Change("namespace-added", what, f"{name} is new", None, None)

    def _paging(self) -> Iterator[Change]:
        import dataclasses

        old, new = self._old.paging, self._new.paging
        if old == new:
            return
        left, right = old.maximum_size, new.maximum_size
        if left != right:
            lower = right is not None and (left is None or right < left)
            rule = "group-page-size-lowered" if lower else "group-page-size-raised"
            yield Change(rule, "paging.maximum_size", f"was {left}, is {right}", None, None)
        if dataclasses.replace(old, maximum_size=None) != dataclasses.replace(
            new, maximum_size=None
        ):
            yield Change("paging-changed", "paging", f"was {old}, is {new}", None, None)

    def _scalars(self) -> Iterator[Change]:
        import dataclasses

        for name, left, right in _matched(self._old.scalars, self._new.scalars):
            if left == right:
                continue
            if left is not None and right is not None and left.zone != right.zone:
                yield Change(
                    "zone-changed",
                    f"scalars.{name}",
                    f"was {left.zone}, is {right.zone}",
                    None,
                    None,
                )
                left = dataclasses.replace(left, zone=right.zone)
            if left != right:
                yield Change(
                    "scalar-changed", f"scalars.{name}", f"was {left}, is {right}", None, None
                )

    def _catalogues(self) -> Iterator[Change]:
        old = {error.code: error for error in self._old.errors}
        new = {error.code: error for error in self._new.errors}
        for code, left, right in _matched(old, new):
            if left is None or right is None:
                rule = "error-code-added" if left is None else "error-code-removed"
                yield _change(rule, code, f"the error code {code}", left, right)
                continue
            if left.kind != right.kind:
                yield _change(
                    "error-kind-changed", code, f"was {left.kind}, is {right.kind}", left, right
                )
            if left.message != right.message:
                yield _change(
                    "error-message-changed",
                    code,
                    f"was {left.message!r}, is {right.message!r}",
                    left,
                    right,
                )
        before = {event.name: event for event in self._old.events}
        after = {event.name: event for event in self._new.events}
        for name, one, other in _matched(before, after):
            if one is None or other is None:
                rule = "event-added" if one is None else "event-removed"
                yield _change(rule, name, f"the event {name}", one, other)

    # modules

    def _module(self, old: Module, new: Module) -> Iterator[Change]:
        if old.class_name != new.class_name:
            message = f"{old.class_name} is now {new.class_name}"
            yield _change("class-renamed", old.name, message, old, new)
        yield from _documented(old.name, old.doc, new.doc, old, new)
        for name, left, right in _matched(
            {enum.name: enum for enum in old.enums}, {enum.name: enum for enum in new.enums}
        ):
            if left is None or right is None:
                rule = "enum-added" if left is None else "enum-removed"
                yield _change(rule, name, f"the enum {name}", left, right)
            else:
                yield from self._enum(left, right)
        for name, one, other in _matched(
            {record.name: record for record in old.records},
            {record.name: record for record in new.records},
        ):
            yield from self._record(name, one, other)
        for verb, before, after in _matched(
            {method.verb: method for method in old.methods},
            {method.verb: method for method in new.methods},
        ):
            what = f"{old.name}.{verb}"
            if before is None or after is None:
                rule = "method-added" if before is None else "method-removed"
                yield _change(rule, what, f"the method {what}", before, after)
            else:
                yield from self._method(what, before, after)

    def _enum(self, old: Enum, new: Enum) -> Iterator[Change]:
        words = _matched(
            {word.word: word for word in old.words}, {word.word: word for word in new.words}
        )
        for text, left, right in words:
            what = f"{old.name}.{text}"
            sent_before = left is not None and left.writable
            sent_after = right is not None and right.writable
            if sent_before != sent_after:
                rule = "word-added" if sent_after else "word-removed"
                yield _change(
                    rule,
                    what,
                    f"the word {text!r} can{'' if sent_after else 'not'} be sent",
                    left,
                    right,
                )
            elif left is None or right is None:
                rule = "answer-word-added" if left is None else "answer-word-removed"
                yield _change(rule, what, f"the word {text!r} of answers", left, right)
            if left is not None and right is not None:
                yield from self._word(what, left, right)

    def _word(self, what: str, old: EnumWord, new: EnumWord) -> Iterator[Change]:
        if (old.request, old.answer) != (new.request, new.answer):
            message = f"was {old.request!r}/{old.answer!r}, is {new.request!r}/{new.answer!r}"
            yield _change("word-spelt-differently", what, message, old, new)
        yield from _deprecated(what, old, new)
        yield from _documented(what, old.doc, new.doc, old, new)

    def _record(self, name: str, old: Record | None, new: Record | None) -> Iterator[Change]:
        for flag, gone, come in (
            ("in_answers", "record-removed", "record-added"),
            ("in_requests", "input-removed", "input-added"),
        ):
            had = old is not None and getattr(old, flag)
            has = new is not None and getattr(new, flag)
            if had and not has:
                yield _change(gone, name, f"{name} is no longer used here", old, new)
            elif has and not had:
                yield _change(come, name, f"{name} is new here", old, new)
        if old is None or new is None:
            return
        if old.identity != new.identity:
            message = f"was {old.identity}, is {new.identity}"
            yield _change("identity-changed", name, message, old, new)
        yield from _documented(name, old.doc, new.doc, old, new)
        for wire, left, right in _matched(
            {item.name: item for item in old.fields}, {item.name: item for item in new.fields}
        ):
            yield from self._field(f"{name}.{wire}", left, right, old, new)

    def _field(
        self, what: str, old: Field | None, new: Field | None, before: Record, after: Record
    ) -> Iterator[Change]:
        read_before = old is not None and old.readable
        read_after = new is not None and new.readable
        if before.in_answers and after.in_answers and read_before != read_after:
            rule = "answer-field-added" if read_after else "answer-field-removed"
            yield _change(rule, what, f"{what} in answers", old, new)
        sent_before = old is not None and old.writable
        sent_after = new is not None and new.writable
        inputs = before.in_requests and after.in_requests
        if inputs and sent_before != sent_after:
            one = new if sent_after else old
            must = "required-" if one is not None and one.required else ""
            yield _change(
                f"{must}input-field-{'added' if sent_after else 'removed'}",
                what,
                f"{what} in requests",
                old,
                new,
            )
        if old is None or new is None:
            return
        yield from self._both(what, old, new)
        if inputs and sent_before and sent_after:
            if old.required != new.required:
                rule = "input-field-now-required" if new.required else "input-field-now-optional"
                yield _change(
                    rule, what, f"required was {old.required!r}, is {new.required!r}", old, new
                )
            if _write(old) != _write(new):
                yield _change(
                    "input-type-changed", what, f"was {_write(old)}, is {_write(new)}", old, new
                )
        if before.in_answers and after.in_answers and read_before and read_after:
            if old.many != new.many:
                rule = "answer-now-list" if new.many else "answer-no-longer-list"
                yield _change(rule, what, f"{what} in answers", old, new)
            elif _read(old) != _read(new):
                yield _change(
                    "answer-type-changed", what, f"was {_read(old)}, is {_read(new)}", old, new
                )
            if (old.read_empty, old.none) != (new.read_empty, new.none):
                message = f"was {old.read_empty or old.none}, is {new.read_empty or new.none}"
                yield _change("empty-read-differently", what, message, old, new)
            if old.bare != new.bare:
                rule = "bare-form-added" if new.bare else "bare-form-removed"
                yield _change(rule, what, f"{what} without item elements", old, new)

    def _both(
        self, what: str, old: Field, new: Field, *, argument: bool = False
    ) -> Iterator[Change]:
        """What a field of a record and an argument have in common."""
        if old.python != new.python:
            rule = "argument-renamed-in-python" if argument else "field-renamed-in-python"
            yield _change(rule, what, f"{old.python} is now {new.python}", old, new)
        place = (old.path, old.attribute, old.content)
        if place != (new.path, new.attribute, new.content) and old.many == new.many:
            rule = "argument-moved" if argument else "field-moved"
            yield _change(rule, what, f"was {_place(old)}, is {_place(new)}", old, new)
        yield from _deprecated(what, old, new)
        yield from _documented(what, old.doc, new.doc, old, new)
        for name, now, no_longer in (
            ("sensitive", "now-sensitive", "no-longer-sensitive"),
            ("discarded", "now-discarded", "no-longer-discarded"),
        ):
            if getattr(old, name) != getattr(new, name):
                yield _change(now if getattr(new, name) else no_longer, what, what, old, new)
        if old.default != new.default:
            yield _change("default-changed", what, f"was {old.default}, is {new.default}", old, new)
        if old.ref != new.ref:
            yield _change("reference-changed", what, f"was {old.ref}, is {new.ref}", old, new)
        if old.provenance != new.provenance:
            message = f"was {old.provenance.kind}, is {new.provenance.kind}"
            yield _change("provenance-changed", what, message, old, new)
        if old.writable and new.writable:
            yield from _limits(what, old, new)

    # methods

    def _method(self, what: str, old: Method, new: Method) -> Iterator[Change]:
        if old.python != new.python:
            message = f"{'.'.join(old.python)} is now {'.'.join(new.python)}"
            yield _change("method-renamed-in-python", what, message, old, new)
        if old.wrapper != new.wrapper:
            yield _change("wrapper-changed", what, f"was {old.wrapper}, is {new.wrapper}", old, new)
        yield from self._answer(what, old, new)
        if old.retry != new.retry:
            order = ("safe", "idempotent", "ambiguous")
            worse = order.index(new.retry) > order.index(old.retry)
            rule = "retry-less-safe" if worse else "retry-safer"
            yield _change(rule, what, f"was {old.retry}, is {new.retry}", old, new)
        if old.order != new.order:
            yield _change("order-changed", what, f"was {old.order}, is {new.order}", old, new)
        yield from _deprecated(what, old, new)
        yield from _documented(what, old.doc, new.doc, old, new)
        if old.provenance != new.provenance:
            message = f"was {old.provenance.kind}, is {new.provenance.kind}"
            yield _change("provenance-changed", what, message, old, new)
        yield from self._around(what, old, new)
        for name, left, right in _matched(
            {item.name: item for item in old.arguments}, {item.name: item for item in new.arguments}
        ):
            yield from self._argument(f"{what}.{name}", left, right, old, new)

    def _answer(self, what: str, old: Method, new: Method) -> Iterator[Change]:
        left, right = old.answer, new.answer
        if left.value != right.value:
            pair = {left.value, right.value}
            rule = "answer-kind-changed"
            if pair == {"page", "list"}:
                rule = "paging-added" if right.value == "page" else "paging-removed"
            yield _change(rule, what, f"answered {left.value}, answers {right.value}", old, new)
            return
        if (left.record and left.record.name) != (right.record and right.record.name) or (
            left.scalar != right.scalar
        ):
            before = left.record.name if left.record else left.scalar
            after = right.record.name if right.record else right.scalar
            yield _change(
                "answer-type-changed", what, f"answered {before}, answers {after}", old, new
            )
        if (left.element, left.item) != (right.element, right.item):
            message = f"was at {left.element}/{left.item}, is at {right.element}/{right.item}"
            yield _change("answer-moved", what, message, old, new)

    def _around(self, what: str, old: Method, new: Method) -> Iterator[Change]:
        for code in sorted({*old.errors, *new.errors}):
            if code not in old.errors:
                yield _change("error-added", what, f"may answer {code}", old, new)
            elif code not in new.errors:
                yield _change("error-removed", what, f"no longer answers {code}", old, new)
        for event in sorted({*old.events, *new.events}):
            if event not in old.events:
                yield _change("event-now-fired", what, f"fires {event}", old, new)
            elif event not in new.events:
                yield _change("event-no-longer-fired", what, f"no longer fires {event}", old, new)
        for person, left, right in _matched(old.callers, new.callers):
            if left is None or right is None:
                rule = "caller-added" if left is None else "caller-removed"
                yield _change(
                    rule, what, f"{person} may{'' if left is None else ' not'} call it", old, new
                )
            elif left != right:
                yield _change(
                    "caller-condition-changed",
                    what,
                    f"{person}: was {left!r}, is {right!r}",
                    old,
                    new,
                )

    def _argument(
        self, what: str, old: Field | None, new: Field | None, before: Method, after: Method
    ) -> Iterator[Change]:
        if old is None or new is None:
            one = new if old is None else old
            must = "required-" if one is not None and one.required else ""
            rule = f"{must}argument-{'added' if old is None else 'removed'}"
            yield _change(rule, what, f"the argument {what}", old or before, new or after)
            return
        yield from self._both(what, old, new, argument=True)
        if bool(old.required) != bool(new.required):
            rule = "argument-now-required" if new.required else "argument-now-optional"
            yield _change(rule, what, what, old, new)
        elif (old.clear == "refused") != (new.clear == "refused"):
            rule = "clear-now-refused" if new.clear == "refused" else "clear-now-allowed"
            yield _change(rule, what, f"an empty tag was {old.clear}, is {new.clear}", old, new)
        if (old.python in before.positional) != (new.python in after.positional):
            rule = "now-positional" if new.python in after.positional else "now-keyword-only"
            yield _change(rule, what, what, old, new)
        if old.many != new.many:
            rule = "argument-now-list" if new.many else "argument-no-longer-list"
            yield _change(rule, what, what, old, new)
        elif _write(old) != _write(new):
            rule = _retyped(_write(old), _write(new))
            yield _change(rule, what, f"was {_write(old)}, is {_write(new)}", old, new)


_WIDER: Final = {
    ("int", "decimal"),
    ("enum", "text"),
    ("id", "int"),
    ("int", "id"),
    ("uri", "text"),
    ("text", "uri"),
}
"""(narrow, wide): every value of the first can be given where the second is taken."""


def _retyped(old: str, new: str) -> str:
    left, right = old.partition(" ")[0], new.partition(" ")[0]
    if (left, right) in _WIDER:
        return "argument-widened"
    if (right, left) in _WIDER:
        return "argument-narrowed"
    return "argument-type-changed"


def _read(item: Field) -> str:
    return _kind(item, item.read)


def _write(item: Field) -> str:
    return _kind(item, item.write)


def _kind(item: Field, scalar: str | None) -> str:
    if item.record is not None:
        return f"record {item.record.name}"
    return f"enum {item.enum.name}" if item.enum is not None else (scalar or "text")


def _place(item: Field) -> str:
    if item.attribute is not None:
        return f"@{item.attribute}"
    return "/".join(item.path) or "the element's text"


def _limits(what: str, old: Field, new: Field) -> Iterator[Change]:
    from decimal import Decimal

    for name, smaller_is_tighter in (
        ("max_length", True), ("maximum", True), ("places", True), ("max_bytes", True),
        ("minimum", False),
    ):  # fmt: skip
        left, right = getattr(old, name), getattr(new, name)
        if left == right:
            continue
        if left is None or right is None:
            tighter = left is None
        else:
            tighter = (Decimal(str(right)) < Decimal(str(left))) == smaller_is_tighter
        rule = "limit-tightened" if tighter else "limit-loosened"
        yield _change(rule, what, f"{name} was {left}, is {right}", old, new)
    if set(old.media) != set(new.media):
        refused = bool(new.media) and not (old.media and set(old.media) <= set(new.media))
        rule = "limit-tightened" if refused else "limit-loosened"
        was, now = (", ".join(media) or "any" for media in (old.media, new.media))
        yield _change(rule, what, f"media was {was}, is {now}", old, new)


def _deprecated(what: str, old: Any, new: Any) -> Iterator[Change]:
    if (old.deprecated is None) != (new.deprecated is None):
        rule = "now-deprecated" if new.deprecated is not None else "no-longer-deprecated"
        yield _change(rule, what, new.deprecated or what, old, new)


def _documented(what: str, old: str, new: str, left: Any, right: Any) -> Iterator[Change]:
    if old != new:
        yield _change("documentation-changed", what, "its documentation", left, right)


def _change(rule: str, what: str, message: str, old: Any, new: Any) -> Change:
    return Change(rule, what, message, old.at if old else None, new.at if new else None)


def _nothing(module: Module) -> Module:
    import dataclasses

    return dataclasses.replace(module, enums=(), records=(), methods=(), cases=())
