"""Finding what a request was made to: the path below the base URL, and the operation there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from attrs import evolve

from conformance.contract import Contract, Operation, Routes
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.urls import split


class Locator:
    """Finds the path below the base URL, and with it the operation, of a request URL.

    Args:
        contract: whose router is asked.
        base_urls: URLs that the API may live under, longest match first, before those that the contract's document
            names. A URL under none of them is taken by its path alone, since recordings of an emulator name its own
            host; segments before the first one that the contract's paths begin with are taken for that emulator's
            base path.
        routes: where the target serves operations at other paths than the documented ones.
    """

    def __init__(self, contract: Contract, *base_urls: str, routes: Routes | None = None) -> None:
        self._contract = contract
        self._routes = contract.routes({}) if routes is None else routes
        given, named = {_path_of(url) for url in base_urls}, {_path_of(url) for url in contract.base_urls}
        self._prefixes, self._others = _prefixes(given), _prefixes(named - given)
        self._rooted = "" in named
        paths = (*(operation.path for operation in contract.operations), *self._routes.served.values())
        self._first = {path.split("/")[1] for path in paths}
        self._begins_literally = not any("{" in segment for segment in self._first)

    def path(self, method: str, url: str) -> str:
        """The documented path of a request, or the one it was sent to where the contract lacks it."""
        return self._located(method, url)[1]

    def operation(self, method: str, url: str) -> Operation | None:
        return self._located(method, url)[2]

    def _located(self, method: str, url: str) -> tuple[str, str, Operation | None]:
        """The path below the base URL as it was asked for and as the document has it, and the operation there."""
        asked = split(url)
        whole, first = asked.path or "/", None
        for served in self._below(whole):
            path = self._routes.to_documented(method, served)
            operation = self._contract.router.find(method, path, asked.parameters)
            if operation is not None:
                return served, path, operation
            first = first or (served, path, None)
        assert first is not None
        return first

    def _below(self, path: str) -> Iterator[str]:
        """What a path may be below the base URLs, the likeliest first."""
        under = [found[1] for prefix in self._prefixes if (found := prefix.match(path))]
        others = [found[1] for prefix in self._others if (found := prefix.match(path))]
        yield from under
        segments = path.split("/")
        begins = next((number for number, segment in enumerate(segments) if segment in self._first), 0)
        deeper = not under and not others and begins > 1
        # Where a path may begin with anything, the first segment is no emulator's before it is that.
        if (not under or self._rooted) and not (deeper and self._begins_literally):
            yield path
        if deeper:
            yield "/" + "/".join(segments[begins:])
        yield from others

    def exchange(self, request: Request, response: Response, **details: Any) -> Exchange:
        """The exchange, with its operation found."""
        served, path, operation = self._located(request.method, request.url)
        # A part of a text is none.
        if response.ok and (response.status == 206 or self._asks_for_content(request)):
            response = evolve(response, raw=True)
        return Exchange(request, response, operation, path, served_at=served, **details)

    def _asks_for_content(self, request: Request) -> bool:
        """Whether a request wants a content as it is, which may be anything, in place of JSON."""
        raw = self._contract.conventions.media_types.raw
        asked = (request.header("content-type") or "", *(request.header("accept") or "").split(","))
        return raw is not None and any(each.partition(";")[0].strip().lower() == raw for each in asked)


def _path_of(url: str) -> str:
    """The path of a base URL, whose host may be one of several; empty for the root."""
    return re.sub(r"^[a-z]+://[^/]*", "", url).split("?")[0].rstrip("/")


def _prefixes(bases: set[str]) -> list[re.Pattern[str]]:
    """What matches that which is below each base path, in which `*` stands for one segment or a part of one."""
    longest_first = sorted(bases - {""}, key=lambda base: (-base.count("/"), -len(base), base))
    return [re.compile(re.escape(base).replace(r"\*", "[^/]+") + "(/.*)") for base in longest_first]
