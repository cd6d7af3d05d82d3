"""The guide of the client as it is printed: its blocks are one program, which runs against the sandbox."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sandbox_process import Process, sandbox_process

from ..sandbox.case_setup import ROOT
from ..sandbox.test_guide import blocks, run

GUIDE = ROOT / "docs" / "guide-client.md"
pytestmark = pytest.mark.skipif(
    not GUIDE.exists(), reason="there are no guides beside the generator here"
)
PERSON = '''
import re, requests

def input(shown):
    """The user, who opens the page, agrees, and types the code in."""
    form = {"oauth_token": asked.token, "answer": "allow", "person": "admin/1"}
    page = requests.post(asked.authorization_url.partition("?")[0], data=form, verify=ca, timeout=60)
    return re.search(r'id="verifier">(\\w+)<', page.text)[1]
'''


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with sandbox_process(tmp_path_factory.mktemp("guide"), project=ROOT) as running:
        yield running


def test_the_blocks_run_from_top_to_bottom(process: Process, tmp_path: Path) -> None:
    config = tmp_path / ".config" / "freshbooks-classic" / "config.ini"
    config.parent.mkdir(parents=True)
    config.write_text(blocks(GUIDE, "ini")[0], encoding="utf-8")
    (tmp_path / "receipt.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    url, ca = process.exported("URL"), process.exported("CA")
    base = url.partition("/api/")[0]
    home = base.rpartition("/")[0]
    key = {"X-Sandbox-Key": process.environment["SANDBOX_KEY"]}
    info = requests.get(f"{home}/__sandbox__/info", headers=key, verify=ca, timeout=60).json()
    consumer = next(iter(info["oauth"]["consumers"].items()))
    given = f"ca, consumer_key, consumer_secret = {(ca, *consumer)!r}\n"
    program = "\n".join(blocks(GUIDE, "python"))
    # The flow alone does not ask the environment which server it talks to.
    at_home = '("sample", consumer_key, consumer_secret)'
    assert program.count(at_home) == 1
    program = program.replace(at_home, f"{at_home[:-1]}, url={base!r}, ca=ca)")
    (tmp_path / "guide.py").write_text(given + PERSON + program, encoding="utf-8")
    done = run(sys.executable, "-W", "error", "guide.py", cwd=tmp_path, **process.environment)
    assert done.returncode == 0, done.stderr
    assert "INFO:freshbooks_classic:invoice.get ok http=200" in done.stderr
    assert (tmp_path / "invoice.pdf").read_bytes().startswith(b"%PDF-")
    assert process.exported("TOKEN") not in done.stdout + done.stderr
    print(done.stdout)
