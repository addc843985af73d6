"""Faults of the Vultr server in who is let in: transport, keys, accounts and rate."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from attrs import evolve

from conformance.reference.core import Handler, Server
from conformance.reference.faults import Faults, reroute, with_status
from conformance.reference.messages import Principal, Problem, Record, Request, Response
from conformance.reference.policies import SlidingWindow, TokenAuthenticator, Transport
from conformance.reference.store import Collection

faults = Faults()


@faults.server("vultr.transport.https-only")
def served_in_clear(server: Server) -> None:
    """Plain HTTP is served as HTTPS is."""
    server.transport = Transport(frozenset({"http", "https"}))


@faults.response("vultr.transport.https-only", cause="clear-text")
def redirected_within_clear(request: Request, _response: Response) -> Response:
    """Plain HTTP is redirected, but to plain HTTP again."""
    path = "/".join(request.segments)
    return Response(301, headers={"Location": f"http://{request.headers['Host']}/{path}/"})


@faults.response("vultr.auth.no-key-401", "GET /v2/account", cause="no-key")
def account_403_without_key(_request: Request, response: Response) -> Response:
    """GET /account without a key answers 403."""
    return with_status(response, 403)


@faults.response("vultr.auth.no-key-401", "GET /v2/backups", cause="no-key")
def backups_404_without_key(_request: Request, response: Response) -> Response:
    """GET /backups without a key answers 404."""
    return with_status(response, 404)


@faults.server("vultr.auth.no-key-401")
def backups_served_without_key(server: Server) -> None:
    """GET /backups without a key answers with the backups of one account."""
    owner = server.authenticator.principals[server.credentials["default"]]

    def anonymous(handler: Handler) -> Handler:
        def handle(server: Server, request: Request) -> Response:
            request.principal = request.principal or owner
            return handler(server, request)

        return handle

    reroute(server, "GET /v2/backups", anonymous, public=True)


class _BasicToo(TokenAuthenticator):
    def token(self, header: str) -> str:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "basic":
            return super().token(header)
        try:
            return token if token in self.principals else base64.b64decode(token).decode().strip(":")
        except ValueError:
            return ""


@faults.server("vultr.auth.bad-key-401")
def basic_accepted(server: Server) -> None:
    """A valid key is accepted under Basic too, as it is or as base64 of user name or password."""
    server.authenticator = _BasicToo("Bearer", server.authenticator.principals)


class _SchemeOptional(TokenAuthenticator):
    def token(self, header: str) -> str:
        return header if header in self.principals else super().token(header)


@faults.server("vultr.auth.bad-key-401")
def bare_key_accepted(server: Server) -> None:
    """A valid key is accepted without a scheme word."""
    server.authenticator = _SchemeOptional("Bearer", server.authenticator.principals)


class _AnyKey(TokenAuthenticator):
    def authenticate(self, request: Request) -> Principal | None:
        try:
            return super().authenticate(request)
        except Problem as problem:
            if problem.cause != "unknown-key":
                raise
            return next(iter(self.principals.values()))


@faults.server("vultr.auth.bad-key-401")
def unknown_key_accepted(server: Server) -> None:
    """Any key under Bearer is accepted; other schemes are refused."""
    server.authenticator = _AnyKey("Bearer", server.authenticator.principals)


@faults.response("vultr.auth.bad-key-401", cause="unknown-key")
def unknown_key_403(_request: Request, response: Response) -> Response:
    """A key that does not exist is answered with 403."""
    return with_status(response, 403)


@faults.response("vultr.auth.bad-key-401", cause="scheme")
def wrong_scheme_400(_request: Request, response: Response) -> Response:
    """A valid key under another scheme, or none, is answered with 400."""
    return with_status(response, 400)


@faults.server("vultr.auth.ip-restriction")
def restriction_ignored(server: Server) -> None:
    """A key restricted to another address works from everywhere."""
    principals = server.authenticator.principals
    principals.update({token: evolve(one, addresses=None) for token, one in principals.items()})


@faults.response("vultr.auth.ip-restriction", cause="address")
def restricted_key_404(_request: Request, response: Response) -> Response:
    """A key restricted to another address is answered with 404."""
    return with_status(response, 404)


@faults.response("vultr.auth.permission-403", cause="permission")
def no_permission_401(_request: Request, response: Response) -> Response:
    """A valid key without the permission is answered with 401."""
    return with_status(response, 401)


@faults.response("vultr.auth.permission-403", cause="permission")
def no_permission_404(_request: Request, response: Response) -> Response:
    """A valid key without the permission is answered with 404."""
    return with_status(response, 404)


@faults.server("vultr.auth.permission-403")
def permission_ignored(server: Server) -> None:
    """Every key has every permission."""
    principals = server.authenticator.principals
    principals.update({token: evolve(one, permissions=None) for token, one in principals.items()})


@faults.body("vultr.auth.public-catalogue", "GET /v2/applications")
def anonymous_total_differs(request: Request, body: Any) -> object:
    """The total of the applications is one less without a key."""
    body["meta"]["total"] -= request.principal is None
    return body


@faults.body("vultr.auth.public-catalogue", "GET /v2/applications")
def anonymous_items_abridged(request: Request, body: Any) -> object:
    """The applications lack their vendor without a key."""
    if request.principal is None:
        for item in body["applications"]:
            del item["name"]
    return body


@faults.collection("vultr.auth.account-isolation", "backups")
class BackupsOfAllAccounts(Collection):
    """The backup list shows every account's backups."""

    def of(self, _owner: str) -> list[Record]:
        return list(self.rows.values())


@faults.collection("vultr.auth.account-isolation", "domains")
class ForeignDomainsReadable(Collection):
    """A domain is in its account's list only, but any account can GET it."""

    def get(self, owner: str, record_id: str) -> Record | None:
        foreign = (record for (_, one), record in self.rows.items() if one == record_id)
        return super().get(owner, record_id) or next(foreign, None)


@faults.server("vultr.auth.account-isolation")
def one_account_for_all_keys(server: Server) -> None:
    """GET /account answers every key with the same account."""
    accounts = server.store["account"]
    (first, *others) = accounts.rows
    accounts.rows.update(dict.fromkeys(others, accounts.rows[first]))


@faults.response("vultr.security.key-never-echoed", status=range(200, 300))
def key_in_header(request: Request, response: Response) -> Response:
    """Successful answers carry the key in a header of their own."""
    return response.with_header("X-Api-Key", _sent_key(request)) if _sent_key(request) else response


@faults.body("vultr.security.key-never-echoed", "GET /v2/account")
def key_encoded_in_body(request: Request, body: Any) -> object:
    """GET /account shows the key in base64."""
    body["account"]["session"] = base64.b64encode(_sent_key(request).encode()).decode()
    return body


@faults.body("vultr.security.key-never-echoed", status={404})
def key_in_not_found(request: Request, body: Any) -> object:
    """The error text of a 404 quotes the key."""
    body["error"] += f" (key {_sent_key(request)})"
    return body


@faults.body("vultr.security.key-never-echoed", cause="scheme", status={401})
def key_in_refusal(request: Request, body: Any) -> object:
    """The error text for a wrong scheme quotes the whole Authorization header."""
    body["error"] += f" It is '{request.headers.get('Authorization')}'."
    return body


def _sent_key(request: Request) -> str:
    return request.headers.get("Authorization", "").rpartition(" ")[2]


@faults.server("vultr.rate-limit.rate-over-30")
def five_per_second(server: Server) -> None:
    """The sixth request in a second is refused."""
    server.limiter = SlidingWindow(limit=5)


@faults.server("vultr.rate-limit.rate-over-30")
def thirtieth_refused(server: Server) -> None:
    """The thirtieth request in a second is refused."""
    server.limiter = SlidingWindow(limit=29)


class _EveryTwentyFifth(SlidingWindow):
    seen = 0

    def admit(self, request: Request, now: datetime) -> None:
        self.seen += 1
        if self.seen % 25 == 0:
            raise Problem(429, "rate-limit", "Rate limit exceeded.")
        super().admit(request, now)


@faults.server("vultr.rate-limit.rate-over-30")
def every_25th_refused(server: Server) -> None:
    """Every twenty-fifth request is refused with 429, at any rate."""
    server.limiter = _EveryTwentyFifth(limit=30)


@faults.server("vultr.rate-limit.rate-per-ip")
def counted_per_key(server: Server) -> None:
    """Requests are counted per key, from all addresses together."""
    server.limiter = SlidingWindow(limit=30, key=_sent_key)


@faults.server("vultr.rate-limit.rate-per-ip")
def counted_per_key_and_address(server: Server) -> None:
    """Requests are counted per address and key, so that two keys double what an address may send."""
    server.limiter = SlidingWindow(limit=30, key=lambda request: f"{request.address} {_sent_key(request)}")


@faults.server("vultr.rate-limit.rate-per-ip")
def counted_for_all_addresses(server: Server) -> None:
    """All addresses share one count."""
    server.limiter = SlidingWindow(limit=30, key=lambda _request: "")
