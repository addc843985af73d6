"""Faults of the Netlify server in environment variables: how their values change, and who sees them."""

from __future__ import annotations

from typing import Any

from conformance.reference.core import Handler, Server
from conformance.reference.edits import change, drop, put, rewrite, status
from conformance.reference.faults import Faults
from conformance.reference.messages import Problem, Record, Request, Response
from conformance.reference.netlify.environment import Variables
from conformance.reference.netlify.faults.tools import (
    CREATE_VARIABLES,
    DELETE_VALUE,
    DELETE_VARIABLE,
    PATCH_VARIABLE,
    PUT_VARIABLE,
    VARIABLE,
    VARIABLES,
    rules,
)
from conformance.reference.netlify.policies import iso
from conformance.reference.plants import handled

faults = Faults()

fault = faults.of("netlify.crud.env-create-get")
fault("scopes-lost", "A variable has no scopes.").by(put("/scopes", [], on=VARIABLE))
fault("last-value-not-listed", "The list shows all values of a variable but the last.").by(
    change("/*/values", lambda values: values[:-1] if len(values) > 1 else values, on=VARIABLES)
)
fault("values-swapped", "Two values of a variable are each shown for the context of the other.").by(
    change(
        "/values",
        lambda values: [{**one, "value": other["value"]} for one, other in zip(values, reversed(values), strict=True)],
        on=VARIABLE,
    )
)


@fault.using(handled, CREATE_VARIABLES)
def first_alone(kept: Handler, server: Server, request: Request) -> Response:
    """Of several variables that are created at once the last is not kept."""
    answer = kept(server, request)
    made = [one["key"] for one in answer.json]
    for owner, key in list(server.store["variables"].rows):
        if len(made) > 1 and key == made[-1]:
            server.store["variables"].remove(owner, key)
    return answer


fault = faults.of("netlify.crud.env-put-replaces")


@fault.using(rules)
class OthersSurvive(Variables):
    """A PUT leaves the values of contexts that it does not send."""

    def replaced(self, variable: Record, sent: Record) -> Record:
        contexts = {one["context"] for one in sent["values"]}
        others = [one for one in variable["values"] if one["context"] not in contexts]
        return {**super().replaced(variable, sent), "values": [*sent["values"], *others]}


@fault.using(rules)
class KnownContextsAlone(Variables):
    """A PUT takes no values for contexts that the variable did not have."""

    def replaced(self, variable: Record, sent: Record) -> Record:
        known = {one["context"] for one in variable["values"]}
        kept = [one for one in sent["values"] if one["context"] in known]
        return {**super().replaced(variable, sent), "values": kept}


@fault.using(handled, PUT_VARIABLE)
def all_variables(kept: Handler, server: Server, request: Request) -> Response:
    """A PUT replaces the values of the other variables, too."""
    answer = kept(server, request)
    for (owner, key), one in list(server.store["variables"].rows.items()):
        if key.startswith(request.arguments["key"].rpartition("_")[0]):
            server.store["variables"].rows[owner, key] = {**one, "values": answer.json["values"]}
    return answer


fault = faults.of("netlify.crud.env-patch-upserts")


@fault.using(rules)
class OthersErased(Variables):
    """A PATCH leaves its own value alone."""

    def merged(self, variable: Record, value: Record) -> Record:
        return {**variable, "values": [value]}


@fault.using(rules)
class NothingAdded(Variables):
    """A PATCH for a context that has no value adds none."""

    def merged(self, variable: Record, value: Record) -> Record:
        known = {one["context"] for one in variable["values"]}
        return super().merged(variable, value) if value["context"] in known else variable


@fault.using(rules)
class AddedAgain(Variables):
    """A PATCH for a context that has a value adds a second one."""

    def merged(self, variable: Record, value: Record) -> Record:
        return {**variable, "values": [*variable["values"], value]}


fault = faults.of("netlify.crud.env-delete")


@fault.using(handled, DELETE_VALUE)
def value_drops_the_key(kept: Handler, server: Server, request: Request) -> Response:
    """With a value the whole variable is deleted."""
    answer = kept(server, request)
    _removed(server, request.arguments["key"])
    return answer


def _removed(server: Server, key: str) -> None:
    for owner, known in list(server.store["variables"].rows):
        if known == key:
            server.store["variables"].remove(owner, known)


@fault.using(rules)
class FirstValueDeleted(Variables):
    """Whichever value is deleted, it is the first one that goes."""

    def without(self, variable: Record, value_id: str) -> Record:
        return {**variable, "values": variable["values"][1:]}


@fault.using(handled, DELETE_VARIABLE)
def emptied(_kept: Handler, server: Server, request: Request) -> Response:
    """A variable that is deleted is still there, without values."""
    for (owner, key), one in list(server.store["variables"].rows.items()):
        if key == request.arguments["key"]:
            server.store["variables"].rows[owner, key] = {**one, "values": []}
    return Response(204)


@fault.using(handled, DELETE_VARIABLE)
def others_deleted(kept: Handler, server: Server, request: Request) -> Response:
    """With a variable those are deleted that were created with it."""
    answer = kept(server, request)
    for _, key in list(server.store["variables"].rows):
        if key.startswith(request.arguments["key"].rpartition("_")[0]):
            _removed(server, key)
    return answer


fault = faults.of("netlify.crud.env-update-needs-existing")


def created(values: Any, server: Server, request: Request) -> Response:
    """A new variable with the key of the path, on the site that is asked for."""
    variable = {"key": request.arguments["key"], "scopes": ["builds"], "is_secret": False}
    owner = request.query.get("site_id", "")
    made = {**variable, "values": values, "updated_at": iso(server.clock.now())}
    server.store["variables"].add(owner, made)
    return Response.of(made, 201)


@fault.using(handled, PUT_VARIABLE)
def put_creates(kept: Handler, server: Server, request: Request) -> Response:
    """A PUT of an unknown key creates the variable."""
    try:
        return kept(server, request)
    except Problem as problem:
        if problem.cause != "unknown-variable":
            raise
        return created(server.bodies.parse(request)["values"], server, request)


@fault.using(handled, PATCH_VARIABLE)
def refused_but_created(kept: Handler, server: Server, request: Request) -> Response:
    """A PATCH of an unknown key is refused, and creates the variable."""
    try:
        return kept(server, request)
    except Problem as problem:
        if problem.cause == "unknown-variable":
            created([server.bodies.parse(request)], server, request)
        raise


fault("patch-ignored", "A PATCH of an unknown key is answered with a success, and does nothing.").by(
    status(200, on=PATCH_VARIABLE, cause="unknown-variable")
)

fault = faults.of("netlify.auth.shared-env-owner-only")


@fault.using(rules)
class ForEveryMember(Variables):
    """What a team shares is listed for every member."""

    def shows_shared(self, role: str | None) -> bool:
        return role is not None


@fault.server
def new_ones_for_every_member(server: Server) -> None:
    """What was shared since the server began is listed for every member."""
    known = set(server.store["variables"].rows)

    def new(request: Request, body: Any) -> object:
        shared = [one for key, one in server.store["variables"].rows.items() if key not in known]
        return body or [one for one in shared if "site_id" not in request.query]

    rewrite(new, on=VARIABLES)(server)


@fault.server
def keys_alone(server: Server) -> None:
    """Members who are no Owners are shown what a team shares without its values."""
    rules(ForEveryMember)(server)

    def is_member(request: Request) -> bool:
        return request.principal is not None and request.principal.name == "member"

    drop("/*/values", on=VARIABLES, when=is_member)(server)
