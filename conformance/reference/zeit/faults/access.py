"""Faults of the ZEIT Now server in who is let in, how users log in, and how many calls they have."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from attrs import evolve

from conformance.reference import lenient
from conformance.reference.core import Handler, Server
from conformance.reference.edits import append, header, instead, put, refuse, rewrite, status
from conformance.reference.faults import Faults, Plant
from conformance.reference.limits import FixedWindow, Window
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.plants import authenticator, handled, limiter, setting, unprotected
from conformance.reference.policies import sent_token
from conformance.reference.zeit.data import CLIENT_SECRET
from conformance.reference.zeit.faults.tools import (
    CREATE_SECRET,
    DELETE_SECRET,
    DEPLOYMENTS,
    DOMAINS,
    EXCHANGE,
    RENAME_SECRET,
    REQUEST_LOGIN,
    SECRETS,
    VERIFY_LOGIN,
)
from conformance.reference.zeit.policies import Memberships

faults = Faults()

lenient.in_clear(faults.of("zeit.transport.https-only"))

fault = faults.of("zeit.auth.missing-token-403")
fault("no-token-401", "Without a token every operation answers 401.").by(status(401, cause="no-key"))
fault("empty-list-without-token", "The secrets are an empty list with 200 without a token.").by(
    instead(Response.of({"secrets": []}), on=SECRETS, cause="no-key")
)
fault("domains-served-without-token", "The domains of the first user are served without a token.").by(
    unprotected(DOMAINS, "default")
)
fault("created-without-token", "A secret is created without a token.").by(unprotected(CREATE_SECRET, "default"))

fault = faults.of("zeit.auth.bad-token-403")
fault("any-token-accepted", "Any token under Bearer is accepted.").by(authenticator(lenient.AnyToken))
fault("unknown-token-401", "A token that does not exist is answered 401.").by(status(401, cause="unknown-key"))
fault("unknown-token-lists-nothing", "A token that does not exist lists no deployments.").by(
    instead(Response.of({"deployments": []}), on=DEPLOYMENTS, cause="unknown-key")
)

fault = faults.of("zeit.auth.forbidden-code")
fault("code-unauthorized", "The code of a denial is unauthorized.").by(put("/error/code", "unauthorized", status=403))
fault("code-of-unknown-token", "A token that does not exist is told by bad_request.").by(
    put("/error/code", "bad_request", cause="unknown-key")
)

fault = faults.of("zeit.auth.team-foreign-denied")


@fault.using(authenticator)
class PersonalInstead(Memberships):
    """A team that the user is not in falls back to what is personal."""

    def owner(self, request: Request, principal: Any) -> str:
        try:
            return super().owner(request, principal)
        except Problem:
            return str(principal.account)


fault("empty-list-of-secrets", "The secrets of a foreign team are an empty list.").by(
    instead(Response.of({"secrets": []}), on=SECRETS, cause="team")
)
fault("empty-list-of-deployments", "The deployments of a foreign team are an empty list.").by(
    instead(Response.of({"deployments": []}), on=DEPLOYMENTS, cause="team")
)

fault = faults.of("zeit.auth.valid-token-accepted")


@fault.using(authenticator)
class OtherWordForBearer(Memberships):
    """The scheme word Token is recognised in place of Bearer."""

    def token(self, header: str) -> str:
        scheme, _, token = header.partition(" ")
        if scheme != "Token":
            raise self.refusal("scheme")
        return token


fault("teams-denied", "The secrets are refused to their owner.").by(refuse(403, "Not authorized", on=SECRETS))

fault = faults.of("zeit.auth.login-needs-no-token")


def needs_token(_kept: Handler, server: Server, request: Request) -> Response:
    """A token is needed."""
    if request.principal is None:
        raise server.authenticator.refusal("no-key")
    return _kept(server, request)


fault("registration-403", "A login is refused without a token.").by(handled(needs_token, REQUEST_LOGIN))
fault("verification-403", "A login is not verified without a token.").by(handled(needs_token, VERIFY_LOGIN))

fault = faults.of("zeit.auth.login-verify-gate")


@fault.using(handled, VERIFY_LOGIN)
def before_acceptance(kept: Handler, server: Server, request: Request) -> Response:
    """A token is given before the user accepts."""
    server.store["logins"].update("", request.query.get("token", ""), {"accepted": True})
    return kept(server, request)


@fault.using(handled, VERIFY_LOGIN)
def any_address(kept: Handler, server: Server, request: Request) -> Response:
    """A token is given for any address."""
    login = server.store["logins"].get("", request.query.get("token", ""))
    query = {**request.query, "email": login["email"]} if login else request.query
    return kept(server, evolve(request, query=type(request.query)(query)))


fault = faults.of("zeit.auth.login-token-usable")
fault("token-of-nobody", "The token of a verified login is none.").by(
    put("/token", "sGkHhSH98wtJB0lyODZJ2bRe", on=VERIFY_LOGIN)
)


@fault.using(handled, VERIFY_LOGIN)
def token_expired_at_once(kept: Handler, server: Server, request: Request) -> Response:
    """The token of a verified login is not valid any more."""
    answer = kept(server, request)
    server.authenticator.principals.pop(answer.json["token"], None)
    return answer


fault = faults.of("zeit.auth.login-request-token-inert")


@fault.using(authenticator)
class RequestTokenAccepted(Memberships):
    """The token of a login request is accepted as that of the first user."""

    def token(self, header: str) -> str:
        token = super().token(header)
        return token if token in self.principals or len(token) != 24 else next(iter(self.principals))


@fault.using(handled, VERIFY_LOGIN)
def valid_once_accepted(kept: Handler, server: Server, request: Request) -> Response:
    """The token of a login request is an API token once the login is verified."""
    answer = kept(server, request)
    principals = server.authenticator.principals
    principals[request.query["token"]] = principals[answer.json["token"]]
    return answer


fault = faults.of("zeit.auth.oauth-exchange")


def with_form(request: Request, **changes: str) -> Request:
    """The request with other fields in its form."""
    form = {**dict(parse_qsl(request.body.decode())), **changes}
    return evolve(request, body=urlencode(form).encode())


@fault.using(handled, EXCHANGE)
def secret_not_compared(kept: Handler, server: Server, request: Request) -> Response:
    """The secret of a client is not compared."""
    return kept(server, with_form(request, client_secret=CLIENT_SECRET))


@fault.using(handled, EXCHANGE)
def token_of_the_owner(kept: Handler, server: Server, request: Request) -> Response:
    """The access token is that of another user."""
    answer = kept(server, request)
    principals = server.authenticator.principals
    principals[answer.json["access_token"]] = next(one for one in principals.values() if one.name == "second")
    return answer


fault = faults.of("zeit.auth.oauth-unknown-client")
fault("told-as-forbidden", "An unknown client is forbidden.").by(
    put("/error/code", "forbidden", cause="unknown-client")
)
fault("id-not-told", "The message about an unknown client does not name it.").by(
    put("/error/message", "OAuth client not found", cause="unknown-client")
)

fault = faults.of("zeit.auth.oauth-redirect-echo")
fault("state-dropped", "The redirect has no state.").by(
    rewrite(lambda _, body: {"location": body["location"].partition("&state=")[0]}, on="POST /_emulator/grant")
)
fault("state-encoded-twice", "The state of the redirect is encoded twice.").by(
    rewrite(lambda _, body: {"location": body["location"].replace("%", "%25")}, on="POST /_emulator/grant")
)

fault = faults.of("zeit.security.token-never-echoed")
fault("token-in-header", "Successes carry the token in a header of their own.").by(header("X-Now-Token", sent_token))
fault("token-in-not-found", "The message of a 404 quotes the token.").by(
    append("/error/message", lambda request: f" (token {sent_token(request)})", status=404)
)
fault("token-encoded-in-list", "The list of secrets holds the token in base64.").by(
    put("/session", lenient.token_in_base64, on=SECRETS)
)

fault = faults.of("zeit.security.secret-value-write-only")


@fault.using(handled, SECRETS)
def listed_with_value(kept: Handler, server: Server, request: Request) -> Response:
    """The list of secrets shows their values as bytes."""
    answer = kept(server, request)
    values = {one["uid"]: list(str(one["value"]).encode()) for one in server.store["secrets"].of(request.account)}
    shown = [{**one, "value": {"type": "Buffer", "data": values[one["uid"]]}} for one in answer.json["secrets"]]
    return answer.with_json({"secrets": shown})


@fault.using(handled, RENAME_SECRET, DELETE_SECRET)
def told_when_changed(kept: Handler, server: Server, request: Request) -> Response:
    """The answer to a renaming or a delete has the value of the secret."""
    wanted = request.arguments["secretName"]
    values = {one["name"]: one["value"] for one in server.store["secrets"].of(request.account)}
    answer = kept(server, request)
    return answer.with_json({**answer.json, "value": values[wanted]})


fault = faults.of("zeit.rate-limit.remaining-monotone")


@fault.using(limiter)
class RefilledByFourthCall(FixedWindow):
    """Every fourth call shows the allowance of a fresh window."""

    def remaining(self, window: Window) -> int:
        return self.limit - 1 if window.calls % 4 == 0 else super().remaining(window)


@fault.using(limiter)
class RemainingConstant(FixedWindow):
    """Remaining stays where it is until the limit is reached."""

    def remaining(self, window: Window) -> int:
        return self.limit - 1 if window.calls < self.limit else 0


fault = faults.of("zeit.rate-limit.exceeded-429")
fault("exceeded-403", "A call beyond the limit is a 403.").by(status(403, in_body=False, cause="rate-limit"))
fault("another-code", "The code of a 429 is bad_request.").by(put("/error/code", "bad_request", cause="rate-limit"))


@fault.using(limiter)
class ExcessServed(FixedWindow):
    """Calls beyond the limit are served."""

    def allows(self, _window: Window) -> bool:
        return True


fault = faults.of("zeit.rate-limit.per-endpoint-bucket")


def consumer(request: Request) -> str:
    """Who calls, whatever the endpoint."""
    return request.headers.get("Authorization", request.address)


fault("one-count-for-all", "The calls of all endpoints are counted together.").by(setting("limiter.key", consumer))
fault("counted-by-method", "The calls of one method are counted together.").by(
    setting("limiter.key", lambda request: f"{consumer(request)} {request.method}")
)

fault = faults.of("zeit.rate-limit.per-consumer")
fault("counted-for-all", "The calls of all consumers are counted together.").by(
    setting("limiter.key", lambda request: request.method + "/".join(request.segments))
)

fault = faults.of("zeit.rate-limit.429-no-effect")


def applied(name: str) -> Plant:
    """A secret whose create is refused for its rate is created, under this name for `{}` its own."""

    def plant(server: Server) -> None:
        class Applying(FixedWindow):
            def admit(self, request: Request, now: datetime) -> None:
                try:
                    super().admit(request, now)
                except Problem:
                    if request.segments[-1:] == ("secrets",) and b'"value"' in request.body:
                        made = name.format(server.bodies.parse(request)["name"])
                        owner = next(iter(server.authenticator.principals.values())).account
                        times = {"created": "2026-01-01T00:00:00.000Z", "value": "x"}
                        record = {"uid": server.ids.next("secret"), "name": made, **times}
                        server.store["secrets"].add(owner, record)
                    raise

        limiter(Applying)(server)

    return plant


fault("applied-and-refused", "A secret whose create is refused for its rate is created.").by(applied("{}"))
fault("applied-under-another-name", "A create that is refused for its rate leaves a secret of another name.").by(
    applied("{}-refused")
)

fault = faults.of("zeit.rate-limit.window-renews")


@fault.using(limiter)
class NeverRefilled(FixedWindow):
    """A new window goes on with the count of the old one."""

    def renewed(self, old: Window | None, now: datetime) -> Window:
        return evolve(super().renewed(old, now), calls=old.calls if old else 0)


@fault.using(limiter)
class ResetStands(FixedWindow):
    """The allowance is renewed, but Reset stays where it was."""

    def headers(self, request: Request, now: datetime) -> dict[str, str]:
        headers = super().headers(request, now)
        first = min((window.reset for window in self.windows.values()), default=0)
        self.windows.setdefault("first", Window(first))
        return {**headers, "X-RateLimit-Reset": str(self.windows["first"].reset)}
