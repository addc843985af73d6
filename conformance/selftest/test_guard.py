"""What a write may reach: what the run created, what is given up, and what nobody has."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import httpx2
import pytest
from attrs import evolve

from conformance.contract import load
from conformance.targets.client import Client
from conformance.targets.clock import ManualClock
from conformance.targets.errors import Down, HarnessError, Unsupported
from conformance.targets.guard import NO_SUCH_ID, Guard
from conformance.targets.ledger import Ledger
from conformance.traffic.redact import Redactor

VULTR, SNYK, VERCEL = load("vultr"), load("snyk"), load("vercel")
RUN = "conformance-0a1b2c3d"
USERS = "users-own.example.com"
OURS = f"{RUN}-00000000-1.example.com"


class Noted(Ledger):
    """A ledger that is kept in memory."""

    def _append(self, entry: Mapping[str, Any]) -> None:
        if self.head.get("full"):
            raise OSError(28, "No space left on device")


def guard_of(contract: Any = VULTR, *, full: bool = False, **given: Any) -> Guard:
    ledger = Noted(None, {"full": full})  # type: ignore[arg-type]  # it has no file
    return Guard(contract, writes=True, prefix=RUN, ledger=ledger, **given)


class Server(httpx2.BaseTransport):
    """Answers everything alike, and keeps what came."""

    def __init__(self, status: int = 201, **body: Any) -> None:
        self.status, self.body = status, body
        self.came: list[str] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.came.append(f"{request.method} {request.url.raw_path.decode()}")
        return httpx2.Response(self.status, json=self.body)


def client_of(guard: Guard, server: Server | None = None) -> Client:
    assert guard.contract is not None
    return Client(
        contract=guard.contract,
        transport=server or Server(),
        base_url="https://api.invalid",
        credentials={"default": "selftest-token"},
        redactor=Redactor(),
        clock=ManualClock(),
        guard=guard,
    )


def created(guard: Guard, name: str = OURS) -> Client:
    """A client whose run has created the domain `name`."""
    client = client_of(guard, Server(domain={"domain": name}))
    client.send("POST", "/v2/domains", body={"domain": name})
    return client


REACHING = [
    ("DELETE", f"/v2/domains/{USERS}"),
    ("PATCH", f"/v2/domains/{USERS}"),
    ("delete", f"/v2/domains/{USERS}"),
    ("DELETE", f"/v2/domains/{USERS}/"),
    ("DELETE", f"/v2//domains/{USERS}"),
    ("DELETE", "/v2/domains/users%2Down.example.com"),
    ("DELETE", f"/v2/domains/{NO_SUCH_ID}%2F..%2F{USERS}"),
    ("DELETE", f"/v2/domains/{NO_SUCH_ID}/../{USERS}"),
    ("DELETE", f"/v2/users/{NO_SUCH_ID}/../../domains/{USERS}"),
    ("POST", f"/v2/domains/{USERS}/records"),
    ("POST", f"/v2/domains/{NO_SUCH_ID}/records/{USERS}"),
    ("DELETE", "/v2/domains"),
    ("POST", "/v2/account"),
    ("POST", "/v2/instances"),
    ("POST", "/v2/instances/cb676a46/halt"),
    ("PURGE", f"/v2/domains/{USERS}"),
    ("DELETE", f"/v2/domains/{NO_SUCH_ID}?scope={USERS}"),
    ("DELETE", "/"),
]


@pytest.mark.parametrize(("method", "path"), REACHING)
def test_a_write_that_could_reach_what_a_user_has_is_never_sent(method: str, path: str) -> None:
    server = Server()
    client = client_of(guard_of(known={"dns-domain": (USERS,)}), server)
    for credential in ("default", None):
        with pytest.raises(Unsupported):
            client.send(method, path, credential=credential, negative=True)
    assert server.came == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", f"/v2/domains/{OURS}"),
        ("PATCH", f"/v2/domains/{OURS}"),
        ("POST", f"/v2/domains/{OURS}/records"),
        ("DELETE", f"/v2/domains/{NO_SUCH_ID}"),
        ("DELETE", "/v2/domains/conformance-no-such.example.com"),
        ("PUT", "/v2/domains/given-up.example.com"),
        ("PATCH", "/v2/conformance-no-such-thing"),
        ("GET", f"/v2/domains/{USERS}"),
    ],
)
def test_what_the_run_created_is_given_up_or_nobodys_may_be_written_to(method: str, path: str) -> None:
    client = created(guard_of(known={"dns-domain": (USERS,)}, given_up={"dns-domain": ("given-up.example.com",)}))
    assert client.send(method, path).request.method == method


def test_a_client_that_nobody_gave_a_guard_writes_nothing() -> None:
    server = Server()
    with pytest.raises(Unsupported, match="--allow-writes"):
        client_of(Guard(VULTR), server).send("POST", "/v2/domains", body={"domain": OURS})
    assert server.came == []


@pytest.mark.parametrize("name", ["example.com", USERS, f"x{OURS}", "conformance-ffffffff-00000000-1.example.com"])
def test_a_create_under_a_name_that_is_not_the_runs_is_not_sent(name: str) -> None:
    with pytest.raises(Unsupported, match="no name of this run"):
        created(guard_of(), name)


def test_a_create_whose_body_names_what_a_user_has_is_not_sent() -> None:
    client = client_of(guard_of(known={"user-id": ("5b5c1d1e",)}))
    with pytest.raises(Unsupported, match="5b5c1d1e"):
        client.send("POST", "/v2/domains", body={"domain": OURS, "owner": ["5b5c1d1e"]})


def test_parents_and_teams_have_to_be_given_up() -> None:
    body = {"data": {"type": "project", "attributes": {"name": f"{RUN}-00000000-1"}}}
    known = {"org_id": ("o1", "o2")}
    with pytest.raises(Unsupported, match="org_id o1"):
        client_of(guard_of(SNYK, known=known)).send("POST", "/orgs/o1/projects", body=body)
    client_of(guard_of(SNYK, known=known, given_up={"org_id": ("o2",)})).send("POST", "/orgs/o2/projects", body=body)
    named = {"name": f"{RUN}-00000000-1"}
    guard = guard_of(VERCEL, given_up={"teamId": ("mine",)})
    client_of(guard).send("POST", "/v9/projects", query={"teamId": "mine"}, body=named)
    client_of(guard).send("POST", "/v9/projects", query={"teamId": "team_doesnotexist"}, body=named)
    with pytest.raises(Unsupported, match="teamId theirs"):
        client_of(guard).send("POST", "/v9/projects", query=[("teamId", "theirs"), ("teamId", "mine")], body=named)


def test_an_id_is_the_runs_only_in_the_place_it_was_created_for() -> None:
    """Ids may be small numbers: another kind of thing has the same."""
    guard = guard_of(SNYK, given_up={"org_id": ("o1",)})
    body = {"data": {"type": "project", "attributes": {"name": f"{RUN}-00000000-1"}}}
    client = client_of(guard, Server(data={"id": "12"}))
    client.send("POST", "/orgs/o1/projects", body=body)
    client.send("DELETE", "/orgs/o1/projects/12")
    with pytest.raises(Unsupported):
        client.send("DELETE", "/orgs/12/projects/12")


@pytest.mark.parametrize(
    ("answered", "named"),
    [(USERS, True), ("users-other.example.com", True), (USERS, False), ("listed.example.com", False)],
)
def test_what_may_have_been_there_before_is_not_taken_for_the_runs(answered: str, named: bool) -> None:
    """A server may answer a create with what somebody else has."""
    guard = guard_of(known={"dns-domain": (USERS,)})
    guard.existing[guard.key("POST /v2/domains", {}, {})] = frozenset({"listed.example.com"})
    client = client_of(guard, Server(domain={"domain": answered}))
    client.send("POST", "/v2/domains", body={"domain": OURS} if named else {"domain": 0})
    assert not guard.made[0].exists
    with pytest.raises(Unsupported):
        client.send("DELETE", f"/v2/domains/{answered}")


def test_after_a_create_that_was_answered_with_something_else_nothing_is_created() -> None:
    guard = guard_of()
    client = client_of(guard, Server(domain={"domain": "users-other.example.com"}))
    client.send("POST", "/v2/domains", body={"domain": OURS})
    with pytest.raises(Unsupported, match="nothing more is created"):
        client.send("POST", "/v2/domains", body={"domain": f"{RUN}-00000000-2.example.com"})


def test_a_name_that_a_target_keeps_in_upper_case_is_the_runs() -> None:
    guard = guard_of()
    client = client_of(guard, Server(domain={"domain": OURS.upper()}))
    client.send("POST", "/v2/domains", body={"domain": OURS})
    assert client.send("DELETE", f"/v2/domains/{OURS.upper()}").response.ok


def test_an_id_is_not_taken_for_the_runs_where_neither_a_name_nor_a_list_says_so() -> None:
    guard = guard_of(SNYK, given_up={"org_id": ("o1",)})
    guard.existing[guard.key("POST /orgs/{org_id}/projects", {"org_id": "o1"}, {})] = None
    body = {"data": {"type": "project", "attributes": {"name": f"{RUN}-00000000-1"}}}
    client_of(guard, Server(data={"id": "12"})).send("POST", "/orgs/o1/projects", body=body)
    assert not guard.made[0].exists


def test_what_is_not_sent_to_a_target_that_is_down_is_not_noted() -> None:
    guard, server = guard_of(), Server()
    client = client_of(guard, server)
    client.health.down = Down("GET /v2/account: nothing")
    with pytest.raises(Down, match=r"^the target is down: GET /v2/account: nothing; no other call is answered"):
        client.send("POST", "/v2/domains", body={"domain": OURS})
    assert (guard.made, server.came) == ([], [])


def test_what_a_create_without_a_name_made_is_the_runs_if_it_was_not_listed_before() -> None:
    guard = guard_of()
    guard.existing[guard.key("POST /v2/domains", {}, {})] = frozenset()
    client = client_of(guard, Server(domain={"domain": "0"}))
    client.send("POST", "/v2/domains", body={"domain": 0})
    assert client.send("DELETE", "/v2/domains/0").response.ok


def test_after_one_thing_that_cannot_be_deleted_nothing_is_created() -> None:
    guard = guard_of()
    client = created(guard)
    guard.stop("domain x could not be deleted: 409")
    with pytest.raises(Unsupported, match="domain x could not be deleted"):
        client.send("POST", "/v2/domains", body={"domain": f"{RUN}-00000000-2.example.com"})


def test_a_create_that_cannot_be_noted_is_not_sent() -> None:
    server = Server()
    with pytest.raises(HarnessError, match="No space left"):
        client_of(guard_of(full=True), server).send("POST", "/v2/domains", body={"domain": OURS})
    assert server.came == []


def test_every_value_is_free_on_a_server_that_is_thrown_away() -> None:
    client = client_of(Guard.of_throwaway(VULTR, {"dns-domain": (USERS,)}))
    assert client.send("DELETE", f"/v2/domains/{USERS}").response.ok


NETLIFY = load("netlify")
SITES, DEPLOYS = "/api/v1/sites", "/api/v1/sites/site-1/deploys"
UPLOAD, FUNCTION = "/api/v1/deploys/{}/files/index.html", "/api/v1/deploys/{}/functions/hello"


def with_a_site(**given: Any) -> Client:
    """A client whose run has made the site `site-1`."""
    client = client_of(guard_of(NETLIFY, **given), Server(id="site-1"))
    client.send("POST", SITES, body={"name": f"{RUN}-00000000-1"})
    return client


def answered(client: Client, method: str, path: str, body: Any) -> None:
    client.transport = Played(body)
    client.send(method, path, body={"files": {}} if method == "POST" else None)


class Played(Server):
    """Answers this body."""

    def __init__(self, body: Any) -> None:
        super().__init__()
        self.body = body


@pytest.mark.parametrize(
    ("method", "body"), [("POST", {"id": "deploy-1"}), ("GET", [{"id": "deploy-0"}, {"id": "deploy-1"}])]
)
def test_what_belongs_to_a_thing_of_the_run_may_be_written_to(method: str, body: Any) -> None:
    client = with_a_site()
    answered(client, method, DEPLOYS, body)
    for upload in (UPLOAD, FUNCTION):
        client.send("PUT", upload.format("deploy-1"), content=b"x", query={"runtime": "js"} if "func" in upload else {})
        with pytest.raises(Unsupported, match="deploy_id deploy-2 was not created by this run"):
            client.send("PUT", upload.format("deploy-2"), content=b"x")


def test_what_belongs_to_a_users_thing_is_not_written_to() -> None:
    client = with_a_site()
    answered(client, "GET", "/api/v1/sites/site-of-users/deploys", [{"id": "deploy-1"}])
    with pytest.raises(Unsupported, match="deploy_id deploy-1 was not created by this run"):
        client.send("PUT", UPLOAD.format("deploy-1"), content=b"x")


def test_what_belongs_to_a_thing_that_was_given_up_may_be_written_to() -> None:
    client = client_of(guard_of(NETLIFY, given_up={"site_id": ("site-1",)}))
    answered(client, "GET", DEPLOYS, [{"id": "deploy-1"}])
    client.send("PUT", UPLOAD.format("deploy-1"), content=b"x")


@pytest.mark.parametrize("body", [[{"id": "deploy-1"}], [], None, "deploy-1", {"id": ["deploy-1"]}, [{"id": ".."}]])
def test_what_a_user_named_is_nobodys_part_whatever_an_answer_shows(body: Any) -> None:
    client = with_a_site(known={"deploy_id": ("deploy-1",)})
    answered(client, "GET", DEPLOYS, body)
    for identity in ("deploy-1", "..", ""):
        with pytest.raises(Unsupported):
            client.send("PUT", UPLOAD.format(identity), content=b"x")


def test_values_that_the_document_forbids_do_not_fit() -> None:
    client, upload = with_a_site(), NETLIFY.operation("PUT /api/v1/deploys/{deploy_id}/files/{file_path}")
    for path, fits in (("a b/ü+%.txt", True), ("a#b", False), ("a/b?c", False)):
        assert client.fits(upload, {"file_path": path}) is fits
    assert client.fits(upload, {"deploy_id": "of no form"})


@pytest.mark.parametrize(("allowed", "sent"), [(False, 0), (True, 1)])
def test_what_may_cost_money_is_created_only_where_that_is_allowed(allowed: bool, sent: int) -> None:
    (domain, *others) = VULTR.conventions.resources
    costly = domain.model_copy(update={"billable": True})
    conventions = VULTR.conventions.model_copy(update={"resources": (costly, *others)})
    server = Server(domain=OURS)
    client = client_of(guard_of(evolve(VULTR, conventions=conventions), billable=allowed), server)
    refused: AbstractContextManager[Any] = (
        nullcontext() if allowed else pytest.raises(Unsupported, match="may cost money; --allow-billable lets it")
    )
    with refused:
        client.send("POST", "/v2/domains", body={"domain": OURS})
    assert len(server.came) == sent
