"""Conversion of the resolved description to page values."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ..ir import Api, Field, Method, Module, Record, Ref
from ..naming import client_attribute
from ..render.views import RETRIES, ModuleView, example, sentence
from ..runtime.errors import FAILURES
from . import articles
from .content import (
    Change,
    Code,
    Entry,
    EnumValue,
    Example,
    Failure,
    Home,
    Link,
    MethodValue,
    Navigation,
    Page,
    RecordValue,
    ResourceValue,
    Site,
)
from .layout import Expression, call, format_expression
from .links import Links, anchor
from .parameters import Parameters, deprecation, words
from .public import Name
from .publishing import UNBRANDED, Publishing
from .samples import Sample


class Describer:
    """Builds the pages of an API."""

    def __init__(
        self,
        api: Api,
        links: Links,
        samples: Sequence[Sample],
        guides: Sequence[Page] = (),
        changes: Sequence[Change] = (),
        public: Mapping[str, Sequence[Name]] | None = None,
        publishing: Publishing = UNBRANDED,
    ) -> None:
        self._api = api
        self._links = links
        self._samples: dict[str, list[Sample]] = defaultdict(list)
        for sample in samples:
            self._samples[sample.method.name].append(sample)
        self._count = len(samples)
        self._guides = guides
        self._changes = changes
        self._public = public or {}
        self._publishing = publishing
        self._codes = {code.code: code for code in api.errors}
        self._used = self._uses()

    def site(self) -> Site:
        """Return the site."""
        basics = list(articles.articles(self._api, self._links, self._public, self._changes))
        modules = [self._module(module) for module in self._api.modules]
        methods = [
            self._method(module, method)
            for module in self._api.modules
            for method in module.methods
        ]
        guides = list(self._guides)
        navigation = self._navigation(guides, basics)
        places = [entry.href for _, found in navigation.groups for entry in found]
        guides.sort(key=lambda page: places.index(page.url))
        home = self._home(guides, basics, navigation)
        url = self._api.url
        return Site(
            title=self._publishing.title or self._api.title,
            version=self._api.version,
            package=self._api.names.package,
            environment=self._api.names.environment,
            address="/" + url.split("/", 3)[3] if url.count("/") > 2 else "/",
            credentials=_credentials(self._api),
            pages=(home, *guides, *basics, *modules, *methods),
            navigation=navigation,
            samples=self._count,
            deprecated=frozenset(
                self._links.method(method)
                for method in self._api.methods
                if method.deprecated is not None
            ),
        )

    def _navigation(self, guides: list[Page], basics: list[Page]) -> Navigation:
        def entries(pages: list[Page]) -> tuple[Entry, ...]:
            return tuple(Entry(page.title, page.url) for page in pages)

        resources = tuple(
            Entry(
                module.title,
                self._links.module(module.name),
                tuple(Entry(method.verb, self._links.method(method)) for method in module.methods),
            )
            for module in sorted(self._api.modules, key=lambda module: not module.methods)
        )
        groups = [
            ("Guides", entries(guides)),
            ("Reference", entries(basics)),
            ("Resources", resources),
        ]
        known = {entry.href: entry for _, found in groups for entry in found}
        placed = [
            (
                group.title,
                tuple(
                    known.pop(href) for name in group.pages if (href := self._placed(name, known))
                ),
            )
            for group in self._publishing.navigation
        ]
        rest = [
            (title, tuple(entry for entry in found if entry.href in known))
            for title, found in groups
        ]
        groups = [*placed, *rest]
        return Navigation(tuple((title, found) for title, found in groups if found))

    def _placed(self, name: str, known: Mapping[str, Entry]) -> str:
        """Return the address of a page that the navigation lists: a guide, a page of the reference, or a resource."""
        hrefs = (f"guides/{anchor(name)}.html", f"{name}.html", self._links.module(name))
        return next((href for href in hrefs if href in known), "")

    # the first page

    def _home(self, guides: list[Page], basics: list[Page], navigation: Navigation) -> Page:
        api = self._api
        resources = tuple(
            (
                Link(module.title, self._links.module(module.name)),
                sentence(module.doc),
                tuple(Link(method.verb, self._links.method(method)) for method in module.methods),
            )
            for module in api.resources
        )
        counts = (
            ("resources", str(len(api.resources))),
            ("methods", str(len(api.methods))),
            ("fields", str(sum(len(record.fields) for record in api.records.values()))),
            ("samples that ran", str(self._count)),
        )
        cards = {page.url: (Link(page.title, page.url), page.summary) for page in guides}
        value = Home(
            install=f"pip install {api.names.distribution}",
            sample=self._first_sample(),
            counts=counts,
            guides=tuple(
                (title, found)
                for title, entries in navigation.groups
                if (found := tuple(cards[entry.href] for entry in entries if entry.href in cards))
            ),
            resources=resources,
            articles=tuple((Link(page.title, page.url), page.summary) for page in basics),
        )
        return Page(
            "index.html", "home", self._publishing.title or api.title, sentence(api.doc), value
        )

    def _first_sample(self) -> str:
        method = example(self._api)
        samples = self._samples.get(method.name, []) if method is not None else []
        shown = [
            sample.programs.sync
            for sample in samples
            if sample.own_arguments and not sample.borrowed and not sample.case.fails
        ]
        return min(shown, key=len, default="")

    # resources

    def _module(self, module: Module) -> Page:
        about = Parameters(self._api, module, self._links)
        value = ResourceValue(
            methods=tuple(
                (
                    Link(method.name, self._links.method(method)),
                    sentence(method.doc),
                    _called(method) if _called(method) != f"{method.name}()" else "",
                )
                for method in module.methods
            ),
            records=tuple(self._record(record, about) for record in module.records),
            enums=tuple(
                EnumValue(
                    anchor(enum.name),
                    enum.name,
                    sentence(enum.doc),
                    words(enum, self._links),
                    self._links.place(enum.at),
                )
                for enum in module.enums
            ),
            changes=self._changes_of(module),
        )
        return Page(
            self._links.module(module.name),
            "resource",
            module.title,
            sentence(module.doc),
            value,
            Link("Resources", ""),
            self._links.origin(module.provenance) if module.methods else None,
            self._links.place(module.at),
        )  # fmt: skip

    def _record(self, record: Record, about: Parameters) -> RecordValue:
        roles = []
        if record.in_responses:
            roles.append("in responses")
        if record.in_requests:
            roles.append(f"in requests, as {record.name}Input")
        fields = sorted(record.fields, key=lambda item: not item.required)
        return RecordValue(
            anchor(record.name),
            record.name,
            sentence(record.doc),
            " and ".join(roles),
            tuple(about.field(record.name, item) for item in fields),
            tuple(self._used[Ref(record.module, record.name)]),
            self._links.place(record.at),
        )

    def _uses(self) -> dict[Ref, list[Link]]:
        found: dict[Ref, dict[Link, None]] = defaultdict(dict)
        for method in self._api.methods:
            refs = [method.response.record, *(item.record for item in method.arguments)]
            for ref in refs:
                if ref is not None:
                    found[ref][Link(method.name, self._links.method(method))] = None
        for record in self._api.records.values():
            for item in record.fields:
                if item.record is not None:
                    link = Link(record.name, self._links.of(record))
                    found[item.record][link] = None
        return defaultdict(list, {ref: list(links) for ref, links in found.items()})

    # methods

    def _method(self, module: Module, method: Method) -> Page:
        about = Parameters(self._api, module, self._links)
        view = ModuleView(self._api, module)
        arguments = sorted(method.arguments, key=lambda item: not item.required)
        examples, answers = self._examples(method)
        value = MethodValue(
            name=method.name,
            wire=tuple(_wire(self._api, method)),
            call=_signature(module, method, view),
            deprecated=deprecation(method.deprecated),
            since=method.since or "",
            callers=tuple(
                (Link(person, f"authentication.html#{anchor(person)}"), condition)
                for person, condition in method.callers.items()
            ),
            retry=Link(method.retry, f"python.html#{anchor('retry', method.retry)}"),
            retry_words=RETRIES[method.retry],
            optional=_optional(method),
            parameters=tuple(about.argument(method, item) for item in arguments),
            returns=" ".join(view.returns(method).split()),
            returns_type=self._returned(method, view),
            paging=self._paging(method),
            failures=tuple(self._failures(method)),
            events=tuple(Link(event, f"events.html#{anchor(event)}") for event in method.events),
            related=tuple(self._related(module, method)),
            examples=examples,
            answers=answers,
            changes=self._changes_of(method),
        )
        return Page(
            self._links.method(method),
            "method",
            method.name,
            sentence(method.doc or f"Calls {method.name}"),
            value,
            Link(module.title, self._links.module(module.name)),
            self._links.origin(method.provenance),
            self._links.place(method.at),
        )

    def _examples(self, method: Method) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
        found = sorted(
            self._samples[method.name],
            key=lambda sample: (
                sample.case.fails is not None,
                bool(sample.borrowed),
                len(sample.programs.sync),  # the least that a call needs comes first
            ),
        )
        examples: list[Example] = []
        answers: list[Example] = []
        for sample in found:
            made = Example(
                anchor("example", sample.case.name), sample, sample.case.fails is not None
            )
            (examples if sample.own_arguments else answers).append(made)
        return tuple(examples), tuple(answers)

    def _returned(self, method: Method, view: ModuleView) -> Link:
        annotation = view.response_type(method)
        ref = method.response.record
        return Link(annotation, self._links.of(ref) if ref is not None else "")

    def _paging(self, method: Method) -> str:
        if method.response.value != "page":
            return ""
        if method.paging == "ignored":
            return (
                "The counters are sent and read, but the service returns the same page every time."
            )
        if method.paging == "none":
            return "The list is not paged."
        order = ""
        if method.order is not None:
            order = f" Ordered by {method.order.lstrip('-')}{', descending' if method.order.startswith('-') else ''}."
        return f"Iterating over the result fetches further pages as needed; .page() fetches one page, .take(n) the first n rows.{order}"

    def _failures(self, method: Method) -> Iterator[Failure]:
        for code in method.errors:
            found = self._codes.get(code)
            if found is not None:
                name = FAILURES[found.kind].__name__
                yield Failure(
                    code,
                    f"errors.html#{anchor(code)}",
                    Code(name, f"python.html#{anchor(name)}"),
                    found.message,
                    sentence(found.fix),
                )

    def _related(self, module: Module, method: Method) -> Iterator[tuple[Link, str]]:
        for other in module.methods:
            if other is not method:
                yield Link(other.name, self._links.method(other)), sentence(other.doc)
        others = {item.name: item for item in self._api.modules}
        met: set[str] = {module.name}
        for item in method.arguments:
            for name in self._referred(item):
                if name not in met and name in others:
                    met.add(name)
                    listing = [
                        found for found in others[name].methods if found.kind in ("list", "get")
                    ]
                    for found in sorted(listing, key=lambda found: found.kind)[-1:]:
                        yield Link(found.name, self._links.method(found)), f"For {item.python}."

    def _referred(self, item: Field) -> Iterator[str]:
        if item.ref is not None:
            yield item.ref

    # history

    def _changes_of(self, what: Module | Method) -> tuple[Change, ...]:
        if isinstance(what, Method):
            names = {what.name}
        else:
            own = [*(record.name for record in what.records), *(enum.name for enum in what.enums)]
            names = {what.name, *own}
        return tuple(
            change
            for change in self._changes
            if any(change.what == name or change.what.startswith(f"{name}.") for name in names)
        )


def _optional(method: Method) -> str:
    """Return the rule for optional arguments of a method; empty if it has none."""
    if all(item.required for item in method.arguments):
        return ""
    if method.kind == "list":
        return "All filters are optional. A filter that you leave out doesn't restrict the list."
    if method.kind == "update":
        return "If you leave out an optional argument, its value doesn't change. Pass None to clear it."
    return "You can leave out optional arguments. None sends an empty tag, which leaves the field empty."


def _credentials(api: Api) -> str:
    """Return the credentials, and where requests carry them, as JSON."""
    return json.dumps(
        {
            "options": [
                [item.name, item.default or f"sample-{item.name}"] for item in api.credentials
            ],
            "sent": [[item.place or "basic", item.value] for item in api.authentication],
        }
    )


def _wire(api: Api, method: Method) -> Iterator[tuple[str, tuple[Code | str, ...]]]:
    """Yield the facts of the HTTP request of a method."""
    http = method.http
    if http is None:
        return
    yield "Request", (Code(f"{http.verb} {http.path}".strip()),)
    if http.headers:
        yield "Headers", tuple(Code(f"{name}: {text}") for name, text in http.headers.items())
    constants = [
        Code(f"{kind}:{name}={text}")
        for kind, pairs in (("query", http.query), ("form", http.form))
        for name, text in pairs
    ]
    if constants:
        yield "Parameters", tuple(constants)
    if http.document is not None:
        yield "Document", (Code(":".join(http.document)),)
    if http.multipart:
        yield "Body", (Code(f"multipart/{http.multipart}"),)
    statuses = [Code(str(status)) for status in http.success]
    yield "Success", tuple(statuses) or ("any status from 200 to 299",)
    if not method.authenticated and api.authentication:
        yield "Authentication", ("none",)
    if api.envelope.failures:
        yield "Failures", (Code("by status", "errors.html#failures"),)


def _called(method: Method) -> str:
    return f"{client_attribute(method.resource)}.{'.'.join(method.python)}()"


def _signature(module: Module, method: Method, view: ModuleView) -> str:
    """Return the signature of a method as Python."""
    parts: list[tuple[str, Expression]] = [
        ("", f"{item.python}: {view.write_type(item, argument=True)}")
        for item in method.arguments
        if item.python in method.positional
    ]
    named = [item for item in method.arguments if item.python not in method.positional]
    if named:
        parts.append(("", "*"))
    for item in sorted(named, key=lambda item: not item.required):
        none = "" if item.clear == "refused" or item.required else " | None"
        default = "" if item.required else " = ..."
        parts.append(("", f"{item.python}: {view.write_type(item, argument=True)}{none}{default}"))
    path = ".".join((client_attribute(module.name), *method.python))
    return f"{format_expression(call(path, parts))} -> {view.response_type(method)}"
