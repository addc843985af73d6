"""Listening to anyone's recording: the exchanges in it that are with one API, and what is left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from attrs import define, evolve, field, frozen

from conformance.contract import Contract, ContractError, Routes
from conformance.traffic.cassette import Interaction
from conformance.traffic.exchange import Exchange, TooDeep
from conformance.traffic.formats import Recording, Told, untold
from conformance.traffic.loading import CassetteError
from conformance.traffic.locator import Locator
from conformance.traffic.redact import Redactor
from conformance.traffic.secrets import is_secret_name
from conformance.traffic.urls import is_loopback

MAX_ERRORS = 100
"""Lines about what cannot be read in one file."""

_NAMED = re.compile(r"^[A-Za-z_]{1,20}=(?!=*$)")
"""What stands before a token that is a parameter of its scheme (RFC 9110 11.4)."""

_TOKEN_LIKE = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[!-~]{16,}")
"""A credential, as against the words that stand for one in a recording that was cleaned."""


def host_of(text: str) -> str:
    """A host as it is compared: in lower case, without scheme, port, path and brackets.

    Raises:
        ValueError: there is none.
    """
    name = urlsplit(text if "//" in text else f"//{text}").hostname
    if not name:
        raise ValueError(text)
    return name.removesuffix(".")


@define
class Tally:
    """What was read: files, exchanges with the API, those of them with operations that the contract lacks, and those
    that were answered with a server error though nothing was wrong on purpose.

    Left out, and counted apart: CORS preflights, by host the exchanges that are with another API, and by what it is
    what no server answered over HTTP. `described` has the hosts that are taken for the API's because the contract
    describes what they were asked for, where it names none itself.
    """

    files: int = 0
    exchanges: int = 0
    unknown: int = 0
    server_errors: int = 0
    preflights: int = 0
    foreign: Counter[str] = field(factory=Counter)
    left_out: Counter[str] = field(factory=Counter)
    described: dict[str, None] = field(factory=dict)

    @property
    def hosts_seen(self) -> str:
        """The other hosts, the most frequent first."""
        ranked = sorted(self.foreign, key=lambda host: (-self.foreign[host], host))
        more = f" and {len(ranked) - 5} more" if len(ranked) > 5 else ""
        return ", ".join(host[:80] for host in ranked[:5]) + more


@frozen
class Heard:
    """An exchange with the API, redacted; `begins` where what came before it is another conversation."""

    exchange: Exchange
    begins: bool


@define
class Listener:
    """Hears what recordings hold of one API.

    Attributes:
        hosts: others that the API lives on, as whoever has the recordings knows; `*` stands for any text.
        errors: one line for each thing that cannot be read, of each file the first hundred.
    """

    contract: Contract
    hosts: tuple[str, ...] = ()
    tally: Tally = field(factory=Tally)
    errors: list[str] = field(factory=list)

    def hear(self, recording: Recording, told: Told = untold) -> Iterator[Heard]:
        """The exchanges of a recording with the API, in their order.

        Raises:
            CassetteError: it cannot be read any further, or what it says of its target's paths names no operation.
        """
        base_url = recording.provenance.get("base_url", "")
        locator = Locator(self.contract, self.contract.conventions.origin, base_url, routes=self._routes(recording))
        # What is true of a recording as a whole is known before the first exchange is told.
        survey = Survey.of(self.contract, locator, recording, self.hosts, lambda share: told(share / 2))
        self.tally.described |= dict.fromkeys(survey.described)
        redactor = Redactor(survey.credentials)
        first = {id(take.interactions[0]) for take in recording.takes.values() if take.interactions}
        errors, begins = _Few(self.errors), True
        for count, entry in enumerate(recording.entries(lambda share: told((1 + share) / 2))):
            self.tally.files += not count
            said = entry.said
            if entry.left_out is not None:
                self.tally.left_out[entry.left_out] += 1
            if entry.error is not None:
                errors.add(entry.error)
            if said is None:
                continue
            begins = begins or id(said) in first
            if not survey.is_of_the_api(said.request.url):
                self.tally.foreign[host_of(said.request.url)] += 1
            elif _is_preflight(said):
                self.tally.preflights += 1
            else:
                exchange = _exchange(locator, redactor, said, entry.source)
                for message in (exchange.request, exchange.response):
                    if message.unread is not None:
                        errors.add(f"{exchange.source}: {message.unread}; its content is not judged")
                self.tally.exchanges += 1
                self.tally.unknown += exchange.operation is None
                self.tally.server_errors += exchange.response.status_class == 5 and not exchange.negative
                yield Heard(exchange, begins)
                begins = False
        if errors.more:
            self.errors.append(f"{recording.path}: {errors.more} more errors in this file are not shown")

    def _routes(self, recording: Recording) -> Routes:
        """Where the recorded target served operations at other paths than the documented ones."""
        try:
            return self.contract.routes(recording.provenance.get("paths", {}))
        except ContractError as error:
            raise CassetteError(f"{recording.path}: metadata: {error}") from None


@define
class _Few:
    """The errors of one file: the first ones are told, of the others how many there are."""

    _told: list[str]
    _count: int = 0

    def add(self, error: str) -> None:
        self._count += 1
        if self._count <= MAX_ERRORS:
            self._told.append(error)

    @property
    def more(self) -> int:
        return max(0, self._count - MAX_ERRORS)


def _is_preflight(said: Interaction) -> bool:
    """Whether it is the question of a browser whether it may call, which servers answer before the API is asked."""
    if said.request.method != "OPTIONS":
        return False
    asks = ("origin", "access-control-request-method")
    return any(map(said.request.header, asks)) or said.response.header("access-control-allow-methods") is not None


def _exchange(locator: Locator, redactor: Redactor, said: Interaction, source: str) -> Exchange:
    request, response = said.request, said.response
    unread = response.unread
    if unread is None and isinstance(response._document, TooDeep):
        unread = str(response._document)
    return locator.exchange(
        evolve(redactor.request(evolve(request, unread=None)), unread=request.unread),
        evolve(redactor.response(evolve(response, unread=None)), unread=unread),
        negative=said.negative,
        sent_at=said.sent_at,
        source=source,
    )


@define
class Survey:
    """What is true of a recording as a whole.

    Its hosts are those that the contract, the recording itself and the caller name; where none of them names any,
    those that were asked for what the contract describes. In a recording that has none of the hosts named, the API is
    an emulator's on the machine of whoever recorded it.

    Attributes:
        described: the hosts that were asked for what the contract describes, where nobody names any.
        credentials: those that it holds in clear: what was sent as one and looks like one. Whether the call was
            accepted does not matter: a token that was refused for its scope is real. What this suite makes up for a
            request that is wrong on purpose is none.
    """

    _hosts: tuple[str, ...]
    _emulated: bool
    credentials: Mapping[str, str]
    described: tuple[str, ...] = ()
    _named: dict[str, bool] = field(factory=dict)

    @classmethod
    def of(
        cls, contract: Contract, locator: Locator, recording: Recording, hosts: tuple[str, ...], told: Told
    ) -> Survey:
        own = [host_of(recording.provenance["base_url"])] if recording.provenance.get("base_url") else []
        survey = cls((*contract.hosts, *own, *hosts), False, {})
        auth = contract.conventions.auth.header.lower()
        tokens: dict[str, None] = {}
        is_named, described = bool(hosts), dict[str, None]()
        # Where it breaks off is told when its exchanges are.
        with suppress(CassetteError):
            for entry in recording.entries(told):
                if (said := entry.said) is not None:
                    host = host_of(said.request.url)
                    is_named = is_named or survey._is_named(host)
                    if not survey._hosts and locator.operation(said.request.method, said.request.url) is not None:
                        described[host] = None
                    tokens |= dict.fromkeys(() if said.negative else _tokens(said, auth))
        survey.credentials = {f"recorded-{number}": token for number, token in enumerate(tokens, start=1)}
        survey.described = tuple(described)
        survey._hosts += survey.described
        survey._named.clear()
        survey._emulated = not is_named and not described
        return survey

    def is_of_the_api(self, url: str) -> bool:
        return is_loopback(url) if self._emulated else self._is_named(host_of(url))

    def _is_named(self, host: str) -> bool:
        if host not in self._named:
            self._named[host] = any(fnmatchcase(host, pattern) for pattern in self._hosts)
        return self._named[host]


def _tokens(said: Interaction, auth: str) -> Iterator[str]:
    """What was sent as a credential in the header of that name, or in another one that is a secret's."""
    for name, value in said.request.headers:
        # A cookie is renewed by the answer, so that it comes back by design.
        if name.lower() == auth or (is_secret_name(name) and name.lower() != "cookie"):
            token = _NAMED.sub("", value.rpartition(" ")[2])
            if _TOKEN_LIKE.fullmatch(token) and "__redacted_" not in token:
                yield token
