"""Several processes keep to one rate, several machines by a Redis; what they count in may break, and then says so."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrate_limiter import Rate

from conformance.contract import RateLimit
from conformance.contract.rates import Bucket, Counted
from conformance.selftest.pacing import NO_REDIS, paced, redis_server
from conformance.selftest.servers import ROOT, VULTR, Runner, dying, raw_server, reply
from conformance.targets import HarnessError, UrlTarget, config
from conformance.targets.buckets import Buckets, InRedis, OnMachine, Pause, cache_folder
from conformance.targets.budget import GENERAL, Budget
from conformance.targets.clock import ManualClock
from conformance.targets.network import Limits
from conformance.traffic.exchange import Response

START = 1_767_225_600.0
RATES = {GENERAL: Rate(3, 1000), "deploys": Rate(1, 60_000)}


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        with redis_server(tmp_path_factory.mktemp("redis"), "--requirepass", "a-pass-word") as url:
            yield url.replace("//", "//:a-pass-word@")
    except FileNotFoundError:
        pytest.skip(NO_REDIS)


@contextmanager
def on_machine(path: Path, clock: ManualClock | None = None, **rates: Rate) -> Iterator[Buckets]:
    counted = OnMachine(rates or RATES, path, seconds=0.1, now=clock.now if clock else time.time)
    with closing(counted):
        yield counted


def test_four_processes_and_a_redis_never_exceed_their_rate_and_use_most_of_it(redis_url: str, tmp_path: Path) -> None:
    counted = paced(tmp_path, f'{{share = "{redis_url}", requests = 20}}', seconds=2.2)
    assert counted.most_in(1.0) <= 20
    assert counted.within(2.2) >= 0.9 * 20 * 2.2


def test_two_processes_on_one_machine_keep_to_the_documented_rate_together_unasked(tmp_path: Path) -> None:
    counted = paced(tmp_path, "{}", seconds=1.2, processes=2)
    assert counted.most_in(1.0) <= 27
    assert counted.within(1.2) >= 27


@given(st.lists(st.floats(0, 0.7), min_size=1, max_size=25), st.randoms(use_true_random=False))
def test_no_window_holds_more_than_its_rate_whoever_calls(
    tmp_path_factory: pytest.TempPathFactory, gaps: list[float], whose: object
) -> None:
    clock, path = ManualClock(START), tmp_path_factory.mktemp("bucket") / "calls.sqlite"
    left = []
    with on_machine(path, clock, **RATES) as one, on_machine(path, clock, **RATES) as other:
        for gap in gaps:
            clock.sleep(gap)
            while wait := whose.choice([one, other]).take(GENERAL):  # type: ignore[attr-defined]
                clock.sleep(wait)
            left.append(clock.now())
    assert max(sum(start <= moment < start + 1 for moment in left) for start in left) <= 3
    assert clock.now() - START <= sum(gaps) + len(gaps) / 3 * 1.1


def test_what_one_counts_and_what_blocks_it_holds_for_all(tmp_path: Path) -> None:
    clock, path = ManualClock(START), tmp_path / "calls.sqlite"
    with on_machine(path, clock) as one, on_machine(path, clock) as other:
        assert [one.take("deploys"), one.take(GENERAL), one.take("no rate")] == [0, 0, 0]
        assert other.take("deploys") == pytest.approx(60.25, abs=0.1)
        assert other.take(GENERAL) == 0
        one.block("deploys", 30, "the target refused a call")
        one.block("deploys", 10, "for less")
        assert other.blocked([GENERAL]) is None
        assert other.blocked([GENERAL, "deploys"]) == Pause(30.0, "the target refused a call")
        clock.sleep(30)
        assert other.blocked(["deploys"]) is None


def test_a_refusal_of_one_process_holds_up_the_calls_of_another(tmp_path: Path) -> None:
    clock, path = ManualClock(START), tmp_path / "calls.sqlite"
    limit = RateLimit(requests=500, seconds=60, scope="account")
    conventions = VULTR.conventions.model_copy(update={"rate_limit": limit})
    one, other = (
        Budget(conventions, clock, kept=lambda rates: OnMachine(rates, path, now=clock.now)) for _ in range(2)
    )
    one.refused(Response(status=429, headers=(("Retry-After", "60"),)))
    other.acquire()
    assert clock.now() >= START + 60
    one.close()
    other.close()


def test_buckets_of_some_calls_are_counted_beside_the_general_one(tmp_path: Path) -> None:
    clock, path = ManualClock(START), tmp_path / "calls.sqlite"
    deploys = Bucket(name="deploys", calls=(Counted(operation="POST /x"),), requests=3, seconds=60)
    limit = RateLimit(requests=500, seconds=60, scope="account", buckets=(deploys,))
    conventions = VULTR.conventions.model_copy(update={"rate_limit": limit})
    one, other = (
        Budget(conventions, clock, kept=lambda rates: OnMachine(rates, path, now=clock.now)) for _ in range(2)
    )
    one.acquire([deploys])
    other.acquire([deploys])
    one.acquire()
    assert clock.now() == START
    one.acquire([deploys])
    assert clock.now() >= START + 60
    one.close()
    other.close()


def test_a_machine_whose_clock_was_set_back_waits_for_no_more_than_two_windows(tmp_path: Path) -> None:
    clock, path = ManualClock(START), tmp_path / "calls.sqlite"
    with on_machine(path, clock) as one:
        assert [one.take(GENERAL) for _ in range(3)] == [0, 0, 0]
        clock.seconds -= 3600
        waited = 0.0
        while wait := one.take(GENERAL):
            waited += wait if wait < 3 else 0
            clock.sleep(min(wait, 3))
        assert clock.now() < START - 3600 + 3.1


HOLDING = """
import sys, time
from pathlib import Path
from conformance.targets.buckets import OnMachine
counted = OnMachine({}, Path(sys.argv[1]))
with counted._writing:
    print("held", flush=True)
    time.sleep(60)
"""


def test_who_holds_the_file_for_ever_is_told_and_who_dies_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    command = [sys.executable, "-c", HOLDING, str(path)]
    with on_machine(path) as counted, subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(
            HarnessError, match=r"calls\.sqlite: calls cannot be counted together .* is locked; end who"
        ):
            counted.take(GENERAL)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert counted.take(GENERAL) == 0


def test_threads_count_one_after_another(tmp_path: Path) -> None:
    counted = OnMachine({GENERAL: Rate(40, 60_000)}, tmp_path / "calls.sqlite")
    passed: list[float] = []
    threads = [threading.Thread(target=lambda: passed.extend(counted.take("") for _ in range(15))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted.close()
    assert passed.count(0) == 40


@pytest.mark.parametrize("content", [b"not a database, " * 100, b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_file_that_is_none_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "calls.sqlite"
    path.write_bytes(content)
    with pytest.raises(HarnessError, match=r"calls\.sqlite: calls cannot be counted .*; end whoever .*, remove it, or"):
        OnMachine(RATES, path)


def test_a_file_that_became_none_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    with on_machine(path) as counted:
        with closing(sqlite3.connect(path)) as other:
            other.executescript("".join(f"DROP TABLE {bucket.table};" for bucket in counted._buckets.values()))  # type: ignore[attr-defined]
        with pytest.raises(HarnessError, match="no such table"):
            counted.take(GENERAL)


def test_the_file_of_an_origin_that_nobody_calls_any_more_is_removed(tmp_path: Path) -> None:
    old, new = tmp_path / "old.sqlite", tmp_path / "new.sqlite"
    for path in (old, new):
        path.touch()
    os.utime(old, (1, 1))
    with on_machine(tmp_path / "calls.sqlite"):
        assert not old.exists()
        assert new.exists()


def test_the_folder_is_the_users_own_and_a_temporary_one_where_that_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    assert cache_folder(given) == tmp_path / "cache" / "conformance" / "budget"
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "file").touch()
    temporary = cache_folder({"XDG_CACHE_HOME": str(tmp_path / "file")})
    assert temporary.parent == tmp_path
    assert temporary.stat().st_mode & 0o777 == 0o700
    temporary.chmod(0o777)
    with pytest.raises(HarnessError, match="is not this user's alone; set XDG_CACHE_HOME"):
        cache_folder({"XDG_CACHE_HOME": str(tmp_path / "file")})


def test_redis_counts_by_its_own_time_whatever_a_machine_takes_it_for(redis_url: str) -> None:
    one, other = (
        InRedis({GENERAL: Rate(4, 60_000)}, redis_url, "clocks", now=lambda ahead=ahead: time.time() + ahead)  # type: ignore[misc]
        for ahead in (-7200, 7200)
    )
    waits = [counted.take(GENERAL) for counted in (one, other) * 3]
    assert waits[:4] == [0, 0, 0, 0]
    assert all(59 < wait < 61 for wait in waits[4:])
    one.close()
    other.close()


def test_redis_tells_all_who_is_blocked_and_keeps_nothing_for_ever(redis_url: str) -> None:
    with closing(InRedis(RATES, redis_url, "blocks")) as one, closing(InRedis(RATES, redis_url, "blocks")) as other:
        one.take(GENERAL)
        one.block(GENERAL, 30, "the target refused a call")
        one.block(GENERAL, 10, "for less")
        pause = other.blocked([GENERAL, "deploys"])
        assert pause is not None
        assert 29 < pause.seconds <= 30
        assert pause.why == "the target refused a call"
        assert other.blocked(["deploys"]) is None
        kept = list(other._redis.scan_iter("blocks*"))
        assert len(kept) == 2
        assert all(int(other._redis.pttl(key)) > 0 for key in kept)


def test_a_redis_that_was_started_again_is_gone_on_with(redis_url: str) -> None:
    with closing(InRedis(RATES, redis_url, "again")) as counted:
        counted._redis.script_flush()
        assert counted.take(GENERAL) == 0
        assert counted.take("no rate") == 0


def test_a_redis_that_is_stopped_is_one_line_that_tells_no_password(tmp_path: Path) -> None:
    try:
        with redis_server(tmp_path) as url:
            counted = InRedis(RATES, url, "stopped")
            assert counted.take(GENERAL) == 0
    except FileNotFoundError:
        pytest.skip(NO_REDIS)
    for broken in (
        lambda: counted.take(GENERAL),
        lambda: counted.blocked([GENERAL]),
        lambda: counted.block(GENERAL, 1, "x"),
        lambda: InRedis(RATES, url.replace("//", "//user:a-pass%2Dword@"), "stopped"),
    ):
        with pytest.raises(
            HarnessError, match=r"^redis://127.0.0.1:\d+: calls cannot .* refused\.; is this Redis up\?$"
        ):
            broken()


def test_a_wrong_password_is_one_line_without_it(redis_url: str) -> None:
    with pytest.raises(HarnessError) as error:
        InRedis(RATES, redis_url.replace("a-pass-word", "another-word"), "wrong")
    assert "another-word" not in str(error.value)
    assert "password" in str(error.value)


def test_a_server_that_never_answers_is_not_waited_for_for_ever() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        with pytest.raises(HarnessError, match="Timeout"):
            InRedis(RATES, url, "silent", seconds=0.1)


class Broken(Buckets):
    """Counts so many calls, and then cannot be used any more."""

    def __init__(self, calls: int) -> None:
        self.calls, self.asked = calls, 0

    def take(self, name: str) -> float:
        return 0.0

    def blocked(self, names: object) -> None:
        self.asked += 1
        if self.asked > self.calls:
            raise HarnessError("redis://there: calls cannot be counted")

    def block(self, name: str, seconds: float, why: str) -> None:
        self.blocked([name])


def test_what_cannot_be_used_is_asked_once_and_what_has_to_be_done_is_done_without_it() -> None:
    clock, kept = ManualClock(START), Broken(1)
    budget = Budget(VULTR.conventions, clock, kept=lambda _: kept)
    budget.acquire()
    budget.refused(Response(status=429))
    for _ in range(3):
        with pytest.raises(HarnessError, match="redis://there"):
            budget.acquire()
    assert kept.asked == 2
    budget.count_alone()
    for _ in range(60):
        budget.acquire()
    assert clock.now() > START + 2
    assert kept.asked == 2


def test_what_can_be_used_goes_on_being_shared() -> None:
    kept = Broken(9)
    budget = Budget(VULTR.conventions, ManualClock(), kept=lambda _: kept)
    budget.count_alone()
    budget.acquire()
    assert kept.asked == 2


def test_a_run_without_its_redis_is_one_line_and_sends_nothing(suite: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "UrlTarget", UrlTarget)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with raw_server(lambda _: reply({"account": {}})) as server:
        share = f"--budget-share=redis://:a-pass-word@127.0.0.1:{port}"
        ran = suite("--target", server.url, share, "-k", "account")
        assert server.requests == 0
    assert ran.status == 1
    (line,) = [line for line in ran.text.splitlines() if "is this Redis up?" in line]
    assert f"redis://127.0.0.1:{port}: calls cannot be counted together with other machines" in line
    assert "a-pass-word" not in ran.text
    assert "Traceback" not in ran.text


def test_a_redis_that_dies_breaks_the_rest_of_a_run_and_stops_no_cleaning_up(
    suite: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Broken(3)
    monkeypatch.setattr(
        config, "UrlTarget", lambda **given: UrlTarget(**{**given, "kept": lambda _: kept}, limits=Limits(read=0.5))
    )
    with raw_server(dying(answers=99)) as server:
        ran = suite("--target", server.url, "-k", "account or plans")
        assert server.requests < 9
    assert ran.status == 1
    assert set(ran.verdicts.values()) & {"broken"}
    assert kept.asked == 4
    assert "Traceback" not in ran.text
