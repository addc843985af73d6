"""The samples of Netlify's document: each is what the contract says of its operation, and passes its checks."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from conformance.checks import Judge
from conformance.contract import Contract, load, pointer
from conformance.contract.schema import Validator
from conformance.contract.verdict import Outcome
from conformance.selftest.samples import samples
from conformance.selftest.test_contract import shared
from conformance.traffic.exchange import Request, Response
from conformance.traffic.locator import Locator

BEGINS = re.compile(r"(?P<indent> *)[{[]")

SITES = "/api/v1/sites"
SITE = f"{SITES}/{{site_id}}"
OF_SITE = {308: "processing_settings"}
"""Line of a sample that is one member of what is sent → its name."""

REQUESTS = {
    121: f"POST {SITE}/deploys",
    172: f"POST {SITE}/deploys",
    308: f"POST {SITES}",
    673: "POST /api/v1/hooks",
}
"""Line of the document where a sample begins → the operation that it is sent to."""

ANSWERS = {
    133: f"POST {SITE}/deploys",
    223: "GET /api/v1/deploys/{deploy_id}",
    253: f"GET {SITES}",
    282: f"GET {SITE}",
    352: f"GET {SITE}/metadata",
    399: f"GET {SITE}/files",
    413: f"GET {SITE}/files/{{file_path}}",
    431: f"GET {SITE}/deploys",
    454: f"GET {SITE}/deploys/{{deploy_id}}",
    475: f"POST {SITE}/deploys/{{deploy_id}}/restore",
    502: f"GET {SITE}/snippets",
    521: f"GET {SITE}/snippets/{{snippet_id}}",
    550: f"GET {SITE}/forms",
    575: "GET /api/v1/forms/{form_id}/submissions",
    633: "GET /api/v1/hooks/types",
    655: "GET /api/v1/hooks",
}
"""Line of the document where a sample begins → the operation that answers with it."""

ALSO = {575: f"GET {SITE}/submissions"}
"""The second operation of a sample that is one of two."""


@pytest.fixture(scope="module")
def found() -> dict[int, Any]:
    text = shared("docs/002-netlify-api.txt").read_text("utf-8")
    return {line: json.loads(body) for line, body in samples(text, BEGINS)}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load("netlify")


def sent(found: dict[int, Any], line: int) -> Any:
    return {OF_SITE[line]: found[line]} if line in OF_SITE else found[line]


def test_every_sample_has_its_operation(found: dict[int, Any]) -> None:
    assert sorted(found) == sorted([*REQUESTS, *ANSWERS])
    assert len(found) == 20


@pytest.mark.parametrize("line", sorted(REQUESTS))
def test_a_sample_of_a_request_is_one_of_its_operation(line: int, found: dict[int, Any], contract: Contract) -> None:
    schema = contract.operation(REQUESTS[line]).request_schema
    assert schema is not None
    assert Validator(schema).errors(sent(found, line)) == []


@pytest.mark.parametrize(("line", "name"), [*ANSWERS.items(), *ALSO.items()])
def test_a_sample_of_an_answer_is_one_of_its_operation(
    line: int, name: str, found: dict[int, Any], contract: Contract
) -> None:
    schema = contract.operation(name).promised(200)
    assert schema is not None
    assert Validator(schema).errors(found[line]) == []


def example_of(contract: Contract, name: str, role: str) -> Any:
    """What openapi.yaml shows of a request, or of an answer."""
    method, _, path = name.partition(" ")
    entry = contract.document["paths"][path][method.lower()]
    holder = entry["requestBody"] if role == "request" else entry["responses"]["200"]
    if "$ref" in holder:
        holder = pointer(contract.document, holder["$ref"][1:])
    return holder["content"]["application/json"]["example"]


@pytest.mark.parametrize(("line", "name"), [*ANSWERS.items(), *ALSO.items()])
def test_the_example_of_an_answer_is_the_sample(
    line: int, name: str, found: dict[int, Any], contract: Contract
) -> None:
    assert example_of(contract, name, "response") == found[line]


@pytest.mark.parametrize("line", sorted(REQUESTS.keys() - {172}))
def test_the_example_of_a_request_is_the_sample(line: int, found: dict[int, Any], contract: Contract) -> None:
    """An operation has one example: of the two digests it is the first one."""
    assert example_of(contract, REQUESTS[line], "request") == sent(found, line)


VALUES = {
    "site_id": "www.example.com",
    "deploy_id": "52465f435803544542000001",
    "file_path": "index.html",
    "snippet_id": "0",
    "form_id": "ac0865cc46440b1e64666f520e8d88d670c8a2f6",
}


@pytest.mark.parametrize(("line", "name"), [*ANSWERS.items(), *ALSO.items()])
def test_a_sample_of_an_answer_breaks_nothing(line: int, name: str, found: dict[int, Any], contract: Contract) -> None:
    """Whatever is promised of schemas, types and digests holds in the document itself."""
    operation = contract.operation(name)
    url = f"https://api.netlify.com{operation.expand(VALUES)}"
    body = json.dumps(found[121]).encode() if operation.writes else b""
    request = Request((("content-type", "application/json"),), body, method=operation.method, url=url)
    answer = Response((("content-type", "application/json"),), json.dumps(found[line]).encode(), status=200)
    exchange = Locator(contract, contract.conventions.origin).exchange(request, answer)
    assert exchange.operation is operation
    evidence = list(Judge(contract).observe(exchange))
    seen = {
        outcome: {one.requirement.id for one in evidence if one.requirement and one.finding.outcome is outcome}
        for outcome in (Outcome.VIOLATED, Outcome.HELD)
    }
    # The document shows headers apart from bodies, and of the usual ones none.
    assert seen[Outcome.VIOLATED] == {"netlify.rate-limit.headers-on-any", "netlify.http.date-present"}
    assert any(each.startswith(("netlify.schema.", "netlify.types.")) for each in seen[Outcome.HELD]) or line == 352
