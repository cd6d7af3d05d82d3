"""Several versions of a site in one folder: the list of them, and an index page that leads to the newest."""

from __future__ import annotations

import json
from pathlib import Path

from ..pipeline import manifest
from .links import natural


def write(folder: Path, *, absolute: bool) -> None:
    """Write ``versions.js``, which every page of every version reads, and ``index.html``.

    Args:
        folder: Holds a folder for each version; there is at least one.
        absolute: Whether ``404.html`` of a version has absolute addresses, and so serves the whole folder.
    """
    found = sorted(
        (path.parent for path in folder.glob(f"*/{manifest.NAME}")),
        key=lambda path: natural(path.name),
        reverse=True,
    )
    versions = {
        path.name: sorted(page.relative_to(path).as_posix() for page in path.rglob("*.html"))
        for path in found
    }
    text = f"window.siteVersions = {json.dumps([*versions.items()], separators=(',', ':'))};\n"
    (folder / "versions.js").write_text(text, encoding="utf-8")
    newest = found[0].name
    index = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Documentation</title>\n<link rel="icon" href="data:,">\n'
        f'<meta http-equiv="refresh" content="0; url={newest}/index.html">\n</head>\n'
        f'<body><p><a href="{newest}/index.html">{newest}</a></p></body>\n</html>\n'
    )
    (folder / "index.html").write_text(index, encoding="utf-8")
    if absolute:
        (folder / "404.html").write_bytes((folder / newest / "404.html").read_bytes())
