"""Faults of the Vercel server in the size of its pages and in what it says of them."""

from __future__ import annotations

from typing import Any

from conformance.reference.core import Server
from conformance.reference.edits import (
    ANY,
    afterwards,
    change,
    crash,
    drop,
    put,
    rewrite,
    sent,
    unsent,
)
from conformance.reference.faults import Faults
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.pages import TimestampPaginator
from conformance.reference.plants import EVERYTHING, paginator, setting, size_for, sizes
from conformance.reference.vercel.faults.tools import DEPLOYMENTS, LISTS, PROJECTS

faults = Faults()

limited = sent("limit")

fault = faults.of("vercel.pagination.object-present-over-limit")
fault("deployments-without-object", "The deployments have no pagination.").by(drop("/pagination", on=DEPLOYMENTS))
fault("object-only-by-default", "The projects have pagination only where no limit is sent.").by(
    drop("/pagination", on=PROJECTS, when=limited)
)
fault("object-null-for-one", "The pagination of a page of one record is null.").by(
    change("/pagination", lambda page: None if page["count"] == 1 else page, on=LISTS)
)


@fault.using(rewrite, on=LISTS)
def object_on_pages_of_twenty(_request: Request, body: Any) -> object:
    """A page of fewer than 20 records has no pagination, though others follow."""
    if body["pagination"]["count"] < 20:
        del body["pagination"]
    return body


fault = faults.of("vercel.pagination.shape")
fault("next-omitted-at-end", "The last page has no next.").by(drop("/pagination/next", having={"next": None}, on=LISTS))
fault("next-as-text", "The next of the projects is a string of digits.").by(
    change("/pagination/next", lambda time: time and str(time), on=PROJECTS)
)
fault("count-null", "The count of the deployments is null.").by(put("/pagination/count", None, on=DEPLOYMENTS))
fault("prev-false-at-start", "The prev of the first page is false.").by(
    put("/pagination/prev", False, having={"prev": None}, on=LISTS)
)
fault("next-empty-at-end", "The next of the last page of deployments is an empty string.").by(
    put("/pagination/next", "", having={"next": None}, on=DEPLOYMENTS)
)
fault("shape-of-links", "A later page has its pagination in an array of one.").by(
    change("/pagination", lambda page: page if page["prev"] is None else [page], on=LISTS)
)

fault = faults.of("vercel.pagination.count-is-page-length")
fault("count-is-limit", "The count is the limit, also on a last page that is shorter.").by(
    put("/pagination/count", lambda request: int(request.query.get("limit", "20")), on=LISTS)
)


@fault.using(afterwards, on=PROJECTS)
def count_is_grand_total(server: Server, request: Request, response: Response) -> Response:
    """The count of the projects is that of all of them."""
    body = response.json
    body["pagination"]["count"] = len(server.store["projects"].of(request.account))
    return response.with_json(body)


@fault.using(rewrite, on=LISTS)
def count_lacks_one_behind_first_page(_request: Request, body: Any) -> object:
    """The count of a page behind the first is one less than its records."""
    page = body["pagination"]
    page["count"] -= page["prev"] is not None and page["count"] > 0
    return body


@fault.using(rewrite, on=DEPLOYMENTS)
def count_of_states(_request: Request, body: Any) -> object:
    """The count of a page of deployments is of those that are ready."""
    body["pagination"]["count"] = sum(one["state"] == "READY" for one in body["deployments"])
    return body


fault = faults.of("vercel.pagination.default-20")
for number in (100, 10, 21):
    described = f"Without limit a page has {number} records."
    fault(f"default-of-{number}", described).by(setting("paginator.default", number))
fault("deployments-default-to-25", "Without limit a page of deployments, and only of them, has 25 records.").by(
    sizes(lambda _: 25, when=lambda request: request.operation == DEPLOYMENTS and not limited(request))
)
fault("default-page-reversed", "Without limit a page has the same records, oldest first.").by(
    change("/*", lambda one: one[::-1] if isinstance(one, list) else one, on=LISTS, when=unsent("limit"))
)

fault = faults.of("vercel.pagination.limit-honoured")
fault("page-one-longer", "A page has one record more than asked for.").by(sizes(lambda size: size + 1, when=limited))
fault("limit-ignored", "Every page has 20 records.").by(sizes(lambda _: 20))
fault("limit-rounded-up-to-tens", "The limit is rounded up to a multiple of ten.").by(
    sizes(lambda size: -(-size // 10) * 10)
)
fault("long-pages-whole", "A limit over 50 is taken for 100.").by(sizes(lambda size: 100 if size > 50 else size))
fault("limit-forgotten-by-until", "A page by until has at least the default size, whatever the limit.").by(
    sizes(lambda size: max(size, 20), when=sent("until"))
)

fault = faults.of("vercel.pagination.limit-max-100")
fault("no-maximum", "A page may have any size.").by(setting("paginator.maximum", EVERYTHING * 10_000))
fault("maximum-of-99", "A limit of 100 is refused.").by(setting("paginator.maximum", 99))
fault("maximum-of-101", "A limit of 101 is accepted and filled.").by(setting("paginator.maximum", 101))
fault("huge-limit-accepted", "A limit of 101 to 9999 is refused, but a greater one gives everything.").by(
    size_for(lambda text: text.isdigit() and len(text) > 4, EVERYTHING)
)


@fault.using(paginator)
class HundredRefusedOnDeployments(TimestampPaginator):
    """The deployments refuse a limit of 100."""

    def size(self, request: Request) -> int:
        size = super().size(request)
        if request.operation == DEPLOYMENTS and size == 100:
            raise Problem(400, "page-size", "The parameter 'limit' must be less than 100.")
        return size


fault = faults.of("vercel.pagination.bad-limit-no-5xx")
fault("zero-limit-500", "A limit of 0 is answered with 500.").by(
    crash(cause="page-size", when=lambda request: request.query["limit"] == "0")
)
fault("text-limit-500", "A limit that is no integer, and not empty, is answered with 500.").by(
    crash(cause="page-size", when=lambda request: not (request.query["limit"].lstrip("-") or "0").isdigit())
)
fault("bad-until-500", "An until that is no time is answered with 500.").by(crash(cause="cursor"))
fault("fraction-until-500", "An until with a fraction is answered with 500 by the deployments.").by(
    crash(on=DEPLOYMENTS, cause="cursor", when=lambda request: "." in request.query.get("until", ""))
)
fault("zero-until-500", "An until of 0 is answered with 500.").by(
    crash(when=lambda request: request.query.get("until") == "0")
)
fault("unicode-value-500", "A limit or until with a character beyond ASCII is answered with 500.").by(
    crash(
        status=ANY, when=lambda request: not all(request.query.get(name, "").isascii() for name in ("limit", "until"))
    )
)
fault("negative-limit-gives-all", "A limit of -1 gives the whole list.").by(
    size_for(lambda text: text == "-1", EVERYTHING)
)
fault("empty-limit-gives-all", "An empty limit gives the whole list.").by(size_for(lambda text: not text, EVERYTHING))
fault("text-limit-gives-all", "A limit of letters gives the whole list.").by(size_for(str.isalpha, EVERYTHING))
fault("bad-limit-bare", "The 400 for a bad limit has its message at the top.").by(
    put("", {"message": "Invalid limit"}, on=LISTS, cause="page-size")
)


@fault.using(paginator)
class BadUntilGivesAll(TimestampPaginator):
    """An until of letters gives the whole list."""

    def size(self, request: Request) -> int:
        return EVERYTHING if request.query.get("until", "").isalpha() else super().size(request)

    def time(self, request: Request, name: str) -> int | None:
        return None if request.query.get(name, "").isalpha() else super().time(request, name)
