"""Cassettes of go-vcr, in the formats of its versions 1 to 4.

The interactions are a YAML list in block style, which is read item by item. A file in another style is read whole.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from conformance.traffic import foreign
from conformance.traffic.cassette import Interaction
from conformance.traffic.formats.base import MAX_ITEM, LeftOut, Recording, Told, entries_of, too_large, untold
from conformance.traffic.interactions import (
    BadInteraction,
    Reader,
    mapping_of,
    member_of,
    text_of,
)
from conformance.traffic.loading import CassetteError, opened, yaml_of

_BEGINS = re.compile(rb"(?:\xef\xbb\xbf)?interactions:[ \t]*\r?\n")
_ITEM_NAME = "the interaction"
_ITEM = re.compile(rb"( *)- ")


def is_in_blocks(path: Path) -> bool:
    """Whether a file begins as a cassette of go-vcr that can be read item by item.

    Raises:
        CassetteError: it cannot be read, or begins with what is no YAML.
    """
    first = next(_texts(path, untold), None)
    if not isinstance(first, bytes):
        return False
    try:
        return foreign.of_data({"interactions": [_parsed(first)]}) == foreign.GO_VCR
    except BadInteraction:
        return False


def recording(path: Path) -> Recording:
    """A cassette of whatever size, read interaction by interaction."""
    return Recording(path, lambda told: entries_of(path, "interaction", _texts(path, told), _read))


def of_list(path: Path, records: list[Any]) -> Recording:
    """The same of interactions that are in memory already."""
    return Recording(path, lambda _: entries_of(path, "interaction", records, _read))


def _texts(path: Path, told: Told) -> Iterator[bytes | BadInteraction]:
    """The items of the list, each as the lines that it stands in.

    A line that is indented as the first item is, and begins as it does, begins another: within an item every line is
    indented further.
    """
    with opened(path) as file:
        size = max(1, os.fstat(file.fileno()).st_size)
        while (line := file.readline(MAX_ITEM)) and not _BEGINS.fullmatch(line):
            if file.tell() > MAX_ITEM:
                return
        mark, lines, length, read, begins = None, [], 0, 0, True
        for line in iter(lambda: file.readline(MAX_ITEM), b""):
            read += len(line)
            if mark is None:
                found = _ITEM.match(line)
                if found is None:
                    return
                mark = found.group()
            elif begins and line.startswith(mark):
                told(min(1.0, read / size))
                yield b"".join(lines) if length <= MAX_ITEM else too_large()
                lines, length = [], 0
            elif begins and line.strip() and not line.startswith((b" " * len(mark), b"#")):
                break
            begins = line.endswith(b"\n")  # A long line comes in parts.
            length += len(line)
            if length <= MAX_ITEM:
                lines.append(line)
        if mark is not None:
            yield b"".join(lines) if length <= MAX_ITEM else too_large()


def _read(item: Any) -> Interaction:
    if isinstance(item, BadInteraction):
        raise item
    return interaction(_parsed(item) if isinstance(item, bytes) else item)


def _parsed(item: bytes) -> Any:
    try:
        found = yaml_of(_ITEM_NAME, item.decode())
    except UnicodeDecodeError as error:
        raise BadInteraction(f"is not UTF-8: byte {error.start} of it") from None
    except CassetteError as error:
        raise BadInteraction(str(error).removeprefix(f"{_ITEM_NAME}: ")) from None
    if not isinstance(found, list) or len(found) != 1:
        raise BadInteraction("is no item of a list")
    return found[0]


def interaction(record: Any) -> Interaction:
    """One interaction of a cassette of go-vcr.

    Raises:
        BadInteraction: it is none, or what it holds is not HTTP.
        LeftOut: there was no answer.
    """
    mapping_of(record, "the interaction")
    asked, answered = (mapping_of(member_of(record, name), f"the {name}") for name in ("request", "response"))
    code = answered.get("code")
    if code in (None, 0) and not answered.get("status"):
        raise LeftOut("that got no answer")
    if code is None:
        code = text_of(answered["status"], "the status").partition(" ")[0]
    request = {
        "method": asked.get("method") or "GET",  # As Go takes it.
        "uri": _url(asked),
        "headers": asked.get("headers"),
        "body": _form(asked) if asked.get("body") in (None, "", b"") else asked["body"],
    }
    response = {
        "status": code,
        "headers": answered.get("headers"),
        "protocol": _version(answered),
        "body": {"string": answered["body"] if answered.get("body") is not None else b""},
    }
    return Interaction(*Reader().read({"request": request, "response": response}))


def _url(request: dict[str, Any]) -> str:
    """The URL; a server that recorded what it got knows its path alone, and the host apart."""
    url = text_of(member_of(request, "url"), "the url")
    host = request.get("host")
    return f"http://{text_of(host, 'the host')}{url}" if url.startswith("/") and host else url


def _form(request: dict[str, Any]) -> Any:
    """The body of a form that was parsed before it was recorded."""
    form = request.get("form")
    if not form or text_of(request.get("method") or "GET", "the method").upper() in ("GET", "HEAD"):
        return None
    fields = mapping_of(form, "the form").items()
    pairs = [(name, value) for name, values in fields for value in (values if isinstance(values, list) else [values])]
    return urlencode([(text_of(name, "a name"), text_of(value, "a value")) for name, value in pairs])


def _version(response: dict[str, Any]) -> str | None:
    proto = response.get("proto")
    return {"HTTP/2.0": "HTTP/2", "HTTP/3.0": "HTTP/3"}.get(proto, proto) if isinstance(proto, str) else None
