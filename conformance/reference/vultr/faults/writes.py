"""Faults of the Vultr server in what happens to its records: reads that change, writes that do not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attrs import evolve, field, mutable

from conformance.reference.core import Server
from conformance.reference.faults import Faults, crash, with_status
from conformance.reference.messages import Problem, Record, Request, Response
from conformance.reference.policies import JsonBody
from conformance.reference.store import Collection
from conformance.reference.vultr.data import USER_IDS, instance_ids

faults = Faults()

DOMAIN = "/v2/domains/{dns-domain}"


def _owner(request: Request) -> str:
    assert request.principal is not None
    return request.principal.account


def _store_domain(server: Server, request: Request, name: str | None) -> Record:
    record = {"domain": name, "date_created": server.clock.now().isoformat(), "ip": "", "dns_sec": "disabled"}
    server.store["domains"].add(_owner(request), record)
    return record


@faults.server("vultr.crud.get-read-only")
def reading_backups_makes_one(server: Server) -> None:
    """Each GET of /backups adds a backup."""

    def grow(request: Request, response: Response) -> Response:
        if request.operation == "GET /v2/backups" and response.status == 200:
            (instance, *_) = instance_ids(_owner(request))
            made = server.clock.now().isoformat()
            backup = {"id": server.ids.next("backup"), "instance_id": instance, "date_created": made}
            server.store["backups"].add(_owner(request), {**backup, "status": "complete"})
        return response

    server.transforms.append(grow)


@faults.server("vultr.crud.get-read-only")
def reading_account_drops_backup(server: Server) -> None:
    """Each GET of /account removes the oldest backup."""

    def shrink(request: Request, response: Response) -> Response:
        backups = server.store["backups"]
        if request.operation == "GET /v2/account" and response.status == 200:
            backups.remove(_owner(request), backups.id_of(backups.of(_owner(request))[0]))
        return response

    server.transforms.append(shrink)


@faults.server("vultr.crud.get-read-only")
def reading_user_makes_domain(server: Server) -> None:
    """The GET of a user adds a domain that bears the user's id."""

    def grow(request: Request, response: Response) -> Response:
        if request.operation == "GET /v2/users/{user-id}" and response.status == 200:
            _store_domain(server, request, f"{request.arguments['user-id']}.example.com")
        return response

    server.transforms.append(grow)


def _after_create(server: Server, status: int, keep: bool, name: str = "{}") -> None:
    """Answer a successful POST with this status; drop the domain, or keep it under another name."""

    def alter(request: Request, response: Response) -> Response:
        if request.operation != "POST /v2/domains" or response.status != 201:
            return response
        record = response.json["domain"]
        server.store["domains"].remove(_owner(request), record["domain"])
        if keep:
            server.store["domains"].add(_owner(request), {**record, "domain": name.format(record["domain"])})
        return with_status(response, status)

    server.transforms.append(alter)


@faults.server("vultr.crud.post-creates")
def created_as_200(server: Server) -> None:
    """A POST creates and answers 200."""
    _after_create(server, 200, keep=True)


@faults.server("vultr.crud.post-creates")
def answered_200_not_stored(server: Server) -> None:
    """A POST answers 200 and stores nothing."""
    _after_create(server, 200, keep=False)


@faults.server("vultr.crud.post-creates")
def answered_201_not_stored(server: Server) -> None:
    """A POST answers 201 and stores nothing."""
    _after_create(server, 201, keep=False)


@faults.server("vultr.crud.post-creates")
def stored_under_another_name(server: Server) -> None:
    """A POST answers 201 and stores the domain under another name."""
    _after_create(server, 201, keep=True, name="www.{}")


def _on_refusal(server: Server, cause: str, name: str | None, *, accept: bool) -> None:
    """Store a domain at each POST refused for this cause, and answer 201 if `accept`."""

    def alter(request: Request, response: Response) -> Response:
        if request.operation != "POST /v2/domains" or response.cause != cause:
            return response
        record = _store_domain(server, request, name)
        return Response.of({"domain": record}, 201) if accept else response

    server.transforms.append(alter)


@faults.server("vultr.crud.post-required")
def nameless_domain_created(server: Server) -> None:
    """A POST without a domain creates one whose name is null."""
    _on_refusal(server, "required", None, accept=True)


@faults.server("vultr.crud.post-required")
def refused_nameless_stored(server: Server) -> None:
    """A POST without a domain is refused with 400, and stores one all the same."""
    _on_refusal(server, "required", "unnamed.example.com", accept=False)


@faults.server("vultr.crud.post-required")
def missing_name_made_up(server: Server) -> None:
    """A POST without a domain creates one under a name of the server's choice."""
    _on_refusal(server, "required", "default.example.com", accept=True)


@faults.response("vultr.errors.malformed-400", cause="malformed")
def malformed_500(_request: Request, _response: Response) -> Response:
    """A body that is no JSON is answered with 500."""
    raise crash()


@faults.response("vultr.errors.malformed-400", cause="malformed")
def malformed_404(_request: Request, response: Response) -> Response:
    """A body that is no JSON is answered with 404."""
    return with_status(response, 404)


@faults.response("vultr.errors.malformed-400", cause="type")
def wrong_type_500(_request: Request, _response: Response) -> Response:
    """An attribute of another type is answered with 500."""
    raise crash()


@faults.server("vultr.errors.malformed-400")
def refused_malformed_stored(server: Server) -> None:
    """A body that is no JSON is refused with 400, and a domain is stored all the same."""
    _on_refusal(server, "malformed", "malformed.example.com", accept=False)


class _Repairing(JsonBody):
    def parse(self, request: Request) -> dict[str, Any]:
        for end in (b"", b"}", b'"}', b'"cut-off.example.com"}', b':"cut-off.example.com"}'):
            try:
                return super().parse(evolve(request, body=request.body.strip() + end))
            except Problem as problem:
                refusal = problem
        raise refusal


@faults.server("vultr.errors.malformed-400")
def cut_off_body_completed(server: Server) -> None:
    """A body that is cut off is completed and accepted."""
    server.bodies = _Repairing()


class _TextAsName(JsonBody):
    def parse(self, request: Request) -> dict[str, Any]:
        try:
            json.loads(request.body)
        except ValueError:
            if not request.body.startswith(b"{"):
                return {"domain": "plain-text.example.com"}
        return super().parse(request)


@faults.server("vultr.errors.malformed-400")
def plain_text_accepted(server: Server) -> None:
    """A body of plain text creates a domain."""
    server.bodies = _TextAsName()


class _Domains(Collection):
    """A PUT is the update that takes effect later, a PATCH the one that does so at once."""

    def update(self, owner: str, record_id: str, changes: Record, after: float = 0) -> None:
        self._settle(record_id)
        old = self.rows[owner, record_id]
        super().update(owner, record_id, self.put(old, changes) if after else self.patch(old, changes), after)

    def put(self, _old: Record, changes: Record) -> Record:
        return changes

    def patch(self, _old: Record, changes: Record) -> Record:
        return changes


@faults.collection("vultr.crud.put-sets", "domains")
class PutToggles(_Domains):
    """A PUT of the dns_sec that is set already sets the other one."""

    def put(self, old: Record, changes: Record) -> Record:
        if changes.get("dns_sec") == old["dns_sec"]:
            return {**changes, "dns_sec": "disabled" if old["dns_sec"] == "enabled" else "enabled"}
        return changes


@faults.collection("vultr.crud.put-sets", "domains")
class PutAppends(_Domains):
    """A PUT appends to the ip."""

    def put(self, old: Record, changes: Record) -> Record:
        return {**changes, "ip": f"{old['ip']},{changes['ip']}".strip(",")} if "ip" in changes else changes


@faults.collection("vultr.crud.put-sets", "domains")
class PutOnlyFillsIn(_Domains):
    """A PUT sets only what is empty."""

    def put(self, old: Record, changes: Record) -> Record:
        return {name: old[name] or value for name, value in changes.items()}


@faults.collection("vultr.crud.patch-partial", "domains")
class PatchResetsDnsSec(_Domains):
    """A PATCH without dns_sec sets it to its default."""

    def patch(self, _old: Record, changes: Record) -> Record:
        return {"dns_sec": "disabled", **changes}


@faults.collection("vultr.crud.patch-partial", "domains")
class PatchClearsIp(_Domains):
    """A PATCH without ip empties it."""

    def patch(self, _old: Record, changes: Record) -> Record:
        return {"ip": "", **changes}


@faults.collection("vultr.crud.patch-partial", "domains")
class PatchTakesOneAttribute(_Domains):
    """A PATCH of two attributes changes one of them."""

    def patch(self, _old: Record, changes: Record) -> Record:
        return dict(list(changes.items())[:1])


@faults.collection("vultr.crud.patch-partial", "domains")
class PatchDoesNothing(_Domains):
    """A PATCH answers 204 and changes nothing."""

    def patch(self, _old: Record, _changes: Record) -> Record:
        return {}


@faults.collection("vultr.crud.delete-then-404", "domains")
@mutable
class DeletedStaysListed(Collection):
    """A deleted domain cannot be read any more, but stays in the list."""

    removed: list[tuple[str, Record]] = field(factory=list)

    def of(self, owner: str) -> list[Record]:
        return [*super().of(owner), *(record for account, record in self.removed if account == owner)]

    def remove(self, owner: str, record_id: str) -> bool:
        record = self.get(owner, record_id)
        if record is not None:
            self.removed.append((owner, record))
        return super().remove(owner, record_id)


@faults.collection("vultr.crud.delete-then-404", "domains")
@mutable
class DeletedStaysReadable(Collection):
    """A deleted domain is not listed any more, but can be read."""

    removed: dict[tuple[str, str], Record] = field(factory=dict)

    def get(self, owner: str, record_id: str) -> Record | None:
        return super().get(owner, record_id) or self.removed.get((owner, record_id))

    def remove(self, owner: str, record_id: str) -> bool:
        record = super().get(owner, record_id)
        if record is not None:
            self.removed[owner, record_id] = record
        return super().remove(owner, record_id)


@faults.collection("vultr.crud.delete-then-404", "domains")
class DeleteDoesNothing(Collection):
    """A DELETE answers 204 and removes nothing."""

    def remove(self, owner: str, record_id: str) -> bool:
        return (owner, record_id) in self.rows


@faults.response("vultr.crud.delete-then-404", f"GET {DOMAIN}", cause="unknown-domain")
def deleted_answers_400(_request: Request, response: Response) -> Response:
    """The GET of a domain that is gone answers 400."""
    return with_status(response, 400)


@faults.response("vultr.crud.delete-missing-4xx", f"DELETE {DOMAIN}", cause="unknown-domain")
def missing_deleted_with_204(_request: Request, _response: Response) -> Response:
    """The DELETE of an unknown domain answers 204."""
    return Response(204)


@faults.response("vultr.crud.delete-missing-4xx", f"DELETE {DOMAIN}", cause="unknown-domain")
def missing_deleted_with_200(_request: Request, _response: Response) -> Response:
    """The DELETE of an unknown domain answers 200 and says that nothing was there."""
    return Response.of({"deleted": False})


@faults.response("vultr.crud.delete-missing-4xx", f"DELETE {DOMAIN}", cause="unknown-domain")
def missing_delete_500(_request: Request, _response: Response) -> Response:
    """The DELETE of an unknown domain answers 500."""
    raise crash()


@faults.collection("vultr.crud.accepted-eventually", "domains")
class AcceptedNeverApplied(Collection):
    """What is accepted with 202 never takes effect."""

    def update(self, owner: str, record_id: str, changes: Record, after: float = 0) -> None:
        if not after:
            super().update(owner, record_id, changes)


@faults.collection("vultr.crud.accepted-eventually", "domains")
class AcceptedAppliedNextDay(Collection):
    """What is accepted with 202 takes effect a day later."""

    def update(self, owner: str, record_id: str, changes: Record, after: float = 0) -> None:
        super().update(owner, record_id, changes, after=86400 if after else 0)


@faults.collection("vultr.crud.path-params-encoded", "users")
class FirstUserForAll(Collection):
    """Every user id gives the first user."""

    def get(self, owner: str, _record_id: str) -> Record | None:
        return next(iter(self.of(owner)), None)


@faults.collection("vultr.crud.path-params-encoded", "users")
class UserIdReadToFirstHyphen(Collection):
    """Two user ids that begin alike give the same user."""

    def get(self, owner: str, record_id: str) -> Record | None:
        return next((one for one in self.of(owner) if self.id_of(one)[:8] == record_id[:8]), None)


@faults.body("vultr.crud.path-params-encoded", "GET /v2/users/{user-id}")
def user_carries_other_id(_request: Request, body: Mapping[str, Any]) -> object:
    """The two users differ, but carry the same id."""
    return {"user": {**body["user"], "id": USER_IDS[0]}}
