"""A folder of raw HTTP messages: `NAME.request` beside `NAME.response`, or both in one `NAME.http`, and in its folders.

They are HTTP/1 as h11 reads it, with any line ends. What a tool shows of HTTP/2 in the same form is read, too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import h11

from conformance.traffic.cassette import Interaction
from conformance.traffic.decoding import codings_of
from conformance.traffic.formats.base import MAX_ITEM, Entry, Recording, Told, too_large
from conformance.traffic.interactions import BadInteraction, NotStored, Reader
from conformance.traffic.loading import CassetteError, opened
from conformance.traffic.urls import is_loopback

REQUEST, RESPONSE, BOTH = ".request", ".response", ".http"
MAX_HEAD = 1024 * 1024

_HEAD = re.compile(rb"(?:[^\n]*\S[^\n]*\n)+\r?\n")
_HTTP_2 = re.compile(rb"\A([^\r\n]* )?HTTP/([23])(?:\.0)?(?=[ \r\n])")
_CHUNK = re.compile(rb"[0-9A-Fa-f]+[ \t]*(?:;[^\n]*)?\r?\n")
_SHOWN = re.compile(r":? ?(?:bytearray|b['\"])")
_NUMBER = re.compile(r"(\d+)")


def recording(path: Path) -> Recording:
    """The messages of a folder, in the order of their names; in these, numbers count as such.

    Raises:
        CassetteError: there are none in it, or it cannot be read.
    """
    names = _names(path)
    if not names:
        raise CassetteError(
            f"{path}: is a folder without raw HTTP messages (NAME{REQUEST} and NAME{RESPONSE}, or NAME{BOTH}); "
            "name the files in it"
        )

    def entries(told: Told) -> Iterator[Entry]:
        for number, name in enumerate(names, start=1):
            told(number / len(names))
            place = path / name
            yield Entry.of(str(place), number, f"{path.name}/{name}", partial(_interaction, place))

    return Recording(path, entries)


def _names(path: Path) -> list[str]:
    """The names of messages below a folder; a response is named by its request, but where it has none."""
    found = set()

    def refused(error: OSError) -> None:
        raise CassetteError(f"{error.filename}: cannot be read: {error.strerror}") from None

    for folder, _, files in os.walk(path, onerror=refused):
        found |= {(Path(folder) / file).relative_to(path) for file in files if file.endswith((REQUEST, RESPONSE, BOTH))}
    kept = [name for name in found if name.suffix != RESPONSE or name.with_suffix(REQUEST) not in found]
    return [str(name) for name in sorted(kept, key=_natural)]


def _natural(name: Path) -> tuple[Any, ...]:
    """How people sort names: 2 comes before 10."""
    parts = _NUMBER.split(str(name))
    return tuple((int(part[:18]), part) if n % 2 else (0, part) for n, part in enumerate(parts))


def _interaction(place: Path) -> Interaction:
    if place.suffix == RESPONSE:
        raise BadInteraction(f"has no {place.with_suffix(REQUEST).name} beside it")
    try:
        sent = _content(place)
        if place.suffix == BOTH:
            return interaction(sent, None)
        return interaction(sent, _content(place.with_suffix(RESPONSE)))
    except CassetteError as error:
        raise BadInteraction(str(error).removeprefix(f"{place}: ")) from None


def _content(place: Path) -> bytes:
    with opened(place) as file:
        content = file.read(MAX_ITEM + 1)
    if len(content) > MAX_ITEM:
        raise too_large()
    return content.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")


def interaction(sent: bytes, answered: bytes | None) -> Interaction:
    """A request and a response as they went over the wire; with no response apart it follows the request.

    Raises:
        BadInteraction: they are no HTTP messages.
    """
    start, _ = _as_http_1(sent)
    server = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
    server.receive_data(start)
    if answered is not None:
        server.receive_data(b"")
    request = _next(server, "request")
    if not isinstance(request, h11.Request):
        raise BadInteraction("holds no whole request")
    body = _body(server)
    rest = server.trailing_data[0].lstrip() if not isinstance(body, NotStored) else b""
    if answered is None:
        if not rest.startswith(b"HTTP/"):
            raise BadInteraction("holds no response behind the request; a body needs its Content-Length")
    elif rest:
        raise BadInteraction(f"{len(rest)} bytes follow the end of the request")
    method = request.method.decode()
    response, content, answer_version = _response(method, rest if answered is None else answered)
    record = {
        "request": {"method": method, "uri": _url(request), "headers": _pairs(request), "body": body},
        "response": {
            "status": response.status_code,
            "headers": _pairs(response),
            "protocol": answer_version or f"HTTP/{response.http_version.decode()}",
            "body": {"string": content},
        },
    }
    return Interaction(*Reader().read(record))


def _response(method: str, answered: bytes) -> tuple[h11.Response, Any, str | None]:
    client = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
    # What is asked decides how an answer ends.
    client.send(h11.Request(method=method, target="/", headers=[("Host", "h")]))
    client.send(h11.EndOfMessage())
    while True:
        answered, version = _as_http_1(answered)
        head = _HEAD.match(answered)
        if not head:
            raise BadInteraction("holds no whole response")
        client.receive_data(head.group())
        response, answered = _next(client, "response"), answered[head.end() :]
        if isinstance(response, h11.Response):
            break
    if _is_undone(response, answered):
        return response, answered, version
    client.receive_data(answered)
    client.receive_data(b"")
    content = _body(client)
    if not isinstance(content, NotStored) and (rest := client.trailing_data[0].strip()):
        raise BadInteraction(f"{len(rest)} bytes follow the end of the response")
    return response, content, version


def _is_undone(response: h11.Response, body: bytes) -> bool:
    """Whether a body is stored without the coding that it was sent in, as tools show it that undo these."""
    headers: dict[bytes, bytes] = dict(response.headers)
    if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
        return bool(body) and not _CHUNK.match(body)
    if b"content-length" not in headers or not codings_of(headers.get(b"content-encoding", b"").decode("latin-1")):
        return False
    try:
        return b"\0" not in body and body.decode() is not None
    except UnicodeDecodeError:
        return False


def _as_http_1(message: bytes) -> tuple[bytes, str | None]:
    """A message with the start line that HTTP/1.1 has, and the version that stood there if it is a later one."""
    found = _HTTP_2.match(message)
    if found is None:
        return message, None
    return (found[1] or b"") + b"HTTP/1.1" + message[found.end() :], f"HTTP/{found[2].decode()}"


def _next(connection: h11.Connection, whose: str) -> Any:
    try:
        return connection.next_event()
    except h11.RemoteProtocolError as error:
        raise BadInteraction(f"the {whose} is no HTTP message: {_said(error)}") from None


def _body(connection: h11.Connection) -> bytes | NotStored:
    pieces = bytearray()
    try:
        while not isinstance(event := connection.next_event(), h11.EndOfMessage):
            if not isinstance(event, h11.Data):
                return NotStored("is cut off in this recording")
            pieces += event.data
    except h11.RemoteProtocolError as error:
        return NotStored(f"is not as its framing says: {_said(error)}")
    return bytes(pieces)


def _said(error: h11.RemoteProtocolError) -> str:
    """What h11 says, without what it shows of the message: that may be a secret."""
    return _SHOWN.split(str(error))[0].strip()[:100]


def _pairs(message: h11.Request | h11.Response) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message.headers.raw_items()]


def _url(request: h11.Request) -> str:
    """The URL of a request. Its scheme is in no message: APIs are served over TLS, but on the machine itself."""
    target = request.target.decode("latin-1")
    if "://" in target.partition("?")[0]:
        return target
    host = next((value.decode("latin-1") for name, value in request.headers if name == b"host"), "")
    if not host or not target.startswith("/"):
        raise BadInteraction("the request names no host and path")
    url = f"//{host}{target}"
    return f"http:{url}" if is_loopback(f"http:{url}") else f"https:{url}"
