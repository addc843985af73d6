"""Faults of the ZEIT Now server in teams, and in whose records a list holds."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from conformance.reference.core import Handler, Server
from conformance.reference.edits import afterwards, put, rewrite, status
from conformance.reference.faults import Faults, Plant
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.plants import handled
from conformance.reference.zeit.faults.tools import (
    ALIASES,
    CERTS,
    CHANGE_ROLE,
    CREATE_TEAM,
    DEPLOYMENTS,
    DOMAINS,
    FILE,
    FILES,
    INVITE,
    LOGS,
    MEMBERS,
    REMOVE_MEMBER,
    SECRETS,
    TEAMS,
    UPDATE_TEAM,
)

faults = Faults()


def as_owner(owner: Any, *operations: str) -> Plant:
    """Operations that are served as if this owner was asked about."""

    def answer(kept: Handler, server: Server, request: Request) -> Response:
        assert request.principal is not None
        account = owner(server, request)
        return kept(server, evolve(request, principal=evolve(request.principal, account=account)))

    return handled(answer, *operations)


def user(server: Server, request: Request) -> str:
    """The account of the token."""
    return str(server.authenticator.user(request))  # type: ignore[attr-defined]


fault = faults.of("zeit.auth.team-scope-query")
for kind, operation in (("secrets", SECRETS), ("deployments", DEPLOYMENTS), ("certs", CERTS)):
    fault(f"ignored-for-{kind}", f"With teamId the {kind} are those of the user.").by(as_owner(user, operation))


@fault.using(handled, ALIASES)
def team_and_user_together(kept: Handler, server: Server, request: Request) -> Response:
    """With teamId the aliases are those of the team and of the user."""
    answer = kept(server, request)
    own = as_user(server, request)
    return (
        answer
        if own is request
        else answer.with_json({"aliases": [*answer.json["aliases"], *kept(server, own).json["aliases"]]})
    )


def as_user(server: Server, request: Request) -> Request:
    """The request about what is the user's own; the same where it is that already."""
    assert request.principal is not None
    account = user(server, request)
    if account == request.account:
        return request
    return evolve(request, principal=evolve(request.principal, account=account))


fault = faults.of("zeit.auth.lists-are-own")


@fault.using(afterwards, on=SECRETS)
def secrets_of_all_users(server: Server, _request: Request, response: Response) -> Response:
    """The list of secrets has those of all users."""
    names = ("uid", "name", "created")
    everything = [{name: one[name] for name in names} for one in server.store["secrets"].rows.values()]
    return response.with_json({"secrets": everything})


@fault.using(afterwards, on=DOMAINS)
def domain_of_another(server: Server, _request: Request, response: Response) -> Response:
    """The list of domains ends with one of another account."""
    names = ("uid", "name", "created", "boughtAt", "expiresAt", "isExternal", "verified")
    other = next(one for one in server.store["domains"].rows.values() if one["name"] == "b-own.example.com")
    return response.with_json({"domains": [*response.json["domains"], {name: other[name] for name in names}]})


@fault.using(afterwards, on=TEAMS)
def teams_of_all(server: Server, request: Request, response: Response) -> Response | None:
    """The list of teams has those of all users."""
    if "slug" in request.query:
        return None
    return response.with_json({"teams": list(server.store["teams"].rows.values())})


fault = faults.of("zeit.crud.team-id-slug-agree")


@fault.using(handled, TEAMS)
def slug_ignored(kept: Handler, server: Server, request: Request) -> Response:
    """The slug is ignored: the list is answered."""
    return kept(server, evolve(request, query=type(request.query)()))


@fault.using(handled, TEAMS)
def unknown_slug_is_the_first(kept: Handler, server: Server, request: Request) -> Response:
    """A slug that nobody has leads to the first team."""
    try:
        return kept(server, request)
    except Problem:
        return Response.of(next(iter(server.store["teams"].rows.values())))


fault("another-name", "A team has another name by its slug.").by(
    put("/name", "Another", on=TEAMS, when=lambda request: "slug" in request.query)
)

fault = faults.of("zeit.crud.team-patch-merges")


@fault.using(handled, UPDATE_TEAM)
def slug_from_name(kept: Handler, server: Server, request: Request) -> Response:
    """A new name makes a new slug."""
    answer = kept(server, request)
    team = answer.json["id"]
    server.store["teams"].update("", team, {"slug": answer.json["name"].lower()})
    return answer


@fault.using(handled, UPDATE_TEAM)
def answered_and_not_changed(kept: Handler, server: Server, request: Request) -> Response:
    """A new name is answered and not kept."""
    before = dict(server.store["teams"].rows)
    answer = kept(server, request)
    server.store["teams"].rows.update(before)
    return answer


fault = faults.of("zeit.crud.team-create")


@fault.using(afterwards, on=CREATE_TEAM)
def without_members(server: Server, request: Request, response: Response) -> None:
    """A new team has no members."""
    server.store["members"].remove(response.json["id"], user(server, request))


@fault.using(afterwards, on=CREATE_TEAM)
def creator_is_a_member(server: Server, request: Request, response: Response) -> None:
    """Who creates a team is a plain member of it."""
    server.store["members"].update(response.json["id"], user(server, request), {"role": "MEMBER"})


fault = faults.of("zeit.crud.team-member-lifecycle")


@fault.using(handled, CHANGE_ROLE)
def role_unchanged(_kept: Handler, _server: Server, _request: Request) -> Response:
    """A change of role is answered and not made."""
    return Response(200)


@fault.using(handled, REMOVE_MEMBER)
def member_stays(_kept: Handler, _server: Server, _request: Request) -> Response:
    """A removed member stays."""
    return Response.of({})


fault("invited-is-not-listed", "An invited user is not in the list.").by(
    rewrite(lambda _, body: [one for one in body if not one["email"].startswith("conf")], on=MEMBERS)
)


def as_an_owner(kept: Handler, server: Server, request: Request) -> Response:
    """What a member may not do is done all the same."""
    team, own = request.arguments["teamId"], user(server, request)
    member = server.store["members"].get(team, own)
    server.store["members"].update(team, own, {"role": "OWNER"})
    try:
        return kept(server, request)
    finally:
        if member is not None and server.store["members"].get(team, own) is not None:
            server.store["members"].update(team, own, {"role": member["role"]})


fault = faults.of("zeit.auth.owner-only")
for slug, operation, what in (
    ("member-renames", UPDATE_TEAM, "rename the team"),
    ("member-invites", INVITE, "invite a user"),
    ("member-changes-roles", CHANGE_ROLE, "change a role"),
    ("member-removes", REMOVE_MEMBER, "remove a member"),
):
    fault(slug, f"A member who owns nothing can {what}.").by(handled(as_an_owner, operation))
fault("refused-by-404", "A member who owns nothing is told that there is no such team.").by(
    status(404, in_body=False, cause="owner-only")
)

fault = faults.of("zeit.auth.owner-not-removable")


@fault.using(handled, REMOVE_MEMBER)
def owner_removed(_kept: Handler, server: Server, request: Request) -> Response:
    """An owner is removed like a member."""
    server.store["members"].remove(request.arguments["teamId"], request.arguments["userId"])
    return Response.of({})


@fault.using(handled, REMOVE_MEMBER)
def owner_removed_and_refused(kept: Handler, server: Server, request: Request) -> Response:
    """The removal of an owner is refused, and made."""
    try:
        return kept(server, request)
    except Problem:
        server.store["members"].remove(request.arguments["teamId"], request.arguments["userId"])
        raise


fault = faults.of("zeit.security.private-by-default")


def opened(*operations: str) -> Plant:
    """What is in a deployment can be read by anybody."""

    def owner(server: Server, request: Request) -> str:
        wanted = request.arguments["deploymentId"]
        return next((owner for owner, known in server.store["deployments"].rows if known == wanted), request.account)

    return as_owner(owner, *operations)


fault("files-readable", "The files of a deployment can be listed by anybody.").by(opened(FILES))
fault("file-readable", "A file of a deployment can be read by anybody.").by(opened(FILE))
fault("logs-readable", "The logs of a deployment can be read by anybody.").by(opened(LOGS))
