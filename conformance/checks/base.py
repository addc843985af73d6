"""What a check is: a pure function from an exchange to findings, registered under a name."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator, Mapping, Set
from functools import lru_cache
from typing import Any, Literal

from attrs import field, frozen
from pydantic import StrictInt

from conformance.contract import Contract, Record
from conformance.contract.verdict import Outcome
from conformance.traffic.exchange import Exchange
from conformance.traffic.pages import Page, page_of
from conformance.traffic.urls import origin_of

Party = Literal["server", "client"]


@frozen
class Finding:
    """What a check saw in one exchange.

    Attributes:
        outcome: `HELD`, `VIOLATED`, `BLOCKED`, or None for a note: worth telling, but no verdict.
        message: one sentence; empty where the rule held.
        expected, actual: the two sides of a violation.
        party: whose it is.
        blocked_by: the id of the requirement that the exchange breaks so that no more can be said of its content.
    """

    outcome: Outcome | None
    message: str = ""
    expected: str | None = None
    actual: str | None = None
    party: Party = "server"
    blocked_by: str | None = None


HELD = Finding(Outcome.HELD)


def violated(message: str, *, expected: str, actual: Any, party: Party = "server") -> Finding:
    """A finding that the rule does not hold; its texts are cut to a readable length."""
    return Finding(Outcome.VIOLATED, shown(message, 600), shown(expected), shown(actual), party)


def note(message: str) -> Finding:
    return Finding(None, shown(message, 600))


def shown(value: Any, limit: int = 300) -> str:
    """A value as people read it: text as it is, also in bytes, all else as JSON; cut to a readable length."""
    value = _plain(value) if isinstance(value, bytes) else value
    return _cut(value if isinstance(value, str) else _json(value), limit)


def as_json(value: Any, limit: int = 300) -> str:
    """A value as JSON writes it, text in quotes, cut to a readable length."""
    return _cut(_json(value), limit)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters in all)"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    """What JSON has no form for: a set as the list of its members, all else as text."""
    if isinstance(value, bytes):
        # What is no text in them is told apart, too.
        return value.decode("utf-8", "backslashreplace")
    return sorted(value, key=str) if isinstance(value, Set) else str(value)


@frozen(slots=False)
class Sight:
    """What a check looks at.

    Attributes:
        exchange: the exchange to be judged.
        contract: what is promised about it.
        arguments: what the requirement's record binds the check with.
        memory: kept for this requirement over all exchanges of a run, for rules about several of them.
        sequence: kept for this requirement over the exchanges of one item, or of one recording.
        position: the number of the exchange in that sequence, counted from 1.
        writes: how many writes have succeeded before: a list may have changed since.
        strict: the target claims the document to the letter.
        facts: what is known of the target beyond the document.
    """

    exchange: Exchange
    contract: Contract
    arguments: Mapping[str, Any] = field(factory=dict)
    memory: dict[Any, Any] = field(factory=dict)
    sequence: dict[Any, Any] = field(factory=dict)
    position: int = 1
    writes: int = 0
    strict: bool = False
    facts: Mapping[str, Any] = field(factory=dict)

    @property
    def page(self) -> Page | None:
        """The page a successful list answer holds."""
        return page_in(self.exchange, self.contract)

    @property
    def caller(self) -> str | None:
        """Who asked, as far as the recording tells: the credential's mark."""
        auth, request = self.contract.conventions.auth, self.exchange.request
        return request.parameter(auth.parameter) if auth.parameter else request.header(auth.header)

    @property
    def place(self) -> Hashable:
        """What tells one endpoint from another: the operation, or what was asked for where the contract has none."""
        exchange = self.exchange
        return exchange.known_as if exchange.operation else (exchange.request.method, exchange.path)

    @property
    def state(self) -> Hashable:
        """What tells one state of the target's lists, as this caller sees them, from another."""
        return (self.writes, self.caller)

    @property
    def is_documented_host(self) -> bool:
        """Whether the request went to the host that the document names, and not to an emulator's."""
        asked, documented = (origin_of(url) for url in (self.exchange.request.url, self.contract.conventions.origin))
        return asked is not None and documented is not None and asked.host == documented.host


def controlled(sight: Sight, key: Hashable, *, control: bool, held: bool) -> Iterator[Finding]:
    """Evidence that counts once a run has seen its control, too: what shows that it could have failed.

    A refusal proves something only where the same is accepted if it is well made; an end that is marked, only where
    something else is told of a page that is no end. Which of the two comes first does not matter.

    Args:
        key: what an exchange that holds and its control have in common.
        control: this exchange is a control.
        held: the rule holds in this exchange.
    """
    controls: set[Hashable] = sight.memory.setdefault("controls", set())
    waiting: set[Hashable] = sight.memory.setdefault("waiting for a control", set())
    if control:
        controls.add(key)
    if held:
        waiting.add(key)
    if key in controls and key in waiting:
        waiting.remove(key)
        yield HELD


@lru_cache(maxsize=1)
def page_in(exchange: Exchange, contract: Contract) -> Page | None:
    """The page a successful list answer holds."""
    # Many checks look at one exchange after the other.
    return page_of(exchange, contract.conventions.lists)


Check = Callable[[Sight], Iterator[Finding]]
When = Callable[[Exchange], bool]


class Arguments(Record):
    """What a record may bind a check with."""


Numbers = tuple[StrictInt, ...]


CHECKS: dict[str, Check] = {}
TAKES: dict[str, type[Arguments]] = {}
"""Check → the arguments it takes."""
WHEN: dict[str, When] = {}
"""Check → which exchanges it has anything to say of; of those that are not here, any."""


def check(name: str, takes: type[Arguments] = Arguments, when: When | None = None) -> Callable[[Check], Check]:
    """Registers a check under a rule's name, or under a name that requirement records bind to.

    Args:
        when: which exchanges it has anything to say of; it is asked of every one, and so has to be cheap.
    """

    def register(function: Check) -> Check:
        assert name not in CHECKS, name
        CHECKS[name], TAKES[name] = function, takes
        if when is not None:
            WHEN[name] = when
        return function

    return register
