"""The Vultr API v2 as its document describes it, read strictly.

Where the document is silent: a bad page size or cursor is a 400; a filter value that matches nothing gives an
empty list; `next` and `prev` are "" at the ends of a list; a wrong method is a 404, since the table of
response codes has no 405; applications and plans answer without a key, but a bad key is refused everywhere;
an unknown path without a key is a 401; a key used from a forbidden address is a 401; plain HTTP is a 400.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

from conformance.reference.clock import Clock, VirtualClock
from conformance.reference.core import Handler, Route, Server, collections, issue_credentials
from conformance.reference.limits import SlidingWindow
from conformance.reference.messages import Principal, Problem, Record, Request, Response
from conformance.reference.pages import CursorPaginator
from conformance.reference.policies import Errors, Ids, JsonBody, TokenAuthenticator, Transport
from conformance.reference.store import PUBLIC
from conformance.reference.vultr.data import KEYS, USER_IDS, rows

UPDATE_DELAY = 0.1
"""Seconds between the 202 to a PUT and its effect."""

PRINCIPALS = (
    Principal("default", account="default"),
    Principal("second", account="second"),
    Principal("ip-restricted", account="default", addresses=frozenset({"198.51.100.7"})),
    Principal("no-permission", account="default", permissions=frozenset({"users"})),
)

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\Z")


def build(
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    credentials: Mapping[str, str] | None = None,
    require_https: bool = True,
) -> Server:
    """A Vultr server with fresh records.

    `credentials` gives tokens for some of `default`, `second` (another account), `ip-restricted` (valid from
    198.51.100.7 only) and `no-permission` (may not use account, backups and domains).
    """
    clock = clock or VirtualClock()
    tokens = issue_credentials("vultr", (principal.name for principal in PRINCIPALS), credentials)
    return Server(
        api="vultr",
        clock=clock,
        credentials=tokens,
        parameters={
            "user-id": list(USER_IDS),
            "dns-domain": [name for owner, name in rows()["domains"] if owner == "default"],
        },
        routes=list(ROUTES),
        store=collections(rows(), KEYS, clock),
        filters={
            "GET /v2/applications": {"type": lambda value, record: value in ("all", record["type"])},
            "GET /v2/backups": {"instance_id": lambda value, record: value == record["instance_id"]},
            "GET /v2/plans": {"type": lambda value, record: value == record["type"]},
        },
        transport=Transport.over(require_https=require_https),
        limiter=SlidingWindow(limit=30),
        authenticator=TokenAuthenticator("Bearer", {tokens[one.name]: one for one in PRINCIPALS}),
        bodies=JsonBody(),
        paginator=CursorPaginator(default=100, maximum=500),
        errors=Errors(lambda problem: {"error": problem.message, "status": problem.status}),
        ids=ids or Ids(),
    )


def _get_account(server: Server, request: Request) -> Response:
    """The account of the key (Get Account Info)."""
    (record,) = server.store["account"].of(request.account)
    return Response.of({"account": record})


def _get_user(server: Server, request: Request) -> Response:
    """One user of the account (Path parameters)."""
    record = server.store["users"].get(request.account, request.arguments["user-id"])
    if record is None:
        raise Problem(404, "unknown-user", "No user with this id was found in your account.")
    return Response.of({"user": record})


def _list(name: str, *, public: bool = False) -> Handler:
    """A handler for a list under its plural name, filtered, then cut into pages (Meta and Pagination)."""

    def handle(server: Server, request: Request) -> Response:
        collection = server.store[name]
        records = server.listed(request, collection.of(PUBLIC if public else request.account))
        page = server.paginator.page(request, records, collection.key)
        meta = {"total": page.total, "links": {"next": page.next, "prev": page.prev}}
        return Response.of({name: page.items, "meta": meta})

    return handle


def _create_domain(server: Server, request: Request) -> Response:
    """Create a domain: 201, and it exists (API Example Conventions; Response Codes)."""
    given = _attributes(server.bodies.parse(request))
    if "domain" not in given:
        raise Problem(400, "required", "The attribute 'domain' is required.")
    domains = server.store["domains"]
    if domains.get(request.account, given["domain"]):
        raise Problem(400, "duplicate", "This domain exists already in your account.")
    created = server.clock.now().isoformat(timespec="seconds")
    record = {"domain": "", "date_created": created, "ip": "", "dns_sec": "disabled", **given}
    domains.add(request.account, record)
    return Response.of({"domain": record}, 201)


def _get_domain(server: Server, request: Request) -> Response:
    """One domain of the account."""
    return Response.of({"domain": _domain(server, request)})


def _put_domain(server: Server, request: Request) -> Response:
    """Set the given values: 202, and they hold a moment later (Requests, PUT)."""
    record = _domain(server, request)
    changes = _changes(server, request)
    server.store["domains"].update(request.account, record["domain"], changes, after=UPDATE_DELAY)
    return Response.of({"domain": {**record, **changes}}, 202)


def _patch_domain(server: Server, request: Request) -> Response:
    """Change the given attributes and no other: 204 (Requests, PATCH)."""
    record = _domain(server, request)
    server.store["domains"].update(request.account, record["domain"], _changes(server, request))
    return Response(204)


def _delete_domain(server: Server, request: Request) -> Response:
    """Destroy a domain: 204 (Requests, DELETE)."""
    server.store["domains"].remove(request.account, _domain(server, request)["domain"])
    return Response(204)


def _domain(server: Server, request: Request) -> Record:
    record = server.store["domains"].get(request.account, request.arguments["dns-domain"])
    if record is None:
        raise Problem(404, "unknown-domain", "No domain with this name was found in your account.")
    return record


def _changes(server: Server, request: Request) -> dict[str, Any]:
    # A domain's name is its identity: it is given in the path and cannot be changed.
    given = _attributes(server.bodies.parse(request))
    return {name: value for name, value in given.items() if name != "domain"}


def _attributes(body: Mapping[str, Any]) -> dict[str, Any]:
    """The known attributes of a domain in a body; a Problem with 400 for a value that is not allowed."""
    given = {name: body[name] for name in _ATTRIBUTES if name in body}
    for name, value in given.items():
        allowed, form = _ATTRIBUTES[name]
        if not isinstance(value, str):
            raise Problem(400, "type", f"The attribute '{name}' must be a string.")
        if not allowed(value):
            raise Problem(400, "value", f"The attribute '{name}' must be {form}.")
    return given


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


_ATTRIBUTES: dict[str, tuple[Callable[[str], object], str]] = {
    "domain": (_HOST_NAME.match, "a domain name"),
    "ip": (_is_address, "an IP address"),
    "dns_sec": (lambda text: text in ("enabled", "disabled"), "'enabled' or 'disabled'"),
}

ROUTES = (
    Route("GET", "/v2/account", _get_account, "account"),
    Route("GET", "/v2/applications", _list("applications", public=True), None),
    Route("GET", "/v2/backups", _list("backups"), "backups"),
    Route("GET", "/v2/plans", _list("plans", public=True), None),
    Route("GET", "/v2/users/{user-id}", _get_user, "users"),
    Route("GET", "/v2/domains", _list("domains"), "domains"),
    Route("POST", "/v2/domains", _create_domain, "domains"),
    Route("GET", "/v2/domains/{dns-domain}", _get_domain, "domains"),
    Route("PUT", "/v2/domains/{dns-domain}", _put_domain, "domains"),
    Route("PATCH", "/v2/domains/{dns-domain}", _patch_domain, "domains"),
    Route("DELETE", "/v2/domains/{dns-domain}", _delete_domain, "domains"),
)
