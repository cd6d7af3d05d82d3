"""Sites of APIs with verbs, paths, parameters and several credentials, or none."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import doc_sites
import pytest
import rest_project

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rest")
    rest_project.make(folder)
    return doc_sites.made(folder, folder / "site")


def page(site: Path, name: str) -> str:
    return (site / "methods" / f"{name}.md").read_text(encoding="utf-8")


def test_a_method_page_shows_verb_path_places_and_statuses(site: Path) -> None:
    text = page(site, "member.block")
    assert "PUT /members/{code}/block" in text
    assert "path:code" in text
    assert "X-Api-Version: 2.29" in text
    assert "Success: `201`" in page(site, "member.create")
    assert "query:active" in page(site, "member.list")


def test_requests_and_responses_are_shown_as_http(site: Path) -> None:
    text = page(site, "member.create")
    assert "\nPOST /v2/members\nX-Api-Version: 2.29\n" in text
    assert "\nHTTP/1.1 201 Created\n" in text


def test_curl_commands_have_placeholders_for_credentials(site: Path) -> None:
    command = page(site, "member.get").partition("```sh\n")[2].partition("```")[0]
    assert '--user "${CLUBS_API_KEY}:"' in command
    assert '"${CLUBS_URL:-https://${CLUBS_REGION:-eu}.example.com/v2}/members/' in command
    assert "--data" not in command
    created = page(site, "member.create").partition("```sh\n")[2].partition("```")[0]
    assert "--data-binary @-" in created
    assert "<member>" in created


def test_options_and_failures_are_on_their_pages(site: Path) -> None:
    names = (site / "python.md").read_text(encoding="utf-8")
    assert "CLUBS_REGION" in names
    assert "CLUBS_API_KEY" in names
    errors = (site / "errors.md").read_text(encoding="utf-8")
    assert "Failures by status" in errors
    assert "errors/error (repeated)" in errors
    assert not list(doc_sites.broken(site))


def test_an_api_without_credentials_says_so(tmp_path: Path) -> None:
    rest_project.make(tmp_path)
    path = tmp_path / "schema" / "api.yaml"
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"credentials: .*\nauthentication: .*\n", "authentication: none\n", text)
    path.write_text(text, encoding="utf-8")
    site = doc_sites.made(tmp_path, tmp_path / "site")
    assert "no credentials" in (site / "authentication.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*")))
def test_the_site_of_each_example_is_whole(tmp_path: Path, name: str) -> None:
    site = doc_sites.made(EXAMPLES / name, tmp_path / "site")
    assert not list(doc_sites.broken(site))
    for path in sorted(site.glob("methods/*.md"))[:5]:
        command = path.read_text(encoding="utf-8").partition("```sh\n")[2].partition("```")[0]
        checked = subprocess.run(["bash", "-n"], input=command, text=True, env=dict(os.environ))
        assert command
        assert checked.returncode == 0, command
