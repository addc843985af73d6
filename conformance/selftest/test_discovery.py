"""Targets that serve other versions than the document's, and whose ids nobody names: what is found out by reading."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conformance import reference
from conformance.commands.main import main
from conformance.contract import Contract, load
from conformance.reference.serve import serve
from conformance.selftest.servers import TOKEN, VULTR, Answer, Asked, RawServer, Runner, raw_server, reply, url_target
from conformance.shipped import SUITE
from conformance.targets import UrlTarget
from conformance.targets.clock import ManualClock
from conformance.targets.discovery import FARTHEST, Discovery

SNYK, VERCEL = load("snyk"), load("vercel")
NOTHING = reply({"error": "There is no such path.", "status": 404}, "404 Not Found")


class Elsewhere:
    """The reference server at other paths: what is not among them is not found."""

    def __init__(self, paths: dict[str, str]) -> None:
        self.server = reference.build(
            "vultr", clock=reference.VirtualClock(), credentials={"default": TOKEN}, require_https=False
        )
        self.transport = self.server.transport
        self.paths = paths
        self.asked: list[tuple[str, str]] = []

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        self.asked.append((method, path))
        known = next((own for own in self.paths if path == own or path.startswith(f"{own}/")), None)
        inside = "/v2/nothing" if known is None else self.paths[known] + path.removeprefix(known)
        for key in ("PATH_INFO", "RAW_URI", "REQUEST_URI"):
            if key in environ:
                environ[key] = environ[key].replace(path, inside)
        return self.server(environ, start)


@contextmanager
def elsewhere(paths: dict[str, str]) -> Iterator[tuple[Elsewhere, str]]:
    server = Elsewhere(paths)
    with serve(server) as url:  # type: ignore[arg-type]  # it is served like the server inside
        yield server, url


MOVED = {
    "/v3/domains": "/v2/domains",
    "/v1/plans": "/v2/plans",
    "/v2/account": "/v2/account",
    "/v4/users": "/v2/users",
    "/v2/applications": "/v2/applications",
}


def looked_around(target: UrlTarget) -> Discovery:
    discovery = Discovery(target, target.session("look", "around", []).client)
    discovery.find_paths()
    discovery.find_values([operation.id for operation in target.contract.operations])
    return discovery


def at(contract: Contract, url: str, **given: Any) -> UrlTarget:
    return UrlTarget(
        contract=contract, name="x", base_url=url, credentials={"default": TOKEN}, clock=ManualClock(), **given
    )


def test_the_versions_that_answer_are_found_with_gets_alone() -> None:
    with elsewhere(MOVED) as (server, url):
        target = url_target(url)
        found = looked_around(target)
    served = {name: target.routes.served.get(name, name.split()[1]) for name in (op.id for op in VULTR.operations)}
    assert served["GET /v2/domains"] == served["POST /v2/domains"] == "/v3/domains"
    assert (
        served["GET /v2/domains/{dns-domain}"]
        == served["DELETE /v2/domains/{dns-domain}"]
        == ("/v3/domains/{dns-domain}")
    )
    assert served["GET /v2/plans"] == "/v1/plans"
    assert served["GET /v2/account"] == "/v2/account"
    assert {method for method, _ in server.asked} == {"GET"}
    assert "GET /v2/domains is asked for at /v3/domains (found)" in found.notices
    assert "POST /v2/domains is asked for at /v3/domains (as what is read there; not tried)" in found.notices
    assert "this target serves neither /v2/backups nor another version of it" in found.notices
    backups = [path for _, path in server.asked if path.endswith("/backups")]
    assert len(backups) <= 2 + FARTHEST


def test_what_somebody_named_is_not_looked_for() -> None:
    with elsewhere(MOVED) as (server, url):
        target = url_target(url, routes=VULTR.routes({"GET /v2/domains": "/v3/domains", "POST /v2/domains": "/new"}))
        looked_around(target)
        assert ("GET", "/v2/domains") not in server.asked
    assert target.routes.served["POST /v2/domains"] == "/new"
    assert target.routes.served["GET /v2/domains/{dns-domain}"] == "/v3/domains/{dns-domain}"


def test_a_path_below_an_id_is_tried_with_one_that_exists(suite: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(asked: Asked) -> bytes:
        moved = "/rest/orgs/org-1/projects"
        known = {"/orgs": "org-1", moved: "p-1"}.get(asked.path)
        if known is None or "authorization" not in asked.headers:
            status = "401 Unauthorized" if known else "404 Not Found"
            errors = {"jsonapi": {"version": "1.0"}, "errors": [{"status": status[:3], "detail": "No."}]}
            return reply(errors, status, content_type="application/vnd.api+json")
        data = {"jsonapi": {"version": "1.0"}, "data": [{"id": known, "type": "x"}], "links": {}}
        return reply(data, content_type="application/vnd.api+json")

    monkeypatch.setenv("SNYK_TOKEN", TOKEN)
    with raw_server(answer) as server:
        arguments = ("--api", "snyk", "--target", server.url, "--discover", "-k", "walk-exactly-once")
        ran = suite(*arguments, paths=(SUITE / "common",))
    served = "GET /orgs/{org_id}/projects is asked for at /rest/orgs/{org_id}/projects (found)"
    assert served in ran.report["notices"], ran.text


def test_a_server_that_answers_every_path_is_taken_as_it_is() -> None:
    def answer(_: Asked) -> bytes:
        return reply({"domains": [], "meta": {"total": 0, "links": {"next": "", "prev": ""}}})

    with raw_server(answer) as server:
        target = url_target(server.url)
        found = looked_around(target)
    assert target.routes.served == {}
    assert found.notices == []


def test_a_page_for_everything_at_another_version_is_no_list() -> None:
    """A portal that answers what it does not know under /v3 with a page is not taken for the API."""

    def answer(asked: Asked) -> bytes:
        return reply("<p>Hello</p>", content_type="text/html") if asked.path.startswith("/v3/") else NOTHING

    with raw_server(answer) as server:
        target = url_target(server.url)
        looked_around(target)
    assert "GET /v2/domains" not in target.routes.served


def test_below_the_documented_base_path_when_the_url_lacks_it() -> None:
    def answer(asked: Asked) -> bytes:
        if asked.path == "/rest/orgs/the-org/projects":
            return reply({"data": [], "jsonapi": {"version": "1.0"}, "links": {}})
        return reply({"errors": [{"status": "404", "detail": "Not found."}]}, "404 Not Found")

    with raw_server(answer) as server:
        target = at(SNYK, server.url, parameters={"org_id": ("the-org",)})
        looked_around(target)
    assert target.routes.served["GET /orgs/{org_id}/projects"] == "/rest/orgs/{org_id}/projects"


def orgs(asked: Asked) -> bytes:
    """Two organisations; projects are in the first."""
    listed = {"/orgs": ["org-1", "org-2"], "/orgs/org-1/projects": ["p-1", "p-2", "p-3", "p-4"]}
    if asked.path in listed:
        data = [{"type": "thing", "id": identity} for identity in listed[asked.path]]
        return reply(
            {"jsonapi": {"version": "1.0"}, "data": data, "links": {}}, content_type="application/vnd.api+json"
        )
    return reply({"errors": [{"status": "404", "detail": "Not found."}]}, "404 Not Found")


def test_ids_in_paths_are_read_from_the_lists_that_have_them() -> None:
    with raw_server(orgs) as server:
        target = at(SNYK, server.url)
        found = looked_around(target)
    assert target.parameters["org_id"] == ("org-1", "org-2")
    assert target.parameters["project_id"] == ("p-1", "p-2", "p-3")
    assert "org_id is read from GET /orgs: org-1, org-2" in found.notices


def test_a_value_that_was_named_is_kept_and_found_ones_are_for_reading_alone() -> None:
    with raw_server(orgs) as server:
        target = at(SNYK, server.url, parameters={"org_id": ("org-2",)}, capabilities=frozenset({"writes"}))
        looked_around(target)
        assert target.parameters["org_id"] == ("org-2",)
        assert "project_id" not in target.parameters
        guard = target.guard
        target.learn({"org_id": ("org-1",)})
        assert not guard.may_reach("POST", "/orgs/org-1/projects")
        target.close()


def test_a_scope_is_found_where_the_contract_says_that_it_is_listed() -> None:
    def answer(asked: Asked) -> bytes:
        if asked.path == "/v2/teams":
            return reply(
                {"teams": [{"id": "team_a", "slug": "a"}], "pagination": {"count": 1, "next": None, "prev": 1}}
            )
        return reply({"error": {"code": "not_found", "message": "Not found"}}, "404 Not Found")

    with raw_server(answer) as server:
        target = at(VERCEL, server.url)
        looked_around(target)
    assert target.parameters["teamId"] == ("team_a",)


@pytest.mark.parametrize("records", [[], [{"id": ""}], [{"id": None}], [{"id": ["x"]}], ["x"], {"id": "x"}, None])
def test_what_is_no_id_is_not_taken_for_one(records: Any) -> None:
    with raw_server(lambda _: reply({"data": records, "links": {}}, content_type="application/vnd.api+json")) as server:
        target = at(SNYK, server.url)
        looked_around(target)
    assert "org_id" not in target.parameters


@pytest.mark.parametrize("answer", [lambda _: b"", lambda _: reply("{"), lambda _: reply("", "500 Broken")])
def test_a_target_that_answers_nothing_of_use_is_left_to_the_tests(answer: Answer) -> None:
    with raw_server(answer) as server:
        target = url_target(server.url)
        found = looked_around(target)
    assert (target.routes.served, found.notices) == ({}, [])


FEW = ("-k", "test_auth or walk-exactly-once")


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Runner(tmp_path, monkeypatch)


def unserved(server: RawServer) -> int:
    return sum(asked.method != "GET" for asked in server.asked)


def test_a_run_that_discovers_judges_each_operation_where_it_is_served(suite: Runner) -> None:
    with elsewhere(MOVED) as (server, url):
        ran = suite("--target", url, "--discover", "--allow-writes", *FEW)
        assert ("GET", "/v2/domains") in server.asked
    assert ran.status == 0, ran.text
    assert ran.verdicts["vultr.pagination.walk-exactly-once[GET /v2/domains]"] == "passed"
    assert ran.verdicts["vultr.auth.bad-key-401[GET /v2/account]"] == "passed"
    assert "GET /v2/domains is asked for at /v3/domains (found)" in ran.report["notices"]
    assert "notice: GET /v2/domains is asked for at /v3/domains (found)" in ran.text
    assert not any(name.endswith("/v3/domains") for name in ran.report["unknown_operations"])


def test_without_being_told_to_look_nothing_is_looked_for(suite: Runner) -> None:
    with elsewhere(MOVED) as (server, url):
        suite("--target", url, "-k", "bad-key-401")
        assert not any(path.startswith("/v3/") for _, path in server.asked)


def named_target(folder: Path, url: str, more: str = "") -> Path:
    (folder / "pyproject.toml").write_text(
        f'[tool.conformance.targets.moved]\napi = "vultr"\nurl = "{url}"\n{more}\n', encoding="utf-8"
    )
    return folder


PATHS = 'paths = {"/v2/domains" = "/v3/domains", "GET /v2/plans" = "/v1/plans"}'


def test_a_recording_of_mapped_paths_is_replayed_and_judged_as_the_operations_it_is_of(
    suite: Runner, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite.record_here()
    with elsewhere(MOVED) as (_, url):
        ran = suite("--target", "moved", "--record", *FEW, root=named_target(tmp_path, url, PATHS))
    assert ran.status == 0, ran.text
    suite.replay_from(suite.cassettes)
    replayed = suite(*FEW)
    seen = {name: verdict for name, verdict in ran.verdicts.items() if verdict == "passed"}
    assert seen
    assert {name: replayed.verdicts[name] for name in seen} == seen
    files = [str(path) for path in (suite.cassettes / "vultr").rglob("*.yaml")]
    assert main(["judge", "--api", "vultr", *files]) == 0
    assert "/v3/domains" not in capsys.readouterr().out


def test_a_curl_line_shows_the_path_that_was_asked_for(suite: Runner, tmp_path: Path) -> None:
    def answer(_: Asked) -> bytes:
        meta = {"total": 9, "links": {"next": "YWdhaW4=", "prev": ""}}
        return reply({"domains": [{"domain": "a.example.com"}], "meta": meta})

    with raw_server(answer) as server:
        root = named_target(tmp_path, server.url, PATHS)
        ran = suite("--target", "moved", "-k", "walk-exactly-once and domains", root=root)
    assert ran.status == 1
    assert f"--url '{server.url}/v3/domains?" in ran.text
    assert "/v2/domains" not in {asked.path for asked in server.asked}


def test_a_curl_line_takes_the_token_from_the_variable_that_the_target_names(
    suite: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVED_KEY", TOKEN)
    with raw_server(lambda _: reply({"account": 3})) as server:
        root = named_target(tmp_path, server.url, 'credentials = {default = "MOVED_KEY", second = "MOVED_OTHER_KEY"}')
        ran = suite("--target", "moved", "-k", "account-object or backups", root=root)
    assert '"${MOVED_KEY}"' in ran.text
    assert "VULTR_API_KEY" not in ran.text


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ('paths = {"GET /v2/domain" = "/v3/domains"}', "the target 'moved': paths.GET /v2/domain: is neither an op"),
        ('paths = {"GET /v2/domains" = 3}', "tool.conformance.targets.moved: paths.GET /v2/domains"),
        ('discover = "yes please"', "tool.conformance.targets.moved: discover: "),
        ('seed = "no colon"', "tool.conformance.targets.moved: seed: "),
    ],
)
def test_a_wrong_key_is_refused_in_one_line(suite: Runner, tmp_path: Path, more: str, line: str) -> None:
    ran = suite("--target", "moved", root=named_target(tmp_path, "http://127.0.0.1:9", more))
    assert ran.status == 4
    assert line in ran.text
    assert "Traceback" not in ran.text


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--discover",), "--discover: is for a URL or a named target, cassette serves the documented paths"),
        (("--wait", "5"), "--wait: is for a URL or a named target"),
        (("--seed", "3"), "--seed: is for a URL or a named target"),
        (("--target", "http://127.0.0.1:9", "--allow-billable"), "--allow-billable: goes with --allow-writes"),
        (("--target", "http://127.0.0.1:9", "--seed", "3"), "--seed: creates records: give --allow-writes too"),
        (("--seed", "many"), "--seed: 'many' is no number from 0 to 500"),
        (("--wait", "-1"), "--wait: '-1' is no number of seconds"),
        (("--wait", "nan"), "--wait: 'nan' is no number of seconds"),
    ],
)
def test_a_wrong_option_is_refused_in_one_line(suite: Runner, arguments: tuple[str, ...], line: str) -> None:
    ran = suite(*arguments)
    assert ran.status == 4
    assert line in ran.text
    assert "Traceback" not in ran.text


def test_paths_that_a_recording_names_wrongly_are_told_with_the_file(
    suite: Runner, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite.record_here()
    with elsewhere(MOVED) as (_, url):
        root = named_target(tmp_path, url, PATHS)
        suite("--target", "moved", "--record", "-k", "walk-exactly-once and domains", root=root)
    file = next((suite.cassettes / "vultr").rglob("*.yaml"))
    text = file.read_text(encoding="utf-8")
    assert '"GET /v2/domains": "/v3/domains"' in text
    file.write_text(text.replace('"GET /v2/domains": "/v3', '"GET /v2/nowhere": "/v3'), encoding="utf-8")
    assert main(["judge", "--api", "vultr", str(file)]) == 1
    told = capsys.readouterr().out
    assert f"{file}: metadata: paths.GET /v2/nowhere: is neither an operation" in told
    assert "Traceback" not in told


def test_notices_and_needs_are_in_the_report_of_a_program(suite: Runner) -> None:
    with elsewhere(MOVED) as (_, url):
        ran = suite("--target", url, "-k", "test_users or test_domains")
    needed = {need["how"]: need for need in ran.report["needed"]}
    assert needed["--allow-writes"]["cases"] >= 1
    assert "need writes (--allow-writes)" in ran.text.replace("needs", "need")
    assert json.dumps(ran.report["needed"])
