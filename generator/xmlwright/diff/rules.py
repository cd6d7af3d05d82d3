"""Rules: the kinds of change, and their verdicts for the wire and for the Python client."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from ..diagnostics import Position

Verdict = Literal["breaking", "risky", "safe", "none"]
"""breaking: what worked stops working. risky: it may, depending on use. safe: something was added or loosened. none: not touched."""

ORDER: Final[tuple[Verdict, ...]] = ("none", "safe", "risky", "breaking")


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of change."""

    name: str
    wire: Verdict
    """For a client of the old description that calls a server of the new one."""
    python: Verdict
    """For a program written for the old client that gets the new client and server."""
    mirror: str | None
    """The rule of the reverse change, which can be the rule itself. None with a ``waiver``."""
    waiver: str = ""
    """Why it has no mirror."""


def _pairs(*rules: tuple[str, Verdict, Verdict, str, Verdict, Verdict]) -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    for name, wire, python, mirror, mirror_wire, mirror_python in rules:
        found[name] = Rule(name, wire, python, mirror)
        found[mirror] = Rule(mirror, mirror_wire, mirror_python, name)
    return found


def _alone(*rules: tuple[str, Verdict, Verdict]) -> dict[str, Rule]:
    return {name: Rule(name, wire, python, name) for name, wire, python in rules}


# fmt: off
RULES: Final[dict[str, Rule]] = {
    **_pairs(
        # The API as a whole.
        ("oauth-removed", "breaking", "breaking", "oauth-added", "safe", "safe"),
        ("callbacks-removed", "breaking", "breaking", "callbacks-added", "safe", "safe"),
        ("namespace-removed", "safe", "none", "namespace-added", "safe", "none"),
        ("group-page-size-lowered", "risky", "risky", "group-page-size-raised", "safe", "safe"),
        ("error-code-removed", "safe", "safe", "error-code-added", "safe", "safe"),
        ("event-removed", "breaking", "breaking", "event-added", "safe", "safe"),
        # Options of the client.
        ("option-removed", "none", "breaking", "option-added", "none", "safe"),
        ("required-option-removed", "none", "breaking", "required-option-added", "none", "breaking"),
        ("option-now-required", "none", "breaking", "option-now-optional", "none", "safe"),
        ("signer-now-required", "breaking", "breaking", "signer-no-longer-required", "safe", "safe"),
        # What is around requests and responses.
        ("order-now-strict", "risky", "none", "order-no-longer-strict", "safe", "none"),
        ("response-root-added", "breaking", "none", "response-root-removed", "safe", "none"),
        ("metadata-removed", "safe", "breaking", "metadata-added", "safe", "safe"),
        ("failure-rule-removed", "safe", "risky", "failure-rule-added", "risky", "risky"),
        ("warnings-removed", "safe", "risky", "warnings-added", "safe", "safe"),
        # The HTTP request.
        ("constant-removed", "safe", "none", "constant-added", "breaking", "none"),
        ("success-status-added", "breaking", "none", "success-status-removed", "safe", "none"),
        ("authentication-now-needed", "breaking", "none", "authentication-no-longer-needed", "safe", "none"),
        # Resources, and what they hold.
        ("resource-removed", "breaking", "breaking", "resource-added", "safe", "safe"),
        ("method-removed", "breaking", "breaking", "method-added", "safe", "safe"),
        ("record-removed", "none", "breaking", "record-added", "none", "safe"),
        ("input-removed", "none", "breaking", "input-added", "none", "safe"),
        ("enum-removed", "none", "breaking", "enum-added", "none", "safe"),
        ("word-removed", "breaking", "breaking", "word-added", "safe", "safe"),
        ("response-word-removed", "safe", "safe", "response-word-added", "risky", "risky"),
        # Methods.
        ("response-no-longer-given", "breaking", "breaking", "response-now-given", "safe", "safe"),
        ("paging-removed", "breaking", "breaking", "paging-added", "breaking", "breaking"),
        ("pages-now-ignored", "risky", "risky", "pages-now-honored", "risky", "risky"),
        ("retry-less-safe", "risky", "risky", "retry-safer", "none", "safe"),
        ("caller-removed", "breaking", "breaking", "caller-added", "safe", "safe"),
        ("error-added", "risky", "risky", "error-removed", "safe", "safe"),
        ("event-no-longer-fired", "breaking", "breaking", "event-now-fired", "safe", "safe"),
        # Arguments.
        ("argument-removed", "breaking", "breaking", "argument-added", "safe", "safe"),
        ("required-argument-removed", "breaking", "breaking", "required-argument-added", "breaking", "breaking"),
        ("argument-now-required", "breaking", "breaking", "argument-now-optional", "safe", "safe"),
        ("argument-narrowed", "breaking", "breaking", "argument-widened", "safe", "safe"),
        ("argument-tightened", "breaking", "breaking", "argument-loosened", "safe", "breaking"),
        ("argument-now-list", "breaking", "breaking", "argument-no-longer-list", "breaking", "breaking"),
        ("now-keyword-only", "none", "breaking", "now-positional", "none", "safe"),
        ("clear-now-refused", "breaking", "breaking", "clear-now-allowed", "safe", "safe"),
        ("limit-tightened", "breaking", "breaking", "limit-loosened", "safe", "safe"),
        # Fields of records in requests.
        ("input-field-removed", "breaking", "breaking", "input-field-added", "safe", "safe"),
        ("required-input-field-removed", "breaking", "breaking", "required-input-field-added", "breaking", "breaking"),
        ("input-field-now-required", "breaking", "breaking", "input-field-now-optional", "safe", "safe"),
        ("input-field-narrowed", "breaking", "breaking", "input-field-widened", "safe", "safe"),
        ("input-field-tightened", "breaking", "breaking", "input-field-loosened", "safe", "breaking"),
        ("input-now-list", "breaking", "breaking", "input-no-longer-list", "breaking", "breaking"),
        # Fields of records in responses.
        ("response-field-removed", "breaking", "breaking", "response-field-added", "safe", "safe"),
        ("response-now-list", "breaking", "breaking", "response-no-longer-list", "breaking", "breaking"),
        ("response-type-narrowed", "safe", "breaking", "response-type-widened", "breaking", "breaking"),
        ("response-word-set-closed", "none", "risky", "response-word-set-opened", "none", "risky"),
        ("bare-form-removed", "safe", "none", "bare-form-added", "risky", "none"),
        ("further-place-added", "risky", "none", "further-place-removed", "safe", "none"),
        # Of records and any field.
        ("choice-added", "breaking", "breaking", "choice-removed", "safe", "safe"),
        ("now-deprecated", "none", "safe", "no-longer-deprecated", "none", "safe"),
        ("now-sensitive", "none", "safe", "no-longer-sensitive", "none", "risky"),
        ("now-discarded", "risky", "risky", "no-longer-discarded", "safe", "safe"),
    ),
    **_alone(
        # Names in Python.
        ("package-renamed", "none", "breaking"),
        ("distribution-renamed", "none", "breaking"),
        ("client-renamed", "none", "breaking"),
        ("environment-renamed", "none", "breaking"),
        ("class-renamed", "none", "breaking"),
        ("method-renamed-in-python", "none", "breaking"),
        ("argument-renamed-in-python", "none", "breaking"),
        ("field-renamed-in-python", "none", "breaking"),
        ("option-renamed", "none", "breaking"),
        ("positional-order-changed", "none", "breaking"),
        ("record-moved", "none", "breaking"),
        ("enum-moved", "none", "breaking"),
        # Places and spellings on the wire, which the new client knows.
        ("endpoint-changed", "breaking", "none"),
        ("envelope-changed", "breaking", "none"),
        ("authentication-changed", "breaking", "none"),
        ("session-changed", "risky", "none"),
        ("prefix-changed", "breaking", "none"),
        ("metadata-moved", "breaking", "none"),
        ("failure-moved", "breaking", "none"),
        ("verb-changed", "breaking", "none"),
        ("path-changed", "breaking", "none"),
        ("constant-changed", "breaking", "none"),
        ("request-media-changed", "breaking", "none"),
        ("parameter-names-changed", "breaking", "none"),
        ("document-moved", "breaking", "none"),
        ("format-changed", "breaking", "none"),
        ("element-order-changed", "breaking", "none"),
        ("oauth-changed", "breaking", "none"),
        ("callbacks-changed", "breaking", "none"),
        ("scalar-format-changed", "breaking", "none"),
        ("word-spelling-changed", "breaking", "none"),
        ("wrapper-changed", "breaking", "none"),
        ("argument-moved", "breaking", "none"),
        ("field-moved", "breaking", "none"),
        ("response-moved", "breaking", "none"),
        # Both.
        ("metadata-type-changed", "breaking", "breaking"),
        ("paging-changed", "breaking", "risky"),
        ("response-kind-changed", "breaking", "breaking"),
        ("response-type-changed", "breaking", "breaking"),
        ("argument-type-changed", "breaking", "breaking"),
        ("input-type-changed", "breaking", "breaking"),
        ("identity-changed", "none", "breaking"),
        # What the same documents mean.
        ("zone-changed", "risky", "none"),
        ("empty-read-differently", "none", "risky"),
        ("clear-means-otherwise", "risky", "risky"),
        ("default-changed", "risky", "risky"),
        ("default-page-size-changed", "risky", "risky"),
        ("order-changed", "risky", "risky"),
        ("media-changed", "risky", "risky"),
        ("error-kind-changed", "none", "breaking"),
        ("error-message-changed", "risky", "risky"),
        ("error-status-changed", "risky", "none"),
        ("caller-condition-changed", "risky", "risky"),
        ("published-limit-changed", "risky", "risky"),
        ("failure-kind-changed", "none", "breaking"),
        ("failure-severities-changed", "risky", "risky"),
        ("failure-payload-changed", "none", "breaking"),
        ("failure-rules-reordered", "risky", "risky"),
        # What no program sees.
        ("fields-reordered", "none", "none"),
        ("path-variable-renamed", "none", "none"),
        ("ignored-attributes-changed", "none", "none"),
        ("scalar-refined", "none", "none"),
        ("reference-changed", "none", "none"),
        ("provenance-changed", "none", "none"),
        ("documentation-changed", "none", "none"),
        ("version-changed", "none", "none"),
    ),
}
"""Rule by name."""
# fmt: on


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two descriptions."""

    rule: str
    what: str
    """The name of what changed, such as ``task.create.rate`` or ``Task.rate``."""
    message: str
    old: Position | None
    new: Position | None

    @property
    def summary(self) -> str:
        """The change in words: its kind, and the detail unless that only repeats the name."""
        kind = self.rule.replace("-", " ")
        name = rf"(the \w+ )?{re.escape(self.what)}( in (responses|requests))?"
        repeated = not self.message or re.fullmatch(name, self.message)
        return kind if repeated else f"{kind}: {self.message}"

    @property
    def wire(self) -> Verdict:
        """The verdict for the wire."""
        return RULES[self.rule].wire

    @property
    def python(self) -> Verdict:
        """The verdict for Python."""
        return RULES[self.rule].python

    @property
    def verdict(self) -> Verdict:
        """The worse verdict of both."""
        return worst([self.wire, self.python])

    @property
    def fingerprint(self) -> str:
        """A hash for allow-lists. It does not depend on positions or other changes."""
        return hashlib.sha256(f"{self.rule}\0{self.what}\0{self.message}".encode()).hexdigest()[:12]


def worst(verdicts: list[Verdict]) -> Verdict:
    """Return the worst of some verdicts; ``none`` for an empty list."""
    return ORDER[max(map(ORDER.index, verdicts), default=0)]


def change(rule: str, what: str, message: str, old: Any, new: Any) -> Change:
    """Return a change between two things with positions; None for a missing one."""
    return Change(rule, what, message, old.at if old else None, new.at if new else None)


def suggested(version: str, changes: list[Change]) -> str:
    """Return the next version by semantic versioning; below 1.0, a breaking change raises the second number."""
    verdict = worst([item.verdict for item in changes])
    major, minor, patch = _numbers(version)
    if verdict == "breaking":
        return f"{major + 1}.0.0" if major else f"0.{minor + 1}.0"
    if verdict in ("risky", "safe"):
        return f"{major}.{minor + 1}.0" if major else f"0.{minor}.{patch + 1}"
    return f"{major}.{minor}.{patch + 1}" if changes else version


def _numbers(version: str) -> tuple[int, int, int]:
    """Return the three numbers of a version; a missing or invalid one is 0."""
    parts = [*version.split("."), "", "", ""][:3]
    digits = ["".join(filter(str.isdigit, part[: len(part.split("-")[0])])) for part in parts]
    major, minor, patch = (int(part or "0") for part in digits)
    return major, minor, patch
