"""Domains and their DNS records: what is added is there, what is wrong has its code."""

from typing import Any

from hypothesis import strategies as st

from conformance.contract import Contract
from conformance.properties import (
    NotExercised,
    Subject,
    Things,
    Unsupported,
    assert_equal,
    assert_status,
    assert_that,
    property_test,
    requirement,
)
from conformance.suite.zeit.naming import assert_absent, assert_present, assert_refused, items_of, listed, things_of
from conformance.targets import Client

DELETE = "DELETE /v2/domains/{domain}"
PRICE, BUY = "GET /v2/domains/price", "POST /v2/domains/buy"
RECORDS, CREATE_RECORD = "GET /v2/domains/{domain}/records", "POST /v2/domains/{domain}/records"
NOBODYS = "conformance-no-such.example.com"


def domains_in(domains: Things) -> list[dict[str, Any]]:
    """The domains that are listed now."""
    return items_of(domains.client.control(domains.listing.get()), "/domains")


def entry(domains: Things, name: str) -> dict[str, Any]:
    """The entry of a domain in the list; a violation where it is not there once."""
    found = [one for one in domains_in(domains) if one.get("name") == name]
    assert_equal(len(found), 1, f"how often the list has {name}")
    return found[0]


def added(domains: Things, **changes: Any) -> dict[str, Any]:
    """A domain that was just added: the answer, and its name.

    Raises:
        NotExercised, HarnessError: it was not accepted.
    """
    body = {**domains.body(), **changes}
    answer = domains.client.control(domains.post(body)).response.at("")
    if not isinstance(answer, dict):
        raise NotExercised("the answer to an added domain is no object")
    return {**answer, "name": body["name"]}


@requirement("zeit.crud.domain-read-back")
def test_an_added_domain_is_listed(subject: Subject) -> None:
    """A domain is listed with the uid and verified of its answer, external or not as asked for; removed it is gone."""
    domains = things_of(subject, "domain")
    for service, external in (("external", True), ("zeit.world", False)):
        answer = added(domains, serviceType=service)
        shown = entry(domains, answer["name"])
        for member, due in (("uid", answer.get("uid")), ("verified", answer.get("verified")), ("isExternal", external)):
            assert_equal(shown.get(member), due, f"the {member} of a domain added as {service}")
        removed = domains.client.control(domains.delete(answer["name"]))
        assert_equal(removed.response.at("/uid"), answer.get("uid"), "the uid of the removed domain", exchange=removed)
        assert_absent(answer["name"], [one.get("name") for one in domains_in(domains)], "a removed domain")


@requirement("zeit.errors.domain-duplicate")
def test_a_domain_is_added_once(subject: Subject) -> None:
    """A verified domain that is added again is told by its name and uid, and the list has it once."""
    domains = things_of(subject, "domain")
    answer = added(domains)
    if answer.get("verified") is not True:
        raise NotExercised("the domain was not verified at once, so that adding it again is a retry")
    again = domains.post({**domains.description.body, "name": answer["name"]}, negative=True)
    error = assert_refused(again, "not_modified", "for a domain that is there")
    assert_equal(error.get("name"), answer["name"], "the name that the error tells", exchange=again)
    assert_equal(
        error.get("uid"), entry(domains, answer["name"]).get("uid"), "the uid that the error tells", exchange=again
    )


@requirement("zeit.crud.domain-retry-verify")
def test_an_external_domain_is_verified_by_a_record(subject: Subject, client: Client) -> None:
    """Repeating the add of an external domain keeps its uid, and verifies it once its token is published."""
    publish = subject.session.facts.get("emulator", {}).get("publish")
    if publish is None:
        raise Unsupported("needs an emulator that can play a DNS record (facts.emulator.publish)")
    domains = things_of(subject, "domain")
    body = {**domains.body(), "serviceType": "external"}
    first = client.control(domains.post(body))
    if first.response.at("/verified") is not False:
        raise NotExercised("an external domain is verified at once")
    unproven = client.control(domains.post(body))
    assert_equal(unproven.response.at("/verified"), False, "verified without the record", exchange=unproven)
    client.control(client.send("POST", publish, body={"domain": body["name"]}))
    proven = client.control(domains.post(body))
    assert_equal(proven.response.at("/verified"), True, "verified with the record", exchange=proven)
    for exchange in (unproven, proven):
        assert_equal(
            exchange.response.at("/uid"), first.response.at("/uid"), "the uid after a retry", exchange=exchange
        )


@requirement("zeit.crud.domain-delete-cascade")
def test_a_domain_goes_with_its_aliases_or_not_at_all(subject: Subject, contract: Contract, client: Client) -> None:
    """The DELETE of a domain with an alias removes both, or is refused, names the alias, and removes neither."""
    domains, deployments = things_of(subject, "domain"), things_of(subject, "deployment")
    name, deployment = domains.create(), deployments.create()
    alias = f"www.{name}"
    assigned = client.call(
        contract.operation("POST /v2/now/deployments/{deploymentId}/aliases"),
        {"deploymentId": deployment},
        body={"alias": alias},
    )
    uid = client.control(assigned).response.at("/uid")

    def there() -> tuple[bool, bool]:
        uids = [one.get("uid") for one in listed(client, contract, "GET /v2/now/aliases", {}, "/aliases")]
        return name in [one.get("name") for one in domains_in(domains)], uid in uids

    if there() != (True, True):
        raise NotExercised("the domain or its alias was not listed before")
    exchange = domains.delete(name)
    if exchange.response.ok:
        assert_equal(there(), (False, False), "whether domain and alias are listed after the DELETE", exchange=exchange)
        return
    error = assert_refused(exchange, "conflict_aliases", "for a domain with an alias")
    assert_that(
        alias in str(error.get("aliases")),
        "the error does not name the alias",
        expected=alias,
        actual=error.get("aliases"),
        exchange=exchange,
    )
    assert_equal(there(), (True, True), "whether domain and alias are listed after the refusal", exchange=exchange)


@requirement("zeit.errors.domain-name-errors", once=True)
def test_each_way_to_name_a_domain_wrongly_has_its_code(subject: Subject, contract: Contract, client: Client) -> None:
    """A name that is missing, impossible, under no top-level domain or nobody's is told by its own code."""
    domains = things_of(subject, "domain")
    domains.create()
    body = {name: value for name, value in domains.body().items() if name != "name"}
    assert_refused(domains.post(body, negative=True), "missing_name", "without a name")
    for wrong in ("a b", "-x.example.com", "example..com"):
        exchange = domains.post({**body, "name": wrong}, negative=True)
        # Both codes are documented for a name that is invalid.
        code = str(exchange.response.at("/error/code"))
        error = assert_refused(exchange, code if code == "invalid_domain" else "invalid_name", f"with the name {wrong}")
        if code == "invalid_name":
            assert_equal(error.get("name"), wrong, "the name that the error tells", exchange=exchange)
    client.control(client.call(contract.operation(PRICE), query={"name": f"{NOBODYS[:-4]}.com"}))
    price = client.call(contract.operation(PRICE), query={"name": "conformance.nosuchtld"}, negative=True)
    assert_refused(price, "invalid_domain", "under a top-level domain that does not exist")
    for operation in (DELETE, RECORDS):
        missing = client.call(contract.operation(operation), {"domain": NOBODYS}, negative=True)
        assert_refused(missing, "not_found", "for a domain that nobody has")


@requirement("zeit.errors.domain-name-missing-in-url")
def test_a_name_has_to_be_in_the_url(client: Client, subject: Subject) -> None:
    """Where the name belongs into the URL it is missed, left out or empty."""
    client.control(client.call(subject.operation, query={"name": "conformance-free.com"}))
    for query in ({}, {"name": ""}):
        exchange = client.call(subject.operation, query=query, negative=True)
        assert_refused(exchange, "missing_name", "without a name in the URL")


@requirement("zeit.crud.domain-buy-refusals", needs=("billable",))
def test_nothing_is_bought_that_is_taken_or_costs_more(subject: Subject, contract: Contract, client: Client) -> None:
    """A name that is taken, and one of which another price is expected, are refused, and not bought."""
    domains = things_of(subject, "domain")
    buy = contract.operation(BUY)
    free = f"{domains.body()['name'].partition('.')[0]}.com"
    price = client.control(client.call(contract.operation(PRICE), query={"name": free})).response.at("/price")
    if not isinstance(price, int):
        raise NotExercised("the price is no whole number")
    own = domains.create()
    before = [one.get("name") for one in domains_in(domains)]
    dear = client.call(buy, body={"name": free, "expectedPrice": price + 1}, negative=True)
    error = assert_refused(dear, "price_mismatch", "with another price")
    told = error.get("price", error.get("actualPrice"))
    assert_equal(told, price, "the price that the error tells", exchange=dear)
    taken = client.call(buy, body={"name": own, "expectedPrice": price}, negative=True)
    assert_refused(taken, "not_available", "for a name that is taken")
    assert_status(taken, 403, when="for a name that is taken")
    assert_equal([one.get("name") for one in domains_in(domains)], before, "the domains after the refusals")


def foreign(subject: Subject) -> Things:
    """Domains of the second account.

    Raises:
        Unsupported: there is none.
    """
    subject.client.token("second")
    return things_of(subject, "domain")


@requirement("zeit.errors.domain-forbidden", once=True)
def test_a_domain_of_another_account_is_forbidden(subject: Subject, contract: Contract, client: Client) -> None:
    """What one account does with the domain of another is refused by its name, and changes nothing for the owner."""
    domains = foreign(subject)
    body = domains.body()
    client.control(domains.post(body, credential="second"))
    name = body["name"]
    record = {"name": "www", "type": "TXT", "value": "conformance"}

    def records() -> list[dict[str, Any]]:
        answer = client.call(contract.operation(RECORDS), {"domain": name}, credential="second")
        return items_of(client.control(answer), "/records")

    before = records()
    for operation, sent in ((RECORDS, None), (CREATE_RECORD, record), (DELETE, None)):
        exchange = client.call(contract.operation(operation), {"domain": name}, body=sent, negative=True)
        assert_status(exchange, 403, when="on a domain of another account")
        error = assert_refused(exchange, "forbidden", "on a domain of another account")
        assert_that(
            name in str(error.get("message")),
            "the message does not name the domain",
            expected=name,
            actual=error.get("message"),
            exchange=exchange,
        )
        assert_equal(error.get("domain"), name, "the domain that the error tells", exchange=exchange)
    assert_equal(records(), before, "the records that the owner sees")


@requirement("zeit.errors.domain-conflict-certs")
def test_a_domain_with_a_certificate_stays(subject: Subject, contract: Contract, client: Client) -> None:
    """A domain that a certificate covers is not removed, and its names are told; without the certificate it is."""
    domains = things_of(subject, "domain")
    name = domains.create()
    issue = client.call(contract.operation("POST /v3/now/certs"), body={"domains": [name]})
    uid = str(client.control(issue).response.at("/uid"))
    refused = domains.delete(name)
    error = assert_refused(refused, "conflict_certs", "for a domain with a certificate")
    assert_that(
        name in str(error.get("certCNs")),
        "the error does not name the certificate",
        expected=name,
        actual=error.get("certCNs"),
        exchange=refused,
    )
    certs = [one.get("uid") for one in listed(client, contract, "GET /v3/now/certs", {}, "/certs")]
    assert_present(uid, certs, "the certificate after the refusal")
    assert_present(name, [one.get("name") for one in domains_in(domains)], "the domain after the refusal")
    client.control(client.call(contract.operation("DELETE /v3/now/certs/{certId}"), {"certId": uid}))
    assert_status(domains.delete(name), 200, when="once its certificate is deleted")


@requirement("zeit.errors.domain-needs-upgrade")
def test_a_domain_needs_a_paid_plan(subject: Subject, client: Client) -> None:
    """An account without a paid plan cannot add a domain of its own, one with a plan can."""
    client.token("free")
    domains = things_of(subject, "domain")
    domains.create()
    refused = domains.post(domains.body(), credential="free", negative=True)
    assert_refused(refused, "custom_domain_needs_upgrade", "without a paid plan")
    shown = items_of(client.control(domains.listing.get(credential="free")), "/domains")
    assert_equal(shown, [], "the domains of an account without a paid plan")


LABEL = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
VALUES = {
    "A": st.ip_addresses(v=4).map(str),
    "AAAA": st.sampled_from(["2001:db8::1", "2001:db8:0:1::ff"]),
    "CNAME": LABEL.map("{}.example.net".format),
    "TXT": st.text("abc  123=;", min_size=1, max_size=30).map(lambda text: f"x{text}x"),
    "MX": LABEL.map("{}.example.net".format),
}
RECORD = st.sampled_from(sorted(VALUES)).flatmap(lambda kind: st.tuples(st.just(kind), VALUES[kind]).map(list))
SAMPLES = (
    ["A", "192.0.2.7"],
    ["CNAME", "alias.example.net"],
    ["TXT", "two  spaces, inside"],
    ["MX", "mail.example.net"],
)


@requirement("zeit.crud.dns-roundtrip")
@property_test(examples=[{"record": list(sample)} for sample in SAMPLES], record=RECORD)
def test_a_record_is_listed_as_it_was_created(subject: Subject, record: list[str]) -> None:
    """A new record is listed with its type, name and value, and after its DELETE it is not; its neighbours are."""
    records = _records_of_a_new_domain(subject)
    kind, value = record
    body = {**records.body(), "type": kind, "value": value, **({"mxPriority": 10} if kind == "MX" else {})}
    older = records.create()
    uid = str(records.client.control(records.post(body)).response.at("/uid"))
    newer = records.create()
    shown = {one.get("id"): one for one in _listed(records)}
    assert_present(uid, list(shown), "a new record")
    assert_equal(str(shown[uid].get("type")).upper(), kind, "the type of the record")
    assert_equal(str(shown[uid].get("name")).lower(), body["name"].lower(), "the name of the record")
    assert_equal(_comparable(kind, str(shown[uid].get("value"))), _comparable(kind, value), "the value of the record")
    records.client.control(records.delete(uid))
    left = [one.get("id") for one in _listed(records)]
    assert_absent(uid, left, "a deleted record")
    for other in (older, newer):
        assert_present(other, left, "a record after another was deleted")


def _records_of_a_new_domain(subject: Subject) -> Things:
    records = things_of(subject, "DNS record")
    name = things_of(subject, "domain").create()
    return Things(
        records.client,
        records.contract,
        records.description,
        records.prefix,
        {"domain": name},
        numbers=records.numbers,
        known=records.known,
    )


def _listed(records: Things) -> list[dict[str, Any]]:
    return items_of(records.client.control(records.listing.get()), "/records")


def _comparable(kind: str, value: str) -> str:
    """The value of a record as it compares: names of hosts without case and final dot."""
    return value if kind == "TXT" else value.lower().removesuffix(".")


@requirement("zeit.crud.dns-mx-priority")
def test_an_mx_record_needs_a_priority(subject: Subject) -> None:
    """With a priority an MX record is accepted, without one it is refused; other records need none."""
    records = _records_of_a_new_domain(subject)
    mail = {"type": "MX", "value": "mail.example.net"}
    records.client.control(records.post({**records.body(), **mail, "mxPriority": 10}))
    records.client.control(records.post({**records.body(), "type": "A", "value": "192.0.2.7"}))
    before = [one.get("id") for one in _listed(records)]
    exchange = records.post({**records.body(), **mail}, negative=True)
    assert_status(exchange, "4xx", when="with an MX record without a priority")
    assert_equal(
        [one.get("id") for one in _listed(records)], before, "the records after the refusal", exchange=exchange
    )


@requirement("zeit.errors.dns-missing-codes")
def test_a_record_needs_a_name_and_a_type(subject: Subject) -> None:
    """A record without name or type is told by what is missing, and not created."""
    records = _records_of_a_new_domain(subject)
    body = records.body()
    records.client.control(records.post(body))
    before = [one.get("id") for one in _listed(records)]
    for missing in ("name", "type"):
        wrong = {name: value for name, value in records.body().items() if name != missing}
        assert_refused(records.post(wrong, negative=True), f"missing_{missing}", f"without {missing}")
    assert_equal([one.get("id") for one in _listed(records)], before, "the records after the refusals")
