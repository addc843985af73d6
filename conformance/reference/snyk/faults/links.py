"""Faults of the Snyk server in the links between pages: whether they are there, what they keep, where they lead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from conformance.reference.messages import Request
from conformance.reference.policies import Page
from conformance.reference.snyk.data import LIST_PROJECTS, LIST_TARGETS, ORG_IDS
from conformance.reference.snyk.faults.tools import LISTS, SnykFaults, on_later_page
from conformance.reference.snyk.policies import LinkPaginator

faults = SnykFaults()

Query = list[tuple[str, str]]


def _requery(body: Any, change: Callable[[str, Query], Query]) -> object:
    """The body with the query of each link changed; the change is given the link's name and its parameters."""
    for name, link in body["links"].items():
        path, _, query = link.partition("?")
        body["links"][name] = f"{path}?{urlencode(change(name, parse_qsl(query)), quote_via=quote)}"
    return body


def _without(body: Any, *dropped: str) -> object:
    return _requery(body, lambda _, query: [(name, value) for name, value in query if name not in dropped])


def _with_version(body: Any, version: Callable[[str], str]) -> object:
    return _requery(
        body, lambda _, query: [(name, version(value) if name == "version" else value) for name, value in query]
    )


def _no_links(body: Any) -> object:
    return {name: value for name, value in body.items() if name != "links"}


@faults.body("snyk.pagination.links-present", *LISTS)
def links_on_first_page_only(request: Request, body: Any) -> object:
    """Only the first page has links."""
    return _no_links(body) if on_later_page(request) else body


@faults.body("snyk.pagination.links-present", *LISTS)
def no_links_on_last_page(_request: Request, body: Any) -> object:
    """The last of several pages has no links."""
    return _no_links(body) if body["links"].keys() == {"prev"} else body


@faults.body("snyk.pagination.links-present", LIST_PROJECTS)
def links_in_meta(_request: Request, body: Any) -> object:
    """The links of the projects are in meta."""
    return {"jsonapi": body["jsonapi"], "data": body["data"], "meta": {"links": body["links"]}}


@faults.body("snyk.pagination.links-present", LIST_TARGETS)
def targets_without_links(_request: Request, body: Any) -> object:
    """The targets have no links."""
    return _no_links(body)


@faults.body("snyk.pagination.links-present", *LISTS)
def links_in_array(_request: Request, body: Any) -> object:
    """The links are an array of objects."""
    return {**body, "links": [{"rel": rel, "href": href} for rel, href in body["links"].items()]}


@faults.body("snyk.pagination.links-edge-null-or-absent", *LISTS)
def empty_page_links_to_itself(request: Request, body: Any) -> object:
    """The next of an empty page leads to that page."""
    if not body["data"]:
        path = "/".join(request.segments[1:])
        body["links"]["next"] = f"/{path}?{urlencode(list(request.query.items(multi=True)), quote_via=quote)}"
    return body


@faults.body("snyk.pagination.links-edge-null-or-absent", *LISTS)
def first_page_has_prev(request: Request, body: Any) -> object:
    """The first page has a prev, made like that of any other page."""
    if body["data"] and not on_later_page(request):
        cursor = LinkPaginator(10, 100).encode("prev", body["data"][0]["id"])
        query = [*request.query.items(multi=True), ("ending_before", cursor)]
        body["links"]["prev"] = f"/{'/'.join(request.segments[1:])}?{urlencode(query, quote_via=quote)}"
    return body


@faults.body("snyk.pagination.links-edge-null-or-absent", *LISTS)
def prev_empty_on_first_page(_request: Request, body: Any) -> object:
    """The prev of the first page is an empty string."""
    return {**body, "links": {"prev": "", **body["links"]}}


@faults.body("snyk.pagination.links-edge-null-or-absent", *LISTS)
def next_empty_on_last_page(_request: Request, body: Any) -> object:
    """The next of the last page is an empty string."""
    return {**body, "links": {"next": "", **body["links"]}}


@faults.body("snyk.pagination.links-keep-context", *LISTS)
def version_dropped(_request: Request, body: Any) -> object:
    """The links lack the version."""
    return _without(body, "version")


@faults.body("snyk.pagination.links-keep-context", *LISTS)
def stability_dropped(_request: Request, body: Any) -> object:
    """The links keep the date of the version, and not its stability."""
    return _with_version(body, lambda version: version.partition("~")[0])


@faults.response("snyk.pagination.links-keep-context", *LISTS, status={200})
def version_served_in_links(_request: Request, response: Any) -> Any:
    """The links have the version served in the place of the one asked for."""
    return response.with_json(_with_version(response.json, lambda _: response.headers["snyk-version-served"]))


@faults.body("snyk.pagination.links-keep-context", *LISTS)
def limit_dropped(_request: Request, body: Any) -> object:
    """The links lack the limit."""
    return _without(body, "limit")


@faults.body("snyk.pagination.links-keep-context", *LISTS)
def limit_at_its_maximum(_request: Request, body: Any) -> object:
    """The links have the maximum limit in the place of the one asked for."""
    return _requery(body, lambda _, query: [(name, "100" if name == "limit" else value) for name, value in query])


@faults.body("snyk.pagination.links-keep-context", *LISTS)
def filter_dropped(_request: Request, body: Any) -> object:
    """The links lack the filter."""
    return _without(body, "origin")


@faults.body("snyk.pagination.links-keep-context", *LISTS)
def sort_dropped(_request: Request, body: Any) -> object:
    """The links lack the sort."""
    return _without(body, "sort")


@faults.body("snyk.pagination.links-keep-context", *LISTS)
def both_cursors_in_next(_request: Request, body: Any) -> object:
    """A next on a later page has the cursor of prev too."""
    back = [pair for pair in parse_qsl(body["links"].get("prev", "").partition("?")[2]) if pair[0] == "ending_before"]
    return _requery(body, lambda link, query: [*query, *back] if link == "next" else query)


@faults.body("snyk.pagination.links-keep-context", *LISTS)
def prev_equals_next(_request: Request, body: Any) -> object:
    """Where a page has both, prev equals next."""
    if len(body["links"]) == 2:
        body["links"]["prev"] = body["links"]["next"]
    return body


@faults.body("snyk.pagination.links-keep-context", *LISTS)
def prev_with_starting_after(_request: Request, body: Any) -> object:
    """The cursor of a prev is sent as starting_after."""
    if "prev" in body["links"]:
        body["links"]["prev"] = body["links"]["prev"].replace("ending_before=", "starting_after=")
    return body


@faults.body("snyk.pagination.links-keep-context", *LISTS)
def path_of_another_org(request: Request, body: Any) -> object:
    """The links lead to another organisation."""
    for name, link in body["links"].items():
        body["links"][name] = link.replace(request.arguments["org_id"], ORG_IDS["second"])
    return body


@faults.body("snyk.pagination.links-keep-context", LIST_PROJECTS)
def path_of_targets(_request: Request, body: Any) -> object:
    """The links of the projects lead to the targets."""
    for name, link in body["links"].items():
        body["links"][name] = link.replace("/projects?", "/targets?")
    return body


@faults.body("snyk.pagination.links-are-urls", *LISTS)
def cursor_encoded_twice(_request: Request, body: Any) -> object:
    """The cursors in links are percent-encoded twice."""
    for name, link in body["links"].items():
        body["links"][name] = link.replace("%", "%25")
    return body


@faults.body("snyk.pagination.links-are-urls", *LISTS)
def space_in_link(_request: Request, body: Any) -> object:
    """The parameters of a link are separated by an ampersand and a space."""
    for name, link in body["links"].items():
        body["links"][name] = link.replace("&", "& ")
    return body


@faults.body("snyk.pagination.links-are-urls", *LISTS)
def illegal_characters_in_link(_request: Request, body: Any) -> object:
    """The cursors in links are in angle brackets."""
    for name, link in body["links"].items():
        path, _, cursor = link.rpartition("=")
        body["links"][name] = f"{path}=<{cursor}>"
    return body


@faults.body("snyk.pagination.links-are-urls", *LISTS)
def link_as_object_without_href(_request: Request, body: Any) -> object:
    """A link is an object whose URL is not in href."""
    return {**body, "links": {name: {"url": link} for name, link in body["links"].items()}}


@faults.paginator("snyk.pagination.links-are-urls")
class CursorCutOff(LinkPaginator):
    """The cursors in links lack their end, so that following one is a 400."""

    def links(self, request: Request, page: Page) -> dict[str, str]:
        return {name: link[:-12] for name, link in super().links(request, page).items()}


@faults.body("snyk.versioning.version-format", *LISTS)
def links_to_latest(_request: Request, body: Any) -> object:
    """The version in links is "latest"."""
    return _with_version(body, lambda _: "latest")


@faults.body("snyk.versioning.version-format", *LISTS)
def links_with_time(_request: Request, body: Any) -> object:
    """The version in links has a time of day."""
    return _with_version(
        body, lambda version: version.replace("~", "T00:00:00~") if "~" in version else version + "T00"
    )


@faults.body("snyk.versioning.version-format", LIST_PROJECTS)
def links_with_hyphen(_request: Request, body: Any) -> object:
    """The stability in the links of projects follows a hyphen."""
    return _with_version(body, lambda version: version.replace("~", "-"))


@faults.body("snyk.versioning.version-format", LIST_TARGETS)
def links_with_no_such_day(_request: Request, body: Any) -> object:
    """The version in the links of targets is the 31st of its month, whether there is one or not."""
    return _with_version(body, lambda version: f"{version[:5]}02-31{version[10:]}")


@faults.body("snyk.versioning.version-format", *LISTS)
def links_with_capital(_request: Request, body: Any) -> object:
    """The stability in links has a capital."""
    return _with_version(body, lambda version: version.replace("~b", "~B").replace("~e", "~E"))
