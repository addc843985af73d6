"""Secrets, teams and logins of the ZEIT Now API, and what a user does outside of it."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from conformance.reference.core import Server
from conformance.reference.messages import Principal, Record, Request, Response
from conformance.reference.store import PUBLIC
from conformance.reference.zeit.data import CLIENT, CLIENT_SECRET, USER_A, USERS, iso
from conformance.reference.zeit.deployments import user_of
from conformance.reference.zeit.policies import Refusal, stable_id, text_of

LONGEST_SECRET_NAME = 100
ROLES = ("OWNER", "MEMBER")
_SECRET = ("uid", "name", "created")


def list_secrets(server: Server, request: Request) -> Response:
    """The secrets of an account, without their values (List all the secrets)."""
    return Response.of({"secrets": [_named(one) for one in server.store["secrets"].of(request.account)]})


def _named(record: Record) -> dict[str, Any]:
    return {name: record[name] for name in _SECRET}


def create_secret(server: Server, request: Request) -> Response:
    """Create a secret, and answer the bytes of its value (Create a new secret)."""
    body = server.bodies.parse(request)
    name, value = _free_name(server, request, body), text_of(body, "value")
    created = iso(server.clock.now())
    record = {"uid": server.ids.next("secret"), "name": name, "created": created, "value": value}
    server.store["secrets"].add(request.account, record)
    data = list(value.encode("utf-8", errors="surrogatepass"))
    user = user_of(server, request)
    return Response.of({**_named(record), "userId": user, "value": {"type": "Buffer", "data": data}})


def _free_name(server: Server, request: Request, body: dict[str, Any]) -> str:
    name = text_of(body, "name")
    if len(name) > LONGEST_SECRET_NAME:
        raise Refusal(400, "bad_request", f"The name exceeds {LONGEST_SECRET_NAME} characters.", cause="name")
    if any(one["name"] == name for one in server.store["secrets"].of(request.account)):
        raise Refusal(400, "bad_request", "There is a secret of this name already.", cause="duplicate")
    return name


def rename_secret(server: Server, request: Request) -> Response:
    """Give a secret another name (Change secret name)."""
    record = _secret(server, request)
    name = _free_name(server, request, server.bodies.parse(request))
    server.store["secrets"].update(request.account, record["uid"], {"name": name})
    return Response.of({**_named(record), "name": name, "oldName": record["name"]})


def delete_secret(server: Server, request: Request) -> Response:
    """Delete a secret (Delete a secret)."""
    record = _secret(server, request)
    server.store["secrets"].remove(request.account, record["uid"])
    return Response.of(_named(record))


def _secret(server: Server, request: Request) -> Record:
    wanted = request.arguments["secretName"]
    for record in server.store["secrets"].of(request.account):
        if wanted in (record["name"], record["uid"]):
            return record
    raise Refusal(404, "not_found", "The secret could not be found", cause="unknown-secret")


def list_teams(server: Server, request: Request) -> Response:
    """The teams of the user, or the one with a slug (List all your teams; Get single team information)."""
    user = user_of(server, request)
    mine = [one for one in server.store["teams"].of(PUBLIC) if server.store["members"].get(one["id"], user)]
    slug = request.query.get("slug")
    if not slug:
        return Response.of({"teams": mine})
    for team in mine:
        if team["slug"] == slug:
            return Response.of(dict(team))
    raise Refusal(404, "not_found", "The team could not be found", cause="unknown-slug")


def create_team(server: Server, request: Request) -> Response:
    """Create a team, whose owner is who asks (Create a team)."""
    slug = text_of(server.bodies.parse(request), "slug")
    if any(one["slug"] == slug for one in server.store["teams"].of(PUBLIC)):
        raise Refusal(400, "bad_request", "There is a team of this slug already.", cause="duplicate")
    user, team_id = user_of(server, request), server.ids.next("team")
    team = {"id": team_id, "slug": slug, "name": slug, "creatorId": user, "created": iso(server.clock.now())}
    server.store["teams"].add(PUBLIC, {**team, "avatar": None})
    server.store["members"].add(team_id, _member(user, "OWNER"))
    return Response.of({"id": team_id})


def _member(user: str, role: str) -> dict[str, Any]:
    email, username = USERS.get(user, ("", ""))
    return {"uid": user, "role": role, "email": email, "username": username}


def _team(server: Server, request: Request, *, as_owner: bool = False) -> Record:
    """The team of the path, of which the user is a member."""
    team_id = request.arguments["teamId"]
    team = server.store["teams"].get(PUBLIC, team_id)
    member = server.store["members"].get(team_id, user_of(server, request))
    if team is None or member is None:
        raise Refusal(404, "not_found", "The team could not be found", cause="unknown-team")
    if as_owner and member["role"] != "OWNER":
        raise Refusal(403, "forbidden", "Only an owner of the team may do this", cause="owner-only")
    return team


def get_team(server: Server, request: Request) -> Response:
    """One team by its id (Get single team information)."""
    return Response.of(dict(_team(server, request)))


def update_team(server: Server, request: Request) -> Response:
    """Change what is given of a team, as its owner (Update team information)."""
    team = _team(server, request, as_owner=True)
    body = server.bodies.parse(request)
    changes: dict[str, Any] = {name: text_of(body, name) for name in ("slug", "name") if name in body}
    if any(one["slug"] == changes.get("slug") and one["id"] != team["id"] for one in server.store["teams"].of(PUBLIC)):
        raise Refusal(400, "bad_request", "There is a team of this slug already.", cause="duplicate")
    server.store["teams"].update(PUBLIC, team["id"], changes)
    changed: Record = {**team, **changes}
    answer = {name: changed[name] for name in ("id", "slug", "name", "creatorId")}
    return Response.of({**answer, "creator_id": changed["creatorId"]})


def list_members(server: Server, request: Request) -> Response:
    """The members of a team (Get list of team members)."""
    return Response.of(server.store["members"].of(_team(server, request)["id"]))


def invite(server: Server, request: Request) -> Response:
    """Make a user a member of a team, as its owner (Invite user to team)."""
    team = _team(server, request, as_owner=True)
    email = text_of(server.bodies.parse(request), "email")
    if email.count("@") != 1:
        raise Refusal(400, "bad_request", "This is no e-mail address.", cause="type")
    user = next((one for one, (known, _) in USERS.items() if known == email), stable_id(f"user {email}"))
    username = USERS.get(user, ("", email.partition("@")[0]))[1]
    if server.store["members"].get(team["id"], user) is None:
        server.store["members"].add(team["id"], {"uid": user, "role": "MEMBER", "email": email, "username": username})
    return Response.of({"uid": user, "username": username})


def change_role(server: Server, request: Request) -> Response:
    """Change the role of a member, as an owner (Change user role): 200 and an empty body."""
    team = _team(server, request, as_owner=True)
    member = _member_asked(server, request, team)
    role = text_of(server.bodies.parse(request), "role")
    if role not in ROLES:
        raise Refusal(400, "bad_request", "The role must be OWNER or MEMBER.", cause="type")
    server.store["members"].update(team["id"], member["uid"], {"role": role})
    return Response(200)


def remove_member(server: Server, request: Request) -> Response:
    """Remove a member who is no owner, as an owner (Remove user from team)."""
    team = _team(server, request, as_owner=True)
    member = _member_asked(server, request, team)
    if member["role"] == "OWNER":
        raise Refusal(403, "forbidden", "An owner cannot be removed", cause="owner-removed")
    server.store["members"].remove(team["id"], member["uid"])
    return Response.of({})


def _member_asked(server: Server, request: Request, team: Record) -> Record:
    member = server.store["members"].get(team["id"], request.arguments["userId"])
    if member is None:
        raise Refusal(404, "not_found", "The member could not be found", cause="unknown-member")
    return member


def request_login(server: Server, request: Request) -> Response:
    """Ask for a login, which the user has to accept (Request a login)."""
    body = server.bodies.parse(request)
    email, _ = text_of(body, "email"), text_of(body, "tokenName")
    if email.count("@") != 1:
        raise Refusal(400, "bad_request", "This is no e-mail address.", cause="type")
    token = server.ids.next("login")
    server.store["logins"].add(PUBLIC, {"token": token, "email": email, "accepted": False})
    return Response.of({"token": token, "securityCode": "Practical Saola"})


def verify_login(server: Server, request: Request) -> Response:
    """The token of a user who accepted a login (Verify login)."""
    email, token = request.query.get("email", ""), request.query.get("token", "")
    login = server.store["logins"].get(PUBLIC, token)
    if login is None or login["email"] != email or not login["accepted"]:
        raise Refusal(403, "forbidden", "The login was not accepted", cause="login")
    user = next((one for one, (known, _) in USERS.items() if known == email), stable_id(f"user {email}"))
    return Response.of({"token": _issued(server, f"login {token}", user)})


def _issued(server: Server, name: str, user: str) -> str:
    """A token of a user, that is valid from now on; the same for the same name."""
    token = hashlib.sha256(f"zeit {name}".encode()).hexdigest()[:24]
    server.authenticator.principals.setdefault(token, Principal(name, user))
    return token


def exchange_code(server: Server, request: Request) -> Response:
    """Exchange a code for an access token (Exchanging code for an access token)."""
    if server.bodies.sent_as(request) != "application/x-www-form-urlencoded":
        raise Refusal(400, "bad_request", "The body must be application/x-www-form-urlencoded.", cause="media-type")
    form = dict(parse_qsl(request.body.decode("utf-8", errors="replace")))
    for name in ("client_id", "client_secret", "code"):
        text_of(form, name)
    if form["client_id"] != CLIENT:
        raise Refusal(404, "not_found", f"OAuth client doesn't not found: {form['client_id']}", cause="unknown-client")
    code = server.store["codes"].get(PUBLIC, form["code"])
    if form["client_secret"] != CLIENT_SECRET or code is None:
        raise Refusal(403, "forbidden", "The client or the code is not valid", cause="oauth")
    server.store["codes"].remove(PUBLIC, code["code"])
    return Response.of({"access_token": _issued(server, f"oauth {code['code']}", code["user"])})


def accept_login(server: Server, request: Request) -> Response:
    """What a user does with the e-mail about a login."""
    token = str(server.bodies.parse(request).get("token"))
    if server.store["logins"].get(PUBLIC, token) is None:
        raise Refusal(404, "not_found", "There is no such login", cause="unknown-login")
    server.store["logins"].update(PUBLIC, token, {"accepted": True})
    return Response.of({})


def grant(server: Server, request: Request) -> Response:
    """What the page does on which a user grants an application access: where the browser is sent (Authorization)."""
    body = server.bodies.parse(request)
    code = server.ids.next("code")
    server.store["codes"].add(PUBLIC, {"code": code, "user": USER_A})
    query = {"code": code, **({"state": str(body["state"])} if "state" in body else {})}
    url = urlsplit(str(body.get("redirect_uri", "https://example.com/oauth/callback")))
    return Response.of({"location": urlunsplit(url._replace(query=urlencode(query)))})


def publish(server: Server, request: Request) -> Response:
    """What whoever runs a domain does in its DNS: the token of its verification as a TXT record for `_now` below it."""
    name = str(server.bodies.parse(request).get("domain"))
    for (_, known), record in server.store["domains"].rows.items():
        if known == name:
            server.store["texts"].add(PUBLIC, {"name": name, "value": record["verifyToken"]})
            return Response.of({})
    raise Refusal(404, "not_found", "Domain name not found", cause="unknown-domain")
