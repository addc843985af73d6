"""The suite on Snyk servers: of another make, which it must not accuse; and broken ones, which it must."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from attrs import evolve

from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.properties import Item, Run, items_of
from conformance.properties.results import Result
from conformance.reference import Server
from conformance.reference.faults import Fault
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.snyk.server import snyk
from conformance.selftest.servers import TESTS
from conformance.targets import ReferenceTarget

API = load("snyk")
BOUND = [item for test, function in TESTS.items() for item in items_of(function, test, API)]
ITEMS = [item for item in BOUND if not item.requirement.base]
LOAD = ("rate-limit",)
LISTS = ("/projects", "/targets")

Change = Callable[[Request, Any], Any]


def results(plant: Callable[[Server], None], items: Iterable[Item], **target: Any) -> dict[str, Result]:
    """What items come to on a reference server that is changed first, by their id and test."""
    fault = Fault("snyk.selftest.changed/x", "snyk.selftest.changed", "changed", plant)
    run = Run(API, ReferenceTarget(API, fault=fault, **target), examples=2)
    ordered = sorted(items, key=lambda item: item.judged_by_evidence)
    return {f"{item.id} {item.test}": run.run(item) for item in ordered}


def accusations(found: dict[str, Result]) -> list[str]:
    wrong = (Outcome.VIOLATED, Outcome.BROKEN, Outcome.STALE)
    return [f"{name}: {result.reason}" for name, result in found.items() if result.outcome in wrong]


def light(*, clients: bool = False) -> list[Item]:
    """The items that neither load a server nor, unless asked for, look at the client alone."""
    return [
        item for item in ITEMS if item.requirement.area not in LOAD and (clients or item.requirement.mode != "client")
    ]


def of(requirement: str) -> list[Item]:
    return [item for item in ITEMS if item.requirement.id == requirement]


def bodies(server: Server, change: Change, status: Iterable[int] = range(100, 600)) -> None:
    """Changes every JSON body."""

    def transform(request: Request, response: Response) -> Response:
        if response.status not in status or not response.body:
            return response
        return response.with_json(change(request, response.json))

    server.transforms.append(transform)


def links(server: Server, change: Callable[[Request, str], Any]) -> None:
    """Changes every next and prev."""

    def rewritten(request: Request, body: Any) -> Any:
        found = body.get("links", {})
        for name in {"next", "prev"} & set(found):
            found[name] = change(request, found[name])
        return body

    bodies(server, rewritten, range(200, 300))


def responses(server: Server, change: Callable[[Request, Response], Response]) -> None:
    server.transforms.append(change)


def host(request: Request) -> str:
    return f"https://{request.headers['Host']}"


def like_the_live_service(server: Server) -> None:
    """404 without a body, limits in steps of ten, unknown organisations forbidden, no writes, nothing about ids."""

    def change(request: Request, response: Response) -> Response:
        if request.method == "POST" or (response.status == 404 and response.cause == "unknown-path"):
            if response.status in (401, 429):
                return response
            return Response(404, cause="unknown-path")
        if response.cause == "unknown-org":
            body = {"jsonapi": {"version": "1.0"}, "errors": [{"status": "403", "detail": "Forbidden"}]}
            return evolve(response.with_json(body), status=403)
        limit = request.query.get("limit", "10")
        if response.status == 200 and limit not in [str(10 * n) for n in range(1, 11)]:
            raise Problem(400, "page-size", "limit must be a multiple of 10")
        if response.status == 200 and "links" in response.json and len(response.json["data"]) < int(limit):
            body = response.json
            if not set(request.query) & {"starting_after", "ending_before"}:
                del body["links"]
            return response.with_json(body)
        return response

    responses(server, change)


def with_links_as_objects(server: Server) -> None:
    """Links as objects with absolute URLs, null neighbours, a flat 401, JSON:API 1.1, charset, no served version."""
    links(server, lambda request, link: {"href": f"{host(request)}/rest{link}", "meta": {"new": 1}})

    def change(_request: Request, body: Any) -> Any:
        if "jsonapi" in body:
            body["jsonapi"] = {"version": "1.1", "meta": {}}
        if isinstance(body.get("data"), list) and "links" in body:
            body["links"] = {"prev": None, "next": None, **body["links"]}
        return body

    bodies(server, change)

    def flat(_request: Request, response: Response) -> Response:
        if response.status == 401:
            response = response.with_json({"status": "401", "code": "Unauthorized"})
        elif response.body:
            response = response.with_header("Content-Type", "application/vnd.api+json; charset=utf-8")
        headers = {name: value for name, value in response.headers.items() if name != "snyk-version-served"}
        return evolve(response, headers=headers)

    responses(server, flat)


def with_links_below_the_base(server: Server) -> None:
    """Links with the base path, more links and meta, organisations included, an error without id, a lax scheme."""
    links(server, lambda _request, link: f"/rest{link}&extra=1")
    known = snyk(server)
    known.sorts = dict.fromkeys(known.sorts, ())

    def change(request: Request, body: Any) -> Any:
        if isinstance(body.get("data"), list):
            here = f"{'/'.join(['', *request.segments])}?version={request.query['version']}"
            body["links"] |= {"self": here, "first": here, "describedby": {"href": "https://docs.example/?version=3"}}
            body["included"] = [{"type": "org", "id": "o", "attributes": {"type": "x", "ids": 5}}]
            body["meta"] = {"count": len(body["data"])}
        for error in body.get("errors", ()):
            error.pop("id")
        return body

    bodies(server, change)
    kept = server.authenticator.token
    server.authenticator.token = (  # type: ignore[method-assign]
        lambda header: kept(
            f"{header.partition(' ')[0].lower()} {header.partition(' ')[2]}" if " " in header else header
        )
    )

    def ignore_extra(request: Request) -> None:
        request.query.poplist("extra")

    _before(server, ignore_extra)


def _before(server: Server, change: Callable[[Request], None]) -> None:
    for index, route in enumerate(server.routes):
        handler = route.handler

        def handle(server: Server, request: Request, handler: Any = handler) -> Response:
            change(request)
            response: Response = handler(server, request)
            return response

        server.routes[index] = evolve(route, handler=handle)


def without_a_table(server: Server) -> None:
    """Nothing is known of its releases, and it announces its Sunset with the weekday of another day."""
    server.release_table = []

    def change(_request: Request, response: Response) -> Response:
        sunset = response.headers.get("Sunset")
        return response.with_header("Sunset", f"Mon{sunset[3:]}") if sunset else response

    responses(server, change)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    "make", [like_the_live_service, with_links_as_objects, with_links_below_the_base, without_a_table]
)
def test_a_correct_server_of_another_make_is_not_accused(make: Callable[[Server], None], strict: bool) -> None:
    items = light() if not strict else [item for item in light() if item.requirement.mode == "passive"]
    assert accusations(results(make, items, strict=strict)) == []


def test_a_server_without_writes_leaves_what_needs_them_unsupported() -> None:
    found = results(like_the_live_service, [item for item in ITEMS if item.requirement.mode == "active-write"])
    assert found
    assert {result.outcome for result in found.values()} == {Outcome.UNSUPPORTED}


def test_without_a_table_of_releases_nothing_is_concluded_from_one() -> None:
    names = ("version-resolves-down", "stability-default-ga", "stability-floor", "per-endpoint-contract")
    needing = [item for name in (*names, "supported-after-next-release") for item in of(f"snyk.versioning.{name}")]
    found = results(without_a_table, needing)
    assert {result.outcome for result in found.values()} == {Outcome.NOT_EXERCISED}


def never_ends(server: Server) -> None:
    """Every page names a next one, under a new cursor."""

    def change(request: Request, body: Any) -> Any:
        if isinstance(body.get("data"), list):
            count = int(request.query.get("starting_after", "0").rpartition(".")[2] or 0)
            path = "/".join(["", *request.segments[1:]])
            limit = request.query.get("limit", "10")
            body["links"]["next"] = f"{path}?version=2024-10-15~beta&limit={limit}&starting_after=n.{count + 1}"
        return body

    bodies(server, change)

    def restart(request: Request) -> None:
        if request.query.get("starting_after", "").startswith("n."):
            request.query.poplist("starting_after")

    _before(server, restart)


def test_a_list_that_never_ends_is_given_up_and_reported() -> None:
    found = results(never_ends, of("snyk.pagination.walk-exactly-once"))
    assert {result.outcome for result in found.values()} == {Outcome.VIOLATED}


def links_lose(name: str) -> Callable[[Server], None]:
    def plant(server: Server) -> None:
        def without(_request: Request, link: str) -> str:
            path, _, query = link.partition("?")
            return f"{path}?{'&'.join(part for part in query.split('&') if not part.startswith(f'{name}='))}"

        links(server, without)

    return plant


@pytest.mark.parametrize("name", ["version", "limit", "origin", "sort", "starting_after"])
def test_a_link_that_loses_a_parameter_is_reported(name: str) -> None:
    found = results(links_lose(name), of("snyk.pagination.links-keep-context"))
    assert Outcome.VIOLATED in {result.outcome for result in found.values()}


def test_a_retired_prev_is_reported() -> None:
    def plant(server: Server) -> None:
        def refuse(request: Request, response: Response) -> Response:
            if "ending_before" in request.query and response.status == 200:
                raise Problem(400, "cursor", "There is no way back.")
            return response

        responses(server, refuse)

    found = results(plant, of("snyk.pagination.links-are-urls"))
    assert Outcome.VIOLATED in {result.outcome for result in found.values()}


def test_plain_http_that_is_not_answered_is_a_violation() -> None:
    def plant(server: Server) -> None:
        def refuse(request: Request, response: Response) -> Response:
            return Response(301, headers={"Location": "https://x.invalid/"}) if request.scheme == "http" else response

        responses(server, refuse)

    (found,) = results(plant, of("snyk.transport.http-404")).values()
    assert found.outcome is Outcome.VIOLATED


def test_no_credential_goes_out_in_clear() -> None:
    seen: list[str | None] = []

    def plant(server: Server) -> None:
        def note(request: Request, response: Response) -> Response:
            if request.scheme == "http":
                seen.append(request.headers.get("Authorization"))
            return response

        responses(server, note)

    (found,) = results(plant, of("snyk.transport.http-404")).values()
    assert found.outcome is Outcome.HELD
    assert seen == [None, None]


def test_the_limits_of_the_live_service_are_all_that_is_asked_for() -> None:
    asked: set[str | None] = set()

    def plant(server: Server) -> None:
        def note(request: Request, response: Response) -> Response:
            if response.status == 200:
                asked.add(request.query.get("limit"))
            return response

        responses(server, note)

    results(plant, [item for item in light() if item.requirement.area in ("pagination", "errors", "versioning")])
    assert asked <= {None, *(str(10 * number) for number in range(1, 11))}


def test_a_sunset_becomes_one_note_of_the_run() -> None:
    told: list[str] = []
    run = Run(API, ReferenceTarget(API), on_evidence=lambda found: told.append(found.finding.message))
    for item in of("snyk.pagination.links-present"):
        run.run(item)
    announced = [text for text in told if "announces its end" in text]
    assert announced
    assert len(announced) == len(set(announced))
