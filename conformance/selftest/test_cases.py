"""The small inputs of ../shared/cases, each of which once went wrong: every file comes to its right outcome."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from attrs import field, frozen

from conformance.selftest.judging import Judged
from conformance.selftest.servers import ROOT
from conformance.traffic.redact import NAME_MARK

CASES = ROOT.parent / "shared" / "cases"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="../shared/cases is not beside this checkout")


@frozen
class Outcome:
    """What a file comes to.

    Attributes:
        exchanges: how many are judged.
        verdicts: requirement → verdict.
        says: texts that the terminal shows.
        silent: texts that no artefact and no line holds.
    """

    api: str
    status: int = 0
    exchanges: int = 1
    verdicts: Mapping[str, str] = field(factory=dict)
    says: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


def read(api: str = "vultr", exchanges: int = 1, **verdicts: str) -> Outcome:
    """It is read whole, and nothing fails."""
    return Outcome(api, exchanges=exchanges, verdicts=verdicts)


def refused(why: str, exchanges: int = 0) -> Outcome:
    """One line says why there is nothing to judge in it."""
    return Outcome("vultr", 1, exchanges, says=(why, "1 error"))


JSON = "vultr.content-type.response-json"
TWO_TYPES = Outcome("vultr", 1, verdicts={JSON: "failed"}, says=(f"failed {JSON}[GET /v2/domains]",))

OUTCOMES: dict[str, Outcome] = {
    "crash-next-ipv6.json": Outcome("snyk", 1, verdicts={"snyk.pagination.links-are-urls": "failed"}),
    "wrong-api-green.json": refused("none of the 1 exchanges is with vultr (api.vultr.com): the hosts seen are api."),
    "mixed-host.json": Outcome("vultr", says=("2 exchanges with other hosts are left out: acme-v02.",)),
    "foreign-host-same-path.json": Outcome("vercel", says=("1 exchanges with other hosts are left out: api.other.ex",)),
    "python-unicode.yaml": read(),
    "vcrpy942-requests-file-body.yaml": read(),
    "vcrpy942-aiohttp-json.yaml": read(exchanges=4),
    "httpx-old-format.json": read(),
    "body-missing.json": Outcome(
        "vultr",
        1,
        verdicts={JSON: "not-exercised"},
        says=("body-missing.json#1: the response has no body in this recording; its content is not judged",),
    ),
    "parsed-body.json": read(),
    "vcrpy942-httpx-brotli.yaml": read(exchanges=4),
    "enc-x-gzip.yaml": read(),
    "go-vcr-v1.yaml": read(),
    "pact.json": refused("pact.json: is a Pact contract, which is not read; "),
    "schemathesis-vcr.yaml": refused("schemathesis-vcr.yaml: is a Schemathesis cassette, which is not read; "),
    "multi-doc.yaml": refused("multi-doc.yaml: several YAML documents follow one another; "),
    "hdr-har-list-of-dicts.yaml": read(),
    "hdr-dup-ct.yaml": TWO_TYPES,
    "hdr-ct-comma.yaml": TWO_TYPES,
    "vultr-create-default-password.json": Outcome("vultr", 1, says=(JSON,), silent=("CANARY",)),
    "token-echo-403.json": Outcome(
        "vercel", 1, verdicts={"vercel.security.token-never-echoed": "warned"}, silent=("CANARY",)
    ),
    "json-bigint5000.json": read(),
    "sunset-spaces.json": Outcome("snyk", verdicts={"snyk.versioning.sunset-format": "passed"}),
    "link-query-only.json": Outcome("snyk", verdicts={"snyk.pagination.links-are-urls": "passed"}),
    "status-0.yaml": refused("status-0.yaml: interaction 1: the status 0 is none of HTTP, which has 100 to 599"),
    "gzip-bomb20.yaml": Outcome(
        "vultr",
        1,
        verdicts={JSON: "not-exercised"},
        says=("gzip-bomb20.yaml#1: the response body decodes to more than 16,777,216 bytes (gzip)",),
    ),
    "preflight.json": Outcome("vercel", 1, 0, says=("1 CORS preflights are left out", "no requirement was exercised")),
}

PYTHON_WORDS = (
    "Traceback",
    "NoneType",
    "object has no",
    "KeyError",
    "not subscriptable",
    "codec can't",
    "int()",
    "'str'",
)


def test_every_file_has_an_outcome() -> None:
    assert {path.name for path in CASES.iterdir()} - {"README.md"} == set(OUTCOMES)


@pytest.mark.parametrize("name", OUTCOMES)
def test_a_case_comes_to_its_outcome(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    outcome = OUTCOMES[name]
    judged = Judged(tmp_path, capsys, CASES / name, api=outcome.api)
    assert judged.status == outcome.status, judged.text
    assert f"{outcome.api}: {outcome.exchanges} exchanges in " in judged.text
    for text in outcome.says:
        assert text in judged.text
    assert {requirement: judged.verdicts[requirement] for requirement in outcome.verdicts} == outcome.verdicts
    artefacts = judged.text + judged.error + "".join(path.read_text("utf-8") for path in tmp_path.rglob("*.*"))
    assert not [word for word in (*outcome.silent, *PYTHON_WORDS) if word in artefacts]
    if outcome.silent:
        assert NAME_MARK in artefacts or "__redacted_value_" in artefacts
