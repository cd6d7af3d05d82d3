"""Certificates of the sandbox: an authority of its own, and a certificate for whatever name it is called by."""

from __future__ import annotations

import contextlib
import os
import ssl
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import trustme

NAMES: Final = ("localhost", "*.localhost", "127.0.0.1", "::1")
_VALID: Final = timedelta(days=397)
_MOST_NAMES: Final = 200
_CERTIFICATE: Final = "ca.pem"
_KEPT: Final = "authority.pem"
"""The key and the certificate, for the owner alone."""


class CertificateAuthority:
    """Makes the certificates. With a folder that outlives it, clients that trust it go on doing so."""

    def __init__(self, folder: Path) -> None:
        """Create ``ca.pem``, for clients, and ``authority.pem``, for the owner only, in a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / _CERTIFICATE
        self._ca = _kept(folder)
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
        """Choose the certificate for the name that a client asks for."""
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


def _kept(folder: Path) -> trustme.CA:
    """Return the authority whose key is in the folder. Of several sandboxes that make one at a time all take the first."""
    path = folder / _KEPT
    ca = _load(path)
    if ca is None:
        import trustme

        made = trustme.CA(organization_name="sandbox", organization_unit_name="xmlwright sandbox")
        content = made.private_key_pem.bytes() + made.cert_pem.bytes()
        _write(path, content, 0o600, replace=path.exists())
        ca = _load(path) or made
    _write(folder / _CERTIFICATE, ca.cert_pem.bytes(), 0o644, replace=True)
    return ca


def _load(path: Path) -> trustme.CA | None:
    import trustme

    try:
        content = path.read_bytes()
        place = content.index(b"-----BEGIN CERTIFICATE")
        return trustme.CA.from_pem(content[place:], content[:place])
    except (OSError, ValueError, TypeError):
        return None


def _write(path: Path, content: bytes, mode: int, *, replace: bool) -> None:
    """Let a file appear whole; one that is there stays unless it is to be replaced."""
    part = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    try:
        if not replace:
            os.link(part, path)
            part.unlink()
            return
    except FileExistsError:
        part.unlink()
        return
    except OSError:  # no hard links here
        pass
    os.replace(part, path)
