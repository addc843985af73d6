"""Whose resources a request is about: the user's own, a team's, or those of a team that the token does not reach."""

from conformance.contract import Contract, Need, Operation
from conformance.properties import (
    Collection,
    NotExercised,
    Subject,
    Unsupported,
    Walk,
    assert_status,
    assert_that,
    requirement,
)
from conformance.targets import Client

PAGES = 4


def team_of(subject: Subject, parameter: str) -> str:
    """A team that the target names in one of its parameters."""
    known = subject.session.parameters.get(parameter, ())
    if not known:
        raise Unsupported(f"needs a team: name one in the target's parameter {parameter}", Need.parameter(parameter))
    return known[0]


def walked(collection: Collection, query: dict[str, object]) -> Walk:
    """A whole list, read in pages that are small enough for there to be several."""
    count = len(collection.walk(collection.pagination.page_size.maximum, query=query).ids)
    walk = collection.walk(max(1, count // PAGES), expected=count, query=query)
    if not walk.ended:
        raise NotExercised(f"the walk did not end: {walk.defect or 'the list is too long'}")
    return walk


@requirement("vercel.auth.personal-by-default")
def test_the_personal_list_and_a_teams_list_share_nothing(
    subject: Subject, collection: Collection, operation: Operation
) -> None:
    """Without teamId a walk shows personal records only, with it only the team's; each shows its own."""
    team = team_of(subject, "teamId")
    scopes = {"": walked(collection, {}), team: walked(collection, {"teamId": team})}
    ids = {scope: set(walk.ids) for scope, walk in scopes.items()}
    if not all(ids.values()):
        raise NotExercised("one of the two lists is empty")
    shared = sorted(ids[""] & ids[team])
    assert_that(
        not shared,
        f"{len(shared)} records are in the personal list and in that of {team}",
        expected="two lists that share nothing",
        actual=", ".join(shared[:5]),
    )
    for scope, seeded in subject.session.facts.get("seeded", {}).get(operation.id, {}).items():
        if scope in ids:
            assert_that(
                seeded in ids[scope],
                f"{seeded}, which belongs to {scope or 'the user'}, is not in that list",
                expected=f"{seeded} in the list",
                actual="a list without it",
            )


@requirement("vercel.auth.token-team-scope")
def test_a_token_scoped_to_one_team_cannot_read_another(
    subject: Subject, client: Client, collection: Collection
) -> None:
    """The token of one team reads that team, and is refused the other, which the user's unscoped token reads."""
    own, other = team_of(subject, "teamId"), team_of(subject, "foreignTeamId")
    client.control(collection.get(query={"teamId": own}, credential="team-a-only"))
    foreign = collection.page(query={"teamId": other}, credential="both-teams")
    ids = [identity for identity in foreign.page.ids if identity]
    if not ids:
        raise NotExercised(f"the list of {other} is empty")
    exchange = collection.get(query={"teamId": other}, credential="team-a-only", negative=True)
    assert_status(exchange, 403, 404, when="for a team that the token is not scoped to")
    shown = [identity for identity in ids if identity in exchange.response.text]
    assert_that(
        not shown,
        "the refusal holds records of the team",
        expected="no record of the team",
        actual=exchange.response.text,
        exchange=exchange,
    )


@requirement("vercel.auth.create-in-team")
def test_what_is_created_in_a_team_is_the_teams(subject: Subject, contract: Contract) -> None:
    """A resource created with teamId is in the team's list and not in the personal one."""
    team = team_of(subject, "teamId")
    resource = contract.resource_of(subject.operation)
    assert resource is not None
    things = subject.things_of(resource, {"teamId": team})
    identity = things.create()
    size = things.listing.pagination.page_size.maximum
    lists = {scope: things.listing.walk(size, query=query) for scope, query in (("team", things.query), ("user", {}))}
    assert_that(
        identity in lists["team"].ids,
        f"{identity}, created in a team, is not in the team's list",
        expected=f"{identity} in the list of {team}",
        actual="a list without it",
    )
    assert_that(
        identity not in lists["user"].ids,
        f"{identity}, created in a team, is in the personal list",
        expected="a personal list without it",
        actual=f"{identity} in the list",
    )
