"""The exchanges that show a rate limit which headers tell, and whose resources a request may be about."""

from __future__ import annotations

from collections.abc import Callable

from conformance.properties.subject import Subject
from conformance.properties.windows import LARGEST
from conformance.targets.credentials import MADE_UP
from conformance.traffic.exchange import Exchange

IN_A_ROW = 5


def exercise_limit(subject: Subject) -> None:
    """Calls a GET operation several times in a row; where load is allowed, uses up a window of the first list."""
    limit = subject.conventions.rate_limit
    if limit is None or limit.headers is None:
        return
    call = _call(subject)
    if call is None:
        return
    last = [call() for _ in range(IN_A_ROW)][-1]
    lists = [operation.id for operation in subject.contract.operations if operation.collection is not None]
    # A documented number is used up by the test of it alone.
    if limit.requests is None and "load" in subject.session.capabilities and subject.operation_id in lists[:1]:
        use_up(subject, call, last)


def use_up(subject: Subject, call: Callable[[], Exchange], last: Exchange) -> list[Exchange]:
    """Calls at once until the limit refuses, at most twice more than the limit of the last answer allows."""
    limit = subject.conventions.rate
    told = (last.response.header(limit.told.limit) or "").strip()
    if not (told.isascii() and told.isdigit()) or not 1 <= int(told) <= LARGEST:
        return []
    made: list[Exchange] = []
    with subject.client.burst():
        while len(made) < int(told) + 2 and (not made or made[-1].response.status != limit.exceeded):
            made.append(call())
    return made


def exercise_scope(subject: Subject) -> None:
    """A list of a team, as far as one is known, and of one that does not exist; both are also asked for by nobody."""
    scope = subject.conventions.auth.scope
    if scope is None or subject.operation.collection is None:
        return
    for team in subject.session.parameters.get(scope.parameter, ())[:1]:
        subject.collection.get(query={scope.parameter: team})
        _by_nobody(subject, {scope.parameter: team})
    subject.collection.get(query={scope.parameter: scope.unknown}, negative=True)
    _by_nobody(subject, {scope.parameter: scope.unknown})


def _by_nobody(subject: Subject, query: dict[str, str]) -> None:
    for credential in (None, MADE_UP):
        subject.collection.get(query=query, credential=credential, negative=True)


def _call(subject: Subject) -> Callable[[], Exchange] | None:
    """A cheap call of the subject's operation that changes nothing; None if it has none."""
    if not subject.is_operation:
        path = subject.conventions.errors.unknown_path
        return lambda: subject.client.send("GET", path, negative=True)
    operation = subject.operation
    if operation.method != "GET":
        return None
    if operation.collection is not None:
        sizes = subject.conventions.lists.page_size
        return lambda: subject.collection.get(sizes.minimum)
    if subject.contract.resource_of(operation) is None:
        values = subject.values(operation)
        return lambda: subject.client.call(operation, values)
    things = subject.things
    identity = things.created[0] if things.created else things.first()
    return lambda: things.call("read", identity)
