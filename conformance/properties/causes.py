"""What keeps an item from being judged: the requirement whose failure does, or a sentence where none names the defect.

A defect is charged once, to the requirement that names it. What other items needed and did not get is looked up here:
in what the checks found at the very exchange that failed them, and in what the items came to whose own subject it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from weakref import WeakKeyDictionary

from attrs import define, field, frozen

from conformance.checks import Evidence, bindings
from conformance.checks.form import is_strong
from conformance.contract import Need, Requirement
from conformance.contract.verdict import Outcome
from conformance.targets.errors import Lack
from conformance.traffic.exchange import Exchange, Response

ABSENT = (404, 405, 501)

NAMED_BY: Mapping[Lack, tuple[str, ...]] = {
    "accepted": ("crud.created-is-there", "crud.create-echo", "crud.changes-show", "crud.deleted-is-gone"),
    "limit": ("rate-limit.headers-present", "rate-limit.headers-sane"),
    "walk": ("links.are-urls", "links.keep-context"),
}
"""The checks that name what is wrong with an exchange where its form is not."""

EXPECTED: dict[Lack, str] = {
    "accepted": "a call that is accepted",
    "usable": "a success",
    "list": "what the contract has in it",
    "page": "the next page",
    "prev": "the page before",
    "walk": "a URL, a cursor or an id to ask with, up to the end of the list",
    "limit": "the state of the limit",
}

_WALKS = ("pagination.walk-exactly-once", "pagination.walk-recorded", "pagination.cursors-one-way")
SUBJECT_OF: Mapping[Lack, tuple[str, ...]] = {
    "accepted": ("versioning.documented-version-answers",),
    "page": _WALKS,
    "prev": ("pagination.prev-roundtrip",),
    "walk": (*_WALKS, "pagination.end-marked"),
}
"""The rules, requirements and checks whose subject is that an operation is there, that walks go on, lead back, end."""

Place = tuple[str, str]
"""Requirement id and operation."""


@frozen
class Cause:
    """What blocked an item.

    Attributes:
        text: the id of the requirement whose failure did, or a sentence.
        operation: where that requirement does not hold; None for a sentence.
        why: what a run fails with where the target is at fault and no requirement fails that says so; else None.
        need: what somebody could give, so that more is seen.
    """

    text: str
    operation: str | None = None
    why: str | None = None
    need: Need | None = None


@frozen
class Want:
    """Something that an item needed of an exchange, and did not get.

    Attributes:
        named: the requirements that the exchange breaks so that it is not there, the likeliest first.
    """

    need: Lack
    exchange: Exchange
    named: tuple[Cause, ...]


@frozen
class _Breach:
    """A requirement that an exchange breaks; without the exchange, which is not to be kept."""

    cause: Cause
    of_form: bool
    fails: bool
    checks: frozenset[str]


@define(eq=False)
class Seen:
    """What a run has seen that may block items.

    Attributes:
        served: operations that were answered with a success.
        useless: operation and status → the first well-formed call that came to no answer of any use.
    """

    served: set[str] = field(factory=set)
    useless: dict[tuple[str, int], Exchange] = field(factory=dict)
    _broken: WeakKeyDictionary[Exchange, list[_Breach]] = field(factory=WeakKeyDictionary)

    def note(self, exchange: Exchange) -> None:
        response = exchange.response
        if exchange.negative or exchange.operation is None:
            return
        if is_useless(response):
            self.useless.setdefault((exchange.known_as, response.status), exchange.kept())
        elif response.ok:
            self.served.add(exchange.known_as)

    def add(self, evidence: Evidence) -> None:
        record = evidence.requirement
        if record is not None and evidence.finding.outcome is Outcome.VIOLATED and evidence.finding.party == "server":
            checks = frozenset(each.check for each in bindings(record))
            breach = _Breach(_charged(evidence, record), evidence.of_form, is_strong(record), checks)
            self._broken.setdefault(evidence.exchange, []).append(breach)

    def wanting(self, need: Lack, exchange: Exchange) -> Want:
        """What was needed of an exchange, and what the requirements have against it."""
        found = self._broken.get(exchange, [])
        # That a refusal is not in its form is not why a call is refused.
        of_form = [breach for breach in found if breach.of_form and need != "accepted"]
        others = [
            breach for breach in found if not breach.of_form and not breach.checks.isdisjoint(NAMED_BY.get(need, ()))
        ]
        named = [*sorted(of_form, key=lambda breach: not breach.fails), *others]
        return Want(need, exchange.kept(), tuple(breach.cause for breach in named))

    def of_no_use(self, operation: str) -> Exchange | None:
        """A call of an operation of which every one was in vain; None where one was not."""
        found = [exchange for (name, _), exchange in self.useless.items() if name == operation]
        return found[0] if found and operation not in self.served else None


def is_useless(response: Response) -> bool:
    """Whether an answer to a well-formed call is neither a success nor a refusal that its caller may have earned."""
    not_whole = response.fault is not None or response.unread is not None
    return not_whole or response.status in ABSENT or response.status_class not in (2, 4)


def need_of(exchange: Exchange) -> Lack:
    return "accepted" if exchange.response.status in ABSENT else "usable"


def is_subject(requirement: Requirement, need: Lack) -> bool:
    """Whether what was needed is what a requirement speaks of, so that it fails where that is not there."""
    named = {requirement.rule, requirement.id.partition(".")[2], *(each.check for each in bindings(requirement))}
    return not named.isdisjoint(SUBJECT_OF.get(need, ()))


def _charged(evidence: Evidence, record: Requirement) -> Cause:
    response = evidence.exchange.response
    lost = not is_strong(record) and response.unread is None and not response.is_json
    said = f"{evidence.operation}: {evidence.finding.message}"
    return Cause(record.id, evidence.operation, said if lost else None)


def unjudged(cause: Cause) -> Cause:
    """A requirement that does not hold, and that this run was not asked for: it is told all the same."""
    text = f"{cause.text} does not hold at {cause.operation}"
    return Cause(text, why=text)


def absent(exchange: Exchange) -> Cause:
    """A target that has not what the document says: told, and for whoever runs it to weigh."""
    operation = exchange.operation
    where = ", or has nothing by the values it is asked for with" if operation and operation.path_parameters else ""
    text = f"this target does not serve {exchange.known_as}{where} ({exchange.response.status})"
    return Cause(text, need=Need("an operation that the target may serve at another path", "--discover"))


def fault(need: Lack, exchange: Exchange) -> Cause:
    """A defect that no requirement of this run names."""
    operation, response = exchange.known_as, exchange.response
    match need:
        case "list" if response.is_json:
            return Cause(f"{operation} does not show what it should where the contract has it")
        case "limit":
            return Cause(f"{operation} does not tell the state of the rate limit")
        case "walk" | "page":
            text = f"the list of {operation} cannot be read to its end"
        case _ if not response.answered:
            text = f"{operation} is not answered: {response.fault}"
        case _ if response.fault or response.unread:
            text = f"the answer of {operation} is of no use: {response.fault or response.unread}"
        case _:
            text = f"{operation} is answered {response.reason}"
    return Cause(text, why=text)
