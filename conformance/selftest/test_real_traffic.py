"""Real recorded traffic, as it is and with one exchange changed: nothing is accused of the one, the other by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.selftest.conversations import Said, violated
from conformance.selftest.servers import ROOT

TRAFFIC = ROOT.parent / "shared" / "traffic" / "vultr"
FILES = sorted(TRAFFIC.glob("*.yaml"))
DELETED = "test_provider_when_calling_delete_record_by_identifier_should_remove_record"
UPDATED = "test_provider_when_calling_update_record_should_modify_record"

Change = Callable[[list[Said]], Any]

absent = pytest.mark.skipif(not FILES, reason="the real traffic (../shared/traffic/vultr) is not here")


def read(path: Path) -> list[Said]:
    """The conversation in a cassette, with bodies as what their JSON says."""
    recorded = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    return [
        Said(
            said["request"]["method"],
            said["request"]["uri"],
            said["response"]["status"]["code"],
            _parsed(said["response"]["body"]["string"]),
            _parsed(said["request"]["body"]),
            {name: values[0] for name, values in said["request"]["headers"].items()},
            {name: values[0] for name, values in said["response"]["headers"].items()},
        )
        for said in recorded["interactions"]
    ]


def _parsed(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except ValueError:
        return text


@absent
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_real_traffic_is_not_accused(path: Path) -> None:
    assert violated("vultr", read(path)) == set()


ZEIT = sorted((TRAFFIC.parent / "zeit").glob("*.yaml"))
DISAGREES = {"content-type.request-json", "rate-limit.headers-on-all"}
"""What the traffic of 2018 does not do: its client names no type of its bodies, and not every answer has a rate."""


@pytest.mark.skipif(not ZEIT, reason="the real traffic (../shared/traffic/zeit) is not here")
def test_real_traffic_of_zeit_is_accused_of_what_the_document_forbids() -> None:
    found = {path.stem: violated("zeit", read(path)) for path in ZEIT}
    assert set().union(*found.values()) == DISAGREES


def one(said: list[Said], method: str, end: str = "") -> Said:
    """The last call of a method whose URL ends so."""
    return [each for each in said if each.method == method and each.url.endswith(end)][-1]


def at(method: str, end: str, change: Callable[[Said], Any]) -> Change:
    return lambda said: change(one(said, method, end))


def records(change: Callable[[dict[str, Any]], Any]) -> Change:
    """Changes the last list of records, which the contract does not know."""
    return at("GET", "/records", lambda said: change(said.body))


def domains(change: Callable[[dict[str, Any]], Any]) -> Change:
    return at("GET", "/domains", lambda said: change(said.body))


def still_listed(said: list[Said]) -> None:
    lists = [each for each in said if each.method == "GET" and each.url.endswith("/records")]
    lists[-1].body = lists[-2].body


def still_found(said: list[Said]) -> None:
    gone, created = one(said, "DELETE"), one(said, "POST")
    said.append(Said("GET", gone.url, 200, created.body, headers=created.headers))


def walked(query: str, following: str) -> Change:
    """Makes the last list of records a page of a walk."""

    def change(said: list[Said]) -> None:
        page = one(said, "GET", "/records")
        page.url += query
        page.body["meta"]["links"]["next"] = following

    return change


def paged(size: int, following: str) -> Change:
    return walked(f"?per_page={size}", following)


def answered(status: int, body: Any) -> Callable[[Said], None]:
    def change(said: Said) -> None:
        said.status, said.body = status, body

    return change


def called(old: str, new: str) -> Callable[[Said], None]:
    def change(said: Said) -> None:
        said.url = said.url.replace(old, new)

    return change


def bare(said: Said) -> None:
    said.body = said.body["records"]


CHANGES = {
    "a record comes twice": (
        "types.ids-unique",
        DELETED,
        records(lambda body: body["records"].append(body["records"][0])),
    ),
    "total is a text": ("pagination.meta-shape", DELETED, records(lambda body: body["meta"].update(total="3"))),
    "total is negative": ("pagination.meta-shape", DELETED, records(lambda body: body["meta"].update(total=-1))),
    "total is written with a fraction": (
        "pagination.meta-shape",
        DELETED,
        records(lambda body: body["meta"].update(total=float(body["meta"]["total"]))),
    ),
    "total is another number": (
        "pagination.total-is-full-list",
        DELETED,
        records(lambda body: body["meta"].update(total=50)),
    ),
    "total is smaller than the page": (
        "pagination.total-is-full-list",
        DELETED,
        records(lambda body: body["meta"].update(total=1)),
    ),
    "links are left out": ("pagination.meta-shape", DELETED, records(lambda body: body["meta"].pop("links"))),
    "next is a number": ("pagination.meta-shape", DELETED, records(lambda body: body["meta"]["links"].update(next=7))),
    "next is a URL": (
        "pagination.cursor-alphabet",
        DELETED,
        records(lambda body: body["meta"]["links"].update(next="https://api.vultr.com/v2/domains?cursor=x")),
    ),
    "meta is left out": ("pagination.meta-on-lists", DELETED, domains(lambda body: body.pop("meta"))),
    "next is the cursor just sent": ("pagination.walk-exactly-once", DELETED, walked("?cursor=bjE%3D", "bjE=")),
    "a short page has a next": ("pagination.last-page-no-next", DELETED, paged(500, "bjE=")),
    "a page has more than was asked for": ("pagination.per-page-honoured", DELETED, paged(2, "bjE=")),
    "what was deleted is listed": ("crud.delete-then-404", DELETED, still_listed),
    "what was deleted is found": ("crud.delete-then-404", DELETED, still_found),
    "a create echoes another value": (
        "crud.post-creates",
        DELETED,
        at("POST", "/records", lambda said: said.body["record"].update(data="another")),
    ),
    "a create echoes another number": (
        "crud.post-creates",
        DELETED,
        at("POST", "/records", lambda said: said.body["record"].update(ttl=300)),
    ),
    "what was created is not found": (
        "crud.post-creates",
        UPDATED,
        lambda said: said.insert(
            3,
            Said("GET", f"{said[2].url}/{said[2].body['record']['id']}", 404, {"error": "No"}, headers=said[2].headers),
        ),
    ),
    "a list is answered in clear": (
        "transport.https-only",
        DELETED,
        at("GET", "/records", called("https", "http")),
    ),
    "a path of another version": (
        "versioning.base-path",
        DELETED,
        at("GET", "/records", called("/v2/", "/v1/")),
    ),
    "a path without a version": (
        "versioning.base-path",
        DELETED,
        at("GET", "/records", called("/v2/", "/")),
    ),
    "a path below another base": (
        "versioning.base-path",
        DELETED,
        at("GET", "/domains", called("/v2/", "/api/v2/")),
    ),
    "a credential in clear": (
        "security.client-key-hygiene",
        DELETED,
        at("GET", "/records", lambda said: said.asked.update(Authorization="Bearer 0123456789abcdefgh")),
    ),
    "a list is a bare array": (
        "schema.get-returns-object",
        DELETED,
        at("GET", "/records", bare),
    ),
    "a delete has a body": (
        "schema.no-content-empty",
        DELETED,
        at("DELETE", "", answered(204, "gone")),
    ),
    "a refusal that is none of the API's": (
        "errors.error-attribute",
        DELETED,
        at("GET", "/records", answered(404, {"message": "Not Found"})),
    ),
    "a limit is told by 403": (
        "rate-limit.rate-over-30",
        DELETED,
        at(
            "GET",
            "/records",
            answered(403, {"error": "Too many requests"}),
        ),
    ),
    "a create is typed as text": (
        "content-type.response-json",
        DELETED,
        at("POST", "/records", lambda said: said.headers.update({"Content-Type": "text/plain"})),
    ),
}


@absent
@pytest.mark.parametrize(
    ("requirement", "name", "change"), [pytest.param(*change, id=name) for name, change in CHANGES.items()]
)
def test_a_change_in_real_traffic_is_named(requirement: str, name: str, change: Change) -> None:
    said = read(TRAFFIC / f"{name}.yaml")
    change(said)
    assert requirement in violated("vultr", said, {"recorded-1": "0123456789abcdefgh"})
