"""GET /v2/backups: whose they are, and that what is one account's is not another's."""

from conformance.contract import Contract, Resource
from conformance.properties import Collection, Subject, assert_status, assert_that, requirement
from conformance.properties.collection import HARD_CAP
from conformance.targets import Client
from conformance.traffic.pages import page_of


@requirement("vultr.auth.account-isolation")
def test_an_account_sees_its_own_backups_only(
    subject: Subject, contract: Contract, client: Client, collection: Collection
) -> None:
    """The backups of one account are not in another account's list, and the two accounts differ."""
    client.token("second")
    collection.at_least(1)
    own = set(collection.ids)
    other = client.control(collection.get(collection.pagination.page_size.maximum, credential="second"))
    page = page_of(other, collection.pagination)
    seen = sorted(own & {identity for identity in page.ids if identity}) if page else []
    assert_that(
        page is not None and not seen,
        f"another account's list shows {len(seen)} backups of this one",
        expected="no backup of another account",
        actual=", ".join(seen[:5]) or other.response.text,
        exchange=other,
    )
    for _ in range(HARD_CAP):
        if page is None or page.next is None:
            break
        other = client.control(collection.get(collection.pagination.page_size.maximum, page.next, credential="second"))
        page = page_of(other, collection.pagination)
        seen = sorted(own & {identity for identity in page.ids if identity}) if page else []
        assert_that(
            not seen,
            f"a later page of another account's list shows {len(seen)} backups of this one",
            expected="no backup of another account",
            actual=", ".join(seen[:5]),
            exchange=other,
        )
    for resource in contract.conventions.resources:
        if resource.list and resource.read:
            _is_not_readable_by_another(subject, resource)
    account = contract.operation("GET /v2/account")
    mine, theirs = (client.control(client.call(account, credential=name)) for name in ("default", "second"))
    assert_that(
        mine.response.at("") != theirs.response.at(""),
        "two accounts' keys are answered with the same account",
        expected="an account for each key",
        actual=theirs.response.text,
        exchange=theirs,
    )


def _is_not_readable_by_another(subject: Subject, resource: Resource) -> None:
    things = subject.things_of(resource)
    listing = things.listing.get()
    page = page_of(listing, things.listing.pagination)
    if page is None or not page.ids or page.ids[0] is None:
        return
    if things.get(page.ids[0]).response.ok:
        foreign = things.call("read", page.ids[0], credential="second", negative=True)
        assert_status(foreign, 403, 404, when="with another account's key")
