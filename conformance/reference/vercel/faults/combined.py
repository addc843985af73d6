"""Faults of the Vercel server that show only where two conditions meet, or at a second reading."""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve

from conformance.reference.core import Server
from conformance.reference.edits import crash, sent
from conformance.reference.faults import Faults, Plant
from conformance.reference.messages import Request
from conformance.reference.pages import Cut, Page
from conformance.reference.plants import behind, cuts, pages, sizes
from conformance.reference.vercel.faults.teams import scopes, scopes_instead
from conformance.reference.vercel.faults.tools import DEPLOYMENTS, PROJECTS

faults = Faults()

in_team, limited = sent("teamId"), sent("limit")


def personal(when: Callable[[Request], object]) -> Plant:
    """The team of a request is ignored."""
    return scopes(lambda request, principal, owner: principal.account if when(request) else owner)


fault = faults.of("vercel.auth.personal-by-default")
fault("team-ignored-by-default", "The teamId is ignored on projects where no limit is sent.").by(
    personal(lambda request: request.operation == PROJECTS and not limited(request))
)
fault("team-ignored-by-one", "The teamId is ignored on deployments with a limit of 1.").by(
    personal(lambda request: request.operation == DEPLOYMENTS and request.query.get("limit") == "1")
)
fault("team-ignored-by-until-alone", "The teamId is ignored where until is sent, and no limit.").by(
    personal(lambda request: sent("until")(request) and not limited(request))
)

fault = faults.of("vercel.auth.foreign-team-denied")
fault("foreign-team-by-until-gives-personal", "A foreign team gives the personal records where until is sent.").by(
    scopes_instead(lambda request, principal: principal.account if sent("until")(request) else None)
)

fault = faults.of("vercel.pagination.limit-honoured")
fault("limit-ignored-in-team", "Every page of a team has 20 records.").by(sizes(lambda _: 20, when=in_team))

fault = faults.of("vercel.pagination.default-20")
fault("team-default-of-10", "Without limit a page of a team has 10 records.").by(
    sizes(lambda _: 10, when=lambda request: in_team(request) and not limited(request))
)

fault = faults.of("vercel.pagination.bad-limit-no-5xx")
fault("bad-limit-in-team-500", "A bad limit is answered with 500 beside a teamId.").by(
    crash(cause="page-size", when=in_team)
)


def one_of_many(cut: Cut) -> bool:
    """Whether a later page of one is asked for, of a list of more than a hundred."""
    return cut.size == 1 and cut.start > 0 and len(cut.records) > 100


fault = faults.of("vercel.pagination.walk-exactly-once")
fault("pages-of-one-repeat", "A later page of one of more than a hundred records shows the record before.").by(
    pages(lambda cut, page: evolve(page, items=[cut.records[cut.start - 1]]) if one_of_many(cut) else page)
)

fault = faults.of("vercel.pagination.until-bounds")


@fault.server
def until_is_an_offset(server: Server) -> None:
    """A page by until begins as far from the start as the page that named it ended, whatever was written since."""
    ends: dict[tuple[str, str, str], int] = {}

    def named(cut: Cut, time: str) -> tuple[str, str, str]:
        return cut.request.operation, cut.request.account, time

    def recut(cut: Cut) -> Cut:
        start = ends.get(named(cut, cut.request.query.get("until", "")), cut.start)
        return evolve(cut, start=start, end=min(start + cut.size, len(cut.records)))

    def noted(cut: Cut, page: Page) -> Page:
        ends[named(cut, page.next)] = cut.end
        return page

    cuts(recut)(server)
    pages(noted)(server)


fault = faults.of("vercel.auth.create-in-team")
fault("team-list-comes-and-goes", "Every other list is as it was before the last POST.").by(
    behind(PROJECTS, after="POST")
)

fault = faults.of("vercel.crud.get-is-safe")
fault("deleted-comes-back", "Every other list of projects is as it was before the last DELETE.").by(
    behind(PROJECTS, after="DELETE")
)
