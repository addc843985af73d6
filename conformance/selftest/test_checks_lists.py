"""Checks of lists: their envelope, their pages, their ends, their cursors and their ids."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from conformance.checks import CHECKS
from conformance.contract.verdict import Outcome
from conformance.selftest.test_checks import findings, outcome, said, sight
from conformance.traffic.exchange import Exchange
from conformance.traffic.urls import LONGEST

ABSENT = object()
DEFAULTS = {"default_for": ["GET /v2/applications", "GET /v2/backups"]}


def page(
    ids: Any, query: str = "", *, after: Any = "", before: Any = "", path: str = "/v2/plans", **options: Any
) -> Exchange:
    """An answer that lists records with these ids; `after` and `before` are its `next` and `prev`."""
    member = "domain" if path.endswith("domains") else "id"
    records = [{member: identity} if identity is not None else {"name": "x"} for identity in ids]
    links = {name: value for name, value in (("next", after), ("prev", before)) if value is not ABSENT}
    body = {path.rsplit("/", 1)[1]: records, "meta": {"total": len(records), "links": links}}
    return said(f"GET {path}{query}", body=body, **options)


def walked(check: str, *pages: Exchange, writes_before: int | None = None, **arguments: Any) -> list[str]:
    """What a check makes of each of these pages, seen one after the other."""
    memory: dict[Any, Any] = {}
    seen = []
    for number, exchange in enumerate(pages):
        looked = sight(exchange, memory=memory, **arguments)
        if number == writes_before:
            looked = evolve(looked, writes=1)
        outcomes = [str(finding.outcome) for finding in CHECKS[check](looked) if finding.outcome is not None]
        assert len(set(outcomes)) <= 1
        seen.append((outcomes or ["nothing"])[0])
    return seen


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (page("ab"), "held"),
        (page(""), "held"),
        (said("GET /v2/plans", body={"plans": []}), "violated"),
        (said("GET /v2/plans?per_page=5", body={"plans": []}), "violated"),
        (said("GET /v2/plans", 404, {"error": "no"}), "nothing"),
        (said("GET /v2/account", body={"account": {}}), "nothing"),
        (said("GET /v2/plans", body={"data": []}), "nothing"),
    ],
)
def test_a_list_carries_its_paging_information(exchange: Exchange, expected: str) -> None:
    assert outcome("pagination.envelope-present", exchange) == expected


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (page("ab", "?per_page=2", after="c"), "held"),
        # A list of as many records, or a server that gives as many whatever is asked for.
        (page("ab", "?per_page=2"), "nothing"),
        (page("a", "?per_page=1", after="c"), "nothing"),
        (page("a", "?per_page=2", after="c"), "violated"),
        (page("abc", "?per_page=2"), "violated"),
        (page("abc", "?per_page=2", after="c"), "violated"),
        (page("", "?per_page=2", after="c"), "violated"),
        # The whole list on one short page: a target that ignores the size answers the same.
        (page("a", "?per_page=2"), "nothing"),
        (page("", "?per_page=2"), "nothing"),
        (page("abc"), "nothing"),
        (page("abc", "?per_page=501"), "nothing"),
        (page("abc", "?per_page=0"), "nothing"),
        (page("abc", "?per_page=x"), "nothing"),
        (page("abc", "?per_page="), "nothing"),
        (page("abc", "?per_page=1&per_page=2"), "nothing"),
    ],
)
def test_a_page_has_the_size_that_was_asked_for(exchange: Exchange, expected: str) -> None:
    assert outcome("pagination.page-size-honoured", exchange) == expected


def test_a_small_page_counts_once_a_longer_one_of_its_list_is_seen() -> None:
    small, longer = page("a", "?per_page=1", after="c"), page("abc")
    assert walked("pagination.page-size-honoured", small, longer, small) == ["nothing", "held", "held"]
    assert walked("pagination.page-size-honoured", small, page("abc", path="/v2/backups")) == ["nothing", "nothing"]


def test_a_short_page_reached_by_prev_is_no_fault() -> None:
    first, second = page("ab", "?per_page=2", after="n1"), page("cd", "?per_page=2&cursor=n1", after="n2", before="p1")
    back = page("a", "?per_page=2&cursor=p1", after="n1")
    for check in ("pagination.page-size-honoured", "pagination.end-marked"):
        assert "violated" not in walked(check, first, second, back), check


def test_a_short_page_reached_by_next_is_a_fault() -> None:
    first, short = page("ab", "?per_page=2", after="n1"), page("c", "?per_page=2&cursor=n1", after="n2")
    assert walked("pagination.page-size-honoured", first, short) == ["held", "violated"]
    assert walked("pagination.end-marked", first, short) == ["nothing", "violated"]


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (page("a", "?per_page=2"), "held"),
        (page("a", "?per_page=2", after=None), "held"),
        (page("a", "?per_page=2", after=ABSENT), "held"),
        (page("", "?per_page=1"), "held"),
        (page("a", "?per_page=2", after="a"), "violated"),
        (page("", "?per_page=2", after="a"), "violated"),
        (page("ab", "?per_page=2"), "nothing"),
        (page("ab", "?per_page=2", after="c"), "nothing"),
        (page("a", "?per_page=501", after="c"), "nothing"),
        (page("a", "?per_page=x", after="c"), "nothing"),
        (page("a", after="c"), "nothing"),
        (page("a", after="c", path="/v2/backups"), "violated"),
        (page("a", path="/v2/backups"), "held"),
        (page("a", "?per_page=", after="c", path="/v2/backups"), "nothing"),
        (said("GET /v2/plans?per_page=5", body={"plans": []}), "nothing"),
        (page("a", "?per_page=2&cursor=of-another-walk", after="c"), "nothing"),
    ],
)
def test_the_last_page_says_so(exchange: Exchange, expected: str) -> None:
    memory: dict[Any, Any] = {}
    for path in ("/v2/plans", "/v2/backups"):
        list(CHECKS["pagination.end-marked"](sight(page("ab", "?per_page=2", after="c", path=path), memory=memory)))
    assert outcome("pagination.end-marked", exchange, memory=memory, **DEFAULTS) == expected


def test_an_end_counts_where_another_page_of_the_list_is_none() -> None:
    last, middle, empty = page("a", "?per_page=2"), page("ab", "?per_page=2", after="c"), page("", "?per_page=2")
    assert walked("pagination.end-marked", last, empty) == ["nothing", "nothing"]
    assert walked("pagination.end-marked", last, middle, empty) == ["nothing", "held", "held"]


@pytest.mark.parametrize(
    ("first", "other"),
    [("", None), (None, ""), ("", ABSENT), (ABSENT, None)],
    ids=["''-null", "null-''", "''-no", "no-null"],
)
def test_the_end_has_one_form_everywhere(first: Any, other: Any) -> None:
    plans, domains = page("a", "?per_page=2", after=first), page("b", "?per_page=2", after=other, path="/v2/domains")
    again = page("b", "?per_page=2", after=first, path="/v2/domains")
    middle = page("ab", "?per_page=2", after="c", path="/v2/domains")
    expected = ["nothing", "nothing", "violated", "held"]
    assert walked("pagination.end-marked", middle, plans, domains, again) == expected


def test_the_form_of_the_end_is_told_once() -> None:
    memory: dict[Any, Any] = {}
    notes = [
        finding.message
        for exchange in (page("a", "?per_page=2"), page("a", "?per_page=3"), page("", "?per_page=2"))
        for finding in CHECKS["pagination.end-marked"](sight(exchange, memory=memory))
        if finding.outcome is None
    ]
    assert len(notes) == 1
    assert 'marks the end of a list with next ""' in notes[0]


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (page("a", after="bmV4dF9fMTAw", before="cHJldl9fMQ=="), "held"),
        (page("a", after="a+b/c_d-e="), "held"),
        (page("a", after="page 2"), "violated"),
        (page("a", before="?page=2"), "violated"),
        (page("a", after="https://h/v2/plans"), "violated"),
        (page("a"), "nothing"),
        (page("a", after=None, before=ABSENT), "nothing"),
    ],
)
def test_cursors_are_made_of_the_documented_signs(exchange: Exchange, expected: str) -> None:
    assert outcome("pagination.cursor-alphabet", exchange) == expected


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (page("ab"), "held"),
        (page([0, 1]), "held"),
        (page("aba"), "violated"),
        (page([7, "7"]), "violated"),
        (page(["a.example", "a.example"], path="/v2/domains"), "violated"),
        (page("a"), "nothing"),
        (page(""), "nothing"),
        (page([None, None]), "nothing"),
        (page([None, "a", None]), "nothing"),
        (said("GET /v2/plans", body={"plans": ["a", "a"], "meta": {}}), "nothing"),
        (said("GET /v2/plans", 404, {"plans": []}), "nothing"),
    ],
)
def test_ids_are_unique_in_an_answer(exchange: Exchange, expected: str) -> None:
    assert outcome("types.ids-unique", exchange) == expected


NO_NUMBERS: list[Any] = [-1, 0.5, True, "", "-1", "a", "٣", [0], {}]


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (page([0, 1]), ["held"]),
        (page(["0", "1"]), ["note", "held"]),
        (page([0, "1"]), ["note", "held"]),
        (page([0]), []),
        (page([]), []),
        (page([3, 3]), ["violated"]),
        *((page([0, wrong]), ["violated"]) for wrong in NO_NUMBERS),
        (page([0, None]), ["violated"]),
    ],
)
def test_an_id_that_is_a_number_may_be_written_as_text(exchange: Exchange, expected: list[str]) -> None:
    found = [finding.outcome for finding in findings("types.ids-unique", exchange, number=True)]
    assert ["note" if each is None else str(each) for each in found] == expected


def test_ids_are_unique_over_a_walk() -> None:
    first, good, bad = page("ab", after="n"), page("c", "?cursor=n"), page("bc", "?cursor=n")
    assert walked("types.ids-unique", first, good) == ["held", "held"]
    assert walked("types.ids-unique", first, bad) == ["held", "violated"]
    assert walked("types.ids-unique", first, first) == ["held", "held"]
    # A list that begins anew after its end.
    assert (
        walked("types.ids-unique", first, page("cd", "?cursor=n", after="o"), page("ab", "?cursor=o"))[-1] == "violated"
    )


def test_a_list_that_was_written_to_may_show_a_record_again() -> None:
    assert walked("types.ids-unique", page("ab", after="n"), page("bc", "?cursor=n"), writes_before=1) == [
        "held",
        "held",
    ]


def test_a_page_that_leads_to_itself_is_a_fault_whether_or_not_the_walk_was_seen() -> None:
    first, itself = page("ab", "?per_page=2", after="n"), page("cd", "?per_page=2&cursor=n", after="n")
    assert walked("pagination.walk-recorded", itself) == ["violated"]
    assert walked("pagination.walk-recorded", first, itself) == ["nothing", "violated"]
    # Where a walk leads may be another requirement's; that records come again is not.
    assert walked("pagination.walk-recorded", first, itself, records_only=True) == ["nothing", "nothing"]
    again = page("bc", "?per_page=2&cursor=n", after="n")
    assert walked("pagination.walk-recorded", first, again, records_only=True) == ["nothing", "violated"]


@pytest.mark.parametrize(("length", "expected"), [(LONGEST, "nothing"), (LONGEST + 1, "violated")])
def test_a_cursor_must_be_short_enough_to_be_asked_with(length: int, expected: str) -> None:
    assert walked("pagination.walk-recorded", page("a", after="n" * length)) == [expected]


def totalled(ids: Any, total: Any, query: str = "", after: str = "") -> Exchange:
    records = [{"id": identity} if identity is not None else {"name": "x"} for identity in ids]
    return said(f"GET /v2/plans{query}", body={"plans": records, "meta": {"total": total, "links": {"next": after}}})


@pytest.mark.parametrize(
    ("total", "expected"),
    [(2, "nothing"), (3, "violated"), (1, "violated"), (0, "violated"), (10**298, "violated")]
    + [(no_count, "nothing") for no_count in (-1, True, "2", 2.0, None, 10**300)],
)
def test_a_whole_list_on_one_page_is_as_long_as_its_total(total: Any, expected: str) -> None:
    # That it is shows nothing: a total that counts the page would be the same.
    assert walked("pagination.total-recorded", totalled("ab", total)) == [expected]


def test_an_empty_list_has_a_total_of_0() -> None:
    assert walked("pagination.total-recorded", totalled("", 0)) == ["nothing"]
    assert walked("pagination.total-recorded", totalled("", 1)) == ["violated"]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (totalled("ab", 3, after="n"), totalled("c", 3, "?cursor=n"), "held"),
        (totalled("ab", 4, after="n"), totalled("c", 4, "?cursor=n"), "violated"),
        (totalled("ab", 2, after="n"), totalled("c", 2, "?cursor=n"), "violated"),
        # The list grew, or shrank, while it was walked.
        (totalled("ab", 3, after="n"), totalled("c", 5, "?cursor=n"), "held"),
        (totalled("ab", 2, after="n"), totalled("c", 3, "?cursor=n"), "held"),
        (totalled("ab", 4, after="n"), totalled("c", 5, "?cursor=n"), "violated"),
        # A record that comes twice, which is another rule's, counts once or twice.
        (totalled("ab", 3, after="n"), totalled("bc", 3, "?cursor=n"), "held"),
        (totalled("ab", 4, after="n"), totalled("bc", 4, "?cursor=n"), "held"),
        (totalled("ab", 2, after="n"), totalled("bc", 2, "?cursor=n"), "violated"),
        # Records without ids are counted as they come.
        (totalled([None, None], 3, after="n"), totalled([None], 3, "?cursor=n"), "held"),
        (totalled([None, None], 2, after="n"), totalled([None], 2, "?cursor=n"), "violated"),
        # Of a walk whose beginning was not seen nothing can be said, nor of one that goes on.
        (totalled("ab", 9, after="n"), totalled("c", 9, "?cursor=m"), "nothing"),
        (totalled("ab", 9, after="n"), totalled("c", 9, "?cursor=n", after="m"), "nothing"),
    ],
)
def test_a_walk_brings_as_many_records_as_its_totals_tell(first: Exchange, last: Exchange, expected: str) -> None:
    assert walked("pagination.total-recorded", first, last) == ["nothing", expected]


@pytest.mark.parametrize("other", ["?per_page=1&cursor=2", "?type=vhf&cursor=2"])
def test_walks_with_other_page_sizes_and_filters_may_share_cursors(other: str) -> None:
    assert walked("types.ids-unique", page("ab", "?per_page=2", after="2"), page("b", other))[-1] != "violated"


def test_prev_leads_back_without_a_fault() -> None:
    pages = [page("ab", after="n"), page("cd", "?cursor=n", after="m", before="p"), page("ab", "?cursor=p", after="n")]
    assert walked("types.ids-unique", *pages) == ["held", "held", "held"]


def test_findings_show_both_sides() -> None:
    (finding,) = CHECKS["pagination.page-size-honoured"](sight(page("abc", "?per_page=2")))
    assert finding.outcome is Outcome.VIOLATED
    assert (finding.expected, finding.actual) == ("at most 2 records", "3 records")
    (long,) = CHECKS["pagination.cursor-alphabet"](sight(page("a", after="?" * 10_000)))
    assert long.actual is not None
    assert len(long.actual) < 400
