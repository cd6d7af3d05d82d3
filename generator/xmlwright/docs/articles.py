"""Pages that concern all methods: authentication, paging, types, errors, events, limits, names, sources, changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ..cases.tables import protocol_of
from ..ir import Api
from ..render.views import RETRIES, sentence
from ..runtime.errors import FAILURES
from ..runtime.samples import failure
from .content import Article, Block, Change, Code, Link, Listing, Page, Section, Table
from .highlight import indented
from .links import Links, anchor
from .public import Name, address

_PYTHON: Final = {
    "id": "int", "text": "str", "int": "int", "decimal": "Decimal (or int or str, to send)", "flag": "bool", "date": "date",
    "datetime": "datetime, aware", "uri": "str", "binary": "bytes, path, binary file or Upload",
}  # fmt: skip
_EMPTY: Final = {"none": "None", "text": '""', "zero": "0", "error": "an error"}
_ENVIRONMENT: Final = {
    "URL": "Address, instead of that of the API",
    "TIMEOUT": "Connect and read timeout, in seconds",
    "DEADLINE": "Limit for a whole call, in seconds",
    "USER_AGENT": "Name of your program",
    "CA": "CA bundle",
    "CERTIFICATE": "Client certificate",
    "PROXY": "Proxy",
    "PROFILE": "Name of the profile",
    "CONFIG": "Path of the profile file",
}
_VERDICTS: Final = {
    "breaking": "Breaking",
    "risky": "Risky",
    "safe": "Compatible",
    "none": "No effect on users",
}


def articles(
    api: Api, links: Links, public: Mapping[str, Sequence[Name]], changes: Sequence[Change]
) -> Iterator[Page]:
    """Yield the pages in the order of the navigation."""
    yield _page(
        "authentication.html",
        "Authentication",
        "How to authenticate, and who may call which methods.",
        _authentication(api, links),
    )
    if api.paging is not None:
        yield _page(
            "paging.html",
            "Paging",
            "How lists are divided into pages, and how to iterate over them.",
            _paging(api),
        )
    yield _page(
        "types.html",
        "Types",
        "How values are represented on the wire and in Python.",
        _types(api),
    )
    yield _page(
        "errors.html",
        "Errors",
        "Every error code, the exception that it raises, and what to do.",
        _errors(api, links),
    )
    if api.events or api.callbacks:
        yield _page(
            "events.html", "Events", "Notifications that the service sends.", _events(api, links)
        )
    if api.limits:
        yield _page(
            "limits.html", "Limits", "Limits and other behavior of the service.", _limits(api)
        )
    yield _page(
        "python.html",
        "Python names",
        "Every public name of the client.",
        _names(api, links, public),
    )
    if api.sources:
        yield _page(
            "sources.html",
            "Sources",
            "The sources of this documentation.",
            _sources(api, links),
        )
    if changes:
        yield _page(
            "changes.html",
            "Changes",
            "Differences between versions of the description.",
            _changes(changes),
        )


def _page(url: str, title: str, summary: str, sections: Iterator[Section]) -> Page:
    return Page(url, "article", title, summary, Article(tuple(sections)))


def _authentication(api: Api, links: Links) -> Iterator[Section]:
    names = api.names
    sent = tuple(
        (Code(item.place or "HTTP Basic authentication"), Code(item.value))
        for item in api.authentication
    )
    options = tuple(
        (Code(item.name), sentence(item.doc), Code(f"{names.environment}_{item.name.upper()}"))
        for item in api.credentials
    )
    required = [item.name for item in api.variables if item.default is None]
    keywords = [item.name for item in api.credentials if item.default is None]
    passed = ['"sample"' for _ in required] + [f'{name}="..."' for name in keywords]
    if api.signer:
        passed.append("auth=sign")
    read = [f"{names.environment}_{name.upper()}" for name in (*required, *keywords)]
    comment = f"  # {' and '.join(read)}" if read else ""
    given = (
        f"from {names.package} import {names.client}\n\nwith {names.client}({', '.join(passed)}) as client:\n    ...\n\n"
        f"with {names.client}.from_env({'auth=sign' if api.signer else ''}) as client:{comment}\n    ...\n"
    )
    blocks: list[Block] = []
    if options:
        blocks.append(Table(("Credential", "Description", "Environment"), options))
    if sent:
        blocks.append(Table(("Where", "Value"), sent))
    if api.session is not None:
        given_out = " and ".join(f"`{name}`" for name in api.session.keeps)
        blocks.append(
            f"A client without {given_out} calls `{api.session.call}` before its first call and keeps what that returns."
            " It signs in once more when the API says that the session is over."
        )
    if api.signer:
        blocks.append(
            "Requests are signed: pass `auth=`, a function that gets the request (verb, URL, headers and body) and"
            " returns the headers to add."
        )
    if not (sent or api.signer or options):
        blocks.append("Requests carry no credentials.")
    yield Section("credentials", "Credentials", (*blocks, Listing("python", given)))
    if api.oauth:
        account = '"sample", ' * len(required)
        flow = (
            f"with {names.client}.oauth({account}consumer_key, consumer_secret) as flow:\n    asked = flow.request_token()\n"
            f"    print(asked.authorization_url)\n    auth = flow.access_token(asked, verifier=input())\n\n"
            f"client = {names.client}({account}auth=auth)\n"
        )
        addresses = tuple(
            (name.replace("_", " "), Code(text))
            for name, text in api.oauth.items()
            if name != "doc"
        )
        yield Section(
            "oauth",
            "OAuth 1.0a",
            (
                *_paragraphs(api.oauth.get("doc", "")),
                Table(("Endpoint", "Value"), addresses),
                Listing("python", flow),
            ),
        )
    if api.people:
        rows = tuple((Code(person.name), sentence(person.doc)) for person in api.people)
        anchors = tuple(anchor(person.name) for person in api.people)
        summary = "Each method page lists its permitted callers."
        yield Section(
            "people", "Callers", (summary, Table(("Caller", "Permissions"), rows, anchors))
        )


def _paging(api: Api) -> Iterator[Section]:
    paging = api.paging
    if paging is None:
        return
    kinds = {"page": "Number of the page", "offset": "Number of the first row"}
    meaning = kinds.get(paging.style, "Start of the page, from the previous response")
    if paging.style in kinds:
        meaning += f"; the first is {paging.first}"
    rows: list[tuple[str | Link | Code, ...]] = [(Code(name), meaning) for name in paging.position]
    if paging.size:
        default = f"; default {paging.default_size}" if paging.default_size else ""
        most = f", at most {paging.maximum_size}" if paging.maximum_size else ""
        rows.append((Code(paging.size), f"Rows per page{default}{most}"))
    yield Section("arguments", "Arguments", (Table(("Element", "Meaning"), tuple(rows)),))
    counters = tuple((name, Code(place)) for name, place in paging.counters.items())
    if counters:
        yield Section(
            "counters",
            "Counters in responses",
            (Table(("Counter", "Path below the list"), counters),),
        )
    walk = (
        "for row in pager:                          # all rows; fetches pages as needed\n    ...\n"
        "for page in pager.pages():                 # page.position, page.pages, page.total, page.next\n    ...\n"
        "pager.first(); pager.take(10); pager.total\n"
    )
    summary = (
        "A paged method returns a pager. With the asynchronous client, use async for and await."
    )
    yield Section("python", "In Python", (summary, Listing("python", walk)))


def _flag_words(words: tuple[tuple[str, ...], tuple[str, ...]]) -> str:
    true, false = (" or ".join(each) for each in words)
    return f"{true} (true), {false} (false)"


def _types(api: Api) -> Iterator[Section]:
    for name, python in _PYTHON.items():
        scalar = api.scalars.get(name)
        facts: list[tuple[str | Link | Code, ...]] = [("in Python", Code(python))]
        if name == "flag":
            facts.append(
                (
                    "on the wire",
                    _flag_words(scalar.words if scalar else (("1",), ("0",))),
                )
            )
        if scalar is not None and scalar.pad:
            facts.append(("on the wire", f"may be padded with zeros to {scalar.pad} digits"))
        if name == "datetime":
            facts.append(("zone", Code(api.zone)))
        if scalar is not None and scalar.none:
            facts.append(("means None", Code(", ".join(scalar.none))))
        if name != "binary":
            empty = (
                scalar.read_empty if scalar is not None else ("text" if name == "text" else "none")
            )
            facts.append(("an empty tag means", Code(_EMPTY[empty])))
        yield Section(anchor(name), name, (Table(("", ""), tuple(facts)),))


def _errors(api: Api, links: Links) -> Iterator[Section]:
    if api.errors:
        yield Section("all-errors", "All errors", (_error_summary(api),))
    yield Section(
        "tree",
        "Error responses",
        (
            "The client raises an exception for every failed call. It has the attributes method, code, message, field, status,"
            " and the redacted request and response.",
            Listing("xml", _failure(api)),
        ),
    )
    if api.envelope.failures and any(method.http is not None for method in api.methods):
        summary = "The first rule that fits a response decides where its errors are."
        yield Section("failures", "Failures by status", (summary, _failure_rules(api)))
    for code in api.errors:
        name = FAILURES[code.kind].__name__
        methods = [method for method in api.methods if code.code in method.errors]
        facts: list[tuple[str | Link | Code, ...]] = [
            *([("message", Code(code.message))] if code.message else []),
            ("raises", Code(name, address("", name))),
            ("HTTP status", Code(str(code.status))),
        ]
        blocks: list[Block] = [*_paragraphs(code.doc), Table(("", ""), tuple(facts))]
        if code.fix:
            blocks.append(f"What to do: {sentence(code.fix)}")
        if len(methods) == len(api.methods):
            blocks.append("Any method can return this error.")
        elif methods:
            rows = tuple(
                (Link(item.name, links.method(item)), sentence(item.doc)) for item in methods
            )
            count = f"{len(rows)} method{'s' if len(rows) != 1 else ''}"
            blocks.append(Table(("Method", ""), rows, folded=f"Returned by {count}"))
        yield Section(anchor(code.code), code.code, tuple(blocks), links.place(code.at))


def _error_summary(api: Api) -> Table:
    rows: list[tuple[str | Link | Code, ...]] = []
    for code in api.errors:
        name = FAILURES[code.kind].__name__
        raised = Code(name, address("", name))
        rows.append(
            (
                Code(code.code, f"errors.html#{anchor(code.code)}"),
                raised,
                code.message,
                sentence(code.fix),
            )
        )
    return Table(("Code", "Raises", "Message", "What to do"), tuple(rows))


def _failure_rules(api: Api) -> Table:
    rows: list[tuple[str | Link | Code, ...]] = []
    for rule in api.envelope.failures:
        statuses = [
            str(first) if first == last else f"{first}-{last}" for first, last in rule.statuses
        ]
        facts = [*statuses, *(f"<{root}>" for root in rule.roots)]
        if rule.when is not None:
            facts.append(f"with {rule.when}")
        places = [
            f"{name} {place}"
            for name in ("code", "message", "field", "severity", "detail")
            if (place := getattr(rule, name)) is not None
        ]
        raised = FAILURES[rule.kind].__name__ if rule.kind in FAILURES else ""
        rows.append(
            (
                ", ".join(facts) or "any failure",
                Code(rule.at + (" (repeated)" if rule.each else "")) if rule.at else "the root",
                ", ".join(places),
                Code(raised, address("", raised)) if raised else "by code or status",
            )
        )
    return Table(("Response", "Error element", "In it", "Raises"), tuple(rows))


def _failure(api: Api) -> str:
    shown = [
        case.response
        for module in api.modules
        for case in module.cases
        if case.fails and case.response and case.response.lstrip().startswith("<")
    ]
    if shown:
        return indented(shown[0].strip())
    made = failure(protocol_of(api), "What went wrong.")
    return indented(made.decode().partition("?>")[2].strip())


def _events(api: Api, links: Links) -> Iterator[Section]:
    if api.callbacks:
        rows = tuple((name, Code(text)) for name, text in api.callbacks.items() if name != "doc")
        yield Section(
            "deliveries",
            "Deliveries",
            (
                *_paragraphs(api.callbacks.get("doc", "")),
                Table(("Value", "Form field"), rows),
                Listing(
                    "python",
                    f"from {api.names.package}.events import Callbacks, wsgi\n\ncallbacks = Callbacks()\n\n"
                    f'@callbacks.on("{api.events[0].name if api.events else "all"}")\ndef handle(event):\n'
                    "    print(event.name, event.object_id)\n\napplication = wsgi(callbacks)\n",
                ),
            ),
        )
    fired: dict[str, list[str]] = {}
    for method in api.methods:
        for event in method.events:
            fired.setdefault(event, []).append(method.name)
    rows_: list[tuple[str | Link | Code, ...]] = []
    for item in api.events:
        names = fired.get(item.name, [])
        by = Link(names[0], links.named(names[0])) if names else ""
        rows_.append((Code(item.name), sentence(item.doc), by))
    anchors = tuple(anchor(event.name) for event in api.events)
    if rows_:
        yield Section(
            "all-events",
            "All events",
            (Table(("Event", "What happened", "Fired by"), tuple(rows_), anchors),),
        )


def _limits(api: Api) -> Iterator[Section]:
    for name, text in api.limits.items():
        yield Section(anchor(name), name.replace("_", " ").capitalize(), tuple(_paragraphs(text)))


def _names(api: Api, links: Links, public: Mapping[str, Sequence[Name]]) -> Iterator[Section]:
    prefix = api.names.environment
    options = [
        (item.name.upper(), sentence(item.doc).rstrip(".") or item.name.replace("_", " "))
        for item in (*api.variables, *api.credentials)
    ]
    variables = tuple(
        (Code(f"{prefix}_{name}"), meaning) for name, meaning in (*options, *_ENVIRONMENT.items())
    )
    yield Section(
        "environment",
        "Environment",
        (
            f"{api.names.client}.from_env() reads these environment variables. Arguments override them.",
            Table(("Variable", "Meaning"), variables),
        ),
    )
    rows = tuple(
        (Code(name), f"{meaning[0].upper()}{meaning[1:]}.") for name, meaning in RETRIES.items()
    )
    anchors = tuple(anchor("retry", name) for name in RETRIES)
    yield Section(
        "retry",
        "Retry classes",
        (
            "The retry class of a method says whether it is safe to repeat a call.",
            Table(("Class", "Meaning"), rows, anchors),
        ),
    )
    for module, names in public.items():
        own = f"{api.names.package}.{module}" if module else api.names.package
        found = tuple((Code(name, href), sentence(summary)) for name, summary, href in names)
        places = tuple(address(module, name).partition("#")[2] for name, _, _ in names)
        yield Section(anchor("module", module), own, (Table(("name", ""), found, places),))


def _sources(api: Api, links: Links) -> Iterator[Section]:
    rows = tuple((Code(item.name), sentence(item.doc)) for item in api.sources)
    summary = (
        "Every method and field has a provenance: documented (published by the service), observed (seen in recorded"
        " traffic or in a working client), or inferred."
    )
    anchors = tuple(anchor(item.name) for item in api.sources)
    yield Section(
        "all-sources", "All sources", (summary, Table(("Source", "Description"), rows, anchors))
    )


def _changes(changes: Sequence[Change]) -> Iterator[Section]:
    for since in dict.fromkeys(change.since for change in changes):
        blocks: list[Block] = []
        for verdict, title in _VERDICTS.items():
            found = [
                change for change in changes if change.since == since and change.verdict == verdict
            ]
            if found:
                rows = tuple(
                    (Code(change.what, change.href), sentence(change.message)) for change in found
                )
                blocks += [title, Table(("Name", "Change"), rows)]
        yield Section(anchor("since", since), f"Since {since}", tuple(blocks))


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        if paragraph.strip():
            yield sentence(" ".join(paragraph.split()))
