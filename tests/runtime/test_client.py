"""The generated client against real servers on loopback: what goes out, and what each kind of bad answer becomes."""

from __future__ import annotations

import base64
import pickle
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
import trustme
from loopback import CertificateAuthority, Response, Seen, Server, closed_port, serving
from second_api.project import run

import freshbooks_classic
from freshbooks_classic import NEVER, FreshBooks

GENERATED = Path(freshbooks_classic.__file__).parents[1]
TOKEN = "s3cr3t-t0ken"
OK = Response(
    b'<response xmlns="http://www.freshbooks.com/api/" status="ok"><task><task_id>211</task_id><name>Yard work</name>'
    b"</task></response>"
)
CREATED = Response(b'<response status="ok"><task_id>211</task_id></response>')


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    ca = trustme.CA()
    bundle = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(bundle)
    return CertificateAuthority(ca, str(bundle))


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Certificates and proxies of the machine that the tests run on are no part of them."""
    for name in (
        "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def client(
    server: Server, authority: CertificateAuthority | None = None, **options: object
) -> FreshBooks:
    """A client of a server on loopback that tries once."""
    facts: dict[str, object] = {"token": TOKEN, "url": server.url, "retry": NEVER, **options}
    if authority is not None:
        facts["ca"] = authority.bundle
    return FreshBooks("sample", **facts)  # type: ignore[arg-type]


# What goes out


def test_lines_of_the_read_me_run_as_they_are(
    authority: CertificateAuthority, tmp_path: Path
) -> None:
    """The five lines, unchanged: the name of the service leads to loopback by a proxy, as in a company's network."""
    text = (GENERATED / "README.md").read_text(encoding="utf-8")
    lines = text.split("```python\n")[1].split("```")[0]
    (tmp_path / "start.py").write_text(lines, encoding="utf-8")
    resource = re.findall(r"client\.(\w+)\.list\(\)", lines)[0]

    def response(seen: Seen) -> Response:
        root = ElementTree.fromstring(seen.body)
        page = root.findtext("page", "1")
        row = f"<{resource}><{resource}_id>{page}01</{resource}_id><id>{page}01</id></{resource}>"
        counters = f'page="{page}" per_page="1" pages="2" total="2"'
        return Response(
            f'<response status="ok"><{resource}s {counters}>{row}</{resource}s></response>'.encode()
        )

    tls = authority.tls("sample.freshbooks.com")
    with serving(response, tls, proxy=True) as server:
        done = run(
            sys.executable, "-W", "error", "start.py",
            cwd=tmp_path, PYTHONPATH=str(GENERATED),
            HTTPS_PROXY=f"http://localhost:{server.port}", REQUESTS_CA_BUNDLE=authority.bundle,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(lines.strip().splitlines()) == 5
    assert re.findall(rf"\b(?:{resource}_)?id=(\d+)", done.stdout) == ["101", "201"]
    assert {(seen.host, seen.line) for seen in server.seen} == {
        ("sample.freshbooks.com:443", "POST /api/2.1/xml-in")
    }
    assert {ElementTree.fromstring(seen.body).get("method") for seen in server.seen} == {
        f"{resource}.list"
    }


def test_request_carries_token_and_names_the_program(authority: CertificateAuthority) -> None:
    with (
        serving(CREATED, authority.tls("localhost")) as server,
        client(server, authority, user_agent="yard/1.2") as fb,
    ):
        assert fb.task.create(name="Yard & work") == 211
    (seen,) = server.seen
    assert seen.line == "POST /api/2.1/xml-in"
    scheme, _, pair = seen.headers["Authorization"].partition(" ")
    assert (scheme, base64.b64decode(pair)) == ("Basic", f"{TOKEN}:X".encode())
    version = re.escape(freshbooks_classic.__version__)
    assert re.match(rf"yard/1\.2 freshbooks_classic/{version}\b", seen.headers["User-Agent"])
    assert seen.headers["Content-Type"] == "application/xml; charset=utf-8"
    root = ElementTree.fromstring(seen.body)
    assert (root.tag, root.get("method")) == ("request", "task.create")
    assert root.findtext("task/name") == "Yard & work"


def test_one_connection_serves_many_calls(authority: CertificateAuthority) -> None:
    ports: set[str] = set()
    with (
        serving(OK, authority.tls("localhost")) as server,
        client(server, authority) as fb,
    ):
        for _ in range(3):
            assert fb.task.get(211).name == "Yard work"
        ports.update(seen.headers.get("Connection", "") for seen in server.seen)
    assert (len(server.seen), ports) == (3, {"keep-alive"})


@pytest.mark.parametrize(
    "url",
    [
        "http://sample.freshbooks.com/api/2.1/xml-in",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://example.com#localhost",
        "http://localhost@example.com/",
        "http://10.0.0.1/",
        "//localhost/",
        "ftp://localhost/",
        "localhost",
        "https://",
    ],
)
def test_secret_never_leaves_in_the_clear(url: str) -> None:
    with pytest.raises(freshbooks_classic.ConfigurationError) as caught:
        FreshBooks("sample", token=TOKEN, url=url)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_plain_http_on_loopback_is_for_tests(host: str) -> None:
    with (
        serving(OK) as server,
        FreshBooks("sample", token=TOKEN, url=f"http://{host}:{server.port}/") as fb,
    ):
        assert fb.task.get(211).task_id == 211


@pytest.mark.parametrize("account", ["", "https://sample", "sample/other", "a b", "sample@evil", "sample:80", "sämple"])  # fmt: skip
def test_account_cannot_change_the_host(account: str) -> None:
    with pytest.raises(freshbooks_classic.ConfigurationError):
        FreshBooks(account, token=TOKEN)


# Who is answering


@pytest.mark.parametrize(
    ("names", "trusted"), [(("localhost",), False), (("elsewhere.example",), True)],
    ids=["unknown authority", "another host"],
)  # fmt: skip
def test_server_that_is_not_who_it_should_be(
    authority: CertificateAuthority, names: tuple[str, ...], trusted: bool
) -> None:
    with (
        serving(OK, authority.tls(*names)) as server,
        client(server, authority if trusted else None) as fb,
        pytest.raises(freshbooks_classic.TlsError) as caught,
    ):
        fb.task.create(name="Yard work")
    assert server.seen == [], "nothing is sent to it"
    assert caught.value.method == "task.create"


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_authority_that_is_given_wins_over_the_environment(
    authority: CertificateAuthority, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In both directions: it is trusted, and nobody else is."""
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    with serving(OK, authority.tls("localhost")) as server:
        monkeypatch.setenv(variable, str(other))
        with client(server, authority) as fb:
            assert fb.task.get(211).task_id == 211
        monkeypatch.setenv(variable, authority.bundle)
        with (
            client(server, ca=str(other)) as fb,
            pytest.raises(freshbooks_classic.TlsError),
        ):
            fb.task.get(211)


def test_proxy_that_is_given_wins_over_the_environment(
    authority: CertificateAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = authority.tls("sample.freshbooks.com")
    monkeypatch.setenv("HTTPS_PROXY", f"http://localhost:{closed_port()}")
    with serving(OK, tls, proxy=True) as server:
        given = f"http://localhost:{server.port}"
        with FreshBooks("sample", token=TOKEN, ca=authority.bundle, proxy=given, retry=NEVER) as fb:
            assert fb.task.get(211).task_id == 211
    assert [seen.host for seen in server.seen] == ["sample.freshbooks.com:443"]


def test_redirect_is_not_followed(authority: CertificateAuthority) -> None:
    with serving(OK) as target:
        moved = Response(b"", 301, {"Location": f"{target.url}?token=1"})
        with (
            serving(moved, authority.tls("localhost")) as server,
            client(server, authority) as fb,
            pytest.raises(freshbooks_classic.UnexpectedResponseError) as caught,
        ):
            fb.task.get(211)
    assert (len(server.seen), target.seen) == (1, [])
    assert caught.value.status == 301
    assert "'sample'" in str(caught.value)


# Bad answers

HTML = {"Content-Type": "text/html; charset=utf-8"}
PAGE = b"<!DOCTYPE html><html><body><p>Log in</body></html>"
BAD: dict[str, tuple[Response, str, dict[str, object]]] = {
    "an HTML page": (Response(PAGE, 200, HTML), "UnexpectedResponseError", {"status": 200}),
    "an HTML page that says it is XML": (Response(PAGE), "UnexpectedResponseError", {"status": 200}),
    "HTML and 404": (Response(PAGE, 404, HTML), "UnexpectedResponseError", {"status": 404}),
    "HTML and 503": (Response(PAGE, 503, HTML), "ServerError", {"status": 503}),
    "500 without a body": (Response(b"", 500), "ServerError", {"status": 500, "code": None}),
    "401": (
        Response(b'<response status="fail"><error>Authentication failed.</error><code>20010</code></response>', 401),
        "AuthenticationError",
        {"status": 401, "code": "20010", "message": "Authentication failed."},
    ),
    "a failure": (
        Response(b'<response status="fail"><error>\'task_id\' not found. Task not found.</error><code>50010</code></response>'),
        "NotFoundError",
        {"status": 200, "code": "50010", "field": "task_id", "message": "'task_id' not found. Task not found."},
    ),
    "429": (Response(b"", 429), "RateLimitError", {"status": 429}),
    "an empty body": (Response(b""), "InvalidDocumentError", {"status": 200}),
    "white space": (Response(b" \r\n "), "InvalidDocumentError", {"status": 200}),
    "half a document": (Response(OK.body[:-30]), "InvalidDocumentError", {"status": 200}),
    "no XML": (Response(b'{"task": {"task_id": 211}}'), "InvalidDocumentError", {"status": 200}),
    "another root": (Response(b"<task><task_id>211</task_id></task>"), "InvalidDocumentError", {}),
    "no task": (Response(b'<response status="ok"/>'), "InvalidDocumentError", {}),
    "a number that is none": (
        Response(b'<response status="ok">\n<task><task_id>x</task_id></task></response>'),
        "InvalidDocumentError",
        {"line": 2, "path": "/response/task/task_id"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_answer_becomes_one_typed_error(name: str, authority: CertificateAuthority) -> None:
    response, kind, facts = BAD[name]
    with (
        serving(response, authority.tls("localhost")) as server,
        client(server, authority) as fb,
        pytest.raises(freshbooks_classic.Error) as caught,
    ):
        fb.task.get(211)
    error = caught.value
    assert type(error).__name__ == kind
    assert {fact: getattr(error, fact) for fact in facts} == facts
    assert error.method == "task.get"
    assert len(server.seen) == 1
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
    pair = base64.b64encode(f"{TOKEN}:X".encode()).decode()
    shown = f"{error!s} {error!r} {vars(error)}"
    assert TOKEN not in shown
    assert pair not in shown


REFUSALS = {
    401: (freshbooks_classic.AuthenticationError, "Copy the token again"),
    403: (freshbooks_classic.PermissionDeniedError, "Use the admin's token"),
}
BODIES = {
    "nothing": Response(b""),
    "a page": Response(PAGE, headers=HTML),
    "a text": Response(b"go away", headers={"Content-Type": "text/plain"}),
    "JSON": Response(b'{"error": "no"}', headers={"Content-Type": "application/json"}),
    "a failure without a code": Response(
        b'<response status="fail"><error>go away</error></response>'
    ),
    "what looks like success": OK,
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("status", REFUSALS)
def test_a_refusal_by_status_alone_is_of_its_kind_and_says_what_to_do(
    status: int, body: str
) -> None:
    kind, fix = REFUSALS[status]
    with (
        serving(replace(BODIES[body], status=status)) as server,
        client(server) as fb,
        pytest.raises(freshbooks_classic.Error) as caught,
    ):
        fb.task.get(211)
    error = caught.value
    assert type(error) is kind
    assert error.status == status
    assert fix in error.fix
    assert error.fix in str(error)
    assert str(status) in str(error) or "go away" in str(error)
    assert len(server.seen) == 1


def test_a_failure_says_what_the_description_knows_to_do_about_it() -> None:
    response = Response(
        b'<response status="fail"><error>System does not exist.</error><code>10030</code></response>'
    )
    with (
        serving(response) as server,
        client(server) as fb,
        pytest.raises(freshbooks_classic.AccountError) as caught,
    ):
        fb.task.get(211)
    assert str(caught.value) == (
        "task.get: System does not exist. [10030]"
        " (Check the account name; give the sub-domain only, without scheme, dots or path.)"
    )


@pytest.mark.parametrize(("header", "seconds"), [("120", 120.0), (None, None), ("soon", None)])
def test_a_rate_limit_says_how_long_to_wait(header: str | None, seconds: float | None) -> None:
    headers = {} if header is None else {"Retry-After": header}
    with (
        serving(Response(b"", 429, headers)) as server,
        client(server) as fb,
        pytest.raises(freshbooks_classic.RateLimitError) as caught,
    ):
        fb.with_options(retry=freshbooks_classic.NEVER).task.get(211)
    assert caught.value.retry_after == seconds
    assert pickle.loads(pickle.dumps(caught.value)).retry_after == seconds


# No answer


@dataclass
class Stuck:
    """A server that takes requests and never answers."""

    server: Server
    met: threading.Event = field(default_factory=threading.Event)

    def requests(self) -> int:
        """How many came; on a busy machine the first may come after the client has given up."""
        assert self.met.wait(60)
        return len(self.server.seen)


@pytest.fixture
def stuck() -> Iterator[Stuck]:
    over = threading.Event()

    def wait(_: Seen) -> Response:
        found.met.set()
        over.wait(60)
        return Response(b"", 500)

    with serving(wait) as server:
        found = Stuck(server)
        yield found
        over.set()


def test_silence_is_timed_out(stuck: Stuck) -> None:
    with (
        client(stuck.server, timeout=0.1) as fb,
        pytest.raises(freshbooks_classic.RequestTimeoutError) as caught,
    ):
        fb.task.get(211)
    assert (caught.value.method, caught.value.status, stuck.requests()) == ("task.get", None, 1)


def test_silence_after_a_call_that_changes_something_is_told_apart(stuck: Stuck) -> None:
    with client(stuck.server, timeout=0.1) as fb, pytest.raises(freshbooks_classic.Error) as caught:
        fb.task.create(name="Yard work")
    assert type(caught.value) is freshbooks_classic.OutcomeUnknownError
    assert isinstance(caught.value.__cause__, freshbooks_classic.RequestTimeoutError)
    assert stuck.requests() == 1


def test_nobody_there() -> None:
    server = Server(lambda _: OK, closed_port())
    with client(server) as fb, pytest.raises(freshbooks_classic.NetworkError) as caught:
        fb.task.create(name="Yard work")
    assert type(caught.value) is freshbooks_classic.ConnectionFailedError, "so it may be sent again"


def test_connection_that_breaks_in_the_middle_of_an_answer() -> None:
    broken = Response(OK.body[:50], length=len(OK.body))
    with (
        serving(broken) as server,
        client(server) as fb,
        pytest.raises(freshbooks_classic.NetworkError),
    ):
        fb.task.get(211)
