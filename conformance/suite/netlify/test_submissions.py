"""Submissions: verified ones and spam are kept apart, a site has those of its forms, what is deleted is gone."""

from conformance.properties import (
    Collection,
    NotExercised,
    Subject,
    assert_equal,
    each_time,
    requirement,
)
from conformance.suite.netlify.receiving import (
    FORMS,
    SPAM,
    STATES,
    VERIFIED,
    Visited,
    both_lists,
    ids_of,
    records_of,
    submissions_to,
)

MARK = "PUT /api/v1/submissions/{submission_id}/"
MARKS = {"spam": SPAM, "ham": VERIFIED}
"""The last part of the path that marks a submission → the state that it is in then."""
DELETE = "DELETE /api/v1/submissions/{submission_id}"
FORM, OTHER = "contact", "newsletter"


@requirement("netlify.crud.submissions-verified-default")
@each_time
def test_verified_submissions_and_spam_are_apart(subject: Subject, collection: Collection) -> None:
    """No submission is in the list without a state and in that of spam."""
    verified, spam = (ids_of(submissions_to(subject, state, **collection.values)) for state in STATES)
    if not verified or not spam:
        raise NotExercised(f"needs verified submissions and spam: there are {len(verified)} and {len(spam)}")
    twice = sorted(set(verified) & set(spam))
    assert_equal(twice, [], "the submissions that are listed as verified and as spam")


@requirement("netlify.crud.submissions-site-union")
@each_time
def test_a_site_has_the_submissions_of_its_forms(subject: Subject, collection: Collection) -> None:
    """In each state the submissions of a site are those of its forms, each of one form."""
    site = collection.values["site_id"]
    forms = ids_of(records_of(subject, FORMS, {"site_id": site}))
    used = 0
    for state in STATES:
        of_forms = [ids_of(submissions_to(subject, state, form_id=form)) for form in forms]
        used = max(used, sum(map(bool, of_forms)))
        together = [identity for ids in of_forms for identity in ids]
        twice = sorted({identity for identity in together if together.count(identity) > 1})
        assert_equal(twice, [], f"the {state} submissions that two forms have")
        of_site = sorted(ids_of(submissions_to(subject, state, site_id=site)))
        assert_equal(of_site, sorted(together), f"the {state} submissions of a site, and those of its forms")
    if used < 2:
        raise NotExercised("needs two forms with submissions in one state")


@requirement("netlify.crud.spam-ham-toggle")
def test_a_submission_moves_to_the_lists_of_its_state(subject: Subject) -> None:
    """A PUT moves a submission to the lists of its state, and no other one; the same PUT again changes nothing."""
    site = Visited.with_forms(subject, FORM)
    identity, other = site.submitted(FORM), site.submitted(FORM)
    before = site.lists_with(FORM, identity, other)
    mark = subject.operation_id.removeprefix(MARK)
    (opposite,) = MARKS.keys() - {mark}
    away = both_lists(MARKS[opposite])
    if before[identity] != away:
        subject.client.control(site.call(f"{MARK}{opposite}", submission_id=identity))
        if site.comes_to(lambda: site.lists_with(FORM, identity)[identity], away) != away:
            raise NotExercised(f"a submission cannot be brought to where {mark} would move it from")
    due = {identity: both_lists(MARKS[mark]), other: before[other]}
    for time in ("once", "twice"):
        exchange = subject.client.control(site.call(f"{MARK}{mark}", submission_id=identity))
        site.assert_lists(FORM, due, f"after the first was marked {time} as {mark}", exchange)


@requirement("netlify.crud.submission-delete")
def test_a_deleted_submission_is_in_no_list(subject: Subject) -> None:
    """Whether verified or spam: within a minute of its DELETE no list has a submission, and the others stay."""
    site = Visited.with_forms(subject, FORM)
    submissions = [site.submitted(FORM) for _ in range(3)]
    site.call(f"{MARK}spam", submission_id=submissions[1])
    due = site.lists_with(FORM, *submissions)
    for identity in submissions[:2]:
        was, due[identity] = due[identity], []
        exchange = subject.client.control(site.call(DELETE, submission_id=identity))
        site.assert_lists(FORM, due, f"after one in {' and '.join(was)} was deleted", exchange)
