"""The tools that faults are made of: each changes what it says, where it says, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx2
import pytest
from attrs import evolve, mutable

from conformance.reference import Server, build
from conformance.reference.core import Handler
from conformance.reference.edits import (
    ANY,
    REFUSED,
    afterwards,
    append,
    change,
    change_header,
    crash,
    drop,
    drop_header,
    header,
    html,
    instead,
    put,
    raw,
    redirect,
    refuse,
    rename,
    rewrite,
    sent,
    status,
    text,
    twice,
    unsent,
)
from conformance.reference.faults import Faults, Plant
from conformance.reference.lenient import (
    AnyToken,
    BareToken,
    BasicToo,
    repaired,
    served_in_clear,
    token_in_base64,
    typed_as,
)
from conformance.reference.limits import FixedWindow, SlidingWindow
from conformance.reference.messages import Problem, Record, Request, Response
from conformance.reference.pages import CursorPaginator, Cut, Paginator
from conformance.reference.plants import (
    also_at,
    authenticator,
    bodies,
    cuts,
    error_bodies,
    filtered,
    handled,
    limiter,
    overlaid,
    pages,
    paginator,
    principals,
    records,
    requests,
    setting,
    size_for,
    sizes,
    unprotected,
)
from conformance.reference.policies import JsonBody, TokenAuthenticator, sent_token
from conformance.reference.store import Collection

PLANS, ACCOUNT, BACKUPS = "GET /v2/plans", "GET /v2/account", "GET /v2/backups"
CREATE = "POST /v2/domains"


class Client(httpx2.Client):
    """A client of a server with these plants, with the first of its keys."""

    def __init__(self, *plants: Plant, api: str = "vultr", key: str | None = "default") -> None:
        self.server = build(api)
        for plant in plants:
            plant(self.server)
        headers = {"Authorization": f"Bearer {self.server.credentials[key]}"} if key else {}
        super().__init__(
            base_url=f"https://{api}.example.com", headers=headers, transport=httpx2.WSGITransport(self.server)
        )

    def plans(self, query: str = "") -> Any:
        return self.get(f"/v2/plans{query}").json()


def body(plant: Plant, path: str = "/v2/plans?per_page=2", **options: Any) -> Any:
    """What a server with a plant answers."""
    return Client(plant, **options).get(path).json()


SOUND = body(lambda _: None)
FIRST, SECOND = SOUND["plans"]


def test_a_fault_is_named_by_hand_or_by_what_it_is_made_of() -> None:
    faults = Faults()
    fault = faults.of("vultr.area.slug")
    fault("by-hand", "It is said so.").by(crash())

    @fault.using(rewrite, on=ACCOUNT)
    def something_else_25(_request: Request, _body: Any) -> object:
        """It says so.

        And more.
        """
        return {}

    @fault.using(records, "domains")
    class DomainsLost(Collection):
        """There are no domains."""

        def of(self, _owner: str) -> list[Record]:
            return []

    @fault.server
    def clock_stands(server: Server) -> None:
        """Time stands still."""
        server.parameters = {}

    by_hand, decorated, kind, whole = faults
    assert [one.id for one in faults] == [
        "vultr.area.slug/by-hand",
        "vultr.area.slug/something-else-25",
        "vultr.area.slug/domains-lost",
        "vultr.area.slug/clock-stands",
    ]
    assert {(one.requirement, one.api) for one in faults} == {("vultr.area.slug", "vultr")}
    assert [one.description for one in faults] == [
        *("It is said so.", "It says so.", "There are no domains.", "Time stands still."),
    ]
    assert Client(by_hand.plant).get("/v2/plans").status_code == 500
    assert Client(decorated.plant).get("/v2/account").json() == {}
    assert Client(decorated.plant).plans("?per_page=2") == SOUND
    assert Client(kind.plant).get("/v2/domains").json()["domains"] == []
    assert Client(whole.plant).server.parameters == {}


def test_a_fault_without_a_plant_is_not_lost() -> None:
    faults = Faults()
    faults.of("vultr.area.slug")("forgotten", "Nothing is wrong.")
    with pytest.raises(ValueError, match=r"vultr\.area\.slug/forgotten has no plant"):
        list(faults)


@pytest.mark.parametrize(
    ("where", "changed"),
    [
        ({}, {"/v2/plans", "/v2/account"}),
        ({"on": PLANS}, {"/v2/plans"}),
        ({"on": (PLANS, ACCOUNT)}, {"/v2/plans", "/v2/account"}),
        ({"status": 404}, {"/v2/nothing"}),
        ({"status": REFUSED}, {"/v2/nothing", "/v2/plans?per_page=0"}),
        ({"status": ANY}, {"/v2/plans", "/v2/account", "/v2/nothing", "/v2/plans?per_page=0"}),
        ({"cause": "page-size"}, {"/v2/plans?per_page=0"}),
        ({"cause": "page-size", "status": 404}, set()),
        ({"cause": "page-size", "on": ACCOUNT}, set()),
        ({"status": ANY, "when": sent("per_page")}, {"/v2/plans?per_page=0"}),
        ({"when": unsent("per_page"), "on": PLANS}, {"/v2/plans"}),
    ],
)
def test_an_edit_concerns_what_it_says(where: Any, changed: set[str]) -> None:
    http = Client(header("X-Changed", "yes", **where))
    paths = ("/v2/plans", "/v2/account", "/v2/nothing", "/v2/plans?per_page=0")
    assert {path for path in paths if "X-Changed" in http.get(path).headers} == changed


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (put("/plans/*/ram", 1), {**SOUND, "plans": [{**FIRST, "ram": 1}, {**SECOND, "ram": 1}]}),
        (put("/plans/0/new", "x"), {**SOUND, "plans": [{**FIRST, "new": "x"}, SECOND]}),
        (put("/plans/-1", None), {**SOUND, "plans": [FIRST, None]}),
        (put("/plans/7", None), SOUND),
        (put("/plans/-3", None), SOUND),
        (put("/nothing/here", 1), SOUND),
        (put("/meta/total/deeper", 1), SOUND),
        (put("", []), []),
        (put("/meta", lambda request: request.method), {**SOUND, "meta": "GET"}),
        (put("/plans/*/ram", 1, having={"id": SECOND["id"]}), {**SOUND, "plans": [FIRST, {**SECOND, "ram": 1}]}),
        (put("/plans/*/ram", 1, having={"id": SECOND["id"], "ram": None}), SOUND),
        (put("/plans/*/ram", 1, having={"nothing": None}), SOUND),
        (change("/meta/total", str), {**SOUND, "meta": {**SOUND["meta"], "total": str(SOUND["meta"]["total"])}}),
        (change("/meta/nothing", str), SOUND),
        (change("/meta/*", lambda _: 0), {**SOUND, "meta": {"total": 0, "links": 0}}),
        (change("/plans/*", lambda plan: plan["id"]), {**SOUND, "plans": [FIRST["id"], SECOND["id"]]}),
        (change("", lambda whole: whole["plans"]), [FIRST, SECOND]),
        (drop("/plans", "/meta/nothing"), {"meta": SOUND["meta"]}),
        (drop("/plans/-1"), {**SOUND, "plans": [FIRST]}),
        (drop("/plans/*"), {**SOUND, "plans": []}),
        (drop("/plans/ram"), SOUND),
        (drop("/meta", "/plans", having={"nothing": 1}), SOUND),
        (
            append("/plans/*/type", "!"),
            {**SOUND, "plans": [{**one, "type": one["type"] + "!"} for one in (FIRST, SECOND)]},
        ),
    ],
)
def test_members_are_changed_where_a_pointer_leads(edit: Plant, expected: object) -> None:
    assert body(edit) == expected


def test_a_member_keeps_its_place_under_another_name() -> None:
    assert list(body(rename("/plans", "data"))) == ["data", "meta"]
    renamed = body(rename("/plans/*/ram", "memory"))["plans"][0]
    assert [("ram" if name == "memory" else name) for name in renamed] == list(FIRST)


def test_a_status_is_changed_in_the_body_too_and_in_any_form_of_it() -> None:
    refused = Client(status(418, cause="unknown-path")).get("/v2/nothing")
    assert (refused.status_code, refused.json()["status"]) == (418, 418)
    kept = Client(status(418, in_body=False, cause="unknown-path")).get("/v2/nothing")
    assert (kept.status_code, kept.json()["status"]) == (418, 404)

    def answered(value: object) -> Any:
        answer = Client(instead(Response.of(value, 404), status=404), status(500, status=404)).get("/v2/nothing")
        assert answer.status_code == 500
        return answer.json()

    assert answered({"errors": [{"status": "404", "code": "NotFound"}]}) == {
        "errors": [{"status": "500", "code": "NotFound"}]
    }
    assert answered({"code": 404, "message": "404"}) == {"code": 500, "message": "404"}
    assert answered({"status": 200, "id": 404}) == {"status": 200, "id": 404}
    assert answered(["x"]) == ["x"]
    page = Client(html("Lost", status=404), status(410, status=404), put("/x", 1, status=410)).get("/v2/nothing")
    assert (page.status_code, page.text) == (410, "<!doctype html><title>Lost</title>")


def test_answers_are_replaced() -> None:
    assert Client(instead(Response(204))).get("/v2/plans").status_code == 204
    assert Client(refuse(403, "No.")).plans() == {"error": "No.", "status": 403}
    page = Client(html("Lost", status=404)).get("/v2/nothing")
    assert (page.status_code, page.headers["Content-Type"]) == (404, "text/html")
    assert page.text == "<!doctype html><title>Lost</title>"
    assert Client(text("Hm")).get("/v2/plans").text == "Hm"
    assert Client(raw(lambda whole: whole[:9])).get("/v2/plans").content == b'{"plans":'
    moved = Client(redirect(lambda request: f"/{request.segments[-1]}", 308)).get("/v2/plans")
    assert (moved.status_code, moved.headers["Location"]) == (308, "/plans")
    assert Client(twice("meta")).get("/v2/plans").text.count('"meta":') == 2


def test_headers_are_changed() -> None:
    assert Client(header("X-Token", sent_token)).get("/v2/plans").headers["X-Token"]
    assert "Content-Type" not in Client(drop_header("Content-Type")).get("/v2/plans").headers
    http = Client(change_header("Content-Type", str.upper), change_header("X-Nothing", str.upper))
    answer = http.get("/v2/plans")
    assert answer.headers["Content-Type"] == "APPLICATION/JSON"
    assert "X-Nothing" not in answer.headers


@pytest.mark.parametrize("finished", [False, True])
def test_a_finished_answer_has_what_stands_on_every_one(finished: bool) -> None:
    http = Client(drop_header("X-RateLimit-Reset", finished=finished), api="vercel")
    assert ("X-RateLimit-Reset" in http.get("/v9/projects").headers) is not finished


def test_what_is_done_afterwards_may_keep_the_answer() -> None:
    seen: list[str] = []

    def act(server: Server, request: Request, response: Response) -> None:
        seen.append(f"{server.api} {request.operation} {response.status}")

    assert Client(afterwards(act)).plans("?per_page=2") == SOUND
    assert seen == [f"vultr {PLANS} 200"]


def ids(page: Any) -> list[str]:
    return [plan["id"] for plan in page["plans"]]


WHOLE = ids(Client().plans())


def walked(plant: Plant, query: str = "?per_page=5") -> list[list[str]]:
    """The ids on each page of a walk through the plans, of nine pages at the most."""
    http, cursor, found = Client(plant), "", []
    for _ in range(9):
        page = http.plans(f"{query}&cursor={cursor}")
        found.append(ids(page))
        cursor = page["meta"]["links"]["next"]
        if not cursor:
            break
    return found


def test_pages_are_of_other_sizes() -> None:
    assert len(walked(sizes(lambda size: size + 1))[0]) == 6
    assert len(walked(sizes(lambda size: size + 1, when=unsent("per_page")))[0]) == 5
    lenient = Client(size_for(str.isalpha, 3))
    assert len(ids(lenient.plans("?per_page=all"))) == 3
    assert lenient.get("/v2/plans?per_page=0").status_code == 400
    assert len(ids(Client(setting("paginator.default", 4)).plans())) == 4


def test_pages_begin_and_end_elsewhere() -> None:
    def late(cut: Cut) -> Cut:
        return evolve(cut, start=min(cut.start + bool(cut.start), cut.end))

    assert [len(page) for page in walked(cuts(late))] == [5, 4, 4, 3]


def test_pages_are_changed_once_they_are_cut() -> None:
    assert walked(pages(lambda cut, page: evolve(page, next="") if cut.left < 10 else page)) == [WHOLE[:5], WHOLE[5:10]]
    overlapping = walked(pages(lambda cut, page: evolve(page, next=cut.after(cut.end - 1)) if cut.next else page))
    assert overlapping[:2] == [WHOLE[:5], WHOLE[4:9]]
    endless = walked(pages(lambda cut, page: evolve(page, next=cut.after(0)) if not cut.next else page))
    assert endless[4] == WHOLE[:5]


def test_what_is_laid_over_a_policy_keeps_its_settings_and_its_own_ways() -> None:
    class Doubling(Paginator):
        def size(self, request: Request) -> int:
            return 2 * super().size(request)

    kept = CursorPaginator(default=7, maximum=9, cursor_parameter="from")
    laid = overlaid(Doubling, kept)
    assert isinstance(laid, CursorPaginator)
    assert (laid.default, laid.maximum, laid.cursor_parameter) == (7, 9, "from")
    assert laid.encode("next", "a") == kept.encode("next", "a")

    @mutable
    class Remembering(SlidingWindow):
        seen: int = 0

    own = overlaid(Remembering, SlidingWindow(limit=3))
    assert (own.limit, own.seen) == (3, 0)
    assert overlaid(FixedWindow, FixedWindow(3, sent_token)).limit == 3


def test_plants_stack_whatever_they_are_laid_over() -> None:
    http = Client(sizes(lambda size: size + 1), sizes(lambda size: 2 * size))
    assert len(ids(http.plans("?per_page=5"))) == 12


def test_handlers_have_something_in_front_of_them() -> None:
    def answer(kept: Handler, server: Server, request: Request) -> Response:
        return kept(server, request).with_header("X-Front", "yes")

    http = Client(handled(answer, PLANS))
    assert http.get("/v2/plans").headers["X-Front"] == "yes"
    assert "X-Front" not in http.get("/v2/account").headers

    def forget(request: Request) -> None:
        request.query.clear()

    assert len(ids(Client(requests(forget, PLANS)).plans("?per_page=2"))) == len(WHOLE)
    assert Client(also_at(PLANS, "/plans")).get("/plans").status_code == 200


def test_an_operation_is_served_to_anybody() -> None:
    http = Client(unprotected(BACKUPS, "second"), key=None)
    assert http.get("/v2/backups").json()["meta"]["total"] == 9
    assert http.get("/v2/account").status_code == 401
    assert Client(unprotected(BACKUPS, "second")).get("/v2/backups").json()["meta"]["total"] == 520


def test_filters_errors_and_principals_are_changed() -> None:
    assert len(ids(Client(filtered(lambda _value, _one: True, PLANS, "type")).plans("?type=x"))) == len(WHOLE)
    assert Client(error_bodies(lambda problem: {"why": problem.cause})).get("/v2/x").json() == {"why": "unknown-path"}
    http = Client(principals(permissions=frozenset()))
    assert http.get("/v2/account").status_code == 403


def lenient_statuses(kind: type[TokenAuthenticator], api: str, path: str) -> dict[str, int]:
    http = Client(authenticator(kind), api=api, key=None)
    key = http.server.credentials["default"]
    word = "token" if api == "snyk" else "Bearer"
    headers = {
        "right": f"{word} {key}",
        "unknown": f"{word} nonsense",
        "bare": key,
        "basic": f"Basic {key}",
        "nothing": f"{word} ",
        "nonsense": "nonsense",
    }
    return {name: http.get(path, headers={"Authorization": value}).status_code for name, value in headers.items()}


@pytest.mark.parametrize(("kind", "accepted"), [(AnyToken, {"unknown"}), (BareToken, {"bare"}), (BasicToo, {"basic"})])
@pytest.mark.parametrize(
    ("api", "path"),
    [
        ("vultr", "/v2/account"),
        ("vercel", "/v9/projects"),
        ("snyk", "/rest/orgs/{org_id}/projects?version=2025-12-31"),
    ],
)
def test_an_authenticator_of_any_api_takes_what_it_has_to_refuse(
    kind: type[TokenAuthenticator], accepted: set[str], api: str, path: str
) -> None:
    path = path.format(**{name: values[0] for name, values in build(api).parameters.items()})
    found = lenient_statuses(kind, api, path)
    assert {name for name, code in found.items() if code == 200} == {"right", *accepted}
    assert {code for code in found.values() if code != 200} <= {401, 403}


def test_bodies_are_taken_that_have_to_be_refused() -> None:
    def created(plant: Plant, content: bytes, media_type: str = "application/json") -> int:
        return Client(plant).post("/v2/domains", content=content, headers={"Content-Type": media_type}).status_code

    cut = b'{"domain": "new.example.com"'
    assert created(repaired(b"]", b"}"), cut) == 201
    assert created(repaired(b"]"), cut) == 400
    assert created(repaired(b"}"), cut, "text/plain") == 400
    assert created(typed_as("text/plain"), cut + b"}", "text/plain") == 201
    assert created(typed_as("text/plain"), cut + b"}", "text/html") == 400

    class Refusing(JsonBody):
        def parse(self, request: Request) -> dict[str, Any]:
            raise self.refusal("test", "No.")

    assert created(bodies(Refusing), cut + b"}") == 400


def test_plain_http_is_served() -> None:
    assert Client(served_in_clear).get("http://vultr.example.com/v2/plans").status_code == 200
    assert Client().get("http://vultr.example.com/v2/plans").status_code == 400


def test_a_token_is_echoed_in_base64() -> None:
    http = Client(put("/account/token", token_in_base64, on=ACCOUNT))
    assert http.get("/v2/account").json()["account"]["token"]


def test_a_limiter_is_replaced() -> None:
    class Closed(SlidingWindow):
        def admit(self, _request: Request, _now: Any) -> None:
            raise Problem(429, "rate-limit", "No.")

    assert Client(limiter(Closed)).get("/v2/plans").status_code == 429


def test_a_paginator_is_replaced() -> None:
    class Backwards(CursorPaginator):
        def cut(self, request: Request, records: Sequence[Record], key: str) -> Cut:
            return super().cut(request, records[::-1], key)

    assert ids(Client(paginator(Backwards)).plans()) == WHOLE[::-1]
