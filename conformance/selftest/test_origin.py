"""A token goes to the target's origin only, whatever a server puts into a link."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from urllib.parse import urlsplit

import httpx2
import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.properties import Collection, Run, Violation, items_of
from conformance.selftest.servers import TESTS, TOKEN, Answer, Asked, RawServer, raw_server, reply
from conformance.targets import Client, HarnessError, TargetError, UrlTarget
from conformance.targets.clock import ManualClock
from conformance.targets.errors import NotFollowed
from conformance.targets.health import Health
from conformance.targets.origin import Origin, in_clear
from conformance.traffic.urls import LONGEST, is_loopback, origin_of

SNYK = load("snyk")
LIST = SNYK.operation("GET /orgs/{org_id}/projects")
ORG = "c2c4d1de-1b1c-4f0e-9c34-2d8a7a9f6b21"
CURSOR = "starting_after=v1.c1"

ELSEWHERE = [
    "x:@{other}/orgs",
    "x:.{other}/orgs",
    "x:80/orgs",
    "@{other}/orgs",
    ".{other}/orgs",
    ":80/orgs",
    "//{other}/orgs",
    "///{other}/orgs",
    "/\\{other}/orgs",
    "\\\\{other}/orgs",
    "/@{other}/orgs",
    "http://{other}/orgs",
    "HTTP://{other}/orgs",
    "http:{other}/orgs",
    "http:/{other}/orgs",
    "http:\\\\{other}\\orgs",
    "https://{other}/orgs",
    "ftp://{other}/orgs",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "http://{own}@{other}/orgs",
    "http://{own}:80@{other}/orgs",
    "http://user:word@{own}/orgs",
    "http://{other}#@{own}/orgs",
    "http://{other}?@{own}/orgs",
    "http://{other}\\@{own}/orgs",
    "http://{own}.{other}/orgs",
    "http://{own}\t@{other}/orgs",
    "ht\ntp://{other}/orgs",
    "\thttp://{other}/orgs",
    " http://{other}/orgs",
    "http://{other}\r\nHost: {own}",
    "http://127。0。0。1/orgs",
    "http://{other}℀/orgs",
    "http://[::1",
    "http://[::1]@{other}/orgs",
    "http://[{other}]/orgs",
    "http://{own}:99999999/orgs",
    "http://{own}:x/orgs",
    "http://",
    "http:///orgs",
    "?x=http://{other}",
    "#@{other}",
    "/orgs\x00@{other}",
    "/orgs HTTP/1.1\r\nHost: {other}\r\n\r\nGET /",
    "/" + "o" * 1_000_000,
    "http://{other}/" + "o" * 1_000_000,
]


def paged(following: str) -> Answer:
    """A server whose every page names the same next one."""
    data = [{"type": "project", "id": str(number), "attributes": {}} for number in range(10)]
    body = {"jsonapi": {"version": "1.0"}, "data": data, "links": {"next": following}}
    return lambda _: reply(body, content_type="application/vnd.api+json")


def target_at(url: str) -> UrlTarget:
    return UrlTarget(
        contract=SNYK, name="selftest", base_url=url, credentials={"default": TOKEN},
        clock=ManualClock(), parameters={"org_id": (ORG,)},
    )  # fmt: skip


@contextmanager
def client_at(url: str) -> Iterator[Client]:
    target = target_at(url)
    yield target.session("a test", "an item", []).client
    target.close()


CLIENTS = {
    base: target_at(f"{base}{path}").session("a test", "an item", []).client
    for base, path in (("http://127.0.0.1:9", ""), ("https://api.test.invalid", "/rest"), ("http://[::1]:8080", "/v2"))
}


def place(server: RawServer) -> str:
    return server.url.removeprefix("http://")


@pytest.mark.parametrize("base", ["", "/rest"])
def test_no_link_takes_the_token_to_another_listener(base: str) -> None:
    served = raw_server(lambda _: reply({})), raw_server(lambda _: reply({}))
    with served[0] as own, served[1] as other, client_at(f"{own.url}{base}") as made:
        for link in ELSEWHERE:
            own.answer = paged(link.replace("{other}", place(other)).replace("{own}", place(own)))
            client = evolve(made, exchanges=[], health=Health())
            with suppress(Violation, HarnessError):
                Collection(client, LIST, SNYK.conventions.paging, {"org_id": ORG}).walk(10)
    assert own.requests >= len(ELSEWHERE)
    assert {asked.headers["authorization"] for asked in own.asked} == {f"token {TOKEN}"}
    assert other.asked == []


@pytest.mark.parametrize(
    "link", ["http://[::1", "http://elsewhere.invalid/orgs", "x:@elsewhere.invalid/", "/" + "o" * 10**6]
)
def test_a_link_that_leads_away_is_a_failure_of_links_which_blocks_walks(link: str) -> None:
    found = {}
    with raw_server(paged(link)) as server:
        target = target_at(f"{server.url}/rest")
        run = Run(SNYK, target, examples=1)
        for name in ("snyk.pagination.links-are-urls", "snyk.pagination.walk-exactly-once"):
            items = [item for test, function in TESTS.items() for item in items_of(function, test, SNYK)]
            of_it = [item for item in items if item.requirement.id == name and item.operation == LIST.id]
            found[name] = run.run(of_it[0])
        target.close()
    links, walk = found.values()
    assert (links.outcome, walk.outcome) == (Outcome.VIOLATED, Outcome.BLOCKED)
    assert walk.blocked_by is not None
    assert walk.blocked_by.text == "snyk.pagination.links-are-urls"
    assert all(len(str(result.reason)) < 2000 for result in found.values())


def test_a_link_is_followed_in_every_form_that_leads_to_the_target() -> None:
    path = f"/orgs/{ORG}/projects"
    with raw_server(lambda _: reply({})) as server, client_at(f"{server.url}/rest") as client:
        asked = f"{server.url}/rest{path}?version=2024-10-15&limit=10"
        for link in (
            f"?{CURSOR}", f"{path}?{CURSOR}", f"/rest{path}?{CURSOR}", f"{server.url}/rest{path}?{CURSOR}",
            f"//{place(server)}/rest{path}?{CURSOR}", f"{SNYK.conventions.origin}{path}?{CURSOR}", f"?{CURSOR}#top",
        ):  # fmt: skip
            client.follow(link, asked)
            assert server.asked[-1].target == f"/rest{path}?{CURSOR}", link
    assert server.requests == 7


def _same(answer: bytes, _: Asked) -> bytes:
    return answer


def test_a_redirect_and_a_location_are_not_followed() -> None:
    with raw_server(lambda _: reply({})) as other:
        for status in (201, 301, 302, 303, 307, 308):
            answer = reply({}, f"{status} Moved", location=f"{other.url}/orgs")
            with raw_server(partial(_same, answer)) as own, client_at(own.url) as client:
                client.call(LIST, {"org_id": ORG})
                assert own.requests == 1
    assert other.asked == []


@given(st.text(max_size=60) | st.from_regex(r"\A(https?:)?[/\\]{0,3}[@:.a-z0-9\[\]?#%-]{0,40}\Z"))
@example("\ud800")
@example("x:@other.invalid/")
@example("//[")
@example("@other.invalid")
def test_whatever_a_link_holds_the_url_has_the_origin_of_the_target_or_none_is_made(link: str) -> None:
    for base, made in CLIENTS.items():
        asked: list[str] = []
        client = evolve(made, exchanges=[], transport=httpx2.MockTransport(partial(_noted, asked)))
        with suppress(NotFollowed):
            client.follow(link)
        with suppress(NotFollowed):
            client.send("GET", link)
        with suppress(NotFollowed):
            client.send("GET", "/", query={"cursor": link})
        for url in asked:
            assert f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" == base


def _noted(asked: list[str], request: httpx2.Request) -> httpx2.Response:
    asked.append(str(request.url))
    return httpx2.Response(404)


def test_a_request_is_checked_once_more_before_it_carries_a_credential() -> None:
    with raw_server(lambda _: reply({})) as own, client_at(own.url) as client:
        client.url = lambda path, query: "http://elsewhere.invalid/"  # type: ignore[method-assign]  # noqa: ARG005
        with pytest.raises(NotFollowed, match=r"leads away from http://127.0.0.1"):
            client.send("GET", "/orgs")
    assert own.requests == 0


@pytest.mark.parametrize(
    "base",
    [
        "", "x", "ftp://a.test", "http://", "http://[::1", "http://a@b.test", "http://a.test?x", "http://a.test/#x",
        "http://a.test:0", "https://bücher.test",
    ],
)  # fmt: skip
def test_a_base_url_is_checked_once(base: str) -> None:
    with pytest.raises(TargetError, match="is no base URL"):
        Origin.of(base)


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://api.test/v2", "http://api.test/v2"),
        ("https://[::1]:8443/v2", "http://[::1]/v2"),
        ("https://api.test:8443", "http://api.test"),
        ("http://127.0.0.1/v2", None),
        ("https://[::1", None),
    ],
)
def test_the_url_in_clear_names_the_same_host(url: str, plain: str | None) -> None:
    assert in_clear(url) == plain


@given(st.text())
@example("http://[::1")
@example("http://a\ud800")
@example("http://127.0.0.1:" + "9" * 5000)
def test_any_text_has_an_origin_or_none(text: str) -> None:
    origin_of(text)
    is_loopback(text)


def test_a_url_of_the_largest_size_is_asked_for_and_no_larger_one() -> None:
    with raw_server(lambda _: reply({})) as server, client_at(server.url) as client:
        client.send("GET", "/" + "o" * (LONGEST - 100))
        with pytest.raises(NotFollowed, match=r"a URL of \d+ characters is not asked for"):
            client.send("GET", "/" + "o" * LONGEST)
    assert server.requests == 1
