"""The core of the reference server: building, clocks, credentials, WSGI, sockets, the mechanics of faults."""

from __future__ import annotations

import ast
import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from conformance import reference
from conformance.reference import Fault, RunningClock, Server, VirtualClock, build, faults_of
from conformance.reference.core import Route
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.serve import serve
from conformance.reference.store import Collection

MODULES = sorted(Path(reference.__file__).parent.glob("*.py"))


def client(server: Server, key: str = "default", address: str = "127.0.0.1") -> httpx2.Client:
    return httpx2.Client(
        transport=httpx2.WSGITransport(server, remote_addr=address),
        base_url="https://api.vultr.com",
        headers={"Authorization": f"Bearer {server.credentials[key]}"},
    )


def call(server: Server, **environ: Any) -> tuple[str, dict[str, str], bytes]:
    """One raw WSGI call: status line, headers, body."""
    seen: list[Any] = []
    request = {
        "REQUEST_METHOD": "GET",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(),
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_AUTHORIZATION": f"Bearer {server.credentials['default']}",
        **environ,
    }
    body = b"".join(server(request, lambda *answer: seen.extend(answer)))  # type: ignore[arg-type]
    return seen[0], dict(seen[1]), body


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_imports_nothing_of_what_judges_it(module: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom):
            imported |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
    own = {name for name in imported if name.split(".")[0] == "conformance"}
    assert all(name.startswith("conformance.reference.") for name in own)


def test_unknown_api_and_options_are_refused() -> None:
    with pytest.raises(ValueError, match="no reference server for 'vultur'"):
        build("vultur")
    with pytest.raises(ValueError, match="no reference server for 'vultur'"):
        faults_of("vultur")
    with pytest.raises(TypeError, match="colour"):
        build("vultr", colour="red")
    other = Fault("vercel.a.b/c", "vercel.a.b", "Of another API.", lambda _server: None)
    with pytest.raises(ValueError, match="a fault of vercel, not of vultr"):
        build("vultr", fault=other)


def test_building_is_cheap() -> None:
    build("vultr")
    started = time.perf_counter()
    for _ in range(20):
        build("vultr")
    assert (time.perf_counter() - started) / 20 < 0.005


def test_servers_share_no_state() -> None:
    one, other = build("vultr"), build("vultr")
    assert client(one).delete("/v2/domains/alpha.default.example.com").status_code == 204
    assert client(one).get("/v2/domains/alpha.default.example.com").status_code == 404
    assert client(other).get("/v2/domains/alpha.default.example.com").status_code == 200


def test_credentials_can_be_given() -> None:
    server = build("vultr", credentials={"second": "A-TOKEN-OF-MY-OWN"})
    assert server.credentials["second"] == "A-TOKEN-OF-MY-OWN"
    assert client(server, "second").get("/v2/account").json()["account"]["name"] == "Second Account"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"third": "x"}, "no credential named third"),
        ({"second": ""}, "non-empty"),
        ({"default": "same", "second": "same"}, "differ"),
    ],
)
def test_bad_credentials_are_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build("vultr", credentials=given)


def test_no_default_token_stands_in_the_source() -> None:
    source = "".join(module.read_text() for module in MODULES)
    tokens = build("vultr").credentials.values()
    assert len(set(tokens)) == 4
    assert not [token for token in tokens if token in source]


def test_virtual_clock_moves_with_requests_only() -> None:
    clock = VirtualClock()
    server = build("vultr", clock=clock)
    assert clock.now() == datetime(2026, 1, 1, tzinfo=UTC)
    client(server).get("/v2/plans")
    client(server).get("/v2/plans")
    assert clock.now() == datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=0.1)
    clock.tick = 0
    client(server).get("/v2/plans")
    clock.advance(3600)
    assert clock.now() == datetime(2026, 1, 1, 1, tzinfo=UTC) + timedelta(seconds=0.1)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="aware"):
        VirtualClock(datetime(2026, 1, 1))


def test_a_running_clock_starts_with_the_seeds_and_runs_by_itself() -> None:
    clock = RunningClock()
    first = clock.now()
    clock.on_request()
    assert datetime(2026, 1, 1, tzinfo=UTC) <= first <= clock.now() < datetime(2026, 1, 2, tzinfo=UTC)


def test_date_and_length_are_sent() -> None:
    status, headers, body = call(build("vultr"), PATH_INFO="/v2/account")
    assert status == "200 OK"
    assert headers["Date"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert headers["Content-Length"] == str(len(body))


def test_segments_are_decoded_one_by_one_where_the_raw_target_is_known() -> None:
    environ = {"REQUEST_METHOD": "GET", "wsgi.url_scheme": "https", "wsgi.input": io.BytesIO()}
    raw = Request.from_environ({**environ, "REQUEST_URI": "/v2/users/a%2Fb%C3%A9?x=1", "PATH_INFO": "/v2/users/a/b"})
    absolute = Request.from_environ({**environ, "REQUEST_URI": "http://host/v2/users/a%2Fb%C3%A9"})
    assert raw.segments == absolute.segments == ("v2", "users", "a/bé")


@pytest.mark.parametrize("path", ["/v2/users/é", "/v2/users/Ã©", "/v2/users/☃"])
def test_a_path_may_come_as_text_or_as_latin_1(path: str) -> None:
    status, _, body = call(build("vultr"), PATH_INFO=path)
    assert status == "404 Not Found"
    assert "user" in json.loads(body)["error"]


@pytest.mark.parametrize("environ", [{"QUERY_STRING": "per_page=%ff"}, {"QUERY_STRING": "type=\xff\xfe&a&=&%"}])
def test_odd_bytes_in_a_query_are_no_crash(environ: dict[str, str]) -> None:
    status, _, _ = call(build("vultr"), PATH_INFO="/v2/plans", **environ)
    assert status[0] in "24"


def test_head_has_no_body() -> None:
    status, headers, body = call(build("vultr"), PATH_INFO="/v2/plans", REQUEST_METHOD="HEAD")
    _, _, shown = call(build("vultr"), PATH_INFO="/v2/plans")
    assert (status, body) == ("200 OK", b"")
    assert int(headers["Content-Length"]) == len(shown)


def test_a_crash_is_a_500_without_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_server: Server, _request: Request) -> Response:
        raise KeyError("a secret of the code")

    server = build("vultr")
    server.routes.insert(0, Route("GET", "/v2/broken", broken, None))
    answer = client(server).get("/v2/broken")
    assert answer.status_code == 500
    assert answer.json() == {"error": "The server could not answer this request.", "status": 500}
    assert "a secret of the code" in caplog.text


def test_transforms_run_in_order_and_may_refuse() -> None:
    server = build("vultr")
    server.transforms.append(lambda _request, response: response.with_header("X-Order", "1"))
    server.transforms.append(lambda _request, response: response.with_header("X-Order", "2"))
    assert client(server).get("/v2/plans").headers["X-Order"] == "2"

    def refuse(_request: Request, _response: Response) -> Response:
        raise Problem(403, "test", "Refused by a transform.")

    server.transforms.append(refuse)
    assert client(server).get("/v2/plans").json() == {"error": "Refused by a transform.", "status": 403}


def test_pending_changes_keep_their_order() -> None:
    clock = VirtualClock()
    rows = {("me", "a"): {"id": "a", "x": 0}}
    records = Collection("id", clock, dict(rows))
    records.update("me", "a", {"x": 1}, after=10)
    assert records.get("me", "a") == {"id": "a", "x": 0}
    records.update("me", "a", {"y": 2})
    assert records.get("me", "a") == {"id": "a", "x": 1, "y": 2}
    records.update("me", "a", {"x": 3}, after=10)
    clock.advance(10)
    assert records.of("me") == [{"id": "a", "x": 3, "y": 2}]
    records.update("me", "a", {"x": 4}, after=10)
    assert records.remove("me", "a")
    clock.advance(10)
    assert records.of("me") == []
    assert not records.remove("me", "a")
    assert rows == {("me", "a"): {"id": "a", "x": 0}}


def test_served_on_a_socket_to_many_at_once() -> None:
    server = build("vultr", require_https=False)
    key = {"Authorization": f"Bearer {server.credentials['default']}"}
    names = [f"thread-{number}.example.com" for number in range(8)]
    with serve(server) as url, httpx2.Client(base_url=url, headers=key) as http:
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(lambda name: http.post("/v2/domains", json={"domain": name}).status_code, names))
        listed = {item["domain"] for item in http.get("/v2/domains").json()["domains"]}
        slash = http.get("/v2/users/a%2Fb")
        lost = http.get("/v2/nothing")
    assert made == [201] * 8
    assert set(names) < listed
    assert "user" in slash.json()["error"]
    assert lost.headers["Date"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url)


def test_a_server_that_requires_https_is_not_served_in_clear() -> None:
    with pytest.raises(ValueError, match="require_https=False"), serve(build("vultr")):
        pass
