"""Faults of the Netlify server in who is let in, who reaches what, and what is told of secrets."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from conformance.reference import lenient
from conformance.reference.core import Handler, Server
from conformance.reference.edits import append, crash, header, instead, put
from conformance.reference.faults import Faults
from conformance.reference.messages import Principal, Problem, Record, Request, Response
from conformance.reference.netlify.data import TEAM_SSO
from conformance.reference.netlify.faults.tools import (
    ACCOUNT,
    BY_ID,
    CREATE,
    CREATE_HOOK,
    CREATE_SITE,
    CREATE_VARIABLES,
    DEPLOYS,
    METADATA,
    PATCH_SITE,
    PUT_SITE,
    SITE,
    SITES,
    VARIABLES,
)
from conformance.reference.netlify.policies import Access, site_of, visible
from conformance.reference.plants import authenticator, handled, unprotected
from conformance.reference.policies import sent_token

faults = Faults()

lenient.in_clear(faults.of("netlify.transport.https-only"))

fault = faults.of("netlify.auth.no-token-denied")
fault("empty-list-of-sites", "The sites are an empty list with 200 without a token.").by(
    instead(Response.of([]), on=SITES, cause="no-key")
)
fault("metadata-served", "The metadata of the first user's sites is served without a token.").by(
    unprotected(METADATA, "default")
)
fault("deploy-by-id-served", "A deploy is read by its id without a token.").by(unprotected(BY_ID, "default"))
fault("variables-served", "The variables of the first team are served without a token.").by(
    unprotected(VARIABLES, "default")
)
fault("site-created", "A site is created without a token.").by(unprotected(CREATE_SITE, "default"))
fault("deployed", "A deploy is created without a token.").by(unprotected(CREATE, "default"))
fault("variable-created", "A variable is created without a token.").by(unprotected(CREATE_VARIABLES, "default"))
fault("hook-crashes", "A hook without a token is a 500.").by(crash(on=CREATE_HOOK, cause="no-key"))

fault = faults.of("netlify.auth.bad-token-denied")
fault("any-token-accepted", "Any token under Bearer is accepted.").by(authenticator(lenient.AnyToken))
fault("basic-accepted", "A valid token is accepted under Basic.").by(authenticator(lenient.BasicToo))
fault("bare-accepted", "A valid token is accepted without a scheme word.").by(authenticator(lenient.BareToken))
fault("unknown-token-crashes", "A token that does not exist is a 500.").by(crash(cause="unknown-key"))

fault = faults.of("netlify.auth.expired-token-denied")


@fault.using(authenticator)
class NeverExpires(Access):
    """A token is valid for ever."""

    def expired(self, _principal: Principal) -> bool:
        return False


fault("expired-sees-nothing", "With an expired token the sites are an empty list.").by(
    instead(Response.of([]), on=SITES, cause="expired")
)
fault("expired-crashes", "An expired token is a 500.").by(crash(cause="expired"))

fault = faults.of("netlify.auth.saml-denied-by-default")


@fault.using(authenticator)
class GrantNotAsked(Access):
    """A token reaches the team with single sign-on without the grant."""

    def admits(self, _principal: Principal, _account: str) -> bool:
        return True


@fault.using(handled, ACCOUNT)
def team_is_shown(kept: Handler, server: Server, request: Request) -> Response:
    """The team itself is read without the grant, and its sites are not."""
    try:
        return kept(server, request)
    except Problem as problem:
        if problem.cause != "sso":
            raise
        accounts = server.store["accounts"].rows.values()
        return Response.of(visible(next(one for one in accounts if one["id"] == TEAM_SSO)))


@fault.using(handled, SITES)
def sites_are_listed(kept: Handler, server: Server, request: Request) -> Response:
    """Without the grant the sites of the team are not read, and are listed."""
    answer = kept(server, request)
    if request.principal is None or request.principal.name != "no-saml":
        return answer
    return answer.with_json([*answer.json, *map(visible, server.store["sites"].of(TEAM_SSO))])


fault("site-by-id", "Without the grant a site of the team is read as if it had no name.").by(
    instead(Response.of({"id": "x", "name": ""}), on=SITE, status=404, when=lambda request: _is(request, "no-saml"))
)


def _is(request: Request, name: str) -> bool:
    return request.principal is not None and request.principal.name == name


fault = faults.of("netlify.auth.foreign-site-denied")


def every_site(server: Server) -> list[Record]:
    return list(server.store["sites"].rows.values())


@fault.using(handled, SITES)
def lists_every_site(kept: Handler, server: Server, request: Request) -> Response:
    """The second account is listed the sites of every account."""
    answer = kept(server, request)
    if not _is(request, "second"):
        return answer
    return answer.with_json([visible(one) for one in every_site(server) if one["account_slug"] in ("ada", "ben")])


@fault.using(handled, SITE)
def reads_every_site(kept: Handler, server: Server, request: Request) -> Response:
    """The second account reads the sites of every account, and is not listed them."""
    found = next((one for one in every_site(server) if one["id"] == request.arguments["site_id"]), None)
    return Response.of(visible(found)) if found is not None and _is(request, "second") else kept(server, request)


@fault.using(handled, DEPLOYS)
def deploys_of_others_are_none(kept: Handler, server: Server, request: Request) -> Response:
    """The deploys of a site of another account are an empty list."""
    try:
        return kept(server, request)
    except Problem as problem:
        if problem.cause != "unknown-site" or not any(
            one["id"] == request.arguments["site_id"] for one in every_site(server)
        ):
            raise
        return Response.of([])


@fault.server
def new_sites_are_everybodys(server: Server) -> None:
    """A site that was created since the server began is listed for every account."""
    known = {one["id"] for one in every_site(server)}

    def answer(kept: Handler, server: Server, request: Request) -> Response:
        response = kept(server, request)
        listed = {one["id"] for one in response.json}
        new = [one for one in every_site(server) if one["id"] not in known | listed]
        return response.with_json([*response.json, *map(visible, new)]) if _is(request, "second") else response

    handled(answer, SITES)(server)


fault = faults.of("netlify.security.site-password-write-only")


def _told(member: str, *operations: str) -> Any:
    def answer(kept: Handler, server: Server, request: Request) -> Response:
        response, sent = kept(server, request), server.bodies.parse(request)
        return response.with_json({**response.json, member: sent["password"]}) if "password" in sent else response

    return handled(answer, *operations)


fault("echoed", "The answer that sets a password holds it.").by(_told("password", CREATE_SITE, PATCH_SITE, PUT_SITE))
fault("echoed-by-put", "The answer to a PUT holds the password under another name.").by(
    _told("visitor_access", PUT_SITE)
)


@fault.using(handled, SITE)
def read_by_its_owner(kept: Handler, server: Server, request: Request) -> Response:
    """A site is read with its password."""
    answer, site = kept(server, request), site_of(server, request)
    return answer.with_json({**answer.json, "password": site["_password"]})


@fault.using(handled, SITES)
def listed_in_base64(kept: Handler, server: Server, request: Request) -> Response:
    """The list shows the user and password of a site in one, in base64."""
    answer = kept(server, request)
    passwords = {one["id"]: one["_password"] for one in every_site(server)}
    shown = [{**one, "access": _in_base64(passwords[one["id"]])} for one in answer.json]
    return answer.with_json(shown)


def _in_base64(text: str | None) -> str | None:
    return None if text is None else b64encode(text.encode()).decode()


fault = faults.of("netlify.security.token-never-echoed")

fault("in-a-header", "Successes carry the token in a header of their own.").by(header("X-Netlify-Token", sent_token))
fault("in-not-found", "The message of a 404 quotes the token.").by(
    append("/message", lambda request: f" (token {sent_token(request)})", status=404)
)
fault("in-base64-in-team", "A team is shown with the token in base64.").by(
    put("/session", lenient.token_in_base64, on=ACCOUNT)
)
