"""Faults of the Vultr server in what it says of its lists and how it filters them."""

from __future__ import annotations

from typing import Any

from conformance.reference.core import Handler, Server
from conformance.reference.faults import Faults, crash, reroute
from conformance.reference.messages import Request, Response
from conformance.reference.vultr.faults.bodies import LISTS

faults = Faults()

APPLICATIONS, BACKUPS, PLANS, _ = LISTS


@faults.body("vultr.pagination.meta-shape", *LISTS)
def total_as_text(_request: Request, body: Any) -> object:
    """The total is a string."""
    body["meta"]["total"] = str(body["meta"]["total"])
    return body


@faults.body("vultr.pagination.meta-shape", *LISTS)
def links_as_array(_request: Request, body: Any) -> object:
    """The links are an array."""
    body["meta"]["links"] = list(body["meta"]["links"].values())
    return body


@faults.body("vultr.pagination.meta-shape", *LISTS)
def next_false_at_end(_request: Request, body: Any) -> object:
    """At the end of a list next is false."""
    body["meta"]["links"]["next"] = body["meta"]["links"]["next"] or False
    return body


@faults.body("vultr.pagination.meta-shape", PLANS)
def total_null(_request: Request, body: Any) -> object:
    """The total of the plans is null."""
    body["meta"]["total"] = None
    return body


@faults.body("vultr.pagination.meta-on-lists", APPLICATIONS, BACKUPS, PLANS)
def meta_only_when_paged(request: Request, body: Any) -> object:
    """Lists have meta only when per_page is sent."""
    return body if "per_page" in request.query else {k: v for k, v in body.items() if k != "meta"}


@faults.body("vultr.pagination.meta-on-lists", BACKUPS)
def backups_without_meta(_request: Request, body: Any) -> object:
    """The backups come without meta."""
    return {"backups": body["backups"]}


@faults.body("vultr.pagination.meta-on-lists", PLANS)
def meta_lost_when_all_fits(_request: Request, body: Any) -> object:
    """The plans come without meta where one page holds them all."""
    links = body["meta"]["links"]
    return body if links["next"] or links["prev"] else {"plans": body["plans"]}


def _filter_of(operation: str) -> str:
    return "instance_id" if operation == BACKUPS else "type"


def _root(operation: str) -> str:
    return operation.rpartition("/")[2]


@faults.server("vultr.pagination.filter-with-paging")
def filtered_after_the_cut(server: Server) -> None:
    """Pages are cut from the whole list, then filtered."""
    kept, server.filters = server.filters, {}

    def filter_page(request: Request, response: Response) -> Response:
        if response.status != 200 or request.operation not in kept:
            return response
        body, root = response.json, _root(request.operation)
        for parameter, satisfies in kept[request.operation].items():
            if parameter in request.query:
                body[root] = [one for one in body[root] if satisfies(request.query[parameter], one)]
        return response.with_json(body)

    server.transforms.append(filter_page)


@faults.server("vultr.pagination.filter-with-paging")
def total_unfiltered_when_paged(server: Server) -> None:
    """The total of a filtered list counts the unfiltered one, but only where per_page is sent."""

    def recount(request: Request, response: Response) -> Response:
        if (
            response.status != 200
            or request.operation not in (APPLICATIONS, PLANS)
            or not ({"type", "per_page"} <= set(request.query))
        ):
            return response
        body = response.json
        body["meta"]["total"] = len(server.store[_root(request.operation)].rows)
        return response.with_json(body)

    server.transforms.append(recount)


@faults.body("vultr.pagination.filter-with-paging", APPLICATIONS, PLANS)
def total_of_page_when_filtered(request: Request, body: Any) -> object:
    """The total of a filtered list is the length of its page."""
    if "type" in request.query:
        body["meta"]["total"] = len(body[_root(request.operation)])
    return body


@faults.server("vultr.pagination.filter-with-paging")
def cursor_forgets_filter(server: Server) -> None:
    """From the second page on, a filtered list is not filtered."""

    def forget(handler: Handler) -> Handler:
        def handle(server: Server, request: Request) -> Response:
            if "cursor" in request.query:
                request.query.poplist(_filter_of(request.operation))
            return handler(server, request)

        return handle

    for operation in (APPLICATIONS, BACKUPS, PLANS):
        reroute(server, operation, forget)


@faults.server("vultr.errors.filter-unknown-value")
def unknown_type_gives_all(server: Server) -> None:
    """A type that does not exist gives the whole list of applications."""
    known = ("marketplace", "one-click")
    server.filters[APPLICATIONS]["type"] = lambda value, one: value == one["type"] or value not in known


@faults.body("vultr.errors.filter-unknown-value", APPLICATIONS)
def unknown_type_keeps_total(_request: Request, body: Any) -> object:
    """A type that does not exist gives an empty list of applications, and the total of all."""
    body["meta"]["total"] = body["meta"]["total"] or 130
    return body


@faults.body("vultr.errors.filter-unknown-value", APPLICATIONS)
def unknown_type_500(request: Request, body: Any) -> object:
    """A type that does not exist is answered with 500."""
    if request.query.get("type", "all") not in ("all", "marketplace", "one-click"):
        raise crash()
    return body


def _ignore_filter(server: Server, operation: str) -> None:
    server.filters[operation] = {_filter_of(operation): lambda _value, _record: True}


@faults.server("vultr.crud.filter-sound")
def applications_not_filtered(server: Server) -> None:
    """The type is ignored on applications."""
    _ignore_filter(server, APPLICATIONS)


@faults.server("vultr.crud.filter-sound")
def plans_not_filtered(server: Server) -> None:
    """The type is ignored on plans."""
    _ignore_filter(server, PLANS)


@faults.server("vultr.crud.filter-sound")
def backups_not_filtered(server: Server) -> None:
    """The instance_id is ignored on backups."""
    _ignore_filter(server, BACKUPS)


@faults.server("vultr.crud.filter-sound")
def one_stray_application(server: Server) -> None:
    """The one-click applications hold one marketplace application near their end."""
    server.filters[APPLICATIONS]["type"] = lambda value, one: (
        value in ("all", one["type"]) or (value == "one-click" and one["id"] == 129)
    )


@faults.server("vultr.crud.filter-complete")
def all_omits_one_click(server: Server) -> None:
    """type=all gives the marketplace applications only."""
    server.filters[APPLICATIONS]["type"] = lambda value, one: (
        value == one["type"] or (value == "all" and one["type"] == "marketplace")
    )


@faults.server("vultr.crud.filter-complete")
def all_omits_last(server: Server) -> None:
    """type=all omits the last application."""
    server.filters[APPLICATIONS]["type"] = lambda value, one: (
        value == one["type"] or (value == "all" and one["id"] != 130)
    )


@faults.server("vultr.crud.filter-complete")
def marketplace_omits_last(server: Server) -> None:
    """type=marketplace omits its last application."""
    server.filters[APPLICATIONS]["type"] = lambda value, one: (
        value in ("all", one["type"]) and not (value == "marketplace" and one["id"] == 129)
    )
