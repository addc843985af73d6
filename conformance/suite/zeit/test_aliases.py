"""Aliases: what they lead to, when they move, what each list of them shows."""

from typing import Any

from conformance.contract import Contract
from conformance.properties import (
    NotExercised,
    Subject,
    assert_equal,
    assert_status,
    assert_that,
    requirement,
)
from conformance.suite.zeit.naming import listed, things_of
from conformance.targets import Client
from conformance.traffic.exchange import Exchange

ASSIGN, OF_DEPLOYMENT = (f"{method} /v2/now/deployments/{{deploymentId}}/aliases" for method in ("POST", "GET"))
ALL, DELETE = "GET /v2/now/aliases", "DELETE /v2/now/aliases/{aliasId}"


def bare(identity: Any) -> str:
    """The id of a deployment without the prefix that older ones lack."""
    return str(identity).removeprefix("dpl_")


class Aliases:
    """The aliases of a target."""

    def __init__(self, client: Client, contract: Contract) -> None:
        self.client, self.contract = client, contract

    def assign(self, deployment: str, alias: str, **options: Any) -> Exchange:
        values = {"deploymentId": deployment}
        return self.client.call(self.contract.operation(ASSIGN), values, body={"alias": alias}, **options)

    def of(self, deployment: str) -> list[str]:
        """The uids that the list of a deployment shows, sorted."""
        found = listed(self.client, self.contract, OF_DEPLOYMENT, {"deploymentId": deployment}, "/aliases")
        return sorted(str(one.get("uid")) for one in found)

    def all(self) -> dict[str, list[str]]:
        """Uid → the deployments, without prefix, that the list of all shows it for."""
        found: dict[str, list[str]] = {}
        for one in listed(self.client, self.contract, ALL, {}, "/aliases"):
            found.setdefault(str(one.get("uid")), []).append(bare(one.get("deploymentId")))
        return found

    def leading_to(self, deployment: str) -> list[str]:
        """The uids that the list of all shows for a deployment, sorted."""
        return sorted(uid for uid, targets in self.all().items() if bare(deployment) in targets)


@requirement("zeit.crud.alias-move")
def test_an_alias_leads_to_one_deployment(subject: Subject, client: Client, contract: Contract) -> None:
    """A new alias has no oldId; assigned to another deployment it tells the first one, and leads to the second only."""
    aliases, deployments = Aliases(client, contract), things_of(subject, "deployment")
    first, second = deployments.create(), deployments.create()
    name = things_of(subject, "alias").body()["alias"]
    fresh = client.control(aliases.assign(first, name))
    assert_that(
        old_id(fresh) is None, "a new alias has an oldId", expected="none", actual=fresh.response.text, exchange=fresh
    )
    moved = client.control(aliases.assign(second, name))
    assert_equal(bare(old_id(moved) or "none"), bare(first), "the oldId of an alias that moved", exchange=moved)
    uid = str(moved.response.at("/uid"))
    assert_equal([uid in aliases.of(one) for one in (first, second)], [False, True], "which deployment lists the alias")
    assert_equal(aliases.all().get(uid), [bare(second)], "what the list of all shows the alias for")


def old_id(exchange: Exchange) -> Any:
    """The deployment that an assignment tells the alias led to before; None where it tells none."""
    # The document's table writes oldID, its sample oldId.
    return exchange.response.at("/oldId") or exchange.response.at("/oldID")


@requirement("zeit.crud.alias-views-agree")
def test_both_lists_of_aliases_agree(subject: Subject, client: Client, contract: Contract) -> None:
    """Before and after an alias is assigned and deleted, each deployment's list is that of all, for the deployment."""
    aliases, deployments = Aliases(client, contract), things_of(subject, "deployment")
    two = [deployments.create(), deployments.create()]

    def agree(when: str) -> None:
        for deployment in two:
            assert_equal(aliases.of(deployment), aliases.leading_to(deployment), f"the aliases {when}")

    agree("before")
    assigned = client.control(aliases.assign(two[0], things_of(subject, "alias").body()["alias"]))
    uid = str(assigned.response.at("/uid"))
    agree("after one was assigned")
    if uid not in aliases.of(two[0]):
        raise NotExercised("a new alias is in neither list")
    client.control(client.call(contract.operation(DELETE), {"aliasId": uid}))
    agree("after it was deleted")
    assert_equal([uid in aliases.of(one) for one in two], [False, False], "whether a deleted alias is listed")


@requirement("zeit.auth.deployment-ownership", once=True)
def test_aliases_are_the_owners_business(subject: Subject, client: Client, contract: Contract) -> None:
    """Another account neither sees nor makes an alias of a deployment; its owner does."""
    client.token("second")
    aliases, deployments = Aliases(client, contract), things_of(subject, "deployment")
    deployment = deployments.create()
    name = things_of(subject, "alias").body()["alias"]
    client.control(aliases.assign(deployment, name))
    before = aliases.of(deployment)
    values = {"deploymentId": deployment}
    seen = client.call(contract.operation(OF_DEPLOYMENT), values, credential="second", negative=True)
    assert_status(seen, "4xx", when="for the deployment of another account")
    assert_that(
        name not in seen.response.text,
        "the refusal names an alias of the deployment",
        expected="no alias of it",
        actual=seen.response.text,
        exchange=seen,
    )
    made = aliases.assign(deployment, f"x{name}", credential="second", negative=True)
    assert_status(made, "4xx", when="for the deployment of another account")
    assert_equal(aliases.of(deployment), before, "the aliases that the owner sees", exchange=made)
