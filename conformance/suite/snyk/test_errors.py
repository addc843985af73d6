"""Errors: unknown parameters, and where an error says its cause is."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from conformance.checks.base import as_json
from conformance.contract import Conventions, pointer
from conformance.properties import (
    Collection,
    NotExercised,
    Subject,
    Things,
    assert_enveloped,
    assert_equal,
    assert_status,
    assert_that,
    property_test,
    requirement,
)
from conformance.properties.combinations import pairs, without_none
from conformance.properties.exercise import NO_SUCH_PARAMETER
from conformance.properties.exercise_combinations import reached
from conformance.targets import Client
from conformance.traffic.exchange import Exchange

NAMES = st.text(st.characters(codec="ascii", categories=["Ll"]), min_size=1, max_size=12).map("conformance_{}".format)
VALUES = st.text(st.characters(codec="utf-8"), max_size=12)


@requirement("snyk.errors.unknown-param-400")
@property_test(examples=[{"name": "conformance_unknown", "value": "1"}], name=NAMES, value=VALUES)
def test_an_unknown_parameter_is_refused(collection: Collection, name: str, value: str) -> None:
    """A list that is served with a parameter that is known is a 400 with one that nobody knows."""
    _ = collection.start
    exchange = collection.get(query={name: value}, negative=True)
    assert_status(exchange, 400, when=f"with the parameter {name}")


def right_parameters(subject: Subject) -> list[dict[str, Any]]:
    """A case for every two right values of parameters that a list takes."""
    pagination, listing = subject.conventions.paging, subject.operation.listing
    sizes = pagination.page_size
    known: dict[str, list[Any]] = {sizes.parameter: [None, sizes.minimum], "way": ["first", "next"]}
    known |= {name: [None, *values[:1]] for name, values in listing.filters.items()}
    rows = pairs({**known, **({str(pagination.sort): [None, *listing.sorts[:1]]} if listing.sorts else {})})
    return [{"way": row.pop("way"), "query": without_none(row)} for row in rows]


@requirement("snyk.errors.unknown-param-400")
@property_test(examples=right_parameters)
def test_an_unknown_parameter_is_refused_beside_known_ones(
    client: Client, collection: Collection, way: str, query: dict[str, Any]
) -> None:
    """A page that is served, whatever it was asked for with, is a 400 with one parameter more that nobody knows."""
    served = reached(collection, way, query)
    if served.response.ok:
        known = [pair for pair in served.request.query if pair[0] != NO_SUCH_PARAMETER]
        exchange = client.call(
            collection.operation, collection.values, query=[*known, (NO_SUCH_PARAMETER, "1")], negative=True
        )
        versioning = client.contract.conventions.versioning
        taken = [name for name, _ in known if versioning is None or name != versioning.parameter]
        assert_status(
            exchange,
            400,
            when=f"with the parameter {NO_SUCH_PARAMETER} beside {len(known)} others",
            vacuous="" if taken else f"{served} was asked for without a parameter of its own",
        )


@requirement("snyk.content-type.wrong-media-type-400")
@property_test(examples=[{"media_type": name} for name in ("application/json", "text/plain", None)])
def test_data_under_another_media_type_is_a_json_api_error(
    client: Client, things: Things, conventions: Conventions, media_type: str | None
) -> None:
    """Data that is accepted as application/vnd.api+json is a 400 error document under another type or none."""
    client.control(things.served("create", things.post()))
    before = things.listed_but_others()
    content = json.dumps(things.body()).encode()
    headers = {"Content-Type": media_type} if media_type else {}
    exchange = things.post(content=content, headers=headers, negative=True)
    when = f"with a body typed {media_type}"
    assert_status(exchange, conventions.errors.wrong_media_type, when=when)
    assert_enveloped(exchange, client.contract, when=when)
    assert_equal(things.listed_but_others(), before, f"the list after a create typed {media_type}")


def errors_of(exchange: Exchange) -> list[Mapping[str, Any]]:
    errors = exchange.response.at("/errors")
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def sources(exchange: Exchange, member: str) -> list[Any]:
    """What the errors of an answer have under a member of their source."""
    found = [error.get("source") for error in errors_of(exchange)]
    return [source[member] for source in found if isinstance(source, dict) and member in source]


@requirement("snyk.errors.error-source")
@property_test(examples=[{"name": "conformance_unknown"}, {"name": "conformance_b"}])
def test_an_error_names_its_source(subject: Subject, client: Client, name: str) -> None:
    """An error names the parameter that caused it; one that a member of the body caused points to that member."""
    if subject.operation.writes:
        subject.need("writes")
        _wrong_members(subject.things)
        return
    client.control(subject.collection.get())
    exchange = subject.collection.get(query={name: "1"}, negative=True)
    if exchange.response.status_class != 4:
        raise NotExercised(f"an unknown parameter is answered {exchange.response.status}")
    named = sources(exchange, "parameter")
    assert_that(
        name in named,
        f"no error names the parameter {name}",
        expected=f"source.parameter {as_json(name)}",
        actual=exchange.response.text,
        exchange=exchange,
    )


WRONG_MEMBERS: tuple[tuple[str, Any], ...] = (
    ("/data/attributes/name", 12),
    ("/data/attributes/name", {"conformance": True}),
    ("/data/attributes", "conformance"),
    ("/data/type", "conformance"),
)


def _wrong_members(things: Things) -> None:
    things.create()
    judged = 0
    for place, value in WRONG_MEMBERS:
        document = with_member(things.body(), place, value)
        exchange = things.post(document, negative=True)
        if exchange.response.status_class != 4:
            continue
        pointers = sources(exchange, "pointer")
        assert_that(
            any(leads_to(place, found, document) for found in pointers),
            f"no error points to the wrong member {place}",
            expected=f"a source.pointer that leads to {place} in the document sent, or to what it is in",
            actual=exchange.response.text,
            exchange=exchange,
        )
        judged += 1
    if not judged:
        raise NotExercised("no wrong member is refused")


def with_member(document: Mapping[str, Any], place: str, value: Any) -> dict[str, Any]:
    """A copy of a document with another value at a JSON pointer."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    *path, last = place.split("/")[1:]
    holder = copy
    for name in path:
        holder = holder[name]
    holder[last] = value
    return copy


def leads_to(place: str, found: Any, document: Any) -> bool:
    """Whether a pointer resolves in the document, at a member, at what it is in, or at a part of it."""
    if not isinstance(found, str):
        return False
    try:
        pointer(document, found)
    except LookupError:
        return False
    return f"{place}/".startswith(f"{found}/") or found.startswith(f"{place}/")
