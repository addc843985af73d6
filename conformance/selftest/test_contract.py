"""The contract: the catalogues of all APIs, the OpenAPI documents and conventions of those that are complete."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from conformance.contract import CLIENT, SPECS, Contract, apis, contracts, load, load_catalogue, read_openapi
from conformance.contract.requirement import SELECTORS
from conformance.contract.selectors import applies

SHARED = SPECS.parents[1] / "shared"


def shared(name: str) -> Path:
    """A file or folder of the material beside the checkout; the test is skipped where there is none."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"../shared/{name} is not beside this checkout")
    return path


@pytest.mark.parametrize("api", contracts())
def test_openapi_document_is_valid(api: str) -> None:
    document = read_openapi(SPECS / api / "openapi.yaml")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_five_catalogues_hold_467_requirements_with_unique_ids() -> None:
    assert apis() == ("netlify", "snyk", "vercel", "vultr", "zeit")
    ids = [record.id for api in apis() for record in load_catalogue(api).requirements]
    assert len(ids) == len(set(ids)) == 467


CORRECTED = {
    "netlify.errors.method-not-allowed": ("rule", "what it is called with is another than elsewhere"),
    "netlify.security.site-password-write-only": ("mode", "redaction hides passwords: a recording shows none"),
    "zeit.errors.method-unknown": ("rule", "it asks for a code that others do not have"),
    "netlify.auth.no-token-denied": ("basis", "how to authenticate is said, not what comes without it"),
    "netlify.crud.snippet-ids-stable": ("strength", "the only sample id is a position, too"),
    "netlify.crud.ssl-precondition": ("basis", "an unmet condition may show later than in the answer"),
    "netlify.deploy-flow.deploy-paths-agree": (
        "strength",
        "the samples show a finished deploy in different states by its two paths",
    ),
    "netlify.errors.unknown-id-404": ("strength", "no line speaks of what is not there"),
    "netlify.pagination.all-lists-paginate": ("basis", "only what is longer than a page is said to be paginated"),
    "netlify.pagination.walk-exactly-once": ("basis", "pages are said to exist, not that their walk is complete"),
    "netlify.schema.account-id": ("basis", "the id is found there, under a name that is not said"),
    "netlify.schema.deploy-state-enum": (
        "strength",
        "no state of processing or of failure has a name, though there must be some",
    ),
    "netlify.types.sha-hex": ("basis", "that digests are hexadecimal is shown, not said"),
    "zeit.crud.team-patch-merges": ("strength", "the table marks slug and name as required; one sample sends one"),
    "zeit.errors.server-error-code": ("strength basis", "the code is like a 500, and not every 500 has it"),
    "zeit.errors.code-extras": ("rule", "what it asks is the rule of that name, with the keys as data"),
    "zeit.errors.known-code": ("basis", "nowhere does it say that the list is complete"),
    "zeit.errors.code-family": ("basis", "the errors of a family could happen there; nowhere does it say only"),
    "zeit.versioning.path-version": ("basis", "nothing excludes paths without a version"),
}
"""Records that claimed more than the document does: the fields that differ from what was agreed, and why."""


def test_catalogues_keep_what_was_agreed() -> None:
    agreed = json.loads(shared("catalogue/requirements.json").read_text(encoding="utf-8"))
    fields = ("id", "rule", "strength", "basis", "mode", "section")
    ours = [record.model_dump() for api in apis() for record in load_catalogue(api).requirements]

    def by_id(records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        return {record["id"]: {field: record[field] for field in fields} for record in records}

    before, now = by_id(agreed), by_id(ours)
    assert before.keys() == now.keys()
    differing = {name: [field for field in fields if now[name][field] != before[name][field]] for name in now}
    assert {name: " ".join(changed) for name, changed in differing.items() if changed} == {
        name: changed for name, (changed, _why) in CORRECTED.items()
    }


@pytest.mark.parametrize("api", apis())
def test_every_requirement_says_what_how_and_where(api: str) -> None:
    catalogue = load_catalogue(api)
    assert catalogue.document.url.scheme == "https"
    for record in catalogue.requirements:
        assert record.api == api
        assert record.id == f"{api}.{record.area}.{record.id.split('.')[2]}"
        for text in (record.section, record.statement, record.check, record.fault):
            assert text.strip(), record.id


def test_only_complete_apis_have_a_contract() -> None:
    assert set(contracts()) <= set(apis())
    assert "vultr" in contracts()


@pytest.fixture
def vultr() -> Contract:
    return load("vultr")


def test_selectors_choose_operations(vultr: Contract) -> None:
    by_selector = {record.operations[0]: record for record in vultr.requirements.values()}
    gets = {op.id for op in vultr.operations if op.method == "GET"}
    lists = {f"GET /v2/{name}" for name in ("applications", "backups", "plans", "domains")}
    assert set(vultr.operations_of(by_selector["*"])) == {op.id for op in vultr.operations}
    assert set(vultr.operations_of(by_selector["GET *"])) == gets
    assert set(vultr.operations_of(by_selector["collections"])) == lists
    assert vultr.operations_of(by_selector[CLIENT]) == (CLIENT,)
    writes = by_selector["*"].model_copy(update={"operations": ("writes",)})
    assert set(vultr.operations_of(writes)) == {
        "POST /v2/domains",
        *(f"{method} /v2/domains/{{dns-domain}}" for method in ("PUT", "PATCH", "DELETE")),
    }
    assert set(SELECTORS) == {"*", "GET *", "collections", "writes", CLIENT}


def test_named_operations_stand_for_themselves(vultr: Contract) -> None:
    record = vultr.requirements["vultr.schema.account-object"]
    assert vultr.operations_of(record) == ("GET /v2/account",)
    assert applies(record.operations, vultr.operation("GET /v2/account"), "GET")
    assert not applies(record.operations, vultr.operation("GET /v2/plans"), "GET")


@pytest.mark.parametrize(
    ("requirement", "method", "speaks"),
    [
        ("vultr.errors.error-attribute", "GET", True),
        ("vultr.errors.error-attribute", "DELETE", True),
        ("vultr.schema.get-returns-object", "GET", True),
        ("vultr.schema.get-returns-object", "POST", False),
        ("vultr.types.ids-unique", "GET", False),
        ("vultr.schema.account-object", "GET", False),
        ("vultr.versioning.base-path", "PUT", True),
    ],
)
def test_only_what_holds_everywhere_speaks_of_unknown_operations(
    vultr: Contract, requirement: str, method: str, speaks: bool
) -> None:
    assert applies(vultr.requirements[requirement].operations, None, method) is speaks


def test_lists_and_writes_of_unknown_operations_are_spoken_of() -> None:
    assert applies(("collections",), None, "GET", is_list=True)
    assert not applies(("collections",), None, "GET", is_list=False)
    assert applies(("writes",), None, "PATCH")
    assert not applies(("writes",), None, "GET")


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("https://api.vultr.com", "https://api.vultr.com"),
        ("https://api.vultr.com/", "https://api.vultr.com"),
        ("http://127.0.0.1:8080/v2", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080/v2/", "http://127.0.0.1:8080"),
        ("http://h/emulated/v2", "http://h/emulated"),
        ("http://h/av2", "http://h/av2"),
        ("http://v2", "http://v2"),
    ],
)
def test_a_base_url_may_be_given_with_what_every_path_begins_with(vultr: Contract, given: str, base: str) -> None:
    assert vultr.below_documented_prefix(given) == base


@pytest.mark.parametrize("given", ["http://h", "http://h/", "http://h/api", "http://h/api/v1", "http://h/api/v1/"])
def test_what_every_path_begins_with_may_be_of_several_segments(given: str) -> None:
    netlify = load("netlify")
    assert netlify.below_documented_prefix(given) == "http://h"
    assert netlify.below_documented_prefix("http://h/v1") == "http://h/v1"


def test_operations_carry_what_the_document_says(vultr: Contract) -> None:
    plans = vultr.operation("GET /v2/plans")
    assert (plans.authorized, plans.basis, plans.success) == ("optional", "documented", (200,))
    assert plans.collection is not None
    assert (plans.collection.items, plans.collection.id) == ("/plans", ("id",))
    assert plans.collection.filters == {"type": ("vhf", "vc2")}
    assert [parameter["name"] for parameter in plans.parameters] == ["type", "per_page", "cursor"]
    user = vultr.operation("GET /v2/users/{user-id}")
    assert user.authorized == "required"
    assert len(user.examples["user-id"]) == 2
    domain = vultr.operation("PATCH /v2/domains/{dns-domain}")
    assert (domain.basis, domain.writes, domain.success) == ("prose", True, (200, 202, 204))
    assert domain.request_schema is not None
    assert domain.responses["204"] is None


def test_resources_are_found_by_their_operations(vultr: Contract) -> None:
    found = {op.id: vultr.resource_of(op) for op in vultr.operations}
    assert {id_ for id_, resource in found.items() if resource is not None} == {
        "POST /v2/domains",
        "GET /v2/domains",
        *(f"{method} /v2/domains/{{dns-domain}}" for method in ("GET", "PUT", "PATCH", "DELETE")),
    }


def test_a_contract_is_read_once() -> None:
    assert load("vultr") is load("vultr")
