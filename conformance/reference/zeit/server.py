"""The ZEIT Now API as its document describes it, read strictly.

Where the document is silent: whatever is refused is a 400, but a 404 for what there is none of, a 405 for a wrong
method and a 403 where it is said; only 1 as `forceNew` forces anything; the same input is the same name, files,
environment, builds, routes, regions and openness; a deployment goes through the states in the order of the
document, each for two seconds; a zeit.world domain is verified at once; a domain is removed with its aliases, and
not at all while a certificate holds it; names of secrets and slugs of teams are used once; an invited user is a
member at once; a code is good for one exchange; the limit counts each consumer's calls of an endpoint for itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from conformance.reference.clock import Clock, VirtualClock
from conformance.reference.core import Handler, Route, Server, collections, issue_credentials, tells_its_limit
from conformance.reference.limits import FixedWindow
from conformance.reference.messages import Principal, Problem, Request
from conformance.reference.pages import TimestampPaginator
from conformance.reference.policies import Errors, Ids, JsonBody, Transport
from conformance.reference.zeit import accounts, deployments, domains
from conformance.reference.zeit.data import KEYS, USER_A, USER_B, USER_C, USER_F, facts, parameters, rows
from conformance.reference.zeit.policies import Memberships, PrefixedIds, Refusal, envelope

TICK = 0.5
"""Seconds that a clock of this server's own moves at each request."""

PRINCIPALS = (
    Principal("default", USER_A),
    Principal("second", USER_B),
    Principal("member", USER_C),
    Principal("free", USER_F),
)

_REFUSALS = dict.fromkeys(("no-key", "scheme", "unknown-key", "team"), "Not authorized")


def build(
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    credentials: Mapping[str, str] | None = None,
    require_https: bool = True,
    limit: int = 60,
) -> Server:
    """A ZEIT Now server with fresh records.

    `credentials` gives tokens for some of `default`, `second` (another account), `member` (of the team of the first,
    and no owner of it) and `free` (an account without a paid plan). `limit` is how many calls of an endpoint a minute
    has.
    """
    clock = clock or VirtualClock(tick=TICK)
    tokens = issue_credentials("zeit", (principal.name for principal in PRINCIPALS), credentials)
    store = collections(rows(), KEYS, clock)

    def consumer(request: Request) -> str:
        header = request.headers.get("Authorization", "")
        principal = server.authenticator.principals.get(header.partition(" ")[2])
        who = f"account {principal.account}" if principal else f"address {request.address}"
        return f"{who} {request.method} {_endpoint(server, request)}"

    server = Server(
        api="zeit",
        clock=clock,
        credentials=tokens,
        parameters=parameters(),
        routes=list(ROUTES),
        store=store,
        filters={},
        transport=Transport.over(require_https=require_https),
        limiter=FixedWindow(limit, consumer),
        authenticator=Memberships(
            "Bearer",
            {tokens[one.name]: one for one in PRINCIPALS},
            _REFUSALS,
            status=403,
            clock=clock,
            expiries={},
            members=store["members"],
        ),
        bodies=JsonBody(),
        paginator=TimestampPaginator(default=20, maximum=100),
        errors=Errors(envelope),
        ids=ids or PrefixedIds(),
        facts=facts(),
        unrouted=_unrouted,
    )

    server.finish = tells_its_limit(server, clock)
    return server


def _endpoint(server: Server, request: Request) -> str:
    """The path template of a request, before it takes its route."""
    route = server.route_of(request)
    return route.template if route else "/".join(request.segments)


def _unrouted(server: Server, request: Request) -> Problem:
    methods = server.methods_at(request.segments)
    if methods:
        text = f"This endpoint only responds to {', '.join(methods)}"
        return Problem(405, "method", text, {"Allow": ", ".join(methods)})
    return Refusal(404, "not_found", "There is no endpoint with this version and path.", cause="unknown-path")


def _route(method: str, template: str, handler: Handler, permission: str | None = "") -> Route:
    return Route(method, template, handler, permission)


_DEPLOYMENT = "/v6/now/deployments/{deploymentId}"
_FILES = "/v5/now/deployments/{deploymentId}/files"

ROUTES = (
    _route("POST", "/v6/now/deployments", deployments.create),
    _route("POST", "/v2/now/files", deployments.upload),
    _route("GET", "/v3/now/deployments", deployments.list_deployments),
    _route("GET", _DEPLOYMENT, deployments.get),
    _route("DELETE", _DEPLOYMENT, deployments.delete),
    _route("GET", _FILES, deployments.list_files),
    _route("GET", f"{_FILES}/{{fileId}}", deployments.get_file),
    _route("GET", "/v5/now/deployments/{deploymentId}/builds", deployments.list_builds),
    _route("GET", "/v2/now/deployments/{deploymentId}/events", deployments.list_logs),
    _route("GET", "/v2/now/deployments/{deploymentId}/aliases", deployments.list_aliases),
    _route("POST", "/v2/now/deployments/{deploymentId}/aliases", deployments.assign_alias),
    _route("GET", "/v2/domains", domains.list_domains),
    _route("POST", "/v2/domains", domains.add),
    _route("GET", "/v2/domains/status", domains.status),
    _route("GET", "/v2/domains/price", domains.price),
    _route("POST", "/v2/domains/buy", domains.buy),
    _route("DELETE", "/v2/domains/{domain}", domains.delete),
    _route("GET", "/v2/domains/{domain}/records", domains.list_records),
    _route("POST", "/v2/domains/{domain}/records", domains.create_record),
    _route("DELETE", "/v2/domains/{domain}/records/{recId}", domains.delete_record),
    _route("GET", "/v3/now/certs", domains.list_certs),
    _route("POST", "/v3/now/certs", domains.issue),
    _route("PUT", "/v3/now/certs", domains.submit),
    _route("GET", "/v3/now/certs/{certId}", domains.get_cert),
    _route("DELETE", "/v3/now/certs/{certId}", domains.delete_cert),
    _route("GET", "/v2/now/aliases", deployments.all_aliases),
    _route("DELETE", "/v2/now/aliases/{aliasId}", deployments.delete_alias),
    _route("GET", "/v2/now/secrets", accounts.list_secrets),
    _route("POST", "/v2/now/secrets", accounts.create_secret),
    _route("PATCH", "/v2/now/secrets/{secretName}", accounts.rename_secret),
    _route("DELETE", "/v2/now/secrets/{secretName}", accounts.delete_secret),
    _route("GET", "/v1/teams", accounts.list_teams),
    _route("POST", "/v1/teams", accounts.create_team),
    _route("GET", "/v1/teams/{teamId}", accounts.get_team),
    _route("PATCH", "/v1/teams/{teamId}", accounts.update_team),
    _route("GET", "/v1/teams/{teamId}/members", accounts.list_members),
    _route("POST", "/v1/teams/{teamId}/members", accounts.invite),
    _route("PATCH", "/v1/teams/{teamId}/members/{userId}", accounts.change_role),
    _route("DELETE", "/v1/teams/{teamId}/members/{userId}", accounts.remove_member),
    _route("POST", "/now/registration", accounts.request_login, None),
    _route("GET", "/now/registration/verify", accounts.verify_login, None),
    _route("POST", "/v2/oauth/access_token", accounts.exchange_code, None),
    # Versions that only samples use (Versioning).
    _route("DELETE", "/v5/now/deployments/{deploymentId}", deployments.delete),
    _route("GET", "/v6/now/deployments/{deploymentId}/files/{fileId}", deployments.get_file),
    _route("GET", "/v6/now/deployments/{deploymentId}/builds", deployments.list_builds),
    # What happens outside the API: a user reads an e-mail, grants access in a browser, publishes a DNS record.
    _route("POST", "/_emulator/accept-login", accounts.accept_login, None),
    _route("POST", "/_emulator/grant", accounts.grant, None),
    _route("POST", "/_emulator/publish", accounts.publish, None),
)
