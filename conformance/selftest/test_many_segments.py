"""A path parameter that takes the rest of the path: found, filled, served elsewhere, and written to."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from conformance.contract import Contract, ContractError, Operation, Router, load
from conformance.contract.routes import Routes
from conformance.targets.guard import Guard
from conformance.targets.ledger import Made
from conformance.traffic.exchange import Request, Response
from conformance.traffic.locator import Locator

REST = ({"name": "path", "in": "path", "required": True, "x-many-segments": True},)
FILE = Operation("GET", "/sites/{site}/files/{path}", REST)
OTHERS = (
    Operation("GET", "/sites/{site}/files"),
    Operation("GET", "/sites/{site}/files/{path}/info"),
    Operation("GET", "/sites/{site}/files/index"),
    Operation("PUT", "/sites/{site}/files/{path}", REST),
    Operation("POST", "/{team}/sites/"),
    Operation("GET", "/sites/{site}"),
)
ALL = (FILE, *OTHERS)

PARTS = st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1, max_size=6)
VALUES = st.lists(PARTS, min_size=1, max_size=4).map("/".join)


@given(site=PARTS, value=VALUES)
def test_a_value_of_many_segments_keeps_its_slashes_and_comes_back_whole(site: str, value: str) -> None:
    path = FILE.expand({"site": site, "path": value})
    assert path.split("/")[1:3:2] == ["sites"]
    assert [unquote(part) for part in path.split("/")[4:]] == value.split("/")
    assert Router([FILE]).find("GET", path) is FILE
    assert FILE.values_in(path) == {"site": site, "path": value}


@pytest.mark.parametrize(
    ("value", "rest"),
    [
        ("css/a b.css", "css/a%20b.css"),
        ("a#b?c", "a%23b%3Fc"),
        ("../up", "%2E%2E/up"),
        ("a/./b", "a/%2E/b"),
        ("/etc/passwd", "/etc/passwd"),
        ("50%/ü", "50%25/%C3%BC"),
    ],
)
def test_each_segment_is_encoded_for_itself(value: str, rest: str) -> None:
    path = FILE.expand({"site": "s", "path": value})
    assert path == f"/sites/s/files/{rest}"
    assert Router(ALL).find("GET", path) is FILE
    assert FILE.values_in(path)["path"] == value


SEGMENTS = st.sampled_from(["files", "a", "{id}", "{name}"])
TEMPLATES = st.tuples(st.lists(SEGMENTS, min_size=1, max_size=3), st.booleans())
PATHS = st.lists(st.sampled_from(["files", "a", "b"]), min_size=1, max_size=5)


@given(st.lists(TEMPLATES, max_size=8), PATHS)
def test_the_most_literal_route_wins(templates: list[tuple[list[str], bool]], asked: list[str]) -> None:
    """Of all that match, segment by segment from the left: a literal, then a parameter, then the rest."""
    operations = [
        Operation("GET", "/" + "/".join([*parts, "{path}"]), REST) if many else Operation("GET", "/" + "/".join(parts))
        for parts, many in templates
    ]

    def matches(operation: Operation) -> bool:
        parts = operation.path.split("/")[1:]
        if operation.rest:
            parts = parts[:-1] + ["{}"] * (len(asked) - len(parts) + 1)
        long = len(asked) >= len(operation.path.split("/")) - 1
        return (
            long and len(parts) == len(asked) and all(p[0] == "{" or p == a for p, a in zip(parts, asked, strict=True))
        )

    def kinds(operation: Operation) -> list[int]:
        parts = operation.path.split("/")[1:]
        return [2 if operation.rest and p == "{path}" else int(p[0] == "{") for p in parts]

    best = min(filter(matches, operations), key=kinds, default=None)
    found = Router(operations).find("GET", "/" + "/".join(asked))
    assert (None if found is None else kinds(found)) == (None if best is None else kinds(best))


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "/sites/s/files", OTHERS[0]),
        ("GET", "/sites/s/files/", OTHERS[0]),
        ("GET", "/sites/s/files/a/info", OTHERS[1]),
        ("GET", "/sites/s/files/a/b/info", FILE),
        ("GET", "/sites/s/files/index", OTHERS[2]),
        ("GET", "/sites/s/files/index/deep", FILE),
        ("PUT", "/sites/s/files/index", OTHERS[3]),
        ("DELETE", "/sites/s/files/index", None),
        ("POST", "/my-team/sites/", OTHERS[4]),
        ("POST", "/my-team/sites", OTHERS[4]),
        ("GET", "/sites/sites", OTHERS[5]),
    ],
)
def test_routes_beside_it_are_found(method: str, path: str, operation: Operation | None) -> None:
    found = Router(ALL).find(method, path)
    assert found is operation or (found is None and operation is None)


@given(site=PARTS, value=VALUES)
def test_it_is_served_elsewhere_and_comes_back(site: str, value: str) -> None:
    for paths in ({"/sites": "/api/v2/sites"}, {FILE.id: "/f/{site}/{path}"}):
        routes = Routes.of(ALL, paths)
        path = FILE.expand({"site": site, "path": value})
        served = routes.to_served("GET", path)
        assert served != path
        assert unquote(served).endswith(value)
        assert routes.to_documented("GET", served) == path


def test_the_rest_has_to_stay_at_the_end() -> None:
    with pytest.raises(ContractError, match=r"has to end with \{path\}, which takes the rest of a path"):
        Routes.of(ALL, {FILE.id: "/f/{path}/of/{site}"})


def test_a_rest_and_a_single_segment_may_share_their_place() -> None:
    routes = Routes.of(ALL, {OTHERS[5].id: "/sites/{site}/files/one"})
    assert routes.to_served("GET", "/sites/s") == "/sites/s/files/one"


def test_the_trailing_slash_of_a_template_is_kept_where_it_is_served_elsewhere() -> None:
    routes = Routes.of(ALL, {"POST /{team}/sites/": "/v9/{team}/sites/"})
    assert routes.to_served("POST", OTHERS[4].expand({"team": "t"})) == "/v9/t/sites/"
    assert routes.to_documented("POST", "/v9/t/sites/") == "/t/sites/"


def contract_of(folder: Path, path: str, place: str = "path", many: object = True) -> None:
    """A contract with one operation, whose parameter `path` takes the rest."""
    shipped = load("vultr").folder
    target = folder / "acme"
    target.mkdir()
    conventions = yaml.safe_load((shipped / "conventions.yaml").read_text(encoding="utf-8"))
    conventions["resources"] = []
    (target / "conventions.yaml").write_text(yaml.safe_dump(conventions), encoding="utf-8")
    about = {"document": {"title": "Acme", "url": "https://acme.example/docs"}, "requirements": []}
    (target / "requirements.yaml").write_text(yaml.safe_dump(about), encoding="utf-8")
    parameter = {"name": "path", "in": place, "required": True, "x-many-segments": many, "schema": {"type": "string"}}
    operation = {"parameters": [parameter], "responses": {"200": {"description": "It."}}}
    document = {"openapi": "3.1.0", "info": {"title": "Acme", "version": "1"}, "paths": {path: {"get": operation}}}
    (target / "openapi.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


def test_a_contract_says_which_parameter_takes_the_rest(tmp_path: Path) -> None:
    contract_of(tmp_path, "/files/{path}")
    contract = load("acme", tmp_path)
    request = Request(method="GET", url="https://acme.example/files/a/b%2Fc")
    exchange = Locator(contract, "https://acme.example").exchange(request, Response(status=200))
    assert exchange.known_as == "GET /files/{path}"
    assert contract.operations[0].rest == "path"


@pytest.mark.parametrize(
    ("path", "place", "many", "problem"),
    [
        ("/files/{path}/info", "path", True, "is for the parameter that a path ends with"),
        ("/files", "query", True, "is for the parameter that a path ends with"),
        ("/files/{path}", "path", "yes", "x-many-segments"),
    ],
)
def test_a_contract_that_says_it_of_another_one_is_refused(
    tmp_path: Path, path: str, place: str, many: object, problem: str
) -> None:
    contract_of(tmp_path, path, place, many)
    with pytest.raises(ContractError) as refused:
        load("acme", tmp_path)
    assert problem in str(refused.value)


def guarded(made: str | None) -> Guard:
    """A guard at somebody's target, of a run that created a site, or did not."""
    vultr = load("vultr")
    site = vultr.conventions.resources[0].model_copy(
        update={"name": "site", "create": OTHERS[4].id, "parameter": "site", "delete": None, "read": None, "list": None}
    )
    conventions = vultr.conventions.model_copy(update={"resources": (site,)})
    guard = Guard(Contract("acme", conventions, ALL, {}, vultr.catalogue), writes=True)
    if made is not None:
        guard.made.append(Made(1, OTHERS[4].id, {"team": "t"}, {}, "default", None, id=made))
    return guard


def test_a_part_of_what_a_run_created_may_be_written_and_a_part_of_anything_else_may_not() -> None:
    path = FILE.expand({"site": "mine", "path": "css/a.css"})
    assert guarded("mine").may_reach("PUT", path)
    assert not guarded(None).may_reach("PUT", path)
    assert not guarded("mine").may_reach("PUT", FILE.expand({"site": "theirs", "path": "mine"}))
    assert not guarded("mine").may_reach("PUT", "/sites/mine/files/../../theirs")
