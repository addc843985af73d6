"""Faults of the Netlify server in snippets, and in the ids of all that is listed."""

from __future__ import annotations

from attrs import evolve

from conformance.reference.core import Handler, Server
from conformance.reference.edits import change, drop, put, rewrite, sent
from conformance.reference.faults import Faults
from conformance.reference.messages import Problem, Request, Response, encode
from conformance.reference.netlify.policies import site_of
from conformance.reference.plants import handled

SNIPPETS, SNIPPET = "GET /api/v1/sites/{site_id}/snippets", "GET /api/v1/sites/{site_id}/snippets/{snippet_id}"
ADD = "POST /api/v1/sites/{site_id}/snippets"
REPLACE, DELETE = (f"{method} /api/v1/sites/{{site_id}}/snippets/{{snippet_id}}" for method in ("PUT", "DELETE"))
FORMS, HOOKS = "GET /api/v1/sites/{site_id}/forms", "GET /api/v1/hooks"
OF_SITE, OF_FORM = "GET /api/v1/sites/{site_id}/submissions", "GET /api/v1/forms/{form_id}/submissions"

faults = Faults()

fault = faults.of("netlify.schema.snippet")
fault("position-body", "The list says that code goes into the body.").by(
    change("/*/general_position", lambda _: "body", on=SNIPPETS)
)
fault("position-null", "A single snippet does not say where its code goes.").by(
    change("/general_position", lambda _: None, on=SNIPPET)
)
fault("no-title", "The list leaves titles out.").by(drop("/*/title", on=SNIPPETS))
fault("code-in-object", "The code of a single snippet stands in an object.").by(
    change("/general", lambda code: {"html": code}, on=SNIPPET)
)
fault("no-goal-when-empty", "The last snippet of a list has no goal, which is empty.").by(
    drop("/-1/goal", "/-1/goal_position", on=SNIPPETS)
)

fault = faults.of("netlify.types.ids")
fault("from-minus-one", "The ids of snippets begin with -1.").by(change("/*/id", lambda known: known - 1, on=SNIPPETS))
fault("snippets-named", "The ids of snippets are words.").by(
    change("/*/id", lambda known: f"snippet-{known}", on=SNIPPETS)
)
fault("snippet-false", "The snippet 0 has the id false.").by(change("/*/id", lambda known: known or False, on=SNIPPETS))
fault("hooks-numbered", "The ids of hooks are numbers.").by(
    change("/*/id", lambda known: int(known[:12], 16), on=HOOKS)
)
fault("spam-without-id", "The last spam submission of a site has an empty id.").by(
    change("/-1/id", lambda _: "", on=OF_SITE, when=sent("state"))
)
fault("site-null", "The last site of a page has no id.").by(
    put("/-1/id", None, on="GET /api/v1/sites", when=sent("per_page"))
)


@fault.using(rewrite, on=FORMS)
def forms_share_an_id(_request: Request, body: object) -> object:
    """The last form of a list has the id of the first one."""
    if isinstance(body, list) and len(body) > 1:
        body[-1]["id"] = body[0]["id"]
    return body


fault = faults.of("netlify.crud.snippet-crud")


@fault.using(handled, REPLACE)
def merged(kept: Handler, server: Server, request: Request) -> Response:
    """A PUT keeps what it does not name."""
    site = site_of(server, request)
    known = server.store["snippets"].get(site["id"], request.arguments["snippet_id"]) or {}
    return kept(server, evolve(request, body=encode({**known, **server.bodies.parse(request)})))


@fault.using(handled, REPLACE)
def title_kept(kept: Handler, server: Server, request: Request) -> Response:
    """A PUT leaves the title as it is, and answers the new one."""
    site = site_of(server, request)
    known = server.store["snippets"].get(site["id"], request.arguments["snippet_id"])
    answer = kept(server, request)
    if known is not None:
        server.store["snippets"].update(site["id"], str(known["id"]), {"title": known["title"]})
    return answer


@fault.using(handled, SNIPPET)
def zero_missing(kept: Handler, server: Server, request: Request) -> Response:
    """The snippet 0 cannot be read: its id is taken for none."""
    if request.arguments["snippet_id"] == "0":
        raise Problem(404, "unknown-snippet", "Not Found")
    return kept(server, request)


@fault.using(handled, REPLACE)
def zero_appended(kept: Handler, server: Server, request: Request) -> Response:
    """A PUT of the snippet 0 adds another one."""
    if request.arguments["snippet_id"] != "0":
        return kept(server, request)
    route = next(one for one in server.routes if one.operation == ADD)
    return route.handler(server, request)


@fault.using(handled, DELETE)
def still_there(kept: Handler, server: Server, request: Request) -> Response:
    """A DELETE is answered, and deletes nothing."""
    before = dict(server.store["snippets"].rows)
    answer = kept(server, request)
    server.store["snippets"].rows.update(before)
    return answer


@fault.using(handled, DELETE)
def all_deleted(kept: Handler, server: Server, request: Request) -> Response:
    """A DELETE deletes every snippet of the site."""
    site = site_of(server, request)["id"]
    answer = kept(server, request)
    for one in server.store["snippets"].of(site):
        server.store["snippets"].remove(site, str(one["id"]))
    return answer


@fault.using(handled, ADD)
def goal_lost(kept: Handler, server: Server, request: Request) -> Response:
    """The code for goals of a new snippet is lost."""
    return kept(server, evolve(request, body=encode({**server.bodies.parse(request), "goal": ""})))


@fault.using(handled, ADD)
def goal_position_default(kept: Handler, server: Server, request: Request) -> Response:
    """The code for goals of a new snippet goes to the end of the body, wherever it was to go."""
    return kept(server, evolve(request, body=encode({**server.bodies.parse(request), "goal_position": "footer"})))


fault = faults.of("netlify.crud.snippet-ids-stable")


@fault.using(handled, DELETE)
def positions(kept: Handler, server: Server, request: Request) -> Response:
    """The ids are places in the list, and move up after a DELETE."""
    site = site_of(server, request)["id"]
    answer = kept(server, request)
    left = server.store["snippets"].of(site)
    for one in left:
        server.store["snippets"].remove(site, str(one["id"]))
    for number, one in enumerate(left):
        server.store["snippets"].add(site, {**one, "id": number})
    return answer


@fault.using(handled, DELETE)
def ids_change_hands(kept: Handler, server: Server, request: Request) -> Response:
    """After a DELETE the last snippet has the id of the deleted one."""
    site = site_of(server, request)["id"]
    answer = kept(server, request)
    if left := server.store["snippets"].of(site):
        server.store["snippets"].remove(site, str(left[-1]["id"]))
        server.store["snippets"].add(site, {**left[-1], "id": int(request.arguments["snippet_id"])})
    return answer
