"""The active base requirements on small servers: a correct one breaks none of them, and each defect its own alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count

import pytest
from attrs import evolve

from conformance.checks import Judge
from conformance.contract import Contract, Operation, Resource, load
from conformance.contract.verdict import Outcome
from conformance.properties import Item, Run, items_of
from conformance.selftest.servers import TESTS, TOKEN, VULTR, Answer, Asked, raw_server, reply, url_target
from conformance.traffic.exchange import Request, Response
from conformance.traffic.locator import Locator

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
TAG = '"one"'
ID = ({"name": "id", "in": "path"},)
THING = Resource(
    name="thing",
    create="POST /things",
    body={"name": "{unique}"},
    required=("name",),
    id="id",
    parameter="id",
    list="GET /things",
    object="",
    read="GET /things/{id}",
    delete="DELETE /things/{id}",
)


def contract() -> Contract:
    listing = VULTR.operation("GET /v2/plans").listing
    operations = (
        Operation("GET", "/things", collection=evolve(listing, items="/things", paged=False)),
        Operation("POST", "/things", body={"application/json": {"type": "object"}}),
        Operation("GET", "/things/{id}", ID),
        Operation("DELETE", "/things/{id}", ID),
    )
    conventions = VULTR.conventions.model_copy(update={"resources": (THING,), "rate_limit": None, "versioning": None})
    catalogue = VULTR.catalogue.model_copy(update={"requirements": ()})
    return evolve(VULTR, conventions=conventions, operations=operations, catalogue=catalogue)


def said(body: object, status: str = "200 OK", **headers: str) -> bytes:
    return reply(body, status, date=DATE, **headers)


class Things:
    """A correct server: things in memory behind a token, with HEAD, entity tags and ranges."""

    def __init__(self) -> None:
        self.there: dict[str, str] = {"first": "first"}
        self.numbers = count(1)

    def __call__(self, asked: Asked) -> bytes:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return said({"error": "no"}, "401 Unauthorized", www_authenticate="Bearer")
        answer = self.answer(asked)
        return answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if asked.method == "HEAD" else answer

    def answer(self, asked: Asked) -> bytes:
        root, _, identity = asked.path.partition("/things/") if asked.path != "/things" else ("", "", "")
        method = "GET" if asked.method == "HEAD" else asked.method
        if asked.path != "/things" and (root or not identity or "/" in identity):
            return said({"error": "unknown"}, "404 Not Found")
        if (method, bool(identity)) == ("POST", False):
            return self.create(asked)
        if method not in (("GET", "DELETE") if identity else ("GET",)):
            return said(
                {"error": "no"}, "405 Method Not Allowed", allow="GET, HEAD, DELETE" if identity else "GET, POST"
            )
        if identity and identity not in self.there:
            return said({"error": "unknown"}, "404 Not Found")
        if method == "DELETE":
            del self.there[identity]
            return f"HTTP/1.1 204 No Content\r\ndate: {DATE}\r\nconnection: close\r\n\r\n".encode()
        return self.read(asked, self.thing(identity) if identity else {"things": [*map(self.thing, self.there)]})

    def thing(self, identity: str) -> dict[str, str]:
        return {"id": identity, "name": self.there[identity]}

    def read(self, asked: Asked, body: object) -> bytes:
        if asked.headers.get("if-none-match") == TAG:
            return f"HTTP/1.1 304 Not Modified\r\ndate: {DATE}\r\netag: {TAG}\r\nconnection: close\r\n\r\n".encode()
        whole = json.dumps(body).encode()
        if asked.headers.get("range") == "bytes=0-9":
            return said(whole[:10], "206 Partial Content", content_range=f"bytes 0-9/{len(whole)}", etag=TAG)
        return said(whole, etag=TAG)

    def create(self, asked: Asked) -> bytes:
        try:
            name = json.loads(asked.body)["name"]
        except ValueError:
            return said({"error": "malformed"}, "400 Bad Request")
        identity = f"t{next(self.numbers)}"
        self.there[identity] = name
        return said(self.thing(identity), "201 Created")


Wrapped = Callable[[Things, Asked], bytes]

NOT_FOUND = said({"error": "unknown"}, "404 Not Found").replace(b"content-length: 20\r\n", b"").partition(b"{")[0]
FAILED = said({"error": "failed"}, "500 Internal Server Error")


def where(holds: Callable[[Asked], bool], answer: bytes | Wrapped) -> Wrapped:
    """A server that answers some requests otherwise."""

    def defective(right: Things, asked: Asked) -> bytes:
        if not holds(asked):
            return right(asked)
        return answer if isinstance(answer, bytes) else answer(right, asked)

    return defective


def keeps_what_is_deleted(right: Things, asked: Asked) -> bytes:
    there = dict(right.there)
    answer = right(asked)
    if asked.method == "DELETE":
        right.there = there
    return answer


def forgets_what_is_created(right: Things, asked: Asked) -> bytes:
    answer = right(asked)
    if asked.method == "POST":
        right.there.pop(f"t{len(right.there) - 1}", None)
    return answer


def adds_with_each_reading(right: Things, asked: Asked) -> bytes:
    if asked.method == "GET":
        right.there[f"read{next(right.numbers)}"] = "read"
    return right(asked)


def of_part(right: Things, asked: Asked) -> bytes:
    return right(asked).replace(b"bytes 0-9/", b"bytes 1-10/")


DEFECTS: dict[str, Wrapped] = {
    "http.head-as-get": where(lambda asked: asked.method == "HEAD", NOT_FOUND),
    "http.unknown-method-refused": where(lambda asked: asked.method == "CONFORMANCE", said({"things": []})),
    "http.methods-no-failure": where(lambda asked: asked.method == "TRACE", FAILED),
    "http.targets-no-failure": where(lambda asked: "//" in asked.path or "unknown=" in asked.query, FAILED),
    "http.accept-no-failure": where(lambda asked: "x-conformance" in asked.headers.get("accept", ""), FAILED),
    "http.bodies-no-failure": where(lambda asked: asked.body in (b"conformance", b'{"conformance": '), FAILED),
    "http.condition-honoured": where(
        lambda asked: "conformance" in asked.headers.get("if-none-match", ""),
        f"HTTP/1.1 304 Not Modified\r\ndate: {DATE}\r\nconnection: close\r\n\r\n".encode(),
    ),
    "http.range-honoured": where(lambda asked: "range" in asked.headers, of_part),
    "http.reading-changes-nothing": adds_with_each_reading,
    "http.authentication-enforced": where(
        lambda asked: asked.method == "GET" and "authorization" not in asked.headers, said({"things": []})
    ),
    "http.created-readable": forgets_what_is_created,
    "http.deleted-gone": keeps_what_is_deleted,
}


def items(first: str) -> list[Item]:
    """Those that ask, those of one rule first, since what cannot be deleted ends creates; then what is only seen."""
    found = [item for test, function in sorted(TESTS.items()) for item in items_of(function, test, contract())]
    base = [item for item in found if item.requirement.base]
    return sorted(base, key=lambda item: (item.judged_by_evidence, item.requirement.rule != first))


def outcomes(answer: Answer, first: str = "") -> dict[str, set[Outcome]]:
    """Rule → what its items come to at a server."""
    found: dict[str, set[Outcome]] = {}
    with raw_server(answer) as server:
        known = {"id": ("first",)}
        target = url_target(server.url, contract=contract(), capabilities=frozenset({"writes"}), parameters=known)
        try:
            run = Run(contract(), target, fresh_names=True)
            for item in items(first):
                found.setdefault(str(item.requirement.rule), set()).add(run.run(item).outcome)
        finally:
            target.close()
    return found


def test_a_correct_server_breaks_no_base_requirement_and_holds_what_is_asked() -> None:
    found = outcomes(Things())
    assert {rule: found[rule] for rule in DEFECTS} == {rule: {Outcome.HELD} for rule in DEFECTS}
    assert set().union(*found.values()) <= {Outcome.HELD, Outcome.NOT_EXERCISED}


def test_every_active_base_requirement_has_a_defect_here() -> None:
    asking = {item.requirement.rule for item in items("") if not item.binding.observes}
    assert asking == set(DEFECTS)


@pytest.mark.parametrize("rule", DEFECTS)
def test_a_defect_breaks_its_own_base_requirement_alone(rule: str) -> None:
    right, defect = Things(), DEFECTS[rule]
    found = outcomes(lambda asked: defect(right, asked), rule)
    assert {broken for broken, came in found.items() if Outcome.VIOLATED in came} == {rule}
    assert Outcome.BROKEN not in set().union(*found.values())


def test_a_server_may_take_a_doubled_slash_for_one() -> None:
    """What such a target names is the server's to say: no rule on paths is broken by what it answers."""
    vercel = load("vercel")
    locator, judge = Locator(vercel, vercel.conventions.origin), Judge(vercel)
    asked = Request(method="GET", url=f"{vercel.conventions.origin}//v9/projects", headers=())
    exchange = locator.exchange(asked, Response(status=200, body=b"{}"), negative=True)
    found = [each for each in judge.observe(exchange) if each.finding.outcome is Outcome.VIOLATED]
    broken = {each.requirement.id for each in found if each.requirement}
    assert "vercel.versioning.version-prefix" not in broken
    assert broken, "the answer is no list, and has no Date"
