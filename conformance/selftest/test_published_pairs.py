"""Published documents beside real recordings of the same API: every exchange is found, and nothing is accused."""

from __future__ import annotations

import time

import pytest

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


def test_netlifys_document_is_read_in_two_seconds() -> None:
    started = time.process_time()
    document = Document.read(NETLIFY)
    assert time.process_time() - started < 2
    contract = alone(document, "acme")
    assert len(contract.operations) == 174
    for operation in contract.operations:
        path = operation.expand(dict.fromkeys(operation.path_parameters, "x"))
        assert contract.router.find(operation.method, path) is operation
