"""Defects planted on the answers to active tests: each is had again with one, and nothing is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from conformance import suite as of_suite
from conformance.contract import load
from conformance.contract.score import Score
from conformance.contract.verdict import Outcome
from conformance.planting import Scene
from conformance.planting.answers import AIMS, planted
from conformance.properties import Item, Run, items_of
from conformance.properties.assertions import assert_that
from conformance.properties.binding import requirement
from conformance.properties.scoring import Replays
from conformance.properties.subject import Subject
from conformance.selftest.servers import Runner
from conformance.targets import ReferenceTarget, TakeTarget
from conformance.targets.errors import Stale
from conformance.targets.replay import CassetteTransport
from conformance.targets.target import CASSETTES, CassetteTarget
from conformance.traffic.cassette import Interaction, Take
from conformance.traffic.exchange import Request, Response
from conformance.traffic.redact import Redactor

VULTR = load("vultr")


def item(test: str, record: str, operation: str) -> Item:
    for found in of_suite.tests():
        for each in items_of(found.function, found.name, VULTR):
            if (each.test, each.requirement.id, each.operation) == (test, record, operation):
                return each
    raise AssertionError(test)


REFUSED = item("test_auth/test_a_call_without_credentials_is_refused", "vultr.auth.no-key-401", "GET /v2/account")
WALK = "test_pagination/test_walk_visits_every_record_exactly_once"
WALKED = item(WALK, "vultr.pagination.walk-exactly-once", "GET /v2/plans")


def ran(one: Item) -> Run:
    run = Run(VULTR, CassetteTarget(VULTR, CASSETTES / "vultr"))
    run.recording = {}
    run.attempt(one)
    assert run.own(one).outcome is Outcome.HELD
    return run


@pytest.mark.parametrize("one", [REFUSED, WALKED], ids=lambda one: str(one.id))
def test_a_test_sees_the_defects_of_what_it_is_about(one: Item) -> None:
    score = Replays(ran(one)).score([one])
    assert score.planted > 0
    assert score.seen == score.planted


def test_a_test_that_cannot_fail_sees_none() -> None:
    @requirement("vultr.auth.permission-403")
    def looks_away(subject: Subject) -> None:
        assert_that(subject.client.call(subject.operation, {}).response.ok, "refused", expected="2xx", actual="")
        answer = subject.client.send("GET", "/v2/no-such-thing", negative=True)
        assert_that(answer.response.answered, "there is no answer", expected="an answer", actual="")

    [one] = [each for each in items_of(looks_away, "module/looks_away", VULTR) if each.operation == "GET /v2/account"]
    run = Run(VULTR, ReferenceTarget(VULTR))
    run.recording = {}
    run.attempt(one)
    score = Replays(run).score([one])
    assert (score.planted, score.seen, score.missed) == (1, 0, ("served 1",))
    assert score.of(Outcome.HELD, None) == (Outcome.NOT_EXERCISED, "0 of 1 planted defect was seen")


def test_a_test_that_does_not_come_to_the_same_again_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    run = ran(REFUSED)
    monkeypatch.setattr("conformance.properties.assertions._is_one_of", lambda *_: False)
    assert Replays(run).score([REFUSED]) == Score()


def test_nothing_is_planted_for_what_a_requirement_is_not_about() -> None:
    named = [aim.plant.__name__ for aim in AIMS if aim.concerns(WALKED.requirement)]
    assert named == ["repeating"]


def test_the_same_defects_are_planted_each_time() -> None:
    run = ran(REFUSED)
    take = (run.recording or {})[REFUSED.test][REFUSED.id]
    scene: Scene = Replays(run)._scene(REFUSED, take)
    one, other = (planted(REFUSED.requirement, scene) for _ in range(2))
    assert {kind: [defect.name for defect in alike] for kind, alike in one.items()} == {
        kind: [defect.name for defect in alike] for kind, alike in other.items()
    }


def take() -> Take:
    request = Request(method="GET", url="https://api.vultr.com/v2/account")
    return Take(tuple(Interaction(request, Response(body=body, status=200)) for body in (b"1", b"2")))


def test_who_asks_once_more_gets_the_last_answer_again() -> None:
    transport = CassetteTransport("item", take(), Redactor(), again=True)
    asked = [transport.handle_request(httpx2.Request("GET", "https://api.vultr.com/v2/account")) for _ in range(3)]
    assert [answer.read() for answer in asked] == [b"1", b"2", b"2"]
    with pytest.raises(Stale):
        transport.handle_request(httpx2.Request("GET", "https://api.vultr.com/v2/plans"))


def test_a_replay_answers_as_the_target_that_was_recorded() -> None:
    target = TakeTarget(VULTR, {"base_url": "https://x.example", "capabilities": ["writes"]}, take())
    session = target.session("test", "item", [])
    assert (target.base_url, session.capabilities) == ("https://x.example", frozenset({"writes"}))


def test_a_run_on_cassettes_tells_its_score(suite: Runner, tmp_path: Path) -> None:
    some = ("-k", "no-key-401 or account-object")
    ran = suite("--faults", "--target", "cassette", "--api", "vultr", f"--report-dir={tmp_path}", *some)
    report: dict[str, Any] = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert ran.status == 0, ran.text
    assert f"detection on this target: {report['score']['seen']} of {report['score']['planted']} planted" in ran.text
    scores = {one["id"]: one["score"] for one in report["requirements"] if one["score"]}
    assert scores["vultr.auth.no-key-401"]["seen"] > 0
    assert scores["vultr.schema.account-object"]["seen"] > 0
    assert report["run"]["options"]["faults"] is True
