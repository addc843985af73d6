"""Snippets: what is added is there, what is replaced is replaced whole, what is deleted is gone."""

from typing import Any

from conformance.properties import (
    NotExercised,
    Subject,
    Things,
    assert_equal,
    assert_status,
    assert_that,
    requirement,
)
from conformance.suite.netlify.receiving import Site
from conformance.traffic.exchange import Exchange

GOAL = "<!-- thanks -->"


def snippets_in(snippets: Things) -> list[dict[str, Any]]:
    """The snippets that are listed now."""
    steps = snippets.listing.everything.steps
    return [record for step in steps for record in step.page.records if isinstance(record, dict)]


def titled(snippets: Things, title: str) -> list[dict[str, Any]]:
    """The listed snippets of a title."""
    return [one for one in snippets_in(snippets) if one.get("title") == title]


def added(site: Site, snippets: Things, **members: str) -> dict[str, Any]:
    """A new snippet as the list shows it, under a title of its own: what the create answers is not documented."""
    body = {**snippets.body(), **members}
    exchange = snippets.client.control(snippets.post(body))
    found = site.as_many(1, lambda: titled(snippets, body["title"]))
    assert_equal(len(found), 1, "how often the list has a new snippet", exchange=exchange)
    return found[0]


def read(snippets: Things, identity: str) -> Exchange:
    """The snippet of an id, which has to be there."""
    exchange = snippets.get(identity)
    assert_status(exchange, "2xx", when="with the id in the list")
    return exchange


@requirement("netlify.crud.snippet-crud")
def test_a_snippet_is_added_replaced_and_deleted(subject: Subject) -> None:
    """A snippet is listed and read by its id; a PUT leaves nothing of it but the id, a DELETE nothing at all."""
    site = Site.new(subject)
    snippets = site.things("snippet")
    code = {"general": "<!-- first -->", "goal": GOAL, "goal_position": "head"}
    titles = [added(site, snippets, **members)["title"] for members in (code, {})]
    # The first one of a site may have the id 0.
    listed = {one.get("title"): one for one in snippets_in(snippets)}
    first, other = (listed.get(title, {}) for title in titles)
    assert_equal({member: first.get(member) for member in code}, code, "a new snippet in the list")
    identity = str(first.get("id"))
    read(snippets, str(other.get("id")))
    shown = read(snippets, identity)
    for member in ("title", *code):
        value = shown.response.at(f"/{member}")
        assert_equal(value, first.get(member), f"the {member} of a new snippet by its id", exchange=shown)
    title = replaced(site, snippets, identity)
    snippets.client.control(snippets.delete(identity))
    gone = site.comes_to(lambda: is_gone(snippets, identity, title), True)
    last = snippets.client.exchanges[-1]
    assert_that(gone, "a deleted snippet can be read", expected="a refusal", actual=last.response.text, exchange=last)

    def listed_now() -> list[bool]:
        left = [one.get("title") for one in snippets_in(snippets)]
        return [title in left, titles[1] in left]

    left = site.comes_to(listed_now, [False, True])
    assert_equal(left, [False, True], "whether a deleted snippet, and another, are listed")


def is_gone(snippets: Things, identity: str, title: str) -> bool:
    """Whether an id leads no longer to the snippet of a title: another one may have come to it."""
    response = snippets.get(identity).response
    return response.status_class == 4 or (response.ok and response.at("/title") not in (None, title))


def replaced(site: Site, snippets: Things, identity: str) -> str:
    """Replaces a snippet by one without code for goals, with all members where that is refused; the new title."""
    body = {"title": snippets.body()["title"], "general": "<!-- second -->", "general_position": "footer"}
    exchange = snippets.call("replace", identity, body=body)
    if exchange.response.status_class == 4:
        body |= {"goal": "", "goal_position": "footer"}
        exchange = snippets.call("replace", identity, body=body)
    snippets.client.control(exchange)
    due = {**body, "goal": ""}

    def now() -> dict[str, Any]:
        response = read(snippets, identity).response
        return {member: response.at(f"/{member}") or "" for member in due}

    assert_equal(site.comes_to(now, due), due, "a snippet after its PUT", exchange=exchange)
    listed = [one.get("general") for one in titled(snippets, body["title"])]
    assert_equal(listed, [body["general"]], "the code that is listed under the title of the PUT")
    return str(body["title"])


@requirement("netlify.crud.snippet-ids-stable")
def test_the_ids_of_the_others_stay(subject: Subject) -> None:
    """After the DELETE of one of three snippets the other two are listed and read by the ids they had."""
    site = Site.new(subject)
    snippets = site.things("snippet")
    first, *others = [added(site, snippets) for _ in range(3)]
    known = {str(one.get("id")): one.get("title") for one in others}
    if len(known) < len(others):
        raise NotExercised("two snippets have one id")
    snippets.client.control(snippets.delete(str(first.get("id"))))
    site.comes_to(lambda: len(titled(snippets, first["title"])), 0)
    listed = {str(one.get("id")): one.get("title") for one in snippets_in(snippets)}
    assert_equal(listed, known, "the ids of the others, with their titles, after a DELETE")
    for identity, title in known.items():
        exchange = read(snippets, identity)
        assert_equal(exchange.response.at("/title"), title, "the title by an id that was there", exchange=exchange)
