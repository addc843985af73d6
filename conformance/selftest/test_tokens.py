"""Credentials of a command or a file: asked for when they are needed, never told, and had anew once they are spent."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import define, evolve, field

from conformance.commands.main import main
from conformance.contract import ConformanceError
from conformance.selftest.servers import VULTR, Asked, RawServer, Runner, raw_server, reply, url_target
from conformance.targets import Client, HarnessError, UrlTarget, config, select, tokens
from conformance.targets.clock import ManualClock
from conformance.targets.credentials import WRONG
from conformance.targets.issued import issued
from conformance.targets.ledger import Ledger, Made, left, state_folder
from conformance.targets.tokens import SourceRecord, Tokens

ACCOUNT, CREATE = VULTR.operation("GET /v2/account"), VULTR.operation("POST /v2/domains")
RUN = "0123abcd"
SECRET = "a-secret-that-a-command-prints"


@define
class Issuer:
    """A program that prints another token each time it is run, and a server that takes the newest of them alone."""

    folder: Path
    prints: str = "token-number-$n"
    refuses: str = "401 Unauthorized"
    always: str = ""
    current: int | None = None

    @property
    def command(self) -> str:
        return str(self.folder / "issue")

    @property
    def runs(self) -> int:
        path = self.folder / "runs"
        return len(path.read_text().split()) if path.exists() else 0

    def make(self, body: str | None = None) -> None:
        text = body or f'echo run >> runs\nn=$(wc -l < runs)\necho "{self.prints}"'
        path = self.folder / "issue"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def answer(self, asked: Asked) -> bytes:
        newest = self.current if self.current is not None else self.runs
        right = asked.headers.get("authorization") == f"Bearer token-number-{newest}"
        if not right or (self.always and self.always in asked.path):
            return reply({"error": "Invalid API token.", "status": 401}, status=self.refuses)
        return reply({"account": {}})


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    found = Issuer(tmp_path)
    found.make()
    return found


def target(folder: Path, url: str, credentials: str, api: str = "vultr", allow_writes: bool = False) -> UrlTarget:
    table = f'[tool.conformance.targets.staging]\napi = "{api}"\nurl = "{url}"\ncredentials = {credentials}\n'
    (folder / "pyproject.toml").write_text(table, encoding="utf-8")
    found = select("staging", root=folder, environ={}, allow_writes=allow_writes).targets[api]
    assert isinstance(found, UrlTarget)
    found.clock = ManualClock()
    return found


@define
class Played:
    client: Client
    server: RawServer
    target: UrlTarget
    said: list[Any] = field(factory=list)

    @property
    def sent(self) -> list[str]:
        """The credentials that came, one for each call."""
        return [asked.headers.get("authorization", "").removeprefix("Bearer ") for asked in self.server.asked]


@contextmanager
def played(issuer: Issuer, credentials: str | None = None, allow_writes: bool = False) -> Iterator[Played]:
    with raw_server(issuer.answer) as server:
        given = credentials or f'{{default = {{command = "{issuer.command}"}}}}'
        found = target(issuer.folder, server.url, given, allow_writes=allow_writes)
        said: list[Any] = []
        try:
            yield Played(found.session("a test", "an item", [said.append]).client, server, found, said)
        finally:
            found.close()


def test_a_command_is_run_when_its_credential_is_first_needed(issuer: Issuer) -> None:
    with played(issuer) as run:
        assert issuer.runs == 0
        assert run.client.call(ACCOUNT, credential=None).response.status == 401
        assert issuer.runs == 0
        assert [run.client.call(ACCOUNT).response.status for _ in range(3)] == [200] * 3
    assert issuer.runs == 1
    assert run.sent == ["", *["token-number-1"] * 3]


def test_a_file_is_read_without_the_newline_at_its_end(issuer: Issuer) -> None:
    for end in ("", "\n", "\r\n"):
        (issuer.folder / "token").write_text(f"token-number-1{end}", newline="")
        issuer.current = 1
        with played(issuer, '{default = {file = "token"}}') as run:
            assert run.client.call(ACCOUNT).response.status == 200


def test_a_spent_credential_is_had_anew_once_and_the_call_made_again(issuer: Issuer) -> None:
    with played(issuer) as run:
        for issuer.current in (1, 1, 2, 2, 3):
            assert run.client.call(ACCOUNT).response.status == 200
    assert run.sent == [f"token-number-{n}" for n in (1, 1, 1, 2, 2, 2, 3)]


def test_a_file_is_read_again_once_its_credential_is_spent(issuer: Issuer) -> None:
    path = issuer.folder / "token"
    path.write_text("token-number-1\n")
    issuer.current = 1
    with played(issuer, '{default = {file = "token"}}') as run:
        run.client.call(ACCOUNT)
        issuer.current = 2
        assert run.client.call(ACCOUNT).response.status == 401
        path.write_text("token-number-2\n")
        assert run.client.call(ACCOUNT).response.status == 401
        assert run.client.call(VULTR.operation("GET /v2/plans")).response.status == 200


def test_the_answer_to_a_spent_credential_is_nobodys_fault_and_not_kept(issuer: Issuer) -> None:
    with played(issuer) as run:
        run.client.call(ACCOUNT)
        issuer.current = 2
        run.client.call(ACCOUNT)
    assert [exchange.response.status for exchange in run.said] == [200, 200]
    assert "token-number" not in repr(run.said) + json.dumps([str(e.request.headers) for e in run.said])


def test_every_credential_of_a_run_is_redacted_the_spent_ones_too(issuer: Issuer) -> None:
    with played(issuer) as run:
        run.client.call(ACCOUNT)
        issuer.current = 2
        run.client.call(ACCOUNT)
        later = run.target.session("another test", "an item", []).client
        for redactor in (run.client.redactor, later.redactor, run.target.credentials.redactor()):
            assert redactor.text("token-number-1 and token-number-2") == " and ".join(
                ["__redacted_value_default__"] * 2
            )


def test_a_write_is_sent_again_too_since_a_refused_one_was_not_carried_out(issuer: Issuer) -> None:
    with played(issuer, allow_writes=True) as run:
        run.client.call(ACCOUNT)
        issuer.current = 2
        run.client.call(CREATE, body={"domain": f"{run.target.guard.prefix}-1.example.com"})
        assert len(run.target.guard.made) == 1
        run.target.guard.gone(run.target.guard.made[0])
    bodies = [asked.body for asked in run.server.asked if asked.method == "POST"]
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]
    assert run.sent[-2:] == ["token-number-1", "token-number-2"]


@pytest.mark.parametrize("wrong", [None, *WRONG])
def test_a_wrong_credential_is_left_as_it_is(issuer: Issuer, wrong: str | None) -> None:
    with played(issuer) as run:
        run.client.call(ACCOUNT)
        assert run.client.call(ACCOUNT, credential=wrong, negative=True).response.status == 401
        header = {"Authorization": "Bearer another"}
        assert run.client.call(ACCOUNT, headers=header, negative=True).response.status == 401
    assert issuer.runs == 1
    assert len(run.sent) == 3


def test_an_operation_that_refuses_fresh_credentials_has_none_got_for_it_again(issuer: Issuer) -> None:
    issuer.always = "/v2/plans"
    with played(issuer) as run:
        run.client.call(ACCOUNT)
        for _ in range(4):
            assert run.client.call(VULTR.operation("GET /v2/plans")).response.status == 401
        assert issuer.runs == 2
        assert run.client.call(ACCOUNT).response.status == 200


def test_a_source_that_gives_the_same_again_is_asked_once_for_an_operation(issuer: Issuer) -> None:
    issuer.prints, issuer.current = "token-number-1", 7
    issuer.make()
    with played(issuer) as run:
        for _ in range(4):
            assert run.client.call(ACCOUNT).response.status == 401
    assert issuer.runs == 2
    assert len(run.sent) == 4


def test_threads_have_a_credential_got_once(issuer: Issuer) -> None:
    together = threading.Barrier(4)

    def calling(run: Played, statuses: list[int]) -> Callable[[], None]:
        client = run.target.session("a test", "an item", []).client

        def call() -> None:
            together.wait(20)
            statuses.append(client.call(ACCOUNT).response.status)

        return call

    with played(issuer) as run:
        for expected in (1, 2):
            statuses: list[int] = []
            threads = [threading.Thread(target=calling(run, statuses)) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert statuses == [200] * 4
            assert issuer.runs == expected
            issuer.current = 2


def test_a_secret_that_a_target_issues_goes_beside_what_is_not_asked_for_yet(issuer: Issuer) -> None:
    issuer.current = 1
    with played(issuer, f'{{default = {{command = "{issuer.command}"}}, second = {{command = "false"}}}}') as run:
        answered = run.client.call(ACCOUNT)
        run.client.last_answer = answered.response.__class__(
            status=200, headers=(("Content-Type", "application/json"),), body=b'{"token": "issued-by-the-target"}'
        )
        issued(run.client, answered, "/token", "made")
        assert run.client.call(ACCOUNT, credential="made").response.status == 401
        assert run.sent[-1] == "issued-by-the-target"
        assert run.client.call(ACCOUNT).response.status == 200
    assert issuer.runs == 1


def test_an_api_that_refuses_credentials_in_another_way_is_heeded(issuer: Issuer) -> None:
    issuer.refuses = "403 Forbidden"
    with raw_server(issuer.answer) as server:
        found = target(issuer.folder, server.url, f'{{default = {{command = "{issuer.command}"}}}}', api="vercel")
        client = found.session("a test", "an item", []).client
        assert client.send("GET", "/v2/user").response.status == 200
        issuer.current = 2
        assert client.send("GET", "/v2/user").response.status == 200
        found.close()


@pytest.mark.parametrize("carrier", [{"header": "X-Api-Key"}, {"parameter": "api_key"}])
def test_a_credential_is_had_anew_whatever_carries_it(issuer: Issuer, carrier: dict[str, str]) -> None:
    def answer(asked: Asked) -> bytes:
        sent = asked.headers.get("x-api-key") or asked.query.partition("api_key=")[2]
        return reply({"account": {}}, status="200 OK" if sent == f"token-number-{issuer.runs}" else "401 Unauthorized")

    auth = VULTR.conventions.auth.model_copy(update={"scheme": "", **carrier})
    contract = evolve(VULTR, conventions=VULTR.conventions.model_copy(update={"auth": auth}))
    source = {"default": SourceRecord(command=issuer.command)}
    with raw_server(answer) as server:
        found = url_target(server.url, contract=contract, credentials=Tokens({}, source, issuer.folder))
        client = found.session("a test", "an item", []).client
        assert client.call(ACCOUNT, query={"a": "b"}).response.status == 200
        (issuer.folder / "runs").write_text("run\nrun\n")
        assert client.call(ACCOUNT, query={"a": "b"}).response.status == 200
        assert issuer.runs == 3
        found.close()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (f"echo {SECRET}; echo {SECRET} >&2; exit 3", "failed with status 3"),
        ("", "gives nothing"),
        ("echo", "gives nothing"),
        (f"echo {SECRET}; echo {SECRET}", "gives white space or a character that no header can carry"),
        ("printf 'caf\\303\\251-of-all-things'", "gives white space or a character that no header can carry"),
        (f"echo ' {SECRET}'", "gives white space or a character"),
        ("echo short", "is shorter than 8 characters: it cannot be kept out of recordings; use a longer one"),
        ("yes", "gives more than 64 KiB"),
        ("exec sleep 60", "did not come to an end within 0.2 s"),
        ("exec >&-; sleep 60", "did not come to an end within 0.2 s"),
        ("sleep 60 & sleep 60", "did not come to an end within 0.2 s"),
        ("kill -9 $$", "failed with status -9"),
    ],
)
def test_a_command_that_gives_none_is_one_line_without_what_it_printed(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, body: str, problem: str
) -> None:
    monkeypatch.setattr(tokens, "SECONDS", 0.2 if "sleep" in body else 20)
    issuer.make(f"echo run >> runs\n{body}")
    found = Tokens({}, {"default": SourceRecord(command=f"{issuer.command} --key={SECRET}")}, issuer.folder)
    for _ in range(2):
        with pytest.raises(HarnessError) as error:
            found["default"]
        assert str(error.value).startswith("the credential 'default'")
        assert problem in str(error.value)
        assert "\n" not in str(error.value)
        assert SECRET not in str(error.value)
    assert issuer.runs == 1


def test_a_source_that_gives_none_any_more_is_one_line(issuer: Issuer) -> None:
    with played(issuer) as run:
        run.client.call(ACCOUNT)
        issuer.current = 2
        issuer.make("exit 7")
        for _ in range(2):
            with pytest.raises(HarnessError, match=r"the credential 'default': the command .* failed with status 7"):
                run.client.call(ACCOUNT)


def test_a_command_is_run_without_a_shell_in_the_folder_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("token-of-a-file\n")
    for command, expected in (
        ("cat token", "token-of-a-file"),
        ("echo '$HOME; `date` > x'-token", "$HOME; `date` > x-token"),
        ("printf '%s' \"$HOME-as-it-stands\"", "$HOME-as-it-stands"),
    ):
        assert Tokens({}, {"default": SourceRecord(command=command)}, tmp_path)["default"] == expected
    assert [path.name for path in tmp_path.iterdir()] == ["token"]


def test_a_file_that_cannot_be_read_or_is_empty_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "token"
    found = Tokens({}, {"default": SourceRecord(file="token")}, tmp_path)
    with pytest.raises(HarnessError, match="the credential 'default': the file token cannot be read: No such file"):
        found["default"]
    for content, problem in (("", "gives nothing"), ("\n", "gives nothing"), ("x" * 70000, "more than 64 KiB")):
        path.write_text(content)
        with pytest.raises(HarnessError, match=problem):
            Tokens({}, {"default": SourceRecord(file="token")}, tmp_path)["default"]


@pytest.mark.parametrize(
    ("credentials", "problem"),
    [
        ('{default = {file = "nowhere"}}', "'staging': the credential 'default': there is no file "),
        ('{default = {command = "no-such-program x"}}', "there is no program 'no-such-program' to run"),
        ('{default = {command = "./no-such-program x"}}', "there is no program './no-such-program' to run"),
        ('{default = {command = ""}}', "is no command: it is empty"),
        ("""{default = {command = "echo 'a-secret"}}""", "is no command: No closing quotation"),
        ("{default = {}}", "needs either a command or a file"),
        ('{default = {command = "x", file = "y"}}', "needs either a command or a file"),
        ('{default = {commands = "x"}}', "commands: Extra inputs are not permitted"),
        ("{default = 5}", "credentials.default"),
        ('{second = {command = "true"}}', "needs a token: set the environment variable VULTR_API_KEY"),
        ('{default = {command = "true"}, B_D = {command = "true"}}', "the credential name 'B_D' is"),
    ],
)
def test_a_mistake_in_the_table_is_one_line(tmp_path: Path, credentials: str, problem: str) -> None:
    with pytest.raises(ConformanceError) as error:
        target(tmp_path, "https://api.example.com", credentials)
    assert problem in str(error.value)
    assert "\n" not in str(error.value)
    assert "a-secret" not in str(error.value)


def test_a_file_below_the_users_own_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "token").write_text("token-of-the-user")
    source = SourceRecord(file="~/token")
    source.check(Path("elsewhere"))
    assert source.ask(Path("elsewhere")) == "token-of-the-user"


@pytest.mark.skipif(os.getuid() == 0, reason="root reads everything")
def test_a_file_of_somebody_else_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("token-of-somebody")
    path.chmod(0)
    with pytest.raises(HarnessError, match="Permission denied"):
        SourceRecord(file="token").ask(tmp_path)


def _table(issuer: Issuer, url: str) -> None:
    table = (
        f'[tool.conformance.targets.staging]\napi = "vultr"\nurl = "{url}"\n'
        f'credentials = {{default = {{command = "{issuer.command}"}}}}\n[tool.pytest.ini_options]\n'
    )
    (issuer.folder / "pyproject.toml").write_text(table, encoding="utf-8")


def test_a_run_takes_its_token_of_a_command_and_tells_it_nowhere(suite: Runner, issuer: Issuer) -> None:
    with raw_server(issuer.answer) as server:
        _table(issuer, server.url)
        ran = suite("--target", "staging", "-k", "vultr.auth and account", root=issuer.folder)
    assert {"vultr.auth.no-key-401[GET /v2/account]": "passed"}.items() <= ran.verdicts.items()
    told = ran.text + "".join(p.read_text("utf-8") for p in (suite.folder / "reports").iterdir() if p.is_file())
    assert "token-number" not in told
    assert issuer.runs == 1


def test_a_run_whose_command_fails_is_one_line_and_fails(suite: Runner, issuer: Issuer) -> None:
    issuer.make(f"echo {SECRET}; exit 3")
    with raw_server(issuer.answer) as server:
        _table(issuer, server.url)
        ran = suite("--target", "staging", "-k", "account", root=issuer.folder)
        assert server.requests == 0
    assert ran.status == 1
    assert "the credential 'default': the command " in ran.text
    assert "failed with status 3" in ran.text
    assert SECRET not in ran.text
    assert "Traceback" not in ran.text


def test_what_was_left_behind_is_cleaned_up_with_a_token_of_a_command(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(issuer.folder / "state"))
    monkeypatch.chdir(issuer.folder)
    monkeypatch.setattr(config, "UrlTarget", lambda **given: UrlTarget(**given, clock=ManualClock()))
    deleted: list[str] = []

    def answer(asked: Asked) -> bytes:
        said = issuer.answer(asked)
        if b" 401 " in said or not asked.path.startswith("/v2/domains"):
            return said
        if asked.method == "DELETE":
            deleted.append(asked.path)
            return reply(status="204 No Content")
        return reply({"error": "Not found."}, status="404 Not Found") if asked.path != "/v2/domains" else domains()

    def domains() -> bytes:
        return reply({"domains": [], "meta": {"total": 0, "links": {"next": "", "prev": ""}}})

    with raw_server(answer) as server:
        _table(issuer, server.url)
        head = {"run": RUN, "prefix": f"conformance-{RUN}", "api": "vultr", "target": "staging", "base_url": server.url}
        ledger = Ledger.begin(state_folder(), {**head, "session": None, "pid": 1})
        made = Made(1, CREATE.id, name=f"conformance-{RUN}-1.example.com")
        ledger.sent(made)
        made.status, made.id = 201, f"conformance-{RUN}-1.example.com"
        ledger.answered(made)
        ledger.release()
        assert main(["cleanup"]) == 0
    assert deleted == [f"/v2/domains/conformance-{RUN}-1.example.com"]
    assert "deleted" in capsys.readouterr().out
    assert not list(left(state_folder()))
