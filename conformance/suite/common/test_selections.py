"""What is promised of a list holds, too, where it is filtered, is a team's, or is asked for in another version."""

from typing import Any

from conformance.contract import Conventions
from conformance.properties import (
    Collection,
    NotExercised,
    Subject,
    Unsupported,
    assert_equal,
    assert_status,
    property_test,
    requirement,
    undisturbed,
)
from conformance.properties.combinations import pairs, selecting, selections, without_none
from conformance.properties.exercise import NO_SUCH_CURSOR
from conformance.suite.common.test_auth import shows_nothing_of
from conformance.suite.common.test_pagination import visits_once
from conformance.traffic.pages import page_of

PAGES = 5


def every_selection(subject: Subject) -> list[dict[str, Any]]:
    """A case for each value of what the list may be narrowed to, and for every two of them together."""
    return [{"selection": selection} for selection in selections(subject)]


def selected(collection: Collection, selection: dict[str, Any]) -> Collection | None:
    """The list, narrowed; None where the target does not take that, which the document may leave to it."""
    narrowed = collection.selected(selection)
    try:
        narrowed.at_least(0)
    except NotExercised:
        return None
    return narrowed


def size_for(collection: Collection) -> int | None:
    """A page size that cuts the list into a few pages; None where it is too short for two."""
    sizes = collection.pagination.page_size
    count = len(collection.ids)
    size = max(sizes.minimum, -(-count // PAGES // sizes.step) * sizes.step)
    return size if size < count and size <= sizes.largest else None


@requirement("pagination.walk-exactly-once")
@property_test(examples=every_selection)
def test_a_narrowed_list_is_walked_like_the_whole(
    subject: Subject, collection: Collection, selection: dict[str, Any]
) -> None:
    """Following the cursor to the end of a narrowed list yields each of its records once."""
    narrowed = selected(collection, selection)
    size = size_for(narrowed) if narrowed is not None else None
    if narrowed is not None and size is not None:
        undisturbed(visits_once)(subject=subject, collection=narrowed, limit=size)


@requirement("pagination.prev-roundtrip")
@property_test(examples=every_selection)
def test_next_then_prev_leads_back_in_a_narrowed_list(collection: Collection, selection: dict[str, Any]) -> None:
    """The prev of the second page of a narrowed list leads to its first page again."""
    if collection.pagination.previous is None and not collection.pagination.by_link:
        raise Unsupported("no document names the parameter that takes prev: name it in the parameter previous-cursor")
    narrowed, least = collection.selected(selection), collection.pagination.page_size.minimum
    if narrowed.get(least).response.ok:
        undisturbed(_leads_back)(collection=narrowed, limit=least)


def _leads_back(collection: Collection, limit: int) -> None:
    first = collection.page(limit)
    second = collection.follow(first) if first.page.next is not None else None
    if second is not None and second.page.prev is not None:
        back = collection.follow(second, "prev")
        assert_equal(back.page.ids, first.page.ids, f"the page of {limit} that prev leads to", exchange=back.exchange)


@requirement("pagination.default-page-size")
@property_test(examples=every_selection)
def test_the_default_is_the_same_for_a_narrowed_list(collection: Collection, selection: dict[str, Any]) -> None:
    """Without a page size, a page of a narrowed list holds as many records as one of the documented default."""
    undisturbed(_has_the_default)(collection=collection.selected(selection))


def _has_the_default(collection: Collection) -> None:
    default = collection.pagination.page_size.documented_default
    exchange = collection.get()
    plain = page_of(exchange, collection.pagination)
    asked = collection.page(default) if plain is not None else None
    if plain is not None and asked is not None and len(asked.page.records) > 1:
        assert_equal(
            len(plain.records),
            len(asked.page.records),
            f"records on a page without a page size, against one of {default}",
            exchange=exchange,
            vacuous="" if asked.page.next is not None else f"{asked.exchange} shows all that there is",
        )


def beside(subject: Subject) -> list[dict[str, Any]]:
    """A case for every two right values that may stand beside a wrong one: a page size, or what narrows the list."""
    sizes = subject.conventions.paging.page_size
    rows = pairs({sizes.parameter: [None, sizes.minimum], **selecting(subject)})
    return [{"query": without_none(row)} for row in rows]


@requirement("pagination.bad-cursor-refused")
@property_test(examples=beside)
def test_a_made_up_cursor_is_refused_whatever_stands_beside_it(collection: Collection, query: dict[str, Any]) -> None:
    """A cursor that the server never gave out is a client error with any page size, with none, and in any list."""
    least = collection.pagination.page_size.minimum
    if collection.get(query={collection.pagination.page_size.parameter: least, **query}).response.ok:
        exchange = collection.get(cursor=NO_SUCH_CURSOR, query=query, negative=True)
        assert_status(exchange, "4xx", when="with a made-up cursor")


@requirement("auth.foreign-team-refused")
def test_a_foreign_team_gives_nothing_personal_behind_a_cursor(
    subject: Subject, collection: Collection, conventions: Conventions
) -> None:
    """With a cursor of the personal list, too, the team of others is a client error and shows no personal record."""
    scope = conventions.auth.scope
    if scope is None:
        raise Unsupported("no document names a parameter for teams")
    collection.at_least(collection.pagination.page_size.minimum + 1)
    first = collection.page(collection.pagination.page_size.minimum)
    own = {identity for identity in collection.ids if identity}
    if first.page.next is None or collection.pagination.by_link:
        raise NotExercised("the personal list gives out no cursor")
    for team in (scope.unknown, *subject.session.parameters.get(scope.foreign or "", ())):
        for size in (None, collection.pagination.page_size.minimum):
            exchange = collection.get(size, first.page.next, query={scope.parameter: team}, negative=True)
            when = f"with {scope.parameter}={team} and a cursor of the personal list"
            shows_nothing_of(own, exchange, when)
