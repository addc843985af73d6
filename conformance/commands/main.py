"""The command line: `conformance judge`, `init`, `serve`, `requirements`, `coverage` and `cleanup`."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import NoReturn

from conformance.commands import cleanup, coverage, init, judge, requirements, serve
from conformance.contract import ConformanceError
from conformance.report.events import ReportError
from conformance.report.text import one_line

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit status: 0, 1 for findings that fail, 2 for a wrong call."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal of another encoding shows what it lacks as \\uXXXX; so does any, for bytes in a file's name.
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except (ConformanceError, ReportError) as error:
        print(f"conformance: {one_line(str(error))}", file=sys.stderr)
        return USAGE_ERROR
    except BrokenPipeError:
        # The reader has seen enough (`| head`); Python would complain again when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        told = ": ".join(str(part) for part in (error.filename, error.strerror) if part) or str(error)
        print(f"conformance: {one_line(told)}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        return 130
    return status


class _Parser(argparse.ArgumentParser):
    """Tells of a wrong call in one line; the parsers of the commands are of the same class."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE_ERROR, f"{self.prog}: error: {one_line(message)}; `{self.prog} --help` lists what it takes\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="conformance",
        description="API conformance: which promises of five REST APIs' documents hold, and which do not.",
        epilog="The suite itself is run with pytest: `pytest --help` lists its options under “API conformance”.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"conformance {version('conformance')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (judge, init, serve, requirements, coverage, cleanup):
        command.add_to(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
