"""The Vultr suite against servers and faults of another make than the reference server's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.properties import Run, items_of
from conformance.reference.core import Server
from conformance.reference.faults import Fault
from conformance.reference.messages import Request, Response
from conformance.reference.pages import CursorPaginator
from conformance.selftest.servers import TESTS
from conformance.targets import ReferenceTarget

VULTR = load("vultr")
PLANS, BACKUPS = "GET /v2/plans", "GET /v2/backups"
Plant = Callable[[Server], None]
Edit = Callable[[Server, Request, Any], Any]


def outcomes(requirement: str, operation: str, *plants: Plant) -> set[Outcome]:
    """What the tests of a requirement come to on a server that was changed."""

    def plant(server: Server) -> None:
        for change in plants:
            change(server)

    run = Run(VULTR, ReferenceTarget(VULTR, fault=Fault("another make", requirement, "", plant)), examples=2)
    items = [item for test, function in TESTS.items() for item in items_of(function, test, VULTR)]
    chosen = [item for item in items if item.requirement.id == requirement and item.operation == operation]
    assert chosen
    return {run.run(item).outcome for item in chosen}


def edited(operation: str, edit: Edit) -> Plant:
    """Changes the bodies of an operation's successes."""

    def plant(server: Server) -> None:
        def change(request: Request, response: Response) -> Response:
            if request.operation != operation or response.status != 200:
                return response
            return response.with_json(edit(server, request, response.json))

        server.transforms.append(change)

    return plant


def _cursor(server: Server, record: Any) -> str:
    assert isinstance(server.paginator, CursorPaginator)
    return server.paginator.encode("next", record["id"])


def without_type(_server: Server, _request: Request, body: Any) -> Any:
    return {**body, "plans": [{name: plan[name] for name in plan if name != "type"} for plan in body["plans"]]}


def filter_ignored(server: Server) -> None:
    server.filters = {**server.filters, PLANS: {}}


@pytest.mark.parametrize(("plants", "outcome"), [((), Outcome.HELD), ((filter_ignored,), Outcome.VIOLATED)])
def test_plans_that_carry_no_type_are_told_apart_by_their_ids(plants: tuple[Plant, ...], outcome: Outcome) -> None:
    found = outcomes("vultr.crud.filter-sound", PLANS, edited(PLANS, without_type), *plants)
    # Where no filter narrows anything, pages of a narrowed list are none to compare.
    assert found - {Outcome.NOT_EXERCISED} == {outcome}


@pytest.mark.parametrize(("refused", "outcome"), [(False, Outcome.HELD), (True, Outcome.VIOLATED)])
def test_a_prev_on_the_first_page_has_to_work(refused: bool, outcome: Outcome) -> None:
    def prev_everywhere(server: Server, request: Request, body: Any) -> Any:
        if "cursor" in request.query:
            return body
        cursor = "bm9uZQ==" if refused else _cursor(server, body["plans"][0])
        body["meta"]["links"]["prev"] = cursor
        return body

    assert outcome in outcomes("vultr.pagination.prev-roundtrip", PLANS, edited(PLANS, prev_everywhere))


def test_a_patch_that_drops_an_attribute_it_was_not_sent_is_found() -> None:
    dropped: set[str] = set()

    def drops_ip(server: Server) -> None:
        def change(request: Request, response: Response) -> Response:
            name = request.arguments.get("dns-domain", "")
            if request.method == "PATCH" and response.status < 300 and "ip" not in json.loads(request.body):
                dropped.add(name)
            if request.method == "GET" and name in dropped and response.status == 200:
                domain = {key: value for key, value in response.json["domain"].items() if key != "ip"}
                return response.with_json({"domain": domain})
            return response

        server.transforms.append(change)

    operation = "PATCH /v2/domains/{dns-domain}"
    assert outcomes("vultr.crud.patch-partial", operation, drops_ip) == {Outcome.VIOLATED}


def test_reading_a_user_that_the_target_names_may_change_nothing() -> None:
    def named_otherwise(server: Server) -> None:
        server.parameters = {**server.parameters, "user-id": server.parameters["user-id"][::-1]}
        named = server.parameters["user-id"][0]

        def change(request: Request, response: Response) -> Response:
            if request.arguments.get("user-id") == named:
                backups = server.store["backups"]
                backups.remove("default", backups.id_of(backups.of("default")[0]))
            return response

        server.transforms.append(change)

    assert outcomes("vultr.crud.get-read-only", "GET /v2/account", named_otherwise) == {Outcome.VIOLATED}


def test_a_foreign_backup_on_a_later_page_is_found() -> None:
    def leaks(server: Server, request: Request, body: Any) -> Any:
        if request.principal is None or request.principal.account != "second":
            return body
        if "cursor" in request.query:
            own = server.store["backups"].of("default")[0]
            return {**body, "backups": [own]}
        body["meta"]["links"]["next"] = _cursor(server, body["backups"][0])
        return body

    assert outcomes("vultr.auth.account-isolation", BACKUPS, edited(BACKUPS, leaks)) == {Outcome.VIOLATED}
