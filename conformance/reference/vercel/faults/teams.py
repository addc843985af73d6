"""Faults of the Vercel server in whose resources are shown and changed: personal scope, teams, scoped tokens."""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve

from conformance.reference.core import Handler, Server
from conformance.reference.edits import crash, instead, put, status
from conformance.reference.faults import Faults, Plant
from conformance.reference.messages import Principal, Problem, Record, Request, Response
from conformance.reference.plants import authenticator, handled, records
from conformance.reference.policies import TeamAuthenticator
from conformance.reference.store import Collection
from conformance.reference.vercel.data import POSITION, TEAM_A, TEAM_B, USER_A, project_ids
from conformance.reference.vercel.faults.tools import (
    CREATE,
    DEPLOYMENTS,
    LISTS,
    NO_PROJECTS,
    PROJECTS,
    on_later_page,
)

faults = Faults()


def scopes(choose: Callable[[Request, Principal, str], str]) -> Plant:
    """Another scope than the one that a request may rightly use: `choose` is given that one last."""

    class Chosen(TeamAuthenticator):
        def owner(self, request: Request, principal: Principal) -> str:
            return choose(request, principal, super().owner(request, principal))

    return authenticator(Chosen)


def scopes_instead(choose: Callable[[Request, Principal], str | None]) -> Plant:
    """A scope in the place of one that is not allowed; it is refused all the same where there is None."""

    class Allowed(TeamAuthenticator):
        def owner(self, request: Request, principal: Principal) -> str:
            try:
                return super().owner(request, principal)
            except Problem:
                owner = choose(request, principal)
                if owner is None:
                    raise
                return owner

    return authenticator(Allowed)


fault = faults.of("vercel.auth.personal-by-default")
fault("team-ignored-on-projects", "The projects of the user come with a valid teamId too.").by(
    scopes(lambda request, principal, owner: principal.account if request.operation == PROJECTS else owner)
)
fault("team-ignored-on-deployments", "The deployments of the user come with a valid teamId too.").by(
    scopes(lambda request, principal, owner: principal.account if request.operation == DEPLOYMENTS else owner)
)
fault("later-pages-personal", "From the second page on, a team's list goes on with personal records.").by(
    scopes(lambda request, principal, owner: principal.account if on_later_page(request) else owner)
)


@fault.using(scopes)
def team_by_default(request: Request, principal: Principal, owner: str) -> str:
    """Without teamId the deployments of the user's team come."""
    return TEAM_A if request.operation == DEPLOYMENTS and principal.may(TEAM_A) else owner


@fault.using(records, "deployments")
class TeamListHoldsPersonalOnes(Collection):
    """The deployments of a team come together with those of its member."""

    def of(self, owner: str) -> list[Record]:
        return super().of(owner) + (super().of(USER_A) if owner == TEAM_A else [])


@fault.using(records, "projects")
class OneTeamProjectAmongPersonal(Collection):
    """The oldest project of the team is on the personal list as well."""

    def of(self, owner: str) -> list[Record]:
        return super().of(owner) + (super().of(TEAM_A)[:1] if owner == USER_A else [])


fault = faults.of("vercel.auth.foreign-team-denied")
fault("foreign-team-gives-personal", "A team that is unknown or foreign gives the personal records with 200.").by(
    scopes_instead(lambda _, principal: principal.account)
)
fault(
    "foreign-team-gives-personal-deployments",
    "A team that is unknown or foreign gives the personal deployments, and is refused elsewhere.",
).by(scopes_instead(lambda request, principal: principal.account if request.operation == DEPLOYMENTS else None))


@fault.using(scopes_instead)
def unknown_team_gives_empty_list(request: Request, _principal: Principal) -> str | None:
    """A team that does not exist gives an empty list with 200; a foreign one is refused."""
    team = request.query.get("teamId", "")
    return None if team in ("", TEAM_A, TEAM_B) else team


@fault.using(scopes_instead)
def foreign_team_readable(request: Request, principal: Principal) -> str | None:
    """The lists of a team that exists are shown to anyone; an unknown team is refused."""
    team = request.query.get("teamId", "")
    # The scope of a token is another requirement.
    foreign = team in (TEAM_A, TEAM_B) and request.operation in LISTS and principal.name != "team-a-only"
    return team if foreign else None


fault("foreign-team-500", "A team that is unknown or foreign is answered with 500.").by(
    crash(on=LISTS, cause="team", when=lambda request: "teamId" in request.query)
)
fault("denial-suggests-personal", "The refusal of a foreign team names a personal project.").by(
    put(
        "/error/suggestion",
        project_ids(USER_A)[-1],
        on=PROJECTS,
        cause="team",
        when=lambda request: request.query.get("teamId") != TEAM_A,
    )
)


def scoped(request: Request) -> bool:
    """Whether a token that is scoped to team A asks for a team."""
    return request.principal is not None and request.principal.name == "team-a-only" and "teamId" in request.query


def out_of_scope(request: Request, principal: Principal) -> bool:
    """Whether a token that is scoped to team A asks for team B."""
    return principal.name == "team-a-only" and request.query.get("teamId") == TEAM_B


fault = faults.of("vercel.auth.token-team-scope")
fault(
    "scope-ignored-on-reads", "A token scoped to team A may read the other teams of its user, but not write there."
).by(scopes_instead(lambda request, who: TEAM_B if out_of_scope(request, who) and request.method == "GET" else None))
fault(
    "scope-decides-alone",
    "A token scoped to team A gives team A's records with 200, whatever team of its user is asked for.",
).by(scopes_instead(lambda request, who: TEAM_A if out_of_scope(request, who) else None))
fault(
    "out-of-scope-lists-nothing", "A token scoped to team A is given an empty list of team B's projects with 200."
).by(instead(NO_PROJECTS, on=PROJECTS, cause="team", when=scoped))
fault("out-of-scope-401", "A token scoped to team A is answered with 401 for team B.").by(
    status(401, cause="team", when=scoped)
)
fault(
    "out-of-scope-names-project",
    "The refusal of team B to a token scoped to team A holds the id of a project of team B.",
).by(put("/error/resource", project_ids(TEAM_B)[0], on=PROJECTS, cause="team", when=scoped))

fault = faults.of("vercel.auth.create-in-team")


@fault.using(handled, CREATE)
def created_in_personal(create: Handler, server: Server, request: Request) -> Response:
    """A project created with teamId of team A is put into the personal account."""
    assert request.principal is not None
    owner = USER_A if request.account == TEAM_A else request.account
    return create(server, evolve(request, principal=evolve(request.principal, account=owner)))


@fault.using(handled, CREATE)
def created_in_both(create: Handler, server: Server, request: Request) -> Response:
    """A project created with teamId of team A is put into the personal account too."""
    response = create(server, request)
    if response.status == 200 and request.account == TEAM_A:
        made = response.json
        server.store["projects"].add(USER_A, {**made, POSITION: made["createdAt"]})
    return response


@fault.using(handled, CREATE)
def created_but_not_in_team_list(create: Handler, server: Server, request: Request) -> Response:
    """A project created with teamId is answered with 200 and is on no list."""
    response = create(server, request)
    if response.status == 200 and "teamId" in request.query:
        server.store["projects"].remove(request.account, response.json["id"])
    return response
