"""Environment variables of the Netlify API: of a team, or of one of its sites, which `site_id` names.

The document shows no bodies: these are those of Netlify's published description of the API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from conformance.reference.messages import Problem, Record, Request, Response
from conformance.reference.netlify.policies import (
    OWNER,
    Bodies,
    Invalid,
    Missing,
    NetlifyServer,
    access,
    account_of,
    iso,
    listing,
    principal,
    site_of,
    text_of,
)

SCOPES = ("builds", "functions", "runtime", "post_processing")


@frozen
class Variables:
    """How the values of a variable change, and who sees it."""

    def replaced(self, variable: Record, sent: Record) -> Record:
        """A variable after a PUT: with the values that were sent, and no others."""
        return {**variable, **{name: sent[name] for name in ("scopes", "values") if name in sent}}

    def merged(self, variable: Record, value: Record) -> Record:
        """A variable after a PATCH: the value of its context is another one, or one more."""
        values = [dict(one) for one in variable["values"]]
        known = next((one for one in values if _place(one) == _place(value)), None)
        if known is None:
            values.append(dict(value))
        else:
            known["value"] = value["value"]
        return {**variable, "values": values}

    def without(self, variable: Record, value_id: str) -> Record:
        """A variable after one of its values was deleted."""
        return {**variable, "values": [one for one in variable["values"] if one["id"] != value_id]}

    def shows_shared(self, role: str | None) -> bool:
        """Whether who has this role in a team sees what its sites share."""
        return role == OWNER


@frozen
class _Scope:
    """Whose variables a request is about."""

    owner: str
    shared: bool


def list_variables(server: NetlifyServer, request: Request) -> Response:
    """The variables of a team or a site (Get environment variables)."""
    return listing(server, request, _visible(server, request), key="key")


def get(server: NetlifyServer, request: Request) -> Response:
    """One variable (Get environment variables)."""
    return Response.of(_variable(server, request)[1])


def create(server: NetlifyServer, request: Request) -> Response:
    """Create variables (Create and update environment variables)."""
    scope = _writable(server, request)
    sent = _array(server, request)
    variables = server.store["variables"]
    made: list[dict[str, Any]] = []
    for body in sent:
        variable = _read(server, body)
        key = variable["key"]
        if variables.get(scope.owner, key) is not None or any(one["key"] == key for one in made):
            raise Invalid("key", "is taken already", "duplicate")
        made.append({**variable, "updated_at": iso(server.clock.now())})
    for one in made:
        variables.add(scope.owner, one)
    return Response.of(made, 201)


def replace(server: NetlifyServer, request: Request) -> Response:
    """Replace all values of a variable that there is."""
    _writable(server, request)
    owner, variable = _variable(server, request)
    body = server.bodies.parse(request)
    sent = _read(server, {"key": variable["key"], **body})
    if sent["key"] != variable["key"]:
        raise Invalid("key", "is not that of the path", "key")
    if "scopes" not in body:
        sent.pop("scopes")
    return _changed(server, owner, server.variables.replaced(variable, sent))


def merge(server: NetlifyServer, request: Request) -> Response:
    """Update or create a value of a variable that there is."""
    _writable(server, request)
    owner, variable = _variable(server, request)
    value = _value(server, server.bodies.parse(request))
    return _changed(server, owner, server.variables.merged(variable, value))


def _changed(server: NetlifyServer, owner: str, variable: Record) -> Response:
    variable = {**variable, "updated_at": iso(server.clock.now())}
    server.store["variables"].add(owner, variable)
    return Response.of(variable)


def delete(server: NetlifyServer, request: Request) -> Response:
    """Delete a variable with all its values."""
    _writable(server, request)
    owner, variable = _variable(server, request)
    server.store["variables"].remove(owner, variable["key"])
    return Response(204)


def delete_value(server: NetlifyServer, request: Request) -> Response:
    """Delete one value of a variable."""
    _writable(server, request)
    owner, variable = _variable(server, request)
    value_id = request.arguments["id"]
    if all(value["id"] != value_id for value in variable["values"]):
        raise Missing("value")
    _changed(server, owner, server.variables.without(variable, value_id))
    return Response(204)


def _scope(server: NetlifyServer, request: Request) -> _Scope:
    account = account_of(server, request)
    wanted = request.query.get("site_id")
    if not wanted:
        return _Scope(account["id"], shared=True)
    site = site_of(server, request, wanted)
    if site["_account_id"] != account["id"]:
        raise Missing("site")
    return _Scope(site["id"], shared=False)


def _role(server: NetlifyServer, request: Request) -> str | None:
    return access(server).role(principal(request), account_of(server, request)["id"])


def _visible(server: NetlifyServer, request: Request) -> Sequence[Record]:
    scope = _scope(server, request)
    if scope.shared and not server.variables.shows_shared(_role(server, request)):
        return []
    return server.store["variables"].of(scope.owner)


def _writable(server: NetlifyServer, request: Request) -> _Scope:
    scope = _scope(server, request)
    if scope.shared and _role(server, request) != OWNER:
        raise Problem(403, "role", "Only Owners of a team change what its sites share.")
    return scope


def _variable(server: NetlifyServer, request: Request) -> tuple[str, Record]:
    """Owner and record of the variable of the path."""
    for variable in _visible(server, request):
        if variable["key"] == request.arguments["key"]:
            return _scope(server, request).owner, variable
    raise Missing("variable")


def _array(server: NetlifyServer, request: Request) -> list[Any]:
    assert isinstance(server.bodies, Bodies)
    sent = server.bodies.array(request)
    if not sent:
        raise Problem(422, "empty", "must have at least one variable")
    return sent


def _read(server: NetlifyServer, body: Any) -> dict[str, Any]:
    """A variable of a body."""
    if not isinstance(body, dict):
        raise Problem(422, "type", "every variable must be an object")
    scopes, values = body.get("scopes", list(SCOPES)), body.get("values")
    if not isinstance(scopes, list) or not all(isinstance(scope, str) and scope for scope in scopes):
        raise Invalid("scopes", "must be an array of strings", "type")
    if not isinstance(values, list):
        raise Invalid("values", "must be an array", "required")
    read = [_value(server, value) for value in values]
    if len({_place(value) for value in read}) < len(read):
        raise Invalid("values", "has a context twice", "duplicate")
    return {"key": text_of(body, "key"), "scopes": scopes, "values": read, "is_secret": False}


def _value(server: NetlifyServer, body: Any) -> dict[str, Any]:
    """A value of a variable, with a new id."""
    if not isinstance(body, dict):
        raise Invalid("values", "must be an array of objects", "type")
    if not isinstance(body.get("value"), str):
        raise Invalid("value", "must be a string", "type")
    value = {"id": server.ids.next("value"), "context": text_of(body, "context"), "value": body["value"]}
    branch = body.get("context_parameter")
    return value if branch is None else {**value, "context_parameter": str(branch)}


def _place(value: Mapping[str, Any]) -> tuple[str, str | None]:
    """Where a value holds."""
    return value["context"], value.get("context_parameter")
