"""A reference server on a real socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.serving import WSGIRequestHandler, make_server

from conformance.reference.clock import RunningClock
from conformance.reference.control import ClockControl
from conformance.reference.core import Server


class _QuietHandler(WSGIRequestHandler):
    def send_response(self, code: int, message: str | None = None) -> None:
        """Begin a response without a log line, and without a second Date beside that of the server's clock."""
        self.send_response_only(code, message)


@contextmanager
def serve(
    server: Server, host: str = "127.0.0.1", port: int = 0, *, controlled: RunningClock | None = None
) -> Iterator[str]:
    """Serve in a thread of its own and yield the base URL, such as "http://127.0.0.1:40123"; stopped on exit.

    Port 0 takes a free one. `controlled` is the clock of the server where its clients may move it.
    ValueError when the server refuses plain HTTP: build it with require_https=False.
    OSError when the address cannot be listened on.
    """
    if "http" not in server.transport.schemes:
        raise ValueError("a server that requires HTTPS cannot be served over plain HTTP: require_https=False")
    # Werkzeug ends the process when it cannot listen, so it is given a socket that does.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=128) as listener:
        taken = listener.getsockname()[1]
        application = ClockControl(server, controlled) if controlled else server
        wsgi = make_server(host, port, application, threaded=True, request_handler=_QuietHandler, fd=listener.fileno())
    thread = threading.Thread(target=wsgi.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{taken}"
    finally:
        wsgi.shutdown()
        thread.join()
        wsgi.server_close()
