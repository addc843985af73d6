"""Cleaning up: what a run created is deleted, and looked for where nobody knows whether it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext

from attrs import evolve

from conformance.contract import ConformanceError
from conformance.properties.assertions import Violation
from conformance.properties.collection import Collection
from conformance.targets import Client, HarnessError, TargetError, Unsupported, UrlTarget
from conformance.targets.credentials import WRONG, account_of
from conformance.targets.errors import Blocked
from conformance.targets.guard import Guard
from conformance.targets.health import Health
from conformance.targets.ledger import InUse, Made, left, reopen
from conformance.traffic.exchange import Exchange

POLLS = 20
POLL_SECONDS = 0.5
GONE = (404, 410)


def poll(client: Client, done: Callable[[], bool], times: int = 1) -> bool:
    """Asks until `done()` holds so many times in a row, for a bounded time; whether it came to that."""
    for _ in range(POLLS):
        if all(done() for _ in range(times)):
            return True
        client.clock.sleep(POLL_SECONDS)
    return False


def clean_up(client: Client) -> list[str]:
    """Deletes what exists, the last first, since it may need what was there before; returns what could not be deleted.

    What is kept for the run stays. What cannot be deleted keeps the reason in its `why`, and is not tried again.
    """
    tried = [made for made in client.guard.made if made.exists and made.why is None and not made.kept]
    with client.budget.beyond() if client.budget is not None else nullcontext():
        for made in reversed(tried):
            _delete(client, made)
    return [named(client.guard, made) for made in tried if not made.gone]


def finish(target: UrlTarget, tell: Callable[[str], None] = lambda _: None) -> list[str]:
    """Deletes the rest of what a run created, and what lists show under the names that it gave.

    Args:
        tell: is told of each thing what came of it.

    Returns:
        What is left, each with its id, the reason, and where it is.
    """
    guard = target.guard
    if not guard.made:
        return []
    # That tests took the target as down, or it refused them, is no reason to leave anything there untried.
    client = evolve(target.session("clean-up", "clean-up", []).client, health=Health())
    target.budget.count_alone()
    settled = [made for made in guard.made if made.gone]
    with target.budget.beyond():
        _delete_known(client)
        for first in {_place(guard, made): made for made in guard.made}.values():
            _sweep(client, first)
        # What was found only now may have held on to what could not be deleted before.
        _delete_known(client)
    remaining = []
    for made in guard.made:
        if made in settled:
            continue
        came_to = ("deleted" if made.id else "is not there") if made.gone else f"not deleted: {made.why}"
        text = f"{named(guard, made)}: {came_to}"
        tell(text)
        if not made.gone:
            remaining.append(f"{text}; it is at {target.base_url}{_path(guard, made)}")
    return remaining


def _delete_known(client: Client) -> None:
    guard = client.guard
    for made in reversed(guard.made):
        if made.exists and guard.resource_of(made).delete is not None:
            made.why = None
            _delete(client, made)


def take_over(session_id: str, targets: Iterable[UrlTarget]) -> list[str]:
    """Finishes for processes of a run that died before they could; returns what is left."""
    remaining = []
    for target in targets:
        for path in left(target.ledgers):
            try:
                ledger = reopen(path)
            except (InUse, FileNotFoundError, TargetError):
                continue
            if ledger.ended or (ledger.head["session"], ledger.head["api"]) != (session_id, target.contract.api):
                ledger.release()
                continue
            target.take_up(ledger)
            remaining += finish(target)
            target.close()
    return remaining


def named(guard: Guard, made: Made) -> str:
    """What a create made, for people: the kind of thing, and its id, else its name."""
    name = made.id or made.name or "without a name"
    # A target chose it, and a terminal would obey it.
    return f"{guard.resource_of(made).name} {name if name.isprintable() else ascii(name)}"


def _path(guard: Guard, made: Made) -> str:
    resource, contract = guard.resource_of(made), guard.contract
    assert contract is not None
    if made.id is None or resource.delete is None:
        return contract.operation(made.operation).expand(made.values)
    return contract.operation(resource.delete).expand({**made.values, resource.parameter: made.id})


def _delete(client: Client, made: Made) -> None:
    """Deletes one thing and sees that it is gone; after one that cannot be deleted nothing more is created."""
    guard = client.guard
    try:
        made.why = _not_deleted(client, made)
    except (Blocked, HarnessError, Unsupported) as error:
        made.why = str(error)
    if made.why is None:
        guard.gone(made)
    elif not guard.throwaway:
        guard.stop(f"{named(guard, made)} could not be deleted: {made.why}")


def _not_deleted(client: Client, made: Made) -> str | None:
    """Why a thing is still there after an attempt to delete it; None if it is gone."""
    guard = client.guard
    resource, contract = guard.resource_of(made), client.contract
    assert made.id is not None
    if resource.delete is None:
        return f"the contract has no operation to delete a {resource.name}"
    values = {**made.values, resource.parameter: made.id}

    def call(role: str, **options: str | None) -> Exchange:
        return client.call(contract.operation(role), values, query=made.query, **options)

    came = "with a success"
    by: str | None = "default"
    if not made.deleted:
        # Another account may have something of the same name, and not know this one.
        accounts: list[str | None] = ["default"]
        if made.credential in {*client.credentials} - {"default"}:
            accounts = [made.credential, "default"]
        elif made.credential in {None, *WRONG}:
            accounts = ["default", made.credential]
        for by in accounts:
            exchange = call(resource.delete, credential=by)
            if exchange.response.ok or (by == made.credential and _accepted(exchange)):
                break
        if not _accepted(exchange):
            return f"{exchange}"
        came = exchange.response.reason
    read, reader = resource.read, by if by in client.credentials else "default"
    if guard.throwaway or read is None or poll(client, lambda: _is_missing(call(read, credential=reader))):
        return None
    return f"a delete of it was answered {came}, but it is still there"


def _is_missing(exchange: Exchange) -> bool:
    return exchange.response.answered and not exchange.response.ok


def _accepted(exchange: Exchange) -> bool:
    return exchange.response.ok or exchange.response.status in GONE


def _place(guard: Guard, made: Made) -> tuple[str, str]:
    """The list that a create adds to, and the account in whose it is to be looked for."""
    return guard.owner(made), account_of(made.credential)


def _sweep(client: Client, first: Made) -> None:
    """Deletes what the list of a create's resource shows under a name of this run, whatever its create was answered."""
    guard = client.guard
    group = [made for made in guard.made if _place(guard, made) == _place(guard, first)]
    lost = [made for made in group if not made.gone and made.id is None]
    resource = guard.resource_of(first)
    if resource.list is None:
        for made in lost:
            unanswered = f"its create was not answered, and the contract has no list of each {resource.name} to look in"
            made.why = made.why or unanswered
        return
    query = first.query
    found, unread = _bearing_names_of(client, group, query)
    if unread is not None and query and first.values:
        # The path names where it would be, too: a scope that is refused need not be asked for that.
        without, still_unread = _bearing_names_of(client, group, {})
        if still_unread is None:
            found, unread, query = without, None, {}
    if lost and not found and unread is None:
        # The target may still be at it.
        poll(client, lambda: bool(_bearing_names_of(client, lost, query)[0]))
        found, unread = _bearing_names_of(client, group, query)
    for name, identity in found:
        if any(made.id == identity and not made.gone for made in group):
            continue
        looked_for = [made for made in lost if made.name == name and made.query == query]
        if looked_for:
            made = looked_for[0]
            lost.remove(made)
        else:
            # Made although it was refused, or made twice, or back again, or under a name that it was given since.
            made = Made(len(guard.made) + 1, first.operation, first.values, query, first.credential, name)
            guard.note(made)
        guard.found(made, identity)
        _delete(client, made)
    for made in lost:
        if unread is not None and not guard.is_nowhere(made):
            made.why = made.why or f"its create was not answered, and the list cannot be read: {unread}"
        elif made.why is None:
            guard.gone(made)


def _bearing_names_of(
    client: Client, group: list[Made], query: Mapping[str, str]
) -> tuple[list[tuple[str, str]], str | None]:
    """Name and id of each record of a list that bears a name of `group`; and why the list was not read to its end."""
    guard, first = client.guard, group[0]
    resource, pagination = guard.resource_of(first), client.contract.conventions.lists
    names = [name for made in group for name in (made.name, *made.renamed) if name is not None]
    found: list[tuple[str, str]] = []
    try:
        owner = client.acting_as(account_of(first.credential))
        listing = Collection(owner, client.contract.operation(str(resource.list)), pagination, first.values)
        walk = listing.walk(pagination.page_size.largest, query=query, trust_total=False)
    except (ConformanceError, Violation) as error:
        return found, str(error)
    for step in walk.steps:
        for record, identity in zip(step.page.records, step.page.ids, strict=True):
            shown = guard.shown_names(resource, record)
            borne = next((name for name in names if any(_bears(text, name) for text in shown)), None)
            if borne is not None and identity is not None:
                found.append((borne, identity))
    return found, None if walk.ended else walk.defect or "it is too long"


def _bears(shown: str, name: str) -> bool:
    """Whether a name is one that the run gave, or begins with it: a target may add to a name, or change its case."""
    return shown.lower().startswith(name.lower()) and not shown[len(name) :][:1].isalnum()
