"""A receiver: a small HTTP server on loopback that a target is told to call, and what it was sent."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread

from attrs import define, field

from conformance.targets import NotRecorded
from conformance.traffic.cassette import worth_keeping
from conformance.traffic.exchange import Request
from conformance.traffic.redact import Redactor
from conformance.traffic.renaming import Renamed

KEPT_AS = "127.0.0.1:65535"
"""Where a recording says that the receiver was. A port has as many digits, so that lengths stay right."""

IN_TIME = 5.0
"""Seconds that a call which has to come may take, by the time of this machine."""

QUIET = 0.5
"""Seconds in which a call that must not come would have come."""

LARGEST = 1 << 20
"""Bytes of a delivery that are read."""


@define(eq=False, slots=False)
class Receiver:
    """Takes every request, whatever its method and path, answers it, and keeps it.

    In a replay it opens no socket: what each look at it showed stands in the recording.

    Attributes:
        status: what requests are answered with; a test may change it.
        statuses: path → another status, for what comes there.
        looks: what every look at it showed so far, to be recorded.
    """

    redactor: Redactor
    renamed: Renamed
    recorded: Iterator[tuple[Request, ...]] | None = None
    status: int = 200
    statuses: dict[str, int] = field(factory=dict)
    looks: list[tuple[Request, ...]] = field(factory=list)
    _came: list[Request] = field(factory=list)
    _changed: Condition = field(factory=Condition)
    _server: ThreadingHTTPServer | None = None

    def start(self) -> Receiver:
        """Listens on a free port of loopback, unless it is replayed."""
        if self.recorded is None:
            self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
            self._server.daemon_threads = True
            self.renamed.names[self._address] = KEPT_AS
            Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Ends it; what it is known by stays known, since later answers may name it."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def _address(self) -> str:
        return KEPT_AS if self._server is None else f"127.0.0.1:{self._server.server_port}"

    def url(self, path: str = "/") -> str:
        """The URL that a target is told to call."""
        return f"http://{self._address}{path}"

    def take(self, count: int = 1, *, within: float | None = None) -> list[Request]:
        """What came since the last look: at least `count` requests as they are kept, or as many as came in time.

        Args:
            count: 0 for a look at whether anything comes at all.
            within: seconds to wait, `IN_TIME` for what has to come and `QUIET` for what must not.

        Raises:
            NotRecorded: the recording has no such look.
        """
        if self.recorded is not None:
            look = next(self.recorded, None)
            if look is None:
                raise NotRecorded("the cassette has nothing of what the receiver got; record it with --record")
            return list(look)
        within = within if within is not None else IN_TIME if count else QUIET
        with self._changed:
            self._changed.wait_for(lambda: len(self._came) >= max(count, 1), within)
            look, self._came[:] = tuple(self._came), []
        self.looks.append(look)
        return list(look)

    def keep(self, request: Request) -> None:
        """Takes note of a request, as it may be kept."""
        kept = self.redactor.request(self.renamed.request(worth_keeping(request)))
        with self._changed:
            self._came.append(kept)
            self._changed.notify_all()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = IN_TIME

        def _take(self) -> None:
            length = self.headers.get("Content-Length", "0")
            size = min(int(length), LARGEST) if length.isascii() and length.isdigit() else 0
            receiver.keep(
                Request(
                    headers=tuple(self.headers.items()),
                    body=self.rfile.read(size),
                    method=self.command,
                    url=receiver.url(self.path if self.path.startswith("/") else "/"),
                )
            )
            self.send_response(receiver.statuses.get(self.path, receiver.status))
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _take  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Says nothing: what came is looked at by tests."""

    return Handler
