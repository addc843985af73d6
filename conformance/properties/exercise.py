"""The exchanges with one operation that passive requirements are judged by: successes, and each common refusal."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from conformance.checks.releases import releases_of
from conformance.contract import Operation
from conformance.properties.collection import Collection, Step
from conformance.properties.exercise_combinations import exercise_combinations
from conformance.properties.exercise_limits import exercise_limit, exercise_scope
from conformance.properties.subject import Subject
from conformance.targets import NotExercised, Unsupported
from conformance.targets.credentials import MADE_UP, OTHER_SCHEME
from conformance.targets.errors import NotFollowed
from conformance.targets.guard import NO_SUCH_ID
from conformance.traffic.pages import Direction, page_of

NO_SUCH_CURSOR = "conformance-invalid"
NO_SUCH_PARAMETER = "conformance_unknown"
DIRECTIONS: tuple[Direction, ...] = ("next", "prev")


def exercise(subject: Subject) -> None:
    """Calls the subject's operation well and badly, as far as the target allows.

    Raises:
        Unsupported: the operation writes and the target does not allow it, or a path parameter has no value.
        NotExercised, HarnessError: it cannot be called at all.
    """
    if not subject.is_operation:
        subject.client.send("GET", subject.conventions.errors.unknown_path)
        exercise_limit(subject)
        return
    operation = subject.operation
    if operation.writes:
        subject.need("writes")
    resource = subject.contract.resource_of(operation)
    if operation.collection is not None:
        # A neighbour that nothing can be asked for with is judged by the checks on pages.
        with suppress(NotFollowed):
            _pages(subject)
    elif resource is not None:
        _resource(subject)
    elif operation.writes:
        _sampled(subject, operation)
    else:
        subject.client.call(operation, subject.values(operation), **options_of(operation))
        if operation.path_parameters:
            _unknown(subject, operation)
    _versions(subject, operation)
    _refused(subject, operation)
    exercise_scope(subject)
    exercise_limit(subject)


def _pages(subject: Subject) -> None:
    collection = subject.collection
    limits = collection.pagination.page_size
    collection.get()
    if collection.pagination.whole:
        return
    first = collection.get(limits.minimum)
    page = page_of(first, collection.pagination)
    if page is None:
        return
    if page.next is not None:
        second = collection.follow(Step(first, page))
        if collection.pagination.by_link:
            _links(collection, second)
        # Pages of two records and more say more of their neighbours than pages of one.
        longer = collection.page(limits.minimum + limits.step)
        if longer.page.next is not None:
            collection.follow(longer)
    for name in collection.description.filters:
        collection.get(limits.largest, query={name: "conformance-nosuch"})
    whole = collection.walk(limits.largest)
    count = len(whole.ids)
    if count > limits.minimum + 1:
        # Two pages, the last of them short: the end of a list shows only there.
        collection.walk(min((count - 1) // limits.step * limits.step, limits.largest), expected=count)
    exercise_combinations(subject)
    _lone_record(subject, count)
    collection.get("conformance", negative=True)
    collection.get(cursor=NO_SUCH_CURSOR, negative=True)
    if subject.conventions.errors.unknown_parameter is not None:
        collection.get(query={NO_SUCH_PARAMETER: "1"}, negative=True)


def _links(collection: Collection, second: Step) -> None:
    """Links back and forth from a second page."""
    for direction in DIRECTIONS:
        if (second.page.next if direction == "next" else second.page.prev) is not None:
            collection.follow(second, direction)


def _lone_record(subject: Subject, count: int) -> None:
    """A page with one record, where the smallest page that may be asked for is larger, and records can be made."""
    resource, limits = subject.contract.resource_of(subject.operation), subject.conventions.lists.page_size
    if limits.minimum == 1 or resource is None or resource.list != subject.operation_id:
        return
    if "writes" not in subject.session.capabilities:
        return
    things = subject.things
    try:
        for _ in range((1 - count) % limits.minimum):
            things.create()
    except (NotExercised, Unsupported):
        return
    subject.collection.walk(limits.minimum)


def _versions(subject: Subject, operation: Operation) -> None:
    """Each release of the operation that the target is known to have, by the version that names it."""
    versioning = subject.conventions.versioning
    for release in releases_of(subject.session.facts, operation.id, versioning):
        assert versioning is not None
        asked: dict[str, object] = {str(versioning.parameter): release.version}
        if operation.collection is None:
            subject.call(query=asked)
            continue
        first = subject.collection.get(subject.conventions.lists.page_size.minimum, query=asked)
        page = page_of(first, subject.conventions.lists)
        if page is not None and page.next is not None:
            # What is said of a version on its first page has to be said on the next one too.
            with suppress(NotFollowed):
                subject.collection.follow(Step(first, page))


def _resource(subject: Subject) -> None:
    things = subject.things
    role = things.role_of(subject.operation)
    subject.call()
    if role == "create":
        things.post({}, negative=True)
        return
    options = {"body": things.changes()} if role in ("replace", "update") else {}
    things.call(role, NO_SUCH_ID, **options, negative=True)


def options_of(operation: Operation) -> dict[str, Any]:
    """How the document shows a call of the operation; empty where it shows none."""
    return operation.sample.options if operation.sample is not None else {}


def _sampled(subject: Subject, operation: Operation) -> None:
    """Writes what the document shows, to a server that nobody needs afterwards; elsewhere nothing could undo it.

    Raises:
        Unsupported: others may need the server.
    """
    if not subject.client.guard.throwaway:
        raise Unsupported(f"{operation.id} is called only where the server is thrown away: nothing could undo it")
    subject.client.call(operation, subject.values(operation), **options_of(operation))
    if operation.path_parameters:
        _unknown(subject, operation)


def _unknown(subject: Subject, operation: Operation) -> None:
    values = dict(subject.values(operation))
    values[operation.path_parameters[-1]] = NO_SUCH_ID
    subject.client.call(operation, values, negative=True, **options_of(operation))


def _fixed(subject: Subject, operation: Operation) -> dict[str, str]:
    """The values there are for path parameters: of those that are only known, a write may not touch any."""
    parameters, guard = subject.session.parameters, subject.client.guard
    known = {
        name: guard.may_write(name) if operation.writes else parameters.get(name, ())
        for name in operation.path_parameters
    }
    return {name: values[0] for name, values in known.items() if values}


def _refused(subject: Subject, operation: Operation) -> None:
    """Requests that authentication refuses: a credential nobody was given, and a real one sent wrongly."""
    values = dict.fromkeys(operation.path_parameters, NO_SUCH_ID) | _fixed(subject, operation)
    body: dict[str, object] | None = {} if operation.method in ("POST", "PUT", "PATCH") else None
    for credential in (MADE_UP, OTHER_SCHEME, *([None] if operation.authorized == "required" else [])):
        subject.client.call(operation, values, body=body, credential=credential, negative=True)
