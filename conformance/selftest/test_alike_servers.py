"""Servers that answer everything alike: what they never show must not pass; what passes all the same has a reason."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from itertools import cycle
from typing import Any

import httpx2
import pytest
from attrs import define, field

from conformance import reference
from conformance.contract import CLIENT, Contract, load
from conformance.contract.verdict import Outcome
from conformance.properties import Run, items_of
from conformance.selftest.servers import TESTS
from conformance.targets import ReferenceTarget, UrlTarget
from conformance.targets.clock import ManualClock
from conformance.traffic.files import write_whole

APIS = reference.APIS
NOW = 1_770_000_000.0
Answer = Callable[[httpx2.Request], httpx2.Response]


@define(eq=False)
class AlikeTarget(UrlTarget):
    """A target at a URL where one function answers."""

    answer: Answer = field(kw_only=True)

    def _transport(self, address: str | None) -> httpx2.BaseTransport:
        return httpx2.MockTransport(self.answer)


def error(api: str, status: int) -> Any:
    """The envelope of an API, whole."""
    message = "conformance: no"
    if api == "vultr":
        return {"error": message, "status": status}
    if api in ("vercel", "zeit"):
        return {"error": {"code": "forbidden", "message": message}}
    if api == "netlify":
        return {"code": status, "message": message}
    told = {"id": "5b5c1d1e-0000-4000-8000-000000000001", "status": str(status), "detail": message}
    return {"jsonapi": {"version": "1.0"}, "errors": [told]}


def record(api: str, number: int = 0) -> dict[str, Any]:
    """Something that any list of the API may hold."""
    if api == "vultr":
        names = {"id": f"r{number}", "domain": f"r{number}.example.com", "image_id": f"i{number}"}
        return {**names, "type": "marketplace", "vcpu_count": 1, "ram": 512, "locations": ["ams"]}
    if api == "vercel":
        return {"id": f"r{number}", "uid": f"u{number}", "name": f"n{number}", "createdAt": 1_555_413_045_188 - number}
    if api == "zeit":
        names = {
            "uid": f"u{number}",
            "id": f"r{number}",
            "name": f"n{number}",
            "alias": f"n{number}",
            "slug": f"n{number}",
        }
        when = {"created": "2017-09-22T13:11:49.180Z", "expiration": "2018-09-22T13:11:49.180Z", "updated": None}
        return {**names, **when, "cns": [f"n{number}.example.com"], "type": "TXT", "value": "x"}
    if api == "netlify":
        when = dict.fromkeys(("created_at", "updated_at"), "2013-09-17T05:13:08Z")
        file = {"path": f"/{number}.html", "sha": "2082" * 10, "mime_type": "text/html", "size": 1}
        return {
            "id": f"r{number}",
            "name": f"n{number}",
            "key": f"K{number}",
            "state": "ready",
            "values": [],
            **when,
            **file,
        }
    return {"type": "project", "id": f"r{number}", "attributes": {"name": f"n{number}"}}


def lists(api: str, count: int = 0, following: Any = None) -> Any:
    """Every list of the API at once, with as many records each."""
    records = [record(api, number) for number in range(count)]
    if api == "netlify":
        return records
    operations = [operation for operation in load(api).operations if operation.collection is not None]
    body: dict[str, Any] = {operation.listing.items.removeprefix("/"): records for operation in operations}
    if api == "vultr":
        return {**body, "meta": {"total": count, "links": {"next": following or "", "prev": ""}}}
    if api == "vercel":
        return {**body, "pagination": {"count": count, "next": following, "prev": None}}
    if api == "zeit":
        return body
    return {**body, "jsonapi": {"version": "1.0"}, "links": {"next": following} if following else {}}


def alike(api: str, body: Any, status: int = 200, typed: str | None = None, link: str | None = None) -> Answer:
    """Says the same to everybody, with the headers of a rate limit where the API has some."""
    contract = load(api)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": typed or contract.conventions.media_types.response[0]} if content else {}
    limit = contract.conventions.rate_limit
    if limit and limit.headers:
        told = (limit.headers.limit, "600"), (limit.headers.remaining, "599"), (limit.headers.reset, "1999999999")
        headers |= dict(told)
    if link is not None:
        headers["Link"] = link
    return lambda _: httpx2.Response(status, headers=headers, content=content)


def echo(api: str) -> Answer:
    """Sends back the body that it is sent."""
    typed = {"Content-Type": load(api).conventions.media_types.response[0]}
    return lambda asked: httpx2.Response(200, headers=typed, content=asked.content)


def mirror(api: str) -> Answer:
    """Tells what it was asked: method, URL, headers and body."""

    def answer(asked: httpx2.Request) -> httpx2.Response:
        told = {"method": asked.method, "url": str(asked.url), "headers": dict(asked.headers)}
        return alike(api, {**told, "body": asked.content.decode(errors="replace")})(asked)

    return answer


def without_query(api: str) -> Answer:
    """Refuses whatever has a query of its own, and gives one page to all others."""
    versioning = load(api).conventions.versioning
    ordinary = versioning.parameter if versioning else None

    def answer(asked: httpx2.Request) -> httpx2.Response:
        refused = any(name != ordinary for name in asked.url.params)
        return (alike(api, error(api, 400), 400) if refused else alike(api, lists(api, 3)))(asked)

    return answer


def gate(api: str) -> Answer:
    """Lets nobody in without a token that it knows, and gives one page to all others."""
    auth = load(api).conventions.auth
    known = {f"{auth.schemes.get(n, auth.scheme)} {value}" for n, value in reference.build(api).credentials.items()}

    def answer(asked: httpx2.Request) -> httpx2.Response:
        refused = asked.headers.get(auth.header) not in known
        status = auth.refused or 401
        return (alike(api, error(api, status), status) if refused else alike(api, lists(api, 3)))(asked)

    return answer


def without_end(api: str) -> Answer:
    """Gives one record, and names another page behind it."""
    link = '</x?page=2>; rel="next"' if load(api).conventions.lists.style == "link-header" else None
    return alike(api, lists(api, 1, 1_555_413_045_188 if api == "vercel" else "/x?y=z"), link=link)


SERVERS: dict[str, Callable[[str], Answer]] = {
    "404": lambda api: alike(api, error(api, 404), 404),
    "401": lambda api: alike(api, error(api, 401), 401),
    "500": lambda api: alike(api, error(api, 500), 500),
    "204": lambda api: alike(api, b"", 204),
    "{}": lambda api: alike(api, {}),
    "HTML": lambda api: alike(api, b"<!doctype html><title>Welcome</title>", typed="text/html"),
    "echo": echo,
    "mirror": mirror,
    "empty lists": lambda api: alike(api, lists(api)),
}
"""Each is asked everything, with writes allowed and all that can be known of a target; and once without either."""

MORE: dict[str, Callable[[str], Answer]] = {
    "403": lambda api: alike(api, error(api, 403), 403),
    "no end": without_end,
    "no query": without_query,
    "gate": gate,
}
"""These tell a little more apart, or have more to show."""

TOLD_APART = [[server for server in MORE if server != left_out] for left_out in ("403", "no query")]
"""What refuses everything in other words, or whatever has a query, stands for one half of the APIs."""


def target(contract: Contract, answer: Answer, *, everything: bool) -> AlikeTarget:
    server = reference.build(contract.api)
    parameters = {name: tuple(values) for name, values in server.parameters.items()}
    known: dict[str, Any] = {}
    capabilities = {"load"}
    if everything:
        facts = ReferenceTarget(contract).recorded_provenance().get("facts", {})
        known = {"strict": True, "facts": facts, "disposable": parameters}
        capabilities |= {"writes", "clock", "seeded", "billable"}
    return AlikeTarget(
        contract=contract,
        name="alike",
        base_url=f"http://127.0.0.1:9{contract.base_path}",
        credentials=server.credentials,
        parameters=parameters,
        capabilities=frozenset(capabilities),
        clock=ManualClock(NOW),
        answer=answer,
        **known,
    )


_WORST = tuple(Outcome)


Passed = Callable[[str, str, bool], frozenset[str]]


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Passed:
    """The requirements that a server passes; what one process of this run has found out, the others need not."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "alike"
    folder.mkdir(exist_ok=True)

    def found(api: str, server: str, everything: bool) -> frozenset[str]:
        file = folder / f"{api}-{ALL.index(server)}-{everything}.json"
        if not file.exists():
            write_whole(file, json.dumps(sorted(held_by(api, server, everything=everything))).encode())
        return frozenset(json.loads(file.read_text("utf-8")))

    return found


def held_by(api: str, server: str, *, everything: bool) -> frozenset[str]:
    """The requirements that a server passes, without those that bind clients."""
    contract = load(api)
    at = target(contract, (SERVERS | MORE)[server](api), everything=everything)
    run = Run(contract, at, examples=1)
    found = [item for test, function in TESTS.items() for item in items_of(function, test, contract)]
    # Any answer at all shows some of what is base.
    items = [item for item in found if not item.requirement.base]
    items = sorted((item for item in items if item.requirement.mode != CLIENT), key=lambda i: i.judged_by_evidence)
    for item in items:
        run.attempt(item)
    at.close()
    worst: dict[str, Outcome] = {}
    for item in items:
        name, outcome = item.requirement.id, run.result(item).outcome
        worst[name] = min(worst.get(name, outcome), outcome, key=_WORST.index)
    return frozenset(name for name, outcome in worst.items() if outcome is Outcome.HELD)


EMPTY, MIRRORS = ("{}", "empty lists"), ("echo", "mirror")
REFUSALS = ("404", "401", "403", "no query", "gate")
PAGES = ("gate", "no end", "no query")
LISTS = ("empty lists", *PAGES)
SUCCESSES = (*EMPTY, *MIRRORS, *PAGES)
ALL = tuple(SERVERS | MORE)

MAY_PASS: dict[str, tuple[str, tuple[str, ...]]] = {
    # Whatever is answered, it is judged.
    "vultr.errors.status-in-table": ("a status that is not in the table fails it", ALL),
    "vultr.security.key-never-echoed": ("a key in an answer fails it, as the mirror shows", ALL),
    "vercel.security.token-never-echoed": ("a token in an answer fails it, as the mirror shows", ALL),
    "snyk.security.token-never-echoed": ("a token in an answer fails it, as the mirror shows", ALL),
    "vercel.rate-limit.headers-on-all": ("an answer without the headers fails it", ALL),
    "vercel.rate-limit.headers-sane": ("headers that are no numbers fail it", ALL),
    "vercel.rate-limit.reset-epoch-seconds": ("a reset in another form, or in the past, fails it", ALL),
    "vercel.rate-limit.limit-stable-per-bucket": ("a limit that changes fails it", ALL),
    "vultr.schema.no-content-empty": ("a 204 with a body fails it, and a 200 without one", ("204", "HTML", *SUCCESSES)),
    "vultr.content-type.response-json": ("a body that is not JSON fails it, as HTML shows", (*REFUSALS, *SUCCESSES)),
    "snyk.content-type.response-media-type": ("a body of another type fails it", (*REFUSALS, *SUCCESSES)),
    "vercel.types.map-unique-keys": ("a member that stands twice fails it", (*REFUSALS, "500", *MIRRORS, *LISTS)),
    "snyk.schema.document-toplevel": ("{} fails it", (*REFUSALS, "500", *LISTS)),
    "snyk.schema.jsonapi-member": ("a document without the member fails it", (*REFUSALS, "500", *LISTS)),
    "netlify.security.token-never-echoed": ("a token in an answer fails it, as the mirror shows", ALL),
    "zeit.security.token-never-echoed": ("a token in an answer fails it, as the mirror shows", ALL),
    "zeit.rate-limit.headers-on-all": ("an answer without the headers fails it", ALL),
    "zeit.rate-limit.headers-sane": ("headers that are no numbers fail it", ALL),
    "zeit.rate-limit.reset-epoch-seconds": ("a reset in another form, or in the past, fails it", ALL),
    "zeit.content-type.response-json": (
        "a body that is not JSON fails it, as HTML shows",
        (*REFUSALS, "500", *SUCCESSES),
    ),
    "netlify.rate-limit.headers-on-any": ("an answer without the headers fails it", ALL),
    "netlify.rate-limit.headers-sane": ("headers that are no numbers fail it", ALL),
    # What an error looks like.
    "netlify.errors.errors-shape": ("an error that says nothing fails it", (*REFUSALS, "500")),
    "zeit.errors.envelope": ("an error without the envelope fails it", (*REFUSALS, "500")),
    "zeit.errors.known-code": ("a code of no list fails it", (*REFUSALS, "500")),
    "zeit.errors.status-code-map": ("another status of the code fails it", ("403", "gate")),
    "zeit.security.message-neutral": ("a trace in a message fails it", (*REFUSALS, "500")),
    "vultr.errors.error-attribute": ("a refusal without the attribute fails it", REFUSALS),
    "vercel.errors.envelope": ("an error without the envelope fails it", (*REFUSALS, "500")),
    "vercel.content-type.error-json": ("an error that is not JSON fails it", (*REFUSALS, "500")),
    "snyk.errors.errors-array": ("an error without the array fails it", (*REFUSALS, "500")),
    "snyk.errors.error-members": ("an error without its members fails it", (*REFUSALS, "500")),
    "snyk.errors.error-status-matches": ("a status that is not the answer's fails it", (*REFUSALS, "500")),
    "snyk.errors.unauthorized-body": ("a 401 that does not say so fails it", ("401", "gate")),
    # What a success looks like.
    "vercel.content-type.response-json": ("a success that is not JSON fails it, as HTML shows", SUCCESSES),
    "netlify.content-type.json-responses": ("a success that is not JSON fails it, as HTML shows", SUCCESSES),
    "vultr.errors.no-error-in-2xx": ("an error in a success fails it", SUCCESSES),
    "vercel.errors.no-error-in-2xx": ("an error in a success fails it", SUCCESSES),
    "vultr.schema.get-returns-object": ("a list or a text fails it", SUCCESSES),
    "snyk.content-type.bodyless-get-ok": ("a refusal of the GET fails it, and what is no list is no success", LISTS),
    "zeit.schema.status-200": ("a success by another status fails it, as 204 shows", ("HTML", *SUCCESSES)),
    # What a list looks like, also an empty one.
    "vultr.pagination.meta-shape": ("a total that is no number fails it", LISTS),
    "vultr.pagination.meta-on-lists": ("a list without meta fails it", LISTS),
    "vercel.pagination.shape": ("a count that is no number fails it", LISTS),
    "vercel.types.scalar-fidelity": ("a count with quotes or a fraction fails it", LISTS),
    "snyk.pagination.links-present": ("a list without links fails it", LISTS),
    "snyk.pagination.links-are-urls": ("a link that is no URL fails it", ("no end",)),
    "snyk.schema.collection-is-array": ("data that is no array fails it", LISTS),
    "netlify.pagination.link-grammar": ("a link without angle brackets fails it", ("no end",)),
    # What the records on a page look like.
    "vultr.types.ids-unique": ("an id that comes twice fails it", PAGES),
    "vultr.schema.plans-item": ("a plan without its members fails it", PAGES),
    "vultr.schema.applications-item": ("an application of another type fails it", PAGES),
    "vultr.schema.backups-list": ("a backup that is no object fails it", PAGES),
    "vercel.types.id-string-unique": ("an id that comes twice fails it", PAGES),
    "vercel.types.date-is-ms": ("a date in seconds fails it", PAGES),
    "vercel.schema.projects-list-key": ("projects under another key fail it", PAGES),
    "vercel.schema.deployments-list-key": ("deployments outside an array fail it", PAGES),
    "vercel.pagination.count-is-page-length": ("another count fails it", PAGES),
    "snyk.schema.resource-object": ("a resource without its type fails it", PAGES),
    "snyk.schema.resource-identity-unique": ("an id that comes twice fails it", PAGES),
    "snyk.schema.collection-type-homogeneous": ("a record of another type fails it", PAGES),
    "netlify.schema.deploy-state-enum": ("a state in another spelling fails it", PAGES),
    "netlify.types.sha-hex": ("a sha in base64 fails it", PAGES),
    "netlify.types.timestamps": ("a time in seconds fails it", PAGES),
    "zeit.types.ids-unique": ("an id that comes twice fails it", PAGES),
    "zeit.types.date-iso-fields": ("a date in words fails it", PAGES),
    "zeit.schema.alias-by-deployment": ("an alias without its members fails it", PAGES),
    "zeit.schema.dns-list": ("a record without its members fails it", PAGES),
    "zeit.schema.secret-list": ("a secret without its members fails it", PAGES),
    # Reading shows the same again.
    "zeit.crud.get-is-safe": ("a value that is another after reading fails it", ("HTML", *SUCCESSES)),
    # A file may be anything, and a delete says nothing.
    "zeit.versioning.documented-version-answers": (
        "an answer that lacks what is documented does not",
        ("HTML", *SUCCESSES),
    ),
    "zeit.versioning.sample-versions-live": ("an answer that lacks what is documented does not", ("HTML", *SUCCESSES)),
    "vultr.crud.get-read-only": ("a record that is gone after reading fails it", PAGES),
    "vercel.crud.get-is-safe": ("a value that is another after reading fails it", PAGES),
    "snyk.crud.get-is-safe": ("another order after reading fails it", PAGES),
    "vercel.pagination.stable-reread": ("another order of the same page fails it", PAGES),
    "vultr.auth.public-catalogue": ("another catalogue without a key fails it", PAGES),
    # Some are told apart.
    "vultr.errors.server-error-5xx": ("a query that the account does not take is refused", ("no query",)),
    "vultr.auth.no-key-401": ("who has no key is refused, who has one is not", ("gate",)),
    "vultr.auth.bad-key-401": ("who has a wrong key is refused, who has a right one is not", ("gate",)),
    "vercel.auth.no-token-403": ("who has no token is refused, who has one is not", ("gate",)),
    "vercel.auth.bad-token-403": ("who has a wrong token is refused, who has a right one is not", ("gate",)),
    "vercel.auth.valid-token-accepted": ("who has a token is served, who has none is not", ("gate",)),
    "vercel.auth.denial-has-no-data": ("what others are shown is not in a denial", ("gate",)),
    "netlify.auth.no-token-denied": ("who has no token is refused, who has one is not", ("gate",)),
    "netlify.auth.bad-token-denied": ("who has a wrong token is refused, who has a right one is not", ("gate",)),
    "zeit.auth.missing-token-403": ("who has no token is refused, who has one is not", ("gate",)),
    "zeit.auth.bad-token-403": ("who has a wrong token is refused, who has a right one is not", ("gate",)),
    "zeit.auth.valid-token-accepted": ("who has a token is served, who has none is not", ("gate",)),
    "zeit.auth.forbidden-code": ("another code of the refusal fails it", ("gate",)),
    "snyk.auth.no-token-401": ("who has no token is refused, who has one is not", ("gate",)),
    "snyk.auth.bad-token-401": ("who has a wrong token is refused, who has a right one is not", ("gate",)),
    "snyk.auth.scheme-token": ("who has a key is served, who has none is not", ("gate",)),
    "snyk.auth.scheme-bearer": ("who has an access token is served, who has none is not", ("gate",)),
    "snyk.auth.scheme-case": ("the word in capitals is refused, the one in small letters is not", ("gate",)),
}


def unearned(passed: frozenset[str], server: str) -> list[str]:
    return sorted(name for name in passed if server not in MAY_PASS.get(name, ("", ()))[1])


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("api", APIS)
def test_a_server_that_answers_everything_alike_passes_only_what_it_shows(
    api: str, server: str, passed: Passed
) -> None:
    assert unearned(passed(api, server, True), server) == []


@pytest.mark.parametrize(("api", "server"), list(zip(cycle(APIS), SERVERS, strict=False)))
def test_it_passes_no_more_where_less_may_be_asked(api: str, server: str, passed: Passed) -> None:
    """Without writes, and with nothing known of the target; each server stands for one of the APIs in turn."""
    assert unearned(passed(api, server, False), server) == []


@pytest.mark.parametrize(
    ("api", "server"), [(api, server) for api in APIS for server in TOLD_APART[APIS.index(api) % 2]]
)
def test_a_server_that_looks_at_little_passes_only_what_it_shows(api: str, server: str, passed: Passed) -> None:
    assert unearned(passed(api, server, True), server) == []


def test_what_may_pass_is_a_requirement_that_some_server_passes(passed: Passed) -> None:
    """Else the list could hold what no server earns, unseen."""
    for name, (why, servers) in MAY_PASS.items():
        api = name.partition(".")[0]
        assert name in load(api).requirements
        assert why
        assert any(name in passed(api, server, True) for server in servers), name
