"""Operations and the router that finds them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.contract import Operation, Router
from conformance.contract.router import _Node

SEGMENTS = st.sampled_from(["v2", "plans", "users", "a b", "{id}", "{name}"])
TEMPLATES = st.lists(SEGMENTS, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
METHODS = st.sampled_from(["GET", "POST", "DELETE"])
VALUES = st.sampled_from(["v2", "plans", "users", "a b", "x", "é/ü", "%", "{id}"])
PATHS = st.lists(VALUES.map(lambda value: quote(value, safe="")), max_size=5).map(lambda parts: "/" + "/".join(parts))


def is_parameter(segment: str) -> bool:
    return segment.startswith("{")


def naive(operations: list[Operation], method: str, path: str) -> str | None:
    """The best match of all, segment by segment from the left, a literal before a parameter."""
    asked = [unquote(part) for part in path.strip("/").split("/")]

    def matches(operation: Operation) -> bool:
        template = segments(operation)
        return (operation.method, len(template)) == (method, len(asked)) and all(
            part if is_parameter(name) else name == part for name, part in zip(template, asked, strict=True)
        )

    found = filter(matches, operations)
    best = min(found, key=lambda op: [is_parameter(part) for part in segments(op)], default=None)
    return None if best is None else shape(best)


def segments(operation: Operation) -> list[str]:
    return operation.path.strip("/").split("/")


def shape(operation: Operation) -> str:
    """Templates that differ in the names of their parameters alone are the same place."""
    parts = ("{}" if is_parameter(part) else part for part in operation.path.split("/"))
    return f"{operation.method} {'/'.join(parts)}"


@given(st.lists(st.tuples(METHODS, TEMPLATES), max_size=12), METHODS, PATHS)
def test_router_finds_what_a_naive_search_finds(templates: list[tuple[str, str]], method: str, path: str) -> None:
    operations = [Operation(verb, template) for verb, template in templates]
    found = Router(operations).find(method, path)
    assert (None if found is None else shape(found)) == naive(operations, method, path)


@given(TEMPLATES, st.lists(st.text(min_size=1), min_size=4, max_size=4))
def test_an_expanded_path_is_found_again(template: str, values: list[str]) -> None:
    operation = Operation("GET", template.replace("a b", "ab"))
    path = operation.expand(dict(zip(["id", "name"], values, strict=False)))
    assert path.count("/") == template.count("/")
    if not set(path.strip("/").split("/")) & {""}:
        assert Router([operation]).find("GET", path) is operation


def test_a_literal_beats_a_parameter() -> None:
    mine, one = Operation("GET", "/users/me"), Operation("GET", "/users/{id}")
    posts, deleted = Operation("GET", "/users/{id}/posts"), Operation("DELETE", "/users/{id}")
    for operations in ([mine, one, posts, deleted], [deleted, posts, one, mine]):
        router = Router(operations)
        assert router.find("GET", "/users/me") is mine
        assert router.find("GET", "/users/you") is one
        # What the literal lacks is looked for under the parameter.
        assert router.find("GET", "/users/me/posts") is posts
        assert router.find("DELETE", "/users/me") is deleted


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("GET", "/v2/users/a%2Fb", True),
        ("GET", "/v2/users/a/b", False),
        ("GET", "/v2/%75sers/a", True),
        ("get", "/v2/users/a", True),
        ("GET", "/v2/users/a/", True),
        ("GET", "/v2/users/", False),
        ("GET", "/v2/users//", False),
        ("POST", "/v2/users/a", False),
        ("GET", "/", False),
        ("GET", "", False),
    ],
)
def test_segments_are_compared_decoded_and_whole(method: str, path: str, found: bool) -> None:
    operation = Operation("GET", "/v2/users/{id}")
    assert Router([operation]).find(method, path) is (operation if found else None)


def test_the_cost_of_finding_does_not_grow_with_the_number_of_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    visits = []
    find = Router._find

    def counted(self: Router, node: _Node, segments: list[str], depth: int, method: str) -> Any:
        visits.append(depth)
        return find(self, node, segments, depth, method)

    monkeypatch.setattr(Router, "_find", counted)
    counts = []
    for number in (1, 10, 1000):
        router = Router(
            Operation("GET", f"/v2/kind{index}/{{id}}/{leaf}") for index in range(number) for leaf in ("one", "two")
        )
        visits.clear()
        assert router.find("GET", f"/v2/kind{number - 1}/7/two") is not None
        assert router.find("GET", "/v2/nothing/7/two") is None
        counts.append(len(visits))
    assert counts == [7, 7, 7]


@pytest.mark.parametrize(
    ("value", "segment"),
    [("plain", "plain"), ("a/b", "a%2Fb"), ("a b", "a%20b"), ("50%", "50%25"), ("ü?#", "%C3%BC%3F%23"), ("~-_", "~-_")],
)
def test_a_value_becomes_one_percent_encoded_segment(value: str, segment: str) -> None:
    operation = Operation("GET", "/v2/users/{id}/keys/{key}")
    assert operation.path_parameters == ("id", "key")
    assert operation.expand({"id": value, "key": "k"}) == f"/v2/users/{segment}/keys/k"


def test_a_missing_value_is_named() -> None:
    with pytest.raises(KeyError, match="id"):
        Operation("GET", "/v2/users/{id}").expand({})
