"""Teams and their members: who may change what, and whose resources a request is about."""

from typing import Any

from conformance.contract import Contract, Operation
from conformance.properties import (
    NotExercised,
    Subject,
    Unsupported,
    assert_equal,
    assert_status,
    assert_that,
    requirement,
)
from conformance.suite.zeit.naming import assert_refused, items_of, listed, things_of
from conformance.targets import Client
from conformance.traffic.exchange import Exchange

TEAMS, CREATE, TEAM = "GET /v1/teams", "POST /v1/teams", "GET /v1/teams/{teamId}"
UPDATE = "PATCH /v1/teams/{teamId}"
MEMBERS, INVITE = (f"{method} /v1/teams/{{teamId}}/members" for method in ("GET", "POST"))
ROLE, REMOVE = (f"{method} /v1/teams/{{teamId}}/members/{{userId}}" for method in ("PATCH", "DELETE"))
KINDS = {
    "GET /v3/now/deployments": ("deployment", "/deployments", "uid"),
    "GET /v2/domains": ("domain", "/domains", "name"),
    "GET /v3/now/certs": ("certificate", "/certs", "uid"),
    "GET /v2/now/aliases": ("alias", "/aliases", "uid"),
    "GET /v2/now/secrets": ("secret", "/secrets", "uid"),
    "GET /v1/teams": ("team", "/teams", "id"),
}
"""List operation → its resource, where the list is, and what identifies a record."""


def team_of(subject: Subject, parameter: str = "teamId") -> str:
    """A team that the target names."""
    known = subject.session.parameters.get(parameter, ())
    if not known:
        raise Unsupported(f"needs a team: name one in the target's parameter {parameter}")
    return known[0]


def disposable(subject: Subject) -> str:
    """A team that may be changed: only where the server is thrown away, since nothing could undo it.

    Raises:
        Unsupported: others may need the server, or there is no team.
    """
    if not subject.client.guard.throwaway:
        raise Unsupported("changes a team, which only a server that is thrown away may suffer")
    return team_of(subject)


def ids_in(client: Client, operation: Operation, team: str | None, **options: Any) -> list[str]:
    """The ids in a list, in a scope."""
    _, place, member = KINDS[operation.id]
    exchange = client.control(client.call(operation, query={"teamId": team} if team else {}, **options))
    return [str(item.get(member)) for item in items_of(exchange, place)]


@requirement("zeit.auth.team-scope-query")
def test_a_team_has_lists_of_its_own(subject: Subject, client: Client, operation: Operation) -> None:
    """With teamId a list holds the team's records, without it the user's: each has its own, and they share none."""
    team = team_of(subject)
    own, teams = ids_in(client, operation, None), ids_in(client, operation, team)
    if not own or not teams:
        raise NotExercised("one of the two lists is empty")
    shared = sorted(set(own) & set(teams))
    assert_equal(shared, [], "the records that are in both lists")
    for scope, seeded in subject.session.facts.get("seeded", {}).get(operation.id, {}).items():
        among = own if scope == "" else teams if scope == team else None
        member = KINDS[operation.id][2]
        if among is not None and member != "name":
            assert_that(seeded in among, f"{seeded} is not in its list", expected=f"{seeded} in the list", actual=among)


@requirement("zeit.auth.lists-are-own")
def test_a_list_holds_what_is_the_accounts(subject: Subject, client: Client, operation: Operation) -> None:
    """Each of two accounts has records of its own, and none that only the other one has."""
    client.token("second")
    mine, theirs = ids_in(client, operation, None), ids_in(client, operation, None, credential="second")
    if not mine or not theirs:
        raise NotExercised("one of the two accounts has no record")
    other = subject.session.facts.get("others", {}).get(operation.id)
    if operation.id == TEAMS and other is None:
        raise NotExercised("two accounts may share their teams; nothing is known of one that is the other's alone")
    if other is not None and other not in theirs:
        raise NotExercised("the other account's own list lacks what the account has made")
    if other is not None:
        assert_that(
            other not in mine, f"{other} is in the list of another account", expected="a list without it", actual=other
        )
    if operation.id != TEAMS:
        assert_equal(sorted(set(mine) & set(theirs)), [], "the records that both accounts have")


@requirement("zeit.crud.team-id-slug-agree")
def test_a_team_is_the_same_by_id_and_slug(client: Client, contract: Contract) -> None:
    """A team of the list is the same object by its id and by its slug; a slug that nobody has is an error."""
    teams = listed(client, contract, TEAMS, {}, "/teams")
    if not teams:
        raise NotExercised("the user is in no team")
    team = teams[0]
    by_id = client.control(client.call(contract.operation(TEAM), {"teamId": str(team.get("id"))}))
    by_slug = client.call(contract.operation(TEAMS), query={"slug": str(team.get("slug"))})
    assert_status(by_slug, "2xx", when="with the slug of a team")
    one, other = by_id.response.at(""), by_slug.response.at("")
    assert_that(
        isinstance(other, dict) and "id" in other,
        "the answer for a slug is no team",
        expected="one team",
        actual=by_slug.response.text,
        exchange=by_slug,
    )
    for name in sorted(set(one) & set(other)):
        assert_equal(other[name], one[name], f"the {name} of the team by its slug", exchange=by_slug)
    missing = client.call(contract.operation(TEAMS), query={"slug": "conformance-no-such-team"}, negative=True)
    assert_status(missing, "4xx", when="with a slug that nobody has")


def read(client: Client, contract: Contract, team: str) -> dict[str, Any]:
    """A team by its id."""
    found = client.control(client.call(contract.operation(TEAM), {"teamId": team})).response.at("")
    if not isinstance(found, dict):
        raise NotExercised("a team is no object")
    return found


@requirement("zeit.crud.team-patch-merges")
def test_a_new_name_changes_nothing_else(subject: Subject, client: Client, contract: Contract) -> None:
    """A PATCH of the name alone changes the name; slug, id and creator stay."""
    team = disposable(subject)
    before = read(client, contract, team)
    exchange = client.control(client.call(contract.operation(UPDATE), {"teamId": team}, body={"name": "Conformance"}))
    assert_equal(exchange.response.at("/name"), "Conformance", "the name in the answer", exchange=exchange)
    after = read(client, contract, team)
    assert_equal(after.get("name"), "Conformance", "the name that is read", exchange=exchange)
    for member in ("id", "slug", "creatorId"):
        assert_equal(after.get(member), before.get(member), f"the {member} after a new name", exchange=exchange)


@requirement("zeit.crud.team-create")
def test_a_created_team_is_there_with_its_owner(subject: Subject, client: Client, contract: Contract) -> None:
    """A new team is listed, read by id and slug, and whoever created it is one of its owners."""
    disposable(subject)
    slug = f"{things_of(subject, 'secret').body()['name']}-team"
    created = client.control(client.call(contract.operation(CREATE), body={"slug": slug}))
    team = str(created.response.at("/id"))
    teams = [one.get("id") for one in listed(client, contract, TEAMS, {}, "/teams")]
    assert_that(
        team in teams, "a new team is not listed", expected=f"{team} in the list", actual=teams, exchange=created
    )
    shown = read(client, contract, team)
    by_slug = client.call(contract.operation(TEAMS), query={"slug": slug}).response.at("")
    for found in (shown, by_slug if isinstance(by_slug, dict) else {}):
        assert_equal([found.get("id"), found.get("slug")], [team, slug], "id and slug of a new team", exchange=created)
    roles = {one.get("uid"): one.get("role") for one in members(client, contract, team)}
    assert_equal(roles.get(shown.get("creatorId")), "OWNER", "the role of who created a team", exchange=created)


def members(client: Client, contract: Contract, team: str) -> list[dict[str, Any]]:
    """The members of a team."""
    return listed(client, contract, MEMBERS, {"teamId": team}, "")


@requirement("zeit.crud.team-member-lifecycle")
def test_what_becomes_of_a_member_shows_in_the_list(subject: Subject, client: Client, contract: Contract) -> None:
    """An invited user is a member, of the role that was given last, until removed."""
    team = disposable(subject)
    body = {"email": "conformance@mail.com"}
    invited = client.control(client.call(contract.operation(INVITE), {"teamId": team}, body=body))
    values = {"teamId": team, "userId": str(invited.response.at("/uid"))}

    def role() -> Any:
        return {one.get("uid"): one.get("role") for one in members(client, contract, team)}.get(values["userId"])

    assert_that(
        role() is not None, "an invited user is no member", expected=values["userId"], actual=None, exchange=invited
    )
    for given in ("OWNER", "MEMBER"):
        changed = client.control(client.call(contract.operation(ROLE), values, body={"role": given}))
        assert_equal(role(), given, "the role of the member", exchange=changed)
    removed = client.control(client.call(contract.operation(REMOVE), values))
    assert_equal(role(), None, "the role of a removed member", exchange=removed)


def mutation(operation: Operation, team: str, member: str) -> tuple[dict[str, str], dict[str, Any] | None]:
    """The path values and the body of a change of a team."""
    values = {"teamId": team, "userId": member}
    body = {UPDATE: {"name": "Conformance"}, INVITE: {"email": "conformance@mail.com"}, ROLE: {"role": "MEMBER"}}
    return {name: values[name] for name in operation.path_parameters}, body.get(operation.id)


@requirement("zeit.auth.owner-only")
def test_only_an_owner_changes_a_team(
    subject: Subject, client: Client, contract: Contract, operation: Operation
) -> None:
    """A member who owns nothing is refused each change of the team, and nothing changes; an owner does it."""
    team = disposable(subject)
    client.token("member")
    # That members may leave by themselves is not excluded: it is another one who is removed.
    email = {"email": "conformance-other@mail.com"}
    invited = client.control(client.call(contract.operation(INVITE), {"teamId": team}, body=email))
    values, body = mutation(operation, team, str(invited.response.at("/uid")))
    before = (read(client, contract, team), members(client, contract, team))
    refused = client.call(operation, values, body=body, credential="member", negative=True)
    assert_status(refused, 403, when="by a member who owns nothing")
    assert_refused(refused, "forbidden", "by a member who owns nothing")
    after = (read(client, contract, team), members(client, contract, team))
    assert_equal(after, before, "the team and its members after the refusal", exchange=refused)
    client.control(client.call(operation, values, body=body))


@requirement("zeit.auth.owner-not-removable")
def test_an_owner_cannot_be_removed(subject: Subject, client: Client, contract: Contract, operation: Operation) -> None:
    """A plain member is removed, another owner is not."""
    team = disposable(subject)
    roles = subject.session.facts.get("roles", {})
    if not {"member", "owner"} <= set(roles):
        raise Unsupported("needs to know a member and another owner of the team (facts.roles)")
    client.control(client.call(operation, {"teamId": team, "userId": roles["member"]}))
    refused = client.call(operation, {"teamId": team, "userId": roles["owner"]}, negative=True)
    assert_status(refused, "4xx", when="for an owner")
    uids = [one.get("uid") for one in members(client, contract, team)]
    assert_that(roles["owner"] in uids, "an owner was removed", expected=roles["owner"], actual=uids, exchange=refused)


@requirement("zeit.security.private-by-default")
def test_what_is_not_public_is_closed_to_others(
    subject: Subject, client: Client, contract: Contract, operation: Operation
) -> None:
    """Another account reads files and logs of a public deployment, and of one that is not it reads nothing."""
    client.token("second")
    deployments = things_of(subject, "deployment")
    text = f"{deployments.body()['name']}, private"

    def asked(*, public: bool) -> Exchange:
        body = {**deployments.body(), "files": [{"file": "conformance-private.txt", "data": text}], "public": public}
        identity = str(client.control(deployments.post(body)).response.at("/id"))
        files = contract.operation("GET /v5/now/deployments/{deploymentId}/files")
        tree = client.control(client.call(files, {"deploymentId": identity})).response.at("")
        uid = str(tree[0].get("uid")) if isinstance(tree, list) and tree and isinstance(tree[0], dict) else ""
        values = {"deploymentId": identity, "fileId": uid}
        values = {name: values[name] for name in operation.path_parameters}
        return client.call(operation, values, credential="second", negative=not public)

    opened = asked(public=True)
    if not opened.response.ok:
        raise NotExercised(f"a public deployment is closed to others, too: {opened}")
    closed = asked(public=False)
    assert_status(closed, "4xx", when="for a deployment of another account that is not public")
    for secret in (text, "conformance-private.txt"):
        assert_that(
            secret not in closed.response.text,
            "the refusal holds what is in the deployment",
            expected="nothing of it",
            actual=closed.response.text,
            exchange=closed,
        )
