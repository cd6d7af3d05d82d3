"""OAuth 1.0a: signing requests and the three steps to an access token. Needs the extra ``oauth``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from .auth import form_fields, oauth_problem
from .errors import ArgumentError, ConfigurationError, Error, UnexpectedResponseError
from .options import Timeout, checked_url, filled_url
from .redact import scrub_error

if TYPE_CHECKING:
    from .protocol import Protocol
    from .transport import HttpRequest, HttpResponse, Transport

SIGNATURES: Final = ("PLAINTEXT", "HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512")
"""Ways to sign that need no key file."""


@dataclass(frozen=True)
class OAuth:
    """OAuth 1.0a with an access token that a user has granted. Needs the extra ``oauth``."""

    consumer_key: str
    consumer_secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    token_secret: str | None = field(default=None, repr=False)
    signature: str = "PLAINTEXT"

    def __post_init__(self) -> None:
        for name in ("consumer_key", "consumer_secret"):
            value: object = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                raise ConfigurationError(f"the {name.replace('_', ' ')} of OAuth is missing")
        for name in ("token", "token_secret"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise ConfigurationError(f"the {name.replace('_', ' ')} of OAuth should be text")
        if self.signature not in SIGNATURES:
            raise ConfigurationError(
                f"there is no OAuth signature {self.signature!r} here; there are {', '.join(SIGNATURES)}"
            )

    def __call__(self, request: HttpRequest) -> Mapping[str, str]:
        """Return the header that signs a request."""
        return self.sign(request.url)

    def sign(
        self, url: str, *, callback: str | None = None, verifier: str | None = None
    ) -> Mapping[str, str]:
        """The Authorization header of a POST to ``url``. Raises ConfigurationError without the library."""
        try:
            client: Any = import_module("oauthlib.oauth1").Client  # a library without types
        except ImportError:
            raise ConfigurationError(
                "OAuth needs the package oauthlib: install the extra 'oauth'"
            ) from None
        signer = client(
            self.consumer_key,
            client_secret=self.consumer_secret,
            resource_owner_key=self.token,
            resource_owner_secret=self.token_secret,
            callback_uri=callback,
            verifier=verifier,
            signature_method=self.signature,
        )
        _, headers, _ = signer.sign(url, "POST")
        return {"Authorization": str(headers["Authorization"])}

    def secrets(self) -> set[str]:
        """Return the texts that must not be shown."""
        known = {text for text in (self.consumer_secret, self.token, self.token_secret) if text}
        once = {quote(text, safe="~") for text in known}
        return known | once | {quote(text, safe="~") for text in once}  # as the header has them


@dataclass(frozen=True)
class RequestToken:
    """The first of the three steps: what the user is asked about."""

    token: str = field(repr=False)
    secret: str = field(repr=False)
    authorization_url: str = field(repr=False)
    """Page where the user agrees; it ends at the callback, or shows a code where there is none."""


class OAuthFlow:
    """The three steps from a consumer to an access token; keeping the token is the caller's.

    ::

        with OAuthFlow(protocol, "sample", key, secret) as flow:
            asked = flow.request_token()              # callback "oob": the user is shown a code
            print(asked.authorization_url)
            auth = flow.access_token(asked, verifier=input("code: "))
    """

    def __init__(
        self,
        protocol: Protocol,
        variables: Mapping[str, str],
        consumer_key: str,
        consumer_secret: str,
        *,
        transport: Transport | None = None,
        timeout: Timeout = 30.0,
        base_url: str | None = None,
        user_agent: str | None = None,
    ) -> None:
        """``base_url`` replaces scheme and host of the three addresses, for a sandbox."""
        from .transport import RequestsTransport

        self._protocol = protocol
        self._variables = variables
        self._consumer = OAuth(consumer_key, consumer_secret, signature=protocol.oauth_signature)
        self._transport: Transport = transport or RequestsTransport()
        self._timeout = timeout
        self._base = base_url
        self._user_agent = user_agent
        for template in (
            protocol.oauth_request_token,
            protocol.oauth_authorization,
            protocol.oauth_access_token,
        ):
            self._url(template)  # report what cannot work before the first step

    def __repr__(self) -> str:
        return f"OAuthFlow({dict(self._variables)!r})"

    def __enter__(self) -> OAuthFlow:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _url(self, template: str | None) -> str:
        if not template:
            raise ConfigurationError(f"{self._protocol.name} does not describe OAuth")
        url = filled_url(template, self._variables)
        if self._base is not None:
            url = self._base.rstrip("/") + "/" + url.split("/", 3)[3]
        return checked_url(url)

    def request_token(self, callback: str = "oob") -> RequestToken:
        """Ask for a request token; ``callback`` is the page the user comes back to, "oob" for a code to type in.

        Raises:
            AuthenticationError: the consumer was refused; ``code`` is the API's ``oauth_problem``.
            UnexpectedResponseError: no token came, such as from an account that does not exist.
            TransportError: the server could not be reached.
        """
        url = self._url(self._protocol.oauth_request_token)
        token, secret = self._pair(url, self._consumer, callback=callback)
        page = self._url(self._protocol.oauth_authorization)
        return RequestToken(token, secret, f"{page}?{urlencode({'oauth_token': token})}")

    def access_token(self, asked: RequestToken, verifier: str) -> OAuth:
        """Exchange what the user granted for an access token, ready to be used as ``auth=``.

        Args:
            asked: what :meth:`request_token` answered; it can be pickled in between.
            verifier: the code that the user was shown, or ``oauth_verifier`` of the call to the callback page.

        Raises:
            PermissionDeniedError: the user did not agree.
            AuthenticationError: the token or the code was refused; ``code`` is the API's ``oauth_problem``.
        """
        code = (verifier or "").strip()
        if not code:
            raise ArgumentError("should be the code that the user was shown", path="verifier")
        url = self._url(self._protocol.oauth_access_token)
        consumer = self._consumer
        asking = OAuth(
            consumer.consumer_key,
            consumer.consumer_secret,
            asked.token,
            asked.secret,
            consumer.signature,
        )
        token, secret = self._pair(url, asking, verifier=code)
        return OAuth(
            consumer.consumer_key, consumer.consumer_secret, token, secret, consumer.signature
        )

    def _pair(self, url: str, signer: OAuth, **facts: str) -> tuple[str, str]:
        """The token and secret that the server gives for a signed request."""
        try:
            return _pair(self._post(url, signer.sign(url, **facts)), signer)
        except Error as error:
            scrub_error(error, {*signer.secrets(), facts.get("verifier", "")})
            raise

    def _post(self, url: str, headers: Mapping[str, str]) -> HttpResponse:
        from .transport import HttpRequest

        form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        if self._user_agent is not None:
            form["User-Agent"] = self._user_agent
        return self._transport.send(HttpRequest(url, b"", form, self._timeout))


def _pair(response: HttpResponse, auth: OAuth) -> tuple[str, str]:
    """Token and secret of a form-encoded response."""
    problem = oauth_problem(response.body, response.status, auth.secrets())
    if problem is not None:
        raise problem
    values = form_fields(response.body)
    if response.status == 200 and values.get("oauth_token") and values.get("oauth_token_secret"):
        return values["oauth_token"], values["oauth_token_secret"]
    raise UnexpectedResponseError(
        f"no token came (HTTP {response.status}): the account may not exist or not be open to the API",
        status=response.status,
    )


def oauth_flow(
    protocol: Protocol,
    variables: Mapping[str, str],
    consumer_key: str,
    consumer_secret: str,
    *,
    timeout: Timeout = 30.0,
    user_agent: str | None = None,
    url: str | None = None,
    ca: str | bool = True,
    certificate: str | tuple[str, str] | None = None,
    proxy: str | None = None,
    transport: Transport | None = None,
) -> OAuthFlow:
    """Return the three steps that end in an access token, to be given as ``auth=``.

    ``url`` names another host than that of the API; the other arguments are as those of the client.
    """
    from .client import own_user_agent
    from .options import Tls
    from .transport import RequestsTransport

    tls = Tls(ca, certificate, proxy)
    return OAuthFlow(
        protocol,
        variables,
        consumer_key,
        consumer_secret,
        transport=RequestsTransport(tls=tls) if transport is None else transport,
        timeout=timeout,
        base_url=url,
        user_agent=own_user_agent(protocol, user_agent),
    )
