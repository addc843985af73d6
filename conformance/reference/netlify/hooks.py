"""Hooks of the Netlify API: their types, and what is sent to them when their event happens."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen

from conformance.reference.messages import Record, Request, Response, encode
from conformance.reference.netlify.forms import sites_of
from conformance.reference.netlify.policies import (
    Invalid,
    Missing,
    NetlifyServer,
    iso,
    listing,
    optional_of,
    site_of,
    text_of,
)

EVENTS = ("submission_created", "deploy_created", "deploy_failed")
GONE = 410


def _type(name: str, title: str) -> dict[str, Any]:
    options = {"type": "string", "title": title}
    return {"name": name, "fields": [{"name": name, "options": options}], "events": list(EVENTS)}


TYPES = (_type("url", "URL to notify"), _type("email", "Email to notify"))


@frozen
class Notices:
    """Which hooks an event calls, and what a call comes to."""

    def announce(
        self, server: NetlifyServer, event: str, site_id: str, told: Mapping[str, Any], form_id: str | None = None
    ) -> None:
        """Call the hooks of an event, once the answer that is being made is ready."""
        for hook in server.store["hooks"].of(site_id):
            if hook["type"] == "url" and self.concerns(hook, event, form_id):
                server.errands.append(partial(self.call, server, hook, encode(told)))

    def concerns(self, hook: Record, event: str, form_id: str | None) -> bool:
        """Whether a hook of the site is called for an event; one of a form is for that form only."""
        return hook["event"] == event and hook["form_id"] in (None, form_id)

    def call(self, server: NetlifyServer, hook: Record, body: bytes) -> None:
        """Send what happened to the URL of a hook, which is removed if it is gone."""
        if self.removes(server.sender.send(hook["data"]["url"], body)):
            server.store["hooks"].remove(hook["site_id"], hook["id"])

    def removes(self, status: int | None) -> bool:
        """Whether an answer of this status removes the hook."""
        return status == GONE


def list_types(server: NetlifyServer, request: Request) -> Response:
    """The types of hooks (Get hook types)."""
    return listing(server, request, TYPES, key="name")


def list_hooks(server: NetlifyServer, request: Request) -> Response:
    """The hooks of a site (Get hooks for a site)."""
    wanted = request.query.get("site_id")
    if not wanted:
        raise Invalid("site_id", "is required", "required")
    return listing(server, request, server.store["hooks"].of(site_of(server, request, wanted)["id"]))


def create(server: NetlifyServer, request: Request) -> Response:
    """Create a hook of one of the types (Create hook)."""
    body = server.bodies.parse(request)
    site = site_of(server, request, text_of(body, "site_id"))
    kind = next((one for one in TYPES if one["name"] == text_of(body, "type")), None)
    if kind is None:
        raise Invalid("type", "is not one of /hooks/types", "hook-type")
    event = text_of(body, "event")
    if event not in kind["events"]:
        raise Invalid("event", "is not one of the events of this type", "hook-event")
    data = optional_of(body, "data", dict, {})
    for field in kind["fields"]:
        text_of(data, field["name"])
    if not (_is_url(data["url"]) if kind["name"] == "url" else "@" in data["email"]):
        raise Invalid(kind["name"], "is not well-formed", "hook-data")
    form = form_of(server, site, body)
    now = iso(server.clock.now())
    hook = {
        "id": server.ids.next("hook"),
        "site_id": site["id"],
        "type": kind["name"],
        "event": event,
        "data": data,
        "created_at": now,
        "updated_at": now,
        "form_id": form and form["id"],
        "form_name": form and form["name"],
    }
    server.store["hooks"].add(site["id"], hook)
    return Response.of(hook, 201)


def form_of(server: NetlifyServer, site: Record, body: Mapping[str, Any]) -> Record | None:
    """The form that a hook is linked with, by its id or its name; None for a hook of the site."""
    wanted = {member: text_of(body, f"form_{member}") for member in ("id", "name") if body.get(f"form_{member}")}
    if not wanted:
        return None
    for form in server.store["forms"].of(site["id"]):
        if all(form[member] == value for member, value in wanted.items()):
            return form
    raise Invalid(f"form_{next(iter(wanted))}", "is not a form of the site", "hook-form")


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def delete(server: NetlifyServer, request: Request) -> Response:
    """Remove a hook (Delete hook)."""
    if not any(
        server.store["hooks"].remove(site["id"], request.arguments["hook_id"]) for site in sites_of(server, request)
    ):
        raise Missing("hook")
    return Response(204)
