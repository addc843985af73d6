"""URLs that somebody else wrote: taken apart without ever failing, whatever stands in them."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import parse_qsl

from attrs import frozen

LONGEST = 32 * 1024
"""Characters of a URL or a cursor that a request is still made of; most servers refuse a quarter of it."""

# RFC 3986, appendix B: matches any text, in linear time.
_PARTS = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?", re.DOTALL)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255})(?::([0-9]{0,5}))?")
_PORTS = {"http": 80, "https": 443}


@frozen
class Url:
    """A URL or a relative reference in its parts (RFC 3986, 3); those that it lacks are None."""

    scheme: str | None
    authority: str | None
    path: str
    query: str | None

    def __str__(self) -> str:
        scheme = "" if self.scheme is None else f"{self.scheme}:"
        authority = "" if self.authority is None else f"//{self.authority}"
        return f"{scheme}{authority}{self.path}{'' if self.query is None else f'?{self.query}'}"

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """Query parameters in order, decoded."""
        return tuple(parse_qsl(self.query or "", keep_blank_values=True))


@frozen
class Origin:
    """Scheme, host and port (RFC 6454): whom a request is made to."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        shown = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}{shown}"

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine's loopback interface."""
        try:
            return self.host == "localhost" or IPv4Address(self.host).is_loopback
        except AddressValueError:
            return self.host == "::1"


@lru_cache(maxsize=64)
def split(text: str) -> Url:
    """The parts of a reference, without its fragment."""
    found = _PARTS.match(text)
    assert found is not None, "every part may be left out"
    scheme, authority, path, query = found.groups()
    return Url(scheme.lower() if scheme else None, authority, path, query)


@lru_cache(maxsize=64)
def origin_of(text: str) -> Origin | None:
    """The origin of an http or https URL; None for what has none, or carries user information."""
    url = split(text)
    found = _AUTHORITY.fullmatch(url.authority or "")
    if found is None or url.scheme not in _PORTS:
        return None
    host, port = found[1].lower(), int(found[2] or _PORTS[url.scheme])
    if host.startswith("["):
        try:
            host = str(IPv6Address(host[1:-1]))
        except AddressValueError:
            return None
    return Origin(url.scheme, host, port) if 0 < port < 65536 else None


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine's loopback interface."""
    origin = origin_of(url)
    return origin is not None and origin.is_loopback


def resolved(link: str, base_url: str, asked: str | None = None) -> str:
    """The URL that a link stands for, in the answer to a request for the URL `asked`.

    Resolution as RFC 3986 has it would drop the path of the base URL from links such as `/orgs/…`, which the
    documents show without it.
    """
    parts, base = split(link), split(base_url)
    if parts.scheme is not None:
        return link
    if parts.authority is not None:
        return f"{base.scheme}:{link}"
    if not parts.path:
        own = split(asked or base_url)
        return str(Url(own.scheme, own.authority, own.path, own.query if parts.query is None else parts.query))
    if base.path and link.startswith(f"{base.path}/"):
        return f"{base.scheme}://{base.authority}{link}"
    return f"{base_url}/{link.removeprefix('/')}"


def link_target(link: str, base_url: str, asked: str | None = None) -> str:
    """The path below the base URL and the query that a link leads to, as they stand in it."""
    url = split(resolved(link, base_url, asked))
    path = url.path.removeprefix(split(base_url).path)
    return f"{path}?{url.query}" if url.query else path
