"""The command line: `conformance judge`, `serve`, `requirements` and `coverage`."""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from conformance import coverage, deviations, reference
from conformance.contract import ConformanceError, Contract, apis, load, load_catalogue
from conformance.judging import TrafficJudge, open_journal
from conformance.reference.serve import serve
from conformance.report.events import ReportError, read_events
from conformance.report.model import Report
from conformance.report.summary import summary_lines
from conformance.report.write import write_reports

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit status: 0, 1 for findings that fail, 2 for a wrong call."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except (ConformanceError, ReportError) as error:
        print(f"conformance: {error}", file=sys.stderr)
        return USAGE_ERROR
    except BrokenPipeError:
        # The reader has seen enough (`| head`); Python would complain again when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"conformance: {error}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="conformance",
        description="API conformance: which promises of five REST APIs' documents hold, and which do not.",
        epilog="The suite itself is run with pytest: `pytest --help` lists its options under “API conformance”.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"conformance {version('conformance')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    judge = commands.add_parser("judge", help="judge recorded traffic (vcrpy cassettes) by the passive rules")
    judge.add_argument("--api", required=True, metavar="NAME", help="whose contract the traffic is held to")
    judge.add_argument("files", nargs="+", type=Path, metavar="FILE", help="cassettes, YAML or JSON")
    judge.add_argument("--strict", action="store_true", help="fail where a SHOULD or an implied rule is broken")
    judge.add_argument("--deviations", type=Path, metavar="FILE", help="known deviations, as YAML")
    judge.add_argument("--report-dir", type=Path, default=Path("reports/traffic"), metavar="DIR")
    judge.set_defaults(run=_judge)

    server = commands.add_parser("serve", help="serve the reference server of an API over HTTP")
    server.add_argument("api", metavar="API")
    server.add_argument("--port", type=int, default=0, metavar="N", help="port to listen on (default: a free one)")
    server.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="default: loopback only")
    server.add_argument("--fault", metavar="ID", help="plant a fault; `--fault list` shows them")
    server.set_defaults(run=_serve)

    listing = commands.add_parser("requirements", help="list the requirements of an API, or of all")
    listing.add_argument("api", nargs="?", metavar="API")
    listing.set_defaults(run=_requirements)

    table = commands.add_parser("coverage", help="write reports/coverage.md: requirement, tests, faults")
    table.add_argument("--check", action="store_true", help="write nothing; fail if the table is stale or has a gap")
    table.set_defaults(run=_coverage)
    return parser


def _judge(options: argparse.Namespace) -> int:
    contract = load(options.api)
    known = deviations.read(options.deviations, [contract]) if options.deviations else ()
    parts = options.report_dir / "parts"
    shutil.rmtree(parts, ignore_errors=True)
    journal = open_journal(contract, options.files, parts, strict=options.strict)
    judge = TrafficJudge(contract, journal, known, strict=options.strict)
    judge.judge(sorted(set(options.files)), _progress(len(set(options.files))))
    journal.close()
    report = Report.from_events(read_events(sorted(parts.glob("*.ndjson"))))
    paths = write_reports(report, options.report_dir)
    shutil.rmtree(parts)
    tally = judge.tally
    print(
        f"{contract.api}: {tally.exchanges} exchanges in {tally.files} files read, "
        f"{tally.unknown} of them with operations that the contract does not have"
    )
    for line in summary_lines(report):
        print(line)
    print(f"report: {paths['html']}")
    return report.exit_status


def _progress(count: int) -> Callable[[Path], None]:
    """Tells on a terminal which of so many files is being read."""
    numbers = itertools.count(1)

    def tell(path: Path) -> None:
        number = next(numbers)
        if sys.stderr.isatty():
            print(f"\r[{number}/{count}] {path.name[:60]:<60}", end="" if number < count else "\n", file=sys.stderr)

    return tell


def _serve(options: argparse.Namespace) -> int:
    if options.api not in reference.APIS:
        known = ", ".join(reference.APIS)
        raise ConformanceError(f"there is no reference server for {options.api!r}; there is one for {known}")
    contract = load(options.api)
    faults = {fault.id: fault for fault in reference.faults_of(options.api)}
    if options.fault == "list":
        for fault in faults.values():
            print(f"{fault.id}: {fault.description}")
        return 0
    if options.fault is not None and options.fault not in faults:
        raise ConformanceError(f"there is no fault {options.fault!r}; `--fault list` shows them")
    if not 0 <= options.port <= 65535:
        raise ConformanceError(f"--port {options.port}: needs a number from 0 to 65535")
    credentials = _credentials(contract)
    server = reference.build(
        options.api,
        clock=reference.RunningClock(),
        fault=faults.get(options.fault),
        credentials=credentials,
        require_https=False,
    )
    try:
        with serve(server, host=options.host, port=options.port) as url:
            print(f"{contract.conventions.name} reference server at {url}{contract.base_path}, stop it with Ctrl-C")
            for name, variable in contract.conventions.auth.credentials.items():
                print(f"export {variable}={credentials[name]}")
            in_paths = {part for operation in contract.operations for part in operation.path_parameters}
            given = [
                f" --parameter {part}={value}"
                for part, values in server.parameters.items()
                if part in in_paths
                for value in values[:2]
            ]
            print(
                f"pytest --api {options.api} --target {url}{contract.base_path} --allow-writes{''.join(given)}",
                flush=True,
            )
            _wait()
    except OSError as error:
        raise ConformanceError(f"cannot listen on {options.host}:{options.port}: {error.strerror}") from None
    return 0


def _credentials(contract: Contract) -> dict[str, str]:
    """The tokens the server accepts: those of the environment, else those it makes up itself."""
    own = reference.build(contract.api).credentials
    variables = contract.conventions.auth.credentials
    return {name: os.environ.get(variables.get(name, ""), token) for name, token in own.items()}


def _wait() -> None:
    import signal

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        signal.pause()


def _requirements(options: argparse.Namespace) -> int:
    for api in [options.api] if options.api else apis():
        catalogue = load_catalogue(api)
        print(f"{api}: {len(catalogue.requirements)} requirements of {catalogue.document.title}")
        for record in catalogue.requirements:
            tested = f" [not tested: {record.not_tested}]" if record.not_tested else ""
            print(f"  {record.id} ({record.strength}, {record.basis}, {record.mode}): {record.statement}{tested}")
    return 0


def _coverage(options: argparse.Namespace) -> int:
    problems = coverage.problems()
    text = coverage.render()
    if options.check:
        written = coverage.COVERAGE.read_text(encoding="utf-8") if coverage.COVERAGE.is_file() else ""
        if written != text:
            problems.append("reports/coverage.md is stale: run `conformance coverage` and commit it")
    else:
        coverage.COVERAGE.write_text(text, encoding="utf-8")
        print(f"written: {coverage.COVERAGE}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
