"""HTTP server for previewing the site."""

from __future__ import annotations

import functools
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = {  # noqa: RUF012 - the base class has it so
        "": "application/octet-stream",
        ".html": "text/html; charset=utf-8",
        ".md": "text/markdown; charset=utf-8",
        ".txt": "text/plain; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json",
    }

    def log_message(self, format: str, *args: object) -> None:
        return

    def send_head(self):  # type: ignore[no-untyped-def]
        """Send Markdown to clients that accept ``text/markdown``."""
        if "text/markdown" in self.headers.get("Accept", ""):
            path = self.path.partition("?")[0]
            path = f"{path}index.html" if path.endswith("/") else path
            if (
                path.endswith(".html")
                and Path(self.translate_path(path)).with_suffix(".md").is_file()
            ):
                self.path = path.removesuffix(".html") + ".md"
        return super().send_head()

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()


def server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """Return a server of a folder on 127.0.0.1; port 0 selects a free port. Raises OSError."""
    return ThreadingHTTPServer(
        ("127.0.0.1", port), functools.partial(_Handler, directory=str(folder))
    )
