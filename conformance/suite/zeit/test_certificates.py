"""Certificates: issued, submitted, read, deleted."""

from typing import Any

from conformance.contract import Contract
from conformance.properties import (
    NotExercised,
    Subject,
    assert_equal,
    assert_status,
    assert_that,
    requirement,
)
from conformance.suite.zeit.certificate import HOST, PARTS
from conformance.suite.zeit.naming import assert_absent, listed, things_of
from conformance.targets import Client

LIST, READ = "GET /v3/now/certs", "GET /v3/now/certs/{certId}"
ISSUE, SUBMIT, DELETE = "POST /v3/now/certs", "PUT /v3/now/certs", "DELETE /v3/now/certs/{certId}"


def certs_in(client: Client, contract: Contract) -> list[dict[str, Any]]:
    """The certificates that are listed now."""
    return listed(client, contract, LIST, {}, "/certs")


@requirement("zeit.crud.cert-agree")
def test_a_certificate_reads_the_same_everywhere(client: Client, contract: Contract) -> None:
    """Each certificate of the list is what its uid leads to."""
    certs = certs_in(client, contract)
    if not certs:
        raise NotExercised("there is no certificate")
    for cert in certs[:5]:
        read = client.call(contract.operation(READ), {"certId": str(cert.get("uid"))})
        assert_equal(read.response.at(""), cert, "the certificate that is read", exchange=read)


@requirement("zeit.crud.cert-covers-domains")
def test_a_certificate_covers_what_was_asked_for(subject: Subject, client: Client, contract: Contract) -> None:
    """An issued certificate has the names that were asked for; renewed it ends no earlier."""
    domains = things_of(subject, "domain")
    names = [f"{label}.{domains.create()}" for label in ("www", "api")]
    issued = client.call(contract.operation(ISSUE), body={"domains": names})
    first = read(client, contract, str(client.control(issued).response.at("/uid")))
    assert_equal(sorted(first.get("cns") or []), sorted(names), "the names of the certificate")
    client.clock.sleep(2)
    renewed = client.control(client.call(contract.operation(ISSUE), body={"domains": names, "renew": True}))
    again = read(client, contract, str(renewed.response.at("/uid")))
    assert_equal(sorted(again.get("cns") or []), sorted(names), "the names of the renewed certificate")
    assert_that(
        str(again.get("expiration")) >= str(first.get("expiration")),
        "a renewed certificate ends earlier than before",
        expected=f"{first.get('expiration')} or later",
        actual=again.get("expiration"),
        exchange=renewed,
    )


def read(client: Client, contract: Contract, uid: str) -> dict[str, Any]:
    """A certificate by its uid.

    Raises:
        NotExercised, HarnessError: it cannot be read.
    """
    found = client.control(client.call(contract.operation(READ), {"certId": uid})).response.at("")
    if not isinstance(found, dict):
        raise NotExercised("a certificate is no object")
    return found


@requirement("zeit.crud.cert-submit-pem")
def test_a_certificate_has_to_be_in_pem(client: Client, contract: Contract) -> None:
    """A chain in PEM is accepted; with any part of it in plain words it is refused, and nothing is kept."""
    client.control(client.call(contract.operation(SUBMIT), body=PARTS))
    before = certs_in(client, contract)
    for part in PARTS:
        exchange = client.call(contract.operation(SUBMIT), body={**PARTS, part: "conformance, in words"}, negative=True)
        assert_status(exchange, "4xx", when=f"with {part} in plain words")
    assert_equal(certs_in(client, contract), before, "the certificates after the refusals")


@requirement("zeit.crud.cert-deleted")
def test_a_deleted_certificate_is_gone(client: Client, contract: Contract) -> None:
    """A submitted certificate is found by its name; after its DELETE it is neither listed, read nor deleted again."""
    before = [cert.get("uid") for cert in certs_in(client, contract)]
    client.control(client.call(contract.operation(SUBMIT), body=PARTS))
    added = [cert for cert in certs_in(client, contract) if cert.get("uid") not in before]
    found = [str(cert.get("uid")) for cert in added if HOST in (cert.get("cns") or [])]
    if not found:
        raise NotExercised(f"no new certificate for {HOST} is listed")
    values = {"certId": found[0]}
    client.control(client.call(contract.operation(DELETE), values))
    assert_absent(found[0], [cert.get("uid") for cert in certs_in(client, contract)], "a deleted certificate")
    for operation in (READ, DELETE):
        assert_status(client.call(contract.operation(operation), values), "4xx", when="after its DELETE")
