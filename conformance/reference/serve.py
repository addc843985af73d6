"""A reference server on a real socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.serving import WSGIRequestHandler, make_server

from conformance.reference.core import Server


class _QuietHandler(WSGIRequestHandler):
    def send_response(self, code: int, message: str | None = None) -> None:
        """Begin a response without a log line, and without a second Date beside that of the server's clock."""
        self.send_response_only(code, message)


@contextmanager
def serve(server: Server, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve in a thread of its own and yield the base URL, such as "http://127.0.0.1:40123"; stopped on exit.

    Port 0 takes a free one. ValueError when the server refuses plain HTTP: build it with require_https=False.
    """
    if "http" not in server.transport.schemes:
        raise ValueError("a server that requires HTTPS cannot be served over plain HTTP: require_https=False")
    wsgi = make_server(host, port, server, threaded=True, request_handler=_QuietHandler)
    thread = threading.Thread(target=wsgi.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{wsgi.server_port}"
    finally:
        wsgi.shutdown()
        thread.join()
        wsgi.server_close()
