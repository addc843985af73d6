"""Which target is meant: what a name, a URL and a table in pyproject.toml come to, and one line for each mistake."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from conformance.contract import ConformanceError
from conformance.selftest.servers import TOKEN, raw_server, reply
from conformance.targets import CassetteTarget, ReferenceTarget, TargetError, UrlTarget, config, is_loopback, select
from conformance.targets.clock import ManualClock
from conformance.targets.config import Selection

ENVIRON = {"VULTR_API_KEY": TOKEN, "VULTR_API_KEY_SECOND": "selftest-token-of-another-account"}
LOCAL = "http://127.0.0.1:8080"
REMOTE = "https://api.example.com"


def at(
    name: str, *, environ: Mapping[str, str] = ENVIRON, root: Path = Path(), allow_writes: bool = False
) -> UrlTarget:
    target = select(name, ("vultr",), root=root, environ=environ, allow_writes=allow_writes).targets["vultr"]
    assert isinstance(target, UrlTarget)
    return target


def named(folder: Path, table: str, **environ: str) -> Selection:
    path = folder / "pyproject.toml"
    path.write_text(f"[tool.conformance.targets.staging]\n{table}\n", encoding="utf-8")
    return select("staging", root=folder, environ={**ENVIRON, **environ})


@pytest.mark.parametrize(("url", "asked", "may"), [(LOCAL, False, True), (REMOTE, False, False), (REMOTE, True, True)])
def test_what_may_cost_money_is_created_on_this_machine_and_where_it_is_asked_for(
    url: str, asked: bool, may: bool
) -> None:
    target = select(url, ("vultr",), environ=ENVIRON, allow_writes=True, allow_billable=asked).targets["vultr"]
    assert isinstance(target, UrlTarget)
    assert target.take_up(None).billable is may


def test_a_built_in_name_answers_for_every_api_asked_for() -> None:
    assert isinstance(select("cassette", ("vultr",)).targets["vultr"], CassetteTarget)
    assert isinstance(select("reference", ("vultr", "vultr")).targets["vultr"], ReferenceTarget)


@pytest.mark.parametrize("url", [LOCAL, f"{LOCAL}/", f"{LOCAL}/v2", f"{LOCAL}/v2/"])
def test_a_url_works_the_same_with_and_without_the_version(url: str) -> None:
    assert at(url).base_url == LOCAL


@pytest.mark.parametrize("suffix", ["", "/", "/v2", "/v2/", "/proxy", "/proxy/v2/"])
def test_requests_arrive_below_the_url_given(suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "UrlTarget", lambda **given: UrlTarget(**given, clock=ManualClock()))
    with raw_server(lambda _: reply({"account": {}})) as server:
        target = at(f"{server.url}{suffix}")
        target.session("a test", "an item", []).client.send("GET", "/v2/account")
        target.close()
    assert server.asked[0].target == f"{'/proxy' if 'proxy' in suffix else ''}/v2/account"


def test_a_url_on_this_machine_may_be_loaded_and_none_may_be_written_to_unasked() -> None:
    assert at(LOCAL).capabilities == {"load", "receiver"}
    assert not at(REMOTE).capabilities & {"load", "writes"}
    assert at(LOCAL, allow_writes=True).capabilities == {"load", "receiver", "writes"}


def test_credentials_are_taken_by_name_from_the_environment(tmp_path: Path) -> None:
    assert dict(at(REMOTE).credentials) == {"default": TOKEN, "second": "selftest-token-of-another-account"}
    table = f'api = "vultr"\nurl = "{REMOTE}"\ncredentials = {{default = "STAGING_KEY"}}'
    target = named(tmp_path, table, STAGING_KEY="selftest-token-of-staging").targets["vultr"]
    assert isinstance(target, UrlTarget)
    assert target.credentials["default"] == "selftest-token-of-staging"


def test_a_named_target_says_what_it_is(tmp_path: Path) -> None:
    table = (
        f'api = "vultr"\nurl = "{LOCAL}/v2"\nstrict = true\ndeviations = "known.yaml"\n'
        'capabilities = ["writes", "seeded"]\nparameters = {user-id = ["one", "two"]}'
    )
    selection = named(tmp_path, table)
    target = selection.targets["vultr"]
    assert isinstance(target, UrlTarget)
    assert (selection.name, selection.deviations) == ("staging", tmp_path / "known.yaml")
    assert (target.base_url, target.strict) == (LOCAL, True)
    assert target.parameters["user-id"] == ("one", "two")
    # Writing has to be allowed on the command line, whatever the table says.
    assert target.capabilities == {"load", "receiver", "seeded"}


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://api.example.com", "a token is sent over TLS only, and http://api.example.com is neither https nor"),
        ("http://127.0.0.1.example.com", "neither https nor loopback"),
        ("ftp://127.0.0.1", "ftp://127.0.0.1 is no http or https URL"),
        ("https:///v2", "https:///v2 is no http or https URL"),
        ("https://user:secret-word@api.example.com", "may not carry credentials, a query or a fragment"),
        ("https://:secret-word@api.example.com", "may not carry credentials, a query or a fragment"),
        ("https://api.example.com?key=secret-word", "may not carry credentials, a query or a fragment"),
        ("https://api.example.com/#secret-word", "may not carry credentials, a query or a fragment"),
        ("https://[::1", "cannot be read: Invalid IPv6 URL"),
        ("https://api.example.com:99999", "cannot be read: Port out of range"),
        ("https://api.example.com:http", "cannot be read: Port could not be cast"),
    ],
)
def test_a_url_that_no_token_may_go_to_is_refused(url: str, message: str) -> None:
    with pytest.raises(TargetError) as refusal:
        at(url)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert "secret-word" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "apis", "message"),
    [
        ("stagging", (), "unknown target 'stagging': known are cassette, reference, a URL"),
        ("cassette", ("vultur",), "unknown API 'vultur': specs/ has netlify, snyk, vercel, vultr, zeit"),
    ],
)
def test_an_unknown_name_is_refused_with_the_known_ones(
    name: str, apis: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConformanceError) as refusal:
        select(name, apis, root=tmp_path)
    assert str(refusal.value) == message


def test_a_url_needs_an_api_where_there_are_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "contracts", lambda _: ("vultr", "vercel"))
    monkeypatch.setattr(config, "load", lambda api, _: api)
    with pytest.raises(TargetError, match=f"^--target {LOCAL}: say with --api which API answers there$"):
        select(LOCAL, environ=ENVIRON)


def test_a_missing_token_names_its_variable() -> None:
    with pytest.raises(TargetError, match=r"needs a token: set the environment variable VULTR_API_KEY$"):
        at(REMOTE, environ={"VULTR_API_KEY": ""})


@pytest.mark.parametrize("token", ["selftest-tökén", "selftest-token\n", " selftest-token", "selftest\x00token"])
def test_a_token_that_no_header_can_carry_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(TargetError, match="VULTR_API_KEY holds white space or a character that no") as refusal:
        at(REMOTE, environ={"VULTR_API_KEY": token})
    assert token not in str(refusal.value)


def test_a_token_too_short_to_be_redacted_is_refused() -> None:
    with pytest.raises(ConformanceError, match="the credential 'default' is shorter than 8 characters"):
        at(REMOTE, environ={"VULTR_API_KEY": "short"})


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (f'api = "vultr"\nurl = "{REMOTE}"\ncolour = "red"', "tool.conformance.targets.staging: colour: Extra inputs"),
        (f'url = "{REMOTE}"', "tool.conformance.targets.staging: api: Field required"),
        (
            f'api = "vultr"\nurl = "{REMOTE}"\ncapabilities = ["wings"]',
            "unknown capability 'wings': known are billable",
        ),
        (f'api = "vultr"\nurl = "{REMOTE}"\ncapabilities = ["load"]', "load tests run against loopback addresses only"),
        (f'api = "vultur"\nurl = "{REMOTE}"', "unknown API 'vultur'"),
        ("url = ", "is not TOML"),
        (f'api = "vultr"\nurl = "{REMOTE}"\ncredentials = {{default = "NO_SUCH"}}', "environment variable NO_SUCH"),
        (f'api = "vultr"\nurl = "{REMOTE}"\ncredentials = {{B_D = "VULTR_API_KEY"}}', "the credential name 'B_D' is"),
    ],
)
def test_a_wrong_table_names_file_and_field(tmp_path: Path, table: str, message: str) -> None:
    with pytest.raises(ConformanceError) as refusal:
        named(tmp_path, table)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_named_target_answers_for_its_api_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "load", lambda api, _: api)
    table = f'[tool.conformance.targets.staging]\napi = "vultr"\nurl = "{REMOTE}"\n'
    (tmp_path / "pyproject.toml").write_text(table, encoding="utf-8")
    with pytest.raises(TargetError, match=r"^the target 'staging' answers for vultr, not for vercel$"):
        select("staging", ("vercel",), root=tmp_path, environ=ENVIRON)


@pytest.mark.parametrize(
    ("url", "whether"),
    [
        ("http://127.0.0.1", True),
        ("http://127.1.2.3:80/x", True),
        ("http://localhost", True),
        ("http://[::1]:8080", True),
        ("http://127.0.0.1.example.com", False),
        ("http://localhost.example.com", False),
        ("http://128.0.0.1", False),
        ("http://[::2]", False),
    ],
)
def test_loopback_is_this_machine_only(url: str, whether: bool) -> None:
    assert is_loopback(url) is whether


def test_values_known_to_exist_are_given_beside_those_of_the_record(tmp_path: Path) -> None:
    target = select("staging", root=_staging(tmp_path), environ=ENVIRON, parameters={"user-id": ("b",)}).targets[
        "vultr"
    ]
    assert isinstance(target, UrlTarget)
    assert target.parameters["user-id"] == ("b",)
    assert target.parameters["dns-domain"] == ("example.com",)


def _staging(folder: Path) -> Path:
    table = f'api = "vultr"\nurl = "{LOCAL}"\nparameters = {{user-id = ["a"], dns-domain = ["example.com"]}}'
    text = f"[tool.conformance.targets.staging]\n{table}\n"
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["cassette", "reference"])
def test_a_built_in_target_knows_its_own_values(name: str) -> None:
    with pytest.raises(TargetError, match=f"--parameter user-id: is for a URL or a named target, {name} knows its own"):
        select(name, ("vultr",), parameters={"user-id": ("x",)})


def test_what_is_disposable_comes_before_what_is_only_known(tmp_path: Path) -> None:
    table = """
    api = "vultr"
    url = "http://127.0.0.1:8080"
    parameters = {dns-domain = ["mine.example.com"]}
    disposable = {dns-domain = ["given-up.example.com"]}
    """
    target = named(tmp_path, table).targets["vultr"]
    assert isinstance(target, UrlTarget)
    session = target.session("a test", "an item", [])
    assert session.parameters["dns-domain"] == ("given-up.example.com", "mine.example.com")
    guard = session.client.guard
    assert guard.given_up == {"dns-domain": ("given-up.example.com",)}
    assert guard.known["dns-domain"] == ("mine.example.com",)
    target.close()


@pytest.mark.parametrize("name", ["cassette", "reference"])
def test_what_is_built_in_knows_what_is_disposable(name: str) -> None:
    with pytest.raises(TargetError, match="--disposable dns-domain: is for a URL"):
        select(name, ("vultr",), disposable={"dns-domain": ("a",)})


def test_a_target_may_name_what_its_documents_leave_open(tmp_path: Path) -> None:
    table = """
    api = "vercel"
    url = "http://127.0.0.1:8080"
    parameters = {teamId = ["team_a"], foreignTeamId = ["team_b"], previous-cursor = ["since"]}
    disposable = {teamId = ["team_scratch"]}
    """
    (tmp_path / "pyproject.toml").write_text(f"[tool.conformance.targets.staging]{table}", encoding="utf-8")
    target = select("staging", ("vercel",), root=tmp_path, environ={"VERCEL_TOKEN": TOKEN}).targets["vercel"]
    assert isinstance(target, UrlTarget)
    named_there = target.session("a test", "an item", []).parameters
    assert named_there["teamId"] == ("team_scratch", "team_a")
    assert named_there["foreignTeamId"] == ("team_b",)
    assert named_there["previous-cursor"] == ("since",)
    target.close()
