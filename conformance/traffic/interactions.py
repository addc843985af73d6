"""One interaction of a cassette, in any form that vcrpy writes or reads, as a request and a response.

What is wrong with one is told in words of the format: a mapping, a list, text, a number.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from attrs import define, evolve, field, frozen

from conformance.traffic.decoding import NotDecoded, TooLarge, codings_of, decoded
from conformance.traffic.exchange import Message, Pairs, Request, Response
from conformance.traffic.loading import Chunks

MAX_BODY = 16 * 1024 * 1024
MAX_BODIES = 128 * 1024 * 1024
"""Bytes that the bodies of one file may come to: aliases and compression make much of little."""
MAX_VALUES = 200_000
"""Of a body that is stored as a mapping or a list."""
MAX_FIELDS = 500


class BadInteraction(ValueError):
    """An interaction cannot be read; the text says why."""


@frozen
class NotStored:
    """Stands where a body belongs that the recording does not have; `why` begins with a verb."""

    why: str


@define
class Reader:
    """Reads the interactions of one file, and holds them to what a file may come to.

    Attributes:
        coded: answers may be stored in their content codings. Else what a header says of these is history.
    """

    left: int = MAX_BODIES
    coded: bool = True
    _sizes: dict[int, int] = field(factory=dict)

    def read(self, record: Any) -> tuple[Request, Response]:
        """The request and the response of one interaction; a body that is not known is `unread`.

        Raises:
            BadInteraction: it has no request or response that HTTP knows.
        """
        mapping_of(record, "the interaction")
        request, response = (mapping_of(member_of(record, name), f"the {name}") for name in ("request", "response"))
        method = text_of(member_of(request, "method", "the method"), "the method").upper()
        if not _TOKEN.fullmatch(method):
            raise BadInteraction("the method is no word that HTTP allows for one")
        url, status = _url(request), _status(response)
        sent = self._message(request, "request", empty=True)
        if isinstance(request.get("body"), (dict, list)) and sent.header("content-type") is None:
            # Some recorders keep what a client was given to send as JSON, and see no header that it adds to that.
            sent = evolve(sent, headers=(*sent.headers, ("Content-Type", "application/json")))
        answered = self._message(response, "response", empty=method == "HEAD" or status in WITHOUT_BODY)
        return (
            Request(sent.headers, sent._body, unread=sent.unread, method=method, url=url),
            Response(
                answered.headers,
                answered._body,
                unread=answered.unread,
                status=status,
                http_version=_http_version(response),
            ),
        )

    def _message(self, record: dict[str, Any], whose: str, *, empty: bool) -> Message:
        """Headers and body; with `empty`, a body that is not there is one of no bytes."""
        message = Message(_headers(record.get("headers"), whose))
        limit = min(MAX_BODY, self.left)
        try:
            body = self._content(record, whose, limit)
            if not body and not empty and (lacks := _lacks(message, absent=body is None)) is not None:
                return Message(message.headers, unread=f"the {whose} has no body in this recording{lacks}")
            codings = codings_of(message.header("content-encoding")) if self.coded or whose == "request" else ()
            body = decoded(body or b"", codings, limit)
        except TooLarge as error:
            why = str(error) if limit == MAX_BODY else f"is not read: those before it are {MAX_BODIES:,} bytes"
            return Message(message.headers, unread=f"the {whose} body {why}")
        except NotDecoded as error:
            return Message(message.headers, unread=f"the {whose} body {error}")
        self.left -= len(body)
        return Message(message.headers, body)

    def _content(self, record: dict[str, Any], whose: str, limit: int) -> bytes | None:
        """The body as it is stored, None where there is none at all."""
        if "parsed_body" in record and not record.get("body"):
            return self._json(record["parsed_body"], whose, limit)
        if not record.keys() & {"body", "content"}:
            return None
        body = stored = record.get("body", record.get("content"))
        # A request body that is a mapping is what was sent as JSON: there, these members could be its own.
        if isinstance(body, dict) and (whose == "response" or len(body) == 1):
            if whose == "response" and not body:
                return None
            if "base64_string" in body:
                return base64_of(body["base64_string"], whose)
            if "parsed_body" in body:
                return self._json(body["parsed_body"], whose, limit)
            if "string" in body or (whose == "response" and "body" in body):
                body = body.get("string", body.get("body"))
        if isinstance(body, NotStored):
            raise NotDecoded(body.why)
        # A hook that reads JSON leaves what it read in place of the text of a response.
        parsed = whose == "request" or body is not stored
        if isinstance(body, (dict, list)) and not isinstance(body, Chunks) and parsed:
            return self._json(body, whose, limit)
        return _bytes(body, whose, limit)

    def _json(self, value: Any, whose: str, limit: int) -> bytes:
        try:
            if self._size(value) > min(MAX_VALUES, limit):
                raise TooLarge("holds more than is read of one")
            text = json.dumps(value, ensure_ascii=False, default=_as_text)
        except TooLarge:
            raise
        except (TypeError, ValueError, RecursionError):
            raise BadInteraction(f"the {whose} body is {kind(value)} that no JSON text can hold") from None
        return _bytes(text, whose, limit)

    def _size(self, value: Any) -> int:
        """How many values a value holds, those counted again that aliases repeat; a long text counts as several."""
        if not isinstance(value, (dict, list)):
            return 1 + (len(value) // 100 if isinstance(value, (str, bytes)) else 0)
        if id(value) not in self._sizes:
            self._sizes[id(value)] = MAX_VALUES  # Until it is known: what holds itself has no end.
            inner = value.values() if isinstance(value, dict) else value
            self._sizes[id(value)] = 1 + sum(map(self._size, inner))
        return self._sizes[id(value)]


WITHOUT_BODY = frozenset({*range(100, 200), 204, 205, 304})
_CODED_NOTHING = 40
"""Bytes that a coding makes of an empty body at most."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def kind(value: Any) -> str:
    """What a value is, as people say it who know YAML and JSON."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true or false"
        case int() | float() | Decimal():
            return "a number"
        case str():
            return "text"
        case bytes():
            return "binary"
        case dict():
            return "a mapping"
        case list() | tuple() | set():
            return "a list"
    return "something else"


def _lacks(message: Message, *, absent: bool) -> str | None:
    """Whether a message had a body that is not stored: how the text about it goes on, None where it had none."""
    length = (message.header("content-length") or "")[:20]
    if re.fullmatch("0+", length):
        return None
    # A coding makes some bytes of nothing, and of what is stored decoded the length is still that of the coded.
    least = _CODED_NOTHING if codings_of(message.header("content-encoding")) and not absent else 0
    if re.fullmatch("[0-9]+", length) and int(length) > least:
        return f", though its Content-Length is {length}"
    return "" if absent else None


def _bytes(body: Any, whose: str, limit: int) -> bytes:
    match body:
        case None:
            return b""
        case bytes():
            return body
        case str() if len(body) > limit:
            raise TooLarge(f"is larger than {limit:,} bytes")
        case str():
            try:
                return body.encode("utf-8", errors="surrogateescape")
            except UnicodeEncodeError:
                raise BadInteraction(f"the {whose} body holds half of a surrogate pair, which no text can") from None
        case Chunks():
            joined = bytearray()
            for piece in body:
                joined += _bytes(piece, whose, limit)
                if len(joined) > limit:
                    raise TooLarge(f"is larger than {limit:,} bytes")
            return bytes(joined)
    raise BadInteraction(f"the {whose} body is {kind(body)} where text belongs")


def mapping_of(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadInteraction(f"{what} is {kind(value)} where a mapping belongs")
    return value


def member_of(record: dict[str, Any], name: str, what: str | None = None) -> Any:
    if name not in record:
        raise BadInteraction(f"{what or f'the {name}'} is missing")
    return record[name]


def text_of(value: Any, what: str) -> str:
    """A scalar as text. Aliases make a YAML text nest so that its `str` would never end."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, (str, int, float)):
        raise BadInteraction(f"{what} is {kind(value)} where text belongs")
    try:
        text = str(value)
        text.encode()
    except UnicodeEncodeError:
        raise BadInteraction(f"{what} holds half of a surrogate pair, which no text can") from None
    except ValueError:
        raise BadInteraction(f"{what} is a number that is too long to be read") from None
    return text


def _status(response: dict[str, Any]) -> int:
    if "status_code" in response and "status" not in response:
        code = response["status_code"]
    else:
        code = member_of(response, "status", "the status")
        if isinstance(code, dict):
            code = member_of(code, "code", "the code of the status")
    if isinstance(code, str) and re.fullmatch(r"\s*[0-9]{1,9}\s*", code):
        code = int(code)
    if isinstance(code, (float, Decimal)):
        raise BadInteraction("the status is a number where a whole one belongs")
    if isinstance(code, bool) or not isinstance(code, int):
        raise BadInteraction(f"the status is {kind(code)} where a number belongs")
    if not 100 <= code <= 599:
        shown = code if abs(code) < 10**9 else "so great a number"
        raise BadInteraction(f"the status {shown} is none of HTTP, which has 100 to 599")
    return code


def _url(request: dict[str, Any]) -> str:
    if "uri" in request or not request.keys() & {"protocol", "host", "path"}:
        url = text_of(member_of(request, "uri", "the uri"), "the uri")
    else:
        # Before vcrpy 1.0 the parts were kept apart.
        scheme, host, path = (text_of(member_of(request, part), f"the {part}") for part in ("protocol", "host", "path"))
        port = request.get("port")
        shown = "" if port in (None, _DEFAULT_PORTS.get(scheme)) else f":{text_of(port, 'the port')}"
        url = f"{scheme}://{host}{shown}{path}"
    try:
        parts = urlsplit(url)
        _, named = parts.port, parts.hostname
    except ValueError:
        raise BadInteraction("the uri is no URL") from None
    if parts.scheme not in _DEFAULT_PORTS or not named:
        raise BadInteraction("the uri is no http or https URL with a host")
    return url


def _headers(headers: Any, whose: str) -> Pairs:
    if headers is None:
        return ()
    if not isinstance(headers, (dict, list)):
        raise BadInteraction(f"the {whose} headers are {kind(headers)} where a mapping belongs")
    pairs: list[tuple[str, str]] = []
    for name, value in _fields(headers):
        named = text_of(name, "a header name")
        for one in value if isinstance(value, list) else [value]:
            pairs.append((named, text_of(one, f"the header {named[:80]}")))
            if len(pairs) > MAX_FIELDS:
                raise BadInteraction(f"the {whose} has more than {MAX_FIELDS} headers")
    return tuple(pairs)


def _fields(headers: dict[Any, Any] | list[Any]) -> Iterator[tuple[Any, Any]]:
    """Names and values of headers that are a mapping, pairs, mappings with a name and a value, or whole lines."""
    if isinstance(headers, dict):
        yield from headers.items()
        return
    for header in headers:
        if isinstance(header, bytes):
            header = header.decode("latin-1")
        if isinstance(header, str):
            name, _, value = header.partition(":")
            yield name.strip(), value.strip()
        elif isinstance(header, (list, tuple)) and len(header) == 2:
            yield header[0], header[1]
        elif isinstance(header, dict):
            named = {str(key).lower(): value for key, value in header.items() if isinstance(key, str)}
            called = named.get("name", named.get("key"))
            if called is not None and "value" in named:
                yield called, named["value"]
            elif len(header) == 1:
                yield from header.items()
            else:
                raise BadInteraction("a header is a mapping without a name and a value")
        else:
            raise BadInteraction(f"a header is {kind(header)} where a name and a value belong")


def base64_of(text: Any, whose: str) -> bytes:
    try:
        return base64.b64decode("".join(text_of(text, f"the {whose} body").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        if isinstance(error, BadInteraction):
            raise
        raise BadInteraction(f"the {whose} body is not base64, though it is stored as such") from None


def _as_text(value: Any) -> str:
    """What JSON has no type for, inside a body that was stored as a mapping."""
    if isinstance(value, bytes):
        return value.decode()
    raise TypeError


def _http_version(response: dict[str, Any]) -> str:
    version = response.get("protocol", response.get("http_version"))
    return version if isinstance(version, str) and re.fullmatch(r"HTTP/[0-9](\.[0-9])?", version) else "HTTP/1.1"
