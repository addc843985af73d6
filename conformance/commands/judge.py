"""`conformance judge`: the passive rules on anyone's recorded traffic."""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from fnmatch import fnmatchcase
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
from conformance.traffic import formats
from conformance.traffic.cassette import CassetteError, Interaction
from conformance.traffic.exchange import Exchange, Locator, TooDeep
from conformance.traffic.formats import Recording, Told, provenance_of, untold
from conformance.traffic.redact import Redactor
from conformance.traffic.secrets import is_secret_name
from conformance.traffic.urls import is_loopback


def add_to(commands: Commands) -> None:
    """Adds the command to the command line."""
    parser = commands.add_parser("judge", help="judge recorded traffic by the passive rules")
    parser.add_argument("--api", required=True, metavar="NAME", help="whose contract the traffic is held to")
    add_specs_to(parser)
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="cassettes of vcrpy or go-vcr, HAR files, folders of raw HTTP messages (NAME.request, NAME.response)",
    )
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
            files = sorted(set(options.files))
            judge.judge(files, Progress(len(files)))
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
    for what, count in sorted(tally.left_out.items()):
        print(f"{contract.api}: {count} entries {what} are left out")
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


@define
class Progress:
    """Tells on a terminal which of so many files is being read, and how much of it."""

    count: int
    number: int = 0
    _shown: str = ""

    def file(self, path: Path) -> Told:
        """A file is begun; what is returned takes the share of it that is read."""
        self.number += 1
        name = f"[{self.number}/{self.count}] {one_line(path.name)[:60]:<60}"
        self._show(f"{name}     ")
        return lambda share: self._show(f"{name} {share:4.0%}")

    def end(self) -> None:
        """All files are read."""
        if self._shown:
            print(file=sys.stderr)

    def _show(self, line: str) -> None:
        if line != self._shown and sys.stderr.isatty():
            print(f"\r{line}", end="", file=sys.stderr, flush=True)
            self._shown = line


_ID_LIKE = re.compile(r"[0-9a-f-]{12,}|\d+|[^/]*\.[^/]*|[A-Za-z0-9_-]{20,}")

_TOKEN_LIKE = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[!-~]{16,}")
"""A credential, as against the words that stand for one in a recording that was cleaned."""


@define
class Tally:
    """What was read: files, exchanges that were judged, those of them with operations that the contract lacks.

    Left out, and counted apart: CORS preflights, by host the exchanges that are with another API, and by what it is
    what no server answered over HTTP.
    """

    files: int = 0
    exchanges: int = 0
    unknown: int = 0
    preflights: int = 0
    foreign: Counter[str] = field(factory=Counter)
    left_out: Counter[str] = field(factory=Counter)

    @property
    def hosts_seen(self) -> str:
        """The other hosts, the most frequent first."""
        ranked = sorted(self.foreign, key=lambda host: (-self.foreign[host], host))
        more = f" and {len(ranked) - 5} more" if len(ranked) > 5 else ""
        return one_line(", ".join(host[:80] for host in ranked[:5]) + more)


MAX_ERRORS = 100
"""Lines about what cannot be read in one file."""


@define
class Few:
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

    def judge(self, files: Iterable[Path], progress: Progress | None = None) -> None:
        """Judges each file; one that cannot be read is an error, and the others are judged all the same."""
        for path in files:
            told = progress.file(path) if progress else untold
            try:
                self._judge_file(formats.read(path), told)
            except CassetteError as error:
                self.journal.errors.append(str(error))
        if progress:
            progress.end()
        if self.tally.foreign and not self.tally.exchanges:
            self.journal.errors.append(
                f"none of the {self.tally.foreign.total()} exchanges is with {self.contract.api} "
                f"({', '.join(self.contract.hosts)}): the hosts seen are {self.tally.hosts_seen}; "
                "--host names another host of the API"
            )
        self._verdicts()

    def _judge_file(self, recording: Recording, told: Told) -> None:
        facts = _facts(recording)
        # Rules about several exchanges look inside one recording: another one was made at another time.
        judge = Judge(self.contract, strict=self.strict)
        base_url = recording.provenance.get("base_url", "")
        locator = Locator(self.contract, self.contract.conventions.origin, base_url, routes=self._routes(recording))
        # What is true of a recording as a whole is known before its first exchange is judged.
        survey = Survey.of(self.contract, recording, self.hosts, lambda share: told(share / 2))
        redactor = Redactor(survey.credentials)
        first = {id(take.interactions[0]) for take in recording.takes.values() if take.interactions}
        errors = Few(self.journal.errors)
        judge.begin(facts)
        for count, entry in enumerate(recording.entries(lambda share: told((1 + share) / 2))):
            self.tally.files += not count
            said = entry.said
            if entry.left_out is not None:
                self.tally.left_out[entry.left_out] += 1
            if entry.error is not None:
                errors.add(entry.error)
            if said is None:
                continue
            if id(said) in first:
                judge.begin(facts)
            if not survey.is_of_the_api(said.request.url):
                self.tally.foreign[_host(said.request.url)] += 1
            elif _is_preflight(said):
                self.tally.preflights += 1
            else:
                exchange = _exchange(locator, redactor, said, entry.source)
                for message in (exchange.request, exchange.response):
                    if message.unread is not None:
                        errors.add(f"{exchange.source}: {message.unread}; its content is not judged")
                self._observe(judge, exchange)
        if errors.more:
            self.journal.errors.append(f"{recording.path}: {errors.more} more errors in this file are not shown")

    def _routes(self, recording: Recording) -> Routes:
        """Where the recorded target served operations at other paths than the documented ones.

        Raises:
            CassetteError: what the recording says of that names none of the contract's operations.
        """
        try:
            return self.contract.routes(recording.provenance.get("paths", {}))
        except ContractError as error:
            raise CassetteError(f"{recording.path}: metadata: {error}") from None

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


def _facts(recording: Recording) -> Mapping[str, Any]:
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


@define
class Survey:
    """What is true of a recording as a whole.

    Its hosts are those that the contract, the recording itself and the caller name. In a recording that has none of
    them, nor any that the caller names, the API is an emulator's on the machine of whoever recorded it.

    Attributes:
        credentials: those that it holds in clear: what was sent as one and looks like one. Whether the call was
            accepted does not matter: a token that was refused for its scope is real. What this suite makes up for a
            request that is wrong on purpose is none.
    """

    _hosts: tuple[str, ...]
    _emulated: bool
    credentials: Mapping[str, str]
    _named: dict[str, bool] = field(factory=dict)

    @classmethod
    def of(cls, contract: Contract, recording: Recording, hosts: tuple[str, ...], told: Told) -> Survey:
        own = [_host(recording.provenance["base_url"])] if recording.provenance.get("base_url") else []
        survey = cls((*contract.hosts, *own, *hosts), False, {})
        auth = contract.conventions.auth.header.lower()
        tokens: dict[str, None] = {}
        is_named = bool(hosts)
        # Where it breaks off is told when it is judged.
        with suppress(CassetteError):
            for entry in recording.entries(told):
                if (said := entry.said) is not None:
                    is_named = is_named or survey._is_named(_host(said.request.url))
                    tokens |= dict.fromkeys(() if said.negative else _tokens(said, auth))
        survey.credentials = {f"recorded-{number}": token for number, token in enumerate(tokens, start=1)}
        survey._emulated = not is_named
        return survey

    def is_of_the_api(self, url: str) -> bool:
        return is_loopback(url) if self._emulated else self._is_named(_host(url))

    def _is_named(self, host: str) -> bool:
        if host not in self._named:
            self._named[host] = any(fnmatchcase(host, pattern) for pattern in self._hosts)
        return self._named[host]


def _tokens(said: Interaction, auth: str) -> Iterator[str]:
    """What was sent as a credential in the header of that name, or in another one that is a secret's."""
    for name, value in said.request.headers:
        # A cookie is renewed by the answer, so that it comes back by design.
        if name.lower() == auth or (is_secret_name(name) and name.lower() != "cookie"):
            token = value.rpartition(" ")[2]
            if _TOKEN_LIKE.fullmatch(token) and "__redacted_" not in token:
                yield token


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
