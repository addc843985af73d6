"""Sites and teams of the Netlify API: properties, metadata, certificates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from conformance.reference.messages import Problem, Record, Request, Response
from conformance.reference.netlify import deploys
from conformance.reference.netlify.data import new_site
from conformance.reference.netlify.forms import sites_of
from conformance.reference.netlify.policies import (
    Invalid,
    NetlifyServer,
    account_of,
    bodies,
    domains_of,
    iso,
    listing,
    optional_of,
    site_of,
    text_of,
    visible,
)
from conformance.reference.netlify.publishing import site_by_id
from conformance.reference.store import PUBLIC

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z", re.IGNORECASE)
_DOMAIN = re.compile(
    r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\Z", re.IGNORECASE
)

_SINGLE = ("notification_email",)
"""Members that only a single site has."""


def listed(site: Record) -> dict[str, Any]:
    """A site as the list shows it (Get sites)."""
    return {name: value for name, value in visible(site).items() if name not in _SINGLE}


def list_sites(server: NetlifyServer, request: Request) -> Response:
    """All sites that the caller has access to (Get sites)."""
    return listing(server, request, list(sites_of(server, request)), listed)


def get(server: NetlifyServer, request: Request) -> Response:
    """One site, by its id or a domain of it (Get site)."""
    return Response.of(visible(site_of(server, request)))


def create(server: NetlifyServer, request: Request) -> Response:
    """Create a site in the caller's personal team (Create site)."""
    accounts = server.store["accounts"].of(PUBLIC)
    return _created(server, request, next(one for one in accounts if one["_personal_of"] == request.account))


def create_in_team(server: NetlifyServer, request: Request) -> Response:
    """Create a site in a team (Create site in team)."""
    return _created(server, request, account_of(server, request))


def _created(server: NetlifyServer, request: Request, account: Record) -> Response:
    """A new site, with a first deploy if the body is an archive or holds a digest (Create and deploy at once)."""
    archived = bodies(server).is_archive(request)
    body = {} if archived else bodies(server).optional(request)
    if "files" in body:
        deploys.read_digest(body)
    changes = properties(server, body, None)
    site_id = server.ids.next("site")
    site = new_site(
        site_id, account, changes.pop("name", f"site-{site_id[:13]}"), request.account, iso(server.clock.now())
    )
    server.store["sites"].add(account["id"], named({**site, **changes}))
    try:
        started = _deployed(server, request, site, body) if archived or "files" in body else {}
    except Problem:
        server.store["sites"].remove(account["id"], site_id)
        raise
    return Response.of({**visible(site_by_id(server, site_id)), **started}, 201)


def _deployed(server: NetlifyServer, request: Request, site: Record, body: Mapping[str, Any]) -> dict[str, Any]:
    """Deploy to a site what the body holds: the id of the deploy, and what has to be uploaded."""
    site = site_by_id(server, site["id"])
    if bodies(server).is_archive(request):
        deploy = deploys.from_archive(server, request, site)
    else:
        deploy = deploys.from_digest(server, request, site, body)
    return {"deploy_id": deploy["id"], **server.flow.required(server, deploy)}


def update(server: NetlifyServer, request: Request) -> Response:
    """Change the properties that are sent; an archive is deployed instead (Update site)."""
    site = site_of(server, request)
    if request.method == "PUT" and bodies(server).is_archive(request):
        started = _deployed(server, request, site, {})
        return Response.of({**visible(site_by_id(server, site["id"])), **started})
    body = server.bodies.parse(request)
    changed = named({**site, **properties(server, body, site), "updated_at": iso(server.clock.now())})
    server.store["sites"].add(site["_account_id"], changed)
    digested = request.method == "PUT" and "files" in body
    started = _deployed(server, request, site, body) if digested else {}
    return Response.of({**visible(site_by_id(server, site["id"])), **started})


def properties(server: NetlifyServer, body: Mapping[str, Any], site: Record | None) -> dict[str, Any]:
    """The properties that a body sets (Create site); what else it holds is not looked at."""
    found: dict[str, Any] = {}
    if body.get("name") is not None:
        found["name"] = _free(server, "name", text_of(body, "name"), _NAME, site)
    if "custom_domain" in body:
        given = body["custom_domain"]
        found["custom_domain"] = given and _free(server, "custom_domain", text_of(body, "custom_domain"), _DOMAIN, site)
    if "password" in body:
        found["_password"] = optional_of(body, "password", str, None)
    if body.get("force_ssl") is not None:
        found["force_ssl"] = optional_of(body, "force_ssl", bool, None)
    if body.get("processing_settings") is not None:
        settings: dict[str, Any] = optional_of(body, "processing_settings", dict, {})
        pretty = optional_of(settings, "html", dict, {}).get("pretty_urls", True)
        if not isinstance(pretty, bool):
            raise Invalid("processing_settings", "pretty_urls must be a boolean", "type")
        found["processing_settings"] = {"html": {"pretty_urls": pretty}}
    if body.get("repo") is not None:
        found["_repo"] = optional_of(body, "repo", dict, None)
    return found


def _free(server: NetlifyServer, member: str, value: str, form: re.Pattern[str], site: Record | None) -> str:
    """A name or a domain that is well-formed, and that no other site has."""
    if not form.match(value):
        raise Invalid(member, "is not well-formed", "format")
    domain = (f"{value}.netlify.app" if member == "name" else value).lower()
    for other in server.store["sites"].rows.values():
        if domain in domains_of(other) and (site is None or other["id"] != site["id"]):
            raise Invalid(member, "is taken already", "taken")
    return value


def named(site: Record) -> dict[str, Any]:
    """A site with the URLs that follow from its name and domain."""
    domain = site["custom_domain"] or f"{site['name']}.netlify.app"
    admin = f"https://api.netlify.com/sites/{site['name']}"
    return {**site, "url": f"http://{domain}", "admin_url": admin}


def delete(server: NetlifyServer, request: Request) -> Response:
    """Delete a site with all that is part of it (Delete site): 200."""
    site = site_of(server, request)
    server.store["sites"].remove(site["_account_id"], site["id"])
    for name in ("deploys", "snippets", "forms", "submissions", "hooks", "variables"):
        collection = server.store[name]
        for record in collection.of(site["id"]):
            collection.remove(site["id"], collection.id_of(record))
    return Response(200)


def provision(server: NetlifyServer, request: Request) -> Response:
    """Activate SSL for the domains of a site that point here (Provision SSL for a site)."""
    site = site_of(server, request)
    if not site["custom_domain"] or not points_here(server, site["custom_domain"]):
        raise Invalid("custom_domain", "must be set, with DNS records that point to Netlify", "domain")
    domains = [site["custom_domain"], *(one for one in site["domain_aliases"] if points_here(server, one))]
    now = iso(server.clock.now())
    server.store["sites"].update(site["_account_id"], site["id"], {"ssl": True, "updated_at": now})
    return Response.of({"state": "issued", "domains": domains, "created_at": now, "updated_at": now})


def points_here(server: NetlifyServer, domain: str) -> bool:
    """Whether the DNS records of a domain lead to Netlify."""
    return server.store["domains"].get(PUBLIC, domain.lower()) is not None


def get_metadata(server: NetlifyServer, request: Request) -> Response:
    """The metadata of a site (Get metadata)."""
    return Response.of(site_of(server, request)["_metadata"])


def put_metadata(server: NetlifyServer, request: Request) -> Response:
    """Replace the metadata of a site (Update metadata)."""
    site, metadata = site_of(server, request), server.bodies.parse(request)
    server.store["sites"].update(site["_account_id"], site["id"], {"_metadata": metadata})
    return Response.of(metadata)


def get_account(server: NetlifyServer, request: Request) -> Response:
    """A team, by its slug or its id (About account IDs)."""
    return Response.of(visible(account_of(server, request)))


def publish_dns(server: NetlifyServer, request: Request) -> Response:
    """A DNS record that is published: `domain` points to Netlify from now on. No part of the API."""
    domain = text_of(server.bodies.parse(request), "domain").lower()
    server.store["domains"].add(PUBLIC, {"name": domain})
    return Response(204)
