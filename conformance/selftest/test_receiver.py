"""The receiver: what a target sends to it is kept, and a replay shows the same without a socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import httpx2
import pytest
from attrs import evolve

from conformance.contract.verdict import Outcome
from conformance.properties import Run, Subject, assert_equal, requirement
from conformance.properties.items import Item, items_of
from conformance.properties.receiver import KEPT_AS, Receiver
from conformance.selftest.servers import VULTR, Asked, raw_server, reply, url_target
from conformance.targets import NotRecorded, TargetError
from conformance.targets.config import select
from conformance.targets.target import CassetteTarget
from conformance.traffic import cassette
from conformance.traffic.exchange import Request
from conformance.traffic.redact import Redactor
from conformance.traffic.renaming import Renamed

SECRET = "a-secret-of-this-test-4711"
ACCOUNT = VULTR.operation("GET /v2/account")


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver(Redactor({"default": SECRET}), Renamed()).start()
    try:
        yield receiver
    finally:
        receiver.stop()


def test_a_request_is_kept_with_its_method_path_headers_and_body() -> None:
    with receiving() as receiver:
        answer = httpx2.post(receiver.url("/hook?a=1"), content=b"\x00\xff{}", headers={"X-Event": "created"})
        (came,) = receiver.take()
    assert answer.status_code == 200
    assert (came.method, came.url, came.body) == ("POST", f"http://{KEPT_AS}/hook?a=1", b"\x00\xff{}")
    assert came.header("x-event") == "created"
    assert came.header("host") is None


@pytest.mark.parametrize("status", [200, 410, 500])
def test_it_answers_what_the_test_chooses(status: int) -> None:
    with receiving() as receiver:
        receiver.status = status
        assert [httpx2.request(m, receiver.url()).status_code for m in ("GET", "PUT", "DELETE")] == [status] * 3
        assert [each.method for each in receiver.take(3)] == ["GET", "PUT", "DELETE"]


def test_it_answers_each_path_as_the_test_chooses() -> None:
    with receiving() as receiver:
        receiver.statuses["/gone?a=1"] = 410
        paths = ("/gone?a=1", "/gone", "/")
        assert [httpx2.get(receiver.url(path)).status_code for path in paths] == [410, 200, 200]


def test_a_look_shows_what_came_since_the_one_before() -> None:
    with receiving() as receiver:
        httpx2.get(receiver.url("/one"))
        assert [each.path for each in receiver.take()] == ["/one"]
        assert receiver.take(0, within=0.01) == []
        httpx2.get(receiver.url("/two"))
        assert [each.path for each in receiver.take()] == ["/two"]
        assert receiver.take(1, within=0.01) == []
    assert [[each.path for each in look] for look in receiver.looks] == [["/one"], [], ["/two"], []]


def test_no_secret_and_no_port_is_kept() -> None:
    with receiving() as receiver:
        url = receiver.url("/hook")
        httpx2.post(url, json={"token": SECRET, "own": url}, headers={"Authorization": f"Bearer {SECRET}"})
        (came,) = receiver.take()
        port = url.rpartition(":")[2].partition("/")[0]
        assert SECRET not in came.text + str(came.headers) + came.url
        assert port not in came.text + str(came.headers) + came.url


def test_it_listens_on_loopback_and_ends() -> None:
    with receiving() as receiver:
        host, _, port = receiver.url().removeprefix("http://").removesuffix("/").partition(":")
        assert host == "127.0.0.1"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=1)


def test_a_replay_shows_the_looks_of_the_recording_in_turn() -> None:
    came = Request(method="POST", url=f"http://{KEPT_AS}/hook", body=b"x")
    receiver = Receiver(Redactor(), Renamed(), iter([(came,), ()])).start()
    assert receiver.url("/hook") == f"http://{KEPT_AS}/hook"
    assert receiver.take() == [came]
    assert receiver.take(0) == []
    with pytest.raises(NotRecorded, match="nothing of what the receiver got"):
        receiver.take()


def calling(asked: Asked) -> bytes:
    """A server that calls a hook that it is told of, and tells its URL in its answer."""
    (url,) = parse_qs(urlsplit(asked.target).query)["hook"]
    httpx2.post(url, json={"event": "created"}, headers={"X-Signature": "0"})
    return reply({"account": {"name": url}, "encoded": quote(url, safe="")})


def item() -> Item:
    """A test of the suite that registers a hook, and is called; made here, so that pytest does not run it."""

    @requirement("vultr.auth.no-key-401")
    def hooked(subject: Subject, receiver: Receiver) -> None:
        subject.client.send("GET", "/v2/account", query={"hook": receiver.url("/hook")})
        (came,) = receiver.take()
        assert_equal(came.json, {"event": "created"}, "what the hook is sent")
        assert_equal(receiver.take(0, within=0.01), [], "what is sent besides")

    return items_of(hooked, "test_hooks/hooked", VULTR)[0]


def recorded(folder: Path) -> Path:
    with raw_server(calling) as server:
        target = url_target(server.url, capabilities=frozenset({"receiver"}))
        run = Run(VULTR, target, recording={})
        result = run.run(item())
        assert result.outcome is Outcome.HELD, result
        assert run.recording is not None
        path = folder / "test_hooks" / "hooked.yaml"
        path.parent.mkdir(parents=True)
        provenance = {"base_url": server.url, "capabilities": sorted(target.capabilities)}
        takes = {
            name: evolve(take, interactions=tuple(evolve(each, sent_at=None) for each in take.interactions))
            for name, take in run.recording["test_hooks/hooked"].items()
        }
        cassette.write(path, provenance, takes)
    return path


def test_deliveries_are_judged_again_without_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = recorded(tmp_path / "one")
    assert KEPT_AS in path.read_text(encoding="utf-8")
    monkeypatch.setattr(socket, "socket", None)
    replayed = Run(VULTR, CassetteTarget(VULTR, tmp_path / "one")).run(item())
    assert (replayed.outcome, replayed.held) == (Outcome.HELD, 2)


def test_another_delivery_in_the_recording_fails_its_test(tmp_path: Path) -> None:
    path = recorded(tmp_path / "one")
    text = path.read_text(encoding="utf-8")
    other = '{\\"event\\":\\"deleted\\"}'
    assert '{\\"event\\":\\"created\\"}' in text
    path.write_text(text.replace('{\\"event\\":\\"created\\"}', other), encoding="utf-8")
    assert Run(VULTR, CassetteTarget(VULTR, tmp_path / "one")).run(item()).outcome is Outcome.VIOLATED


def test_a_target_that_cannot_call_is_told_what_it_lacks() -> None:
    with raw_server(calling) as server:
        result = Run(VULTR, url_target(server.url)).run(item())
    assert result.outcome is Outcome.UNSUPPORTED
    assert "needs the capability 'receiver'" in str(result.reason)


def test_only_a_target_on_loopback_can_call(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.conformance.targets.far]\napi = "vultr"\nurl = "https://api.vultr.com"\ncapabilities = ["receiver"]\n'
        '[tool.conformance.targets.near]\napi = "vultr"\nurl = "http://127.0.0.1:1"\n',
        encoding="utf-8",
    )
    environ = {"VULTR_API_KEY": SECRET}
    with pytest.raises(TargetError, match="only what is on loopback can call a receiver"):
        select("far", root=tmp_path, environ=environ)
    assert "receiver" in select("near", root=tmp_path, environ=environ).targets["vultr"].capabilities
