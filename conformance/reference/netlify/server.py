"""The Netlify API as its document describes it, read strictly.

Where the document is silent: a create answers 201, but 200 for a deploy, a delete 204; a wrong member is a 422, a
malformed body a 400, another media type a 415, a wrong method a 405, a wrong credential a 401; what another account
has is a 404, and a team with single sign-on a 403 for a token without the grant; a bad `page` or `per_page` is a 422,
a page behind the last one is empty; deploys are listed newest first, and are `current` or `old` among those of their
site once they were published, `ready` by their own id; contents are stored for all sites; every call counts in the
general limit, and one that deploys in two more, which are the account's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from conformance.reference.clock import Clock, VirtualClock
from conformance.reference.core import Route, Server, collections, issue_credentials, tells_its_limit
from conformance.reference.limits import Bucket, Buckets
from conformance.reference.messages import Principal, Problem, Request, Response
from conformance.reference.netlify import deploys, environment, forms, hooks, sites, snippets
from conformance.reference.netlify.data import (
    KEYS,
    LIFETIME,
    TEAM_SSO,
    USER_A,
    USER_B,
    USER_C,
    USER_S,
    facts,
    parameters,
    rows,
)
from conformance.reference.netlify.environment import Variables
from conformance.reference.netlify.hooks import Notices
from conformance.reference.netlify.policies import Access, Bodies, Handling, NetlifyIds, NetlifyServer, envelope
from conformance.reference.netlify.publishing import Flow
from conformance.reference.pages import PageNumberPaginator
from conformance.reference.policies import Errors, Ids, Transport
from conformance.reference.senders import Sender

TICK = 0.25
"""Seconds that a clock of this server's own moves at each request: 240 requests to a window, half the limit."""

PRINCIPALS = (
    Principal("default", USER_A),
    Principal("second", USER_B),
    Principal("member", USER_C),
    Principal("saml", USER_S),
    Principal("no-saml", USER_S),
    Principal("expiring", USER_A),
)

_REFUSALS = {
    "no-key": "No token was sent; send 'Authorization: Bearer <TOKEN>'.",
    "scheme": "The Authorization header must be 'Bearer <TOKEN>'.",
    "unknown-key": "The token is not valid.",
    "expired": "The token has expired.",
}

_DEPLOY = "POST /api/v1/sites/{site_id}/deploys"
_MAY_DEPLOY = ("POST /api/v1/sites", "POST /api/v1/{account_slug}/sites/", "PUT /api/v1/sites/{site_id}")
"""What deploys where the body is an archive or has a digest."""


def build(
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    credentials: Mapping[str, str] | None = None,
    require_https: bool = True,
    limit: int = 500,
    deploys_a_minute: int = 3,
    deploys_a_day: int = 100,
    sender: Sender | None = None,
) -> Server:
    """A Netlify server with fresh records.

    `credentials` gives tokens for some of `default`, `second` (another account), `member` (of the personal team of the
    first, and no Owner of it), `saml` and `no-saml` (two of one member of a team with single sign-on, with and without
    the grant) and `expiring` (of the first account, valid for 30 days). `limit` is how many calls a credential has in a
    minute, and the two that follow how many deploys an account has. `sender` is what calls hooks.
    """
    clock = clock or VirtualClock(tick=TICK)
    tokens = issue_credentials("netlify", (principal.name for principal in PRINCIPALS), credentials)
    store = collections(rows(), KEYS, clock)

    def who(request: Request) -> Principal | None:
        try:
            return server.authenticator.authenticate(request)
        except Problem:
            return None

    def consumer(request: Request) -> str:
        known = who(request)
        return f"token {known.name}" if known else f"address {request.address}"

    def account(request: Request) -> str:
        known = who(request)
        return known.account if known else ""

    def is_deploy(request: Request) -> bool:
        route = server.route_of(request)
        if route is None or who(request) is None:
            return False
        return route.operation == _DEPLOY or (route.operation in _MAY_DEPLOY and _holds_files(server.bodies, request))

    minute = Bucket(deploys_a_minute, account, holds=is_deploy)
    day = Bucket(deploys_a_day, account, 86_400, holds=is_deploy)
    server = NetlifyServer(
        api="netlify",
        clock=clock,
        credentials=tokens,
        parameters=parameters(),
        routes=list(ROUTES),
        store=store,
        filters={},
        transport=Transport.over(require_https=require_https),
        limiter=Buckets(limit, consumer, others=[minute, day]),
        authenticator=Access(
            "Bearer",
            {tokens[one.name]: one for one in PRINCIPALS},
            _REFUSALS,
            clock=clock,
            expiries={"expiring": clock.now() + LIFETIME},
            members=store["members"],
            sso=frozenset({TEAM_SSO}),
            granted=frozenset({"saml"}),
        ),
        bodies=Bodies(),
        paginator=PageNumberPaginator(default=100, maximum=100, refused=422),
        errors=Errors(envelope),
        ids=ids or NetlifyIds(),
        facts=facts(),
        unrouted=_unrouted,
        flow=Flow(),
        variables=Variables(),
        notices=Notices(),
        sender=sender or Sender(),
    )
    server.finish = tells_its_limit(server, clock)
    return server


def _holds_files(bodies: Any, request: Request) -> bool:
    """Whether a body is an archive, or has a digest."""
    if bodies.is_archive(request):
        return True
    try:
        return b'"files"' in request.body and "files" in bodies.parse(request)
    except Problem:
        return False


def _unrouted(server: Server, request: Request) -> Problem:
    methods = server.methods_at(request.segments)
    if methods:
        return Problem(405, "method", "This path does not have this method.", {"Allow": ", ".join(methods)})
    return Problem(404, "unknown-path", "Not Found")


def _route(method: str, template: str, handling: Handling, permission: str | None = "") -> Route:
    """A route whose handler sees deploys where they are at this moment."""

    def handler(server: Server, request: Request) -> Response:
        known = cast(NetlifyServer, server)
        known.flow.settle(known)
        return handling(known, request)

    return Route(method, template, handler, permission)


_API = "/api/v1"
_SITE = f"{_API}/sites/{{site_id}}"
_SITE_DEPLOY = f"{_SITE}/deploys/{{deploy_id}}"
_DEPLOYED = f"{_API}/deploys/{{deploy_id}}"
_SNIPPET = f"{_SITE}/snippets/{{snippet_id}}"
_ENV = f"{_API}/accounts/{{account_id}}/env"
_SUBMISSION = f"{_API}/submissions/{{submission_id}}"

ROUTES = (
    _route("GET", f"{_API}/sites", sites.list_sites),
    _route("POST", f"{_API}/sites", sites.create),
    _route("POST", f"{_API}/{{account_slug}}/sites/", sites.create_in_team),
    _route("GET", _SITE, sites.get),
    _route("PATCH", _SITE, sites.update),
    _route("PUT", _SITE, sites.update),
    _route("DELETE", _SITE, sites.delete),
    _route("POST", f"{_SITE}/ssl", sites.provision),
    _route("GET", f"{_SITE}/metadata", sites.get_metadata),
    _route("PUT", f"{_SITE}/metadata", sites.put_metadata),
    _route("GET", f"{_API}/accounts/{{account_slug}}", sites.get_account),
    _route("GET", _ENV, environment.list_variables),
    _route("POST", _ENV, environment.create),
    _route("GET", f"{_ENV}/{{key}}", environment.get),
    _route("PUT", f"{_ENV}/{{key}}", environment.replace),
    _route("PATCH", f"{_ENV}/{{key}}", environment.merge),
    _route("DELETE", f"{_ENV}/{{key}}", environment.delete),
    _route("DELETE", f"{_ENV}/{{key}}/value/{{id}}", environment.delete_value),
    _route("GET", f"{_SITE}/files", deploys.list_files),
    _route("GET", f"{_SITE}/files/{{file_path...}}", deploys.get_file),
    _route("GET", f"{_SITE}/deploys", deploys.list_deploys),
    _route("POST", f"{_SITE}/deploys", deploys.create),
    _route("GET", _SITE_DEPLOY, deploys.get_of_site),
    _route("POST", f"{_SITE_DEPLOY}/restore", deploys.restore),
    _route("GET", _DEPLOYED, deploys.get),
    _route("PUT", f"{_DEPLOYED}/files/{{file_path...}}", deploys.upload_file),
    _route("PUT", f"{_DEPLOYED}/functions/{{name}}", deploys.upload_function),
    _route("GET", f"{_SITE}/snippets", snippets.list_snippets),
    _route("POST", f"{_SITE}/snippets", snippets.add),
    _route("GET", _SNIPPET, snippets.get),
    _route("PUT", _SNIPPET, snippets.replace),
    _route("DELETE", _SNIPPET, snippets.delete),
    _route("GET", f"{_SITE}/forms", forms.list_forms),
    _route("DELETE", f"{_SITE}/forms/{{form_id}}", forms.delete_form),
    _route("GET", f"{_SITE}/submissions", forms.of_site),
    _route("GET", f"{_API}/forms/{{form_id}}/submissions", forms.of_form),
    _route("PUT", f"{_SUBMISSION}/spam", forms.mark_spam),
    _route("PUT", f"{_SUBMISSION}/ham", forms.mark_ham),
    _route("DELETE", _SUBMISSION, forms.delete_submission),
    _route("GET", f"{_API}/hooks/types", hooks.list_types),
    _route("GET", f"{_API}/hooks", hooks.list_hooks),
    _route("POST", f"{_API}/hooks", hooks.create),
    _route("DELETE", f"{_API}/hooks/{{hook_id}}", hooks.delete),
    # What happens outside the API: the pages of a site and their visitors, DNS records that are published.
    _route("GET", "/_site/{site}/{path...}", forms.page, None),
    _route("POST", "/_site/{site}/{path...}", forms.post, None),
    _route("GET", "/_site/{site}", forms.page, None),
    _route("POST", "/_site/{site}", forms.post, None),
    _route("GET", "/_site/{site}/", forms.page, None),
    _route("POST", "/_site/{site}/", forms.post, None),
    _route("POST", "/_emulator/submit", forms.arrive, None),
    _route("POST", "/_emulator/dns", sites.publish_dns, None),
)
