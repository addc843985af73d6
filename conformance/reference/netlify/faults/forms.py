"""Faults of the Netlify server in forms and in what is submitted to them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from conformance.reference.core import Handler, Server
from conformance.reference.edits import change, drop, put, sent
from conformance.reference.faults import Faults
from conformance.reference.messages import Record, Request, Response
from conformance.reference.netlify.forms import SPAM, VERIFIED
from conformance.reference.netlify.policies import listing, site_of, visible
from conformance.reference.plants import forgotten, handled

FORMS, DELETE_FORM = "GET /api/v1/sites/{site_id}/forms", "DELETE /api/v1/sites/{site_id}/forms/{form_id}"
OF_SITE, OF_FORM = "GET /api/v1/sites/{site_id}/submissions", "GET /api/v1/forms/{form_id}/submissions"
MARK_SPAM, MARK_HAM = (f"PUT /api/v1/submissions/{{submission_id}}/{mark}" for mark in ("spam", "ham"))
DELETE = "DELETE /api/v1/submissions/{submission_id}"
POST = "POST /_site/{site}/{path}"

faults = Faults()


def known(server: Server, request: Request) -> tuple[str, Record]:
    """The site and the record of the submission that a path names."""
    wanted = request.arguments["submission_id"]
    found = ((site, one) for (site, identity), one in server.store["submissions"].rows.items() if identity == wanted)
    return next(found, ("", {}))


def of_site(server: Server, request: Request, **members: Any) -> list[Record]:
    """The submissions to the site of a path that have these members, newest first."""
    found = server.store["submissions"].of(site_of(server, request)["id"])[::-1]
    return [one for one in found if all(one.get(name) == value for name, value in members.items())]


def kept_rows(kept: Handler, server: Server, request: Request, name: str, stay: Callable[[Record], object]) -> Response:
    """What a handler answers, which removes none of the records that stay."""
    before = {key: one for key, one in server.store[name].rows.items() if stay(one)}
    answer = kept(server, request)
    server.store[name].rows.update(before)
    return answer


fault = faults.of("netlify.schema.form")


@fault.using(handled, FORMS)
def embeds_submissions(kept: Handler, server: Server, request: Request) -> Response:
    """A form holds its last submissions."""
    answer, submitted = kept(server, request), of_site(server, request)
    shown = [
        {**form, "submissions": [visible(one) for one in submitted if one["_form_id"] == form["id"]][:2]}
        for form in answer.json
    ]
    return answer.with_json(shown)


@fault.using(handled, FORMS)
def last_one_embedded(kept: Handler, server: Server, request: Request) -> Response:
    """A form holds the last thing that was submitted to it, under a name of its own."""
    answer, submitted = kept(server, request), of_site(server, request)
    newest: dict[str, Record] = {one["_form_id"]: visible(one) for one in submitted[::-1]}
    return answer.with_json([{**form, "latest": newest.get(form["id"])} for form in answer.json])


fault("count-as-text", "Counts are texts.").by(change("/*/submission_count", str, on=FORMS))
fault("count-null-at-none", "The count of the last form of a page is null.").by(
    put("/-1/submission_count", None, on=FORMS)
)
fault("fields-a-map", "The fields of a form are a map from name to type.").by(
    change("/*/fields", lambda fields: {one["name"]: one["type"] for one in fields}, on=FORMS)
)
fault("path-as-text", "The path of a form is a text.").by(change("/*/paths", lambda paths: paths[0], on=FORMS))
fault("another-site", "The last form of a page shows another site.").by(
    put("/-1/site_id", "0d3a9d2f-ef94-4380-93df-27ee400e2048", on=FORMS)
)

fault = faults.of("netlify.schema.submission")
fault("data-as-json", "The data of a site's submissions is JSON in a text.").by(
    change("/*/data", json.dumps, on=OF_SITE)
)
fault("number-as-text", "The numbers of a form's submissions are texts.").by(change("/*/number", str, on=OF_FORM))
fault("spam-without-site", "The spam of a form does not say to which site it was submitted.").by(
    drop("/*/site_url", on=OF_FORM, when=sent("state"))
)
fault("name-split", "The name of a site's submissions is an object.").by(
    change("/*/name", lambda name: {"full": name}, on=OF_SITE)
)
fault("data-as-pairs", "The data of the last submission of a form is a list of pairs.").by(
    change("/-1/data", lambda data: list(data.items()), on=OF_FORM)
)

fault = faults.of("netlify.crud.submissions-verified-default")


@fault.using(handled, OF_SITE)
def default_includes_spam(kept: Handler, server: Server, request: Request) -> Response:
    """Without a state a site's list has spam, too."""
    if "state" in request.query:
        return kept(server, request)
    return listing(server, request, of_site(server, request), visible)


@fault.using(handled, OF_FORM)
def default_includes_spam_of_forms(kept: Handler, server: Server, request: Request) -> Response:
    """Without a state a form's list has spam, too."""
    if "state" in request.query:
        return kept(server, request)
    found = [
        one for one in server.store["submissions"].rows.values() if one["_form_id"] == request.arguments["form_id"]
    ]
    return listing(server, request, found[::-1], visible) if found else kept(server, request)


fault("state-ignored", "The list of a form does not look at the state.").by(
    forgotten("state", OF_FORM, when=sent("state"))
)
fault("state-ignored-of-sites", "The list of a site does not look at the state.").by(
    forgotten("state", OF_SITE, when=sent("state"))
)

fault = faults.of("netlify.crud.submissions-site-union")


@fault.using(handled, OF_FORM)
def whole_site(kept: Handler, server: Server, request: Request) -> Response:
    """Every form's list shows the whole site's submissions."""
    form = request.arguments["form_id"]
    site = next((site for site, identity in server.store["forms"].rows if identity == form), None)
    if site is None:
        return kept(server, request)
    state = request.query.get("state", VERIFIED)
    found = [one for one in server.store["submissions"].of(site) if one["_state"] == state]
    return listing(server, request, found[::-1], visible)


def left_out(server: Server, request: Request, state: str) -> Response:
    """The list of a site without what was submitted to its last form."""
    forms = server.store["forms"].of(site_of(server, request)["id"])
    found = of_site(server, request, _state=state)
    return listing(server, request, [one for one in found if one["_form_id"] != forms[-1]["id"]], visible)


@fault.using(handled, OF_SITE)
def without_last_form(kept: Handler, server: Server, request: Request) -> Response:
    """A site's list lacks what was submitted to its last form."""
    return kept(server, request) if "state" in request.query else left_out(server, request, VERIFIED)


@fault.using(handled, OF_SITE)
def spam_of_one_form(kept: Handler, server: Server, request: Request) -> Response:
    """A site's spam is that of its first form alone."""
    if request.query.get("state") != SPAM:
        return kept(server, request)
    forms = server.store["forms"].of(site_of(server, request)["id"])
    found = of_site(server, request, _state=SPAM, _form_id=forms[0]["id"]) if forms else []
    return listing(server, request, found, visible)


fault = faults.of("netlify.crud.spam-ham-toggle")


def noted(server: Server, request: Request, **members: Any) -> None:
    """Notes something at the submission that a path names."""
    site, record = known(server, request)
    if record:
        server.store["submissions"].update(site, record["id"], members)


@fault.using(handled, MARK_SPAM)
def copied_to_spam(kept: Handler, server: Server, request: Request) -> Response:
    """What is marked as spam is listed as verified, too."""
    site, record = known(server, request)
    answer = kept(server, request)
    if record and record["_state"] == VERIFIED:
        server.store["submissions"].rows[site, f"{record['id']} copy"] = record
    return answer


@fault.using(handled, MARK_SPAM)
def spam_twice_is_ham(kept: Handler, server: Server, request: Request) -> Response:
    """What is marked as spam twice is verified again."""
    was_spam = known(server, request)[1].get("_state") == SPAM
    answer = kept(server, request)
    if was_spam:
        noted(server, request, _state=VERIFIED)
    return answer


@fault.using(handled, MARK_HAM)
def ham_ignored(kept: Handler, server: Server, request: Request) -> Response:
    """Spam that is marked as verified stays spam."""
    state = known(server, request)[1].get("_state")
    answer = kept(server, request)
    noted(server, request, _state=state)
    return answer


@fault.using(handled, MARK_HAM)
def ham_deletes(kept: Handler, server: Server, request: Request) -> Response:
    """A submission that is marked as verified twice is gone."""
    site, record = known(server, request)
    answer = kept(server, request)
    if record and record["_state"] == VERIFIED:
        server.store["submissions"].remove(site, record["id"])
    return answer


@fault.using(handled, MARK_SPAM)
def whole_form_marked(kept: Handler, server: Server, request: Request) -> Response:
    """With one submission all of its form are marked as spam."""
    site, record = known(server, request)
    answer = kept(server, request)
    for one in server.store["submissions"].of(site):
        if record and one["_form_id"] == record["_form_id"]:
            server.store["submissions"].update(site, one["id"], {"_state": SPAM})
    return answer


fault("form-list-keeps", "What is marked as spam stays in the list of verified submissions to its form.").by(
    handled(default_includes_spam_of_forms, OF_FORM)
)

fault = faults.of("netlify.crud.submission-delete")


@fault.using(handled, DELETE)
def only_flagged(kept: Handler, server: Server, request: Request) -> Response:
    """A deleted submission is put among the spam."""
    noted(server, request, _state=SPAM)
    return Response(204) if known(server, request)[1] else kept(server, request)


@fault.using(handled, DELETE)
def spam_stays(kept: Handler, server: Server, request: Request) -> Response:
    """A DELETE of spam deletes nothing."""
    spam = known(server, request)[1].get("_state") == SPAM
    return Response(204) if spam else kept(server, request)


@fault.using(handled, DELETE)
def form_emptied(kept: Handler, server: Server, request: Request) -> Response:
    """With one submission all of its form are deleted."""
    site, record = known(server, request)
    answer = kept(server, request)
    for one in server.store["submissions"].of(site):
        if record and one["_form_id"] == record["_form_id"]:
            server.store["submissions"].remove(site, one["id"])
    return answer


fault = faults.of("netlify.crud.form-delete")


@fault.using(handled, DELETE_FORM)
def submissions_left(kept: Handler, server: Server, request: Request) -> Response:
    """What was submitted to a deleted form is still listed for its site."""
    return kept_rows(kept, server, request, "submissions", lambda _: True)


@fault.using(handled, DELETE_FORM)
def spam_left(kept: Handler, server: Server, request: Request) -> Response:
    """The spam of a deleted form is still listed for its site."""
    return kept_rows(kept, server, request, "submissions", lambda one: one["_state"] == SPAM)


@fault.using(handled, DELETE_FORM)
def form_left(kept: Handler, server: Server, request: Request) -> Response:
    """A deleted form is emptied, and still listed."""
    return kept_rows(kept, server, request, "forms", lambda _: True)


@fault.using(handled, DELETE_FORM)
def site_emptied(kept: Handler, server: Server, request: Request) -> Response:
    """With a form what was submitted to the other ones is deleted."""
    site = site_of(server, request)["id"]
    answer = kept(server, request)
    for one in server.store["submissions"].of(site):
        server.store["submissions"].remove(site, one["id"])
    return answer


fault = faults.of("netlify.crud.form-count")


@fault.server
def never_less(server: Server) -> None:
    """The count of a form does not go down when a submission is deleted."""
    deleted: Counter[str] = Counter()

    def delete(kept: Handler, server: Server, request: Request) -> Response:
        deleted[known(server, request)[1].get("_form_id", "")] += 1
        return kept(server, request)

    def count(kept: Handler, server: Server, request: Request) -> Response:
        answer = kept(server, request)
        shown = [{**one, "submission_count": one["submission_count"] + deleted[one["id"]]} for one in answer.json]
        return answer.with_json(shown)

    handled(delete, DELETE)(server)
    handled(count, FORMS)(server)


@fault.using(handled, FORMS)
def spam_in_one_count(kept: Handler, server: Server, request: Request) -> Response:
    """The count of the first form of a page has its spam in it, that of the others has not."""
    answer = kept(server, request)
    forms = answer.json
    if forms:
        forms[0]["submission_count"] = len(of_site(server, request, _form_id=forms[0]["id"]))
    return answer.with_json(forms)


fault("one-more", "The counts are one more than the submissions.").by(
    change("/*/submission_count", lambda count: count + 1, on=FORMS)
)

fault = faults.of("netlify.crud.form-delete-site-404")


@fault.using(handled, POST)
def thanks_all_the_same(kept: Handler, server: Server, request: Request) -> Response:
    """A post to a form that there is none of is answered as any other."""
    answer = kept(server, request)
    return Response(200, b"Thank you!", {"Content-Type": "text/html"}) if answer.status == 404 else answer


@fault.using(handled, POST)
def gone_as_400(kept: Handler, server: Server, request: Request) -> Response:
    """A post to a form that there is none of is a 400."""
    answer = kept(server, request)
    return Response(400, answer.body, answer.headers) if answer.status == 404 else answer


@fault.using(handled, DELETE_FORM)
def made_again(kept: Handler, server: Server, request: Request) -> Response:
    """A deleted form is there again, empty, as soon as it is deleted."""
    site = site_of(server, request)["id"]
    form = server.store["forms"].get(site, request.arguments["form_id"])
    answer = kept(server, request)
    if form is not None:
        server.store["forms"].add(site, {**form, "id": form["id"][::-1]})
    return answer
