"""Recordings: what the file itself must not hold."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.base import HELD, Finding, Sight, check, violated
from conformance.traffic.redact import VALUE_MARK


@check("security.recording-clean")
def recording_holds_no_credential(sight: Sight) -> Iterator[Finding]:
    """A recorded request carries a mark in place of its credential.

    What was sent with a call that succeeded, and looks like a credential, was one.
    """
    request = sight.exchange.request
    if sight.exchange.source is None:
        return
    marks = [found[1] for _, value in request.headers if (found := VALUE_MARK.search(value))]
    if any(mark.startswith("recorded-") for mark in marks):
        yield violated(
            "the recording holds a credential in clear",
            expected="a mark in its place",
            actual=f"a credential with {request.method} {request.url}",
            party="client",
        )
    elif marks:
        yield HELD
