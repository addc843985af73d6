"""Faults of the Vultr server that show only where two conditions meet, or at a second reading."""

from __future__ import annotations

from attrs import evolve

from conformance.reference.core import Server
from conformance.reference.edits import afterwards, crash, refuse, sent, unsent
from conformance.reference.faults import Faults
from conformance.reference.messages import Request, Response
from conformance.reference.pages import Cut
from conformance.reference.plants import behind, forgotten, pages, sizes
from conformance.reference.vultr.faults.lists import TYPES
from conformance.reference.vultr.faults.tools import APPLICATIONS, BACKUPS, DOMAIN, LISTS, PLANS

faults = Faults()

sized, filtered = sent("per_page"), sent("type", "instance_id")


def by_one(request: Request) -> bool:
    """Whether pages of one are asked for."""
    return request.query.get("per_page") == "1"


fault = faults.of("vultr.crud.filter-sound")
fault("backups-not-filtered-by-default", "The instance_id is ignored where no per_page is sent.").by(
    forgotten("instance_id", BACKUPS, when=unsent("per_page"))
)
fault("plans-not-filtered-by-one", "The type is ignored on plans in pages of one.").by(
    forgotten("type", PLANS, when=by_one)
)
fault("backups-not-filtered-on-later-pages", "The instance_id is ignored where a cursor is sent.").by(
    forgotten("instance_id", BACKUPS, when=sent("cursor"))
)

fault = faults.of("vultr.errors.filter-unknown-value")
fault("unknown-type-by-one-gives-all", "A type that does not exist is ignored in pages of one.").by(
    forgotten(
        "type", APPLICATIONS, when=lambda request: by_one(request) and request.query.get("type") not in ("all", *TYPES)
    )
)

fault = faults.of("vultr.pagination.filter-with-paging")
fault("page-size-beside-filter-refused", "A per_page is refused beside a type.").by(
    refuse(400, "per_page cannot be used with type.", on=(PLANS, APPLICATIONS), when=lambda r: sized(r) and filtered(r))
)

fault = faults.of("vultr.pagination.per-page-honoured")
fault("page-size-ignored-beside-filter", "A filtered page has the default size.").by(
    sizes(lambda _: 100, when=filtered)
)

fault = faults.of("vultr.pagination.per-page-default-100")
fault("filtered-default-of-50", "Without per_page a filtered page has 50 items.").by(
    sizes(lambda _: 50, when=lambda request: filtered(request) and not sized(request))
)

fault = faults.of("vultr.pagination.total-is-full-list")


@fault.using(afterwards, on=BACKUPS, when=unsent("per_page"))
def total_unfiltered_by_default(server: Server, request: Request, response: Response) -> Response:
    """The total of the filtered backups counts all of them where no per_page is sent."""
    body = response.json
    if "instance_id" in request.query:
        body["meta"]["total"] = len(server.store["backups"].of(request.account))
    return response.with_json(body)


fault = faults.of("vultr.pagination.per-page-invalid")
fault("bad-size-beside-filter-500", "A bad per_page is answered with 500 beside a filter.").by(
    crash(cause="page-size", when=filtered)
)

fault = faults.of("vultr.pagination.cursor-invalid-4xx")
fault("bad-cursor-500-by-default", "A bad cursor is answered with 500 where no per_page is sent.").by(
    crash(cause="cursor", when=unsent("per_page"))
)
fault("bad-cursor-beside-filter-500", "A bad cursor is answered with 500 beside a filter.").by(
    crash(cause="cursor", when=filtered)
)


def one_of_many(cut: Cut) -> bool:
    """Whether a later page of one is asked for, of a list of more than 25."""
    return cut.size == 1 and cut.start > 0 and len(cut.records) > 25


fault = faults.of("vultr.pagination.walk-exactly-once")
fault("pages-of-one-stand-still", "In pages of one of a long list, the next of the second page leads to itself.").by(
    pages(lambda cut, page: evolve(page, next=cut.after(cut.start)) if one_of_many(cut) else page)
)
fault("pages-of-one-repeat", "A later page of one of a long list shows the item of the page before.").by(
    pages(lambda cut, page: evolve(page, items=[cut.records[cut.start - 1]]) if one_of_many(cut) else page)
)

fault = faults.of("vultr.crud.post-creates")
fault("list-comes-and-goes", "Every other list is as it was before the last POST.").by(
    behind("GET /v2/domains", after="POST")
)

fault = faults.of("vultr.crud.put-sets")
fault("put-comes-and-goes", "Every other reading of a domain is as it was before the last PUT.").by(
    behind(DOMAIN, after="PUT")
)

fault = faults.of("vultr.crud.patch-partial")
fault("patch-comes-and-goes", "Every other reading of a domain is as it was before the last PATCH.").by(
    behind(DOMAIN, after="PATCH")
)
fault("patch-comes-and-goes-in-list", "Every other list is as it was before the last PATCH.").by(
    behind("GET /v2/domains", after="PATCH")
)

fault = faults.of("vultr.crud.delete-then-404")
fault("deleted-comes-back", "Every other reading of a domain is as it was before the last DELETE.").by(
    behind(DOMAIN, after="DELETE")
)
fault("deleted-comes-back-in-list", "Every other list is as it was before the last DELETE.").by(
    behind(*LISTS, after="DELETE")
)
