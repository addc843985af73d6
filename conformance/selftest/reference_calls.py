"""Calls of a reference server in process, as its users make them: by credential and address."""

from __future__ import annotations

from typing import Any

import httpx2

from conformance.reference import Server


class Calls:
    """A server and calls of it.

    Attributes:
        origin: what stands before a path that is asked for.
    """

    origin = ""

    def __init__(self, server: Server) -> None:
        self.server = server

    def __call__(
        self, method: str, path: str, key: str | None = "default", address: str = "127.0.0.1", **kwargs: Any
    ) -> httpx2.Response:
        headers = kwargs.pop("headers", {})
        if key is not None:
            headers = {"Authorization": f"{self.scheme(key)} {self.server.credentials[key]}", **headers}
        request = httpx2.Request(method, self.url(path), headers=headers, **kwargs)
        response = httpx2.WSGITransport(self.server, remote_addr=address).handle_request(request)
        response.read()
        return response

    def url(self, path: str) -> str:
        """Where a path leads; a URL stays as it is."""
        return path if path.startswith("http") else f"{self.origin}{path}"

    def scheme(self, key: str) -> str:
        """What stands before a credential."""
        return "Bearer"

    def get(self, path: str, **kwargs: Any) -> httpx2.Response:
        return self("GET", path, **kwargs)
