"""Rate limits: how many calls are allowed in which time, and for which calls another number holds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from conformance.contract.errors import ContractError
from conformance.contract.requirement import Record


class RateHeaders(Record):
    """Response headers that tell the state of the rate limit.

    Attributes:
        limit: requests that are allowed.
        remaining: requests that are left.
        reset: when they are allowed again.
        reset_in: whether that is in seconds since the epoch, or from the answer on.
    """

    limit: str
    remaining: str
    reset: str
    reset_in: Literal["epoch", "delta"] = "epoch"


class Counted(Record):
    """A kind of call that a bucket counts.

    Attributes:
        operation: its id.
        media_type: of the request body, where only such calls are counted.
        member: the member of the JSON body that has to be there, where only such calls are counted.
    """

    operation: str
    media_type: str | None = None
    member: str | None = None


class Bucket(Record):
    """A stricter limit of some calls, which are counted for themselves.

    Attributes:
        name: what is counted, for people.
        calls: the calls that are.
        requests: how many are allowed.
        seconds: the window they are counted in.
    """

    name: str
    calls: tuple[Counted, ...] = Field(min_length=1)
    requests: int = Field(ge=1)
    seconds: float = Field(gt=0)


class RateLimit(Record):
    """At most `requests` in `seconds` for one `scope`; beyond that the status `exceeded`.

    Attributes:
        requests: None where the document names no number, but has the headers tell it.
        seconds: the window they are counted in.
        scope: what they are counted for.
        exceeded: status of a request beyond it.
        code: what the error envelope of such an answer carries, one or several, where the document says so.
        code_at: JSON pointer of that code.
        headers: those that tell its state, where the document names any.
        each_operation: whether the calls of every operation are counted for themselves.
        buckets: stricter limits of some calls. Whether those count for `requests`, too, is left open.
    """

    requests: int | None = None
    seconds: float = 60
    scope: Literal["address", "credential", "account"] = "credential"
    exceeded: int = 429
    code: str | tuple[str, ...] | None = None
    code_at: str = ""
    headers: RateHeaders | None = None
    each_operation: bool = False
    buckets: tuple[Bucket, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """The documented error codes of a refusal, empty where there is none."""
        return (self.code,) if isinstance(self.code, str) else self.code or ()

    @property
    def told(self) -> RateHeaders:
        """The headers that tell the state of the limit.

        Raises:
            ContractError: no document names any.
        """
        if self.headers is None:
            raise ContractError("the conventions name no headers for the rate limit")
        return self.headers

    @property
    def quota(self) -> int:
        """The documented number of requests.

        Raises:
            ContractError: there is none.
        """
        if self.requests is None:
            raise ContractError("the conventions give no number of requests for the rate limit")
        return self.requests
