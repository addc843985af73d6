"""Things that a client creates: what of them is there, and what shows that a target lacks an operation."""

from __future__ import annotations

import json

import httpx
import pytest

from conformance.contract import load
from conformance.properties import play
from conformance.properties.mock import MockServer
from conformance.properties.resource import Things
from conformance.targets import NotExercised, Unsupported


def domains(*names: str, created: int = 201) -> tuple[MockServer, Things]:
    """A played server that lists domains, creates every one, and deletes what is asked."""
    contract = load("vultr")
    played = play(contract)
    listed = {"domains": [{"domain": name} for name in names], "meta": {"total": len(names), "links": {"next": ""}}}
    played.routes.get(path__regex="/domains$").respond(200, json=listed)
    played.routes.post(path__regex="/domains$").mock(
        side_effect=lambda asked: httpx.Response(created, json={"domain": json.loads(asked.content)})
    )
    played.routes.delete(path__regex="/domains/").respond(204)
    (domain,) = contract.conventions.resources
    return played, Things(played.client, contract, domain, "conformance-1")


def test_the_first_one_listed_is_used_and_without_one_nothing_can_be() -> None:
    assert domains("a.example", "b.example")[1].first() == "a.example"
    with pytest.raises(NotExercised, match="there is no domain to use"):
        domains()[1].first()


def test_what_was_created_is_there_until_it_is_deleted() -> None:
    _, things = domains()
    assert things.created == []
    first, second = things.create(), things.create()
    assert things.created == [first, second]
    things.delete(first)
    assert things.created == [second]


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_target_may_lack_what_a_document_only_implies(status: int) -> None:
    contract = load("vercel")
    played = play(contract)
    (project,) = contract.conventions.resources
    things = Things(played.client, contract, project, "conformance-1")
    played.routes.get(path__regex="/projects").respond(status)
    answer = things.get("p-1")
    with pytest.raises(Unsupported, match=f"the target answers {status} to GET /v9/projects/{{idOrName}}, which"):
        things.served("read", answer)
    assert things.served("list", answer) is answer


@pytest.mark.parametrize("status", [200, 400, 403, 410, 500])
def test_any_other_answer_lacks_nothing(status: int) -> None:
    contract = load("vercel")
    played = play(contract)
    (project,) = contract.conventions.resources
    things = Things(played.client, contract, project, "conformance-1")
    played.routes.get(path__regex="/projects").respond(status)
    answer = things.get("p-1")
    assert answer.response.status == status
    assert things.served("read", answer) is answer


def test_what_was_refused_is_not_there() -> None:
    _, things = domains(created=400)
    assert things.post().response.status == 400
    assert things.created == []


def test_a_change_of_the_name_bears_the_name_of_the_run_and_is_another_each_time() -> None:
    contract = load("zeit")
    secret = next(resource for resource in contract.conventions.resources if resource.name == "secret")
    things = Things(play(contract).client, contract, secret, "conformance-1")
    first, second = (str(things.changes()["name"]) for _ in range(2))
    assert first.startswith("conformance-1-")
    assert second.startswith("conformance-1-")
    assert first != second


def test_a_change_of_no_name_is_what_the_conventions_say() -> None:
    _, things = domains()
    assert things.changes() == {"ip": "192.0.2.10", "dns_sec": "enabled"}
