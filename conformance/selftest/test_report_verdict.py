"""The whole verdict table, shown at once."""

from __future__ import annotations

from itertools import permutations

from conformance.contract.verdict import Outcome, Verdict, verdict_of, worst

TABLE = """
                        broken  violated   stale  held             blocked  not-recorded  unsupported  not-exercised
MUST text               broken  failed     stale  passed           blocked  not-recorded  unsupported  not-exercised
MUST example            broken  failed     stale  passed           blocked  not-recorded  unsupported  not-exercised
MUST implied            broken  warned     stale  passed           blocked  not-recorded  unsupported  not-exercised
SHOULD text             broken  warned     stale  passed           blocked  not-recorded  unsupported  not-exercised
SHOULD example          broken  warned     stale  passed           blocked  not-recorded  unsupported  not-exercised
SHOULD implied          broken  warned     stale  passed           blocked  not-recorded  unsupported  not-exercised
MAY text                broken  noted      stale  passed           blocked  not-recorded  unsupported  not-exercised
MAY example             broken  noted      stale  passed           blocked  not-recorded  unsupported  not-exercised
MAY implied             broken  noted      stale  passed           blocked  not-recorded  unsupported  not-exercised
MUST text strict        broken  failed     stale  passed           blocked  not-recorded  unsupported  not-exercised
MUST implied strict     broken  failed     stale  passed           blocked  not-recorded  unsupported  not-exercised
SHOULD text strict      broken  failed     stale  passed           blocked  not-recorded  unsupported  not-exercised
MAY text strict         broken  noted      stale  passed           blocked  not-recorded  unsupported  not-exercised
MUST text listed        broken  deviates   stale  unexpected-pass  blocked  not-recorded  unsupported  not-exercised
SHOULD text listed      broken  deviates   stale  unexpected-pass  blocked  not-recorded  unsupported  not-exercised
MAY text listed         broken  deviates   stale  unexpected-pass  blocked  not-recorded  unsupported  not-exercised
MUST text listed strict broken  deviates   stale  unexpected-pass  blocked  not-recorded  unsupported  not-exercised
"""


def test_the_verdict_table() -> None:
    first, *lines = TABLE.strip("\n").splitlines()
    outcomes = [Outcome(name) for name in first.split()]
    assert outcomes == list(Outcome)
    for line in lines:
        strength, basis, *flags = line[:24].split()
        verdicts = {
            outcome.value: verdict_of(
                outcome,
                strength=strength,
                basis=basis,
                deviation_listed="listed" in flags,
                strict="strict" in flags,
            ).value
            for outcome in outcomes
        }
        assert verdicts == dict(zip(first.split(), line[24:].split(), strict=True)), line[:24]


def test_the_worst_verdict_stands_for_several_and_passed_beats_the_unseen() -> None:
    ranked = list(Verdict)
    for one, other in permutations(ranked, 2):
        assert worst([one, other]) == min(one, other, key=ranked.index)
    assert [verdict.value for verdict in ranked if not verdict.seen] == [
        "broken",
        "stale",
        "blocked",
        "not-recorded",
        "unsupported",
        "not-exercised",
    ]
    assert ranked.index(Verdict.PASSED) == len(ranked) - 5
    assert worst([]) is Verdict.NOT_EXERCISED


def test_what_fails_a_run() -> None:
    failing = [verdict.value for verdict in Verdict if verdict.fails_run]
    assert failing == ["broken", "failed", "unexpected-pass", "stale"]
