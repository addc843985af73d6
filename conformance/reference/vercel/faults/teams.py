"""Faults of the Vercel server in whose resources are shown and changed: personal scope, teams, scoped tokens."""

from __future__ import annotations

from typing import Any

from conformance.reference.core import Handler, Server
from conformance.reference.faults import crash, with_status
from conformance.reference.messages import Principal, Problem, Record, Request, Response
from conformance.reference.store import Collection
from conformance.reference.vercel.data import POSITION, TEAM_A, TEAM_B, USER_A, project_ids
from conformance.reference.vercel.faults.tools import (
    CREATE,
    DEPLOYMENTS,
    LISTS,
    PROJECTS,
    VercelFaults,
    acting_as,
    is_first_page,
)
from conformance.reference.vercel.policies import TeamAuthenticator
from conformance.reference.vercel.server import owner_of

faults = VercelFaults()

_EMPTY = {"count": 0, "next": None, "prev": None}


class _Scopes(TeamAuthenticator):
    """The scope that is chosen, and what is done with one that is not allowed."""

    def owner(self, request: Request, principal: Principal) -> str:
        try:
            return super().owner(request, principal)
        except Problem:
            return self.instead(request, principal)

    def instead(self, request: Request, principal: Principal) -> str:
        return super().owner(request, principal)


class _TeamIgnored(TeamAuthenticator):
    operation = ""

    def owner(self, request: Request, principal: Principal) -> str:
        owner = super().owner(request, principal)
        return principal.account if request.operation == self.operation else owner


@faults.authenticator("vercel.auth.personal-by-default")
class TeamIgnoredOnProjects(_TeamIgnored):
    """The projects of the user come with a valid teamId too."""

    operation = PROJECTS


@faults.authenticator("vercel.auth.personal-by-default")
class TeamIgnoredOnDeployments(_TeamIgnored):
    """The deployments of the user come with a valid teamId too."""

    operation = DEPLOYMENTS


@faults.authenticator("vercel.auth.personal-by-default")
class LaterPagesPersonal(TeamAuthenticator):
    """From the second page on, a team's list goes on with personal records."""

    def owner(self, request: Request, principal: Principal) -> str:
        owner = super().owner(request, principal)
        return owner if is_first_page(request) else principal.account


@faults.authenticator("vercel.auth.personal-by-default")
class TeamByDefault(TeamAuthenticator):
    """Without teamId the deployments of the user's team come."""

    def owner(self, request: Request, principal: Principal) -> str:
        owner = super().owner(request, principal)
        return TEAM_A if request.operation == DEPLOYMENTS and principal.may(TEAM_A) else owner


@faults.collection("vercel.auth.personal-by-default", "deployments")
class TeamListHoldsPersonalOnes(Collection):
    """The deployments of a team come together with those of its member."""

    def of(self, owner: str) -> list[Record]:
        return super().of(owner) + (super().of(USER_A) if owner == TEAM_A else [])


@faults.collection("vercel.auth.personal-by-default", "projects")
class OneTeamProjectAmongPersonal(Collection):
    """The oldest project of the team is on the personal list as well."""

    def of(self, owner: str) -> list[Record]:
        return super().of(owner) + (super().of(TEAM_A)[:1] if owner == USER_A else [])


@faults.authenticator("vercel.auth.foreign-team-denied")
class ForeignTeamGivesPersonal(_Scopes):
    """A team that is unknown or foreign gives the personal records with 200."""

    def instead(self, request: Request, principal: Principal) -> str:
        return principal.account


@faults.authenticator("vercel.auth.foreign-team-denied")
class ForeignTeamGivesPersonalDeployments(_Scopes):
    """A team that is unknown or foreign gives the personal deployments, and is refused elsewhere."""

    def instead(self, request: Request, principal: Principal) -> str:
        return principal.account if request.operation == DEPLOYMENTS else super().instead(request, principal)


@faults.authenticator("vercel.auth.foreign-team-denied")
class UnknownTeamGivesEmptyList(_Scopes):
    """A team that does not exist gives an empty list with 200; a foreign one is refused."""

    def instead(self, request: Request, principal: Principal) -> str:
        team = request.query.get("teamId", "")
        return super().instead(request, principal) if team in ("", TEAM_A, TEAM_B) else team


@faults.authenticator("vercel.auth.foreign-team-denied")
class ForeignTeamReadable(_Scopes):
    """The lists of a team that exists are shown to anyone; an unknown team is refused."""

    def instead(self, request: Request, principal: Principal) -> str:
        foreign = request.query.get("teamId") in (TEAM_A, TEAM_B) and request.operation in LISTS
        # The scope of a token is another requirement.
        if foreign and principal.name != "team-a-only":
            return request.query["teamId"]
        return super().instead(request, principal)


@faults.response("vercel.auth.foreign-team-denied", *LISTS, cause="team")
def foreign_team_500(request: Request, response: Response) -> Response:
    """A team that is unknown or foreign is answered with 500."""
    if "teamId" in request.query:
        raise crash()
    return response


@faults.body("vercel.auth.foreign-team-denied", PROJECTS, status={403}, cause="team")
def denial_suggests_personal(request: Request, body: Any) -> object:
    """The refusal of a foreign team names a personal project."""
    if request.query.get("teamId") != TEAM_A:
        body["error"]["suggestion"] = project_ids(USER_A)[-1]
    return body


def _scoped(request: Request) -> bool:
    return request.principal is not None and request.principal.name == "team-a-only" and "teamId" in request.query


@faults.authenticator("vercel.auth.token-team-scope")
class ScopeIgnoredOnReads(_Scopes):
    """A token scoped to team A may read the other teams of its user, but not write there."""

    def instead(self, request: Request, principal: Principal) -> str:
        if principal.name == "team-a-only" and request.query.get("teamId") == TEAM_B and request.method == "GET":
            return TEAM_B
        return super().instead(request, principal)


@faults.authenticator("vercel.auth.token-team-scope")
class ScopeDecidesAlone(_Scopes):
    """A token scoped to team A gives team A's records with 200, whatever team of its user is asked for."""

    def instead(self, request: Request, principal: Principal) -> str:
        scoped = principal.name == "team-a-only" and request.query.get("teamId") == TEAM_B
        return TEAM_A if scoped else super().instead(request, principal)


@faults.response("vercel.auth.token-team-scope", PROJECTS, cause="team")
def out_of_scope_lists_nothing(request: Request, response: Response) -> Response:
    """A token scoped to team A is given an empty list of team B's projects with 200."""
    return Response.of({"projects": [], "pagination": _EMPTY}) if _scoped(request) else response


@faults.response("vercel.auth.token-team-scope", cause="team")
def out_of_scope_401(request: Request, response: Response) -> Response:
    """A token scoped to team A is answered with 401 for team B."""
    return with_status(response, 401) if _scoped(request) else response


@faults.body("vercel.auth.token-team-scope", PROJECTS, status={403}, cause="team")
def out_of_scope_names_project(request: Request, body: Any) -> object:
    """The refusal of team B to a token scoped to team A holds the id of a project of team B."""
    if _scoped(request):
        body["error"]["resource"] = project_ids(TEAM_B)[0]
    return body


@faults.rerouted("vercel.auth.create-in-team", CREATE)
def created_in_personal(create: Handler, server: Server, request: Request) -> Response:
    """A project created with teamId of team A is put into the personal account."""
    return create(server, acting_as(request, USER_A) if owner_of(request) == TEAM_A else request)


@faults.rerouted("vercel.auth.create-in-team", CREATE)
def created_in_both(create: Handler, server: Server, request: Request) -> Response:
    """A project created with teamId of team A is put into the personal account too."""
    response = create(server, request)
    if response.status == 200 and owner_of(request) == TEAM_A:
        made = response.json
        server.store["projects"].add(USER_A, {**made, POSITION: made["createdAt"]})
    return response


@faults.rerouted("vercel.auth.create-in-team", CREATE)
def created_but_not_in_team_list(create: Handler, server: Server, request: Request) -> Response:
    """A project created with teamId is answered with 200 and is on no list."""
    response = create(server, request)
    if response.status == 200 and "teamId" in request.query:
        server.store["projects"].remove(owner_of(request), response.json["id"])
    return response
