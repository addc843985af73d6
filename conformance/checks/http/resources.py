"""Resources: what was created is there, what was deleted is gone, ids name one thing, and credentials are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conformance.checks.base import HELD, Finding, Sight, check, controlled, violated
from conformance.checks.resources import created_is_there, deleted_is_gone
from conformance.contract.templates import is_parameter
from conformance.traffic.exchange import Exchange

_BY_ITSELF = frozenset(("GET", "POST", "DELETE", "PUT", "PATCH"))


def _is_of_a_resource(exchange: Exchange) -> bool:
    return exchange.request.method in _BY_ITSELF and exchange.operation is not None


def _reads_a_list(sight: Sight) -> bool:
    return sight.exchange.request.method == "GET" and sight.page is not None


@check("http.created-readable", when=_is_of_a_resource)
def created_can_be_read(sight: Sight) -> Iterator[Finding]:
    """What was created is found under its id, until somebody deletes it. What a list may leave out is the API's own."""
    if not _reads_a_list(sight):
        yield from created_is_there(sight)


@check("http.deleted-gone", when=_is_of_a_resource)
def deleted_cannot_be_read(sight: Sight) -> Iterator[Finding]:
    """What was deleted with 204 is not found any more. Another success may tell of a deletion that is going on."""
    if sight.exchange.request.method == "DELETE" and not _deletes_a_member(sight):
        return
    if not _reads_a_list(sight):
        yield from deleted_is_gone(sight)


def _deletes_a_member(sight: Sight) -> bool:
    """Whether one member of a collection, which can be made there, was deleted as a whole.

    A DELETE of anything else may switch a setting off, empty a list, take out of it what its body names, or mark what
    goes on being there.
    """
    exchange, operation = sight.exchange, sight.exchange.operation
    assert operation is not None
    request, router = exchange.request, sight.contract.router
    collection, _, last = operation.path.rstrip("/").rpartition("/")
    if exchange.response.status != 204 or not is_parameter(last) or operation.rest is not None:
        return False
    if request.query or request.unread is not None or request.body not in (b"", b"{}", b"null"):
        return False
    path = exchange.path.rstrip("/")
    makes = router.find("POST", path.rpartition("/")[0]) or router.find("PUT", path)
    return makes is not None and makes.path.rstrip("/") in (collection, operation.path.rstrip("/"))


@check("http.ids-once", when=lambda exchange: exchange.request.method == "GET" and exchange.response.ok)
def ids_come_once(sight: Sight) -> Iterator[Finding]:
    """No two records of a page share an id; where that is only taken for one, the same record does not come twice."""
    page = sight.page
    ids = [] if page is None else [identity for identity in page.ids if identity is not None]
    twice = [identity for identity, count in Counter(ids).items() if count > 1] if len(set(ids)) < len(ids) else []
    if twice and page is not None and not _is_an_id(sight):
        records = {
            identity: [page.records[at] for at, each in enumerate(page.ids) if each == identity] for identity in twice
        }
        twice = [identity for identity, same in records.items() if any(same[0] == other for other in same[1:])]
    if twice:
        yield violated(f"the id {twice[0]} comes twice in one list", expected="each id once", actual=", ".join(ids))
    elif len(ids) > 1:
        yield HELD


_IDS = frozenset(("id", "_id", "uuid", "guid"))


def _is_an_id(sight: Sight) -> bool:
    """Whether a list's records are told apart by what is an id, or by what we ourselves know to be one.

    A published document does not say it: a `name` or a `key` may be that of several.
    """
    operation = sight.exchange.operation
    listing = operation.collection if operation is not None else None
    published = sight.contract.published and listing is not None
    return not published or (listing is not None and {name.lower() for name in listing.id} <= _IDS)


def _needs_credential(exchange: Exchange) -> bool:
    operation = exchange.operation
    return operation is not None and operation.authorized == "required" and exchange.source is None


@check("http.authentication-enforced", when=_needs_credential)
def credential_is_asked_for(sight: Sight) -> Iterator[Finding]:
    """An operation that needs a credential is no success without one: of calls that this run made so on purpose.

    That it is refused counts where it is accepted with one. Of others' recordings nothing is said, since who keeps
    them may have left the credential out.
    """
    exchange, response = sight.exchange, sight.exchange.response
    without = exchange.negative and sight.caller is None
    if without and response.ok:
        message = f"{exchange.known_as} without a credential was answered {response.status}"
        yield violated(message, expected="a refusal", actual=response.reason)
        return
    refused = without and response.status in (401, 403, 404, 407)
    yield from controlled(sight, exchange.known_as, control=response.ok, held=refused)
