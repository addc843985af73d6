"""Conversations as recordings hold them, plain enough to be changed in one place, and what the judge makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from attrs import define, field

from conformance.checks import Evidence, Judge
from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.locator import Locator
from conformance.traffic.redact import Redactor

TOKEN = "conformance-0123456789-token"

NOW = 1_700_000_000
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"


@define
class Said:
    """One request and its answer; `sent` and `body` are what their JSON says, or text as it stands."""

    method: str
    url: str
    status: int = 200
    body: Any = None
    sent: Any = None
    asked: dict[str, str] = field(factory=dict)
    headers: dict[str, str] = field(factory=dict)
    sent_at: float | None = None


def judged(api: str, conversation: Iterable[Said], secrets: dict[str, str] | None = None) -> list[Evidence]:
    """What the judge finds in a conversation."""
    contract = load(api)
    locator, redactor = Locator(contract, contract.conventions.origin), Redactor(secrets or {"default": TOKEN})
    judge = Judge(contract)
    judge.begin({})
    found: list[Evidence] = []
    for number, said in enumerate(conversation, start=1):
        found += judge.observe(_exchange(locator, redactor, said, f"conversation#{number}"))
    return found


def violated(api: str, conversation: Iterable[Said], secrets: dict[str, str] | None = None) -> set[str]:
    """The requirements of the document that a conversation breaks, without the name of their API."""
    return _named(judged(api, conversation, secrets), Outcome.VIOLATED)


def held(api: str, conversation: Iterable[Said]) -> set[str]:
    """The requirements of the document that a conversation shows to hold."""
    return _named(judged(api, conversation), Outcome.HELD)


def _named(found: Iterable[Evidence], outcome: Outcome) -> set[str]:
    own = [(one.requirement, one.finding) for one in found if one.requirement and not one.requirement.base]
    return {requirement.id.partition(".")[2] for requirement, finding in own if finding.outcome is outcome}


def _exchange(locator: Locator, redactor: Redactor, said: Said, source: str) -> Exchange:
    request = Request(method=said.method, url=said.url, headers=tuple(said.asked.items()), body=_bytes(said.sent))
    response = Response(status=said.status, headers=tuple(said.headers.items()), body=_bytes(said.body))
    return locator.exchange(redactor.request(request), redactor.response(response), source=source, sent_at=said.sent_at)


def _bytes(body: Any) -> bytes:
    return b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()


def vultr() -> list[Said]:
    """A client keeps two keys and walks its zones, none of which the contract knows; it lists backups, and a plan."""
    api = "https://api.vultr.com/v2"
    keys = f"{api}/ssh-keys"
    first, made = {"id": "k-1", "name": "one", "size": 2048}, {"id": "k-2", "name": "two", "size": 4096}
    sent, changed = {"name": "two", "size": 4096}, {**made, "name": "three"}

    def call(method: str, url: str, status: int = 200, body: Any = None, sent: Any = None) -> Said:
        asked = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        return Said(method, url, status, body, sent, asked, {"Content-Type": "application/json"})

    def keys_listed(*records: Any) -> Said:
        meta = {"total": len(records), "links": {"next": "", "prev": ""}}
        return call("GET", keys, body={"ssh_keys": list(records), "meta": meta})

    def zones_listed(query: str, ids: str, following: str) -> Said:
        meta = {"total": 5, "links": {"next": following, "prev": ""}}
        return call("GET", f"{api}/zones{query}", body={"zones": [{"id": one} for one in ids], "meta": meta})

    many = [{"id": f"b-{number}"} for number in range(100)]
    backups = {"backups": many, "meta": {"total": 130, "links": {"next": "bmV4dA==", "prev": ""}}}
    plan = {"id": "vc2", "vcpu_count": 1, "ram": 2048, "locations": []}
    plans = {"plans": [plan], "meta": {"total": 1, "links": {"next": "", "prev": ""}}}
    return [
        keys_listed(first),
        call("POST", keys, 201, {"ssh_key": made}, sent),
        call("GET", f"{keys}/k-2", body={"ssh_key": dict(made)}),
        keys_listed(first, dict(made)),
        call("PATCH", f"{keys}/k-2", 204, sent={"name": "three"}),
        call("GET", f"{keys}/k-2", body={"ssh_key": dict(changed)}),
        keys_listed(first, dict(changed)),
        call("DELETE", f"{keys}/k-2", 204),
        call("GET", f"{keys}/k-2", 404, {"error": "Invalid key.", "status": 404}),
        keys_listed(first),
        zones_listed("?per_page=2", "ab", "bjE="),
        zones_listed("?per_page=2&cursor=bjE%3D", "cd", "bjI="),
        zones_listed("?per_page=2&cursor=bjI%3D", "e", ""),
        call("GET", f"{api}/backups", body=backups),
        call("GET", f"{api}/plans", body=plans),
        call("POST", f"{api}/instances/i-1/checks", 200, {"check": {"ok": True}}, {}),
        call("GET", "http://api.vultr.com/v2/account", 403, {"error": "HTTPS is required."}),
    ]


def _limited(remaining: int, reset: int = NOW + 60, **headers: str) -> dict[str, str]:
    told = {"X-RateLimit-Limit": "500", "X-RateLimit-Remaining": str(remaining), "X-RateLimit-Reset": str(reset)}
    return {"Content-Type": "application/json", "Date": DATE, **told, **headers}


def vercel() -> list[Said]:
    """A client walks the members of a team and lists projects, is denied an account, and uses up its calls."""
    asked = {"Authorization": f"Bearer {TOKEN}"}
    members, projects = "https://api.vercel.com/v2/teams/t-1/members", "https://api.vercel.com/v9/projects"
    times = [1_690_000_000_000 - 1000 * number for number in range(5)]

    def listed(query: str, numbers: range, following: int | None, before: int | None, remaining: int) -> Said:
        records = [{"id": f"m-{number}", "name": f"member {number}"} for number in numbers]
        pagination = {"count": len(records), "next": following, "prev": before}
        body = {"members": records, "pagination": pagination}
        return Said("GET", members + query, body=body, asked=asked, headers=_limited(remaining))

    page = [{"id": f"p-{number}", "name": f"project {number}"} for number in range(20)]
    denial = {"error": {"code": "forbidden", "message": "Not authorized"}}
    exceeded = {"error": {"code": "too_many_requests", "message": "Rate limit exceeded"}}
    unknown = {"error": {"code": "not_found", "message": "No such endpoint"}}
    many = {"projects": page, "pagination": {"count": 20, "next": times[0], "prev": None}}
    token, domains = "https://api.vercel.com/v3/tokens", "https://api.vercel.com/v5/domains"
    no_domains = {"domains": [], "pagination": {"count": 0, "next": None, "prev": None}}
    typed = {**asked, "Content-Type": "application/json"}
    return [
        listed("?limit=2", range(2), times[1], None, 9),
        listed(f"?limit=2&until={times[1]}", range(2, 4), times[3], times[1], 8),
        listed(f"?limit=2&until={times[3]}", range(4, 5), None, times[3], 7),
        Said("GET", projects, body=many, asked=asked, headers=_limited(5)),
        Said("GET", f"{projects}?teamId=t-1", body=deepcopy(many), asked=asked, headers=_limited(5)),
        Said("POST", token, 200, {"token": {"id": "x-1"}}, {"name": "ci"}, typed, _limited(2)),
        Said("GET", "https://api.vercel.com/v2/user", 403, denial, asked=asked, headers=_limited(4)),
        Said("GET", projects.replace("/v9", ""), 404, unknown, asked=asked, headers=_limited(4)),
        Said("GET", domains, body=no_domains, asked=asked, headers=_limited(1)),
        Said("GET", domains, body=no_domains, asked=asked, headers=_limited(0)),
        Said("GET", domains, 429, exceeded, asked=asked, headers=_limited(0)),
    ]


def snyk() -> list[Said]:
    """A client walks the apps of an organisation, in a version that is deprecated, and reads one of them."""
    base, version = "https://api.snyk.io/rest", "version=2024-10-15"
    asked = {"Authorization": f"token {TOKEN}"}
    typed = {"Content-Type": "application/vnd.api+json"}
    old = typed | {"Sunset": "Wed, 11 Nov 2026 11:11:11 GMT"}

    named = {"jsonapi": {"version": "1.0"}}

    def app(number: int) -> dict[str, Any]:
        return {"id": f"a-{number}", "type": "app", "attributes": {"name": f"app {number}"}}

    def listed(cursor: str, numbers: range, **links: str) -> Said:
        body = {**named, "data": [app(number) for number in numbers], "links": links}
        return Said(
            "GET", f"{base}/orgs/o-1/apps?{version}&limit=10{cursor}", body=body, asked=asked, headers=dict(old)
        )

    def link(cursor: str) -> str:
        return f"/orgs/o-1/apps?{version}&limit=10&{cursor}"

    refused = {**named, "errors": [{"status": "400", "detail": "version is required"}]}
    clear = {**named, "errors": [{"status": "404", "detail": "Not Found"}]}
    limited = {**named, "errors": [{"status": "429", "detail": "Too many requests"}]}
    project = {"id": "p-1", "type": "project", "attributes": {"name": "one"}}
    projects, one = {**named, "data": [project], "links": {}}, {**named, "data": app(1), "links": {}}
    return [
        listed("", range(10), next=link("starting_after=c1")),
        listed("&starting_after=c1", range(10, 20), next=link("starting_after=c2"), prev=link("ending_before=d1")),
        listed("&starting_after=c2", range(20, 23), prev=link("ending_before=d2")),
        Said("GET", f"{base}/orgs/o-1/apps/a-1?{version}", body=one, asked=asked, headers=dict(typed)),
        Said("GET", f"{base}/orgs/o-1/projects?{version}", body=projects, asked=asked, headers=dict(typed)),
        Said("GET", f"{base}/orgs/o-1/projects", 400, refused, asked=asked, headers=dict(typed)),
        Said("GET", f"http://api.snyk.io/rest/nothing?{version}", 404, clear, asked=asked, headers=dict(typed)),
        Said("GET", f"{base}/orgs/o-1/apps?{version}&limit=20", 429, limited, asked=asked, headers=dict(typed)),
    ]


def zeit() -> list[Said]:
    """A client lists what it has, keeps a secret and a record, moves an alias, is refused, and deletes what it made."""
    base, asked = "https://api.zeit.co", {"Authorization": f"Bearer {TOKEN}"}
    typed, at = {**asked, "Content-Type": "application/json"}, "2017-09-22T13:11:49.180Z"
    remaining = iter(range(400, 0, -1))

    def call(method: str, path: str, body: Any = None, sent: Any = None, status: int = 200) -> Said:
        told = _limited(next(remaining))
        return Said(method, base + path, status, body, sent, dict(typed if sent else asked), told)

    def refused(method: str, path: str, status: int, code: str, sent: Any = None, **extra: Any) -> Said:
        return call(method, path, {"error": {"code": code, "message": "It is refused.", **extra}}, sent, status)

    member = {"uid": "u-1", "role": "OWNER", "email": "a@example.com", "username": "a"}
    deployment = {
        "uid": "dpl_1",
        "name": "site",
        "url": "site-1.now.sh",
        "created": 1_508_930_000_000,
        "creator": {"uid": "u-1"},
        "state": "READY",
    }
    leaf = {"name": "index.html", "type": "file", "mode": 33206, "uid": "6938e4ed47a23f17ceb6dbd880ab18d2787e7946"}
    tree = [leaf, {"name": "static", "type": "directory", "mode": 16749, "children": [{**leaf, "name": "logo.png"}]}]
    domain = {"uid": "d-1", "name": "one.example.com", "created": at, "isExternal": True, "verified": True}
    record = {"id": "rec_1", "slug": "a", "type": "TXT", "name": "a", "value": "b", "created": "1474631621542"}
    alias = {"uid": "al-1", "alias": "my", "created": at, "deploymentId": "dpl_1"}
    pointed = {"id": "dpl_1", "url": "site-1.now.sh"}
    buffer = {"type": "Buffer", "data": [109, 121]}
    secret = {"uid": "sec_1", "name": "key", "created": at}
    certificate = {"uid": "c-1", "cns": ["one.example.com"], "created": at, "expiration": at, "autoRenew": True}
    return [
        call("GET", "/v3/now/deployments", {"deployments": [deployment]}),
        call("GET", "/v5/now/deployments/dpl_1/files", tree),
        call("GET", "/v2/domains", {"domains": [{**domain, "boughtAt": None, "expiresAt": None}]}),
        call("GET", "/v2/domains/one.example.com/records", {"records": [{**record, "updated": None}]}),
        call("GET", "/v2/now/aliases", {"aliases": [{**alias, "deployment": pointed}]}),
        call("GET", "/v3/now/certs", {"certs": [certificate]}),
        call("GET", "/v1/teams/team_1/members", [member]),
        call("POST", "/v2/now/secrets", {**secret, "userId": "u-1", "value": buffer}, {"name": "key", "value": "my"}),
        call("GET", "/v2/now/secrets", {"secrets": [dict(secret)]}),
        call("PATCH", "/v2/now/secrets/key", {**secret, "name": "new", "oldName": "key"}, {"name": "new"}),
        call("GET", "/v2/now/secrets", {"secrets": [{**secret, "name": "new"}]}),
        call("DELETE", "/v2/now/secrets/new", {"uid": "sec_1", "name": "new", "created": at}),
        call("GET", "/v2/now/secrets", {"secrets": []}),
        refused("GET", "/v2/now/secrets", 403, "forbidden"),
        refused("POST", "/v6/now/deployments", 400, "missing_files", {"name": "site"}, missing=["0" * 40]),
        refused("DELETE", "/v2/domains/two.example.com", 404, "not_found"),
        refused("PUT", "/v2/domains", 405, "method_unknown"),
        call("GET", "/v2/domains/price?name=one.example.com", {"price": 17, "period": 1}),
        call("GET", "/v2/domains/status?name=one.example.com", {"available": False}),
    ]


TALKS = {"snyk": snyk, "vercel": vercel, "vultr": vultr, "zeit": zeit}
