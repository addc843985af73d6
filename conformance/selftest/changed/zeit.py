"""Changes of one exchange with ZEIT Now."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.selftest.changes import (
    Change,
    answer,
    body,
    both,
    header,
    records,
    url,
)
from conformance.selftest.conversations import TOKEN

CHANGES: Mapping[str, tuple[str, Change]] = {
    "a deployment has id and createdAt": (
        "schema.deployment-list",
        body(0, deployments__0__uid=..., deployments__0__id="dpl_1"),
    ),
    "a url of another name": ("deploy-flow.name-in-url", body(0, deployments__0__url="other-1.now.sh")),
    "a ready deployment without url": ("schema.url-null-iff-incomplete", body(0, deployments__0__url=None)),
    "a state in lower case": ("types.enums", body(0, deployments__0__state="ready")),
    "a state that is none": ("types.enums", body(0, deployments__0__state="QUEUED")),
    "created is a text": ("types.date-number-fields", body(0, deployments__0__created="1508930000000")),
    "created is in seconds": ("types.date-number-fields", body(0, deployments__0__created=1_508_930_000)),
    "a deployment without its prefix": ("types.id-prefix-seen", body(0, deployments__0__uid="1")),
    "a tree in an object": ("schema.file-tree", answer(1, 200, body={"files": []})),
    "a folder without children": ("schema.file-tree", body(1, **{"1__children": ...})),
    "a file of another type": ("types.enums", body(1, **{"0__type": "blob"})),
    "a mode that is a text": ("schema.file-tree", body(1, **{"0__mode": "0644"})),
    "a domain without name": ("schema.domain-list", body(2, domains__0__name=...)),
    "verified is a text": ("schema.domain-list", body(2, domains__0__verified="true")),
    "domains under another key": ("schema.domain-list", answer(2, 200, body={"names": []})),
    "created of a domain in seconds": ("types.date-iso-fields", body(2, domains__0__created=1_506_085_909)),
    "created of a domain in words": ("types.date-iso-fields", body(2, domains__0__created="yesterday")),
    "a record without value": ("schema.dns-list", body(3, records__0__value=...)),
    "a record's time in ISO form": ("types.dns-dates", body(3, records__0__created="2017-09-22T13:11:49.180Z")),
    "an alias without its name": ("schema.alias-list", body(4, aliases__0__alias=...)),
    "names of a certificate in one text": ("schema.cert", body(5, certs__0__cns="a.example.com,b.example.com")),
    "autoRenew is a number": ("schema.cert", body(5, certs__0__autoRenew=1)),
    "members in an object": ("schema.members", answer(6, 200, body={"members": []})),
    "a role in lower case": ("types.enums", body(6, **{"0__role": "owner"})),
    "a secret in text": ("schema.secret-write-shapes", body(7, value="my")),
    "a renaming without oldName": ("schema.secret-write-shapes", body(9, oldName=...)),
    "a secret without its prefix": ("types.id-prefix", body(7, uid="1")),
    "a create answers 201": ("schema.status-200", answer(7, 201)),
    "an error without its object": ("errors.envelope", answer(13, 403, body={"code": "forbidden"})),
    "an error in text": (
        "content-type.response-json",
        both(answer(13, 403, body="No"), header(13, "Content-Type", "text/plain")),
    ),
    "a message that is none": ("errors.envelope", body(13, error__message=None)),
    "a code of no list": ("errors.known-code", body(14, error__code="files_missing")),
    "forbidden by 401": ("errors.status-code-map", answer(13, 401)),
    "forbidden by 404": ("errors.status-code-map", answer(13, 404)),
    "not found with 200": ("errors.status-code-map", answer(15, 200)),
    "missing files are not named": ("errors.code-extras", body(14, error__missing=...)),
    "missing files are counted": ("errors.code-extras", body(14, error__missing=1)),
    "a domain has missing files": ("errors.code-family", body(15, error__code="missing_files", error__missing=["0"])),
    "a trace in a message": ("security.message-neutral", body(15, error__message="at find (/srv/app/db.js:3:7)")),
    "the token in a message": ("security.token-never-echoed", body(15, error__message=TOKEN)),
    "a price with cents": ("schema.domain-price", body(17, price=17.99)),
    "a price in text": ("schema.domain-price", body(17, price="17")),
    "a price written 17.0": ("schema.domain-price", body(17, price=17.0)),
    "availability in text": ("schema.domain-status", body(18, available="no")),
    "a list in text/html": ("content-type.response-json", header(2, "Content-Type", "text/html")),
    "a body sent without its type": ("content-type.request-json", lambda said: said[7].asked.pop("Content-Type")),
    "the rate headers are gone": ("rate-limit.headers-on-all", header(6, "X-RateLimit-Reset", None)),
    "the limit is a word": ("rate-limit.headers-sane", header(6, "X-RateLimit-Limit", "many")),
    "more remain than may be": ("rate-limit.headers-sane", header(6, "X-RateLimit-Remaining", "501")),
    "the reset counts down": ("rate-limit.reset-epoch-seconds", header(6, "X-RateLimit-Reset", "60")),
    "the reset is in milliseconds": ("rate-limit.reset-epoch-seconds", header(6, "X-RateLimit-Reset", "1700000060000")),
}

FREE: Mapping[str, Change] = {
    "new keys": both(body(0, deployments__0__meta={}), body(2, more=1), body(13, error__docs="x")),
    "a domain dated in milliseconds": body(2, domains__0__created=1_506_085_909_180),
    "a creator under another key": body(0, deployments__0__creator={"id": "u-1"}),
    "a deployment that is building has no url": body(0, deployments__0__state="BUILDING", deployments__0__url=None),
    "nothing is listed": both(
        *(records(number, name, list.clear) for number, name in ((0, "deployments"), (2, "domains"), (4, "aliases")))
    ),
    "an alias of rules": body(
        4, aliases__0__deploymentId=..., aliases__0__deployment=..., aliases__0__rules=[{"dest": "site-1.now.sh"}]
    ),
    "availability with an error beside it": body(18, error={"code": "x", "message": "y"}),
    "no member owns the team": body(6, **{"0__role": "MEMBER"}),
    "a certificate that has run out": body(5, certs__0__expiration="2016-01-01T00:00:00.000Z"),
    "a method unknown by 404": answer(16, 404),
    "not found by 410": answer(15, 410),
    "a server that is below a path": both(
        *(url(number, "https://api.zeit.co", "http://localhost:4000/zeit") for number in range(19))
    ),
}
