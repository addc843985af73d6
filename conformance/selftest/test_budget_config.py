"""Who keeps to a rate together, as people say it: one line for each mistake, and no password in any."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from conformance.contract import ConformanceError
from conformance.selftest.servers import TOKEN, VULTR
from conformance.targets import UrlTarget, select
from conformance.targets.buckets import InProcess, InRedis, OnMachine
from conformance.targets.budget import GENERAL
from conformance.targets.clock import ManualClock

ENVIRON = {"VULTR_API_KEY": TOKEN, "SHARED": "rediss://:a-pass-word@redis.example.com:6380/2", "WRONG": "a-pass-word"}
URL = "https://api.example.com"


def target(folder: Path, budget: str, more: str = "", share: str | None = None, token: str = TOKEN) -> UrlTarget:
    table = f'[tool.conformance.targets.staging]\napi = "snyk"\nurl = "{URL}"\nbudget = {budget}\n{more}\n'
    (folder / "pyproject.toml").write_text(table, encoding="utf-8")
    found = select("staging", root=folder, environ={**ENVIRON, "SNYK_TOKEN": token}, share=share).targets["snyk"]
    assert isinstance(found, UrlTarget)
    return found


@pytest.mark.parametrize(
    ("budget", "problem"),
    [
        ('{share = "everybody"}', "share: should be machine, process, a redis:// or rediss:// URL, or a variable"),
        ('{share = "http://:a-pass-word@redis"}', "share: should be machine"),
        ('{share = "redis://:a-pass-word@"}', "share: should be machine"),
        ('{share = "redis://:a-pass-word@host:port"}', "share: should be machine"),
        ('{share = "NO_SUCH"}', "the environment variable NO_SUCH does not hold the URL of a Redis"),
        ('{share = "WRONG"}', "the environment variable WRONG does not hold the URL of a Redis"),
        ("{requests = 0}", "requests: Input should be greater than or equal to 1"),
        ("{seconds = 5}", "say how many, too"),
        ("{requests = 5, seconds = 0}", "seconds: Input should be greater"),
        ("{request = 5}", "request: Extra inputs are not permitted"),
        ('"machine"', "budget: should be a mapping"),
    ],
)
def test_a_mistake_is_one_line_that_tells_no_password(tmp_path: Path, budget: str, problem: str) -> None:
    with pytest.raises(ConformanceError) as error:
        target(tmp_path, budget)
    assert problem in str(error.value)
    assert "\n" not in str(error.value)
    assert "a-pass-word" not in str(error.value)


def test_an_option_wins_over_the_table(tmp_path: Path) -> None:
    assert target(tmp_path, '{share = "SHARED", requests = 5}', share="process").kept is None
    assert target(tmp_path, '{share = "SHARED", requests = 5}', share="process").rate == (5, 1.0)
    with pytest.raises(ConformanceError, match=r"--budget-share: share: should be machine"):
        target(tmp_path, "{}", share="all")


@pytest.mark.parametrize("name", ["cassette", "reference"])
def test_what_is_no_url_has_no_rate_to_share(name: str) -> None:
    with pytest.raises(ConformanceError, match="--budget-share: is for a URL or a named target"):
        select(name, ("vultr",), share="machine")


def test_a_redis_is_named_by_a_url_or_by_the_variable_that_holds_it(tmp_path: Path) -> None:
    kept = target(tmp_path, '{share = "SHARED"}').kept
    assert isinstance(kept, partial)
    assert kept.func is InRedis
    assert kept.keywords["url"] == ENVIRON["SHARED"]
    assert target(tmp_path, '{share = "redis://redis.example.com"}').kept is not None


def test_where_calls_are_counted_is_named_by_api_origin_and_account_and_never_by_the_token(tmp_path: Path) -> None:
    def named(token: str) -> str:
        kept = target(tmp_path, "{}", token=token).kept
        assert isinstance(kept, partial)
        return str(kept.args[0])

    one, other = named("a-token-of-one-account"), named("a-token-of-another")
    assert one.startswith("snyk-https-api.example.com-")
    assert one == named("a-token-of-one-account") != other
    assert "token" not in one


def test_an_address_is_limited_whoever_calls_from_it() -> None:
    limit = VULTR.conventions.rate_limit
    assert limit is not None
    assert limit.scope == "address"
    found = [
        select(URL, ("vultr",), environ={"VULTR_API_KEY": token}).targets["vultr"]
        for token in ("a-token-of-one-account", "a-token-of-another")
    ]
    names = [one.kept.args[0] for one in found if isinstance(one, UrlTarget) and isinstance(one.kept, partial)]
    assert names == ["vultr-https-api.example.com"] * 2


def test_a_clock_that_is_moved_is_shared_with_nobody(tmp_path: Path) -> None:
    local = 'url = "http://127.0.0.1:8080"\nclock_url = "http://127.0.0.1:8081/clock"'
    table = f'[tool.conformance.targets.moved]\napi = "vultr"\n{local}\n'
    (tmp_path / "pyproject.toml").write_text(table, encoding="utf-8")
    select("moved", root=tmp_path, environ=ENVIRON)
    with pytest.raises(ConformanceError, match="'moved': budget: is not shared where a clock is moved on"):
        select("moved", root=tmp_path, environ=ENVIRON, share="machine")


def test_calls_are_counted_together_by_the_time_of_the_machine_alone(tmp_path: Path) -> None:
    shared, moved = target(tmp_path, "{requests = 7}"), target(tmp_path, "{requests = 7}")
    moved.clock = ManualClock()
    for found, kind in ((shared, OnMachine), (moved, InProcess)):
        client = found.session("a test", "an item", []).client
        assert client.budget is not None
        client.budget.acquire()
        assert isinstance(client.budget._opened, kind)
        assert client.budget._opened.rates[GENERAL].limit == 7
        found.close()
