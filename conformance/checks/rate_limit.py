"""Rate limits as far as traffic shows them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from conformance.checks.base import HELD, Finding, Sight, check, violated


@check("rate-limit.no-early-refusal")
def refusal_is_not_early(sight: Sight) -> Iterator[Finding]:
    """A refusal for too many requests comes only after more than the documented number in the window."""
    limit = sight.contract.conventions.rate_limit
    sent_at = sight.exchange.sent_at
    if limit is None or limit.requests is None or sent_at is None:
        return
    window: deque[float] = sight.memory.setdefault("window", deque())
    window.append(sent_at)
    while window[0] <= sent_at - limit.seconds:
        window.popleft()
    if sight.exchange.response.status != limit.exceeded:
        return
    if len(window) > limit.requests:
        yield HELD
    else:
        yield violated(
            f"{limit.exceeded} came with {len(window)} requests in {limit.seconds:g} s",
            expected=f"no {limit.exceeded} at or below {limit.requests} requests in {limit.seconds:g} s",
            actual=f"{limit.exceeded} after {len(window)} requests",
        )
