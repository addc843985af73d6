"""`conformance judge`: the passive rules on anyone's recorded traffic."""

from __future__ import annotations

import argparse
import itertools
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import define, evolve, field
from pydantic import ValidationError

from conformance.checks import Evidence, Judge
from conformance.commands.base import Commands, add_specs_to
from conformance.contract import Contract, ContractError, Routes, load
from conformance.contract.deviations import Known
from conformance.contract.verdict import Outcome, verdict_of
from conformance.properties.items import operations_judged
from conformance.properties.results import Gathered, result_of
from conformance.report.events import Target
from conformance.report.journal import Journal, header, now
from conformance.report.summary import summary_lines
from conformance.report.text import one_line
from conformance.report.write import Parts, check_directory, write_reports
from conformance.targets.facts import Facts
from conformance.traffic import cassette
from conformance.traffic.cassette import Cassette, CassetteError, Interaction, provenance_of
from conformance.traffic.exchange import Exchange, Locator, TooDeep
from conformance.traffic.redact import Redactor
from conformance.traffic.secrets import is_secret_name
from conformance.traffic.urls import is_loopback


def add_to(commands: Commands) -> None:
    """Adds the command to the command line."""
    parser = commands.add_parser("judge", help="judge recorded traffic (vcrpy cassettes) by the passive rules")
    parser.add_argument("--api", required=True, metavar="NAME", help="whose contract the traffic is held to")
    add_specs_to(parser)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="cassettes, YAML or JSON")
    parser.add_argument(
        "--host",
        action="append",
        default=[],
        type=_given_host,
        metavar="HOST",
        help="another host of the API, such as an emulator's; * stands for any text; repeatable",
    )
    parser.add_argument("--strict", action="store_true", help="fail where a SHOULD or an implied rule is broken")
    parser.add_argument("--deviations", type=Path, metavar="FILE", help="known deviations, as YAML")
    parser.add_argument("--report-dir", type=Path, default=Path("reports/traffic"), metavar="DIR")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    contract = load(options.api, options.specs)
    known = Known.read([options.deviations] if options.deviations else [], [contract], now().date())
    check_directory(options.report_dir)
    parts = Parts.of_run(options.report_dir)
    try:
        with closing(open_journal(contract, options.files, parts, strict=options.strict)) as journal:
            journal.errors += known.expired
            journal.warnings += known.unfilled
            judge = TrafficJudge(contract, journal, known, tuple(options.host), strict=options.strict)
            judge.judge(sorted(set(options.files)), _progress(len(set(options.files))))
        report = parts.report()
    finally:
        parts.remove()
    paths = write_reports(report, options.report_dir)
    tally = judge.tally
    seen, *others = summary_lines(report)
    print(seen)
    print(
        f"{contract.api}: {tally.exchanges} exchanges in {tally.files} files read, "
        f"{tally.unknown} of them with operations that the contract does not have"
    )
    if tally.preflights:
        print(f"{contract.api}: {tally.preflights} CORS preflights are left out: no answers of the API")
    if tally.foreign:
        print(f"{contract.api}: {tally.foreign.total()} exchanges with other hosts are left out: {tally.hosts_seen}")
    for line in others:
        print(line)
    print(f"report: {paths['html']}")
    return report.exit_status


def _host(text: str) -> str:
    """A host as it is compared: in lower case, without scheme, port, path and brackets."""
    name = urlsplit(text if "//" in text else f"//{text}").hostname
    if not name:
        raise ValueError(text)
    return name.removesuffix(".")


def _given_host(text: str) -> str:
    try:
        return _host(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no host") from None


def _progress(count: int) -> Callable[[Path], None]:
    """Tells on a terminal which of so many files is being read."""
    numbers = itertools.count(1)

    def tell(path: Path) -> None:
        number = next(numbers)
        if sys.stderr.isatty():
            print(
                f"\r[{number}/{count}] {one_line(path.name)[:60]:<60}",
                end="" if number < count else "\n",
                file=sys.stderr,
            )

    return tell


_ID_LIKE = re.compile(r"[0-9a-f-]{12,}|\d+|[^/]*\.[^/]*|[A-Za-z0-9_-]{20,}")

_TOKEN_LIKE = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[!-~]{16,}")
"""A credential, as against the words that stand for one in a recording that was cleaned."""


@define
class Tally:
    """What was read: files, exchanges that were judged, those of them with operations that the contract lacks.

    Left out, and counted apart: CORS preflights, and by host the exchanges that are with another API.
    """

    files: int = 0
    exchanges: int = 0
    unknown: int = 0
    preflights: int = 0
    foreign: Counter[str] = field(factory=Counter)

    @property
    def hosts_seen(self) -> str:
        """The other hosts, the most frequent first."""
        ranked = sorted(self.foreign, key=lambda host: (-self.foreign[host], host))
        more = f" and {len(ranked) - 5} more" if len(ranked) > 5 else ""
        return one_line(", ".join(host[:80] for host in ranked[:5]) + more)


@define
class TrafficJudge:
    """Judges cassettes of one API and writes what comes of it to a journal."""

    contract: Contract
    journal: Journal
    known: Known
    hosts: tuple[str, ...] = ()
    strict: bool = False
    tally: Tally = field(factory=Tally)
    _gathered: dict[tuple[str, str], Gathered] = field(factory=dict)

    def judge(self, files: Iterable[Path], progress: Callable[[Path], None] = lambda _: None) -> None:
        """Judges each file; one that cannot be read is an error, and the others are judged all the same."""
        for path in files:
            progress(path)
            try:
                self._judge_file(cassette.read(path))
            except CassetteError as error:
                self.journal.errors.append(str(error))
        if self.tally.foreign and not self.tally.exchanges:
            self.journal.errors.append(
                f"none of the {self.tally.foreign.total()} exchanges is with {self.contract.api} "
                f"({', '.join(self.contract.hosts)}): the hosts seen are {self.tally.hosts_seen}; "
                "--host names another host of the API"
            )
        self._verdicts()

    def _judge_file(self, recording: Cassette) -> None:
        facts = _facts(recording)
        self.tally.files += 1
        self.journal.errors += recording.errors
        # Rules about several exchanges look inside one recording: another one was made at another time.
        judge = Judge(self.contract, strict=self.strict)
        base_url = recording.provenance.get("base_url", "")
        locator = Locator(self.contract, self.contract.conventions.origin, base_url, routes=self._routes(recording))
        redactor = Redactor(_credentials(self.contract, recording))
        is_of_the_api = self._chosen(recording)
        first = {id(take.interactions[0]) for take in recording.takes.values() if take.interactions}
        for number, said in recording.interactions:
            if number == 1 or id(said) in first:
                judge.begin(facts)
            if not is_of_the_api(said.request.url):
                self.tally.foreign[_host(said.request.url)] += 1
            elif _is_preflight(said):
                self.tally.preflights += 1
            else:
                exchange = _exchange(locator, redactor, said, f"{recording.path.name}#{number}")
                for message in (exchange.request, exchange.response):
                    if message.unread is not None:
                        self.journal.errors.append(f"{exchange.source}: {message.unread}; its content is not judged")
                self._observe(judge, exchange)

    def _routes(self, recording: Cassette) -> Routes:
        """Where the recorded target served operations at other paths than the documented ones.

        Raises:
            CassetteError: what the recording says of that names none of the contract's operations.
        """
        try:
            return self.contract.routes(recording.provenance.get("paths", {}))
        except ContractError as error:
            raise CassetteError(f"{recording.path}: metadata: {error}") from None

    def _chosen(self, recording: Cassette) -> Callable[[str], bool]:
        """Whether a URL of a recording is the API's.

        Its hosts are those that the contract, the recording itself and the caller name. In a recording that has none of
        them, nor any that the caller names, it is an emulator's on the machine of whoever recorded it.
        """
        own = [_host(recording.provenance["base_url"])] if recording.provenance.get("base_url") else []
        hosts = (*self.contract.hosts, *own, *self.hosts)

        @cache
        def is_named(host: str) -> bool:
            return any(fnmatchcase(host, pattern) for pattern in hosts)

        if self.hosts or any(is_named(_host(said.request.url)) for _, said in recording.interactions):
            return lambda url: is_named(_host(url))
        return is_loopback

    def _observe(self, judge: Judge, exchange: Exchange) -> None:
        self.tally.exchanges += 1
        self.journal.exchanges[self.contract.api] += 1
        if exchange.operation is None:
            self.tally.unknown += 1
            name = f"{exchange.request.method} {_without_ids(exchange.path)}"
            self.journal.unknown[name] = self.journal.unknown.get(name, 0) + 1
        for evidence in judge.observe(exchange):
            self._gather(evidence)

    def _gather(self, evidence: Evidence) -> None:
        if evidence.requirement is not None:
            key = (evidence.requirement.id, evidence.operation)
            if not self._gathered.setdefault(key, Gathered()).add(evidence):
                return
        self.journal.seen(self.contract, evidence)

    def _verdicts(self) -> None:
        judged = {
            (record.id, operation)
            for record in self.contract.requirements.values()
            if record.mode == "passive"
            for operation in operations_judged(self.contract, record)
        }
        for requirement, operation in sorted(judged | set(self._gathered)):
            record = self.contract.requirements[requirement]
            gathered = self._gathered.get((requirement, operation), Gathered())
            result = result_of(gathered)
            deviation = self.known.of(requirement, operation)
            self.journal.verdict(
                requirement,
                operation,
                verdict_of(
                    result.outcome,
                    strength=record.strength,
                    basis=record.basis,
                    # Traffic shows what happened to be recorded: that a deviation is not in it makes no list stale.
                    deviation_listed=deviation is not None and result.outcome is Outcome.VIOLATED,
                    strict=self.strict,
                ),
                reason=result.reason,
                test=None,
                held=result.held,
                deviation=deviation,
                blocked_by=result.blocked_by.text if result.blocked_by else None,
            )


def _facts(recording: Cassette) -> Mapping[str, Any]:
    """What a recording states of its target; members that nobody reads may stand beside them.

    Raises:
        CassetteError: they are not of the shape that facts have.
    """
    facts: dict[str, Any] = recording.provenance.get("facts", {})
    try:
        Facts.model_validate(facts)
    except ValidationError as error:
        wrong = [mistake["loc"] for mistake in error.errors() if mistake["type"] != "extra_forbidden"]
        if wrong:
            place = ".".join(map(str, wrong[0]))[:100]
            raise CassetteError(
                f"{recording.path}: metadata: facts.{place}: is not what a recording writes; record it again"
            ) from None
    return facts


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


def _credentials(contract: Contract, recording: Cassette) -> dict[str, str]:
    """The credentials that a recording holds in clear: what was sent as one and looks like one.

    Whether the call was accepted does not matter: a token that was refused for its scope is real. What this suite
    makes up for a request that is wrong on purpose is none.
    """
    auth = contract.conventions.auth.header.lower()
    sent = [
        value.rpartition(" ")[2]
        for _, said in recording.interactions
        if not said.negative
        for name, value in said.request.headers
        # A cookie is renewed by the answer, so that it comes back by design.
        if name.lower() == auth or (is_secret_name(name) and name.lower() != "cookie")
    ]
    found = [token for token in dict.fromkeys(sent) if _TOKEN_LIKE.fullmatch(token) and "__redacted_" not in token]
    return {f"recorded-{number}": token for number, token in enumerate(found, start=1)}


def _without_ids(path: str) -> str:
    """A path in which what looks like an id or a name is left out, so that like calls are counted together."""
    return "/".join("{…}" if _ID_LIKE.fullmatch(part) else part for part in path.split("/"))


def open_journal(contract: Contract, files: list[Path], parts: Parts, *, strict: bool) -> Journal:
    """The journal of a judgement, begun with what it is about: cassettes of ours say what they come from."""
    said = {provenance_of(path).get("source") for path in files}
    known = ", ".join(sorted(str(source) for source in said if source))
    others = ", and others that do not say" if None in said else ""
    source = f"traffic in {len(files)} files given to be judged"
    provenance = {"source": f"{source}, by their own account recorded from: {known}{others}" if known else source}
    first = header([contract], Target(name="traffic", kind="traffic"), {contract.api: provenance}, {"strict": strict})
    return Journal.open(parts.of("judge"), first)
