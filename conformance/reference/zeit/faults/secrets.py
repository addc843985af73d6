"""Faults of the ZEIT Now server in secrets."""

from __future__ import annotations

from conformance.reference.core import Handler, Server
from conformance.reference.edits import afterwards, change
from conformance.reference.faults import Faults
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.plants import handled
from conformance.reference.zeit.faults.tools import (
    CREATE_SECRET,
    DELETE_SECRET,
    RENAME_SECRET,
    body_changed,
)
from conformance.reference.zeit.policies import Refusal

faults = Faults()

fault = faults.of("zeit.crud.secret-name-limits")
fault("cut-to-100", "A longer name is cut to 100 characters.").by(
    body_changed(
        lambda body: {
            **body,
            "name": str(body.get("name"))[:99] if len(str(body.get("name"))) > 100 else body.get("name"),
        },
        CREATE_SECRET,
    )
)
fault("limit-at-99", "A name of 100 characters is refused.").by(
    body_changed(
        lambda body: {**body, "name": "x" * 101 if len(str(body.get("name"))) == 100 else body.get("name")},
        CREATE_SECRET,
    )
)

fault = faults.of("zeit.crud.secret-value-bytes")


@fault.using(afterwards, on=CREATE_SECRET)
def utf_16(server: Server, request: Request, response: Response) -> Response:
    """The bytes of a value are those of UTF-16."""
    value = str(server.bodies.parse(request)["value"])
    data = list(value.encode("utf-16-le"))
    return response.with_json({**response.json, "value": {"type": "Buffer", "data": data}})


@fault.using(afterwards, on=CREATE_SECRET)
def latin_1(server: Server, request: Request, response: Response) -> Response:
    """What is not ASCII in a value is a question mark."""
    value = str(server.bodies.parse(request)["value"])
    data = list(value.encode("ascii", errors="replace"))
    return response.with_json({**response.json, "value": {"type": "Buffer", "data": data}})


fault = faults.of("zeit.crud.secret-rename")
fault("new-uid", "A renamed secret has a new uid.").by(change("/uid", lambda uid: f"{uid[:-1]}0", on=RENAME_SECRET))
fault("old-name-echoed", "The name of a renamed secret is the old one.").by(
    change("", lambda body: {**body, "name": body["oldName"]}, on=RENAME_SECRET)
)


@fault.using(handled, RENAME_SECRET)
def renamed_copy(kept: Handler, server: Server, request: Request) -> Response:
    """A renaming leaves a copy under the old name."""
    before = dict(server.store["secrets"].rows)
    answer = kept(server, request)
    old = next(one for one in before.values() if one["uid"] == answer.json["uid"])
    server.store["secrets"].add(request.account, {**old, "uid": f"{old['uid']}0"})
    return answer


fault = faults.of("zeit.crud.secret-deleted")


@fault.using(handled, DELETE_SECRET)
def still_listed(kept: Handler, server: Server, request: Request) -> Response:
    """A deleted secret is still listed."""
    before = dict(server.store["secrets"].rows)
    answer = kept(server, request)
    server.store["secrets"].rows.update(before)
    return answer


fault("another-uid", "The answer to a delete has the uid of another secret.").by(
    change("/uid", lambda uid: f"{uid[:-1]}0", on=DELETE_SECRET)
)

fault = faults.of("zeit.crud.secret-name-unique")


@fault.using(handled, RENAME_SECRET)
def two_of_one_name(kept: Handler, server: Server, request: Request) -> Response:
    """A secret is renamed to the name of another."""
    try:
        return kept(server, request)
    except Problem as problem:
        if problem.cause != "duplicate":
            raise
        name = server.bodies.parse(request)["name"]
        old = next(
            one for one in server.store["secrets"].of(request.account) if one["name"] == request.arguments["secretName"]
        )
        server.store["secrets"].update(request.account, old["uid"], {"name": name})
        return Response.of({"uid": old["uid"], "name": name, "created": old["created"], "oldName": old["name"]})


@fault.using(handled, RENAME_SECRET)
def the_other_is_replaced(kept: Handler, server: Server, request: Request) -> Response:
    """A secret that is renamed to the name of another takes its place."""
    name = server.bodies.parse(request).get("name")
    for one in server.store["secrets"].of(request.account):
        if one["name"] == name and one["name"] != request.arguments["secretName"]:
            server.store["secrets"].remove(request.account, one["uid"])
    return kept(server, request)


@fault.using(handled, CREATE_SECRET)
def unique_over_all_accounts(kept: Handler, server: Server, request: Request) -> Response:
    """A name that another account uses is refused."""
    name = server.bodies.parse(request).get("name")
    if any(one["name"] == name for one in server.store["secrets"].rows.values()):
        raise Refusal(400, "bad_request", "There is a secret of this name already.")
    return kept(server, request)
