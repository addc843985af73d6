"""Walks along a Link header, against a played server: what the document leaves open of prev is no fault."""

from __future__ import annotations

import httpx
import pytest

from conformance.contract import load
from conformance.properties import Collection, NotExercised, Violation
from conformance.properties.mock import MockServer, Reply, play
from conformance.suite.common.test_pagination import test_next_then_prev_leads_back as leads_back

API = load("netlify")
RECORDS = [{"id": str(number)} for number in range(5)]


def answers(server: MockServer, *, prev: int | None) -> None:
    """Plays a list of sites whose pages name the next one, and as prev the page so many numbers away, if any."""

    def answer(request: httpx.Request) -> Reply:
        number, size = int(request.url.params.get("page", "1")), int(request.url.params["per_page"])
        named = {"next": number + 1 if number * size < len(RECORDS) else None}
        named["prev"] = number + prev if prev is not None and number > 1 else None
        links = [
            f'<{request.url.copy_merge_params({"page": str(page)})}>; rel="{relation}"'
            for relation, page in named.items()
            if page is not None
        ]
        headers = {"Link": ", ".join(links)} if links else {}
        return Reply(200, json=RECORDS[(number - 1) * size : number * size], headers=headers)

    server.routes.get(path="/api/v1/sites").mock(side_effect=answer)


@pytest.fixture
def server() -> MockServer:
    return play(API)


def listing(server: MockServer, *, prev_promised: bool = False) -> Collection:
    pagination = API.conventions.paging.model_copy(update={"prev_promised": prev_promised})
    return Collection(server.client, API.operation("GET /api/v1/sites"), pagination)


def test_a_list_is_walked_by_its_links(server: MockServer) -> None:
    answers(server, prev=-1)
    walk = listing(server).walk(2)
    assert (walk.ended, walk.ids) == (True, ["0", "1", "2", "3", "4"])


def test_prev_leads_back(server: MockServer) -> None:
    answers(server, prev=-1)
    leads_back(collection=listing(server), limit=2)


def test_prev_that_leads_elsewhere_is_a_violation(server: MockServer) -> None:
    answers(server, prev=1)
    with pytest.raises(Violation, match="prev leads to"):
        leads_back(collection=listing(server), limit=2)


def test_prev_may_be_missing_where_it_is_not_promised(server: MockServer) -> None:
    answers(server, prev=None)
    with pytest.raises(NotExercised, match="does not promise"):
        leads_back(collection=listing(server), limit=2)
    with pytest.raises(Violation, match="has no prev"):
        leads_back(collection=listing(server, prev_promised=True), limit=2)


def test_any_refusal_passes_where_the_document_gives_no_status() -> None:
    assert API.conventions.auth.refusals == (401, "4xx")
    assert load("vercel").conventions.auth.refusals == (403,)
