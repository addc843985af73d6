"""HAR 1.2, as browsers, proxies and test tools write it (http://www.softwareishard.com/blog/har-12-spec/).

An entry is put into the form of an interaction, and read as such. Members that begin with `_` are their writers' own;
those are read that say what became of a request.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urlencode, urlsplit

from conformance.contract.nesting import MAX_NESTING, nests_deeper
from conformance.traffic.cassette import LATEST, Interaction
from conformance.traffic.decoding import NotDecoded, codings_of, decoded
from conformance.traffic.formats.base import LeftOut, Recording, entries_of
from conformance.traffic.formats.pieces import elements
from conformance.traffic.interactions import (
    MAX_BODY,
    WITHOUT_BODY,
    BadInteraction,
    NotStored,
    Reader,
    base64_of,
    mapping_of,
    member_of,
    text_of,
)
from conformance.traffic.loading import number_of

_MULTIPART = "multipart/"
_TEXTUAL = ("json", "text/", "xml")
_UNANSWERED = "that got no answer (aborted, blocked or failed)"
_CACHED = "that a cache answered"
_NOT_HTTP = "without HTTP (data, files, extensions, WebSockets)"
_CODED_ALWAYS = b"\x1f\x8b"
"""How gzip begins, and no text does."""


def recording(path: Path) -> Recording:
    """A HAR file of whatever size, read entry by entry."""
    return Recording(path, lambda told: entries_of(path, "entry", elements(path, told, "log", "entries"), _read))


def of_list(path: Path, records: list[Any]) -> Recording:
    """The same of entries that are in memory already."""
    return Recording(path, lambda _: entries_of(path, "entry", records, _read))


def _read(element: Any) -> Interaction:
    return interaction(_parsed(element))


def _parsed(element: Any) -> Any:
    if isinstance(element, BadInteraction):
        raise element
    if not isinstance(element, bytes):
        return element
    try:
        record = json.loads(element, parse_int=number_of)
    except UnicodeDecodeError as error:
        raise BadInteraction(f"is not UTF-8: byte {error.start} of it") from None
    except json.JSONDecodeError as error:
        raise BadInteraction(f"is not JSON: {error.msg} at character {error.pos} of it") from None
    except RecursionError:
        raise _too_deep() from None
    if nests_deeper(record, MAX_NESTING):
        raise _too_deep()
    return record


def _too_deep() -> BadInteraction:
    return BadInteraction("nests too deep to be an entry")


def interaction(entry: Any) -> Interaction:
    """One entry of a HAR file.

    Raises:
        BadInteraction: it is none, or what it holds is not HTTP.
        LeftOut: no server answered over HTTP.
    """
    mapping_of(entry, "the entry")
    asked = mapping_of(member_of(entry, "request"), "the request")
    url = urldefrag(text_of(member_of(asked, "url"), "the url").strip()).url if "url" in asked else None
    if url is not None and ":" in url and _scheme(url) not in ("http", "https"):
        raise LeftOut(_NOT_HTTP)
    answered = entry.get("response")
    if answered is None or _is_unanswered(mapping_of(answered, "the response")):
        raise LeftOut(_UNANSWERED)
    if entry.get("_fromCache") not in (None, False, "") or answered.get("_fromCache") is True:
        raise LeftOut(_CACHED)
    if url is None:
        raise BadInteraction("the url is missing")
    request = {"method": asked.get("method"), "uri": url, "headers": _headers(asked), "body": _sent(asked)}
    response = {
        "status": _status(answered),
        "headers": _headers(answered),
        "protocol": _version(answered.get("httpVersion")),
    }
    response["body"] = {"string": _received(asked, answered, response)}
    read = Reader(coded=False).read({"request": request, "response": response})
    return Interaction(*read, sent_at=_moment(entry.get("startedDateTime")))


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError:
        return "http"  # Whatever is wrong with it is told when it is read.


def _is_unanswered(response: dict[str, Any]) -> bool:
    """Writers have a status of 0 or -1, or none at all, where there was no answer."""
    status = response.get("status")
    if isinstance(status, str):
        status = {"": 0, "0": 0}.get(status.strip(), status)
    return status is None or (not isinstance(status, (bool, str, list, dict)) and status <= 0)


def _status(response: dict[str, Any]) -> Any:
    status = response["status"]
    return int(status) if isinstance(status, float) and status.is_integer() else status


def _headers(message: dict[str, Any]) -> Any:
    """The headers as they were sent: without those that HTTP/2 has in place of a start line."""
    headers = message.get("headers")
    if not isinstance(headers, list):
        return headers
    kept: list[Any] = []
    for header in headers:
        if not isinstance(header, dict) or not {"name", "value"} <= header.keys():
            kept.append(header)
        elif not str(header["name"]).startswith(":"):
            # Browsers put a line for each into one value.
            values = header["value"].split("\n") if isinstance(header["value"], str) else [header["value"]]
            kept += [{"name": header["name"], "value": value} for value in values]
    return kept


def _header(message: dict[str, Any], name: str) -> str:
    """The first value of a header, as far as it is one."""
    headers = message.get("headers")
    values = (
        header.get("value")
        for header in (headers if isinstance(headers, list) else ())
        if isinstance(header, dict) and str(header.get("name")).lower() == name
    )
    return next((value for value in values if isinstance(value, str)), "")


def _sent(request: dict[str, Any]) -> Any:
    data = request.get("postData")
    data = {} if data is None else mapping_of(data, "the postData")
    text, params = data.get("text"), data.get("params")
    if text not in (None, ""):
        return _content(data, text, "request")
    if not params:
        size, length = request.get("bodySize"), _header(request, "content-length")[:20]
        had = (isinstance(size, int) and size > 0) or (length.isdecimal() and int(length) > 0)
        return NotStored("is not in this recording, though there was one") if had else None
    if not isinstance(params, list) or not all(isinstance(one, dict) for one in params):
        raise BadInteraction("the params of the postData are no list of mappings")
    if text_of(data.get("mimeType", ""), "the mimeType of the postData").lower().startswith(_MULTIPART):
        return NotStored("is in this recording as its parts only")
    pairs = [(text_of(one.get("name", ""), "a name of the params"), one.get("value")) for one in params]
    return urlencode([(name, "" if v is None else text_of(v, "a value of the params")) for name, v in pairs])


def _received(request: dict[str, Any], response: dict[str, Any], read: dict[str, Any]) -> Any:
    """The content of an answer, decoded; what stands there where HTTP allows none is from a cache."""
    content = response.get("content")
    if read["status"] in WITHOUT_BODY or str(request.get("method")).upper() == "HEAD":
        return b""
    content = {} if content is None else mapping_of(content, "the content")
    text, size = content.get("text"), content.get("size")
    known_size = size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None
    if text is None or (text == "" and known_size):
        is_empty = known_size == 0 and (response.get("bodySize") == 0 or _header(response, "content-length") == "0")
        redirects = isinstance(read["status"], int) and 300 <= read["status"] < 400
        if is_empty or (redirects and not known_size):
            return b""
        return NotStored("is not in this recording")
    body = _content(content, text, "response")
    if known_size is not None and isinstance(body, (bytes, str)) and _cut_short(body, known_size):
        return NotStored(f"is cut short in this recording: it was {known_size:,} bytes")
    if not isinstance(body, bytes):
        return body
    codings = codings_of(_header(response, "content-encoding"))
    media_type = text_of(content.get("mimeType") or _header(response, "content-type"), "the mimeType").lower()
    if codings and body.startswith(_CODED_ALWAYS) and any(kind in media_type for kind in _TEXTUAL):
        # Some writers store what came over the wire, against the letter of HAR.
        try:
            return decoded(body, codings, MAX_BODY)
        except NotDecoded as error:
            return NotStored(str(error))
    return body


_BOM = 3


def _cut_short(body: bytes | str, size: int) -> bool:
    """Whether a body is less than its writer says; a mark of its encoding may have gone."""
    if len(body) * 4 < size or isinstance(body, bytes):
        return len(body) + _BOM < size
    return len(body) + _BOM < size and len(body.encode(errors="surrogatepass")) + _BOM < size


def _content(holder: dict[str, Any], text: Any, whose: str) -> Any:
    encoding = holder.get("encoding", holder.get("_encoding"))
    if isinstance(encoding, str) and encoding.lower() == "base64":
        return base64_of(text, whose)
    return text if isinstance(text, (str, dict, list)) else text_of(text, f"the {whose} body")


def _version(version: Any) -> str | None:
    """How HTTP names the version that browsers call h2, h3, quic or http/2.0."""
    name = version.lower() if isinstance(version, str) else ""
    if name.startswith(("h2", "http/2")):
        return "HTTP/2"
    if name.startswith(("h3", "http/3", "quic")):
        return "HTTP/3"
    return name.upper() if name in ("http/1.0", "http/1.1") else None


def _moment(text: Any) -> float | None:
    """Epoch seconds of a date with its zone, None for whatever else stands there."""
    try:
        moment = datetime.fromisoformat(text)
        seconds = moment.timestamp() if moment.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if seconds is not None and 0 <= seconds <= LATEST else None
