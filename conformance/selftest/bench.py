"""Wall seconds of the usual runs, each in a process of its own: `make bench`. Nothing is asserted."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from conformance.selftest import large_documents
from conformance.selftest.servers import ROOT
from conformance.targets.target import CASSETTES

TRAFFIC = ROOT.parent / "shared" / "traffic" / "vultr"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        judge = ("conformance.commands.main", "judge", "--api", "vultr", f"--report-dir={folder}")
        runs = {
            "the suite on the shipped cassettes": ("pytest", "-q", f"--report-dir={folder}"),
            "every planted fault": ("pytest", "-q", "--faults", f"--report-dir={folder}"),
            "judging the shipped cassettes of one API": (*judge, *map(str, (CASSETTES / "vultr").rglob("*.yaml"))),
        }
        if TRAFFIC.is_dir():
            runs["judging recorded traffic of the real service"] = (*judge, *map(str, TRAFFIC.glob("*.yaml")))
        for what, command in runs.items():
            started = time.monotonic()
            done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, check=False)
            took = time.monotonic() - started
            print(f"{took:7.1f} s  {what} (exit status {done.returncode})", flush=True)
        sizes = ((20, 20), (2_000, 20), (2_000, 2_000))
        # The least of several is what the machine takes when nothing else is asked of it.
        taken = [[large_documents.seconds(Path(folder), *size) for size in sizes] for _ in range(3)]
        for (operations, asked), each in zip(sizes, zip(*taken, strict=True), strict=True):
            loaded, judged = (min(times) for times in zip(*each, strict=True))
            of = f"a document of {operations} operations, of which {asked} are asked"
            print(f"{loaded:7.2f} s  loading {of}; {1000 * judged:.2f} ms for each exchange", flush=True)


if __name__ == "__main__":
    main()
