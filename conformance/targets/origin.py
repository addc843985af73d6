"""Where a target answers: the one place that its credentials go to, and the one function that makes its URLs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, lru_cache
from string import printable
from urllib.parse import quote, urlencode

import httpx2
from attrs import frozen

from conformance.targets.errors import NotFollowed, TargetError
from conformance.traffic.urls import LONGEST, origin_of, split

# What stands in a URL as it is (RFC 3986, and what servers put there besides); all else is percent-encoded.
_KEPT_IN_QUERY = "".join(set(printable) - set(' "#<>\t\n\r\x0b\x0c'))
_KEPT_IN_PATH = "".join(set(_KEPT_IN_QUERY) - set("?`{}\\"))


@frozen(slots=False)
class Origin:
    """A base URL: scheme, host and port, and the path that all paths are below."""

    base: httpx2.URL

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, base_url: str) -> Origin:
        """The origin of a base URL.

        Raises:
            TargetError: it is no http or https URL, or carries credentials, a query or a fragment.
        """
        if origin_of(base_url) is None or split(base_url).query is not None or "#" in base_url:
            raise TargetError(
                f"{base_url[:200]!r} is no base URL: it has to be http or https, with a host in ASCII, "
                "and without credentials, query and fragment"
            )
        try:
            return cls(httpx2.URL(base_url.rstrip("/")))
        except (httpx2.InvalidURL, ValueError) as error:
            raise TargetError(f"{base_url[:200]!r} is no base URL: {error}") from None

    @property
    def host(self) -> str:
        return self.base.host

    @property
    def over_tls(self) -> bool:
        return self.base.scheme == "https"

    def url(self, path: str, query: Iterable[tuple[str, str]] = ()) -> httpx2.URL:
        """The URL of a path below the base URL, which may bring a query of its own.

        The parts are put together as parts: whatever stands in them, it cannot name another host.

        Raises:
            NotFollowed: no request can be made of it, since a server gave out something that is no path or too long.
        """
        return _url(self, path, tuple(query))

    def _made(self, path: str, query: Iterable[tuple[str, str]]) -> httpx2.URL:
        own, _, kept = path.partition("?")
        if not own.startswith("/"):
            raise NotFollowed(f"{own[:200]!r} is no path below the base URL")
        try:
            parts = [quote(kept, safe=_KEPT_IN_QUERY), urlencode(list(query), quote_via=quote)]
            asked = "&".join(part for part in parts if part)
            target = f"{self._below}{quote(own, safe=_KEPT_IN_PATH)}{'?' if asked else ''}{asked}"
            if len(target) > LONGEST:
                raise NotFollowed(f"a URL of {len(target)} characters is not asked for; {LONGEST} are the most")
            url = httpx2.URL(f"{self}{target}")
        except (httpx2.InvalidURL, ValueError) as error:
            # UnicodeEncodeError, for half of a surrogate pair, is a ValueError.
            raise NotFollowed(f"no URL can be made of {path[:200]!r}: {error}") from None
        self.admit(url)
        return url

    def admit(self, url: httpx2.URL) -> None:
        """Lets a URL pass that leads to this scheme, host and port.

        Raises:
            NotFollowed: it leads elsewhere: neither a credential nor a request goes there.
        """
        if url.userinfo or _place(url) != _place(self.base):
            raise NotFollowed(f"{str(url)[:200]!r} leads away from {self}: nothing is sent there")

    @cached_property
    def _below(self) -> str:
        return self.base.raw_path.decode().rstrip("/")

    @cached_property
    def _name(self) -> str:
        return str(self.base.copy_with(raw_path=b"/")).rstrip("/")

    def __str__(self) -> str:
        return self._name


# Most URLs are asked for again and again.
@lru_cache(maxsize=1024)
def _url(origin: Origin, path: str, query: tuple[tuple[str, str], ...]) -> httpx2.URL:
    return origin._made(path, query)


def _place(url: httpx2.URL) -> tuple[bytes, bytes, int]:
    return url.raw_scheme, url.raw_host, url.port or (443 if url.scheme == "https" else 80)


def in_clear(base_url: str) -> str | None:
    """The same URL over plain HTTP on its standard port, None if it is not https."""
    origin = origin_of(base_url)
    if origin is None or origin.scheme != "https":
        return None
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    return f"http://{host}{split(base_url).path}"
