"""Planted response defects: what a judged recording says of each requirement, and whether it could have failed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from conformance.checks import CHECKS, HELD, Evidence, Finding, Judge
from conformance.checks.base import Sight
from conformance.contract import Validator, load
from conformance.contract.score import NOTHING_TO_PLANT, Score
from conformance.contract.verdict import Outcome
from conformance.planting import PLANTS, UNPLANTED, Sampler, Trials, sampling
from conformance.planting.base import ABSENT, replaced, values_in
from conformance.planting.schemas import changes
from conformance.selftest.judging import Judged
from conformance.selftest.test_judge_command import interaction, ok, refusal, written
from conformance.traffic.exchange import Exchange, Request, Response

VULTR = load("vultr")
Captured = pytest.CaptureFixture[str]


def test_every_check_has_defects_or_a_reason() -> None:
    assert set(PLANTS) | set(UNPLANTED) == set(CHECKS)
    assert not set(PLANTS) & set(UNPLANTED)


@pytest.fixture
def traffic(tmp_path: Path) -> Path:
    return written(tmp_path / "good.yaml", ok(), refusal({"error": "Invalid API token.", "status": 401}), ok())


def case_of(judged: Judged, requirement: str, operation: str = "GET /v2/account") -> dict[str, Any]:
    found = next(one for one in judged.report["requirements"] if one["id"] == requirement)
    case: dict[str, Any] = next(case for case in found["cases"] if case["operation"] == operation)
    return case


def test_a_judgement_says_how_many_planted_defects_were_seen(tmp_path: Path, capsys: Captured, traffic: Path) -> None:
    judged = Judged(tmp_path / "reports", capsys, "--faults", traffic)
    score = judged.report["score"]
    assert judged.status == 0
    assert score["planted"] > 50
    line = f"detection on this target: {score['seen']} of {score['planted']} planted defects seen by the requirement"
    assert line in judged.text
    shaped = case_of(judged, "vultr.schema.account-object")
    assert shaped["verdict"] == "passed"
    assert shaped["score"]["seen"] == shaped["score"]["planted"] > 0
    assert "Could it have failed here?" in (judged.folder / "report.md").read_text("utf-8")
    assert line in (judged.folder / "report.html").read_text("utf-8")


def test_without_faults_nothing_is_said_of_them(tmp_path: Path, capsys: Captured, traffic: Path) -> None:
    judged = Judged(tmp_path / "reports", capsys, traffic)
    assert judged.report["score"] is None
    assert "detection" not in judged.text
    assert "Could it have failed here?" not in (judged.folder / "report.md").read_text("utf-8")


def test_the_same_recording_gives_the_same_score(tmp_path: Path, capsys: Captured, traffic: Path) -> None:
    one, other = (Judged(tmp_path / name, capsys, "--faults", traffic).report["requirements"] for name in "ab")
    assert one == other


def test_a_check_that_cannot_fail_is_not_passed(
    tmp_path: Path, capsys: Captured, traffic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def content(_: Sight) -> Any:
        yield HELD

    monkeypatch.setitem(CHECKS, "errors.envelope", content)
    judged = Judged(tmp_path / "reports", capsys, "--faults", traffic)
    case = case_of(judged, "vultr.errors.error-attribute")
    planted = case["score"]["planted"]
    assert planted > 0
    assert (case["verdict"], case["reason"]) == ("not-exercised", f"0 of {planted} planted defects were seen")
    markdown = (judged.folder / "report.md").read_text("utf-8")
    assert "## Defects that were not seen" in markdown
    assert "vultr.errors.error-attribute[GET /v2/account]" in markdown.partition("not seen")[2]
    assert judged.status == 0


def test_what_no_defect_can_break_is_marked(
    tmp_path: Path, capsys: Captured, traffic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PLANTS, "errors.envelope", lambda _: iter(()))
    judged = Judged(tmp_path / "reports", capsys, "--faults", traffic)
    case = case_of(judged, "vultr.errors.error-attribute")
    assert (case["verdict"], case["reason"]) == ("passed", NOTHING_TO_PLANT)
    assert "passed requirements no defect can be planted here" in judged.text
    row = next(
        r for r in (judged.folder / "report.md").read_text("utf-8").splitlines() if "errors.error-attribute" in r
    )
    assert row.endswith("| nothing can be planted |")
    assert f"passed: {NOTHING_TO_PLANT}" in (judged.folder / "junit.xml").read_text("utf-8")


def test_what_failed_needs_no_defects(tmp_path: Path, capsys: Captured) -> None:
    bad = written(tmp_path / "bad.yaml", ok(), refusal({"error": "No."}), refusal({"message": "No."}))
    judged = Judged(tmp_path / "reports", capsys, "--faults", bad)
    case = case_of(judged, "vultr.errors.error-attribute")
    assert (case["verdict"], case["score"]["planted"]) == ("failed", 0)


def test_scores_add_up() -> None:
    one, other = Score(3, 1, 1, ("b", "c")), Score(2, 1, 0, ("a",))
    assert one + other == Score(5, 2, 1, ("a", "b", "c"))
    assert Score(4, 0).of(Outcome.HELD, None) == (Outcome.NOT_EXERCISED, "0 of 4 planted defects were seen")
    assert Score(4, 1).of(Outcome.HELD, None) == (Outcome.HELD, None)
    assert Score(4, 0).of(Outcome.VIOLATED, "no") == (Outcome.VIOLATED, "no")


# Which exchanges are taken.


def said(number: int, size: int = 0) -> Exchange:
    body = json.dumps({"account": {"number": number, "text": "x" * size}}).encode()
    response = Response(headers=(("Content-Type", "application/json"),), body=body, status=200)
    request = Request(method="GET", url=f"https://api.vultr.com/v2/account?n={number}")
    return Exchange(request, response, VULTR.operation("GET /v2/account"), "/v2/account")


RECORD = next(iter(VULTR.requirements.values()))


def sampled(count: int, size: int = 0, room: int = sampling.ROOM) -> Sampler:
    sampler = Sampler(room=room)
    sampler.begin({})
    for number in range(count):
        exchange = said(number, size)
        sampler.see(exchange)
        sampler.note(Evidence(RECORD, "GET /v2/account", HELD, exchange))
    return sampler


def numbers(sampler: Sampler) -> list[str]:
    return [one.exchange.request.url.rpartition("=")[2] for one in sampler.chosen[RECORD.id, "GET /v2/account"].windows]


def test_the_first_a_middle_and_the_last_exchange_are_taken() -> None:
    assert numbers(sampled(1)) == ["0"]
    assert numbers(sampled(3)) == ["0", "1", "2"]
    assert numbers(sampled(100)) == ["0", "62", "99"]


def test_a_conversation_ends_where_the_next_begins() -> None:
    sampler = sampled(5)
    sampler.begin({})
    exchange = said(5)
    sampler.see(exchange)
    sampler.note(Evidence(RECORD, "GET /v2/account", HELD, exchange))
    first, _, last = sampler.chosen[RECORD.id, "GET /v2/account"].windows
    assert len(first.conversation) == 5
    assert [one.request.url for one in last.conversation] == [exchange.request.url]


def test_what_is_kept_of_a_large_recording_is_bounded() -> None:
    room = 200_000
    sampler = sampled(400, size=5_000, room=room)
    kept = {
        id(one): one for window in sampler.chosen[RECORD.id, "GET /v2/account"].windows for one in window.conversation
    }
    assert len(kept) >= 1
    assert sum(len(one.response.body) for one in kept.values()) <= room + 5_100


def test_a_requirement_that_failed_is_not_tried() -> None:
    sampler = sampled(2)
    failed = Finding(Outcome.VIOLATED, "no")
    sampler.note(Evidence(RECORD, "GET /v2/account", failed, said(2)))
    assert Trials(VULTR).scores(sampler) == {}


# What is planted.


def test_a_value_is_replaced_at_its_place_alone() -> None:
    document = {"a": [{"b": 1}, {"b/c": 2}], "d": {}}
    assert replaced(document, "/a/1/b~1c", 3) == {"a": [{"b": 1}, {"b/c": 3}], "d": {}}
    assert replaced(document, "/a/0", ABSENT) == {"a": [{"b/c": 2}], "d": {}}
    assert replaced(document, "/d/new", 1)["d"] == {"new": 1}
    assert replaced(document, "", []) == []
    assert list(values_in(document, "/a/*/b")) == [("/a/0/b", 1)]


SCHEMA = {
    "allOf": [{"$ref": "#/components/schemas/Thing"}],
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["id", "kind", "secret"],
                "properties": {
                    "id": {"type": "integer", "minimum": 1},
                    "kind": {"enum": ["a", "b"]},
                    "note": {"type": ["string", "null"], "maxLength": 5},
                    "list": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
                    "free": {"anyOf": [{"type": "string"}, {}]},
                    "secret": {"type": "string", "writeOnly": True},
                },
            }
        }
    },
}


def test_what_a_schema_promises_is_broken_in_each_way() -> None:
    value = {"id": 1, "kind": "a", "note": "hi", "list": [1], "free": "x"}
    assert {change.name for change in changes(SCHEMA, SCHEMA, value)} == {
        "retype /", "drop /id", "drop /kind", "retype /id", "null /id", "minimum /id", "other /kind",
        "retype /note", "long /note", "retype /list", "null /list", "retype /list/0", "null /list/0",
    }  # fmt: skip


def test_what_is_planted_breaks_the_schema_and_nothing_else_does() -> None:
    validator = Validator(SCHEMA)
    value = {"id": 1, "kind": "a", "note": "hi", "list": [1], "free": "x", "secret": "y"}
    assert validator.errors(value) == []
    for change in changes(SCHEMA, SCHEMA, value):
        assert validator.errors(change.made_in(value)), change.name


def test_a_judge_forgets_what_it_saw() -> None:
    judge = Judge(VULTR)
    page = said(0)
    seen = [evidence.finding.outcome for evidence in judge.observe(page)]
    judge.forget()
    assert [evidence.finding.outcome for evidence in judge.observe(evolve(page))] == seen


def test_a_judge_of_some_requirements_tells_of_no_others() -> None:
    judge = Judge(VULTR, only={"vultr.schema.account-object"})
    found = {evidence.requirement.id for evidence in judge.observe(said(0)) if evidence.requirement}
    assert found == {"vultr.schema.account-object"}


def test_what_is_sent_wrongly_on_purpose_says_nothing_for_the_client() -> None:
    exchange = evolve(said(0), negative=True)
    bound = {evidence.requirement.mode for evidence in Judge(VULTR).observe(exchange) if evidence.requirement}
    assert "client" not in bound


def test_lists_of_unknown_operations_are_lists_by_their_envelope_alone(tmp_path: Path, capsys: Captured) -> None:
    listed = interaction(
        200, {"planets": [{"id": "1"}], "meta": {"total": 1, "links": {"next": "", "prev": ""}}}, "/v2/x"
    )
    judged = Judged(tmp_path / "reports", capsys, written(tmp_path / "list.yaml", listed))
    assert judged.verdicts["vultr.pagination.meta-on-lists"] == "not-exercised"


def test_a_body_that_is_not_known_has_nothing_planted_in_it() -> None:
    sampler = Sampler()
    sampler.begin({})
    for unread in (None, "its coding is not known", None):
        exchange = evolve(said(1), response=evolve(said(1).response, unread=unread))
        sampler.see(exchange)
        sampler.note(Evidence(RECORD, "GET /v2/account", HELD, exchange))
    trials = Trials(VULTR)
    trials.scores(sampler)
    assert trials.problems == []


def test_what_fails_to_plant_is_told_and_loses_no_verdict(
    tmp_path: Path, capsys: Captured, traffic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PLANTS, "errors.envelope", lambda _: 1 // 0)
    judged = Judged(tmp_path / "reports", capsys, "--faults", traffic)
    assert judged.status == 0
    assert judged.verdicts["vultr.errors.error-attribute"] == "passed"
    assert any("no defects were planted for vultr.errors.error-attribute" in line for line in judged.report["warnings"])
