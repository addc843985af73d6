"""The client: makes requests to a target, and turns every answer into an exchange that the run observes."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property, lru_cache
from hmac import compare_digest
from time import monotonic
from typing import Any

import httpx2
from attrs import define, evolve, field

from conformance.checks.base import as_json, shown
from conformance.contract import Bucket, Contract, Need, Operation, Routes
from conformance.contract.needs import TLS
from conformance.targets.budget import Budget
from conformance.targets.clock import Clock
from conformance.targets.credentials import carried, token_of
from conformance.targets.errors import Blocked, Down, HarnessError, NoAnswer, NotFollowed, Oversized, Unsupported
from conformance.targets.guard import Guard
from conformance.targets.health import SILENT, Health, Notice
from conformance.targets.network import Limits, Transport, answer_to
from conformance.targets.origin import Origin
from conformance.targets.replay import as_sent
from conformance.targets.tokens import Tokens
from conformance.targets.wire import ContextFactory, Wire
from conformance.traffic.exchange import Exchange, Response
from conformance.traffic.locator import Locator
from conformance.traffic.rates import buckets_of
from conformance.traffic.redact import Redactor
from conformance.traffic.renaming import Renamed
from conformance.traffic.successes import lacking
from conformance.traffic.urls import LONGEST, link_target, origin_of, resolved

MAX_REQUESTS = 2000
RETRIES = 3
LARGEST_KEPT = 1 << 18
"""Bytes of a body in which something may be that has to be sent back."""

# Most URLs are asked for again and again.
_parsed = lru_cache(maxsize=1024)(httpx2.URL)

Query = Mapping[str, object] | Iterable[tuple[str, object]]


@define(eq=False, slots=False)
class Client:
    """Speaks to one target for one item.

    The client sends what the conventions say: the credential in its header, JSON bodies with the documented
    media type, paths below the base URL, calls within the rate budget. Redirects are not followed, and no link
    that leads elsewhere, so that a credential never leaves for another host.

    Attributes:
        guard: lets every write pass, or not; the one it has by itself lets none pass.
        exchanges: everything said so far, in order, as it is kept: long bodies are cut.
        observers: called with each exchange as it happens.
        addresses: source address → a transport that speaks from it, None where the target has no way to.
        tls: makes a TLS context that trusts the target, None where it is not reached over a connection of ours.
        replayed: its answers were redacted when they were recorded.
        private: nothing it sends leaves this machine.
        plain_url: where the target would answer in clear, None where it answers in clear anyway.
        tokens: gives a fresh credential in place of one that is spent.
        notices: what the target announced, each thing once.
        routes: where the target serves operations at other paths than the documented ones.
        restarts: how often a walk that shows a record twice is begun again.
        acting: name of the credential that is sent where none is named.
        user_agent: who it says to be.
        renamed: what differs from run to run, and is kept under another name.
        last_answer: the last one as it came, for a secret that has to be sent back; it is never kept.
    """

    contract: Contract
    transport: httpx2.BaseTransport
    base_url: str
    credentials: Mapping[str, str] = field(repr=False)
    redactor: Redactor
    clock: Clock
    guard: Guard = field(factory=Guard)
    budget: Budget | None = None
    limits: Limits = field(factory=Limits)
    health: Health = field(factory=Health)
    observers: list[Callable[[Exchange], None]] = field(factory=list)
    exchanges: list[Exchange] = field(factory=list, repr=False)
    addresses: Callable[[str], httpx2.BaseTransport] | None = None
    plain_url: str | None = None
    tokens: Tokens | None = None
    private: bool = False
    replayed: bool = False
    notices: list[Notice] = field(factory=list)
    restarts: int = 1
    tls: ContextFactory | None = None
    acting: str = "default"
    user_agent: str = "conformance"
    renamed: Renamed = field(factory=Renamed)
    routes: Routes = field()
    last_answer: Response | None = field(default=None, init=False, repr=False)
    _unpaced: bool = False

    @routes.default
    def _as_documented(self) -> Routes:
        return self.contract.routes({})

    def call(self, operation: Operation, values: Mapping[str, str] | None = None, **options: Any) -> Exchange:
        """Calls an operation of the contract; `values` fill its path template. Options as in `send`.

        Raises:
            Unsupported: a path parameter has no value.
        """
        missing = [name for name in operation.path_parameters if name not in (values or {})]
        if missing:
            need = Need.parameter(missing[0])
            raise Unsupported(f"needs a value for {missing[0]}: name one in the target's parameters", need)
        query = operation.asking(options.pop("query", ()))
        return self.send(operation.method, operation.expand(values or {}), query=query, **options)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        credential: str | None = "default",
        negative: bool = False,
        as_served: bool = False,
    ) -> Exchange:
        """Sends one request and returns the exchange, whatever the status: 0 where a target that is up gave no answer.

        Args:
            path: below the base URL, percent-encoded, as the document has it.
            query: parameters, or pairs; values are turned into text, and one that is None is left out. A
                version that the API takes as a parameter is added where it is not named.
            body: sent as JSON with the documented media type; None sends none.
            content: raw bytes sent instead of `body`, typed only by `headers`.
            headers: added last, so they win over what the client would send.
            credential: name of the credential to send, or of a wrong one (`credentials.WRONG`); None for none.
            negative: the request is wrong on purpose.
            as_served: the path is one that the target gave out, and is asked for as it stands.

        Raises:
            HarnessError: the target is down.
            Blocked: the operation gave no usable answer so often that it is not asked any more.
            NotRecorded, Stale: the cassette has no answer.
            Unsupported: the target has no such credential, or it is a write that may not be sent there.
        """
        credential = self.acting if credential == "default" else credential
        own = path if as_served else self.routes.to_served(method, path)
        request = self.request(method, own, query, body, content, headers, credential)
        # A create is noted once it can be sent.
        self._go_on(request, self._known_as(request))
        if self.budget is not None:
            self.budget.check()
        made = self.guard.admit(request, self._locator.path(method, str(request.url)), credential)
        exchange = self._paced(request, negative)
        if exchange.response.answered:
            self.guard.answered(made, exchange, credential)
        return exchange

    def _paced(self, request: httpx2.Request, negative: bool) -> Exchange:
        """Sends within the budget, and again after a refusal for the rate."""
        limit = self.contract.conventions.rate_limit
        buckets = buckets_of(as_sent(request), self._known_as(request), limit) if limit and limit.buckets else ()
        for attempt in range(RETRIES + 1):
            self._pace(buckets)
            exchange = self._exchange(request, negative)
            refused = limit is not None and exchange.response.status == limit.exceeded
            if not refused:
                self.health.refused = 0
            if self.budget is None or self._unpaced:
                return exchange
            if not refused:
                self.budget.heed(exchange.response, buckets)
                return exchange
            if attempt == RETRIES or self.budget.spent:
                self.health.refused += 1
                return exchange
            self.budget.refused(exchange.response, buckets)
        raise AssertionError("unreachable")

    def follow(self, link: str, asked: str | None = None, **options: Any) -> Exchange:
        """Gets what a link leads to, which is followed as it stands; options as in `send`.

        A link below the documented base URL is taken for one of the target's: an emulator may give those out.

        Args:
            asked: the URL whose answer holds the link.

        Raises:
            NotFollowed: it leads to another origin, or no request can be made of it.
        """
        origin = origin_of(resolved(link, self.base_url, asked)) if len(link) <= LONGEST else None
        if origin is None or origin not in map(origin_of, (self.base_url, self.contract.conventions.origin)):
            where = origin or ("nowhere" if len(link) <= LONGEST else f"nowhere: it has {len(link)} characters or more")
            raise NotFollowed(f"the link {as_json(link)} is not followed: it leads to {where}")
        versioning = self.contract.conventions.versioning
        unchanged = {versioning.parameter: None} if versioning and versioning.parameter else {}
        path = link_target(link, self.base_url, asked)
        return self.send("GET", path, query=unchanged, as_served=True, **options)

    def heed(self, exchange: Exchange) -> None:
        """Takes note of a Sunset header (RFC 8594): once for each operation and date."""
        sunset = exchange.response.header("sunset")
        if sunset is None:
            return
        text = f"{exchange.known_as} announces its end: Sunset: {sunset}"
        if all(notice.text != text for notice in self.notices):
            self.notices.append(Notice(text, exchange))

    @contextmanager
    def burst(self) -> Iterator[None]:
        """Calls inside leave at once, unpaced and without retries, in one instant where the clock allows."""
        self._unpaced, before = True, self._unpaced
        try:
            with self.clock.held():
                yield
        finally:
            self._unpaced = before

    def fits(self, operation: Operation, values: Mapping[str, str]) -> bool:
        """Whether the document lets an operation be called with these values of path parameters."""
        return operation.admits(values)

    def knows_state(self, given: str, came: str) -> bool:
        """Whether the state in a redirect is the one that was given (RFC 6749 10.12)."""
        return compare_digest(given.encode(), came.encode())

    def acting_as(self, credential: str) -> Client:
        """The same client, with another credential where it would send the default one.

        Raises:
            Unsupported: the target has no such credential.
        """
        self.token(credential)
        return evolve(self, acting=credential)

    def from_address(self, address: str) -> Client:
        """The same client speaking from another source address.

        Raises:
            Unsupported: the target cannot be reached from another address.
        """
        if self.addresses is None:
            raise Unsupported("needs a second source address, which this target does not offer")
        return evolve(self, transport=self.addresses(address), addresses=None, health=Health())

    def in_clear(self) -> Client:
        """The same client speaking plain HTTP to the same host.

        Unless that is this machine, it carries throw-away credentials: what goes out in clear is lost.

        Raises:
            Unsupported: the target has no TLS to leave out.
        """
        if self.plain_url is None:
            raise Unsupported("needs a target that is reached over TLS", TLS)
        credentials = self.credentials
        if not self.private:
            credentials = {name: f"conformance-throw-away-{name}" for name in credentials}
        return evolve(self, base_url=self.plain_url, plain_url=None, health=Health(), credentials=credentials)

    @contextmanager
    def limited_to(self, *, http: str | None = None, tls: ssl.TLSVersion | None = None) -> Iterator[Client]:
        """The same client on connections of one version of HTTP (`HTTP/1.1` or `HTTP/2`) or of TLS.

        Raises:
            Unsupported: the target is not reached over connections of ours.
        """
        over_h2 = http == "HTTP/2"
        with Transport(self.wire.context(tls), self.limits, http1=not over_h2, http2=over_h2) as transport:
            yield evolve(self, transport=transport, health=Health())

    @property
    def wire(self) -> Wire:
        """The connections below the client.

        Raises:
            Unsupported: the target is not reached over connections of ours.
        """
        if self.tls is None:
            raise Unsupported("needs a target that is reached over TLS on a connection of its own", TLS)
        self._pace()
        return Wire(self.base_url, self.tls)

    def control(self, exchange: Exchange) -> Exchange:
        """The exchange, if it can serve as a positive control: the request was accepted.

        Raises:
            Blocked: it was refused, so that what follows would prove nothing, or the answer is of no use, or no success
                of its operation.
        """
        response = exchange.response
        if response.status_class == 4 or response.status == 501:
            raise Blocked(f"the control was refused: {exchange}", "accepted", exchange)
        if not response.ok or response.fault is not None or response.unread is not None:
            raise Blocked(f"the control got no usable answer: {exchange}", "usable", exchange)
        if lacks := lacking(exchange, self.contract):
            raise Blocked(f"the control was not served: {lacks}", "list", exchange)
        return exchange

    def request(
        self,
        method: str,
        path: str,
        query: Query = (),
        body: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        credential: str | None = "default",
    ) -> httpx2.Request:
        """The request that `send` would send.

        Raises:
            NotFollowed: its URL would lead away from the target, or is none; no credential is put on it.
        """
        own, asked = self._authentication(credential)
        url = self.url(path, [(k, str(value)) for k, value in (*self._versioned(query), *asked) if value is not None])
        parsed = _parsed(url)
        Origin.of(self.base_url).admit(parsed)
        media_types, versioning = self.contract.conventions.media_types, self.contract.conventions.versioning
        sent = {"User-Agent": self.user_agent, "Accept": media_types.accepted}
        sent |= own | (versioning.headers if versioning else {})
        if content is None and body is not None:
            content, sent["Content-Type"] = self.encode(body)
        lowered = {name.lower() for name in headers or {}}
        sent = {name: value for name, value in sent.items() if name.lower() not in lowered}
        return httpx2.Request(method, parsed, headers=sent | dict(headers or {}), content=content)

    def _versioned(self, query: Query) -> list[tuple[str, object]]:
        pairs = list(query.items() if isinstance(query, Mapping) else query)
        versioning = self.contract.conventions.versioning
        name = versioning.parameter if versioning else None
        if versioning is None or name is None or any(key == name for key, _ in pairs):
            return pairs
        return [(name, versioning.default), *pairs]

    def encode(self, body: Any) -> tuple[bytes, str]:
        """A request body and its media type."""
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return text.encode(), self.contract.conventions.media_types.request

    def url(self, path: str, query: list[tuple[str, str]]) -> str:
        """The URL of a path below the base URL."""
        try:
            return str(Origin.of(self.base_url).url(path, query))
        except NotFollowed as error:
            raise NotFollowed(self.redactor.text(str(error))) from None

    def _authentication(self, credential: str | None) -> tuple[dict[str, str], list[tuple[str, str]]]:
        """The header, or the query parameter, that carries a credential."""
        return carried(self.contract.conventions.auth, credential, self.token)

    def token(self, name: str) -> str:
        """The value of a credential; raises as `token_of`."""
        return token_of(self.credentials, name, self.contract.conventions.auth)

    def _where(self, request: httpx2.Request) -> str:
        return f"{request.method} {shown(self.redactor.url(str(request.url)))}"

    def _go_on(self, request: httpx2.Request, operation: str) -> None:
        """Passes as long as the target is worth another request.

        Raises:
            HarnessError: it is given up.
            Blocked: this operation of it is.
        """
        if len(self.exchanges) >= MAX_REQUESTS:
            raise HarnessError(f"{self._where(request)}: more than {MAX_REQUESTS} requests in one item; given up")
        if self.health.down is not None:
            raise Down(self.health.down.first)
        if self.budget is not None and self.budget.spent and not self._unpaced:
            raise HarnessError(
                f"{self._where(request)}: not sent: after refusals for their rate calls have waited "
                f"{self.budget.paused:.0f} s in all"
            )
        if self.health.refused >= SILENT:
            raise HarnessError(
                f"{self._where(request)}: not sent: the target refused {SILENT} calls in a row for their rate, "
                "each time it was asked"
            )
        self.health.is_worth(operation)

    def _known_as(self, request: httpx2.Request) -> str:
        operation = self._locator.operation(request.method, str(request.url))
        return operation.id if operation else f"{request.method} {self._locator.path(request.method, str(request.url))}"

    def _exchange(self, request: httpx2.Request, negative: bool) -> Exchange:
        operation = self._known_as(request)
        self._go_on(request, operation)
        sent_at, began = self.clock.now(), monotonic()
        try:
            answer, recorded_at = self._answer(request, operation)
        except NoAnswer as error:
            why = self.redactor.text(str(error))
            if not self._is_up(operation):
                self.health.down = Down(f"{self._where(request)}: {why}")
                raise self.health.down from None
            answer, recorded_at = Response(status=0, fault=why, http_version=""), None
        # What is large is not held for the sake of a secret in it.
        self.last_answer = answer if answer.unread is None and len(answer.body) <= LARGEST_KEPT else None
        said = self.redactor.request(self.renamed.request(as_sent(request)))
        exchange = self._locator.exchange(
            said,
            answer if self.replayed else self.redactor.response(self.renamed.response(answer)),
            negative=negative,
            sent_at=recorded_at if self.replayed else sent_at,
        )
        self.health.note(operation, request, exchange, monotonic() - began)
        self.exchanges.append(exchange.kept())
        self.heed(exchange)
        for observer in self.observers:
            observer(exchange)
        return exchange

    def _answer(self, request: httpx2.Request, operation: str) -> tuple[Response, float | None]:
        def send(asked: httpx2.Request) -> tuple[Response, float | None]:
            if asked is not request:
                self._pace()
            return answer_to(asked, self.transport, self.limits)

        tokens, auth = self.tokens, self.contract.conventions.auth
        return send(request) if tokens is None else tokens.answer(request, auth, operation, send)

    def _pace(self, buckets: Sequence[Bucket] = ()) -> None:
        """Counts a request, and waits until it may leave."""
        if self.budget is not None:
            self.budget.spend()
            if not self._unpaced:
                self.budget.acquire(buckets)

    def _is_up(self, silent: str) -> bool:
        """Whether a target that is silent at one operation answers others: any path, or a call that it has answered."""
        unknown = self.request("GET", self.contract.conventions.errors.unknown_path)
        for probe in (unknown, self.health.other_than(silent) or unknown):
            self._pace()
            with suppress(httpx2.HTTPError, NoAnswer, Oversized):
                self.transport.handle_request(probe).close()
                return True
        return False

    @cached_property
    def _locator(self) -> Locator:
        return Locator(self.contract, self.base_url, routes=self.routes)
