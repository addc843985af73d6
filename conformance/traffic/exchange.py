"""Exchanges: one request and its response, immutable and already redacted."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from functools import cached_property
from hashlib import sha256
from http import HTTPStatus
from typing import Any, TypeVar

from attrs import Factory, evolve, field, frozen

from conformance.contract import ConformanceError, Operation, pointer
from conformance.contract.nesting import nests_deeper
from conformance.traffic.urls import split

MAX_DEPTH = 200
MAX_NODES = 250_000
"""Arrays and objects in one body: in memory each takes up to a hundred times what it has in the text."""

LONGEST_NUMBER = 300

KEPT_BODY = 16 * 1024
KEPT_FIELD = 4 * 1024
"""What is kept as evidence of a body, in bytes, and of a URL or a header, in characters."""
LARGEST_SENT = 256 * 1024
"""Bytes of a body that is sent and recorded whole: a test that sends a larger one makes it again for the replay."""

_SAID = 128
"""Room for what is said of a cut."""

Pairs = tuple[tuple[str, str], ...]

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


class NotJson(ValueError):
    """A body is not well-formed JSON; the text says why."""


class NotKnown(ConformanceError):
    """A body is not known, so that nothing can be said of its content; the text says why."""


class TooDeep(NotJson):
    """A body nests deeper than `MAX_DEPTH`, or wider than `MAX_NODES`: it may be JSON, but is not read."""


@frozen
class _Document:
    value: Any
    repeated_keys: tuple[str, ...]


@frozen(slots=False)
class Message:
    """What requests and responses share: headers in the order sent, and a body.

    Attributes:
        unread: why the body is not known, None where it is. A recording may lack a body, or hold one that cannot
            be decoded.
        fault: what is wrong with it as HTTP, None where nothing is: it broke off, or its coding is not what it says.
            The body is what came of it, and no JSON.
        closed: why its content is not looked at, though it is there: what is wrong with it has been found already.
        raw: it is content as it is, and no JSON, whatever it looks like.
    """

    headers: Pairs = ()
    _body: bytes = b""
    unread: str | None = field(kw_only=True, default=None)
    fault: str | None = field(kw_only=True, default=None)
    closed: str | None = field(kw_only=True, default=None)
    raw: bool = field(kw_only=True, default=False)

    @property
    def body(self) -> bytes:
        """The content, its codings undone.

        Raises:
            NotKnown: it is `unread`. Whatever looks at the content, as text or as JSON, raises it, too.
        """
        if self.unread is not None:
            raise NotKnown(self.unread)
        return self._body

    def header(self, name: str) -> str | None:
        """The value of a header, several joined by a comma (RFC 9110 5.3), None if absent.

        White space around a value is no part of it (RFC 9110 5.5).
        """
        return self._joined.get(name.lower())

    @cached_property
    def _joined(self) -> dict[str, str]:
        joined: dict[str, str] = {}
        for name, value in self.headers:
            key, value = name.lower(), value.strip(" \t")
            joined[key] = f"{joined[key]}, {value}" if key in joined else value
        return joined

    @property
    def media_type(self) -> str | None:
        """The Content-Type without parameters, in lower case.

        One that holds several media types, in one header or in many, is none of them (RFC 9110 8.3) and is given whole.
        """
        value = self.header("content-type")
        if not value:
            return None
        several = "," in value and sum(bool(part.strip()) for part in _QUOTED.sub("", value).split(",")) > 1
        return (value if several else value.split(";")[0]).strip(" \t,").lower()

    @cached_property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    @property
    def shown(self) -> str:
        """The body as text for people, or why it is not known."""
        if self.unread is not None:
            return f"({self.unread})"
        return self.text if self.fault is None else f"{self.text}({self.fault})"

    @cached_property
    def _document(self) -> _Document | NotJson:
        if self.closed is not None:
            raise NotKnown(self.closed)
        if self.fault is not None:
            return NotJson(self.fault)
        if self.raw:
            return NotJson("the body is content as it is")
        try:
            return parse_json(self.body)
        except NotJson as error:
            return error

    @property
    def json(self) -> Any:
        """The body as JSON.

        Raises:
            NotJson: it is empty, not well-formed, or nests too deep.
        """
        if isinstance(self._document, NotJson):
            raise self._document
        return self._document.value

    @property
    def is_json(self) -> bool:
        return not isinstance(self._document, NotJson)

    @property
    def repeated_keys(self) -> tuple[str, ...]:
        """Object members that occur twice in one object."""
        return () if isinstance(self._document, NotJson) else self._document.repeated_keys

    def at(self, path: str | None, default: Any = None) -> Any:
        """The value at a JSON pointer, `default` where the body has none or is not JSON, or there is no pointer."""
        if path is None:
            return default
        try:
            return pointer(self.json, path)
        except (LookupError, NotJson):
            return default


@frozen(slots=False)
class Request(Message):
    method: str = field(kw_only=True)
    url: str = field(kw_only=True)

    @cached_property
    def path(self) -> str:
        return split(self.url).path

    @cached_property
    def query(self) -> Pairs:
        """Query parameters in order, decoded."""
        return split(self.url).parameters

    def parameter(self, name: str) -> str | None:
        """The value of a query parameter that is given once, None if it is absent or repeated."""
        values = [value for key, value in self.query if key == name]
        return values[0] if len(values) == 1 else None


@frozen(slots=False)
class Response(Message):
    """An answer; the status is 0 where there was none, and the fault says why."""

    status: int = field(kw_only=True)
    http_version: str = field(kw_only=True, default="HTTP/1.1")

    @property
    def status_class(self) -> int:
        return self.status // 100

    @property
    def answered(self) -> bool:
        return self.status != 0

    @property
    def ok(self) -> bool:
        return self.status_class == 2

    @property
    def reason(self) -> str:
        """The status with its standard phrase, e.g. `404 Not Found`."""
        if not self.answered:
            return "no answer"
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return str(self.status)


@frozen(slots=False, eq=False)
class Exchange:
    """One request and its response.

    Attributes:
        operation: the contract's operation, None if the contract has none for it.
        path: path below the target's base URL, as the document has it.
        served_at: the same as the target has it, where that is known.
        negative: the request was wrong on purpose, so what it breaks is no finding about the client.
        sent_at: seconds on the clock of whoever sent it, None in recordings that do not say.
        source: where a recorded exchange comes from: `file#number`, counted from 1.
    """

    request: Request
    response: Response
    operation: Operation | None
    path: str
    served_at: str = field(default=Factory(lambda self: self.path, takes_self=True), kw_only=True)
    negative: bool = False
    sent_at: float | None = None
    source: str | None = None

    @property
    def known_as(self) -> str:
        """The operation's id; `METHOD (unknown)` for one that the contract lacks."""
        return self.operation.id if self.operation else f"{self.request.method} (unknown)"

    def __str__(self) -> str:
        came = self.response.status if self.response.answered else f"no answer: {self.response.fault}"
        return f"{self.request.method} {cut(self.request.url, 300)} → {came}"

    def kept(self) -> Exchange:
        """The exchange as evidence of it is kept: what is long is cut, with its size and its digest."""
        request, response = self.request, self.response
        short = (_kept(request), _kept(response))
        if short[0] is request and short[1] is response and len(request.url) <= KEPT_FIELD + _SAID:
            return self
        return evolve(self, request=evolve(short[0], url=cut(request.url, KEPT_FIELD)), response=short[1])


def cut(text: str, limit: int) -> str:
    """A text, or so much of it and how long it is."""
    if len(text) <= limit + _SAID:
        return text
    digest = sha256(text.encode(errors="surrogatepass")).hexdigest()
    return f"{text[:limit]}… (cut: {len(text)} characters in all, sha256 {digest})"


_Message = TypeVar("_Message", Request, Response)


def _kept(message: _Message) -> _Message:
    body, headers = message._body, message.headers
    if len(body) > KEPT_BODY + _SAID:
        # A character that is cut in two is left out.
        start = body[:KEPT_BODY].decode(errors="ignore")
        body = f"{start}… (cut: {len(body)} bytes in all, sha256 {sha256(body).hexdigest()})".encode()
    if any(len(value) > KEPT_FIELD + _SAID for _, value in headers):
        headers = tuple((name, cut(value, KEPT_FIELD)) for name, value in headers)
    same = body is message._body and headers is message.headers
    return message if same else evolve(message, body=body, headers=headers)


def parse_json(body: bytes) -> _Document:
    """Parses a JSON text (RFC 8259), noting repeated object members.

    Raises:
        NotJson: the body is not a JSON text in UTF-8.
        TooDeep: it has more levels than `MAX_DEPTH`, or more arrays and objects than `MAX_NODES`.
    """
    if not body:
        raise NotJson("the body is empty")
    nodes = body.count(b"[") + body.count(b"{")
    if nodes > MAX_NODES:
        raise TooDeep(f"the body has more than {MAX_NODES} arrays and objects")
    repeated: list[str] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            repeated.extend(sorted(name for name, count in counts.items() if count > 1))
        return members

    def read(whole_number: Callable[[str], int] | None = None) -> Any:
        repeated.clear()
        text = body.decode("utf-8")
        return json.loads(text, object_pairs_hook=members, parse_constant=_no_constant, parse_int=whole_number)

    try:
        try:
            value = read()
        except ValueError as error:
            # Python reads no number of more than some thousand digits unless it is told how.
            if isinstance(error, (json.JSONDecodeError, UnicodeDecodeError)):
                raise
            value = read(_whole_number)
    except UnicodeDecodeError as error:
        raise NotJson(f"the body is not UTF-8: byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise TooDeep(f"the body nests deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:
        raise NotJson(str(error)) from None
    if _HALF_PAIR.search(body) and not _encodable(value):
        raise NotJson("a string holds half of a surrogate pair, which no UTF-8 text can")
    if nodes > MAX_DEPTH and nests_deeper(value, MAX_DEPTH):
        raise TooDeep(f"the body nests deeper than {MAX_DEPTH} levels")
    return _Document(value, tuple(repeated))


_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")


def _encodable(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _whole_number(text: str) -> int:
    """A number without a fraction; of one that is longer than any number in use only the first digits.

    RFC 8259 sets no limit, Python does, since the cost of the conversion grows with the square of the length.
    """
    return int(text[:LONGEST_NUMBER])


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
