"""Faults of the ZEIT Now server in domains, DNS records, certificates and aliases."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from conformance.reference.core import Handler, Server
from conformance.reference.edits import afterwards, change, drop, put, rewrite, status
from conformance.reference.faults import Faults
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.plants import handled
from conformance.reference.zeit.data import iso
from conformance.reference.zeit.faults.tools import (
    ADD_DOMAIN,
    ALIASES,
    ASSIGN,
    BUY,
    CERT,
    CREATE_RECORD,
    DELETE_ALIAS,
    DELETE_CERT,
    DELETE_DOMAIN,
    DELETE_RECORD,
    DEPLOYMENT_ALIASES,
    DOMAIN_PRICE,
    DOMAIN_STATUS,
    DOMAINS,
    ISSUE,
    RECORDS,
    SUBMIT,
    accepted,
    body_changed,
)
from conformance.reference.zeit.policies import Refusal

faults = Faults()

_PEM_KEY = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
-----END PRIVATE KEY-----
"""

fault = faults.of("zeit.crud.domain-read-back")
fault("is-external-always-false", "No domain is external.").by(put("/domains/*/isExternal", False, on=DOMAINS))
fault("another-uid-listed", "A domain is listed under another uid than it was added under.").by(
    change("/domains/*/uid", lambda uid: uid[::-1], on=DOMAINS)
)


@fault.using(handled, DELETE_DOMAIN)
def kept_though_removed(kept: Handler, server: Server, request: Request) -> Response:
    """A removed domain is still there."""
    record = server.store["domains"].get(request.account, request.arguments["domain"])
    return kept(server, request) if record is None else Response.of({"uid": record["uid"]})


fault = faults.of("zeit.errors.domain-duplicate")


@fault.using(handled, ADD_DOMAIN)
def second_entry(kept: Handler, server: Server, request: Request) -> Response:
    """A domain that is there is added under a new uid."""
    name = server.bodies.parse(request).get("name")
    server.store["domains"].remove(request.account, str(name))
    return kept(server, request)


fault("uid-not-told", "The error about a domain that is there has another uid.").by(
    put("/error/uid", "V0fra8eEgQwEpFhYG2vTzC3K", cause="duplicate", on=ADD_DOMAIN)
)

fault = faults.of("zeit.crud.domain-retry-verify")
fault("new-uid-per-retry", "Each retry of a verification has a new uid.").by(
    afterwards(
        lambda server, _, response: response.with_json({**response.json, "uid": server.ids.next("retry")}),
        on=ADD_DOMAIN,
    )
)
fault("never-verified", "A domain stays unverified whatever is published.").by(put("/verified", False, on=ADD_DOMAIN))

fault = faults.of("zeit.crud.domain-delete-cascade")


@fault.using(handled, DELETE_DOMAIN)
def aliases_left(kept: Handler, server: Server, request: Request) -> Response:
    """The aliases of a removed domain are left."""
    before = dict(server.store["aliases"].rows)
    answer = kept(server, request)
    server.store["aliases"].rows.update(before)
    return answer


@fault.using(handled, DELETE_DOMAIN)
def refused_but_aliases_removed(kept: Handler, server: Server, request: Request) -> Response:
    """The removal of a domain with aliases is refused, and its aliases are removed."""
    name = request.arguments["domain"]
    bound = [one for one in server.store["aliases"].of(request.account) if one["alias"].endswith(name)]
    for one in bound:
        server.store["aliases"].remove(request.account, one["uid"])
    names = [one["alias"] for one in bound]
    if bound:
        raise Refusal(400, "conflict_aliases", "Aliases must be removed before.", aliases=names)
    return kept(server, request)


fault = faults.of("zeit.errors.domain-name-errors")
fault("missing-name-is-bad-request", "A missing name is told by bad_request.").by(
    put("/error/code", "bad_request", cause="missing_name")
)
fault("impossible-name-accepted", "A name with a space is accepted.").by(
    body_changed(
        lambda body: {**body, "name": str(body.get("name", "")).replace(" ", "-")} if body.get("name") else body,
        ADD_DOMAIN,
    )
)
fault("unknown-tld-has-a-price", "A name under no top-level domain has a price.").by(
    accepted({"price": 20, "period": 1}, "invalid_domain", DOMAIN_PRICE)
)
fault("records-of-nobodys-domain", "A domain that nobody has has no records.").by(
    accepted({"records": []}, "unknown-domain", RECORDS)
)
fault("name-not-told", "The error about an invalid name has another name.").by(
    put("/error/name", "example.com", cause="invalid_name")
)

fault = faults.of("zeit.errors.domain-name-missing-in-url")
fault("status-false", "Without a name a domain is not available.").by(
    accepted({"status": False}, "name-not-in-url", DOMAIN_STATUS)
)
fault("bad-request", "A missing name in the URL is told by bad_request.").by(
    put("/error/code", "bad_request", cause="name-not-in-url")
)

fault = faults.of("zeit.crud.domain-buy-refusals")
fault("bought-at-the-real-price", "A domain is bought whatever price is expected.").by(
    body_changed(lambda body: {name: value for name, value in body.items() if name != "expectedPrice"}, BUY)
)
fault("price-not-told", "The error about a price tells the expected one.").by(
    change("/error/price", lambda price: price + 1, cause="price_mismatch")
)
fault("taken-is-400", "A name that is taken is a 400.").by(status(400, in_body=False, cause="not_available"))

fault = faults.of("zeit.errors.domain-forbidden")


@fault.using(handled, RECORDS)
def records_of_any_domain(kept: Handler, server: Server, request: Request) -> Response:
    """The DNS records of any domain can be read."""
    name = request.arguments["domain"]
    owner = next((owner for owner, known in server.store["domains"].rows if known == name), request.account)
    assert request.principal is not None
    return kept(server, evolve(request, principal=evolve(request.principal, account=owner)))


@fault.using(handled, DELETE_DOMAIN)
def any_domain_removed(kept: Handler, server: Server, request: Request) -> Response:
    """The domain of another account is removed."""
    name = request.arguments["domain"]
    owner = next((owner for owner, known in server.store["domains"].rows if known == name), request.account)
    assert request.principal is not None
    return kept(server, evolve(request, principal=evolve(request.principal, account=owner)))


fault("not-found", "The domain of another account is told as unknown.").by(
    put("/error/code", "not_found", cause="foreign-domain")
)
fault("domain-not-told", "The error about a domain of another account does not have it.").by(
    put("/error/domain", "", cause="foreign-domain")
)

fault = faults.of("zeit.errors.domain-conflict-certs")


@fault.using(handled, DELETE_DOMAIN)
def removed_with_certificate_left(kept: Handler, server: Server, request: Request) -> Response:
    """A domain is removed while a certificate holds it."""
    certificates = dict(server.store["certs"].rows)
    server.store["certs"].rows.clear()
    try:
        return kept(server, request)
    finally:
        server.store["certs"].rows.update(certificates)


fault("names-of-no-certificate", "The error about certificates names none.").by(
    put("/error/certCNs", [], cause="conflict_certs")
)

fault = faults.of("zeit.errors.domain-needs-upgrade")


@fault.using(handled, ADD_DOMAIN)
def added_without_plan(kept: Handler, server: Server, request: Request) -> Response:
    """A domain is added without a paid plan."""
    try:
        return kept(server, request)
    except Refusal as problem:
        if problem.code != "custom_domain_needs_upgrade":
            raise
        name = server.bodies.parse(request)["name"]
        record = {**next(iter(server.store["domains"].rows.values())), "name": name}
        server.store["domains"].add(request.account, record)
        return Response.of({"uid": record["uid"], "verified": True, "created": record["created"]})


fault("told-by-forbidden", "A missing plan is told by forbidden.").by(
    put("/error/code", "forbidden", cause="custom_domain_needs_upgrade")
)

fault = faults.of("zeit.crud.dns-roundtrip")
fault("inner-spaces-lost", "The value of a record loses spaces in a row.").by(
    body_changed(
        lambda body: (
            {**body, "value": " ".join(str(body.get("value", "")).split(" ")).replace("  ", " ")}
            if body.get("value")
            else body
        ),
        CREATE_RECORD,
    )
)
fault("another-type", "An MX record is listed as a CNAME.").by(
    put("/records/*/type", "CNAME", having={"type": "MX"}, on=RECORDS)
)


@fault.using(handled, DELETE_RECORD)
def kept_though_deleted(_kept: Handler, _server: Server, _request: Request) -> Response:
    """A deleted record is still there."""
    return Response(200)


@fault.using(handled, DELETE_RECORD)
def kept_beside_others(kept: Handler, server: Server, request: Request) -> Response:
    """A deleted record is still there as long as its domain has another."""
    name, deleted = request.arguments["domain"], request.arguments["recId"]
    records = server.store["records"].of(request.account)
    others = [one for one in records if one["domain"] == name and one["id"] != deleted]
    return Response(200) if others else kept(server, request)


@fault.using(handled, DELETE_RECORD)
def newest_deleted(kept: Handler, server: Server, request: Request) -> Response:
    """Whichever record is deleted, the newest one of its domain goes."""
    name, records = request.arguments["domain"], server.store["records"].of(request.account)
    request.arguments["recId"] = [one["id"] for one in records if one["domain"] == name][-1]
    return kept(server, request)


fault = faults.of("zeit.crud.dns-mx-priority")
fault("priority-0-without", "An MX record without a priority is kept with 0.").by(
    body_changed(lambda body: {"mxPriority": 0, **body}, CREATE_RECORD)
)

fault = faults.of("zeit.errors.dns-missing-codes")
fault("codes-swapped", "A missing name is told as a missing type.").by(
    put("/error/code", "missing_type", cause="dns-name")
)
fault("type-defaults-to-a", "A record without a type is one of type A.").by(
    body_changed(lambda body: {"type": "A", **body}, CREATE_RECORD)
)

fault = faults.of("zeit.crud.cert-agree")
fault("names-of-another", "A certificate is read with the names of another.").by(
    put("/cns", ["x.example.com"], on=CERT)
)


@fault.using(rewrite, on=CERT)
def created_at_reading(_request: Request, body: Any) -> object:
    """The expiration of a certificate is another when it is read by its uid."""
    return {**body, "expiration": "2030-01-01T00:00:00.000Z"}


fault = faults.of("zeit.crud.cert-submit-pem")


@fault.using(handled, SUBMIT)
def anything_stored(kept: Handler, server: Server, request: Request) -> Response:
    """A certificate in plain words is kept."""
    try:
        return kept(server, request)
    except Problem as problem:
        if problem.cause != "pem":
            raise
        now = iso(server.clock.now())
        record = {"uid": server.ids.next("cert"), "cns": ["x.example.com"], "created": now, "expiration": now}
        server.store["certs"].add(request.account, {**record, "autoRenew": True})
        return Response.of({"created_at": now})


fault("key-not-looked-at", "The key of a certificate is not looked at.").by(
    body_changed(
        lambda body: {**body, "key": _PEM_KEY} if not str(body.get("key", "-")).startswith("-") else body, SUBMIT
    )
)

fault = faults.of("zeit.crud.cert-covers-domains")
fault("first-name-only", "A certificate covers the first name only.").by(
    body_changed(lambda body: {**body, "domains": body["domains"][:1]}, ISSUE)
)
fault("renewed-into-the-past", "A renewed certificate ends at its beginning.").by(
    afterwards(
        lambda server, request, response: (
            server.store["certs"].update(
                request.account, response.json["uid"], {"expiration": "2018-01-01T00:00:00.000Z"}
            )
            if server.bodies.parse(request).get("renew")
            else None
        ),
        on=ISSUE,
    )
)

fault = faults.of("zeit.crud.cert-deleted")


@fault.using(handled, DELETE_CERT)
def still_readable(_kept: Handler, _server: Server, _request: Request) -> Response:
    """A deleted certificate is still there."""
    return Response(200)


fault("second-delete-200", "A certificate that is gone is deleted again.").by(
    accepted(None, "unknown-cert", DELETE_CERT)
)

fault = faults.of("zeit.crud.alias-move")


@fault.using(handled, ASSIGN)
def listed_under_both(kept: Handler, server: Server, request: Request) -> Response:
    """An alias that moves leads to both deployments."""
    name = server.bodies.parse(request).get("alias")
    old = [one for one in server.store["aliases"].of(request.account) if one["alias"] == name]
    answer = kept(server, request)
    for one in old:
        server.store["aliases"].add(request.account, {**one, "uid": f"{one['uid']}2", "alias": f"{name}."})
        server.store["aliases"].rows[request.account, f"{one['uid']}2"] = one
    return answer


fault("no-old-id", "The answer to a move has no oldId.").by(drop("/oldId", on=ASSIGN))
fault("old-id-is-the-new-one", "The oldId of a move is the new deployment.").by(
    change("", lambda body: {**body, "oldId": body["oldId"][::-1]} if "oldId" in body else body, on=ASSIGN)
)

fault = faults.of("zeit.crud.alias-views-agree")


@fault.server
def all_aliases_stale(server: Server) -> None:
    """The list of all aliases still has one that was deleted."""
    gone: list[Any] = []

    def remember(kept: Handler, one: Server, request: Request) -> Response:
        record = one.store["aliases"].get(request.account, request.arguments["aliasId"])
        gone.append(record)
        return kept(one, request)

    def stale(_request: Request, body: Any) -> object:
        left = [
            {**one, "deployment": {"id": one["deploymentId"], "url": "old.now.sh"}}
            for one in gone
            if one and "deploymentId" in one
        ]
        return {"aliases": [*body["aliases"], *left]}

    handled(remember, DELETE_ALIAS)(server)
    rewrite(stale, on=ALIASES)(server)


fault("deployment-lists-none", "The list of a deployment has no aliases.").by(
    put("/aliases", [], on=DEPLOYMENT_ALIASES)
)

fault = faults.of("zeit.auth.deployment-ownership")


@fault.using(handled, DEPLOYMENT_ALIASES)
def any_token_lists_aliases(kept: Handler, server: Server, request: Request) -> Response:
    """Any account lists the aliases of a deployment."""
    wanted = request.arguments["deploymentId"]
    owner = next((owner for owner, known in server.store["deployments"].rows if known == wanted), request.account)
    assert request.principal is not None
    return kept(server, evolve(request, principal=evolve(request.principal, account=owner)))


@fault.using(handled, ASSIGN)
def any_token_assigns(kept: Handler, server: Server, request: Request) -> Response:
    """Any account assigns an alias to a deployment."""
    wanted = request.arguments["deploymentId"]
    owner = next((owner for owner, known in server.store["deployments"].rows if known == wanted), request.account)
    assert request.principal is not None
    return kept(server, evolve(request, principal=evolve(request.principal, account=owner)))
