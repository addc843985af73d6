"""Every verdict, provoked on the real suite: what pytest, the report and JUnit make of it, and the exit status."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from attrs import evolve

from conformance.selftest.servers import Ran, Runner, dying, raw_server, reference_url, reply
from conformance.targets.target import CASSETTES
from conformance.traffic import cassette

BAD_KEY = "vultr.auth.bad-key-401[GET /v2/account]"
UNIQUE = "vultr.types.ids-unique[GET /v2/plans]"
CATALOGUE = "vultr.auth.public-catalogue[GET /v2/applications]"
GONE = "vultr.crud.delete-then-404[DELETE /v2/domains/{dns-domain}]"
LARGEST = "vultr.pagination.per-page-max-500[GET /v2/applications]"

JUNIT = {"broken": "error", "failed": "failure", "unexpected-pass": "failure", "stale": "failure"}
PYTEST = {"not-recorded": "skipped", "unsupported": "skipped", "not-exercised": "skipped"}


def only(item: str) -> tuple[str, str]:
    """Selects an item by what `-k` can say."""
    requirement, _, operation = item.partition("[")
    return "-k", f"{requirement.rpartition('.')[2]} and {operation.rpartition('/')[2].strip(']{}')}"


def junit(ran: Ran) -> dict[str, str]:
    """Item id → `passed`, `skipped`, `failure` or `error`, as `junit.xml` has it."""
    root = ElementTree.parse(ran.folder / "junit.xml").getroot()
    return {
        case.get("name", ""): next(
            (child.tag for child in case if child.tag in ("skipped", "failure", "error")), "passed"
        )
        for case in root.iter("testcase")
        if case.get("classname") != "conformance"
    }


def came_to(ran: Ran, item: str, verdict: str) -> None:
    """The report, JUnit, pytest and the exit status say the same of an item."""
    assert ran.verdicts[item] == verdict
    failing = verdict in JUNIT
    outcome = "failed" if failing else PYTEST.get(verdict, "passed")
    assert ran.outcomes[item] == outcome
    assert junit(ran)[item] == JUNIT.get(verdict, outcome)
    seen = verdict not in PYTEST
    assert ran.status == (1 if failing or not seen else 0)
    assert ran.report["exit_status"] == ran.status
    assert f"exit status {ran.status}: " in ran.text
    assert "Traceback" not in ran.text


def deviations(folder: Path, requirement: str, operation: str | None = None) -> str:
    path = folder / "known.yaml"
    record = f"- requirement: {requirement}\n  reason: known for long\n  since: 2026-01-01\n"
    path.write_text(f"deviations:\n{record}" + (f"  operation: {operation}\n" if operation else ""), encoding="utf-8")
    return str(path)


def split(item: str) -> tuple[str, str]:
    requirement, _, operation = item.partition("[")
    return requirement, operation.removesuffix("]")


def test_passed(suite: Runner) -> None:
    came_to(suite(*only(BAD_KEY)), BAD_KEY, "passed")


def test_failed_and_told_with_all_it_takes_to_see_it(suite: Runner) -> None:
    with reference_url("vultr.auth.bad-key-401/basic-accepted") as url:
        ran = suite("--target", url, *only(BAD_KEY))
    came_to(ran, BAD_KEY, "failed")
    for line in (
        f"failed: {BAD_KEY}",
        "requirement: Invalid key or scheme ⇒ 401. (MUST, text)",
        "source:      Vultr API (2.0), Authentication; Response Codes: https://www.vultr.com/api/",
        "expected:    401",
        "actual:      200 OK",
        f"request:     GET {url}/v2/account",
        "response:    200 OK  {",
        "again:       curl -i ",
    ):
        assert line in ran.text


def test_warned_and_with_strict_failed(suite: Runner) -> None:
    with reference_url("vultr.types.ids-unique/last-id-repeats-first") as url:
        came_to(suite("--target", url, *only(UNIQUE)), UNIQUE, "warned")
        came_to(suite("--target", url, "--strict", *only(UNIQUE)), UNIQUE, "failed")


def test_noted(suite: Runner) -> None:
    with reference_url("vultr.auth.public-catalogue/anonymous-total-differs") as url:
        came_to(suite("--target", url, *only(CATALOGUE)), CATALOGUE, "noted")


def test_broken(suite: Runner) -> None:
    with raw_server(dying()) as server:
        came_to(suite("--target", server.url, *only(BAD_KEY)), BAD_KEY, "broken")


CASSETTE = "vultr/test_auth/test_a_wrong_credential_is_refused.yaml"


def test_stale(suite: Runner, tmp_path: Path) -> None:
    recorded = cassette.read(CASSETTES / CASSETTE)
    takes = {}
    for item, take in recorded.takes.items():
        elsewhere = [
            evolve(said, request=evolve(said.request, url=f"{said.request.url}?then=1")) for said in take.interactions
        ]
        takes[item] = evolve(take, interactions=tuple(elsewhere))
    cassette.write(tmp_path / CASSETTE, recorded.provenance, takes)
    suite.replay_from(tmp_path)
    ran = suite(*only(BAD_KEY))
    came_to(ran, BAD_KEY, "stale")
    assert "record it again with --record" in ran.text


@pytest.mark.parametrize("part", [0.0, 0.3, 0.6, 0.9])
def test_a_cassette_that_was_cut_off_is_broken(suite: Runner, tmp_path: Path, part: float) -> None:
    whole = (CASSETTES / CASSETTE).read_bytes()
    (tmp_path / CASSETTE).parent.mkdir(parents=True)
    (tmp_path / CASSETTE).write_bytes(whole[: int(len(whole) * part)])
    suite.replay_from(tmp_path)
    ran = suite(*only(BAD_KEY))
    came_to(ran, BAD_KEY, "broken")
    assert f"what:        {tmp_path / CASSETTE}: " in ran.text


def test_not_recorded(suite: Runner, tmp_path: Path) -> None:
    suite.replay_from(tmp_path)
    came_to(suite(*only(BAD_KEY)), BAD_KEY, "not-recorded")


def test_unsupported_and_the_capability_named(suite: Runner) -> None:
    with raw_server(lambda _: reply({})) as server:
        ran = suite("--target", server.url, *only(GONE))
    came_to(ran, GONE, "unsupported")
    assert "needs the capability 'writes', which this target lacks; --allow-writes grants it" in str(ran.report)


def test_not_exercised(suite: Runner) -> None:
    came_to(suite(*only(LARGEST)), LARGEST, "not-exercised")


def test_deviates(suite: Runner, tmp_path: Path) -> None:
    with reference_url("vultr.auth.bad-key-401/basic-accepted") as url:
        ran = suite("--target", url, "--deviations", deviations(tmp_path, *split(BAD_KEY)), *only(BAD_KEY))
    came_to(ran, BAD_KEY, "deviates")
    assert "known for long" in (ran.folder / "report.html").read_text("utf-8")


def test_unexpected_pass(suite: Runner, tmp_path: Path) -> None:
    ran = suite("--deviations", deviations(tmp_path, *split(BAD_KEY)), *only(BAD_KEY))
    came_to(ran, BAD_KEY, "unexpected-pass")
    assert "a listed deviation now holds: take it off the list" in ran.text


def test_a_deviation_without_an_operation_is_stale_once_none_deviates(suite: Runner, tmp_path: Path) -> None:
    known = deviations(tmp_path, "vultr.errors.unknown-404")
    with reference_url("vultr.errors.unknown-404/unknown-user-400") as url:
        assert suite("--target", url, "--deviations", known, "-k", "unknown-404").status == 0
    ran = suite("--deviations", known, "-k", "unknown-404")
    assert ran.status == 1
    assert list(ran.verdicts.values()).count("unexpected-pass") == 1


def test_broken_is_excused_by_no_deviation(suite: Runner, tmp_path: Path) -> None:
    known = deviations(tmp_path, *split(BAD_KEY))
    with raw_server(dying()) as server:
        came_to(suite("--target", server.url, "--deviations", known, *only(BAD_KEY)), BAD_KEY, "broken")
