"""Faults of the Vultr server in what happens to its records: reads that change, writes that do not."""

from __future__ import annotations

import json
from typing import Any

from attrs import field, mutable

from conformance.reference import lenient
from conformance.reference.core import Server
from conformance.reference.edits import afterwards, crash, instead, put, status
from conformance.reference.faults import Faults, Plant
from conformance.reference.messages import Record, Request, Response
from conformance.reference.plants import bodies, records
from conformance.reference.policies import JsonBody
from conformance.reference.store import Collection
from conformance.reference.vultr.data import USER_IDS, instance_ids
from conformance.reference.vultr.faults.tools import ACCOUNT, BACKUPS, CREATE, DELETE, DOMAIN, USER, store_domain

faults = Faults()

fault = faults.of("vultr.crud.get-read-only")


@fault.using(afterwards, on=BACKUPS)
def reading_backups_makes_one(server: Server, request: Request, _response: Response) -> None:
    """Each GET of /backups adds a backup."""
    (instance, *_) = instance_ids(request.account)
    made = {"date_created": server.clock.now().isoformat(), "status": "complete"}
    server.store["backups"].add(request.account, {"id": server.ids.next("backup"), "instance_id": instance, **made})


@fault.using(afterwards, on=ACCOUNT)
def reading_account_drops_backup(server: Server, request: Request, _response: Response) -> None:
    """Each GET of /account removes the oldest backup."""
    backups = server.store["backups"]
    backups.remove(request.account, backups.id_of(backups.of(request.account)[0]))


@fault.using(afterwards, on=USER)
def reading_user_makes_domain(server: Server, request: Request, _response: Response) -> None:
    """The GET of a user adds a domain that bears the user's id."""
    store_domain(server, request, f"{request.arguments['user-id']}.example.com")


def created(code: int, stored_as: str | None = None) -> Plant:
    """A POST that answers with this status, and stores the domain under a name made of its own, or not at all."""

    def alter(server: Server, request: Request, response: Response) -> Response:
        record, domains = response.json["domain"], server.store["domains"]
        domains.remove(request.account, record["domain"])
        if stored_as:
            domains.add(request.account, {**record, "domain": stored_as.format(record["domain"])})
        return Response.of(response.json, code)

    return afterwards(alter, on=CREATE, status=201)


fault = faults.of("vultr.crud.post-creates")
fault("created-as-200", "A POST creates and answers 200.").by(created(200, "{}"))
fault("answered-200-not-stored", "A POST answers 200 and stores nothing.").by(created(200))
fault("answered-201-not-stored", "A POST answers 201 and stores nothing.").by(created(201))
fault("stored-under-another-name", "A POST answers 201 and stores the domain under another name.").by(
    created(201, "www.{}")
)


def stored_when_refused(cause: str, name: str | None, *, accepted: bool = False) -> Plant:
    """A domain of this name is stored at each POST refused for this cause, which is answered with 201 if accepted."""

    def alter(server: Server, request: Request, response: Response) -> Response:
        record = store_domain(server, request, name)
        return Response.of({"domain": record}, 201) if accepted else response

    return afterwards(alter, on=CREATE, cause=cause)


fault = faults.of("vultr.crud.post-required")
fault("nameless-domain-created", "A POST without a domain creates one whose name is null.").by(
    stored_when_refused("required", None, accepted=True)
)
fault("refused-nameless-stored", "A POST without a domain is refused with 400, and stores one all the same.").by(
    stored_when_refused("required", "unnamed.example.com")
)
fault("missing-name-made-up", "A POST without a domain creates one under a name of the server's choice.").by(
    stored_when_refused("required", "default.example.com", accepted=True)
)

fault = faults.of("vultr.errors.malformed-400")
fault("malformed-500", "A body that is no JSON is answered with 500.").by(crash(cause="malformed"))
fault("malformed-404", "A body that is no JSON is answered with 404.").by(status(404, cause="malformed"))
fault("wrong-type-500", "An attribute of another type is answered with 500.").by(crash(cause="type"))
fault(
    "refused-malformed-stored", "A body that is no JSON is refused with 400, and a domain is stored all the same."
).by(stored_when_refused("malformed", "malformed.example.com"))
fault("cut-off-body-completed", "A body that is cut off is completed and accepted.").by(
    lenient.repaired(b"}", b'"}', b'"cut-off.example.com"}', b':"cut-off.example.com"}')
)


@fault.using(bodies)
class PlainTextAccepted(JsonBody):
    """A body of plain text creates a domain."""

    def parse(self, request: Request) -> dict[str, Any]:
        try:
            json.loads(request.body)
        except ValueError:
            if not request.body.startswith(b"{"):
                return {"domain": "plain-text.example.com"}
        return super().parse(request)


class Domains(Collection):
    """A PUT is the update that takes effect later, a PATCH the one that does so at once."""

    def update(self, owner: str, record_id: str, changes: Record, after: float = 0) -> None:
        self._settle(record_id)
        old = self.rows[owner, record_id]
        super().update(owner, record_id, self.put(old, changes) if after else self.patch(old, changes), after)

    def put(self, _old: Record, changes: Record) -> Record:
        """What is set instead of what a PUT gives."""
        return changes

    def patch(self, _old: Record, changes: Record) -> Record:
        """What is set instead of what a PATCH gives."""
        return changes


fault = faults.of("vultr.crud.put-sets")


@fault.using(records, "domains")
class PutToggles(Domains):
    """A PUT of the dns_sec that is set already sets the other one."""

    def put(self, old: Record, changes: Record) -> Record:
        if changes.get("dns_sec") == old["dns_sec"]:
            return {**changes, "dns_sec": "disabled" if old["dns_sec"] == "enabled" else "enabled"}
        return changes


@fault.using(records, "domains")
class PutAppends(Domains):
    """A PUT appends to the ip."""

    def put(self, old: Record, changes: Record) -> Record:
        return {**changes, "ip": f"{old['ip']},{changes['ip']}".strip(",")} if "ip" in changes else changes


@fault.using(records, "domains")
class PutOnlyFillsIn(Domains):
    """A PUT sets only what is empty."""

    def put(self, old: Record, changes: Record) -> Record:
        return {name: old[name] or value for name, value in changes.items()}


fault = faults.of("vultr.crud.patch-partial")


@fault.using(records, "domains")
class PatchResetsDnsSec(Domains):
    """A PATCH without dns_sec sets it to its default."""

    def patch(self, _old: Record, changes: Record) -> Record:
        return {"dns_sec": "disabled", **changes}


@fault.using(records, "domains")
class PatchClearsIp(Domains):
    """A PATCH without ip empties it."""

    def patch(self, _old: Record, changes: Record) -> Record:
        return {"ip": "", **changes}


@fault.using(records, "domains")
class PatchTakesOneAttribute(Domains):
    """A PATCH of two attributes changes one of them."""

    def patch(self, _old: Record, changes: Record) -> Record:
        return dict(list(changes.items())[:1])


@fault.using(records, "domains")
class PatchDoesNothing(Domains):
    """A PATCH answers 204 and changes nothing."""

    def patch(self, _old: Record, _changes: Record) -> Record:
        return {}


@mutable
class Remembering(Collection):
    """Knows the records that were removed."""

    removed: dict[tuple[str, str], Record] = field(factory=dict)

    def remove(self, owner: str, record_id: str) -> bool:
        record = self.rows.get((owner, record_id))
        if record is not None:
            self.removed[owner, record_id] = record
        return super().remove(owner, record_id)


fault = faults.of("vultr.crud.delete-then-404")


@fault.using(records, "domains")
class DeletedStaysListed(Remembering):
    """A deleted domain cannot be read any more, but stays in the list."""

    def of(self, owner: str) -> list[Record]:
        return [*super().of(owner), *(record for (account, _), record in self.removed.items() if account == owner)]


@fault.using(records, "domains")
class DeletedStaysReadable(Remembering):
    """A deleted domain is not listed any more, but can be read."""

    def get(self, owner: str, record_id: str) -> Record | None:
        return super().get(owner, record_id) or self.removed.get((owner, record_id))


@fault.using(records, "domains")
class DeleteDoesNothing(Collection):
    """A DELETE answers 204 and removes nothing."""

    def remove(self, owner: str, record_id: str) -> bool:
        return (owner, record_id) in self.rows


fault("deleted-answers-400", "The GET of a domain that is gone answers 400.").by(
    status(400, on=DOMAIN, cause="unknown-domain")
)

fault = faults.of("vultr.crud.delete-missing-4xx")
fault("missing-deleted-with-204", "The DELETE of an unknown domain answers 204.").by(
    instead(Response(204), on=DELETE, cause="unknown-domain")
)
fault("missing-deleted-with-200", "The DELETE of an unknown domain answers 200 and says that nothing was there.").by(
    instead(Response.of({"deleted": False}), on=DELETE, cause="unknown-domain")
)
fault("missing-delete-500", "The DELETE of an unknown domain answers 500.").by(crash(on=DELETE, cause="unknown-domain"))

fault = faults.of("vultr.crud.accepted-eventually")


@fault.using(records, "domains")
class AcceptedNeverApplied(Domains):
    """What is accepted with 202 never takes effect."""

    def put(self, _old: Record, _changes: Record) -> Record:
        return {}


@fault.using(records, "domains")
class AcceptedAppliedNextDay(Collection):
    """What is accepted with 202 takes effect a day later."""

    def update(self, owner: str, record_id: str, changes: Record, after: float = 0) -> None:
        super().update(owner, record_id, changes, after=86400 if after else 0)


fault = faults.of("vultr.crud.path-params-encoded")


@fault.using(records, "users")
class FirstUserForAll(Collection):
    """Every user id gives the first user."""

    def get(self, owner: str, _record_id: str) -> Record | None:
        return next(iter(self.of(owner)), None)


@fault.using(records, "users")
class UserIdReadToFirstHyphen(Collection):
    """Two user ids that begin alike give the same user."""

    def get(self, owner: str, record_id: str) -> Record | None:
        return next((one for one in self.of(owner) if self.id_of(one)[:8] == record_id[:8]), None)


fault("user-carries-other-id", "The two users differ, but carry the same id.").by(put("/user/id", USER_IDS[0], on=USER))
