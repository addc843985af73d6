"""Sites, teams and variables at a target that is not thrown away: what is created, found again and deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from conformance.contract import load
from conformance.properties import Things, play, requirement
from conformance.properties.cleanup import clean_up, finish
from conformance.properties.items import items_of
from conformance.properties.mock import MockServer
from conformance.reference import VirtualClock, build
from conformance.reference.serve import serve
from conformance.suite.netlify.environment import ids_of, values_of
from conformance.targets import Client, TargetError, Unsupported, UrlTarget
from conformance.targets.clock import ManualClock
from conformance.targets.guard import Guard
from conformance.targets.identity import CONTACT, user_agent
from conformance.targets.ledger import Ledger
from conformance.targets.oauth import StateDiffers, authorization, granted

NETLIFY = load("netlify")
SITE, SNIPPET = (next(one for one in NETLIFY.conventions.resources if one.name == name) for name in ("site", "snippet"))
RUN = "conformance-0a1b2c3d"
IN_TEAM = "POST /api/v1/{account_slug}/sites/"


class Kept(Ledger):
    """A ledger in memory."""

    def _append(self, entry: Mapping[str, Any]) -> None:
        pass


def live(played: MockServer, **given: tuple[str, ...]) -> Client:
    """The client of a played server that others use, too, with what they gave up."""
    ledger = Kept(None, {})  # type: ignore[arg-type]  # it has no file
    played.client.guard = Guard(NETLIFY, writes=True, prefix=RUN, ledger=ledger, given_up=given)
    return played.client


def snippets(played: MockServer, client: Client, answers: httpx.Response) -> Things:
    """Snippets of a site that was given up, whose creates are answered so, and listed under the ids 7, 8 …"""
    listed = [{"id": 6, "title": "somebody's"}]

    def create(asked: httpx.Request) -> httpx.Response:
        listed.append({"id": len(listed) + 6, "title": json.loads(asked.content)["title"]})
        return answers

    played.routes.post(path__regex="/snippets$").mock(side_effect=create)
    played.routes.get(path__regex="/snippets$").mock(side_effect=lambda _: httpx.Response(200, json=listed))
    played.routes.delete(path__regex="/snippets/").respond(204)
    played.routes.get(path__regex="/snippets/[0-9]+$").respond(404)
    return Things(client, NETLIFY, SNIPPET, RUN + "-00000000", {"site_id": "site-1"})


@pytest.mark.parametrize("answer", [httpx.Response(201), httpx.Response(200, json={}), httpx.Response(204)])
def test_what_a_create_does_not_show_is_found_by_its_name(answer: httpx.Response) -> None:
    played = play(NETLIFY)
    client = live(played, site_id=("site-1",))
    made = snippets(played, client, answer)
    assert [made.create(), made.create()] == ["7", "8"]
    assert clean_up(client) == []
    deleted = [one.url.path for one in played.raw if one.method == "DELETE"]
    assert deleted == ["/api/v1/sites/site-1/snippets/8", "/api/v1/sites/site-1/snippets/7"]


@contextmanager
def served(**given: tuple[str, ...]) -> Iterator[UrlTarget]:
    """The reference server on loopback, as a target that others use, too."""
    server = build("netlify", clock=VirtualClock(), require_https=False)
    with serve(server) as url:
        target = UrlTarget(
            contract=NETLIFY,
            name="selftest",
            base_url=url,
            credentials=server.credentials,
            clock=ManualClock(),
            capabilities=frozenset({"writes"}),
            disposable=given,
        )
        yield target
        target.close()


def test_a_site_of_a_team_is_noted_and_deleted() -> None:
    with served(account_slug=("ada-works",)) as target:
        client = target.session("a", "b", []).client
        things = Things(client, NETLIFY, SITE, f"{target.guard.prefix}-00000000", {"account_slug": "ada-works"})
        things.by = IN_TEAM
        site = things.create()
        assert things.created == [site]
        assert things.read(site)["account_slug"] == "ada-works"
        assert finish(target) == []
        assert things.get(site).response.status == 404


def test_a_site_without_a_name_is_deleted_by_its_id() -> None:
    with served() as target:
        client = target.session("a", "b", []).client
        things = Things(client, NETLIFY, SITE, f"{target.guard.prefix}-00000000")
        answer = things.post({})
        assert answer.response.status == 201
        assert finish(target) == []
        assert things.get(str(answer.response.at("/id"))).response.status == 404


def test_a_team_that_was_not_given_up_gets_no_site() -> None:
    client = live(play(NETLIFY), account_slug=("mine",))
    with pytest.raises(Unsupported, match="account_slug others was not created by this run"):
        client.call(NETLIFY.operation(IN_TEAM), {"account_slug": "others"}, body={"name": f"{RUN}-00000000-1"})


VARIABLE = NETLIFY.operation("PUT /api/v1/accounts/{account_id}/env/{key}")


def test_what_belongs_to_what_was_given_up_may_be_written_to() -> None:
    played = play(NETLIFY)
    played.routes.put(path__regex="/env/").respond(200, json={})
    client = live(played, account_id=("mine",))
    assert client.call(VARIABLE, {"account_id": "mine", "key": "KEY"}, body={}).response.ok
    with pytest.raises(Unsupported, match="account_id others was not created by this run"):
        client.call(VARIABLE, {"account_id": "others", "key": "KEY"}, body={})
    with pytest.raises(Unsupported, match="site_id site-1 was not created by this run"):
        client.call(VARIABLE, {"account_id": "mine", "key": "KEY"}, body={}, query={"site_id": "site-1"})


def test_what_a_user_named_for_reading_is_not_written_to_below_it_either() -> None:
    client = live(play(NETLIFY), account_id=("mine",))
    client.guard.known = {"key": ("THEIRS",)}
    with pytest.raises(Unsupported, match="key THEIRS was not created by this run"):
        client.call(VARIABLE, {"account_id": "mine", "key": "THEIRS"}, body={})


def test_a_test_may_be_for_some_operations_alone() -> None:
    @requirement("netlify.crud.env-delete", on=("DELETE /api/v1/accounts/{account_id}/env/{key}", "GET /nothing"))
    def one() -> None: ...

    @requirement("netlify.crud.env-delete")
    def each() -> None: ...

    assert [item.operation for item in items_of(one, "m/one", NETLIFY)] == [
        "DELETE /api/v1/accounts/{account_id}/env/{key}"
    ]
    assert len(items_of(each, "m/each", NETLIFY)) == 2


@pytest.mark.parametrize("contact", ["me@example.com", "https://example.com/me?x=1"])
def test_a_call_names_whom_to_ask(contact: str) -> None:
    assert user_agent({CONTACT: contact}).endswith(f" ({contact})")
    assert " " not in user_agent({})


@pytest.mark.parametrize("contact", ["me", "me@example.com\r\nX: 1", "me@example.com) (x", "ftp://example.com", "@b.c"])
def test_what_names_nobody_is_told(contact: str) -> None:
    with pytest.raises(TargetError, match=f"{CONTACT}: .* is neither an e-mail address nor a URL"):
        user_agent({CONTACT: contact})


def test_an_application_sends_users_where_the_document_says() -> None:
    assert authorization(play(NETLIFY).client, state="a b") == "https://app.netlify.com/authorize?state=a+b"
    with pytest.raises(Unsupported, match="no document says where users grant access"):
        authorization(play(load("vultr")).client)


def test_a_grant_is_the_only_credential_from_then_on() -> None:
    client = play(NETLIFY).client
    own = client.token("default")
    with pytest.raises(StateDiffers):
        granted(client, "https://example.com/#access_token=granted-token&state=x", "y")
    assert client.token("default") == own
    granted(client, "https://example.com/#access_token=granted-token&state=y", "y")
    assert client.credentials == {"default": "granted-token"}
    assert "granted-token" not in client.redactor.text("Bearer granted-token")


def test_a_value_that_is_masked_is_taken_for_what_was_sent() -> None:
    read = {"values": [{"context": "dev", "value": "****"}, {"context": "production", "value": "one", "id": "v1"}]}
    assert values_of(read, {"dev": "two"}) == {"dev": "two", "production": "one"}
    assert ids_of(read) == {"production": "v1"}
    twice = {"values": [{"context": "dev", "value": "one"}] * 2}
    assert values_of(twice, {}) == {"dev": "one", "dev again": "one"}
    assert values_of({"values": None}, {}) == {}
