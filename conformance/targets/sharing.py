"""Who keeps to a rate together, as people say it: the processes of a machine, those of several machines, or nobody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from hashlib import blake2b

from pydantic import Field, RedisDsn, TypeAdapter, ValidationError, field_validator, model_validator

from conformance.contract import Record
from conformance.contract.rates import RateLimit
from conformance.targets.buckets import Buckets, InRedis, Kept, OnMachine, Rates, cache_folder
from conformance.targets.errors import TargetError
from conformance.targets.origin import Origin

MACHINE, PROCESS = "machine", "process"
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_SCHEMES = ("redis://", "rediss://")


class BudgetRecord(Record):
    """What rate a run keeps to, and together with whom.

    Attributes:
        share: `machine`: all processes of this user on this machine; `process`: none; else the URL of a Redis that the
            machines share, or the environment variable that holds it, which is the place for one with a password.
        requests: calls to keep to in place of nine tenths of the documented number.
        seconds: the window they are counted in.
    """

    share: str = MACHINE
    requests: int | None = Field(default=None, ge=1)
    seconds: float = Field(default=1.0, ge=0.01, le=86400)

    @field_validator("share")
    @classmethod
    def _is_known(cls, share: str) -> str:
        # Not even a part of it is told: a password may be where it does not belong.
        if share in (MACHINE, PROCESS) or _VARIABLE.fullmatch(share) or _is_redis(share):
            return share
        raise ValueError("should be machine, process, a redis:// or rediss:// URL, or a variable that holds one")

    @model_validator(mode="after")
    def _of_something(self) -> BudgetRecord:
        if self.requests is None and "seconds" in self.model_fields_set:
            raise ValueError("seconds are those in which so many requests are sent: say how many, too")
        return self

    @property
    def rate(self) -> tuple[int, float] | None:
        return None if self.requests is None else (self.requests, self.seconds)


def _is_redis(url: str) -> bool:
    try:
        # Without a host the library would take this machine.
        return url.startswith(_SCHEMES) and bool(TypeAdapter(RedisDsn).validate_python(url).host)
    except ValidationError:
        return False


def kept(
    record: BudgetRecord, api: str, base_url: str, account: str, limit: RateLimit | None, environ: Mapping[str, str]
) -> Kept | None:
    """Where the calls of a target are counted, None for this process alone.

    Args:
        account: what tells the account that calls are made with; of it only a digest is used.

    Raises:
        TargetError: a variable does not hold the URL of a Redis.
    """
    if record.share == PROCESS:
        return None
    # Where an address is what is limited, whoever calls from it is counted.
    mark = (
        "" if limit is not None and limit.scope == "address" else blake2b(account.encode(), digest_size=8).hexdigest()
    )
    origin = Origin.of(base_url).base
    name = "-".join(str(part) for part in (api, origin.scheme, origin.host, origin.port, mark) if part)
    if record.share == MACHINE:
        return partial(_on_machine, re.sub(r"[^A-Za-z0-9.-]", "_", name)[-200:])
    url = record.share
    if _VARIABLE.fullmatch(url):
        url = environ.get(record.share, "")
        if not _is_redis(url):
            raise TargetError(f"budget: the environment variable {record.share} does not hold the URL of a Redis")
    return partial(InRedis, url=url, key=f"conformance:{name}")


def _on_machine(name: str, rates: Rates) -> Buckets:
    return OnMachine(rates, cache_folder() / f"{name}.sqlite")
