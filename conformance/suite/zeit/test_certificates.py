"""Certificates: issued, submitted, read, deleted."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from conformance.contract import Contract
from conformance.properties import (
    NotExercised,
    Subject,
    assert_equal,
    assert_status,
    assert_that,
    requirement,
)
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


def self_signed(name: str) -> dict[str, str]:
    """A certificate for a name, which is its own CA, and its key, in PEM: the same ones every time."""
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, None)
        .public_bytes(Encoding.PEM)
        .decode()
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {"ca": certificate, "cert": certificate, "key": private}


def host_of(subject: Subject) -> str:
    """A host name that nothing else in the run has."""
    return str(things_of(subject, "domain").body()["name"])


@requirement("zeit.crud.cert-submit-pem")
def test_a_certificate_has_to_be_in_pem(subject: Subject, client: Client, contract: Contract) -> None:
    """A chain in PEM is accepted; with any part of it in plain words it is refused, and nothing is kept."""
    parts = self_signed(host_of(subject))
    client.control(client.call(contract.operation(SUBMIT), body=parts))
    before = certs_in(client, contract)
    for part in parts:
        exchange = client.call(contract.operation(SUBMIT), body={**parts, part: "conformance, in words"}, negative=True)
        assert_status(exchange, "4xx", when=f"with {part} in plain words")
    assert_equal(certs_in(client, contract), before, "the certificates after the refusals")


@requirement("zeit.crud.cert-deleted")
def test_a_deleted_certificate_is_gone(subject: Subject, client: Client, contract: Contract) -> None:
    """A submitted certificate is found by its name; after its DELETE it is neither listed, read nor deleted again."""
    name = host_of(subject)
    client.control(client.call(contract.operation(SUBMIT), body=self_signed(name)))
    found = [str(cert.get("uid")) for cert in certs_in(client, contract) if name in (cert.get("cns") or [])]
    if not found:
        raise NotExercised(f"no certificate for {name} is listed")
    values = {"certId": found[0]}
    client.control(client.call(contract.operation(DELETE), values))
    assert_absent(found[0], [cert.get("uid") for cert in certs_in(client, contract)], "a deleted certificate")
    for operation in (READ, DELETE):
        assert_status(client.call(contract.operation(operation), values), "4xx", when="after its DELETE")
