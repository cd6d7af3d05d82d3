"""Files of a new project: a small description that is complete and works at once."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..naming import cap_words, snake

DIALECTS: Final = {
    "xml": "one address; each call POSTs a document that names the method",
    "paths": "verbs and paths, such as GET /notes/7",
    "parameters": "parameters of the query in, a document out",
}
CREDENTIALS: Final = {
    "basic": "HTTP basic authentication with a user and a password",
    "header": "a key in a header",
    "parameter": "a key in a parameter of the query",
    "none": "no credentials",
}
COMMANDS: Final = (
    ("xmlwright build", "write the client to generated/"),
    ("python -m pip install -e './generated[test]'", "install it, with what its tests need"),
    ("python -m pytest -q generated", "run its tests"),
    ("xmlwright sandbox", "serve the API on this machine until Ctrl-C"),
)
"""What to do next, and why."""
_FILES: Final = {
    "pyproject.toml": "pyproject.toml.jinja",
    "README.md": "README.md.jinja",
    "schema/api.yaml": "api.yaml.jinja",
    "schema/resources/note.yaml": "note.yaml.jinja",
    "schema/resources/note.cases.yaml": "note.cases.yaml.jinja",
}


@dataclass(frozen=True, slots=True)
class ProjectNames:
    """The names of an API that its project needs."""

    api: str
    title: str
    package: str
    client: str

    @staticmethod
    def of(name: str) -> ProjectNames:
        """Derive the names from what a user calls the API, such as ``Acme Books``.

        Raises:
            ValueError: The name has no word that begins with a letter.
        """
        words = re.findall(r"[A-Za-z0-9]+", name)
        api = snake("_".join(words)).strip("_")
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", api):
            raise ValueError(
                f"{name!r} gives no Python name; use words of ASCII letters and digits that begin with a letter"
            )
        client = cap_words(api)
        if keyword.iskeyword(client):  # None, True, False
            client += "Client"
        title = " ".join(name.split())
        return ProjectNames(api, f"{title} API", f"{api}_client", client)


def settings_file(names: ProjectNames) -> str:
    """Return the pyproject.toml of a new project."""
    return _environment().get_template("pyproject.toml.jinja").render(package=names.package)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__name__, "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters["quoted"] = _quoted
    return environment


def project_files(names: ProjectNames, dialect: str, credentials: str, url: str) -> dict[str, str]:
    """Return path -> text of the files of a new project."""
    environment = _environment()
    values: Mapping[str, object] = {
        "api": names.api,
        "title": names.title,
        "package": names.package,
        "client": names.client,
        "dialect": dialect,
        "credentials": credentials,
        "url": url,
        "commands": COMMANDS,
    }
    return {path: environment.get_template(name).render(values) for path, name in _FILES.items()}


def _quoted(text: str) -> str:
    """Return text as a string that YAML and TOML both read."""
    return json.dumps(text, ensure_ascii=False)
