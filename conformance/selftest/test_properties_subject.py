"""What a test asks for by name: values that the target is known to have, in the order it names them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from conformance.contract import Contract, load
from conformance.properties.subject import Subject
from conformance.selftest.servers import TOKEN, RawServer, raw_server, reply
from conformance.targets import Unsupported, UrlTarget
from conformance.targets.clock import ManualClock

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
