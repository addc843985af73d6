"""Stateful properties: lists that respect their model, replays that draw nothing, and failures told as a timeline."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from conformance import reference
from conformance.contract import load
from conformance.contract.verdict import Outcome, Verdict
from conformance.properties import (
    Item,
    Model,
    NotExercised,
    Play,
    Run,
    Steps,
    Subject,
    assert_equal,
    do,
    follow,
    items_of,
    requirement,
    stateful,
    step,
    steps,
)
from conformance.properties.steps import MOST, lists_of
from conformance.reference import VirtualClock
from conformance.reference.core import Handler, Server
from conformance.reference.edits import put, rewrite
from conformance.reference.faults import Fault, Plant
from conformance.reference.messages import Request, Response
from conformance.reference.plants import handled
from conformance.reference.serve import serve
from conformance.reference.zeit.policies import Refusal, stable_id
from conformance.report.events import EventLog, read_events
from conformance.report.events import Target as Answers
from conformance.report.html import render_html
from conformance.report.journal import Journal, header
from conformance.report.json_report import render_json
from conformance.report.markdown import render_markdown
from conformance.report.model import Report
from conformance.selftest.servers import TESTS, TOKEN, VULTR, Runner, raw_server, reply, url_target
from conformance.shipped import SUITE
from conformance.suite.zeit import models
from conformance.suite.zeit.playing import MOVED, PlayedAliases
from conformance.targets import CassetteTarget, ReferenceTarget, UrlTarget
from conformance.targets.clock import ManualClock
from conformance.traffic import cassette
from conformance.traffic.cassette import Take

ZEIT = load("zeit")
ACTIVE, OTHER = "vultr.auth.bad-key-401", "vultr.auth.no-key-401"
ACCOUNT = VULTR.operation("GET /v2/account")
MODELS = [models.Deployments, models.Files, models.Aliases, models.Secrets, models.Domains, models.Members]
DEPLOY = "POST /v6/now/deployments"
ASSIGN = "POST /v2/now/deployments/{deploymentId}/aliases"
OLD_ID = "zeit.crud.alias-move/first-old-id-for-ever"


class Lamp(Model):
    """A lamp that is on or off."""

    def __init__(self) -> None:
        super().__init__()
        self.on = False

    @step(to=lambda model: [not model.on])
    def turn(self, to: bool) -> None:
        self.on = to

    @step(times=(1, 2))
    def wait(self, times: int) -> None:
        pass


class PlayedLamp(Play):
    """A lamp that burns out the third time that it is turned on, as its client sees it."""

    model_of = Lamp

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self.turns = 0

    def turn(self, to: bool) -> None:
        exchange = self.client.call(ACCOUNT)
        self.turns += to
        with self.about(ACTIVE):
            assert_equal(to and self.turns < 3, to, "the light", exchange=exchange)

    def wait(self, times: int) -> None:
        for _ in range(times):
            self.client.call(ACCOUNT)


NIGHT = [
    do("wait", times=2),
    do("turn", to=True),
    do("turn", to=False),
    do("wait", times=1),
    do("turn", to=True),
    do("turn", to=False),
    do("turn", to=True),
    do("wait", times=1),
]


def lamp_item(given: Steps, played: type[Play] = PlayedLamp, cited: str = ACTIVE) -> Item:
    def burns(subject: Subject) -> None:
        follow(played, subject, given)

    return Item(requirement(cited)(burns), VULTR.requirements[cited], ACCOUNT.id, "test_selftest/test_own")


@pytest.mark.parametrize("model", MODELS)
def test_every_list_holds_only_steps_that_are_possible(model: type[Model]) -> None:
    class Checked(model):  # type: ignore[valid-type, misc]
        def teardown(self) -> None:
            state = model()
            for name, arguments in json.loads(json.dumps(self.taken)):
                state.check(name, arguments)
                getattr(state, name)(**arguments)
            assert state.known() == self.known()

    run_state_machine_as_test(Checked, settings=settings(max_examples=30, stateful_step_count=MOST, deadline=None))


@pytest.mark.parametrize("model", MODELS)
def test_the_same_name_draws_the_same_lists_and_each_once(model: type[Model]) -> None:
    lists = lists_of(model, "an item")
    assert lists == lists_of.__wrapped__(model, "an item")
    assert lists != lists_of(model, "another item")
    assert all(one not in lists[:number] for number, one in enumerate(lists))
    assert all(1 <= len(case["steps"]) <= MOST for case in lists)
    assert json.loads(json.dumps(lists)) == lists


def test_a_list_that_fails_is_told_without_the_steps_that_it_does_not_need() -> None:
    result = Run(VULTR, ReferenceTarget(VULTR)).run(lamp_item(NIGHT))
    (shown,) = result.shown
    assert [moment.step for moment in shown.timeline] == [
        "1. turn(to=true)",
        "2. turn(to=false)",
        "3. turn(to=true)",
        "4. turn(to=false)",
        "5. turn(to=true)",
    ]
    assert result.reason == shown.finding.message
    assert shown.finding.message.endswith(", turn(to=false), turn(to=true)")
    assert shown.exchange == shown.timeline[-1].exchange


def test_a_server_that_others_use_is_asked_once_and_told_up_to_the_step_that_failed() -> None:
    with raw_server(lambda _: reply({"account": {}})) as server:
        target = url_target(server.url)
        (shown,) = Run(VULTR, target).run(lamp_item(NIGHT)).shown
        target.close()
    assert server.requests == len(shown.timeline) == 8
    assert shown.timeline[0].step == shown.timeline[1].step == "1. wait(times=2)"
    assert shown.timeline[-1].step == "7. turn(to=true)"


def test_a_list_that_holds_is_evidence() -> None:
    result = Run(VULTR, ReferenceTarget(VULTR)).run(lamp_item(NIGHT[:6]))
    assert (result.outcome, result.held) == (Outcome.HELD, 4)


def test_what_is_asserted_about_another_requirement_neither_holds_nor_fails() -> None:
    run = Run(VULTR, ReferenceTarget(VULTR))
    for given_steps in (NIGHT[:6], NIGHT):
        assert run.run(lamp_item(given_steps, cited=OTHER)).outcome is Outcome.NOT_EXERCISED


@pytest.mark.parametrize(
    "wrong", [do("burn"), do("turn"), do("turn", to=False), do("turn", to="on"), do("wait", times=3), do("known")]
)
def test_a_step_that_the_model_does_not_have_is_stale_and_never_done(wrong: list[Any]) -> None:
    run = Run(VULTR, ReferenceTarget(VULTR))
    result = run.run(lamp_item([wrong]))
    assert result.outcome is Outcome.STALE
    assert "record the test with --record --redraw" in str(result.reason)
    assert run.exchanges == 0


def test_what_refuses_a_step_is_looked_at_before_the_list_is_given_up() -> None:
    class Refused(PlayedLamp):
        def turn(self, to: bool) -> None:
            raise NotExercised("the control was refused")

        def end(self) -> None:
            with self.about(ACTIVE):
                assert_equal("dark", "light", "the lamp", exchange=self.client.call(ACCOUNT))

    result = Run(VULTR, ReferenceTarget(VULTR)).run(lamp_item([do("turn", to=True)], Refused))
    assert result.outcome is Outcome.VIOLATED


def conflicting(kept: Handler, server: Server, request: Request) -> Response:
    """A domain with an alias is not removed, as the document says elsewhere."""
    name = request.arguments["domain"]
    names = [one["alias"] for one in server.store["aliases"].of(request.account) if one["alias"] == name]
    if names:
        raise Refusal(400, "conflict_aliases", "Aliases must be removed before.", aliases=names)
    return kept(server, request)


def by_content(kept: Handler, server: Server, request: Request) -> Response:
    """The id of a deployment that nobody forced is that of its content, also after a DELETE."""
    deployments = server.store["deployments"]
    there = {record["id"] for record in deployments.of(request.account)}
    answer = kept(server, request)
    record = deployments.get(request.account, answer.json["id"])
    # What stood there before keeps its id, also one that was forced.
    if record is None or record["id"] in there or request.query.get("forceNew") == "1":
        return answer
    identity = stable_id(f"deployment {record['input']}")
    deployments.remove(request.account, record["id"])
    deployments.add(request.account, {**record, "id": identity})
    return answer.with_json({**answer.json, "id": identity})


FREEDOMS: dict[str, tuple[str, Plant]] = {
    "a domain with an alias stays": ("domains", handled(conflicting, "DELETE /v2/domains/{domain}")),
    "an id is that of the content": ("deployments", handled(by_content, DEPLOY)),
    "a url comes later": ("deployments", rewrite(lambda _request, body: {**body, "url": None}, on=DEPLOY)),
    "an alias tells oldID": (
        "aliases",
        rewrite(lambda _, body: {name.replace("oldId", "oldID"): value for name, value in body.items()}, on=ASSIGN),
    ),
    "nothing is told to be missing": ("files", put("/error/missing", [], on=DEPLOY, status=400)),
}
"""What no document rules out → the machine that meets it, and what makes a server so."""


@pytest.mark.parametrize("freedom", FREEDOMS)
def test_a_server_is_accused_of_no_freedom(freedom: str) -> None:
    machine, plant = FREEDOMS[freedom]
    run = Run(ZEIT, ReferenceTarget(ZEIT, fault=Fault(f"{MOVED}/freedom", MOVED, freedom, plant)))
    (name,) = [name for name in TESTS if name.startswith(f"test_machines/test_{machine}_")]
    results = {item.id: run.run(item) for item in items_of(TESTS[name], name, ZEIT)}
    assert results
    assert {item: result.reason for item, result in results.items() if result.outcome is not Outcome.HELD} == {}


def alias_item(seen: list[Steps]) -> Item:
    def moves(subject: Subject, steps: Steps) -> None:
        seen.append(steps)
        follow(PlayedAliases, subject, steps)

    bound = requirement(MOVED)(stateful(models.Aliases)(moves))
    return Item(bound, ZEIT.requirements[MOVED], ASSIGN, "test_selftest/test_own")


def faulty() -> ReferenceTarget:
    return ReferenceTarget(ZEIT, fault=next(one for one in reference.faults_of("zeit") if one.id == OLD_ID))


def test_a_replay_runs_the_recorded_lists_and_draws_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, target, outcome in (
        ("right", ReferenceTarget(ZEIT), Outcome.HELD),
        ("wrong", faulty(), Outcome.VIOLATED),
    ):
        recorded, replayed = list[Steps](), list[Steps]()
        takes: dict[str, dict[str, Take]] = {}
        assert Run(ZEIT, target, recording=takes).run(alias_item(recorded)).outcome is outcome
        for test, by_item in takes.items():
            cassette.write(tmp_path / name / f"{test}.yaml", target.recorded_provenance(), by_item)
        with monkeypatch.context() as patch:
            patch.setattr(steps, "lists_of", lambda *_: pytest.fail("drew"))
            result = Run(ZEIT, CassetteTarget(ZEIT, tmp_path / name)).run(alias_item(replayed))
        assert (result.outcome, replayed) == (outcome, recorded)
        assert bool(result.shown and result.shown[0].timeline) == (outcome is Outcome.VIOLATED)


def test_a_fault_of_many_moves_is_told_by_the_moves_that_show_it() -> None:
    result = Run(ZEIT, faulty()).run(alias_item([]))
    (shown,) = result.shown
    moves = [moment.step for moment in shown.timeline if moment.step[0].isdigit()]
    assert len(moves) == 3
    assert all("assign(" in move for move in moves)


def test_what_was_renamed_is_deleted_from_a_server_that_others_use() -> None:
    name = "test_machines/test_secrets_after_any_steps"
    server = reference.build("zeit", clock=VirtualClock(), credentials={"default": TOKEN}, require_https=False)
    before = dict(server.store["secrets"].rows)
    with serve(server) as url:
        target = UrlTarget(
            contract=ZEIT,
            name="selftest",
            base_url=url,
            credentials={"default": TOKEN},
            clock=ManualClock(),
            capabilities=frozenset({"writes"}),
        )
        run = Run(ZEIT, target, fresh_names=True)
        outcomes = [run.run(item).outcome for item in items_of(TESTS[name], name, ZEIT)]
        run.finish()
        target.close()
    assert Outcome.HELD in outcomes
    assert set(outcomes) <= {Outcome.HELD, Outcome.NOT_EXERCISED}
    assert run.leftovers == []
    assert server.store["secrets"].rows == before


def test_every_report_shows_the_timeline(tmp_path: Path) -> None:
    target = faulty()
    (shown,) = Run(ZEIT, target).run(alias_item([])).shown
    timeline = [(moment.step, moment.exchange) for moment in shown.timeline]
    answers = Answers(name="reference", kind="reference")
    with EventLog(tmp_path / "events.ndjson") as log:
        journal = Journal(log)
        log.write(header([ZEIT], answers, {"zeit": target.provenance}, {}))
        journal.found(ZEIT, MOVED, ASSIGN, shown.finding, shown.exchange, timeline)
        journal.verdict(MOVED, ASSIGN, Verdict.FAILED, reason="it moved", test="a::b", held=1)
        journal.close(1)
    report = Report.from_events(read_events([tmp_path / "events.ndjson"]))
    page, text, data = unescape(render_html(report)), render_markdown(report), json.loads(render_json(report))
    assert timelines(data) == [[(step, exchange.request.method) for step, exchange in timeline]]
    assert page.count('<ol class="timeline">') == 1
    for step_text, exchange in timeline:
        assert step_text in page
        assert step_text in text
        assert f"{exchange.request.method} {exchange.request.url} → {exchange.response.status}" in text
    assert page.count("curl -i") == text.count("curl -i") == len(timeline) + 1


def test_the_terminal_shows_the_steps_with_a_line_that_repeats_each(
    suite: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = next(one for one in reference.faults_of("zeit") if one.id == OLD_ID)
    monkeypatch.setenv(ZEIT.conventions.auth.credentials["default"], TOKEN)
    server = reference.build(
        "zeit", clock=VirtualClock(), fault=fault, credentials={"default": TOKEN}, require_https=False
    )
    with serve(server) as url:
        ran = suite(
            "--api", "zeit", "--target", url, "--allow-writes", "-k", "after_any_moves and alias-move",
            paths=(SUITE / "zeit" / "test_machines.py",),
        )  # fmt: skip
    assert ran.outcomes == {f"{MOVED}[{ASSIGN}]": "failed"}, ran.text
    told = ran.text[ran.text.index("  steps:") :].splitlines()
    first = next(number for number, line in enumerate(told) if line.startswith("    1. assign("))
    assert told[first + 1].startswith(f"      POST {url}/v2/now/deployments/")
    assert told[first + 2].startswith("        curl -i -X POST ")
    assert TOKEN not in ran.text
    assert [len(steps) > 1 for steps in timelines(ran.report)] == [True]


def timelines(value: Any) -> list[list[tuple[str, str]]]:
    """Every timeline below a JSON value that is not empty."""
    if isinstance(value, list):
        return [found for each in value for found in timelines(each)]
    if not isinstance(value, dict):
        return []
    own = [[(one["step"], one["exchange"]["request"]["method"]) for one in value.get("timeline", [])]]
    return [found for found in own if found] + [
        found for name, each in value.items() if name != "timeline" for found in timelines(each)
    ]
