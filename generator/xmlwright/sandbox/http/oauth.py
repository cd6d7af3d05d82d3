"""OAuth 1.0a as the API has it: a request token, a page on which somebody agrees, an access token that calls are signed with."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from ...ir import Api
from ..engine.exchange import OpenedAccount, Person
from .addresses import Addresses, Endpoint
from .authentication import Authenticator, label
from .messages import HTML, Request, Response, page

FORM: Final = "application/x-www-form-urlencoded"
_HASHES: Final = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256", "HMAC-SHA512": "sha512"}
_MOST_NONCES: Final = 10_000
_OOB: Final = "oob"


@dataclass(slots=True)
class Grant:
    """A token on its way from asked for to agreed to to used."""

    account: str
    consumer: str
    token: str
    secret: str
    stage: str
    """``asked``, ``agreed``, ``refused`` or ``access``."""
    callback: str = _OOB
    verifier: str = ""
    kind: str = ""
    """Who agreed."""
    id: int = 0


class OAuthError(Exception):
    """The request is not signed as it should be, or its token is not what it should be."""

    def __init__(self, problem: str, advice: str = "", status: int = 401) -> None:
        super().__init__(problem)
        self.problem, self.advice, self.status = problem, advice, status


class OAuth:
    """Consumers, tokens, and the three addresses of one API."""

    def __init__(self, api: Api, people: Authenticator, addresses: Addresses, seed: int) -> None:
        self._title = api.title
        self._people = people
        self._addresses = addresses
        self._seed = seed
        self._numbers = itertools.count(1)
        self._nonces: dict[tuple[str, ...], None] = {}
        self.has_account: Callable[[str], bool] = lambda account: True
        self.changed: Callable[[], object] = lambda: None
        """Called when there is something new to keep."""
        self.grants: dict[str, Grant] = {}
        self.consumers: dict[str, str] = {}
        self.add_consumer("sandbox")

    def add_consumer(self, key: str) -> str:
        """Let a program in under a name; its secret, which follows from the seed."""
        return self.consumers.setdefault(key, self._made("consumer", key))

    def granted(self, opened: OpenedAccount) -> None:
        """Store the token of an account that a call opened."""
        known = self._people.known(opened.account)
        owner = known[0].member.person if known else Person("", 1)
        self.grants[opened.token] = Grant(
            opened.account, "", opened.token, opened.secret, "access", kind=owner.kind, id=owner.id
        )
        self.changed()

    def forget(self, account: str) -> None:
        """Take back every token of an account."""
        self.grants = {token: one for token, one in self.grants.items() if one.account != account}
        self.changed()

    def dump(self) -> str:
        """Return all tokens as text, to be kept."""
        kept = {
            "grants": [asdict(one) for one in self.grants.values()],
            "next": next(self._numbers),
        }
        return json.dumps(kept)

    def load(self, text: str) -> None:
        """Load the tokens that :meth:`dump` returned."""
        kept = json.loads(text)
        self._numbers = itertools.count(kept["next"])
        self.grants = {one["token"]: Grant(**one) for one in kept["grants"]}

    # ---- calls of the API

    def person(self, request: Request, account: str) -> Person | None:
        """Return who signed a call; None without a valid signature."""
        if request.headers.get("authorization", "")[:6].lower() != "oauth ":
            return None
        try:
            _, grant = self._signed(request, account, "access", parameters_of(request, body=False))
        except OAuthError:
            return None
        person = Person(grant.kind, grant.id)
        there = any(one.member.person == person for one in self._people.known(account))
        return person if there else None

    # ---- the three addresses

    def answer(self, request: Request, place: Endpoint) -> Response:
        """Return the response to a request of one of the three addresses."""
        if not self.has_account(place.account):
            return page(
                302,
                "Found",
                "There is no such account.",
                [("Location", "https://localhost/login-search")],
            )
        if place.what == "authorization":
            return self._consent(request, place.account)
        if request.verb not in ("POST", "GET"):
            return page(405, "Method Not Allowed", "Tokens are asked for with POST.")
        try:
            step = self._ask if place.what == "request_token" else self._exchange
            return Response(200, urlencode(step(request, place.account)).encode(), FORM)
        except OAuthError as refused:
            fields = {"oauth_problem": refused.problem}
            if refused.advice:
                fields["oauth_problem_advice"] = refused.advice
            return Response(refused.status, urlencode(fields).encode(), FORM)

    def _ask(self, request: Request, account: str) -> dict[str, str]:
        given = parameters_of(request)
        self._signed(request, account, None, given)
        callback = given.get("oauth_callback") or _OOB
        if callback != _OOB and urlsplit(callback).scheme not in ("http", "https"):
            raise OAuthError("parameter_rejected", "oauth_callback is no address", 400)
        grant = self._new(account, given["oauth_consumer_key"], "asked")
        grant.callback = callback
        return {
            "oauth_token": grant.token,
            "oauth_token_secret": grant.secret,
            "oauth_callback_confirmed": "true",
        }

    def _exchange(self, request: Request, account: str) -> dict[str, str]:
        given = parameters_of(request)
        _, grant = self._signed(request, account, "agreed", given)
        if not hmac.compare_digest(
            given.get("oauth_verifier", "").encode(), grant.verifier.encode()
        ):
            raise OAuthError("verifier_invalid")
        del self.grants[grant.token]
        access = self._new(account, grant.consumer, "access")
        access.kind, access.id = grant.kind, grant.id
        self.changed()
        return {"oauth_token": access.token, "oauth_token_secret": access.secret}

    def _new(self, account: str, consumer: str, stage: str) -> Grant:
        number = next(self._numbers)
        token = self._made("token", account, consumer, str(number))
        grant = Grant(account, consumer, token, self._made("secret", token), stage)
        self.grants[token] = grant
        self.changed()
        return grant

    def _made(self, *facts: str) -> str:
        return hashlib.sha256(repr((self._seed, facts)).encode()).hexdigest()[:32]

    # ---- signatures

    def _signed(
        self, request: Request, account: str, stage: str | None, given: Mapping[str, str]
    ) -> tuple[str, Grant]:
        """Return the consumer, and the token in the wanted stage, that a request is signed with. Raises OAuthError."""
        for name in ("oauth_consumer_key", "oauth_signature_method", "oauth_signature"):
            if not given.get(name):
                raise OAuthError("parameter_absent", name, 400)
        key = given["oauth_consumer_key"]
        secret = self.consumers.get(key)
        grant = Grant(account, key, "", "", "")
        if stage is not None:
            grant = self.grants.get(given.get("oauth_token", "")) or grant
            # A token opened by a call belongs to no consumer; any may use it.
            fits = grant.account == account and grant.consumer in (key, "") and grant.token
            if not fits or grant.stage not in (stage, "asked", "refused"):
                raise OAuthError("token_rejected")
        if secret is None:
            raise OAuthError("consumer_key_unknown")
        wanted = signature(request, given, secret, grant.secret)
        if wanted is None:
            raise OAuthError("signature_method_rejected", status=400)
        if not hmac.compare_digest(wanted.encode(), given["oauth_signature"].encode()):
            raise OAuthError("signature_invalid")
        self._once(given)
        if stage is not None and grant.stage != stage:
            raise OAuthError("user_refused" if grant.stage == "refused" else "permission_unknown")
        return key, grant

    def _once(self, given: Mapping[str, str]) -> None:
        """Refuse what was sent before; a PLAINTEXT request without a nonce is let pass, as the signature proves no more."""
        nonce = given.get("oauth_nonce")
        if not nonce:
            if given["oauth_signature_method"] != "PLAINTEXT":
                raise OAuthError("parameter_absent", "oauth_nonce", 400)
            return
        used = (
            given["oauth_consumer_key"],
            given.get("oauth_token", ""),
            given.get("oauth_timestamp", ""),
            nonce,
        )
        if used in self._nonces:
            raise OAuthError("nonce_used")
        if len(self._nonces) >= _MOST_NONCES:
            del self._nonces[next(iter(self._nonces))]
        self._nonces[used] = None

    # ---- the page

    def _consent(self, request: Request, account: str) -> Response:
        given = dict(parse_qsl(request.query, keep_blank_values=True))
        if request.verb == "POST":
            given.update(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        grant = self.grants.get(given.get("oauth_token", ""))
        if grant is None or grant.account != account or grant.stage != "asked":
            return page(
                400, "Nothing to agree to", "This request token is unknown, or was used already."
            )
        if request.verb == "GET":
            return self._shown(self._form(account, grant))
        if request.verb != "POST":
            return page(405, "Method Not Allowed", "The form is POSTed.")
        known = {label(one.member.person): one.member.person for one in self._people.known(account)}
        person = known.get(given.get("person", ""))
        if given.get("answer") == "allow" and person is not None:
            grant.stage, grant.kind, grant.id = "agreed", person.kind, person.id
            grant.verifier = self._made("verifier", grant.token)[:10]
        elif given.get("answer") == "deny":
            grant.stage = "refused"
        else:
            return page(400, "No response", "Choose who agrees, then press Allow or Deny.")
        self.changed()
        return self._answered(grant)

    def _answered(self, grant: Grant) -> Response:
        agreed = grant.stage == "agreed"
        if grant.callback != _OOB:
            fields = {"oauth_token": grant.token}
            fields |= (
                {"oauth_verifier": grant.verifier} if agreed else {"oauth_problem": "user_refused"}
            )
            glue = "&" if urlsplit(grant.callback).query else "?"
            target = f"{grant.callback}{glue}{urlencode(fields)}"
            return page(302, "Found", "Back to the program.", [("Location", target)])
        if not agreed:
            return self._shown(
                "<h1>Denied</h1><p>The program gets no access. You can close this page.</p>"
            )
        return self._shown(
            "<h1>Allowed</h1><p>Give the program this code:</p>"
            f'<p><output id="verifier">{escape(grant.verifier)}</output></p>'
        )

    def _form(self, account: str, grant: Grant) -> str:
        choices = "".join(
            f'<label><input type="radio" name="person" value="{escape(label(one.member.person))}"'
            f'{" checked" if place == 0 else ""}> {escape(one.member.name or one.label)}'
            f" <small>{escape(one.label)}</small></label>"
            for place, one in enumerate(self._people.known(account))
        )
        return (
            f"<h1>Let <em>{escape(grant.consumer)}</em> in?</h1>"
            f"<p>The program wants to use the {escape(self._title)} in the account"
            f" <strong>{escape(account)}</strong> as:</p>"
            f'<form method="post"><input type="hidden" name="oauth_token" value="{escape(grant.token)}">'
            f"<fieldset><legend>Who agrees</legend>{choices}</fieldset>"
            '<button name="answer" value="allow">Allow</button> '
            '<button name="answer" value="deny" class="plain">Deny</button></form>'
        )

    def _shown(self, content: str) -> Response:
        text = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(self._title)}: access</title><style>{_STYLE}</style></head>"
            f"<body><main>{content}</main></body></html>"
        )
        # A page that asks for consent must not be shown inside of another.
        headers = [
            (
                "Content-Security-Policy",
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            )
        ]
        return Response(200, text.encode(), HTML, headers)


_STYLE: Final = (
    ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}"
    "body{display:grid;min-height:90vh;place-items:center;margin:1rem}"
    "main{max-width:26rem;width:100%;box-sizing:border-box;padding:1.5rem 2rem;border:1px solid #8886;border-radius:10px}"
    "h1{font-size:1.3rem;margin:0 0 .5rem}fieldset{border:1px solid #8886;border-radius:6px;margin:1rem 0}"
    "label{display:block;padding:.2rem 0}small{opacity:.7}"
    "button{font:inherit;padding:.45rem 1.1rem;border-radius:6px;border:1px solid #1559c0;background:#1559c0;color:#fff}"
    "button.plain{background:none;color:inherit;border-color:#8889}output{font:600 1.6rem ui-monospace,monospace}"
)


def parameters_of(request: Request, *, body: bool = True) -> dict[str, str]:
    """Return what a request says of OAuth: in its header, its query, or its form."""
    found = dict(parse_qsl(request.query, keep_blank_values=True))
    if body and request.headers.get("content-type", "").partition(";")[0].strip() == FORM:
        found.update(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    found.update(_header(request))
    return found


def _header(request: Request) -> dict[str, str]:
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "oauth":
        return {}
    pairs = (word.strip().partition("=") for word in rest.split(","))
    return {name: unquote(value.strip('"')) for name, _, value in pairs if name != "realm"}


def signature(
    request: Request, given: Mapping[str, str], secret: str, token_secret: str
) -> str | None:
    """Return the signature that a request should have; None for a way to sign that there is not."""
    key = f"{_quoted(secret)}&{_quoted(token_secret)}"
    how = given["oauth_signature_method"]
    if how == "PLAINTEXT":
        return key
    if how not in _HASHES:
        return None
    import base64

    made = hmac.new(key.encode(), _base(request).encode(), _HASHES[how]).digest()
    return base64.b64encode(made).decode("ascii")


def _base(request: Request) -> str:
    """Return the text that is signed (RFC 5849, 3.4.1)."""
    scheme = "https" if request.secure else "http"
    host = request.headers.get("host", "").strip().lower()
    host = host.removesuffix(":443" if request.secure else ":80")
    path = request.target.partition("?")[0]
    pairs: list[tuple[str, str]] = parse_qsl(request.query, keep_blank_values=True)
    pairs += [
        (name, value) for name, value in _header(request).items() if name != "oauth_signature"
    ]
    if request.headers.get("content-type", "").partition(";")[0].strip() == FORM:
        pairs += parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    sent = sorted(
        (_quoted(name), _quoted(value)) for name, value in pairs if name != "oauth_signature"
    )
    normal = "&".join(f"{name}={value}" for name, value in sent)
    return "&".join(_quoted(part) for part in (request.verb, f"{scheme}://{host}{path}", normal))


def _quoted(text: str) -> str:
    return quote(text, safe="~")
