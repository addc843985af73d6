"""Who is let in, as a matrix: operations × credentials × ways to ask. A defect is found by the rule it breaks alone."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import cache

import pytest
from attrs import evolve

from conformance import reference
from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.properties import Run, items_of
from conformance.selftest.proxy import Answered, Ask, Asked, Defect, Memory, ProxiedTarget
from conformance.selftest.servers import TESTS
from conformance.targets.credentials import ELSEWHERE, WRONG, wrong_for, wrong_value

SCHEMES = {"vercel": "Bearer", "snyk": "token", "vultr": "Bearer"}
When = Callable[[Asked], bool]


@cache
def tokens(api: str) -> dict[str, str]:
    return reference.build(api).credentials


def said(asked: Asked) -> tuple[str, str]:
    """The scheme and the token that came."""
    scheme, _, token = asked.headers.get("authorization", "").rpartition(" ")
    return scheme, token


def by(api: str, asked: Asked, name: str = "default") -> Asked:
    """The same request as its owner sends it."""
    return evolve(asked, headers={**asked.headers, "authorization": f"{SCHEMES[api]} {tokens(api)[name]}"})


def anonymous(asked: Asked) -> bool:
    return "authorization" not in asked.headers


def unknown(api: str) -> When:
    """A token under the right scheme that nobody has."""
    return lambda asked: said(asked)[0] == SCHEMES[api] and said(asked)[1] not in tokens(api).values()


def every(*conditions: When) -> When:
    return lambda asked: all(condition(asked) for condition in conditions)


def method(*names: str) -> When:
    return lambda asked: asked.method in names


def at_one_project(asked: Asked) -> bool:
    return asked.path.startswith("/v9/projects/")


def having(*names: str) -> When:
    return lambda asked: any(asked.parameter(name) is not None for name in names)


def at(end: str) -> When:
    return lambda asked: asked.path.endswith(end)


def of(api: str, name: str) -> When:
    """With the token of this name."""
    return lambda asked: said(asked)[1] == tokens(api)[name]


def let_in(api: str, when: When, name: str = "default") -> Defect:
    """Whoever it is, is taken for somebody who may."""
    return lambda asked, ask, _: ask(by(api, asked, name) if when(asked) else asked)


def told(api: str, right: Callable[[str, str], bool]) -> Defect:
    """A token that is no other's is compared with the right one in another way than by being the same."""
    known, others = tokens(api)["default"], {*tokens(api).values()} - {tokens(api)["default"]}

    def when(asked: Asked) -> bool:
        _, token = said(asked)
        return bool(token) and token not in others and right(token, known)

    return let_in(api, when)


def applied(api: str, when: When) -> Defect:
    """It is refused, and done all the same."""

    def defect(asked: Asked, ask: Ask, _: Memory) -> Answered:
        answer = ask(asked)
        if when(asked) and answer.status in (401, 403):
            ask(by(api, asked))
        return answer

    return defect


def status(when: When, of: int, becomes: int) -> Defect:
    def defect(asked: Asked, ask: Ask, _: Memory) -> Answered:
        answer = ask(asked)
        return evolve(answer, status=becomes) if when(asked) and answer.status == of else answer

    return defect


def falling_back(when: When) -> Defect:
    """A team that does not exist is taken for none."""
    foreign = having("teamId")

    def defect(asked: Asked, ask: Ask, _: Memory) -> Answered:
        if foreign(asked) and asked.parameter("teamId") == "team_doesnotexist" and when(asked):
            return ask(asked.without("teamId"))
        return ask(asked)

    return defect


def in_query(api: str) -> Defect:
    """Whoever has no credential may have one in the query, whatever it is."""

    def defect(asked: Asked, ask: Ask, _: Memory) -> Answered:
        if anonymous(asked) and asked.parameter("access_token") is not None:
            return ask(by(api, asked.without(*ELSEWHERE)))
        return ask(asked)

    return defect


WRITES = method("POST", "PUT", "PATCH", "DELETE")
COMPARED: dict[str, Callable[[str, str], bool]] = {
    "a token is read in any case": lambda sent, right: sent.lower() == right.lower(),
    "a token is compared as far as it goes": lambda sent, right: len(sent) > 1 and right.startswith(sent),
    "a token is compared but for its end": lambda sent, right: sent[: len(right) - 1] == right[:-1],
    "what stands behind a token is dropped": lambda sent, right: sent.startswith(right),
    "a token of the right form will do": lambda sent, right: len(sent) == len(right),
    "the scheme is not looked at": lambda sent, right: sent == right,
    "a token is the user of Basic, too": lambda sent, right: base64.b64encode(f"{right}:".encode()).decode() == sent,
}
BAD = {"vercel": "vercel.auth.bad-token-403", "snyk": "snyk.auth.bad-token-401", "vultr": "vultr.auth.bad-key-401"}
NONE = {"vercel": "vercel.auth.no-token-403", "snyk": "snyk.auth.no-token-401", "vultr": "vultr.auth.no-key-401"}
CURSORS = {"vercel": ("until", "limit"), "snyk": ("starting_after", "limit"), "vultr": ("cursor", "per_page")}

DEFECTS: dict[str, tuple[str, Defect]] = {
    f"{api}: {name}": (BAD[api], told(api, right)) for api in SCHEMES for name, right in COMPARED.items()
}
for api in SCHEMES:
    made_up = unknown(api)
    cursor, size = CURSORS[api]
    DEFECTS |= {
        f"{api}: a made-up token creates": (BAD[api], let_in(api, every(made_up, method("POST")))),
        f"{api}: a made-up token deletes": (BAD[api], let_in(api, every(made_up, method("DELETE")))),
        f"{api}: writes need no token": (NONE[api], let_in(api, every(anonymous, WRITES))),
        f"{api}: a create without a token is refused, and done": (
            NONE[api],
            applied(api, every(anonymous, method("POST"))),
        ),
        f"{api}: a delete with a made-up token is refused, and done": (
            BAD[api],
            applied(api, every(made_up, method("DELETE"))),
        ),
        f"{api}: later pages need no token": (NONE[api], let_in(api, every(anonymous, having(cursor)))),
        f"{api}: later pages take any token": (BAD[api], let_in(api, every(made_up, having(cursor)))),
        f"{api}: who names a page size needs no token": (NONE[api], let_in(api, every(anonymous, having(size)))),
        f"{api}: any token in the query will do": (NONE[api], in_query(api)),
    }
DEFECTS |= {
    # scopes
    "team data without any token": (NONE["vercel"], let_in("vercel", every(anonymous, having("teamId")))),
    "team data for any token": (BAD["vercel"], let_in("vercel", every(unknown("vercel"), having("teamId")))),
    "a team's projects are created without a token": (
        NONE["vercel"],
        let_in("vercel", every(anonymous, having("teamId"), method("POST"))),
    ),
    "deletes are refused with 401": (NONE["vercel"], status(every(anonymous, method("DELETE")), 403, 401)),
    "another account reads a project": (
        "vercel.auth.personal-by-default",
        let_in("vercel", every(of("vercel", "second"), method("GET"), at_one_project)),
    ),
    "another account deletes a project": (
        "vercel.auth.personal-by-default",
        let_in("vercel", every(of("vercel", "second"), method("DELETE"))),
    ),
    "another account sees the list": (
        "vercel.auth.personal-by-default",
        let_in("vercel", every(of("vercel", "second"), at("/projects"))),
    ),
    "a scoped token deletes in another team": (
        "vercel.auth.token-team-scope",
        let_in("vercel", every(of("vercel", "team-a-only"), method("DELETE")), "both-teams"),
    ),
    "a scoped token creates in another team": (
        "vercel.auth.token-team-scope",
        let_in("vercel", every(of("vercel", "team-a-only"), method("POST")), "both-teams"),
    ),
    "a scoped token reads deployments of another team": (
        "vercel.auth.token-team-scope",
        let_in("vercel", every(of("vercel", "team-a-only"), at("/deployments")), "both-teams"),
    ),
    "one project is read under any team": (
        "vercel.auth.foreign-team-denied",
        falling_back(every(method("GET"), at_one_project)),
    ),
    "a project is deleted under any team": ("vercel.auth.foreign-team-denied", falling_back(method("DELETE"))),
    "a project is created under any team": ("vercel.auth.foreign-team-denied", falling_back(method("POST"))),
    # one operation alone
    "targets take any key": (BAD["snyk"], let_in("snyk", every(unknown("snyk"), at("/targets")))),
    "users need no key": (NONE["vultr"], let_in("vultr", every(anonymous, lambda asked: "/users/" in asked.path))),
    "users take any key": (BAD["vultr"], let_in("vultr", every(unknown("vultr"), lambda a: "/users/" in a.path))),
    "changes take any key": (BAD["vultr"], let_in("vultr", every(unknown("vultr"), method("PATCH")))),
    "replacing takes no key": (NONE["vultr"], let_in("vultr", every(anonymous, method("PUT")))),
    # another account
    "another account changes a domain": (
        "vultr.auth.account-isolation",
        let_in("vultr", every(of("vultr", "second"), method("PATCH"))),
    ),
    "another account replaces a domain": (
        "vultr.auth.account-isolation",
        let_in("vultr", every(of("vultr", "second"), method("PUT"))),
    ),
    "another account deletes a domain": (
        "vultr.auth.account-isolation",
        let_in("vultr", every(of("vultr", "second"), method("DELETE"))),
    ),
}


def accused(api: str, defect: Defect) -> set[str]:
    """The requirements about who is let in that do not hold; nothing is broken."""
    contract = load(api)
    run = Run(contract, ProxiedTarget(contract, defect=defect))
    found = [item for test, function in TESTS.items() for item in items_of(function, test, contract)]
    own = [item for item in found if ".auth." in item.requirement.id and item.requirement.mode.startswith("active")]
    for item in own:
        run.attempt(item)
    outcomes = [(item.requirement.id, run.result(item).outcome) for item in own if item.requirement.strength != "MAY"]
    assert Outcome.BROKEN not in dict(outcomes).values()
    return {requirement for requirement, outcome in outcomes if outcome is Outcome.VIOLATED}


@pytest.mark.parametrize(("requirement", "defect"), [pytest.param(*one, id=name) for name, one in DEFECTS.items()])
def test_whoever_is_let_in_wrongly_is_found_by_the_rule_it_breaks_alone(requirement: str, defect: Defect) -> None:
    assert accused(requirement.partition(".")[0], defect) == {requirement}


def challenged(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """Whoever comes with many wrong credentials in a row waits."""
    answer = ask(asked)
    memory["wrong"] = memory.get("wrong", 0) + 1 if answer.status in (401, 403) else 0
    return evolve(answer, status=429) if memory["wrong"] > 3 else answer


FREEDOMS: dict[str, tuple[str, Defect]] = {
    f"{api}: {name}": (api, defect)
    for api in SCHEMES
    for name, defect in {
        "nothing is changed": lambda asked, ask, _: ask(asked),
        "a scheme word is read in any case": told(api, lambda sent, right: sent == right),
        "who guesses is slowed down": challenged,
        "a refusal bears other words": lambda asked, ask, _: reworded(ask(asked)),
    }.items()
    if name != "a scheme word is read in any case"
}
FREEDOMS |= {
    "nothing is read one by one": ("vercel", lambda asked, ask, _: gone(asked, ask, "GET")),
    "nothing can be created": ("vercel", lambda asked, ask, _: gone(asked, ask, "POST")),
    "a foreign team is not found": (
        "vercel",
        status(every(having("teamId"), lambda asked: said(asked)[1] in tokens("vercel").values()), 403, 404),
    ),
    "what is another account's is forbidden": ("vultr", status(of("vultr", "second"), 404, 403)),
    "what is another account's is not found": ("vultr", status(of("vultr", "second"), 403, 404)),
    "catalogues need a key": (
        "vultr",
        lambda asked, ask, _: (
            ask(evolve(asked, path="/v2/account"))
            if anonymous(asked) and asked.path in ("/v2/plans", "/v2/applications")
            else ask(asked)
        ),
    ),
    "catalogues look at no key": (
        "vultr",
        let_in("vultr", lambda asked: asked.path in ("/v2/plans", "/v2/applications")),
    ),
    "a key is taken under bearer, too": (
        "snyk",
        lambda asked, ask, _: ask(by("snyk", asked) if said(asked) == ("bearer", tokens("snyk")["default"]) else asked),
    ),
    "Token is as good as token": (
        "snyk",
        lambda asked, ask, _: ask(
            by("snyk", asked) if said(asked)[0].lower() == "token" and of("snyk", "default")(asked) else asked
        ),
    ),
}


def gone(asked: Asked, ask: Ask, method: str) -> Answered:
    """An operation that the document only implies is not there."""
    if asked.method == method and (at_one_project(asked) or method == "POST"):
        answer = ask(evolve(asked, method="GET", path="/v9/no-such-thing"))
        return evolve(answer, status=404)
    return ask(asked)


def reworded(answer: Answered) -> Answered:
    if answer.status not in (401, 403) or not answer.body:
        return answer
    body = answer.body.replace(b"API key", b"thing").replace(b"Not authorized", b"No").replace(b"invalid", b"odd")
    return answer.with_body(body)


@pytest.mark.parametrize(("api", "freedom"), [pytest.param(*one, id=name) for name, one in FREEDOMS.items()])
def test_what_the_documents_leave_open_is_held_against_nobody(api: str, freedom: Defect) -> None:
    assert accused(api, freedom) == set()


@pytest.mark.parametrize("api", SCHEMES)
def test_each_wrong_credential_is_told_from_the_right_one(api: str) -> None:
    scheme, token = SCHEMES[api], tokens(api)["default"]
    values = {wrong_value(name, scheme, token) for name in wrong_for(scheme, token)}
    assert len(values) == len(WRONG)
    assert f"{scheme} {token}" not in values


def test_a_uuid_in_another_case_is_the_same_token() -> None:
    uuid = "3f2b8c1e-0d4a-4b6f-9a7c-5e1d2c3b4a59"
    assert "the valid token in another case" not in wrong_for("token", uuid)
    assert len(wrong_for("token", uuid)) == len(WRONG) - 1


def test_a_token_without_letters_has_no_other_case() -> None:
    assert "the valid token in another case" not in wrong_for("Bearer", "4711-0815-4242")
