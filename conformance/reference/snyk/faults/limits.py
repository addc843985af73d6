"""Faults of the Snyk server in how it takes a limit and a cursor."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from conformance.reference.edits import crash, instead, sent
from conformance.reference.faults import Faults
from conformance.reference.messages import Problem
from conformance.reference.pages import Cut
from conformance.reference.plants import EVERYTHING, cuts, paginator, size_for, sizes
from conformance.reference.snyk.data import LIST_PROJECTS
from conformance.reference.snyk.faults.tools import NO_RECORDS
from conformance.reference.snyk.policies import LinkPaginator

faults = Faults()

fault = faults.of("snyk.pagination.limit-honoured")
fault("page-one-longer", "A page has one record more than asked for.").by(
    sizes(lambda size: size + 1, when=sent("limit"))
)
fault("limit-ignored", "Every page has the maximum size.").by(sizes(lambda _: 100))
fault("limit-ignored-on-later-pages", "A page asked for with a cursor holds all that follows.").by(
    sizes(lambda _: EVERYTHING, when=sent("starting_after"))
)


@fault.using(cuts)
def page_longer_at_end(cut: Cut) -> Cut:
    """The last page but one takes the first record of the last one too."""
    penultimate = 0 < cut.left <= cut.size and "ending_before" not in cut.request.query
    return evolve(cut, end=cut.end + penultimate)


fault = faults.of("snyk.pagination.bad-cursor-4xx")
fault("made-up-cursor-empties-list", "A made-up cursor gives an empty list.").by(
    instead(NO_RECORDS, on=LIST_PROJECTS, cause="cursor")
)
fault("made-up-cursor-500", "A made-up cursor is answered with 500.").by(crash(cause="cursor"))


@fault.using(paginator)
class MadeUpCursorGivesFirstPage(LinkPaginator):
    """A made-up starting_after gives the first page."""

    def position(self, parameter: str, cursor: str, keys: Sequence[str]) -> int:
        try:
            return super().position(parameter, cursor, keys)
        except Problem:
            if parameter == "ending_before":
                raise
            return -1


fault("both-cursors-500", "Both cursors together are answered with 500.").by(crash(cause="cursors"))
fault("limit-of-letters-500", "A limit that is no integer is answered with 500.").by(
    crash(cause="page-size", when=lambda request: not request.query["limit"].lstrip("-").isdigit())
)
for slug, described, text, size in (
    ("limit-zero-gives-none", "A limit of 0 gives an empty page with 200.", "0", 0),
    ("limit-negative-gives-all", "A limit of -1 gives the whole list.", "-1", EVERYTHING),
    ("limit-of-letters-ignored", "A limit of abc gives a page of the default size.", "abc", 10),
):
    fault(slug, described).by(size_for(text.__eq__, size))
