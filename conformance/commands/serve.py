"""`conformance serve`: the reference server of an API over HTTP."""

from __future__ import annotations

import argparse
import os
import signal
import sys

from conformance import reference
from conformance.arguments import whole_number
from conformance.commands.base import Commands
from conformance.contract import ConformanceError, load
from conformance.reference.serve import serve


def add_to(commands: Commands) -> None:
    """Adds the command to the command line."""
    parser = commands.add_parser("serve", help="serve the reference server of an API over HTTP")
    parser.add_argument("api", metavar="API")
    parser.add_argument(
        "--port", type=whole_number(0, 65535), default=0, metavar="N", help="port to listen on (default: a free one)"
    )
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="default: loopback only")
    parser.add_argument("--fault", metavar="ID", help="plant a fault; `--fault list` shows them")
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
    variables = contract.conventions.auth.credentials
    made_up = reference.build(options.api).credentials
    given = {name: os.environ[variables[name]] for name in made_up if os.environ.get(variables.get(name, ""))}
    server = reference.build(
        options.api,
        clock=reference.RunningClock(),
        fault=faults.get(options.fault),
        credentials={**made_up, **given},
        require_https=False,
    )
    try:
        with serve(server, host=options.host, port=options.port) as url:
            print(f"{contract.conventions.name} reference server at {url}{contract.base_path}, stop it with Ctrl-C")
            for name, variable in variables.items():
                # What the environment holds may be a real credential, and a terminal is often a log.
                print(
                    f"# {variable} is accepted as it is set" if name in given else f"export {variable}={made_up[name]}"
                )
            in_paths = {part for operation in contract.operations for part in operation.path_parameters}
            creates = [contract.operation(resource.create) for resource in contract.conventions.resources]
            # What things are created in is changed by that; the server and all it has are thrown away.
            parents = {part for operation in creates for part in operation.path_parameters}
            parameters = [
                f" --{'disposable' if part in parents else 'parameter'} {part}={value}"
                for part, values in server.parameters.items()
                if part in in_paths
                for value in values[:2]
            ]
            print(
                f"pytest --api {options.api} --target {url}{contract.base_path} --allow-writes{''.join(parameters)}",
                flush=True,
            )
            _wait()
    except OSError as error:
        raise ConformanceError(f"cannot listen on {options.host}:{options.port}: {error.strerror}") from None
    return 0


def _wait() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        signal.pause()
