"""Snippets of the Netlify API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.reference.messages import Record, Request, Response
from conformance.reference.netlify.policies import (
    Invalid,
    Missing,
    NetlifyServer,
    listing,
    optional_of,
    site_of,
    text_of,
)

POSITIONS = ("head", "footer")


def list_snippets(server: NetlifyServer, request: Request) -> Response:
    """The snippets of a site (Get snippets)."""
    return listing(server, request, server.store["snippets"].of(site_of(server, request)["id"]))


def get(server: NetlifyServer, request: Request) -> Response:
    """One snippet (Get snippet)."""
    return Response.of(_snippet(server, request)[1])


def add(server: NetlifyServer, request: Request) -> Response:
    """Add a snippet, whose id is the next number of the site (Add snippet)."""
    site = site_of(server, request)
    number = site["_next_snippet"]
    snippet = read(number, server.bodies.parse(request))
    server.store["sites"].update(site["_account_id"], site["id"], {"_next_snippet": number + 1})
    server.store["snippets"].add(site["id"], snippet)
    return Response.of(snippet, 201)


def replace(server: NetlifyServer, request: Request) -> Response:
    """Replace a snippet: what is not sent is not kept (Update snippet)."""
    site_id, snippet = _snippet(server, request)
    replaced = read(snippet["id"], server.bodies.parse(request))
    server.store["snippets"].add(site_id, replaced)
    return Response.of(replaced)


def delete(server: NetlifyServer, request: Request) -> Response:
    """Delete a snippet; the others keep their ids (Delete snippet)."""
    site_id, snippet = _snippet(server, request)
    server.store["snippets"].remove(site_id, str(snippet["id"]))
    return Response(204)


def read(number: int, body: Mapping[str, Any]) -> dict[str, Any]:
    """The snippet of a body, with this id."""
    snippet: dict[str, Any] = {"id": number, "title": text_of(body, "title")}
    for code, position in (("general", "head"), ("goal", "footer")):
        snippet[code] = optional_of(body, code, str, "")
        snippet[f"{code}_position"] = optional_of(body, f"{code}_position", str, position)
        if snippet[f"{code}_position"] not in POSITIONS:
            raise Invalid(f"{code}_position", f"must be {' or '.join(POSITIONS)}", "position")
    return snippet


def _snippet(server: NetlifyServer, request: Request) -> tuple[str, Record]:
    site_id = site_of(server, request)["id"]
    snippet = server.store["snippets"].get(site_id, request.arguments["snippet_id"])
    if snippet is None:
        raise Missing("snippet")
    return site_id, snippet
