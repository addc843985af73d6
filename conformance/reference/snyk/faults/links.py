"""Faults of the Snyk server in the links between pages: whether they are there, what they keep, where they lead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from conformance.reference.edits import change, drop, respond, rewrite
from conformance.reference.faults import Faults, Plant
from conformance.reference.messages import Request, Response
from conformance.reference.pages import Page
from conformance.reference.plants import paginator
from conformance.reference.snyk.data import LIST_PROJECTS, LIST_TARGETS, ORG_IDS
from conformance.reference.snyk.faults.tools import LISTS, on_later_page
from conformance.reference.snyk.policies import LinkPaginator

faults = Faults()

Query = list[tuple[str, str]]


def requeried(link: str, edit: Callable[[Query], Query]) -> str:
    """A link with other query parameters."""
    path, _, query = link.partition("?")
    return f"{path}?{urlencode(edit(parse_qsl(query)), quote_via=quote)}"


def parameter(name: str, value: Callable[[str], str], on: str | tuple[str, ...] = LISTS) -> Plant:
    """Another value of a query parameter in the links of lists."""

    def edit(query: Query) -> Query:
        return [(key, value(text) if key == name else text) for key, text in query]

    return change("/links/*", lambda link: requeried(link, edit), on=on)


def without(name: str) -> Plant:
    """The links of lists lack a query parameter."""
    return change(
        "/links/*", lambda link: requeried(link, lambda query: [one for one in query if one[0] != name]), on=LISTS
    )


def link_to(request: Request, query: Query) -> str:
    """A link to the path of the request."""
    return f"/{'/'.join(request.segments[1:])}?{urlencode(query, quote_via=quote)}"


fault = faults.of("snyk.pagination.links-present")
fault("links-on-first-page-only", "Only the first page has links.").by(drop("/links", on=LISTS, when=on_later_page))
fault("targets-without-links", "The targets have no links.").by(drop("/links", on=LIST_TARGETS))
fault("links-in-array", "The links are an array of objects.").by(
    change("/links", lambda links: [{"rel": rel, "href": href} for rel, href in links.items()], on=LISTS)
)


@fault.using(rewrite, on=LISTS)
def no_links_on_last_page(_request: Request, body: Any) -> object:
    """The last of several pages has no links."""
    if body["links"].keys() == {"prev"}:
        del body["links"]
    return body


@fault.using(rewrite, on=LIST_PROJECTS)
def links_in_meta(_request: Request, body: Any) -> object:
    """The links of the projects are in meta."""
    return {"jsonapi": body["jsonapi"], "data": body["data"], "meta": {"links": body["links"]}}


fault = faults.of("snyk.pagination.links-edge-null-or-absent")
fault("prev-empty-on-first-page", "The prev of the first page is an empty string.").by(
    change("/links", lambda links: {"prev": "", **links}, on=LISTS)
)
fault("next-empty-on-last-page", "The next of the last page is an empty string.").by(
    change("/links", lambda links: {"next": "", **links}, on=LISTS)
)


@fault.using(rewrite, on=LISTS)
def empty_page_links_to_itself(request: Request, body: Any) -> object:
    """The next of an empty page leads to that page."""
    if not body["data"]:
        body["links"]["next"] = link_to(request, list(request.query.items(multi=True)))
    return body


@fault.using(rewrite, on=LISTS)
def first_page_has_prev(request: Request, body: Any) -> object:
    """The first page has a prev, made like that of any other page."""
    if body["data"] and not on_later_page(request):
        cursor = LinkPaginator(10, 100).encode("prev", body["data"][0]["id"])
        body["links"]["prev"] = link_to(request, [*request.query.items(multi=True), ("ending_before", cursor)])
    return body


fault = faults.of("snyk.pagination.links-keep-context")
fault("version-dropped", "The links lack the version.").by(without("version"))
fault("limit-dropped", "The links lack the limit.").by(without("limit"))
fault("filter-dropped", "The links lack the filter.").by(without("origin"))
fault("sort-dropped", "The links lack the sort.").by(without("sort"))
fault("stability-dropped", "The links keep the date of the version, and not its stability.").by(
    parameter("version", lambda version: version.partition("~")[0])
)
fault("limit-at-its-maximum", "The links have the maximum limit in the place of the one asked for.").by(
    parameter("limit", lambda _: "100")
)
fault("prev-with-starting-after", "The cursor of a prev is sent as starting_after.").by(
    change("/links/prev", lambda link: link.replace("ending_before=", "starting_after="), on=LISTS)
)
fault("path-of-another-org", "The links lead to another organisation.").by(
    change("/links/*", lambda link: link.replace(ORG_IDS["default"], ORG_IDS["second"]), on=LISTS)
)
fault("path-of-targets", "The links of the projects lead to the targets.").by(
    change("/links/*", lambda link: link.replace("/projects?", "/targets?"), on=LIST_PROJECTS)
)


@fault.using(respond, on=LISTS)
def version_served_in_links(_request: Request, response: Response) -> Response:
    """The links have the version served in the place of the one asked for."""
    body, served = response.json, response.headers["snyk-version-served"]
    for name, link in body["links"].items():
        body["links"][name] = requeried(link, lambda query: list({**dict(query), "version": served}.items()))
    return response.with_json(body)


@fault.using(rewrite, on=LISTS)
def both_cursors_in_next(_request: Request, body: Any) -> object:
    """A next on a later page has the cursor of prev too."""
    back = parse_qsl(body["links"].get("prev", "").partition("?")[2])
    if "next" in body["links"]:
        cursors = [pair for pair in back if pair[0] == "ending_before"]
        body["links"]["next"] = requeried(body["links"]["next"], lambda query: [*query, *cursors])
    return body


@fault.using(rewrite, on=LISTS)
def prev_equals_next(_request: Request, body: Any) -> object:
    """Where a page has both, prev equals next."""
    if len(body["links"]) == 2:
        body["links"]["prev"] = body["links"]["next"]
    return body


fault = faults.of("snyk.pagination.links-are-urls")
fault("cursor-encoded-twice", "The cursors in links are percent-encoded twice.").by(
    change("/links/*", lambda link: link.replace("%", "%25"), on=LISTS)
)
fault("space-in-link", "The parameters of a link are separated by an ampersand and a space.").by(
    change("/links/*", lambda link: link.replace("&", "& "), on=LISTS)
)
fault("illegal-characters-in-link", "The cursors in links are in angle brackets.").by(
    change("/links/*", lambda link: "=<".join(link.rsplit("=", 1)) + ">", on=LISTS)
)
fault("link-as-object-without-href", "A link is an object whose URL is not in href.").by(
    change("/links/*", lambda link: {"url": link}, on=LISTS)
)


@fault.using(paginator)
class CursorCutOff(LinkPaginator):
    """The cursors in links lack their end, so that following one is a 400."""

    def links(self, request: Request, page: Page) -> dict[str, str]:
        return {name: link[:-12] for name, link in super().links(request, page).items()}


fault = faults.of("snyk.versioning.version-format")
fault("links-to-latest", 'The version in links is "latest".').by(parameter("version", lambda _: "latest"))
fault("links-with-time", "The version in links has a time of day.").by(
    parameter("version", lambda text: text.replace("~", "T00:00:00~") if "~" in text else text + "T00")
)
fault("links-with-hyphen", "The stability in the links of projects follows a hyphen.").by(
    parameter("version", lambda text: text.replace("~", "-"), on=LIST_PROJECTS)
)
fault(
    "links-with-no-such-day",
    "The version in the links of targets is the 31st of its month, whether there is one or not.",
).by(parameter("version", lambda text: f"{text[:5]}02-31{text[10:]}", on=LIST_TARGETS))
fault("links-with-capital", "The stability in links has a capital.").by(
    parameter("version", lambda text: text.replace("~b", "~B").replace("~e", "~E"))
)
