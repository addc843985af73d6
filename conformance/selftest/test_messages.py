"""What a failure says is true and can be tried again, over many faults of the references."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from attrs import define, field, frozen

from conformance import reference, suite
from conformance.checks.base import Finding, as_json, shown
from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.properties import Item, Run, items_of
from conformance.reference.faults import Fault
from conformance.targets import Client, Observer, ReferenceTarget, Session
from conformance.traffic.curl import curl
from conformance.traffic.exchange import Exchange

EVERY = 9
"""One of so many faults is looked at."""

OF_SEVERAL = ("crud.get-is-safe", "pagination.stable-reread")
"""Requirements of several readings that are to be alike: one alone is in order."""

PYTHON = re.compile(
    r"\b(None|True|False|NoneType|dict|0 pieces)\b|Error\(|set\(\)| object at 0x|<class|\[Errno|\bb'|[\[{(]'|': "
)
CALLED = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/[^\s,;:)]*)")


@define(eq=False)
class Kept(ReferenceTarget):
    """A reference that goes on after an item: what it was asked last can be asked again."""

    servers: list[reference.Server] = field(factory=list)
    clients: list[Client] = field(factory=list)

    def session(self, test: str, item: str, observers: list[Observer]) -> Session:
        session = super().session(test, item, observers)
        app = session.client.transport.app  # type: ignore[attr-defined]
        assert isinstance(app, reference.Server)
        self.servers.append(app)
        self.clients.append(session.client)
        return session


def _slug(item: Item) -> str:
    return item.requirement.id.partition(".")[2]


@frozen
class Failure:
    """One violation that a fault led to."""

    fault: Fault
    item: Item
    finding: Finding
    exchange: Exchange | None
    server: reference.Server
    client: Client

    @property
    def can_be_made_again(self) -> bool:
        """Whether one call shows it, and nothing that is gone by now: no limit, and nothing the item itself wrote."""
        assert self.exchange is not None
        only_read = all(exchange.request.method == "GET" for exchange in self.client.exchanges)
        return only_read and self.exchange.response.status != 429 and _slug(self.item) not in OF_SEVERAL

    @property
    def texts(self) -> Iterator[str]:
        yield from (str(text) for text in (self.finding.message, self.finding.expected, self.finding.actual))


def failures(api: str) -> Iterator[Failure]:
    contract = load(api)
    bound = [item for test in suite.tests() for item in items_of(test.function, test.name, contract)]
    for fault in reference.faults_of(api)[::EVERY]:
        target = Kept(contract, fault=fault)
        run = Run(contract, target)
        for item in bound:
            if item.requirement.id != fault.requirement:
                continue
            result = run.run(item)
            if result.outcome is Outcome.VIOLATED:
                one = result.shown[0]
                yield Failure(fault, item, one.finding, one.exchange, target.servers[-1], target.clients[-1])
                break


@pytest.mark.parametrize("api", reference.APIS)
def test_failures_are_told_to_people_each_with_the_exchange_that_shows_it_and_how_to_make_it_again(api: str) -> None:
    """In one test, since what it takes is to make them all."""
    found = list(failures(api))
    assert len(found) >= 18
    messages_are_written_for_people_and_not_in_python(found)
    each_shows_an_exchange(found)
    the_call_that_a_message_names_is_the_one_that_is_shown(found)
    the_curl_line_gets_the_answer_that_is_shown(found)


def messages_are_written_for_people_and_not_in_python(found: list[Failure]) -> None:
    wrong = [(each.fault.id, text) for each in found for text in each.texts if PYTHON.search(text)]
    assert wrong == []


def each_shows_an_exchange(found: list[Failure]) -> None:
    assert [each.fault.id for each in found if each.exchange is None] == []


def the_call_that_a_message_names_is_the_one_that_is_shown(found: list[Failure]) -> None:
    wrong = []
    for each in found:
        named = CALLED.findall(each.finding.message)
        assert each.exchange is not None
        shown_by = {
            (each.exchange.request.method, path)
            for path in (each.exchange.path, each.exchange.known_as.partition(" ")[2])
        }
        told = shown_by & {(method, path.rstrip(".")) for method, path in named}
        if not (told if named else each.exchange.known_as == each.item.operation):
            wrong.append((each.fault.id, each.finding.message, str(each.exchange)))
    assert wrong == []


def asked_again(each: Failure) -> httpx2.Response:
    """The answer to what the curl line of a failure sends."""
    assert each.exchange is not None
    assert isinstance(each.server.clock, reference.VirtualClock)
    each.server.clock.advance(120)
    variables = load(each.fault.api).conventions.auth.credentials
    words = shlex.split(curl(each.exchange.request, variables))
    # Not every server knows all that the document names: some are for a second account, or to be used up.
    known = each.server.credentials
    tokens = {f"${{{variable}}}": known[name] for name, variable in variables.items() if name in known}
    for mark, token in tokens.items():
        words = [word.replace(mark, token) for word in words]
    lines = [words[at + 1].partition(": ") for at, word in enumerate(words) if word == "-H"]
    headers = [(name, value) for name, _, value in lines]
    url = words[words.index("--url") + 1]
    with httpx2.Client(transport=httpx2.WSGITransport(app=each.server)) as client:
        client.headers.clear()
        return client.get(url, headers=headers)


UUID = r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
MOVING = re.compile(rf"\d{{4}}-\d\d-\d\d[T ][\d:.]+Z?|\b1[67]\d{{8,11}}\b|{UUID}")


def still(text: str) -> str:
    """A body without times, and without the ids of errors, each of which is one of its own."""
    return MOVING.sub("…", text)


def the_curl_line_gets_the_answer_that_is_shown(found: list[Failure]) -> None:
    tried, other = 0, []
    for each in found:
        if not each.can_be_made_again:
            continue
        tried += 1
        assert each.exchange is not None
        answer, said = asked_again(each), each.exchange.response
        if answer.status_code != said.status or still(answer.text) != still(said.text):
            other.append((each.fault.id, said.status, answer.status_code, said.text[:150], answer.text[:150]))
    assert tried >= 10
    assert other == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        ({"a": 1, "b": [None, "ü"]}, '{"a": 1, "b": [null, "ü"]}'),
        ({"b", "a"}, '["a", "b"]'),
        (("x", 1), '["x", 1]'),
        (2048.0, "2048.0"),
        ("as it is", "as it is"),
        ("", ""),
        ("<p>ü".encode(), "<p>ü"),
    ],
)
def test_values_are_shown_as_json(value: Any, text: str) -> None:
    assert shown(value) == text
    assert as_json(value) == (f'"{text}"' if isinstance(value, (str, bytes)) else text)


def test_bytes_that_are_no_text_are_told_apart() -> None:
    assert (shown(b"a\xff"), shown(b"a\xfe")) == ("a\\xff", "a\\xfe")


def test_a_long_value_is_cut() -> None:
    assert shown("x" * 400, 10) == f"{'x' * 10}… (400 characters in all)"
    assert as_json(["x" * 400], 10).endswith("… (404 characters in all)")
