"""The events of a run, the file they are appended to, and reading them back.

A run is one NDJSON stream or several (workers, shards): a header first, then evidence and verdicts in any
order, a footer last. A stream without a footer was cut off. Exchanges in events are already redacted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from conformance.contract.verdict import Verdict


class ReportError(Exception):
    """The events cannot be read or do not belong together; the message is one line."""


def _storable(value: Any) -> Any:
    # Bodies may hold lone surrogates (JSON allows them, UTF-8 does not): their escapes are kept instead.
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_storable)]


class Record(BaseModel):
    """Base of everything that is stored: immutable, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(Record):
    """Who answered."""

    name: Text
    kind: Literal["cassette", "reference", "url", "traffic"]
    base_url: Text | None = None
    capabilities: tuple[Text, ...] = ()

    @property
    def label(self) -> str:
        return f"{self.name} ({self.base_url})" if self.base_url else self.name


class Provenance(Record):
    """What the answers of one API were recorded from (or, without a recording, who gave them)."""

    api: Text
    source: Text
    version: Text | None = None
    recorded: Text | None = None


RequirementId = Annotated[str, Field(pattern=r"^[^.\s]+\.[^.\s]+\.\S+$")]
"""`<api>.<area>.<slug>`"""


class Gate(Record):
    """What a run has to have seen.

    `supported_only` leaves out what the target lacks a capability for.
    """

    required: tuple[RequirementId, ...] = ()
    supported_only: bool = False


class Run(Record):
    """What the header says about a run. `started` is UTC in seconds, the only time in any report."""

    api: tuple[Text, ...]
    target: Target
    provenance: tuple[Provenance, ...]
    started: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    options: Mapping[str, JsonValue] = Field(default_factory=dict)
    versions: Mapping[str, Text] = Field(default_factory=dict)
    gate: Gate = Gate()


class RequirementText(Record):
    """A requirement as its catalogue words it; reports know nothing else about it. A base one is no API's own."""

    statement: Text
    strength: Literal["MUST", "SHOULD", "MAY"]
    basis: Literal["text", "example", "implied"]
    mode: Text
    section: Text | None = None
    url: Text | None = None
    rule: Text | None = None
    not_tested: Text | None = None
    base: bool = False


class Request(Record):
    """A request as it was sent, redacted."""

    method: Text
    url: Text
    headers: tuple[tuple[Text, Text], ...] = ()
    body: Text | None = None


class Response(Record):
    """A response as it came, redacted."""

    status: int
    headers: tuple[tuple[Text, Text], ...] = ()
    body: Text = ""
    http_version: Text = "HTTP/1.1"


class Exchange(Record):
    """One request and its response."""

    request: Request
    response: Response


class Moment(Record):
    """An exchange on the way to a violation, the step of a list that made it, and how to make it again."""

    step: Text
    exchange: Exchange
    curl: Text


class Observation(Record):
    """Something seen at an operation. Without a requirement it is drift: what no document mentions."""

    requirement: RequirementId | None
    operation: Text
    outcome: Literal["violated", "note"]
    party: Literal["server", "client"]
    message: Text
    expected: Text | None = None
    actual: Text | None = None
    exchange: Exchange | None = None
    curl: Text | None = None
    source: Text | None = None
    timeline: tuple[Moment, ...] = ()


class Deviation(Record):
    """Why a difference between target and document is known."""

    reason: Text
    since: Text
    link: Text | None = None


class Need(Record):
    """What somebody could give, so that more is seen: in words, and what to type or to write for it."""

    what: Text
    how: Text


class Unchecked(Record):
    """A place of a published document that is judged otherwise than it stands there (`repair`), or not at all."""

    api: Text
    pointer: Text
    reason: Text
    kind: Literal["repair", "loss"]


class Score(Record):
    """What became of the defects that were planted on what a run really got, to see whether it could have failed.

    Attributes:
        planted: how many.
        seen: how many of them the requirement saw, by its own name.
        elsewhere: how many others another requirement saw, and the requirement itself did not.
        missed: the names of those that it did not see, sorted.
    """

    planted: Annotated[int, Field(ge=0)] = 0
    seen: Annotated[int, Field(ge=0)] = 0
    elsewhere: Annotated[int, Field(ge=0)] = 0
    missed: tuple[Text, ...] = ()


class Header(Record):
    """The first event of every stream."""

    event: Literal["header"] = "header"
    format: Literal[1] = 1
    run: Run
    requirements: Mapping[RequirementId, RequirementText]


class Evidence(Observation):
    """What supports a verdict, or a note beside it."""

    event: Literal["evidence"] = "evidence"


class VerdictGiven(Record):
    """The verdict one stream came to for a requirement at an operation.

    `held` counts the pieces of evidence that could have failed it. `blocked_by` is the id of the requirement whose
    failure blocked it, or a sentence where no requirement names the cause. `score` is there where defects were planted
    to see whether it could have failed.
    """

    event: Literal["verdict"] = "verdict"
    requirement: RequirementId
    operation: Text
    verdict: Verdict
    reason: Text | None = None
    test: Text | None = None
    held: Annotated[int, Field(ge=0)] = 0
    deviation: Deviation | None = None
    blocked_by: Text | None = None
    need: Need | None = None
    score: Score | None = None


class Footer(Record):
    """The last event of a stream that was not cut off.

    `exchanges` counts those with the target by API. `errors` are the harness's or the input's, a line each, and
    fail the run; `warnings` are worth telling, and do not; `notices` are what was found out of the target, and made
    there, before the run. `unknown_operations` counts the exchanges of each method and path that no document describes,
    `not_served` the calls of each operation of a published document that the target answered as if it were not there.
    """

    event: Literal["footer"] = "footer"
    exchanges: Mapping[str, Annotated[int, Field(ge=0)]]
    unknown_operations: Mapping[str, int] = Field(default_factory=dict)
    not_served: Mapping[str, int] = Field(default_factory=dict)
    unchecked: tuple[Unchecked, ...] = ()
    exit_status: int = 0
    errors: tuple[Text, ...] = ()
    warnings: tuple[Text, ...] = ()
    notices: tuple[Text, ...] = ()


Event = Header | Evidence | VerdictGiven | Footer

_EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")])


def canonical(record: Record) -> str:
    """The one JSON spelling of a record: keys sorted, compact, in Unicode, on one line."""
    return json.dumps(
        record.model_dump(mode="json"),
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
        allow_nan=False,
    )


class EventLog:
    """A writer of one stream. It starts the file anew, so two runs never mix, and then only appends.

    Each line goes to the system in one unbuffered write: a crash loses at most the end of the last one.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb", buffering=0)

    def write(self, event: Event) -> None:
        self._file.write(canonical(event).encode() + b"\n")

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_events(paths: Iterable[Path]) -> list[Event]:
    """The events of several streams, one file each, in the order of the files.

    A last line without its newline that does not parse is the mark of a run cut off, and left out.

    Raises:
        ReportError: a file cannot be read, does not begin with a header, or holds a line that is no event.
    """
    return [event for path in paths for event in _read_stream(path)]


def _read_stream(path: Path) -> Iterator[Event]:
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, start=1):
        last = number == len(lines)
        event = _parse(line, f"{path}:{number}", cut_off=last)
        if number == 1 and not isinstance(event, Header):
            raise ReportError(f"{path}:1: the stream does not begin with a header")
        if event is not None:
            yield event


def _parse(line: bytes, place: str, *, cut_off: bool) -> Event | None:
    try:
        return _EVENT.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        if cut_off and first["type"] == "json_invalid":
            return None
        where = ".".join(str(part) for part in first["loc"])
        raise ReportError(f"{place}: not an event: {where + ': ' if where else ''}{first['msg']}") from error
