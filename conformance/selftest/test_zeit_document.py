"""The samples of ZEIT's document: each that is JSON is what the contract says of its operation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from conformance.contract import Contract, Operation, load
from conformance.contract.schema import Validator
from conformance.selftest.samples import samples
from conformance.selftest.test_contract import shared
from conformance.suite.zeit.certificate import CERTIFICATE, HOST, KEY
from conformance.suite.zeit.deploying import GOLDEN, digest_of

SENT = re.compile(r"\s*-d '(?=[{[])")
BEGINS = re.compile(rf"{SENT.pattern}|[{{[]")
HEADING = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (?:https://api\.zeit\.co)?(/\S+)$")

NOT_JSON = (
    *(101, 557, 972, 990, 1016, 1204, 1343, 1390, 1529, 1626, 2183, 2215, 2226, 2311),
    *(2325, 2339, 2354, 2365, 2378, 2390, 2402, 2420, 2456, 2470, 2506, 2531, 2577),
)
"""Lines of the document where a sample begins that is no JSON: commas too many or too few, ellipses, bare words."""


@frozen
class Block:
    """A sample: the line it begins in, the heading it stands under, its text, and whether it is a request's."""

    line: int
    heading: str
    text: str
    sent: bool

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def is_json(self) -> bool:
        try:
            return bool(self.json)
        except ValueError:
            return False


def blocks(text: str) -> Iterator[Block]:
    lines = text.splitlines()
    for line, body in samples(text, BEGINS):
        headings = (HEADING.match(lines[above]) for above in range(line - 1, -1, -1))
        found = next(filter(None, headings), None)
        heading = f"{found[1]} {found[2].partition('?')[0]}" if found else ""
        sent = SENT.match(body)
        yield Block(line, heading, SENT.sub("", body).strip("'"), sent is not None)


@pytest.fixture(scope="module")
def found() -> list[Block]:
    text = shared("docs/001-zeit-now-api.txt").read_text("utf-8")
    return list(blocks(text))


def operation_of(contract: Contract, heading: str) -> Operation:
    wanted = re.sub(r":\w+", "{}", heading)
    return next(one for one in contract.operations if re.sub(r"{\w+}", "{}", one.id) == wanted)


def test_samples_that_are_no_json_are_known(found: list[Block]) -> None:
    assert tuple(one.line for one in found if not one.is_json) == NOT_JSON
    assert len(found) == 101


def test_every_sample_of_a_request_is_one_of_its_operation(found: list[Block]) -> None:
    contract, requests = load("zeit"), [one for one in found if one.sent]
    missed = {}
    for one in requests:
        # The one above all headings is of a deployment.
        schema = operation_of(contract, one.heading or "POST /v6/now/deployments").request_schema
        assert schema is not None, one.line
        if errors := Validator(schema).errors(one.json):
            missed[one.line] = errors
    assert missed == {}
    assert len(requests) == 20


def test_every_sample_of_an_answer_is_one_of_its_operation(found: list[Block]) -> None:
    contract = load("zeit")
    missed = {}
    answers = [one for one in found if one.is_json and not one.sent and one.heading]
    for one in answers:
        body = one.json
        if isinstance(body, dict) and "error" in body:
            errors = contract.envelope.errors(body)
        else:
            responses = operation_of(contract, one.heading).responses
            schema = next(schema for status, schema in responses.items() if status.startswith("2"))
            assert schema is not None, one.line
            errors = Validator(schema).errors(body)
        if errors:
            missed[one.line] = errors
    assert missed == {}
    assert len(answers) == 51


def test_the_uploaded_page_has_the_digest_that_the_document_gives() -> None:
    sample = load("zeit").operation("POST /v2/now/files").sample
    assert sample is not None
    content = str(sample.body).encode()
    assert (len(content), digest_of(content)) == (160, GOLDEN)


def test_the_certificate_that_is_submitted_is_one_of_its_host_and_key() -> None:
    certificate = x509.load_pem_x509_certificate(CERTIFICATE.encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [HOST]
    key = load_pem_private_key(KEY.encode(), None)
    assert certificate.public_key() == key.public_key()
    certificate.verify_directly_issued_by(certificate)
