"""An environment without settings, so that tests of the client see only what they set."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_MEANT_FOR_HTTP = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "netrc")
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture
def quiet_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Remove settings, proxies and bundles from the environment, and return an empty home folder."""
    for name in list(os.environ):
        if name.startswith("FRESHBOOKS_") or name.lower() in _MEANT_FOR_HTTP or name in _BUNDLES:
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return home
