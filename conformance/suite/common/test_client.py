"""The suite's own client, against a played server: what binds every client of an API."""

import json
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from conformance.checks import Evidence, Judge
from conformance.contract import Contract, Operation, Requirement
from conformance.contract.verdict import Outcome
from conformance.properties import (
    Collection,
    HarnessError,
    MockServer,
    Reply,
    assert_equal,
    assert_that,
    property_test,
    requirement,
)


def list_operation(contract: Contract) -> Operation:
    """The first documented list that can be filtered, else the first list."""
    lists = [op for op in contract.operations if op.collection is not None]
    filtered = [op for op in lists if op.collection is not None and op.collection.filters]
    return (filtered or lists)[0]


def list_of(contract: Contract, mock: MockServer) -> Collection:
    pagination = contract.conventions.lists
    operation = list_operation(contract)
    return Collection(mock.client, operation, pagination, dict.fromkeys(operation.path_parameters, "conformance"))


def nested(path: str, value: Any) -> dict[str, Any]:
    """A document that has `value` at a JSON pointer."""
    first, *rest = path.split("/")[1:]
    return {first: nested("/" + "/".join(rest), value) if rest else value}


def merged(*documents: dict[str, Any]) -> dict[str, Any]:
    """Documents laid over one another, member by member."""
    whole: dict[str, Any] = {}
    for document in documents:
        for name, value in document.items():
            both = isinstance(value, dict) and isinstance(whole.get(name), dict)
            whole[name] = merged(whole[name], value) if both else value
    return whole


def page_body(contract: Contract, ids: list[str], following: str | None) -> Any:
    """A page of records with these ids, and the cursor of the next one where that is named in bodies."""
    collection, pagination = list_operation(contract).listing, contract.conventions.lists
    records = [{collection.id[0]: identity} for identity in ids]
    if pagination.whole or pagination.style == "link-header":
        return nested(collection.items, records) if collection.items else records
    nothing = "" if '""' in pagination.end else None
    return merged(
        nested(collection.items, records),
        nested(pagination.next, following or nothing),
        nested(pagination.prev, nothing),
        nested(pagination.count, len(ids)) if pagination.count else {},
        nested(pagination.total, len(ids)) if pagination.total else {},
    )


def page_headers(contract: Contract, following: str | None) -> dict[str, str]:
    """The headers of a page: the link to the next one, where that is named in them."""
    is_named = following is not None and contract.conventions.lists.style == "link-header"
    return {"Link": f'<{following}>; rel="next"'} if is_named else {}


def link_with(collection: Collection, cursor: str) -> str:
    """A link to a later page, below the base URL and in an order of parameters that no client would choose."""
    path = collection.operation.expand(collection.values)
    return f"{path}?zz=%7E~&{collection.pagination.cursor}={quote(cursor, safe='')}&a=b+c"


@requirement("content-type.request-media-type")
def test_a_body_is_sent_as_documented(contract: Contract, mock: MockServer) -> None:
    """Every request with a body is well-formed JSON and typed with the documented media type."""
    mock.routes.route().respond(200, json={})
    for operation in contract.operations:
        if operation.request_schema is None:
            continue
        values = dict.fromkeys(operation.path_parameters, "conformance")
        mock.client.call(operation, values, body={"name": "ünicode", "count": 1})
        sent = mock.raw[-1]
        assert_equal(
            sent.headers.get("content-type"), contract.conventions.media_types.request, f"Content-Type of {operation}"
        )
        assert_equal(decoded(sent.content), {"name": "ünicode", "count": 1}, f"the body of {operation}")


def decoded(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content


@requirement("pagination.cursor-opaque")
@property_test(
    examples=[{"cursors": ["a+b/c==", "%41%2B", "ünï code&x=1#y", "v1.eyJpZCI6MX0%3D"]}],
    cursors=st.lists(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=20), min_size=1, max_size=4, unique=True
    ),
)
def test_cursors_are_passed_on_unchanged(contract: Contract, mock: MockServer, cursors: list[str]) -> None:
    """Whatever the server gives as a cursor comes back as it was, with the same filters and page size."""
    collection = list_of(contract, mock)
    pagination = collection.pagination
    named = [link_with(collection, cursor) if pagination.by_link else cursor for cursor in cursors]
    pages = iter(
        Reply(200, json=page_body(contract, [str(number)], following), headers=page_headers(contract, following))
        for number, following in enumerate([*named, None])
    )
    mock.routes.route().mock(side_effect=lambda _: next(pages))
    first = len(mock.raw)
    collection.walk(1, expected=len(cursors) + 1, query={"type": "a filter"})
    if pagination.by_link:
        followed = [str(request.url) for request in mock.raw[first + 1 :]]
        assert_equal(followed, [f"{mock.client.base_url}{link}" for link in named], "the links that a walk follows")
        return
    asked = [list(request.url.params.multi_items()) for request in mock.raw[first:]]
    constant = [("type", "a filter"), (pagination.page_size.parameter, "1")]
    assert_equal(
        [sorted(query) for query in asked],
        [sorted(constant), *[sorted([*constant, (pagination.cursor, cursor)]) for cursor in cursors]],
        "the queries of a walk",
    )


NEW_NAMES = st.text(st.characters(codec="ascii", categories=["Ll"]), min_size=3, max_size=8).map("new_{}".format)


def with_new_members(plain: Any, extra: dict[str, Any], collection: Collection) -> Any:
    """A page with members more at every level: of itself, of its envelope, and of each record."""
    items, envelope = collection.description.items.removeprefix("/"), collection.pagination.envelope
    records = [{**record, **extra} for record in (plain[items] if items else plain)]
    if not items:
        return records
    enveloped = {envelope: {**plain[envelope], **extra}} if envelope else {}
    return {**plain, **extra, items: records, **enveloped}


@requirement("versioning.client-accepts-new-keys")
@property_test(
    examples=[{"extra": {"new_member": {"nested": [1, None, True]}}}],
    extra=st.dictionaries(
        NEW_NAMES, st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)), min_size=1
    ),
)
def test_new_members_break_nothing(contract: Contract, mock: MockServer, extra: dict[str, Any]) -> None:
    """Members that no document names, at every level of an answer, change nothing that the client reads."""
    plain = page_body(contract, ["1", "2"], None)
    collection = list_of(contract, mock)
    more = with_new_members(plain, extra, collection)
    mock.routes.route().mock(side_effect=[Reply(200, json=plain), Reply(200, json=more)])
    try:
        before, after = collection.page(), collection.page()
    except HarnessError as error:
        assert_that(False, "the client refuses an answer with a new member", expected="acceptance", actual=str(error))
        return
    assert_equal(
        after.page, before.page.__class__(**{**_members(before.page), "records": after.page.records}), "the page"
    )
    judge = Judge(contract)
    for step in (before, after):
        judged = {record.id for record in map(_broken, judge.observe(step.exchange)) if record and not record.base}
        if step is before:
            known = judged
    assert_equal(judged, known, "the rules that the checks see broken")


def _members(page: Any) -> dict[str, Any]:
    return {name: getattr(page, name) for name in page.__slots__ if not name.startswith("_")}


def _broken(evidence: Evidence) -> Requirement | None:
    return evidence.requirement if evidence.finding.outcome is Outcome.VIOLATED else None
