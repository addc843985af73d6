"""Cassettes in vcrpy's format: reading anyone's, and writing our own.

Read: YAML or JSON; `{version: 1, interactions: […]}` and the list of before vcrpy 1.0, in every form of an interaction
that vcrpy has had. Our own carry metadata: the provenance, and per item its share of the interactions, its cases, its
negative requests and when each was sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from attrs import evolve, field, frozen
from pydantic import ConfigDict, Field, StrictInt, ValidationError
from vcr.request import Request as VcrRequest
from vcr.serialize import serialize
from vcr.serializers import yamlserializer

from conformance.contract import Record
from conformance.traffic import foreign
from conformance.traffic.exchange import LARGEST_SENT, Request, Response
from conformance.traffic.files import write_whole
from conformance.traffic.interactions import BadInteraction, Reader
from conformance.traffic.loading import CassetteError, load, not_read

__all__ = [
    "BY_OTHERS",
    "Cassette",
    "CassetteError",
    "Interaction",
    "Take",
    "known_by",
    "of_data",
    "read",
    "worth_keeping",
    "write",
    "write_foreign",
]


@frozen
class Interaction:
    """One recorded request and its response.

    Attributes:
        negative: the request was wrong on purpose.
        sent_at: epoch seconds on the clock of whoever sent it, None where the recording does not say.
    """

    request: Request
    response: Response
    negative: bool = False
    sent_at: float | None = None


REFERENCE_SERVER = "reference server"
"""The source of what no vendor's service has answered; reports say so wherever it occurs."""

_OF_THE_CONNECTION = frozenset({"host", "user-agent", "content-length", "connection", "accept-encoding"})


def worth_keeping(request: Request) -> Request:
    """A request without the headers that tell of its connection and its sender, and nothing of the API."""
    kept = tuple((name, value) for name, value in request.headers if name.lower() not in _OF_THE_CONNECTION)
    return evolve(request, headers=kept, body=known_by(request.body))


def known_by(body: bytes) -> bytes:
    """What is kept of the body of a request, and known again: of a large one its size and its digest."""
    if len(body) <= LARGEST_SENT:
        return body
    return f"(not kept: {len(body)} bytes, sha256 {sha256(body).hexdigest()})".encode()


@frozen
class Take:
    """What one item said: its interactions in order, and the cases a property was run with.

    Attributes:
        received: what each look at a receiver showed, which the target was told to call.
    """

    interactions: tuple[Interaction, ...] = ()
    cases: tuple[Mapping[str, Any], ...] = ()
    received: tuple[tuple[Request, ...], ...] = ()


@frozen
class Cassette:
    """The content of a cassette file.

    Attributes:
        interactions: every readable interaction with its number in the file, counted from 1.
        errors: one line for each interaction that could not be read.
        provenance: what it was recorded from, empty for a foreign cassette.
        takes: item → its take, empty for a foreign cassette.
    """

    path: Path
    interactions: tuple[tuple[int, Interaction], ...]
    errors: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(factory=dict)
    takes: Mapping[str, Take] = field(factory=dict)


def read(path: Path) -> Cassette:
    """Reads a vcrpy cassette.

    Raises:
        CassetteError: the file as a whole cannot be read; single bad interactions are `errors` instead.
    """
    return of_data(path, load(path))


def of_data(path: Path, data: Any) -> Cassette:
    """The same of what a file was found to hold."""
    records, metadata = _records(path, data)
    provenance, shares = _metadata(path, metadata, len(records))
    negative = {number for share in shares.values() for number in share.negative}
    times = {share.first + n: time for share in shares.values() for n, time in enumerate(share.times)}
    reader = Reader()
    interactions: list[tuple[int, Interaction]] = []
    errors = []
    for number, record in enumerate(records, start=1):
        try:
            request, response = reader.read(record)
        except BadInteraction as error:
            errors.append(f"{path}: interaction {number}: {error}; record it again")
        else:
            interactions.append((number, Interaction(request, response, number in negative, times.get(number))))
    by_number = dict(interactions)
    takes = {
        item: Take(
            tuple(by_number[n] for n in range(share.first, share.first + share.count) if n in by_number),
            share.cases,
            tuple(tuple(each.request for each in look) for look in share.received),
        )
        for item, share in shares.items()
    }
    return Cassette(path, tuple(interactions), tuple(errors), provenance, takes)


LATEST = 253_402_300_799.0
"""Epoch seconds of the last moment that a date can have."""


class _Received(Record):
    """A request that a receiver got."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    # Each byte is a character: a body need not be text.
    body: str = Field(default="", pattern="^[\\x00-\\xff]*$")

    @classmethod
    def of(cls, request: Request) -> dict[str, Any]:
        """A request as the metadata has it."""
        body = request.body.decode("latin-1")
        return cls(method=request.method, url=request.url, headers=request.headers, body=body).model_dump(mode="json")

    @property
    def request(self) -> Request:
        return Request(method=self.method, url=self.url, headers=self.headers, body=self.body.encode("latin-1"))


class _Share(Record):
    first: StrictInt = Field(ge=1)
    count: StrictInt = Field(ge=0)
    negative: tuple[StrictInt, ...] = ()
    times: tuple[Annotated[float, Field(ge=0, le=LATEST, strict=True)], ...] = ()
    cases: tuple[dict[str, Any], ...] = ()
    received: tuple[tuple[_Received, ...], ...] = ()


class _Provenance(Record):
    model_config = ConfigDict(frozen=True, extra="allow")

    source: str | None = None
    base_url: str | None = None
    facts: dict[str, Any] = Field(default_factory=dict)
    paths: dict[str, str] = Field(default_factory=dict)


class _Metadata(Record):
    """What `write` adds to a cassette; other metadata is that of other writers."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    provenance: _Provenance = _Provenance()
    takes: dict[str, _Share] = Field(default_factory=dict)


def _metadata(path: Path, data: dict[str, Any], size: int) -> tuple[Mapping[str, Any], Mapping[str, _Share]]:
    """The provenance, and each item's share of so many interactions."""
    try:
        takes = _Metadata.model_validate(data).takes
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"][:3]))[:100]
        raise _not_ours(path, place) from None
    taken = 1
    for item, share in sorted(takes.items(), key=lambda take: (take[1].first, take[1].count)):
        numbers = range(share.first, share.first + share.count)
        if share.count and not taken <= share.first <= size + 1 - share.count:
            raise _not_ours(path, f"takes.{item[:80]}")
        if not all(number in numbers for number in share.negative):
            raise _not_ours(path, f"takes.{item[:80]}.negative")
        if share.times and len(share.times) != share.count:
            raise _not_ours(path, f"takes.{item[:80]}.times")
        taken = max(taken, share.first + share.count)
    return data.get("provenance", {}), takes


def _not_ours(path: Path, place: str) -> CassetteError:
    return CassetteError(f"{path}: metadata: {place}: is not what a recording writes; record it again")


MAX_INTERACTIONS = 100_000


def _records(path: Path, data: Any) -> tuple[list[Any], dict[str, Any]]:
    """The interactions and the metadata of what a file holds."""
    if name := foreign.of_data(data):
        raise not_read(path, name)
    records, metadata = data, None
    if isinstance(data, dict):
        records, metadata = data.get("interactions"), data.get("metadata")
    if not isinstance(records, list) or (records is data and not _begins_with_request(records)):
        raise CassetteError(f"{path}: is not a vcrpy cassette: it has no list of interactions")
    if metadata is not None and not isinstance(metadata, dict):
        raise CassetteError(f"{path}: metadata is not a mapping; record it again")
    if not records:
        raise CassetteError(f"{path}: has no interactions: nothing was recorded; record it again")
    if len(records) > MAX_INTERACTIONS:
        raise CassetteError(f"{path}: has more than {MAX_INTERACTIONS:,} interactions; split it")
    return records, metadata or {}


def _begins_with_request(records: list[Any]) -> bool:
    """Whether a list is one of interactions, as before vcrpy 1.0."""
    return bool(records) and isinstance(records[0], dict) and "request" in records[0]


# Characters that YAML takes as escapes only (YAML 1.1, 5.1), where JSON takes them as they are.
_NOT_PRINTABLE = re.compile("[\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")


def write(path: Path, provenance: Mapping[str, Any], takes: Mapping[str, Take]) -> None:
    """Writes a cassette, replacing an older one whole; equal takes give equal bytes, whatever their order."""
    requests: list[VcrRequest] = []
    responses: list[dict[str, Any]] = []
    shares: dict[str, Any] = {}
    for item, take in sorted(takes.items()):
        share: dict[str, Any] = {"first": len(requests) + 1, "count": len(take.interactions)}
        negative = [share["first"] + n for n, said in enumerate(take.interactions) if said.negative]
        if negative:
            share["negative"] = negative
        if take.interactions and all(said.sent_at is not None for said in take.interactions):
            share["times"] = [round(said.sent_at or 0.0, 3) for said in take.interactions]
        if take.cases:
            share["cases"] = [dict(case) for case in take.cases]
        if take.received:
            share["received"] = [[_Received.of(each) for each in look] for look in take.received]
        shares[item] = share
        for said in take.interactions:
            requests.append(_vcr_request(said.request))
            responses.append(_vcr_response(said.response))
    content = {
        "requests": requests,
        "responses": responses,
        "metadata": {"provenance": dict(provenance), "takes": shares},
    }
    write_whole(path, serialize(content, _JsonAsYaml).encode("utf-8"))


BY_OTHERS = "recorded by others"
"""What the source of a cassette begins with that holds what others have recorded."""


def write_foreign(path: Path, origin: Path, base_url: str, said: Iterable[Interaction]) -> None:
    """Writes what others have recorded, in a file of theirs, as a cassette that is no item's."""
    those = tuple(said)
    provenance = {"source": f"{BY_OTHERS}: {origin.name}", "base_url": base_url}
    content = {
        "requests": [_vcr_request(each.request) for each in those],
        "responses": [_vcr_response(each.response) for each in those],
        "metadata": {"provenance": provenance},
    }
    write_whole(path, serialize(content, _JsonAsYaml).encode("utf-8"))


class _JsonAsYaml:
    """A serializer for vcrpy that writes JSON: every YAML loader reads it, and a JSON parser far faster.

    What JSON cannot hold, a body that is not text, is written as YAML.
    """

    @staticmethod
    def serialize(content: dict[str, Any]) -> str:
        try:
            text = _in_lines(content)
        except TypeError:
            return str(yamlserializer.serialize(content))
        return _NOT_PRINTABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", text) + "\n"


def _in_lines(content: Mapping[str, Any]) -> str:
    """JSON with a line for each interaction: short, and what differs of two recordings shows line by line."""
    rest = {name: value for name, value in content.items() if name != "interactions"}
    told = json.dumps(rest, indent=1, sort_keys=True, ensure_ascii=False)
    said = [
        json.dumps(each, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
        for each in content.get("interactions", ())
    ]
    return '{\n "interactions": [\n' + ",\n".join(said) + "\n ],\n" + told.removeprefix("{\n")


def _vcr_request(request: Request) -> VcrRequest:
    return VcrRequest(request.method, request.url, request.body or None, dict(request.headers))


def _vcr_response(response: Response) -> dict[str, Any]:
    headers: dict[str, list[str]] = {}
    for name, value in response.headers:
        headers.setdefault(name, []).append(value)
    return {
        "status": {"code": response.status, "message": response.reason.partition(" ")[2]},
        "headers": headers,
        "body": {"string": response.body},
    }
