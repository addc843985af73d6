"""The assertions of the suite: what each says when it does not hold."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from functools import partial

import pytest

from conformance.contract import load
from conformance.properties.assertions import (
    Violation,
    assert_enveloped,
    assert_not_status,
    assert_same_members,
    assert_status,
    assert_that,
    evidence,
    reset_evidence,
)
from conformance.selftest.test_checks import said


def violation(assertion: Callable[[], None]) -> Violation:
    with pytest.raises(Violation) as caught:
        assertion()
    return caught.value


def test_what_holds_is_evidence_and_what_does_not_is_none() -> None:
    reset_evidence()
    assert evidence() == 0
    assert_that(True, "it is so", expected="so", actual="so")
    violation(lambda: assert_that(False, "it is not so", expected="so", actual="not so"))
    assert evidence() == 1


def test_nothing_has_held_where_nothing_was_asserted() -> None:
    assert Context().run(evidence) == 0


def test_a_status_is_one_of_some_or_of_a_class() -> None:
    missing = said("GET /v2/domains/a", 404)
    for statuses in ((404,), (400, 404), ("4xx",), (200, "4xx")):
        assert_status(missing, *statuses)
        violation(partial(assert_not_status, missing, *statuses))
    for statuses in ((400,), ("2xx",), ("404",)):
        assert_not_status(missing, *statuses)
        violation(partial(assert_status, missing, *statuses))
    found = violation(lambda: assert_status(missing, 200, "3xx", when="twice"))
    assert str(found) == "GET /v2/domains/a twice was answered 404"
    assert (found.expected, found.actual) == ("200 or 3xx", "404 Not Found")
    found = violation(lambda: assert_not_status(missing, "4xx", 500))
    assert str(found) == "GET /v2/domains/a was answered 404"
    assert found.expected == "anything but 4xx or 500"
    assert str(violation(lambda: assert_not_status(missing, 404, when="now"))).endswith("/a now was answered 404")


@pytest.mark.parametrize(
    ("body", "why"), [({"error": "no"}, None), ({"message": "no"}, "envelope: "), (b"no", "it is no JSON")]
)
def test_an_error_has_its_envelope(body: object, why: str | None) -> None:
    refused = said(status=400, body=body)
    if why is None:
        assert_enveloped(refused, load("vultr"))
        return
    found = str(violation(lambda: assert_enveloped(refused, load("vultr"), when="of a bad size")))
    assert found.startswith("the 400 to GET /v2/account of a bad size is not the error envelope: ")
    assert why in found


def test_members_that_differ_are_shown_three_of_each_kind_at_most() -> None:
    found = violation(lambda: assert_same_members(list("aabbccddxyzw"), list("abcdefgh"), "the walk"))
    assert str(found) == "the walk: a comes 2 times"
    assert found.expected == "8 members, each once"
    assert found.actual == "12 members; twice: a, b, c; missing: e, f, g; extra: x, y, z"
