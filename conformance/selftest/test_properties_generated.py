"""Generated requests: outside the schema, told apart by what was done to them, and the same every time."""

from __future__ import annotations

import pytest

from conformance.contract import Operation, Validator, contracts, load
from conformance.properties.generated import bad_bodies, bad_queries

OPERATIONS = [(api, operation) for api in contracts() for operation in load(api).operations]
WITH_BODY = [(api, operation) for api, operation in OPERATIONS if operation.request_schema]
LISTS = [(api, operation) for api, operation in OPERATIONS if operation.collection and load(api).conventions.pagination]

OF_EACH_TYPE: tuple[object, ...] = (0, None, "AAA", [None, None], {})


def name(value: object) -> str | None:
    return str(value) if isinstance(value, Operation) else None


@pytest.mark.parametrize(("api", "operation"), WITH_BODY, ids=name)
def test_no_generated_body_is_allowed_by_the_schema(api: str, operation: Operation) -> None:
    assert operation.request_schema is not None
    schema = Validator(operation.request_schema)
    cases = bad_bodies(load(api), operation)
    assert {type(body) for body in OF_EACH_TYPE if schema.errors(body)} <= {type(case["body"]) for case in cases}
    # Beside the other types there is nothing wrong that a mere type leaves.
    assert len(cases) > 5 or operation.request_schema.keys() == {"type"}
    assert all(case["mutation"] for case in cases)
    # Formats are notes to a validator, and nothing that it checks.
    assert [case for case in cases if not schema.errors(case["body"]) and "format" not in case["mutation"]] == []


@pytest.mark.parametrize(("api", "operation"), LISTS, ids=name)
def test_every_list_gets_sizes_that_are_none(api: str, operation: Operation) -> None:
    contract = load(api)
    size = contract.conventions.paging.page_size.parameter
    sizes = {value for case in bad_queries(contract, operation) for name, value in case["query"] if name == size}
    assert {"true", "AAA", str(contract.conventions.paging.page_size.minimum - 1)} <= sizes


@pytest.mark.parametrize(("api", "operation"), OPERATIONS, ids=name)
def test_cases_are_the_same_every_time(api: str, operation: Operation) -> None:
    contract = load(api)
    assert bad_queries(contract, operation) == bad_queries(contract, operation)
    assert bad_bodies(contract, operation) == bad_bodies(contract, operation)
