"""Faults of the Vultr server in what it says of its lists and how it filters them."""

from __future__ import annotations

from typing import Any

from conformance.reference.core import Server
from conformance.reference.edits import afterwards, change, crash, drop, put, rewrite, sent, unsent
from conformance.reference.faults import Faults
from conformance.reference.messages import Request, Response
from conformance.reference.plants import filtered, requests
from conformance.reference.vultr.faults.tools import APPLICATIONS, BACKUPS, LISTS, PLANS, root

faults = Faults()

fault = faults.of("vultr.pagination.meta-shape")
fault("total-as-text", "The total is a string.").by(change("/meta/total", str, on=LISTS))
fault("links-as-array", "The links are an array.").by(change("/meta/links", lambda links: [*links.values()], on=LISTS))
fault("next-false-at-end", "At the end of a list next is false.").by(
    put("/meta/links/next", False, having={"next": ""}, on=LISTS)
)
fault("total-null", "The total of the plans is null.").by(put("/meta/total", None, on=PLANS))

fault = faults.of("vultr.pagination.meta-on-lists")
fault("meta-only-when-paged", "Lists have meta only when per_page is sent.").by(
    drop("/meta", on=(APPLICATIONS, BACKUPS, PLANS), when=unsent("per_page"))
)
fault("backups-without-meta", "The backups come without meta.").by(drop("/meta", on=BACKUPS))


@fault.using(rewrite, on=PLANS)
def meta_lost_when_all_fits(_request: Request, body: Any) -> object:
    """The plans come without meta where one page holds them all."""
    links = body["meta"]["links"]
    return body if links["next"] or links["prev"] else {"plans": body["plans"]}


def _parameter(operation: str) -> str:
    return "instance_id" if operation == BACKUPS else "type"


fault = faults.of("vultr.pagination.filter-with-paging")


@fault.server
def filtered_after_the_cut(server: Server) -> None:
    """Pages are cut from the whole list, then filtered."""
    kept, server.filters = server.filters, {}

    def filter_page(request: Request, body: Any) -> object:
        for parameter, satisfies in kept[request.operation].items():
            if parameter in request.query:
                name = root(request.operation)
                body[name] = [one for one in body[name] if satisfies(request.query[parameter], one)]
        return body

    rewrite(filter_page, on=tuple(kept))(server)


@fault.using(afterwards, on=(APPLICATIONS, PLANS), when=sent("per_page"))
def total_unfiltered_when_paged(server: Server, request: Request, response: Response) -> Response:
    """The total of a filtered list counts the unfiltered one, but only where per_page is sent."""
    body = response.json
    if "type" in request.query:
        body["meta"]["total"] = len(server.store[root(request.operation)].rows)
    return response.with_json(body)


@fault.using(rewrite, on=(APPLICATIONS, PLANS), when=sent("type"))
def total_of_page_when_filtered(request: Request, body: Any) -> object:
    """The total of a filtered list is the length of its page."""
    body["meta"]["total"] = len(body[root(request.operation)])
    return body


@fault.using(requests, APPLICATIONS, BACKUPS, PLANS)
def cursor_forgets_filter(request: Request) -> None:
    """From the second page on, a filtered list is not filtered."""
    if "cursor" in request.query:
        request.query.poplist(_parameter(request.operation))


TYPES = ("marketplace", "one-click")

fault = faults.of("vultr.errors.filter-unknown-value")
fault("unknown-type-gives-all", "A type that does not exist gives the whole list of applications.").by(
    filtered(lambda value, one: value == one["type"] or value not in TYPES, APPLICATIONS, "type")
)
fault(
    "unknown-type-keeps-total", "A type that does not exist gives an empty list of applications, and the total of all."
).by(put("/meta/total", 130, having={"total": 0}, on=APPLICATIONS))
fault("unknown-type-500", "A type that does not exist is answered with 500.").by(
    crash(on=APPLICATIONS, when=lambda request: request.query.get("type", "all") not in ("all", *TYPES))
)

fault = faults.of("vultr.crud.filter-sound")
for name, operation in (("applications", APPLICATIONS), ("plans", PLANS), ("backups", BACKUPS)):
    parameter = _parameter(operation)
    ignored = filtered(lambda _value, _one: True, operation, parameter)
    fault(f"{name}-not-filtered", f"The {parameter} is ignored on {name}.").by(ignored)
fault("one-stray-application", "The one-click applications hold one marketplace application near their end.").by(
    filtered(
        lambda value, one: value in ("all", one["type"]) or (value == "one-click" and one["id"] == 129),
        APPLICATIONS,
        "type",
    )
)

fault = faults.of("vultr.crud.filter-complete")
fault("all-omits-one-click", "type=all gives the marketplace applications only.").by(
    filtered(
        lambda value, one: value == one["type"] or (value == "all" and one["type"] == "marketplace"),
        APPLICATIONS,
        "type",
    )
)
fault("all-omits-last", "type=all omits the last application.").by(
    filtered(lambda value, one: value == one["type"] or (value == "all" and one["id"] != 130), APPLICATIONS, "type")
)
fault("marketplace-omits-last", "type=marketplace omits its last application.").by(
    filtered(
        lambda value, one: value in ("all", one["type"]) and (value != "marketplace" or one["id"] != 129),
        APPLICATIONS,
        "type",
    )
)
