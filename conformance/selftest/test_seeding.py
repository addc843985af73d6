"""Lists that a run fills, and targets that come up late."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from conformance import reference
from conformance.contract import load
from conformance.properties.seeding import MOST, needed
from conformance.reference.serve import serve
from conformance.selftest.servers import TOKEN, VULTR, Asked, RawServer, Runner, raw_server, reference_url, reply
from conformance.selftest.servers import url_target as at
from conformance.selftest.test_discovery import named_target
from conformance.targets import TargetError
from conformance.targets.clock import ManualClock
from conformance.targets.ledger import left, state_folder
from conformance.targets.preflight import awaited


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Runner(tmp_path, monkeypatch)


@define
class Store:
    """An account that keeps its domains in a dictionary, and notes what was created and how many there ever were."""

    domains: dict[str, dict[str, str]] = field(factory=dict)
    created: list[str] = field(factory=list)
    most: int = 0
    refuses: bool = False

    def __call__(self, asked: Asked) -> bytes:
        name = asked.path.removeprefix("/v2/domains").removeprefix("/")
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return reply({"error": "Invalid API token.", "status": 401}, "401 Unauthorized")
        if asked.path == "/v2/account":
            return reply({"account": {}})
        if not asked.path.startswith("/v2/domains") or (name and name not in self.domains):
            return reply({"error": "Not found.", "status": 404}, "404 Not Found")
        if asked.method == "POST":
            if self.refuses:
                return reply({"error": "The quota is used up.", "status": 400}, "400 Bad Request")
            made = json.loads(asked.body)
            record = {"domain": made["domain"], "date_created": "2026-01-01T00:00:00+00:00"}
            self.domains[record["domain"]] = record
            self.created.append(record["domain"])
            self.most = max(self.most, len(self.domains))
            return reply({"domain": record}, "201 Created")
        if asked.method == "DELETE":
            del self.domains[name]
            return reply(b"", "204 No Content")
        if name:
            return reply({"domain": self.domains[name]})
        return self._page(asked)

    def _page(self, asked: Asked) -> bytes:
        query = dict(pair.split("=") for pair in asked.query.split("&") if "=" in pair)
        start, size = int(query.get("cursor", "0") or 0), min(int(query.get("per_page", "100")), 500)
        records = list(self.domains.values())
        following = str(start + size) if start + size < len(records) else ""
        meta = {"total": len(records), "links": {"next": following, "prev": ""}}
        return reply({"domains": records[start : start + size], "meta": meta})


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def served(store: Store) -> Iterator[RawServer]:
    with raw_server(store) as server:
        yield server


WALK = ("-k", "walk-exactly-once and domains")


def test_a_list_is_filled_as_far_as_its_rules_need_and_emptied_at_the_end(
    suite: Runner, store: Store, served: RawServer
) -> None:
    ran = suite("--target", served.url, "--allow-writes", *WALK)
    assert ran.verdicts["vultr.pagination.walk-exactly-once[GET /v2/domains]"] == "passed", ran.text
    assert len(store.created) == needed(VULTR)
    assert all(name.startswith("conformance-") for name in store.created)
    assert store.domains == {}
    assert list(left(state_folder())) == []
    assert f"notice: {needed(VULTR)} × domain created for this run, to be deleted at its end" in ran.text


def test_without_writes_nothing_is_created(suite: Runner, store: Store, served: RawServer) -> None:
    ran = suite("--target", served.url, *WALK)
    assert store.created == []
    assert "1 case needs longer lists (--allow-writes --seed N)" in ran.text


def test_what_fills_a_list_stays_through_the_run_and_other_tests_leave_it_alone(
    suite: Runner, store: Store, served: RawServer
) -> None:
    suite("--target", served.url, "--allow-writes", "--seed", "5", "-k", "test_domains or walk-exactly-once")
    assert store.most >= 6
    assert store.domains == {}


@pytest.mark.parametrize(("there", "wanted", "made"), [(0, 7, 7), (4, 7, 3), (9, 7, 0), (0, 0, 0)])
def test_only_what_a_list_lacks_is_created(
    suite: Runner, store: Store, served: RawServer, there: int, wanted: int, made: int
) -> None:
    own = {f"own-{number}.example.com": {"domain": f"own-{number}.example.com"} for number in range(there)}
    store.domains |= own
    suite("--target", served.url, "--allow-writes", "--seed", str(wanted), *WALK)
    assert len(store.created) == made
    assert store.domains == own


def test_a_list_that_cannot_be_filled_is_told_and_the_run_goes_on(
    suite: Runner, store: Store, served: RawServer
) -> None:
    store.refuses = True
    ran = suite("--target", served.url, "--allow-writes", *WALK)
    assert "notice: the list of each domain is not filled: " in ran.text
    assert ran.verdicts["vultr.pagination.walk-exactly-once[GET /v2/domains]"] == "not-exercised"


def test_two_processes_leave_nothing_either(suite: Runner, store: Store, served: RawServer) -> None:
    suite("--target", served.url, "--allow-writes", "-n", "2", "-pxdist", *WALK)
    assert store.domains == {}
    assert list(left(state_folder())) == []


@pytest.mark.parametrize("api", ["vercel", "vultr", "snyk"])
def test_a_list_needs_two_full_pages_and_more_and_no_run_makes_many(api: str) -> None:
    size = load(api).conventions.paging.page_size
    assert 2 * size.minimum < needed(load(api)) <= MOST


HOOK = """
from conformance.properties.seeding import Seeded, Seeding

called = []

def fill(seeding: Seeding) -> Seeded:
    called.append(seeding)
    return Seeded(parameters={{"user-id": ["seeded-user"]}}, cleanup=lambda: {cleanup})

def nothing(seeding):
    called.append(seeding)

def wrong(seeding):
    return {{"user-id": "x"}}

def unknown(seeding):
    return Seeded(parameters={{"no-such": ["x"]}})

def fails(seeding):
    raise RuntimeError("the database is away")
"""


@pytest.fixture
def hook(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Writes a module with hooks, and a pyproject.toml that names one."""
    name = f"hooks_of_{tmp_path.name}"

    def write(url: str, function: str, cleanup: str = "called.append('clean')") -> Path:
        (tmp_path / f"{name}.py").write_text(HOOK.format(cleanup=cleanup), encoding="utf-8")
        return named_target(tmp_path, url, f'seed = "{name}:{function}"')

    yield write
    sys.modules.pop(name, None)


def module_of(root: Path) -> Any:
    return sys.modules[f"hooks_of_{root.name}"]


def test_a_hook_is_told_of_the_target_and_its_values_are_used_and_its_cleanup_called(
    suite: Runner, served: RawServer, hook: Callable[..., Path]
) -> None:
    root = hook(served.url, "fill")
    ran = suite("--target", "moved", "--allow-writes", "--seed", "4", "-k", "test_users", root=root)
    (seeding, cleaned) = module_of(root).called
    assert (seeding.api, seeding.base_url, seeding.records) == ("vultr", served.url, 4)
    assert seeding.credentials["default"] == "VULTR_API_KEY"
    assert seeding.prefix.startswith("conformance-")
    assert cleaned == "clean"
    assert any("/v2/users/seeded-user" in asked.path for asked in served.asked), ran.text
    assert TOKEN not in repr(seeding)


def test_a_hook_may_return_nothing_and_is_not_called_where_nothing_may_be_written(
    suite: Runner, served: RawServer, hook: Callable[..., Path]
) -> None:
    root = hook(served.url, "nothing")
    assert suite("--target", "moved", "--allow-writes", *WALK, root=root).status == 0
    assert len(module_of(root).called) == 1
    suite("--target", "moved", *WALK, root=root)
    assert len(module_of(root).called) == 1


@pytest.mark.parametrize(
    ("function", "line"),
    [
        ("fails", "failed: RuntimeError: the database is away"),
        ("wrong", "returned dict; a Seeded, or None, is expected"),
        ("unknown", "names 'no-such', which is no parameter: known are dns-domain, "),
        ("absent", "has no function absent"),
    ],
)
def test_a_hook_that_is_of_no_use_fails_the_run_in_one_line(
    suite: Runner, served: RawServer, hook: Callable[..., Path], function: str, line: str
) -> None:
    ran = suite("--target", "moved", "--allow-writes", *WALK, root=hook(served.url, function))
    assert ran.status == 1
    (told,) = [text for text in ran.text.splitlines() if text.startswith("error: seed ")]
    assert line in told
    assert "Traceback" not in ran.text


def test_a_hook_of_no_module_is_told(suite: Runner, served: RawServer, tmp_path: Path) -> None:
    root = named_target(tmp_path, served.url, 'seed = "no_such_module_anywhere:fill"')
    ran = suite("--target", "moved", "--allow-writes", *WALK, root=root)
    assert ran.status == 1
    assert "cannot be imported: ModuleNotFoundError: No module named 'no_such_module_anywhere'" in ran.text


def test_a_cleanup_that_fails_fails_the_run(suite: Runner, served: RawServer, hook: Callable[..., Path]) -> None:
    ran = suite("--target", "moved", "--allow-writes", *WALK, root=hook(served.url, "fill", "1 / 0"))
    assert ran.status == 1
    assert "error: the clean-up of the target's seed failed: ZeroDivisionError: division by zero" in ran.text


@define
class Late(ManualClock):
    """While it is slept by, at a moment, the target comes up."""

    comes_up: Callable[[], None] = lambda: None
    after: float = 0.0
    slept: list[str] = field(factory=list)

    def sleep(self, seconds: float, why: str = "") -> None:
        ManualClock.sleep(self, seconds, why)
        self.slept.append(why)
        if self.seconds >= self.after:
            self.after = float("inf")
            self.comes_up()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_a_target_that_comes_up_late_is_waited_for() -> None:
    server = reference.build(
        "vultr", clock=reference.VirtualClock(), credentials={"default": TOKEN}, require_https=False
    )
    port = free_port()
    with ExitStack() as stack:
        clock = Late(comes_up=lambda: print(stack.enter_context(serve(server, port=port))), after=3.0)
        target = at(f"http://127.0.0.1:{port}", clock=clock)
        assert awaited(target, 10.0) is None
        assert 3.0 <= clock.seconds < 4.0
        assert set(clock.slept) == {"the target is not up yet"}
        target.close()


def test_a_target_that_does_not_come_up_is_told_in_one_line() -> None:
    clock = ManualClock()
    port = free_port()
    with pytest.raises(TargetError) as refused:
        awaited(at(f"http://127.0.0.1:{port}", clock=clock), 5.0)
    told = str(refused.value)
    assert told.startswith(f"the target http://127.0.0.1:{port} cannot be reached: ")
    assert told.endswith("; 5 s were waited for it")
    assert "\n" not in told
    assert clock.seconds == pytest.approx(5.0)


def test_a_run_waits_and_then_says_once_that_nobody_is_there(suite: Runner) -> None:
    ran = suite("--target", f"http://127.0.0.1:{free_port()}", "--wait", "2", "-k", "walk")
    assert ran.status == 1
    assert len([line for line in ran.text.splitlines() if "2 s were waited for it" in line and "error" in line]) == 1


def test_who_is_up_is_not_waited_for(suite: Runner) -> None:
    with reference_url() as url:
        assert suite("--target", url, "--wait", "0", *WALK).status == 0
