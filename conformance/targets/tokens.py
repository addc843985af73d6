"""Credentials as a run holds them: of the environment, a file or a command, and fresh ones for those that are spent."""

from __future__ import annotations

import os
import select
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from threading import RLock
from weakref import WeakKeyDictionary

import httpx2
from attrs import define, field
from pydantic import Field, field_validator, model_validator

from conformance.contract import ConformanceError, Record
from conformance.contract.conventions import Auth
from conformance.targets.errors import HarnessError, TargetError
from conformance.traffic.exchange import Response
from conformance.traffic.redact import Redactor

SECONDS = 30.0
"""Seconds that a command may take to print a token."""

LARGEST = 1 << 16


class SourceRecord(Record):
    """Where a credential comes from that is no environment variable; it is asked for when it is first needed.

    What comes is the credential, without the newline at its end. It is asked for again, once, after an answer that
    refuses a call which carried it.

    Attributes:
        command: prints it within 30 seconds. It is run without a shell, in the folder of the pyproject.toml, and what
            it prints is told nowhere.
        file: holds it, relative to the pyproject.toml; `~` is the user's own folder.
    """

    command: str | None = None
    file: str | None = Field(default=None, min_length=1)

    @field_validator("command")
    @classmethod
    def _can_be_run(cls, command: str | None) -> str | None:
        if command is not None:
            try:
                words = shlex.split(command)
            except ValueError as error:
                # A command may have a secret in it.
                raise ValueError(f"is no command: {error}") from None
            if not words:
                raise ValueError("is no command: it is empty")
        return command

    @model_validator(mode="after")
    def _is_one(self) -> SourceRecord:
        if (self.command is None) == (self.file is None):
            raise ValueError("needs either a command or a file")
        return self

    def check(self, root: Path) -> None:
        """Passes where the program or the file is there.

        Raises:
            TargetError: it is not.
        """
        if self.file is not None and not self._path(root).is_file():
            raise TargetError(f"there is no file {self._path(root)}")
        if self.command is not None:
            program = shlex.split(self.command)[0]
            if shutil.which(root / program if "/" in program else program) is None:
                raise TargetError(f"there is no program {program!r} to run")

    def ask(self, root: Path) -> str:
        """What the command prints, or the file holds.

        Raises:
            HarnessError: it fails, or takes too long.
        """
        if self.file is not None:
            try:
                with self._path(root).open("rb") as file:
                    said = file.read(LARGEST + 1)
            except OSError as error:
                raise HarnessError(f"{self.source} cannot be read: {error.strerror}") from None
        else:
            said = self._printed(root)
        if len(said) > LARGEST:
            raise HarnessError(f"{self.source} gives more than {LARGEST // 1024} KiB")
        return said.decode("ascii", "replace").removesuffix("\n").removesuffix("\r")

    @property
    def source(self) -> str:
        """What is asked, for people: of a command only the program is told."""
        return f"the file {self.file}" if self.command is None else f"the command {shlex.split(self.command)[0]}"

    def _path(self, root: Path) -> Path:
        path = Path(str(self.file))
        with suppress(RuntimeError):
            path = path.expanduser()
        return root / path

    def _printed(self, root: Path) -> bytes:
        try:
            process = subprocess.Popen(
                shlex.split(str(self.command)),
                cwd=root,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # It has no terminal to ask at, and is ended with all that it started.
                start_new_session=True,
            )
        except OSError as error:
            raise HarnessError(f"{self.source} cannot be run: {error.strerror}") from None
        with process:
            try:
                said = _read(process, time.monotonic() + SECONDS)
            except TimeoutError:
                raise HarnessError(f"{self.source} did not come to an end within {SECONDS:g} s") from None
            finally:
                if process.poll() is None:
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
        if process.returncode and len(said) <= LARGEST:
            raise HarnessError(f"{self.source} failed with status {process.returncode}")
        return said


def _read(process: subprocess.Popen[bytes], until: float) -> bytes:
    """What a process prints until its end, or the first part of very much.

    Raises:
        TimeoutError: it does not end in time.
    """
    assert process.stdout is not None
    said = b""
    while len(said) <= LARGEST:
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise TimeoutError
        chunk = os.read(process.stdout.fileno(), LARGEST)
        if not chunk:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                raise TimeoutError from None
            break
        said += chunk
    return said


Answered = tuple[Response, float | None]
Send = Callable[[httpx2.Request], Answered]


@define(eq=False)
class Tokens(Mapping[str, str]):
    """Name → credential. What has a source is asked for when it is first needed, and shared by all threads.

    Args:
        given: those that are known.
        sources: where the others come from.
        root: the folder that they are relative to.

    Looking one up raises HarnessError where its source gives none.
    """

    given: Mapping[str, str] = field(repr=False)
    sources: Mapping[str, SourceRecord] = field(factory=dict, repr=False)
    root: Path = Path()
    _known: dict[str, list[str]] = field(init=False, factory=dict, repr=False)
    _failed: dict[str, str] = field(init=False, factory=dict)
    _vain: dict[str, str] = field(init=False, factory=dict, repr=False)
    _told: WeakKeyDictionary[Redactor, str] = field(init=False, factory=WeakKeyDictionary, repr=False)
    _lock: RLock = field(init=False, factory=RLock, repr=False)

    def __getitem__(self, name: str) -> str:
        if name not in self.sources:
            return self.given[name]
        with self._lock:
            return self._known[name][-1] if name in self._known else self._asked(name)

    def __iter__(self) -> Iterator[str]:
        return iter({**self.given, **self.sources})

    def __len__(self) -> int:
        return len({**self.given, **self.sources})

    def __contains__(self, name: object) -> bool:
        return name in self.given or name in self.sources

    # To compare two would ask for every one of them.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def _asked(self, name: str) -> str:
        """A credential as its source gives it now."""
        where = f"the credential {name!r}: "
        if name in self._failed:
            raise HarnessError(self._failed[name])
        try:
            token = self.sources[name].ask(self.root)
            if problem := unfit(token):
                raise HarnessError(f"{self.sources[name].source} gives {problem}")
            Redactor({name: token})
            for redactor, prefix in self._told.items():
                redactor.learn({f"{prefix}{name}": token})
        except ConformanceError as error:
            self._failed[name] = f"{where}{str(error).removeprefix(where)}"
            raise HarnessError(self._failed[name]) from None
        known = self._known.setdefault(name, [])
        if token in known:
            known.remove(token)
        known.append(token)
        return token

    def redactor(self) -> Redactor:
        """One that knows every credential, also those that are asked for later."""
        redactor = Redactor()
        self.tell(redactor)
        return redactor

    def tell(self, redactor: Redactor, prefix: str = "") -> None:
        """Has a redactor know every credential, also those that are asked for later, under their name after a prefix.

        Raises:
            ConformanceError: one is too short, or its name fits no mark.
        """
        with self._lock:
            redactor.learn({f"{prefix}{name}": token for name, token in self.given.items()})
            for name, tokens in self._known.items():
                for token in tokens:
                    redactor.learn({f"{prefix}{name}": token})
            self._told[redactor] = prefix

    def answer(self, request: httpx2.Request, auth: Auth, operation: str, send: Send) -> Answered:
        """What a call comes to; where it was refused for a credential that is spent, the same call with a fresh one.

        It is sent again once. What is refused so was not carried out (RFC 9110 15.5.2): that goes for a write, too.

        Raises:
            HarnessError: the source of the credential gives none.
        """
        refused = (401, auth.refused)
        answered = send(request)
        again = self._renewed(request, auth, operation) if answered[0].status in refused else None
        if again is None:
            return answered
        answered = send(again)
        if answered[0].status in refused:
            # It has another reason to refuse this one.
            self._vain[operation] = self._carried(again, auth)[1]
        return answered

    def _renewed(self, request: httpx2.Request, auth: Auth, operation: str) -> httpx2.Request | None:
        """The request with a fresh credential in place of the one it carried.

        None where it carried none that has a source, where the source gives no other, or where a fresh one was refused
        at this operation already. The credential that is there to expire stays as it is.
        """
        with self._lock:
            name, spent = self._carried(request, auth)
            if not name or name == auth.expiring or self._vain.get(operation) == spent:
                return None
            fresh = self._known[name][-1]
            # Another thread may have asked since.
            if fresh == spent:
                fresh = self._asked(name)
            if fresh == spent:
                self._vain[operation] = spent
                return None
        value, url, headers = auth.value(name, fresh), request.url, dict(request.headers)
        if auth.parameter:
            url = url.copy_set_param(auth.parameter, value)
        else:
            headers[auth.header.lower()] = value
        return httpx2.Request(request.method, url, headers=headers, content=request.content)

    def _carried(self, request: httpx2.Request, auth: Auth) -> tuple[str, str]:
        """Name and value of the credential with a source that a request carries; both empty where it carries none."""
        value = request.url.params.get(auth.parameter) if auth.parameter else request.headers.get(auth.header)
        for name, tokens in self._known.items():
            for token in tokens:
                if value == auth.value(name, token):
                    return name, token
        return "", ""


def unfit(token: str) -> str | None:
    """Why a text can be no credential; None where it can be one."""
    if not token:
        return "nothing"
    if not token.isascii() or not token.isprintable() or token != token.strip():
        return "white space or a character that no header can carry"
    return None
