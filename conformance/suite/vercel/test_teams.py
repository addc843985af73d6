"""Whose resources a request is about: the user's own, a team's, or those of a team that the token does not reach."""

from contextlib import suppress

from attrs import evolve

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
from conformance.properties.attempts import assert_out_of_reach
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
    count = len(collection.walk(collection.pagination.page_size.largest, query=query).ids)
    return collection.whole(collection.walk(max(1, count // PAGES), expected=count, query=query))


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
        exchange=scopes[team].showing(set(shared)),
    )
    for scope, seeded in subject.session.facts.get("seeded", {}).get(operation.id, {}).items():
        if scope in ids:
            assert_that(
                seeded in ids[scope],
                f"{seeded}, which belongs to {scope or 'the user'}, is not in that list",
                expected=f"{seeded} in the list",
                actual="a list without it",
                exchange=scopes[scope].last,
            )


@requirement("vercel.auth.personal-by-default")
def test_what_is_personal_is_not_another_accounts(subject: Subject, client: Client, collection: Collection) -> None:
    """The personal records of one account are in no other account's list, and out of its reach."""
    other = evolve(collection, client=client.acting_as("second"))
    own = {identity for identity in walked(collection, {}).ids if identity}
    if not own:
        raise NotExercised("the personal list is empty")
    shared = sorted(own & set(walked(other, {}).ids))
    assert_that(
        not shared,
        f"{len(shared)} personal records are in the list of another account, too",
        expected="two lists that share nothing",
        actual=", ".join(shared[:5]),
    )
    resource = subject.contract.resource_of(subject.operation)
    if resource is not None:
        things, writes = subject.things_of(resource), "writes" in subject.session.capabilities
        assert_out_of_reach(things, "4xx", when="with another account's token", writes=writes, credential="second")


@requirement("vercel.auth.token-team-scope")
def test_a_token_scoped_to_one_team_cannot_reach_another(
    subject: Subject, client: Client, collection: Collection
) -> None:
    """The token of one team reads that team, and is refused the other, which the user's unscoped token reads."""
    own, other, scoped = team_of(subject, "teamId"), team_of(subject, "foreignTeamId"), "team-a-only"
    client.control(collection.get(query={"teamId": own}, credential=scoped))
    foreign = collection.page(query={"teamId": other}, credential="both-teams")
    ids = [identity for identity in foreign.page.ids if identity]
    if not ids:
        raise NotExercised(f"the list of {other} is empty")
    exchange = collection.get(query={"teamId": other}, credential=scoped, negative=True)
    when = "for a team that the token is not scoped to"
    assert_status(exchange, 403, 404, when=when)
    shown = [identity for identity in ids if identity in exchange.response.text]
    assert_that(
        not shown,
        "the refusal holds records of the team",
        expected="no record of the team",
        actual=exchange.response.text,
        exchange=exchange,
        of_content=False,
    )
    resource = subject.contract.resource_of(subject.operation)
    if resource is None:
        return
    things = evolve(subject.things_of(resource, {"teamId": other}), client=client.acting_as("both-teams"))
    writes = "writes" in subject.session.capabilities
    assert_out_of_reach(things, 403, 404, when=when, writes=writes, credential=scoped)
    if writes:
        with suppress(Unsupported):  # Something is made in a team only where that is given up.
            assert_status(things.post(things.body(), credential=scoped, negative=True), 403, 404, when=when)


@requirement("vercel.auth.create-in-team")
def test_what_is_created_in_a_team_is_the_teams(subject: Subject, contract: Contract) -> None:
    """A resource created with teamId is in the team's list and not in the personal one."""
    team = team_of(subject, "teamId")
    resource = contract.resource_of(subject.operation)
    assert resource is not None
    things = subject.things_of(resource, {"teamId": team})
    identity = things.create()
    scopes = {"team": things, "user": subject.things_of(resource)}
    size = things.listing.pagination.page_size.largest
    lists = {scope: each.listing.walk(size) for scope, each in scopes.items()}
    assert_that(
        identity in lists["team"].ids,
        f"{identity}, created in a team, is not in the team's list",
        expected=f"{identity} in the list of {team}",
        actual="a list without it",
        exchange=lists["team"].last,
    )
    assert_that(
        identity not in lists["user"].ids,
        f"{identity}, created in a team, is in the personal list",
        expected="a personal list without it",
        actual=f"{identity} in the list",
        exchange=lists["user"].showing({identity}),
    )
