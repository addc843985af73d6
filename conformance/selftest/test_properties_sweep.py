"""The end of a run: what was made is deleted whatever its create was answered, and nothing of others is touched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import define, field

from conformance.contract import load
from conformance.properties import play
from conformance.properties.cleanup import POLL_SECONDS, POLLS, clean_up, finish, poll
from conformance.selftest.servers import Asked, RawServer, raw_server, reply, url_target
from conformance.targets import Client, UrlTarget
from conformance.targets.clock import ManualClock

VULTR = load("vultr")


@define
class Zones:
    """An account with domains, whose answers can be made worse.

    Attributes:
        there: what it has.
        answers: how a create of a name is answered, where not with a success.
        as_shown: the name that it gives what it creates.
        unread: how the list is answered, where not with what is there.
        undeletable: names that stay.
        late: readings of the list before which it shows nothing that was created.
    """

    there: list[str] = field(factory=list)
    answers: Callable[[str], bytes | None] = lambda _: None
    as_shown: Callable[[str], str] = lambda name: name
    unread: bytes | None = None
    undeletable: tuple[str, ...] = ()
    late: int = 0
    deleted: list[str] = field(factory=list)
    read: int = 0

    def __call__(self, asked: Asked) -> bytes:
        name = asked.path.removeprefix("/v2/domains").removeprefix("/")
        if asked.method == "POST":
            shown = self.as_shown(json.loads(asked.body)["domain"])
            self.there.append(shown)
            answer = self.answers(shown)
            return answer if answer is not None else reply({"domain": {"domain": shown}}, "201 Created")
        if asked.method == "DELETE":
            if name in self.undeletable:
                return reply({"error": "in use", "status": 409}, "409 Conflict")
            self.deleted.append(name)
            if name not in self.there:
                return reply({"error": "no", "status": 404}, "404 Not Found")
            self.there.remove(name)
            return reply(status="204 No Content")
        if name:
            there = name in self.there
            return reply({"domain": {"domain": name}}) if there else reply({"error": "no"}, "404 Not Found")
        self.read += 1
        if self.unread is not None:
            return self.unread
        listed = [] if self.read <= self.late else [{"domain": domain} for domain in self.there]
        return reply({"domains": listed, "meta": {"total": len(listed), "links": {"next": "", "prev": ""}}})


@pytest.fixture
def zones() -> Zones:
    return Zones(["shop.example.com"])


@pytest.fixture
def served(zones: Zones, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[RawServer]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with raw_server(zones) as server:
        yield server


@pytest.fixture
def target(served: RawServer) -> Iterator[UrlTarget]:
    target = url_target(served.url, capabilities=frozenset({"writes"}))
    yield target
    target.close()


def create(target: UrlTarget, number: int = 1) -> tuple[Client, str]:
    client = target.session("a test", "an item", []).client
    name = f"{target.guard.prefix}-00000000-{number}.example.com"
    client.send("POST", "/v2/domains", body={"domain": name})
    return client, name


def finished(target: UrlTarget) -> tuple[list[str], list[str]]:
    told: list[str] = []
    return finish(target, told.append), told


LOST = reply({"error": "oh"}, "502 Bad Gateway")


def test_what_was_made_is_deleted_and_nothing_else(zones: Zones, target: UrlTarget) -> None:
    _, name = create(target)
    assert finished(target) == ([], [f"domain {name}: deleted"])
    assert zones.there == ["shop.example.com"]
    assert zones.deleted == [name]


def test_a_run_that_made_nothing_asks_nothing(served: RawServer, target: UrlTarget) -> None:
    assert finished(target) == ([], [])
    assert served.requests == 0


def test_what_was_made_though_its_create_was_not_answered_is_found_by_its_name(zones: Zones, target: UrlTarget) -> None:
    zones.answers = lambda _: LOST
    _, name = create(target)
    assert finished(target) == ([], [f"domain {name}: deleted"])
    assert zones.there == ["shop.example.com"]


def test_what_was_not_made_is_said_not_to_be_there(zones: Zones, target: UrlTarget) -> None:
    zones.answers = lambda name: zones.there.remove(name) or LOST  # type: ignore[func-returns-value]
    _, name = create(target)
    assert finished(target) == ([], [f"domain {name}: is not there"])
    assert zones.deleted == []


def test_what_comes_late_is_waited_for(zones: Zones, target: UrlTarget) -> None:
    zones.answers, zones.late = lambda _: LOST, 4
    _, name = create(target)
    before = target.clock.now()
    assert finished(target)[1] == [f"domain {name}: deleted"]
    assert zones.there == ["shop.example.com"]
    assert target.clock.now() - before < 6 * POLL_SECONDS, "no longer than until it is there"


def test_what_has_an_answer_is_not_waited_for(zones: Zones, target: UrlTarget) -> None:
    create(target)
    finished(target)
    assert zones.read == 1


def test_what_was_refused_and_made_all_the_same_is_deleted(zones: Zones, target: UrlTarget) -> None:
    zones.answers = lambda _: reply({"error": "no"}, "403 Forbidden")
    _, name = create(target)
    assert finished(target) == ([], [f"domain {name}: deleted"])
    assert zones.there == ["shop.example.com"]


def test_what_was_made_twice_is_deleted_twice(zones: Zones, target: UrlTarget) -> None:
    _, name = create(target)
    # A target adds a number to a name that is taken.
    zones.there.append(f"{name}-copy".replace(".example.com-copy", "-copy.example.com"))
    again = f"{name}.example.org"
    zones.there.append(again)
    left, told = finished(target)
    assert left == []
    assert told == [f"domain {name}: deleted", f"domain {again}: deleted"]
    assert zones.there == ["shop.example.com", f"{name.removesuffix('.example.com')}-copy.example.com"]


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        (str.upper, True),
        (lambda name: f"{name}.", True),
        (lambda name: f"{name}-2", True),
        (lambda name: f"{name}2", False),
        (lambda name: f"x{name}", False),
    ],
)
def test_a_name_may_come_back_in_another_case_or_with_something_added(
    zones: Zones, target: UrlTarget, shown: Callable[[str], str], found: bool
) -> None:
    zones.answers, zones.as_shown = lambda _: LOST, shown
    create(target)
    finished(target)
    assert (zones.there == ["shop.example.com"]) == found


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (reply({"error": "oh"}, "500 Oh"), "the list cannot be read: "),
        (
            reply({"domains": [{"domain": "x"}], "meta": {"total": 1, "links": {"next": "again", "prev": ""}}}),
            "the list cannot be read: the cursor again came twice",
        ),
    ],
)
def test_where_the_list_cannot_be_read_what_is_lost_is_left_over(
    zones: Zones, served: RawServer, target: UrlTarget, answer: bytes, why: str
) -> None:
    zones.answers, zones.unread = lambda _: LOST, answer
    _, name = create(target)
    (left,), told = finished(target)
    assert told == [left.partition("; it is at ")[0]]
    assert left.startswith(f"domain {name}: not deleted: its create was not answered, and {why}")
    assert left.endswith(f"; it is at {served.url}/v2/domains")


def test_what_was_read_before_a_list_broke_off_is_deleted_all_the_same(zones: Zones, target: UrlTarget) -> None:
    zones.answers = lambda _: LOST
    _, name = create(target)
    zones.unread = reply({"domains": [{"domain": name}], "meta": {"total": 1, "links": {"next": "a", "prev": ""}}})
    finished(target)
    assert zones.there == ["shop.example.com"]


def test_what_cannot_be_deleted_is_told_with_where_it_is(zones: Zones, served: RawServer, target: UrlTarget) -> None:
    _, name = create(target)
    zones.undeletable = (name,)
    at = f"{served.url}/v2/domains/{name}"
    assert finished(target)[0] == [f"domain {name}: not deleted: DELETE {at} → 409; it is at {at}"]


def test_what_could_not_be_deleted_is_tried_again_at_the_end(zones: Zones, target: UrlTarget) -> None:
    client, name = create(target)
    zones.undeletable = (name,)
    assert clean_up(client) == [f"domain {name}"]
    zones.undeletable = ()
    assert finished(target) == ([], [f"domain {name}: deleted"])


def test_what_is_deleted_last_is_what_was_made_first(zones: Zones, target: UrlTarget) -> None:
    _, first = create(target, 1)
    _, second = create(target, 2)
    finished(target)
    assert zones.deleted == [second, first]


def test_what_fills_a_list_stays_until_the_end(zones: Zones, target: UrlTarget) -> None:
    client, first = create(target, 1)
    client.guard.made[0].kept = True
    _, second = create(target, 2)
    assert clean_up(client) == []
    assert zones.deleted == [second]
    assert finished(target)[1] == [f"domain {first}: deleted"]
    assert zones.there == ["shop.example.com"]


def test_what_a_delete_did_not_remove_is_left_over(zones: Zones, served: RawServer, target: UrlTarget) -> None:
    client, name = create(target)
    zones.deleted.clear()

    def stays(asked: Asked) -> bytes:
        return reply(status="204 No Content") if asked.method == "DELETE" else zones(asked)

    served.answer = stays
    before = client.clock.now()
    assert clean_up(client) == [f"domain {name}"]
    assert client.guard.made[0].why == "a delete of it was answered 204 No Content, but it is still there"
    assert client.clock.now() - before >= POLLS * POLL_SECONDS


def test_a_poll_ends_when_it_holds_or_after_its_time() -> None:
    client = play(VULTR).client
    clock = client.clock
    assert isinstance(clock, ManualClock)
    before = clock.now()
    assert poll(client, lambda: True)
    assert clock.now() == before
    assert not poll(client, lambda: False)
    assert clock.now() == before + POLLS * POLL_SECONDS == before + 10.0
