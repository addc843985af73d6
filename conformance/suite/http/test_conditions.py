"""Conditions and ranges (RFC 9110 13, 14): each is honoured or ignored, and none is half understood."""

import re

from conformance.properties import NotExercised, Subject, assert_equal, assert_status, assert_that, requirement
from conformance.suite.http.reading import Reading, reading, readings

LAST = 9


def _tagged(subject: Subject) -> tuple[Reading, str]:
    """What was read with an entity tag that stays as it is.

    Raises:
        NotExercised: nothing was.
    """
    for got in readings(subject):
        tag = got.exchange.response.header("etag")
        if tag is not None and got.again().response.header("etag") == tag:
            return got, tag
    raise NotExercised("no answer has an ETag that stays as it is")


@requirement("http.condition-honoured", once=True)
def test_what_is_unchanged_is_not_sent_again(subject: Subject) -> None:
    """With its entity tag in If-None-Match a GET is answered 304; with another one it is answered as ever."""
    got, tag = _tagged(subject)
    other = got.again(headers={"If-None-Match": '"conformance"'})
    assert_status(other, "2xx", when="with the entity tag of something else")
    same = got.again(headers={"If-None-Match": tag})
    assert_status(same, 304, when="with the entity tag that it has")


@requirement("http.range-honoured", once=True)
def test_a_range_is_honoured_or_ignored(subject: Subject) -> None:
    """A GET of the first ten bytes is answered with all of them, or with those and where they stand."""
    got = reading(subject)
    whole = got.exchange.response
    part = got.again(headers={"Range": f"bytes=0-{LAST}"})
    assert_status(part, whole.status, 206, 416, when="with Range")
    if part.response.status != 206:
        assert_equal(part.response.media_type, whole.media_type, "the media type of all", exchange=part)
        return
    stated = re.fullmatch(r"bytes 0-([0-9]+)/([0-9]+|\*)", part.response.header("content-range") or "")
    assert_that(
        stated is not None and int(stated[1]) <= LAST and int(stated[1]) + 1 == len(part.response.body),
        "the part is not the one that was asked for, or not as long as Content-Range says",
        expected=f"Content-Range: bytes 0-{LAST}/…, and {LAST + 1} bytes",
        actual=f"Content-Range: {part.response.header('content-range')}, {len(part.response.body)} bytes",
        exchange=part,
    )
