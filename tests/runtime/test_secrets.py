"""Both clients over real HTTP: no library below them shows a secret, and a server cannot tell them apart.

The generated tests search what the client itself shows, with transports in memory. Here all loggers are at DEBUG, those of the HTTP
libraries included, and what fails are real sockets, certificates and proxies.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from clean_environment import quiet_environment
from http_servers import CertificateAuthority, Got, Say, proxying, serving
from loopback import closed_port

from freshbooks_classic import NEVER, AsyncFreshBooks, Error, FreshBooks, wire
from freshbooks_classic.runtime.request import Request
from freshbooks_classic.runtime.samples import Sampler, failure
from freshbooks_classic.runtime.testing import Planted, told_by

__all__ = ["quiet_environment"]
pytestmark = pytest.mark.usefixtures("quiet_environment")

TOKEN_OF_NOBODY = "x" * 32


def method_of(got: Got) -> str:
    found = re.search(rb'<request method="([^"]+)"', got.body)
    assert found is not None
    return found[1].decode()


def echoing(got: Got) -> Say:
    """A server that works, breaks or refuses, as the address says, and sends back all that it got."""
    echo = " | ".join((*got.headers.values(), got.body.decode("utf-8", "replace")))
    echo = "".join(char if char.isprintable() else " " for char in echo)
    if got.path == "/works":
        return Say(Sampler().response(wire.METHODS[method_of(got)]))
    if got.path == "/refuses":
        return Say(failure(wire.REGISTRY.protocol, echo, code="50010"))
    if got.path == "/breaks":
        page = f"<html><pre>{echo}</pre></html>".encode()
        return Say(page, 500, {"Content-Type": "text/html"})
    return Say(f"<response>{echo}".encode(), cut=len(echo) // 2)


def requests(token: str | None = None) -> Iterator[tuple[str, Planted, Request[Any]]]:
    """A call of every method, with secrets of its own beside the token."""
    for name, method in wire.METHODS.items():
        planted = Planted()
        if token is not None:
            planted.made.append(token)
        yield name, planted, wire.build(name, Sampler(planted).arguments(method))


def traces(planted: Planted, ended: object, log: pytest.LogCaptureFixture) -> list[str]:
    shown = [("the log", log.text), ("its arguments", repr([line.args for line in log.records]))]
    shown += told_by(ended) if isinstance(ended, Error) else [("the value", repr(ended))]
    log.clear()
    return planted.traces(shown)


@pytest.mark.parametrize("path", ["/works", "/refuses", "/breaks", "/stops"])
def test_every_method_over_http(path: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = Planted().ascii()
    ends: dict[str, int] = {}
    loggers: set[str] = set()
    with serving(echoing) as server:
        url = server.url.replace("/api", path)
        with FreshBooks("sample", token=token, url=url, retry=NEVER) as fb:
            for name, planted, request in requests(token):
                caplog.clear()
                try:
                    ended: object = fb.send(request)
                except Error as error:
                    ended = error
                loggers |= {line.name.partition(".")[0] for line in caplog.records}
                assert traces(planted, ended, caplog) == [], name
                ends[type(ended).__name__] = ends.get(type(ended).__name__, 0) + 1
                assert isinstance(ended, Error) == (path != "/works"), name

        async def all_of_them() -> None:
            async with AsyncFreshBooks("sample", token=token, url=url, retry=NEVER) as afb:
                for name, planted, request in requests(token):
                    caplog.clear()
                    try:
                        ended: object = await afb.send(request)
                    except Error as error:
                        ended = error
                    loggers.update(line.name.partition(".")[0] for line in caplog.records)
                    assert traces(planted, ended, caplog) == [], name
                    ends[type(ended).__name__] = ends.get(type(ended).__name__, 0) + 1
                    assert isinstance(ended, Error) == (path != "/works"), name

        asyncio.run(all_of_them())
        assert len(server.got) == 2 * len(wire.METHODS)
    # The libraries were heard, or nothing was searched.
    assert {"freshbooks_classic", "urllib3", "httpcore2"} <= loggers
    print(f"{path}: {ends}, loggers {sorted(loggers)}")


def test_a_server_cannot_tell_the_clients_apart() -> None:
    with serving(echoing) as server:
        url = server.url.replace("/api", "/works")
        with FreshBooks("sample", token=TOKEN_OF_NOBODY, url=url) as fb:
            for _, _, request in requests():
                fb.send(request)

        async def all_of_them() -> None:
            async with AsyncFreshBooks("sample", token=TOKEN_OF_NOBODY, url=url) as afb:
                for _, _, request in requests():
                    await afb.send(request)

        asyncio.run(all_of_them())
        half = len(wire.METHODS)
        assert len(server.got) == 2 * half
        for ours, theirs in zip(server.got[:half], server.got[half:], strict=True):
            assert method_of(ours) == method_of(theirs)
            assert ours.path == theirs.path
            assert ours.body == theirs.body
            assert ours.headers == theirs.headers
    print(f"{half} methods, each with the headers {sorted(server.got[0].headers)}")


def broken_ways(
    authority: CertificateAuthority, planted: Planted
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Settings that lead nowhere: name -> options of a client, some with secrets of their own."""
    password = quote(planted.ascii(), safe="")
    nowhere = f"127.0.0.1:{closed_port()}"
    yield "nobody there", {"url": f"https://{nowhere}/"}
    yield "no proxy there", {
        "url": "https://127.0.0.1:9/",
        "proxy": f"http://me:{password}@{nowhere}",
    }
    with serving(echoing, context=authority.context()) as server:
        yield "not trusted", {"url": server.url}
        yield "plain for secure", {"url": server.url.replace("https:", "http:")}
    with serving(echoing, context=authority.context("elsewhere.example")) as server:
        yield "another name", {"url": server.url, "ca": authority.bundle}
    with serving(echoing) as server:
        yield "secure for plain", {
            "url": server.url.replace("http:", "https:"),
            "ca": authority.bundle,
        }
        wrong = server.url.partition("//")[2].partition("/")[0]
        yield "proxy that is none", {
            "url": "https://127.0.0.1:9/",
            "proxy": f"http://me:{password}@{wrong}",
        }
    with proxying() as proxy:
        yield "proxy to nowhere", {
            "url": f"https://{nowhere}/",
            "proxy": proxy.url.replace("//", f"//me:{password}@"),
        }


def test_connections_that_fail_show_no_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    authority = CertificateAuthority(tmp_path, "authority")
    method = next(name for name, one in wire.METHODS.items() if one.retry == "safe")
    planted = Planted()
    ends: list[str] = []
    for way, options in broken_ways(authority, planted):
        options = {"token": planted.ascii(), "retry": NEVER, "timeout": 5.0, **options}
        arguments = Sampler(planted).arguments(wire.METHODS[method])

        async def asynchronous(
            options: dict[str, Any] = options, arguments: Any = arguments
        ) -> Any:
            async with AsyncFreshBooks("sample", **options) as afb:
                return await afb.call(method, arguments)

        def synchronous(options: dict[str, Any] = options, arguments: Any = arguments) -> Any:
            with FreshBooks("sample", **options) as fb:
                return fb.call(method, arguments)

        for call in (synchronous, lambda run=asynchronous: asyncio.run(run())):
            caplog.clear()
            with pytest.raises(Error) as caught:
                call()
            assert traces(planted, caught.value, caplog) == [], way
            assert caught.value.attempts == 1, way
            ends.append(f"{way}: {type(caught.value).__name__}")
    print("\n".join(ends))
