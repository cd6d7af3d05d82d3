"""OAuth 1.0a as the API does it: three steps to an access token, and calls signed with it, against a service that verifies."""

# oauthlib has no types: its properties and arguments are what pyright infers of them.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false

from __future__ import annotations

import asyncio
import logging
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import pytest
from clean_environment import quiet_environment
from http_servers import TASK, CertificateAuthority, Got, Say, Server, proxying, serving
from oauthlib.oauth1 import RequestValidator
from oauthlib.oauth1.rfc5849.endpoints import (
    AccessTokenEndpoint,
    AuthorizationEndpoint,
    RequestTokenEndpoint,
    ResourceEndpoint,
)
from oauthlib.oauth1.rfc5849.errors import OAuth1Error

from freshbooks_classic import (
    NEVER,
    ArgumentError,
    AsyncFreshBooks,
    AuthenticationError,
    ConfigurationError,
    Error,
    FreshBooks,
    OAuth,
    PermissionDeniedError,
    TransportError,
    UnexpectedResponseError,
)
from freshbooks_classic.runtime.transport import HttpRequest, HttpResponse

__all__ = ["quiet_environment"]

KEY = "developer"
SECRET = "c0nsumer&secret/é+%"  # every character that two layers of escaping could get wrong
ACCESS = OAuth(KEY, SECRET, "access-token-4711", "access-secret-4712")
pytestmark = pytest.mark.usefixtures("quiet_environment")


class Book(RequestValidator):  # type: ignore[misc]
    """What the service knows. oauthlib's server side asks it, and itself checks signatures, nonces and times."""

    enforce_ssl = False  # the service of the test is on loopback
    allowed_signature_methods = ("PLAINTEXT", "HMAC-SHA1")
    client_key_length = request_token_length = access_token_length = (1, 200)
    nonce_length = (8, 60)
    verifier_length = (1, 60)
    dummy_client = dummy_request_token = dummy_access_token = "nobody"
    realms: tuple[str, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.secrets = {KEY: SECRET}
        self.asked: dict[str, dict[str, Any]] = {}
        self.granted: dict[str, str] = {}
        self.nonces: set[tuple[object, ...]] = set()

    safe_characters = property(lambda self: set(map(chr, range(33, 127))))

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return self.secrets.get(client_key, "none")

    def get_request_token_secret(self, client_key: str, token: str, request: Any) -> str:
        return str(self.asked.get(token, {}).get("secret", "none"))

    def get_access_token_secret(self, client_key: str, token: str, request: Any) -> str:
        return self.granted.get(token, "none")

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return client_key in self.secrets

    def validate_request_token(self, client_key: str, token: str, request: Any) -> bool:
        return token in self.asked

    def validate_access_token(self, client_key: str, token: str, request: Any) -> bool:
        return token in self.granted

    def validate_timestamp_and_nonce(
        self, client_key: str, timestamp: str, nonce: str, request: Any, **tokens: Any
    ) -> bool:
        used = (client_key, timestamp, nonce, *tokens.values())
        new = used not in self.nonces
        self.nonces.add(used)
        return new

    def validate_redirect_uri(self, client_key: str, redirect_uri: str, request: Any) -> bool:
        return redirect_uri == "oob" or redirect_uri.startswith("https://shop.example.com/")

    def validate_verifier(self, client_key: str, token: str, verifier: str, request: Any) -> bool:
        return self.asked[token].get("verifier") == verifier

    def validate_realms(self, *args: Any, **kwargs: Any) -> bool:
        return True

    def validate_requested_realms(self, *args: Any) -> bool:
        return True

    def get_realms(self, *args: Any) -> list[str]:
        return []

    def get_default_realms(self, *args: Any) -> list[str]:
        return []

    def verify_request_token(self, token: str, request: Any) -> bool:
        return token in self.asked

    def get_redirect_uri(self, token: str, request: Any) -> str:
        return str(self.asked[token]["callback"])

    def save_verifier(self, token: str, verifier: dict[str, str], request: Any) -> None:
        self.asked[token]["verifier"] = verifier["oauth_verifier"]

    def save_request_token(self, token: dict[str, str], request: Any) -> None:
        self.asked[token["oauth_token"]] = {
            "secret": token["oauth_token_secret"],
            "callback": request.redirect_uri,
        }

    def save_access_token(self, token: dict[str, str], request: Any) -> None:
        self.granted[token["oauth_token"]] = token["oauth_token_secret"]

    def invalidate_request_token(self, client_key: str, token: str, request: Any) -> None:
        del self.asked[token]


@dataclass
class Service:
    """The service: three OAuth addresses and the API, all verifying."""

    book: Book = field(default_factory=Book)
    refused: dict[str, Say] = field(default_factory=dict)
    """Path -> what to answer whatever is asked."""

    def __call__(self, got: Got) -> Say:
        path = urlsplit(got.path).path
        if path in self.refused:
            return self.refused[path]
        url = f"http://{got.headers['host']}{got.path}"
        facts = (url, "POST", "", {"Authorization": got.headers.get("authorization", "")})
        try:
            if path == "/oauth/oauth_request.php":
                return self._form(
                    RequestTokenEndpoint(self.book).create_request_token_response(*facts)
                )
            if path == "/oauth/oauth_access.php":
                return self._form(
                    AccessTokenEndpoint(self.book).create_access_token_response(*facts)
                )
            valid, _ = ResourceEndpoint(self.book).validate_protected_resource_request(*facts)
        except OAuth1Error as error:
            return problem(error.error, error.status_code)
        return Say(TASK) if valid else problem("signature_invalid")

    def _form(self, response: tuple[dict[str, str], str, int]) -> Say:
        _, body, status = response
        if status != 200:
            return problem(dict(parse_qsl(body)).get("error", "token_rejected"), status)
        return Say(body.encode(), 200, {"Content-Type": "application/x-www-form-urlencoded"})

    def user_agrees(self, authorization_url: str) -> str:
        """What the user's browser does; answers the code that the page shows."""
        endpoint = AuthorizationEndpoint(self.book)
        headers, body, _ = endpoint.create_authorization_response(authorization_url, credentials={})
        shown = body or urlsplit(headers["Location"]).query
        return str(dict(parse_qsl(shown))["oauth_verifier"])


def problem(name: str, status: int = 401, **more: str) -> Say:
    """A failure as the service tells it: form-encoded."""
    body = urlencode({"oauth_problem": name, **more}).encode()
    return Say(body, status, {"Content-Type": "application/x-www-form-urlencoded"})


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def server(service: Service) -> Iterator[Server]:
    with serving(service) as running:
        yield running


def base(server: Server) -> str:
    return server.url.removesuffix("/api")


def header_of(got: Got) -> dict[str, str]:
    kind, _, rest = got.headers["authorization"].partition(" ")
    assert kind == "OAuth"
    pairs = (part.strip().partition("=") for part in rest.split(","))
    return {name: unquote(value.strip('"')) for name, _, value in pairs}


@pytest.mark.parametrize("callback", ["oob", "https://shop.example.com/back?from=books"])
def test_three_steps_lead_to_an_access_token_that_signs_calls(
    callback: str, service: Service, server: Server
) -> None:
    with FreshBooks.oauth(
        "sample", KEY, SECRET, url=base(server), user_agent="yard-shop/2.1"
    ) as flow:
        asked = flow.request_token(callback) if callback != "oob" else flow.request_token()
        asked = pickle.loads(pickle.dumps(asked))  # the user may take a while
        page = urlsplit(asked.authorization_url)
        assert page.path == "/oauth/oauth_authorize.php"
        assert dict(parse_qsl(page.query)) == {"oauth_token": asked.token}
        code = service.user_agrees(asked.authorization_url)
        auth = flow.access_token(asked, verifier=f"  {code}\n")  # as pasted
    kept = pickle.loads(pickle.dumps(auth))
    with FreshBooks("sample", auth=kept, url=server.url) as fb:
        assert fb.task.get(211).name == "Yard work"
        assert fb.task.get(211).name == "Yard work"

    first, second, *calls = server.got
    assert [got.path for got in server.got] == [
        "/oauth/oauth_request.php", "/oauth/oauth_access.php", "/api", "/api",
    ]  # fmt: skip
    assert header_of(first)["oauth_callback"] == callback
    assert header_of(first)["oauth_signature_method"] == "PLAINTEXT"
    assert header_of(first)["oauth_version"] == "1.0"
    # Signed by hand, as the service documents it: both secrets, escaped, around an ampersand; then escaped for the header.
    assert header_of(first)["oauth_signature"] == "c0nsumer%26secret%2F%C3%A9%2B%25&"
    assert "%2526secret" in first.headers["authorization"]
    assert header_of(second)["oauth_verifier"] == code
    assert len({header_of(got)["oauth_nonce"] for got in calls}) == 2
    assert {got.headers["user-agent"].partition(" ")[0] for got in (first, second)} == {
        "yard-shop/2.1"
    }
    assert first.body == second.body == b""


def test_every_attempt_of_a_call_is_signed_anew(service: Service, server: Server) -> None:
    service.book.granted["token"] = "secret"
    service.refused["/api"] = Say(b"", 503)
    auth = OAuth(KEY, SECRET, "token", "secret")
    with FreshBooks("sample", auth=auth, url=server.url) as fb, pytest.raises(Error):
        fb.task.get(211)
    nonces = [header_of(got)["oauth_nonce"] for got in server.got]
    assert len(nonces) > 1
    assert len(set(nonces)) == len(nonces)


def test_the_asynchronous_client_signs_as_well(service: Service, server: Server) -> None:
    service.book.granted["token"] = "secret"

    async def talk() -> int:
        auth = OAuth(KEY, SECRET, "token", "secret")
        async with AsyncFreshBooks("sample", auth=auth, url=server.url) as fb:
            return (await fb.task.get(211)).task_id

    assert asyncio.run(talk()) == 211


def test_another_signature_can_be_chosen(service: Service, server: Server) -> None:
    service.book.granted["token"] = "secret"
    auth = OAuth(KEY, SECRET, "token", "secret", signature="HMAC-SHA1")
    with FreshBooks("sample", auth=auth, url=server.url) as fb:
        assert fb.task.get(211).task_id == 211


@pytest.mark.parametrize(
    ("auth", "code"),
    [
        (OAuth(KEY, "another secret", "token", "secret"), "signature_invalid"),
        (OAuth(KEY, SECRET, "token", "another secret"), "signature_invalid"),
        (OAuth(KEY, SECRET, "revoked", "secret"), "signature_invalid"),
        (OAuth("stranger", SECRET, "token", "secret"), "signature_invalid"),
    ],
)
@pytest.mark.parametrize("call", ["get", "create"])
def test_a_call_that_the_service_refuses_is_a_failed_authentication(
    auth: OAuth, code: str, call: str, service: Service, server: Server
) -> None:
    service.book.granted["token"] = "secret"
    with (
        FreshBooks("sample", auth=auth, url=server.url) as fb,
        pytest.raises(AuthenticationError) as caught,
    ):
        _ = fb.task.get(211) if call == "get" else fb.task.create(name="Yard work")
    error = caught.value
    assert (error.code, error.status, error.method) == (code, 401, f"task.{call}")
    assert error.attempts == 1, "a refusal is repeated"


def test_a_consumer_that_is_not_known_is_told_so(server: Server) -> None:
    flow = FreshBooks.oauth("sample", "stranger", SECRET, url=base(server))
    with flow, pytest.raises(AuthenticationError) as caught:
        flow.request_token()
    assert caught.value.status == 401


def test_a_wrong_code_is_told_so_and_the_right_one_works_afterwards(
    service: Service, server: Server
) -> None:
    with FreshBooks.oauth("sample", KEY, SECRET, url=base(server)) as flow:
        asked = flow.request_token()
        code = service.user_agrees(asked.authorization_url)
        with pytest.raises(AuthenticationError):
            flow.access_token(asked, verifier="12345")
        for nothing in ("", "  "):
            with pytest.raises(ArgumentError, match="code"):
                flow.access_token(asked, verifier=nothing)
        assert flow.access_token(asked, verifier=code).token in service.book.granted
    assert len(server.got) == 3, "an empty code was sent"


PROBLEMS = [
    ("consumer_key_unknown", AuthenticationError),
    ("token_revoked", AuthenticationError),
    ("timestamp_refused", AuthenticationError),
    ("permission_unknown", AuthenticationError),
    ("permission_denied", PermissionDeniedError),
    ("user_refused", PermissionDeniedError),
]


@pytest.mark.parametrize(("name", "kind"), PROBLEMS)
@pytest.mark.parametrize("path", ["/oauth/oauth_request.php", "/api"])
@pytest.mark.parametrize("status", [400, 401, 403])
def test_each_problem_is_an_error_of_its_kind(
    name: str, kind: type[Error], path: str, status: int, service: Service, server: Server
) -> None:
    service.refused[path] = problem(name, status, oauth_problem_advice="Ask <the> admin & wait.")
    with (
        FreshBooks("sample", auth=ACCESS, url=server.url) as fb,
        FreshBooks.oauth("sample", KEY, SECRET, url=base(server)) as flow,
    ):
        step: Any = (lambda: fb.task.get(211)) if path == "/api" else flow.request_token
        with pytest.raises(kind) as caught:
            step()
    error = caught.value
    assert (error.code, error.status) == (name, status)
    assert name.replace("_", " ") in str(error)
    assert "Ask <the> admin & wait." in str(error)
    assert pickle.loads(pickle.dumps(error)).code == name


ODD = [
    ("redirect to a login page", Say(b"", 302, {"Location": "https://www.example.com/login"})),
    ("page instead of a token", Say(b"<html><body>Oops</body></html>", 200)),
    ("token without a secret", Say(b"oauth_token=abc", 200)),
    ("empty token", Say(b"oauth_token=&oauth_token_secret=", 200)),
    ("nothing", Say(b"", 200)),
    ("bytes that are no text", Say(b"\xff\xfe\x00", 200)),
    ("token with a status that is no success", Say(b"oauth_token=a&oauth_token_secret=b", 500)),
    ("down for maintenance", Say(b"<html>down</html>", 503)),
]


@pytest.mark.parametrize("say", [row[1] for row in ODD], ids=[row[0] for row in ODD])
def test_an_answer_without_a_token_is_an_unexpected_answer(
    say: Say, service: Service, server: Server
) -> None:
    service.refused["/oauth/oauth_request.php"] = say
    with (
        FreshBooks.oauth("sample", KEY, SECRET, url=base(server)) as flow,
        pytest.raises(UnexpectedResponseError) as caught,
    ):
        flow.request_token()
    assert caught.value.status == say.status
    assert "account" in str(caught.value)
    assert len(server.got) == 1, "the redirect was followed, or the request repeated"


def test_a_server_that_is_not_there_is_a_transport_error() -> None:
    with (
        FreshBooks.oauth("sample", KEY, SECRET, url="http://127.0.0.1:1") as flow,
        pytest.raises(TransportError),
    ):
        flow.request_token()


def test_the_flow_trusts_and_goes_where_the_client_would(
    service: Service, tmp_path_factory: pytest.TempPathFactory
) -> None:
    right = CertificateAuthority(tmp_path_factory.mktemp("oauth"), "right")
    with serving(service, context=right.context()) as server, proxying() as proxy:
        facts: dict[str, Any] = {"url": base(server), "proxy": proxy.url}
        with FreshBooks.oauth("sample", KEY, SECRET, ca=right.bundle, **facts) as flow:
            assert flow.request_token().token
        with (
            FreshBooks.oauth("sample", KEY, SECRET, **facts) as flow,
            pytest.raises(TransportError),
        ):
            flow.request_token()
    assert len(server.got) == 1
    assert len(proxy.asked) == 2


WRONG: list[tuple[str, Any, str]] = [
    ("no key", lambda: OAuth("", SECRET), "consumer key"),
    ("no secret", lambda: OAuth(KEY, " "), "consumer secret"),
    ("secret of another type", lambda: OAuth(KEY, SECRET.encode()), "consumer secret"),  # type: ignore[arg-type]
    ("token of another type", lambda: OAuth(KEY, SECRET, 5), "token"),  # type: ignore[arg-type]
    ("unknown signature", lambda: OAuth(KEY, SECRET, signature="PLAIN"), "PLAINTEXT"),
    ("account as an address", lambda: FreshBooks.oauth("https://x", KEY, SECRET), "without https"),
    ("plain HTTP", lambda: FreshBooks.oauth("x", KEY, SECRET, url="http://example.com"), "HTTPS only"),
    ("flow without a secret", lambda: FreshBooks.oauth("x", KEY, ""), "consumer secret"),
    ("bundle that is not there", lambda: FreshBooks.oauth("x", KEY, SECRET, ca="/no.pem"), "No such"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "said"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_what_cannot_work_is_refused_before_the_first_step(make: Any, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)


def test_no_secret_is_shown(
    service: Service, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.book.granted["access-token-4711"] = "access-secret-4712"
    with FreshBooks("sample", auth=ACCESS, url=server.url) as fb:
        fb.task.get(211)
        echo = server.got[0].headers["authorization"]
        service.refused["/api"] = problem("token_revoked", oauth_problem_advice=f"You sent {echo}")
        with pytest.raises(AuthenticationError) as caught:
            fb.task.get(211)
    with FreshBooks.oauth("sample", KEY, SECRET, url=base(server)) as flow:
        asked = flow.request_token()
        shown = [repr(flow), repr(asked), repr(ACCESS), repr(fb), str(caught.value), caplog.text]
        shown += [repr(vars(caught.value)), repr(HttpRequest("u", b"", {"a": SECRET}, 1))]
        shown += [repr(HttpResponse(200, {"a": SECRET}, b""))]
    hidden = [
        SECRET,
        "c0nsumer",
        "access-token-4711",
        "access-secret-4712",
        asked.token,
        asked.secret,
    ]
    found = [(secret, text) for secret in hidden for text in shown if secret in text]
    assert not found


def test_without_the_library_the_error_names_the_extra() -> None:
    program = """
import sys
sys.modules["oauthlib"] = None                       # what importing it finds where it is not installed
from freshbooks_classic import ConfigurationError, FreshBooks, OAuth
for step in (
    lambda: FreshBooks.oauth("sample", "k", "s").request_token(),
    lambda: FreshBooks("sample", auth=OAuth("a-key", "a-secret", "a-token", "b-secret")).task.get(211),
):
    try:
        step()
    except ConfigurationError as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    told = done.stdout.splitlines()
    assert len(told) == 2
    assert all("oauthlib" in line and "'oauth'" in line for line in told), told


def test_tokens_need_no_oauth_library() -> None:
    program = """
import sys
sys.modules["oauthlib"] = None
from freshbooks_classic import FreshBooks
FreshBooks("sample", token="abcdef")
print("fine")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "fine\n"
    assert NEVER.attempts == 1
