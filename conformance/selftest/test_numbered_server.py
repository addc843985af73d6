"""Servers that number their pages: what the document leaves open is accused of nothing, what it says is held."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import ceil
from typing import Any

import httpx2
import pytest

from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.properties import Run, items_of
from conformance.selftest.servers import TESTS, TOKEN
from conformance.selftest.test_alike_servers import AlikeTarget
from conformance.targets.clock import ManualClock

API = load("netlify")
SITES = "GET /api/v1/sites"
NOW = 1_770_000_000

Header = Callable[["Asked", int, int], str | None]


class Asked:
    """A request for a page of `count` records."""

    def __init__(self, request: httpx2.Request, count: int) -> None:
        given = dict(request.url.params.multi_items())
        self.url, self.given = str(request.url).partition("?")[0], given
        size = given.get("per_page", "")
        self.size = min(int(size), 100) if size.isdigit() and int(size) else 100
        number = given.get("page", "")
        self.number = int(number) if number.isdigit() and int(number) else 1
        self.last = max(1, ceil(count / self.size))

    def url_of(self, number: int, **changes: Any) -> str:
        query = {**self.given, "page": str(number), **changes}
        return f"{self.url}?{'&'.join(f'{name}={value}' for name, value in query.items() if value is not None)}"


def numbers(asked: Asked) -> list[tuple[str, int]]:
    found = [("prev", asked.number - 1)] if asked.number > 1 else []
    return [*found, ("next", asked.number + 1), ("last", asked.last)] if asked.number < asked.last else found


def plain(asked: Asked) -> list[tuple[str, str]]:
    return [(rel, asked.url_of(number)) for rel, number in numbers(asked)]


def quoted(links: list[tuple[str, str]]) -> list[str]:
    return [", ".join(f'<{url}>; rel="{rel}"' for rel, url in links)] if links else []


FREEDOMS: dict[str, Callable[[Asked], list[str]]] = {
    "as in the document": lambda asked: quoted(plain(asked)),
    "unquoted": lambda asked: [", ".join(f"<{url}>;rel={rel}" for rel, url in plain(asked))] if plain(asked) else [],
    "a field for each": lambda asked: [f'<{url}>; Rel="{rel.upper()}"' for rel, url in plain(asked)],
    "several rels in one link": lambda asked: (
        ([f'<{asked.url_of(asked.number + 1)}>; rel="next last"'] if asked.number == asked.last - 1 else [])
        or quoted(plain(asked))
    ),
    "with a title": lambda asked: [", ".join(f'<{url}>; title="a, <b>; c"; rel={rel}' for rel, url in plain(asked))],
    "first, and last everywhere": lambda asked: quoted(
        [("first", asked.url_of(1)), *[p for p in plain(asked) if p[0] != "last"], ("last", asked.url_of(asked.last))]
    ),
    "no last and no prev": lambda asked: quoted([pair for pair in plain(asked) if pair[0] == "next"]),
    "the size that is served": lambda asked: quoted(
        [(rel, asked.url_of(number, per_page=asked.size)) for rel, number in numbers(asked)]
    ),
}


FAULTS: dict[str, tuple[str, Callable[[Asked], list[str]]]] = {
    "no Link at all": ("link-when-more", lambda _: []),
    "no angle brackets": (
        "link-grammar",
        lambda asked: [", ".join(f'{url}; rel="{rel}"' for rel, url in plain(asked))] if plain(asked) else [],
    ),
    "an unregistered rel": ("link-grammar", lambda asked: quoted([("following", asked.url_of(2)), *plain(asked)])),
    "next repeats the page": (
        "next-is-successor",
        lambda asked: quoted(
            [(rel, asked.url_of(asked.number)) if rel == "next" else (rel, u) for rel, u in plain(asked)]
        ),
    ),
    "next beyond the last": (
        "edges",
        lambda asked: quoted(
            [
                *plain(asked),
                *(
                    [("next", asked.url_of(asked.last + 1)), ("last", asked.url_of(asked.last))]
                    if asked.number == asked.last
                    else []
                ),
            ]
        ),
    ),
    "last is floored": (
        "last-consistent",
        lambda asked: quoted(
            [(rel, asked.url_of(asked.last - 1)) if rel == "last" else (rel, u) for rel, u in plain(asked)]
        ),
    ),
    "per_page is dropped": (
        "links-keep-query",
        lambda asked: quoted([(rel, f"{asked.url}?page={number}") for rel, number in numbers(asked)]),
    ),
    "without the version": (
        "base-prefix",
        lambda asked: quoted([(rel, url.replace("/api/v1/", "/")) for rel, url in plain(asked)]),
    ),
}


def is_about(requirement: str) -> bool:
    return ".pagination." in requirement or requirement.endswith(".base-prefix")


def verdicts(
    links: Callable[[Asked], list[str]], count: int = 120, records: Callable[[Asked], slice] | None = None
) -> dict[str, Outcome]:
    """Requirement → what it comes to at a server of one long list, for all that is said of pages."""
    everything = [{"id": f"s{number}", "name": f"n{number}"} for number in range(count)]

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path != "/api/v1/sites":
            return httpx2.Response(404, json={"code": 404, "message": "Not Found"})
        asked = Asked(request, count)
        cut = records(asked) if records else slice((asked.number - 1) * asked.size, asked.number * asked.size)
        headers = [("Content-Type", "application/json"), *(("Link", value) for value in links(asked) if value)]
        return httpx2.Response(200, headers=headers, content=json.dumps(everything[cut]).encode())

    target = AlikeTarget(
        contract=API,
        name="numbered",
        base_url="http://127.0.0.1:9",
        credentials={"default": TOKEN},
        clock=ManualClock(NOW),
        answer=answer,
    )
    run = Run(API, target, examples=1)
    items = [item for test, function in TESTS.items() for item in items_of(function, test, API)]
    about = [item for item in items if item.operation == SITES and is_about(item.requirement.id)]
    about.sort(key=lambda item: item.judged_by_evidence)
    for item in about:
        run.attempt(item)
    came_to = [(item.requirement.id, run.result(item).outcome) for item in about]
    # What has no test of its own is judged by what all of them show.
    came_to += [
        (key[0], Outcome.VIOLATED) for key, seen in run.gathered().items() if seen.violations and is_about(key[0])
    ]
    found: dict[str, Outcome] = {}
    for name, outcome in came_to:
        short = name.rpartition(".")[2]
        found[short] = min(found.get(short, outcome), outcome, key=WORST.index)
    return found


WORST = [Outcome.VIOLATED, Outcome.HELD, *(each for each in Outcome if each not in (Outcome.VIOLATED, Outcome.HELD))]


@pytest.mark.parametrize("freedom", FREEDOMS)
def test_what_the_document_leaves_open_is_accused_of_nothing(freedom: str) -> None:
    found = verdicts(FREEDOMS[freedom])
    assert {name: outcome for name, outcome in found.items() if outcome is Outcome.VIOLATED} == {}
    assert found["walk-exactly-once"] is Outcome.HELD
    assert found["link-when-more"] is Outcome.HELD


def test_a_list_on_one_page_needs_no_link() -> None:
    found = verdicts(lambda _: [], count=1)
    assert Outcome.VIOLATED not in found.values()
    assert found["link-when-more"] is not Outcome.HELD


@pytest.mark.parametrize("fault", FAULTS)
def test_what_the_document_says_is_held(fault: str) -> None:
    requirement, links = FAULTS[fault]
    assert verdicts(links)[requirement] is Outcome.VIOLATED


def test_a_server_that_counts_its_pages_from_zero_is_found() -> None:
    def zero_based(asked: Asked) -> slice:
        number = int(asked.given.get("page", "0"))
        return slice(number * asked.size, (number + 1) * asked.size)

    found = verdicts(FREEDOMS["as in the document"], records=zero_based)
    assert found["walk-exactly-once"] is Outcome.VIOLATED
