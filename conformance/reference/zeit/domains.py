"""Domains, DNS records and certificates of the ZEIT Now API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from conformance.reference.core import Server
from conformance.reference.messages import Record, Request, Response
from conformance.reference.zeit.data import USER_F, domain, iso, milliseconds
from conformance.reference.zeit.policies import Refusal, text_of

TLDS = ("com", "net", "org", "co", "io", "sh", "rocks", "test", "tech", "us")
"""The top-level domains that a name can be bought under."""

TYPES = ("A", "AAAA", "ALIAS", "CAA", "CNAME", "MX", "NS", "SRV", "TXT")
LIFETIME = timedelta(days=90)
"""How long an issued certificate is valid."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})+\Z", re.IGNORECASE)
_ADDED = ("uid", "verified", "created")
_LISTED = ("uid", "name", "created", "boughtAt", "expiresAt", "isExternal", "verified")


def list_domains(server: Server, request: Request) -> Response:
    """The domains of an account (List all the domains)."""
    found = [{name: one[name] for name in _LISTED} for one in server.store["domains"].of(request.account)]
    return Response.of({"domains": found})


def add(server: Server, request: Request) -> Response:
    """Add a domain, or try once more to verify it (Add a new domain)."""
    body = server.bodies.parse(request)
    name = _name_in(body)
    service = body.get("serviceType", "zeit.world")
    if service not in ("external", "zeit.world"):
        raise Refusal(400, "bad_request", "The `serviceType` must be external or zeit.world.", cause="type")
    domains = server.store["domains"]
    known = domains.get(request.account, name)
    if known is not None:
        if known["verified"]:
            text = f'The domain "{name}" already exists'
            raise Refusal(400, "not_modified", text, cause="duplicate", name=name, uid=known["uid"])
        published = server.store["texts"].get("", name)
        if published is not None and published["value"] == known["verifyToken"]:
            domains.update(request.account, name, {"verified": True})
        return _added(domains.get(request.account, name) or known)
    if any(other == name for _, other in domains.rows):
        raise _foreign(name)
    if request.account == USER_F:
        text = "Domain name creation requires a premium account."
        raise Refusal(403, "custom_domain_needs_upgrade", text)
    external = service == "external"
    made = domain(name, server.clock.now(), external=external, verified=not external)
    domains.add(request.account, made)
    return _added(made)


def _added(record: Record) -> Response:
    token = {} if record["verified"] else {"verifyToken": record["verifyToken"]}
    return Response.of({**{name: record[name] for name in _ADDED}, **token})


def _name_in(body: Mapping[str, Any]) -> str:
    name = body.get("name")
    if name is None:
        text = (
            "The `name` field in the body was expected but is not present in the body payload. Example value: `zeit.co`"
        )
        raise Refusal(400, "missing_name", text)
    if not isinstance(name, str) or not _HOST_NAME.match(name):
        text = f'The `name` field contains an invalid domain name ("{name}")'
        raise Refusal(400, "invalid_name", text, name=str(name))
    return name.lower()


def _foreign(name: str) -> Refusal:
    return Refusal(403, "forbidden", f'You don\'t have access to "{name}"', cause="foreign-domain", domain=name)


def owned(server: Server, request: Request) -> Record:
    """The domain of the path."""
    name = request.arguments["domain"].lower()
    domains = server.store["domains"]
    record = domains.get(request.account, name)
    if record is not None:
        return record
    if any(other == name for _, other in domains.rows):
        raise _foreign(name)
    raise Refusal(404, "not_found", "Domain name not found", cause="unknown-domain")


def delete(server: Server, request: Request) -> Response:
    """Remove a domain and its aliases, unless certificates hold it (Remove a domain; Conflicting Certificates)."""
    record = owned(server, request)
    name = record["name"]
    certificates = [one for one in server.store["certs"].of(request.account) if _covers(one["cns"], name)]
    if certificates:
        names = sorted({cn for one in certificates for cn in one["cns"]})
        text = f"The following certificates must be removed before removing the domain: {', '.join(names)}"
        raise Refusal(400, "conflict_certs", text, certCNs=names)
    server.store["domains"].remove(request.account, name)
    for kind, member in (("aliases", "alias"), ("records", "domain")):
        for one in server.store[kind].of(request.account):
            if _is_below(str(one[member]), name):
                server.store[kind].remove(request.account, server.store[kind].id_of(one))
    return Response.of({"uid": record["uid"]})


def _covers(names: list[str], name: str) -> bool:
    return any(_is_below(one.removeprefix("*."), name) for one in names)


def _is_below(host: str, name: str) -> bool:
    return host == name or host.endswith(f".{name}")


def status(server: Server, request: Request) -> Response:
    """Whether a domain can be bought (Check a domain availability)."""
    return Response.of({"status": _is_free(server, _name_asked(request))})


def price(_server: Server, request: Request) -> Response:
    """What a domain costs (Check the price of a domain)."""
    return Response.of({"price": _price(_name_asked(request)), "period": 1})


def _name_asked(request: Request) -> str:
    name = request.query.get("name")
    if not name:
        text = "The URL was expected to include the domain name. Example: /domains/google.com"
        raise Refusal(400, "missing_name", text, cause="name-not-in-url")
    return _buyable(name)


def _buyable(name: str) -> str:
    if not _HOST_NAME.match(name) or name.rpartition(".")[2].lower() not in TLDS:
        raise Refusal(400, "invalid_domain", "Invalid domain or TLD")
    return name.lower()


def _is_free(server: Server, name: str) -> bool:
    return not any(known == name for _, known in server.store["domains"].rows)


def _price(name: str) -> int:
    return 10 + sum(name.encode()) % 30


def buy(server: Server, request: Request) -> Response:
    """Buy a domain (Purchase a domain): 200 and an empty body."""
    body = server.bodies.parse(request)
    if body.get("name") is None:
        _name_in(body)
    name, expected = _buyable(text_of(body, "name")), body.get("expectedPrice")
    if not _is_free(server, name):
        raise Refusal(403, "not_available", "Domain is not available")
    if expected is not None and expected != _price(name):
        text = "The expected price does not match the actual price"
        raise Refusal(400, "price_mismatch", text, price=_price(name))
    now = server.clock.now()
    bought = domain(name, now, external=False, verified=True)
    times = {"boughtAt": iso(now), "expiresAt": iso(now + timedelta(days=365))}
    server.store["domains"].add(request.account, {**bought, **times})
    return Response(200)


def list_records(server: Server, request: Request) -> Response:
    """The DNS records of a domain (List all the DNS records of a domain)."""
    name = owned(server, request)["name"]
    found = [one for one in server.store["records"].of(request.account) if one["domain"] == name]
    hidden = ("domain", "mxPriority")
    return Response.of({"records": [{k: v for k, v in one.items() if k not in hidden} for one in found]})


def create_record(server: Server, request: Request) -> Response:
    """Create a DNS record (Create a new DNS record)."""
    name = owned(server, request)["name"]
    body = server.bodies.parse(request)
    for member in ("name", "type"):
        if not isinstance(body.get(member), str) or (member == "type" and not body[member]):
            raise Refusal(400, f"missing_{member}", f"Missing `{member}` parameter", cause=f"dns-{member}")
    kind, value, priority = body["type"].upper(), text_of(body, "value"), body.get("mxPriority")
    if kind not in TYPES:
        raise Refusal(400, "bad_request", "This is no type of a DNS record.", cause="dns-kind")
    if kind == "MX" and (not isinstance(priority, int) or isinstance(priority, bool)):
        raise Refusal(400, "bad_request", "An MX record needs `mxPriority`, a number.", cause="mx-priority")
    sub = "" if body["name"] == "@" else body["name"]
    record_id = server.ids.next("record")
    server.store["records"].add(
        request.account,
        {
            "id": record_id,
            "domain": name,
            "slug": f"{sub or name}.-{kind.lower()}",
            "type": kind,
            "name": sub,
            "value": value,
            "created": str(milliseconds(server.clock.now())),
            "updated": None,
            "mxPriority": priority,
        },
    )
    return Response.of({"uid": record_id})


def delete_record(server: Server, request: Request) -> Response:
    """Remove a DNS record (Remove a DNS record): 200 and an empty body."""
    name, records = owned(server, request)["name"], server.store["records"]
    record = records.get(request.account, request.arguments["recId"])
    if record is None or record["domain"] != name:
        raise Refusal(404, "not_found", "The DNS record could not be found", cause="unknown-record")
    records.remove(request.account, record["id"])
    return Response(200)


def list_certs(server: Server, request: Request) -> Response:
    """The certificates of an account (List all the certificates)."""
    return Response.of({"certs": server.store["certs"].of(request.account)})


def get_cert(server: Server, request: Request) -> Response:
    """One certificate (Get a single certificate)."""
    return Response.of(dict(_cert(server, request)))


def _cert(server: Server, request: Request) -> Record:
    record = server.store["certs"].get(request.account, request.arguments["certId"])
    if record is None:
        raise Refusal(404, "not_found", "The certificate could not be found", cause="unknown-cert")
    return record


def delete_cert(server: Server, request: Request) -> Response:
    """Delete a certificate (Delete a certificate): 200 and an empty body."""
    server.store["certs"].remove(request.account, _cert(server, request)["uid"])
    return Response(200)


def issue(server: Server, request: Request) -> Response:
    """Issue a certificate for names below one's own domains, or renew it (Create a new certificate)."""
    body = server.bodies.parse(request)
    names = body.get("domains")
    if not isinstance(names, list) or not names or not all(isinstance(one, str) for one in names):
        raise Refusal(400, "bad_request", "The property `domains` must be a list of names.", cause="required")
    own = [one["name"] for one in server.store["domains"].of(request.account)]
    if not all(any(_is_below(one.removeprefix("*."), name) for name in own) for one in names):
        raise Refusal(404, "not_found", "Domain name not found", cause="cert-domain")
    certs, now = server.store["certs"], server.clock.now()
    old = next((one for one in certs.of(request.account) if set(one["cns"]) == set(names)), None)
    if body.get("renew") and old is not None:
        certs.update(request.account, old["uid"], {"expiration": iso(now + LIFETIME)})
        return Response.of({"uid": old["uid"], "created_at": old["created"]})
    return Response.of(_kept(server, request, names, iso(now), iso(now + LIFETIME)))


def submit(server: Server, request: Request) -> Response:
    """Keep a certificate of the client's own (Submit a certificate)."""
    body = server.bodies.parse(request)
    texts = {name: text_of(body, name) for name in ("ca", "cert", "key")}
    try:
        x509.load_pem_x509_certificates(texts["ca"].encode())
        certificate = x509.load_pem_x509_certificates(texts["cert"].encode())[0]
        load_pem_private_key(texts["key"].encode(), password=None)
    except (ValueError, TypeError):
        raise Refusal(400, "bad_request", "The ca, cert and key must be in PEM format.", cause="pem") from None
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = extension.value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        names = [str(one.value) for one in certificate.subject]
    made = _kept(server, request, names, iso(server.clock.now()), iso(certificate.not_valid_after_utc))
    return Response.of({"created_at": made["created_at"]})


def _kept(server: Server, request: Request, names: list[str], created: str, expiration: str) -> dict[str, Any]:
    uid = server.ids.next("cert")
    record = {"uid": uid, "cns": names, "created": created, "expiration": expiration, "autoRenew": True}
    server.store["certs"].add(request.account, record)
    return {"uid": uid, "created_at": created}
