"""Many processes at one server that counts: `python -m conformance.selftest.pacing` shows how they keep to a rate."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import redis
from attrs import frozen

ROOT = Path(__file__).resolve().parents[2]
NO_REDIS = "there is no redis-server: apt-get install redis-server"
RATE, PROCESSES, SECONDS = 20, 4, 10.0


@contextmanager
def redis_server(folder: Path, *options: str) -> Iterator[str]:
    """The URL of a Redis of one's own, with its files in a folder.

    Raises:
        FileNotFoundError: this machine has none.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise FileNotFoundError(NO_REDIS)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            with redis.Redis(port=port) as client:
                until = time.monotonic() + 10
                while time.monotonic() < until:
                    with suppress(redis.ConnectionError):
                        with suppress(redis.AuthenticationError):
                            client.ping()
                        break
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.kill()


@frozen
class Counted:
    """When calls arrived, in seconds, by the clock of the server."""

    moments: Sequence[float]

    def most_in(self, seconds: float) -> int:
        """Calls in the window of so many seconds that holds most of them."""
        return max((bisect_left(self.moments, m + seconds) - n for n, m in enumerate(self.moments)), default=0)

    def within(self, seconds: float) -> int:
        """Calls within so many seconds of the first one."""
        return bisect_left(self.moments, self.moments[0] + seconds) if self.moments else 0


async def _count() -> None:
    """Serves `{}` to everything, and to /moments when each of the others came."""
    moments: list[float] = []

    class Connection(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport, self.said = transport, b""

        def data_received(self, data: bytes) -> None:
            self.said += data
            while b"\r\n\r\n" in self.said:
                head, _, self.said = self.said.partition(b"\r\n\r\n")
                body = b"{}"
                if head.startswith(b"GET /moments "):
                    body = json.dumps(moments).encode()
                else:
                    moments.append(time.monotonic())
                told = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                self.transport.write(f"HTTP/1.1 200 OK\r\n{told}".encode() + body)

    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def _call(folder: str, seconds: str) -> None:
    """Calls the target `counting` of a folder as fast as it may, from the moment at which everybody is there."""
    from conformance.targets import UrlTarget, select  # whoever counts can do without

    (target,) = select("counting", root=Path(folder)).targets.values()
    assert isinstance(target, UrlTarget)
    client = target.session("pacing", "pacing", []).client
    operation = target.contract.operation("GET /v2/account")
    print("there", flush=True)
    sys.stdin.readline()
    until = time.monotonic() + float(seconds)
    while time.monotonic() < until:
        client.call(operation)
    target.close()


def paced(folder: Path, budget: str, seconds: float = SECONDS, processes: int = PROCESSES) -> Counted:
    """What a server counts of processes that keep to a `budget`, as a table of TOML says it."""
    environ = {**os.environ, "VULTR_API_KEY": "a-token-for-calls-that-are-counted"}
    own = [sys.executable, "-m", "conformance.selftest.pacing"]
    with subprocess.Popen([*own, "count"], stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        table = f'[tool.conformance.targets.counting]\napi = "vultr"\nurl = "{url}"\nbudget = {budget}\n'
        (folder / "pyproject.toml").write_text(table, encoding="utf-8")
        callers = [
            subprocess.Popen(
                [*own, "call", str(folder), str(seconds)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environ,
                cwd=ROOT,
            )
            for _ in range(processes)
        ]
        try:
            for caller in callers:
                assert caller.stdout is not None
                assert caller.stdout.readline() == "there\n", "a process that calls came to an end"
            for caller in callers:
                assert caller.stdin is not None
                caller.stdin.write("go\n")
                caller.stdin.flush()
            for caller in callers:
                caller.wait(seconds + 60)
            with urlopen(f"{url}/moments") as answer:
                return Counted(json.load(answer))
        finally:
            for caller in callers:
                caller.kill()
                caller.communicate()
            server.kill()


def figures(counted: Counted, rate: int, seconds: float) -> str:
    used, most = counted.within(seconds) / (rate * seconds), counted.most_in(1.0)
    return f"{len(counted.moments)} calls, at most {most} in any second of {rate} allowed; {used:.0%} used"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_CACHE_HOME"] = name
        told = paced(folder, f'{{share = "machine", requests = {RATE}}}')
        print(f"{PROCESSES} processes and a file, {SECONDS:g} s: {figures(told, RATE, SECONDS)}", flush=True)
        told = paced(folder, '{share = "machine"}', processes=2)
        print(f"2 processes, the documented 30 a second: {figures(told, 27, SECONDS)}", flush=True)
        try:
            with redis_server(folder) as url:
                told = paced(folder, f'{{share = "{url}", requests = {RATE}}}')
        except FileNotFoundError as error:
            print(f"no Redis: {error}")
        else:
            print(f"{PROCESSES} processes and a Redis, {SECONDS:g} s: {figures(told, RATE, SECONDS)}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["count"]:
            asyncio.run(_count())
        case ["call", folder, seconds]:
            _call(folder, seconds)
        case _:
            main()
