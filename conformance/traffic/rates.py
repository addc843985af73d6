"""Which limits a request is counted for, and when they renew."""

from __future__ import annotations

from conformance.contract import Bucket, RateLimit
from conformance.contract.rates import Counted, RateHeaders
from conformance.traffic.exchange import Request


def buckets_of(request: Request, operation: str, limit: RateLimit | None) -> tuple[Bucket, ...]:
    """The buckets that a request of an operation, by its id, is counted in beside the general limit."""
    if limit is None:
        return ()
    return tuple(
        bucket for bucket in limit.buckets if any(_is_counted(request, operation, call) for call in bucket.calls)
    )


def reset_at(headers: RateHeaders, told: int, now: float | None) -> int | None:
    """When a limit renews that an answer of this time tells of, in epoch seconds; None where nobody can say."""
    if headers.reset_in == "epoch":
        return told
    return None if now is None else round(now) + told


def _is_counted(request: Request, operation: str, call: Counted) -> bool:
    if call.operation != operation or call.media_type not in (None, request.media_type):
        return False
    # A member may have any name: it is no JSON pointer.
    body = request.at("") if call.member is not None else {}
    return call.member is None or (isinstance(body, dict) and call.member in body)
