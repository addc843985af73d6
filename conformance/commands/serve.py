"""`conformance serve`: the reference server of an API over HTTP."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from conformance import reference
from conformance.arguments import whole_number
from conformance.commands.base import Commands
from conformance.contract import ConformanceError, Contract, load, validated
from conformance.reference.control import CLOCK_PATH
from conformance.reference.serve import serve
from conformance.targets import is_loopback
from conformance.targets.config import TargetRecord
from conformance.targets.facts import ReleaseFact
from conformance.targets.reference import CAPABILITIES, facts_of
from conformance.targets.writing import write_target

LONGEST_WINDOW = 3600.0


def add_to(commands: Commands) -> None:
    """Adds the command to the command line."""
    parser = commands.add_parser("serve", help="serve the reference server of an API over HTTP")
    parser.add_argument("api", metavar="API")
    parser.add_argument(
        "--port", type=whole_number(0, 65535), default=0, metavar="N", help="port to listen on (default: a free one)"
    )
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="default: loopback only")
    parser.add_argument("--fault", metavar="ID", help="plant a fault; `--fault list` shows them")
    parser.add_argument("--window", type=float, metavar="SECONDS", help="length of the windows of the rate limit")
    parser.add_argument(
        "--control-clock",
        action="store_true",
        help=f"let clients on this machine move the server's clock, at {CLOCK_PATH}, instead of waiting",
    )
    parser.add_argument(
        "--write-target",
        type=Path,
        metavar="FILE.toml",
        help="write all that is known of the server as the named target served-API; other tables of the file stay",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
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
    _check(options)
    variables = contract.conventions.auth.credentials
    made_up = reference.build(options.api).credentials
    given = {name: os.environ[variables[name]] for name in made_up if os.environ.get(variables.get(name, ""))}
    clock = reference.RunningClock()
    server = reference.build(
        options.api,
        clock=clock,
        fault=faults.get(options.fault),
        credentials={**made_up, **given},
        require_https=False,
    )
    if options.window is not None:
        server.limiter.window = options.window
    try:
        with serve(server, options.host, options.port, controlled=clock if options.control_clock else None) as url:
            record = record_of(
                contract,
                server,
                f"{url}{contract.base_path}",
                clock_url=f"{url}{CLOCK_PATH}" if options.control_clock else None,
            )
            if options.write_target is not None:
                write_target(options.write_target, f"served-{options.api}", record)
            print(f"{contract.conventions.name} reference server at {record.url}, stop it with Ctrl-C")
            for line in _told(contract, record, options, made_up, given):
                print(line, flush=True)
            _wait()
    except OSError as error:
        raise ConformanceError(f"cannot listen on {options.host}:{options.port}: {error.strerror}") from None
    return 0


def _check(options: argparse.Namespace) -> None:
    if not 0 <= options.port <= 65535:
        raise ConformanceError(f"--port {options.port}: needs a number from 0 to 65535")
    if options.window is not None and not 0 < options.window <= LONGEST_WINDOW:
        raise ConformanceError(
            f"--window {options.window:g}: needs seconds, more than 0 and at most {LONGEST_WINDOW:g}"
        )
    host = f"[{options.host}]" if ":" in options.host else options.host
    if options.control_clock and not is_loopback(f"http://{host}"):
        raise ConformanceError(f"--control-clock: a clock is moved on loopback only, and --host is {options.host}")
    if options.write_target is not None and options.write_target.suffix != ".toml":
        raise ConformanceError(f"--write-target {options.write_target}: needs a file whose name ends in .toml")


def _told(
    contract: Contract,
    record: TargetRecord,
    options: argparse.Namespace,
    made_up: Mapping[str, str],
    given: Mapping[str, str],
) -> Iterator[str]:
    """What people should know, then the two commands that run the suite: the tokens, and pytest."""
    variables = contract.conventions.auth.credentials
    limit = contract.conventions.rate_limit
    if options.window is not None and limit is not None and limit.requests is not None:
        yield f"# the document says {limit.seconds:g} s, not {options.window:g}: the suite may fail for that"
    # What the environment holds may be a real credential, and a terminal is often a log.
    yield from (f"# {variables[name]} is accepted as it is set" for name in variables if name in given)
    known = {name: token for name, token in made_up.items() if name in variables and name not in given}
    missing = [f"{variables[name]}={token}" for name, token in known.items()]
    if missing:
        yield f"export {' '.join(missing)}"
    if options.write_target is not None:
        yield f"pytest --api {options.api} --target {shlex.quote(str(options.write_target))} --allow-writes"
        return
    in_paths = {part for operation in contract.operations for part in operation.path_parameters}
    named = [
        f" --{option} {part}={value}"
        for option, known in (("parameter", record.parameters), ("disposable", record.disposable))
        for part, values in known.items()
        if part in in_paths
        for value in values[:2]
    ]
    yield f"pytest --api {options.api} --target {record.url} --allow-writes{''.join(named)}"


def record_of(contract: Contract, server: reference.Server, url: str, *, clock_url: str | None = None) -> TargetRecord:
    """A reference server that is served as a named target: its parameters, facts and capabilities, and no token."""
    facts = facts_of(contract, server)
    kept = ReleaseFact.model_fields.keys() & {*server.release_table[0]} if server.release_table else set()
    facts["releases"] = [
        {name: value for name, value in release.items() if name in kept and value is not None}
        | {
            "marker": {at: value for at, value in release["marker"].items() if value is not None},
            "absent": [at for at, value in release["marker"].items() if value is None],
        }
        for release in facts.get("releases", ())
    ]
    # What things are created in is changed by that; the server and all it has are thrown away.
    lists = {operation.path for operation in contract.operations if operation.collection is not None}
    creates = {create for resource in contract.conventions.resources for create in (resource.create, *resource.also)}
    parents = {
        name
        for operation in contract.operations
        if operation.id in creates or (operation.method == "POST" and operation.path in lists)
        for name in operation.path_parameters
    }
    named = {name: values for name, values in server.parameters.items() if name in contract.named_by_targets}
    stated = {
        "api": contract.api,
        "url": url,
        "capabilities": sorted({*CAPABILITIES} - {"writes", "load", "clock"}),
        "parameters": {name: values for name, values in named.items() if name not in parents},
        "disposable": {name: values for name, values in named.items() if name in parents},
        "facts": {name: value for name, value in facts.items() if value},
        "strict": True,
        **({"clock_url": clock_url} if clock_url else {}),
    }
    return validated(TargetRecord, stated, "the served reference")


def _wait() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        signal.pause()
