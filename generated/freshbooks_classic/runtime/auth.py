"""Who the caller is: a token, or OAuth 1.0a."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import AuthenticationFailed, ConfigurationError, UnexpectedAnswer
from .options import account_url, checked_url

if TYPE_CHECKING:
    from typing import Protocol as TypingProtocol

    from .protocol import Protocol
    from .transport import HttpAnswer, Transport

    class Auth(TypingProtocol):
        """Anything that can sign a request."""

        def headers(self, protocol: Protocol, url: str) -> Mapping[str, str]:
            """Headers that say who the caller is."""
            ...

        def secrets(self) -> set[str]:
            """Texts that must never be shown."""
            ...


def _base64(content: bytes) -> str:
    from binascii import b2a_base64

    return b2a_base64(content, newline=False).decode("ascii")


@dataclass(frozen=True)
class Token:
    """The API token of a person: HTTP user name, or a header, as the description says."""

    token: str = field(repr=False)

    def headers(self, protocol: Protocol, url: str) -> Mapping[str, str]:
        if protocol.token_style == "header":
            return {protocol.token_header or "Authorization": self.token}
        pair = f"{self.token}:{protocol.token_password}".encode()
        return {"Authorization": f"Basic {_base64(pair)}"}

    def secrets(self) -> set[str]:
        pair = _base64(self.token.encode())
        return {self.token, pair.rstrip("=")[:-1]} if self.token else set()


@dataclass(frozen=True)
class OAuth:
    """OAuth 1.0a with an access token that a user has granted. Needs the extra ``oauth``."""

    consumer_key: str
    consumer_secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    token_secret: str | None = field(default=None, repr=False)
    signature: str = "PLAINTEXT"

    def headers(self, protocol: Protocol, url: str) -> Mapping[str, str]:
        return self.sign(url)

    def sign(
        self, url: str, *, callback: str | None = None, verifier: str | None = None
    ) -> Mapping[str, str]:
        """The Authorization header of a POST to ``url``. Raises ConfigurationError without the library."""
        try:
            from oauthlib.oauth1 import Client
        except ImportError:
            raise ConfigurationError(
                "OAuth needs the package oauthlib: install the extra 'oauth'"
            ) from None
        signer: Any = Client(
            self.consumer_key,
            client_secret=self.consumer_secret,
            resource_owner_key=self.token,
            resource_owner_secret=self.token_secret,
            callback_uri=callback,
            verifier=verifier,
            signature_method=self.signature,
            realm="",
        )
        _, headers, _ = signer.sign(url, "POST")
        return {"Authorization": str(headers["Authorization"])}

    def secrets(self) -> set[str]:
        return {text for text in (self.consumer_secret, self.token, self.token_secret) if text}


@dataclass(frozen=True)
class RequestToken:
    """The first of the three steps: what the user is asked about."""

    token: str = field(repr=False)
    secret: str = field(repr=False)
    authorize_url: str = field(repr=False)
    """Page where the user agrees; it ends at the callback, or shows a code where there is none."""


class OAuthFlow:
    """The three steps from a consumer to an access token; keeping the token is the caller's.

    ::

        flow = OAuthFlow(protocol, "sample", key, secret, transport)
        asked = flow.request_token()                  # callback "oob": the user is shown a code
        print(asked.authorize_url)
        auth = flow.access_token(asked, verifier=input("code: "))
    """

    def __init__(
        self,
        protocol: Protocol,
        account: str,
        consumer_key: str,
        consumer_secret: str,
        *,
        transport: Transport | None = None,
        timeout: float = 30.0,
        base_url: str | None = None,
    ) -> None:
        """``base_url`` replaces scheme and host of the three addresses, for a sandbox."""
        from .transport import RequestsTransport

        self._protocol = protocol
        self._account = account
        self._consumer = OAuth(consumer_key, consumer_secret, signature=protocol.oauth_signature)
        self._transport: Transport = transport or RequestsTransport()
        self._timeout = timeout
        self._base = base_url

    def _url(self, template: str | None) -> str:
        if not template:
            raise ConfigurationError(f"{self._protocol.name} does not describe OAuth")
        account_url(self._protocol, self._account)  # refuses what is no account name
        url = template.replace("{account}", self._account)
        if self._base is not None:
            url = self._base.rstrip("/") + "/" + url.split("/", 3)[3]
        return checked_url(url)

    def request_token(self, callback: str = "oob") -> RequestToken:
        """Ask for a request token. Raises AuthenticationFailed with the API's ``oauth_problem``."""
        from urllib.parse import urlencode

        url = self._url(self._protocol.oauth_request_token)
        answer = self._post(url, self._consumer.sign(url, callback=callback))
        token, secret = _pair(answer)
        page = self._url(self._protocol.oauth_authorize)
        return RequestToken(token, secret, f"{page}?{urlencode({'oauth_token': token})}")

    def access_token(self, asked: RequestToken, verifier: str) -> OAuth:
        """Exchange what the user granted for an access token, ready to be used as ``auth=``."""
        url = self._url(self._protocol.oauth_access_token)
        consumer = self._consumer
        asking = OAuth(
            consumer.consumer_key,
            consumer.consumer_secret,
            asked.token,
            asked.secret,
            consumer.signature,
        )
        token, secret = _pair(self._post(url, asking.sign(url, verifier=verifier.strip())))
        return OAuth(
            consumer.consumer_key, consumer.consumer_secret, token, secret, consumer.signature
        )

    def _post(self, url: str, headers: Mapping[str, str]) -> HttpAnswer:
        from .transport import HttpRequest

        form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        return self._transport.send(HttpRequest(url, b"", form, self._timeout))


def _pair(answer: HttpAnswer) -> tuple[str, str]:
    from urllib.parse import parse_qsl

    text = answer.body.decode("utf-8", "replace")
    values = dict(parse_qsl(text.strip()))
    problem = values.get("oauth_problem")
    if problem is not None:
        raise AuthenticationFailed(
            f"OAuth was refused: {problem.replace('_', ' ')}", code=problem, status=answer.status
        )
    if answer.status == 200 and "oauth_token" in values and "oauth_token_secret" in values:
        return values["oauth_token"], values["oauth_token_secret"]
    raise UnexpectedAnswer(
        f"no token came (HTTP {answer.status}): the account may not exist or not be open to the API",
        status=answer.status,
    )
