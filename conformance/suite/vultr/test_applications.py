"""GET /v2/applications: who may read it, and its two types."""

from conformance.contract import Operation
from conformance.properties import (
    Collection,
    NotExercised,
    assert_equal,
    assert_same_members,
    assert_status,
    assert_that,
    requirement,
    undisturbed,
)
from conformance.targets import Client
from conformance.traffic.pages import page_of


@requirement("vultr.auth.public-catalogue")
def test_the_catalogue_is_the_same_without_a_key(client: Client, operation: Operation) -> None:
    """A catalogue that needs no authorization is answered without a key, and is the same as with one."""
    with_key = client.control(client.call(operation))
    if not with_key.response.at(operation.listing.items):
        raise NotExercised("the catalogue is empty")
    without = client.call(operation, credential=None)
    assert_status(without, 200, when="without a key")
    assert_equal(without.response.at(""), with_key.response.at(""), "the list without a key", exchange=without)


@requirement("vultr.crud.filter-complete")
@undisturbed
def test_all_types_together_are_the_whole_list(collection: Collection) -> None:
    """type=all is the whole list, and so are marketplace and one-click together, which share nothing."""
    everything = collection.ids
    size = collection.pagination.page_size.largest
    found = {kind: collection.walk(size, query={"type": kind}) for kind in ("all", "marketplace", "one-click")}
    for walk in found.values():
        collection.whole(walk)
    if not found["marketplace"].ids and not found["one-click"].ids:
        raise NotExercised("neither type has any application")
    assert_same_members(found["all"].ids, everything, "type=all", exchange=found["all"].shows(everything))
    assert_same_members(
        [*found["marketplace"].ids, *found["one-click"].ids], everything, "marketplace and one-click together"
    )
    if not found["marketplace"].ids or not found["one-click"].ids:
        raise NotExercised("the list has applications of one type only")


@requirement("vultr.errors.filter-unknown-value")
def test_an_unknown_type_does_not_give_everything(collection: Collection) -> None:
    """A type that no application has gives an empty list with total 0, or a client error, where others give some."""
    known = collection.description.filters["type"]
    if not any(collection.page(1, query={"type": value}).page.records for value in known):
        raise NotExercised("no type has any application")
    exchange = collection.get(query={"type": "conformance-nosuch"}, negative=True)
    assert_status(exchange, "2xx", "4xx", when="with an unknown type")
    page = page_of(exchange, collection.pagination)
    if exchange.response.ok:
        assert_that(
            page is not None and not page.records and page.total in (0, None),
            "an unknown type gives applications",
            expected="an empty list with total 0, or 4xx",
            actual=exchange.response.text,
            exchange=exchange,
        )
