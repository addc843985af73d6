"""`conformance init`: the files of an API that nobody described, from its document and recordings."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from conformance.commands.base import Commands
from conformance.commands.judge import Progress, given_host
from conformance.contract import Document
from conformance.proposals.evidence import Abstained
from conformance.proposals.writing import Init, Written
from conformance.report.text import one_line
from conformance.shipped import CHECKOUT

SPECS, CASSETTES = Path("specs"), Path("cassettes")


def add_to(commands: Commands) -> None:
    """Adds the command to the command line."""
    parser = commands.add_parser("init", help="propose conventions and requirements of an API from recorded traffic")
    parser.add_argument("name", metavar="NAME", help="what the API is called: small letters and digits")
    parser.add_argument(
        "--spec",
        type=Path,
        required=True,
        metavar="FILE",
        help="its published OpenAPI document (2.0 to 3.1, JSON or YAML)",
    )
    parser.add_argument("recordings", nargs="+", type=Path, metavar="RECORDING", help="what `conformance judge` reads")
    parser.add_argument(
        "--host",
        action="append",
        default=[],
        type=given_host,
        metavar="HOST",
        help="a host of the API that the document does not name; * stands for any text; repeatable",
    )
    parser.add_argument("--specs", type=Path, default=SPECS, metavar="DIR", help="writes to DIR/NAME/ (default: specs)")
    parser.add_argument(
        "--cassettes",
        type=Path,
        default=CASSETTES,
        metavar="DIR",
        help="copies the recordings, redacted, to DIR/NAME/recorded/ (default: cassettes)",
    )
    parser.add_argument("--force", action="store_true", help="write over what is there")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    document = Document.read(options.spec)
    init = Init(options.name, document, options.specs, options.cassettes, tuple(options.host))
    init.check(force=options.force)
    recordings = sorted(set(options.recordings))
    progress = Progress(len(recordings))
    written = init.write(recordings, progress.file)
    progress.end()
    for line in _told(init, written):
        print(line)
    return 1 if written.listener.errors else 0


def _told(init: Init, written: Written) -> list[str]:
    """What was done, what was not, and what to do next."""
    tally, made, found = written.listener.tally, written.draft, written.proposed
    lines = [f"{init.name}: {written.kept} exchanges kept in {written.files} files below {init.recorded}"]
    if written.looked_at < written.kept:
        lines.append(f"{init.name}: conventions rest on the first {written.looked_at} of them")
    if tally.foreign:
        others = one_line(tally.hosts_seen)
        lines.append(f"{init.name}: {tally.foreign.total()} exchanges with other hosts are left out: {others}")
    if tally.preflights:
        lines.append(f"{init.name}: {tally.preflights} CORS preflights are left out: no answers of the API")
    lines += [f"{init.name}: {count} entries {what} are left out" for what, count in sorted(tally.left_out.items())]
    lines += [f"error {one_line(error)}" for error in written.listener.errors]
    abstained = {name: each for name, each in made.findings.items() if isinstance(each, Abstained)}
    counted = f"{len(made.fields)} fields, {len(made.complete)} resources; {len(abstained)} left out"
    lines.append(f"{init.folder / 'conventions.yaml'}: {counted}")
    lines += [f"  {name}: {one_line(each.evidence)}" for name, each in abstained.items()]
    lines.append(f"{init.folder / 'requirements.yaml'}: {len(found.records)} requirements")
    lines += [f"  not proposed: {one_line(each)}" for each in (*found.refused, *found.unseen)]
    return [*lines, "next:", *(f"  {each}" for each in _next(init))]


def _next(init: Init) -> list[str]:
    # In the checkout of the suite its own folders are found by themselves.
    shipped = CHECKOUT is not None and init.specs.resolve() == (CHECKOUT / "specs").resolve()
    specs = "" if shipped else f" --specs={shlex.quote(str(init.specs))}"
    shipped = CHECKOUT is not None and init.cassettes.resolve() == (CHECKOUT / "cassettes").resolve()
    cassettes = "" if shipped else f" --cassettes={shlex.quote(str(init.cassettes))}"
    api = f"--api {init.name}"
    return [
        f"conformance judge {api}{specs} {shlex.quote(str(init.recorded))}/*.yaml",
        f"pytest {api}{specs}{cassettes}",
        f"pytest {api}{specs} --target URL",
    ]
