"""Comparison of the records and methods of modules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from ..ir import Field, Method, Module, Record
from .matching import Descriptions, Words, matched, matched_fields
from .rules import Change, change
from .wire_rules import wire

# all kinds of things


def retired(what: str, old: Any, new: Any) -> Iterator[Change]:
    """Yield changes of a deprecation."""
    if (old.deprecated is None) != (new.deprecated is None):
        rule = "now-deprecated" if new.deprecated is not None else "no-longer-deprecated"
        note = new.deprecated or old.deprecated
        yield change(rule, what, note if note != "true" else what, old, new)
    elif old.deprecated != new.deprecated:
        yield change("documentation-changed", what, "what to use instead", old, new)


def documented(what: str, old: object, new: object, left: Any, right: Any) -> Iterator[Change]:
    """Yield a change of documentation."""
    if old != new:
        yield change("documentation-changed", what, "its documentation", left, right)


def provenance(what: str, old: Any, new: Any) -> Iterator[Change]:
    """Yield a change of provenance."""
    if old.provenance != new.provenance:
        left, right = old.provenance, new.provenance
        message = f"was {left.kind}, is {right.kind}" if left.kind != right.kind else "its sources"
        yield change("provenance-changed", what, message, old, new)


def _about(what: str, old: Any, new: Any) -> Iterator[Change]:
    yield from retired(what, old, new)
    yield from documented(what, (old.doc, old.since), (new.doc, new.since), old, new)
    yield from provenance(what, old, new)


# records


def records(old: Module, new: Module, both: Descriptions) -> Iterator[Change]:
    """Yield changes of the records of a module."""
    for name, left, right in matched(
        {record.name: record for record in old.records},
        {record.name: record for record in new.records},
    ):
        if left is None and right is not None and both.moved_record(right) is not None:
            continue
        target = both.moved_record(left) if left is not None and right is None else None
        if left is not None and target is not None:
            message = f"{name} moved from {left.module} to {target.module}"
            yield change("record-moved", name, message, left, target)
            right = target
        yield from _record(name, left, right, both)


def _record(
    name: str, old: Record | None, new: Record | None, both: Descriptions
) -> Iterator[Change]:
    for flag, gone, come, where in (
        ("in_responses", "record-removed", "record-added", "responses"),
        ("in_requests", "input-removed", "input-added", "requests"),
    ):
        had = old is not None and getattr(old, flag)
        has = new is not None and getattr(new, flag)
        if had and not has:
            yield change(gone, name, f"{name} is no longer in {where}", old, new)
        elif has and not had:
            yield change(come, name, f"{name} is new in {where}", old, new)
    if old is None or new is None:
        return
    if old.identity != new.identity:
        yield change("identity-changed", name, f"was {old.identity}, is {new.identity}", old, new)
    yield from documented(name, old.doc, new.doc, old, new)
    for group in sorted({*old.one_of} ^ {*new.one_of}):
        rule = "choice-added" if group in new.one_of else "choice-removed"
        yield change(rule, name, f"exactly one of {', '.join(group)}", old, new)
    yield from _order(name, old.fields, new.fields, both, old, new)
    for field, left, right in matched_fields(old.fields, new.fields):
        what = f"{name}.{field}"
        if left is not None and right is not None:
            yield from _both(what, left, right, both)
        if old.in_responses and new.in_responses:
            yield from _answered(what, left, right, both)
        if old.in_requests and new.in_requests:
            yield from _sent(what, left, right, both)


def _order(
    what: str,
    old: Sequence[Field],
    new: Sequence[Field],
    both: Descriptions,
    left: Any,
    right: Any,
) -> Iterator[Change]:
    """Yield a change of the order of elements, among those that both have."""
    before, after = ([item.name for item in items if item.path] for items in (old, new))
    common = {*before} & {*after}
    if [name for name in before if name in common] != [name for name in after if name in common]:
        rule = "element-order-changed" if both.strict else "fields-reordered"
        yield change(rule, what, "the order of its elements", left, right)


def _answered(
    what: str, old: Field | None, new: Field | None, both: Descriptions
) -> Iterator[Change]:
    had = old is not None and old.readable
    has = new is not None and new.readable
    if had != has:
        rule = "response-field-added" if has else "response-field-removed"
        yield change(rule, what, f"{what} in responses", old, new)
    if old is None or new is None or not (had and has):
        return
    yield from _formatted(what, old, new, both)
    if set(old.fallbacks) != set(new.fallbacks):
        added = not set(new.fallbacks) <= set(old.fallbacks)
        rule = "further-place-added" if added else "further-place-removed"
        yield change(rule, what, f"{what} in responses", old, new)
    if old.many != new.many:
        rule = "response-now-list" if new.many else "response-no-longer-list"
        yield change(rule, what, f"{what} in responses", old, new)
    elif _kind(old, old.read) != _kind(new, new.read):
        before, after = _kind(old, old.read), _kind(new, new.read)
        yield change(_reread(old, new, both), what, f"was {before}, is {after}", old, new)
    if (old.read_empty, old.none) != (new.read_empty, new.none):
        message = f"was {_empty(old)}, is {_empty(new)}"
        yield change("empty-read-differently", what, message, old, new)
    if old.bare != new.bare:
        rule = "bare-form-added" if new.bare else "bare-form-removed"
        yield change(rule, what, f"{what} without item elements", old, new)


def _empty(item: Field) -> str:
    return ", ".join(filter(None, [item.read_empty, *item.none])) or "as its type is"


def _sent(what: str, old: Field | None, new: Field | None, both: Descriptions) -> Iterator[Change]:
    before = set(old.access) - {"r"} if old is not None else set()
    after = set(new.access) - {"r"} if new is not None else set()
    for way, letters in (("removed", before - after), ("added", after - before)):
        if letters:
            one = old if way == "removed" else new
            assert one is not None
            must = "required-" if letters & set(one.required) else ""
            where = " and ".join(_LETTERS[letter] for letter in sorted(letters))
            yield change(
                f"{must}input-field-{way}", what, f"{what} in requests that {where}", old, new
            )
    if old is None or new is None or not before & after:
        return
    needed, needs = set(old.required) & before & after, set(new.required) & before & after
    for rule, letters in (
        ("input-field-now-required", needs - needed),
        ("input-field-now-optional", needed - needs),
    ):
        if letters:
            where = " and ".join(_LETTERS[letter] for letter in sorted(letters))
            yield change(rule, what, f"in requests that {where}", old, new)
    if not (old.readable and new.readable):
        yield from _formatted(what, old, new, both)
    yield from _retyped(what, old, new, "input-field", "input", both)


_LETTERS: Final = {"c": "create", "u": "update"}

# fields and arguments


def _both(
    what: str, old: Field, new: Field, both: Descriptions, *, argument: bool = False
) -> Iterator[Change]:
    """Yield changes of what fields and arguments have in common."""
    if old.python != new.python:
        rule = "argument-renamed-in-python" if argument else "field-renamed-in-python"
        yield change(rule, what, f"{old.python} is now {new.python}", old, new)
    if old.many == new.many and _place(old) != _place(new):
        rule = "argument-moved" if argument else "field-moved"
        yield change(rule, what, f"was {_place(old)}, is {_place(new)}", old, new)
    yield from _about(what, old, new)
    for name, now, no_longer in (
        ("sensitive", "now-sensitive", "no-longer-sensitive"),
        ("discarded", "now-discarded", "no-longer-discarded"),
    ):
        if getattr(old, name) != getattr(new, name):
            yield change(now if getattr(new, name) else no_longer, what, what, old, new)
    if old.default != new.default:
        yield change("default-changed", what, f"was {old.default}, is {new.default}", old, new)
    if old.ref != new.ref:
        yield change("reference-changed", what, f"was {old.ref}, is {new.ref}", old, new)
    if old.writable and new.writable:
        yield from _limits(what, old, new)
        # A required field cannot be cleared; the change of `required` is reported instead.
        if old.clear != new.clear and bool(old.required) == bool(new.required):
            rule = "clear-means-otherwise"
            if "refused" in (old.clear, new.clear):
                rule = "clear-now-refused" if new.clear == "refused" else "clear-now-allowed"
            yield change(rule, what, f"an empty tag was {old.clear}, is {new.clear}", old, new)


def _formatted(what: str, old: Field, new: Field, both: Descriptions) -> Iterator[Change]:
    before, after = both.format_of(both.old, old), both.format_of(both.new, new)
    same_type = (old.read, old.write) == (new.read, new.write)
    if same_type and old.scalar != new.scalar and before != after:
        message = (
            f"the format was {old.scalar or 'the usual one'}, is {new.scalar or 'the usual one'}"
        )
        yield change("format-changed", what, message, old, new)


def _limits(what: str, old: Field, new: Field) -> Iterator[Change]:
    for name, smaller_is_tighter in (
        ("max_length", True), ("maximum", True), ("places", True), ("max_bytes", True), ("minimum", False),
    ):  # fmt: skip
        left, right = getattr(old, name), getattr(new, name)
        if left == right:
            continue
        if left is None or right is None:
            tighter = left is None
        else:
            tighter = (Decimal(str(right)) < Decimal(str(left))) == smaller_is_tighter
        rule = "limit-tightened" if tighter else "limit-loosened"
        yield change(rule, what, f"{name} was {left}, is {right}", old, new)
    if set(old.media) != set(new.media):
        refused = bool(new.media) and not (old.media and set(old.media) <= set(new.media))
        rule = "limit-tightened" if refused else "limit-loosened"
        was, now = (", ".join(media) or "any" for media in (old.media, new.media))
        yield change(rule, what, f"media was {was}, is {now}", old, new)


def _place(item: Field) -> str:
    if item.location is not None:
        where = ":".join(filter(None, item.location))
    else:
        where = "/".join(item.path)
        if item.attribute is not None:
            where += f"@{item.attribute}"
        where += " or the element's text" if item.content else ""
    notes = [where or "the element itself"]
    if item.map:
        notes.append(f"with keys at {item.key_element} and values at {item.value_element}")
    if item.namespaces:
        notes.append(f"in {', '.join(item.namespaces)}")
    if item.indexed is not None:
        notes.append(f"named {item.indexed}")
    if item.join is not None:
        notes.append(f"joined by {item.join!r}")
    return " ".join(notes)


def _kind(item: Field, scalar: str | None) -> str:
    around = "map of " if item.map else ""
    if item.record is not None:
        return f"{around}record {item.record.name}"
    return around + (f"enum {item.enum.name}" if item.enum is not None else (scalar or "text"))


_SAME: Final = ({"id", "int"}, {"text", "uri"})
"""Types that are equal in Python and on the wire."""
_WIDER: Final = {("int", "decimal"), ("id", "decimal"), ("enum", "text"), ("enum", "uri")}
"""(narrow, wide): every value of the first, in Python and on the wire, is one of the second."""


def _shape(item: Field, scalar: str | None) -> str:
    return _kind(item, scalar).partition(" ")[0]


def _retyped(
    what: str, old: Field, new: Field, prefix: str, changed: str, both: Descriptions
) -> Iterator[Change]:
    """Yield a change of the type of a value in requests."""
    before, after = _kind(old, old.write), _kind(new, new.write)
    if old.many != new.many:
        start = "argument" if changed == "argument" else "input"
        rule = f"{start}-now-list" if new.many else f"{start}-no-longer-list"
        yield change(rule, what, f"{what} in requests", old, new)
    elif before != after:
        left, right = _shape(old, old.write), _shape(new, new.write)
        words = _words(old, new, both)
        if {left, right} in _SAME or (words and words[0] == words[1]):
            rule = "scalar-refined"
        elif (left, right) in _WIDER or (words and words[0] < words[1]):
            rule = f"{prefix}-widened"
        elif (right, left) in _WIDER or (words and words[0] > words[1]):
            rule = f"{prefix}-narrowed"
        elif right in ("text", "uri") and left not in ("record", "binary"):
            rule = f"{prefix}-loosened"
        elif left in ("text", "uri") and right not in ("record", "binary"):
            rule = f"{prefix}-tightened"
        else:
            rule = f"{changed}-type-changed"
        yield change(rule, what, f"was {before}, is {after}", old, new)


def _words(old: Field, new: Field, both: Descriptions) -> tuple[Words, Words] | None:
    """Return the words of two enums, of the old and the new field; None if one of them has none."""
    if old.enum is None or new.enum is None or old.map != new.map:
        return None
    return both.words(old.enum, new.enum)


def _reread(old: Field, new: Field, both: Descriptions) -> str:
    """Return the rule for a change of the type of a value in responses."""
    left, right = _shape(old, old.read), _shape(new, new.read)
    words = _words(old, new, both)
    if {left, right} in _SAME or (words and words[0] == words[1]):
        return "scalar-refined"
    if words and words[0] > words[1]:
        return "response-word-removed"
    if words and words[0] < words[1]:
        return "response-word-added"
    texts = ("text", "uri")
    if left == "enum" and right in texts:
        return "response-word-set-opened"
    if left in texts and right == "enum":
        return "response-word-set-closed"
    narrower = left in texts and right not in ("record", "binary")
    if narrower or (right, left) in _WIDER:
        return "response-type-narrowed"
    if (right in texts and left not in ("record", "binary")) or (left, right) in _WIDER:
        return "response-type-widened"
    return "response-type-changed"


# methods


def methods(old: Module, new: Module, both: Descriptions) -> Iterator[Change]:
    """Yield changes of the methods of a module."""
    for verb, left, right in matched(
        {method.verb: method for method in old.methods},
        {method.verb: method for method in new.methods},
    ):
        what = f"{old.name}.{verb}"
        if left is None or right is None:
            rule = "method-added" if left is None else "method-removed"
            yield change(rule, what, f"the method {what}", left, right)
        else:
            yield from _method(what, left, right, both)


def _method(what: str, old: Method, new: Method, both: Descriptions) -> Iterator[Change]:
    if old.python != new.python:
        message = f"{'.'.join(old.python)} is now {'.'.join(new.python)}"
        yield change("method-renamed-in-python", what, message, old, new)
    if old.wrapper != new.wrapper:
        yield change("wrapper-changed", what, f"was {old.wrapper}, is {new.wrapper}", old, new)
    yield from _answer(what, old, new)
    if old.retry != new.retry:
        order = ("safe", "idempotent", "ambiguous")
        worse = order.index(new.retry) > order.index(old.retry)
        rule = "retry-less-safe" if worse else "retry-safer"
        yield change(rule, what, f"was {old.retry}, is {new.retry}", old, new)
    if old.order != new.order:
        yield change("order-changed", what, f"was {old.order}, is {new.order}", old, new)
    yield from _about(what, old, new)
    yield from _around(what, old, new)
    yield from wire(what, old, new, both.old, both.new, both.reported)
    yield from _order(what, old.arguments, new.arguments, both, old, new)
    common = {*old.positional} & {*new.positional}
    before, after = ([name for name in item.positional if name in common] for item in (old, new))
    if before != after:
        message = f"was {', '.join(before)}, is {', '.join(after)}"
        yield change("positional-order-changed", what, message, old, new)
    for name, left, right in matched_fields(old.arguments, new.arguments):
        yield from _argument(f"{what}.{name}", left, right, old, new, both)


def _answer(what: str, old: Method, new: Method) -> Iterator[Change]:
    left, right = old.response, new.response
    if left.value != right.value:
        rule = "response-kind-changed"
        if {left.value, right.value} == {"page", "list"}:
            rule = "paging-added" if right.value == "page" else "paging-removed"
        elif left.value == "none":
            rule = "response-now-given"
        elif right.value == "none":
            rule = "response-no-longer-given"
        yield change(rule, what, f"returned {left.value}, returns {right.value}", old, new)
        return
    if old.paging != new.paging:
        rule = "pages-now-ignored" if new.paging == "ignored" else "pages-now-honored"
        yield change(rule, what, _PAGES[new.paging == "ignored"], old, new)
    before, after = (
        answer.record.name if answer.record else answer.scalar for answer in (left, right)
    )
    if before != after:
        rule = "scalar-refined" if {before, after} in _SAME else "response-type-changed"
        yield change(rule, what, f"returned {before}, returns {after}", old, new)
    if (left.element, left.item) != (right.element, right.item):
        message = f"was at {left.element}/{left.item}, is at {right.element}/{right.item}"
        yield change("response-moved", what, message, old, new)
    if left.ref != right.ref:
        yield change("reference-changed", what, f"was {left.ref}, is {right.ref}", old, new)
    if left.media != right.media:
        was, now = (", ".join(answer.media) or "any" for answer in (left, right))
        yield change("media-changed", what, f"returned {was}, returns {now}", old, new)


_PAGES: Final = ("the service honors page numbers", "the service ignores page numbers")


def _around(what: str, old: Method, new: Method) -> Iterator[Change]:
    for code in sorted({*old.errors} ^ {*new.errors}):
        rule, state = (
            ("error-added", "may fail with")
            if code in new.errors
            else ("error-removed", "no longer fails with")
        )
        yield change(rule, what, f"{state} {code}", old, new)
    for event in sorted({*old.events} ^ {*new.events}):
        rule, state = (
            ("event-now-fired", "fires")
            if event in new.events
            else ("event-no-longer-fired", "no longer fires")
        )
        yield change(rule, what, f"{state} {event}", old, new)
    for person, left, right in matched(old.callers, new.callers):
        if left is None or right is None:
            rule = "caller-added" if left is None else "caller-removed"
            message = f"{person} may{'' if left is None else ' not'} call it"
            yield change(rule, what, message, old, new)
        elif left != right:
            message = f"{person}: was {left!r}, is {right!r}"
            yield change("caller-condition-changed", what, message, old, new)


def _argument(
    what: str,
    old: Field | None,
    new: Field | None,
    before: Method,
    after: Method,
    both: Descriptions,
) -> Iterator[Change]:
    if old is None or new is None:
        one = new if old is None else old
        must = "required-" if one is not None and one.required else ""
        rule = f"{must}argument-{'added' if old is None else 'removed'}"
        yield change(rule, what, f"the argument {what}", old or before, new or after)
        return
    yield from _both(what, old, new, both, argument=True)
    yield from _formatted(what, old, new, both)
    if bool(old.required) != bool(new.required):
        rule = "argument-now-required" if new.required else "argument-now-optional"
        yield change(rule, what, what, old, new)
    if (old.python in before.positional) != (new.python in after.positional):
        rule = "now-positional" if new.python in after.positional else "now-keyword-only"
        yield change(rule, what, what, old, new)
    yield from _retyped(what, old, new, "argument", "argument", both)
