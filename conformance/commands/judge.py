"""`conformance judge`: the passive rules on anyone's recorded traffic."""

from __future__ import annotations

import argparse
import gc
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from attrs import define, field
from pydantic import ValidationError

from conformance.checks import Evidence, Judge, bindings
from conformance.commands.base import Commands, add_spec_to, add_specs_to, contract_of
from conformance.contract import Contract
from conformance.contract.deviations import Known
from conformance.contract.score import Score
from conformance.contract.verdict import Outcome, verdict_of
from conformance.planting import Sampler, Trials
from conformance.planting.sampling import Key
from conformance.properties.items import EVERYWHERE, operations_judged
from conformance.properties.results import Gathered, result_of
from conformance.report.events import Target
from conformance.report.journal import Journal, header, now
from conformance.report.summary import summary_lines
from conformance.report.text import one_line
from conformance.report.write import Parts, check_directory, write_reports
from conformance.targets.facts import Facts
from conformance.traffic import formats
from conformance.traffic.cassette import BY_OTHERS, CassetteError
from conformance.traffic.exchange import Exchange
from conformance.traffic.formats import Recording, Told, provenance_of, untold
from conformance.traffic.listening import Listener, Tally, host_of


def add_to(commands: Commands) -> None:
    """Adds the command to the command line."""
    parser = commands.add_parser("judge", help="judge recorded traffic by the passive rules")
    parser.add_argument("--api", metavar="NAME", help="whose contract the traffic is held to")
    add_specs_to(parser)
    add_spec_to(parser)
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
        type=given_host,
        metavar="HOST",
        help="another host of the API, such as an emulator's; * stands for any text; repeatable",
    )
    parser.add_argument("--strict", action="store_true", help="fail where a SHOULD or an implied rule is broken")
    parser.add_argument(
        "--faults",
        action="store_true",
        help="plant defects on answers of the traffic, and tell of each requirement how many it sees: could it have "
        "failed here?",
    )
    parser.add_argument("--deviations", type=Path, metavar="FILE", help="known deviations, as YAML")
    parser.add_argument("--report-dir", type=Path, default=Path("reports/traffic"), metavar="DIR")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    contract = contract_of(options)
    known = Known.read([options.deviations] if options.deviations else [], [contract], now().date())
    check_directory(options.report_dir)
    parts = Parts.of_run(options.report_dir)
    try:
        with closing(open_journal(contract, options.files, parts, strict=options.strict)) as journal:
            journal.errors += known.expired
            journal.warnings += known.unfilled
            sampler = Sampler() if options.faults else None
            judge = TrafficJudge(contract, journal, known, tuple(options.host), options.strict, sampler)
            files = sorted(set(options.files))
            with kept_out_of_collections():
                judge.judge(files, Progress(len(files)))
            journal.leave_unchecked(contract)
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
    if tally.server_errors:
        print(f"{contract.api}: {tally.server_errors} of them were answered with a server error (5xx)")
    if tally.described:
        described = one_line(", ".join(sorted(tally.described)))
        print(f"{contract.api}: the document names no host; taken are those asked for what it describes: {described}")
    if tally.preflights:
        print(f"{contract.api}: {tally.preflights} CORS preflights are left out: no answers of the API")
    if tally.foreign:
        others_seen = one_line(tally.hosts_seen)
        print(f"{contract.api}: {tally.foreign.total()} exchanges with other hosts are left out: {others_seen}")
    for what, count in sorted(tally.left_out.items()):
        print(f"{contract.api}: {count} entries {what} are left out")
    for line in others:
        print(line)
    print(f"report: {paths['html']}")
    return report.exit_status


@contextmanager
def kept_out_of_collections() -> Iterator[None]:
    """What is there by now stays: it need not be looked through for garbage again and again, however large it is."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def given_host(text: str) -> str:
    try:
        return host_of(text)
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

    def step(self, what: str) -> Told:
        """Something else is begun, when all files are read."""
        return lambda share: self._show(f"{what:<60} {share:4.0%}")

    def end(self) -> None:
        """All is done."""
        if self._shown:
            print(file=sys.stderr)

    def _show(self, line: str) -> None:
        if line != self._shown and sys.stderr.isatty():
            print(f"\r{line}", end="", file=sys.stderr, flush=True)
            self._shown = line


_ID_LIKE = re.compile(r"[0-9a-f-]{12,}|\d+|[^/]*\.[^/]*|[A-Za-z0-9_-]{20,}")


@define
class TrafficJudge:
    """Judges cassettes of one API and writes what comes of it to a journal."""

    contract: Contract
    journal: Journal
    known: Known
    hosts: tuple[str, ...] = ()
    strict: bool = False
    sampler: Sampler | None = None
    listener: Listener = field(init=False)
    _gathered: dict[tuple[str, str], Gathered] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.listener = Listener(self.contract, self.hosts, errors=self.journal.errors)

    @property
    def tally(self) -> Tally:
        """What was read, and what was left out."""
        return self.listener.tally

    def judge(self, files: Iterable[Path], progress: Progress | None = None) -> None:
        """Judges each file; one that cannot be read is an error, and the others are judged all the same."""
        for path in files:
            told = progress.file(path) if progress else untold
            try:
                self._judge_file(formats.read(path), told)
            except CassetteError as error:
                self.journal.errors.append(str(error))
        scores = self._scores(progress)
        if progress:
            progress.end()
        if self.tally.foreign and not self.tally.exchanges:
            self.journal.errors.append(
                f"none of the {self.tally.foreign.total()} exchanges is with {self.contract.api} "
                f"({', '.join(self.contract.hosts)}): the hosts seen are {one_line(self.tally.hosts_seen)}; "
                "--host names another host of the API"
            )
        self._verdicts(scores)

    def _scores(self, progress: Progress | None) -> Mapping[Key, Score] | None:
        """What became of defects that are planted on some of the exchanges; None where none are."""
        if self.sampler is None:
            return None
        told = progress.step("planting defects") if progress else untold
        trials = Trials(self.contract, self.strict)
        scores = trials.scores(self.sampler, told)
        self.journal.warnings += trials.problems
        return scores

    def _judge_file(self, recording: Recording, told: Told) -> None:
        facts = _facts(recording)
        # Rules about several exchanges look inside one recording: another one was made at another time.
        judge = Judge(self.contract, strict=self.strict)
        for heard in self.listener.hear(recording, told):
            if heard.begins:
                judge.begin(facts)
                if self.sampler is not None:
                    self.sampler.begin(facts)
            self._observe(judge, heard.exchange)

    def _observe(self, judge: Judge, exchange: Exchange) -> None:
        self.journal.exchanges[self.contract.api] += 1
        if exchange.operation is None:
            name = f"{exchange.request.method} {_without_ids(exchange.path)}"
            self.journal.unknown[name] = self.journal.unknown.get(name, 0) + 1
        if self.sampler is not None:
            self.sampler.see(exchange)
        for evidence in judge.observe(exchange):
            self._gather(evidence)
            if self.sampler is not None:
                self.sampler.note(evidence)

    def _gather(self, evidence: Evidence) -> None:
        if evidence.requirement is not None:
            key = (evidence.requirement.id, evidence.operation)
            if not self._gathered.setdefault(key, Gathered()).add(evidence):
                return
        self.journal.seen(self.contract, evidence)

    def _verdicts(self, scores: Mapping[Key, Score] | None) -> None:
        judged = {
            (record.id, operation)
            for record in self.contract.requirements.values()
            if record.mode == "passive" or (record.base and bindings(record))
            for operation in operations_judged(self.contract, record)
        }
        # What is judged wherever it shows has a verdict of its own only where it shows nowhere.
        judged -= {(requirement, EVERYWHERE) for requirement, _ in self._gathered}
        for requirement, operation in sorted(judged | set(self._gathered)):
            record = self.contract.requirements[requirement]
            gathered = self._gathered.get((requirement, operation), Gathered())
            result = result_of(gathered)
            score = None if scores is None else scores.get((requirement, operation), Score())
            outcome, reason = score.of(result.outcome, result.reason) if score else (result.outcome, result.reason)
            deviation = self.known.of(requirement, operation)
            self.journal.verdict(
                requirement,
                operation,
                verdict_of(
                    outcome,
                    strength=record.strength,
                    basis=record.basis,
                    # Traffic shows what happened to be recorded: that a deviation is not in it makes no list stale.
                    deviation_listed=deviation is not None and result.outcome is Outcome.VIOLATED,
                    strict=self.strict,
                ),
                reason=reason,
                test=None,
                held=result.held,
                deviation=deviation,
                blocked_by=result.blocked_by.text if result.blocked_by else None,
                score=score,
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


def _without_ids(path: str) -> str:
    """A path in which what looks like an id or a name is left out, so that like calls are counted together."""
    return "/".join("{…}" if _ID_LIKE.fullmatch(part) else part for part in path.split("/"))


MOST_NAMED = 5


def open_journal(contract: Contract, files: list[Path], parts: Parts, *, strict: bool) -> Journal:
    """The journal of a judgement, begun with what it is about: cassettes of ours say what they come from."""
    said = [provenance_of(path).get("source") for path in files]
    foreign = sum(str(source).startswith(BY_OTHERS) for source in said)
    sources = sorted({str(source) for source in said if source and not str(source).startswith(BY_OTHERS)})
    sources += [f"others ({foreign} files)"] if foreign else []
    known = ", ".join(sources[:MOST_NAMED]) + (f" and {len(sources) - MOST_NAMED} more" if sources[MOST_NAMED:] else "")
    others = ", and others that do not say" if None in said else ""
    source = f"traffic in {len(files)} files given to be judged"
    provenance = {"source": f"{source}, by their own account recorded from: {known}{others}" if known else source}
    first = header([contract], Target(name="traffic", kind="traffic"), {contract.api: provenance}, {"strict": strict})
    return Journal.open(parts.of("judge"), first)
