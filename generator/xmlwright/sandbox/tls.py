"""Certificates of the sandbox: an authority of its own, and a certificate for whatever name it is called by."""

from __future__ import annotations

import contextlib
import os
import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import trustme

NAMES: Final = ("localhost", "*.localhost", "127.0.0.1", "::1")
_VALID: Final = timedelta(days=397)
_MOST_NAMES: Final = 200
_CERTIFICATE: Final = "ca.pem"
_KEY: Final = "ca-key.pem"


class Authority:
    """Makes the certificates. With a folder that outlives it, clients that trust it go on doing so."""

    def __init__(self, folder: Path) -> None:
        """``folder`` gets ``ca.pem``, for clients, and its key, which only the owner can read."""
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / _CERTIFICATE
        self._ca = _load(folder) or _make(folder)
        self._contexts: dict[str, ssl.SSLContext] = {}
        self.context = self._issue(*NAMES)
        self.context.sni_callback = self._choose

    def _issue(self, *names: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        until = datetime.now(timezone.utc) + _VALID  # some clients refuse what is good for longer
        self._ca.issue_cert(*names, not_after=until).configure_cert(context)
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _choose(self, connection: Any, name: str | None, context: ssl.SSLContext) -> None:
        """The client called the server by ``name``, such as that of an account."""
        if name is None or name == "localhost" or name.endswith(".localhost"):
            return
        known = self._contexts.get(name)
        if known is None:
            if len(self._contexts) >= _MOST_NAMES:
                self._contexts.clear()
            with contextlib.suppress(
                Exception
            ):  # no name that a certificate can have: the client will say so
                known = self._contexts[name] = self._issue(name)
        if known is not None:
            connection.context = known


def _load(folder: Path) -> trustme.CA | None:
    import trustme

    try:
        return trustme.CA.from_pem(
            (folder / _CERTIFICATE).read_bytes(), (folder / _KEY).read_bytes()
        )
    except (OSError, ValueError, TypeError):
        return None


def _make(folder: Path) -> trustme.CA:
    import trustme

    ca = trustme.CA(organization_name="sandbox", organization_unit_name="xmlwright sandbox")
    # Each file appears whole, the key first and only to its owner, whatever else was there.
    _write(folder / _KEY, ca.private_key_pem.bytes(), 0o600)
    _write(folder / _CERTIFICATE, ca.cert_pem.bytes(), 0o644)
    return ca


def _write(path: Path, content: bytes, mode: int) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    os.replace(part, path)
