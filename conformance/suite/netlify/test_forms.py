"""Forms: how many submissions they say they have, and what goes with them when they are deleted."""

from typing import Any

from conformance.properties import (
    Collection,
    NotExercised,
    Subject,
    assert_equal,
    assert_status,
    assert_that,
    each_time,
    requirement,
)
from conformance.suite.netlify.receiving import (
    FORMS,
    OF_FORM,
    SPAM,
    STATES,
    VERIFIED,
    Visited,
    ids_of,
    records_of,
    submissions_to,
)

DELETE, DELETE_SUBMISSION = (
    "DELETE /api/v1/sites/{site_id}/forms/{form_id}",
    "DELETE /api/v1/submissions/{submission_id}",
)
FIRST, SECOND = "contact", "newsletter"


def counts(subject: Subject, site: str) -> list[tuple[Any, int, int]]:
    """Of each form of a site: how many submissions it says it has, how many verified ones it has, and how much spam."""
    found = []
    for form in records_of(subject, FORMS, {"site_id": site}):
        verified, spam = (len(submissions_to(subject, state, form_id=str(form.get("id")))) for state in STATES)
        found.append((form.get("submission_count"), verified, spam))
    return found


def wrong(counted: list[tuple[Any, int, int]]) -> list[str]:
    """What does not fit: each form tells the number of its verified submissions, or each that of all."""
    verified = [f"{said} of {of}" for said, of, _ in counted if said != of]
    both = [f"{said} of {of} + {spam}" for said, of, spam in counted if said != of + spam]
    return min(verified, both, key=len)


@requirement("netlify.crud.form-count")
@each_time
def test_a_form_says_how_many_submissions_it_has(subject: Subject, collection: Collection) -> None:
    """The count of every form is that of its verified submissions, or of all, and the same for every form."""
    counted = counts(subject, collection.values["site_id"])
    if not any(verified for _, verified, _ in counted):
        raise NotExercised("no form of the site has a submission")
    assert_equal(wrong(counted), [], "the forms that count otherwise")


@requirement("netlify.crud.form-count")
def test_the_count_of_a_form_goes_along(subject: Subject) -> None:
    """After three submissions, of which one is deleted, the count is that of those that are there."""
    site = Visited.with_forms(subject, FIRST, SECOND)
    first, *_ = (site.submitted(FIRST) for _ in range(3))
    site.subject.client.control(site.call(DELETE_SUBMISSION, submission_id=first))

    def now() -> list[str]:
        return wrong(counts(subject, site.id))

    assert_equal(site.comes_to(now, []), [], "the forms that count otherwise after a submission was deleted")


@requirement("netlify.crud.form-delete")
def test_a_form_is_deleted_with_what_was_submitted_to_it(subject: Subject) -> None:
    """Within a minute of its DELETE a form is not listed, and no list has what was submitted to it; others stay."""
    site = Visited.with_forms(subject, FIRST, SECOND)
    submitted, other = [site.submitted(FIRST), site.submitted(FIRST)], site.submitted(SECOND)
    site.call("PUT /api/v1/submissions/{submission_id}/spam", submission_id=submitted[1])
    exchange = site.subject.client.control(site.call(DELETE, site_id=site.id, form_id=site.forms[FIRST]))

    def left() -> dict[str, Any]:
        names = [form.get("name") for form in records_of(subject, FORMS, {"site_id": site.id})]
        of_site = [identity for state in STATES for identity in ids_of(site.listed(state))]
        return {"forms": sorted(map(str, names)), "submissions": of_site}

    due = {"forms": [SECOND], "submissions": [other]}
    assert_equal(site.comes_to(left, due), due, "what a site has after the DELETE of a form", exchange=exchange)
    for state in STATES:
        query = {"state": SPAM} if state == SPAM else {}
        of_form = subject.client.call(
            subject.contract.operation(OF_FORM), {"form_id": site.forms[FIRST]}, query=query, negative=True
        )
        assert_that(
            of_form.response.status_class == 4 or (of_form.response.ok and of_form.response.at("") == []),
            f"the {state} submissions of a deleted form can be read",
            expected="a refusal, or an empty list",
            actual=of_form.response.text,
            exchange=of_form,
        )
    assert_equal(ids_of(site.listed(VERIFIED, SECOND) + site.listed(SPAM, SECOND)), [other], "what the other form has")


@requirement("netlify.crud.form-delete-site-404")
def test_a_deleted_form_takes_in_nothing(subject: Subject) -> None:
    """A post to a form is accepted; within a minute of the DELETE of the form the same post is a 404."""
    site = Visited.with_forms(subject, FIRST, SECOND)
    site.submitted(FIRST)
    site.subject.client.control(site.call(DELETE, site_id=site.id, form_id=site.forms[FIRST]))
    word = site.word()
    site.comes_to(lambda: site.submit(FIRST, word).response.status, 404)
    assert_status(subject.client.exchanges[-1], 404, when="to a form that was deleted")
    site.accepts(SECOND, word)
