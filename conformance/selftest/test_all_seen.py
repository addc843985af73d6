"""A verdict is given when all has been seen: whatever exchange of a run breaks a rule, and whoever made it."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from conformance import suite as whole_suite
from conformance.contract import Contract, contracts, load
from conformance.contract.verdict import Outcome
from conformance.properties import Item, Run, items_of
from conformance.selftest.servers import Runner
from conformance.targets.target import CASSETTES, CassetteTarget

SAMPLES = 25
"""Exchanges of each API that are changed, one at a time."""

TYPED = {
    "netlify": "netlify.content-type.json-responses",
    "snyk": "snyk.content-type.response-media-type",
    "vercel": "vercel.content-type.response-json",
    "vultr": "vultr.content-type.response-json",
    "zeit": "zeit.content-type.response-json",
}

ONLY_JSON = ("netlify",)
"""APIs whose documents ask of bodies that they are JSON, and nothing of their type."""


def interactions_of(path: Path) -> tuple[dict[str, Any], list[int]]:
    """A cassette, and its successful answers with a body, by number."""
    text = path.read_text("utf-8")
    # One that holds bytes is YAML.
    data = json.loads(text) if text.startswith("{") else yaml.load(text, Loader=yaml.CSafeLoader)
    found = [
        number
        for number, said in enumerate(data["interactions"])
        if said["response"]["status"]["code"] == 200 and said["response"]["body"]["string"]
    ]
    return data, found


def text_of(data: dict[str, Any]) -> str:
    try:
        return json.dumps(data)
    except TypeError:
        return str(yaml.dump(data, Dumper=yaml.CSafeDumper))


def type_of(said: dict[str, Any]) -> str:
    """The name of the header that gives the type of an answer, as it is written there."""
    return next(str(name) for name in said["response"]["headers"] if name.lower() == "content-type")


def as_html(said: dict[str, Any]) -> None:
    said["response"]["headers"][type_of(said)] = ["text/html"]


def as_page(said: dict[str, Any]) -> None:
    as_html(said)
    said["response"]["body"]["string"] = "<html></html>"
    said["response"]["headers"] = {
        name: values for name, values in said["response"]["headers"].items() if name.lower() != "content-length"
    }


def is_described(contract: Contract, said: dict[str, Any]) -> bool:
    """Whether an answer is JSON that the document gives the form of."""
    path = urlsplit(said["request"]["uri"]).path.removeprefix(contract.base_path)
    operation = contract.router.find(said["request"]["method"], path)
    described = operation is not None and any(form for status, form in operation.responses.items() if status[0] == "2")
    return described and "json" in said["response"]["headers"][type_of(said)][0]


def all_items(api: str) -> list[Item]:
    contract = load(api)
    return [item for test in whole_suite.tests() for item in items_of(test.function, test.name, contract)]


@pytest.mark.parametrize("api", contracts())
def test_a_violation_in_any_exchange_of_any_cassette_is_seen(api: str, tmp_path: Path) -> None:
    """One answer of one recording is HTML: its requirement is violated, wherever the answer stands."""
    dice, contract = Random(api), load(api)
    change = as_page if api in ONLY_JSON else as_html
    items = all_items(api)
    paths = sorted((CASSETTES / api).rglob("*.yaml"))
    missed = []
    for sample in range(SAMPLES):
        path = dice.choice(paths)
        data, found = interactions_of(path)
        if api in ONLY_JSON:
            found = [number for number in found if is_described(contract, data["interactions"][number])]
        if not found:
            continue
        number = dice.choice(found)
        change(data["interactions"][number])
        test = str(path.relative_to(CASSETTES / api).with_suffix(""))
        folder = tmp_path / str(sample)
        (folder / test).parent.mkdir(parents=True)
        (folder / f"{test}.yaml").write_text(text_of(data), encoding="utf-8")
        run = Run(load(api), CassetteTarget(load(api), folder))
        typed = [item for item in items if item.requirement.id == TYPED[api]]
        for item in (*typed, *(item for item in items if item.test == test)):
            run.attempt(item)
        if not any(run.result(item).outcome is Outcome.VIOLATED for item in typed):
            missed.append(f"{test}#{number + 1}")
    assert missed == []


def changed(folder: Path, test: str) -> Path:
    """The shipped cassettes of an API, of which the last exchange of one test is answered in text/html."""
    for path in (CASSETTES / "vultr").rglob("*.yaml"):
        copy = folder / path.relative_to(CASSETTES)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    path = folder / "vultr" / f"{test}.yaml"
    data, found = interactions_of(path)
    as_html(data["interactions"][found[-1]])
    path.write_text(text_of(data), encoding="utf-8")
    return folder


LATE = "test_pagination/test_walk_visits_every_record_exactly_once"


class Backwards:
    """Turns the items round, as a plugin that shuffles them might."""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.reverse()


def report_of(suite: Runner) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((suite.folder / "reports" / "report.json").read_text("utf-8"))
    report.pop("run", None)
    return {name: value for name, value in report.items() if name not in ("started", "options", "streams")}


def test_what_a_walk_shows_late_fails_the_item_that_ran_first(suite: Runner, tmp_path: Path) -> None:
    """pytest's outcome, the exit status and the report agree, in whatever order the items are run."""
    suite.replay_from(changed(tmp_path / "changed", LATE))
    ran = suite()
    verdicts = {name: verdict for name, verdict in ran.verdicts.items() if name.startswith(TYPED["vultr"])}
    assert ran.status == 1
    assert "failed" in verdicts.values()
    assert {name for name, outcome in ran.outcomes.items() if outcome == "failed"} == {
        name for name, verdict in ran.verdicts.items() if verdict == "failed"
    }
    expected = report_of(suite)
    assert suite(plugins=(Backwards(),)).status == 1
    assert report_of(suite) == expected


def test_every_way_of_dividing_a_run_comes_to_the_same_report(suite: Runner, tmp_path: Path) -> None:
    suite.replay_from(changed(tmp_path / "changed", LATE))
    few = ("-k", "content-type or walk-exactly-once")
    assert suite(*few).status == 1
    expected = report_of(suite)
    for dist in ("loadscope", "loadfile", "worksteal"):
        assert suite(*few, "-n", "2", "--dist", dist).status == 1, dist
        assert report_of(suite) == expected, dist
