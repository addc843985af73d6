"""What the faults of the Netlify server share: names of operations, how bodies, flows and rules are changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from attrs import evolve

from conformance.reference.core import Handler, Server
from conformance.reference.faults import Plant
from conformance.reference.messages import Problem, Record, Request, Response, encode
from conformance.reference.netlify.policies import iso
from conformance.reference.netlify.publishing import Flow
from conformance.reference.plants import handled, policy

CREATE_SITE = "POST /api/v1/sites"
PUT_SITE = "PUT /api/v1/sites/{site_id}"
CREATE = "POST /api/v1/sites/{site_id}/deploys"
DEPLOYS = "GET /api/v1/sites/{site_id}/deploys"
OF_SITE = "GET /api/v1/sites/{site_id}/deploys/{deploy_id}"
BY_ID = "GET /api/v1/deploys/{deploy_id}"
RESTORE = "POST /api/v1/sites/{site_id}/deploys/{deploy_id}/restore"
FILES = "GET /api/v1/sites/{site_id}/files"
FILE = "GET /api/v1/sites/{site_id}/files/{file_path}"
UPLOAD = "PUT /api/v1/deploys/{deploy_id}/files/{file_path}"
UPLOAD_FUNCTION = "PUT /api/v1/deploys/{deploy_id}/functions/{name}"
SITES, IN_TEAM = "GET /api/v1/sites", "POST /api/v1/{account_slug}/sites/"
SITE, PATCH_SITE, DELETE_SITE = (f"{method} /api/v1/sites/{{site_id}}" for method in ("GET", "PATCH", "DELETE"))
SSL = "POST /api/v1/sites/{site_id}/ssl"
METADATA, PUT_METADATA = (f"{method} /api/v1/sites/{{site_id}}/metadata" for method in ("GET", "PUT"))
ACCOUNT = "GET /api/v1/accounts/{account_slug}"
VARIABLES, CREATE_VARIABLES = (f"{method} /api/v1/accounts/{{account_id}}/env" for method in ("GET", "POST"))
VARIABLE, PUT_VARIABLE, PATCH_VARIABLE, DELETE_VARIABLE = (
    f"{method} /api/v1/accounts/{{account_id}}/env/{{key}}" for method in ("GET", "PUT", "PATCH", "DELETE")
)
DELETE_VALUE = "DELETE /api/v1/accounts/{account_id}/env/{key}/value/{id}"
SNIPPETS, SNIPPET = "GET /api/v1/sites/{site_id}/snippets", "GET /api/v1/sites/{site_id}/snippets/{snippet_id}"
OF_FORM = "GET /api/v1/forms/{form_id}/submissions"
TYPES, CREATE_HOOK, DELETE_HOOK = "GET /api/v1/hooks/types", "POST /api/v1/hooks", "DELETE /api/v1/hooks/{hook_id}"


def flow(kind: type[Flow]) -> Plant:
    """Another way for deploys to go on."""
    return policy(kind, "flow")


def is_async(deploy: Record) -> bool:
    """Whether the manifest of a deploy was made after it was answered."""
    return bool(iso(deploy["_prepared"]) != deploy["created_at"])


def sent(request: Request) -> dict[str, Any]:
    """The members of a JSON body; none of another one."""
    try:
        found = json.loads(request.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def body_changed(edit: Callable[[dict[str, Any]], Any], *operations: str) -> Plant:
    """Bodies of JSON objects that are changed before they are handled."""

    def answer(kept: Handler, server: Server, request: Request) -> Response:
        try:
            body = server.bodies.parse(request)
        except Problem:
            return kept(server, request)
        return kept(server, evolve(request, body=encode(edit(body))))

    return handled(answer, *operations)


def without(*names: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """An object without these members."""
    return lambda body: {name: value for name, value in body.items() if name not in names}


def accepted(answer: Any, cause: str, *operations: str) -> Plant:
    """What is refused for one cause is answered as if it was done."""

    def stand_in(kept: Handler, server: Server, request: Request) -> Response:
        try:
            return kept(server, request)
        except Problem as problem:
            if problem.cause != cause:
                raise
            return Response.of(answer)

    return handled(stand_in, *operations)


def rules(kind: type[Any]) -> Plant:
    """Other rules of how variables change, and who sees them."""
    return policy(kind, "variables")


def by_id_alone(*operations: str) -> Plant:
    """Operations that know a site by its id and by no domain."""

    def answer(kept: Handler, server: Server, request: Request) -> Response:
        if "." in request.arguments["site_id"]:
            raise Problem(404, "unknown-site", "Not Found")
        return kept(server, request)

    return handled(answer, *operations)
