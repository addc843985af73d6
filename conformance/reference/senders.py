"""Who a reference server may call: the loopback of its own machine, and nothing else."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx2
from attrs import frozen


def is_loopback(address: str) -> bool:
    """Whether an IP address is one of this machine's own; False for what is no address."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


@frozen
class Sender:
    """Sends JSON to URLs whose host is a loopback address: once each, for `timeout` seconds at most."""

    timeout: float = 2.0

    def send(self, url: str, body: bytes) -> int | None:
        """The status of the answer; None without one, and for a URL that is not called."""
        try:
            if not is_loopback(urlsplit(url).hostname or ""):
                return None
            headers = {"Content-Type": "application/json"}
            with (
                httpx2.Client(timeout=self.timeout, trust_env=False) as client,
                client.stream("POST", url, content=body, headers=headers) as answer,
            ):
                return answer.status_code
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
            return None
