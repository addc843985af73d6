"""Routes: operations that a target serves at other paths keep their names, there and back."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.contract import ContractError, load
from conformance.contract.operation import Operation
from conformance.contract.router import Router
from conformance.contract.routes import Routes
from conformance.traffic.exchange import Request, Response
from conformance.traffic.locator import Locator

VERCEL = load("vercel")
THINGS = (
    Operation("GET", "/v1/things"),
    Operation("POST", "/v1/things"),
    Operation("GET", "/v1/things/{id}"),
    Operation("GET", "/v1/things/{id}/parts/{part}"),
    Operation("GET", "/v2/others"),
)
PATHS = {
    "GET /v1/things": "/v3/things",
    "POST /v1/things": "/v4/things",
    "GET /v1/things/{id}/parts/{part}": "/parts/{part}/of/{id}",
}


@pytest.mark.parametrize(
    ("method", "documented", "served"),
    [
        ("GET", "/v1/things", "/v3/things"),
        ("POST", "/v1/things", "/v4/things"),
        ("GET", "/v1/things/7", "/v1/things/7"),
        ("GET", "/v1/things/a%2Fb/parts/%C3%A9", "/parts/%C3%A9/of/a%2Fb"),
        ("GET", "/v1/things/", "/v3/things/"),
        ("GET", "/v2/others", "/v2/others"),
        ("GET", "/nowhere", "/nowhere"),
        # A method that no operation has goes where the path is served for another one.
        ("PATCH", "/v1/things", "/v3/things"),
        ("PATCH", "/v1/things/7", "/v1/things/7"),
    ],
)
def test_each_method_of_a_path_is_asked_for_where_it_is_served(method: str, documented: str, served: str) -> None:
    routes = Routes.of(THINGS, PATHS)
    assert routes.to_served(method, documented) == served
    assert routes.to_documented(method, served) == documented


def test_a_query_goes_along() -> None:
    assert Routes.of(THINGS, PATHS).to_served("GET", "/v1/things?a=/v1/things") == "/v3/things?a=/v1/things"


def test_the_beginning_of_paths_stands_for_all_below_it_and_an_operation_for_itself() -> None:
    routes = Routes.of(THINGS, {"/v1": "/api/v1", "/v1/things/{id}": "/one/{id}", "POST /v1/things": "/new"})
    assert routes.served == {
        "GET /v1/things": "/api/v1/things",
        "POST /v1/things": "/new",
        "GET /v1/things/{id}": "/one/{id}",
        "GET /v1/things/{id}/parts/{part}": "/one/{id}/parts/{part}",
    }


VALUES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).filter(lambda text: text not in (".", ".."))


@given(identity=VALUES, part=VALUES)
def test_whatever_stands_in_a_path_comes_back_as_it_was(identity: str, part: str) -> None:
    routes, operation = Routes.of(THINGS, PATHS), THINGS[3]
    path = operation.expand({"id": identity, "part": part})
    served = routes.to_served("GET", path)
    assert served == f"/parts/{quote(part, safe='')}/of/{quote(identity, safe='')}" or "%2E" in served
    assert routes.to_documented("GET", served) == path
    assert Router(THINGS).find("GET", routes.to_documented("GET", served)) is operation


@pytest.mark.parametrize(
    ("paths", "problem"),
    [
        ({"GET /v1/thing": "/v2/things"}, "paths.GET /v1/thing: is neither an operation nor the beginning of a docu"),
        ({"/v9": "/v2"}, "paths./v9: is neither an operation nor the beginning of a documented path"),
        ({"GET /v1/things": "v2/things"}, "'v2/things' is no path below the base URL"),
        ({"GET /v1/things": "//elsewhere/things"}, "'//elsewhere/things' is no path below the base URL"),
        ({"GET /v1/things": "/things?all=1"}, "'/things?all=1' is no path below the base URL"),
        ({"GET /v1/things/{id}": "/v2/things"}, "'/v2/things' has to have the parameters of /v1/things/{id}"),
        ({"GET /v1/things": "/v2/things/{id}"}, "'/v2/things/{id}' has to have the parameters of /v1/things"),
        ({"GET /v1/things": "/v2/others"}, "GET /v1/things and GET /v2/others cannot both be served at GET /v2/others"),
        ({"GET /v1/things": "/a", "GET /v2/others": "/a"}, "cannot both be served at GET /a"),
    ],
)
def test_paths_that_cannot_be_are_refused(paths: dict[str, str], problem: str) -> None:
    with pytest.raises(ContractError) as refused:
        Routes.of(THINGS, paths)
    assert problem in str(refused.value)


def test_two_operations_may_change_places() -> None:
    routes = Routes.of(THINGS, {"GET /v1/things": "/v2/others", "GET /v2/others": "/v1/things"})
    assert routes.to_served("GET", "/v1/things") == "/v2/others"
    assert routes.to_documented("GET", "/v2/others") == "/v1/things"


def test_an_exchange_at_another_path_is_one_of_its_operation() -> None:
    routes = VERCEL.routes({"GET /v9/projects": "/v10/projects"})
    locator = Locator(VERCEL, "http://127.0.0.1:1/api", routes=routes)
    asked = Request(method="GET", url="http://127.0.0.1:1/api/v10/projects?limit=1")
    exchange = locator.exchange(asked, Response(status=200))
    assert (exchange.known_as, exchange.path, exchange.served_at) == (
        "GET /v9/projects", "/v9/projects", "/v10/projects",
    )  # fmt: skip
    assert exchange.request.url == asked.url
