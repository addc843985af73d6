"""What no clean-up can find or reach is told, and taken off the ledgers when somebody says so."""

from __future__ import annotations

import pytest

from conformance.commands.main import main
from conformance.contract.needs import Need
from conformance.properties import cleanup
from conformance.selftest.test_cleanup import ALIKE, OURS, domains, ledger_of, make, served, state
from conformance.targets.ledger import Ledger, Made, left, state_folder

__all__ = ["state"]

DOUBTED = "a create was answered with domain theirs.example.com, which may have been there before"


def doubted(url: str) -> None:
    """The ledger of a run whose create was answered with the id of something else."""
    head = {"run": "0a1b2c3d", "prefix": "conformance-0a1b2c3d", "api": "vultr", "target": url, "base_url": url}
    ledger = Ledger.begin(state_folder(), {**head, "session": None, "pid": 1})
    made = Made(1, "POST /v2/domains", name=OURS)
    ledger.sent(made)
    made.status, made.why = 201, DOUBTED
    ledger.answered(made)
    ledger.release()


@pytest.mark.usefixtures("state")
def test_a_doubted_create_that_is_never_found_is_told_until_it_is_forgotten(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleanup, "POLL_SECONDS", 0.01)
    with served() as url:
        before = domains(url)
        doubted(url)
        for _ in range(2):
            assert main(["cleanup"]) == 1
            told = capsys.readouterr().out
            assert f"domain {OURS}: not deleted: {DOUBTED}" in told
            assert "--forget takes what is left off the ledgers" in told
        assert main(["cleanup", "--forget"]) == 0
        told = capsys.readouterr().out
        assert f"domain {OURS}: not deleted: {DOUBTED}" in told
        assert f"forgotten: POST /v2/domains of {OURS}" in told
        assert main(["cleanup"]) == 0
        assert capsys.readouterr().out == "nothing is left\n"
        assert domains(url) == before


@pytest.mark.usefixtures("state")
def test_what_can_be_deleted_is_deleted_and_not_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    with served() as url:
        make(url, ALIKE)
        before = domains(url)
        make(url, OURS)
        ledger_of(url, OURS, answered=True)
        assert main(["cleanup", "--forget"]) == 0
        assert domains(url) == before
    assert capsys.readouterr().out == f"domain {OURS}: deleted\nnothing is left\n"


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize("target", ["http://127.0.0.1:9", "a-name-that-is-gone"])
def test_a_target_that_is_gone_is_forgotten_with_what_was_made_there(
    target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = ledger_of(target, OURS)
    assert main(["cleanup"]) == 1
    assert main(["cleanup", "--forget"]) == 0
    assert f"forgotten: POST /v2/domains of {OURS}" in capsys.readouterr().out
    assert not path.exists()
    assert list(left(state_folder())) == []


@pytest.mark.usefixtures("state")
def test_only_what_is_concerned_is_forgotten() -> None:
    path = ledger_of("http://127.0.0.1:9", OURS)
    assert main(["cleanup", "--forget", "--target", "https://api.vultr.com"]) == 0
    assert path.exists()


@pytest.mark.parametrize(
    ("need", "text"),
    [
        (Need.parameter("org_id"), "a value of org_id (--parameter org_id=…)"),
        (Need.parameter("org_id", 2), "2 values of org_id (--parameter org_id=…)"),
        (Need.disposable("teamId"), "a teamId that may be written to (--disposable teamId=…)"),
        (Need.credential("second", "X_TOKEN"), "the credential 'second' (set X_TOKEN)"),
        (Need.capability("writes"), "writes (--allow-writes)"),
        (Need.capability("tls"), "a target that is reached over TLS (an https URL)"),
        (Need.capability("clock"), "the capability 'clock' (capabilities of the target)"),
        (Need.fact("releases", "a table of releases"), "a table of releases (facts.releases of the target)"),
    ],
)
def test_a_need_says_what_is_lacked_and_what_to_type_for_it(need: Need, text: str) -> None:
    assert f"{need.what} ({need.how})" == text
