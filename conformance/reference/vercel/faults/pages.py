"""Faults of the Vercel server in the size of its pages and in what it says of them."""

from __future__ import annotations

from typing import Any

from conformance.reference.core import Server
from conformance.reference.faults import crash
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.vercel.faults.tools import DEPLOYMENTS, LISTS, PROJECTS, VercelFaults, items
from conformance.reference.vercel.policies import TimestampPaginator

faults = VercelFaults()

EVERYTHING = 10**6
"""A page size that no list exceeds."""


def _without_pagination(body: Any) -> object:
    return {name: value for name, value in body.items() if name != "pagination"}


@faults.body("vercel.pagination.object-present-over-limit", *LISTS)
def object_on_pages_of_twenty(_request: Request, body: Any) -> object:
    """A page of fewer than 20 records has no pagination, though others follow."""
    return body if len(items(body)) >= 20 else _without_pagination(body)


@faults.body("vercel.pagination.object-present-over-limit", DEPLOYMENTS)
def deployments_without_object(_request: Request, body: Any) -> object:
    """The deployments have no pagination."""
    return _without_pagination(body)


@faults.body("vercel.pagination.object-present-over-limit", PROJECTS)
def object_only_by_default(request: Request, body: Any) -> object:
    """The projects have pagination only where no limit is sent."""
    return _without_pagination(body) if "limit" in request.query else body


@faults.body("vercel.pagination.object-present-over-limit", *LISTS)
def object_null_for_one(_request: Request, body: Any) -> object:
    """The pagination of a page of one record is null."""
    return {**body, "pagination": None} if len(items(body)) == 1 else body


@faults.body("vercel.pagination.shape", *LISTS)
def next_omitted_at_end(_request: Request, body: Any) -> object:
    """The last page has no next."""
    if body["pagination"]["next"] is None:
        del body["pagination"]["next"]
    return body


@faults.body("vercel.pagination.shape", PROJECTS)
def next_as_text(_request: Request, body: Any) -> object:
    """The next of the projects is a string of digits."""
    page = body["pagination"]
    page["next"] = page["next"] and str(page["next"])
    return body


@faults.body("vercel.pagination.shape", DEPLOYMENTS)
def count_null(_request: Request, body: Any) -> object:
    """The count of the deployments is null."""
    body["pagination"]["count"] = None
    return body


@faults.body("vercel.pagination.shape", *LISTS)
def prev_false_at_start(_request: Request, body: Any) -> object:
    """The prev of the first page is false."""
    body["pagination"]["prev"] = body["pagination"]["prev"] or False
    return body


@faults.body("vercel.pagination.shape", DEPLOYMENTS)
def next_empty_at_end(_request: Request, body: Any) -> object:
    """The next of the last page of deployments is an empty string."""
    body["pagination"]["next"] = body["pagination"]["next"] or ""
    return body


@faults.body("vercel.pagination.shape", *LISTS)
def shape_of_links(_request: Request, body: Any) -> object:
    """A later page has its pagination in an array of one."""
    return body if body["pagination"]["prev"] is None else {**body, "pagination": [body["pagination"]]}


@faults.server("vercel.pagination.count-is-page-length")
def count_is_grand_total(server: Server) -> None:
    """The count of the projects is that of all of them."""

    def recount(request: Request, response: Response) -> Response:
        if request.operation != PROJECTS or response.status != 200 or request.principal is None:
            return response
        body = response.json
        body["pagination"]["count"] = len(server.store["projects"].of(request.principal.account))
        return response.with_json(body)

    server.transforms.append(recount)


@faults.server("vercel.pagination.count-is-page-length")
def count_is_limit(server: Server) -> None:
    """The count is the limit, also on a last page that is shorter."""

    def recount(request: Request, response: Response) -> Response:
        if request.operation not in LISTS or response.status != 200:
            return response
        body = response.json
        body["pagination"]["count"] = int(request.query.get("limit", "20"))
        return response.with_json(body)

    server.transforms.append(recount)


@faults.body("vercel.pagination.count-is-page-length", *LISTS)
def count_lacks_one_behind_first_page(_request: Request, body: Any) -> object:
    """The count of a page behind the first is one less than its records."""
    page = body["pagination"]
    page["count"] -= page["prev"] is not None and page["count"] > 0
    return body


@faults.body("vercel.pagination.count-is-page-length", DEPLOYMENTS)
def count_of_states(_request: Request, body: Any) -> object:
    """The count of a page of deployments is of those that are ready."""
    body["pagination"]["count"] = sum(one["state"] == "READY" for one in body["deployments"])
    return body


@faults.server("vercel.pagination.default-20")
def default_of_100(server: Server) -> None:
    """Without limit a page has 100 records."""
    server.paginator.default = 100


@faults.server("vercel.pagination.default-20")
def default_of_10(server: Server) -> None:
    """Without limit a page has 10 records."""
    server.paginator.default = 10


@faults.server("vercel.pagination.default-20")
def default_of_21(server: Server) -> None:
    """Without limit a page has 21 records."""
    server.paginator.default = 21


@faults.paginator("vercel.pagination.default-20")
class DeploymentsDefaultTo25(TimestampPaginator):
    """Without limit a page of deployments, and only of them, has 25 records."""

    def size(self, request: Request) -> int:
        default = request.operation == DEPLOYMENTS and "limit" not in request.query
        return 25 if default else super().size(request)


@faults.body("vercel.pagination.default-20", *LISTS)
def default_page_reversed(request: Request, body: Any) -> object:
    """Without limit a page has the same records, oldest first."""
    if "limit" not in request.query:
        items(body).reverse()
    return body


@faults.paginator("vercel.pagination.limit-honoured")
class PageOneLonger(TimestampPaginator):
    """A page has one record more than asked for."""

    def size(self, request: Request) -> int:
        return super().size(request) + ("limit" in request.query)


@faults.paginator("vercel.pagination.limit-honoured")
class LimitIgnored(TimestampPaginator):
    """Every page has 20 records."""

    def size(self, request: Request) -> int:
        super().size(request)
        return self.default


@faults.paginator("vercel.pagination.limit-honoured")
class LimitRoundedUpToTens(TimestampPaginator):
    """The limit is rounded up to a multiple of ten."""

    def size(self, request: Request) -> int:
        return -(-super().size(request) // 10) * 10


@faults.paginator("vercel.pagination.limit-honoured")
class LongPagesWhole(TimestampPaginator):
    """A limit over 50 is taken for 100."""

    def size(self, request: Request) -> int:
        size = super().size(request)
        return 100 if size > 50 else size


@faults.paginator("vercel.pagination.limit-honoured")
class LimitForgottenByUntil(TimestampPaginator):
    """A page by until has at least the default size, whatever the limit."""

    def size(self, request: Request) -> int:
        size = super().size(request)
        return max(size, self.default) if "until" in request.query else size


@faults.server("vercel.pagination.limit-max-100")
def no_maximum(server: Server) -> None:
    """A page may have any size."""
    server.paginator.maximum = EVERYTHING * 10_000


@faults.server("vercel.pagination.limit-max-100")
def maximum_of_99(server: Server) -> None:
    """A limit of 100 is refused."""
    server.paginator.maximum = 99


@faults.server("vercel.pagination.limit-max-100")
def maximum_of_101(server: Server) -> None:
    """A limit of 101 is accepted and filled."""
    server.paginator.maximum = 101


@faults.paginator("vercel.pagination.limit-max-100")
class HugeLimitAccepted(TimestampPaginator):
    """A limit of 101 to 9999 is refused, but a greater one gives everything."""

    def size(self, request: Request) -> int:
        text = request.query.get("limit", "")
        return EVERYTHING if text.isdigit() and len(text) > 4 else super().size(request)


@faults.paginator("vercel.pagination.limit-max-100")
class HundredRefusedOnDeployments(TimestampPaginator):
    """The deployments refuse a limit of 100."""

    def size(self, request: Request) -> int:
        size = super().size(request)
        if request.operation == DEPLOYMENTS and size == 100:
            raise Problem(400, "limit", "The parameter 'limit' must be less than 100.")
        return size


@faults.response("vercel.pagination.bad-limit-no-5xx", cause="limit")
def zero_limit_500(request: Request, response: Response) -> Response:
    """A limit of 0 is answered with 500."""
    if request.query["limit"] == "0":
        raise crash()
    return response


@faults.response("vercel.pagination.bad-limit-no-5xx", cause="limit")
def text_limit_500(request: Request, response: Response) -> Response:
    """A limit that is no integer, and not empty, is answered with 500."""
    if request.query["limit"] and not request.query["limit"].lstrip("-").isdigit():
        raise crash()
    return response


@faults.response("vercel.pagination.bad-limit-no-5xx", cause="until")
def bad_until_500(_request: Request, _response: Response) -> Response:
    """An until that is no time is answered with 500."""
    raise crash()


@faults.response("vercel.pagination.bad-limit-no-5xx", DEPLOYMENTS, cause="until")
def fraction_until_500(request: Request, response: Response) -> Response:
    """An until with a fraction is answered with 500 by the deployments."""
    if "." in request.query.get("until", ""):
        raise crash()
    return response


@faults.response("vercel.pagination.bad-limit-no-5xx")
def zero_until_500(request: Request, response: Response) -> Response:
    """An until of 0 is answered with 500."""
    if response.status == 200 and request.query.get("until") == "0":
        raise crash()
    return response


@faults.response("vercel.pagination.bad-limit-no-5xx")
def unicode_value_500(request: Request, response: Response) -> Response:
    """A limit or until with a character beyond ASCII is answered with 500."""
    if not all(request.query.get(name, "").isascii() for name in ("limit", "until")):
        raise crash()
    return response


class _Lenient(TimestampPaginator):
    def size(self, request: Request) -> int:
        return EVERYTHING if self.unlimited(request.query.get("limit", "20")) else super().size(request)

    def unlimited(self, text: str) -> bool:
        raise NotImplementedError


@faults.paginator("vercel.pagination.bad-limit-no-5xx")
class NegativeLimitGivesAll(_Lenient):
    """A limit of -1 gives the whole list."""

    def unlimited(self, text: str) -> bool:
        return text == "-1"


@faults.paginator("vercel.pagination.bad-limit-no-5xx")
class EmptyLimitGivesAll(_Lenient):
    """An empty limit gives the whole list."""

    def unlimited(self, text: str) -> bool:
        return not text


@faults.paginator("vercel.pagination.bad-limit-no-5xx")
class TextLimitGivesAll(_Lenient):
    """A limit of letters gives the whole list."""

    def unlimited(self, text: str) -> bool:
        return text.isalpha()


@faults.paginator("vercel.pagination.bad-limit-no-5xx")
class BadUntilGivesAll(TimestampPaginator):
    """An until of letters gives the whole list."""

    def size(self, request: Request) -> int:
        return EVERYTHING if request.query.get("until", "").isalpha() else super().size(request)

    def time(self, request: Request, name: str) -> int | None:
        return None if request.query.get(name, "").isalpha() else super().time(request, name)


@faults.response("vercel.pagination.bad-limit-no-5xx", *LISTS, cause="limit")
def bad_limit_bare(_request: Request, response: Response) -> Response:
    """The 400 for a bad limit has its message at the top."""
    return response.with_json({"message": "Invalid limit"})
