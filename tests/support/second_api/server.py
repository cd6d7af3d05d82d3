"""The depot as a server on loopback, written without the client."""

from __future__ import annotations

import email
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape, quoteattr

SPACE = "urn:depot:exchange:3"
KEY = "k-3y"
Q = f"{{{SPACE}}}"
GRADES = {"1": "A", "2": "B"}


class RefusedError(Exception):
    """A call fails: code, reason, field, HTTP status."""

    def __init__(self, code: str, reason: str, where: str = "", status: int = 200) -> None:
        super().__init__(reason)
        self.code, self.reason, self.where, self.status = code, reason, where, status


@dataclass
class Article:
    """An article as XML, except what responses show under other words."""

    parts: dict[str, str]
    title: str
    grade: str = "<?>"
    picture: bytes = b""


@dataclass
class Depot:
    """The state of the server and the requests that it received."""

    articles: dict[str, Article] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    """Requests that are not as the description says; the tests want none."""

    def answer(
        self, headers: Mapping[str, str], body: bytes, files: Mapping[str, bytes]
    ) -> tuple[str, bytes]:
        """Return content type and body of the response to a document."""
        root = ET.fromstring(body)
        self._wants(root.tag == f"{Q}exchange", f"the root is {root.tag}")
        fixed = {"version": "3", "dialect": "plain & simple"}
        self._wants(dict(root.attrib) == fixed, f"the attributes are {root.attrib}")
        self._wants([child.tag for child in root] == [f"{Q}action", f"{Q}body"], "the order")
        self.agents.add(headers.get("User-Agent", ""))
        action = root.findtext(f"{Q}action", "")
        self.actions.append(action)
        if headers.get("X-Depot-Key") != KEY or "Authorization" in headers:
            raise RefusedError("E-AUTH", "Unknown key.", status=403)
        parameters = root.find(f"{Q}body/{Q}parameters")
        assert parameters is not None
        acts: dict[str, Callable[[ET.Element, Mapping[str, bytes]], str]] = {
            "article.create": self._create,
            "article.get": self._get,
            "article.update": self._update,
            "article.delete": self._delete,
            "article.list": self._list,
            "article.stock.move": self._move,
            "article.picture.attach": self._attach,
            "site.list": self._sites,
            "site.codes": self._codes,
        }
        if action == "article.label":
            _, article = self._article(parameters)
            return "image/svg+xml; charset=utf-8", article.title.encode() + b"\x00\xff"
        result = acts[action](parameters, files)
        whole = f'<outcome xmlns="{SPACE}"><body><result>{result}</result></body></outcome>'
        return "text/xml", whole.encode()

    def _wants(self, fine: bool, told: str) -> None:
        if not fine:
            self.refused.append(told)

    def _article(self, parameters: ET.Element) -> tuple[ET.Element, Article]:
        sent = parameters.find(f"{Q}article")
        assert sent is not None
        sku = sent.get("sku", "")
        if sku not in self.articles:
            raise RefusedError("E-ABSENT", f"Nothing is called {sku}.", "sku", 404)
        return sent, self.articles[sku]

    def _take(self, sent: ET.Element, article: Article) -> None:
        grouped: dict[str, list[ET.Element]] = {}
        for child in sent:
            grouped.setdefault(child.tag.removeprefix(Q), []).append(child)
        for name, elements in grouped.items():
            text = elements[0].text or ""
            if name == "Title":
                article.title = text
            elif name == "grade":
                article.grade = GRADES[text]
            elif not text and not len(elements[0]):
                article.parts.pop(name, None)  # an empty tag clears
            else:
                for until in elements[0].iter(f"{Q}until"):  # sent as a day, answered as a time
                    self._wants(len(until.text or "") == 10, f"until is {until.text}")
                    until.text = f"{until.text} 23:59:59"
                texts = (ET.tostring(item, encoding="unicode") for item in elements)
                article.parts[name] = "".join(texts)

    def _create(self, parameters: ET.Element, files: Mapping[str, bytes]) -> str:
        sent = parameters.find(f"{Q}article")
        assert sent is not None
        sku = sent.get("sku", "")
        if sku in self.articles:
            raise RefusedError("E-TWICE", f"{sku} is taken.", "sku")
        article = Article({}, "")
        self._take(sent, article)
        self.articles[sku] = article
        return f"<sku>{escape(sku)}</sku>"

    def _shown(self, sku: str, article: Article) -> str:
        inside = f"<Title>{escape(article.title)}</Title><grade>{escape(article.grade)}</grade>"
        inside += (
            "<counted>2021-03-04 18:30:00</counted>"
            if article.parts
            else "<counted>never</counted>"
        )
        return f"<article sku={quoteattr(sku)}>{inside}{''.join(article.parts.values())}</article>"

    def _get(self, parameters: ET.Element, files: Mapping[str, bytes]) -> str:
        sent, article = self._article(parameters)
        return self._shown(sent.get("sku", ""), article)

    def _update(self, parameters: ET.Element, files: Mapping[str, bytes]) -> str:
        self._take(*self._article(parameters))
        return ""

    def _delete(self, parameters: ET.Element, files: Mapping[str, bytes]) -> str:
        sent, _ = self._article(parameters)
        del self.articles[sent.get("sku", "")]
        return ""

    def _list(self, parameters: ET.Element, files: Mapping[str, bytes]) -> str:
        offset = int(parameters.findtext(f"{Q}offset", "0"))
        limit = int(parameters.findtext(f"{Q}limit", "3"))
        grade, word = parameters.findtext(f"{Q}grade"), parameters.findtext(f"{Q}word", "")
        found = [
            (sku, article)
            for sku, article in sorted(self.articles.items())
            if word in article.title and (grade is None or article.grade == GRADES[grade])
        ]
        rows = "".join(self._shown(*row) for row in found[offset : offset + limit])
        window = f'<window offset="{offset}" limit="{limit}"/><matching>{len(found)}</matching>'
        return f"<articles>{window}{rows}</articles>"

    def _move(self, parameters: ET.Element, files: Mapping[str, bytes]) -> str:
        sent, _ = self._article(parameters)
        self._wants(sent.findtext(f"{Q}to") == "S", "where to")
        count = sent.findtext(f"{Q}count")
        return f"<moved>{count}</moved><stock><left>6</left></stock>"

    def _attach(self, parameters: ET.Element, files: Mapping[str, bytes]) -> str:
        sent, article = self._article(parameters)
        named = sent.findtext(f"{Q}image", "")
        self._wants(named.startswith("cid:"), f"the image is {named}")
        article.picture = files[named.removeprefix("cid:")]
        return ""

    def _sites(self, parameters: ET.Element, files: Mapping[str, bytes]) -> str:
        self._wants(not len(parameters), "a list without paging has no counters")
        north = '<site><code>N</code><rent currency="EUR">70</rent><open>Y</open></site>'
        return f"<places>{north}<site><code>S</code></site></places>"

    def _codes(self, parameters: ET.Element, files: Mapping[str, bytes]) -> str:
        return "<codes><code>N</code><code>S</code></codes>"


def _parts(content_type: str, body: bytes) -> tuple[bytes, dict[str, bytes]]:
    """Return the document of a request, and its files by content id."""
    if not content_type.startswith("multipart/related"):
        return body, {}
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.message_from_bytes(head + body, policy=HTTP)
    first, *others = message.iter_parts()
    files = {
        part["Content-ID"].strip("<>"): bytes(part.get_payload(decode=True)) for part in others
    }
    return bytes(first.get_payload(decode=True)), files


@contextmanager
def serving(depot: Depot) -> Iterator[str]:
    """Run a server for ``depot`` and yield its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            document, files = _parts(self.headers.get("Content-Type", ""), body)
            status = 200
            try:
                kind, answer = depot.answer(dict(self.headers), document, files)
            except RefusedError as refusal:
                status, kind = refusal.status, "text/xml"
                where = f"<place field={quoteattr(refusal.where)}/>" if refusal.where else ""
                reason = f"<reason>{escape(refusal.reason)}</reason>{where}"
                answer = f'<fault xmlns="{SPACE}" code={quoteattr(refusal.code)}>{reason}</fault>'.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/exchange"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
