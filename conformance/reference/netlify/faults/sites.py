"""Faults of the Netlify server in sites: what is created, updated, deleted, by which names, and their metadata."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from conformance.reference.core import Handler, Server
from conformance.reference.edits import change, crash, drop, instead, put, refuse, rename, rewrite, status
from conformance.reference.faults import Faults
from conformance.reference.messages import Problem, Request, Response, encode
from conformance.reference.netlify.faults.tools import (
    ACCOUNT,
    CREATE_SITE,
    DELETE_SITE,
    DEPLOYS,
    FILE,
    FILES,
    IN_TEAM,
    METADATA,
    OF_SITE,
    PATCH_SITE,
    PUT_METADATA,
    PUT_SITE,
    SITE,
    SITES,
    SNIPPET,
    SNIPPETS,
    SSL,
    VARIABLES,
    accepted,
    body_changed,
    by_id_alone,
    without,
)
from conformance.reference.netlify.policies import site_of
from conformance.reference.plants import behind, handled

faults = Faults()

fault = faults.of("netlify.crud.site-create")
fault("domain-dropped", "The custom domain that a site is created with is not kept.").by(
    body_changed(without("custom_domain"), CREATE_SITE)
)
fault("another-name", "A site is created under a name of the server's own.").by(
    body_changed(lambda body: {**body, "name": f"{body.get('name', 'site')}-1"}, CREATE_SITE)
)
fault("not-listed", "Sites that were just created are missing in the list.").by(
    rewrite(lambda _, body: [one for one in body if one["created_at"] < "2025-12"], on=SITES)
)

fault = faults.of("netlify.crud.site-create-team")


@fault.using(handled, IN_TEAM)
def in_the_personal_team(kept: Handler, server: Server, request: Request) -> Response:
    """The slug is ignored, and the site is created in the personal team."""
    request.arguments["account_slug"] = "ada"
    return kept(server, request)


fault("name-ignored", "A site that is created in a team has no name of the caller's.").by(
    body_changed(without("name"), IN_TEAM)
)
fault("settings-ignored", "A site that is created in a team has none of the other properties.").by(
    body_changed(without("processing_settings"), IN_TEAM)
)


@fault.using(handled, CREATE_SITE)
def in_the_last_team(kept: Handler, server: Server, request: Request) -> Response:
    """A site that is created without a slug is in another team of the caller than the personal one."""
    answer = kept(server, request)
    owned = server.store["sites"].rows
    for (owner, identity), site in list(owned.items()):
        if identity == answer.json["id"] and site["account_slug"] == "ada":
            del owned[owner, identity]
            other = next(one for one in server.store["accounts"].rows.values() if one["slug"] == "ada-works")
            moved = {**site, "account_slug": "ada-works", "_account_id": other["id"]}
            server.store["sites"].add(other["id"], moved)
    return answer


fault = faults.of("netlify.crud.site-patch-merges")


@fault.using(handled, PATCH_SITE)
def domain_cleared_by_a_name(kept: Handler, server: Server, request: Request) -> Response:
    """A PATCH of the name alone clears the custom domain."""
    body = server.bodies.parse(request)
    return kept(server, evolve(request, body=encode({"custom_domain": None, **body} if "name" in body else body)))


fault("settings-reset", "A PATCH resets the processing settings that it does not send.").by(
    body_changed(lambda body: {"processing_settings": {"html": {"pretty_urls": False}}, **body}, PATCH_SITE)
)
fault("settings-ignored", "The processing settings of a PATCH are not kept.").by(
    body_changed(without("processing_settings"), PATCH_SITE)
)
fault("second-property-ignored", "Of several properties a PATCH takes the first alone.").by(
    body_changed(lambda body: dict(list(body.items())[:1]), PATCH_SITE)
)


@fault.using(handled, PATCH_SITE)
def time_goes_back(kept: Handler, server: Server, request: Request) -> Response:
    """After a PATCH the time of the last update is an earlier one."""
    answer, site = kept(server, request), site_of(server, request)
    server.store["sites"].update(site["_account_id"], site["id"], {"updated_at": "2013-09-17T05:13:19.000Z"})
    return answer


fault = faults.of("netlify.crud.site-put-updates")


@fault.using(handled, PUT_SITE)
def second_site(kept: Handler, server: Server, request: Request) -> Response:
    """A PUT makes a second site."""
    site, answer = site_of(server, request), kept(server, request)
    copy = {**site, "id": server.ids.next("site"), "name": f"{site['name']}-copy"}
    server.store["sites"].add(site["_account_id"], copy)
    return answer


fault("ignored", "A PUT is answered with a success and changes nothing.").by(
    handled(lambda _kept, server, request: Response.of({"id": site_of(server, request)["id"]}), PUT_SITE)
)


@fault.using(handled, PUT_SITE)
def toggles(kept: Handler, server: Server, request: Request) -> Response:
    """Each PUT turns the forcing of SSL on or off."""
    site, answer = site_of(server, request), kept(server, request)
    server.store["sites"].update(site["_account_id"], site["id"], {"force_ssl": not site["force_ssl"]})
    return answer


fault = faults.of("netlify.crud.site-delete")


@fault.using(handled, DELETE_SITE)
def stays_listed(kept: Handler, server: Server, request: Request) -> Response:
    """A deleted site is still in the list."""
    site = site_of(server, request)
    answer = kept(server, request)
    gone = {**site, "_deleted": True}
    server.transforms.append(
        lambda asked, response: (
            response.with_json([*response.json, {name: gone[name] for name in response.json[0]}])
            if asked.operation == SITES and response.status == 200 and response.json
            else response
        )
    )
    return answer


fault("not-deleted", "A DELETE is answered with a success, and the site stays.").by(
    handled(lambda _kept, server, request: Response(200 if site_of(server, request) else 404), DELETE_SITE)
)


@fault.using(handled, DELETE_SITE)
def all_of_the_team(kept: Handler, server: Server, request: Request) -> Response:
    """With a site those of its team that were made after it are deleted."""
    site = site_of(server, request)
    answer = kept(server, request)
    for one in server.store["sites"].of(site["_account_id"]):
        if one["created_at"] > site["created_at"]:
            server.store["sites"].remove(site["_account_id"], one["id"])
    return answer


@fault.server
def parts_are_left(server: Server) -> None:
    """The snippets of a deleted site are still read."""

    def kept(handler: Handler, server: Server, request: Request) -> Response:
        try:
            return handler(server, request)
        except Problem as problem:
            if problem.cause != "unknown-site" or request.arguments["site_id"] not in deleted:
                raise
            return Response.of([])

    def noted(handler: Handler, server: Server, request: Request) -> Response:
        deleted.add(site_of(server, request)["id"])
        return handler(server, request)

    deleted: set[str] = set()
    handled(kept, SNIPPETS)(server)
    handled(noted, DELETE_SITE)(server)


fault = faults.of("netlify.crud.site-delete-200")
fault("no-content", "A site that is deleted is answered with 204.").by(status(204, on=DELETE_SITE))
fault("accepted", "A site that is deleted is answered with 202.").by(status(202, on=DELETE_SITE))


@fault.using(handled, DELETE_SITE)
def no_content_where_deployed(kept: Handler, server: Server, request: Request) -> Response:
    """A site to which something was deployed is deleted with 204."""
    deployed = server.store["deploys"].of(site_of(server, request)["id"])
    answer = kept(server, request)
    return Response(204) if deployed else answer


fault = faults.of("netlify.crud.site-no-env")


@fault.using(handled, PATCH_SITE)
def shows_the_map(kept: Handler, server: Server, request: Request) -> Response:
    """A site shows the environment variables that were sent to it."""
    answer, site = kept(server, request), site_of(server, request)
    sent = server.bodies.parse(request).get("env")
    if sent is not None:
        server.store["sites"].update(site["_account_id"], site["id"], {"build_settings": {"env": sent}})
    return answer


@fault.using(handled, PATCH_SITE)
def sets_them(kept: Handler, server: Server, request: Request) -> Response:
    """Environment variables that are sent to a site are set."""
    answer, site = kept(server, request), site_of(server, request)
    for key, value in (server.bodies.parse(request).get("env") or {}).items():
        values = [{"id": server.ids.next("value"), "context": "all", "value": value}]
        variable = {"key": key, "scopes": ["builds"], "values": values, "is_secret": False}
        server.store["variables"].add(site["id"], {**variable, "updated_at": site["updated_at"]})
    return answer


fault = faults.of("netlify.crud.ssl-precondition")
fault("accepted", "SSL is activated for a site without a custom domain.").by(
    accepted({"state": "issued"}, "domain", SSL)
)
fault("crash", "SSL for a site without a custom domain is a 500.").by(crash(on=SSL, cause="domain"))

fault = faults.of("netlify.crud.ssl-activates")
fault("refused", "SSL is refused although the domain points to the server.").by(refuse(422, "DNS not verified", on=SSL))
fault("conflict", "SSL is refused as if it was activated before.").by(refuse(409, "There is a certificate", on=SSL))


@fault.using(handled, SSL)
def takes_the_domain(kept: Handler, server: Server, request: Request) -> Response:
    """Whoever has SSL activated loses the custom domain."""
    answer, site = kept(server, request), site_of(server, request)
    server.store["sites"].update(site["_account_id"], site["id"], {"custom_domain": None})
    return answer


fault = faults.of("netlify.crud.metadata-replaces")


@fault.using(handled, PUT_METADATA)
def merged(kept: Handler, server: Server, request: Request) -> Response:
    """A PUT adds to the metadata that was there."""
    body = {**site_of(server, request)["_metadata"], **server.bodies.parse(request)}
    return kept(server, evolve(request, body=encode(body)))


@fault.using(handled, PUT_METADATA)
def empty_is_ignored(kept: Handler, server: Server, request: Request) -> Response:
    """An empty object leaves the metadata as it was."""
    body = server.bodies.parse(request)
    return kept(server, request) if body else Response.of(site_of(server, request)["_metadata"])


fault("values-in-lower-case", "The values of metadata are kept in ASCII.").by(
    body_changed(
        lambda body: {name: str(value).encode("ascii", "replace").decode() for name, value in body.items()},
        PUT_METADATA,
    )
)


@fault.server
def of_all_sites(server: Server) -> None:
    """All sites have the metadata that was put last."""
    last: list[dict[str, Any]] = []

    def put_last(kept: Handler, server: Server, request: Request) -> Response:
        last.append(server.bodies.parse(request))
        return kept(server, request)

    handled(put_last, PUT_METADATA)(server)
    handled(lambda kept, server, request: Response.of(last[-1]) if last else kept(server, request), METADATA)(server)


fault = faults.of("netlify.crud.site-id-or-domain")
fault("site-alone", "A domain stands for the id of a site only where the site itself is read.").by(
    by_id_alone(METADATA, FILES, FILE, DEPLOYS, OF_SITE, SNIPPETS, SNIPPET)
)
fault("not-of-files", "A file is not found by the domain of its site.").by(by_id_alone(FILE))


@fault.using(handled, SITE)
def subdomains_alone(kept: Handler, server: Server, request: Request) -> Response:
    """A site is not found by the domain of its own, but by its subdomain."""
    named = request.arguments["site_id"]
    if "." in named and not named.endswith(".netlify.app"):
        raise Problem(404, "unknown-site", "Not Found")
    return kept(server, request)


fault("snippets-empty", "By the domain of a site its snippets are an empty list.").by(
    instead(Response.of([]), on=SNIPPETS, when=lambda request: "." in request.arguments["site_id"])
)
fault("as-the-list-has-it", "By its domain a site is read without its e-mail address.").by(
    drop("/notification_email", on=SITE, when=lambda request: "." in request.arguments["site_id"])
)

fault = faults.of("netlify.crud.list-get-agree")
fault("other-domain", "The list shows another custom domain of a site than the site itself.").by(
    change("/*/url", lambda url: url.replace("http:", "https:"), on=SITES)
)
fault("other-size-of-file", "A file that is read by itself is one byte longer.").by(
    change("/size", lambda size: size + 1, on=FILE)
)
fault("other-time-of-deploy", "A deploy of a site that is read by itself has the time of its creation as its last.").by(
    rewrite(lambda _, body: {**body, "updated_at": body["created_at"]}, on=OF_SITE)
)
fault("scopes-not-listed", "The list of variables shows no scopes.").by(put("/*/scopes", [], on=VARIABLES))
fault("snippet-position", "A snippet that is read by itself is at the end of the page.").by(
    put("/general_position", "footer", on=SNIPPET)
)

fault = faults.of("netlify.crud.account-id-or-slug")


def by_id(member: str) -> Any:
    def answer(kept: Handler, server: Server, request: Request) -> Response:
        if len(request.arguments[member]) < 24:
            raise Problem(404, "unknown-account", "Not Found")
        return kept(server, request)

    return answer


def by_slug(kept: Handler, server: Server, request: Request) -> Response:
    if len(request.arguments["account_slug"]) == 24:
        raise Problem(404, "unknown-account", "Not Found")
    return kept(server, request)


fault("variables-by-id-alone", "The variables of a team are not found by its slug.").by(
    handled(by_id("account_id"), VARIABLES)
)
fault("team-by-slug-alone", "A team is not found by its id.").by(handled(by_slug, ACCOUNT))
fault("none-by-slug", "By its slug a team has no variables.").by(
    instead(Response.of([]), on=VARIABLES, when=lambda request: len(request.arguments["account_id"]) < 24)
)

fault = faults.of("netlify.schema.account-id")
fault("no-id", "A team shows no id.").by(drop("/id", on=ACCOUNT))
fault("another-name", "The id of a team is under account_id.").by(rename("/id", "account_id", on=ACCOUNT))
fault("id-of-nobody", "The id that a team shows is none.").by(put("/id", "5235a7a00d61eec2d6001302", on=ACCOUNT))

fault = faults.of("netlify.schema.site")
fault("enveloped", "The list of sites is in an object.").by(rewrite(lambda _, body: {"sites": body}, on=SITES))
fault("claimed-as-text", "Whether a site is claimed is text.").by(
    change("/claimed", lambda value: str(value).lower(), on=SITE)
)
fault("no-admin-url", "The list does not show where a site is administered.").by(drop("/*/admin_url", on=SITES))

fault = faults.of("netlify.types.timestamps")
fault("milliseconds", "The time of a site's creation is in milliseconds.").by(
    put("/created_at", 1379394788000, on=SITE)
)
fault("no-zone", "The times of deploys have no zone.").by(
    change("/*/created_at", lambda text: text.removesuffix("Z"), on=DEPLOYS)
)
fault("day-alone", "The last update of a listed site is a day.").by(
    change("/*/updated_at", lambda text: text[:10], on=SITES)
)

fault = faults.of("netlify.crud.get-is-safe")


@fault.using(handled, SITE, DEPLOYS, SNIPPET)
def read_is_written(kept: Handler, server: Server, request: Request) -> Response:
    """Reading a site, its deploys or a snippet is an update of the site."""
    answer, site = kept(server, request), site_of(server, request)
    now = f"{server.clock.now().isoformat(timespec='milliseconds')[:23]}Z"
    server.store["sites"].update(site["_account_id"], site["id"], {"updated_at": now})
    return answer


@fault.using(handled, SNIPPETS)
def renumbered(kept: Handler, server: Server, request: Request) -> Response:
    """Each reading of the snippets gives them other ids."""
    answer, site = kept(server, request), site_of(server, request)
    for one in server.store["snippets"].of(site["id"]):
        server.store["snippets"].remove(site["id"], str(one["id"]))
        server.store["snippets"].add(site["id"], {**one, "id": int(one["id"]) + 100})
    return answer


fault("stale-after-write", "Every other reading of the sites is of before the last create.").by(
    behind(SITES, after="POST")
)
