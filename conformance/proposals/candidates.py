"""The requirements that may be proposed: what each says, what judges it, and which conventions it rests on."""

from __future__ import annotations

from attrs import frozen

from conformance.proposals.choices import (
    Choice,
    Observed,
    all_lists,
    by,
    everywhere,
    media_types,
    of_resources,
    page_members,
    page_sizes,
    paged_lists,
    protected_reads,
    reads_by_id,
    reset_form,
)
from conformance.proposals.conventions import Draft
from conformance.proposals.evidence import Proposal


@frozen
class Candidate:
    """A requirement that may be proposed.

    Attributes:
        name: `<area>.<slug>` of its id.
        rule: that of the shared tests and checks.
        rests_on: fields of the conventions, without any of which nothing is proposed.
        operations: those that it is about; none where it is about nothing of this API.
        observe: the checks that judge it; None for the one of its rule.
        promised: whether a document that has those fields promises this; else it is implied at most.
    """

    name: str
    rule: str | None
    mode: str
    statement: str
    check: str
    fault: str
    rests_on: tuple[str, ...]
    operations: Choice
    observe: Observed | None = None
    promised: bool = True

    def given(self, draft: Draft) -> list[Proposal] | None:
        """What it rests on; None where something of that is lacking."""
        found = [draft.fields.get(name) for name in self.rests_on]
        return [each for each in found if each is not None] if all(each is not None for each in found) else None


CANDIDATES: tuple[Candidate, ...] = (
    Candidate(
        name="auth.credentials-required",
        rule="auth.credentials-required",
        mode="active-read",
        statement="A call without a credential is refused.",
        check=(
            "Control: the same call with the credential succeeds. Without it: the status that refuses, and nothing of "
            "the list or the object. Passive half: no 2xx to a call that was sent without a credential on purpose."
        ),
        fault="served to anybody",
        rests_on=("auth.refused", "auth.credentials"),
        operations=protected_reads,
    ),
    Candidate(
        name="auth.bad-credentials-refused",
        rule="auth.bad-credentials-refused",
        mode="active-read",
        statement="A call with a wrong credential is refused.",
        check=(
            "Control: the same call with the credential succeeds. With one that is made up, cut, in another case or "
            "under another scheme: the status that refuses. Passive half: no 2xx to a call with a wrong credential."
        ),
        fault="any token is accepted",
        rests_on=("auth.refused", "auth.credentials"),
        operations=protected_reads,
    ),
    Candidate(
        name="content-type.response-media-type",
        rule="content-type.response-media-type",
        mode="passive",
        statement="Bodies are well-formed JSON of the API's media type.",
        check="The media type without parameters, and whether the body parses; empty bodies are left out.",
        fault="a list typed text/html",
        rests_on=("media_types.response",),
        operations=everywhere,
        observe=media_types,
    ),
    Candidate(
        name="errors.envelope",
        rule="errors.envelope",
        mode="passive",
        statement="Every error has the one body that errors of this API have.",
        check="Each error body has the members that all recorded ones share, of their types.",
        fault="the text for people is missing; plain text",
        rests_on=("errors.envelope", "errors.classes"),
        operations=everywhere,
        observe=by("errors.envelope", may_be_empty=True),
    ),
    Candidate(
        name="errors.no-error-in-success",
        rule="errors.no-error-in-success",
        mode="passive",
        statement="A success has none of the members that mark an error.",
        check="No 2xx body has one of them at its top.",
        fault="200 with an error",
        rests_on=("errors.in_success",),
        operations=everywhere,
        promised=False,
    ),
    Candidate(
        name="errors.unknown-resource-refused",
        rule="errors.unknown-resource-refused",
        mode="active-read",
        statement="What does not exist is not found.",
        check="A GET under an id that nothing has comes to the status of what is unknown, where a known one succeeds.",
        fault="200 with an empty object",
        rests_on=("errors.unknown",),
        operations=reads_by_id,
    ),
    Candidate(
        name="types.ids-unique",
        rule="types.ids-unique",
        mode="passive",
        statement="No two records of a list have the same id.",
        check="The ids of a page, and of the pages of one walk, are all different.",
        fault="a record comes twice",
        rests_on=("name",),
        operations=all_lists,
        promised=False,
    ),
    Candidate(
        name="pagination.envelope-present",
        rule=None,
        mode="passive",
        statement="Every list that is cut into pages says so in the same member.",
        check="The member that tells of pages is there.",
        fault="a list without it",
        rests_on=("pagination.envelope",),
        operations=paged_lists,
        observe=by("pagination.envelope-present"),
    ),
    Candidate(
        name="pagination.members",
        rule=None,
        mode="passive",
        statement="What a list tells of its pages is always there, and of the same types.",
        check="The members that every recorded list has are there, each of the type that it had.",
        fault="total as text; next is missing",
        rests_on=("pagination.envelope",),
        operations=paged_lists,
        observe=page_members,
    ),
    Candidate(
        name="pagination.page-size-honoured",
        rule="pagination.page-size-honoured",
        mode="passive",
        statement="A page has at most as many records as were asked for.",
        check="Counted on every page that a size was asked for.",
        fault="one record more",
        rests_on=("pagination.page_size.parameter",),
        operations=paged_lists,
        observe=page_sizes,
    ),
    Candidate(
        name="pagination.default-page-size",
        rule="pagination.default-page-size",
        mode="active-read",
        statement="A page that no size was asked for has the default one.",
        check="At most so many records, and exactly as many while more follow; the same page as with that size.",
        fault="another number of records",
        rests_on=("pagination.page_size.parameter", "pagination.page_size.default"),
        operations=paged_lists,
        observe=by("pagination.default-recorded"),
    ),
    Candidate(
        name="pagination.maximum-page-size",
        rule="pagination.maximum-page-size",
        mode="active-read",
        statement="No page has more records than the maximum.",
        check="The maximum is served; more is refused or cut.",
        fault="1000 records for the asking",
        rests_on=("pagination.page_size.parameter", "pagination.page_size.maximum"),
        operations=paged_lists,
        observe=by("pagination.maximum-recorded"),
    ),
    Candidate(
        name="pagination.walk-exactly-once",
        rule="pagination.walk-exactly-once",
        mode="active-read",
        statement="Following next from the first page to the end brings each record once.",
        check="Walks with several page sizes bring the same records, each once; passively, walks as recorded.",
        fault="the first record of a page is that of the page before",
        rests_on=("pagination.style", "pagination.page_size.parameter"),
        operations=paged_lists,
        observe=by("pagination.walk-recorded"),
        promised=False,
    ),
    Candidate(
        name="pagination.end-marked",
        rule="pagination.end-marked",
        mode="passive",
        statement="The last page says in one form that nothing follows.",
        check="A page with fewer records than were asked for has no next, in the same form everywhere.",
        fault="a next behind the last record",
        rests_on=("pagination.end", "pagination.page_size.parameter"),
        operations=paged_lists,
        promised=False,
    ),
    Candidate(
        name="pagination.total-is-full-list",
        rule=None,
        mode="passive",
        statement="The total is the number of records in the whole list.",
        check="At the end of a walk it is the number of records that came; never fewer than a page has.",
        fault="the total of the page",
        rests_on=("pagination.total",),
        operations=paged_lists,
        observe=by("pagination.total-recorded"),
    ),
    Candidate(
        name="pagination.count-is-page-length",
        rule=None,
        mode="passive",
        statement="The count beside a page is the number of its records.",
        check="Compared on every page.",
        fault="one more",
        rests_on=("pagination.count",),
        operations=paged_lists,
        observe=by("pagination.count-is-page-length"),
    ),
    Candidate(
        name="pagination.next-is-successor",
        rule=None,
        mode="passive",
        statement="next leads to the page with the next number, and prev to the one before.",
        check="The number of the neighbour against that of the page that was asked for.",
        fault="next skips a page",
        rests_on=("pagination.numbered",),
        operations=paged_lists,
        observe=by("numbered-pages.neighbours"),
    ),
    Candidate(
        name="pagination.edges",
        rule=None,
        mode="passive",
        statement="The first page has no prev, and the last one no next.",
        check="By the number that was asked for, and that of the last page where it is told.",
        fault="prev on page 1",
        rests_on=("pagination.numbered",),
        operations=paged_lists,
        observe=by("numbered-pages.edges"),
    ),
    Candidate(
        name="rate-limit.headers-present",
        rule="rate-limit.headers-present",
        mode="passive",
        statement="Every answer tells the state of the rate limit.",
        check="The three headers are in every success, and in every error of the API itself.",
        fault="one is missing",
        rests_on=("rate_limit.headers.limit", "rate_limit.headers.remaining", "rate_limit.headers.reset"),
        operations=everywhere,
    ),
    Candidate(
        name="rate-limit.headers-sane",
        rule="rate-limit.headers-sane",
        mode="passive",
        statement="The headers of the rate limit are whole numbers that fit each other.",
        check="Decimal digits; the limit is 1 or more, and what remains is no more than it.",
        fault="more left than allowed",
        rests_on=("rate_limit.headers.limit", "rate_limit.headers.remaining", "rate_limit.headers.reset"),
        operations=everywhere,
    ),
    Candidate(
        name="rate-limit.reset-form",
        rule=None,
        mode="passive",
        statement="The reset of the rate limit is always told in the same form.",
        check="Seconds since the epoch and not before the answer, or seconds from now.",
        fault="milliseconds",
        rests_on=("rate_limit.headers.reset_in",),
        operations=everywhere,
        observe=reset_form,
    ),
    Candidate(
        name="rate-limit.limit-documented",
        rule=None,
        mode="passive",
        statement="The limit that answers tell is the documented one.",
        check="The header against the number.",
        fault="another number",
        rests_on=("rate_limit.headers.limit", "rate_limit.requests"),
        operations=everywhere,
        observe=by("rate-limit.limit-documented"),
    ),
    Candidate(
        name="rate-limit.limit-stable",
        rule=None,
        mode="passive",
        statement="The limit of one operation is one number while a window lasts.",
        check="Answers to one caller in one window.",
        fault="another limit on every call",
        rests_on=("rate_limit.headers.limit", "rate_limit.headers.remaining", "rate_limit.headers.reset"),
        operations=everywhere,
        observe=by("rate-limit.limit-stable"),
        promised=False,
    ),
    Candidate(
        name="rate-limit.remaining-monotone",
        rule="rate-limit.remaining-monotone",
        mode="passive",
        statement="While a window lasts, what remains never rises.",
        check="Answers that tell one reset, to one caller, for one operation.",
        fault="the number rises",
        rests_on=("rate_limit.headers.limit", "rate_limit.headers.remaining", "rate_limit.headers.reset"),
        operations=everywhere,
        observe=by("rate-limit.remaining-monotone", by_reset=True),
        promised=False,
    ),
    Candidate(
        name="rate-limit.exceeded-status",
        rule=None,
        mode="passive",
        statement="What is refused for too many calls is answered with the one status for that.",
        check="A refusal that says so, or comes once nothing remains.",
        fault="403 for too many calls",
        rests_on=("rate_limit.exceeded",),
        operations=everywhere,
        observe=by("rate-limit.exceeded-status"),
    ),
    Candidate(
        name="crud.create-echo",
        rule=None,
        mode="passive",
        statement="The answer to a create shows the values that were sent.",
        check="Members that the answer (201) and the request both have.",
        fault="another value than was sent",
        rests_on=("name",),
        operations=of_resources("create"),
        observe=by("crud.create-echo"),
        promised=False,
    ),
    Candidate(
        name="crud.created-is-there",
        rule=None,
        mode="passive",
        statement="What was created can be read, and is in its list, until it is deleted.",
        check="By its id, in the conversation that created it.",
        fault="201 and nothing stored",
        rests_on=("name",),
        operations=of_resources("create"),
        observe=by("crud.created-is-there", operations=("*",)),
        promised=False,
    ),
    Candidate(
        name="crud.put-shows",
        rule=None,
        mode="passive",
        statement="What a PUT set shows in later reads.",
        check="Members that were sent, in the same conversation, until somebody writes again.",
        fault="200 and nothing changed",
        rests_on=("name",),
        operations=of_resources("replace"),
        observe=by("crud.changes-show", operations=("*",), method="PUT"),
        promised=False,
    ),
    Candidate(
        name="crud.patch-shows",
        rule=None,
        mode="passive",
        statement="What a PATCH set shows in later reads.",
        check="Members that were sent, in the same conversation, until somebody writes again.",
        fault="200 and nothing changed",
        rests_on=("name",),
        operations=of_resources("update"),
        observe=by("crud.changes-show", operations=("*",), method="PATCH"),
        promised=False,
    ),
    Candidate(
        name="crud.deleted-is-gone",
        rule=None,
        mode="passive",
        statement="What was deleted is not found afterwards, and not in its list.",
        check="By its path, in the same conversation, until something is made there again.",
        fault="204 and still there",
        rests_on=("name",),
        operations=of_resources("delete"),
        observe=by("crud.deleted-is-gone", operations=("*",)),
        promised=False,
    ),
    Candidate(
        name="security.credentials-never-echoed",
        rule="security.credentials-never-echoed",
        mode="passive",
        statement="No answer holds a credential that was sent.",
        check="Marks of known credentials in the headers and bodies of answers.",
        fault="the token in an error's text",
        rests_on=("auth.credentials",),
        operations=everywhere,
        promised=False,
    ),
)
