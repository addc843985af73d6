"""Cassettes in vcrpy's format: reading anyone's, and writing our own.

Read: YAML or JSON; `{version: 1, interactions: […]}` and the list of before vcrpy 1.0. Our own carry
metadata: the provenance, and per item its share of the interactions, its cases and its negative requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import yaml
from attrs import evolve, field, frozen
from vcr.request import Request as VcrRequest
from vcr.serialize import serialize
from vcr.serializers import yamlserializer

from conformance.contract import ConformanceError
from conformance.traffic.exchange import Pairs, Request, Response
from conformance.traffic.files import write_whole

MAX_NESTING = 200

# A block node is indented at least every second level.
_DEEP_LINE = re.compile(rf"^[ ?:-]{{{MAX_NESTING // 2}}}", re.MULTILINE)


class CassetteError(ConformanceError):
    """A cassette cannot be read: the text names the file, what is wrong and what to do."""


@frozen
class Interaction:
    """One recorded request and its response."""

    request: Request
    response: Response
    negative: bool = False


_OF_THE_CONNECTION = frozenset({"host", "user-agent", "content-length", "connection", "accept-encoding"})


def worth_keeping(request: Request) -> Request:
    """A request without the headers that tell of its connection and its sender, and nothing of the API."""
    kept = tuple((name, value) for name, value in request.headers if name.lower() not in _OF_THE_CONNECTION)
    return evolve(request, headers=kept)


@frozen
class Take:
    """What one item said: its interactions in order, and the cases a property was run with."""

    interactions: tuple[Interaction, ...] = ()
    cases: tuple[Mapping[str, Any], ...] = ()


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


def read(path: Path, *, trusted: bool = False) -> Cassette:
    """Reads a vcrpy cassette.

    Args:
        trusted: it is known to be one that `write` wrote, so that a guard against hostile nesting is left out.

    Raises:
        CassetteError: the file as a whole cannot be read; single bad interactions are `errors` instead.
    """
    data = _data(path, trusted)
    records, metadata = _records(path, data)
    if not records:
        raise CassetteError(f"{path}: has no interactions: nothing was recorded; record it again")
    shares = _shares(path, metadata)
    negative = {number for share in shares.values() for number in share.negative}
    interactions, errors = [], []
    for number, record in enumerate(records, start=1):
        try:
            interactions.append((number, _interaction(record, number in negative)))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            what = f"has no {error}" if isinstance(error, KeyError) else str(error)
            errors.append(f"{path}: interaction {number}: {what}; record it again")
    by_number = dict(interactions)
    takes = {
        item: Take(
            tuple(by_number[n] for n in range(share.first, share.first + share.count) if n in by_number), share.cases
        )
        for item, share in shares.items()
    }
    return Cassette(path, tuple(interactions), tuple(errors), metadata.get("provenance", {}), takes)


def provenance_of(path: Path) -> Mapping[str, Any]:
    """What a cassette of ours says it was recorded from; empty for any other file."""
    try:
        return read(path, trusted=True).provenance
    except CassetteError:
        return {}


@frozen
class _Share:
    first: int
    count: int
    negative: tuple[int, ...] = ()
    cases: tuple[Mapping[str, Any], ...] = ()


def _shares(path: Path, metadata: dict[str, Any]) -> dict[str, _Share]:
    shares = {}
    try:
        for item, share in metadata.get("takes", {}).items():
            negative = tuple(int(number) for number in share.get("negative", ()))
            shares[item] = _Share(int(share["first"]), int(share["count"]), negative, tuple(share.get("cases", ())))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise CassetteError(f"{path}: metadata: takes: is not what a recording writes; record it again") from None
    return shares


def _data(path: Path, trusted: bool) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CassetteError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise CassetteError(f"{path}: is a folder; name the cassettes in it") from None
    except UnicodeDecodeError as error:
        raise CassetteError(f"{path}: is not text: byte {error.start} is not UTF-8") from None
    except OSError as error:
        raise CassetteError(f"{path}: cannot be read: {error.strerror}") from None
    if not text.strip():
        raise CassetteError(f"{path}: is empty; record it again")
    try:
        if text.lstrip().startswith(("{", "[")):
            return json.loads(text)
    except json.JSONDecodeError as error:
        if path.suffix == ".json":
            raise CassetteError(f"{path}: line {error.lineno}: is not JSON: {error.msg}") from None
    except RecursionError:
        raise CassetteError(f"{path}: nests too deep to be a cassette") from None
    except ValueError as error:
        raise CassetteError(f"{path}: cannot be read as JSON: {error}") from None
    try:
        if not trusted and _nests_too_deep(text):
            raise CassetteError(f"{path}: nests too deep to be a cassette")
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.constructor.ConstructorError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        if "python/" not in (error.problem or ""):
            raise CassetteError(f"{path}: line {line}: is not a vcrpy cassette: {error.problem}") from None
        raise CassetteError(
            f"{path}: line {line}: holds a Python object ({error.problem}): vcrpy under Python 2 wrote such "
            "tags; they are not loaded, because loading one can run code; record it again"
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise CassetteError(f"{path}: {where}is not YAML or was cut off: {problem}") from None
    except (RecursionError, ValueError) as error:
        raise CassetteError(f"{path}: cannot be read as YAML: {error}") from None


def _nests_too_deep(text: str) -> bool:
    """Whether the nodes of a YAML text nest deeper than `MAX_NESTING`: libyaml's loader runs out of stack there.

    The tokens are walked only where the text has enough brackets, or lines indented far enough, to nest so deep.
    """
    if text.count("[") + text.count("{") < MAX_NESTING and not _DEEP_LINE.search(text):
        return False
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_NESTING:
                return True
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return False


def _records(path: Path, data: Any) -> tuple[list[Any], dict[str, Any]]:
    if isinstance(data, dict):
        records = data.get("interactions")
        if isinstance(records, list):
            metadata = data.get("metadata")
            if metadata is not None and not isinstance(metadata, dict):
                raise CassetteError(f"{path}: metadata is not a mapping; record it again")
            return records, metadata or {}
        if "http_interactions" in data:
            raise CassetteError(f"{path}: is a Betamax or Ruby VCR cassette; only vcrpy's format is read")
        if isinstance(data.get("log"), dict) and "entries" in data["log"]:
            raise CassetteError(f"{path}: is a HAR file; only vcrpy's format is read")
    if isinstance(data, list) and data and isinstance(data[0], dict) and "request" in data[0]:
        return data, {}
    raise CassetteError(f"{path}: is not a vcrpy cassette: it has no list of interactions")


def _interaction(record: Any, negative: bool) -> Interaction:
    request, response = record["request"], record["response"]
    status = response["status"]
    code = status["code"] if isinstance(status, dict) else status
    if not isinstance(code, int) or isinstance(code, bool):
        raise ValueError(f"the status is not a number but a {type(code).__name__}")
    headers = _pairs(response.get("headers"))
    return Interaction(
        Request(
            headers=_pairs(request.get("headers")),
            body=_body(request.get("body"), "request"),
            method=_word(request["method"], "method").upper(),
            url=_url(request),
        ),
        Response(
            headers=headers,
            body=_decoded(_body(response.get("body"), "response"), headers),
            status=code,
            http_version=_http_version(response.get("protocol")),
        ),
        negative,
    )


def _url(request: dict[str, Any]) -> str:
    if "uri" in request:
        url = _word(request["uri"], "uri")
    else:
        # Before vcrpy 1.0 the parts were kept apart.
        scheme, host, path = (_word(request[part], part) for part in ("protocol", "host", "path"))
        port = request.get("port")
        shown = "" if port in (None, {"http": 80, "https": 443}.get(scheme)) else f":{_word(port, 'port')}"
        url = f"{scheme}://{host}{shown}{path}"
    urlsplit(url)
    return url


def _pairs(headers: Any) -> Pairs:
    if headers is None:
        return ()
    items = headers.items() if isinstance(headers, dict) else map(_pair, headers)
    pairs: list[tuple[str, str]] = []
    for name, values in items:
        for value in values if isinstance(values, list) else [values]:
            pairs.append((_word(name, "header name"), _word(value, f"header {name}")))
    return tuple(pairs)


def _pair(header: Any) -> tuple[Any, Any]:
    """A header kept in a list: a pair, or a whole line as before vcrpy 1.0."""
    if isinstance(header, str):
        name, _, value = header.partition(":")
        return name.strip(), value.strip()
    name, value = header
    return name, value


def _word(value: Any, what: str) -> str:
    """A scalar as text. Aliases make a YAML text nest so that its `str` would never end."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, (list, dict, set, tuple)) or value is None:
        raise ValueError(f"the {what} is not text but a {type(value).__name__}")
    return str(value)


def _body(body: Any, whose: str) -> bytes:
    if isinstance(body, dict):
        if not body.keys() & {"string", "body"}:
            raise ValueError(f"the {whose} body is a mapping without a string")
        body = body.get("string", body.get("body"))
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode("utf-8", errors="surrogateescape")
    if isinstance(body, bytes):
        return body
    raise ValueError(f"the {whose} body is not text but a {type(body).__name__}")


def _decoded(body: bytes, headers: Pairs) -> bytes:
    coding = ", ".join(value for name, value in headers if name.lower() == "content-encoding")
    # Recorders that decode a body often keep the header that says it is encoded. Text is never an encoded body,
    # though the deflate decoder makes something of any.
    if not coding or not body or _is_text(body):
        return body
    try:
        return httpx2.Response(200, headers={"content-encoding": coding}, content=body).content
    except httpx2.DecodingError:
        return body


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _http_version(protocol: Any) -> str:
    return protocol if isinstance(protocol, str) else "HTTP/1.1"


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
        if take.cases:
            share["cases"] = [dict(case) for case in take.cases]
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


class _JsonAsYaml:
    """A serializer for vcrpy that writes JSON: every YAML loader reads it, and a JSON parser far faster.

    What JSON cannot hold, a body that is not text, is written as YAML.
    """

    @staticmethod
    def serialize(content: dict[str, Any]) -> str:
        try:
            text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
        except TypeError:
            return str(yamlserializer.serialize(content))
        return _NOT_PRINTABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", text) + "\n"


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
