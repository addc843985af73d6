"""Checks of dated versions: their form, the shape they promise, and the end that Sunset announces."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from conformance.checks.releases import releases_of, resolutions, successor, version_of
from conformance.checks.shapes import Shape, differences, shape_of
from conformance.checks.versioning import parse_http_date
from conformance.selftest.test_checks_json_api import API, PROJECTS, V1, notes, outcome, said
from conformance.targets.baseline import learnt
from conformance.traffic.exchange import Exchange

VERSIONING = API.conventions.versions
LIST = "GET /orgs/{org_id}/projects"


def release(version: str, **more: Any) -> dict[str, Any]:
    return {"operation": LIST, "version": version, **more}


FACTS = {
    "releases": [
        release("2024-01-01", deprecated=True, sunset="2025-12-01"),
        release("2023-03-01~beta", deprecated=True, sunset="2024-04-01"),
        release("2025-05-20"),
        release("2025-06-01~experimental"),
        release("2025-07-01~beta"),
        {"operation": LIST, "version": "latest"},
        "no entry",
    ]
}
RELEASES = releases_of(FACTS, LIST, VERSIONING)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-10-15", (date(2024, 10, 15), "ga")),
        ("2024-02-29~beta", (date(2024, 2, 29), "beta")),
        ("2024-10-15~ga", (date(2024, 10, 15), "ga")),
        *(
            (text, None)
            for text in ("2023-02-29", "2024-1-1", "20241015", "2024-W42-1", "2024-10-15~", "2024-10-15~alpha")
        ),
        *((text, None) for text in ("latest", "", None, "2024-10-15~Beta", "2024-10-15 ", "２０２４-10-15")),
    ],
)
def test_versions_are_dates(text: str | None, expected: Any) -> None:
    version = version_of(text, VERSIONING)
    assert (version and (version.day, version.stability)) == expected


def test_a_table_is_read_in_order_and_without_what_makes_no_sense() -> None:
    assert [one.version for one in RELEASES] == [
        "2023-03-01~beta",
        "2024-01-01",
        "2025-05-20",
        "2025-06-01~experimental",
        "2025-07-01~beta",
    ]


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("2024-05-05", ["2024-01-01"]),
        ("2023-03-01", []),
        ("2023-03-01~beta", ["2023-03-01~beta"]),
        ("2025-07-01~beta", ["2025-07-01~beta"]),
        ("2025-06-30~beta", ["2025-05-20", "2023-03-01~beta"]),
        ("2025-06-30~experimental", ["2025-06-01~experimental"]),
        ("2000-01-01~experimental", []),
    ],
)
def test_a_version_resolves_down_and_doubt_stays_doubt(version: str, expected: list[str]) -> None:
    asked = version_of(version, VERSIONING)
    assert asked is not None
    assert [one.version for one in resolutions(RELEASES, asked, VERSIONING)] == expected


def test_what_supersedes_a_release_is_as_stable() -> None:
    found = {one.version: successor(RELEASES, one) for one in RELEASES}
    assert {name: one and one.version for name, one in found.items()} == {
        "2023-03-01~beta": "2024-01-01",
        "2024-01-01": "2025-05-20",
        "2025-05-20": None,
        "2025-06-01~experimental": "2025-07-01~beta",
        "2025-07-01~beta": None,
    }


def answer(version: str = "2024-01-01", status: int = 200, *, path: str = "", **answered: Any) -> Exchange:
    body = {"jsonapi": V1, "data": []} if status == 200 else None
    return said(f"{PROJECTS}{path}?version={version}", status, body, **answered)


def linking(**links: Any) -> Exchange:
    return said(f"{PROJECTS}?version=2024-10-15", body={"data": [], "links": links})


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        # What the client asks for shows nothing of the server.
        (answer("2024-10-15~beta"), "nothing"),
        (answer("2024-10-15~ga"), "nothing"),
        (linking(self="/orgs/o?version=2024-10-15", about="https://docs.example/?version=3"), "held"),
        (linking(next={"href": "/orgs/o?version=2024-10-15"}, prev=None), "held"),
        (said("GET /orgs/o/projects", body={"data": [], "links": {"self": "/orgs/o"}}), "nothing"),
        (answer("2024-13-01"), "violated"),
        (linking(next="/orgs/o?version=latest"), "violated"),
        (linking(next={"href": "/orgs/o?version=2024-02-30"}), "violated"),
        (said(PROJECTS, body={"data": [{"links": {"self": "/x?version=1"}}]}), "violated"),
        (said(PROJECTS, body={"data": {"relationships": {"org": {"links": {"related": "/x?version=1"}}}}}), "violated"),
    ],
)
def test_versions_in_requests_and_links_are_dates(exchange: Exchange, expected: str) -> None:
    assert outcome("versioning.dated-format", exchange) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thu, 11 Nov 2021 11:11:11 GMT", "held"),
        ("Sunday, 06-Nov-94 08:49:37 GMT", "held"),
        ("Wed, 11 Nov 2021 11:11:11 GMT", "held"),
        *((text, "violated") for text in ("2021-11-11", "2021-11-11T11:11:11Z", "1636629071", "")),
        *((text, "violated") for text in ("Thu, 11 Nov 2021 11:11:11 +0000", "Thu, 11 Nov 2021 11:11:11", "never")),
        *((text, "violated") for text in ("Sun Nov  6 08:49:37 1994", "Thu, 31 Feb 2021 11:11:11 GMT")),
        *((text, "violated") for text in ("Thu, 11 Nov 2021 25:11:11 GMT", "Thu, 11 Nov 2021 11:11:11 UTC")),
    ],
)
def test_sunset_is_an_http_date(text: str, expected: str) -> None:
    assert outcome("versioning.sunset-format", answer(Sunset=text)) == expected


@pytest.mark.parametrize(("year", "in_full"), [("94", 1994), ("70", 1970), ("69", 2069), ("25", 2025)])
def test_a_year_of_two_digits_is_of_the_century_it_is_nearer_to(year: str, in_full: int) -> None:
    assert parse_http_date(f"Sunday, 06-Nov-{year} 08:49:37 GMT") == (
        datetime(in_full, 11, 6, 8, 49, 37, tzinfo=UTC),
        date(in_full, 11, 6).weekday() == 6,
    )


def test_a_wrong_weekday_only_warns() -> None:
    wrong = answer(Sunset="Wed, 11 Nov 2021 11:11:11 GMT")
    assert len(notes("versioning.sunset-format", wrong, wrong)) == 1
    assert notes("versioning.sunset-format", answer(Sunset="Thu, 11 Nov 2021 11:11:11 GMT")) == []
    assert parse_http_date("Thu, 11 Nov 2021 11:11:60 GMT") is not None


SUNSET = "Mon, 01 Dec 2025 00:00:00 GMT"


@pytest.mark.parametrize(
    ("exchange", "facts", "expected"),
    [
        (answer(Sunset=SUNSET), FACTS, "held"),
        (answer(), FACTS, "violated"),
        (answer("2025-05-20"), FACTS, "nothing"),
        (answer("2025-05-20~ga", snyk_version_served="2024-01-01"), FACTS, "violated"),
        (answer("2025-06-30~beta"), FACTS, "nothing"),
        (answer(status=404), FACTS, "nothing"),
        (answer(), {}, "nothing"),
        (answer("latest"), FACTS, "nothing"),
    ],
)
def test_a_deprecated_release_says_when_it_ends(exchange: Exchange, facts: Any, expected: str) -> None:
    assert outcome("versioning.sunset-when-deprecated", exchange, facts=facts) == expected


@pytest.mark.parametrize(
    ("version", "sunset", "expected", "told"),
    [
        ("2024-01-01", "Mon, 01 Dec 2025 00:00:00 GMT", "held", 0),
        ("2024-01-01", "Thu, 20 Nov 2025 00:00:00 GMT", "held", 0),
        ("2024-01-01", "Wed, 19 Nov 2025 00:00:00 GMT", "held", 1),
        ("2024-01-01", "Sun, 16 Nov 2025 00:00:00 GMT", "held", 1),
        ("2024-01-01", "Sat, 15 Nov 2025 00:00:00 GMT", "violated", 0),
        ("2024-01-01", "Wed, 01 Oct 2025 00:00:00 GMT", "violated", 0),
        ("2023-03-01~beta", "Mon, 01 Apr 2024 00:00:00 GMT", "held", 0),
        ("2023-03-01~beta", "Sun, 31 Mar 2024 00:00:00 GMT", "held", 1),
        ("2023-03-01~beta", "Sat, 30 Mar 2024 00:00:00 GMT", "violated", 0),
        ("2025-06-01~experimental", "Mon, 02 Jun 2025 00:00:00 GMT", "nothing", 0),
        ("2025-05-20", "Wed, 21 May 2025 00:00:00 GMT", "nothing", 0),
        ("2024-01-01", "soon", "nothing", 0),
    ],
)
def test_notice_is_counted_from_the_next_release(version: str, sunset: str, expected: str, told: int) -> None:
    exchange = answer(version, Sunset=sunset)
    assert outcome("versioning.sunset-notice", exchange, facts=FACTS) == expected
    assert len(notes("versioning.sunset-notice", exchange, facts=FACTS)) == told
    assert outcome("versioning.sunset-notice", exchange) == "nothing"


@pytest.mark.parametrize(
    ("came", "last"),
    [("2025-03-31", date(2025, 9, 30)), ("2025-08-31", date(2026, 2, 28)), ("2027-08-31", date(2028, 2, 29))],
)
def test_six_months_after_the_end_of_a_month_end_with_a_month(came: str, last: date) -> None:
    facts = {"releases": [release("2024-01-01"), release(came)]}
    before = last - timedelta(days=1)
    for day, told in ((last, 0), (before, 1)):
        exchange = answer(Sunset=f"{day:%a, %d %b %Y} 00:00:00 GMT")
        assert len(notes("versioning.sunset-notice", exchange, facts=facts)) == told


CONSTANT = "versioning.sunset-constant"
BEFORE, AFTER = "Sat, 01 Nov 2025 00:00:00 GMT", "Tue, 02 Dec 2025 00:00:00 GMT"


def test_sunset_never_moves_earlier() -> None:
    first, later, earlier = (answer(Sunset=f"Mon, 0{day} Dec 2025 00:00:00 GMT") for day in (2, 3, 1))
    assert outcome(CONSTANT, first) == "nothing"
    assert outcome(CONSTANT, first, first, later) == "held"
    assert outcome(CONSTANT, first, earlier) == "violated"
    assert outcome(CONSTANT, later, first) == "violated"
    assert outcome(CONSTANT, first, answer("2025-05-20", Sunset="Mon, 01 Dec 2025 00:00:00 GMT")) == "nothing"


def test_sunset_is_not_earlier_than_it_was_known_to_be() -> None:
    assert outcome(CONSTANT, answer(Sunset=SUNSET), facts=FACTS) == "held"
    assert outcome(CONSTANT, answer(Sunset="Mon, 08 Dec 2025 00:00:00 GMT"), facts=FACTS) == "held"
    assert outcome(CONSTANT, answer(Sunset="Sun, 30 Nov 2025 00:00:00 GMT"), facts=FACTS) == "violated"


def test_until_its_sunset_a_version_is_served_where_another_is() -> None:
    current, gone = answer("2025-05-20"), answer(status=410, Date=BEFORE)
    assert outcome(CONSTANT, current, gone, facts=FACTS) == "violated"
    assert outcome(CONSTANT, gone, current, facts=FACTS) == "violated"
    assert outcome(CONSTANT, answer(Sunset=SUNSET), answer(status=404, Date=BEFORE)) == "violated"
    # Past its end, elsewhere, without any proof that the place is there, or refused for another reason.
    assert outcome(CONSTANT, current, answer(status=410, Date=AFTER), facts=FACTS) == "nothing"
    assert outcome(CONSTANT, current, answer(status=404, path="/p", Date=BEFORE), facts=FACTS) == "nothing"
    assert outcome(CONSTANT, gone, facts=FACTS) == "nothing"
    assert outcome(CONSTANT, current, answer(status=401, Date=BEFORE), facts=FACTS) == "nothing"
    assert outcome(CONSTANT, current, answer(status=429, Date=BEFORE), facts=FACTS) == "nothing"
    assert outcome(CONSTANT, current, gone) == "nothing"


def refused(status: int, parameter: str) -> Exchange:
    errors = [{"status": str(status), "detail": "no", "source": {"parameter": parameter}}]
    body = {"jsonapi": V1, "errors": errors}
    return said(f"{PROJECTS}?version=2024-01-01", status, body, Date=BEFORE)


def test_only_an_error_of_the_client_that_names_the_version_refuses_it() -> None:
    current = answer("2025-05-20")
    assert outcome(CONSTANT, current, refused(400, "version"), facts=FACTS) == "violated"
    assert outcome(CONSTANT, current, refused(400, "limit"), facts=FACTS) == "nothing"
    assert outcome(CONSTANT, current, refused(503, "version"), facts=FACTS) == "nothing"


def shaped(version: str = "2024-01-01", *attributes: dict[str, Any], **answered: Any) -> Exchange:
    data = [{"type": "project", "id": str(number), "attributes": one} for number, one in enumerate(attributes)]
    return said(f"{PROJECTS}?version={version}", body={"jsonapi": V1, "data": data, "links": {}}, **answered)


STABLE = "versioning.shape-stable"
PLAIN = {"name": "a", "tags": [{"key": "k"}], "size": 1, "owner": None}


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ([PLAIN], "held"),
        ([PLAIN | {"added": 1}], "held"),
        ([PLAIN | {"owner": {"id": 5}}], "held"),
        ([PLAIN | {"name": None}], "held"),
        ([PLAIN | {"size": 1.5}], "held"),
        ([PLAIN | {"tags": []}], "held"),
        ([], "nothing"),
        ([PLAIN | {"name": 5}], "violated"),
        ([PLAIN | {"size": "1"}], "violated"),
        ([PLAIN | {"tags": [{"value": "k"}]}], "violated"),
        ([PLAIN, {name: value for name, value in PLAIN.items() if name != "name"}], "violated"),
    ],
)
def test_a_version_keeps_the_shape_of_its_baseline(attributes: list[dict[str, Any]], expected: str) -> None:
    facts = {"baseline": learnt([shaped("2024-01-01", PLAIN, PLAIN)], {}, VERSIONING)}
    assert outcome(STABLE, shaped("2024-01-01", *attributes), facts=facts) == expected


def test_only_what_every_object_had_is_required() -> None:
    some = learnt([shaped("2024-01-01", PLAIN, PLAIN | {"extra": 1})], {}, VERSIONING)
    assert outcome(STABLE, shaped("2024-01-01", PLAIN), facts={"baseline": some}) == "held"


def test_versions_are_compared_with_themselves_only() -> None:
    facts = {"baseline": learnt([shaped("2024-01-01", PLAIN)], {}, VERSIONING)}
    assert outcome(STABLE, shaped("2025-05-20", {"title": "a"}), facts=facts) == "nothing"
    # A version between releases is held to the release that it resolves to, or that a header names.
    table = {**FACTS, **facts}
    assert outcome(STABLE, shaped("2024-05-05", {"title": "a"}), facts=table) == "violated"
    assert outcome(STABLE, shaped("2024-05-05", {}, snyk_version_served="2025-05-20"), facts=table) == "nothing"


def test_experimental_drift_is_noted() -> None:
    version = "2024-01-01~experimental"
    facts = {"baseline": learnt([shaped(version, PLAIN)], {}, VERSIONING)}
    assert outcome(STABLE, shaped(version, {"title": "a"}), facts=facts) == "note"


def test_without_a_baseline_the_same_record_is_compared() -> None:
    one, renamed = shaped("2024-01-01", PLAIN), shaped("2024-01-01", {"title": "a"})
    assert outcome(STABLE, one) == "nothing"
    assert outcome(STABLE, one, one) == "held"
    assert outcome(STABLE, one, renamed) == "violated"
    assert outcome(STABLE, one, shaped("2025-05-20", {"title": "a"})) == "nothing"


def test_without_a_baseline_whole_pages_are_compared() -> None:
    def page(start: int, **attributes: Any) -> Exchange:
        data = [{"type": "p", "id": str(start + n), "attributes": attributes} for n in range(5)]
        return said(f"{PROJECTS}?version=2024-01-01", body={"data": data})

    assert outcome(STABLE, page(0, name="a", origin="x"), page(5, name="b", origin="y")) == "held"
    assert outcome(STABLE, page(0, name="a", origin="x"), page(5, title="b", origin="y")) == "violated"


def test_pages_of_one_selection_are_compared_and_those_of_another_are_not() -> None:
    def page(query: str, start: int, **attributes: Any) -> Exchange:
        data = [{"type": "p", "id": str(start + n), "attributes": attributes} for n in range(5)]
        return said(f"{PROJECTS}?version=2024-01-01{query}", body={"data": data})

    plain, renamed = page("", 0, name="a"), page("&origin=cli", 5, title="b")
    assert outcome(STABLE, plain, renamed) == "nothing"
    # Where on the list a page lies, how long it is and in which order selects nothing.
    for query in ("&limit=10", "&starting_after=c", "&ending_before=c", "&sort=name"):
        assert outcome(STABLE, plain, page(query, 5, title="b")) == "violated", query


def test_shapes_survive_being_written() -> None:
    shape = shape_of({"data": [{"id": "1", "a": [{"b": 1}, {"b": None}]}], "links": {"next": "x"}})
    assert "links" not in str(shape.to_json())
    assert differences(Shape.from_json(shape.to_json()), shape) == []
    assert differences(shape, shape_of({"data": [{"id": "1", "a": [{"b": "x"}]}]})) == [
        "/data/*/a/*/b is string, it was number"
    ]
