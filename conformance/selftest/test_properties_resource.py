"""Things that a client creates: what of them is there, and what shows that a target lacks an operation."""

from __future__ import annotations

import itertools
import json
from typing import Any

import httpx
import pytest

from conformance.contract import load
from conformance.properties import play
from conformance.properties.collection import HARD_CAP
from conformance.properties.mock import MockServer
from conformance.properties.resource import READINGS, Things, filled_in
from conformance.selftest.test_properties_attempts import subject
from conformance.targets import NotExercised, Unsupported
from conformance.targets.errors import Blocked


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


def made(api: str, operation: str) -> Things:
    """The resource of an operation on the reference server."""
    return subject(api, operation).things


def test_what_is_created_is_named_by_numbers_that_begin_with_one() -> None:
    _, things = domains()
    names = [things.body()["domain"] for _ in range(3)]
    assert names == [f"conformance-1-{number}.example.com" for number in (1, 2, 3)]


def test_a_create_is_sent_with_a_body_of_its_own_or_with_what_it_is_given() -> None:
    played, things = domains()
    played.routes.post(path__regex="/domains$").respond(400)
    things.post()
    things.post({"domain": "conformance-1-x.example.com"})
    things.post(content=b"no json")
    things.post({})
    bodies = [request.body for request in played.requests]
    assert json.loads(bodies[0])["domain"] == "conformance-1-1.example.com"
    assert [json.loads(bodies[1]), bodies[2], json.loads(bodies[3])] == [
        {"domain": "conformance-1-x.example.com"},
        b"no json",
        {},
    ]


def test_a_body_is_filled_in_wherever_it_names_a_value() -> None:
    body = {"a": "{unique}.x", "b": [{"c": "{org_id}/{unique}"}, 7, None], "{unique}": "{other}"}
    assert filled_in(body, {"unique": "n-1", "org_id": "o"}) == {
        "a": "n-1.x",
        "b": [{"c": "o/n-1"}, 7, None],
        "{unique}": "{other}",
    }


def test_a_body_that_somebody_else_thought_of_gets_a_name_where_it_has_one() -> None:
    things = made("snyk", "POST /orgs/{org_id}/projects")
    given = {"data": {"type": "x", "attributes": {"name": "theirs", "size": 1}}}
    renamed = things.renamed(given)
    assert renamed["data"]["attributes"]["name"].startswith(things.prefix)
    assert (renamed["data"]["type"], renamed["data"]["attributes"]["size"]) == ("x", 1)
    assert given["data"]["attributes"]["name"] == "theirs"  # type: ignore[index]
    without: tuple[Any, ...] = ({"data": {"attributes": {"name": 7}}}, {"data": {}}, {}, [], None, "x")
    for nameless in without:
        assert things.renamed(nameless) is nameless


def test_one_thing_is_read_as_the_document_wraps_it() -> None:
    things = made("vultr", "GET /v2/domains/{dns-domain}")
    identity = things.create()
    assert things.read(identity)["domain"] == identity
    assert [reading["domain"] for reading in things.readings(identity)] == [identity] * READINGS


@pytest.mark.parametrize("body", [{"domain": [1]}, {"domain": "x"}, {"domain": None}])
def test_what_is_no_object_cannot_be_read(body: object) -> None:
    played, things = domains()
    played.routes.get(path__regex="/domains/a$").respond(200, json=body)
    with pytest.raises(Blocked) as lack:
        things.read("a")
    assert lack.value.need == "list"


def test_one_thing_is_found_in_every_reading_of_its_list() -> None:
    things = made("vultr", "GET /v2/domains/{dns-domain}")
    identity = things.create()
    assert [record["domain"] for record in things.listed_as(identity)] == [identity] * READINGS
    assert len(things.listed_as(identity, 1)) == 1
    assert things.listed_as("no-such.example.com") == []
    assert identity in things.listed()


def test_a_list_that_is_too_long_shows_no_thing() -> None:
    played, things = domains()
    numbers = itertools.count()

    def endless(_: httpx.Request) -> httpx.Response:
        links = {"next": f"cursor-{next(numbers)}", "prev": ""}
        return httpx.Response(200, json={"domains": [{"domain": f"d-{next(numbers)}"}], "meta": {"links": links}})

    played.routes.get(path__regex="/domains$").mock(side_effect=endless)
    assert things.listed_as("a.example") == []
    asked = len(played.requests)
    assert asked == HARD_CAP


def test_a_list_that_does_not_come_is_lacking() -> None:
    played, things = domains()
    played.routes.get(path__regex="/domains$").respond(500)
    with pytest.raises(Blocked):
        things.listed_as("a.example")


def unnamed(listed: Any) -> Things:
    """Projects whose creates are answered without an id, and what lists them answers."""
    contract = load("vercel")
    played = play(contract)
    (project,) = contract.conventions.resources
    played.routes.post("/v9/projects").respond(200, json={"name": "a"})
    played.routes.get("/v9/projects").respond(200, json=listed)
    return Things(played.client, contract, project, "conformance-1")


def projects(*names: str) -> dict[str, Any]:
    records = [{"id": f"prj_{name}", "name": name} for name in names]
    return {"projects": records, "pagination": {"count": len(records), "next": None, "prev": None}}


def test_a_create_that_names_nothing_is_found_by_its_name_in_the_list() -> None:
    things = unnamed(projects("another", "conformance-1-1", "conformance-1-10"))
    assert things.create() == "prj_conformance-1-1"
    assert things.created == ["prj_conformance-1-1"]


def test_a_create_that_names_nothing_and_is_not_listed_is_lacking_its_id() -> None:
    things = unnamed(projects("another"))
    with pytest.raises(Blocked, match="the answer to a create names no id") as lack:
        things.create()
    assert lack.value.need == "list"
    assert lack.value.exchange is things.client.exchanges[0]


def test_a_create_that_names_nothing_is_looked_for_in_vain_where_there_is_no_list() -> None:
    things = unnamed({})
    with pytest.raises(Blocked, match="the answer has no list at /projects") as lack:
        things.create()
    assert lack.value.need == "list"


def test_a_create_that_is_only_accepted_is_waited_for() -> None:
    played, things = domains(created=202)
    answers = itertools.chain([404, 404], itertools.repeat(200))
    played.routes.get(path__regex="/domains/").mock(
        side_effect=lambda _: httpx.Response(next(answers), json={"domain": {}})
    )
    before = things.client.clock.now()
    things.create()
    read = [request for request in played.requests if request.method == "GET"]
    assert len(read) == 2 + READINGS
    assert things.client.clock.now() > before


def test_the_first_thing_is_the_first_of_a_list_of_one_too() -> None:
    assert domains("a.example")[1].first() == "a.example"


def test_a_thing_is_called_in_the_role_of_its_operation() -> None:
    contract = load("vultr")
    _, things = domains()
    roles = {operation.id: things.role_of(operation) for operation in contract.operations if "domains" in operation.id}
    assert roles == {
        "GET /v2/domains": "list",
        "POST /v2/domains": "create",
        "GET /v2/domains/{dns-domain}": "read",
        "PUT /v2/domains/{dns-domain}": "replace",
        "PATCH /v2/domains/{dns-domain}": "update",
        "DELETE /v2/domains/{dns-domain}": "delete",
    }
    with pytest.raises(Unsupported, match="the contract has no operation to update a project"):
        made("vercel", "GET /v9/projects").operation("update")
