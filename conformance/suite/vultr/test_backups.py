"""GET /v2/backups: whose they are, and that what is one account's is not another's."""

from conformance.contract import Contract
from conformance.properties import Collection, Subject, assert_that, requirement
from conformance.properties.attempts import assert_out_of_reach
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
    other = client.control(collection.get(collection.pagination.page_size.largest, credential="second"))
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
        other = client.control(collection.get(collection.pagination.page_size.largest, page.next, credential="second"))
        page = page_of(other, collection.pagination)
        seen = sorted(own & {identity for identity in page.ids if identity}) if page else []
        assert_that(
            not seen,
            f"a later page of another account's list shows {len(seen)} backups of this one",
            expected="no backup of another account",
            actual=", ".join(seen[:5]),
            exchange=other,
        )
    resource = contract.resource_of(subject.operation)
    if resource is not None:
        things, writes = subject.things_of(resource), "writes" in subject.session.capabilities
        assert_out_of_reach(things, 403, 404, when="with another account's key", writes=writes, credential="second")
    account = contract.operation("GET /v2/account")
    mine, theirs = (client.control(client.call(account, credential=name)) for name in ("default", "second"))
    assert_that(
        mine.response.at("") != theirs.response.at(""),
        "two accounts' keys are answered with the same account",
        expected="an account for each key",
        actual=theirs.response.text,
        exchange=theirs,
    )
