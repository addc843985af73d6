"""The exchanges with one operation that passive requirements are judged by: successes, and each common refusal."""

from __future__ import annotations

from conformance.contract import Operation
from conformance.properties.collection import Step
from conformance.properties.subject import Subject
from conformance.traffic.pages import page_of

NO_SUCH_ID = "00000000-0000-4000-8000-00000000c0de"
NO_SUCH_CURSOR = "conformance-invalid"


def exercise(subject: Subject) -> None:
    """Calls the subject's operation well and badly, as far as the target allows.

    Raises:
        Unsupported: the operation writes and the target does not allow it, or a path parameter has no value.
        NotExercised, HarnessError: it cannot be called at all.
    """
    if not subject.is_operation:
        subject.client.send("GET", subject.conventions.errors.unknown_path)
        return
    operation = subject.operation
    if operation.writes:
        subject.need("writes")
    resource = subject.contract.resource_of(operation)
    if operation.collection is not None:
        _pages(subject)
    elif resource is not None:
        _resource(subject)
    elif operation.path_parameters:
        subject.client.call(operation, subject.values(operation))
        _unknown(subject, operation)
    else:
        subject.client.call(operation)
    _refused(subject, operation)


def _pages(subject: Subject) -> None:
    collection = subject.collection
    limits = collection.pagination.page_size
    collection.get()
    first = collection.get(limits.minimum)
    page = page_of(first, collection.pagination)
    if page is None:
        return
    if page.next is not None:
        collection.follow(Step(first, page))
    for name, values in collection.description.filters.items():
        for value in (*values[:1], "conformance-nosuch"):
            collection.get(limits.maximum, query={name: value})
    whole = collection.walk(limits.maximum)
    count = len(whole.ids)
    if count > limits.minimum + 1:
        # Two pages, the last of them short: the end of a list shows only there.
        collection.walk(min((count - 1) // limits.step * limits.step, limits.maximum), expected=count)
    collection.get("conformance", negative=True)
    collection.get(cursor=NO_SUCH_CURSOR, negative=True)


def _resource(subject: Subject) -> None:
    things = subject.things
    role = things.role_of(subject.operation)
    subject.call()
    if role == "create":
        things.post({}, negative=True)
        return
    body = {name: values[0] for name, values in things.description.writable.items()}
    options = {"body": body} if role in ("replace", "update") else {}
    things.call(role, NO_SUCH_ID, **options, negative=True)


def _unknown(subject: Subject, operation: Operation) -> None:
    values = dict(subject.values(operation))
    values[operation.path_parameters[-1]] = NO_SUCH_ID
    subject.client.call(operation, values, negative=True)


def _fixed(subject: Subject, operation: Operation) -> dict[str, str]:
    known = subject.session.parameters
    return {name: known[name][0] for name in operation.path_parameters if known.get(name)}


def _refused(subject: Subject, operation: Operation) -> None:
    """Requests that authentication refuses: a credential nobody was given, and a real one sent wrongly."""
    auth = subject.conventions.auth
    values = dict.fromkeys(operation.path_parameters, NO_SUCH_ID) | _fixed(subject, operation)
    body: dict[str, object] | None = {} if operation.method in ("POST", "PUT", "PATCH") else None
    for credential in (f"{auth.scheme} conformance-no-such-token", f"Basic {subject.client.token('default')}"):
        subject.client.call(operation, values, body=body, headers={auth.header: credential}, negative=True)
