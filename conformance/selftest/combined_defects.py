"""Defects that show in combination only: of two parameters, of a write and a second reading, of a walk and a delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from conformance.selftest.defects import bodies, set_at, success
from conformance.selftest.proxy import Answered, Ask, Asked, Defect, Memory

When = Callable[[Asked], bool]
Change = Callable[[Asked], Asked]


def listing(end: str, *having: str, without: tuple[str, ...] = ()) -> When:
    """Requests for a list whose path ends so, with all of some parameters and none of others."""
    return lambda asked: (
        asked.method == "GET"
        and asked.path.endswith(end)
        and all(asked.parameter(name) is not None for name in having)
        and all(asked.parameter(name) is None for name in without)
    )


def asking(when: When, change: Change) -> Defect:
    """Asks the server something else where a request is such."""
    return lambda asked, ask, _: ask(change(asked) if when(asked) else asked)


def answering(when: When, change: Callable[[Asked, Answered], Answered]) -> Defect:
    """Changes successful answers to such requests."""

    def defect(asked: Asked, ask: Ask, _: Memory) -> Answered:
        answer = ask(asked)
        return change(asked, answer) if when(asked) and answer.status == 200 else answer

    return defect


def dropping(when: When, *names: str) -> Defect:
    return asking(when, lambda asked: asked.without(*names))


def having(when: When, **parameters: str) -> Defect:
    return asking(when, lambda asked: asked.having(**parameters))


def forgiving(when: When, *names: str) -> Defect:
    """What is refused is served without these parameters."""

    def defect(asked: Asked, ask: Ask, _: Memory) -> Answered:
        answer = ask(asked)
        return ask(asked.without(*names)) if when(asked) and 400 <= answer.status < 500 else answer

    return defect


def crashing(when: When, error: Any) -> Defect:
    """What is refused is a server error."""

    def defect(asked: Asked, ask: Ask, _: Memory) -> Answered:
        answer = ask(asked)
        if not (when(asked) and 400 <= answer.status < 500):
            return answer
        return Answered(500, answer.headers, answer.body).with_json(error)

    return defect


def body(when: When, edit: Callable[[Any], Any]) -> Defect:
    return bodies(lambda asked, answer: when(asked) and success(asked, answer), edit)


def total_of(when: When, path: str) -> Defect:
    """total is that of the whole list."""

    def defect(asked: Asked, ask: Ask, _: Memory) -> Answered:
        answer = ask(asked)
        if not (when(asked) and answer.status == 200):
            return answer
        whole = ask(Asked("GET", path, (("per_page", "1"),), asked.headers, b"")).json
        edited = answer.json
        edited["meta"]["total"] = whole["meta"]["total"]
        return answer.with_json(edited)

    return defect


def behind(when: When, *writes: str, every: int = 2, first: bool = False, unfound: bool = False) -> Defect:
    """A reading after a write is what was read before it: every so many, or the first one alone.

    What was never read before is read as it is, or is not found.
    """

    def defect(asked: Asked, ask: Ask, memory: Memory) -> Answered:
        seen = memory.setdefault("seen", {})
        answer = ask(asked)
        if asked.method in writes and answer.status < 300:
            memory.update(old=dict(seen), readings={})
        if not when(asked):
            return answer
        key = (asked.path, asked.query)
        seen[key] = answer
        if "old" not in memory:
            return answer
        readings = memory["readings"][key] = memory["readings"].get(key, 0) + 1
        if readings != 1 if first else readings % every:
            return answer
        unknown = ask(Asked("GET", f"{asked.path}-none", asked.query, asked.headers, b""))
        return memory["old"].get(key) or (unknown if unfound else answer)

    return defect


def at_offsets(end: str, cursor: str, size: str, member: str) -> Defect:
    """Cursors are taken for how many records were shown, whatever was written meanwhile."""

    def defect(asked: Asked, ask: Ask, memory: Memory) -> Answered:
        answer = ask(asked)
        if not (listing(end, size)(asked) and answer.status == 200):
            return answer
        start = memory.get(asked.parameter(cursor), 0)
        edited, after = answer.json, start + len(answer.json[member])
        if start:
            whole = ask(asked.without(cursor).having(**{size: "100"})).json[member]
            edited[member] = whole[start:after]
        for given in cursors_in(edited):
            memory[given] = after
        return answer.with_json(edited)

    return defect


def cursors_in(body: Any) -> list[str]:
    """The cursor that a page names as its next, if it does, whatever the style."""
    link = (body.get("links") or {}).get("next")
    by_link = dict(parse_qsl(urlsplit(link).query)).get("starting_after") if link else None
    in_body = ((body.get("meta") or {}).get("links") or {}).get("next")
    time = (body.get("pagination") or {}).get("next")
    return [str(one) for one in (by_link, in_body, time) if one]


def once_more(when: When, member: str) -> Defect:
    """A page begins with the record that the page before it ended with."""

    def defect(asked: Asked, ask: Ask, memory: Memory) -> Answered:
        answer = ask(asked)
        if not (when(asked) and answer.status == 200 and answer.json[member]):
            return answer
        edited = answer.json
        before = memory.get(asked.parameter("cursor") or asked.parameter("starting_after"))
        if before is not None:
            edited[member][0] = before
        for cursor in cursors_in(edited):
            memory[cursor] = edited[member][-1]
        return answer.with_json(edited)

    return defect


def leading_nowhere(when: When, place: tuple[str, ...]) -> Defect:
    """A page behind a cursor names the cursor that it was asked for with as its next."""

    def change(asked: Asked, answer: Answered) -> Answered:
        given = asked.parameter("cursor") or asked.parameter("until")
        edited = answer.json
        if given:
            set_at(*place, value=int(given) if given.isdigit() else given)(edited)
        return answer.with_json(edited)

    return answering(when, change)


TEAM = "teamId"
APPLICATIONS, BACKUPS, PLANS, DOMAINS = "/applications", "/backups", "/plans", "/v2/domains"
PROJECTS, DEPLOYMENTS = "/v9/projects", "/v6/deployments"
SNYK_PROJECTS, TARGETS = "/projects", "/targets"

DEFECTS: dict[str, tuple[str, Defect]] = {
    # a filter beside a page size
    "a filter is dropped in small pages": (
        "vultr.crud.filter-sound",
        dropping(lambda a: listing(PLANS, "per_page")(a) and len(a.parameter("per_page") or "") == 1, "type"),
    ),
    "a filter is dropped where no page size is given": (
        "vultr.crud.filter-sound",
        dropping(listing(BACKUPS, "instance_id", without=("per_page",)), "instance_id"),
    ),
    "a filter is dropped behind a cursor": (
        "vultr.crud.filter-sound",
        dropping(listing(BACKUPS, "cursor"), "instance_id"),
    ),
    "a page size is dropped beside a filter": (
        "vultr.pagination.per-page-honoured",
        dropping(listing(APPLICATIONS, "type"), "per_page"),
    ),
    "a filtered list has a default of its own": (
        "vultr.pagination.per-page-default-100",
        having(listing(BACKUPS, "instance_id", without=("per_page",)), per_page="50"),
    ),
    "total forgets the filter where no page size is given": (
        "vultr.pagination.total-is-full-list",
        total_of(listing(BACKUPS, "instance_id", without=("per_page",)), "/v2/backups"),
    ),
    "a bad page size crashes beside a filter": (
        "vultr.pagination.per-page-invalid",
        crashing(listing(PLANS, "type", "per_page"), {"error": "Something went wrong."}),
    ),
    "a made-up cursor is dropped beside a filter": (
        "vultr.pagination.cursor-invalid-4xx",
        forgiving(listing(PLANS, "type", "cursor"), "cursor"),
    ),
    "a made-up cursor crashes where no page size is given": (
        "vultr.pagination.cursor-invalid-4xx",
        crashing(listing(DOMAINS, "cursor", without=("per_page",)), {"error": "Something went wrong."}),
    ),
    "an unknown type gives everything in pages of one": (
        "vultr.errors.filter-unknown-value",
        dropping(
            lambda a: (
                listing(APPLICATIONS, "type", "per_page")(a)
                and a.parameter("type") == "conformance-nosuch"
                and a.parameter("per_page") == "1"
            ),
            "type",
        ),
    ),
    "a filter beside a page size is refused": (
        "vultr.pagination.filter-with-paging",
        lambda asked, ask, _: ask(asked.having(per_page="0") if listing(PLANS, "type", "per_page")(asked) else asked),
    ),
    "pages of one repeat the last record": (
        "vultr.pagination.walk-exactly-once",
        once_more(lambda a: listing(BACKUPS, "per_page")(a) and a.parameter("per_page") == "1", "backups"),
    ),
    "pages of one have no end": (
        "vultr.pagination.walk-exactly-once",
        leading_nowhere(
            lambda a: listing(APPLICATIONS, "per_page")(a) and a.parameter("per_page") == "1", ("meta", "links", "next")
        ),
    ),
    "prev forgets the filter": (
        "vultr.pagination.prev-roundtrip",
        dropping(lambda a: listing(PLANS, "type", "cursor")(a) and (a.parameter("cursor") or "")[:4] == "cHJl", "type"),
    ),
    # a team beside a page size
    "a limit is dropped beside a team": (
        "vercel.pagination.limit-honoured",
        dropping(listing(PROJECTS, TEAM), "limit"),
    ),
    "a team has a default of its own": (
        "vercel.pagination.default-20",
        having(listing(DEPLOYMENTS, TEAM, without=("limit",)), limit="10"),
    ),
    "a team is dropped where no limit is given": (
        "vercel.auth.personal-by-default",
        dropping(listing(PROJECTS, TEAM, without=("limit",)), TEAM),
    ),
    "a team is dropped in pages of one": (
        "vercel.auth.personal-by-default",
        dropping(lambda a: listing(DEPLOYMENTS, TEAM)(a) and a.parameter("limit") == "1", TEAM),
    ),
    "a team is dropped behind a time without a limit": (
        "vercel.auth.personal-by-default",
        dropping(listing(PROJECTS, TEAM, "until", without=("limit",)), TEAM),
    ),
    "a foreign team is dropped behind a time": (
        "vercel.auth.foreign-team-denied",
        forgiving(listing(PROJECTS, TEAM, "until"), TEAM),
    ),
    "a bad limit crashes beside a team": (
        "vercel.pagination.bad-limit-no-5xx",
        crashing(listing(PROJECTS, TEAM, "limit"), {"error": {"code": "oops", "message": "Something went wrong."}}),
    ),
    "prev forgets the team": ("vercel.pagination.prev-roundtrip", dropping(listing(DEPLOYMENTS, TEAM, "since"), TEAM)),
    "pages of one project have no end": (
        "vercel.pagination.walk-exactly-once",
        leading_nowhere(
            lambda a: listing(PROJECTS, "limit")(a) and a.parameter("limit") == "1", ("pagination", "next")
        ),
    ),
    # filters, orders and versions beside a page size
    "a limit grows beside a filter": (
        "snyk.pagination.limit-honoured",
        having(listing(SNYK_PROJECTS, "origin", "limit"), limit="100"),
    ),
    "a limit grows beside an order": (
        "snyk.pagination.limit-honoured",
        having(listing(SNYK_PROJECTS, "sort", "limit"), limit="100"),
    ),
    "next forgets the filter beside a limit": (
        "snyk.pagination.links-keep-context",
        body(listing(SNYK_PROJECTS, "origin", "limit"), lambda b: _without(b, "&origin=github")),
    ),
    "a made-up cursor is dropped without a limit": (
        "snyk.pagination.bad-cursor-4xx",
        forgiving(listing(TARGETS, "starting_after", without=("limit",)), "starting_after"),
    ),
    "an unknown parameter is dropped behind a cursor": (
        "snyk.errors.unknown-param-400",
        forgiving(listing(TARGETS, "starting_after", "conformance_unknown"), "conformance_unknown"),
    ),
    "no version is needed beside a filter": (
        "snyk.versioning.version-required",
        having(listing(SNYK_PROJECTS, "origin", without=("version",)), version="2024-10-15"),
    ),
    "any version will do beside a filter": (
        "snyk.versioning.version-invalid-4xx",
        lambda asked, ask, _: ask(
            asked.having(version="2024-10-15")
            if listing(SNYK_PROJECTS, "origin")(asked) and asked.parameter("version") == "2022-13-01"
            else asked
        ),
    ),
    "another version repeats the last record": (
        "snyk.pagination.walk-exactly-once",
        once_more(lambda a: listing(TARGETS)(a) and a.parameter("version") == "2025-11-05~beta", "data"),
    ),
}
"""What shows where two parameters come together."""


def _without(body: Any, text: str) -> None:
    links = body.get("links") or {}
    for name in links:
        links[name] = links[name].replace(text, "")


def _one(end: str) -> When:
    """Requests for one resource below a list."""
    return lambda asked: asked.method == "GET" and asked.path.rpartition("/")[0].endswith(end)


AFTER_WRITES: dict[str, tuple[str, Defect]] = {
    "a list is behind at every second reading after a create": (
        "vultr.crud.post-creates",
        behind(listing(DOMAINS), "POST"),
    ),
    "a list is behind at the third reading after a create": (
        "vultr.crud.post-creates",
        behind(listing(DOMAINS), "POST", every=3),
    ),
    "the first list after a create is the one before": (
        "vultr.crud.post-creates",
        behind(listing(DOMAINS), "POST", first=True),
    ),
    "a domain just created is not found at every second reading": (
        "vultr.crud.post-creates",
        behind(_one(DOMAINS), "POST", unfound=True),
    ),
    "a domain is behind at every second reading after a PUT": ("vultr.crud.put-sets", behind(_one(DOMAINS), "PUT")),
    "a domain is behind at every second reading after a PATCH": (
        "vultr.crud.patch-partial",
        behind(_one(DOMAINS), "PATCH"),
    ),
    "the first reading after a PATCH is the one before": (
        "vultr.crud.patch-partial",
        behind(_one(DOMAINS), "PATCH", first=True),
    ),
    "a list is behind at every second reading after a PATCH": (
        "vultr.crud.patch-partial",
        behind(listing(DOMAINS), "PATCH"),
    ),
    "a deleted domain is found at every second reading": (
        "vultr.crud.delete-then-404",
        behind(_one(DOMAINS), "DELETE"),
    ),
    "a deleted domain is listed at every second reading": (
        "vultr.crud.delete-then-404",
        behind(listing(DOMAINS), "DELETE"),
    ),
    "what was created in a team comes and goes": ("vercel.auth.create-in-team", behind(listing(PROJECTS), "POST")),
    "a project just created comes and goes": ("vercel.crud.get-is-safe", behind(_one(PROJECTS), "POST", unfound=True)),
    "a deleted project comes back at every second reading": (
        "snyk.crud.get-is-safe",
        behind(listing(SNYK_PROJECTS), "DELETE"),
    ),
    "projects just created come and go": ("snyk.pagination.insertion-order", behind(listing(SNYK_PROJECTS), "POST")),
    "a cursor is an offset": (
        "snyk.pagination.walk-under-inserts",
        at_offsets(SNYK_PROJECTS, "starting_after", "limit", "data"),
    ),
    "a time is an offset": ("vercel.pagination.until-bounds", at_offsets(PROJECTS, "until", "limit", "projects")),
}
"""What shows at the second look at what was written."""
