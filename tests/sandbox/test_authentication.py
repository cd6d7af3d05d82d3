"""Who may call: tokens of the owner and of staff, tokens that change with the password, OAuth with its page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from requests_oauthlib import OAuth1Session

from freshbooks_classic import (
    AuthenticationError,
    FreshBooks,
    OAuth,
    OAuthFlow,
    PermissionDeniedError,
)
from xmlwright.sandbox import Sandbox


@pytest.fixture
def account(box: Sandbox, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh account by the test's name."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:60].strip("-")
    box.open(name)
    yield name
    box.close(name)


def client(box: Sandbox, account: str, auth: str | OAuth) -> FreshBooks:
    url = box.address(account)
    if isinstance(auth, str):
        return FreshBooks(account, token=auth, url=url, ca=box.ca)
    return FreshBooks(account, auth=auth, url=url, ca=box.ca)


def test_staff_get_a_token_that_acts_as_them(box: Sandbox, account: str) -> None:
    with client(box, account, box.owner_token(account)) as owner:
        number = owner.staff.create(
            first_name="Bo", email="bo@yard.example", username="bo", password="hedge-and-lawn"
        )
    token = box.tokens(account)[f"staff/{number}"]
    with client(box, account, token) as staff:
        assert staff.staff.current().staff_id == number
        with pytest.raises(PermissionDeniedError):
            staff.system.current()
        assert staff.staff.get(number).first_name == "Bo"


def test_a_new_password_is_a_new_token_and_the_old_one_is_refused(
    box: Sandbox, account: str
) -> None:
    with client(box, account, box.owner_token(account)) as owner:
        number = owner.staff.create(
            first_name="Bo", email="bo@yard.example", username="bo", password="hedge-and-lawn"
        )
        old = box.tokens(account)[f"staff/{number}"]
        owner.staff.update(number, first_name="Bob")
        assert box.tokens(account)[f"staff/{number}"] == old
        owner.staff.update(number, username="bo", password="other-than-before")
        new = box.tokens(account)[f"staff/{number}"]
        with client(box, account, old) as gone, pytest.raises(AuthenticationError) as met:
            gone.staff.current()
        assert (met.value.code, met.value.status) == ("20010", 401)
        with client(box, account, new) as staff:
            assert staff.staff.current().first_name == "Bob"
        owner.staff.delete(number)
        with client(box, account, new) as gone, pytest.raises(AuthenticationError):
            gone.staff.current()


def test_a_token_is_good_for_its_account_only(box: Sandbox, account: str) -> None:
    with client(box, account, box.token) as stranger, pytest.raises(AuthenticationError):
        stranger.task.list().total  # noqa: B018 - a call


class Flow:
    """The three steps by hand, as a browser and a program take them."""

    def __init__(self, box: Sandbox, account: str) -> None:
        self.box, self.account = box, account
        info = box.control.info()["oauth"]["consumers"]
        self.key, self.secret = next(iter(info.items()))
        self.session = requests.Session()
        self.session.verify, self.session.trust_env = box.ca, False

    def by_client(self) -> OAuthFlow:
        """The same steps by the generated client."""
        base = f"{self.box.base_url}/{self.account}"
        return FreshBooks.oauth(self.account, self.key, self.secret, url=base, ca=self.box.ca)

    def url(self, page: str) -> str:
        return f"{self.box.base_url}/{self.account}/oauth/{page}.php"

    def agree(
        self, token: str, answer: str = "allow", person: str = "admin/1"
    ) -> requests.Response:
        form = {"oauth_token": token, "answer": answer, "person": person}
        return self.session.post(
            self.url("oauth_authorize"), data=form, allow_redirects=False, timeout=60
        )


@pytest.fixture
def flow(box: Sandbox, account: str) -> Iterator[Flow]:
    made = Flow(box, account)
    yield made
    made.session.close()


def test_the_generated_client_goes_all_the_way(box: Sandbox, account: str, flow: Flow) -> None:
    with flow.by_client() as steps:
        asked = steps.request_token()
        page = flow.session.get(asked.authorization_url, timeout=60).text
        assert account in page
        assert 'value="admin/1"' in page
        code = re.search(r'id="verifier">(\w+)<', flow.agree(asked.token).text)
        assert code
        with pytest.raises(AuthenticationError) as met:
            steps.access_token(asked, "0000000000")
        assert met.value.code == "verifier_invalid"
        auth = steps.access_token(asked, code[1])
        with pytest.raises(AuthenticationError) as met:  # the request token is used up
            steps.access_token(asked, code[1])
        assert met.value.code == "token_rejected"
    with client(box, account, auth) as program:
        assert program.task.create(name="Hedges")
        assert program.staff.current().staff_id
    other = OAuth(flow.key, flow.secret, auth.token, "wrong-secret")
    with client(box, account, other) as program, pytest.raises(AuthenticationError):
        program.task.list().total  # noqa: B018 - a call


@pytest.mark.parametrize("signature", ["PLAINTEXT", "HMAC-SHA1", "HMAC-SHA256"])
def test_a_client_of_another_make_goes_all_the_way(
    box: Sandbox, account: str, flow: Flow, signature: str
) -> None:
    callback = "http://127.0.0.1:1/back?x=1"
    with OAuth1Session(
        flow.key, flow.secret, callback_uri=callback, signature_method=signature
    ) as program:
        program.verify, program.trust_env = box.ca, False
        asked = program.fetch_request_token(flow.url("oauth_request"))
        assert asked["oauth_callback_confirmed"] == "true"
        back = flow.agree(asked["oauth_token"]).headers["Location"]
        assert back.startswith(f"{callback}&")
        program.parse_authorization_response(back)
        program.fetch_access_token(flow.url("oauth_access"))
        answer = program.post(
            box.address(account),
            data='<request method="task.list"/>',
            headers={"Content-Type": "application/xml"},
        )
        assert 'status="ok"' in answer.text


def test_somebody_who_denies_gives_nothing(box: Sandbox, account: str, flow: Flow) -> None:
    with flow.by_client() as steps:
        asked = steps.request_token("http://127.0.0.1:1/back")
        with pytest.raises(AuthenticationError) as met:
            steps.access_token(asked, "too-early")
        assert met.value.code == "permission_unknown"
        back = flow.agree(asked.token, "deny").headers["Location"]
        assert dict(parse_qsl(urlsplit(back).query))["oauth_problem"] == "user_refused"
        with pytest.raises(PermissionDeniedError):
            steps.access_token(asked, "anything")


@pytest.mark.parametrize(
    ("key", "secret", "problem"),
    [("nobody", None, "consumer_key_unknown"), (None, "wrong", "signature_invalid")],
)
def test_a_consumer_that_is_not_known_gets_no_token(
    box: Sandbox, account: str, flow: Flow, key: str | None, secret: str | None, problem: str
) -> None:
    flow.key, flow.secret = key or flow.key, secret or flow.secret
    with flow.by_client() as steps:
        with pytest.raises(AuthenticationError) as met:
            steps.request_token()
    assert (met.value.code, met.value.status) == (problem, 401)


def test_a_request_that_was_sent_before_is_refused(box: Sandbox, account: str, flow: Flow) -> None:
    header = (
        f'OAuth oauth_consumer_key="{flow.key}", oauth_signature_method="PLAINTEXT",'
        f' oauth_signature="{flow.secret}%26", oauth_timestamp="1", oauth_nonce="once"'
    )
    for status, part in ((200, "oauth_token="), (401, "oauth_problem=nonce_used")):
        answer = flow.session.post(
            flow.url("oauth_request"), headers={"Authorization": header}, timeout=60
        )
        assert (answer.status_code, part in answer.text) == (status, True)


def test_the_page_takes_nothing_but_an_open_question(
    box: Sandbox, account: str, flow: Flow
) -> None:
    page = flow.url("oauth_authorize")
    assert flow.session.get(page, params={"oauth_token": "nothing"}, timeout=60).status_code == 400
    assert flow.agree("nothing").status_code == 400
    header = {
        "Authorization": f'OAuth oauth_consumer_key="{flow.key}", oauth_signature_method="PLAINTEXT", oauth_signature="{flow.secret}%26"'
    }
    asked = dict(
        parse_qsl(flow.session.post(flow.url("oauth_request"), headers=header, timeout=60).text)
    )
    assert flow.agree(asked["oauth_token"], person="nobody/7").status_code == 400
    assert flow.agree(asked["oauth_token"], answer="maybe").status_code == 400
    shown = flow.session.get(page, params={"oauth_token": asked["oauth_token"]}, timeout=60)
    assert "frame-ancestors 'none'" in shown.headers["Content-Security-Policy"]
    assert flow.agree(asked["oauth_token"]).status_code == 200
    assert flow.agree(asked["oauth_token"]).status_code == 400


def test_an_account_that_is_not_there_redirects_as_the_service_did(
    box: Sandbox, flow: Flow
) -> None:
    url = f"{box.base_url}/nobody/oauth/oauth_request.php"
    assert flow.session.post(url, allow_redirects=False, timeout=60).status_code == 302
