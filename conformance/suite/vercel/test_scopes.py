"""Whose records a list shows, whatever else is asked: page sizes, times, and more than one reading after a write."""

from typing import Any

from conformance.contract import Contract
from conformance.properties import (
    Collection,
    NotExercised,
    Subject,
    assert_that,
    each_time,
    identities,
    property_test,
    requirement,
)
from conformance.properties.combinations import pairs
from conformance.properties.exercise_combinations import reached
from conformance.properties.resource import READINGS
from conformance.suite.common.test_after_writes import stays
from conformance.suite.vercel.test_teams import team_of
from conformance.traffic.pages import page_of


def scopes_beside_pages(subject: Subject) -> list[dict[str, Any]]:
    """A case for every two of: a team or none, a page size or none, the first page or the one behind it."""
    sizes = subject.conventions.paging.page_size
    return pairs({"in_team": [False, True], "size": [None, sizes.minimum], "way": ["first", "next"]})


@requirement("vercel.auth.personal-by-default")
@property_test(examples=scopes_beside_pages)
@each_time
def test_a_scope_holds_on_every_page(
    subject: Subject, collection: Collection, in_team: bool, size: int | None, way: str
) -> None:
    """Whatever the limit, and behind a time too, a page shows records of the scope asked for and of no other."""
    team = team_of(subject, "teamId")
    teams = collection.selected({"teamId": team})
    own, others = (teams, collection) if in_team else (collection, teams)
    foreign = set(others.ids) - set(own.ids)
    if not foreign:
        raise NotExercised("the two scopes have the same records, or the other one has none")
    exchange = reached(own, way, {} if size is None else {"limit": size})
    page = page_of(exchange, own.pagination)
    if page is not None and page.records:
        strange = [identity for identity in identities(page) if identity in foreign]
        where = (
            f"{f'with teamId={team}' if in_team else 'without teamId'} and {f'limit={size}' if size else 'no limit'}"
        )
        assert_that(
            not strange,
            f"a page {where} shows {len(strange)} records of another scope",
            expected="records of the scope that was asked for",
            actual=", ".join(strange[:5]),
            exchange=exchange,
        )


@requirement("vercel.auth.create-in-team")
def test_what_was_created_in_a_team_stays_the_teams(subject: Subject, contract: Contract) -> None:
    """Once the team's list shows what was created there, every further reading does."""
    team = team_of(subject, "teamId")
    resource = contract.resource_of(subject.operation)
    assert resource is not None
    things = subject.things_of(resource, {"teamId": team})
    # What is read before a write shows whether it is read anew afterwards.
    things.listing.selected(things.query).at_least(0)
    identity = things.create()
    in_team = [identity in things.listing.selected(things.query).ids for _ in range(READINGS)]
    stays(in_team, f"{identity} in the list of {team}, in which it was created,")
