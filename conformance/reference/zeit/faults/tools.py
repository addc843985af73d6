"""What the faults of the ZEIT Now server share: the names of its operations."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from conformance.reference.core import Handler, Server
from conformance.reference.faults import Plant
from conformance.reference.messages import Problem, Request, Response, encode
from conformance.reference.plants import handled

DEPLOY = "POST /v6/now/deployments"
UPLOAD = "POST /v2/now/files"
DEPLOYMENTS = "GET /v3/now/deployments"
DEPLOYMENT = "GET /v6/now/deployments/{deploymentId}"
DELETE_DEPLOYMENT = "DELETE /v6/now/deployments/{deploymentId}"
FILES = "GET /v5/now/deployments/{deploymentId}/files"
FILE = "GET /v5/now/deployments/{deploymentId}/files/{fileId}"
BUILDS = "GET /v5/now/deployments/{deploymentId}/builds"
LOGS = "GET /v2/now/deployments/{deploymentId}/events"
DEPLOYMENT_ALIASES = "GET /v2/now/deployments/{deploymentId}/aliases"
ASSIGN = "POST /v2/now/deployments/{deploymentId}/aliases"
ALIASES = "GET /v2/now/aliases"
DELETE_ALIAS = "DELETE /v2/now/aliases/{aliasId}"
DOMAINS = "GET /v2/domains"
ADD_DOMAIN = "POST /v2/domains"
DELETE_DOMAIN = "DELETE /v2/domains/{domain}"
DOMAIN_STATUS = "GET /v2/domains/status"
DOMAIN_PRICE = "GET /v2/domains/price"
BUY = "POST /v2/domains/buy"
RECORDS = "GET /v2/domains/{domain}/records"
CREATE_RECORD = "POST /v2/domains/{domain}/records"
DELETE_RECORD = "DELETE /v2/domains/{domain}/records/{recId}"
CERTS = "GET /v3/now/certs"
CERT = "GET /v3/now/certs/{certId}"
ISSUE = "POST /v3/now/certs"
SUBMIT = "PUT /v3/now/certs"
DELETE_CERT = "DELETE /v3/now/certs/{certId}"
SECRETS = "GET /v2/now/secrets"
CREATE_SECRET = "POST /v2/now/secrets"
RENAME_SECRET = "PATCH /v2/now/secrets/{secretName}"
DELETE_SECRET = "DELETE /v2/now/secrets/{secretName}"
TEAMS = "GET /v1/teams"
CREATE_TEAM = "POST /v1/teams"
TEAM = "GET /v1/teams/{teamId}"
UPDATE_TEAM = "PATCH /v1/teams/{teamId}"
MEMBERS = "GET /v1/teams/{teamId}/members"
INVITE = "POST /v1/teams/{teamId}/members"
CHANGE_ROLE = "PATCH /v1/teams/{teamId}/members/{userId}"
REMOVE_MEMBER = "DELETE /v1/teams/{teamId}/members/{userId}"
REQUEST_LOGIN = "POST /now/registration"
VERIFY_LOGIN = "GET /now/registration/verify"
EXCHANGE = "POST /v2/oauth/access_token"


def sent(server: Server, request: Request) -> dict[str, Any]:
    """The body of a create."""
    return server.bodies.parse(request)


def with_body(request: Request, body: dict[str, Any]) -> Request:
    """The request with another body."""
    return evolve(request, body=encode(body))


def body_changed(edit: Any, *operations: str) -> Plant:
    """Bodies that are changed before they are handled."""

    def answer(kept: Handler, server: Server, request: Request) -> Response:
        try:
            body = server.bodies.parse(request)
        except Problem:
            return kept(server, request)
        return kept(server, evolve(request, body=encode(edit(body))))

    return handled(answer, *operations)


def text_changed(member: str, edit: Any, *operations: str) -> Plant:
    """Bodies of which a text is changed before they are handled."""

    def changed(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, member: edit(body[member])} if isinstance(body.get(member), str) else body

    return body_changed(changed, *operations)


def accepted(answer: Any, cause: str, *operations: str) -> Plant:
    """What is refused for one cause is answered as if it was done."""

    def stand_in(kept: Handler, server: Server, request: Request) -> Response:
        try:
            return kept(server, request)
        except Problem as problem:
            if problem.cause != cause:
                raise
            return Response.of(answer) if answer is not None else Response(200)

    return handled(stand_in, *operations)
