"""How a client is set up: where settings come from, which of them wins, and what is refused before anything is sent."""

from __future__ import annotations

import asyncio
import base64
import copy
import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from clean_environment import quiet_environment
from http_servers import TASK, CertificateAuthority, Got, Proxy, Say, Server, proxying, serving

from freshbooks_classic import (
    NEVER,
    AsyncFreshBooks,
    Backoff,
    CallInfo,
    ConfigurationError,
    FreshBooks,
    OAuth,
    TransportError,
)
from freshbooks_classic.runtime.transport import HttpRequest, HttpResponse

__all__ = ["quiet_environment"]

TOKEN = "5ae1b3c0d9f8472e96c3b7a4f0d21e88"
pytestmark = pytest.mark.usefixtures("quiet_environment")


def token_of(got: Got) -> str:
    """The token that a request was made with."""
    kind, _, pair = got.headers["authorization"].partition(" ")
    assert kind == "Basic"
    return base64.b64decode(pair).decode().partition(":")[0]


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(TASK) as running:
        yield running


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CertificateAuthority]:
    folder = tmp_path_factory.mktemp("authorities")
    return {name: CertificateAuthority(folder, name) for name in ("right", "wrong")}


# Construction


def test_a_client_made_of_account_and_token_talks_to_the_accounts_address() -> None:
    seen: list[HttpRequest] = []

    class Looking:
        def send(self, request: HttpRequest) -> HttpResponse:
            seen.append(request)
            return HttpResponse(200, {}, TASK)

        def close(self) -> None:
            return

    with FreshBooks("sample", token=TOKEN, transport=Looking()) as fb:
        assert fb.task.get(211).name == "Yard work"
        assert fb.account == "sample"
    assert seen[0].url == "https://sample.freshbooks.com/api/2.1/xml-in"
    assert TOKEN not in repr(seen[0])


def test_the_token_is_the_http_user_name_and_the_program_comes_first_in_the_user_agent(
    server: Server,
) -> None:
    with FreshBooks("sample", token=TOKEN, url=server.url, user_agent="yard-shop/2.1") as fb:
        fb.task.get(211)
    with FreshBooks("sample", token=TOKEN, url=server.url) as fb:
        fb.task.get(211)
    named, plain = (got.headers["user-agent"] for got in server.got)
    assert token_of(server.got[0]) == TOKEN
    assert plain.startswith("freshbooks_classic/")
    assert named == f"yard-shop/2.1 {plain}"


# Precedence: for each setting, a value that shows which level won.


@dataclass
class World:
    """What a setting can point to. ``good`` is what works; ``bad(n)`` are others that would not, or would be noticed."""

    good: str
    bad: Callable[[int], str]
    won: Callable[[FreshBooks], bool]
    """Whether the good value was used, by making a call or by looking at the client."""
    fixed: dict[str, Any]
    """Further arguments that the call needs, whichever level wins."""


class Worlds:
    """Servers, proxies and certificates for the table of settings."""

    def __init__(self, stack: ExitStack, authorities: dict[str, CertificateAuthority]) -> None:
        self._stack = stack
        self._right, self._wrong = authorities["right"], authorities["wrong"]

    def _server(self, **facts: Any) -> Server:
        return self._stack.enter_context(serving(TASK, **facts))

    def account(self) -> World:
        server = self._server()
        return World(
            "good", lambda n: f"bad{n}", lambda fb: fb.account == "good", {"url": server.url}
        )

    def token(self) -> World:
        server = self._server()

        def won(fb: FreshBooks) -> bool:
            fb.task.get(211)
            return token_of(server.got[-1]) == TOKEN

        return World(TOKEN, lambda n: f"bad{n}", won, {"url": server.url})

    def url(self) -> World:
        server = self._server()

        def won(fb: FreshBooks) -> bool:
            fb.task.get(211)
            return len(server.got) == 1

        return World(server.url, lambda n: f"http://127.0.0.1:1/{n}", won, {"retry": NEVER})

    def timeout(self) -> World:
        return World("2.5", lambda n: f"10{n}", lambda fb: fb.options.timeout == 2.5, {})

    def deadline(self) -> World:
        return World("3.5", lambda n: f"10{n}", lambda fb: fb.options.deadline == 3.5, {})

    def user_agent(self) -> World:
        server = self._server()

        def won(fb: FreshBooks) -> bool:
            fb.task.get(211)
            return server.got[-1].headers["user-agent"].startswith("good/1 ")

        return World("good/1", lambda n: f"bad/{n}", won, {"url": server.url})

    def ca(self) -> World:
        server = self._server(context=self._right.context())
        return World(
            self._right.bundle,
            lambda n: self._wrong.bundle,
            lambda fb: fb.task.get(211).task_id == 211,
            {"url": server.url, "retry": NEVER},
        )

    def certificate(self) -> World:
        server = self._server(context=self._right.context(clients_of=self._right))
        return World(
            self._right.client()[0],
            lambda n: self._wrong.client(f"wrong{n}")[0],
            lambda fb: fb.task.get(211).task_id == 211,
            {"url": server.url, "ca": self._right.bundle, "retry": NEVER},
        )

    def proxy(self) -> World:
        server = self._server(context=self._right.context())
        good = self._stack.enter_context(proxying())
        others: dict[int, Proxy] = {}

        def bad(n: int) -> str:
            if n not in others:
                others[n] = self._stack.enter_context(proxying())
            return others[n].url

        def won(fb: FreshBooks) -> bool:
            fb.task.get(211)
            return len(good.asked) == 1 and not any(other.asked for other in others.values())

        return World(good.url, bad, won, {"url": server.url, "ca": self._right.bundle})


SETTINGS = (
    "account",
    "token",
    "url",
    "timeout",
    "deadline",
    "user_agent",
    "ca",
    "certificate",
    "proxy",
)
LEVELS = ("explicit", "environment", "profile")


@pytest.mark.parametrize("winner", LEVELS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_explicit_beats_environment_beats_profile(
    setting: str,
    winner: str,
    authorities: dict[str, CertificateAuthority],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with ExitStack() as stack:
        world: World = getattr(Worlds(stack, authorities), setting)()
        below = LEVELS[LEVELS.index(winner) :]
        values = {
            level: world.good if level == winner else world.bad(n) for n, level in enumerate(below)
        }
        explicit = {"account": "sample", "token": "other", **world.fixed}
        if setting in ("account", "token"):
            del explicit[setting]
        if "explicit" in values:
            value: Any = values["explicit"]
            explicit[setting] = float(value) if setting in ("timeout", "deadline") else value
        if "environment" in values:
            monkeypatch.setenv(f"FRESHBOOKS_{setting.upper()}", values["environment"])
        config = tmp_path / "config.ini"
        config.write_text(f"[default]\n{setting} = {values['profile']}\n")
        with FreshBooks.from_env(config=config, **explicit) as fb:
            assert world.won(fb), f"{setting}: not the value of the {winner} level"


def test_the_table_above_has_every_setting_that_the_guide_lists() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guide-client.md").read_text(encoding="utf-8")
    listed = {
        name.strip("` ").removeprefix("FRESHBOOKS_").lower()
        for name in (line.split("|")[3] for line in guide.splitlines() if line.count("|") == 6)
        if "FRESHBOOKS_" in name
    }
    assert listed == {*SETTINGS, "profile", "config"}


def test_what_nobody_says_has_its_default() -> None:
    with FreshBooks.from_env(account="sample", token=TOKEN) as fb:
        assert fb.url == "https://sample.freshbooks.com/api/2.1/xml-in"
        assert (fb.options.timeout, fb.options.deadline) == (30.0, None)
        assert fb.options.validate
        assert fb.options.hooks == ()


def test_none_given_explicitly_is_not_given_but_as_a_timeout_means_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FRESHBOOKS_TOKEN", TOKEN)
    monkeypatch.setenv("FRESHBOOKS_TIMEOUT", "5")
    with FreshBooks.from_env(account="sample", token=None) as fb:
        assert fb.options.timeout == 5
    with FreshBooks.from_env(account="sample", timeout=None) as fb:
        assert fb.options.timeout is None


def test_the_profile_is_named_by_argument_before_environment_before_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "profiles.ini"
    config.write_text(
        "".join(
            f"[{name}]\naccount={name}\ntoken={TOKEN}\n" for name in ("default", "work", "home")
        )
    )
    monkeypatch.setenv("FRESHBOOKS_CONFIG", str(config))
    assert FreshBooks.from_env().account == "default"
    monkeypatch.setenv("FRESHBOOKS_PROFILE", "work")
    assert FreshBooks.from_env().account == "work"
    assert FreshBooks.from_env("home").account == "home"


def test_the_configuration_file_is_looked_for_in_the_users_folder(
    quiet_environment: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    usual = quiet_environment / ".config" / "freshbooks-classic" / "config.ini"
    usual.parent.mkdir(parents=True)
    usual.write_text(f"[default]\naccount = usual\ntoken = {TOKEN}\n")
    assert FreshBooks.from_env().account == "usual"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    moved = tmp_path / "xdg" / "freshbooks-classic" / "config.ini"
    moved.parent.mkdir(parents=True)
    moved.write_text(f"[default]\naccount = moved\ntoken = {TOKEN}\n")
    assert FreshBooks.from_env().account == "moved"


def test_a_percent_sign_and_a_semicolon_in_a_value_stay_what_they_are(
    tmp_path: Path, server: Server
) -> None:
    config = tmp_path / "config.ini"
    config.write_text(f"[default]\naccount = sample\ntoken = a%s;b#c\nurl = {server.url}\n")
    with FreshBooks.from_env(config=config) as fb:
        fb.task.get(211)
    assert token_of(server.got[0]) == "a%s;b#c"


def test_auth_takes_the_place_of_a_token_from_the_surroundings(
    monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    monkeypatch.setenv("FRESHBOOKS_TOKEN", TOKEN)
    auth = OAuth("key", "consumer-secret", "access-token", "access-secret")
    with FreshBooks.from_env(account="sample", auth=auth, url=server.url) as fb:
        fb.task.get(211)
    assert server.got[0].headers["authorization"].startswith("OAuth ")


# What is refused. Each with what the message has to say.

LONG = "x" * 40
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("nobody signs", {"token": None}, "no token is given"),
    ("two sign", {"auth": OAuth("k", "s")}, "give token or auth"),
    ("empty token", {"token": ""}, "empty"),
    ("blank token", {"token": "  "}, "empty"),
    ("token with a line break", {"token": f"{LONG}\n"}, "unprintable"),
    ("token with spaces around it", {"token": f" {LONG}"}, "spaces"),
    ("token with a colon", {"token": f"{LONG}:X"}, "colon"),
    ("token of another type", {"token": LONG.encode()}, "should be text"),
    ("auth that cannot sign", {"token": None, "auth": LONG}, "callable"),
    ("empty account", {"account": ""}, "account"),
    ("account of another type", {"account": 7}, "account"),
    ("account as an address", {"account": "https://sample.freshbooks.com"}, "without https"),
    ("account as a host", {"account": "sample.freshbooks.com"}, "first part"),
    ("account with a path", {"account": "sample/../x"}, "first part"),
    ("account with a port", {"account": "evil.example:80/"}, "first part"),
    ("account that is no ASCII", {"account": "sämple"}, "first part"),
    ("no timeout", {"timeout": 0}, "more than 0"),
    ("negative timeout", {"timeout": -1.0}, "more than 0"),
    ("endless timeout", {"timeout": float("inf")}, "finite"),
    ("timeout that is no number", {"timeout": float("nan")}, "more than 0"),
    ("timeout as text", {"timeout": "30"}, "number of seconds"),
    ("timeout as a flag", {"timeout": True}, "number of seconds"),
    ("three timeouts", {"timeout": (1.0, 2.0, 3.0)}, "two of them"),
    ("one bad timeout of two", {"timeout": (1.0, 0.0)}, "more than 0"),
    ("no deadline", {"deadline": 0}, "deadline"),
    ("deadline as text", {"deadline": "soon"}, "deadline"),
    ("retry as a number", {"retry": 3}, "Backoff(attempts=5)"),
    ("validate as text", {"validate": "no"}, "True or False"),
    ("a hook that is none", {"hooks": [print]}, "before() and after()"),
    ("hooks that are no list", {"hooks": 5}, "list of hooks"),
    ("user agent with a header in it", {"user_agent": "a\r\nX-Evil: 1"}, "printable ASCII"),
    ("user agent that is no ASCII", {"user_agent": "yård"}, "printable ASCII"),
    ("bundle that is not there", {"ca": "/nowhere/ca.pem"}, "No such file"),
    ("bundle that is a folder", {"ca": "/"}, "ca cannot be read"),
    ("bundle of another type", {"ca": 5}, "path of a file"),
    ("certificate that is not there", {"certificate": "/nowhere/c.pem"}, "No such file"),
    ("key that is not there", {"certificate": (__file__, "/nowhere/k.pem")}, "No such file"),
    ("three certificates", {"certificate": (__file__,) * 3}, "its key"),
    ("proxy without a scheme", {"proxy": f"me:{LONG}@proxy:3128"}, "http://proxy:3128"),
    ("proxy of another kind", {"proxy": f"ftp://me:{LONG}@proxy:3128"}, "http://proxy:3128"),
    ("proxy without a host", {"proxy": "http://"}, "http://proxy:3128"),
    ("plain HTTP", {"url": "http://sample.freshbooks.com/api/2.1/xml-in"}, "HTTPS only"),
    ("plain HTTP to a name like loopback", {"url": "http://127.0.0.1.example.com/"}, "HTTPS only"),
    ("plain HTTP to localhost of somebody", {"url": "http://localhost.example.com/"}, "HTTPS only"),
    ("plain HTTP to all interfaces", {"url": "http://0.0.0.0/"}, "HTTPS only"),
    ("plain HTTP to another IPv6 host", {"url": "http://[2001:db8::1]/"}, "HTTPS only"),
    ("loopback as a user name", {"url": "http://127.0.0.1@example.com/"}, "without a user"),
    (
        "backslash that libraries read differently",
        {"url": "http://127.0.0.1\\@example.com/"},
        "refused",
    ),
    ("user in the address", {"url": f"https://me:{LONG}@example.com/"}, "without a user"),
    ("token in the address", {"url": f"https://{LONG}@example.com/"}, "without a user"),
    ("another scheme", {"url": "ftp://example.com/"}, "HTTPS only"),
    ("a file", {"url": "file:///etc/passwd"}, "refused"),
    ("no scheme", {"url": "sample.freshbooks.com"}, "refused"),
    ("no host", {"url": "https://"}, "refused"),
    ("empty address", {"url": ""}, "refused"),
    ("port that is none", {"url": "https://example.com:99999/"}, "refused"),
    ("half an IPv6 address", {"url": "https://[::1"}, "refused"),
    ("line break in the address", {"url": "https://example.com/\r\nX: 1"}, "refused"),
    ("space in the address", {"url": "https://exa mple.com/"}, "refused"),
]


@pytest.mark.parametrize("client", [FreshBooks, AsyncFreshBooks])
@pytest.mark.parametrize(
    ("facts", "said"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_a_wrong_setting_is_refused_at_once_and_no_secret_is_shown(
    client: Any, facts: dict[str, Any], said: str
) -> None:
    given = {"account": "sample", "token": TOKEN, **facts}
    account = given.pop("account")
    with pytest.raises(ConfigurationError) as caught:
        client(account, **given)
    text = str(caught.value)
    assert said in text
    assert TOKEN not in text
    assert LONG not in text


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/api",
        "http://127.8.9.10/api",
        "http://localhost:8080/api",
        "http://[::1]:8080/api",
        "https://sandbox.example.com/api?x=1",
    ],
)
def test_loopback_may_be_plain_and_everything_else_is_https(url: str) -> None:
    assert FreshBooks("sample", token=TOKEN, url=url).url == url


SAID: list[tuple[str, str | None, dict[str, str], str]] = [
    ("no account anywhere", None, {"FRESHBOOKS_TOKEN": TOKEN}, "FRESHBOOKS_ACCOUNT"),
    ("no token anywhere", None, {"FRESHBOOKS_ACCOUNT": "sample"}, "FRESHBOOKS_TOKEN"),
    ("timeout of letters", None, {"FRESHBOOKS_TIMEOUT": "soon"}, "'soon'"),
    ("timeout of zero", None, {"FRESHBOOKS_TIMEOUT": "0"}, "more than 0"),
    ("timeout for ever", None, {"FRESHBOOKS_TIMEOUT": "inf"}, "finite"),
    (
        "file that is not there",
        None,
        {"FRESHBOOKS_CONFIG": "/nowhere/config.ini"},
        "/nowhere/config.ini",
    ),
    (
        "profile that is not there",
        f"[home]\ntoken={TOKEN}\n",
        {"FRESHBOOKS_PROFILE": "work"},
        "it has home",
    ),
    (
        "setting that is none",
        f"[default]\ntoken={TOKEN}\ntokn=x\n",
        {},
        "there is no setting 'tokn'",
    ),
    ("file that is no INI", f"token={TOKEN}\n", {}, "MissingSectionHeaderError"),
    (
        "setting said twice",
        f"[default]\ntoken={TOKEN}\ntoken={TOKEN}\n",
        {},
        "DuplicateOptionError",
    ),
    ("line that is none", f"[default]\n{TOKEN}\n", {}, "ParsingError"),
    ("bytes that are no text", "\udcff\udcfe[default]\n", {}, "UnicodeDecodeError"),
]


@pytest.mark.parametrize(
    ("config", "environment", "said"), [row[1:] for row in SAID], ids=[row[0] for row in SAID]
)
def test_what_the_surroundings_say_wrongly_is_told_without_the_token(
    config: str | None,
    environment: dict[str, str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if config is not None:
        path = tmp_path / "config.ini"
        path.write_bytes(config.encode("utf-8", "surrogateescape"))
        monkeypatch.setenv("FRESHBOOKS_CONFIG", str(path))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        FreshBooks.from_env()
    assert said in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


# Life


def test_neither_repr_nor_pickle_nor_copy_gives_the_token_away() -> None:
    fb = FreshBooks("sample", token=TOKEN, proxy=f"http://me:{TOKEN}@127.0.0.1:3128")
    shown = [repr(fb), repr(fb.invoice), repr(fb.options), repr(vars(fb)), repr(fb.task.list())]
    assert not [text for text in shown if TOKEN in text]
    assert "sample" in repr(fb)
    for value in (fb, fb.invoice, fb.task.list()):
        for attempt in (pickle.dumps, copy.deepcopy):
            with pytest.raises(TypeError, match="secret") as caught:
                attempt(value)
            assert TOKEN not in str(caught.value)


def test_the_resources_of_a_copy_have_its_options(server: Server) -> None:
    """Also those that the original has used."""
    seen: list[str] = []

    class Hook:
        def before(self, call: CallInfo) -> None:
            seen.append(call.method)

        def after(self, call: CallInfo) -> None: ...

    with FreshBooks("sample", token=TOKEN, url=server.url) as fb:
        fb.task.get(1)
        fb.with_options(hooks=[Hook()]).task.get(1)
        fb.task.get(1)
    assert seen == ["task.get"]

    async def run() -> None:
        async with AsyncFreshBooks("sample", token=TOKEN, url=server.url) as fb:
            await fb.task.get(1)
            await fb.with_options(hooks=[Hook()]).task.get(1)
            await fb.task.get(1)

    asyncio.run(run())
    assert seen == ["task.get"] * 2


def test_with_options_shares_the_connections_and_leaves_the_original_as_it_was(
    server: Server,
) -> None:
    with FreshBooks("sample", token=TOKEN, url=server.url, timeout=20) as fb:
        quick = fb.with_options(timeout=(1, 2), deadline=9.0, validate=False, retry=NEVER)
        fb.task.get(211)
        quick.task.get(211)
        fb.task.get(211)
        assert (quick.options.timeout, quick.options.deadline) == ((1, 2), 9.0)
        assert (fb.options.timeout, fb.options.deadline, fb.options.validate) == (20, None, True)
        assert isinstance(fb.options.retry, Backoff)
        assert fb.options.retry.attempts > 1
    assert len({got.port for got in server.got}) == 1, "each of the two made its own connection"
    assert {token_of(got) for got in server.got} == {TOKEN}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tiemout": 5}, "there is no option 'tiemout'"),
        ({"token": TOKEN}, "there is no option 'token'"),
        ({"timeout": 0}, "more than 0"),
        ({"retry": None}, "retry should be a policy"),
        ({"hooks": [object()]}, "before() and after()"),
    ],
)
def test_with_options_refuses_what_is_no_option(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        FreshBooks("sample", token=TOKEN).with_options(**changes)
    assert said in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_closed_client_says_so_and_its_copies_with_it(server: Server) -> None:
    with FreshBooks("sample", token=TOKEN, url=server.url) as fb:
        copy_of_it = fb.with_options(timeout=5)
        fb.task.get(211)
    for closed in (fb, copy_of_it, copy_of_it.with_options(timeout=6)):
        assert closed.closed
        with pytest.raises(ConfigurationError, match="closed"):
            closed.task.get(211)
    fb.close()  # once more is no error
    assert len(server.got) == 1


def test_closing_a_copy_leaves_the_original_open(server: Server) -> None:
    with FreshBooks("sample", token=TOKEN, url=server.url) as fb:
        with fb.with_options(timeout=5) as quick:
            quick.task.get(211)
        assert (quick.closed, fb.closed) == (True, False)
        fb.task.get(211)
    assert len({got.port for got in server.got}) == 1


def test_the_transport_is_closed_once_and_by_the_original() -> None:
    closings: list[str] = []

    class Counting:
        def send(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse(200, {}, TASK)

        def close(self) -> None:
            closings.append(threading.current_thread().name)

    with FreshBooks("sample", token=TOKEN, transport=Counting()) as fb:
        fb.with_options(timeout=1).close()
        assert closings == []
    assert len(closings) == 1


# TLS, proxies and what the surroundings would slip in


def test_a_server_of_an_unknown_authority_is_refused_and_a_custom_bundle_trusts_it(
    authorities: dict[str, CertificateAuthority],
) -> None:
    with serving(TASK, context=authorities["right"].context()) as server:
        for ca in (True, authorities["wrong"].bundle):
            with FreshBooks("sample", token=TOKEN, url=server.url, ca=ca) as fb:
                with pytest.raises(TransportError, match="TLS") as caught:
                    fb.task.create(name="Yard work")
                assert not caught.value.sent
        assert server.got == [], "a token went to a server that nobody vouches for"
        with FreshBooks(
            "sample", token=TOKEN, url=server.url, ca=authorities["right"].bundle
        ) as fb:
            assert fb.task.get(211).task_id == 211
        with (
            FreshBooks("sample", token=TOKEN, url=server.url, ca=False) as fb,
            pytest.warns(Warning, match="Unverified"),
        ):
            assert fb.task.get(211).task_id == 211


def test_a_server_of_another_name_is_refused(authorities: dict[str, CertificateAuthority]) -> None:
    right = authorities["right"]
    with serving(TASK, context=right.context("other.example.com")) as server:
        with (
            FreshBooks("sample", token=TOKEN, url=server.url, ca=right.bundle) as fb,
            pytest.raises(TransportError, match="TLS"),
        ):
            fb.task.get(211)
        assert server.got == []


@pytest.mark.parametrize("form", ["one file", "two files"])
def test_a_server_that_demands_a_client_certificate_gets_it(
    authorities: dict[str, CertificateAuthority], form: str
) -> None:
    right = authorities["right"]
    both, certificate, key = right.client("own")
    given: Any = both if form == "one file" else (certificate, key)
    with serving(TASK, context=right.context(clients_of=right)) as server:
        with FreshBooks(
            "sample", token=TOKEN, url=server.url, ca=right.bundle, certificate=given
        ) as fb:
            assert fb.task.get(211).task_id == 211
        for stranger in (None, authorities["wrong"].client("stranger")[0]):
            with (
                FreshBooks(
                    "sample",
                    token=TOKEN,
                    url=server.url,
                    ca=right.bundle,
                    certificate=stranger,
                    retry=NEVER,
                ) as fb,
                pytest.raises(TransportError),
            ):
                fb.task.get(211)
        assert len(server.got) == 1


def test_a_proxy_sees_the_host_and_nothing_else(
    authorities: dict[str, CertificateAuthority],
) -> None:
    right = authorities["right"]
    with serving(TASK, context=right.context()) as server, proxying() as proxy:
        url = proxy.url.replace("http://", "http://me:proxy-password@")
        with FreshBooks("sample", token=TOKEN, url=server.url, ca=right.bundle, proxy=url) as fb:
            assert fb.task.get(211).task_id == 211
        host = f"127.0.0.1:{server.server_address[1]}"
        assert proxy.asked == [host]
        head = proxy.heads[0]
        assert base64.b64encode(b"me:proxy-password") in head
        assert TOKEN.encode() not in head
        assert base64.b64encode(f"{TOKEN}:X".encode())[:40] not in head
        assert b"proxy-password" not in server.got[0].body
        assert "proxy-authorization" not in server.got[0].headers


def test_a_proxy_that_is_not_there_is_a_server_not_reached(server: Server) -> None:
    with (
        FreshBooks(
            "sample",
            token=TOKEN,
            url=server.url,
            proxy="http://me:proxy-password@127.0.0.1:1",
            retry=NEVER,
        ) as fb,
        pytest.raises(TransportError) as caught,
    ):
        fb.task.create(name="Yard work")
    assert not caught.value.sent
    assert "proxy-password" not in str(caught.value)


def test_proxy_and_bundle_of_the_environment_are_used_only_where_none_is_given(
    authorities: dict[str, CertificateAuthority], monkeypatch: pytest.MonkeyPatch
) -> None:
    right, wrong = authorities["right"], authorities["wrong"]
    with serving(TASK, context=right.context()) as server, proxying() as ours, proxying() as theirs:
        monkeypatch.setenv("HTTPS_PROXY", theirs.url)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", right.bundle)
        with FreshBooks("sample", token=TOKEN, url=server.url) as fb:
            fb.task.get(211)
        assert (len(ours.asked), len(theirs.asked)) == (0, 1)
        with FreshBooks("sample", token=TOKEN, url=server.url, proxy=ours.url) as fb:
            fb.task.get(211)
        assert (len(ours.asked), len(theirs.asked)) == (1, 1)
        with (
            FreshBooks("sample", token=TOKEN, url=server.url, ca=wrong.bundle, retry=NEVER) as fb,
            pytest.raises(TransportError, match="TLS"),
        ):
            fb.task.get(211)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", wrong.bundle)
        with FreshBooks("sample", token=TOKEN, url=server.url, ca=right.bundle) as fb:
            assert fb.task.get(211).task_id == 211


def test_a_netrc_never_replaces_the_token(
    server: Server, quiet_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = quiet_environment / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\ndefault login a password b\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with FreshBooks("sample", token=TOKEN, url=server.url) as fb:
        fb.task.get(211)
    assert [token_of(got) for got in server.got] == [TOKEN]


def test_a_redirect_is_not_followed_with_the_token() -> None:
    with serving(TASK) as elsewhere:
        away = Say(b"", 302, {"Location": elsewhere.url})
        with (
            serving(away) as server,
            FreshBooks("sample", token=TOKEN, url=server.url) as fb,
            pytest.raises(TransportError, match="redirect"),
        ):
            fb.task.get(211)
        assert elsewhere.got == []


def test_cookies_of_one_answer_do_not_come_back_with_the_next_call() -> None:
    say = Say(TASK, headers={"Content-Type": "application/xml", "Set-Cookie": "who=me; Path=/"})
    with serving(say) as server, FreshBooks("sample", token=TOKEN, url=server.url) as fb:
        fb.task.get(211)
        fb.task.get(211)
    assert not [got for got in server.got if "cookie" in got.headers]


def test_the_ipv6_loopback_is_spoken_to_as_well() -> None:
    try:
        stack = ExitStack()
        server = stack.enter_context(serving(TASK, host="::1"))
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with stack, FreshBooks("sample", token=TOKEN, url=server.url) as fb:
        assert fb.task.get(211).task_id == 211


def test_the_asynchronous_client_is_set_up_the_same_way(
    authorities: dict[str, CertificateAuthority],
) -> None:
    right, wrong = authorities["right"], authorities["wrong"]

    async def talk(server: Server, proxy: Proxy) -> None:
        facts: dict[str, Any] = {"token": TOKEN, "url": server.url, "user_agent": "shop/1"}
        own: dict[str, Any] = {"ca": right.bundle, "certificate": right.client("async")[0]}
        async with AsyncFreshBooks("sample", **facts, **own, proxy=proxy.url) as fb:
            quick = fb.with_options(timeout=5)
            assert (await fb.task.get(211)).task_id == 211
            assert (await quick.task.get(211)).task_id == 211
            await quick.close()
            assert (await fb.task.get(211)).task_id == 211
        with pytest.raises(ConfigurationError, match="closed"):
            await fb.task.get(211)
        strangers: list[dict[str, Any]] = [{"ca": wrong.bundle}, {"ca": right.bundle}, {}]
        for strange in strangers:
            async with AsyncFreshBooks("sample", **facts, **strange, retry=NEVER) as stranger:
                with pytest.raises(TransportError):
                    await stranger.task.get(211)

    with serving(TASK, context=right.context(clients_of=right)) as server, proxying() as proxy:
        asyncio.run(talk(server, proxy))
    assert len(server.got) == 3
    assert {token_of(got) for got in server.got} == {TOKEN}
    assert {got.headers["user-agent"].partition(" ")[0] for got in server.got} == {"shop/1"}
    assert len(proxy.asked) == 1
