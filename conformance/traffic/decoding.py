"""Content codings undone within a bound (RFC 9110 8.4): gzip, deflate, br and zstd, several over one another."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_CODINGS = 8
MAX_MEMBERS = 10_000
"""Members of one gzip body, or frames of one zstd body."""

_PIECE = 64 * 1024
_WINDOW_LOG = 23
"""8 MiB, the largest window that a zstd content coding may need (RFC 9659)."""


class NotDecoded(ValueError):
    """A body is not what its Content-Encoding says; the text says why, and begins with a verb."""


class TooLarge(NotDecoded):
    """A body decodes to more than the limit."""


def decoded(body: bytes, codings: Iterable[str], limit: int, *, as_sent: bool = False) -> bytes:
    """A body with its content codings undone; one that is plain text already comes back as it is.

    Recorders that decode a body often keep the header that says it is encoded.

    Args:
        codings: names in the order of Content-Encoding, the order in which they were applied.
        as_sent: the body is as it was sent: text is no coding's, and so not decoded.
        limit: bytes that no step may exceed. It holds while decoding: no more is ever in memory.

    Raises:
        TooLarge: a step exceeds the limit.
        NotDecoded: the body is cut off, is not in a coding it claims, or a coding is unknown.
    """
    names = [name for name in (coding.strip().lower() for coding in codings) if name not in ("", "identity")]
    if len(names) > MAX_CODINGS and (as_sent or not _is_text(body)):
        raise NotDecoded(f"is under {len(names)} content codings, more than {MAX_CODINGS}")
    for name in reversed(names):
        if not body or (not as_sent and _is_text(body)):
            break
        if name not in _DECODERS:
            raise NotDecoded(f"is in the content coding {name[:40]}, which is not known")
        body = _within(_DECODERS[name](body), name, limit)
    if len(body) > limit:
        raise TooLarge(f"is larger than {limit:,} bytes")
    return body


def codings_of(content_encoding: str | None) -> tuple[str, ...]:
    """The names in a Content-Encoding header, in order."""
    return tuple(name.strip().lower() for name in (content_encoding or "").split(",") if name.strip())


def _within(pieces: Iterator[bytes], name: str, limit: int) -> bytes:
    kept = bytearray()
    try:
        for piece in pieces:
            kept += piece
            if len(kept) > limit:
                raise TooLarge(f"decodes to more than {limit:,} bytes ({name})")
    except (zlib.error, brotli.error, zstd.ZstdError, EOFError):
        raise NotDecoded(f"is not {name}, though its Content-Encoding says so") from None
    return bytes(kept)


def _is_text(body: bytes) -> bool:
    """Whether a body is text for people: what a coding makes holds control characters, or is not UTF-8."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    return text.isprintable() or not any(mark < " " and mark not in "\t\n\r\f" for mark in text)


def _gzip(body: bytes) -> Iterator[bytes]:
    yield from _inflated(body, zlib.MAX_WBITS | 16, MAX_MEMBERS)


def _deflate(body: bytes) -> Iterator[bytes]:
    # The coding is zlib's format; some servers send the bare stream that it wraps.
    wrapped = len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    yield from _inflated(body, zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS, 1)


def _inflated(body: bytes, window: int, members: int) -> Iterator[bytes]:
    stream, position, count = zlib.decompressobj(window), 0, 1
    while True:
        given = body[position : position + _PIECE]
        position += len(given)
        while given:
            yield stream.decompress(given, _PIECE)
            if stream.eof:
                break
            given = stream.unconsumed_tail
        if stream.eof:
            position -= len(stream.unused_data)
            if not body[position : position + _PIECE].strip(b"\0"):
                return
            if count == members:
                raise NotDecoded("goes on behind its end")
            stream, count = zlib.decompressobj(window), count + 1
        elif position >= len(body):
            yield stream.flush()
            if not stream.eof:
                raise NotDecoded("is cut off")


def _zstd(body: bytes) -> Iterator[bytes]:
    options = {int(zstd.DecompressionParameter.window_log_max): _WINDOW_LOG}
    stream, position, count = zstd.ZstdDecompressor(options=options), 0, 1
    while True:
        given = body[position : position + _PIECE]
        position += len(given)
        yield stream.decompress(given, _PIECE)
        while not stream.eof and not stream.needs_input:
            yield stream.decompress(b"", _PIECE)
        if stream.eof:
            position -= len(stream.unused_data)
            if position >= len(body):
                return
            if count == MAX_MEMBERS:
                raise NotDecoded("goes on behind its end")
            stream, count = zstd.ZstdDecompressor(options=options), count + 1
        elif position >= len(body):
            raise NotDecoded("is cut off")


def _brotli(body: bytes) -> Iterator[bytes]:
    stream = brotli.Decompressor()
    piece = stream.process(body, output_buffer_limit=_PIECE)
    while piece:
        yield piece
        piece = stream.process(b"", output_buffer_limit=_PIECE)
    if not stream.is_finished():
        raise NotDecoded("is cut off")


_DECODERS: Mapping[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
