"""Changes of one exchange with Vultr."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.selftest.changes import (
    Change,
    answer,
    body,
    both,
    followed_by,
    header,
    in_clear,
    of_another_account,
    records,
    sent,
    url,
)
from conformance.selftest.conversations import Said

EMPTY_PLANS = {"plans": [], "meta": {"total": 0, "links": {"next": "", "prev": ""}}}


def created_again(said: list[Said]) -> None:
    said.insert(9, said[1])
    said[10].body = said[3].body


CHANGES: Mapping[str, tuple[str, Change]] = {
    "a list of keys repeats an id": ("types.ids-unique", records(3, "ssh_keys", lambda r: r.append(dict(r[0])))),
    "total is a text": ("pagination.meta-shape", body(3, meta__total="2")),
    "total is written 2.0": ("pagination.meta-shape", body(3, meta__total=2.0)),
    "total is no count of the list": ("pagination.total-is-full-list", body(3, meta__total=9)),
    "total is less than the page": ("pagination.total-is-full-list", body(10, meta__total=1)),
    "total at the end of a walk": (
        "pagination.total-is-full-list",
        both(*(body(number, meta__total=6) for number in (10, 11, 12))),
    ),
    "links are a list": ("pagination.meta-shape", body(3, meta__links=[])),
    "next is a readable text": ("pagination.cursor-alphabet", body(10, meta__links__next="page 2")),
    "next is the cursor just sent": ("pagination.walk-exactly-once", body(11, meta__links__next="bjE=")),
    "next leads back": (
        "pagination.walk-exactly-once",
        body(12, zones=[{"id": "e"}, {"id": "f"}], meta__links__next="bjE="),
    ),
    "a record comes again on the next page": ("pagination.walk-exactly-once", body(11, zones__0__id="b")),
    "a page is longer than was asked for": ("pagination.per-page-honoured", body(11, zones=[{"id": i} for i in "cdx"])),
    "a short page has a next": ("pagination.last-page-no-next", body(12, meta__links__next="bjQ=")),
    "an empty page has a next": ("pagination.per-page-honoured", body(12, zones=[], meta__links__next="bjQ=")),
    "the end is null elsewhere": (
        "pagination.last-page-no-next",
        both(
            body(12, meta__links__next=None),
            followed_by(Said("GET", "https://api.vultr.com/v2/plans?per_page=2", body=EMPTY_PLANS)),
        ),
    ),
    "backups come 120 at once": (
        "pagination.per-page-default-100",
        body(13, backups=[{"id": f"b{n}"} for n in range(120)]),
    ),
    "backups come 99 at once": ("pagination.per-page-default-100", records(13, "backups", lambda r: r.pop())),
    "a filter is ignored": (
        "crud.filter-sound",
        both(
            url(14, "plans", "plans?type=vhf"),
            records(14, "plans", lambda found: found[0].update(type="vc2")),
        ),
    ),
    "a list is a bare array": ("schema.get-returns-object", answer(0, 200, body=[{"id": "k-1"}])),
    "meta is gone": ("pagination.meta-on-lists", body(14, meta=...)),
    "ram is written 2048.0": ("schema.plans-item", body(14, plans__0__ram=2048.0)),
    "a create echoes another name": ("crud.post-creates", body(1, ssh_key__name="three")),
    "a create echoes another number": ("crud.post-creates", body(1, ssh_key__size=4097)),
    "what was created is not found": ("crud.post-creates", answer(2, 404, body={"error": "no such key"})),
    "what was created is not listed": ("crud.post-creates", body(3, ssh_keys=[{"id": "k-1"}], meta__total=1)),
    "a change does not show": ("crud.patch-partial", body(5, ssh_key__name="two")),
    "a change does not show in the list": ("crud.patch-partial", body(6, ssh_keys__1__name="two")),
    "what was deleted is found": ("crud.delete-then-404", answer(8, 200, body={"ssh_key": {"id": "k-2"}})),
    "what was deleted is listed": (
        "crud.delete-then-404",
        body(9, ssh_keys=[{"id": "k-1"}, {"id": "k-2"}], meta__total=2),
    ),
    "a 204 has a body": ("schema.no-content-empty", answer(7, 204, body={})),
    "a 200 to a POST has no body": ("schema.no-content-empty", answer(15, 200, body=None)),
    "a success has an error": ("errors.no-error-in-2xx", body(15, error="but")),
    "a refusal is another object": ("errors.error-attribute", answer(8, 404, body={"message": "no"})),
    "a create is typed as HTML": ("content-type.response-json", header(1, "Content-Type", "text/html")),
    "a list is answered in clear": ("transport.https-only", url(3, "https:", "http:")),
    "a call goes below another base path": ("versioning.base-path", url(13, "/v2/", "/api/v2/")),
    "a list is answered in clear elsewhere": (
        "transport.https-only",
        both(*(url(number, "api.vultr.com", "vultr.example") for number in range(17)), url(3, "https:", "http:")),
    ),
    "a call goes below another base path elsewhere": (
        "versioning.base-path",
        both(*(url(number, "api.vultr.com", "vultr.example") for number in range(17)), url(14, "/v2/", "/api/v2/")),
    ),
    "a call goes to another version": ("versioning.base-path", url(3, "/v2/", "/v1/")),
    "a limit is told by 403": ("rate-limit.rate-over-30", answer(3, 403, body={"error": "Rate limit exceeded."})),
    "an early 429 to a list": ("rate-limit.rate-over-30", answer(3, 429, body={"error": "Slow down."}, sent_at=5.0)),
    "a credential in clear": ("security.client-key-hygiene", in_clear(3)),
}

KEYS = "https://api.vultr.com/v2/ssh-keys"
BOTH_KEYS = [{"id": "k-1"}, {"id": "k-2"}]

FREE: Mapping[str, Change] = {
    "the list is empty": body(0, ssh_keys=[], meta__total=0),
    "the list has no ids": both(
        body(0, ssh_keys=[{"name": "x"}]),
        *(body(number, ssh_keys=[{"name": "x"}], meta__total=1) for number in (3, 6, 9)),
    ),
    "a list of texts": body(0, ssh_keys=["k-1"]),
    "a filter for everything": both(
        url(14, "plans", "plans?type=all"), records(14, "plans", lambda found: found[0].update(type="vc2"))
    ),
    "a second array": body(0, tags=["a"]),
    "members that nobody knows": both(body(0, extra=1, meta__more={}), body(1, ssh_key__created="now")),
    "another order": records(3, "ssh_keys", lambda found: found.reverse()),
    "the same value in another form": body(1, ssh_key__name="TWO.", ssh_key__size="4096"),
    "a number as text, a date in another zone": both(
        sent(1, {"size": "4096", "until": "2024-01-01T00:00:00Z"}),
        body(1, ssh_key__until="2024-01-01T01:00:00+01:00"),
    ),
    "a malformed limit of a rule": answer(15, 400, body={"error": "rate_limit.requests exceeded the greatest value"}),
    "a create that comes later": both(
        answer(1, 202), body(1, ssh_key__name="pending"), answer(2, 404, body={"error": "no"})
    ),
    "a create without an id": both(body(1, ssh_key__id=...), answer(2, 404, body={"error": "no"})),
    "a filtered list lacks what was created": both(
        url(3, "ssh-keys", "ssh-keys?name=one"), body(3, ssh_keys=[{"id": "k-1"}], meta__total=1)
    ),
    "a first page lacks what was created": both(
        body(3, ssh_keys=[{"id": "k-1"}], meta__links__next="bjE="), body(3, meta__total=2)
    ),
    "a delete that comes later": both(answer(7, 202), answer(8, 200, body={"ssh_key": {"id": "k-2"}})),
    "a delete that comes later still shows": both(answer(7, 202), body(9, ssh_keys=BOTH_KEYS, meta__total=2)),
    "an id in use again": created_again,
    "another account has the same ids": both(of_another_account(9), body(9, ssh_keys=BOTH_KEYS, meta__total=2)),
    "another account has the same resource": both(
        of_another_account(8), answer(8, 200, body={"ssh_key": {"id": "k-2"}})
    ),
    "a change by somebody later": both(answer(4, 202), body(5, ssh_key__name="two"), body(6, ssh_keys__1__name="two")),
    "a list that grew while it was walked": both(body(12, meta__total=6)),
    "a list that grew in front": both(
        body(11, meta__total=6), body(12, zones=[{"id": "e"}, {"id": "f"}], meta__total=6)
    ),
    "an empty page at the end": both(
        body(12, zones=[{"id": "e"}, {"id": "f"}], meta__links__next="bjM=", meta__total=6),
        body(10, meta__total=6),
        body(11, meta__total=6),
        followed_by(
            Said(
                "GET",
                "https://api.vultr.com/v2/zones?per_page=2&cursor=bjM%3D",
                body={"zones": [], "meta": {"total": 6, "links": {"next": "", "prev": ""}}},
                headers={"Content-Type": "application/json"},
            )
        ),
    ),
    "backups in one page": body(13, backups=[{"id": "b-1"}], meta__total=1, meta__links__next=""),
    "a refusal of plain HTTP": answer(16, 400),
    "an emulator in clear": both(
        *(url(number, "https://api.vultr.com", "http://emulator:4000") for number in range(16))
    ),
    "an emulator below a path": both(
        *(url(number, "https://api.vultr.com", "http://localhost:4000/mock") for number in range(16))
    ),
    "a 403 about a rate": answer(3, 403, body={"error": "You may not change the rate of this instance."}),
    "a HEAD": lambda said: said.append(Said("HEAD", KEYS, 200, headers={"Content-Type": "application/json"})),
}
