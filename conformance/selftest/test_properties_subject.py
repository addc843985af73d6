"""What a test asks for by name: values that the target is known to have, in the order it names them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from attrs import evolve

from conformance.contract import Contract, load
from conformance.properties import play
from conformance.properties.subject import Subject
from conformance.selftest.servers import TOKEN, RawServer, raw_server, reply
from conformance.selftest.test_properties_attempts import subject as at_reference
from conformance.targets import ReferenceTarget, Unsupported, UrlTarget
from conformance.targets.clock import ManualClock
from conformance.targets.guard import RECORDED

VULTR, VERCEL = load("vultr"), load("vercel")
USER = "GET /v2/users/{user-id}"


@contextmanager
def subject_of(
    operation: str, contract: Contract = VULTR, **parameters: tuple[str, ...]
) -> Iterator[tuple[Subject, RawServer]]:
    """The subject of an operation on a target that names these parameters, `_` standing for `-`."""
    named = {name.replace("_", "-"): values for name, values in parameters.items()}
    with raw_server(lambda _: reply({})) as server:
        target = UrlTarget(
            contract=contract, name="selftest", base_url=server.url, credentials={"default": TOKEN},
            clock=ManualClock(), parameters=named,
        )  # fmt: skip
        requirement = next(iter(contract.requirements.values()))
        yield Subject(contract, target, requirement, operation, "a test", "an item"), server
        target.close()


def test_path_parameters_have_the_values_that_the_target_names() -> None:
    with subject_of(USER, user_id=("u-1", "u-2")) as (subject, _):
        assert subject.values(subject.operation) == {"user-id": "u-1"}
        assert subject.values(subject.operation, pick=1) == {"user-id": "u-2"}
        with pytest.raises(Unsupported, match="needs 3 known values for user-id"):
            subject.values(subject.operation, pick=2)


def test_without_a_value_an_operation_cannot_be_called() -> None:
    with subject_of(USER) as (subject, server), pytest.raises(Unsupported, match="needs 1 known values for user-id"):
        subject.call()
    assert server.requests == 0


def test_what_is_only_read_is_the_first_that_the_target_names() -> None:
    with subject_of("GET /v2/domains/{dns-domain}", dns_domain=("a.example", "b.example")) as (subject, server):
        subject.call()
    assert [asked.path for asked in server.asked] == ["/v2/domains/a.example"]


def test_who_knows_a_target_names_the_parameter_for_prev() -> None:
    with subject_of("GET /v9/projects", VERCEL, previous_cursor=("since", "before")) as (subject, _):
        assert subject.collection.pagination.previous == "since"
    with subject_of("GET /v9/projects", VERCEL) as (subject, _):
        assert subject.collection.pagination.previous is None


@pytest.mark.parametrize(("operation", "is_one"), [(USER, True), ("GET (unknown)", False), ("client", False)])
def test_not_every_subject_is_an_operation(operation: str, is_one: bool) -> None:
    with subject_of(operation) as (subject, _):
        assert subject.is_operation == is_one


DOMAIN = "/v2/domains/{dns-domain}"


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        (f"GET {DOMAIN}", ["POST", "GET"]),
        (f"PATCH {DOMAIN}", ["POST", "PATCH"]),
        (f"PUT {DOMAIN}", ["POST", "PUT"]),
        (f"DELETE {DOMAIN}", ["POST", "DELETE"]),
        ("POST /v2/domains", ["POST"]),
        ("GET /v2/domains", ["GET"]),
        ("GET /v2/account", ["GET"]),
        (USER, ["GET"]),
    ],
)
def test_an_operation_is_called_with_what_it_needs_made_first(operation: str, asked: list[str]) -> None:
    made = at_reference("vultr", operation)
    exchange = made.call()
    assert [each.request.method for each in made.client.exchanges] == asked
    assert exchange.response.ok
    assert exchange.known_as == operation
    if operation in (f"PATCH {DOMAIN}", f"PUT {DOMAIN}"):
        assert exchange.request.body == json.dumps(made.things.changes(), separators=(",", ":")).encode()


def test_what_is_made_for_a_call_has_another_name_each_time() -> None:
    made = at_reference("vultr", f"GET {DOMAIN}")
    paths = [made.call().path for _ in range(3)]
    assert len(set(paths)) == 3
    assert all(path.startswith(f"/v2/domains/{RECORDED}-") for path in paths)


@pytest.mark.parametrize("operation", ["POST /v2/domains", f"DELETE {DOMAIN}", f"PATCH {DOMAIN}"])
def test_what_writes_is_not_called_where_writes_are_not_allowed(operation: str) -> None:
    made = at_reference("vultr", operation)
    made.session = evolve(made.session, capabilities=frozenset())
    with pytest.raises(Unsupported, match="needs the capability 'writes', which this target lacks; --allow-writes"):
        made.call()
    assert made.client.exchanges == []


def test_what_cannot_be_made_may_be_read_and_nothing_else() -> None:
    def refusing(operation: str) -> Subject:
        made = at_reference("vultr", operation)
        made.client.guard.throwaway, made.client.guard.stopped = False, "one could not be deleted"
        return made

    reading = refusing(f"GET {DOMAIN}")
    known = reading.session.parameters["dns-domain"][0]
    assert reading.call().path == f"/v2/domains/{known}"
    with pytest.raises(Unsupported, match="nothing more is created on this target: one could not be deleted"):
        refusing(f"DELETE {DOMAIN}").call()


def test_without_a_known_one_the_first_of_the_list_is_read() -> None:
    made = at_reference("vultr", f"GET {DOMAIN}")
    made.session = evolve(made.session, capabilities=frozenset(), parameters={})
    exchange = made.call()
    listed, read = made.client.exchanges
    assert read is exchange
    assert read.path == f"/v2/domains/{listed.response.json['domains'][0]['domain']}"


def test_the_lists_are_those_that_can_be_asked_for_by_anybody() -> None:
    lists = [collection.operation.id for collection in at_reference("vultr", "GET /v2/account").lists]
    assert lists == [
        operation.id for operation in VULTR.operations if operation.collection is not None and "{" not in operation.path
    ]
    assert len(lists) > 3
    assert at_reference("snyk", "GET /orgs/{org_id}/projects").lists == []


@pytest.mark.parametrize(("status", "there"), [(200, True), (404, False)])
def test_a_list_that_a_document_only_implies_is_one_where_it_is_served(status: int, there: bool) -> None:
    assert VULTR.operation("GET /v2/domains").basis != "documented"
    made, played = at_reference("vultr", "GET /v2/account"), play(VULTR)
    played.routes.route().respond(status)
    made.session = evolve(made.session, client=played.client)
    found = [collection.operation.id for collection in made.lists]
    assert ("GET /v2/domains" in found) == there
    assert "GET /v2/plans" in found
    assert [request.method + " " + request.url.rpartition("/v2")[2] for request in played.requests] == ["GET /domains"]


def test_what_a_target_lacks_is_named_and_so_is_what_grants_it() -> None:
    made = at_reference("vultr", "GET /v2/account")
    made.need()
    made.need("writes", "load")
    with pytest.raises(Unsupported, match=r"^needs the capability 'tls', which this target lacks$"):
        made.need("writes", "tls")


def test_the_names_of_a_recording_are_the_same_and_those_at_a_target_are_its_runs() -> None:
    one, same = (at_reference("vultr", f"GET {DOMAIN}") for _ in range(2))
    assert one.prefix == same.prefix
    assert one.prefix.startswith(f"{RECORDED}-")
    one.item = "another item"
    assert one.prefix != same.prefix
    one.fresh_names, one.client.guard.prefix = True, "conformance-now"
    assert one.prefix.startswith("conformance-now-")


def test_a_subject_that_nobody_asked_anything_of_is_not_opened() -> None:
    target = ReferenceTarget(VULTR)
    requirement = next(iter(VULTR.requirements.values()))
    made = Subject(VULTR, target, requirement, "GET /v2/account", "a test", "an item")
    assert made.close() == []
    assert not made.opened
    made.call()
    assert made.opened
    assert made.close() == []
