"""Content codings: undone whole, within a bound, or said not to be what they claim."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.traffic.decoding import NotDecoded, TooLarge, codings_of, decoded

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LIMIT = 100_000
TEXT = '{"name": "é – 漢"}'.encode() * 30


def bare_deflate(body: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(body) + stream.flush()


ENCODERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "bare deflate": ("deflate", bare_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstd.compress),
}
KINDS = pytest.mark.parametrize(("coding", "encode"), ENCODERS.values(), ids=ENCODERS)


@KINDS
def test_each_coding_is_undone(coding: str, encode: Callable[[bytes], bytes]) -> None:
    assert decoded(encode(TEXT), [coding.upper()], LIMIT) == TEXT
    assert decoded(encode(b"\x00\xff" * 40_000), [coding], LIMIT) == b"\x00\xff" * 40_000


@pytest.mark.parametrize("coding", [*(coding for coding, _ in ENCODERS.values()), "unknown"])
def test_text_is_taken_as_decoded_already(coding: str) -> None:
    assert decoded(TEXT, [coding], LIMIT) == TEXT
    assert decoded(b"", [coding], LIMIT) == b""


@KINDS
def test_more_than_the_limit_is_never_made(coding: str, encode: Callable[[bytes], bytes]) -> None:
    with pytest.raises(TooLarge, match=f"decodes to more than 100,000 bytes .{coding}."):
        decoded(encode(bytes(5_000_000)), [coding], LIMIT)
    assert len(decoded(encode(bytes(LIMIT)), [coding], LIMIT)) == LIMIT


@KINDS
def test_what_is_cut_off_or_of_no_coding_is_said_to_be(coding: str, encode: Callable[[bytes], bytes]) -> None:
    with pytest.raises(NotDecoded, match="is cut off"):
        decoded(encode(TEXT)[:-6], [coding], LIMIT)
    with pytest.raises(NotDecoded):
        decoded(b"\xff\x00\xfe" * 100, [coding], LIMIT)
    with pytest.raises(NotDecoded):
        decoded(encode(TEXT) + b"\xff\x01", [coding], LIMIT)


def test_several_codings_are_undone_in_the_reverse_order() -> None:
    assert decoded(gzip.compress(brotli.compress(TEXT)), ["br", "gzip"], LIMIT) == TEXT
    assert decoded(zstd.compress(zlib.compress(gzip.compress(TEXT))), ["gzip", "deflate", "zstd"], LIMIT) == TEXT
    # A recorder may have undone the last one only.
    assert decoded(brotli.compress(TEXT), ["br", "identity"], LIMIT) == TEXT


def test_members_and_frames_are_read_one_after_another() -> None:
    assert decoded(gzip.compress(TEXT) * 3 + b"\0" * 40, ["gzip"], LIMIT) == TEXT * 3
    assert decoded(zstd.compress(TEXT) * 3, ["zstd"], LIMIT) == TEXT * 3
    large = bytes(range(256)) * 300
    assert decoded(gzip.compress(large, 0) + gzip.compress(b"end"), ["gzip"], LIMIT) == large + b"end"


@pytest.mark.parametrize(
    ("body", "codings", "why"),
    [
        (gzip.compress(b"") * 10_001, ["gzip"], "goes on behind its end"),
        (zstd.compress(b"") * 10_001, ["zstd"], "goes on behind its end"),
        (gzip.compress(TEXT), ["gzip"] * 20, "is under 20 content codings, more than 8"),
        (b"\xff\x00", ["compress"], "is in the content coding compress, which is not known"),
        (b"\x00" * 200_000, [], "is larger than 100,000 bytes"),
    ],
    ids=["empty members", "empty frames", "layers", "unknown", "plain"],
)
def test_what_would_never_end_is_refused(body: bytes, codings: list[str], why: str) -> None:
    with pytest.raises(NotDecoded, match=why):
        decoded(body, codings, LIMIT)


def test_as_much_as_is_allowed_is_decoded() -> None:
    assert decoded(gzip.compress(b"") * 10_000, ["gzip"], LIMIT) == b""
    assert decoded(zstd.compress(b"") * 10_000, ["zstd"], LIMIT) == b""
    assert decoded(bytes(LIMIT), [], LIMIT) == decoded(gzip.compress(bytes(LIMIT)), ["gzip"], LIMIT) == bytes(LIMIT)
    layers = TEXT
    for _ in range(8):
        layers = gzip.compress(layers)
    assert decoded(layers, ["gzip"] * 8, LIMIT) == TEXT


def test_empty_blocks_take_no_longer_than_their_bytes() -> None:
    assert decoded(b"\x00\x00\x00\xff\xff" * 400_000 + b"\x01\x00\x00\xff\xff", ["deflate"], LIMIT) == b""


def test_a_window_larger_than_the_coding_allows_is_refused() -> None:
    options = {int(zstd.CompressionParameter.window_log): 27}
    stream = zstd.ZstdCompressor(options=options)
    body = stream.compress(bytes(50_000)) + stream.flush()
    with pytest.raises(NotDecoded):
        decoded(body, ["zstd"], LIMIT)


def test_a_header_names_codings_in_order() -> None:
    assert codings_of(" GZIP ,br,,") == ("gzip", "br")
    assert codings_of(None) == ()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.lists(st.sampled_from(["gzip", "deflate", "br", "zstd", "x"]), max_size=4))
def test_any_bytes_are_decoded_or_refused(body: bytes, codings: list[str]) -> None:
    try:
        assert len(decoded(body, codings, LIMIT)) <= LIMIT
    except NotDecoded as error:
        assert str(error).split()[0] in ("is", "goes", "decodes")  # noqa: PT017 - either outcome is right


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=2000), st.lists(st.sampled_from(sorted(ENCODERS)), min_size=1, max_size=3))
def test_what_was_encoded_comes_back(body: bytes, kinds: list[str]) -> None:
    encoded = body = b"\xff" + body
    for kind in kinds:
        encoded = ENCODERS[kind][1](encoded)
    assert decoded(encoded, [ENCODERS[kind][0] for kind in kinds], LIMIT) == body
