"""The ledger: every create of a run, on disk before it is sent, so that no end of the run loses what it made."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from attrs import define, field

from conformance.targets.errors import HarnessError, TargetError

FORM = 1
_SENT = ("operation", "values", "query", "credential", "name")


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where ledgers lie: with the user and not with the project, so that a fresh checkout does not lose them."""
    given = environ.get("XDG_STATE_HOME", "")
    base = Path(given) if given.startswith("/") else Path.home() / ".local" / "state"
    return base / "conformance" / "ledger"


@define(eq=False)
class Made:
    """One create: what was sent, and what has become of it.

    Attributes:
        operation: id of the create.
        values: the path parameters it was sent with.
        query: the query parameters that say whose it is.
        credential: name of the credential it was sent with, None for none.
        name: the name it was to have, which is this run's alone; None where the body held none.
        id: the id the target gave it.
        status: of the answer; None where none came.
        deleted: a delete of it was answered with a success.
        gone: nothing is left of it, or it was refused.
        why: why it could not be deleted.
        kept: it fills a list for the whole run, and is deleted at its end.
        renamed: the names that it was to be given since.
    """

    number: int
    operation: str
    values: Mapping[str, str] = field(factory=dict)
    query: Mapping[str, str] = field(factory=dict)
    credential: str | None = "default"
    name: str | None = None
    id: str | None = None
    status: int | None = None
    deleted: bool = False
    gone: bool = False
    why: str | None = None
    kept: bool = False
    renamed: list[str] = field(factory=list)

    @property
    def exists(self) -> bool:
        """Whether the target has it, as far as is known."""
        return self.id is not None and not self.gone


@define(eq=False)
class Ledger:
    """The file of one process of one run: NDJSON, appended to and synced with each entry, locked while it is in use.

    Attributes:
        head: the first line: the run, its prefix, and the target it speaks to. No secret is in a ledger.
        made: the creates in the order they were sent.
        ended: its run came to its end, and has told what is left.
    """

    path: Path
    head: Mapping[str, Any]
    made: list[Made] = field(factory=list)
    ended: bool = False
    _file: IO[str] | None = None

    @classmethod
    def begin(cls, folder: Path, head: Mapping[str, Any]) -> Ledger:
        """A new ledger.

        Raises:
            TargetError: the file cannot be made; nothing may be created then.
        """
        label = re.sub(r"[^A-Za-z0-9.-]+", "-", f"{head['api']}-{head['target']}-{head['run']}")[-120:]
        path = folder / f"{label}.ndjson"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # It has its name only once it is locked: nobody takes it for one that was left behind.
            unnamed = path.with_suffix(".new")
            file = unnamed.open("x", encoding="utf-8")
            fcntl.flock(file, fcntl.LOCK_EX)
            ledger = cls(path, head, file=file)
            ledger._append({"form": FORM, **head})
            unnamed.rename(path)
            _sync_folder(folder)
        except OSError as error:
            raise TargetError(
                f"{path}: the ledger of what is created cannot be kept: {error.strerror}; "
                "nothing is created without it: set XDG_STATE_HOME to a folder that can be written to"
            ) from None
        return ledger

    def sent(self, made: Made) -> None:
        """Notes a create that is about to be sent.

        Raises:
            HarnessError: it cannot be noted, and so may not be sent.
        """
        self._note_before({"create": made.number, **{name: getattr(made, name) for name in _SENT}})

    def renaming(self, made: Made, name: str) -> None:
        """Notes a name that something is about to be given.

        Raises:
            HarnessError: it cannot be noted, and so may not be sent.
        """
        self._note_before({"renaming": made.number, "name": name})

    def answered(self, made: Made) -> None:
        """Notes what a create was answered with."""
        self._note({"answer": made.number, "status": made.status, "id": made.id, "why": made.why})

    def deleted(self, made: Made) -> None:
        """Notes a delete that was answered with a success."""
        self._note({"deleted": made.number})

    def gone(self, made: Made) -> None:
        """Notes that nothing is left of a create."""
        self._note({"gone": made.number})

    def close(self) -> None:
        """Ends the ledger; it is removed if nothing is left of what it lists."""
        if self._file is None:
            return
        if all(made.gone for made in self.made):
            self.path.unlink(missing_ok=True)
        else:
            self._note({"ended": True})
        self.release()

    def release(self) -> None:
        """Leaves the ledger as it is to whoever goes on with it."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _note_before(self, entry: Mapping[str, Any]) -> None:
        try:
            self._append(entry)
        except (OSError, ValueError) as error:
            raise HarnessError(f"{self.path}: the ledger cannot be written: {error}; nothing is created") from None

    def _note(self, entry: Mapping[str, Any]) -> None:
        # Without it the create is still in the ledger, and is looked for by its name.
        with suppress(OSError):
            self._append(entry)

    def _append(self, entry: Mapping[str, Any]) -> None:
        assert self._file is not None, "the ledger is closed"
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class InUse(Exception):
    """The run that writes the ledger is still going on."""


def left(folder: Path) -> Iterator[Path]:
    """The ledgers of runs that did not end in order, and of those that are still going on.

    Raises:
        TargetError: nobody can tell, since the folder cannot be read.
    """
    try:
        yield from sorted(path for path in folder.iterdir() if path.suffix == ".ndjson")
    except FileNotFoundError:
        return
    except OSError as error:
        raise TargetError(f"{folder}: the ledgers cannot be read: {error.strerror}") from None


def reopen(path: Path) -> Ledger:
    """The ledger of a run that has ended, locked for whoever goes on with it.

    Raises:
        InUse: its run is still going on.
        TargetError: it cannot be read.
        FileNotFoundError: it was removed meanwhile.
    """
    try:
        if path.exists() and not path.is_file():
            raise TargetError(f"{path}: is no ledger: no regular file")
        file = path.open("r+", encoding="utf-8")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise TargetError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse from None
        if not path.exists():
            raise FileNotFoundError(path)
        return _read(path, file)
    except BaseException:
        file.close()
        raise


def _read(path: Path, file: IO[str]) -> Ledger:
    """What a ledger lists; a last line that was cut off was written before anything was sent, or after it came back."""
    ended = False
    try:
        text = file.read()
        whole, _, torn = text.rpartition("\n")
        head, *entries = [json.loads(line) for line in whole.splitlines()]
        _hold(head["form"] == FORM and all(isinstance(head[name], str) for name in ("api", "target", "base_url")))
        # What bears the prefix is deleted: nothing else than a run's own may stand there.
        _hold(re.fullmatch("[0-9a-f]{8}", head["run"]) is not None and head["prefix"] == f"conformance-{head['run']}")
        _hold("session" in head)
        found: dict[int, Made] = {}
        for entry in entries:
            match entry:
                case {"create": number}:
                    found[number] = Made(number, **{name: entry[name] for name in _SENT})
                    _hold(_is_whole(found[number]))
                case {"answer": int(number), "status": int() | None as status, "id": str() | None as identity}:
                    made = found[number]
                    made.status, made.id, made.why = status, identity, entry.get("why")
                    made.gone = made.id is None and is_refusal(status)
                case {"renaming": int(number), "name": str() as name}:
                    found[number].renamed.append(name)
                case {"deleted": number}:
                    found[number].deleted = True
                case {"gone": number}:
                    found[number].gone = True
                case {"ended": True}:
                    ended = True
                case _:
                    _hold(False)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise TargetError(
            f"{path}: is no ledger of this version; nothing of what it may list is deleted: look for names with "
            "`conformance-` in them, then remove the file"
        ) from None
    if torn:
        file.seek(len(whole) + 1)
        file.truncate()
    file.seek(0, os.SEEK_END)
    return Ledger(path, head, list(found.values()), ended, file)


def _hold(whole: bool) -> None:
    if not whole:
        raise ValueError


def _is_whole(made: Made) -> bool:
    """Whether everything in a create that was read is of its type."""
    texts = [made.operation, *made.values.values(), *made.query.values(), made.credential or "", made.name or ""]
    return all(isinstance(text, str) for text in texts)


def is_refusal(status: int | None) -> bool:
    """Whether an answer to a create says that nothing was made."""
    return status is not None and 400 <= status < 500
