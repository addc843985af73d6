"""Faults of the Netlify server in hooks: their types, what is kept of them, and whom they call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve

from conformance.reference.core import Handler, Server
from conformance.reference.edits import change, drop, put
from conformance.reference.faults import Faults, Plant
from conformance.reference.messages import Problem, Record, Request, Response, encode
from conformance.reference.netlify.hooks import Notices
from conformance.reference.netlify.policies import NetlifyServer, listing
from conformance.reference.plants import handled, policy

TYPES, HOOKS = "GET /api/v1/hooks/types", "GET /api/v1/hooks"
CREATE, DELETE = "POST /api/v1/hooks", "DELETE /api/v1/hooks/{hook_id}"

faults = Faults()


def sent_as(edit: Callable[[dict[str, Any]], dict[str, Any]]) -> Plant:
    """A create that takes another body than the one that was sent."""

    def answer(kept: Handler, server: Server, request: Request) -> Response:
        return kept(server, evolve(request, body=encode(edit(server.bodies.parse(request)))))

    return handled(answer, CREATE)


def taken_for(cause: str, **members: Any) -> Plant:
    """A create that is refused for this cause is stored all the same, as it was sent but for these members."""

    def answer(kept: Handler, server: Server, request: Request) -> Response:
        body = server.bodies.parse(request)
        try:
            return kept(server, request)
        except Problem as problem:
            if problem.cause != cause:
                raise
        stored = kept(server, evolve(request, body=encode({**body, **members})))
        as_sent: dict[str, Any] = {name: body[name] for name in ("type", "event", "data") if name in body}
        server.store["hooks"].update(stored.json["site_id"], stored.json["id"], as_sent)
        return stored.with_json({**stored.json, **as_sent})

    return handled(answer, CREATE)


fault = faults.of("netlify.schema.hook-type")
fault("events-a-map", "The events of a type are a map.").by(
    change("/*/events", lambda events: dict.fromkeys(events, True), on=TYPES)
)
fault("fields-without-options", "The last type does not say what its fields are like.").by(
    drop("/-1/fields/*/options", on=TYPES)
)
fault("fields-by-name", "The fields of a type are a list of names.").by(
    change("/*/fields", lambda fields: [one["name"] for one in fields], on=TYPES)
)
fault("name-empty", "The last type has an empty name.").by(put("/-1/name", "", on=TYPES))

fault = faults.of("netlify.schema.hook")
fault("data-as-list", "The data of a hook is a list of its values.").by(
    change("/*/data", lambda data: list(data.values()), on=HOOKS)
)
fault("never-updated", "A hook that was never changed has no updated_at.").by(drop("/*/updated_at", on=HOOKS))
fault("event-null", "The last hook of a page has no event.").by(put("/-1/event", None, on=HOOKS))


@fault.using(handled, HOOKS)
def of_all_sites(_kept: Handler, server: Server, request: Request) -> Response:
    """The hooks of all sites are listed, whichever is asked for."""
    return listing(server, request, list(server.store["hooks"].rows.values())[::-1], dict)


fault = faults.of("netlify.crud.hook-create")
fault("event-default", "The event of a new hook is the first one of its type.").by(
    sent_as(lambda body: {**body, "event": "submission_created"})
)
fault("data-cut", "The data of a new hook is kept without what stands before the @.").by(
    sent_as(
        lambda body: {**body, "data": {name: f"@{value.partition('@')[2]}" for name, value in body["data"].items()}}
    )
)


@fault.using(handled, CREATE)
def no_form_names(kept: Handler, server: Server, request: Request) -> Response:
    """A hook for the name of a form is refused."""
    if "form_name" in server.bodies.parse(request):
        raise Problem(422, "fault", "form_name is no member of a hook.")
    return kept(server, request)


@fault.using(handled, CREATE)
def form_needed(kept: Handler, server: Server, request: Request) -> Response:
    """A hook for submissions is not listed unless it is for a form."""
    answer = kept(server, request)
    body = server.bodies.parse(request)
    if body["event"] == "submission_created" and not {"form_id", "form_name"} & set(body):
        server.store["hooks"].remove(answer.json["site_id"], answer.json["id"])
    return answer


@fault.using(handled, CREATE)
def one_of_a_form(kept: Handler, server: Server, request: Request) -> Response:
    """A new hook for a form takes the place of the one that the form has."""
    answer = kept(server, request)
    hook = answer.json
    for one in server.store["hooks"].of(hook["site_id"]):
        if hook["form_id"] is not None and one["form_id"] == hook["form_id"] and one["id"] != hook["id"]:
            server.store["hooks"].update(hook["site_id"], one["id"], {"data": hook["data"]})
            server.store["hooks"].remove(hook["site_id"], hook["id"])
    return answer


fault = faults.of("netlify.crud.hook-type-event-valid")
fault("any-event", "A hook for an event that its type does not list is accepted.").by(
    taken_for("hook-event", event="submission_created")
)
fault("any-type", "A hook of an unknown type is accepted.").by(taken_for("hook-type", type="email"))
fault("no-data-needed", "A hook without the field that its type needs is accepted.").by(
    taken_for("required", data={"email": "nobody@example.com", "url": "http://nobody.example.com"})
)


@fault.using(handled, CREATE)
def refused_and_kept(kept: Handler, server: Server, request: Request) -> Response:
    """A hook for an unknown event is refused, and listed all the same."""
    try:
        return kept(server, request)
    except Problem as problem:
        if problem.cause == "hook-event":
            body = {**server.bodies.parse(request), "event": "deploy_created"}
            kept(server, evolve(request, body=encode(body)))
        raise


fault = faults.of("netlify.crud.hook-delete")


@fault.using(handled, DELETE)
def still_listed(kept: Handler, server: Server, request: Request) -> Response:
    """A deleted hook is still listed."""
    before = dict(server.store["hooks"].rows)
    answer = kept(server, request)
    server.store["hooks"].rows.update(before)
    return answer


@fault.using(handled, DELETE)
def alike_deleted(kept: Handler, server: Server, request: Request) -> Response:
    """With a hook all hooks of the site for its event are deleted."""
    hook = found(server, request.arguments["hook_id"])
    answer = kept(server, request)
    for one in server.store["hooks"].of(hook.get("site_id", "")):
        if one["event"] == hook["event"]:
            server.store["hooks"].remove(one["site_id"], one["id"])
    return answer


def found(server: Server, identity: str) -> Record:
    """The hook of an id, empty for none."""
    return next((one for one in server.store["hooks"].rows.values() if one["id"] == identity), {})


fault = faults.of("netlify.crud.hook-410-removes")


@fault.using(policy, "notices")
class Patient(Notices):
    """A hook stays, whatever its calls are answered."""

    def removes(self, status: int | None) -> bool:
        return False


@fault.using(policy, "notices")
class OnlyNotFound(Notices):
    """A hook is removed when its call is answered 404, and not when it is answered 410."""

    def removes(self, status: int | None) -> bool:
        return status == 404


@fault.using(policy, "notices")
class CalledOnce(Notices):
    """Every hook is removed once it was called."""

    def removes(self, status: int | None) -> bool:
        return status is not None


@fault.using(policy, "notices")
class AllGone(Notices):
    """With a hook that is gone all hooks of its site are removed."""

    def call(self, server: NetlifyServer, hook: Record, body: bytes) -> None:
        super().call(server, hook, body)
        if server.store["hooks"].get(hook["site_id"], hook["id"]) is None:
            for one in server.store["hooks"].of(hook["site_id"]):
                server.store["hooks"].remove(one["site_id"], one["id"])


fault = faults.of("netlify.crud.hook-fires-on-event")


@fault.using(policy, "notices")
class EveryEvent(Notices):
    """Every hook is called for every event."""

    def concerns(self, hook: Record, event: str, form_id: str | None) -> bool:
        return super().concerns(hook, str(hook["event"]), form_id)


@fault.using(policy, "notices")
class NoDeploys(Notices):
    """A deploy calls no hook."""

    def concerns(self, hook: Record, event: str, form_id: str | None) -> bool:
        return event != "deploy_created" and super().concerns(hook, event, form_id)


@fault.using(policy, "notices")
class NoSubmissions(Notices):
    """A submission calls no hook that is for no form."""

    def concerns(self, hook: Record, event: str, form_id: str | None) -> bool:
        known = form_id is None or hook["form_id"] is not None
        return known and super().concerns(hook, event, form_id)


@fault.using(policy, "notices")
class EverySite(Notices):
    """An event of one site calls the hooks of all sites."""

    def announce(self, server: NetlifyServer, event: str, site_id: str, told: Any, form_id: str | None = None) -> None:
        for site in sorted({str(hook["site_id"]) for hook in server.store["hooks"].rows.values()}):
            super().announce(server, event, site, told, form_id)


@fault.using(policy, "notices")
class FirstOnly(Notices):
    """Of the hooks of a site for one event the first one alone is called."""

    def announce(self, server: NetlifyServer, event: str, site_id: str, told: Any, form_id: str | None = None) -> None:
        known = len(server.errands)
        super().announce(server, event, site_id, told, form_id)
        del server.errands[known + 1 :]


@fault.server
def deleted_one_called(server: Server) -> None:
    """A hook that was deleted is called all the same."""
    deleted: list[Record] = []

    class Remembering(Notices):
        def announce(
            self, server: NetlifyServer, event: str, site_id: str, told: Any, form_id: str | None = None
        ) -> None:
            super().announce(server, event, site_id, told, form_id)
            for hook in deleted:
                if hook["site_id"] == site_id and hook["event"] == event and hook["type"] == "url":
                    server.sender.send(hook["data"]["url"], encode(told))

    def delete(kept: Handler, server: Server, request: Request) -> Response:
        hook = found(server, request.arguments["hook_id"])
        answer = kept(server, request)
        deleted.append(hook)
        return answer

    policy(Remembering, "notices")(server)
    handled(delete, DELETE)(server)


fault = faults.of("netlify.crud.hook-form-scope")


@fault.using(policy, "notices")
class AnyForm(Notices):
    """A hook of a form is called for every form."""

    def concerns(self, hook: Record, event: str, form_id: str | None) -> bool:
        return super().concerns({**hook, "form_id": None}, event, form_id)


fault("form-name-ignored", "A hook with the name of a form is called for every form.").by(
    sent_as(lambda body: {name: value for name, value in body.items() if name != "form_name"})
)
fault("form-id-ignored", "A hook with the id of a form is called for every form.").by(
    sent_as(lambda body: {name: value for name, value in body.items() if name != "form_id"})
)


@fault.using(policy, "notices")
class FormsAlone(Notices):
    """A hook of a form is called for no form."""

    def concerns(self, hook: Record, event: str, form_id: str | None) -> bool:
        return hook["form_id"] is None and super().concerns(hook, event, form_id)
