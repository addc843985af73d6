"""Where calls are counted: in this process, in a file that the processes of a machine share, or in a Redis."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from threading import RLock
from types import TracebackType
from urllib.parse import unquote, urlsplit

import redis
from attrs import define, field, frozen
from pyrate_limiter import InMemoryBucket, Rate, RateItem, RedisBucket, SQLiteBucket
from pyrate_limiter.abstracts import AbstractBucket
from pyrate_limiter.abstracts.algorithm import Decision
from pyrate_limiter.buckets.sqlite_bucket import Queries
from redis.backoff import NoBackoff
from redis.retry import Retry

from conformance.targets.clock import Clock
from conformance.targets.errors import HarnessError

SLACK = 0.08
LONGEST_SLACK = 0.25
"""What a shared window is longer by, as a part of it and in seconds: of calls that leave different processes one may
reach the server late and the next at once, and its window must not hold too many of them either."""

SECONDS = 5.0
"""Seconds that a Redis, or another process that writes to the file, may take."""

IDLE = 2 * 86400
"""Seconds after which the file of an origin that nobody calls any more is removed: no window is as long."""


@frozen
class Pause:
    """For how many seconds calls wait, and why."""

    seconds: float
    why: str


class Buckets(ABC):
    """The calls that have left, by bucket, and until when none may leave.

    Whatever they are kept in, a process that is gone holds nothing back.
    """

    @abstractmethod
    def take(self, name: str) -> float:
        """Counts a call in a bucket, 0; the seconds until there is room for one where it is full."""

    @abstractmethod
    def block(self, name: str, seconds: float, why: str) -> None:
        """Lets no call that is counted under a name leave for so long, or as long as is known already."""

    @abstractmethod
    def blocked(self, names: Sequence[str]) -> Pause | None:
        """The longest time for which no call that is counted under all of these names may leave."""

    def close(self) -> None:  # noqa: B027  # not each has something to close
        """Lets go of what they are kept in."""


Rates = Mapping[str, Rate]
Kept = Callable[[Rates], Buckets]
"""Makes the buckets of some rates, by name."""


def _taken(bucket: AbstractBucket, milliseconds: int) -> float:
    decision = bucket.put_decision(RateItem("call", milliseconds))
    assert isinstance(decision, Decision), "none of the buckets is asynchronous"
    return 0.0 if decision.allowed else (decision.retry_after_ms or 1) / 1000 + 0.001


@define(eq=False)
class InProcess(Buckets):
    """Those of one process, by its clock, which may be one that is moved on."""

    rates: Rates
    clock: Clock
    _buckets: dict[str, InMemoryBucket] = field(init=False)
    _until: dict[str, tuple[float, str]] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self._buckets = {name: InMemoryBucket([rate]) for name, rate in self.rates.items()}

    def take(self, name: str) -> float:
        if name not in self._buckets:
            return 0.0
        moment = int(self.clock.now() * 1000)
        self._buckets[name].leak(moment)
        return _taken(self._buckets[name], moment)

    def block(self, name: str, seconds: float, why: str) -> None:
        self._until[name] = max(self._until.get(name, (0.0, "")), (self.clock.now() + seconds, why))

    def blocked(self, names: Sequence[str]) -> Pause | None:
        until, why = max((self._until.get(name, (0.0, "")) for name in names), default=(0.0, ""))
        left = until - self.clock.now()
        return Pause(left, why) if left > 0 else None


def _widened(rates: Rates) -> Iterator[tuple[str, Rate]]:
    for name, rate in rates.items():
        yield name, Rate(rate.limit, rate.interval + int(min(rate.interval * SLACK, LONGEST_SLACK * 1000)))


@define
class _Writing(AbstractContextManager[None]):
    """Keeps everyone else from writing to the file; the system lets go of it for a process that dies."""

    connection: sqlite3.Connection
    _threads: RLock = field(factory=RLock)
    _depth: int = 0

    def __enter__(self) -> None:
        self._threads.acquire()
        try:
            if not self.connection.in_transaction:
                self.connection.execute("BEGIN IMMEDIATE").close()
        except BaseException:
            self._threads.release()
            raise
        self._depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        try:
            if not self._depth and self.connection.in_transaction:
                self.connection.commit() if error is None else self.connection.rollback()
        finally:
            self._threads.release()


@define(eq=False)
class OnMachine(Buckets):
    """Those of all processes that name the same file, by the time of the machine.

    Raises:
        HarnessError: the file cannot be used; so does every method.
    """

    rates: Rates
    path: Path
    seconds: float = SECONDS
    now: Callable[[], float] = time.time
    _buckets: dict[str, SQLiteBucket] = field(init=False, factory=dict)
    _connection: sqlite3.Connection = field(init=False)
    _writing: _Writing = field(init=False)

    def __attrs_post_init__(self) -> None:
        _forget_idle(self.path.parent, self.now() - IDLE)
        with self._told():
            self._connection = sqlite3.connect(self.path, timeout=self.seconds, check_same_thread=False)
        self._writing = _Writing(self._connection)
        try:
            with self._told():
                # A machine that goes down takes its calls with it: nothing has to be on the disk.
                self._connection.execute("PRAGMA synchronous=OFF").close()
                with self._writing:
                    self._make()
        except HarnessError:
            self._connection.close()
            raise

    def _make(self) -> None:
        run = self._connection.execute
        run("CREATE TABLE IF NOT EXISTS blocked (name TEXT PRIMARY KEY, until INTEGER, why TEXT)").close()
        for name, rate in _widened(self.rates):
            table = f"calls_{blake2b(name.encode(), digest_size=6).hexdigest()}"
            run(Queries.CREATE_BUCKET_TABLE.format(table=table)).close()
            run(Queries.CREATE_INDEX_ON_TIMESTAMP.format(index_name=f"{table}_moments", table_name=table)).close()
            self._buckets[name] = SQLiteBucket([rate], self._connection, table, lock=self._writing)
            self._leak(self._buckets[name], self._milliseconds())

    def take(self, name: str) -> float:
        bucket = self._buckets.get(name)
        if bucket is None:
            return 0.0
        with self._told():
            with self._writing:
                # Read once nobody else can write: whoever waited for that counts itself no earlier than it leaves.
                moment = self._milliseconds()
                wait = _taken(bucket, moment)
            if wait:
                # A call that may leave is not held up by what others write.
                self._leak(bucket, moment)
        return wait

    def _leak(self, bucket: SQLiteBucket, moment: int) -> None:
        """Forgets what no window holds any more."""
        bucket.leak(moment)
        newest = bucket.peek(0)
        if newest is not None and newest.timestamp > moment + bucket.rates[0].interval:
            # The machine's clock was set back.
            bucket.flush()

    def block(self, name: str, seconds: float, why: str) -> None:
        put = (
            "INSERT INTO blocked VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE "
            "SET until = excluded.until, why = excluded.why WHERE excluded.until > until"
        )
        with self._told(), self._writing:
            self._connection.execute(put, (name, self._milliseconds() + int(seconds * 1000), why)).close()

    def blocked(self, names: Sequence[str]) -> Pause | None:
        with self._told():
            rows = self._connection.execute("SELECT until, why, name FROM blocked").fetchall()
        until, why = max(((until, why) for until, why, name in rows if name in names), default=(0, ""))
        left = until - self._milliseconds()
        return Pause(left / 1000, why) if left > 0 else None

    def close(self) -> None:
        self._connection.close()

    def _milliseconds(self) -> int:
        return int(self.now() * 1000)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise HarnessError(
                f"{self.path}: calls cannot be counted together with the other processes of this machine: {error}; "
                'end whoever holds the file, remove it, or say budget = {share = "process"}'
            ) from None


def _forget_idle(folder: Path, before: float) -> None:
    """Removes the files of origins that nobody has called since a moment."""
    for path in folder.glob("*.sqlite"):
        with suppress(OSError):
            if path.stat().st_mtime < before:
                path.unlink()


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The user's folder for what processes of a machine share; a temporary one where that cannot be written to.

    Raises:
        HarnessError: neither can be.
    """
    given = environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if given.startswith("/") else Path.home() / ".cache"
    # Another user of the machine cannot have made it: what others can write to is not used.
    temporary = Path(tempfile.gettempdir()) / f"conformance-{os.getuid()}"
    why = ""
    for folder in (base / "conformance" / "budget", temporary):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            why = f"{folder}: {error.strerror}"
            continue
        about = folder.stat()
        if about.st_uid == os.getuid() and not about.st_mode & 0o022 and os.access(folder, os.W_OK):
            return folder
        why = f"{folder}: is not this user's alone"
    raise HarnessError(
        f"there is no folder to count calls in together with the other processes of this machine: {why}; "
        'set XDG_CACHE_HOME to one that can be written to, or say budget = {share = "process"}'
    )


# The library's own protocol: it is given a moment and moments relative to that, and tells one. What it does not do
# is to read the clock where the calls are kept: moments are shifted from the clock of whoever asks to that of Redis.
_TAKE = """
local told = redis.call('TIME')
local now = told[1] * 1000 + math.floor(told[2] / 1000)
local ahead = now - tonumber(ARGV[1])
local start, limit, rank = tonumber(ARGV[5]) + ahead, tonumber(ARGV[6]), tonumber(ARGV[7])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. start)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. (2 * now - start), '+inf')
if limit - redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[2]) then
    return {0, tonumber(redis.call('ZRANGE', KEYS[1], -1 - rank, -1 - rank, 'WITHSCORES')[2]) - ahead}
end
for number = 1, tonumber(ARGV[2]) do
    redis.call('ZADD', KEYS[1], now, ARGV[3] .. number)
end
redis.call('PEXPIRE', KEYS[1], now - start + 1000)
return {-1, -1}
"""

_BLOCK = """
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[1])
end
"""


@define(eq=False)
class InRedis(Buckets):
    """Those of all machines that use the same Redis and key, by its time.

    Attributes:
        url: of the Redis; a password in it is told nowhere.
        key: what all its keys begin with.

    Raises:
        HarnessError: it cannot be asked; so does every method.
    """

    rates: Rates
    url: str = field(repr=False)
    key: str
    seconds: float = SECONDS
    now: Callable[[], float] = time.time
    _redis: redis.Redis = field(init=False, repr=False)
    _buckets: dict[str, RedisBucket] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        with self._told():
            self._redis = redis.Redis.from_url(
                self.url,
                socket_connect_timeout=self.seconds,
                socket_timeout=self.seconds,
                # A connection may have been closed for being idle. What is counted twice is one too many.
                retry=Retry(NoBackoff(), 1),
                decode_responses=True,
            )
            self._load()

    def _load(self) -> None:
        script = str(self._redis.script_load(_TAKE))
        for name, rate in _widened(self.rates):
            self._buckets[name] = RedisBucket([rate], self._redis, f"{self.key}:{name}", script)

    def take(self, name: str) -> float:
        if name not in self._buckets:
            return 0.0
        with self._told():
            try:
                return self._taken(name)
            except redis.exceptions.NoScriptError:
                # It was started again since.
                self._load()
                return self._taken(name)

    def _taken(self, name: str) -> float:
        return _taken(self._buckets[name], int(self.now() * 1000))

    def block(self, name: str, seconds: float, why: str) -> None:
        with self._told():
            self._redis.eval(_BLOCK, 1, self._until(name), str(max(1, int(seconds * 1000))), why)

    def blocked(self, names: Sequence[str]) -> Pause | None:
        with self._told(), self._redis.pipeline(transaction=False) as asked:
            for name in names:
                asked.pttl(self._until(name))
                asked.get(self._until(name))
            told = asked.execute()
        left, why = max(zip(told[::2], told[1::2], strict=True), key=lambda one: one[0], default=(0, None))
        return Pause(left / 1000, why or "") if left > 0 else None

    def close(self) -> None:
        self._redis.close()

    def _until(self, name: str) -> str:
        return f"{self.key}:{name}:blocked"

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (redis.RedisError, OSError, ValueError) as error:
            raise HarnessError(
                f"{place_of(self.url)}: calls cannot be counted together with other machines: "
                f"{_without_password(self.url, str(error) or type(error).__name__)}; is this Redis up?"
            ) from None


def place_of(url: str) -> str:
    """A URL without user and password."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _without_password(url: str, text: str) -> str:
    secret = urlsplit(url).password or ""
    for told in filter(None, (secret, unquote(secret))):
        text = text.replace(told, "…")
    return text
