"""The synchronous client, and what it has in common with the asynchronous one."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from .errors import ApiError, ConfigurationError, Error, OutcomeUnknownError
from .request import Request

# The rest of the machinery is imported by the first client and the first call: programs that only build requests, or
# show their help, start without it.
if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .auth import Auth
    from .credentials import Credentials
    from .engine import Pause, Setup, SignIn, Step
    from .hooks import Hook, RawResponse
    from .options import OptionChanges, Options, Timeout, Tls
    from .protocol import Protocol
    from .record import Record
    from .registry import MethodRegistry
    from .retry import RetryPolicy
    from .session import Session
    from .transport import HttpRequest, Transport

T = TypeVar("T")
S = TypeVar("S", bound="BaseClient")
C = TypeVar("C", bound="Client")


class BaseClient:
    """What the synchronous and the asynchronous client have in common: how they are set up."""

    protocol: ClassVar[Protocol]

    def __init__(
        self,
        variables: Mapping[str, str | None],
        credentials: Mapping[str, str | None],
        *,
        auth: Auth | None = None,
        timeout: Timeout = 30.0,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        validate: bool | None = True,
        hooks: Sequence[Hook] | None = (),
        user_agent: str | None = None,
        url: str | None = None,
        ca: str | bool | None = True,
        certificate: str | tuple[str, str] | None = None,
        proxy: str | None = None,
        transport: Any = None,
    ) -> None:
        """Set up a client.

        Args:
            variables: options that are part of the URL.
            credentials: what says who is calling.
            auth: what signs each request: an ``OAuth``, or a callable that sees the request and returns headers. It
                takes the place of credentials that are not given.
            timeout: seconds to connect and to wait for each part of a response; two numbers for one each.
            deadline: seconds for a whole call, repetitions and waits included.
            retry: when a call is repeated; by default up to three attempts where that cannot do anything twice.
            validate: check limits and words of the description before sending.
            hooks: objects with ``before`` and ``after``, such as a ``Recorder``.
            user_agent: name of your program, put before the library's own.
            url: another address than that of the service, such as a sandbox; plain HTTP only on loopback.
            ca: path of a CA bundle, or False to trust any server (tests only).
            certificate: path of a client certificate with its key, or the paths of both.
            proxy: address of a proxy; by default as the environment says.
            transport: anything that can send HTTP requests, in place of the library used by default.

        Raises:
            ConfigurationError: an option or the address cannot work.
        """
        from .options import Options, Tls, checked_url, filled_url
        from .retry import Backoff

        protocol = self.protocol
        self._variables = _chosen(protocol, variables)
        self._credentials = _credentials(protocol, credentials, auth)
        if auth is not None and not callable(auth):
            raise ConfigurationError(
                f"auth should be callable with a request; {type(auth).__name__} is not"
            )
        address = filled_url(protocol.url, self._variables) if url is None else url
        self.url = checked_url(address)
        self.options = Options(
            timeout,
            deadline,
            Backoff() if retry is None else retry,
            True if validate is None else validate,
            hooks or (),
        )
        tls = Tls(True if ca is None else ca, certificate, proxy)
        self._auth = auth
        self._session: Session | None = None
        if protocol.session is not None:
            from .session import session_of

            self._session = session_of(protocol, self._variables, self._credentials)
        self._user_agent = own_user_agent(protocol, user_agent)
        self._transport: Any = self._made(tls) if transport is None else transport
        self._original: BaseClient | None = None
        self._closed = False

    @classmethod
    def registry(cls) -> MethodRegistry:
        """The methods by name, imported when first needed."""
        raise NotImplementedError  # pragma: no cover - the generated client has it

    def _made(self, tls: Tls) -> Any:
        raise NotImplementedError  # pragma: no cover - each client makes its own

    if TYPE_CHECKING:  # each client says what it takes

        @classmethod
        def from_env(cls: type[S], *args: Any, **options: Any) -> S:
            """Return a client that is set up by its environment."""
            ...

    else:

        @classmethod
        def from_env(
            cls: type[S],
            profile: str | None = None,
            *,
            config: str | os.PathLike[str] | None = None,
            **explicit: Any,
        ) -> S:
            """Return a client that is set up by environment variables and a configuration file.

            What is given here comes first (None counts as not given, except as ``timeout``), then the environment:
            a variable for each option, its name in capitals after the prefix of the API, such as ``PREFIX_URL``. Then comes
            the profile (``PREFIX_PROFILE``, else ``default``) of the configuration file (``PREFIX_CONFIG``, else in the
            user's configuration folder), then the defaults.

            Raises:
                ConfigurationError: a required option is missing, or a value is invalid.
            """
            from .environment import from_environment

            return cls(**from_environment(cls.protocol, explicit, profile, config))

    def with_options(self: S, **changes: Unpack[OptionChanges]) -> S:
        """A copy with other options (timeout, deadline, retry, validate, hooks) that shares the connections.

        Closing a copy closes nothing but the copy; closing the original closes its copies too.

        Raises:
            ConfigurationError: there is no such option, or it cannot have that value.
        """
        return self._copied(self.options.changed(changes))

    def with_deadline(self: S, seconds: float) -> S:
        """A copy whose calls have so many seconds together, from now on, such as all pages of a list.

        What is not done by then ends in DeadlineExceededError, or in OutcomeUnknownError. Each call keeps its own ``deadline``
        too; a copy of the copy cannot have more time.

        ::

            for row in client.with_deadline(60).task.list(): ...

        Raises:
            ConfigurationError: ``seconds`` is no number above 0.
        """
        return self._copied(self.options.with_deadline(seconds))

    def _copied(self: S, options: Options) -> S:
        copy = type(self).__new__(type(self))
        for name, value in self.__dict__.items():
            # A resource that was used is cached, bound to this client.
            if not isinstance(getattr(type(self), name, None), cached_property):
                copy.__dict__[name] = value
        copy.options = options
        copy._original = self._original or self
        copy._closed = False
        return copy

    @property
    def closed(self) -> bool:
        """Whether no more calls can be made."""
        return self._closed or (self._original is not None and self._original._closed)

    def __repr__(self) -> str:
        given = "".join(f"{name}={value!r}, " for name, value in self._variables.items())
        return f"{type(self).__name__}({given}url={getattr(self, 'url', None)!r})"  # also while it is made

    def __reduce__(self) -> Any:
        raise TypeError(
            f"a {type(self).__name__} holds connections and a secret, and is not pickled"
        )

    def _setup(self) -> Setup:
        if self.closed:
            raise ConfigurationError("the client is closed; make another one")
        from .engine import Setup

        return Setup(
            self.protocol,
            self._variables,
            self.url,
            self._credentials,
            self._auth,
            self._user_agent,
            self.options,
            self._session is not None,
        )

    def _sign_in_request(self, session: Session) -> Request[Any]:
        """Return the call that begins a session."""
        request: Request[Any] = self.registry().build(session.rule.call, session.arguments())
        return request

    def _sign_out_request(self) -> Request[Any] | None:
        """Return the call that ends the session; None where there is nothing to end."""
        session = self._session
        if session is None or not session.values or session.rule.ends is None or self.closed:
            return None
        request: Request[Any] = self.registry().build(session.rule.ends, {})
        return request

    def explain(self, request: Request[Any]) -> str:
        """What sending ``request`` would do, without sending it: the document, redacted, and what is known of the method."""
        from .redact import redact_request, secrets_of

        endpoint = request.endpoint
        secrets = self._setup().secrets() | secrets_of(endpoint.arguments, request.values)
        repeat = {
            "safe": "changes nothing, and is repeated when it fails",
            "idempotent": "is repeated when it fails: doing it twice changes nothing more",
            "ambiguous": "is repeated only where it certainly was not done",
        }[request.retry]
        target = self.url
        verb, message = "POST", [""]
        if request.http is not None:
            from .messages import shown_request
            from .outgoing import joined

            message = shown_request(request, secrets).split("\n")
            verb, _, below = message[0].partition(" ")
            target = joined(self.url, below)
        lines = [f"{verb} {target}", f"{request.method}: {repeat}"]
        if endpoint.callers:
            lines.append(f"for {endpoint.callers}")
        if self.protocol.documentation:
            lines.append(self.protocol.documentation)
        lines += [f"with the file {part.upload!r}" for part in request.parts]
        lines += [f"problem: {problem}" for problem in endpoint.problems(request.values)]
        if request.http is not None:
            lines += message[1:]
        else:
            lines.append(redact_request(endpoint, request.xml, secrets))
        return "\n".join(lines)


class Client(BaseClient):
    """Base of the generated client. One object may be used by any number of threads."""

    def _made(self, tls: Tls) -> Transport:
        from .transport import RequestsTransport

        return RequestsTransport(tls=tls)

    def __enter__(self: C) -> C:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, unless this is a copy made by :meth:`with_options`: they are the original's."""
        if self._original is None:
            self._sign_out()
            self._transport.close()
        self._closed = True

    def _sign_out(self) -> None:
        request = self._sign_out_request()
        if request is not None:
            with contextlib.suppress(Error):  # the session then ends by itself
                self.send(request)

    def _signed_in(self, stale: Mapping[str, str] | None) -> Mapping[str, str]:
        """Return the credentials of the session, after signing in where there is none."""
        session = self._session
        assert session is not None
        with session.lock:
            values: Mapping[str, str] | None = session.values
            if values is not None and values is not stale:
                return values
            fresh: Mapping[str, str] = session.keep(self.send(self._sign_in_request(session)))
            return fresh

    def send(self, request: Request[T]) -> T:
        """Send one request and return its value.

        Raises:
            ArgumentError: an argument breaks a limit; nothing was sent.
            ApiError: the API refused the call; the class says why.
            TransportError: no usable response came.
            OutcomeUnknownError: the call may or may not have been done, and must not be repeated blindly.
        """
        from .engine import run_call

        return self._driven(run_call(request, self._setup()))

    def send_raw(self, request: Request[T]) -> RawResponse[T]:
        """As :meth:`send`, with the response that the value was read from: status, headers and bytes, not redacted."""
        from .engine import run_call_with_info

        value, call = self._driven(run_call_with_info(request, self._setup()))
        return call.with_value(value)

    def _driven(self, steps: Step[T]) -> T:
        """Do what a call asks for until it has a value."""
        from .engine import Pause, SignIn

        step: HttpRequest | Pause | SignIn = next(steps)
        while True:
            try:
                if isinstance(step, Pause):
                    time.sleep(step.seconds)
                    step = next(steps)
                    continue
                try:
                    came: object
                    if isinstance(step, SignIn):
                        came = self._signed_in(step.stale)
                    else:
                        came = self._transport.send(step)
                except Exception as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(came)
            except StopIteration as done:
                value: T = done.value
                return value

    def call(self, method: str, arguments: dict[str, Any] | None = None) -> Any:
        """Call a method by its name on the wire. Raises ArgumentError for one that is not described."""
        request = self.registry().build(method, arguments or {})
        del arguments  # so that no traceback of a failure shows them
        return self.send(request)

    def reconcile(self, error: OutcomeUnknownError) -> list[Record]:
        """Records that are as the call of ``error`` would have made them; empty where none is.

        An equal record that was there before the call is found too.

        Raises:
            ConfigurationError: the API has no list to look the record up in.
        """
        from .reconcile import search

        steps = search(self.registry(), error)
        request = next(steps)
        while True:
            try:
                try:
                    value = self.send(request)
                except ApiError as failure:
                    request = steps.throw(failure)
                else:
                    request = steps.send(value)
            except StopIteration as done:
                found: list[Record] = done.value
                return found


def _chosen(protocol: Protocol, given: Mapping[str, str | None]) -> dict[str, str]:
    """Return the options that are part of the URL, with their defaults."""
    from .credentials import checked_option

    return {
        option.name: checked_option(option, given.get(option.name), protocol)
        for option in protocol.variables
    }


def _credentials(
    protocol: Protocol, given: Mapping[str, str | None], auth: Auth | None
) -> Credentials | None:
    """Return what says who is calling; None where ``auth`` does it alone."""
    from .credentials import Credentials

    if protocol.signer and auth is None:
        raise ConfigurationError(
            "requests of this API are signed: pass auth=, a callable that returns the headers of a request"
        )
    if auth is not None and not any(value is not None for value in given.values()):
        needed = [option for option in protocol.credentials if option.default is None]
        if needed or not protocol.credentials:
            return None
    elif auth is not None and not protocol.signer:
        names = ", ".join(name for name, value in given.items() if value is not None)
        raise ConfigurationError(f"give {names} or auth, not both")
    return Credentials(protocol, given)


def own_user_agent(protocol: Protocol, application: object) -> str:
    """The User-Agent header: the name of the application, if it has one, before that of the library.

    Raises:
        ConfigurationError: the name cannot stand in a header.
    """
    import platform  # slow to import

    python = ".".join(map(str, sys.version_info[:2]))
    own = f"{protocol.package}/{protocol.version} (Python {python}; {platform.system()})"
    if application is None:
        return own
    if (
        not isinstance(application, str)
        or not application.isprintable()
        or not application.isascii()
    ):
        raise ConfigurationError("user_agent should be printable ASCII, such as 'shop/1.2'")
    return f"{application.strip()} {own}".strip()
