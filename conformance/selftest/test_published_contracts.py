"""Contracts from published documents: alone, in place of an API's operations, and beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.commands.main import main
from conformance.contract import ContractError, Router, Spec, load
from conformance.contract.documents import Document
from conformance.contract.published import alone, beside, slug
from conformance.contract.templates import anonymous, query_of, segment
from conformance.selftest.published import HEADS, answering, published
from conformance.targets import TargetError, select
from conformance.traffic.locator import Locator

GOOD = {"responses": {"200": {"description": "good"}}}
TEMPLATES = (
    "/things/{id}",
    "/things/{id}:scale",
    "/things/latest",
    "/things/v{version}",
    "/compare/{base}...{head}",
    "/files/{name}.{format}",
    "/pages?beta=true",
    "/pages?beta=true&draft",
    "/pages",
    "/weather?lat={lat}&lon={lon}",
    "/weather?city={city}&country={country}",
    "/things/{id}/parts#fragment",
    "/rest/{path+}",
)


@pytest.fixture
def router(tmp_path: Path) -> Router:
    return Router(published(tmp_path, {path: {"get": GOOD} for path in TEMPLATES}).operations)


@pytest.mark.parametrize(
    ("path", "query", "found"),
    [
        ("/things/7", "", "/things/{id}"),
        ("/things/7:scale", "", "/things/{id}:scale"),
        ("/things/7%3Ascale", "", "/things/{id}:scale"),
        ("/things/:scale", "", "/things/{id}"),
        ("/things/latest", "", "/things/latest"),
        ("/things/latest/", "", "/things/latest"),
        ("/things/Latest", "", "/things/{id}"),
        ("/things/v2", "", "/things/v{version}"),
        ("/things/v", "", "/things/{id}"),
        ("/compare/a...b", "", "/compare/{base}...{head}"),
        ("/compare/a..b", "", None),
        ("/compare/a...", "", None),
        ("/files/a.tar.gz", "", "/files/{name}.{format}"),
        ("/files/a", "", None),
        ("/pages", "beta=true", "/pages?beta=true"),
        ("/pages", "beta=true&draft=", "/pages?beta=true&draft"),
        ("/pages", "beta=false", "/pages"),
        ("/pages", "", "/pages"),
        ("/weather", "city=x", "/weather?city={city}&country={country}"),
        ("/weather", "lat=1&lon=2", "/weather?lat={lat}&lon={lon}"),
        ("/things/7/parts", "", "/things/{id}/parts#fragment"),
        ("/rest/a/b/c", "", "/rest/{path}"),
        ("/rest/", "", None),
    ],
)
def test_literal_text_wins_over_part_of_it_and_that_over_none(
    router: Router, path: str, query: str, found: str | None
) -> None:
    pairs = [tuple(pair.split("=")) for pair in query.split("&") if pair]
    operation = router.find("GET", path, pairs)  # type: ignore[arg-type]
    assert (operation and operation.path) == found


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_expanded_is_found_with_its_values(router: Router, tmp_path: Path, template: str) -> None:
    operation = next(each for each in published(tmp_path, {template: {"get": GOOD}}).operations)
    values = {name: f"a b/{name}" for name in operation.path_parameters}
    path = operation.expand(values)
    query = {name: value or "" for name, value in query_of(operation.path).items()}
    found = router.find("GET", path, query.items())
    assert found is not None
    assert found.id == operation.id
    assert operation.values_in(path) == values


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ({}, [("beta", "true")]),
        ({"a": 1}, [("beta", "true"), ("a", 1)]),
        ([("beta", "false"), ("beta", "x")], [("beta", "false"), ("beta", "x")]),
    ],
)
def test_what_a_template_asks_for_is_asked_for_in_each_call(tmp_path: Path, query: Any, asked: Any) -> None:
    (operation,) = published(tmp_path, {"/pages?beta=true&page={page}": {"get": GOOD}}).operations
    assert operation.expand({}) == "/pages"
    assert operation.asking(query) == asked


@pytest.mark.parametrize(
    ("template", "text", "values"),
    [
        ("{a}.{b}", "x.tar.gz", ("x.tar", "gz")),
        ("{a}{b}", "xy", ("x", "y")),
        ("{a}{b}", "x", None),
        ("a{b}c", "abc", ("b",)),
        ("a{b}c", "ac", None),
        ("{a}-{b}-{c}", "1-2-3-4", ("1-2", "3", "4")),
        ("{a}--{b}", "1---2", ("1-", "2")),
        ("{a}:x", ":x", None),
    ],
)
def test_a_segment_has_values_that_are_not_empty(template: str, text: str, values: tuple[str, ...] | None) -> None:
    known = segment(template)
    assert known is not None
    assert known.values(text) == values


def test_many_values_in_a_long_segment_take_no_time() -> None:
    known = segment("{a}x{b}x{c}x{d}x{e}!")
    assert known is not None
    assert known.values("x" * 100_000) is None


@pytest.mark.parametrize(
    ("template", "plain"),
    [("/a/{id}/", "/a/{}"), ("/a/{x}:b?c={d}", "/a/{}:b?c={d}"), ("/", "/"), ("/a#b", "/a"), ("/a#c", "/a")],
)
def test_templates_that_no_request_tells_apart_are_one(template: str, plain: str) -> None:
    assert anonymous(template) == plain


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Acme API", "acme"),
        ("The Acme REST API v2", "acmev2"),
        ("", "api"),
        ("API", "api"),
        ("Ünïcode", "ncode"),
        ("Acme's official API of parcels and of what else is sent", "acmeofparcelsandofwhat"),
        ("x" * 30, "x" * 24),
    ],
)
def test_a_title_gives_a_name(title: str, name: str) -> None:
    assert slug(title) == name


def test_a_document_alone_has_its_own_name_and_conventions(tmp_path: Path) -> None:
    document = published(tmp_path, {"/things": {"get": GOOD}})
    contract = Spec(document.path).contract()
    assert (contract.api, contract.published) == ("acme", True)
    assert contract.conventions.origin == "https://api.acme.com/v1"
    assert Spec(document.path, name="other").contract().api == "other"


def test_lists_are_paged_where_the_operation_takes_the_parameters_of_pages(tmp_path: Path) -> None:
    schema = {"type": "array", "items": {"properties": {"id": {}}}}
    paged = {**answering(schema), "parameters": [{"name": "page", "in": "query"}]}
    document = published(tmp_path, {"/a": {"get": paged}, "/b": {"get": answering(schema)}})
    conventions = tmp_path / "conventions.yaml"
    conventions.write_text(
        "name: Acme\nbase_url: https://api.acme.com\npagination: {style: page-number, cursor: page}\n", "utf-8"
    )
    first, second = Spec(document.path, conventions=conventions).contract().operations
    assert (first.listing.paged, second.listing.paged) == (True, False)


def vultr(tmp_path: Path) -> Document:
    """A document that has one of Vultr's operations, under another base path and name, and one of its own."""
    item = {"get": answering({"type": "object"}), "parameters": [{"name": "user", "in": "path", "required": True}]}
    paths = {"/users/{user}": item, "/invoices/{number}": {"get": GOOD}}
    return published(tmp_path, paths, servers=[{"url": "https://api.vultr.com/v2"}])


def test_in_place_of_an_api_what_both_have_keeps_its_name_and_all_else_is_the_documents(tmp_path: Path) -> None:
    own = load("vultr")
    contract = beside(own, vultr(tmp_path), adds=False)
    assert [each.id for each in contract.operations] == ["GET /v2/users/{user-id}", "GET /v2/invoices/{number}"]
    both, beyond = contract.operations
    assert dict(both.answers["200"].content) == {"application/json": {"type": "object"}}
    assert both.responses == own.operation(both.id).responses
    assert (both.beyond, beyond.beyond) == (False, True)
    assert contract.router.find("GET", "/v2/users/7") is both


def test_what_the_document_lacks_is_not_judged_and_breaks_nothing(tmp_path: Path) -> None:
    contract = beside(load("vultr"), vultr(tmp_path), adds=False)
    assert contract.operation("GET /v2/plans").id == "GET /v2/plans"
    assert not contract.has("GET /v2/plans")
    for record in contract.requirements.values():
        assert "GET /v2/plans" not in contract.operations_of(record)


def test_added_to_an_api_the_operations_of_both_stand(tmp_path: Path) -> None:
    own = load("vultr")
    contract = beside(own, vultr(tmp_path), adds=True)
    assert {each.id for each in contract.operations} == {
        *(each.id for each in own.operations),
        "GET /v2/invoices/{number}",
    }
    # Of an operation that the document does not have, it promises nothing.
    assert contract.operation("GET /v2/plans").answers == {}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--spec-adds"], "--spec-adds is for a published document"),
        (["--name", "acme"], "--name is for a published document"),
        (["--conventions", "c.yaml"], "--conventions is for a published document"),
        ([], "--api NAME, or --spec FILE"),
        (["--spec", "SPEC", "--spec-adds"], "--spec-adds: --api NAME says"),
        (["--spec", "SPEC", "--name", "acme", "--api", "vultr"], "the API is called vultr"),
        (["--spec", "SPEC", "--name", "Acme API"], "small letters and digits"),
        (["--spec", "none.json"], "none.json: cannot be read"),
        (["--spec", "SPEC", "--conventions", "none.yaml"], "none.yaml: cannot be read"),
        (["--spec", "SPEC", "--api", "nobody"], "unknown API 'nobody'"),
    ],
)
def test_options_that_do_not_go_together_are_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    spec = str(published(tmp_path, {"/things": {"get": GOOD}}).path)
    given = [spec if option == "SPEC" else option for option in options]
    assert main(["judge", *given, "--report-dir", str(tmp_path / "report"), "x.yaml"]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert err.count("\n") == 1


def test_a_document_of_an_api_that_nothing_serves_has_no_reference_server(tmp_path: Path) -> None:
    spec = Spec(published(tmp_path, {"/things": {"get": GOOD}}).path, name="acme")
    with pytest.raises(TargetError, match="no reference server for acme: give the URL of a target"):
        select("reference", spec=spec)


def test_a_spec_without_a_file_is_none() -> None:
    assert Spec.of(None) is None
    with pytest.raises(ContractError, match="--name"):
        Spec.of(None, name="acme")


def recording(tmp_path: Path, *said: tuple[str, str, int, Any]) -> str:
    path = tmp_path / "recording.yaml"
    interactions = [
        {
            "request": {"method": method, "uri": url, "headers": {}, "body": None},
            "response": {
                "status": {"code": status, "message": ""},
                "headers": {"Content-Type": ["application/json"]},
                "body": {"string": json.dumps(body)},
            },
        }
        for method, url, status, body in said
    ]
    path.write_text(json.dumps({"version": 1, "interactions": interactions}), "utf-8")
    return str(path)


def reported(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    return found


def test_judging_by_a_document_tells_what_is_unchecked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    thing = {"type": "object", "properties": {"id": {"type": "long"}, "code": {"type": "thingy"}}}
    spec = published(tmp_path, {"/things/{id}": {"get": answering(thing)}}).path
    said = recording(
        tmp_path,
        ("GET", "https://api.acme.com/v1/things/7", 200, {"id": 7}),
        ("GET", "https://api.acme.com/v1/other", 200, {}),
        ("GET", "https://elsewhere.com/v1/things/7", 200, {}),
    )
    report = tmp_path / "report"
    assert main(["judge", "--spec", str(spec), "--report-dir", str(report), said]) == 0
    out = capsys.readouterr().out
    assert "acme: 2 exchanges in 1 files read, 1 of them with operations that the contract does not have" in out
    assert "1 exchanges with other hosts are left out: elsewhere.com" in out
    assert "3 places of the published document are unchecked as they stand: 2 repaired, 1 left out" in out
    unchecked = reported(report)["unchecked"]
    assert unchecked["counts"] == {"loss": 1, "repair": 2}
    assert [each["pointer"].rpartition("/schema/")[2] for each in unchecked["places"]] == [
        "#/paths/~1things~1{id}/get",
        "properties/code/type",
        "properties/id/type",
    ]
    for name in ("report.md", "report.html"):
        assert "properties/code/type" in (report / name).read_text("utf-8")


def test_where_a_document_names_no_host_those_asked_for_what_it_describes_are_the_apis(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = published(tmp_path, {"/things": {"get": GOOD}}, servers=[{"url": "/api/v1"}]).path
    said = recording(
        tmp_path,
        ("GET", "https://one.net/api/v1/things", 200, {}),
        ("GET", "https://other.net/else", 200, {}),
    )
    assert main(["judge", "--spec", str(spec), "--report-dir", str(tmp_path / "report"), said]) == 0
    out = capsys.readouterr().out
    assert "the document names no host; taken are those asked for what it describes: one.net" in out
    assert "left out: other.net" in out


def test_requirements_of_operations_that_the_document_lacks_are_told_and_not_exercised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = vultr(tmp_path).path
    said = recording(tmp_path, ("GET", "https://api.vultr.com/v2/users/7", 200, {"user": {"id": "7"}}))
    report = tmp_path / "report"
    main(["judge", "--spec", str(spec), "--api", "vultr", "--report-dir", str(report), said])
    assert "notice: the document has none of the operations of vultr." in capsys.readouterr().out
    cases = {case["operation"] for one in reported(report)["requirements"] for case in one["cases"]}
    assert "GET /v2/users/{user-id}" in cases
    assert "GET /v2/plans" not in cases


def test_a_folder_with_a_published_document_is_an_api(tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    folder.mkdir()
    document = {**HEADS["3.0"], "info": {"title": "Acme"}, "paths": {"/things": {"get": GOOD}}}
    (folder / "document.json").write_text(json.dumps(document), "utf-8")
    (folder / "conventions.yaml").write_text("name: Acme\nbase_url: https://api.acme.com/v1\n", "utf-8")
    (folder / "requirements.yaml").write_text(
        "document: {title: Acme, url: 'https://acme.com'}\nrequirements: []\n", "utf-8"
    )
    contract = load("acme", tmp_path)
    assert contract.published
    assert [each.id for each in contract.operations] == ["GET /things"]
    (folder / "requirements.yaml").write_text(
        "document: {title: Acme, url: 'https://acme.com'}\nrequirements:\n"
        "- {id: acme.a.b, strength: MUST, basis: text, mode: passive, section: s, statement: s, check: c, fault: f,"
        " operations: [GET /nothing]}\n",
        "utf-8",
    )
    load.__globals__["_load"].cache_clear()
    with pytest.raises(ContractError, match=r"GET /nothing is not in document\.json"):
        load("acme", tmp_path)


def test_what_an_operation_has_for_a_server_of_its_own_leads_to_it(tmp_path: Path) -> None:
    upload = {**GOOD, "servers": [{"url": "https://upload.acme.com/files/v3"}]}
    paths = {"/things": {"get": GOOD, "post": upload}, "/media": {"servers": [{"url": "/media/v9"}], "get": GOOD}}
    contract = alone(published(tmp_path, paths), "acme")
    locator = Locator(contract, contract.conventions.origin)
    assert locator.operation("POST", "https://upload.acme.com/files/v3/things") is contract.operation("POST /things")
    assert locator.operation("GET", "https://api.acme.com/media/v9/media") is contract.operation("GET /media")
    assert contract.hosts == ("api.acme.com", "upload.acme.com")


def test_several_base_paths_lead_to_one_operation(tmp_path: Path) -> None:
    servers = [
        {"url": "https://api.acme.com/{version}", "variables": {"version": {"default": "v1", "enum": ["v1", "v2"]}}},
        {"url": "https://{tenant}.acme.com/api/{any}"},
    ]
    contract = alone(published(tmp_path, {"/things/{id}": {"get": GOOD}}, servers=servers), "acme")
    locator = Locator(contract, contract.conventions.origin)
    for url in ("https://api.acme.com/v1", "https://api.acme.com/v2", "https://my.acme.com/api/x9"):
        assert locator.operation("GET", f"{url}/things/7") is contract.operations[0]
    assert locator.operation("GET", "https://api.acme.com/v3/thing/7") is None
    assert contract.hosts == ("api.acme.com", "*.acme.com")
