"""The domains, as the document's prose on the methods has it: what POST, PUT, PATCH and DELETE do."""

from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.properties import (
    NotExercised,
    Subject,
    Things,
    assert_equal,
    assert_status,
    assert_that,
    property_test,
    requirement,
)
from conformance.properties.resource import READINGS
from conformance.targets.guard import NO_SUCH_ID
from conformance.traffic.exchange import Exchange


@requirement("vultr.crud.post-creates")
def test_a_created_domain_exists(things: Things) -> None:
    """A successful POST is answered 201 or 202, and the domain is then in the list and can be read."""
    # What is read before a change shows whether it is read anew afterwards.
    things.client.control(things.served("list", things.listing.get()))
    before = things.listed()
    body = things.body()
    name = body[things.description.id]
    exchange = things.client.control(things.post(body))
    assert_status(exchange, 201, 202, when="with a new domain")
    assert_that(
        things.shows(exchange, lambda: name in things.listed()),
        f"the domain {name} was accepted, but is not in every reading of the list",
        expected=f"{name} in the list, beside the {len(before)} that were there",
        actual="a list without it",
    )
    if exchange.response.status == 202:
        things.settle(lambda: things.get(name).response.ok)
    for _ in range(READINGS):
        assert_status(things.served("read", things.get(name)), 200, when="for a domain just created")


@requirement("vultr.crud.post-required")
@property_test(left_out=lambda subject: st.sampled_from(sorted(subject.things.description.required)))
def test_a_create_without_what_it_needs_is_refused(things: Things, left_out: str) -> None:
    """A POST without an attribute it needs is a client error and creates nothing."""
    things.create()
    before = things.listed_but_others()
    body = things.body()
    del body[left_out]
    for wrong in (body, {**body, left_out: None}):
        assert_status(things.post(wrong, negative=True), "4xx", when=f"without {left_out}")
    assert_equal(things.listed_but_others(), before, "the list after the refused creates")


def _settle(things: Things, identity: str, write: Exchange, wanted: dict[str, Any]) -> None:
    """Waits after a 202 until the change shows, or the time for it is over."""
    if write.response.status == 202:
        things.settle(partial(_shows, things, identity, wanted))


def _shows_in_its_list(things: Things, identity: str, due: dict[str, Any], what: str, write: Exchange) -> None:
    """Every reading of the list shows the domain as it has to be after a change, as far as it shows it."""
    for record in things.listed_as(identity):
        shown = _visible(record, due)
        assert_equal(shown, _visible(due, record), f"the domain in the list after {what}", exchange=write)


def _visible(values: dict[str, Any], among: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in among}


def _values(things: Things, pick: int) -> dict[str, Any]:
    return {name: values[pick] for name, values in things.description.writable.items()}


@requirement("vultr.crud.put-sets")
def test_put_sets_the_values_whatever_they_were(things: Things) -> None:
    """From different states, a PUT of the same values leads to the same state, and a second PUT changes nothing."""
    wanted = _values(things, 0)
    states, changed = [], False
    for start in (1, 0):
        name = things.create()
        begun = things.served("replace", things.call("replace", name, body=_values(things, start)))
        things.client.control(begun)
        _settle(things, name, begun, _values(things, start))
        before = things.read(name)
        changed = changed or _visible(before, wanted) != _visible(wanted, before)
        for time in ("first", "second"):
            exchange = things.client.control(things.call("replace", name, body=wanted))
            _settle(things, name, exchange, wanted)
            for shown in (readings := things.readings(name)):
                visible = _visible(shown, wanted)
                if not visible:
                    raise NotExercised("a domain shows none of the values that PUT sets")
                assert_equal(visible, _visible(wanted, shown), f"the domain after the {time} PUT", exchange=exchange)
            _shows_in_its_list(things, name, wanted, f"the {time} PUT", exchange)
        states.append(_visible(readings[-1], wanted))
    if not changed:
        raise NotExercised("no domain had other values before the PUT")
    assert_equal(states[0], states[1], "the state after the same PUT from another state")


def _other_value(things: Things, attribute: str, state: dict[str, Any]) -> Any:
    """A value for an attribute that it does not have yet."""
    first, second = things.description.writable[attribute]
    return second if state.get(attribute) == first else first


def attributes(subject: Subject) -> SearchStrategy[list[str]]:
    """A non-empty part of the attributes that can be changed."""
    names = sorted(subject.things.description.writable)
    return st.lists(st.sampled_from(names), min_size=1, max_size=len(names), unique=True).map(sorted)


def parts(names: list[str]) -> list[list[str]]:
    """Each name alone, and all of them."""
    return [*([name] for name in names), names]


@requirement("vultr.crud.patch-partial")
@property_test(
    examples=lambda subject: [{"changed": part} for part in parts(sorted(subject.things.description.writable))],
    changed=attributes,
)
def test_patch_changes_only_what_was_sent(things: Things, changed: list[str]) -> None:
    """A PATCH changes the attributes it sends; the other ones that can be changed stay as they were."""
    name = things.create()
    start = things.served("update", things.call("update", name, body=_values(things, 0)))
    things.client.control(start)
    _settle(things, name, start, _values(things, 0))
    before = things.read(name)
    things.listed_as(name, readings=1)
    changes = {attribute: _other_value(things, attribute, before) for attribute in changed}
    exchange = things.client.control(things.call("update", name, body=changes))
    _settle(things, name, exchange, changes)
    due, what = _visible({**before, **changes}, things.description.writable), f"a PATCH of {', '.join(changed)}"
    for after in things.readings(name):
        expected = _visible(due, {**before, **after})
        if not expected:
            raise NotExercised("a domain shows none of the values that PATCH changes")
        assert_equal(
            _visible(after, things.description.writable), expected, f"the domain after {what}", exchange=exchange
        )
    _shows_in_its_list(things, name, due, what, exchange)


@requirement("vultr.crud.delete-then-404")
def test_a_deleted_domain_is_gone(things: Things) -> None:
    """After a successful DELETE the domain cannot be read and is not in the list, where it was before."""
    name = things.create()
    if name not in things.listed() or not things.get(name).response.ok:
        raise NotExercised(f"the domain {name} was not there before")
    exchange = things.served("delete", things.delete(name))
    assert_status(exchange, "2xx", when="for a domain that exists")
    if exchange.response.status == 202:
        things.settle(lambda: things.get(name).response.status == 404 and name not in things.listed())
    for _ in range(READINGS):
        assert_status(things.get(name), 404, when="after its DELETE")
    for _ in range(READINGS):
        assert_that(
            name not in things.listed(),
            f"the domain {name} is deleted, but still in the list",
            expected="a list without it",
            actual=name,
        )


@requirement("vultr.crud.delete-missing-4xx")
def test_deleting_what_is_not_there_is_an_error(things: Things) -> None:
    """A DELETE of a domain that nobody has is a client error with the envelope, where one that exists is deleted."""
    things.client.control(things.served("delete", things.delete(things.create())))
    for missing in (NO_SUCH_ID, "conformance-no-such.example.com"):
        exchange = things.call("delete", missing, negative=True)
        assert_status(exchange, "4xx", when="which does not exist")
        assert_equal(
            things.contract.envelope.errors(exchange.response.at("")), [], "the refusal's envelope", exchange=exchange
        )


def _exists(things: Things, name: str) -> bool:
    return things.get(name).response.ok


def _shows(things: Things, name: str, wanted: dict[str, Any]) -> bool:
    """Whether the domain has the wanted values, as far as it shows them."""
    state = things.read(name)
    return _visible(state, wanted) == _visible(wanted, state)


@requirement("vultr.crud.accepted-eventually")
def test_what_was_accepted_comes_to_be(subject: Subject, things: Things) -> None:
    """After a 202 the domain exists, or its change shows, within a bounded time."""
    if subject.operation_id == things.description.create:
        body = things.body()
        exchange = things.client.control(things.post(body))
        came_to_be = partial(_exists, things, str(body[things.description.id]))
    else:
        name, wanted = things.create(), _values(things, 1)
        role = things.role_of(subject.operation)
        exchange = things.client.control(things.served(role, things.call(role, name, body=wanted)))
        came_to_be = partial(_shows, things, name, wanted)
    if exchange.response.status != 202:
        raise NotExercised(f"it was answered {exchange.response.status}, not 202")
    assert_that(
        things.settle(came_to_be),
        "what was accepted with 202 did not come to be",
        expected="the change within a bounded time",
        actual="no change",
        exchange=exchange,
    )
