"""Faults of the Vultr server in who is let in: transport, keys, accounts and rate."""

from __future__ import annotations

from datetime import datetime

from conformance.reference import lenient
from conformance.reference.core import Server
from conformance.reference.edits import append, change, drop, header, put, status
from conformance.reference.faults import Faults
from conformance.reference.limits import SlidingWindow
from conformance.reference.messages import Problem, Record, Request
from conformance.reference.plants import authenticator, limiter, principals, records, setting, unprotected
from conformance.reference.policies import sent_token
from conformance.reference.store import Collection
from conformance.reference.vultr.faults.tools import ACCOUNT, APPLICATIONS, BACKUPS

faults = Faults()

lenient.in_clear(faults.of("vultr.transport.https-only"))

fault = faults.of("vultr.auth.no-key-401")
fault("account-403-without-key", "GET /account without a key answers 403.").by(status(403, on=ACCOUNT, cause="no-key"))
fault("backups-404-without-key", "GET /backups without a key answers 404.").by(status(404, on=BACKUPS, cause="no-key"))
fault("backups-served-without-key", "GET /backups without a key answers with the backups of one account.").by(
    unprotected(BACKUPS, "default")
)

fault = faults.of("vultr.auth.bad-key-401")
fault("basic-accepted", "A valid key is accepted under Basic too, as it is or as base64 of user name or password.").by(
    authenticator(lenient.BasicToo)
)
fault("bare-key-accepted", "A valid key is accepted without a scheme word.").by(authenticator(lenient.BareToken))
fault("unknown-key-accepted", "Any key under Bearer is accepted; other schemes are refused.").by(
    authenticator(lenient.AnyToken)
)
fault("unknown-key-403", "A key that does not exist is answered with 403.").by(status(403, cause="unknown-key"))
fault("wrong-scheme-400", "A valid key under another scheme, or none, is answered with 400.").by(
    status(400, cause="scheme")
)

fault = faults.of("vultr.auth.ip-restriction")
fault("restriction-ignored", "A key restricted to another address works from everywhere.").by(
    principals(addresses=None)
)
fault("restricted-key-404", "A key restricted to another address is answered with 404.").by(
    status(404, cause="address")
)

fault = faults.of("vultr.auth.permission-403")
fault("no-permission-401", "A valid key without the permission is answered with 401.").by(
    status(401, cause="permission")
)
fault("no-permission-404", "A valid key without the permission is answered with 404.").by(
    status(404, cause="permission")
)
fault("permission-ignored", "Every key has every permission.").by(principals(permissions=None))


def anonymous(request: Request) -> bool:
    """Whether a request came without a key."""
    return request.principal is None


fault = faults.of("vultr.auth.public-catalogue")
fault("anonymous-total-differs", "The total of the applications is one less without a key.").by(
    change("/meta/total", lambda total: total - 1, on=APPLICATIONS, when=anonymous)
)
fault("anonymous-items-abridged", "The applications lack their vendor without a key.").by(
    drop("/applications/*/name", on=APPLICATIONS, when=anonymous)
)

fault = faults.of("vultr.auth.account-isolation")


@fault.using(records, "backups")
class BackupsOfAllAccounts(Collection):
    """The backup list shows every account's backups."""

    def of(self, _owner: str) -> list[Record]:
        return list(self.rows.values())


@fault.using(records, "domains")
class ForeignDomainsReadable(Collection):
    """A domain is in its account's list only, but any account can GET it."""

    def get(self, owner: str, record_id: str) -> Record | None:
        foreign = (record for (_, one), record in self.rows.items() if one == record_id)
        return super().get(owner, record_id) or next(foreign, None)


@fault.server
def one_account_for_all_keys(server: Server) -> None:
    """GET /account answers every key with the same account."""
    accounts = server.store["account"]
    (first, *others) = accounts.rows
    accounts.rows.update(dict.fromkeys(others, accounts.rows[first]))


fault = faults.of("vultr.security.key-never-echoed")
fault("key-in-header", "Successful answers carry the key in a header of their own.").by(
    header("X-Api-Key", sent_token, when=sent_token)
)
fault("key-encoded-in-body", "GET /account shows the key in base64.").by(
    put("/account/session", lenient.token_in_base64, on=ACCOUNT)
)
fault("key-in-not-found", "The error text of a 404 quotes the key.").by(
    append("/error", lambda request: f" (key {sent_token(request)})", status=404)
)
fault("key-in-refusal", "The error text for a wrong scheme quotes the whole Authorization header.").by(
    append("/error", lambda request: f" It is '{request.headers.get('Authorization')}'.", cause="scheme")
)

fault = faults.of("vultr.rate-limit.rate-over-30")
fault("five-per-second", "The sixth request in a second is refused.").by(setting("limiter.limit", 5))
fault("thirtieth-refused", "The thirtieth request in a second is refused.").by(setting("limiter.limit", 29))


@fault.using(limiter)
class Every25thRefused(SlidingWindow):
    """Every twenty-fifth request is refused with 429, at any rate."""

    seen = 0

    def admit(self, request: Request, now: datetime) -> None:
        self.seen += 1
        if self.seen % 25 == 0:
            raise Problem(429, "rate-limit", "Rate limit exceeded.")
        super().admit(request, now)


fault = faults.of("vultr.rate-limit.rate-per-ip")
fault("counted-per-key", "Requests are counted per key, from all addresses together.").by(
    setting("limiter.key", sent_token)
)
fault(
    "counted-per-key-and-address",
    "Requests are counted per address and key, so that two keys double what an address may send.",
).by(setting("limiter.key", lambda request: f"{request.address} {sent_token(request)}"))
fault("counted-for-all-addresses", "All addresses share one count.").by(setting("limiter.key", lambda _request: ""))
