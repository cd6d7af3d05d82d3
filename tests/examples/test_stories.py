"""A story of each example, told by its generated client to the sandbox of its description."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from example_clients import ExampleClient

from xmlwright.sandbox.server_thread import Sandbox

Clients = Callable[[str], ExampleClient]
Sandboxes = Callable[[str], Sandbox]

CARD = {"credit_card": {"card_number": "4111111111111111", "expiration_date": "2031-10"}}
CONTACT = {
    "first_name": "Ada",
    "last_name": "Pine",
    "address1": "4 Mill Lane",
    "city": "Ely",
    "state_province": "Cambs",
    "postal_code": "CB7 4DL",
    "country": "GB",
    "phone": "+44.1353000111",
    "email_address": "ada@greenfield.example",
}
CONTACTS = dict.fromkeys(("registrant", "tech", "admin", "aux_billing"), CONTACT)


class Story:
    """A client of an example, the sandbox that it talks to, and the errors of its package."""

    def __init__(self, generated: ExampleClient, box: Sandbox, kind: str, **options: Any) -> None:
        self.errors: Any = generated.package
        self.box = box
        self._generated, self._kind, self._options = generated, kind, options
        self.client: Any = self.other()

    def other(self, **options: Any) -> Any:
        """Return a further client, with other options."""
        return self._generated.connected(self.box, self._kind, **{**self._options, **options})

    def fault(self, rule: str) -> None:
        """Let something go wrong, and forget what went wrong before."""
        self.box.control.clear_faults()
        self.box.control.add_fault(rule)

    def times(self, method: str) -> int:
        """Return how often a method was called."""
        return sum(call["method"] == method for call in self.box.control.requests())


# one address, a root for each method


@pytest.fixture
def payments(example_client: Clients, sandbox_of: Sandboxes) -> Iterator[Story]:
    example = "authorize-net"
    story = Story(example_client(example), sandbox_of(example), "AuthorizeNet")
    with story.client:
        yield story


def test_customers_and_subscriptions(payments: Story) -> None:
    client, errors = payments.client, payments.errors
    client.merchant.authenticate_test()
    with pytest.raises(errors.AuthenticationError) as refused:
        payments.other(transaction_key="wrong").merchant.authenticate_test()
    assert (refused.value.code, refused.value.status) == ("E00007", 200)

    made = client.customer_profile.create(
        profile={"merchant_customer_id": "M-1", "email": "ada@greenfield.example"}
    )
    identity = made.customer_profile_id
    with pytest.raises(errors.ValidationError) as invalid:
        payments.other(validate=False).customer_profile.create(
            profile={"merchant_customer_id": "M" * 21}
        )
    assert invalid.value.code == "E00003"
    client.customer_profile.update(
        profile={"customer_profile_id": identity, "email": "new@greenfield.example"}
    )
    found = client.customer_profile.get(customer_profile_id=identity).profile
    assert (found.merchant_customer_id, found.email) == ("M-1", "new@greenfield.example")
    client.customer_profile.delete(customer_profile_id=identity)
    with pytest.raises(errors.NotFoundError):
        client.customer_profile.get(customer_profile_id=identity)

    numbers = [
        client.subscription.create(
            subscription={"name": f"S{number}", "amount": "5.00", "payment": CARD}
        ).subscription_id
        for number in range(7)
    ]
    listed = client.subscription.list(search_type="subscriptionActive", limit=2)
    assert [len(page) for page in listed.pages()] == [2, 2, 2, 1]
    assert [row.id for row in listed] == numbers


def test_the_order_of_elements_matters(payments: Story) -> None:
    credentials = payments.box.credentials()
    keys = (
        f"<merchantAuthentication><name>{credentials['login']}</name>"
        f"<transactionKey>{credentials['transaction_key']}</transactionKey></merchantAuthentication>"
    )
    right = "<refId>1</refId><customerProfileId>7</customerProfileId>"
    wrong = "<customerProfileId>7</customerProfileId><refId>1</refId>"
    codes = []
    for inside in (right, wrong):
        document = (
            '<getCustomerProfileRequest xmlns="AnetApi/xml/v1/schema/AnetApiSchema.xsd">'
            f"{keys}{inside}</getCustomerProfileRequest>"
        )
        with requests.Session() as session:
            session.trust_env = False
            sent = session.post(
                payments.box.url, data=document, verify=payments.box.ca, timeout=30,
                headers={"Content-Type": "text/xml"},
            )  # fmt: skip
        codes.append(sent.text.partition("<code>")[2].partition("<")[0])
    found, refused = codes
    assert found != refused
    assert refused in ("E00003", "E00013")


def test_a_charge_is_not_sent_twice(payments: Story) -> None:
    client, errors = payments.client, payments.errors
    charge = {"transaction_type": "authCaptureTransaction", "amount": "12.50", "payment": CARD}
    payments.fault("lost; method=transaction.createTransaction; count=1")
    with pytest.raises(errors.OutcomeUnknownError):
        client.transaction.create(transaction_request=charge)
    assert payments.times("transaction.createTransaction") == 1
    payments.fault("lost; method=customer_profile.getCustomerProfileIds; count=1")
    client.customer_profile.list_ids()
    assert payments.times("customer_profile.getCustomerProfileIds") == 2
    made = client.customer_profile.create(profile={"merchant_customer_id": "M-1"})
    change = {"customer_profile_id": made.customer_profile_id, "email": "ada@greenfield.example"}
    payments.fault("lost; method=customer_profile.updateCustomerProfile; count=1")
    client.customer_profile.update(profile=change)
    assert payments.times("customer_profile.updateCustomerProfile") == 2


# parameters in, attributes out


@pytest.fixture
def registrar(example_client: Clients, sandbox_of: Sandboxes) -> Iterator[Story]:
    story = Story(example_client("namecheap"), sandbox_of("namecheap"), "Namecheap")
    with story.client:
        yield story


def test_domains_and_their_records(registrar: Story) -> None:
    client, errors = registrar.client, registrar.errors
    with pytest.raises(errors.AuthenticationError):
        registrar.other(api_key="wrong").users.get_balances()
    names = [f"garden-{number}.example" for number in range(7)]
    for name in names:
        made = client.domains.create(domain_name=name, years=2, **CONTACTS)
        assert (made.domain, made.registered) == (name, True)
    listed = client.domains.get_list(page_size=2)
    assert [len(page) for page in listed.pages()] == [2, 2, 2, 1]
    assert [domain.name for domain in listed] == names
    assert client.domains.get_contacts(domain_name=names[0]).tech.phone == CONTACT["phone"]

    hosts = [
        {"host_name": "www", "record_type": "A", "address": "192.0.2.20", "ttl": 300},
        {"host_name": "@", "record_type": "TXT", "address": "größer & <besser>"},
    ]
    assert client.domains.dns.set_hosts(sld="garden-1", tld="example", hosts=hosts).is_success
    found = client.domains.dns.get_hosts(sld="garden-1", tld="example").hosts
    assert {(host.name, host.type, host.address, host.ttl) for host in found} == {
        ("www", "A", "192.0.2.20", 300),
        ("@", "TXT", "größer & <besser>", None),
    }
    with pytest.raises(errors.NotFoundError) as absent:
        client.domains.get_info(domain_name="nowhere.example")
    assert (absent.value.code, absent.value.status) == ("2019166", 200)
    with pytest.raises(errors.ValidationError) as invalid:
        registrar.other(validate=False).domains.create(
            domain_name="x.example", years=99, **CONTACTS
        )
    assert (invalid.value.code, invalid.value.status) == ("2011170", 200)
    with pytest.raises(errors.ArgumentError, match="address1"):
        client.domains.create(domain_name="x.example", years=2, **{**CONTACTS, "tech": {}})


def test_only_what_is_safe_is_repeated(registrar: Story) -> None:
    client, errors = registrar.client, registrar.errors
    registrar.fault("lost; method=domains.create; count=1")
    with pytest.raises(errors.OutcomeUnknownError):
        client.domains.create(domain_name="garden.example", years=2, **CONTACTS)
    assert [domain.name for domain in client.domains.get_list()] == ["garden.example"]
    assert registrar.times("domains.create") == 1
    registrar.fault("lost; method=domains.dns.setHosts; count=1")
    host = {"host_name": "www", "record_type": "A", "address": "192.0.2.20"}
    assert client.domains.dns.set_hosts(sld="garden", tld="example", hosts=[host]).is_success
    assert registrar.times("domains.dns.setHosts") == 2
    registrar.fault("status=503; method=domains.getInfo; count=1")
    assert client.domains.get_info(domain_name="garden.example").status == "Ok"


# verbs and paths, signed


def _sign(request: Any) -> dict[str, str]:
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential=AKID/{request.verb}, Signature=0"}


@pytest.fixture
def zones(example_client: Clients, sandbox_of: Sandboxes) -> Iterator[Story]:
    story = Story(example_client("route53"), sandbox_of("route53"), "Route53", auth=_sign)
    with story.client:
        yield story


def test_hosted_zones(zones: Story) -> None:
    client, errors = zones.client, zones.errors
    with pytest.raises(errors.AuthenticationError):
        zones.other(auth=lambda request: {}).hosted_zone.list().first()
    made = [
        client.hosted_zone.create(name=f"zone-{number}.example.", caller_reference=f"r{number}")
        for number in range(7)
    ]
    with pytest.raises(errors.ValidationError):
        zones.other(validate=False).hosted_zone.create(name="x" * 1025, caller_reference="r")
    identity = made[0].hosted_zone.id.rpartition("/")[2]
    listed = client.hosted_zone.list(maxitems=2)
    assert [len(page) for page in listed.pages()] == [2, 2, 2, 1]
    assert [zone.name for zone in listed] == [f"zone-{number}.example." for number in range(7)]
    assert client.hosted_zone.count().hosted_zone_count == 7

    assert client.hosted_zone.update_comment(identity, comment="a & b").config.comment == "a & b"
    assert client.hosted_zone.get(identity).hosted_zone.config.comment == "a & b"
    assert client.hosted_zone.delete(identity).id.startswith("/change/")
    with pytest.raises(errors.NotFoundError) as absent:
        client.hosted_zone.get(identity)
    assert (absent.value.code, absent.value.status) == ("NoSuchHostedZone", 404)


def test_verbs_decide_what_is_repeated(zones: Story) -> None:
    client, errors = zones.client, zones.errors
    zones.fault("lost; method=hosted_zone.CreateHostedZone; count=1")
    with pytest.raises(errors.OutcomeUnknownError):
        client.hosted_zone.create(name="zone.example.", caller_reference="r")
    (zone,) = client.hosted_zone.list()
    identity = zone.id.rpartition("/")[2]
    zones.fault("reset; method=hosted_zone.GetHostedZone; count=1")
    assert client.hosted_zone.get(identity).hosted_zone.name == "zone.example."
    assert zones.times("hosted_zone.GetHostedZone") == 2
    zones.fault("lost; method=hosted_zone.UpdateHostedZoneComment; count=1")
    assert client.hosted_zone.update_comment(identity, comment="a").config.comment == "a"
    assert zones.times("hosted_zone.UpdateHostedZoneComment") == 2
    zones.fault("status=503; method=hosted_zone.DeleteHostedZone; count=1")
    client.hosted_zone.delete(identity)
    assert list(client.hosted_zone.list()) == []
