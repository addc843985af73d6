"""Dates in header fields, read as tolerantly as they are written."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache


@lru_cache(maxsize=64)
def moment_of(text: str | None) -> datetime | None:
    """The moment in UTC that an HTTP-date names, None for what is none, whatever it is."""
    try:
        moment = parsedate_to_datetime(text or "")
        # One without a zone is UTC, one near the ends of the calendar may have no moment in it.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, IndexError):
        return None


def seconds_of(text: str | None) -> float | None:
    """The same in seconds since the epoch."""
    moment = moment_of(text)
    return None if moment is None else moment.timestamp()
