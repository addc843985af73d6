"""Faults of the Snyk server in how it takes a limit and a cursor."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.reference.faults import crash
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.snyk.data import LIST_PROJECTS
from conformance.reference.snyk.faults.tools import SnykFaults
from conformance.reference.snyk.policies import LinkPaginator, document

faults = SnykFaults()

EVERYTHING = 10**6
"""A page size that no list exceeds."""


@faults.paginator("snyk.pagination.limit-honoured")
class PageOneLonger(LinkPaginator):
    """A page has one record more than asked for."""

    def size(self, request: Request) -> int:
        return super().size(request) + ("limit" in request.query)


@faults.paginator("snyk.pagination.limit-honoured")
class LimitIgnored(LinkPaginator):
    """Every page has the maximum size."""

    def size(self, request: Request) -> int:
        super().size(request)
        return self.maximum


@faults.paginator("snyk.pagination.limit-honoured")
class LimitIgnoredOnLaterPages(LinkPaginator):
    """A page asked for with a cursor holds all that follows."""

    def size(self, request: Request) -> int:
        size = super().size(request)
        return EVERYTHING if "starting_after" in request.query else size


@faults.paginator("snyk.pagination.limit-honoured")
class PageLongerAtEnd(LinkPaginator):
    """The last page but one takes the first record of the last one too."""

    def span(self, request: Request, ids: Sequence[str]) -> tuple[int, int]:
        start, end = super().span(request, ids)
        penultimate = 0 < len(ids) - end <= self.size(request) and "ending_before" not in request.query
        return start, end + penultimate


@faults.response("snyk.pagination.bad-cursor-4xx", LIST_PROJECTS, cause="cursor")
def made_up_cursor_empties_list(_request: Request, _response: Response) -> Response:
    """A made-up cursor gives an empty list."""
    return document({"data": [], "links": {}})


@faults.response("snyk.pagination.bad-cursor-4xx", cause="cursor")
def made_up_cursor_500(_request: Request, _response: Response) -> Response:
    """A made-up cursor is answered with 500."""
    raise crash()


@faults.paginator("snyk.pagination.bad-cursor-4xx")
class MadeUpCursorGivesFirstPage(LinkPaginator):
    """A made-up starting_after gives the first page."""

    def position(self, parameter: str, cursor: str, ids: Sequence[str]) -> int:
        try:
            return super().position(parameter, cursor, ids)
        except Problem:
            if parameter == "ending_before":
                raise
            return -1


@faults.response("snyk.pagination.bad-cursor-4xx", cause="cursors")
def both_cursors_500(_request: Request, _response: Response) -> Response:
    """Both cursors together are answered with 500."""
    raise crash()


@faults.response("snyk.pagination.bad-cursor-4xx", cause="page-size")
def limit_of_letters_500(request: Request, response: Response) -> Response:
    """A limit that is no integer is answered with 500."""
    if not request.query["limit"].lstrip("-").isdigit():
        raise crash()
    return response


class _Lenient(LinkPaginator):
    text, stands_for = "", 0

    def size(self, request: Request) -> int:
        return self.stands_for if request.query.get("limit") == self.text else super().size(request)


@faults.paginator("snyk.pagination.bad-cursor-4xx")
class LimitZeroGivesNone(_Lenient):
    """A limit of 0 gives an empty page with 200."""

    text, stands_for = "0", 0


@faults.paginator("snyk.pagination.bad-cursor-4xx")
class LimitNegativeGivesAll(_Lenient):
    """A limit of -1 gives the whole list."""

    text, stands_for = "-1", EVERYTHING


@faults.paginator("snyk.pagination.bad-cursor-4xx")
class LimitOfLettersIgnored(_Lenient):
    """A limit of abc gives a page of the default size."""

    text, stands_for = "abc", 10
