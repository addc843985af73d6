"""What Vercel's document asks of a client: how it walks a list, waits for a limit, and keeps what it must not tell."""

import base64
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from conformance.contract import Contract
from conformance.properties import (
    Collection,
    HarnessError,
    MockServer,
    Reply,
    assert_equal,
    assert_that,
    property_test,
    requirement,
)
from conformance.suite.common.test_client import list_of
from conformance.traffic import cassette
from conformance.traffic.cassette import Interaction, Take
from conformance.traffic.redact import NAME_MARK, VALUE_MARK

NEWEST = 1_555_413_045_188
HOSTILE = "conformance-hostile-<script>"
LIMIT = 3


def pages(sizes: Sequence[int], extra: dict[str, Any] | None = None) -> Iterator[Reply]:
    """A list of projects cut into pages of these sizes, and behind its end one empty page after another."""
    more, number = extra or {}, 0
    for place, size in enumerate(sizes):
        records = [{"id": f"project-{number + index}", **more} for index in range(size)]
        number += size
        following = NEWEST - number - place if place < len(sizes) - 1 else None
        pagination = {"count": size, "next": following, "prev": NEWEST - number if place else None, **more}
        yield Reply(200, json={"projects": records, "pagination": pagination, **more})
    while True:
        yield Reply(200, json={"projects": [], "pagination": {"count": 0, "next": None, "prev": None}})


def played(mock: MockServer, contract: Contract, answers: Iterator[Reply]) -> Collection:
    """A list that is answered with these, one after the other."""
    mock.routes.route().mock(side_effect=lambda _: next(answers))
    return list_of(contract, mock)


@requirement("vercel.pagination.client-keeps-params")
@property_test(
    examples=[{"query": {"teamId": "team_1", "search": "a b&c"}}],
    query=st.dictionaries(
        st.sampled_from(["teamId", "search", "projectId", "state"]), st.text(min_size=1, max_size=8), max_size=4
    ),
)
def test_a_walk_keeps_its_parameters(contract: Contract, mock: MockServer, query: dict[str, str]) -> None:
    """Each further request has the path, limit, team and filters of the first, and adds only until."""
    collection = played(mock, contract, pages([LIMIT, LIMIT, 1]))
    before = len(mock.raw)
    walk = collection.walk(LIMIT, query=query)
    first, *further = mock.raw[before:]
    kept = sorted([*query.items(), ("limit", str(LIMIT))])
    assert_equal(sorted(first.url.params.multi_items()), kept, "the parameters of the first request")
    cursors = [step.page.next for step in walk.steps[:-1]]
    assert_equal(
        [(request.url.path, sorted(request.url.params.multi_items())) for request in further],
        [(first.url.path, sorted([*kept, ("until", str(cursor))])) for cursor in cursors],
        "the further requests",
    )


@requirement("vercel.pagination.client-stops-on-null")
@property_test(
    examples=[{"sizes": sizes} for sizes in ([LIMIT, 1, LIMIT, 2], [LIMIT, 0, LIMIT], [1, LIMIT], [LIMIT, LIMIT])],
    sizes=st.lists(st.integers(1, LIMIT), min_size=1, max_size=6),
)
def test_a_walk_stops_on_null_only(contract: Contract, mock: MockServer, sizes: list[int]) -> None:
    """A short page and an empty one in the middle do not end a walk; a null next does, and nothing is sent then."""
    collection = played(mock, contract, pages(sizes))
    before = len(mock.raw)
    walk = collection.walk(LIMIT)
    assert_equal(walk.ids, [f"project-{number}" for number in range(sum(sizes))], "the records of the walk")
    assert_equal(len(mock.raw) - before, len(sizes), "the requests of the walk")
    assert_that(walk.ended, "the walk did not end", expected="an end", actual=walk.defect)


@requirement("vercel.pagination.client-absent-object")
def test_a_list_without_pagination_is_complete(contract: Contract, mock: MockServer) -> None:
    """The records of a list without the pagination object are returned, and nothing more is asked for."""
    for records in ([{"id": "project-0"}, {"id": "project-1"}], []):
        answer = Reply(200, json={"projects": records})
        collection = played(mock, contract, iter([answer]))
        before = len(mock.raw)
        try:
            walk = collection.walk(LIMIT)
        except HarnessError as error:
            assert_that(False, f"the client fails: {error}", expected="the records", actual=str(error))
            return
        assert_equal(walk.ids, [record["id"] for record in records], "the records")
        assert_equal(len(mock.raw) - before, 1, "the requests")


@requirement("vercel.rate-limit.client-waits")
@property_test(examples=[{"seconds": seconds} for seconds in (1, 30, 90)], seconds=st.integers(1, 100))
def test_the_client_waits_for_the_reset(contract: Contract, mock: MockServer, seconds: int) -> None:
    """After a 429 nothing is sent before the reset it tells; then the same request is sent again."""
    reset = int(mock.clock.now()) + seconds
    headers = {"X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    error = {"error": {"code": "too_many_requests", "message": "Rate limit exceeded"}}
    answers = [Reply(429, json=error, headers=headers), next(pages([1]))]
    collection = played(mock, contract, iter(answers))
    before = len(mock.raw)
    collection.page(LIMIT)
    refused, repeated = mock.raw[before:]
    arrived = mock.arrivals[before + 1]
    assert_that(
        arrived >= reset,
        f"the request was repeated {reset - arrived:g} s before the reset",
        expected=f"nothing before {reset}",
        actual=f"a request at {arrived:g}",
    )
    assert_equal((repeated.method, str(repeated.url)), (refused.method, str(refused.url)), "the request sent again")


@requirement("vercel.security.cassette-redaction")
def test_a_recording_holds_no_credential(contract: Contract, mock: MockServer) -> None:
    """A token is in no form in a cassette, even where the server echoes it, and Authorization is a placeholder."""
    token = mock.client.token("default")
    forms = {token, quote(token, safe=""), base64.b64encode(token.encode()).decode().rstrip("=")}
    echo = {"error": {"code": "bad_request", "message": " ".join(sorted(forms))}}
    mock.routes.route().respond(400, json=echo, headers={"X-Echo": token, "Location": f"/?token={token}"})
    list_of(contract, mock).get(LIMIT, query={"token": token})
    for operation in contract.operations:
        values = dict.fromkeys(operation.path_parameters, token)
        mock.client.call(operation, values, body={"name": token} if operation.request_schema else None)
    said = tuple(Interaction(exchange.request, exchange.response) for exchange in mock.exchanges)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "client.yaml"
        cassette.write(path, {}, {"client": Take(said)})
        text = path.read_text(encoding="utf-8")
        recorded = [said for _, said in cassette.read(path).interactions]
    found = sorted(form for form in forms if form in text)
    assert_equal(len(found), 0, "forms of the token in a cassette")
    for interaction in recorded:
        value = str(interaction.request.header("authorization")).rpartition(" ")[2]
        assert_that(
            value == NAME_MARK or VALUE_MARK.fullmatch(value) is not None,
            "a cassette has an Authorization that is no placeholder",
            expected="a placeholder",
            actual="another value",
        )


@requirement("vercel.security.client-projects-known-keys")
def test_what_is_not_known_is_not_passed_on(contract: Contract, mock: MockServer) -> None:
    """A hostile value under a key that nobody documents is in no result of a walk and in no further request."""
    collection = played(mock, contract, pages([LIMIT, LIMIT, 1], {"hostile": HOSTILE, "callback": HOSTILE}))
    walk = collection.walk(LIMIT)
    assert_equal(walk.requests, 3, "the requests of the walk")
    told = [walk.ids, *([step.page.ids, step.page.next, step.page.prev] for step in walk.steps)]
    assert_that(HOSTILE not in json.dumps(told), "the walk returns it", expected="known members", actual=told)
    for request in mock.raw:
        sent = [str(value) for value in (*request.url.params.values(), *request.headers.values(), request.content)]
        assert_that(
            not any(HOSTILE in value for value in sent),
            "a further request carries it",
            expected="known members only",
            actual=str(request.url),
        )
