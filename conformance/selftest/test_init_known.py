"""`conformance init` against conventions that somebody wrote: of the APIs in hand, and of two that nobody described."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from conformance.contract import Document, contracts, load
from conformance.proposals.comparing import Compared, compare, fields_of, table
from conformance.proposals.conventions import Draft, draft
from conformance.proposals.evidence import Proposal
from conformance.proposals.material import Material
from conformance.proposals.writing import Init
from conformance.selftest.servers import ROOT
from conformance.targets.target import CASSETTES
from conformance.traffic import formats
from conformance.traffic.exchange import Exchange
from conformance.traffic.listening import Listener

SHARED = ROOT.parent / "shared"
FIRST = 15
"""Exchanges of each conversation in the shipped cassettes that are looked at; of each kind of answer one at least."""

PROSE = (
    *("auth.credentials", "auth.expiring", "auth.lifetime", "auth.scope", "auth.schemes", "auth.authorize"),
    *("auth.refused_also", "tls", "in_clear", "hosts", "below", "media_types.raw", "collections"),
    *("errors.statuses", "errors.unknown_path", "errors.unknown_resource", "errors.unknown_parameter"),
    *("errors.malformed", "errors.wrong_media_type", "errors.codes", "pagination.alphabet"),
    *("pagination.page_size.fallback", "pagination.page_size.fallback_may_be_empty", "pagination.page_size.step"),
    *("rate_limit.code", "rate_limit.code_at", "rate_limit.scope", "rate_limit.requests", "rate_limit.seconds"),
    *("rate_limit.buckets", "rate_limit.each_operation", "versioning.unknown", "versioning.stabilities"),
    "versioning.served",
)
"""What neither recordings nor a digest of operations tells: a reader has it from the prose of the documents."""

OF_A_RESOURCE = re.compile(r"resources\..*\.(writable|also|parts|name)")


@cache
def drawn(api: str) -> tuple[Draft, Mapping[str, Any]]:
    """What is proposed for an API in hand from its cassettes and from real recordings, and what its file says."""
    files = [*sorted((CASSETTES / api).rglob("*.yaml"))[::4], *real(api)]
    return draft_of(api, tuple(files)), fields_of(load(api).conventions)


def real(api: str) -> tuple[Path, ...]:
    return tuple(sorted((SHARED / "traffic" / api).glob("*.yaml")))


def draft_of(api: str, files: tuple[Path, ...]) -> Draft:
    contract = load(api)
    # Whatever the operations say of lists comes from our own digest.
    bare = evolve(contract, operations=tuple(evolve(each, collection=None) for each in contract.operations))
    listener = Listener(bare)
    material = Material(bare, tuple(map(tuple, conversations(listener, files))))
    return draft(material, api, contract.conventions.name, Proposal(contract.conventions.origin.rstrip("/")))


def conversations(listener: Listener, files: tuple[Path, ...]) -> Iterator[list[Exchange]]:
    kinds: set[tuple[str, int]] = set()
    for path in files:
        conversation: list[Exchange] = []
        for heard in listener.hear(formats.read(path)):
            if heard.begins and conversation:
                yield conversation
                conversation = []
            kind = (heard.exchange.known_as, heard.exchange.response.status)
            if len(conversation) < FIRST or kind not in kinds:
                conversation.append(heard.exchange)
                kinds.add(kind)
        yield conversation


def required_in(schema: Any) -> Any:
    """The members that a schema asks for, level by level."""
    members = schema.get("properties", {})
    return {name: required_in(members.get(name, {})) for name in schema.get("required", ())}


def names_of(body: Any) -> Any:
    return sorted(body)


VERSIONS = ("2024-10-15", "2024-10-15~beta", "2022-01-01~experimental", "/v2/domains", "/v9/projects", "/api/v1/sites")


def takes_all(written: str, given: str) -> bool:
    """Whether one pattern takes whatever the other takes."""
    return all(re.fullmatch(given, text) for text in VERSIONS if re.fullmatch(written, text))


ALIKE: Mapping[str, Callable[[Any, Any], bool]] = {
    # The document leaves more open than the recordings show, or our own reading is wider.
    "errors.classes": lambda written, given: set(given) <= set(written),
    "pagination.end": lambda written, given: set(given) <= set(written),
    "errors.envelope": lambda written, given: "anyOf" in written or required_in(written) == required_in(given),
    # Any value of a sample serves.
    "body": lambda written, given: names_of(written) == names_of(given),
    "versioning.pattern": takes_all,
    # No document of ours names the parameter, and recordings do.
    "pagination.previous": lambda written, given: written in (given, None),
}


def judged(compared: tuple[Compared, ...]) -> tuple[Compared, ...]:
    """A comparison in which what comes to the same is right, and what only a person decides is left out."""
    found = []
    for each in compared:
        alike = ALIKE.get(each.field) or ALIKE.get(each.field.rpartition(".")[2])
        if each.mark == "wrong" and alike is not None and alike(each.expected, each.proposed):
            each = evolve(each, mark="right")
        if not OF_A_RESOURCE.fullmatch(each.field) and each.mark != "beyond":
            found.append(each)
    return tuple(found)


@pytest.mark.parametrize("api", contracts())
def test_nothing_is_asserted_that_a_reader_would_not_write(api: str) -> None:
    made, written = drawn(api)
    compared = judged(compare(written, fields_of(made.conventions()), PROSE))
    assert [each.field for each in compared if each.mark == "wrong"] == [], table(compared)


@pytest.mark.parametrize("api", ["vultr", "zeit"])
def test_few_real_recordings_assert_no_more_than_they_tell(api: str) -> None:
    if not real(api):
        pytest.skip("real recordings are not at hand")
    compared = judged(
        compare(fields_of(load(api).conventions), fields_of(draft_of(api, real(api)).conventions()), PROSE)
    )
    assert [each.field for each in compared if each.mark == "wrong"] == [], table(compared)


def test_nine_tenths_of_what_can_be_told_are_right() -> None:
    marks = [
        each.mark
        for api in contracts()
        for each in judged(compare(drawn(api)[1], fields_of(drawn(api)[0].conventions()), PROSE))
    ]
    assert marks.count("right") >= 0.9 * len(marks), {mark: marks.count(mark) for mark in marks}


HETZNER = {
    "name": "Hetzner Cloud API",
    "base_url": "https://api.hetzner.cloud/v1",
    "auth.header": "Authorization",
    "auth.scheme": "Bearer",
    "media_types.request": "application/json",
    "media_types.response": ["application/json"],
    "errors.message": "/error/message",
    "errors.error": "/error",
    "errors.code": "code",
    "errors.classes": [4],
    "errors.in_success": ["error"],
    "errors.unknown": 404,
    "pagination.style": "cursor-in-body",
    "pagination.cursor": "page",
    "pagination.previous": "page",
    "pagination.numbered": True,
    "pagination.next": "/meta/pagination/next_page",
    "pagination.prev": "/meta/pagination/previous_page",
    "pagination.total": "/meta/pagination/total_entries",
    "pagination.envelope": "meta",
    "pagination.sort": "sort",
    "pagination.end": ["null"],
    "pagination.page_size.parameter": "per_page",
    "pagination.page_size.default": 25,
    "rate_limit.headers.limit": "ratelimit-limit",
    "rate_limit.headers.remaining": "ratelimit-remaining",
    "rate_limit.headers.reset": "ratelimit-reset",
    "rate_limit.headers.reset_in": "epoch",
    "versioning.carrier": "path",
    "resources.POST /zones.create": "POST /zones",
    "resources.POST /zones.read": "GET /zones/{id_or_name}",
    "resources.POST /zones.list": "GET /zones",
    "resources.POST /zones.replace": "PUT /zones/{id_or_name}",
    "resources.POST /zones.delete": "DELETE /zones/{id_or_name}",
    "resources.POST /zones.parameter": "id_or_name",
    "resources.POST /zones.object": "/zone",
    "resources.POST /zones.required": ["mode", "name"],
}
POWERDNS = {
    "base_url": "http://127.0.0.1:8081/api/v1",
    "auth.header": "X-API-Key",
    "auth.scheme": "",
    "media_types.request": "application/json",
    "media_types.response": ["application/json"],
    "errors.message": "/error",
    "errors.classes": [4],
    "errors.in_success": ["error"],
    "versioning.carrier": "path",
}
UNTOLD = {
    "hetzner": ("auth.refused", "errors.malformed", "pagination.count", "rate_limit.requests"),
    "powerdns": ("auth.refused", "errors.unknown", "errors.malformed", "pagination", "rate_limit", "resources"),
}


@pytest.mark.parametrize(
    ("name", "spec", "written"),
    [
        ("hetzner", "openapi-3.0.json", HETZNER),
        ("powerdns", "swagger-2.0.yaml", POWERDNS),
        ("powerdns", "openapi-3.1.yaml", POWERDNS),
    ],
)
def test_an_api_that_nobody_described(name: str, spec: str, written: Mapping[str, Any], tmp_path: Path) -> None:
    folder = SHARED / "pairs" / name
    if not folder.is_dir():
        pytest.skip("real recordings are not at hand")
    init = Init(name, Document.read(folder / spec), tmp_path / "specs", tmp_path / "cassettes")
    made = init.write(sorted(folder.glob("test_*.yaml")))
    given = fields_of(load(name, tmp_path / "specs").conventions)
    compared = compare(written, {field: given[field] for field in given if field in written})
    assert {each.mark for each in compared} == {"right"}, table(compared)
    assert not [field for field in given for left in UNTOLD[name] if field == left or field.startswith(f"{left}.")]
    assert made.proposed.refused == ()
