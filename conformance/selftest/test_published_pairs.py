"""Published documents beside real recordings of the same API: every exchange is found, and nothing is accused."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from conformance.commands.main import main
from conformance.contract.documents import Document
from conformance.contract.published import alone
from conformance.selftest.servers import ROOT
from conformance.traffic import formats
from conformance.traffic.listening import Listener

SHARED = ROOT.parent / "shared"
PAIRS = SHARED / "pairs"
NETLIFY = SHARED / "vendor-specs" / "netlify-swagger.yml"

pytestmark = pytest.mark.skipif(not PAIRS.is_dir(), reason="../shared/pairs is not beside this checkout")


@pytest.mark.parametrize(
    ("spec", "exchanges"),
    [("powerdns/swagger-2.0.yaml", 92), ("powerdns/openapi-3.1.yaml", 92), ("hetzner/openapi-3.0.json", 360)],
)
def test_every_exchange_has_its_operation(spec: str, exchanges: int) -> None:
    listener = Listener(alone(Document.read(PAIRS / spec), "acme"))
    for path in sorted((PAIRS / spec).parent.glob("test_*.yaml")):
        for heard in listener.hear(formats.read(path)):
            assert heard.exchange.operation is not None
    assert (listener.tally.exchanges, listener.tally.unknown) == (exchanges, 0)
    assert not listener.tally.foreign


def verdicts(spec: str, folder: Path) -> dict[tuple[str, str], str]:
    """What each requirement comes to at each operation, by a document."""
    files = [str(path) for path in sorted((PAIRS / spec).parent.glob("test_*.yaml"))]
    main(["judge", "--spec", str(PAIRS / spec), "--name", "acme", "--report-dir", str(folder), *files])
    report = json.loads((folder / "report.json").read_text("utf-8"))
    return {(one["id"], case["operation"]): case["verdict"] for one in report["requirements"] for case in one["cases"]}


def test_one_api_in_two_dialects_comes_to_the_same_verdicts(tmp_path: Path) -> None:
    old, new = (verdicts(f"powerdns/{spec}", tmp_path / spec) for spec in ("swagger-2.0.yaml", "openapi-3.1.yaml"))
    both = {case: (verdict, new[case]) for case, verdict in old.items() if new.get(case, verdict) != verdict}
    # The documents differ here: the one of 2.0 requires `changetype` of every RRSet (#/definitions/RRSet/required),
    # which is for changes alone; the one of 3.1 has taken it out.
    assert both == {("acme.http.documented-body", "GET /servers/{server_id}/zones/{zone_id}"): ("failed", "passed")}
    assert len(old.keys() & new.keys()) > 40


def test_nothing_of_a_served_api_is_accused_by_its_document(tmp_path: Path) -> None:
    assert "failed" not in verdicts("hetzner/openapi-3.0.json", tmp_path).values()


def test_netlifys_document_is_read_in_two_seconds() -> None:
    started = time.process_time()
    document = Document.read(NETLIFY)
    assert time.process_time() - started < 2
    contract = alone(document, "acme")
    assert len(contract.operations) == 174
    for operation in contract.operations:
        path = operation.expand(dict.fromkeys(operation.path_parameters, "x"))
        assert contract.router.find(operation.method, path) is operation
