"""Several versions of a site in one folder: the list of them, and an index page that leads to the newest."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ..pipeline import manifest


def write(folder: Path, latest_written: str, *, absolute: bool) -> None:
    """Write ``versions.js``, which every page of every version reads, and ``index.html``.

    Args:
        folder: Holds a folder for each version.
        latest_written: The version that was just written.
        absolute: Whether ``404.html`` of a version has absolute addresses, and so serves the whole folder.
    """
    found = sorted(
        (path.parent for path in folder.glob(f"*/{manifest.NAME}")),
        key=lambda path: _natural(path.name),
        reverse=True,
    )
    versions = {
        path.name: sorted(page.relative_to(path).as_posix() for page in path.rglob("*.html"))
        for path in found
    }
    text = f"window.siteVersions = {json.dumps([*versions.items()], separators=(',', ':'))};\n"
    (folder / "versions.js").write_text(text, encoding="utf-8")
    newest = found[0].name if found else latest_written
    index = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Documentation</title>\n<link rel="icon" href="data:,">\n'
        f'<meta http-equiv="refresh" content="0; url={newest}/index.html">\n</head>\n'
        f'<body><p><a href="{newest}/index.html">{newest}</a></p></body>\n</html>\n'
    )
    (folder / "index.html").write_text(index, encoding="utf-8")
    if absolute:
        (folder / "404.html").write_bytes((folder / newest / "404.html").read_bytes())


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a sort key that puts 2.9 before 2.10."""
    return [
        (int(part), "") if part.isdigit() else (-1, part)
        for part in re.split(r"(\d+)", name)
        if part
    ]
