"""All selftests, and the suite, on the built wheel instead of the checkout: `make test-wheel`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from conformance.selftest.installed import build, install
from conformance.selftest.servers import ROOT


def main(arguments: list[str]) -> int:
    """Runs them and returns pytest's exit status; `arguments` are further ones for it."""
    with tempfile.TemporaryDirectory() as folder:
        installed = install(build(Path(folder) / "dist"), Path(folder) / "venv")
        # The wheel has no selftests: those of the checkout are laid into it, and find the checkout's files from there.
        (installed.site / "conformance" / "selftest").symlink_to(ROOT / "conformance" / "selftest")
        settings = ("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT))
        pytest = [str(installed.bin / "python"), "-m", "pytest", "-q", *settings]
        # What builds and installs a wheel does so from the environment of a checkout.
        apart = ("--ignore-glob=*/test_wheel.py", *arguments)
        selftests = [*pytest, "-n", "2", "--dist", "worksteal", "--pyargs", "conformance.selftest"]
        for command in ([*selftests, *apart], [*pytest, "--pyargs", "conformance.suite"]):
            status = subprocess.run(command, cwd=folder, env=installed.environ(), check=False).returncode
            if status:
                return status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
