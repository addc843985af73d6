"""Forms of the Netlify API and what is submitted to them; the pages of a site, on which that is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from conformance.reference.messages import Record, Request, Response
from conformance.reference.netlify.policies import (
    Invalid,
    Missing,
    NetlifyServer,
    accounts_of,
    iso,
    listing,
    site_of,
    text_of,
    visible,
)
from conformance.reference.store import PUBLIC

if TYPE_CHECKING:
    from collections.abc import Iterator

VERIFIED, SPAM = "verified", "spam"
_FIELDS = ("input", "textarea", "select")


class _FormFinder(HTMLParser):
    """The forms of a page that are to be taken in: name → fields."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[dict[str, str]]] = {}
        self._fields: list[dict[str, str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "form":
            wanted = "netlify" in given or given.get("data-netlify") == "true"
            self._fields = self.found.setdefault(name, []) if name and wanted else None
        elif self._fields is not None and tag in _FIELDS and name and name != "form-name":
            kind = (given.get("type") or "text") if tag == "input" else tag
            if all(field["name"] != name for field in self._fields):
                self._fields.append({"name": name, "type": kind})

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None


def find_forms(server: NetlifyServer, site_id: str, files: Mapping[str, str], moment: datetime) -> None:
    """Take in the forms of the pages of a site; one that is known by its name keeps its id and submissions."""
    forms = server.store["forms"]
    known = {form["name"]: form for form in forms.of(site_id)}
    paths: dict[str, list[str]] = {}
    fields: dict[str, list[dict[str, str]]] = {}
    for path in sorted(path for path in files if path.endswith(".html")):
        content = server.store["contents"].rows[PUBLIC, files[path]]["content"]
        if b"netlify" not in content:
            continue
        finder = _FormFinder()
        finder.feed(content.decode(errors="replace"))
        for name, of_form in finder.found.items():
            paths.setdefault(name, []).append(path.removesuffix(".html"))
            fields.setdefault(name, []).extend(one for one in of_form if one not in fields.get(name, []))
    for name, where in paths.items():
        told = {"paths": where, "fields": fields[name]}
        if name in known:
            forms.update(site_id, known[name]["id"], told)
        else:
            forms.add(site_id, form(server.ids.next("form"), site_id, name, iso(moment), **told))


def form(form_id: str, site_id: str, name: str, created: str, **told: Any) -> dict[str, Any]:
    """A form that nothing was submitted to yet."""
    return {"id": form_id, "site_id": site_id, "name": name, "created_at": created, **told}


def submission(
    submission_id: str, number: int, data: Mapping[str, str], created: str, site: Record, form_id: str, state: str
) -> dict[str, Any]:
    """What was submitted to a form (Get verified submissions)."""
    name = data.get("name")
    first, _, last = (name or "").partition(" ")
    text = data.get("body") or data.get("message")
    return {
        "id": submission_id,
        "number": number,
        "title": data.get("title"),
        "email": data.get("email"),
        "name": name,
        "first_name": first or None,
        "last_name": last or None,
        "company": data.get("company"),
        "summary": text if text is None else text[:100],
        "body": text,
        "data": dict(data),
        "created_at": created,
        "site_url": f"http://{site['name']}.netlify.app",
        "_form_id": form_id,
        "_state": state,
    }


def submissions_of(server: NetlifyServer, site_id: str, form_id: str, state: str | None = None) -> list[Record]:
    """What was submitted to a form, oldest first; in one state or in any."""
    found = (one for one in server.store["submissions"].of(site_id) if one["_form_id"] == form_id)
    return [one for one in found if state in (None, one["_state"])]


def shown(server: NetlifyServer, form: Record) -> dict[str, Any]:
    """A form as it is sent: with the number of verified submissions, and without themselves."""
    return {**form, "submission_count": len(submissions_of(server, form["site_id"], form["id"], VERIFIED))}


def submit(
    server: NetlifyServer, site: Record, form: Record, data: Mapping[str, str], state: str = VERIFIED
) -> dict[str, Any]:
    """A new submission to a form; the hooks of verified ones are called."""
    numbers = [one["number"] for one in submissions_of(server, site["id"], form["id"])]
    number = max(numbers, default=0) + 1
    now = iso(server.clock.now())
    record = submission(server.ids.next("submission"), number, data, now, site, form["id"], state)
    server.store["submissions"].add(site["id"], record)
    if state == VERIFIED:
        server.notices.announce(server, "submission_created", site["id"], visible(record), form["id"])
    return record


def list_forms(server: NetlifyServer, request: Request) -> Response:
    """The forms of a site (Get forms)."""
    found = server.store["forms"].of(site_of(server, request)["id"])
    return listing(server, request, found, lambda form: shown(server, form))


def delete_form(server: NetlifyServer, request: Request) -> Response:
    """Remove a form with what was submitted to it (Delete form)."""
    site_id, form_id = site_of(server, request)["id"], request.arguments["form_id"]
    if not server.store["forms"].remove(site_id, form_id):
        raise Missing("form")
    for one in submissions_of(server, site_id, form_id):
        server.store["submissions"].remove(site_id, one["id"])
    return Response(204)


def of_site(server: NetlifyServer, request: Request) -> Response:
    """The submissions to all forms of a site, newest first (Get verified submissions, Get spam submissions)."""
    return _listed(server, request, server.store["submissions"].of(site_of(server, request)["id"]))


def of_form(server: NetlifyServer, request: Request) -> Response:
    """The submissions to a form, newest first (Get verified submissions, Get spam submissions)."""
    for site in sites_of(server, request):
        form = server.store["forms"].get(site["id"], request.arguments["form_id"])
        if form is not None:
            return _listed(server, request, submissions_of(server, site["id"], form["id"]))
    raise Missing("form")


def _listed(server: NetlifyServer, request: Request, found: Sequence[Record]) -> Response:
    state = request.query.get("state", VERIFIED)
    if state not in (VERIFIED, SPAM):
        raise Invalid("state", f"must be {SPAM} or {VERIFIED}", "state")
    return listing(server, request, [one for one in found if one["_state"] == state][::-1], visible)


def sites_of(server: NetlifyServer, request: Request) -> Iterator[Record]:
    """The sites that the token of a request reaches."""
    for account in accounts_of(server, request):
        yield from server.store["sites"].of(account["id"])


def mark_spam(server: NetlifyServer, request: Request) -> Response:
    """Mark a submission as spam (Change submission state)."""
    return _marked(server, request, SPAM)


def mark_ham(server: NetlifyServer, request: Request) -> Response:
    """Mark a submission as verified (Change submission state)."""
    return _marked(server, request, VERIFIED)


def _marked(server: NetlifyServer, request: Request, state: str) -> Response:
    site_id, record = _submission_of(server, request)
    server.store["submissions"].update(site_id, record["id"], {"_state": state})
    return Response.of(visible(record))


def delete_submission(server: NetlifyServer, request: Request) -> Response:
    """Remove a submission (Delete submissions)."""
    site_id, record = _submission_of(server, request)
    server.store["submissions"].remove(site_id, record["id"])
    return Response(204)


def _submission_of(server: NetlifyServer, request: Request) -> tuple[str, Record]:
    for site in sites_of(server, request):
        record = server.store["submissions"].get(site["id"], request.arguments["submission_id"])
        if record is not None:
            return site["id"], record
    raise Missing("submission")


# What is no part of the API: the pages of a site, and what visitors do.


def page(server: NetlifyServer, request: Request) -> Response:
    """A page of the current deploy of a site, as its visitors see it: with the snippets in it."""
    site = _named(server, request)
    files, path = server.flow.files(server, site["id"]), f"/{request.arguments.get('path', '')}"
    for known in (path, f"{path}.html", f"{path.rstrip('/')}/index.html"):
        if known in files:
            content = server.store["contents"].rows[PUBLIC, files[known]]["content"]
            if not known.endswith(".html"):
                return Response(200, content, {"Content-Type": "application/octet-stream"})
            return _html(server, site, content, "general")
    return Response(404, b"Page Not Found", {"Content-Type": "text/plain"})


def post(server: NetlifyServer, request: Request) -> Response:
    """Submit a form of a site: the answer is a page, and 404 for a form that there is none of."""
    site = _named(server, request)
    data = dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))
    name = data.pop("form-name", None)
    form = next((one for one in server.store["forms"].of(site["id"]) if one["name"] == name), None)
    if form is None:
        return Response(404, b"Page Not Found", {"Content-Type": "text/plain"})
    submit(server, site, form, {**data, "ip": request.address})
    return _html(server, site, b"<!doctype html><html><head></head><body>Thank you!</body></html>", "goal")


def _html(server: NetlifyServer, site: Record, content: bytes, code: str) -> Response:
    for snippet in server.store["snippets"].of(site["id"]):
        end = b"</head>" if snippet[f"{code}_position"] == "head" else b"</body>"
        content = content.replace(end, snippet[code].encode(errors="replace") + end, 1)
    return Response(200, content, {"Content-Type": "text/html; charset=utf-8"})


def _named(server: NetlifyServer, request: Request) -> Record:
    """The site whose pages are asked for, by its name."""
    for site in server.store["sites"].rows.values():
        if site["name"] == request.arguments["site"]:
            return site
    raise Missing("site")


def arrive(server: NetlifyServer, request: Request) -> Response:
    """A submission that arrives: `form_id`, `data`, and `state`, which is spam or verified."""
    body = server.bodies.parse(request)
    form_id, state, data = text_of(body, "form_id"), body.get("state", VERIFIED), body.get("data", {})
    if state not in (VERIFIED, SPAM):
        raise Invalid("state", f"must be {SPAM} or {VERIFIED}", "state")
    if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
        raise Invalid("data", "must be an object of strings", "type")
    for form in server.store["forms"].rows.values():
        if form["id"] == form_id:
            site = next(one for one in server.store["sites"].rows.values() if one["id"] == form["site_id"])
            return Response.of(visible(submit(server, site, form, {**data, "ip": request.address}, state)))
    raise Missing("form")
