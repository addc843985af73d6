"""Teams: their ids, and that id and slug are interchangeable."""

from typing import Any

from conformance.contract import Need
from conformance.properties import (
    NotExercised,
    Subject,
    Unsupported,
    assert_equal,
    assert_status,
    assert_that,
    requirement,
)
from conformance.suite.netlify.environment import LIST
from conformance.suite.netlify.sites import ACCOUNT
from conformance.traffic.exchange import Exchange


def slugs(subject: Subject) -> tuple[str, ...]:
    """The slugs of teams of the caller.

    Raises:
        Unsupported: none is known.
    """
    known = tuple(subject.session.parameters.get("account_slug", ()))
    if not known:
        raise Unsupported("needs the slug of a team", Need.parameter("account_slug"))
    return known[:2]


def account(subject: Subject, name: str) -> Exchange:
    """The team of a slug or an id."""
    return subject.client.call(subject.contract.operation(ACCOUNT), {"account_slug": name})


def variables(subject: Subject, name: str) -> Exchange:
    """The environment variables of the team of a slug or an id."""
    return subject.client.call(subject.contract.operation(LIST), {"account_id": name})


@requirement("netlify.schema.account-id")
def test_a_team_shows_its_id(subject: Subject) -> None:
    """A team is an object with an id, by which its environment variables are listed."""
    for slug in slugs(subject):
        exchange = account(subject, slug)
        assert_status(exchange, "2xx", when="with the slug of a team")
        identity = exchange.response.at("/id")
        assert_that(
            isinstance(identity, str) and bool(identity),
            "a team has no id",
            expected="a text that is not empty, as id",
            actual=exchange.response.text,
            exchange=exchange,
        )
        # Where the list is served by the slug, it is the id that does not lead to it.
        variables(subject, slug)
        listed = variables(subject, str(identity))
        assert_status(listed, "2xx", when="with the id of a team")
        assert_that(
            isinstance(listed.response.at(""), list),
            "the id of a team leads to no list of variables",
            expected="an array",
            actual=listed.response.text,
            exchange=listed,
        )


@requirement("netlify.crud.account-id-or-slug")
def test_id_and_slug_are_interchangeable(subject: Subject) -> None:
    """What a team answers by its slug it answers by its id: the same status, the same body."""
    ask = account if subject.operation_id == ACCOUNT else variables
    held = 0
    for slug in slugs(subject):
        identity = subject.client.control(account(subject, slug)).response.at("/id")
        if not isinstance(identity, str) or not identity:
            raise NotExercised("a team shows no id")
        if identity == slug:
            continue
        first, by_slug, again = (ask(subject, name) for name in (identity, slug, identity))
        good = first if first.response.ok else by_slug
        subject.client.control(good)
        if good is first and content_of(first) != content_of(again):
            continue
        held += 1
        wrong = by_slug if good is first else first
        what = "the slug" if good is first else "the id"
        assert_status(wrong, good.response.status, when=f"with {what} of a team")
        assert_equal(content_of(wrong), content_of(good), f"what it answers with {what} of a team", exchange=wrong)
    if not held:
        raise NotExercised("no team has an id that differs from its slug, and was read twice alike")


def content_of(exchange: Exchange) -> Any:
    """What an answer holds, in JSON."""
    return exchange.response.at("")
